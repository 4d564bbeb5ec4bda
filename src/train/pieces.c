/* pieces.c -- a batch that is cut in time. Chen, Xu, Zhang and Guestrin 2016, Training Deep Nets
 * with Sublinear Memory Cost: with pieces as long as the square root of the sequences, the states
 * between pieces and all that one piece keeps are both so many. Forward runs through all pieces but
 * the last for their states; the way back begins at the last, and runs each again. Truncated,
 * gradients end where a piece begins: every piece is run once, in the order of time.
 *
 * Each piece is a graph that begins like that of a whole batch, so that masks which hold for all
 * steps are the same in all pieces.
 */
#include "train/train.h"

#include <math.h>
#include <string.h>

void rct_pieces_free(rct_pieces *p)
{
    rcb_free(p->states);
    rcb_free(p->d[0]);
    rcb_free(p->d[1]);
    *p = (rct_pieces){0};
}

static bool recomputes_steps(const rc_config *c)
{
    return rcm_list_index("recomputes", c->recompute) == RCM_RECOMPUTE_STEPS;
}

int64_t rct_piece_steps(const rc_config *c, int64_t steps)
{
    if (c->truncate > 0 && c->truncate < steps)
        return c->truncate;
    return recomputes_steps(c) && steps > 3 ? (int64_t)ceil(sqrt((double)steps)) : 0;
}

rc_status rct_pieces_check(const rc_model *m)
{
    const rc_config *c = m->config;
    const bool plain = rcm_list_index("dropouts", c->dropout_kind) != RCM_DROPOUT_LOCKED;
    const char *why = !c->task->piece                                        ? "of this task"
                      : c->bidirectional                                     ? "in both directions"
                      : c->window > 1                                        ? "with a window"
                      : rcm_list_index("poolings", c->pooling) > 0           ? "with a pooling"
                      : c->dropout > 0 && plain                              ? "with plain dropout"
                      : c->activation_penalty > 0 || c->temporal_penalty > 0 ? "with penalties"
                                                                             : NULL;

    if (!why || (c->truncate == 0 && !recomputes_steps(c)))
        return RC_OK;
    return RC_FAIL_HINT(RC_EINVAL,
                        c->dropout > 0 && plain ? "--dropout-kind locked goes"
                                                : "leave --truncate and --recompute steps out",
                        "cannot cut batches in time %s", why);
}

/* Room for `n` reals, kept. */
static rc_status reserve(rc_real **p, size_t *cap, size_t n)
{
    if (n <= *cap)
        return RC_OK;
    rcb_free(*p);
    *cap = 0;
    *p = rcb_alloc(n, sizeof **p);
    if (!*p)
        return RC_ENOMEM;
    *cap = n;
    return RC_OK;
}

/* One piece. *nats: its loss is added. */
static rc_status run_piece(const rct_pass *pass, rcm_piece *piece, bool back, bool fresh,
                           double *nats)
{
    rcn_params *ps = rcm_params(pass->m);
    rc_graph *g = pass->g;
    double loss = 0;

    rc_graph_reset(g);
    rcg_graph_seed(g, pass->draw->seed, pass->draw->step);
    rcg_graph_part(g, pass->shard);
    rcg_graph_from(g, piece->from);
    rc_var *said = pass->m->config->task->piece(pass->m, g, pass->feed, piece);
    RC_TRY(rc_graph_status(g));
    if (said)
        RC_TRY(rc_var_total(g, said, &loss));
    *nats += loss;
    if (!back)
        return RC_OK;
    rc_var *whole = said ? rc_scale(g, said, pass->scale) : NULL;
    if (piece->ends.extra)
        whole = whole ? rc_add(g, whole, piece->ends.extra) : piece->ends.extra;
    if (fresh)
        rcn_params_fresh(ps);
    rcg_graph_norm(g, rct_norm_weight(pass->m->config, &pass->feed->batch, pass->scale));
    if (whole)
        RC_TRY(rc_graph_backward(g, whole));
    rcn_params_settle(ps);
    return RC_OK;
}

/* In the order of time; gradients, if any, end where a piece begins. */
static rc_status run_on(rct_pieces *p, const rct_pass *pass, int64_t each, size_t size,
                        double *nats)
{
    const int64_t T = pass->feed->batch.steps;

    for (int64_t from = 0, i = 0; from < T; from += each, i++) {
        rcm_piece piece = {
            .from = from,
            .to = from + each < T ? from + each : T,
            .said = true,
            .ends = {.before = i > 0 ? p->states + (i % 2) * (int64_t)size : NULL,
                     .after = p->states + ((i + 1) % 2) * (int64_t)size},
        };
        RC_TRY(run_piece(pass, &piece, pass->back, pass->fresh && i == 0, nats));
    }
    return RC_OK;
}

/* There for the states, and back. */
static rc_status run_back(rct_pieces *p, const rct_pass *pass, int64_t each, size_t size,
                          double *nats)
{
    const int64_t T = pass->feed->batch.steps, pieces = (T + each - 1) / each;
    double ignored = 0;

    for (int64_t i = 0; i < pieces - 1; i++) {
        rcm_piece piece = {
            .from = i * each,
            .to = (i + 1) * each,
            .ends = {.before = i > 0 ? p->states + i * (int64_t)size : NULL,
                     .after = p->states + (i + 1) * (int64_t)size},
        };
        RC_TRY(run_piece(pass, &piece, false, false, &ignored));
    }
    for (int64_t i = pieces - 1; i >= 0; i--) {
        const int64_t end = (i + 1) * each;
        rcm_piece piece = {
            .from = i * each,
            .to = end < T ? end : T,
            .said = true,
            .ends = {.before = i > 0 ? p->states + i * (int64_t)size : NULL,
                     .after = p->states + pieces * (int64_t)size,
                     .d_before = i > 0 ? p->d[i % 2] : NULL,
                     .d_after = i < pieces - 1 ? p->d[(i + 1) % 2] : NULL},
        };
        memset(p->d[i % 2], 0, size * sizeof(rc_real));
        RC_TRY(run_piece(pass, &piece, true, pass->fresh && i == pieces - 1, nats));
    }
    return RC_OK;
}

rc_status rct_pieces_run(rct_pieces *p, const rct_pass *pass, double *nats)
{
    const rc_config *c = pass->m->config;
    const int64_t T = pass->feed->batch.steps, each = rct_piece_steps(c, T);
    const size_t size = (size_t)(pass->feed->batch.seqs * c->task->piece_width(pass->m));
    const bool again = pass->back && (c->truncate == 0 || c->truncate >= T);
    const size_t kept = again ? (size_t)((T + each - 1) / each) + 1 : 2;
    size_t bytes;

    if (!rcb_mul(size + 1, kept * sizeof(rc_real), &bytes))
        return RC_FAIL(RC_ENOMEM, "out of memory: the states of %" PRId64 " sequences",
                       pass->feed->batch.seqs);
    RC_TRY(reserve(&p->states, &p->cap_states, kept * size + 1));
    RC_TRY(reserve(&p->d[0], &p->cap_d[0], size + 1));
    RC_TRY(reserve(&p->d[1], &p->cap_d[1], size + 1));
    *nats = 0;
    return again ? run_back(p, pass, each, size, nats) : run_on(p, pass, each, size, nats);
}
