/*
 * conv_s2 on Hopper (sm_90a), of blocks 0 and 1: out = lrelu(conv3x3(in, w) + bias),
 * stride 2, where in, and between the two convolutions also out, is phase-split
 * (even/odd).
 *
 * Phase split. A convolution of stride 2 reads every other pixel. With even and odd rows
 * and columns in tensors of their own, each of half the height and width, it reads
 * neighbours: [row % 2][column % 2][C/8][height / 2][width / 2][8 halves]. Pixels are
 * then core matrices as they lie, and a tap is a shifted wgmma descriptor, as in
 * resconv_sm90.cu. Output (y, x) reads with tap (ky, kx), 0 .. 2 each, for padding 1
 * the input (2y + ky - 1, 2x + kx - 1):
 *
 *     ky     0        1       2
 *     row    y - 1    y       y       of the rows that are
 *            odd      even    odd
 *
 * and columns alike. For the memory such a tensor is one of 4 C channels, so that a tile
 * of one parity is a box, zero outside the picture: the convolution's padding.
 *
 * Maths. An implicit GEMM: weights on M, 64 output channels; pixels on N, the 8 x ROWS
 * outputs of a tile. A tile of the input is four phases of 9 x (ROWS + 1)
 * pixels that begin one up and one left of the outputs. Of even rows the first is not
 * read, nor of even columns the first; they are loaded so that all four parts are one
 * box.
 *
 *     weights [9][CIN/8][64][8 halves]   the taps in the order of their use
 *     tiles   [STAGES][4][CIN/8][ROWS + 1][9][8 halves]   rows8 = 144 bytes
 *
 * Taps and parts arrive one by one, in the order of their use: the part of odd rows and
 * columns has four taps, the next two have two, the last has one.
 *
 * Outputs are staged where the tile was, 16 channels by each warp, and leave by TMA,
 * phase-split as four boxes.
 *
 * Blocks. One per SM, of 64 output channels; a warp loads tiles, one weights, one or two
 * warpgroups multiply, a tile each in turn. The weights, 111 KB of 332 in block 0's
 * second convolution, are most of what is read: they come before the input is there
 * (dependent launch), and as a block of the second convolution finds room in shared
 * memory beside one of the first, while that is under way. At 1080p a block has one tile,
 * in block 1's first convolution two; for larger pictures blocks are persistent.
 *
 *                         1080p: outputs   tiles      blocks   shared memory
 *     block 0,  7 ->  96  68 x 120          4 x 15    2 * 60    63 KB, for 2 tiles
 *              96 -> 192  34 x 60           5 x  8    3 * 40   166 KB
 *     block 1, 12 ->  64  136 x 240         8 x 30      120     63 KB, for 2 tiles
 *              64 -> 128  68 x 120          4 x 15    2 * 60   157 KB
 *
 * Requires sm_90a; FP16 tensors, block 8, 16-byte aligned; any size that
 * phase-splitting allows.
 *
 * Measured, us (H200, 2026-11-29, 1080p, graphs of 16), beside conv_s2_sm80 and cuDNN:
 *
 *                            here   sm80   cuDNN
 *     block 0,  7 ->  96     2.8     4.9   5.5
 *              96 -> 192     3.4    11.3   5.4
 *              both          6.0    17.2
 *     block 1, 12 ->  64     3.8     6.3   7.9
 *              64 -> 128     4.1    10.8   6.3
 *              both          7.8    18.9
 *
 * The network takes 0.497 ms instead of 0.517, 0.494 with gather's carveout (gather.cu).
 *
 * Tried, for the network the same to 0.5 %: of 96 channels 9 rows, or two tiles at a
 * time; of 64 channels 9 rows; of 16 four tiles at a time, or one; all shared memory that
 * there is, by the carveout, so that blocks of the next kernel find room. Without
 * dependent launch 1 % more. gather by the texture unit does nothing for block 1 (10.9
 * instead of 11.8 by itself, 0.494 ms for the network either way), and in block 0, where
 * nothing is interpolated, takes 4.8 instead of 2.8.
 */
#include "common.cuh"
#include "engine/cuda/conv_choice.h"
#include "sm90.cuh"
#include "tensor_map.cuh"
#include "wgmma.cuh"

#include <assert.h>
#include <string.h>

#define TILE_X 8  /* outputs; a core matrix                */
#define PITCH  9  /* pixels of a row of a part of the tile */
#define COUTS  64 /* of a block                            */

/* The tap that is used n-th, 3 ky + kx: by parts, from odd rows and columns to even. */
CONSTEXPR int tap_at(int n)
{
    constexpr int taps[9] = { 0, 2, 6, 8, 1, 7, 3, 5, 4 };
    return taps[n];
}

/*
 * ROWS: of outputs of a tile. STAGES: tiles in shared memory. GROUPS: warpgroups that
 * multiply, every GROUPS-th tile each.
 */
template <int CIN_, int ROWS_, int STAGES_, int GROUPS_> struct conv_s2_design {
    static constexpr int CIN = CIN_, ROWS = ROWS_, STAGES = STAGES_, GROUPS = GROUPS_;
    static constexpr bool splits = CIN == IFNET_INPUTS; /* out is phase-split */

    static constexpr int N = TILE_X * ROWS;
    static constexpr int steps = CIN / 16; /* of K, per tap */

    static constexpr int plane = (ROWS + 1) * PITCH * PIXEL;
    static constexpr int part_copied = CIN / 8 * plane;
    static constexpr int part_bytes = (part_copied + 127) / 128 * 128; /* for TMA */
    static constexpr int tile_bytes = 4 * part_bytes;
    static constexpr int tap_bytes = CIN * COUTS * 2;
    static constexpr int warp_out = 2 * ROWS * TILE_X * PIXEL; /* bytes of outputs */

    static constexpr int at_tiles = 9 * tap_bytes;
    static constexpr int at_bars = at_tiles + STAGES * tile_bytes;
    static constexpr int bars = 5 * STAGES + 9;
    static constexpr int shared = at_bars + bars * 8;

    static constexpr int threads = 128 * GROUPS + 64;

    static_assert(CIN % 16 == 0, "K is 16");
    static_assert(warp_out / (splits ? 4 : 1) % 128 == 0, "for TMA");
    static_assert(!splits || ROWS % 2 == 0, "a phase-split tile begins at an even row");
    static_assert(4 * warp_out <= tile_bytes, "outputs are staged in the tile");
    static_assert(GROUPS <= STAGES, "a group without a tile");
    static_assert(shared <= SHARED, "too much shared memory");
};

struct conv_s2_params {
    CUtensorMap in, out; /* for boxes of a part; of what a warp stores at once */
    const unsigned char *weight;
    const float *bias;
    int cout, slices; /* of COUTS */
    int tiles_x, tiles;
};

/* --- device ------------------------------------------------------------------ */

#if !defined(__CUDA_ARCH__) || defined(__CUDA_ARCH_FEAT_SM90_ALL)

/* Which part of the tile the tap reads: row % 2 * 2 + column % 2. */
CONSTEXPR int part_of(int tap)
{
    return (tap / 3 + 1) % 2 * 2 + (tap % 3 + 1) % 2;
}

/* And how many pixels on from the output's place. */
CONSTEXPR int shift_of(int tap)
{
    return (tap / 3 + 1) / 2 * PITCH + (tap % 3 + 1) / 2;
}

template <class D> struct conv_s2_state : tile_share {
    uint32_t base;

    __device__ __forceinline__ uint32_t bar(int i) const
    {
        return base + D::at_bars + i * 8;
    }
    __device__ __forceinline__ sm90_ring<D::STAGES, 4> tiles() const
    {
        return { bar(0) };
    }
    __device__ __forceinline__ uint32_t tap_full(int n) const
    {
        return bar(5 * D::STAGES + n);
    }
    __device__ __forceinline__ uint32_t tile(int s) const
    {
        return base + D::at_tiles + s * D::tile_bytes;
    }
};

template <class D>
static __device__ __forceinline__ void load_tiles(const conv_s2_params &p,
                                                  const conv_s2_state<D> &b)
{
    for (int k = 0; k < b.passes; k++) {
        const int tile = b.first + k * b.stride, s = k % D::STAGES;
        const int y = tile / p.tiles_x, x = tile - y * p.tiles_x;
        b.tiles().wait_empty(k);
        for (int part = 3; part >= 0; part--) {
            mbar_expect(b.tiles().full(s, part), D::part_copied);
            copy_tensor(b.tile(s) + part * D::part_bytes, &p.in, (x * TILE_X - 1) * 8,
                        y * D::ROWS - 1, part * (D::CIN / 8), b.tiles().full(s, part));
        }
    }
}

template <class D>
static __device__ __forceinline__ void load_weights(const conv_s2_params &p,
                                                    const conv_s2_state<D> &b)
{
    const unsigned char *weight = p.weight + (size_t)b.slice * 9 * D::tap_bytes;
    for (int n = 0; n < 9; n++) {
        mbar_expect(b.tap_full(n), D::tap_bytes);
        copy_bulk(b.base + n * D::tap_bytes, weight + n * D::tap_bytes, D::tap_bytes,
                  b.tap_full(n));
    }
}

/* A warp's 16 output channels of all the pixels of the tile, to [2][ROWS][8 pixels], or
 * phase-split to [2][2][2][ROWS / 2][4 pixels]. */
template <class D>
SM90_INLINE void stage_outputs(const float (&d)[D::N / 2], uint32_t out)
{
    const int lane = threadIdx.x % 32;
    const int half = lane / 8 & 1, below = lane / 16, pixel = lane % 8;
    const int at =
        D::splits ? ((below * 2 + pixel % 2) * 2 + half) * (D::ROWS / 2) * 4 + pixel / 2
                  : (half * D::ROWS + below) * TILE_X + pixel;
    const int two_rows = D::splits ? 4 : 2 * TILE_X;
    store_channels<D::ROWS>(d, out, at, two_rows);
}

/* From there to the picture; block: the first of the two channel blocks. */
template <class D>
SM90_INLINE void store_outputs(const conv_s2_params &p, int x, int y, int block,
                               uint32_t out)
{
    if (!D::splits) {
        store_tensor(&p.out, x * TILE_X * 8, y * D::ROWS, block, out);
    } else {
#pragma unroll
        for (int part = 0; part < 4; part++)
            store_tensor(&p.out, x * (TILE_X / 2) * 8, y * (D::ROWS / 2),
                         part * (p.cout / 8) + block, out + part * (D::warp_out / 4));
    }
    store_commit();
}

template <class D>
static __device__ __forceinline__ void multiply(const conv_s2_params &p,
                                                const conv_s2_state<D> &b)
{
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4;
    const int group = __shfl_sync(~0u, threadIdx.x / 128, 0);
    const int channel = b.slice * COUTS + warp * 16; /* this warp's first */
    const bool used = channel < p.cout;

    float bias[2] = { 0, 0 }; /* of this thread's rows of M */
    if (used) {
        bias[0] = p.bias[channel + lane / 4];
        bias[1] = p.bias[channel + lane / 4 + 8];
    }

    const uint64_t weights0 = wgmma_descriptor(b.base, COUTS * 16, 128);
    for (int k = group; k < b.passes; k += D::GROUPS) {
        const int tile = b.first + k * b.stride, s = k % D::STAGES;
        const int y = tile / p.tiles_x, x = tile - y * p.tiles_x;
        const uint64_t pixels0 = wgmma_descriptor(b.tile(s), D::plane, PITCH * PIXEL);
        float d[D::N / 2];

#pragma unroll
        for (int i = 0; i < D::N / 2; i++)
            d[i] = bias[i / 2 % 2];
        pin(d);
        /* Another group had this stage: a parity alone may be that of two turns ago. */
        if (D::STAGES % D::GROUPS != 0)
            b.tiles().wait_empty(k);
#pragma unroll
        for (int n = 0; n < 9; n++) {
            const int tap = tap_at(n), part = part_of(tap);
            if (n == 0 || part != part_of(tap_at(n - 1)))
                b.tiles().wait_full(k, part);
            mbar_wait(b.tap_full(n), 0);
            const uint64_t weights = weights0 + (uint32_t)(n * (D::tap_bytes / 16));
            const uint64_t pixels =
                pixels0 + (uint32_t)(part * (D::part_bytes / 16) + shift_of(tap));
            wgmma_fence();
#pragma unroll
            for (int step = 0; step < D::steps; step++)
                wgmma<D::N>::ss(d, weights + step * 2 * COUTS,
                                pixels + step * 2 * (D::plane / 16), 1);
        }
        wgmma_commit();
        wgmma_wait<0>();
        pin(d);
        /* All warps have read the tile. */
        named_barrier(1 + group, 128);

        const uint32_t out = b.tile(s) + warp * D::warp_out;
        stage_outputs<D>(d, out);
        fence_async_shared();
        __syncwarp();
        if (lane == 0) {
            if (used)
                store_outputs<D>(p, x, y, channel / 8, out);
            if (k + D::STAGES < b.passes) {
                store_wait_read();
                b.tiles().release(k);
            }
        }
        __syncwarp();
    }
    if (lane == 0)
        store_wait();
}
#endif

template <class D>
__global__ void __launch_bounds__(D::threads, 1)
    conv_s2_kernel(const __grid_constant__ conv_s2_params p)
{
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    extern __shared__ __align__(1024) unsigned char shared[];
    conv_s2_state<D> b;
    b.base = shared_address(shared);

    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    b.share(p.tiles, p.slices);

    grid_launch_dependents();
    if (threadIdx.x == 0) {
        b.tiles().init(1, 4);
        for (int n = 0; n < 9; n++)
            mbar_init(b.tap_full(n), 1);
        mbar_init_fence();
    }
    __syncthreads();

    if (warp < 4 * D::GROUPS) {
        multiply<D>(p, b);
    } else if (warp == 4 * D::GROUPS && lane == 0) {
        prefetch_map(&p.in);
        prefetch_map(&p.out);
        grid_wait();
        load_tiles<D>(p, b);
    } else if (warp == 4 * D::GROUPS + 1 && lane == 0) {
        load_weights<D>(p, b);
    }
#endif
}

/* --- host ---------------------------------------------------------------------- */

struct conv_s2_version {
    void (*kernel)(conv_s2_params);
    int cin, rows, stages, threads, shared;
    bool splits;
};

#define VERSION(...)                                                                     \
    {                                                                                    \
        conv_s2_kernel<conv_s2_design<__VA_ARGS__>>, conv_s2_design<__VA_ARGS__>::CIN,   \
            conv_s2_design<__VA_ARGS__>::ROWS, conv_s2_design<__VA_ARGS__>::STAGES,      \
            conv_s2_design<__VA_ARGS__>::threads, conv_s2_design<__VA_ARGS__>::shared,   \
            conv_s2_design<__VA_ARGS__>::splits                                          \
    }

/* For one cin: the first variant if no block has more tiles than it has room for, else
 * the last. */
static const struct conv_s2_version versions[] = {
    VERSION(16, 18, 2, 2), /* 1080p */
    VERSION(16, 18, 4, 2), /* larger */
    VERSION(96, 7, 1, 1),  /* 1080p */
    VERSION(96, 7, 2, 2),  /* larger */
    VERSION(64, 8, 1, 1),  /* 720p */
    VERSION(64, 17, 1, 1), /* 1080p */
    VERSION(64, 8, 3, 2),  /* larger */
};
#define VERSIONS (int)(sizeof versions / sizeof *versions)

static int padded_cin(const struct conv_layer *l)
{
    return l->cin <= IFNET_INPUTS ? IFNET_INPUTS : l->cin;
}

static int slices_of(const struct conv_layer *l)
{
    return (int)div_up(l->cout, COUTS);
}

static int tiles_of(const struct conv_s2_version *v, const struct tensor *out)
{
    return (int)(div_up(out->height, v->rows) * div_up(out->width, TILE_X));
}

/* Tiles of a block. */
static int passes_of(const struct conv_s2_version *v, const struct conv_args *a, int sms)
{
    return (int)div_up(tiles_of(v, &a->out), sms / slices_of(a->layer));
}

static const struct conv_s2_version *choose(const struct conv_args *a, int sms)
{
    const struct conv_s2_version *best = NULL;
    for (const struct conv_s2_version *v = versions; v < versions + VERSIONS; v++) {
        if (v->cin != padded_cin(a->layer))
            continue;
        best = v;
        if (passes_of(v, a, sms) <= v->stages)
            break;
    }
    return best;
}

extern "C" bool conv_s2_sm90_fits(const struct conv_args *a)
{
    const struct tensor *in = &a->in, *out = &a->out;
    return conv_abilities[CONV_S2_SM90].takes(a->layer) && in->dtype == DTYPE_FP16 &&
           out->dtype == DTYPE_FP16 && in->block == 8 && out->block == 8 &&
           in->phase_split && out->phase_split == (a->layer->cin <= IFNET_INPUTS) &&
           in->channels == padded_cin(a->layer) && out->channels == a->layer->cout &&
           in->height == 2 * out->height && in->width == 2 * out->width &&
           (!out->phase_split || (out->height % 2 == 0 && out->width % 2 == 0));
}

extern "C" size_t conv_s2_sm90_pack_bytes(const struct conv_layer *l)
{
    return (size_t)slices_of(l) * COUTS * 9 * padded_cin(l) * sizeof(__half);
}

/* [slice of COUTS][tap in order of use][cin / 8][COUTS][8], zero where there is none */
extern "C" void conv_s2_sm90_pack(const struct conv_layer *l, void *out)
{
    __half *to = (__half *)out;
    for (int first = 0; first < l->cout; first += COUTS)
        for (int n = 0; n < 9; n++) {
            const float *weight = l->weight + (size_t)tap_at(n) * l->cin * l->cout;
            for (int k = 0; k < padded_cin(l); k += 8)
                for (int o = first; o < first + COUTS; o++)
                    for (int i = k; i < k + 8; i++)
                        *to++ = __float2half_rn(
                            i < l->cin && o < l->cout ? weight[i * l->cout + o] : 0);
        }
}

/* A phase-split tensor as one of four times the channels. */
static struct tensor parts_of(const struct tensor *t)
{
    struct tensor parts = *t;
    parts.channels *= 4;
    parts.height /= 2;
    parts.width /= 2;
    return parts;
}

static int make_params(struct conv_s2_params *p, const struct conv_s2_version *v,
                       const struct conv_args *a, const struct conv_pack *pack)
{
    memset(p, 0, sizeof *p);
    const struct tensor in = parts_of(&a->in), out = parts_of(&a->out);
    int err = tensor_map(&p->in, &in, PITCH, v->rows + 1, v->cin / 8);
    if (!err)
        err = v->splits ? tensor_map(&p->out, &out, TILE_X / 2, v->rows / 2, 2)
                        : tensor_map(&p->out, &a->out, TILE_X, v->rows, 2);
    p->weight = (const unsigned char *)pack->weight;
    p->bias = pack->bias;
    p->cout = a->layer->cout;
    p->slices = slices_of(a->layer);
    p->tiles_x = (int)div_up(a->out.width, TILE_X);
    p->tiles = tiles_of(v, &a->out);
    return err;
}

extern "C" int conv_s2_sm90(const struct conv_args *a, const struct conv_pack *pack,
                            void *stream)
{
    const int sms = multiprocessors();
    struct conv_s2_params p;
    assert(conv_s2_sm90_fits(a));
    const struct conv_s2_version *v = choose(a, sms);
    int err = make_params(&p, v, a, pack);
    if (err < 0)
        return err;
    /* As few blocks as take no longer: each of them fetches weights. */
    const unsigned blocks = div_up(p.tiles, passes_of(v, a, sms)) * (unsigned)p.slices;
    launch_in_chain_shared(v->kernel, dim3(blocks), dim3((unsigned)v->threads), v->shared,
                           stream_of(stream), p);
    return cuda_launched("conv_s2_sm90");
}
