/* param.c -- the named parameters of a model: their memory, gradients and transposes, and the way
 * between logical row-major values and what lies in memory.
 *
 * A parameter is a table (plain rows, padded to whole unit groups) or a packed weight (panels, see
 * rcg_weight). All arrays are aligned and begin as zeros, unless whoever adds them will fill them;
 * nothing here ever writes padding but with zeros. Also the globs by which options speak of
 * parameters.
 */
#include "net/net_in.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHARED = 1 << 16 }; /* reals from which it pays to bring them in on several workers */

/* ---- adding ------------------------------------------------------------------------------ */

/* Do (rows, cols) values and their transpose fit, when padding adds less than `spare` to either? */
static bool fits_memory(int64_t rows, int64_t cols, int64_t spare)
{
    size_t reals;

    return rows < INT32_MAX && cols < INT32_MAX &&
           rcb_mul((size_t)(rows + spare), (size_t)(cols + spare), &reals) &&
           reals < INT64_MAX / (2 * sizeof(rc_real));
}

static rc_status check_new(const rcn_params *ps, const char *name, int64_t rows, int64_t cols,
                           int64_t spare)
{
    if (rows < 1 || cols < 1)
        return RC_FAIL(RC_EINVAL,
                       "parameter '%s' would have shape (%" PRId64 ",%" PRId64 "), "
                       "both must be at least 1",
                       name, rows, cols);
    if (!fits_memory(rows, cols, spare))
        return RC_FAIL(RC_EINVAL, "parameter '%s' of shape (%" PRId64 ",%" PRId64 ") is too large",
                       name, rows, cols);
    if (rcn_params_find(ps, name))
        return RC_FAIL(RC_EINVAL, "there are two parameters named '%s'", name);
    return RC_OK;
}

/* Take over `p`, whose sizes are set: give it a name and memory, and append it. */
static rc_status append(rcn_params *ps, const char *name, rcn_param p)
{
    if (ps->n == ps->cap) {
        const size_t cap = ps->cap ? 2 * ps->cap : 16;
        rcn_param *grown = rcb_realloc(ps->p, ps->cap, cap, sizeof *grown);

        if (!grown)
            return RC_ENOMEM;
        ps->p = grown;
        ps->cap = cap;
    }
    p.name = rcb_strdup(name);
    p.w = (ps->bare ? rcb_alloc : rcb_calloc)((size_t)p.size, sizeof *p.w);
    if (!p.name || !p.w) {
        rcb_free(p.w);
        rcb_free(p.name);
        return RC_ENOMEM;
    }
    if (p.packed)
        p.weight.w = p.w;
    ps->p[ps->n++] = p;
    ps->count += p.count;
    return RC_OK;
}

rc_status rcn_params_table(rcn_params *ps, const char *name, int64_t rows, int64_t cols)
{
    RC_TRY(rck_select());
    RC_TRY(check_new(ps, name, rows, cols, RCK_LANES));

    const int64_t ld = rck_pad(cols);

    return append(ps, name,
                  (rcn_param){.rule = "uniform:0.1",
                              .rank = 2,
                              .dim = {rows, cols},
                              .count = rows * cols,
                              .ld = ld,
                              .size = rows * ld,
                              .group = rows});
}

rc_status rcn_params_weight(rcn_params *ps, const char *name, int rank, int blocks,
                            const int gates[], int64_t units, int64_t K)
{
    int64_t all = 0;

    assert(rank == 2 || (rank == 1 && K == 1));
    for (int i = 0; i < blocks; i++)
        all += gates[i];

    const int64_t rows = units < INT32_MAX ? all * units : units;

    RC_TRY(rck_select());
    RC_TRY(check_new(ps, name, rows, K, 64 * all));

    rcn_param p = {.rule = rank == 1 ? "zero" : "xavier",
                   .rank = rank,
                   .dim = {rows, K},
                   .count = rows * K,
                   .packed = true,
                   .group = units};

    rcg_weight_plan(&p.weight, blocks, gates, units, K);
    p.size = rcg_weight_size(&p.weight);
    return append(ps, name, p);
}

rcn_param *rcn_params_find(const rcn_params *ps, const char *name)
{
    for (size_t i = 0; i < ps->n; i++)
        if (strcmp(ps->p[i].name, name) == 0)
            return &ps->p[i];
    return NULL;
}

void rcn_params_free(rcn_params *ps)
{
    for (size_t i = 0; i < ps->n; i++) {
        rcb_free(ps->p[i].weight.wt);
        rcb_free(ps->p[i].weight.pairs);
        rcb_free(ps->p[i].weight.pairs_t);
        rcg_lean_free(ps->p[i].weight.lean);
        rcb_free(ps->p[i].scale);
        rcb_free(ps->p[i].touched);
        rcb_free(ps->p[i].g);
        rcb_free(ps->p[i].w);
        rcb_free(ps->p[i].name);
    }
    rcb_free(ps->p);
    *ps = (rcn_params){0};
}

rc_status rcn_params_clone(rcn_params *out, const rcn_params *ps)
{
    *out = (rcn_params){.bare = true};
    for (size_t i = 0; i < ps->n; i++) {
        rcn_param copy = ps->p[i];

        copy.g = NULL;
        copy.touched = NULL;
        copy.weight.g = NULL;
        copy.weight.wt = NULL;
        copy.weight.pairs = NULL;
        copy.weight.pairs_t = NULL;
        copy.weight.fresh = false;
        copy.weight.lean = NULL;
        copy.bits = RCG_REALS;
        copy.scale = NULL;

        const rc_status status = append(out, ps->p[i].name, copy);

        if (status != RC_OK) {
            rcn_params_free(out);
            return status;
        }
        memcpy(out->p[i].w, ps->p[i].w, (size_t)copy.size * sizeof *copy.w);
    }
    return RC_OK;
}

/* ---- gradients and transposes -------------------------------------------------------------- */

/* Nothing is multiplied by the transpose of a bias, and a table has none. */
static bool has_transpose(const rcn_param *p)
{
    return p->packed && p->rank == 2;
}

static rc_status make_room(rcn_param *p)
{
    if (has_transpose(p) && !p->weight.wt) {
        p->weight.wt = rcb_calloc((size_t)rcg_weight_size_t(&p->weight), sizeof(rc_real));
        if (!p->weight.wt)
            return RC_ENOMEM;
    }
    return RC_OK;
}

/* Copies in bf16, with their zeros. */
static rc_status make_pairs(rcn_param *p)
{
    rcg_weight *w = &p->weight;

    if (!w->pairs)
        w->pairs = rcb_calloc((size_t)rcg_weight_pairs(w), sizeof *w->pairs);
    if (!w->pairs_t)
        w->pairs_t = rcb_calloc((size_t)rcg_weight_size_t(w), sizeof *w->pairs_t);
    return w->pairs && w->pairs_t ? RC_OK : RC_ENOMEM;
}

/* What rcg_weight_refresh() does, where there is no pool. */
static void refresh_alone(rcg_weight *w)
{
    for (int i = 0; i < w->blocks; i++)
        rcg_weight_refresh_panels(w, i, 0, w->lay[i].count);
}

rc_status rcn_params_grads(rcn_params *ps)
{
    for (size_t i = 0; i < ps->n; i++) {
        rcn_param *p = &ps->p[i];

        if (p->frozen && !p->packed)
            continue;
        if (!p->g) {
            p->g = rcb_calloc((size_t)p->size, sizeof *p->g);
            if (!p->g)
                return RC_ENOMEM;
            if (p->packed)
                p->weight.g = p->g;
        }
        if (!p->packed && !p->touched) {
            p->touched = rcb_calloc((size_t)rcg_marks(p->size), sizeof *p->touched);
            if (!p->touched)
                return RC_ENOMEM;
        }
        if (!has_transpose(p))
            continue;
        RC_TRY(ps->pairs ? make_pairs(p) : make_room(p));
        refresh_alone(&p->weight);
    }
    return RC_OK;
}

rc_status rcn_param_refresh(rcn_param *p, rcb_pool *pool)
{
    RC_TRY(make_room(p));
    if (has_transpose(p))
        rcg_weight_refresh(&p->weight, pool);
    return RC_OK;
}

rc_status rcn_params_refresh(rcn_params *ps, rcb_pool *pool)
{
    for (size_t i = 0; i < ps->n; i++) {
        rcn_param *p = &ps->p[i];

        if (p->weight.pairs) /* a transpose there may be or not */
            rcg_weight_refresh(&p->weight, pool);
        else
            RC_TRY(rcn_param_refresh(p, pool));
    }
    return RC_OK;
}

static void clear_gradient(rcn_param *p)
{
    if (p->g)
        memset(p->g, 0, (size_t)p->size * sizeof *p->g);
}

/* The same for a table, most of which a step may have left alone. */
static void clear_touched(rcn_param *p)
{
    for (int64_t b = 0; p->g && b < rcg_marks(p->size); b++) {
        const int64_t left = p->size - b * RCK_BLOCK;

        if (p->touched[b])
            memset(p->g + b * RCK_BLOCK, 0,
                   (size_t)(left < RCK_BLOCK ? left : RCK_BLOCK) * sizeof *p->g);
        p->touched[b] = 0;
    }
}

void rcn_params_fresh(rcn_params *ps)
{
    for (size_t i = 0; i < ps->n; i++) {
        if (ps->p[i].packed)
            ps->p[i].weight.fresh = true;
        else
            clear_touched(&ps->p[i]);
    }
}

/* Zero what there is not, in an array of p's layout. */
static void prune(const rcn_param *p, rc_real *array)
{
    for (int b = 0; p->joins && b < p->weight.blocks; b++) {
        const rck_panel *lay = &p->weight.lay[b];
        rc_real *x = array + p->weight.at[b];

        for (int64_t q = 0; q < lay->count; q++)
            for (int64_t k = 0; k < lay->K; k++, x += lay->cols)
                for (int64_t j = 0; j < lay->cols; j++) {
                    const int64_t group = j / (RCK_LANES * lay->gates);
                    const int64_t unit = q * lay->span + group * RCK_LANES + j % RCK_LANES;

                    if (unit < lay->units && !p->joins(unit, k, lay->units))
                        x[j] = 0;
                }
    }
}

void rcn_params_settle(rcn_params *ps)
{
    for (size_t i = 0; i < ps->n; i++) {
        if (ps->p[i].weight.fresh)
            clear_gradient(&ps->p[i]);
        ps->p[i].weight.fresh = false;
        if (ps->p[i].g)
            prune(&ps->p[i], ps->p[i].g);
    }
}

rc_var *rcn_var(rc_graph *g, rcn_param *p)
{
    if (p->packed)
        return rcg_leaf_weight(g, &p->weight);
    return rcg_leaf_table(g, rc_shape_2(p->dim[0], p->dim[1]), p->ld, p->w, p->g, p->touched);
}

/* ---- logical values ------------------------------------------------------------------------ */

/* One worker's share of bringing values in. */
static void load_share(const rcn_param *p, rc_real *to, const rc_real *rows,
                       const rcb_worker *worker)
{
    if (p->packed) {
        rcg_weight_pack_share(&p->weight, rows, to, worker);
        return;
    }

    if (p->touched && to == p->g)
        memset(p->touched, 1, (size_t)rcg_marks(p->size));

    const size_t width = (size_t)p->dim[1];
    const size_t rest = (size_t)p->ld - width;
    int64_t lo, hi;

    rcb_share(worker, p->dim[0], 1, &lo, &hi);
    for (int64_t r = lo; r < hi; r++) {
        memcpy(to + r * p->ld, rows + r * p->dim[1], width * sizeof *to);
        memset(to + r * p->ld + width, 0, rest * sizeof *to);
    }
}

void rcn_param_load(rcn_param *p, rc_real *to, const rc_real *rows)
{
    load_share(p, to, rows, &(rcb_worker){.count = 1});
    prune(p, to);
}

struct filling {
    rcn_param *p;
    const rc_real *rows;
};

static void fill_share(const rcb_worker *worker, void *ctx)
{
    const struct filling *f = ctx;

    load_share(f->p, f->p->w, f->rows, worker);
}

void rcn_param_fill(rcn_param *p, const rc_real *rows, rcb_pool *pool)
{
    struct filling f = {p, rows};

    rcb_pool_run(pool, p->size < SHARED ? 1 : rcb_pool_size(pool), fill_share, &f);
    prune(p, p->w);
}

void rcn_param_store(const rcn_param *p, const rc_real *from, rc_real *rows)
{
    if (p->packed) {
        rcg_weight_unpack(&p->weight, from, rows);
        return;
    }
    for (int64_t r = 0; r < p->dim[0]; r++)
        memcpy(rows + r * p->dim[1], from + r * p->ld, (size_t)p->dim[1] * sizeof *rows);
}

/* ---- names --------------------------------------------------------------------------------- */

/* The same for a glob of n bytes. A '*' first takes nothing and then, each time what follows it
 * fails, one byte more; only the last '*' ever needs to. */
static bool glob_part(const char *glob, size_t n, const char *name)
{
    const char *const end = glob + n;
    const char *star = NULL;
    const char *taken = NULL; /* of name, by the star */

    while (*name) {
        if (glob < end && *glob == '*') {
            star = ++glob;
            taken = name;
        } else if (glob < end && (*glob == '?' || *glob == *name)) {
            glob++;
            name++;
        } else if (star) {
            glob = star;
            name = ++taken;
        } else {
            return false;
        }
    }
    while (glob < end && *glob == '*')
        glob++;
    return glob == end;
}

bool rcn_glob(const char *glob, const char *name)
{
    return glob_part(glob, strlen(glob), name);
}

/* Spaces around a part do not count. */
static void trim(const char **p, size_t *n)
{
    while (*n > 0 && **p == ' ') {
        (*p)++;
        (*n)--;
    }
    while (*n > 0 && (*p)[*n - 1] == ' ')
        (*n)--;
}

bool rcn_item_next(const char **text, rcn_item *out)
{
    const char *at = *text;

    if (!at)
        return false;

    const size_t n = strcspn(at, ",");
    const char *sign = memchr(at, '=', n);

    *text = at[n] ? at + n + 1 : NULL;
    *out = (rcn_item){.glob = sign ? at : NULL,
                      .glob_n = sign ? (size_t)(sign - at) : 0,
                      .value = sign ? sign + 1 : at,
                      .value_n = sign ? n - (size_t)(sign + 1 - at) : n};
    if (out->glob)
        trim(&out->glob, &out->glob_n);
    trim(&out->value, &out->value_n);
    return true;
}

bool rcn_item_names(const rcn_item *item, const char *name)
{
    return !item->glob || glob_part(item->glob, item->glob_n, name);
}

bool rcn_number(const char *text, size_t n, double *out)
{
    char digits[64];
    const char *end;

    if (n == 0 || n >= sizeof digits || memchr(text, ' ', n))
        return false;
    memcpy(digits, text, n);
    digits[n] = 0;

    const double value = rcb_real_read(digits, &end);

    if (*end || !isfinite(value))
        return false;
    *out = value;
    return true;
}

rc_status rcn_glob_value(const char *text, const char *name, double fallback, double *out)
{
    const char *rest = *text ? text : NULL;
    double found = fallback;
    rcn_item item;

    while (rcn_item_next(&rest, &item)) {
        double value;

        if (!rcn_number(item.value, item.value_n, &value) || (item.glob && item.glob_n == 0))
            return RC_FAIL(RC_EINVAL, "'%s' is not VALUE or GLOB=VALUE,GLOB=VALUE", text);
        if (rcn_item_names(&item, name))
            found = value;
    }
    *out = found;
    return RC_OK;
}

rc_status rcn_params_freeze(rcn_params *ps, const char *globs)
{
    const char *rest = *globs ? globs : NULL;
    size_t frozen = 0;
    rcn_item item;

    while (rcn_item_next(&rest, &item)) {
        bool any = false;

        for (size_t i = 0; !item.glob && i < ps->n; i++)
            if (glob_part(item.value, item.value_n, ps->p[i].name))
                any = ps->p[i].frozen = true;
        if (!any)
            return RC_FAIL_HINT(RC_EINVAL, "see the names: recur info MODEL",
                                "cannot freeze '%.*s': no parameter has such a name",
                                (int)item.value_n, item.value);
    }
    for (size_t i = 0; i < ps->n; i++)
        frozen += ps->p[i].frozen;
    if (frozen > 0 && frozen == ps->n)
        return RC_FAIL(RC_EINVAL, "cannot freeze '%s': nothing is left to train", globs);
    return RC_OK;
}
