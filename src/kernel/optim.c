/* optim.c -- the updates of the optimisers, one pass over weights, gradients and slots.
 *
 *   g' = scale g + l1 sign(w) + l2 w
 *   sgd    m = momentum m + g'     w -= lr (m + decay w), Nesterov: w -= lr (g' + momentum m + ...)
 *   adam   m = beta1 m + (1 - beta1) g'     v = beta2 v + (1 - beta2) g'^2
 *          w -= lr ((m / correct1) / (sqrt(v / correct2) + eps) + decay w)
 *
 * Padding of a weight stays 0, since its gradient is 0 (adam: if eps > 0). Kingma and Ba 2015;
 * Loshchilov and Hutter 2019 for the decoupled decay. The constants are copied out of the struct
 * first, so that the loops see them as such.
 */
#include "kernel/table_in.h"

/* The gradient with its penalties. */
RC_INLINE rc_real penalised(rc_real g, rc_real w, rc_real scale, rc_real l1, rc_real l2)
{
    const rc_real above = w > RC_C(0.0) ? l1 : RC_C(0.0);
    const rc_real below = w < RC_C(0.0) ? l1 : RC_C(0.0);

    return RC_FMA(l2, w, RC_FMA(g, scale, above - below));
}

static void sgd_plain(const rck_update *u, const rc_real *restrict g, rc_real *restrict w)
{
    const rc_real scale = u->scale;
    const rc_real lr = u->lr;
    const rc_real l1 = u->l1;
    const rc_real l2 = u->l2;
    const rc_real decay = u->decay;
    const int64_t n = u->n;

    for (int64_t i = 0; i < n; i++) {
        const rc_real d = penalised(g[i], w[i], scale, l1, l2);

        w[i] = RC_FMA(-lr, RC_FMA(decay, w[i], d), w[i]);
    }
}

/* step = at_g g' + at_m m: (0, 1) is classical momentum, (1, momentum) is Nesterov's. */
static void sgd_momentum(const rck_update *u, rc_real at_g, rc_real at_m, const rc_real *restrict g,
                         rc_real *restrict w, rc_real *restrict m)
{
    const rc_real scale = u->scale;
    const rc_real lr = u->lr;
    const rc_real l1 = u->l1;
    const rc_real l2 = u->l2;
    const rc_real decay = u->decay;
    const rc_real momentum = u->momentum;
    const int64_t n = u->n;

    for (int64_t i = 0; i < n; i++) {
        const rc_real d = penalised(g[i], w[i], scale, l1, l2);

        m[i] = RC_FMA(momentum, m[i], d);
        const rc_real step = RC_FMA(at_m, m[i], at_g * d);

        w[i] = RC_FMA(-lr, RC_FMA(decay, w[i], step), w[i]);
    }
}

static void adam_loop(const rck_update *u, const rc_real *restrict g, rc_real *restrict w,
                      rc_real *restrict m, rc_real *restrict v)
{
    const rc_real scale = u->scale;
    const rc_real lr = u->lr;
    const rc_real l1 = u->l1;
    const rc_real l2 = u->l2;
    const rc_real decay = u->decay;
    const rc_real beta1 = u->beta1;
    const rc_real beta2 = u->beta2;
    const rc_real rest1 = RC_C(1.0) - u->beta1;
    const rc_real rest2 = RC_C(1.0) - u->beta2;
    const rc_real by1 = RC_C(1.0) / u->correct1;
    const rc_real by2 = RC_C(1.0) / u->correct2;
    const rc_real eps = u->eps;
    const int64_t n = u->n;

    for (int64_t i = 0; i < n; i++) {
        const rc_real d = penalised(g[i], w[i], scale, l1, l2);

        m[i] = RC_FMA(beta1, m[i], rest1 * d);
        v[i] = RC_FMA(beta2, v[i], rest2 * d * d);
#ifdef RC_DOUBLE
        const rc_real root = sqrt(v[i] * by2);
#else
        const rc_real root = sqrtf(v[i] * by2);
#endif
        const rc_real step = m[i] * by1 / (root + eps);

        w[i] = RC_FMA(-lr, RC_FMA(decay, w[i], step), w[i]);
    }
}

void RCK_FN(sgd)(const rck_update *u)
{
    if (!u->m)
        sgd_plain(u, u->g, u->w);
    else if (u->nesterov)
        sgd_momentum(u, RC_C(1.0), u->momentum, u->g, u->w, u->m);
    else
        sgd_momentum(u, RC_C(0.0), RC_C(1.0), u->g, u->w, u->m);
}

void RCK_FN(adam)(const rck_update *u)
{
    adam_loop(u, u->g, u->w, u->m, u->v);
}
