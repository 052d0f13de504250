/* encode: the reference against the formula in double, the other build to the bit. */
#include "check.h"
#include "convtest.h"

/* Tolerance of ops.h: 1e-5 * sum |w * in|, for each of the four layers. */
#define TOLERANCE 1e-4

/* [channels][height][width] */
struct planes {
    int channels, height, width;
    double *at;
};

static struct planes make_planes(int channels, int height, int width)
{
    struct planes p = { channels, height, width, NULL };
    p.at = calloc((size_t)(channels * height * width), sizeof *p.at);
    return p;
}

static double *plane_at(const struct planes *p, int c, int y, int x)
{
    return p->at + (c * p->height + y) * p->width + x;
}

static double plane_get(const struct planes *p, int c, int y, int x)
{
    return y < 0 || x < 0 || y >= p->height || x >= p->width ? 0 : *plane_at(p, c, y, x);
}

/* Frees in. */
static struct planes conv(struct planes in, const struct conv_layer *l, int stride)
{
    struct planes out = make_planes(l->cout, in.height / stride, in.width / stride);
    for (int o = 0; o < l->cout; o++)
        for (int y = 0; y < out.height; y++)
            for (int x = 0; x < out.width; x++) {
                double sum = l->bias[o];
                for (int i = 0; i < l->cin; i++)
                    for (int k = 0; k < 9; k++)
                        sum += plane_get(&in, i, y * stride + k / 3 - 1,
                                         x * stride + k % 3 - 1) *
                               weight_at(l, k / 3, k % 3, i, o);
                *plane_at(&out, o, y, x) = lrelu(sum);
            }
    free(in.at);
    return out;
}

/* Scatters, as ops.h writes it. Frees in. */
static struct planes transposed(struct planes in, const struct conv_layer *l)
{
    struct planes out = make_planes(l->cout, 2 * in.height, 2 * in.width);
    for (int o = 0; o < l->cout; o++)
        for (int i = 0; i < out.height * out.width; i++)
            out.at[o * out.height * out.width + i] = l->bias[o];
    for (int o = 0; o < l->cout; o++)
        for (int i = 0; i < l->cin; i++)
            for (int y = 0; y < in.height; y++)
                for (int x = 0; x < in.width; x++)
                    for (int k = 0; k < 16; k++) {
                        int Y = 2 * y - 1 + k / 4, X = 2 * x - 1 + k % 4;
                        if (Y >= 0 && X >= 0 && Y < out.height && X < out.width)
                            *plane_at(&out, o, Y, X) += *plane_at(&in, i, y, x) *
                                                        weight_at(l, k / 4, k % 4, i, o);
                    }
    free(in.at);
    return out;
}

static void against_formula(const struct encode_args *a)
{
    int h = a->image.height_padded, w = a->image.width_padded;
    struct planes p = make_planes(3, h, w);
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < h * w; i++)
            p.at[c * h * w + i] = fmin(fmax(a->image.data[4 * i + c], 0), 1);
    p = conv(p, &a->layers[0], 2);
    p = conv(p, &a->layers[1], 1);
    p = conv(p, &a->layers[2], 1);
    p = transposed(p, &a->layers[3]);
    for (int c = 0; c < SOURCE_FEATURES; c++)
        for (int i = 0; i < h * w; i++)
            checkop_compare_double("encode_c", &a->out.data[SOURCE_FEATURES * i + c],
                                   &p.at[c * h * w + i], 1, TOLERANCE, 0);
    free(p.at);
}

static void try(int width, int height, int channels, int block, int threads)
{
    int wp = (width + 63) / 64 * 64, hp = (height + 63) / 64 * 64;
    checkop_case("%dx%d, %d channels, block %d", width, height, channels, block);
    const struct conv_layer layers[] = { make_layer(3, channels, 3),
                                         make_layer(channels, channels, 3),
                                         make_layer(channels, channels, 3),
                                         make_layer(channels, SOURCE_FEATURES, 4) };
    struct encode_args a = { .image = checkop_image(width, height, wp, hp, -0.5f, 1.5f),
                             .layers = layers,
                             .ping = make_tensor(channels, hp / 2, wp / 2, block),
                             .pong = make_tensor(channels, hp / 2, wp / 2, block),
                             .out = checkop_blank_image(width, height, wp, hp) };
    struct cpu_stream s = { .threads = threads };
    encode_c(&a, &s);
    against_formula(&a);
#if CPU_HAVE_AVX2
    if (__builtin_cpu_supports("avx2")) {
        struct encode_args b = a;
        b.out = checkop_blank_image(width, height, wp, hp);
        encode_avx2(&b, &s);
        checkop_compare("encode_avx2", b.out.data, a.out.data,
                        SOURCE_FEATURES * (size_t)(wp * hp), 0, 0);
    }
#endif
    checkop_free_all();
}

int main(int argc, char **argv)
{
    checkop_start(argc, argv);
    if (checkop_on_cuda())
        return CHECK_SKIP; /* no GPU has it yet */
    for (int i = 0; i < checkop_cases(8); i++)
        try(checkop_int(1, 100), checkop_int(1, 100), 16, i % 2 ? 16 : 8,
            checkop_int(1, 3));
    return checkop_finish();
}
