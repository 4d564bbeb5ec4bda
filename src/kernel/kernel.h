/* kernel.h -- the arithmetic of the house on raw reals: products over packed panels, vectors,
 * reductions, softmax, gathers, optimiser updates, dropout masks; and the yardstick.
 *
 * Float room: nothing here allocates, fails, keeps state or knows a shape beyond its arguments.
 * One struct of functions; plain C fills it, AVX2+FMA and AVX-512 builds of the same sources
 * fill theirs, rck_select() chooses once.
 *
 * Bits: all tables but plain give the same bits. Every product output starts from 0 (or from C when
 * `add`) and accumulates over k in order with FMA; every reduction runs in 16 lanes (element i goes
 * to lane i % 16, in order) that are then combined by the fixed tree of rck_lanes(): 8+8, 4+4, 2+2,
 * 1+1 (lane i with lane i + half). Long sums are cut by the caller into blocks of fixed size.
 */
#ifndef RCK_KERNEL_H
#define RCK_KERNEL_H

#include "base/base.h"

enum {
    RCK_LANES = 16,  /* reals of a unit group; rows are padded to a multiple of it */
    RCK_MB = 6,      /* rows of a block of a transposed left operand (see pack_t) */
    RCK_BLOCK = 4096 /* elements per partial sum of a long reduction */
};

/* n rounded up to whole unit groups. */
static inline int64_t rck_pad(int64_t n)
{
    return (n + RCK_LANES - 1) / RCK_LANES * RCK_LANES;
}

/* How a weight with `gates` outputs per unit lies in memory, and equally the activations it makes.
 *
 * Logical:   rows (gates * units, K), row g * units + u is gate g of unit u.
 * In memory: panels[count][K][cols]. A panel holds `span` units; its columns are unit groups of 16,
 *            each group with its gates side by side: column = (u % span / 16) * 16 * gates
 *            + g * 16 + u % 16. cols = span * gates. Storage of the last panel is full width, but
 *            only `last` of its columns are ever computed; the rest, and columns of units past
 *            `units`, are zero in weights, gradients and optimiser state.
 * Activations (N rows) use the same picture with N in place of K.
 *
 *   gates 1: span 64, cols 64     gates 2: span 32, cols 64
 *   gates 3: span 16, cols 48     gates g > 3: span 16, cols 16 g
 */
typedef struct rck_panel {
    int64_t K;     /* inputs */
    int64_t units; /* units per gate */
    int64_t count; /* panels */
    int gates;
    int span; /* units of a panel: 16, 32 or 64 */
    int cols; /* columns of a panel */
    int last; /* columns of the last panel that are computed, a multiple of 16 * gates */
} rck_panel;

rck_panel rck_panel_of(int64_t units, int gates, int64_t K);

/* Reals of the whole weight: count * K * cols. */
int64_t rck_panel_size(const rck_panel *p);

/* Panels of the transposed weight: K' = count * cols of `p` (rows in the order of the panel columns
 * of p, so that activations in panels are a left operand as they lie), units = p->K, gates 1. */
rck_panel rck_panel_t(const rck_panel *p);

/* C(rows, columns of some panels) = start + A * B or += A * B, one call for one thread.
 *
 * The k axis is `chunks` runs of kc values, the last run klast (klast == kc when all are full).
 *   A(r, chunk, k) = a[(a_block ? r / RCK_MB * a_block + r % RCK_MB * a_row : r * a_row)
 *                      + chunk * a_chunk + k * a_k]
 *   B(panel, kk, j) = b[panel * b_panel + kk * b_k + j], kk counts over all chunks
 *   C(r, panel, j)  = c[r * c_row + panel * c_panel + j]
 *   start(panel, j) = start[panel * start_panel + j] for every row; start NULL: 0
 * `cols` columns in every panel but the last, which has cols_last; both multiples of 16. Any sizes
 * may be 0: without k, C becomes start or stays (add). B is aligned to 64 bytes, so is C when c_row
 * and c_panel are multiples of 16. rows == 1 runs several panels at once. The result does not
 * depend on how a product is cut into calls by rows or columns, nor on the order of the panels: a
 * product that is repeated over the same B walks it there and back, so that what was used last is
 * met first.
 *
 * With `pairs`, operands are bf16. b is not read; B lies in pairs of k, counted by b_k and b_panel:
 *   B(panel, kk, j) = pairs[2 * (panel * b_panel + kk / 2 * b_k + j) + kk % 2]
 * a last pair with one k has a zero beside it, and kc is even where there are several chunks. A is
 * rounded to bf16, to nearest, ties to even; a_k is 1, or a_block is not 0, chunks is 1 and `a` is
 * what pack_t_pairs made. Sums are reals as they are without: of every pair in order the second
 * product is added first, then the first, each with one rounding. The processor's own instruction
 * (avx512bf16) is described so, too, but always takes denormals for zeros; the promise of equal
 * bits is for the tables without it.
 */
typedef struct rck_gemm {
    int64_t rows;
    int64_t chunks, kc, klast;
    const rc_real *a;
    int64_t a_row, a_k, a_chunk, a_block;
    const rc_real *b;
    const uint16_t *pairs; /* NULL: operands are reals */
    int64_t b_k, b_panel;
    rc_real *c;
    int64_t c_row, c_panel;
    const rc_real *start; /* what sums begin as when not `add`: a bias */
    int64_t start_panel;
    int64_t panels;
    int cols, cols_last;
    bool add;
    bool backwards; /* from the last panel to the first */
} rck_gemm;

/* C(1 row, columns of some panels) = start + x * B or += x * B, where B has fewer bits. B lies in
 * panels as a weight does, but so that `group` values of k of one column are neighbours:
 * element (panel, k, j) of B is b[panel * b_panel + (k / group * cols + j) * group + k % group];
 * k past K, up to a whole group, is zero.
 *
 *   bf16  group 2; x (K)
 *   int8  group 4; q (K rounded up to 4) with x = x_scale q, zeros past K; B = scale(column) b
 *
 * bf16 gives the bits of rck_gemm with the same numbers as reals; int8 sums are exact. Columns are
 * as in rck_gemm; scale and less have one number for each of the `panels` times `cols` columns. */
typedef struct rck_lean {
    int64_t K;
    const void *b; /* uint16_t or int8_t */
    int64_t b_panel;
    const rc_real *x;
    const int8_t *q;
    rc_real x_scale;
    const rc_real *scale;
    const int32_t *less; /* 128 times the sum of a column of b */
    rc_real *c;
    int64_t c_panel;
    const rc_real *start;
    int64_t start_panel;
    int64_t panels;
    int cols, cols_last;
    bool add;
} rck_lean;

/* What an optimiser update needs; slots are optimiser state with the layout of the weight. */
typedef struct rck_update {
    int64_t n;
    rc_real *w;
    const rc_real *g;
    rc_real scale; /* gradient clipping: g is used as g * scale */
    rc_real lr;
    rc_real l1, l2;   /* penalties added to the gradient: l1 * sign(w) + l2 * w */
    rc_real decay;    /* decoupled weight decay: w -= lr * decay * w */
    rc_real momentum; /* of sgd, nesterov and rmsprop */
    rc_real rho;      /* of rmsprop and adadelta: what stays of a mean in a step */
    rc_real beta1, beta2, eps, correct1, correct2; /* of adam, adamax: 1 - beta^step */
    rc_real *m, *v;                                /* slots; NULL where not used */
} rck_update;

/* Rows of one table against rows of another: m rows `in` and n rows `out`, wherever they lie, of D
 * reals, a multiple of 16.
 *
 *   dots    s(i,j) = in_i . out_j, the bits of `dot`
 *   steps   to_i += sum_j g(i,j) out_j     out_j += sum_i g(i,j) in_i     of rows as they were
 *
 * Where m is 1, `to` may be `in`, and an `out` that comes several times is moved by each, the later
 * ones from what was made of it before. Else `to` and `in` are apart, and all rows of `to` and of
 * `out` differ. */
typedef struct rck_contrast {
    int64_t D, m, n;
    rc_real *const *in;  /* (m) */
    rc_real *const *out; /* (n) */
    rc_real *const *to;  /* (m) */
} rck_contrast;

/* Cells of counts, each a row of one side against a row of the other (glove.c). */
typedef struct rck_glove_side {
    rc_real *x, *x_sum;       /* (rows,ld) vectors, and G */
    rc_real *bias, *bias_sum; /* (rows) */
} rck_glove_side;
typedef struct rck_glove {
    int64_t n, ld;        /* cells; a multiple of 16 */
    const int32_t *a, *b; /* (n) rows */
    const rc_real *count; /* (n) above 0 */
    rck_glove_side word, context;
    rc_real rate, x_max, alpha;
    bool turned; /* b are the words, a the contexts, and the last cell is the first */
} rck_glove;

typedef struct rck_table {
    const char *name;

    /* products (gemm.c; pairs.c) */
    void (*gemm)(const rck_gemm *g);

    /* layouts (pack.c): `src` logical row-major with row stride ld; panels p0 <= q < p1 are made */
    void (*pack)(const rck_panel *p, const rc_real *src, int64_t ld, rc_real *dst, int64_t p0,
                 int64_t p1);
    void (*unpack)(const rck_panel *p, const rc_real *src, rc_real *dst, int64_t ld);
    /* what panels p0 <= i < p1 bring to the panels of rck_panel_t(p), all at dst; each panel alone
     * writes its places */
    void (*transpose)(const rck_panel *p, const rc_real *src, rc_real *dst, int64_t p0, int64_t p1);
    /* A^T as left operand: columns [m0,m1) of the rows (n, ld) at x into blocks of RCK_MB columns:
     * dst[(m / 6) * 6 * N + (row + i) * 6 + m % 6] = x[i * ld + m], m0 a multiple of 6. Fills rows
     * row..row+n-1 of N. The rest of the last block is zero. As the operand of a product whose rows
     * are m0..m1-1: a = dst + m0 * N, a_row 1, a_k 6, a_block 6 * N, a_chunk 6 * kc. */
    void (*pack_t)(int64_t n, const rc_real *x, int64_t ld, int64_t m0, int64_t m1, int64_t N,
                   int64_t row, rc_real *dst);

    /* bf16 in pairs (pairs.c, pack.c): rows x (K, ld), `cols` columns, into
     * y[2 * (k / 2 * ldy + j) + k % 2], with zeros beside a last row that is alone */
    void (*pair)(int64_t K, int64_t cols, const rc_real *x, int64_t ld, uint16_t *y, int64_t ldy);
    /* transpose, then pair: what panels p0 <= i < p1 bring */
    void (*transpose_pairs)(const rck_panel *p, const rc_real *src, uint16_t *dst, int64_t p0,
                            int64_t p1);
    /* pack_t for a product of pairs, in a form of this table's own; N is even, or one more than
     * there are rows. An even row is packed before the row after it. As the operand: a = dst,
     * a_block 6 * N. */
    void (*pack_t_pairs)(int64_t n, const rc_real *x, int64_t ld, int64_t m0, int64_t m1, int64_t N,
                         int64_t row, rc_real *dst);

    /* fewer bits (lean.c) */
    void (*row_bf16)(const rck_lean *g);
    void (*row_int8)(const rck_lean *g);
    void (*to_bf16)(int64_t n, const rc_real *x, uint16_t *y); /* to nearest even */
    void (*from_bf16)(int64_t n, const uint16_t *x, rc_real *y);
    /* x = scale y; returns scale: NaN (and y zeros) when a number is not finite, 0 when all are
     * next to nothing (1e-36) */
    rc_real (*to_int8)(int64_t n, const rc_real *x, int8_t *y);
    /* Panels of reals as B of rck_lean, count * ceil(K / group) * cols * group elements. int8:
     * reals are rounded to multiples of their column's scale; less (count * cols). */
    void (*lean_bf16)(const rck_panel *p, const rc_real *panels, uint16_t *lean);
    void (*lean_int8)(const rck_panel *p, const rc_real *panels, const rc_real *scale, int8_t *lean,
                      int32_t *less);

    /* vectors (vec.c); arrays may be equal but not overlap otherwise; += where named _back */
    void (*fill)(int64_t n, rc_real value, rc_real *y);
    void (*add)(int64_t n, const rc_real *a, const rc_real *b, rc_real *y);
    void (*sub)(int64_t n, const rc_real *a, const rc_real *b, rc_real *y);
    void (*mul)(int64_t n, const rc_real *a, const rc_real *b, rc_real *y);
    void (*mul_add)(int64_t n, const rc_real *a, const rc_real *b, rc_real *y); /* y += a b */
    void (*scale)(int64_t n, rc_real a, const rc_real *x, rc_real *y);          /* y = a x */
    void (*axpy)(int64_t n, rc_real a, const rc_real *x, rc_real *y);           /* y += a x */
    void (*clamp)(int64_t n, rc_real limit, rc_real *y); /* into [-limit, limit]; NaN stays */
    /* y = by != 0 ? a : b; what is not chosen is not felt */
    void (*choose)(int64_t n, const rc_real *by, const rc_real *a, const rc_real *b, rc_real *y);
    /* a running maximum: where a + x is larger than y, or NaN, y = a + x, from = id; NaN stays */
    void (*larger)(int64_t n, rc_real a, const rc_real *x, int32_t id, rc_real *y, int32_t *from);
    void (*exp)(int64_t n, const rc_real *x, rc_real *y);
    void (*log)(int64_t n, const rc_real *x, rc_real *y);
    void (*tanh)(int64_t n, const rc_real *x, rc_real *y);
    void (*sigmoid)(int64_t n, const rc_real *x, rc_real *y);
    void (*relu)(int64_t n, const rc_real *x, rc_real *y);
    void (*tanh_back)(int64_t n, const rc_real *y, const rc_real *gy, rc_real *gx);
    void (*sigmoid_back)(int64_t n, const rc_real *y, const rc_real *gy, rc_real *gx);
    void (*relu_back)(int64_t n, const rc_real *y, const rc_real *gy, rc_real *gx);
    void (*log_back)(int64_t n, const rc_real *x, const rc_real *gy, rc_real *gx);

    /* reductions in the canonical order; long ones are cut into RCK_BLOCK by the caller */
    rc_real (*sum)(int64_t n, const rc_real *x);
    rc_real (*dot)(int64_t n, const rc_real *a, const rc_real *b);
    rc_real (*max)(int64_t n, const rc_real *x); /* NaN if any is NaN; -inf for n 0 */
    bool (*finite)(int64_t n, const rc_real *x);
    /* y(j) += x(row, j) for each row in order, n columns: the same bits however the rows are cut */
    void (*col_sum)(int64_t rows, int64_t n, const rc_real *x, int64_t ld, rc_real *y);

    /* softmax (soft.c) over one row of n logits */
    void (*log_softmax)(int64_t n, const rc_real *x, rc_real *y);
    void (*softmax)(int64_t n, const rc_real *x, rc_real *y);

    /* softmax over logits in panels of 64 columns, in passes that cut freely over rows and panels.
     * lanes (rows, 16). soft_max: max = maximum of itself and the panel's lanes.
     * soft_exp: replaces logits by exp(logit - top[row]) and adds their lanes to sum. `cols`
     * columns of the panel are logical (both ignore the rest; soft_exp zeroes them). */
    void (*soft_max)(int64_t rows, int cols, const rc_real *panel, rc_real *max);
    void (*soft_exp)(int64_t rows, int cols, rc_real *panel, const rc_real *top, rc_real *sum);
    /* panel(row, j) *= by[row] */
    void (*row_scale)(int64_t rows, int cols, rc_real *panel, int64_t ld, const rc_real *by);
    /* out[row] = max or sum of the 16 lanes of a row, fixed tree */
    void (*lanes_max)(int64_t rows, const rc_real *lanes, rc_real *out);
    void (*lanes_sum)(int64_t rows, const rc_real *lanes, rc_real *out);

    /* losses down the columns of scores x (rows, ld), symbols by rows of a batch; `cols` a multiple
     * of 16 (down.c). Rows may be cut into any calls, but another cut gives other roundings.
     * soft_down: top and sum (cols), so far the maximum and the sum of exp(x - top), take in these
     * rows; begin with -inf and 0. A score of -inf does not count.
     * soft_down_back: x = by * exp(x - top).
     * noise_down: sum += times * softplus(x) over the rows in order; x = times * sigmoid(x).
     * softplus: y = ln(1 + exp(x)) */
    void (*soft_down)(int64_t rows, int64_t cols, const rc_real *x, int64_t ld, rc_real *top,
                      rc_real *sum);
    void (*soft_down_back)(int64_t rows, int64_t cols, rc_real *x, int64_t ld, const rc_real *top,
                           const rc_real *by);
    void (*noise_down)(int64_t rows, int64_t cols, rc_real *x, int64_t ld, const rc_real *times,
                       rc_real *sum);
    void (*softplus)(int64_t n, const rc_real *x, rc_real *y);

    /* gather and scatter (index.c): tables have row stride ld; ids are valid rows */
    void (*gather)(int64_t n, int64_t width, const rc_real *table, int64_t ld, const int32_t *ids,
                   rc_real *y, int64_t ldy);
    void (*scatter_add)(int64_t n, int64_t width, const rc_real *x, int64_t ldx, const int32_t *ids,
                        rc_real *table, int64_t ld); /* rows in order */
    /* the same into panels of one gate: row id of the logical (units, K) weight += x(i) */
    void (*scatter_panels)(const rck_panel *p, int64_t n, const rc_real *x, int64_t ldx,
                           const int32_t *ids, rc_real *panels);

    /* dropout: mask (rows, ldm) receives 0 or 1 / (1 - drop); what lies past `width` stays as it
     * is. Element (row, j) depends on the key, the logical row n = first + row and j alone: it is
     * kept when its random word >= floor(drop * 2^32), which is word j % 64 / 16 of rcb_philox(key)
     * at the counter { low, high, j % 16, 0 }, low and high being the halves of the 64-bit block
     * number n * ceil(width / 64) + j / 64. The caller gives every step a key of its own.
     * drop >= 1 drops all. */
    void (*dropout_mask)(rcb_key key, int64_t first, int64_t rows, int64_t width, double drop,
                         rc_real *mask, int64_t ldm);

    /* (contrast.c) errors: g = rate (aim - sigmoid(s)) */
    void (*contrast_dots)(const rck_contrast *c, rc_real *s); /* (m,n) */
    void (*contrast_errors)(int64_t n, rc_real rate, const rc_real *aim, const rc_real *s,
                            rc_real *g);
    void (*contrast_steps)(const rck_contrast *c, const rc_real *g); /* (m,n) */

    /* Steps for all cells, in their order: the sum of f e^2 before each. Not finite: an error was
     * not, and that cell has moved nothing. */
    double (*glove)(const rck_glove *g);

    /* optimisers (optim.c), flat over any layout */
    void (*sgd)(const rck_update *u);
    void (*nesterov)(const rck_update *u);
    void (*adagrad)(const rck_update *u);
    void (*rmsprop)(const rck_update *u);
    void (*adadelta)(const rck_update *u);
    void (*adam)(const rck_update *u);
    void (*adamax)(const rck_update *u);
    /* a += mu (w - a): a mean of the weights, where mu is one over the updates in it */
    void (*average)(int64_t n, rc_real mu, const rc_real *w, rc_real *a);

    /* the yardstick (peak.c): rounds of multiply-adds in registers alone, as fast as the set goes.
     * Returns how many floating point operations that was, in proportion to the rounds; *out comes
     * near 2 when there are many. */
    double (*peak)(int64_t rounds, rc_real *out);
} rck_table;

/* The table of an instruction set (test it with rcb_isa_here() first); NULL where not built. */
const rck_table *rck_table_of(rcb_isa isa);

/* The table in use: chosen on the first call of rck_select() and never changed after. */
extern const rck_table *rck;
rc_status rck_select(void);

#endif
