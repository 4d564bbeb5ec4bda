/* data_in.h -- what the files of this room share. */
#ifndef RCD_DATA_IN_H
#define RCD_DATA_IN_H

#include "data/data.h"

/* Make room in a batch whose D and K are set; what is in it is lost. All rows are aims until the
 * caller says otherwise. RC_ENOMEM. */
rc_status rcd_batch_grow(rcd_batch *b, int64_t steps, int64_t seqs, int64_t rows);

/* Room for `need` elements, at least doubled. */
rc_status rcd_reserve(void **p, size_t *cap, size_t need, size_t size);

/* ---- names as symbols (fold.c) ----------------------------------------------------------- */

/* A name as it enters a vocabulary of that level, in place of what is in `out`. */
rc_status rcd_fold_name(rcb_buf *out, rcd_level level, const char *p, size_t n,
                        const rcd_fold *fold);
/* The symbols of a folded name: itself, or its characters or bytes. */
rc_status rcd_name_walk(rcd_level level, const char *p, size_t n, rcd_each each, void *ctx);
/* Is it one that every vocabulary holds beside its own (RCD_UNK, RCD_EOS)? */
bool rcd_is_special(const char *name, size_t n);

/* ---- series, for their readers (series.c, series_read.c) --------------------------------- */

/* Add a step of D numbers, zeroed; the sequence that is being added is the last one. NULL: no
 * memory. */
float *rcd_series_step(rcd_series *s);
/* End the sequence of the steps added since the last. name: its class (NULL: none). */
rc_status rcd_series_end(rcd_series *s, const char *name, size_t n);

/* n bytes of a text. */
typedef struct rcd_word {
    const char *p;
    size_t n;
} rcd_word;
/* The same with the classes (n) of all of its steps, or, not `each`, of the whole sequence (n 1);
 * where the name is empty nothing is to be said. RC_EDATA: other sequences have it otherwise. */
rc_status rcd_series_end_names(rcd_series *s, bool each, int64_t n, const rcd_word name[]);
/* The same with K numbers, y (n,K); NaN: nothing is to be said. */
rc_status rcd_series_end_values(rcd_series *s, bool each, int64_t n, int64_t K, const float *y);

/* The n bytes of a file that is at hand; see rcd_series_read(). Public to tests. */
rc_status rcd_series_parse(rcd_series *s, const char *path, const void *bytes, size_t n,
                           const rcd_reading *how);
/* n bytes of a table at p (series_csv.c), likewise. */
rc_status rcd_series_csv(rcd_series *s, const char *path, const char *p, size_t n,
                         const rcd_reading *how);
/* The same of an array of NumPy (series_npy.c). */
rc_status rcd_series_npy(rcd_series *s, const char *path, const void *bytes, size_t n,
                         const rcd_reading *how);

/* ---- sources of symbols (chains.c, grammars.c) ------------------------------------------- */

#define PROCESS(identifier) extern const rcd_process rcd_process_##identifier;
#include "data/processes.def"
#undef PROCESS

/* ---- machines (machine.c) ---------------------------------------------------------------- */

/* Going along an edge says its symbol. */
typedef struct rcd_edge {
    int32_t from, to;
    unsigned char symbol;
    double p;    /* of all edges of a state they add up to 1 */
    double upto; /* sum of p of the edges of `from` up to and with this one; of the last one 1 */
} rcd_edge;

/* A finite machine that says symbols for ever: a hidden Markov chain whose edges speak. Builders
 * add states and edges; the first failure is remembered, what is added after it is ignored, and
 * rcd_machine_finish() tells. Owner: zero-initialise, free with rcd_machine_free(). */
typedef struct rcd_machine {
    const char *name; /* for messages */
    rc_status status;
    int32_t states;
    size_t edges, cap;
    rcd_edge *edge; /* (edges) after rcd_machine_finish() by state, symbol, next state */
    size_t *first;  /* (states+1) the edges of a state */
    double *rest;   /* (states) how likely each is in the long run */
} rcd_machine;

enum { RCD_MOST_STATES = 1 << 16, RCD_MOST_EDGES = 1 << 20 };

/* n more states; the first of them. More than there may be: RC_EINVAL, later. */
int32_t rcd_machine_states(rcd_machine *m, double n);
/* From a state with probability p (0: never, and there is no edge) by a symbol. */
void rcd_machine_edge(rcd_machine *m, int32_t from, double p, char symbol, int32_t to);
/* A way of its own, through new states, that says a word (1 symbol or more). */
void rcd_machine_word(rcd_machine *m, int32_t from, double p, const char *word, int32_t to);
/* Sort, and find `rest`. Every state must be reached from every other. */
rc_status rcd_machine_finish(rcd_machine *m);
void rcd_machine_free(rcd_machine *m);
/* The edges of a state that say a symbol: from the first of them to *end. */
size_t rcd_machine_say(const rcd_machine *m, int32_t state, unsigned char symbol, size_t *end);
/* Bits of the choice of an edge, in the mean over the long run. */
double rcd_machine_bits(const rcd_machine *m);

#endif
