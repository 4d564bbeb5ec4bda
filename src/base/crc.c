/* crc.c -- CRC-32 as zlib, gzip and PNG have it, of bytes anywhere and of pieces put together.
 *
 * By tables sixteen bytes at a time, which is also the oracle; where the processor multiplies
 * without carry, by folding 64 bytes at a time (Gopal et al., "Fast CRC Computation for Generic
 * Polynomials Using PCLMULQDQ Instruction", Intel 2009). A remainder is linear in the bytes, so the
 * pieces of many bytes are divided by several workers and joined, to the same number.
 *
 * Bits are reflected, as the polynomial is usually written: bit 31 - i of a word is that of x^i.
 */
#include "base/base.h"

#include <limits.h>
#include <stdatomic.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* CRC tables by the compiler. A remainder is linear in its bits, so the remainder of byte i is the
 * xor of those of its bits; slice[k] is for a byte followed by k more bytes. */
#define BYTE(i, a, b, c, d, e, f, g, h)                                                            \
    (((i)&1 ? a : 0) ^ ((i)&2 ? b : 0) ^ ((i)&4 ? c : 0) ^ ((i)&8 ? d : 0) ^ ((i)&16 ? e : 0) ^    \
     ((i)&32 ? f : 0) ^ ((i)&64 ? g : 0) ^ ((i)&128 ? h : 0))
#define BYTES4(i, ...)                                                                             \
    BYTE(i, __VA_ARGS__), BYTE((i) + 1, __VA_ARGS__), BYTE((i) + 2, __VA_ARGS__),                  \
        BYTE((i) + 3, __VA_ARGS__)
#define BYTES16(i, ...)                                                                            \
    BYTES4(i, __VA_ARGS__), BYTES4((i) + 4, __VA_ARGS__), BYTES4((i) + 8, __VA_ARGS__),            \
        BYTES4((i) + 12, __VA_ARGS__)
#define BYTES64(i, ...)                                                                            \
    BYTES16(i, __VA_ARGS__), BYTES16((i) + 16, __VA_ARGS__), BYTES16((i) + 32, __VA_ARGS__),       \
        BYTES16((i) + 48, __VA_ARGS__)
#define SLICE(...)                                                                                 \
    {                                                                                              \
        BYTES64(0, __VA_ARGS__), BYTES64(64, __VA_ARGS__), BYTES64(128, __VA_ARGS__),              \
            BYTES64(192, __VA_ARGS__)                                                              \
    }

/* clang-format off */
static const uint32_t slice[16][256] = {
    SLICE(0x77073096, 0xEE0E612C, 0x076DC419, 0x0EDB8832,
          0x1DB71064, 0x3B6E20C8, 0x76DC4190, 0xEDB88320),
    SLICE(0x191B3141, 0x32366282, 0x646CC504, 0xC8D98A08,
          0x4AC21251, 0x958424A2, 0xF0794F05, 0x3B83984B),
    SLICE(0x01C26A37, 0x0384D46E, 0x0709A8DC, 0x0E1351B8,
          0x1C26A370, 0x384D46E0, 0x709A8DC0, 0xE1351B80),
    SLICE(0xB8BC6765, 0xAA09C88B, 0x8F629757, 0xC5B428EF,
          0x5019579F, 0xA032AF3E, 0x9B14583D, 0xED59B63B),
    SLICE(0x3D6029B0, 0x7AC05360, 0xF580A6C0, 0x30704BC1,
          0x60E09782, 0xC1C12F04, 0x58F35849, 0xB1E6B092),
    SLICE(0xCB5CD3A5, 0x4DC8A10B, 0x9B914216, 0xEC53826D,
          0x03D6029B, 0x07AC0536, 0x0F580A6C, 0x1EB014D8),
    SLICE(0xA6770BB4, 0x979F1129, 0xF44F2413, 0x33EF4E67,
          0x67DE9CCE, 0xCFBD399C, 0x440B7579, 0x8816EAF2),
    SLICE(0xCCAA009E, 0x4225077D, 0x844A0EFA, 0xD3E51BB5,
          0x7CBB312B, 0xF9766256, 0x299DC2ED, 0x533B85DA),
    SLICE(0x177B1443, 0x2EF62886, 0x5DEC510C, 0xBBD8A218,
          0xACC04271, 0x82F182A3, 0xDE920307, 0x6655004F),
    SLICE(0xEFC26B3E, 0x04F5D03D, 0x09EBA07A, 0x13D740F4,
          0x27AE81E8, 0x4F5D03D0, 0x9EBA07A0, 0xE6050901),
    SLICE(0xC18EDFC0, 0x586CB9C1, 0xB0D97382, 0xBAC3E145,
          0xAEF6C4CB, 0x869C8FD7, 0xD64819EF, 0x77E1359F),
    SLICE(0x9BA54C6F, 0xEC3B9E9F, 0x03063B7F, 0x060C76FE,
          0x0C18EDFC, 0x1831DBF8, 0x3063B7F0, 0x60C76FE0),
    SLICE(0xDD96D985, 0x605CB54B, 0xC0B96A96, 0x5A03D36D,
          0xB407A6DA, 0xB37E4BF5, 0xBD8D91AB, 0xA06A2517),
    SLICE(0x9D0FE176, 0xE16EC4AD, 0x19AC8F1B, 0x33591E36,
          0x66B23C6C, 0xCD6478D8, 0x41B9F7F1, 0x8373EFE2),
    SLICE(0xB9FBDBE8, 0xA886B191, 0x8A7C6563, 0xCF89CC87,
          0x44629F4F, 0x88C53E9E, 0xCAFB7B7D, 0x4E87F0BB),
    SLICE(0xAE689191, 0x87A02563, 0xD4314C87, 0x73139F4F,
          0xE6273E9E, 0x173F7B7D, 0x2E7EF6FA, 0x5CFDEDF4),
};
/* clang-format on */

static uint32_t little_endian(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The remainder of four bytes of which the first is followed by `after` + 3 more. */
static uint32_t four(uint32_t word, int after)
{
    return slice[after + 3][word & 255] ^ slice[after + 2][word >> 8 & 255] ^
           slice[after + 1][word >> 16 & 255] ^ slice[after][word >> 24];
}

/* Divide on from the register `crc`, which is not inverted here. */
static uint32_t by_tables(uint32_t crc, const unsigned char *p, size_t n)
{
    for (; n >= 16; n -= 16, p += 16)
        crc = four(crc ^ little_endian(p), 12) ^ four(little_endian(p + 4), 8) ^
              four(little_endian(p + 8), 4) ^ four(little_endian(p + 12), 0);
    for (; n > 0; n--, p++)
        crc = crc >> 8 ^ slice[0][(crc ^ *p) & 255];
    return crc;
}

uint32_t rcb_crc32_by_tables(uint32_t crc, const void *bytes, size_t n)
{
    return ~by_tables(~crc, bytes, n);
}

#if defined(__x86_64__)
#define CARRYLESS __attribute__((target("pclmul")))

enum {
    RUNS = 64,   /* bytes that four runs begin with: the least that can be folded */
    AHEAD = 2048 /* bytes fetched early: alone the processor stops at the end of every page */
};

/* The bytes of x moved past those of y: x times a power of the polynomial's variable, modulo the
 * polynomial, whose low and high half are in `by`; 16 bytes with the same remainder. */
CARRYLESS static __m128i fold(__m128i x, __m128i y, __m128i by)
{
    const __m128i low = _mm_clmulepi64_si128(x, by, 0x00);
    const __m128i high = _mm_clmulepi64_si128(x, by, 0x11);

    return _mm_xor_si128(_mm_xor_si128(low, high), y);
}

CARRYLESS static __m128i load(const unsigned char *p)
{
    return _mm_loadu_si128((const __m128i *)p);
}

/* n is RUNS at least. Four runs of every fourth 16 bytes until fewer than RUNS are left, then one;
 * what has been folded is a text of 16 bytes with the same remainder, and the tables finish it. */
CARRYLESS static uint32_t by_folding(uint32_t crc, const unsigned char *p, size_t n)
{
    /* x^(512 + 32), x^(512 - 32), x^(128 + 32), x^(128 - 32) modulo the polynomial, shifted by 1 */
    const __m128i by_64 = _mm_set_epi64x(0x1C6E41596, 0x154442BD4);
    const __m128i by_16 = _mm_set_epi64x(0x0CCAA009E, 0x1751997D0);
    unsigned char rest[16];
    __m128i a = _mm_xor_si128(load(p), _mm_cvtsi32_si128((int)crc));
    __m128i b = load(p + 16), c = load(p + 32), d = load(p + 48);

    for (p += RUNS, n -= RUNS; n >= RUNS; p += RUNS, n -= RUNS) {
        _mm_prefetch((const char *)((uintptr_t)p + AHEAD), _MM_HINT_T0); /* perhaps past the end */
        a = fold(a, load(p), by_64);
        b = fold(b, load(p + 16), by_64);
        c = fold(c, load(p + 32), by_64);
        d = fold(d, load(p + 48), by_64);
    }
    a = fold(fold(fold(a, b, by_16), c, by_16), d, by_16);
    for (; n >= 16; p += 16, n -= 16)
        a = fold(a, load(p), by_16);
    _mm_storeu_si128((__m128i *)rest, a);
    return by_tables(by_tables(0, rest, sizeof rest), p, n);
}

uint32_t rcb_crc32(uint32_t crc, const void *bytes, size_t n)
{
    if (n >= RUNS && rcb_has_carryless())
        return ~by_folding(~crc, bytes, n);
    return rcb_crc32_by_tables(crc, bytes, n);
}
#else
uint32_t rcb_crc32(uint32_t crc, const void *bytes, size_t n)
{
    return rcb_crc32_by_tables(crc, bytes, n);
}
#endif

uint32_t rcb_crc32c(uint32_t crc, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;

    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0x82F63B78 & (0 - (crc & 1)));
    }
    return ~crc;
}

/* ---- pieces ------------------------------------------------------------------------------ */

/* a * b modulo the polynomial. */
static uint32_t times(uint32_t a, uint32_t b)
{
    uint32_t product = 0;

    for (int i = 31; i >= 0; i--) {
        product ^= b & (0 - (a >> i & 1));
        b = b >> 1 ^ (0xEDB88320 & (0 - (b & 1)));
    }
    return product;
}

uint32_t rcb_crc32_join(uint32_t a, uint32_t b, size_t n)
{
    uint32_t power = UINT32_C(1) << 23; /* x^8, then its squares: zeros that stand for bytes of b */

    for (; n > 0; n >>= 1) {
        if (n & 1)
            a = times(a, power);
        power = times(power, power);
    }
    return a ^ b;
}

enum { PIECE = 4 << 20 }; /* bytes a worker takes at a time: joining costs as much as 30 KB */

struct division {
    const unsigned char *p;
    size_t n;
    atomic_size_t next;
    _Atomic uint32_t crc; /* of the pieces divided so far, zeros in the place of the others */
};

static void divide(const rcb_worker *w, void *ctx)
{
    struct division *d = ctx;
    size_t at;

    (void)w;
    while ((at = atomic_fetch_add(&d->next, PIECE)) < d->n) {
        const size_t n = d->n - at < PIECE ? d->n - at : PIECE;
        const uint32_t crc = rcb_crc32(0, d->p + at, n);

        atomic_fetch_xor(&d->crc, rcb_crc32_join(crc, 0, d->n - at - n));
    }
}

uint32_t rcb_crc32_on(rcb_pool *pool, const void *bytes, size_t n)
{
    struct division d = {.p = bytes, .n = n};
    const size_t pieces = n / PIECE + (n % PIECE != 0);

    if (!pool || pieces < 2)
        return rcb_crc32(0, bytes, n);
    rcb_pool_run(pool, pieces < INT_MAX ? (int)pieces : INT_MAX, divide, &d);
    return d.crc;
}
