/* data.h -- text becomes symbols, symbols become batches.
 *
 * Object room. Knows files (through base) and symbol ids, nothing of networks.
 */
#ifndef RCD_DATA_H
#define RCD_DATA_H

#include "base/base.h"

/* ---- texts (tokenize.c) ------------------------------------------------------------------ */

/* What a symbol is. One list: code, word on the command line, help. */
#define RCD_LEVEL_MAP(X)                                                                           \
    X(RCD_BYTE, "byte", "every byte is a symbol (256 of them)")                                    \
    X(RCD_CHAR, "char", "every Unicode code point is a symbol; the text must be UTF-8")            \
    X(RCD_WORD, "word",                                                                            \
      "words between blanks; the end of a line is <eos>; the text must be UTF-8")                  \
    X(RCD_LINE, "line", "every line that is not empty is one symbol: names of classes; UTF-8")

typedef enum rcd_level {
#define RCD_LEVEL_ENTRY(code, word, help) code,
    RCD_LEVEL_MAP(RCD_LEVEL_ENTRY)
#undef RCD_LEVEL_ENTRY
        RCD_LEVEL_COUNT
} rcd_level;

const char *rcd_level_word(rcd_level level);
const char *rcd_level_help(rcd_level level);
rc_status rcd_level_of(rcd_level *out, const char *word); /* RC_EINVAL names what is near */

#define RCD_UNK "<unk>"
#define RCD_EOS "<eos>"

/* Several files read as one text, in the order given. Plain files stay on disk (mapped). No symbol
 * crosses from one file into the next: the end of a file ends a word and, at the level of words, a
 * line.
 *
 * Blanks between words are the ASCII ones: space, tab, vertical tab, form feed and carriage return
 * (so that "\r\n" ends a line as "\n" does); at the levels byte and char a "\r" is kept. A byte
 * order mark at the beginning of a file is dropped at the levels char and word: it says how the
 * file is written and is no part of what it says; at the level of bytes it stays. NUL is a
 * character like any other. */
typedef struct rcd_text rcd_text;
rc_status rcd_text_open(rcd_text **out, const char *const *paths, size_t count);
/* A text from memory, which must outlive it; `name` is for messages. */
rc_status rcd_text_of(rcd_text **out, const char *name, const void *bytes, size_t n);
void rcd_text_free(rcd_text *t);
uint64_t rcd_text_bytes(const rcd_text *t);
/* For messages: the file's name, or "a.txt and 2 more". */
const char *rcd_text_name(const rcd_text *t);

/* The nearest place at or after byte `at` where a text may be cut: the start of a code point for
 * characters, of a line for words, anywhere for bytes. */
uint64_t rcd_text_cut(const rcd_text *t, rcd_level level, uint64_t at);

/* Walk the symbols of bytes [from,to) of a text: each call of `each` gets one symbol's bytes
 * (RCD_EOS for an end of line in words; a last line without a line feed ends too, and so does the
 * line that `to` cuts). The bytes are valid during the call and not followed by a 0. Invalid UTF-8,
 * or a code point cut by `from` or `to`, is RC_EDATA naming file, line and byte. A status other
 * than RC_OK from `each` ends the walk and is returned. */
typedef rc_status (*rcd_each)(void *ctx, const char *symbol, size_t n);
rc_status rcd_text_walk(const rcd_text *t, rcd_level level, uint64_t from, uint64_t to,
                        rcd_each each, void *ctx);
/* Whether these bytes can be one symbol at this level: a byte; a code point, or RCD_UNK; a run of
 * UTF-8 without blanks. */
bool rcd_is_symbol(rcd_level level, const char *symbol, size_t n);
/* UTF-8 characters in bytes [from,to): bytes that do not continue a code point. The byte order mark
 * of a file does not count. */
int64_t rcd_text_chars(const rcd_text *t, uint64_t from, uint64_t to);

/* ---- names (names.c) --------------------------------------------------------------------- */

/* Strings of bytes numbered from 0 in the order in which they came, each once, with how often it
 * came. Owner: zero-initialise, free with rcd_names_free(). */
typedef struct rcd_name {
    size_t at, n;  /* its bytes in `bytes` */
    int64_t count; /* whoever adds names may set it */
} rcd_name;

typedef struct rcd_names {
    int32_t n;
    rcd_name *name; /* (n) */
    char *bytes;    /* of all of them, a 0 behind each */
    size_t used, cap_bytes, cap_names, slots;
    struct rcd_slot *slot; /* (slots) by hash */
    int32_t single[256];   /* 1 + the number of a name of one byte; 0: none */
} rcd_names;

/* The number of a name, which is added if it is new; it came `times` more times. RC_ENOMEM;
 * RC_EDATA: more than there are numbers. */
rc_status rcd_names_add(rcd_names *s, const char *p, size_t n, int64_t times, int32_t *id);
int32_t rcd_names_find(const rcd_names *s, const char *p, size_t n); /* -1: not there */
const char *rcd_names_at(const rcd_names *s, int32_t id, size_t *n); /* a 0 behind; n may be NULL */
rc_status rcd_names_clone(rcd_names *out, const rcd_names *s);       /* out: zeroed */
void rcd_names_free(rcd_names *s);

/* ---- how a text is worded (wording.c, joins.c) ------------------------------------------- */

/* What is done to names on their way into a vocabulary. */
typedef struct rcd_fold {
    bool lower;  /* capital letters become small ones (Unicode, one character for one) */
    bool digits; /* every decimal digit becomes 0 */
} rcd_fold;

/* Pairs of neighbouring words that are read as one, "new york" as new_york. They are joined in
 * passes, each from left to right over what the passes before it have left; what a pass has joined
 * it does not join again, and nothing joins over the end of a line. Owner: zero-initialise, free
 * with rcd_joins_free(). */
enum { RCD_MOST_PASSES = 8, RCD_MOST_PAIRS = 3 << 22 };
typedef struct rcd_joins {
    int passes;
    rcd_names *pass; /* (passes) "new york" */
} rcd_joins;

/* Which words of a text are joined. */
typedef struct rcd_joining {
    int64_t passes;    /* 0 .. RCD_MOST_PASSES, so that up to 2^passes words become one */
    int64_t min_count; /* pairs have to come more often, 1 or more */
    double threshold;  /* and so many times as often as chance would have it, 0 or more */
    int64_t most;      /* different pairs counted at once; 0: RCD_MOST_PAIRS, in 256 MiB */
} rcd_joining;
/* RC_ENOMEM, and what walking the text says. Pairs come by falling count. */
rc_status rcd_joins_find(rcd_joins *out, const rcd_text *t, uint64_t from, uint64_t to,
                         const rcd_fold *fold, const rcd_joining *how);
rc_status rcd_joins_clone(rcd_joins *out, const rcd_joins *j);
void rcd_joins_free(rcd_joins *j);

/* How a text becomes symbols. */
typedef struct rcd_wording {
    rcd_level level;
    rcd_fold fold;   /* of characters and words; none of bytes */
    rcd_joins joins; /* of folded words */
} rcd_wording;

/* As rcd_text_walk(), with symbols as they are worded. */
rc_status rcd_wording_walk(const rcd_wording *w, const rcd_text *t, uint64_t from, uint64_t to,
                           rcd_each each, void *ctx);
/* How many symbols it calls with. */
rc_status rcd_wording_count(const rcd_wording *w, const rcd_text *t, uint64_t from, uint64_t to,
                            int64_t *count);

/* ---- vocabularies (vocab.c) -------------------------------------------------------------- */

/* Symbols numbered 0 .. size-1 by falling count (ties: by bytes), so that id order is frequency
 * order; a vocabulary that is read keeps the order it was written in. Bytes: id = byte value, all
 * 256 of them. Characters always hold "\n" and RCD_UNK; words always hold RCD_EOS and RCD_UNK, with
 * count 0, hence at the end, where nothing in the text is one. A symbol written literally in the
 * text as RCD_UNK is that same symbol. Counts are those of the text as it will be encoded: that of
 * RCD_UNK includes the symbols which were cut, and all counts add up to the text's symbols. */
typedef struct rcd_vocab rcd_vocab;

/* Bytes are never cut. */
typedef struct rcd_cut {
    int64_t min_count; /* rarer symbols become RCD_UNK; 1 keeps all */
    int64_t max_size;  /* at most so many symbols, the two that are always held included; 0: any */
    const rcd_names *keep; /* these are symbols beside those, however rare; NULL: none */
    /* rcd_vocab_build(): what is done to a text, and by this vocabulary always will be */
    rcd_fold fold;
    const rcd_joins *joins; /* of words; NULL: none */
} rcd_cut;

/* Count the symbols of a text; a NULL cut keeps all. RC_EDATA: empty text, or fewer than two
 * different symbols in it. RC_EINVAL: min_count below 1, or max_size 1 or negative; bytes that are
 * to be folded. */
rc_status rcd_vocab_build(rcd_vocab **out, rcd_level level, const rcd_text *t, uint64_t from,
                          uint64_t to, const rcd_cut *cut);
/* JSON text of a vocabulary, appended to a buffer (caller frees it), and back. One line:
 *   {"level":"word","symbols":[["the",59421],["<eos>",42068],...]}   in the order of ids
 *   {"level":"word","fold":["lower","digits"],"symbols":[...]}       of a text that was folded
 *   {"level":"word","joins":[["new york"],["new_york city"]],"symbols":[...]}  or joined
 *   {"level":"byte","counts":[0,12,...]}                             no counts where all are 0
 * Reading: RC_EFORMAT says what is wrong. Symbols that are not UTF-8 cannot occur. */
rc_status rcd_vocab_print(const rcd_vocab *v, rcb_buf *out);
rc_status rcd_vocab_parse(rcd_vocab **out, const char *json, size_t n);
rc_status rcd_vocab_clone(rcd_vocab **out, const rcd_vocab *v);
void rcd_vocab_free(rcd_vocab *v);

rcd_level rcd_vocab_level(const rcd_vocab *v);
const rcd_wording *rcd_vocab_wording(const rcd_vocab *v); /* how it reads a text */
int32_t rcd_vocab_size(const rcd_vocab *v);
const char *rcd_vocab_symbol(const rcd_vocab *v, int32_t id, size_t *n);  /* bytes; n may be NULL */
int64_t rcd_vocab_count(const rcd_vocab *v, int32_t id);                  /* in the training text */
int32_t rcd_vocab_find(const rcd_vocab *v, const char *symbol, size_t n); /* -1: not there */
/* The same of a symbol as a text has it: in *id. RC_ENOMEM. */
rc_status rcd_vocab_look_up(const rcd_vocab *v, const char *symbol, size_t n, int32_t *id);
/* How many pairs it joins, and how many tokens of its text are joined words. RC_ENOMEM. */
rc_status rcd_joins_told(const rcd_vocab *v, int64_t *count, int64_t *tokens);
int32_t rcd_vocab_unk(const rcd_vocab *v);      /* -1 for bytes */
int32_t rcd_vocab_boundary(const rcd_vocab *v); /* what precedes a text: RCD_EOS or "\n" */

/* A name as it enters a vocabulary of that level, in place of what is in `out`. RC_ENOMEM. */
rc_status rcd_fold_name(rcb_buf *out, rcd_level level, const char *p, size_t n,
                        const rcd_fold *fold);
/* Is it one that every vocabulary of words or lines holds beside its own (RCD_UNK, RCD_EOS)? */
bool rcd_is_special(const char *name, size_t n);

/* A vocabulary of names by their counts, folded (NULL: as they are) and cut (NULL: all):
 *   word  each name is a symbol; blanks inside (they can come from columns with tabs) become '_'
 *   line  the same, blanks and all: labels. RC_EDATA: one is called RCD_UNK or RCD_EOS
 *   char, byte  the characters or bytes of all names, each as often as its name
 * `what` is for messages: "the labels of 'a.txt'". RC_EDATA: names that are not UTF-8, fewer than
 * two different symbols; RC_EINVAL as rcd_vocab_build(). */
rc_status rcd_vocab_of_names(rcd_vocab **out, rcd_level level, const rcd_names *names,
                             const rcd_fold *fold, const rcd_cut *cut, const char *what);
/* ids[i], i < names->n: the id of name i, folded; `missing` where the vocabulary of words or lines
 * (or of characters or bytes, where every name is one) does not have it. RC_ENOMEM. */
rc_status rcd_names_ids(int32_t *ids, const rcd_names *names, const rcd_vocab *v,
                        const rcd_fold *fold, int32_t missing);

/* The characters (or bytes) of all names as ids of a vocabulary of them: those of name i are
 * id[start[i] .. start[i+1]-1]; what the vocabulary does not have is its RCD_UNK. Owner. */
typedef struct rcd_spelling {
    int64_t *start; /* (names+1) */
    int32_t *id;    /* (start[names]) */
} rcd_spelling;
rc_status rcd_spelling_of(rcd_spelling *out, const rcd_names *names, const rcd_vocab *v,
                          const rcd_fold *fold);
void rcd_spelling_free(rcd_spelling *s);

/* ---- encoded corpora (tape.c) ------------------------------------------------------------ */

/* The ids of a text, 1, 2 or 4 bytes each; in memory, or in an unnamed file where they are many.
 * Owner: zero-initialise, free with rcd_tape_free(). A text of no symbols gives a tape of none. */
typedef struct rcd_tape {
    int64_t n;
    int width; /* bytes of an id */
    const void *p;
    int64_t unknown; /* symbols that became RCD_UNK (a literal RCD_UNK does not count) */
    int64_t chars;   /* characters of the text */
    uint32_t crc;    /* of the ids as 4-byte little-endian numbers, whatever their width here */
    rcb_spill spill; /* the memory behind p, */
    bool heap;       /* of the heap or of a file */
} rcd_tape;

rc_status rcd_tape_encode(rcd_tape *out, const rcd_vocab *v, const rcd_text *t, uint64_t from,
                          uint64_t to);
void rcd_tape_free(rcd_tape *t);

static inline int32_t rcd_tape_at(const rcd_tape *t, int64_t i)
{
    assert(i >= 0 && i < t->n);
    return t->width == 1   ? ((const uint8_t *)t->p)[i]
           : t->width == 2 ? ((const uint16_t *)t->p)[i]
                           : ((const int32_t *)t->p)[i];
}

/* ---- batches (stream.c) ------------------------------------------------------------------ */

/* A ragged batch of symbols: rows in time-major order, sequences sorted by falling length, so that
 * rows at[t] .. at[t+1]-1 are step t of the sequences still alive. in[row] is read, out[row] is to
 * be predicted. Of series, x[row] is read, and y[row] or the class out[row] is to be said unless
 * out[row] is negative. The memory grows as needed and is reused; when growing fails the batch may
 * only be freed or filled anew. Zero-initialise; owner. */
typedef struct rcd_batch {
    int64_t steps;    /* T */
    int64_t seqs;     /* B: all sequences, those of length 0 included */
    int64_t rows;     /* N = at[T] */
    int64_t *at;      /* (T+1) */
    int32_t *in;      /* (N) */
    int32_t *out;     /* (N); -1: nothing is to be said there */
    const bool *mute; /* (N) rows of which a loss says nothing after all; NULL: there are none */
    int64_t aims;     /* rows at which something is to be said */
    int64_t *seq;     /* (B) which sequence of the source sits in column b */
    int64_t D, K;     /* numbers of a row of x and y; 0: there is none */
    rc_real *x;       /* (N,D) */
    rc_real *y;       /* (N,K) */
    size_t cap_rows, cap_steps, cap_seqs, cap_x, cap_y;
} rcd_batch;

void rcd_batch_free(rcd_batch *b);

/* Part `part` of a batch that is cut into `parts`: every parts-th sequence from that one on, so
 * that long and short ones are in each; as many steps as its longest. `out` is overwritten.
 * RC_ENOMEM. */
rc_status rcd_batch_part(const rcd_batch *b, int64_t part, int64_t parts, rcd_batch *out);

/* A corpus as `tracks` parallel tracks with carried state: track b reads symbols
 * [start(b), start(b+1)) in order. What precedes the first symbol of track 0 is the vocabulary's
 * boundary; of other tracks, the symbol before in the corpus.
 * Equal tracks (training): every track has floor(n / tracks) symbols and the tail is dropped.
 * Whole (evaluation): the first n % tracks tracks have one more; every symbol is predicted once. */
typedef struct rcd_stream {
    const rcd_tape *tape;
    int64_t tracks;
    int64_t length; /* of the longest track */
    int32_t boundary;
    bool whole;
} rcd_stream;

/* RC_EDATA if the tape has fewer symbols than tracks, RC_EINVAL if tracks < 1. */
rc_status rcd_stream_init(rcd_stream *s, const rcd_tape *tape, const rcd_vocab *v, int64_t tracks,
                          bool whole);
/* Positions [pos, pos + steps) of every track (shorter at the end; steps 0 when pos >= length).
 * Column b is track b always: longer tracks come first. */
rc_status rcd_stream_batch(const rcd_stream *s, int64_t pos, int64_t steps, rcd_batch *b);

/* Lines as independent sequences, for evaluation without carried state: sequence i is line i with
 * its end symbol (RCD_EOS or "\n"; a byte or character line keeps its "\n", and the last one may
 * lack it), first input the boundary. Up to `seqs` lines a batch, sorted by falling length within
 * it, equal ones in the order of the text; *line goes on where it stopped; a batch of 0 sequences
 * is the end. A batch is as long as its longest line. RC_EINVAL if seqs < 1. */
typedef struct rcd_lines {
    const rcd_tape *tape;
    int32_t boundary;
    int64_t count;
    int64_t *start; /* (count + 1) */
} rcd_lines;

rc_status rcd_lines_init(rcd_lines *l, const rcd_tape *tape, const rcd_vocab *v);
rc_status rcd_lines_batch(const rcd_lines *l, int64_t *line, int64_t seqs, rcd_batch *b);
void rcd_lines_free(rcd_lines *l);

/* ---- words and what is around them (window.c) -------------------------------------------- */

/* How a text is looked at. */
typedef struct rcd_look {
    int64_t width; /* words on each side, at most; 1 .. 1e6 */
    bool fixed;    /* always so many; else for each word 1 to so many, drawn */
    double sample; /* words that are a larger share of the text are left out, each time with a
                      chance of 1 - sqrt(sample / share) - sample / share; 0: none is */
    uint64_t seed;
} rcd_look;

/* Owner: rcd_windows_free(); borrows the tape. */
typedef struct rcd_windows {
    const rcd_tape *tape;
    int32_t boundary, unk; /* no windows go over the one, the other is passed over */
    rcd_look look;
    rcb_key key;
    double *keep; /* (V) chance to be kept */
} rcd_windows;
rc_status rcd_windows_init(rcd_windows *w, const rcd_tape *tape, const rcd_vocab *v,
                           const rcd_look *how); /* RC_ENOMEM */
void rcd_windows_free(rcd_windows *w);

/* A piece of the text as it is seen. Owner: zero-initialise, rcd_view_free(); reused. */
typedef struct rcd_view {
    int64_t n;           /* words that are kept, of the piece and around it */
    int64_t first, last; /* those of the piece: [first,last) */
    int32_t *word;       /* (n) -1: a line ends here */
    int32_t *from, *to; /* (n) of words of the piece: its window, itself in the middle, [from,to) */
    int32_t *width;     /* (n) as it was drawn */
    int64_t cap;
} rcd_view;
/* Tokens [from,to) of the tape as epoch `epoch` sees them. A word's window does not depend on how
 * the text is cut into pieces. RC_ENOMEM: the view may be freed or filled anew. */
rc_status rcd_windows_view(const rcd_windows *w, int64_t epoch, int64_t from, int64_t to,
                           rcd_view *v);
void rcd_view_free(rcd_view *v);

/* ---- words near each other (cooccur.c) --------------------------------------------------- */

/* How often words stand near each other, as GloVe counts it: words of a line that are d apart, up
 * to a width, count for 1 / d; those that the vocabulary lacks are not there. A symmetric matrix,
 * of which a cell (a, b), a <= b, is held once, unless it is zero; where a is b, a pair counts
 * twice.
 *
 * Word w is of part w % parts. Cells lie in blocks, one for every two parts, in a drawn order
 * within each. Owner: rcd_cooc_free(). */
typedef struct rcd_cooc {
    int64_t n;
    int64_t parts;
    int64_t *start; /* (blocks + 1) where the cells of a block begin */
    int32_t *a, *b; /* (n) */
    rc_real *count; /* (n) */
    rcb_room room[3];
} rcd_cooc;

static inline int64_t rcd_cooc_blocks(int64_t parts)
{
    return parts * (parts + 1) / 2;
}

/* The block of parts p and q. */
static inline int64_t rcd_cooc_block(int64_t p, int64_t q)
{
    return p < q ? q * (q + 1) / 2 + p : p * (p + 1) / 2 + q;
}

typedef struct rcd_near {
    int64_t width; /* above 0 */
    int64_t parts; /* above 0 */
    uint64_t seed; /* of the order */
} rcd_near;
/* The same bits for any number of workers. RC_EDATA: there are none; RC_EIO, RC_ENOMEM: *out is
 * empty. */
rc_status rcd_cooc_count(rcd_cooc *out, const rcd_tape *tape, const rcd_vocab *v,
                         const rcd_near *how, rcb_pool *pool);
void rcd_cooc_free(rcd_cooc *c);

/* ---- parts of words (subwords.c) --------------------------------------------------------- */

/* The character n-grams of the words of a vocabulary, each a row of a table, of which two share one
 * only where there are more than there may be rows. Owner: rcd_subwords_free(). */
typedef struct rcd_subwords {
    int64_t least, most; /* characters of one, with the marks "<" and ">" around a word */
    int64_t rows;
    int64_t words;
    int64_t *first; /* (words + 1) where the n-grams of a word begin in */
    int32_t *gram;  /* (first[words]) rows */
    rcd_names names;
} rcd_subwords;
rc_status rcd_subwords_new(rcd_subwords *out, const rcd_vocab *v, int64_t least, int64_t most,
                           int64_t rows); /* RC_ENOMEM, RC_EDATA: more than there are numbers */
void rcd_subwords_free(rcd_subwords *s);
/* The rows of those n-grams of any word that there are. RC_ENOMEM. */
typedef void (*rcd_subword_fn)(void *ctx, int32_t row);
rc_status rcd_subwords_of(const rcd_subwords *s, const char *word, size_t n, rcd_subword_fn fn,
                          void *ctx);

/* ---- series (series.c) ------------------------------------------------------------------- */

typedef struct rcd_source rcd_source;

/* Sequences of vectors, and what is to be said of them: a class or K numbers, at every step or once
 * for the whole sequence, at its last step; or nothing. Held in memory, or made when they are
 * wanted. Owner: free with rcd_series_free(). */
typedef struct rcd_series {
    int64_t n;      /* sequences */
    int64_t D;      /* numbers of a step */
    int64_t K;      /* numbers of a target; 0: none, or classes */
    bool classes;   /* targets are classes */
    bool each;      /* there is one at every step */
    int64_t *start; /* (n+1) steps before sequence i */
    float *x;       /* (start[n], D) */
    float *y;       /* (start[n] or n, K), NaN: nothing is to be said; NULL: no numbers */
    int32_t *label; /* (start[n] or n): a name, after rcd_series_label() an id, -1: nothing is to be
                     * said; NULL: no classes */
    rcd_names names; /* of classes, and how often each is said */
    size_t cap_start, cap_x, cap_y, cap_label;
    uint32_t crc; /* the same series, the same number */
    /* of series that are made */
    const rcd_source *source;
    rcb_key key;
    int64_t T;
} rcd_series;

/* Where answers are. RCD_PLACES_AUTO: at every step, unless every series has one answer at its end,
 * or the same class throughout. */
typedef enum rcd_places { RCD_PLACES_AUTO, RCD_PLACES_LAST, RCD_PLACES_EACH } rcd_places;

/* How files become series. */
typedef struct rcd_reading {
    bool pixels;      /* idx: an image is as many steps as it has pixels; else as it has rows */
    bool permute;     /* idx: the steps in an order drawn from `seed`, the same for all */
    uint64_t seed;    /* of what is drawn */
    const char *part; /* "train", ...: sequences that are made differ from part to part */
    /* tables: columns by name, or "#3" for the third, with commas between; "": none */
    const char *target;        /* what is to be said */
    const char *series_column; /* what tells series apart */
    const char *drop;          /* what is not read */
    bool classes;              /* targets are classes, even where all are numbers */
    bool blind;                /* targets are not wanted, and need not be there */
    bool lenient;              /* what is no table is read even where columns are named */
    rcd_places places;         /* is there one at every step? */
} rcd_reading;

/* Read a file, told by what is in it (tables by their names, .csv or .tsv), or make "SOURCE:T" or
 * "SOURCE:T:N" (see sources.def): N sequences of about T steps, and add it to what is there.
 * RC_EDATA names the file and the line; RC_EIO, RC_ENOSUP, RC_ENOMEM. */
rc_status rcd_series_read(rcd_series *s, const char *path, const rcd_reading *how);
void rcd_series_free(rcd_series *s);
/* The names of the classes as a vocabulary of lines, in the order of rising id by falling count. */
rc_status rcd_series_vocab(rcd_vocab **out, const rcd_series *s);
/* Number the labels by a vocabulary. RC_EDATA: a name that is not in it. `path` is for messages. */
rc_status rcd_series_label(rcd_series *s, const rcd_vocab *v, const char *path);
int64_t rcd_series_steps(const rcd_series *s, int64_t i); /* of sequence i */

/* Sequences which[0 .. seqs-1] as a batch, longer ones first, equal ones in the order given. next:
 * what is to be said at a step is the vector of the step after it, and the last step is not read.
 * RC_ENOMEM. */
rc_status rcd_series_batch(const rcd_series *s, const int64_t *which, int64_t seqs, bool next,
                           rcd_batch *b);

/* Where number i of 0 .. n-1 goes in a shuffle that only the key decides. */
int64_t rcd_shuffled(rcb_key key, int64_t n, int64_t i);

/* Sequences that are made (sources.c), one line each of sources.def. */
struct rcd_source {
    const char *name;
    const char *help;
    const char *paper;
    int64_t D, K;
    int32_t classes; /* named "0", "1", ... */
    bool each;
    int64_t least, most;                                                      /* T */
    int64_t (*steps)(int64_t T);                                              /* of a sequence */
    void (*fill)(rcb_key key, int64_t T, float *x, float *y, int32_t *label); /* zeroed before */
};
const rcd_source *rcd_source_at(size_t i);           /* NULL past the end */
const rcd_source *rcd_source_find(const char *name); /* NULL: none */

/* ---- how words are written (casing.c) ---------------------------------------------------- */

typedef enum rcd_casing {
    RCD_CASING_OTHER,  /* no letters with cases, no digits; or no UTF-8 */
    RCD_CASING_LOWER,  /* small letters */
    RCD_CASING_LETTER, /* one capital */
    RCD_CASING_UPPER,  /* capitals */
    RCD_CASING_FIRST,  /* a capital, then small ones */
    RCD_CASING_MIXED,
    RCD_CASING_NUMBER, /* digits alone */
    RCD_CASING_DIGITS, /* among other things */
    RCD_CASINGS
} rcd_casing;
/* Of what is no letter and no digit nothing is said. Pure. */
rcd_casing rcd_casing_of(const char *p, size_t n);

/* ---- labelled sequences (labelled*.c) ----------------------------------------------------- */

/* How files are written. One list: code, word on the command line, help. */
#define RCD_FORMAT_MAP(X)                                                                          \
    X(RCD_FORMAT_AUTO, "auto", "told by the name of the first file and by what is in it")          \
    X(RCD_FORMAT_TSV, "tsv", "a label, a tab, a text; neither header nor quotes; columns by #N")   \
    X(RCD_FORMAT_CSV, "csv", "a table with a header and quotes; columns by name or #N")            \
    X(RCD_FORMAT_ROWS, "rows", "such a table without a header; columns by #N")                     \
    X(RCD_FORMAT_FASTTEXT, "fasttext", "__label__NAME and a text")                                 \
    X(RCD_FORMAT_FIRST, "first", "the first word of a line is its label")                          \
    X(RCD_FORMAT_CLASSES, "classes", "a file for each class, which its name tells; a text a line") \
    X(RCD_FORMAT_TREES, "trees", "trees in brackets with a label 0 to 4 at every node")            \
    X(RCD_FORMAT_COLUMNS, "columns", "a token a line, columns by #N, empty lines between")         \
    X(RCD_FORMAT_CONLLU, "conllu", "CoNLL-U; columns by name or #N")                               \
    X(RCD_FORMAT_TEXT, "text", "a text a line and no labels")

typedef enum rcd_format {
#define RCD_FORMAT_ENTRY(code, word, help) code,
    RCD_FORMAT_MAP(RCD_FORMAT_ENTRY)
#undef RCD_FORMAT_ENTRY
        RCD_FORMAT_COUNT
} rcd_format;

const char *rcd_format_word(rcd_format f);
const char *rcd_format_help(rcd_format f);
rc_status rcd_format_of(rcd_format *out, const char *word); /* RC_EINVAL names what is near */

/* What the words of a text are (split.c). */
#define RCD_SPLIT_MAP(X)                                                                           \
    X(RCD_SPLIT_SPACE, "space", "what stands between blanks")                                      \
    X(RCD_SPLIT_WORDS, "words",                                                                    \
      "runs of letters, digits and marks, apostrophes inside included; any other character alone")

typedef enum rcd_split {
#define RCD_SPLIT_ENTRY(code, word, help) code,
    RCD_SPLIT_MAP(RCD_SPLIT_ENTRY)
#undef RCD_SPLIT_ENTRY
        RCD_SPLIT_COUNT
} rcd_split;

const char *rcd_split_word(rcd_split s);
const char *rcd_split_help(rcd_split s);
rc_status rcd_split_of(rcd_split *out, const char *word); /* RC_EINVAL names what is near */

/* How the bytes of a file are characters. */
#define RCD_CODING_MAP(X)                                                                          \
    X(RCD_CODING_AUTO, "auto", "UTF-8; a file that is not is Latin-1")                             \
    X(RCD_CODING_UTF8, "utf8", "UTF-8; a file that is not is refused")                             \
    X(RCD_CODING_LATIN1, "latin1", "Latin-1")

typedef enum rcd_coding {
#define RCD_CODING_ENTRY(code, word, help) code,
    RCD_CODING_MAP(RCD_CODING_ENTRY)
#undef RCD_CODING_ENTRY
        RCD_CODING_COUNT
} rcd_coding;

const char *rcd_coding_word(rcd_coding c);
const char *rcd_coding_help(rcd_coding c);
rc_status rcd_coding_of(rcd_coding *out, const char *word); /* RC_EINVAL names what is near */

/* How files become labelled sequences. Zeros (and NULL for words) are what is usual. A column is
 * "#2" for the second, "#-1" for the last, or a name where there are names. */
typedef struct rcd_labelling {
    rcd_format format;
    bool each;  /* a label for every token (tags); else one for the sequence (classes) */
    bool blind; /* labels are not wanted, and need not be there */
    rcd_coding coding;
    /* texts to tokens; the tokens of columns, trees and conllu are taken as they are */
    rcd_level level; /* RCD_WORD, RCD_CHAR, or RCD_BYTE, which is zero: to be said always */
    rcd_split split; /* of words */
    bool html;       /* tags (<br />) become blanks */
    /* columns; NULL or "": as follows */
    const char *label_column; /* tsv, rows: #1. csv: label. columns: the last. conllu: upos */
    const char *text_column;  /* tsv, rows: the last. csv: text. columns: #1. conllu: form. With
                               * commas between: several texts become one, a blank between */
    const char *features;     /* columns, conllu: further columns, with commas between; none */
    /* labels */
    const char *prefix; /* fasttext: "__label__" */
    /* a label ends where this begins: ":" for the first half of NUM:dist */
    const char *label_until;
    bool phrases; /* trees: every node is a sequence, not the root alone */
    bool binary;  /* trees: 0 1 are "negative", 3 4 "positive", 2 is passed over */
    /* lengths */
    int64_t most; /* tokens of a sequence; 0: any */
    bool tail;    /* of a longer one the last ones are kept, not the first */
} rcd_labelling;

/* What was passed over or mended, for whoever wants to say so. */
#define RCD_NOTE_MAP(X)                                                                            \
    X(RCD_NOTE_LATIN1, "line is not UTF-8; its file was read as Latin-1",                          \
      "lines are not UTF-8; their files were read as Latin-1")                                     \
    X(RCD_NOTE_EMPTY, "text without a token was passed over",                                      \
      "texts without a token were passed over")                                                    \
    X(RCD_NOTE_CUT, "sequence was too long and was cut", "sequences were too long and were cut")   \
    X(RCD_NOTE_DOCUMENT, "-DOCSTART- was passed over", "-DOCSTART- were passed over")              \
    X(RCD_NOTE_RANGE, "range or empty node was passed over",                                       \
      "ranges and empty nodes were passed over")                                                   \
    X(RCD_NOTE_NEUTRAL, "neutral tree was passed over", "neutral trees were passed over")

typedef enum rcd_note_kind {
#define RCD_NOTE_ENTRY(code, one, many) code,
    RCD_NOTE_MAP(RCD_NOTE_ENTRY)
#undef RCD_NOTE_ENTRY
        RCD_NOTE_COUNT
} rcd_note_kind;

typedef struct rcd_note {
    int64_t count;
    int32_t file; /* the first of them: a number of `files`, */
    int64_t line; /* and its line there */
} rcd_note;

/* Sequences of tokens with a label for each or one for all, held in memory. Owner: zero-initialise,
 * free with rcd_labelled_free(). */
typedef struct rcd_labelled {
    int64_t n;         /* sequences, of one token or more */
    bool each;         /* a label for every token */
    rcd_format format; /* what the first file was, if it was to be told */
    int64_t *start;    /* (n+1) tokens before sequence i */
    int32_t *token;    /* (start[n]) numbers of `tokens` */
    int32_t *label;    /* (start[n] or n) numbers of `labels`; -1: there is none */
    int32_t F;         /* features of a token */
    int32_t *feature;  /* (start[n],F) numbers of features[f] */
    int32_t *file;     /* (n) numbers of `files` */
    int64_t *line;     /* (n) where sequence i begins there, from 1 */
    rcd_names tokens;  /* as they are in the files; counts are those of `token` */
    rcd_names labels;
    rcd_names *features; /* (F) */
    rcd_names files;
    rcd_note note[RCD_NOTE_COUNT];
    uint32_t crc; /* the same sequences, the same number */
    size_t cap_start, cap_token, cap_label, cap_feature, cap_file, cap_line;
} rcd_labelled;

/* Read a file and add its sequences to what is there, which was read likewise.
 *
 * Lines end with LF or CR LF; a byte order mark is passed over. Blanks (ASCII) at both ends of
 * labels and texts are no part of them. A text without a token is passed over and counted.
 *
 * classes: the label is the name of the file without folders, .gz .xz .zst and .txt, and of that
 * the last part between dots ("rt-polarity.pos.xz": pos; "Arabic.txt": Arabic).
 * columns: split at tabs where the first token line has one, else at blanks; all token lines have
 * the same number. Where sequences have one label it is what follows "# " in the line before the
 * first token, as in ATIS; where tokens have labels such lines are passed over.
 *
 * RC_EDATA names file and line, what was found and what was expected; a file without a sequence is
 * one of these. RC_EINVAL: settings that do not go together. RC_EIO, RC_ENOSUP, RC_ENOMEM. After a
 * failure `l` may only be freed. */
rc_status rcd_labelled_read(rcd_labelled *l, const char *path, const rcd_labelling *how);
/* The same of n bytes; `path` is for messages and for what names tell. */
rc_status rcd_labelled_parse(rcd_labelled *l, const char *path, const void *bytes, size_t n,
                             const rcd_labelling *how);
void rcd_labelled_free(rcd_labelled *l);
/* A sentence a line for every note: "3 lines are not UTF-8; ..., the first: line 7 of 'a.txt'". */
rc_status rcd_labelled_notes(const rcd_labelled *l, rcb_buf *out);
/* Where a sequence comes from: the file, and its line. */
const char *rcd_labelled_where(const rcd_labelled *l, int64_t i, int64_t *line);
/* The first sequence with a label whose ids[number of the label] is negative; -1: none. *count: how
 * many such labels there are (NULL: not wanted). */
int64_t rcd_labelled_strange(const rcd_labelled *l, const int32_t *ids, int64_t *count);
/* kind[i], of (n): sequences of the same tokens have the same number, from 0 in the order in which
 * they came. as (tokens.n): numbers by which tokens are compared (NULL: their own). *kinds: how
 * many numbers. RC_ENOMEM. */
rc_status rcd_labelled_kinds(const rcd_labelled *l, const int32_t *as, int32_t *kind,
                             int32_t *kinds);

/* Sequences which[0 .. seqs-1] as a batch, longer ones first, equal ones in the order given:
 * in[row] is the number of a token, out[row] ids[number of its label] (NULL: the number), for one
 * label a sequence at its last step; -1 elsewhere. RC_ENOMEM. */
rc_status rcd_labelled_batch(const rcd_labelled *l, const int32_t *ids, const int64_t *which,
                             int64_t seqs, rcd_batch *b);
/* Feature f of the tokens of that batch, (rows), by numbers of features[f]. */
void rcd_labelled_feature(const rcd_labelled *l, int32_t f, const rcd_batch *b, int32_t *out);

/* The different ones of some numbers below `most`, in the order in which they come: what is the
 * same for equal tokens is computed once. The memory grows as needed and is reused.
 * Zero-initialise; owner. */
typedef struct rcd_distinct {
    int64_t n;
    int32_t *token; /* (n) */
    int32_t *index; /* (rows) in[row] is token[index[row]] */
    int32_t *seen;  /* (most) zeros between calls */
    size_t cap_token, cap_index, cap_seen;
} rcd_distinct;
rc_status rcd_distinct_of(rcd_distinct *d, const int32_t *in, int64_t rows, int32_t most);
void rcd_distinct_free(rcd_distinct *d);

/* The order of an epoch, which only its key and number decide: which[0 .. n-1], sequences of `l`,
 * shuffled. bucket > 0: so that batches which[0 .. batch-1], which[batch .. 2*batch-1], ... have
 * sequences of like length: pools of bucket * batch are sorted by length, and the batches of a pool
 * shuffled; a last one that is not full stays the last. RC_ENOMEM. */
rc_status rcd_labelled_order(const rcd_labelled *l, rcb_key key, uint64_t epoch, int64_t batch,
                             int64_t bucket, int64_t *which, int64_t n);

/* ---- n-grams of texts (grams.c) ---------------------------------------------------------- */

/* Lengths of runs, from .. to; to 0: none. */
typedef struct rcd_lengths {
    int64_t from, to;
} rcd_lengths;

/* What the n-grams of a text are: runs of tokens, folded, words with a blank between ("a good
 * film"); and runs of the characters of a word between two blanks, which mark its ends, behind one
 * more blank, which tells them from words ("  fi", " ilm", " lm "), words level alone. The marks by
 * themselves are none, nor are RCD_UNK and RCD_EOS where nothing stands before them; a line feed in
 * a token is a blank, and a token with a blank in it is the same as a run.
 *
 * Where tokens have labels each has n-grams of its own: the runs of every column between `around`
 * tokens before it and as many after it, behind the number of the column and where the run begins
 * ("0-1 a good", "1+0 JJ NN"; column 0 are tokens, 1 to F features, F+1 how tokens are capitalised,
 * letters from a for rcd_casing; beyond an end of its sequence stands nothing), and the runs of its
 * own characters. Features are not folded. */
typedef struct rcd_grams_plan {
    rcd_level level; /* of tokens */
    rcd_fold fold;
    rcd_lengths tokens, characters;
    /* runs of tokens of a text stand behind the number of their first one, from 0: "7 A C" */
    bool places;
    int64_t around; /* where tokens have labels */
} rcd_grams_plan;

/* Add those of sequences which[0 .. n-1] to names, each as often as it comes. RC_ENOMEM; RC_EDATA:
 * too many. */
rc_status rcd_grams_names(rcd_names *out, const rcd_labelled *l, const rcd_grams_plan *how,
                          const int64_t *which, int64_t n);

/* The different ones of every sequence of a set or, where tokens have labels, of every token: those
 * of number i are entries start[i] .. start[i+1]-1, by rising number, with how often they come in
 * it. Owner. */
typedef struct rcd_grams {
    int64_t n;      /* sequences, or tokens */
    int64_t *start; /* (n+1) */
    int32_t *id;
    int32_t *count;
    size_t cap_id, cap_count;
} rcd_grams;
/* Numbers are ids of a vocabulary of lines, and what it has not is left out; or, v NULL, those of
 * rcd_gram_bucket(). RC_ENOMEM. */
rc_status rcd_grams_of(rcd_grams *out, const rcd_labelled *l, const rcd_grams_plan *how,
                       const rcd_vocab *v, int64_t buckets);
void rcd_grams_free(rcd_grams *g);
/* The hash of an n-gram, 0 .. buckets-1 (up to INT32_MAX): always the same. */
int32_t rcd_gram_bucket(const char *p, size_t n, int64_t buckets);

/* ---- tags of spans (spans.c, schemes.c) -------------------------------------------------- */

/* How tags say where spans are, one tag for every word: a mark and, behind a dash, the type of the
 * span. One list: code, word on the command line, help. */
#define RCD_SCHEME_MAP(X)                                                                          \
    X(RCD_SCHEME_NONE, "none", "labels that stand alone, as parts of speech")                      \
    X(RCD_SCHEME_IOB1, "iob1", "I in a span, B where one begins right after another of its type")  \
    X(RCD_SCHEME_IOB2, "iob2", "B where a span begins, I where it goes on")                        \
    X(RCD_SCHEME_IOBES, "iobes", "B, I and E (end) of a span of some words, S of one word")        \
    X(RCD_SCHEME_BILOU, "bilou", "the same with the letters L and U in place of E and S")

typedef enum rcd_scheme {
#define RCD_SCHEME_ENTRY(code, word, help) code,
    RCD_SCHEME_MAP(RCD_SCHEME_ENTRY)
#undef RCD_SCHEME_ENTRY
        RCD_SCHEME_COUNT
} rcd_scheme;

const char *rcd_scheme_word(rcd_scheme s);
const char *rcd_scheme_help(rcd_scheme s);
rc_status rcd_scheme_of(rcd_scheme *out, const char *word); /* RC_EINVAL names what is near */

/* A label as a tag: "I-NP-SBJ" has the mark I and the type "NP-SBJ", "O" the mark O and the type
 * "". RCD_MARK_OTHER: what stands before the dash, or without one the whole, is no mark. */
enum { RCD_MARK_OTHER = '?' };
typedef struct rcd_tag {
    char mark;    /* one of B I O E S L U [ ] . ? */
    int32_t type; /* a number of rcd_tags.types; 0: "" */
} rcd_tag;

/* Labels, numbered in the order in which they came. Owner: zero-initialise, free with
 * rcd_tags_free(). */
typedef struct rcd_tags {
    rcd_names names;
    rcd_names types; /* without those of no label; 0 is "" */
    rcd_tag *tag;    /* (names.n) */
    size_t cap;
} rcd_tags;

/* The number of a label, which is added if it is new. RC_ENOMEM, RC_EDATA: too many. */
rc_status rcd_tags_add(rcd_tags *t, const char *p, size_t n, int32_t *id);
void rcd_tags_free(rcd_tags *t);

/* Words [begin, end) of a sequence. */
typedef struct rcd_span {
    int64_t begin, end;
    int32_t type;
} rcd_span;
typedef struct rcd_spans {
    int64_t n;
    rcd_span *span; /* (n) in the order of words; they do not overlap */
    size_t cap;
} rcd_spans;

/* The spans of n tags by the rules of conlleval (Tjong Kim Sang and Buchholz 2000), which read any
 * tags, whatever their scheme, and broken ones too: I without a beginning begins a span, another
 * type ends one. What conlleval does not know is read as IOBES and BILOU mean it: L is E, U is S, S
 * is a span of its own, and a span ends at E whatever follows. *out is overwritten; its memory is
 * reused. Zero-initialise; owner. */
rc_status rcd_spans_of(const rcd_tags *t, const int32_t *tag, int64_t n, rcd_spans *out);
void rcd_spans_free(rcd_spans *s);

/* Spans that are right, those that were said, and those in both: same words, same type. */
typedef struct rcd_span_count {
    int64_t gold, said, right;
} rcd_span_count;
/* Count as conlleval does, which reads both side by side. Returns the counts of one sequence, and
 * adds them to those of their types: by_type (t->types.n), or NULL. */
rcd_span_count rcd_spans_count(const rcd_tags *t, const int32_t *gold, const int32_t *said,
                               int64_t n, rcd_span_count *by_type);

/* What is wrong with a tag where it stands. One list: code, words. */
#define RCD_FAULT_MAP(X)                                                                           \
    X(RCD_FAULT_MARK, "no tag of this scheme")                                                     \
    X(RCD_FAULT_ORPHAN, "goes on with a span that has not begun")                                  \
    X(RCD_FAULT_TYPE, "goes on with a span of another type")                                       \
    X(RCD_FAULT_OPEN, "belongs to a span that has no end")                                         \
    X(RCD_FAULT_BEGIN, "begins a span where nothing has to be told apart")

typedef enum rcd_fault {
#define RCD_FAULT_ENTRY(code, words) code,
    RCD_FAULT_MAP(RCD_FAULT_ENTRY)
#undef RCD_FAULT_ENTRY
        RCD_FAULT_COUNT
} rcd_fault;

const char *rcd_fault_words(rcd_fault f);

/* Tags that cannot stand where they do in a scheme: what reading them as spans repairs. A tag with
 * two faults counts once, by the first of the list. Zero-initialise. */
typedef struct rcd_faults {
    int64_t sequences; /* looked at */
    int64_t tags;      /* in them */
    int64_t count;
    int64_t of[RCD_FAULT_COUNT];
    int64_t sequence, position; /* of the first, from 0; if there is one */
    int32_t tag;
    rcd_fault fault;
} rcd_faults;
/* Look at one more sequence. */
void rcd_faults_look(rcd_faults *f, const rcd_tags *t, rcd_scheme scheme, const int32_t *tag,
                     int64_t n);

/* Which scheme a corpus has: look at all of its sequences, then ask. Zero-initialise. */
typedef struct rcd_detect {
    rcd_faults of[RCD_SCHEME_COUNT];
    int64_t spans; /* tags but O */
} rcd_detect;
void rcd_detect_look(rcd_detect *d, const rcd_tags *t, const int32_t *tag, int64_t n);
/* The one with the fewest faults, of equal ones the first of IOB2, IOB1, IOBES, BILOU; none where
 * no tag is another than O, or where more than half of these are faults in all. */
rcd_scheme rcd_detect_scheme(const rcd_detect *d);

/* The same spans in another scheme: out (n) are numbers of t, which grows by tags that it lacks;
 * out may be tag. RCD_SCHEME_NONE: as they are. `spans` is room to work in. */
rc_status rcd_tags_convert(rcd_tags *t, rcd_scheme to, const int32_t *tag, int64_t n, int32_t *out,
                           rcd_spans *spans);

/* Which tags may follow which, for a search that keeps to a scheme. A tag that is none of the
 * scheme may stand nowhere; of RCD_SCHEME_NONE all may. Owner: free with rcd_moves_free(). */
typedef struct rcd_moves {
    int32_t n;
    bool *first;   /* (n) may begin a sequence */
    bool *last;    /* (n) may end one */
    bool *from_to; /* (n,n) [from * n + to] */
} rcd_moves;
rc_status rcd_moves_new(rcd_moves *out, const rcd_tags *t, rcd_scheme scheme);
void rcd_moves_free(rcd_moves *m);

/* ---- sources of symbols (process.c) ------------------------------------------------------ */

struct rcd_machine;

enum { RCD_PARAMS = 4 };

/* A number in the name of a source: "coin:P". */
typedef struct rcd_param {
    const char *name; /* NULL past the last one */
    double fallback, lo, hi;
    bool whole;
} rcd_param;

/* A family of finite machines that say symbols, one line each of processes.def. */
typedef struct rcd_process {
    const char *name;
    const char *help;
    const char *paper;
    rcd_param param[RCD_PARAMS];
    bool told;   /* what was said tells the way in the end: the entropy rate is that of the way */
    bool begins; /* in state 0; else wherever it is in the long run */
    void (*build)(struct rcd_machine *m, const double *param);
} rcd_process;
const rcd_process *rcd_process_at(size_t i); /* NULL past the end */

/* The nats that a source gives to bytes [from,to) of a text, all bytes before them having been read
 * as well. RC_EDATA: it cannot say this text; the message names file, line and byte. */
rc_status rcd_source_score(rc_source *s, const rcd_text *t, uint64_t from, uint64_t to,
                           double *nats);

#endif
