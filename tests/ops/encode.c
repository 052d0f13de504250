/* encode: the reference against the formula in double, the other builds against its
 * bits. */
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

/* Frees `in`. */
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
                *plane_at(&out, o, y, x) = activation(l, o, sum);
            }
    free(in.at);
    return out;
}

/* Scatters as in ops.h. Frees `in`. */
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
    for (int i = 1; i < a->count - 1; i++)
        p = conv(p, &a->layers[i], 1);
    p = transposed(p, &a->layers[a->count - 1]);
    for (int c = 0; c < a->out.count; c++) {
        const struct image im = features_image(&a->out, c / 4 * 4);
        for (int i = 0; i < h * w; i++)
            checkop_compare_double("encode_c", &im.data[4 * i + c % 4],
                                   &p.at[c * h * w + i], 1, TOLERANCE, 0);
    }
    free(p.at);
}

static struct features make_features(int width, int height, int wp, int hp, int count)
{
    struct features f = { .image = checkop_blank_image(width, height, wp, hp),
                          .count = count };
    f.image.data = checkop_floats((size_t)(count * wp * hp));
    return f;
}

static void try(int width, int height, int channels, int features, int block, int threads)
{
    const int count = features == 4 && block == 16 ? 2 : 4; /* layers */
    int wp = (width + 63) / 64 * 64, hp = (height + 63) / 64 * 64;
    checkop_case("%dx%d, %d layers, %d channels, %d features, block %d", width, height,
                 count, channels, features, block);
    struct conv_layer layers[NETWORK_ENCODER_MAX];
    for (int i = 0; i < count; i++)
        layers[i] = make_layer(i ? channels : 3, i == count - 1 ? features : channels,
                               i == count - 1 ? 4 : 3);
    if (count == 2)
        give_slopes(&layers[0]);
    struct encode_args a = { .image = checkop_image(width, height, wp, hp, -0.5f, 1.5f),
                             .layers = layers,
                             .count = count,
                             .ping = make_tensor(channels, hp / 2, wp / 2, block),
                             .pong = make_tensor(channels, hp / 2, wp / 2, block),
                             .out = make_features(width, height, wp, hp, features) };
    struct cpu_stream s = { .threads = threads };
    encode_c(&a, &s);
    against_formula(&a);
#if CPU_HAVE_AVX2
    if (__builtin_cpu_supports("avx2")) {
        struct encode_args b = a;
        b.out = make_features(width, height, wp, hp, features);
        encode_avx2(&b, &s);
        checkop_compare("encode_avx2", b.out.image.data, a.out.image.data,
                        (size_t)(features * wp * hp), 0, 0);
    }
#endif
    checkop_free_all();
}

int main(int argc, char **argv)
{
    checkop_start(argc, argv);
    if (checkop_on_cuda())
        return CHECK_SKIP; /* no version for GPUs exists yet */
    for (int i = 0; i < checkop_cases(8); i++)
        try(checkop_int(1, 100), checkop_int(1, 100), i / 2 % 2 ? 32 : 16, 4 << i / 2 % 3,
            i % 2 ? 16 : 8, checkop_int(1, 3));
    return checkop_finish();
}
