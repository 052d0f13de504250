/* PSNR, SSIM and the largest difference of two frames. */
#include "media/metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/pixdesc.h>

#include "base/err.h"
#include "base/mem.h"

/* One component of both frames, in lines of 16-bit samples. */
struct plane {
    int width, height, depth;
    uint16_t *a, *b; /* [height][width] */
};

/* The four sums of a 4x4 block that SSIM needs. */
struct block {
    int64_t a, b, squares, product;
};

bool metrics_takes(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(format);
    const uint64_t no = AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_FLOAT |
                        AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL;
    return d && !(d->flags & no);
}

double metrics_psnr(double mse)
{
    double db = mse > 0 ? -10 * log10(mse) : METRICS_PSNR_EQUAL;
    return db < METRICS_PSNR_EQUAL ? db : METRICS_PSNR_EQUAL;
}

static void read_plane(uint16_t *to, const AVFrame *frame, const AVPixFmtDescriptor *d,
                       int component, int width, int height)
{
    for (int y = 0; y < height; y++)
        av_read_image_line2(to + (size_t)y * (size_t)width,
                            (const uint8_t **)(uintptr_t)frame->data, frame->linesize, d,
                            0, y, component, width, 0, 2);
}

/* The mean squared error of a component, its samples scaled to [0,1]. */
static double add_differences(struct metrics *m, const struct plane *p, char name,
                              const AVPixFmtDescriptor *d)
{
    int64_t squares = 0;
    bool chroma = name == 'u' || name == 'v';
    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width; x++) {
            size_t at = (size_t)y * (size_t)p->width + (size_t)x;
            int difference = abs(p->a[at] - p->b[at]);
            squares += (int64_t)difference * difference;
            m->differ += difference != 0;
            if (difference > m->max_abs) {
                m->max_abs = difference;
                m->component = name;
                m->x = chroma ? x << d->log2_chroma_w : x;
                m->y = chroma ? y << d->log2_chroma_h : y;
            }
        }
    double max = (double)((1 << p->depth) - 1);
    return (double)squares / ((double)p->width * p->height * max * max);
}

static struct block sum_block(const struct plane *p, int x, int y, int size_x, int size_y)
{
    struct block s = { 0 };
    for (int j = y; j < y + size_y; j++)
        for (int i = x; i < x + size_x; i++) {
            size_t at = (size_t)j * (size_t)p->width + (size_t)i;
            int64_t a = p->a[at], b = p->b[at];
            s.a += a;
            s.b += b;
            s.squares += a * a + b * b;
            s.product += a * b;
        }
    return s;
}

static double ssim_of(const struct block *s, int samples, double max)
{
    double n = samples, a = (double)s->a, b = (double)s->b;
    double c1 = .01 * .01 * max * max * n * n, c2 = .03 * .03 * max * max * n * (n - 1);
    double spread = n * (double)s->squares - a * a - b * b;
    double common = n * (double)s->product - a * b;
    return (2 * a * b + c1) * (2 * common + c2) / ((a * a + b * b + c1) * (spread + c2));
}

static struct block add(struct block a, const struct block *b)
{
    a.a += b->a;
    a.b += b->b;
    a.squares += b->squares;
    a.product += b->product;
    return a;
}

/* The mean over windows of 2x2 blocks. `rows`: two rows of blocks. */
static double plane_ssim(const struct plane *p, struct block *rows)
{
    double max = (double)((1 << p->depth) - 1), sum = 0;
    int across = p->width / 4, down = p->height / 4;
    if (across < 2 || down < 2) { /* smaller than one window: all of it is one */
        struct block all = sum_block(p, 0, 0, p->width, p->height);
        return p->width * p->height > 1 ? ssim_of(&all, p->width * p->height, max)
               : p->a[0] == p->b[0]     ? 1
                                        : 0;
    }
    struct block *above = rows, *here = rows + across;
    for (int y = 0; y < down; y++) {
        for (int x = 0; x < across; x++)
            here[x] = sum_block(p, 4 * x, 4 * y, 4, 4);
        for (int x = 1; y > 0 && x < across; x++) {
            struct block s =
                add(add(add(here[x], &here[x - 1]), &above[x]), &above[x - 1]);
            sum += ssim_of(&s, 64, max);
        }
        struct block *swap = above;
        above = here;
        here = swap;
    }
    return sum / ((double)(across - 1) * (down - 1));
}

static char component_name(const AVPixFmtDescriptor *d, int component)
{
    bool alpha = d->flags & AV_PIX_FMT_FLAG_ALPHA && component == d->nb_components - 1;
    return alpha                            ? 'a'
           : d->flags & AV_PIX_FMT_FLAG_RGB ? "rgb"[component]
                                            : "yuv"[component];
}

static struct plane plane_of(const AVFrame *frame, const AVPixFmtDescriptor *d,
                             int component)
{
    char name = component_name(d, component);
    bool chroma = name == 'u' || name == 'v';
    return (struct plane){
        .width = chroma ? AV_CEIL_RSHIFT(frame->width, d->log2_chroma_w) : frame->width,
        .height =
            chroma ? AV_CEIL_RSHIFT(frame->height, d->log2_chroma_h) : frame->height,
        .depth = d->comp[component].depth,
    };
}

int metrics_compare(struct metrics *out, const AVFrame *a, const AVFrame *b)
{
    int err = 0;
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get((enum AVPixelFormat)a->format);
    size_t samples = (size_t)a->width * (size_t)a->height;
    size_t row_blocks = 2 * ((size_t)a->width / 4 + 1);
    uint16_t *lines = malloc(2 * samples * sizeof *lines);
    struct block *rows = malloc(row_blocks * sizeof *rows);
    *out = (struct metrics){ 0 };
    if (!lines || !rows)
        TRY(mem_fail("the samples of two frames to compare"));
    double total = 0;
    for (int c = 0; c < d->nb_components; c++) {
        struct plane p = plane_of(a, d, c);
        double weight = (double)p.width * p.height;
        p.a = lines;
        p.b = lines + samples;
        read_plane(p.a, a, d, c, p.width, p.height);
        read_plane(p.b, b, d, c, p.width, p.height);
        double mse = add_differences(out, &p, component_name(d, c), d);
        out->mse += weight * mse;
        out->ssim += weight * (mse > 0 ? plane_ssim(&p, rows) : 1);
        total += weight;
    }
    out->mse /= total;
    out->ssim /= total;
    out->psnr_db = metrics_psnr(out->mse);
fail:
    free(lines);
    free(rows);
    return err;
}

const char *metrics_describe(const struct metrics *m, char text[METRICS_TEXT])
{
    snprintf(text, METRICS_TEXT,
             "PSNR %.2f dB, SSIM %.4f, largest difference %d (%c) at %d,%d", m->psnr_db,
             m->ssim, m->max_abs, m->component ? m->component : '-', m->x, m->y);
    return text;
}
