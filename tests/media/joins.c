/* Clocks that jump or that differ: which shift the times of a packet get. */
#include "media/in/joins.h"

#include "check.h"

enum { PICTURE, SOUND, WORDS, OTHER_PICTURE, OTHER_SOUND, STREAMS };

static const enum AVMediaType types[STREAMS] = {
    AVMEDIA_TYPE_VIDEO, AVMEDIA_TYPE_AUDIO, AVMEDIA_TYPE_SUBTITLE,
    AVMEDIA_TYPE_VIDEO, AVMEDIA_TYPE_AUDIO,
};

/* Times are in milliseconds; `starts` has one per stream, -1 if unknown at open. */
static AVFormatContext *input(const int *starts)
{
    AVFormatContext *ctx = avformat_alloc_context();
    ctx->start_time = INT64_MAX;
    for (int i = 0; i < STREAMS; i++) {
        AVStream *st = avformat_new_stream(ctx, NULL);
        st->codecpar->codec_type = types[i];
        st->time_base = (AVRational){ 1, 1000 };
        st->start_time = starts[i] < 0 ? AV_NOPTS_VALUE : starts[i];
        if (starts[i] >= 0 && INT64_C(1000) * starts[i] < ctx->start_time)
            ctx->start_time = INT64_C(1000) * starts[i];
    }
    return ctx;
}

struct step {
    int stream;
    int64_t raw, want;
};

static void check_steps(const int *starts, const struct step *steps, int n, int jumps)
{
    struct joins j = { 0 };
    AVFormatContext *ctx = input(starts);
    AVPacket *pkt = av_packet_alloc();
    CHECK(joins_open(&j, ctx) == 0);
    for (int i = 0; i < n; i++) {
        pkt->stream_index = steps[i].stream;
        pkt->pts = pkt->dts = steps[i].raw;
        pkt->duration = 40;
        CHECK(joins_apply(&j, pkt, ctx->streams[steps[i].stream]) == 0);
        CHECK_INT(pkt->dts, steps[i].want);
        CHECK_INT(pkt->pts, steps[i].want);
    }
    CHECK_INT(j.jumps, jumps);
    joins_close(&j);
    av_packet_free(&pkt);
    avformat_free_context(ctx);
}

#define STEPS(jumps, starts, ...)                                                        \
    do {                                                                                 \
        const struct step steps[] = { __VA_ARGS__ };                                     \
        check_steps(starts, steps, sizeof steps / sizeof *steps, jumps);                 \
    } while (0)

int main(void)
{
    const int one[STREAMS] = { 1400, 1370, -1, -1, -1 };
    const int two[STREAMS] = { 1400, 1370, -1, 5001400, 5001370 };
    /* A file appended to itself: both streams move by the same shift. */
    STEPS(1, one, { PICTURE, 1400, 1400 }, { SOUND, 1370, 1370 }, { PICTURE, 5000, 5000 },
          { SOUND, 5010, 5010 }, { PICTURE, 1400, 5040 }, { SOUND, 5050, 5050 },
          { SOUND, 1370, 5010 }, { PICTURE, 1440, 5080 });
    /* All streams are hours ahead. */
    STEPS(1, one, { PICTURE, 1400, 1400 }, { SOUND, 1370, 1370 },
          { SOUND, 9001410, 1410 }, { PICTURE, 9001440, 1440 });
    /* Subtitles are silent for half a minute, and the picture is missing for as long. */
    STEPS(0, one, { PICTURE, 1400, 1400 }, { WORDS, 1400, 1400 }, { SOUND, 1370, 1370 },
          { SOUND, 11000, 11000 }, { SOUND, 20000, 20000 }, { SOUND, 29000, 29000 },
          { WORDS, 31000, 31000 }, { PICTURE, 31040, 31040 });
    /* Two programmes, interleaved and one after the other. */
    STEPS(0, two, { PICTURE, 1400, 1400 }, { OTHER_PICTURE, 5001400, 1370 },
          { OTHER_SOUND, 5001370, 1340 }, { SOUND, 1370, 1370 },
          { OTHER_PICTURE, 5001440, 1410 }, { PICTURE, 1440, 1440 });
    STEPS(0, two, { OTHER_PICTURE, 5001400, 1370 }, { OTHER_SOUND, 5001370, 1340 },
          { PICTURE, 1400, 1400 }, { SOUND, 1370, 1370 });
    STEPS(0, two, { PICTURE, 1400, 1400 }, { PICTURE, 8000, 8000 },
          { PICTURE, 16000, 16000 }, { OTHER_PICTURE, 5001400, 1370 },
          { OTHER_SOUND, 5001370, 1340 });
    return check_result();
}
