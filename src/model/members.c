/* members.c -- models that a model is made of: held, copied, and kept in its file.
 *
 * Each is in the file as the bytes of a file of its own, with its own checksums; a member of a
 * member cannot be, since mixtures of mixtures are made flat.
 */
#include "model/model_in.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_ROOM = 32 };

rc_status rcm_members_add(rcm_members *ms, rc_model *member, double weight)
{
    rc_model **p = rcb_realloc(ms->p, ms->n, ms->n + 1, sizeof *p);

    if (p)
        ms->p = p;
    double *w = p ? rcb_realloc(ms->weight, ms->n, ms->n + 1, sizeof *w) : NULL;
    if (!w) {
        rc_model_free(member);
        return RC_ENOMEM;
    }
    ms->weight = w;
    ms->p[ms->n] = member;
    ms->weight[ms->n++] = weight;
    return RC_OK;
}

void rcm_members_free(rcm_members *ms)
{
    for (size_t i = 0; i < ms->n; i++)
        rc_model_free(ms->p[i]);
    rcb_free(ms->p);
    rcb_free(ms->weight);
    *ms = (rcm_members){0};
}

rc_status rcm_members_copy(rcm_members *to, const rcm_members *from, double weight)
{
    for (size_t i = 0; i < from->n; i++) {
        rc_model *copy;

        RC_TRY(rc_model_clone(&copy, from->p[i]));
        RC_TRY(rcm_members_add(to, copy, weight * from->weight[i]));
    }
    return RC_OK;
}

/* ---- files ------------------------------------------------------------------------------- */

/* A member as the bytes of its file. */
static rc_status print_member(const rc_model *m, rcb_buf *out)
{
    rcm_buffers keep = {0};
    rcf_writer *w;

    RC_TRY(rcf_writer_new(&w));
    rc_status s = rcm_model_write(m, w, &keep);
    if (s == RC_OK)
        s = rcf_writer_print(w, out);
    rcf_writer_free(w);
    rcm_buffers_free(&keep);
    return s;
}

static rc_status write_member(const rcm_members *ms, size_t i, rcf_writer *w, rcm_buffers *keep)
{
    char name[NAME_ROOM];
    rcb_buf bytes = {0};
    rc_status s = print_member(ms->p[i], &bytes);

    if (s != RC_OK) {
        rcb_buf_free(&bytes);
        return s;
    }
    const rcf_tensor t = {.name = name,
                          .dtype = RCF_U8,
                          .rank = 1,
                          .dim = {(int64_t)bytes.n},
                          .data = bytes.p,
                          .bytes = bytes.n};
    (void)snprintf(name, sizeof name, RCM_MEMBERS_FILE, i);
    RC_TRY(rcm_buffers_give(keep, &bytes));
    return rcf_writer_add(w, &t);
}

rc_status rcm_members_write(const rcm_members *ms, rcf_writer *w, rcm_buffers *keep)
{
    RC_TRY(rcf_writer_add(w, &(rcf_tensor){.name = RCM_MEMBERS_WEIGHTS,
                                           .dtype = RCF_F64,
                                           .rank = 1,
                                           .dim = {(int64_t)ms->n},
                                           .data = ms->weight,
                                           .bytes = ms->n * sizeof *ms->weight}));
    for (size_t i = 0; i < ms->n; i++)
        RC_TRY(write_member(ms, i, w, keep));
    return RC_OK;
}

static rc_status load_weights(const rcf_file *f, const double **out, size_t *n)
{
    const rcf_tensor *t = rcf_file_find(f, RCM_MEMBERS_WEIGHTS);
    double sum = 0;

    if (!t || t->dtype != RCF_F64 || t->rank != 1 || t->dim[0] < 1 || t->dim[0] > RCM_MEMBERS_MOST)
        return RC_FAIL(RC_EFORMAT, "tensor '" RCM_MEMBERS_WEIGHTS "' should be 1 to %d numbers F64",
                       RCM_MEMBERS_MOST);
    *out = t->data;
    *n = (size_t)t->dim[0];
    for (size_t i = 0; i < *n; i++) {
        if (!((*out)[i] > 0)) /* or it is none */
            return RC_FAIL(RC_EFORMAT, "tensor '" RCM_MEMBERS_WEIGHTS "': number %zu is %g", i,
                           (*out)[i]);
        sum += (*out)[i];
    }
    if (!(fabs(sum - 1) < 1e-6))
        return RC_FAIL(RC_EFORMAT, "tensor '" RCM_MEMBERS_WEIGHTS "' adds up to %g, not to 1", sum);
    return RC_OK;
}

/* That it is no mixture is seen before any member of it is read. */
static rc_status read_member(rc_model **out, const rcf_tensor *t, const char *name, rcb_pool *pool)
{
    rcf_file *f;

    RC_TRY(rcf_file_parse(&f, name, t->data, t->bytes, pool));
    const rc_status s = rcf_file_find(f, RCM_MEMBERS_WEIGHTS)
                            ? RC_FAIL(RC_EFORMAT, "cannot open '%s': a mixture in a mixture", name)
                            : rcm_model_read(out, f, name, pool);

    rcf_file_free(f);
    return s;
}

rc_status rcm_members_load(rcm_members *ms, const rcf_file *f, rcb_pool *pool)
{
    const double *weight = NULL;
    size_t n = 0;

    RC_TRY(load_weights(f, &weight, &n));
    for (size_t i = 0; i < n; i++) {
        char name[NAME_ROOM];
        rc_model *member;

        (void)snprintf(name, sizeof name, RCM_MEMBERS_FILE, i);
        const rcf_tensor *t = rcf_file_find(f, name);
        if (!t || t->dtype != RCF_U8 || t->rank != 1)
            return RC_FAIL(RC_EFORMAT, "tensor '%s' should be the bytes of a model", name);
        RC_TRY(read_member(&member, t, name, pool));
        RC_TRY(rcm_members_add(ms, member, weight[i]));
    }
    return RC_OK;
}

bool rcm_members_tensor(const rcm_members *ms, const char *name)
{
    char own[NAME_ROOM];

    if (ms->n > 0 && strcmp(name, RCM_MEMBERS_WEIGHTS) == 0)
        return true;
    for (size_t i = 0; i < ms->n; i++) {
        (void)snprintf(own, sizeof own, RCM_MEMBERS_FILE, i);
        if (strcmp(name, own) == 0)
            return true;
    }
    return false;
}
