/*
 * The convolutions in FP32: products and sums are FFMA, no TF32. Any GPU from sm_75 on.
 *
 * A thread makes 8 pixels of a row x 8 channels (deconv: x 10), so that for every
 * channel of the input 64 products need 8 weights and, three taps sharing ten pixels,
 * 10/3 pixels. A warp is 8 rows x 4 groups of channels: 8 x 8 pixels x 32 channels. A CTA
 * is WX x WY x WN of them, times WK, which take a part of the input channels each and
 * add up in the end: blocks 0 and 1 have too few pixels to fill the SMs otherwise.
 *
 * The halo of the CTA's tile and the weights go through shared memory four channels at
 * a time, in two stages, one being filled by cp.async meanwhile:
 *
 *     stage [WK]:  pixels [rows][pitch] 4 floats | weights [9][4][32 WN] floats
 *
 * A lane reads four channels of a pixel at once; as the rows of a warp are an odd number
 * of 16-byte slots apart, eight rows are eight different groups of banks. With stride 2
 * the even rows come first, then the odd, and columns likewise. Lanes that read the same
 * pixel differ in bit 1 of their number, those that read the same weights in bit 0:
 * then a read of 16 bytes takes two cycles of shared memory instead of four.
 *
 * deconv: an input pixel makes a square of 4 x 4 pixels of flow and mask, in four
 * phases q = 2 py + px of two rows each: a lane makes the two pixels of one of those
 * eight rows, from the 2 x 2 inputs around. A warp is 4 x 8 pixels, all phases.
 */
#include "common.cuh"
#include "mma.cuh"
#include "rifec/error.h"

extern "C" {
#include "base/log.h"
}

#define CHANNELS 4  /* of a chunk */
#define PIXELS   8  /* of a thread, side by side */
#define OUTPUTS  8  /* channels of a thread */
#define SLOT     16 /* bytes of a pixel of a chunk */
#define GROUPS   8  /* deconv: rows of a pixel's square, of all phases */
#define SQUARE   10 /* deconv: outputs of a thread: two of flow, four each, two of mask */

struct conv_fp32_params {
    const float *in; /* [channels / 8][in_height][in_width][8] */
    float *out;      /* [cout / 8][height][width][8] */
    float *flow, *mask;
    const float *weight; /* as packed */
    const float *bias;
    int in_height, in_width, height, width;
    int cout, chunks; /* chunks of CHANNELS that each of WK takes */
    int columns;      /* tiles side by side */
};

/* The shape of a CTA; S: stride, of 0 for deconv. */
template <int S, int WX, int WY, int WN, int WK> struct cta {
    static constexpr int group = WX * WY * WN * 32, threads = group * WK;
    static constexpr int tw = PIXELS * WX, th = (S ? 8 : 4) * WY, step = S == 2 ? 2 : 1;
    static constexpr int rows = (th - 1) * step + 3, wide = (tw - 1) * step + 3;
    static constexpr int pitch = S == 1 ? wide | 1 : wide;
    static constexpr int channels = 32 * WN;
    static constexpr int weights = S ? 9 * CHANNELS * channels : 16 * GROUPS * SQUARE;
    static constexpr int part =
        rows * pitch * SLOT + weights * 4; /* bytes of one of WK */
    static constexpr int stage = part * WK;
    static constexpr int sums = WK / 2 * group * (S ? OUTPUTS : SQUARE) * PIXELS * 4;
    static constexpr int shared = 2 * stage > sums ? 2 * stage : sums;
};

/* Starts copying chunk `chunk` of each of WK: pixels around (y, x), weights of block n.
 */
template <int S, int WX, int WY, int WN, int WK>
static __device__ __forceinline__ void start(const struct conv_fp32_params &p,
                                             uint32_t to, int chunk, int y, int x, int n)
{
    using C = cta<S, WX, WY, WN, WK>;
    size_t plane = (size_t)p.in_height * p.in_width;
    for (int s = (int)threadIdx.x; s < C::rows * C::wide * WK; s += C::threads) {
        int k = s / (C::rows * C::wide), row = s / C::wide % C::rows,
            column = s % C::wide;
        int at = S == 2 ? (row % 2 * (C::th + 1) + row / 2) * C::pitch +
                              column % 2 * (C::tw + 1) + column / 2
                        : row * C::pitch + column;
        int v = y * C::step + row - 1, u = x * C::step + column - 1,
            c = k * p.chunks + chunk;
        bool inside = v >= 0 && v < p.in_height && u >= 0 && u < p.in_width;
        const float *from =
            p.in + (c / 2 * plane + (inside ? v * p.in_width + u : 0)) * 8;
        copy16(to + k * C::part + at * SLOT, from + c % 2 * 4, inside);
    }
    constexpr int width = S ? C::channels / 4 : C::weights / 4,
                  lines = C::weights / 4 / width;
    int pitch = S ? (p.cout + 31) / 32 * 8 : width;
    for (int s = (int)threadIdx.x; s < C::weights / 4 * WK; s += C::threads) {
        int k = s / (C::weights / 4), line = s / width % lines, column = s % width;
        size_t from =
            ((size_t)(k * p.chunks + chunk) * lines + line) * pitch + n * width + column;
        copy16(to + k * C::part + C::rows * C::pitch * SLOT +
                   (line * width + column) * 16,
               p.weight + from * 4, true);
    }
    copy_commit();
}

static __device__ __forceinline__ float nth(const float4 &v, int i)
{
    return i == 0 ? v.x : i == 1 ? v.y : i == 2 ? v.z : v.w;
}

/* sum += the pixels from `a` on, times the weights of a tap, for all four channels. */
static __device__ __forceinline__ void
add_tap(float sum[PIXELS][OUTPUTS], const float4 *a, const float *weight, int pitch)
{
#pragma unroll
    for (int c = 0; c < CHANNELS; c++) {
        float4 u = *(const float4 *)(weight + c * pitch);
        float4 v = *(const float4 *)(weight + c * pitch + 16);
#pragma unroll
        for (int i = 0; i < PIXELS; i++)
#pragma unroll
            for (int o = 0; o < OUTPUTS; o++)
                sum[i][o] =
                    fmaf(nth(a[i], c), o < 4 ? nth(u, o) : nth(v, o - 4), sum[i][o]);
    }
}

/* Adds the sums of the WK parts to those of the first. */
template <int WK, int GROUP, int N>
static __device__ __forceinline__ void add_parts(float *shared, float *sum, int wk)
{
    float *mine = shared + threadIdx.x % GROUP;
#pragma unroll
    for (int half = WK / 2; half > 0; half /= 2) {
        __syncthreads();
        if (wk >= half && wk < 2 * half)
#pragma unroll
            for (int i = 0; i < N; i++)
                mine[((wk - half) * N + i) * GROUP] = sum[i];
        __syncthreads();
        if (wk < half)
#pragma unroll
            for (int i = 0; i < N; i++)
                sum[i] += mine[(wk * N + i) * GROUP];
    }
}

template <int S, bool RESIDUAL, int WX, int WY, int WN, int WK, int PER_SM>
__global__ void __launch_bounds__(WX *WY *WN *WK * 32, PER_SM)
    conv_fp32(const __grid_constant__ struct conv_fp32_params p)
{
    using C = cta<S, WX, WY, WN, WK>;
    extern __shared__ __align__(128) unsigned char shared[];
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    int wx = warp % WX, wy = warp / WX % WY, wn = warp / (WX * WY) % WN,
        wk = warp / (WX * WY * WN);
    int group = lane / 2 % 2 + lane / 8 % 2 * 2;
    int row = wy * 8 + lane % 2 + lane / 4 % 2 * 2 + lane / 16 * 4;
    int tile_y = (int)blockIdx.x / p.columns * C::th,
        tile_x = (int)blockIdx.x % p.columns * C::tw;
    uint32_t base = shared_address(shared);

    dependency_launch();
    dependency_wait();
    start<S, WX, WY, WN, WK>(p, base, 0, tile_y, tile_x, blockIdx.y);
    float sum[PIXELS][OUTPUTS];
    int first =
        (blockIdx.y * WN + wn) * 32 + group * 4; /* channels first.. and first + 16.. */
#pragma unroll
    for (int o = 0; o < OUTPUTS; o++) {
        int c = first + o % 4 + o / 4 * 16;
        float bias = wk == 0 && c < p.cout ? __ldg(p.bias + c) : 0;
#pragma unroll
        for (int i = 0; i < PIXELS; i++)
            sum[i][o] = bias;
    }
    for (int chunk = 0; chunk < p.chunks; chunk++) {
        copy_wait(0);
        __syncthreads();
        if (chunk + 1 < p.chunks)
            start<S, WX, WY, WN, WK>(p, base + (chunk + 1) % 2 * C::stage, chunk + 1,
                                     tile_y, tile_x, blockIdx.y);
        const unsigned char *part = shared + chunk % 2 * C::stage + wk * C::part;
        const float4 *pixels = (const float4 *)part + row * C::pitch + wx * PIXELS;
        const float *weight =
            (const float *)(part + C::rows * C::pitch * SLOT) + wn * 32 + group * 4;
#pragma unroll 1
        for (int ky = 0; ky < 3; ky++) {
            if (S == 1) {
                float4 a[PIXELS + 2];
#pragma unroll
                for (int i = 0; i < PIXELS + 2; i++)
                    a[i] = pixels[ky * C::pitch + i];
#pragma unroll
                for (int kx = 0; kx < 3; kx++)
                    add_tap(sum, a + kx, weight + (ky * 3 + kx) * CHANNELS * C::channels,
                            C::channels);
            } else {
                const float4 *at =
                    pixels + (ky == 1 ? (C::th + 1) * C::pitch : ky / 2 * C::pitch);
                float4 a[PIXELS + 1];
#pragma unroll
                for (int i = 0; i < PIXELS + 1; i++)
                    a[i] = at[i];
                add_tap(sum, a, weight + ky * 3 * CHANNELS * C::channels, C::channels);
                add_tap(sum, a + 1, weight + (ky * 3 + 2) * CHANNELS * C::channels,
                        C::channels);
#pragma unroll
                for (int i = 0; i < PIXELS; i++)
                    a[i] = at[C::tw + 1 + i];
                add_tap(sum, a, weight + (ky * 3 + 1) * CHANNELS * C::channels,
                        C::channels);
            }
        }
    }
    add_parts<WK, C::group, PIXELS * OUTPUTS>((float *)shared, sum[0], wk);
    int y = tile_y + row, x = tile_x + wx * PIXELS;
    if (wk > 0 || y >= p.height)
        return;
#pragma unroll
    for (int h = 0; h < 2; h++) {
        int c = first + 16 * h;
        if (c >= p.cout)
            continue;
        size_t at = (((size_t)(c / 8) * p.height + y) * p.width + x) * 8 + c % 8;
#pragma unroll
        for (int i = 0; i < PIXELS; i++) {
            if (x + i >= p.width)
                continue;
            float4 v = make_float4(sum[i][4 * h], sum[i][4 * h + 1], sum[i][4 * h + 2],
                                   sum[i][4 * h + 3]);
            if (RESIDUAL) {
                float4 r = *(const float4 *)(p.in + at + i * 8);
                v = make_float4(v.x + r.x, v.y + r.y, v.z + r.z, v.w + r.w);
            }
            v.x = v.x > 0 ? v.x : LEAKY_SLOPE * v.x;
            v.y = v.y > 0 ? v.y : LEAKY_SLOPE * v.y;
            v.z = v.z > 0 ? v.z : LEAKY_SLOPE * v.z;
            v.w = v.w > 0 ? v.w : LEAKY_SLOPE * v.w;
            *(float4 *)(p.out + at + i * 8) = v;
        }
    }
}

template <int WX, int WY, int WK, int PER_SM>
__global__ void __launch_bounds__(WX *WY *WK * 32, PER_SM)
    deconv_fp32_kernel(const __grid_constant__ struct conv_fp32_params p)
{
    using C = cta<0, WX, WY, 1, WK>;
    extern __shared__ __align__(128) unsigned char shared[];
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    int wx = warp % WX, wy = warp / WX % WY, wk = warp / (WX * WY);
    int second = lane / 2 % 2, px = lane / 4 % 2,
        py = lane / 8 % 2; /* second row of a phase */
    int group = py * 4 + px * 2 + second;
    int row = wy * 4 + lane % 2 + lane / 16 * 2;
    int tile_y = (int)blockIdx.x / p.columns * C::th,
        tile_x = (int)blockIdx.x % p.columns * C::tw;
    uint32_t base = shared_address(shared);

    dependency_launch();
    dependency_wait();
    start<0, WX, WY, 1, WK>(p, base, 0, tile_y, tile_x, 0);
    float sum[PIXELS][SQUARE];
#pragma unroll
    for (int o = 0; o < SQUARE; o++) { /* four channels of flow, twice; mask, twice */
        int c = o < 8 ? o % 4 * 4 + second * 2 + o / 4 : 16 + second * 2 + o - 8;
        float bias = wk == 0 ? __ldg(p.bias + c) : 0;
#pragma unroll
        for (int i = 0; i < PIXELS; i++)
            sum[i][o] = bias;
    }
    for (int chunk = 0; chunk < p.chunks; chunk++) {
        copy_wait(0);
        __syncthreads();
        if (chunk + 1 < p.chunks)
            start<0, WX, WY, 1, WK>(p, base + (chunk + 1) % 2 * C::stage, chunk + 1,
                                    tile_y, tile_x, 0);
        const unsigned char *part = shared + chunk % 2 * C::stage + wk * C::part;
        const float4 *pixels =
            (const float4 *)part + (row + py) * C::pitch + wx * PIXELS + px;
        const float *weight = (const float *)(part + C::rows * C::pitch * SLOT);
#pragma unroll 1
        for (int ty = 0; ty < 2; ty++) {
            float4 a[PIXELS + 1];
#pragma unroll
            for (int i = 0; i < PIXELS + 1; i++)
                a[i] = pixels[ty * C::pitch + i];
#pragma unroll
            for (int tx = 0; tx < 2; tx++) {
#pragma unroll
                for (int c = 0; c < CHANNELS; c++) {
                    const float *w =
                        weight + ((ty * 2 + tx) * CHANNELS + c) * GROUPS * SQUARE;
                    float4 u = *(const float4 *)(w + group * 4);
                    float4 v = *(const float4 *)(w + GROUPS * 4 + group * 4);
                    float2 m = *(const float2 *)(w + GROUPS * 8 + group * 2);
#pragma unroll
                    for (int i = 0; i < PIXELS; i++) {
                        float k = nth(a[i + tx], c);
#pragma unroll
                        for (int o = 0; o < 4; o++) {
                            sum[i][o] = fmaf(k, nth(u, o), sum[i][o]);
                            sum[i][4 + o] = fmaf(k, nth(v, o), sum[i][4 + o]);
                        }
                        sum[i][8] = fmaf(k, m.x, sum[i][8]);
                        sum[i][9] = fmaf(k, m.y, sum[i][9]);
                    }
                }
            }
        }
    }
    add_parts<WK, C::group, PIXELS * SQUARE>((float *)shared, sum[0], wk);
    int y = tile_y + row, x = tile_x + wx * PIXELS;
    if (wk > 0 || y >= p.height)
        return;
    size_t at = (size_t)(4 * y + 2 * py + second) * 4 * p.width + 4 * x + 2 * px;
#pragma unroll
    for (int i = 0; i < PIXELS; i++) {
        if (x + i >= p.width)
            continue;
        const float *v = sum[i];
        float4 *flow = (float4 *)p.flow + at + 4 * i;
        flow[0] = make_float4(v[0], v[1], v[2], v[3]);
        flow[1] = make_float4(v[4], v[5], v[6], v[7]);
        *(float2 *)(p.mask + at + 4 * i) = make_float2(v[8], v[9]);
    }
}

/* --- the host's side ------------------------------------------------------ */

struct fp32_variant {
    void (*kernel)(struct conv_fp32_params);
    const char *name;
    int tw, th, channels, warps, wk, shared, per_sm;
};

#define FP32_VARIANT(s, kernel, name, wx, wy, wn, wk, per_sm)                            \
    {                                                                                    \
        kernel, name, cta<s, wx, wy, wn, wk>::tw, cta<s, wx, wy, wn, wk>::th,            \
            cta<s, wx, wy, wn, wk>::channels, wx *wy *wn *wk, wk,                        \
            cta<s, wx, wy, wn, wk>::shared, per_sm                                       \
    }
#define CONV(s, residual, wx, wy, wn, wk, per_sm)                                        \
    FP32_VARIANT(s, (conv_fp32<s, residual, wx, wy, wn, wk, per_sm>),                    \
                 #wx "x" #wy "x" #wn "x" #wk " " #per_sm, wx, wy, wn, wk, per_sm)
#define DECONV(wx, wy, wk, per_sm)                                                       \
    FP32_VARIANT(0, (deconv_fp32_kernel<wx, wy, wk, per_sm>),                            \
                 #wx "x" #wy "x" #wk " " #per_sm, wx, wy, 1, wk, per_sm)

static const struct fp32_variant resconv_variants[] = {
    CONV(1, true, 2, 1, 2, 1, 3), CONV(1, true, 2, 1, 2, 1, 4),
    CONV(1, true, 2, 1, 3, 1, 2), CONV(1, true, 1, 1, 1, 2, 6),
    CONV(1, true, 1, 1, 1, 4, 3), CONV(1, true, 1, 1, 1, 8, 1),
};
static const struct fp32_variant conv_s2_variants[] = {
    CONV(2, false, 2, 2, 1, 1, 3), CONV(2, false, 2, 1, 2, 1, 3),
    CONV(2, false, 2, 1, 3, 1, 2), CONV(2, false, 1, 1, 1, 2, 6),
    CONV(2, false, 1, 1, 1, 4, 3),
};
static const struct fp32_variant deconv_variants[] = {
    DECONV(2, 2, 1, 3),
    DECONV(1, 1, 4, 3),
    DECONV(1, 1, 8, 1),
};
#define COUNT(table) (int)(sizeof(table) / sizeof *(table))

/*
 * Launches the version with the least estimate, or the one named by `only` (-1: any):
 * the busiest SM's warps at work, slowed down where they are less than eight at a time.
 */
static int launch(const struct fp32_variant *table, int variants, int only,
                  struct conv_fp32_params *p, int cin, const char *op, void *stream)
{
    int id = 0, sms = 0, shared_cta = 0, shared_sm = 0, major = 0;
    cudaGetDevice(&id);
    cudaDeviceGetAttribute(&sms, cudaDevAttrMultiProcessorCount, id);
    cudaDeviceGetAttribute(&shared_cta, cudaDevAttrMaxSharedMemoryPerBlockOptin, id);
    cudaDeviceGetAttribute(&shared_sm, cudaDevAttrMaxSharedMemoryPerMultiprocessor, id);
    cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, id);
    int chunks = (int)div_up(cin, CHANNELS), tiles = 0, blocks = 0;
    const struct fp32_variant *chosen = NULL;
    double least = 0;
    for (int i = 0; i < variants; i++) {
        const struct fp32_variant *v = table + i;
        if ((only >= 0 && only != i) || chunks % v->wk || v->shared > shared_cta)
            continue;
        int t = (int)(div_up(p->height, v->th) * div_up(p->width, v->tw));
        int n = (int)div_up(p->cout, v->channels);
        int of_sm = (int)div_up(t * n, sms), at_once = shared_sm / (v->shared + 1024);
        if (at_once > v->per_sm)
            at_once = v->per_sm;
        if (at_once > of_sm)
            at_once = of_sm;
        double cost = (double)of_sm * v->warps / v->wk;
        if (at_once * v->warps < 8)
            cost *= 8.0 / (at_once * v->warps);
        if (chosen && cost >= least)
            continue;
        chosen = v;
        least = cost;
        tiles = t;
        blocks = n;
    }
    if (!chosen && only >= 0)
        return 1;
    if (!chosen) {
        log_error("CUDA: %s has no kernel for this layer on this device", op);
        return RIFEC_ERR_DEVICE;
    }
    p->chunks = chunks / chosen->wk;
    p->columns = (int)div_up(p->width, chosen->tw);
    cudaFuncSetAttribute((const void *)chosen->kernel,
                         cudaFuncAttributeMaxDynamicSharedMemorySize, chosen->shared);
    cudaLaunchAttribute early = {};
    early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    early.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3((unsigned)tiles, (unsigned)blocks);
    config.blockDim = dim3((unsigned)chosen->warps * 32);
    config.dynamicSmemBytes = (size_t)chosen->shared;
    config.stream = stream_of(stream);
    config.attrs = &early;
    config.numAttrs = major >= 9;
    cudaLaunchKernelEx(&config, chosen->kernel, *p);
    return cuda_launched(op);
}

static int conv(const struct fp32_variant *table, int variants, int only,
                const struct conv_args *a, const char *op, void *stream)
{
    const struct conv_pack *pack = (const struct conv_pack *)a->layer->plan;
    struct conv_fp32_params p = {};
    p.in = a->in.data;
    p.out = a->out.data;
    p.weight = (const float *)pack->weight;
    p.bias = pack->bias;
    p.in_height = a->in.height;
    p.in_width = a->in.width;
    p.height = a->out.height;
    p.width = a->out.width;
    p.cout = a->layer->cout;
    return launch(table, variants, only, &p, a->layer->cin, op, stream);
}

extern "C" int resconv_fp32(const struct conv_args *a, void *stream)
{
    return conv(resconv_variants, COUNT(resconv_variants), -1, a, "resconv_fp32", stream);
}

extern "C" int conv_s2_fp32(const struct conv_args *a, void *stream)
{
    return conv(conv_s2_variants, COUNT(conv_s2_variants), -1, a, "conv_s2_fp32", stream);
}

static int deconv(const struct deconv_args *a, int only, void *stream)
{
    const struct conv_pack *pack = (const struct conv_pack *)a->layer->plan;
    struct conv_fp32_params p = {};
    p.in = a->in.data;
    p.flow = a->out.flow;
    p.mask = a->out.mask;
    p.weight = (const float *)pack->weight;
    p.bias = pack->bias;
    p.in_height = p.height = a->in.height;
    p.in_width = p.width = a->in.width;
    p.cout = cta<0, 1, 1, 1, 1>::channels; /* one block of them */
    return launch(deconv_variants, COUNT(deconv_variants), only, &p, a->layer->cin,
                  "deconv_fp32", stream);
}

extern "C" int deconv_fp32(const struct deconv_args *a, void *stream)
{
    return deconv(a, -1, stream);
}

/* For testing every variant separately. */
int fp32_run(int op, const void *args, int variant, void *stream)
{
    const struct conv_args *a = (const struct conv_args *)args;
    if (op == 2)
        return deconv((const struct deconv_args *)args, variant, stream);
    return op == 0
               ? conv(resconv_variants, COUNT(resconv_variants), variant, a, "r", stream)
               : conv(conv_s2_variants, COUNT(conv_s2_variants), variant, a, "s", stream);
}

const char *fp32_name(int op, int i)
{
    const struct fp32_variant *t = op == 0   ? resconv_variants
                                   : op == 1 ? conv_s2_variants
                                             : deconv_variants;
    int n = op == 0   ? COUNT(resconv_variants)
            : op == 1 ? COUNT(conv_s2_variants)
                      : COUNT(deconv_variants);
    return i < n ? t[i].name : NULL;
}

/* [cin / 4][9][4][cout]: cin and cout rounded up to 4 and 32, with zeros. */
extern "C" size_t conv_fp32_pack_bytes(const struct conv_layer *l)
{
    return (size_t)div_up(l->cin, CHANNELS) * CHANNELS * 9 * div_up(l->cout, 32) * 32 * 4;
}

extern "C" void conv_fp32_pack(const struct conv_layer *l, void *out)
{
    float *at = (float *)out;
    for (int chunk = 0; chunk * CHANNELS < l->cin; chunk++)
        for (int tap = 0; tap < 9; tap++)
            for (int k = chunk * CHANNELS; k < (chunk + 1) * CHANNELS; k++)
                for (int o = 0; o < (int)div_up(l->cout, 32) * 32; o++)
                    *at++ = k < l->cin && o < l->cout
                                ? l->weight[(tap * l->cin + k) * l->cout + o]
                                : 0;
}

/* [cin / 4][2][2][4]: of all groups the first flow, the second flow, the masks. */
extern "C" size_t deconv_fp32_pack_bytes(const struct conv_layer *l)
{
    return (size_t)l->cin * 4 * GROUPS * SQUARE * 4;
}

extern "C" void deconv_fp32_pack(const struct conv_layer *l, void *out)
{
    float *at = (float *)out;
    for (int chunk = 0; chunk * CHANNELS < l->cin; chunk++) {
        for (int tap = 0; tap < 4; tap++) {
            for (int k = chunk * CHANNELS; k < (chunk + 1) * CHANNELS; k++) {
                for (int i = 0; i < GROUPS * SQUARE; i++) {
                    int group = i < 64 ? i / 4 % GROUPS : (i - 64) / 2,
                        second = group % 2;
                    int o = i < 64 ? i % 4 * 4 + second * 2 + i / 32
                                   : 16 + second * 2 + i % 2;
                    int ky = 3 - group / 4 - tap / 2 * 2,
                        kx = 3 - group / 2 % 2 - tap % 2 * 2;
                    *at++ = l->weight[((ky * 4 + kx) * l->cin + k) * l->cout + o];
                }
            }
        }
    }
}
