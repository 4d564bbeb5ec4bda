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

/* A parameter of an output layer as a leaf. */
static inline rc_var *rcn_at(const rcn_params *ps, rc_graph *g, size_t place)
{
    return rcn_var(g, &ps->p[place]);
}
/* Add "NAME.WHAT" of one gate, and say where it is: a packed weight (K 0: a bias), or a table of
 * vectors that begins like such a weight. */
rc_status rcn_output_weight(rcn_params *ps, const char *name, const char *what, int64_t rows,
                            int64_t K, size_t *place);
rc_status rcn_output_table(rcn_params *ps, const char *name, const char *what, int64_t rows,
                           int64_t K, size_t *place);

#endif
