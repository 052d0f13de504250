/* Sources, a sink, and the filters of a text between them. */
#include "media/filters.h"

#include <stdio.h>

#include <libavutil/error.h>
#include <libavutil/mem.h>

#if RIFEC_HAVE_AVFILTER

int filters_add_source(AVFilterGraph *graph, const char *name, const AVFrame *like,
                       AVRational time_base, AVFilterContext **out)
{
    *out = avfilter_graph_alloc_filter(graph, avfilter_get_by_name("buffer"), name);
    AVBufferSrcParameters *p = av_buffersrc_parameters_alloc();
    if (!*out || !p) {
        av_free(p);
        return AVERROR(ENOMEM);
    }
    p->format = like->format;
    p->time_base = time_base;
    p->width = like->width;
    p->height = like->height;
    p->sample_aspect_ratio = like->sample_aspect_ratio;
    avcompat_source_color(p, like);
    int e = av_buffersrc_parameters_set(*out, p);
    av_free(p);
    return e < 0 ? e : avfilter_init_str(*out, NULL);
}

int filters_add_sink(AVFilterGraph *graph, AVFilterContext **out)
{
    return avfilter_graph_create_filter(out, avfilter_get_by_name("buffersink"), "out",
                                        NULL, NULL, graph);
}

/* Puts an open end of the text, to which a filter of ours is linked, before *list. */
static int tie(AVFilterInOut **list, const char *name, AVFilterContext *filter)
{
    AVFilterInOut *end = avfilter_inout_alloc();
    if (!end)
        return AVERROR(ENOMEM);
    *end =
        (AVFilterInOut){ .name = av_strdup(name), .filter_ctx = filter, .next = *list };
    *list = end;
    return end->name ? 0 : AVERROR(ENOMEM);
}

int filters_build(AVFilterGraph *graph, const char *text, AVFilterContext *const *sources,
                  int count, AVFilterContext *sink)
{
    AVFilterInOut *outputs = NULL, *inputs = NULL;
    int e = tie(&inputs, "out", sink);
    for (int i = 0; e >= 0 && i < count; i++) {
        char name[12];
        snprintf(name, sizeof name, "%d", i);
        e = tie(&outputs, name, sources[i]);
    }
    if (e >= 0)
        e = avfilter_graph_parse_ptr(graph, text, &inputs, &outputs, NULL);
    avfilter_inout_free(&inputs);
    avfilter_inout_free(&outputs);
    return e < 0 ? e : avfilter_graph_config(graph, NULL);
}

#else
typedef int filters_need_libavfilter; /* ISO C forbids an empty file */
#endif
