/*
 * Pictures on the GPU: NVDEC, through libavcodec's CUDA hwaccel. A decoded surface
 * is one of few and belongs to the decoder; what leaves here is a copy in memory of
 * our own, which the pipeline may hold as long as it likes.
 */
#ifndef RIFEC_MEDIA_HWACCEL_H
#define RIFEC_MEDIA_HWACCEL_H

#include <stdbool.h>

#include <libavcodec/avcodec.h>

enum hwaccel_mode {
    HWACCEL_AUTO = 0, /* if it gives the same bytes as software */
    HWACCEL_CUDA,     /* if there is a GPU; otherwise a warning */
    HWACCEL_NONE,
};

/* Zero is none. */
struct hwaccel_params {
    enum hwaccel_mode mode;
    void *context, *stream; /* CUcontext, CUstream; NULL: there is no device   */
    const char *why;        /* if NULL: the reason, as a phrase */
    bool to_host;           /* the pictures are wanted in host memory          */
};

struct hwaccel;

/* True if this FFmpeg can decode the codec with NVDEC, on a machine that has it. */
bool hwaccel_has_decoder(enum AVCodecID id);

/*
 * *out stays NULL, and the log gives the reason, if the stream has to be decoded in
 * software. `path` is for messages. Errors: NOMEM.
 */
int hwaccel_open(struct hwaccel **out, const struct hwaccel_params *p,
                 const AVCodecParameters *stream, const char *path);

/* The decoder that can use it, for its codec. */
const AVCodec *hwaccel_decoder(const struct hwaccel *h);

/* Prepares a context of that decoder, before it is opened; its `opaque` is `h`
 * from then on. FFmpeg's error codes. */
int hwaccel_attach(struct hwaccel *h, AVCodecContext *codec);

/* True once the decoder knows the stream's format and tries it on the GPU. */
bool hwaccel_tries(const struct hwaccel *h);

/* Call this after that failed: software is next. Logged. */
void hwaccel_refuse(struct hwaccel *h, int averr);

/* True if the decoder found, at its first frame or later, that it cannot decode this
 * on the GPU: software continues in the same context. Logged. */
bool hwaccel_refused(const struct hwaccel *h);

/* Replaces a decoded surface by a copy of ours, cropped, in device or host memory;
 * any other frame stays as it is. FFmpeg's error codes. */
int hwaccel_keep(struct hwaccel *h, AVFrame *frame);

void hwaccel_close(struct hwaccel **h);

/* --- frames, whoever made them ----------------------------------------------- */

bool hwaccel_is_device(const AVFrame *frame);

/* The pixel format of a frame's samples: its own, or that in device memory. */
enum AVPixelFormat hwaccel_pix_fmt(const AVFrame *frame);

/* The CUstream that a device frame is made on. */
void *hwaccel_stream(const AVFrame *frame);

/* Replaces a device frame by one in host memory, and waits for the copy. Other frames are
 * unchanged. FFmpeg's error codes. */
int hwaccel_download(AVFrame *frame);

#endif
