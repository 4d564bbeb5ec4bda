/* lean.c -- parameters in fewer bits: matrices whose values are bf16 numbers, or bytes times a
 * scale for every row. The reals stay and hold just these values; packed matrices get their lean
 * form beside them, for products of one row. Biases stay as they are.
 */
#include "net/net.h"

#include <string.h>

#define WORD(code, word, help) [code] = word,
static const char *const words[RCG_BITS_COUNT] = {RCG_BITS_MAP(WORD)};
#undef WORD

enum { MOST_SUM = 65536 }; /* products of bytes that surely fit a sum of 32 bits */

/* The rows (R,K) become what `bits` can say; scale (R) receives the step of each, for int8. */
static rc_status round_rows(const rcn_param *p, rcg_bits bits, rc_real *rows, rc_real *scale)
{
    const int64_t K = p->dim[1];
    void *room = rcb_alloc((size_t)K, sizeof(uint16_t));

    if (!room)
        return RC_ENOMEM;
    for (int64_t r = 0; r < p->dim[0]; r++) {
        rc_real *row = rows + r * K;

        if (bits == RCG_BF16) {
            rck->to_bf16(K, row, room);
            rck->from_bf16(K, room, row);
            continue;
        }
        const int8_t *q = room;

        scale[r] = rck->to_int8(K, row, room);
        for (int64_t k = 0; k < K; k++)
            row[k] = scale[r] * (rc_real)q[k];
    }
    rcb_free(room);
    return RC_OK;
}

rc_status rcn_param_lean(rcn_param *p, rcg_bits bits, rc_real *scale)
{
    assert(!p->weight.lean && !p->scale && p->rank == 2 && (bits == RCG_INT8) == (scale != NULL));
    p->bits = bits;
    p->scale = scale;
    if (bits == RCG_INT8 && p->dim[1] > MOST_SUM)
        return RC_FAIL_HINT(RC_EINVAL, "bf16 has no such limit",
                            "'%s' cannot be int8: its rows have %" PRId64
                            " numbers, at most %d are possible",
                            p->name, p->dim[1], MOST_SUM);
    return p->packed ? rcg_lean_new(&p->weight.lean, &p->weight, bits, scale) : RC_OK;
}

static rc_status reduce(rcn_param *p, rcg_bits bits)
{
    rc_real *rows = rcb_alloc((size_t)p->count, sizeof *rows);
    rc_real *scale = bits == RCG_INT8 ? rcb_alloc((size_t)p->dim[0], sizeof *scale) : NULL;
    rc_status s = rows && (scale || bits != RCG_INT8) ? RC_OK : RC_ENOMEM;

    if (s == RC_OK) {
        rcn_param_store(p, p->w, rows);
        if (!rck->finite(p->count, rows))
            s = RC_FAIL(RC_ENAN, "cannot quantize '%s': not all of its values are finite", p->name);
    }
    if (s == RC_OK)
        s = round_rows(p, bits, rows, scale);
    if (s == RC_OK && !rck->finite(p->count, rows)) /* the last of the floats round up */
        s = RC_FAIL(RC_ENAN, "cannot quantize '%s': it has values that %s cannot hold", p->name,
                    words[bits]);
    if (s == RC_OK) {
        rcn_param_load(p, p->w, rows);
        s = rcn_param_lean(p, bits, scale);
        scale = NULL;
    }
    rcb_free(scale);
    rcb_free(rows);
    return s;
}

rc_status rcn_params_lean(rcn_params *ps, rcg_bits bits)
{
    for (size_t i = 0; i < ps->n; i++) {
        rcn_param *p = &ps->p[i];

        if (p->rank != 2)
            continue;
        if (p->bits != RCG_REALS)
            return RC_FAIL(RC_EINVAL, "cannot quantize '%s': it has been quantized before",
                           p->name);
        RC_TRY(reduce(p, bits));
    }
    return RC_OK;
}

rc_status rcn_params_lean_copy(rcn_params *to, const rcn_params *from)
{
    assert(to->n == from->n);
    for (size_t i = 0; i < to->n; i++) {
        const rcn_param *p = &from->p[i];
        rc_real *scale = NULL;

        if (p->bits == RCG_REALS)
            continue;
        if (p->scale) {
            scale = rcb_alloc((size_t)p->dim[0], sizeof *scale);
            if (!scale)
                return RC_ENOMEM;
            memcpy(scale, p->scale, (size_t)p->dim[0] * sizeof *scale);
        }
        RC_TRY(rcn_param_lean(&to->p[i], p->bits, scale));
    }
    return RC_OK;
}
