/* A queue of frames, and two graphs of libavfilter for what is in it. */
#include "media/out/palette.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "media/av.h"
#include "media/avcompat.h"
#include "media/filters.h"

#if RIFEC_HAVE_AVFILTER

/* Frames that share a palette take this much memory at most: half a minute of 480x270 at
 * 50 frames per second. A new palette repaints the whole picture. */
#define PART_BYTES ((size_t)256 << 20)

struct palette {
    AVFrame *like;           /* tags and size, no pixels                           */
    struct convert *convert; /* or NULL                                            */
    AVFrame **frames;        /* held back: [first] to [count - 1]                  */
    int first, count, room;
    size_t bytes; /* of them                                                       */
    bool ended;
    AVFilterGraph *choose; /* palettegen of the part that is held back             */
    AVFilterContext *choose_in, *choose_out;
    AVFilterGraph *use; /* paletteuse; NULL: the palette is not chosen yet */
    AVFilterContext *use_in[2], *use_out;
};

bool palette_is_there(void)
{
    return avfilter_get_by_name("palettegen") && avfilter_get_by_name("paletteuse");
}

/* --- graphs: FFmpeg's codes ----------------------------------------------- */

/* The filters need times that rise, and no more. */
static const AVRational numbers = { 1, 1 };

static int open_chooser(struct palette *p)
{
    p->choose = avfilter_graph_alloc();
    int e = p->choose
                ? filters_add_source(p->choose, "in", p->like, numbers, &p->choose_in)
                : AVERROR(ENOMEM);
    if (e >= 0)
        e = filters_add_sink(p->choose, &p->choose_out);
    return e < 0 ? e
                 : filters_build(p->choose, "[0]palettegen[out]", &p->choose_in, 1,
                                 p->choose_out);
}

/* Only where something has changed, so that a still background does not crawl. */
static int open_user(struct palette *p, const AVFrame *colors)
{
    p->use = avfilter_graph_alloc();
    int e = p->use ? filters_add_source(p->use, "in", p->like, numbers, &p->use_in[0])
                   : AVERROR(ENOMEM);
    if (e >= 0)
        e = filters_add_source(p->use, "colors", colors, numbers, &p->use_in[1]);
    if (e >= 0)
        e = filters_add_sink(p->use, &p->use_out);
    return e < 0 ? e
                 : filters_build(p->use, "[0][1]paletteuse=diff_mode=rectangle[out]",
                                 p->use_in, 2, p->use_out);
}

/* --- frames: our codes ---------------------------------------------------- */

static int refuse(int e)
{
    return av_fail(RIFEC_ERR_CODEC, e, "cannot choose 256 colours");
}

/* Gives a source a copy of the frame, in the format that colours are chosen from. */
static int feed(struct palette *p, AVFilterContext *source, const AVFrame *frame, int pts)
{
    int err = 0, e;
    AVFrame *copy = av_frame_clone(frame);
    if (!copy)
        return mem_fail("a frame");
    TRY(p->convert ? convert_frame(p->convert, &copy) : 0);
    copy->pts = pts;
    copy->pict_type = AV_PICTURE_TYPE_NONE;
    e = av_buffersrc_add_frame(source, copy);
    if (e < 0)
        err = refuse(e);
fail:
    av_frame_free(&copy);
    return err;
}

/* Makes the palette of all frames held back, and the graph that uses it. */
static int make_palette(struct palette *p)
{
    AVFrame *colors = av_frame_alloc();
    int e = colors ? av_buffersrc_add_frame(p->choose_in, NULL) : AVERROR(ENOMEM);
    if (e >= 0)
        e = av_buffersink_get_frame(p->choose_out, colors);
    avfilter_graph_free(&p->choose);
    if (e >= 0)
        e = open_user(p, colors);
    if (e >= 0) {
        colors->pts = 0;
        e = av_buffersrc_add_frame(p->use_in[1], colors);
    }
    if (e >= 0)
        e = av_buffersrc_add_frame(p->use_in[1], NULL);
    av_frame_free(&colors);
    return e < 0 ? refuse(e) : 0;
}

static int grow(struct palette *p)
{
    int room = p->room ? 2 * p->room : 64;
    AVFrame **grown = realloc(p->frames, (size_t)room * sizeof(AVFrame *));
    if (!grown)
        return mem_fail("the frames of a palette");
    p->frames = grown;
    p->room = room;
    return 0;
}

static size_t bytes_of(const AVFrame *frame)
{
    size_t bytes = 0;
    for (int i = 0; i < AV_NUM_DATA_POINTERS && frame->buf[i]; i++)
        bytes += (size_t)frame->buf[i]->size;
    return bytes;
}

/* --- the queue ------------------------------------------------------------ */

int palette_open(struct palette **out, const AVFrame *first, struct convert *convert)
{
    int err = 0;
    *out = NULL;
    struct palette *p = calloc(1, sizeof *p);
    if (!p)
        return mem_fail("a palette");
    p->convert = convert;
    p->like = av_frame_alloc();
    if (!p->like)
        TRY(mem_fail("a frame"));
    p->like->format = PALETTE_SOURCE;
    p->like->width = first->width;
    p->like->height = first->height;
    p->like->sample_aspect_ratio = first->sample_aspect_ratio;
    p->like->colorspace = AVCOL_SPC_RGB;
    p->like->color_range = AVCOL_RANGE_JPEG;
    *out = p;
    return 0;
fail:
    palette_close(&p);
    return err;
}

int palette_send(struct palette *p, AVFrame *frame)
{
    int err = 0, e;
    if (!frame) {
        p->ended = true;
        return 0;
    }
    if (!p->choose && (e = open_chooser(p)) < 0)
        TRY(refuse(e));
    TRY(feed(p, p->choose_in, frame, p->count));
    TRY(p->count == p->room ? grow(p) : 0);
    p->bytes += bytes_of(frame);
    p->frames[p->count++] = frame;
    return 0;
fail:
    av_frame_free(&frame);
    return err;
}

static void end_part(struct palette *p)
{
    avfilter_graph_free(&p->use);
    p->first = p->count = 0;
    p->bytes = 0;
}

int palette_receive(struct palette *p, AVFrame **out)
{
    int err = 0, e;
    *out = NULL;
    AVFrame *paletted = NULL;
    if (p->first == p->count || !(p->use || p->ended || p->bytes >= PART_BYTES))
        return 0;
    TRY(p->use ? 0 : make_palette(p));
    TRY(feed(p, p->use_in[0], p->frames[p->first], p->first));
    paletted = av_frame_alloc();
    if (!paletted)
        TRY(mem_fail("a frame"));
    e = av_buffersink_get_frame(p->use_out, paletted);
    if (e >= 0)
        e = av_frame_copy_props(paletted, p->frames[p->first]);
    if (e < 0)
        TRY(refuse(e));
    av_frame_free(&p->frames[p->first]);
    if (++p->first == p->count)
        end_part(p);
    paletted->colorspace = AVCOL_SPC_RGB;
    paletted->color_range = AVCOL_RANGE_JPEG;
    *out = paletted;
    return 0;
fail:
    av_frame_free(&paletted);
    return err;
}

bool palette_is_done(const struct palette *p)
{
    return p->ended && p->first == p->count;
}

void palette_close(struct palette **palette)
{
    struct palette *p = *palette;
    if (!p)
        return;
    for (int i = p->first; i < p->count; i++)
        av_frame_free(&p->frames[i]);
    free(p->frames);
    av_frame_free(&p->like);
    avfilter_graph_free(&p->choose);
    avfilter_graph_free(&p->use);
    free(p);
    *palette = NULL;
}

#else

bool palette_is_there(void)
{
    return false;
}

int palette_open(struct palette **out, const AVFrame *first, struct convert *convert)
{
    (void)first;
    (void)convert;
    *out = NULL;
    log_error("built without libavfilter, which chooses the colours of a palette");
    return RIFEC_ERR_CODEC;
}

int palette_send(struct palette *p, AVFrame *frame)
{
    (void)p;
    av_frame_free(&frame);
    return RIFEC_ERR_CODEC;
}

int palette_receive(struct palette *p, AVFrame **out)
{
    (void)p;
    *out = NULL;
    return RIFEC_ERR_CODEC;
}

bool palette_is_done(const struct palette *p)
{
    (void)p;
    return true;
}

void palette_close(struct palette **p)
{
    *p = NULL;
}

#endif
