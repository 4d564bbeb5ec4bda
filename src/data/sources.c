/* sources.c -- series that are made: the problems by which recurrent networks are measured. Every
 * sequence is a function of its key alone, so that there are as many as are asked for.
 */
#include "data/data.h"

#include <string.h>

/* A whole number from 0 to n - 1: draw `at` of the key. */
static int64_t pick(rcb_key key, uint64_t at, int64_t n)
{
    return (int64_t)(rcb_uniform(key, at) * (double)n);
}

static int64_t as_long(int64_t T)
{
    return T;
}

/* ---- adding ------------------------------------------------------------------------------ */

/* Two of the steps are marked, any two alike. */
static void fill_adding(rcb_key key, int64_t T, float *x, float *y, int32_t *label)
{
    const int64_t first = pick(key, (uint64_t)T, T);
    const int64_t second = (first + 1 + pick(key, (uint64_t)T + 1, T - 1)) % T;

    (void)label;
    for (int64_t t = 0; t < T; t++)
        x[2 * t] = (float)rcb_uniform(key, (uint64_t)t);
    x[2 * first + 1] = x[2 * second + 1] = 1;
    *y = x[2 * first] + x[2 * second];
}

static const rcd_source source_adding = {
    .name = "adding",
    .help =
        "series adding:T; the sum of the two numbers that are marked among T from 0 to 1; guessing"
        " 1 gives 1/6",
    .paper = "Hochreiter and Schmidhuber 1997; in the form of Le et al. 2015",
    .D = 2,
    .K = 1,
    .least = 2,
    .most = 10000000,
    .steps = as_long,
    .fill = fill_adding,
};

/* ---- copy -------------------------------------------------------------------------------- */

enum { COPIED = 10, BLANK = 8, SIGNAL = 9 };

static int64_t copy_steps(int64_t T)
{
    return T + 2 * COPIED;
}

/* Ten symbols of eight, T - 1 blanks, a signal, and room to say them. */
static void fill_copy(rcb_key key, int64_t T, float *x, float *y, int32_t *label)
{
    const int64_t steps = copy_steps(T);

    (void)y;
    for (int64_t t = 0; t < steps; t++) {
        const int64_t in = t < COPIED            ? pick(key, (uint64_t)t, BLANK)
                           : t == COPIED + T - 1 ? SIGNAL
                                                 : BLANK;

        x[10 * t + in] = 1;
        label[t] =
            t < steps - COPIED ? BLANK : (int32_t)pick(key, (uint64_t)(t - steps + COPIED), BLANK);
    }
}

static const rcd_source source_copy = {
    .name = "copy",
    .help =
        "series copy:T; ten symbols, said again after T steps; guessing gives 10 ln 8 / (T + 20)"
        " nats a step",
    .paper = "Hochreiter and Schmidhuber 1997; in the form of Arjovsky et al. 2016",
    .D = 10,
    .classes = 9,
    .each = true,
    .least = 1,
    .most = 10000000,
    .steps = copy_steps,
    .fill = fill_copy,
};

/* ---- temporal order ---------------------------------------------------------------------- */

/* Symbols 0 .. 3 are noise; 4 or 5 stands once between T/10 and 2 T/10 and once between 5 T/10 and
 * 6 T/10. The class is which of the four pairs. */
static void fill_order(rcb_key key, int64_t T, float *x, float *y, int32_t *label)
{
    const int64_t first = T / 10 + pick(key, (uint64_t)T, T / 10);
    const int64_t second = 5 * T / 10 + pick(key, (uint64_t)T + 1, T / 10);
    const int64_t a = pick(key, (uint64_t)T + 2, 2), b = pick(key, (uint64_t)T + 3, 2);

    (void)y;
    for (int64_t t = 0; t < T; t++) {
        const int64_t noise = pick(key, (uint64_t)t, 4);

        x[6 * t + (t == first ? 4 + a : t == second ? 4 + b : noise)] = 1;
    }
    *label = (int32_t)(2 * a + b);
}

static const rcd_source source_order = {
    .name = "order",
    .help = "series order:T; in which order two symbols stood among noise: four classes",
    .paper = "Hochreiter and Schmidhuber 1997, in the form of Pascanu et al. 2013",
    .D = 6,
    .classes = 4,
    .least = 10,
    .most = 10000000,
    .steps = as_long,
    .fill = fill_order,
};

/* ---- all of them ------------------------------------------------------------------------- */

const rcd_source *rcd_source_at(size_t i)
{
    static const rcd_source *const all[] = {
#define SOURCE(identifier) &source_##identifier,
#include "data/sources.def"
#undef SOURCE
    };

    return i < sizeof all / sizeof *all ? all[i] : NULL;
}

const rcd_source *rcd_source_find(const char *name)
{
    const rcd_source *s;

    for (size_t i = 0; (s = rcd_source_at(i)); i++)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}
