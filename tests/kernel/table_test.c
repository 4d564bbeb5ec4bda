/* table_test.c -- the tables themselves: complete, named, one per instruction set. */
#include "check.h"
#include "oracle.h"

static void every_table_bears_the_name_of_its_set(void **unused)
{
    (void)unused;

    for (int i = 0; i < RCB_ISA_COUNT; i++) {
        const rck_table *t = rck_table_of((rcb_isa)i);

        if (t)
            assert_string_equal(t->name, rcb_isa_name((rcb_isa)i));
    }
    assert_non_null(rck_table_of(RCB_ISA_plain));
}

/* A table is pointers from end to end, so a hole is a pointer's worth of zeros. */
static void no_entry_of_a_table_is_missing(void **unused)
{
    (void)unused;

    static const unsigned char zeros[sizeof(void *)];

    for (int i = 0; i < RCB_ISA_COUNT; i++) {
        const unsigned char *bytes = (const unsigned char *)rck_table_of((rcb_isa)i);

        for (size_t at = 0; bytes && at < sizeof(rck_table); at += sizeof(void *))
            if (memcmp(bytes + at, zeros, sizeof zeros) == 0)
                fail_msg("entry %zu of %s is missing", at / sizeof(void *),
                         rcb_isa_name((rcb_isa)i));
    }
}

static bool adds_to_avx512(int isa)
{
    return isa == RCB_ISA_avx512vnni || isa == RCB_ISA_avx512bf16;
}

static void tables_share_no_function_but_with_what_they_add_to(void **unused)
{
    (void)unused;

    for (int i = 0; i < RCB_ISA_COUNT; i++)
        for (int k = 0; k < i; k++) {
            const rck_table *t = rck_table_of((rcb_isa)i), *u = rck_table_of((rcb_isa)k);
            const unsigned char *a = (const unsigned char *)t, *b = (const unsigned char *)u;

            if (!t || !u)
                continue;
            if (adds_to_avx512(i) && (adds_to_avx512(k) || k == RCB_ISA_avx512)) {
                assert_true(t->add == u->add && t->adam == u->adam);
                assert_true(t->row_int8 != u->row_int8 && t->pair != u->pair && t->gemm != u->gemm);
                continue;
            }
            for (size_t at = 0; at < sizeof(rck_table); at += sizeof(void *))
                assert_true(memcmp(a + at, b + at, sizeof(void *)) != 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_bears_the_name_of_its_set),
        cmocka_unit_test(no_entry_of_a_table_is_missing),
        cmocka_unit_test(tables_share_no_function_but_with_what_they_add_to),
    };

    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
