/* init.c -- how parameters begin: one table of rules, and the texts that give rules to parameters.
 *
 * A rule fills logical row-major values in double, gate by gate; rcn_param_load() brings them into
 * place. Random numbers are drawn from the stream "init:NAME" with the logical index as counter, so
 * neither the layout nor the order of filling matters.
 */
#include "net/net_in.h"

#include <math.h>
#include <string.h>

/* One gate: `rows` x K values whose first has logical index `at`. */
typedef struct block {
    rcb_key key;
    uint64_t at;
    int64_t rows;
    int64_t K;
    double value; /* the number behind the rule's colon */
    double *x;    /* (rows, K) */
} block;

/* ---- filling ------------------------------------------------------------------------------- */

static void fill_constant(const block *b, double value)
{
    for (int64_t i = 0; i < b->rows * b->K; i++)
        b->x[i] = value;
}

static void fill_uniform(const block *b, double a)
{
    for (int64_t i = 0; i < b->rows * b->K; i++)
        b->x[i] = a * (2 * rcb_uniform(b->key, b->at + (uint64_t)i) - 1);
}

static void fill_normal(const block *b, double deviation)
{
    for (int64_t i = 0; i < b->rows * b->K; i++)
        b->x[i] = deviation * rcb_normal(b->key, b->at + (uint64_t)i);
}

static rc_status uniform(const block *b)
{
    fill_uniform(b, b->value);
    return RC_OK;
}

static rc_status normal(const block *b)
{
    fill_normal(b, b->value);
    return RC_OK;
}

static rc_status xavier(const block *b)
{
    fill_uniform(b, sqrt(6.0 / (double)(b->K + b->rows)));
    return RC_OK;
}

static rc_status he(const block *b)
{
    fill_normal(b, sqrt(2.0 / (double)b->K));
    return RC_OK;
}

static rc_status identity(const block *b)
{
    fill_constant(b, 0);
    for (int64_t i = 0; i < b->rows; i++)
        b->x[i * b->K + i] = b->value;
    return RC_OK;
}

static rc_status zero(const block *b)
{
    fill_constant(b, 0);
    return RC_OK;
}

static rc_status ones(const block *b)
{
    fill_constant(b, (double)b->at < b->value * (double)(b->rows * b->K) ? 1 : 0);
    return RC_OK;
}

static rc_status constant(const block *b)
{
    fill_constant(b, b->value);
    return RC_OK;
}

/* ---- orthogonal ---------------------------------------------------------------------------- */

/* Columns that are worked on together, so that a reflection is read once for all of them; elements
 * that are worked on together, so that the compiler need not wait for one sum before the next. */
enum { COLUMNS = 8, LANES = 8 };

static double dot(int64_t n, const double *restrict a, const double *restrict b)
{
    double sum[LANES] = {0};
    int64_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++)
            sum[j] += a[i + j] * b[i + j];
    for (; i < n; i++)
        sum[0] += a[i] * b[i];
    return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

/* x -= v (v . x) */
static void reflect(int64_t n, const double *restrict v, double *restrict x)
{
    const double along = dot(n, v, x);
    int64_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++)
            x[i + j] -= along * v[i + j];
    for (; i < n; i++)
        x[i] -= along * v[i];
}

/* v, with H = I - v v' a reflection, from normal numbers x: H x is -sign(x_0) |x| along the first
 * axis. Returns the sign that the diagonal of R then has. */
static double make_reflection(rcb_key key, uint64_t at, int64_t n, double *v)
{
    for (int64_t i = 0; i < n; i++)
        v[i] = rcb_normal(key, at + (uint64_t)i);

    const double length = sqrt(dot(n, v, v));
    const double sign = v[0] < 0 ? -1 : 1;

    if (length == 0) { /* of n numbers none is zero but by a miracle; then H = I - 2 e e' */
        v[0] = sqrt(2.0);
        return -1;
    }
    v[0] += sign * length;

    /* |v|^2 = 2 length |v_0| */
    const double scale = 1 / sqrt(length * fabs(v[0]));

    for (int64_t i = 0; i < n; i++)
        v[i] *= scale;
    return -sign;
}

/* Q of the QR decomposition of an m x n matrix of normal numbers, m >= n, with signs such that
 * the diagonal of R is positive: uniform among all matrices of orthonormal columns. The matrix
 * itself is never needed (Stewart 1980): after k Householder steps what is left of it is as random
 * as at first, so that Q is a product of n reflections of random vectors of falling length. The
 * k-th leaves the columns before the k-th alone.
 *
 *   q (n,m)  receives the columns of Q, one after the other     v (n,m)  is for the reflections
 */
static void random_columns(rcb_key key, uint64_t at, int64_t m, int64_t n, double *q, double *v)
{
    memset(q, 0, (size_t)(m * n) * sizeof *q);
    for (int64_t k = 0; k < n; k++)
        q[k * m + k] = make_reflection(key, at + (uint64_t)(k * m + k), m - k, v + k * m + k);

    for (int64_t first = 0; first < n; first += COLUMNS) {
        const int64_t end = first + COLUMNS < n ? first + COLUMNS : n;

        for (int64_t k = end - 1; k >= 0; k--)
            for (int64_t j = first > k ? first : k; j < end; j++)
                reflect(m - k, v + k * m + k, q + j * m + k);
    }
}

static rc_status orthogonal(const block *b)
{
    const int64_t m = b->rows > b->K ? b->rows : b->K;
    const int64_t n = b->rows > b->K ? b->K : b->rows;
    double *v = rcb_alloc((size_t)(m * n), sizeof *v);
    double *q = b->rows > b->K ? rcb_alloc((size_t)(m * n), sizeof *q) : b->x;

    if (v && q)
        random_columns(b->key, b->at, m, n, q, v);

    const rc_status status = v && q ? RC_OK : RC_ENOMEM;

    if (q != b->x) {
        for (int64_t i = 0; status == RC_OK && i < m * n; i++)
            b->x[i % m * n + i / m] = q[i];
        rcb_free(q);
    }
    rcb_free(v);
    return status;
}

/* ---- rules --------------------------------------------------------------------------------- */

enum value { NO_VALUE, MAY_VALUE, MUST_VALUE };
enum shape { ANY_SHAPE, MATRIX, SQUARE };

typedef struct rule {
    const char *name;
    enum value value;
    double lowest;
    double fallback;
    enum shape shape;
    rc_status (*fill)(const block *b);
} rule;

static const rule rules[] = {
    {"uniform", MUST_VALUE, 0, 0, ANY_SHAPE, uniform},
    {"normal", MUST_VALUE, 0, 0, ANY_SHAPE, normal},
    {"xavier", NO_VALUE, 0, 0, MATRIX, xavier},
    {"he", NO_VALUE, 0, 0, MATRIX, he},
    {"orthogonal", NO_VALUE, 0, 0, MATRIX, orthogonal},
    {"identity", MAY_VALUE, -HUGE_VAL, 1, SQUARE, identity},
    {"zero", NO_VALUE, 0, 0, ANY_SHAPE, zero},
    {"constant", MUST_VALUE, -HUGE_VAL, 0, ANY_SHAPE, constant},
    {"ones", MUST_VALUE, 0, 0, ANY_SHAPE, ones},
};

enum { RULES = sizeof rules / sizeof *rules };

static const rule *find_rule(const char *name, size_t n)
{
    for (size_t i = 0; i < RULES; i++)
        if (strlen(rules[i].name) == n && memcmp(rules[i].name, name, n) == 0)
            return &rules[i];
    return NULL;
}

static rc_status unknown_rule(const char *text, size_t n)
{
    return RC_FAIL_HINT(RC_EINVAL,
                        "rules: uniform:A normal:S xavier he orthogonal identity:S zero constant:A "
                        "ones:N",
                        "there is no initialisation '%.*s'", (int)(n < 100 ? n : 100), text);
}

/* "NAME" or "NAME:VALUE" of n bytes. */
static rc_status parse_rule(const char *text, size_t n, const rule **out, double *value)
{
    const char *colon = memchr(text, ':', n);
    const size_t name = colon ? (size_t)(colon - text) : n;
    const rule *found = find_rule(text, name);

    if (!found)
        return unknown_rule(text, n);
    if (!colon && found->value == MUST_VALUE)
        return RC_FAIL(RC_EINVAL, "initialisation '%s' wants a number: %s:0.1", found->name,
                       found->name);
    if (colon && found->value == NO_VALUE)
        return RC_FAIL(RC_EINVAL, "initialisation '%s' takes no number", found->name);

    double number = found->fallback;

    if (colon && (!rcn_number(colon + 1, n - name - 1, &number) || number < found->lowest))
        return RC_FAIL(RC_EINVAL, "initialisation '%.*s': '%s' wants a number%s",
                       (int)(n < 100 ? n : 100), text, found->name,
                       found->lowest == 0 ? " that is not negative" : "");
    *out = found;
    *value = number;
    return RC_OK;
}

static bool rule_fits(const rule *r, const rcn_param *p)
{
    return r->shape == ANY_SHAPE || (p->rank == 2 && (r->shape == MATRIX || p->group == p->dim[1]));
}

static rc_status fill(rcn_param *p, const rule *r, double value, uint64_t seed, double *wide,
                      rc_real *rows)
{
    rcb_buf stream = {0};

    RC_TRY(rcb_buf_printf(&stream, "init:%s", p->name));

    const int64_t cells = p->group * p->dim[1];
    block b = {.key = rcb_stream(seed, stream.p),
               .rows = p->group,
               .K = p->dim[1],
               .value = value,
               .x = wide};
    rc_status status = RC_OK;

    rcb_buf_free(&stream);
    for (; status == RC_OK && (int64_t)b.at < p->count; b.at += (uint64_t)cells) {
        status = r->fill(&b);
        for (int64_t i = 0; status == RC_OK && i < cells; i++)
            rows[(int64_t)b.at + i] = (rc_real)wide[i];
    }
    if (status == RC_OK)
        rcn_param_load(p, p->w, rows);
    return status;
}

static rc_status apply(rcn_param *p, const rule *r, double value, uint64_t seed)
{
    double *wide = rcb_alloc((size_t)(p->group * p->dim[1]), sizeof *wide);
    rc_real *rows = rcb_alloc((size_t)p->count, sizeof *rows);
    const rc_status status = wide && rows ? fill(p, r, value, seed, wide, rows) : RC_ENOMEM;

    rcb_free(rows);
    rcb_free(wide);
    return status;
}

static rc_status misfit(const rcn_param *p, const rule *r)
{
    if (p->rank == 1)
        return RC_FAIL(RC_EINVAL, "initialisation '%s' wants a matrix, '%s' is a vector", r->name,
                       p->name);
    return RC_FAIL(RC_EINVAL,
                   "initialisation '%s' wants a square matrix, a gate of '%s' is (%" PRId64
                   ",%" PRId64 ")",
                   r->name, p->name, p->group, p->dim[1]);
}

rc_status rcn_init(rcn_param *p, const char *text, uint64_t seed)
{
    const rule *r;
    double value;

    RC_TRY(parse_rule(text, strlen(text), &r, &value));
    return rule_fits(r, p) ? apply(p, r, value, seed) : misfit(p, r);
}

/* ---- texts of rules ------------------------------------------------------------------------ */

/* The last item for a name in a text that is checked as a whole; item->value NULL: none. */
static rc_status find_item(const char *text, const char *name, rcn_item *found)
{
    const char *rest = *text ? text : NULL;
    rcn_item item;

    *found = (rcn_item){0};
    while (rcn_item_next(&rest, &item)) {
        const rule *r;
        double value;

        if (item.glob && item.glob_n == 0)
            return RC_FAIL(RC_EINVAL, "'%s' is not RULE or GLOB=RULE,GLOB=RULE", text);
        RC_TRY(parse_rule(item.value, item.value_n, &r, &value));
        if (rcn_item_names(&item, name))
            *found = item;
    }
    return RC_OK;
}

rc_status rcn_init_rule(const char *text, const char *name, char **out)
{
    rcn_item item;

    *out = NULL;
    RC_TRY(find_item(text, name, &item));
    if (!item.value)
        return RC_OK;
    *out = rcb_strndup(item.value, item.value_n);
    return *out ? RC_OK : RC_ENOMEM;
}

rc_status rcn_globs_check(const rcn_params *ps, const char *text)
{
    const char *rest = *text ? text : NULL;
    rcn_item item;

    while (rcn_item_next(&rest, &item)) {
        bool used = !item.glob;

        for (size_t i = 0; i < ps->n; i++)
            used = used || rcn_item_names(&item, ps->p[i].name);
        if (!used)
            return RC_FAIL_HINT(RC_EINVAL,
                                "recur info MODEL lists the names of a model's parameters",
                                "no parameter is named '%.*s'",
                                (int)(item.glob_n < 100 ? item.glob_n : 100), item.glob);
    }
    return RC_OK;
}

static rc_status init_one(rcn_param *p, const char *text, uint64_t seed)
{
    rcn_item item;
    const rule *r;
    double value;

    RC_TRY(find_item(text, p->name, &item));
    if (!item.value)
        return rcn_init(p, p->rule, seed);
    RC_TRY(parse_rule(item.value, item.value_n, &r, &value));
    if (rule_fits(r, p))
        return apply(p, r, value, seed);
    return item.glob ? misfit(p, r) : rcn_init(p, p->rule, seed);
}

rc_status rcn_init_all(rcn_params *ps, const char *text, uint64_t seed)
{
    rcn_item item;

    RC_TRY(find_item(text, "", &item)); /* the text is sound, even where there is no parameter */
    RC_TRY(rcn_globs_check(ps, text));
    for (size_t i = 0; i < ps->n; i++)
        RC_TRY(init_one(&ps->p[i], text, seed));
    return RC_OK;
}
