/* resconv: the reference against the formula in double, the others against it. */
#include "convtest.h"
#if RIFEC_HAVE_CUDA
#include "convcuda.h"
#endif
#include "engine/cpu/resconv_wino.h"

/* Tolerance of ops.h: 1e-5 * sum |w * in|; the sums here are below 40. */
#define TOLERANCE 1e-5

static void against_formula(const struct conv_args *a)
{
    for (int o = 0; o < a->out.channels; o++)
        for (int y = 0; y < a->out.height; y++)
            for (int x = 0; x < a->out.width; x++) {
                double size, residual = tensor_get(&a->in, o, y, x);
                double want =
                    lrelu(conv3x3_at(&a->in, a->layer, 1, o, y, x, &size) + residual);
                checkop_compare_double("resconv_c", tensor_at(&a->out, o, y, x), &want, 1,
                                       TOLERANCE * (size + fabs(residual)), 0);
            }
}

/* Winograd, in the build whose channel block the tensors have. */
static void try_wino(struct conv_args *a, const struct tensor *want, int threads)
{
#if CPU_HAVE_AVX2
    int c = want->channels, wide = want->block == 16;
    int runs = wide ? __builtin_cpu_supports("avx512f")
                    : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (c % WINO_GROUP_MAX || !runs)
        return;
    struct cpu_stream s = { .threads = threads,
                            .scratch_floats = resconv_wino_scratch(c) };
    s.scratch = checkop_floats((size_t)threads * s.scratch_floats);
    struct conv_layer layer = *a->layer;
    float *plan = layer.plan = checkop_floats(resconv_wino_floats(c));
    (wide ? resconv_wino_weights_avx512 : resconv_wino_weights_avx2)(&layer, plan);
    a->layer = &layer;
    a->out = make_tensor(c, want->height, want->width, want->block);
    (wide ? resconv_wino_avx512 : resconv_wino_avx2)(a, &s);
    checkop_compare(wide ? "resconv_wino_avx512" : "resconv_wino_avx2", a->out.data,
                    want->data, tensor_floats(want), 40 * TOLERANCE, 0);
#else
    (void)a, (void)want, (void)threads;
#endif
}

static void try(int channels, int height, int width, int block, int threads)
{
    checkop_case("%d channels, %dx%d, block %d", channels, width, height, block);
    struct conv_layer layer = make_layer(channels, channels, 3);
    struct conv_args a = { .in = make_tensor(channels, height, width, block),
                           .out = make_tensor(channels, height, width, block),
                           .layer = &layer };
    checkop_fill(a.in.data, tensor_floats(&a.in), -1, 1);
    struct cpu_stream s = { .threads = threads };
    resconv_c(&a, &s);
    if ((long)channels * channels * height * width < 500000)
        against_formula(&a);
    struct tensor want = a.out;
#if RIFEC_HAVE_DNN
    if (is_for_dnn(block, 9L * channels * channels * height * width)) {
        struct dnn *dnn;
        a.out = make_tensor(channels, height, width, block);
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
    try_wino(&a, &want, threads);
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
    /* 25 rows of a tile fit this better than 16, as they do 4K. */
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
    try(16, 1, 1, 8, 1);
    for (int i = 0; i < 32; i++)
        try(channels[i % 4], checkop_int(1, 20), checkop_int(1, 40), i / 4 % 2 ? 16 : 8,
            checkop_int(1, 3));
    return checkop_finish();
}
