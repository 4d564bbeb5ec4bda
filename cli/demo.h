/* demo.h -- what a demo is: an example of the lectures as a small experiment; and the small network
 * that demos train.
 *
 * A demo is one const table (demo_foo) in demo_*.c and one line in demos.def. It draws its own data
 * from a grammar, trains on operations of rc_graph, and fills a table of results and claims; the
 * command prints them. Everything random comes from one seed.
 */
#ifndef RECUR_CLI_DEMO_H
#define RECUR_CLI_DEMO_H

#include "recur.h"

enum { DEMO_COLUMNS = 8, DEMO_ROWS = 16, DEMO_CLAIMS = 4, DEMO_NAME = 64 };

/* How a column is printed. */
typedef enum demo_unit { DEMO_SHARE /* 98.4% */, DEMO_NUMBER /* 1.23e-05 */ } demo_unit;

typedef struct demo_result {
    const char *about; /* what the rows are */
    struct {
        char name[DEMO_NAME];
        demo_unit unit;
    } column[DEMO_COLUMNS];
    int columns;
    struct {
        char name[DEMO_NAME];
        double value[DEMO_COLUMNS]; /* NaN: none */
    } row[DEMO_ROWS];
    int rows;
    struct {
        const char *text;
        bool holds;
    } claim[DEMO_CLAIMS];
    int claims;
} demo_result;

typedef struct demo_setup {
    uint64_t seed;
    int threads;
} demo_setup;

typedef struct demo {
    const char *name;
    const char *help;    /* one line */
    const char *lecture; /* where it is from, and what is said there */
    const char *trained; /* what is trained on what */
    const char *lesson;  /* what follows, if all claims hold */
    rc_status (*run)(const demo_setup *setup, demo_result *out);
} demo;

/* Demo i in the order of demos.def; NULL past the end. */
const demo *demo_at(size_t i);

RC_PRINTF(3, 4) void demo_column(demo_result *r, demo_unit unit, const char *fmt, ...);
/* A row of no values yet. Returns its place. */
RC_PRINTF(2, 3) int demo_row(demo_result *r, const char *fmt, ...);
void demo_claim(demo_result *r, bool holds, const char *text);

/* ---- demo_net.c: weights, and steps of Adam ------------------------------------------------- */

enum { DEMO_PARAMS = 24 };

typedef struct demo_param {
    int64_t rows, cols;
    rc_real *w, *grad, *mean, *square; /* (rows, cols) each, of one block at w */
} demo_param;

typedef struct demo_net {
    rc_graph *graph;
    demo_param param[DEMO_PARAMS];
    int params;
    int64_t steps;   /* of training, done */
    uint64_t random; /* state of the stream of random numbers */
} demo_net;

rc_status demo_net_open(demo_net *n, const demo_setup *setup);
void demo_net_free(demo_net *n);
/* A number from 0 to below 1; one of 0 .. count-1; whether something of that probability is so. */
double demo_uniform(demo_net *n);
int demo_below(demo_net *n, int count);
bool demo_happens(demo_net *n, double probability);
/* A number drawn from the normal distribution. */
double demo_normal(demo_net *n);
/* A matrix whose numbers are drawn evenly from -scale to scale; *place says where it is. */
rc_status demo_net_add(demo_net *n, int64_t rows, int64_t cols, double scale, int *place);
/* It as a variable that wants a gradient; as a vector of its `rows` where cols is 1. */
rc_var *demo_leaf(demo_net *n, int place);
/* A step of Adam (norm of the gradient clipped to 1) down from a loss; then the graph is reset. */
rc_status demo_net_step(demo_net *n, rc_var *loss, double rate);
/* For each row of scores (N,C): the place of the largest. */
rc_status demo_choose(demo_net *n, const rc_var *scores, int32_t *choice);

/* ---- demo_text.c: sentences, and networks that read them ------------------------------------ */

enum { DEMO_LONGEST = 64, DEMO_BATCH = 256 };

/* Words, and what is asked after some of them. */
typedef struct demo_sentence {
    int length;
    int32_t word[DEMO_LONGEST];
    int32_t answer[DEMO_LONGEST];  /* -1: nothing is asked here */
    unsigned counts[DEMO_LONGEST]; /* bit k: the answer counts for column k of the results */
} demo_sentence;

/* Draw one sentence. `test`: of the kind that is only used for testing. */
typedef void (*demo_grammar)(demo_net *n, const void *ctx, bool test, demo_sentence *out);

/* Add a word, or one with a question. */
void demo_say(demo_sentence *s, int32_t word);
void demo_ask(demo_sentence *s, int32_t word, int32_t answer, unsigned counts);

/* Sentences side by side: rows as rc_rnn() wants them, and the rows at which something is asked. */
typedef struct demo_batch {
    int count;
    int64_t at[DEMO_LONGEST + 1];
    rc_rows rows;
    int32_t word[DEMO_BATCH * DEMO_LONGEST];
    int64_t asked;
    int32_t row[DEMO_BATCH * DEMO_LONGEST]; /* (asked) */
    int32_t answer[DEMO_BATCH * DEMO_LONGEST];
    unsigned counts[DEMO_BATCH * DEMO_LONGEST];
    demo_sentence sentence[DEMO_BATCH]; /* longest first */
} demo_batch;

/* Draw `count` sentences into a batch. */
void demo_batch_draw(demo_batch *b, int count, demo_net *n, demo_grammar grammar, const void *ctx,
                     bool test);

typedef enum demo_kind {
    DEMO_BAG,       /* the sum of the words' vectors, and a layer of tanh */
    DEMO_POSITIONS, /* the words' vectors side by side, and a layer of tanh */
    DEMO_FORWARD,   /* a recurrent layer */
    DEMO_BOTH       /* two, one in each direction */
} demo_kind;

typedef struct demo_reader_plan {
    demo_kind kind;
    const char *cell; /* "tanh", "gru" or "lstm" */
    int words, answers;
    int embed, hidden;
    int positions; /* of DEMO_POSITIONS: length of the longest sentence */
} demo_reader_plan;

typedef struct demo_reader {
    demo_reader_plan plan;
    int embed, out, out_bias;
    struct {
        int in, back, bias;
    } layer[2];
} demo_reader;

rc_status demo_reader_add(demo_reader *r, demo_net *n, const demo_reader_plan *plan);
/* Scores (asked, answers) of the answers to all that a batch asks. */
rc_var *demo_reader_scores(const demo_reader *r, demo_net *n, const demo_batch *b);
/* Make a reader, train it and find the share of right answers, of each column. */
typedef struct demo_course {
    demo_grammar grammar;
    const void *ctx;
    int steps, batch;
    double rate;
    int tests; /* batches of DEMO_BATCH sentences */
    int columns;
} demo_course;
rc_status demo_teach(const demo_setup *setup, const demo_reader_plan *plan,
                     const demo_course *course, double *right);

#endif
