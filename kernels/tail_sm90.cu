/*
 * tail on Hopper (sm_90a): the last deconv and the blend into a frame in one kernel.
 *
 * The last level is as large as the picture, 21 MB at 1080p in FP16, and nothing but
 * the blend reads it. Here it stays in shared memory. A tile is 8 x 8 places of the
 * deconv, 32 x 32 pixels from row and column -2 on (deconv_sm90.cu):
 *
 *     in -> wgmma -> last level, FP16 ┐
 *     9 x 9          32 x 32          ├-> flow, warps, merge -> luma, B - Y and R - Y
 *     levels 0 .. 2, by TMA ----------┘   strips of 32 x 4
 *
 * The level is rounded as deconv_sm90 rounds it, and the arithmetic after it is that
 * of blend_store.cu in the same order. B - Y and R - Y go where the last level would
 * have gone, as halves; blend_bring_down() makes chroma of them.
 *
 * Strips. As tiles begin two pixels early, so do strips: 4k - 2 .. 4k + 1. A strip then
 * needs this part of the levels, counted within the tile, for strip u = 0 .. 7:
 *
 *     scale   rows of the patch           of which pixels use
 *     8       u / 2, + 1, and u odd: + 2  0 and 1 the first two; 2 and 3 the last two
 *     4       u, u + 1                    all both
 *     2       2u .. 2u + 3                0 the first two, 1 and 2 the middle, 3 the last
 *     1       4u .. 4u + 3                one each
 *
 * Patches have what the tile needs of each level, and zeros where that is outside of it:
 * rows are clamped, so that those are never read, and such columns weigh nothing.
 *
 * Blocks. Persistent, one per SM; the weights stay. Four warps multiply, WARPS blend, one
 * copies. Strips are taken in turn by the warps that blend, through all tiles of the
 * block, so that none waits for the others at the end of a tile:
 *
 *     inputs                  a ring of INPUTS tiles of the deconv's input
 *     patch_full              the levels of STAGES tiles
 *     level_full              the last level of STAGES tiles
 *     done                    all strips of a tile have read both
 *
 * Waits for barriers use their parity: a wait for one round also passes while the round
 * before it is still in progress. So everyone who waits for a barrier must see every
 * round of it: the strips of STAGES tiles are a multiple of WARPS, and a warp that blends
 * has strips of the same stages in every round. And a buffer that it has not released
 * cannot be filled again.
 *
 * Requires sm_90a, FP16, a last level of FP16, whole pictures at the network's own scale,
 * levels of scale 8, 4, 2 and 1, images with a texture, subsampled YUV of 8 bits.
 *
 * Measured, us, chroma included (H200, 2026-11-29, graphs of 16); before that, what it
 * stands for:
 *
 *                deconv   blend_store   tail
 *     720p        6.1     17.6           18.0
 *     1080p      11.2     45.0           35.1
 *     4K         56.6    161.8          126.1
 *
 * The network takes 0.466 ms instead of 0.494 at 1080p, one picture after the other (with
 * 23 warps that blend; with 12, tail by itself is as fast).
 *
 * Tried and dropped, at 720p, 1080p and 4K; stages are 3 where it does not say 4. These
 * rows came before the rule that STAGES * UNITS is a multiple of WARPS: 16, 20, 23 and 27
 * would not pass the static_assert.
 *
 *     warps that blend, pixels fetched at once
 *     16, 4                                         18.8    35.4    129.7
 *     20, 4                                         18.6    35.8    130.6
 *     23, 4                                         18.5    35.3    129.4
 *     23, 4, 4 stages                               18.8    36.3    132.3
 *     23, 2                                         18.2    34.9    127.4
 *     27, 2, 4 stages; registers are spilled        20.6    39.7    143
 *     27, 1, 4 stages; the same                     21.1    41.8    149
 *
 * 12 warps have the fewest threads and need 84 registers.
 */
#include "blend.cuh"
#include "deconv_sm90.cuh"
#include "patches.cuh"
#include "sm90.cuh"
#include "wgmma.cuh"

#include <string.h>

#define SIDE     (4 * TILE) /* pixels of a tile, each way */
#define UNITS    (SIDE / STRIP)
#define CHANNELS 64
#define COLUMNS  (8 * GROUPS_OF_8) /* of the product: 4 x 4 pixels of 5 */
#define WARPS    12                /* that blend */
#define INPUTS   2                 /* tiles of the deconv's input in shared memory ... */
#define STAGES   3                 /* ... and of patches and last levels */
#define THREADS  (32 * (4 + WARPS + 1))

#define IN_PLANE    (PITCH * PITCH * PIXEL)
#define IN_BYTES    (CHANNELS / 8 * IN_PLANE)
#define IN_ROOM     ((IN_BYTES + 127) / 128 * 128)
#define TAP_BYTES   (CHANNELS * COLUMNS * 2)
#define LEVEL_FLOW  (SIDE * SIDE * 8)
#define LEVEL_BYTES (LEVEL_FLOW + SIDE * SIDE * 2)

/* For levels 0 .. 2. */
struct tail_patches {
    static constexpr int LEVELS = 3;
    __host__ __device__ static constexpr patch patch_at(int i)
    {
        return i == 0   ? patch{ 8, -1, -1, 6, 12, 6 }
               : i == 1 ? patch{ 4, -1, -1, 9, 12, 9 }
                        : patch{ 2, -2, -2, 18, 20, 18 };
    }
};

#define PATCH_BYTES patches_bytes<tail_patches>()

/* Shared memory. */
#define AT_INPUTS  (TAPS * TAP_BYTES)
#define AT_PATCHES (AT_INPUTS + INPUTS * IN_ROOM)
#define AT_LEVELS  (AT_PATCHES + STAGES * PATCH_BYTES)
#define AT_PLACES  (AT_LEVELS + STAGES * LEVEL_BYTES)
#define AT_BIAS    (AT_PLACES + STAGES * (int)sizeof(int2))
#define AT_BARS    (AT_BIAS + COLUMNS / 4 * (int)sizeof(float))
#define BARS       (1 + 2 * INPUTS + 3 * STAGES)
#define ALL_SHARED (AT_BARS + BARS * 8)

static_assert(AT_INPUTS % 128 == 0 && AT_PATCHES % 128 == 0, "TMA wants 128 bytes");
static_assert(SIDE == PATCH_SIDE, "patches are of a tile's pixels");
static_assert(AT_BARS % 8 == 0, "barriers are aligned");
static_assert(UNITS * STAGES % WARPS == 0, "a warp sees every round of its stages");
static_assert(ALL_SHARED <= SHARED, "too much shared memory");

struct tail_params {
    CUtensorMap in;
    patch_maps levels;
    int level_width[PATCHES_MAX], level_height[PATCHES_MAX];
    const unsigned char *weight;
    const float *bias;
    filtered image0, image1;
    struct picture picture;
    __half2 *differences; /* [height][width] */
    int tiles_x, tiles;
};

/* --- device: flow and mask --------------------------------------------------------- */

#if !defined(__CUDA_ARCH__) || defined(__CUDA_ARCH_FEAT_SM90_ALL)

extern __shared__ __align__(1024) unsigned char shared[];

/* A level within the tile: its patches from a lane's left column on. */
struct patch_view {
    uint32_t flow, mask;
    float f;         /* weight of the right column */
    int top, bottom; /* first and last row that there is, counted from the patch's */
};

template <int i> SM90_INLINE motion patch_row(const patch_view &v, int row)
{
    constexpr patch k = tail_patches::patch_at(i);
    const int y = min(max(row, v.top), v.bottom);
    const uint32_t flow = v.flow + y * k.width * 16, mask = v.mask + y * k.mask_width * 4;
    return lerp(motion{ load_shared_float4(flow), load_shared_float(mask) },
                motion{ load_shared_float4(flow + 16), load_shared_float(mask + 4) },
                v.f);
}

/*
 * Adds level i, whose patches are at `from`, to pixels (x, STRIP unit ..) of the tile
 * (ty, tx). As add_level() of motion.cuh for strips that begin two pixels earlier. Rows
 * outside the level are clamped, of columns outside the weight is none: so a lane's
 * columns are the same in all tiles.
 */
template <int i>
SM90_INLINE void add_patch(motion (&m)[STRIP], uint32_t from, int height, int width,
                           int ty, int tx, int unit, int x)
{
    constexpr patch k = tail_patches::patch_at(i);
    const int y0 = ty * k.step() + k.first_y, x0 = tx * k.step() + k.first_x;
    const float at = fmaf((float)x - 1.5f, 1.0f / k.ratio, -0.5f), left = floorf(at);
    const int column = (int)left - k.first_x;
    const patch_view v = {
        from + column * 16,
        from + k.flow_bytes() + (column + k.first_x - MASK_X) * 4,
        x0 + column < 0            ? 1
        : x0 + column >= width - 1 ? 0
                                   : at - left,
        -y0,
        height - 1 - y0,
    };
    const int row = k.ratio == 8 ? unit >> 1 : k.ratio == 4 ? unit : 2 * unit;
    motion top = patch_row<i>(v, row), bottom = patch_row<i>(v, row + 1);
    if (k.ratio == 8) {
        const bool odd = unit & 1;
        const float y = odd ? 0.8125f : 0.3125f;
        add(m[0], lerp(top, bottom, y), 8);
        add(m[1], lerp(top, bottom, y + 0.125f), 8);
        if (odd) {
            top = bottom;
            bottom = patch_row<i>(v, row + 2);
        }
        const float z = odd ? 0.0625f : 0.5625f;
        add(m[2], lerp(top, bottom, z), 8);
        add(m[3], lerp(top, bottom, z + 0.125f), 8);
    } else if (k.ratio == 4) {
#pragma unroll
        for (int j = 0; j < STRIP; j++)
            add(m[j], lerp(top, bottom, 0.125f + 0.25f * (float)j), 4);
    } else {
        add(m[0], lerp(top, bottom, 0.75f), 2);
        top = bottom;
        bottom = patch_row<i>(v, row + 2);
        add(m[1], lerp(top, bottom, 0.25f), 2);
        add(m[2], lerp(top, bottom, 0.75f), 2);
        top = bottom;
        bottom = patch_row<i>(v, row + 3);
        add(m[3], lerp(top, bottom, 0.25f), 2);
    }
}

SM90_INLINE void add_last(motion (&m)[STRIP], const unsigned char *from, int unit, int x)
{
    const uint2 *flow = (const uint2 *)from + unit * STRIP * SIDE + x;
    const __half *mask = (const __half *)(from + LEVEL_FLOW) + unit * STRIP * SIDE + x;
#pragma unroll
    for (int j = 0; j < STRIP; j++) {
        const uint2 bits = flow[j * SIDE];
        const float2 a = __half22float2(*(const __half2 *)&bits.x);
        const float2 b = __half22float2(*(const __half2 *)&bits.y);
        add(m[j], motion{ make_float4(a.x, a.y, b.x, b.y), __half2float(mask[j * SIDE]) },
            1);
    }
}

/* --- device: who does what ---------------------------------------------------------- */

struct tail_state : tile_share {
    uint32_t base;

    __device__ __forceinline__ uint32_t bar(int i) const
    {
        return base + AT_BARS + i * 8;
    }
    __device__ __forceinline__ uint32_t weights_full() const
    {
        return bar(0);
    }
    __device__ __forceinline__ sm90_ring<INPUTS> inputs() const
    {
        return { bar(1) };
    }
    __device__ __forceinline__ uint32_t patch_full(int s) const
    {
        return bar(1 + 2 * INPUTS + s);
    }
    __device__ __forceinline__ uint32_t level_full(int s) const
    {
        return bar(1 + 2 * INPUTS + STAGES + s);
    }
    __device__ __forceinline__ uint32_t done(int s) const
    {
        return bar(1 + 2 * INPUTS + 2 * STAGES + s);
    }
    __device__ __forceinline__ uint32_t input(int s) const
    {
        return base + AT_INPUTS + s * IN_ROOM;
    }
};

/* Copies: inputs one tile ahead of the patches, which wait for room. */
static __device__ __forceinline__ void copy(const tail_params &p, const tail_state &b)
{
    for (int k = -1; k < b.passes; k++) {
        if (k + 1 < b.passes) {
            const int tile = b.first + (k + 1) * b.stride, s = (k + 1) % INPUTS;
            const int ty = tile / p.tiles_x, tx = tile - ty * p.tiles_x;
            b.inputs().wait_empty(k + 1);
            mbar_expect(b.inputs().full(s), IN_BYTES);
            copy_tensor(b.input(s), &p.in, (tx * TILE - 1) * 8, ty * TILE - 1, 0,
                        b.inputs().full(s));
        }
        if (k < 0)
            continue;
        const int tile = b.first + k * b.stride, s = k % STAGES;
        const int ty = tile / p.tiles_x, tx = tile - ty * p.tiles_x;
        if (k >= STAGES)
            mbar_wait(b.done(s), (k / STAGES - 1) & 1);
        copy_patches<tail_patches>(p.levels, b.base + AT_PATCHES + s * PATCH_BYTES, ty,
                                   tx, b.patch_full(s));
    }
}

/* To the last level at `to`; what d is, deconv_sm90.cuh says. */
SM90_INLINE void store_level(unsigned char *to, const float (&d)[COLUMNS / 2],
                             const float *bias, int warp, int lane)
{
    const int quad = lane % 4;
    const lane_bias b = deconv_lane_bias(bias, lane);
    half4 *flow = (half4 *)to + 2 * warp * 4 * SIDE + lane;
    __half2 *mask = (__half2 *)(to + LEVEL_FLOW) +
                    ((2 * warp * 4 + quad / 2) * SIDE + lane / 4 * 4 + quad % 2 * 2) / 2;
#pragma unroll
    for (int h = 0; h < 2; h++) {
#pragma unroll
        for (int a = 0; a < 2; a++) {
            const int row = 4 * h + 2 * a;
#pragma unroll
            for (int i = 0; i < 2; i++)
                put_pixel(flow, (row + i) * SIDE, deconv_flow(d, b, h, a, i));
            mask[row * SIDE / 2] = __float22half2_rn(deconv_mask(d, b, h, a));
        }
    }
}

/* The four warps that multiply. */
static __device__ __forceinline__ void multiply(const tail_params &p, const tail_state &b)
{
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const float *bias = (const float *)(shared + AT_BIAS);
    const uint64_t weights0 = wgmma_descriptor(b.base, 128, CHANNELS * 16);
    mbar_wait(b.weights_full(), 0);

#pragma unroll 1
    for (int k = 0; k < b.passes; k++) {
        const int in = k % INPUTS, s = k % STAGES;
        const uint64_t pixels0 = wgmma_descriptor(b.input(in), IN_PLANE, PITCH * PIXEL);
        b.inputs().wait_full(k);
        float d[COLUMNS / 2];
        wgmma_fence();
#pragma unroll
        for (int tap = 0; tap < TAPS; tap++) {
            const uint64_t pixels = pixels0 + (uint64_t)(tap / 2 * PITCH + tap % 2);
            const uint64_t weights = weights0 + (uint64_t)(tap * TAP_BYTES / 16);
#pragma unroll
            for (int step = 0; step < CHANNELS / 16; step++)
                wgmma<COLUMNS>::ss(d, pixels + (uint64_t)(step * 2 * (IN_PLANE / 16)),
                                   weights + (uint64_t)(step * 16), tap + step > 0);
        }
        wgmma_commit();
        wgmma_wait<0>();
        pin(d);
        if (lane == 0)
            b.inputs().release(k);
        if (k >= STAGES)
            mbar_wait(b.done(s), (k / STAGES - 1) & 1);
        store_level(shared + AT_LEVELS + s * LEVEL_BYTES, d, bias, warp, lane);
        if (threadIdx.x == 0) {
            const int tile = b.first + k * b.stride, ty = tile / p.tiles_x;
            ((int2 *)(shared + AT_PLACES))[s] = make_int2(tile - ty * p.tiles_x, ty);
        }
        __syncwarp();
        if (lane == 0)
            mbar_arrive(b.level_full(s));
    }
}

/* A warp that blends: every WARPS-th strip. */
static __device__ __forceinline__ void blend(const tail_params &p, const tail_state &b)
{
    const struct yuv &k = p.picture.yuv;
    const struct component &c = p.picture.c[0];
    const int lane = threadIdx.x % 32;

#pragma unroll 1
    for (int n = threadIdx.x / 32 - 4; n < b.passes * UNITS; n += WARPS) {
        const int pass = n / UNITS, unit = n % UNITS, s = pass % STAGES;
        const int parity = pass / STAGES & 1;
        const uint32_t patches = b.base + AT_PATCHES + s * PATCH_BYTES;
        mbar_wait(b.level_full(s), parity);
        mbar_wait(b.patch_full(s), parity);
        const int2 place = ((const int2 *)(shared + AT_PLACES))[s];
        const int x = SIDE * place.x - 2 + lane, y0 = SIDE * place.y - 2 + STRIP * unit;

        motion m[STRIP];
#pragma unroll
        for (int j = 0; j < STRIP; j++)
            m[j] = motion{ make_float4(0, 0, 0, 0), 0 };
        add_patch<0>(m, patches, p.level_height[0], p.level_width[0], place.y, place.x,
                     unit, lane);
        add_patch<1>(m, patches + patches_end<tail_patches>(1), p.level_height[1],
                     p.level_width[1], place.y, place.x, unit, lane);
        add_patch<2>(m, patches + patches_end<tail_patches>(2), p.level_height[2],
                     p.level_width[2], place.y, place.x, unit, lane);
        add_last(m, shared + AT_LEVELS + s * LEVEL_BYTES, unit, lane);
        __syncwarp();
        if (lane == 0)
            mbar_arrive(b.done(s));

        uint8_t *luma = c.first + (ptrdiff_t)y0 * c.stride + x * c.step;
        __half2 *difference = p.differences + y0 * k.width + x;
        const bool inside = (unsigned)x < (unsigned)k.width;
        float4 v0[STRIP], v1[STRIP];
#pragma unroll
        for (int j = 0; j < STRIP; j++) {
            const float4 f = m[j].flow;
            v0[j] = warp<false>(p.image0, x, y0 + j, f.x, f.y);
            v1[j] = warp<false>(p.image1, x, y0 + j, f.z, f.w);
        }
#pragma unroll
        for (int j = 0; j < STRIP; j++) {
            const float4 v = merge(v0[j], v1[j], m[j].mask);
            if (inside && (unsigned)(y0 + j) < (unsigned)k.height) {
                luma[(ptrdiff_t)j * c.stride] = (uint8_t)luma_code(p.picture, v);
                put_difference(difference + j * k.width, color_difference(k, v));
            }
        }
    }
}
#endif

__global__ void __launch_bounds__(THREADS, 1)
    tail_kernel(const __grid_constant__ tail_params p)
{
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    tail_state b;
    b.base = shared_address(shared);
    b.share(p.tiles, 1);

    const int warp = threadIdx.x / 32;
    grid_launch_dependents();
    if (threadIdx.x < COLUMNS / 4)
        ((float *)(shared + AT_BIAS))[threadIdx.x] = p.bias[threadIdx.x];
    if (threadIdx.x == 0) {
        mbar_init(b.weights_full(), 1);
        b.inputs().init(1, 4);
        for (int s = 0; s < STAGES; s++) {
            mbar_init(b.patch_full(s), 1);
            mbar_init(b.level_full(s), 4);
            mbar_init(b.done(s), UNITS);
        }
        mbar_init_fence();
        mbar_expect(b.weights_full(), TAPS * TAP_BYTES);
        copy_bulk(b.base, p.weight, TAPS * TAP_BYTES, b.weights_full());
    }
    __syncthreads();
    grid_wait();
    if (warp < 4)
        multiply(p, b);
    else if (warp < 4 + WARPS)
        blend(p, b);
    else if (threadIdx.x % 32 == 0)
        copy(p, b);
#endif
}

/* --- host ---------------------------------------------------------------------- */

static bool level_fits(const struct level *l, const struct image *im)
{
    return l->width * (int)l->scale == im->width_padded &&
           l->height * (int)l->scale == im->height_padded;
}

extern "C" bool tail_sm90_fits(const struct tail_args *a)
{
    const struct blend_store_args *s = &a->blend_store;
    const struct tensor *in = &a->deconv.in;
    if (s->level_count != CUDA_LEVELS || !fit_strips(s->levels, CUDA_LEVELS) ||
        !s->image0.texture || !s->image1.texture || !is_plain(&s->frame->format))
        return false;
    for (int i = 0; i < CUDA_LEVELS; i++)
        if (!level_fits(&s->levels[i], &s->image0) ||
            s->levels[i].dtype != (i == CUDA_LEVELS - 1 ? DTYPE_FP16 : DTYPE_FP32))
            return false;
    return in->dtype == DTYPE_FP16 && in->block == 8 && in->channels == CHANNELS &&
           4 * in->width == s->image0.width_padded &&
           4 * in->height == s->image0.height_padded &&
           a->deconv.out.flow == s->levels[CUDA_LEVELS - 1].flow;
}

extern "C" int tail_sm90(const struct tail_args *a, void *stream)
{
    const struct blend_store_args *s = &a->blend_store;
    const struct conv_pack *pack = (const struct conv_pack *)a->deconv.layer->plan;
    tail_params p;
    memset(&p, 0, sizeof p);
    int err = tensor_map(&p.in, &a->deconv.in, PITCH, PITCH, CHANNELS / 8);
    if (!err)
        err = map_patches<tail_patches>(&p.levels, p.level_width, p.level_height,
                                        s->levels);
    if (err < 0)
        return err;
    p.weight = (const unsigned char *)pack->weight;
    p.bias = pack->bias;
    read_image(&p.image0, &s->image0);
    read_image(&p.image1, &s->image1);
    p.picture = make_picture(s->frame, s->yuv);
    p.differences = (__half2 *)a->deconv.out.flow;
    /* Tiles begin two pixels early. */
    p.tiles_x = (int)div_up(p.picture.yuv.width + 2, SIDE);
    p.tiles = p.tiles_x * (int)div_up(p.picture.yuv.height + 2, SIDE);
    const int sms = multiprocessors();
    launch_in_chain_shared(tail_kernel, dim3((unsigned)(p.tiles < sms ? p.tiles : sms)),
                           dim3(THREADS), ALL_SHARED, stream_of(stream), p);
    blend_bring_down(p.picture, p.differences, stream_of(stream));
    return cuda_launched("tail_sm90");
}
