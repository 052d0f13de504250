/*
 * resconv on Hopper (sm_90a): out = lrelu(conv3x3(in, w) + bias + in).
 *
 * Maths. An implicit GEMM without im2col: a halo tile of 10 x (ROWS + 2) pixels
 * of all input channels is loaded once into shared memory by TMA (which fills
 * zeros outside the picture: the convolution's padding), and the nine taps are
 * nine wgmma operands whose descriptors start at shifted pixels. In the
 * channel-blocked layout a pixel is 16 bytes, eight neighbours are one core
 * matrix, so a shift by (dy, dx) adds dy * 10 + dx to the start address:
 *
 *     tile [C/8][ROWS + 2][10][8 halves]       weights [9][C/8][64 or C][8 halves]
 *
 *            x0-1          x0+8
 *     y0-1   . . . . . . . . . .
 *            . o o o o o o o o .     o: the 8 x ROWS outputs of the tile
 *            . o o o o o o o o .     rows8 = 160 bytes, k8 = (ROWS + 2) * 160
 *            . . . . . . . . . .
 *
 * Two ways round, as suits the width:
 *   weights on M (64 output channels), pixels on N = 8 ROWS:  c = 64, 128, 192,
 *   pixels on M (8 x 8), all the output channels on N:        c = 96.
 *
 * Blocks. Persistent, one per SM. One warp loads tiles, one loads weights, one
 * or two warpgroups multiply; two take turns (one multiplies while the other
 * rounds once, stores, and starts its next sums). The sums start as bias +
 * residual, from the tile's centre, so a tile is free when its product is done.
 * Weights arrive tap by tap, so the first tile starts with the first tap. They
 * stay for the block's life (SLOTS = 9), or go round a ring (c = 192).
 *
 * Requires sm_90a; in and out 16-byte aligned, block 8, any size.
 *
 * Measured on an H200 (CUDA 13.0, 24 November 2026), one of 8 layers in a graph,
 * dependent launches; the share is of 790 TFLOP/s, what a product of 8192 x 8192
 * matrices reaches there:
 *
 *      c   1080p             4K                 720p
 *     64   14.92 us  82 %    60.76 us  80 %     9.00 us  61 %
 *     96   10.24 us  67 %    34.78 us  79 %     6.70 us  46 %
 *    128    6.69 us  46 %    15.60 us  78 %     4.53 us  30 %
 *    192    5.15 us  33 %    16.48 us  42 %     4.52 us  17 %
 *
 * At 4K c = 64 is at the board's power: the tensor cores are busy 99 % of the clocks,
 * at 1.28 GHz. There every other layer goes through its tiles backwards, and begins
 * with what is still in L2: 3 % (at 1080p nothing; c = 96 loses by it).
 *
 * Tried and dropped, in us at 1080p | 4K | 720p:
 *   residual added after the product: 64 r16 15.76 | 64.56 | 9.18, 96 10.31 | 37.28 |
 *     6.95, 128 r8 7.97 | 19.16 | 4.44, 128 r17 6.89 | 24.08 | 6.09;
 *   weights streamed past one tile to a block, two blocks to an SM: 128 7.82 | 23.06 |
 *     6.47 or 8.60 | 19.92 | 6.22, 192 6.23 | 14.53 | 5.25 (a second kernel for 12 % of
 *     one layer at 4K);
 *   clusters of 2 sharing weights by multicast: 128 r8 7.88 | 16.88 | 5.72, 192 8.14 |
 *     28.08 | 7.12; streamed as well: 128 12.18 | 29.00 | 8.86 at best, 192 11.69 |
 *     26.07 | 9.92; of 4: slower still;
 *   both warpgroups multiplying at will (5 % slower); stores straight from registers for
 *     c = 64 (28 % slower); all weights in registers (spills), or those of 2 to 4 taps
 *     (no gain); the tap barriers waited for once, before the first tile (up to 3 %
 *     slower).
 */
#include "common.cuh"
#include "sm90.cuh"
#include "tensor_map.cuh"
#include "wgmma.cuh"

#include <assert.h>
#include <string.h>

#define TILE_X 8  /* outputs; a core matrix           */
#define PITCH  10 /* pixels of a row of the halo tile */

/*
 * ROWS: of outputs of a tile. STAGES: tiles in shared memory. GROUPS: warpgroups that
 * multiply. SLOTS: taps of weights in shared memory.
 */
template <int C_, int ROWS_, int STAGES_, int GROUPS_, int SLOTS_> struct design {
    static constexpr int C = C_, ROWS = ROWS_, STAGES = STAGES_, GROUPS = GROUPS_,
                         SLOTS = SLOTS_;
    static constexpr bool PIXELS_ON_M = C == 96;
    static constexpr bool staged = !PIXELS_ON_M;
    static constexpr bool resident = SLOTS == 9;

    static constexpr int N = PIXELS_ON_M ? C : TILE_X * ROWS;
    static constexpr int couts = PIXELS_ON_M ? C : 64; /* of a block's weights */
    static constexpr int slices = C / couts;
    static constexpr int steps = C / 16; /* of K, per tap */

    static constexpr int plane = (ROWS + 2) * PITCH * PIXEL;
    static constexpr int tile_bytes = C / 8 * plane;
    static constexpr int tap_bytes = C * couts * 2;
    static constexpr int stage_out =
        staged ? 2 * ROWS * TILE_X * PIXEL : 0; /* of a warp */

    static constexpr int at_tiles = SLOTS * tap_bytes;
    static constexpr int at_out = at_tiles + STAGES * tile_bytes;
    static constexpr int at_bars = at_out + GROUPS * 4 * stage_out;
    static constexpr int bars = 2 * STAGES + 2 * SLOTS + 2;
    static constexpr int shared = at_bars + bars * 8;

    static constexpr int threads = 128 * (GROUPS + 1);

    static_assert(!PIXELS_ON_M || ROWS == 8, "M is 64");
    static_assert(resident || GROUPS == 1, "a ring has one reader");
    static_assert(shared <= SHARED, "too much shared memory");
};

struct params {
    CUtensorMap in, out;
    const unsigned char *weight;
    const float *bias;
    __half *out_data;
    int height, width, tiles_x, tiles;
    bool backwards; /* from the last tile to the first */
};

/* --- device ------------------------------------------------------------------ */

#if !defined(__CUDA_ARCH__) || defined(__CUDA_ARCH_FEAT_SM90_ALL)

template <class D> struct block_state : tile_share {
    uint32_t base;

    __device__ __forceinline__ uint32_t bar(int i) const
    {
        return base + D::at_bars + i * 8;
    }
    __device__ __forceinline__ sm90_ring<D::STAGES> tiles() const
    {
        return { bar(0) };
    }
    __device__ __forceinline__ sm90_ring<D::SLOTS> taps() const
    {
        return { bar(2 * D::STAGES) };
    }
    __device__ __forceinline__ uint32_t issued(int g) const
    {
        return bar(2 * D::STAGES + 2 * D::SLOTS + g);
    }
};

template <class D>
static __device__ __forceinline__ void load_tiles(const params &p,
                                                  const block_state<D> &b)
{
    for (int k = 0; k < b.passes; k++) {
        const int tile = b.first + k * b.stride, s = k % D::STAGES;
        const int y = tile / p.tiles_x, x = tile - y * p.tiles_x;
        b.tiles().wait_empty(k);
        mbar_expect(b.tiles().full(s), D::tile_bytes);
        copy_tensor(b.base + D::at_tiles + s * D::tile_bytes, &p.in, (x * TILE_X - 1) * 8,
                    y * D::ROWS - 1, 0, b.tiles().full(s));
    }
}

template <class D>
static __device__ __forceinline__ void load_weights(const params &p,
                                                    const block_state<D> &b)
{
    const int loads = D::resident ? 9 : 9 * b.passes;
    const unsigned char *weight = p.weight + (size_t)b.slice * 9 * D::tap_bytes;

    for (int n = 0; n < loads; n++) {
        const int s = n % D::SLOTS;
        b.taps().wait_empty(n);
        mbar_expect(b.taps().full(s), D::tap_bytes);
        copy_bulk(b.base + s * D::tap_bytes, weight + (size_t)(n % 9) * D::tap_bytes,
                  D::tap_bytes, b.taps().full(s));
    }
}

SM90_INLINE float2 two_floats(uint32_t halves)
{
    return __half22float2(*(const __half2 *)&halves);
}

/*
 * Weights on M: a warp has 16 output channels, two channel blocks, of all the
 * pixels of the tile. d[4 j + 2 h + q] is channel 8 h + lane / 4 of them, at
 * pixel 2 (lane % 4) + q of row j.
 */
template <class D>
static __device__ __forceinline__ void
start_channels(const block_state<D> &b, float (&d)[D::N / 2], const float (&bias)[2],
               uint32_t tile)
{
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4;
    const int half = lane / 8 & 1, below = lane / 16, pixel = lane % 8;
    const uint32_t from = tile + (b.slice * 8 + 2 * warp + half) * D::plane +
                          ((1 + below) * PITCH + 1 + pixel) * PIXEL;

#pragma unroll
    for (int j = 0; j < D::ROWS; j += 2) {
        constexpr int last = D::ROWS - 1;
        uint32_t r[4];
        if (j < last)
            ldmatrix4_t(r, from + j * PITCH * PIXEL);
        else
            ldmatrix2_t(r, from + j * PITCH * PIXEL);
#pragma unroll
        for (int i = 0; i < 4; i++)
            if (j + i / 2 <= last) {
                const float2 x = two_floats(r[i]);
                d[4 * j + 2 * i] = x.x + bias[i & 1];
                d[4 * j + 2 * i + 1] = x.y + bias[i & 1];
            }
    }
}

template <class D>
static __device__ __forceinline__ void end_channels(const float (&d)[D::N / 2],
                                                    uint32_t out)
{
    const int lane = threadIdx.x % 32;
    const int half = lane / 8 & 1, below = lane / 16, pixel = lane % 8;
    store_channels<D::ROWS>(d, out, (half * D::ROWS + below) * TILE_X + pixel,
                            2 * TILE_X);
}

/*
 * Pixels on M: a warp has two rows of the tile, all channels. d[4 j + 2 h + q]
 * is channel 8 j + 2 (lane % 4) + q of pixel lane / 4 in row 2 warp + h.
 */
template <class D>
static __device__ __forceinline__ void
start_pixels(float (&d)[D::N / 2], const float (&bias)[D::C / 4], uint32_t tile)
{
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4;
    const uint32_t from =
        tile + ((2 * warp + 1) * PITCH + 1 + lane / 4) * PIXEL + lane % 4 * 4;

#pragma unroll
    for (int j = 0; j < D::C / 8; j++)
#pragma unroll
        for (int h = 0; h < 2; h++) {
            const float2 x =
                two_floats(load_shared(from + j * D::plane + h * PITCH * PIXEL));
            d[4 * j + 2 * h] = x.x + bias[2 * j];
            d[4 * j + 2 * h + 1] = x.y + bias[2 * j + 1];
        }
}

template <class D>
static __device__ __forceinline__ void
end_pixels(const params &p, const float (&d)[D::N / 2], int x0, int y0)
{
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4;
    const int x = x0 + lane / 4, y = y0 + 2 * warp;
    const size_t plane = (size_t)p.height * p.width;
    __half *g = p.out_data + ((size_t)y * p.width + x) * 8 + lane % 4 * 2;
    const bool inside0 = x < p.width && y < p.height,
               inside1 = x < p.width && y + 1 < p.height;

#pragma unroll
    for (int j = 0; j < D::C / 8; j++) {
        if (inside0)
            *(uint32_t *)(g + j * plane * 8) =
                halves(lrelu(d[4 * j]), lrelu(d[4 * j + 1]));
        if (inside1)
            *(uint32_t *)(g + (j * plane + p.width) * 8) =
                halves(lrelu(d[4 * j + 2]), lrelu(d[4 * j + 3]));
    }
}

template <class D>
static __device__ __forceinline__ void multiply(const params &p, const block_state<D> &b)
{
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4;
    const int group = __shfl_sync(~0u, threadIdx.x / 128, 0);
    const uint32_t out = b.base + D::at_out + (group * 4 + warp) * D::stage_out;

    /* For this thread's rows of M, or for its columns. */
    float bias[D::PIXELS_ON_M ? D::C / 4 : 2];
    if (D::PIXELS_ON_M) {
#pragma unroll
        for (int j = 0; j < D::C / 8; j++) {
            const float2 v = *(const float2 *)(p.bias + 8 * j + lane % 4 * 2);
            bias[2 * j] = v.x;
            bias[2 * j + 1] = v.y;
        }
    } else {
        bias[0] = p.bias[b.slice * 64 + warp * 16 + lane / 4];
        bias[1] = p.bias[b.slice * 64 + warp * 16 + lane / 4 + 8];
    }

    const uint64_t weights0 = wgmma_descriptor(b.base, D::couts * 16, 128);
    int turn = 0; /* tiles of this group so far */

    for (int k = group; k < b.passes; k += D::GROUPS, turn++) {
        const int tile = b.first + k * b.stride, s = k % D::STAGES;
        const int ty = tile / p.tiles_x, tx = tile - ty * p.tiles_x;
        const uint32_t at = b.base + D::at_tiles + s * D::tile_bytes;
        const uint64_t pixels0 = wgmma_descriptor(at, D::plane, PITCH * PIXEL);
        float d[D::N / 2];

        b.tiles().wait_full(k);
        if constexpr (D::PIXELS_ON_M)
            start_pixels<D>(d, bias, at);
        else
            start_channels<D>(b, d, bias, at);
        pin(d);
        /* With three stages, also what tells the turns of a stage apart: the other group
         * had this stage before, tile k - 3, and a parity alone may be that of two turns
         * ago. By the wait in its last turn this group knows that tile k - 3 had come.
         * (deconv_sm90.cu, whose groups wait for nobody, waits until it is empty.) */
        if (D::GROUPS == 2 && (group == 1 || turn > 0))
            mbar_wait(b.issued(1 - group), (group == 1 ? turn : turn - 1) & 1);

#pragma unroll
        for (int tap = 0; tap < 9; tap++) {
            const int n = D::resident ? tap : turn * 9 + tap, slot = n % D::SLOTS;
            b.taps().wait_full(n);
            const uint64_t weights = weights0 + (uint32_t)(slot * (D::tap_bytes / 16));
            const uint64_t pixels = pixels0 + (tap / 3 * PITCH + tap % 3);
            wgmma_fence();
            /* The other warpgroup's product queues up behind this one's last tap. */
            if (tap == 8 && D::GROUPS == 2 && lane == 0)
                mbar_arrive(b.issued(group));
#pragma unroll
            for (int step = 0; step < D::steps; step++) {
                const uint64_t w = weights + step * 2 * D::couts;
                const uint64_t x = pixels + step * 2 * (D::plane / 16);
                if constexpr (D::PIXELS_ON_M)
                    wgmma<D::N>::ss(d, x, w, 1);
                else
                    wgmma<D::N>::ss(d, w, x, 1);
            }
            if (!D::resident) {
                wgmma_commit();
                if (tap > 0) {
                    /* The tap before this one has been read: its slot is free. */
                    wgmma_wait<1>();
                    if (lane == 0)
                        b.taps().release(n - 1);
                }
            }
        }
        if (D::resident)
            wgmma_commit();
        wgmma_wait<0>();
        pin(d);
        if (lane == 0) {
            b.tiles().release(k);
            if (!D::resident)
                b.taps().release(turn * 9 + 8);
        }

        if constexpr (D::PIXELS_ON_M) {
            end_pixels<D>(p, d, tx * TILE_X, ty * D::ROWS);
        } else {
            if (lane == 0)
                store_wait_read();
            __syncwarp();
            end_channels<D>(d, out);
            fence_async_shared();
            __syncwarp();
            if (lane == 0) {
                store_tensor(&p.out, tx * TILE_X * 8, ty * D::ROWS,
                             b.slice * 8 + 2 * warp, out);
                store_commit();
            }
        }
    }
    if (D::staged && lane == 0)
        store_wait();
}
#endif

template <class D>
__global__ void __launch_bounds__(D::threads, 1)
    resconv_kernel(const __grid_constant__ params p)
{
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    extern __shared__ __align__(1024) unsigned char shared[];
    block_state<D> b;
    b.base = shared_address(shared);

    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    b.share(p.tiles, D::slices);
    if (p.backwards) {
        b.first = p.tiles - 1 - b.first;
        b.stride = -b.stride;
    }

    grid_launch_dependents();
    if (threadIdx.x == 0) {
        b.tiles().init(1, 4);
        b.taps().init(1, 4 * D::GROUPS);
        mbar_init(b.issued(0), 4);
        mbar_init(b.issued(1), 4);
        mbar_init_fence();
    }
    __syncthreads();

    if (warp >= 4 * D::GROUPS) {
        if (warp == 4 * D::GROUPS && lane == 0) {
            prefetch_map(&p.in);
            if (D::staged)
                prefetch_map(&p.out);
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

/*
 * One kernel variant and its cost model on an H200: us_pass per wave of blocks, us_fixed
 * per launch. alternates: every other layer goes backwards.
 */
struct version {
    void (*kernel)(params);
    int channels, rows, couts, threads, shared;
    bool alternates;
    float us_fixed, us_pass;
};

#define VERSION(alternates, us_fixed, us_pass, ...)                                      \
    {                                                                                    \
        resconv_kernel<design<__VA_ARGS__>>, design<__VA_ARGS__>::C,                     \
            design<__VA_ARGS__>::ROWS, design<__VA_ARGS__>::couts,                       \
            design<__VA_ARGS__>::threads, design<__VA_ARGS__>::shared, alternates,       \
            us_fixed, us_pass                                                            \
    }

static const struct version versions[] = {
    VERSION(true, 1.8F, 2.95F, 64, 25, 3, 2, 9),
    VERSION(false, 0.3F, 2, 64, 16, 4, 2, 9),
    VERSION(false, 2.5F, 2, 96, 8, 3, 2, 9),
    VERSION(false, 1, 5.3F, 128, 17, 1, 1, 9),
    VERSION(false, 2.9F, 1.6F, 128, 8, 2, 2, 9),
    VERSION(false, 1, 3.9F, 192, 7, 1, 1, 7),
};
#define VERSIONS (int)(sizeof versions / sizeof *versions)

extern "C" size_t resconv_sm90_pack_bytes(const struct conv_layer *l)
{
    return (size_t)9 * l->cin * l->cout * sizeof(__half);
}

/* [slice of couts][tap][cin / 8][couts][8] */
extern "C" void resconv_sm90_pack(const struct conv_layer *l, void *out)
{
    int couts = l->cin == 96 ? 96 : 64;
    __half *to = (__half *)out;
    for (int slice = 0; slice < l->cout / couts; slice++)
        for (int row = 0; row < 9 * l->cin; row += 8) /* of the weights: tap, channel */
            for (int o = 0; o < couts; o++)
                for (int i = 0; i < 8; i++)
                    *to++ = __float2half_rn(
                        l->weight[(size_t)(row + i) * l->cout + slice * couts + o]);
}

/* Blocks per slice of couts. */
static int blocks_of(const struct version *v, int tiles, int sms)
{
    int most = sms / (v->channels / v->couts);
    return tiles < most ? tiles : most;
}

static int tiles_of(const struct version *v, const struct tensor *t)
{
    return (int)(div_up(t->height, v->rows) * div_up(t->width, TILE_X));
}

static const struct version *choose(const struct tensor *t, int sms)
{
    const struct version *best = NULL;
    float least = 0;
    for (const struct version *v = versions; v < versions + VERSIONS; v++) {
        if (v->channels != t->channels)
            continue;
        int tiles = tiles_of(v, t);
        float us =
            v->us_fixed + v->us_pass * (float)div_up(tiles, blocks_of(v, tiles, sms));
        if (!best || us < least)
            best = v, least = us;
    }
    return best;
}

static int make_params(struct params *p, const struct version *v,
                       const struct conv_args *a)
{
    const struct conv_pack *pack = (const struct conv_pack *)a->layer->plan;
    memset(p, 0, sizeof *p);
    int err = tensor_map(&p->in, &a->in, PITCH, v->rows + 2, v->channels / 8);
    if (!err)
        err = tensor_map(&p->out, &a->out, TILE_X, v->rows, 2);
    p->weight = (const unsigned char *)pack->weight;
    p->bias = pack->bias;
    p->out_data = (__half *)a->out.half;
    p->height = a->in.height;
    p->width = a->in.width;
    p->tiles_x = (int)div_up(a->in.width, TILE_X);
    p->tiles = tiles_of(v, &a->in);
    /* Layers pass two buffers to and fro. */
    p->backwards = v->alternates && a->in.half < a->out.half;
    return err;
}

extern "C" int resconv_sm90(const struct conv_args *a, void *stream)
{
    const int sms = multiprocessors();
    struct params p;
    const struct version *v = choose(&a->in, sms);
    assert(v); /* the table has no version for other widths */
    int err = make_params(&p, v, a);
    if (err < 0)
        return err;

    const int blocks = blocks_of(v, p.tiles, sms) * (v->channels / v->couts);
    launch_in_chain_shared(v->kernel, dim3((unsigned)blocks), dim3((unsigned)v->threads),
                           v->shared, stream_of(stream), p);
    return cuda_launched("resconv_sm90");
}
