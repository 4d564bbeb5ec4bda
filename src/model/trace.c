/* trace.c -- one vector of a layer after every symbol of a text: what a unit is on and off about.
 *
 * The text goes through the task's own loss in pieces, with the state carried from one to the next,
 * in a graph that does not train; the vector is what the graph's sequences hold then.
 */
#include "model/model_in.h"

#include <math.h>
#include <string.h>

enum { PIECE = 512 }; /* symbols */

typedef struct walk {
    const rc_model *m;
    const char *name;
    int layer;
    rc_graph *graph;
    rcm_feed feed; /* a sequence of a piece */
    rc_trace *out;
    rc_real *rows; /* (PIECE, units) */
    int64_t done;  /* rows read; the first is the boundary's, which is no symbol of the text */
} walk;

/* ---- which vector ------------------------------------------------------------------------ */

/* The names of all, for a hint. */
static rc_status names_of(const rcc_cell *cell, rcb_buf *out)
{
    for (int i = 0; i < cell->states; i++)
        RC_TRY(rcb_buf_printf(out, "%s%s", i ? ", " : "", cell->state_name[i]));
    for (int i = 0; i < cell->gates; i++)
        RC_TRY(rcb_buf_printf(out, ", %s", cell->gate_name[i]));
    return RC_OK;
}

static rc_status refuse_name(const rcc_cell *cell, const char *name)
{
    rcb_buf names = {0};
    rc_status status = names_of(cell, &names);

    if (status == RC_OK)
        status = RC_FAIL(RC_EINVAL, "a layer of cell '%s' has no vector '%s', it has %s",
                         cell->name, name, names.p);
    rcb_buf_free(&names);
    return status;
}

static int place_of(const char *const names[], int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

/* The place of the vector: a state, or a gate behind the states. */
static rc_status find_vector(walk *w, const rcc_cell *cell, int *out)
{
    const int state =
        w->name ? place_of(cell->state_name, cell->states, w->name) : rcm_memory_state(cell);
    const int gate = state < 0 ? place_of(cell->gate_name, cell->gates, w->name) : -1;

    if (state < 0 && gate < 0)
        return refuse_name(cell, w->name);
    const int by = gate < 0 ? RCC_LINEAR : cell->squash[gate];
    w->out->name = state < 0 ? cell->gate_name[gate] : cell->state_name[state];
    w->out->lo = by == RCC_SIGMOID || by == RCC_RELU ? 0 : by == RCC_TANH ? -1 : -(double)INFINITY;
    w->out->hi = by == RCC_SIGMOID || by == RCC_TANH ? 1 : (double)INFINITY;
    *out = state < 0 ? cell->states + gate : state;
    return RC_OK;
}

/* ---- the way through --------------------------------------------------------------------- */

static rc_status room_for(walk *w, int64_t units)
{
    size_t reals;

    if (w->out->x)
        return RC_OK;
    if (!rcb_mul((size_t)w->out->count, (size_t)units, &reals))
        return RC_FAIL(RC_ENOMEM, "out of memory: %" PRId64 " units at %" PRId64 " symbols", units,
                       w->out->count);
    w->out->units = units;
    w->out->x = rcb_alloc(reals, sizeof *w->out->x);
    w->rows = rcb_alloc((size_t)(PIECE * units), sizeof *w->rows);
    return w->out->x && w->rows ? RC_OK : RC_ENOMEM;
}

/* The vector at the rows of the piece that has just run. */
static rc_status note(walk *w)
{
    rcg_sight s;
    int vector = 0, layers = 0;

    while (rcg_sight_at(w->graph, (size_t)layers, &s))
        layers++;
    if (w->layer < 0 || w->layer >= layers)
        return RC_FAIL(RC_EINVAL, "there is no layer %d, the model has %d", w->layer + 1, layers);
    (void)rcg_sight_at(w->graph, (size_t)w->layer, &s);
    RC_TRY(find_vector(w, s.cell, &vector));
    const bool gate = vector >= s.cell->states;
    const int64_t units =
        gate ? rcg_sight_gate_width(&s, vector - s.cell->states) : s.width[vector];
    RC_TRY(room_for(w, units));
    if (gate)
        rcg_sight_gate(&s, vector - s.cell->states, w->rows);
    for (int64_t i = 0; i < s.rows.steps; i++, w->done++) {
        const rc_real *row = gate ? w->rows + i * units : s.state[vector] + i * s.ld[vector];

        if (w->done > 0)
            memcpy(w->out->x + (w->done - 1) * units, row, (size_t)units * sizeof *row);
    }
    return RC_OK;
}

/* The next so many steps of the boundary and then the text. */
static rc_status run_piece(walk *w, int64_t steps)
{
    rcd_batch *b = &w->feed.batch;

    for (int64_t i = 0; i < steps; i++) {
        const int64_t at = w->done + i;

        b->at[i + 1] = i + 1;
        b->in[i] = at > 0 ? w->out->ids[at - 1] : rc_model_boundary(w->m);
        b->out[i] = at < w->out->count ? w->out->ids[at] : rc_model_boundary(w->m);
    }
    b->steps = b->rows = b->aims = steps;
    rc_graph_reset(w->graph);
    (void)w->m->config->task->loss(w->m, w->graph, &w->feed);
    RC_TRY(rc_graph_status(w->graph));
    return note(w);
}

static rc_status run_all(walk *w, int threads)
{
    rcd_batch *b = &w->feed.batch;
    const rc_graph_options o = {.threads = threads};

    RC_TRY(rc_graph_new(&w->graph, &o));
    RC_TRY(rcm_feed_new(&w->feed, w->m, 1));
    b->seqs = 1;
    b->at = rcb_calloc(PIECE + 1, sizeof *b->at);
    b->in = rcb_calloc(PIECE, sizeof *b->in);
    b->out = rcb_calloc(PIECE, sizeof *b->out);
    if (!b->at || !b->in || !b->out)
        return RC_ENOMEM;
    while (w->done <= w->out->count) {
        const int64_t left = w->out->count + 1 - w->done;

        RC_TRY(run_piece(w, left < PIECE ? left : PIECE));
    }
    return RC_OK;
}

static rc_status encode(walk *w, const char *text, size_t n)
{
    size_t count = 0;

    RC_TRY(rc_model_encode(w->m, text, n, &w->out->ids, &count, NULL));
    w->out->count = (int64_t)count;
    return count > 0 ? RC_OK : RC_FAIL(RC_EDATA, "the text is empty");
}

rc_status rc_model_trace(rc_trace **out, const rc_model *m, const char *text, size_t n, int layer,
                         const char *name, int threads)
{
    walk w = {.m = m, .name = name, .layer = layer};

    *out = NULL;
    if (!m->config->task->step || !m->config->task->loss)
        return RC_FAIL(RC_EINVAL, "a model of task '%s' has no recurrent layers that read symbols",
                       m->config->task->name);
    RC_TRY(rcm_model_free_to_run(m));
    w.out = rcb_calloc(1, sizeof *w.out);
    rc_status status = w.out ? encode(&w, text, n) : RC_ENOMEM;
    if (status == RC_OK)
        status = run_all(&w, threads);
    rc_graph_free(w.graph);
    rcm_feed_free(&w.feed);
    rcb_free(w.rows);
    if (status != RC_OK)
        rc_trace_free(w.out);
    else
        *out = w.out;
    return status;
}

void rc_trace_free(rc_trace *t)
{
    if (!t)
        return;
    rc_free(t->ids);
    rcb_free(t->x);
    rcb_free(t);
}
