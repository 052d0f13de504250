/* conv_s2: the reference against the formula in double, the other versions against it. */
#include "convtest.h"
#if RIFEC_HAVE_CUDA
#include "convcuda.h"
#include "rifec/rifec.h"
#endif

/* Tolerance of ops.h: 1e-5 * sum |w * in|; the sums here are below 30. */
#define TOLERANCE 1e-5

static void against_formula(const struct conv_args *a)
{
    for (int o = 0; o < a->out.channels; o++)
        for (int y = 0; y < a->out.height; y++)
            for (int x = 0; x < a->out.width; x++) {
                double size = 0, want = 0;
                if (o < a->layer->cout)
                    want = activation(a->layer, o,
                                      conv3x3_at(&a->in, a->layer, 2, o, y, x, &size));
                checkop_compare_double("conv_s2_c", tensor_at(&a->out, o, y, x), &want, 1,
                                       TOLERANCE * size, 0);
            }
}

static void try(int cin, int own, int height, int width, int block, int threads,
                bool slopes)
{
    checkop_case("%d -> %d channels, %dx%d, block %d%s", cin, own, width, height, block,
                 slopes ? ", PReLU" : "");
    const int channels = (cin + block - 1) / block * block;
    const int cout = (own + block - 1) / block * block;
    struct conv_layer layer = make_layer(cin, own, 3);
    if (slopes)
        give_slopes(&layer);
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
    (void)want; /* if only the reference exists */
#if CPU_HAVE_AVX2
    if (__builtin_cpu_supports("avx2")) {
        a.out = make_tensor(cout, height / 2, width / 2, block);
        conv_s2_avx2(&a, &s);
        checkop_compare("conv_s2_avx2", a.out.data, want.data, tensor_floats(&want), 0,
                        0);
    }
#endif
#if RIFEC_HAVE_DNN
    if (!slopes && is_for_dnn(block, 9L * cin * cout * height * width / 4)) {
        struct dnn *dnn;
        a.out = make_tensor(cout, height / 2, width / 2, block);
        if (dnn_open(&dnn) < 0 || conv_s2_dnn_open(dnn, &layer, &a.in, cout) < 0)
            checkop_fail("conv_s2_dnn_open");
        else if (conv_s2_dnn(&a, &s) < 0)
            checkop_fail("conv_s2_dnn");
        else
            checkop_compare("conv_s2_dnn", a.out.data, want.data, tensor_floats(&want),
                            30 * TOLERANCE, 0);
        dnn_close(&dnn);
    }
#endif
    checkop_free_all();
}

#if RIFEC_HAVE_CUDA
static void try_cuda(int cin, int cout, int height, int width, enum dtype dtype)
{
    checkop_case("%d -> %d channels, %dx%d, %s", cin, cout, width, height,
                 dtype_name(dtype));
    int channels = cin < IFNET_INPUTS ? IFNET_INPUTS : cin;
    struct conv_layer layer = make_cuda_layer(cin, cout, 3, dtype);
    struct conv_args a = { .in = make_tensor(channels, height, width, CUDA_BLOCK),
                           .out = make_tensor(cout, height / 2, width / 2, CUDA_BLOCK),
                           .layer = &layer };
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                *tensor_at(&a.in, c, y, x) = c < cin ? checkop_float(-1, 1) : 0;
    struct tensor in = checkcuda_tensor(&a.in, CUDA_BLOCK, dtype);
    struct cpu_stream s = { .threads = CUDA_TEST_THREADS };
    conv_s2_c(&a, &s);
    try_conv_versions(CONV_S2, &layer, &in, &a.out);
    checkcuda_free_all();
    checkop_free_all();
}

/* Maps a tensor to the phase-split one, which has four times the channels. */
static float *phase_split_at(const struct tensor *parts, int c, int y, int x)
{
    int part = y % 2 * 2 + x % 2;
    return tensor_at(parts, part * parts->channels / 4 + c, y / 2, x / 2);
}

static struct tensor make_phase_split(int channels, int height, int width)
{
    return make_tensor(4 * channels, height / 2, width / 2, CUDA_BLOCK);
}

static struct tensor as_one(const struct tensor *parts, int channels)
{
    struct tensor t = *parts;
    t.channels = channels;
    t.height *= 2;
    t.width *= 2;
    t.phase_split = true;
    return t;
}

/* The first of a block's two convolutions also writes phase-split tensors. */
static void try_sm90(int cin, int cout, int height, int width)
{
    checkop_case("%d -> %d channels, %dx%d, phase-split", cin, cout, width, height);
    int channels = cin < IFNET_INPUTS ? IFNET_INPUTS : cin;
    bool is_first = cin < IFNET_INPUTS;
    struct conv_layer layer = make_cuda_layer(cin, cout, 3, DTYPE_FP16);
    struct conv_pack pack =
        upload_layer(&layer, conv_s2_sm90_pack_bytes, conv_s2_sm90_pack);
    struct conv_args a = { .in = make_tensor(channels, height, width, CUDA_BLOCK),
                           .out = make_tensor(cout, height / 2, width / 2, CUDA_BLOCK),
                           .layer = &layer };
    struct tensor parts = make_phase_split(channels, height, width);
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                *phase_split_at(&parts, c, y, x) = c < cin ? checkop_float(-1, 1) : 0;
    struct tensor device = checkcuda_tensor(&parts, CUDA_BLOCK, DTYPE_FP16);
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                *tensor_at(&a.in, c, y, x) = *phase_split_at(&parts, c, y, x);
    struct cpu_stream s = { .threads = CUDA_TEST_THREADS };
    conv_s2_c(&a, &s);
    struct tensor want = a.out, got[2];
    if (is_first) {
        want = make_phase_split(cout, height / 2, width / 2);
        for (int c = 0; c < cout; c++)
            for (int y = 0; y < height / 2; y++)
                for (int x = 0; x < width / 2; x++)
                    *phase_split_at(&want, c, y, x) = *tensor_at(&a.out, c, y, x);
    }
    for (int k = 0; k < 2; k++) {
        struct tensor out = checkcuda_blank_tensor(&want, CUDA_BLOCK, DTYPE_FP16);
        struct conv_args args = { .in = as_one(&device, channels),
                                  .out = is_first ? as_one(&out, cout) : out,
                                  .layer = &layer };
        if (!conv_s2_sm90_fits(&args) ||
            conv_s2_sm90(&args, &pack, checkcuda_stream()) < 0)
            checkop_fail("conv_s2_sm90 failed");
        got[k] = checkcuda_get_tensor(&out, CUDA_BLOCK);
    }
    checkop_compare("conv_s2_sm90", got[0].data, want.data, tensor_floats(&want),
                    CONV_ABSOLUTE, CONV_RELATIVE(DTYPE_FP16));
    checkop_compare("the same once more", got[1].data, got[0].data, tensor_floats(&want),
                    0, 0);
    checkcuda_free_all();
    checkop_free_all();
}

/* Asks about tensors without memory. */
static bool fits(const struct conv_layer *l, struct tensor in, struct tensor out)
{
    return conv_s2_sm90_fits(&(struct conv_args){ .in = in, .out = out, .layer = l });
}

static void what_fits(void)
{
    static const int shapes[][2] = { { 7, 96 }, { 96, 192 }, { 12, 64 }, { 64, 128 } };
    for (int i = 0; i < 4; i++) {
        checkop_case("what conv_s2_sm90 takes, %d -> %d", shapes[i][0], shapes[i][1]);
        bool is_first = shapes[i][0] < IFNET_INPUTS;
        struct conv_layer layer = { .cin = shapes[i][0],
                                    .cout = shapes[i][1],
                                    .kernel = 3 };
        const struct tensor in = { .channels = is_first ? IFNET_INPUTS : layer.cin,
                                   .height = 12,
                                   .width = 16,
                                   .block = CUDA_BLOCK,
                                   .dtype = DTYPE_FP16,
                                   .phase_split = true };
        const struct tensor out = { .channels = layer.cout,
                                    .height = 6,
                                    .width = 8,
                                    .block = CUDA_BLOCK,
                                    .dtype = DTYPE_FP16,
                                    .phase_split = is_first };
        struct tensor t;
        if (!fits(&layer, in, out))
            checkop_fail("it says that it cannot");
        t = in, t.phase_split = false;
        if (fits(&layer, t, out))
            checkop_fail("in is not phase-split");
        t = out, t.phase_split = !is_first;
        if (fits(&layer, in, t))
            checkop_fail("out should be phase-split only for the first convolution");
        t = in, t.dtype = DTYPE_FP32;
        if (fits(&layer, t, out))
            checkop_fail("in is FP32");
        t = out, t.dtype = DTYPE_FP32;
        if (fits(&layer, in, t))
            checkop_fail("out is FP32");
        t = in, t.block = IFNET_INPUTS;
        if (fits(&layer, t, out))
            checkop_fail("in is in other blocks");
        t = in, t.height += 2;
        if (fits(&layer, t, out))
            checkop_fail("in is not twice as high as out");
        /* Sizes of out with odd halves, in rows and in columns. */
        struct tensor odd_in = in, odd_out = out;
        odd_in.height += 2, odd_out.height += 1;
        if (fits(&layer, odd_in, odd_out) == is_first)
            checkop_fail("out has an odd number of rows");
        odd_in = in, odd_out = out;
        odd_in.width += 2, odd_out.width += 1;
        if (fits(&layer, odd_in, odd_out) == is_first)
            checkop_fail("out has an odd number of columns");
        layer.kernel = 4;
        if (fits(&layer, in, out))
            checkop_fail("the layer is not of 3x3");
    }
}

/*
 * Outputs whose tiles are cut at the bottom and at the right, for each version in turn
 * (its template's numbers) on the 132 multiprocessors of an H200: a tile or less to a
 * block, then all stages used, then each of them three times and more.
 */
static const struct {
    int cin, cout, height, width;
} of_versions[] = {
    { 7, 96, 106, 150 },   /* 16, 18, 2, 2 */
    { 12, 64, 106, 270 },  /* 16, 18, 2, 2 */
    { 7, 96, 178, 214 },   /* 16, 18, 4, 2 */
    { 7, 96, 274, 486 },   /* 16, 18, 4, 2: 15 tiles to a block */
    { 12, 64, 398, 406 },  /* 16, 18, 4, 2: 9 */
    { 64, 128, 43, 61 },   /* 64, 8, 1, 1 */
    { 64, 128, 52, 117 },  /* 64, 17, 1, 1: a row of pixels in the last of tiles */
    { 64, 128, 67, 117 },  /* 64, 17, 1, 1: all but one */
    { 64, 128, 85, 125 },  /* 64, 8, 3, 2 */
    { 64, 128, 131, 189 }, /* 64, 8, 3, 2: 7 tiles to a block */
    { 64, 128, 187, 211 }, /* 64, 8, 3, 2: 10 */
    { 96, 192, 34, 61 },   /* 96, 7, 1, 1 */
    { 96, 192, 47, 61 },   /* 96, 7, 2, 2 */
    { 96, 192, 89, 117 },  /* 96, 7, 2, 2: 5 tiles to a block */
};

static void on_sm90(void)
{
    static const int shapes[][2] = { { 7, 96 }, { 96, 192 }, { 12, 64 }, { 64, 128 } };
    static const int edges[] = { 1, 7, 8, 9, 16, 17, 18, 19, 34, 36 }; /* of tiles */
    /* Block 0's input at 720p, 1080p, 4K and 8K; the other blocks' are halves of it. */
    static const int large[][2] = {
        { 92, 160 }, { 136, 240 }, { 272, 480 }, { 544, 960 }
    };
    static const int halves[] = { 2, 1, 4, 2 };
    for (int i = 0; i < checkop_cases(80); i++) {
        const int *s = shapes[i % 4];
        int step = s[0] < IFNET_INPUTS ? 4 : 2; /* a phase-split tensor has even sizes */
        int rows = i < 40 ? edges[i / 4] : checkop_int(1, 40);
        try_sm90(s[0], s[1], step * rows, step * checkop_int(1, 40));
    }
    for (size_t i = 0; i < sizeof of_versions / sizeof *of_versions; i++)
        try_sm90(of_versions[i].cin, of_versions[i].cout, 2 * of_versions[i].height,
                 2 * of_versions[i].width);
    for (int i = 0; i < checkop_cases(32); i++) {
        const int *s = shapes[i % 4];
        int step = s[0] < IFNET_INPUTS ? 4 : 2;
        try_sm90(s[0], s[1], step * checkop_int(40, 140), step * checkop_int(40, 140));
    }
    for (int i = 0; i < checkop_cases(16); i++) {
        const int *s = shapes[i % 4], *size = large[i / 4];
        try_sm90(s[0], s[1], size[0] * halves[i % 4] / 2, size[1] * halves[i % 4] / 2);
    }
    /* The largest sizes: if flow is estimated at twice the size, block 0's input has a
     * quarter of RIFEC_SIZE_MAX. */
    for (int i = 0; i < checkop_cases(8); i++) {
        const int *s = shapes[i % 4];
        int length = RIFEC_SIZE_MAX / 4 * halves[i % 4] / 2;
        try_sm90(s[0], s[1], i / 4 ? 16 : length, i / 4 ? length : 16);
    }
}

static int on_cuda(void)
{
    static const int shapes[][2] = { { 7, 96 },  { 96, 192 }, { 12, 64 }, { 64, 128 },
                                     { 12, 48 }, { 48, 96 },  { 12, 32 }, { 32, 64 } };
    if (!checkcuda_start())
        return CHECK_SKIP;
    for (int i = 0; i < checkop_cases(64); i++) {
        const int *s = shapes[i % 8];
        try_cuda(s[0], s[1], 2 * checkop_int(1, 20), 2 * checkop_int(1, 50),
                 i / 8 % 2 ? DTYPE_FP16 : DTYPE_FP32);
    }
    /* The shapes of 1080p: more tiles than multiprocessors. */
    for (int i = 0; i < checkop_cases(16); i++) {
        const int *s = shapes[i % 8];
        int factor = 1 << (i % 8 / 2 + (i % 2 == 0));
        try_cuda(s[0], s[1], 68 * factor, 120 * factor,
                 i / 8 == 0 ? DTYPE_FP16 : DTYPE_FP32);
    }
    if (checkcuda_capability() == 90)
        on_sm90();
    return checkop_finish();
}
#endif

int main(int argc, char **argv)
{
    checkop_start(argc, argv);
#if RIFEC_HAVE_CUDA
    if (checkop_on_cuda())
        return on_cuda();
    what_fits();
#endif
    static const int shapes[][2] = { { 7, 96 },  { 96, 192 }, { 12, 64 }, { 64, 128 },
                                     { 12, 48 }, { 48, 96 },  { 12, 32 }, { 32, 64 } };
    static const int odd[][2] = { { 28, 12 }, { 12, 24 }, { 52, 16 }, { 23, 192 } };
    try(16, 16, 2, 2, 8, 1, false);
    for (int i = 0; i < 32; i++)
        try(shapes[i % 8][0], shapes[i % 8][1], 2 * checkop_int(1, 12),
            2 * checkop_int(1, 20), i / 8 % 2 ? 16 : 8, checkop_int(1, 3), false);
    for (int i = 0; i < 8; i++)
        try(odd[i % 4][0], odd[i % 4][1], 2 * checkop_int(1, 6), 2 * checkop_int(1, 8),
            i / 4 % 2 ? 16 : 8, checkop_int(1, 3), i % 2);
    return checkop_finish();
}
