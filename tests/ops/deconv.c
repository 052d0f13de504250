/* deconv: the reference against the formula in double, the other versions against it. */
#include "convtest.h"
#if RIFEC_HAVE_CUDA
#include "convcuda.h"
#endif

/* Tolerance of ops.h: 1e-5 * sum |w * in|; the sums here are below 30. */
#define TOLERANCE 1e-5

/* shuffle: 2, or 1 without a pixel shuffle. */
static struct level make_level(const struct tensor *in, bool has_features, int shuffle)
{
    struct level l = { .height = 2 * shuffle * in->height,
                       .width = 2 * shuffle * in->width,
                       .scale = 1 };
    size_t n = (size_t)l.height * (size_t)l.width;
    l.flow = checkop_floats(4 * n);
    l.mask = checkop_floats(n);
    l.features = has_features ? checkop_floats(LEVEL_FEATURES * n) : NULL;
    return l;
}

/* The transposed convolution scattered as in ops.h, then the shuffle. */
static void against_formula(const struct deconv_args *a)
{
    const struct conv_layer *l = a->layer;
    int H = 2 * a->in.height, W = 2 * a->in.width, n = a->out.width / W;
    double *d = malloc(sizeof *d * (size_t)(l->cout * H * W));
    for (int i = 0; i < l->cout * H * W; i++)
        d[i] = l->bias[i / (H * W)];
    for (int o = 0; o < l->cout; o++)
        for (int i = 0; i < l->cin; i++)
            for (int y = 0; y < a->in.height; y++)
                for (int x = 0; x < a->in.width; x++)
                    for (int k = 0; k < 16; k++) {
                        int Y = 2 * y - 1 + k / 4, X = 2 * x - 1 + k % 4;
                        if (Y >= 0 && X >= 0 && Y < H && X < W)
                            d[(o * H + Y) * W + X] += tensor_get(&a->in, i, y, x) *
                                                      weight_at(l, k / 4, k % 4, i, o);
                    }
    for (int o = 0; o < l->cout; o++)
        for (int Y = 0; Y < H; Y++)
            for (int X = 0; X < W; X++) {
                int c = o / (n * n);
                int at = (n * Y + o / n % n) * a->out.width + n * X + o % n;
                const float *got = c < 4   ? &a->out.flow[4 * at + c]
                                   : c < 5 ? &a->out.mask[at]
                                           : &a->out.features[8 * at + c - 5];
                checkop_compare_double("deconv_c", got, &d[(o * H + Y) * W + X], 1,
                                       30 * TOLERANCE, 0);
            }
    free(d);
}

static void compare_levels(const char *what, const struct level *got,
                           const struct level *want, double tolerance)
{
    size_t n = (size_t)want->height * (size_t)want->width;
    checkop_compare(what, got->flow, want->flow, 4 * n, tolerance, 0);
    checkop_compare(what, got->mask, want->mask, n, tolerance, 0);
    if (want->features)
        checkop_compare(what, got->features, want->features, LEVEL_FEATURES * n,
                        tolerance, 0);
}

static void try(int cin, int height, int width, int block, int threads, bool has_features,
                int shuffle)
{
    checkop_case("%d channels, %dx%d, block %d%s, shuffle %d", cin, width, height, block,
                 has_features ? ", features" : "", shuffle);
    const int cout =
        shuffle * shuffle * (LEVEL_CHANNELS + (has_features ? LEVEL_FEATURES : 0));
    struct conv_layer layer = make_layer(cin, cout, 4);
    struct deconv_args a = { .in = make_tensor(cin, height, width, block),
                             .layer = &layer };
    a.scratch = checkop_floats(DECONV_SCRATCH(cout) * (size_t)(height * width));
    checkop_fill(a.in.data, tensor_floats(&a.in), -1, 1);
    a.out = make_level(&a.in, has_features, shuffle);
    struct cpu_stream s = { .threads = threads };
    deconv_c(&a, &s);
    if ((long)cin * height * width < 30000)
        against_formula(&a);
    struct level want = a.out;
    (void)want; /* if only the reference exists */
#if CPU_HAVE_AVX2
    if (__builtin_cpu_supports("avx2")) {
        a.out = make_level(&a.in, has_features, shuffle);
        deconv_avx2(&a, &s);
        compare_levels("deconv_avx2", &a.out, &want, 0);
    }
#endif
#if RIFEC_HAVE_DNN
    if (is_for_dnn(block, 16L * cin * cout * height * width)) {
        struct dnn *dnn;
        a.out = make_level(&a.in, has_features, shuffle);
        if (dnn_open(&dnn) < 0 || deconv_dnn_open(dnn, &layer, &a.in) < 0)
            checkop_fail("deconv_dnn_open");
        else if (deconv_dnn(&a, &s) < 0)
            checkop_fail("deconv_dnn");
        else
            compare_levels("deconv_dnn", &a.out, &want, 30 * TOLERANCE);
        dnn_close(&dnn);
    }
#endif
    checkop_free_all();
}

#if RIFEC_HAVE_CUDA
static void try_cuda(int cin, int height, int width, enum dtype dtype, bool to_half)
{
    checkop_case("%d channels, %dx%d, %s%s", cin, width, height, dtype_name(dtype),
                 to_half ? ", to FP16" : "");
    struct conv_layer layer = make_cuda_layer(cin, DECONV_LIVE, 4, dtype);
    struct deconv_args a = { .in = make_tensor(cin, height, width, CUDA_BLOCK),
                             .layer = &layer };
    checkop_fill(a.in.data, tensor_floats(&a.in), -1, 1);
    a.out = make_level(&a.in, false, 2);
    struct tensor in = checkcuda_tensor(&a.in, CUDA_BLOCK, dtype);
    struct cpu_stream s = { .threads = CUDA_TEST_THREADS };
    deconv_c(&a, &s);
    size_t n = (size_t)a.out.height * (size_t)a.out.width;
    for (int i = 0; i < CONV_VERSIONS; i++) {
        const struct conv_version *v = cuda_version(i, DECONV, &layer, dtype);
        if (!v)
            continue;
        const char *name = conv_abilities[i].name;
        const bool halves = to_half && conv_writes_half((enum conv_version_id)i, &layer);
        struct conv_pack pack;
        struct conv_layer packed = pack_layer(&layer, v, &pack);
        struct level got[2];
        for (int k = 0; k < 2; k++) {
            struct level like = a.out;
            like.dtype = halves ? DTYPE_FP16 : DTYPE_FP32;
            struct deconv_args d = { .in = in,
                                     .layer = &packed,
                                     .out = checkcuda_blank_level(&like) };
            if (v->deconv(&d, checkcuda_stream()) < 0)
                checkop_fail("%s failed", name);
            got[k] = checkcuda_get_level(&d.out);
        }
        /* Levels of FP32 are not rounded to FP16 at the end. */
        double rounding = halves ? 0x1p-11 : 0;
        checkop_compare(name, got[0].flow, a.out.flow, 4 * n, CONV_ABSOLUTE, rounding);
        checkop_compare(name, got[0].mask, a.out.mask, n, CONV_ABSOLUTE, rounding);
        checkop_compare("the same once more", got[1].flow, got[0].flow, 4 * n, 0, 0);
        checkop_compare("the same once more", got[1].mask, got[0].mask, n, 0, 0);
    }
    checkcuda_free_all();
    checkop_free_all();
}

static int on_cuda(void)
{
    static const int channels[] = { 192, 128, 96, 64 };
    if (!checkcuda_start())
        return CHECK_SKIP;
    for (int i = 0; i < checkop_cases(48); i++) {
        int c = channels[i % 4];
        enum dtype dtype = i / 4 % 2 ? DTYPE_FP16 : DTYPE_FP32;
        try_cuda(c, checkop_int(1, 30), checkop_int(1, 60), dtype,
                 dtype == DTYPE_FP16 && c == 64 && i / 8 % 2);
    }
    /* The shapes of 1080p: more tiles than multiprocessors. */
    for (int i = 0; i < checkop_cases(8); i++)
        try_cuda(channels[i % 4], 34 << i % 4, 60 << i % 4,
                 i / 4 == 0 ? DTYPE_FP16 : DTYPE_FP32, i == 3);
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
    static const int channels[] = { 192, 128, 96, 64, 32 };
    try(16, 1, 1, 8, 1, false, 2);
    try(64, 3, 5, 8, 2, false, 1);
    try(192, 4, 7, 16, 2, false, 1);
    for (int i = 0; i < 30; i++)
        try(channels[i % 5], checkop_int(1, 14), checkop_int(1, 30), i / 5 % 2 ? 16 : 8,
            checkop_int(1, 3), i / 10 == 1, 2);
    return checkop_finish();
}
