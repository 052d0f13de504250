/*
 * Patches: the parts of the coarser levels, flow and mask, that a tile needs, loaded by
 * TMA. For front_sm90.cu and tail_sm90.cu, whose tiles have PATCH_SIDE pixels each way.
 *
 * A struct P gives the size of a kernel's patches: P::LEVELS, three at most, and
 * P::patch_at(i). In shared memory the patches of a tile follow each other, the coarsest
 * first, at multiples of 128 bytes; they have zeros where they are outside their level.
 */
#ifndef RIFEC_KERNELS_PATCHES_CUH
#define RIFEC_KERNELS_PATCHES_CUH

#include "sm90.cuh"
#include "tensor_map.cuh"

#define PATCH_SIDE  32
#define PATCHES_MAX 3

/*
 * Of a level `ratio` times as coarse as the tile's pixels: boxes of its flow and mask
 * from row (PATCH_SIDE / ratio) times the tile's place plus first_y on, and from such a
 * column plus first_x or MASK_X. Masks have more columns, because a copy of theirs begins
 * and ends at multiples of 16 bytes.
 */
#define MASK_X (-4)
struct patch {
    int ratio, first_x, first_y, width, mask_width, height;

    __host__ __device__ constexpr int step() const
    {
        return PATCH_SIDE / ratio;
    }
    __host__ __device__ constexpr int flow_bytes() const
    {
        return (width * height * 16 + 127) / 128 * 128;
    }
    __host__ __device__ constexpr int bytes() const
    {
        return flow_bytes() + (mask_width * height * 4 + 127) / 128 * 128;
    }
    __host__ __device__ constexpr int copied() const
    {
        return width * height * 16 + mask_width * height * 4;
    }
};

/* Bytes of the patches of the first `count` levels. */
template <class P> CONSTEXPR int patches_end(int count)
{
    int bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += P::patch_at(i).bytes();
    return bytes;
}

/* All of them. */
template <class P> CONSTEXPR int patches_bytes()
{
    return patches_end<P>(P::LEVELS);
}

/* Bytes of what is copied into them. */
template <class P> CONSTEXPR int patches_copied()
{
    int bytes = 0;
    for (int i = 0; i < P::LEVELS; i++)
        bytes += P::patch_at(i).copied();
    return bytes;
}

/* Tensor maps of the levels, for boxes of their patches. */
struct patch_maps {
    CUtensorMap flow[PATCHES_MAX], mask[PATCHES_MAX];
};

#if !defined(__CUDA_ARCH__) || defined(__CUDA_ARCH_FEAT_SM90_ALL)

/* Copies the patches of tile (ty, tx) to `to`; `bar` expects their bytes. */
template <class P>
SM90_INLINE void copy_patches(const patch_maps &maps, uint32_t to, int ty, int tx,
                              uint32_t bar)
{
    mbar_expect(bar, patches_copied<P>());
#pragma unroll
    for (int i = 0; i < P::LEVELS; i++) {
        const patch k = P::patch_at(i);
        const int x = tx * k.step(), y = ty * k.step() + k.first_y;
        const uint32_t at = to + patches_end<P>(i);
        copy_plane(at, &maps.flow[i], 4 * (x + k.first_x), y, bar);
        copy_plane(at + k.flow_bytes(), &maps.mask[i], x + MASK_X, y, bar);
    }
}

#endif

/* Host: the maps and sizes of P::LEVELS levels. */
template <class P>
static int map_patches(patch_maps *maps, int *level_width, int *level_height,
                       const struct level *levels)
{
    int err = 0;
    for (int i = 0; i < P::LEVELS && !err; i++) {
        const struct level *l = &levels[i];
        const patch k = P::patch_at(i);
        err = plane_map(&maps->flow[i], l->flow, 4 * l->width, l->height, 4 * k.width,
                        k.height);
        if (!err)
            err = plane_map(&maps->mask[i], l->mask, l->width, l->height, k.mask_width,
                            k.height);
        level_width[i] = l->width;
        level_height[i] = l->height;
    }
    return err;
}

#endif
