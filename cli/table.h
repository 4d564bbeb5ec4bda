/* table.h -- rows of text cells, as columns for people or as CSV. */
#ifndef RECUR_CLI_TABLE_H
#define RECUR_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Cells come row by row; the first row is the head. Zero-initialise but for `columns`. */
typedef struct table {
    size_t columns;
    char **cell;
    size_t count, cap;
    bool failed; /* out of memory; what comes after is dropped */
} table;

void table_add(table *t, const char *text);
/* Columns of numbers stand at the right, others at the left. */
void table_print(FILE *out, const table *t);
/* RFC 4180, with line feeds alone. */
void table_csv(FILE *out, const table *t);
void table_free(table *t);
/* Print it, as CSV or for people, to standard output, and free it. False: memory ran out. */
bool table_end(table *t, bool csv);

#endif
