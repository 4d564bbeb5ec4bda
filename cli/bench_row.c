/* bench_row.c -- one thing measured, for people and for JSON. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "bench_row.h"

double bench_fraction(const rc_bench_row *r)
{
    return r->peak > 0 ? r->flops / r->seconds / r->peak : nan("");
}

/* 146 ms, 38.2 us */
static const char *say_time(char out[SAY_ROOM], double s)
{
    if (s < 1e-3)
        snprintf(out, SAY_ROOM, "%.3g us", 1e6 * s);
    else if (s < 1)
        snprintf(out, SAY_ROOM, "%.3g ms", 1e3 * s);
    else
        snprintf(out, SAY_ROOM, "%.3g s", s);
    return out;
}

/* What the probes say when they disagree, or NULL. */
static const char *doubt(const rc_bench_row *r, char out[SAY_ROOM * 4])
{
    if (r->steady)
        return NULL;
    if (fabs(r->before - r->after) > 0.1 * fmax(r->before, r->after))
        snprintf(out, SAY_ROOM * 4, "the peak was %.0f GFLOP/s before and %.0f after",
                 1e-9 * r->before, 1e-9 * r->after);
    else
        snprintf(out, SAY_ROOM * 4, "a core was missing: %d threads reach %.2f times what one does",
                 r->threads, r->peak / r->one);
    return out;
}

void bench_page(const rc_bench_row *r)
{
    char a[SAY_ROOM], b[SAY_ROOM], words[SAY_ROOM * 4];
    printf("%-12s%s; %d thread%s, %s\n", "measured", r->name, r->threads,
           r->threads == 1 ? "" : "s", r->isa);
    if (r->tokens > 0)
        printf("%-12s%s tokens/s\n", "speed",
               say_count(a, llround((double)r->tokens / r->seconds)));
    printf("%-12s%s, 99%% below %s (%" PRId64 " calls)\n", "time", say_time(a, r->seconds),
           say_time(b, r->p99), r->calls);
    printf("%-12s%.1f GFLOP/s, %.1f%% of the peak\n", "work", 1e-9 * r->flops / r->seconds,
           100 * bench_fraction(r));
    printf("%-12s%.1f GFLOP/s before, %.1f after; one thread %.1f\n", "peak", 1e-9 * r->before,
           1e-9 * r->after, 1e-9 * r->one);
    if (r->reads > 0)
        printf("%-12s%.1f GB/s of weights\n", "reading", 1e-9 * r->reads / r->seconds);
    if (r->bytes > 0)
        printf("%-12s%sB (predicted %sB)\n", "memory", say_short(a, (double)r->bytes),
               say_short(b, (double)r->predicted));
    if (doubt(r, words))
        printf("%-12s%s\n", "unsteady", words);
}

void bench_line(const rc_bench_row *r, bool head)
{
    char time[SAY_ROOM], tokens[SAY_ROOM] = "-", reads[SAY_ROOM] = "-", bytes[SAY_ROOM] = "-";
    char words[SAY_ROOM * 4];
    if (head)
        printf("%-36s %-7s %9s %9s %9s %7s %7s %8s\n", "", "isa", "time", "tokens/s", "GFLOP/s",
               "of peak", "GB/s", "memory");
    if (r->tokens > 0)
        say_short(tokens, (double)r->tokens / r->seconds);
    if (r->reads > 0)
        snprintf(reads, sizeof reads, "%.1f", 1e-9 * r->reads / r->seconds);
    if (r->bytes > 0)
        strcat((say_short(bytes, (double)r->bytes), bytes), "B");
    printf("%-36s %-7s %9s %9s %9.1f %6.1f%% %7s %8s", r->name, r->isa, say_time(time, r->seconds),
           tokens, 1e-9 * r->flops / r->seconds, 100 * bench_fraction(r), reads, bytes);
    printf(doubt(r, words) ? "  %s\n" : "\n", words);
}

void bench_put(json_t **o, const rc_bench_row *r)
{
    json_put(o, "name", json_string(r->name));
    json_put(o, "isa", json_string(r->isa));
    json_put(o, "threads", json_integer(r->threads));
    json_put(o, "calls", json_integer(r->calls));
    json_put(o, "median_seconds", json_number(r->seconds));
    json_put(o, "p99_seconds", json_number(r->p99));
    if (r->tokens > 0)
        json_put(o, "tokens_per_second", json_number((double)r->tokens / r->seconds));
    json_put(o, "gflops", json_number(1e-9 * r->flops / r->seconds));
    json_put(o, "fraction_of_peak", json_number(bench_fraction(r)));
    json_put(o, "peak_gflops", json_number(1e-9 * r->peak));
    json_put(o, "peak_before", json_number(1e-9 * r->before));
    json_put(o, "peak_after", json_number(1e-9 * r->after));
    json_put(o, "peak_one_thread", json_number(1e-9 * r->one));
    json_put(o, "steady", json_boolean(r->steady));
    if (r->reads > 0)
        json_put(o, "gbytes_per_second", json_number(1e-9 * r->reads / r->seconds));
    if (r->bytes > 0) {
        json_put(o, "bytes", json_integer(r->bytes));
        json_put(o, "predicted_bytes", json_integer(r->predicted));
    }
}
