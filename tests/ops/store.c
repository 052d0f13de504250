/*
 * store: what load made of any codes, legal or not, comes back as it was, for
 * every format family, matrix, range and siting; rounding; clamping.
 */
#include <math.h>
#include <stdio.h>

#include "formats.h"

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
 * Codes may differ by this after load and store. FP32 keeps 2^-24 of values up
 * to 2, so a code of 12 bits is safe by far; at 16 bits one code in error is
 * allowed, since chroma filters at a border may amplify rounding.
 */
static int allowed(const struct rifec_format *f)
{
    return f->depth > 12;
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
        int bad = 0, worst = 0;
        for (int c = 0; c < 4; c++)
            for (int y = 0; y < component_height(&in, c); y++)
                for (int x = 0; x < component_width(&in, c); x++) {
                    int d = get_code(&in, c, x, y) - get_code(&out, c, x, y);
                    d = d < 0 ? -d : d;
                    d += d && c == 3; /* alpha is exact at any depth */
                    bad += d > 0;
                    worst = d > worst ? d : worst;
                }
        if (worst > allowed(&in.format))
            checkop_fail("%s: %d codes changed, by up to %d", versions[v].name, bad,
                         worst);
    }
    yuv_close(&yuv);
    checkop_free_all();
}

/* Gray levels between codes go to the nearest; outside is clamped, NaN is 0. */
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

int main(int argc, char **argv)
{
    checkop_start(argc, argv);
    rounding(8);
    rounding(10);
    for (int i = 0; i < 12 * FORMATS; i++)
        round_trip(&formats[i % FORMATS], checkop_int(2, 70), checkop_int(2, 40));
    return checkop_finish();
}
