/* runner.c -- a model one symbol at a time: its state, the distribution of the next symbol, and
 * draws from it.
 *
 * Three states turn in a ring: before the last symbol, after it, and one to work on, so that a
 * failed step changes nothing and a saved state is the one before with the last symbol, which
 * loading feeds again. All memory is taken when the runner is made; a step and a draw allocate
 * nothing.
 */
#include "model/model_in.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A symbol to draw, with its weight (not normalised). */
struct choice {
    double weight;
    int32_t id;
};

struct rc_runner {
    const rc_model *model;
    const rcm_task *task;
    rc_graph *graph;
    size_t size;  /* bytes of a state */
    void *before; /* the last symbol */
    void *after;
    void *work;
    int32_t last;
    int32_t V;
    rc_real *logp;          /* (V) */
    struct choice *choices; /* (V) room for a draw */
    uint32_t stamp;
};

/* ---- making ------------------------------------------------------------------------------ */

/* A number that tells models apart: names, shapes and the first values of every tensor. */
static uint32_t stamp_of(const rc_model *m)
{
    enum { SAMPLE = 4096 }; /* reals */
    uint32_t crc = 0;
    rcf_tensor t;

    for (size_t i = 0; i < m->params.n; i++) {
        const rcn_param *p = &m->params.p[i];
        const size_t n = (size_t)(p->size < SAMPLE ? p->size : SAMPLE);

        crc = rcb_crc32(crc, p->name, strlen(p->name));
        crc = rcb_crc32(crc, p->dim, sizeof p->dim);
        crc = rcb_crc32(crc, p->w, n * sizeof *p->w);
    }
    for (size_t i = 0; m->config->task->table && m->config->task->table(m, i, &t); i++) {
        const size_t n = SAMPLE * sizeof(rc_real);

        crc = rcb_crc32(crc, t.name, strlen(t.name));
        crc = rcb_crc32(crc, t.dim, sizeof t.dim);
        crc = rcb_crc32(crc, t.data, t.bytes < n ? t.bytes : n);
    }
    return crc;
}

/* All that a runner needs but the beginning of a text. */
static rc_status runner_alloc(rc_runner **out, const rc_model *m, uint32_t stamp)
{
    rc_runner *r = rcb_calloc(1, sizeof *r);

    *out = NULL;
    if (!r)
        return RC_ENOMEM;
    r->model = m;
    r->task = m->config->task;
    r->stamp = stamp;
    r->V = rc_model_symbols(m);
    r->size = r->task->state_size(m);
    r->before = rcb_calloc(r->size, 1);
    r->after = rcb_calloc(r->size, 1);
    r->work = rcb_calloc(r->size, 1);
    r->logp = rcb_calloc((size_t)r->V, sizeof *r->logp);
    r->choices = rcb_calloc((size_t)r->V, sizeof *r->choices);
    rc_status s = r->before && r->after && r->work && r->logp && r->choices ? RC_OK : RC_ENOMEM;
    if (s == RC_OK)
        s = rc_graph_new(&r->graph, &(rc_graph_options){.threads = 1});
    if (s != RC_OK) {
        rc_runner_free(r);
        return s;
    }
    *out = r;
    return RC_OK;
}

rc_status rc_runner_new(rc_runner **out, const rc_model *m)
{
    *out = NULL;
    if (!m->vocab.of[RCM_SYMBOLS] || !m->config->task->step)
        return RC_FAIL(RC_EINVAL, "a model of task '%s' has no symbols to step through",
                       m->config->task->name);
    RC_TRY(rcm_model_free_to_run(m));
    RC_TRY(runner_alloc(out, m, stamp_of(m)));

    const rc_status s = rc_runner_begin(*out);
    if (s != RC_OK) {
        rc_runner_free(*out);
        *out = NULL;
    }
    return s;
}

rc_status rc_runner_threads(rc_runner *r, int threads)
{
    rc_graph *g;

    RC_TRY(rc_graph_new(&g, &(rc_graph_options){.threads = threads}));
    rc_graph_free(r->graph);
    r->graph = g;
    return RC_OK;
}

rc_status rc_runner_clone(rc_runner **out, const rc_runner *r)
{
    RC_TRY(runner_alloc(out, r->model, r->stamp));
    memcpy((*out)->before, r->before, r->size);
    memcpy((*out)->after, r->after, r->size);
    memcpy((*out)->logp, r->logp, (size_t)r->V * sizeof *r->logp);
    (*out)->last = r->last;
    return RC_OK;
}

void rc_runner_free(rc_runner *r)
{
    if (!r)
        return;
    rc_graph_free(r->graph);
    rcb_free(r->choices);
    rcb_free(r->logp);
    rcb_free(r->work);
    rcb_free(r->after);
    rcb_free(r->before);
    rcb_free(r);
}

/* ---- stepping ---------------------------------------------------------------------------- */

/* Feed a symbol to the state in `work`. */
static rc_status advance(rc_runner *r, int32_t id)
{
    if (id < 0 || id >= r->V)
        return RC_FAIL(RC_EINVAL, "there is no symbol %" PRId32 ", the model has %" PRId32, id,
                       r->V);
    return r->task->step(r->model, r->graph, r->work, id, r->logp);
}

rc_status rc_runner_begin(rc_runner *r)
{
    memset(r->work, 0, r->size);
    RC_TRY(advance(r, rc_model_boundary(r->model)));

    void *fed = r->work;
    r->work = r->after;
    r->after = fed;
    memset(r->before, 0, r->size);
    r->last = rc_model_boundary(r->model);
    return RC_OK;
}

rc_status rc_runner_feed(rc_runner *r, int32_t id)
{
    memcpy(r->work, r->after, r->size);
    RC_TRY(advance(r, id));

    void *spare = r->before;
    r->before = r->after;
    r->after = r->work;
    r->work = spare;
    r->last = id;
    return RC_OK;
}

const rc_real *rc_runner_logp(const rc_runner *r)
{
    return r->logp;
}

/* ---- drawing ----------------------------------------------------------------------------- */

rc_sampling rc_sampling_default(void)
{
    return (rc_sampling){.temperature = 1, .top_p = 1};
}

static rc_status check_sampling(const rc_runner *r, const rc_sampling *s)
{
    if (!(s->temperature >= 0 && isfinite(s->temperature)))
        return RC_FAIL(RC_EINVAL, "cannot draw at temperature %g, it must be 0 or more",
                       s->temperature);
    if (s->top_k < 0)
        return RC_FAIL(RC_EINVAL,
                       "cannot draw from the first %" PRId32 " symbols, it must be 1 or "
                       "more, or 0 for all",
                       s->top_k);
    if (!(s->top_p > 0 && s->top_p <= 1))
        return RC_FAIL(RC_EINVAL,
                       "cannot draw from a share of %g, it must be above 0 and at most 1",
                       s->top_p);
    for (size_t i = 0; i < s->ban_count; i++)
        if (s->ban[i] < 0 || s->ban[i] >= r->V)
            return RC_FAIL(RC_EINVAL, "cannot ban symbol %" PRId32 ", the model has %" PRId32,
                           s->ban[i], r->V);
    return RC_OK;
}

/* Log-probabilities of what may be drawn into the weights; how many may. */
static rc_status gather(const rc_runner *r, const rc_sampling *s, int32_t *count)
{
    struct choice *c = r->choices;
    int32_t n = 0;

    for (int32_t i = 0; i < r->V; i++) {
        if (isnan(r->logp[i]))
            return RC_FAIL(RC_ENAN,
                           "cannot draw: the probability of symbol %" PRId32 " is not a number", i);
        c[i] = (struct choice){(double)r->logp[i], i};
    }
    for (size_t i = 0; i < s->ban_count; i++)
        c[s->ban[i]].id = -1;
    const int32_t unknown = rc_model_unknown(r->model);
    if (unknown >= 0 && rc_model_symbol_count(r->model, unknown) == 0)
        c[unknown].id = -1; /* what training never saw is noise */
    for (int32_t i = 0; i < r->V; i++)
        if (c[i].id >= 0 && c[i].weight > -HUGE_VAL)
            c[n++] = c[i];
    *count = n;
    return n > 0 ? RC_OK : RC_FAIL(RC_EINVAL, "cannot draw: nothing is left to draw from");
}

/* Before another in the order of falling weight, equal ones by rising id. */
static bool comes_first(const struct choice *a, const struct choice *b)
{
    return a->weight > b->weight || (a->weight == b->weight && a->id < b->id);
}

/* Restore the heap c[0..n) from place i down: every element comes before its two children. */
static void sift(struct choice *c, int32_t n, int32_t i)
{
    const struct choice moving = c[i];

    for (;;) {
        int64_t child = 2 * (int64_t)i + 1;

        if (child >= n)
            break;
        if (child + 1 < n && comes_first(&c[child + 1], &c[child]))
            child++;
        if (!comes_first(&c[child], &moving))
            break;
        c[i] = c[child];
        i = (int32_t)child;
    }
    c[i] = moving;
}

/* Order the first of n choices, as many as are wanted: those of c[n - k], ..., c[n - 1] are then
 * the k first ones, the very first last. Stops at `k`, or when their weights reach `mass`. */
static int32_t select_first(struct choice *c, int32_t n, int32_t k, double mass)
{
    int32_t got = 0;
    double sum = 0;

    for (int32_t i = n / 2; i-- > 0;)
        sift(c, n, i);
    while (got < k && got < n && sum < mass) {
        const struct choice first = c[0];

        got++;
        sum += first.weight;
        c[0] = c[n - got];
        sift(c, n - got, 0);
        c[n - got] = first;
    }
    return got;
}

static double sum_of(const struct choice *c, int32_t n)
{
    double sum = 0;

    for (int32_t i = 0; i < n; i++)
        sum += c[i].weight;
    return sum;
}

/* Keep what top_k and then top_p allow, at the front of the choices. */
static int32_t filter(struct choice *c, int32_t n, const rc_sampling *s)
{
    if (s->top_k > 0 && s->top_k < n) {
        const int32_t k = select_first(c, n, s->top_k, HUGE_VAL);

        memmove(c, c + (n - k), (size_t)k * sizeof *c);
        n = k;
    }
    if (s->top_p < 1) {
        const int32_t k = select_first(c, n, n, s->top_p * sum_of(c, n));

        memmove(c, c + (n - k), (size_t)k * sizeof *c);
        n = k;
    }
    return n;
}

static int32_t best_of(const struct choice *c, int32_t n)
{
    int32_t best = 0;

    for (int32_t i = 1; i < n; i++)
        if (comes_first(&c[i], &c[best]))
            best = i;
    return best;
}

/* The choice into whose share of the sum u in [0,1) falls. */
static int32_t pick_at(const struct choice *c, int32_t n, double u)
{
    double left = u * sum_of(c, n);
    int32_t last = 0;

    for (int32_t i = 0; i < n; i++) {
        if (c[i].weight > 0) {
            if (left < c[i].weight)
                return i;
            last = i;
        }
        left -= c[i].weight;
    }
    return last; /* rounding ate the rest */
}

rc_status rc_runner_draw(const rc_runner *r, const rc_sampling *s, int32_t *id)
{
    struct choice *c = r->choices;
    int32_t n = 0;

    RC_TRY(check_sampling(r, s));
    RC_TRY(gather(r, s, &n));
    const int32_t best = best_of(c, n);
    if (s->temperature <= 0) {
        *id = c[best].id;
        return RC_OK;
    }
    const double top = c[best].weight;
    for (int32_t i = 0; i < n; i++)
        c[i].weight = exp((c[i].weight - top) / s->temperature);
    n = filter(c, n, s);
    *id = c[pick_at(c, n, rcb_uniform(rcb_stream(s->seed, "sample"), s->draw))].id;
    return RC_OK;
}

/* ---- the state as bytes ------------------------------------------------------------------ */

/* What stands before a state. */
struct header {
    uint32_t magic;
    uint32_t stamp; /* of the model */
    uint64_t size;  /* of the state, bytes */
    int32_t last;   /* the symbol that is fed to it */
    uint32_t crc;   /* of the state */
};

static const uint32_t MAGIC = 0x31535452; /* "RTS1" */

size_t rc_runner_state_size(const rc_runner *r)
{
    return sizeof(struct header) + r->size;
}

void rc_runner_state_save(const rc_runner *r, void *bytes)
{
    const struct header h = {
        .magic = MAGIC,
        .stamp = r->stamp,
        .size = r->size,
        .last = r->last,
        .crc = rcb_crc32(0, r->before, r->size),
    };

    memcpy(bytes, &h, sizeof h);
    memcpy((char *)bytes + sizeof h, r->before, r->size);
}

static rc_status check_state(const rc_runner *r, const struct header *h, const char *state,
                             size_t n)
{
    if (h->magic != MAGIC)
        return RC_FAIL(RC_EFORMAT, "cannot load a state: it is not the state of a runner");
    if (h->stamp != r->stamp || h->size != r->size || n != sizeof *h + r->size)
        return RC_FAIL(RC_EFORMAT, "cannot load a state: it is of another model");
    if (h->crc != rcb_crc32(0, state, r->size) || h->last < 0 || h->last >= r->V)
        return RC_FAIL(RC_EFORMAT, "cannot load a state: it is damaged");
    return RC_OK;
}

rc_status rc_runner_state_load(rc_runner *r, const void *bytes, size_t n)
{
    const char *state = (const char *)bytes + sizeof(struct header);
    struct header h;

    if (n < sizeof h)
        return RC_FAIL(RC_EFORMAT, "cannot load a state of %zu bytes, it should have %zu", n,
                       rc_runner_state_size(r));
    memcpy(&h, bytes, sizeof h);
    RC_TRY(check_state(r, &h, state, n));

    memcpy(r->work, state, r->size);
    RC_TRY(advance(r, h.last));
    memcpy(r->before, state, r->size);
    void *fed = r->work;
    r->work = r->after;
    r->after = fed;
    r->last = h.last;
    return RC_OK;
}
