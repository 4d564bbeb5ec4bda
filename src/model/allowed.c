/* allowed.c -- labels one after the other that are tags of spans: those that their scheme allows.
 */
#include "model/labelled_in.h"

#include <string.h>

/* Is there a tag that may stand alone, and again and again: a path through a sequence of any
 * length? */
static bool leave_a_path(const rcd_moves *m)
{
    for (int32_t i = 0; i < m->n; i++)
        if (m->first[i] && m->last[i] && m->from_to[(int64_t)i * m->n + i])
            return true;
    return false;
}

rc_status rcm_allowed_new(rcm_allowed *out, const rcd_vocab *labels, int64_t K, const char *scheme)
{
    rcd_tags tags = {0};
    rcd_scheme known;

    *out = (rcm_allowed){0};
    if (rcd_scheme_of(&known, scheme) != RC_OK)
        return RC_FAIL(RC_EFORMAT, "a model that tags needs a scheme");
    if (known == RCD_SCHEME_NONE)
        return RC_OK;
    rc_status s = RC_OK;
    for (int32_t i = 0; s == RC_OK && i < K; i++) {
        size_t n;
        int32_t id;
        const char *p = rcd_vocab_symbol(labels, i, &n);

        s = rcd_tags_add(&tags, p, n, &id);
    }
    if (s == RC_OK)
        s = rcd_moves_new(&out->moves, &tags, known);
    if (out->moves.n > 0 && !leave_a_path(&out->moves))
        rcd_moves_free(&out->moves);
    if (out->moves.n > 0)
        out->rules = (rc_crf_rules){out->moves.first, out->moves.from_to, out->moves.last};
    rcd_tags_free(&tags);
    return s;
}

void rcm_allowed_free(rcm_allowed *p)
{
    rcd_moves_free(&p->moves);
    *p = (rcm_allowed){0};
}

rc_status rcm_allowed_best(const rcm_allowed *p, rc_graph *g, const rcd_batch *b, int64_t K,
                           rc_var *score, int32_t *label)
{
    const rc_rows rows = {.steps = b->steps, .seqs = b->seqs, .at = b->at};

    if (p->moves.n == 0)
        return RC_OK;
    rc_real *zeros = rcg_keep(g, (size_t)(K * K), sizeof *zeros);
    if (!zeros)
        return rc_graph_status(g);
    memset(zeros, 0, (size_t)(K * K) * sizeof *zeros);
    const rc_crf free_moves = {.trans = rc_leaf(g, rc_shape_2(K, K), zeros, NULL),
                               .first = RC_NONE,
                               .last = RC_NONE,
                               .rules = &p->rules};

    return rc_crf_decode(g, &rows, score, &free_moves, label, NULL);
}
