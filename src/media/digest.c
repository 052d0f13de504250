/* MurmurHash3 of one piece, and as text. */
#include "media/digest.h"

#include <stdio.h>

#include <libavutil/mem.h>
#include <libavutil/murmur3.h>

#include "base/err.h"
#include "base/log.h"

int digest_of(const void *data, size_t size, uint8_t out[DIGEST_SIZE])
{
    struct AVMurMur3 *sum = av_murmur3_alloc();
    if (!sum) {
        log_error("out of memory");
        return RIFEC_ERR_NOMEM;
    }
    av_murmur3_init(sum);
    av_murmur3_update(sum, data, size);
    av_murmur3_final(sum, out);
    av_free(sum);
    return 0;
}

void digest_text(const uint8_t digest[DIGEST_SIZE], char out[DIGEST_TEXT])
{
    for (int i = 0; i < DIGEST_SIZE; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}
