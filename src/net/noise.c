/* noise.c -- symbols drawn from a noise distribution, for the output layers that sample.
 *
 * Drawn systematically (Madow 1949): the expected numbers of draws stand side by side on a line,
 * and a comb of unit teeth, shifted by one uniform number, falls on it. The number of draws of a
 * symbol is then its expectation, rounded down or up, and in the mean exactly the expectation; a
 * symbol that is expected at most once is drawn at most once. All draws come out in the order of
 * ids.
 */
#include "net/net_in.h"

#include <math.h>

/* expected(w) = c weight(w), but at most 1: the c at which they add up to `samples`. Each round
 * caps those that went past 1 and shares what is left among the others. */
static void cap(int64_t V, double samples, double *expected)
{
    bool more = true;

    while (more) {
        double capped = 0, rest = 0;

        for (int64_t i = 0; i < V; i++) {
            if (expected[i] >= 1)
                capped++;
            else
                rest += expected[i];
        }
        const double c = rest > 0 ? (samples - capped) / rest : 0;

        more = false;
        for (int64_t i = 0; i < V; i++) {
            if (expected[i] >= 1)
                continue;
            expected[i] *= c;
            if (expected[i] >= 1) {
                expected[i] = 1;
                more = true;
            }
        }
    }
}

static void expect(const rcn_output_plan *plan, bool once, double *expected)
{
    const double V = (double)plan->V;
    double sum = 0;

    for (int64_t i = 0; i < plan->V; i++)
        sum += pow(rcn_weight_of(plan->count[i]), plan->noise_power);
    for (int64_t i = 0; i < plan->V; i++) {
        const double share = pow(rcn_weight_of(plan->count[i]), plan->noise_power) / sum;

        expected[i] = once ? (double)plan->samples >= V ? 1 : share : share * (double)plan->samples;
    }
    if (once && (double)plan->samples < V) {
        for (int64_t i = 0; i < plan->V; i++) /* below 1, so that nothing is capped to begin with */
            expected[i] *= 0.5;
        cap(plan->V, (double)plan->samples, expected);
    }
}

rc_status rcn_noise_new(rcn_noise *out, const rcn_output_plan *plan, bool once, double log_z)
{
    *out = (rcn_noise){.V = plan->V, .once = once};
    out->each = rcb_alloc((size_t)plan->V, sizeof *out->each);
    out->expected = rcb_alloc((size_t)plan->V, sizeof *out->expected);
    if (!out->each || !out->expected)
        return RC_ENOMEM;
    expect(plan, once, out->each);
    for (int64_t i = 0; i < plan->V; i++)
        out->expected[i] = (rc_real)(log(out->each[i]) + log_z);
    out->most = plan->samples < plan->V ? plan->samples + 1 : plan->V;
    return RC_OK;
}

void rcn_noise_free(rcn_noise *n)
{
    rcb_free(n->each);
    rcb_free(n->expected);
    *n = (rcn_noise){0};
}

int64_t rcn_noise_draw(const rcn_noise *n, double u, int32_t *ids, rc_real *times)
{
    int64_t count = 0, teeth = 0;
    double line = 0;

    for (int64_t i = 0; i < n->V; i++) {
        int64_t draws = 0;

        if (n->once && n->each[i] >= 1) {
            draws = 1;
        } else {
            line += n->each[i];
            for (; u + (double)teeth < line; teeth++)
                draws++;
        }
        if (draws == 0)
            continue;
        assert(count < n->most);
        ids[count] = (int32_t)i;
        times[count++] = (rc_real)draws;
    }
    return count;
}

bool rcn_noise_sample(const rcn_noise *n, rc_graph *g, rc_noise *out)
{
    int32_t *ids = rcg_keep(g, (size_t)n->most, sizeof *ids);
    rc_real *times = rcg_keep(g, (size_t)n->most, sizeof *times);

    if (!ids || !times)
        return false;
    const double u = rcb_uniform(rcg_mask_key(g), 0);

    *out = (rc_noise){rcn_noise_draw(n, u, ids, times), ids, times, n->expected};
    return true;
}

void rcn_noise_work(const rcn_noise *n, rcg_work *w, int64_t K)
{
    double drawn = 0;

    for (int64_t i = 0; i < n->V; i++)
        drawn += n->each[i] < 1 ? n->each[i] : 1; /* more draws of a symbol are one row */
    rcg_work_sample_loss(w, K, drawn);
    w->keep += (double)n->most * (1 + sizeof(int32_t) / (double)sizeof(rc_real));
}
