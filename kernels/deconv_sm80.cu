/*
 * deconv on tensor cores with mma.sync: see conv_tile.cuh.
 *
 * An input pixel (y, x) makes four pixels (2y + py, 2x + px) of the transposed
 * convolution, the phases q = 2 py + px, each from the four inputs (y + dy, x + dx),
 * dy in py - 1, py and dx in px - 1, px, by the kernel's element
 * (py + 1 - 2 dy, px + 1 - 2 dx). Each phase has 16 channels of flow and 4 of mask.
 * N is ten blocks of eight columns:
 *
 *     block 2q       flow x and y of image 0, phase q: column n is channel 4 (n % 2) + n
 * / 2 block 2q + 1   of image 1: column n is channel 8 + 4 (n % 2) + n / 2 block 8 + py
 * mask of phases (py, 0) and (py, 1): column n is channel 16 + n % 4 of px = n / 4
 *
 * and of the nine inputs around a pixel the centre feeds ten blocks, those above and
 * below five, those beside six, the corners three: 44 blocks instead of 90, where 40
 * would be no waste at all. A lane's two columns of blocks 2q and 2q + 1 are the
 * four channels of one pixel of the shuffled output: one 16-byte store.
 */
#include "conv_tile.cuh"

#define BLOCKS      10
#define TAP_BLOCKS  44
#define BLOCK_BYTES 256 /* a lane: 8 */

/* True if the input at tap = 3 (dy + 1) + dx + 1 contributes to the block. */
__host__ __device__ constexpr bool feeds(int tap, int block)
{
    int py = block < 8 ? block / 4 : block - 8, px = block / 2 % 2;
    int dy = tap / 3 - 1, dx = tap % 3 - 1;
    return (dy == py - 1 || dy == py) && (block >= 8 || dx == px - 1 || dx == px);
}

template <int MT, int WM, int WK, int PER_SM>
__global__ void __launch_bounds__(WM *WK * 32, PER_SM)
    deconv_mma(const __grid_constant__ struct conv_params p)
{
    constexpr int GROUP = WM * 32, THREADS = GROUP * WK, BM = MT * 16 * WM, SLOTS = 4;
    constexpr int CHUNK = TAP_BLOCKS * BLOCK_BYTES;

    extern __shared__ __align__(128) unsigned char shared[];
    __shared__ uint32_t place[BM];

    int lane = threadIdx.x % 32, warp = threadIdx.x / 32, wm = warp % WM, wk = warp / WM;
    int quad = lane % 4;
    uint32_t resident = shared_address(shared);
    struct loader<SLOTS> loader;
    loader.ring = resident + (p.resident ? p.chunks * WK * CHUNK : 0);
    loader.ring_end = loader.ring + p.stages * p.stage_bytes;
    loader.stage = loader.ring;
    loader.group = blockIdx.x;
    loader.chunk = 0;
    loader.left =
        (p.t.groups - (int)blockIdx.x + (int)gridDim.x - 1) / (int)gridDim.x * p.chunks;

    dependency_launch();
    if (p.resident)
        weight_start<16, THREADS>(p, resident, 0, p.chunks * WK * TAP_BLOCKS, 0, 16);
    for (int m = threadIdx.x; m < BM; m += THREADS)
        place[m] = pixel_place(p.t, m);
    int slot[MT];
#pragma unroll
    for (int i = 0; i < MT; i++)
        slot[i] = pixel_slot<1>(p.t, (wm * MT + i) * 16 + lane % 16) +
                  (wk * 2 + lane / 16) * p.plane_bytes;
    dependency_wait();
    for (int i = 0; i < p.stages - 1; i++)
        loader_step<1, SLOTS, THREADS, WK, TAP_BLOCKS, 16>(&loader, p, 0, 16);

    uint32_t stage = loader.ring;
    for (int group = blockIdx.x; group < p.t.groups; group += gridDim.x) {
        float sum[MT][BLOCKS][4];
#pragma unroll
        for (int j = 0; j < BLOCKS; j++) {
            int o = j < 8 ? j % 2 * 8 + quad : 16 + quad % 2 * 2;
            float u = wk ? 0 : __ldg(p.bias + o),
                  v = wk ? 0 : __ldg(p.bias + o + (j < 8 ? 4 : 1));
#pragma unroll
            for (int i = 0; i < MT; i++) {
                sum[i][j][0] = sum[i][j][2] = u;
                sum[i][j][1] = sum[i][j][3] = v;
            }
        }
        for (int chunk = 0; chunk < p.chunks; chunk++) {
            copy_wait(p.stages - 2);
            __syncthreads();
            loader_step<1, SLOTS, THREADS, WK, TAP_BLOCKS, 16>(&loader, p, 0, 16);

            uint32_t weights = p.resident ? resident + chunk * WK * CHUNK
                                          : stage + 2 * WK * p.plane_bytes;
            weights += wk * CHUNK + lane * 8;
            uint32_t a[2][MT][4], pixels[MT];
#pragma unroll
            for (int i = 0; i < MT; i++) {
                pixels[i] = stage + slot[i];
                load_matrix4(a[0][i], pixels[i]);
            }
#pragma unroll
            for (int tap = 0, at = 0; tap < 9; tap++) { /* unrolled, at is a constant */
#pragma unroll
                for (int i = 0; i < MT && tap < 8; i++)
                    load_matrix4(a[(tap + 1) % 2][i],
                                 pixels[i] +
                                     tap_slot<1>(p.t, (tap + 1) / 3, (tap + 1) % 3));
#pragma unroll
                for (int j = 0; j < BLOCKS; j++) {
                    if (!feeds(tap, j))
                        continue;
                    uint32_t b[2];
                    load_shared2(b, weights + at++ * BLOCK_BYTES);
#pragma unroll
                    for (int i = 0; i < MT; i++)
                        mma16816(sum[i][j], a[tap % 2][i], b[0], b[1]);
                }
            }
            stage += p.stage_bytes;
            if (stage == loader.ring_end)
                stage = loader.ring;
        }
        if (WK > 1) { /* then this was the only group: the ring is free */
            float *sums = (float *)shared + threadIdx.x % GROUP;
            __syncthreads();
#pragma unroll
            for (int j = 0; j < BLOCKS; j++)
                if (j / 2 % WK != wk)
#pragma unroll
                    for (int i = 0; i < MT * 4; i++)
                        sums[((wk * BLOCKS + j) * MT * 4 + i) * GROUP] =
                            sum[i / 4][j][i % 4];
            __syncthreads();
#pragma unroll
            for (int j = 0; j < BLOCKS; j++)
                if (j / 2 % WK == wk)
#pragma unroll
                    for (int i = 0; i < MT * 4; i++)
#pragma unroll
                        for (int k = 1; k < WK; k++)
                            sum[i / 4][j][i % 4] +=
                                sums[(((wk + k) % WK * BLOCKS + j) * MT * 4 + i) * GROUP];
        }
#pragma unroll
        for (int i = 0; i < MT * 2; i++) {
            int h = i % 2, y, x;
            if (!place_pixel(p, group, place[(wm * MT + i / 2) * 16 + lane / 4 + 8 * h],
                             &y, &x))
                continue;
#pragma unroll
            for (int q = 0; q < 4; q++) {
                size_t row = 4 * y + 2 * (q / 2) + quad / 2,
                       col = 4 * x + 2 * (q % 2) + quad % 2;
                const float *u = &sum[i / 2][2 * q][2 * h],
                            *v = &sum[i / 2][2 * q + 1][2 * h];
                if (WK == 1 || q % WK == wk)
                    *(float4 *)(p.flow + (row * 4 * p.width + col) * 4) =
                        make_float4(u[0], u[1], v[0], v[1]);
            }
#pragma unroll
            for (int py = 0; py < 2; py++) {
                size_t row = 4 * y + 2 * py + quad % 2, col = 4 * x + quad / 2 * 2;
                const float *u = &sum[i / 2][8 + py][2 * h];
                if (WK == 1 || (8 + py) / 2 % WK == wk)
                    *(float2 *)(p.mask + row * 4 * p.width + col) =
                        make_float2(u[0], u[1]);
            }
        }
    }
}

#define VARIANT(mt, wm, wk, per_sm_, resident_)                                          \
    {                                                                                    \
        deconv_mma<mt, wm, wk, per_sm_>,                                                 \
            #mt " " #wm "x" #wk " " #per_sm_ "r" #resident_, mt * 16 * wm, BLOCKS * 8,   \
            wm *wk * 32, wk, 1, 4, per_sm_, resident_, TAP_BLOCKS *BLOCK_BYTES,          \
            TAP_BLOCKS * 8                                                               \
    }

static const struct conv_variant variants[] = {
    VARIANT(4, 8, 1, 1, 1), /* 512 pixels, where all the weights fit */
    VARIANT(4, 4, 1, 2, 0), /* 256 */
    VARIANT(2, 4, 1, 3, 0), /* 128 */
    VARIANT(2, 2, 2, 3, 0), /* 64 in two sums */
    VARIANT(1, 1, 4, 3, 0), /* 16 in four */
};
#define VARIANTS (int)(sizeof variants / sizeof *variants)

const char *deconv_sm80_name(int variant)
{
    return variant < VARIANTS ? variants[variant].name : NULL;
}

/* variant: its index in the table; -1: the best. Returns 1 if it cannot run. */
int deconv_sm80_run(const struct deconv_args *a, void *stream, int variant,
                    struct conv_params *p)
{
    const struct conv_pack *pack = (const struct conv_pack *)a->layer->plan;
    *p = {};
    p->in = (const __half *)a->in.half;
    p->flow = a->out.flow;
    p->mask = a->out.mask;
    p->weight = (const uint4 *)pack->weight;
    p->bias = pack->bias;
    p->in_height = p->height = a->in.height;
    p->in_width = p->width = a->in.width;
    p->cout = BLOCKS * 8;
    return conv_launch(variants, VARIANTS, variant, p, a->layer->cin, "deconv_sm80",
                       stream);
}

extern "C" int deconv_sm80(const struct deconv_args *a, void *stream)
{
    struct conv_params p;
    return conv_fits(deconv_sm80_run(a, stream, -1, &p), "deconv_sm80");
}

extern "C" size_t deconv_sm80_pack_bytes(const struct conv_layer *l)
{
    return (size_t)(l->cin / CONV_K) * TAP_BLOCKS * BLOCK_BYTES;
}

/* [cin / 16][TAP_BLOCKS][lane]: b0, b1 of the lane */
extern "C" void deconv_sm80_pack(const struct conv_layer *l, void *out)
{
    __half *at = (__half *)out;
    for (int chunk = 0; chunk < l->cin / CONV_K; chunk++) {
        for (int tap = 0; tap < 9; tap++) {
            for (int block = 0; block < BLOCKS; block++) {
                if (!feeds(tap, block))
                    continue;
                int dy = tap / 3 - 1, dx = tap % 3 - 1;
                for (int i = 0; i < 128;
                     i++) { /* lane i / 4, half i % 4 of its 8 bytes */
                    int n = i / 16, lane = i / 4;
                    int k = chunk * CONV_K + lane % 4 * 2 + i % 2 + i / 2 % 2 * 8;
                    int py = block < 8 ? block / 4 : block - 8;
                    int px = block < 8 ? block / 2 % 2 : n / 4;
                    int o = block < 8 ? block % 2 * 8 + n % 2 * 4 + n / 2 : 16 + n % 4;
                    int ky = py + 1 - 2 * dy, kx = px + 1 - 2 * dx;
                    bool live = kx >= 0 && kx < 4; /* a mask block has taps of both px */
                    *at++ = __float2half_rn(
                        live ? l->weight[((ky * 4 + kx) * l->cin + k) * l->cout + o] : 0);
                }
            }
        }
    }
}
