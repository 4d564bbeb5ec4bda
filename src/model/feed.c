/* feed.c -- what a step is fed with: a batch and the state that its sequences carry from one to the
 * next; and the parts of it that the shards of a step take.
 */
#include "model/model.h"

#include <string.h>

rc_status rcm_feed_new(rcm_feed *f, const rc_model *m, int64_t rows)
{
    const int64_t width = m->config->task->carry_width(m);
    size_t reals;

    *f = (rcm_feed){0};
    if (width == 0)
        return RC_OK;
    if (!rcb_mul((size_t)rows, (size_t)width, &reals))
        return RC_FAIL(RC_ENOMEM, "out of memory: the state of %" PRId64 " sequences", rows);
    f->carry = rcb_calloc(reals, sizeof *f->carry);
    if (!f->carry)
        return RC_ENOMEM;
    f->carry_rows = rows;
    f->carry_width = width;
    return RC_OK;
}

void rcm_feed_free(rcm_feed *f)
{
    rcd_batch_free(&f->batch);
    rcb_free(f->carry);
    *f = (rcm_feed){0};
}

/* Where sequence c of a part is in the whole. */
static rc_real *carry_of(const rcm_feed *whole, int64_t part, int64_t parts, int64_t c)
{
    return whole->carry + (part + c * parts) * whole->carry_width;
}

rc_status rcm_feed_part(const rcm_feed *whole, int64_t part, int64_t parts, rcm_feed *out)
{
    RC_TRY(rcd_batch_part(&whole->batch, part, parts, &out->batch));
    out->from = whole->from;
    if (!whole->carry)
        return RC_OK;
    assert(out->carry_rows == out->batch.seqs && out->carry_width == whole->carry_width);
    for (int64_t c = 0; c < out->carry_rows; c++)
        memcpy(out->carry + c * out->carry_width, carry_of(whole, part, parts, c),
               (size_t)out->carry_width * sizeof *out->carry);
    return RC_OK;
}

void rcm_feed_return(const rcm_feed *f, int64_t part, int64_t parts, rcm_feed *whole)
{
    for (int64_t c = 0; c < f->carry_rows; c++)
        memcpy(carry_of(whole, part, parts, c), f->carry + c * f->carry_width,
               (size_t)f->carry_width * sizeof *f->carry);
}
