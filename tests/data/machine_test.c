/* machine_test.c -- machines are sorted, come to rest, and are measured as by hand. */
#include "check.h"
#include "data/data_in.h"

/* a at home, or a walk abc back home. */
static void build(rcd_machine *m, double p)
{
    const int32_t home = rcd_machine_states(m, 1);

    rcd_machine_word(m, home, p, "abc", home);
    rcd_machine_edge(m, home, 1 - p, 'a', home);
    rcd_machine_edge(m, home, 0, 'z', home);
}

static void words_make_ways_of_their_own(void **unused)
{
    (void)unused;
    rcd_machine m = {.name = "test"};
    size_t end;

    build(&m, 0.25);
    CHECK_STATUS(rcd_machine_finish(&m), RC_OK);
    assert_int_equal(m.states, 3);
    assert_int_equal(m.edges, 4);

    size_t e = rcd_machine_say(&m, 0, 'a', &end);
    assert_int_equal(end - e, 2);
    CHECK_NEAR(m.edge[e].p + m.edge[e + 1].p, 1, 1e-15);
    assert_true(m.edge[end - 1].upto == 1);
    e = rcd_machine_say(&m, 1, 'b', &end);
    assert_int_equal(end - e, 1);
    assert_int_equal(m.edge[e].to, 2);
    for (int c = 0; c < 256; c++)
        if (c != 'a') {
            e = rcd_machine_say(&m, 0, (unsigned char)c, &end);
            assert_int_equal(e, end);
        }
    rcd_machine_free(&m);
}

/* Home for one of 1 + 2 p symbols, where 1 choice is made. */
static void rest_and_bits_are_those_by_hand(void **unused)
{
    (void)unused;
    for (int i = 1; i < 10; i++) {
        const double p = i / 10.0, h = -p * log2(p) - (1 - p) * log2(1 - p);
        rcd_machine m = {.name = "test"};

        build(&m, p);
        CHECK_STATUS(rcd_machine_finish(&m), RC_OK);
        CHECK_NEAR(m.rest[0], 1 / (1 + 2 * p), 1e-12);
        CHECK_NEAR(m.rest[1], p / (1 + 2 * p), 1e-12);
        CHECK_NEAR(m.rest[2], p / (1 + 2 * p), 1e-12);
        CHECK_NEAR(rcd_machine_bits(&m), h / (1 + 2 * p), 1e-12);
        rcd_machine_free(&m);
    }
}

static void a_ring_comes_to_rest(void **unused)
{
    (void)unused;
    rcd_machine m = {.name = "test"};

    (void)rcd_machine_states(&m, 7);
    for (int32_t s = 0; s < 7; s++)
        rcd_machine_edge(&m, s, 1, 'x', (s + 1) % 7);
    CHECK_STATUS(rcd_machine_finish(&m), RC_OK);
    for (int32_t s = 0; s < 7; s++)
        CHECK_NEAR(m.rest[s], 1.0 / 7, 1e-12);
    CHECK_NEAR(rcd_machine_bits(&m), 0, 1e-15);
    rcd_machine_free(&m);
}

static void what_is_too_large_is_refused(void **unused)
{
    (void)unused;
    const double many[] = {RCD_MOST_STATES + 1.0, 1e300, (double)INFINITY, (double)NAN};

    for (size_t i = 0; i < sizeof many / sizeof *many; i++) {
        rcd_machine m = {.name = "huge"};

        (void)rcd_machine_states(&m, many[i]);
        rcd_machine_edge(&m, 0, 1, 'x', 0); /* of no state: ignored */
        CHECK_STATUS(rcd_machine_finish(&m), RC_EINVAL);
        CHECK_MESSAGE_HAS("cannot make 'huge': it has more than 65536 states");
        rcd_machine_free(&m);
    }

    rcd_machine m = {.name = "wide"};
    const int32_t s = rcd_machine_states(&m, 1);

    for (int i = 0; i <= RCD_MOST_EDGES; i++)
        rcd_machine_edge(&m, s, 1.0 / 1024 / 1024, 'x', s);
    CHECK_STATUS(rcd_machine_finish(&m), RC_EINVAL);
    CHECK_MESSAGE_HAS("1048576 ways");
    rcd_machine_free(&m);
}

static rc_status make_once(void *unused)
{
    rcd_machine m = {.name = "test"};

    (void)unused;
    build(&m, 0.5);
    const rc_status s = rcd_machine_finish(&m);
    rcd_machine_free(&m);
    return s;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    CHECK_EACH_ALLOCATION(make_once, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_make_ways_of_their_own),
        cmocka_unit_test(rest_and_bits_are_those_by_hand),
        cmocka_unit_test(a_ring_comes_to_rest),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
