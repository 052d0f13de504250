/* Rules for containers that are a series of pages, packets or pictures. */
#include "media/in/truncation.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/avutil.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/mem.h>

#define TAIL_BYTES (256 << 10)

/* Lets `look` judge the n bytes at the end of the file. */
static enum truncation look_at_tail(AVFormatContext *ctx, int64_t size,
                                    enum truncation (*look)(const uint8_t *b, int n))
{
    const int n = (int)FFMIN(size, TAIL_BYTES);
    uint8_t *b = av_malloc((size_t)n);
    enum truncation t = TRUNCATION_UNKNOWN;
    if (b && truncation_read(ctx, size - n, b, n))
        t = look(b, n);
    av_free(b);
    return t;
}

/* --- Ogg ------------------------------------------------------------------ */

/* The size of the page at b, where n bytes are available; 0: none. */
static int page_bytes(const uint8_t *b, int n)
{
    if (n < 27 || memcmp(b, "OggS", 4) || b[4] != 0 || n < 27 + b[26])
        return 0;
    int bytes = 27 + b[26];
    for (int i = 0; i < b[26]; i++)
        bytes += b[27 + i];
    return bytes;
}

struct serials {
    struct serial {
        uint32_t number;
        bool ended;
    } list[64];
    int count;
};

static void note_page(struct serials *s, const uint8_t *page)
{
    const uint32_t number = AV_RL32(page + 14);
    int i = 0;
    while (i < s->count && s->list[i].number != number)
        i++;
    if (i == (int)FF_ARRAY_ELEMS(s->list))
        return;
    if (i == s->count)
        s->count++;
    s->list[i] = (struct serial){ number, page[5] & 4 };
}

/* The last page of each stream is marked as such. */
static enum truncation look_at_pages(const uint8_t *b, int n)
{
    struct serials s = { .count = 0 };
    int at = 0;
    while (at < n) {
        const int bytes = page_bytes(b + at, n - at);
        if (bytes > n - at ||
            (!bytes && n - at < 27 + 255 && n - at >= 4 && !memcmp(b + at, "OggS", 4)))
            return TRUNCATION_CUT;
        if (bytes)
            note_page(&s, b + at);
        at += bytes ? bytes : 1;
    }
    for (int i = 0; i < s.count; i++)
        if (!s.list[i].ended)
            return TRUNCATION_CUT;
    return s.count ? TRUNCATION_NONE : TRUNCATION_UNKNOWN;
}

enum truncation truncation_ogg(AVFormatContext *ctx, int64_t size)
{
    return look_at_tail(ctx, size, look_at_pages);
}

/* --- transport streams ---------------------------------------------------- */

/* Where in `step` bytes the packets begin that fill b; -1: not at this step. */
static int find_packets(const uint8_t *b, int n, int step)
{
    enum { ENOUGH = 5 };
    const int last = FFMIN(step, n - ENOUGH * step);
    for (int first = 0; first < last; first++) {
        int k = 0;
        while (k < ENOUGH && b[first + k * step] == 0x47)
            k++;
        if (k == ENOUGH)
            return first;
    }
    return -1;
}

/* All packets have the same size, even the last. Blu-ray puts four bytes before each,
 * other formats sixteen after it. */
enum truncation truncation_ts(AVFormatContext *ctx, int64_t size)
{
    static const int steps[][2] = { { 188, 0 }, { 192, 4 }, { 204, 0 } };
    uint8_t b[12 * 204];
    const int n = (int)FFMIN(size, (int64_t)sizeof b);
    if (!truncation_read(ctx, size - n, b, n))
        return TRUNCATION_UNKNOWN;
    for (size_t i = 0; i < FF_ARRAY_ELEMS(steps); i++) {
        const int first = find_packets(b, n, steps[i][0]);
        if (first < 0)
            continue;
        const int left = (n - first + steps[i][1]) % steps[i][0];
        return left ? TRUNCATION_CUT : TRUNCATION_NONE;
    }
    return TRUNCATION_UNKNOWN;
}

/* --- program streams ------------------------------------------------------ */

/* The size of what begins with the start code at b; 0: that is none, -1: open. */
static int system_bytes(const uint8_t *b, int n)
{
    if (n >= 4 && AV_RB32(b) == 0x1B9)
        return 4;
    if (n < 14 || AV_RB24(b) != 1 || b[3] < 0xB9)
        return 0;
    if (b[3] == 0xBA)
        return (b[4] & 0xC0) == 0x40 ? 14 + (b[13] & 7) : 12;
    return AV_RB16(b + 4) ? 6 + AV_RB16(b + 4) : -1;
}

/* Packs of packets that contain their own size, from the last pack on. */
static enum truncation look_at_packs(const uint8_t *b, int n)
{
    int at = n - 14, bytes;
    while (at >= 0 && AV_RB32(b + at) != 0x1BA)
        at--;
    if (at < 0)
        return TRUNCATION_UNKNOWN;
    while ((bytes = system_bytes(b + at, n - at)) > 0 && bytes <= n - at)
        at += bytes;
    if (bytes)
        return bytes < 0 ? TRUNCATION_UNKNOWN : TRUNCATION_CUT;
    while (at < n && !b[at]) /* padding */
        at++;
    return at == n ? TRUNCATION_NONE : TRUNCATION_CUT;
}

enum truncation truncation_ps(AVFormatContext *ctx, int64_t size)
{
    return look_at_tail(ctx, size, look_at_packs);
}

/* --- NUT ------------------------------------------------------------------ */

/* It ends with an index, which ends with how far away it begins, and a checksum. */
enum truncation truncation_nut(AVFormatContext *ctx, int64_t size)
{
    uint8_t b[12];
    if (!truncation_read(ctx, size - 12, b, 12))
        return TRUNCATION_UNKNOWN;
    const uint64_t back = AV_RB64(b);
    return back < (uint64_t)size && truncation_read(ctx, size - (int64_t)back, b, 8) &&
                   AV_RB64(b) == UINT64_C(0x4E58DD672F23E64E)
               ? TRUNCATION_NONE
               : TRUNCATION_CUT;
}

/* --- pictures that move --------------------------------------------------- */

/* The last bytes but zeros, which some fill up with. */
static bool ends_with(AVFormatContext *ctx, int64_t size, const void *mark, int length)
{
    uint8_t b[4096];
    int n = (int)FFMIN(size, (int64_t)sizeof b);
    if (!truncation_read(ctx, size - n, b, n))
        return true;
    while (n > length && !b[n - 1] && memcmp(b + n - length, mark, (size_t)length))
        n--;
    return n >= length && !memcmp(b + n - length, mark, (size_t)length);
}

enum truncation truncation_gif(AVFormatContext *ctx, int64_t size)
{
    return ends_with(ctx, size, ";", 1) ? TRUNCATION_NONE : TRUNCATION_CUT;
}

enum truncation truncation_png(AVFormatContext *ctx, int64_t size)
{
    return ends_with(ctx, size, "IEND\xAE\x42\x60\x82", 8) ? TRUNCATION_NONE
                                                           : TRUNCATION_CUT;
}

enum truncation truncation_jpeg(AVFormatContext *ctx, int64_t size)
{
    return ends_with(ctx, size, "\xFF\xD9", 2) ? TRUNCATION_NONE : TRUNCATION_CUT;
}

/* --- AV1 by itself -------------------------------------------------------- */

/* The size of the unit whose first n bytes are at b, with its head; 0: it has none. */
static int64_t unit_bytes(const uint8_t *b, int n)
{
    const int head = b[0] & 4 ? 2 : 1; /* with an extension */
    if (b[0] & 0x81 || !(b[0] & 2))
        return 0;
    int64_t bytes = 0;
    for (int i = 0; i < 8 && head + i < n; i++) {
        bytes |= (int64_t)(b[head + i] & 0x7F) << 7 * i;
        if (!(b[head + i] & 0x80))
            return head + i + 1 + bytes;
    }
    return 0;
}

/* Units that each begin with their size (AV1 specification, section 5.3), or those inside
 * others of annex B, which are left to the demuxer. */
enum truncation truncation_obu(AVFormatContext *ctx, int64_t size)
{
    enum { TEMPORAL_DELIMITER = 2 };
    int64_t at = 0;
    int last = 0;
    while (at < size) {
        uint8_t b[10];
        const int n = (int)FFMIN(size - at, (int64_t)sizeof b);
        if (!truncation_read(ctx, at, b, n))
            return TRUNCATION_UNKNOWN;
        last = b[0] >> 3;
        if (at == 0 && last != TEMPORAL_DELIMITER)
            return TRUNCATION_UNKNOWN;
        const int64_t bytes = unit_bytes(b, n);
        if (!bytes)
            return n < (int)sizeof b ? TRUNCATION_CUT : TRUNCATION_UNKNOWN;
        at += bytes;
    }
    /* A frame follows each delimiter. */
    return at > size || last == TEMPORAL_DELIMITER ? TRUNCATION_CUT : TRUNCATION_NONE;
}
