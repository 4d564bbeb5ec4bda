/* safetensors.c -- the safetensors format, read with suspicion and written with checksums.
 *
 *   8 bytes   length H of the header, little-endian
 *   H bytes   JSON: {"__metadata__": {word: word}, name: {"dtype", "shape", "data_offsets"}, ...},
 *             filled up with spaces
 *   the rest  the tensors, row-major, little-endian, without holes
 *
 * Follows the format of the safetensors project, whose own readers open what is written here. Two
 * words of the metadata are ours: CRC-32 of the data section, and of the header with the digits of
 * this very number taken as zeros. They catch every flipped bit, and they are checked where they
 * are found, so that files of others open too. The header is read without a tree (see scan.c): a
 * vocabulary in it is most of it, one word of a hundred kilobytes.
 */
#include "format/format.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tensors are used as they lie in the file, which is little-endian"
#endif

enum {
    PREFIX = 8,               /* bytes of the length of the header */
    HEADER_LIMIT = 100000000, /* as in the reference implementation */
    DATA_ALIGN = 64,          /* of the data section in files that we write; the format wants 8 */
    DIGITS = 8,               /* of a checksum */
};

#define META "__metadata__"
#define CRC_DATA "recur.crc32.data"
#define CRC_HEADER "recur.crc32.header"
#define CRC_HEADER_FIELD "\"" CRC_HEADER "\":\"" /* what stands before its digits */

/* ---- element types ----------------------------------------------------------------------- */

static const struct dtype {
    const char *word;
    size_t bytes;
} dtypes[RCF_DTYPE_COUNT] = {
#define DTYPE_ENTRY(code, word, bytes) [code] = {word, bytes},
    RCF_DTYPE_MAP(DTYPE_ENTRY)
#undef DTYPE_ENTRY
};

#define KNOWN(code, word, bytes) " " word
#define KNOWN_DTYPES RCF_DTYPE_MAP(KNOWN)

const char *rcf_dtype_word(rcf_dtype t)
{
    assert((unsigned)t < RCF_DTYPE_COUNT);
    return dtypes[t].word;
}

size_t rcf_dtype_bytes(rcf_dtype t)
{
    assert((unsigned)t < RCF_DTYPE_COUNT);
    return dtypes[t].bytes;
}

/* The bytes that a tensor of this type and shape takes; false on overflow. */
static bool tensor_bytes(const rcf_tensor *t, size_t *bytes)
{
    *bytes = dtypes[t->dtype].bytes;
    for (int i = 0; i < t->rank; i++)
        if (t->dim[i] < 0 || (uint64_t)t->dim[i] > SIZE_MAX ||
            !rcb_mul(*bytes, (size_t)t->dim[i], bytes))
            return false;
    return true;
}

static void print_crc(char digits[DIGITS + 1], uint32_t crc)
{
    for (int i = 0; i < DIGITS; i++)
        digits[i] = "0123456789abcdef"[(crc >> (4 * (DIGITS - 1 - i))) & 0xF];
    digits[DIGITS] = '\0';
}

/* ---- reading ----------------------------------------------------------------------------- */

/* A tensor and what reading it needs. */
struct item {
    rcf_tensor view;
    size_t name;  /* where it begins in the text of the file */
    size_t begin; /* in the data section */
    void *moved;  /* a copy, where the bytes of the file are not aligned to the element */
};

/* A word of the metadata, and where both strings begin in the text of the file. */
struct word {
    const char *key;
    const char *value;
    size_t key_at;
    size_t value_at;
};

struct rcf_file {
    char *name;
    rcb_bytes loaded;
    const unsigned char *header;
    size_t header_n;
    const unsigned char *data;
    size_t data_n;
    rcb_buf text;      /* names, keys and values, each followed by a 0 */
    struct word *meta; /* (meta_n); by rising key once all are there */
    size_t meta_n;
    size_t meta_cap;
    bool has_meta;
    struct item *items; /* (count) in the order of the header */
    size_t count;
    size_t cap;
    size_t *by_name; /* (count) items by rising name */
    uint32_t crc;
};

static rc_status bad(const rcf_file *f, const char *fmt, ...) RC_PRINTF(2, 3);

/* Refuse the file. */
static rc_status bad(const rcf_file *f, const char *fmt, ...)
{
    char what[512]; /* as long as a message can be */
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return RC_FAIL(RC_EFORMAT, "cannot read '%s': %s", f->name, what);
}

static uint64_t little_u64(const unsigned char *p)
{
    uint64_t n = 0;

    for (int i = 0; i < 8; i++)
        n |= (uint64_t)p[i] << (8 * i);
    return n;
}

/* Cut the bytes into header and data. */
static rc_status find_sections(rcf_file *f, const unsigned char *p, size_t n)
{
    if (n < PREFIX)
        return bad(f, "it has %zu bytes, a safetensors file has at least %d", n, PREFIX + 2);

    const uint64_t want = little_u64(p);
    if (want > HEADER_LIMIT)
        return bad(f,
                   "it is not a safetensors file: its first 8 bytes give a header of %" PRIu64
                   " bytes, the limit is %d",
                   want, HEADER_LIMIT);
    if (want > n - PREFIX)
        return bad(f,
                   "it is truncated or not a safetensors file: its header has %" PRIu64
                   " bytes, %zu are there",
                   want, n - PREFIX);
    f->header = p + PREFIX;
    f->header_n = (size_t)want;
    f->data = f->header + f->header_n;
    f->data_n = n - PREFIX - f->header_n;
    if (f->header_n == 0 || f->header[0] != '{')
        return bad(f, "it is not a safetensors file: its header does not begin with '{'");
    return RC_OK;
}

/* ---- the header: words and tensors ------------------------------------------------------- */

/* What stands there is not what it should be: malformed, or else what the caller says of it. */
#define NOT_THERE(f, s, ...)                                                                       \
    ((s)->status == RC_OK ? bad((f), __VA_ARGS__) : not_well_formed((f), (s)->status))

static rc_status not_well_formed(const rcf_file *f, rc_status s)
{
    return s == RC_EFORMAT ? bad(f, "its header is not well-formed at %s", rc_error_message()) : s;
}

/* Keep a string of the header. */
static rc_status keep_text(rcf_file *f, rcf_scan *s, const char *p, size_t n, size_t *at)
{
    if (strlen(p) != n) {
        (void)rcf_scan_bad(s, "a character 0 stands in a string");
        return not_well_formed(f, s->status);
    }
    *at = f->text.n;
    return rcb_buf_add(&f->text, p, n + 1);
}

/* One more after `count` elements of `size` bytes. */
static rc_status reserve_one(void **p, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return RC_OK;

    const size_t more = *cap ? *cap * 2 : 16;
    void *grown = rcb_realloc(*p, *cap, more, size);

    if (!grown)
        return RC_ENOMEM;
    *p = grown;
    *cap = more;
    return RC_OK;
}

static rc_status read_word(rcf_file *f, rcf_scan *s, const char *key, size_t n)
{
    void *meta = f->meta;
    struct word word = {0};

    RC_TRY(reserve_one(&meta, f->meta_n, &f->meta_cap, sizeof word));
    f->meta = meta;
    RC_TRY(keep_text(f, s, key, n, &word.key_at));
    if (!rcf_scan_text(s, &key, &n))
        return NOT_THERE(f, s, "the word '%s' of its '" META "' is not text",
                         f->text.p + word.key_at);
    RC_TRY(keep_text(f, s, key, n, &word.value_at));
    f->meta[f->meta_n++] = word;
    return RC_OK;
}

static rc_status read_meta(rcf_file *f, rcf_scan *s)
{
    const char *key;
    size_t n;

    if (f->has_meta)
        return bad(f, "its '" META "' has a duplicate");
    f->has_meta = true;
    if (!rcf_scan_object(s))
        return NOT_THERE(f, s, "its '" META "' is not a set of words");
    while (rcf_scan_key(s, &key, &n))
        RC_TRY(read_word(f, s, key, n));
    return s->status == RC_OK ? RC_OK : not_well_formed(f, s->status);
}

/* What has been read of a tensor. */
enum { DTYPE = 1, SHAPE = 2, OFFSETS = 4, ALL_FIELDS = 7 };

struct entry {
    const char *name;
    rcf_tensor *t;
    int64_t begin, end;
    int fields;
};

static rc_status read_dtype(const rcf_file *f, struct entry *e, rcf_scan *s)
{
    const char *word;
    size_t n;

    if (!rcf_scan_text(s, &word, &n))
        return NOT_THERE(f, s, "tensor '%s' has no dtype", e->name);
    for (int i = 0; i < RCF_DTYPE_COUNT; i++) {
        if (strcmp(word, dtypes[i].word) == 0) {
            e->t->dtype = (rcf_dtype)i;
            return RC_OK;
        }
    }
    return bad(f, "tensor '%s' has dtype '%s', known are" KNOWN_DTYPES, e->name, word);
}

static rc_status read_shape(const rcf_file *f, struct entry *e, rcf_scan *s)
{
    size_t rank = 0;

    if (!rcf_scan_list(s))
        return NOT_THERE(f, s, "tensor '%s' has no shape", e->name);
    for (; rcf_scan_item(s); rank++) {
        int64_t dim;

        if (!rcf_scan_whole(s, &dim) || dim < 0)
            return NOT_THERE(f, s, "tensor '%s': dimension %zu is not a whole number", e->name,
                             rank);
        if (rank < RCF_RANK)
            e->t->dim[rank] = dim;
    }
    if (s->status == RC_OK && rank > RCF_RANK)
        return bad(f, "tensor '%s' has %zu dimensions, the limit is %d", e->name, rank, RCF_RANK);
    e->t->rank = (int)rank;
    return RC_OK;
}

static rc_status read_offsets(const rcf_file *f, struct entry *e, rcf_scan *s)
{
    if (!rcf_scan_list(s) || !rcf_scan_item(s) || !rcf_scan_whole(s, &e->begin) ||
        !rcf_scan_item(s) || !rcf_scan_whole(s, &e->end) || rcf_scan_item(s))
        return NOT_THERE(f, s, "tensor '%s' has no pair of data_offsets", e->name);
    return RC_OK;
}

static const struct field {
    const char *name;
    int bit;
    rc_status (*read)(const rcf_file *f, struct entry *e, rcf_scan *s);
} fields[] = {
    {"dtype", DTYPE, read_dtype},
    {"shape", SHAPE, read_shape},
    {"data_offsets", OFFSETS, read_offsets},
};

static rc_status read_field(const rcf_file *f, struct entry *e, rcf_scan *s, const char *key)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(key, fields[i].name) != 0)
            continue;
        if (e->fields & fields[i].bit)
            return bad(f, "tensor '%s' has a duplicate of its %s", e->name, key);
        e->fields |= fields[i].bit;
        return fields[i].read(f, e, s);
    }
    return bad(f, "tensor '%s' has fields other than dtype, shape and data_offsets", e->name);
}

static rc_status check_entry(const rcf_file *f, const struct entry *e)
{
    if (!(e->fields & DTYPE))
        return bad(f, "tensor '%s' has no dtype", e->name);
    if (!(e->fields & SHAPE))
        return bad(f, "tensor '%s' has no shape", e->name);
    if (!tensor_bytes(e->t, &e->t->bytes))
        return bad(f, "tensor '%s' is larger than any memory", e->name);
    if (!(e->fields & OFFSETS))
        return bad(f, "tensor '%s' has no pair of data_offsets", e->name);
    if (e->begin < 0 || e->end < e->begin)
        return bad(f, "tensor '%s' has data_offsets %" PRId64 " to %" PRId64, e->name, e->begin,
                   e->end);
    if ((uint64_t)e->end > f->data_n)
        return bad(
            f, "it is truncated: tensor '%s' ends at byte %" PRId64 " of the data, which has %zu",
            e->name, e->end, f->data_n);
    if ((uint64_t)(e->end - e->begin) != e->t->bytes)
        return bad(f, "tensor '%s' has %" PRId64 " bytes, its shape needs %zu", e->name,
                   e->end - e->begin, e->t->bytes);
    return RC_OK;
}

static rc_status read_item(rcf_file *f, rcf_scan *s, const char *key, size_t n)
{
    void *items = f->items;
    struct item item = {0};

    RC_TRY(reserve_one(&items, f->count, &f->cap, sizeof item));
    f->items = items;
    RC_TRY(keep_text(f, s, key, n, &item.name));

    struct entry e = {.name = f->text.p + item.name, .t = &item.view};

    if (!rcf_scan_object(s))
        return NOT_THERE(f, s, "tensor '%s' has no dtype", e.name);
    while (rcf_scan_key(s, &key, &n))
        RC_TRY(read_field(f, &e, s, key));
    if (s->status != RC_OK)
        return not_well_formed(f, s->status);
    RC_TRY(check_entry(f, &e));
    item.begin = (size_t)e.begin;
    item.view.data = f->data + item.begin;
    f->items[f->count++] = item;
    return RC_OK;
}

static rc_status read_entries(rcf_file *f, rcf_scan *s)
{
    const char *key;
    size_t n;

    if (!rcf_scan_object(s))
        return NOT_THERE(f, s, "its header is not a set of tensors");
    while (rcf_scan_key(s, &key, &n))
        RC_TRY(strcmp(key, META) == 0 ? read_meta(f, s) : read_item(f, s, key, n));
    return rcf_scan_end(s) == RC_OK ? RC_OK : not_well_formed(f, s->status);
}

static rc_status read_header(rcf_file *f)
{
    rcf_scan scan;

    rcf_scan_begin(&scan, (const char *)f->header, f->header_n);
    const rc_status s = read_entries(f, &scan);
    rcf_scan_free(&scan);
    for (size_t i = 0; i < f->count; i++) /* the text stays where it is from here on */
        f->items[i].view.name = f->text.p + f->items[i].name;
    for (size_t i = 0; i < f->meta_n; i++) {
        f->meta[i].key = f->text.p + f->meta[i].key_at;
        f->meta[i].value = f->text.p + f->meta[i].value_at;
    }
    return s;
}

/* ---- order ------------------------------------------------------------------------------- */

/* An order of the items, made for sorting. */
struct order {
    const struct item *item;
    size_t i;
};

static int by_place(const void *a, const void *b)
{
    const struct item *x = ((const struct order *)a)->item;
    const struct item *y = ((const struct order *)b)->item;

    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->view.bytes > y->view.bytes) - (x->view.bytes < y->view.bytes);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct order *)a)->item->view.name,
                  ((const struct order *)b)->item->view.name);
}

/* Every byte of the data belongs to exactly one tensor. */
static rc_status check_places(const rcf_file *f, const struct order *order)
{
    size_t at = 0;

    for (size_t i = 0; i < f->count; i++) {
        const struct item *item = order[i].item;

        if (item->begin != at)
            return bad(f, "tensor '%s' begins at byte %zu of the data, the one before ends at %zu",
                       item->view.name, item->begin, at);
        at += item->view.bytes;
    }
    if (at != f->data_n)
        return bad(f, "its tensors have %zu bytes, its data has %zu", at, f->data_n);
    return RC_OK;
}

static rc_status check_names(const rcf_file *f)
{
    for (size_t i = 1; i < f->count; i++) {
        const char *name = f->items[f->by_name[i]].view.name;

        if (strcmp(f->items[f->by_name[i - 1]].view.name, name) == 0)
            return bad(f, "tensor '%s' has a duplicate", name);
    }
    return RC_OK;
}

static rc_status sort_items(rcf_file *f)
{
    struct order *order = rcb_alloc(f->count, sizeof *order);
    rc_status s = RC_ENOMEM;

    f->by_name = rcb_alloc(f->count, sizeof *f->by_name);
    if (order && f->by_name) {
        for (size_t i = 0; i < f->count; i++)
            order[i] = (struct order){&f->items[i], i};
        qsort(order, f->count, sizeof *order, by_name);
        for (size_t i = 0; i < f->count; i++)
            f->by_name[i] = order[i].i;
        s = check_names(f);
        qsort(order, f->count, sizeof *order, by_place);
        if (s == RC_OK)
            s = check_places(f, order);
    }
    rcb_free(order);
    return s;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct word *)a)->key, ((const struct word *)b)->key);
}

static rc_status sort_words(rcf_file *f)
{
    if (f->meta_n > 0)
        qsort(f->meta, f->meta_n, sizeof *f->meta, by_key);
    for (size_t i = 1; i < f->meta_n; i++)
        if (strcmp(f->meta[i - 1].key, f->meta[i].key) == 0)
            return bad(f, "the word '%s' of its '" META "' has a duplicate", f->meta[i].key);
    return RC_OK;
}

/* CRC-32 of a header with the digits at `digits` taken as zeros. */
static uint32_t header_crc(const unsigned char *header, size_t n, size_t digits)
{
    static const char zeros[DIGITS] = {'0', '0', '0', '0', '0', '0', '0', '0'};
    uint32_t crc = rcb_crc32(0, header, digits);

    crc = rcb_crc32(crc, zeros, DIGITS);
    return rcb_crc32(crc, header + digits + DIGITS, n - digits - DIGITS);
}

/* Where the digits of the header's checksum begin; false if they are not where they should be. The
 * field cannot occur inside a word, where its quotes would be escaped. */
static bool find_digits(const unsigned char *header, size_t n, size_t *digits)
{
    const size_t field = sizeof CRC_HEADER_FIELD - 1;

    for (size_t i = 0; n >= field + DIGITS && i <= n - field - DIGITS; i++) {
        if (memcmp(header + i, CRC_HEADER_FIELD, field) == 0) {
            *digits = i + field;
            return true;
        }
    }
    return false;
}

/* Where there is a checksum it is checked before anything else is believed. */
static rc_status check_header_crc(const rcf_file *f)
{
    char have[DIGITS + 1];
    size_t digits;

    if (!find_digits(f->header, f->header_n, &digits))
        return RC_OK;
    print_crc(have, header_crc(f->header, f->header_n, digits));
    if (memcmp(have, f->header + digits, DIGITS) == 0)
        return RC_OK;

    char says[DIGITS + 1] = "";

    for (size_t i = 0; i < DIGITS; i++) { /* any bytes */
        const char c = (char)f->header[digits + i];
        says[i] = c >= ' ' && c <= '~' ? c : '?';
    }
    return bad(f, "its header is damaged: its checksum is %s, it says %s", have, says);
}

/* Words that look like checksums are both there, as they were written, or both not. */
static rc_status check_crc_words(const rcf_file *f)
{
    const char *header = rcf_file_meta(f, CRC_HEADER);
    size_t digits;

    if (!header != !rcf_file_meta(f, CRC_DATA))
        return bad(f, "its header is damaged: it has only one of its two checksums");
    if (header && !find_digits(f->header, f->header_n, &digits))
        return bad(f, "its header is damaged: its checksum is not as it was written");
    return RC_OK;
}

/* Computed for every file: it also tells one file's contents from another's. */
static rc_status check_data_crc(rcf_file *f, rcb_pool *pool)
{
    const char *want = rcf_file_meta(f, CRC_DATA);
    char have[DIGITS + 1];

    f->crc = rcb_crc32_on(pool, f->data, f->data_n);
    print_crc(have, f->crc);
    if (want && strcmp(have, want) != 0)
        return bad(f, "its data is damaged: its checksum is %s, the header says %s", have, want);
    return RC_OK;
}

/* Copy what others did not align: every view can be read through a pointer to its element. */
static rc_status align_items(rcf_file *f)
{
    for (size_t i = 0; i < f->count; i++) {
        struct item *item = &f->items[i];

        if ((uintptr_t)item->view.data % dtypes[item->view.dtype].bytes == 0)
            continue;
        item->moved = rcb_alloc(item->view.bytes, 1);
        if (!item->moved)
            return RC_ENOMEM;
        if (item->view.bytes > 0)
            memcpy(item->moved, item->view.data, item->view.bytes);
        item->view.data = item->moved;
    }
    return RC_OK;
}

static rc_status read_file(rcf_file *f, const unsigned char *p, size_t n, rcb_pool *pool)
{
    RC_TRY(find_sections(f, p, n));
    RC_TRY(check_header_crc(f));
    RC_TRY(read_header(f));
    RC_TRY(sort_words(f));
    RC_TRY(check_crc_words(f));
    RC_TRY(sort_items(f));
    RC_TRY(check_data_crc(f, pool));
    return align_items(f);
}

static rc_status file_new(rcf_file **out, const char *name)
{
    rcf_file *f = rcb_calloc(1, sizeof *f);

    *out = NULL;
    if (!f)
        return RC_ENOMEM;
    f->name = rcb_strdup(name);
    if (!f->name) {
        rcb_free(f);
        return RC_ENOMEM;
    }
    *out = f;
    return RC_OK;
}

/* Hand the file over, or what is left of it back. */
static rc_status finish(rcf_file **out, rcf_file *f, rc_status s)
{
    if (s != RC_OK) {
        rcf_file_free(f);
        f = NULL;
    }
    *out = f;
    return s;
}

rc_status rcf_file_open(rcf_file **out, const char *path)
{
    rcf_file *f;

    *out = NULL;
    RC_TRY(file_new(&f, path));

    rc_status s = rcb_file_load(&f->loaded, path);
    if (s == RC_OK)
        s = read_file(f, f->loaded.p, f->loaded.n, NULL);
    return finish(out, f, s);
}

rc_status rcf_file_parse(rcf_file **out, const char *name, const void *bytes, size_t n,
                         rcb_pool *pool)
{
    rcf_file *f;

    *out = NULL;
    RC_TRY(file_new(&f, name));
    return finish(out, f, read_file(f, bytes, n, pool));
}

void rcf_file_free(rcf_file *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->count; i++)
        rcb_free(f->items[i].moved);
    rcb_free(f->items);
    rcb_free(f->by_name);
    rcb_free(f->meta);
    rcb_buf_free(&f->text);
    rcb_bytes_free(&f->loaded);
    rcb_free(f->name);
    rcb_free(f);
}

size_t rcf_file_count(const rcf_file *f)
{
    return f->count;
}

const rcf_tensor *rcf_file_at(const rcf_file *f, size_t i)
{
    assert(i < f->count);
    return &f->items[i].view;
}

const rcf_tensor *rcf_file_find(const rcf_file *f, const char *name)
{
    size_t lo = 0;
    size_t hi = f->count;

    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        const rcf_tensor *t = &f->items[f->by_name[mid]].view;
        const int order = strcmp(name, t->name);

        if (order == 0)
            return t;
        if (order < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

const char *rcf_file_meta(const rcf_file *f, const char *key)
{
    const struct word want = {.key = key};
    const struct word *word =
        f->meta_n > 0 ? bsearch(&want, f->meta, f->meta_n, sizeof want, by_key) : NULL;

    return word ? word->value : NULL;
}

uint32_t rcf_file_crc(const rcf_file *f)
{
    return f->crc;
}

/* ---- writing ----------------------------------------------------------------------------- */

/* The bytes of a tensor, which stay with the caller. */
struct piece {
    const void *p;
    size_t n;
};

struct rcf_writer {
    json_t *meta;
    json_t *tensors; /* name: entry, in the order added */
    struct piece *pieces;
    size_t count;
    size_t cap;
    size_t total; /* bytes of data so far */
};

static rc_status no_memory(void)
{
    return RC_FAIL(RC_ENOMEM, "out of memory: cannot describe the tensors");
}

rc_status rcf_writer_new(rcf_writer **out)
{
    rcf_writer *w = rcb_calloc(1, sizeof *w);

    *out = NULL;
    if (!w)
        return RC_ENOMEM;
    rcf_json_begin();
    w->meta = json_object();
    w->tensors = json_object();
    if (!w->meta || !w->tensors) {
        rcf_writer_free(w);
        return no_memory();
    }
    *out = w;
    return RC_OK;
}

void rcf_writer_free(rcf_writer *w)
{
    if (!w)
        return;
    json_decref(w->meta);
    json_decref(w->tensors);
    rcb_free(w->pieces);
    rcb_free(w);
}

/* Words and names go into JSON, which is UTF-8. */
static bool is_utf8(const char *word)
{
    return rcf_is_utf8(word, strlen(word));
}

/* Set object[key], taking the value over; false when memory is out. */
static bool set(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new_nocheck(object, key, value) == 0;
}

rc_status rcf_writer_meta(rcf_writer *w, const char *key, const char *value)
{
    if (!is_utf8(key) || !is_utf8(value))
        return RC_FAIL(RC_EINVAL, "cannot write the word '%s': it is not UTF-8", key);
    if (strcmp(key, CRC_DATA) == 0 || strcmp(key, CRC_HEADER) == 0)
        return RC_FAIL(RC_EINVAL, "cannot write the word '%s': it is set when the file is saved",
                       key);
    if (json_object_get(w->meta, key))
        return RC_FAIL(RC_EINVAL, "cannot write the word '%s' twice", key);
    return set(w->meta, key, json_string_nocheck(value)) ? RC_OK : no_memory();
}

static rc_status check_tensor(const rcf_writer *w, const rcf_tensor *t)
{
    size_t bytes;

    assert(t->rank >= 0 && t->rank <= RCF_RANK && (t->data || t->bytes == 0));
    if (!is_utf8(t->name) || strcmp(t->name, META) == 0)
        return RC_FAIL(RC_EINVAL, "cannot write a tensor of the name '%s'", t->name);
    if (json_object_get(w->tensors, t->name))
        return RC_FAIL(RC_EINVAL, "cannot write tensor '%s' twice", t->name);
    if (!tensor_bytes(t, &bytes))
        return RC_FAIL(RC_ESHAPE, "cannot write tensor '%s': it is larger than any memory",
                       t->name);
    if (bytes != t->bytes)
        return RC_FAIL(RC_ESHAPE, "cannot write tensor '%s': it has %zu bytes, its shape needs %zu",
                       t->name, t->bytes, bytes);
    if (t->bytes > (size_t)INT64_MAX - w->total)
        return RC_FAIL(RC_EINVAL, "cannot write tensor '%s': a file cannot hold it", t->name);
    return RC_OK;
}

/* A list of whole numbers; NULL when memory is out. */
static json_t *numbers(const int64_t *n, int count)
{
    json_t *list = json_array();

    for (int i = 0; i < count; i++) {
        if (json_array_append_new(list, json_integer(n[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* What the header says of a tensor; NULL when memory is out. */
static json_t *describe(const rcf_tensor *t, size_t begin)
{
    const int64_t offsets[2] = {(int64_t)begin, (int64_t)(begin + t->bytes)};
    json_t *entry = json_object();

    if (!set(entry, "dtype", json_string(rcf_dtype_word(t->dtype))) ||
        !set(entry, "shape", numbers(t->dim, t->rank)) ||
        !set(entry, "data_offsets", numbers(offsets, 2))) {
        json_decref(entry);
        return NULL;
    }
    return entry;
}

static rc_status reserve(rcf_writer *w)
{
    if (w->count < w->cap)
        return RC_OK;

    const size_t cap = w->cap ? w->cap * 2 : 16;
    struct piece *p = rcb_realloc(w->pieces, w->cap, cap, sizeof *p);

    if (!p)
        return RC_ENOMEM;
    w->pieces = p;
    w->cap = cap;
    return RC_OK;
}

rc_status rcf_writer_add(rcf_writer *w, const rcf_tensor *t)
{
    RC_TRY(check_tensor(w, t));
    RC_TRY(reserve(w));
    if (!set(w->tensors, t->name, describe(t, w->total)))
        return no_memory();
    w->pieces[w->count++] = (struct piece){t->data, t->bytes};
    w->total += t->bytes;
    return RC_OK;
}

/* The words of the metadata with the two checksums, that of the header still zeros; NULL when
 * memory is out. (json_copy() would lose words in silence.) */
static json_t *all_words(const rcf_writer *w, uint32_t data_crc)
{
    char digits[DIGITS + 1];
    json_t *meta = json_object();

    print_crc(digits, data_crc);
    if (json_object_update(meta, w->meta) != 0 || !set(meta, CRC_DATA, json_string(digits)) ||
        !set(meta, CRC_HEADER, json_string("00000000"))) {
        json_decref(meta);
        return NULL;
    }
    return meta;
}

/* The header as a tree; NULL when memory is out. */
static json_t *header_tree(const rcf_writer *w, uint32_t data_crc)
{
    json_t *root = json_object();

    if (!set(root, META, all_words(w, data_crc)) || json_object_update(root, w->tensors) != 0) {
        json_decref(root);
        return NULL;
    }
    return root;
}

/* The header as it stands in the file. */
static rc_status print_header(const rcf_writer *w, uint32_t data_crc, rcb_buf *out)
{
    json_t *root = header_tree(w, data_crc);
    const rc_status s = root ? rcf_json_print(out, root, JSON_COMPACT) : no_memory();
    char crc[DIGITS + 1];
    size_t digits = 0;

    json_decref(root);
    RC_TRY(s);
    while ((PREFIX + out->n) % DATA_ALIGN != 0)
        RC_TRY(rcb_buf_puts(out, " "));

    const unsigned char *header = (const unsigned char *)out->p;
    const bool found = find_digits(header, out->n, &digits);

    assert(found);
    (void)found;
    print_crc(crc, header_crc(header, out->n, digits));
    memcpy(out->p + digits, crc, DIGITS);
    return RC_OK;
}

static rc_status write_sections(const rcf_writer *w, rcb_out *o, const rcb_buf *header)
{
    unsigned char prefix[PREFIX];

    for (int i = 0; i < PREFIX; i++)
        prefix[i] = (unsigned char)((uint64_t)header->n >> (8 * i));
    RC_TRY(rcb_out_write(o, prefix, sizeof prefix));
    RC_TRY(rcb_out_write(o, header->p, header->n));
    for (size_t i = 0; i < w->count; i++)
        if (w->pieces[i].n > 0)
            RC_TRY(rcb_out_write(o, w->pieces[i].p, w->pieces[i].n));
    return RC_OK;
}

static rc_status write_file(const rcf_writer *w, const char *path, const rcb_buf *header)
{
    rcb_out *o;

    if (header->n > HEADER_LIMIT)
        return RC_FAIL(RC_EINVAL,
                       "cannot write '%s': names and words take %zu bytes, the limit is %d", path,
                       header->n, HEADER_LIMIT);
    RC_TRY(rcb_out_open(&o, path));

    const rc_status s = write_sections(w, o, header);
    if (s != RC_OK) {
        rcb_out_drop(o);
        return s;
    }
    return rcb_out_commit(o);
}

rc_status rcf_writer_save(rcf_writer *w, const char *path)
{
    rcb_buf header = {0};
    uint32_t crc = 0;

    for (size_t i = 0; i < w->count; i++)
        crc = rcb_crc32(crc, w->pieces[i].p, w->pieces[i].n);

    rc_status s = print_header(w, crc, &header);
    if (s == RC_OK)
        s = write_file(w, path, &header);
    rcb_buf_free(&header);
    return s;
}
