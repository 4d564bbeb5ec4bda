/* lean.c -- weights of fewer bits beside their reals, and the product of one row with a weight as
 * it is: with these where they are there, else with the reals.
 */
#include "graph/graph.h"

struct rcg_lean {
    rcg_bits bits;
    void *b;                 /* every block's panels, as rck_lean has them */
    int64_t at[RCG_BLOCKS];  /* elements before a block */
    rc_real *scale;          /* int8: in the layout of a bias */
    int32_t *less;           /* the same */
    int64_t out[RCG_BLOCKS]; /* where a block begins in scale and less */
};

/* Values of k that lie together, and bytes of one. */
static const struct {
    int64_t group;
    size_t bytes;
} kinds[] = {[RCG_BF16] = {2, sizeof(uint16_t)}, [RCG_INT8] = {4, sizeof(int8_t)}};

/* Elements of a panel. */
static int64_t panel_size(const rck_panel *p, rcg_bits bits)
{
    const int64_t group = kinds[bits].group;

    return (p->K + group - 1) / group * group * p->cols;
}

static void fill_bf16(const rcg_weight *w, rcg_lean *l)
{
    for (int i = 0; i < w->blocks; i++)
        rck->lean_bf16(&w->lay[i], w->w + w->at[i], (uint16_t *)l->b + l->at[i]);
}

static void fill_int8(const rcg_weight *w, rcg_lean *l)
{
    for (int i = 0; i < w->blocks; i++)
        rck->lean_int8(&w->lay[i], w->w + w->at[i], l->scale + l->out[i], (int8_t *)l->b + l->at[i],
                       l->less + l->out[i]);
}

/* Scales of logical rows into the layout of a bias. */
static rc_status place_scales(const rcg_weight *w, rcg_lean *l, const rc_real *scale)
{
    rcg_weight bias;
    int gates[RCG_BLOCKS];

    for (int i = 0; i < w->blocks; i++)
        gates[i] = w->lay[i].gates;
    rcg_weight_plan(&bias, w->blocks, gates, w->lay[0].units, 1);
    const size_t size = (size_t)rcg_weight_size(&bias);

    l->scale = rcb_calloc(size, sizeof *l->scale);
    l->less = rcb_calloc(size, sizeof *l->less);
    if (!l->scale || !l->less)
        return RC_ENOMEM;
    rcg_weight_pack(&bias, scale, l->scale);
    for (int i = 0; i < w->blocks; i++)
        l->out[i] = bias.at[i];
    return RC_OK;
}

rc_status rcg_lean_new(rcg_lean **out, const rcg_weight *w, rcg_bits bits, const rc_real *scale)
{
    rcg_lean *l = rcb_calloc(1, sizeof *l);
    int64_t size = 0;

    *out = NULL;
    if (!l)
        return RC_ENOMEM;
    l->bits = bits;
    for (int i = 0; i < w->blocks; i++) {
        l->at[i] = size;
        size += w->lay[i].count * panel_size(&w->lay[i], bits);
    }
    l->b = rcb_alloc((size_t)size, kinds[bits].bytes);
    rc_status status = l->b ? RC_OK : RC_ENOMEM;
    if (status == RC_OK && bits == RCG_INT8)
        status = place_scales(w, l, scale);
    if (status != RC_OK) {
        rcg_lean_free(l);
        return status;
    }
    (bits == RCG_INT8 ? fill_int8 : fill_bf16)(w, l);
    *out = l;
    return RC_OK;
}

void rcg_lean_free(rcg_lean *l)
{
    if (!l)
        return;
    rcb_free(l->b);
    rcb_free(l->scale);
    rcb_free(l->less);
    rcb_free(l);
}

size_t rcg_row_room(const rcg_weight *w)
{
    return (size_t)(rcg_weight_cols(w) + 3) / 4 * 4;
}

static void lean_row(const rcg_weight *w, int block, const rcg_range *r, const rc_real *x,
                     const rc_real *bias, bool add, rc_real *c, int8_t *room)
{
    const rcg_lean *l = w->lean;
    const rck_panel *p = &w->lay[block];
    const int64_t first = r->from * p->cols, panel = panel_size(p, l->bits);
    rck_lean g = {
        .K = p->K,
        .b = (const char *)l->b + (size_t)(l->at[block] + r->from * panel) * kinds[l->bits].bytes,
        .b_panel = panel,
        .x = x,
        .c = c + first,
        .c_panel = p->cols,
        .start = bias ? bias + first : NULL,
        .start_panel = p->cols,
        .panels = r->to - r->from,
        .cols = p->cols,
        .cols_last = r->to == p->count ? p->last : p->cols,
        .add = add,
    };

    if (l->bits == RCG_BF16) {
        rck->row_bf16(&g);
        return;
    }
    for (int64_t k = p->K; k % 4; k++)
        room[k] = 0;
    g.x_scale = rck->to_int8(p->K, x, room);
    g.q = room;
    g.scale = l->scale + l->out[block] + first;
    g.less = l->less + l->out[block] + first;
    rck->row_int8(&g);
}

void rcg_row_range(const rcg_weight *w, int block, const rcg_range *r, const rc_real *x,
                   const rc_real *bias, bool add, rc_real *c, int8_t *room)
{
    const rck_panel *p = &w->lay[block];

    assert(r->from >= 0 && r->to <= p->count);
    if (r->from >= r->to)
        return;
    if (w->lean) {
        lean_row(w, block, r, x, bias, add, c, room);
        return;
    }
    assert(!w->pairs); /* a model that is trained takes no steps */
    const int64_t first = r->from * p->cols;
    rck_gemm g = rcg_gemm_forward(w, block, 1, x, 0, bias ? bias + first : NULL, c + first, 1);

    g.b += r->from * g.b_panel;
    g.panels = r->to - r->from;
    g.cols_last = r->to == p->count ? p->last : p->cols;
    g.add = add;
    rck->gemm(&g);
}

void rcg_row(const rcg_weight *w, int block, const rc_real *x, const rc_real *bias, bool add,
             rc_real *c, int8_t *room)
{
    rcg_row_range(w, block, &(rcg_range){0, w->lay[block].count}, x, bias, add, c, room);
}
