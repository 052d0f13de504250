/*
 * front: gather and both conv_s2 in one kernel, or in blocks 0 and 1 phase-split, against
 * gather_cuda() and two conv_s2_ref() on the device. GPUs of compute capability 9.0 only.
 */
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "check.h"
#include "checkcuda.h"
#include "checkop.h"
#include "convcuda.h"
#include "model/fused.h"
#include "rifec/rifec.h"

/*
 * Inputs, intermediate tensors and outputs are rounded to FP16. Where a sum in another
 * order rounds differently, the difference is a unit in the last place: of outputs 2^-10
 * of their size; of the others 2^-7 of numbers below 16, times weights below 1/16, for a
 * few of the hundreds that an output sums.
 */
#define ABSOLUTE 0.01
#define RELATIVE 0x1p-9
#define FLOW     8

#define FLOW_CHANNELS 7 /* the first of mask and flow */

/* Flow far out of the picture, with a sum within FP16. The first layer ignores it and
 * uses the images only, so that its size does not affect the tolerance. */
static void make_hostile(struct level *levels, int count, const struct conv_layer *l)
{
    for (int i = 0; i < count; i++)
        for (int k = 0; k < levels[i].width * levels[i].height / 3; k++)
            levels[i].flow[checkop_int(0, 4 * levels[i].width * levels[i].height - 1)] =
                checkop_int(0, 1) ? 3000 : -3000;
    for (int tap = 0; tap < 9; tap++)
        for (int c = FLOW_CHANNELS; c < l->cin; c++)
            for (int o = 0; o < l->cout; o++)
                l->weight[(tap * l->cin + c) * l->cout + o] = 0;
}

/* All pixels of a level move by the same whole number of pixels. */
static void make_whole(struct level *levels, int count)
{
    for (int i = 0; i < count; i++) {
        const float flow[4] = { (float)checkop_int(-2, 2), (float)checkop_int(-2, 2),
                                (float)checkop_int(-2, 2), (float)checkop_int(-2, 2) };
        for (int k = 0; k < 4 * levels[i].width * levels[i].height; k++)
            levels[i].flow[k] = flow[k % 4];
    }
}

static struct tensor half_tensor(int channels, int height, int width)
{
    struct tensor like = {
        .channels = channels, .height = height, .width = width, .block = 8
    };
    return checkcuda_blank_tensor(&like, 8, DTYPE_FP16);
}

static struct image upload_image(const struct image *host, bool textured)
{
    return textured ? checkcuda_textured(host) : checkcuda_image(host, DTYPE_FP32);
}

/* gather reads images as numbers, whether they have a texture or not. */
static void unfused(const struct front_args *a)
{
    static const struct ops single = { .gather = gather_cuda, .conv_s2 = conv_s2_ref };
    struct conv_layer conv0 = *a->conv0, conv1 = *a->conv1;
    struct conv_pack pack0 = upload_layer(&conv0, conv_ref_pack_bytes, conv_ref_pack);
    struct conv_pack pack1 = upload_layer(&conv1, conv_ref_pack_bytes, conv_ref_pack);
    struct front_args by_ref = *a;
    conv0.plan = &pack0;
    conv1.plan = &pack1;
    by_ref.conv0 = &conv0;
    by_ref.conv1 = &conv1;
    if (fused_front(&single, &by_ref, checkcuda_stream()) < 0)
        checkop_fail("the ops it stands for failed");
}

/* Blocks 0 and 1 take three kernels, with phase-split tensors between them. */
static int phase_split(const struct front_args *a, const struct conv_pack *conv0,
                       const struct conv_pack *conv1, void *stream)
{
    int err = 0;
    struct gather_args gather = a->gather;
    struct tensor mid = a->mid;
    gather.out.phase_split = mid.phase_split = true;
    struct conv_args first = { .in = gather.out, .out = mid, .layer = a->conv0 };
    struct conv_args second = { .in = mid, .out = a->out, .layer = a->conv1 };
    if (!conv_s2_sm90_fits(&first) || !conv_s2_sm90_fits(&second))
        FAIL(RIFEC_ERR_USAGE, "conv_s2_sm90 says that it cannot");
    TRY(gather_cuda(&gather, stream));
    TRY(conv_s2_sm90(&first, conv0, stream));
    TRY(conv_s2_sm90(&second, conv1, stream));
fail:
    return err;
}

enum flow { SMALL, WHOLE, HOSTILE };

static void try(int block, int width, int height, bool textured, enum flow flow)
{
    static const char *const names[] = { "", ", whole flow", ", hostile flow" };
    int wp = (width + 31) / 32 * 32, hp = (height + 31) / 32 * 32;
    int scale = 8 >> block, c = networks[NETWORK_4_6].block[block].channels;
    bool in_one = block >= 2;
    int h = hp / scale, w = wp / scale;
    checkop_case("block %d, %dx%d, images of %s%s", block, width, height,
                 textured ? "FP16 with a texture" : "FP32", names[flow]);
    struct conv_layer conv0 =
        make_cuda_layer(network_inputs(&networks[NETWORK_4_6], block), c / 2, 3, true);
    struct conv_layer conv1 = make_cuda_layer(c / 2, c, 3, true);
    struct level levels[3], device_levels[3];
    checkop_levels(levels, block, 8, wp, hp, FLOW);
    for (int i = 0; textured && i < block; i++)
        checkcuda_snap(&levels[i]);
    if (flow == WHOLE)
        make_whole(levels, block);
    if (flow == HOSTILE)
        make_hostile(levels, block, &conv0);
    for (int i = 0; i < block; i++)
        device_levels[i] = checkcuda_level(&levels[i]);
    /* The texture unit clamps colours after interpolating them, which is the same as
     * before if there is nothing to interpolate. */
    float beyond = textured && flow != WHOLE ? 0 : 0.2f;
    struct image image0 = checkop_image(width, height, wp, hp, -beyond, 1 + beyond);
    struct image image1 = checkop_image(width, height, wp, hp, -beyond, 1 + beyond);
    float t = checkop_float(0.01f, 0.99f);
    struct front_args a = { .gather = { .image0 = upload_image(&image0, textured),
                                        .image1 = upload_image(&image1, textured),
                                        .levels = device_levels,
                                        .level_count = block,
                                        .scale = (float)scale,
                                        .t = checkcuda_upload(&t, sizeof t),
                                        .out = half_tensor(IFNET_INPUTS, h, w) },
                            .mid = half_tensor(c / 2, h / 2, w / 2),
                            .out = half_tensor(c, h / 4, w / 4),
                            .conv0 = &conv0,
                            .conv1 = &conv1 };
    unfused(&a);
    struct tensor want = checkcuda_get_tensor(&a.out, 8);
    size_t (*bytes_of)(const struct conv_layer *) =
        in_one ? front_sm90_pack_bytes : conv_s2_sm90_pack_bytes;
    void (*pack)(const struct conv_layer *, void *) =
        in_one ? front_sm90_pack : conv_s2_sm90_pack;
    struct conv_pack pack0 = upload_layer(&conv0, bytes_of, pack);
    struct conv_pack pack1 = upload_layer(&conv1, bytes_of, pack);
    struct tensor got[2];
    if (front_sm90_fits(&a) != in_one)
        checkop_fail("front_sm90_fits is wrong");
    for (int k = 0; k < 2 && front_sm90_fits(&a) == in_one; k++) {
        a.gather.out = half_tensor(IFNET_INPUTS, h, w);
        a.mid = half_tensor(c / 2, h / 2, w / 2);
        a.out = half_tensor(c, h / 4, w / 4);
        /* The second run is as in the network, where out shares gather's memory; and
         * several runs follow each other, because each begins before its predecessor
         * has ended. */
        if (k == 1)
            a.out.data = a.gather.out.data;
        for (int turn = 0; turn < (k == 0 ? 1 : 5); turn++)
            if ((in_one ? front_sm90 : phase_split)(&a, &pack0, &pack1,
                                                    checkcuda_stream()) < 0)
                checkop_fail("it failed");
        got[k] = checkcuda_get_tensor(&a.out, 8);
        checkop_compare(in_one ? "front_sm90" : "phase-split", got[k].data, want.data,
                        tensor_floats(&want), ABSOLUTE, RELATIVE);
        checkop_compare("the same once more", got[k].data, got[0].data,
                        tensor_floats(&want), 0, 0);
    }
    if (textured && in_one) { /* with FP16 only as textures */
        a.gather.image1.texture = 0;
        if (front_sm90_fits(&a))
            checkop_fail("front_sm90 says that it can without a texture");
    }
    checkcuda_free_all();
    checkop_free_all();
}

int checkcuda_main(void)
{
    if (!checkcuda_start_on(90))
        return CHECK_SKIP;
    for (int i = 0; i < checkop_cases(48); i++)
        try(2 + i % 2, checkop_int(2, 400), checkop_int(2, 200), i / 2 % 2,
            i / 4 % 3 == 2 ? HOSTILE : SMALL);
    for (int i = 0; i < checkop_cases(8); i++)
        try(2 + i % 2, checkop_int(2, 400), checkop_int(2, 200), true, WHOLE);
    for (int i = 0; i < checkop_cases(32); i++)
        try(i % 2, checkop_int(2, 800), checkop_int(2, 600), i / 2 % 2,
            i / 4 % 3 == 2 ? HOSTILE : SMALL);
    /* Four and more tiles for each multiprocessor, so every buffer's parity repeats. */
    for (int i = 0; i < 4; i++)
        try(2 + i % 2, 1920, 1080, i / 2, SMALL);
    for (int i = 0; i < 4; i++)
        try(i % 2, i / 2 ? 3840 : 1920, i / 2 ? 2160 : 1080, true, SMALL);
    /* The largest pictures. */
    for (int i = 0; i < checkop_cases(8); i++)
        try(2 + i % 2, i / 4 ? 40 : RIFEC_SIZE_MAX, i / 4 ? RIFEC_SIZE_MAX : 40,
            i / 2 % 2, SMALL);
    for (int i = 0; i < checkop_cases(4); i++)
        try(i % 2, i / 2 ? 40 : RIFEC_SIZE_MAX, i / 2 ? RIFEC_SIZE_MAX : 40, true, SMALL);
    return checkop_finish();
}
