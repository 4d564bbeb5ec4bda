/* oracle.c -- textbook code in double (see oracle.h). */
#include "oracle.h"

#include <math.h>

const rck_table *oracle_table_after(const rck_table *t)
{
    bool past = t == NULL;

    for (int i = 0; i < RCB_ISA_COUNT; i++) {
        const rck_table *here = rcb_isa_here((rcb_isa)i) ? rck_table_of((rcb_isa)i) : NULL;

        if (here && past)
            return here;
        past = past || (here && here == t);
    }
    return NULL;
}

void oracle_twins(const rck_table **narrow, const rck_table **wide)
{
    *narrow = rck_table_of(RCB_ISA_avx2);
    *wide = NULL;
    for (int i = RCB_ISA_avx2 + 1; i < RCB_ISA_COUNT; i++)
        if (rcb_isa_here((rcb_isa)i) && rck_table_of((rcb_isa)i))
            *wide = rck_table_of((rcb_isa)i);
    if (!*wide)
        *narrow = NULL;
}

int64_t oracle_panel_at(const rck_panel *p, int64_t row, int64_t k)
{
    const int64_t gate = row / p->units;
    const int64_t unit = row % p->units;
    const int64_t inside = unit % p->span;
    const int64_t column = inside / 16 * 16 * p->gates + gate * 16 + inside % 16;

    return (unit / p->span * p->K + k) * p->cols + column;
}

double oracle_gemm_at(const rck_gemm *g, int64_t r, int64_t panel, int64_t j, double *size)
{
    const rc_real *row =
        g->a_block ? g->a + r / RCK_MB * g->a_block + r % RCK_MB * g->a_row : g->a + r * g->a_row;
    double sum = g->add     ? (double)g->c[r * g->c_row + panel * g->c_panel + j]
                 : g->start ? (double)g->start[panel * g->start_panel + j]
                            : 0;
    int64_t kk = 0;

    *size = fabs(sum);
    for (int64_t chunk = 0; chunk < g->chunks; chunk++)
        for (int64_t k = 0; k < (chunk == g->chunks - 1 ? g->klast : g->kc); k++, kk++) {
            const double a = (double)row[chunk * g->a_chunk + k * g->a_k];
            const double b = (double)g->b[panel * g->b_panel + kk * g->b_k + j];

            sum += a * b;
            *size += fabs(a * b);
        }
    return sum;
}

double oracle_max(int64_t n, const rc_real *x)
{
    double top = -HUGE_VAL;

    for (int64_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            return (double)NAN;
        top = fmax(top, (double)x[i]);
    }
    return top;
}

double oracle_sum(int64_t n, const rc_real *x)
{
    double sum = 0;

    for (int64_t i = 0; i < n; i++)
        sum += (double)x[i];
    return sum;
}

double oracle_dot(int64_t n, const rc_real *a, const rc_real *b)
{
    double sum = 0;

    for (int64_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

void oracle_log_softmax(int64_t n, const rc_real *x, double *y)
{
    const double top = oracle_max(n, x);
    double sum = 0;

    for (int64_t i = 0; i < n; i++)
        sum += exp((double)x[i] - top);
    for (int64_t i = 0; i < n; i++)
        y[i] = (double)x[i] - top - log(sum);
}

double oracle_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

double oracle_mask_at(rcb_key key, int64_t n, int64_t j, int64_t width, double drop)
{
    const uint64_t block = (uint64_t)(n * ((width + 63) / 64) + j / 64);
    const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)(j % 16), 0};
    uint32_t word[4];

    rcb_philox(key, counter, word);
    return word[j % 64 / 16] >= floor(drop * 0x1p32) ? 1 / (1 - drop) : 0;
}

static double penalised(const rck_update *u, int64_t i)
{
    const double w = (double)u->w[i];
    const double sign = w > 0 ? 1 : w < 0 ? -1 : 0;

    return (double)u->g[i] * (double)u->scale + (double)u->l1 * sign + (double)u->l2 * w;
}

oracle_weight oracle_sgd_at(const rck_update *u, int64_t i)
{
    const double g = penalised(u, i);
    oracle_weight out = {.w = (double)u->w[i], .m = g};

    if (u->m)
        out.m = (double)u->momentum * (double)u->m[i] + g;
    out.w -= (double)u->lr * (double)u->decay * out.w;
    out.w -= (double)u->lr * out.m;
    return out;
}

oracle_weight oracle_nesterov_at(const rck_update *u, int64_t i)
{
    const double g = penalised(u, i);
    oracle_weight out = oracle_sgd_at(u, i);

    if (u->m)
        out.w += (double)u->lr * (out.m - (g + (double)u->momentum * out.m));
    return out;
}

oracle_weight oracle_adagrad_at(const rck_update *u, int64_t i)
{
    const double g = penalised(u, i);
    oracle_weight out = {.w = (double)u->w[i], .v = (double)u->v[i] + g * g};

    out.w -= (double)u->lr * g / (sqrt(out.v) + (double)u->eps);
    return out;
}

/* The running mean of squares that RMSprop and Adadelta share. */
static double mean_square(const rck_update *u, int64_t i)
{
    const double g = penalised(u, i);

    return (double)u->rho * (double)u->v[i] + (1 - (double)u->rho) * g * g;
}

oracle_weight oracle_rmsprop_at(const rck_update *u, int64_t i)
{
    oracle_weight out = {.w = (double)u->w[i], .v = mean_square(u, i)};

    out.m = penalised(u, i) / (sqrt(out.v) + (double)u->eps);
    if (u->m)
        out.m += (double)u->momentum * (double)u->m[i];
    out.w -= (double)u->lr * out.m;
    return out;
}

oracle_weight oracle_adadelta_at(const rck_update *u, int64_t i)
{
    const double rho = (double)u->rho, eps = (double)u->eps, m = (double)u->m[i];
    oracle_weight out = {.w = (double)u->w[i], .v = mean_square(u, i)};
    const double step = sqrt(m + eps) / sqrt(out.v + eps) * penalised(u, i);

    out.m = rho * m + (1 - rho) * step * step;
    out.w -= (double)u->lr * step;
    return out;
}

oracle_weight oracle_adamax_at(const rck_update *u, int64_t i)
{
    const double g = penalised(u, i), beta1 = (double)u->beta1;
    oracle_weight out = {
        .w = (double)u->w[i],
        .m = beta1 * (double)u->m[i] + (1 - beta1) * g,
        .v = fmax((double)u->beta2 * (double)u->v[i], fabs(g)),
    };

    out.w -= (double)u->lr * (out.m / (double)u->correct1) / (out.v + (double)u->eps);
    return out;
}

oracle_weight oracle_adam_at(const rck_update *u, int64_t i)
{
    const double g = penalised(u, i);
    const double beta1 = (double)u->beta1;
    const double beta2 = (double)u->beta2;
    oracle_weight out = {
        .w = (double)u->w[i],
        .m = beta1 * (double)u->m[i] + (1 - beta1) * g,
        .v = beta2 * (double)u->v[i] + (1 - beta2) * g * g,
    };

    out.w -= (double)u->lr * (double)u->decay * out.w;
    out.w -= (double)u->lr * (out.m / (double)u->correct1) /
             (sqrt(out.v / (double)u->correct2) + (double)u->eps);
    return out;
}
