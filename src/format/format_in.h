/* format_in.h -- what the files of this room share and no other room sees: the numbers and words of
 * the safetensors format (safetensors.c), which its reader and its writer must agree on.
 */
#ifndef RCF_FORMAT_IN_H
#define RCF_FORMAT_IN_H

#include "format/format.h"

enum {
    RCF_PREFIX = 8,               /* bytes of the length of the header */
    RCF_HEADER_LIMIT = 100000000, /* as in the reference implementation */
    RCF_CRC_DIGITS = 8,           /* of a checksum */
};

#define RCF_META "__metadata__"
#define RCF_CRC_DATA "recur.crc32.data"
#define RCF_CRC_HEADER "recur.crc32.header"

/* The bytes that a tensor of this type and shape takes; false on overflow. */
bool rcf_tensor_bytes(const rcf_tensor *t, size_t *bytes);

void rcf_crc_print(char digits[RCF_CRC_DIGITS + 1], uint32_t crc);
/* CRC-32 of a header with the digits at `digits` taken as zeros. */
uint32_t rcf_crc_header(const unsigned char *header, size_t n, size_t digits);
/* Where the digits of the header's checksum begin; false if they are not where they should be. The
 * field cannot occur inside a word, where its quotes would be escaped. */
bool rcf_crc_find(const unsigned char *header, size_t n, size_t *digits);

#endif
