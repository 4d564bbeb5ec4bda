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
/* Add the packed weight "NAME.WHAT" (rows,K) of one gate, and say where it is; K 0: a bias
 * (rows). */
rc_status rcn_output_weight(rcn_params *ps, const char *name, const char *what, int64_t rows,
                            int64_t K, size_t *place);
/* Add NAME.BEFOREweight (rows,H), packed, and NAME.BEFOREbias (rows); then what the rows of x are
 * worth in a softmax over them. */
rc_status rcn_output_linear(rcn_params *ps, const rcn_output_plan *plan, const char *before,
                            int64_t rows, size_t *weight, size_t *bias);
rc_var *rcn_linear_logp(const rcn_params *ps, rc_graph *g, rc_var *x, size_t weight, size_t bias);
/* Add weight (rows,H), a table that begins like a packed weight, and bias (rows): the layer's own.
 * Then the loss of a full softmax over them. */
rc_status rcn_output_table(rcn_output *o, rcn_params *ps, const rcn_output_plan *plan,
                           int64_t rows);
rc_var *rcn_table_loss(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x,
                       const int32_t *target);
/* The log-probabilities of a full softmax over the layer's own weight and bias, packed or not. */
rc_var *rcn_full_logp(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x);
/* How much a symbol weighs by its count: what was never seen counts once. */
static inline double rcn_weight_of(int64_t count)
{
    return count > 1 ? (double)count : 1;
}
/* Symbols by falling count, equal ones by id: the place of each, (V), freed with rcb_free(). NULL:
 * no memory. *sorted: ids are in that order already. */
int32_t *rcn_ranks(const int64_t *count, int64_t V, bool *sorted);
/* map[target] for every row of x, for as long as the graph lives; NULL: the graph has failed (a
 * target outside 0..V-1 among others). */
void rcn_map_work(rcg_work *w); /* what it keeps */
int32_t *rcn_map_targets(rc_graph *g, const rc_var *x, const int32_t *map, int64_t V,
                         const int32_t *target);

/* ---- noise (noise.c) --------------------------------------------------------------------- */

/* How often each symbol is expected to be drawn for a batch. */
typedef struct rcn_noise {
    int64_t V;
    int64_t most;      /* different symbols of a draw */
    bool once;         /* no symbol more than once */
    double *each;      /* (V) */
    rc_real *expected; /* (V) ln of it, plus log_z */
} rcn_noise;

/* In proportion to count^noise_power (a count of 0 taken as 1), `samples` in all; `once`: with more
 * samples than symbols each is drawn. After a failure it may be freed. RC_ENOMEM. */
rc_status rcn_noise_new(rcn_noise *out, const rcn_output_plan *plan, bool once, double log_z);
void rcn_noise_free(rcn_noise *n);
/* Draw by a number u in [0,1): ids (most) rise, times (most) say how often. How many. */
int64_t rcn_noise_draw(const rcn_noise *n, double u, int32_t *ids, rc_real *times);
/* What a loss over such a draw takes, K columns wide. */
void rcn_noise_work(const rcn_noise *n, rcg_work *w, int64_t K);
/* The draw of this step. False: the graph has failed. */
bool rcn_noise_sample(const rcn_noise *n, rc_graph *g, rc_noise *out);

#endif
