/*
 * The device's side of checkop: memory on the GPU between guard bands, poisoned
 * with 0xff, which is NaN in FP32 and in FP16. What is uploaded as FP16 is rounded
 * on the host, too, so that a reference sees the numbers the kernel sees.
 *
 *     if (!checkcuda_start())
 *         return 77;                                    // no device
 *     struct image in = checkcuda_image(&host, DTYPE_FP16); // rounds host
 *     struct image out = checkcuda_blank_image(&host, DTYPE_FP32);
 *     ... launch into checkcuda_stream() ...
 *     struct image got = checkcuda_get_image(&out);     // host memory, FP32
 *     checkcuda_free_all();                             // also checks the guards
 *     checkop_free_all();
 *
 * What goes wrong with CUDA itself ends the program.
 */
#ifndef RIFEC_TESTS_CHECKCUDA_H
#define RIFEC_TESTS_CHECKCUDA_H

#include "checkop.h"
#include "model/weights.h"
#include "model/yuv.h"
#include "rifec_kernels.h"

/* Returns false and prints a line if there is no device. */
bool checkcuda_start(void);

/* The same, also if the GPU has another compute capability (90 for 9.0). */
bool checkcuda_start_on(int capability);

/* Returns the compute capability times ten. */
int checkcuda_capability(void);

/* Runs a test that needs a GPU; ops/cudamain.c has its main(). */
int checkcuda_main(void);

/* The `void *stream` of the launchers. */
struct cuda_stream *checkcuda_stream(void);

/* Bytes on the device, all 0xff. */
void *checkcuda_bytes(size_t n);
void *checkcuda_upload(const void *host, size_t n);
void checkcuda_download(void *host, const void *device, size_t n);

/* Waits, frees all allocations and checks the guards. */
void checkcuda_free_all(void);

/* Rounds to FP16 and back. */
void checkcuda_round(float *p, size_t n);

struct image checkcuda_image(const struct image *host, enum dtype dtype);
/* In FP16, with a view for the texture unit; rounds host as well. */
struct image checkcuda_textured(const struct image *host);
/*
 * Rounds the level's flow so that, interpolated and added to flow of scales up to 32, it
 * is a multiple of 1/256 pixel, which the texture unit does not round.
 */
void checkcuda_snap(struct level *host);
struct image checkcuda_blank_image(const struct image *like, enum dtype dtype);
struct image checkcuda_get_image(const struct image *device);

/* In blocks of `block` channels, whatever the block of `host`. */
struct tensor checkcuda_tensor(const struct tensor *host, int block, enum dtype dtype);
struct tensor checkcuda_blank_tensor(const struct tensor *like, int block,
                                     enum dtype dtype);
struct tensor checkcuda_get_tensor(const struct tensor *device, int block);

/* Rounds host if its dtype is FP16. */
struct level checkcuda_level(const struct level *host);
struct level checkcuda_blank_level(const struct level *like);
struct level checkcuda_get_level(const struct level *device);

/* Planes with the host's strides, including the bytes that no sample covers. */
struct rifec_frame checkcuda_frame(const struct rifec_frame *host);
struct rifec_frame checkcuda_blank_frame(const struct rifec_frame *like);
void checkcuda_get_frame(const struct rifec_frame *device, struct rifec_frame *host);

struct yuv checkcuda_yuv(const struct yuv *host);

#endif
