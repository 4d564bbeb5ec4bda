/* cell_in.h -- what the cell sources share: the walk over rows and unit groups.
 *
 * A cell writes two things per stage and direction: a row function over the 16 units of one group,
 * whose pointers are `restrict` parameters (gcc 12 and clang 14 then vectorise it at full width),
 * and a few lines that pick its pointers out of the step. rcc_each() is the only loop above them.
 * Private to the room; compiled once per instruction set.
 */
#ifndef RCC_CELL_IN_H
#define RCC_CELL_IN_H

#include "cell/cell.h"
#include "kernel/isa.h"
#include "kernel/vmath.h"

/* One row of one unit group: `gates` and `apart` are its (gates,16) blocks (apart NULL: the stage
 * has none); add `at` to any vector of the step. */
typedef void rcc_row(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at);

/* The same for cells with vectors of weights: vec and d_vec are the group's (vectors,16). */
typedef void rcc_row_vec(const rcc_step *s, rc_real *gates, rc_real *apart, const rc_real *vec,
                         rc_real *d_vec, int64_t at);

/* Call `row` for every row of every unit group of the step. Inlined, so that `row` is known. */
RC_INLINE void rcc_each(const rcc_step *s, rcc_row *row)
{
    for (int64_t u = s->first; u < s->last; u++) {
        rc_real *gates = rcc_group(&s->gates, u);
        rc_real *apart = s->apart.p ? rcc_group(&s->apart, u) : NULL;
        int64_t at = u * RCK_LANES;

        for (int64_t r = 0; r < s->rows; r++) {
            row(s, gates, apart, at);
            gates += s->gates.row;
            if (apart)
                apart += s->apart.row;
            at += s->ld;
        }
    }
}

RC_INLINE void rcc_each_vec(const rcc_step *s, rcc_row_vec *row)
{
    for (int64_t u = s->first; u < s->last; u++) {
        rc_real *gates = rcc_group(&s->gates, u);
        rc_real *apart = s->apart.p ? rcc_group(&s->apart, u) : NULL;
        const rc_real *vec = rcc_group(&s->vec, u);
        rc_real *d_vec = s->d_vec.p ? rcc_group(&s->d_vec, u) : NULL;
        int64_t at = u * RCK_LANES;

        for (int64_t r = 0; r < s->rows; r++) {
            row(s, gates, apart, vec, d_vec, at);
            gates += s->gates.row;
            if (apart)
                apart += s->apart.row;
            at += s->ld;
        }
    }
}

#endif
