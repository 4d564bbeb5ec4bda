/* huffman.c -- a Huffman tree over counts: the more often a symbol comes, the shorter is the way to
 * it from the root, as short as can be in the mean (Huffman 1952).
 */
#include "net/net_in.h"

/* The two ends of growing a tree: leaves in the order of rising count, and decisions in the order
 * they are made, which is that of rising sums. */
typedef struct grove {
    int64_t V;
    const int32_t *leaf;         /* (V) by rising count */
    const double *weight;        /* (V) alike */
    double *sum;                 /* (V - 1) of decisions made */
    int64_t leaves, first, made; /* taken leaves, taken decisions, all decisions so far */
} grove;

/* Take the lightest that is left, leaves before decisions of the same weight: its entry in `up`,
 * and its weight. The decision that is made j-th has number V - 2 - j, so that the root is 0. */
static int64_t take(grove *g, double *weight)
{
    if (g->leaves < g->V && (g->first == g->made || g->weight[g->leaves] <= g->sum[g->first])) {
        *weight = g->weight[g->leaves];
        return g->leaf[g->leaves++];
    }
    *weight = g->sum[g->first];
    return g->V + (g->V - 2 - g->first++);
}

static void grow(rcn_huffman *h, grove *g)
{
    const int64_t V = g->V;
    double sums = 0;

    for (g->made = 0; g->made < V - 1;) {
        double light, heavy;
        const int64_t number = V - 2 - g->made;
        const int64_t a = take(g, &light);
        const int64_t b = take(g, &heavy);

        h->up[a] = (int32_t)(2 * number);
        h->up[b] = (int32_t)(2 * number + 1);
        g->sum[g->made++] = light + heavy;
        sums += light + heavy; /* so much of the text passes here */
    }
    h->up[V] = -1;
    h->way = sums / g->sum[V - 2];
}

/* The longest way: decisions above each decision, from the root on. */
static int64_t depth_of(const rcn_huffman *h, int64_t V, int32_t *depth)
{
    int64_t most = 0;

    depth[0] = 0;
    for (int64_t k = 1; k < V - 1; k++)
        depth[k] = depth[h->up[V + k] / 2] + 1;
    for (int64_t w = 0; w < V; w++) {
        const int64_t d = depth[h->up[w] / 2] + 1;
        most = d > most ? d : most;
    }
    return most;
}

rc_status rcn_huffman_new(rcn_huffman *h, const int64_t *count, int64_t V)
{
    bool sorted;

    *h = (rcn_huffman){0};
    if (V < 2)
        return RC_FAIL(RC_EINVAL, "a tree needs at least 2 symbols, there is %" PRId64, V);
    int32_t *rank = rcn_ranks(count, V, &sorted);
    int32_t *leaf = rcb_alloc((size_t)V, sizeof *leaf);
    double *weight = rcb_alloc((size_t)V, sizeof *weight);
    double *sum = rcb_alloc((size_t)V, sizeof *sum);
    const bool whole = rank && leaf && weight && sum;

    h->up = rcb_alloc(2 * (size_t)V - 1, sizeof *h->up);
    for (int64_t w = 0; whole && w < V; w++) {
        const int64_t at = V - 1 - rank[w];

        leaf[at] = (int32_t)w;
        weight[at] = rcn_weight_of(count[w]);
    }
    if (whole && h->up) {
        grow(h, &(grove){.V = V, .leaf = leaf, .weight = weight, .sum = sum});
        h->tree = (rc_tree){V, depth_of(h, V, leaf), h->up};
    }
    rcb_free(sum);
    rcb_free(weight);
    rcb_free(leaf);
    rcb_free(rank);
    return whole && h->up ? RC_OK : RC_ENOMEM;
}

void rcn_huffman_free(rcn_huffman *h)
{
    rcb_free(h->up);
    *h = (rcn_huffman){0};
}
