/* page.h -- a page of HTML in one file, with all that it shows inside. */
#ifndef RECUR_CLI_PAGE_H
#define RECUR_CLI_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef void page_body(FILE *out, const void *ctx);

/* Write a page to a file, beside it and then renamed, or to stdout for "-". False: errno says
 * why. */
bool page_save(const char *path, const char *title, page_body *body, const void *ctx);
/* Text between tags, of HTML or SVG; bytes that are not UTF-8 become \xNN, and what controls
 * nothing there a blank. */
void page_text(FILE *out, const char *text, size_t n);
void page_word(FILE *out, const char *text); /* to its 0 */

#endif
