/*
 * Checksums that tell one piece of data from another: 128 bits of MurmurHash3, which
 * reads a film as fast as a disk delivers it. They notice damage and edits, not
 * forgery. For what does not lie in one piece, use av_murmur3_*() itself: the bytes
 * are the same.
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
