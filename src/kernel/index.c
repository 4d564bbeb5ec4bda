/* index.c -- rows by number: gather, scatter-add, and the dropout mask, whose every element has
 * its own place in a counter-based random stream.
 */
#include "kernel/table_in.h"

#include <string.h>

enum { MASK_BLOCK = 4 * RCK_LANES }; /* elements of 16 philox counters */

void RCK_FN(gather)(int64_t n, int64_t width, const rc_real *table, int64_t ld, const int32_t *ids,
                    rc_real *y, int64_t ldy)
{
    for (int64_t i = 0; i < n; i++)
        memcpy(y + i * ldy, table + ids[i] * ld, (size_t)width * sizeof *y);
}

void RCK_FN(scatter_add)(int64_t n, int64_t width, const rc_real *x, int64_t ldx,
                         const int32_t *ids, rc_real *table, int64_t ld)
{
    for (int64_t i = 0; i < n; i++)
        RCK_FN(add)(width, table + ids[i] * ld, x + i * ldx, table + ids[i] * ld);
}

/* A row of the logical weight is a column of its panel: steps of p->cols. */
void RCK_FN(scatter_panels)(const rck_panel *p, int64_t n, const rc_real *x, int64_t ldx,
                            const int32_t *ids, rc_real *panels)
{
    for (int64_t i = 0; i < n; i++) {
        rc_real *column = panels + ids[i] / p->span * p->K * p->cols + ids[i] % p->span;
        for (int64_t k = 0; k < p->K; k++)
            column[k * p->cols] += x[i * ldx + k];
    }
}

/* rcb_philox of the counters { low, high, c, 0 }, c = 0..15; word w of it to out[16 w + c]. */
static void philox_block(rcb_key key, uint64_t block, uint32_t *restrict out)
{
    uint32_t *restrict c0 = out;
    uint32_t *restrict c1 = out + RCK_LANES;
    uint32_t *restrict c2 = out + 2 * RCK_LANES;
    uint32_t *restrict c3 = out + 3 * RCK_LANES;
    uint32_t k0 = key.k[0];
    uint32_t k1 = key.k[1];

    for (uint32_t j = 0; j < RCK_LANES; j++) {
        c0[j] = (uint32_t)block;
        c1[j] = (uint32_t)(block >> 32);
        c2[j] = j;
        c3[j] = 0;
    }
    for (int round = 0; round < 10; round++) {
        for (int j = 0; j < RCK_LANES; j++) {
            const uint64_t p0 = (uint64_t)0xD2511F53u * c0[j];
            const uint64_t p1 = (uint64_t)0xCD9E8D57u * c2[j];

            c0[j] = (uint32_t)(p1 >> 32) ^ c1[j] ^ k0;
            c1[j] = (uint32_t)p1;
            c2[j] = (uint32_t)(p0 >> 32) ^ c3[j] ^ k1;
            c3[j] = (uint32_t)p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

void RCK_FN(dropout_mask)(rcb_key key, int64_t first, int64_t rows, int64_t width, double drop,
                          rc_real *mask, int64_t ldm)
{
    const uint64_t threshold = (uint64_t)(drop * 4294967296.0);
    const rc_real keep = drop < 1.0 ? (rc_real)(1.0 / (1.0 - drop)) : RC_C(0.0);
    const int64_t blocks = (width + MASK_BLOCK - 1) / MASK_BLOCK;

    for (int64_t r = 0; r < rows; r++)
        for (int64_t b = 0; b < blocks; b++) {
            const int64_t left = width - b * MASK_BLOCK;
            const int n = (int)(left < MASK_BLOCK ? left : MASK_BLOCK);
            rc_real *m = mask + r * ldm + b * MASK_BLOCK;
            uint32_t word[MASK_BLOCK];

            philox_block(key, (uint64_t)((first + r) * blocks + b), word);
            for (int j = 0; j < n; j++)
                m[j] = word[j] >= threshold ? keep : RC_C(0.0);
        }
}
