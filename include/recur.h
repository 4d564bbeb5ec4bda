/* recur.h -- recurrent networks and sequence learning: the whole public interface.
 *
 * Read it top to bottom: status, configuration, models, running a model, training, measuring,
 * graph and operations, cells, looking inside, version. Conventions that hold everywhere:
 *
 *   - A function that can fail returns rc_status and writes its results through pointers; on
 *     failure they are NULL or untouched and rc_error_message() says what happened.
 *   - Owners are opaque and end with their _free(), which accepts NULL. Views are plain structs.
 *   - Tensors are seen from here as logical row-major arrays of rc_real, whatever lies inside.
 *   - Any function that returns rc_status may return RC_ENOMEM. One that makes an owner sets it to
 *     NULL on failure. A `const rc_..._options *` may be NULL: the defaults.
 *   - The library prints nothing, never exits, and keeps no hidden state but the per-thread
 *     message, the table of kernels, which is chosen once, and the names of files half written. It
 *     puts functions of its own before the allocator of jansson.
 *
 * Dimension letters: T time, B batch, N rows of a ragged batch, D input size, H hidden size,
 * G gates, V vocabulary, L layers.
 */
#ifndef RECUR_H
#define RECUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define RC_API __attribute__((visibility("default")))
#define RC_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define RC_API
#define RC_PRINTF(fmt, args)
#endif

/* The number type of tensors: float in librecur, double in librecur64 (define RC_DOUBLE). */
#ifdef RC_DOUBLE
typedef double rc_real;
#else
typedef float rc_real;
#endif

/* ---- status ------------------------------------------------------------------------------ */

/* One list: the code and what it means in two words. */
#define RC_STATUS_MAP(X)                                                                           \
    X(RC_OK, "done")                                                                               \
    X(RC_ENOMEM, "out of memory")                                                                  \
    X(RC_EIO, "cannot read or write")                                                              \
    X(RC_EFORMAT, "not a file of this kind")                                                       \
    X(RC_EDATA, "bad data")                                                                        \
    X(RC_ESHAPE, "shapes disagree")                                                                \
    X(RC_EINVAL, "bad argument")                                                                   \
    X(RC_EBUSY, "in use")                                                                          \
    X(RC_ENAN, "not a number")                                                                     \
    X(RC_ESTOP, "stopped on request")                                                              \
    X(RC_ENOSUP, "not in this build")

typedef enum rc_status {
#define RC_STATUS_ENTRY(code, words) code,
    RC_STATUS_MAP(RC_STATUS_ENTRY)
#undef RC_STATUS_ENTRY
} rc_status;

/* The words of the last failure on this thread: one line, lower case, no full stop. "" before the
 * first failure. Valid until the next failure on this thread. */
RC_API const char *rc_error_message(void);

/* What the user can do about the last failure on this thread, or "" when there is nothing to say.
 * Valid as long as the message. */
RC_API const char *rc_error_hint(void);

/* The name that a word was meant to be, as people mistype, or NULL when none is near: how the
 * library makes its hints. name(ctx, i) is the i-th name, NULL past the end. Pure; the result is
 * one of the names. */
typedef const char *(*rc_name_fn)(const void *ctx, size_t i);
RC_API const char *rc_nearest(const char *word, rc_name_fn name, const void *ctx);

/* Remove the files that this process has half written, beside the places that they are to take. For
 * a program that ends at once: safe in a handler of signals. What was being written cannot be
 * finished. Of more than 64 files that are written at a time some stay. */
RC_API void rc_unfinished_remove(void);

/* ---- lists and options ------------------------------------------------------------------- */

/* Everything that can be named on a command line is in a list of the library: "cells", "tasks",
 * "optimizers", "sources", "formats", ...; `recur list` names them all, and rc_option_at() which
 * one an option takes its names from. Entry i of a list; false (and *out untouched) past its end or
 * for an unknown list. The strings are static. */
typedef struct rc_entry {
    const char *name;
    const char *help;   /* one line */
    const char *detail; /* further lines (a cell's equations and paper), or NULL */
} rc_entry;
RC_API bool rc_list(const char *list, size_t i, rc_entry *out);

typedef enum rc_option_kind {
    RC_OPTION_INT,
    RC_OPTION_REAL,
    RC_OPTION_TEXT,
    RC_OPTION_NAME, /* an entry of `list` */
    RC_OPTION_FLAG, /* "true" or "false" */
    RC_OPTION_FILES /* paths; setting it again adds one, "" takes all away */
} rc_option_kind;

/* One line of the option table: what `recur train`, the model file, help and docs are made of. The
 * strings are static. */
typedef struct rc_option {
    const char *name; /* "lr-schedule" */
    rc_option_kind kind;
    const char *fallback; /* default, as text; see rc_option_default() */
    double lo, hi;        /* legal range of numbers */
    const char *list;     /* for RC_OPTION_NAME */
    const char *group;    /* heading in help: "data", "model", "training" */
    const char *tasks;    /* tasks that have it, separated by blanks; "" = all */
    const char *help;
} rc_option;
/* Option i of the table, in the order of help; NULL past the end. */
RC_API const rc_option *rc_option_at(size_t i);
/* The default that an option has for a task, as text; NULL: there is no such option, or the task
 * does not have it. */
RC_API const char *rc_option_default(const char *name, const char *task);

/* The configuration of one task: a value for every option of it. Owner. */
typedef struct rc_config rc_config;

/* Make a configuration of all defaults. RC_EINVAL: no such task (the hint names the nearest). */
RC_API rc_status rc_config_new(rc_config **out, const char *task);
RC_API rc_status rc_config_clone(rc_config **out, const rc_config *c);
RC_API void rc_config_free(rc_config *c);
/* Set an option from text. RC_EINVAL: no such option for this task, not of its kind, out of range;
 * the value is then what it was. */
RC_API rc_status rc_config_set(rc_config *c, const char *name, const char *value);
/* The value as text (paths of RC_OPTION_FILES separated by '\n'); NULL: the task has no such
 * option. Valid until the option is set again. */
RC_API const char *rc_config_get(const rc_config *c, const char *name);
/* Is the value what rc_config_new() made it? */
RC_API bool rc_config_is_default(const rc_config *c, const char *name);
/* The name of the task. */
RC_API const char *rc_config_task(const rc_config *c);

/* ---- models ------------------------------------------------------------------------------ */

/* A trained or fresh model: parameters, configuration, vocabulary. Immutable once made: any number
 * of runners on any number of threads may share it; free it after the last of them. Owner. */
typedef struct rc_model rc_model;

/* Open a model file, or a training state file (its last weights). The file may be removed once this
 * returns. A large one is read by several threads, as many as RECUR_THREADS says or there are
 * cores; they end before this returns. RC_EIO (cannot be read), RC_EFORMAT (not a model, damaged,
 * or of a newer version), RC_EINVAL (RECUR_CPU or RECUR_THREADS says something impossible),
 * RC_ENOMEM. */
RC_API rc_status rc_model_open(rc_model **out, const char *path);
/* Write a model file beside `path`, then rename it: what was there before stays whole until then.
 * RC_EIO. */
RC_API rc_status rc_model_save(const rc_model *m, const char *path);
/* Copy a model, so that it outlives the original. */
RC_API rc_status rc_model_clone(rc_model **out, const rc_model *m);
RC_API void rc_model_free(rc_model *m);
/* A copy whose matrices have fewer bits, for running: its file is smaller and single steps are
 * faster. In memory the reals stay, for whole batches.
 *
 * out        receives the copy, which the caller frees.
 * precision  of the list "precisions": bf16 keeps the upper half of every number; int8 keeps bytes
 *            with a scale for every row, and rounds what is multiplied with them to bytes too.
 *            f32: as it is.
 *
 * RC_EINVAL (no such precision, a model without weights or quantized before), RC_ENAN (a weight
 * that is not finite, or too large for so few bits), RC_EBUSY (the model is being trained). */
RC_API rc_status rc_model_quantize(rc_model **out, const rc_model *m, const char *precision);
/* "f32" (recur64: "f64"), "bf16" or "int8"; of a mixture that of its first member. */
RC_API const char *rc_model_precision(const rc_model *m);

/* One model that says the mean of what several say: of equal weights an ensemble.
 *
 * out      receives it, which the caller frees; it has copies of the members, and of a mixture
 *          among them the members.
 * member   (n) models of classify, or of tag with tags of the same scheme. They may read a file
 *          each in its own way. Labels go by name; one that a member does not know has the
 *          probability 0 from it.
 * n        2 or more, 1000 members at most.
 * weight   (n) numbers above 0, which are divided by their sum; NULL: all are equal.
 *
 * It evaluates, predicts, is saved and opened like any model; it is not trained. The loss that it
 * is said to have is that of labels one by one, of a conditional random field too.
 *
 * RC_EINVAL (too few or too many, of other tasks, weights), RC_EBUSY (a member is being trained),
 * RC_ENOMEM. */
RC_API rc_status rc_model_mix(rc_model **out, const rc_model *const *member, size_t n,
                              const double *weight);
/* What a mixture is made of: how many (0: it is none), and member i, a view that is valid as long
 * as the mixture, with its weight (NULL: not wanted); NULL past the end. */
RC_API size_t rc_model_members(const rc_model *m);
RC_API const rc_model *rc_model_member(const rc_model *m, size_t i, double *weight);

/* How it was made; a view, valid as long as the model. */
RC_API const rc_config *rc_model_config(const rc_model *m);
RC_API int64_t rc_model_parameters(const rc_model *m); /* logical numbers that are trained */

typedef struct rc_tensor_info {
    const char *name; /* valid as long as the model */
    int rank;
    int64_t dim[4]; /* (rank); the others are 0 */
    int64_t count;  /* product of the dimensions */
    uint32_t crc;   /* CRC-32 of its little-endian values */
} rc_tensor_info;
/* Tensor i: parameters first, then tables of counts. False past the end, and when memory is too
 * short for the checksum. */
RC_API bool rc_model_tensor(const rc_model *m, size_t i, rc_tensor_info *out);
/* Copy a tensor out, row-major. `count` is the room in `out`, in reals. RC_EINVAL: no such tensor,
 * or too little room. RC_ENOSUP: its values are no numbers that a real can hold. */
RC_API rc_status rc_model_read(const rc_model *m, const char *name, rc_real *out, int64_t count);

/* One line of the record of training, kept in the model file; made at every validation. */
typedef struct rc_record {
    int64_t step;   /* steps done */
    int64_t epoch;  /* of the last of them, from 1 */
    int64_t tokens; /* symbols trained on so far */
    double lr;      /* learning rate then; NaN for a task that has none */
    double train;   /* loss (see rc_model_measure()) since the record before; NaN: not measured */
    double valid;   /* of the validation data; NaN: not measured */
    double judged;  /* what validations are compared by (--judge), less is better; NaN: likewise */
} rc_record;
RC_API size_t rc_model_records(const rc_model *m);
/* Record i, oldest first; false past the end. */
RC_API bool rc_model_record(const rc_model *m, size_t i, rc_record *out);

/* Facts about the model, one "name" and "text" each, in reading order: what `recur info` prints
 * (conventions, equations, how it was trained, results). False past the end. The strings are valid
 * as long as the model. */
RC_API bool rc_model_fact(const rc_model *m, size_t i, const char **name, const char **text);

/* How many symbols there are: ids are 0 .. that - 1. 0: the model has no vocabulary. Those of a
 * model that reads a bag alone are n-grams. */
RC_API int32_t rc_model_symbols(const rc_model *m);
/* The *n bytes of a symbol, valid as long as the model; NULL and 0 for no such id. */
RC_API const char *rc_model_symbol(const rc_model *m, int32_t id, size_t *n);
/* How often it was in the training text; 0 for no such id. */
RC_API int64_t rc_model_symbol_count(const rc_model *m, int32_t id);
/* The id of a symbol of n bytes, or -1. */
RC_API int32_t rc_model_find(const rc_model *m, const char *symbol, size_t n);
/* What stands before a text: <eos>, or a line feed; -1 without a vocabulary. */
RC_API int32_t rc_model_boundary(const rc_model *m);
/* <unk>, or -1: at the level of bytes nothing is unknown. */
RC_API int32_t rc_model_unknown(const rc_model *m);
/* Labels or classes that it says, ids 0 .. that - 1; 0: it says none. */
RC_API int32_t rc_model_labels(const rc_model *m);
/* The *n bytes of one, as rc_model_symbol(). */
RC_API const char *rc_model_label(const rc_model *m, int32_t id, size_t *n);
/* Are the symbols words, with blanks between them in a text? */
RC_API bool rc_model_spaced(const rc_model *m);

/* Turn n bytes of text into symbol ids.
 *
 * ids      receives (*count) ids, which the caller frees with rc_free().
 * unknown  receives how many were not in the vocabulary and became <unk>; may be NULL.
 *
 * At the level of words a text that does not end in a line feed gets no last <eos>: it may go on.
 * RC_EDATA: invalid UTF-8. RC_EINVAL: the model has no vocabulary. */
RC_API rc_status rc_model_encode(const rc_model *m, const char *text, size_t n, int32_t **ids,
                                 size_t *count, int64_t *unknown);
/* How many bytes a file has, unpacked, and their CRC-32: whether data is what it was. Either may be
 * NULL. RC_EIO, RC_EDATA (packed and damaged), RC_ENOSUP (packed in a way this build lacks). */
RC_API rc_status rc_file_crc(const char *path, uint64_t *bytes, uint32_t *crc);
/* Free what the library handed over; NULL is accepted. */
RC_API void rc_free(void *p);

/* ---- sources of symbols ------------------------------------------------------------------ */

/* A source of symbols whose every probability is known: what a model should have learned from what
 * it says. It is a finite machine with hidden states; a symbol is one character of ASCII. It draws
 * texts, and reads texts, each with a place of its own. One thread at a time. Owner. */
typedef struct rc_source rc_source;

typedef struct rc_source_facts {
    const char *spec;     /* as it was made */
    const char *alphabet; /* what it says, in rising order */
    int32_t states;       /* of the machine */
    double rate;          /* entropy of a symbol in the long run, bits; NaN: no closed form */
} rc_source_facts;

/* Make a source by its name in the list "sources" and numbers behind it, "coin:0.3"; numbers that
 * are left out are the usual ones. It has begun, with seed 1.
 *
 * RC_EINVAL: no such source, numbers that cannot be, or a machine that is too large. */
RC_API rc_status rc_source_new(rc_source **out, const char *spec);
RC_API void rc_source_free(rc_source *s);
/* What it is; the strings live as long as the source. */
RC_API rc_source_facts rc_source_about(const rc_source *s);
/* Begin anew, drawing and reading. A grammar begins with a line, brackets with none open; others as
 * if they had been going on for ever, in a state that `seed` draws and a reader does not know. */
RC_API void rc_source_begin(rc_source *s, uint64_t seed);
/* Draw the next n symbols. Symbol i since rc_source_begin() is the same in pieces of any size. */
RC_API void rc_source_draw(rc_source *s, char *out, size_t n);
/* Draw the next n symbols into a file, written beside `path` and renamed. RC_EINVAL (n below 1),
 * RC_EIO. */
RC_API rc_status rc_source_write(rc_source *s, const char *path, int64_t n);
/* Natural log-probabilities of the next symbol that is read, one for each of the alphabet, exact to
 * rounding; -infinity for what cannot come. Valid until the next call with this source. */
RC_API const double *rc_source_logp(rc_source *s);
/* Read a symbol, and say the log-probability that it had in *logp (may be NULL). RC_EDATA: it
 * cannot come here; nothing has changed then. */
RC_API rc_status rc_source_feed(rc_source *s, char symbol, double *logp);

/* ---- evaluating a text ------------------------------------------------------------------- */

/* A sentence about a file that is read: what was passed over or mended, with the first place. */
typedef void (*rc_note_fn)(void *ctx, const char *sentence);

typedef struct rc_report rc_report; /* labels that were said: see rc_report_new() */

typedef struct rc_eval_options {
    bool per_line;  /* begin every line with a fresh state; default: carried through the file */
    int64_t tracks; /* cut the text into so many parallel tracks; 1 (default) is exact */
    bool stepwise;  /* one symbol after the other, as sampling goes: what a model of fewer bits does
                        when it runs; on one core, tracks do not count */
    int threads;    /* 0 (default): RECUR_THREADS or all cores */
    double from, to;   /* the part of the file to score, in fractions of its bytes (0 and 1) */
    rc_source *source; /* where the text is from, begun anew; NULL (default): it is not known */
    rc_report *report; /* of labels: every sequence that has all of its own is added with what was
                          said and its probability; NULL (default): nothing is */
    rc_note_fn note;   /* NULL (default): what was passed over is not told */
    void *note_ctx;
} rc_eval_options;
RC_API rc_eval_options rc_eval_options_default(void);

typedef struct rc_evaluation {
    int64_t tokens;    /* symbols scored; of series, what was said */
    int64_t unknown;   /* of them not in the vocabulary */
    int64_t chars;     /* characters of the text; 0: it was none */
    int64_t sequences; /* scored one by one; 0: running text */
    int64_t wrong;     /* of classes: the most probable one was another; -1: there are none */
    double nats;       /* sum over the tokens of -ln p, or of what rc_model_measure() says */
    double source;     /* sum over the same tokens of -ln p by their source; NaN: it is not known */
    int64_t strange;   /* labels of the data that the model does not know, which are wrong */
    int64_t measured;  /* of labels, those that are known, over which `nats` is summed */
    int64_t spans, spans_said, spans_right; /* of tags: that there are, were said, and both; 0: the
                                               labels are no tags of spans */
    int64_t numbers; /* that were said, where the model standardizes them; else 0 */
    double squares;  /* sum of their squared errors, in the units of the data */
} rc_evaluation;

/* What its training is counted in: "tokens"; of GloVe "cells". Valid for ever. */
RC_API const char *rc_model_unit(const rc_model *m);
/* What training and evaluation sum up: "nats" (-ln p), "squared error", or "standardized squared
 * error" (of numbers divided by their deviation in the training data). Static. */
RC_API const char *rc_model_measure(const rc_model *m);

/* Score every symbol of a file ("-": standard input; .gz, .xz, .zst are unpacked), each once.
 *
 * With tracks 1 the state goes through the whole text; with more each track begins with a fresh
 * one. per_line has no tracks. The same bits for any number of threads.
 *
 * A model of series or of labels scores whole sequences: no options but threads, notes and, of
 * labels, a report.
 *
 * With a source the model's symbols must be bytes or characters, all of them known, so that both
 * score the same. The source has read all that stands before a symbol in the file, also where the
 * model begins with a fresh state (from, tracks, per_line).
 *
 * RC_EIO, RC_EDATA (invalid UTF-8, damaged packing, nothing to score, a text that is not from the
 * source or has symbols which the model does not know), RC_EINVAL (options),
 * RC_EBUSY (the model is being trained), RC_ENOSUP (packed in a way that this build lacks). */
RC_API rc_status rc_model_evaluate(const rc_model *m, const char *path,
                                   const rc_eval_options *options, rc_evaluation *out);

/* ---- what a model says of a file --------------------------------------------------------- */

typedef struct rc_predict_options {
    int threads;     /* 0 (default): RECUR_THREADS or all cores */
    int64_t ahead;   /* of a model of the next step: so many steps beyond the end of each sequence,
                      each read as if it had come (1, the default: the first of them) */
    bool gold;       /* of labels: the file has right ones, which are told too */
    bool states;     /* in place of answers, one vector for each sequence: what its answer at the
                      last step is made of, all that the output layer reads */
    rc_note_fn note; /* NULL (default): what was passed over is not told */
    void *note_ctx;
} rc_predict_options;
RC_API rc_predict_options rc_predict_options_default(void);

/* One answer; a view, valid during the call. */
typedef struct rc_prediction {
    int64_t sequence;      /* of the file, from 0 */
    int64_t step;          /* which step it is about, from 0; -1: the whole sequence */
    int64_t steps;         /* how many the sequence has */
    bool classes;          /* values are probabilities of classes (see rc_model_label()) */
    int32_t said;          /* the class that is said: of tags that go together (a conditional random
                              field) not always the most probable one; -1: the most probable one */
    const char *token;     /* of tags: the word, as it is in the file, */
    size_t token_bytes;    /* and how long it is; NULL: none */
    const char *gold;      /* what is right, where that was asked for and the file tells it, */
    size_t gold_bytes;     /* likewise */
    int64_t count;         /* numbers of the answer, or classes */
    const rc_real *values; /* (count) numbers, or chances of bits or of classes */
} rc_prediction;
/* Return false to stop: rc_model_predict() is then RC_ESTOP. */
typedef bool (*rc_prediction_fn)(void *ctx, const rc_prediction *p);

/* Say what a model of series has to say of every sequence of a file ("-": standard input), in its
 * order; answers in the file are not looked at. A model of the next step speaks of steps 1 to the
 * last and of `ahead` more. The same bits for any number of threads.
 *
 * RC_EIO, RC_EDATA (the file, or its steps are not the model's), RC_EINVAL (options, or a task that
 * says nothing of files), RC_EBUSY (the model is being trained), RC_ESTOP. */
RC_API rc_status rc_model_predict(const rc_model *m, const char *path,
                                  const rc_predict_options *options, rc_prediction_fn fn,
                                  void *ctx);

/* ---- word vectors ------------------------------------------------------------------------ */

/* Vectors of words: a file of word2vec (text or binary), fastText (.vec) or GloVe, an array of
 * NumPy (the words of x.npy are the lines of x.vocab), what rc_vectors_save() writes, all of which
 * stay mapped, or a model whose symbols have vectors. Any number of threads may ask at once. Owner.
 *
 * RC_EIO, RC_EFORMAT (what is wrong at which byte), RC_EDATA (packed data that is damaged),
 * RC_EINVAL (a model without vectors), RC_ENOMEM, RC_ENOSUP (packed in a way that this build
 * lacks). */
typedef struct rc_vectors rc_vectors;
RC_API rc_status rc_vectors_open(rc_vectors **out, const char *path);
RC_API void rc_vectors_free(rc_vectors *v);
/* Is a file that can be read one to be asked as word vectors: a model of the task embed, or what
 * begins as no model does? False of standard input, which is not looked at. */
RC_API bool rc_vectors_likely(const char *path);
RC_API int64_t rc_vectors_count(const rc_vectors *v);
RC_API int64_t rc_vectors_dim(const rc_vectors *v);
/* Word i: n bytes, not always UTF-8, and no 0 behind them; NULL past the end. Valid as long as the
 * vectors. */
RC_API const char *rc_vectors_word(const rc_vectors *v, int64_t i, size_t *n);
/* The number of a word, the first one of that name, of a model as it reads it (--lower, --digits);
 * -1: not there. */
RC_API int64_t rc_vectors_find(const rc_vectors *v, const char *word, size_t n);
/* The same as people write it: as it is, or else in small letters. RC_ENOMEM. */
RC_API rc_status rc_vectors_look_up(const rc_vectors *v, const char *word, size_t n, int64_t *out);
/* The numbers of word i, (dim). RC_EINVAL: no such word; RC_EFORMAT: not numbers. */
RC_API rc_status rc_vectors_read(const rc_vectors *v, int64_t i, rc_real *x);

typedef struct rc_vectors_save_options {
    const char *format; /* one of the list "vector-formats"; NULL: by the end of the path's name */
    int64_t top;        /* write so many, the first ones; 0: all */
    const char *join;   /* in place of blanks inside of words, where the format ends words at them;
                           NULL: such words are refused */
} rc_vectors_save_options;
RC_API rc_vectors_save_options rc_vectors_save_options_default(void);
/* Write vectors as others read them, beside and renamed. Numbers read back as the floats they are,
 * in text as well.
 *
 * path     of x.npy the words go into x.vocab, a line each; else one file.
 * options  NULL: those of rc_vectors_save_options_default().
 *
 * RC_EINVAL (options), RC_EDATA (a word has a blank inside), RC_EFORMAT (a vector that is not of
 * numbers), RC_EIO, RC_ENOMEM. */
RC_API rc_status rc_vectors_save(const rc_vectors *v, const char *path,
                                 const rc_vectors_save_options *options);

/* The vector, (dim), of a word that is not there, where words are made of parts (--subword): the
 * mean of those of its character n-grams. *made: there is one. RC_ENOMEM. */
RC_API rc_status rc_vectors_of_parts(const rc_vectors *v, const char *word, size_t n, rc_real *x,
                                     bool *made);

typedef struct rc_vector_term {
    int64_t word;
    double weight;
    const rc_real *vector; /* (dim) in place of that of a word; NULL: none */
} rc_vector_term;
typedef struct rc_neighbour {
    int64_t word;
    double cosine; /* of the angle between it and what was looked for */
} rc_neighbour;
/* The words whose vectors point nearest to where the terms do: to the sum of their vectors, each
 * made of length 1 and times its weight. One term of weight 1: what is like a word. a -1, b 1, c 1:
 * what is to c as b is to a (3CosAdd, Mikolov et al. 2013; Levy and Goldberg 2014). The terms
 * themselves are left out, and words whose vectors are zero.
 *
 * threads  0: RECUR_THREADS or all cores; the answer is the same for any number.
 * best     how many are wanted; there may be fewer.
 * out      (best) the nearest first, equal ones by number.
 * count    how many there are.
 *
 * RC_EINVAL (no terms, no such word), RC_EDATA (the terms add up to zero), RC_EFORMAT (a vector
 * that is not of numbers), RC_ENOMEM. */
RC_API rc_status rc_vectors_nearest(const rc_vectors *v, const rc_vector_term *term, size_t terms,
                                    int threads, int64_t best, rc_neighbour *out, int64_t *count);
/* Up to `best` words that are spelt almost like this one: those with the fewest bytes put in, left
 * out or exchanged (1 of words below 5 bytes, 2 below 9, else 3), earlier ones first. How many. */
RC_API int64_t rc_vectors_spellings(const rc_vectors *v, const char *word, size_t n, int64_t best,
                                    int64_t *out);

/* Word vectors against what people say of words. */
typedef struct rc_vectors_section {
    const char *name;
    int64_t questions;
    int64_t asked; /* of which all four words are there */
    int64_t right;
} rc_vectors_section;
typedef struct rc_vectors_scores {
    bool analogies;    /* else pairs of words with how alike they are */
    int64_t questions; /* or pairs */
    int64_t asked;     /* whose words are all there */
    int64_t right;     /* of analogies: answered with the fourth word (3CosAdd, see above) */
    size_t sections;
    const rc_vectors_section *section; /* (sections) in the order of the file */
    double spearman;  /* of pairs: between cosines and the numbers of the file; NaN: not defined */
    double low, high; /* its 95% interval by Fisher's z (Fieller et al. 1957); NaN below 4 pairs */
} rc_vectors_scores;
/* Ask what a file asks ("-": standard input): analogies, "a b c d" in a line, in sections that
 * begin with ": name" (questions-words.txt), or pairs, "a b 7.5" in a line. A word that is not
 * there as it is written is looked for in small letters. The same for any number of threads (0:
 * RECUR_THREADS or all cores).
 *
 * RC_EIO, RC_EDATA (a line is neither, or there are none), RC_EFORMAT (a vector that is not of
 * numbers), RC_ENOMEM. Free the scores with rc_vectors_scores_free(). */
RC_API rc_status rc_vectors_evaluate(const rc_vectors *v, const char *path, int threads,
                                     rc_vectors_scores **out);
RC_API void rc_vectors_scores_free(rc_vectors_scores *scores);

/* Places of words in a plane, for pictures of their vectors. */
typedef struct rc_place {
    double x, y;
} rc_place;
typedef struct rc_project_options {
    const char *method; /* of the list "projections"; "pca" (default) or "tsne" */
    bool unit;          /* every vector is first made of length 1; default: as they are */
    double perplexity;  /* of t-SNE: how many neighbours a word has, 1 to a third of the other
                           words; 0 (default): 30, or that third where it is less */
    int64_t steps;      /* of t-SNE; default 1000 */
    int threads;        /* of t-SNE; 0 (default): RECUR_THREADS or all cores */
} rc_project_options;
RC_API rc_project_options rc_project_options_default(void);
typedef struct rc_projection {
    double share[2];   /* PCA: what part of the variance lies along x and y; else NaN */
    double perplexity; /* t-SNE: that which was aimed at; else NaN */
    double divergence; /* t-SNE: KL(P || Q) in nats, of the neighbours there from those here; else
                          NaN */
} rc_projection;
enum { RC_TSNE_MOST = 5000 }; /* words: its time and memory grow with their square */
/* Give words places in a plane by their vectors.
 *
 * pca   principal components: the plane in which the words lie farthest apart, x the axis of the
 *       most variance; in the units of the vectors, around their mean. Of each axis the word that
 *       is farthest out is on the positive side.
 * tsne  t-SNE (van der Maaten and Hinton 2008), exact: who is near stays near. Begins with the
 *       places of PCA, a tenth of a thousandth wide; gradient descent with momentum 0.5, then 0.8,
 *       and gains, at the rate n / 48 or 2, whichever is more; in the first quarter of the steps
 *       the attraction is 12 times as strong. Nothing is drawn.
 *
 * word   (n) numbers of words, 3 or more (t-SNE: 4 to RC_TSNE_MOST).
 * place  (n) receives where they are.
 * about  receives what to say of it.
 *
 * The same bits for any number of threads. RC_EINVAL (options, too few or too many words, no such
 * word), RC_EDATA (the vectors are all the same, or not finite), RC_EFORMAT (a vector that is not
 * of numbers), RC_ENOMEM. */
RC_API rc_status rc_vectors_project(const rc_vectors *v, const int64_t *word, int64_t n,
                                    const rc_project_options *options, rc_place *place,
                                    rc_projection *about);

/* The pairs of words that skip-gram learns from (Mikolov et al. 2013): each word of a text with
 * each of up to `window` words before and after it in its line. A status other than RC_OK from `fn`
 * ends the walk and is returned; the words are valid during the call. RC_EINVAL: no such window;
 * RC_EDATA: not UTF-8, or fewer than two different words; RC_ENOMEM. */
typedef rc_status (*rc_pair_fn)(void *ctx, const char *center, const char *context);
RC_API rc_status rc_text_pairs(const char *text, int64_t window, rc_pair_fn fn, void *ctx);

/* ---- labels that were said against those that are right ---------------------------------- */

/* Labels of sequences as they are right ("gold") and as they were said: one for every word, or, of
 * sequences of one label, one for every example. It only gathers; what they amount to is computed
 * when it is asked for. docs/reports.md has the formulas. rc_report: one thread at a time, owner.
 *
 * Make one that is empty. labels: the names of ids 0 .. count-1, copied; further ones come by
 * rc_report_label(). NULL with 0: none yet. RC_EINVAL: a name comes twice. */
RC_API rc_status rc_report_new(rc_report **out, const char *const labels[], int32_t count);
RC_API void rc_report_free(rc_report *r);
/* The id of a label of n bytes, which is added if it is new. RC_EDATA: more than 2^31 - 1. */
RC_API rc_status rc_report_label(rc_report *r, const char *label, size_t n, int32_t *id);
/* Add a sequence.
 *
 * gold, said  (n) ids of labels; n may be 0.
 * confidence  (n) the probability that was given to what was said; NULL: not known. Calibration is
 *             told if it is known of all.
 *
 * RC_EINVAL: no such id, or no probability. */
RC_API rc_status rc_report_add(rc_report *r, int64_t n, const int32_t gold[], const int32_t said[],
                               const double confidence[]);

/* How a file is read. `labels` false (default): a line is a word in columns, of which the last two
 * are gold and said, and sequences end at empty lines (or at lines whose first column is "-X-"), as
 * conlleval reads them. `labels` true: a line is an example, gold, said and, in all lines or none,
 * the probability of what was said. */
typedef struct rc_report_reading {
    bool labels;
    char delimiter; /* what stands between columns; 0 (default): blanks, or with labels a tab */
} rc_report_reading;
RC_API rc_report_reading rc_report_reading_default(void);

/* Add the sequences of a file ("-": standard input; .gz, .xz, .zst are unpacked).
 *
 * RC_EDATA names file and line: too few columns or not as many as in the first line, a label that
 * is empty or not UTF-8, no probability, or nothing in it. RC_EINVAL: a delimiter that ends lines.
 * RC_EIO, RC_ENOSUP. After a failure the report may only be freed. */
RC_API rc_status rc_report_read(rc_report *r, const char *path, const rc_report_reading *how);

typedef struct rc_report_options {
    const char *scheme; /* of "schemes": how tags say spans; NULL (default): as gold tags have it */
    int64_t resamples;  /* of the bootstrap, and shuffles of a test; default 1000; 0: none */
    double level;       /* of intervals; default 0.95 */
    uint64_t seed;      /* default 1 */
} rc_report_options;
RC_API rc_report_options rc_report_options_default(void);

/* How well something was found: precision right / said, recall right / gold, and their harmonic
 * mean F1; each is 0 where it would be divided by 0. */
typedef struct rc_found {
    int64_t gold, said, right; /* 0 of means */
    double precision, recall, f1;
} rc_found;

typedef struct rc_found_row {
    const char *name; /* of a label or a type of spans */
    rc_found of;
} rc_found_row;

typedef struct rc_confusion {
    int32_t gold, said; /* places in rc_scores.label */
    int64_t count;
} rc_confusion;

/* What one number of a report is, and where it lies: the bounds of the middle `level` of the
 * numbers of reports whose sequences are drawn from this one's, with putting back. */
typedef struct rc_bounded {
    double value;  /* NaN: there is no such number */
    double lo, hi; /* NaN: no resamples */
} rc_bounded;

/* The numbers that have bounds and are compared. One list: code and words. */
#define RC_SCORE_MAP(X)                                                                            \
    X(RC_SCORE_ACCURACY, "accuracy")                                                               \
    X(RC_SCORE_MACRO_F1, "macro F1")                                                               \
    X(RC_SCORE_SPAN_F1, "span F1")
typedef enum rc_score {
#define RC_SCORE_ENTRY(code, words) code,
    RC_SCORE_MAP(RC_SCORE_ENTRY)
#undef RC_SCORE_ENTRY
        RC_SCORES
} rc_score;

/* Confidences in equal parts of 0 .. 1; a bound belongs to the part below it. */
enum { RC_RELIABILITY_BINS = 15 };
typedef struct rc_reliability {
    int64_t count;
    double accuracy;   /* of what was said in this part; NaN: nothing was */
    double confidence; /* its mean, likewise */
} rc_reliability;

/* Tags against a scheme. */
typedef struct rc_tag_faults {
    int64_t count;    /* tags that cannot stand where they do */
    int64_t sequence; /* of the first of them, from 0; -1: there is none */
    int64_t position; /* in its sequence, from 0 */
    int64_t line;     /* of its file; 0: from none */
    const char *file; /* NULL: from none */
    const char *tag;
    const char *what; /* is wrong with it; static */
} rc_tag_faults;

/* What a report amounts to. The caller's own, with all strings in it; rc_scores_free(). */
typedef struct rc_scores {
    int64_t sequences;
    int64_t labels; /* in them: words, or examples */
    int64_t right;  /* of them */
    int64_t whole;  /* sequences with no label wrong, empty ones too */
    bool single;    /* every sequence has one label */
    rc_bounded score[RC_SCORES];
    /* labels that are gold or said somewhere, in the order of ids, */
    size_t count;
    rc_found_row *label;
    rc_found micro;    /* all of them together: precision, recall and F1 are the accuracy */
    rc_found macro;    /* means over them: precision, recall, F1 */
    rc_found weighted; /* means weighted by how often each is gold */
    /* and which was said for which: pairs that occur, equal ones too, the commonest first, equally
     * common ones by gold, then said */
    size_t pairs;
    rc_confusion *pair;
    /* confidence; bins are 0 where it is not known */
    bool confident;
    double ece; /* expected calibration error: mean of |accuracy - confidence| over bins, weighted
                   by their counts; NaN: not known */
    rc_reliability bin[RC_RELIABILITY_BINS];
    /* spans of tags */
    const char *scheme; /* "none": these labels are no tags, or there are no spans; static */
    rc_found spans;     /* all types together */
    int64_t span_whole; /* sequences whose spans are all found, and no others */
    size_t types;       /* by name */
    rc_found_row *type;
    rc_tag_faults gold_faults, said_faults; /* against the scheme */
} rc_scores;

/* Sum a report up. The same bits on every machine for the same report and options.
 *
 * RC_EINVAL (options), RC_EDATA (a report without labels). */
RC_API rc_status rc_report_measure(const rc_report *r, const rc_report_options *options,
                                   rc_scores **out);
RC_API void rc_scores_free(rc_scores *s);

/* The difference of one number of two reports, first less second. */
typedef struct rc_contrast {
    rc_bounded difference; /* bounds: both reports are drawn alike */
    double p; /* of approximate randomisation: how often so large a difference comes, either way, if
                 for each sequence a coin says which report it is from; NaN: no shuffles */
} rc_contrast;

typedef struct rc_comparison {
    rc_contrast score[RC_SCORES];
    int64_t first_only, second_only; /* labels that only one of them has right */
    double mcnemar; /* McNemar's exact test of these two, two-sided; NaN where sequences are longer
                       than one label, which depend on one another */
} rc_comparison;

/* Compare what two said of the same gold labels. RC_EDATA: gold labels differ, the message says
 * where first; a report without labels. RC_EINVAL (options). */
RC_API rc_status rc_report_compare(const rc_report *a, const rc_report *b,
                                   const rc_report_options *options, rc_comparison *out);

/* ---- running a model step by step -------------------------------------------------------- */

/* A runner holds the recurrent state of one sequence and the distribution of the next symbol. One
 * thread at a time. Owner; borrows the model. */
typedef struct rc_runner rc_runner;

/* Make a runner, which has begun. RC_EINVAL: its task has no symbols. RC_EBUSY: it is being
 * trained; a clone of it can be run. */
RC_API rc_status rc_runner_new(rc_runner **out, const rc_model *m);
/* Steps by so many threads, where a model is large enough for them to be faster; 0: RECUR_THREADS
 * or all cores. A runner begins with 1, so does a clone. The same bits for any number; what has
 * been fed stays. RC_EINVAL (a number that cannot be), RC_ENOMEM; then nothing has changed. */
RC_API rc_status rc_runner_threads(rc_runner *r, int threads);
RC_API void rc_runner_free(rc_runner *r);
/* Begin anew: initial state, then the boundary symbol is fed. */
RC_API rc_status rc_runner_begin(rc_runner *r);
/* Feed one symbol. RC_EINVAL: no such id. */
RC_API rc_status rc_runner_feed(rc_runner *r, int32_t id);
/* Natural log-probabilities of the next symbol, (V); valid until the next begin, feed or load. */
RC_API const rc_real *rc_runner_logp(const rc_runner *r);

typedef struct rc_sampling {
    double temperature; /* 1: as the model says; 0: the most probable symbol */
    int32_t top_k;      /* only the k most probable; 0: all */
    double top_p;       /* then only the smallest set of at least this probability; 1: all */
    const int32_t *ban; /* (ban_count) symbols that are never drawn */
    size_t ban_count;
    uint64_t seed;
    uint64_t draw; /* the number of the draw: same seed and draw, same choice */
} rc_sampling;
RC_API rc_sampling rc_sampling_default(void); /* temperature 1, everything else off */
/* Draw the next symbol; it is not fed. <unk> is never drawn when training saw none of it.
 * RC_EINVAL: bad settings, or nothing is left to draw from. RC_ENAN: a probability is not a
 * number. */
RC_API rc_status rc_runner_draw(const rc_runner *r, const rc_sampling *s, int32_t *id);

/* The state as bytes: how many, and writing them. They hold for this model on this machine. */
RC_API size_t rc_runner_state_size(const rc_runner *r);
RC_API void rc_runner_state_save(const rc_runner *r, void *bytes);
/* Go on where the n bytes were saved. RC_EFORMAT: of another model, damaged, or no state; the
 * runner's own state is then what it was. */
RC_API rc_status rc_runner_state_load(rc_runner *r, const void *bytes, size_t n);
/* A second runner of the same model in the same state. */
RC_API rc_status rc_runner_clone(rc_runner **out, const rc_runner *r);

/* ---- training ---------------------------------------------------------------------------- */

/* A model being trained, with its optimiser, data and place in them. One thread at a time; it uses
 * as many as its options say. Owner. */
typedef struct rc_trainer rc_trainer;

typedef enum rc_event {
    RC_EVENT_STEP,    /* a training step is done */
    RC_EVENT_VALID,   /* validation is done: valid, best and is_best are new */
    RC_EVENT_EPOCH,   /* an epoch is done */
    RC_EVENT_SAVED,   /* a checkpoint is on disk */
    RC_EVENT_SKIPPED, /* a step with a NaN or infinity was skipped; `what` names the tensor */
    RC_EVENT_TEST     /* the test data is scored: what is said of validation is of it */
} rc_event;

/* Where training stands. What an event does not bring anew is as the last one left it. */
typedef struct rc_progress {
    rc_event event;
    int64_t epoch, epochs;           /* counted from 1; epochs 0: no limit */
    int64_t step, steps;             /* over all epochs; steps: how many in all, 0: not known */
    int64_t epoch_step, epoch_steps; /* done within this epoch, and how many it has */
    int64_t tokens;                  /* symbols (or what `unit` says) trained on so far */
    const char *unit;                /* see rc_model_unit() */
    double lr;                       /* learning rate of the step to come */
    double loss;                     /* of the last step, see rc_model_measure() */
    double grad_norm;                /* of the last step, before clipping by norm */
    double valid;                    /* of the validation data; NaN: not measured yet */
    double judged;      /* what validations are compared by (--judge); NaN: not measured yet */
    double valid_wrong; /* part of the classes said that were wrong; NaN: there are none */
    double valid_spans; /* F1 of the spans that tags said; NaN: there are none */
    double valid_chars; /* characters per symbol of that text (for bits per character) */
    double best;        /* least `judged` of all validations; infinity: none yet */
    bool is_best;       /* the last validation was it */
    const char *what;   /* RC_EVENT_SKIPPED: a tensor's name, or "loss"; valid during the call */
    const rc_evaluation *counts; /* RC_EVENT_VALID, RC_EVENT_TEST: what that score was made of,
                                    valid during the call; NULL of other events */
} rc_progress;

typedef enum rc_answer {
    RC_GO,     /* go on */
    RC_FINISH, /* end here as if this step were the last: validate, save */
    RC_PAUSE   /* write a checkpoint and return RC_ESTOP; rc_trainer_resume() goes on from it */
} rc_answer;
typedef rc_answer (*rc_progress_fn)(void *ctx, const rc_progress *p);

typedef struct rc_trainer_options {
    int threads;     /* 0 (default): RECUR_THREADS or all cores; changes no bit of any result */
    bool spare_test; /* the test data is kept out of training but not scored at its end */
} rc_trainer_options;
RC_API rc_trainer_options rc_trainer_options_default(void);

/* Read the data, make the vocabulary and a fresh model.
 *
 * c     is copied.
 * path  where the model goes ("keep" says which weights); `path`.state beside it holds all that is
 *       needed to go on. Nothing is written yet.
 *
 * RC_EINVAL (options that do not fit together), RC_EDATA (too little text, or invalid UTF-8),
 * RC_EIO, RC_ENOSUP (text packed in a way that this build lacks). */
RC_API rc_status rc_trainer_new(rc_trainer **out, const rc_config *c, const char *path,
                                const rc_trainer_options *options);
/* Go on from `path`.state: what follows has the same bits as if training had never stopped.
 * RC_EIO (no such state, or no data), RC_EFORMAT (damaged, or no state), RC_EDATA (the data is not
 * what it was). */
RC_API rc_status rc_trainer_resume(rc_trainer **out, const char *path,
                                   const rc_trainer_options *options);
/* Change an option that may change between sittings ("epochs", "steps"); a training that had ended
 * goes on if it leaves something to do. RC_EINVAL: another option, or not of its kind. */
RC_API rc_status rc_trainer_set(rc_trainer *t, const char *name, const char *value);
/* Train to the end, calling fn (may be NULL) on this thread at every event.
 *
 * RC_OK (the end is reached; at once, if it was before), RC_ESTOP (after RC_PAUSE), RC_ENAN (a run
 * of steps had a NaN or infinity, none of which has reached the weights), RC_EIO, RC_EINVAL (the
 * schedule needs an end and rc_trainer_set() took it away). */
RC_API rc_status rc_trainer_run(rc_trainer *t, rc_progress_fn fn, void *ctx);
/* The model as it is now, with the last weights; a view, which the next step changes: run a clone
 * of it. */
RC_API const rc_model *rc_trainer_model(const rc_trainer *t);
/* What was passed over or mended when the data was read, a sentence a line ("3 texts without a
 * token were passed over, ..."); "": nothing. Valid as long as the trainer. */
RC_API const char *rc_trainer_notes(const rc_trainer *t);
/* Steps done so far, in all sittings. */
RC_API int64_t rc_trainer_steps(const rc_trainer *t);
RC_API void rc_trainer_free(rc_trainer *t);

/* Options that differ from one training to the next: what a search tries. Owner. */
typedef struct rc_space rc_space;

/* Make a space of one point, the configuration `base`, which is copied. RC_ENOMEM. */
RC_API rc_status rc_space_new(rc_space **out, const rc_config *base);
/* Let one more option differ.
 *
 * text  "NAME=A,B,C"      one of these values ("NAME=A|B|C" where values have commas)
 *       "NAME=A..B"       a number from A to B, whole where the option is
 *       "NAME=log:A..B"   the same, every factor as likely as another of its size
 *       "NAME=A..B/N"     one of N numbers that lie evenly from A to B; also with log:
 *       "NAME=1-log:A..B" 1 minus such a number: a momentum near 1; all ranges may begin so
 *
 * RC_EINVAL: no such option, one that differs already, or what is not a value of it; the space is
 * then as it was. */
RC_API rc_status rc_space_vary(rc_space *s, const char *text);
/* The name of the i-th option that differs, in the order given; NULL past the end. Valid as long as
 * the space. */
RC_API const char *rc_space_name(const rc_space *s, size_t i);
/* How many points there are; 0: no end of them, some option has a range without /N. */
RC_API int64_t rc_space_points(const rc_space *s);
/* The configuration of point i, counted from 0, the option that came last changing fastest. The
 * caller frees it. RC_EINVAL: no such point. */
RC_API rc_status rc_space_point(const rc_space *s, int64_t i, rc_config **out);
/* A configuration drawn at random, a function of seed and number alone. Where the points have an
 * end, none comes twice before all have come. The caller frees it. */
RC_API rc_status rc_space_draw(const rc_space *s, uint64_t seed, uint64_t number, rc_config **out);
RC_API void rc_space_free(rc_space *s);

/* Some numbers, borrowed. */
typedef struct rc_sample {
    const double *x; /* (n) */
    int64_t n;
} rc_sample;

/* A mean and where the true one lies. */
typedef struct rc_interval {
    double mean, lo, hi;
} rc_interval;

/* What comes of comparing two means. */
typedef struct rc_welch {
    double difference; /* of the first from the second */
    double t, df;      /* the statistic and its degrees of freedom */
    double p;          /* how likely so large a difference is, either way, if there is none */
} rc_welch;

/* The mean of numbers and the interval that holds the mean of what they are drawn from with
 * probability `level` (0.95, say), by Student's distribution. Bounds are NaN for fewer than two
 * numbers and for a level that is not between 0 and 1; all is NaN without a number. Pure. */
RC_API rc_interval rc_sample_mean(rc_sample s, double level);
/* Welch's t-test: do two samples come from distributions of the same mean? Variances may differ. t,
 * df and p are NaN where either has fewer than two numbers or both have no spread. Pure. */
RC_API rc_welch rc_sample_welch(rc_sample a, rc_sample b);

/* Numbers over steps in a file that TensorBoard reads. One thread at a time. Owner. */
typedef struct rc_scalars rc_scalars;

typedef struct rc_scalar {
    const char *tag; /* UTF-8: "train/loss" */
    double value;    /* written as a float */
} rc_scalar;

/* Begin a new file in a folder, which is made where it is missing, with those above it.
 *
 * out   receives the owner, which the caller frees with rc_scalars_free().
 * dir   the folder; the name of the file has time, host and process, so that many can be there.
 * step  the last step that was done before: what other files of the folder say of later ones is
 *       void, as after a kill. 0: a new run.
 *
 * RC_EIO. */
RC_API rc_status rc_scalars_new(rc_scalars **out, const char *dir, int64_t step);
/* Add `count` numbers that belong to a step, with the time of now. They reach the file within about
 * a second of the next call, or by a flush. Nothing is kept of what the arguments point to. RC_EIO:
 * this and all that follows. */
RC_API rc_status rc_scalars_add(rc_scalars *s, int64_t step, size_t count,
                                const rc_scalar scalars[]);
/* Write what is pending. RC_EIO. */
RC_API rc_status rc_scalars_flush(rc_scalars *s);
RC_API void rc_scalars_free(rc_scalars *s); /* what is pending is lost: flush before */

/* What a training will take. Bytes count what grows with the model and the batch; the program and
 * the symbols of the text come on top. */
typedef struct rc_estimate {
    int64_t parameters;   /* logical numbers that are trained */
    int64_t symbols;      /* of the vocabulary */
    int64_t epoch_tokens; /* symbols predicted in an epoch, or what `unit` says */
    const char *unit;     /* see rc_model_unit() */
    int64_t epoch_steps;
    int64_t steps;            /* of the whole training; 0: no end is known */
    double flops_per_token;   /* two for each multiply-add of a product, forward and back; NaN: of
                                 word vectors, where it depends on what is drawn */
    int64_t weights;          /* bytes, with the transposes */
    int64_t gradients;        /* bytes */
    int64_t optimizer;        /* bytes */
    int64_t activations;      /* bytes of one step: values, gradients of values, room to work in;
                                 of word vectors rows at hand, and cells with their sums */
    int64_t bytes;            /* sum of these four */
    int64_t saving;           /* further bytes, while a checkpoint is written */
    int64_t tried;            /* steps that were timed */
    double step_seconds;      /* median of them */
    double tokens_per_second; /* at that */
    double epoch_seconds;     /* of steps alone, without validation */
    double seconds;           /* of all steps; NaN: no end is known */
} rc_estimate;

/* Say what the training of a configuration will take: read its data, make its model, count memory
 * and operations by the shapes, and time some steps (five, or half a second of them). Nothing is
 * written and nothing is kept.
 *
 * Statuses of rc_trainer_new(); RC_EINVAL as well for a task that does not learn by gradients,
 * RC_ENOSUP for an output layer whose work is not counted (all but "full"). */
RC_API rc_status rc_config_estimate(rc_estimate *out, const rc_config *c,
                                    const rc_trainer_options *options);

typedef struct rc_gradcheck_row {
    const char *tensor; /* valid during the call */
    int64_t count;      /* elements */
    int64_t checked;    /* elements compared */
    double analytic;    /* largest absolute value of all elements */
    double numeric;     /* largest absolute value of those compared */
    double error;       /* max |a - n| / max(|a|inf, |n|inf, 1e-8) */
} rc_gradcheck_row;
typedef void (*rc_gradcheck_fn)(void *ctx, const rc_gradcheck_row *row);
/* Compare analytic with numeric gradients of the model that a configuration describes, on the first
 * batch of its training data, calling fn for every tensor. Meant for the double build.
 *
 * per_tensor  how many elements of each tensor, evenly drawn; 0: all.
 *
 * RC_EINVAL (options, or a task that does not learn by gradients), RC_EDATA, RC_EIO. */
RC_API rc_status rc_gradcheck(const rc_config *c, int64_t per_tensor, rc_gradcheck_fn fn,
                              void *ctx);

/* ---- measuring --------------------------------------------------------------------------- */

/* What is measured; what a kind does not use means nothing to it. */
typedef struct rc_bench_options {
    const char *cell; /* of "cells" */
    int64_t hidden;   /* units of a layer */
    int64_t layers;
    int64_t embed;  /* size of the symbol vectors; 0: hidden */
    int64_t vocab;  /* symbols */
    int64_t batch;  /* sequences */
    int64_t seq;    /* time steps */
    int64_t ragged; /* lengths fall evenly from seq to this; 0: all are seq */
    int64_t shards; /* parts of a batch that are computed apart */
    double dropout;
    const char *optimizer; /* of "optimizers" */
    const char *precision; /* of "precisions" */
    const char *output;    /* of "outputs"; but for full, words are as frequent as in a language */
    int64_t threads;       /* 0: RECUR_THREADS or all cores */
    double seconds;        /* to measure for, each row */
} rc_bench_options;

typedef struct rc_bench_kind {
    const char *name;         /* "lm" */
    const char *help;         /* one line */
    const char *uses;         /* the options that mean something to it, separated by blanks */
    bool table;               /* many rows, else one */
    rc_bench_options options; /* with which it measures unless told otherwise */
} rc_bench_kind;
/* Kind i of the list "benches"; NULL past the end. */
RC_API const rc_bench_kind *rc_bench_kind_at(size_t i);

/* One thing measured: calls of the same work, timed one by one. Rates follow: tokens / seconds,
 * flops / seconds, and flops / seconds / peak as the fraction of the peak. */
typedef struct rc_bench_row {
    const char *name; /* what it was; valid during the call */
    const char *isa;  /* kernels that ran */
    int threads;
    int64_t calls;     /* timed */
    double seconds;    /* of one call: the median */
    double p99;        /* of one call: 99 in 100 were faster */
    int64_t tokens;    /* symbols of one call; 0: it has none */
    double flops;      /* of one call: two for each multiply-add of a product */
    double reads;      /* bytes of weights that one call reads, where that matters; else 0 */
    double peak;       /* operations a second in registers alone: the lower of two probes, */
    double before;     /* one before */
    double after;      /* and one after, all threads together; */
    double one;        /* and of one thread, before */
    bool steady;       /* the probes differ by no more than 10%, and all threads did at least 0.85
                          times what so many of the one would do: no core was missing */
    int64_t bytes;     /* of training: weights, gradients, optimiser, activations; else 0 */
    int64_t predicted; /* bytes as rc_config_estimate() says */
} rc_bench_row;
typedef void (*rc_bench_fn)(void *ctx, const rc_bench_row *row);

/* Measure, calling fn for every row as it is done. NULL for options, or for a name in them: as the
 * kind has it. Nothing is read or written.
 *
 * RC_EINVAL: no such kind, or options that cannot be. */
RC_API rc_status rc_bench(const char *kind, const rc_bench_options *options, rc_bench_fn fn,
                          void *ctx);

/* ---- graph and operations ---------------------------------------------------------------- */

/* An eager graph: every operation computes at once and remembers how to go back. The first failure
 * is remembered (sticky): from then on every operation returns NULL at once, and one check at the
 * end tells. Variables and all that is in them live until rc_graph_reset(). One thread at a time;
 * it uses as many as its options say, which changes no bit of any result. Owner. */
typedef struct rc_graph rc_graph;
typedef struct rc_var rc_var;

/* What an axis runs over, so that time and batch can stay open in exported models. */
typedef enum rc_axis { RC_FIXED, RC_BATCH, RC_TIME } rc_axis;

enum { RC_RANK = 4 };
typedef struct rc_shape {
    int rank;
    int64_t dim[RC_RANK];
    rc_axis axis[RC_RANK];
} rc_shape;
RC_API rc_shape rc_shape_1(int64_t n);
RC_API rc_shape rc_shape_2(int64_t rows, int64_t cols);
RC_API rc_shape rc_shape_3(int64_t batch, int64_t rows, int64_t cols);

/* How the rows of a ragged batch of sequences lie: step t of the sequences still alive is rows
 * at[t] .. at[t+1]-1; sequences are sorted by falling length, so at[t+1] - at[t] never grows. */
typedef struct rc_rows {
    int64_t steps;     /* T; the longest length */
    int64_t seqs;      /* B, sequences of length 0 included */
    const int64_t *at; /* (T+1) */
} rc_rows;

/* An optional operand that is absent. */
RC_API extern rc_var rc_none;
#define RC_NONE (&rc_none)

typedef struct rc_graph_options {
    int threads;    /* 0 (default): RECUR_THREADS or all cores */
    uint64_t seed;  /* of dropout masks */
    bool training;  /* true (default): dropout drops, gradients can be asked for */
    bool recompute; /* rc_softmax_loss() keeps no logits and makes them again for its gradients: the
                       same bits with less memory, in more time */
} rc_graph_options;
RC_API rc_graph_options rc_graph_options_default(void);

/* RC_EINVAL: a number of threads that cannot be, or a bad RECUR_THREADS or RECUR_CPU. */
RC_API rc_status rc_graph_new(rc_graph **out, const rc_graph_options *options);
RC_API void rc_graph_free(rc_graph *g);
/* Forget all variables and the failure, keep the memory; dropout masks are those of a next step. */
RC_API void rc_graph_reset(rc_graph *g);
/* RC_OK, or the first failure since the last reset, whose message it brings back:
 * RC_ESHAPE (shapes disagree), RC_EINVAL (an operand is missing, an id or number out of range). */
RC_API rc_status rc_graph_status(const rc_graph *g);
/* Make the gradients of a scalar with respect to everything that wants one; once between resets.
 * The graph's failure; RC_ESHAPE: not a scalar; RC_EINVAL: no loss, nothing wants a gradient, not a
 * training graph, or a second time. */
RC_API rc_status rc_graph_backward(rc_graph *g, rc_var *loss);

/* A value from the caller, row-major, copied. grad NULL: no gradient wanted; else dL/dx is added to
 * it (row-major, same size; it must live until then) by rc_graph_backward(). */
RC_API rc_var *rc_leaf(rc_graph *g, rc_shape shape, const rc_real *x, rc_real *grad);
RC_API rc_shape rc_var_shape(const rc_var *v); /* rank 0 for NULL */
/* The name of the operation that made a variable ("linear"), for walking a graph from a result down
 * to its leaves; "leaf" for values from the caller, "" for NULL and RC_NONE. Static. */
RC_API const char *rc_var_op(const rc_var *v);
/* Operand i of that operation, in the order of its constructor: RC_NONE where it is absent, NULL
 * past the last, and for leaves. Valid until the graph is reset. */
RC_API const rc_var *rc_var_operand(const rc_var *v, int i);
/* Copy a value, or its gradient after backward, out row-major; room in reals. The graph's failure;
 * RC_EINVAL: too little room, or no such values. */
RC_API rc_status rc_var_read(const rc_graph *g, const rc_var *v, rc_real *out, int64_t room);
RC_API rc_status rc_var_read_grad(const rc_graph *g, const rc_var *v, rc_real *out, int64_t room);

/* Element by element; shapes equal. */
RC_API rc_var *rc_add(rc_graph *g, rc_var *a, rc_var *b);
RC_API rc_var *rc_sub(rc_graph *g, rc_var *a, rc_var *b);
RC_API rc_var *rc_mul(rc_graph *g, rc_var *a, rc_var *b);
RC_API rc_var *rc_scale(rc_graph *g, rc_var *x, double a);
RC_API rc_var *rc_tanh(rc_graph *g, rc_var *x);
RC_API rc_var *rc_sigmoid(rc_graph *g, rc_var *x);
RC_API rc_var *rc_relu(rc_graph *g, rc_var *x);
RC_API rc_var *rc_exp(rc_graph *g, rc_var *x);
RC_API rc_var *rc_log(rc_graph *g, rc_var *x);
/* Over the last axis. */
RC_API rc_var *rc_softmax(rc_graph *g, rc_var *x);
RC_API rc_var *rc_log_softmax(rc_graph *g, rc_var *x);
/* All elements to one number. */
RC_API rc_var *rc_sum(rc_graph *g, rc_var *x);
RC_API rc_var *rc_mean(rc_graph *g, rc_var *x);

/* y = x w' + b: x (N,D), w (M,D), b (M) or RC_NONE -> (N,M). */
RC_API rc_var *rc_linear(rc_graph *g, rc_var *x, rc_var *w, rc_var *b);
/* Batched product: a (S,M,K), b (S,K,N) -> (S,M,N). */
RC_API rc_var *rc_bmm(rc_graph *g, rc_var *a, rc_var *b);
/* Side by side: x[i] (N,D_i) -> (N, sum of D_i). */
RC_API rc_var *rc_concat(rc_graph *g, int count, rc_var *const x[]);
/* Columns [first, first + count) of x (N,D). */
RC_API rc_var *rc_slice(rc_graph *g, rc_var *x, int64_t first, int64_t count);
/* Columns ids[i] of x (N,D) -> (N,n). RC_EINVAL for an id outside 0..D-1. ids are copied. */
RC_API rc_var *rc_pick(rc_graph *g, rc_var *x, const int32_t *ids, int64_t n);
/* Rows ids[i] of table (V,D) -> (n,D). RC_EINVAL for an id outside 0..V-1. ids are copied. */
RC_API rc_var *rc_embed(rc_graph *g, rc_var *table, const int32_t *ids, int64_t n);
/* Zero with probability `rate`, 0 <= rate < 1, scale the rest by 1 / (1 - rate). Identity when not
 * training. Each call of a step has a mask of its own. */
RC_API rc_var *rc_dropout(rc_graph *g, rc_var *x, double rate);
/* The same mask at every time step of a sequence (Gal and Ghahramani 2016). x (N,D). */
RC_API rc_var *rc_dropout_locked(rc_graph *g, const rc_rows *rows, rc_var *x, double rate);
/* One draw for each row, which is kept or dropped whole (word dropout). x (N,D). */
RC_API rc_var *rc_dropout_rows(rc_graph *g, rc_var *x, double rate);
/* Every step with the `width` - 1 before it in its sequence, the oldest first: x (N,D) ->
 * (N, width D). before (B, (width-1) D): what came before the first step; RC_NONE: zeros. 1 <=
 * width <= RC_WINDOW_MOST. */
enum { RC_WINDOW_MOST = 1024 };
RC_API rc_var *rc_window(rc_graph *g, const rc_rows *rows, rc_var *x, int64_t width,
                         rc_var *before);
/* Every step with `each` before it and as many after it in its sequence, the oldest first; zeros
 * where there are none: x (N,D) -> (N, (2 each + 1) D). 2 each < RC_WINDOW_MOST. */
RC_API rc_var *rc_window_around(rc_graph *g, const rc_rows *rows, rc_var *x, int64_t each);

/* One row for each sequence out of those of its steps: x (N,D) -> (B,D). A sequence of no steps
 * gives zeros. RC_EINVAL: no such pooling. */
typedef enum rc_pooling {
    RC_POOL_MEAN,
    RC_POOL_MAX,   /* of every column alone; of equal ones the earliest has the gradient */
    RC_POOL_LAST,  /* the last step */
    RC_POOL_FIRST, /* the first step */
} rc_pooling;
RC_API rc_var *rc_pool(rc_graph *g, const rc_rows *rows, rc_var *x, rc_pooling how);
/* A mean whose weights are the softmax of the scores over the steps of the sequence: scores (N) or
 * (N,1), x (N,D) -> (B,D). Zeros for no steps. */
RC_API rc_var *rc_pool_attention(rc_graph *g, const rc_rows *rows, rc_var *scores, rc_var *x);

/* Some rows of a table for each of B results: those of bag b are entries at[b] .. at[b+1]-1. */
typedef struct rc_bags {
    int64_t count;         /* B */
    const int64_t *at;     /* (B+1) from 0, never falling */
    const int32_t *ids;    /* (at[B]) rows of the table */
    const rc_real *weight; /* (at[B]); NULL: 1 each */
    bool columns;          /* weight is (at[B],D): one for every column of the row */
} rc_bags;
/* Sums: row b of the result is that of weight[i] * table[ids[i]] over bag b, table (V,D) -> (B,D).
 * The gradient is that of the table. An empty bag gives zeros. All is copied. RC_EINVAL for an id
 * outside 0..V-1 and for bounds that fall. */
RC_API rc_var *rc_bag(rc_graph *g, rc_var *table, const rc_bags *bags);

/* Losses: sums over rows, in nats. targets (N) ids of columns, copied; logits (N,V). */
RC_API rc_var *rc_cross_entropy(rc_graph *g, rc_var *logits, const int32_t *targets);
/* The same with each row times a number of its own: weights (N), copied; NULL: 1 each. */
RC_API rc_var *rc_weighted_cross_entropy(rc_graph *g, rc_var *logits, const int32_t *targets,
                                         const rc_real *weights);
/* cross_entropy(linear(x, w, b), targets) without ever storing the logits by rows: what a large
 * vocabulary wants. */
RC_API rc_var *rc_softmax_loss(rc_graph *g, rc_var *x, rc_var *w, rc_var *b,
                               const int32_t *targets);

/* Losses that read a part of a large vocabulary. w (V,D) is a table: rows are read as they lie. b
 * (V) or RC_NONE, targets (N). Score s(w) of symbol w: (w x' + b). What the structs point to must
 * live until the graph is reset. RC_EINVAL for ids, bounds or trees that cannot be. */

/* Symbols drawn from a noise distribution, the same for all rows of a batch. */
typedef struct rc_noise {
    int64_t count;
    const int32_t *ids;      /* (count) rising: each symbol once */
    const rc_real *times;    /* (count) how often it was drawn; NULL: once each */
    const rc_real *expected; /* (V) ln of how often each symbol is expected to be drawn */
} rc_noise;
/* Softmax over the target and the drawn symbols other than it, of the scores less `expected`
 * (Jean et al. 2015). `times` are not used. */
RC_API rc_var *rc_sampled_loss(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const int32_t *targets,
                               const rc_noise *noise);
/* Noise-contrastive estimation (Gutmann and Hyvarinen 2010): with d(w) = s(w) - expected(w), the
 * target is told from noise by softplus(-d), each draw by softplus(d). A normaliser other than 1
 * is part of `expected`. */
RC_API rc_var *rc_nce_loss(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const int32_t *targets,
                           const rc_noise *noise);

/* Groups of neighbouring symbols: group i is start[i] .. start[i+1]-1; start[0] 0, start[count] V,
 * none is empty. */
typedef struct rc_groups {
    int64_t count;
    const int64_t *start; /* (count+1) */
} rc_groups;
/* - ln of the softmax of the target's score among those of its group. One group: of all. */
RC_API rc_var *rc_group_loss(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const int32_t *targets,
                             const rc_groups *groups);
/* log_softmax within each group of the columns of x (N,V). */
RC_API rc_var *rc_group_log_softmax(rc_graph *g, rc_var *x, const rc_groups *groups);

/* A binary tree with the symbols as leaves and `leaves - 1` decisions, numbered so that each comes
 * after the one above it; decision 0 is the root. Side 0 of decision k is taken with probability
 * sigmoid(s(k)), side 1 with sigmoid(-s(k)). */
typedef struct rc_tree {
    int64_t leaves;
    int64_t depth;     /* decisions on the longest way down */
    const int32_t *up; /* (2 leaves - 1) 2 * decision above + side, of leaf w at w, of decision k
                        * at leaves + k; -1 of the root */
} rc_tree;
/* - ln of the probability of the way down to each target; w (leaves-1, D), b (leaves-1). */
RC_API rc_var *rc_tree_loss(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const int32_t *targets,
                            const rc_tree *tree);
/* ln of the probabilities of all leaves, (N,leaves), from the scores of decisions (N,leaves-1). */
RC_API rc_var *rc_tree_logp(rc_graph *g, rc_var *scores, const rc_tree *tree);

/* A linear-chain conditional random field over K labels (Lafferty, McCallum and Pereira 2001;
 * Lample et al. 2016). With scores x (N,K) of the labels at every step, a path of labels y through
 * a sequence of T steps has the score
 *
 *     first[y(0)] + sum of x[t][y(t)] + sum of trans[y(t-1)][y(t)] + last[y(T-1)],
 *
 * and its probability is exp(score) over the sum of that of all paths that the rules allow. */
typedef struct rc_crf_rules {
    const bool *first;   /* (K) may a sequence begin with it? NULL: with any */
    const bool *from_to; /* (K,K) may the label of the column follow that of the row? NULL: all */
    const bool *last;    /* (K) may a sequence end with it? NULL: with any */
} rc_crf_rules;
typedef struct rc_crf {
    rc_var *trans;             /* (K,K) from row to column */
    rc_var *first, *last;      /* (K) or RC_NONE: zeros */
    const rc_crf_rules *rules; /* NULL: all paths are allowed; read during the call */
} rc_crf;
/* - ln of the probability of the targets (N), summed over sequences; one of no steps adds 0. What
 * the rules forbid has the gradient 0. RC_EINVAL: targets that are no labels, or that the rules
 * forbid (the message names sequence and step). */
RC_API rc_var *rc_crf_loss(rc_graph *g, const rc_rows *rows, rc_var *x, const rc_crf *crf,
                           const int32_t *targets);
/* The path of the highest score of every sequence, of those that the rules allow, as labels best
 * (N); of equal ones that with the lowest labels, the last step first. score (B), or NULL, receives
 * what they have; 0 of no steps. Variables must be of this graph and have values. The graph's
 * failure; RC_ESHAPE; RC_EINVAL: the rules leave a sequence no path; RC_ENAN: so do its scores. */
RC_API rc_status rc_crf_decode(rc_graph *g, const rc_rows *rows, const rc_var *x, const rc_crf *crf,
                               int32_t *best, double *score);
/* The probability of every label at every step, p (N,K), row-major. As rc_crf_decode(). */
RC_API rc_status rc_crf_marginals(rc_graph *g, const rc_rows *rows, const rc_var *x,
                                  const rc_crf *crf, rc_real *p);
/* The best paths of one sequence, with ln of their probabilities. */
typedef struct rc_crf_paths {
    int64_t seq;     /* which */
    int64_t most;    /* so many at most, 1 or more */
    int32_t *labels; /* (most, steps of the sequence) receives them, the best first */
    double *logp;    /* (most) */
    int64_t count;   /* receives how many there are */
} rc_crf_paths;
/* As rc_crf_decode(); RC_EINVAL also for a sequence that is not there and for less than 1 path. */
RC_API rc_status rc_crf_nbest(rc_graph *g, const rc_rows *rows, const rc_var *x, const rc_crf *crf,
                              rc_crf_paths *paths);

/* Sum of (x - t)^2 / 2. */
RC_API rc_var *rc_squared_error(rc_graph *g, rc_var *x, rc_var *target);
/* One on/off output each: - t ln s(x) - (1 - t) ln(1 - s(x)), s the sigmoid of the logits x. */
RC_API rc_var *rc_binary_cross_entropy(rc_graph *g, rc_var *logits, rc_var *target);
/* The value of a scalar; of a loss, sum or mean as it was summed in double. The graph's failure;
 * RC_ESHAPE: not a scalar. */
RC_API rc_status rc_var_total(const rc_graph *g, const rc_var *v, double *out);

/* ---- cells ------------------------------------------------------------------------------- */

enum { RC_STATES = 6 };

/* One layer of one direction over a whole batch of sequences. Logical shapes: w_ih (G H, D),
 * w_hh (G H, H), b_ih and b_hh (G H) or RC_NONE, state[i] (B,H) or RC_NONE (zeros). G are the gates
 * of the cell; gates without a product of their own have no rows in that weight (see
 * docs/cells.md). vectors (n H): n vectors of weights of a cell that has such, else RC_NONE. w_hr
 * (P, H), P <= H: of a cell with a projection, else RC_NONE; what the cell has narrow (lstm-proj:
 * h) has P numbers then in place of H, and so have the columns of w_hh.
 * zoneout[i], 0 <= p < 1: a unit of state i keeps its value at a step with probability p, in a
 * graph that trains; elsewhere a state is p times the old value plus 1 - p times the new one
 * (Krueger et al. 2017). What a step makes of one state is not changed by zoneout of another. */
typedef struct rc_rnn_args {
    const char *cell;
    rc_var *w_ih, *w_hh, *b_ih, *b_hh, *vectors, *w_hr;
    rc_var *state[RC_STATES];
    double zoneout[RC_STATES]; /* zeros (default): all states are those of the step */
    bool reverse;              /* from the end of each sequence to its beginning */
} rc_rnn_args;
RC_API rc_rnn_args rc_rnn_args_default(void);

/* x (N,D) -> h at every row, (N,H) or (N,P). */
RC_API rc_var *rc_rnn(rc_graph *g, const rc_rows *rows, rc_var *x, const rc_rnn_args *args);
/* State i after the last step of each sequence, (B,H) or (B,P); y is what rc_rnn() returned. */
RC_API rc_var *rc_rnn_state(rc_graph *g, rc_var *y, int i);

/* ---- looking inside ---------------------------------------------------------------------- */

typedef struct rc_xray_options {
    int64_t steps;   /* of a window; the loss is at its last one. Default 100 */
    int64_t windows; /* how many, side by side. Default 16 */
    int64_t exact;   /* Jacobians of layers of at most so many units are whole, and have singular
                        values; of larger ones lengths alone are told, out of so many random
                        directions. Default 128 */
    int threads;     /* 0 (default): RECUR_THREADS or all cores */
} rc_xray_options;
RC_API rc_xray_options rc_xray_options_default(void);

/* A recurrent matrix of one gate, as a map of units to units: after a projection, where there is
 * one. */
typedef struct rc_xray_matrix {
    const char *gate;
    int number;    /* from 1: a gate may have several */
    double radius; /* largest absolute value of an eigenvalue */
    double norm;   /* largest singular value */
} rc_xray_matrix;

/* The values of one gate over all units, steps and windows. */
enum { RC_XRAY_BINS = 20 };
typedef struct rc_xray_gate {
    const char *name;
    double lo, hi; /* what it is squashed to; infinite: it is not */
    double mean;
    double low, high; /* shares that are saturated: below 0.1 and above 0.9 of 0 .. 1; below -0.9
                         and above 0.9 of -1 .. 1; 0, and nothing, of a rectifier; else NaN */
    double bin[RC_XRAY_BINS]; /* shares in equal parts of lo .. hi, where both are finite; else 0 */
} rc_xray_gate;

/* dh_T / dh_k of one layer for k = T - distance, by all ways through that layer; the means over
 * windows. Inf or NaN: not told, or beyond numbers. */
typedef struct rc_xray_jacobian {
    int64_t distance;
    double largest, median, smallest; /* singular values */
    double rms;                       /* root of their mean square */
} rc_xray_jacobian;

typedef struct rc_xray_layer {
    int layer; /* from 0, the lowest */
    bool reverse;
    const char *cell;
    int64_t units;
    int states;
    const char *state[RC_STATES]; /* names */
    /* |dL/dstate| so many steps before the last one, (steps): mean over windows of the Euclidean
     * norm, by all ways that lead on from that state to later steps, the other states of its step
     * held; and of state 0, h, its extremes. */
    double *gradient[RC_STATES];
    double *least, *most;
    size_t jacobians;
    rc_xray_jacobian *jacobian; /* by rising distance */
    bool exact;                 /* they have singular values */
    size_t matrices;
    rc_xray_matrix *matrix;
    size_t gates;
    rc_xray_gate *gate;
    const char *memory; /* the state that half-lives are of: "c", or "h" where there is none */
    /* (units) Steps until a change of that unit's state s is felt half as much at the end: the
     * least x with |dh_T / ds_k| at k = T - 1 - x half of that at k = T - 1. 0: it is not felt at
     * all. Infinite: longer than a window. */
    double *half_life;
} rc_xray_layer;

/* What goes on in a model's recurrent layers. The caller's own; rc_xray_free(). */
typedef struct rc_xray {
    int64_t steps; /* of the longest window */
    int64_t windows;
    double loss; /* of the last steps, the mean */
    size_t layers;
    rc_xray_layer *layer;
} rc_xray;

/* Look into a model, trained or fresh, while it reads a text (or series).
 *
 * path  "-" is standard input; NULL: the training data of its configuration. Windows lie evenly in
 *       a text, and are shorter where it is; of series, each is a whole one. They begin with the
 *       state of a beginning.
 *
 * Nothing is dropped out or drawn. The model is not changed; it may be one that is being trained,
 * between two calls of its trainer. See docs/instruments.md for the formulas.
 *
 * RC_EINVAL (options, or a model without recurrent layers), RC_EIO, RC_EDATA, RC_ENOSUP. */
RC_API rc_status rc_model_xray(rc_xray **out, const rc_model *m, const char *path,
                               const rc_xray_options *options);
RC_API void rc_xray_free(rc_xray *x);

/* One vector of a layer after every symbol of a text. The caller's own; rc_trace_free(). */
typedef struct rc_trace {
    int64_t count;    /* symbols */
    int64_t units;    /* numbers of the vector */
    int32_t *ids;     /* (count) */
    rc_real *x;       /* (count, units) once the symbol has been read */
    const char *name; /* of the vector; static */
    double lo, hi;    /* where its numbers can lie; infinite: anywhere */
} rc_trace;

/* Read n bytes of text from the beginning of a text on, and note a vector.
 *
 * layer  from 0, the lowest.
 * name   a state or gate of its cell: "h", "c", "f"; NULL: "c", or "h" where there is none.
 *
 * RC_EINVAL (no such layer or vector, or a model that reads no symbols), RC_EDATA (invalid UTF-8,
 * or no text), RC_EBUSY (the model is being trained). */
RC_API rc_status rc_model_trace(rc_trace **out, const rc_model *m, const char *text, size_t n,
                                int layer, const char *name, int threads);
RC_API void rc_trace_free(rc_trace *t);

/* ---- version ----------------------------------------------------------------------------- */

#define RC_VERSION "0.1.0"

typedef struct rc_build {
    const char *version;
    const char *isa;   /* kernels in use: "plain", "avx2", "avx512" */
    int threads;       /* what 0 threads would mean */
    bool is_double;    /* rc_real is double */
    const char *parts; /* optional parts and whether they are in: "gz yes, xz yes, zst no" */
} rc_build;
/* What this library is and how it would run here; the strings are static. RC_EINVAL: RECUR_CPU or
 * RECUR_THREADS says something impossible. */
RC_API rc_status rc_build_info(rc_build *out);

#ifdef __cplusplus
}
#endif
#endif
