/* names_test.c -- names keep their numbers, bytes and counts, whatever the bytes are. */
#include "check.h"
#include "data/data_in.h"

/* A name of random bytes, zeros among them; often short, so that many come again. */
static size_t random_name(char *p)
{
    const size_t n = (size_t)pick(0, 3);

    for (size_t i = 0; i < n; i++)
        p[i] = (char)pick(0, n == 1 ? 255 : 12);
    return n;
}

static void equal_names_have_one_number(void **unused)
{
    (void)unused;
    enum { MOST = 4000 };
    static char kept[MOST][4];
    static size_t length[MOST];
    static int64_t count[MOST];
    rcd_names s = {0}, t;
    int32_t n = 0;

    (void)check_seed();
    for (int trial = 0; trial < 20000; trial++) {
        char name[4];
        const size_t k = random_name(name);
        const int64_t times = pick(0, 2);
        int32_t want = 0, id;

        while (want < n && (length[want] != k || memcmp(kept[want], name, k) != 0))
            want++;
        assert_int_equal(rcd_names_find(&s, name, k), want < n ? want : -1);
        if (want == n) {
            memcpy(kept[n], name, k);
            length[n++] = k;
            assert_true(n < MOST);
        }
        count[want] += times;
        CHECK_STATUS(rcd_names_add(&s, name, k, times, &id), RC_OK);
        assert_int_equal(id, want);
    }
    assert_int_equal(s.n, n);
    CHECK_STATUS(rcd_names_clone(&t, &s), RC_OK);
    rcd_names_free(&s);
    for (int32_t i = 0; i < n; i++) {
        size_t k;
        const char *p = rcd_names_at(&t, i, &k);

        assert_int_equal(k, length[i]);
        assert_memory_equal(p, kept[i], k);
        assert_true(p[k] == '\0' && t.name[i].count == count[i]);
        assert_int_equal(rcd_names_find(&t, kept[i], k), i);
    }
    rcd_names_free(&t);
}

static void no_names_are_no_names(void **unused)
{
    (void)unused;
    rcd_names s = {0}, t;

    assert_int_equal(rcd_names_find(&s, "a", 1), -1);
    assert_int_equal(rcd_names_find(&s, "ab", 2), -1);
    CHECK_STATUS(rcd_names_clone(&t, &s), RC_OK);
    assert_int_equal(rcd_names_find(&t, "", 0), -1);
    rcd_names_free(&t);
    rcd_names_free(&s);
}

static rc_status add_and_clone(void *unused)
{
    (void)unused;
    rcd_names s = {0}, t = {0};
    rc_status status = RC_OK;
    char name[16];

    for (int i = 0; status == RC_OK && i < 300; i++) {
        const int n = snprintf(name, sizeof name, "%d", i);
        int32_t id;

        status = rcd_names_add(&s, name, (size_t)n, 1, &id);
    }
    if (status == RC_OK)
        status = rcd_names_clone(&t, &s);
    rcd_names_free(&t);
    rcd_names_free(&s);
    return status;
}

static void every_refused_allocation_is_an_error(void **unused)
{
    (void)unused;
    CHECK_EACH_ALLOCATION(add_and_clone, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_names_have_one_number),
        cmocka_unit_test(no_names_are_no_names),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
