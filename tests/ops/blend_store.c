/* blend_store: blend and store in one kernel, against the two in C. GPU only. */
#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "checkcuda.h"
#include "checkop.h"
#include "formats.h"
#include "rifec/rifec.h"

/* Sample values may differ by one where rounding decides, or at 16 bits by the effect
 * of a coordinate that is 2^-23 of 300 off on a contrast of two: 2^-15 of full scale. */
static int allowed(const struct rifec_format *f)
{
    return f->depth > 12 ? 1 << (f->depth - 11) : 1;
}

static void compare(const struct rifec_frame *got, const struct rifec_frame *want)
{
    int bad = 0, worst = 0;
    for (int c = 0; c < 4; c++)
        for (int y = 0; y < component_height(want, c); y++)
            for (int x = 0; x < component_width(want, c); x++) {
                int d = abs(get_code(want, c, x, y) - get_code(got, c, x, y));
                bad += d > allowed(&want->format);
                worst = d > worst ? d : worst;
            }
    if (bad)
        checkop_fail("%d codes differ, by up to %d", bad, worst);
}

enum storage { FP32, FP16, TEXTURE };

static struct image upload_image(const struct image *host, enum storage as)
{
    return as == TEXTURE ? checkcuda_textured(host)
                         : checkcuda_image(host, as == FP16 ? DTYPE_FP16 : DTYPE_FP32);
}

static void try(const struct named_format *named, int width, int height, float coarsest,
                enum storage as, bool hostile)
{
    static const char *const names[] = { "FP32", "FP16", "FP16 with a texture" };
    char text[96];
    struct rifec_color color = random_color();
    int multiple = coarsest > 8 ? (int)(4 * coarsest) : 32;
    int wp = (width + multiple - 1) / multiple * multiple;
    int hp = (height + multiple - 1) / multiple * multiple;
    checkop_case("%s, %dx%d, %s, scales from %g%s, images of %s", named->name, width,
                 height, color_name(&color, text, sizeof text), (double)coarsest,
                 hostile ? ", hostile flow" : "", names[as]);
    struct yuv yuv;
    if (yuv_open(&yuv, width, height, &named->format, &color) < 0)
        checkop_fail("yuv_open");
    struct level levels[4], device_levels[4];
    checkop_levels(levels, 4, coarsest, wp, hp, 20);
    for (int i = 0; as == TEXTURE && i < 4; i++)
        checkcuda_snap(&levels[i]);
    levels[3].dtype = checkop_int(0, 1) ? DTYPE_FP16 : DTYPE_FP32;
    for (int i = 0; hostile && i < 40; i++)
        levels[3].flow[checkop_int(0, 4 * levels[3].width * levels[3].height - 1)] =
            i % 2   ? NAN
            : i % 4 ? INFINITY
                    : 1e35f;
    for (int i = 0; i < 4; i++)
        device_levels[i] = checkcuda_level(&levels[i]);
    levels[3].dtype = DTYPE_FP32; /* the host's level is only rounded */
    struct blend_args a = {
        .image0 = checkop_image(width, height, wp, hp, 0, 1),
        .image1 = checkop_image(width, height, wp, hp, 0, 1),
        .levels = levels,
        .level_count = 4,
        .out = checkop_blank_image(width, height, wp, hp),
    };
    struct yuv device_yuv = checkcuda_yuv(&yuv);
    struct rifec_frame want = make_frame(&named->format, width, height);
    struct rifec_frame got = make_frame(&named->format, width, height);
    struct rifec_frame device = checkcuda_frame(&got);
    struct blend_store_args d = { .image0 = upload_image(&a.image0, as),
                                  .image1 = upload_image(&a.image1, as),
                                  .levels = device_levels,
                                  .level_count = 4,
                                  .yuv = &device_yuv,
                                  .frame = &device,
                                  .scratch = checkcuda_blank_image(&a.out, DTYPE_FP32) };
    struct cpu_stream s = checkop_stream(1, wp, levels[3].width);
    blend_c(&a, &s);
    store_c(&(struct store_args){ a.out, &yuv, &want }, &s);
    if (blend_store_cuda(&d, checkcuda_stream()) < 0)
        checkop_fail("blend_store_cuda");
    checkcuda_get_frame(&device, &got);
    /* Level 3 at its own pixels is read directly, where interpolating by 0 makes NaN
     * of a neighbour's infinity. There any value may come out; elsewhere nothing may
     * differ. */
    if (!hostile || coarsest != 8)
        compare(&got, &want);
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

int checkcuda_main(void)
{
    if (!checkcuda_start())
        return CHECK_SKIP;
    for (int i = 0; i < checkop_cases(6 * FORMATS); i++) {
        const struct named_format *f = &formats[i % FORMATS];
        int round = i / FORMATS;
        try(f, checkop_int(2, 300), checkop_int(2, 150), ldexpf(8, i % 4 - 1),
            round % 2 ? FP16 : FP32, round == 5);
    }
    /* As in the product, only pictures of 8 bits have textures. */
    for (int i = 0; i < checkop_cases(4 * FORMATS); i++) {
        const struct named_format *f = &formats[i % FORMATS];
        if (f->format.depth == 8)
            try(f, checkop_int(2, 300), checkop_int(2, 150),
                ldexpf(8, i / FORMATS < 2 ? 0 : i % 4 - 1), TEXTURE, i / FORMATS == 3);
    }
    /* The largest pictures: positions keep their fractions. */
    try(&formats[0], RIFEC_SIZE_MAX, 40, 8, TEXTURE, false);
    try(&formats[0], 40, RIFEC_SIZE_MAX, 8, TEXTURE, false);
    return checkop_finish();
}
