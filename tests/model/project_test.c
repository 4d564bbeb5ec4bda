/* project_test.c -- principal components of points on a known plane, t-SNE of two clusters, and
 * what has no picture.
 */
#include "model/toy.h"

enum { MOST = 40, WIDE = 24 };

static const int64_t all[MOST] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13,
                                  14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
                                  28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39};

/* Vectors w0, w1, ... as a file; 17 digits hold a double. */
static rc_vectors *vectors(int64_t n, int64_t dim, const double *x)
{
    rcb_buf text = {0};
    rc_vectors *v;

    for (int64_t i = 0; i < n; i++) {
        CHECK_STATUS(rcb_buf_printf(&text, "w%d", (int)i), RC_OK);
        for (int64_t k = 0; k < dim; k++)
            CHECK_STATUS(rcb_buf_printf(&text, " %.17g", x[i * dim + k]), RC_OK);
        CHECK_STATUS(rcb_buf_puts(&text, "\n"), RC_OK);
    }
    CHECK_STATUS(rc_vectors_open(&v, toy_file("v.vec", text.p)), RC_OK);
    rcb_buf_free(&text);
    return v;
}

/* Two directions of length 1 at right angles. */
static void pick_plane(int64_t dim, double *a, double *b)
{
    double aa = 0, ab = 0, bb = 0;

    for (int64_t k = 0; k < dim; k++) {
        a[k] = (double)pick_real();
        b[k] = (double)pick_real();
        aa += a[k] * a[k];
    }
    for (int64_t k = 0; k < dim; k++) {
        a[k] /= sqrt(aa);
        ab += a[k] * b[k];
    }
    for (int64_t k = 0; k < dim; k++) {
        b[k] -= ab * a[k];
        bb += b[k] * b[k];
    }
    for (int64_t k = 0; k < dim; k++)
        b[k] /= sqrt(bb);
}

/* Places without correlation, x wider than y, around 0. */
static void pick_places(int64_t n, rc_place *at, double *xx, double *yy)
{
    rc_place mean = {0, 0};
    double xy = 0;

    for (int64_t i = 0; i < n; i++) {
        at[i] = (rc_place){3 * (double)pick_real(), (double)pick_real()};
        mean.x += at[i].x / (double)n;
        mean.y += at[i].y / (double)n;
    }
    *xx = *yy = 0;
    for (int64_t i = 0; i < n; i++) {
        at[i].x -= mean.x;
        at[i].y -= mean.y;
        *xx += at[i].x * at[i].x;
        xy += at[i].x * at[i].y;
    }
    for (int64_t i = 0; i < n; i++) {
        at[i].y -= xy / *xx * at[i].x;
        *yy += at[i].y * at[i].y;
    }
}

static double farthest(int64_t n, const rc_place *at, bool y)
{
    double most = 0;

    for (int64_t i = 0; i < n; i++) {
        const double x = y ? at[i].y : at[i].x;

        most = fabs(x) > fabs(most) ? x : most;
    }
    return most;
}

/* With fewer words than numbers, and with more. */
static void the_plane_of_points_is_found(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 60; trial++) {
        const int64_t n = pick(5, MOST), dim = pick(2, WIDE);
        double x[MOST * WIDE], a[WIDE], b[WIDE], xx, yy;
        rc_place at[MOST], got[MOST];
        rc_projection about;

        pick_plane(dim, a, b);
        pick_places(n, at, &xx, &yy);
        if (!(yy < 0.9 * xx))
            continue;
        for (int64_t i = 0; i < n * dim; i++)
            x[i] = at[i / dim].x * a[i % dim] + at[i / dim].y * b[i % dim] + (double)(i % dim);
        rc_vectors *v = vectors(n, dim, x);
        CHECK_STATUS(rc_vectors_project(v, all, n, NULL, got, &about), RC_OK);
        rc_vectors_free(v);
        const double sx = farthest(n, at, false) < 0 ? -1 : 1,
                     sy = farthest(n, at, true) < 0 ? -1 : 1;
        for (int64_t i = 0; i < n; i++) { /* files hold floats */
            CHECK_NEAR(got[i].x, sx * at[i].x, 2e-5);
            CHECK_NEAR(got[i].y, sy * at[i].y, 2e-5);
        }
        CHECK_NEAR(about.share[0], xx / (xx + yy), 1e-6);
        CHECK_NEAR(about.share[1], yy / (xx + yy), 1e-6);
        assert_true(isnan(about.perplexity) && isnan(about.divergence));
    }
}

static void points_that_are_exact_are_found_exactly(void **unused)
{
    (void)unused;
    /* x along (0.6, 0.8, 0), y along (0, 0, 1) */
    const double x[] = {6, 8, 0, -6, -8, 0, 0, 0, 5, 0, 0, -5, 3, 4, 0, -3, -4, 0};
    const rc_place want[] = {{10, 0}, {-10, 0}, {0, 5}, {0, -5}, {5, 0}, {-5, 0}};
    rc_vectors *v = vectors(6, 3, x);
    rc_place got[6], again[6];
    rc_projection about, same;

    CHECK_STATUS(rc_vectors_project(v, all, 6, NULL, got, &about), RC_OK);
    for (int i = 0; i < 6; i++) {
        CHECK_NEAR(got[i].x, want[i].x, 1e-12);
        CHECK_NEAR(got[i].y, want[i].y, 1e-12);
    }
    CHECK_NEAR(about.share[0], 250.0 / 300, 1e-14);
    CHECK_NEAR(about.share[1], 50.0 / 300, 1e-14);
    CHECK_STATUS(rc_vectors_project(v, all, 6, NULL, again, &same), RC_OK);
    assert_memory_equal(got, again, sizeof got);
    const int64_t some[] = {3, 0, 0, 2, 1}; /* a word may come again, in any order */
    CHECK_STATUS(rc_vectors_project(v, some, 5, NULL, got, &about), RC_OK);
    assert_true(got[1].x == got[2].x && got[1].y == got[2].y);
    rc_vectors_free(v);
}

static void a_line_has_no_second_axis(void **unused)
{
    (void)unused;
    const double x[] = {1, 2, 2, 4, 3, 6, 5, 10}, numbers[] = {1, 2, 4, 9};
    rc_place got[4];
    rc_projection about;
    rc_vectors *v = vectors(4, 2, x);

    CHECK_STATUS(rc_vectors_project(v, all, 4, NULL, got, &about), RC_OK);
    CHECK_NEAR(about.share[0], 1, 1e-14);
    assert_true(about.share[1] == 0);
    for (int i = 0; i < 4; i++) {
        CHECK_NEAR(got[i].x, sqrt(5) * (x[2 * i] - 2.75), 1e-12);
        assert_true(got[i].y == 0);
    }
    rc_vectors_free(v);
    v = vectors(4, 1, numbers);
    CHECK_STATUS(rc_vectors_project(v, all, 4, NULL, got, &about), RC_OK);
    for (int i = 0; i < 4; i++) {
        CHECK_NEAR(got[i].x, numbers[i] - 4, 1e-12);
        assert_true(got[i].y == 0);
    }
    rc_vectors_free(v);
}

/* What differs in length alone is the same once it has length 1; zeros stay. */
static void vectors_may_be_made_of_one_length(void **unused)
{
    (void)unused;
    const double x[] = {1, 0, 7, 0, 0, 2, 0, 0};
    rc_project_options o = rc_project_options_default();
    rc_vectors *v = vectors(4, 2, x);
    rc_place got[4];
    rc_projection about;

    o.unit = true;
    CHECK_STATUS(rc_vectors_project(v, all, 4, &o, got, &about), RC_OK);
    CHECK_NEAR(got[0].x, got[1].x, 1e-14);
    CHECK_NEAR(got[0].y, got[1].y, 1e-14);
    CHECK_NEAR(hypot(got[0].x - got[2].x, got[0].y - got[2].y), sqrt(2), 1e-12);
    CHECK_NEAR(hypot(got[3].x - got[2].x, got[3].y - got[2].y), 1, 1e-12);
    rc_vectors_free(v);
}

/* ---- t-SNE ------------------------------------------------------------------------------- */

static rc_vectors *two_clusters(int64_t n)
{
    double x[MOST * 3];

    (void)check_seed();
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < 3; k++)
            x[3 * i + k] = (double)pick_real() + (i % 2 ? 20 : 0);
    return vectors(n, 3, x);
}

static void far_clusters_stay_apart(void **unused)
{
    (void)unused;
    rc_project_options o = rc_project_options_default();
    rc_vectors *v = two_clusters(MOST);
    rc_place got[MOST], again[MOST];
    rc_projection about, first;

    o.method = "tsne";
    o.threads = 1;
    CHECK_STATUS(rc_vectors_project(v, all, MOST, &o, got, &about), RC_OK);
    CHECK_NEAR(about.perplexity, 13, 1e-12); /* 30, or a third of the others */
    assert_true(isnan(about.share[0]) && isnan(about.share[1]));
    for (int i = 0; i < MOST; i++)
        for (int j = 0; j < MOST; j++)
            for (int k = 0; k < MOST; k++)
                if (i % 2 == j % 2 && i % 2 != k % 2)
                    assert_true(hypot(got[i].x - got[j].x, got[i].y - got[j].y) <
                                hypot(got[i].x - got[k].x, got[i].y - got[k].y));
    o.threads = 3;
    CHECK_STATUS(rc_vectors_project(v, all, MOST, &o, again, &first), RC_OK);
    assert_memory_equal(got, again, sizeof got);
    o.steps = 1;
    CHECK_STATUS(rc_vectors_project(v, all, MOST, &o, again, &first), RC_OK);
    assert_true(about.divergence > 0 && about.divergence < 0.5 * first.divergence);
    rc_vectors_free(v);
}

/* Few words, and words on one spot, are no reason to run away. */
static void small_pictures_stay_finite(void **unused)
{
    (void)unused;
    rc_project_options o = rc_project_options_default();

    o.method = "tsne";
    for (int64_t n = 4; n <= 12; n += 2) {
        rc_vectors *v = two_clusters(n);
        const int64_t twice[] = {0, 1, 2, 3, 0, 1};
        rc_place got[MOST];
        rc_projection about;

        CHECK_STATUS(rc_vectors_project(v, all, n, &o, got, &about), RC_OK);
        assert_true(isfinite(about.divergence) && about.divergence >= 0);
        for (int64_t i = 0; i < n; i++)
            assert_true(fabs(got[i].x) < 1e4 && fabs(got[i].y) < 1e4);
        CHECK_STATUS(rc_vectors_project(v, twice, 6, &o, got, &about), RC_OK);
        assert_true(isfinite(about.divergence) && isfinite(got[0].x) && got[0].x == got[4].x);
        rc_vectors_free(v);
    }
}

static void refused(const rc_vectors *v, int64_t n, const char *method, double perplexity,
                    const char *words)
{
    rc_project_options o = rc_project_options_default();
    rc_place got[MOST];
    rc_projection about;

    o.method = method;
    o.perplexity = perplexity;
    CHECK_STATUS(rc_vectors_project(v, all, n, &o, got, &about), RC_EINVAL);
    CHECK_MESSAGE_HAS(words);
}

static void what_has_no_picture_is_refused(void **unused)
{
    (void)unused;
    const double same[] = {0.1, 0.3, 0.1, 0.3, 0.1, 0.3};
    rc_vectors *v = two_clusters(MOST);
    rc_place got[MOST];
    rc_projection about;
    const int64_t beyond[] = {0, 1, MOST};

    refused(v, 2, "pca", 0, "a picture of 2 words: it needs 3");
    refused(v, 3, "tsne", 0, "t-SNE of 3 words: from 4 to 5000 are possible");
    refused(v, RC_TSNE_MOST + 1, "tsne", 0, "t-SNE of 5001 words");
    refused(v, MOST, "tsne", 13.1, "perplexity 13.1 of 40 words: it must be from 1 to 13");
    refused(v, MOST, "tsne", 0.9, "perplexity 0.9");
    refused(v, MOST, "tsne", -1, "perplexity -1");
    refused(v, MOST, "tsne", (double)NAN, "perplexity nan");
    refused(v, MOST, "tnse", 0, "'tnse'");
    CHECK_STATUS(rc_vectors_project(v, beyond, 3, NULL, got, &about), RC_EINVAL);
    rc_vectors_free(v);
    v = vectors(3, 2, same);
    CHECK_STATUS(rc_vectors_project(v, all, 3, NULL, got, &about), RC_EDATA);
    CHECK_MESSAGE_HAS("all the same");
    rc_vectors_free(v);
}

static rc_status attempt(void *ctx)
{
    rc_project_options o = rc_project_options_default();
    rc_place got[8];
    rc_projection about;

    o.method = "tsne";
    o.steps = 2;
    o.threads = 2;
    return rc_vectors_project(ctx, all, 8, &o, got, &about);
}

static void memory_may_run_out(void **unused)
{
    (void)unused;
    rc_vectors *v = two_clusters(8);

    CHECK_EACH_ALLOCATION(attempt, v);
    rc_vectors_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plane_of_points_is_found),
        cmocka_unit_test(points_that_are_exact_are_found_exactly),
        cmocka_unit_test(a_line_has_no_second_axis),
        cmocka_unit_test(vectors_may_be_made_of_one_length),
        cmocka_unit_test(far_clusters_stay_apart),
        cmocka_unit_test(small_pictures_stay_finite),
        cmocka_unit_test(what_has_no_picture_is_refused),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("project", tests, NULL, NULL);
}
