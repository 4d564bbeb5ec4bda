/* labelled_read.c -- a file of labelled sequences: opened, made UTF-8, its format told, and given
 * to the reader of that format.
 */
#include "data/data_in.h"
#include "format/format.h"

#include <string.h>

/* ---- formats and codings ----------------------------------------------------------------- */

static const struct word {
    const char *word, *help;
} formats[] =
    {
#define ENTRY(code, word, help) [code] = {word, help},
        RCD_FORMAT_MAP(ENTRY)
#undef ENTRY
},
  codings[] = {
#define ENTRY(code, word, help) [code] = {word, help},
      RCD_CODING_MAP(ENTRY)
#undef ENTRY
};

const char *rcd_format_word(rcd_format f)
{
    assert((unsigned)f < RCD_FORMAT_COUNT);
    return formats[f].word;
}

const char *rcd_format_help(rcd_format f)
{
    assert((unsigned)f < RCD_FORMAT_COUNT);
    return formats[f].help;
}

static const char *format_name(const void *unused, size_t i)
{
    (void)unused;
    return i < RCD_FORMAT_COUNT ? formats[i].word : NULL;
}

rc_status rcd_format_of(rcd_format *out, const char *word)
{
    int found;

    RC_TRY(rcd_word_of(&found, "format", word, format_name));
    *out = (rcd_format)found;
    return RC_OK;
}

const char *rcd_coding_word(rcd_coding c)
{
    assert((unsigned)c < RCD_CODING_COUNT);
    return codings[c].word;
}

const char *rcd_coding_help(rcd_coding c)
{
    assert((unsigned)c < RCD_CODING_COUNT);
    return codings[c].help;
}

static const char *coding_name(const void *unused, size_t i)
{
    (void)unused;
    return i < RCD_CODING_COUNT ? codings[i].word : NULL;
}

rc_status rcd_coding_of(rcd_coding *out, const char *word)
{
    int found;

    RC_TRY(rcd_word_of(&found, "coding", word, coding_name));
    *out = (rcd_coding)found;
    return RC_OK;
}

/* Who reads a format, and what it can be asked for. */
static const struct reader {
    rc_status (*read)(rcd_reader *r);
    bool each;     /* it has labels of tokens */
    bool whole;    /* it has labels of sequences */
    bool columns;  /* there are columns to choose from, */
    bool features; /* and tokens have more than one */
    bool words;    /* its tokens are words */
} readers[RCD_FORMAT_COUNT] = {
    [RCD_FORMAT_TSV] = {.read = rcd_read_tsv, .whole = true, .columns = true},
    [RCD_FORMAT_CSV] = {.read = rcd_read_csv, .whole = true, .columns = true},
    [RCD_FORMAT_ROWS] = {.read = rcd_read_csv, .whole = true, .columns = true},
    [RCD_FORMAT_FASTTEXT] = {.read = rcd_read_fasttext, .whole = true},
    [RCD_FORMAT_FIRST] = {.read = rcd_read_first, .whole = true},
    [RCD_FORMAT_CLASSES] = {.read = rcd_read_classes, .whole = true},
    [RCD_FORMAT_TREES] = {.read = rcd_read_trees, .whole = true, .words = true},
    [RCD_FORMAT_COLUMNS] = {rcd_read_columns, true, true, true, true, true},
    [RCD_FORMAT_CONLLU] = {rcd_read_columns, true, false, true, true, true},
    [RCD_FORMAT_TEXT] = {.read = rcd_read_text},
};

/* ---- telling ----------------------------------------------------------------------------- */

/* The first lines of a file that are not empty. */
typedef struct head {
    const char *path;
    const rcd_labelling *how;
    rcd_word line[2];
    int64_t lines;
} head;

static head head_of(const rcd_reader *r)
{
    head h = {.path = r->path, .how = r->how};
    const char *p = r->p;
    rcd_word line;

    while (h.lines < 2 && rcd_line_next(&p, r->end, &line))
        if (rcd_trim(line).n > 0)
            h.line[h.lines++] = line;
    return h;
}

static int64_t tabs(rcd_word w)
{
    int64_t n = 0;

    for (size_t i = 0; i < w.n; i++)
        n += w.p[i] == '\t';
    return n;
}

static int64_t words(rcd_word w)
{
    int64_t n = 0;

    while (rcd_first_word(w, &w).n > 0)
        n++;
    return n;
}

static bool begins(rcd_word w, const char *with)
{
    return w.n >= strlen(with) && memcmp(w.p, with, strlen(with)) == 0;
}

static bool is_named(const char *path, const char *ending)
{
    rcd_word stem = rcd_stem(path);

    return stem.n >= strlen(ending) &&
           begins((rcd_word){stem.p + stem.n - strlen(ending), strlen(ending)}, ending);
}

/* Is a column called by a name, not "#3"? */
static bool names_column(const rcd_labelling *how)
{
    return (how->label_column && *how->label_column && *how->label_column != '#') ||
           (how->text_column && *how->text_column && *how->text_column != '#');
}

/* "NUM:dist How far ...": letters on both sides. */
static bool is_fine_label(rcd_word line)
{
    const rcd_word w = rcd_first_word(line, &line);
    const char *colon = w.n > 0 ? memchr(w.p, ':', w.n) : NULL;
    bool letters = colon && colon > w.p && colon + 1 < w.p + w.n;

    for (size_t i = 0; letters && i < w.n; i++)
        letters = w.p + i == colon || ((w.p[i] | 0x20) >= 'a' && (w.p[i] | 0x20) <= 'z');
    return letters;
}

/* The format of a file whose sequences have one label; AUTO: nothing tells. */
static rcd_format tell_whole(const head *h)
{
    const char *prefix = h->how->prefix && *h->how->prefix ? h->how->prefix : "__label__";
    const rcd_word first = rcd_trim(h->line[0]);

    if (is_named(h->path, ".csv"))
        return RCD_FORMAT_CSV;
    if (begins(first, prefix))
        return RCD_FORMAT_FASTTEXT;
    if (begins(first, "# ") && tabs(first) == 0 && h->lines > 1 && tabs(h->line[1]) > 0)
        return RCD_FORMAT_COLUMNS;
    if (tabs(h->line[0]) > 0)
        return names_column(h->how) ? RCD_FORMAT_CSV : RCD_FORMAT_TSV;
    if (first.n > 3 && first.p[0] == '(' && first.p[1] >= '0' && first.p[1] <= '9' &&
        first.p[2] == ' ')
        return RCD_FORMAT_TREES;
    if (is_fine_label(first))
        return RCD_FORMAT_FIRST;
    return h->how->blind ? RCD_FORMAT_TEXT : RCD_FORMAT_AUTO;
}

static rcd_format tell_each(const head *h)
{
    const rcd_word first = h->line[0];
    const bool number = first.n > 0 && *first.p >= '0' && *first.p <= '9';

    if (is_named(h->path, ".conllu") || (tabs(first) == 9 && number) ||
        begins(first, "# sent_id") || begins(first, "# newdoc"))
        return RCD_FORMAT_CONLLU;
    if (h->how->blind && tabs(first) == 0 && words(first) > 1 &&
        (h->lines < 2 || words(first) != words(h->line[1])))
        return RCD_FORMAT_TEXT;
    return RCD_FORMAT_COLUMNS;
}

static rc_status tell(const rcd_reader *r, rcd_format *out)
{
    const head h = head_of(r);

    if (h.lines == 0)
        return RC_FAIL(RC_EDATA, "cannot read '%s': it is empty", r->path);
    *out = r->how->each ? tell_each(&h) : tell_whole(&h);
    if (*out == RCD_FORMAT_AUTO)
        return RC_FAIL_HINT(RC_EDATA,
                            "formats are label<TAB>text, .csv, __label__NAME text, LABEL:fine "
                            "text, trees; 'classes' has a file for each class",
                            "cannot read '%s': its first line tells no format with labels",
                            r->path);
    return RC_OK;
}

/* Settings that a format cannot follow. */
static rc_status check(const rcd_reader *r, rcd_format format)
{
    const rcd_labelling *how = r->how;
    const struct reader *f = &readers[format];
    const bool columns =
        (how->label_column && *how->label_column) || (how->text_column && *how->text_column);
    const char *word = formats[format].word;

    if (!how->blind && !(how->each ? f->each : f->whole))
        return RC_FAIL(RC_EINVAL, "cannot read '%s' as %s: it has no labels of %s", r->path, word,
                       how->each ? "tokens" : "sequences");
    if (columns && !f->columns && !(how->blind && format == RCD_FORMAT_TEXT))
        return RC_FAIL(RC_EINVAL, "cannot read '%s' as %s: it has no columns to choose from",
                       r->path, word);
    if (how->features && *how->features && !f->features)
        return RC_FAIL(RC_EINVAL, "cannot read '%s' as %s: its tokens have no features", r->path,
                       word);
    if (how->level != RCD_WORD && (how->each || f->words))
        return RC_FAIL(RC_EINVAL, "cannot read '%s' as %s at level %s: its tokens are words",
                       r->path, word, rcd_level_word(how->level));
    return RC_OK;
}

/* ---- codings ----------------------------------------------------------------------------- */

/* Latin-1 as UTF-8. */
static rc_status recode(rcb_buf *out, const char *p, size_t n)
{
    for (size_t i = 0, run; i < n; i += run) {
        const unsigned char c = (unsigned char)p[i];
        const char two[] = {(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))};

        for (run = 0; i + run < n && (unsigned char)p[i + run] < 0x80;)
            run++;
        RC_TRY(run > 0 ? rcb_buf_add(out, p + i, run) : rcb_buf_add(out, two, 2));
        run += run == 0;
    }
    return RC_OK;
}

/* Lines that are not UTF-8, counted; with a coding that wants it, refused. */
static rc_status check_lines(rcd_reader *r)
{
    const char *p = r->p;
    rcd_word line;

    for (int64_t i = 1; rcd_line_next(&p, r->end, &line); i++) {
        if (rcf_is_utf8(line.p, line.n))
            continue;
        if (r->how->coding == RCD_CODING_UTF8)
            return RC_FAIL_HINT(RC_EDATA, "convert the file, or read it as Latin-1",
                                "cannot read '%s': line %" PRId64 " is not UTF-8", r->path, i);
        rcd_reader_note(r, RCD_NOTE_LATIN1, i);
    }
    return RC_OK;
}

/* From here on the file is UTF-8, in place or in `room`; at the level of bytes it is what it is. */
static rc_status decode(rcd_reader *r, rcb_buf *room)
{
    const size_t n = (size_t)(r->end - r->p);

    if (n == 0 || (r->how->level == RCD_BYTE && !r->how->each))
        return RC_OK;
    if (r->how->coding != RCD_CODING_LATIN1) {
        if (rcf_is_utf8(r->p, n))
            return RC_OK;
        RC_TRY(check_lines(r));
    }
    RC_TRY(recode(room, r->p, n));
    r->p = room->p;
    r->end = room->p + room->n;
    return RC_OK;
}

/* ---- files ------------------------------------------------------------------------------- */

rcd_word rcd_stem(const char *path)
{
    static const char *const ends[] = {".gz", ".xz", ".zst", ".txt"};
    const char *slash = strrchr(path, '/');
    rcd_word w = {slash ? slash + 1 : path, strlen(slash ? slash + 1 : path)};

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const size_t n = strlen(ends[i]);

        if (w.n > n && memcmp(w.p + w.n - n, ends[i], n) == 0)
            w.n -= n;
    }
    return w;
}

/* Features are those of the first file. */
static rc_status set_features(rcd_reader *r)
{
    rcd_labelled *l = r->l;
    const char *list = r->how->features;
    int32_t F = list && *list ? 1 : 0;

    for (const char *p = F ? list : ""; *p; p++)
        F += *p == ',';
    if (l->features || F == 0)
        return F == l->F ? RC_OK
                         : RC_FAIL(RC_EINVAL,
                                   "cannot add '%s': it is read with %" PRId32
                                   " features, there were %" PRId32,
                                   r->path, F, l->F);
    if (l->n > 0 || F > RCD_MOST_COLUMNS)
        return RC_FAIL(RC_EINVAL, "cannot read '%s' with %" PRId32 " features of a token", r->path,
                       F);
    l->features = rcb_calloc((size_t)F, sizeof *l->features);
    if (!l->features)
        return RC_ENOMEM;
    l->F = F;
    return RC_OK;
}

static rc_status begin(rcd_reader *r)
{
    rcd_labelled *l = r->l;
    const size_t n = (size_t)(r->end - r->p);

    if (l->n > 0 && l->each != r->how->each)
        return RC_FAIL(RC_EINVAL, "cannot add '%s' to sequences whose labels are elsewhere",
                       r->path);
    l->each = r->how->each;
    if (n >= 3 && memcmp(r->p, "\xEF\xBB\xBF", 3) == 0)
        r->p += 3;
    RC_TRY(set_features(r));
    return rcd_names_add(&l->files, r->path, strlen(r->path), 1, &r->file);
}

static rc_status read_all(rcd_reader *r)
{
    rcd_labelled *l = r->l;
    rcd_format format = r->how->format;
    const int64_t before = l->n;

    if (format == RCD_FORMAT_AUTO)
        format = l->format;
    if (format == RCD_FORMAT_AUTO)
        RC_TRY(tell(r, &format));
    l->format = format;
    RC_TRY(check(r, format));
    RC_TRY(readers[format].read(r));
    return l->n > before
               ? RC_OK
               : RC_FAIL(RC_EDATA, "cannot read '%s': there are no sequences in it", r->path);
}

rc_status rcd_labelled_parse(rcd_labelled *l, const char *path, const void *bytes, size_t n,
                             const rcd_labelling *how)
{
    const char *p = n > 0 ? bytes : "";
    rcd_reader r = {.l = l, .how = how, .path = path, .p = p, .end = p + n};
    rcb_buf room = {0};

    if (strcmp(path, "-") == 0)
        r.path = "standard input";
    rc_status s = begin(&r);
    if (s == RC_OK)
        s = decode(&r, &room);
    if (s == RC_OK)
        s = read_all(&r);
    rcb_free(r.token.token);
    rcb_free(r.label.token);
    rcb_free(r.feature.token);
    rcb_buf_free(&r.text);
    rcb_buf_free(&room);
    return s;
}

rc_status rcd_labelled_read(rcd_labelled *l, const char *path, const rcd_labelling *how)
{
    rcb_bytes file;

    RC_TRY(rcb_file_load(&file, path));
    const rc_status s = rcd_labelled_parse(l, path, file.p, file.n, how);
    rcb_bytes_free(&file);
    return s;
}
