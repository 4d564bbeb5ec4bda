/* gemm.c -- products of rows with packed panels (see rck_gemm in kernel.h).
 *
 * One micro-kernel: a tile of C, mr rows by nz groups of 16 columns, stays in registers while k
 * runs over a block; A is broadcast, B is read as it lies. Its sizes are constants of one inlined
 * body:
 *
 *   avx512  nz 4: mr <= 6   nz 3: mr <= 8   nz 2: mr <= 12   nz 1: mr <= 20
 *   avx2    nz 1 (two registers): mr <= 6
 *   plain   nz 1 (a plain array): one row
 *
 * The k axis is walked in blocks whose part of B stays in the cache while all row tiles use it; C
 * carries the sums from block to block, which does not change a bit. The first tiles ask for the
 * next block of B, one line per k and tile. A single row takes several panels at once instead, so
 * that enough sums are in flight. Order over k is the contract: no sum is ever split.
 */
#include "kernel/table_in.h"

#if defined(__AVX512F__) && !defined(RC_DOUBLE)

#include <immintrin.h>

enum { WIDTH = 16, NZ_MOST = 4 };
static const int mr_most[NZ_MOST + 1] = {0, 20, 12, 8, 6};

typedef __m512 vec;
#define vec_load _mm512_loadu_ps
#define vec_store _mm512_storeu_ps
#define vec_set _mm512_set1_ps
#define vec_fma _mm512_fmadd_ps

#elif defined(__AVX2__) && !defined(RC_DOUBLE)

#include <immintrin.h>

enum { WIDTH = 8, NZ_MOST = 1 };
static const int mr_most[NZ_MOST + 1] = {0, 6};

typedef __m256 vec;
#define vec_load _mm256_loadu_ps
#define vec_store _mm256_storeu_ps
#define vec_set _mm256_set1_ps
#define vec_fma _mm256_fmadd_ps

#else

enum { WIDTH = RCK_LANES, NZ_MOST = 1 };
static const int mr_most[NZ_MOST + 1] = {0, 1};

#endif

enum {
    K_BLOCK = 128,     /* k of a block: 32 KiB of a panel of 64 columns stay in the first cache */
    K_BLOCK_FEW = 256, /* the same for up to FEW rows, for which reading C again weighs more */
    FEW = 32,
    A_NEAR = 192 * 1024, /* reals of A that stay in the second cache while panels pass by */
    SPAN = 704,          /* k of a piece of A that has to be cut */
    ROW_STEP = 120,      /* divisible by all mr_most */
    AHEAD = 24           /* steps of k between asking for a line of B and using it */
};

/* A block of the k axis: whole chunks, or a piece of one. */
typedef struct k_block {
    int64_t chunk; /* first chunk */
    int64_t k;     /* first k in that chunk */
    int64_t chunks, kc, klast;
    int64_t start; /* k before it, over all chunks */
} k_block;

/* What a tile needs. */
typedef struct tile_job {
    int64_t chunks, kc, klast;
    const rc_real *a;
    int64_t a_row, a_k, a_chunk;
    const rc_real *b;
    int64_t b_k, b_panel;
    rc_real *c;
    int64_t c_row, c_panel;
    const rc_real *start; /* columns that every row begins as, when not `add` */
    int64_t start_panel;
    const rc_real *next; /* a line to ask for at every k: next_k further each time, and in */
    int64_t next_k;      /* every chunk next_chunk further than in the one before */
    int64_t next_chunk;
    bool add;
} tile_job;

#if defined(__AVX2__) && !defined(RC_DOUBLE)

/* The tile: mr rows, nv registers of columns. */
RC_INLINE void tile_body(const int mr, const int nv, const tile_job *j)
{
    const int64_t a_row = j->a_row;
    const int64_t a_k = j->a_k;
    const int64_t b_k = j->b_k;
    const int64_t c_row = j->c_row;
    const float *chunk_a = j->a;
    const float *b = j->b;
    const char *chunk_next = (const char *)j->next;
    const int64_t next_k = j->next_k * (int64_t)sizeof(float);
    const int64_t next_chunk = j->next_chunk * (int64_t)sizeof(float);
    float *c = j->c;
    vec sum[20][4];

    RC_UNROLL
    for (int r = 0; r < mr; r++) {
        RC_UNROLL
        for (int z = 0; z < nv; z++)
            sum[r][z] = vec_load(j->add ? c + r * c_row + z * WIDTH : j->start + z * WIDTH);
    }

    for (int64_t left = j->chunks; left > 0;
         left--, chunk_a += j->a_chunk, chunk_next += next_chunk) {
        const float *a = chunk_a;
        const char *next = chunk_next;

        for (int64_t k = left > 1 ? j->kc : j->klast; k > 0; k--, a += a_k, b += b_k) {
            vec line[4];

            RC_UNROLL
            for (int z = 0; z < nv; z++)
                line[z] = vec_load(b + z * WIDTH);
            if (mr > 4) {
                _mm_prefetch(next, _MM_HINT_T1);
                next += next_k;
            } else { /* few sums for each line of B: it must come at full speed itself */
                RC_UNROLL
                for (int z = 0; z < nv; z += RCK_LANES / WIDTH)
                    _mm_prefetch((const char *)(b + AHEAD * b_k + z * WIDTH), _MM_HINT_T0);
            }
            RC_UNROLL
            for (int r = 0; r < mr; r++) {
                vec x = vec_set(a[r * a_row]);

                if (nv > 1) /* one broadcast into a register, not one inside every fma */
                    __asm__("" : "+v"(x));
                RC_UNROLL
                for (int z = 0; z < nv; z++)
                    sum[r][z] = vec_fma(x, line[z], sum[r][z]);
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

/* One row: np panels side by side, nv registers of columns in each. */
RC_INLINE void row_body(const int np, const int nv, const tile_job *j)
{
    const int64_t a_k = j->a_k;
    const int64_t b_k = j->b_k;
    const int64_t b_panel = j->b_panel;
    const float *chunk_a = j->a;
    const float *b = j->b;
    float *c = j->c;
    vec sum[8][8];

    RC_UNROLL
    for (int p = 0; p < np; p++) {
        RC_UNROLL
        for (int z = 0; z < nv; z++)
            sum[p][z] =
                vec_load((j->add ? c + p * j->c_panel : j->start + p * j->start_panel) + z * WIDTH);
    }

    for (int64_t left = j->chunks; left > 0; left--, chunk_a += j->a_chunk) {
        const float *a = chunk_a;

        for (int64_t k = left > 1 ? j->kc : j->klast; k > 0; k--, a += a_k, b += b_k) {
            vec x = vec_set(*a);

            __asm__("" : "+v"(x));
            RC_UNROLL
            for (int p = 0; p < np; p++) {
                RC_UNROLL
                for (int z = 0; z < nv; z++)
                    sum[p][z] = vec_fma(x, vec_load(b + p * b_panel + z * WIDTH), sum[p][z]);
            }
        }
    }
    RC_UNROLL
    for (int p = 0; p < np; p++) {
        RC_UNROLL
        for (int z = 0; z < nv; z++)
            vec_store(c + p * j->c_panel + z * WIDTH, sum[p][z]);
    }
}

#else

RC_INLINE void tile_body(const int mr, const int nv, const tile_job *j)
{
    const rc_real *chunk_a = j->a;
    const rc_real *b = j->b;
    rc_real sum[RCK_LANES];

    (void)mr;
    (void)nv;
    for (int i = 0; i < RCK_LANES; i++)
        sum[i] = j->add ? j->c[i] : j->start[i];
    for (int64_t left = j->chunks; left > 0; left--, chunk_a += j->a_chunk) {
        const rc_real *a = chunk_a;

        for (int64_t k = left > 1 ? j->kc : j->klast; k > 0; k--, a += j->a_k, b += j->b_k)
            for (int i = 0; i < RCK_LANES; i++)
                sum[i] = RC_FMA(*a, b[i], sum[i]);
    }
    for (int i = 0; i < RCK_LANES; i++)
        j->c[i] = sum[i];
}

RC_INLINE void row_body(const int np, const int nv, const tile_job *j)
{
    (void)np;
    for (int z = 0; z < nv; z++) {
        tile_job strip = *j;

        strip.b += z * WIDTH;
        strip.c += z * WIDTH;
        strip.start += z * WIDTH;
        tile_body(1, 1, &strip);
    }
}

#endif

/* The body for mr rows and nz groups of 16 columns. */
static void tile(int mr, int nz, const tile_job *j)
{
    switch (nz * 32 + mr) {
#define TILE(nz, mr)                                                                               \
    case (nz)*32 + (mr):                                                                           \
        tile_body((mr), (nz)*RCK_LANES / WIDTH, j);                                                \
        return;
        TILE(1, 1)
#if defined(__AVX2__) && !defined(RC_DOUBLE)
        TILE(1, 2)
        TILE(1, 3)
        TILE(1, 4)
        TILE(1, 5)
        TILE(1, 6)
#endif
#if defined(__AVX512F__) && !defined(RC_DOUBLE)
        TILE(1, 7)
        TILE(1, 8)
        TILE(1, 9)
        TILE(1, 10)
        TILE(1, 11)
        TILE(1, 12)
        TILE(1, 13)
        TILE(1, 14)
        TILE(1, 15)
        TILE(1, 16)
        TILE(1, 17)
        TILE(1, 18)
        TILE(1, 19)
        TILE(1, 20)
        TILE(2, 1)
        TILE(2, 2)
        TILE(2, 3)
        TILE(2, 4)
        TILE(2, 5)
        TILE(2, 6)
        TILE(2, 7)
        TILE(2, 8)
        TILE(2, 9)
        TILE(2, 10)
        TILE(2, 11)
        TILE(2, 12)
        TILE(3, 1)
        TILE(3, 2)
        TILE(3, 3)
        TILE(3, 4)
        TILE(3, 5)
        TILE(3, 6)
        TILE(3, 7)
        TILE(3, 8)
        TILE(4, 1)
        TILE(4, 2)
        TILE(4, 3)
        TILE(4, 4)
        TILE(4, 5)
        TILE(4, 6)
#endif
#undef TILE
    default:
        assert(!"a tile of this shape");
    }
}

/* Panels side by side for a single row of nz groups: 8 to 12 registers of sums. */
#if defined(__AVX512F__) && !defined(RC_DOUBLE)
static const int np_most[5] = {0, 8, 4, 3, 2};
#elif defined(__AVX2__) && !defined(RC_DOUBLE)
static const int np_most[5] = {0, 6, 3, 2, 1};
#else
static const int np_most[5] = {0, 1, 1, 1, 1};
#endif

/* One row of np panels: np_most[nz] of them side by side, any other number one by one. */
static void row(int np, int nz, const tile_job *j)
{
    tile_job one = *j;

#define ROW(nz, np)                                                                                \
    case (nz):                                                                                     \
        row_body((np), (nz)*RCK_LANES / WIDTH, &one);                                              \
        break;
#if defined(__AVX2__) && !defined(RC_DOUBLE)
    if (np > 1 && np == np_most[nz]) {
        switch (nz) {
#if defined(__AVX512F__)
            ROW(1, 8)
            ROW(2, 4)
            ROW(3, 3)
            ROW(4, 2)
#else
            ROW(1, 6)
            ROW(2, 3)
            ROW(3, 2)
#endif
        default:
            assert(!"a row of this shape");
        }
        return;
    }
#endif
    for (int p = 0; p < np;
         p++, one.b += j->b_panel, one.c += j->c_panel, one.start += j->start_panel)
        switch (nz) {
            ROW(1, 1)
            ROW(2, 1)
            ROW(3, 1)
            ROW(4, 1)
        default:
            assert(!"a row of this shape");
        }
#undef ROW
}

/* Columns of a strip: groups cut as evenly as strips of at most `most` groups allow. */
static int strip_width(int groups, int most)
{
    const int strips = (groups + most - 1) / most;

    return strips > 0 ? (groups + strips - 1) / strips : 0;
}

static int64_t ceil_div(int64_t n, int64_t by)
{
    return (n + by - 1) / by;
}

/* k of a block at most. */
static int64_t block_most(const rck_gemm *g)
{
    return g->rows > FEW ? K_BLOCK : K_BLOCK_FEW;
}

/* Chunks of a block when chunks are short, otherwise 0: blocks are pieces of a chunk. */
static int64_t group_of(const rck_gemm *g)
{
    const int64_t most = block_most(g);

    return g->chunks > 1 && g->kc < most ? most / (g->kc > 0 ? g->kc : 1) : 0;
}

/* Blocks of the k axis, which is not empty. */
static int64_t block_count(const rck_gemm *g)
{
    const int64_t group = group_of(g);
    const int64_t longest = g->chunks > 1 ? g->kc : g->klast;

    return group > 0 ? ceil_div(g->chunks, group) : g->chunks * ceil_div(longest, block_most(g));
}

static k_block block_at(const rck_gemm *g, int64_t i)
{
    const int64_t group = group_of(g);

    if (group > 0) {
        const int64_t chunk = i * group;
        const int64_t left = g->chunks - chunk;

        return (k_block){
            .chunk = chunk,
            .chunks = left < group ? left : group,
            .kc = g->kc,
            .klast = left <= group ? g->klast : g->kc,
            .start = chunk * g->kc,
        };
    }
    const int64_t pieces = block_count(g) / g->chunks;
    const int64_t chunk = i / pieces;
    const int64_t length = chunk + 1 < g->chunks ? g->kc : g->klast;
    const int64_t k = length * (i % pieces) / pieces;
    const int64_t end = length * (i % pieces + 1) / pieces;

    return (k_block){
        .chunk = chunk,
        .k = k,
        .chunks = 1,
        .kc = end - k,
        .klast = end - k,
        .start = chunk * g->kc + k,
    };
}

static int64_t a_offset(const rck_gemm *g, int64_t r)
{
    if (g->a_block)
        return r / RCK_MB * g->a_block + r % RCK_MB * g->a_row;
    return r * g->a_row;
}

static int panel_cols(const rck_gemm *g, int64_t panel)
{
    return panel + 1 < g->panels ? g->cols : g->cols_last;
}

/* k of a block. */
static int64_t job_depth(const tile_job *job)
{
    return (job->chunks - 1) * job->kc + job->klast;
}

/* Rows [r0,r1) of one strip of nz groups. `job` is set but for its rows: a and c are those of
 * row 0. `next` is a strip's part of the block of B that follows, or NULL; the first tiles share
 * the work of asking for it, line after line, so that the machine sees where it leads. The job is
 * changed in place: a copy would be read wider than it was just written, and wait for the stores
 * of the tile before. */
static void strip_rows(const rck_gemm *g, tile_job *job, int nz, int64_t r0, int64_t r1,
                       const rc_real *next)
{
    const rc_real *const a = job->a;
    rc_real *const c = job->c;
    const int64_t most = mr_most[nz];
    const int64_t tiles = ceil_div(r1 - r0, most);
    int64_t r = r0;

    for (int64_t i = 0; r < r1; i++) {
        int64_t mr = g->a_block ? RCK_MB - r % RCK_MB : ceil_div(r1 - r, tiles - i);

        mr = mr < most ? mr : most;
        mr = mr < r1 - r ? mr : r1 - r;
        job->a = a + a_offset(g, r);
        job->c = c + r * g->c_row;
        if (next && i < nz) {
            job->next = next + i * job_depth(job) * RCK_LANES;
            job->next_k = RCK_LANES;
            job->next_chunk = job->kc * RCK_LANES;
        } else { /* A of the chunk that follows, whose rows lie one after another */
            job->next = job->a + job->a_chunk;
            job->next_k = RCK_LANES;
            job->next_chunk = job->a_chunk;
        }
        tile((int)mr, nz, job);
        r += mr;
    }
}

/* Where sums begin that begin at nothing. */
static const rc_real zeros[4 * RCK_LANES];

static tile_job job_of(const rck_gemm *g, const k_block *b, int64_t panel, int column, bool add)
{
    return (tile_job){
        .chunks = b->chunks,
        .kc = b->kc,
        .klast = b->klast,
        .a = g->a + b->chunk * g->a_chunk + b->k * g->a_k,
        .a_row = g->a_row,
        .a_k = g->a_k,
        .a_chunk = g->a_chunk,
        .b = g->b + panel * g->b_panel + b->start * g->b_k + column,
        .b_k = g->b_k,
        .b_panel = g->b_panel,
        .c = g->c + panel * g->c_panel + column,
        .c_row = g->c_row,
        .c_panel = g->c_panel,
        .start = g->start ? g->start + panel * g->start_panel + column : zeros,
        .start_panel = g->start ? g->start_panel : 0,
        .add = add,
    };
}

/* Rows [r0,r1) of one panel, one block of k. `next` is the block of B that follows, or NULL. */
static void panel_rows(const rck_gemm *g, int64_t panel, const k_block *b, bool add, int64_t r0,
                       int64_t r1, const rc_real *next)
{
    const int groups = panel_cols(g, panel) / RCK_LANES;
    const int width = strip_width(groups, NZ_MOST);

    for (int z = 0; z < groups; z += width) {
        tile_job job = job_of(g, b, panel, z * RCK_LANES, add);
        const int nz = groups - z < width ? groups - z : width;

        strip_rows(g, &job, nz, r0, r1, next ? next + z * job_depth(&job) * RCK_LANES : NULL);
    }
}

/* The panel that is the i-th to be walked. */
static int64_t panel_at(const rck_gemm *g, int64_t i)
{
    return g->backwards ? g->panels - 1 - i : i;
}

/* Block i of the n-th panel. */
static const rc_real *block_start(const rck_gemm *g, int64_t n, int64_t i)
{
    return g->b + panel_at(g, n) * g->b_panel + block_at(g, i).start * g->b_k;
}

/* Rows [r0,r1) of all panels, blocks [i0,i1) of k: this part of A stays near while B passes by. */
static void piece(const rck_gemm *g, int64_t i0, int64_t i1, int64_t r0, int64_t r1)
{
    for (int64_t n = 0; n < g->panels; n++)
        for (int64_t i = i0; i < i1; i++) {
            const k_block b = block_at(g, i);
            const rc_real *next = i + 1 < i1          ? block_start(g, n, i + 1)
                                  : n + 1 < g->panels ? block_start(g, n + 1, i0)
                                                      : NULL;

            panel_rows(g, panel_at(g, n), &b, g->add || i > 0, r0, r1, next);
        }
}

/* Many rows, in pieces of A_NEAR reals of A. Wide in k, a piece spares C; high, it spares B; C is
 * read and written, so that both weigh alike where a piece is about as wide as high. */
static void many_rows(const rck_gemm *g, int64_t depth)
{
    const int64_t blocks = block_count(g);
    const int64_t spans = g->rows * depth <= A_NEAR ? 1 : ceil_div(depth, SPAN);
    const int64_t per = ceil_div(blocks, spans);
    const int64_t high = A_NEAR / ceil_div(depth * per, blocks) / ROW_STEP * ROW_STEP;
    const int64_t step = high > ROW_STEP ? high : ROW_STEP;

    for (int64_t i = 0; i < blocks; i += per)
        for (int64_t r = 0; r < g->rows; r += step)
            piece(g, i, i + per < blocks ? i + per : blocks, r,
                  r + step < g->rows ? r + step : g->rows);
}

/* A single row: all of k at once, several panels side by side. */
static void one_row(const rck_gemm *g)
{
    const k_block all = {.chunks = g->chunks, .kc = g->kc, .klast = g->klast};

    for (int64_t panel = 0; panel < g->panels;) {
        const int cols = panel_cols(g, panel);
        const int groups = cols / RCK_LANES;
        const int width = strip_width(groups, 4);
        const int64_t alike = cols == g->cols_last ? g->panels - panel : g->panels - panel - 1;
        const int np = width > 0 && np_most[width] <= alike ? np_most[width] : 1;

        for (int z = 0; z < groups; z += width) {
            const tile_job job = job_of(g, &all, panel, z * RCK_LANES, g->add);
            const int nz = groups - z < width ? groups - z : width;

            row(np, nz, &job);
        }
        panel += np;
    }
}

/* Sums without a term: where they begin, or what C holds. A and B may be NULL. */
static void no_terms(const rck_gemm *g)
{
    for (int64_t panel = 0; !g->add && panel < g->panels; panel++)
        for (int64_t r = 0; r < g->rows; r++)
            for (int j = 0; j < panel_cols(g, panel); j++)
                g->c[panel * g->c_panel + r * g->c_row + j] =
                    g->start ? g->start[panel * g->start_panel + j] : RC_C(0.0);
}

void RCK_FN(gemm)(const rck_gemm *g)
{
    const int64_t depth = g->chunks > 0 ? (g->chunks - 1) * g->kc + g->klast : 0;

    if (g->pairs)
        RCK_FN(gemm_pairs)(g);
    else if (depth == 0 || g->rows == 0)
        no_terms(g);
    else if (g->rows == 1)
        one_row(g);
    else
        many_rows(g, depth);
}
