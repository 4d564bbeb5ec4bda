/* embed_block.c -- a shard of a step of word vectors: one window after the other, each moving the
 * rows that the next one reads (Mikolov et al. 2013).
 *
 *   negative      g_j = rate (aim_j - sigmoid(x . y_j)), aim 1 for the word, 0 for wrong ones
 *   hierarchical  the same over the decisions above the word, aim 1 where side 0 is taken
 *   full          g_j = rate (aim_j - softmax_j(x . y)) over all words
 *   sampled       the same over the word and the words drawn, whose scores are made smaller by ln
 *                 of how often they are expected (Jean et al. 2015)
 *   then          x += sum_j g_j y_j     y_j += g_j x
 *
 * x is the vector of a word of the window (skipgram) or the mean of those (cbow), y_j a row of
 * out.weight. Where words are made of parts, x is the mean of a word's rows, and of skipgram that
 * of the word in the middle, from which those around it are told (Bojanowski et al. 2017): it is
 * made and taken apart once for a window. Wrong words are taken in turn from a pool that is drawn
 * for the shard, so that their rows stay at hand too.
 */
#include "model/embed_in.h"

#include <math.h>
#include <string.h>

enum { AT_ONCE = 64 }; /* words of a window that share negatives, at most */

/* ---- room -------------------------------------------------------------------------------- */

void rcm_block_free(rcm_block *b)
{
    rcd_view_free(&b->view);
    rcm_rows_free(&b->in);
    rcm_rows_free(&b->out);
    rcb_free(b->at);
    rcb_free(b->read);
    rcb_free(b->target);
    rcb_free(b->pool);
    rcb_free(b->pooled);
    rcb_free(b->row);
    rcb_free(b->score);
    rcb_free(b->aim);
    rcb_free(b->correct);
    rcb_free(b->mean);
    rcb_free(b->d);
    *b = (rcm_block){0};
}

static rc_status renew(void *p, int64_t count, size_t size)
{
    void **at = p;

    rcb_free(*at);
    *at = rcb_alloc((size_t)count, size);
    return *at ? RC_OK : RC_ENOMEM;
}

static rc_status room_for_view(rcm_block *b)
{
    if (b->at && b->view.n <= b->cap_view)
        return RC_OK;
    b->cap_view = 0;
    RC_TRY(renew(&b->at, b->view.n + 1, sizeof *b->at));
    RC_TRY(renew(&b->target, b->view.n, sizeof *b->target));
    b->cap_view = b->view.n;
    return RC_OK;
}

/* Where the rows of every word that is read are to be, and room for them. */
static rc_status room_for_reading(rcm_block *b, const rcm_embed_plan *p)
{
    int64_t n = 0;

    for (int64_t i = 0; i < b->view.n; i++) {
        const bool reads = !p->turned || (i >= b->view.first && i < b->view.last);

        b->at[i] = n;
        if (b->view.word[i] >= 0 && reads)
            n += rcm_embed_rows(p->e, b->view.word[i]);
    }
    b->at[b->view.n] = n;
    if (n <= b->cap_read)
        return RC_OK;
    b->cap_read = 0;
    RC_TRY(renew(&b->read, n, sizeof *b->read));
    b->cap_read = n;
    return RC_OK;
}

static rc_status take_read(rcm_block *b, const rcm_embed_plan *p)
{
    for (int64_t i = 0; i < b->view.n; i++)
        for (int64_t k = b->at[i]; k < b->at[i + 1]; k++)
            RC_TRY(rcm_rows_take(&b->in, rcm_embed_row(p->e, b->view.word[i], k - b->at[i]),
                                 &b->read[k]));
    return RC_OK;
}

static rc_status room_for_pool(rcm_block *b, int64_t n)
{
    b->pools = n;
    b->next = 0;
    if (n <= b->cap_pool)
        return RC_OK;
    b->cap_pool = 0;
    RC_TRY(renew(&b->pool, n, sizeof *b->pool));
    RC_TRY(renew(&b->pooled, n, sizeof *b->pooled));
    b->cap_pool = n;
    return RC_OK;
}

/* So many scores at once. */
static rc_status room_for_scores(rcm_block *b, int64_t most)
{
    if (most <= b->most)
        return RC_OK;
    b->most = 0;
    RC_TRY(renew(&b->row, most, sizeof *b->row));
    RC_TRY(renew(&b->score, most, sizeof *b->score));
    RC_TRY(renew(&b->aim, most, sizeof *b->aim));
    RC_TRY(renew(&b->correct, most, sizeof *b->correct));
    b->most = most;
    return RC_OK;
}

static rc_status room_for_steps(rcm_block *b, int64_t ld)
{
    if (b->d)
        return RC_OK;
    RC_TRY(renew(&b->mean, ld, sizeof *b->mean));
    return renew(&b->d, AT_ONCE * ld, sizeof *b->d);
}

/* ---- what a loss tells words by ---------------------------------------------------------- */

/* Words of the pool, drawn for this shard alone. */
static rc_status fill_pool(rcm_block *b, const rcm_embed_plan *p, const rcm_stride *s, int64_t n)
{
    RC_TRY(room_for_pool(b, n));
    for (int64_t i = 0; i < n; i += 2) {
        const uint64_t at = (uint64_t)s->pos;
        const uint32_t counter[4] = {(uint32_t)at, (uint32_t)(at >> 32), (uint32_t)s->epoch,
                                     (uint32_t)i};
        uint32_t u[4];

        rcb_philox(p->key, counter, u);
        b->pool[i] = rcb_alias_at(&p->noise, u[0], u[1]);
        if (i + 1 < n)
            b->pool[i + 1] = rcb_alias_at(&p->noise, u[2], u[3]);
    }
    for (int64_t i = 0; i < n; i++)
        RC_TRY(rcm_rows_take(&b->out, b->pool[i], &b->pooled[i]));
    return RC_OK;
}

/* The words that are told: those of the piece, or, turned, all that are seen. */
static int64_t first_told(const rcm_block *b, const rcm_embed_plan *p)
{
    return p->turned ? 0 : b->view.first;
}

static int64_t last_told(const rcm_block *b, const rcm_embed_plan *p)
{
    return p->turned ? b->view.n : b->view.last;
}

static rc_status take_targets(rcm_block *b, const rcm_embed_plan *p)
{
    for (int64_t i = first_told(b, p); i < last_told(b, p); i++)
        if (b->view.word[i] >= 0)
            RC_TRY(rcm_rows_take(&b->out, b->view.word[i], &b->target[i]));
    return RC_OK;
}

static rc_status choose_negative(rcm_block *b, const rcm_embed_plan *p, const rcm_stride *s,
                                 int64_t tokens)
{
    const int64_t least = 8 * p->c->negatives;

    RC_TRY(take_targets(b, p));
    RC_TRY(room_for_scores(b, AT_ONCE * (p->c->negatives + 1)));
    return fill_pool(b, p, s, tokens > least ? tokens : least);
}

/* The decisions above every word. */
static rc_status choose_tree(rcm_block *b, const rcm_embed_plan *p, const rcm_stride *s,
                             int64_t tokens)
{
    const rc_tree *t = &p->e->tree.tree;

    (void)s;
    (void)tokens;
    for (int64_t i = first_told(b, p); i < last_told(b, p); i++)
        for (int32_t up = b->view.word[i] >= 0 ? t->up[b->view.word[i]] : -1; up >= 0;
             up = t->up[t->leaves + up / 2]) {
            int32_t at;

            RC_TRY(rcm_rows_take(&b->out, up / 2, &at));
        }
    return room_for_scores(b, t->depth);
}

static rc_status choose_all(rcm_block *b, const rcm_embed_plan *p, const rcm_stride *s,
                            int64_t tokens)
{
    (void)s;
    (void)tokens;
    RC_TRY(room_for_pool(b, p->e->V));
    for (int64_t i = 0; i < p->e->V; i++) {
        b->pool[i] = (int32_t)i;
        RC_TRY(rcm_rows_take(&b->out, (int32_t)i, &b->pooled[i]));
    }
    RC_TRY(take_targets(b, p));
    return room_for_scores(b, p->e->V);
}

static rc_status choose_samples(rcm_block *b, const rcm_embed_plan *p, const rcm_stride *s,
                                int64_t tokens)
{
    (void)tokens;
    RC_TRY(take_targets(b, p));
    RC_TRY(fill_pool(b, p, s, p->c->samples));
    return room_for_scores(b, p->c->samples + 1);
}

/* The rows for a word, their aims and how many there are. */

static int64_t rows_negative(rcm_block *b, const rcm_embed_plan *p, int64_t i)
{
    const int64_t ld = p->e->ld, want = p->c->negatives + 1;
    int64_t n = 1;

    b->row[0] = b->out.now + b->target[i] * ld;
    b->aim[0] = 1;
    b->out.times[b->target[i]]++;
    for (int64_t tries = 0; n < want && tries < b->pools; tries++) {
        const int32_t at = b->pooled[b->next];

        b->next = b->next + 1 < b->pools ? b->next + 1 : 0;
        if (at == b->target[i])
            continue;
        b->row[n] = b->out.now + at * ld;
        b->aim[n++] = 0;
        b->out.times[at]++;
    }
    return n;
}

static int64_t rows_tree(rcm_block *b, const rcm_embed_plan *p, int64_t i)
{
    const rc_tree *t = &p->e->tree.tree;
    int64_t n = 0;

    for (int32_t up = t->up[b->view.word[i]]; up >= 0; up = t->up[t->leaves + up / 2]) {
        int32_t at = 0;

        (void)rcm_rows_take(&b->out, up / 2, &at); /* it is there */
        b->row[n] = b->out.now + at * p->e->ld;
        b->aim[n++] = up % 2 == 0;
        b->out.times[at]++;
    }
    return n;
}

static int64_t rows_all(rcm_block *b, const rcm_embed_plan *p, int64_t i)
{
    for (int64_t k = 0; k < b->pools; k++) {
        b->row[k] = b->out.now + b->pooled[k] * p->e->ld;
        b->aim[k] = b->pooled[k] == b->target[i];
        b->correct[k] = 0;
        b->out.times[k]++;
    }
    return b->pools;
}

/* The word is there for certain; of the others each as often as it was drawn. */
static int64_t rows_samples(rcm_block *b, const rcm_embed_plan *p, int64_t i)
{
    const double draws = log((double)b->pools);
    int64_t n = 1;

    b->row[0] = b->out.now + b->target[i] * p->e->ld;
    b->aim[0] = 1;
    b->correct[0] = 0;
    b->out.times[b->target[i]]++;
    for (int64_t k = 0; k < b->pools; k++) {
        if (b->pooled[k] == b->target[i])
            continue;
        b->row[n] = b->out.now + b->pooled[k] * p->e->ld;
        b->aim[n] = 0;
        b->correct[n++] = (rc_real) - (draws + p->log_chance[b->pool[k]]);
        b->out.times[b->pooled[k]]++;
    }
    return n;
}

/* ---- errors ------------------------------------------------------------------------------ */

/* Scores become what rows are moved by; the loss is counted. `rows` times `n` of them. */

static void errors_yes_or_no(rcm_block *b, int64_t rows, int64_t n, rc_real rate)
{
    const int64_t all = rows * n;

    if (b->counts)
        for (int64_t k = 0; k < all; k++) {
            const double s = (double)b->score[k];

            b->nats += fmax(s, 0) + log1p(exp(-fabs(s))) - (double)b->aim[k] * s;
        }
    rck->contrast_errors(all, rate, b->aim, b->score, b->score);
}

static void errors_softmax(rcm_block *b, int64_t rows, int64_t n, rc_real rate)
{
    assert(rows == 1);
    (void)rows;
    rck->add(n, b->score, b->correct, b->score);
    rck->softmax(n, b->score, b->score);
    for (int64_t k = 0; b->counts && k < n; k++)
        if (b->aim[k] > 0)
            b->nats -= log(fmax((double)b->score[k], 1e-30));
    rck->sub(n, b->aim, b->score, b->score);
    rck->scale(n, rate, b->score, b->score);
}

static const struct loss {
    rc_status (*choose)(rcm_block *b, const rcm_embed_plan *p, const rcm_stride *s, int64_t tokens);
    int64_t (*rows)(rcm_block *b, const rcm_embed_plan *p, int64_t i);
    void (*errors)(rcm_block *b, int64_t rows, int64_t n, rc_real rate);
} losses[] = {
    [RCM_LOSS_NEGATIVE] = {choose_negative, rows_negative, errors_yes_or_no},
    [RCM_LOSS_HIERARCHICAL] = {choose_tree, rows_tree, errors_yes_or_no},
    [RCM_LOSS_FULL] = {choose_all, rows_all, errors_softmax},
    [RCM_LOSS_SAMPLED] = {choose_samples, rows_samples, errors_softmax},
};

/* ---- windows ----------------------------------------------------------------------------- */

/* The row of a word that has no parts. */
static rc_real *row_of(const rcm_block *b, const rcm_embed_plan *p, int64_t k)
{
    return b->in.now + b->read[b->at[k]] * p->e->ld;
}

/* x += share times the vector of word k, the mean of its rows. */
static void add_vector(const rcm_block *b, const rcm_embed_plan *p, int64_t k, double share,
                       rc_real *x)
{
    const int64_t ld = p->e->ld, rows = b->at[k + 1] - b->at[k];

    for (int64_t r = b->at[k]; r < b->at[k + 1]; r++)
        rck->axpy(ld, (rc_real)(share / (double)rows), b->in.now + b->read[r] * ld, x);
}

/* The vector of word k += share times d: each of its rows, then their mean does. */
static void move_vector(rcm_block *b, const rcm_embed_plan *p, int64_t k, rc_real share,
                        const rc_real *d, int32_t times)
{
    for (int64_t r = b->at[k]; r < b->at[k + 1]; r++) {
        rck->axpy(p->e->ld, share, d, b->in.now + b->read[r] * p->e->ld);
        b->in.times[b->read[r]] += times;
    }
}

/* One row against n: `to` moves as x should. */
static void one(rcm_block *b, const rcm_embed_plan *p, const rc_real *x, rc_real *to, int64_t n,
                rc_real rate)
{
    rc_real *in = (rc_real *)(uintptr_t)x; /* read only, unless it is `to` */
    const rck_contrast c = {p->e->ld, 1, n, &in, b->row, &to};

    rck->contrast_dots(&c, b->score);
    losses[p->e->loss].errors(b, 1, n, rate);
    rck->contrast_steps(&c, b->score);
}

static void skipgram(rcm_block *b, const rcm_embed_plan *p, int64_t i, rc_real rate)
{
    for (int64_t k = b->view.from[i]; k < b->view.to[i]; k++) {
        if (k == i)
            continue;
        rc_real *x = row_of(b, p, k);

        one(b, p, x, x, losses[p->e->loss].rows(b, p, i), rate);
        b->in.times[b->read[b->at[k]]]++;
        b->aims += b->counts;
    }
}

/* The word is read, and each of those around it told by it in turn; its rows are moved in the end
 * by what its vector was. */
static void skipgram_turned(rcm_block *b, const rcm_embed_plan *p, int64_t i, rc_real rate)
{
    const int64_t ld = p->e->ld;
    int32_t times = 0;

    rck->fill(ld, 0, b->mean);
    add_vector(b, p, i, 1, b->mean);
    memcpy(b->d, b->mean, (size_t)ld * sizeof *b->d);
    for (int64_t k = b->view.from[i]; k < b->view.to[i]; k++) {
        if (k == i)
            continue;
        one(b, p, b->mean, b->mean, losses[p->e->loss].rows(b, p, k), rate);
        b->aims += b->counts;
        times++;
    }
    rck->sub(ld, b->mean, b->d, b->d);
    if (times > 0)
        move_vector(b, p, i, 1, b->d, times);
}

/* Rows of a list that come once only: those before `n` that are not in front of themselves. */
static int64_t drop_repeated(rc_real **row, int64_t n)
{
    int64_t kept = 0;

    for (int64_t k = 0; k < n; k++) {
        int64_t j = 0;

        while (j < kept && row[j] != row[k])
            j++;
        if (j == kept)
            row[kept++] = row[k];
    }
    return kept;
}

/* All words of the window against the same rows, each by what the others were before; at most as
 * many words at once as a call takes. */
static void skipgram_shared(rcm_block *b, const rcm_embed_plan *p, int64_t i, rc_real rate)
{
    const int64_t ld = p->e->ld, to = b->view.to[i];
    rc_real *in[AT_ONCE], *d[AT_ONCE];
    int64_t k = b->view.from[i];

    if (to - k <= 1)
        return;
    const int64_t n = drop_repeated(b->row, rows_negative(b, p, i));

    while (k < to) {
        int64_t m = 0;

        for (; k < to && m < AT_ONCE; k++)
            if (k != i) {
                d[m] = b->d + m * ld;
                in[m++] = row_of(b, p, k);
                b->in.times[b->read[b->at[k]]]++;
            }
        for (int64_t r = 0; r < m; r++)
            for (int64_t j = 0; j < n; j++)
                b->aim[r * n + j] = j == 0;
        const rck_contrast c = {ld, m, n, in, b->row, d};

        rck->fill(m * ld, 0, b->d);
        rck->contrast_dots(&c, b->score);
        errors_yes_or_no(b, m, n, rate);
        rck->contrast_steps(&c, b->score);
        for (int64_t r = 0; r < m; r++)
            rck->add(ld, in[r], d[r], in[r]);
        b->aims += b->counts ? m : 0;
    }
}

/* The mean of a window; each of its words gets its share of what moves it, or all. */
static void cbow(rcm_block *b, const rcm_embed_plan *p, int64_t i, rc_real rate)
{
    const int64_t ld = p->e->ld, words = b->view.to[i] - b->view.from[i] - 1;

    if (words == 0)
        return;
    const double share = 1.0 / (double)words;

    rck->fill(ld, 0, b->mean);
    rck->fill(ld, 0, b->d);
    for (int64_t k = b->view.from[i]; k < b->view.to[i]; k++)
        if (k != i)
            add_vector(b, p, k, share, b->mean);
    one(b, p, b->mean, b->d, losses[p->e->loss].rows(b, p, i), rate);
    for (int64_t k = b->view.from[i]; k < b->view.to[i]; k++)
        if (k != i)
            move_vector(b, p, k, p->whole ? 1 : (rc_real)share, b->d, 1);
    b->aims += b->counts;
}

rc_status rcm_block_learn(rcm_block *b, const rcm_embed_plan *p, const rcm_stride *s, int64_t to)
{
    const rc_real rate = (rc_real)s->rate;

    b->nats = 0;
    b->aims = 0;
    rcm_rows_clear(&b->in);
    rcm_rows_clear(&b->out);
    RC_TRY(rcd_windows_view(&p->windows, s->epoch, s->pos, to, &b->view));
    RC_TRY(room_for_view(b));
    RC_TRY(room_for_steps(b, p->e->ld));
    RC_TRY(room_for_reading(b, p));
    RC_TRY(take_read(b, p));
    RC_TRY(losses[p->e->loss].choose(b, p, s, to - s->pos));
    RC_TRY(rcm_rows_fetch(&b->in, p->in));
    RC_TRY(rcm_rows_fetch(&b->out, p->out));
    for (int64_t i = b->view.first; i < b->view.last; i++)
        if (b->view.word[i] >= 0)
            p->learn(b, p, i, rate);
    return RC_OK;
}

rcm_window_fn rcm_block_window(const rcm_embed_net *e, const rc_config *c)
{
    return e->model == RCM_CBOW ? cbow
           : e->parts.rows > 0  ? skipgram_turned
           : c->share_negatives ? skipgram_shared
                                : skipgram;
}
