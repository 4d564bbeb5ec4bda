/* file.c -- the model file: one safetensors file that says all there is to say about a model.
 *
 * Tensors are logical and row-major, in the number type of the build; files of the other type are
 * converted when they are opened. The words are metadata:
 *
 *   recur.format       RCM_FILE_VERSION; a reader refuses what is newer than itself
 *   recur.version      of the program that wrote it
 *   recur.task         its name, "lm"
 *   recur.config       JSON object of every option
 *   recur.vocab        JSON of the vocabulary, where there is one; recur.labels and the like:
 *                      of others (RCM_VOCAB_MAP)
 *   recur.conventions  JSON object: gate order and the like, in words
 *   recur.origin       JSON object: what its first values came from, in words; where there is such
 *   recur.history      JSON array of records [step, epoch, tokens, lr, train, valid], and
 *                      what validations are judged by where that is not the last
 *   recur.results      JSON object of numbers
 *
 * A model of fewer bits has its matrices as BF16, or as I8 with a tensor NAME.scale of one number
 * for every row.
 *
 * A model that is made of models has each as a file of its own, a tensor of bytes (members.c).
 *
 * Whatever is named state.* belongs to a training state and is passed over. Nothing in a file tells
 * of time, place or machine: the same model gives the same bytes.
 */
#include "model/model_in.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_FORMAT "recur.format"
#define KEY_VERSION "recur.version"
#define KEY_TASK "recur.task"
#define KEY_CONFIG "recur.config"
#define KEY_VOCAB "recur." /* and a word of RCM_VOCAB_MAP */
#define KEY_CONVENTIONS "recur.conventions"
#define KEY_ORIGIN "recur.origin"
#define KEY_HISTORY "recur.history"
#define KEY_RESULTS "recur.results"

#define SCALE_SUFFIX ".scale"

enum { MOST_RESULTS = 1000 }; /* each is looked for among all: a file must not take minutes */

/* ---- buffers that live until the file is written ----------------------------------------- */

/* One more, taken over even on failure. */
static rc_status push(rcm_buffers *b, void *one)
{
    if (b->n == b->cap) {
        const size_t cap = b->cap ? 2 * b->cap : 16;
        void **p = rcb_realloc(b->p, b->cap, cap, sizeof *p);

        if (!p) {
            rcb_free(one);
            return RC_ENOMEM;
        }
        b->p = p;
        b->cap = cap;
    }
    b->p[b->n++] = one;
    return RC_OK;
}

rc_status rcm_buffers_take(rcm_buffers *b, size_t count, size_t size, void **out)
{
    *out = rcb_alloc(count, size);
    return *out ? push(b, *out) : RC_ENOMEM;
}

rc_status rcm_buffers_give(rcm_buffers *b, rcb_buf *own)
{
    void *p = own->p;

    *own = (rcb_buf){0};
    return push(b, p);
}

void rcm_buffers_free(rcm_buffers *b)
{
    for (size_t i = 0; i < b->n; i++)
        rcb_free(b->p[i]);
    rcb_free(b->p);
    *b = (rcm_buffers){0};
}

/* ---- writing ----------------------------------------------------------------------------- */

static rc_status print_words(const rcm_words *w, rcb_buf *out)
{
    const char *name, *text;

    RC_TRY(rcb_buf_puts(out, "{"));
    for (size_t i = 0; rcm_words_at(w, i, &name, &text); i++) {
        RC_TRY(rcb_buf_puts(out, i ? "," : ""));
        RC_TRY(rcm_print_text(out, name));
        RC_TRY(rcb_buf_puts(out, ":"));
        RC_TRY(rcm_print_text(out, text));
    }
    return rcb_buf_puts(out, "}");
}

static rc_status print_conventions(const rc_model *m, rcb_buf *out)
{
    rcm_words w = {0};
    rc_status s = m->config->task->conventions(m, &w);

    if (s == RC_OK)
        s = print_words(&w, out);
    rcm_words_free(&w);
    return s;
}

static rc_status print_origin(const rc_model *m, rcb_buf *out)
{
    return m->origin.n > 0 ? print_words(&m->origin, out) : RC_OK;
}

enum { WHOLES = 3, REALS = 4 }; /* of a record; the last is left out where it is the one before */

static rc_status print_history(const rc_model *m, rcb_buf *out)
{
    RC_TRY(rcb_buf_puts(out, "["));
    for (size_t i = 0; i < m->history.n; i++) {
        const rc_record *r = &m->history.p[i];
        const double reals[REALS] = {r->lr, r->train, r->valid, r->judged};

        RC_TRY(rcb_buf_printf(out, "%s[%" PRId64 ",%" PRId64 ",%" PRId64, i ? "," : "", r->step,
                              r->epoch, r->tokens));
        const bool same = r->judged == r->valid || (isnan(r->judged) && isnan(r->valid));

        for (size_t k = 0; k < REALS - (same ? 1 : 0); k++) {
            RC_TRY(rcb_buf_puts(out, ","));
            RC_TRY(rcm_print_real(out, reals[k]));
        }
        RC_TRY(rcb_buf_puts(out, "]"));
    }
    return rcb_buf_puts(out, "]");
}

static rc_status print_results(const rc_model *m, rcb_buf *out)
{
    RC_TRY(rcb_buf_puts(out, "{"));
    for (size_t i = 0; i < m->results.n; i++) {
        RC_TRY(rcb_buf_puts(out, i ? "," : ""));
        RC_TRY(rcm_print_text(out, m->results.p[i].name));
        RC_TRY(rcb_buf_puts(out, ":"));
        RC_TRY(rcm_print_real(out, m->results.p[i].value));
    }
    return rcb_buf_puts(out, "}");
}

static rc_status print_config(const rc_model *m, rcb_buf *out)
{
    return rcm_config_print(m->config, out);
}

/* The words of a file that hold vocabularies. */
#define RCM_ENTRY(code, word, help) KEY_VOCAB word,
static const char *const vocab_keys[] = {RCM_VOCAB_MAP(RCM_ENTRY)};
#undef RCM_ENTRY

static rc_status write_vocab(const rcd_vocab *v, const char *key, rcf_writer *w)
{
    rcb_buf text = {0};
    rc_status s = rcd_vocab_print(v, &text);

    if (s == RC_OK)
        s = rcf_writer_meta(w, key, text.p);
    rcb_buf_free(&text);
    return s;
}

static rc_status write_words(const rc_model *m, rcf_writer *w)
{
    static const struct {
        const char *key;
        rc_status (*print)(const rc_model *m, rcb_buf *out); /* nothing: no such word */
    } words[] = {
        {KEY_CONFIG, print_config},   {KEY_CONVENTIONS, print_conventions},
        {KEY_ORIGIN, print_origin},   {KEY_HISTORY, print_history},
        {KEY_RESULTS, print_results},
    };
    char version[16];

    (void)snprintf(version, sizeof version, "%d", RCM_FILE_VERSION);
    RC_TRY(rcf_writer_meta(w, KEY_FORMAT, version));
    RC_TRY(rcf_writer_meta(w, KEY_VERSION, RC_VERSION));
    RC_TRY(rcf_writer_meta(w, KEY_TASK, m->config->task->name));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        rcb_buf text = {0};
        rc_status s = words[i].print(m, &text);

        if (s == RC_OK && text.n > 0)
            s = rcf_writer_meta(w, words[i].key, text.p);
        rcb_buf_free(&text);
        RC_TRY(s);
    }
    for (int i = 0; i < RCM_VOCABS; i++)
        if (m->vocab.of[i])
            RC_TRY(write_vocab(m->vocab.of[i], vocab_keys[i], w));
    return RC_OK;
}

static rc_status add_tensor(rcf_writer *w, const rcn_param *p, rcf_dtype type, const void *data)
{
    return rcf_writer_add(w, &(rcf_tensor){
                                 .name = p->name,
                                 .dtype = type,
                                 .rank = p->rank,
                                 .dim = {p->dim[0], p->rank == 2 ? p->dim[1] : 0},
                                 .data = data,
                                 .bytes = (size_t)p->count * rcf_dtype_bytes(type),
                             });
}

/* Rows that are multiples of their scales, as those numbers and the scales. */
static rc_status write_int8(const rcn_param *p, rcf_writer *w, rcm_buffers *keep,
                            const rc_real *rows)
{
    const size_t n = strlen(p->name) + sizeof SCALE_SUFFIX;
    void *bytes, *name;

    RC_TRY(rcm_buffers_take(keep, (size_t)p->count, 1, &bytes));
    RC_TRY(rcm_buffers_take(keep, n, 1, &name));
    (void)snprintf(name, n, "%s" SCALE_SUFFIX, p->name);
    for (int64_t i = 0; i < p->count; i++) {
        const double step = (double)p->scale[i / p->dim[1]];
        const long q = step > 0 ? lrint((double)rows[i] / step) : 0;

        assert(q >= -128 && q <= 127);
        ((int8_t *)bytes)[i] = (int8_t)q;
    }
    RC_TRY(add_tensor(w, p, RCF_I8, bytes));
    return rcf_writer_add(w, &(rcf_tensor){
                                 .name = name,
                                 .dtype = RCM_REAL_TYPE,
                                 .rank = 1,
                                 .dim = {p->dim[0]},
                                 .data = p->scale,
                                 .bytes = (size_t)p->dim[0] * sizeof *p->scale,
                             });
}

static rc_status write_param(const rcn_param *p, rcf_writer *w, rcm_buffers *keep)
{
    void *rows, *half;

    RC_TRY(rcm_buffers_take(keep, (size_t)p->count, sizeof(rc_real), &rows));
    rcn_param_store(p, p->w, rows);
    if (p->bits == RCG_REALS)
        return add_tensor(w, p, RCM_REAL_TYPE, rows);
    if (p->bits == RCG_INT8)
        return write_int8(p, w, keep, rows);
    RC_TRY(rcm_buffers_take(keep, (size_t)p->count, sizeof(uint16_t), &half));
    rck->to_bf16(p->count, rows, half);
    return add_tensor(w, p, RCF_BF16, half);
}

rc_status rcm_model_write(const rc_model *m, rcf_writer *w, rcm_buffers *keep)
{
    const rcm_task *task = m->config->task;
    rcf_tensor table;

    RC_TRY(write_words(m, w));
    for (size_t i = 0; i < m->params.n; i++)
        RC_TRY(write_param(&m->params.p[i], w, keep));
    for (size_t i = 0; task->table && task->table(m, i, &table); i++)
        RC_TRY(rcf_writer_add(w, &table));
    return task->mixed ? rcm_members_write(&m->members, w, keep) : RC_OK;
}

rc_status rc_model_save(const rc_model *m, const char *path)
{
    rcm_buffers keep = {0};
    rcf_writer *w;

    RC_TRY(rcf_writer_new(&w));
    rc_status s = rcm_model_write(m, w, &keep);
    if (s == RC_OK)
        s = rcf_writer_save(w, path);
    rcf_writer_free(w);
    rcm_buffers_free(&keep);
    return s;
}

/* ---- reading ----------------------------------------------------------------------------- */

#define CANNOT_OPEN(path, fmt, ...)                                                                \
    RC_FAIL(RC_EFORMAT, "cannot open '%s': " fmt, (path), __VA_ARGS__)

/* Say which file it was that could not be understood. */
static rc_status in_file(const char *path, rc_status s)
{
    return s == RC_EFORMAT || s == RC_EINVAL || s == RC_EDATA
               ? CANNOT_OPEN(path, "%s", rc_error_message())
               : s;
}

static rc_status check_format(const rcf_file *f, const char *path)
{
    const char *format = rcf_file_meta(f, KEY_FORMAT);
    const char *version = rcf_file_meta(f, KEY_VERSION);
    char *end;

    if (!format)
        return CANNOT_OPEN(path,
                           "it is not a recur model: a safetensors file of %zu tensors without "
                           "the word '" KEY_FORMAT "'",
                           rcf_file_count(f));
    const long number = strtol(format, &end, 10);
    if (end == format || *end || number < 1)
        return CANNOT_OPEN(path, "it is not a recur model: the word '" KEY_FORMAT "' is '%s'",
                           format);
    if (number > RCM_FILE_VERSION)
        return RC_FAIL_HINT(RC_EFORMAT, "open it with that version of recur, or a later one",
                            "cannot open '%s': it is of a newer version: format %ld, written by "
                            "recur %s; this is recur " RC_VERSION ", which reads up to format %d",
                            path, number, version ? version : "of an unknown version",
                            RCM_FILE_VERSION);
    return RC_OK;
}

/* A word that a model cannot do without. */
static rc_status need_word(const rcf_file *f, const char *path, const char *key, const char **out)
{
    *out = rcf_file_meta(f, key);
    return *out ? RC_OK : CANNOT_OPEN(path, "the word '%s' is missing", key);
}

static bool read_record(const json_t *row, rc_record *out)
{
    const size_t n = json_array_size(row);
    double reals[REALS];

    if (n != WHOLES + REALS - 1 && n != WHOLES + REALS)
        return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *cell = json_array_get(row, i);

        if (i < WHOLES ? !json_is_integer(cell) : !json_is_number(cell) && !json_is_null(cell))
            return false;
        if (i >= WHOLES)
            reals[i - WHOLES] = json_is_null(cell) ? (double)NAN : json_number_value(cell);
    }
    if (n < WHOLES + REALS)
        reals[REALS - 1] = reals[REALS - 2];
    *out = (rc_record){
        .step = json_integer_value(json_array_get(row, 0)),
        .epoch = json_integer_value(json_array_get(row, 1)),
        .tokens = json_integer_value(json_array_get(row, 2)),
        .lr = reals[0],
        .train = reals[1],
        .valid = reals[2],
        .judged = reals[3],
    };
    return true;
}

static rc_status read_history(rc_model *m, json_t *root)
{
    if (!json_is_array(root))
        return RC_FAIL(RC_EFORMAT, "the word '" KEY_HISTORY "' is not a list");
    for (size_t i = 0; i < json_array_size(root); i++) {
        rc_record r;

        if (!read_record(json_array_get(root, i), &r))
            return RC_FAIL(RC_EFORMAT,
                           "the word '" KEY_HISTORY "': record %zu is not six numbers or seven", i);
        RC_TRY(rcm_history_add(&m->history, &r));
    }
    return RC_OK;
}

static rc_status read_origin(rc_model *m, json_t *root)
{
    const char *name;
    json_t *value;

    if (!json_is_object(root) || json_object_size(root) > MOST_RESULTS)
        return RC_FAIL(RC_EFORMAT, "the word '" KEY_ORIGIN "' is not an object of up to %d words",
                       MOST_RESULTS);
    json_object_foreach(root, name, value)
    {
        if (!json_is_string(value))
            return RC_FAIL(RC_EFORMAT, "the word '" KEY_ORIGIN "': '%s' is not a text", name);
        RC_TRY(rcm_words_add(&m->origin, name, "%s", json_string_value(value)));
    }
    return RC_OK;
}

static rc_status read_results(rc_model *m, json_t *root)
{
    const char *name;
    json_t *value;

    if (!json_is_object(root))
        return RC_FAIL(RC_EFORMAT, "the word '" KEY_RESULTS "' is not an object");
    if (json_object_size(root) > MOST_RESULTS)
        return RC_FAIL(RC_EFORMAT, "the word '" KEY_RESULTS "' has %zu numbers, the limit is %d",
                       json_object_size(root), MOST_RESULTS);
    json_object_foreach(root, name, value)
    {
        if (!json_is_number(value) && !json_is_null(value))
            return RC_FAIL(RC_EFORMAT, "the word '" KEY_RESULTS "': '%s' is not a number", name);
        RC_TRY(
            rcm_result_set(m, name, json_is_null(value) ? (double)NAN : json_number_value(value)));
    }
    return RC_OK;
}

/* A word of JSON, where it is there. */
static rc_status read_json(rc_model *m, const rcf_file *f, const char *key,
                           rc_status (*read)(rc_model *m, json_t *root))
{
    const char *text = rcf_file_meta(f, key);
    json_t *root;

    if (!text)
        return RC_OK;
    rc_status s = rcf_json_parse(&root, text, strlen(text), JSON_REJECT_DUPLICATES);
    if (s == RC_EFORMAT)
        return RC_FAIL(s, "the word '%s': %s", key, rc_error_message());
    RC_TRY(s);
    s = read(m, root);
    json_decref(root);
    return s;
}

/* "(256,128)" */
static void print_shape(char *out, size_t room, int rank, const int64_t dim[])
{
    size_t n = (size_t)snprintf(out, room, "(");

    for (int i = 0; i < rank && n < room; i++)
        n += (size_t)snprintf(out + n, room - n, "%s%" PRId64, i ? "," : "", dim[i]);
    if (n < room)
        (void)snprintf(out + n, room - n, ")");
}

rc_status rcm_tensor_reals(const rcf_tensor *t, const char *path, int64_t count, rc_real *rows)
{
    const size_t each = rcf_dtype_bytes(t->dtype);

    if (t->dtype != RCF_F32 && t->dtype != RCF_F64)
        return CANNOT_OPEN(
            path, "tensor '%s' has type %s, it should be F32 or F64 (a matrix: or BF16 or I8)",
            t->name, rcf_dtype_word(t->dtype));
    if ((uint64_t)count != t->bytes / each)
        return CANNOT_OPEN(path, "tensor '%s' has %zu numbers, it should have %" PRId64, t->name,
                           t->bytes / each, count);
    if (t->dtype == RCM_REAL_TYPE)
        memcpy(rows, t->data, t->bytes);
    else if (t->dtype == RCF_F32)
        for (int64_t i = 0; i < count; i++)
            rows[i] = (rc_real)((const float *)t->data)[i];
    else
        for (int64_t i = 0; i < count; i++)
            rows[i] = (rc_real)((const double *)t->data)[i];
    return RC_OK;
}

static rc_status load_reals(rcn_param *p, const rcf_tensor *t, const char *path, rc_real *rows,
                            rcb_pool *pool)
{
    RC_TRY(rcm_tensor_reals(t, path, p->count, rows));
    rcn_param_fill(p, rows, pool);
    return RC_OK;
}

static rc_status load_bf16(rcn_param *p, const rcf_tensor *t, rc_real *rows, rcb_pool *pool)
{
    rck->from_bf16(p->count, t->data, rows);
    rcn_param_fill(p, rows, pool);
    return rcn_param_lean(p, RCG_BF16, NULL);
}

/* The scales of a matrix of bytes: finite and not below 0. The caller frees them. */
static rc_status load_scales(rc_real **out, const rcn_param *p, const rcf_file *f, const char *path)
{
    rcb_buf name = {0};
    rc_status s = rcb_buf_printf(&name, "%s" SCALE_SUFFIX, p->name);
    const rcf_tensor *t = s == RC_OK ? rcf_file_find(f, name.p) : NULL;
    rc_real *scale = s == RC_OK ? rcb_alloc((size_t)p->dim[0], sizeof *scale) : NULL;

    if (s == RC_OK && !t)
        s = CANNOT_OPEN(path, "tensor '%s' is missing", name.p);
    if (s == RC_OK && !scale)
        s = RC_ENOMEM;
    if (s == RC_OK)
        s = rcm_tensor_reals(t, path, p->dim[0], scale);
    for (int64_t r = 0; s == RC_OK && r < p->dim[0]; r++)
        if (!(scale[r] >= 0 && isfinite(scale[r] * 128)))
            s = CANNOT_OPEN(path, "tensor '%s': scale %" PRId64 " is %g", name.p, r,
                            (double)scale[r]);
    rcb_buf_free(&name);
    if (s != RC_OK) {
        rcb_free(scale);
        return s;
    }
    *out = scale;
    return RC_OK;
}

static rc_status load_int8(rcn_param *p, const rcf_tensor *t, const rcf_file *f, const char *path,
                           rc_real *rows, rcb_pool *pool)
{
    const int8_t *bytes = t->data;
    rc_real *scale;

    RC_TRY(load_scales(&scale, p, f, path));
    for (int64_t i = 0; i < p->count; i++)
        rows[i] = scale[i / p->dim[1]] * (rc_real)bytes[i];
    rcn_param_fill(p, rows, pool);
    return rcn_param_lean(p, RCG_INT8, scale);
}

static rc_status load_param(rcn_param *p, const rcf_file *f, const char *path, rcb_pool *pool)
{
    const rcf_tensor *t = rcf_file_find(f, p->name);

    if (!t)
        return CANNOT_OPEN(path, "tensor '%s' is missing", p->name);
    if (t->rank != p->rank || t->dim[0] != p->dim[0] || (p->rank == 2 && t->dim[1] != p->dim[1])) {
        char has[96], wants[96];

        print_shape(has, sizeof has, t->rank, t->dim);
        print_shape(wants, sizeof wants, p->rank, p->dim);
        return CANNOT_OPEN(path,
                           "tensor '%s' has the shape %s, by its configuration the model has %s",
                           p->name, has, wants);
    }
    if (t->dtype == RCM_REAL_TYPE) {
        rcn_param_fill(p, t->data, pool);
        return RC_OK;
    }
    rc_real *rows = rcb_alloc((size_t)p->count, sizeof *rows);
    if (!rows)
        return RC_ENOMEM;
    const rc_status s = p->rank == 2 && t->dtype == RCF_BF16 ? load_bf16(p, t, rows, pool)
                        : p->rank == 2 && t->dtype == RCF_I8 ? load_int8(p, t, f, path, rows, pool)
                                                             : load_reals(p, t, path, rows, pool);
    rcb_free(rows);
    return s;
}

/* Does the name belong to the scales of a matrix of bytes? */
static bool is_scale(const rc_model *m, const char *name)
{
    const size_t n = strlen(name), tail = strlen(SCALE_SUFFIX);

    if (n <= tail || strcmp(name + n - tail, SCALE_SUFFIX) != 0)
        return false;
    for (size_t i = 0; i < m->params.n; i++) {
        const rcn_param *p = &m->params.p[i];

        if (p->scale && strlen(p->name) == n - tail && strncmp(p->name, name, n - tail) == 0)
            return true;
    }
    return false;
}

static bool has_table(const rc_model *m, const char *name)
{
    const rcm_task *task = m->config->task;
    rcf_tensor t;

    for (size_t i = 0; task->table && task->table(m, i, &t); i++)
        if (strcmp(t.name, name) == 0)
            return true;
    return false;
}

static const rcf_tensor *find_tensor(const void *from, const char *name)
{
    return rcf_file_find(from, name);
}

static rc_status load_tensors(rc_model *m, const rcf_file *f, const char *path, rcb_pool *pool)
{
    const rcm_task *task = m->config->task;

    const rcn_param *first = NULL; /* of the matrices */

    for (size_t i = 0; i < m->params.n; i++) {
        const rcn_param *p = &m->params.p[i];

        RC_TRY(load_param(&m->params.p[i], f, path, pool));
        if (p->rank == 2 && first && p->bits != first->bits)
            return CANNOT_OPEN(path, "tensors '%s' and '%s' are not held alike", first->name,
                               p->name);
        first = p->rank == 2 && !first ? p : first;
    }
    if (task->table)
        RC_TRY(in_file(path, task->tables_load(m, find_tensor, f)));
    if (task->mixed)
        RC_TRY(in_file(path, rcm_members_load(&m->members, f, pool)));
    for (size_t i = 0; i < rcf_file_count(f); i++) {
        const char *name = rcf_file_at(f, i)->name;

        if (strncmp(name, RCM_STATE_PREFIX, strlen(RCM_STATE_PREFIX)) != 0 &&
            !rcn_params_find(&m->params, name) && !is_scale(m, name) && !has_table(m, name) &&
            !rcm_members_tensor(&m->members, name))
            return CANNOT_OPEN(path, "tensor '%s' has no place in a model of its configuration",
                               name);
    }
    return RC_OK;
}

/* Numbers in the file: a bound for what a model of it can need. */
static int64_t room_of(const rcf_file *f)
{
    int64_t n = 0;

    for (size_t i = 0; i < rcf_file_count(f); i++) {
        const rcf_tensor *t = rcf_file_at(f, i);
        n += (int64_t)(t->bytes / rcf_dtype_bytes(t->dtype));
    }
    return n;
}

/* Configuration and vocabulary make an empty model. */
static rc_status read_plan(rc_model **out, const rcf_file *f, const char *path)
{
    const char *task, *text;
    rcm_vocabs vocab = {0};
    rc_config *c;

    RC_TRY(need_word(f, path, KEY_TASK, &task));
    RC_TRY(need_word(f, path, KEY_CONFIG, &text));
    RC_TRY(in_file(path, rcm_config_parse(&c, task, text)));
    rc_status s = RC_OK;
    for (int i = 0; s == RC_OK && i < RCM_VOCABS; i++)
        if ((text = rcf_file_meta(f, vocab_keys[i])))
            s = rcd_vocab_parse(&vocab.of[i], text, strlen(text));
    if (s == RC_OK)
        s = rcm_model_alloc(out, c, vocab, room_of(f));
    else
        rcm_vocabs_free(&vocab);
    rc_config_free(c);
    return in_file(path, s);
}

static rc_status read_model(rc_model **out, const rcf_file *f, const char *path, rcb_pool *pool)
{
    rc_model *m;

    RC_TRY(check_format(f, path));
    RC_TRY(read_plan(&m, f, path));
    rc_status s = load_tensors(m, f, path, pool);
    if (s == RC_OK)
        s = in_file(path, read_json(m, f, KEY_HISTORY, read_history));
    if (s == RC_OK)
        s = in_file(path, read_json(m, f, KEY_ORIGIN, read_origin));
    if (s == RC_OK)
        s = in_file(path, read_json(m, f, KEY_RESULTS, read_results));
    if (s == RC_OK)
        s = in_file(path, rcm_model_settle(m, pool));
    if (s != RC_OK) {
        rc_model_free(m);
        return s;
    }
    *out = m;
    return RC_OK;
}

const char *rcm_file_task(const rcf_file *f)
{
    return rcf_file_meta(f, KEY_TASK);
}

rc_status rcm_model_read(rc_model **out, const rcf_file *f, const char *path, rcb_pool *pool)
{
    rcb_pool *own = NULL;

    *out = NULL;
    if (!pool)
        RC_TRY(rcb_pool_new(&own, 1));
    const rc_status s = read_model(out, f, path, pool ? pool : own);
    rcb_pool_free(own);
    return s;
}

/* As many workers as there are cores, one at most for every 8 MiB: a small file is read sooner than
 * a thread is made. */
static rc_status open_pool(rcb_pool **out, size_t bytes)
{
    const size_t most = 1 + (bytes >> 23);
    int threads;

    RC_TRY(rcb_threads(&threads));
    return rcb_pool_new(out, most < (size_t)threads ? (int)most : threads);
}

static rc_status open_bytes(rc_model **out, const char *path, const rcb_bytes *bytes)
{
    rcb_pool *pool;
    rcf_file *f;

    RC_TRY(open_pool(&pool, bytes->n));
    rc_status s = rcf_file_parse(&f, path, bytes->p, bytes->n, pool);
    if (s == RC_OK)
        s = rcm_model_read(out, f, path, pool);
    rcf_file_free(f);
    rcb_pool_free(pool);
    return s;
}

rc_status rc_model_open(rc_model **out, const char *path)
{
    rcb_bytes bytes;

    *out = NULL;
    RC_TRY(rcb_file_load(&bytes, path));
    const rc_status s = open_bytes(out, path, &bytes);
    rcb_bytes_free(&bytes);
    return s;
}
