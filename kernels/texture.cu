/* Views of images for the texture unit. */
#include "common.cuh"

extern "C" void image_texture_open(struct image *im)
{
    im->texture = 0;
    if (!im->is_half)
        return;
    cudaResourceDesc what = {};
    what.resType = cudaResourceTypePitch2D;
    what.res.pitch2D.devPtr = im->half;
    what.res.pitch2D.desc = cudaCreateChannelDescHalf4();
    what.res.pitch2D.width = (size_t)im->width_padded;
    what.res.pitch2D.height = (size_t)im->height_padded;
    what.res.pitch2D.pitchInBytes = (size_t)im->width_padded * sizeof(half4);
    cudaTextureDesc how = {};
    how.addressMode[0] = how.addressMode[1] = cudaAddressModeClamp;
    how.filterMode = cudaFilterModeLinear;
    how.readMode = cudaReadModeElementType;
    if (cudaCreateTextureObject(&im->texture, &what, &how, NULL) != cudaSuccess) {
        im->texture = 0;
        (void)cudaGetLastError(); /* too large, or not aligned */
    }
}

extern "C" void image_texture_close(struct image *im)
{
    if (im->texture)
        cudaDestroyTextureObject(im->texture);
    im->texture = 0;
}
