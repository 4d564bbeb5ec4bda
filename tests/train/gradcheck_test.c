/* gradcheck_test.c -- the whole language model, with each cell and each way to build it, against
 * numeric gradients: to 1e-7 in the double build; in float only as far as float differences tell
 * anything.
 */
#include "check.h"
#include "recur.h"

static const bool is_double = sizeof(rc_real) == sizeof(double);

typedef struct report {
    const char *what;
    int tensors;
} report;

static void on_row(void *ctx, const rc_gradcheck_row *row)
{
    report *r = ctx;
    r->tensors++;
    if (!(row->error <= (is_double ? 1e-7 : 0.1))) {
        print_error("%s: tensor %s, error %g, seed %llu\n", r->what, row->tensor, row->error,
                    (unsigned long long)check_random_state()->seed);
        fail();
    }
    assert_true(row->checked >= 1 && row->checked <= row->count);
}

static void check_model(const char *what, const char *const pairs[][2], size_t n)
{
    rc_config *c;
    report r = {.what = what};

    CHECK_STATUS(rc_config_new(&c, "lm"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "train", check_temp_path("text")), RC_OK);
    CHECK_STATUS(rc_config_set(c, "batch", "3"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "seq", "7"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "layers", "2"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "hidden", "18"), RC_OK);
    for (size_t i = 0; i < n; i++)
        CHECK_STATUS(rc_config_set(c, pairs[i][0], pairs[i][1]), RC_OK);
    CHECK_STATUS(rc_gradcheck(c, is_double ? 9 : 3, on_row, &r), RC_OK);
    assert_true(r.tensors >= 7);
    rc_config_free(c);
}

static void write_text(void)
{
    check_seed();
    char text[800];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "etaoin shrdlu\n"[pick(0, 13)];
    check_write_file(check_temp_path("text"), text, sizeof text);
}

static void every_cell_passes(void **unused)
{
    (void)unused;
    rc_entry e;
    write_text();
    for (size_t i = 0; rc_list("cells", i, &e); i++)
        for (size_t b = 0; b < 3; b++) {
            rc_entry bias;
            assert_true(rc_list("biases", b, &bias));
            const char *const pairs[][2] = {{"cell", e.name}, {"bias", bias.name}};
            if (b == 0)
                continue; /* without biases there are fewer tensors: below */
            check_model(e.name, pairs, 2);
        }
}

static void every_cell_passes_with_zoneout(void **unused)
{
    (void)unused;
    static const char *const memories[] = {"lstm", "lstm-proj", "lstm-ln", "lstm-fgr", "qrnn"};
    rc_entry e;
    write_text();
    for (size_t i = 0; rc_list("cells", i, &e); i++) {
        const char *const pairs[][2] = {{"cell", e.name}, {"zoneout", "0.3"}};
        check_model(e.name, pairs, 2);
    }
    for (size_t i = 0; i < sizeof memories / sizeof *memories; i++) {
        const char *const pairs[][2] = {
            {"cell", memories[i]}, {"zoneout", "0.2"}, {"zoneout-cell", "0.5"}};
        check_model(memories[i], pairs, 3);
    }
}

static void every_way_to_build_passes(void **unused)
{
    (void)unused;
    const char *const ways[][2][2] = {
        {{"bias", "none"}, {"embed", "11"}},     {{"tied", "true"}, {"seed", "3"}},
        {{"tied", "true"}, {"dropout", "0.3"}},  {{"dropout", "0.3"}, {"dropout-kind", "locked"}},
        {{"skip", "residual"}, {"layers", "3"}}, {{"skip", "graves"}, {"hidden", "18,21"}},
        {{"level", "word"}, {"cell", "gru"}},    {{"level", "byte"}, {"seq", "1"}},
        {{"shards", "2"}, {"dropout", "0.3"}},   {{"shards", "3"}, {"tied", "true"}},
    };
    write_text();
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        check_model(ways[i][0][1], ways[i], 2);
}

static void every_output_layer_passes(void **unused)
{
    (void)unused;
    const char *const more[][2] = {{"samples", "5"}, {"cutoffs", "4,9"}, {"classes", "4"}};
    rc_entry e;
    write_text();
    for (size_t i = 0; rc_list("outputs", i, &e); i++)
        for (size_t k = 0; k < 3; k++) {
            const char *const pairs[][2] = {{"output", e.name},
                                            {more[k][0], more[k][1]},
                                            {"level", k == 0 ? "byte" : "char"},
                                            {"dropout", k == 1 ? "0.3" : "0"}};
            check_model(e.name, pairs, 4);
        }
    const char *const tied[][3][2] = {{{"output", "sampled"}, {"tied", "true"}, {"samples", "5"}},
                                      {{"output", "nce"}, {"tied", "true"}, {"samples", "5"}}};
    for (size_t i = 0; i < 2; i++)
        check_model(tied[i][0][1], tied[i], 3);
}

static void products_of_bf16_are_not_checked(void **unused)
{
    (void)unused;
    rc_config *c;
    report r = {.what = "bf16"};

    write_text();
    CHECK_STATUS(rc_config_new(&c, "lm"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "train", check_temp_path("text")), RC_OK);
    CHECK_STATUS(rc_config_set(c, "precision", "bf16"), RC_OK);
    CHECK_STATUS(rc_gradcheck(c, 3, on_row, &r), RC_EINVAL);
    CHECK_MESSAGE_HAS("bf16");
    assert_int_equal(r.tensors, 0);
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_passes),
        cmocka_unit_test(every_cell_passes_with_zoneout),
        cmocka_unit_test(every_way_to_build_passes),
        cmocka_unit_test(every_output_layer_passes),
        cmocka_unit_test(products_of_bf16_are_not_checked),
    };
    return cmocka_run_group_tests_name("gradcheck", tests, NULL, NULL);
}
