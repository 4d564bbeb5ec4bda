/* pairs.c -- products whose operands are bf16 and whose sums are reals (see `pairs` of rck_gemm in
 * kernel.h), and what makes their operands.
 *
 * Two values of k share a lane of 32 bits, the first in its lower half. VDPBF16PS multiplies and
 * adds both at once; Intel describes it as one fused multiply-add for the second, then one for the
 * first, each rounded to nearest. Sets without it do just that: a mask and a shift make two floats
 * of a lane of B, a pair is two passes over the tile, and the left operand is held as floats that
 * are bf16 numbers. Products of such numbers are exact, so that plain C has the same sums.
 *
 * Tiles are those of gemm.c. The left operand is rounded once for every block of rows and k, into
 * memory of this function, and all panels use it; what pack_t_pairs made is used as it lies.
 */
#include "kernel/table_in.h"

#include <string.h>

#if defined(__AVX2__) && !defined(RC_DOUBLE)
#include <immintrin.h>
#define VECTORS 1
#endif

#if defined(__AVX512F__) && defined(VECTORS)

enum { WIDTH = 16, NZ_MOST = 4 };
static const int mr_most[NZ_MOST + 1] = {0, 12, 12, 8, 6};

typedef __m512 vec;
typedef __m512i bits;
#define vec_load _mm512_loadu_ps
#define vec_store _mm512_storeu_ps
#define vec_set _mm512_set1_ps
#define vec_fma _mm512_fmadd_ps
#define vec_of_bits _mm512_castsi512_ps
#define bits_of_vec _mm512_castps_si512
#define bits_load(p) _mm512_loadu_si512((const void *)(p))
#define bits_store(p, x) _mm512_storeu_si512((void *)(p), (x))
#define bits_set _mm512_set1_epi32
#define bits_add _mm512_add_epi32
#define bits_and _mm512_and_si512
#define bits_or _mm512_or_si512
#define bits_up(x) _mm512_slli_epi32((x), 16)
#define bits_down(x) _mm512_srli_epi32((x), 16)

/* The lanes of x, but a quiet NaN where v is NaN. */
RC_INLINE bits keep_nan(vec v, bits x)
{
    const __mmask16 nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);

    return _mm512_mask_or_epi32(x, nan, bits_of_vec(v), bits_set(0x400000));
}

#elif defined(VECTORS)

enum { WIDTH = 8, NZ_MOST = 1 };
static const int mr_most[NZ_MOST + 1] = {0, 6};

typedef __m256 vec;
typedef __m256i bits;
#define vec_load _mm256_loadu_ps
#define vec_store _mm256_storeu_ps
#define vec_set _mm256_set1_ps
#define vec_fma _mm256_fmadd_ps
#define vec_of_bits _mm256_castsi256_ps
#define bits_of_vec _mm256_castps_si256
#define bits_load(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define bits_store(p, x) _mm256_storeu_si256((__m256i *)(void *)(p), (x))
#define bits_set _mm256_set1_epi32
#define bits_add _mm256_add_epi32
#define bits_and _mm256_and_si256
#define bits_or _mm256_or_si256
#define bits_up(x) _mm256_slli_epi32((x), 16)
#define bits_down(x) _mm256_srli_epi32((x), 16)

RC_INLINE bits keep_nan(vec v, bits x)
{
    const vec nan = _mm256_cmp_ps(v, v, _CMP_UNORD_Q);
    const bits quiet = bits_or(bits_of_vec(v), bits_set(0x400000));

    return bits_of_vec(_mm256_blendv_ps(vec_of_bits(x), vec_of_bits(quiet), nan));
}

#else

enum { WIDTH = RCK_LANES, NZ_MOST = 1 };
static const int mr_most[NZ_MOST + 1] = {0, 1};

#endif

/* A number of the left operand in memory: both of a pair at once, or one after the other. */
#if defined(__AVX512BF16__) && defined(VECTORS)
typedef int32_t left;
enum { PASSES = 1 };
#else
typedef rc_real left;
enum { PASSES = 2 };
#endif

enum {
    K_BLOCK = 256,                           /* k of a block */
    K_ROOM = K_BLOCK / 2 * PASSES,           /* numbers of a row of such a block */
    ROW_STEP = 120,                          /* divisible by all mr_most */
    ROWS_ROUNDED = ROW_STEP * 2 / PASSES,    /* rows that are rounded at a time */
    ROWS_PACKED = ROW_STEP * 6 * 2 / PASSES, /* rows of a packed block that stay near */
    AHEAD = 24                               /* pairs between asking for B and using it */
};

/* ---- rounding ---------------------------------------------------------------------------- */

static uint32_t bits_of_real(rc_real x)
{
    const float f = (float)x;
    uint32_t b;

    memcpy(&b, &f, sizeof b);
    return b;
}

/* bf16 in the upper half: to nearest, ties to even; NaN stays NaN. The lower half is zero. */
static uint32_t rounded(rc_real x)
{
    const uint32_t b = bits_of_real(x);

    return (x != x ? b | 0x400000u : b + 0x7FFFu + (b >> 16 & 1u)) & 0xFFFF0000u;
}

#ifdef VECTORS

/* The same, lane by lane. */
RC_INLINE bits round_bits(vec v)
{
    const bits b = bits_of_vec(v), odd = bits_and(bits_down(b), bits_set(1));
    const bits up = bits_add(b, bits_add(odd, bits_set(0x7FFF)));

    return bits_and(keep_nan(v, up), bits_set((int)0xFFFF0000u));
}

#endif

/* One row (k, j) and the one after it, NULL for zeros, n columns, into pairs. */
static void pair_rows(int64_t n, const rc_real *first, const rc_real *second, uint16_t *y)
{
    int64_t j = 0;

#ifdef VECTORS
    for (; second && j + WIDTH <= n; j += WIDTH)
        bits_store(y + 2 * j, bits_or(bits_down(round_bits(vec_load(first + j))),
                                      round_bits(vec_load(second + j))));
#endif
    for (; j < n; j++) {
        y[2 * j] = (uint16_t)(rounded(first[j]) >> 16);
        y[2 * j + 1] = second ? (uint16_t)(rounded(second[j]) >> 16) : 0;
    }
}

void RCK_FN(pair)(int64_t K, int64_t cols, const rc_real *x, int64_t ld, uint16_t *y, int64_t ldy)
{
    for (int64_t k = 0; k < K; k += 2)
        pair_rows(cols, x + k * ld, k + 1 < K ? x + (k + 1) * ld : NULL, y + k * ldy);
}

/* ---- the left operand -------------------------------------------------------------------- */

#if defined(__AVX512BF16__) && defined(VECTORS)

/* n numbers of a row in pairs, the last with a zero where n is odd. */
static void round_row(int64_t n, const rc_real *x, left *y)
{
    int64_t k = 0;

    for (; k + WIDTH <= n; k += WIDTH)
        _mm256_storeu_si256((__m256i *)(void *)(y + k / 2),
                            _mm512_cvtepi32_epi16(bits_down(round_bits(vec_load(x + k)))));
    for (; k < n; k += 2)
        y[k / 2] = (left)(rounded(x[k]) >> 16 | (k + 1 < n ? rounded(x[k + 1]) : 0));
}

/* Numbers x (n of them, then zeros) of row `row` into a block of RCK_MB; even rows come first. */
RC_INLINE void round_block(const int n, int64_t row, const rc_real *x, left *block)
{
    left *y = block + row / 2 * RCK_MB;

    for (int j = 0; j < RCK_MB; j++) {
        const uint32_t b = j < n ? rounded(x[j]) : 0;
        y[j] = row % 2 ? (left)((uint32_t)y[j] | b) : (left)(b >> 16);
    }
}

#else

static rc_real real_of(uint32_t b)
{
    float f;

    memcpy(&f, &b, sizeof f);
    return (rc_real)f;
}

static void round_row(int64_t n, const rc_real *x, left *y)
{
    int64_t k = 0;

#ifdef VECTORS
    for (; k + WIDTH <= n; k += WIDTH)
        vec_store(y + k, vec_of_bits(round_bits(vec_load(x + k))));
#endif
    for (; k < n; k++)
        y[k] = real_of(rounded(x[k]));
    if (n % 2)
        y[n] = RC_C(0.0);
}

RC_INLINE void round_block(const int n, int64_t row, const rc_real *x, left *block)
{
    left *y = block + row * RCK_MB;

    for (int j = 0; j < RCK_MB; j++) {
        y[j] = j < n ? real_of(rounded(x[j])) : RC_C(0.0);
        if (row % 2 == 0) /* until the row that follows is there */
            y[RCK_MB + j] = RC_C(0.0);
    }
}

#endif

void RCK_FN(pack_t_pairs)(int64_t n, const rc_real *x, int64_t ld, int64_t m0, int64_t m1,
                          int64_t N, int64_t row, rc_real *dst)
{
    left *to = (left *)(void *)dst;
    int64_t m = m0;

    for (; m + RCK_MB <= m1; m += RCK_MB)
        for (int64_t i = 0; i < n; i++)
            round_block(RCK_MB, row + i, x + i * ld + m, to + m * N / 2 * PASSES);
    for (int64_t i = 0; m < m1 && i < n; i++)
        round_block((int)(m1 - m), row + i, x + i * ld + m, to + m * N / 2 * PASSES);
}

/* ---- tiles ------------------------------------------------------------------------------- */

/* What a tile needs. */
typedef struct tile_job {
    int64_t pairs;
    const left *a;
    int64_t a_row, a_k;
    const uint16_t *b;
    int64_t b_k;
    rc_real *c;
    int64_t c_row;
    const rc_real *start; /* columns that every row begins as, when not `add` */
    const uint16_t *next; /* a line to ask for at every pair, next_k further each time */
    int64_t next_k;
    bool add;
} tile_job;

#ifdef VECTORS

#if defined(__AVX512BF16__)
#define operand(b, pass) bits_load(b)
#define spread(x) bits_set(x)
#define step(x, line, sum) _mm512_dpbf16_ps((sum), (__m512bh)(x), (__m512bh)(line))
typedef bits operand_vec;
#else
/* The second values of pairs, then the first. */
RC_INLINE vec operand(const uint16_t *b, const int pass)
{
    const bits w = bits_load(b);

    return vec_of_bits(pass ? bits_and(w, bits_set((int)0xFFFF0000u)) : bits_up(w));
}
#define spread(x) vec_set(x)
#define step(x, line, sum) vec_fma((x), (line), (sum))
typedef vec operand_vec;
#endif

/* mr rows, nv registers of columns. */
RC_INLINE void tile_body(const int mr, const int nv, const tile_job *j)
{
    const int64_t a_row = j->a_row;
    const int64_t a_k = j->a_k;
    const int64_t b_k = j->b_k;
    const int64_t c_row = j->c_row;
    const left *a = j->a;
    const uint16_t *b = j->b;
    const uint16_t *next = j->next;
    float *c = j->c;
    vec sum[12][4];

    RC_UNROLL
    for (int r = 0; r < mr; r++) {
        RC_UNROLL
        for (int z = 0; z < nv; z++)
            sum[r][z] = vec_load(j->add ? c + r * c_row + z * WIDTH : j->start + z * WIDTH);
    }
    for (int64_t n = j->pairs; n > 0; n--, a += PASSES * a_k, b += b_k) {
        if (mr > 4) {
            _mm_prefetch((const char *)next, _MM_HINT_T1);
            next += j->next_k;
        } else {
            RC_UNROLL
            for (int z = 0; z < nv; z += RCK_LANES / WIDTH)
                _mm_prefetch((const char *)(b + AHEAD * b_k + 2 * z * WIDTH), _MM_HINT_T0);
        }
        RC_UNROLL
        for (int pass = PASSES - 1; pass >= 0; pass--) {
            operand_vec line[4];

            __asm__("" : "+r"(b)); /* lines are loaded anew, not kept from pass to pass */
            RC_UNROLL
            for (int z = 0; z < nv; z++)
                line[z] = operand(b + 2 * z * WIDTH, pass);
            RC_UNROLL
            for (int r = 0; r < mr; r++) {
                operand_vec x = spread(a[r * a_row + pass * a_k]);

                if (nv > 1) /* one broadcast into a register, not one inside every fma */
                    __asm__("" : "+v"(x));
                RC_UNROLL
                for (int z = 0; z < nv; z++)
                    sum[r][z] = step(x, line[z], sum[r][z]);
            }
        }
    }
    RC_UNROLL
    for (int r = 0; r < mr; r++) {
        RC_UNROLL
        for (int z = 0; z < nv; z++)
            vec_store(c + r * c_row + z * WIDTH, sum[r][z]);
    }
}

#else

RC_INLINE void tile_body(const int mr, const int nv, const tile_job *j)
{
    const left *a = j->a;
    const uint16_t *b = j->b;
    rc_real sum[RCK_LANES];

    (void)mr;
    (void)nv;
    for (int i = 0; i < RCK_LANES; i++)
        sum[i] = j->add ? j->c[i] : j->start[i];
    for (int64_t n = j->pairs; n > 0; n--, a += PASSES * j->a_k, b += j->b_k)
        for (int pass = PASSES - 1; pass >= 0; pass--)
            for (int i = 0; i < RCK_LANES; i++)
                sum[i] = RC_FMA(a[pass * j->a_k], real_of((uint32_t)b[2 * i + pass] << 16), sum[i]);
    for (int i = 0; i < RCK_LANES; i++)
        j->c[i] = sum[i];
}

#endif

/* Shapes of tiles: groups of columns, rows up to so many. */
#define TO_6(X, nz) X(nz, 1) X(nz, 2) X(nz, 3) X(nz, 4) X(nz, 5) X(nz, 6)
#define TO_8(X, nz) TO_6(X, nz) X(nz, 7) X(nz, 8)
#define TO_12(X, nz) TO_8(X, nz) X(nz, 9) X(nz, 10) X(nz, 11) X(nz, 12)
#if defined(__AVX512F__) && defined(VECTORS)
#define TILES(X) TO_12(X, 1) TO_12(X, 2) TO_8(X, 3) TO_6(X, 4)
#elif defined(VECTORS)
#define TILES(X) TO_6(X, 1)
#else
#define TILES(X) X(1, 1)
#endif

/* The body for mr rows and nz groups of 16 columns. */
static void tile(int mr, int nz, const tile_job *j)
{
    switch (nz * 32 + mr) {
#define TILE(nz, mr)                                                                               \
    case (nz)*32 + (mr):                                                                           \
        tile_body((mr), (nz)*RCK_LANES / WIDTH, j);                                                \
        return;
        TILES(TILE)
#undef TILE
    default:
        assert(!"a tile of this shape");
    }
}

/* ---- blocks ------------------------------------------------------------------------------ */

/* A block of rows and k of the left operand, as tiles read it. */
typedef struct block {
    int64_t r0, r1; /* rows */
    int64_t k0, k1; /* k; k0 is even */
    const left *a;  /* of row r0 and k0, but when packed of row 0 */
    int64_t a_row, a_k;
    int64_t six; /* packed: between blocks of RCK_MB rows; else 0 */
} block;

static int64_t ceil_div(int64_t n, int64_t by)
{
    return (n + by - 1) / by;
}

static const left *block_row(const block *b, int64_t r)
{
    return b->six ? b->a + r / RCK_MB * b->six + r % RCK_MB : b->a + (r - b->r0) * b->a_row;
}

/* Round the block's part of A into `room`. */
static void round_rows(const rck_gemm *g, block *b, left *room)
{
    const int64_t length = g->chunks > 1 ? g->kc : g->klast;

    for (int64_t r = b->r0; r < b->r1; r++)
        for (int64_t k = b->k0, n; k < b->k1; k += n) {
            const int64_t left_over = (k / length + 1) * length - k;

            n = left_over < b->k1 - k ? left_over : b->k1 - k;
            round_row(n, g->a + r * g->a_row + k / length * g->a_chunk + k % length,
                      room + (r - b->r0) * K_ROOM + (k - b->k0) / 2 * PASSES);
        }
    b->a = room;
    b->a_row = K_ROOM;
    b->a_k = 1;
}

static void packed_rows(const rck_gemm *g, block *b)
{
    b->six = g->a_block / 2 * PASSES;
    b->a = (const left *)(const void *)g->a + b->k0 / 2 * PASSES * RCK_MB;
    b->a_row = 1;
    b->a_k = RCK_MB;
}

static int panel_cols(const rck_gemm *g, int64_t panel)
{
    return panel + 1 < g->panels ? g->cols : g->cols_last;
}

/* Where sums begin that begin at nothing. */
static const rc_real zeros[4 * RCK_LANES];

/* One strip of nz groups at `column` of a panel, all rows of the block. `next` is the strip of B
 * that follows, or NULL; the first tiles share the work of asking for it. */
static void strip_rows(const rck_gemm *g, const block *b, int64_t panel, int column, int nz,
                       const uint16_t *next)
{
    const int64_t most = mr_most[nz], tiles = ceil_div(b->r1 - b->r0, most);
    const uint16_t *from = g->pairs + 2 * (panel * g->b_panel + b->k0 / 2 * g->b_k + column);
    int64_t r = b->r0;

    for (int64_t i = 0; r < b->r1; i++) {
        int64_t mr = b->six ? RCK_MB - r % RCK_MB : ceil_div(b->r1 - r, tiles - i);

        mr = mr < most ? mr : most;
        mr = mr < b->r1 - r ? mr : b->r1 - r;
        const tile_job job = {
            .pairs = (b->k1 - b->k0 + 1) / 2,
            .a = block_row(b, r),
            .a_row = b->a_row,
            .a_k = b->a_k,
            .b = from,
            .b_k = 2 * g->b_k,
            .c = g->c + r * g->c_row + panel * g->c_panel + column,
            .c_row = g->c_row,
            .start = g->start ? g->start + panel * g->start_panel + column : zeros,
            .next = next && i < nz ? next + 2 * i * RCK_LANES : from,
            .next_k = next && i < nz ? 2 * g->b_k : 0,
            .add = g->add || b->k0 > 0,
        };
        tile((int)mr, nz, &job);
        r += mr;
    }
}

/* The panel that is the i-th to be walked. */
static int64_t panel_at(const rck_gemm *g, int64_t i)
{
    return g->backwards ? g->panels - 1 - i : i;
}

static void all_panels(const rck_gemm *g, const block *b)
{
    for (int64_t i = 0; i < g->panels; i++) {
        const int64_t panel = panel_at(g, i);
        const int groups = panel_cols(g, panel) / RCK_LANES;
        const int strips = (groups + NZ_MOST - 1) / NZ_MOST;
        const int width = strips > 0 ? (groups + strips - 1) / strips : 0;
        const uint16_t *next =
            i + 1 < g->panels
                ? g->pairs + 2 * (panel_at(g, i + 1) * g->b_panel + b->k0 / 2 * g->b_k)
                : NULL;

        for (int z = 0; z < groups; z += width)
            strip_rows(g, b, panel, z * RCK_LANES, groups - z < width ? groups - z : width,
                       next ? next + 2 * z * RCK_LANES : NULL);
    }
}

/* Sums without a term: where they begin, or what C holds. */
static void no_terms(const rck_gemm *g)
{
    for (int64_t panel = 0; !g->add && panel < g->panels; panel++)
        for (int64_t r = 0; r < g->rows; r++)
            for (int j = 0; j < panel_cols(g, panel); j++)
                g->c[panel * g->c_panel + r * g->c_row + j] =
                    g->start ? g->start[panel * g->start_panel + j] : RC_C(0.0);
}

void RCK_FN(gemm_pairs)(const rck_gemm *g)
{
    const int64_t depth = g->chunks > 0 ? (g->chunks - 1) * g->kc + g->klast : 0;
    const int64_t pairs = (depth + 1) / 2, blocks = ceil_div(pairs, K_BLOCK / 2);
    const int64_t step_rows = g->a_block ? ROWS_PACKED : ROWS_ROUNDED;
    left room[ROWS_ROUNDED * K_ROOM];

    assert(g->chunks <= 1 || (g->kc % 2 == 0 && !g->a_block));
    if (depth == 0)
        no_terms(g);
    for (int64_t r = 0; r < g->rows; r += step_rows)
        for (int64_t i = 0; i < blocks; i++) {
            block b = {
                .r0 = r,
                .r1 = r + step_rows < g->rows ? r + step_rows : g->rows,
                .k0 = pairs * i / blocks * 2,
                .k1 = i + 1 < blocks ? pairs * (i + 1) / blocks * 2 : depth,
            };
            if (g->a_block)
                packed_rows(g, &b);
            else
                round_rows(g, &b, room);
            all_panels(g, &b);
        }
}
