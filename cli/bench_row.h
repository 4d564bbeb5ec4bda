/* bench_row.h -- telling one row of a measurement. */
#ifndef RECUR_CLI_BENCH_ROW_H
#define RECUR_CLI_BENCH_ROW_H

#include "cmd.h"

double bench_fraction(const rc_bench_row *r); /* of the peak */
/* To stdout: a page of its own, or a line of a table (with `head`, the head above it). */
void bench_page(const rc_bench_row *r);
void bench_line(const rc_bench_row *r, bool head);
/* Everything, as members of an object. */
void bench_put(json_t **o, const rc_bench_row *r);

#endif
