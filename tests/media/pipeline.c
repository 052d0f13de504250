/*
 * The pipeline with an engine that only copies: order, times, counts, streams
 * that are copied byte by byte, and every way to stop early. Also run under TSan.
 *
 * usage: pipeline CLIP FOLDER
 */
#include "pipeline/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libavformat/avformat.h>
#include <libavutil/adler32.h>

#include "check.h"
#include "copy_engine.h"

static const char *clip;
static char out_path[1024], part_path[1024];

struct contents {
    int streams;
    int64_t video_packets;
    uint32_t sum[8];   /* packets of each stream except the video */
    int64_t first_pts; /* of the video, microseconds                  */
    int64_t end;       /* of the video, microseconds                  */
};

static struct contents read_file(const char *path)
{
    struct contents c = { .first_pts = INT64_MAX };
    AVFormatContext *ctx = NULL;
    AVPacket *pkt = av_packet_alloc();
    CHECK(avformat_open_input(&ctx, path, NULL, NULL) == 0);
    CHECK(avformat_find_stream_info(ctx, NULL) >= 0);
    c.streams = (int)ctx->nb_streams;
    while (av_read_frame(ctx, pkt) == 0) {
        AVStream *st = ctx->streams[pkt->stream_index];
        if (st->codecpar->codec_type == AVMEDIA_TYPE_VIDEO) {
            int64_t us = av_rescale_q(pkt->pts, st->time_base, AV_TIME_BASE_Q);
            int64_t end =
                av_rescale_q(pkt->pts + pkt->duration, st->time_base, AV_TIME_BASE_Q);
            c.video_packets++;
            c.first_pts = us < c.first_pts ? us : c.first_pts;
            c.end = end > c.end ? end : c.end;
        } else {
            uint32_t *sum = &c.sum[pkt->stream_index];
            *sum = (uint32_t)av_adler32_update(*sum, pkt->data, (size_t)pkt->size);
        }
        av_packet_unref(pkt);
    }
    av_packet_free(&pkt);
    avformat_close_input(&ctx);
    return c;
}

static struct pipeline_options options(int64_t num, int64_t den)
{
    return (struct pipeline_options){
        .input.path = clip,
        .output.path = out_path,
        .rate.factor = { num, den },
        .encoder.preset = "ultrafast",
        .output.overwrite = true,
    };
}

static int run(const struct pipeline_options *opt, struct pipeline_report *report)
{
    struct progress progress = { .mode = PROGRESS_OFF };
    return pipeline_run(opt, &progress, report);
}

static void test_factor(int64_t num, int64_t den)
{
    struct pipeline_report r;
    struct pipeline_options opt = options(num, den);
    struct contents before = read_file(clip);
    CHECK(run(&opt, &r) == 0);
    struct contents after = read_file(out_path);
    CHECK(r.in.frames == before.video_packets);
    CHECK(after.video_packets == (before.video_packets * num + den - 1) / den);
    CHECK(r.out.frames_written == after.video_packets);
    CHECK(r.out.frames_planned == after.video_packets);
    CHECK(r.out.frames_original + r.out.frames_synthesized + r.out.frames_held ==
          after.video_packets);
    CHECK(after.streams == before.streams);
    CHECK(memcmp(after.sum, before.sum, sizeof after.sum) == 0);
    CHECK(after.first_pts == before.first_pts);
    if (den == 1)
        CHECK(llabs(after.end - before.end) < 1000);
    CHECK(access(part_path, F_OK) != 0);
}

/* An engine that fails ends all three threads and leaves nothing over. */
static void test_engine_failure(void)
{
    struct pipeline_report r;
    struct pipeline_options opt = options(4, 1);
    unlink(out_path);
    for (int at = 0; at < 12; at += 4) {
        copy_engine_fails_at = at;
        CHECK(run(&opt, &r) == RIFEC_ERR_DEVICE);
        CHECK(access(out_path, F_OK) != 0 && access(part_path, F_OK) != 0);
    }
    copy_engine_fails_at = -1;
}

static void test_streams_left_out(void)
{
    struct pipeline_report r;
    struct pipeline_options opt = options(2, 1);
    opt.streams.no_audio = opt.streams.no_subs = true;
    CHECK(run(&opt, &r) == 0);
    CHECK(read_file(out_path).streams == 1);
}

static void test_null_output(void)
{
    struct pipeline_report r;
    struct pipeline_options opt = options(3, 1);
    opt.output.path = "-";
    opt.output.format = "null";
    opt.encoder.preset = NULL;
    CHECK(run(&opt, &r) == 0);
    CHECK(r.out.frames_written == 3 * r.in.frames);
}

/* An interrupt cannot be undone, so these come last. */
static void test_interrupt(void)
{
    struct pipeline_report r;
    struct pipeline_options opt = options(2, 1);
    unlink(out_path);
    pipeline_interrupt();
    CHECK(run(&opt, &r) < 0 && r.interrupted);
    CHECK(access(out_path, F_OK) != 0 && access(part_path, F_OK) != 0);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    clip = argv[1];
    snprintf(out_path, sizeof out_path, "%s/pipeline_test.mp4", argv[2]);
    snprintf(part_path, sizeof part_path, "%s/pipeline_test.part.mp4", argv[2]);
    test_factor(1, 1);
    test_factor(2, 1);
    test_factor(3, 1);
    test_factor(5, 2);
    test_factor(16, 1);
    test_engine_failure();
    test_streams_left_out();
    test_null_output();
    test_interrupt();
    unlink(out_path);
    return check_result();
}
