/* A chain of two filters: the deinterlacer, and back to the same format. */
#include "media/in/deinterlace.h"

#include <stdlib.h>

#include <libavutil/pixdesc.h>

#include "base/err.h"
#include "base/mem.h"
#include "media/av.h"
#include "media/avcompat.h"
#include "media/filters.h"
#include "media/frame.h"

AVRational deinterlace_time_base(enum deinterlace_mode mode, AVRational in)
{
    return mode == DEINTERLACE_BOB ? (AVRational){ in.num, 2 * in.den } : in;
}

#if RIFEC_HAVE_AVFILTER

struct deinterlace {
    AVFilterGraph *graph;
    AVFilterContext *source, *sink;
    AVRational time_base; /* of what comes out */
};

bool deinterlace_is_there(void)
{
    return avfilter_get_by_name("bwdif") && avfilter_get_by_name("yadif");
}

/* libavfilter puts a conversion before filters that lack the format; the last
 * filter asks for it back. */
static int open_chain(struct deinterlace *d, const struct deinterlace_params *p)
{
    char text[160];
    snprintf(text, sizeof text, "[0]%s=mode=%s:parity=%s:deint=%s,format=%s[out]",
             p->mode == DEINTERLACE_YADIF ? "yadif" : "bwdif",
             p->mode == DEINTERLACE_BOB ? "send_field" : "send_frame",
             p->bottom_first ? "bff" : "auto", p->marked_only ? "interlaced" : "all",
             av_get_pix_fmt_name(p->first->format));
    return filters_build(d->graph, text, &d->source, 1, d->sink);
}

int deinterlace_open(struct deinterlace **out, const struct deinterlace_params *p)
{
    *out = NULL;
    struct deinterlace *d = calloc(1, sizeof *d);
    if (!d)
        return mem_fail("the deinterlacer");
    d->time_base = deinterlace_time_base(p->mode, p->time_base);
    d->graph = avfilter_graph_alloc();
    int e = d->graph
                ? filters_add_source(d->graph, "in", p->first, p->time_base, &d->source)
                : AVERROR(ENOMEM);
    if (e >= 0)
        e = filters_add_sink(d->graph, &d->sink);
    if (e >= 0)
        e = open_chain(d, p);
    if (e < 0) {
        deinterlace_close(&d);
        return av_fail(RIFEC_ERR_CODEC, e, "cannot deinterlace %dx%d %s", p->first->width,
                       p->first->height, av_get_pix_fmt_name(p->first->format));
    }
    *out = d;
    return 0;
}

int deinterlace_send(struct deinterlace *d, AVFrame *frame)
{
    if (frame)
        frame->pts = frame_time(frame);
    return av_buffersrc_add_frame(d->source, frame);
}

int deinterlace_receive(struct deinterlace *d, AVFrame *frame)
{
    int e = av_buffersink_get_frame(d->sink, frame);
    if (e < 0)
        return e;
    if (frame->pts != AV_NOPTS_VALUE)
        frame->pts =
            av_rescale_q(frame->pts, av_buffersink_get_time_base(d->sink), d->time_base);
    frame->best_effort_timestamp = frame->pts;
    /* Versions of FFmpeg set it differently; the gaps between frames contain the same
     * information. */
    AVFRAME_DURATION(frame) = 0;
    return 0;
}

void deinterlace_close(struct deinterlace **d)
{
    if (!*d)
        return;
    avfilter_graph_free(&(*d)->graph);
    free(*d);
    *d = NULL;
}

#else

bool deinterlace_is_there(void)
{
    return false;
}

int deinterlace_open(struct deinterlace **out, const struct deinterlace_params *p)
{
    (void)p;
    *out = NULL;
    log_error("built without libavfilter, which --deinterlace needs: deinterlace with "
              "`ffmpeg -i IN -vf bwdif ...` first, or build with it (Debian: "
              "libavfilter-dev)");
    return RIFEC_ERR_CODEC;
}

int deinterlace_send(struct deinterlace *d, AVFrame *frame)
{
    (void)d;
    (void)frame;
    return AVERROR(ENOSYS);
}

int deinterlace_receive(struct deinterlace *d, AVFrame *frame)
{
    (void)d;
    (void)frame;
    return AVERROR(ENOSYS);
}

void deinterlace_close(struct deinterlace **d)
{
    *d = NULL;
}

#endif
