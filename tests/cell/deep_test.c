/* deep_test.c -- deep transitions. */
#include "textbook.h"

static const char *cells[] = {"dt", "dt-s", NULL};

int main(void)
{
    return textbook_main("deep", cells);
}
