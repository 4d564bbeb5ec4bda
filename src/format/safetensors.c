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
 * are found, so that files of others open too. JSON through jansson (see json.c), whose tree stays
 * alive as the owner of names and words.
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
    size_t begin; /* in the data section */
    void *moved;  /* a copy, where the bytes of the file are not aligned to the element */
};

struct rcf_file {
    char *name;
    rcb_bytes loaded;
    const unsigned char *header;
    size_t header_n;
    const unsigned char *data;
    size_t data_n;
    json_t *root;
    const json_t *meta;
    struct item *items; /* in the order of the header */
    size_t count;
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

static rc_status parse_header(rcf_file *f)
{
    const rc_status s =
        rcf_json_parse(&f->root, (const char *)f->header, f->header_n, JSON_REJECT_DUPLICATES);

    if (s == RC_EFORMAT)
        return bad(f, "its header is not well-formed at %s", rc_error_message());
    return s;
}

static rc_status read_meta(rcf_file *f)
{
    json_t *meta = json_object_get(f->root, META);

    if (!meta)
        return RC_OK;
    if (!json_is_object(meta))
        return bad(f, "its '" META "' is not a set of words");
    for (void *i = json_object_iter(meta); i; i = json_object_iter_next(meta, i))
        if (!json_is_string(json_object_iter_value(i)))
            return bad(f, "the word '%s' of its '" META "' is not text", json_object_iter_key(i));
    f->meta = meta;
    return RC_OK;
}

static rc_status read_dtype(const rcf_file *f, rcf_tensor *t, const json_t *word)
{
    if (!json_is_string(word))
        return bad(f, "tensor '%s' has no dtype", t->name);
    for (int i = 0; i < RCF_DTYPE_COUNT; i++) {
        if (strcmp(json_string_value(word), dtypes[i].word) == 0) {
            t->dtype = (rcf_dtype)i;
            return RC_OK;
        }
    }
    return bad(f, "tensor '%s' has dtype '%s', known are" KNOWN_DTYPES, t->name,
               json_string_value(word));
}

static rc_status read_shape(const rcf_file *f, rcf_tensor *t, const json_t *list)
{
    const size_t rank = json_array_size(list);

    if (!json_is_array(list))
        return bad(f, "tensor '%s' has no shape", t->name);
    if (rank > RCF_RANK)
        return bad(f, "tensor '%s' has %zu dimensions, the limit is %d", t->name, rank, RCF_RANK);
    t->rank = (int)rank;
    for (size_t i = 0; i < rank; i++) {
        const json_t *dim = json_array_get(list, i);

        if (!json_is_integer(dim) || json_integer_value(dim) < 0)
            return bad(f, "tensor '%s': dimension %zu is not a whole number", t->name, i);
        t->dim[i] = json_integer_value(dim);
    }
    if (!tensor_bytes(t, &t->bytes))
        return bad(f, "tensor '%s' is larger than any memory", t->name);
    return RC_OK;
}

static rc_status read_offsets(const rcf_file *f, struct item *item, const json_t *pair)
{
    const char *name = item->view.name;
    const json_t *from = json_array_get(pair, 0);
    const json_t *to = json_array_get(pair, 1);

    if (json_array_size(pair) != 2 || !json_is_integer(from) || !json_is_integer(to))
        return bad(f, "tensor '%s' has no pair of data_offsets", name);

    const json_int_t begin = json_integer_value(from);
    const json_int_t end = json_integer_value(to);

    if (begin < 0 || end < begin)
        return bad(f,
                   "tensor '%s' has data_offsets %" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT,
                   name, begin, end);
    if ((uint64_t)end > f->data_n)
        return bad(f,
                   "it is truncated: tensor '%s' ends at byte %" JSON_INTEGER_FORMAT
                   " of the data, which has %zu",
                   name, end, f->data_n);
    if ((uint64_t)(end - begin) != item->view.bytes)
        return bad(f, "tensor '%s' has %" JSON_INTEGER_FORMAT " bytes, its shape needs %zu", name,
                   end - begin, item->view.bytes);
    item->begin = (size_t)begin;
    item->view.data = f->data + item->begin;
    return RC_OK;
}

static rc_status read_item(const rcf_file *f, struct item *item, json_t *entry)
{
    RC_TRY(read_dtype(f, &item->view, json_object_get(entry, "dtype")));
    RC_TRY(read_shape(f, &item->view, json_object_get(entry, "shape")));
    RC_TRY(read_offsets(f, item, json_object_get(entry, "data_offsets")));
    if (json_object_size(entry) != 3)
        return bad(f, "tensor '%s' has fields other than dtype, shape and data_offsets",
                   item->view.name);
    return RC_OK;
}

static rc_status read_items(rcf_file *f)
{
    f->items = rcb_calloc(json_object_size(f->root), sizeof *f->items);
    if (!f->items)
        return RC_ENOMEM;
    for (void *i = json_object_iter(f->root); i; i = json_object_iter_next(f->root, i)) {
        struct item *item = &f->items[f->count];

        if (strcmp(json_object_iter_key(i), META) == 0)
            continue;
        item->view.name = json_object_iter_key(i);
        RC_TRY(read_item(f, item, json_object_iter_value(i)));
        f->count++;
    }
    return RC_OK;
}

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

static rc_status sort_items(rcf_file *f)
{
    struct order *order = rcb_alloc(f->count, sizeof *order);
    rc_status s = RC_ENOMEM;

    f->by_name = rcb_alloc(f->count, sizeof *f->by_name);
    if (order && f->by_name) {
        for (size_t i = 0; i < f->count; i++)
            order[i] = (struct order){&f->items[i], i};
        qsort(order, f->count, sizeof *order, by_place);
        s = check_places(f, order);
        qsort(order, f->count, sizeof *order, by_name);
        for (size_t i = 0; i < f->count; i++)
            f->by_name[i] = order[i].i;
    }
    rcb_free(order);
    return s;
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

static rc_status check_header_crc(const rcf_file *f)
{
    const char *want = rcf_file_meta(f, CRC_HEADER);
    char have[DIGITS + 1];
    size_t digits;

    if (!want != !rcf_file_meta(f, CRC_DATA))
        return bad(f, "its header is damaged: it has only one of its two checksums");
    if (!want)
        return RC_OK;
    if (!find_digits(f->header, f->header_n, &digits))
        return bad(f, "its header is damaged: its checksum is not as it was written");
    print_crc(have, header_crc(f->header, f->header_n, digits));
    if (strcmp(have, want) != 0)
        return bad(f, "its header is damaged: its checksum is %s, it says %s", have, want);
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
    RC_TRY(parse_header(f));
    RC_TRY(read_meta(f));
    RC_TRY(check_header_crc(f));
    RC_TRY(read_items(f));
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
    json_decref(f->root);
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
    return json_string_value(json_object_get(f->meta, key));
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
