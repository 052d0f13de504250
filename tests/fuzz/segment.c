/*
 * Segments of --resume: an input as it is, and with correct checksums and length, so that
 * the parts behind the checksums are reached.
 */
#include <string.h>

#include <libavutil/intreadwrite.h>
#include <libavutil/mem.h>
#include <libavutil/murmur3.h>

#include "fuzz.h"
#include "media/out/segment.h"

#define HEADER_BYTES 96

static void put_digest(uint8_t *at, const uint8_t *data, size_t size)
{
    int err = digest_of(data, size, at);
    MUST(err == 0);
}

/* The records must lie within the data; the rest stays unchanged. */
static void seal(uint8_t *data, size_t size)
{
    struct AVMurMur3 *all = av_murmur3_alloc();
    MUST(all);
    if (size < HEADER_BYTES)
        return av_free(all);
    av_murmur3_init(all);
    size_t at = HEADER_BYTES;
    for (uint32_t i = 0; i < AV_RL32(data + 36) && size - at >= 4; i++) {
        size_t body = AV_RL32(data + at);
        if (body > size || size - at < 4 + body + DIGEST_SIZE)
            break;
        put_digest(data + at + 4 + body, data + at, 4 + body);
        av_murmur3_update(all, data + at + 4 + body, DIGEST_SIZE);
        at += 4 + body + DIGEST_SIZE;
    }
    AV_WL64(data + 56, (uint64_t)size);
    av_murmur3_final(all, data + 64);
    put_digest(data + 80, data, 80);
    av_free(all);
}

/* A segment that was found complete can be read to its end. */
static void read_all(const char *path)
{
    struct segment_reader *s;
    struct segment_head head;
    enum segment_state state;
    AVPacket *pkt = NULL;
    char why[80];
    int err = segment_open(&s, path, &head, &state, why);
    MUST(err == 0 && state == SEGMENT_WHOLE);
    do {
        av_packet_free(&pkt);
        err = segment_read(s, &pkt);
        MUST(err == 0);
    } while (pkt);
    segment_close(&s);
}

static void try_file(const uint8_t *data, size_t size)
{
    struct segment_head head;
    enum segment_state state;
    char why[80] = "";
    const char *path = fuzz_file(data, size);
    int err = segment_check(path, &head, &state, why);
    MUST(err == 0 && state != SEGMENT_ABSENT);
    if (state == SEGMENT_WHOLE)
        read_all(path);
    else
        MUST(state == SEGMENT_OLD || (why[0] && memchr(why, 0, sizeof why)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = fuzz_copy(data, size);
    fuzz_begin();
    try_file(copy, size);
    seal(copy, size);
    try_file(copy, size);
    free(copy);
    return 0;
}
