/* schemes_test.c -- schemes are told apart, converted into one another, checked, and turned into
 * tables of what may follow what. Brute force over all short sequences of tags is the oracle.
 */
#include "check.h"
#include "data/data_in.h"

static const char *const labels[] = {"O",   "B-A", "I-A", "E-A", "S-A", "L-A", "U-A",
                                     "B-B", "I-B", "E-B", "S-B", "L-B", "U-B"};
enum { LABELS = sizeof labels / sizeof *labels };

static const rcd_scheme schemes[] = {RCD_SCHEME_IOB1, RCD_SCHEME_IOB2, RCD_SCHEME_IOBES,
                                     RCD_SCHEME_BILOU};
enum { SCHEMES = sizeof schemes / sizeof *schemes };

static void begin(rcd_tags *t)
{
    *t = (rcd_tags){0};
    for (int i = 0; i < LABELS; i++) {
        int32_t id;

        CHECK_STATUS(rcd_tags_add(t, labels[i], strlen(labels[i]), &id), RC_OK);
    }
}

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

static const char *line_of(const rcd_tags *t, const int32_t *tag, int64_t n)
{
    static char out[256];
    int at = 0;

    out[0] = '\0';
    for (int64_t i = 0; i < n; i++)
        at += snprintf(out + at, sizeof out - (size_t)at, "%s%s", i ? " " : "",
                       rcd_names_at(&t->names, tag[i], NULL));
    return out;
}

static void random_tags(int32_t *tag, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        tag[i] = (int32_t)pick(0, LABELS - 1);
}

static void names_are_found(void **unused)
{
    (void)unused;
    rcd_scheme s;

    for (int i = 0; i < RCD_SCHEME_COUNT; i++) {
        CHECK_STATUS(rcd_scheme_of(&s, rcd_scheme_word((rcd_scheme)i)), RC_OK);
        assert_int_equal(s, i);
        assert_true(*rcd_scheme_help((rcd_scheme)i));
    }
    CHECK_STATUS(rcd_scheme_of(&s, "iobe"), RC_EINVAL);
    CHECK_MESSAGE_HAS("unknown scheme 'iobe', the nearest is 'iob");
    CHECK_STATUS(rcd_scheme_of(&s, "brackets"), RC_EINVAL);
}

static void spans_are_written_in_every_scheme(void **unused)
{
    (void)unused;
    static const char *const want[] = {
        "I-A B-A I-A O I-B I-B I-B I-A", /* IOB1 */
        "B-A B-A I-A O B-B I-B I-B B-A", /* IOB2 */
        "S-A B-A E-A O B-B I-B E-B S-A", /* IOBES */
        "U-A B-A L-A O B-B I-B L-B U-A", /* BILOU */
    };
    rcd_spans spans = {0};
    rcd_tags t;

    begin(&t);
    for (int from = 0; from < SCHEMES; from++)
        for (int to = 0; to < SCHEMES; to++) {
            int32_t tag[16];
            const int64_t n = tags_of(&t, want[from], tag);

            CHECK_STATUS(rcd_tags_convert(&t, schemes[to], tag, n, tag, &spans), RC_OK);
            assert_string_equal(line_of(&t, tag, n), want[to]);
        }
    int32_t bare[4];
    const int64_t n = tags_of(&t, "I I O B", bare); /* without types */

    CHECK_STATUS(rcd_tags_convert(&t, RCD_SCHEME_IOBES, bare, n, bare, &spans), RC_OK);
    assert_string_equal(line_of(&t, bare, n), "B E O S");
    CHECK_STATUS(rcd_tags_convert(&t, RCD_SCHEME_NONE, bare, n, bare, &spans), RC_OK);
    assert_string_equal(line_of(&t, bare, n), "B E O S");
    rcd_spans_free(&spans);
    rcd_tags_free(&t);
}

static int64_t faults_in(const rcd_tags *t, rcd_scheme s, const int32_t *tag, int64_t n)
{
    rcd_faults f = {0};

    rcd_faults_look(&f, t, s, tag, n);
    assert_int_equal(f.tags, n);
    assert_int_equal(f.sequences, 1);
    return f.count;
}

/* Whatever the tags are: the spans stay, and no fault is left. */
static void conversion_keeps_spans_and_repairs(void **unused)
{
    (void)unused;
    rcd_spans before = {0}, after = {0};
    rcd_tags t;

    (void)check_seed();
    begin(&t);
    for (int trial = 0; trial < 5000; trial++) {
        int32_t tag[12], out[12];
        const int64_t n = pick(0, 12);
        const rcd_scheme to = schemes[pick(0, SCHEMES - 1)];

        random_tags(tag, n);
        CHECK_STATUS(rcd_tags_convert(&t, to, tag, n, out, &before), RC_OK);
        CHECK_STATUS(rcd_spans_of(&t, out, n, &after), RC_OK);
        assert_int_equal(before.n, after.n);
        for (int64_t k = 0; k < after.n; k++) {
            assert_int_equal(before.span[k].begin, after.span[k].begin);
            assert_int_equal(before.span[k].end, after.span[k].end);
            assert_int_equal(before.span[k].type, after.span[k].type);
        }
        assert_int_equal(faults_in(&t, to, out, n), 0);
    }
    rcd_spans_free(&before);
    rcd_spans_free(&after);
    rcd_tags_free(&t);
}

/* Of tags with the marks of a scheme, faults are the tags that writing the spans again changes. */
static void faults_are_what_a_repair_changes(void **unused)
{
    (void)unused;
    static const char *const marks[] = {"BI", "BI", "BIES", "BILU"};
    rcd_spans spans = {0};
    rcd_tags t;

    (void)check_seed();
    begin(&t);
    for (int trial = 0; trial < 20000; trial++) {
        const int which = (int)pick(0, SCHEMES - 1);
        const int64_t n = pick(0, 8);
        int32_t tag[8], out[8];
        int64_t changed = 0;

        for (int64_t i = 0; i < n;) {
            tag[i] = (int32_t)pick(0, LABELS - 1);
            i += tag[i] == 0 || strchr(marks[which], labels[tag[i]][0]);
        }
        CHECK_STATUS(rcd_tags_convert(&t, schemes[which], tag, n, out, &spans), RC_OK);
        for (int64_t i = 0; i < n; i++)
            changed += out[i] != tag[i];
        if (changed != faults_in(&t, schemes[which], tag, n))
            print_error("%s: %s\n", rcd_scheme_word(schemes[which]), line_of(&t, tag, n));
        assert_int_equal(changed, faults_in(&t, schemes[which], tag, n));
    }
    rcd_spans_free(&spans);
    rcd_tags_free(&t);
}

static void the_first_fault_is_kept_with_its_place(void **unused)
{
    (void)unused;
    static const struct {
        rcd_scheme scheme;
        const char *tags; /* two sequences, split by | */
        int64_t count, sequence, position;
        rcd_fault fault;
    } want[] = {
        {RCD_SCHEME_IOB2, "B-A I-A|O I-A I-B", 2, 1, 1, RCD_FAULT_ORPHAN},
        {RCD_SCHEME_IOB2, "B-A I-B|I-A", 2, 0, 1, RCD_FAULT_TYPE},
        {RCD_SCHEME_IOB1, "I-A B-A|O B-A", 1, 1, 1, RCD_FAULT_BEGIN},
        {RCD_SCHEME_IOBES, "S-A B-A E-A|B-A I-A", 1, 1, 1, RCD_FAULT_OPEN},
        {RCD_SCHEME_IOBES, "S-A L-A|O", 1, 0, 1, RCD_FAULT_MARK},
        {RCD_SCHEME_BILOU, "U-A L-A|O", 1, 0, 1, RCD_FAULT_ORPHAN},
        {RCD_SCHEME_IOB2, "B-A O-A|O", 1, 0, 1, RCD_FAULT_MARK},
    };

    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        rcd_tags t = {0};
        rcd_faults f = {0};
        int32_t tag[8];
        char first[64];
        const char *bar = strchr(want[i].tags, '|');

        (void)snprintf(first, sizeof first, "%.*s", (int)(bar - want[i].tags), want[i].tags);
        rcd_faults_look(&f, &t, want[i].scheme, tag, tags_of(&t, first, tag));
        rcd_faults_look(&f, &t, want[i].scheme, tag, tags_of(&t, bar + 1, tag));
        assert_int_equal(f.count, want[i].count);
        assert_int_equal(f.sequence, want[i].sequence);
        assert_int_equal(f.position, want[i].position);
        assert_int_equal(f.fault, want[i].fault);
        assert_true(f.of[want[i].fault] > 0 && *rcd_fault_words(f.fault));
        rcd_tags_free(&t);
    }
}

static rcd_scheme detected(const char *tags)
{
    rcd_tags t = {0};
    rcd_detect d = {0};
    int32_t tag[64];

    rcd_detect_look(&d, &t, tag, tags_of(&t, tags, tag));
    rcd_tags_free(&t);
    return rcd_detect_scheme(&d);
}

static void schemes_are_told_apart(void **unused)
{
    (void)unused;
    assert_int_equal(detected("I-A I-A O I-B B-B"), RCD_SCHEME_IOB1);
    assert_int_equal(detected("I-A I-A O I-B"), RCD_SCHEME_IOB1);
    assert_int_equal(detected("B-A I-A O B-B B-B"), RCD_SCHEME_IOB2);
    assert_int_equal(detected("B-A O B-B O I-A B-A I-A"), RCD_SCHEME_IOB2); /* one is broken */
    assert_int_equal(detected("B-A E-A O S-B S-B"), RCD_SCHEME_IOBES);
    assert_int_equal(detected("B-A I-A L-A O U-B"), RCD_SCHEME_BILOU);
    assert_int_equal(detected("B I O B"), RCD_SCHEME_IOB2);
    assert_int_equal(detected("NN VB NN O"), RCD_SCHEME_NONE);
    assert_int_equal(detected("A C G T"), RCD_SCHEME_NONE);
    assert_int_equal(detected("H B E G I T S"), RCD_SCHEME_NONE); /* DSSP */
    assert_int_equal(detected("O O O"), RCD_SCHEME_NONE);
    assert_int_equal(detected(""), RCD_SCHEME_NONE);
}

/* Written from spans, a corpus of random ones is found to be what it is. */
static void what_was_converted_is_detected(void **unused)
{
    (void)unused;
    rcd_spans spans = {0};
    rcd_tags t;

    (void)check_seed();
    begin(&t);
    for (int trial = 0; trial < 40; trial++) {
        const rcd_scheme to = schemes[trial % SCHEMES];
        rcd_detect d = {0};

        for (int k = 0; k < 50; k++) {
            int32_t tag[12];
            const int64_t n = pick(0, 12);

            random_tags(tag, n);
            CHECK_STATUS(rcd_tags_convert(&t, to, tag, n, tag, &spans), RC_OK);
            rcd_detect_look(&d, &t, tag, n);
        }
        assert_int_equal(rcd_detect_scheme(&d), to);
        assert_int_equal(d.of[to].count, 0);
    }
    rcd_spans_free(&spans);
    rcd_tags_free(&t);
}

static bool is_way(const rcd_moves *m, const int32_t *tag, int n)
{
    bool may = n == 0 || (m->first[tag[0]] && m->last[tag[n - 1]]);

    for (int i = 0; i + 1 < n; i++)
        may = may && m->from_to[tag[i] * m->n + tag[i + 1]];
    return may;
}

/* Every sequence of up to four tags: the moves allow it if and only if nothing is wrong with it. */
static void moves_allow_what_has_no_fault(void **unused)
{
    (void)unused;
    rcd_tags t;

    begin(&t);
    for (int which = 0; which < SCHEMES; which++) {
        rcd_moves m;
        int64_t ways = 0;

        CHECK_STATUS(rcd_moves_new(&m, &t, schemes[which]), RC_OK);
        assert_int_equal(m.n, LABELS);
        for (int n = 0; n <= 4; n++) {
            int all = 1;

            for (int i = 0; i < n; i++)
                all *= LABELS;
            for (int code = 0; code < all; code++) {
                int32_t tag[4];

                for (int i = 0, left = code; i < n; i++, left /= LABELS)
                    tag[i] = left % LABELS;
                const bool clean = faults_in(&t, schemes[which], tag, n) == 0;

                assert_int_equal(is_way(&m, tag, n), clean);
                ways += clean;
            }
        }
        assert_true(ways > 100);
        rcd_moves_free(&m);
    }
    rcd_tags_free(&t);
}

static void of_no_scheme_all_moves_are_allowed(void **unused)
{
    (void)unused;
    rcd_tags t = {0};
    rcd_moves m;
    int32_t tag[3];

    (void)tags_of(&t, "NN VB I-A", tag);
    CHECK_STATUS(rcd_moves_new(&m, &t, RCD_SCHEME_NONE), RC_OK);
    for (int i = 0; i < 9; i++)
        assert_true(m.from_to[i] && m.first[i / 3] && m.last[i / 3]);
    rcd_moves_free(&m);
    rcd_tags_free(&t);
}

static rc_status all_of_it(void *unused)
{
    (void)unused;
    rcd_tags t = {0};
    rcd_spans s = {0};
    rcd_moves m = {0};
    int32_t tag;
    rc_status status = rcd_tags_add(&t, "B-A", 3, &tag);

    if (status == RC_OK)
        status = rcd_tags_convert(&t, RCD_SCHEME_IOBES, &tag, 1, &tag, &s);
    if (status == RC_OK)
        status = rcd_moves_new(&m, &t, RCD_SCHEME_IOBES);
    rcd_moves_free(&m);
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
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(spans_are_written_in_every_scheme),
        cmocka_unit_test(conversion_keeps_spans_and_repairs),
        cmocka_unit_test(faults_are_what_a_repair_changes),
        cmocka_unit_test(the_first_fault_is_kept_with_its_place),
        cmocka_unit_test(schemes_are_told_apart),
        cmocka_unit_test(what_was_converted_is_detected),
        cmocka_unit_test(moves_allow_what_has_no_fault),
        cmocka_unit_test(of_no_scheme_all_moves_are_allowed),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("schemes", tests, NULL, NULL);
}
