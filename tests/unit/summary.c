/* The lines before and after a job have all facts, and leave out unknown ones. */
#include "cli/summary.h"

#include "check.h"

static const struct pipeline_options plain = { .input.path = "in.mp4",
                                               .output.path = "out.mp4",
                                               .rate.factor = { 2, 1 } };

static struct pipeline_report report(void)
{
    return (struct pipeline_report){
        .in = { .codec = "h264",
                .width = 1280,
                .height = 720,
                .rate = { 25, 1 },
                .duration_s = 12,
                .frames = 3 },
        .out = { .path = "out.mp4",
                 .format = "mp4",
                 .codec = "libx264",
                 .rate = { 50, 1 },
                 .duration_s = 0.0667,
                 .frames_written = 4 },
        .engine = { .backend = "cpu",
                    .device = "CPU, 2 threads, Winograd avx2",
                    .precision = "fp32" },
        .timing = { .wall_s = 2.71, .bottleneck = "engine" },
    };
}

static void begins(const struct pipeline_options *job, const struct pipeline_report *r,
                   const char *expected)
{
    char text[SUMMARY_TEXT];
    summary_begin(job, r, text, sizeof text);
    CHECK_STR(text, expected);
}

static void test_begin(void)
{
    struct pipeline_report r = report();
    begins(&plain, &r,
           "in.mp4: 1280x720 h264, 25 fps, 12.0 s -> out.mp4: 50 fps, libx264 in mp4, on "
           "the CPU (2 threads, FP32)");
    struct pipeline_options part = plain;
    part.input.from_us = 2000000;
    part.input.to_us = 5000000;
    part.input.path = "-";
    r.in.rate = (struct rational){ 24000, 1001 };
    r.in.duration_s = 3725;
    r.out.rate = (struct rational){ 120000, 1001 };
    begins(&part, &r,
           "stdin: 1280x720 h264, 23.976 fps, 3.00 s of 1:02:05 -> out.mp4: 119.88 fps, "
           "libx264 in mp4, on the CPU (2 threads, FP32)");
}

/* Unknown values are left out, without a replacement. */
static void test_unknown(void)
{
    struct pipeline_report r = report();
    r.in.rate = r.out.rate = (struct rational){ 0, 1 };
    r.in.duration_s = 0;
    begins(&plain, &r,
           "in.mp4: 1280x720 h264 -> out.mp4, libx264 in mp4, on the CPU (2 threads, "
           "FP32)");
    struct pipeline_options part = plain;
    part.input.from_us = 2000000;
    begins(&part, &r,
           "in.mp4: 1280x720 h264 -> out.mp4, libx264 in mp4, on the CPU (2 threads, "
           "FP32)");
}

static void test_other_outputs(void)
{
    struct pipeline_report r = report();
    snprintf(r.engine.device, sizeof r.engine.device, "NVIDIA H200, sm90 kernels");
    snprintf(r.engine.backend, sizeof r.engine.backend, "cuda");
    snprintf(r.engine.precision, sizeof r.engine.precision, "fp16");
    snprintf(r.out.path, sizeof r.out.path, "stdout");
    snprintf(r.out.format, sizeof r.out.format, "yuv4mpegpipe");
    snprintf(r.out.codec, sizeof r.out.codec, "wrapped_avframe");
    struct pipeline_options slow = plain;
    slow.rate.slowmo = true;
    slow.rate.factor = (struct rational){ 5, 2 };
    r.out.rate = r.in.rate;
    begins(&slow, &r,
           "in.mp4: 1280x720 h264, 25 fps, 12.0 s -> stdout: 25 fps, 2.5 times as long, "
           "uncompressed in yuv4mpegpipe, on NVIDIA H200 (FP16)");
    snprintf(r.out.path, sizeof r.out.path, "p/");
    snprintf(r.out.format, sizeof r.out.format, "image2");
    snprintf(r.out.codec, sizeof r.out.codec, "png");
    begins(&plain, &r,
           "in.mp4: 1280x720 h264, 25 fps, 12.0 s -> p/: 25 fps, png pictures, on NVIDIA "
           "H200 (FP16)");
    r.out.nowhere = true;
    begins(&plain, &r,
           "in.mp4: 1280x720 h264, 25 fps, 12.0 s -> no output: 25 fps, on NVIDIA H200 "
           "(FP16)");
}

static void ends(const struct pipeline_report *r, const char *expected)
{
    char text[SUMMARY_TEXT];
    summary_end(r, text, sizeof text);
    CHECK_STR(text, expected);
}

static void test_end(void)
{
    struct pipeline_report r = report();
    r.out.rate = (struct rational){ 60, 1 };
    ends(&r, "out.mp4: 4 frames at 60 fps from 3 decoded, 0.07 s of video in 2.7 s (1.5 "
             "fps, limited by the engine)");
    r.out.frames_written = 1;
    r.interrupted = true;
    r.timing.bottleneck = "encode";
    ends(&r, "out.mp4: 1 frame at 60 fps from 3 decoded, 0.07 s of video in 2.7 s (0.4 "
             "fps, limited by encoding), stopped early");
    r.interrupted = false;
    r.out.nowhere = true;
    r.timing.bottleneck = "";
    r.out.frames_written = 1000;
    r.out.frames_resumed = 900;
    r.timing.wall_s = 100;
    ends(&r,
         "no output: 1000 frames at 60 fps from 3 decoded, 0.07 s of video in 0:01:40 "
         "(1.0 fps)");
}

static void test_frames(void)
{
    char text[256];
    struct pipeline_report r = { .in = { .cuts = 1 },
                                 .out = { .frames_synthesized = 2 } };
    summary_frames(&r, text, sizeof text);
    CHECK_STR(text, "2 frames interpolated, 1 scene cut, 0 duplicates");
    r.in.cuts = 3;
    r.in.duplicates = 1;
    r.out.frames_synthesized = 1;
    summary_frames(&r, text, sizeof text);
    CHECK_STR(text, "1 frame interpolated, 3 scene cuts, 1 duplicate");
}

/* A long name is cut, and nothing is written beyond the buffer. */
static void test_room(void)
{
    static char name[5000], text[256];
    memset(name, 'x', sizeof name - 1);
    struct pipeline_options job = plain;
    struct pipeline_report r = report();
    job.input.path = name;
    memset(text, '!', sizeof text);
    summary_begin(&job, &r, text, sizeof text - 1);
    CHECK_INT(strlen(text), sizeof text - 2);
    CHECK(text[sizeof text - 1] == '!');
}

int main(void)
{
    test_begin();
    test_unknown();
    test_other_outputs();
    test_end();
    test_frames();
    test_room();
    return check_result();
}
