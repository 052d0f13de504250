/* Packs weights and biases on the device in the layouts that cuDNN and cuBLAS need. */
#include "engine/cudnn/cudnn_candidate.h"

#include <string.h>

#include "base/half.h"
#include "base/mem.h"
#include "engine/cuda/cu.h"

/*
 * For deconv, channel n of a method is one of the layer's 20 channels of one pixel
 * (R, S) of a cell, in the order in which deconv_gemm.cu reads them: four of flow for
 * each pixel, then the mask of each. Returns 4 * c + 2 * i + j, as in ops.h.
 */
static int deconv_channel(int n, int f, int *R, int *S)
{
    int c = n < 4 * f * f ? n % 4 : 4, pixel = n < 4 * f * f ? n / 4 : n - 4 * f * f;
    *R = pixel / f;
    *S = pixel % f;
    return 4 * c + *R % 2 * 2 + *S % 2;
}

/* Weight of the library's output channel n, input i, tap (ky, kx). */
static float weight_at(const struct method *r, const struct conv_layer *l, int n, int i,
                       int ky, int kx)
{
    int o = n, R = 0, S = 0;
    if (i >= l->cin) /* a spare channel of the input */
        return 0;
    if (r->kind == DNN_GEMM) {
        ky = n / DECONV_LIVE / 4, kx = n / DECONV_LIVE % 4;
        o = deconv_channel(n % DECONV_LIVE, 2, &R, &S);
    } else if (r->op == DECONV) {
        /* In phase py, output row 2y + py uses input row y + dy with tap py + 1 - 2 dy.
         */
        o = deconv_channel(n, 4, &R, &S);
        ky = R / 2 + 1 - 2 * (ky - 1);
        kx = S / 2 + 1 - 2 * (kx - 1);
        if (ky < 0 || ky > 3 || kx < 0 || kx > 3)
            return 0;
    }
    return l->weight[((size_t)(ky * l->kernel + kx) * (size_t)l->cin + (size_t)i) *
                         (size_t)l->cout +
                     (size_t)o];
}

static float bias_at(const struct method *r, const struct conv_layer *l, int n)
{
    int R, S;
    if (r->op != DECONV)
        return l->bias[n];
    if (r->kind == DNN_CONV)
        return l->bias[deconv_channel(n, 4, &R, &S)];
    return n < DECONV_LIVE ? l->bias[deconv_channel(n, 2, &R, &S)] : 0;
}

static void put_number(void *at, size_t index, float v, enum dtype dtype)
{
    if (dtype == DTYPE_FP16)
        ((uint16_t *)at)[index] = float_to_half(v);
    else
        ((float *)at)[index] = v;
}

/* [cout][kernel][kernel][cin] */
static void pack_weights(const struct candidate *c, const struct conv_layer *l,
                         int kernel, void *out)
{
    const struct dnn_call *call = &c->call;
    size_t at = 0;
    for (int n = 0; n < call->cout; n++)
        for (int tap = 0; tap < kernel * kernel; tap++)
            for (int i = 0; i < call->cin; i++)
                put_number(out, at++,
                           weight_at(c->method, l, n, i, tap / kernel, tap % kernel),
                           call->in);
}

static size_t aligned(size_t bytes)
{
    return (bytes + 255) & ~(size_t)255;
}

void packed_close(struct packed *k)
{
    cudaFree(k->weight);
    *k = (struct packed){ 0 };
}

int packed_open(struct packed *k, const struct candidate *c, const struct conv_layer *l,
                size_t *bytes)
{
    int err = 0;
    const struct dnn_call *call = &c->call;
    const int kernel = call->kind == DNN_GEMM ? 1 : 3;
    size_t numbers = (size_t)(kernel * kernel) * (size_t)call->cin * (size_t)call->cout;
    size_t weight_bytes = aligned(numbers * dtype_bytes(call->in));
    *bytes = weight_bytes + aligned((size_t)call->cout * sizeof(float));
    unsigned char *host = mem_alloc(*bytes);
    if (!host)
        TRY(mem_fail("the weights"));
    memset(host, 0, *bytes);
    pack_weights(c, l, kernel, host);
    for (int n = 0; n < call->cout; n++)
        put_number(host + weight_bytes, (size_t)n, bias_at(c->method, l, n), DTYPE_FP32);
    CU(cudaMalloc(&k->weight, *bytes));
    k->bias = (float *)(void *)((unsigned char *)k->weight + weight_bytes);
    CU(cudaMemcpy(k->weight, host, *bytes, cudaMemcpyHostToDevice));
fail:
    mem_free(host);
    if (err < 0)
        packed_close(k);
    return err;
}
