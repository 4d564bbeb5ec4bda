/* labelled_tree.c -- trees in brackets, one a line, with a label at every node:
 *
 *   (3 (2 It) (4 (3 (2 a) (4 film)) (2 .)))
 *
 * The leaves are the tokens; the label of the root is that of the sentence, and every node can be a
 * sequence of its own (Socher et al. 2013).
 */
#include "data/data_in.h"

#include <string.h>

enum { DEEPEST = 1000 }; /* every token is in so many nodes at most */

typedef struct node {
    rcd_word label;
    size_t from, to; /* leaves */
} node;

typedef struct tree {
    rcd_reader *r;
    rcd_tokens leaf;
    node *node; /* (nodes) in the order of their opening brackets */
    size_t nodes, cap;
    size_t open[DEEPEST]; /* (depth) nodes that are not closed */
    size_t depth;
} tree;

static const char *skip(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

/* What stands there up to a blank or bracket. */
static rcd_word word_at(const char *p, const char *end)
{
    size_t n = 0;

    while (p + n < end && p[n] != '(' && p[n] != ')' && p[n] != ' ' && p[n] != '\t')
        n++;
    return (rcd_word){p, n};
}

static rc_status open_node(tree *t, rcd_word label)
{
    void *room = t->node;

    if (label.n == 0)
        return rcd_reader_bad(t->r, "a bracket opens and no label follows");
    if (t->depth == DEEPEST)
        return rcd_reader_bad(t->r, "the tree is deeper than %d brackets", DEEPEST);
    RC_TRY(rcd_reserve(&room, &t->cap, t->nodes + 1, sizeof *t->node));
    t->node = room;
    t->node[t->nodes] = (node){.label = label, .from = t->leaf.n};
    t->open[t->depth++] = t->nodes++;
    return RC_OK;
}

static rc_status close_node(tree *t)
{
    node *v = &t->node[t->open[--t->depth]];

    v->to = t->leaf.n;
    return v->to > v->from ? RC_OK : rcd_reader_bad(t->r, "a node has no words");
}

static rc_status parse(tree *t, rcd_word line)
{
    const char *p = skip(line.p, line.p + line.n), *end = line.p + line.n;

    t->leaf.n = t->nodes = t->depth = 0;
    for (; p < end; p = skip(p, end)) {
        if (t->depth == 0 && (t->nodes > 0 || *p != '('))
            return rcd_reader_bad(t->r, t->nodes > 0 ? "something stands behind the tree"
                                                     : "no bracket opens the tree");
        if (*p == '(') {
            const char *at = skip(p + 1, end);
            const rcd_word label = word_at(at, end);

            RC_TRY(open_node(t, label));
            p = label.p + label.n;
        } else if (*p == ')') {
            RC_TRY(close_node(t));
            p++;
        } else {
            const rcd_word word = word_at(p, end);

            RC_TRY(rcd_tokens_add(&t->leaf, word.p, word.n));
            p += word.n;
        }
    }
    return t->depth == 0 ? RC_OK : rcd_reader_bad(t->r, "%zu brackets are not closed", t->depth);
}

/* "negative" or "positive"; *label empty: neither. */
static rc_status halve(const tree *t, rcd_word *label)
{
    static const char *const words[] = {"negative", "negative", "", "positive", "positive"};

    if (label->n != 1 || *label->p < '0' || *label->p > '4')
        return rcd_reader_bad(t->r, "the label '%.*s' is none of 0 to 4",
                              (int)(label->n < 40 ? label->n : 40), label->p);
    const char *word = words[*label->p - '0'];
    *label = (rcd_word){word, strlen(word)};
    return RC_OK;
}

static rc_status add(tree *t, const node *v)
{
    rcd_reader *r = t->r;
    rcd_word label = v->label;

    if (r->how->binary && !r->how->blind) {
        RC_TRY(halve(t, &label));
        if (label.n == 0) {
            rcd_reader_note(r, RCD_NOTE_NEUTRAL, r->line);
            return RC_OK;
        }
    }
    for (size_t i = v->from; i < v->to; i++)
        RC_TRY(rcd_tokens_add(&r->token, t->leaf.token[i].p, t->leaf.token[i].n));
    RC_TRY(rcd_tokens_add(&r->label, label.p, label.n));
    return rcd_reader_end(r, r->line);
}

static rc_status read_trees(tree *t)
{
    rcd_word line;

    while (rcd_reader_line(t->r, &line)) {
        if (rcd_trim(line).n == 0)
            continue;
        RC_TRY(parse(t, line));
        for (size_t i = 0; i < (t->r->how->phrases ? t->nodes : 1); i++)
            RC_TRY(add(t, &t->node[i]));
    }
    return RC_OK;
}

rc_status rcd_read_trees(rcd_reader *r)
{
    tree t = {.r = r};
    const rc_status s = read_trees(&t);

    rcb_free(t.leaf.token);
    rcb_free(t.node);
    return s;
}
