/* cmd_score.c -- recur score: the log-probability of every line, and how it comes about.
 *
 * Each line begins with the boundary and a fresh state, and its end is scored with it.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"

static const opt options[] = {
    {.name = "trace",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .help = "show for every symbol its probability, its rank and the best others"},
    {.name = "best",
     .kind = RC_OPTION_INT,
     .fallback = "5",
     .lo = 0,
     .hi = 100,
     .group = "output",
     .help = "with --trace: so many of the most probable symbols"},
    OPT_THREADS,
    OPT_JSON,
    OPT_END,
};

enum { BEST_MOST = 100 };

/* One step of a line: what was there and what the model would rather have seen. */
typedef struct step {
    int32_t id;
    double logp;
    int64_t rank; /* 1: the most probable */
    int best_count;
    int32_t best[BEST_MOST];
    double best_logp[BEST_MOST];
} step;

typedef struct scorer {
    const opts *o;
    const rc_model *m;
    rc_runner *r;
    bool trace;
    bool json;
    int best;
    const char *path;
    int64_t line;    /* counted from 1 */
    int64_t unknown; /* tokens so far that are not in the vocabulary, and all */
    int64_t tokens;
    FILE *table;   /* the trace of the line at hand, as text */
    json_t *steps; /* or as JSON */
} scorer;

/* Keep (id, logp) among the best, which fall in probability; ties stay in the order of ids. */
static void keep_best(step *s, int room, int32_t id, double logp)
{
    int at = s->best_count;
    while (at > 0 && logp > s->best_logp[at - 1])
        at--;
    if (at >= room)
        return;
    if (s->best_count < room)
        s->best_count++;
    for (int i = s->best_count - 1; i > at; i--) {
        s->best[i] = s->best[i - 1];
        s->best_logp[i] = s->best_logp[i - 1];
    }
    s->best[at] = id;
    s->best_logp[at] = logp;
}

static void look(const scorer *sc, const rc_real *logp, int32_t id, step *out)
{
    const int32_t V = rc_model_symbols(sc->m);
    out->id = id;
    out->logp = (double)logp[id];
    out->rank = 1;
    out->best_count = 0;
    if (!sc->trace)
        return;
    for (int32_t i = 0; i < V; i++) {
        out->rank += logp[i] > logp[id];
        keep_best(out, sc->best, i, (double)logp[i]);
    }
}

static const char *symbol_text(const rc_model *m, int32_t id, char out[SAY_ROOM])
{
    size_t n;
    const char *bytes = rc_model_symbol(m, id, &n);
    return say_symbol(out, bytes, n);
}

static void write_step(const scorer *sc, const step *s)
{
    char room[SAY_ROOM];
    fprintf(sc->table, "    %-12s %10.6f %6" PRId64 "  ", symbol_text(sc->m, s->id, room),
            exp(s->logp), s->rank);
    for (int i = 0; i < s->best_count; i++)
        fprintf(sc->table, "  %s %.4f", symbol_text(sc->m, s->best[i], room), exp(s->best_logp[i]));
    fputc('\n', sc->table);
}

static json_t *symbol_json(const rc_model *m, int32_t id)
{
    size_t n;
    const char *bytes = rc_model_symbol(m, id, &n);
    return json_bytes(bytes, n);
}

static void add_step(scorer *sc, const step *s)
{
    json_t *best = json_array();
    for (int i = 0; i < s->best_count; i++)
        json_add(&best, json_pack("{s:o, s:o}", "symbol", symbol_json(sc->m, s->best[i]), "p",
                                  json_number(exp(s->best_logp[i]))));
    json_add(&sc->steps,
             json_pack("{s:o, s:o, s:I, s:o}", "symbol", symbol_json(sc->m, s->id), "p",
                       json_number(exp(s->logp)), "rank", (json_int_t)s->rank, "best", best));
}

/* Sum the log-probabilities of the symbols of one line, tracing each step where that is wanted. */
static rc_status walk(scorer *sc, const int32_t *ids, size_t count, double *sum)
{
    *sum = 0;
    rc_status status = rc_runner_begin(sc->r);
    for (size_t i = 0; i < count && status == RC_OK; i++) {
        step s;
        look(sc, rc_runner_logp(sc->r), ids[i], &s);
        *sum += s.logp;
        if (sc->table)
            write_step(sc, &s);
        if (sc->trace && sc->json)
            add_step(sc, &s);
        if (i + 1 < count)
            status = rc_runner_feed(sc->r, ids[i]);
    }
    return status;
}

/* The result of one line; it takes the steps. */
static int print_line(scorer *sc, const char *line, size_t n, double logp, size_t tokens)
{
    if (!sc->json) {
        printf("%.6f\t%zu\t", logp, tokens);
        fwrite(line, 1, n, stdout);
        return EXIT_DONE;
    }
    json_t *one = json_pack("{s:o, s:I, s:o}", "logp", json_number(logp), "tokens",
                            (json_int_t)tokens, "line", json_bytes(line, n - 1));
    if (sc->trace)
        json_put(&one, "steps", json_incref(sc->steps));
    return json_print(stdout, one, false);
}

/* Score a line whose symbols are known. */
static int score_ids(scorer *sc, const char *line, size_t n, const int32_t *ids, size_t count)
{
    char *table = NULL;
    size_t table_size = 0;
    double sum;
    if (sc->trace && sc->json)
        sc->steps = json_array();
    else if (sc->trace)
        sc->table = open_memstream(&table, &table_size);
    if (sc->trace && !sc->steps && !sc->table)
        return say_out_of_memory();
    if (sc->table && sc->line == 1)
        fprintf(sc->table, "    %-12s %10s %6s    %s\n", "symbol", "p", "rank", "most probable");
    const rc_status status = walk(sc, ids, count, &sum);
    bool whole = !sc->table || !ferror(sc->table);
    if (sc->table)
        whole = fclose(sc->table) == 0 && whole && table;
    int code;
    if (status != RC_OK)
        code = say_library_failure();
    else
        code = whole ? print_line(sc, line, n, sum, count) : say_out_of_memory();
    if (sc->table && code == EXIT_DONE)
        fwrite(table, 1, table_size, stdout);
    json_decref(sc->steps);
    free(table);
    sc->steps = NULL;
    sc->table = NULL;
    return code;
}

/* One line with its line feed. */
static int score_line(scorer *sc, const char *line, size_t n)
{
    int32_t *ids = NULL;
    size_t count = 0;
    int64_t unknown = 0;
    sc->line++;
    if (rc_model_encode(sc->m, line, n, &ids, &count, &unknown) != RC_OK)
        return say_failure("cannot score line %" PRId64 " of '%s': %s", sc->line, sc->path,
                           rc_error_message());
    sc->unknown += unknown;
    sc->tokens += (int64_t)count;
    const int code = score_ids(sc, line, n, ids, count);
    rc_free(ids);
    return code;
}

static int score_stream(scorer *sc, FILE *in)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    int code = EXIT_DONE;
    while (code == EXIT_DONE && !ferror(stdout) && (n = getline(&line, &room, in)) > 0) {
        if (line[n - 1] != '\n') { /* the last line ends as the others do; getline leaves a '\0' */
            char *longer = realloc(line, (size_t)n + 2);
            if (!longer) {
                code = say_out_of_memory();
                break;
            }
            line = longer;
            room = (size_t)n + 2;
            memcpy(line + n++, "\n", 2);
        }
        code = score_line(sc, line, (size_t)n);
    }
    const int error = errno;
    const bool ended = feof(in); /* getline() says no more of an end than of lost memory */
    free(line);
    if (code == EXIT_DONE && !ended && !ferror(stdout))
        return say_failure("cannot read '%s': %s", sc->path, strerror(error));
    return code;
}

static int run(const opts *o)
{
    const char *path = o->arg_count > 1 ? o->args[1] : "-";
    rc_model *m = NULL;
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (!in)
        return say_failure("cannot read '%s': %s", path, strerror(errno));
    scorer sc = {.o = o,
                 .path = path,
                 .trace = opts_flag(o, "trace"),
                 .json = opts_flag(o, "json"),
                 .best = (int)opts_int(o, "best")};
    int code;
    if (rc_model_open(&m, o->args[0]) != RC_OK || rc_runner_new(&sc.r, m) != RC_OK ||
        rc_runner_threads(sc.r, (int)opts_int(o, "threads")) != RC_OK) {
        code = say_library_failure();
    } else {
        sc.m = m;
        code = score_stream(&sc, in);
    }
    if (code == EXIT_DONE && sc.unknown)
        say_unless_quiet(o, "%" PRId64 " of %" PRId64 " tokens are not in the vocabulary",
                         sc.unknown, sc.tokens);
    if (in != stdin)
        fclose(in);
    rc_runner_free(sc.r);
    rc_model_free(m);
    return code;
}

const command cmd_score = {
    .name = "score",
    .usage = "MODEL [FILE] [options]",
    .summary = "print the log-probability of every line",
    .example = "recur score my.model sentences.txt\n"
               "echo 'the cat sat on the mat' | recur score words.model --trace",
    .about =
        "Reads lines from FILE or standard input and prints for each its log-probability in nats,"
        " its number of tokens and the line itself, separated by tabs. Every line begins with a"
        " fresh state, and its end is scored as a token.",
    .options = options,
    .run = run,
};
