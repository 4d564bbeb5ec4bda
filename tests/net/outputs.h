/* outputs.h -- what the tests of output layers share: one layer with random weights, rows and
 * targets, and what must hold for every kind: probabilities that sum to one, a loss that is their
 * logarithm, gradients that agree with differences, the same bits on any number of threads, no
 * allocation once warm.
 */
#ifndef OUTPUTS_H
#define OUTPUTS_H

#include "sequences.h"

#ifdef RC_DOUBLE
static const double OUTPUT_SUM_TOL = 1e-9, OUTPUT_TOL = 1e-10;
#else
static const double OUTPUT_SUM_TOL = 1e-4, OUTPUT_TOL = 1e-5;
#endif

typedef struct layer {
    rcn_params ps;
    rcn_output o;
    rcb_pool *pool;
    rc_graph *g;
    int64_t N;
    rc_real *x, *dx; /* (N,H) */
    int32_t *target; /* (N) */
    uint64_t step;   /* which samples are drawn */
} layer;

/* Counts as a language has them: few are large, some are 0 and some are equal. Freed with
 * rcb_free(). */
static inline int64_t *zipf_counts(int64_t V)
{
    int64_t *count = rcb_alloc((size_t)V, sizeof *count);

    assert_non_null(count);
    for (int64_t i = 0; i < V; i++)
        count[i] = pick(0, 5) == 0 ? pick(0, 1) : pick(1, 1000) / pick(1, 100);
    return count;
}

/* `plan` needs kind, V, H and the settings of the kind. Random counts unless it has some. */
static inline void layer_open(layer *l, const rcn_output_plan *plan, int64_t N, int threads)
{
    int64_t *count = plan->count ? NULL : zipf_counts(plan->V);
    rcn_output_plan p = *plan;

    *l = (layer){.N = N, .step = 5};
    p.name = "out";
    p.count = count ? count : plan->count;
    CHECK_STATUS(rcn_output_new(&l->o, &l->ps, &p), RC_OK);
    randomise(&l->ps, 0.7);
    CHECK_STATUS(rcn_params_grads(&l->ps), RC_OK);
    CHECK_STATUS(rcb_pool_new(&l->pool, threads), RC_OK);
    CHECK_STATUS(rcg_graph_on(&l->g, l->pool, true), RC_OK);
    l->x = random_reals(N * plan->H);
    l->dx = zero_reals(N * plan->H);
    l->target = rcb_alloc((size_t)N, sizeof *l->target);
    assert_non_null(l->target);
    for (int64_t i = 0; i < N; i++)
        l->target[i] = (int32_t)pick(0, plan->V - 1);
    rcb_free(count);
}

static inline void layer_close(layer *l)
{
    rcb_free(l->target);
    rcb_free(l->dx);
    rcb_free(l->x);
    rc_graph_free(l->g);
    rcb_pool_free(l->pool);
    rcn_output_free(&l->o);
    rcn_params_free(&l->ps);
}

static inline rc_var *layer_run(layer *l, bool training)
{
    rc_graph_reset(l->g);
    rcg_graph_train(l->g, training);
    rcg_graph_seed(l->g, 3, l->step);
    return rcn_output_loss(&l->o, &l->ps, l->g,
                           rc_leaf(l->g, rc_shape_2(l->N, l->o.H), l->x, l->dx), l->target);
}

static inline double layer_loss(layer *l, bool training)
{
    double total;

    CHECK_STATUS(rc_var_total(l->g, layer_run(l, training), &total), RC_OK);
    return total;
}

/* Loss and all gradients, of the training loss. */
static inline double layer_gradients(layer *l)
{
    double total;

    memset(l->dx, 0, (size_t)(l->N * l->o.H) * sizeof *l->dx);
    CHECK_STATUS(rcn_params_refresh(&l->ps, l->pool), RC_OK);
    rcn_params_fresh(&l->ps);

    rc_var *loss = layer_run(l, true);

    CHECK_STATUS(rc_graph_backward(l->g, loss), RC_OK);
    rcn_params_settle(&l->ps);
    CHECK_STATUS(rc_var_total(l->g, loss, &total), RC_OK);
    return total;
}

/* ln p of all symbols, (N,V); freed with rcb_free(). */
static inline rc_real *layer_logp(layer *l)
{
    rc_real *logp = zero_reals(l->N * l->o.V);

    rc_graph_reset(l->g);
    rcg_graph_train(l->g, false);

    const rc_var *y =
        rcn_output_logp(&l->o, &l->ps, l->g, rc_leaf(l->g, rc_shape_2(l->N, l->o.H), l->x, NULL));

    CHECK_STATUS(rc_var_read(l->g, y, logp, l->N * l->o.V), RC_OK);
    assert_int_equal(rc_var_shape(y).dim[1], l->o.V);
    return logp;
}

/* Probabilities sum to one, and the loss outside training is their logarithm. */
static inline void check_distribution(layer *l)
{
    rc_real *logp = layer_logp(l);
    double want = 0;

    for (int64_t r = 0; r < l->N; r++) {
        double sum = 0;

        for (int64_t w = 0; w < l->o.V; w++)
            sum += exp((double)logp[r * l->o.V + w]);
        CHECK_NEAR(sum, 1, OUTPUT_SUM_TOL);
        want -= (double)logp[r * l->o.V + l->target[r]];
    }
    CHECK_NEAR(layer_loss(l, false), want, OUTPUT_TOL);
    rcb_free(logp);
}

static inline rc_status moved_loss(void *ctx, double *loss)
{
    layer *l = ctx;

    RC_TRY(rcn_params_refresh(&l->ps, l->pool));
    return rc_var_total(l->g, layer_run(l, true), loss);
}

static inline void check_layer_gradients(layer *l)
{
    if (sizeof(rc_real) != sizeof(double))
        return;
    (void)layer_gradients(l);
    check_gradient("x", moved_loss, l, l->x, l->dx, NULL, l->N * l->o.H);
    check_parameters(moved_loss, l, &l->ps);
}

static inline uint32_t gradient_bits(const layer *l)
{
    uint32_t crc = rcb_crc32(0, l->dx, (size_t)(l->N * l->o.H) * sizeof *l->dx);

    for (size_t i = 0; i < l->ps.n; i++)
        crc = rcb_crc32(crc, l->ps.p[i].g, (size_t)l->ps.p[i].size * sizeof(rc_real));
    return crc;
}

/* Opens layers of the plan itself. */
static inline void check_threads(const rcn_output_plan *plan, int64_t N)
{
    const int threads[] = {1, 2, 3, 7};
    const uint64_t begin = check_random_state()->state;
    double loss = 0, judged = 0;
    uint32_t bits = 0;

    for (int k = 0; k < 4; k++) {
        layer l;

        check_random_state()->state = begin;
        layer_open(&l, plan, N, threads[k]);
        const double got = layer_gradients(&l);
        const uint32_t crc = gradient_bits(&l);
        const double fair = layer_loss(&l, false);

        if (k == 0) {
            loss = got;
            judged = fair;
            bits = crc;
        }
        assert_true(got == loss && fair == judged);
        assert_int_equal(crc, bits);
        layer_close(&l);
    }
}

/* Once all sizes have been seen. */
static inline void check_no_allocation(layer *l)
{
    for (int i = 0; i < 4; i++) {
        (void)layer_gradients(l);
        (void)layer_loss(l, false);
    }

    const uint64_t before = rcb_alloc_count();

    for (int i = 0; i < 3; i++) {
        l->step++;
        (void)layer_gradients(l);
        (void)layer_loss(l, false);
    }
    assert_int_equal(rcb_alloc_count(), before);
}

static inline rc_status make_and_free(void *ctx)
{
    const rcn_output_plan *plan = ctx;
    rcn_params ps = {0};
    rcn_output o;
    const rc_status status = rcn_output_new(&o, &ps, plan);

    rcn_output_free(&o);
    rcn_params_free(&ps);
    return status;
}

/* All of the above for random sizes; `change` sets a random plan's settings (may be NULL). */
static inline void check_kind(const char *kind, void (*change)(rcn_output_plan *plan))
{
    for (int trial = 0; trial < 24; trial++) {
        const int64_t V = trial < 4 ? 2 + trial : trial == 4 ? 400 : pick(2, 150);
        rcn_output_plan plan = {.kind = kind,
                                .V = V,
                                .H = trial == 5 ? 70 : pick(1, 20),
                                .samples = pick(1, 2 * V),
                                .noise_power = 1,
                                .cutoff_divide = 4};
        layer l;

        if (change)
            change(&plan);
        layer_open(&l, &plan, trial == 6 ? 150 : pick(trial == 7 ? 0 : 1, 30), 1);
        check_distribution(&l);
        if (trial < 14 && l.N < 40)
            check_layer_gradients(&l);
        if (trial == 20)
            check_no_allocation(&l);
        layer_close(&l);
    }
}

/* A plan large enough for several workers, and what else is the same for every kind. */
static inline void check_kind_at_large(const char *kind, void (*change)(rcn_output_plan *plan))
{
    rcn_output_plan plan = {.kind = kind,
                            .name = "out",
                            .V = 700,
                            .H = 70,
                            .samples = 200,
                            .noise_power = 0.75,
                            .cutoff_divide = 2};
    if (change)
        change(&plan);
    check_threads(&plan, 170);

    int64_t *count = zipf_counts(plan.V);

    plan.count = count;
    CHECK_EACH_ALLOCATION(make_and_free, &plan);
    rcb_free(count);
}

/* A plan that must fail, and the words. */
static inline void check_plan_refused(const rcn_output_plan *plan, const char *says)
{
    rcn_params ps = {0};
    rcn_output o;

    CHECK_STATUS(rcn_output_new(&o, &ps, plan), RC_EINVAL);
    CHECK_MESSAGE_HAS(says);
    rcn_output_free(&o);
    rcn_params_free(&ps);
}

/* What a layer tells about itself. */
static inline void check_plan_facts(const rcn_output_plan *plan, const char *says)
{
    rcn_params ps = {0};
    rcn_output o;
    rcb_buf text = {0};

    CHECK_STATUS(rcn_output_new(&o, &ps, plan), RC_OK);
    CHECK_STATUS(o.kind->facts(&o, &text), RC_OK);
    assert_string_equal(text.p, says);
    rcb_buf_free(&text);
    rcn_output_free(&o);
    rcn_params_free(&ps);
}

/* Weights of one layer into another: rows [from, from + n of the parameter) of `a` are all of
 * `b`. */
static inline void copy_rows(const rcn_params *a, const char *name_a, int64_t from,
                             const rcn_params *b, const char *name_b)
{
    const rcn_param *p = rcn_params_find(a, name_a);
    rcn_param *q = rcn_params_find(b, name_b);

    assert_true(p && q && p->dim[1] == q->dim[1] && from + q->dim[0] <= p->dim[0]);
    rc_real *rows = zero_reals(p->count);

    rcn_param_store(p, p->w, rows);
    rcn_param_load(q, q->w, rows + from * p->dim[1]);
    rcb_free(rows);
}

/* The same rows and targets. */
static inline void copy_input(const layer *from, layer *to)
{
    assert_true(from->N == to->N && from->o.H == to->o.H);
    memcpy(to->x, from->x, (size_t)(from->N * from->o.H) * sizeof *to->x);
    memcpy(to->target, from->target, (size_t)from->N * sizeof *to->target);
}

/* A layer of random size under `plan`, and a full softmax with the same input whose weight and bias
 * are `weight` and `bias` of it. All counts are equal, so that rows are symbols. */
static inline void open_beside_full(layer *a, layer *full, rcn_output_plan plan, const char *weight,
                                    const char *bias)
{
    plan.V = pick(2, 200);
    plan.H = pick(1, 40);
    int64_t *count = rcb_calloc((size_t)plan.V, sizeof *count);

    assert_non_null(count);
    plan.count = count;
    layer_open(a, &plan, pick(1, 40), 1);
    layer_open(full, &(rcn_output_plan){.kind = "full", .V = plan.V, .H = plan.H}, a->N, 1);
    copy_input(a, full);
    copy_rows(&a->ps, weight, 0, &full->ps, "out.weight");
    copy_rows(&a->ps, bias, 0, &full->ps, "out.bias");
    rcb_free(count);
}

/* The gradient of a parameter as rows; freed with rcb_free(). */
static inline rc_real *gradient_rows(const layer *l, const char *name)
{
    const rcn_param *p = rcn_params_find(&l->ps, name);

    assert_non_null(p);
    rc_real *rows = zero_reals(p->count);

    rcn_param_store(p, p->g, rows);
    return rows;
}

#endif
