/* model.c -- a model in memory: made from a configuration, copied, asked about itself.
 *
 * What a model is made of is its task's business; here is what all have: parameters by name,
 * a vocabulary, the record of training, results, and facts in words. Facts are written when the
 * model is settled, so that asking for one changes nothing and threads may ask at once.
 */
#include "model/model_in.h"

#include <string.h>

/* ---- vocabularies ------------------------------------------------------------------------ */

void rcm_vocabs_free(rcm_vocabs *v)
{
    for (int i = 0; i < RCM_VOCABS; i++)
        rcd_vocab_free(v->of[i]);
    *v = (rcm_vocabs){0};
}

rc_status rcm_vocabs_clone(rcm_vocabs *out, const rcm_vocabs *v)
{
    *out = (rcm_vocabs){0};
    for (int i = 0; i < RCM_VOCABS; i++) {
        const rc_status s = v->of[i] ? rcd_vocab_clone(&out->of[i], v->of[i]) : RC_OK;

        if (s != RC_OK) {
            rcm_vocabs_free(out);
            return s;
        }
    }
    return RC_OK;
}

/* ---- making ------------------------------------------------------------------------------ */

rc_status rcm_model_alloc(rc_model **out, const rc_config *c, rcm_vocabs vocab, int64_t room)
{
    rc_model *m = rcb_calloc(1, sizeof *m);
    rc_status s = m ? rck_select() : RC_ENOMEM;

    *out = NULL;
    if (s == RC_OK)
        s = rc_config_clone(&m->config, c);
    if (s != RC_OK) {
        rcb_free(m);
        rcm_vocabs_free(&vocab);
        return s;
    }
    m->vocab = vocab;
    m->room = room;
    m->params.bare = true;
    s = m->config->task->build(m);
    if (s != RC_OK) {
        rc_model_free(m);
        return s;
    }
    *out = m;
    return RC_OK;
}

rc_status rcm_model_new(rc_model **out, const rc_config *c, rcm_vocabs vocab)
{
    RC_TRY(rcm_model_alloc(out, c, vocab, INT64_MAX));

    rc_status s = c->task->init(*out);
    if (s == RC_OK)
        s = rcm_model_settle(*out, NULL);
    if (s != RC_OK) {
        rc_model_free(*out);
        *out = NULL;
    }
    return s;
}

void rc_model_free(rc_model *m)
{
    if (!m)
        return;
    assert(m->trainers == 0);
    m->config->task->unbuild(m);
    rcm_members_free(&m->members);
    rcn_params_free(&m->params);
    rcm_vocabs_free(&m->vocab);
    rcb_free(m->history.p);
    for (size_t i = 0; i < m->results.n; i++)
        rcb_free(m->results.p[i].name);
    rcb_free(m->results.p);
    rcm_words_free(&m->origin);
    rcm_words_free(&m->facts);
    rc_config_free(m->config);
    rcb_free(m);
}

/* A tensor of another model, for tables_load. */
static const rcf_tensor *find_table(const void *from, const char *name)
{
    const struct rcm_table_view *view = from;

    for (size_t i = 0; i < view->n; i++)
        if (strcmp(view->p[i].name, name) == 0)
            return &view->p[i];
    return NULL;
}

static rc_status clone_tables(rc_model *to, const rc_model *from)
{
    const rcm_task *task = from->config->task;
    struct rcm_table_view view = {0};
    rcf_tensor t;

    if (!task->table)
        return RC_OK;
    while (task->table(from, view.n, &t))
        view.n++;
    view.p = rcb_alloc(view.n, sizeof *view.p);
    if (!view.p)
        return RC_ENOMEM;
    for (size_t i = 0; i < view.n; i++)
        (void)task->table(from, i, &view.p[i]);

    const rc_status s = task->tables_load(to, find_table, &view);
    rcb_free(view.p);
    return s;
}

/* Values into the parameters of a model built alike. */
static void copy_params(rcn_params *to, const rcn_params *from)
{
    assert(to->n == from->n);
    for (size_t i = 0; i < to->n; i++)
        memcpy(to->p[i].w, from->p[i].w, (size_t)from->p[i].size * sizeof(rc_real));
}

static rc_status copy_record(rc_model *to, const rc_model *from)
{
    const char *name, *text;

    for (size_t i = 0; rcm_words_at(&from->origin, i, &name, &text); i++)
        RC_TRY(rcm_words_add(&to->origin, name, "%s", text));
    for (size_t i = 0; i < from->history.n; i++)
        RC_TRY(rcm_history_add(&to->history, &from->history.p[i]));
    for (size_t i = 0; i < from->results.n; i++)
        RC_TRY(rcm_result_set(to, from->results.p[i].name, from->results.p[i].value));
    return RC_OK;
}

rc_status rc_model_clone(rc_model **out, const rc_model *m)
{
    rcm_vocabs vocab;

    *out = NULL;
    RC_TRY(rcm_vocabs_clone(&vocab, &m->vocab));
    RC_TRY(rcm_model_alloc(out, m->config, vocab, INT64_MAX));
    copy_params(&(*out)->params, &m->params);

    rc_status s = rcn_params_lean_copy(&(*out)->params, &m->params);
    if (s == RC_OK)
        s = clone_tables(*out, m);
    if (s == RC_OK)
        s = rcm_members_copy(&(*out)->members, &m->members, 1);
    if (s == RC_OK)
        s = copy_record(*out, m);
    if (s == RC_OK)
        s = rcm_model_settle(*out, NULL);
    if (s != RC_OK) {
        rc_model_free(*out);
        *out = NULL;
    }
    return s;
}

/* ---- fewer bits -------------------------------------------------------------------------- */

/* How the matrices are held: all of a model are alike. */
static rcg_bits bits_of(const rc_model *m)
{
    if (m->members.n > 0)
        return bits_of(m->members.p[0]);
    for (size_t i = 0; i < m->params.n; i++)
        if (m->params.p[i].rank == 2)
            return m->params.p[i].bits;
    return RCG_REALS;
}

rc_status rc_model_quantize(rc_model **out, const rc_model *m, const char *precision)
{
    *out = NULL;
    RC_TRY(rcm_list_check(rcm_list, "precisions", "precision", precision));
    const int bits = rcm_list_index("precisions", precision);

    if (m->members.n > 0)
        return RC_FAIL_HINT(RC_EINVAL, "quantize its members, then mix them",
                            "cannot quantize a mixture: the weights are those of its members");
    if (m->params.n == 0)
        return RC_FAIL(RC_EINVAL, "cannot quantize a model of the task '%s': it has no weights",
                       m->config->task->name);
    if (bits_of(m) != RCG_REALS)
        return RC_FAIL_HINT(RC_EINVAL, "begin with the model that was trained",
                            "cannot quantize a model of %s: it has been quantized before",
                            rc_model_precision(m));
    RC_TRY(rcm_model_free_to_run(m));
    RC_TRY(rc_model_clone(out, m));
    if (bits == RCG_REALS)
        return RC_OK;
    rc_status s = rcn_params_lean(&(*out)->params, (rcg_bits)bits);
    if (s == RC_OK)
        s = rcm_model_settle(*out, NULL);
    if (s != RC_OK) {
        rc_model_free(*out);
        *out = NULL;
    }
    return s;
}

const char *rc_model_precision(const rc_model *m)
{
    rc_entry e;

    (void)rcm_list("precisions", bits_of(m), &e);
    return e.name;
}

/* ---- the record of training -------------------------------------------------------------- */

rc_status rcm_history_add(rcm_history *h, const rc_record *r)
{
    if (h->n == h->cap) {
        const size_t cap = h->cap ? 2 * h->cap : 64;
        rc_record *p = rcb_realloc(h->p, h->cap, cap, sizeof *p);

        if (!p)
            return RC_ENOMEM;
        h->p = p;
        h->cap = cap;
    }
    h->p[h->n++] = *r;
    return RC_OK;
}

rc_status rcm_result_set(rc_model *m, const char *name, double value)
{
    rcm_results *r = &m->results;

    for (size_t i = 0; i < r->n; i++) {
        if (strcmp(r->p[i].name, name) == 0) {
            r->p[i].value = value;
            return RC_OK;
        }
    }
    if (r->n == r->cap) {
        const size_t cap = r->cap ? 2 * r->cap : 8;
        rcm_result *p = rcb_realloc(r->p, r->cap, cap, sizeof *p);

        if (!p)
            return RC_ENOMEM;
        r->p = p;
        r->cap = cap;
    }
    char *copy = rcb_strdup(name);
    if (!copy)
        return RC_ENOMEM;
    r->p[r->n++] = (rcm_result){copy, value};
    return RC_OK;
}

bool rcm_result_get(const rc_model *m, const char *name, double *out)
{
    for (size_t i = 0; i < m->results.n; i++) {
        if (strcmp(m->results.p[i].name, name) == 0) {
            *out = m->results.p[i].value;
            return true;
        }
    }
    return false;
}

size_t rc_model_records(const rc_model *m)
{
    return m->history.n;
}

bool rc_model_record(const rc_model *m, size_t i, rc_record *out)
{
    if (i >= m->history.n)
        return false;
    *out = m->history.p[i];
    return true;
}

/* ---- facts ------------------------------------------------------------------------------- */

/* "--cell gru --hidden 256": the options that are not what they are by default. */
static rc_status print_options(const rc_config *c, rcb_buf *out)
{
    const rc_option *o;

    RC_TRY(rcb_buf_add(out, "", 0));
    for (size_t i = 0; (o = rc_option_at(i)) != NULL; i++) {
        char **paths;
        size_t count;

        if (!rc_config_get(c, o->name) || rc_config_is_default(c, o->name))
            continue;
        RC_TRY(rcm_paths(rc_config_get(c, o->name), &paths, &count)); /* one, if it is no list */
        rc_status s = RC_OK;
        for (size_t k = 0; s == RC_OK && k < count; k++)
            s = rcb_buf_printf(out, "%s--%s %s", out->n ? " " : "", o->name, paths[k]);
        rcm_paths_free(paths, count);
        RC_TRY(s);
    }
    return RC_OK;
}

static rc_status add_training(const rc_model *m, rcm_words *w)
{
    rcb_buf options = {0};
    rc_status s = print_options(m->config, &options);

    if (s == RC_OK && options.n > 0)
        s = rcm_words_add(w, "options", "%s", options.p);
    rcb_buf_free(&options);
    RC_TRY(s);

    const rc_record *last = m->history.n > 0 ? &m->history.p[m->history.n - 1] : NULL;

    if (last && last->step > 0)
        RC_TRY(rcm_words_add(w, "trained", "%" PRId64 " steps, %" PRId64 " %s, epoch %" PRId64,
                             last->step, last->tokens,
                             m->config->task->unit ? rc_model_unit(m) : "symbols", last->epoch));
    for (size_t i = 0; i < m->results.n; i++)
        RC_TRY(rcm_words_add(w, m->results.p[i].name, "%.6g", m->results.p[i].value));
    return RC_OK;
}

static rc_status add_facts(const rc_model *m, rcm_words *w)
{
    const rcm_task *task = m->config->task;
    const char *name, *text;

    RC_TRY(rcm_words_add(w, "task", "%s (%s)", task->name, task->help));
    RC_TRY(task->facts(m, w));
    RC_TRY(task->conventions(m, w));
    if (m->vocab.of[RCM_SYMBOLS]) {
        RC_TRY(rcm_words_add(w, "level", "%s",
                             rcd_level_word(rcd_vocab_level(m->vocab.of[RCM_SYMBOLS]))));
        RC_TRY(rcm_words_add(w, "vocabulary", "%" PRId32 " symbols",
                             rcd_vocab_size(m->vocab.of[RCM_SYMBOLS])));
    }
    for (size_t i = 0; rcm_words_at(&m->origin, i, &name, &text); i++)
        RC_TRY(rcm_words_add(w, name, "%s", text));
    if (m->params.n > 0 || m->members.n > 0)
        RC_TRY(rcm_words_add(w, "parameters", "%" PRId64, rc_model_parameters(m)));
    if (bits_of(m) != RCG_REALS)
        RC_TRY(rcm_words_add(w, "precision", "%s", rc_model_precision(m)));
    return add_training(m, w);
}

rc_status rcm_model_settle(rc_model *m, rcb_pool *pool)
{
    const rcm_task *task = m->config->task;
    rcm_words facts = {0};

    if (task->settle) {
        rcb_pool *own = NULL;

        if (!pool)
            RC_TRY(rcb_pool_new(&own, 1));
        const rc_status s = task->settle(m, pool ? pool : own);
        rcb_pool_free(own);
        RC_TRY(s);
    }
    const rc_status s = add_facts(m, &facts);
    if (s != RC_OK) {
        rcm_words_free(&facts);
        return s;
    }
    rcm_words_free(&m->facts);
    m->facts = facts;
    return RC_OK;
}

bool rc_model_fact(const rc_model *m, size_t i, const char **name, const char **text)
{
    return rcm_words_at(&m->facts, i, name, text);
}

/* ---- tensors ----------------------------------------------------------------------------- */

const rc_config *rc_model_config(const rc_model *m)
{
    return m->config;
}

int64_t rc_model_parameters(const rc_model *m)
{
    int64_t n = m->params.count;

    for (size_t i = 0; i < m->members.n; i++)
        n += rc_model_parameters(m->members.p[i]);
    return n;
}

/* Parameters first, then the task's tables. */
static bool table_at(const rc_model *m, size_t i, rcf_tensor *out)
{
    const rcm_task *task = m->config->task;

    return task->table && i >= m->params.n && task->table(m, i - m->params.n, out);
}

static bool param_info(const rcn_param *p, rc_tensor_info *out)
{
    rc_real *rows = rcb_alloc((size_t)p->count, sizeof *rows);

    if (!rows)
        return false;
    rcn_param_store(p, p->w, rows);
    *out = (rc_tensor_info){
        .name = p->name,
        .rank = p->rank,
        .dim = {p->dim[0], p->rank == 2 ? p->dim[1] : 0},
        .count = p->count,
        .crc = rcb_crc32(0, rows, (size_t)p->count * sizeof *rows),
    };
    rcb_free(rows);
    return true;
}

bool rc_model_tensor(const rc_model *m, size_t i, rc_tensor_info *out)
{
    rcf_tensor t;

    if (i < m->params.n)
        return param_info(&m->params.p[i], out);
    if (!table_at(m, i, &t))
        return false;
    *out = (rc_tensor_info){
        .name = t.name, .rank = t.rank, .count = 1, .crc = rcb_crc32(0, t.data, t.bytes)};
    assert(t.rank <= 4);
    for (int k = 0; k < t.rank; k++) {
        out->dim[k] = t.dim[k];
        out->count *= t.dim[k];
    }
    return true;
}

static rc_status too_little_room(const char *name, int64_t has, int64_t count)
{
    return RC_FAIL(RC_EINVAL,
                   "cannot read tensor '%s': it has %" PRId64 " numbers, there is room "
                   "for %" PRId64,
                   name, has, count);
}

static rc_status read_table(const rcf_tensor *t, rc_real *out, int64_t count)
{
    const int64_t n = (int64_t)(t->bytes / rcf_dtype_bytes(t->dtype));

    if (count < n)
        return too_little_room(t->name, n, count);
    for (int64_t i = 0; i < n; i++)
        switch (t->dtype) {
        case RCF_F32:
            out[i] = (rc_real)((const float *)t->data)[i];
            break;
        case RCF_F64:
            out[i] = (rc_real)((const double *)t->data)[i];
            break;
        case RCF_I32:
            out[i] = (rc_real)((const int32_t *)t->data)[i];
            break;
        case RCF_I64:
            out[i] = (rc_real)((const int64_t *)t->data)[i];
            break;
        case RCF_I8:
            out[i] = ((const int8_t *)t->data)[i];
            break;
        case RCF_U8:
            out[i] = ((const uint8_t *)t->data)[i];
            break;
        case RCF_BF16:
        case RCF_DTYPE_COUNT:
            return RC_FAIL(RC_ENOSUP, "cannot read tensor '%s' of type %s as numbers", t->name,
                           rcf_dtype_word(t->dtype));
        }
    return RC_OK;
}

rc_status rc_model_read(const rc_model *m, const char *name, rc_real *out, int64_t count)
{
    const rcn_param *p = rcn_params_find(&m->params, name);
    rcf_tensor t;

    if (p) {
        if (count < p->count)
            return too_little_room(name, p->count, count);
        rcn_param_store(p, p->w, out);
        return RC_OK;
    }
    for (size_t i = m->params.n; table_at(m, i, &t); i++)
        if (strcmp(t.name, name) == 0)
            return read_table(&t, out, count);
    return RC_FAIL(RC_EINVAL, "the model has no tensor '%s'", name);
}

/* ---- symbols ----------------------------------------------------------------------------- */

/* What the model reads: of one that reads a bag alone its n-grams. */
static const rcd_vocab *symbols_of(const rc_model *m)
{
    return m->vocab.of[RCM_SYMBOLS] ? m->vocab.of[RCM_SYMBOLS] : m->vocab.of[RCM_GRAMS];
}

int32_t rc_model_symbols(const rc_model *m)
{
    return symbols_of(m) ? rcd_vocab_size(symbols_of(m)) : 0;
}

const char *rc_model_symbol(const rc_model *m, int32_t id, size_t *n)
{
    if (id < 0 || id >= rc_model_symbols(m)) {
        *n = 0;
        return NULL;
    }
    return rcd_vocab_symbol(symbols_of(m), id, n);
}

int64_t rc_model_symbol_count(const rc_model *m, int32_t id)
{
    return id >= 0 && id < rc_model_symbols(m) ? rcd_vocab_count(symbols_of(m), id) : 0;
}

int32_t rc_model_find(const rc_model *m, const char *symbol, size_t n)
{
    return symbols_of(m) ? rcd_vocab_find(symbols_of(m), symbol, n) : -1;
}

int32_t rc_model_boundary(const rc_model *m)
{
    return symbols_of(m) ? rcd_vocab_boundary(symbols_of(m)) : -1;
}

int32_t rc_model_unknown(const rc_model *m)
{
    return symbols_of(m) ? rcd_vocab_unk(symbols_of(m)) : -1;
}

/* What the model says of what it reads; classes of series are its symbols. */
static const rcd_vocab *labels_of(const rc_model *m)
{
    const rcd_vocab *symbols = m->vocab.of[RCM_SYMBOLS];

    if (m->vocab.of[RCM_LABELS])
        return m->vocab.of[RCM_LABELS];
    return symbols && rcd_vocab_level(symbols) == RCD_LINE ? symbols : NULL;
}

int32_t rc_model_labels(const rc_model *m)
{
    const rcd_vocab *v = labels_of(m);

    return v ? rcd_vocab_size(v) - 2 : 0; /* <unk> and <eos> stand at the end */
}

const char *rc_model_label(const rc_model *m, int32_t id, size_t *n)
{
    *n = 0;
    return id >= 0 && id < rc_model_labels(m) ? rcd_vocab_symbol(labels_of(m), id, n) : NULL;
}

bool rc_model_spaced(const rc_model *m)
{
    return m->vocab.of[RCM_SYMBOLS] && rcd_vocab_level(m->vocab.of[RCM_SYMBOLS]) == RCD_WORD;
}

rc_status rc_model_encode(const rc_model *m, const char *text, size_t n, int32_t **ids,
                          size_t *count, int64_t *unknown)
{
    rcd_text *t;
    rcd_tape tape;

    if (!m->vocab.of[RCM_SYMBOLS])
        return RC_FAIL(RC_EINVAL, "the model has no vocabulary");
    RC_TRY(rcd_text_of(&t, "text", text, n));

    rc_status s = rcd_tape_encode(&tape, m->vocab.of[RCM_SYMBOLS], t, 0, rcd_text_bytes(t));
    rcd_text_free(t);
    RC_TRY(s);

    /* A walk ends the last line of words itself; here it may go on. */
    int64_t len = tape.n;
    if (rc_model_spaced(m) && n > 0 && text[n - 1] != '\n' && len > 0)
        len--;

    int32_t *list = rcb_alloc((size_t)len, sizeof *list);
    if (list) {
        for (int64_t i = 0; i < len; i++)
            list[i] = rcd_tape_at(&tape, i);
        *ids = list;
        *count = (size_t)len;
        if (unknown)
            *unknown = tape.unknown;
    }
    rcd_tape_free(&tape);
    return list ? RC_OK : RC_ENOMEM;
}

void rc_free(void *p)
{
    rcb_free(p);
}

rc_status rcm_model_free_to_run(const rc_model *m)
{
    if (m->trainers > 0)
        return RC_FAIL_HINT(RC_EBUSY, "run a clone of it: it stands still",
                            "the model is being trained");
    return RC_OK;
}

const char *rc_model_unit(const rc_model *m)
{
    const rcm_task *task = m->config->task;

    return task->unit ? task->unit(m) : "tokens";
}

const char *rc_model_measure(const rc_model *m)
{
    const rcm_task *task = m->config->task;

    return task->measure ? task->measure(m) : "nats";
}
