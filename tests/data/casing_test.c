/* casing_test.c -- how words are written. */
#include "data/data.h"

#include "check.h"

static void every_way_of_writing_is_told(void **unused)
{
    (void)unused;
    static const struct {
        const char *word;
        rcd_casing is;
    } cases[] = {
        {"", RCD_CASING_OTHER},      {"-", RCD_CASING_OTHER},        {"...", RCD_CASING_OTHER},
        {"日本", RCD_CASING_OTHER},  {"\xff", RCD_CASING_OTHER},     {"word", RCD_CASING_LOWER},
        {"élan", RCD_CASING_LOWER},  {"don't", RCD_CASING_LOWER},    {"A", RCD_CASING_LETTER},
        {"EU", RCD_CASING_UPPER},    {"U.S.", RCD_CASING_UPPER},     {"London", RCD_CASING_FIRST},
        {"Élan", RCD_CASING_FIRST},  {"McDonald", RCD_CASING_MIXED}, {"iPod", RCD_CASING_MIXED},
        {"1996", RCD_CASING_NUMBER}, {"1996-08", RCD_CASING_DIGITS}, {"F16", RCD_CASING_DIGITS},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (rcd_casing_of(cases[i].word, strlen(cases[i].word)) != cases[i].is)
            fail_msg("'%s' is told wrongly", cases[i].word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_way_of_writing_is_told)};

    return cmocka_run_group_tests_name("casing", tests, NULL, NULL);
}
