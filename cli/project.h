/* project.h -- words in a plane: which ones, how they belong together, where they are; and the
 * picture of it.
 */
#ifndef RECUR_CLI_PROJECT_H
#define RECUR_CLI_PROJECT_H

#include "cmd.h"

enum { PROJECT_DRAWN = 5000 }; /* words of a picture, at most */

typedef struct project_word {
    int64_t word;
    size_t section; /* where it was first named */
} project_word;

/* From one word to the next, of a line. */
typedef struct project_link {
    size_t from, to; /* places among the words */
    size_t section;
} project_link;

typedef struct project_section {
    const char *name; /* n bytes */
    size_t n;
    bool used; /* it has a word or a link */
} project_section;

typedef struct project_missing {
    const char *name;
    size_t n;
} project_missing;

typedef struct project {
    const rc_vectors *v;
    project_word *word;
    size_t words, words_cap;
    project_link *link;
    size_t links, links_cap;
    project_section *section; /* the first, without a name, is of what comes before the others */
    size_t sections, sections_cap;
    project_missing *missing; /* words that are not there, each once */
    size_t missings, missings_cap;
    char *text;    /* the file they came from */
    size_t *place; /* (words of v) 1 + the place among ours; 0: none */
    rc_place *at;  /* (words) */
    rc_projection about;
    const char *title;
} project;

/* The words of the command line and those of --words. OPT_GO_ON or an exit code. */
int project_read(project *p, const opts *o);
void project_free(project *p);

/* Write the picture; false: memory has run out. */
bool project_svg(FILE *out, const project *p);

#endif
