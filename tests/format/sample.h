/* sample.h -- what the tests of the safetensors format share: a file with one tensor of every
 * difficult kind, and files made by hand.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "check.h"

#include "format/format.h"

static const float weights[6] = {1, -2, 3.5f, 0, -0.0f, 1e-30f};
static const int8_t signs[3] = {-1, 0, 1};
static const double answer = 42;
static const int64_t longs[2] = {INT64_MIN, INT64_MAX};

/* One tensor of every difficult kind, two words. */
static inline rc_status write_sample(const char *path)
{
    static const rcf_tensor tensors[] = {
        {.name = "rnn.weight",
         .dtype = RCF_F32,
         .rank = 2,
         .dim = {2, 3},
         .data = weights,
         .bytes = 24},
        {.name = "signs", .dtype = RCF_I8, .rank = 1, .dim = {3}, .data = signs, .bytes = 3},
        {.name = "answer", .dtype = RCF_F64, .rank = 0, .data = &answer, .bytes = 8},
        {.name = "nothing", .dtype = RCF_F32, .rank = 3, .dim = {4, 0, 2}},
        {.name = "Gr\xC3\xB6\xC3\x9F\x65 \"\\\n",
         .dtype = RCF_I64,
         .rank = 1,
         .dim = {2},
         .data = longs,
         .bytes = 16},
    };
    rcf_writer *w;

    RC_TRY(rcf_writer_new(&w));
    rc_status s = rcf_writer_meta(w, "recur.config", "{\"hidden\":2}");
    for (size_t i = 0; s == RC_OK && i < sizeof tensors / sizeof *tensors; i++)
        s = rcf_writer_add(w, &tensors[i]);
    if (s == RC_OK)
        s = rcf_writer_meta(w, "note", "\xE2\x82\xAC \"quoted\"\n");
    if (s == RC_OK)
        s = rcf_writer_save(w, path);
    rcf_writer_free(w);
    return s;
}

/* The bytes of the sample file; the caller frees them. */
static inline unsigned char *sample_bytes(size_t *n)
{
    const char *path = check_temp_path("sample.safetensors");
    rcb_bytes b;

    CHECK_STATUS(write_sample(path), RC_OK);
    CHECK_STATUS(rcb_file_load(&b, path), RC_OK);

    unsigned char *copy = malloc(b.n);

    assert_non_null(copy);
    memcpy(copy, b.p, b.n);
    *n = b.n;
    rcb_bytes_free(&b);
    return copy;
}

/* A file made by hand: this header, so many bytes of data. Kept at an odd address on purpose. */
static inline rc_status parse_by_hand(rcf_file **out, const char *header, size_t data_n)
{
    static unsigned char room[8192];
    unsigned char *p = room + 1;
    const size_t n = strlen(header);

    assert_true(9 + n + data_n <= sizeof room);
    for (int i = 0; i < 8; i++)
        p[i] = (unsigned char)((uint64_t)n >> 8 * i);
    memcpy(p + 8, header, n);
    for (size_t i = 0; i < data_n; i++)
        p[8 + n + i] = (unsigned char)i;
    return rcf_file_parse(out, "by hand", p, 8 + n + data_n, NULL);
}

#endif
