/*
 * deconv on Hopper (sm_90a): transposed conv4x4, stride 2, to flow and mask.
 *
 * Maths. The outputs 2u - 1 and 2u of a row of the transposed convolution read the
 * same two inputs, u - 1 and u, and so do rows. So, counted from there, it is a 2 x 2
 * convolution of W + 1 by H + 1 places to four times 20 channels, and after the pixel
 * shuffle place (v, u) is the 4 x 4 pixels from row 4v - 2 and column 4u - 2 on:
 * nothing is multiplied by a zero of an upsampled picture.
 *
 *     inputs                    outputs of the place (v, u), channels of d
 *                                        b = 0     b = 1
 *     (v-1,u-1)  (v-1,u)         a = 0   (2v-1,2u-1)  (2v-1,2u)
 *     (v  ,u-1)  (v  ,u)         a = 1   (2v  ,2u-1)  (2v  ,2u)
 *
 * As in resconv_sm90.cu a tile with its halo, 9 x 9 pixels, comes by TMA, zeros
 * outside the picture, and each of the four taps is a wgmma operand whose descriptor
 * starts at a shifted pixel. Pixels are on M (8 x 8), outputs on N, in groups of eight
 * columns such that what a lane holds is what it stores:
 *
 *     group 5a + 2i        flow x and y of image 0, column n: row 2a + i of the 4 x 4
 *     group 5a + 2i + 1    of image 1                         pixels, their column n / 2
 *     group 5a + 4         mask, row 2a + n / 4, column n % 4
 *
 * so a lane's two columns of two groups are one float4, and a warp stores 512 bytes
 * in a row.
 *
 * Blocks. Persistent, one per SM. One warp loads tiles, one loads weights, which stay;
 * GROUPS warpgroups take the tiles in turn, and the stores of some hide behind the
 * products of others. With SLICES = 2 a block makes only the rows of one a, so
 * that more blocks share a small picture. HALF: out is FP16.
 *
 * Requires sm_90a; in 16-byte aligned, block 8, any size.
 *
 * Measured, us, median of graphs of 16, buffers in rotation; in brackets between two
 * resconvs, as in the network (H200, 2026-11-24; sm80 is deconv_sm80.cu):
 *
 *                 1080p            4K              720p      sm80, 1080p
 *     c =  64     17.8 (15.6)      71.7 (75.7)     8.9       28.2
 *     c =  96      6.4 (5.1)       21.6 (25.7)     4.5       16.1
 *     c = 128      3.9 (3.5)        7.6 (5.8)      2.7       10.2
 *     c = 192      2.6 (2.5)        4.8 (4.3)      2.4       13.0
 *
 * c = 64 is bound by its stores, 42 MB: without the products it takes as long, without
 * the stores 9.3. To FP16, half the bytes, it takes 11.2 at 1080p (2026-11-29).
 *
 * Tried and dropped: streaming stores (c = 64: 14.4 in the network at 1080p, but 77.1 at
 * 4K), stores of pairs, fewer warpgroups (equal or slower), weights in another order
 * (equal), two slices for c = 96 (20.5 in the network at 4K, but 6.2 at 1080p) and
 * c = 128 (2.5 at 720p, but slower in the network).
 */
#include "common.cuh"
#include "deconv_sm90.cuh"
#include "sm90.cuh"
#include "tensor_map.cuh"
#include "wgmma.cuh"

#include <assert.h>
#include <string.h>
#include <type_traits>

/*
 * CHUNKS: copies of a tile's channels, so that work begins with the first. STAGES: tiles
 * in shared memory. GROUPS: warpgroups that multiply. SLICES: blocks that share a tile.
 */
template <int C_, int CHUNKS_, int STAGES_, int GROUPS_, int SLICES_, bool HALF_ = false>
struct deconv_design {
    static constexpr int C = C_, CHUNKS = CHUNKS_, STAGES = STAGES_, GROUPS = GROUPS_,
                         SLICES = SLICES_;
    static constexpr bool HALF = HALF_;
    static constexpr int N = 8 * GROUPS_OF_8 / SLICES;
    static constexpr int steps = C / CHUNKS / 16; /* of K, per tap and chunk */

    static constexpr int plane = PITCH * PITCH * PIXEL;
    static constexpr int chunk_bytes = C / CHUNKS / 8 * plane;
    static constexpr int chunk_room = (chunk_bytes + 127) / 128 * 128;
    static constexpr int tap_bytes = C * N * 2;

    static constexpr int at_tiles = TAPS * tap_bytes;
    static constexpr int at_bars = at_tiles + STAGES * CHUNKS * chunk_room;
    static constexpr int bars = STAGES * (CHUNKS + 1) + TAPS;
    static constexpr int shared = at_bars + bars * 8;

    static constexpr int threads = 128 * GROUPS + 64;

    static_assert(SLICES == 1 || SLICES == 2, "a is 0 or 1");
    static_assert(C % (16 * CHUNKS) == 0, "a step is 16 channels");
    static_assert(at_tiles % 128 == 0, "TMA wants tiles aligned");
    static_assert(shared <= SHARED, "too much shared memory");
};

struct deconv_params {
    CUtensorMap in;
    const unsigned char *weight;
    const float *bias;
    void *flow, *mask;
    int height, width; /* of in */
    int tiles_x, tiles;
};

/* --- device ------------------------------------------------------------------ */

#if !defined(__CUDA_ARCH__) || defined(__CUDA_ARCH_FEAT_SM90_ALL)

template <class D> struct deconv_state : tile_share {
    uint32_t base;

    __device__ __forceinline__ uint32_t bar(int i) const
    {
        return base + D::at_bars + i * 8;
    }
    __device__ __forceinline__ sm90_ring<D::STAGES, D::CHUNKS> tiles() const
    {
        return { bar(0) };
    }
    __device__ __forceinline__ uint32_t tap_full(int tap) const
    {
        return bar(D::STAGES * (D::CHUNKS + 1) + tap);
    }
    __device__ __forceinline__ uint32_t chunk_at(int s, int chunk) const
    {
        return base + D::at_tiles + (s * D::CHUNKS + chunk) * D::chunk_room;
    }
};

template <class D>
static __device__ __forceinline__ void load_tiles(const deconv_params &p,
                                                  const deconv_state<D> &b)
{
    for (int k = 0; k < b.passes; k++) {
        const int tile = b.first + k * b.stride, s = k % D::STAGES;
        const int y = tile / p.tiles_x, x = tile - y * p.tiles_x;
        b.tiles().wait_empty(k);
        for (int chunk = 0; chunk < D::CHUNKS; chunk++) {
            mbar_expect(b.tiles().full(s, chunk), D::chunk_bytes);
            copy_tensor(b.chunk_at(s, chunk), &p.in, (x * TILE - 1) * 8, y * TILE - 1,
                        chunk * (D::C / D::CHUNKS / 8), b.tiles().full(s, chunk));
        }
    }
}

template <class D>
static __device__ __forceinline__ void load_weights(const deconv_params &p,
                                                    const deconv_state<D> &b)
{
    for (int tap = 0; tap < TAPS; tap++) {
        mbar_expect(b.tap_full(tap), D::tap_bytes);
        copy_bulk(b.base + tap * D::tap_bytes,
                  p.weight + (size_t)(tap * D::SLICES + b.slice) * D::tap_bytes,
                  D::tap_bytes, b.tap_full(tap));
    }
}

/* From place (2 warp + h, lane / 4) of the tile: deconv_sm90.cuh. */
template <class D>
static __device__ __forceinline__ void
epilogue(const deconv_params &p, const deconv_state<D> &b, const float (&d)[D::N / 2],
         const lane_bias &bias, int tile_y, int tile_x)
{
    typedef typename std::conditional<D::HALF, half4, float4>::type flow_type;
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4, quad = lane % 4;
    const int width = 4 * p.width, height = 4 * p.height;
    const int y0 = 4 * (tile_y * TILE + 2 * warp) - 2 + 2 * b.slice;
    const int x0 = 4 * (tile_x * TILE + lane / 4) - 2;
    const int flow_x = x0 + quad, mask_x = x0 + quad % 2 * 2, mask_y = y0 + quad / 2;
    const bool flow_inside = (unsigned)flow_x < (unsigned)width;
    const bool mask_inside = (unsigned)mask_x < (unsigned)width;
    const int flow = y0 * width + flow_x, mask = mask_y * width + mask_x;

#pragma unroll
    for (int h = 0; h < 2; h++) {
#pragma unroll
        for (int a = 0; a < 2 / D::SLICES; a++) {
            const int row = 4 * h + 2 * a;
#pragma unroll
            for (int i = 0; i < 2; i++) {
                const float4 v = deconv_flow(d, bias, h, a, i);
                if (flow_inside && (unsigned)(y0 + row + i) < (unsigned)height)
                    put_pixel((flow_type *)p.flow, flow + (row + i) * width, v);
            }
            const float2 v = deconv_mask(d, bias, h, a);
            if (mask_inside && (unsigned)(mask_y + row) < (unsigned)height) {
                if (D::HALF)
                    *(__half2 *)((__half *)p.mask + (mask + row * width)) =
                        __float22half2_rn(v);
                else
                    *(float2 *)((float *)p.mask + (mask + row * width)) = v;
            }
        }
    }
}

template <class D>
static __device__ __forceinline__ void multiply(const deconv_params &p,
                                                const deconv_state<D> &b)
{
    const int lane = threadIdx.x % 32;
    const int group = __shfl_sync(~0u, threadIdx.x / 128, 0);
    const lane_bias bias = deconv_lane_bias(p.bias, lane);
    const uint64_t weights0 = wgmma_descriptor(b.base, 128, D::C * 16);

    for (int k = group; k < b.passes; k += D::GROUPS) {
        const int tile = b.first + k * b.stride, s = k % D::STAGES;
        const int ty = tile / p.tiles_x, tx = tile - ty * p.tiles_x;
        float d[D::N / 2];

        /* Another group had this stage: a parity alone may be that of two turns ago. */
        if (D::STAGES % D::GROUPS != 0)
            b.tiles().wait_empty(k);
#pragma unroll
        for (int chunk = 0; chunk < D::CHUNKS; chunk++) {
            const uint64_t pixels0 =
                wgmma_descriptor(b.chunk_at(s, chunk), D::plane, PITCH * PIXEL);
            b.tiles().wait_full(k, chunk);
#pragma unroll
            for (int tap = 0; tap < TAPS; tap++) {
                if (chunk == 0)
                    mbar_wait(b.tap_full(tap), 0);
                const uint64_t pixels = pixels0 + (tap / 2 * PITCH + tap % 2);
                const uint64_t weights =
                    weights0 +
                    (tap * D::tap_bytes + chunk * (D::C / D::CHUNKS) * 16) / 16;
                wgmma_fence();
#pragma unroll
                for (int step = 0; step < D::steps; step++)
                    wgmma<D::N>::ss(d, pixels + step * 2 * (D::plane / 16),
                                    weights + step * 16, chunk + tap + step > 0);
            }
        }
        wgmma_commit();
        wgmma_wait<0>();
        pin(d);
        if (lane == 0)
            b.tiles().release(k);
        epilogue<D>(p, b, d, bias, ty, tx);
    }
}
#endif

template <class D>
__global__ void __launch_bounds__(D::threads, 1)
    deconv_kernel(const __grid_constant__ deconv_params p)
{
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    extern __shared__ __align__(1024) unsigned char shared[];
    deconv_state<D> b;
    b.base = shared_address(shared);

    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    b.share(p.tiles, D::SLICES);

    grid_launch_dependents();
    if (threadIdx.x == 0) {
        b.tiles().init(1, 4);
        for (int tap = 0; tap < TAPS; tap++)
            mbar_init(b.tap_full(tap), 1);
        mbar_init_fence();
    }
    __syncthreads();

    if (warp >= 4 * D::GROUPS) {
        if (warp == 4 * D::GROUPS && lane == 0) {
            prefetch_map(&p.in);
            grid_wait();
            load_tiles<D>(p, b);
        } else if (warp == 4 * D::GROUPS + 1 && lane == 0) {
            load_weights<D>(p, b);
        }
    } else {
        multiply<D>(p, b);
    }
#endif
}

/* --- host ---------------------------------------------------------------------- */

struct deconv_version {
    void (*kernel)(deconv_params);
    int channels, chunks, slices, threads, shared;
    bool writes_half;
};

#define VERSION(...)                                                                     \
    {                                                                                    \
        deconv_kernel<deconv_design<__VA_ARGS__>>, deconv_design<__VA_ARGS__>::C,        \
            deconv_design<__VA_ARGS__>::CHUNKS, deconv_design<__VA_ARGS__>::SLICES,      \
            deconv_design<__VA_ARGS__>::threads, deconv_design<__VA_ARGS__>::shared,     \
            deconv_design<__VA_ARGS__>::HALF                                             \
    }

static const struct deconv_version versions[] = {
    VERSION(64, 1, 8, 4, 1, true), VERSION(64, 1, 8, 4, 1),  VERSION(96, 2, 6, 3, 1),
    VERSION(128, 2, 4, 3, 1),      VERSION(192, 3, 4, 3, 2),
};

extern "C" size_t deconv_sm90_pack_bytes(const struct conv_layer *l)
{
    return (size_t)TAPS * 8 * GROUPS_OF_8 * l->cin * sizeof(__half);
}

/* [tap][group][cin / 8][column][8]; the order of columns is also deconv_sm90.cuh's */
extern "C" void deconv_sm90_pack(const struct conv_layer *l, void *out)
{
    __half *to = (__half *)out;
    for (int tap = 0; tap < TAPS; tap++) {
        for (int row = 0; row < GROUPS_OF_8 * l->cin; row += 8) {
            int g = row / l->cin, channel = row % l->cin;
            for (int n = 0; n < 8; n++) {
                bool mask = g % 5 == 4;
                int a = g / 5, b = mask ? n / 2 % 2 : n / 4;
                int o = mask ? 16 + 2 * (n / 4) + n % 2
                             : 4 * (g % 5 % 2 * 2 + n % 2) + 2 * (g % 5 / 2) + n / 2 % 2;
                int k = (a + 2 - 2 * (tap / 2)) * 4 + b + 2 - 2 * (tap % 2);
                for (int i = 0; i < 8; i++)
                    *to++ = __float2half_rn(
                        l->weight[((size_t)k * l->cin + channel + i) * l->cout + o]);
            }
        }
    }
}

static const struct deconv_version *choose(const struct tensor *in,
                                           const struct level *out)
{
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        if (versions[i].channels == in->channels &&
            versions[i].writes_half == (out->dtype == DTYPE_FP16))
            return &versions[i];
    return NULL;
}

extern "C" int deconv_sm90(const struct deconv_args *a, void *stream)
{
    const struct deconv_version *v = choose(&a->in, &a->out);
    assert(v); /* the table has no version for other widths */
    const struct conv_pack *pack = (const struct conv_pack *)a->layer->plan;
    struct deconv_params p;
    memset(&p, 0, sizeof p);
    int err = tensor_map(&p.in, &a->in, PITCH, PITCH, v->channels / v->chunks / 8);
    if (err < 0)
        return err;
    p.weight = (const unsigned char *)pack->weight;
    p.bias = pack->bias;
    p.flow = a->out.flow;
    p.mask = a->out.mask;
    p.height = a->in.height;
    p.width = a->in.width;
    p.tiles_x = (int)div_up(a->in.width + 1, TILE);
    p.tiles = p.tiles_x * (int)div_up(a->in.height + 1, TILE);

    const int sms = multiprocessors();
    int blocks = sms / v->slices;
    if (blocks > p.tiles)
        blocks = p.tiles;

    launch_in_chain_shared(v->kernel, dim3((unsigned)(blocks * v->slices)),
                           dim3((unsigned)v->threads), v->shared, stream_of(stream), p);
    return cuda_launched("deconv_sm90");
}
