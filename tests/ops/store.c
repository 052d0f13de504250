/*
 * store: load's result for any sample values, legal or not, comes back unchanged, for
 * every format family, matrix, range and siting; rounding; clamping.
 */
#include <math.h>
#include <stdio.h>

#include "base/half.h"
#include "check.h"
#include "formats.h"
#if RIFEC_HAVE_CUDA
#include "checkcuda.h"
#endif

static const struct {
    const char *name;
    int (*run)(const struct store_args *a, void *stream);
    int avx2;
} versions[] = {
    { "store_c", store_c, 0 },
#if CPU_HAVE_AVX2
    { "store_avx2", store_avx2, 1 },
#endif
};

#define VERSIONS (sizeof versions / sizeof *versions)

/*
 * The difference that load and store may make to a sample value. FP32 keeps 2^-24 of
 * values up to 2, so 12 bits are safe by far; at 16 bits an error of one is allowed,
 * because the chroma filters at a border may amplify rounding.
 */
static int allowed(const struct rifec_format *f)
{
    return f->depth > 12;
}

/* Images in FP16 are for formats in which they change no sample value, as on a GPU. */
static void round_to_half(const struct image *im)
{
    size_t n = 4 * (size_t)im->width_padded * (size_t)im->height_padded;
    for (size_t i = 0; i < n; i++)
        im->data[i] = half_to_float(float_to_half(im->data[i]));
}

/*
 * Rounds B - Y and R - Y of each pixel to FP16, as blend_store does before the chroma
 * filter; luma stays.
 */
static void round_differences(const struct image *im, const struct yuv *k)
{
    size_t n = (size_t)im->width_padded * (size_t)im->height_padded;
    for (size_t i = 0; i < n; i++) {
        float *p = im->data + 4 * i;
        float luma = k->kr * p[0] + k->kg * p[1] + k->kb * p[2];
        p[0] = luma + half_to_float(float_to_half(p[0] - luma));
        p[2] = luma + half_to_float(float_to_half(p[2] - luma));
        p[1] = (luma - k->kr * p[0] - k->kb * p[2]) / k->kg;
    }
}

struct change {
    int count, worst;
    int c, x, y; /* where */
};

static struct change compare_codes(const struct rifec_frame *a,
                                   const struct rifec_frame *b)
{
    struct change change = { 0 };
    for (int c = 0; c < 4; c++)
        for (int y = 0; y < component_height(a, c); y++)
            for (int x = 0; x < component_width(a, c); x++) {
                int d = get_code(a, c, x, y) - get_code(b, c, x, y);
                d = d < 0 ? -d : d;
                d += d && c == 3; /* alpha is exact at any depth */
                if (d > change.worst)
                    change.c = c, change.x = x, change.y = y;
                change.count += d > 0;
                change.worst = d > change.worst ? d : change.worst;
            }
    return change;
}

static void round_trip(const struct named_format *named, int width, int height)
{
    char text[96];
    struct rifec_color color = random_color();
    checkop_case("%s, %dx%d, %s", named->name, width, height,
                 color_name(&color, text, sizeof text));
    int wp = (width + 31) / 32 * 32, hp = (height + 31) / 32 * 32;
    struct yuv yuv;
    if (yuv_open(&yuv, width, height, &named->format, &color) < 0)
        checkop_fail("yuv_open");
    struct rifec_frame in = make_frame(&named->format, width, height);
    fill_frame(&in);
    struct cpu_stream s = checkop_stream(checkop_int(1, 3), wp, wp);
    struct image rgb = checkop_blank_image(width, height, wp, hp);
    load_c(&(struct load_args){ &in, &yuv, rgb }, &s);
    for (size_t v = 0; v < VERSIONS; v++) {
        if (versions[v].avx2 && !__builtin_cpu_supports("avx2"))
            continue;
        struct rifec_frame out = make_frame(&named->format, width, height);
        versions[v].run(&(struct store_args){ rgb, &yuv, &out }, &s);
        struct change change = compare_codes(&in, &out);
        if (change.worst > allowed(&in.format))
            checkop_fail("%s: %d codes changed, by up to %d", versions[v].name,
                         change.count, change.worst);
    }
    if (named->format.depth == 8) {
        struct rifec_frame out = make_frame(&named->format, width, height);
        round_to_half(&rgb);
        store_c(&(struct store_args){ rgb, &yuv, &out }, &s);
        struct change change = compare_codes(&in, &out);
        if (change.worst > 0)
            checkop_fail("FP16: %d codes changed, by up to %d", change.count,
                         change.worst);
        if (named->format.chroma_w_log2 || named->format.chroma_h_log2) {
            round_differences(&rgb, &yuv);
            store_c(&(struct store_args){ rgb, &yuv, &out }, &s);
            change = compare_codes(&in, &out);
            if (change.worst > 0)
                checkop_fail("FP16, also between blend and chroma: %d codes changed, by "
                             "up to %d",
                             change.count, change.worst);
        }
    }
    yuv_close(&yuv);
    checkop_free_all();
}

/* Gray levels between sample values go to the nearest; outside is clamped, NaN is 0. */
static void rounding(int depth)
{
    checkop_case("rounding, %d bits", depth);
    struct rifec_format format = {
        RIFEC_FAMILY_GRAY, (uint8_t)depth, 0, 0, { { 0, depth > 8 ? 2 : 1, 0, 0 } }
    };
    struct rifec_color color = { .range = RIFEC_RANGE_FULL };
    struct yuv yuv;
    if (yuv_open(&yuv, 32, 2, &format, &color) < 0)
        checkop_fail("yuv_open");
    float max = (float)((1 << depth) - 1);
    struct image rgb = checkop_image(32, 2, 32, 32, 0, 0);
    int want[32];
    for (int x = 0; x < 32; x++) {
        int code = x < 16 ? x : (1 << depth) - 32 + x;
        float value = ((float)code + (x % 2 ? 0.49f : -0.49f)) / max;
        want[x] = code;
        if (x == 0 || x == 1)
            value = x ? NAN : -5, want[x] = 0;
        if (x == 31)
            value = 7, want[x] = (1 << depth) - 1;
        for (int y = 0; y < 2; y++)
            for (int c = 0; c < 3; c++)
                rgb.data[4 * (y * 32 + x) + c] = value;
    }
    struct cpu_stream s = checkop_stream(1, 32, 32);
    for (size_t v = 0; v < VERSIONS; v++) {
        if (versions[v].avx2 && !__builtin_cpu_supports("avx2"))
            continue;
        struct rifec_frame out = make_frame(&format, 32, 2);
        versions[v].run(&(struct store_args){ rgb, &yuv, &out }, &s);
        for (int x = 0; x < 32; x++)
            if (get_code(&out, 0, x, 1) != want[x])
                checkop_fail("%s: column %d: code %d, expected %d", versions[v].name, x,
                             get_code(&out, 0, x, 1), want[x]);
    }
    yuv_close(&yuv);
    checkop_free_all();
}

#if RIFEC_HAVE_CUDA
/* As in the engine: slots of FP32, or of FP16 for 8 bits; store reads FP32. */
static void round_trip_cuda(const struct named_format *named, int width, int height,
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
    struct rifec_frame in = make_frame(&named->format, width, height);
    struct rifec_frame out = make_frame(&named->format, width, height);
    fill_frame(&in);
    struct rifec_frame device_in = checkcuda_frame(&in);
    struct rifec_frame device_out = checkcuda_blank_frame(&in);
    struct yuv device_yuv = checkcuda_yuv(&yuv);
    struct image like = {
        .width = width, .height = height, .width_padded = wp, .height_padded = hp
    };
    struct image slot = checkcuda_blank_image(&like, dtype);
    if (load_cuda(&(struct load_args){ &device_in, &device_yuv, slot },
                  checkcuda_stream()) < 0)
        checkop_fail("load_cuda");
    struct image between = checkcuda_get_image(&slot);
    struct image rgb = checkcuda_image(&between, DTYPE_FP32);
    if (store_cuda(&(struct store_args){ rgb, &device_yuv, &device_out },
                   checkcuda_stream()) < 0)
        checkop_fail("store_cuda");
    checkcuda_get_frame(&device_out, &out);
    struct change change = compare_codes(&in, &out);
    if (change.worst > allowed(&in.format))
        checkop_fail("%d codes changed, by up to %d: component %d at (%d, %d), %d to %d",
                     change.count, change.worst, change.c, change.x, change.y,
                     get_code(&in, change.c, change.x, change.y),
                     get_code(&out, change.c, change.x, change.y));
    yuv_close(&yuv);
    checkcuda_free_all();
    checkop_free_all();
}

/* Any numbers: the result is store_c's, up to one where rounding decides; bytes that
 * no sample covers are not written. */
static void against_c(const struct named_format *named, int width, int height)
{
    char text[96];
    struct rifec_color color = random_color();
    checkop_case("%s, %dx%d, %s", named->name, width, height,
                 color_name(&color, text, sizeof text));
    int wp = (width + 31) / 32 * 32, hp = (height + 31) / 32 * 32;
    struct yuv yuv;
    if (yuv_open(&yuv, width, height, &named->format, &color) < 0)
        checkop_fail("yuv_open");
    struct image rgb = checkop_image(width, height, wp, hp, -0.3f, 1.3f);
    struct rifec_frame want = make_frame(&named->format, width, height);
    struct rifec_frame got = make_frame(&named->format, width, height);
    struct cpu_stream s = checkop_stream(1, wp, wp);
    store_c(&(struct store_args){ rgb, &yuv, &want }, &s);
    struct rifec_frame device = checkcuda_frame(&got);
    struct image device_rgb = checkcuda_image(&rgb, DTYPE_FP32);
    struct yuv device_yuv = checkcuda_yuv(&yuv);
    if (store_cuda(&(struct store_args){ device_rgb, &device_yuv, &device },
                   checkcuda_stream()) < 0)
        checkop_fail("store_cuda");
    checkcuda_get_frame(&device, &got);
    struct change change = compare_codes(&want, &got);
    if (change.worst > (rifec_format_has(&want.format, 3) ? 2 : 1))
        checkop_fail("%d codes differ, by up to %d", change.count, change.worst);
    for (int c = 0; c < 4; c++)
        for (int y = 0; y < component_height(&got, c); y++)
            for (int x = 0; x < component_width(&got, c); x++)
                set_code(&got, c, x, y, get_code(&want, c, x, y));
    if (!rifec_frame_equal(&want, &got))
        checkop_fail("bytes that belong to no sample were written");
    yuv_close(&yuv);
    checkcuda_free_all();
    checkop_free_all();
}

static int on_cuda(void)
{
    if (!checkcuda_start())
        return CHECK_SKIP;
    for (int i = 0; i < checkop_cases(8 * FORMATS); i++)
        round_trip_cuda(&formats[i % FORMATS], checkop_int(2, 300), checkop_int(2, 70),
                        i / FORMATS % 2 && formats[i % FORMATS].format.depth == 8);
    for (int i = 0; i < checkop_cases(2 * FORMATS); i++)
        against_c(&formats[i % FORMATS], checkop_int(2, 300), checkop_int(2, 70));
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
    rounding(8);
    rounding(10);
    for (int i = 0; i < 12 * FORMATS; i++)
        round_trip(&formats[i % FORMATS], checkop_int(2, 70), checkop_int(2, 40));
    return checkop_finish();
}
