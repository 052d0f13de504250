/*
 * front on Hopper (sm_90a): gather, conv0a and conv0b of blocks 2 and 3 in one kernel.
 *
 * The tensors between them are larger than input and output, 67 and 33 MB at 1080p for
 * block 3. Here they stay in shared memory. A tile is 8 x 8 outputs of conv0b; it needs
 * 17 x 17 of conv0a, and those 35 x 35 inputs:
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
 * Blocks. Persistent, one per SM, with the weights of both convolutions. TEAMS teams of
 * warps make the inputs of one tile each, in strips (motion.cuh), while GROUPS warpgroups
 * multiply, every GROUPS-th tile each. TMA loads a tile's part of the levels while the
 * previous tile is computed. Images are read by the texture unit where they have a
 * texture; all fetches of a strip are under way before the first is used. A team waits
 * for a buffer by the barrier's parity, which distinguishes a round from the next but not
 * from the one after: so there are never more teams than buffers, and a group always
 * takes the same ones.
 *
 * Requires sm_90a, FP16 tensors, levels of scale 8, 4 and 2, whole pictures, images of
 * FP32 or with a texture.
 *
 * Measured, us (H200, 2026-11-29, 1080p, graphs of 16), with what came one after the
 * other; three: gather and both conv_s2 as kernels of their own.
 *
 *                three   front, pixels   texture   levels    all fetches    two
 *                        by arithmetic   unit      by TMA    at once        groups
 *     block 2    61.4    50.3            38.0      34.4      33.2
 *     block 3    116.5   68.6            60.7      58.4      57.7           53.5
 *
 * Of block 3's 58.4 (levels by TMA) without the textures, without reading the levels,
 * without the products, without any of the gathering: 55.6, 52.9, 45.5, 49.4; of block
 * 2's 34.4: 22.3, 27.6, 30.8, 20.4. Either half alone takes four fifths of the whole:
 * what is left is latency within a tile.
 *
 * Tried and dropped: the same for blocks 1 and 0, in 2 and 6 slices of outputs (31.7 and
 * 24.9; three kernels 28.5 and 19.0); block 2 with 7, 14 or 20 warps (35.5, 41.3, 36.5)
 * or two teams (57.3: too few registers); block 3 with two teams of 5, 7 or 8 warps for
 * two groups (55.5, 60.5, 61.1), one of 20 (55.2), two of 10 (56.5); sums of conv0a that
 * start from the bias while the pass before is under way (the compiler waits for that).
 * A copy of masks that does not begin at 16 bytes is an illegal instruction.
 */
#include "common.cuh"
#include "motion.cuh"
#include "patches.cuh"
#include "sm90.cuh"
#include "wgmma.cuh"

#include <string.h>

#define TILE      8 /* outputs of conv0b, each way */
#define IN_SIZE   (4 * TILE + 3)
#define IN_PITCH  (2 * TILE + 2)
#define IN_PLANE  (IN_PITCH * IN_PITCH * PIXEL)
#define IN_BYTES  (8 * IN_PLANE)
#define MID_SIZE  (2 * TILE + 1)
#define MID_PITCH (TILE + 1)
#define MID_SPARE (MID_PITCH * MID_PITCH)
#define MID_PLANE ((MID_SPARE + 3) * PIXEL)
#define PASSES    5 /* of 64 outputs of conv0a */

static_assert(64 * PASSES >= (MID_SIZE - 1) * IN_PITCH + MID_SIZE, "passes cover conv0a");
static_assert(IN_PLANE % 128 == 64 && MID_PLANE % 128 == 64, "banks");
static_assert(4 * TILE == PATCH_SIDE, "patches are of a tile's inputs");

/* For a level `ratio` times as coarse as the inputs. */
CONSTEXPR patch patch_of(int ratio)
{
    return ratio == 8   ? patch{ 8, -1, -1, 6, 12, 6 }
           : ratio == 4 ? patch{ 4, -2, -2, 11, 16, 11 }
                        : patch{ 2, -2, -3, 19, 24, 20 };
}

/* For the block with this many levels: its inputs are twice as fine as the last. */
template <int LEVELS_> struct front_patches {
    static constexpr int LEVELS = LEVELS_;
    __host__ __device__ static constexpr patch patch_at(int i)
    {
        return patch_of(1 << (LEVELS - i));
    }
};

/*
 * For the block with LEVELS levels, with images read as S: GROUPS warpgroups that
 * multiply, TEAMS of TEAM_WARPS producers, BUFFERS for inputs.
 */
template <int LEVELS_, typename S_, int GROUPS_, int TEAMS_, int TEAM_WARPS_,
          int BUFFERS_>
struct front_design {
    typedef S_ S;
    typedef front_patches<LEVELS_> P;
    static constexpr int LEVELS = LEVELS_, GROUPS = GROUPS_, TEAMS = TEAMS_,
                         TEAM_WARPS = TEAM_WARPS_, BUFFERS = BUFFERS_;
    static constexpr int C = LEVELS == 3 ? 64 : 96, HALF = C / 2;
    static constexpr int SCALE = 8 >> LEVELS;
    static constexpr int ITEM_ROWS = STRIP / SCALE; /* inputs of a strip */
    static constexpr int items = (IN_SIZE + 1) / ITEM_ROWS * IN_SIZE;

    static constexpr int mid_k8 = 4 * MID_PLANE;
    static constexpr int weight0_bytes = 9 * IFNET_INPUTS * HALF * 2;
    static constexpr int weight1_bytes = 9 * HALF * C * 2;

    static constexpr int at_weight1 = weight0_bytes;
    static constexpr int at_mid = at_weight1 + weight1_bytes;
    static constexpr int mid_bytes = HALF / 8 * mid_k8;
    static constexpr int at_inputs = at_mid + GROUPS * mid_bytes;
    /* conv0a reads up to 240 bytes past a plane, for outputs that nobody uses. */
    static constexpr int at_patches = at_inputs + BUFFERS * IN_BYTES;
    static constexpr int at_bias = at_patches + TEAMS * 2 * patches_bytes<P>();
    static constexpr int at_bars = at_bias + (HALF + C) * 4;
    static constexpr int bars = 2 * BUFFERS + 1 + 2 * TEAMS;
    static constexpr int shared = at_bars + bars * 8;

    static constexpr int threads = 128 * GROUPS + TEAMS * TEAM_WARPS * 32;

    static_assert(LEVELS == 2 || LEVELS == 3, "blocks 2 and 3");
    static_assert(at_patches % 128 == 0, "TMA wants patches aligned");
    static_assert(shared <= SHARED, "too much shared memory");
    static_assert(TEAMS <= BUFFERS, "a team could take a buffer that is not empty");
    static_assert(BUFFERS % GROUPS == 0, "a group could take a buffer that is not full");
};

template <typename S> struct front_params {
    patch_maps levels;
    int level_width[PATCHES_MAX], level_height[PATCHES_MAX];
    S image0, image1;
    const float *t;
    const unsigned char *weight0, *weight1;
    const float *bias0, *bias1;
    __half *out;
    int in_height, in_width, height, width;
    int tiles_x, tiles;
};

/* --- device: producers ------------------------------------------------------------ */

#if !defined(__CUDA_ARCH__) || defined(__CUDA_ARCH_FEAT_SM90_ALL)

extern __shared__ __align__(1024) unsigned char shared[];

/* Levels by their patches in shared memory, as strip_flow() wants them. */
template <class D> struct patches {
    const int *width, *height; /* of the levels */
    int at;                    /* in shared memory */
    int ty, tx;
};

template <class D>
SM90_INLINE motion level_at(const patches<D> &l, int i, int row, int column)
{
    const patch k = D::P::patch_at(i);
    const int y = row - l.ty * k.step() - k.first_y, x = column - l.tx * k.step();
    const unsigned char *flow = shared + l.at + patches_end<typename D::P>(i);
    const unsigned char *mask = flow + k.flow_bytes();
    return motion{ ((const float4 *)flow)[y * k.width + x - k.first_x],
                   ((const float *)mask)[y * k.mask_width + x - MASK_X] };
}

struct rgb {
    float r, g, b;
};

/* warp<true>() of motion.cuh without alpha. */
template <typename S>
SM90_INLINE rgb warp_unit(const S &im, int x, int y, float dx, float dy)
{
    const float4 v = warp<true>(im, x, y, dx, dy);
    return rgb{ v.x, v.y, v.z };
}

/* One input, at pixel `at` of its plane. Outside the picture all of it is zero. */
SM90_INLINE void put_input(uint32_t at, bool inside, const rgb &a, const rgb &b, float t,
                           float mask, float4 flow)
{
    const uint4 none = make_uint4(0, 0, 0, 0);
    const uint4 low =
        make_uint4(halves(a.r, a.g), halves(a.b, b.r), halves(b.g, b.b), halves(t, mask));
    const uint4 high = make_uint4(halves(flow.x, flow.y), halves(flow.z, flow.w), 0, 0);
    store_shared4(at, inside ? low : none);
    store_shared4(at + 4 * IN_PLANE, inside ? high : none);
}

SM90_INLINE rgb add_quarter(const rgb &a, const rgb &b)
{
    return rgb{ fmaf(b.r, 0.25f, a.r), fmaf(b.g, 0.25f, a.g), fmaf(b.b, 0.25f, a.b) };
}

/* The inputs of tile (ty, tx) at `inputs`: item i, i + step, ... */
template <class D>
static __device__ __forceinline__ void make_inputs(const front_params<typename D::S> &p,
                                                   const patches<D> &l, uint32_t inputs,
                                                   int first, float t)
{
    const int ty = l.ty, tx = l.tx;
#pragma unroll 1
    for (int i = first; i < D::items; i += D::TEAM_WARPS * 32) {
        const int strip = i / IN_SIZE, column = i - strip * IN_SIZE;
        const int x = 4 * TILE * tx - 3 + column;
        const int y = 4 * TILE * ty - 4 + strip * D::ITEM_ROWS;
        const uint32_t at = inputs + column % 2 * IN_PLANE + column / 2 * PIXEL;
        const bool inside =
            (unsigned)x < (unsigned)p.in_width && (unsigned)y < (unsigned)p.in_height;
        motion m[D::SCALE][STRIP];
        strip_flow<D::LEVELS, D::SCALE>(m, l, x * D::SCALE, y * D::SCALE);
        /* First everything that is fetched, then what is stored: so that all of it is
         * under way at once. */
        rgb a[D::ITEM_ROWS], b[D::ITEM_ROWS];
#pragma unroll
        for (int j = 0; j < D::ITEM_ROWS; j++) {
            if (D::SCALE == 1) {
                const float4 f = m[0][j].flow;
                a[j] = warp_unit(p.image0, x, y + j, f.x, f.y);
                b[j] = warp_unit(p.image1, x, y + j, f.z, f.w);
                continue;
            }
            a[j] = b[j] = rgb{ 0, 0, 0 };
#pragma unroll
            for (int k = 0; k < 4; k++) {
                const float4 f = m[k % 2 % D::SCALE][(2 * j + k / 2) % STRIP].flow;
                const int px = 2 * x + k % 2, py = 2 * (y + j) + k / 2;
                a[j] = add_quarter(a[j], warp_unit(p.image0, px, py, f.x, f.y));
                b[j] = add_quarter(b[j], warp_unit(p.image1, px, py, f.z, f.w));
            }
        }
#pragma unroll
        for (int j = 0; j < D::ITEM_ROWS; j++) {
            const int row = strip * D::ITEM_ROWS + j - 1;
            const uint32_t to =
                at + (row & 1) * 2 * IN_PLANE + (row >> 1) * IN_PITCH * PIXEL;
            motion v = m[0][j];
            if (D::SCALE == 2) {
                v = motion{ make_float4(0, 0, 0, 0), 0 };
#pragma unroll
                for (int k = 0; k < 4; k++) {
                    const motion &q = m[k % 2 % D::SCALE][(2 * j + k / 2) % STRIP];
                    v.flow.x += q.flow.x, v.flow.y += q.flow.y;
                    v.flow.z += q.flow.z, v.flow.w += q.flow.w;
                    v.mask += q.mask;
                }
                const float f = 0.25f / D::SCALE;
                v.flow =
                    make_float4(v.flow.x * f, v.flow.y * f, v.flow.z * f, v.flow.w * f);
                v.mask *= 0.25f;
            }
            /* Row -1 belongs to the first strip, and is not needed. */
            if (row >= 0)
                put_input(to, inside, a[j], b[j], t, v.mask, v.flow);
        }
    }
}

/* --- device: the convolutions ------------------------------------------------------ */

/* Sums start from the bias, of this lane's columns of N. */
template <int N> SM90_INLINE void start_sums(float (&d)[N / 2], uint32_t bias)
{
#pragma unroll
    for (int j = 0; j < N / 8; j++) {
        const float2 v = load_shared_float2(bias + j * 32);
        d[4 * j] = d[4 * j + 2] = v.x;
        d[4 * j + 1] = d[4 * j + 3] = v.y;
    }
    pin(d);
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
        for (int i = 0; i < 4 && j + i < D::HALF / 8; i++) {
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

template <class D> struct front_state : tile_share {
    uint32_t base;

    __device__ __forceinline__ uint32_t bar(int i) const
    {
        return base + D::at_bars + i * 8;
    }
    __device__ __forceinline__ uint32_t weights_full() const
    {
        return bar(0);
    }
    __device__ __forceinline__ sm90_ring<D::BUFFERS> tiles() const
    {
        return { bar(1) };
    }
    __device__ __forceinline__ uint32_t patch_full(int team, int s) const
    {
        return bar(1 + 2 * D::BUFFERS + 2 * team + s);
    }
    __device__ __forceinline__ uint32_t inputs(int s) const
    {
        return base + D::at_inputs + s * IN_BYTES;
    }
};

/* A warpgroup that multiplies: every GROUPS-th tile. */
template <class D>
static __device__ __forceinline__ void multiply(const front_params<typename D::S> &p,
                                                const front_state<D> &b)
{
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4;
    const int group = __shfl_sync(~0u, threadIdx.x / 128, 0);
    const uint32_t mid = b.base + D::at_mid + group * D::mid_bytes;
    const uint32_t bias0 = b.base + D::at_bias + lane % 4 * 8;
    const uint32_t bias1 = bias0 + D::HALF * 4;

    /* Outputs of conv0a: where they go, and which lie in row or column 0. */
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

    for (int k = group; k < b.passes; k += D::GROUPS) {
        const int tile = b.first + k * b.stride, s = k % D::BUFFERS;
        const int ty = tile / p.tiles_x, tx = tile - ty * p.tiles_x;
        const uint64_t pixels = wgmma_descriptor(b.inputs(s), 4 * IN_PLANE, 8 * PIXEL);
        const uint32_t outside = (ty == 0 ? row0 : 0) | (tx == 0 ? column0 : 0);

        b.tiles().wait_full(k);
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
                        b.tiles().release(k);
                }
                pin(d[m % 2]);
                epilogue0<D>(d[m % 2], bias0, to[m], outside >> (2 * m));
            }
        }
        fence_async_shared();
        named_barrier(1 + group, 128);

        float d[D::C / 2];
        start_sums<D::C>(d, bias1);
        wgmma_fence();
#pragma unroll
        for (int tap = 0; tap < 9; tap++) {
            const int ky = tap / 3, kx = tap % 3;
            const int shift =
                (ky % 2 * 2 + kx % 2) * (MID_PLANE / 16) + ky / 2 * MID_PITCH + kx / 2;
#pragma unroll
            for (int step = 0; step < D::HALF / 16; step++)
                wgmma<D::C>::ss(
                    d, mid0 + (uint64_t)(shift + step * 2 * (D::mid_k8 / 16)),
                    weights1 + (uint64_t)((tap * D::HALF / 8 + 2 * step) * D::C), 1);
        }
        wgmma_commit();
        wgmma_wait<0>();
        pin(d);
        named_barrier(1 + group, 128); /* mid may be written again */

        /* A warp has two rows of the tile: pixel lane / 4, channels as above. */
        const int x = tx * TILE + lane / 4, y = ty * TILE + 2 * warp;
        const size_t plane = (size_t)p.height * p.width;
        __half *g = p.out + ((size_t)y * p.width + x) * 8 + lane % 4 * 2;
        const bool inside0 = x < p.width && y < p.height;
        const bool inside1 = x < p.width && y + 1 < p.height;
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
}

template <class D>
static __device__ __forceinline__ void produce(const front_params<typename D::S> &p,
                                               const front_state<D> &b)
{
    const int warp = threadIdx.x / 32 - 4 * D::GROUPS, lane = threadIdx.x % 32;
    const int team = warp / D::TEAM_WARPS;
    const int first = warp % D::TEAM_WARPS * 32 + lane;
    constexpr int bytes = patches_bytes<typename D::P>();
    const int at_patches = D::at_patches + team * 2 * bytes;
    const float t = *p.t;

    for (int k = team, turn = 0; k < b.passes; k += D::TEAMS, turn++) {
        const int tile = b.first + k * b.stride, s = k % D::BUFFERS;
        patches<D> l = { p.level_width, p.level_height, at_patches + turn % 2 * bytes,
                         tile / p.tiles_x, tile % p.tiles_x };
        /* All have read the patches of the turn before, whose place is the next's. */
        named_barrier(1 + D::GROUPS + team, D::TEAM_WARPS * 32);
        if (first == 0)
            for (int n = turn == 0 ? 0 : 1; n < 2; n++)
                if (k + n * D::TEAMS < b.passes) {
                    const int next = tile + n * D::TEAMS * b.stride;
                    const int half = (turn + n) % 2;
                    copy_patches<typename D::P>(
                        p.levels, b.base + at_patches + half * bytes, next / p.tiles_x,
                        next % p.tiles_x, b.patch_full(team, half));
                }
        b.tiles().wait_empty(k);
        mbar_wait(b.patch_full(team, turn % 2), turn / 2 & 1);
        make_inputs<D>(p, l, b.inputs(s), first, t);
        fence_async_shared();
        __syncwarp();
        if (lane == 0)
            mbar_arrive(b.tiles().full(s));
    }
}
#endif

template <class D>
__global__ void __launch_bounds__(D::threads, 1)
    front_kernel(const __grid_constant__ front_params<typename D::S> p)
{
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    front_state<D> b;
    b.base = shared_address(shared);
    b.share(p.tiles, 1);

    grid_launch_dependents();
    float *bias = (float *)(shared + D::at_bias);
    if (threadIdx.x < D::HALF)
        bias[threadIdx.x] = p.bias0[threadIdx.x];
    else if (threadIdx.x < D::HALF + D::C)
        bias[threadIdx.x] = p.bias1[threadIdx.x - D::HALF];
    if (threadIdx.x == 0) {
        mbar_init(b.weights_full(), 1);
        b.tiles().init(D::TEAM_WARPS, 4);
        for (int team = 0; team < D::TEAMS; team++)
            for (int s = 0; s < 2; s++)
                mbar_init(b.patch_full(team, s), 1);
        mbar_init_fence();
        mbar_expect(b.weights_full(), D::weight0_bytes + D::weight1_bytes);
        copy_bulk(b.base, p.weight0, D::weight0_bytes, b.weights_full());
        copy_bulk(b.base + D::at_weight1, p.weight1, D::weight1_bytes, b.weights_full());
    }
    __syncthreads();
    grid_wait();
    if (threadIdx.x < 128 * D::GROUPS)
        multiply<D>(p, b);
    else
        produce<D>(p, b);
#endif
}

/* --- host ---------------------------------------------------------------------- */

struct front_version {
    int (*launch)(const struct front_args *a, const struct conv_pack *conv0,
                  const struct conv_pack *conv1, cudaStream_t stream);
    int level_count;
    bool textured; /* images with a texture; else of FP32 */
};

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

template <class D>
static int launch(const struct front_args *a, const struct conv_pack *conv0,
                  const struct conv_pack *conv1, cudaStream_t stream)
{
    const struct gather_args *g = &a->gather;
    void (*kernel)(front_params<typename D::S>) = front_kernel<D>;
    const int sms = multiprocessors();
    front_params<typename D::S> p;
    memset(&p, 0, sizeof p);
    int err =
        map_patches<typename D::P>(&p.levels, p.level_width, p.level_height, g->levels);
    if (err < 0)
        return err;
    read_image(&p.image0, &g->image0);
    read_image(&p.image1, &g->image1);
    p.t = g->t;
    p.weight0 = (const unsigned char *)conv0->weight;
    p.weight1 = (const unsigned char *)conv1->weight;
    p.bias0 = conv0->bias;
    p.bias1 = conv1->bias;
    p.out = (__half *)a->out.half;
    p.in_height = 4 * a->out.height;
    p.in_width = 4 * a->out.width;
    p.height = a->out.height;
    p.width = a->out.width;
    p.tiles_x = (int)div_up(p.width, TILE);
    p.tiles = p.tiles_x * (int)div_up(p.height, TILE);

    launch_in_chain_shared(kernel, dim3((unsigned)(p.tiles < sms ? p.tiles : sms)),
                           dim3(D::threads), D::shared, stream, p);
    return cuda_launched("front_sm90");
}

static const struct front_version versions[] = {
    { launch<front_design<3, filtered, 2, 1, 10, 2>>, 3, true },
    { launch<front_design<3, pixels<float4>, 1, 2, 10, 2>>, 3, false },
    { launch<front_design<2, filtered, 1, 1, 10, 1>>, 2, true },
    { launch<front_design<2, pixels<float4>, 1, 1, 10, 1>>, 2, false },
};
#define VERSIONS (int)(sizeof versions / sizeof *versions)

/* NULL: none fits. */
static const struct front_version *choose(const struct front_args *a)
{
    const struct gather_args *g = &a->gather;
    const bool textured = g->image0.texture && g->image1.texture;
    if (!textured && (g->image0.dtype != DTYPE_FP32 || g->image1.dtype != DTYPE_FP32))
        return NULL;
    for (const struct front_version *v = versions; v < versions + VERSIONS; v++)
        if (v->level_count == g->level_count && v->textured == textured)
            return v;
    return NULL;
}

/* Whole pictures, at the network's own scale. */
extern "C" bool front_sm90_fits(const struct front_args *a)
{
    const struct gather_args *g = &a->gather;
    const int c = g->level_count == 2 ? 96 : 64; /* as the designs have it */
    return choose(a) && g->top == 0 && g->scale == (float)(8 >> g->level_count) &&
           g->out.height * (int)g->scale == g->image0.height_padded &&
           g->out.width * (int)g->scale == g->image0.width_padded &&
           g->out.height == 4 * a->out.height && g->out.width == 4 * a->out.width &&
           fit_strips(g->levels, g->level_count) && a->out.dtype == DTYPE_FP16 &&
           a->out.block == 8 && a->out.channels == c && a->conv0->cin <= IFNET_INPUTS &&
           a->conv0->cout == c / 2 && a->conv1->cin == c / 2 && a->conv1->cout == c;
}

extern "C" int front_sm90(const struct front_args *a, const struct conv_pack *conv0,
                          const struct conv_pack *conv1, void *stream)
{
    return choose(a)->launch(a, conv0, conv1, stream_of(stream));
}
