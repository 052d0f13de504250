/* The ends of a graph of libavfilter for pictures. Empty when built without it. */
#ifndef RIFEC_MEDIA_FILTERS_H
#define RIFEC_MEDIA_FILTERS_H

#include "media/avcompat.h"

#if RIFEC_HAVE_AVFILTER

/* Adds a source of frames with the size, format and colour of `like`. Returns 0 or
 * FFmpeg's code. */
int filters_add_source(AVFilterGraph *graph, const char *name, const AVFrame *like,
                       AVRational time_base, AVFilterContext **out);

/* Adds the sink. Returns 0 or FFmpeg's code. */
int filters_add_sink(AVFilterGraph *graph, AVFilterContext **out);

/* Builds the filters of `text` between the sources, which it names [0], [1] and so on,
 * and the sink, [out]. Returns 0 or FFmpeg's code. */
int filters_build(AVFilterGraph *graph, const char *text, AVFilterContext *const *sources,
                  int count, AVFilterContext *sink);

#endif
#endif
