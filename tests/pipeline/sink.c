/*
 * The sink stage with an encoder, a muxer and a folder of segments that only record their
 * calls. The encoder holds one frame back.
 */
#include "pipeline/sink.h"

#include <string.h>

#include "check.h"
#include "fake_frame.h"
#include "rifec/error.h"

/* --- neighbours ------------------------------------------------------------- */

static char events[512];

static void note(const char *what, int64_t number)
{
    size_t n = strlen(events);
    snprintf(events + n, sizeof events - n, "%s%lld ", what, (long long)number);
}

static int64_t held;  /* pts of the frame in the encoder; -1: none */
static int64_t ready; /* pts of its finished packet; -1: none */
static bool drained;
static int64_t encoded;
static int send_error;

int encode_send(struct encode *e, struct rifec_frame **frame)
{
    (void)e;
    ready = held;
    held = -1;
    if (!frame) {
        note("drain", 0);
        drained = true;
        return 0;
    }
    CHECK(!drained);
    held = (*frame)->pts;
    rifec_frame_free(frame);
    return send_error;
}

int encode_receive(struct encode *e, AVPacket **out)
{
    (void)e;
    *out = NULL;
    if (ready < 0)
        return 0;
    *out = av_packet_alloc();
    (*out)->pts = ready;
    ready = -1;
    encoded++;
    return 0;
}

int encode_pass(struct encode *e, struct rifec_frame **frame)
{
    (void)e;
    rifec_frame_free(frame);
    return 0;
}

int encode_restart(struct encode *e)
{
    (void)e;
    CHECK(drained && held < 0 && ready < 0);
    drained = false;
    note("restart", 0);
    return 0;
}

int64_t encode_written(const struct encode *e)
{
    (void)e;
    return encoded;
}

AVRational mux_time_base(const struct mux *m, int input_stream)
{
    (void)m, (void)input_stream;
    return (AVRational){ 1, 1000 };
}

int mux_write(struct mux *m, AVPacket **pkt)
{
    (void)m;
    note((*pkt)->stream_index ? "s" : "v", (*pkt)->pts);
    av_packet_free(pkt);
    return 0;
}

static int sent; /* frames of the segment */

bool resume_at_end(struct resume *r)
{
    (void)r;
    return sent == 2;
}

int resume_commit(struct resume *r)
{
    (void)r;
    note("commit", sent);
    sent = 0;
    return 0;
}

void resume_count(struct resume *r)
{
    (void)r;
    sent++;
}

int resume_keep(struct resume *r, struct mux *mux, AVPacket **pkt)
{
    (void)r, (void)mux;
    note("k", (*pkt)->pts);
    av_packet_free(pkt);
    return 0;
}

int resume_pass(struct resume *r, struct mux *mux, int stream)
{
    (void)r, (void)mux;
    note("pass", stream);
    return 0;
}

static bool is_short;

static bool is_cut_short(void *opaque)
{
    return *(bool *)opaque;
}

/* --- runs --------------------------------------------------------------------- */

static struct sink s;
static struct progress progress;

/* Output frames last 40 ms, in the time base 1/25. */
static void begin(bool resume)
{
    static int folder;
    events[0] = '\0';
    held = ready = -1;
    drained = is_short = false;
    encoded = sent = send_error = 0;
    progress = (struct progress){ 0 };
    sink_open(&s, &(struct sink_params){
                      .resume = resume ? (struct resume *)&folder : NULL,
                      .progress = &progress,
                      .video = 3,
                      .time_base = { 1, 25 },
                      .stretch = { 1, 1 },
                      .expected_us = INT64_MAX,
                      .cut_short = is_cut_short,
                      .opaque = &is_short,
                  });
}

static void give_frame(int64_t pts)
{
    struct item it = { .kind = ITEM_FRAME, .frame = fake_frame(pts, 1) };
    CHECK_INT(sink_item(&s, &it), 0);
    CHECK(!it.frame);
}

static void give_reused(int64_t pts, bool synthesized)
{
    struct item it = { .kind = ITEM_REUSED,
                       .frame = synthesized ? NULL : fake_frame(pts, 1),
                       .end = pts + 1 };
    CHECK_INT(sink_item(&s, &it), 0);
    CHECK(!it.frame);
}

static void give_sound(int64_t ms)
{
    struct item it = { .kind = ITEM_PACKET, .packet = av_packet_alloc() };
    it.packet->stream_index = 1;
    it.packet->pts = it.packet->dts = ms;
    it.packet->duration = 20;
    CHECK_INT(sink_item(&s, &it), 0);
    CHECK(!it.packet);
}

static void give_end(void)
{
    CHECK_INT(sink_item(&s, &(struct item){ .kind = ITEM_EOF }), 0);
}

static void happened(const char *expected)
{
    CHECK_STR(events, expected);
    events[0] = '\0';
}

/* At the end every frame is in the output, including the encoder's last one. */
static void drains(void)
{
    begin(false);
    for (int i = 0; i < 3; i++)
        give_frame(i);
    happened("v0 v1 ");
    CHECK_INT(sink_written(&s), 2);
    CHECK(!progress.finishing);
    give_end();
    happened("drain0 v2 ");
    CHECK_INT(sink_written(&s), 3);
    CHECK(progress.finishing);
    CHECK_INT(progress.frames_given, 3);
    CHECK_INT(progress.frames_reused, 0);
    CHECK_INT(progress.out_time_us, 120000);
    sink_close(&s);
}

/* Sound follows the picture, and all of it is written in the end. */
static void holds_sound_back(void)
{
    begin(false);
    give_sound(0);
    give_sound(30);
    give_sound(60);
    happened("");
    give_frame(0); /* until 40 ms */
    happened("s0 s30 ");
    give_sound(500);
    give_end();
    happened("s60 s500 drain0 v0 ");
    sink_close(&s);
}

/* If the picture ends early, the sound ends with it. */
static void cuts_sound(void)
{
    begin(false);
    give_frame(0);
    give_sound(39);
    give_sound(40);
    give_sound(60);
    is_short = true;
    give_end();
    happened("s39 s40 drain0 v0 ");
    sink_close(&s);
}

/* Packets of an earlier run's frames come from its segments. */
static void reuses(void)
{
    begin(true);
    give_reused(0, false);
    give_reused(1, true);
    happened("pass3 pass3 ");
    CHECK_INT(s.frames_reused, 2);
    CHECK_INT(sink_written(&s), 2);
    CHECK_INT(progress.frames_reused, 2);
    CHECK_INT(progress.frames_given, 2);
    CHECK_INT(progress.out_time_us, 80000);
    give_frame(2);
    give_end();
    happened("drain0 k2 commit1 ");
    CHECK_INT(sink_written(&s), 3);
    sink_close(&s);
}

/* At the end of a segment the encoder is drained, and it restarts with the next. */
static void ends_segments(void)
{
    begin(true);
    for (int i = 0; i < 3; i++)
        give_frame(i);
    happened("k0 drain0 k1 commit2 restart0 ");
    give_end();
    happened("drain0 k2 commit1 ");
    sink_close(&s);
}

/* If the encoder fails, the frame is freed, and so are the packets that waited. */
static void survives_failure(void)
{
    begin(false);
    give_sound(90);
    send_error = RIFEC_ERR_CODEC;
    struct item it = { .kind = ITEM_FRAME, .frame = fake_frame(0, 1) };
    CHECK_INT(sink_item(&s, &it), RIFEC_ERR_CODEC);
    CHECK(!it.frame);
    CHECK_INT(progress.frames_given, 0);
    sink_close(&s);
}

int main(void)
{
    drains();
    holds_sound_back();
    cuts_sound();
    reuses();
    ends_segments();
    survives_failure();
    CHECK_INT(frames_alive, 0);
    return check_result();
}
