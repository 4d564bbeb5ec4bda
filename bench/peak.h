/* peak.h -- the yardstick: how many fused multiply-adds this core does right now. A machine that is
 * shared gives more or less from second to second, so programs of bench/ probe before and after. */
#ifndef BENCH_PEAK_H
#define BENCH_PEAK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

static inline double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx512f"))) static void *peak_avx512(void *steps)
{
    __m512 acc[16];
    const __m512 x = _mm512_set1_ps(0.999999f), y = _mm512_set1_ps(1e-6f);
    for (int i = 0; i < 16; i++)
        acc[i] = _mm512_set1_ps(1.0f + (float)i);
    for (int64_t k = 0; k < *(int64_t *)steps; k++) {
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++)
            acc[i] = _mm512_fmadd_ps(acc[i], x, y);
        __asm__ volatile("");
    }
    for (int i = 1; i < 16; i++)
        acc[0] = _mm512_add_ps(acc[0], acc[i]);
    volatile float sink = _mm512_cvtss_f32(acc[0]);
    (void)sink;
    return NULL;
}

__attribute__((target("avx2,fma"))) static void *peak_avx2(void *steps)
{
    __m256 acc[14];
    const __m256 x = _mm256_set1_ps(0.999999f), y = _mm256_set1_ps(1e-6f);
    for (int i = 0; i < 14; i++)
        acc[i] = _mm256_set1_ps(1.0f + (float)i);
    for (int64_t k = 0; k < *(int64_t *)steps; k++) {
#pragma GCC unroll 14
        for (int i = 0; i < 14; i++)
            acc[i] = _mm256_fmadd_ps(acc[i], x, y);
        __asm__ volatile("");
    }
    for (int i = 1; i < 14; i++)
        acc[0] = _mm256_add_ps(acc[0], acc[i]);
    volatile float sink = _mm256_cvtss_f32(acc[0]);
    (void)sink;
    return NULL;
}

/* GFLOP/s of `threads` cores together, the widest instructions of this machine; the best of several
 * short tries. */
static inline double peak_gflops(int threads)
{
    const int wide = __builtin_cpu_supports("avx512f");
    void *(*run)(void *) = wide ? peak_avx512 : peak_avx2;
    int64_t steps = 2000000;
    double best = 0;

    for (int try = 0; try < 5; try++) {
        pthread_t id[64];
        const double begin = now();
        for (int i = 1; i < threads && i < 64; i++)
            pthread_create(&id[i], NULL, run, &steps);
        run(&steps);
        for (int i = 1; i < threads && i < 64; i++)
            pthread_join(id[i], NULL);
        const double flops = (double)steps * threads * (wide ? 16 * 16 * 2 : 14 * 8 * 2);
        const double rate = 1e-9 * flops / (now() - begin);
        best = rate > best ? rate : best;
    }
    return best;
}
#else
static inline double peak_gflops(int threads)
{
    (void)threads;
    return 0;
}
#endif
#endif
