/*
 * tail: the last deconv and blend_store in one kernel, against the two one after the
 * other on the device. GPUs of compute capability 9.0 only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "checkcuda.h"
#include "checkop.h"
#include "convcuda.h"
#include "engine/cuda/cuda_net.h"
#include "formats.h"
#include "model/fused.h"
#include "rifec/rifec.h"

#define CHANNELS 64
#define BLOCK    8
#define FLOW     12

static long codes, others; /* compared, and different */

/* The formats that the kernel supports, as in rifec_kernels.h. */
static bool is_plain(const struct rifec_format *f)
{
    return f->family == RIFEC_FAMILY_YUV && f->depth == 8 && !f->comp[3].step &&
           (f->chroma_w_log2 || f->chroma_h_log2);
}

/* --- a picture and the ops' results for it ---------------------------------------- */

struct scene {
    struct yuv yuv, device_yuv;
    struct level levels[CUDA_LEVELS], device_levels[CUDA_LEVELS];
    struct tensor in;                 /* of the deconv, on the host */
    struct rifec_frame blank, on_gpu; /* before, and the result */
    struct tail_args args;            /* without the deconv's layer */
};

/* Blanks all outputs. */
static void begin(struct scene *s)
{
    const int last = CUDA_LEVELS - 1;
    s->on_gpu = checkcuda_frame(&s->blank);
    s->device_levels[last] = checkcuda_blank_level(&s->levels[last]);
    s->args.deconv.out = s->device_levels[last];
}

static struct image upload_image(const struct image *host, bool textured)
{
    return textured ? checkcuda_textured(host) : checkcuda_image(host, DTYPE_FP16);
}

/* hostile: some inputs are NaN, or so large that the flow exceeds FP16. */
static void open_scene(struct scene *s, const struct named_format *named, int width,
                       int height, bool textured, bool hostile)
{
    char text[96];
    struct rifec_color color = random_color();
    const int last = CUDA_LEVELS - 1;
    int wp = (width + 31) / 32 * 32, hp = (height + 31) / 32 * 32;
    checkop_case("%s, %dx%d, %s%s%s", named->name, width, height,
                 color_name(&color, text, sizeof text), textured ? "" : ", no textures",
                 hostile ? ", hostile flow" : "");
    *s = (struct scene){ .in = make_tensor(CHANNELS, hp / 4, wp / 4, BLOCK) };
    if (yuv_open(&s->yuv, width, height, &named->format, &color) < 0)
        checkop_fail("yuv_open");
    s->device_yuv = checkcuda_yuv(&s->yuv);
    checkop_levels(s->levels, CUDA_LEVELS, 8, wp, hp, FLOW);
    s->levels[last].dtype = DTYPE_FP16;
    for (int i = 0; i < last; i++)
        s->device_levels[i] = checkcuda_level(&s->levels[i]);
    checkop_fill(s->in.data, tensor_floats(&s->in), -8, 8);
    for (int i = 0; hostile && i < 60; i++)
        s->in.data[checkop_int(0, (int)tensor_floats(&s->in) - 1)] =
            i % 3 ? 60000.0f * (float)(i % 2 * 2 - 1) : NAN;
    struct image image0 = checkop_image(width, height, wp, hp, 0, 1);
    struct image image1 = checkop_image(width, height, wp, hp, 0, 1);
    struct image between = checkop_blank_image(width, height, wp, hp);
    s->blank = make_frame(&named->format, width, height);
    s->args = (struct tail_args){
        .deconv = { .in = checkcuda_tensor(&s->in, BLOCK, DTYPE_FP16) },
        .blend_store = { .image0 = upload_image(&image0, textured),
                         .image1 = upload_image(&image1, textured),
                         .levels = s->device_levels,
                         .level_count = CUDA_LEVELS,
                         .yuv = &s->device_yuv,
                         .frame = &s->on_gpu,
                         .scratch = checkcuda_blank_image(&between, DTYPE_FP32) },
    };
    begin(s);
}

static struct rifec_frame get_frame(const struct scene *s)
{
    struct rifec_frame f = make_frame(&s->blank.format, s->blank.width, s->blank.height);
    checkcuda_get_frame(&s->on_gpu, &f);
    return f;
}

static void close_scene(struct scene *s)
{
    yuv_close(&s->yuv);
    checkcuda_free_all();
    checkop_free_all();
}

/* --- comparing --------------------------------------------------------------------- */

/* The level is the same and the rest is computed in the same order, but a compiler may
 * contract sums and products differently: 1, as in ops.h. */
static void compare(const char *what, const struct rifec_frame *got,
                    const struct rifec_frame *want, int allowed)
{
    int bad = 0, worst = 0;
    for (int c = 0; c < 3; c++)
        codes += (long)component_width(want, c) * component_height(want, c);
    if (rifec_frame_equal(got, want))
        return;
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < component_height(want, c); y++)
            for (int x = 0; x < component_width(want, c); x++) {
                int d = abs(get_code(want, c, x, y) - get_code(got, c, x, y));
                if (d > allowed && !bad++)
                    checkop_fail("%s: component %d, column %d, row %d: %d, not %d", what,
                                 c, x, y, get_code(got, c, x, y),
                                 get_code(want, c, x, y));
                worst = d > worst ? d : worst;
                others += d != 0;
            }
    if (bad)
        checkop_fail("%s: %d codes differ, by up to %d", what, bad, worst);
}

/* Only samples were written. Overwrites them. */
static void check_rest(struct rifec_frame *got, const struct rifec_frame *blank)
{
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < component_height(got, c); y++)
            for (int x = 0; x < component_width(got, c); x++)
                set_code(got, c, x, y, get_code(blank, c, x, y));
    for (int c = 0; c < 3; c++) {
        int plane = got->format.comp[c].plane;
        size_t bytes = (size_t)got->stride[plane] * (size_t)component_height(got, c);
        if (memcmp(got->data[plane], blank->data[plane], bytes) != 0)
            checkop_fail("plane %d: bytes that belong to no sample were written", plane);
    }
}

/* --- the kernel -------------------------------------------------------------------- */

static void try(const struct named_format *named, int width, int height, bool hostile)
{
    struct scene s;
    open_scene(&s, named, width, height, true, hostile);
    struct conv_layer layer = make_cuda_layer(CHANNELS, DECONV_LIVE, 4, true);
    struct conv_pack pack =
        upload_layer(&layer, deconv_sm90_pack_bytes, deconv_sm90_pack);
    layer.plan = &pack;
    s.args.deconv.layer = &layer;
    void *stream = checkcuda_stream();
    const struct ops single = { .deconv = deconv_sm90, .blend_store = blend_store_cuda };
    if (fused_tail(&single, &s.args, false, stream) < 0)
        checkop_fail("the ops it stands for failed");
    struct rifec_frame want = get_frame(&s), got[2];
    bool fits = tail_sm90_fits(&s.args);
    if (!fits)
        checkop_fail("tail_sm90 says that it cannot");
    for (int k = 0; k < 2 && fits; k++) {
        begin(&s);
        if (tail_sm90(&s.args, stream) < 0)
            checkop_fail("tail_sm90");
        got[k] = get_frame(&s);
        compare("tail_sm90", &got[k], &want, 1);
        if (k)
            compare("the same once more", &got[k], &got[0], 0);
    }
    struct tensor after = checkcuda_get_tensor(&s.args.deconv.in, BLOCK);
    if (!hostile && memcmp(after.data, s.in.data, tensor_floats(&s.in) * sizeof(float)))
        checkop_fail("the deconv's input was written");
    if (fits)
        check_rest(&got[0], &s.blank);
    close_scene(&s);
}

/* --- calls that the kernel must decline ------------------------------------------ */

/* A copy that the test alters. */
struct altered {
    struct tail_args args;
    struct level levels[CUDA_LEVELS];
};

static struct tail_args *alter(struct altered *x, const struct scene *s)
{
    x->args = s->args;
    memcpy(x->levels, s->device_levels, sizeof x->levels);
    x->args.blend_store.levels = x->levels;
    return &x->args;
}

static void refuse(const struct altered *x, const char *what)
{
    if (tail_sm90_fits(&x->args))
        checkop_fail("tail_sm90 says that it can, with %s", what);
}

static void check_refusals(void)
{
    struct scene s;
    struct altered x;
    open_scene(&s, &formats[0], 161, 121, true, false);
    alter(&x, &s);
    if (!tail_sm90_fits(&x.args))
        checkop_fail("tail_sm90 says that it cannot");
    alter(&x, &s)->blend_store.image0.texture = 0;
    refuse(&x, "a first image without a texture");
    alter(&x, &s)->blend_store.image1.texture = 0;
    refuse(&x, "a second image without a texture");
    alter(&x, &s)->blend_store.level_count--;
    refuse(&x, "three levels");
    for (int i = 0; i < CUDA_LEVELS; i++) {
        alter(&x, &s);
        x.levels[i].dtype = x.levels[i].dtype == DTYPE_FP16 ? DTYPE_FP32 : DTYPE_FP16;
        refuse(&x, "a last level of FP32, or another of FP16");
        alter(&x, &s);
        x.levels[i].scale *= 2;
        refuse(&x, "a level of another scale");
        alter(&x, &s);
        x.levels[i].width += 4;
        refuse(&x, "a level of another width");
        alter(&x, &s);
        x.levels[i].height -= 4;
        refuse(&x, "a level of another height");
    }
    alter(&x, &s);
    for (int i = 0; i < CUDA_LEVELS; i++)
        x.levels[i].scale /= 2;
    refuse(&x, "the network at twice its scale");
    alter(&x, &s)->deconv.in.dtype = DTYPE_FP32;
    refuse(&x, "inputs of FP32");
    alter(&x, &s)->deconv.in.block = 16;
    refuse(&x, "inputs in blocks of 16");
    alter(&x, &s)->deconv.in.channels = 96;
    refuse(&x, "inputs of 96 channels");
    alter(&x, &s)->deconv.in.width++;
    refuse(&x, "inputs of another width");
    alter(&x, &s)->deconv.in.height++;
    refuse(&x, "inputs of another height");
    alter(&x, &s)->deconv.out.flow = x.levels[0].flow;
    refuse(&x, "a deconv to elsewhere");
    for (int i = 0; i < FORMATS; i++) {
        struct rifec_frame frame = s.on_gpu;
        frame.format = formats[i].format;
        alter(&x, &s)->blend_store.frame = &frame;
        if (tail_sm90_fits(&x.args) != is_plain(&frame.format))
            checkop_fail("tail_sm90 is wrong about %s", formats[i].name);
    }
    close_scene(&s);
}

/* --- the op table ------------------------------------------------------------------ */

/* The table's tail gives the same as its deconv and blend_store, or declines. */
static void try_table(const struct cuda_net *n, const struct named_format *named,
                      bool textured)
{
    struct scene s;
    const int last = CUDA_LEVELS - 1;
    const bool fused = textured && is_plain(&named->format);
    struct ops single = n->ops;
    single.tail = NULL;
    open_scene(&s, named, 322, 182, textured, false);
    s.args.deconv.layer = weights_block(&n->weights, last).deconv;
    void *stream = checkcuda_stream();
    if (fused_tail(&single, &s.args, false, stream) < 0)
        checkop_fail("the ops it stands for failed");
    struct rifec_frame want = get_frame(&s);
    struct level level = checkcuda_get_level(&s.args.deconv.out);
    begin(&s);
    int err = n->ops.tail(&s.args, stream);
    if (err != (fused ? 0 : OP_DECLINED))
        checkop_fail("tail returned %d", err);
    struct rifec_frame got = get_frame(&s);
    if (fused)
        compare("tail of the table", &got, &want, 1);
    else if (!rifec_frame_equal(&got, &s.blank))
        checkop_fail("tail declined, but wrote");
    /* With keep_level the last level is made as well. */
    begin(&s);
    if (fused_tail(&n->ops, &s.args, true, stream) < 0)
        checkop_fail("fused_tail");
    got = get_frame(&s);
    compare("fused_tail", &got, &want, fused ? 1 : 0);
    struct level made = checkcuda_get_level(&s.args.deconv.out);
    size_t pixels = (size_t)level.width * (size_t)level.height;
    checkop_compare("flow of the last level", made.flow, level.flow, 4 * pixels, 0, 0);
    checkop_compare("mask of the last level", made.mask, level.mask, pixels, 0, 0);
    close_scene(&s);
}

static void check_table(void)
{
    struct cuda_net n;
    struct rifec_params p = {
        .width = 322, .height = 182, .scale = 1, .precision = RIFEC_PRECISION_FP16
    };
    checkop_case("the op table");
    if (cuda_net_open(&n, &p, checkcuda_capability()) < 0 || !n.ops.tail) {
        checkop_fail("no tail in the op table");
        return;
    }
    for (int i = 0; i < FORMATS; i++)
        if (formats[i].format.family == RIFEC_FAMILY_YUV &&
            !formats[i].format.comp[3].step)
            try_table(&n, &formats[i], true);
    try_table(&n, &formats[0], false);
    cuda_net_close(&n);
    checkop_case("the op table of other kernels");
    p.kernels = "sm80";
    if (cuda_net_open(&n, &p, checkcuda_capability()) < 0)
        checkop_fail("cuda_net_open");
    else if (n.ops.tail)
        checkop_fail("a tail of sm90 with kernels pinned to sm80");
    cuda_net_close(&n);
}

int checkcuda_main(void)
{
    const struct named_format *plain[FORMATS];
    int count = 0;
    if (!checkcuda_start_on(90))
        return CHECK_SKIP;
    for (int i = 0; i < FORMATS; i++)
        if (is_plain(&formats[i].format))
            plain[count++] = &formats[i];
    check_refusals();
    check_table();
    try(&formats[0], 161, 121, false);
    for (int i = 0; i < checkop_cases(count); i++)
        try(plain[i], 2, 2, false);
    for (int i = 0; i < checkop_cases(3 * count); i++)
        try(plain[i % count], checkop_int(2, 400), checkop_int(2, 200), i % 3 == 2);
    /* Tiles begin two pixels early: where one more begins. */
    for (int i = 0; i < checkop_cases(8); i++)
        try(&formats[0], 29 + i % 4, 61 + i / 4, false);
    /* Seven and more tiles for each multiprocessor, so every buffer's parity repeats. */
    try(&formats[6], 1280, 720, true);
    if (!getenv("RIFEC_TEST_QUICK"))
        try(&formats[0], 1920, 1080, false);
    /* The largest pictures. */
    try(&formats[0], RIFEC_SIZE_MAX, 40, false);
    try(&formats[0], 40, RIFEC_SIZE_MAX, false);
    printf("%ld of %ld codes differ\n", others, codes);
    return checkop_finish();
}
