/* machine.c -- finite machines that say symbols: built edge by edge, then sorted, so that the edges
 * of a state that say a symbol are neighbours.
 */
#include "data/data_in.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- building ---------------------------------------------------------------------------- */

static void too_large(rcd_machine *m)
{
    m->status =
        RC_FAIL(RC_EINVAL, "cannot make '%s': it has more than %d states, or %d ways between them",
                m->name, (int)RCD_MOST_STATES, (int)RCD_MOST_EDGES);
}

int32_t rcd_machine_states(rcd_machine *m, double n)
{
    if (m->status != RC_OK)
        return 0;
    if (!(m->states + n <= RCD_MOST_STATES)) {
        too_large(m);
        return 0;
    }
    m->states += (int32_t)n;
    return m->states - (int32_t)n;
}

static rcd_edge *add(rcd_machine *m)
{
    if (m->edges == RCD_MOST_EDGES) {
        too_large(m);
        return NULL;
    }
    if (m->edges == m->cap) {
        const size_t cap = m->cap ? 2 * m->cap : 64;
        rcd_edge *p = rcb_realloc(m->edge, m->cap, cap, sizeof *p);

        if (!p) {
            m->status = RC_ENOMEM;
            return NULL;
        }
        m->edge = p;
        m->cap = cap;
    }
    return &m->edge[m->edges++];
}

void rcd_machine_edge(rcd_machine *m, int32_t from, double p, char symbol, int32_t to)
{
    if (m->status != RC_OK || p == 0)
        return;
    assert(from < m->states && to < m->states && p > 0 && p <= 1 + 1e-12);
    rcd_edge *e = add(m);

    if (e)
        *e = (rcd_edge){.from = from, .to = to, .symbol = (unsigned char)symbol, .p = p};
}

void rcd_machine_word(rcd_machine *m, int32_t from, double p, const char *word, int32_t to)
{
    for (; word[1]; word++, p = 1) {
        const int32_t next = rcd_machine_states(m, 1);

        rcd_machine_edge(m, from, p, *word, next);
        from = next;
    }
    rcd_machine_edge(m, from, p, *word, to);
}

void rcd_machine_free(rcd_machine *m)
{
    rcb_free(m->edge);
    rcb_free(m->first);
    rcb_free(m->rest);
    *m = (rcd_machine){.name = m->name};
}

/* ---- finishing --------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const rcd_edge *x = a, *y = b;

    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    if (x->symbol != y->symbol)
        return x->symbol < y->symbol ? -1 : 1;
    return (x->to > y->to) - (x->to < y->to);
}

static void sort(rcd_machine *m)
{
    size_t e = 0;

    qsort(m->edge, m->edges, sizeof *m->edge, by_place);
    for (int32_t s = 0; s < m->states; s++) {
        double sum = 0;

        m->first[s] = e;
        for (; e < m->edges && m->edge[e].from == s; e++)
            m->edge[e].upto = sum += m->edge[e].p;
        assert(e > m->first[s] && fabs(sum - 1) < 1e-9);
        m->edge[e - 1].upto = 1;
    }
    m->first[m->states] = e;
}

/* The distribution that a step does not change: steps of which every second one stays, so that
 * periodic machines come to rest too, from all states alike likely. */
static void come_to_rest(rcd_machine *m, double *next)
{
    const size_t bytes = (size_t)m->states * sizeof *next;
    double change = 1;

    for (int32_t s = 0; s < m->states; s++)
        m->rest[s] = 1.0 / m->states;
    for (int i = 0; i < 100000 && change > 1e-14; i++) {
        memset(next, 0, bytes);
        for (size_t e = 0; e < m->edges; e++)
            next[m->edge[e].to] += m->rest[m->edge[e].from] * m->edge[e].p;
        change = 0;
        for (int32_t s = 0; s < m->states; s++) {
            const double to = (m->rest[s] + next[s]) / 2;

            change += fabs(to - m->rest[s]);
            m->rest[s] = to;
        }
    }
}

rc_status rcd_machine_finish(rcd_machine *m)
{
    RC_TRY(m->status);
    m->first = rcb_alloc((size_t)m->states + 1, sizeof *m->first);
    m->rest = rcb_alloc((size_t)m->states, sizeof *m->rest);
    double *next = rcb_alloc((size_t)m->states, sizeof *next);

    if (m->first && m->rest && next) {
        sort(m);
        come_to_rest(m, next);
    } else {
        m->status = RC_ENOMEM;
    }
    rcb_free(next);
    return m->status;
}

/* ---- reading ----------------------------------------------------------------------------- */

size_t rcd_machine_say(const rcd_machine *m, int32_t state, unsigned char symbol, size_t *end)
{
    size_t lo = m->first[state], hi = m->first[state + 1];

    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;

        if (m->edge[mid].symbol < symbol)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (hi = lo; hi < m->first[state + 1] && m->edge[hi].symbol == symbol; hi++)
        ;
    *end = hi;
    return lo;
}

double rcd_machine_bits(const rcd_machine *m)
{
    double bits = 0;

    for (size_t e = 0; e < m->edges; e++)
        bits -= m->rest[m->edge[e].from] * m->edge[e].p * log2(m->edge[e].p);
    return bits;
}
