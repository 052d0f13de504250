/* PSNR, SSIM and the largest difference against their definitions, in many formats. */
#include "media/metrics.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>

#include "check.h"

#define WIDTH  38
#define HEIGHT 26

static uint32_t state = 1;

static unsigned noise(void)
{
    state = state * 1664525u + 1013904223u;
    return state >> 16;
}

static AVFrame *new_frame(enum AVPixelFormat format, int width, int height)
{
    AVFrame *f = av_frame_alloc();
    f->format = format;
    f->width = width;
    f->height = height;
    if (av_frame_get_buffer(f, 0) < 0)
        abort();
    for (int p = 0; p < 4 && f->buf[p]; p++) /* the padding differs, too */
        for (size_t i = 0; i < (size_t)f->buf[p]->size; i++)
            f->buf[p]->data[i] = (uint8_t)noise();
    return f;
}

static int rows_of(const AVFrame *f, const AVPixFmtDescriptor *d, int c)
{
    bool chroma = (c == 1 || c == 2) && !(d->flags & AV_PIX_FMT_FLAG_RGB);
    return chroma ? AV_CEIL_RSHIFT(f->height, d->log2_chroma_h) : f->height;
}

static int columns_of(const AVFrame *f, const AVPixFmtDescriptor *d, int c)
{
    bool chroma = (c == 1 || c == 2) && !(d->flags & AV_PIX_FMT_FLAG_RGB);
    return chroma ? AV_CEIL_RSHIFT(f->width, d->log2_chroma_w) : f->width;
}

static int sample(const AVFrame *f, const AVPixFmtDescriptor *d, int c, int x, int y)
{
    uint16_t value;
    av_read_image_line2(&value, (const uint8_t **)(uintptr_t)f->data, f->linesize, d, x,
                        y, c, 1, 0, 2);
    return value;
}

/* av_write_image_line2() would combine the bits with those already there. */
static void set_sample(AVFrame *f, const AVPixFmtDescriptor *d, int c, int x, int y,
                       int value)
{
    const AVComponentDescriptor *p = &d->comp[c];
    uint8_t *to = f->data[p->plane] + y * f->linesize[p->plane] + x * p->step + p->offset;
    unsigned stored = (unsigned)value << p->shift;
    bool two = p->depth > 8, big = d->flags & AV_PIX_FMT_FLAG_BE;
    to[0] = (uint8_t)(two && big ? stored >> 8 : stored);
    if (two)
        to[1] = (uint8_t)(big ? stored : stored >> 8);
}

/* Fills both with samples that differ by at most `spread`. */
static void fill(AVFrame *a, AVFrame *b, int spread)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get((enum AVPixelFormat)a->format);
    for (int c = 0; c < d->nb_components; c++)
        for (int y = 0; y < rows_of(a, d, c); y++)
            for (int x = 0; x < columns_of(a, d, c); x++) {
                int max = (1 << d->comp[c].depth) - 1;
                int value = (int)(noise() % (unsigned)(max - spread));
                set_sample(a, d, c, x, y, value);
                set_sample(b, d, c, x, y,
                           spread ? value + (int)(noise() % (unsigned)spread) : value);
            }
}

/* SSIM by its definition, window by window. */
static double slow_ssim(const AVFrame *a, const AVFrame *b, const AVPixFmtDescriptor *d,
                        int c)
{
    double max = (1 << d->comp[c].depth) - 1, sum = 0;
    double c1 = pow(.01 * max, 2), c2 = pow(.03 * max, 2);
    int count = 0;
    for (int y = 0; y + 8 <= rows_of(a, d, c) / 4 * 4; y += 4)
        for (int x = 0; x + 8 <= columns_of(a, d, c) / 4 * 4; x += 4, count++) {
            double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
            for (int i = 0; i < 64; i++) {
                double p = sample(a, d, c, x + i % 8, y + i / 8);
                double q = sample(b, d, c, x + i % 8, y + i / 8);
                sa += p, sb += q, saa += p * p, sbb += q * q, sab += p * q;
            }
            double ma = sa / 64, mb = sb / 64; /* variances of a sample: divide by 63 */
            double va = (saa - sa * ma) / 63, vb = (sbb - sb * mb) / 63;
            double vab = (sab - sa * mb) / 63;
            sum += (2 * ma * mb + c1) * (2 * vab + c2) /
                   ((ma * ma + mb * mb + c1) * (va + vb + c2));
        }
    return sum / count;
}

static void check_format(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(format);
    AVFrame *a = new_frame(format, WIDTH, HEIGHT), *b = new_frame(format, WIDTH, HEIGHT);
    struct metrics m;
    int before = check_failures;

    CHECK(metrics_takes(format));
    fill(a, b, 0);
    CHECK_INT(metrics_compare(&m, a, b), 0);
    CHECK(m.psnr_db == METRICS_PSNR_EQUAL && m.ssim == 1 && m.mse == 0);
    CHECK_INT(m.max_abs, 0);
    CHECK_INT(m.differ, 0);

    /* Changes one sample of the last component. */
    int last = d->nb_components - 1, x = columns_of(a, d, last) - 1, y = 5;
    int value = sample(a, d, last, x, y);
    set_sample(b, d, last, x, y, value > 7 ? value - 7 : value + 7);
    CHECK_INT(metrics_compare(&m, a, b), 0);
    CHECK_INT(m.max_abs, 7);
    CHECK_INT(m.differ, 1);
    CHECK(m.x / (WIDTH / columns_of(a, d, last)) == x);
    CHECK(m.y / (HEIGHT / rows_of(a, d, last)) == y);
    CHECK(m.component != 0);

    /* Compares all three with their definitions. */
    fill(a, b, 1 << (d->comp[0].depth - 3));
    double ssim = 0, mse = 0, total = 0;
    for (int c = 0; c < d->nb_components; c++) {
        double squares = 0, max = (1 << d->comp[c].depth) - 1;
        double weight = (double)rows_of(a, d, c) * columns_of(a, d, c);
        for (int j = 0; j < rows_of(a, d, c); j++)
            for (int i = 0; i < columns_of(a, d, c); i++)
                squares += pow((sample(a, d, c, i, j) - sample(b, d, c, i, j)) / max, 2);
        mse += squares;
        ssim += weight * slow_ssim(a, b, d, c);
        total += weight;
    }
    CHECK_INT(metrics_compare(&m, a, b), 0);
    CHECK(fabs(m.psnr_db + 10 * log10(mse / total)) < 1e-9);
    CHECK(fabs(m.ssim - ssim / total) < 1e-9);
    if (check_failures != before)
        fprintf(stderr, "    in %s: psnr %g ssim %g\n", d->name, m.psnr_db, m.ssim);
    av_frame_free(&a);
    av_frame_free(&b);
}

/* Frames smaller than a window: there is a largest difference, and SSIM is a number. */
static void check_tiny(void)
{
    for (int width = 1; width <= 9; width++) {
        struct metrics m;
        AVFrame *a = new_frame(AV_PIX_FMT_YUV420P, width, 3);
        AVFrame *b = new_frame(AV_PIX_FMT_YUV420P, width, 3);
        fill(a, b, 9);
        CHECK_INT(metrics_compare(&m, a, b), 0);
        CHECK(m.max_abs <= 8 && m.ssim > -1.001 && m.ssim < 1.001 && m.psnr_db > 0);
        av_frame_free(&a);
        av_frame_free(&b);
    }
}

/* The sentence that every report uses. */
static void check_sentence(void)
{
    char text[METRICS_TEXT];
    struct metrics m = { .psnr_db = 41.204,
                         .ssim = 0.98714,
                         .max_abs = 12,
                         .component = 'y',
                         .x = 4,
                         .y = 9 };
    CHECK_STR(metrics_describe(&m, text),
              "PSNR 41.20 dB, SSIM 0.9871, largest difference 12 (y) at 4,9");
    m = (struct metrics){ .psnr_db = METRICS_PSNR_EQUAL, .ssim = 1 };
    CHECK_STR(metrics_describe(&m, text),
              "PSNR 100.00 dB, SSIM 1.0000, largest difference 0 (-) at 0,0");
    m = (struct metrics){ .ssim = -1, .max_abs = 65535, .x = 16383, .y = 16383 };
    CHECK(strlen(metrics_describe(&m, text)) < METRICS_TEXT - 1);
}

int main(void)
{
    check_sentence();
    const enum AVPixelFormat formats[] = {
        AV_PIX_FMT_YUV420P,     AV_PIX_FMT_YUV420P10LE, AV_PIX_FMT_YUV422P12LE,
        AV_PIX_FMT_YUV444P16LE, AV_PIX_FMT_NV12,        AV_PIX_FMT_P010LE,
        AV_PIX_FMT_GBRP,        AV_PIX_FMT_GBRP16LE,    AV_PIX_FMT_RGB24,
        AV_PIX_FMT_RGBA,        AV_PIX_FMT_BGR0,        AV_PIX_FMT_GRAY8,
        AV_PIX_FMT_GRAY16LE,    AV_PIX_FMT_YUVA444P,    AV_PIX_FMT_YA8,
        AV_PIX_FMT_RGB48BE,
    };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        check_format(formats[i]);
    check_tiny();
    CHECK(!metrics_takes(AV_PIX_FMT_PAL8));
    CHECK(!metrics_takes(AV_PIX_FMT_CUDA));
    CHECK(!metrics_takes(AV_PIX_FMT_GBRPF32LE));
    return check_result();
}
