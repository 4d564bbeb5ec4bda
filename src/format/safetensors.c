/* safetensors.c -- what reading and writing the safetensors format share: element types, sizes and
 * the two checksums.
 *
 *   8 bytes   length H of the header, little-endian
 *   H bytes   JSON: {"__metadata__": {word: word}, name: {"dtype", "shape", "data_offsets"}, ...},
 *             filled up with spaces
 *   the rest  the tensors, row-major, little-endian, without holes
 *
 * Follows the format of the safetensors project, whose own readers open what is written here. Two
 * words of the metadata are ours: CRC-32 of the data section, and of the header with the digits of
 * this very number taken as zeros. They catch every flipped bit.
 */
#include "format/format_in.h"

#include <string.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tensors are used as they lie in the file, which is little-endian"
#endif

static const struct dtype {
    const char *word;
    size_t bytes;
} dtypes[RCF_DTYPE_COUNT] = {
#define DTYPE_ENTRY(code, word, bytes) [code] = {word, bytes},
    RCF_DTYPE_MAP(DTYPE_ENTRY)
#undef DTYPE_ENTRY
};

const char *rcf_dtype_word(rcf_dtype t)
{
    assert((unsigned)t < RCF_DTYPE_COUNT);
    return dtypes[t].word;
}

size_t rcf_dtype_bytes(rcf_dtype t)
{
    assert((unsigned)t < RCF_DTYPE_COUNT);
    return dtypes[t].bytes;
}

bool rcf_tensor_bytes(const rcf_tensor *t, size_t *bytes)
{
    *bytes = dtypes[t->dtype].bytes;
    for (int i = 0; i < t->rank; i++)
        if (t->dim[i] < 0 || (uint64_t)t->dim[i] > SIZE_MAX ||
            !rcb_mul(*bytes, (size_t)t->dim[i], bytes))
            return false;
    return true;
}

void rcf_crc_print(char digits[RCF_CRC_DIGITS + 1], uint32_t crc)
{
    for (int i = 0; i < RCF_CRC_DIGITS; i++)
        digits[i] = "0123456789abcdef"[(crc >> (4 * (RCF_CRC_DIGITS - 1 - i))) & 0xF];
    digits[RCF_CRC_DIGITS] = '\0';
}

uint32_t rcf_crc_header(const unsigned char *header, size_t n, size_t digits)
{
    static const char zeros[RCF_CRC_DIGITS] = {'0', '0', '0', '0', '0', '0', '0', '0'};
    uint32_t crc = rcb_crc32(0, header, digits);

    crc = rcb_crc32(crc, zeros, RCF_CRC_DIGITS);
    return rcb_crc32(crc, header + digits + RCF_CRC_DIGITS, n - digits - RCF_CRC_DIGITS);
}

#define CRC_HEADER_FIELD "\"" RCF_CRC_HEADER "\":\"" /* what stands before its digits */

bool rcf_crc_find(const unsigned char *header, size_t n, size_t *digits)
{
    const size_t field = sizeof CRC_HEADER_FIELD - 1;

    for (size_t i = 0; n >= field + RCF_CRC_DIGITS && i <= n - field - RCF_CRC_DIGITS; i++) {
        if (memcmp(header + i, CRC_HEADER_FIELD, field) == 0) {
            *digits = i + field;
            return true;
        }
    }
    return false;
}
