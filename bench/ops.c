/* ops.c -- single operations of the graph, forward and back, as training has them: rates as JSON.
 *
 *   ops crf LABELS BATCH STEPS THREADS SECONDS         a conditional random field; tokens
 *   ops decode LABELS BATCH STEPS THREADS SECONDS      its best paths; tokens
 *   ops bag ROWS COLUMNS BATCH ENTRIES THREADS SECONDS sums of rows of a table; entries
 *   ops conv COLUMNS MAPS BATCH STEPS THREADS SECONDS  convolutions of widths 3, 4 and 5, ReLU and
 *                                                      maximum over time; tokens
 *   ops windows COLUMNS MAPS BATCH STEPS THREADS SECONDS  of that the copies alone
 *
 * The rate is that of the median call. Sequences are all of one length. Parameters are leaves in
 * place, as those of a model are, which recur.h does not offer: this program looks into the rooms
 * (cc -Iinclude -Isrc, and librecur.a).
 */
#include "graph/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct work {
    rc_graph *g;
    long arg[5];
    rc_rows rows;
    int32_t *ids;
    int64_t *bag_at;
    uint8_t *touched;
    rc_real *param[4], *grad[4]; /* in place: rows padded */
    rc_real *x, *dx;
    rcg_weight map[3];
    bool windows; /* copies alone */
} work;

static void *zeros(size_t n, size_t size)
{
    void *p = rcb_calloc(n, size);

    if (!p)
        exit(1);
    return p;
}

static uint32_t drawn;

static uint32_t draw(void)
{
    drawn = drawn * 1664525u + 1013904223u;
    return drawn >> 8;
}

static rc_real *reals(int64_t rows, int64_t cols, rc_real **grad)
{
    const int64_t n = rows * rck_pad(cols);
    rc_real *x = zeros((size_t)n, sizeof *x);

    for (int64_t i = 0; i < n; i++)
        x[i] = i % rck_pad(cols) < cols ? (rc_real)((double)draw() / 8388608 - 1) : 0;
    *grad = zeros((size_t)n, sizeof **grad);
    return x;
}

static rc_var *leaf(work *w, int i, int64_t rows, int64_t cols)
{
    return rcg_leaf(w->g, rc_shape_2(rows, cols), rck_pad(cols), w->param[i], w->grad[i]);
}

static void dense_rows(work *w, int64_t B, int64_t T)
{
    int64_t *at = zeros((size_t)T + 1, sizeof *at);

    for (int64_t t = 0; t <= T; t++)
        at[t] = t * B;
    w->rows = (rc_rows){T, B, at};
}

/* ---- the works --------------------------------------------------------------------------- */

static double crf_open(work *w)
{
    const int64_t K = w->arg[0], N = w->arg[1] * w->arg[2];

    dense_rows(w, w->arg[1], w->arg[2]);
    w->x = reals(N, K, &w->dx);
    w->param[0] = reals(K, K, &w->grad[0]);
    w->param[1] = reals(1, K, &w->grad[1]);
    w->param[2] = reals(1, K, &w->grad[2]);
    w->ids = zeros((size_t)N, sizeof *w->ids);
    for (int64_t i = 0; i < N; i++)
        w->ids[i] = (int32_t)(draw() % (uint32_t)K);
    return (double)N;
}

static rc_var *crf_of(work *w, rc_crf *crf)
{
    const int64_t K = w->arg[0], N = w->rows.at[w->rows.steps];

    *crf = (rc_crf){leaf(w, 0, K, K), leaf(w, 1, 1, K), leaf(w, 2, 1, K), NULL};
    return rcg_leaf(w->g, rc_shape_2(N, K), rck_pad(K), w->x, w->dx);
}

static rc_status crf_run(work *w)
{
    rc_crf crf;
    rc_var *x = crf_of(w, &crf);

    return rc_graph_backward(w->g, rc_crf_loss(w->g, &w->rows, x, &crf, w->ids));
}

static rc_status decode_run(work *w)
{
    rc_crf crf;
    rc_var *x = crf_of(w, &crf);

    return rc_crf_decode(w->g, &w->rows, x, &crf, w->ids, NULL);
}

static double bag_open(work *w)
{
    const int64_t V = w->arg[0], D = w->arg[1], B = w->arg[2], n = w->arg[3];

    w->param[0] = reals(V, D, &w->grad[0]);
    w->touched = zeros((size_t)rcg_marks(V * rck_pad(D)), 1);
    w->bag_at = zeros((size_t)B + 1, sizeof *w->bag_at);
    w->ids = zeros((size_t)(B * n), sizeof *w->ids);
    w->x = reals(1, B * n, &w->dx);
    for (int64_t b = 0; b <= B; b++)
        w->bag_at[b] = b * n;
    for (int64_t i = 0; i < B * n; i++)
        w->ids[i] = (int32_t)((draw() << 8 ^ draw()) % (uint32_t)V);
    return (double)(B * n);
}

/* Others in every call, or the cache would know them. */
static rc_status bag_run(work *w)
{
    const int64_t V = w->arg[0], D = w->arg[1], B = w->arg[2];
    rc_var *table =
        rcg_leaf_table(w->g, rc_shape_2(V, D), rck_pad(D), w->param[0], w->grad[0], w->touched);

    for (int64_t i = 0; i < w->bag_at[B]; i++)
        w->ids[i] = (int32_t)(((uint32_t)w->ids[i] + 7919u) % (uint32_t)V);
    rc_var *y = rc_bag(w->g, table, &(rc_bags){B, w->bag_at, w->ids, w->x});
    return rc_graph_backward(w->g, rc_sum(w->g, y));
}

static double conv_open(work *w)
{
    const int64_t D = w->arg[0], M = w->arg[1], N = w->arg[2] * w->arg[3];

    dense_rows(w, w->arg[2], w->arg[3]);
    w->x = reals(N, D, &w->dx);
    for (int i = 0; i < 3; i++) {
        rcg_weight *m = &w->map[i];

        rcg_weight_plan(m, 1, (int[]){1}, M, (i + 3) * D);
        m->w = zeros((size_t)rcg_weight_size(m), sizeof *m->w);
        m->wt = zeros((size_t)rcg_weight_size_t(m), sizeof *m->wt);
        m->g = zeros((size_t)rcg_weight_size(m), sizeof *m->g);
        for (int64_t k = 0; k < rcg_weight_size(m); k++)
            m->w[k] = (rc_real)((double)draw() / 8388608 - 1);
        rcg_weight_refresh(m, rcg_pool(w->g));
    }
    return (double)N;
}

static rc_status conv_run(work *w)
{
    const int64_t D = w->arg[0], N = w->arg[2] * w->arg[3];
    rc_var *x = rcg_leaf(w->g, rc_shape_2(N, D), rck_pad(D), w->x, w->dx), *y[3];

    for (int i = 0; i < 3; i++) {
        y[i] = rc_window(w->g, &w->rows, x, i + 3, RC_NONE);
        if (!w->windows)
            y[i] = rc_relu(w->g, rc_linear(w->g, y[i], rcg_leaf_weight(w->g, &w->map[i]), RC_NONE));
        y[i] = w->windows ? rc_sum(w->g, y[i]) : rc_pool(w->g, &w->rows, y[i], RC_POOL_MAX);
    }
    if (w->windows)
        return rc_graph_backward(w->g, rc_add(w->g, rc_add(w->g, y[0], y[1]), y[2]));
    return rc_graph_backward(w->g, rc_sum(w->g, rc_concat(w->g, 3, y)));
}

static double windows_open(work *w)
{
    w->windows = true;
    return conv_open(w);
}

/* ---- the clock --------------------------------------------------------------------------- */

static const struct kind {
    const char *name;
    int args;                /* before threads and seconds */
    double (*open)(work *w); /* returns what a call has of tokens or entries */
    rc_status (*run)(work *w);
} kinds[] = {
    {"crf", 3, crf_open, crf_run},          {"decode", 3, crf_open, decode_run},
    {"bag", 4, bag_open, bag_run},          {"conv", 4, conv_open, conv_run},
    {"windows", 4, windows_open, conv_run},
};

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int measure(const struct kind *k, work *w, double seconds)
{
    enum { MOST = 100000 };
    double *took = zeros(MOST, sizeof *took);
    const double each = k->open(w), begin = rcb_clock();
    int n = 0;

    for (int warm = 0; n < MOST && (n < 3 || rcb_clock() - begin < seconds); warm++) {
        const double at = rcb_clock();

        rc_graph_reset(w->g);
        if (k->run(w) != RC_OK) {
            fprintf(stderr, "%s: %s\n", k->name, rc_error_message());
            return 1;
        }
        if (warm >= 3)
            took[n++] = rcb_clock() - at;
    }
    qsort(took, (size_t)n, sizeof *took, by_size);
    printf("{\"work\": \"%s\", \"calls\": %d, \"seconds\": %.3g, \"tokens_per_second\": %.0f}\n",
           k->name, n, took[n / 2], each / took[n / 2]);
    return 0;
}

int main(int argc, char **argv)
{
    rc_graph_options o = rc_graph_options_default();
    work w = {0};

    for (size_t i = 0; argc > 1 && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(argv[1], kinds[i].name) != 0 || argc != kinds[i].args + 4)
            continue;
        for (int k = 0; k < kinds[i].args; k++)
            w.arg[k] = atol(argv[2 + k]);
        o.threads = atoi(argv[argc - 2]);
        if (rc_graph_new(&w.g, &o) != RC_OK) {
            fprintf(stderr, "%s\n", rc_error_message());
            return 1;
        }
        return measure(&kinds[i], &w, atof(argv[argc - 1]));
    }
    fprintf(stderr, "usage: ops crf|decode|bag|conv|windows ... (see the head of ops.c)\n");
    return 2;
}
