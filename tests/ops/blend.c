/* blend: its row versions give the bits of the reference; the sigmoid is one. */
#include <math.h>

#include "check.h"
#include "checkop.h"
#if RIFEC_HAVE_CUDA
#include "checkcuda.h"
#endif
#include "model/sigmoid.h"

static const struct {
    const char *name;
    int (*run)(const struct blend_args *a, void *stream);
    int avx2;
} versions[] = {
    { "blend_row", blend_row, 0 },
#if CPU_HAVE_AVX2
    { "blend_row_avx2", blend_row_avx2, 1 },
#endif
};

/* Compares the picture's rows; the padding must stay poisoned. */
static void compare_image(const char *what, const struct image *got,
                          const struct image *want)
{
    for (int y = 0; y < got->height_padded; y++) {
        size_t at = 4 * (size_t)y * (size_t)got->width_padded;
        if (y < got->height)
            checkop_compare(what, got->data + at, want->data + at, 4 * (size_t)got->width,
                            0, 0);
        for (int x = y < got->height ? got->width : 0; x < got->width_padded; x++)
            if (!isnan(got->data[at + 4 * (size_t)x]))
                checkop_fail("%s wrote into the padding at %d, %d", what, x, y);
    }
}

static void try(int width, int height, float coarsest, int threads, int hostile)
{
    int multiple = coarsest > 8 ? (int)(4 * coarsest) : 32;
    int wp = (width + multiple - 1) / multiple * multiple;
    int hp = (height + multiple - 1) / multiple * multiple;
    checkop_case("%dx%d, scales from %g%s", width, height, (double)coarsest,
                 hostile ? ", hostile flow" : "");
    struct level levels[4];
    checkop_levels(levels, 4, coarsest, wp, hp, 60);
    if (hostile)
        for (int i = 0; i < 40; i++)
            levels[3].flow[checkop_int(0, 4 * levels[3].width * levels[3].height - 1)] =
                i % 2 ? NAN : 1e35f;
    struct blend_args a = {
        .image0 = checkop_image(width, height, wp, hp, -0.5f, 1.5f),
        .image1 = checkop_image(width, height, wp, hp, -0.5f, 1.5f),
        .levels = levels,
        .level_count = 4,
    };
    struct cpu_stream s = checkop_stream(threads, wp, levels[3].width);
    struct image want = a.out = checkop_blank_image(width, height, wp, hp);
    blend_c(&a, &s);
    for (size_t v = 0; v < sizeof versions / sizeof *versions; v++) {
        if (versions[v].avx2 && !__builtin_cpu_supports("avx2"))
            continue;
        a.out = checkop_blank_image(width, height, wp, hp);
        versions[v].run(&a, &s);
        compare_image(versions[v].name, &a.out, &want);
    }
    checkop_free_all();
}

#if RIFEC_HAVE_CUDA
/*
 * The position is x + flow, of which FP32 keeps 2^-23, rounded differently by the two
 * sides; times the contrast of neighbours, two at most in each direction. The
 * exponentials differ by 1e-6.
 */
#define FLOW 60
static double tolerance(int width_padded)
{
    return 4 * 0x1p-23 * (width_padded + FLOW) + 1e-6 * FLOW;
}

static void compare_image_near(const struct image *got, const struct image *want)
{
    for (int y = 0; y < got->height_padded; y++) {
        size_t at = 4 * (size_t)y * (size_t)got->width_padded;
        if (y < got->height)
            checkop_compare("blend_cuda", got->data + at, want->data + at,
                            4 * (size_t)got->width, tolerance(got->width_padded), 0);
        for (int x = y < got->height ? got->width : 0; x < got->width_padded; x++)
            if (!isnan(got->data[at + 4 * (size_t)x]))
                checkop_fail("blend_cuda wrote into the padding at %d, %d", x, y);
    }
}

static void try_cuda(int width, int height, float coarsest, enum dtype dtype,
                     bool hostile)
{
    int multiple = coarsest > 8 ? (int)(4 * coarsest) : 32;
    int wp = (width + multiple - 1) / multiple * multiple;
    int hp = (height + multiple - 1) / multiple * multiple;
    checkop_case("%dx%d, scales from %g%s, images of %s", width, height, (double)coarsest,
                 hostile ? ", hostile flow" : "", dtype_name(dtype));
    struct level levels[4], device_levels[4];
    checkop_levels(levels, 4, coarsest, wp, hp, FLOW);
    levels[3].dtype = checkop_int(0, 1) ? DTYPE_FP16 : DTYPE_FP32;
    for (int i = 0; hostile && i < 40; i++) {
        int at = checkop_int(0, 4 * levels[3].width * levels[3].height - 1);
        levels[3].flow[at] = i % 2 ? NAN : i % 4 ? INFINITY : 1e35f;
        levels[3].mask[at / 4] = i % 2 ? 200 : -200;
    }
    for (int i = 0; i < 4; i++)
        device_levels[i] = checkcuda_level(&levels[i]);
    levels[3].dtype = DTYPE_FP32; /* the host's level is only rounded */
    struct blend_args a = {
        .image0 = checkop_image(width, height, wp, hp, -0.5f, 1.5f),
        .image1 = checkop_image(width, height, wp, hp, -0.5f, 1.5f),
        .levels = levels,
        .level_count = 4,
    };
    struct blend_args d = a;
    d.image0 = checkcuda_image(&a.image0, dtype);
    d.image1 = checkcuda_image(&a.image1, dtype);
    d.levels = device_levels;
    struct cpu_stream s = checkop_stream(1, wp, levels[3].width);
    struct image want = a.out = checkop_blank_image(width, height, wp, hp);
    blend_c(&a, &s);
    d.out = checkcuda_blank_image(&want, DTYPE_FP32);
    if (blend_cuda(&d, checkcuda_stream()) < 0)
        checkop_fail("blend_cuda");
    struct image got = checkcuda_get_image(&d.out);
    compare_image_near(&got, &want);
    checkcuda_free_all();
    checkop_free_all();
}

static int on_cuda(void)
{
    if (!checkcuda_start())
        return CHECK_SKIP;
    for (int i = 0; i < checkop_cases(48); i++)
        try_cuda(checkop_int(2, 300), checkop_int(2, 110), ldexpf(8, i % 4 - 1),
                 i / 4 % 2 ? DTYPE_FP16 : DTYPE_FP32, i % 6 == 5);
    try_cuda(8190, 64, 8, DTYPE_FP32, false);
    try_cuda(8190, 64, 8, DTYPE_FP16, false);
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
    checkop_case("sigmoid");
    for (float v = -100; v < 100; v += 0.0137f) {
        float got = sigmoid(v);
        double want = 1 / (1 + exp(-(double)v));
        checkop_compare_double("sigmoid", &got, &want, 1, v < -79 ? 1e-34 : 0, 4e-7);
    }
    float odd[] = { sigmoid(NAN), sigmoid(INFINITY), sigmoid(-INFINITY), sigmoid(0) };
    checkop_compare("sigmoid of NaN, infinity, -infinity, 0", odd,
                    (float[]){ 0.5f, 1, 0, 0.5f }, 4, 1e-30, 0);
    for (int i = 0; i < 24; i++)
        try(checkop_int(2, 150), checkop_int(2, 110), ldexpf(8, i % 4 - 1),
            checkop_int(1, 3), i % 6 == 5);
    return checkop_finish();
}
