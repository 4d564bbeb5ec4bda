/* oracle_cell.c -- the textbook of the cells, and the harness that puts one random step to it and
 * to a cell's descriptor.
 *
 * Promises to share nothing with src/cell but the descriptor. Memory handed to a cell is guarded:
 * an element that is not the cell's to write keeps its bits, in gaps, margins and inputs.
 */
#include "oracle_cell.h"

#include "check.h"

/* ---- the textbook -------------------------------------------------------------------------- */

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

/* U_g v of one unit, without c; the gate by its place in U. */
static double product(const oracle_step *s, int gate, int64_t unit, const double *v)
{
    const double *row = s->u + (gate * s->H + unit) * s->H;
    double sum = 0.0;

    for (int64_t k = 0; k < s->H; k++)
        sum += row[k] * v[k];
    return sum;
}

/* W_g x + b_g + U_g v + c_g of one unit. */
static double both(const oracle_step *s, int gate, int64_t unit, const double *v)
{
    return s->wx[gate * s->H + unit] + product(s, gate, unit, v) + s->c[gate * s->H + unit];
}

static void textbook_tanh(const oracle_step *s)
{
    for (int64_t j = 0; j < s->H; j++)
        s->out[0][j] = tanh(both(s, 0, j, s->in[0]));
}

static void textbook_relu(const oracle_step *s)
{
    for (int64_t j = 0; j < s->H; j++)
        s->out[0][j] = fmax(0.0, both(s, 0, j, s->in[0]));
}

static void textbook_sgru(const oracle_step *s)
{
    for (int64_t j = 0; j < s->H; j++) {
        const double z = sigmoid(both(s, 0, j, s->in[0]));
        const double n = tanh(both(s, 1, j, s->in[0]));

        s->out[0][j] = z * s->in[0][j] + (1.0 - z) * n;
    }
}

static void textbook_gru(const oracle_step *s)
{
    for (int64_t j = 0; j < s->H; j++) {
        const double r = sigmoid(both(s, 0, j, s->in[0]));
        const double z = sigmoid(both(s, 1, j, s->in[0]));
        const double un = product(s, 2, j, s->in[0]) + s->c[2 * s->H + j];
        const double n = tanh(s->wx[2 * s->H + j] + r * un);

        s->out[0][j] = z * s->in[0][j] + (1.0 - z) * n;
    }
}

/* h' between h and tanh(W_n x + U_n (r h) + ...), with z the share of the old or of the new
 * state */
static void gru_before(const oracle_step *s, bool z_is_new)
{
    double *rh = rcb_alloc((size_t)s->H, sizeof *rh);

    assert_non_null(rh);
    for (int64_t j = 0; j < s->H; j++)
        rh[j] = sigmoid(both(s, 0, j, s->in[0])) * s->in[0][j];
    for (int64_t j = 0; j < s->H; j++) {
        const double z = sigmoid(both(s, 1, j, s->in[0]));
        const double n = tanh(both(s, 2, j, rh));

        s->out[0][j] = z_is_new ? z * n + (1.0 - z) * s->in[0][j] : z * s->in[0][j] + (1.0 - z) * n;
    }
    rcb_free(rh);
}

static void textbook_gru_before(const oracle_step *s)
{
    gru_before(s, false);
}

static void textbook_lstm(const oracle_step *s)
{
    for (int64_t j = 0; j < s->H; j++) {
        const double i = sigmoid(both(s, 0, j, s->in[0]));
        const double f = sigmoid(both(s, 1, j, s->in[0]));
        const double g = tanh(both(s, 2, j, s->in[0]));
        const double o = sigmoid(both(s, 3, j, s->in[0]));

        s->out[1][j] = f * s->in[1][j] + i * g;
        s->out[0][j] = o * tanh(s->out[1][j]);
    }
}

/* What makes a variant of the LSTM with peepholes. */
typedef struct odyssey {
    bool no_input, no_forget, no_output, coupled, plain_in, plain_out;
} odyssey;

static void textbook_odyssey(const oracle_step *s, odyssey k)
{
    const int F = k.no_input ? 0 : 1, G = F + (k.no_forget || k.coupled ? 0 : 1), O = G + 1;

    for (int64_t j = 0; j < s->H; j++) {
        const double c = s->in[1][j];
        const double *p = s->vec + j; /* of i, f, o: those that there are */
        const double i = k.no_input ? 1.0 : sigmoid(both(s, 0, j, s->in[0]) + p[0] * c);
        const double f = k.coupled     ? 1.0 - i
                         : k.no_forget ? 1.0
                                       : sigmoid(both(s, F, j, s->in[0]) + p[F * s->H] * c);
        const double a = both(s, G, j, s->in[0]);
        const double next = f * c + i * (k.plain_in ? a : tanh(a));
        const double o = k.no_output ? 1.0 : sigmoid(both(s, O, j, s->in[0]) + p[G * s->H] * next);

        s->out[1][j] = next;
        s->out[0][j] = o * (k.plain_out ? next : tanh(next));
    }
}

static void textbook_peephole(const oracle_step *s)
{
    textbook_odyssey(s, (odyssey){0});
}

static void textbook_nig(const oracle_step *s)
{
    textbook_odyssey(s, (odyssey){.no_input = true});
}

static void textbook_nfg(const oracle_step *s)
{
    textbook_odyssey(s, (odyssey){.no_forget = true});
}

static void textbook_nog(const oracle_step *s)
{
    textbook_odyssey(s, (odyssey){.no_output = true});
}

static void textbook_niaf(const oracle_step *s)
{
    textbook_odyssey(s, (odyssey){.plain_in = true});
}

static void textbook_noaf(const oracle_step *s)
{
    textbook_odyssey(s, (odyssey){.plain_out = true});
}

static void textbook_cifg(const oracle_step *s)
{
    textbook_odyssey(s, (odyssey){.coupled = true});
}

/* ---- cells whose gates do not all have a place in U: the place is told ---- */

static double with_u(const oracle_step *s, int gate, int place, int64_t unit, const double *v)
{
    return s->wx[gate * s->H + unit] + s->c[gate * s->H + unit] + product(s, place, unit, v);
}

/* Without U; the harness draws a recurrent bias for every gate. */
static double without_u(const oracle_step *s, int gate, int64_t unit)
{
    return s->wx[gate * s->H + unit] + s->c[gate * s->H + unit];
}

static void textbook_fgr(const oracle_step *s)
{
    const int64_t H = s->H;

    for (int64_t j = 0; j < H; j++) {
        const double *p = s->vec + j, c = s->in[1][j];
        const double g = tanh(both(s, 0, j, s->in[0]));
        double a[3];

        for (int k = 0; k < 3; k++) { /* U: g; i f o of h; then of i, of f and of o before */
            a[k] = both(s, 1 + k, j, s->in[0]);
            for (int of = 0; of < 3; of++)
                a[k] += product(s, 4 + 3 * of + k, j, s->in[2 + of]);
        }
        s->out[2][j] = sigmoid(a[0] + p[0] * c);
        s->out[3][j] = sigmoid(a[1] + p[H] * c);
        s->out[1][j] = s->out[3][j] * c + s->out[2][j] * g;
        s->out[4][j] = sigmoid(a[2] + p[2 * H] * s->out[1][j]);
        s->out[0][j] = s->out[4][j] * tanh(s->out[1][j]);
    }
}

static double *room_for(int64_t n)
{
    double *p = rcb_alloc((size_t)n, sizeof *p);

    assert_non_null(p);
    return p;
}

static void textbook_mgu(const oracle_step *s)
{
    double *part = room_for(s->H);

    for (int64_t j = 0; j < s->H; j++)
        part[j] = sigmoid(both(s, 0, j, s->in[0])) * s->in[0][j];
    for (int64_t j = 0; j < s->H; j++) {
        const double f = sigmoid(both(s, 0, j, s->in[0]));

        s->out[0][j] = (1 - f) * s->in[0][j] + f * tanh(both(s, 1, j, part));
    }
    rcb_free(part);
}

static void textbook_mut1(const oracle_step *s)
{
    double *reset = room_for(s->H);

    for (int64_t j = 0; j < s->H; j++)
        reset[j] = sigmoid(with_u(s, 1, 0, j, s->in[0])) * s->in[0][j];
    for (int64_t j = 0; j < s->H; j++) {
        const double z = sigmoid(without_u(s, 0, j));
        const double n =
            tanh(tanh(s->wx[2 * s->H + j]) + s->c[2 * s->H + j] + product(s, 1, j, reset));

        s->out[0][j] = z * n + (1 - z) * s->in[0][j];
    }
    rcb_free(reset);
}

static void textbook_mut2(const oracle_step *s)
{
    gru_before(s, true);
}

static void textbook_mut3(const oracle_step *s)
{
    double *reset = room_for(s->H), *squashed = room_for(s->H);

    for (int64_t j = 0; j < s->H; j++) {
        reset[j] = sigmoid(both(s, 0, j, s->in[0])) * s->in[0][j];
        squashed[j] = tanh(s->in[0][j]);
    }
    for (int64_t j = 0; j < s->H; j++) {
        const double z = sigmoid(both(s, 1, j, squashed));

        s->out[0][j] = z * tanh(both(s, 2, j, reset)) + (1 - z) * s->in[0][j];
    }
    rcb_free(reset);
    rcb_free(squashed);
}

static void textbook_cfn(const oracle_step *s)
{
    for (int64_t j = 0; j < s->H; j++) {
        const double f = sigmoid(with_u(s, 1, 0, j, s->in[0]));
        const double i = sigmoid(with_u(s, 2, 1, j, s->in[0]));

        s->out[0][j] = f * tanh(s->in[0][j]) + i * tanh(without_u(s, 0, j));
    }
}

static void textbook_mlstm(const oracle_step *s)
{
    double *m = room_for(s->H);

    for (int64_t j = 0; j < s->H; j++)
        m[j] = s->wx[j] * (product(s, 0, j, s->in[0]) + s->c[j]);
    for (int64_t j = 0; j < s->H; j++) {
        const double i = sigmoid(both(s, 1, j, m)), f = sigmoid(both(s, 2, j, m));
        const double g = tanh(both(s, 3, j, m)), o = sigmoid(both(s, 4, j, m));

        s->out[1][j] = f * s->in[1][j] + i * g;
        s->out[0][j] = o * tanh(s->out[1][j]);
    }
    rcb_free(m);
}

static void deep_transition(const oracle_step *s, bool around)
{
    double *m = room_for(s->H);

    for (int64_t j = 0; j < s->H; j++)
        m[j] = tanh(both(s, 0, j, s->in[0]));
    for (int64_t j = 0; j < s->H; j++)
        s->out[0][j] = tanh(both(s, 1, j, m) + (around ? product(s, 2, j, s->in[0]) : 0));
    rcb_free(m);
}

static void textbook_dt(const oracle_step *s)
{
    deep_transition(s, false);
}

static void textbook_dts(const oracle_step *s)
{
    deep_transition(s, true);
}

static void highway(const oracle_step *s, int depth)
{
    double *from = room_for(s->H), *to = room_for(s->H);

    memcpy(from, s->in[0], (size_t)s->H * sizeof *from);
    for (int l = 0; l < depth; l++) {
        for (int64_t j = 0; j < s->H; j++) {
            const double t = sigmoid(both(s, 2 * l + 1, j, from));

            to[j] = t * tanh(both(s, 2 * l, j, from)) + (1 - t) * from[j];
        }
        memcpy(from, to, (size_t)s->H * sizeof *from);
    }
    memcpy(s->out[0], from, (size_t)s->H * sizeof *from);
    rcb_free(from);
    rcb_free(to);
}

static void textbook_rhn_2(const oracle_step *s)
{
    highway(s, 2);
}

static void textbook_rhn_5(const oracle_step *s)
{
    highway(s, 5);
}

static void textbook_rhn_10(const oracle_step *s)
{
    highway(s, 10);
}

static void textbook_sru(const oracle_step *s)
{
    for (int64_t j = 0; j < s->H; j++) {
        const double c = s->in[1][j];
        const double f = sigmoid(without_u(s, 1, j) + s->vec[j] * c);
        const double r = sigmoid(without_u(s, 2, j) + s->vec[s->H + j] * c);

        s->out[1][j] = f * c + (1 - f) * without_u(s, 0, j);
        s->out[0][j] = r * s->out[1][j] + (1 - r) * without_u(s, 3, j);
    }
}

static void textbook_mingru(const oracle_step *s)
{
    for (int64_t j = 0; j < s->H; j++) {
        const double z = sigmoid(without_u(s, 0, j));

        s->out[0][j] = (1 - z) * s->in[0][j] + z * without_u(s, 1, j);
    }
}

static void textbook_minlstm(const oracle_step *s)
{
    for (int64_t j = 0; j < s->H; j++) {
        const double f = sigmoid(without_u(s, 0, j)), i = sigmoid(without_u(s, 1, j));

        s->out[0][j] = (f * s->in[0][j] + i * without_u(s, 2, j)) / (f + i);
    }
}

void oracle_gru_lecture(const oracle_step *s)
{
    gru_before(s, true);
}

void oracle_sgru_lecture(const oracle_step *s)
{
    for (int64_t j = 0; j < s->H; j++) {
        const double update = sigmoid(both(s, 0, j, s->in[0]));
        const double candidate = tanh(both(s, 1, j, s->in[0]));

        s->out[0][j] = update * candidate + (1.0 - update) * s->in[0][j];
    }
}

int oracle_gate_at(const rcc_cell *cell, rcc_part part, int gate)
{
    int at = 0, first = 0;

    for (int s = 0; s < cell->stages; s++) {
        const rcc_stage *stage = &cell->stage[s];
        const bool there = stage->narrow   ? false
                           : part == RCC_W ? !stage->no_x
                           : part == RCC_B ? !cell->no_bias
                                           : stage->v != RCC_NO_V && !cell->no_bias;

        if (gate < first + stage->gates)
            return there ? at + gate - first : -1;
        first += stage->gates;
        at += there ? stage->gates : 0;
    }
    return -1;
}

static void textbook_none(const oracle_step *s)
{
    for (int64_t j = 0; j < s->H; j++)
        s->out[0][j] = tanh(without_u(s, 0, j));
}

static void textbook_qrnn(const oracle_step *s)
{
    for (int64_t j = 0; j < s->H; j++) {
        const double f = sigmoid(without_u(s, 1, j));

        s->out[1][j] = f * s->in[1][j] + (1 - f) * tanh(without_u(s, 0, j));
        s->out[0][j] = sigmoid(without_u(s, 2, j)) * s->out[1][j];
    }
}

/* `to` is gated by what gate `gate`, place `place` of U, makes of `by`. */
static void mogrify(const oracle_step *s, int gate, const double *by, double *to)
{
    for (int64_t j = 0; j < s->H; j++)
        to[j] *= 2 * sigmoid(with_u(s, gate, gate - 1, j, by));
}

static void textbook_mogrifier(const oracle_step *s)
{
    const int64_t H = s->H;
    double *x = room_for(H), *h = room_for(H);

    for (int64_t j = 0; j < H; j++) {
        x[j] = without_u(s, 0, j);
        h[j] = s->in[0][j];
    }
    for (int round = 1; round <= 5; round++)
        mogrify(s, round, round % 2 ? h : x, round % 2 ? x : h);
    for (int64_t j = 0; j < H; j++) {
        double a[4];

        for (int k = 0; k < 4; k++) /* U: five rounds; i f g o of h; i f g o of x */
            a[k] = with_u(s, 6 + k, 5 + k, j, h) + product(s, 9 + k, j, x);
        s->out[1][j] = sigmoid(a[1]) * s->in[1][j] + sigmoid(a[0]) * tanh(a[2]);
        s->out[0][j] = sigmoid(a[3]) * tanh(s->out[1][j]);
    }
    rcb_free(x);
    rcb_free(h);
}

static void textbook_lstm_proj(const oracle_step *s)
{
    const int64_t H = s->H, P = s->P;
    double *wide = room_for(H);

    for (int64_t j = 0; j < H; j++) {
        double a[4];

        for (int g = 0; g < 4; g++) {
            a[g] = s->wx[g * H + j] + s->c[g * H + j];
            for (int64_t k = 0; k < P; k++)
                a[g] += s->u[(g * H + j) * P + k] * s->in[0][k];
        }
        s->out[1][j] = sigmoid(a[1]) * s->in[1][j] + sigmoid(a[0]) * tanh(a[2]);
        wide[j] = sigmoid(a[3]) * tanh(s->out[1][j]);
    }
    for (int64_t i = 0; i < P; i++) {
        s->out[0][i] = s->wx[4 * H + i] + s->c[4 * H + i];
        for (int64_t j = 0; j < H; j++)
            s->out[0][i] += s->r[i * H + j] * wide[j];
    }
    rcb_free(wide);
}

/* Group g of eight moves where k is a multiple of 2^g. */
static void textbook_clockwork(const oracle_step *s)
{
    for (int64_t j = 0; j < s->H; j++) {
        const long k = lround(s->in[1][j]), period = 1L << (j * 8 / s->H);

        s->out[0][j] = k % period == 0 ? tanh(both(s, 0, j, s->in[0])) : s->in[0][j];
        s->out[1][j] = s->in[1][j] + 1 - (k + 1 == 128 ? 128 : 0);
    }
}

/* ---- layer normalisation ---- */

/* x^ of n numbers, in place. */
static void normalise(double *x, int64_t n)
{
    double mean = 0, variance = 0;

    for (int64_t i = 0; i < n; i++)
        mean += x[i] / (double)n;
    for (int64_t i = 0; i < n; i++)
        variance += (x[i] - mean) * (x[i] - mean) / (double)n;
    for (int64_t i = 0; i < n; i++)
        x[i] = (x[i] - mean) / sqrt(variance + 1e-5);
}

/* W x and U h (with c) of all gates, (2,G,H). */
static double *both_products(const oracle_step *s, int gates)
{
    const int64_t n = gates * s->H;
    double *x = room_for(2 * n);

    for (int64_t i = 0; i < n; i++) {
        x[i] = s->wx[i];
        x[n + i] = product(s, (int)(i / s->H), i % s->H, s->in[0]) + s->c[i];
    }
    return x;
}

static void textbook_lstm_ln(const oracle_step *s)
{
    const int64_t H = s->H;
    double *x = both_products(s, 4), *c = room_for(H);
    const double *p = s->vec, *q = p + 4 * H, *pc = p + 8 * H, *b = p + 9 * H, *bc = p + 13 * H;
    double a[4];

    normalise(x, 4 * H);
    normalise(x + 4 * H, 4 * H);
    for (int64_t j = 0; j < H; j++) {
        for (int64_t k = 0, i = j; k < 4; k++, i += H)
            a[k] = p[i] * x[i] + q[i] * x[4 * H + i] + b[i];
        c[j] = s->out[1][j] = sigmoid(a[1]) * s->in[1][j] + sigmoid(a[0]) * tanh(a[2]);
        x[j] = sigmoid(a[3]); /* nobody reads that place again */
    }
    normalise(c, H);
    for (int64_t j = 0; j < H; j++)
        s->out[0][j] = x[j] * tanh(pc[j] * c[j] + bc[j]);
    rcb_free(c);
    rcb_free(x);
}

static void textbook_gru_ln(const oracle_step *s)
{
    const int64_t H = s->H;
    double *w = both_products(s, 3), *u = w + 3 * H;
    const double *p = s->vec, *q = p + 3 * H, *b = p + 6 * H;

    normalise(w, 2 * H);
    normalise(w + 2 * H, H);
    normalise(u, 2 * H);
    normalise(u + 2 * H, H);
    for (int64_t j = 0; j < H; j++) {
        const int64_t z_at = H + j, n_at = 2 * H + j;
        const double r = sigmoid(p[j] * w[j] + q[j] * u[j] + b[j]);
        const double z = sigmoid(p[z_at] * w[z_at] + q[z_at] * u[z_at] + b[z_at]);
        const double inner = q[n_at] * u[n_at] + b[3 * H + j];
        const double n = tanh(p[n_at] * w[n_at] + b[n_at] + r * inner);

        s->out[0][j] = z * s->in[0][j] + (1.0 - z) * n;
    }
    rcb_free(w);
}

oracle_cell *oracle_cell_of(const char *name)
{
    static const struct {
        const char *name;
        oracle_cell *step;
    } all[] = {
        {"tanh", textbook_tanh},
        {"relu", textbook_relu},
        {"irnn", textbook_relu},
        {"sgru", textbook_sgru},
        {"gru", textbook_gru},
        {"gru-before", textbook_gru_before},
        {"lstm", textbook_lstm},
        {"lstm-proj", textbook_lstm_proj},
        {"lstm-peephole", textbook_peephole},
        {"lstm-nig", textbook_nig},
        {"lstm-nfg", textbook_nfg},
        {"lstm-nog", textbook_nog},
        {"lstm-niaf", textbook_niaf},
        {"lstm-noaf", textbook_noaf},
        {"lstm-cifg", textbook_cifg},
        {"lstm-fgr", textbook_fgr},
        {"mgu", textbook_mgu},
        {"mut1", textbook_mut1},
        {"mut2", textbook_mut2},
        {"mut3", textbook_mut3},
        {"cfn", textbook_cfn},
        {"mlstm", textbook_mlstm},
        {"dt", textbook_dt},
        {"dt-s", textbook_dts},
        {"rhn-2", textbook_rhn_2},
        {"rhn-5", textbook_rhn_5},
        {"rhn-10", textbook_rhn_10},
        {"sru", textbook_sru},
        {"mingru", textbook_mingru},
        {"minlstm", textbook_minlstm},
        {"clockwork", textbook_clockwork},
        {"hierarchical", textbook_clockwork},
        {"none", textbook_none},
        {"qrnn", textbook_qrnn},
        {"mogrifier", textbook_mogrifier},
        {"lstm-ln", textbook_lstm_ln},
        {"gru-ln", textbook_gru_ln},
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].name, name) == 0)
            return all[i].step;
    return NULL;
}

/* ---- random numbers and memory of the harness ---------------------------------------------- */

typedef struct source {
    rcb_key key;
    uint64_t count;
} source;

static source source_of(uint64_t seed)
{
    return (source){.key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}}};
}

/* 0 .. n-1 */
static int64_t below(source *from, int64_t n)
{
    uint32_t word[4] = {(uint32_t)from->count, (uint32_t)(from->count >> 32), 0, 0};

    from->count++;
    rcb_philox(from->key, word, word);
    return (int64_t)(((uint64_t)word[0] * (uint64_t)n) >> 32);
}

/* A number of rc_real in [-size, size). */
static double draw(source *from, double size)
{
    return (double)(rc_real)(((double)below(from, 1 << 24) / (1 << 23) - 1.0) * size);
}

static double *doubles(int64_t n)
{
    double *p = rcb_calloc((size_t)n, sizeof *p);

    assert_non_null(p);
    return p;
}

static double *random_doubles(source *from, int64_t n, double size)
{
    double *p = doubles(n);

    for (int64_t i = 0; i < n; i++)
        p[i] = draw(from, size);
    return p;
}

/* ---- cases and results --------------------------------------------------------------------- */

static rcc_widths widths_of(const oracle_case *k)
{
    return (rcc_widths){k->H, k->P};
}

static int64_t state_width(const oracle_case *k, int i)
{
    return rcc_state_width(k->cell, i, widths_of(k));
}

/* Numbers of the U of a product of a cell, which may be another than that of the case. */
static int64_t product_size(const oracle_case *k, const rcc_cell *cell, const rcc_product *p)
{
    return cell->stage[p->stage].gates * rcc_stage_width(cell, p->stage, widths_of(k)) *
           rcc_v_width(cell, p->v, widths_of(k));
}

/* ... and before that of product n. */
static int64_t u_before(const oracle_case *k, int n)
{
    rcc_product product[RCC_PRODUCTS];
    int64_t size = 0;

    (void)rcc_products(k->cell, product);
    for (int p = 0; p < n; p++)
        size += product_size(k, k->cell, &product[p]);
    return size;
}

/* Where narrow stages begin, which are the last. */
static const double *projection_of(const oracle_case *k)
{
    rcc_product product[RCC_PRODUCTS];
    int p = 0;

    for (int n = rcc_products(k->cell, product); p < n && !k->cell->stage[product[p].stage].narrow;)
        p++;
    return k->u + u_before(k, p);
}

/* A count of steps is whole. */
static void count_whole(oracle_case *k, source *from)
{
    for (int64_t i = 0; k->textbook == textbook_clockwork && i < k->B * k->H; i++)
        k->in[1][i] = (double)below(from, 128);
}

/* A rectifier has no derivative at 0: move its arguments away from there. */
static void leave_kink(oracle_case *k)
{
    if (k->textbook != textbook_relu)
        return;
    for (int64_t b = 0; b < k->B; b++) {
        const oracle_step s = {.H = k->H, .wx = k->wx + b * k->H, .u = k->u, .c = k->c + b * k->H};

        for (int64_t j = 0; j < k->H; j++)
            if (fabs(both(&s, 0, j, k->in[0] + b * k->H)) < 0.01)
                k->wx[b * k->H + j] += 0.0625;
    }
}

oracle_case *oracle_case_new(uint64_t seed, const rcc_cell *cell, int64_t B, int64_t H)
{
    source from = source_of(seed);
    oracle_case *k = rcb_calloc(1, sizeof *k);
    const int64_t G = cell->gates;
    rcc_product product[RCC_PRODUCTS];

    assert_non_null(k);
    k->cell = cell;
    k->vectors = cell->vectors;
    k->seed = seed;
    k->textbook = oracle_cell_of(cell->name);
    if (!k->textbook)
        fail_msg("no textbook for cell '%s'", cell->name);
    k->B = B;
    k->H = H;
    k->P = cell->narrow ? 1 + below(&from, H) : H;
    k->gates = cell->gates;
    k->states = cell->states;
    k->wx = random_doubles(&from, B * G * H, below(&from, 4) ? 2.0 : 8.0);
    k->u = random_doubles(&from, u_before(k, rcc_products(cell, product)), 1.5 / sqrt((double)H));
    k->c = random_doubles(&from, B * G * H, 0.5);
    k->vec = random_doubles(&from, k->vectors * H, 1.0);
    for (int i = 0; i < k->states; i++) {
        k->in[i] = random_doubles(&from, B * state_width(k, i), i ? 2.0 : 1.0);
        k->d_out[i] = random_doubles(&from, B * state_width(k, i), 1.0);
    }
    k->d_h = random_doubles(&from, B * state_width(k, 0), 1.0);
    leave_kink(k);
    count_whole(k, &from);
    return k;
}

void oracle_case_free(oracle_case *k)
{
    for (int i = 0; i < k->states; i++) {
        rcb_free(k->in[i]);
        rcb_free(k->d_out[i]);
    }
    rcb_free(k->d_h);
    rcb_free(k->wx);
    rcb_free(k->u);
    rcb_free(k->c);
    rcb_free(k->vec);
    rcb_free(k);
}

oracle_result *oracle_result_new(const oracle_case *k)
{
    oracle_result *r = rcb_calloc(1, sizeof *r);

    assert_non_null(r);
    r->states = k->states;
    for (int i = 0; i < k->states; i++) {
        r->out[i] = doubles(k->B * k->H);
        r->d_in[i] = doubles(k->B * k->H);
    }
    r->d_wx = doubles(k->B * k->gates * k->H);
    r->d_c = doubles(k->B * k->gates * k->H);
    r->d_vec = doubles(k->vectors * k->H);
    return r;
}

void oracle_result_free(oracle_result *r)
{
    for (int i = 0; i < r->states; i++) {
        rcb_free(r->out[i]);
        rcb_free(r->d_in[i]);
    }
    rcb_free(r->d_wx);
    rcb_free(r->d_c);
    rcb_free(r->d_vec);
    rcb_free(r);
}

/* ---- the textbook's answer ----------------------------------------------------------------- */

/* Row b of a case, with its own copies of what is varied. */
typedef struct row_view {
    oracle_step step;
    double *wx, *c, *vec, *in[RCC_STATES], *out[RCC_STATES];
    const double *d_out[RCC_STATES];
    const oracle_case *k;
} row_view;

static double *copy_of(const double *from, int64_t n)
{
    double *p = doubles(n);

    memcpy(p, from, (size_t)n * sizeof *p);
    return p;
}

static row_view row_open(const oracle_case *k, int64_t b)
{
    const int64_t H = k->H, GH = k->gates * k->H;
    row_view v = {.k = k};

    v.wx = copy_of(k->wx + b * GH, GH);
    v.c = copy_of(k->c + b * GH, GH);
    v.vec = copy_of(k->vec, k->vectors * H);
    v.step = (oracle_step){
        .H = H, .P = k->P, .wx = v.wx, .u = k->u, .r = projection_of(k), .c = v.c, .vec = v.vec};
    for (int i = 0; i < k->states; i++) {
        const int64_t n = state_width(k, i);

        v.in[i] = copy_of(k->in[i] + b * n, n);
        v.out[i] = doubles(n);
        v.d_out[i] = k->d_out[i] + b * n;
        v.step.in[i] = v.in[i];
        v.step.out[i] = v.out[i];
    }
    return v;
}

static void row_close(row_view *v)
{
    rcb_free(v->wx);
    rcb_free(v->c);
    rcb_free(v->vec);
    for (int i = 0; i < v->k->states; i++) {
        rcb_free(v->in[i]);
        rcb_free(v->out[i]);
    }
}

static double row_loss(const row_view *v)
{
    double loss = 0.0;

    v->k->textbook(&v->step);
    for (int i = 0; i < v->k->states; i++)
        for (int64_t j = 0; j < state_width(v->k, i); j++)
            loss += v->d_out[i][j] * v->out[i][j];
    return loss;
}

/* d loss / d x(j) by central differences; x is one of the row's own arrays. */
static void row_slopes(const row_view *v, double *x, int64_t n, double *slope)
{
    const double eps = 1e-5; /* rounding 1e-16 / eps and curvature eps^2 are both about 1e-10 */

    for (int64_t j = 0; j < n; j++) {
        const double at = x[j];

        x[j] = at + eps;
        const double up = row_loss(v);
        x[j] = at - eps;
        const double down = row_loss(v);
        x[j] = at;
        slope[j] = (up - down) / (2.0 * eps);
    }
}

void oracle_case_textbook(const oracle_case *k, oracle_result *r)
{
    const int64_t H = k->H, GH = k->gates * k->H, PH = k->vectors * H;
    double *d_vec = doubles(PH);

    memset(r->d_vec, 0, (size_t)PH * sizeof *d_vec);
    for (int64_t b = 0; b < k->B; b++) {
        row_view v = row_open(k, b);

        row_slopes(&v, v.wx, GH, r->d_wx + b * GH);
        row_slopes(&v, v.c, GH, r->d_c + b * GH);
        row_slopes(&v, v.vec, PH, d_vec);
        for (int64_t i = 0; i < PH; i++)
            r->d_vec[i] += d_vec[i];
        for (int i = 0; i < k->states; i++)
            row_slopes(&v, v.in[i], state_width(k, i), r->d_in[i] + b * state_width(k, i));
        for (int64_t j = b * state_width(k, 0); j < (b + 1) * state_width(k, 0); j++)
            r->d_in[0][j] += k->d_h[j];
        k->textbook(&v.step);
        for (int i = 0; i < k->states; i++)
            memcpy(r->out[i] + b * state_width(k, i), v.out[i],
                   (size_t)state_width(k, i) * sizeof *v.out[i]);
        row_close(&v);
    }
    rcb_free(d_vec);
}

/* ---- guarded memory ------------------------------------------------------------------------ */

enum { MARGIN = 48 };

/* Reals of which only some are the cell's to write; `before` remembers all. */
typedef struct guarded {
    const char *name;
    rc_real *p; /* the first element that counts; 64-byte aligned */
    rc_real *base;
    rc_real *before;
    unsigned char *mine; /* by element from base */
    int64_t n;           /* from base */
    bool narrow;         /* a vector of P, not of H */
} guarded;

static guarded guarded_new(const char *name, int64_t n)
{
    guarded m = {.name = name, .n = n + 2 * MARGIN};

    m.base = rcb_alloc((size_t)m.n, sizeof *m.base);
    m.before = rcb_alloc((size_t)m.n, sizeof *m.before);
    m.mine = rcb_calloc((size_t)m.n, sizeof *m.mine);
    assert_true(m.base && m.before && m.mine);
    for (int64_t i = 0; i < m.n; i++)
        m.base[i] = m.before[i] = (rc_real)-12345.25;
    m.p = m.base + MARGIN;
    return m;
}

static void guarded_free(guarded *m)
{
    rcb_free(m->base);
    rcb_free(m->before);
    rcb_free(m->mine);
}

/* Written by the harness, not by the cell. */
static void put(guarded *m, int64_t at, double value)
{
    m->p[at] = m->before[MARGIN + at] = (rc_real)value;
}

static void guarded_check(const guarded *m, const oracle_case *k)
{
    for (int64_t i = 0; i < m->n; i++)
        if (!m->mine[i] && memcmp(m->base + i, m->before + i, sizeof *m->base) != 0)
            fail_msg("'%s' was written at %lld, which is not the cell's (seed %llu)", m->name,
                     (long long)(i - MARGIN), (unsigned long long)k->seed);
}

/* ---- a cell's answer ----------------------------------------------------------------------- */

/* A block of pre-activations of one stage. */
typedef struct block {
    guarded m;
    rcc_gates view;
    bool narrow;
} block;

/* The memory of one step. */
typedef struct bench {
    const oracle_case *k;
    const rcc_cell *cell;
    source from;
    bool cut;
    int64_t groups[2], ld[2]; /* of what is H and of what is P wide */
    block gates[RCC_STAGES], apart[RCC_STAGES];
    block vec, d_vec; /* one row */
    guarded in[RCC_STATES], out[RCC_STATES], aux[RCC_AUX], keep, sum;
    guarded d_out[RCC_STATES], d_in[RCC_STATES], d_aux[RCC_AUX];
    bool met[RCC_AUX]; /* on the way back: d_aux is there, who comes next adds */
} bench;

static int64_t group_index(const rcc_gates *v, int64_t row, int64_t unit, int gate)
{
    const int64_t u = unit / RCK_LANES;

    return u / v->per * v->panel + row * v->row + u % v->per * RCK_LANES * v->gates +
           gate * RCK_LANES + unit % RCK_LANES;
}

/* Panels of a random number of groups, with random gaps between rows and panels; zero inside. */
static block block_of_rows(bench *t, const char *name, int64_t rows, int gates, bool narrow)
{
    block b = {.view = {.per = (int)below(&t->from, 4) + 1, .gates = gates}, .narrow = narrow};
    const int64_t panels = (t->groups[narrow] + b.view.per - 1) / b.view.per;

    b.view.row = b.view.per * RCK_LANES * gates + below(&t->from, 2) * RCK_LANES;
    b.view.panel = b.view.row * rows + below(&t->from, 2) * RCK_LANES;
    b.m = guarded_new(name, panels * b.view.panel);
    b.view.p = b.m.p;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t j = 0; j < t->groups[narrow] * RCK_LANES; j++)
            for (int g = 0; g < gates; g++)
                put(&b.m, group_index(&b.view, r, j, g), 0.0);
    return b;
}

/* The block of a stage. */
static block block_new(bench *t, const char *name, const rcc_stage *s)
{
    return block_of_rows(t, name, t->k->B, s->gates, s->narrow);
}

static void block_give_rows(const bench *t, block *b, int64_t rows)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t j = 0; j < t->groups[b->narrow] * RCK_LANES; j++)
            for (int g = 0; g < b->view.gates; g++)
                b->m.mine[MARGIN + group_index(&b->view, r, j, g)] = 1;
}

static void block_give(const bench *t, block *b)
{
    block_give_rows(t, b, t->k->B);
}

/* The vectors of weights, and room for their gradients. */
static void make_vectors(bench *t)
{
    const oracle_case *k = t->k;

    if (k->vectors == 0)
        return;
    t->vec = block_of_rows(t, "vec", 1, k->vectors, false);
    t->d_vec = block_of_rows(t, "d_vec", 1, k->vectors, false);
    block_give_rows(t, &t->d_vec, 1);
    for (int g = 0; g < k->vectors; g++)
        for (int64_t j = 0; j < k->H; j++)
            put(&t->vec.m, group_index(&t->vec.view, 0, j, g), k->vec[g * k->H + j]);
}

static void read_vectors(const bench *t, oracle_result *res)
{
    const oracle_case *k = t->k;

    for (int g = 0; g < k->vectors; g++)
        for (int64_t j = 0; j < t->groups[0] * RCK_LANES; j++) {
            const double d = (double)t->d_vec.m.p[group_index(&t->d_vec.view, 0, j, g)];

            if (j < k->H)
                res->d_vec[g * k->H + j] = d;
            else if (d != 0.0)
                fail_msg("padding of a vector's gradient is %g (seed %llu)", d,
                         (unsigned long long)k->seed);
        }
}

/* A (B, ld) vector; with values (B,H) and zero padding, or untouched when values is NULL. */
static guarded vector_new(const bench *t, const char *name, const double *values, bool narrow)
{
    const int64_t ld = t->ld[narrow], width = narrow ? t->k->P : t->k->H;
    guarded m = guarded_new(name, t->k->B * ld);

    m.narrow = narrow;
    for (int64_t r = 0; values && r < t->k->B; r++)
        for (int64_t j = 0; j < t->groups[narrow] * RCK_LANES; j++)
            put(&m, r * ld + j, j < width ? values[r * width + j] : 0.0);
    return m;
}

static guarded state_new(const bench *t, const char *name, const double *values, int i)
{
    return vector_new(t, name, values, t->cell->narrow >> i & 1);
}

static void vector_give(const bench *t, guarded *m)
{
    for (int64_t r = 0; r < t->k->B; r++)
        for (int64_t j = 0; j < t->groups[m->narrow] * RCK_LANES; j++)
            m->mine[MARGIN + r * t->ld[m->narrow] + j] = 1;
}

/* The values of a vector, dense; padding must be zero. */
static void vector_read(const bench *t, const guarded *m, double *out)
{
    const int64_t width = m->narrow ? t->k->P : t->k->H;

    for (int64_t r = 0; r < t->k->B; r++)
        for (int64_t j = 0; j < t->groups[m->narrow] * RCK_LANES; j++) {
            const double value = (double)m->p[r * t->ld[m->narrow] + j];

            if (j < width)
                out[r * width + j] = value;
            else if (value != 0.0)
                fail_msg("padding of '%s' is %g at row %lld, column %lld (seed %llu)", m->name,
                         value, (long long)r, (long long)j, (unsigned long long)t->k->seed);
        }
}

static bool keeps_apart(const rcc_stage *s)
{
    return s->apart != 0;
}

/* Stage s with its pointers moved to a row. */
static rcc_step step_at(bench *t, int s, int64_t row)
{
    const bool narrow = t->cell->stage[s].narrow;
    const int64_t at = row * t->ld[0];
    rcc_step step = {.ld = t->ld[narrow],
                     .units = narrow ? t->k->P : t->k->H,
                     .gates = t->gates[rcc_gates_stage(t->cell, s)].view,
                     .apart = t->apart[rcc_gates_stage(t->cell, s)].view,
                     .vec = t->vec.view,
                     .d_vec = t->d_vec.view};

    step.gates.p += row * step.gates.row;
    if (step.apart.p)
        step.apart.p += row * step.apart.row;
    for (int i = 0; i < t->cell->states; i++) {
        const int64_t from = row * t->ld[t->cell->narrow >> i & 1];

        step.in[i] = t->in[i].p + from;
        step.out[i] = t->out[i].p + from;
        if (t->d_in[i].p) {
            step.d_out[i] = t->d_out[i].p + from;
            step.d_in[i] = t->d_in[i].p + from;
        }
    }
    for (int i = 0; i < t->cell->aux; i++) {
        step.aux[i] = t->aux[i].p + at;
        if (t->d_aux[i].p)
            step.d_aux[i] = t->d_aux[i].p + at;
    }
    if (t->cell->keep)
        step.keep = t->keep.p + at;
    step.sum_row = t->groups[0] * t->cell->sums;
    if (t->cell->sums > 0)
        step.sum = t->sum.p + row * step.sum_row;
    return step;
}

static void call(bench *t, int s, void (*run)(const rcc_step *))
{
    const int64_t row_cut = t->cut ? below(&t->from, t->k->B + 1) : 0;
    const int64_t groups = t->groups[t->cell->stage[s].narrow];

    for (int half = 0; half < 2; half++) {
        const int64_t first_row = half ? row_cut : 0;
        rcc_step step = step_at(t, s, first_row);

        step.rows = (half ? t->k->B : row_cut) - first_row;
        for (int64_t u = 0; u < groups; u = step.last) {
            step.first = u;
            step.last = t->cut ? u + 1 + below(&t->from, groups - u) : groups;
            run(&step);
        }
    }
}

/* U v of all products of stage s: gate g, unit j, row r. */
static double stage_products(const bench *t, int s, int64_t r, int g, int64_t j)
{
    const oracle_case *k = t->k;
    rcc_product product[RCC_PRODUCTS];
    const int products = rcc_products(t->cell, product);
    const double *u = k->u;
    double sum = 0;

    for (int p = 0; p < products; p++) {
        const int v = product[p].v;
        const guarded *m = v >= RCC_V_AUX ? &t->aux[v - RCC_V_AUX] : &t->in[v - RCC_V_STATE];
        const int64_t K = m->narrow ? k->P : k->H;
        const int64_t rows = rcc_stage_width(t->cell, s, widths_of(k));

        for (int64_t i = 0; product[p].stage == s && i < K; i++)
            sum += u[(g * rows + j) * K + i] * (double)m->p[r * t->ld[m->narrow] + i];
        u += product_size(k, t->cell, &product[p]);
    }
    return sum;
}

/* Pre-activations of stage s, whose first gate is number g0 of the cell. */
static void make_gates(bench *t, int s, int g0)
{
    const oracle_case *k = t->k;
    const rcc_stage *stage = &t->cell->stage[s];

    if (stage->goes_on)
        return;
    t->gates[s] = block_new(t, "gates", stage);
    block_give(t, &t->gates[s]);
    if (keeps_apart(stage))
        t->apart[s] = block_new(t, "apart", stage);
    for (int64_t r = 0; r < k->B; r++)
        for (int g = 0; g < stage->gates; g++)
            for (int64_t j = 0; j < rcc_stage_width(t->cell, s, widths_of(k)); j++) {
                const double w = k->wx[(r * k->gates + g0 + g) * k->H + j];
                const double u =
                    k->c[(r * k->gates + g0 + g) * k->H + j] + stage_products(t, s, r, g, j);

                if (keeps_apart(stage))
                    put(&t->apart[s].m, group_index(&t->apart[s].view, r, j, g), u);
                put(&t->gates[s].m, group_index(&t->gates[s].view, r, j, g),
                    keeps_apart(stage) ? w : w + u);
            }
}

/* U^T of the gradients of the gates of stage s to the v of product p, whose U begins at u. */
static void spread_product(bench *t, int s, int g0, int v, const double *u,
                           const oracle_result *res)
{
    const oracle_case *k = t->k;
    const bool of_aux = v >= RCC_V_AUX;
    guarded *d_v = of_aux ? &t->d_aux[v - RCC_V_AUX] : &t->d_in[v - RCC_V_STATE];
    const bool add = !of_aux || t->met[v - RCC_V_AUX];
    const int64_t K = d_v->narrow ? k->P : k->H, ld = t->ld[d_v->narrow];
    const int64_t rows = rcc_stage_width(t->cell, s, widths_of(k));

    for (int64_t r = 0; r < k->B; r++)
        for (int64_t i = 0; i < t->groups[d_v->narrow] * RCK_LANES; i++) {
            double sum = add ? (double)d_v->p[r * ld + i] : 0.0;

            for (int g = 0; i < K && g < t->cell->stage[s].gates; g++)
                for (int64_t j = 0; j < rows; j++)
                    sum += u[(g * rows + j) * K + i] * res->d_c[(r * k->gates + g0 + g) * k->H + j];
            put(d_v, r * ld + i, sum);
        }
    if (of_aux)
        t->met[v - RCC_V_AUX] = true;
}

/* After stage s went back: its gradients to the result, and U^T of them to what it multiplied. */
static void spread_gates(bench *t, int s, int g0, oracle_result *res)
{
    const oracle_case *k = t->k;
    const rcc_stage *stage = &t->cell->stage[s];
    const block *gates = &t->gates[s];
    const block *apart = keeps_apart(stage) ? &t->apart[s] : gates;

    if (stage->goes_on)
        return;
    for (int64_t r = 0; r < k->B; r++)
        for (int g = 0; g < stage->gates; g++)
            for (int64_t j = 0; j < t->groups[stage->narrow] * RCK_LANES; j++) {
                const double w = (double)gates->m.p[group_index(&gates->view, r, j, g)];
                const double u = (double)apart->m.p[group_index(&apart->view, r, j, g)];

                if (j < rcc_stage_width(t->cell, s, widths_of(k))) {
                    res->d_wx[(r * k->gates + g0 + g) * k->H + j] = w;
                    res->d_c[(r * k->gates + g0 + g) * k->H + j] = u;
                } else if (w != 0.0 || u != 0.0)
                    fail_msg("padding of a gate's gradient is %g, %g (seed %llu)", w, u,
                             (unsigned long long)k->seed);
            }
    rcc_product product[RCC_PRODUCTS];
    const int products = rcc_products(t->cell, product);
    const double *u = k->u;

    for (int i = 0; i < t->cell->aux; i++)
        t->met[i] = t->met[i] || (stage->reads >> i & 1);
    for (int p = 0; p < products; p++) {
        if (product[p].stage == s)
            spread_product(t, s, g0, product[p].v, u, res);
        u += product_size(k, t->cell, &product[p]);
    }
}

static void bench_check(const bench *t)
{
    for (int i = 0; i < t->cell->states; i++) {
        guarded_check(&t->in[i], t->k);
        guarded_check(&t->out[i], t->k);
        if (t->d_in[i].base) {
            guarded_check(&t->d_out[i], t->k);
            guarded_check(&t->d_in[i], t->k);
        }
    }
    for (int i = 0; i < t->cell->aux; i++) {
        guarded_check(&t->aux[i], t->k);
        if (t->d_aux[i].base)
            guarded_check(&t->d_aux[i], t->k);
    }
    if (t->cell->keep)
        guarded_check(&t->keep, t->k);
    if (t->cell->vectors > 0) {
        guarded_check(&t->vec.m, t->k);
        guarded_check(&t->d_vec.m, t->k);
    }
    if (t->cell->sums > 0)
        guarded_check(&t->sum, t->k);
    for (int s = 0; s < t->cell->stages; s++) {
        if (t->gates[s].m.base)
            guarded_check(&t->gates[s].m, t->k);
        if (t->apart[s].m.base)
            guarded_check(&t->apart[s].m, t->k);
    }
}

/* From now on nobody may write what forward left. */
static void take_back(guarded *m)
{
    if (!m->base)
        return;
    memset(m->mine, 0, (size_t)m->n);
    memcpy(m->before, m->base, (size_t)m->n * sizeof *m->base);
}

static void run_forward(bench *t, oracle_result *res)
{
    const oracle_case *k = t->k;
    int g0 = 0;

    for (int i = 0; i < t->cell->states; i++) {
        t->in[i] = state_new(t, "in", k->in[i], i);
        t->out[i] = state_new(t, "out", NULL, i);
        vector_give(t, &t->out[i]);
    }
    for (int i = 0; i < t->cell->aux; i++) {
        t->aux[i] = vector_new(t, "aux", NULL, false);
        vector_give(t, &t->aux[i]);
    }
    make_vectors(t);
    t->keep = vector_new(t, "keep", NULL, false);
    if (t->cell->keep)
        vector_give(t, &t->keep);
    t->sum = guarded_new("sum", k->B * t->groups[0] * t->cell->sums);
    for (int64_t i = 0; i < k->B * t->groups[0] * t->cell->sums; i++)
        t->sum.mine[MARGIN + i] = 1;
    for (int s = 0; s < t->cell->stages; s++) {
        make_gates(t, s, g0);
        call(t, s, t->cell->stage[s].forward);
        g0 += t->cell->stage[s].gates;
    }
    bench_check(t);
    for (int i = 0; i < t->cell->states; i++)
        vector_read(t, &t->out[i], res->out[i]);
}

static void run_backward(bench *t, bool shared, oracle_result *res)
{
    const oracle_case *k = t->k;
    int g0 = t->cell->gates;

    for (int i = 0; i < t->cell->states; i++) {
        take_back(&t->out[i]);
        t->d_out[i] = state_new(t, "d_out", k->d_out[i], i);
        t->d_in[i] = i && shared ? t->d_out[i] : state_new(t, "d_in", i ? NULL : k->d_h, i);
        vector_give(t, &t->d_in[i]);
    }
    for (int i = 0; i < t->cell->aux; i++) {
        take_back(&t->aux[i]);
        t->d_aux[i] = vector_new(t, "d_aux", NULL, false);
        vector_give(t, &t->d_aux[i]);
    }
    take_back(&t->keep);
    for (int s = 0; s < t->cell->stages; s++)
        if (keeps_apart(&t->cell->stage[s])) {
            if (t->cell->sums == 0) { /* forward's may be gone by now */
                guarded_free(&t->apart[s].m);
                t->apart[s] = block_new(t, "apart", &t->cell->stage[s]);
            }
            block_give(t, &t->apart[s]);
        }
    for (int s = t->cell->stages - 1; s >= 0; s--) {
        g0 -= t->cell->stage[s].gates;
        call(t, s, t->cell->stage[s].backward);
        spread_gates(t, s, g0, res);
    }
    bench_check(t);
    for (int i = 0; i < t->cell->states; i++)
        vector_read(t, &t->d_in[i], res->d_in[i]);
    read_vectors(t, res);
}

static void bench_free(bench *t, bool shared)
{
    for (int i = 0; i < t->cell->states; i++) {
        guarded_free(&t->in[i]);
        guarded_free(&t->out[i]);
        guarded_free(&t->d_out[i]);
        if (i == 0 || !shared)
            guarded_free(&t->d_in[i]);
    }
    for (int i = 0; i < t->cell->aux; i++) {
        guarded_free(&t->aux[i]);
        guarded_free(&t->d_aux[i]);
    }
    guarded_free(&t->keep);
    guarded_free(&t->sum);
    guarded_free(&t->vec.m);
    guarded_free(&t->d_vec.m);
    for (int s = 0; s < t->cell->stages; s++) {
        guarded_free(&t->gates[s].m);
        guarded_free(&t->apart[s].m);
    }
}

void oracle_case_run(const oracle_case *k, const rcc_cell *cell, oracle_how how, oracle_result *r)
{
    bench t = {.k = k, .cell = cell, .from = source_of(k->seed + 1), .cut = how.cut};

    for (int narrow = 0; narrow < 2; narrow++) {
        t.groups[narrow] = rck_pad(narrow ? k->P : k->H) / RCK_LANES;
        t.ld[narrow] = (t.groups[narrow] + below(&t.from, 3)) * RCK_LANES;
    }
    run_forward(&t, r);
    run_backward(&t, how.shared, r);
    bench_free(&t, how.shared);
}

/* ---- comparing ----------------------------------------------------------------------------- */

enum { MOST_FIELDS = 2 * RCC_STATES + 3 };

typedef struct field {
    const char *name;
    const double *got, *want;
    int64_t n;
    bool state;
} field;

/* The arrays of two results side by side; returns their number. */
static int fields_of(const oracle_case *k, const oracle_result *got, const oracle_result *want,
                     field all[MOST_FIELDS])
{
    const int64_t BH = k->B * k->H;
    int n = 0;

    for (int i = 0; i < k->states; i++) {
        static const char *const names[2][RCC_STATES] = {
            {"out 0", "out 1", "out 2", "out 3", "out 4", "out 5"},
            {"d_in 0", "d_in 1", "d_in 2", "d_in 3", "d_in 4", "d_in 5"}};

        const int64_t size = k->B * state_width(k, i);

        all[n++] = (field){names[0][i], got->out[i], want->out[i], size, true};
        all[n++] = (field){names[1][i], got->d_in[i], want->d_in[i], size, false};
    }
    all[n++] = (field){"d_wx", got->d_wx, want->d_wx, BH * k->gates, false};
    all[n++] = (field){"d_c", got->d_c, want->d_c, BH * k->gates, false};
    all[n++] = (field){"d_vec", got->d_vec, want->d_vec, k->vectors * k->H, false};
    return n;
}

static double largest(const double *x, int64_t n, double floor)
{
    for (int64_t i = 0; i < n; i++)
        floor = fmax(floor, fabs(x[i]));
    return floor;
}

void oracle_check_close(const oracle_case *k, const oracle_result *got, const oracle_result *want,
                        double tol, double grad_tol, const char *what)
{
    field all[MOST_FIELDS];
    const int count = fields_of(k, got, want, all);

    for (int f = 0; f < count; f++) {
        const double size = largest(all[f].want, all[f].n,
                                    largest(all[f].got, all[f].n, all[f].state ? 1.0 : 1e-8));
        const double limit = size * (all[f].state ? tol : grad_tol);

        for (int64_t i = 0; i < all[f].n; i++)
            if (!(fabs(all[f].got[i] - all[f].want[i]) <= limit))
                fail_msg("%s: %s[%lld] is %.9g, expected %.9g within %.2g (B %lld, H %lld, seed "
                         "%llu)",
                         what, all[f].name, (long long)i, all[f].got[i], all[f].want[i], limit,
                         (long long)k->B, (long long)k->H, (unsigned long long)k->seed);
    }
}

void oracle_check_same(const oracle_case *k, const oracle_result *got, const oracle_result *want,
                       const char *what)
{
    field all[MOST_FIELDS];
    const int count = fields_of(k, got, want, all);

    for (int f = 0; f < count; f++)
        for (int64_t i = 0; i < all[f].n; i++)
            if (memcmp(all[f].got + i, all[f].want + i, sizeof(double)) != 0)
                fail_msg("%s: %s[%lld] is %a, expected %a (B %lld, H %lld, seed %llu)", what,
                         all[f].name, (long long)i, all[f].got[i], all[f].want[i], (long long)k->B,
                         (long long)k->H, (unsigned long long)k->seed);
}

/* ---- what every cell must pass ------------------------------------------------------------- */

#ifdef RC_DOUBLE
static const double state_tol = 1e-14, grad_tol = 1e-7;
#else
/* A state is a few roundings of numbers up to 20 in size; gradients are compared by their
 * largest. */
static const double state_tol = 4e-6, grad_tol = 1e-4;
#endif

const rcc_cell *oracle_cell_for(rcb_isa isa, const char *name)
{
    const rcc_cell *cell;

    for (size_t i = 0; rcb_isa_here(isa) && (cell = rcc_at_isa(isa, i)); i++)
        if (strcmp(cell->name, name) == 0)
            return cell;
    return NULL;
}

/* A case of random size: rows 0 to 5, units 1 to 37, so that the last group is rarely full. Few
 * units may have almost the same numbers, which a norm draws apart with all their rounding: it gets
 * more of them. */
static oracle_case *random_case(source *from, const rcc_cell *cell)
{
    const int64_t fewest = cell->sums > 0 ? 9 : 1;
    const int64_t B = below(from, 6), H = below(from, 38 - fewest) + fewest;

    return oracle_case_new(from->key.k[0] + from->count * 1000003u, cell, B, H);
}

void oracle_cell_matches_textbook(uint64_t seed, const char *name)
{
    source from = source_of(seed);
    const rcc_cell *plain = oracle_cell_for(RCB_ISA_plain, name);

    assert_non_null(plain);
    for (int trial = 0; trial < 30; trial++) {
        oracle_case *k = random_case(&from, plain);
        oracle_result *got = oracle_result_new(k), *want = oracle_result_new(k);

        oracle_case_textbook(k, want);
        for (int isa = 0; isa < RCB_ISA_COUNT; isa++) {
            const rcc_cell *cell = oracle_cell_for((rcb_isa)isa, name);

            if (!cell)
                continue;
            oracle_case_run(k, cell, (oracle_how){.shared = trial % 2}, got);
            oracle_check_close(k, got, want, state_tol, grad_tol, rcb_isa_name((rcb_isa)isa));
        }
        oracle_result_free(got);
        oracle_result_free(want);
        oracle_case_free(k);
    }
}

void oracle_cell_ignores_cuts(uint64_t seed, const char *name)
{
    source from = source_of(seed);

    for (int trial = 0; trial < 60; trial++) {
        const rcc_cell *cell = oracle_cell_for((rcb_isa)(trial % RCB_ISA_COUNT), name);

        if (!cell)
            continue;
        oracle_case *k = random_case(&from, cell);
        oracle_result *cut = oracle_result_new(k), *whole = oracle_result_new(k);

        oracle_case_run(k, cell, (oracle_how){.cut = true, .shared = true}, cut);
        oracle_case_run(k, cell, (oracle_how){0}, whole);
        oracle_check_same(k, cut, whole, "in pieces and at once");
        oracle_result_free(cut);
        oracle_result_free(whole);
        oracle_case_free(k);
    }
}

void oracle_cell_has_one_set_of_bits(uint64_t seed, const char *name)
{
    source from = source_of(seed);
    const rcc_cell *narrow = oracle_cell_for(RCB_ISA_avx2, name);

    if (!narrow || !oracle_cell_for(RCB_ISA_avx512, name))
        skip();
    for (int trial = 0; trial < 60; trial++) {
        oracle_case *k = random_case(&from, narrow);
        oracle_result *a = oracle_result_new(k), *b = oracle_result_new(k);

        oracle_case_run(k, narrow, (oracle_how){.shared = true}, a);
        for (int i = RCB_ISA_avx2 + 1; i < RCB_ISA_COUNT; i++) {
            const rcc_cell *wide = oracle_cell_for((rcb_isa)i, name);

            if (!wide)
                continue;
            oracle_case_run(k, wide, (oracle_how){.shared = true}, b);
            oracle_check_same(k, a, b, rcb_isa_name((rcb_isa)i));
        }
        oracle_result_free(a);
        oracle_result_free(b);
        oracle_case_free(k);
    }
}

void oracle_cell_keeps_state(uint64_t seed, const char *name, int z)
{
    source from = source_of(seed);

    for (int trial = 0; trial < 30; trial++) {
        const rcc_cell *cell = oracle_cell_for((rcb_isa)(trial % RCB_ISA_COUNT), name);

        if (!cell)
            continue;
        oracle_case *k = random_case(&from, cell);
        oracle_result *got = oracle_result_new(k);

        for (int64_t r = 0; r < k->B; r++)
            for (int64_t j = 0; j < k->H; j++)
                k->wx[(r * k->gates + z) * k->H + j] = 1000.0;
        oracle_case_run(k, cell, (oracle_how){0}, got);
        for (int64_t i = 0; i < k->B * k->H; i++)
            if (got->out[0][i] != k->in[0][i])
                fail_msg("'%s' with update gate 1 makes %a of %a (seed %llu)", name, got->out[0][i],
                         k->in[0][i], (unsigned long long)k->seed);
        oracle_result_free(got);
        oracle_case_free(k);
    }
}

static void negate(double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = -x[i];
}

static void negate_gate(oracle_case *k, int g)
{
    negate(k->u + g * k->H * k->H, k->H * k->H);
    for (int64_t r = 0; r < k->B; r++) {
        negate(k->wx + (r * k->gates + g) * k->H, k->H);
        negate(k->c + (r * k->gates + g) * k->H, k->H);
    }
}

void oracle_cell_follows_lecture(uint64_t seed, const char *name, oracle_cell *lecture, int z)
{
    source from = source_of(seed);

    for (int trial = 0; trial < 30; trial++) {
        const rcc_cell *cell = oracle_cell_for((rcb_isa)(trial % RCB_ISA_COUNT), name);

        if (!cell)
            continue;
        oracle_case *k = random_case(&from, cell);
        oracle_result *got = oracle_result_new(k), *want = oracle_result_new(k);

        k->textbook = lecture;
        oracle_case_textbook(k, want);
        negate_gate(k, z);
        oracle_case_run(k, cell, (oracle_how){0}, got);
        /* the gradients of what was negated come out negated */
        for (int64_t r = 0; r < k->B; r++) {
            negate(got->d_wx + (r * k->gates + z) * k->H, k->H);
            negate(got->d_c + (r * k->gates + z) * k->H, k->H);
        }
        oracle_check_close(k, got, want, state_tol, grad_tol, "the lecture's form");
        oracle_result_free(got);
        oracle_result_free(want);
        oracle_case_free(k);
    }
}
