/* thumbnail: against the definition, for every format, up and down in size. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "formats.h"
#if RIFEC_HAVE_CUDA
#include "checkcuda.h"
#endif

/* The mean of the samples of a component that box (x, y) reads. */
static double mean_of(const struct rifec_frame *f, int c, int x, int y)
{
    int x0 = x * f->width / THUMB_WIDTH, x1 = (x + 1) * f->width / THUMB_WIDTH;
    int y0 = y * f->height / THUMB_HEIGHT, y1 = (y + 1) * f->height / THUMB_HEIGHT;
    x1 = x1 == x0 ? x0 + 1 : x1;
    y1 = y1 == y0 ? y0 + 1 : y1;
    int dx = (x1 - x0) / 8 > 1 ? (x1 - x0) / 8 : 1,
        dy = (y1 - y0) / 8 > 1 ? (y1 - y0) / 8 : 1;
    double sum = 0;
    int n = 0;
    for (int j = y0; j < y1; j += dy)
        for (int i = x0; i < x1; i += dx, n++)
            sum += get_code(f, c, i, j);
    return sum / n;
}

static double expected(const struct rifec_frame *f, const struct rifec_color *color,
                       int x, int y)
{
    double max = pow(2, f->format.depth) - 1, unit = pow(2, f->format.depth - 8), v;
    if (f->format.family == RIFEC_FAMILY_RGB)
        v = (.2126 * mean_of(f, 0, x, y) + .7152 * mean_of(f, 1, x, y) +
             .0722 * mean_of(f, 2, x, y)) /
            max;
    else if (color->range == RIFEC_RANGE_LIMITED)
        v = (mean_of(f, 0, x, y) - 16 * unit) / (219 * unit);
    else
        v = mean_of(f, 0, x, y) / max;
    return 65535 * (v < 0 ? 0 : v > 1 ? 1 : v);
}

static void try(const struct named_format *named, int width, int height)
{
    struct rifec_color color = random_color();
    struct yuv yuv;
    checkop_case("%s, %dx%d, range %d", named->name, width, height, (int)color.range);
    if (yuv_open(&yuv, width, height, &named->format, &color) < 0)
        checkop_fail("yuv_open");
    struct rifec_frame frame = make_frame(&named->format, width, height);
    fill_frame(&frame);
    struct cpu_stream s = checkop_stream(checkop_int(1, 3), width, width);
    size_t bytes = THUMB_WIDTH * THUMB_HEIGHT * sizeof(uint16_t);
    uint16_t *out = (uint16_t *)(void *)checkop_bytes(bytes);
    thumbnail_c(&(struct thumbnail_args){ &frame, &yuv, out }, &s);
    for (int y = 0; y < THUMB_HEIGHT; y++)
        for (int x = 0; x < THUMB_WIDTH; x++) {
            double want = expected(&frame, &color, x, y);
            if (!(fabs(out[y * THUMB_WIDTH + x] - want) <= 1))
                checkop_fail("(%d, %d): %d instead of %.2f", x, y,
                             out[y * THUMB_WIDTH + x], want);
        }
    yuv_close(&yuv);
    checkop_free_all();
}

#if RIFEC_HAVE_CUDA
/* Sums of sample values are exact; the scaling may round differently: 1, as in ops.h. */
static void try_cuda(const struct named_format *named, int width, int height)
{
    struct rifec_color color = random_color();
    struct yuv yuv;
    checkop_case("%s, %dx%d, range %d", named->name, width, height, (int)color.range);
    if (yuv_open(&yuv, width, height, &named->format, &color) < 0)
        checkop_fail("yuv_open");
    struct rifec_frame frame = make_frame(&named->format, width, height);
    fill_frame(&frame);
    struct cpu_stream s = checkop_stream(1, width, width);
    static uint16_t want[THUMB_WIDTH * THUMB_HEIGHT], got[THUMB_WIDTH * THUMB_HEIGHT];
    thumbnail_c(&(struct thumbnail_args){ &frame, &yuv, want }, &s);
    struct rifec_frame device_frame = checkcuda_frame(&frame);
    struct yuv device_yuv = checkcuda_yuv(&yuv);
    uint16_t *out = checkcuda_bytes(sizeof got);
    if (thumbnail_cuda(&(struct thumbnail_args){ &device_frame, &device_yuv, out },
                       checkcuda_stream()) < 0)
        checkop_fail("thumbnail_cuda");
    checkcuda_download(got, out, sizeof got);
    for (int i = 0; i < THUMB_WIDTH * THUMB_HEIGHT; i++)
        if (abs(got[i] - want[i]) > 1)
            checkop_fail("(%d, %d): %d instead of %d", i % THUMB_WIDTH, i / THUMB_WIDTH,
                         got[i], want[i]);
    yuv_close(&yuv);
    checkcuda_free_all();
    checkop_free_all();
}

static int on_cuda(void)
{
    if (!checkcuda_start())
        return CHECK_SKIP;
    for (int i = 0; i < checkop_cases(FORMATS); i++) {
        try_cuda(&formats[i], checkop_int(2, 95), checkop_int(2, 63));
        try_cuda(&formats[i], checkop_int(96, 2100), checkop_int(64, 700));
    }
    return checkop_finish();
}
#endif

int main(int argc, char **argv)
{
    checkop_start(argc, argv);
#if RIFEC_HAVE_CUDA
    if (checkop_on_cuda())
        return on_cuda();
#endif
    for (int i = 0; i < FORMATS; i++) {
        try(&formats[i], checkop_int(2, 95), checkop_int(2, 63));
        try(&formats[i], checkop_int(96, 2100), checkop_int(64, 700));
    }
    return checkop_finish();
}
