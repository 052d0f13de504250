/* gather: the reference against the formula in double, where there are features; its row
 * versions give the bits of the reference; extreme flow does no harm. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "checkop.h"
#if RIFEC_HAVE_CUDA
#include "checkcuda.h"
#endif

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

/* The rows from `top` to the end. */
static struct tensor make_out(const struct image *im, float scale, int block, int top)
{
    struct tensor t = { .channels = IFNET_INPUTS,
                        .height = (int)((float)im->height_padded / scale) - top,
                        .width = (int)((float)im->width_padded / scale),
                        .block = block };
    t.data = checkop_floats((size_t)IFNET_INPUTS * (size_t)t.height * (size_t)t.width);
    return t;
}

/* Replaces some flow by huge, infinite and NaN values. */
static void poison(struct level *levels, int count)
{
    static const float evil[] = { 1e30f, -1e30f, INFINITY, -INFINITY, NAN };
    for (int l = 0; l < count; l++)
        for (int i = 0; i < levels[l].width * levels[l].height / 3; i++)
            levels[l].flow[checkop_int(0, 4 * levels[l].width * levels[l].height - 1)] =
                evil[checkop_int(0, 4)];
}

/* Channels 0..5 are the images: all others may be NaN if flow is. */
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

/* Rows of a part are equal to those of the whole. */
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

/* Values that can be checked by eye: no flow, scale 2, a ramp. */
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

/* A number of a level, [height][width][channels], at full-resolution pixel (x, y). */
static double interpolated(const struct level *v, const float *p, int channels, int c,
                           int x, int y)
{
    double at_x = fmax(0, (x + 0.5) / (double)v->scale - 0.5),
           at_y = fmax(0, (y + 0.5) / (double)v->scale - 0.5);
    int x0 = (int)at_x, x1 = x0 + 1 < v->width ? x0 + 1 : x0;
    int y0 = (int)at_y, y1 = y0 + 1 < v->height ? y0 + 1 : y0;
    double fx = at_x - x0, fy = at_y - y0;
    double upper = (1 - fx) * (double)p[(y0 * v->width + x0) * channels + c] +
                   fx * (double)p[(y0 * v->width + x1) * channels + c];
    double lower = (1 - fx) * (double)p[(y1 * v->width + x0) * channels + c] +
                   fx * (double)p[(y1 * v->width + x1) * channels + c];
    return (1 - fy) * upper + fy * lower;
}

/* Channel c of an image, whole pixels away. */
static double moved(const struct image *im, int c, int x, int y, int dx, int dy)
{
    x = (int)fmin(fmax(x + dx, 0), im->width_padded - 1);
    y = (int)fmin(fmax(y + dy, 0), im->height_padded - 1);
    return (double)im->data[4 * (y * im->width_padded + x) + c];
}

/* What the contract in ops.h lists at full-resolution pixel (x, y), where the flow is
 * `move` everywhere. */
static void formula(const struct gather_args *a, const int move[4], int x, int y,
                    double v[GATHER_CHANNELS])
{
    const struct image *images[2] = { &a->image0, &a->image1 };
    const struct features *features[2] = { &a->features0, &a->features1 };
    const struct level *last = &a->levels[a->level_count - 1];
    memset(v, 0, GATHER_CHANNELS * sizeof *v);
    for (int i = 0; i < 2; i++)
        for (int c = 0; c < 3; c++)
            *v++ =
                fmin(fmax(moved(images[i], c, x, y, move[2 * i], move[2 * i + 1]), 0), 1);
    for (int i = 0; i < 2; i++)
        for (int c = 0; c < features[i]->count; c++) {
            struct image im = features_image(features[i], c / 4 * 4);
            *v++ = moved(&im, c % 4, x, y, move[2 * i], move[2 * i + 1]);
        }
    *v++ = (double)*a->t;
    for (int l = 0; l < a->level_count; l++)
        *v = (a->levels[l].replaces_mask ? 0 : *v) +
             interpolated(&a->levels[l], a->levels[l].mask, 1, 0, x, y);
    v++;
    for (int c = 0; last->features && c < LEVEL_FEATURES; c++)
        *v++ = interpolated(last, last->features, LEVEL_FEATURES, c, x, y);
    for (int c = 0; c < 4; c++)
        *v++ = move[c] / (double)a->scale;
}

static struct features make_features(int width, int height, int wp, int hp, int count)
{
    struct features f = { .image = checkop_blank_image(width, height, wp, hp),
                          .count = count };
    size_t n = (size_t)(count * wp * hp);
    f.image.data = checkop_floats(n);
    checkop_fill(f.image.data, n, -2, 2); /* features are not clamped to 0..1 */
    return f;
}

/* The inputs of networks with an encoder, by the reference: no other version knows them.
 * scale: 1 or 2. */
static void with_features(int count, bool of_level, int scale, int block)
{
    enum { WIDTH = 44, HEIGHT = 29, PADDED_WIDTH = 64, PADDED_HEIGHT = 32 };
    checkop_case("%d features%s, scale %d, block %d", count,
                 of_level ? " and those of a level that replaces the mask" : "", scale,
                 block);
    struct level levels[2];
    checkop_levels(levels, 2, 8, PADDED_WIDTH, PADDED_HEIGHT, 0);
    int move[4]; /* all of it in the first level */
    for (int c = 0; c < 4; c++) {
        move[c] = checkop_int(-40, 40);
        for (int i = 0; i < levels[0].width * levels[0].height; i++)
            levels[0].flow[4 * i + c] = (float)move[c] / levels[0].scale;
    }
    if (of_level) {
        size_t n = LEVEL_FEATURES * (size_t)(levels[1].width * levels[1].height);
        levels[1].replaces_mask = true;
        levels[1].features = checkop_floats(n);
        checkop_fill(levels[1].features, n, -2, 2);
    }
    struct gather_args a = {
        .image0 = checkop_image(WIDTH, HEIGHT, PADDED_WIDTH, PADDED_HEIGHT, -0.2f, 1.2f),
        .image1 = checkop_image(WIDTH, HEIGHT, PADDED_WIDTH, PADDED_HEIGHT, -0.2f, 1.2f),
        .features0 = make_features(WIDTH, HEIGHT, PADDED_WIDTH, PADDED_HEIGHT, count),
        .features1 = make_features(WIDTH, HEIGHT, PADDED_WIDTH, PADDED_HEIGHT, count),
        .levels = levels,
        .level_count = 2,
        .scale = (float)scale,
        .t = &(float){ 0.375f },
        .top = checkop_int(0, 3),
    };
    int channels = 6 + 2 * count + 2 + (of_level ? LEVEL_FEATURES : 0) + 4;
    a.out = (struct tensor){ .channels = (channels + IFNET_INPUTS - 1) / IFNET_INPUTS *
                                         IFNET_INPUTS,
                             .height = PADDED_HEIGHT / scale - a.top,
                             .width = PADDED_WIDTH / scale,
                             .block = block };
    a.out.data = checkop_floats((size_t)(a.out.channels * a.out.height * a.out.width));
    struct cpu_stream s = checkop_stream(checkop_int(1, 3), PADDED_WIDTH, PADDED_WIDTH);
    gather_c(&a, &s);
    for (int y = 0; y < a.out.height; y++)
        for (int x = 0; x < a.out.width; x++) {
            float got[GATHER_CHANNELS + IFNET_INPUTS];
            double want[GATHER_CHANNELS + IFNET_INPUTS] = { 0 }, v[GATHER_CHANNELS];
            for (int i = 0; i < scale * scale; i++) {
                formula(&a, move, x * scale + i % scale, (y + a.top) * scale + i / scale,
                        v);
                for (int c = 0; c < channels; c++)
                    want[c] += v[c] / (scale * scale);
            }
            for (int c = 0; c < a.out.channels; c++)
                got[c] =
                    a.out
                        .data[((c / block * a.out.height + y) * a.out.width + x) * block +
                              c % block];
            checkop_compare_double("gather_c", got, want, (size_t)a.out.channels, 1e-5,
                                   0);
        }
    checkop_free_all();
}

#if RIFEC_HAVE_CUDA
/* Infinite, NaN, and huge of one sign: huge flows that cancel leave nothing but
 * rounding, which would decide the position. */
static void poison_one_sign(struct level *levels, int count)
{
    float huge = checkop_int(0, 1) ? 1e30f : -1e30f;
    const float evil[] = { huge, huge, INFINITY, -INFINITY, NAN };
    for (int l = 0; l < count; l++)
        for (int i = 0; i < levels[l].width * levels[l].height / 3; i++)
            levels[l].flow[checkop_int(0, 4 * levels[l].width * levels[l].height - 1)] =
                evil[checkop_int(0, 4)];
}

/* The properties of a case other than its size. */
struct kind {
    int level_count, block;
    float scale;
    bool half_image, half_tensor, hostile;
    bool phase_split;
};

/*
 * The position is x + flow; FP32 keeps 2^-23 of that, and two sides round it differently,
 * so the value there differs by as much times the contrast of neighbours, at most one in
 * each direction. To that come sums of a few numbers up to FLOW. FP16 of the tensor adds
 * half its spacing.
 */
#define FLOW 40
static double tolerance(int width_padded)
{
    return 2 * 0x1p-23 * (width_padded + FLOW) + 1e-6 * FLOW;
}

/* [height][width][IFNET_INPUTS], also of a phase-split out. */
static struct tensor get_out(const struct tensor *out)
{
    const int h = out->height, w = out->width;
    if (!out->phase_split)
        return checkcuda_get_tensor(out, IFNET_INPUTS);
    struct tensor parts = *out;
    parts.channels *= 4;
    parts.height /= 2;
    parts.width /= 2;
    parts = checkcuda_get_tensor(&parts, IFNET_INPUTS);
    struct tensor t = *out;
    t.data = checkop_floats((size_t)IFNET_INPUTS * (size_t)(h * w));
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            memcpy(t.data + IFNET_INPUTS * (y * w + x),
                   parts.data +
                       IFNET_INPUTS *
                           (((y % 2 * 2 + x % 2) * (h / 2) + y / 2) * (w / 2) + x / 2),
                   IFNET_INPUTS * sizeof *t.data);
    return t;
}

static void try_cuda(int width, int height, int multiple, const struct kind *k)
{
    int wp = (width + multiple - 1) / multiple * multiple;
    int hp = (height + multiple - 1) / multiple * multiple;
    checkop_case("%dx%d padded to %dx%d, %d levels, scale %g, block %d%s, image of "
                 "FP%d, tensor of FP%d%s",
                 width, height, wp, hp, k->level_count, (double)k->scale, k->block,
                 k->hostile ? ", hostile flow" : "", k->half_image ? 16 : 32,
                 k->half_tensor ? 16 : 32, k->phase_split ? ", phase-split" : "");
    struct level levels[3], device_levels[3];
    checkop_levels(levels, k->level_count, k->scale * (float)(1 << k->level_count), wp,
                   hp, FLOW);
    if (k->hostile)
        poison_one_sign(levels, k->level_count);
    for (int i = 0; i < k->level_count; i++)
        device_levels[i] = checkcuda_level(&levels[i]);
    float t = (float)checkop_int(1, 15) / 16; /* exact in FP16 */
    struct gather_args a = {
        .image0 = checkop_image(width, height, wp, hp, -0.2f, 1.2f),
        .image1 = checkop_image(width, height, wp, hp, -0.2f, 1.2f),
        .levels = levels,
        .level_count = k->level_count,
        .scale = k->scale,
        .t = &t,
    };
    a.top = checkop_int(0, 1) * checkop_int(0, (int)((float)hp / k->scale) - 1);
    if (k->phase_split)
        a.top -= a.top % 2;
    struct tensor want = a.out = make_out(&a.image0, k->scale, k->block, a.top);
    struct gather_args d = a;
    d.image0 = checkcuda_image(&a.image0, k->half_image); /* and rounds the host's */
    d.image1 = checkcuda_image(&a.image1, k->half_image);
    d.levels = device_levels;
    d.t = checkcuda_upload(&t, sizeof t);
    d.out = checkcuda_blank_tensor(&want, k->block, k->half_tensor);
    d.out.phase_split = k->phase_split;
    struct cpu_stream s = checkop_stream(1, wp, (int)((float)wp / k->scale));
    gather_c(&a, &s);
    if (gather_cuda(&d, checkcuda_stream()) < 0)
        checkop_fail("gather_cuda");
    struct tensor got = get_out(&d.out);
    struct tensor wide = { .channels = IFNET_INPUTS,
                           .height = want.height,
                           .width = want.width,
                           .block = IFNET_INPUTS };
    wide.data = checkop_floats((size_t)IFNET_INPUTS * (size_t)(want.height * want.width));
    for (int i = 0; i < want.height * want.width; i++)
        for (int c = 0; c < IFNET_INPUTS; c++)
            wide.data[IFNET_INPUTS * i + c] =
                want.data[(c / k->block * want.height * want.width + i) * k->block +
                          c % k->block];
    size_t n = k->hostile ? 6 : IFNET_INPUTS;
    /* Strips interpolate horizontally first: infinite flow becomes NaN in other places
     * than vertically first. The colours must be valid all the same. */
    if (k->hostile && k->scale == (float)(8 >> k->level_count)) {
        for (int i = 0; i < want.height * want.width; i++)
            for (size_t c = 0; c < n; c++)
                if (!(got.data[IFNET_INPUTS * (size_t)i + c] >= 0 &&
                      got.data[IFNET_INPUTS * (size_t)i + c] <= 1))
                    checkop_fail("gather_cuda: no colour at pixel %d", i);
        n = 0;
    }
    for (int i = 0; n && i < want.height * want.width; i++)
        checkop_compare("gather_cuda", got.data + IFNET_INPUTS * i,
                        wide.data + IFNET_INPUTS * i, n, tolerance(wp),
                        k->half_tensor ? 0x1p-11 : 0);
    checkcuda_free_all();
    checkop_free_all();
}

static int on_cuda(void)
{
    if (!checkcuda_start())
        return CHECK_SKIP;
    for (int i = 0; i < checkop_cases(160); i++) {
        int b = i % 4, e = i / 4 % 4 - 1; /* block and network as in main() */
        struct kind k = { .level_count = b,
                          .scale = ldexpf(8, e - b),
                          .block = i / 2 % 2 ? 16 : 8,
                          .half_tensor = i % 3 > 0,
                          .half_image = i % 3 > 1,
                          .hostile = i % 5 == 4,
                          .phase_split = i / 12 % 2 };
        try_cuda(checkop_int(2, 300), checkop_int(2, 110), e > 0 ? 32 << e : 32, &k);
    }
    /* Far to the right, coordinates in FP16 would be wrong by pixels. */
    for (int i = 0; i < checkop_cases(12); i++) {
        struct kind k = { .level_count = i % 4,
                          .scale = ldexpf(8, -(i % 4)),
                          .block = 8,
                          .half_tensor = i / 4,
                          .half_image = i / 4,
                          .phase_split = i / 4 > 1 };
        try_cuda(8190, 64, 32, &k);
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
    ramp();
    part();
    for (int i = 0; i < 12; i++)
        with_features(4 << i % 3, i / 3 % 2, 1 + i / 6, i % 2 ? 16 : 8);
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
