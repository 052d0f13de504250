/* resconv: the reference against the formula in double, oneDNN against the reference. */
#include "convtest.h"

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
#if RIFEC_HAVE_DNN
    struct tensor want = a.out;
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
#endif
    checkop_free_all();
}

int main(int argc, char **argv)
{
    checkop_start(argc, argv);
    static const int channels[] = { 192, 128, 96, 64 };
    try(16, 1, 1, 8, 1);
    for (int i = 0; i < 32; i++)
        try(channels[i % 4], checkop_int(1, 20), checkop_int(1, 40), i / 4 % 2 ? 16 : 8,
            checkop_int(1, 3));
    return checkop_finish();
}
