/* lstm_ln_test.c -- the layer-normalised LSTM. */
#include "textbook.h"

static const char *cells[] = {"lstm-ln", NULL};

int main(void)
{
    return textbook_main("lstm-ln", cells);
}
