/*
 * The 3x3 convolution under resconv_sm80 (S = 1, RESIDUAL) and conv_s2_sm80 (S = 2),
 * for layers of any width that CONV_K divides: see conv_tile.cuh.
 *
 * Warps are WM x WN x WK; each makes 16 MT outputs x 8 NT channels in registers, from
 * every WKth chunk of 16 channels. Pixels are on M and channels on N, so that the
 * eight channels of a pixel lie in one quad of lanes, and what a warp stores with
 * one instruction is 8 pixels x 16 bytes in a row.
 *
 * The residual is added in FP32 from the centre of the halo while its chunk is in shared
 * memory.
 */
#ifndef RIFEC_KERNELS_CONV_MMA_CUH
#define RIFEC_KERNELS_CONV_MMA_CUH

#include "conv_tile.cuh"

template <int MT, int NP>
static __device__ __forceinline__ void
load_fragments(uint32_t a[MT][4], uint32_t b[NP][4], const uint32_t pixels[MT], int tap,
               uint32_t weights)
{
#pragma unroll
    for (int i = 0; i < MT; i++)
        load_matrix4(a[i], pixels[i] + tap);
#pragma unroll
    for (int j = 0; j < NP; j++)
        load_shared4(b[j], weights + j * 512);
}

template <int S, bool RESIDUAL, int MT, int NT, int WM, int WN, int WK, int PER_SM,
          int SLOTS>
__global__ void __launch_bounds__(WM *WN *WK * 32, PER_SM)
    conv_mma(const __grid_constant__ struct conv_params p)
{
    constexpr int GROUP = WM * WN * 32, THREADS = GROUP * WK;
    constexpr int BM = MT * 16 * WM, BN = NT * 8 * WN, NP = NT / 2;
    constexpr int CHUNK = 9 * BN * CONV_K * 2; /* bytes of weights */
    static_assert(NT % 2 == 0, "weights are read for two blocks of eight channels");

    extern __shared__ __align__(128) unsigned char shared[];
    __shared__ uint32_t place[BM];

    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    int wm = warp % WM, wn = warp / WM % WN, wk = warp / (WM * WN);
    int n_cta = blockIdx.y * BN, n_warp = n_cta + wn * NT * 8;
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
        weight_start<BN * 2, THREADS>(p, resident, 0, p.chunks * WK * 9, n_cta * 2,
                                      p.cout * 2);
    for (int m = threadIdx.x; m < BM; m += THREADS)
        place[m] = pixel_place(p.t, m);
    int slot[MT];
#pragma unroll
    for (int i = 0; i < MT; i++)
        slot[i] = pixel_slot<S>(p.t, (wm * MT + i) * 16 + lane % 16) +
                  (wk * 2 + lane / 16) * p.plane_bytes;
    dependency_wait();
    for (int i = 0; i < p.stages - 1; i++)
        loader_step<S, SLOTS, THREADS, WK, 9, BN * 2>(&loader, p, n_cta * 2, p.cout * 2);

    uint32_t stage = loader.ring;
    for (int group = blockIdx.x; group < p.t.groups; group += gridDim.x) {
        float sum[MT][NT][4];
#pragma unroll
        for (int j = 0; j < NT; j++) {
            float2 bias = make_float2(0, 0);
            if (wk == 0)
                bias = __ldg((const float2 *)(p.bias + n_warp + j * 8 + lane % 4 * 2));
#pragma unroll
            for (int i = 0; i < MT; i++) {
                sum[i][j][0] = sum[i][j][2] = bias.x;
                sum[i][j][1] = sum[i][j][3] = bias.y;
            }
        }
        for (int chunk = 0; chunk < p.chunks; chunk++) {
            copy_wait(p.stages - 2);
            __syncthreads();
            loader_step<S, SLOTS, THREADS, WK, 9, BN * 2>(&loader, p, n_cta * 2,
                                                          p.cout * 2);

            uint32_t weights = p.resident ? resident + chunk * WK * CHUNK
                                          : stage + 2 * WK * p.plane_bytes;
            weights += wk * CHUNK + wn * NP * 512 + lane * 16;
            uint32_t a[2][MT][4], b[2][NP][4], pixels[MT];
#pragma unroll
            for (int i = 0; i < MT; i++)
                pixels[i] = stage + slot[i];
            load_fragments<MT, NP>(a[0], b[0], pixels, 0, weights);
#pragma unroll
            for (int tap = 0; tap < 9; tap++) {
                if (tap < 8)
                    load_fragments<MT, NP>(a[(tap + 1) % 2], b[(tap + 1) % 2], pixels,
                                           tap_slot<S>(p.t, (tap + 1) / 3, (tap + 1) % 3),
                                           weights + (tap + 1) * BN * 32);
#pragma unroll
                for (int i = 0; i < MT; i++)
#pragma unroll
                    for (int j = 0; j < NT; j++)
                        mma16816(sum[i][j], a[tap % 2][i], b[tap % 2][j / 2][j % 2 * 2],
                                 b[tap % 2][j / 2][j % 2 * 2 + 1]);
            }
            if (RESIDUAL) {
                int first = (chunk * WK + wk) * CONV_K - n_warp;
#pragma unroll
                for (int j = 0; j < NT; j += 2) {
                    if (first != j * 8)
                        continue; /* the same for all lanes */
#pragma unroll
                    for (int i = 0; i < MT; i++) {
#pragma unroll
                        for (int h = 0; h < 2; h++) {
                            /* pixel lane / 4 + 8 h, whose slot that lane holds */
                            uint32_t at = __shfl_sync(~0u, pixels[i], lane / 4 + 8 * h) +
                                          tap_slot<S>(p.t, 1, 1) + lane % 4 * 4;
#pragma unroll
                            for (int k = 0; k < 2; k++) {
                                float2 x = load_shared_half2(at + k * p.plane_bytes);
                                sum[i][j + k][2 * h] += x.x;
                                sum[i][j + k][2 * h + 1] += x.y;
                            }
                        }
                    }
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
            for (int j = 0; j < NT; j++)
                if (j % WK != wk)
#pragma unroll
                    for (int i = 0; i < MT * 4; i++)
                        sums[((wk * NT + j) * MT * 4 + i) * GROUP] = sum[i / 4][j][i % 4];
            __syncthreads();
#pragma unroll
            for (int j = 0; j < NT; j++)
                if (j % WK == wk)
#pragma unroll
                    for (int i = 0; i < MT * 4; i++)
#pragma unroll
                        for (int k = 1; k < WK; k++)
                            sum[i / 4][j][i % 4] +=
                                sums[(((wk + k) % WK * NT + j) * MT * 4 + i) * GROUP];
        }
        size_t plane_pixels = (size_t)p.height * p.width;
#pragma unroll
        for (int i = 0; i < MT * 2; i++) {
            int h = i % 2, y, x;
            if (!place_pixel(p, group, place[(wm * MT + i / 2) * 16 + lane / 4 + 8 * h],
                             &y, &x))
                continue;
            __half *out = p.out +
                          (n_warp / 8 * plane_pixels + (size_t)(y * p.width + x)) * 8 +
                          lane % 4 * 2;
#pragma unroll
            for (int j = 0; j < NT; j++) {
                float u = sum[i / 2][j][2 * h], v = sum[i / 2][j][2 * h + 1];
                u = u > 0 ? u : LEAKY_SLOPE * u;
                v = v > 0 ? v : LEAKY_SLOPE * v;
                if (WK == 1 || j % WK == wk)
                    *(__half2 *)(out + j * plane_pixels * 8) = __floats2half2_rn(u, v);
            }
        }
    }
}

#define CONV_VARIANT(s, residual, mt, nt, wm, wn, wk, per_sm_, slots_, resident_)        \
    {                                                                                    \
        conv_mma<s, residual, mt, nt, wm, wn, wk, per_sm_, slots_>,                      \
            #mt "x" #nt " " #wm "x" #wn "x" #wk " " #per_sm_ "r" #resident_,             \
            mt * 16 * wm, nt * 8 * wn, wm *wn *wk * 32, wk, s, slots_, per_sm_,          \
            resident_, 9 * nt * 8 * wn *CONV_K * 2, 9 * nt * 8 * wn                      \
    }

/* Host: weights [9][cin][cout] as B fragments: uint4 [cin / 16][9][cout / 16][lane]. */
static inline size_t conv_mma_pack_bytes(const struct conv_layer *l)
{
    return (size_t)((l->cin + CONV_K - 1) / CONV_K) * 9 * CONV_K * (size_t)l->cout * 2;
}

static inline void conv_mma_pack(const struct conv_layer *l, void *out)
{
    __half *at = (__half *)out;
    for (int chunk = 0; chunk * CONV_K < l->cin; chunk++) {
        for (int tap = 0; tap < 9; tap++) {
            for (int n = 0; n < l->cout; n += 16) {
                for (int i = 0; i < 256;
                     i++) { /* lane i / 8, half i % 8 of its 16 bytes */
                    int lane = i / 8;
                    int k = chunk * CONV_K + lane % 4 * 2 + i % 2 + i / 2 % 2 * 8;
                    int o = n + i / 4 % 2 * 8 + lane / 4;
                    float w =
                        k < l->cin ? l->weight[(tap * l->cin + k) * l->cout + o] : 0;
                    *at++ = __float2half_rn(w);
                }
            }
        }
    }
}

#endif
