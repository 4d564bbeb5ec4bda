/* buf.c -- a growing string of bytes, and the checksum of bytes.
 *
 * A buffer that has been added to is always followed by a 0, so text in it is a C string; a failed
 * addition leaves it as it was. CRC-32 is the one of zlib, gzip and PNG, eight bytes at a time.
 */
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Room for n more bytes and the 0. */
static rc_status reserve(rcb_buf *b, size_t n)
{
    size_t need;

    if (!rcb_add(b->n, n, &need) || !rcb_add(need, 1, &need))
        return RC_FAIL(RC_ENOMEM, "out of memory: cannot add %zu bytes to %zu", n, b->n);
    if (need <= b->cap)
        return RC_OK;

    size_t cap = b->cap < 64 ? 64 : b->cap;

    if (!rcb_add(cap, cap / 2, &cap) || cap < need)
        cap = need;

    char *p = rcb_realloc(b->p, b->n, cap, 1);

    if (!p)
        return RC_ENOMEM;
    b->p = p;
    b->cap = cap;
    return RC_OK;
}

rc_status rcb_buf_add(rcb_buf *b, const void *bytes, size_t n)
{
    RC_TRY(reserve(b, n));
    if (n > 0)
        memcpy(b->p + b->n, bytes, n);
    b->n += n;
    b->p[b->n] = '\0';
    return RC_OK;
}

rc_status rcb_buf_puts(rcb_buf *b, const char *s)
{
    return rcb_buf_add(b, s, strlen(s));
}

rc_status rcb_buf_printf(rcb_buf *b, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    const int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0)
        return RC_FAIL(RC_EINVAL, "cannot format text by '%s'", fmt);
    RC_TRY(reserve(b, (size_t)n));

    va_start(args, fmt);
    (void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, args);
    va_end(args);
    b->n += (size_t)n;
    return RC_OK;
}

void rcb_buf_clear(rcb_buf *b)
{
    b->n = 0;
    if (b->p)
        b->p[0] = '\0';
}

void rcb_buf_free(rcb_buf *b)
{
    rcb_free(b->p);
    *b = (rcb_buf){0};
}

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

uint32_t rcb_crc32(uint32_t crc, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;

    crc = ~crc;
    for (; n >= 16; n -= 16, p += 16)
        crc = four(crc ^ little_endian(p), 12) ^ four(little_endian(p + 4), 8) ^
              four(little_endian(p + 8), 4) ^ four(little_endian(p + 12), 0);
    for (; n > 0; n--, p++)
        crc = crc >> 8 ^ slice[0][(crc ^ *p) & 255];
    return ~crc;
}
