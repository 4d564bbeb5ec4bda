/* safetensors_read.c -- the safetensors format (safetensors.c), read with suspicion.
 *
 * Every length, index and offset is checked against the bytes that are there. Checksums are checked
 * where they are found, so that files of others open too. The header is read without a tree (see
 * scan.c): a vocabulary in it is most of it, one word of a hundred kilobytes.
 */
#include "format/format_in.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    if (n < RCF_PREFIX)
        return bad(f, "it has %zu bytes, a safetensors file has at least %d", n, RCF_PREFIX + 2);

    const uint64_t want = little_u64(p);
    if (want > RCF_HEADER_LIMIT)
        return bad(f,
                   "it is not a safetensors file: its first 8 bytes give a header of %" PRIu64
                   " bytes, the limit is %d",
                   want, RCF_HEADER_LIMIT);
    if (want > n - RCF_PREFIX)
        return bad(f,
                   "it is truncated or not a safetensors file: its header has %" PRIu64
                   " bytes, %zu are there",
                   want, n - RCF_PREFIX);
    f->header = p + RCF_PREFIX;
    f->header_n = (size_t)want;
    f->data = f->header + f->header_n;
    f->data_n = n - RCF_PREFIX - f->header_n;
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

/* Keep a word of the header. */
static rc_status keep_word(rcf_file *f, const char *p, size_t *at)
{
    *at = f->text.n;
    return rcb_buf_add(&f->text, p, strlen(p) + 1);
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

static rc_status read_word(rcf_file *f, rcf_scan *s, const char *key)
{
    void *meta = f->meta;
    struct word word = {0};

    RC_TRY(reserve_one(&meta, f->meta_n, &f->meta_cap, sizeof word));
    f->meta = meta;
    RC_TRY(keep_word(f, key, &word.key_at));
    if (!rcf_scan_word(s, &key))
        return NOT_THERE(f, s, "the word '%s' of its '" RCF_META "' is not text",
                         f->text.p + word.key_at);
    RC_TRY(keep_word(f, key, &word.value_at));
    f->meta[f->meta_n++] = word;
    return RC_OK;
}

static rc_status read_meta(rcf_file *f, rcf_scan *s)
{
    const char *key;

    if (f->has_meta)
        return bad(f, "its '" RCF_META "' has a duplicate");
    f->has_meta = true;
    if (!rcf_scan_object(s))
        return NOT_THERE(f, s, "its '" RCF_META "' is not a set of words");
    while (rcf_scan_key(s, &key))
        RC_TRY(read_word(f, s, key));
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

#define KNOWN(code, word, bytes) " " word
#define KNOWN_DTYPES RCF_DTYPE_MAP(KNOWN)

static rc_status read_dtype(const rcf_file *f, struct entry *e, rcf_scan *s)
{
    const char *word;

    if (!rcf_scan_word(s, &word))
        return NOT_THERE(f, s, "tensor '%s' has no dtype", e->name);
    for (int i = 0; i < RCF_DTYPE_COUNT; i++) {
        if (strcmp(word, rcf_dtype_word((rcf_dtype)i)) == 0) {
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
    if (!rcf_tensor_bytes(e->t, &e->t->bytes))
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

static rc_status read_item(rcf_file *f, rcf_scan *s, const char *key)
{
    void *items = f->items;
    struct item item = {0};

    RC_TRY(reserve_one(&items, f->count, &f->cap, sizeof item));
    f->items = items;
    RC_TRY(keep_word(f, key, &item.name));

    struct entry e = {.name = f->text.p + item.name, .t = &item.view};

    if (!rcf_scan_object(s))
        return NOT_THERE(f, s, "tensor '%s' has no dtype", e.name);
    while (rcf_scan_key(s, &key))
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

    if (!rcf_scan_object(s))
        return NOT_THERE(f, s, "its header is not a set of tensors");
    while (rcf_scan_key(s, &key))
        RC_TRY(strcmp(key, RCF_META) == 0 ? read_meta(f, s) : read_item(f, s, key));
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
            return bad(f, "the word '%s' of its '" RCF_META "' has a duplicate", f->meta[i].key);
    return RC_OK;
}

/* Where there is a checksum it is checked before anything else is believed. */
static rc_status check_header_crc(const rcf_file *f)
{
    char have[RCF_CRC_DIGITS + 1];
    size_t digits;

    if (!rcf_crc_find(f->header, f->header_n, &digits))
        return RC_OK;
    rcf_crc_print(have, rcf_crc_header(f->header, f->header_n, digits));
    if (memcmp(have, f->header + digits, RCF_CRC_DIGITS) == 0)
        return RC_OK;

    char says[RCF_CRC_DIGITS + 1] = "";

    for (size_t i = 0; i < RCF_CRC_DIGITS; i++) { /* any bytes */
        const char c = (char)f->header[digits + i];
        says[i] = c >= ' ' && c <= '~' ? c : '?';
    }
    return bad(f, "its header is damaged: its checksum is %s, it says %s", have, says);
}

/* Words that look like checksums are both there, as they were written, or both not. */
static rc_status check_crc_words(const rcf_file *f)
{
    const char *header = rcf_file_meta(f, RCF_CRC_HEADER);
    size_t digits;

    if (!header != !rcf_file_meta(f, RCF_CRC_DATA))
        return bad(f, "its header is damaged: it has only one of its two checksums");
    if (header && !rcf_crc_find(f->header, f->header_n, &digits))
        return bad(f, "its header is damaged: its checksum is not as it was written");
    return RC_OK;
}

/* Computed for every file: it also tells one file's contents from another's. */
static rc_status check_data_crc(rcf_file *f, rcb_pool *pool)
{
    const char *want = rcf_file_meta(f, RCF_CRC_DATA);
    char have[RCF_CRC_DIGITS + 1];

    f->crc = rcb_crc32_on(pool, f->data, f->data_n);
    rcf_crc_print(have, f->crc);
    if (want && strcmp(have, want) != 0)
        return bad(f, "its data is damaged: its checksum is %s, the header says %s", have, want);
    return RC_OK;
}

/* Copy what others did not align: every view can be read through a pointer to its element. */
static rc_status align_items(rcf_file *f)
{
    for (size_t i = 0; i < f->count; i++) {
        struct item *item = &f->items[i];

        if ((uintptr_t)item->view.data % rcf_dtype_bytes(item->view.dtype) == 0)
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

bool rcf_is_file(const void *bytes, size_t n)
{
    static const unsigned char high[4] = {0};
    const unsigned char *p = bytes;

    return n > RCF_PREFIX && memcmp(p + 4, high, sizeof high) == 0 && p[RCF_PREFIX] == '{';
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
