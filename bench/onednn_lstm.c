/* onednn_lstm.c -- the LSTM primitive of oneDNN 2.x, forward for training and backward: what
 * `recur bench layers` measures, by another library.
 *
 *   cc -O2 bench/onednn_lstm.c -ldnnl -o onednn_lstm
 *   OMP_NUM_THREADS=1 OMP_PROC_BIND=true onednn_lstm HIDDEN LAYERS BATCH SEQ [SECONDS]
 *
 * Medians of single calls, as one object of JSON. A call is forward and backward with the gradients
 * of input, weights and bias. A training step also brings new weights into the two layouts that the
 * primitives ask for and clears the gradients, to which backward adds: "upkeep_seconds", beside the
 * rest and not in it.
 */
#include <dnnl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ARGS = 32, CALLS = 1 << 16 };

typedef struct sizes {
    int64_t hidden, layers, batch, seq;
} sizes;

typedef struct primitive {
    dnnl_primitive_desc_t desc;
    dnnl_primitive_t run;
    dnnl_exec_arg_t arg[ARGS];
    int args;
} primitive;

typedef struct peer {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    primitive forward, back;
    dnnl_primitive_t reorder[4];
    dnnl_exec_arg_t moved[4][2];
} peer;

static void check(dnnl_status_t status, const char *what)
{
    if (status == dnnl_success)
        return;
    fprintf(stderr, "onednn_lstm: %s: status %d\n", what, (int)status);
    exit(1);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- memory ------------------------------------------------------------------------------ */

static dnnl_memory_desc_t plain(int n, const int64_t dims[], dnnl_format_tag_t tag)
{
    dnnl_memory_desc_t d;

    check(dnnl_memory_desc_init_by_tag(&d, n, dims, dnnl_f32, tag), "a description");
    return d;
}

/* Numbers around zero; a workspace gets them too, and the forward pass writes over them. */
static dnnl_memory_t filled(const peer *p, const dnnl_memory_desc_t *d)
{
    const size_t bytes = dnnl_memory_desc_get_size(d);
    dnnl_memory_t m;
    void *at;

    check(dnnl_memory_create(&m, d, p->engine, DNNL_MEMORY_ALLOCATE), "memory");
    check(dnnl_memory_get_data_handle(m, &at), "memory");
    for (size_t i = 0; i < bytes / sizeof(float); i++)
        ((float *)at)[i] = (float)(rand() % 2001 - 1000) * 5e-5F;
    return m;
}

static dnnl_memory_t given(const primitive *p, int arg)
{
    for (int i = 0; i < p->args; i++)
        if (p->arg[i].arg == arg)
            return p->arg[i].memory;
    return NULL;
}

/* Memory for an argument in the layout that the primitive asks for; that of `share`, where it has
 * some of the same layout. */
static void give(const peer *p, primitive *to, const primitive *share, int arg)
{
    const dnnl_memory_desc_t *d =
        dnnl_primitive_desc_query_md(to->desc, dnnl_query_exec_arg_md, arg);
    dnnl_memory_t m = share ? given(share, arg) : NULL;

    if (m) {
        const dnnl_memory_desc_t *has;
        check(dnnl_memory_get_memory_desc(m, &has), "memory");
        if (!dnnl_memory_desc_equal(has, d))
            m = NULL;
    }
    to->arg[to->args++] = (dnnl_exec_arg_t){arg, m ? m : filled(p, d)};
}

/* ---- the two primitives ------------------------------------------------------------------ */

static const int inputs[] = {DNNL_ARG_SRC_LAYER,     DNNL_ARG_SRC_ITER,     DNNL_ARG_SRC_ITER_C,
                             DNNL_ARG_WEIGHTS_LAYER, DNNL_ARG_WEIGHTS_ITER, DNNL_ARG_BIAS,
                             DNNL_ARG_DST_LAYER,     DNNL_ARG_DST_ITER,     DNNL_ARG_DST_ITER_C,
                             DNNL_ARG_WORKSPACE};
static const int gradients[] = {
    DNNL_ARG_DIFF_SRC_LAYER,     DNNL_ARG_DIFF_SRC_ITER,     DNNL_ARG_DIFF_SRC_ITER_C,
    DNNL_ARG_DIFF_WEIGHTS_LAYER, DNNL_ARG_DIFF_WEIGHTS_ITER, DNNL_ARG_DIFF_BIAS,
    DNNL_ARG_DIFF_DST_LAYER,     DNNL_ARG_DIFF_DST_ITER,     DNNL_ARG_DIFF_DST_ITER_C};

static void make(peer *p, const sizes *s)
{
    const int64_t L = s->layers, B = s->batch, T = s->seq, H = s->hidden;
    const dnnl_memory_desc_t x = plain(3, (int64_t[]){T, B, H}, dnnl_tnc),
                             h = plain(4, (int64_t[]){L, 1, B, H}, dnnl_ldnc),
                             w = plain(5, (int64_t[]){L, 1, H, 4, H}, dnnl_format_tag_any),
                             b = plain(4, (int64_t[]){L, 1, 4, H}, dnnl_ldgo);
    dnnl_rnn_desc_t d;

    check(dnnl_engine_create(&p->engine, dnnl_cpu, 0), "an engine");
    check(dnnl_stream_create(&p->stream, p->engine, dnnl_stream_default_flags), "a stream");
    check(dnnl_lstm_forward_desc_init(&d, dnnl_forward_training, dnnl_unidirectional_left2right, &x,
                                      &h, &h, &w, &w, &b, &x, &h, &h, 0),
          "forward");
    check(dnnl_primitive_desc_create(&p->forward.desc, &d, NULL, p->engine, NULL), "forward");
    check(dnnl_primitive_create(&p->forward.run, p->forward.desc), "forward");
    check(dnnl_lstm_backward_desc_init(&d, dnnl_backward, dnnl_unidirectional_left2right, &x, &h,
                                       &h, &w, &w, &b, &x, &h, &h, &x, &h, &h, &w, &w, &b, &x, &h,
                                       &h, 0),
          "backward");
    check(dnnl_primitive_desc_create(&p->back.desc, &d, NULL, p->engine, p->forward.desc),
          "backward");
    check(dnnl_primitive_create(&p->back.run, p->back.desc), "backward");
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        give(p, &p->forward, NULL, inputs[i]);
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        give(p, &p->back, &p->forward, inputs[i]);
    for (size_t i = 0; i < sizeof gradients / sizeof *gradients; i++)
        give(p, &p->back, NULL, gradients[i]);
}

/* Weights as a program holds them, into the layouts of both primitives. */
static void make_reorders(peer *p, const sizes *s)
{
    const dnnl_memory_desc_t d =
        plain(5, (int64_t[]){s->layers, 1, s->hidden, 4, s->hidden}, dnnl_ldigo);

    for (int i = 0; i < 4; i++) {
        const int arg = i % 2 ? DNNL_ARG_WEIGHTS_ITER : DNNL_ARG_WEIGHTS_LAYER;
        const dnnl_memory_t to = given(i < 2 ? &p->forward : &p->back, arg);
        const dnnl_memory_desc_t *want;
        dnnl_primitive_desc_t desc;

        check(dnnl_memory_get_memory_desc(to, &want), "memory");
        check(dnnl_reorder_primitive_desc_create(&desc, &d, p->engine, want, p->engine, NULL),
              "a reorder");
        check(dnnl_primitive_create(&p->reorder[i], desc), "a reorder");
        p->moved[i][0] = (dnnl_exec_arg_t){DNNL_ARG_FROM, filled(p, &d)};
        p->moved[i][1] = (dnnl_exec_arg_t){DNNL_ARG_TO, to};
    }
}

/* ---- time -------------------------------------------------------------------------------- */

static void step(peer *p)
{
    check(dnnl_primitive_execute(p->forward.run, p->stream, p->forward.args, p->forward.arg),
          "forward");
    check(dnnl_primitive_execute(p->back.run, p->stream, p->back.args, p->back.arg), "backward");
    check(dnnl_stream_wait(p->stream), "waiting");
}

static void keep_up(peer *p)
{
    for (int i = 0; i < 4; i++)
        check(dnnl_primitive_execute(p->reorder[i], p->stream, 2, p->moved[i]), "a reorder");
    check(dnnl_stream_wait(p->stream), "waiting");
    for (int i = 3; i < 6; i++) { /* the weights among the gradients */
        const dnnl_memory_t m = given(&p->back, gradients[i]);
        const dnnl_memory_desc_t *d;
        void *at;

        check(dnnl_memory_get_memory_desc(m, &d), "memory");
        check(dnnl_memory_get_data_handle(m, &at), "memory");
        memset(at, 0, dnnl_memory_desc_get_size(d));
    }
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(peer *p, void (*call)(peer *p), double seconds, int *calls)
{
    static double took[CALLS];
    int n = 0;

    for (int i = 0; i < 3; i++)
        call(p);
    for (const double end = now() + seconds; n < CALLS && (n < 5 || now() < end); n++) {
        const double begin = now();
        call(p);
        took[n] = now() - begin;
    }
    qsort(took, (size_t)n, sizeof *took, by_size);
    *calls = n;
    return took[n / 2];
}

/* Gradients that are no numbers would be made at another speed. */
static void check_result(const peer *p)
{
    void *at;

    check(dnnl_memory_get_data_handle(given(&p->back, DNNL_ARG_DIFF_SRC_LAYER), &at), "memory");
    const float g = *(const float *)at;
    if (!isfinite(g) || !isnormal(g)) {
        fprintf(stderr, "onednn_lstm: the gradient of the input is %g\n", (double)g);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    const dnnl_version_t *v = dnnl_version();
    peer p = {0};
    int calls, others;

    if (argc < 5) {
        fprintf(stderr, "usage: onednn_lstm HIDDEN LAYERS BATCH SEQ [SECONDS]\n");
        return 2;
    }
    const sizes s = {atoll(argv[1]), atoll(argv[2]), atoll(argv[3]), atoll(argv[4])};
    const double seconds = argc > 5 ? atof(argv[5]) : 2;
    make(&p, &s);
    make_reorders(&p, &s);
    const double t = median(&p, step, seconds, &calls);
    check_result(&p);
    const double upkeep = median(&p, keep_up, seconds / 4, &others);
    const double tokens = (double)(s.batch * s.seq);
    const double flops = 3 * tokens * (double)s.layers * 16 * (double)(s.hidden * s.hidden);
    printf("{\"name\": \"oneDNN %d.%d.%d\", \"hidden\": %lld, \"layers\": %lld, \"batch\": %lld, "
           "\"seq\": %lld, \"calls\": %d, \"median_seconds\": %.6g, \"upkeep_seconds\": %.6g, "
           "\"tokens_per_second\": %.6g, \"gflops\": %.5g}\n",
           v->major, v->minor, v->patch, (long long)s.hidden, (long long)s.layers,
           (long long)s.batch, (long long)s.seq, calls, t, upkeep, tokens / t, 1e-9 * flops / t);
    return 0;
}
