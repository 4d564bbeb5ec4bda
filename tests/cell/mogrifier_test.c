/* mogrifier_test.c -- the Mogrifier LSTM. */
#include "textbook.h"

static const char *cells[] = {"mogrifier", NULL};

int main(void)
{
    return textbook_main("mogrifier", cells);
}
