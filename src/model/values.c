/* values.c -- values of options that are lists: paths, sizes, numbers. */
#include "model/model_in.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool rcm_scan_numbers(const char *text, double lo, double hi, int64_t most, int64_t *out,
                      int64_t *count)
{
    const char *p = text;

    for (*count = 0;; p++) {
        char *end;

        if (*p < '0' || *p > '9')
            return false;
        errno = 0;
        const long long n = strtoll(p, &end, 10);
        if (errno == ERANGE || (double)n < lo || (double)n > hi)
            return false;
        if (out && *count < most)
            out[*count] = n;
        (*count)++;
        p = end;
        if (*p == '\0')
            return true;
        if (*p != ',')
            return false;
    }
}

rc_status rcm_paths(const char *files, char ***paths, size_t *count)
{
    size_t n = *files != '\0';

    *paths = NULL;
    *count = 0;
    for (const char *p = files; *p; p++)
        n += *p == '\n';

    char **list = rcb_calloc(n ? n : 1, sizeof *list);
    if (!list)
        return RC_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const size_t k = strcspn(files, "\n");

        list[i] = rcb_strndup(files, k);
        if (!list[i]) {
            rcm_paths_free(list, n);
            return RC_ENOMEM;
        }
        files += k + 1;
    }
    *paths = list;
    *count = n;
    return RC_OK;
}

void rcm_paths_free(char **paths, size_t count)
{
    for (size_t i = 0; paths && i < count; i++)
        rcb_free(paths[i]);
    rcb_free(paths);
}

rc_status rcm_sizes(const char *text, int64_t layers, int64_t *out)
{
    int64_t count;

    if (!rcm_scan_numbers(text, 1, (double)INT32_MAX, layers, out, &count))
        return RC_FAIL(RC_EINVAL, "'%s' is not a size or several with commas between", text);
    if (count != 1 && count != layers)
        return RC_FAIL_HINT(RC_EINVAL, "give one size for all layers, or one for each",
                            "'%s' has %" PRId64 " sizes, there are %" PRId64 " layers", text, count,
                            layers);
    for (int64_t i = 1; count == 1 && i < layers; i++)
        out[i] = out[0];
    return RC_OK;
}

rc_status rcm_numbers(const char *text, int64_t **out, int64_t *count)
{
    *out = NULL;
    if (!rcm_scan_numbers(text, 0, (double)INT64_MAX, 0, NULL, count))
        return RC_FAIL(RC_EINVAL, "'%s' is not a number or several with commas between", text);
    *out = rcb_alloc((size_t)*count, sizeof **out);
    if (!*out)
        return RC_ENOMEM;
    (void)rcm_scan_numbers(text, 0, (double)INT64_MAX, *count, *out, count);
    return RC_OK;
}
