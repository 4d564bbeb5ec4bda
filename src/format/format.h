/* format.h -- foreign and own file formats as bytes: JSON, tensors with names and words about them,
 * arrays, word vectors, and events for TensorBoard.
 *
 * Object room. Knows nothing of variables or models. Every length, index and offset of a foreign
 * file is checked against the span before use.
 */
#ifndef RCF_FORMAT_H
#define RCF_FORMAT_H

#include "base/base.h"

/* ---- JSON (json.c) ----------------------------------------------------------------------- */

/* jansson, made safe where memory runs out. The tree is jansson's json_t and is released with its
 * json_decref().
 *
 * The first call of this room puts functions of ours before the allocator of jansson, for the whole
 * process; memory still comes from and goes to what was there before. */
struct json_t;

/* Parse all n bytes; `flags` are jansson's JSON_REJECT_DUPLICATES and so on. RC_EFORMAT with the
 * message "byte 17: what is wrong", for the caller to complete; RC_ENOMEM. */
rc_status rcf_json_parse(struct json_t **out, const char *text, size_t n, size_t flags);
/* Add a tree, or n bytes as a JSON string with its quotes. RC_EINVAL: the text is not UTF-8.
 * RC_ENOMEM. On failure `out` is as it was. */
rc_status rcf_json_print(rcb_buf *out, const struct json_t *tree, size_t flags);
rc_status rcf_json_text(rcb_buf *out, const char *text, size_t n);
/* Before trees are built by jansson itself: its allocations count as ours from here on. */
void rcf_json_begin(void);

bool rcf_is_utf8(const char *text, size_t n);

/* ---- JSON without a tree (scan.c) -------------------------------------------------------- */

/* Reads what is long and of a known form, in the order in which it stands. A reader asks for what
 * it expects; the answer is false when something else is there, and when what is there is not
 * well-formed: then `status` is RC_EFORMAT from there on, with the message "byte 17: what is wrong"
 * (or RC_ENOMEM), and every answer is false. A list of texts:
 *
 *   bool good = rcf_scan_list(s);
 *   while (good && rcf_scan_item(s))
 *       good = rcf_scan_text(s, &p, &n);
 *   if (!good)
 *       return s->status != RC_OK ? s->status : RC_FAIL(RC_EFORMAT, "not a list of texts");
 *   return rcf_scan_end(s);
 */
typedef struct rcf_scan {
    const char *text;
    const char *at; /* the next byte */
    const char *end;
    bool first; /* nothing has been read of the list or object just entered */
    char *word; /* (cap) the last string */
    size_t cap;
    rc_status status;
} rcf_scan;

void rcf_scan_begin(rcf_scan *s, const char *text, size_t n); /* text must outlive it */
rc_status rcf_scan_end(rcf_scan *s); /* nothing but blanks may follow; returns the status */
void rcf_scan_free(rcf_scan *s);

/* Enter a list or an object; then ask for each item, or name, before reading its value. False there
 * ends the list or object: its bracket has been passed. */
bool rcf_scan_list(rcf_scan *s);
bool rcf_scan_item(rcf_scan *s);
bool rcf_scan_object(rcf_scan *s);
bool rcf_scan_key(rcf_scan *s, const char **key);
/* Values. Strings are UTF-8 with escapes undone, followed by a 0, and stay until the next one is
 * read. A text may contain zeros of its own; in names and in words there are none (the place is not
 * well-formed), so that they can be compared as strings of C. */
bool rcf_scan_text(rcf_scan *s, const char **p, size_t *n);
bool rcf_scan_word(rcf_scan *s, const char **p);
bool rcf_scan_whole(rcf_scan *s, int64_t *out);
/* The reader itself finds this place not well-formed. Returns false. */
bool rcf_scan_bad(rcf_scan *s, const char *what);

/* ---- safetensors (safetensors*.c) -------------------------------------------------------- */

/* One list: the element type, its word in the file, its bytes. */
#define RCF_DTYPE_MAP(X)                                                                           \
    X(RCF_F32, "F32", 4)                                                                           \
    X(RCF_F64, "F64", 8)                                                                           \
    X(RCF_BF16, "BF16", 2)                                                                         \
    X(RCF_I8, "I8", 1)                                                                             \
    X(RCF_U8, "U8", 1)                                                                             \
    X(RCF_I32, "I32", 4)                                                                           \
    X(RCF_I64, "I64", 8)

typedef enum rcf_dtype {
#define RCF_DTYPE_ENTRY(code, word, bytes) code,
    RCF_DTYPE_MAP(RCF_DTYPE_ENTRY)
#undef RCF_DTYPE_ENTRY
        RCF_DTYPE_COUNT
} rcf_dtype;

const char *rcf_dtype_word(rcf_dtype t);
size_t rcf_dtype_bytes(rcf_dtype t);

enum { RCF_RANK = 8 };

/* A named tensor, row-major, little-endian. A view: it owns nothing. rank 0 is a single number; a
 * dimension may be 0. */
typedef struct rcf_tensor {
    const char *name;
    rcf_dtype dtype;
    int rank;
    int64_t dim[RCF_RANK];
    const void *data;
    size_t bytes;
} rcf_tensor;

/* A file being read. Views and strings live until rcf_file_free(). The data of every view is
 * aligned to its element, whatever the file does. */
typedef struct rcf_file rcf_file;

/* Do bytes begin as such a file does? Its header is shorter than 2^32 bytes, and begins with a
 * brace. */
bool rcf_is_file(const void *bytes, size_t n);
/* Open and verify: header, dtypes, shapes, offsets (in bounds, no overlap, no holes), and, when the
 * file was written by rcf_writer_save(), the checksums of header and data. RC_EIO, RC_EFORMAT (what
 * is wrong, where), RC_ENOMEM. */
rc_status rcf_file_open(rcf_file **out, const char *path);
/* The same over bytes in memory, which must outlive the file; `name` is for messages. The checksum
 * of the data is computed on all workers; `pool` may be NULL. */
rc_status rcf_file_parse(rcf_file **out, const char *name, const void *bytes, size_t n,
                         rcb_pool *pool);
void rcf_file_free(rcf_file *f);
size_t rcf_file_count(const rcf_file *f);
/* In the order of the header: for our own files, the order in which they were added. */
const rcf_tensor *rcf_file_at(const rcf_file *f, size_t i);
const rcf_tensor *rcf_file_find(const rcf_file *f, const char *name); /* NULL: none */
const char *rcf_file_meta(const rcf_file *f, const char *key);        /* NULL: none */
uint32_t rcf_file_crc(const rcf_file *f);                             /* of the data section */

/* A file being written. Tensors and words appear in the order added; nothing is copied but names
 * and words, so data must live until rcf_writer_save() returns. Same calls, same bytes. Names and
 * words are UTF-8. Two words are added when the file is saved, and cannot be set:
 *   recur.crc32.data    CRC-32 of the data section, 8 hexadecimal digits
 *   recur.crc32.header  CRC-32 of the JSON header, padding included, with these 8 digits as zeros
 * The data section begins at a multiple of 64 bytes. */
typedef struct rcf_writer rcf_writer;
rc_status rcf_writer_new(rcf_writer **out);
/* RC_EINVAL: a key twice, or not UTF-8. */
rc_status rcf_writer_meta(rcf_writer *w, const char *key, const char *value);
/* RC_EINVAL: a name twice, not UTF-8, or "__metadata__". RC_ESHAPE: bytes and shape disagree. */
rc_status rcf_writer_add(rcf_writer *w, const rcf_tensor *t);
/* Beside, then renamed; the file at `path` is the old or the new one, whole, at every moment. */
rc_status rcf_writer_save(rcf_writer *w, const char *path);
/* The same bytes, added to a buffer. RC_ENOMEM. */
rc_status rcf_writer_print(rcf_writer *w, rcb_buf *out);
void rcf_writer_free(rcf_writer *w);

/* ---- arrays of NumPy (npy.c) ------------------------------------------------------------- */

/* A view into the bytes of the file. */
typedef struct rcf_npy {
    char kind; /* 'f', 'i', 'u', 'b' */
    size_t bytes;
    bool swapped; /* the high byte first */
    int rank;
    int64_t dim[RCF_RANK];
    int64_t count; /* product of the dimensions */
    const unsigned char *data;
} rcf_npy;
bool rcf_is_npy(const void *bytes, size_t n);
/* RC_EFORMAT: damaged, or of a kind that is not known; `path` is for messages. RC_ENOMEM. */
rc_status rcf_npy_parse(rcf_npy *out, const char *path, const void *bytes, size_t n);
double rcf_npy_at(const rcf_npy *a, int64_t i); /* number i, the last dimension the fastest */

/* ---- word vectors (vectors*.c) ----------------------------------------------------------- */

/* Vectors of words in a file of word2vec (text or binary), fastText (.vec) or GloVe, an array of
 * NumPy with a file of words, or tensors as rcf_vectors_write() writes them, told by what is in
 * it. */
typedef struct rcf_vectors rcf_vectors;
/* Find all words in the bytes of a file, which must outlive it: the header, if there is one, and
 * the size must agree. `name` is for messages, and where the words are in a file of their own it is
 * found by that of the array (rcf_vocab_path()). RC_EFORMAT: what is wrong at which byte; RC_EIO,
 * RC_EDATA, RC_ENOSUP (of the file of words), RC_ENOMEM. */
rc_status rcf_vectors_parse(rcf_vectors **out, const char *name, const void *bytes, size_t n);
/* The same of tensors that are open already, which become the vectors' own: freed with them, or
 * left to the caller on failure. */
rc_status rcf_vectors_tensors(rcf_vectors **out, const char *name, rcf_file *f);
void rcf_vectors_free(rcf_vectors *v);
int64_t rcf_vectors_count(const rcf_vectors *v);
int64_t rcf_vectors_dim(const rcf_vectors *v);
uint32_t rcf_vectors_crc(const rcf_vectors *v); /* of all bytes, or the data of tensors */
/* Word i: n bytes, not always UTF-8, and no 0 behind them. They live as long as the vectors. */
const char *rcf_vectors_word(const rcf_vectors *v, int64_t i, size_t *n);
/* Its numbers, (dim). RC_EFORMAT: one of them is no finite number. */
rc_status rcf_vectors_read(const rcf_vectors *v, int64_t i, float *x);
/* The number of a word, the first one of that name; -1: not there. The first call makes a table,
 * and no other thread may use the vectors meanwhile. RC_ENOMEM. */
rc_status rcf_vectors_find(rcf_vectors *v, const char *word, size_t n, int64_t *i);
/* Where the words of an array are: x.vocab for x.npy. Freed with rcb_free(). RC_ENOMEM. */
rc_status rcf_vocab_path(const char *path, char **out);

#define RCF_VECTORS_MAP(X)                                                                         \
    X(RCF_WORD2VEC, "word2vec", "word2vec's binary file (.bin)")                                   \
    X(RCF_TEXT, "text", "word2vec's and fastText's text: COUNT DIM, then lines (.vec, .txt)")      \
    X(RCF_GLOVE, "glove", "GloVe's text: a line a word, no first line")                            \
    X(RCF_NPY, "npy", "an array of NumPy, its words a line each in a .vocab beside it (.npy)")     \
    X(RCF_SAFETENSORS, "safetensors", "tensors 'vectors', 'words', 'words.end' (.safetensors)")
#define RCF_VECTORS_ENTRY(code, word, help) code,
typedef enum rcf_vectors_format { RCF_VECTORS_MAP(RCF_VECTORS_ENTRY) } rcf_vectors_format;
#undef RCF_VECTORS_ENTRY

/* What is written: asked for in order, some of it more than once. */
typedef struct rcf_vectors_source {
    int64_t count, dim; /* above 0 */
    const void *ctx;
    const char *(*word)(const void *ctx, int64_t i, size_t *n);
    rc_status (*row)(const void *ctx, int64_t i, float *x); /* (dim) */
    const char *join; /* in place of every blank in a word, where blanks end words; NULL: refuse */
} rcf_vectors_source;
/* The format that goes by the end of a name. RC_EINVAL: none does. */
rc_status rcf_vectors_format_of(const char *path, rcf_vectors_format *out);
/* RC_EDATA: a word has a blank inside where none may be; RC_EIO, RC_ENOMEM, and what the source
 * says. */
rc_status rcf_vectors_write(const rcf_vectors_source *from, rcf_vectors_format format,
                            const char *path);

/* ---- event files of TensorBoard (tfevents.c) --------------------------------------------- */

/* One event; a view. */
typedef struct rcf_event {
    double time; /* seconds since 1970 */
    int64_t step;
    const char *version; /* of the format, in the first event of a file; else NULL */
    bool restart;        /* what other files say from this step on is void */
    size_t count;
    const rc_scalar *scalars; /* (count) */
} rcf_event;

/* Add it as a TFRecord. RC_ENOMEM; then `out` is as it was. */
rc_status rcf_event_print(rcb_buf *out, const rcf_event *e);

#endif
