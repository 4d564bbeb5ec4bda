/* mgu_test.c -- the minimal gated unit. */
#include "textbook.h"

static const char *cells[] = {"mgu", NULL};

int main(void)
{
    return textbook_main("mgu", cells);
}
