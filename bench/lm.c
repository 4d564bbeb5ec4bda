/* lm.c -- tokens per second of whole training steps of a language model, through the public interface:
 * embedding, recurrent layers, dropout, full softmax, backward, clipping, SGD.
 *
 *   lm CELL HIDDEN LAYERS VOCAB BATCH SEQ DROPOUT THREADS [SECONDS]
 *
 * Prints the median over single steps, GFLOP/s, and the part of the multiply-add peak that was probed just
 * before and after. Text is random words of a vocabulary of exactly VOCAB symbols.
 */
#define _GNU_SOURCE
#include "peak.h"
#include "recur.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 4000 };

typedef struct timing {
    double last, end, seconds;
    double step[MOST];
    int n;
} timing;

static rc_answer on_event(void *ctx, const rc_progress *p)
{
    timing *t = ctx;
    if (p->event != RC_EVENT_STEP)
        return RC_GO;
    const double time = now();
    if (p->step > 3 && t->n < MOST)
        t->step[t->n++] = time - t->last;
    if (p->step == 3)
        t->end = time + t->seconds;
    t->last = now();
    return (p->step > 3 && time > t->end && t->n >= 5) || t->n == MOST ? RC_PAUSE : RC_GO;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Every word once, then words at random. <unk> and <eos> are two of the VOCAB symbols. */
static void write_text(const char *path, int64_t vocab, int64_t words)
{
    FILE *f = fopen(path, "w");
    uint64_t x = 88172645463325252u;
    for (int64_t i = 0; f && i < words; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        const int64_t w = i < vocab - 2 ? i : (int64_t)(x % (uint64_t)(vocab - 2));
        fprintf(f, "w%lld%c", (long long)w, i % 20 == 19 ? '\n' : ' ');
    }
    if (!f || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

static void must(rc_status status)
{
    if (status == RC_OK || status == RC_ESTOP)
        return;
    fprintf(stderr, "lm: %s\n", rc_error_message());
    exit(1);
}

int main(int argc, char **argv)
{
    if (argc < 9) {
        fprintf(stderr, "usage: lm CELL HIDDEN LAYERS VOCAB BATCH SEQ DROPOUT THREADS [SECONDS]\n");
        return 2;
    }
    const double H = atof(argv[2]), L = atof(argv[3]), V = atof(argv[4]);
    const double B = atof(argv[5]), T = atof(argv[6]);
    const int threads = atoi(argv[8]);
    static timing t;
    char folder[] = "/tmp/recur-bench-XXXXXX", text[64], model[64];
    const char *names[][2] = {
        {"cell", argv[1]}, {"hidden", argv[2]},  {"layers", argv[3]},  {"batch", argv[5]},
        {"seq", argv[6]},  {"dropout", argv[7]}, {"level", "word"},    {"optimizer", "sgd"},
        {"lr", "0.1"},     {"clip", "5"},        {"valid-split", "0"}, {"epochs", "0"},
    };

    t.seconds = argc > 9 ? atof(argv[9]) : 5;
    if (!mkdtemp(folder))
        return 1;
    snprintf(text, sizeof text, "%s/text", folder);
    snprintf(model, sizeof model, "%s/model", folder);
    write_text(text, (int64_t)V, (int64_t)(V + B * (T * 20 + 1)));

    rc_config *c;
    rc_trainer *trainer;
    must(rc_config_new(&c, "lm"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        must(rc_config_set(c, names[i][0], names[i][1]));
    must(rc_config_set(c, "train", text));
    const rc_trainer_options options = {.threads = threads};
    must(rc_trainer_new(&trainer, c, model, &options));
    const double G = (strcmp(argv[1], "lstm") == 0      ? 4
                      : strncmp(argv[1], "gru", 3) == 0 ? 3
                      : strcmp(argv[1], "sgru") == 0    ? 2
                                                        : 1);
    const double flops = 3 * B * T * (2 * G * H * 2 * H * L + 2 * H * V);
    const double before = peak_gflops(threads);
    must(rc_trainer_run(trainer, on_event, &t));
    const double after = peak_gflops(threads);

    qsort(t.step, (size_t)t.n, sizeof *t.step, by_size);
    const double median = t.step[t.n / 2], peak = before > after ? before : after;
    printf("recur %s %sx%s V %s B %s T %s t%d: %.0f tok/s  %.1f ms  %.1f GF/s  %.1f%% of peak "
           "(probed %.0f, %.0f GF/s)  n=%d\n",
           argv[1], argv[3], argv[2], argv[4], argv[5], argv[6], threads, B * T / median,
           median * 1e3, 1e-9 * flops / median, 100e-9 * flops / median / peak, before, after, t.n);
    rc_trainer_free(trainer);
    rc_config_free(c);
    unlink(text);
    unlink(model);
    snprintf(text, sizeof text, "%s/model.state", folder);
    unlink(text);
    rmdir(folder);
    return 0;
}
