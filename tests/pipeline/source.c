/*
 * The source stage with a demuxer that reads a list of packets and a decoder that makes a
 * frame of each of the video's, two packets later: its output, and the order of it.
 */
#include "pipeline/source.h"

#include <string.h>

#include <libavformat/avformat.h>

#include "base/log.h"
#include "check.h"
#include "fake_frame.h"
#include "message.h"
#include "rifec/error.h"

#define DELAY 2 /* packets that the decoder holds back */

/* --- a file: picture, sound, and another sound that is not copied -------------- */

static AVFormatContext *file;

static struct {
    int stream;
    int64_t pts; /* milliseconds */
} packets[128];
static int packet_count, next_packet, missed;
static bool sound_is_copied, truncated;
static int64_t sought_us;

AVFormatContext *demux_context(const struct demux *d)
{
    (void)d;
    return file;
}

AVStream *demux_video(const struct demux *d)
{
    (void)d;
    return file->streams[0];
}

const char *demux_name(const struct demux *d)
{
    (void)d;
    return "film";
}

int64_t demux_origin_us(const struct demux *d)
{
    (void)d;
    return 0;
}

bool demux_seek(struct demux *d, int64_t us)
{
    (void)d;
    sought_us = us;
    return false; /* a file that is read from its start */
}

bool demux_truncated(const struct demux *d)
{
    (void)d;
    return truncated;
}

bool demux_is_picture(const struct demux *d)
{
    (void)d;
    return false;
}

bool demux_damaged(const struct demux *d)
{
    (void)d;
    return false;
}

int demux_read(struct demux *d, AVPacket **out)
{
    (void)d;
    *out = NULL;
    if (next_packet == packet_count)
        return 0;
    *out = av_packet_alloc();
    (*out)->stream_index = packets[next_packet].stream;
    (*out)->pts = (*out)->dts = packets[next_packet].pts;
    (*out)->duration = 20;
    next_packet++;
    return 0;
}

bool mux_copies(const struct mux *m, int input_stream)
{
    (void)m;
    return sound_is_copied && input_stream == 1;
}

void mux_miss(struct mux *m, const AVStream *in)
{
    (void)m;
    CHECK(in->index == 2 || !sound_is_copied);
    missed++;
}

/* --- its decoder ------------------------------------------------------------------ */

static int64_t inside[128];
static int first_inside, last_inside, sent;
static bool flushed;
static int64_t resizes_at; /* pts of the first frame of another size; -1: none */

int decode_send(struct decode *d, const AVPacket *pkt)
{
    (void)d;
    CHECK(!flushed);
    flushed = !pkt;
    if (pkt) {
        inside[last_inside++] = pkt->pts;
        sent++;
    }
    return 0;
}

int decode_receive(struct decode *d, struct rifec_frame **out)
{
    (void)d;
    *out = NULL;
    if (last_inside - first_inside <= (flushed ? 0 : DELAY))
        return 0;
    int64_t pts = inside[first_inside++];
    if (pts == resizes_at)
        return RIFEC_ERR_INPUT;
    *out = fake_frame(pts, 40);
    return 0;
}

AVRational decode_time_base(const struct decode *d)
{
    (void)d;
    return (AVRational){ 1, 1000 };
}

int decode_rate_factor(const struct decode *d)
{
    (void)d;
    return 1;
}

int64_t decode_damaged(const struct decode *d)
{
    (void)d;
    return 0;
}

/* --- runs --------------------------------------------------------------------- */

static struct source s;
static char text[512];

/* A picture every 40 ms and two sounds every 20 ms, all from 0 on. */
static void begin(int frames, int64_t from_ms, int64_t to_ms)
{
    packet_count = next_packet = missed = 0;
    first_inside = last_inside = sent = 0;
    flushed = truncated = false;
    sound_is_copied = true;
    resizes_at = sought_us = -1;
    for (int t = 0; t < frames * 40; t += 20)
        for (int stream = 0; stream < 3; stream++)
            if (stream || t % 40 == 0) {
                packets[packet_count].stream = stream;
                packets[packet_count++].pts = t;
            }
    s = (struct source){ .from_us = from_ms * 1000, .to_us = to_ms * 1000 };
    text[0] = '\0';
    message[0] = '\0';
    source_seek(&s);
}

/* Reads at most `most` items, or to the end: "f0 p0 e". */
static const char *read_items(int most)
{
    for (bool ended = false; most > 0 && !ended; most--) {
        struct item it;
        size_t n = strlen(text);
        CHECK_INT(source_next(&s, &it), 0);
        ended = it.kind == ITEM_EOF;
        if (ended)
            snprintf(text + n, sizeof text - n, "e");
        else
            snprintf(text + n, sizeof text - n, "%c%lld ",
                     it.kind == ITEM_FRAME ? 'f' : 'p',
                     (long long)(it.frame ? it.frame->pts : it.packet->pts));
        item_drop(&it);
    }
    return text;
}

static void end(void)
{
    source_close(&s);
    CHECK_INT(frames_alive, 0);
}

/* The decoder is drained, so the last frames come; the end comes once. */
static void reads_all(void)
{
    begin(4, 0, 0);
    CHECK_STR(read_items(100), "p0 p20 p40 p60 f0 p80 p100 f40 p120 p140 f80 f120 e");
    CHECK_INT(s.frames, 4);
    CHECK_INT(missed, 8); /* packets of the stream that is not copied */
    CHECK(!s.damaged);
    CHECK_STR(message, "");
    end();
}

/* --ss and --to: the part is moved, so that it begins at zero. */
static void takes_part(void)
{
    begin(6, 80, 160);
    CHECK_STR(read_items(100), "p0 p20 p40 p60 f0 f40 e");
    CHECK_INT(sought_us, 80000);
    CHECK_INT(s.frames, 2);
    CHECK(s.outside >= 2);
    end();
}

/* --frames: the picture ends, the sound continues to the same time; nothing more is
 * decoded. */
static void ends_picture(void)
{
    begin(20, 0, 0);
    read_items(8);
    CHECK_STR(text, "p0 p20 p40 p60 f0 p80 p100 f40 ");
    int before = sent;
    source_end_at(&s, 140000);
    text[0] = '\0';
    CHECK_STR(read_items(100), "p120 e");
    CHECK_INT(sent, before);
    end();
}

/* The same without sound: the rest of the file is not read. */
static void stops_reading(void)
{
    begin(20, 0, 0);
    sound_is_copied = false;
    CHECK_STR(read_items(2), "f0 f40 ");
    int before = next_packet;
    source_end_at(&s, 80000);
    CHECK_STR(read_items(100), "f0 f40 e");
    CHECK_INT(next_packet, before);
    end();
}

/* If the picture changes its size, the video ends there, with all frames before it. */
static void ends_at_resize(void)
{
    begin(6, 0, 0);
    sound_is_copied = false;
    resizes_at = 120;
    CHECK_STR(read_items(100), "f0 f40 f80 e");
    CHECK(s.damaged);
    end();
}

/* A file that was cut off gives all it has, and is reported once. */
static void reports_truncation(void)
{
    begin(3, 0, 0);
    sound_is_copied = false;
    truncated = true;
    CHECK_STR(read_items(100), "f0 f40 f80 e");
    CHECK(s.damaged);
    CHECK(strstr(message, "film: ") == message && strstr(message, "3 frames"));
    end();
}

/* If the first frame cannot be decoded, that is an error, not an empty film. */
static void fails_at_first(void)
{
    struct item it;
    begin(3, 0, 0);
    sound_is_copied = false;
    resizes_at = 0;
    CHECK_INT(source_next(&s, &it), RIFEC_ERR_INPUT);
    end();
}

static void open_file(void)
{
    file = avformat_alloc_context();
    for (int i = 0; i < 3; i++) {
        AVStream *st = avformat_new_stream(file, NULL);
        st->codecpar->codec_type = i ? AVMEDIA_TYPE_AUDIO : AVMEDIA_TYPE_VIDEO;
        st->time_base = (AVRational){ 1, 1000 };
        st->r_frame_rate = st->avg_frame_rate = (AVRational){ 25, 1 };
    }
    file->start_time = 0;
}

int main(void)
{
    open_file();
    rifec_log_set(RIFEC_LOG_WARNING, keep_message, NULL);
    reads_all();
    takes_part();
    ends_picture();
    stops_reading();
    ends_at_resize();
    reports_truncation();
    fails_at_first();
    avformat_free_context(file);
    return check_result();
}
