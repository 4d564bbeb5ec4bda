/* lstm_in.h -- the LSTM as the last stage of other cells, or another one: lstm.c has it. Private to
 * the room; one for each instruction set.
 */
#ifndef RCC_LSTM_IN_H
#define RCC_LSTM_IN_H

#include "cell/cell_in.h"

/* Gates i f g o, states h and c: out[0] and out[1] of in[1], and the way back. */
void RC_ISA_NAME(rcc_lstm_stage)(const rcc_step *s);
void RC_ISA_NAME(rcc_lstm_stage_back)(const rcc_step *s);

#endif
