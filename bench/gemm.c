/* gemm.c -- how near the products come to what the machine can do.
 *
 * For each instruction set and shape: the median time of a call, GFLOP/s, and the share of the FMA
 * peak, which is probed just before and after (the lower of the two counts; when they differ much,
 * somebody else had the core). Rows of one are also given in GB/s of weights. One thread.
 *
 *     bench_gemm [ISA]
 */
#define _GNU_SOURCE /* clock_gettime */
#include "kernel/kernel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { PROBE_STEPS = 400000, CALLS_MOST = 4000 };

typedef struct shape {
    const char *name;
    int64_t rows, chunks, kc, panels;
    int cols;
    bool blocks; /* A lies as pack_t leaves it */
} shape;

static const shape shapes[] = {
    {"recurrent, 20 rows, K 650, 41 panels of 64", 20, 1, 650, 41, 64, false},
    {"recurrent, 64 rows", 64, 1, 650, 41, 64, false},
    {"recurrent, 32 rows, K 256, 16 panels", 32, 1, 256, 16, 64, false},
    {"gru, 20 rows, K 650, 41 panels of 48", 20, 1, 650, 41, 48, false},
    {"input, 700 rows, K 650, 41 panels of 64", 700, 1, 650, 41, 64, false},
    {"input, one panel a call", 700, 1, 650, 1, 64, false},
    {"dW, 650 rows in blocks, K 700, 41 panels", 650, 1, 700, 41, 64, true},
    {"dW, one panel a call", 650, 1, 700, 1, 64, true},
    {"dh, 20 rows, K 41 x 64, 10 panels", 20, 41, 64, 10, 64, false},
    {"dx, 700 rows, K 41 x 64, 10 panels", 700, 41, 64, 10, 64, false},
    {"softmax dx, 700 rows, K 157 x 64, 10 panels", 700, 157, 64, 10, 64, false},
    {"one row, K 650, 41 panels of 64", 1, 1, 650, 41, 64, false},
    {"one row, K 256, 16 panels of 64", 1, 1, 256, 16, 64, false},
    {"one row, K 650, 41 panels of 48", 1, 1, 650, 41, 48, false},
    {"two rows, K 650, 41 panels of 64", 2, 1, 650, 41, 64, false},
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static double probe_avx512(void)
{
    __m512 sum[16];
    const __m512 x = _mm512_set1_ps(0.999f);
    float out = 0;
    const double begin = now();

    for (int i = 0; i < 16; i++)
        sum[i] = _mm512_set1_ps((float)i);
    for (int n = 0; n < PROBE_STEPS; n++)
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++)
            sum[i] = _mm512_fmadd_ps(sum[i], x, x);
    for (int i = 0; i < 16; i++)
        out += _mm512_cvtss_f32(sum[i]);
    return out < 1e30f ? 32.0 * 16 * PROBE_STEPS / (now() - begin) : 0;
}

__attribute__((target("avx2,fma"))) static double probe_avx2(void)
{
    __m256 sum[12];
    const __m256 x = _mm256_set1_ps(0.999f);
    float out = 0;
    const double begin = now();

    for (int i = 0; i < 12; i++)
        sum[i] = _mm256_set1_ps((float)i);
    for (int n = 0; n < PROBE_STEPS; n++)
#pragma GCC unroll 12
        for (int i = 0; i < 12; i++)
            sum[i] = _mm256_fmadd_ps(sum[i], x, x);
    for (int i = 0; i < 12; i++)
        out += _mm256_cvtss_f32(sum[i]);
    return out < 1e30f ? 16.0 * 12 * PROBE_STEPS / (now() - begin) : 0;
}
#endif

/* FLOP/s of independent fused multiply-adds; 0 where the set has none. */
static double probe(rcb_isa isa)
{
#if defined(__x86_64__)
    if (isa == RCB_ISA_avx512)
        return probe_avx512();
    if (isa == RCB_ISA_avx2)
        return probe_avx2();
#endif
    (void)isa;
    return 0;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static rc_real *reals(rcb_arena *arena, int64_t n)
{
    rc_real *x = rcb_arena_keep(arena, (size_t)n, sizeof *x);

    if (!x) {
        fprintf(stderr, "%s\n", rc_error_message());
        exit(1);
    }
    for (int64_t i = 0; i < n; i++)
        x[i] = (rc_real)(i % 61 - 30) / 61;
    return x;
}

static void measure(rcb_isa isa, const shape *s, rcb_arena *arena)
{
    static double times[CALLS_MOST];
    const rck_table *t = rck_table_of(isa);
    const int64_t K = s->chunks * s->kc;
    const int64_t width = rck_pad(s->kc);
    const int64_t blocks = (s->rows + RCK_MB - 1) / RCK_MB;
    const rck_gemm g = {
        .rows = s->rows,
        .chunks = s->chunks,
        .kc = s->kc,
        .klast = s->kc,
        .a = reals(arena, s->blocks ? blocks * RCK_MB * K : s->chunks * s->rows * width),
        .a_row = s->blocks ? 1 : width,
        .a_k = s->blocks ? RCK_MB : 1,
        .a_chunk = s->rows * width,
        .a_block = s->blocks ? RCK_MB * K : 0,
        .b = reals(arena, s->panels * K * s->cols),
        .b_k = s->cols,
        .b_panel = K * s->cols,
        .c = reals(arena, s->panels * s->rows * s->cols),
        .c_row = s->cols,
        .c_panel = s->rows * s->cols,
        .panels = s->panels,
        .cols = s->cols,
        .cols_last = s->cols,
    };
    const double flop = 2.0 * (double)(s->rows * K * s->panels * s->cols);
    const double bytes = (double)(K * s->panels * s->cols) * sizeof(rc_real);
    const double before = probe(isa);
    const double end = now() + 0.25;
    int n = 0;

    while (n < CALLS_MOST && (n < 5 || now() < end)) {
        const double begin = now();

        t->gemm(&g);
        times[n++] = now() - begin;
    }
    qsort(times, (size_t)n, sizeof *times, by_value);

    const double after = probe(isa);
    const double peak = fmin(before, after);
    const double rate = flop / times[n / 2];

    printf("%-7s %-45s %9.1f us %7.1f GF/s", t->name, s->name, times[n / 2] * 1e6, rate * 1e-9);
    if (peak > 0)
        printf("  %5.1f%% of %5.1f%s", 100 * rate / peak, peak * 1e-9,
               fabs(before - after) > 0.1 * peak ? " (unsteady)" : "");
    if (s->rows <= 2)
        printf("  %6.1f GB/s", bytes / times[n / 2] * 1e-9);
    printf("\n");
    rcb_arena_reset(arena);
}

int main(int argc, char **argv)
{
    rcb_arena *arena;

    if (rcb_arena_new(&arena, (size_t)64 << 20) != RC_OK) {
        fprintf(stderr, "%s\n", rc_error_message());
        return 1;
    }
    for (int i = RCB_ISA_COUNT - 1; i >= 0; i--) {
        const rcb_isa isa = (rcb_isa)i;

        if (!rcb_isa_here(isa) || !rck_table_of(isa))
            continue;
        if (argc > 1 && strcmp(argv[1], rcb_isa_name(isa)) != 0)
            continue;
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
            measure(isa, &shapes[s], arena);
    }
    rcb_arena_free(arena);
    return 0;
}
