/* npy.c -- arrays as NumPy writes them: "\x93NUMPY", a version, and a header in Python's own words,
 *
 *   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
 *
 * with the numbers behind it (numpy.lib.format). Numbers of up to eight bytes in either order of
 * bytes; no objects, texts or records, and rows first only.
 */
#include "format/format.h"

#include <stdio.h>
#include <string.h>

/* The header on its way. */
typedef struct header {
    const char *path, *p, *end;
} header;

static rc_status bad(const header *h, const char *what)
{
    return RC_FAIL(RC_EFORMAT, "cannot read '%s': %s", h->path, what);
}

static void skip(header *h, const char *these)
{
    while (h->p < h->end && strchr(these, *h->p))
        h->p++;
}

/* Move behind "'NAME':"; false: it does not stand in the header. */
static bool find_key(header *h, const char *text, const char *name)
{
    char quoted[32];
    const char *at;

    (void)snprintf(quoted, sizeof quoted, "'%s'", name);
    at = strstr(text, quoted);
    if (!at)
        return false;
    h->p = at + strlen(quoted);
    skip(h, " :");
    return h->p < h->end;
}

/* '<f4' and the like. */
static rc_status read_type(header *h, rcf_npy *out)
{
    if (h->end - h->p < 5 || (*h->p != '\'' && *h->p != '"'))
        return bad(h, "its numbers are records");
    const char order = h->p[1];

    out->kind = h->p[2];
    out->bytes = (size_t)(h->p[3] - '0');
    out->swapped = order == '>';
    const bool known = strchr("<>|=", order) && h->p[4] == h->p[0] &&
                       ((out->kind == 'f' && (out->bytes == 4 || out->bytes == 8)) ||
                        (strchr("iu", out->kind) && out->bytes > 0 && strchr("1248", h->p[3])) ||
                        (out->kind == 'b' && out->bytes == 1));

    if (!known)
        return RC_FAIL(RC_EFORMAT,
                       "cannot read '%s': its numbers are '%.3s', known are f4, f8, i1 to i8, u1 "
                       "to u8 and b1",
                       h->path, h->p + 1);
    return RC_OK;
}

static rc_status read_shape(header *h, rcf_npy *out)
{
    if (*h->p != '(')
        return bad(h, "its header has no shape");
    h->p++;
    for (out->rank = 0;; out->rank++) {
        skip(h, " ,");
        if (h->p >= h->end)
            return bad(h, "its header has no shape");
        if (*h->p == ')')
            return RC_OK;
        if (out->rank == RCF_RANK)
            return bad(h, "it has more than 8 dimensions");
        int64_t n = 0;
        const char *from = h->p;

        for (; h->p < h->end && *h->p >= '0' && *h->p <= '9' && n < INT64_MAX / 16; h->p++)
            n = 10 * n + *h->p - '0';
        if (h->p == from || n >= INT64_MAX / 16)
            return bad(h, "its header has no shape");
        out->dim[out->rank] = n;
    }
}

static rc_status check_size(const header *h, rcf_npy *out, size_t n)
{
    size_t bytes = out->bytes;

    out->count = 1;
    for (int i = 0; i < out->rank; i++) {
        if (!rcb_mul(bytes, (size_t)out->dim[i], &bytes))
            return bad(h, "it is too large");
        out->count *= out->dim[i];
    }
    if (bytes != n)
        return RC_FAIL(RC_EFORMAT, "cannot read '%s': its numbers take %zu bytes, %zu are there",
                       h->path, bytes, n);
    return RC_OK;
}

static rc_status read_header(header *h, const char *text, rcf_npy *out)
{
    if (!find_key(h, text, "descr"))
        return bad(h, "its header has no type");
    RC_TRY(read_type(h, out));
    if (!find_key(h, text, "fortran_order"))
        return bad(h, "its header has no order");
    if (*h->p != 'F')
        return bad(h, "its columns come first: save numpy.ascontiguousarray() of it");
    if (!find_key(h, text, "shape"))
        return bad(h, "its header has no shape");
    return read_shape(h, out);
}

bool rcf_is_npy(const void *bytes, size_t n)
{
    return n >= 10 && memcmp(bytes, "\x93NUMPY", 6) == 0;
}

rc_status rcf_npy_parse(rcf_npy *out, const char *path, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    const size_t wide = n > 6 && p[6] > 1 ? 4 : 2, front = 8 + wide;
    size_t length = 0;

    *out = (rcf_npy){0};
    if (!rcf_is_npy(bytes, n) || n < front)
        return RC_FAIL(RC_EFORMAT, "cannot read '%s': no .npy file", path);
    for (size_t i = wide; i-- > 0;)
        length = length << 8 | p[8 + i];
    if (length > n - front)
        return RC_FAIL(RC_EFORMAT, "cannot read '%s': it is cut off in its header", path);
    char *text = rcb_strndup((const char *)p + front, length); /* ends with a 0, perhaps before */
    if (!text)
        return RC_ENOMEM;
    header h = {.path = path, .p = text, .end = text + strlen(text)};
    rc_status s = read_header(&h, text, out);
    if (s == RC_OK)
        s = check_size(&h, out, n - front - length);
    rcb_free(text);
    out->data = p + front + length;
    if (s != RC_OK)
        *out = (rcf_npy){0};
    return s;
}

static uint64_t bits_at(const rcf_npy *a, int64_t i)
{
    const unsigned char *p = a->data + (size_t)i * a->bytes;
    uint64_t bits = 0;

    for (size_t k = 0; k < a->bytes; k++)
        bits = bits << 8 | p[a->swapped ? k : a->bytes - 1 - k];
    return bits;
}

double rcf_npy_at(const rcf_npy *a, int64_t i)
{
    const uint64_t bits = bits_at(a, i);

    assert(i >= 0 && i < a->count);
    if (a->kind == 'f' && a->bytes == 4) {
        const uint32_t low = (uint32_t)bits;
        float x;

        memcpy(&x, &low, sizeof x);
        return (double)x;
    }
    if (a->kind == 'f') {
        double x;

        memcpy(&x, &bits, sizeof x);
        return x;
    }
    if (a->kind != 'i')
        return (double)bits;
    const int above = (int)(64 - 8 * a->bytes);

    return (double)((int64_t)(bits << above) >> above);
}
