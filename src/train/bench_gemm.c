/* bench_gemm.c -- how near each product of a training step comes to what the machine can do.
 *
 * The shapes are those that the operations of the graph make of a layer over a batch and of the
 * softmax above it (see op_seq.c and op_softmax.c), one call on one thread; for every instruction
 * set of this machine up to the one in use, each against its own peak.
 */
#include "train/bench_in.h"

#include <stdio.h>
#include <string.h>

/* What a product is to the layer. */
typedef enum role {
    FORWARD, /* rows times weights */
    BACK,    /* gradients times the transposed weights */
    WEIGHT   /* the gradient of the weights: packed transpose times gradients */
} role;

typedef struct shape {
    const char *name;
    role role;
    bool output;  /* of the softmax, else of the layer */
    int64_t rows; /* of the batch that take part */
} shape;

enum { SHAPES = 11 };

static void list_shapes(shape out[SHAPES], int64_t B, int64_t N)
{
    const shape all[SHAPES] = {
        {"recurrent", FORWARD, false, B},          {"input", FORWARD, false, N},
        {"recurrent back", BACK, false, B},        {"input back", BACK, false, N},
        {"weight gradient", WEIGHT, false, N},     {"softmax", FORWARD, true, N},
        {"softmax back", BACK, true, N},           {"softmax gradient", WEIGHT, true, N},
        {"recurrent, one row", FORWARD, false, 1}, {"recurrent, two rows", FORWARD, false, 2},
        {"softmax, one row", FORWARD, true, 1},
    };

    memcpy(out, all, sizeof all);
}

/* ---- one product ------------------------------------------------------------------------- */

typedef struct product {
    const rck_table *table;
    rck_gemm g;
    rcb_arena *arena;
    rcb_pool *pool; /* of one: for the peak */
} product;

static rc_status call_gemm(void *ctx)
{
    const product *p = ctx;

    p->table->gemm(&p->g);
    return RC_OK;
}

static rc_real *reals(rcb_arena *arena, int64_t n)
{
    rc_real *x = rcb_arena_keep(arena, (size_t)n, sizeof *x);

    for (int64_t i = 0; x && i < n; i++)
        x[i] = (rc_real)(i % 61 - 30) / 61;
    return x;
}

/* A (rows, K) times panels of K inputs. */
static void plan_forward(rck_gemm *g, const rck_panel *p)
{
    g->chunks = 1;
    g->kc = g->klast = p->K;
    g->a_row = rck_pad(p->K);
    g->a_k = 1;
    g->b_k = p->cols;
    g->b_panel = p->K * p->cols;
    g->c_row = p->cols;
    g->c_panel = g->rows * p->cols;
    g->panels = p->count;
    g->cols = p->cols;
    g->cols_last = p->last;
}

/* Activations in panels times the transposed panels. */
static void plan_back(rck_gemm *g, const rck_panel *p)
{
    const rck_panel t = rck_panel_t(p);

    g->chunks = p->count;
    g->kc = p->cols;
    g->klast = p->last;
    g->a_row = p->cols;
    g->a_k = 1;
    g->a_chunk = g->rows * p->cols;
    g->b_k = t.cols;
    g->b_panel = t.K * t.cols;
    g->c_row = rck_pad(p->K);
    g->c_panel = t.cols;
    g->panels = t.count;
    g->cols = t.cols;
    g->cols_last = t.last;
}

/* Blocks of the transposed input times gradients in panels; k runs over the batch. */
static void plan_weight(rck_gemm *g, const rck_panel *p)
{
    const int64_t N = g->rows;

    g->rows = p->K;
    g->chunks = 1;
    g->kc = g->klast = N;
    g->a_row = 1;
    g->a_k = RCK_MB;
    g->a_block = RCK_MB * N;
    g->b_k = p->cols;
    g->b_panel = N * p->cols;
    g->c_row = p->cols;
    g->c_panel = p->K * p->cols;
    g->panels = p->count;
    g->cols = p->cols;
    g->cols_last = p->last;
}

/* The product of a shape over weights of this layout, with room for its operands. */
static rc_status make_product(product *out, const shape *s, const rck_panel *p)
{
    static void (*const plans[])(rck_gemm *, const rck_panel *) = {plan_forward, plan_back,
                                                                   plan_weight};
    rck_gemm g = {.rows = s->rows};

    plans[s->role](&g, p);
    const int64_t blocks = (g.rows + RCK_MB - 1) / RCK_MB, all = (g.chunks - 1) * g.kc + g.klast;
    const int64_t a =
        g.a_block ? blocks * g.a_block : (g.chunks > 1 ? g.chunks * g.a_chunk : g.rows * g.a_row);
    g.a = reals(out->arena, a);
    g.b = reals(out->arena, g.panels * all * g.b_k);
    g.c = reals(out->arena, s->role == BACK ? g.rows * g.c_row : g.panels * g.c_panel);
    out->g = g;
    return g.a && g.b && g.c ? RC_OK : RC_ENOMEM;
}

/* ---- all of them ------------------------------------------------------------------------- */

static rc_status measure(const rct_bench *b, product *p, const shape *s, const rck_panel *lay)
{
    char name[96];
    const int64_t outputs = lay->units * lay->gates;
    const double macs = (double)s->rows * (double)lay->K * (double)outputs;
    rc_bench_row row = {.name = name, .flops = 2 * macs};

    rcb_arena_reset(p->arena);
    RC_TRY(make_product(p, s, lay));
    (void)snprintf(name, sizeof name, "%s %" PRId64 " x %" PRId64 " x %" PRId64, s->name, s->rows,
                   outputs, lay->K);
    if (s->rows <= 2)
        row.reads = (double)(outputs * lay->K) * sizeof(rc_real);
    RC_TRY(rct_bench_time(b, &row, p->table, p->pool, call_gemm, p));
    rct_bench_tell(b, &row);
    return RC_OK;
}

static rc_status measure_table(const rct_bench *b, product *p)
{
    const rc_bench_options *o = b->o;
    const rcc_cell *cell = rcc_find(o->cell);
    const rcc_widths width = {o->hidden, (o->hidden + 1) / 2}; /* P as --projection 0 has it */
    const int64_t reads = rcc_state_width(cell, 0, width);
    const rck_panel layer = rck_panel_of(o->hidden, cell->stage[0].gates, reads);
    const rck_panel output = rck_panel_of(o->vocab, 1, reads);
    shape shapes[SHAPES];

    list_shapes(shapes, o->batch, o->batch * o->seq);
    for (int i = 0; i < SHAPES; i++)
        RC_TRY(measure(b, p, &shapes[i], shapes[i].output ? &output : &layer));
    return RC_OK;
}

rc_status rct_bench_gemm(const rct_bench *b)
{
    product p = {0};

    RC_TRY(rcm_list_check(rcm_list, "cells", "cell", b->o->cell));
    if (b->o->vocab < 1)
        return RC_FAIL(RC_EINVAL, "cannot measure a softmax over %" PRId64 " symbols", b->o->vocab);
    RC_TRY(rcb_pool_new(&p.pool, 1));
    rc_status s = rcb_arena_new(&p.arena, 0);
    bool wider = true; /* than the set in use */
    for (int i = RCB_ISA_COUNT - 1; s == RC_OK && i >= 0; i--) {
        p.table = rck_table_of((rcb_isa)i);
        wider &= p.table != rck;
        if (p.table && !wider)
            s = measure_table(b, &p);
    }
    rcb_arena_free(p.arena);
    rcb_pool_free(p.pool);
    return s;
}
