/* rhn_test.c -- recurrent highway networks. */
#include "textbook.h"

static const char *cells[] = {"rhn-2", "rhn-5", "rhn-10", NULL};

int main(void)
{
    return textbook_main("rhn", cells);
}
