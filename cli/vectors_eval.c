/* vectors_eval.c -- recur eval of word vectors: analogies by section, or how cosines and what
 * people say of pairs go together.
 */
#include <math.h>
#include <string.h>
#include "neighbours.h"
#include "table.h"

/* The options that speak of texts and of labels. */
static int check_options(const opts *o)
{
    static const char *const of_texts[] = {"per-line", "tracks", "stepwise", "from",
                                           "to",       "source", "report"};

    for (size_t i = 0; i < sizeof of_texts / sizeof *of_texts; i++)
        if (opts_has(o, of_texts[i]))
            return say_misuse("option '--%s' has no place here: '%s' is asked as word vectors",
                              of_texts[i], o->args[0]);
    return OPT_GO_ON;
}

/* Sections whose names begin with "gram" ask for forms of words, others for what they mean. */
static rc_vectors_section sum_of(const rc_vectors_scores *s, bool forms)
{
    rc_vectors_section sum = {.name = forms ? "forms (gram...)" : "meanings"};

    for (size_t i = 0; i < s->sections; i++) {
        const rc_vectors_section *one = &s->section[i];

        if ((strncmp(one->name, "gram", 4) == 0) != forms)
            continue;
        sum.questions += one->questions;
        sum.asked += one->asked;
        sum.right += one->right;
    }
    return sum;
}

static void add_row(table *t, const rc_vectors_section *s)
{
    char a[SAY_ROOM];

    table_add(t, s->name);
    table_add(t, say_count(a, s->questions));
    table_add(t, say_count(a, s->asked));
    (void)snprintf(a, sizeof a, "%.2f%%", 100 * (double)s->right / (double)s->asked);
    table_add(t, s->asked > 0 ? a : "-");
}

static int print_analogies(const rc_vectors_scores *s)
{
    const rc_vectors_section meanings = sum_of(s, false), forms = sum_of(s, true);
    const rc_vectors_section all = {"all", s->questions, s->asked, s->right};
    table t = {.columns = 4};

    table_add(&t, "section");
    table_add(&t, "questions");
    table_add(&t, "words known");
    table_add(&t, "right");
    for (size_t i = 0; i < s->sections; i++)
        add_row(&t, &s->section[i]);
    if (meanings.questions > 0 && forms.questions > 0) {
        add_row(&t, &meanings);
        add_row(&t, &forms);
    }
    add_row(&t, &all);
    return table_end(&t, false) ? EXIT_DONE : say_out_of_memory();
}

static int print_pairs(const rc_vectors_scores *s)
{
    char a[SAY_ROOM], b[SAY_ROOM];

    printf("pairs        %s, %s of them with both words known\n", say_count(a, s->questions),
           say_count(b, s->asked));
    if (isnan(s->spearman))
        printf("Spearman     -\n");
    else if (isnan(s->low))
        printf("Spearman     %.4f\n", s->spearman);
    else
        printf("Spearman     %.4f (%.4f to %.4f)\n", s->spearman, s->low, s->high);
    return EXIT_DONE;
}

static json_t *section_json(const rc_vectors_section *s)
{
    return json_pack("{s:o, s:I, s:I, s:I, s:o}", "section", json_bytes(s->name, strlen(s->name)),
                     "questions", (json_int_t)s->questions, "asked", (json_int_t)s->asked, "right",
                     (json_int_t)s->right, "accuracy",
                     json_number((double)s->right / (double)s->asked));
}

static int print_json(const rc_vectors_scores *s)
{
    json_t *root = json_pack("{s:I, s:I}", "questions", (json_int_t)s->questions, "asked",
                             (json_int_t)s->asked);
    if (!s->analogies) {
        json_put(&root, "spearman", json_number(s->spearman));
        json_put(&root, "low", json_number(s->low));
        json_put(&root, "high", json_number(s->high));
        return json_print(stdout, root, false);
    }
    json_t *list = json_array();
    for (size_t i = 0; i < s->sections; i++)
        json_add(&list, section_json(&s->section[i]));
    json_put(&root, "right", json_integer((json_int_t)s->right));
    json_put(&root, "accuracy", json_number((double)s->right / (double)s->asked));
    json_put(&root, "sections", list);
    return json_print(stdout, root, false);
}

int vectors_eval(const opts *o)
{
    rc_vectors *v = NULL;
    rc_vectors_scores *s = NULL;
    int code = check_options(o);

    if (code != OPT_GO_ON)
        return code;
    if (rc_vectors_open(&v, o->args[0]) != RC_OK ||
        rc_vectors_evaluate(v, o->args[1], (int)opts_int(o, "threads"), &s) != RC_OK)
        code = say_library_failure();
    else
        code = opts_flag(o, "json") ? print_json(s)
               : s->analogies       ? print_analogies(s)
                                    : print_pairs(s);
    rc_vectors_scores_free(s);
    rc_vectors_free(v);
    return code;
}
