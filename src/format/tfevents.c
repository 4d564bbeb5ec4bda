/* tfevents.c -- scalars over steps, as TensorBoard reads them: event files.
 *
 * A file is a row of TFRecords: length (8 bytes), CRC of it, bytes, CRC of them (4 bytes each, all
 * little-endian; CRC-32C, masked). The bytes are an Event of TensorFlow's event.proto, of which a
 * few fields are written by hand: a message is a row of fields, each a key (number << 3 | form) and
 * a value; form 0 is a varint, 1 eight bytes, 2 a length and bytes, 5 four bytes.
 *
 *   Event    1 wall_time double   2 step int64   3 file_version   5 summary   7 session_log
 *   Summary  1 value, any number: 1 tag   2 simple_value float
 *   SessionLog  1 status, of which 1 is START: forget what other files say from this step on
 */
#define _GNU_SOURCE /* clock_gettime, gethostname */
#include "format/format.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum form { VARINT = 0, EIGHT = 1, BYTES = 2, FOUR = 5 };

enum {
    HOST_SHOWN = 64,
    HURRY = 1, /* seconds after which what is gathered is written, so that a kill costs no more */
};

/* ---- messages ---------------------------------------------------------------------------- */

static rc_status add_little(rcb_buf *b, uint64_t bits, size_t n)
{
    unsigned char bytes[8];

    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(bits >> 8 * i);
    return rcb_buf_add(b, bytes, n);
}

static rc_status add_varint(rcb_buf *b, uint64_t n)
{
    unsigned char bytes[10];
    size_t used = 0;

    for (; n >= 0x80; n >>= 7)
        bytes[used++] = (unsigned char)(n | 0x80);
    bytes[used++] = (unsigned char)n;
    return rcb_buf_add(b, bytes, used);
}

static rc_status add_key(rcb_buf *b, int field, enum form form)
{
    return add_varint(b, (uint64_t)field << 3 | (uint64_t)form);
}

static rc_status add_bytes(rcb_buf *b, int field, const void *bytes, size_t n)
{
    RC_TRY(add_key(b, field, BYTES));
    RC_TRY(add_varint(b, n));
    return rcb_buf_add(b, bytes, n);
}

static rc_status add_value(rcb_buf *summary, rcb_buf *room, const rc_scalar *s)
{
    const float value = (float)s->value;
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    rcb_buf_clear(room);
    RC_TRY(add_bytes(room, 1, s->tag, strlen(s->tag)));
    RC_TRY(add_key(room, 2, FOUR));
    RC_TRY(add_little(room, bits, 4));
    return add_bytes(summary, 1, room->p, room->n);
}

static rc_status add_event(rcb_buf *event, rcb_buf *summary, rcb_buf *value, const rcf_event *e)
{
    uint64_t bits;

    memcpy(&bits, &e->time, sizeof bits);
    RC_TRY(add_key(event, 1, EIGHT));
    RC_TRY(add_little(event, bits, 8));
    if (e->step != 0) { /* a field that is zero is left out */
        RC_TRY(add_key(event, 2, VARINT));
        RC_TRY(add_varint(event, (uint64_t)e->step));
    }
    if (e->version)
        RC_TRY(add_bytes(event, 3, e->version, strlen(e->version)));
    for (size_t i = 0; i < e->count; i++)
        RC_TRY(add_value(summary, value, &e->scalars[i]));
    if (e->count > 0)
        RC_TRY(add_bytes(event, 5, summary->p, summary->n));
    return e->restart ? add_bytes(event, 7, "\x08\x01", 2) : RC_OK;
}

static rc_status add_crc(rcb_buf *b, const void *bytes, size_t n)
{
    const uint32_t crc = rcb_crc32c(0, bytes, n);

    return add_little(b, (uint32_t)((crc >> 15 | crc << 17) + 0xA282EAD8), 4);
}

static rc_status add_record(rcb_buf *out, const rcb_buf *event)
{
    const size_t at = out->n;

    RC_TRY(add_little(out, event->n, 8));
    RC_TRY(add_crc(out, out->p + at, 8));
    RC_TRY(rcb_buf_add(out, event->p, event->n));
    return add_crc(out, event->p, event->n);
}

rc_status rcf_event_print(rcb_buf *out, const rcf_event *e)
{
    const size_t before = out->n;
    rcb_buf event = {0}, summary = {0}, value = {0};
    rc_status status = add_event(&event, &summary, &value, e);

    if (status == RC_OK)
        status = add_record(out, &event);
    if (status != RC_OK)
        out->n = before;
    rcb_buf_free(&event);
    rcb_buf_free(&summary);
    rcb_buf_free(&value);
    return status;
}

/* ---- files ------------------------------------------------------------------------------- */

struct rc_scalars {
    FILE *file;
    char *path;
    rcb_buf pending;
    double written; /* rcb_clock() then */
    bool failed;
};

static rc_status cannot_write(const char *path)
{
    return RC_FAIL(RC_EIO, "cannot write '%s': %s", path, strerror(errno));
}

/* A folder, with those above it. */
static rc_status make_folder(const char *path)
{
    struct stat st;
    char *name = rcb_strdup(path);
    rc_status status = name ? RC_OK : RC_ENOMEM;

    for (char *at = name; status == RC_OK && at; at = strchr(at, '/')) {
        at += strspn(at, "/");
        char *slash = strchr(at, '/');
        if (slash)
            *slash = '\0';
        if (mkdir(name, 0777) != 0) {
            const int error = errno; /* as of a folder that is there, but in no place of ours */
            const bool there = stat(name, &st) == 0;
            errno = there ? ENOTDIR : error;
            status = there && S_ISDIR(st.st_mode) ? RC_OK : cannot_write(path);
        }
        if (slash)
            *slash = '/';
    }
    rcb_free(name);
    return status;
}

/* TensorBoard wants "tfevents" in the name, and reads the files of a folder in the order of their
 * names. */
static rc_status make_name(rcb_buf *b, const char *dir, double *now)
{
    char host[HOST_SHOWN] = "host";
    struct timespec t;

    if (gethostname(host, sizeof host) != 0 || strchr(host, '/'))
        (void)snprintf(host, sizeof host, "host");
    host[sizeof host - 1] = '\0';
    (void)clock_gettime(CLOCK_REALTIME, &t);
    *now = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
    return rcb_buf_printf(b, "%s/events.out.tfevents.%010lld.%06ld.%s.%ld", dir,
                          (long long)t.tv_sec, t.tv_nsec / 1000, host, (long)getpid());
}

static rc_status begin_file(rc_scalars *s, const char *dir, int64_t step)
{
    rcb_buf name = {0};
    double now = 0;

    RC_TRY(make_folder(dir));
    const rc_status status = make_name(&name, dir, &now);
    s->path = name.p;
    RC_TRY(status);
    s->file = fopen(s->path, "wbx");
    if (!s->file)
        return cannot_write(s->path);
    RC_TRY(rcf_event_print(&s->pending, &(rcf_event){.time = now, .version = "brain.Event:2"}));
    if (step > 0)
        RC_TRY(rcf_event_print(&s->pending,
                               &(rcf_event){.time = now, .step = step + 1, .restart = true}));
    return rc_scalars_flush(s);
}

rc_status rc_scalars_new(rc_scalars **out, const char *dir, int64_t step)
{
    rc_scalars *s = rcb_calloc(1, sizeof *s);

    *out = NULL;
    if (!s)
        return RC_ENOMEM;
    const rc_status status = begin_file(s, dir, step);
    if (status != RC_OK) {
        rc_scalars_free(s);
        return status;
    }
    *out = s;
    return RC_OK;
}

rc_status rc_scalars_flush(rc_scalars *s)
{
    const size_t n = s->pending.n;

    if (s->failed)
        return RC_FAIL(RC_EIO, "cannot write '%s': it failed before", s->path);
    s->failed = n > 0 && (fwrite(s->pending.p, 1, n, s->file) != n || fflush(s->file) != 0);
    if (s->failed)
        return cannot_write(s->path);
    s->written = rcb_clock();
    rcb_buf_clear(&s->pending);
    return RC_OK;
}

rc_status rc_scalars_add(rc_scalars *s, int64_t step, size_t count, const rc_scalar scalars[])
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    const rcf_event e = {.time = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec,
                         .step = step,
                         .count = count,
                         .scalars = scalars};
    RC_TRY(rcf_event_print(&s->pending, &e));
    return rcb_clock() - s->written < HURRY ? RC_OK : rc_scalars_flush(s);
}

void rc_scalars_free(rc_scalars *s)
{
    if (!s)
        return;
    if (s->file)
        (void)fclose(s->file);
    rcb_buf_free(&s->pending);
    rcb_free(s->path);
    rcb_free(s);
}
