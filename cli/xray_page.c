/* xray_page.c -- an X-ray of a model as a page of HTML with its pictures inside. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "page.h"
#include "xray_show.h"

static void put_number(FILE *out, double x)
{
    if (isnan(x))
        fputs("&ndash;", out);
    else if (isinf(x))
        fputs("&infin;", out);
    else if (x == 0 || (fabs(x) >= 1e-3 && fabs(x) < 1e4))
        fprintf(out, "%.4g", x);
    else
        fprintf(out, "%.1e", x);
}

static void put_cell(FILE *out, double x)
{
    fputs("<td>", out);
    put_number(out, x);
    fputs("</td>", out);
}

/* ---- sections ------------------------------------------------------------------------------- */

static void put_gradients(FILE *out, const xray_view *v)
{
    char name[SAY_ROOM];
    xray_curves c;
    fputs("<h2>Gradient against distance</h2>\n<p class=\"note\">The loss is placed at the last"
          " step of every window. The Euclidean norm of its gradient with respect to the states so"
          " many steps before, the mean over windows: a straight line that falls is the vanishing"
          " gradient, one that rises the exploding one.</p>\n",
          out);
    if (xray_gradient_curves(v, false, &c)) {
        if (plot_has_points(&c.p))
            plot_svg(out, &c.p);
        xray_curves_free(&c);
    }
    fputs("<table><tr><th>state</th><th>at the loss</th><th>1 back</th><th>10 back</th>"
          "<th>last</th><th>factor a step</th></tr>\n",
          out);
    for (size_t i = 0; i < v->x->layers; i++)
        for (int k = 0; k < v->x->layer[i].states; k++) {
            const double *g = v->x->layer[i].gradient[k];
            const int64_t n = v->x->steps;
            fprintf(out, "<tr><td>%s, %s</td>", xray_layer_name(name, &v->x->layer[i]),
                    v->x->layer[i].state[k]);
            put_cell(out, g[0]);
            put_cell(out, n > 1 ? g[1] : (double)NAN);
            put_cell(out, n > 10 ? g[10] : (double)NAN);
            put_cell(out, g[n - 1]);
            put_cell(out, xray_factor(g, n));
            fputs("</tr>\n", out);
        }
    fputs("</table>\n", out);
}

static void put_jacobians(FILE *out, const xray_view *v)
{
    fputs("<h2>Jacobian products</h2>\n<p class=\"note\">What a small change of a layer's h does to"
          " its own h so many steps later, in the direction where it does most, least, in the"
          " middle, and in the mean.</p>\n",
          out);
    for (size_t i = 0; i < v->x->layers; i++) {
        xray_curves c;
        if (!xray_jacobian_curves(&v->x->layer[i], &c))
            continue;
        if (plot_has_points(&c.p))
            plot_svg(out, &c.p);
        else
            fprintf(out, "<p>In layer %d no change of h is felt at the end.</p>\n",
                    v->x->layer[i].layer + 1);
        xray_curves_free(&c);
    }
}

static void put_matrices(FILE *out, const xray_view *v)
{
    char name[SAY_ROOM];
    bool any = false;
    for (size_t i = 0; i < v->x->layers; i++)
        for (size_t p = 0; p < v->x->layer[i].matrices; p++) {
            const rc_xray_matrix *m = &v->x->layer[i].matrix[p];
            if (!any)
                fputs("<h2>Recurrent weights</h2>\n<table><tr><th>matrix</th><th>spectral radius"
                      "</th><th>norm</th></tr>\n",
                      out);
            any = true;
            fprintf(out, "<tr><td>%s, U<sub>", xray_layer_name(name, &v->x->layer[i]));
            page_word(out, m->gate);
            fprintf(out, m->number > 1 ? " (%d)</sub></td>" : "</sub></td>", m->number);
            put_cell(out, m->radius);
            put_cell(out, m->norm);
            fputs("</tr>\n", out);
        }
    if (any)
        fputs("</table>\n", out);
}

/* A histogram: bars from left to right, what is saturated in red. */
static void put_histogram(FILE *out, const char *title, const rc_xray_gate *g)
{
    enum { W = 10, H = 90, TOP = 40, WIDTH = RC_XRAY_BINS * W + 20 };
    double most = 0;
    for (int i = 0; i < RC_XRAY_BINS; i++)
        most = fmax(most, g->bin[i]);
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d"
            " %d\" font-family=\"sans-serif\" font-size=\"12\">\n<text x=\"10\" y=\"14\""
            " font-weight=\"bold\">",
            WIDTH, TOP + H + 22, WIDTH, TOP + H + 22);
    page_word(out, title);
    fprintf(out, "</text>\n<text x=\"10\" y=\"31\" fill=\"#555\">low %.1f%%, high %.1f%%</text>\n",
            100 * g->low, 100 * g->high);
    for (int i = 0; i < RC_XRAY_BINS; i++) {
        const double middle = g->lo + (g->hi - g->lo) * (i + 0.5) / RC_XRAY_BINS;
        const bool ends = middle > 0.9 || middle < (g->lo < 0 ? -0.9 : 0.1);
        const double h = most > 0 ? H * g->bin[i] / most : 0;
        fprintf(out, "<rect x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" fill=\"%s\"/>\n",
                10 + i * W, TOP + H - h, W - 1, h, ends ? "#d62728" : "#1f77b4");
    }
    fprintf(out,
            "<path d=\"M10 %d.5h%d\" stroke=\"#333\"/>\n<text x=\"10\" y=\"%d\">%.0f</text>\n"
            "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.0f</text>\n</svg>\n",
            TOP + H, RC_XRAY_BINS * W, TOP + H + 16, g->lo, WIDTH - 10, TOP + H + 16, g->hi);
}

static void put_gates(FILE *out, const xray_view *v)
{
    char layer[SAY_ROOM], title[2 * SAY_ROOM];
    fputs("<h2>Gates</h2>\n<p class=\"note\">Values over all units, steps and windows. Red is"
          " saturated: below 0.1 or above 0.9, for tanh beyond &minus;0.9 and 0.9, where a gate"
          " hardly learns.</p>\n",
          out);
    for (size_t i = 0; i < v->x->layers; i++) {
        fputs("<div class=\"row\">\n", out);
        for (size_t p = 0; p < v->x->layer[i].gates; p++) {
            const rc_xray_gate *g = &v->x->layer[i].gate[p];
            if (!isfinite(g->lo) || !isfinite(g->hi))
                continue;
            snprintf(title, sizeof title, "%s, gate %s", xray_layer_name(layer, &v->x->layer[i]),
                     g->name);
            put_histogram(out, title, g);
        }
        fputs("</div>\n", out);
    }
}

static void put_memory(FILE *out, const xray_view *v)
{
    char name[SAY_ROOM];
    xray_curves c;
    fputs("<h2>Half-lives</h2>\n<p class=\"note\">Steps until a change of one unit's state is felt"
          " half as much in h at the end. What is not felt at all has none.</p>\n",
          out);
    if (xray_memory_curves(v, &c)) {
        if (plot_has_points(&c.p))
            plot_svg(out, &c.p);
        xray_curves_free(&c);
    }
    fputs("<table><tr><th>layer</th><th>state</th><th>median</th><th>longer than a window</th></tr>"
          "\n",
          out);
    for (size_t i = 0; i < v->x->layers; i++) {
        const rc_xray_layer *l = &v->x->layer[i];
        double share[XRAY_SPANS], median;
        int64_t longer = 0;
        xray_spans(l, share, &median);
        for (int64_t k = 0; l->half_life && k < l->units; k++)
            longer += isinf(l->half_life[k]) != 0;
        fprintf(out, "<tr><td>%s</td><td>%s</td>", xray_layer_name(name, l), l->memory);
        put_cell(out, median);
        fprintf(out, "<td>%" PRId64 " of %" PRId64 " units</td></tr>\n", longer, l->units);
    }
    fputs("</table>\n", out);
}

static void put_body(FILE *out, const void *ctx)
{
    const xray_view *v = ctx;
    fputs("<h1>", out);
    page_word(out, v->title);
    fprintf(out, "</h1>\n<p>%" PRId64 " windows of %" PRId64 " steps of ", v->x->windows,
            v->x->steps);
    page_word(out, v->data);
    fprintf(out, "; loss at the last step %.4f.</p>\n", v->x->loss);
    put_gradients(out, v);
    put_jacobians(out, v);
    put_matrices(out, v);
    put_gates(out, v);
    put_memory(out, v);
}

bool xray_save_page(const xray_view *v, const char *path)
{
    return page_save(path, v->title, put_body, v);
}
