/* net_in.h -- what the files of this room share and no other room sees: how options speak of
 * parameters, "GLOB=VALUE,GLOB=VALUE" (param.c). */
#ifndef RCN_NET_IN_H
#define RCN_NET_IN_H

#include "net/net.h"

/* One item of such a text: views into it, without the spaces around. */
typedef struct rcn_item {
    const char *glob; /* NULL: there is no GLOB=, the value is for every name */
    size_t glob_n;
    const char *value;
    size_t value_n;
} rcn_item;

/* The next item of *text, which moves on and becomes NULL after the last; false when it is NULL. */
bool rcn_item_next(const char **text, rcn_item *out);
bool rcn_item_names(const rcn_item *item, const char *name);
/* A finite number that fills the text; false (and *out untouched) if it is none. */
bool rcn_number(const char *text, size_t n, double *out);

#endif
