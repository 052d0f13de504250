/* conv_s2: the reference against the formula in double, the others against it. */
#include "convtest.h"
#if RIFEC_HAVE_CUDA
#include "convcuda.h"
#endif

/* Tolerance of ops.h: 1e-5 * sum |w * in|; the sums here are below 30. */
#define TOLERANCE 1e-5

static void against_formula(const struct conv_args *a)
{
    for (int o = 0; o < a->out.channels; o++)
        for (int y = 0; y < a->out.height; y++)
            for (int x = 0; x < a->out.width; x++) {
                double size;
                double want = lrelu(conv3x3_at(&a->in, a->layer, 2, o, y, x, &size));
                checkop_compare_double("conv_s2_c", tensor_at(&a->out, o, y, x), &want, 1,
                                       TOLERANCE * size, 0);
            }
}

static void try(int cin, int cout, int height, int width, int block, int threads)
{
    checkop_case("%d -> %d channels, %dx%d, block %d", cin, cout, width, height, block);
    int channels = (cin + block - 1) / block * block;
    struct conv_layer layer = make_layer(cin, cout, 3);
    struct conv_args a = { .in = make_tensor(channels, height, width, block),
                           .out = make_tensor(cout, height / 2, width / 2, block),
                           .layer = &layer };
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                *tensor_at(&a.in, c, y, x) = c < cin ? checkop_float(-1, 1) : 0;
    struct cpu_stream s = { .threads = threads };
    conv_s2_c(&a, &s);
    if ((long)cin * cout * height * width < 500000)
        against_formula(&a);
    struct tensor want = a.out;
    (void)want; /* when the reference is alone */
#if CPU_HAVE_AVX2
    if (__builtin_cpu_supports("avx2")) {
        a.out = make_tensor(cout, height / 2, width / 2, block);
        conv_s2_avx2(&a, &s);
        checkop_compare("conv_s2_avx2", a.out.data, want.data, tensor_floats(&want), 0,
                        0);
    }
#endif
#if RIFEC_HAVE_DNN
    struct dnn *dnn;
    a.out = make_tensor(cout, height / 2, width / 2, block);
    if (dnn_open(&dnn) < 0 || conv_s2_dnn_open(dnn, &layer, &a.in) < 0)
        checkop_fail("conv_s2_dnn_open");
    else if (conv_s2_dnn(&a, &s) < 0)
        checkop_fail("conv_s2_dnn");
    else
        checkop_compare("conv_s2_dnn", a.out.data, want.data, tensor_floats(&want),
                        30 * TOLERANCE, 0);
    dnn_close(&dnn);
#endif
    checkop_free_all();
}

#if RIFEC_HAVE_CUDA
static void try_cuda(int cin, int cout, int height, int width, bool is_half)
{
    checkop_case("%d -> %d channels, %dx%d, FP%d", cin, cout, width, height,
                 is_half ? 16 : 32);
    int channels = cin < IFNET_INPUTS ? IFNET_INPUTS : cin;
    struct conv_layer layer = make_cuda_layer(cin, cout, 3, is_half);
    struct conv_args a = { .in = make_tensor(channels, height, width, CUDA_BLOCK),
                           .out = make_tensor(cout, height / 2, width / 2, CUDA_BLOCK),
                           .layer = &layer };
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                *tensor_at(&a.in, c, y, x) = c < cin ? checkop_float(-1, 1) : 0;
    struct tensor in = checkcuda_tensor(&a.in, CUDA_BLOCK, is_half);
    struct cpu_stream s = { .threads = CUDA_TEST_THREADS };
    conv_s2_c(&a, &s);
    try_conv_versions(CONV_S2, &layer, &in, &a.out);
    checkcuda_free_all();
    checkop_free_all();
}

static int on_cuda(void)
{
    static const int shapes[][2] = { { 7, 96 },  { 96, 192 }, { 12, 64 }, { 64, 128 },
                                     { 12, 48 }, { 48, 96 },  { 12, 32 }, { 32, 64 } };
    if (!checkcuda_start())
        return CHECK_SKIP;
    for (int i = 0; i < checkop_cases(64); i++) {
        const int *s = shapes[i % 8];
        try_cuda(s[0], s[1], 2 * checkop_int(1, 20), 2 * checkop_int(1, 50), i / 8 % 2);
    }
    /* The shapes of 1080p: more tiles than multiprocessors. */
    for (int i = 0; i < checkop_cases(16); i++) {
        const int *s = shapes[i % 8];
        int factor = 1 << (i % 8 / 2 + (i % 2 == 0));
        try_cuda(s[0], s[1], 68 * factor, 120 * factor, i / 8 == 0);
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
    static const int shapes[][2] = { { 7, 96 },  { 96, 192 }, { 12, 64 }, { 64, 128 },
                                     { 12, 48 }, { 48, 96 },  { 12, 32 }, { 32, 64 } };
    try(16, 16, 2, 2, 8, 1);
    for (int i = 0; i < 32; i++)
        try(shapes[i % 8][0], shapes[i % 8][1], 2 * checkop_int(1, 12),
            2 * checkop_int(1, 20), i / 8 % 2 ? 16 : 8, checkop_int(1, 3));
    return checkop_finish();
}
