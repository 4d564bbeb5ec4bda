/* class_weights.c -- what each label counts in the loss of training: --class-weights.
 *
 * Balanced as scikit-learn has it: n / (K n_k), of n labels in the part that is trained on, K
 * different ones, n_k of them this one. A batch then counts as many as it has, in the mean.
 */
#include "model/labelled_in.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double MOST = 1e6;

static rc_status balance(rc_real *weight, const rc_model *m)
{
    const rcd_vocab *v = m->vocab.of[RCM_LABELS];
    const int64_t K = rcm_labels(m);
    double n = 0;

    for (int32_t i = 0; i < K; i++)
        n += (double)rcd_vocab_count(v, i);
    for (int32_t i = 0; i < K; i++) {
        const double count = (double)rcd_vocab_count(v, i);

        if (!(count > 0))
            return RC_FAIL(RC_EFORMAT, "cannot balance labels: '%s' has no count",
                           rcd_vocab_symbol(v, i, NULL));
        weight[i] = (rc_real)(n / ((double)K * count));
    }
    return RC_OK;
}

static const char *label_at(const void *ctx, size_t i)
{
    const rc_model *m = ctx;

    return i < (size_t)rcm_labels(m) ? rcd_vocab_symbol(m->vocab.of[RCM_LABELS], (int32_t)i, NULL)
                                     : NULL;
}

static rc_status no_label(const rc_model *m, const char *text, size_t n)
{
    char *name = rcb_strndup(text, n), hint[RCM_HINT] = "";

    if (!name)
        return RC_ENOMEM;
    const char *near = rc_nearest(name, label_at, m);
    if (near)
        (void)snprintf(hint, sizeof hint, "did you mean '%s'?", near);
    const rc_status s =
        RC_FAIL_HINT(RC_EINVAL, hint,
                     "cannot set 'class-weights': '%s' is none of the %" PRId64 " labels of the "
                     "part that is trained on",
                     name, rcm_labels(m));
    rcb_free(name);
    return s;
}

/* "LABEL=X" of n bytes; a label may have = in it. */
static rc_status read_one(rc_real *weight, bool *said, const rc_model *m, const char *text,
                          size_t n)
{
    const char *end;
    size_t equals = n;

    while (equals > 0 && text[equals - 1] != '=')
        equals--;
    const double x = rcb_real_read(text + equals, &end);
    if (equals < 2 || equals == n || end != text + n || !(x >= 0) || x > MOST)
        return RC_FAIL_HINT(RC_EINVAL, "for example: balanced, or good=1,bad=2.5",
                            "cannot set 'class-weights': '%.*s' is no LABEL=X, X from 0 to %g",
                            (int)(n < 200 ? n : 200), text, MOST);
    const int32_t id = rcd_vocab_find(m->vocab.of[RCM_LABELS], text, equals - 1);
    if (id < 0 || id >= rcm_labels(m))
        return no_label(m, text, equals - 1);
    if (said[id])
        return RC_FAIL(RC_EINVAL, "cannot set 'class-weights': '%s' comes twice",
                       rcd_vocab_symbol(m->vocab.of[RCM_LABELS], id, NULL));
    said[id] = true;
    weight[id] = (rc_real)x;
    return RC_OK;
}

static rc_status read_list(rc_real *weight, const rc_model *m, const char *text)
{
    bool *said = rcb_calloc((size_t)rcm_labels(m), sizeof *said);
    rc_status s = said ? RC_OK : RC_ENOMEM;

    for (int64_t i = 0; i < rcm_labels(m); i++)
        weight[i] = 1;
    for (bool more = true; s == RC_OK && more;) {
        const size_t n = strcspn(text, ",");

        s = read_one(weight, said, m, text, n);
        more = text[n] != '\0';
        text += n + more;
    }
    rcb_free(said);
    return s;
}

rc_status rcm_class_weights(rc_real **out, const rc_model *m)
{
    const char *text = m->config->class_weights;

    *out = NULL;
    if (strcmp(text, "none") == 0)
        return RC_OK;
    rc_real *weight = rcb_alloc((size_t)rcm_labels(m), sizeof *weight);
    if (!weight)
        return RC_ENOMEM;
    const rc_status s =
        strcmp(text, "balanced") == 0 ? balance(weight, m) : read_list(weight, m, text);
    if (s == RC_OK)
        *out = weight;
    else
        rcb_free(weight);
    return s;
}

rc_var *rcm_weighted_loss(rc_graph *g, rc_var *score, const int32_t *target, int64_t n,
                          const rc_real *weight)
{
    rc_real *row = weight ? rcg_keep(g, (size_t)n, sizeof *row) : NULL;

    if (weight && !row)
        return NULL;
    for (int64_t i = 0; weight && i < n; i++)
        row[i] = weight[target[i]];
    return rc_weighted_cross_entropy(g, score, target, row);
}
