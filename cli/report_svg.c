/* report_svg.c -- a report as a picture: how far confidence is deserved, and what was said for
 * what.
 *
 * Left the reliability diagram (Guo et al. 2017): a bar for every bin, as high as what was said in
 * it is right, a line at its mean confidence; on the diagonal they meet. Right the confusions, a
 * row for each gold label, darker where more of its row is. Relies on page.h.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "page.h"
#include "reports.h"

enum { TOP = 90, SIZE = 400, LEFT = 64, GAP = 60, MARGIN = 32, MOST_ROWS = 30 };
enum { LETTER = 7, NAMES_LEAST = 60, NAMES_MOST = 260 }; /* room for names */

typedef struct drawing {
    const rc_scores *s;
    size_t *row; /* (rows) the labels that are drawn, the commonest first */
    size_t rows;
    double *share; /* (rows,rows) of the gold row; negative: none */
    int names;     /* room for the longest of them */
    int left;      /* of the map */
} drawing;

/* ---- reliability ---------------------------------------------------------------------------- */

static void put_ticks(FILE *out)
{
    for (int k = 0; k <= 5; k++) {
        const double at = SIZE * k / 5.0;
        fprintf(out,
                "<path d=\"M%d %.1fh%d\" stroke=\"#ddd\"/>\n"
                "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.1f</text>\n"
                "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.1f</text>\n",
                LEFT, TOP + SIZE - at, SIZE, LEFT - 8, TOP + SIZE - at + 4, k / 5.0, LEFT + at,
                TOP + SIZE + 20, k / 5.0);
    }
}

static void put_bars(FILE *out, const rc_scores *s)
{
    const double width = (double)SIZE / RC_RELIABILITY_BINS;

    for (int i = 0; i < RC_RELIABILITY_BINS; i++) {
        const rc_reliability *b = &s->bin[i];
        if (b->count == 0)
            continue;
        fprintf(out,
                "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"#1f77b4\""
                " fill-opacity=\"%.3f\" stroke=\"#1f77b4\"><title>%" PRId64
                ": accuracy %.4f, confidence %.4f</title></rect>\n"
                "<path d=\"M%.2f %.2fh%.2f\" stroke=\"#d62728\" stroke-width=\"2\"/>\n",
                LEFT + i * width, TOP + SIZE * (1 - b->accuracy), width, SIZE * b->accuracy,
                0.15 + 0.75 * sqrt((double)b->count / (double)s->labels), b->count, b->accuracy,
                b->confidence, LEFT + i * width, TOP + SIZE * (1 - b->confidence), width);
    }
}

static void put_reliability(FILE *out, const rc_scores *s)
{
    fprintf(out,
            "<text x=\"%d\" y=\"62\">reliability: ECE %.2f%%</text>\n<text x=\"%d\" y=\"80\""
            " font-size=\"11\" fill=\"#666\">bars: accuracy, darker where there is more; red: mean"
            " confidence</text>\n",
            LEFT, 100 * s->ece, LEFT);
    put_ticks(out);
    put_bars(out, s);
    fprintf(out,
            "<path d=\"M%d %dL%d %d\" stroke=\"#999\" stroke-dasharray=\"5 4\"/>\n"
            "<path d=\"M%d %dv%dh%d\" fill=\"none\" stroke=\"#333\"/>\n"
            "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">confidence</text>\n"
            "<text text-anchor=\"middle\" transform=\"translate(20 %d) rotate(-90)\">accuracy"
            "</text>\n",
            LEFT, TOP + SIZE, LEFT + SIZE, TOP, LEFT, TOP, SIZE, SIZE, LEFT + SIZE / 2,
            TOP + SIZE + 44, TOP + SIZE / 2);
}

/* ---- confusions ----------------------------------------------------------------------------- */

static void put_row(FILE *out, const drawing *d, size_t i)
{
    const double size = (double)SIZE / (double)d->rows, y = TOP + (double)i * size;
    const char *name = d->s->label[d->row[i]].name;

    fprintf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" font-size=\"11\">", d->left - 6,
            y + size / 2 + 4);
    page_word(out, name);
    fprintf(out, "</text>\n<text font-size=\"11\" transform=\"translate(%.1f %d) rotate(45)\">",
            d->left + ((double)i + 0.5) * size - 4, TOP + SIZE + 14);
    page_word(out, name);
    fputs("</text>\n", out);
    for (size_t k = 0; k < d->rows; k++) {
        const double share = d->share[i * d->rows + k], x = d->left + (double)k * size;
        if (share < 0)
            continue;
        fprintf(out,
                "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\""
                " fill-opacity=\"%.3f\"/>\n",
                x, y, size, size, i == k ? "#1f77b4" : "#d62728", 0.08 + 0.92 * share);
        if (d->rows <= 12)
            fprintf(out,
                    "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" font-size=\"11\""
                    " fill=\"%s\">%.1f</text>\n",
                    x + size / 2, y + size / 2 + 4, share > 0.5 ? "white" : "#222", 100 * share);
    }
}

static void put_map(FILE *out, const drawing *d)
{
    fprintf(out, "<text x=\"%d\" y=\"62\">what was said (columns) for what is gold (rows)",
            d->left);
    if (d->rows < d->s->count)
        fprintf(out, ": the %zu commonest of %zu labels", d->rows, d->s->count);
    fprintf(out,
            "</text>\n<text x=\"%d\" y=\"80\" font-size=\"11\" fill=\"#666\">part of the row;"
            " blue: right, red: wrong</text>\n",
            d->left);
    for (size_t i = 0; i < d->rows; i++)
        put_row(out, d, i);
    fprintf(out,
            "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#333\"/>\n",
            d->left, TOP, SIZE, SIZE);
}

/* ---- the file ------------------------------------------------------------------------------- */

static void put_svg(FILE *out, const void *ctx)
{
    const drawing *d = ctx;
    const int width = d->left + SIZE + MARGIN + d->names / 2;
    const int height = TOP + SIZE + (d->names > 64 ? d->names : 64);

    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0"
            " %d %d\" font-family=\"sans-serif\" font-size=\"13\">\n"
            "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n"
            "<text x=\"24\" y=\"32\" font-size=\"16\">accuracy %.2f%% of %" PRId64
            " labels</text>\n",
            width, height, width, height, width, height, 100 * d->s->score[RC_SCORE_ACCURACY].value,
            d->s->labels);
    if (d->s->confident)
        put_reliability(out, d->s);
    put_map(out, d);
    fputs("</svg>\n", out);
}

/* The commonest labels first, by gold and said; equal ones in their order. */
static void choose_rows(drawing *d)
{
    const rc_scores *s = d->s;

    for (size_t i = 0; i < s->count; i++) {
        const int64_t n = s->label[i].of.gold + s->label[i].of.said;
        size_t at = d->rows;
        for (; at > 0; at--) {
            const rc_found *f = &s->label[d->row[at - 1]].of;
            if (f->gold + f->said >= n)
                break;
            if (at < MOST_ROWS)
                d->row[at] = d->row[at - 1];
        }
        if (at < MOST_ROWS)
            d->row[at] = i;
        d->rows += d->rows < MOST_ROWS;
    }
}

static int room_for_names(const drawing *d)
{
    int most = NAMES_LEAST;

    for (size_t i = 0; i < d->rows; i++) {
        const size_t n = strlen(d->s->label[d->row[i]].name);
        const int room = n < NAMES_MOST / LETTER ? LETTER * (int)n + 16 : NAMES_MOST;
        most = room > most ? room : most;
    }
    return most < NAMES_MOST ? most : NAMES_MOST;
}

/* place (labels): 1 + the row of each. */
static void fill_shares(drawing *d, size_t *place)
{
    const rc_scores *s = d->s;

    for (size_t i = 0; i < d->rows; i++)
        place[d->row[i]] = i + 1;
    for (size_t i = 0; i < d->rows * d->rows; i++)
        d->share[i] = -1;
    for (size_t i = 0; i < s->pairs; i++) {
        const rc_confusion *p = &s->pair[i];
        if (place[p->gold] && place[p->said])
            d->share[(place[p->gold] - 1) * d->rows + place[p->said] - 1] =
                (double)p->count / (double)s->label[p->gold].of.gold;
    }
}

bool report_save_svg(const rc_scores *s, const char *path)
{
    drawing d = {.s = s};
    size_t *place = calloc(s->count, sizeof *place);
    d.row = calloc(MOST_ROWS, sizeof *d.row);
    d.share = calloc((size_t)MOST_ROWS * MOST_ROWS, sizeof *d.share);
    bool saved = false;

    if (place && d.row && d.share) {
        choose_rows(&d);
        d.names = room_for_names(&d);
        d.left = (s->confident ? LEFT + SIZE + GAP : 0) + d.names;
        fill_shares(&d, place);
        saved = whole_save(path, put_svg, &d);
    }
    free(place);
    free(d.row);
    free(d.share);
    return saved;
}
