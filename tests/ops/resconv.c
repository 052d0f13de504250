/* resconv: the reference against the formula in double, the other versions against it. */
#include <string.h>

#include "convtest.h"
#if RIFEC_HAVE_CUDA
#include "convcuda.h"
#endif
#include "engine/cpu/resconv_wino.h"

/* Tolerance of ops.h: 1e-5 * sum |w * in|; the sums here are below 40. */
#define TOLERANCE 1e-5

/* before: the earlier content of out. */
static void against_formula(const struct conv_args *a, const struct tensor *before)
{
    for (int o = 0; o < a->out.channels; o++)
        for (int y = 0; y < a->out.height; y++)
            for (int x = 0; x < a->out.width; x++) {
                double size = 0, want = 0;
                double residual = a->layer->is_plain ? 0 : tensor_get(&a->in, o, y, x);
                if (o < a->layer->cout)
                    want = activation(a->layer, o,
                                      conv3x3_at(&a->in, a->layer, 1, o, y, x, &size) +
                                          residual);
                if (a->add_out)
                    want += tensor_get(before, o, y, x);
                checkop_compare_double("resconv_c", tensor_at(&a->out, o, y, x), &want, 1,
                                       TOLERANCE * (1 + size + fabs(residual)), 0);
            }
}

static struct tensor copy_tensor(const struct tensor *t)
{
    struct tensor copy = make_tensor(t->channels, t->height, t->width, t->block);
    memcpy(copy.data, t->data, tensor_floats(t) * sizeof *t->data);
    return copy;
}

/* Winograd, in the build that has the tensors' channel block. */
static void try_wino(struct conv_args *a, const struct tensor *before,
                     const struct tensor *want, int threads)
{
#if CPU_HAVE_AVX2
    int c = want->channels, wide = want->block == 16;
    int runs = wide ? __builtin_cpu_supports("avx512f")
                    : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (c % resconv_wino_group(want->block) || !runs)
        return;
    struct cpu_stream s = { .threads = threads,
                            .scratch_floats = resconv_wino_scratch(c) };
    s.scratch = checkop_floats((size_t)threads * s.scratch_floats);
    struct conv_layer layer = *a->layer;
    float *plan = layer.plan = checkop_floats(resconv_wino_floats(c));
    (wide ? resconv_wino_weights_avx512 : resconv_wino_weights_avx2)(&layer, c, plan);
    a->layer = &layer;
    a->out = copy_tensor(before);
    (wide ? resconv_wino_avx512 : resconv_wino_avx2)(a, &s);
    checkop_compare(wide ? "resconv_wino_avx512" : "resconv_wino_avx2", a->out.data,
                    want->data, tensor_floats(want), 40 * TOLERANCE, 0);
#else
    (void)a, (void)before, (void)want, (void)threads;
#endif
}

/* Options of other networks: no input is added, there is a PReLU, the earlier output
 * is added. */
enum { PLAIN = 1, SLOPES = 2, ADD_OUT = 4 };

static void try(int own, int height, int width, int block, int threads, int kind)
{
    /* Tensors have enough channels for whole groups. */
    const int group = own % 32 ? resconv_wino_group(block) : 8;
    const int channels = (own + group - 1) / group * group;
    checkop_case("%d of %d channels, %dx%d, block %d, kind %d", own, channels, width,
                 height, block, kind);
    struct conv_layer layer = make_layer(own, own, 3);
    layer.is_plain = kind & PLAIN;
    if (kind & SLOPES)
        give_slopes(&layer);
    struct conv_args a = { .in = make_tensor(channels, height, width, block),
                           .out = make_tensor(channels, height, width, block),
                           .layer = &layer,
                           .add_out = kind & ADD_OUT };
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) {
                *tensor_at(&a.in, c, y, x) = c < own ? checkop_float(-1, 1) : 0;
                *tensor_at(&a.out, c, y, x) = c < own ? checkop_float(-1, 1) : 0;
            }
    const struct tensor before = copy_tensor(&a.out);
    struct cpu_stream s = { .threads = threads };
    resconv_c(&a, &s);
    if ((long)own * own * height * width < 500000)
        against_formula(&a, &before);
    struct tensor want = a.out;
#if RIFEC_HAVE_DNN
    if (!(kind & (SLOPES | ADD_OUT)) &&
        is_for_dnn(block, 9L * channels * channels * height * width)) {
        struct dnn *dnn;
        a.out = copy_tensor(&before);
        if (dnn_open(&dnn) < 0 || resconv_dnn_open(dnn, &layer, &a.in) < 0)
            checkop_fail("resconv_dnn_open");
        else if (resconv_dnn(&a, &s) < 0)
            checkop_fail("resconv_dnn");
        else
            checkop_compare("resconv_dnn", a.out.data, want.data, tensor_floats(&want),
                            40 * TOLERANCE, 0);
        dnn_close(&dnn);
    }
#endif
    try_wino(&a, &before, &want, threads);
    checkop_free_all();
}

#if RIFEC_HAVE_CUDA
static void try_cuda(int channels, int height, int width, enum dtype dtype)
{
    checkop_case("%d channels, %dx%d, %s", channels, width, height, dtype_name(dtype));
    struct conv_layer layer = make_cuda_layer(channels, channels, 3, dtype);
    struct conv_args a = { .in = make_tensor(channels, height, width, CUDA_BLOCK),
                           .out = make_tensor(channels, height, width, CUDA_BLOCK),
                           .layer = &layer };
    checkop_fill(a.in.data, tensor_floats(&a.in), -1, 1);
    struct tensor in = checkcuda_tensor(&a.in, CUDA_BLOCK, dtype);
    struct cpu_stream s = { .threads = CUDA_TEST_THREADS };
    resconv_c(&a, &s);
    try_conv_versions(RESCONV, &layer, &in, &a.out);
    checkcuda_free_all();
    checkop_free_all();
}

static int on_cuda(void)
{
    static const int channels[] = { 192, 128, 96, 64 };
    if (!checkcuda_start())
        return CHECK_SKIP;
    for (int i = 0; i < checkop_cases(64); i++) {
        int c = channels[i % 4];
        try_cuda(c, checkop_int(1, 40), checkop_int(1, 80),
                 i / 4 % 2 ? DTYPE_FP16 : DTYPE_FP32);
    }
    /* The shapes of 1080p: more tiles than multiprocessors. */
    for (int i = 0; i < checkop_cases(8); i++)
        try_cuda(channels[i % 4], 34 << i % 4, 60 << i % 4,
                 i / 4 == 0 ? DTYPE_FP16 : DTYPE_FP32);
    /* Tiles of 25 rows fit this better than 16, as they do 4K. */
    try_cuda(64, 49, 1050, DTYPE_FP16);
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
    static const int channels[] = { 192, 128, 96, 64 };
    static const int odd[] = { 24, 32, 48, 64 };
    try(16, 1, 1, 8, 1, 0);
    for (int i = 0; i < 32; i++)
        try(channels[i % 4], checkop_int(1, 20), checkop_int(1, 40), i / 4 % 2 ? 16 : 8,
            checkop_int(1, 3), 0);
    for (int i = 0; i < 16; i++)
        try(odd[i % 4], checkop_int(1, 9), checkop_int(1, 12), i / 2 % 2 ? 16 : 8,
            checkop_int(1, 3), i % 8);
    try(384, 2, 5, 8, 2, 0);
    return checkop_finish();
}
