/* lstm_in.h -- the rows of the LSTM, which lstm.c and mlstm.c share. Private to the room; compiled
 * once per instruction set.
 */
#ifndef RCC_LSTM_IN_H
#define RCC_LSTM_IN_H

#include "cell/cell_in.h"

/* One row of one group.
 *
 *   gates (4,16)  in: pre-activations of i, f, g, o; out: i, f, g, o
 *   c     (16)    cell before     h_out, c_out (16)  states after
 *
 *   i = s(a_i)   f = s(a_f)   g = tanh(a_g)   o = s(a_o)   c' = f c + i g   h' = o tanh(c')
 */
static void lstm_row(rc_real *restrict gates, const rc_real *restrict c, rc_real *restrict h_out,
                     rc_real *restrict c_out)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real i = vsigmoid(gates[j]);
        const rc_real f = vsigmoid(gates[16 + j]);
        const rc_real g = vtanh(gates[32 + j]);
        const rc_real o = vsigmoid(gates[48 + j]);
        const rc_real next = RC_FMA(f, c[j], i * g);

        c_out[j] = next;
        h_out[j] = o * vtanh(next);
        gates[j] = i;
        gates[16 + j] = f;
        gates[32 + j] = g;
        gates[48 + j] = o;
    }
}

/* The way back: gates holds i, f, g, o and receives their gradients.
 *
 *   c, c_out (16)  cell before and after     d_h (16)  dL/dh'
 *   d_next   (16)  dL/dc' from later steps
 *   d_c      (16)  receives dL/dc; may be d_next, so neither of the two is `restrict`: all of
 *                  d_next is read before the first of d_c is written
 */
static void lstm_back_row(rc_real *restrict gates, const rc_real *restrict c,
                          const rc_real *restrict c_out, const rc_real *restrict d_h,
                          const rc_real *d_next, rc_real *d_c)
{
    rc_real d_cell[RCK_LANES];

    for (int j = 0; j < RCK_LANES; j++)
        d_cell[j] = d_next[j];
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real i = gates[j];
        const rc_real f = gates[16 + j];
        const rc_real g = gates[32 + j];
        const rc_real o = gates[48 + j];
        const rc_real t = vtanh(c_out[j]);
        const rc_real d = RC_FMA(d_h[j] * o, RC_FMA(-t, t, RC_C(1.0)), d_cell[j]);

        gates[j] = d * g * (i * (RC_C(1.0) - i));
        gates[16 + j] = d * c[j] * (f * (RC_C(1.0) - f));
        gates[32 + j] = d * i * RC_FMA(-g, g, RC_C(1.0));
        gates[48 + j] = d_h[j] * t * (o * (RC_C(1.0) - o));
        d_c[j] = d * f;
    }
}

#endif
