/* AVHWDeviceContext on the engine's device, surfaces copied, frames downloaded. */
#include "media/hwaccel.h"

#include <stdio.h>
#include <stdlib.h>

#include <libavutil/hwcontext.h>
#include <libavutil/pixdesc.h>

/* FFmpeg's header wants <cuda.h> for the names of two pointers. */
#define CUDA_VERSION 0
typedef void *CUcontext, *CUstream;
#include <libavutil/hwcontext_cuda.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "media/av.h"
#include "media/avcompat.h"
#include "rifec/error.h"

struct hwaccel {
    const AVCodec *decoder;
    AVBufferRef *device;
    AVBufferRef *pool; /* AVHWFramesContext of our copies; NULL before the first */
    bool to_host, wanted, chosen, refused;
    const char *path;
};

/* --- finding a decoder ---------------------------------------------------------- */

/* FFmpeg's *_cuvid decoders (INTERNAL) are another thing: they choose their frames
 * themselves, and have no software to fall back to. */
static bool has_cuda(const AVCodec *codec)
{
    const AVCodecHWConfig *c;
    for (int i = 0; (c = avcodec_get_hw_config(codec, i)); i++)
        if (c->device_type == AV_HWDEVICE_TYPE_CUDA &&
            c->methods & AV_CODEC_HW_CONFIG_METHOD_HW_DEVICE_CTX &&
            !(c->methods & AV_CODEC_HW_CONFIG_METHOD_INTERNAL))
            return true;
    return false;
}

/* Not avcodec_find_decoder(): for AV1 it prefers one that has only software. */
static const AVCodec *find_decoder(enum AVCodecID id)
{
    const AVCodec *c;
    for (void *i = NULL; (c = av_codec_iterate(&i));)
        if (av_codec_is_decoder(c) && c->id == id && has_cuda(c))
            return c;
    return NULL;
}

bool hwaccel_has_decoder(enum AVCodecID id)
{
    return find_decoder(id) != NULL;
}

/* Codecs whose standard leaves no bit to the decoder: hardware and software give
 * the same picture. MPEG-2 and MPEG-4 leave the inverse DCT open. */
static bool is_exact(enum AVCodecID id)
{
    return id == AV_CODEC_ID_H264 || id == AV_CODEC_ID_HEVC || id == AV_CODEC_ID_VP8 ||
           id == AV_CODEC_ID_VP9 || id == AV_CODEC_ID_AV1;
}

/* Logs one line, as a warning if the user asked for the GPU. */
static void say_software(bool wanted, const char *path, const char *codec,
                         const char *why)
{
    log_line(wanted ? RIFEC_LOG_WARNING : RIFEC_LOG_INFO,
             "%s: %s is decoded in software, not by NVDEC: %s", path, codec, why);
}

static int open_device(struct hwaccel *h, const struct hwaccel_params *p)
{
    h->device = av_hwdevice_ctx_alloc(AV_HWDEVICE_TYPE_CUDA);
    if (!h->device)
        return AVERROR(ENOSYS); /* this FFmpeg has no CUDA, or there is no memory */
    AVHWDeviceContext *device = (void *)h->device->data;
    AVCUDADeviceContext *cuda = device->hwctx;
    cuda->cuda_ctx = p->context;
    cuda->stream = p->stream;
    return av_hwdevice_ctx_init(h->device);
}

int hwaccel_open(struct hwaccel **out, const struct hwaccel_params *p,
                 const AVCodecParameters *stream, const char *path)
{
    int err = 0;
    const enum AVCodecID id = stream->codec_id;
    const bool wanted = p->mode == HWACCEL_CUDA;
    *out = NULL;
    if (p->mode == HWACCEL_NONE || (!wanted && !is_exact(id)))
        return 0;
    if (!p->context) {
        say_software(wanted, path, avcodec_get_name(id),
                     p->why ? p->why : "no CUDA device");
        return 0;
    }
    const AVCodec *decoder = find_decoder(id);
    if (!decoder) {
        say_software(wanted, path, avcodec_get_name(id),
                     "this FFmpeg has no such decoder");
        return 0;
    }
    struct hwaccel *h = calloc(1, sizeof *h);
    if (!h)
        return mem_fail("a hardware decoder");
    h->decoder = decoder;
    h->to_host = p->to_host;
    h->wanted = wanted;
    h->path = path;
    int e = open_device(h, p);
    if (e < 0) {
        char why[AV_ERROR_MAX_STRING_SIZE];
        av_strerror(e, why, sizeof why);
        say_software(wanted, path, avcodec_get_name(id), why);
        err = e == AVERROR(ENOMEM) ? mem_fail("a hardware decoder") : 0;
        goto fail;
    }
    *out = h;
    return 0;
fail:
    hwaccel_close(&h);
    return err;
}

const AVCodec *hwaccel_decoder(const struct hwaccel *h)
{
    return h->decoder;
}

/* --- the decoder's choice --------------------------------------------------------- */

/* FFmpeg calls this with CUDA in the list, and again without it after a failure. */
static enum AVPixelFormat get_format(AVCodecContext *c, const enum AVPixelFormat *list)
{
    struct hwaccel *h = c->opaque;
    const enum AVPixelFormat *f;
    for (f = list; *f != AV_PIX_FMT_NONE; f++)
        if (*f == AV_PIX_FMT_CUDA && !h->refused) {
            if (!h->chosen)
                log_verbose("%s: %s is decoded by NVDEC", h->path, c->codec->name);
            h->chosen = true;
            return *f;
        }
    for (f = list; *f != AV_PIX_FMT_NONE; f++)
        if (!(av_pix_fmt_desc_get(*f)->flags & AV_PIX_FMT_FLAG_HWACCEL))
            break;
    if (!h->refused) {
        char why[160];
        const char *profile = avcodec_profile_name(c->codec_id, c->profile);
        snprintf(why, sizeof why, "it does not support %s%s%s of %dx%d%s",
                 profile ? profile : "this profile", *f == AV_PIX_FMT_NONE ? "" : ", ",
                 *f == AV_PIX_FMT_NONE ? "" : av_get_pix_fmt_name(*f), c->coded_width,
                 c->coded_height, h->chosen ? " here" : "");
        say_software(h->wanted, h->path, c->codec->name, why);
    }
    h->refused = true;
    return *f;
}

int hwaccel_attach(struct hwaccel *h, AVCodecContext *c)
{
    c->hw_device_ctx = av_buffer_ref(h->device);
    if (!c->hw_device_ctx)
        return AVERROR(ENOMEM);
    c->opaque = h;
    c->get_format = get_format;
    c->hwaccel_flags |= AVCOMPAT_HWACCEL_FLAGS;
    c->thread_count = 1; /* the GPU does the work, and each thread would hold surfaces */
    return 0;
}

bool hwaccel_tries(const struct hwaccel *h)
{
    return h->chosen && !h->refused;
}

void hwaccel_refuse(struct hwaccel *h, int averr)
{
    char why[AV_ERROR_MAX_STRING_SIZE];
    av_strerror(averr, why, sizeof why);
    if (!h->refused)
        say_software(h->wanted, h->path, h->decoder->name, why);
    h->refused = true;
}

bool hwaccel_refused(const struct hwaccel *h)
{
    return h && h->refused;
}

/* --- frames ------------------------------------------------------------------------- */

bool hwaccel_is_device(const AVFrame *frame)
{
    return frame->format == AV_PIX_FMT_CUDA && frame->hw_frames_ctx;
}

static const AVHWFramesContext *frames_of(const AVFrame *frame)
{
    return (const void *)frame->hw_frames_ctx->data;
}

enum AVPixelFormat hwaccel_pix_fmt(const AVFrame *frame)
{
    return hwaccel_is_device(frame) ? frames_of(frame)->sw_format
                                    : (enum AVPixelFormat)frame->format;
}

void *hwaccel_stream(const AVFrame *frame)
{
    const AVCUDADeviceContext *cuda = frames_of(frame)->device_ctx->hwctx;
    return cuda->stream;
}

/* FFmpeg counts the rows of chroma rounded down: sizes that are copied are even. */
static int even(int size)
{
    return (size + 1) & ~1;
}

/* Device to device or to host; both have at least the even size. */
static int transfer(AVFrame *to, const AVFrame *from)
{
    AVFrame *whole = av_frame_clone(from);
    if (!whole)
        return AVERROR(ENOMEM);
    whole->width = even(from->width);
    whole->height = even(from->height);
    int e = av_hwframe_transfer_data(to, whole, 0);
    if (e >= 0)
        e = av_frame_copy_props(to, from);
    to->width = from->width;
    to->height = from->height;
    av_frame_free(&whole);
    return e;
}

static int host_buffer(AVFrame *to, const AVFrame *like)
{
    to->format = hwaccel_pix_fmt(like);
    to->width = even(like->width);
    to->height = even(like->height);
    return av_frame_get_buffer(to, 0);
}

int hwaccel_download(AVFrame *frame)
{
    if (!hwaccel_is_device(frame))
        return 0;
    AVFrame *to = av_frame_alloc();
    if (!to)
        return AVERROR(ENOMEM);
    int e = host_buffer(to, frame);
    if (e >= 0)
        e = transfer(to, frame);
    if (e >= 0) {
        av_frame_unref(frame);
        av_frame_move_ref(frame, to);
    }
    av_frame_free(&to);
    return e;
}

/* Memory for a surface of this size and format, with room after the rows, because a
 * download of a cropped picture reads some bytes more. */
static int open_pool(struct hwaccel *h, const AVFrame *like)
{
    const enum AVPixelFormat pix_fmt = hwaccel_pix_fmt(like);
    const int width = even(like->width) + (like->crop_left ? 64 : 0),
              height = even(like->height);
    AVHWFramesContext *frames = h->pool ? (void *)h->pool->data : NULL;
    if (frames && frames->width == width && frames->height == height &&
        frames->sw_format == pix_fmt)
        return 0;
    av_buffer_unref(&h->pool);
    h->pool = av_hwframe_ctx_alloc(h->device);
    if (!h->pool)
        return AVERROR(ENOMEM);
    frames = (void *)h->pool->data;
    frames->format = AV_PIX_FMT_CUDA;
    frames->sw_format = pix_fmt;
    frames->width = width;
    frames->height = height;
    int e = av_hwframe_ctx_init(h->pool);
    if (e < 0)
        av_buffer_unref(&h->pool);
    return e;
}

static int device_buffer(struct hwaccel *h, AVFrame *to, const AVFrame *like)
{
    int e = open_pool(h, like);
    return e < 0 ? e : av_hwframe_get_buffer(h->pool, to, 0);
}

/* The decoder crops pictures on the GPU at their right and bottom only. */
static void crop_top_left(AVFrame *f)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(hwaccel_pix_fmt(f));
    bool seen[4] = { false };
    for (int i = 0; i < d->nb_components; i++) {
        const AVComponentDescriptor *c = &d->comp[i];
        bool chroma = i == 1 || i == 2;
        if (seen[c->plane])
            continue;
        seen[c->plane] = true;
        size_t x = f->crop_left >> (chroma ? d->log2_chroma_w : 0),
               y = f->crop_top >> (chroma ? d->log2_chroma_h : 0);
        f->data[c->plane] +=
            (ptrdiff_t)y * f->linesize[c->plane] + (ptrdiff_t)x * c->step;
    }
    f->width -= (int)f->crop_left;
    f->height -= (int)f->crop_top;
    f->crop_left = f->crop_top = 0;
}

int hwaccel_keep(struct hwaccel *h, AVFrame *frame)
{
    if (!hwaccel_is_device(frame))
        return 0;
    AVFrame *to = av_frame_alloc();
    if (!to)
        return AVERROR(ENOMEM);
    int e = h->to_host ? host_buffer(to, frame) : device_buffer(h, to, frame);
    if (e >= 0)
        e = transfer(to, frame);
    if (e >= 0) {
        crop_top_left(to);
        av_frame_unref(frame);
        av_frame_move_ref(frame, to);
    }
    av_frame_free(&to);
    return e;
}

void hwaccel_close(struct hwaccel **h)
{
    if (!*h)
        return;
    av_buffer_unref(&(*h)->pool);
    av_buffer_unref(&(*h)->device);
    free(*h);
    *h = NULL;
}
