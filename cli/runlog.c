/* runlog.c -- the log of a training as JSON lines, and its numbers for TensorBoard.
 *
 * Lines are flushed one by one. The log is locked while it is written (fcntl, the whole file), so
 * that two trainings do not share one and recur runs knows what is running; a kill takes the lock
 * away. Scalars are written for the steps whose digits after the third are zeros: all up to 1,000,
 * then every tenth, and so on, 900 for every power of ten.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>
#include "cmd.h"
#include "runlog.h"

static const char suffix[] = ".log.jsonl";

char *runlog_path(const char *model)
{
    const size_t n = strlen(model);
    char *path = malloc(n + sizeof suffix);
    if (path) {
        memcpy(path, model, n);
        memcpy(path + n, suffix, sizeof suffix);
    }
    return path;
}

/* ---- opening -------------------------------------------------------------------------------- */

static struct flock whole_file(int type)
{
    return (struct flock){.l_type = (short)type, .l_whence = SEEK_SET};
}

bool runlog_is_busy(const char *path)
{
    struct flock lock = whole_file(F_WRLCK);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const bool busy = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    return busy;
}

/* Whether a kill has left a line without its end. */
static bool ends_within_line(const char *path)
{
    FILE *f = fopen(path, "rb");
    const bool cut = f && fseek(f, -1, SEEK_END) == 0 && fgetc(f) != '\n';
    if (f)
        fclose(f);
    return cut;
}

/* Is it a log, or nothing yet? What else there is must not be lost. */
static bool may_be_log(const char *path)
{
    char head[512] = "";
    struct stat is;
    if (stat(path, &is) != 0 || !S_ISREG(is.st_mode) || is.st_size == 0)
        return true;
    FILE *f = fopen(path, "rb");
    if (!f)
        return true; /* who opens it for writing says why not */
    const size_t n = fread(head, 1, sizeof head - 1, f);
    fclose(f);
    head[n] = '\0';
    return head[0] == '{' && strstr(head, "\"event\"") != NULL;
}

static int open_file(runlog *l, const char *path, bool again)
{
    const bool cut = again && ends_within_line(path);
    if (!may_be_log(path)) {
        say_failure("cannot write '%s': it is there already, and no log of a training", path);
        say_hint("--log FILE names another, --log none writes none");
        return EXIT_FAILED;
    }
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0)
        return say_failure("cannot write '%s': %s", path, strerror(errno));
    struct flock lock = whole_file(F_WRLCK);
    if (fcntl(fd, F_SETLK, &lock) != 0 && (errno == EACCES || errno == EAGAIN)) {
        close(fd);
        return say_failure("cannot write '%s': another training writes to it", path);
    }
    if (!again && ftruncate(fd, 0) != 0 && errno != EINVAL) { /* EINVAL: a pipe or a device */
        close(fd);
        return say_failure("cannot write '%s': %s", path, strerror(errno));
    }
    l->file = fdopen(fd, "a");
    if (!l->file) {
        close(fd);
        return say_out_of_memory();
    }
    l->path = path;
    if (cut)
        fputc('\n', l->file);
    return OPT_GO_ON;
}

int runlog_open(runlog *l, const rc_trainer *t, const char *path, const char *tensorboard,
                bool again)
{
    *l = (runlog){.scalars_dir = tensorboard};
    l->text = rc_config_get(rc_model_config(rc_trainer_model(t)), "level") != NULL;
    if (tensorboard && rc_scalars_new(&l->scalars, tensorboard, rc_trainer_steps(t)) != RC_OK)
        return say_library_failure();
    return path ? open_file(l, path, again) : OPT_GO_ON;
}

/* ---- lines ---------------------------------------------------------------------------------- */

static void put_line(runlog *l, json_t *o)
{
    if (!json_write(l->file, o, false) || fflush(l->file) != 0)
        l->lost = true;
}

static json_t *now_json(void)
{
    char text[32] = "";
    const time_t now = time(NULL);
    struct tm t;
    if (gmtime_r(&now, &t))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &t);
    return json_string(text);
}

static json_t *text_or_null(const char *text)
{
    return text ? json_bytes(text, strlen(text)) : json_null();
}

void runlog_begin(runlog *l, const rc_trainer *t, const char *model, bool again)
{
    const rc_model *m = rc_trainer_model(t);
    const rc_config *c = rc_model_config(m);
    if (!l->file)
        return;
    json_t *o = json_object();
    json_put(&o, "event", json_string("begin"));
    json_put(&o, "version", json_string(RC_VERSION));
    json_put(&o, "time", now_json());
    json_put(&o, "model", json_bytes(model, strlen(model)));
    json_put(&o, "again", json_boolean(again));
    json_put(&o, "step", json_integer(rc_trainer_steps(t)));
    json_put(&o, "measure", json_string(rc_model_measure(m)));
    json_put(&o, "symbol", text_or_null(rc_config_get(c, "level")));
    json_put(&o, "parameters", json_integer(rc_model_parameters(m)));
    json_put(&o, "vocabulary", json_integer(rc_model_symbols(m)));
    json_put(&o, "threads", json_integer(l->threads));
    json_put(&o, "isa", json_string(l->isa));
    json_put(&o, "config", json_config(c));
    put_line(l, o);
}

/* Bits per character, accuracy: what a score of a part of the data says besides. */
static void put_score(json_t **o, double nats, double chars, const rightness *r)
{
    if (isfinite(nats) && chars > 0)
        json_put(o, "bits_per_char", json_number(nats / chars / log(2)));
    if (isfinite(r->wrong))
        json_put(o, "accuracy", json_number(1 - r->wrong));
    if (isfinite(r->spans))
        json_put(o, "span_f1", json_number(r->spans));
}

/* What a score was made of, so that those of several parts can be put together. */
static json_t *counts_json(const rc_evaluation *e)
{
    json_t *o = json_object();
    json_put(&o, "losses", json_integer(e->measured > 0 ? e->measured : e->tokens));
    if (e->wrong < 0)
        return o;
    json_put(&o, "labels", json_integer(e->tokens));
    json_put(&o, "wrong", json_integer(e->wrong));
    if (e->spans + e->spans_said == 0)
        return o;
    json_put(&o, "spans", json_integer(e->spans));
    json_put(&o, "spans_said", json_integer(e->spans_said));
    json_put(&o, "spans_right", json_integer(e->spans_right));
    return o;
}

void runlog_event(runlog *l, const rc_progress *e, const char *event, const runlog_clock *c)
{
    if (!l->file)
        return;
    const bool valid = e->event == RC_EVENT_VALID || e->event == RC_EVENT_TEST;
    json_t *o =
        json_pack("{s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:s}", "event", event,
                  "step", (json_int_t)e->step, "epoch", (json_int_t)e->epoch, "tokens",
                  (json_int_t)e->tokens, "loss", json_number(c->loss), "valid",
                  json_number(valid ? e->valid : nan("")), "lr", json_number(e->lr), "grad_norm",
                  json_number(e->grad_norm), "tokens_per_second", json_number(c->rate), "seconds",
                  json_number(c->seconds), "threads", l->threads, "isa", l->isa);
    if (valid)
        put_score(&o, e->valid, e->valid_chars, &(rightness){e->valid_wrong, e->valid_spans});
    if (valid && e->judged != e->valid)
        json_put(&o, "judged", json_number(e->judged));
    if (e->event == RC_EVENT_VALID)
        json_put(&o, "is_best", json_boolean(e->is_best));
    if (e->event == RC_EVENT_TEST && e->counts)
        json_put(&o, "counts", counts_json(e->counts));
    if (e->what)
        json_put(&o, "what", json_string(e->what));
    put_line(l, o);
}

static json_t *score_json(double nats, double chars, const rightness *right)
{
    json_t *o = isfinite(nats) ? json_pack("{s:f}", "loss", nats) : json_null();
    if (isfinite(nats))
        put_score(&o, nats, chars, right);
    return o;
}

void runlog_finish(runlog *l, const runlog_end *e)
{
    if (l->scalars && rc_scalars_flush(l->scalars) != RC_OK)
        l->scalars_lost = true;
    if (!l->file)
        return;
    json_t *o = json_object();
    json_put(&o, "event", json_string("end"));
    json_put(&o, "state", json_string(e->state));
    if (e->why)
        json_put(&o, "why", text_or_null(e->why));
    json_put(&o, "time", now_json());
    json_put(&o, "step", json_integer(e->last.step));
    json_put(&o, "epoch", json_integer(e->last.epoch));
    json_put(&o, "tokens", json_integer(e->last.tokens));
    json_put(&o, "seconds", json_number(e->seconds));
    json_put(&o, "tokens_per_second", json_number(e->rate));
    json_t *valid = score_json(e->best.valid, e->valid_chars, &e->valid_right);
    if (isfinite(e->best.valid) && e->best.judged != e->best.valid)
        json_put(&valid, "judged", json_number(e->best.judged));
    if (isfinite(e->best.valid))
        json_put(&valid, "step", json_integer(e->best.step));
    json_put(&o, "best_valid", valid);
    json_put(&o, "test", score_json(e->test, e->test_chars, &e->test_right));
    put_line(l, o);
}

/* ---- scalars -------------------------------------------------------------------------------- */

enum { SCALARS = 5 };

static bool is_due(int64_t step)
{
    for (; step >= 1000; step /= 10)
        if (step % 10 != 0)
            return false;
    return true;
}

/* "valid/loss" and what else a score says. */
static size_t score_scalars(const runlog *l, const rc_progress *e, rc_scalar out[SCALARS])
{
    const bool test = e->event == RC_EVENT_TEST;
    size_t n = 0;
    out[n++] = (rc_scalar){test ? "test/loss" : "valid/loss", e->valid};
    if (l->text)
        out[n++] = (rc_scalar){test ? "test/perplexity" : "valid/perplexity", exp(e->valid)};
    if (l->text && e->valid_chars > 0)
        out[n++] = (rc_scalar){test ? "test/bits_per_char" : "valid/bits_per_char",
                               e->valid / e->valid_chars / log(2)};
    if (isfinite(e->valid_wrong))
        out[n++] = (rc_scalar){test ? "test/accuracy" : "valid/accuracy", 1 - e->valid_wrong};
    if (isfinite(e->valid_spans))
        out[n++] = (rc_scalar){test ? "test/span_f1" : "valid/span_f1", e->valid_spans};
    return n;
}

static size_t step_scalars(runlog *l, const rc_progress *e, double rate, rc_scalar out[SCALARS])
{
    size_t n = 0;
    if (isfinite(e->loss)) {
        l->loss_sum += e->loss;
        l->losses++;
    }
    if (!is_due(e->step))
        return 0;
    if (l->losses > 0)
        out[n++] = (rc_scalar){"train/loss", l->loss_sum / (double)l->losses};
    if (isfinite(e->lr))
        out[n++] = (rc_scalar){"train/lr", e->lr};
    if (isfinite(e->grad_norm))
        out[n++] = (rc_scalar){"train/grad_norm", e->grad_norm};
    if (rate > 0)
        out[n++] = (rc_scalar){"train/tokens_per_second", rate};
    l->loss_sum = 0;
    l->losses = 0;
    return n;
}

void runlog_scalars(runlog *l, const rc_progress *e, double rate)
{
    rc_scalar s[SCALARS];
    size_t n = 0;
    if (!l->scalars || l->scalars_lost)
        return;
    if (e->event == RC_EVENT_STEP)
        n = step_scalars(l, e, rate, s);
    else if (e->event == RC_EVENT_VALID || e->event == RC_EVENT_TEST)
        n = score_scalars(l, e, s);
    if (n > 0 && rc_scalars_add(l->scalars, e->step, n, s) != RC_OK)
        l->scalars_lost = true;
}

int runlog_close(runlog *l, int code)
{
    const bool lost = l->file && (ferror(l->file) | (fclose(l->file) != 0) | l->lost);
    const bool scalars_lost = l->scalars_lost;
    rc_scalars_free(l->scalars);
    if (code == EXIT_DONE && lost)
        code = say_failure("the log '%s' is not whole: it could not be written", l->path);
    if (code == EXIT_DONE && scalars_lost)
        code = say_failure("the events in '%s' are not whole: they could not be written",
                           l->scalars_dir);
    *l = (runlog){0};
    return code;
}
