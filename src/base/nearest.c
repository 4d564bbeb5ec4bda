/* nearest.c -- which of some names was meant by a word that is none of them.
 *
 * Near is what a slip of the finger makes: few letters inserted, left out, changed, or swapped with
 * their neighbours (the optimal string alignment distance); or a name that the word begins.
 */
#include "base/base.h"

#include <string.h>

enum { LONGEST = 40 }; /* bytes; longer words are near to nothing */

static int smallest(int a, int b, int c)
{
    const int ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* The edits that turn a into b. */
static int distance(const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b);
    int d[LONGEST + 1][LONGEST + 1]; /* [i][j]: the first i letters into the first j */

    if (n > LONGEST || m > LONGEST)
        return INT32_MAX;
    for (size_t i = 0; i <= n; i++)
        d[i][0] = (int)i;
    for (size_t j = 0; j <= m; j++)
        d[0][j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        for (size_t j = 1; j <= m; j++) {
            const int differ = a[i - 1] != b[j - 1];
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];

            d[i][j] = smallest(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + differ);
            if (swapped && d[i - 2][j - 2] + 1 < d[i][j])
                d[i][j] = d[i - 2][j - 2] + 1;
        }
    }
    return d[n][m];
}

const char *rc_nearest(const char *word, rc_name_fn name, const void *ctx)
{
    const size_t n = strlen(word);
    const int most = 1 + (int)(n < LONGEST ? n / 3 : LONGEST); /* farther is no slip */
    const char *best = NULL;
    const char *candidate;
    int least = most;

    for (size_t i = 0; (candidate = name(ctx, i)) != NULL; i++) {
        const bool begins = n >= 3 && strncmp(candidate, word, n) == 0;
        const int far = begins ? 1 : distance(word, candidate);

        if (far < least || (far == least && !best)) {
            least = far;
            best = candidate;
        }
    }
    return best;
}
