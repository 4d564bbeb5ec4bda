/* json.c -- JSON read and written without trusting jansson where memory runs out.
 *
 * Its parser ignores a buffer that cannot grow and then asserts or writes astray. So it runs over a
 * reserve (rcb_lend_begin) that is large enough to reach a safe end: from the first allocation that
 * fails on, its input ends. Building trees needs no reserve: there jansson does report failures.
 */
#include "format/format.h"

#include <jansson.h>
#include <pthread.h>
#include <string.h>
#include <utf8proc.h>

enum {
    PIECE = 64, /* bytes that the parser is given at a time, the most it reads after a failure */
    /* What it can still take then, per byte of input: twice the table of the array (8 bytes for an
     * element of 2) or less for an object, twice the buffer of a word, and its copy. */
    PER_BYTE = 12,
    SMALL = 1 << 16, /* and what the last bytes can make: an object each, of some 200 bytes */
};

/* The allocator that jansson had before. */
static json_malloc_t host_alloc;
static json_free_t host_free;

static void *lend_alloc(size_t n)
{
    return rcb_lend_alloc(n, host_alloc);
}

static void lend_free(void *p)
{
    rcb_lend_free(p, host_free);
}

static void hook(void)
{
    json_get_alloc_funcs(&host_alloc, &host_free);
    json_set_alloc_funcs(lend_alloc, lend_free);
}

void rcf_json_begin(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, hook);
}

struct source {
    const char *p;
    size_t left;
};

/* The next piece; after a failed allocation there is none. */
static size_t next_piece(void *room, size_t cap, void *ctx)
{
    struct source *from = ctx;
    size_t n = from->left < PIECE ? from->left : PIECE;

    if (n > cap)
        n = cap;
    if (n == 0 || rcb_lend_short())
        return 0;
    memcpy(room, from->p, n);
    from->p += n;
    from->left -= n;
    return n;
}

static rc_status begin_lending(size_t n)
{
    size_t bytes;

    rcf_json_begin();
    if (!rcb_mul(n, PER_BYTE, &bytes) || !rcb_add(bytes, SMALL, &bytes))
        return RC_FAIL(RC_ENOMEM, "out of memory: cannot read %zu bytes of JSON", n);
    return rcb_lend_begin(bytes);
}

rc_status rcf_json_parse(struct json_t **out, const char *text, size_t n, size_t flags)
{
    struct source from = {text, n};
    json_error_t error;

    *out = NULL;
    RC_TRY(begin_lending(n));

    json_t *root = json_load_callback(next_piece, &from, flags, &error);
    const bool no_memory = rcb_lend_short() || (!root && !error.text[0]);

    if (no_memory && root) {
        json_decref(root);
        root = NULL;
    }
    rcb_lend_end();
    if (no_memory)
        return RC_FAIL(RC_ENOMEM, "out of memory: cannot read %zu bytes of JSON", n);
    if (!root)
        return RC_FAIL(RC_EFORMAT, "byte %d: %s", error.position, error.text);
    *out = root;
    return RC_OK;
}

/* Where a text is printed to. jansson does not heed every failure of its callback, so the first
 * one is remembered. */
struct sink {
    rcb_buf *out;
    rc_status status;
};

static int add_piece(const char *piece, size_t n, void *ctx)
{
    struct sink *sink = ctx;

    if (sink->status == RC_OK)
        sink->status = rcb_buf_add(sink->out, piece, n);
    return sink->status == RC_OK ? 0 : -1;
}

rc_status rcf_json_print(rcb_buf *out, const struct json_t *tree, size_t flags)
{
    const size_t before = out->n;
    struct sink sink = {.out = out};
    const bool bad = json_dump_callback(tree, add_piece, &sink, flags) != 0;

    if (!bad && sink.status == RC_OK)
        return RC_OK;
    if (out->p)
        out->p[before] = '\0';
    out->n = before;
    return sink.status != RC_OK ? sink.status
                                : RC_FAIL(RC_ENOMEM, "out of memory: cannot print JSON");
}

bool rcf_is_utf8(const char *text, size_t n)
{
    const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)text;
    utf8proc_ssize_t left = (utf8proc_ssize_t)n;

    while (left > 0) {
        utf8proc_int32_t code;
        const utf8proc_ssize_t taken = utf8proc_iterate(p, left, &code);

        if (taken <= 0)
            return false;
        p += taken;
        left -= taken;
    }
    return true;
}

rc_status rcf_json_text(rcb_buf *out, const char *text, size_t n)
{
    if (!rcf_is_utf8(text, n))
        return RC_FAIL(RC_EINVAL, "cannot write '%.*s': it is not UTF-8", n < 200 ? (int)n : 200,
                       text);
    rcf_json_begin();

    json_t *string = json_stringn_nocheck(text, n);
    const rc_status s =
        string ? rcf_json_print(out, string, JSON_ENCODE_ANY)
               : RC_FAIL(RC_ENOMEM, "out of memory: cannot print a text of %zu bytes", n);

    json_decref(string);
    return s;
}
