/* Views of images for the texture unit. */
#include "common.cuh"

extern "C" {
#include "base/log.h"
}

extern "C" void image_texture_open(struct image *im)
{
    im->texture = 0;
    if (im->dtype != DTYPE_FP16)
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
    cudaError_t e = cudaCreateTextureObject(&im->texture, &what, &how, NULL);
    if (e == cudaSuccess)
        return;
    /* Too large or not aligned: the image works without a view, but slower. */
    log_verbose("no texture of %d x %d: %s", im->width_padded, im->height_padded,
                cudaGetErrorString(e));
    im->texture = 0;
    (void)cudaGetLastError();
}

extern "C" void image_texture_close(struct image *im)
{
    if (im->texture)
        cudaDestroyTextureObject(im->texture);
    im->texture = 0;
}
