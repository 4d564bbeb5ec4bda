/* cpu.c -- what this machine can run: instruction sets by their feature bits, and cores; its clock.
 *
 * A set counts as present when the processor has every feature its kernels are compiled for and
 * the operating system saves the wide registers; the model name is never looked at.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include "base/base.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const names[RCB_ISA_COUNT] = {
#define NAME(isa) #isa,
    RCB_ISA_MAP(NAME)
#undef NAME
};

const char *rcb_isa_name(rcb_isa isa)
{
    assert(isa < RCB_ISA_COUNT);
    return names[isa];
}

#if defined(__x86_64__) && !defined(RC_DOUBLE)
#include <cpuid.h>

static bool has(uint32_t reg, uint32_t bits)
{
    return (reg & bits) == bits;
}

/* The registers that the operating system saves (XCR0). Only where OSXSAVE is set. */
static uint32_t saved_registers(void)
{
    uint32_t low, high;

    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static rcb_isa widest(void)
{
    static const uint32_t fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28, f16c = 1u << 29;
    static const uint32_t avx2 = 1u << 5;
    static const uint32_t f = 1u << 16, dq = 1u << 17, cd = 1u << 28, bw = 1u << 30, vl = 1u << 31;
    static const uint32_t vnni = 1u << 11; /* in ecx */
    static const uint32_t bf16 = 1u << 5;  /* in eax of the second part */
    static const uint32_t ymm = 0x06, zmm = 0xE6;
    uint32_t a, b, c, d;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !has(c, fma | osxsave | avx | f16c))
        return RCB_ISA_plain;

    const uint32_t saved = saved_registers();

    if (!has(saved, ymm) || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || !has(b, avx2))
        return RCB_ISA_plain;
    if (!has(saved, zmm) || !has(b, f | dq | cd | bw | vl))
        return RCB_ISA_avx2;
    if (!has(c, vnni))
        return RCB_ISA_avx512;
    if (a < 1 || !__get_cpuid_count(7, 1, &a, &b, &c, &d) || !has(a, bf16))
        return RCB_ISA_avx512vnni;
    return RCB_ISA_avx512bf16;
}
#else
static rcb_isa widest(void)
{
    return RCB_ISA_plain;
}
#endif

bool rcb_isa_here(rcb_isa isa)
{
    return isa <= widest();
}

static bool find(const char *word, rcb_isa *out)
{
    for (int i = 0; i < RCB_ISA_COUNT; i++) {
        if (strcmp(word, names[i]) == 0) {
            *out = (rcb_isa)i;
            return true;
        }
    }
    return false;
}

rc_status rcb_isa_pick(rcb_isa *out)
{
    const char *word = getenv("RECUR_CPU");
    rcb_isa isa = widest();

    if (word && *word) {
        if (!find(word, &isa))
            return RC_FAIL_HINT(
                RC_EINVAL,
                "set it to plain, avx2, avx512, avx512vnni or avx512bf16, or leave it unset",
                "RECUR_CPU is '%s', which names no instruction set", word);
#ifdef RC_DOUBLE
        isa = RCB_ISA_plain; /* the word is for the program this one checks */
#endif
        if (!rcb_isa_here(isa))
            return RC_FAIL_HINT(RC_EINVAL, "leave RECUR_CPU unset to take the widest there is",
                                "RECUR_CPU asks for '%s', this machine has '%s' at most", word,
                                names[widest()]);
    }
    *out = isa;
    return RC_OK;
}

/* Asked for every checksum, hence of what the compiler's library has found out once: the
 * instruction that tells of features takes microseconds on a virtual machine. */
bool rcb_has_carryless(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("pclmul") != 0;
#else
    return false;
#endif
}

int rcb_cores(void)
{
#ifdef __linux__
    cpu_set_t sets[8]; /* 8192 processors; the call fails on a larger machine */

    if (sched_getaffinity(0, sizeof sets, sets) == 0) {
        const int count = CPU_COUNT_S(sizeof sets, sets);

        if (count > 0)
            return count;
    }
#endif
    const long online = sysconf(_SC_NPROCESSORS_ONLN);

    return online < 1 ? 1 : (int)online;
}

double rcb_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

rc_status rc_build_info(rc_build *out)
{
    rcb_isa isa;
    int threads;

    RC_TRY(rcb_isa_pick(&isa));
    RC_TRY(rcb_threads(&threads));
    *out = (rc_build){
        .version = RC_VERSION,
        .isa = names[isa],
        .threads = threads,
        .is_double = sizeof(rc_real) == sizeof(double),
        .parts = rcb_file_parts(),
    };
    return RC_OK;
}
