/* gru_ln_test.c -- the layer-normalised GRU. */
#include "textbook.h"

static const char *cells[] = {"gru-ln", NULL};

int main(void)
{
    return textbook_main("gru-ln", cells);
}
