/* optim.c -- the updates of the optimisers, one pass over weights, gradients and slots.
 *
 *   g' = scale g + l1 sign(w) + l2 w
 *   sgd       m = momentum m + g'     w -= lr (m + decay w)
 *   nesterov  m likewise              w -= lr (g' + momentum m + decay w)   (Sutskever et al. 2013)
 *   adagrad   v += g'^2               w -= lr g' / (sqrt(v) + eps)          (Duchi et al. 2011)
 *   rmsprop   v = rho v + (1 - rho) g'^2
 *             m = momentum m + g' / (sqrt(v) + eps)     w -= lr m     (Tieleman and Hinton 2012)
 *   adadelta  v likewise     s = g' sqrt(m + eps) / sqrt(v + eps)
 *             m = rho m + (1 - rho) s^2                 w -= lr s     (Zeiler 2012, at lr 1)
 *   adam      m = beta1 m + (1 - beta1) g'     v = beta2 v + (1 - beta2) g'^2
 *             w -= lr ((m / correct1) / (sqrt(v / correct2) + eps) + decay w)
 *   adamax    m likewise     v = max(beta2 v, |g'|)
 *             w -= lr (m / correct1) / (v + eps)
 *
 * Padding of a weight stays 0, since its gradient is 0 (and eps > 0). Kingma and Ba 2015 for the
 * last two; Loshchilov and Hutter 2019 for the decoupled decay. Without slot m, momentum is 0. The
 * constants are copied out of the struct first, so that the loops see them as such.
 */
#include "kernel/table_in.h"
#include "kernel/vmath.h"

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

static void adagrad_loop(const rck_update *u, const rc_real *restrict g, rc_real *restrict w,
                         rc_real *restrict v)
{
    const rc_real scale = u->scale;
    const rc_real lr = u->lr;
    const rc_real l1 = u->l1;
    const rc_real l2 = u->l2;
    const rc_real eps = u->eps;
    const int64_t n = u->n;

    for (int64_t i = 0; i < n; i++) {
        const rc_real d = penalised(g[i], w[i], scale, l1, l2);

        v[i] = RC_FMA(d, d, v[i]);
        w[i] = RC_FMA(-lr, d / (vroot(v[i]) + eps), w[i]);
    }
}

static void rmsprop_plain(const rck_update *u, const rc_real *restrict g, rc_real *restrict w,
                          rc_real *restrict v)
{
    const rc_real scale = u->scale;
    const rc_real lr = u->lr;
    const rc_real l1 = u->l1;
    const rc_real l2 = u->l2;
    const rc_real rho = u->rho;
    const rc_real rest = RC_C(1.0) - u->rho;
    const rc_real eps = u->eps;
    const int64_t n = u->n;

    for (int64_t i = 0; i < n; i++) {
        const rc_real d = penalised(g[i], w[i], scale, l1, l2);

        v[i] = RC_FMA(rho, v[i], rest * d * d);
        w[i] = RC_FMA(-lr, d / (vroot(v[i]) + eps), w[i]);
    }
}

static void rmsprop_momentum(const rck_update *u, const rc_real *restrict g, rc_real *restrict w,
                             rc_real *restrict m, rc_real *restrict v)
{
    const rc_real scale = u->scale;
    const rc_real lr = u->lr;
    const rc_real l1 = u->l1;
    const rc_real l2 = u->l2;
    const rc_real rho = u->rho;
    const rc_real rest = RC_C(1.0) - u->rho;
    const rc_real eps = u->eps;
    const rc_real momentum = u->momentum;
    const int64_t n = u->n;

    for (int64_t i = 0; i < n; i++) {
        const rc_real d = penalised(g[i], w[i], scale, l1, l2);

        v[i] = RC_FMA(rho, v[i], rest * d * d);
        m[i] = RC_FMA(momentum, m[i], d / (vroot(v[i]) + eps));
        w[i] = RC_FMA(-lr, m[i], w[i]);
    }
}

static void adadelta_loop(const rck_update *u, const rc_real *restrict g, rc_real *restrict w,
                          rc_real *restrict m, rc_real *restrict v)
{
    const rc_real scale = u->scale;
    const rc_real lr = u->lr;
    const rc_real l1 = u->l1;
    const rc_real l2 = u->l2;
    const rc_real rho = u->rho;
    const rc_real rest = RC_C(1.0) - u->rho;
    const rc_real eps = u->eps;
    const int64_t n = u->n;

    for (int64_t i = 0; i < n; i++) {
        const rc_real d = penalised(g[i], w[i], scale, l1, l2);

        v[i] = RC_FMA(rho, v[i], rest * d * d);
        const rc_real step = vroot((m[i] + eps) / (v[i] + eps)) * d;

        m[i] = RC_FMA(rho, m[i], rest * step * step);
        w[i] = RC_FMA(-lr, step, w[i]);
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
        const rc_real step = m[i] * by1 / (vroot(v[i] * by2) + eps);

        w[i] = RC_FMA(-lr, RC_FMA(decay, w[i], step), w[i]);
    }
}

static void adamax_loop(const rck_update *u, const rc_real *restrict g, rc_real *restrict w,
                        rc_real *restrict m, rc_real *restrict v)
{
    const rc_real scale = u->scale;
    const rc_real lr = u->lr;
    const rc_real l1 = u->l1;
    const rc_real l2 = u->l2;
    const rc_real beta1 = u->beta1;
    const rc_real beta2 = u->beta2;
    const rc_real rest1 = RC_C(1.0) - u->beta1;
    const rc_real by1 = RC_C(1.0) / u->correct1;
    const rc_real eps = u->eps;
    const int64_t n = u->n;

    for (int64_t i = 0; i < n; i++) {
        const rc_real d = penalised(g[i], w[i], scale, l1, l2);

        const rc_real size = d < RC_C(0.0) ? -d : d;
        const rc_real faded = beta2 * v[i];

        m[i] = RC_FMA(beta1, m[i], rest1 * d);
        v[i] = faded > size ? faded : size;
        w[i] = RC_FMA(-lr, m[i] * by1 / (v[i] + eps), w[i]);
    }
}

void RCK_FN(sgd)(const rck_update *u)
{
    if (!u->m)
        sgd_plain(u, u->g, u->w);
    else
        sgd_momentum(u, RC_C(0.0), RC_C(1.0), u->g, u->w, u->m);
}

void RCK_FN(nesterov)(const rck_update *u)
{
    if (!u->m)
        sgd_plain(u, u->g, u->w);
    else
        sgd_momentum(u, RC_C(1.0), u->momentum, u->g, u->w, u->m);
}

void RCK_FN(adagrad)(const rck_update *u)
{
    adagrad_loop(u, u->g, u->w, u->v);
}

void RCK_FN(rmsprop)(const rck_update *u)
{
    if (!u->m)
        rmsprop_plain(u, u->g, u->w, u->v);
    else
        rmsprop_momentum(u, u->g, u->w, u->m, u->v);
}

void RCK_FN(adadelta)(const rck_update *u)
{
    adadelta_loop(u, u->g, u->w, u->m, u->v);
}

void RCK_FN(adam)(const rck_update *u)
{
    adam_loop(u, u->g, u->w, u->m, u->v);
}

void RCK_FN(adamax)(const rck_update *u)
{
    adamax_loop(u, u->g, u->w, u->m, u->v);
}

void RCK_FN(average)(int64_t n, rc_real mu, const rc_real *restrict w, rc_real *restrict a)
{
    for (int64_t i = 0; i < n; i++)
        a[i] = RC_FMA(mu, w[i] - a[i], a[i]);
}
