/* picture.c -- nodes and edges of a picture, and their places.
 *
 * Layers after Sugiyama, Tagawa and Toda 1981: ranks; arrows that pass a rank, and words on arrows,
 * are items of it; the order in a rank follows the middle of the neighbours; places are those
 * nearest to the neighbours' mean that keep order and distance, by pooling (isotonic regression).
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "picture.h"

/* ---- filling -------------------------------------------------------------------------------- */

static bool grow(picture *p, void **array, int count, size_t size)
{
    if (!p->failed && (count & (count - 1)) == 0) { /* 0, 1, 2, 4, ...: double it */
        void *more = realloc(*array, size * (size_t)(count ? 2 * count : 1));
        p->failed = !more;
        if (more)
            *array = more;
    }
    return !p->failed;
}

int picture_add(picture *p, picture_look look, int rank, int column, const char *fmt, ...)
{
    va_list args;
    void *array = p->node;

    const bool ok = grow(p, &array, p->nodes, sizeof *p->node);
    p->node = array;
    if (!ok)
        return 0;
    picture_node *n = &p->node[p->nodes];
    *n = (picture_node){.look = look, .rank = rank, .column = column};
    va_start(args, fmt);
    (void)vsnprintf(n->text, sizeof n->text, fmt, args);
    va_end(args);
    return p->nodes++;
}

static picture_edge *add_edge(picture *p, int from, int to, bool in_time)
{
    void *array = p->edge;

    const bool ok = grow(p, &array, p->edges, sizeof *p->edge);
    p->edge = array;
    if (!ok)
        return NULL;
    p->edge[p->edges] = (picture_edge){.from = from, .to = to, .in_time = in_time};
    return &p->edge[p->edges++];
}

void picture_flow(picture *p, int from, int to, const char *fmt, ...)
{
    picture_edge *e = add_edge(p, from, to, false);
    va_list args;

    va_start(args, fmt);
    if (e)
        (void)vsnprintf(e->text, sizeof e->text, fmt, args);
    va_end(args);
}

void picture_time(picture *p, int from, int to, const char *fmt, ...)
{
    picture_edge *e = add_edge(p, from, to, true);
    va_list args;

    va_start(args, fmt);
    if (e)
        (void)vsnprintf(e->text, sizeof e->text, fmt, args);
    va_end(args);
}

static void free_layout(picture_layout *l)
{
    if (!l)
        return;
    free(l->item);
    free(l->sorted);
    free(l->begin);
    free(l->top);
    free(l->size);
    free(l);
}

void picture_free(picture *p)
{
    free_layout(p->layout);
    free(p->node);
    free(p->edge);
    *p = (picture){0};
}

void picture_rank(picture *p)
{
    bool *open = calloc((size_t)p->nodes + 1, sizeof *open);

    p->failed = p->failed || !open;
    if (p->failed) {
        free(open);
        return;
    }
    for (int i = 0; i < p->nodes; i++) {
        open[i] = p->node[i].rank < 0;
        p->node[i].rank = open[i] ? 0 : p->node[i].rank;
    }
    for (int pass = 0; pass < p->nodes; pass++)
        for (int i = 0; i < p->edges; i++) {
            const picture_edge *e = &p->edge[i];
            const int above = p->node[e->from].rank + 1;
            if (!e->in_time && open[e->to] && p->node[e->to].rank < above)
                p->node[e->to].rank = above;
        }
    for (int n = 0; n < p->nodes; n++) { /* what reads nothing stands just below its first reader */
        int first = -1;
        for (int i = 0; i < p->edges; i++) {
            const picture_edge *e = &p->edge[i];
            open[n] = open[n] && e->to != n;
            if (e->from == n && (first < 0 || p->node[e->to].rank < first))
                first = p->node[e->to].rank;
        }
        if (open[n] && first > 0)
            p->node[n].rank = first - 1;
    }
    free(open);
}

/* ---- sizes ---------------------------------------------------------------------------------- */

int picture_lines(const char *text)
{
    int lines = *text != '\0';

    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

double picture_width(const char *text, int font)
{
    int most = 0, n = 0;

    for (; *text; text++) {
        n = *text == '\n' ? 0 : n + (((unsigned char)*text & 0xc0) != 0x80);
        most = n > most ? n : most;
    }
    return 0.6 * font * most;
}

static void size_nodes(picture *p)
{
    for (int i = 0; i < p->nodes; i++) {
        picture_node *n = &p->node[i];
        const double text = picture_width(n->text, PICTURE_FONT);
        n->width = fmax(text + 20, n->look == PICTURE_WORDS ? 0 : 44);
        n->height = picture_lines(n->text) * (PICTURE_FONT + 4) + 12;
    }
}

/* ---- items ---------------------------------------------------------------------------------- */

static int items_of(const picture *p, const picture_edge *e)
{
    return e->in_time ? 0 : 2 * (p->node[e->to].rank - p->node[e->from].rank) - 1;
}

static picture_item item_of_node(const picture *p, int i)
{
    const picture_node *n = &p->node[i];
    picture_item item = {.node = i,
                         .edge = -1,
                         .row = 2 * n->rank,
                         .column = n->column,
                         .left = n->width / 2,
                         .right = n->width / 2,
                         .height = n->height};

    for (int k = 0; k < p->edges; k++) { /* room for words on arrows in time */
        const picture_edge *e = &p->edge[k];
        if (!e->in_time || e->from != i)
            continue;
        const double words = picture_width(e->text, PICTURE_SMALL) + 24;
        const double tall = picture_lines(e->text) * (PICTURE_SMALL + 3);
        if (e->to == i)
            item.right += PICTURE_LOOP + words - 8;
        else if (p->node[e->to].column > n->column)
            item.right += words;
        else
            item.left += words;
        item.height = fmax(item.height, e->to == i ? tall : 2 * tall + 8);
    }
    return item;
}

/* Places of edge k, from below to above; its words lie nearest to what it leads to. */
static void add_items(picture *p, picture_layout *l, int k)
{
    picture_edge *e = &p->edge[k];
    const int n = items_of(p, e), row = 2 * p->node[e->from].rank + 1;

    e->item = l->items;
    for (int i = 0; i < n; i++) {
        picture_item *item = &l->item[l->items++];
        *item = (picture_item){.node = -1,
                               .edge = k,
                               .row = row + i,
                               .column = p->node[e->to].column,
                               .left = 5,
                               .right = 5};
        if (i + 1 == n && e->text[0]) {
            item->left = item->right = picture_width(e->text, PICTURE_SMALL) / 2 + 3;
            item->height = picture_lines(e->text) * (PICTURE_SMALL + 3) + 4;
        }
    }
}

static bool make_items(picture *p, picture_layout *l)
{
    int n = p->nodes;

    for (int k = 0; k < p->edges; k++)
        n += items_of(p, &p->edge[k]);
    for (int i = 0; i < p->nodes; i++)
        l->rows = 2 * p->node[i].rank + 1 > l->rows ? 2 * p->node[i].rank + 1 : l->rows;
    l->item = calloc((size_t)n + 1, sizeof *l->item);
    l->sorted = calloc((size_t)n + 1, sizeof *l->sorted);
    l->begin = calloc((size_t)l->rows + 1, sizeof *l->begin);
    l->top = calloc((size_t)l->rows + 1, sizeof *l->top);
    l->size = calloc((size_t)l->rows + 1, sizeof *l->size);
    if (!l->item || !l->sorted || !l->begin || !l->top || !l->size)
        return false;
    for (int i = 0; i < p->nodes; i++)
        l->item[l->items++] = item_of_node(p, i);
    for (int k = 0; k < p->edges; k++)
        add_items(p, l, k);
    return true;
}

/* Call fn for the neighbours of every item: lower and upper. */
typedef void (*link_fn)(void *ctx, picture_item *lower, picture_item *upper);

static void each_link(const picture *p, picture_layout *l, link_fn fn, void *ctx)
{
    for (int k = 0; k < p->edges; k++) {
        const picture_edge *e = &p->edge[k];
        const int n = items_of(p, e);
        picture_item *before = &l->item[e->from];
        for (int i = 0; i < n; i++) {
            fn(ctx, before, &l->item[e->item + i]);
            before = &l->item[e->item + i];
        }
        if (n > 0)
            fn(ctx, before, &l->item[e->to]);
    }
}

/* ---- order in a row ------------------------------------------------------------------------- */

static void sort_rows(picture_layout *l)
{
    int n = 0;

    for (int row = 0; row < l->rows; row++) {
        l->begin[row] = n;
        for (int i = 0; i < l->items; i++) {
            if (l->item[i].row != row)
                continue;
            const picture_item *item = &l->item[i];
            int at = n++;
            for (; at > l->begin[row]; at--) {
                const picture_item *before = &l->item[l->sorted[at - 1]];
                if (before->column < item->column ||
                    (before->column == item->column && before->order <= item->order))
                    break;
                l->sorted[at] = l->sorted[at - 1];
            }
            l->sorted[at] = i;
        }
    }
    l->begin[l->rows] = n;
    for (int row = 0; row < l->rows; row++)
        for (int k = l->begin[row]; k < l->begin[row + 1]; k++)
            l->item[l->sorted[k]].x = k - l->begin[row];
}

typedef struct means {
    const picture_item *first;
    double *sum;
    int *count;
    int from; /* -1: of those below; 1: of those above; 0: of both */
} means;

static void add_mean(void *ctx, picture_item *lower, picture_item *upper)
{
    const means *m = ctx;

    if (m->from <= 0) {
        m->sum[upper - m->first] += lower->x;
        m->count[upper - m->first]++;
    }
    if (m->from >= 0) {
        m->sum[lower - m->first] += upper->x;
        m->count[lower - m->first]++;
    }
}

static void take_means(const picture *p, picture_layout *l, means *m, int from)
{
    memset(m->sum, 0, (size_t)l->items * sizeof *m->sum);
    memset(m->count, 0, (size_t)l->items * sizeof *m->count);
    m->from = from;
    each_link(p, l, add_mean, m);
}

static void order(const picture *p, picture_layout *l, means *m)
{
    for (int i = 0; i < l->items; i++)
        l->item[i].order = i;
    sort_rows(l);
    for (int pass = 0; pass < 8; pass++) {
        take_means(p, l, m, pass % 2 ? 1 : -1);
        for (int i = 0; i < l->items; i++)
            l->item[i].order =
                (m->count[i] ? m->sum[i] / m->count[i] : l->item[i].x) + 1e-3 * l->item[i].x;
        sort_rows(l);
    }
}

/* ---- places --------------------------------------------------------------------------------- */

static double distance(const picture_item *a, const picture_item *b)
{
    return a->right + b->left + (a->column == b->column ? 16 : 28);
}

/* The places of a row that are nearest to what its items want and keep their distances. want: by
 * items; room: (3, items). */
static void place_row(picture_layout *l, int row, const double *want, double *room)
{
    const int from = l->begin[row], n = l->begin[row + 1] - from;
    double *at = room, *mean = room + n, *weight = room + 2 * n, shift = 0;
    int blocks = 0;

    for (int k = 0; k < n; k++) {
        const picture_item *item = &l->item[l->sorted[from + k]];
        if (k > 0)
            shift += distance(&l->item[l->sorted[from + k - 1]], item);
        at[k] = shift;
        mean[blocks] = want[l->sorted[from + k]] - shift;
        weight[blocks++] = 1;
        while (blocks > 1 && mean[blocks - 2] > mean[blocks - 1]) { /* pool */
            const double both = weight[blocks - 2] + weight[blocks - 1];
            mean[blocks - 2] =
                (mean[blocks - 2] * weight[blocks - 2] + mean[blocks - 1] * weight[blocks - 1]) /
                both;
            weight[blocks - 2] = both;
            blocks--;
        }
    }
    for (int b = 0, k = 0; b < blocks; b++)
        for (int i = 0; i < (int)weight[b]; i++, k++)
            l->item[l->sorted[from + k]].x = mean[b] + at[k];
}

static void place(const picture *p, picture_layout *l, means *m, double *room)
{
    for (int row = 0; row < l->rows; row++) {
        double x = 0;
        for (int k = l->begin[row]; k < l->begin[row + 1]; k++) {
            picture_item *item = &l->item[l->sorted[k]];
            if (k > l->begin[row])
                x += distance(&l->item[l->sorted[k - 1]], item);
            item->x = x;
        }
    }
    for (int pass = 0; pass < 40; pass++) { /* up by what is below, down by what is above, both */
        const int from = pass >= 24 ? 0 : pass % 2 ? 1 : -1;
        for (int i = 0; i < l->rows; i++) {
            take_means(p, l, m, from);
            for (int k = 0; k < l->items; k++)
                m->sum[k] = m->count[k] ? m->sum[k] / m->count[k] : l->item[k].x;
            place_row(l, pass % 2 ? l->rows - 1 - i : i, m->sum, room);
        }
    }
}

/* What is linked to nothing, at an end of its row, moves up to its neighbour. */
static void close_up(const picture *p, picture_layout *l, means *m)
{
    take_means(p, l, m, 0);
    for (int row = 0; row < l->rows; row++) {
        const int first = l->begin[row], last = l->begin[row + 1] - 1;
        if (first >= last)
            continue;
        picture_item *a = &l->item[l->sorted[first]], *b = &l->item[l->sorted[last]];
        const picture_item *after = &l->item[l->sorted[first + 1]];
        const picture_item *before = &l->item[l->sorted[last - 1]];
        if (m->count[l->sorted[first]] == 0)
            a->x = after->x - distance(a, after);
        if (m->count[l->sorted[last]] == 0)
            b->x = before->x + distance(before, b);
    }
}

/* Rows from below to above, the page around all. */
static void finish(picture *p, picture_layout *l)
{
    enum { GAP = 20, MARGIN = 24, HEAD = 56 };
    double low = (double)INFINITY, high = -(double)INFINITY, y = HEAD;

    for (int i = 0; i < l->items; i++) {
        picture_item *item = &l->item[i];
        low = fmin(low, item->x - item->left);
        high = fmax(high, item->x + item->right);
        l->size[item->row] = fmax(l->size[item->row], item->height);
    }
    l->width = fmax(high - low, picture_width(p->title, 16)) + 2 * MARGIN;
    const double shift = (l->width - (high - low)) / 2 - low;
    for (int row = l->rows - 1; row >= 0; row--) {
        l->top[row] = y;
        y += l->size[row] + GAP;
    }
    l->height = y - GAP + MARGIN;
    for (int i = 0; i < l->items; i++)
        l->item[i].x += shift;
    for (int i = 0; i < p->nodes; i++) {
        const int row = l->item[i].row;
        p->node[i].x = l->item[i].x;
        p->node[i].y = l->top[row] + l->size[row] / 2;
    }
}

bool picture_lay_out(picture *p)
{
    picture_layout *l = calloc(1, sizeof *l);

    size_nodes(p);
    p->layout = l;
    p->failed = p->failed || !l || !make_items(p, l);
    if (p->failed)
        return false;
    means m = {.first = l->item};
    m.sum = calloc((size_t)l->items + 1, sizeof *m.sum);
    m.count = calloc((size_t)l->items + 1, sizeof *m.count);
    double *room = calloc(3 * (size_t)l->items + 1, sizeof *room);
    p->failed = !m.sum || !m.count || !room;
    if (!p->failed) {
        order(p, l, &m);
        place(p, l, &m, room);
        close_up(p, l, &m);
        finish(p, l);
    }
    free(m.sum);
    free(m.count);
    free(room);
    return !p->failed;
}
