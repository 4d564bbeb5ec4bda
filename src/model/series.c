/* series.c -- the task series: sequences of vectors, of which a class, numbers or the next step are
 * to be said, at every step or at the end.
 *
 *   vector -> recurrent layers, in one or both directions -> dropout -> linear -> loss
 *
 * Parameters rnn.* (see net.h), out.weight (O,H), out.bias (O). Sequences are whole and begin with
 * a state of zeros: there is no truncation and nothing is carried. The numbers of a step and of an
 * answer are part of the configuration, which the data completes.
 */
#include "model/model_in.h"

#include <stdio.h>
#include <string.h>

struct series {
    rcn_stack stack;
    rcm_aim aim;
    int64_t D, O;
    size_t weight, bias; /* of the output layer: places in the parameters */
};

/* Sequences of a training: some of a file's, or all. */
struct part {
    rcd_series *s;
    int64_t from, to; /* of the order that `split` gives; of all */
};

/* The corpus. A task has its own: rcm_corpus is the one of those that read text. */
struct pieces {
    rcd_series own[RCM_PARTS];
    struct part part[RCM_PARTS];
    bool cut; /* validation or test are cut from the training series */
    bool next;
    rcb_key split, order;
    int64_t batch;
};

static const struct pieces *pieces_of(const rcm_corpus *c)
{
    return (const struct pieces *)(const void *)c;
}

/* ---- data -------------------------------------------------------------------------------- */

static rc_status read_files(rcd_series *s, const char *files, const rcd_reading *how)
{
    char **path;
    size_t count;
    rc_status status = rcm_paths(files, &path, &count);

    if (status != RC_OK)
        return status;
    for (size_t i = 0; status == RC_OK && i < count; i++)
        status = rcd_series_read(s, path[i], how);
    rcm_paths_free(path, count);
    return status;
}

static rcd_reading reading_of(const rc_config *c, const char *part)
{
    return (rcd_reading){
        .pixels = rcm_list_index("scans", c->scan) == RCM_SCAN_PIXELS,
        .permute = c->permute,
        .seed = (uint64_t)c->seed,
        .part = part,
    };
}

/* What the data is, where the configuration leaves it open. */
static rcm_aim natural_aim(const rcd_series *s)
{
    if (s->classes)
        return RCM_AIM_CLASS;
    if (s->K > 0)
        return RCM_AIM_VALUES;
    for (int64_t i = 0; i < s->start[s->n] * s->D; i++)
        if (s->x[i] != 0 && s->x[i] != 1)
            return RCM_AIM_NEXT;
    return RCM_AIM_BITS;
}

static bool predicts_next(rcm_aim aim)
{
    return aim == RCM_AIM_NEXT || aim == RCM_AIM_BITS;
}

/* Can this be said of the series? `path` is for messages. */
static rc_status check_aim(rcm_aim aim, const rcd_series *s, const char *path)
{
    if (aim == RCM_AIM_CLASS && !s->classes)
        return RC_FAIL(RC_EDATA, "cannot use '%s': its series have no classes", path);
    if (aim == RCM_AIM_VALUES && s->K == 0)
        return RC_FAIL(RC_EDATA, "cannot use '%s': its series have no numbers to say", path);
    return RC_OK;
}

static rc_status check_width(const rcd_series *s, int64_t D, int64_t K, const char *path)
{
    if (s->D != D)
        return RC_FAIL(RC_EDATA,
                       "cannot use '%s': its steps have %" PRId64 " numbers, the model reads "
                       "%" PRId64,
                       path, s->D, D);
    if (K > 0 && s->K != K)
        return RC_FAIL(RC_EDATA,
                       "cannot use '%s': its answers have %" PRId64 " numbers, the model gives "
                       "%" PRId64,
                       path, s->K, K);
    return RC_OK;
}

static rc_status set_number(rc_config *c, const char *option, int64_t value)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%" PRId64, value);
    return rc_config_set(c, option, text);
}

/* The options that the data decides, set or checked. */
static rc_status complete(rc_config *c, const rcd_series *s)
{
    int aim = rcm_list_index("aims", c->aim);

    if (aim < 0)
        return rcm_list_check(rcm_list, "aims", "aim", c->aim);
    if (aim == RCM_AIM_AUTO) {
        rc_entry e;

        aim = (int)natural_aim(s);
        (void)rcm_list("aims", (size_t)aim, &e);
        RC_TRY(rc_config_set(c, "aim", e.name));
    }
    RC_TRY(check_aim((rcm_aim)aim, s, c->train));
    if (c->inputs == 0)
        RC_TRY(set_number(c, "inputs", s->D));
    if (c->outputs == 0 && aim != RCM_AIM_CLASS)
        RC_TRY(set_number(c, "outputs", predicts_next((rcm_aim)aim) ? s->D : s->K));
    if (predicts_next((rcm_aim)aim) && c->outputs != c->inputs)
        return RC_FAIL_HINT(RC_EINVAL, "leave --outputs out",
                            "cannot say %" PRId64 " numbers of the next step: it has %" PRId64,
                            c->outputs, c->inputs);
    return check_width(s, c->inputs, aim == RCM_AIM_VALUES ? c->outputs : 0, c->train);
}

/* How many of n sequences a share is. */
static int64_t share_of(int64_t n, double share)
{
    return (int64_t)((double)n * share + 0.5);
}

static rc_status cut(struct pieces *p, const rc_config *c)
{
    const int64_t n = p->own[RCM_TRAIN].n;
    const int64_t valid = *c->valid ? 0 : share_of(n, c->valid_split);
    const int64_t test = *c->test ? 0 : share_of(n, c->test_split);
    const int64_t train = n - valid - test;

    if (train < 1)
        return RC_FAIL(RC_EDATA,
                       "cannot cut '%s': of its %" PRId64 " series %" PRId64
                       " are for validation and %" PRId64 " for testing, none is left",
                       c->train, n, valid, test);
    p->cut = valid + test > 0;
    p->part[RCM_TRAIN] = (struct part){&p->own[RCM_TRAIN], 0, train};
    p->part[RCM_VALID] = (struct part){&p->own[RCM_TRAIN], train, train + valid};
    p->part[RCM_TEST] = (struct part){&p->own[RCM_TRAIN], train + valid, n};
    return RC_OK;
}

static rc_status own_part(struct pieces *p, rcm_part part, const char *files, const rc_config *c,
                          const char *name, const rcd_vocab *vocab)
{
    const rcd_reading how = reading_of(c, name);
    rcd_series *s = &p->own[part];

    if (!*files)
        return RC_OK;
    RC_TRY(read_files(s, files, &how));
    RC_TRY(check_aim((rcm_aim)rcm_list_index("aims", c->aim), s, files));
    RC_TRY(check_width(s, c->inputs,
                       rcm_list_index("aims", c->aim) == RCM_AIM_VALUES ? c->outputs : 0, files));
    if (vocab && s->classes)
        RC_TRY(rcd_series_label(s, vocab, files));
    p->part[part] = (struct part){s, 0, s->n};
    return RC_OK;
}

static int64_t rows_of(const struct pieces *p, int64_t i);

/* Is there a step at all of which something can be said? */
static rc_status check_rows(const struct pieces *p, const char *path)
{
    const struct part *train = &p->part[RCM_TRAIN];

    for (int64_t i = 0; i < train->to - train->from; i++)
        if (rows_of(p, i) > 0)
            return RC_OK;
    return RC_FAIL(RC_EDATA, "cannot train on '%s': no series is long enough", path);
}

static rc_status read_pieces(struct pieces *p, rc_config *c, const rcd_vocab *vocab,
                             rcd_vocab **fresh)
{
    const rcd_reading how = reading_of(c, "train");
    rcd_series *train = &p->own[RCM_TRAIN];

    if (!*c->train)
        return RC_FAIL_HINT(RC_EINVAL, "pass --train FILE", "there are no training series");
    RC_TRY(read_files(train, c->train, &how));
    RC_TRY(complete(c, train));
    p->next = predicts_next((rcm_aim)rcm_list_index("aims", c->aim));
    p->batch = c->batch;
    p->split = rcb_stream((uint64_t)c->seed, "split");
    p->order = rcb_stream((uint64_t)c->seed, "order");
    if (train->classes && !vocab) {
        RC_TRY(rcd_series_vocab(fresh, train));
        vocab = *fresh;
    }
    if (train->classes)
        RC_TRY(rcd_series_label(train, vocab, c->train));
    RC_TRY(cut(p, c));
    RC_TRY(check_rows(p, c->train));
    RC_TRY(own_part(p, RCM_VALID, c->valid, c, "valid", vocab));
    return own_part(p, RCM_TEST, c->test, c, "test", vocab);
}

static void corpus_free(rcm_corpus *c)
{
    struct pieces *p = (struct pieces *)(void *)c;

    if (!p)
        return;
    for (int i = 0; i < RCM_PARTS; i++)
        rcd_series_free(&p->own[i]);
    rcb_free(p);
}

static rc_status corpus_open(rcm_corpus **out, rc_config *c, const rcd_vocab *vocab,
                             rcd_vocab **made)
{
    struct pieces *p = rcb_calloc(1, sizeof *p);
    rcd_vocab *fresh = NULL;

    *out = NULL;
    if (!p)
        return RC_ENOMEM;
    rc_status s = read_pieces(p, c, vocab, &fresh);
    if (s != RC_OK) {
        rcd_vocab_free(fresh);
        corpus_free((rcm_corpus *)(void *)p);
        return s;
    }
    if (made)
        *made = fresh;
    *out = (rcm_corpus *)(void *)p;
    return RC_OK;
}

static uint32_t corpus_crc(const rcm_corpus *c)
{
    const struct pieces *p = pieces_of(c);
    uint32_t crc = 0;

    for (int i = 0; i < RCM_PARTS; i++) {
        crc = rcb_crc32(crc, &p->part[i].from, sizeof p->part[i].from);
        crc = rcb_crc32(crc, &p->part[i].to, sizeof p->part[i].to);
        crc = rcb_crc32(crc, &p->own[i].crc, sizeof p->own[i].crc);
    }
    return crc;
}

static bool has_part(const rcm_corpus *c, rcm_part part)
{
    return pieces_of(c)->part[part].from < pieces_of(c)->part[part].to;
}

/* ---- building ---------------------------------------------------------------------------- */

/* Classes of a vocabulary: what is always held and stands at the end is none. */
static int64_t classes_of(const rc_model *m)
{
    return rcd_vocab_size(m->vocab) - 2;
}

static rc_status add_params(rc_model *m, struct series *s, const rcm_plan *p)
{
    rcn_params *ps = &m->params;
    const int one = 1;

    RC_TRY(rcn_stack_new(&s->stack, ps, &p->stack));
    s->weight = ps->n;
    RC_TRY(rcn_params_weight(ps, "out.weight", 2, 1, &one, s->O, s->stack.out));
    s->bias = ps->n;
    return rcn_params_weight(ps, "out.bias", 1, 1, &one, s->O, 1);
}

static rc_status build(rc_model *m)
{
    const rc_config *c = m->config;
    const int aim = rcm_list_index("aims", c->aim);
    struct series *s = rcb_calloc(1, sizeof *s);
    rcm_plan p;

    if (!s)
        return RC_ENOMEM;
    m->own = s;
    if (aim <= RCM_AIM_AUTO || c->inputs < 1 || (aim == RCM_AIM_CLASS ? !m->vocab : c->outputs < 1))
        return RC_FAIL(RC_EFORMAT, "a model of series needs an aim and the numbers of a step");
    s->aim = (rcm_aim)aim;
    s->D = c->inputs;
    s->O = aim == RCM_AIM_CLASS ? classes_of(m) : c->outputs;
    RC_TRY(rcm_plan_stack(&p, c, c->bidirectional ? 2 : 1));
    p.stack.in = s->D;

    const int64_t last = c->deep_output ? c->deep_output : p.hidden[p.stack.layers - 1];
    const double reads = c->deep_input
                             ? (double)c->deep_input
                             : (double)rcc_part_gates(p.stack.cell, RCC_W) * (double)p.hidden[0];
    const double wide = reads * (double)s->D, out = (double)s->O * (double)(last + 1);
    rc_status status = rcm_plan_room(m, &p, wide + out);
    if (status == RC_OK && predicts_next(s->aim) && c->bidirectional)
        status = RC_FAIL_HINT(RC_EINVAL, "leave --bidirectional out",
                              "cannot predict the next step in both directions: one has seen it");
    if (status == RC_OK)
        status = add_params(m, s, &p);
    rcb_free(p.hidden);
    return status;
}

static void unbuild(rc_model *m)
{
    struct series *s = m->own;

    if (!s)
        return;
    rcn_stack_free(&s->stack);
    rcb_free(s);
    m->own = NULL;
}

static rc_status init(rc_model *m)
{
    const struct series *s = m->own;

    return rcm_stack_init(&s->stack, m);
}

/* ---- running ----------------------------------------------------------------------------- */

/* The rows of a batch at which something is to be said, and what: (aims) each. */
struct aims {
    int32_t *row;
    int32_t *target;
    rc_real *y; /* (aims, K) */
};

static bool find_aims(struct aims *a, rc_graph *g, const rcd_batch *b)
{
    int64_t n = 0;

    a->row = rcg_keep(g, (size_t)b->aims, sizeof *a->row);
    a->target = rcg_keep(g, (size_t)b->aims, sizeof *a->target);
    a->y = rcg_keep(g, (size_t)(b->aims * b->K), sizeof *a->y);
    if (!a->row || !a->target || !a->y)
        return false;
    for (int64_t row = 0; row < b->rows; row++) {
        if (b->out[row] < 0)
            continue;
        a->row[n] = (int32_t)row;
        a->target[n] = b->out[row];
        if (b->K > 0)
            memcpy(a->y + n * b->K, b->y + row * b->K, (size_t)b->K * sizeof *a->y);
        n++;
    }
    assert(n == b->aims);
    return true;
}

/* What is said at the aims of a batch, before the loss: (aims, O). extra: see rcm_feed; may be
 * NULL. */
static rc_var *answers(const rc_model *m, rc_graph *g, const rcd_batch *b, const struct aims *a,
                       rc_var **extra)
{
    const struct series *s = m->own;
    const rc_rows rows = {.steps = b->steps, .seqs = b->seqs, .at = b->at};
    rc_var *x = rc_leaf(g, rc_shape_2(b->rows, b->D), b->x, NULL);

    rc_var *raw = rcn_stack_run(&s->stack, &m->params, g, &rows, x, NULL);
    x = rcm_drop(&s->stack, g, &rows, raw);
    if (extra)
        *extra = rcm_penalties(m->config, g, b, raw, x);
    if (b->aims < b->rows)
        x = rc_embed(g, x, a->row, b->aims);
    return rc_linear(g, x, rcm_var(m, g, s->weight), rcm_var(m, g, s->bias));
}

/* Squares are those of the mean over the numbers of an answer; bits are added up over them. */
static rc_var *loss_of(const struct series *s, rc_graph *g, rc_var *said, const rcd_batch *b,
                       const struct aims *a)
{
    if (s->aim == RCM_AIM_CLASS)
        return rc_cross_entropy(g, said, a->target);

    rc_var *y = rc_leaf(g, rc_shape_2(b->aims, b->K), a->y, NULL);

    if (s->aim == RCM_AIM_BITS)
        return rc_binary_cross_entropy(g, said, y);
    return rc_scale(g, rc_squared_error(g, said, y), 2 / (double)b->K);
}

static rc_var *loss(const rc_model *m, rc_graph *g, rcm_feed *feed)
{
    const rcd_batch *b = &feed->batch;
    struct aims a;

    if (!find_aims(&a, g, b))
        return NULL;
    return loss_of(m->own, g, answers(m, g, b, &a, &feed->extra), b, &a);
}

static void work(const rc_model *m, rcg_work *w)
{
    const struct series *s = m->own;

    rcg_work_value(w, s->D);
    rcn_stack_work(&s->stack, w);
    rcm_drop_work(&s->stack, s->stack.out, w);
    rcm_penalties_work(m->config, s->stack.out, w);
    rcg_work_linear(w, s->stack.out, s->O);
    rcg_work_value(w, s->O);
}

/* ---- training ---------------------------------------------------------------------------- */

/* Sequence i of a part, shuffled by `order` (NULL: as they are). */
static int64_t which(const struct pieces *p, const struct part *part, const rcb_key *order,
                     int64_t i)
{
    const int64_t n = part->to - part->from;
    const int64_t at = part->from + (order ? rcd_shuffled(*order, n, i) : i);

    return p->cut && part->s == &p->own[RCM_TRAIN] ? rcd_shuffled(p->split, part->s->n, at) : at;
}

/* Up to `most` sequences of a part from number *i on, which moves on; no rows: there are no more.
 * Sequences without a step are passed over. */
static rc_status next_batch(const struct pieces *p, const struct part *part, const rcb_key *order,
                            int64_t most, int64_t *i, rcd_batch *b)
{
    const int64_t n = part->to - part->from;
    int64_t *ids = rcb_alloc((size_t)most, sizeof *ids);
    rc_status s = ids ? RC_OK : RC_ENOMEM;
    bool more = true;

    while (s == RC_OK && more) {
        int64_t count = 0;

        for (; count < most && *i < n; ++*i)
            ids[count++] = which(p, part, order, *i);
        s = rcd_series_batch(part->s, ids, count, p->next, b);
        more = s == RC_OK && count > 0 && b->aims == 0;
    }
    rcb_free(ids);
    return s;
}

static int64_t epoch_batches(const rcm_corpus *c, int64_t steps)
{
    const struct part *train = &pieces_of(c)->part[RCM_TRAIN];

    (void)steps;
    return (train->to - train->from + pieces_of(c)->batch - 1) / pieces_of(c)->batch;
}

static int64_t rows_of(const struct pieces *p, int64_t i)
{
    const struct part *train = &p->part[RCM_TRAIN];
    const int64_t steps = rcd_series_steps(train->s, which(p, train, NULL, i));

    return steps - (p->next && steps > 0);
}

static int64_t epoch_rows(const rcm_corpus *c)
{
    const struct pieces *p = pieces_of(c);
    const struct part *train = &p->part[RCM_TRAIN];
    const int64_t n = train->to - train->from;
    int64_t rows = 0;

    if (train->s->source)
        return n * rows_of(p, 0);
    for (int64_t i = 0; i < n; i++)
        rows += rows_of(p, i);
    return rows;
}

static int64_t longest(const rcm_corpus *c)
{
    const struct pieces *p = pieces_of(c);
    const struct part *train = &p->part[RCM_TRAIN];
    int64_t most = rows_of(p, 0);

    for (int64_t i = 1; !train->s->source && i < train->to - train->from; i++)
        if (rows_of(p, i) > most)
            most = rows_of(p, i);
    return most;
}

static rc_status batch(const rcm_corpus *c, int64_t epoch, int64_t pos, int64_t steps,
                       rcm_feed *feed)
{
    const struct pieces *p = pieces_of(c);
    uint32_t word[4];

    (void)steps;
    rcb_draw(p->order, (uint64_t)epoch, 0, word);
    const rcb_key order = {{word[0], word[1]}};
    feed->next = pos;
    return next_batch(p, &p->part[RCM_TRAIN], &order, p->batch, &feed->next, &feed->batch);
}

static int64_t carry_width(const rc_model *m)
{
    (void)m;
    return 0;
}

/* ---- scoring ----------------------------------------------------------------------------- */

/* How many answers have another class than the target as their most probable one. */
static rc_status count_wrong(const struct series *s, rc_graph *g, const rc_var *said,
                             const struct aims *a, int64_t n, int64_t *wrong)
{
    rc_real *scores = rcb_alloc((size_t)(n * s->O), sizeof *scores);

    if (!scores)
        return RC_ENOMEM;
    const rc_status status = rc_var_read(g, said, scores, n * s->O);
    for (int64_t i = 0; status == RC_OK && i < n; i++) {
        const rc_real *row = scores + i * s->O;
        int64_t best = 0;

        for (int64_t k = 1; k < s->O; k++)
            if (row[k] > row[best])
                best = k;
        *wrong += best != a->target[i];
    }
    rcb_free(scores);
    return status;
}

static rc_status score_batch(const rc_model *m, rc_graph *g, const rcd_batch *b, rc_evaluation *out)
{
    const struct series *s = m->own;
    struct aims a;
    double total;

    rc_graph_reset(g);
    if (!find_aims(&a, g, b))
        return rc_graph_status(g);
    rc_var *said = answers(m, g, b, &a, NULL);
    const rc_var *sum = loss_of(s, g, said, b, &a);
    RC_TRY(rc_graph_status(g));
    RC_TRY(rc_var_total(g, sum, &total));
    out->nats += total;
    out->tokens += b->aims;
    if (s->aim == RCM_AIM_CLASS)
        RC_TRY(count_wrong(s, g, said, &a, b->aims, &out->wrong));
    return RC_OK;
}

static rc_status score(const rc_model *m, const struct pieces *p, const struct part *part,
                       rcb_pool *pool, rc_evaluation *out)
{
    rc_evaluation e = {.wrong = ((const struct series *)m->own)->aim == RCM_AIM_CLASS ? 0 : -1};
    rcd_batch b = {0};
    rc_graph *g;
    int64_t at = 0;

    RC_TRY(rcg_graph_on(&g, pool, false));
    rc_status s = RC_OK;
    while (s == RC_OK) {
        s = next_batch(p, part, NULL, m->config->batch, &at, &b);
        if (s != RC_OK || b.aims == 0)
            break;
        e.sequences += b.seqs;
        s = score_batch(m, g, &b, &e);
    }
    rc_graph_free(g);
    rcd_batch_free(&b);
    if (s == RC_OK && e.tokens == 0)
        s = RC_FAIL(RC_EDATA, "there is nothing to say of these series");
    if (s == RC_OK)
        *out = e;
    return s;
}

static rc_status score_part(const rc_model *m, const rcm_corpus *c, rcm_part part, int64_t tracks,
                            rcb_pool *pool, rc_evaluation *out)
{
    (void)tracks;
    return score(m, pieces_of(c), &pieces_of(c)->part[part], pool, out);
}

static rc_status evaluate_file(const rc_model *m, const char *path, const rc_eval_options *o,
                               rcb_pool *pool, rc_evaluation *out)
{
    const struct series *s = m->own;
    const rcd_reading how = reading_of(m->config, "eval");
    struct pieces p = {.next = predicts_next(s->aim)};
    rcd_series *own = &p.own[RCM_TEST];

    (void)o;
    rc_status status = rcd_series_read(own, path, &how);
    if (status == RC_OK)
        status = check_aim(s->aim, own, path);
    if (status == RC_OK)
        status = check_width(own, s->D, s->aim == RCM_AIM_VALUES ? s->O : 0, path);
    if (status == RC_OK && s->aim == RCM_AIM_CLASS)
        status = rcd_series_label(own, m->vocab, path);
    if (status == RC_OK)
        status = score(m, &p, &(struct part){own, 0, own->n}, pool, out);
    rcd_series_free(own);
    return status;
}

/* ---- words ------------------------------------------------------------------------------- */

static const char *measure(const rc_model *m)
{
    const struct series *s = m->own;

    return s->aim == RCM_AIM_VALUES || s->aim == RCM_AIM_NEXT ? "squared error" : "nats";
}

static rc_status conventions(const rc_model *m, rcm_words *w)
{
    const struct series *s = m->own;

    return rcm_stack_conventions(&s->stack, m->config, w);
}

static rc_status facts(const rc_model *m, rcm_words *w)
{
    const struct series *s = m->own;
    rc_entry e;

    RC_TRY(rcm_stack_facts(&s->stack, m->config, w));
    (void)rcm_list("aims", (size_t)s->aim, &e);
    return rcm_words_add(w, "aim", "%s (%s), from steps of %" PRId64 " numbers to %" PRId64, e.name,
                         e.help, s->D, s->O);
}

const rcm_task rcm_series = {
    .name = "series",
    .help = "sequences of vectors: a class, numbers or the next step",
    .corpus_open = corpus_open,
    .corpus_free = corpus_free,
    .corpus_crc = corpus_crc,
    .has_part = has_part,
    .build = build,
    .unbuild = unbuild,
    .init = init,
    .epoch_batches = epoch_batches,
    .epoch_rows = epoch_rows,
    .longest = longest,
    .batch = batch,
    .carry_width = carry_width,
    .loss = loss,
    .work = work,
    .score_part = score_part,
    .evaluate_file = evaluate_file,
    .measure = measure,
    .conventions = conventions,
    .facts = facts,
};
