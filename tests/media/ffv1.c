/* Our settings of FFV1 return every sample unchanged, at every size that rifec
 * accepts, and give work to many cores if the picture is large enough. */
#include "media/out/ffv1.h"

#include <stdlib.h>

#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libavutil/lfg.h>
#include <libavutil/pixdesc.h>

#include "check.h"
#include "media/out/encoder_choice.h"

static AVLFG noise;

/* Noise in every bit of the format, and zero in the others. */
static AVFrame *picture(int width, int height, enum AVPixelFormat pix_fmt)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(pix_fmt);
    AVFrame *f = av_frame_alloc();
    f->width = width;
    f->height = height;
    f->format = pix_fmt;
    if (av_frame_get_buffer(f, 0) < 0)
        exit(1);
    for (int p = 0; p < 4 && f->data[p]; p++)
        for (int y = 0; y < -(-height >> (p == 1 || p == 2 ? d->log2_chroma_h : 0)); y++)
            for (int x = 0; x < f->linesize[p]; x++) {
                int high = d->comp[0].depth > 8 && x % 2;
                int mask = high ? (1 << (d->comp[0].depth - 8)) - 1 : 255;
                f->data[p][y * f->linesize[p] + x] =
                    (uint8_t)(av_lfg_get(&noise) & (unsigned)mask);
            }
    return f;
}

static bool same(const AVFrame *a, const AVFrame *b)
{
    int size = av_image_get_buffer_size(a->format, a->width, a->height, 1);
    uint8_t *x = calloc(2, (size_t)size), *y = x + size;
    bool equal = b->format == a->format && b->width == a->width && b->height == a->height;
    if (equal) {
        av_image_copy_to_buffer(x, size, (const uint8_t *const *)a->data, a->linesize,
                                a->format, a->width, a->height, 1);
        av_image_copy_to_buffer(y, size, (const uint8_t *const *)b->data, b->linesize,
                                a->format, a->width, a->height, 1);
        equal = !memcmp(x, y, (size_t)size);
    }
    free(x);
    return equal;
}

static AVCodecContext *opened(const AVCodec *codec, const AVFrame *f)
{
    AVCodecContext *c = avcodec_alloc_context3(codec);
    c->width = f->width;
    c->height = f->height;
    c->pix_fmt = f->format;
    c->time_base = (AVRational){ 1, 25 };
    struct encode_params p = { .user.codec = "ffv1" };
    if (encoder_set(c, &p) < 0 || avcodec_open2(c, codec, NULL) < 0) {
        avcodec_free_context(&c);
        return NULL;
    }
    return c;
}

/* Encodes the frame and decodes it with the encoder's header. */
static bool comes_back(int width, int height, enum AVPixelFormat pix_fmt)
{
    AVFrame *given = picture(width, height, pix_fmt), *got = av_frame_alloc();
    AVPacket *pkt = av_packet_alloc();
    AVCodecContext *c = opened(avcodec_find_encoder_by_name("ffv1"), given);
    AVCodecContext *d = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_FFV1));
    AVCodecParameters *par = avcodec_parameters_alloc();
    bool ok = c && avcodec_parameters_from_context(par, c) >= 0 &&
              avcodec_parameters_to_context(d, par) >= 0 &&
              avcodec_open2(d, NULL, NULL) >= 0 && avcodec_send_frame(c, given) >= 0 &&
              avcodec_send_frame(c, NULL) >= 0 && avcodec_receive_packet(c, pkt) >= 0 &&
              avcodec_send_packet(d, pkt) >= 0 && avcodec_send_packet(d, NULL) >= 0 &&
              avcodec_receive_frame(d, got) >= 0 && same(given, got);
    avcodec_parameters_free(&par);
    avcodec_free_context(&c);
    avcodec_free_context(&d);
    av_packet_free(&pkt);
    av_frame_free(&given);
    av_frame_free(&got);
    return ok;
}

static const enum AVPixelFormat formats[] = {
    AV_PIX_FMT_YUV420P,     AV_PIX_FMT_YUV444P,  AV_PIX_FMT_YUV410P,
    AV_PIX_FMT_YUV411P,     AV_PIX_FMT_GRAY8,    AV_PIX_FMT_YUV420P10LE,
    AV_PIX_FMT_YUV444P16LE, AV_PIX_FMT_GRAY16LE, AV_PIX_FMT_GBRP12LE,
    AV_PIX_FMT_BGRA,
};

static void test_sizes(void)
{
    static const int sizes[] = { 2, 3, 5, 16, 17 };
    static const int large[][2] = { { 353, 2 },  { 400, 15 },  { 400, 16 },  { 400, 33 },
                                    { 2, 289 },  { 15, 400 },  { 33, 400 },  { 352, 288 },
                                    { 353, 17 }, { 16384, 2 }, { 1280, 720 } };
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
        const char *name = av_get_pix_fmt_name(formats[f]);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++)
                if (!CHECK(comes_back(sizes[i], sizes[j], formats[f])))
                    fprintf(stderr, "    %dx%d %s\n", sizes[i], sizes[j], name);
        for (size_t i = 0; i < sizeof large / sizeof *large; i++)
            if (!CHECK(comes_back(large[i][0], large[i][1], formats[f])))
                fprintf(stderr, "    %dx%d %s\n", large[i][0], large[i][1], name);
    }
}

/* A picture that is large enough for every grid. */
static void test_grids(void)
{
    CHECK(comes_back(640, 360, AV_PIX_FMT_YUV420P));
    CHECK(comes_back(720, 576, AV_PIX_FMT_YUV422P10LE));
    CHECK(comes_back(1280, 720, AV_PIX_FMT_YUV420P));
    CHECK(comes_back(1919, 1079, AV_PIX_FMT_YUV420P));
    CHECK(comes_back(2560, 1440, AV_PIX_FMT_GRAY8));
    /* Slices whose edges are not multiples of four, and FFmpeg's result for them. */
    for (int i = 0; i < 8; i++) {
        CHECK(comes_back(417 + i, 311 - i, AV_PIX_FMT_YUV410P));
        CHECK(comes_back(417 + i, 311, AV_PIX_FMT_YUV411P));
        CHECK(comes_back(417 + i, 311 - i, AV_PIX_FMT_YUV420P));
    }
}

static void test_slices(void)
{
    CHECK_INT(ffv1_slices(64, 48, AV_PIX_FMT_YUV420P), 1);
    CHECK_INT(ffv1_slices(400, 300, AV_PIX_FMT_YUV420P), 4);
    CHECK_INT(ffv1_slices(1280, 720, AV_PIX_FMT_YUV420P), 24);
    CHECK_INT(ffv1_slices(1920, 1080, AV_PIX_FMT_YUV420P), 48);
    CHECK_INT(ffv1_slices(1920, 1080, AV_PIX_FMT_GBRP16), 48);
    CHECK_INT(ffv1_slices(3840, 2160, AV_PIX_FMT_YUV420P10), 192);
    CHECK_INT(ffv1_slices(1919, 1079, AV_PIX_FMT_YUV420P), 49); /* no grid has 48 */
    /* Version 3 cannot have fewer than four slices here, and four are too many. */
    CHECK_INT(ffv1_slices(1920, 2, AV_PIX_FMT_YUV420P), 0);
    CHECK_INT(ffv1_slices(400, 32, AV_PIX_FMT_YUV420P), 4);
    CHECK_INT(ffv1_slices(400, 30, AV_PIX_FMT_YUV420P), 0);
}

int main(void)
{
    av_log_set_level(AV_LOG_ERROR);
    av_lfg_init(&noise, 46);
    test_slices();
    test_grids();
    test_sizes();
    return check_result();
}
