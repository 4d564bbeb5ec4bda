/* trie_in.h -- counted runs of symbols (trie.c): what the task ngram is made of.
 *
 * The runs of order k are the nodes of level k of a trie in arrays: symbol[i] follows the run of
 * its parent, children of node i are nodes first[i] .. first[i + 1] - 1 of the next level by
 * rising symbol. Level 0 is the empty run alone, level 1 has all V symbols.
 */
#ifndef RCM_TRIE_IN_H
#define RCM_TRIE_IN_H

#include "model/model_in.h"

enum { RCM_ORDERS = 9, RCM_ARRAYS = 3, RCM_DISCOUNTS = 3 };

/* The arrays of a level. */
enum { RCM_SYMBOL, RCM_COUNT, RCM_FIRST };

/* One order of runs. */
struct rcm_level {
    int64_t n;
    int32_t *array[RCM_ARRAYS]; /* (n) (n) (n + 1); the last order has no children */
    double *total;              /* (n) counts of the children, and */
    double *rest;               /* (n) g: the share left to shorter contexts */
};

typedef struct rcm_trie {
    int order;
    int32_t V;
    struct rcm_level level[RCM_ORDERS + 1];
    double discount[RCM_ORDERS][RCM_DISCOUNTS]; /* for counts 1, 2, 3 and more */
} rcm_trie;

/* Of `order` and V, which are set: no run counted, every discount a guess. RC_ENOMEM, after which
 * it may be freed, as after every failure here. */
rc_status rcm_trie_empty(rcm_trie *g);
/* Count the runs of a text; its first symbol is preceded by the boundary. RC_EDATA: it is too long.
 * RC_ENOMEM. */
rc_status rcm_trie_count(rcm_trie *g, const rcd_tape *tape, int32_t boundary);
void rcm_trie_free(rcm_trie *g);

/* For who fills the arrays: zeroed ones for n nodes of level k (RC_ENOMEM); then, with all levels
 * and discounts in place, what follows from them. */
rc_status rcm_trie_level(rcm_trie *g, int k, int64_t n);
void rcm_trie_derive(rcm_trie *g);

/* The child of a node of level k with this symbol, and the node of a run of n symbols; -1: it was
 * never seen. */
int64_t rcm_trie_child(const rcm_trie *g, int k, int64_t node, int32_t symbol);
int64_t rcm_trie_node(const rcm_trie *g, const int32_t *run, int n);
/* What is taken off a count of order k. */
static inline double rcm_trie_discount(const rcm_trie *g, int k, int32_t count)
{
    if (count == 0)
        return 0;
    return g->discount[k - 1][(count < RCM_DISCOUNTS ? count : RCM_DISCOUNTS) - 1];
}

#endif
