/* grammars_test.c -- what the grammars say is read back by parsers of another kind. */
#include "data/drawn.h"

enum { MANY = 60000 };

/* Every whole line of a text. */
static int64_t each_line(char *text, void (*check)(const char *line))
{
    int64_t n = 0;

    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1, n++) {
        *end = '\0';
        check(line);
    }
    return n;
}

/* Reber's figure: B, then T S* X or P T* V, ... written as the choices at each node. Where the
 * string that begins at p ends; NULL: it is none. */
static const char *reber_end(const char *p)
{
    enum { BEGIN, FORK, UPPER, LOWER, MIDDLE, DOWN, LAST } at = BEGIN;

    for (;; p++) {
        switch (at) {
        case BEGIN:
            if (*p != 'B')
                return NULL;
            at = FORK;
            break;
        case FORK:
            if (*p != 'T' && *p != 'P')
                return NULL;
            at = *p == 'T' ? UPPER : LOWER;
            break;
        case UPPER:
            if (*p != 'S' && *p != 'X')
                return NULL;
            at = *p == 'S' ? UPPER : MIDDLE;
            break;
        case LOWER:
            if (*p != 'T' && *p != 'V')
                return NULL;
            at = *p == 'T' ? LOWER : DOWN;
            break;
        case MIDDLE:
            if (*p != 'X' && *p != 'S')
                return NULL;
            at = *p == 'X' ? LOWER : LAST;
            break;
        case DOWN:
            if (*p != 'P' && *p != 'V')
                return NULL;
            at = *p == 'P' ? MIDDLE : LAST;
            break;
        default:
            return *p == 'E' ? p + 1 : NULL;
        }
    }
}

static void check_reber(const char *line)
{
    const char *end = reber_end(line);

    assert_non_null(end);
    assert_int_equal(*end, '\0');
}

static void check_embedded(const char *line)
{
    assert_true(line[0] == 'B' && (line[1] == 'T' || line[1] == 'P'));
    const char *end = reber_end(line + 2);

    assert_non_null(end);
    assert_int_equal(end[0], line[1]);
    assert_string_equal(end + 1, "E");
}

static void reber_strings_are_of_the_grammar(void **unused)
{
    (void)unused;
    char *text = drawn("reber", 1, MANY);

    assert_true(each_line(text, check_reber) > MANY / 20);
    free(text);
    text = drawn("embedded", 1, MANY);
    assert_true(each_line(text, check_embedded) > MANY / 24);
    free(text);
}

static void brackets_close_what_is_open(void **unused)
{
    (void)unused;
    static const char left[] = "([{<", right[] = ")]}>";

    for (int kinds = 1; kinds <= 4; kinds++) {
        char spec[32], open[64] = "";
        size_t depth = 0, deepest = 0;

        (void)snprintf(spec, sizeof spec, "dyck:%d:5:0.5", kinds);
        char *text = drawn(spec, 2, MANY);
        for (const char *p = text; *p; p++) {
            const char *k = strchr(left, *p);

            if (k) {
                assert_true(k - left < kinds);
                open[depth++] = *p;
                open[depth] = '\0';
                if (depth > deepest)
                    deepest = depth;
                assert_true(depth <= 5);
            } else {
                assert_true(depth > 0);
                assert_int_equal(*p, right[strchr(left, open[depth - 1]) - left]);
                depth--;
            }
        }
        assert_int_equal(deepest, 5);
        free(text);
    }
}

/* ---- agreement --------------------------------------------------------------------------- */

static bool eat(const char **p, const char *word)
{
    const size_t n = strlen(word);

    if (strncmp(*p, word, n) != 0)
        return false;
    *p += n;
    return true;
}

enum { ONE = 1, MORE = 2 };

static int eat_noun(const char **p)
{
    static const char *const nouns[] = {"cats", "dogs", "sheep", "cat", "dog"};
    static const int number[] = {MORE, MORE, ONE | MORE, ONE, ONE};

    for (int i = 0; i < 5; i++)
        if (eat(p, nouns[i]))
            return number[i];
    return 0;
}

static int eat_verb(const char **p)
{
    static const char *const verbs[] = {"was", "were", "sees", "see", "knows", "know"};

    for (int i = 0; i < 6; i++)
        if (eat(p, verbs[i]))
            return i % 2 == 0 ? ONE : MORE;
    return 0;
}

static int deepest;

/* the NOUN [that CLAUSE ] VERB */
static bool eat_clause(const char **p, int depth)
{
    if (depth > deepest)
        deepest = depth;
    if (!eat(p, "the "))
        return false;
    const int number = eat_noun(p);
    if (!eat(p, " ") || (eat(p, "that ") && !(eat_clause(p, depth + 1) && eat(p, " "))))
        return false;
    return (eat_verb(p) & number) != 0;
}

static void check_clause(const char *line)
{
    const char *p = line;

    if (!eat_clause(&p, 1) || *p)
        fail_msg("'%s' does not agree", line);
}

static void verbs_agree_with_their_nouns(void **unused)
{
    (void)unused;
    for (int depth = 1; depth <= 4; depth++) {
        char spec[32];

        (void)snprintf(spec, sizeof spec, "agreement:%d:0.4", depth);
        char *text = drawn(spec, 1, MANY);
        deepest = 0;
        assert_true(each_line(text, check_clause) > MANY / 60);
        assert_int_equal(deepest, depth);
        free(text);
    }
}

/* The number of a sheep is told by its verb alone, and until then both are possible. */
static void a_sheep_leaves_both_numbers_open(void **unused)
{
    (void)unused;
    static const struct {
        const char *before;
        double see; /* of "sees", "see" after "se" */
    } cases[] = {{"the cat see", 0}, {"the cats see", 1}, {"the sheep see", 0.5}};
    rc_source *s = source_of("agreement:2:0.3");
    const char *alphabet = rc_source_about(s).alphabet;

    for (int i = 0; i < 3; i++) {
        rc_source_begin(s, 1);
        for (const char *p = cases[i].before; *p; p++)
            CHECK_STATUS(rc_source_feed(s, *p, NULL), RC_OK);
        const double *logp = rc_source_logp(s);
        CHECK_NEAR(exp(logp[strchr(alphabet, '\n') - alphabet]), cases[i].see, 1e-12);
        CHECK_NEAR(exp(logp[strchr(alphabet, 's') - alphabet]), 1 - cases[i].see, 1e-12);
    }
    rc_source_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reber_strings_are_of_the_grammar),
        cmocka_unit_test(brackets_close_what_is_open),
        cmocka_unit_test(verbs_agree_with_their_nouns),
        cmocka_unit_test(a_sheep_leaves_both_numbers_open),
    };
    return cmocka_run_group_tests_name("grammars", tests, NULL, NULL);
}
