/* Graphs of one line. */
#include "media/out/soundchain.h"

#include <stdio.h>

#include <libavutil/mem.h>
#include <libavutil/samplefmt.h>

#if RIFEC_HAVE_AVFILTER

int soundchain_open(struct soundchain *c, const struct sound_format *in,
                    const char *filters)
{
    char args[256];
    snprintf(args, sizeof args,
             "time_base=1/%d:sample_rate=%d:sample_fmt=%s:channel_layout=%s", in->rate,
             in->rate, av_get_sample_fmt_name(in->samples), in->layout);
    AVFilterInOut *ins = avfilter_inout_alloc(), *outs = avfilter_inout_alloc();
    c->graph = avfilter_graph_alloc();
    int e = c->graph && ins && outs ? 0 : AVERROR(ENOMEM);
    if (e >= 0)
        e = avfilter_graph_create_filter(&c->source, avfilter_get_by_name("abuffer"),
                                         "in", args, NULL, c->graph);
    if (e >= 0)
        e = avfilter_graph_create_filter(&c->sink, avfilter_get_by_name("abuffersink"),
                                         "out", NULL, NULL, c->graph);
    if (e >= 0) {
        *outs = (AVFilterInOut){ .name = av_strdup("in"), .filter_ctx = c->source };
        *ins = (AVFilterInOut){ .name = av_strdup("out"), .filter_ctx = c->sink };
        e = outs->name && ins->name
                ? avfilter_graph_parse_ptr(c->graph, filters, &ins, &outs, NULL)
                : AVERROR(ENOMEM);
    }
    avfilter_inout_free(&ins);
    avfilter_inout_free(&outs);
    return e < 0 ? e : avfilter_graph_config(c->graph, NULL);
}

AVFrame *soundchain_silence(const struct soundchain *like, int samples)
{
    AVFrame *f = av_frame_alloc();
    if (!f)
        return NULL;
    f->format = av_buffersink_get_format(like->sink);
    f->sample_rate = av_buffersink_get_sample_rate(like->sink);
    f->nb_samples = samples;
    const int channels = avcompat_frame_layout(f, like->sink);
    if (channels < 0 || av_frame_get_buffer(f, 0) < 0)
        av_frame_free(&f);
    else
        av_samples_set_silence(f->extended_data, 0, samples, channels, f->format);
    return f;
}

void soundchain_close(struct soundchain *c)
{
    avfilter_graph_free(&c->graph);
}

#endif
