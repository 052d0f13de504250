/* Packets that wait for the picture, with a muxer that records what it gets. */
#include "pipeline/holdback.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

#define MS 1000LL

/* --- the muxer ---------------------------------------------------------------- */

static char written[256]; /* "stream:pts+duration " of each packet */

AVRational mux_time_base(const struct mux *m, int input_stream)
{
    (void)m;
    return input_stream == 9 ? (AVRational){ 1, 48000 } : (AVRational){ 1, 1000 };
}

int mux_write(struct mux *m, AVPacket **pkt)
{
    (void)m;
    size_t n = strlen(written);
    snprintf(written + n, sizeof written - n, "%d:%lld+%lld ", (*pkt)->stream_index,
             (long long)(*pkt)->pts, (long long)(*pkt)->duration);
    av_packet_free(pkt);
    return 0;
}

/* --- runs --------------------------------------------------------------------- */

static struct holdback h;

static void begin(int64_t stretch, int64_t expected_us)
{
    written[0] = '\0';
    holdback_open(&h, &(struct holdback_params){
                          .stretch = { stretch, 1 },
                          .expected_us = expected_us,
                      });
}

static void give_sized(int stream, int64_t pts, int64_t dts, int64_t duration, int size)
{
    AVPacket *pkt = av_packet_alloc();
    CHECK(av_new_packet(pkt, size) == 0);
    pkt->stream_index = stream;
    pkt->pts = pts;
    pkt->dts = dts;
    pkt->duration = duration;
    CHECK_INT(holdback_packet(&h, &pkt), 0);
    CHECK(!pkt);
}

static void give(int stream, int64_t pts, int64_t duration)
{
    give_sized(stream, pts, pts, duration, 10);
}

static void wrote(const char *expected)
{
    CHECK_STR(written, expected);
    written[0] = '\0';
}

/* A packet is written when the picture reaches its start, not before. */
static void waits_for_picture(void)
{
    begin(1, INT64_MAX);
    give(1, 0, 20);
    wrote("");
    CHECK_INT(holdback_reach(&h, 0), 0);
    wrote("1:0+20 ");
    give(1, 20, 20);
    give(1, 40, 20);
    CHECK_INT(holdback_reach(&h, 39 * MS), 0);
    wrote("1:20+20 ");
    CHECK_INT(holdback_reach(&h, 10 * MS), 0); /* time does not go back */
    give(1, 39, 1);
    wrote(""); /* it is after the one at 40, which still waits */
    CHECK_INT(holdback_reach(&h, 40 * MS), 0);
    wrote("1:40+20 1:39+1 ");
    give(2, 40, 1);
    wrote("2:40+1 ");
    holdback_close(&h);
}

/* Streams do not wait for each other. */
static void keeps_streams_apart(void)
{
    begin(1, INT64_MAX);
    CHECK_INT(holdback_reach(&h, 0), 0);
    give(1, 100, 20);
    give(2, 0, 20);
    wrote("2:0+20 ");
    give(9, 4800, 480); /* 0.1 s, in another time base */
    CHECK_INT(holdback_reach(&h, 99 * MS), 0);
    wrote("");
    CHECK_INT(holdback_reach(&h, 100 * MS), 0);
    wrote("1:100+20 9:4800+480 ");
    holdback_close(&h);
}

/* In slow motion the picture is at twice the time of its packets. */
static void stretches(void)
{
    begin(2, INT64_MAX);
    give(1, 50, 20);
    CHECK_INT(holdback_reach(&h, 99 * MS), 0);
    wrote("");
    CHECK_INT(holdback_reach(&h, 100 * MS), 0);
    wrote("1:50+20 ");
    holdback_close(&h);
}

/* A packet that waits in decoding order is written with the packet that needs it. */
static void orders_by_dts(void)
{
    begin(1, INT64_MAX);
    give_sized(1, 80, 0, 20, 10);
    CHECK_INT(holdback_reach(&h, 0), 0);
    wrote("1:80+20 ");
    give_sized(1, AV_NOPTS_VALUE, AV_NOPTS_VALUE, 0, 10); /* no time: at once */
    CHECK(written[0]);
    holdback_close(&h);
}

/* With the whole film, everything is written, although it ends after the picture. */
static void ends_with_all(void)
{
    begin(1, INT64_MAX);
    CHECK_INT(holdback_reach(&h, 100 * MS), 0);
    give(1, 120, 20);
    give(2, 5000, 4000);
    CHECK_INT(holdback_end(&h, false), 0);
    wrote("1:120+20 2:5000+4000 ");
    CHECK_INT(h.count, 0);
    holdback_close(&h);
}

/* If the film is cut short, packets from the picture's end on are dropped. */
static void ends_with_picture(void)
{
    begin(1, INT64_MAX);
    give(1, 0, 20);
    give(1, 99, 20);
    give(1, 100, 20);
    give(2, 98, 3000); /* a subtitle is shortened, sound is not */
    h.reached_us = 100 * MS;
    CHECK_INT(holdback_end(&h, true), 0);
    wrote("1:0+20 1:99+20 2:98+2 ");
    CHECK_INT(h.count, 0);
    holdback_close(&h);
}

/* If the end is known in advance, a subtitle is not shown beyond it. */
static void shortens(void)
{
    begin(1, 400 * MS);
    CHECK_INT(holdback_reach(&h, 100 * MS), 0);
    give(2, 100, 3000);
    give(1, 90, 999);
    wrote("2:100+300 1:90+999 ");
    holdback_close(&h);
}

/* A stream that runs far ahead must not fill the memory: its oldest packets go. */
static void bounds_memory(void)
{
    begin(1, INT64_MAX);
    for (int i = 0; i < 4; i++)
        give_sized(1, 1000 + i, 1000 + i, 1, 16 << 20);
    wrote("");
    give_sized(1, 1004, 1004, 1, 1);
    wrote("1:1000+1 ");
    CHECK_INT((long long)h.bytes, (48 << 20) + 1);
    holdback_close(&h);
}

int main(void)
{
    waits_for_picture();
    keeps_streams_apart();
    stretches();
    orders_by_dts();
    ends_with_all();
    ends_with_picture();
    shortens();
    bounds_memory();
    return check_result();
}
