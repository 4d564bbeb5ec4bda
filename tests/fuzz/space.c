/* space.c -- whatever a search is asked to vary is taken or refused with a message; from what is
 * taken every draw and every point is a configuration.
 *
 * The input is lines "name=values"; the first byte picks the task.
 */
#include "train/train.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void use(const rc_space *s)
{
    const int64_t points = rc_space_points(s);
    const int64_t some[] = {0, points / 2, points - 1};
    rc_config *c;

    for (uint64_t i = 0; i < 3; i++) {
        check(rc_space_draw(s, i, i * i, &c) == RC_OK);
        rc_config_free(c);
    }
    for (size_t i = 0; points > 0 && i < 3; i++) {
        check(rc_space_point(s, some[i], &c) == RC_OK);
        rc_config_free(c);
    }
    check(rc_space_point(s, points, &c) == RC_EINVAL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const char *const tasks[] = {"lm", "ngram", "series"};
    char *text = n ? malloc(n) : NULL;
    rc_config *c;
    rc_space *s;

    if (!text)
        return 0;
    memcpy(text, bytes + 1, n - 1);
    text[n - 1] = '\0';
    check(rc_config_new(&c, tasks[bytes[0] % 3]) == RC_OK);
    check(rc_space_new(&s, c) == RC_OK);
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (rc_space_vary(s, line) != RC_OK)
            check(rc_error_message()[0] != '\0');
    }
    use(s);
    rc_space_free(s);
    rc_config_free(c);
    free(text);
    return 0;
}
