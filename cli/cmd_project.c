/* cmd_project.c -- recur project: words in a plane, by their vectors. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "project.h"
#include "table.h"

enum { LEAST = 3 }; /* words */

static const opt options[] = {
    {.name = "words",
     .kind = RC_OPTION_TEXT,
     .value = "FILE",
     .group = "words",
     .help = "a word in a line; several are joined by arrows, four are two pairs; ': name' begins a"
             " section, which has a colour (-: standard input)"},
    {.name = "method",
     .kind = RC_OPTION_NAME,
     .fallback = "pca",
     .list = "projections",
     .group = "places",
     .help = "how words get their places"},
    {.name = "unit",
     .kind = RC_OPTION_FLAG,
     .group = "places",
     .help = "make every vector of length 1 first, as cosines and analogies do (default: as they"
             " are)"},
    {.name = "perplexity",
     .kind = RC_OPTION_REAL,
     .fallback = "0",
     .lo = 0,
     .hi = 1e6,
     .group = "places",
     .help = "of tsne: how many neighbours a word has, at most a third of the other words (0: 30,"
             " or that third where it is less)"},
    {.name = "steps",
     .kind = RC_OPTION_INT,
     .fallback = "1000",
     .lo = 1,
     .hi = 1e6,
     .group = "places",
     .help = "of tsne: steps of gradient descent"},
    {.name = "svg",
     .kind = RC_OPTION_TEXT,
     .value = "FILE",
     .group = "output",
     .prints = true,
     .help = "draw a picture into FILE (-: standard output)"},
    {.name = "title",
     .kind = RC_OPTION_TEXT,
     .value = "TEXT",
     .group = "output",
     .help = "what stands above the picture"},
    OPT_THREADS,
    OPT_JSON,
    OPT_END,
};

/* ---- numbers -------------------------------------------------------------------------------- */

/* So many that the largest has five digits. */
static int decimals_of(const project *p)
{
    double most = 0;

    for (size_t i = 0; i < p->words; i++)
        most = fmax(most, fmax(fabs(p->at[i].x), fabs(p->at[i].y)));
    const int digits = most > 0 ? 4 - (int)floor(log10(most)) : 0;
    return digits < 0 ? 0 : digits > 12 ? 12 : digits;
}

/* "%.*f" without a zero that is negative. */
static void add_number(table *t, int decimals, double x)
{
    char text[SAY_ROOM];

    (void)snprintf(text, sizeof text, "%.*f", decimals, x);
    if (strspn(text, "-0.") == strlen(text))
        (void)snprintf(text, sizeof text, "%.*f", decimals, 0.0);
    table_add(t, text);
}

static void add_text(table *t, const char *bytes, size_t n)
{
    char *text = malloc(n + 1);

    if (text) {
        memcpy(text, bytes, n);
        text[n] = '\0';
        table_add(t, text);
    }
    t->failed = t->failed || !text;
    free(text);
}

static int print_table(const project *p)
{
    const bool sections = p->sections > 1;
    const int decimals = decimals_of(p);
    table t = {.columns = sections ? 4 : 3};

    table_add(&t, "word");
    if (sections)
        table_add(&t, "section");
    table_add(&t, "x");
    table_add(&t, "y");
    for (size_t i = 0; i < p->words; i++) {
        const project_section *section = &p->section[p->word[i].section];
        size_t n;
        const char *word = rc_vectors_word(p->v, p->word[i].word, &n);
        add_text(&t, word, n);
        if (sections)
            add_text(&t, section->n ? section->name : "-", section->n ? section->n : 1);
        add_number(&t, decimals, p->at[i].x);
        add_number(&t, decimals, p->at[i].y);
    }
    return table_end(&t, false) ? EXIT_DONE : say_out_of_memory();
}

static int print_text(const project *p)
{
    const rc_projection *about = &p->about;

    if (isnan(about->divergence))
        printf("variance    x %.2f%%, y %.2f%%\n\n", 100 * about->share[0], 100 * about->share[1]);
    else
        printf("perplexity  %.4g\ndivergence  %.4f\n\n", about->perplexity, about->divergence);
    return print_table(p);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *points_json(const project *p)
{
    json_t *all = json_array();

    for (size_t i = 0; i < p->words; i++) {
        const project_section *section = &p->section[p->word[i].section];
        size_t n;
        const char *word = rc_vectors_word(p->v, p->word[i].word, &n);
        json_add(&all, json_pack("{s:o, s:o, s:o, s:o}", "word", json_bytes(word, n), "section",
                                 section->n ? json_bytes(section->name, section->n) : json_null(),
                                 "x", json_number(p->at[i].x), "y", json_number(p->at[i].y)));
    }
    return all;
}

static int print_json(const project *p, const char *method)
{
    json_t *links = json_array(), *missing = json_array();

    for (size_t i = 0; i < p->links; i++)
        json_add(&links,
                 json_pack("[I, I]", (json_int_t)p->link[i].from, (json_int_t)p->link[i].to));
    for (size_t i = 0; i < p->missings; i++)
        json_add(&missing, json_bytes(p->missing[i].name, p->missing[i].n));
    json_t *share = json_array();
    for (int k = 0; k < 2; k++)
        json_add(&share, json_number(p->about.share[k]));
    return json_print(stdout,
                      json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "method", method, "variance",
                                share, "perplexity", json_number(p->about.perplexity), "divergence",
                                json_number(p->about.divergence), "words", points_json(p), "links",
                                links, "missing", missing),
                      false);
}

/* ---- the picture ---------------------------------------------------------------------------- */

/* What is drawn, and whether memory was enough. */
typedef struct drawing {
    const project *p;
    bool *drawn;
} drawing;

static void put_svg(FILE *out, const void *ctx)
{
    const drawing *d = ctx;
    *d->drawn = project_svg(out, d->p);
}

/* The one section that there is, or the file of the vectors; and how many words. */
static void make_title(const opts *o, const project *p, char *title, size_t room)
{
    const char *slash = strrchr(o->args[0], '/'), *file = slash ? slash + 1 : o->args[0];
    const project_section *one = NULL;
    size_t used = 0;

    for (size_t i = 0; i < p->sections; i++)
        if (p->section[i].used && used++ == 0)
            one = &p->section[i];
    size_t n = one ? one->n : 0;
    while (n > 0 && (n > 80 || (n < one->n && ((unsigned char)one->name[n] & 0xC0) == 0x80)))
        n--; /* not within a character */
    if (opts_has(o, "title"))
        (void)snprintf(title, room, "%s", opts_text(o, "title"));
    else if (used == 1 && n > 0)
        (void)snprintf(title, room, "%.*s: %zu words of %s", (int)n, one->name, p->words, file);
    else
        (void)snprintf(title, room, "%zu words of %s", p->words, file);
}

static int save_svg(const opts *o, project *p)
{
    const char *path = opts_text(o, "svg");
    char title[512];
    bool drawn = false;

    if (p->words > PROJECT_DRAWN)
        return say_failure("a picture of %zu words: at most %d are possible", p->words,
                           PROJECT_DRAWN);
    make_title(o, p, title, sizeof title);
    p->title = title;
    if (!whole_save(path, put_svg, &(drawing){p, &drawn}))
        return say_failure("cannot write '%s': %s", path, strerror(errno));
    if (!drawn)
        return say_out_of_memory();
    if (strcmp(path, "-") != 0)
        say_unless_quiet(o, "the picture is in %s", path);
    return EXIT_DONE;
}

/* ---- the command ---------------------------------------------------------------------------- */

static int compute(const opts *o, project *p)
{
    rc_project_options how = rc_project_options_default();
    int64_t *word = calloc(p->words + 1, sizeof *word);

    p->at = calloc(p->words + 1, sizeof *p->at);
    how.method = opts_text(o, "method");
    how.unit = opts_flag(o, "unit");
    how.perplexity = opts_real(o, "perplexity");
    how.steps = opts_int(o, "steps");
    how.threads = (int)opts_int(o, "threads");
    for (size_t i = 0; word && i < p->words; i++)
        word[i] = p->word[i].word;
    rc_status status = RC_ENOMEM;
    if (word && p->at)
        status = rc_vectors_project(p->v, word, (int64_t)p->words, &how, p->at, &p->about);
    free(word);
    return status == RC_OK       ? OPT_GO_ON
           : status == RC_ENOMEM ? say_out_of_memory()
                                 : say_library_misuse(status);
}

/* What is of t-SNE alone; and enough words. */
static int check(const opts *o, const project *p)
{
    static const char *const of_tsne[] = {"perplexity", "steps"};

    for (size_t i = 0; i < 2 && strcmp(opts_text(o, "method"), "tsne") != 0; i++)
        if (opts_has(o, of_tsne[i]))
            return say_misuse("option '--%s' is of --method tsne", of_tsne[i]);
    if (p->words < LEAST)
        return say_failure("%zu %s left: a picture needs %d", p->words,
                           p->words == 1 ? "word is" : "words are", LEAST);
    return OPT_GO_ON;
}

static int show(const opts *o, project *p)
{
    const bool svg = opts_has(o, "svg");
    int code = EXIT_DONE;

    if (opts_flag(o, "json"))
        code = print_json(p, opts_text(o, "method"));
    else if (!svg)
        code = print_text(p);
    return code == EXIT_DONE && svg ? save_svg(o, p) : code;
}

static int run(const opts *o)
{
    project p = {0};
    rc_vectors *v;

    if (rc_vectors_open(&v, o->args[0]) != RC_OK)
        return say_library_failure();
    p.v = v;
    int code = project_read(&p, o);
    if (code == OPT_GO_ON)
        code = check(o, &p);
    if (code == OPT_GO_ON)
        code = compute(o, &p);
    if (code == OPT_GO_ON)
        code = show(o, &p);
    project_free(&p);
    rc_vectors_free(v);
    return code;
}

const command cmd_project = {
    .name = "project",
    .usage = "VECTORS [WORD...] [options]",
    .summary = "draw words in a plane, by their vectors",
    .example = "recur project vectors.bin --words family.txt --svg family.svg\n"
               "recur project vectors.bin king queen man woman\n"
               "recur project vectors.bin --words words.txt --method tsne --svg words.svg",
    .about = "Places of words in two dimensions: by principal components, the plane in which the"
             " words lie farthest apart, or by t-SNE, where who is near stays near. A line of the"
             " file of words is a word, or words that belong together, as \"king queen\" or \"big"
             " bigger biggest\": they are joined by arrows. A line of four words is two pairs, and"
             " ': name' begins a section, so that questions-words.txt can be drawn as it is."
             " VECTORS as for 'recur nearest'. A word that is not there as it is written is looked"
             " for in small letters, then left out.",
    .options = options,
    .run = run,
};
