/* labelled.h -- for tests of labelled sequences: files from memory, and what they became as text.
 */
#ifndef LABELLED_H
#define LABELLED_H

#include "check.h"
#include "data/data_in.h"

static inline rc_status labelled_of(rcd_labelled *l, const char *path, const char *text,
                                    rcd_labelling how)
{
    *l = (rcd_labelled){0};
    if (how.level == RCD_BYTE) /* the first of the list; a test that wants it says so itself */
        how.level = RCD_WORD;
    return rcd_labelled_parse(l, path, text, strlen(text), &how);
}

/* "a/X b/Y | c/X" with labels of tokens, "X: a b | Y: c" with labels of sequences, a feature as
 * "a+f/X". To be freed with rcb_buf_free(). */
static inline rcb_buf labelled_words(const rcd_labelled *l)
{
    rcb_buf b = {0};

    for (int64_t i = 0; i < l->n; i++) {
        if (i > 0)
            CHECK_STATUS(rcb_buf_puts(&b, " | "), RC_OK);
        if (!l->each)
            CHECK_STATUS(
                rcb_buf_printf(&b, "%s: ",
                               l->label[i] < 0 ? "-" : rcd_names_at(&l->labels, l->label[i], NULL)),
                RC_OK);
        for (int64_t t = l->start[i]; t < l->start[i + 1]; t++) {
            CHECK_STATUS(rcb_buf_printf(&b, "%s%s", t > l->start[i] ? " " : "",
                                        rcd_names_at(&l->tokens, l->token[t], NULL)),
                         RC_OK);
            for (int32_t f = 0; f < l->F; f++)
                CHECK_STATUS(
                    rcb_buf_printf(&b, "+%s",
                                   rcd_names_at(&l->features[f], l->feature[t * l->F + f], NULL)),
                    RC_OK);
            if (l->each)
                CHECK_STATUS(rcb_buf_printf(&b, "/%s",
                                            l->label[t] < 0
                                                ? "-"
                                                : rcd_names_at(&l->labels, l->label[t], NULL)),
                             RC_OK);
        }
    }
    CHECK_STATUS(rcb_buf_puts(&b, ""), RC_OK);
    return b;
}

/* A file reads as these words. */
static inline void check_labelled(const char *path, const char *text, rcd_labelling how,
                                  const char *want, const char *file, int line)
{
    rcd_labelled l;

    check_status(labelled_of(&l, path, text, how), RC_OK, text, file, line);
    rcb_buf got = labelled_words(&l);
    if (strcmp(got.p ? got.p : "", want) != 0) {
        print_error("'%s' reads as\n  %s\nnot as\n  %s\n", text, got.p, want);
        _fail(file, line);
    }
    rcb_buf_free(&got);
    rcd_labelled_free(&l);
}

#define CHECK_LABELLED(path, text, how, want)                                                      \
    check_labelled((path), (text), (how), (want), __FILE__, __LINE__)

/* A file is refused with these words. */
static inline void check_refused(const char *path, const char *text, rcd_labelling how,
                                 rc_status status, const char *words, const char *file, int line)
{
    rcd_labelled l;

    check_status(labelled_of(&l, path, text, how), status, text, file, line);
    check_message_has(words, file, line);
    rcd_labelled_free(&l);
}

#define CHECK_REFUSED(path, text, how, status, words)                                              \
    check_refused((path), (text), (how), (status), (words), __FILE__, __LINE__)

/* For CHECK_EACH_ALLOCATION: a file that is read. */
typedef struct labelled_file {
    const char *path, *text;
    rcd_labelling how;
} labelled_file;

static inline rc_status read_and_free(void *ctx)
{
    const labelled_file *f = ctx;
    rcd_labelled l;
    const rc_status s = labelled_of(&l, f->path, f->text, f->how);

    rcd_labelled_free(&l);
    return s;
}

#endif
