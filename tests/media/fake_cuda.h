/*
 * A GPU made of ordinary memory: the driver's and NVDEC's libraries, as far as FFmpeg
 * calls them. This header is shared by the two libraries of fake_cuda.c and a test.
 */
#ifndef FAKE_CUDA_H
#define FAKE_CUDA_H

#include <stdint.h>

/* Device pointers are host pointers plus this, so that a CPU that follows one crashes. */
#define FAKE_DEVICE (UINT64_C(1) << 62)

/* Environment variables, with any value, that make the fake fail. */
#define FAKE_NVDEC_REFUSES "FAKE_NVDEC_REFUSES" /* it supports no stream            */
#define FAKE_NVDEC_BREAKS  "FAKE_NVDEC_BREAKS"  /* creating a decoder fails            */
#define FAKE_NVDEC_FAILS   "FAKE_NVDEC_FAILS"   /* decoding a picture fails            */
#define FAKE_NVDEC_HIDES   "FAKE_NVDEC_HIDES"   /* getting a decoded picture fails    */

/* The nth decoded picture, counted from 0, has this value in every byte. */
static inline uint8_t fake_picture(int n)
{
    return (uint8_t)(16 + n % 200);
}

#endif
