/*
 * A GPU made of ordinary memory: the driver's and NVDEC's libraries, as far as
 * FFmpeg calls them. What the two libraries of fake_cuda.c and a test agree on.
 */
#ifndef FAKE_CUDA_H
#define FAKE_CUDA_H

#include <stdint.h>

/* Device pointers are host pointers plus this: the CPU that follows one falls over. */
#define FAKE_DEVICE (UINT64_C(1) << 62)

/* Environment, any value: what the fake does not do. */
#define FAKE_NVDEC_REFUSES "FAKE_NVDEC_REFUSES" /* it says it takes no stream */
#define FAKE_NVDEC_BREAKS  "FAKE_NVDEC_BREAKS"  /* creating a decoder fails            */
#define FAKE_NVDEC_FAILS   "FAKE_NVDEC_FAILS"   /* decoding a picture fails            */
#define FAKE_NVDEC_HIDES   "FAKE_NVDEC_HIDES"   /* so does getting a decoded one       */

/* The n-th decoded picture, counted from 0, has this in every byte. */
static inline uint8_t fake_picture(int n)
{
    return (uint8_t)(16 + n % 200);
}

#endif
