/* cpu_test.c -- instruction sets against what the system reports, and the variable that narrows
 * them. */
#define _GNU_SOURCE /* setenv, sched_setaffinity */
#include "check.h"

#include <sched.h>

static void sets_have_the_names_of_the_list(void **unused)
{
    (void)unused;
    assert_int_equal(RCB_ISA_COUNT, 5);
    assert_string_equal(rcb_isa_name(RCB_ISA_plain), "plain");
    assert_string_equal(rcb_isa_name(RCB_ISA_avx2), "avx2");
    assert_string_equal(rcb_isa_name(RCB_ISA_avx512), "avx512");
    assert_string_equal(rcb_isa_name(RCB_ISA_avx512vnni), "avx512vnni");
    assert_string_equal(rcb_isa_name(RCB_ISA_avx512bf16), "avx512bf16");
}

static void plain_is_always_here_and_sets_are_nested(void **unused)
{
    (void)unused;
    assert_true(rcb_isa_here(RCB_ISA_plain));
    for (int i = 1; i < RCB_ISA_COUNT; i++)
        assert_true(rcb_isa_here((rcb_isa)(i - 1)) || !rcb_isa_here((rcb_isa)i));
#ifdef RC_DOUBLE
    assert_false(rcb_isa_here(RCB_ISA_avx2));
#endif
}

#if defined(__x86_64__) && defined(__linux__) && !defined(RC_DOUBLE)
/* All these words stand in the flags line of /proc/cpuinfo, which the kernel cleans of features
 * whose registers it does not save. */
static bool kernel_lists(const char *flags, const char *const *words)
{
    for (; *words; words++) {
        char word[32];

        (void)snprintf(word, sizeof word, " %s ", *words);
        if (!strstr(flags, word))
            return false;
    }
    return true;
}

static void sets_agree_with_the_kernel(void **unused)
{
    static const char *const avx2[] = {"avx", "avx2", "fma", "f16c", NULL};
    static const char *const avx512[] = {"avx512f",  "avx512bw", "avx512dq",
                                         "avx512vl", "avx512cd", NULL};
    static const char *const vnni[] = {"avx512_vnni", NULL};
    static const char *const bf16[] = {"avx512_bf16", NULL};
    static char line[1 << 16];
    FILE *f = fopen("/proc/cpuinfo", "r");

    (void)unused;
    while (f && fgets(line, sizeof line, f) && strncmp(line, "flags", 5) != 0)
        ;
    if (f)
        fclose(f);
    if (strncmp(line, "flags", 5) != 0) {
        print_message("/proc/cpuinfo has no flags here\n");
        skip();
    }
    line[strcspn(line, "\n")] = ' ';
    assert_int_equal(rcb_isa_here(RCB_ISA_avx2), kernel_lists(line, avx2));
    assert_int_equal(rcb_isa_here(RCB_ISA_avx512),
                     kernel_lists(line, avx2) && kernel_lists(line, avx512));
    assert_int_equal(rcb_isa_here(RCB_ISA_avx512vnni),
                     rcb_isa_here(RCB_ISA_avx512) && kernel_lists(line, vnni));
    assert_int_equal(rcb_isa_here(RCB_ISA_avx512bf16),
                     rcb_isa_here(RCB_ISA_avx512vnni) && kernel_lists(line, bf16));
}
#endif

static void widest_set_is_picked_by_default(void **unused)
{
    rcb_isa isa = RCB_ISA_COUNT;

    (void)unused;
    for (int empty = 0; empty < 2; empty++) {
        empty ? setenv("RECUR_CPU", "", 1) : unsetenv("RECUR_CPU");
        CHECK_STATUS(rcb_isa_pick(&isa), RC_OK);
        assert_true(rcb_isa_here(isa));
        for (int i = (int)isa + 1; i < RCB_ISA_COUNT; i++)
            assert_false(rcb_isa_here((rcb_isa)i));
    }
}

static void variable_narrows_the_set(void **unused)
{
    (void)unused;
    for (int i = 0; i < RCB_ISA_COUNT; i++) {
        rcb_isa isa = RCB_ISA_COUNT;

        setenv("RECUR_CPU", rcb_isa_name((rcb_isa)i), 1);
#ifdef RC_DOUBLE
        CHECK_STATUS(rcb_isa_pick(&isa), RC_OK);
        assert_int_equal(isa, RCB_ISA_plain);
#else
        if (rcb_isa_here((rcb_isa)i)) {
            CHECK_STATUS(rcb_isa_pick(&isa), RC_OK);
            assert_int_equal(isa, i);
        } else {
            CHECK_STATUS(rcb_isa_pick(&isa), RC_EINVAL);
            CHECK_MESSAGE_HAS("RECUR_CPU");
            CHECK_MESSAGE_HAS(rcb_isa_name((rcb_isa)i));
            assert_int_equal(isa, RCB_ISA_COUNT);
        }
#endif
    }
    unsetenv("RECUR_CPU");
}

static void unknown_set_is_an_error(void **unused)
{
    static const char *const words[] = {"avx3", "AVX2", " plain", "plain2", "0"};

    (void)unused;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        rcb_isa isa = RCB_ISA_COUNT;

        setenv("RECUR_CPU", words[i], 1);
        CHECK_STATUS(rcb_isa_pick(&isa), RC_EINVAL);
        CHECK_MESSAGE_HAS(words[i]);
        assert_int_equal(isa, RCB_ISA_COUNT);
    }
    unsetenv("RECUR_CPU");
}

static void cores_are_those_this_process_may_use(void **unused)
{
    const int cores = rcb_cores();

    (void)unused;
    assert_in_range(cores, 1, 8192);
#ifdef __linux__
    cpu_set_t before, one;

    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &before))
            CPU_SET(i, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(rcb_cores(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    assert_int_equal(rcb_cores(), cores);
#endif
}

static void the_build_says_what_it_is_and_how_it_would_run(void **unused)
{
    (void)unused;
    rc_build b;

    setenv("RECUR_CPU", "plain", 1);
    setenv("RECUR_THREADS", "3", 1);
    CHECK_STATUS(rc_build_info(&b), RC_OK);
    assert_string_equal(b.version, RC_VERSION);
    assert_string_equal(b.isa, "plain");
    assert_int_equal(b.threads, 3);
    assert_int_equal(b.is_double, sizeof(rc_real) == sizeof(double));
    assert_string_equal(b.parts, rcb_file_parts());

    setenv("RECUR_THREADS", "many", 1);
    CHECK_STATUS(rc_build_info(&b), RC_EINVAL);
    CHECK_MESSAGE_HAS("RECUR_THREADS");
    unsetenv("RECUR_THREADS");
    setenv("RECUR_CPU", "pentium", 1);
    CHECK_STATUS(rc_build_info(&b), RC_EINVAL);
    CHECK_MESSAGE_HAS("RECUR_CPU");
    unsetenv("RECUR_CPU");
}

static void the_clock_never_runs_back(void **unused)
{
    (void)unused;
    double last = rcb_clock();
    const double begin = last;

    while (last < begin + 1e-4) {
        const double now = rcb_clock();

        assert_true(now >= last);
        last = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_have_the_names_of_the_list),
        cmocka_unit_test(plain_is_always_here_and_sets_are_nested),
#if defined(__x86_64__) && defined(__linux__) && !defined(RC_DOUBLE)
        cmocka_unit_test(sets_agree_with_the_kernel),
#endif
        cmocka_unit_test(widest_set_is_picked_by_default),
        cmocka_unit_test(variable_narrows_the_set),
        cmocka_unit_test(unknown_set_is_an_error),
        cmocka_unit_test(cores_are_those_this_process_may_use),
        cmocka_unit_test(the_clock_never_runs_back),
        cmocka_unit_test(the_build_says_what_it_is_and_how_it_would_run),
    };
    return cmocka_run_group_tests_name("cpu", tests, NULL, NULL);
}
