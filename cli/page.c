/* page.c -- pages of HTML: head, style and the words in between; what a page shows is its caller's.
 *
 * A page needs no other file and no network. Relies on say.c for what is UTF-8.
 */
#include <string.h>
#include "cmd.h"
#include "page.h"

void page_text(FILE *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        const size_t length = say_utf8_length(text + i, n - i);
        const char *entity = text[i] == '&'   ? "&amp;"
                             : text[i] == '<' ? "&lt;"
                             : text[i] == '>' ? "&gt;"
                             : text[i] == '"' ? "&quot;"
                                              : NULL;
        const bool blank = (unsigned char)text[i] < 0x20 && !strchr("\t\n\r", text[i]);
        if (blank)
            fputc(' ', out);
        else if (length == 0)
            fprintf(out, "\\x%02x", (unsigned)(unsigned char)text[i]);
        else if (entity)
            fputs(entity, out);
        else
            fwrite(text + i, 1, length, out);
        i += length ? length : 1;
    }
}

void page_word(FILE *out, const char *text)
{
    page_text(out, text, strlen(text));
}

static void write_page(FILE *out, const char *title, page_body *body, const void *ctx)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
          out);
    page_word(out, title);
    fputs(
        "</title>\n<style>\n"
        "body { font: 15px/1.45 sans-serif; color: #222; background: #fff; max-width: 1000px;"
        " margin: 2em auto; padding: 0 1em; }\n"
        "h1 { font-size: 1.5em; } h2 { font-size: 1.2em; margin-top: 2em; }\n"
        "svg { max-width: 100%; height: auto; display: block; }\n"
        "table { border-collapse: collapse; margin: 1em 0; }\n"
        "th, td { padding: 3px 14px; text-align: right; border-bottom: 1px solid #ddd; }\n"
        "th:first-child, td:first-child { text-align: left; padding-left: 0; }\n"
        "th { font-weight: 600; border-bottom-color: #888; }\n"
        "p.note { color: #555; max-width: 46em; }\n"
        "div.row { display: flex; flex-wrap: wrap; gap: 18px; }\n"
        "pre.text { font: 15px/1.75 monospace; white-space: pre-wrap; overflow-wrap: anywhere; }\n"
        "pre.text span { padding: 3px 0; }\n"
        "</style>\n</head>\n<body>\n",
        out);
    body(out, ctx);
    fputs("</body>\n</html>\n", out);
}

/* A page that is to be written. */
typedef struct pending {
    const char *title;
    page_body *body;
    const void *ctx;
} pending;

static void put_pending(FILE *out, const void *ctx)
{
    const pending *p = ctx;
    write_page(out, p->title, p->body, p->ctx);
}

bool page_save(const char *path, const char *title, page_body *body, const void *ctx)
{
    return whole_save(path, put_pending, &(pending){title, body, ctx});
}
