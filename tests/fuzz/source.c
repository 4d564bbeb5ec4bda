/* source.c -- whatever stands for a source makes one or is refused with a message; whatever it is
 * then fed is possible or refused, and its probabilities stay whole.
 *
 * The input is the name up to the first line feed, then what is fed.
 */
#include "data/data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_whole(rc_source *s)
{
    const char *alphabet = rc_source_about(s).alphabet;
    const double *logp = rc_source_logp(s);
    double sum = 0;

    for (size_t i = 0; alphabet[i]; i++)
        sum += exp(logp[i]);
    check(fabs(sum - 1) < 1e-9);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const uint8_t *feed = n > 0 ? memchr(bytes, '\n', n) : NULL;
    const size_t length = feed ? (size_t)(feed - bytes) : n;
    char *spec = malloc(length + 1);
    rc_source *s;

    check(spec != NULL);
    if (length > 0)
        memcpy(spec, bytes, length);
    spec[length] = '\0';
    if (rc_source_new(&s, spec) == RC_OK) {
        const rc_source_facts f = rc_source_about(s);
        char drawn[64];

        check(strcmp(f.spec, spec) == 0 && f.states > 0 && !(f.rate < 0) && f.alphabet[0]);
        for (size_t i = length + 1; i < n && f.states < 5000; i++) {
            const bool known = bytes[i] && strchr(f.alphabet, bytes[i]);

            if (rc_source_feed(s, (char)bytes[i], NULL) == RC_OK)
                check(known);
            else
                check(*rc_error_message() != '\0');
            check_whole(s);
        }
        rc_source_begin(s, n);
        rc_source_draw(s, drawn, sizeof drawn);
        for (size_t i = 0; i < sizeof drawn; i++)
            check(rc_source_feed(s, drawn[i], NULL) == RC_OK);
        rc_source_free(s);
    } else {
        check(!s && *rc_error_message() != '\0');
    }
    free(spec);
    return 0;
}
