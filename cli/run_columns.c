/* run_columns.c -- what is known of a run, as columns: for people, for programs, to sort by. */
#include <math.h>
#include <stddef.h>
#include <string.h>
#include "cmd.h"
#include "runs.h"

static const run_column columns[] = {
    {"name", "of the model", RUN_TEXT, offsetof(run, name), true},
    {"task", "what was trained", RUN_TEXT, offsetof(run, task), true},
    {"cell", "recurrent cell", RUN_TEXT, offsetof(run, cell), true},
    {"size", "layers and their units", RUN_TEXT, offsetof(run, size), true},
    {"parameters", "numbers that are trained", RUN_COUNT, offsetof(run, parameters), true},
    {"epoch", "of the last step", RUN_COUNT, offsetof(run, epoch), true},
    {"step", "the last one", RUN_COUNT, offsetof(run, step), true},
    {"tokens", "trained on", RUN_COUNT, offsetof(run, tokens), false},
    {"valid", "the validation loss of the best one", RUN_LOSS, offsetof(run, valid), true},
    {"score", "that, in the words of the task", RUN_TEXT, offsetof(run, score), true},
    {"best_step", "where it was", RUN_COUNT, offsetof(run, best_step), false},
    {"test", "loss of the test data", RUN_LOSS, offsetof(run, test), true},
    {"measure", "of the losses", RUN_TEXT, offsetof(run, measure), false},
    {"time", "of all sittings", RUN_SECONDS, offsetof(run, seconds), true},
    {"rate", "tokens per second", RUN_COUNT, offsetof(run, rate), false},
    {"begun", "when, in UTC", RUN_TEXT, offsetof(run, begun), false},
    {"state", "finished, stopped, failed, running or killed", RUN_TEXT, offsetof(run, state), true},
};

const run_column *run_column_at(size_t i)
{
    return i < sizeof columns / sizeof *columns ? &columns[i] : NULL;
}

static const char *text_of(const run *r, const run_column *c)
{
    return *(char *const *)(const void *)((const char *)r + c->at);
}

static double number_of(const run *r, const run_column *c)
{
    return *(const double *)(const void *)((const char *)r + c->at);
}

const char *run_text(const run *r, const run_column *c, bool plain, char out[RUN_ROOM])
{
    char room[SAY_ROOM];
    if (c->kind == RUN_TEXT) {
        const char *text = text_of(r, c);
        snprintf(out, RUN_ROOM, "%s", text ? text : plain ? "" : "-");
        return text && plain ? text : out;
    }
    const double x = number_of(r, c);
    if (!isfinite(x))
        snprintf(out, RUN_ROOM, "%s", plain ? "" : "-");
    else if (plain)
        snprintf(out, RUN_ROOM, "%.12g", x);
    else if (c->kind == RUN_SECONDS)
        snprintf(out, RUN_ROOM, "%s", say_seconds(room, x));
    else if (c->kind == RUN_COUNT)
        snprintf(out, RUN_ROOM, "%s", say_count(room, (int64_t)fmin(x, 9e18)));
    else
        snprintf(out, RUN_ROOM, fabs(x) < 0.1 ? "%.6f" : "%.4f", x);
    return out;
}

/* Texts, with the whole numbers in them by size: "trial-9" before "trial-10". */
static int compare_texts(const char *a, const char *b)
{
    static const char digits[] = "0123456789";
    while (*a && *b) {
        if (strchr(digits, *a) && strchr(digits, *b)) {
            a += strspn(a, "0");
            b += strspn(b, "0");
            const size_t n = strspn(a, digits), m = strspn(b, digits);
            const int order = n != m ? (n > m) - (n < m) : strncmp(a, b, n);
            if (order != 0)
                return order;
            a += n;
            b += m;
        } else if (*a != *b) {
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        } else {
            a++;
            b++;
        }
    }
    return (*a != '\0') - (*b != '\0');
}

int run_compare(const run *a, const run *b, const run_column *c)
{
    if (c->kind != RUN_TEXT) {
        const double x = number_of(a, c), y = number_of(b, c);
        if (!isfinite(x) || !isfinite(y))
            return !isfinite(x) - !isfinite(y);
        return (x > y) - (x < y);
    }
    const char *x = text_of(a, c), *y = text_of(b, c);
    return !x || !y ? !x - !y : compare_texts(x, y);
}

json_t *run_json(const run *r)
{
    json_t *o = json_object();
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        const run_column *c = &columns[i];
        if (c->kind == RUN_COUNT && fabs(number_of(r, c)) < 1e18)
            json_put(&o, c->name, json_integer((json_int_t)number_of(r, c)));
        else if (c->kind != RUN_TEXT)
            json_put(&o, c->name, json_number(number_of(r, c)));
        else if (text_of(r, c))
            json_put(&o, c->name, json_bytes(text_of(r, c), strlen(text_of(r, c))));
        else
            json_put(&o, c->name, json_null());
    }
    json_put(&o, "log", json_bytes(r->path, strlen(r->path)));
    json_put(&o, "config", json_incref(r->config));
    return o;
}
