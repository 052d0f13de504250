/* Selects the rule for each container, and has the rules for containers with a table
 * of their parts in front or with sizes that contain each other. truncation_marks.c
 * has those for containers that consist of many equal parts and end in a mark. */
#include "media/in/truncation.h"

#include <string.h>

#include <libavutil/avstring.h>
#include <libavutil/intfloat.h>
#include <libavutil/intreadwrite.h>

#include "media/avcompat.h"

/* Parts of a file at most that are followed one by one. */
#define PARTS_MAX 4000000

bool truncation_read(AVFormatContext *ctx, int64_t at, void *buf, int n)
{
    return at >= 0 && avio_seek(ctx->pb, at, SEEK_SET) == at &&
           avio_read(ctx->pb, buf, n) == n;
}

enum truncation truncation_look(AVFormatContext *ctx)
{
    static const struct {
        const char *demuxer; /* one of the names in AVInputFormat.name */
        enum truncation (*look)(AVFormatContext *ctx, int64_t size);
    } rules[] = {
        { "mov", truncation_mov },    { "matroska", truncation_matroska },
        { "avi", truncation_avi },    { "flv", truncation_flv },
        { "asf", truncation_asf },    { "mxf", truncation_mxf },
        { "nut", truncation_nut },    { "ogg", truncation_ogg },
        { "mpegts", truncation_ts },  { "mpeg", truncation_ps },
        { "gif", truncation_gif },    { "apng", truncation_png },
        { "mjpeg", truncation_jpeg }, { "jpeg_pipe", truncation_jpeg },
        { "obu", truncation_obu },
    };
    if (!ctx->pb)
        return TRUNCATION_UNKNOWN;
    if (!(ctx->pb->seekable & AVIO_SEEKABLE_NORMAL)) /* this table alone is in memory */
        return av_match_name("mov", ctx->iformat->name)
                   ? truncation_mov(ctx, avio_tell(ctx->pb))
                   : TRUNCATION_UNKNOWN;
    const int64_t size = avio_size(ctx->pb);
    for (size_t i = 0; size > 0 && i < sizeof rules / sizeof *rules; i++)
        if (av_match_name(rules[i].demuxer, ctx->iformat->name))
            return rules[i].look(ctx, size);
    return TRUNCATION_UNKNOWN;
}

/* --- MP4 and QuickTime ---------------------------------------------------- */

/* FFmpeg's table of all samples, of fragments too once they were read. */
static bool samples_are_there(AVFormatContext *ctx, int64_t size)
{
    for (unsigned i = 0; i < ctx->nb_streams; i++) {
        AVStream *st = ctx->streams[i];
        if (st->discard >= AVDISCARD_ALL)
            continue;
        for (int k = avcompat_index_count(st) - 1; k >= 0; k--) {
            const AVIndexEntry *e = avcompat_index_entry(st, k);
            if (e->pos + e->size > size)
                return false;
        }
    }
    return true;
}

/* A fragment whose head is cut has no samples in that table. */
enum truncation truncation_mov(AVFormatContext *ctx, int64_t size)
{
    uint8_t box[16];
    bool fragments = false;
    if (!samples_are_there(ctx, size))
        return TRUNCATION_CUT;
    int64_t at = 0;
    if (!(ctx->pb->seekable & AVIO_SEEKABLE_NORMAL))
        return TRUNCATION_NONE;
    for (int i = 0; i < PARTS_MAX && truncation_read(ctx, at, box, 8); i++) {
        int64_t bytes = AV_RB32(box);
        if (bytes == 1)
            bytes = truncation_read(ctx, at, box, 16) ? (int64_t)AV_RB64(box + 8) : 16;
        fragments = fragments || !memcmp(box + 4, "moof", 4);
        /* The index behind them is not needed. */
        if (fragments && bytes > size - at &&
            (!memcmp(box + 4, "moof", 4) || !memcmp(box + 4, "mdat", 4)))
            return TRUNCATION_CUT;
        if (bytes < 8 || bytes > size - at) /* to the end */
            return TRUNCATION_NONE;
        at += bytes;
    }
    return fragments && at < size ? TRUNCATION_CUT : TRUNCATION_NONE;
}

/* --- Matroska ------------------------------------------------------------- */

/* A number of EBML that follows an identifier: a size. -1: unknown, as it is in what was
 * written to a pipe. */
static int64_t ebml_size(const uint8_t *b, int *length)
{
    int n = 1;
    while (n <= 8 && !(b[0] & 0x80 >> (n - 1)))
        n++;
    *length = n;
    if (n > 8)
        return -1;
    uint64_t value = b[0] & (0xFF >> n), unknown = 0xFF >> n;
    for (int i = 1; i < n; i++) {
        value = value << 8 | b[i];
        unknown = unknown << 8 | 0xFF;
    }
    return value == unknown || value > INT64_MAX / 2 ? -1 : (int64_t)value;
}

enum truncation truncation_matroska(AVFormatContext *ctx, int64_t size)
{
    uint8_t b[12];
    int n;
    if (!truncation_read(ctx, 0, b, 12) || AV_RB32(b) != 0x1A45DFA3)
        return TRUNCATION_UNKNOWN;
    const int64_t head = ebml_size(b + 4, &n), at = 4 + n + head;
    if (head < 0 || !truncation_read(ctx, at, b, 12) || AV_RB32(b) != 0x18538067)
        return TRUNCATION_UNKNOWN;
    const int64_t segment = ebml_size(b + 4, &n);
    if (segment < 0)
        return TRUNCATION_UNKNOWN;
    return segment > size - (at + 4 + n) ? TRUNCATION_CUT : TRUNCATION_NONE;
}

/* --- AVI ------------------------------------------------------------------ */

static bool is_chunk(AVFormatContext *ctx, int64_t at, uint8_t *b)
{
    if (!truncation_read(ctx, at, b, 8))
        return false;
    for (int i = 0; i < 4; i++)
        if (b[i] < 0x20 || b[i] > 0x7E)
            return false;
    return true;
}

/* Checks the packets, chunk by chunk: FFmpeg silently skips invalid ones. */
static enum truncation walk_packets(AVFormatContext *ctx, int64_t at, int64_t end)
{
    uint8_t b[8];
    bool odd = false;
    for (int i = 0; i < PARTS_MAX && at + 8 <= end; i++) {
        /* Some programs do not pad odd sizes. */
        if (!is_chunk(ctx, at, b) && !(odd && is_chunk(ctx, --at, b)))
            return TRUNCATION_GAP;
        const int64_t bytes = AV_RL32(b + 4);
        odd = bytes & 1 && memcmp(b, "LIST", 4);
        at += !memcmp(b, "LIST", 4) ? 12 : 8 + bytes + odd;
    }
    return at > end + 1 ? TRUNCATION_GAP : TRUNCATION_NONE;
}

/* The list of packets in the part from `at` to `end`. */
static enum truncation look_into_riff(AVFormatContext *ctx, int64_t at, int64_t end,
                                      int64_t size)
{
    uint8_t b[12];
    for (int i = 0; i < PARTS_MAX && at + 12 <= end; i++) {
        if (!truncation_read(ctx, at, b, 12))
            return TRUNCATION_CUT;
        const int64_t bytes = AV_RL32(b + 4), next = at + 8 + bytes + (bytes & 1);
        if (!memcmp(b, "LIST", 4) && !memcmp(b + 8, "movi", 4))
            return bytes <= 4              ? TRUNCATION_UNKNOWN /* was never finished */
                   : at + 8 + bytes > size ? TRUNCATION_CUT
                                           : walk_packets(ctx, at + 12, at + 8 + bytes);
        at = next;
    }
    return TRUNCATION_NONE;
}

enum truncation truncation_avi(AVFormatContext *ctx, int64_t size)
{
    uint8_t b[12];
    int64_t at = 0;
    /* Beyond a gigabyte there are several such parts. */
    for (int i = 0; i < PARTS_MAX && truncation_read(ctx, at, b, 12); i++) {
        if (memcmp(b, "RIFF", 4) || memcmp(b + 8, "AVI", 3))
            break;
        const int64_t bytes = AV_RL32(b + 4), end = at + 8 + bytes + (bytes & 1);
        if (!bytes)
            return TRUNCATION_UNKNOWN;
        enum truncation t = look_into_riff(ctx, at + 12, end, size);
        if (t != TRUNCATION_NONE)
            return t;
        at = end;
    }
    return TRUNCATION_NONE;
}

/* --- FLV ------------------------------------------------------------------ */

/* The length that FFmpeg and others write into the first tag when all is done; 0: none.
 */
static int64_t flv_length(AVFormatContext *ctx)
{
    static const char key[] = "\0\010filesize"; /* and a number, as AMF has it */
    uint8_t b[4096];
    if (avio_seek(ctx->pb, 0, SEEK_SET) < 0)
        return 0;
    const int n = avio_read(ctx->pb, b, sizeof b), length = sizeof key - 1;
    for (int i = 0; i + length + 9 <= n; i++)
        if (!memcmp(b + i, key, (size_t)length) && b[i + length] == 0) {
            double bytes = av_int2double(AV_RB64(b + i + length + 1));
            return bytes > 0 && bytes < 1e15 ? (int64_t)bytes : 0;
        }
    return 0;
}

/* Each tag is followed by its size, which some programs omit after the last tag. */
static bool ends_with_tag(AVFormatContext *ctx, int64_t size)
{
    uint8_t b[11];
    if (truncation_read(ctx, size - 4, b, 4)) {
        const int64_t bytes = AV_RB32(b), at = size - 4 - bytes;
        if (bytes > 11 && at > 9 && truncation_read(ctx, at, b, 11) &&
            11 + AV_RB24(b + 1) == bytes)
            return true;
    }
    int64_t at = 9 + 4;
    for (int i = 0; i < PARTS_MAX && truncation_read(ctx, at, b, 11); i++) {
        at += 11 + AV_RB24(b + 1);
        if (at == size)
            return true;
        at += 4;
    }
    return at == size;
}

enum truncation truncation_flv(AVFormatContext *ctx, int64_t size)
{
    const int64_t length = flv_length(ctx);
    if (length > size || !ends_with_tag(ctx, size))
        return TRUNCATION_CUT;
    return length ? TRUNCATION_NONE : TRUNCATION_UNKNOWN;
}

/* --- ASF ------------------------------------------------------------------ */

enum truncation truncation_asf(AVFormatContext *ctx, int64_t size)
{
    static const uint8_t data[16] = { 0x36, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11,
                                      0xA6, 0xD9, 0x00, 0xAA, 0x00, 0x62, 0xCE, 0x6C };
    uint8_t b[24];
    if (!truncation_read(ctx, 0, b, 24))
        return TRUNCATION_UNKNOWN;
    const int64_t at = (int64_t)AV_RL64(b + 16); /* after the header */
    if (at < 24 || at > size || !truncation_read(ctx, at, b, 24) || memcmp(b, data, 16))
        return TRUNCATION_UNKNOWN;
    const int64_t bytes = (int64_t)AV_RL64(b + 16);
    if (bytes <= 50) /* sent live */
        return TRUNCATION_UNKNOWN;
    return bytes > size - at ? TRUNCATION_CUT : TRUNCATION_NONE;
}

/* --- MXF ------------------------------------------------------------------ */

enum truncation truncation_mxf(AVFormatContext *ctx, int64_t size)
{
    /* A partition pack's key, without its kind. */
    static const uint8_t key[13] = { 0x06, 0x0E, 0x2B, 0x34, 0x02, 0x05, 0x01,
                                     0x01, 0x0D, 0x01, 0x02, 0x01, 0x01 };
    uint8_t b[17 + 8 + 32];
    if (!truncation_read(ctx, 0, b, sizeof b) || memcmp(b, key, sizeof key))
        return TRUNCATION_UNKNOWN; /* there is something in front */
    const int length = b[16] & 0x80 ? 1 + (b[16] & 0x7F) : 1;
    if (length > 9)
        return TRUNCATION_UNKNOWN;
    const int64_t footer = (int64_t)AV_RB64(b + 16 + length + 24);
    if (footer <= 0)
        return TRUNCATION_UNKNOWN; /* was never finished */
    return footer < size && truncation_read(ctx, footer, b, sizeof key) &&
                   !memcmp(b, key, sizeof key)
               ? TRUNCATION_NONE
               : TRUNCATION_CUT;
}
