/* draw_model.c -- a model as a graph, folded or over some time steps.
 *
 * What there is comes from the configuration and from the tensors of the model, by their names
 * (docs/format.md): an arrow that multiplies carries its weight. Layers stand in ranks of their
 * own; both directions of one stand side by side when folded, one above the other when unrolled.
 */
#include <stdlib.h>
#include <string.h>
#include "draw_in.h"

/* ---- facts ---------------------------------------------------------------------------------- */

int draw_number(const drawing *d, const char *option)
{
    const char *value = rc_config_get(d->c, option);

    return value ? (int)strtol(value, NULL, 10) : 0;
}

const char *draw_word(const drawing *d, const char *option)
{
    const char *value = rc_config_get(d->c, option);

    return value ? value : "";
}

bool draw_is(const drawing *d, const char *option, const char *value)
{
    return strcmp(draw_word(d, option), value) == 0;
}

bool draw_flag(const drawing *d, const char *option)
{
    return draw_is(d, option, "true");
}

bool draw_has_bag(const drawing *d)
{
    return *draw_word(d, "bag") && !draw_is(d, "bag", "none") && !draw_flag(d, "direct");
}

bool draw_find(const drawing *d, const char *name, rc_tensor_info *out)
{
    for (size_t i = 0; rc_model_tensor(d->m, i, out); i++)
        if (strcmp(out->name, name) == 0)
            return true;
    return false;
}

const char *draw_weight(const drawing *d, const char *name, char out[PICTURE_TEXT])
{
    rc_tensor_info t;
    char shape[SAY_ROOM];

    out[0] = '\0';
    if (draw_find(d, name, &t))
        (void)snprintf(out, PICTURE_TEXT, "%s\n%s", name, say_shape(shape, &t));
    return out;
}

void draw_tensors(const drawing *d, const char *begin, const char *but, char out[PICTURE_TEXT])
{
    rc_tensor_info t;
    char shape[SAY_ROOM];
    size_t used = strlen(out);

    for (size_t i = 0; rc_model_tensor(d->m, i, &t) && used < PICTURE_TEXT; i++)
        if (strncmp(t.name, begin, strlen(begin)) == 0 && (!but || strcmp(t.name, but) != 0))
            used += (size_t)snprintf(out + used, PICTURE_TEXT - used, "\n%s %s", t.name,
                                     say_shape(shape, &t));
}

static const char *layer_weight(const drawing *d, const char *what, int layer, bool reverse,
                                char out[PICTURE_TEXT])
{
    char name[PICTURE_TEXT];

    (void)snprintf(name, sizeof name, "rnn.%s_l%d%s", what, layer, reverse ? "_reverse" : "");
    return draw_weight(d, name, out);
}

/* The other tensors of a layer in one direction, a line each: biases and the like. */
static void add_others(const drawing *d, const char *end, char out[PICTURE_TEXT])
{
    rc_tensor_info t;
    char shape[SAY_ROOM];
    size_t used = strlen(out);

    for (size_t i = 0; rc_model_tensor(d->m, i, &t) && used < PICTURE_TEXT; i++) {
        const size_t n = strlen(t.name), b = strlen(end);
        if (n < 4 + b || strncmp(t.name, "rnn.", 4) != 0 || strcmp(t.name + n - b, end) != 0 ||
            strstr(t.name, "weight_ih") || strstr(t.name, "weight_hh") || strstr(t.name, "start_"))
            continue;
        used += (size_t)snprintf(out + used, PICTURE_TEXT - used, "\n%s %s", t.name + 4,
                                 say_shape(shape, &t));
    }
}

/* ---- parts ---------------------------------------------------------------------------------- */

const char *draw_at_step(const drawing *d, const char *name, int t, char out[SAY_ROOM])
{
    if (d->unrolled)
        snprintf(out, SAY_ROOM, "%s_%d", name, t + 1);
    else
        snprintf(out, SAY_ROOM, "%s", name);
    return out;
}

/* A linear layer over vectors of symbols. */
static void draw_map(drawing *d)
{
    rc_tensor_info t = {.dim = {0}};
    char text[PICTURE_TEXT];

    if (!draw_find(d, "embed.map.weight", &t))
        return;
    d->width = t.dim[0];
    draw_weight(d, "embed.map.weight", text);
    for (int k = 0; k < d->steps; k++) {
        const int node = picture_add(d->p, PICTURE_LAYER, d->rank, k, "linear\n%lld numbers",
                                     (long long)d->width);
        picture_flow(d->p, d->source[k], node, "%s", text);
        d->source[k] = node;
    }
    d->rank++;
}

void draw_symbols(drawing *d, const char *of)
{
    char room[SAY_ROOM], count[SAY_ROOM], text[PICTURE_TEXT];
    const bool tied = draw_flag(d, "tied");
    const char *name = tied ? "out.weight" : "embed.weight";
    rc_tensor_info t = {.dim = {0}};

    say_count(count, rc_model_symbols(d->m));
    for (int k = 0; k < d->steps; k++)
        d->source[k] = picture_add(d->p, PICTURE_VALUE, d->rank, k, "%s\none of %s %s",
                                   draw_at_step(d, "x", k, room), count, of);
    d->rank++;
    if (draw_find(d, name, &t))
        d->width = t.dim[1];
    draw_weight(d, name, text);
    for (int k = 0; k < d->steps; k++) {
        const int vector = picture_add(d->p, PICTURE_VALUE, d->rank, k, "vector\n%lld numbers",
                                       (long long)d->width);
        picture_flow(d->p, d->source[k], vector, "%s%s", text, tied ? "\n(tied)" : "");
        d->source[k] = vector;
    }
    d->rank++;
    draw_map(d);
}

static void draw_numbers(drawing *d)
{
    char room[SAY_ROOM];

    d->width = draw_number(d, "inputs");
    for (int k = 0; k < d->steps; k++)
        d->source[k] = picture_add(d->p, PICTURE_VALUE, d->rank, k, "%s\n%lld numbers",
                                   draw_at_step(d, "x", k, room), (long long)d->width);
    d->rank++;
}

void draw_join(drawing *d, const char *name, int count, int from[][MOST_STEPS])
{
    for (int k = 0; k < d->steps; k++) {
        const int node = picture_add(d->p, PICTURE_OP, d->rank, k, "%s", name);
        for (int i = 0; i < count; i++)
            picture_flow(d->p, from[i][k], node, "%s", "");
        d->source[k] = node;
    }
    d->rank++;
}

/* With feedback a step also reads the answer before it; a label as a vector of its own. */
static void draw_feedback(drawing *d)
{
    int from[2][MOST_STEPS];
    rc_tensor_info t = {.dim = {0}}, table = {.dim = {0}};
    char vectors[PICTURE_TEXT] = "";

    if (!draw_flag(d, "feedback") || !draw_find(d, "out.weight", &t))
        return;
    if (draw_find(d, "feedback.weight", &table))
        draw_weight(d, "feedback.weight", vectors);
    for (int k = 0; k < d->steps; k++) {
        const char *words = !d->unrolled || k > 0 ? "the answer before"
                            : *vectors            ? "the beginning"
                                                  : "zeros";
        char name[SAY_ROOM] = "y";
        if (d->unrolled)
            snprintf(name, sizeof name, "y_%d", k);
        from[0][k] = d->source[k];
        from[1][k] = picture_add(d->p, PICTURE_RESULT, d->rank - 1, k, "%s\n%s%s%s", name, words,
                                 *vectors ? "\n" : "", vectors);
    }
    draw_join(d, "side by side", 2, from);
    d->width += *vectors ? table.dim[1] : t.dim[0];
}

/* A layer of tanh: deep input and deep output. */
static void draw_deep(drawing *d, const char *name, int units)
{
    char weight[PICTURE_TEXT], text[PICTURE_TEXT];

    (void)snprintf(text, sizeof text, "rnn.%s.weight", name);
    draw_weight(d, text, weight);
    (void)snprintf(text, sizeof text, "tanh\n%d units\n%s.bias", units, name);
    for (int k = 0; k < d->steps && units > 0; k++) {
        const int node = picture_add(d->p, PICTURE_LAYER, d->rank, k, "%s", text);
        picture_flow(d->p, d->source[k], node, "%s", weight);
        d->source[k] = node;
    }
    if (units > 0) {
        d->width = units;
        d->rank++;
    }
}

/* Where sequences begin: what is left of the first step, or right of the last. */
static void draw_begin(drawing *d, int layer, int way)
{
    char text[PICTURE_TEXT], narrow[PICTURE_TEXT];
    const int column = way ? d->steps : -1, first = way ? d->steps - 1 : 0;
    const bool carried = strcmp(rc_config_task(d->c), "lm") == 0;

    layer_weight(d, "start", layer, way == 1, text);
    layer_weight(d, "start_hr", layer, way == 1, narrow);
    const char *words = text[0] ? text : carried ? "h_0\ncarried" : "h_0 = 0";
    const int from = picture_add(d->p, PICTURE_WORDS, d->rank + way, column, "%s%s%s", words,
                                 narrow[0] ? "\n" : "", narrow);
    picture_time(d->p, from, d->layer[first][way], "%s", "");
}

static void draw_recurrence(drawing *d, int layer, int way)
{
    char text[PICTURE_TEXT];

    layer_weight(d, "weight_hh", layer, way == 1, text);
    if (draw_is(d, "cell", "none"))
        return;
    if (!d->unrolled) {
        picture_time(d->p, d->layer[0][way], d->layer[0][way], "%s", text);
        return;
    }
    draw_begin(d, layer, way);
    for (int k = 0; k + 1 < d->steps; k++)
        picture_time(d->p, d->layer[way ? k + 1 : k][way], d->layer[way ? k : k + 1][way], "%s",
                     text);
}

/* The cell of a layer in one direction at every step, with what it reads. */
static void draw_cells(drawing *d, int layer, int way, int units)
{
    char weight[PICTURE_TEXT], text[PICTURE_TEXT], end[SAY_ROOM];
    const char *direction = !d->both ? "" : way ? ", backward" : ", forward";

    snprintf(end, sizeof end, "_l%d%s", layer, way ? "_reverse" : "");
    (void)snprintf(text, sizeof text, "%s%s\n%d units",
                   draw_is(d, "cell", "none") ? "tanh" : draw_word(d, "cell"), direction, units);
    add_others(d, end, text);
    layer_weight(d, "weight_ih", layer, way == 1, weight);
    for (int k = 0; k < d->steps; k++) {
        const int rank = d->rank + (d->unrolled ? way : 0);
        const int node = picture_add(d->p, PICTURE_LAYER, rank, k, "%s", text);
        d->layer[k][way] = node;
        if (d->window > 1 && !d->unrolled)
            picture_flow(d->p, d->source[k], node, "%s%s\n%d steps, the last its own", weight,
                         d->drop, d->window);
        else
            picture_flow(d->p, d->source[k], node, "%s%s", weight, d->drop);
        for (int back = 1; back < d->window && back <= k; back++)
            picture_flow(d->p, d->source[k - back], node, "%s", "");
    }
}

/* The sizes of the layers: one number for all, or one for each. */
static int units_of(const drawing *d, int layer)
{
    const char *text = draw_word(d, "hidden");

    for (int i = 0; i < layer && strchr(text, ','); i++)
        text = strchr(text, ',') + 1;
    return (int)strtol(text, NULL, 10);
}

/* Numbers that a layer of so many units gives in a direction. */
static int64_t given_by(const drawing *d, int layer, int units)
{
    rc_tensor_info t;
    char name[SAY_ROOM];

    (void)snprintf(name, sizeof name, "rnn.weight_hr_l%d", layer);
    return draw_find(d, name, &t) ? t.dim[0] : units;
}

static void draw_layer(drawing *d, int layer)
{
    const int units = units_of(d, layer), ways = d->both ? 2 : 1;
    const int64_t out = given_by(d, layer, units) * ways;
    int from[2][MOST_STEPS], below[MOST_STEPS];
    const bool around = d->residual && out == d->width;

    memcpy(below, d->source, sizeof below);
    if (d->graves && layer > 0) {
        memcpy(from[0], d->source, sizeof below);
        memcpy(from[1], d->input, sizeof below);
        draw_join(d, "side by side", 2, from);
    }
    for (int way = 0; way < ways; way++)
        draw_cells(d, layer, way, units);
    for (int way = 0; way < ways; way++)
        draw_recurrence(d, layer, way);
    d->rank += d->unrolled ? ways : 1;
    for (int way = 0; way < ways; way++)
        for (int k = 0; k < d->steps; k++)
            from[way][k] = d->source[k] = d->layer[k][way];
    if (d->both)
        draw_join(d, "side by side", 2, from);
    if (around) {
        memcpy(from[0], d->source, sizeof below);
        memcpy(from[1], below, sizeof below);
        draw_join(d, "+", 2, from);
    }
    d->width = out;
    d->sum += out;
    for (int k = 0; k < d->steps; k++)
        d->outs[k][layer] = d->source[k];
}

/* With --skip graves: the output of the stack is that of all layers. */
static void draw_all_layers(drawing *d)
{
    int from[MOST_LAYERS][MOST_STEPS];

    if (!d->graves || d->layers < 2)
        return;
    for (int l = 0; l < d->layers; l++)
        for (int k = 0; k < d->steps; k++)
            from[l][k] = d->outs[k][l];
    draw_join(d, "side by side", d->layers, from);
    d->width = d->sum;
}

/* What makes answers of the layers: a box, and the answer above. */
static void draw_output(drawing *d, const char *text, const char *answer)
{
    char weight[PICTURE_TEXT], room[SAY_ROOM];

    draw_weight(d, "out.weight", weight);
    for (int k = d->first; k < d->steps; k++) {
        const int node = picture_add(d->p, PICTURE_LAYER, d->rank, k, "%s", text);
        const int y = picture_add(d->p, PICTURE_RESULT, d->rank + 1, k, "%s%s",
                                  draw_at_step(d, "y", k, room), answer);
        picture_flow(d->p, d->source[k], node, "%s%s", weight, d->drop);
        picture_flow(d->p, node, y, "%s", "");
    }
}

/* What is neither of the layers below nor on an arrow: the output layer, a line for each tensor. */
static void add_output(const drawing *d, char out[PICTURE_TEXT])
{
    static const char *const others[] = {"rnn.", "embed.", "out.weight"};
    rc_tensor_info t;
    char shape[SAY_ROOM];
    size_t used = strlen(out);

    for (size_t i = 0; rc_model_tensor(d->m, i, &t) && used < PICTURE_TEXT; i++) {
        bool other = false;

        for (size_t k = 0; k < sizeof others / sizeof *others; k++)
            other |= strncmp(t.name, others[k], strlen(others[k])) == 0;
        if (!other)
            used += (size_t)snprintf(out + used, PICTURE_TEXT - used, "\n%s %s", t.name,
                                     say_shape(shape, &t));
    }
}

static void draw_next_symbol(drawing *d)
{
    char text[PICTURE_TEXT], count[SAY_ROOM];

    (void)snprintf(text, sizeof text, "%s\n%s symbols",
                   draw_is(d, "output", "full") ? "softmax" : draw_word(d, "output"),
                   say_count(count, rc_model_symbols(d->m)));
    add_output(d, text);
    draw_output(d, text, "\nthe next symbol");
}

static void draw_numbers_said(drawing *d)
{
    char text[PICTURE_TEXT];
    rc_tensor_info t;

    (void)snprintf(text, sizeof text, "linear\n%lld numbers: %s",
                   draw_find(d, "out.weight", &t) ? (long long)t.dim[0] : 0LL, draw_word(d, "aim"));
    draw_tensors(d, "out.", "out.weight", text);
    draw_output(d, text, "");
}

/* ---- a model -------------------------------------------------------------------------------- */

static void draw_stack(drawing *d)
{
    draw_deep(d, "deep_in", draw_number(d, "deep-input"));
    memcpy(d->input, d->source, sizeof d->input);
    for (int l = 0; l < d->layers; l++)
        draw_layer(d, l);
    draw_all_layers(d);
    draw_deep(d, "deep_out", draw_number(d, "deep-output"));
}

static void draw_parts(drawing *d)
{
    const char *task = rc_config_task(d->c);
    const bool language = strcmp(task, "lm") == 0, series = strcmp(task, "series") == 0;

    if (draw_has_bag(d)) {
        draw_bag(d);
    } else {
        if (language)
            draw_symbols(d, "symbols");
        else if (series)
            draw_numbers(d);
        else
            draw_tokens(d);
        draw_feedback(d);
        if (!draw_flag(d, "flat"))
            draw_stack(d);
    }
    if (language) {
        draw_next_symbol(d);
    } else if (series) {
        if (draw_is(d, "answers", "last"))
            draw_pooling(d);
        draw_numbers_said(d);
    } else {
        draw_labels(d);
    }
}

void draw_model(picture *p, const rc_model *m, int unroll)
{
    const rc_config *c = rc_model_config(m);
    drawing d = {.p = p, .m = m, .c = c, .steps = unroll ? unroll : 1, .unrolled = unroll > 0};
    const bool plain = draw_flag(&d, "flat") || draw_has_bag(&d);
    char room[SAY_ROOM];

    d.both = draw_flag(&d, "bidirectional");
    d.layers = draw_number(&d, "layers");
    d.window = draw_number(&d, "window");
    d.residual = draw_is(&d, "skip", "residual");
    d.graves = draw_is(&d, "skip", "graves");
    if (strtod(draw_word(&d, "dropout"), NULL) > 0)
        (void)snprintf(d.drop, sizeof d.drop, "\ndropout %s", draw_word(&d, "dropout"));
    (void)snprintf(p->title, sizeof p->title, "%s%s%s: %s parameters", rc_config_task(c),
                   plain ? "" : ", ", plain ? "" : draw_word(&d, "cell"),
                   say_count(room, rc_model_parameters(m)));
    draw_parts(&d);
}
