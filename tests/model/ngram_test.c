/* ngram_test.c -- counts and smoothing agree with the formulas of Chen and Goodman computed from
 * strings of symbols, one by one; the rest of the contract holds as for any task.
 */
#include "model/toy.h"

#ifdef RC_DOUBLE
static const double TOL = 1e-9;
#else
static const double TOL = 1e-5; /* log-probabilities leave a runner as float */
#endif

/* ---- the formulas, slowly ---------------------------------------------------------------- */

enum { LONGEST = 9 };

struct oracle {
    int32_t text[2048]; /* the boundary first */
    int32_t n, V;
    int order;
    double discount[LONGEST + 1][3];
};

/* How often a run of k symbols counts: occurrences for the full order, else different symbols
 * before. */
static int32_t count_run(const struct oracle *o, const int32_t *run, int k)
{
    bool before[256] = {false};
    int32_t count = 0;

    for (int32_t at = 0; at + k <= o->n; at++) {
        if (memcmp(o->text + at, run, (size_t)k * sizeof *run) != 0 || (k == 1 && at == 0))
            continue;
        if (k == o->order || at == 0) {
            count++;
        } else if (!before[o->text[at - 1]]) {
            before[o->text[at - 1]] = true;
            count++;
        }
    }
    return count;
}

/* Is the run at `at` the first of its kind? */
static bool is_first(const struct oracle *o, int32_t at, int k)
{
    for (int32_t b = k == 1; b < at; b++)
        if (memcmp(o->text + at, o->text + b, (size_t)k * sizeof *o->text) == 0)
            return false;
    return true;
}

static void estimate(struct oracle *o, int k)
{
    double n[5] = {0};
    bool sound = true;

    for (int32_t at = k == 1; at + k <= o->n; at++)
        if (is_first(o, at, k)) {
            const int32_t c = count_run(o, o->text + at, k);
            if (c < 5)
                n[c]++;
        }
    for (int i = 1; i <= 3; i++) {
        o->discount[k][i - 1] = i - (i + 1) * (n[1] / (n[1] + 2 * n[2])) * n[i + 1] / n[i];
        sound = sound && o->discount[k][i - 1] > 0 && o->discount[k][i - 1] <= i;
    }
    for (int i = 1; i <= 3 && !sound; i++)
        o->discount[k][i - 1] = i * 0.5;
}

static double off(const struct oracle *o, int k, int32_t count)
{
    return count == 0 ? 0 : o->discount[k][(count < 3 ? count : 3) - 1];
}

/* p(w | the k symbols of c), by recursion. */
static double oracle_p(const struct oracle *o, const int32_t *c, int k, int32_t w)
{
    const double shorter = k == 0 ? 1.0 / o->V : oracle_p(o, c + 1, k - 1, w);
    int32_t run[LONGEST];
    double total = 0, rest = 0, own = 0;

    memcpy(run, c, (size_t)k * sizeof *run);
    for (int32_t v = 0; v < o->V; v++) {
        run[k] = v;
        const int32_t count = count_run(o, run, k + 1);
        total += count;
        rest += off(o, k + 1, count);
        if (v == w)
            own = count - off(o, k + 1, count);
    }
    return total > 0 ? (own + rest * shorter) / total : shorter;
}

/* ---- models ------------------------------------------------------------------------------ */

static rc_model *fit_text(const char *order, const char *level, const char *text)
{
    const char *path = toy_file("fit.txt", text);
    rc_config *c =
        toy_config("ngram", (const char *const[]){"order", order, "level", level, "train", path,
                                                  "valid-split", "0", NULL});
    rcm_corpus *corpus;
    rcm_vocabs v = {0};
    rc_model *m;

    CHECK_STATUS(c->task->corpus_open(&corpus, c, NULL, &v), RC_OK);
    CHECK_STATUS(rcm_model_new(&m, c, v), RC_OK);
    CHECK_STATUS(c->task->fit(m, corpus), RC_OK);
    CHECK_STATUS(rcm_model_settle(m, NULL), RC_OK);
    c->task->corpus_free(corpus);
    rc_config_free(c);
    return m;
}

/* `n` symbols, skewed so that some runs come often; a few line feeds. */
static void random_text(char *text, int64_t n, int64_t letters)
{
    for (int64_t i = 0; i < n; i++) {
        const int64_t a = pick(0, letters - 1), b = pick(0, letters - 1);
        text[i] = pick(0, 9) == 0 ? '\n' : (char)('a' + (a < b ? a : b));
    }
    text[0] = 'a';
    text[1] = 'b';
    text[n] = '\0';
}

static void set_oracle(struct oracle *o, const rc_model *m, const char *text, int order)
{
    o->n = 1;
    o->V = rc_model_symbols(m);
    o->order = order;
    o->text[0] = rc_model_boundary(m);
    for (const char *p = text; *p; p++)
        o->text[o->n++] = rc_model_find(m, p, 1);
    for (int k = 1; k <= order; k++)
        estimate(o, k);
}

static void probabilities_are_those_of_the_formula(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 30; trial++) {
        const int order = (int)pick(1, trial < 5 ? 9 : 4);
        const int64_t n = trial % 7 == 0 ? pick(2, 6) : pick(20, 300);
        char text[512], number[8];
        static struct oracle o;

        random_text(text, n, pick(2, 6));
        (void)snprintf(number, sizeof number, "%d", order);
        rc_model *m = fit_text(number, "char", text);
        set_oracle(&o, m, text, order);

        int32_t seen[64] = {rc_model_boundary(m)};
        rc_runner *r;
        CHECK_STATUS(rc_runner_new(&r, m), RC_OK);
        for (int i = 1; i < 12; i++) {
            const int k = i < order ? i : order - 1; /* symbols of the context */

            for (int32_t w = 0; w < o.V; w++)
                CHECK_NEAR(exp((double)rc_runner_logp(r)[w]), oracle_p(&o, seen + i - k, k, w),
                           TOL);
            seen[i] = o.text[pick(0, o.n - 1)];
            CHECK_STATUS(rc_runner_feed(r, seen[i]), RC_OK);
        }
        rc_runner_free(r);
        rc_model_free(m);
    }
}

static void probabilities_sum_to_one(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_model *m = fit_text("4", "word", TOY_TEXT TOY_TEXT);
    rc_runner *r;

    CHECK_STATUS(rc_runner_new(&r, m), RC_OK);
    for (int i = 0; i < 50; i++) {
        double sum = 0;

        for (int32_t w = 0; w < rc_model_symbols(m); w++)
            sum += exp((double)rc_runner_logp(r)[w]);
        CHECK_NEAR(sum, 1, TOL);
        CHECK_STATUS(rc_runner_feed(r, (int32_t)pick(0, rc_model_symbols(m) - 1)), RC_OK);
    }
    rc_runner_free(r);
    rc_model_free(m);
}

static void evaluation_agrees_with_a_runner(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_model *m = fit_text("3", "char", TOY_TEXT);
    const char *text = "to be that\n\nis nobler than this\nend";
    TOY_PATH(path, "eval.txt");

    (void)toy_file("eval.txt", text);
    for (int per_line = 0; per_line < 2; per_line++) {
        rc_eval_options o = rc_eval_options_default();
        rc_evaluation e;
        rc_runner *r;
        double nats = 0;
        int32_t *ids;
        size_t n;

        o.per_line = per_line;
        CHECK_STATUS(rc_model_evaluate(m, path, &o, &e), RC_OK);
        CHECK_STATUS(rc_model_encode(m, text, strlen(text), &ids, &n, NULL), RC_OK);
        CHECK_STATUS(rc_runner_new(&r, m), RC_OK);
        for (size_t i = 0; i < n; i++) {
            nats -= (double)rc_runner_logp(r)[ids[i]];
            CHECK_STATUS(rc_runner_feed(r, ids[i]), RC_OK);
            if (per_line && ids[i] == rc_model_boundary(m))
                CHECK_STATUS(rc_runner_begin(r), RC_OK);
        }
        assert_int_equal(e.tokens, n);
        CHECK_NEAR(e.nats / (double)n, nats / (double)n, TOL);
        rc_runner_free(r);
        rc_free(ids);
    }
    rc_model_free(m);
}

/* Files and clones hold the same tables; the same model, the same bytes. */
static void tables_survive_files_and_clones(void **unused)
{
    (void)unused;
    rc_model *m = fit_text("3", "char", TOY_TEXT);
    TOY_PATH(path, "tables.rc");
    TOY_PATH(again, "again.rc");
    rc_model *back, *copy;
    rc_tensor_info a, b;
    size_t n = 0;
    rcb_bytes x, y;

    CHECK_STATUS(rc_model_save(m, path), RC_OK);
    CHECK_STATUS(rc_model_open(&back, path), RC_OK);
    CHECK_STATUS(rc_model_clone(&copy, back), RC_OK);
    CHECK_STATUS(rc_model_save(copy, again), RC_OK);
    for (; rc_model_tensor(m, n, &a); n++) {
        static rc_real values[4096];

        assert_true(rc_model_tensor(copy, n, &b));
        assert_string_equal(a.name, b.name);
        assert_int_equal(a.crc, b.crc);
        CHECK_STATUS(rc_model_read(copy, a.name, values, 4096), RC_OK);
    }
    assert_int_equal(n, 1 + 3 + 3 + 2);
    CHECK_STATUS(rcb_file_load(&x, path), RC_OK);
    CHECK_STATUS(rcb_file_load(&y, again), RC_OK);
    assert_int_equal(x.n, y.n);
    assert_memory_equal(x.p, y.p, x.n);
    rcb_bytes_free(&x);
    rcb_bytes_free(&y);
    rc_model_free(m);
    rc_model_free(back);
    rc_model_free(copy);
}

struct forged {
    const rc_model *m;
    const char *name;
    rcf_tensor t;
};

static const rcf_tensor *find_forged(const void *from, const char *name)
{
    const struct forged *f = from;
    static rcf_tensor t;

    if (strcmp(name, f->name) == 0)
        return f->t.name ? &f->t : NULL;
    for (size_t i = 0; f->m->config->task->table(f->m, i, &t); i++)
        if (strcmp(t.name, name) == 0)
            return &t;
    return NULL;
}

/* Every table in turn: missing, of another type, and with every number changed. */
static void forged_tables_are_refused_or_harmless(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_model *m = fit_text("3", "word", TOY_TEXT);
    const rcm_task *task = m->config->task;
    rcf_tensor t;
    int64_t refused = 0;

    for (size_t i = 0; task->table(m, i, &t); i++) {
        struct forged f = {.m = m, .name = t.name};
        rc_model *to;

        CHECK_STATUS(rc_model_clone(&to, m), RC_OK);
        CHECK_STATUS(task->tables_load(to, find_forged, &f), RC_EFORMAT);
        CHECK_MESSAGE_HAS("is missing");
        f.t = t;
        f.t.dtype = RCF_F32;
        CHECK_STATUS(task->tables_load(to, find_forged, &f), RC_EFORMAT);
        f.t = t;
        unsigned char *copy = malloc(t.bytes);
        assert_non_null(copy);
        f.t.data = copy;
        for (size_t k = 0; k + 4 <= t.bytes; k += 4) {
            const int32_t odd[] = {-1, INT32_MAX, (int32_t)pick(0, 20)};

            memcpy(copy, t.data, t.bytes);
            memcpy(copy + k, &odd[k / 4 % 3], 4);
            if (task->tables_load(to, find_forged, &f) != RC_OK) {
                refused++;
                continue;
            }
            rc_runner *r; /* sound enough to run */
            CHECK_STATUS(rc_runner_new(&r, to), RC_OK);
            for (int32_t w = 0; w < rc_model_symbols(to); w++)
                CHECK_STATUS(rc_runner_feed(r, w), RC_OK);
            rc_runner_free(r);
        }
        free(copy);
        rc_model_free(to);
    }
    assert_true(refused > 50);
    rc_model_free(m);
}

static rc_status live(void *ctx)
{
    rc_config *c = ctx;
    rcm_corpus *corpus;
    rcm_vocabs v = {0};
    rc_model *m, *copy;

    RC_TRY(c->task->corpus_open(&corpus, c, NULL, &v));
    rc_status s = rcm_model_new(&m, c, v);
    if (s == RC_OK) {
        s = c->task->fit(m, corpus);
        if (s == RC_OK)
            s = rcm_model_settle(m, NULL);
        if (s == RC_OK)
            s = rc_model_clone(&copy, m);
        if (s == RC_OK)
            rc_model_free(copy);
        rc_model_free(m);
    }
    c->task->corpus_free(corpus);
    return s;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    TOY_PATH(path, "alloc.txt");
    (void)toy_file("alloc.txt", TOY_TEXT);
    rc_config *c = toy_config("ngram", (const char *const[]){"train", path, "order", "3", NULL});

    CHECK_EACH_ALLOCATION(live, c);
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probabilities_are_those_of_the_formula),
        cmocka_unit_test(probabilities_sum_to_one),
        cmocka_unit_test(evaluation_agrees_with_a_runner),
        cmocka_unit_test(tables_survive_files_and_clones),
        cmocka_unit_test(forged_tables_are_refused_or_harmless),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests_name("ngram", tests, NULL, NULL);
}
