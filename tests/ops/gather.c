/* gather: its row versions give the bits of the reference; hostile flow harms nothing. */
#include <math.h>
#include <string.h>

#include "checkop.h"

static const struct {
    const char *name;
    int (*run)(const struct gather_args *a, void *stream);
    int avx2;
} versions[] = {
    { "gather_row", gather_row, 0 },
#if CPU_HAVE_AVX2
    { "gather_row_avx2", gather_row_avx2, 1 },
#endif
};

/* From row `top` to the end. */
static struct tensor make_out(const struct image *im, float scale, int block, int top)
{
    struct tensor t = { .channels = IFNET_INPUTS,
                        .height = (int)((float)im->height_padded / scale) - top,
                        .width = (int)((float)im->width_padded / scale),
                        .block = block };
    t.data = checkop_floats((size_t)IFNET_INPUTS * (size_t)t.height * (size_t)t.width);
    return t;
}

/* Spoils some flow: huge, infinite, NaN. */
static void poison(struct level *levels, int count)
{
    static const float evil[] = { 1e30f, -1e30f, INFINITY, -INFINITY, NAN };
    for (int l = 0; l < count; l++)
        for (int i = 0; i < levels[l].width * levels[l].height / 3; i++)
            levels[l].flow[checkop_int(0, 4 * levels[l].width * levels[l].height - 1)] =
                evil[checkop_int(0, 4)];
}

/* Channels 0..5, the images: everything else may be NaN when flow is. */
static void compare_images(const char *what, const struct tensor *got,
                           const struct tensor *want)
{
    size_t pixels = (size_t)got->height * (size_t)got->width;
    for (size_t p = 0; p < pixels; p++)
        checkop_compare(what, got->data + p * (size_t)got->block,
                        want->data + p * (size_t)want->block, 6, 0, 0);
}

static void try(int width, int height, int multiple, int level_count, float scale,
                int block, int threads, int hostile)
{
    int wp = (width + multiple - 1) / multiple * multiple;
    int hp = (height + multiple - 1) / multiple * multiple;
    checkop_case("%dx%d padded to %dx%d, %d levels, scale %g, block %d%s", width, height,
                 wp, hp, level_count, (double)scale, block,
                 hostile ? ", hostile flow" : "");
    struct level levels[3];
    checkop_levels(levels, level_count, scale * (float)(1 << level_count), wp, hp, 40);
    if (hostile)
        poison(levels, level_count);
    float t = checkop_float(0.01f, 0.99f);
    struct gather_args a = {
        .image0 = checkop_image(width, height, wp, hp, -0.2f, 1.2f),
        .image1 = checkop_image(width, height, wp, hp, -0.2f, 1.2f),
        .levels = levels,
        .level_count = level_count,
        .scale = scale,
        .t = &t,
    };
    a.top = checkop_int(0, 1) * checkop_int(0, (int)((float)hp / scale) - 1);
    struct cpu_stream s = checkop_stream(threads, wp, (int)((float)wp / scale));
    struct tensor want = make_out(&a.image0, scale, block, a.top);
    size_t n = (size_t)want.channels * (size_t)want.height * (size_t)want.width;
    a.out = want;
    gather_c(&a, &s);
    for (size_t v = 0; v < sizeof versions / sizeof *versions; v++) {
        if (versions[v].avx2 && !__builtin_cpu_supports("avx2"))
            continue;
        a.out = make_out(&a.image0, scale, block, a.top);
        versions[v].run(&a, &s);
        if (hostile)
            compare_images(versions[v].name, &a.out, &want);
        else
            checkop_compare(versions[v].name, a.out.data, want.data, n, 0, 0);
    }
    checkop_free_all();
}

/* Rows of a part are those of the whole. */
static void part(void)
{
    checkop_case("part");
    struct level levels[2];
    checkop_levels(levels, 2, 8, 64, 96, 20);
    struct gather_args a = { .image0 = checkop_image(60, 90, 64, 96, 0, 1),
                             .image1 = checkop_image(60, 90, 64, 96, 0, 1),
                             .levels = levels,
                             .level_count = 2,
                             .scale = 2,
                             .t = &(float){ 0.5f } };
    struct cpu_stream s = checkop_stream(1, 64, 64);
    struct tensor whole = a.out = make_out(&a.image0, 2, 16, 0);
    gather_c(&a, &s);
    a.top = 17;
    a.out = make_out(&a.image0, 2, 16, 17);
    gather_c(&a, &s);
    size_t row = 16 * (size_t)whole.width;
    checkop_compare("gather_c", a.out.data, whole.data + 17 * row,
                    row * (size_t)a.out.height, 0, 0);
    checkop_free_all();
}

/* Values one can see: no flow, scale 2, a ramp. */
static void ramp(void)
{
    checkop_case("ramp");
    struct image im = checkop_image(32, 32, 32, 32, 0, 0);
    for (int i = 0; i < 32 * 32; i++)
        im.data[4 * i] = (float)(i % 32) / 32;
    struct gather_args a = {
        .image0 = im, .image1 = im, .scale = 2, .t = &(float){ 0.25f }
    };
    struct cpu_stream s = checkop_stream(1, 32, 32);
    a.out = make_out(&im, 2, 16, 0);
    gather_c(&a, &s);
    for (int x = 0; x < 16; x++) {
        float middle = ((float)(2 * x) + 0.5f) / 32;
        float want[16] = { middle, 0, 0, middle, 0, 0, 0.25f };
        checkop_compare("gather_c", a.out.data + 16 * x, want, 16, 0, 0);
    }
    checkop_free_all();
}

int main(int argc, char **argv)
{
    checkop_start(argc, argv);
    ramp();
    part();
    for (int i = 0; i < 60; i++) {
        int b = i % 4; /* the block, in a network of scale 1 / (1 << e) */
        int e = i / 4 % 4 - 1;
        float scale = ldexpf(8, e - b);
        int width = checkop_int(2, 150), height = checkop_int(2, 110);
        try(width, height, e > 0 ? 32 << e : 32, b, scale, i % 2 ? 8 : 16,
            checkop_int(1, 3), i % 5 == 4);
    }
    return checkop_finish();
}
