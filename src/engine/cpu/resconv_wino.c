/*
 * resconv by Winograd's F(4x4, 3x3): four times fewer multiplications.
 *
 * A tile of 4x4 outputs needs 6x6 inputs. Per channel both are polynomials
 * evaluated at six points per axis, where convolution is multiplication:
 *
 *     out = A' [ (G w G') * (B' in B) ] A      (Lavin and Gray, CVPR 2016)
 *
 * and the sum over input channels makes each of the 36 products a matrix
 * product, tiles x channels by channels x channels. The points are 0, +-a, +-b
 * and infinity with a = 1/sqrt(2), b = sqrt(2), whose products lose less to
 * rounding than those of 1 and 2.
 *
 * One thread takes TILES tiles through all three steps in its own scratch:
 *
 *     spectrum [36][TILES][channels]      from the input, once
 *     product  [36][TILES][2 * LANES]     per group of output channels
 *
 * so that everything stays in its second-level cache; POINT_PAD keeps the 36
 * points out of one another's cache sets. Compiled for AVX2 with FMA (LANES 8)
 * and for AVX-512 (LANES 16); the tensors' block must be LANES.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "engine/cpu/resconv_wino.h"
#include "model/weights.h"

#if CPU_AVX512
#define LANES 16
#define ROWS  12 /* tiles per register block: ROWS x 2 accumulators */
#else
#define LANES 8
#define ROWS  6
#endif
#define TILES WINO_TILES
#define GROUP (2 * LANES) /* output channels per pass */

#define SPECTRUM_POINT(c) ((size_t)TILES * (size_t)(c) + WINO_POINT_PAD)
#define PRODUCT_POINT     ((size_t)TILES * GROUP + WINO_POINT_PAD)

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t veci __attribute__((vector_size(4 * LANES)));

#define A  0.70710678118654752f
#define B  1.41421356237309505f
#define A2 0.5f
#define B2 2.0f

static inline vec load(const float *p)
{
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void store(float *p, vec v)
{
    memcpy(p, &v, sizeof v);
}

/* B' d: six samples to six points. */
static inline void to_points(const vec d[6], vec out[6])
{
    vec even1 = d[4] - B2 * d[2], odd1 = A * (d[3] - B2 * d[1]);
    vec even2 = d[4] - A2 * d[2], odd2 = B * (d[3] - A2 * d[1]);
    out[0] = A2 * B2 * d[0] - (A2 + B2) * d[2] + d[4];
    out[1] = even1 + odd1;
    out[2] = even1 - odd1;
    out[3] = even2 + odd2;
    out[4] = even2 - odd2;
    out[5] = A2 * B2 * d[1] - (A2 + B2) * d[3] + d[5];
}

/* A' m: six points to four samples. */
static inline void from_points(const vec m[6], vec out[4])
{
    vec even1 = m[1] + m[2], odd1 = A * (m[1] - m[2]);
    vec even2 = m[3] + m[4], odd2 = B * (m[3] - m[4]);
    out[0] = m[0] + even1 + even2;
    out[1] = odd1 + odd2;
    out[2] = A2 * even1 + B2 * even2;
    out[3] = A2 * odd1 + B2 * odd2 + m[5];
}

/* 6x6 inputs of one channel block, at rows[y], to 36 points. */
static inline void tile_to_points(const float *const rows[6], float *out, size_t out_step)
{
    vec t[6][6], column[6], points[6];
    for (int x = 0; x < 6; x++) {
        for (int y = 0; y < 6; y++)
            column[y] = load(rows[y] + x * LANES);
        to_points(column, points);
        for (int y = 0; y < 6; y++)
            t[y][x] = points[y];
    }
    for (int y = 0; y < 6; y++) {
        to_points(t[y], points);
        for (int x = 0; x < 6; x++)
            store(out + (size_t)(y * 6 + x) * out_step, points[x]);
    }
}

/* Copies the input of channel block b under tile (tx, ty), with zeros outside the
 * picture. */
static void transform_input(const struct tensor *in, int tx, int ty, int b, float *out)
{
    int y0 = 4 * ty - 1, x0 = 4 * tx - 1;
    const float *plane = in->data + (size_t)b * in->height * in->width * LANES;
    const float *rows[6];
    float border[6][6 * LANES];
    bool inside = y0 >= 0 && x0 >= 0 && y0 + 6 <= in->height && x0 + 6 <= in->width;
    for (int y = 0; y < 6; y++) {
        if (inside) {
            rows[y] = plane + ((size_t)(y0 + y) * in->width + x0) * LANES;
            continue;
        }
        for (int x = 0; x < 6; x++) {
            int iy = y0 + y, ix = x0 + x;
            bool real = iy >= 0 && iy < in->height && ix >= 0 && ix < in->width;
            vec v = { 0 };
            store(border[y] + x * LANES,
                  real ? load(plane + ((size_t)iy * in->width + ix) * LANES) : v);
        }
        rows[y] = border[y];
    }
    tile_to_points(rows, out, SPECTRUM_POINT(in->channels));
}

/* product[TILES][GROUP] = spectrum[TILES][c] x weight[c][GROUP] at one point. */
static void multiply(const float *restrict spectrum, const float *restrict weight, int c,
                     float *restrict product)
{
    for (int t = 0; t < TILES; t += ROWS) {
        vec acc[ROWS][2] = { 0 };
        const float *s = spectrum + (size_t)t * c;
        for (int i = 0; i < c; i++) {
            vec w0 = load(weight + (size_t)i * GROUP),
                w1 = load(weight + (size_t)i * GROUP + LANES);
            for (int r = 0; r < ROWS; r++) {
                float v = s[(size_t)r * c + i];
                acc[r][0] += v * w0;
                acc[r][1] += v * w1;
            }
        }
        for (int r = 0; r < ROWS; r++) {
            store(product + (size_t)(t + r) * GROUP, acc[r][0]);
            store(product + (size_t)(t + r) * GROUP + LANES, acc[r][1]);
        }
    }
}

static inline vec activate(vec v, vec slopes)
{
    veci positive = v > 0;
    vec low = slopes * v;
    return (vec)(((veci)v & positive) | ((veci)low & ~positive));
}

/* One tile, one channel block `b`: 36 points back to 4x4 outputs, and the epilogue. */
static void transform_output(const struct conv_args *a, int tx, int ty, int b,
                             const float *product)
{
    const struct tensor *out = &a->out;
    vec t[4][6], column[6], samples[4];
    for (int x = 0; x < 6; x++) {
        for (int y = 0; y < 6; y++)
            column[y] = load(product + (size_t)(y * 6 + x) * PRODUCT_POINT);
        from_points(column, samples);
        for (int y = 0; y < 4; y++)
            t[y][x] = samples[y];
    }
    size_t c = (size_t)out->channels;
    const float *vectors = (const float *)a->layer->plan + 36 * c * c + b * LANES;
    const vec bias = load(vectors), slopes = load(vectors + c);
    const bool is_plain = a->layer->is_plain, add_out = a->add_out;
    int rows = out->height - 4 * ty, columns = out->width - 4 * tx;
    for (int y = 0; y < 4 && y < rows; y++) {
        size_t row = (size_t)b * out->height + 4 * ty + y;
        size_t at = (row * out->width + 4 * tx) * LANES;
        from_points(t[y], samples);
        for (int x = 0; x < 4 && x < columns; x++, at += LANES) {
            vec v = samples[x] + bias;
            v = activate(is_plain ? v : v + load(a->in.data + at), slopes);
            store(out->data + at, add_out ? v + load(out->data + at) : v);
        }
    }
}

/* Tiles first .. first + TILES - 1 of the picture, counted row by row. */
static void run_tiles(const struct conv_args *a, int first, float *scratch)
{
    int across = (a->out.width + 3) / 4, down = (a->out.height + 3) / 4;
    int count = across * down - first < TILES ? across * down - first : TILES;
    int c = a->in.channels;
    float *spectrum = scratch, *product = scratch + 36 * SPECTRUM_POINT(c);
    if (count < TILES) /* slots without a tile */
        memset(spectrum, 0, 36 * SPECTRUM_POINT(c) * sizeof *spectrum);
    for (int b = 0; b < c / LANES; b++)
        for (int i = first; i < first + count; i++)
            transform_input(&a->in, i % across, i / across, b,
                            spectrum + (size_t)(i - first) * c + b * LANES);
    const float *weight = a->layer->plan; /* [c / GROUP][36][c][GROUP], bias, slopes */
    for (int g = 0; g < c / GROUP; g++) {
        for (int f = 0; f < 36; f++, weight += (size_t)c * GROUP)
            multiply(spectrum + f * SPECTRUM_POINT(c), weight, c,
                     product + f * PRODUCT_POINT);
        for (int b = 0; b < 2; b++)
            for (int i = first; i < first + count; i++)
                transform_output(a, i % across, i / across, 2 * g + b,
                                 product + (size_t)(i - first) * GROUP + b * LANES);
    }
}

int WINO_NAME(resconv_wino)(const struct conv_args *a, void *stream)
{
    const struct cpu_stream *s = stream;
    int tiles = (a->out.width + 3) / 4 * ((a->out.height + 3) / 4);
#pragma omp parallel for num_threads(s->threads) schedule(dynamic)
    for (int first = 0; first < tiles; first += TILES)
        run_tiles(a, first, cpu_scratch(s));
    return 0;
}

/*
 * G w G', in double, the bias and the slopes, into the order run_tiles() reads. The inner
 * loops run over output channels, which lie side by side, so that compilers make vectors
 * of them. Channels that the layer does not have are zero.
 */
void WINO_NAME(resconv_wino_weights)(const struct conv_layer *layer, int channels,
                                     float *out)
{
    const double a = sqrt(0.5), b = sqrt(2), n1 = 2 * a * a * (a * a - b * b);
    const double n2 = 2 * b * b * (b * b - a * a);
    const double g[6][3] = { { 1, 0, 0 },
                             { 1 / n1, a / n1, a * a / n1 },
                             { 1 / n1, -a / n1, a * a / n1 },
                             { 1 / n2, b / n2, b * b / n2 },
                             { 1 / n2, -b / n2, b * b / n2 },
                             { 0, 0, 1 } };
    const size_t c = (size_t)channels, own = (size_t)layer->cout;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < c; i++)
        for (size_t o = 0; o < c; o += GROUP) {
            double w[9][GROUP];
            for (size_t k = 0; k < 9; k++)
                for (size_t l = 0; l < GROUP; l++)
                    w[k][l] = i < own && o + l < own
                                  ? (double)layer->weight[(k * own + i) * own + o + l]
                                  : 0;
            float *to = out + (o / GROUP * 36 * c + i) * GROUP;
            for (int f = 0; f < 36; f++, to += c * GROUP) {
                double sum[GROUP] = { 0 };
                for (int k = 0; k < 9; k++) {
                    double tap = g[f / 6][k / 3] * g[f % 6][k % 3];
                    for (size_t l = 0; l < GROUP; l++)
                        sum[l] += tap * w[k][l];
                }
                for (size_t l = 0; l < GROUP; l++)
                    to[l] = (float)sum[l];
            }
        }
    float *vectors = out + 36 * c * c;
    for (size_t o = 0; o < c; o++) {
        vectors[o] = o < own ? layer->bias[o] : 0;
        vectors[c + o] = o < own && layer->slopes ? layer->slopes[o] : LEAKY_SLOPE;
    }
}
