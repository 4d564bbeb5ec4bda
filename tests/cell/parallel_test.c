/* parallel_test.c -- cells without a recurrent matrix. */
#include "textbook.h"

static const char *cells[] = {"sru", "mingru", "minlstm", "qrnn", NULL};

int main(void)
{
    return textbook_main("parallel", cells);
}
