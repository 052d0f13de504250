/*
 * Compares the convolutions of cuDNN and cuBLAS with sums in double precision: every
 * candidate for each layer. Skipped without a GPU or the libraries.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/half.h"
#include "base/mem.h"
#include "check.h"
#include "engine/cuda/cu.h"
#include "engine/cudnn/cudnn_net.h"
#include "engine/cudnn/cudnn_ops.h"
#include "model/ifnet.h"

#define SAMPLES 400 /* outputs checked of each tensor, beside the corners */

static int candidates;
static double worst;
static uint64_t seed = 1;

static float uniform(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (float)(int32_t)(seed >> 32) / 2147483648.0f;
}

static int pick(int n)
{
    return (int)((uniform() * 0.5f + 0.5f) * (float)n) % n;
}

/* --- the reference ---------------------------------------------------------- */

/* A tensor copied from the device. */
struct host {
    struct tensor t;
    unsigned char *data;
};

static size_t numbers(const struct tensor *t)
{
    return (size_t)t->channels * (size_t)t->height * (size_t)t->width;
}

static double at(const struct host *h, int c, int y, int x)
{
    const struct tensor *t = &h->t;
    size_t i =
        (((size_t)(c / t->block) * (size_t)t->height + (size_t)y) * (size_t)t->width +
         (size_t)x) *
            (size_t)t->block +
        (size_t)(c % t->block);
    return t->dtype == DTYPE_FP16
               ? half_to_float(((const uint16_t *)(const void *)h->data)[i])
               : ((const float *)(const void *)h->data)[i];
}

static struct host fetch(const struct tensor *t)
{
    size_t bytes = numbers(t) * dtype_bytes(t->dtype);
    struct host h = { *t, mem_alloc(bytes) };
    if (!h.data || cudaMemcpy(h.data, t->data, bytes, cudaMemcpyDeviceToHost))
        abort();
    return h;
}

/* The trials of one layer share their input. */
static struct host fetch_input(const struct cudnn_trial *t)
{
    static struct host kept;
    static char layer[96];
    if (kept.t.data != t->in.data || strcmp(layer, t->layer)) {
        mem_free(kept.data);
        kept = fetch(&t->in);
        snprintf(layer, sizeof layer, "%s", t->layer);
    }
    return kept;
}

struct sum {
    double v, size; /* and the sum of magnitudes */
};

static double weight(const struct conv_layer *l, enum dtype dtype, int ky, int kx, int i,
                     int o)
{
    float w = l->weight[((ky * l->kernel + kx) * l->cin + i) * l->cout + o];
    return dtype == DTYPE_FP16 ? half_to_float(float_to_half(w)) : w;
}

static void tap(struct sum *s, const struct host *in, const struct conv_layer *l, int ky,
                int kx, int y, int x, int o)
{
    if (y < 0 || y >= in->t.height || x < 0 || x >= in->t.width)
        return;
    for (int i = 0; i < l->cin; i++) {
        double p = at(in, i, y, x) * weight(l, in->t.dtype, ky, kx, i, o);
        s->v += p;
        s->size += fabs(p);
    }
}

static struct sum conv_at(const struct host *in, const struct conv_layer *l, int stride,
                          int o, int y, int x)
{
    struct sum s = { 0 };
    for (int k = 0; k < 9; k++)
        tap(&s, in, l, k / 3, k % 3, y * stride + k / 3 - 1, x * stride + k % 3 - 1, o);
    return s;
}

static struct sum deconv_at(const struct host *in, const struct conv_layer *l, int c,
                            int row, int col)
{
    struct sum s = { 0 };
    int Y = row / 2, X = col / 2, o = 4 * c + row % 2 * 2 + col % 2;
    for (int ky = (Y + 1) % 2; ky < 4; ky += 2)
        for (int kx = (X + 1) % 2; kx < 4; kx += 2)
            if (Y + 1 >= ky && X + 1 >= kx)
                tap(&s, in, l, ky, kx, (Y + 1 - ky) / 2, (X + 1 - kx) / 2, o);
    s.v += (double)l->bias[o];
    return s;
}

/* --- checking --------------------------------------------------------------- */

/*
 * FP16: one rounding of the output, and one of the bare sum if our own kernel adds the
 * rest. TF32 rounds both factors to 10 bits. FP32 and the FP16 sums: ops.h.
 */
static double tolerance(enum dtype dtype, struct sum conv, double out)
{
    double t = (dtype == DTYPE_TF32 ? 1.1e-3 : 1e-5) * conv.size + 1e-7;
    if (dtype == DTYPE_FP16)
        t += (fabs(out) + fabs(conv.v)) / 2048;
    return t;
}

static bool compare(enum dtype dtype, struct sum s, double want, double got,
                    bool exact_out)
{
    if (exact_out && dtype == DTYPE_FP16)
        dtype = DTYPE_FP32;
    double error = fabs(got - want) / tolerance(dtype, s, want);
    if (!(error <= worst))
        worst = error;
    return error <= 1; /* false for NaN */
}

static int check_conv(enum dtype dtype, const struct cudnn_trial *t, bool residual)
{
    const struct host in = fetch_input(t), out = fetch(&t->out);
    int bad = 0, h = t->out.height, w = t->out.width;
    for (int i = 0; i < SAMPLES + 4; i++) {
        int y = i < 4 ? i / 2 * (h - 1) : pick(h), x = i < 4 ? i % 2 * (w - 1) : pick(w);
        int o = pick(t->weights->cout);
        struct sum s = conv_at(&in, t->weights, residual ? 1 : 2, o, y, x);
        double v = s.v + (double)t->weights->bias[o] + (residual ? at(&in, o, y, x) : 0);
        bad += !compare(dtype, s, v > 0 ? v : (double)LEAKY_SLOPE * v, at(&out, o, y, x),
                        false);
    }
    size_t n = numbers(&t->out);
    for (size_t i = 0; i < n; i++) /* was poisoned before */
        bad += t->out.dtype == DTYPE_FP16
                   ? (((uint16_t *)(void *)out.data)[i] & 0x7c00) == 0x7c00
                   : ((float *)(void *)out.data)[i] != ((float *)(void *)out.data)[i];
    mem_free(out.data);
    return bad;
}

static int check_deconv(enum dtype dtype, const struct cudnn_trial *t)
{
    const struct host in = fetch_input(t);
    int bad = 0, h = t->level.height, w = t->level.width;
    size_t pixels = (size_t)h * (size_t)w;
    float *flow = mem_alloc(pixels * 16), *mask = mem_alloc(pixels * 4);
    if (!flow || !mask ||
        cudaMemcpy(flow, t->level.flow, pixels * 16, cudaMemcpyDeviceToHost) ||
        cudaMemcpy(mask, t->level.mask, pixels * 4, cudaMemcpyDeviceToHost))
        abort();
    for (int i = 0; i < SAMPLES + 20; i++) {
        int y = i < 20 ? i / 2 % 2 * (h - 1) : pick(h), c = i < 20 ? i / 4 : pick(5);
        int x = i < 20 ? i % 2 * (w - 1) : pick(w);
        struct sum s = deconv_at(&in, t->weights, c, y, x);
        size_t p = (size_t)y * (size_t)w + (size_t)x;
        bad += !compare(dtype, s, s.v,
                        (double)(c < 4 ? flow[4 * p + (size_t)c] : mask[p]), true);
    }
    for (size_t i = 0; i < pixels; i++)
        bad += mask[i] != mask[i] || flow[4 * i] != flow[4 * i] ||
               flow[4 * i + 3] != flow[4 * i + 3];
    mem_free(flow);
    mem_free(mask);
    return bad;
}

static void on_trial(void *opaque, const struct cudnn_trial *t)
{
    enum dtype dtype = (enum dtype)(uintptr_t)opaque;
    worst = 0;
    int bad = !strncmp(t->layer, "deconv", 6)
                  ? check_deconv(dtype, t)
                  : check_conv(dtype, t, !strncmp(t->layer, "resconv", 7));
    candidates++;
    if (!CHECK_INT(bad, 0))
        printf("%s: %s %s: error %.3f times the tolerance\n", t->layer, t->method,
               t->algorithm, worst);
}

/* --- layers ----------------------------------------------------------------- */

static struct tensor device_tensor(enum dtype dtype, int c, int h, int w)
{
    struct tensor t = {
        .channels = c, .height = h, .width = w, .block = c, .dtype = dtype
    };
    void *p;
    if (cudaMalloc(&p, numbers(&t) * dtype_bytes(dtype)) != cudaSuccess)
        abort();
    t.data = p;
    return t;
}

static void random_layer(struct conv_layer *l, int cin, int cout, int kernel)
{
    int n = kernel * kernel * cin * cout;
    float size = sqrtf(3.0f / (float)(kernel * kernel * cin));
    *l = (struct conv_layer){ .cin = cin,
                              .cout = cout,
                              .kernel = kernel,
                              .weight = malloc((size_t)n * sizeof(float)),
                              .bias = malloc((size_t)cout * sizeof(float)) };
    for (int i = 0; i < n; i++)
        l->weight[i] = uniform() * size;
    for (int i = 0; i < cout; i++)
        l->bias[i] = uniform();
}

/* The layers and tensors of one block; h and w are ping's. */
struct block {
    struct conv_layer conv0, conv1, res, deconv;
    struct tensor input, mid, ping, pong;
    struct level level;
};

static void block_open(struct block *b, enum dtype dtype, int index, int h, int w)
{
    int c = networks[NETWORK_4_6].block[index].channels;
    random_layer(&b->conv0, network_inputs(&networks[NETWORK_4_6], index), c / 2, 3);
    random_layer(&b->conv1, c / 2, c, 3);
    random_layer(&b->res, c, c, 3);
    random_layer(&b->deconv, c, DECONV_LIVE, 4);
    b->input = device_tensor(dtype, IFNET_INPUTS, 4 * h, 4 * w);
    b->mid = device_tensor(dtype, c / 2, 2 * h, 2 * w);
    b->ping = device_tensor(dtype, c, h, w);
    b->pong = device_tensor(dtype, c, h, w);
    b->level = (struct level){ .height = 4 * h, .width = 4 * w, .scale = 1 };
    size_t pixels = 16 * (size_t)h * (size_t)w;
    if (cudaMalloc((void **)&b->level.flow, pixels * 16) != cudaSuccess ||
        cudaMalloc((void **)&b->level.mask, pixels * 4) != cudaSuccess)
        abort();
}

static int block_announce(struct block *b, struct cudnn_ops *o)
{
    int err = 0;
    TRY(conv_s2_cudnn_open(o, &b->conv0, &b->input, &b->mid));
    TRY(conv_s2_cudnn_open(o, &b->conv1, &b->mid, &b->ping));
    TRY(resconv_cudnn_open(o, &b->res, &b->ping, &b->pong));
    TRY(deconv_cudnn_open(o, &b->deconv, &b->ping, &b->level));
fail:
    return err;
}

static void block_close(struct block *b)
{
    struct conv_layer *l[] = { &b->conv0, &b->conv1, &b->res, &b->deconv };
    void *p[] = { b->input.data, b->mid.data,   b->ping.data,
                  b->pong.data,  b->level.flow, b->level.mask };
    for (int i = 0; i < 4; i++) {
        free(l[i]->weight);
        free(l[i]->bias);
    }
    for (int i = 0; i < 6; i++)
        cudaFree(p[i]);
}

static int block_run(struct block *b, struct cuda_stream *s)
{
    int err = 0;
    TRY(conv_s2_cudnn(
        &(struct conv_args){ .in = b->input, .out = b->mid, .layer = &b->conv0 }, s));
    TRY(conv_s2_cudnn(
        &(struct conv_args){ .in = b->mid, .out = b->ping, .layer = &b->conv1 }, s));
    TRY(resconv_cudnn(
        &(struct conv_args){ .in = b->ping, .out = b->pong, .layer = &b->res }, s));
    TRY(resconv_cudnn(
        &(struct conv_args){ .in = b->pong, .out = b->ping, .layer = &b->res }, s));
    TRY(deconv_cudnn(&(struct deconv_args){ b->ping, &b->deconv, b->level, NULL }, s));
fail:
    return err;
}

/* Every layer of the network for pictures of width x height, both multiples of 32. */
static int try_network(enum dtype dtype, int width, int height)
{
    int err = 0;
    const int blocks = networks[NETWORK_4_6].block_count;
    struct block b[NETWORK_BLOCKS_MAX];
    struct cudnn_ops *o = NULL;
    struct cuda_stream s = { 0 };
    struct cudnn_ops_params p = { .cache = "",
                                  .on_trial = on_trial,
                                  .opaque = (void *)(uintptr_t)dtype };
    const int before = candidates;
    for (int i = 0; i < blocks; i++)
        block_open(&b[i], dtype, i, height >> (5 - i), width >> (5 - i));
    CU(cudaStreamCreateWithFlags(&s.stream, cudaStreamNonBlocking));
    TRY(cudnn_ops_open(&o, &p));
    for (int i = 0; i < blocks; i++)
        TRY(block_announce(&b[i], o));
    TRY(cudnn_ops_choose(o, s.stream));
    s.workspace_bytes = cudnn_ops_workspace(o);
    CU(cudaMalloc(&s.workspace, s.workspace_bytes));
    for (int i = 0; i < blocks; i++)
        TRY(block_run(&b[i], &s));
    CU(cudaStreamSynchronize(s.stream));
    printf("%s %dx%d: %d candidates checked\n", dtype_name(dtype), width, height,
           candidates - before);
fail:
    cudaFree(s.workspace);
    if (s.stream)
        cudaStreamDestroy(s.stream);
    cudnn_ops_close(&o);
    for (int i = 0; i < blocks; i++)
        block_close(&b[i]);
    return err;
}

int main(void)
{
    static const int sizes[][2] = { { 32, 32 }, { 96, 160 }, { 416, 224 } };
    int devices = 0;
    char libraries[256];
    if (cudaGetDeviceCount(&devices) != cudaSuccess || !devices) {
        printf("skipped: no CUDA device\n");
        return CHECK_SKIP;
    }
    if (!cudnn_net_versions(libraries, sizeof libraries)) {
        printf("skipped: %s\n", libraries);
        return CHECK_SKIP;
    }
    printf("%s\n", libraries);
    for (int dtype = 0; dtype < DTYPES; dtype++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            CHECK_INT(try_network((enum dtype)dtype, sizes[i][0], sizes[i][1]), 0);
    CHECK(candidates > 0);
    return check_result();
}
