/* series_read.c -- files of series, told by what is in them, and series that are made.
 *
 *   .ts     (aeon, sktime, UEA archive): "@" and "#" lines, then one case a line, channels split by
 *           ':', values by ',', the class last
 *   idx     images (Yann LeCun's format of MNIST), with the labels in the file beside it
 *   .csv    tables with a header (series_csv.c)
 *   .npy    arrays of NumPy (series_npy.c)
 *   rolls   one piece a line, steps split by blanks, MIDI pitches of a step by commas, "-": silence
 */
#include "data/data_in.h"
#include "format/format.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- lines ------------------------------------------------------------------------------- */

/* A file on its way through a reader. */
typedef struct reading {
    const char *path;
    const char *p, *end; /* what is left; followed by a 0 */
    int64_t line;        /* number of the one that was read last */
    rcd_series *s;
} reading;

/* The next line without its end, from p to *stop; false at the end of the file. */
static bool next_line(reading *r, const char **line, const char **stop)
{
    rcd_word w;

    if (!rcd_line_next(&r->p, r->end, &w))
        return false;
    *line = w.p;
    *stop = w.p + w.n;
    r->line++;
    return true;
}

static rc_status bad(const reading *r, const char *what)
{
    return RC_FAIL(RC_EDATA, "cannot read '%s': line %" PRId64 ": %s", r->path, r->line, what);
}

/* Files are added to one another only where their steps are alike. */
static rc_status set_width(const reading *r, int64_t D)
{
    rcd_series *s = r->s;

    if (s->n > 0 && s->D != D)
        return RC_FAIL(RC_EDATA,
                       "cannot read '%s': line %" PRId64 ": %" PRId64 " numbers a step, there were "
                       "%" PRId64 " before",
                       r->path, r->line, D, s->D);
    s->D = D;
    return RC_OK;
}

/* ---- .ts --------------------------------------------------------------------------------- */

static const char *find(const char *p, const char *stop, char c)
{
    const char *at = memchr(p, c, (size_t)(stop - p));
    return at ? at : stop;
}

static const char *find_not(const char *p, const char *stop, char c)
{
    while (p < stop && *p == c)
        p++;
    return p;
}

static int64_t count(const char *p, const char *stop, char c)
{
    int64_t n = 0;

    for (; p < stop; p++)
        n += *p == c;
    return n;
}

/* Channel d of the sequence whose steps are at x: its values from p to `stop`. */
static rc_status read_channel(const reading *r, const char *p, const char *stop, int64_t d,
                              int64_t steps)
{
    const rcd_series *s = r->s;
    float *x = s->x + s->start[s->n] * s->D;

    for (int64_t t = 0; t < steps; t++) {
        const char *comma = find(p, stop, ','), *rest;
        const double value = rcb_real_read(p, &rest);

        if (rest == p || find_not(rest, comma, ' ') != comma || !(fabs(value) <= (double)FLT_MAX))
            return bad(r, "a value is no number (missing ones, '?', are not known)");
        x[t * s->D + d] = (float)value;
        p = comma + 1;
    }
    return RC_OK;
}

static rc_status read_case(const reading *r, const char *line, const char *stop, bool classes)
{
    const char *colon = line, *at = line, *name = NULL;
    const int64_t channels = count(line, stop, ':') + !classes;

    if (channels < 1)
        return bad(r, "no ':' and a class at the end");
    RC_TRY(set_width(r, channels));
    const int64_t steps = count(line, find(line, stop, ':'), ',') + 1;
    for (int64_t t = 0; t < steps; t++)
        if (!rcd_series_step(r->s))
            return RC_ENOMEM;
    for (int64_t d = 0; d < channels; d++, at = colon + 1) {
        colon = find(at, stop, ':');
        if (count(at, colon, ',') + 1 != steps)
            return bad(r, "channels of different length");
        RC_TRY(read_channel(r, at, colon, d, steps));
    }
    if (classes) {
        name = find_not(at, stop, ' ');
        if (name == stop)
            return bad(r, "the class is empty");
    }
    return rcd_series_end(r->s, name, name ? (size_t)(stop - name) : 0);
}

/* Does the text begin with a word of small letters, in whatever case? */
static bool starts(const char *p, const char *stop, const char *word)
{
    for (; *word; word++, p++)
        if (p == stop || (*p != *word && (*p | 0x20) != *word))
            return false;
    return true;
}

static rc_status read_ts(reading *r, const rcd_reading *how)
{
    const char *line, *stop;
    bool classes = true;

    (void)how;
    while (next_line(r, &line, &stop)) {
        if (starts(line, stop, "@classlabel"))
            classes = !starts(line + 11, stop, " false");
        if (line == stop || *line == '#' || *line == '@')
            continue;
        RC_TRY(read_case(r, line, stop, classes));
    }
    return RC_OK;
}

/* ---- rolls ------------------------------------------------------------------------------- */

enum { LOWEST = 21, HIGHEST = 108 }; /* the keys of a piano */

static rc_status read_chord(const reading *r, const char *p, const char *stop)
{
    float *x = rcd_series_step(r->s);

    if (!x)
        return RC_ENOMEM;
    if (stop - p == 1 && *p == '-')
        return RC_OK;
    while (p < stop) {
        const char *comma = find(p, stop, ',');
        int pitch = 0;

        for (; p < comma && *p >= '0' && *p <= '9' && pitch <= HIGHEST; p++)
            pitch = 10 * pitch + *p - '0';
        if (p != comma || pitch < LOWEST || pitch > HIGHEST)
            return bad(r, "a pitch is no number from 21 to 108");
        x[pitch - LOWEST] = 1;
        p = comma + 1;
    }
    return RC_OK;
}

static rc_status read_rolls(reading *r, const rcd_reading *how)
{
    const char *line, *stop;

    (void)how;
    while (next_line(r, &line, &stop)) {
        if (line == stop)
            continue;
        if (find_not(line, stop, ' ') == stop)
            continue;
        RC_TRY(set_width(r, HIGHEST - LOWEST + 1));
        while (line < stop) {
            const char *blank = find(line, stop, ' ');

            if (blank > line)
                RC_TRY(read_chord(r, line, blank));
            line = blank + 1;
        }
        RC_TRY(rcd_series_end(r->s, NULL, 0));
    }
    return RC_OK;
}

/* ---- idx --------------------------------------------------------------------------------- */

static uint32_t big_endian(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

enum { IMAGES = 0x803, LABELS = 0x801 };

/* The labels of "...images-idx3..." are in "...labels-idx1...". RC_EDATA: it has no such name. */
static rc_status labels_path(rcb_buf *out, const char *path)
{
    static const char images[] = "images-idx3", labels[] = "labels-idx1";
    const char *at = strstr(path, images), *more;

    while (at && (more = strstr(at + 1, images)))
        at = more;
    if (!at)
        return RC_FAIL(RC_EDATA,
                       "cannot read '%s': the labels of images are looked for in a file of "
                       "the same name with '%s' for '%s'",
                       path, labels, images);
    RC_TRY(rcb_buf_add(out, path, (size_t)(at - path)));
    RC_TRY(rcb_buf_puts(out, labels));
    return rcb_buf_puts(out, at + strlen(images));
}

static rc_status load_labels(rcb_bytes *out, const char *path, uint32_t images)
{
    RC_TRY(rcb_file_load(out, path));
    if (out->n >= 8 && big_endian(out->p) == LABELS && big_endian(out->p + 4) == images &&
        out->n == 8 + (size_t)images)
        return RC_OK;
    rcb_bytes_free(out);
    return RC_FAIL(RC_EDATA, "cannot read '%s': it does not hold the labels of %" PRIu32 " images",
                   path, images);
}

static rc_status add_images(const reading *r, const rcd_reading *how, const unsigned char *labels)
{
    const unsigned char *head = (const unsigned char *)r->p;
    const int64_t n = big_endian(head + 4), high = big_endian(head + 8),
                  wide = big_endian(head + 12);
    const int64_t steps = how->pixels ? high * wide : high, D = how->pixels ? 1 : wide;
    const rcb_key key = rcb_stream(how->seed, "permute");
    const unsigned char *p = head + 16;

    RC_TRY(set_width(r, D));
    for (int64_t i = 0; i < n; i++, p += high * wide) {
        char name[16];

        for (int64_t t = 0; t < steps; t++) {
            float *x = rcd_series_step(r->s);
            const int64_t from = how->permute ? rcd_shuffled(key, steps, t) : t;

            if (!x)
                return RC_ENOMEM;
            for (int64_t d = 0; d < D; d++)
                x[d] = (float)p[from * D + d] / 255;
        }
        const int length = labels ? snprintf(name, sizeof name, "%d", labels[8 + i]) : 0;
        RC_TRY(rcd_series_end(r->s, labels ? name : NULL, (size_t)length));
    }
    return RC_OK;
}

static rc_status read_idx(reading *r, const rcd_reading *how)
{
    const unsigned char *head = (const unsigned char *)r->p;
    const size_t n = (size_t)(r->end - r->p);
    size_t bytes = 0;
    rcb_buf path = {0};
    rcb_bytes labels = {0};

    if (n >= 16 && (!rcb_mul(big_endian(head + 8), big_endian(head + 12), &bytes) ||
                    !rcb_mul(bytes, big_endian(head + 4), &bytes)))
        bytes = 0;
    if (n < 16 || bytes == 0 || n - 16 != bytes)
        return RC_FAIL(RC_EDATA, "cannot read '%s': it is cut off, or no idx file of images",
                       r->path);
    rc_status s = how->blind ? RC_OK : labels_path(&path, r->path);
    if (s == RC_OK && !how->blind)
        s = load_labels(&labels, path.p, big_endian(head + 4));
    if (s == RC_OK)
        s = add_images(r, how, labels.p);
    rcb_bytes_free(&labels);
    rcb_buf_free(&path);
    return s;
}

/* ---- made -------------------------------------------------------------------------------- */

/* "name:T" or "name:T:N". */
static rc_status make(rcd_series *s, const rcd_source *source, const char *spec,
                      const rcd_reading *how)
{
    const char *p = strchr(spec, ':') + 1, *end;
    const double T = rcb_real_read(p, &end);
    double n = 100000;
    char name[64];

    if (s->n > 0 || s->source)
        return RC_FAIL(RC_EINVAL, "cannot add '%s' to other series", spec);
    if (end > p && *end == ':')
        n = rcb_real_read(p = end + 1, &end);
    const bool fits = T >= (double)source->least && T <= (double)source->most && n >= 1 &&
                      n <= 1e12 && T * n <= 1e15;

    if (end == p || *end || !fits || T != floor(T) || n != floor(n))
        return RC_FAIL(RC_EINVAL,
                       "cannot make '%s': it is %s:T or %s:T:N, T from %" PRId64 " to %" PRId64
                       ", N sequences",
                       spec, source->name, source->name, source->least, source->most);
    (void)snprintf(name, sizeof name, "series %s %s", source->name, how->part);
    *s = (rcd_series){
        .n = (int64_t)n,
        .D = source->D,
        .K = source->K,
        .classes = source->classes > 0,
        .each = source->each,
        .source = source,
        .key = rcb_stream(how->seed, name),
        .T = (int64_t)T,
        .crc = rcb_crc32(rcb_crc32(0, spec, strlen(spec)), &how->seed, sizeof how->seed),
    };
    assert(source->classes <= 10); /* names of one digit are in order */
    for (int32_t i = 0, id; i < source->classes; i++)
        RC_TRY(rcd_names_add(&s->names, &"0123456789"[i], 1, 1, &id));
    return RC_OK;
}

/* ---- any --------------------------------------------------------------------------------- */

/* Is it called NAME.csv or NAME.tsv, packed or not? Standard input has no name: a table there
 * begins with one of a column. */
static bool is_table(const char *path, const char *p, const char *stop)
{
    static const char *const ends[] = {"", ".gz", ".xz", ".zst"};
    const size_t n = strlen(path);

    if (strcmp(path, "-") == 0)
        return p < stop && (*p == '"' || (*p | 0x20) >= 'a') && (*p | 0x20) <= 'z';
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const size_t more = strlen(ends[i]);

        if (n < more + 4 || strcmp(path + n - more, ends[i]) != 0)
            continue;
        if (starts(path + n - more - 4, path + n - more, ".csv") ||
            starts(path + n - more - 4, path + n - more, ".tsv"))
            return true;
    }
    return false;
}

/* What has no columns cannot be told what is in which. */
static rc_status check_columns(const char *path, const rcd_reading *how)
{
    const char *const given[][2] = {
        {"target", how->target}, {"series-column", how->series_column}, {"drop", how->drop}};

    for (size_t i = 0; !how->lenient && i < sizeof given / sizeof *given; i++)
        if (given[i][1] && *given[i][1])
            return RC_FAIL(RC_EINVAL,
                           "cannot read '%s' with %s '%s': only tables (.csv, .tsv) have columns",
                           path, given[i][0], given[i][1]);
    return RC_OK;
}

static rc_status read_text(reading *r, const rcd_reading *how)
{
    const char *p = r->p;

    if (is_table(r->path, r->p, r->end))
        return rcd_series_csv(r->s, r->path, r->p, (size_t)(r->end - r->p), how);
    RC_TRY(check_columns(r->path, how));
    while (p < r->end && (*p == '\n' || *p == '\r' || *p == ' '))
        p++;
    if (p < r->end && (*p == '@' || *p == '#'))
        return read_ts(r, how);
    if (p < r->end && (*p == '-' || (*p >= '0' && *p <= '9')))
        return read_rolls(r, how);
    return RC_FAIL(
        RC_EDATA, "cannot read '%s': neither .ts, .csv, .npy, idx images nor piano rolls", r->path);
}

/* An array; that it holds no series is said as of any file. */
static rc_status read_array(rcd_series *s, const char *path, const void *bytes, size_t n,
                            const rcd_reading *how)
{
    RC_TRY(check_columns(path, how));
    RC_TRY(rcd_series_npy(s, path, bytes, n, how));
    return s->n > 0 ? RC_OK
                    : RC_FAIL(RC_EDATA, "cannot read '%s': there are no series in it", path);
}

rc_status rcd_series_parse(rcd_series *s, const char *path, const void *bytes, size_t n,
                           const rcd_reading *how)
{
    const bool idx = n >= 4 && big_endian(bytes) == IMAGES;
    rcb_buf text = {0};

    if (rcf_is_npy(bytes, n))
        return read_array(s, path, bytes, n, how);
    rc_status status = idx ? RC_OK : rcb_buf_add(&text, bytes, n);
    const char *p = idx ? bytes : text.p;
    const bool marked = !idx && n >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0; /* UTF-8 */
    reading r = {.path = path, .p = p, .end = p + n, .s = s};

    if (status == RC_OK && marked)
        r.p += 3;

    if (status == RC_OK)
        status = !idx ? read_text(&r, how) : check_columns(path, how);
    if (status == RC_OK && idx)
        status = read_idx(&r, how);
    if (status == RC_OK && s->n == 0)
        status = RC_FAIL(RC_EDATA, "cannot read '%s': there are no series in it", path);
    rcb_buf_free(&text);
    return status;
}

rc_status rcd_series_read(rcd_series *s, const char *path, const rcd_reading *how)
{
    const size_t n = strcspn(path, ":");
    char name[32] = "";
    rcb_bytes file;

    if (path[n] == ':' && n < sizeof name)
        memcpy(name, path, n);
    if (*name && rcd_source_find(name)) {
        RC_TRY(check_columns(path, how));
        return make(s, rcd_source_find(name), path, how);
    }
    if (s->source)
        return RC_FAIL(RC_EINVAL, "cannot add '%s' to series that are made", path);
    RC_TRY(rcb_file_load(&file, path));
    const rc_status status = rcd_series_parse(s, path, file.p, file.n, how);
    rcb_bytes_free(&file);
    return status;
}
