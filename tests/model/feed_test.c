/* feed_test.c -- a feed has room for what its sequences carry; its parts take that along and bring
 * it back to the sequence it belongs to.
 */
#include "check.h"
#include "model/model.h"
#include "model/toy.h"

static void a_feed_begins_with_zeros(void **unused)
{
    rc_model *m = TOY("hidden", "5", "layers", "2");
    rcm_feed f;

    (void)unused;
    CHECK_STATUS(rcm_feed_new(&f, m, 3), RC_OK);
    assert_int_equal(f.carry_rows, 3);
    assert_int_equal(f.carry_width, 2 * 2 * 5); /* h and c of two layers */
    for (int64_t i = 0; i < f.carry_rows * f.carry_width; i++)
        assert_true(f.carry[i] == 0);
    rcm_feed_free(&f);
    assert_null(f.carry);
    CHECK_STATUS(rcm_feed_new(&f, m, INT64_MAX), RC_ENOMEM);
    rcm_feed_free(&f);
    rc_model_free(m);
}

/* A batch of B tracks over the toy text, whose sequence b carries numbers of its own. */
static void fill_feed(rcm_feed *f, const rc_model *m, rcd_tape *tape, int64_t B)
{
    rcd_text *t;
    rcd_stream s;

    CHECK_STATUS(rcd_text_of(&t, "toy", TOY_TEXT, strlen(TOY_TEXT)), RC_OK);
    CHECK_STATUS(rcd_tape_encode(tape, m->vocab.of[RCM_SYMBOLS], t, 0, strlen(TOY_TEXT)), RC_OK);
    rcd_text_free(t);
    CHECK_STATUS(rcd_stream_init(&s, tape, m->vocab.of[RCM_SYMBOLS], B, true), RC_OK);
    CHECK_STATUS(rcm_feed_new(f, m, B), RC_OK);
    CHECK_STATUS(rcd_stream_batch(&s, s.length - 3, 3, &f->batch), RC_OK); /* some are shorter */
    for (int64_t i = 0; i < B * f->carry_width; i++)
        f->carry[i] = (rc_real)i;
}

static void parts_take_what_is_carried_and_bring_it_back(void **unused)
{
    rc_model *m = TOY("hidden", "3");
    rcm_feed whole;
    rcd_tape tape;

    (void)unused;
    for (int64_t B = 1; B <= 9; B++)
        for (int64_t parts = 1; parts <= B; parts++) {
            fill_feed(&whole, m, &tape, B);
            const int64_t width = whole.carry_width;
            int64_t seqs = 0, rows = 0;

            for (int64_t i = 0; i < parts; i++) {
                rcm_feed f;

                CHECK_STATUS(rcm_feed_new(&f, m, B / parts + (i < B % parts)), RC_OK);
                CHECK_STATUS(rcm_feed_part(&whole, i, parts, &f), RC_OK);
                seqs += f.batch.seqs;
                rows += f.batch.rows;
                for (int64_t c = 0; c < f.batch.seqs; c++)
                    for (int64_t k = 0; k < width; k++) {
                        const rc_real at = (rc_real)(f.batch.seq[c] * width + k);

                        assert_true(f.carry[c * width + k] == at);
                        f.carry[c * width + k] = -at;
                    }
                rcm_feed_return(&f, i, parts, &whole);
                rcm_feed_free(&f);
            }
            assert_int_equal(seqs, B);
            assert_int_equal(rows, whole.batch.rows);
            for (int64_t i = 0; i < B * width; i++)
                assert_true(whole.carry[i] == -(rc_real)i);
            rcm_feed_free(&whole);
            rcd_tape_free(&tape);
        }
    rc_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_feed_begins_with_zeros),
        cmocka_unit_test(parts_take_what_is_carried_and_bring_it_back),
    };
    return cmocka_run_group_tests_name("feed", tests, NULL, NULL);
}
