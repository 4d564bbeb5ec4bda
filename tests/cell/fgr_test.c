/* fgr_test.c -- the LSTM with full gate recurrence. */
#include "textbook.h"

static const char *cells[] = {"lstm-fgr", NULL};

int main(void)
{
    return textbook_main("fgr", cells);
}
