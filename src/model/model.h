/* model.h -- a task and its parameters, and the file both live in.
 *
 * Object room. A task is one file with one `const rcm_task` and a line in models.def. The room
 * knows nothing of optimisers and processes: train/ drives a task through the functions below.
 */
#ifndef RCM_MODEL_H
#define RCM_MODEL_H

#include "data/data.h"
#include "format/format.h"
#include "net/net.h"

typedef struct rcm_task rcm_task;
struct rcm_labelled;
struct rcm_said;

/* ---- configuration (config.c) ------------------------------------------------------------ */

#define RCM_OPT_COUNT(...) +1
enum {
    RCM_OPTIONS = 0
#define OPT RCM_OPT_COUNT
#include "model/config.def"
#undef OPT
};

/* Every option of config.def as a field: rc_config is this struct behind its public face. Read the
 * fields, change them through rc_config_set() alone. */
struct rc_config {
    const rcm_task *task;
#define RCM_INT(field) int64_t field;
#define RCM_REAL(field) double field;
#define RCM_WORDS(field) char *field;
#define RCM_SIZES(field) char *field;   /* "256,128": see rcm_sizes() */
#define RCM_RULES(field) char *field;   /* see rcn_init_rule() */
#define RCM_PENALTY(field) char *field; /* see rcn_glob_value() */
#define RCM_NAME(field) char *field;    /* see rcm_list_index() */
#define RCM_FLAG(field) bool field;
#define RCM_FILES(field) char *field; /* paths, each ended by '\n' but the last: see rcm_paths() */
#define OPT(field, name, KIND, fallback, lo, hi, list, group, tasks, help) RCM_##KIND(field)
#include "model/config.def"
#undef OPT
#undef RCM_INT
#undef RCM_REAL
#undef RCM_WORDS
#undef RCM_SIZES
#undef RCM_RULES
#undef RCM_PENALTY
#undef RCM_NAME
#undef RCM_FLAG
#undef RCM_FILES
    char *shown[RCM_OPTIONS]; /* every value as text */
};

/* JSON object of every option the task has (in the order of config.def), and back. An option that
 * is not there keeps its default; RC_EFORMAT: not such a text, or an option that this version
 * lacks. */
rc_status rcm_config_print(const rc_config *c, rcb_buf *out);
rc_status rcm_config_parse(rc_config **out, const char *task, const char *json);

/* ---- values that are lists (values.c) ---------------------------------------------------- */

/* "a\nb" into paths; freed with rcm_paths_free(). */
rc_status rcm_paths(const char *files, char ***paths, size_t *count);
void rcm_paths_free(char **paths, size_t count);

/* "256" or "256,128" for `layers` layers: RC_EINVAL says what is wrong. out has `layers`
 * numbers. */
rc_status rcm_sizes(const char *text, int64_t layers, int64_t *out);

/* The same text as however many numbers there are; freed with rcb_free(). RC_EINVAL, RC_ENOMEM. */
rc_status rcm_numbers(const char *text, int64_t **out, int64_t *count);

/* ---- lists (list.c) ---------------------------------------------------------------------- */

/* Small lists that have no room of their own: code, word on the command line, help. */
#define RCM_BIAS_MAP(X)                                                                            \
    X(RCN_BIAS_NONE, "none", "no bias")                                                            \
    X(RCN_BIAS_SINGLE, "single", "one bias per gate, beside the input weights")                    \
    X(RCN_BIAS_DOUBLE, "double", "one beside the input and one beside the recurrent weights")
#define RCM_DROPOUT_MAP(X)                                                                         \
    X(RCM_DROPOUT_PLAIN, "plain", "a fresh mask for every time step")                              \
    X(RCM_DROPOUT_LOCKED, "locked", "one mask for all time steps of a sequence")
#define RCM_AVERAGE_MAP(X)                                                                         \
    X(RCM_AVERAGE_TOKEN, "token", "the loss is divided by the predictions of the batch")           \
    X(RCM_AVERAGE_SEQUENCE, "sequence", "the loss is divided by the sequences of the batch")
#define RCM_PRODUCT_MAP(X)                                                                         \
    X(RCM_PRODUCT_REALS, "f32", "of weights and activations as they are")                          \
    X(RCM_PRODUCT_BF16, "bf16", "of 16 bits, the upper half of a float, with sums of floats")
#define RCM_RECOMPUTE_MAP(X)                                                                       \
    X(RCM_RECOMPUTE_NONE, "none", "everything is kept")                                            \
    X(RCM_RECOMPUTE_LOGITS, "logits", "of lm: the scores of all symbols at every step")            \
    X(RCM_RECOMPUTE_STEPS, "steps",                                                                \
      "of series: all but the states at some steps, as many as the square root of all")
#define RCM_KEEP_MAP(X)                                                                            \
    X(RCM_KEEP_BEST, "best", "the weights of the best validation")                                 \
    X(RCM_KEEP_LAST, "last", "the weights after the last step")
#define RCM_MEAN_MAP(X)                                                                            \
    X(RCM_MEAN_NONE, "none", "the weights themselves are validated and saved")                     \
    X(RCM_MEAN_ALL, "all", "the mean of the weights after every update is")                        \
    X(RCM_MEAN_TRIGGER, "trigger",                                                                 \
      "the mean is, from the first validation on that is worse than the best of those more "       \
      "than --mean-after before it (NT-ASGD, Merity et al. 2018)")

#define RCM_AIM_MAP(X)                                                                             \
    X(RCM_AIM_AUTO, "auto", "what the data offers: class, values, bits or next")                   \
    X(RCM_AIM_CLASS, "class", "the class of the sequence, or of every step")                       \
    X(RCM_AIM_VALUES, "values", "numbers for the sequence, or for every step")                     \
    X(RCM_AIM_NEXT, "next", "the next step, as numbers")                                           \
    X(RCM_AIM_BITS, "bits", "the next step, each of its numbers on or off")
#define RCM_ANSWERS_MAP(X)                                                                         \
    X(RCM_ANSWERS_AUTO, "auto", "as the data has them")                                            \
    X(RCM_ANSWERS_LAST, "last", "one for a sequence, at its last step")                            \
    X(RCM_ANSWERS_EACH, "each", "one at every step")
#define RCM_READS_MAP(X)                                                                           \
    X(RCM_READS_EACH, "each", "every step")                                                        \
    X(RCM_READS_FIRST, "first", "the first step; zeros at all others: one to many")                \
    X(RCM_READS_NONE, "none", "nothing, zeros at every step: an autonomous recurrence")
#define RCM_CHAR_NET_MAP(X)                                                                        \
    X(RCM_CHAR_NONE, "none", "nothing")                                                            \
    X(RCM_CHAR_CNN, "cnn", "a convolution, of which the most over the word (Ma and Hovy 2016)")    \
    X(RCM_CHAR_RNN, "rnn", "an LSTM in both directions, its last states (Lample et al. 2016)")
#define RCM_POOLING_MAP(X)                                                                         \
    X(RCM_POOLING_LAST, "last", "the last step; of two directions each its own last")              \
    X(RCM_POOLING_MEAN, "mean", "the mean over the steps")                                         \
    X(RCM_POOLING_MAX, "max", "the most of every unit")                                            \
    X(RCM_POOLING_ATTENTION, "attention",                                                          \
      "a mean weighted by softmax(v tanh(W x + b)) over the steps (Yang et al. 2016)")
#define RCM_BAG_MAP(X)                                                                             \
    X(RCM_BAG_NONE, "none", "tokens one by one")                                                   \
    X(RCM_BAG_BINARY, "binary", "1 for every n-gram that is there")                                \
    X(RCM_BAG_COUNT, "count", "how often it comes")                                                \
    X(RCM_BAG_TFIDF, "tfidf",                                                                      \
      "how often it comes times ln((1 + texts) / (1 + texts that have it)) + 1, to length 1")      \
    X(RCM_BAG_NB, "nb",                                                                            \
      "1, and the weights of a label times its log-count ratios (NBSVM, Wang and Manning 2012)")
#define RCM_DECODER_MAP(X)                                                                         \
    X(RCM_DECODER_SOFTMAX, "softmax", "each by itself")                                            \
    X(RCM_DECODER_CRF, "crf", "all of a sequence together: a conditional random field")
#define RCM_JUDGE_MAP(X)                                                                           \
    X(RCM_JUDGE_AUTO, "auto", "lm, series: loss; classify: errors; tag: spans, else errors")       \
    X(RCM_JUDGE_LOSS, "loss", "the least loss")                                                    \
    X(RCM_JUDGE_ERRORS, "errors", "the fewest labels that are wrong")                              \
    X(RCM_JUDGE_SPANS, "spans", "the highest F1 of spans")
#define RCM_EMBED_MODEL_MAP(X)                                                                     \
    X(RCM_SKIPGRAM, "skipgram", "a word from each word of the window that it stands in")           \
    X(RCM_CBOW, "cbow", "a word from the mean of the words around it")                             \
    X(RCM_GLOVE, "glove", "how often words stand near each other (Pennington et al. 2014)")
#define RCM_EMBED_LOSS_MAP(X)                                                                      \
    X(RCM_LOSS_NEGATIVE, "negative",                                                               \
      "yes or no: the right word, and some wrong ones (Mikolov et al. 2013)")                      \
    X(RCM_LOSS_HIERARCHICAL, "hierarchical", "decisions down a Huffman tree (Morin, Bengio 2005)") \
    X(RCM_LOSS_FULL, "full", "a softmax over all words")                                           \
    X(RCM_LOSS_SAMPLED, "sampled", "a softmax over the right word and --samples others")
#define RCM_CBOW_STEP_MAP(X)                                                                       \
    X(RCM_STEP_SHARE, "share", "its share of the step of the mean, which is the gradient")         \
    X(RCM_STEP_WHOLE, "whole", "the whole step, as word2vec does it")
#define RCM_PROJECTION_MAP(X)                                                                      \
    X(RCM_PCA, "pca", "principal components: the plane in which the words lie farthest apart")     \
    X(RCM_TSNE, "tsne", "t-SNE: who is near stays near (van der Maaten and Hinton 2008)")
#define RCM_SCAN_MAP(X)                                                                            \
    X(RCM_SCAN_ROWS, "rows", "an image is as many steps as it has rows")                           \
    X(RCM_SCAN_PIXELS, "pixels", "an image is as many steps as it has pixels")

#define RCM_ENTRY(code, word, help) code,
typedef enum rcm_dropout { RCM_DROPOUT_MAP(RCM_ENTRY) } rcm_dropout;
typedef enum rcm_average { RCM_AVERAGE_MAP(RCM_ENTRY) } rcm_average;
typedef enum rcm_keep { RCM_KEEP_MAP(RCM_ENTRY) } rcm_keep;
typedef enum rcm_aim { RCM_AIM_MAP(RCM_ENTRY) } rcm_aim;
typedef enum rcm_answers { RCM_ANSWERS_MAP(RCM_ENTRY) } rcm_answers;
typedef enum rcm_reads { RCM_READS_MAP(RCM_ENTRY) } rcm_reads;
typedef enum rcm_char_net { RCM_CHAR_NET_MAP(RCM_ENTRY) } rcm_char_net;
typedef enum rcm_pooling { RCM_POOLING_MAP(RCM_ENTRY) } rcm_pooling;
typedef enum rcm_bag_kind { RCM_BAG_MAP(RCM_ENTRY) } rcm_bag_kind;
typedef enum rcm_decoder { RCM_DECODER_MAP(RCM_ENTRY) } rcm_decoder;
typedef enum rcm_judge { RCM_JUDGE_MAP(RCM_ENTRY) } rcm_judge;
typedef enum rcm_embed_model { RCM_EMBED_MODEL_MAP(RCM_ENTRY) } rcm_embed_model;
typedef enum rcm_embed_loss { RCM_EMBED_LOSS_MAP(RCM_ENTRY) } rcm_embed_loss;
typedef enum rcm_cbow_step { RCM_CBOW_STEP_MAP(RCM_ENTRY) } rcm_cbow_step;
typedef enum rcm_projection { RCM_PROJECTION_MAP(RCM_ENTRY) } rcm_projection;
typedef enum rcm_scan { RCM_SCAN_MAP(RCM_ENTRY) } rcm_scan;
typedef enum rcm_mean { RCM_MEAN_MAP(RCM_ENTRY) } rcm_mean;
typedef enum rcm_product { RCM_PRODUCT_MAP(RCM_ENTRY) } rcm_product;
typedef enum rcm_recompute { RCM_RECOMPUTE_MAP(RCM_ENTRY) } rcm_recompute;
#undef RCM_ENTRY

/* Entries of the lists that this floor and those below know: all but those of train/, which checks
 * its own with rcm_list_check(). */
bool rcm_list(const char *list, size_t i, rc_entry *out);
/* The place of a name in a list of this floor (the code of the maps above); -1: none. */
int rcm_list_index(const char *list, const char *name);

typedef bool (*rcm_list_fn)(const char *list, size_t i, rc_entry *out);
/* RC_EINVAL unless `name` is in the list: "cannot set 'cell' to 'lsmt': it is none of the cells",
 * with the nearest name as the hint. A list that `entries` does not know at all takes any name. */
rc_status rcm_list_check(rcm_list_fn entries, const char *list, const char *option,
                         const char *name);

/* ---- words (words.c) --------------------------------------------------------------------- */

/* Pairs of a name and a text, in order: "name\0text\0" each. Zero-initialise. */
typedef struct rcm_words {
    rcb_buf text;
    size_t n;
} rcm_words;
rc_status rcm_words_add(rcm_words *w, const char *name, const char *fmt, ...) RC_PRINTF(3, 4);
bool rcm_words_at(const rcm_words *w, size_t i, const char **name, const char **text);
void rcm_words_free(rcm_words *w);

/* A number as the shortest text that reads back as the same number; JSON's null for NaN and
 * infinities. */
rc_status rcm_print_real(rcb_buf *out, double x);
/* A JSON string in its quotes. The text must be UTF-8. */
rc_status rcm_print_text(rcb_buf *out, const char *text);

/* ---- models (model.c) -------------------------------------------------------------------- */

/* What training has to say about a model; kept in the file. */
typedef struct rcm_history {
    rc_record *p;
    size_t n;
    size_t cap;
} rcm_history;

/* Numbers by name ("valid nats/token", ...), in the order they were first set; kept in the file. */
typedef struct rcm_result {
    char *name;
    double value;
} rcm_result;
typedef struct rcm_results {
    rcm_result *p;
    size_t n;
    size_t cap;
} rcm_results;

/* What the vocabularies of a model number. One list: code, word in the file, what it is. */
#define RCM_VOCAB_MAP(X)                                                                           \
    X(RCM_SYMBOLS, "vocab", "what is read or, by series, said")                                    \
    X(RCM_LABELS, "labels", "what is said of what is read")                                        \
    X(RCM_CHARACTERS, "characters", "what words are made of")                                      \
    X(RCM_FEATURES, "features", "what else is said of words by the data")                          \
    X(RCM_GRAMS, "grams", "n-grams of a bag")
#define RCM_ENTRY(code, word, help) code,
typedef enum rcm_kind { RCM_VOCAB_MAP(RCM_ENTRY) RCM_VOCABS } rcm_kind;
#undef RCM_ENTRY

/* Vocabularies by kind; NULL: there is none. */
typedef struct rcm_vocabs {
    rcd_vocab *of[RCM_VOCABS];
} rcm_vocabs;
static inline rcm_vocabs rcm_symbols_alone(rcd_vocab *symbols)
{
    return (rcm_vocabs){{symbols}};
}
void rcm_vocabs_free(rcm_vocabs *v);
rc_status rcm_vocabs_clone(rcm_vocabs *out, const rcm_vocabs *v);

/* What a model is made of that is made of models, and what each counts: the weights add up to 1. */
typedef struct rcm_members {
    rc_model **p;   /* (n) */
    double *weight; /* (n) */
    size_t n;
} rcm_members;

struct rc_model {
    rc_config *config;
    rcn_params params;
    rcm_vocabs vocab;
    rcm_history history;
    rcm_results results;
    rcm_members members; /* of a mixture; else there are none */
    rcm_words origin;    /* what the first values came from; kept in the file */
    rcm_words facts;
    void *own;    /* what the task built */
    int64_t room; /* numbers a file holds for this model: more need not be allocated */
    int trainers; /* 0 or 1 */
};

/* A model of this configuration: vocabularies given (taken over even on failure), parameters
 * initialised. */
rc_status rcm_model_new(rc_model **out, const rc_config *c, rcm_vocabs vocab);
/* The parameters of a model that is const because its shape is: operations take them as leaves, and
 * the trainer that holds the model alone changes them in place. */
static inline rcn_params *rcm_params(const rc_model *m)
{
    return (rcn_params *)(uintptr_t)&m->params;
}
/* Whoever changed weights or configuration in place calls this before the model is run or shown:
 * transposes that running needs are made, facts are written anew. `pool` may be NULL. */
rc_status rcm_model_settle(rc_model *m, rcb_pool *pool);
rc_status rcm_history_add(rcm_history *h, const rc_record *r);
/* Set a number in the results (replacing one of that name). */
rc_status rcm_result_set(rc_model *m, const char *name, double value);
bool rcm_result_get(const rc_model *m, const char *name, double *out);

/* ---- files (file.c) ---------------------------------------------------------------------- */

enum { RCM_FILE_VERSION = 1 };

/* Tensors and metadata of this prefix in a file are no business of a model. */
#define RCM_STATE_PREFIX "state."

/* Put a model into a writer: words (task, configuration, vocabulary, conventions, history,
 * results) and logical tensors. `keep` receives the buffers that must live until the writer has
 * saved. */
typedef struct rcm_buffers {
    void **p;
    size_t n;
    size_t cap;
} rcm_buffers;
void rcm_buffers_free(rcm_buffers *b);
rc_status rcm_buffers_take(rcm_buffers *b, size_t count, size_t size, void **out);
/* What a buffer has becomes theirs, even on failure. RC_ENOMEM. */
rc_status rcm_buffers_give(rcm_buffers *b, rcb_buf *own);
rc_status rcm_model_write(const rc_model *m, rcf_writer *w, rcm_buffers *keep);
/* RC_EFORMAT: not a recur model, of a newer version, or not what its configuration says. `path` is
 * for messages. `pool` (NULL: none) shares the work. */
rc_status rcm_model_read(rc_model **out, const rcf_file *f, const char *path, rcb_pool *pool);

/* The task of a model in a file; NULL: there is none. Valid as long as the file. */
const char *rcm_file_task(const rcf_file *f);

/* The element type of rc_real, and a logical tensor of a file (F32 or F64) as rc_real: `rows` has
 * room for all its numbers. RC_EFORMAT: of another type or size. */
#ifdef RC_DOUBLE
#define RCM_REAL_TYPE RCF_F64
#else
#define RCM_REAL_TYPE RCF_F32
#endif
rc_status rcm_tensor_reals(const rcf_tensor *t, const char *path, int64_t count, rc_real *rows);

/* ---- tasks ------------------------------------------------------------------------------- */

/* The data of one training: texts read, encoded and cut as the configuration says. Made by the
 * task. */
typedef struct rcm_corpus rcm_corpus;

/* The corpus of a task that reads running text (lm) out of a text that is at hand, in place of the
 * files of the configuration; all of it is for training. RC_EDATA: too short. */
rc_status rcm_corpus_of(rcm_corpus **out, const rc_config *c, const rcd_text *t, rcd_vocab **made);

/* The parts of a corpus. */
typedef enum rcm_part { RCM_TRAIN, RCM_VALID, RCM_TEST, RCM_PARTS } rcm_part;

/* (feed.c) A batch as the task's loss wants it, with the state that is carried between batches. */
typedef struct rcm_feed {
    rcd_batch batch;
    int64_t next;     /* where the next batch begins */
    const void *from; /* what the numbers of the batch are of: the task's own */
    rc_var *extra;  /* made by the loss: a scalar that is added to it and not counted; NULL: none */
    rc_real *carry; /* (carry_rows, carry_width): recurrent state between batches; NULL: none */
    int64_t carry_rows, carry_width;
} rcm_feed;
/* Room for the carried state of `rows` sequences, zeroed; what the batch needs grows by itself. */
rc_status rcm_feed_new(rcm_feed *f, const rc_model *m, int64_t rows);
void rcm_feed_free(rcm_feed *f);
/* Part `part` of `parts` (see rcd_batch_part()) with what its sequences carry, into a feed made for
 * that many of them; and what they carry then, back into the whole. RC_ENOMEM. */
rc_status rcm_feed_part(const rcm_feed *whole, int64_t part, int64_t parts, rcm_feed *out);
void rcm_feed_return(const rcm_feed *f, int64_t part, int64_t parts, rcm_feed *whole);

/* Some of the time steps of a batch, run by themselves: see rcm_task. */
typedef struct rcm_piece {
    int64_t from, to; /* steps of the batch */
    bool said;        /* the loss is wanted; else states alone */
    rcn_ends ends;    /* (B, piece_width) arrays */
} rcm_piece;

/* What the loss of a batch is divided by, as --average says. */
double rcm_divisor(const rc_config *c, const rcd_batch *b);

/* A step that a task takes itself: where from, and at which rate; and what it was. */
typedef struct rcm_stride {
    int64_t epoch, pos;
    double rate;
} rcm_stride;
typedef struct rcm_strode {
    int64_t next; /* where the next begins */
    int64_t rows; /* what was read, of epoch_rows; 0: the epoch is over */
    int64_t aims; /* of what the loss is, which may be a sample */
    double nats;  /* not finite: moves were not, and the rows they were of have stayed */
} rcm_strode;
/* Reals that steps change besides the parameters; a view. */
typedef struct rcm_memory {
    const char *name;
    int64_t rows, cols, ld;
    rc_real *x; /* (rows,ld) */
} rcm_memory;
/* What takes such steps: the first member of what else it is. It borrows model, corpus and pool. */
typedef struct rcm_walker rcm_walker;
struct rcm_walker {
    rc_status (*walk)(rcm_walker *w, const rcm_stride *s, rcm_strode *out);
    void (*free)(rcm_walker *w);
    /* The i-th that a checkpoint must hold; false past the end. NULL: there are none. */
    bool (*memory)(const rcm_walker *w, size_t i, rcm_memory *out);
    size_t (*bytes)(const rcm_walker *w); /* that it holds, after some steps */
    int64_t epoch_steps, epoch_rows;
};

struct rcm_task {
    const char *name;
    const char *help;
    bool labels; /* what it says is right or wrong, and is judged by that */
    bool each;   /* it says one for every token, not for the sequence */
    bool mixed;  /* it is made of other models (members.c), and not trained: of what follows it has
                    build, unbuild, settle, what is said of files, and words */

    /* Read the data of a configuration; with `have` given (resume) encode by those vocabularies,
     * else build what is wanted and return it through `made`, which comes empty, is
     * left so by a failure, and is the caller's; NULL: for a model that is there. Options that the
     * data decides are set in the configuration. */
    rc_status (*corpus_open)(rcm_corpus **out, rc_config *c, const rcm_vocabs *have,
                             rcm_vocabs *made);
    void (*corpus_free)(rcm_corpus *c);
    uint32_t (*corpus_crc)(const rcm_corpus *c); /* the same data, the same number */
    bool (*has_part)(const rcm_corpus *c, rcm_part part);
    /* What was passed over or mended in reading, a sentence a line. NULL: nothing ever is. */
    rc_status (*corpus_notes)(const rcm_corpus *c, rcb_buf *out);

    /* Add parameters (their values undefined) and set m->own, which starts NULL; free it. */
    rc_status (*build)(rc_model *m);
    void (*unbuild)(rc_model *m);
    /* First values of the parameters, by the configuration. */
    rc_status (*init)(rc_model *m);
    /* The values are in place or have changed: prepare what running needs. NULL: nothing. */
    rc_status (*settle)(rc_model *m, rcb_pool *pool);

    /* What a fresh model takes from its corpus before it trains, besides the vocabulary. NULL:
     * nothing. */
    rc_status (*measure_data)(rc_model *m, const rcm_corpus *c);

    /* Training by gradients through the graph. The batches of an epoch where each has `steps` time
     * steps at most, its rows in all, and the longest that a batch can be; then the batch of epoch
     * `epoch` (from 1) that begins at place `pos` (0: at the beginning; then feed->next), with up
     * to `steps` time steps (0 rows: the epoch is over). */
    int64_t (*epoch_batches)(const rcm_corpus *c, int64_t steps);
    int64_t (*epoch_rows)(const rcm_corpus *c);
    int64_t (*longest)(const rcm_corpus *c);
    rc_status (*batch)(const rcm_corpus *c, int64_t epoch, int64_t pos, int64_t steps,
                       rcm_feed *feed);
    int64_t (*carry_width)(const rc_model *m); /* reals of one sequence's carried state */
    /* Sum of the loss over feed->batch.aims predictions, as a scalar; carry is read and
     * replaced. */
    rc_var *(*loss)(const rc_model *m, rc_graph *g, rcm_feed *feed);

    /* The same for a piece of the batch, whose sequences go on from piece->ends.before to
     * ends.after: the loss of what is to be said in it; NULL: nothing is, or the graph has failed.
     * NULL: batches are not cut in time. */
    rc_var *(*piece)(const rc_model *m, rc_graph *g, rcm_feed *feed, rcm_piece *piece);
    int64_t (*piece_width)(const rc_model *m); /* numbers of the states of one sequence */

    /* Training by steps of its own, that change the parameters at once; no batches, no loss. NULL
     * for the others. */
    rc_status (*walker_new)(rcm_walker **out, rc_model *m, const rcm_corpus *c, rcb_pool *pool);

    /* What a step over the rows of `w` takes, added to it. */
    void (*work)(const rc_model *m, rcg_work *w);

    /* Or by counting: no batches, no loss. NULL for gradient tasks. */
    rc_status (*fit)(rc_model *m, const rcm_corpus *c);

    /* Tensors that are no parameters (tables of counts): the i-th as files hold it, false past the
     * end; and all of them out of a source. NULL: there are none. */
    bool (*table)(const rc_model *m, size_t i, rcf_tensor *out);
    rc_status (*tables_load)(rc_model *m, const rcf_tensor *(*find)(const void *from, const char *),
                             const void *from);

    /* Score a part of the corpus: every symbol, in `tracks` parallel tracks (1 is exact). */
    rc_status (*score_part)(const rc_model *m, const rcm_corpus *c, rcm_part part, int64_t tracks,
                            rcb_pool *pool, rc_evaluation *out);

    /* Of a task that says labels (labelled_in.h): what it says of a batch of `of`. RC_..: the
     * graph's failure. */
    rc_status (*say)(const rc_model *m, rc_graph *g, const struct rcm_labelled *of,
                     const rcd_batch *b, bool wants_all, struct rcm_said *out);

    /* Evaluation of a file. NULL: it is a text, and the task has `evaluate`. */
    rc_status (*evaluate_file)(const rc_model *m, const char *path, const rc_eval_options *o,
                               rcb_pool *pool, rc_evaluation *out);
    /* What the model says of a file. NULL: the task says nothing of files. */
    rc_status (*predict_file)(const rc_model *m, const char *path, const rc_predict_options *o,
                              rcb_pool *pool, rc_prediction_fn fn, void *ctx);

    /* Evaluation of bytes [from,to) of a text, and one symbol at a time: `state` is read and
     * replaced; after a failure it is undefined. All bytes zero: nothing has been read yet. NULL:
     * the task has no symbols to step through. */
    rc_status (*evaluate)(const rc_model *m, const rcd_text *t, uint64_t from, uint64_t to,
                          const rc_eval_options *o, rcb_pool *pool, rc_evaluation *out);
    size_t (*state_size)(const rc_model *m);
    rc_status (*step)(const rc_model *m, rc_graph *g, void *state, int32_t id,
                      rc_real *logp); /* (V) */

    /* What is summed up as the loss: "nats" (NULL: that), "squared error". */
    const char *(*measure)(const rc_model *m);
    /* What is counted on the way: "tokens" (NULL: that). */
    const char *(*unit)(const rc_model *m);

    /* The vector of symbol i, (embed), where it is not row i of embed.weight. */
    void (*vector)(const rc_model *m, int64_t i, rc_real *x);
    /* The vector of a word that is none of the symbols; *any false: nothing is known of it. NULL:
     * words are not made of parts. */
    rc_status (*vector_of_parts)(const rc_model *m, const char *word, size_t n, rc_real *x,
                                 bool *any);

    /* What a reader of the file must know (gate order, ...): goes into the file and the facts; and
     * further facts. */
    rc_status (*conventions)(const rc_model *m, rcm_words *w);
    rc_status (*facts)(const rc_model *m, rcm_words *w);
};

const rcm_task *rcm_task_find(const char *name); /* NULL: none */
const rcm_task *rcm_task_at(size_t i);           /* of those that are trained; NULL past the end */

#endif
