/* jacobian.c -- how a change of a layer's state is felt at the end of a sequence: Jacobians
 * dh_T / dh_k over rising distances T - k, their singular values, and half-lives of units.
 *
 * A sweep back from g' h_T brings g' dh_T / dh_k for every k, so the rows of all Jacobians come out
 * of as many sweeps as there are units, which run side by side: the sequence is laid out once for
 * each. Where that is too many, directions of random signs give lengths: the mean of (g' J e_j)^2
 * is |J e_j|^2 (Hutchinson 1990).
 */
#include "model/model_in.h"

#include <math.h>
#include <string.h>

enum {
    ROWS = 8192, /* rows of a graph, about */
    PLACES = 64  /* most distances */
};

typedef struct job {
    rc_xray_layer *l;
    const rcg_sight *s;
    rcb_pool *pool;
    int64_t steps, directions;
    int64_t place[PLACES]; /* distances */
    int places;
    double *rows;    /* (places, width, width) of a window's Jacobians, where they are exact */
    double *length;  /* (steps, units) sums of squares of the columns of dh_T / dmemory_k */
    double *squares; /* (places) sum of squares of dh_T / dh_k */
} job;

int rcm_memory_state(const rcc_cell *cell)
{
    const int memory = rcc_memory(cell);

    return memory < 0 ? 0 : memory;
}

/* 1, 2, 5, 10, ... and the last one. */
static void choose_places(job *j)
{
    static const int64_t lead[] = {1, 2, 5};
    const int64_t last = j->steps - 1;

    for (int64_t power = 1; power <= last && j->places < PLACES - 4; power *= 10)
        for (int i = 0; i < 3 && lead[i] * power <= last; i++)
            j->place[j->places++] = lead[i] * power;
    if (last > 0 && j->place[j->places - 1] < last)
        j->place[j->places++] = last;
}

/* Directions [first, first + count) of a window. */
static void fill_seeds(const job *j, int64_t window, int64_t first, int64_t count, rc_real *seeds)
{
    const int64_t H = j->s->width[0];
    const rcb_key signs = rcb_stream(0, "xray");

    for (int64_t i = 0; i < count; i++)
        for (int64_t k = 0; k < H; k++) {
            const uint64_t at = (uint64_t)((window * j->directions + first + i) * H + k);
            const double u = rcb_uniform(signs, at);

            seeds[i * H + k] = j->l->exact ? k == first + i : u < 0.5 ? -1 : 1;
        }
}

static void add_squares(const job *j, const rcg_sight *s, int64_t count, double weight)
{
    const int memory = rcm_memory_state(s->cell);

    for (int64_t d = 0; d < j->steps; d++)
        for (int64_t i = 0; i < count; i++) {
            const rc_real *g = s->grad[memory] + (rcg_sight_row(s, 0, d) + i) * s->ld[memory];

            for (int64_t k = 0; k < s->width[memory]; k++)
                j->length[d * s->width[memory] + k] += weight * (double)g[k] * (double)g[k];
        }
}

static void add_rows(const job *j, const rcg_sight *s, int64_t first, int64_t count, double weight)
{
    const int64_t H = s->width[0];

    for (int p = 0; p < j->places; p++)
        for (int64_t i = 0; i < count; i++) {
            const rc_real *g = s->grad[0] + (rcg_sight_row(s, 0, j->place[p]) + i) * s->ld[0];

            for (int64_t k = 0; k < H; k++) {
                j->squares[p] += weight * (double)g[k] * (double)g[k];
                if (j->rows)
                    j->rows[(p * H + first + i) * H + k] = (double)g[k];
            }
        }
}

/* The sweeps of some directions through one window. */
static rc_status sweep(const job *j, rc_graph *g, int64_t window, int64_t first, int64_t count)
{
    const int64_t H = j->s->width[0];
    const double weight = j->l->exact ? 1 : 1 / (double)j->directions;
    rcg_sight s;

    rc_graph_reset(g);
    rc_var *y = rcg_sight_again(j->s, g, window, count);
    rc_real *seeds = rcg_keep(g, (size_t)(count * H), sizeof *seeds);
    if (!seeds)
        return rc_graph_status(g);
    fill_seeds(j, window, first, count, seeds);
    rc_var *by = rc_leaf(g, rc_shape_2(count, H), seeds, NULL);
    RC_TRY(rc_graph_backward(g, rc_sum(g, rc_mul(g, rc_rnn_state(g, y, 0), by))));
    (void)rcg_sight_at(g, 0, &s);
    add_squares(j, &s, count, weight);
    add_rows(j, &s, first, count, weight);
    return RC_OK;
}

/* The singular values of one window's Jacobians, added to the sums. */
static rc_status add_values(const job *j)
{
    const int64_t H = j->s->width[0];
    double *value = rcb_alloc((size_t)H, sizeof *value);

    if (!value)
        return RC_ENOMEM;
    for (int p = 0; p < j->places; p++) {
        rc_xray_jacobian *at = &j->l->jacobian[p];
        double *rows = j->rows + p * H * H;
        bool finite = true;

        for (int64_t i = 0; i < H * H; i++)
            finite &= isfinite(rows[i]) != 0;
        if (finite)
            rcn_singular_values(rows, H, H, value);
        at->largest += finite ? value[0] : (double)NAN;
        at->median += finite ? (value[(H - 1) / 2] + value[H / 2]) / 2 : (double)NAN;
        at->smallest += finite ? value[H - 1] : (double)NAN;
    }
    rcb_free(value);
    return RC_OK;
}

static rc_status run_window(const job *j, rc_graph *g, int64_t window)
{
    int64_t most = ROWS / j->steps;

    if (most < 1)
        most = 1;
    for (int p = 0; p < j->places; p++)
        j->squares[p] = 0;
    for (int64_t first = 0; first < j->directions; first += most) {
        const int64_t left = j->directions - first;

        RC_TRY(sweep(j, g, window, first, left < most ? left : most));
    }
    for (int p = 0; p < j->places; p++)
        j->l->jacobian[p].rms += sqrt(j->squares[p] / (double)j->s->width[0]);
    return j->rows ? add_values(j) : RC_OK;
}

static void finish(const job *j, int64_t windows)
{
    const double by = 1 / (double)windows;

    for (int p = 0; p < j->places; p++) {
        rc_xray_jacobian *at = &j->l->jacobian[p];

        at->distance = j->place[p];
        at->rms *= by;
        at->largest = j->rows ? at->largest * by : (double)NAN;
        at->median = j->rows ? at->median * by : (double)NAN;
        at->smallest = j->rows ? at->smallest * by : (double)NAN;
    }
}

/* Steps from distance 1 on until the length has fallen to half, between steps along an
 * exponential: where f alone is left of a cell, ln 2 / -ln f. */
static double half_life(const job *j, int64_t unit)
{
    const int64_t H = j->l->units;
    const double half = j->steps > 1 ? sqrt(j->length[H + unit]) / 2 : 0;

    for (int64_t d = 2; d < j->steps && half > 0; d++) {
        const double now = sqrt(j->length[d * H + unit]);
        const double before = sqrt(j->length[(d - 1) * H + unit]);

        if (now <= half)
            return (double)(d - 2) + (now > 0 ? log(before / half) / log(before / now) : 0);
    }
    return half > 0 ? (double)INFINITY : 0;
}

static rc_status run_windows(job *j, int64_t windows)
{
    rc_graph *g;

    RC_TRY(rcg_graph_on(&g, j->pool, true));
    rcg_graph_watch(g);
    rc_status status = RC_OK;
    for (int64_t b = 0; status == RC_OK && b < windows; b++)
        status = run_window(j, g, b);
    rc_graph_free(g);
    return status;
}

rc_status rcm_xray_jacobians(rc_xray_layer *l, const rcg_sight *s, int64_t steps, int64_t windows,
                             int64_t directions, rcb_pool *pool)
{
    const size_t H = (size_t)s->width[0], units = (size_t)l->units;
    job j = {.l = l,
             .s = s,
             .pool = pool,
             .steps = steps,
             .directions = l->exact ? s->width[0] : directions};

    choose_places(&j);
    l->jacobians = (size_t)j.places;
    l->jacobian = rcb_calloc(l->jacobians + 1, sizeof *l->jacobian);
    l->half_life = rcb_calloc(units, sizeof *l->half_life);
    j.rows = l->exact ? rcb_calloc((size_t)j.places * H * H + 1, sizeof *j.rows) : NULL;
    j.length = rcb_calloc((size_t)steps * units, sizeof *j.length);
    j.squares = rcb_calloc(l->jacobians + 1, sizeof *j.squares);
    const bool room = l->jacobian && l->half_life && j.length && j.squares && (j.rows || !l->exact);
    const rc_status status = room ? run_windows(&j, windows) : RC_ENOMEM;
    if (status == RC_OK) {
        finish(&j, windows);
        for (int64_t k = 0; k < l->units; k++)
            l->half_life[k] = half_life(&j, k);
    }
    rcb_free(j.squares);
    rcb_free(j.length);
    rcb_free(j.rows);
    return status;
}
