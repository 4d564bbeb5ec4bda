/* mut_test.c -- the three units of a search. */
#include "textbook.h"

static const char *cells[] = {"mut1", "mut2", "mut3", NULL};

int main(void)
{
    return textbook_main("mut", cells);
}
