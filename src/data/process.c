/* process.c -- sources of symbols: named, drawn from, and the exact probability of what they say.
 *
 * A source is a finite machine (machine.c). What stands where it will go next is not seen, so the
 * probability of a symbol is that of all the states it may be in by what was said: the forward
 * algorithm of Baum, in doubles, over the states that are possible. Symbol t of a draw depends on
 * the seed, t and the state alone.
 */
#include "data/data_in.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct rc_source {
    char *spec;
    const rcd_process *process;
    rcd_machine m;
    char alphabet[257];
    /* drawing */
    rcb_key key;
    uint64_t t; /* symbols drawn */
    int32_t at; /* the state it is in */
    /* reading */
    int32_t alive;   /* states that are possible, */
    int32_t *state;  /* (alive) which they are, */
    double *belief;  /* (states) and how likely; of the others 0 */
    int32_t *state2; /* (states) room for the next */
    double *belief2; /* (states) zeros */
    double logp[256];
};

/* ---- the list ---------------------------------------------------------------------------- */

static const rcd_process *const all[] = {
#define PROCESS(identifier) &rcd_process_##identifier,
#include "data/processes.def"
#undef PROCESS
};

const rcd_process *rcd_process_at(size_t i)
{
    return i < sizeof all / sizeof *all ? all[i] : NULL;
}

static const char *name_at(const void *ctx, size_t i)
{
    (void)ctx;
    return i < sizeof all / sizeof *all ? all[i]->name : NULL;
}

/* The process of n bytes of name. */
static rc_status find(const rcd_process **out, const char *spec, size_t n)
{
    char name[32] = "", hint[96];

    if (n < sizeof name)
        memcpy(name, spec, n);
    for (size_t i = 0; (*out = rcd_process_at(i)); i++)
        if (strcmp((*out)->name, name) == 0)
            return RC_OK;
    if (rcd_source_find(name)) {
        (void)snprintf(hint, sizeof hint, "see 'recur train series --train %s:T'", name);
        return RC_FAIL_HINT(RC_EINVAL, hint, "'%s' is a source of series, not of symbols", name);
    }
    const char *near = rc_nearest(name, name_at, NULL);
    if (near)
        (void)snprintf(hint, sizeof hint, "the nearest is '%s'; see 'recur list sources'", near);
    return RC_FAIL_HINT(RC_EINVAL, near ? hint : "see 'recur list sources'",
                        "there is no source of symbols '%.*s'", (int)(n < 64 ? n : 64), spec);
}

/* ---- names and numbers ------------------------------------------------------------------- */

/* "markov:V:K:SEED". */
static const char *form_of(const rcd_process *p, char form[64])
{
    size_t n = (size_t)snprintf(form, 64, "%s", p->name);

    for (int i = 0; i < RCD_PARAMS && p->param[i].name; i++)
        n += (size_t)snprintf(form + n, 64 - n, ":%s", p->param[i].name);
    return form;
}

static rc_status check_number(const rcd_param *p, const char *spec, double x)
{
    if (!(x >= p->lo && x <= p->hi))
        return RC_FAIL(RC_EINVAL, "cannot make '%s': %s is %g, expected from %g to %g", spec,
                       p->name, x, p->lo, p->hi);
    if (p->whole && x != floor(x))
        return RC_FAIL(RC_EINVAL, "cannot make '%s': %s is %g, expected a whole number", spec,
                       p->name, x);
    return RC_OK;
}

/* The numbers behind the name, from `p` on; those that are left out are the usual ones. */
static rc_status read_numbers(const rcd_process *process, const char *spec, const char *p,
                              double *param)
{
    char form[64];

    for (int i = 0; i < RCD_PARAMS; i++)
        param[i] = process->param[i].fallback;
    for (int i = 0; *p; i++) {
        const char *end = p;

        if (i < RCD_PARAMS && process->param[i].name)
            param[i] = rcb_real_read(p + 1, &end);
        if (end <= p + 1 || (*end && *end != ':'))
            return RC_FAIL(RC_EINVAL, "cannot make '%s': its form is %s", spec,
                           form_of(process, form));
        RC_TRY(check_number(&process->param[i], spec, param[i]));
        p = end;
    }
    return RC_OK;
}

/* ---- making ------------------------------------------------------------------------------ */

static void gather_alphabet(rc_source *s)
{
    bool said[256] = {false};
    size_t n = 0;

    for (size_t e = 0; e < s->m.edges; e++)
        said[s->m.edge[e].symbol] = true;
    for (int c = 0; c < 256; c++)
        if (said[c])
            s->alphabet[n++] = (char)c;
}

static rc_status make(rc_source *s, const char *spec)
{
    const size_t n = strcspn(spec, ":");
    double param[RCD_PARAMS];

    RC_TRY(find(&s->process, spec, n));
    RC_TRY(read_numbers(s->process, spec, spec + n, param));
    s->spec = rcb_strdup(spec);
    if (!s->spec)
        return RC_ENOMEM;
    s->m.name = s->spec;
    s->process->build(&s->m, param);
    RC_TRY(rcd_machine_finish(&s->m));
    const size_t states = (size_t)s->m.states;
    s->state = rcb_alloc(states, sizeof *s->state);
    s->belief = rcb_calloc(states, sizeof *s->belief);
    s->state2 = rcb_alloc(states, sizeof *s->state2);
    s->belief2 = rcb_calloc(states, sizeof *s->belief2);
    if (!s->state || !s->belief || !s->state2 || !s->belief2)
        return RC_ENOMEM;
    gather_alphabet(s);
    rc_source_begin(s, 1);
    return RC_OK;
}

rc_status rc_source_new(rc_source **out, const char *spec)
{
    rc_source *s = rcb_calloc(1, sizeof *s);

    *out = NULL;
    if (!s)
        return RC_ENOMEM;
    const rc_status status = make(s, spec);
    if (status == RC_OK)
        *out = s;
    else
        rc_source_free(s);
    return status;
}

void rc_source_free(rc_source *s)
{
    if (!s)
        return;
    rcd_machine_free(&s->m);
    rcb_free(s->spec);
    rcb_free(s->state);
    rcb_free(s->belief);
    rcb_free(s->state2);
    rcb_free(s->belief2);
    rcb_free(s);
}

rc_source_facts rc_source_about(const rc_source *s)
{
    return (rc_source_facts){
        .spec = s->spec,
        .alphabet = s->alphabet,
        .states = s->m.states,
        .rate = s->process->told ? rcd_machine_bits(&s->m) : (double)NAN,
    };
}

/* ---- drawing ----------------------------------------------------------------------------- */

/* The state in which a draw begins. */
static int32_t first_state(const rc_source *s)
{
    double u = rcb_uniform(s->key, 0);
    int32_t at = 0;

    if (s->process->begins)
        return 0;
    while (at + 1 < s->m.states && u >= s->m.rest[at])
        u -= s->m.rest[at++];
    return at;
}

void rc_source_begin(rc_source *s, uint64_t seed)
{
    s->key = rcb_stream(seed, "source");
    s->t = 0;
    s->at = first_state(s);

    memset(s->belief, 0, (size_t)s->m.states * sizeof *s->belief);
    s->alive = s->process->begins ? 1 : s->m.states;
    for (int32_t i = 0; i < s->alive; i++) {
        s->state[i] = i;
        s->belief[i] = s->process->begins ? 1 : s->m.rest[i];
    }
}

static const rcd_edge *draw_edge(const rcd_machine *m, int32_t state, double u)
{
    size_t lo = m->first[state], hi = m->first[state + 1] - 1;

    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;

        if (m->edge[mid].upto <= u)
            lo = mid + 1;
        else
            hi = mid;
    }
    return &m->edge[lo];
}

void rc_source_draw(rc_source *s, char *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const rcd_edge *e = draw_edge(&s->m, s->at, rcb_uniform(s->key, ++s->t));

        out[i] = (char)e->symbol;
        s->at = e->to;
    }
}

rc_status rc_source_write(rc_source *s, const char *path, int64_t n)
{
    char block[1 << 14];
    rcb_out *out;

    if (n < 1)
        return RC_FAIL(RC_EINVAL, "cannot write %" PRId64 " symbols, it must be at least 1", n);
    RC_TRY(rcb_out_open(&out, path));
    rc_status status = RC_OK;
    while (n > 0 && status == RC_OK) {
        const size_t some = n < (int64_t)sizeof block ? (size_t)n : sizeof block;

        rc_source_draw(s, block, some);
        status = rcb_out_write(out, block, some);
        n -= (int64_t)some;
    }
    if (status != RC_OK) {
        rcb_out_drop(out);
        return status;
    }
    return rcb_out_commit(out);
}

/* ---- reading ----------------------------------------------------------------------------- */

const double *rc_source_logp(rc_source *s)
{
    double p[256] = {0};

    for (int32_t i = 0; i < s->alive; i++) {
        const int32_t at = s->state[i];

        for (size_t e = s->m.first[at]; e < s->m.first[at + 1]; e++)
            p[s->m.edge[e].symbol] += s->belief[at] * s->m.edge[e].p;
    }
    for (size_t i = 0; s->alphabet[i]; i++)
        s->logp[i] = log(p[(unsigned char)s->alphabet[i]]);
    return s->logp;
}

/* Where the machine may be when it has said `symbol`: in belief2, before it is scaled. The sum. */
static double go_on(rc_source *s, unsigned char symbol, int32_t *alive)
{
    double sum = 0;

    *alive = 0;
    for (int32_t i = 0; i < s->alive; i++) {
        const int32_t at = s->state[i];
        size_t end;

        for (size_t e = rcd_machine_say(&s->m, at, symbol, &end); e < end; e++) {
            const double p = s->belief[at] * s->m.edge[e].p;
            const int32_t to = s->m.edge[e].to;

            if (s->belief2[to] == 0 && p > 0)
                s->state2[(*alive)++] = to;
            s->belief2[to] += p;
            sum += p;
        }
    }
    return sum;
}

/* Scaled to a sum of 1. States that are out of reach of doubles are given up: they would only slow
 * the arithmetic. */
static void settle(rc_source *s, int32_t alive, double sum)
{
    static const double least = 1e-290;
    int32_t *const state = s->state;
    double *const belief = s->belief;

    for (int32_t i = 0; i < s->alive; i++)
        belief[state[i]] = 0;
    s->state = s->state2;
    s->belief = s->belief2;
    s->state2 = state;
    s->belief2 = belief;
    s->alive = 0;
    for (int32_t i = 0; i < alive; i++) {
        const int32_t at = s->state[i];
        const double p = s->belief[at] / sum;

        s->belief[at] = p < least ? 0 : p;
        if (p >= least)
            s->state[s->alive++] = at;
    }
}

/* What it could have said, in quotes that can be read. */
static const char *expected(rc_source *s, char words[80])
{
    const double *logp = rc_source_logp(s);
    size_t n = 0;

    words[0] = '\0';
    for (size_t i = 0; s->alphabet[i] && n < 70; i++) {
        const char symbol[2] = {s->alphabet[i], '\0'};

        if (logp[i] > -HUGE_VAL)
            n += (size_t)snprintf(words + n, 80 - n, "%s'%s'", n ? " " : "",
                                  *symbol == '\n' ? "\\n" : symbol);
    }
    return words;
}

rc_status rc_source_feed(rc_source *s, char symbol, double *logp)
{
    int32_t alive;
    const double sum = go_on(s, (unsigned char)symbol, &alive);
    char words[80];

    if (!(sum > 0)) {
        const unsigned char c = (unsigned char)symbol;

        if (c >= 0x20 && c < 0x7f)
            return RC_FAIL(RC_EDATA, "source '%s' cannot say '%c' here, expected %s", s->spec, c,
                           expected(s, words));
        return RC_FAIL(RC_EDATA, "source '%s' cannot say byte 0x%02x here, expected %s", s->spec, c,
                       expected(s, words));
    }
    settle(s, alive, sum);
    if (logp)
        *logp = log(sum);
    return RC_OK;
}

/* ---- texts ------------------------------------------------------------------------------- */

struct score {
    rc_source *s;
    const char *name; /* of the text */
    uint64_t at, from;
    int64_t line, byte; /* of the symbol that comes, from 1 */
    double nats;
};

static rc_status score_one(void *ctx, const char *symbol, size_t n)
{
    struct score *score = ctx;
    double logp;

    (void)n;
    if (rc_source_feed(score->s, *symbol, &logp) != RC_OK) {
        char why[256];

        (void)snprintf(why, sizeof why, "%s", rc_error_message());
        return RC_FAIL(RC_EDATA, "cannot score '%s': line %" PRId64 ", byte %" PRId64 ": %s",
                       score->name, score->line, score->byte, why);
    }
    if (score->at++ >= score->from)
        score->nats -= logp;
    score->byte++;
    if (*symbol == '\n') {
        score->line++;
        score->byte = 1;
    }
    return RC_OK;
}

rc_status rcd_source_score(rc_source *s, const rcd_text *t, uint64_t from, uint64_t to,
                           double *nats)
{
    struct score score = {.s = s, .name = rcd_text_name(t), .from = from, .line = 1, .byte = 1};

    rc_source_begin(s, 1);
    RC_TRY(rcd_text_walk(t, RCD_BYTE, 0, to, score_one, &score));
    *nats = score.nats;
    return RC_OK;
}
