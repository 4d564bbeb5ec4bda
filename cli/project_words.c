/* project_words.c -- which words are shown: of the command line, and of a file of words, pairs and
 * sections.
 *
 * A line of the file is a word, or words that belong together, one to the next; four are two pairs,
 * as in the questions of Mikolov et al. 2013. ": name" begins a section.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "neighbours.h"
#include "project.h"

enum { SAID = 5, PAIRS = 4 };

/* A list with room for one more; NULL: memory has run out, and it is as before. */
static void *with_room(void *list, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return list;
    const size_t more = *cap ? 2 * *cap : 64;
    void *longer = realloc(list, more * size);
    if (longer)
        *cap = more;
    return longer;
}

static bool add_section(project *p, const char *name, size_t n)
{
    void *longer = with_room(p->section, p->sections, &p->sections_cap, sizeof *p->section);
    if (!longer)
        return false;
    p->section = longer;
    p->section[p->sections++] = (project_section){.name = name, .n = n};
    return true;
}

/* ---- words ---------------------------------------------------------------------------------- */

static bool add_missing(project *p, const char *name, size_t n)
{
    for (size_t i = 0; i < p->missings; i++)
        if (p->missing[i].n == n && memcmp(p->missing[i].name, name, n) == 0)
            return true;
    void *longer = with_room(p->missing, p->missings, &p->missings_cap, sizeof *p->missing);
    if (!longer)
        return false;
    p->missing = longer;
    p->missing[p->missings++] = (project_missing){name, n};
    if (p->missings <= SAID)
        (void)neighbours_miss(p->v, name, n);
    return true;
}

/* The place of a word among ours, in *out; SIZE_MAX: it is not there. False: memory has run out. */
static bool add_word(project *p, const char *name, size_t n, size_t *out)
{
    const size_t section = p->sections - 1;
    int64_t word;

    *out = SIZE_MAX;
    if (rc_vectors_look_up(p->v, name, n, &word) != RC_OK)
        return false;
    if (word < 0)
        return add_missing(p, name, n);
    if (p->place[word] == 0) {
        void *longer = with_room(p->word, p->words, &p->words_cap, sizeof *p->word);
        if (!longer)
            return false;
        p->word = longer;
        p->word[p->words++] = (project_word){word, section};
        p->place[word] = p->words;
        p->section[section].used = true;
    }
    *out = p->place[word] - 1;
    return true;
}

static bool add_link(project *p, size_t from, size_t to)
{
    const size_t section = p->sections - 1;

    if (from == SIZE_MAX || to == SIZE_MAX || from == to)
        return true;
    for (size_t i = 0; i < p->links; i++)
        if (p->link[i].from == from && p->link[i].to == to)
            return true;
    void *longer = with_room(p->link, p->links, &p->links_cap, sizeof *p->link);
    if (!longer)
        return false;
    p->link = longer;
    p->link[p->links++] = (project_link){from, to, section};
    p->section[section].used = true;
    return true;
}

/* ---- the file ------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line; false: there is none. */
static bool field(const char **at, const char *end, const char **p, size_t *n)
{
    while (*at < end && is_blank(**at))
        ++*at;
    *p = *at;
    while (*at < end && !is_blank(**at))
        ++*at;
    *n = (size_t)(*at - *p);
    return *n > 0;
}

static bool read_words(project *p, const char *at, const char *end)
{
    const char *from = at, *word;
    size_t n, count = 0, place, before = SIZE_MAX;

    while (field(&from, end, &word, &n))
        count++;
    for (size_t i = 0; field(&at, end, &word, &n); i++) {
        if (!add_word(p, word, n, &place))
            return false;
        if (!(count == PAIRS && i == PAIRS / 2) && !add_link(p, before, place))
            return false;
        before = place;
    }
    return true;
}

static bool read_line(project *p, const char *at, const char *end)
{
    const char *from = at, *word;
    size_t n;

    if (!field(&from, end, &word, &n))
        return true;
    if (*word != ':')
        return read_words(p, at, end);
    for (word++; word < end && is_blank(*word); word++)
        ;
    while (end > word && is_blank(end[-1]))
        end--;
    return add_section(p, word, (size_t)(end - word));
}

static bool is_utf8(const char *at, const char *end)
{
    while (at < end) {
        const size_t n = say_utf8_length(at, (size_t)(end - at));

        if (n == 0)
            return false;
        at += n;
    }
    return true;
}

static int read_file(project *p, const char *path)
{
    size_t n;

    p->text = whole_read(path, &n);
    if (!p->text)
        return EXIT_FAILED;
    const char *at = p->text, *stop = at + n;
    for (int64_t line = 1; at < stop; line++) {
        const char *feed = memchr(at, '\n', (size_t)(stop - at)), *end = feed ? feed : stop;

        if (!is_utf8(at, end))
            return say_failure("cannot read '%s': line %" PRId64 " is not UTF-8", path, line);
        if (!read_line(p, at, end))
            return say_out_of_memory();
        at = feed ? feed + 1 : stop;
    }
    if (p->words + p->missings == 0)
        return say_failure("cannot read '%s': there are no words in it", path);
    return OPT_GO_ON;
}

/* ---- the door ------------------------------------------------------------------------------- */

static void say_missing(const project *p, const opts *o)
{
    char some[SAY_ROOM], all[SAY_ROOM];

    if (p->missings > 0)
        say_unless_quiet(o, "%s of %s words %s left out", say_count(some, (int64_t)p->missings),
                         say_count(all, (int64_t)(p->words + p->missings)),
                         p->missings == 1 ? "is" : "are");
}

int project_read(project *p, const opts *o)
{
    const char *path = opts_text(o, "words");
    int code = OPT_GO_ON;
    size_t place;

    if (o->arg_count < 2 && !opts_has(o, "words")) {
        say_misuse("'recur project' needs --words FILE, or words");
        say_hint("usage: recur project %s", o->command->usage);
        return EXIT_MISUSED;
    }
    p->place = calloc((size_t)rc_vectors_count(p->v), sizeof *p->place);
    if (!p->place || !add_section(p, "", 0))
        return say_out_of_memory();
    for (size_t i = 1; i < o->arg_count; i++)
        if (!add_word(p, o->args[i], strlen(o->args[i]), &place))
            return say_out_of_memory();
    if (opts_has(o, "words"))
        code = read_file(p, path);
    if (code == OPT_GO_ON)
        say_missing(p, o);
    return code;
}

void project_free(project *p)
{
    free(p->word);
    free(p->link);
    free(p->section);
    free(p->missing);
    free(p->text);
    free(p->place);
    free(p->at);
}
