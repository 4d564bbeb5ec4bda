/* table.c -- rows of text cells, as columns for people or as CSV.
 *
 * Relies on the C library alone; widths count characters, not bytes.
 */
#include <stdlib.h>
#include <string.h>
#include "table.h"

void table_add(table *t, const char *text)
{
    if (t->failed)
        return;
    if (t->count == t->cap) {
        const size_t cap = t->cap ? 2 * t->cap : 64;
        char **cell = realloc(t->cell, cap * sizeof *cell);
        t->failed = !cell;
        if (!cell)
            return;
        t->cell = cell;
        t->cap = cap;
    }
    char *copy = malloc(strlen(text) + 1);
    t->failed = !copy;
    if (copy)
        t->cell[t->count++] = strcpy(copy, text);
}

void table_free(table *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->cell[i]);
    free(t->cell);
    *t = (table){0};
}

/* Control characters take no place of their own in a line. */
static int put_cell(FILE *out, const char *text)
{
    int width = 0;
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        width += (c & 0xC0) != 0x80;
        if (out)
            fputc(c < 0x20 || c == 0x7F ? '?' : c, out);
    }
    return width;
}

static bool is_number(const char *text)
{
    return strchr("0123456789-", text[0]) != NULL; /* the empty text too */
}

static bool holds_numbers(const table *t, size_t column)
{
    for (size_t i = t->columns + column; i < t->count; i += t->columns)
        if (!is_number(t->cell[i]))
            return false;
    return t->count > t->columns;
}

static int width_of(const table *t, size_t column)
{
    int width = 0;
    for (size_t i = column; i < t->count; i += t->columns) {
        const int w = put_cell(NULL, t->cell[i]);
        width = w > width ? w : width;
    }
    return width;
}

void table_print(FILE *out, const table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const size_t column = i % t->columns;
        const bool last = column + 1 == t->columns, right = holds_numbers(t, column);
        const int fill = width_of(t, column) - put_cell(NULL, t->cell[i]);
        if (right)
            fprintf(out, "%*s", fill, "");
        put_cell(out, t->cell[i]);
        if (!right && !last)
            fprintf(out, "%*s", fill, "");
        fputs(last ? "\n" : "  ", out);
    }
}

void table_csv(FILE *out, const table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const char *text = t->cell[i];
        const bool quoted = strpbrk(text, ",\"\r\n") != NULL;
        if (quoted)
            fputc('"', out);
        for (; *text; text++) {
            if (*text == '"')
                fputc('"', out);
            fputc(*text, out);
        }
        if (quoted)
            fputc('"', out);
        fputc((i + 1) % t->columns == 0 ? '\n' : ',', out);
    }
}

bool table_end(table *t, bool csv)
{
    const bool whole = !t->failed;
    if (whole && csv)
        table_csv(stdout, t);
    else if (whole)
        table_print(stdout, t);
    table_free(t);
    return whole;
}
