/* mlstm_test.c -- the multiplicative LSTM. */
#include "textbook.h"

static const char *cells[] = {"mlstm", NULL};

int main(void)
{
    return textbook_main("mlstm", cells);
}
