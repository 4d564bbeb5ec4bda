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
static const uint32_t slice[8][256] = {
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
};
/* clang-format on */

static uint32_t little_endian(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t rcb_crc32(uint32_t crc, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;

    crc = ~crc;
    for (; n >= 8; n -= 8, p += 8) {
        const uint32_t a = crc ^ little_endian(p);
        const uint32_t b = little_endian(p + 4);

        crc = slice[7][a & 255] ^ slice[6][a >> 8 & 255] ^ slice[5][a >> 16 & 255] ^
              slice[4][a >> 24] ^ slice[3][b & 255] ^ slice[2][b >> 8 & 255] ^
              slice[1][b >> 16 & 255] ^ slice[0][b >> 24];
    }
    for (; n > 0; n--, p++)
        crc = crc >> 8 ^ slice[0][(crc ^ *p) & 255];
    return ~crc;
}
