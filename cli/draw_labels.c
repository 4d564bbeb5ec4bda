/* draw_labels.c -- what is drawn of models that say labels: how tokens are read, how steps become
 * one vector, how labels are said.
 */
#include <stdlib.h>
#include <string.h>
#include "draw_in.h"

/* ---- what is read --------------------------------------------------------------------------- */

enum { SIDES = 4 }; /* the word, its characters, its capitals, further columns */

/* Something else that a token has, at every step, one rank below the vectors. */
static void draw_beside(drawing *d, const char *words, int node[MOST_STEPS])
{
    for (int k = 0; k < d->steps; k++)
        node[k] = picture_add(d->p, PICTURE_VALUE, d->rank - 2, k, "%s", words);
}

/* A table of vectors of something that a token has. */
static bool draw_table(drawing *d, const char *name, const char *words, int columns,
                       int node[MOST_STEPS])
{
    char text[PICTURE_TEXT], said[PICTURE_TEXT];
    rc_tensor_info t;
    int below[MOST_STEPS];

    if (!draw_find(d, name, &t))
        return false;
    (void)snprintf(said, sizeof said, "%s\none of %lld", words, (long long)t.dim[0]);
    draw_beside(d, said, below);
    draw_weight(d, name, text);
    for (int k = 0; k < d->steps; k++) {
        node[k] = picture_add(d->p, PICTURE_VALUE, d->rank - 1, k, "vector%s\n%lld numbers",
                              columns > 1 ? "s" : "", (long long)(t.dim[1] * columns));
        picture_flow(d->p, below[k], node[k], "%s", text);
    }
    d->width += t.dim[1] * columns;
    return true;
}

/* A net over the characters of a token. */
static bool draw_characters(drawing *d, int node[MOST_STEPS])
{
    char text[PICTURE_TEXT], weight[PICTURE_TEXT], said[PICTURE_TEXT];
    const bool cnn = draw_is(d, "char-net", "cnn");
    const int units = draw_number(d, "char-hidden"), given = cnn ? units : 2 * units;
    rc_tensor_info t;
    int below[MOST_STEPS];

    if (!draw_find(d, "char.weight", &t))
        return false;
    (void)snprintf(said, sizeof said, "its characters\neach one of %lld", (long long)t.dim[0]);
    draw_beside(d, said, below);
    draw_weight(d, "char.weight", weight);
    if (cnn)
        (void)snprintf(text, sizeof text, "convolution over %d characters, max\n%d numbers",
                       draw_number(d, "char-width"), given);
    else
        (void)snprintf(text, sizeof text, "lstm in both directions, the ends\n%d numbers", given);
    draw_tensors(d, cnn ? "char_cnn." : "char_rnn.", NULL, text);
    for (int k = 0; k < d->steps; k++) {
        node[k] = picture_add(d->p, PICTURE_LAYER, d->rank - 1, k, "%s", text);
        picture_flow(d->p, below[k], node[k], "%s%s", weight, d->drop);
    }
    d->width += given;
    return true;
}

/* The tokens on both sides are read, too. */
static void draw_around(drawing *d)
{
    const int around = draw_number(d, "around");

    for (int k = 0; k < d->steps && around > 0; k++) {
        const int node = picture_add(d->p, PICTURE_OP, d->rank, k,
                                     "side by side\nwith %d before and %d after", around, around);
        for (int i = k - around; i <= k + around; i++)
            if (i >= 0 && i < d->steps)
                picture_flow(d->p, d->source[i], node, "%s", "");
        d->layer[k][0] = node;
    }
    if (around == 0)
        return;
    for (int k = 0; k < d->steps; k++)
        d->source[k] = d->layer[k][0];
    d->width *= 2 * around + 1;
    d->rank++;
}

/* How many there are between commas. */
static int count_in(const char *text)
{
    int n = text[0] != '\0';

    for (; *text; text++)
        n += *text == ',';
    return n;
}

void draw_tokens(drawing *d)
{
    const bool tag = strcmp(rc_config_task(d->c), "tag") == 0;
    int from[SIDES][MOST_STEPS], n = 1;

    draw_symbols(d, tag || draw_is(d, "tokens", "word") ? "words" : "symbols");
    memcpy(from[0], d->source, sizeof from[0]);
    n += draw_characters(d, from[n]);
    n += draw_table(d, "casing.weight", "its capitals", 1, from[n]);
    n += draw_table(d, "features.weight", "further columns", count_in(draw_word(d, "features")),
                    from[n]);
    if (n > 1)
        draw_join(d, "side by side", n, from);
    draw_around(d);
}

/* N-grams of a text, or of what stands around the token of a step, and their sum, on two ranks from
 * `rank` on: where that is. */
static int draw_sum(drawing *d, int rank, int k)
{
    const bool tag = strcmp(rc_config_task(d->c), "tag") == 0;
    char text[PICTURE_TEXT], weight[PICTURE_TEXT], room[SAY_ROOM];
    rc_tensor_info t = {.dim = {0}};

    (void)draw_find(d, "bag.weight", &t);
    const int x = picture_add(d->p, PICTURE_VALUE, rank, k, "%s\n%lld n-grams%s",
                              tag ? draw_at_step(d, "x", k, room) : "x", (long long)t.dim[0],
                              tag ? " around it" : "");
    (void)snprintf(text, sizeof text, "sum over n-grams: %s\n%lld numbers", draw_word(d, "bag"),
                   (long long)t.dim[1]);
    draw_tensors(d, "bag.", "bag.weight", text);
    const int sum = picture_add(d->p, PICTURE_LAYER, rank + 1, k, "%s", text);
    picture_flow(d->p, x, sum, "%s%s", draw_weight(d, "bag.weight", weight), d->drop);
    return sum;
}

void draw_bag(drawing *d)
{
    if (strcmp(rc_config_task(d->c), "tag") != 0) {
        d->steps = 1;
        d->unrolled = false;
    }
    for (int k = 0; k < d->steps; k++)
        d->source[k] = draw_sum(d, d->rank, k);
    d->rank += 2;
}

/* ---- one vector ----------------------------------------------------------------------------- */

/* What is dropped out between vectors of tokens and what reads them, where that is no layer. */
static const char *token_drop(const drawing *d)
{
    return draw_flag(d, "flat") ? d->drop : "";
}

/* Convolutions of several widths, a layer each, side by side. */
static void draw_convolutions(drawing *d)
{
    int from[MOST_STEPS][MOST_STEPS], n = 0;
    const char *text = draw_word(d, "widths");

    while (*text && n < MOST_STEPS) {
        char *end, name[SAY_ROOM], weight[PICTURE_TEXT];
        const int width = (int)strtol(text, &end, 10);

        (void)snprintf(name, sizeof name, "conv.%d.weight", width);
        draw_weight(d, name, weight);
        for (int k = 0; k < d->steps; k++) {
            const int node =
                picture_add(d->p, PICTURE_LAYER, d->rank, k, "convolution over %d tokens\n%d units",
                            width, draw_number(d, "maps"));
            picture_flow(d->p, d->source[k], node, "%s%s", weight, token_drop(d));
            for (int back = 1; back < width && back <= k; back++)
                picture_flow(d->p, d->source[k - back], node, "%s", "");
            from[n][k] = node;
        }
        n++;
        text = *end == ',' ? end + 1 : end;
        if (end == text && *end)
            break;
    }
    if (n == 0)
        return;
    d->rank++;
    memcpy(d->source, from[0], sizeof d->source);
    if (n > 1)
        draw_join(d, "side by side", n, from);
}

void draw_pooling(drawing *d)
{
    const bool ends = draw_is(d, "pooling", "last"), attention = draw_is(d, "pooling", "attention");
    const bool both = d->both && draw_number(d, "deep-output") == 0 && !draw_word(d, "widths")[0] &&
                      !draw_flag(d, "flat");
    const int last = d->steps - 1;
    char text[PICTURE_TEXT];

    d->first = last;
    (void)snprintf(text, sizeof text, "%s%s",
                   ends        ? "the last step"
                   : attention ? "attention"
                               : draw_word(d, "pooling"),
                   ends && both ? " of each direction"
                   : ends       ? ""
                                : " over all steps");
    draw_tensors(d, "attention.", NULL, text);
    const int node =
        picture_add(d->p, attention ? PICTURE_LAYER : PICTURE_OP, d->rank++, last, "%s", text);
    for (int k = 0; k < d->steps; k++)
        if (!ends || k == last || (both && k == 0))
            picture_flow(d->p, d->source[k], node, "%s",
                         draw_word(d, "widths")[0] ? "" : token_drop(d));
    d->source[last] = node;
}

/* ---- labels --------------------------------------------------------------------------------- */

/* Layers of relu; that of a bag has the first of them. */
static void draw_relus(drawing *d, bool bag)
{
    const char *text = draw_word(d, "mlp");
    const int last = d->steps - 1;

    for (int i = 0; *text; i++) {
        char *end, name[SAY_ROOM], weight[PICTURE_TEXT], said[PICTURE_TEXT];
        const int units = (int)strtol(text, &end, 10);

        (void)snprintf(name, sizeof name, "mlp.%d.weight", i);
        draw_weight(d, name, weight);
        (void)snprintf(name, sizeof name, "mlp.%d.bias", i);
        (void)snprintf(said, sizeof said, "relu\n%d units", units);
        draw_tensors(d, name, NULL, said);
        const int node = picture_add(d->p, PICTURE_LAYER, d->rank++, last, "%s", said);
        picture_flow(d->p, d->source[last], node, "%s%s", weight, bag && i == 0 ? "" : d->drop);
        d->source[last] = node;
        if (*end != ',')
            break;
        text = end + 1;
    }
}

/* Scores of labels at every step, and of one label after another. */
static void draw_field(drawing *d)
{
    char text[PICTURE_TEXT] = "conditional random field", trans[PICTURE_TEXT];
    int node[MOST_STEPS];

    draw_tensors(d, "crf.", "crf.trans", text);
    draw_weight(d, "crf.trans", trans);
    for (int k = 0; k < d->steps; k++) {
        node[k] = picture_add(d->p, PICTURE_LAYER, d->rank, k, "%s", text);
        picture_flow(d->p, d->source[k], node[k], "%s", "");
    }
    for (int k = 0; k + 1 < d->steps; k++)
        picture_time(d->p, node[k], node[k + 1], "%s", trans);
    if (!d->unrolled)
        picture_time(d->p, node[0], node[0], "%s", trans);
    memcpy(d->source, node, sizeof node);
    d->rank++;
}

/* Scores of labels, or their shares, of what is read and of n-grams beside it. */
static void draw_scores(drawing *d, const char *what)
{
    char text[PICTURE_TEXT], weight[PICTURE_TEXT];

    (void)snprintf(text, sizeof text, "%s\n%d labels", what, (int)rc_model_labels(d->m));
    draw_tensors(d, "out.", "out.weight", text);
    draw_weight(d, "out.weight", weight);
    for (int k = d->first; k < d->steps; k++) {
        const int node = picture_add(d->p, PICTURE_LAYER, d->rank, k, "%s", text);
        picture_flow(d->p, d->source[k], node, "%s%s", weight, *weight ? d->drop : "");
        if (draw_flag(d, "direct"))
            picture_flow(d->p, draw_sum(d, d->rank - 2, k), node, "%s", "");
        d->source[k] = node;
    }
    d->rank++;
}

void draw_labels(drawing *d)
{
    const bool tag = strcmp(rc_config_task(d->c), "tag") == 0;
    const bool bag = draw_has_bag(d), field = draw_is(d, "decoder", "crf");
    char room[SAY_ROOM];

    if (!tag) {
        if (!bag) {
            draw_convolutions(d);
            draw_pooling(d);
        }
        draw_relus(d, bag);
    }
    if (!bag || !field)
        draw_scores(d, field ? "linear" : "softmax");
    if (field)
        draw_field(d);
    for (int k = d->first; k < d->steps; k++) {
        const int y = picture_add(d->p, PICTURE_RESULT, d->rank, k, "%s\nthe label",
                                  tag ? draw_at_step(d, "y", k, room) : "y");
        picture_flow(d->p, d->source[k], y, "%s", "");
    }
}
