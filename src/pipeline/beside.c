/* Two sources, their labels, hstack, and an encoder. */
#include "pipeline/beside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "media/av.h"
#include "media/avcompat.h"
#include "media/in/film.h"
#include "media/out/videofile.h"

#if RIFEC_HAVE_AVFILTER

#define CRF "18" /* looks like the source */
#define TIME_BASE                                                                        \
    (AVRational)                                                                         \
    {                                                                                    \
        1, 90000                                                                         \
    }
/* Containers round times to milliseconds; frames this close have the same time. */
#define SAME_TIME_US 1500

struct beside {
    struct film *film[2];
    AVFrame *next[2]; /* decoded, not yet shown */
    AVFrame *shown;   /* of the left film       */
    AVFilterGraph *graph;
    AVFilterContext *source[2], *sink;
    struct videofile *file;
    AVFrame *joined;
    int64_t last_us;
};

/* --- the filters -------------------------------------------------------------- */

static int add_filter(struct beside *b, AVFilterContext **out, const char *name,
                      const char *options)
{
    const AVFilter *filter = avfilter_get_by_name(name);
    *out = filter ? avfilter_graph_alloc_filter(b->graph, filter, NULL) : NULL;
    return *out ? avfilter_init_str(*out, options) : AVERROR_FILTER_NOT_FOUND;
}

static int add_source(struct beside *b, int i)
{
    const AVFrame *like = b->next[i];
    AVBufferSrcParameters *p = av_buffersrc_parameters_alloc();
    b->source[i] =
        avfilter_graph_alloc_filter(b->graph, avfilter_get_by_name("buffer"), NULL);
    if (!p || !b->source[i]) {
        av_free(p);
        return AVERROR(ENOMEM);
    }
    p->format = like->format;
    p->time_base = AV_TIME_BASE_Q;
    p->width = like->width;
    p->height = like->height;
    p->sample_aspect_ratio = (AVRational){ 1, 1 };
    avcompat_source_color(p, like);
    int e = av_buffersrc_parameters_set(b->source[i], p);
    av_free(p);
    return e < 0 ? e : avfilter_init_str(b->source[i], NULL);
}

/* The label is set as it is, without a filter's escapes. Without fonts there is none. */
static int add_label(struct beside *b, AVFilterContext **at, const char *path)
{
    AVFilterContext *label;
    const char *slash = strrchr(path, '/');
    const AVFilter *filter = avfilter_get_by_name("drawtext");
    label = filter ? avfilter_graph_alloc_filter(b->graph, filter, NULL) : NULL;
    if (!label)
        return 0;
    av_opt_set(label, "text", slash ? slash + 1 : path, AV_OPT_SEARCH_CHILDREN);
    int e = avfilter_init_str(label, "expansion=none:x=8:y=8:fontsize=max(h/24\\,10):"
                                     "fontcolor=white:box=1:boxcolor=black@0.6:"
                                     "boxborderw=4");
    if (e < 0) {
        avfilter_free(label);
        log_info("no labels: libavfilter found no font");
        return 0;
    }
    e = avfilter_link(*at, 0, label, 0);
    *at = label;
    return e;
}

static int add_side(struct beside *b, int i, const char *path, AVFilterContext *stack)
{
    char options[64];
    AVFilterContext *at = NULL, *scale = NULL;
    snprintf(options, sizeof options, "w=-2:h=%d:flags=bicubic",
             (b->next[1]->height + 1) / 2 * 2);
    int e = add_source(b, i);
    if (e >= 0)
        e = add_filter(b, &scale, "scale", options);
    if (e >= 0)
        e = avfilter_link(b->source[i], 0, scale, 0);
    at = scale;
    if (e >= 0)
        e = add_label(b, &at, path);
    return e < 0 ? e : avfilter_link(at, 0, stack, (unsigned)i);
}

static int open_graph(struct beside *b, const char *left, const char *right)
{
    AVFilterContext *stack = NULL, *format = NULL;
    b->graph = avfilter_graph_alloc();
    int e = b->graph ? add_filter(b, &stack, "hstack", "inputs=2") : AVERROR(ENOMEM);
    if (e >= 0)
        e = add_side(b, 0, left, stack);
    if (e >= 0)
        e = add_side(b, 1, right, stack);
    if (e >= 0)
        e = add_filter(b, &format, "format", "pix_fmts=yuv420p");
    if (e >= 0)
        e = avfilter_graph_create_filter(&b->sink, avfilter_get_by_name("buffersink"),
                                         NULL, NULL, NULL, b->graph);
    if (e >= 0)
        e = avfilter_link(stack, 0, format, 0);
    if (e >= 0)
        e = avfilter_link(format, 0, b->sink, 0);
    if (e >= 0)
        e = avfilter_graph_config(b->graph, NULL);
    return e < 0 ? av_fail(RIFEC_ERR_CODEC, e, "cannot put the videos side by side") : 0;
}

/* --- the file ----------------------------------------------------------------- */

static int open_encoder(const struct beside *b, AVCodecContext **out, const char *path)
{
    int err = 0;
    const AVOutputFormat *format = videofile_format(b->file);
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
    if (!codec || !avformat_query_codec(format, codec->id, FF_COMPLIANCE_NORMAL))
        codec = avcodec_find_encoder(format->video_codec);
    AVCodecContext *c = *out = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!c)
        FAIL(RIFEC_ERR_CODEC, "%s: no encoder for its container", path);
    c->width = av_buffersink_get_w(b->sink);
    c->height = av_buffersink_get_h(b->sink);
    c->pix_fmt = AV_PIX_FMT_YUV420P;
    c->framerate = film_rate(b->film[1]);
    c->time_base = TIME_BASE;
    if (format->flags & AVFMT_GLOBALHEADER)
        c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_opt_set(c, "crf", CRF, AV_OPT_SEARCH_CHILDREN);
    int e = avcodec_open2(c, codec, NULL);
    if (e < 0)
        err = av_fail(RIFEC_ERR_CODEC, e, "encoder %s refuses %dx%d", codec->name,
                      c->width, c->height);
fail:
    return err;
}

static int open_file(struct beside *b, const char *path, bool overwrite)
{
    int err = 0;
    AVCodecContext *encoder = NULL;
    TRY(videofile_open(
        &b->file, &(struct videofile_params){ .path = path, .overwrite = overwrite }));
    TRY(open_encoder(b, &encoder, path));
    TRY(videofile_start(b->file, &encoder));
fail:
    avcodec_free_context(&encoder);
    return err;
}

/* --- frame by frame ----------------------------------------------------------- */

static int join(struct beside *b, const AVFrame *left, AVFrame *right)
{
    int err = 0;
    AVFrame *pair[2] = { av_frame_clone(left), av_frame_clone(right) };
    if (!pair[0] || !pair[1])
        TRY(mem_fail("a frame"));
    pair[0]->pts = pair[1]->pts = b->last_us;
    int e = 0;
    for (int i = 0; i < 2 && e >= 0; i++) {
        pair[i]->sample_aspect_ratio = (AVRational){ 1, 1 };
        e = av_buffersrc_add_frame(b->source[i], pair[i]);
    }
    while (e >= 0 && (e = av_buffersink_get_frame(b->sink, b->joined)) >= 0) {
        b->joined->pts =
            av_rescale_q(b->joined->pts, av_buffersink_get_time_base(b->sink), TIME_BASE);
        b->joined->pict_type = AV_PICTURE_TYPE_NONE;
        TRY(videofile_write(b->file, b->joined));
        av_frame_unref(b->joined);
    }
    if (e != AVERROR(EAGAIN))
        err = av_fail(RIFEC_ERR_CODEC, e, "cannot put the videos side by side");
fail:
    av_frame_free(&pair[0]);
    av_frame_free(&pair[1]);
    return err;
}

/* Returns the left film's frame at this time. */
static int advance_left(struct beside *b, int64_t us)
{
    int err = 0;
    while (b->next[0] && (!b->shown || b->next[0]->pts <= us + SAME_TIME_US)) {
        av_frame_free(&b->shown);
        b->shown = b->next[0];
        b->next[0] = NULL;
        TRY(film_next(b->film[0], &b->next[0]));
    }
fail:
    return err;
}

static int join_all(struct beside *b)
{
    int err = 0;
    b->last_us = -1;
    while (b->next[1]) {
        int64_t us = b->next[1]->pts;
        if (us == AV_NOPTS_VALUE || us <= b->last_us)
            us = b->last_us + 1;
        b->last_us = us;
        TRY(advance_left(b, us));
        TRY(join(b, b->shown, b->next[1]));
        av_frame_free(&b->next[1]);
        TRY(film_next(b->film[1], &b->next[1]));
    }
    TRY(videofile_finish(&b->file));
fail:
    return err;
}

int beside_write(const char *out, const char *left, const char *right, bool overwrite)
{
    int err = 0;
    struct beside b = { .joined = av_frame_alloc() };
    if (!b.joined)
        TRY(mem_fail("a frame"));
    TRY(film_open(&b.film[0], left));
    TRY(film_open(&b.film[1], right));
    TRY(film_next(b.film[0], &b.next[0]));
    TRY(film_next(b.film[1], &b.next[1]));
    TRY(open_graph(&b, left, right));
    TRY(open_file(&b, out, overwrite));
    TRY(join_all(&b));
fail:
    videofile_discard(&b.file);
    avfilter_graph_free(&b.graph);
    for (int i = 0; i < 2; i++) {
        av_frame_free(&b.next[i]);
        film_close(&b.film[i]);
    }
    av_frame_free(&b.shown);
    av_frame_free(&b.joined);
    return err;
}

#else

int beside_write(const char *out, const char *left, const char *right, bool overwrite)
{
    (void)left;
    (void)right;
    (void)overwrite;
    log_error("%s: built without libavfilter, which --side-by-side needs (Debian: "
              "libavfilter-dev)",
              out);
    return RIFEC_ERR_CODEC;
}

#endif
