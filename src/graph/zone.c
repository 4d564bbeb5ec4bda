/* zone.c -- zoneout: units of a state that keep their value at a step (Krueger et al. 2017).
 *
 *     state = keep ? before : raw                    drawn for every unit, sequence and step
 *     state = p before + (1 - p) raw                 where nothing is drawn
 *
 * raw is what the cell makes, which all of the cell sees within the step; the next step begins with
 * `state`. What is drawn is a function of the step in the batch, the sequence and the unit: the
 * same for any number of workers, and whole or in pieces of time.
 */
#include "graph/seq_in.h"

typedef rcg_seq seq;

rc_status rcg_zone_check(const rcg_seq *s)
{
    for (int i = 0; i < RC_STATES; i++) {
        if (s->zone[i] == 0)
            continue;
        if (i >= s->cell->states)
            return RC_FAIL(RC_EINVAL, "%s: zoneout of state %d, the cell has %d", s->cell->name,
                           i + 1, s->cell->states);
        if (!(s->zone[i] > 0 && s->zone[i] < 1))
            return RC_FAIL(RC_EINVAL, "%s: zoneout %g of state '%s' is not in 0 <= rate < 1",
                           s->cell->name, s->zone[i], s->cell->state_name[i]);
    }
    return RC_OK;
}

/* ---- what is drawn --------------------------------------------------------------------------- */

typedef struct draw {
    const seq *s;
    int i; /* the state */
    rcb_key key;
} draw;

static void draw_share(const rcb_worker *worker, void *ctx)
{
    const draw *d = ctx;
    const seq *s = d->s;
    const int64_t from = s->n->graph->from, ld = rcg_seq_state_ld(s, d->i);
    int64_t lo, hi;

    rcb_share(worker, s->rows.steps, 1, &lo, &hi);
    for (int64_t t = lo; t < hi; t++)
        rck->dropout_mask(d->key, (from + t) * s->rows.seqs, rcg_seq_alive(s, t), ld, s->zone[d->i],
                          s->moves[d->i] + s->rows.at[t] * ld, ld);
}

static rc_status draw_moves(seq *s, int i)
{
    rc_graph *g = s->n->graph;
    const int64_t ld = rcg_seq_state_ld(s, i);
    draw d = {s, i, rcg_mask_key(g)};

    s->moves[i] = rcg_seq_rows(s, s->N, ld);
    if (!s->moves[i])
        return g->status;
    rcb_pool_run(g->pool, rcg_workers(g, 20.0 * (double)(s->N * ld)), draw_share, &d);
    return RC_OK;
}

rc_status rcg_zone_prepare(rcg_seq *s)
{
    rc_graph *g = s->n->graph;
    const bool draws = rcg_training(g), back = s->n->out->wants;
    int64_t widest = 0;

    for (int i = 0; i < s->cell->states; i++) {
        const int64_t ld = rcg_seq_state_ld(s, i);

        if (s->zone[i] == 0)
            continue;
        widest = ld > widest ? ld : widest;
        s->raw[i] = rcg_seq_rows(s, s->N, ld);
        s->d_raw[i] = back ? rcg_seq_rows(s, s->rows.seqs, ld) : NULL;
        s->d_kept[i] = back ? rcg_seq_rows(s, s->rows.seqs, ld) : NULL;
        if (draws)
            RC_TRY(draw_moves(s, i));
    }
    s->zeros = draws && back ? rcg_seq_rows(s, 1, widest) : NULL;
    if (s->zeros)
        rck->fill(widest, 0, s->zeros);
    return g->status;
}

/* ---- on the way ------------------------------------------------------------------------------ */

/* The units of state i that are a worker's: those of the stage that makes it. */
typedef struct columns {
    int64_t ld, first, n;
} columns;

static columns columns_of(const seq *s, int i, const rcb_worker *worker)
{
    const int64_t ld = rcg_seq_state_ld(s, i);
    int64_t u0, u1;

    rcb_share(worker, ld / RCK_LANES, 1, &u0, &u1);
    return (columns){ld, u0 * RCK_LANES, (u1 - u0) * RCK_LANES};
}

void rcg_zone_mean(int64_t n, double keep, const rc_real *before, const rc_real *raw, rc_real *out)
{
    rck->scale(n, (rc_real)keep, before, out);
    rck->axpy(n, (rc_real)(1 - keep), raw, out);
}

void rcg_zone_mix(const rcg_seq *s, int64_t t, const rcg_segment *g, const rcb_worker *worker)
{
    for (int i = 0; i < s->cell->states; i++) {
        const columns c = columns_of(s, i, worker);

        for (int64_t r = 0; s->raw[i] && r < g->rows; r++) {
            const int64_t at = (s->rows.at[t] + g->first + r) * c.ld + c.first;
            const rc_real *before = rcg_seq_before(s, i, g) + r * c.ld + c.first;

            if (s->moves[i])
                rck->choose(c.n, s->moves[i] + at, s->raw[i] + at, before, s->state[i] + at);
            else
                rcg_zone_mean(c.n, s->zone[i], before, s->raw[i] + at, s->state[i] + at);
        }
    }
}

/* ---- and back -------------------------------------------------------------------------------- */

void rcg_zone_part(const rcg_seq *s, int64_t t, const rcb_worker *worker)
{
    for (int i = 0; i < s->cell->states; i++) {
        const columns c = columns_of(s, i, worker);

        for (int64_t r = 0; s->raw[i] && r < rcg_seq_alive(s, t); r++) {
            const int64_t at = r * c.ld + c.first;
            const int64_t row = s->rows.at[t] * c.ld + at;
            const rc_real *d = i > 0 ? s->d_state[i] + at : s->n->out->g + row;

            if (s->moves[i]) {
                rck->choose(c.n, s->moves[i] + row, d, s->zeros, s->d_raw[i] + at);
                rck->choose(c.n, s->moves[i] + row, s->zeros, d, s->d_kept[i] + at);
            } else {
                rck->scale(c.n, (rc_real)(1 - s->zone[i]), d, s->d_raw[i] + at);
                rck->scale(c.n, (rc_real)s->zone[i], d, s->d_kept[i] + at);
            }
        }
    }
}

void rcg_zone_join(const rcg_seq *s, const rcg_segment *g, rc_real *const d_before[RC_STATES],
                   const rcb_worker *worker)
{
    for (int i = 0; i < s->cell->states; i++) {
        const columns c = columns_of(s, i, worker);

        for (int64_t r = 0; s->raw[i] && r < g->rows; r++) {
            const int64_t at = r * c.ld + c.first;
            rc_real *to = d_before[i] + at;

            rck->add(c.n, to, s->d_kept[i] + g->first * c.ld + at, to);
        }
    }
}
