/* space.c -- what a search tries: options with the values that each may have, as points of a grid
 * or drawn at random.
 *
 * A draw is a function of seed and number, so that trials can be made in any order and by anybody.
 * Where there is no end of points it is drawn by the name of each option; else it is a place in a
 * shuffled order of the points, so that none comes twice before all have come. Numbers of a range
 * are rounded to four digits: what is tried can be typed.
 */
#include "train/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 4, MOST_VALUES = 100000 };

struct range {
    double lo, hi;
    bool log, whole;
    bool from_one; /* what is tried is 1 minus the number */
};

/* One option that differs. */
struct vary {
    char *name;
    rc_option_kind kind;
    struct range range;
    char **value; /* (count) */
    size_t count; /* 0: any number of the range */
};

struct rc_space {
    rc_config *base;
    struct vary *vary;
    size_t count;
};

static void free_vary(struct vary *v)
{
    for (size_t i = 0; i < v->count; i++)
        rcb_free(v->value[i]);
    rcb_free(v->value);
    rcb_free(v->name);
    *v = (struct vary){0};
}

void rc_space_free(rc_space *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        free_vary(&s->vary[i]);
    rcb_free(s->vary);
    rc_config_free(s->base);
    rcb_free(s);
}

rc_status rc_space_new(rc_space **out, const rc_config *base)
{
    rc_space *s = rcb_calloc(1, sizeof *s);

    *out = NULL;
    if (!s)
        return RC_ENOMEM;
    const rc_status status = rc_config_clone(&s->base, base);
    if (status != RC_OK) {
        rc_space_free(s);
        return status;
    }
    *out = s;
    return RC_OK;
}

/* ---- numbers of a range ------------------------------------------------------------------ */

/* To DIGITS digits, such that its shortest text has no more. */
static double rounded(double x)
{
    if (x == 0)
        return 0;
    const int places = DIGITS - 1 - (int)floor(log10(fabs(x)));
    const double power = pow(10, abs(places));

    return places > 0 ? round(x * power) / power : round(x / power) * power;
}

/* The number at `u`, 0 to 1, of a range. */
static double number_at(const struct range *r, double u)
{
    const double x =
        r->log ? exp(log(r->lo) + u * (log(r->hi) - log(r->lo))) : r->lo + u * (r->hi - r->lo);

    return fmin(r->hi, fmax(r->lo, r->whole ? round(x) : rounded(x)));
}

/* Each whole number of an even range is as likely as another. */
static double number_drawn(const struct range *r, double u)
{
    if (r->whole && !r->log)
        return fmin(r->hi, r->lo + floor(u * (r->hi - r->lo + 1)));
    return number_at(r, u);
}

static rc_status print_number(rcb_buf *b, const struct range *r, double x)
{
    if (r->from_one)
        x = rounded(1 - x);
    return r->whole ? rcb_buf_printf(b, "%.0f", x) : rcb_buf_real(b, x);
}

/* ---- reading ----------------------------------------------------------------------------- */

static rc_status set_value(const struct vary *v, rc_config *c, const char *value)
{
    if (v->kind == RC_OPTION_FILES)
        RC_TRY(rc_config_set(c, v->name, ""));
    return rc_config_set(c, v->name, value);
}

static rc_status add_value(struct vary *v, const char *text, size_t n)
{
    char *value = rcb_strndup(text, n);
    char **more = value ? rcb_realloc(v->value, v->count, v->count + 1, sizeof *more) : NULL;

    if (!more) {
        rcb_free(value);
        return RC_ENOMEM;
    }
    v->value = more;
    v->value[v->count++] = value;
    return RC_OK;
}

/* "A,B,C", or "A|B|C". */
static rc_status read_list(struct vary *v, const char *text)
{
    const char *marks = strchr(text, '|') ? "|" : ",";

    for (bool more = true; more;) {
        const size_t n = strcspn(text, marks);
        if (v->count == MOST_VALUES)
            return RC_FAIL(RC_EINVAL, "cannot vary '%s': it has more than %d values", v->name,
                           MOST_VALUES);
        RC_TRY(add_value(v, text, n));
        more = text[n] != '\0';
        text += n + more;
    }
    return RC_OK;
}

/* N numbers that lie evenly. */
static rc_status make_list(struct vary *v, double count)
{
    rcb_buf b = {0};
    rc_status status = RC_OK;

    for (double i = 0; status == RC_OK && i < count; i++) {
        rcb_buf_clear(&b);
        status = print_number(&b, &v->range, number_at(&v->range, count > 1 ? i / (count - 1) : 0));
        if (status == RC_OK)
            status = add_value(v, b.p, b.n);
    }
    rcb_buf_free(&b);
    return status;
}

static rc_status not_a_range(const struct vary *v, const char *text, const char *why)
{
    return RC_FAIL_HINT(RC_EINVAL, "for example: lr=log:0.001..0.1, dropout=0..0.5, layers=1..3",
                        "cannot vary '%s' by '%s': %s", v->name, text, why);
}

static bool is_whole(double x)
{
    return x == floor(x) && fabs(x) < 1e15;
}

/* Whether a number of this option may have a fraction: of a text (sizes, penalties) by asking. */
static rc_status find_whole(const rc_space *s, struct vary *v)
{
    rc_config *c;
    rcb_buf b = {0};

    v->range.whole = v->kind == RC_OPTION_INT;
    if (v->kind != RC_OPTION_TEXT)
        return RC_OK;
    RC_TRY(rc_config_clone(&c, s->base));
    rc_status status = rcb_buf_real(&b, floor(v->range.lo) + 0.5);
    if (status == RC_OK)
        status = set_value(v, c, b.p);
    v->range.whole = status == RC_EINVAL;
    rcb_buf_free(&b);
    rc_config_free(c);
    return status == RC_EINVAL ? RC_OK : status;
}

/* Is this what comes next? Then go behind it. */
static bool skip(const char **words, const char *word)
{
    const size_t n = strlen(word);
    const bool there = strncmp(*words, word, n) == 0;

    *words += there ? n : 0;
    return there;
}

/* "A..B" or "A..B/N", after "1-" and "log:". */
static rc_status read_range(const rc_space *s, struct vary *v, const char *text)
{
    struct range *r = &v->range;
    const char *at, *words = text;
    const char *dots = strstr(words, "..");
    double count = 0;

    r->from_one = skip(&words, "1-");
    r->log = skip(&words, "log:");
    r->lo = rcb_real_read(words, &at);
    if (!dots || at == words || (at != dots && at != dots + 1)) /* "0..4": "0." is a number too */
        return not_a_range(v, text, "it has no two numbers");
    words = dots + 2;
    r->hi = rcb_real_read(words, &at);
    if (at == words || !isfinite(r->lo) || !isfinite(r->hi))
        return not_a_range(v, text, "it has no two numbers");
    if (*at == '/') {
        words = at + 1;
        count = rcb_real_read(words, &at);
        if (at == words || !is_whole(count) || count < 1 || count > MOST_VALUES)
            return not_a_range(v, text, "there must be a whole number after /");
    }
    if (*at)
        return not_a_range(v, text, "something stands after it");
    if (!(r->lo < r->hi))
        return not_a_range(v, text, "the first number must be below the second");
    if (r->log && !(r->lo > 0))
        return not_a_range(v, text, "log: needs numbers above zero");
    RC_TRY(find_whole(s, v));
    if (r->whole && !(is_whole(r->lo) && is_whole(r->hi)))
        return not_a_range(v, text, "both numbers must be whole");
    return count > 0 ? make_list(v, count) : RC_OK;
}

static bool kind_of(const char *name, rc_option_kind *kind)
{
    const rc_option *o;

    for (size_t i = 0; (o = rc_option_at(i)); i++)
        if (strcmp(o->name, name) == 0) {
            *kind = o->kind;
            return true;
        }
    return false;
}

/* Every value must be one: those of the list, or the ends of the range. */
static rc_status check_values(const rc_space *s, const struct vary *v)
{
    rc_config *c;
    rcb_buf b = {0};

    RC_TRY(rc_config_clone(&c, s->base));
    rc_status status = RC_OK;
    for (size_t i = 0; status == RC_OK && i < v->count; i++)
        status = set_value(v, c, v->value[i]);
    for (int end = 0; status == RC_OK && v->count == 0 && end < 2; end++) {
        rcb_buf_clear(&b);
        status = print_number(&b, &v->range, end ? v->range.hi : v->range.lo);
        if (status == RC_OK)
            status = set_value(v, c, b.p);
    }
    rcb_buf_free(&b);
    rc_config_free(c);
    return status;
}

static rc_status read_vary(const rc_space *s, struct vary *v, const char *text)
{
    const char *equals = strchr(text, '=');
    const char *values = equals ? equals + 1 : "";

    if (!equals || equals == text || !*values)
        return RC_FAIL_HINT(RC_EINVAL, "for example: hidden=64,128,256 or lr=log:0.001..0.1",
                            "cannot vary '%s': it needs an option and its values", text);
    v->name = rcb_strndup(text, (size_t)(equals - text));
    if (!v->name)
        return RC_ENOMEM;
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->vary[i].name, v->name) == 0)
            return RC_FAIL(RC_EINVAL, "option '%s' varies twice", v->name);
    const bool known = kind_of(v->name, &v->kind);
    const bool log = strncmp(values, "log:", 4) == 0;
    const bool number =
        v->kind != RC_OPTION_NAME && v->kind != RC_OPTION_FLAG && v->kind != RC_OPTION_FILES;
    if (known && number && (log || strstr(values, "..")))
        RC_TRY(read_range(s, v, values));
    else
        RC_TRY(read_list(v, values));
    return check_values(s, v);
}

rc_status rc_space_vary(rc_space *s, const char *text)
{
    struct vary v = {0};
    rc_status status = read_vary(s, &v, text);
    struct vary *more = NULL;

    if (status == RC_OK) {
        more = rcb_realloc(s->vary, s->count, s->count + 1, sizeof *more);
        status = more ? RC_OK : RC_ENOMEM;
    }
    if (status != RC_OK) {
        free_vary(&v);
        return status;
    }
    s->vary = more;
    s->vary[s->count++] = v;
    return RC_OK;
}

/* ---- points ------------------------------------------------------------------------------ */

const char *rc_space_name(const rc_space *s, size_t i)
{
    return i < s->count ? s->vary[i].name : NULL;
}

int64_t rc_space_points(const rc_space *s)
{
    int64_t points = 1;

    for (size_t i = 0; i < s->count; i++) {
        const int64_t n = (int64_t)s->vary[i].count;
        if (n == 0)
            return 0;
        points = points > INT64_MAX / n ? INT64_MAX : points * n;
    }
    return points;
}

/* Set the options one by one, as choose() says. */
typedef rc_status choose_fn(const struct vary *v, void *ctx, rc_config *c);

static rc_status make_point(const rc_space *s, choose_fn *choose, void *ctx, rc_config **out)
{
    rc_config *c;

    *out = NULL;
    RC_TRY(rc_config_clone(&c, s->base));
    rc_status status = RC_OK;
    for (size_t i = s->count; status == RC_OK && i-- > 0;)
        status = choose(&s->vary[i], ctx, c);
    if (status != RC_OK) {
        rc_config_free(c);
        return status;
    }
    *out = c;
    return RC_OK;
}

static rc_status choose_next(const struct vary *v, void *ctx, rc_config *c)
{
    int64_t *left = ctx;
    const int64_t n = (int64_t)v->count, i = *left % n;

    *left /= n;
    return set_value(v, c, v->value[i]);
}

rc_status rc_space_point(const rc_space *s, int64_t i, rc_config **out)
{
    *out = NULL;
    if (i < 0 || i >= rc_space_points(s))
        return RC_FAIL(RC_EINVAL, "there is no point %" PRId64 " of %" PRId64, i,
                       rc_space_points(s));
    return make_point(s, choose_next, &i, out);
}

struct draw {
    uint64_t seed, number;
};

static rc_status choose_drawn(const struct vary *v, void *ctx, rc_config *c)
{
    const struct draw *d = ctx;
    rcb_buf b = {0};
    char stream[96];

    (void)snprintf(stream, sizeof stream, "search:%s", v->name);
    const double u = rcb_uniform(rcb_stream(d->seed, stream), d->number);
    if (v->count > 0)
        return set_value(v, c, v->value[(size_t)(u * (double)v->count)]);
    rc_status status = print_number(&b, &v->range, number_drawn(&v->range, u));
    if (status == RC_OK)
        status = set_value(v, c, b.p);
    rcb_buf_free(&b);
    return status;
}

rc_status rc_space_draw(const rc_space *s, uint64_t seed, uint64_t number, rc_config **out)
{
    const int64_t points = rc_space_points(s);
    struct draw d = {seed, number};

    if (points > 0)
        return rc_space_point(
            s,
            rcd_shuffled(rcb_stream(seed, "search"), points, (int64_t)(number % (uint64_t)points)),
            out);
    return make_point(s, choose_drawn, &d, out);
}
