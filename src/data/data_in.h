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

static inline bool rcd_folds(const rcd_fold *fold)
{
    return fold->lower || fold->digits;
}
/* Add n bytes, folded. RC_ENOMEM. */
rc_status rcd_fold_add(rcb_buf *out, const char *p, size_t n, const rcd_fold *fold);

/* The symbols of a folded name: itself, or its characters or bytes. */
rc_status rcd_name_walk(rcd_level level, const char *p, size_t n, rcd_each each, void *ctx);

/* ---- words that are joined (joins.c) ----------------------------------------------------- */

/* One more pass, of no pairs. RC_ENOMEM. */
rc_status rcd_joins_add(rcd_joins *j);

/* ---- lines and tables (cells.c) ---------------------------------------------------------- */

/* n bytes of a text. */
typedef struct rcd_word {
    const char *p;
    size_t n;
} rcd_word;

/* The next line from *p on without its LF or CR LF, and *p behind it; false at the end. */
bool rcd_line_next(const char **p, const char *end, rcd_word *line);
/* Without blanks (ASCII) at both ends. */
rcd_word rcd_trim(rcd_word w);
/* The first run of what is no blank, and *rest behind it (n 0: there is none). */
rcd_word rcd_first_word(rcd_word w, rcd_word *rest);

/* A table of RFC 4180 that is being read: ',', ';' or tabs between cells, quotes and all. The
 * caller frees `text`. */
typedef struct rcd_cells {
    const char *path; /* for messages */
    const char *p, *end;
    int64_t line;  /* the last one that was read, */
    int64_t first; /* and the one where what was read with it began */
    char between;
    rcb_buf text; /* cells with quotes taken off */
} rcd_cells;
/* Between cells is what the first line has most of. */
void rcd_cells_begin(rcd_cells *t, const char *path, const char *p, size_t n);
/* The cells of the next line; *count of them, -1 at the end of the file. Up to `most` are kept,
 * until the next line is read. */
rc_status rcd_cells_line(rcd_cells *t, rcd_word *cell, int64_t most, int64_t *count);
/* Is a column of so many, with a name in the header or none, called so: by it, "#3" or "#-1"? */
bool rcd_is_column(const rcd_word *header, int64_t column, int64_t columns, const char *name,
                   size_t n);

/* ---- texts to tokens (split.c) ----------------------------------------------------------- */

/* Tokens that point into a text. Zero-initialise; the caller frees `token`. */
typedef struct rcd_tokens {
    rcd_word *token; /* (n) */
    size_t n, cap;
} rcd_tokens;
rc_status rcd_tokens_add(rcd_tokens *t, const char *p, size_t n);
/* Add those of a text. */
rc_status rcd_tokens_of(rcd_tokens *t, rcd_level level, rcd_split split, rcd_word text);
/* Tags ("<br />") become as many blanks. */
void rcd_blank_html(char *p, size_t n);
/* The place of a word in a list whose i-th is name(NULL, i), NULL past the end. RC_EINVAL: not
 * there; the message names what is near. */
rc_status rcd_word_of(int *out, const char *what, const char *word,
                      const char *(*name)(const void *unused, size_t i));

/* ---- labelled sequences, for their readers (labelled.c) ---------------------------------- */

/* A file that is being read, and the sequence that is being gathered from it. */
typedef struct rcd_reader {
    rcd_labelled *l;
    const rcd_labelling *how;
    const char *path;    /* for messages, and for what names tell */
    const char *p, *end; /* what is left of it, UTF-8 */
    int64_t line;        /* the one that was read last */
    int32_t file;        /* a number of l->files */
    rcd_tokens token;    /* (n) */
    rcd_tokens label;    /* (n), or one or none for the sequence */
    rcd_tokens feature;  /* (n,F) */
    rcb_buf text;        /* what tokens may point into */
} rcd_reader;

/* The next line; false at the end. */
bool rcd_reader_line(rcd_reader *r, rcd_word *line);
/* "cannot read 'a.txt': line 12: ...", RC_EDATA. */
rc_status rcd_reader_bad(const rcd_reader *r, const char *fmt, ...) RC_PRINTF(2, 3);
/* One more of what is passed over or mended, at this line. */
void rcd_reader_note(rcd_reader *r, rcd_note_kind kind, int64_t line);
/* The sequence that was gathered is whole, and began at this line: check it, keep it or pass over
 * it, and begin the next one. */
rc_status rcd_reader_end(rcd_reader *r, int64_t line);
/* The same of a text, whose tokens are found here, and of its label. */
rc_status rcd_reader_text(rcd_reader *r, rcd_word label, rcd_word text, int64_t line);

/* Columns by their names: which[0 .. count-1] of a list "#1,text" among so many, which the header
 * (NULL: none) names. RC_EDATA: there is none of that name, or there are more than `most`. */
rc_status rcd_reader_columns(const rcd_reader *r, const char *list, const rcd_word *header,
                             int64_t columns, int64_t most, int64_t *which, int64_t *count);
enum { RCD_MOST_COLUMNS = 64 }; /* of one list */
/* The name of a file without folders, .gz .xz .zst and .txt. */
rcd_word rcd_stem(const char *path);

/* Readers of files of a format, from r->p to r->end. */
rc_status rcd_read_tsv(rcd_reader *r);
rc_status rcd_read_fasttext(rcd_reader *r);
rc_status rcd_read_first(rcd_reader *r);
rc_status rcd_read_classes(rcd_reader *r);
rc_status rcd_read_text(rcd_reader *r);
rc_status rcd_read_csv(rcd_reader *r);     /* labelled_csv.c: csv and rows */
rc_status rcd_read_trees(rcd_reader *r);   /* labelled_tree.c */
rc_status rcd_read_columns(rcd_reader *r); /* labelled_columns.c: columns and conllu */

/* ---- series, for their readers (series.c, series_read.c) --------------------------------- */

/* Add a step of D numbers, zeroed; the sequence that is being added is the last one. NULL: no
 * memory. */
float *rcd_series_step(rcd_series *s);
/* End the sequence of the steps added since the last. name: its class (NULL: none). */
rc_status rcd_series_end(rcd_series *s, const char *name, size_t n);

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
