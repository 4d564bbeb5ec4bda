/* comma.h -- a locale with a decimal comma, as a host program may have set one: one of the
 * system's, or one made for the test. Wants _GNU_SOURCE (setenv).
 */
#ifndef COMMA_H
#define COMMA_H

#include "check.h"

#include <locale.h>

static inline bool comma_try(const char *name)
{
    return setlocale(LC_ALL, name) && *localeconv()->decimal_point == ',';
}

/* Set it for this process; false, with the reason printed, where there is none. */
static inline bool comma_begin(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8",
                                        "fr_FR.utf8",  "de_DE",      "fr_FR"};
    char command[1200];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (comma_try(names[i]))
            return true;
    (void)snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 '%s' >/dev/null 2>&1",
                   check_temp_path("de_DE.UTF-8"));
    (void)!system(command); /* what it made is looked at */
    (void)setenv("LOCPATH", check_temp_dir(), 1);
    if (comma_try("de_DE.UTF-8"))
        return true;
    (void)unsetenv("LOCPATH");
    print_message("no locale with a decimal comma here, and localedef makes none\n");
    return false;
}

static inline void comma_end(void)
{
    (void)unsetenv("LOCPATH");
    assert_non_null(setlocale(LC_ALL, "C"));
}

#endif
