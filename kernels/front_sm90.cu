/*
 * front on Hopper (sm_90a): gather, conv0a and conv0b of blocks 2 and 3 in one kernel.
 *
 * What lies between them is larger than what goes in or comes out, 67 and 33 MB at
 * 1080p for block 3. Here it stays in shared memory. A tile is 8 x 8 outputs of
 * conv0b; it needs 17 x 17 of conv0a, and those 35 x 35 inputs:
 *
 *     flow, warps -> inputs -> wgmma, lrelu -> mid -> wgmma, lrelu -> out
 *                   35 x 35                 17 x 17                  8 x 8
 *
 * Parity planes. A convolution of stride 2 reads every other pixel. With even and
 * odd rows and columns in planes of their own it reads neighbours, and a tap is again
 * a shifted wgmma descriptor (see resconv_sm90.cu):
 *
 *     inputs [16/8][row % 2][column % 2][18][18][8 halves]    pixel (r, c) at (r/2, c/2)
 *     mid    [HALF/8][r % 2][c % 2][9][9] and 3 pixels to spare
 *
 *     tap (ky, kx) of output (y, x): plane (ky % 2, kx % 2), pixel (y + ky/2, x + kx/2)
 *
 * conv0a goes through its outputs with the pitch of the inputs, 17 rows of 18 in
 * five times 64; the 18th and what is past the end goes to the spare pixels. Planes
 * are 64 bytes off a multiple of 128, so that neighbours never share a bank.
 *
 * Blocks. Persistent, one per SM, with the weights of both convolutions. TEAMS teams
 * of warps make the inputs of one tile each, in strips (motion.cuh), while one
 * warpgroup multiplies: the arithmetic of flow and warps is most of the time. A team
 * waits for a buffer by parity, which tells a round from the next but not from the one
 * after: so there are never more teams than buffers.
 *
 * Requires sm_90a, FP16 tensors, levels of scale 8, 4 and 2, whole pictures.
 *
 * Measured, us (H200, 2026-11-24); before: gather, conv0a and conv0b as three kernels.
 *
 *                  1080p            4K              720p
 *                  before  front    before  front   before  front
 *     block 2      68.3    50.3     231.5   185.4   38.1    26.0
 *     block 3      119.9   68.6
 *
 * Of these at 1080p without gather, without the warps, without the convolutions: block
 * 2 15.6, 23.5, 42.3; block 3 44.7, 58.0, 45.3.
 *
 * Tried and dropped: block 3 with two buffers (70.1) or three teams of five warps
 * (70.9); block 2 with one team of twenty warps (51.6, with two buffers 52.9), two of
 * ten or seven (55.4, 55.2), three of five (64.8); block 3 with four teams on three
 * buffers: wrong, as above.
 */
#include "common.cuh"
#include "motion.cuh"
#include "sm90.cuh"
#include "wgmma.cuh"

#include <string.h>

#define TILE      8  /* outputs of conv0b, each way */
#define PIXEL     16 /* bytes of 8 channels of a pixel */
#define IN_SIZE   (4 * TILE + 3)
#define IN_PITCH  (2 * TILE + 2)
#define IN_PLANE  (IN_PITCH * IN_PITCH * PIXEL)
#define IN_BYTES  (8 * IN_PLANE)
#define MID_SIZE  (2 * TILE + 1)
#define MID_PITCH (TILE + 1)
#define MID_SPARE (MID_PITCH * MID_PITCH)
#define MID_PLANE ((MID_SPARE + 3) * PIXEL)
#define PASSES    5 /* of 64 outputs of conv0a */
#define SHARED    232448

static_assert(64 * PASSES >= (MID_SIZE - 1) * IN_PITCH + MID_SIZE, "passes cover conv0a");
static_assert(IN_PLANE % 128 == 64 && MID_PLANE % 128 == 64, "banks");

/* Of the block with LEVELS levels: TEAMS of TEAM_WARPS producers, BUFFERS for inputs. */
template <int LEVELS_, typename P_, int TEAMS_, int TEAM_WARPS_, int BUFFERS_>
struct front_design {
    typedef P_ P;
    static constexpr int LEVELS = LEVELS_, TEAMS = TEAMS_, TEAM_WARPS = TEAM_WARPS_,
                         BUFFERS = BUFFERS_;
    static constexpr int C = LEVELS == 3 ? 64 : 96, HALF = C / 2;
    static constexpr int SCALE = 8 >> LEVELS;
    static constexpr int ITEM_ROWS = STRIP / SCALE; /* inputs of a strip */
    static constexpr int items = (IN_SIZE + 1) / ITEM_ROWS * IN_SIZE;

    static constexpr int mid_k8 = 4 * MID_PLANE;
    static constexpr int weight0_bytes = 9 * IFNET_INPUTS * HALF * 2;
    static constexpr int weight1_bytes = 9 * HALF * C * 2;

    static constexpr int at_weight1 = weight0_bytes;
    static constexpr int at_mid = at_weight1 + weight1_bytes;
    static constexpr int at_inputs = at_mid + HALF / 8 * mid_k8;
    /* conv0a reads up to 240 bytes past a plane, for outputs that nobody uses. */
    static constexpr int at_bias = at_inputs + BUFFERS * IN_BYTES;
    static constexpr int at_bars = at_bias + (HALF + C) * 4;
    static constexpr int shared = at_bars + (2 * BUFFERS + 1) * 8;

    static constexpr int threads = 128 + TEAMS * TEAM_WARPS * 32;

    static_assert(LEVELS == 2 || LEVELS == 3, "blocks 2 and 3");
    static_assert(shared <= SHARED, "too much shared memory");
    static_assert(TEAMS <= BUFFERS, "a team could take a buffer that is not empty");
};

struct front_params {
    levels l;
    const void *image0, *image1;
    const float *t;
    const unsigned char *weight0, *weight1;
    const float *bias0, *bias1;
    __half *out;
    int width_padded, height_padded; /* of the images */
    int in_height, in_width, height, width;
    int tiles_x, tiles;
};

/* --- device: producers ------------------------------------------------------------ */

#if !defined(__CUDA_ARCH__) || defined(__CUDA_ARCH_FEAT_SM90_ALL)

#define ROUND_DOWN 8388608.0f /* 2^23: adding it leaves no fraction */
#define ROUND_BITS 0x4B000000u

struct rgb {
    float r, g, b;
};

SM90_INLINE rgb lerp(const rgb &lo, const rgb &hi, float f)
{
    return rgb{ lerp(lo.r, hi.r, f), lerp(lo.g, hi.g, f), lerp(lo.b, hi.b, f) };
}

/* A pixel clamped to 0..1. */
SM90_INLINE rgb unit_pixel(const float4 *at)
{
    float4 v = unit4(__ldg(at));
    return rgb{ v.x, v.y, v.z };
}

SM90_INLINE rgb unit_pixel(const half4 *at)
{
    const uint2 bits = __ldg(&at->bits);
    const __half2 zero = __floats2half2_rn(0, 0);
    const float2 lo = __half22float2(__hadd2_sat(*(const __half2 *)&bits.x, zero));
    const __half2 hi = __hadd2_sat(*(const __half2 *)&bits.y, zero);
    return rgb{ lo.x, lo.y, __low2float(hi) };
}

/*
 * warp<true>() of motion.cuh in fewer instructions: the last column and row are read
 * with weight 1 from the taps before them, so that the four taps are always two by
 * two neighbours; and rounding down is an addition.
 */
template <typename P>
SM90_INLINE rgb warp_unit(const P *im, const front_params &p, float x, float y)
{
    const float px = fminf(fmaxf(x, 0), (float)(p.width_padded - 1));
    const float py = fminf(fmaxf(y, 0), (float)(p.height_padded - 1));
    const float x0 =
        fminf(__fadd_rd(px, ROUND_DOWN), (float)(p.width_padded - 2) + ROUND_DOWN);
    const float y0 =
        fminf(__fadd_rd(py, ROUND_DOWN), (float)(p.height_padded - 2) + ROUND_DOWN);
    const float fx = px - (x0 - ROUND_DOWN), fy = py - (y0 - ROUND_DOWN);
    const unsigned w = (unsigned)p.width_padded;
    const unsigned at =
        __float_as_uint(y0) * w + __float_as_uint(x0) - ROUND_BITS * (w + 1);
    const P *top = im + at, *bottom = top + w;
    const rgb left = lerp(unit_pixel(top), unit_pixel(bottom), fy);
    const rgb right = lerp(unit_pixel(top + 1), unit_pixel(bottom + 1), fy);
    return lerp(left, right, fx);
}

SM90_INLINE uint32_t halves(float a, float b)
{
    const __half2 h = __floats2half2_rn(a, b);
    return *(const uint32_t *)&h;
}

/* One input, at pixel `at` of its plane. */
SM90_INLINE void put_input(uint32_t at, const rgb &a, const rgb &b, float t, float mask,
                           float4 flow)
{
    store_shared4(at, make_uint4(halves(a.r, a.g), halves(a.b, b.r), halves(b.g, b.b),
                                 halves(t, mask)));
    store_shared4(at + 4 * IN_PLANE,
                  make_uint4(halves(flow.x, flow.y), halves(flow.z, flow.w), 0, 0));
}

SM90_INLINE rgb sum(const rgb &a, const rgb &b)
{
    return rgb{ a.r + b.r, a.g + b.g, a.b + b.b };
}

/* The inputs of tile (ty, tx) at `inputs`: item i, i + step, ... */
template <class D>
static __device__ __forceinline__ void make_inputs(const front_params &p, uint32_t inputs,
                                                   int ty, int tx, int first, float t)
{
    typedef typename D::P P;
    const P *image0 = (const P *)p.image0, *image1 = (const P *)p.image1;
#pragma unroll 1
    for (int i = first; i < D::items; i += D::TEAM_WARPS * 32) {
        const int strip = i / IN_SIZE, column = i - strip * IN_SIZE;
        const int x = 4 * TILE * tx - 3 + column;
        const int y = 4 * TILE * ty - 4 + strip * D::ITEM_ROWS;
        const uint32_t at = inputs + column % 2 * IN_PLANE + column / 2 * PIXEL;
        const bool inside =
            (unsigned)x < (unsigned)p.in_width && (unsigned)y < (unsigned)p.in_height;
        motion m[D::SCALE][STRIP];
        if (inside)
            strip_flow<D::LEVELS, D::SCALE>(m, p.l, x * D::SCALE, y * D::SCALE);
            /* Row -1 of the inputs belongs to the first strip, and is not needed. */
#pragma unroll
        for (int j = 0; j < D::ITEM_ROWS; j++) {
            const int row = strip * D::ITEM_ROWS + j - 1;
            const uint32_t to =
                at + (row & 1) * 2 * IN_PLANE + (row >> 1) * IN_PITCH * PIXEL;
            if (row < 0)
                continue;
            if (!inside) {
                store_shared4(to, make_uint4(0, 0, 0, 0));
                store_shared4(to + 4 * IN_PLANE, make_uint4(0, 0, 0, 0));
                continue;
            }
            if (D::SCALE == 1) {
                const float4 f = m[0][j].flow;
                const float fx = (float)x, fy = (float)(y + j);
                put_input(to, warp_unit(image0, p, fx + f.x, fy + f.y),
                          warp_unit(image1, p, fx + f.z, fy + f.w), t, m[0][j].mask, f);
            } else {
                rgb a = { 0, 0, 0 }, b = { 0, 0, 0 };
                float4 flow = make_float4(0, 0, 0, 0);
                float mask = 0;
#pragma unroll
                for (int k = 0; k < 4; k++) {
                    const motion &v = m[k % 2 % D::SCALE][(2 * j + k / 2) % STRIP];
                    const float fx = (float)(2 * x + k % 2),
                                fy = (float)(2 * (y + j) + k / 2);
                    a = sum(a, warp_unit(image0, p, fx + v.flow.x, fy + v.flow.y));
                    b = sum(b, warp_unit(image1, p, fx + v.flow.z, fy + v.flow.w));
                    flow.x += v.flow.x, flow.y += v.flow.y;
                    flow.z += v.flow.z, flow.w += v.flow.w;
                    mask += v.mask;
                }
                const float q = 0.25f, f = 0.125f;
                put_input(to, rgb{ a.r * q, a.g * q, a.b * q },
                          rgb{ b.r * q, b.g * q, b.b * q }, t, mask * q,
                          make_float4(flow.x * f, flow.y * f, flow.z * f, flow.w * f));
            }
        }
    }
}

/* --- device: the convolutions ------------------------------------------------------ */

SM90_INLINE float lrelu(float v)
{
    return fmaxf(v, LEAKY_SLOPE * v);
}

SM90_INLINE float2 load_shared_float2(uint32_t at)
{
    float2 v;
    asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];" : "=f"(v.x), "=f"(v.y) : "r"(at));
    return v;
}

/* Issues pass m of conv0a: 64 of its outputs in the order of the inputs' planes. */
template <class D>
SM90_INLINE void multiply0(float (&d)[D::HALF / 2], uint64_t pixels, uint64_t weights,
                           int m)
{
    wgmma_fence();
#pragma unroll
    for (int tap = 0; tap < 9; tap++) {
        const int ky = tap / 3, kx = tap % 3;
        const int shift =
            (ky % 2 * 2 + kx % 2) * (IN_PLANE / 16) + ky / 2 * IN_PITCH + kx / 2;
        wgmma<D::HALF>::ss(d, pixels + (uint64_t)(m * 64 + shift),
                           weights + (uint64_t)(tap * 2 * D::HALF), tap > 0);
    }
    wgmma_commit();
}

/*
 * To mid: d[4 j + 2 h + q] is channel 8 j + 2 (lane % 4) + q of output lane / 4 + 8 h of
 * the warp's 16. to[h]: where stmatrix wants output lane % 8 + 8 h, channel block
 * lane / 8. outside: bit h, output is conv0b's padding.
 */
template <class D>
SM90_INLINE void epilogue0(const float (&d)[D::HALF / 2], uint32_t bias,
                           const uint32_t *to, uint32_t outside)
{
#pragma unroll
    for (int j = 0; j < D::HALF / 8; j += 4) {
        uint32_t r[2][4];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            if (j + i >= D::HALF / 8)
                continue;
            const float2 v = load_shared_float2(bias + (j + i) * 32);
#pragma unroll
            for (int h = 0; h < 2; h++) {
                const int at = 4 * (j + i) + 2 * h;
                r[h][i] = halves(lrelu(d[at] + v.x), lrelu(d[at + 1] + v.y));
                if (outside >> h & 1)
                    r[h][i] = 0;
            }
        }
#pragma unroll
        for (int h = 0; h < 2; h++) {
            if (j + 4 <= D::HALF / 8)
                stmatrix4(to[h] + j * D::mid_k8, r[h]);
            else
                stmatrix2(to[h] + j * D::mid_k8, r[h]);
        }
    }
}

template <class D> struct front_state {
    uint32_t base;
    int first, stride, passes;

    __device__ __forceinline__ uint32_t bar(int i) const
    {
        return base + D::at_bars + i * 8;
    }
    __device__ __forceinline__ uint32_t weights_full() const
    {
        return bar(0);
    }
    __device__ __forceinline__ uint32_t full(int s) const
    {
        return bar(1 + s);
    }
    __device__ __forceinline__ uint32_t empty(int s) const
    {
        return bar(1 + D::BUFFERS + s);
    }
    __device__ __forceinline__ uint32_t inputs(int s) const
    {
        return base + D::at_inputs + s * IN_BYTES;
    }
};

/* The warpgroup that multiplies. */
template <class D>
static __device__ __forceinline__ void multiply(const front_params &p,
                                                const front_state<D> &b)
{
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4;
    const uint32_t mid = b.base + D::at_mid;
    const uint32_t bias0 = b.base + D::at_bias + lane % 4 * 8;
    const uint32_t bias1 = bias0 + D::HALF * 4;

    /* Of outputs of conv0a: where they go, and which lie in row or column 0. */
    uint32_t to[PASSES][2], row0 = 0, column0 = 0;
#pragma unroll
    for (int m = 0; m < PASSES; m++) {
#pragma unroll
        for (int h = 0; h < 2; h++) {
            const int flat = 64 * m + 16 * warp + 8 * h;
            const int r = (flat + lane % 8) / IN_PITCH, c = (flat + lane % 8) % IN_PITCH;
            const bool used = r < MID_SIZE && c < MID_SIZE;
            to[m][h] = mid + lane / 8 * D::mid_k8 + (r % 2 * 2 + c % 2) * MID_PLANE +
                       (used ? r / 2 * MID_PITCH + c / 2 : MID_SPARE) * PIXEL;
            if ((flat + lane / 4) / IN_PITCH == 0)
                row0 |= 1u << (2 * m + h);
            if ((flat + lane / 4) % IN_PITCH == 0)
                column0 |= 1u << (2 * m + h);
        }
    }

    const uint64_t weights0 = wgmma_descriptor(b.base, D::HALF * 16, 128);
    const uint64_t weights1 = wgmma_descriptor(b.base + D::at_weight1, D::C * 16, 128);
    const uint64_t mid0 = wgmma_descriptor(mid, D::mid_k8, MID_PITCH * PIXEL);
    mbar_wait(b.weights_full(), 0);

    for (int k = 0; k < b.passes; k++) {
        const int tile = b.first + k * b.stride, s = k % D::BUFFERS;
        const int ty = tile / p.tiles_x, tx = tile - ty * p.tiles_x;
        const uint64_t pixels = wgmma_descriptor(b.inputs(s), 4 * IN_PLANE, 8 * PIXEL);
        const uint32_t outside = (ty == 0 ? row0 : 0) | (tx == 0 ? column0 : 0);

        mbar_wait(b.full(s), (k / D::BUFFERS) & 1);
        {
            float d[2][D::HALF / 2];
            multiply0<D>(d[0], pixels, weights0, 0);
#pragma unroll
            for (int m = 0; m < PASSES; m++) {
                if (m + 1 < PASSES) {
                    multiply0<D>(d[(m + 1) % 2], pixels, weights0, m + 1);
                    wgmma_wait<1>();
                } else {
                    wgmma_wait<0>();
                    if (lane == 0)
                        mbar_arrive(b.empty(s));
                }
                pin(d[m % 2]);
                epilogue0<D>(d[m % 2], bias0, to[m], outside >> (2 * m));
            }
        }
        fence_async_shared();
        named_barrier(1, 128);

        float d[D::C / 2];
        wgmma_fence();
#pragma unroll
        for (int tap = 0; tap < 9; tap++) {
            const int ky = tap / 3, kx = tap % 3;
            const int shift =
                (ky % 2 * 2 + kx % 2) * (MID_PLANE / 16) + ky / 2 * MID_PITCH + kx / 2;
#pragma unroll
            for (int step = 0; step < D::HALF / 16; step++)
                wgmma<D::C>::ss(d, mid0 + (uint64_t)(shift + step * 2 * (D::mid_k8 / 16)),
                                weights1 +
                                    (uint64_t)((tap * D::HALF / 8 + 2 * step) * D::C),
                                tap + step > 0);
        }
        wgmma_commit();
        wgmma_wait<0>();
        pin(d);
        named_barrier(1, 128); /* mid may be written again */

        /* A warp has two rows of the tile: pixel lane / 4, channels as above. */
        const int x = tx * TILE + lane / 4, y = ty * TILE + 2 * warp;
        const size_t plane = (size_t)p.height * p.width;
        __half *g = p.out + ((size_t)y * p.width + x) * 8 + lane % 4 * 2;
        const bool inside0 = x < p.width && y < p.height;
        const bool inside1 = x < p.width && y + 1 < p.height;
#pragma unroll
        for (int j = 0; j < D::C / 8; j++) {
            const float2 v = load_shared_float2(bias1 + j * 32);
            if (inside0)
                *(uint32_t *)(g + j * plane * 8) =
                    halves(lrelu(d[4 * j] + v.x), lrelu(d[4 * j + 1] + v.y));
            if (inside1)
                *(uint32_t *)(g + (j * plane + p.width) * 8) =
                    halves(lrelu(d[4 * j + 2] + v.x), lrelu(d[4 * j + 3] + v.y));
        }
    }
}

template <class D>
static __device__ __forceinline__ void produce(const front_params &p,
                                               const front_state<D> &b)
{
    const int warp = threadIdx.x / 32 - 4, lane = threadIdx.x % 32;
    const int team = warp / D::TEAM_WARPS;
    const int first = warp % D::TEAM_WARPS * 32 + lane;
    const float t = *p.t;

    for (int k = team; k < b.passes; k += D::TEAMS) {
        const int tile = b.first + k * b.stride, s = k % D::BUFFERS;
        const int ty = tile / p.tiles_x, tx = tile - ty * p.tiles_x;
        if (k >= D::BUFFERS)
            mbar_wait(b.empty(s), (k / D::BUFFERS - 1) & 1);
        make_inputs<D>(p, b.inputs(s), ty, tx, first, t);
        fence_async_shared();
        __syncwarp();
        if (lane == 0)
            mbar_arrive(b.full(s));
    }
}
#endif

template <class D>
__global__ void __launch_bounds__(D::threads, 1)
    front_kernel(const __grid_constant__ front_params p)
{
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    extern __shared__ __align__(1024) unsigned char shared[];
    front_state<D> b;
    b.base = shared_address(shared);
    b.first = blockIdx.x;
    b.stride = gridDim.x;
    b.passes = (p.tiles - 1 - b.first) / b.stride + 1;

    grid_launch_dependents();
    float *bias = (float *)(shared + D::at_bias);
    if (threadIdx.x < D::HALF)
        bias[threadIdx.x] = p.bias0[threadIdx.x];
    else if (threadIdx.x < D::HALF + D::C)
        bias[threadIdx.x] = p.bias1[threadIdx.x - D::HALF];
    if (threadIdx.x == 0) {
        mbar_init(b.weights_full(), 1);
        for (int s = 0; s < D::BUFFERS; s++) {
            mbar_init(b.full(s), D::TEAM_WARPS);
            mbar_init(b.empty(s), 4);
        }
        mbar_init_fence();
        mbar_expect(b.weights_full(), D::weight0_bytes + D::weight1_bytes);
        copy_bulk(b.base, p.weight0, D::weight0_bytes, b.weights_full());
        copy_bulk(b.base + D::at_weight1, p.weight1, D::weight1_bytes, b.weights_full());
    }
    __syncthreads();
    grid_wait();
    if (threadIdx.x < 128)
        multiply<D>(p, b);
    else
        produce<D>(p, b);
#endif
}

/* --- host ---------------------------------------------------------------------- */

struct front_version {
    void (*kernel)(front_params);
    int level_count;
    bool image_is_half;
    int threads, shared;
};

#define VERSION(levels, pixel, ...)                                                      \
    {                                                                                    \
        front_kernel<front_design<levels, pixel, __VA_ARGS__>>, levels,                  \
            sizeof(pixel) == sizeof(half4),                                              \
            front_design<levels, pixel, __VA_ARGS__>::threads,                           \
            front_design<levels, pixel, __VA_ARGS__>::shared                             \
    }

static const struct front_version versions[] = {
    VERSION(3, half4, 2, 10, 3),
    VERSION(3, float4, 2, 10, 3),
    VERSION(2, half4, 1, 10, 1),
    VERSION(2, float4, 1, 10, 1),
};
#define VERSIONS (int)(sizeof versions / sizeof *versions)

extern "C" size_t front_sm90_pack_bytes(const struct conv_layer *l)
{
    return (size_t)9 * ((l->cin + 15) / 16 * 16) * l->cout * sizeof(__half);
}

/* [tap][cin / 8][cout][8], cin rounded up to 16 */
extern "C" void front_sm90_pack(const struct conv_layer *l, void *out)
{
    __half *to = (__half *)out;
    for (int tap = 0; tap < 9; tap++)
        for (int k = 0; k < (l->cin + 15) / 16 * 16; k += 8)
            for (int o = 0; o < l->cout; o++)
                for (int i = k; i < k + 8; i++)
                    *to++ = __float2half_rn(
                        i < l->cin ? l->weight[(size_t)(tap * l->cin + i) * l->cout + o]
                                   : 0);
}

/* NULL: none fits. */
static const struct front_version *choose(const struct front_args *a)
{
    const struct gather_args *g = &a->gather;
    for (const struct front_version *v = versions; v < versions + VERSIONS; v++)
        if (v->level_count == g->level_count && v->image_is_half == g->image0.is_half &&
            g->image1.is_half == g->image0.is_half)
            return v;
    return NULL;
}

/* Whole pictures, at the network's own scale. */
extern "C" bool front_sm90_fits(const struct front_args *a)
{
    const struct gather_args *g = &a->gather;
    const int c = g->level_count == 3 ? 64 : 96;
    return choose(a) && g->top == 0 && g->scale == (float)(8 >> g->level_count) &&
           g->out.height * (int)g->scale == g->image0.height_padded &&
           g->out.width * (int)g->scale == g->image0.width_padded &&
           g->out.height == 4 * a->out.height && g->out.width == 4 * a->out.width &&
           fit_strips(g->levels, g->level_count) && a->out.is_half && a->out.block == 8 &&
           a->out.channels == c && a->conv0->cin <= IFNET_INPUTS &&
           a->conv0->cout == c / 2 && a->conv1->cin == c / 2 && a->conv1->cout == c;
}

extern "C" int front_sm90(const struct front_args *a, const struct conv_pack *conv0,
                          const struct conv_pack *conv1, void *stream)
{
    const struct gather_args *g = &a->gather;
    const struct front_version *v = choose(a);
    int device = 0, sms = 0;
    cudaGetDevice(&device);
    cudaDeviceGetAttribute(&sms, cudaDevAttrMultiProcessorCount, device);
    struct front_params p;
    memset(&p, 0, sizeof p);
    p.l = make_levels(g->levels, g->level_count);
    p.image0 = g->image0.data;
    p.image1 = g->image1.data;
    p.t = g->t;
    p.weight0 = (const unsigned char *)conv0->weight;
    p.weight1 = (const unsigned char *)conv1->weight;
    p.bias0 = conv0->bias;
    p.bias1 = conv1->bias;
    p.out = (__half *)a->out.half;
    p.width_padded = g->image0.width_padded;
    p.height_padded = g->image0.height_padded;
    p.in_height = 4 * a->out.height;
    p.in_width = 4 * a->out.width;
    p.height = a->out.height;
    p.width = a->out.width;
    p.tiles_x = (int)div_up(p.width, TILE);
    p.tiles = p.tiles_x * (int)div_up(p.height, TILE);

    cudaLaunchAttribute early = {};
    early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    early.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3((unsigned)(p.tiles < sms ? p.tiles : sms));
    config.blockDim = dim3((unsigned)v->threads);
    config.dynamicSmemBytes = (size_t)v->shared;
    config.stream = stream_of(stream);
    config.attrs = &early;
    config.numAttrs = 1;
    cudaFuncSetAttribute(v->kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                         v->shared);
    cudaLaunchKernelEx(&config, v->kernel, p);
    return cuda_launched("front_sm90");
}
