/* lstm_proj_test.c -- the LSTM with projection. */
#include "textbook.h"

static const char *cells[] = {"lstm-proj", NULL};

int main(void)
{
    return textbook_main("lstm_proj", cells);
}
