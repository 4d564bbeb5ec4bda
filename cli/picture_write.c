/* picture_write.c -- a picture as SVG, as DOT for Graphviz, and as JSON. */
#include <math.h>
#include <string.h>
#include "cmd.h"
#include "page.h"
#include "picture.h"

/* ---- SVG ------------------------------------------------------------------------------------ */

/* Lines around a middle. */
static void put_lines(FILE *out, const char *text, double x, double y, int font, const char *anchor)
{
    const double step = font + 3;
    double at = y - step * (picture_lines(text) - 1) / 2 + 0.36 * font;

    for (const char *line = text; *line;) {
        const size_t n = strcspn(line, "\n");
        fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%d\" text-anchor=\"%s\">", x, at,
                font, anchor);
        page_text(out, line, n);
        fputs("</text>\n", out);
        line += n + (line[n] != '\0');
        at += step;
    }
}

static void put_node(FILE *out, const picture_node *n)
{
    static const char *const fill[] = {"#ffffff", "#dcebfa", "#fdf1d6", "#e0f3e0", "none"};
    const double w = n->width, h = n->height;

    if (n->look != PICTURE_WORDS)
        fprintf(out,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"%.1f\" fill=\"%s\""
                " stroke=\"#333\"/>\n",
                n->x - w / 2, n->y - h / 2, w, h, n->look == PICTURE_OP ? h / 2 : 4, fill[n->look]);
    put_lines(out, n->text, n->x, n->y, PICTURE_FONT, "middle");
}

/* An arrow that flows: straight through its rows, bent between them. */
static void put_flow(FILE *out, const picture *p, const picture_edge *e)
{
    const picture_layout *l = p->layout;
    const picture_node *from = &p->node[e->from], *to = &p->node[e->to];
    const int n = 2 * (to->rank - from->rank) - 1;
    double x = from->x, y = from->y - from->height / 2;

    fprintf(out, "<path class=\"flow\" d=\"M%.1f %.1f", x, y);
    for (int i = 0; i <= n; i++) {
        const int row = 2 * from->rank + 1 + i;
        const double below = l->top[row - 1], above = l->top[row] + l->size[row] + (i < n ? 0 : 7);
        const double next = i < n ? l->item[e->item + i].x : to->x;
        fprintf(out, "L%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f", x, below, x, (below + above) / 2,
                next, (below + above) / 2, next, above);
        x = next;
    }
    y = to->y + to->height / 2;
    fprintf(out, "L%.1f %.1f\" marker-end=\"url(#arrow)\"/>\n", x, y);
    if (!e->text[0])
        return;
    const picture_item *item = &l->item[e->item + n - 1];
    const double middle = l->top[item->row] + l->size[item->row] / 2;
    fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"white\"/>\n",
            item->x - item->left, middle - item->height / 2, item->left + item->right,
            item->height);
    put_lines(out, e->text, item->x, middle, PICTURE_SMALL, "middle");
}

static void put_loop(FILE *out, const picture_node *n, const char *text)
{
    const double x = n->x + n->width / 2, far = x + PICTURE_LOOP, up = fmin(n->height / 2 - 4, 12);

    fprintf(out,
            "<path class=\"time\" d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\""
            " marker-end=\"url(#back)\"/>\n",
            x, n->y - up, far, n->y - 2.2 * up, far, n->y + 2.2 * up, x + 1, n->y + up);
    put_lines(out, text, far - 2, n->y, PICTURE_SMALL, "start");
}

static void put_time(FILE *out, const picture *p, const picture_edge *e)
{
    const picture_node *from = &p->node[e->from], *to = &p->node[e->to];

    if (e->from == e->to) {
        put_loop(out, from, e->text);
        return;
    }
    const double way = to->x > from->x ? 1 : -1;
    const double a = from->x + way * from->width / 2, b = to->x - way * (to->width / 2 + 1);
    const double words = picture_width(e->text, PICTURE_SMALL);
    const double up = picture_lines(e->text) * (PICTURE_SMALL + 3) / 2.0;
    fprintf(out, "<path class=\"time\" d=\"M%.1f %.1fL%.1f %.1f\" marker-end=\"url(#back)\"/>\n", a,
            from->y, b, to->y);
    put_lines(out, e->text, a + way * (words / 2 + 8), from->y - up - 3, PICTURE_SMALL, "middle");
}

static void put_arrow(FILE *out, const char *name, const char *colour)
{
    fprintf(out,
            "<marker id=\"%s\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\""
            " markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"%s\"/>"
            "</marker>\n",
            name, colour);
}

void picture_svg(FILE *out, const picture *p)
{
    const double w = ceil(p->layout->width), h = ceil(p->layout->height);

    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\""
            " viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\">\n"
            "<style>.flow{fill:none;stroke:#333}.time{fill:none;stroke:#b5362b}</style>\n"
            "<rect width=\"%.0f\" height=\"%.0f\" fill=\"white\"/>\n",
            w, h, w, h, w, h);
    put_arrow(out, "arrow", "#333");
    put_arrow(out, "back", "#b5362b");
    put_lines(out, p->title, w / 2, 26, 16, "middle");
    for (int i = 0; i < p->edges; i++)
        if (p->edge[i].in_time)
            put_time(out, p, &p->edge[i]);
    for (int i = 0; i < p->edges; i++)
        if (!p->edge[i].in_time)
            put_flow(out, p, &p->edge[i]);
    for (int i = 0; i < p->nodes; i++)
        put_node(out, &p->node[i]);
    fputs("</svg>\n", out);
}

/* ---- DOT ------------------------------------------------------------------------------------ */

static void put_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '\n') {
            fputs("\\n", out);
            continue;
        }
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

void picture_dot(FILE *out, const picture *p)
{
    static const char *const look[] = {"", ", style=filled, fillcolor=\"#dcebfa\"",
                                       ", shape=ellipse, style=filled, fillcolor=\"#fdf1d6\"",
                                       ", style=filled, fillcolor=\"#e0f3e0\"", ", shape=plain"};

    fputs("digraph {\n    rankdir=BT\n    labelloc=t\n    label=", out);
    put_quoted(out, p->title);
    fputs("\n    node [shape=box, fontname=\"sans-serif\"]\n"
          "    edge [fontname=\"sans-serif\", fontsize=11]\n",
          out);
    for (int i = 0; i < p->nodes; i++) {
        fprintf(out, "    n%d [label=", i);
        put_quoted(out, p->node[i].text);
        fprintf(out, "%s]\n", look[p->node[i].look]);
    }
    for (int i = 0; i < p->edges; i++) {
        const picture_edge *e = &p->edge[i];
        fprintf(out, "    n%d -> n%d", e->from, e->to);
        if (e->text[0] || e->in_time)
            fputs(" [", out);
        if (e->text[0]) {
            fputs("label=", out);
            put_quoted(out, e->text);
        }
        if (e->in_time)
            fprintf(out, "%sconstraint=false, color=\"#b5362b\"", e->text[0] ? ", " : "");
        fputs(e->text[0] || e->in_time ? "]\n" : "\n", out);
    }
    for (int i = 0; i < p->nodes; i++) { /* what stands in one rank */
        bool first = true;
        for (int k = 0; k < i; k++)
            first = first && p->node[k].rank != p->node[i].rank;
        if (!first)
            continue;
        fputs("    { rank=same;", out);
        for (int k = i; k < p->nodes; k++)
            if (p->node[k].rank == p->node[i].rank)
                fprintf(out, " n%d;", k);
        fputs(" }\n", out);
    }
    fputs("}\n", out);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

json_t *picture_json(const picture *p)
{
    static const char *const look[] = {"value", "layer", "op", "result", "words"};
    json_t *nodes = json_array(), *edges = json_array();

    for (int i = 0; i < p->nodes; i++)
        json_add(&nodes, json_pack("{s:i, s:s, s:s, s:i, s:i}", "id", i, "kind",
                                   look[p->node[i].look], "text", p->node[i].text, "rank",
                                   p->node[i].rank, "step", p->node[i].column));
    for (int i = 0; i < p->edges; i++)
        json_add(&edges,
                 json_pack("{s:i, s:i, s:s, s:b}", "from", p->edge[i].from, "to", p->edge[i].to,
                           "text", p->edge[i].text, "in_time", (int)p->edge[i].in_time));
    return json_pack("{s:s, s:o, s:o}", "title", p->title, "nodes", nodes, "edges", edges);
}
