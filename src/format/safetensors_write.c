/* safetensors_write.c -- the safetensors format (safetensors.c), written with checksums.
 *
 * Data stays with the caller until the file is saved, beside the old one, which it then replaces.
 */
#include "format/format_in.h"

#include <jansson.h>
#include <string.h>

enum { DATA_ALIGN = 64 }; /* of the data section; the format wants 8 */

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
    if (strcmp(key, RCF_CRC_DATA) == 0 || strcmp(key, RCF_CRC_HEADER) == 0)
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
    if (!is_utf8(t->name) || strcmp(t->name, RCF_META) == 0)
        return RC_FAIL(RC_EINVAL, "cannot write a tensor of the name '%s'", t->name);
    if (json_object_get(w->tensors, t->name))
        return RC_FAIL(RC_EINVAL, "cannot write tensor '%s' twice", t->name);
    if (!rcf_tensor_bytes(t, &bytes))
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
    char digits[RCF_CRC_DIGITS + 1];
    json_t *meta = json_object();

    rcf_crc_print(digits, data_crc);
    if (json_object_update(meta, w->meta) != 0 || !set(meta, RCF_CRC_DATA, json_string(digits)) ||
        !set(meta, RCF_CRC_HEADER, json_string("00000000"))) {
        json_decref(meta);
        return NULL;
    }
    return meta;
}

/* The header as a tree; NULL when memory is out. */
static json_t *header_tree(const rcf_writer *w, uint32_t data_crc)
{
    json_t *root = json_object();

    if (!set(root, RCF_META, all_words(w, data_crc)) || json_object_update(root, w->tensors) != 0) {
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
    char crc[RCF_CRC_DIGITS + 1];
    size_t digits = 0;

    json_decref(root);
    RC_TRY(s);
    while ((RCF_PREFIX + out->n) % DATA_ALIGN != 0)
        RC_TRY(rcb_buf_puts(out, " "));

    const unsigned char *header = (const unsigned char *)out->p;
    const bool found = rcf_crc_find(header, out->n, &digits);

    assert(found);
    (void)found;
    rcf_crc_print(crc, rcf_crc_header(header, out->n, digits));
    memcpy(out->p + digits, crc, RCF_CRC_DIGITS);
    return RC_OK;
}

/* The length of the header. */
static void print_prefix(unsigned char out[RCF_PREFIX], size_t n)
{
    for (int i = 0; i < RCF_PREFIX; i++)
        out[i] = (unsigned char)((uint64_t)n >> (8 * i));
}

static rc_status write_sections(const rcf_writer *w, rcb_out *o, const rcb_buf *header)
{
    unsigned char prefix[RCF_PREFIX];

    print_prefix(prefix, header->n);
    RC_TRY(rcb_out_write(o, prefix, sizeof prefix));
    RC_TRY(rcb_out_write(o, header->p, header->n));
    for (size_t i = 0; i < w->count; i++)
        if (w->pieces[i].n > 0)
            RC_TRY(rcb_out_write(o, w->pieces[i].p, w->pieces[i].n));
    return RC_OK;
}

static rc_status check_header(const rcb_buf *header, const char *path)
{
    if (header->n > RCF_HEADER_LIMIT)
        return RC_FAIL(RC_EINVAL,
                       "cannot write '%s': names and words take %zu bytes, the limit is %d", path,
                       header->n, RCF_HEADER_LIMIT);
    return RC_OK;
}

static rc_status write_file(const rcf_writer *w, const char *path, const rcb_buf *header)
{
    rcb_out *o;

    RC_TRY(check_header(header, path));
    RC_TRY(rcb_out_open(&o, path));

    const rc_status s = write_sections(w, o, header);
    if (s != RC_OK) {
        rcb_out_drop(o);
        return s;
    }
    return rcb_out_commit(o);
}

static uint32_t crc_of(const rcf_writer *w)
{
    uint32_t crc = 0;

    for (size_t i = 0; i < w->count; i++)
        crc = rcb_crc32(crc, w->pieces[i].p, w->pieces[i].n);
    return crc;
}

rc_status rcf_writer_print(rcf_writer *w, rcb_buf *out)
{
    rcb_buf header = {0};
    unsigned char prefix[RCF_PREFIX];
    rc_status s = print_header(w, crc_of(w), &header);

    if (s == RC_OK)
        s = check_header(&header, "a file in memory");
    print_prefix(prefix, header.n);
    if (s == RC_OK)
        s = rcb_buf_add(out, (const char *)prefix, sizeof prefix);
    if (s == RC_OK)
        s = rcb_buf_add(out, header.p, header.n);
    for (size_t i = 0; s == RC_OK && i < w->count; i++)
        if (w->pieces[i].n > 0)
            s = rcb_buf_add(out, w->pieces[i].p, w->pieces[i].n);
    rcb_buf_free(&header);
    return s;
}

rc_status rcf_writer_save(rcf_writer *w, const char *path)
{
    rcb_buf header = {0};
    rc_status s = print_header(w, crc_of(w), &header);

    if (s == RC_OK)
        s = write_file(w, path, &header);
    rcb_buf_free(&header);
    return s;
}
