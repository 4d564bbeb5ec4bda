/* checkpoint.c -- all that is needed to go on, in one file beside the model.
 *
 * MODEL.state is a model file of the last weights with more in it, under the prefix "state.":
 * optimiser slots in logical layout, the carried state, and the place in the data as text. It holds
 * no time, thread count or machine, so the same training gives the same bytes. Numbers are written
 * in hexadecimal floating point: what is read back is what was written.
 */
#include "train/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char slot_word[] = RCT_SLOT_NAMES;

/* ---- the place as text ------------------------------------------------------------------- */

static rc_status print_place(const rc_trainer *t, rcb_buf *out)
{
    const rct_place *p = &t->place;
#define RCT_WHOLE(field) RC_TRY(rcb_buf_printf(out, #field " %" PRId64 "\n", p->field));
#define RCT_REAL(field)                                                                            \
    RC_TRY(rcb_buf_puts(out, #field " "));                                                         \
    RC_TRY(rcb_buf_hex(out, p->field));                                                            \
    RC_TRY(rcb_buf_puts(out, "\n"));
    RCT_PLACE_MAP(RCT_WHOLE, RCT_REAL)
#undef RCT_WHOLE
#undef RCT_REAL
    return rcb_buf_printf(out, "corpus %08" PRIx32 "\n", t->corpus_crc);
}

/* The text after "name " in the lines of `text`; NULL: no such line. */
static const char *place_value(const char *text, const char *name)
{
    const size_t n = strlen(name);
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, n) == 0 && line[n] == ' ')
            return line + n + 1;
    }
    return NULL;
}

static bool at_line_end(const char *text, const char *end)
{
    return end > text && (*end == '\n' || *end == '\0');
}

/* No training comes near the last whole number: what is added to one never overflows. */
static bool read_whole(const char *text, int64_t *out)
{
    char *end;

    *out = strtoll(text, &end, 10);
    return at_line_end(text, end) && *out >= -1 && *out <= INT64_MAX / 4;
}

static bool read_real(const char *text, double *out)
{
    const char *end;

    *out = rcb_real_read(text, &end);
    return at_line_end(text, end) && !isnan(*out);
}

static rc_status parse_place(rct_place *p, const char *path, const char *text)
{
    const char *value;
#define RCT_FIELD(field, read)                                                                     \
    if (!(value = place_value(text, #field)))                                                      \
        return RC_FAIL(RC_EFORMAT, "cannot resume from '%s': it lacks '" #field "'", path);        \
    if (!read(value, &p->field))                                                                   \
        return RC_FAIL(RC_EFORMAT, "cannot resume from '%s': its '" #field "' is '%.*s'", path,    \
                       (int)strcspn(value, "\n"), value);
#define RCT_WHOLE(field) RCT_FIELD(field, read_whole)
#define RCT_REAL(field) RCT_FIELD(field, read_real)
    RCT_PLACE_MAP(RCT_WHOLE, RCT_REAL)
#undef RCT_WHOLE
#undef RCT_REAL
#undef RCT_FIELD
    if (p->epoch < 1 || p->pos < 0 || p->step < 0 || p->updates < 0 || p->count < 0)
        return RC_FAIL(RC_EFORMAT, "cannot resume from '%s': its place in the data is below zero",
                       path);
    if (!isfinite(p->sum) || !isfinite(p->factor) || p->factor < 0)
        return RC_FAIL(RC_EFORMAT,
                       "cannot resume from '%s': its loss is %g and its factor of the rate %g",
                       path, p->sum, p->factor);
    return RC_OK;
}

/* ---- saving ------------------------------------------------------------------------------ */

static rc_status add_reals(rcf_writer *w, const char *name, int64_t rows, int64_t cols,
                           const rc_real *data)
{
    const rcf_tensor tensor = {
        .name = name,
        .dtype = RCM_REAL_TYPE,
        .rank = 2,
        .dim = {rows, cols},
        .data = data,
        .bytes = (size_t)(rows * cols) * sizeof *data,
    };
    return rcf_writer_add(w, &tensor);
}

static rc_status write_slots(const rc_trainer *t, rcf_writer *w, rcm_buffers *keep)
{
    for (int s = 0; s < RCT_SLOTS; s++)
        for (size_t i = 0; t->optim.slot[s] && i < t->model->params.n; i++) {
            const rcn_param *p = &t->model->params.p[i];
            rcb_buf name = {0};
            void *rows;

            if (!t->optim.slot[s][i])
                continue;
            RC_TRY(rcm_buffers_take(keep, (size_t)p->count, sizeof(rc_real), &rows));
            rcn_param_store(p, t->optim.slot[s][i], rows);
            rc_status status =
                rcb_buf_printf(&name, RCM_STATE_PREFIX "%c.%s", slot_word[s], p->name);
            if (status == RC_OK)
                status = add_reals(w, name.p, 1, p->count, rows);
            rcb_buf_free(&name);
            RC_TRY(status);
        }
    return RC_OK;
}

/* What a walker remembers, as it is in memory but for padding. */
static rc_status write_memories(const rc_trainer *t, rcf_writer *w, rcm_buffers *keep)
{
    rcm_memory m;

    for (size_t i = 0; t->walker && t->walker->memory && t->walker->memory(t->walker, i, &m); i++) {
        rcb_buf name = {0};
        void *rows;

        RC_TRY(rcm_buffers_take(keep, (size_t)(m.rows * m.cols), sizeof(rc_real), &rows));
        for (int64_t r = 0; r < m.rows; r++)
            memcpy((rc_real *)rows + r * m.cols, m.x + r * m.ld, (size_t)m.cols * sizeof *m.x);
        rc_status status = rcb_buf_printf(&name, RCM_STATE_PREFIX "walk.%s", m.name);
        if (status == RC_OK)
            status = add_reals(w, name.p, m.rows, m.cols, rows);
        rcb_buf_free(&name);
        RC_TRY(status);
    }
    return RC_OK;
}

static rc_status write_state(const rc_trainer *t, rcf_writer *w, rcm_buffers *keep, rcb_buf *place)
{
    RC_TRY(rcm_model_write(t->model, w, keep));
    RC_TRY(print_place(t, place));
    RC_TRY(rcf_writer_meta(w, RCM_STATE_PREFIX "place", place->p));
    RC_TRY(write_slots(t, w, keep));
    RC_TRY(write_memories(t, w, keep));
    if (t->feed.carry)
        RC_TRY(add_reals(w, RCM_STATE_PREFIX "carry", t->feed.carry_rows, t->feed.carry_width,
                         t->feed.carry));
    return rcf_writer_save(w, t->state_path);
}

rc_status rct_checkpoint_save(const rc_trainer *t)
{
    rcf_writer *w;
    rcm_buffers keep = {0};
    rcb_buf place = {0};

    RC_TRY(rcf_writer_new(&w));
    const rc_status status = write_state(t, w, &keep, &place);
    rcf_writer_free(w);
    rcm_buffers_free(&keep);
    rcb_buf_free(&place);
    return status;
}

/* ---- loading ----------------------------------------------------------------------------- */

static rc_status find_reals(const rcf_file *f, const char *path, const char *name, int64_t count,
                            rc_real *out)
{
    const rcf_tensor *tensor = rcf_file_find(f, name);
    if (!tensor)
        return RC_FAIL(RC_EFORMAT, "cannot resume from '%s': it lacks '%s'", path, name);
    return rcm_tensor_reals(tensor, path, count, out);
}

static rc_status load_slot(rc_trainer *t, const rcf_file *f, int s, size_t i)
{
    rcn_param *p = &t->model->params.p[i];
    rcb_buf name = {0};
    rc_real *rows = rcb_alloc((size_t)p->count, sizeof *rows);
    rc_status status =
        rows ? rcb_buf_printf(&name, RCM_STATE_PREFIX "%c.%s", slot_word[s], p->name) : RC_ENOMEM;

    if (status == RC_OK)
        status = find_reals(f, t->state_path, name.p, p->count, rows);
    if (status == RC_OK)
        rcn_param_load(p, t->optim.slot[s][i], rows);
    rcb_buf_free(&name);
    rcb_free(rows);
    return status;
}

static rc_status load_memory(const rc_trainer *t, const rcf_file *f, const rcm_memory *m)
{
    rcb_buf name = {0};
    rc_real *rows = rcb_alloc((size_t)(m->rows * m->cols), sizeof *rows);
    rc_status s = rows ? rcb_buf_printf(&name, RCM_STATE_PREFIX "walk.%s", m->name) : RC_ENOMEM;

    if (s == RC_OK)
        s = find_reals(f, t->state_path, name.p, m->rows * m->cols, rows);
    for (int64_t r = 0; s == RC_OK && r < m->rows; r++)
        memcpy(m->x + r * m->ld, rows + r * m->cols, (size_t)m->cols * sizeof *rows);
    rcb_buf_free(&name);
    rcb_free(rows);
    return s;
}

static rc_status load_memories(const rc_trainer *t, const rcf_file *f)
{
    rcm_memory m;

    for (size_t i = 0; t->walker && t->walker->memory && t->walker->memory(t->walker, i, &m); i++)
        RC_TRY(load_memory(t, f, &m));
    return RC_OK;
}

rc_status rct_checkpoint_crc(const rcf_file *f, const char *path, uint32_t *out)
{
    const char *text = rcf_file_meta(f, RCM_STATE_PREFIX "place");
    const char *value = text ? place_value(text, "corpus") : NULL;
    if (!value)
        return RC_FAIL(RC_EFORMAT, "cannot resume from '%s': it holds no training state", path);
    *out = (uint32_t)strtoul(value, NULL, 16);
    return RC_OK;
}

rc_status rct_checkpoint_load(rc_trainer *t, const rcf_file *f)
{
    RC_TRY(parse_place(&t->place, t->state_path, rcf_file_meta(f, RCM_STATE_PREFIX "place")));
    if (t->place.averages != 0 && t->place.averages != 1)
        return RC_FAIL(RC_EFORMAT, "cannot resume from '%s': its 'averages' is no yes or no",
                       t->state_path);
    if (t->place.averaged < 0 || t->place.averaged > t->place.updates ||
        (!t->optim.slot[RCT_MEAN] && (t->place.averages || t->place.averaged)))
        return RC_FAIL(RC_EFORMAT, "cannot resume from '%s': its mean of weights cannot be",
                       t->state_path);
    t->optim.steps = t->place.updates;
    t->optim.averaged = t->place.averaged;
    t->optim.averages = t->place.averages;
    for (int s = 0; s < RCT_SLOTS; s++)
        for (size_t i = 0; t->optim.slot[s] && i < t->model->params.n; i++)
            if (t->optim.slot[s][i])
                RC_TRY(load_slot(t, f, s, i));
    RC_TRY(load_memories(t, f));
    if (t->feed.carry)
        RC_TRY(find_reals(f, t->state_path, RCM_STATE_PREFIX "carry",
                          t->feed.carry_rows * t->feed.carry_width, t->feed.carry));
    return RC_OK;
}
