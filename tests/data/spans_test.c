/* spans_test.c -- tags become spans by the rules of conlleval, and are counted as it counts. */
#include "check.h"
#include "data/data_in.h"

/* A line of tags between blanks as numbers; how many. */
static int64_t tags_of(rcd_tags *t, const char *line, int32_t *out)
{
    int64_t n = 0;

    for (const char *p = line; *p;) {
        const size_t length = strcspn(p, " ");

        CHECK_STATUS(rcd_tags_add(t, p, length, &out[n++]), RC_OK);
        p += length + (p[length] == ' ');
    }
    return n;
}

/* "0-2:A 3-4:" */
static void print_spans(const rcd_tags *t, const rcd_spans *s, char out[256])
{
    int at = 0;

    out[0] = '\0';
    for (int64_t k = 0; k < s->n; k++)
        at +=
            snprintf(out + at, 256 - (size_t)at, "%s%d-%d:%s", k ? " " : "", (int)s->span[k].begin,
                     (int)s->span[k].end, rcd_names_at(&t->types, s->span[k].type, NULL));
}

static void a_label_is_a_mark_and_a_type(void **unused)
{
    (void)unused;
    static const struct {
        const char *label;
        char mark;
        const char *type;
    } want[] = {{"O", 'O', ""},         {"B-PER", 'B', "PER"}, {"I-NP-SBJ", 'I', "NP-SBJ"},
                {"E-", 'E', ""},        {"S", 'S', ""},        {"NN", '?', ""},
                {"-LRB-", '?', "LRB-"}, {"XX-A", '?', "A"},    {"", '?', ""},
                {"[", '[', ""},         {".", '.', ""},        {"U-A", 'U', "A"}};
    rcd_tags t = {0};

    for (int32_t i = 0; i < (int32_t)(sizeof want / sizeof *want); i++) {
        int32_t id;

        CHECK_STATUS(rcd_tags_add(&t, want[i].label, strlen(want[i].label), &id), RC_OK);
        assert_int_equal(id, i);
        assert_int_equal(t.tag[id].mark, want[i].mark);
        assert_string_equal(rcd_names_at(&t.types, t.tag[id].type, NULL), want[i].type);
        CHECK_STATUS(rcd_tags_add(&t, want[i].label, strlen(want[i].label), &id), RC_OK);
        assert_int_equal(id, i);
    }
    assert_int_equal(rcd_names_find(&t.types, "", 0), 0);
    rcd_tags_free(&t);
}

static void spans_are_those_that_conlleval_reads(void **unused)
{
    (void)unused;
    static const struct {
        const char *tags, *spans;
    } want[] = {
        {"", ""},
        {"O O", ""},
        {"B-A I-A O B-B", "0-2:A 3-4:B"},       /* IOB2 */
        {"I-A I-A O I-B", "0-2:A 3-4:B"},       /* IOB1 */
        {"I-A B-A I-A", "0-1:A 1-3:A"},         /* and one right after another of its type */
        {"O I-A I-B B-B", "1-2:A 2-3:B 3-4:B"}, /* broken: no beginning, another type */
        {"B I I B O", "0-3: 3-4:"},             /* no types */
        {"I-A E-A I-A E-A O E-A", "0-2:A 2-4:A 5-6:A"}, /* IOE2 */
        {"E-A E-A", "0-1:A 1-2:A"},
        {"B-A I-A E-A S-A S-A B-A E-A", "0-3:A 3-4:A 4-5:A 5-7:A"}, /* IOBES, beyond conlleval */
        {"B-A I-A L-A U-A U-B B-A L-A", "0-3:A 3-4:A 4-5:B 5-7:A"},
        {"S-A I-A", "0-1:A 1-2:A"},
        {"[-A ]-A [-A", "0-1:A 1-2:A 2-3:A"}, /* of one word each */
        {"I-A . I-A", "0-1:A 2-3:A"},
        {"NN VB NN", ""},               /* labels that are no tags have no type and no spans, */
        {"X-A X-A X-B", "0-2:A 2-3:B"}, /* unless they have a type */
        {"-LRB- O", "0-1:LRB-"},
    };
    rcd_spans s = {0};

    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        rcd_tags t = {0};
        int32_t tag[16];
        char got[256];
        const int64_t n = tags_of(&t, want[i].tags, tag);

        CHECK_STATUS(rcd_spans_of(&t, tag, n, &s), RC_OK);
        print_spans(&t, &s, got);
        assert_string_equal(got, want[i].spans);
        rcd_tags_free(&t);
    }
    rcd_spans_free(&s);
}

/* Right are the spans that both have: counted side by side, and found in both lists. */
static void counts_are_those_of_the_lists(void **unused)
{
    (void)unused;
    static const char *const labels[] = {"O",   "B-A", "I-A", "E-A", "S-A", "L-A", "U-A",
                                         "B-B", "I-B", "E-B", "S-B", "B",   "I"};
    enum { LABELS = sizeof labels / sizeof *labels, TYPES = 3 };
    rcd_tags t = {0};
    rcd_spans g = {0}, s = {0};

    (void)check_seed();
    for (int i = 0; i < LABELS; i++) {
        int32_t id;

        CHECK_STATUS(rcd_tags_add(&t, labels[i], strlen(labels[i]), &id), RC_OK);
    }
    for (int trial = 0; trial < 5000; trial++) {
        const int64_t n = pick(0, 12);
        const int few = (int)pick(2, LABELS);
        int32_t gold[12], said[12];
        rcd_span_count by_type[TYPES] = {0}, want = {0}, sum = {0};

        for (int64_t i = 0; i < n; i++) {
            gold[i] = (int32_t)pick(0, few - 1);
            said[i] = pick(0, 2) ? gold[i] : (int32_t)pick(0, few - 1);
        }
        CHECK_STATUS(rcd_spans_of(&t, gold, n, &g), RC_OK);
        CHECK_STATUS(rcd_spans_of(&t, said, n, &s), RC_OK);
        want.gold = g.n;
        want.said = s.n;
        for (int64_t i = 0; i < g.n; i++)
            for (int64_t k = 0; k < s.n; k++)
                want.right += memcmp(&g.span[i], &s.span[k], sizeof(int64_t) * 2) == 0 &&
                              g.span[i].type == s.span[k].type;
        const rcd_span_count got = rcd_spans_count(&t, gold, said, n, by_type);

        assert_memory_equal(&got, &want, sizeof got);
        for (int k = 0; k < TYPES; k++) {
            sum.gold += by_type[k].gold;
            sum.said += by_type[k].said;
            sum.right += by_type[k].right;
        }
        assert_memory_equal(&sum, &want, sizeof sum);
    }
    rcd_tags_free(&t);
    rcd_spans_free(&g);
    rcd_spans_free(&s);
}

/* A bracket begins a span where none has ended; side by side they are one that is right. */
static void what_begins_before_an_end_is_right_once(void **unused)
{
    (void)unused;
    rcd_tags t = {0};
    int32_t tag[4];
    const int64_t n = tags_of(&t, "I-A [-A O", tag);
    const rcd_span_count got = rcd_spans_count(&t, tag, tag, n, NULL);

    assert_int_equal(got.gold, 2);
    assert_int_equal(got.said, 2);
    assert_int_equal(got.right, 1);
    rcd_tags_free(&t);
}

static rc_status all_of_it(void *unused)
{
    (void)unused;
    rcd_tags t = {0};
    rcd_spans s = {0};
    int32_t tag[2];
    rc_status status = rcd_tags_add(&t, "B-A", 3, &tag[0]);

    if (status == RC_OK)
        status = rcd_tags_add(&t, "I-A", 3, &tag[1]);
    if (status == RC_OK)
        status = rcd_spans_of(&t, tag, 2, &s);
    rcd_spans_free(&s);
    rcd_tags_free(&t);
    return status;
}

static void memory_may_run_out(void **unused)
{
    (void)unused;
    CHECK_EACH_ALLOCATION(all_of_it, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_label_is_a_mark_and_a_type),
        cmocka_unit_test(spans_are_those_that_conlleval_reads),
        cmocka_unit_test(counts_are_those_of_the_lists),
        cmocka_unit_test(what_begins_before_an_end_is_right_once),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("spans", tests, NULL, NULL);
}
