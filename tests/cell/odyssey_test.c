/* odyssey_test.c -- the LSTM with peepholes and its variants. */
#include "textbook.h"

static const char *cells[] = {"lstm-peephole", "lstm-nig",  "lstm-nfg",  "lstm-nog",
                              "lstm-niaf",     "lstm-noaf", "lstm-cifg", NULL};

int main(void)
{
    return textbook_main("odyssey", cells);
}
