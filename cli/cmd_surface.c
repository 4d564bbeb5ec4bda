/* cmd_surface.c -- recur surface: the error surface of a recurrent network of one unit. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include "cmd.h"
#include "surface.h"

static const opt options[] = {
    {.name = "steps",
     .kind = RC_OPTION_INT,
     .fallback = "50",
     .lo = 1,
     .hi = 10000,
     .group = "surface",
     .help = "time steps"},
    {.name = "target",
     .kind = RC_OPTION_REAL,
     .fallback = "0.7",
     .lo = 0,
     .hi = 1,
     .group = "surface",
     .help = "what the sigmoid of the last state should be"},
    {.name = "state",
     .kind = RC_OPTION_REAL,
     .fallback = "0",
     .lo = -100,
     .hi = 100,
     .group = "surface",
     .help = "the state before the first step"},
    {.name = "w-from",
     .kind = RC_OPTION_REAL,
     .fallback = "3.5",
     .lo = -1000,
     .hi = 1000,
     .group = "surface",
     .help = "least weight"},
    {.name = "w-to",
     .kind = RC_OPTION_REAL,
     .fallback = "6",
     .lo = -1000,
     .hi = 1000,
     .group = "surface",
     .help = "largest weight"},
    {.name = "b-from",
     .kind = RC_OPTION_REAL,
     .fallback = "-3",
     .lo = -1000,
     .hi = 1000,
     .group = "surface",
     .help = "least bias"},
    {.name = "b-to",
     .kind = RC_OPTION_REAL,
     .fallback = "0",
     .lo = -1000,
     .hi = 1000,
     .group = "surface",
     .help = "largest bias"},
    {.name = "grid",
     .kind = RC_OPTION_INT,
     .fallback = "49",
     .lo = 2,
     .hi = 500,
     .group = "surface",
     .help = "points in each direction"},
    {.name = "start-w",
     .kind = RC_OPTION_REAL,
     .fallback = "5",
     .lo = -1000,
     .hi = 1000,
     .group = "descent",
     .help = "where descent begins"},
    {.name = "start-b",
     .kind = RC_OPTION_REAL,
     .fallback = "-2",
     .lo = -1000,
     .hi = 1000,
     .group = "descent",
     .help = "where descent begins"},
    {.name = "rate",
     .kind = RC_OPTION_REAL,
     .fallback = "0.5",
     .lo = 0,
     .hi = 1000,
     .group = "descent",
     .help = "learning rate"},
    {.name = "clip",
     .kind = RC_OPTION_REAL,
     .fallback = "0.2",
     .lo = 1e-6,
     .hi = 1000,
     .group = "descent",
     .help = "largest norm of the gradient, of the second descent"},
    {.name = "updates",
     .kind = RC_OPTION_INT,
     .fallback = "50",
     .lo = 1,
     .hi = 100000,
     .group = "descent",
     .help = "steps of descent"},
    {.name = "svg",
     .kind = RC_OPTION_TEXT,
     .value = "FILE",
     .group = "output",
     .prints = true,
     .help = "draw it as a picture ('-': standard output)"},
    {.name = "tsv",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .prints = true,
     .help = "print every point of the grid: w, b, error and gradient, split by tabs"},
    OPT_JSON,
    OPT_END,
};

/* ---- printing ------------------------------------------------------------------------------- */

static void print_tsv(const surface *s)
{
    puts("w\tb\terror\tdw\tdb");
    for (int k = 0; k < s->plan.grid * s->plan.grid; k++) {
        const surface_point *p = &s->at[k];
        printf("%.9g\t%.9g\t%.9g\t%.9g\t%.9g\n", p->w, p->b, p->error, p->dw, p->db);
    }
}

/* The point of a way whose gradient is largest. */
static const surface_point *steepest(const surface_point *p, int n)
{
    const surface_point *most = p;

    for (int i = 1; i < n; i++)
        if (surface_norm(&p[i]) > surface_norm(most))
            most = &p[i];
    return most;
}

static void print_way(const surface *s, int way)
{
    char name[SAY_ROOM] = "as it is";
    const surface_point *first = s->way[way], *last = first + s->plan.updates;
    const surface_point *most = steepest(first, s->plan.updates + 1);

    if (way)
        snprintf(name, sizeof name, "clipped at %.3g", s->plan.clip);
    printf("%-18s %9.3g at (%5.3f, %6.3f)   (%5.3f, %6.3f)  %8.4f\n", name, surface_norm(most),
           most->w, most->b, last->w, last->b, last->error);
}

static void print_text(const surface *s)
{
    const surface_plan *p = &s->plan;
    const int n = p->grid * p->grid;
    const surface_point *most = steepest(s->at, n);
    double low = s->at[0].error, high = low;
    int gentle = 0;

    for (int k = 0; k < n; k++) {
        low = fmin(low, s->at[k].error);
        high = fmax(high, s->at[k].error);
        gentle += surface_norm(&s->at[k]) < 0.5;
    }
    printf("error     (sigmoid(h_%d) - %.3g)^2 of h_t = w sigmoid(h_t-1) + b, h_0 = %.3g\n",
           p->steps, p->target, p->state);
    printf("grid      %d x %d: w from %.3g to %.3g, b from %.3g to %.3g\n", p->grid, p->grid,
           p->w[0], p->w[1], p->b[0], p->b[1]);
    printf("values    %.4f to %.4f\n", low, high);
    printf("gradient  norm below 0.5 at %.1f%% of the points; %.3g at w %.4g, b %.4g\n\n",
           100.0 * gentle / n, surface_norm(most), most->w, most->b);
    printf("%d steps, rate %-5.3g  largest gradient at (w, b)   ends at (w, b)     error\n",
           p->updates, p->rate);
    for (int k = 0; k < SURFACE_WAYS; k++)
        print_way(s, k);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *points_json(const surface_point *p, int n)
{
    json_t *all = json_array();

    for (int i = 0; i < n; i++) {
        json_t *one = json_array();
        json_add(&one, json_number(p[i].w));
        json_add(&one, json_number(p[i].b));
        json_add(&one, json_number(p[i].error));
        json_add(&one, json_number(p[i].dw));
        json_add(&one, json_number(p[i].db));
        json_add(&all, one);
    }
    return all;
}

static int print_json(const surface *s)
{
    const surface_plan *p = &s->plan;

    return json_print(stdout,
                      json_pack("{s:I, s:f, s:f, s:f, s:f, s:I, s:[s, s, s, s, s], s:o, s:o, s:o}",
                                "steps", (json_int_t)p->steps, "target", p->target, "state",
                                p->state, "rate", p->rate, "clip", p->clip, "grid",
                                (json_int_t)p->grid, "point", "w", "b", "error", "dw", "db",
                                "points", points_json(s->at, p->grid * p->grid), "way",
                                points_json(s->way[0], p->updates + 1), "clipped",
                                points_json(s->way[1], p->updates + 1)),
                      false);
}

/* ---- the command ---------------------------------------------------------------------------- */

static void put_svg(FILE *out, const void *ctx)
{
    surface_svg(out, ctx);
}

static int save_svg(const opts *o, const surface *s)
{
    const char *path = opts_text(o, "svg");

    if (!whole_save(path, put_svg, s))
        return say_failure("cannot write '%s': %s", path, strerror(errno));
    if (strcmp(path, "-") != 0)
        say_unless_quiet(o, "the surface is in %s", path);
    return EXIT_DONE;
}

static int show(const opts *o, const surface *s)
{
    int code = EXIT_DONE;

    if (opts_flag(o, "json"))
        code = print_json(s);
    else if (opts_flag(o, "tsv"))
        print_tsv(s);
    else if (strcmp(opts_text(o, "svg"), "-") != 0)
        print_text(s);
    return code == EXIT_DONE && opts_has(o, "svg") ? save_svg(o, s) : code;
}

static int check(const surface_plan *p)
{
    if (p->w[0] >= p->w[1])
        return say_misuse("--w-from is %g, it must be below --w-to, %g", p->w[0], p->w[1]);
    if (p->b[0] >= p->b[1])
        return say_misuse("--b-from is %g, it must be below --b-to, %g", p->b[0], p->b[1]);
    return OPT_GO_ON;
}

static int run(const opts *o)
{
    const surface_plan plan = {.w = {opts_real(o, "w-from"), opts_real(o, "w-to")},
                               .b = {opts_real(o, "b-from"), opts_real(o, "b-to")},
                               .grid = (int)opts_int(o, "grid"),
                               .steps = (int)opts_int(o, "steps"),
                               .state = opts_real(o, "state"),
                               .target = opts_real(o, "target"),
                               .start = {opts_real(o, "start-w"), opts_real(o, "start-b")},
                               .rate = opts_real(o, "rate"),
                               .clip = opts_real(o, "clip"),
                               .updates = (int)opts_int(o, "updates")};
    surface s;
    int code = check(&plan);

    if (code != OPT_GO_ON)
        return code;
    const rc_status status = surface_new(&s, &plan);
    if (status == RC_OK)
        code = show(o, &s);
    else
        code = status == RC_ENOMEM ? say_out_of_memory() : say_library_failure();
    surface_free(&s);
    return code;
}

const command cmd_surface = {
    .name = "surface",
    .usage = "[options]",
    .summary = "draw the error surface of a recurrent network of one unit",
    .example = "recur surface --svg surface.svg\n"
               "recur surface --tsv --grid 200 > surface.tsv",
    .about =
        "The network h_t = w sigmoid(h_t-1) + b of Pascanu, Mikolov and Bengio 2013 (figure 6):"
        " its error over w and b has a cliff, where gradient descent is thrown far off and"
        " descent with a clipped norm is not. Errors and gradients come from the library's"
        " graph.",
    .options = options,
    .run = run,
};
