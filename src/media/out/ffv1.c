/* The choice among the divisions that FFmpeg's encoder knows. */
#include "media/out/ffv1.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <libavutil/pixdesc.h>

/* A slice begins without knowledge of the picture. With this many pixels in each, 1080p
 * has 48 slices; with 36 a film was 0.48 % larger than with 4. */
#define SLICE_PIXELS 28000

/* FFmpeg 5.1 loses samples where a slice has one row or column of a plane. */
#define SLICE_ROWS 8

#define SLICES_MAX    256       /* FFmpeg's */
#define SLICE_BITS    (8 << 24) /* FFmpeg's, of one slice */
#define GRID_ROWS_MAX 31        /* FFmpeg's */

struct size {
    int width, height;
    int shift_w, shift_h; /* of the chroma planes */
    int planes, depth;
};

struct grid {
    int rows, columns;
};

static int ceil_shift(int size, int shift)
{
    return -(-size >> shift);
}

static int ceil_divide(int size, int parts)
{
    return (size + parts - 1) / parts;
}

/* The last slice of an odd size must have the odd chroma sample. */
static bool ends_badly(int size, int parts, int shift)
{
    return size % (1 << shift) && ceil_divide(size, parts) % (1 << shift) == 0;
}

/* FFmpeg's rules. */
static bool is_known(const struct grid *g, const struct size *s)
{
    bool small = s->width <= 352 && s->height <= 288;
    int64_t pixels =
        (int64_t)ceil_divide(s->width, g->columns) * ceil_divide(s->height, g->rows);
    return (g->rows > 1 || small) && g->rows * g->columns <= SLICES_MAX &&
           g->columns <= ceil_shift(s->width, s->shift_w) &&
           g->rows <= ceil_shift(s->height, s->shift_h) &&
           pixels * (s->depth + 1) * s->planes <= SLICE_BITS &&
           !ends_badly(s->width, g->columns, s->shift_w) &&
           !ends_badly(s->height, g->rows, s->shift_h);
}

/* True when slices of `parts` columns, or rows, leave no chroma sample out between them,
 * as FFmpeg's do in an odd place of 4:1:0 and 4:1:1. */
static bool is_whole(int size, int parts, int shift)
{
    for (int i = 0; i < parts; i++) {
        int begin = (int)((int64_t)size * i / parts);
        int end = (int)((int64_t)size * (i + 1) / parts);
        int next = i + 1 < parts ? end >> shift : ceil_shift(end, shift);
        if ((begin >> shift) + ceil_shift(end - begin, shift) < next)
            return false;
    }
    return true;
}

/* FFmpeg codes this grid without loss. */
static bool is_lossless(const struct grid *g, const struct size *s)
{
    return g->rows * g->columns == 1 ||
           (ceil_shift(s->width, s->shift_w) / g->columns >= SLICE_ROWS &&
            ceil_shift(s->height, s->shift_h) / g->rows >= SLICE_ROWS &&
            is_whole(s->width, g->columns, s->shift_w) &&
            is_whole(s->height, g->rows, s->shift_h));
}

/* Products with many divisors keep any number of cores busy. */
static int wanted(const struct size *s)
{
    static const int counts[] = { 192, 96, 48, 24, 12, 4 };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if ((int64_t)s->width * s->height >= (int64_t)counts[i] * SLICE_PIXELS)
            return counts[i];
    return 1;
}

int ffv1_slices(int width, int height, enum AVPixelFormat pix_fmt)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(pix_fmt);
    const struct size s = {
        width,           height, d->log2_chroma_w, d->log2_chroma_h, d->nb_components,
        d->comp[0].depth
    };
    bool seen[SLICES_MAX + 1] = { false };
    int best = 0, target = wanted(&s);
    /* FFmpeg takes a number, and the first grid that has it in this order; whether it
     * knows those of twice as many columns depends on its version. */
    for (int rows = 1; rows <= GRID_ROWS_MAX; rows++)
        for (int columns = rows; columns <= 2 * rows; columns++) {
            const struct grid g = { rows, columns };
            int count = rows * columns;
            if (!is_known(&g, &s) || seen[count])
                continue;
            seen[count] = true;
            if (columns < 2 * rows && is_lossless(&g, &s) &&
                (!best || abs(count - target) < abs(best - target)))
                best = count;
        }
    return best;
}
