/*
 * The deconv's product on Hopper: its shape, and what of it a lane holds. For
 * deconv_sm90.cu, whose head says why it is so, and tail_sm90.cu; deconv_sm90_pack() lays
 * the weights out to suit.
 *
 * A warp has two rows of the places of a tile, h = 0, 1; a lane the place lane / 4 of
 * each, a column of flow and two of mask of its 4 x 4 pixels:
 *
 *     d[4 g + 2 h + q]   column 2 (lane % 4) + q of group g
 *     deconv_flow()      row 2a + i, column lane % 4
 *     deconv_mask()      row 2a + lane % 4 / 2, columns 2 (lane % 2) and + 1
 *
 * where d has the columns of one a only, `a` is 0 here, and the rows are those of that a.
 */
#ifndef RIFEC_KERNELS_DECONV_SM90_CUH
#define RIFEC_KERNELS_DECONV_SM90_CUH

#include "sm90.cuh"

#define TILE        8 /* places of a tile, each way */
#define PITCH       9 /* pixels of a row of its input */
#define TAPS        4
#define GROUPS_OF_8 10 /* of columns */

#if !defined(__CUDA_ARCH__) || defined(__CUDA_ARCH_FEAT_SM90_ALL)

/* The values that a lane adds to its columns: flow by [i][channel], mask by its two
 * columns. */
struct lane_bias {
    float flow[2][4], mask[2];
};

/* bias: [channel][2][2], as the layer has it */
SM90_INLINE lane_bias deconv_lane_bias(const float *bias, int lane)
{
    const int quad = lane % 4;
    lane_bias b;
#pragma unroll
    for (int i = 0; i < 2; i++) {
        b.mask[i] = bias[16 + 2 * (quad / 2) + i];
#pragma unroll
        for (int c = 0; c < 4; c++)
            b.flow[i][c] = bias[4 * c + 2 * i + quad % 2];
    }
    return b;
}

template <int N>
SM90_INLINE float4 deconv_flow(const float (&d)[N], const lane_bias &b, int h, int a,
                               int i)
{
    const int g = 4 * (5 * a + 2 * i) + 2 * h;
    return make_float4(d[g] + b.flow[i][0], d[g + 1] + b.flow[i][1],
                       d[g + 4] + b.flow[i][2], d[g + 5] + b.flow[i][3]);
}

template <int N>
SM90_INLINE float2 deconv_mask(const float (&d)[N], const lane_bias &b, int h, int a)
{
    const int g = 4 * (5 * a + 4) + 2 * h;
    return make_float2(d[g] + b.mask[0], d[g + 1] + b.mask[1]);
}

#endif
#endif
