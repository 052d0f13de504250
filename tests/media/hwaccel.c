/*
 * Decoding on a GPU that is faked: surfaces that are few and do not last, frames in
 * memory that the CPU cannot reach, pictures that are downloaded for the encoder, and
 * every way back to software.
 *
 * usage: hwaccel CLIP FOLDER, where LD_LIBRARY_PATH leads to the fakes
 */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/hwcontext.h>
#include <libavutil/pixdesc.h>
#define CUDA_VERSION 0
typedef void *CUcontext, *CUstream;
#include <libavutil/hwcontext_cuda.h>

#include "check.h"
#include "copy_engine.h"
#include "fake_cuda.h"
#include "media/convert.h"
#include "media/hwaccel.h"
#include "media/versions.h"
#include "pipeline/pipeline.h"

#define FRAMES 24 /* of the clip */

static const char *clip;
static char out_path[1024], warning[1024], info[1024];

static void on_message(void *opaque, enum rifec_log_level level, const char *line)
{
    (void)opaque;
    if (level == RIFEC_LOG_WARNING)
        snprintf(warning, sizeof warning, "%s", line);
    if (level == RIFEC_LOG_INFO && strstr(line, "NVDEC"))
        snprintf(info, sizeof info, "%s", line);
}

static struct pipeline_options options(void)
{
    /* TSan does not see how FFmpeg's threads pass frames on. */
    static char key[] = "threads", value[] = "1";
    static const struct encode_option one_thread = { key, value };
    return (struct pipeline_options){
        .input.path = clip,
        .output.path = out_path,
        .output.format = "rawvideo",
        .rate.factor = { 2, 1 },
        .output.overwrite = true,
        .streams.no_audio = true,
        .streams.no_subs = true,
        .encoder.options = &one_thread,
        .encoder.option_count = 1,
    };
}

static int run(const struct pipeline_options *opt, struct pipeline_report *report)
{
    struct progress progress = { .mode = PROGRESS_OFF };
    warning[0] = info[0] = '\0';
    copy_engine_from_device = 0;
    return pipeline_run(opt, &progress, report);
}

/* The number of the decoded picture that is shown nth: packets come in another order. */
static int shown[FRAMES];

static void read_order(void)
{
    AVFormatContext *ctx = NULL;
    AVPacket *pkt = av_packet_alloc();
    int64_t pts[FRAMES];
    int n = 0;
    CHECK(avformat_open_input(&ctx, clip, NULL, NULL) == 0);
    while (ctx && av_read_frame(ctx, pkt) == 0) {
        if (pkt->stream_index == 0 && n < FRAMES)
            pts[n++] = pkt->pts;
        av_packet_unref(pkt);
    }
    CHECK_INT(n, FRAMES);
    for (int i = 0; i < n; i++) {
        int before = 0;
        for (int j = 0; j < n; j++)
            before += pts[j] < pts[i];
        shown[before] = i;
    }
    av_packet_free(&pkt);
    avformat_close_input(&ctx);
}

/* Raw video of 4:2:0: every frame has a single value, that of the picture it shows. */
static void check_pictures(int width, int height)
{
    size_t bytes = (size_t)(width * height * 3 / 2);
    uint8_t *frame = malloc(bytes);
    FILE *f = fopen(out_path, "rb");
    int n = 0;
    CHECK(f != NULL);
    while (f && n < 2 * FRAMES && fread(frame, 1, bytes, f) == bytes) {
        uint8_t want = fake_picture(shown[n / 2]);
        size_t wrong = 0;
        for (size_t i = 0; i < bytes; i++)
            wrong += frame[i] != want;
        CHECK_INT((long long)wrong, 0);
        n++;
    }
    CHECK_INT(n, 2 * FRAMES);
    if (f)
        fclose(f);
    free(frame);
}

static void pictures(bool on_cuda, const char *what)
{
    struct pipeline_report r;
    struct pipeline_options opt = options();
    copy_engine_on_cuda = on_cuda;
    opt.input.hwaccel = on_cuda ? HWACCEL_AUTO : HWACCEL_CUDA;
    if (!CHECK_INT(run(&opt, &r), 0))
        fprintf(stderr, "    %s\n", what);
    CHECK_STR(warning, "");
    CHECK_INT(copy_engine_from_device, on_cuda ? FRAMES : 0);
    CHECK_STR(r.in.decoder, "nvdec");
    CHECK_STR(r.in.pix_fmt, "yuv420p");
    CHECK_STR(r.out.pix_fmt, "yuv420p"); /* the same as without a GPU */
    check_pictures(r.in.width, r.in.height);
    pipeline_report_close(&r);
}

/* An encoder that accepts the GPU's order of samples gets it. */
static void encoder(void)
{
    struct pipeline_report r;
    struct pipeline_options opt = options();
    copy_engine_on_cuda = true;
    opt.output.format = "matroska";
    opt.encoder.codec = "libx264";
    opt.encoder.preset = "ultrafast";
    opt.encoder.crf = "0";
    CHECK_INT(run(&opt, &r), 0);
    CHECK_STR(r.out.pix_fmt, "nv12");
    CHECK_INT(r.out.frames_written, 2 * FRAMES);
    pipeline_report_close(&r);
}

/* If the pixels are not needed, nothing is downloaded, and nothing crashes. */
static void null_output(void)
{
    struct pipeline_report r;
    struct pipeline_options opt = options();
    copy_engine_on_cuda = true;
    opt.output.format = "null";
    opt.output.path = "-";
    CHECK_INT(run(&opt, &r), 0);
    CHECK_INT(copy_engine_from_device, FRAMES);
    CHECK_INT(r.out.frames_written, 2 * FRAMES);
    pipeline_report_close(&r);
}

/* A mix needs both pictures in host memory. */
static void cut(void)
{
    struct pipeline_report r;
    struct pipeline_options opt = options();
    char path[1100];
    snprintf(path, sizeof path, "%s.cuts", out_path);
    FILE *f = fopen(path, "w");
    CHECK(f && fputs("0.5\n", f) >= 0 && fclose(f) == 0);
    copy_engine_on_cuda = true;
    opt.content.scene_list = path;
    opt.content.on_cut = ON_CUT_BLEND;
    CHECK_INT(run(&opt, &r), 0);
    unlink(path);
    CHECK_INT(r.in.cuts, 1);
    CHECK_INT(r.out.frames_written, 2 * FRAMES);
    pipeline_report_close(&r);
}

/* The software decoder gives the same pictures of the whole stream, on all threads. */
static void fallback(const char *variable, enum hwaccel_mode mode)
{
    struct pipeline_report r;
    struct pipeline_options opt = options();
    copy_engine_on_cuda = true;
    opt.input.hwaccel = mode;
    setenv(variable, "1", 1);
    CHECK_INT(run(&opt, &r), 0);
    unsetenv(variable);
    CHECK_INT(copy_engine_from_device, 0);
    CHECK_INT(r.in.frames, FRAMES);
    CHECK_INT(r.out.frames_written, 2 * FRAMES);
    CHECK_STR(r.in.decoder, "h264");
    CHECK(!r.in.damaged);
    const char *said = mode == HWACCEL_CUDA ? warning : info;
    if (!CHECK(strstr(said, "decoded in software") != NULL))
        fprintf(stderr, "    %s: '%s', '%s'\n", variable, warning, info);
    pipeline_report_close(&r);
}

static void no_device(void)
{
    struct hwaccel *h;
    AVCodecParameters *par = avcodec_parameters_alloc();
    par->codec_id = AV_CODEC_ID_H264;
    struct hwaccel_params p = { .mode = HWACCEL_CUDA, .why = "no NVIDIA driver" };
    warning[0] = info[0] = '\0';
    CHECK_INT(hwaccel_open(&h, &p, par, "clip"), 0);
    CHECK(h == NULL);
    CHECK(strstr(warning, "no NVIDIA driver") != NULL);
    p.mode = HWACCEL_AUTO;
    warning[0] = '\0';
    CHECK_INT(hwaccel_open(&h, &p, par, "clip"), 0);
    CHECK(h == NULL && !warning[0]);
    par->codec_id = AV_CODEC_ID_PNG;
    info[0] = '\0';
    CHECK_INT(hwaccel_open(&h, &p, par, "clip"), 0);
    CHECK(h == NULL && !warning[0] && !info[0]);
    avcodec_parameters_free(&par);
}

/* NULL: the fake driver lacks a function that this FFmpeg looks for. */
static AVBufferRef *open_device(void)
{
    static int context;
    AVBufferRef *device = av_hwdevice_ctx_alloc(AV_HWDEVICE_TYPE_CUDA);
    AVCUDADeviceContext *cuda = ((AVHWDeviceContext *)(void *)device->data)->hwctx;
    cuda->cuda_ctx = &context;
    if (!CHECK_INT(av_hwdevice_ctx_init(device), 0))
        av_buffer_unref(&device);
    return device;
}

/* Returns a surface of an even size, with noise that *soft keeps. */
static AVFrame *make_surface(enum AVPixelFormat pix_fmt, int width, int height,
                             AVFrame *soft)
{
    AVBufferRef *device = open_device();
    AVBufferRef *pool = av_hwframe_ctx_alloc(device);
    AVHWFramesContext *frames = (void *)pool->data;
    frames->format = AV_PIX_FMT_CUDA;
    frames->sw_format = soft->format = pix_fmt;
    frames->width = soft->width = width;
    frames->height = soft->height = height;
    AVFrame *f = av_frame_alloc();
    CHECK_INT(av_hwframe_ctx_init(pool), 0);
    CHECK_INT(av_hwframe_get_buffer(pool, f, 0), 0);
    CHECK_INT(av_frame_get_buffer(soft, 0), 0);
    for (int p = 0; p < 4 && soft->data[p]; p++)
        for (int i = 0; i < soft->linesize[p] * (p ? height / 2 : height); i++)
            soft->data[p][i] = (uint8_t)(rand() >> 8);
    CHECK_INT(av_hwframe_transfer_data(f, soft, 0), 0);
    av_buffer_unref(&pool);
    av_buffer_unref(&device);
    return f;
}

/* Odd sizes, and pictures that begin inside a surface, arrive unchanged. */
static void cropped(enum AVPixelFormat pix_fmt, int width, int height, int left, int top,
                    bool to_host)
{
    static int context;
    struct hwaccel *h = NULL;
    AVCodecParameters *par = avcodec_parameters_alloc();
    AVFrame *soft = av_frame_alloc();
    AVFrame *f =
        make_surface(pix_fmt, (left + width + 15) & ~15, (top + height + 15) & ~15, soft);
    struct hwaccel_params p = { .mode = HWACCEL_CUDA, .to_host = to_host };
    p.context = p.stream = &context;
    par->codec_id = AV_CODEC_ID_HEVC;
    CHECK_INT(hwaccel_open(&h, &p, par, "clip"), 0);
    /* As after the decoder: right and bottom are cut off already. */
    f->width = left + width;
    f->height = top + height;
    f->crop_left = (size_t)left;
    f->crop_top = (size_t)top;
    f->pts = 1234;
    CHECK_INT(hwaccel_keep(h, f), 0);
    CHECK_INT(hwaccel_is_device(f), !to_host);
    CHECK_INT(hwaccel_pix_fmt(f), pix_fmt);
    if (!to_host)
        CHECK(hwaccel_stream(f) == &context);
    hwaccel_close(&h); /* frames outlive their device */
    CHECK_INT(hwaccel_download(f), 0);
    CHECK_INT(f->format, pix_fmt);
    CHECK_INT(f->width, width);
    CHECK_INT(f->height, height);
    CHECK_INT(f->pts, 1234);
    int wrong = 0, step = pix_fmt == AV_PIX_FMT_NV12 ? 1 : 2;
    for (int y = 0; y < height; y++)
        wrong += memcmp(f->data[0] + y * f->linesize[0],
                        soft->data[0] + (top + y) * soft->linesize[0] + left * step,
                        (size_t)(width * step)) != 0;
    for (int y = 0; y < (height + 1) / 2; y++)
        wrong += memcmp(f->data[1] + y * f->linesize[1],
                        soft->data[1] + (top / 2 + y) * soft->linesize[1] + left * step,
                        (size_t)((width + 1) / 2 * 2 * step)) != 0;
    if (!CHECK_INT(wrong, 0))
        fprintf(stderr, "    %s %dx%d at %d, %d%s\n", av_get_pix_fmt_name(pix_fmt), width,
                height, left, top, to_host ? ", to the host" : "");
    av_frame_free(&f);
    av_frame_free(&soft);
    avcodec_parameters_free(&par);
}

/* The GPU's order of samples is converted to that of a software decoder, and back,
 * without a changed bit: for encoders that accept only one, and when software takes
 * over. */
static void reordered(enum AVPixelFormat gpu, enum AVPixelFormat planar, int depth)
{
    AVFrame *f = av_frame_alloc();
    const int shift = depth > 8 ? 16 - depth : 0, width = 98, height = 50;
    uint16_t *given = calloc((size_t)(width * height * 3 / 2), sizeof *given);
    f->format = planar;
    f->width = width;
    f->height = height;
    CHECK_INT(av_frame_get_buffer(f, 0), 0);
    for (int pass = 0; pass < 2; pass++) {
        int n = 0, wrong = 0;
        for (int p = 0; p < 3; p++)
            for (int y = 0; y < (p ? height / 2 : height); y++)
                for (int x = 0; x < (p ? width / 2 : width); x++) {
                    uint8_t *at = f->data[p] + y * f->linesize[p] + x * (shift ? 2 : 1);
                    uint16_t v =
                        pass ? given[n] : (uint16_t)(rand() >> 4) >> (16 - depth);
                    given[n++] = v;
                    if (pass)
                        wrong += memcmp(at, &v, shift ? 2 : 1) != 0;
                    else
                        memcpy(at, &v, shift ? 2 : 1);
                }
        if (!CHECK_INT(wrong, 0))
            fprintf(stderr, "    %s\n", av_get_pix_fmt_name(gpu));
        for (int i = 0; i < 2 && !pass; i++) {
            struct convert *c;
            CHECK_INT(convert_open(&c, f, i ? planar : gpu), 0);
            CHECK_INT(convert_frame(c, &f), 0);
            convert_close(&c);
        }
    }
    free(given);
    av_frame_free(&f);
}

/* --doctor's trial gives the result that a run would have. */
static void trial(void)
{
    static int context;
    char why[256], codecs[256];
    media_nvdec_codecs(codecs, sizeof codecs);
    CHECK(strstr(codecs, "h264 hevc") != NULL);
    if (!media_has_encoder("libx264"))
        return;
    if (!CHECK(media_nvdec_works(&context, &context, why, sizeof why)))
        fprintf(stderr, "    %s\n", why);
    setenv(FAKE_NVDEC_BREAKS, "1", 1);
    CHECK(!media_nvdec_works(&context, &context, why, sizeof why));
    unsetenv(FAKE_NVDEC_BREAKS);
    CHECK(strlen(why) > 10);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    clip = argv[1];
    snprintf(out_path, sizeof out_path, "%s/hwaccel_test.bin", argv[2]);
    if (av_hwdevice_find_type_by_name("cuda") == AV_HWDEVICE_TYPE_NONE)
        return CHECK_SKIP;
    AVBufferRef *device = open_device();
    if (!device)
        return check_result(); /* FFmpeg's message names the function */
    av_buffer_unref(&device);
    rifec_log_set(RIFEC_LOG_INFO, on_message, NULL);
    read_order();
    no_device();
    trial();
    reordered(AV_PIX_FMT_NV12, AV_PIX_FMT_YUV420P, 8);
    reordered(AV_PIX_FMT_P010, AV_PIX_FMT_YUV420P10, 10);
    reordered(AV_PIX_FMT_P016, AV_PIX_FMT_YUV420P12, 12);
    for (int to_host = 0; to_host < 2; to_host++) {
        cropped(AV_PIX_FMT_NV12, 161, 121, 0, 0, to_host);
        cropped(AV_PIX_FMT_NV12, 64, 48, 6, 10, to_host);
        cropped(AV_PIX_FMT_P010, 99, 77, 2, 4, to_host);
        cropped(AV_PIX_FMT_P016, 512, 2, 0, 2, to_host);
    }
    pictures(true, "device frames");
    pictures(false, "decoded on the GPU, engine on the CPU");
    encoder();
    null_output();
    cut();
    fallback(FAKE_NVDEC_REFUSES, HWACCEL_CUDA);
    fallback(FAKE_NVDEC_REFUSES, HWACCEL_AUTO);
    fallback(FAKE_NVDEC_BREAKS, HWACCEL_CUDA);
    fallback(FAKE_NVDEC_FAILS, HWACCEL_CUDA);
    fallback(FAKE_NVDEC_HIDES, HWACCEL_AUTO);
    unlink(out_path);
    return check_result();
}
