/* SHA-256 (FIPS 180-4), to name a weights file in logs and statistics. */
#ifndef RIFEC_MODEL_SHA256_H
#define RIFEC_MODEL_SHA256_H

#include <stddef.h>

/* Writes 64 hexadecimal digits and a zero. */
void sha256_hex(const void *data, size_t bytes, char out[65]);

#endif
