/*
 * load: against exact arithmetic from the definitions of H.273, for every
 * format family, matrix, range and chroma siting, at odd sizes.
 */
#include <math.h>
#include <stdio.h>

#include "check.h"
#include "formats.h"
#if RIFEC_HAVE_CUDA
#include "checkcuda.h"
#endif

static const struct {
    const char *name;
    int (*run)(const struct load_args *a, void *stream);
    int avx2;
} versions[] = {
    { "load_c", load_c, 0 },
#if CPU_HAVE_AVX2
    { "load_avx2", load_avx2, 1 },
#endif
};

/* Chroma component c at luma position (x, y): bilinear between true positions. */
static double chroma_at(const struct rifec_frame *f, const struct rifec_color *color,
                        const struct yuv *yuv, int c, int x, int y)
{
    /* Siting in H.273, figure 1: left, center, top left, top, bottom left, bottom. */
    static const double sited[][2] = { { 0, .5 }, { .5, .5 }, { 0, 0 },
                                       { .5, 0 }, { 0, 1 },   { .5, 1 } };
    const double *at = sited[color->chroma_loc - 1];
    int fx = 1 << f->format.chroma_w_log2, fy = 1 << f->format.chroma_h_log2;
    double u = (x - at[0] * (fx - 1)) / fx, v = (y - at[1] * (fy - 1)) / fy, sum = 0;
    for (int j = 0; j < 2; j++)
        for (int i = 0; i < 2; i++) {
            int cx = (int)floor(u) + i, cy = (int)floor(v) + j;
            double share = (1 - fabs(u - cx)) * (1 - fabs(v - cy));
            cx = cx < 0 ? 0 : cx >= yuv->chroma_width ? yuv->chroma_width - 1 : cx;
            cy = cy < 0 ? 0 : cy >= yuv->chroma_height ? yuv->chroma_height - 1 : cy;
            sum += share * get_code(f, c, cx, cy);
        }
    return sum;
}

static void pixel(const struct rifec_frame *f, const struct rifec_color *color,
                  const struct yuv *yuv, int x, int y, double rgb[3])
{
    static const double weights[][3] = { [RIFEC_MATRIX_BT709] = { .2126, .0722 },
                                         [RIFEC_MATRIX_FCC] = { .30, .11 },
                                         [RIFEC_MATRIX_BT601] = { .299, .114 },
                                         [RIFEC_MATRIX_SMPTE240M] = { .212, .087 },
                                         [RIFEC_MATRIX_BT2020_NCL] = { .2627, .0593 } };
    int depth = f->format.depth, limited = color->range == RIFEC_RANGE_LIMITED;
    double max = pow(2, depth) - 1, unit = pow(2, depth - 8);
    if (f->format.family == RIFEC_FAMILY_RGB) {
        for (int c = 0; c < 3; c++)
            rgb[c] = get_code(f, c, x, y) / max;
        return;
    }
    double luma = get_code(f, 0, x, y);
    luma = limited ? (luma - 16 * unit) / (219 * unit) : luma / max;
    rgb[0] = rgb[1] = rgb[2] = luma;
    if (f->format.family == RIFEC_FAMILY_GRAY)
        return;
    double kr = weights[color->matrix][0], kb = weights[color->matrix][1];
    double full = limited ? 224 * unit : max;
    double cb = (chroma_at(f, color, yuv, 1, x, y) - 128 * unit) / full;
    double cr = (chroma_at(f, color, yuv, 2, x, y) - 128 * unit) / full;
    rgb[0] = luma + 2 * (1 - kr) * cr;
    rgb[2] = luma + 2 * (1 - kb) * cb;
    rgb[1] = (luma - kr * rgb[0] - kb * rgb[2]) / (1 - kr - kb);
}

/* In the padding, the alpha of the nearest pixel. */
static double alpha_near(const struct rifec_frame *f, int x, int y)
{
    x = x < f->width ? x : f->width - 1;
    y = y < f->height ? y : f->height - 1;
    return get_code(f, 3, x, y) / (pow(2, f->format.depth) - 1);
}

static void try(const struct named_format *named, int width, int height)
{
    char text[96];
    struct rifec_color color = random_color();
    checkop_case("%s, %dx%d, %s", named->name, width, height,
                 color_name(&color, text, sizeof text));
    int wp = (width + 31) / 32 * 32, hp = (height + 31) / 32 * 32;
    struct yuv yuv;
    if (yuv_open(&yuv, width, height, &named->format, &color) < 0)
        checkop_fail("yuv_open");
    struct rifec_frame frame = make_frame(&named->format, width, height);
    fill_frame(&frame);
    struct cpu_stream s = checkop_stream(checkop_int(1, 3), wp, wp);
    for (size_t v = 0; v < sizeof versions / sizeof *versions; v++) {
        if (versions[v].avx2 && !__builtin_cpu_supports("avx2"))
            continue;
        struct image out = checkop_blank_image(width, height, wp, hp);
        versions[v].run(&(struct load_args){ &frame, &yuv, out }, &s);
        for (int y = 0; y < hp; y++)
            for (int x = 0; x < wp; x++) {
                double rgba[4] = { 0 };
                int inside = x < width && y < height;
                if (inside)
                    pixel(&frame, &color, &yuv, x, y, rgba);
                if (rifec_format_has(&frame.format, 3))
                    rgba[3] = alpha_near(&frame, x, y);
                checkop_compare_double(versions[v].name, out.data + 4 * (y * wp + x),
                                       rgba, 4, inside ? 2e-6 : 1e-7, 0);
            }
    }
    yuv_close(&yuv);
    checkop_free_all();
}

#if RIFEC_HAVE_CUDA
/*
 * Against load_c, which is exact to 2e-6. The GPU fuses multiply and add: another
 * rounding of each of about ten terms below 4. FP16 adds half its spacing.
 */
static void try_cuda(const struct named_format *named, int width, int height,
                     enum dtype dtype)
{
    char text[96];
    struct rifec_color color = random_color();
    checkop_case("%s, %dx%d, %s, image of %s", named->name, width, height,
                 color_name(&color, text, sizeof text), dtype_name(dtype));
    int wp = (width + 31) / 32 * 32, hp = (height + 31) / 32 * 32;
    struct yuv yuv;
    if (yuv_open(&yuv, width, height, &named->format, &color) < 0)
        checkop_fail("yuv_open");
    struct rifec_frame frame = make_frame(&named->format, width, height);
    fill_frame(&frame);
    struct cpu_stream s = checkop_stream(1, wp, wp);
    struct image want = checkop_blank_image(width, height, wp, hp);
    load_c(&(struct load_args){ &frame, &yuv, want }, &s);

    struct rifec_frame device_frame = checkcuda_frame(&frame);
    struct yuv device_yuv = checkcuda_yuv(&yuv);
    struct image out = checkcuda_blank_image(&want, dtype);
    if (load_cuda(&(struct load_args){ &device_frame, &device_yuv, out },
                  checkcuda_stream()) < 0)
        checkop_fail("load_cuda");
    struct image got = checkcuda_get_image(&out);
    checkop_compare("load_cuda", got.data, want.data, 4 * (size_t)(wp * hp), 4e-6,
                    dtype == DTYPE_FP16 ? 0x1p-11 : 0);
    yuv_close(&yuv);
    checkcuda_free_all();
    checkop_free_all();
}

static int on_cuda(void)
{
    if (!checkcuda_start())
        return CHECK_SKIP;
    for (int i = 0; i < checkop_cases(4 * FORMATS); i++)
        try_cuda(&formats[i % FORMATS], checkop_int(2, 300), checkop_int(2, 70),
                 i / FORMATS % 2 ? DTYPE_FP16 : DTYPE_FP32);
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
    for (int i = 0; i < 6 * FORMATS; i++)
        try(&formats[i % FORMATS], checkop_int(2, 70), checkop_int(2, 40));
    return checkop_finish();
}
