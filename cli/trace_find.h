/* trace_find.h -- which units of a layer are about something that can be named: inside quotes, the
 * place in the line, a digit. */
#ifndef RECUR_CLI_TRACE_FIND_H
#define RECUR_CLI_TRACE_FIND_H

#include "recur.h"

/* Entry i of the list "properties"; false past its end. */
bool trace_property(size_t i, rc_entry *out);

/* A unit, and the property of the text that its numbers follow best. */
typedef struct trace_match {
    int64_t unit;
    const char *property; /* NULL: none varies */
    double r;             /* Pearson's correlation */
} trace_match;

/* For every unit the property with the largest |r|, or that named one; by falling |r| where `sort`.
 * (units) matches, to be freed with free(); NULL: out of memory. */
trace_match *trace_matches(const rc_model *m, const rc_trace *t, const char *property, bool sort);

#endif
