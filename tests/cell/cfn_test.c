/* cfn_test.c -- the chaos-free network. */
#include "textbook.h"

static const char *cells[] = {"cfn", NULL};

int main(void)
{
    return textbook_main("cfn", cells);
}
