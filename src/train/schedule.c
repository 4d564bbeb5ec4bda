/* schedule.c -- the learning rate as a function of where training stands: pure arithmetic. */
#include "train/train.h"

#include <math.h>
#include <string.h>

static double rate_constant(const rc_config *c, const rct_moment *m)
{
    (void)m;
    return c->lr;
}

static double rate_step(const rc_config *c, const rct_moment *m)
{
    const int64_t over = m->epoch - c->lr_after;
    return over > 0 ? c->lr * pow(c->lr_decay, (double)over) : c->lr;
}

static double rate_plateau(const rc_config *c, const rct_moment *m)
{
    return c->lr * m->factor;
}

/* From a (at 0) to b (at 1) along half a cosine. */
static double half_cosine(double a, double b, double at)
{
    const double pi = 3.14159265358979323846;
    return b + (a - b) * 0.5 * (1 + cos(pi * fmin(1, at)));
}

static double rate_cosine(const rc_config *c, const rct_moment *m)
{
    return half_cosine(c->lr, c->lr_min, m->done);
}

static double rate_linear(const rc_config *c, const rct_moment *m)
{
    return c->lr + (c->lr_min - c->lr) * fmin(1, m->done);
}

static double rate_onecycle(const rc_config *c, const rct_moment *m)
{
    const double up = 0.3;

    if (m->done < up)
        return half_cosine(c->lr / 25, c->lr, m->done / up);
    return half_cosine(c->lr, c->lr_min, (m->done - up) / (1 - up));
}

typedef struct schedule {
    const char *name;
    double (*rate)(const rc_config *c, const rct_moment *m);
    bool falls, ends;
} schedule;

static const schedule schedules[] = {
#define SCHEDULE(word, falls, ends, help) {#word, rate_##word, falls, ends},
#include "train/schedules.def"
#undef SCHEDULE
};

static const schedule *find(const char *name)
{
    for (size_t i = 0; i < sizeof schedules / sizeof *schedules; i++)
        if (strcmp(schedules[i].name, name) == 0)
            return &schedules[i];
    return NULL;
}

rc_status rct_schedule_check(const rc_config *c)
{
    if (!find(c->lr_schedule))
        return RC_FAIL_HINT(RC_EINVAL, "see: recur list schedules",
                            "there is no learning rate schedule '%s'", c->lr_schedule);
    if (find(c->lr_schedule)->ends && c->epochs == 0 && c->steps == 0)
        return RC_FAIL_HINT(RC_EINVAL, "pass --epochs or --steps",
                            "a %s schedule needs an end to fall to", c->lr_schedule);
    return RC_OK;
}

double rct_schedule_rate(const rc_config *c, const rct_moment *m)
{
    const double full = fmax(c->lr_min, find(c->lr_schedule)->rate(c, m));

    return m->step < c->lr_warmup ? full * (double)(m->step + 1) / (double)c->lr_warmup : full;
}

double rct_schedule_after(const rc_config *c, double factor, double gain)
{
    return find(c->lr_schedule)->falls && !(gain > c->lr_gain) ? factor * c->lr_decay : factor;
}
