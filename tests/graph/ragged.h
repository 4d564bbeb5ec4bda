/* ragged.h -- random batches of sequences of different lengths, for tests of operations on rows of
 * steps: the longest first, some of one step, some of none, often only one. */
#ifndef RAGGED_H
#define RAGGED_H

#include "problem.h"

enum { SEQ_MOST = 12, SEQ_STEPS = 8 };

typedef struct sequences {
    int64_t B, N;
    int64_t length[SEQ_MOST];
    int64_t at[SEQ_STEPS + 1];
    rc_rows rows; /* a view of `at` */
} sequences;

/* At most B sequences of at most T steps. */
static inline void random_lengths(sequences *s, int64_t B, int64_t T)
{
    assert_true(B <= SEQ_MOST && T <= SEQ_STEPS);
    *s = (sequences){.B = pick(0, 3) ? pick(1, B) : 1};
    for (int64_t q = 0; q < s->B; q++)
        s->length[q] = pick(0, q == 0 ? T : s->length[q - 1]);
    for (int64_t t = 0; t < s->length[0]; t++) {
        s->at[t] = s->N;
        for (int64_t q = 0; q < s->B && s->length[q] > t; q++)
            s->N++;
    }
    s->at[s->length[0]] = s->N;
    s->rows = (rc_rows){.steps = s->length[0], .seqs = s->B, .at = s->at};
}

static inline int64_t row_of(const sequences *s, int64_t q, int64_t t)
{
    return s->at[t] + q;
}

/* Steps of 3, 2 and 1 sequences, and one sequence of none. */
static const int64_t three_at[] = {0, 3, 5, 6};
static const rc_rows three_steps = {3, 4, three_at};

/* Loss and gradients of a problem have the same bits for 1, 2, 3 and 7 threads. make() adds its
 * leaves, the same ones every time. */
static inline void check_any_threads_of(problem_fn *build, void *ctx, void (*make)(problem *p),
                                        const char *op)
{
    const int threads[] = {1, 2, 3, 7};
    rc_real *want[PROBLEM_LEAVES] = {0};
    double loss = 0;

    for (int k = 0; k < 4; k++) {
        problem p = problem_new(build, ctx);

        (void)check_seed();
        rc_graph_free(p.g);
        p.g = graph_open(threads[k], true);
        make(&p);
        const double got = problem_gradient(&p);

        for (int i = 0; i < p.leaves; i++) {
            const size_t bytes = (size_t)p.leaf[i].n * sizeof(rc_real);

            if (k == 0) {
                want[i] = guard_bytes(bytes);
                memcpy(want[i], p.leaf[i].grad, bytes);
            }
            if (memcmp(want[i], p.leaf[i].grad, bytes) != 0)
                fail_msg("%s: leaf %d has other bits with %d threads", op, i, threads[k]);
        }
        loss = k == 0 ? got : loss;
        assert_true(got == loss);
        if (k == 3)
            for (int i = 0; i < p.leaves; i++)
                guard_free(want[i]);
        problem_free(&p);
    }
}

#endif
