/* options.c -- whatever is said on a command line or stands in a file's configuration is taken or
 * refused with a message; what is taken comes back the same.
 *
 * The input is read twice: as lines "name=value", set one after another, and as the JSON of a
 * configuration. The first byte picks the task.
 */
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* What is taken prints as JSON that reads back as the same JSON. */
static void check_round_trip(const rc_config *c)
{
    rcb_buf once = {0}, twice = {0};
    rc_config *back;

    check(rcm_config_print(c, &once) == RC_OK);
    check(rcm_config_parse(&back, rc_config_task(c), once.p) == RC_OK);
    check(rcm_config_print(back, &twice) == RC_OK);
    check(strcmp(once.p, twice.p) == 0);
    rc_config_free(back);
    rcb_buf_free(&once);
    rcb_buf_free(&twice);
}

/* What a model makes of the texts among the options. */
static void use(const rc_config *c)
{
    int64_t sizes[64];
    char **paths;
    size_t count;

    (void)rcm_sizes(c->hidden, c->layers, sizes);
    check(rcm_paths(c->train, &paths, &count) == RC_OK);
    rcm_paths_free(paths, count);
}

static void set_lines(rc_config *c, char *text)
{
    for (char *line = text; line;) {
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        char *sign = strchr(line, '=');
        if (sign) {
            *sign = '\0';
            if (rc_config_set(c, line, sign + 1) == RC_OK)
                check(rc_config_get(c, line) != NULL);
            else
                check(*rc_error_message() != '\0');
        }
        line = end ? end + 1 : NULL;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    size_t tasks = 0;

    while (rcm_task_at(tasks))
        tasks++;
    if (n == 0)
        return 0;
    const char *task = rcm_task_at(bytes[0] % tasks)->name;
    char *text = malloc(n);
    rc_config *c;

    check(text != NULL);
    memcpy(text, bytes + 1, n - 1);
    text[n - 1] = '\0';
    if (rcm_config_parse(&c, task, text) == RC_OK) {
        use(c);
        check_round_trip(c);
        rc_config_free(c);
    }
    check(rc_config_new(&c, task) == RC_OK);
    set_lines(c, text);
    use(c);
    check_round_trip(c);
    rc_config_free(c);
    free(text);
    return 0;
}
