/* clockwork_test.c -- networks in groups of different rates. */
#include "textbook.h"

static const char *cells[] = {"clockwork", "hierarchical", NULL};

int main(void)
{
    return textbook_main("clockwork", cells);
}
