/*
 * Checksums that identify data: 128 bits of MurmurHash3, which is as fast as a disk. They
 * detect damage and edits, not forgery. For data in several pieces, use av_murmur3_*()
 * itself; the result is the same.
 */
#ifndef RIFEC_MEDIA_DIGEST_H
#define RIFEC_MEDIA_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE 16
#define DIGEST_TEXT 33 /* as hexadecimal digits, with the NUL */

/* Errors: NOMEM. */
int digest_of(const void *data, size_t size, uint8_t out[DIGEST_SIZE]);

void digest_text(const uint8_t digest[DIGEST_SIZE], char out[DIGEST_TEXT]);

#endif
