/* drawn.h -- for tests of sources: a text that a source draws. */
#ifndef DRAWN_H
#define DRAWN_H

#include "check.h"
#include "data/data.h"

static inline rc_source *source_of(const char *spec)
{
    rc_source *s;

    CHECK_STATUS(rc_source_new(&s, spec), RC_OK);
    return s;
}

/* n symbols and a 0; to be freed. */
static inline char *drawn(const char *spec, uint64_t seed, size_t n)
{
    rc_source *s = source_of(spec);
    char *text = malloc(n + 1);

    assert_non_null(text);
    rc_source_begin(s, seed);
    rc_source_draw(s, text, n);
    text[n] = '\0';
    rc_source_free(s);
    return text;
}

/* How much of the text is this symbol. */
static inline double share_of(const char *text, char symbol)
{
    int64_t n = 0, count = 0;

    for (; text[n]; n++)
        count += text[n] == symbol;
    return (double)count / (double)n;
}

#endif
