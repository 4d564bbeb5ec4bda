/* file.c -- files read: mapped, unpacked or streamed.
 *
 * gzip, xz and zstd are told by their first bytes and their checksums are checked; a file that is
 * cut short or damaged is RC_EDATA, what the system refuses is RC_EIO, and both name the file.
 * The three libraries are optional: the build says RC_HAVE_ZLIB=1 and so on for this file only.
 */
#define _GNU_SOURCE /* O_CLOEXEC, fstat, mmap */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef RC_HAVE_ZLIB
#define RC_HAVE_ZLIB 0
#endif
#ifndef RC_HAVE_LZMA
#define RC_HAVE_LZMA 0
#endif
#ifndef RC_HAVE_ZSTD
#define RC_HAVE_ZSTD 0
#endif

#if RC_HAVE_ZLIB
#define ZLIB_CONST
#include <zlib.h>
#define GZ_WORD "yes"
#else
#define GZ_WORD "no"
#endif
#if RC_HAVE_LZMA
#include <lzma.h>
#define XZ_WORD "yes"
#else
#define XZ_WORD "no"
#endif
#if RC_HAVE_ZSTD
#include <zstd.h>
#define ZST_WORD "yes"
#else
#define ZST_WORD "no"
#endif

enum {
    RAW = 1 << 16, /* bytes read from the system at a time */
    MAGIC = 6,     /* bytes that tell the kind of a file */
};

/* Unpacking. */

/* How one kind of packed file is read. step() unpacks from in->raw into (out, cap), moves in->at
 * and tells how much it wrote; in->whole says whether the input could end here. */
typedef struct codec {
    const char *name;
    size_t magic_size;
    unsigned char magic[MAGIC];
    rc_status (*begin)(rcb_stream_in *in);
    rc_status (*step)(rcb_stream_in *in, unsigned char *out, size_t cap, size_t *got);
    void (*end)(rcb_stream_in *in);
} codec;

struct rcb_stream_in {
    int fd;
    bool own_fd;       /* opened here, to be closed here */
    char *name;        /* as messages say it: 'corpus.txt', or: standard input */
    const codec *kind; /* NULL: plain bytes */
    bool begun;        /* kind->begin() has succeeded */
    bool whole;
    bool at_end; /* the system has no more bytes */
    rc_status failed;
    size_t at; /* raw[at..have) is not used yet */
    size_t have;
    unsigned char *raw; /* (RAW) */
    union {
#if RC_HAVE_ZLIB
        z_stream gz;
#endif
#if RC_HAVE_LZMA
        lzma_stream xz;
#endif
#if RC_HAVE_ZSTD
        ZSTD_DStream *zst;
#endif
        char none;
    } state;
};

#if RC_HAVE_ZLIB || RC_HAVE_LZMA || RC_HAVE_ZSTD
static rc_status damaged(const rcb_stream_in *in, const char *why)
{
    return RC_FAIL(RC_EDATA, "cannot read %s: the %s data is damaged (%s)", in->name,
                   in->kind->name, why);
}
#endif

#if RC_HAVE_ZLIB
static void *gz_alloc(void *unused, unsigned count, unsigned size)
{
    (void)unused;
    return rcb_alloc(count, size);
}

static void gz_free(void *unused, void *p)
{
    (void)unused;
    rcb_free(p);
}

static rc_status gz_begin(rcb_stream_in *in)
{
    in->state.gz = (z_stream){.zalloc = gz_alloc, .zfree = gz_free};

    const int code = inflateInit2(&in->state.gz, 16 + MAX_WBITS); /* 16: gzip, nothing else */

    if (code == Z_MEM_ERROR)
        return RC_FAIL(RC_ENOMEM, "out of memory: cannot unpack %s", in->name);
    return code == Z_OK
               ? RC_OK
               : RC_FAIL(RC_ENOSUP, "cannot read %s: zlib says %s", in->name, zError(code));
}

static rc_status gz_step(rcb_stream_in *in, unsigned char *out, size_t cap, size_t *got)
{
    z_stream *z = &in->state.gz;

    if (in->whole) { /* between members; zeros may pad a file */
        while (in->at < in->have && in->raw[in->at] == 0)
            in->at++;
        if (in->at == in->have)
            return RC_OK;
    }
    if (cap > UINT_MAX)
        cap = UINT_MAX;
    z->next_in = in->raw + in->at;
    z->avail_in = (unsigned)(in->have - in->at);
    z->next_out = out;
    z->avail_out = (unsigned)cap;

    const int code = inflate(z, Z_NO_FLUSH);

    in->at = in->have - z->avail_in;
    *got = cap - z->avail_out;
    in->whole = code == Z_STREAM_END;
    switch (code) {
    case Z_STREAM_END:
        (void)inflateReset(z);
        return RC_OK;
    case Z_OK:
    case Z_BUF_ERROR: /* no progress: wants more input */
        return RC_OK;
    case Z_MEM_ERROR:
        return RC_FAIL(RC_ENOMEM, "out of memory: cannot unpack %s", in->name);
    default:
        return damaged(in, z->msg ? z->msg : zError(code));
    }
}

static void gz_end(rcb_stream_in *in)
{
    (void)inflateEnd(&in->state.gz);
}
#endif

#if RC_HAVE_LZMA
static void *xz_alloc(void *unused, size_t count, size_t size)
{
    (void)unused;
    return rcb_alloc(count, size);
}

static void xz_free(void *unused, void *p)
{
    (void)unused;
    rcb_free(p);
}

static const lzma_allocator xz_memory = {.alloc = xz_alloc, .free = xz_free};

static rc_status xz_begin(rcb_stream_in *in)
{
    in->state.xz = (lzma_stream)LZMA_STREAM_INIT;
    in->state.xz.allocator = &xz_memory;
    if (lzma_stream_decoder(&in->state.xz, UINT64_MAX, LZMA_CONCATENATED) != LZMA_OK)
        return RC_FAIL(RC_ENOMEM, "out of memory: cannot unpack %s", in->name);
    return RC_OK;
}

static rc_status xz_step(rcb_stream_in *in, unsigned char *out, size_t cap, size_t *got)
{
    lzma_stream *z = &in->state.xz;

    z->next_in = in->raw + in->at;
    z->avail_in = in->have - in->at;
    z->next_out = out;
    z->avail_out = cap;

    const lzma_ret code = lzma_code(z, in->at_end ? LZMA_FINISH : LZMA_RUN);

    in->at = in->have - z->avail_in;
    *got = cap - z->avail_out;
    in->whole = code == LZMA_STREAM_END;
    switch (code) {
    case LZMA_STREAM_END:
    case LZMA_OK:
    case LZMA_BUF_ERROR: /* no progress: wants more input */
        return RC_OK;
    case LZMA_MEM_ERROR:
        return RC_FAIL(RC_ENOMEM, "out of memory: cannot unpack %s", in->name);
    case LZMA_OPTIONS_ERROR:
        return RC_FAIL(RC_ENOSUP, "cannot read %s: it uses xz options that liblzma lacks",
                       in->name);
    default:
        return damaged(in, code == LZMA_FORMAT_ERROR ? "foreign bytes" : "a checksum is wrong");
    }
}

static void xz_end(rcb_stream_in *in)
{
    lzma_end(&in->state.xz);
}
#endif

#if RC_HAVE_ZSTD
static rc_status zst_begin(rcb_stream_in *in)
{
    in->state.zst = ZSTD_createDStream();
    if (!in->state.zst)
        return RC_FAIL(RC_ENOMEM, "out of memory: cannot unpack %s", in->name);
    return RC_OK;
}

static rc_status zst_step(rcb_stream_in *in, unsigned char *out, size_t cap, size_t *got)
{
    ZSTD_inBuffer from = {in->raw + in->at, in->have - in->at, 0};
    ZSTD_outBuffer to = {out, cap, 0};

    if (from.size == 0 && in->whole)
        return RC_OK;

    const size_t code = ZSTD_decompressStream(in->state.zst, &to, &from);

    in->at += from.pos;
    *got = to.pos;
    if (ZSTD_isError(code))
        return damaged(in, ZSTD_getErrorName(code));
    in->whole = code == 0;
    return RC_OK;
}

static void zst_end(rcb_stream_in *in)
{
    (void)ZSTD_freeDStream(in->state.zst);
}
#endif

/* One list of what is recognised; without its library an entry has no functions. */
#if RC_HAVE_ZLIB
#define GZ gz_begin, gz_step, gz_end
#else
#define GZ NULL, NULL, NULL
#endif
#if RC_HAVE_LZMA
#define XZ xz_begin, xz_step, xz_end
#else
#define XZ NULL, NULL, NULL
#endif
#if RC_HAVE_ZSTD
#define ZST zst_begin, zst_step, zst_end
#else
#define ZST NULL, NULL, NULL
#endif

static const codec codecs[] = {
    {"gzip", 3, {0x1F, 0x8B, 0x08}, GZ},
    {"xz", 6, {0xFD, '7', 'z', 'X', 'Z', 0x00}, XZ},
    {"zstd", 4, {0x28, 0xB5, 0x2F, 0xFD}, ZST},
    {"zstd", 4, {0x50, 0x2A, 0x4D, 0x18}, ZST}, /* a skippable frame, as pzstd writes first */
};

/* Reading. */

static rc_status cannot_read(const rcb_stream_in *in)
{
    return RC_FAIL(RC_EIO, "cannot read %s: %s", in->name, strerror(errno));
}

/* Up to cap bytes from the system; 0 only at the end. */
static rc_status read_some(rcb_stream_in *in, unsigned char *out, size_t cap, size_t *got)
{
    ssize_t n;

    do
        n = read(in->fd, out, cap < SSIZE_MAX ? cap : SSIZE_MAX);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return cannot_read(in);
    in->at_end = n == 0;
    *got = (size_t)n;
    return RC_OK;
}

/* Fill raw from the start; all that was there is used. */
static rc_status refill(rcb_stream_in *in)
{
    in->at = 0;
    in->have = 0;
    return read_some(in, in->raw, RAW, &in->have);
}

/* Read the first bytes and tell the kind. */
static rc_status sniff(rcb_stream_in *in)
{
    while (in->have < MAGIC && !in->at_end) {
        size_t got;

        RC_TRY(read_some(in, in->raw + in->have, RAW - in->have, &got));
        in->have += got;
    }
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
        const codec *c = &codecs[i];

        if (in->have >= c->magic_size && memcmp(in->raw, c->magic, c->magic_size) == 0) {
            if (!c->begin)
                return RC_FAIL_HINT(RC_ENOSUP, "unpack it first, or build with the library",
                                    "cannot read %s: it is packed with %s, which this build lacks",
                                    in->name, c->name);
            in->kind = c;
            RC_TRY(c->begin(in));
            in->begun = true;
            break;
        }
    }
    return RC_OK;
}

static rc_status open_input(rcb_stream_in *in, const char *path)
{
    struct stat st;

    if (strcmp(path, "-") == 0) {
        in->fd = STDIN_FILENO;
    } else {
        do
            in->fd = open(path, O_RDONLY | O_CLOEXEC);
        while (in->fd < 0 && errno == EINTR);
        in->own_fd = in->fd >= 0;
    }
    if (in->fd < 0 || fstat(in->fd, &st) != 0)
        return cannot_read(in);
    if (S_ISDIR(st.st_mode))
        return RC_FAIL(RC_EIO, "cannot read %s: it is a folder", in->name);
    return sniff(in);
}

/* The path in quotes, or words for "-". */
static char *name_of(const char *path)
{
    if (strcmp(path, "-") == 0)
        return rcb_strdup("standard input");

    const size_t n = strlen(path);
    char *name = rcb_alloc(n + 3, 1);

    if (name)
        (void)snprintf(name, n + 3, "'%s'", path);
    return name;
}

rc_status rcb_in_open(rcb_stream_in **out, const char *path)
{
    *out = NULL;

    rcb_stream_in *in = rcb_calloc(1, sizeof *in);

    if (!in)
        return RC_ENOMEM;
    in->fd = -1;
    in->name = name_of(path);
    in->raw = rcb_alloc(RAW, 1);

    const rc_status status = in->name && in->raw ? open_input(in, path) : RC_ENOMEM;

    if (status != RC_OK) {
        rcb_in_close(in);
        return status;
    }
    *out = in;
    return RC_OK;
}

static rc_status read_plain(rcb_stream_in *in, unsigned char *out, size_t cap, size_t *got)
{
    if (in->at == in->have) {
        if (in->at_end)
            return RC_OK;
        if (cap >= RAW)
            return read_some(in, out, cap, got);
        RC_TRY(refill(in)); /* small pieces are read together */
    }

    const size_t left = in->have - in->at;

    *got = left < cap ? left : cap;
    memcpy(out, in->raw + in->at, *got);
    in->at += *got;
    return RC_OK;
}

/* Feed the codec until it gives something, or the input is used up and is whole. */
static rc_status read_packed(rcb_stream_in *in, unsigned char *out, size_t cap, size_t *got)
{
    for (;;) {
        RC_TRY(in->kind->step(in, out, cap, got));
        if (*got > 0)
            return RC_OK;
        if (in->at < in->have)
            continue; /* the end of one member; the next begins */
        if (in->at_end)
            return in->whole ? RC_OK
                             : RC_FAIL(RC_EDATA, "cannot read %s: the %s data ends early", in->name,
                                       in->kind->name);
        RC_TRY(refill(in));
    }
}

rc_status rcb_in_read(rcb_stream_in *in, void *buffer, size_t cap, size_t *got)
{
    *got = 0;
    if (in->failed != RC_OK)
        return RC_FAIL(in->failed, "cannot read %s: it failed before", in->name);
    if (cap == 0)
        return RC_OK;
    in->failed = in->kind ? read_packed(in, buffer, cap, got) : read_plain(in, buffer, cap, got);
    if (in->failed != RC_OK)
        *got = 0;
    return in->failed;
}

void rcb_in_close(rcb_stream_in *in)
{
    if (!in)
        return;
    if (in->begun)
        in->kind->end(in);
    if (in->own_fd)
        (void)close(in->fd);
    rcb_free(in->raw);
    rcb_free(in->name);
    rcb_free(in);
}

void rcb_bytes_free(rcb_bytes *b)
{
    if (b->mapped > 0)
        (void)munmap(b->owner, b->mapped);
    else
        rcb_free(b->owner);
    *b = (rcb_bytes){0};
}

static size_t spill_from = (size_t)256 << 20;

void rcb_file_spill_from(size_t bytes)
{
    spill_from = bytes;
}

/* More room behind the n bytes of b: twice as much, in a file when that is a lot. */
static rc_status grow(rcb_bytes *b, size_t *cap, const char *name)
{
    const size_t twice = *cap <= SIZE_MAX / 2 ? 2 * *cap : 0;
    rcb_spill spill;

    if (twice >= spill_from) {
        RC_TRY(rcb_spill_new(&spill, twice));
        if (b->n > 0)
            memcpy(spill.p, b->owner, b->n);
        const size_t n = b->n;
        rcb_bytes_free(b);
        *b = (rcb_bytes){.owner = spill.p, .n = n, .mapped = twice};
    } else {
        void *p = twice > 0 ? rcb_realloc(b->owner, b->n, twice, 1) : NULL;
        if (!p)
            return RC_FAIL(RC_ENOMEM, "out of memory: %s has more than %zu bytes", name, b->n);
        b->owner = p;
    }
    *cap = twice;
    return RC_OK;
}

/* Everything that is left of a stream. */
static rc_status slurp(rcb_bytes *out, rcb_stream_in *in)
{
    rcb_bytes all = {.owner = rcb_alloc(RAW, 1)};
    size_t cap = RAW, got = 1;
    rc_status status = all.owner ? RC_OK : RC_ENOMEM;

    while (status == RC_OK && got > 0) {
        if (all.n == cap)
            status = grow(&all, &cap, in->name);
        if (status == RC_OK)
            status = rcb_in_read(in, (unsigned char *)all.owner + all.n, cap - all.n, &got);
        if (status == RC_OK)
            all.n += got;
    }
    if (status != RC_OK) {
        rcb_bytes_free(&all);
        return status;
    }
    *out = all;
    out->p = all.owner;
    return RC_OK;
}

/* Map a plain file; false when it has to be read like a stream (a pipe, or /proc). */
static bool map(rcb_bytes *out, const rcb_stream_in *in)
{
    struct stat st;

    if (in->kind || !in->own_fd || fstat(in->fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        st.st_size <= 0 || (uintmax_t)st.st_size > SIZE_MAX)
        return false;

    const size_t n = (size_t)st.st_size;
    void *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, in->fd, 0);

    if (p == MAP_FAILED)
        return false;
    *out = (rcb_bytes){.p = p, .n = n, .owner = p, .mapped = n};
    return true;
}

const char *rcb_file_parts(void)
{
    return "gz " GZ_WORD ", xz " XZ_WORD ", zst " ZST_WORD;
}

rc_status rc_file_crc(const char *path, uint64_t *bytes, uint32_t *crc)
{
    rcb_bytes b;

    RC_TRY(rcb_file_load(&b, path));
    if (bytes)
        *bytes = b.n;
    if (crc)
        *crc = rcb_crc32(0, b.p, b.n);
    rcb_bytes_free(&b);
    return RC_OK;
}

bool rcb_file_there(const char *path)
{
    return access(path, F_OK) == 0;
}

rc_status rcb_file_load(rcb_bytes *out, const char *path)
{
    rcb_stream_in *in;

    *out = (rcb_bytes){0};
    RC_TRY(rcb_in_open(&in, path));

    const rc_status status = map(out, in) ? RC_OK : slurp(out, in);

    rcb_in_close(in);
    return status;
}
