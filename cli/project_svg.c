/* project_svg.c -- words in a plane as a picture: a mark for each, its name beside it, arrows along
 * the links, a colour for each section.
 *
 * Both axes have one scale, so that what is parallel there is parallel here. Names that find no
 * free place at their mark stand off, with a line to it. Relies on spots.h.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "axis.h"
#include "page.h"
#include "project.h"
#include "spots.h"

enum { LEFT = 66, TOP = 62, BOTTOM = 58, MARGIN = 28, FONT = 13, LEGEND = 22, ROWS = 40 };
static const double RADIUS = 4, LETTER = 0.56; /* of a mark; of a letter, in sizes of the font */

typedef struct sheet {
    const project *p;
    axis x, y;
    double width, height; /* of the field */
    int columns, rows;    /* of the whole */
    bool scaled;          /* the axes mean something */
    bool legend;
    spot *spot; /* (words) */
    spot_line *line;
} sheet;

/* ---- looks ---------------------------------------------------------------------------------- */

enum { COLOURS = 9, SHAPES = 4 };

static const unsigned char colours[COLOURS][3] = {{31, 119, 180},  {214, 39, 40},  {44, 160, 44},
                                                  {148, 103, 189}, {230, 120, 10}, {140, 86, 75},
                                                  {210, 70, 170},  {0, 150, 160},  {120, 120, 30}};

/* `light` 1: as it is; below: darker. */
static void put_colour(FILE *out, size_t section, double light)
{
    const unsigned char *c = colours[section % COLOURS];

    fprintf(out, "#%02x%02x%02x", (unsigned)lround(light * c[0]), (unsigned)lround(light * c[1]),
            (unsigned)lround(light * c[2]));
}

/* The first section, which has no name, shares its looks with the first that has one, unless both
 * are there. */
static size_t look_of(const project *p, size_t section)
{
    return p->section[0].used || section == 0 ? section : section - 1;
}

static void put_mark(FILE *out, const project *p, size_t section, double x, double y)
{
    const size_t look = look_of(p, section);
    const double r = RADIUS;

    switch (look / COLOURS % SHAPES) {
    case 0:
        fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"", x, y, r);
        break;
    case 1:
        fprintf(out, "<path d=\"M%.1f %.1fh%.1fv%.1fh-%.1fz\" fill=\"", x - 0.9 * r, y - 0.9 * r,
                1.8 * r, 1.8 * r, 1.8 * r);
        break;
    case 2:
        fprintf(out, "<path d=\"M%.1f %.1fl%.1f %.1fh-%.1fz\" fill=\"", x, y - 1.2 * r, 1.2 * r,
                2.1 * r, 2.4 * r);
        break;
    default:
        fprintf(out, "<path d=\"M%.1f %.1fl%.1f %.1fl-%.1f %.1fl-%.1f -%.1fz\" fill=\"", x,
                y - 1.3 * r, 1.3 * r, 1.3 * r, 1.3 * r, 1.3 * r, 1.3 * r, 1.3 * r);
    }
    put_colour(out, look, 1);
    fputs("\"/>\n", out);
}

/* ---- the sheet ------------------------------------------------------------------------------ */

/* Letters of n bytes of UTF-8, those of East Asia and beyond as two. */
static double letters(const char *text, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        if (((unsigned char)text[i] & 0xC0) != 0x80)
            sum += (unsigned char)text[i] >= 0xE2 ? 1.7 : 1;
    return sum;
}

static axis range_of(const project *p, bool y)
{
    axis a = {(double)INFINITY, -(double)INFINITY, false};

    for (size_t i = 0; i < p->words; i++) {
        const double at = y ? p->at[i].y : p->at[i].x;
        a.lo = fmin(a.lo, at);
        a.hi = fmax(a.hi, at);
    }
    return a;
}

static axis around(axis a, double length)
{
    const double middle = (a.lo + a.hi) / 2;

    return (axis){middle - length / 2, middle + length / 2, false};
}

/* A field of the shape of what is in it, within reason, larger where there are many words. */
static void choose_axes(sheet *s)
{
    const axis x = range_of(s->p, false), y = range_of(s->p, true);
    const double wide = x.hi - x.lo, high = y.hi - y.lo;

    const double shape = fmin(fmax(high / wide, 0.6), 1.15);
    const double area = 5200 * fmax(92, (double)s->p->words);
    s->width = round(sqrt(area / shape));
    s->height = round(shape * s->width);
    const double unit = fmax(wide / (s->width - 130), high / (s->height - 64));
    s->x = around(x, unit * s->width);
    s->y = around(y, unit * s->height);
}

static double across(const sheet *s, double at)
{
    return LEFT + axis_fraction(s->x, at) * s->width;
}

static double down(const sheet *s, double at)
{
    return TOP + (1 - axis_fraction(s->y, at)) * s->height;
}

static const char *name_of(const project *p, size_t i, size_t *n)
{
    return rc_vectors_word(p->v, p->word[i].word, n);
}

static bool place_names(sheet *s)
{
    const project *p = s->p;

    s->spot = calloc(p->words + 1, sizeof *s->spot);
    s->line = calloc(p->links + 1, sizeof *s->line);
    if (!s->spot || !s->line)
        return false;
    for (size_t i = 0; i < p->words; i++) {
        size_t n;
        const char *name = name_of(p, i, &n);
        s->spot[i] = (spot){.x = across(s, p->at[i].x),
                            .y = down(s, p->at[i].y),
                            .width = LETTER * FONT * letters(name, n) + 2,
                            .height = FONT + 1};
    }
    for (size_t i = 0; i < p->links; i++) {
        const spot *a = &s->spot[p->link[i].from], *b = &s->spot[p->link[i].to];
        s->line[i] = (spot_line){a->x, a->y, b->x, b->y};
    }
    spots_place(&(spots){.left = LEFT + 2,
                         .top = TOP + 2,
                         .right = LEFT + s->width - 2,
                         .bottom = TOP + s->height - 2,
                         .radius = RADIUS,
                         .spot = s->spot,
                         .count = p->words,
                         .line = s->line,
                         .lines = p->links});
    return true;
}

/* ---- what is drawn -------------------------------------------------------------------------- */

static void put_grid(FILE *out, const sheet *s)
{
    const double bottom = TOP + s->height, right = LEFT + s->width;
    const ticks tx = axis_ticks(s->x, 8), ty = axis_ticks(s->y, 6);

    fputs("<g stroke=\"#eee\">\n", out);
    for (int i = 0; s->scaled && i < tx.count; i++)
        fprintf(out, "<path d=\"M%.1f %dV%.1f\"%s/>\n", across(s, tx.at[i]), TOP, bottom,
                fabs(tx.at[i]) > 0 ? "" : " stroke=\"#ccc\"");
    for (int i = 0; s->scaled && i < ty.count; i++)
        fprintf(out, "<path d=\"M%d %.1fH%.1f\"%s/>\n", LEFT, down(s, ty.at[i]), right,
                fabs(ty.at[i]) > 0 ? "" : " stroke=\"#ccc\"");
    fprintf(out,
            "</g>\n<rect x=\"%d\" y=\"%d\" width=\"%.0f\" height=\"%.0f\" fill=\"none\""
            " stroke=\"#bbb\"/>\n",
            LEFT, TOP, s->width, s->height);
    if (!s->scaled)
        return;
    fputs("<g font-size=\"11\" fill=\"#666\">\n", out);
    for (int i = 0; i < tx.count; i++) {
        fprintf(out, "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">", across(s, tx.at[i]),
                bottom + 16);
        svg_tick(out, tx.at[i], tx.decimals);
        fputs("</text>\n", out);
    }
    for (int i = 0; i < ty.count; i++) {
        fprintf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 7,
                down(s, ty.at[i]) + 4);
        svg_tick(out, ty.at[i], ty.decimals);
        fputs("</text>\n", out);
    }
    fputs("</g>\n", out);
}

static void put_captions(FILE *out, const sheet *s)
{
    const rc_projection *about = &s->p->about;
    const double middle = LEFT + s->width / 2, bottom = TOP + s->height;

    fprintf(out, "<text x=\"%d\" y=\"36\" font-size=\"17\" fill=\"#222\">", LEFT);
    page_word(out, s->p->title);
    fputs("</text>\n<g fill=\"#444\" text-anchor=\"middle\">\n", out);
    if (s->scaled)
        fprintf(out,
                "<text x=\"%.1f\" y=\"%.0f\">first principal component: %.1f%% of the variance"
                "</text>\n<text transform=\"translate(20 %.1f) rotate(-90)\">second: %.1f%%"
                "</text>\n",
                middle, bottom + 40, 100 * about->share[0], TOP + s->height / 2,
                100 * about->share[1]);
    else
        fprintf(out, "<text x=\"%.1f\" y=\"%.0f\">t-SNE, perplexity %.3g, divergence %.3f</text>\n",
                middle, bottom + 26, about->perplexity, about->divergence);
    fputs("</g>\n", out);
}

/* From mark to mark, with a head where there is room for one. */
static void put_link(FILE *out, const sheet *s, const project_link *l)
{
    const spot *a = &s->spot[l->from], *b = &s->spot[l->to];
    const double length = hypot(b->x - a->x, b->y - a->y), head = 7, gap = RADIUS + 2;

    if (length < 2 * gap + 2)
        return;
    const double x = (b->x - a->x) / length, y = (b->y - a->y) / length;
    const double tip_x = b->x - gap * x, tip_y = b->y - gap * y;
    const bool arrow = length > 2 * gap + 1.5 * head;

    fputs("<g stroke=\"", out);
    put_colour(out, look_of(s->p, l->section), 1);
    fputs("\" fill=\"", out);
    put_colour(out, look_of(s->p, l->section), 1);
    fprintf(out, "\"><path d=\"M%.1f %.1fL%.1f %.1f\"/>", a->x + gap * x, a->y + gap * y,
            tip_x - (arrow ? head : 0) * x, tip_y - (arrow ? head : 0) * y);
    if (arrow)
        fprintf(out, "<path stroke=\"none\" d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1fz\"/>", tip_x, tip_y,
                tip_x - head * x - 0.42 * head * y, tip_y - head * y + 0.42 * head * x,
                tip_x - head * x + 0.42 * head * y, tip_y - head * y - 0.42 * head * x);
    fputs("</g>\n", out);
}

static void put_name(FILE *out, const sheet *s, size_t i)
{
    const spot *a = &s->spot[i];
    size_t n;
    const char *name = name_of(s->p, i, &n);

    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\"%s fill=\"", a->left + a->width * (1 - a->side) / 2,
            a->top + 0.83 * FONT,
            a->side > 0   ? " text-anchor=\"start\""
            : a->side < 0 ? " text-anchor=\"end\""
                          : "");
    put_colour(out, look_of(s->p, s->p->word[i].section), 0.62);
    fputs("\">", out);
    page_text(out, name, n);
    fputs("</text>\n", out);
}

static void put_words(FILE *out, const sheet *s)
{
    const project *p = s->p;

    fputs("<g stroke-width=\"1.3\" opacity=\"0.5\">\n", out);
    for (size_t i = 0; i < p->links; i++)
        put_link(out, s, &p->link[i]);
    fputs("</g>\n<g stroke=\"#999\" stroke-width=\"0.7\">\n", out);
    for (size_t i = 0; i < p->words; i++) {
        double x, y;
        if (!s->spot[i].away)
            continue;
        spots_reach(&s->spot[i], &x, &y);
        fprintf(out, "<path d=\"M%.1f %.1fL%.1f %.1f\"/>\n", s->spot[i].x, s->spot[i].y, x, y);
    }
    fputs("</g>\n", out);
    for (size_t i = 0; i < p->words; i++)
        put_mark(out, p, p->word[i].section, s->spot[i].x, s->spot[i].y);
    /* a pale edge lifts names from what is below them */
    fputs("<g text-anchor=\"middle\" stroke=\"white\" stroke-width=\"3\" stroke-opacity=\"0.8\""
          " stroke-linejoin=\"round\" paint-order=\"stroke\">\n",
          out);
    for (size_t i = 0; i < p->words; i++)
        put_name(out, s, i);
    fputs("</g>\n", out);
}

/* ---- the legend ----------------------------------------------------------------------------- */

enum { NAME_MOST = 30 }; /* letters of a section's name */

static size_t cut_name(const project_section *section)
{
    size_t n = section->n;

    while (n > 0 && (letters(section->name, n) > NAME_MOST ||
                     (n < section->n && ((unsigned char)section->name[n] & 0xC0) == 0x80)))
        n--;
    return n;
}

static void put_legend(FILE *out, const sheet *s)
{
    const project *p = s->p;
    const double x = LEFT + s->width + 22;
    int row = 0;

    for (size_t i = 0; i < p->sections; i++) {
        const project_section *section = &p->section[i];
        if (!section->used || row++ >= ROWS)
            continue;
        const double y = TOP + 12 + LEGEND * (row - 1);
        const size_t n = cut_name(section);
        put_mark(out, p, i, x, y);
        fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" fill=\"#222\">", x + 12, y + 4.5);
        page_text(out, n ? section->name : "others", n ? n : 6);
        fputs(n < section->n ? "..</text>\n" : "</text>\n", out);
    }
    if (row > ROWS)
        fprintf(out, "<text x=\"%.1f\" y=\"%d\" fill=\"#222\">and %d more</text>\n", x,
                TOP + 16 + LEGEND * ROWS, row - ROWS);
}

/* How much room it takes; nothing where there is one section. */
static void size_legend(sheet *s)
{
    const project *p = s->p;
    double most = 6;
    int rows = 0;

    for (size_t i = 0; i < p->sections; i++) {
        if (!p->section[i].used)
            continue;
        rows++;
        most = fmax(most, letters(p->section[i].name, cut_name(&p->section[i])));
    }
    s->legend = rows > 1;
    const int high = TOP + LEGEND * (rows < ROWS ? rows : ROWS + 1) + MARGIN;
    s->columns = LEFT + (int)s->width + MARGIN;
    s->rows = TOP + (int)s->height + BOTTOM;
    if (s->legend) {
        s->columns += 22 + (int)ceil(LETTER * FONT * (most + 2));
        s->rows = s->rows > high ? s->rows : high;
    }
}

/* ---- the file ------------------------------------------------------------------------------- */

bool project_svg(FILE *out, const project *p)
{
    sheet s = {.p = p, .scaled = !isnan(p->about.share[0])};

    choose_axes(&s);
    size_legend(&s);
    const bool placed = place_names(&s);
    if (placed) {
        fprintf(out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
                " viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"%d\">\n"
                "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n",
                s.columns, s.rows, s.columns, s.rows, FONT, s.columns, s.rows);
        put_grid(out, &s);
        put_captions(out, &s);
        put_words(out, &s);
        if (s.legend)
            put_legend(out, &s);
        fputs("</svg>\n", out);
    }
    free(s.spot);
    free(s.line);
    return placed;
}
