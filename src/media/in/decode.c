/* libavcodec's decoder, drained, watched for damage, fields and changes of size. */
#include "media/in/decode.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/pixdesc.h>

#include "base/err.h"
#include "base/mem.h"
#include "media/av.h"
#include "media/avcompat.h"
#include "media/color.h"
#include "media/convert.h"
#include "media/in/decoder_fallback.h"
#include "media/frame.h"

#define SIDE_MAX 16384 /* RIFEC_SIZE_MAX, which this layer does not know */

#define EARLY_MAX 256 /* more than any distance between two keyframes in recordings */

struct decode {
    struct decoder *decoder;
    struct convert *convert; /* NULL: frames pass as decoded */
    enum AVPixelFormat converts_from;
    int width, height; /* of the first frame; 0 before */
    enum AVPixelFormat source_pix_fmt, pix_fmt, planar_pix_fmt;
    const char *path;
    int64_t damaged, count;
    AVRational time_base; /* of the stream */
    AVStream *stream;
    bool turned_outside, turned_otherwise; /* by the container; a later frame */
    enum deinterlace_mode mode;
    struct deinterlace *fields; /* NULL: frames pass as decoded */
    bool fields_ended, fields_seen;
    enum AVFieldOrder field_order; /* of frames that stay interlaced     */
    bool unmarked;                 /* only the container says that they are */
    struct color_override color;
    int64_t early[EARLY_MAX]; /* times of the packets before the first frame */
    int early_count, leading;
};

int decode_open(struct decode **out, const struct decode_params *p)
{
    int err = 0;
    *out = NULL;
    struct decode *d = calloc(1, sizeof *d);
    if (!d)
        return mem_fail("a decoder");
    d->path = p->path;
    d->mode = p->deinterlace;
    d->time_base = p->stream->time_base;
    d->stream = p->stream;
    TRY(color_read_names(&d->color, &p->color));
    struct hwaccel_params hwaccel = p->hwaccel;
    if (p->deinterlace != DEINTERLACE_REFUSE && p->deinterlace != DEINTERLACE_OFF)
        hwaccel.to_host = true; /* where the filter is */
    TRY(decoder_open(&d->decoder, &(struct decoder_params){
                                      .format = p->format,
                                      .stream = p->stream,
                                      .path = p->path,
                                      .hwaccel = hwaccel,
                                  }));
    *out = d;
    return 0;
fail:
    decode_close(&d);
    return err;
}

/* Two pictures of the size that the stream claims, with 16 bits in four planes. A size
 * that no engine supports is damage as well, and counts as nothing. */
static size_t sane_bytes(const struct decode *d)
{
    const AVCodecContext *c = decoder_context(d->decoder);
    bool sane =
        c->width > 0 && c->height > 0 && c->width <= SIDE_MAX && c->height <= SIDE_MAX;
    return sane ? (size_t)c->width * (size_t)c->height * 16 : 0;
}

/* Counts damage and continues; only a lack of memory ends the job. */
static int note_damage(struct decode *d, int averr)
{
    if (averr == AVERROR(ENOMEM) && !av_asks_too_much(averr, sane_bytes(d)))
        return av_fail(RIFEC_ERR_NOMEM, averr, "%s: cannot decode", d->path);
    if (averr == AVERROR_DECODER_NOT_FOUND)
        return RIFEC_ERR_CODEC;
    char why[AV_ERROR_MAX_STRING_SIZE];
    av_strerror(averr, why, sizeof why);
    if (d->damaged++ == 0)
        log_warning("%s: parts of the video cannot be decoded (%s) and are skipped",
                    d->path, why);
    return 0;
}

/* At the first frame: counts the pictures before it that are missing. */
static void count_leading(struct decode *d, const AVFrame *first)
{
    const int64_t pts =
        first->pts != AV_NOPTS_VALUE ? first->pts : first->best_effort_timestamp;
    for (int i = 0; i < d->early_count; i++)
        d->leading += pts != AV_NOPTS_VALUE && d->early[i] < pts;
}

int decode_send(struct decode *d, const AVPacket *pkt)
{
    if (pkt && !d->count && d->early_count < EARLY_MAX && pkt->pts != AV_NOPTS_VALUE &&
        !(pkt->flags & AV_PKT_FLAG_DISCARD))
        d->early[d->early_count++] = pkt->pts;
    int e = decoder_send(d->decoder, pkt);
    if (e < 0 && e != AVERROR_EOF)
        return note_damage(d, e);
    if (pkt && pkt->flags & AV_PKT_FLAG_CORRUPT)
        return note_damage(d, AVERROR_INVALIDDATA);
    return 0;
}

/* --- fields --------------------------------------------------------------- */

static bool is_two_fields(enum AVFieldOrder order)
{
    return order != AV_FIELD_UNKNOWN && order != AV_FIELD_PROGRESSIVE;
}

/* `av` is the first frame that goes through the filter. */
static int open_fields(struct decode *d, const AVFrame *av, enum AVFieldOrder order)
{
    const bool marked = avcompat_is_interlaced(av);
    return deinterlace_open(
        &d->fields,
        &(struct deinterlace_params){
            .mode = d->mode,
            .first = av,
            .time_base = d->time_base,
            .marked_only = marked,
            .bottom_first = !marked && (order == AV_FIELD_BB || order == AV_FIELD_BT),
        });
}

/* They are output unchanged, and marked as interlaced. */
static void keep_fields(struct decode *d, const AVFrame *av, enum AVFieldOrder order)
{
    d->unmarked = d->fields_seen && !avcompat_is_interlaced(av);
    if (d->unmarked)
        d->field_order = order;
    else if (d->fields_seen)
        d->field_order = avcompat_is_top_first(av) ? AV_FIELD_TT : AV_FIELD_BB;
}

/* Decides from the first frame, the container and the user's option. */
static int settle_fields(struct decode *d, const AVFrame *av)
{
    int err = 0;
    const enum AVFieldOrder order = decoder_context(d->decoder)->field_order;
    d->fields_seen = avcompat_is_interlaced(av) || is_two_fields(order);
    if (!d->fields_seen && (d->mode == DEINTERLACE_REFUSE || d->mode == DEINTERLACE_AUTO))
        return 0;
    if (d->mode == DEINTERLACE_OFF) {
        keep_fields(d, av, order);
        return 0;
    }
    if (d->mode == DEINTERLACE_REFUSE)
        FAIL(RIFEC_ERR_INPUT,
             "%s: the video is interlaced; use --deinterlace bwdif to deinterlace it%s, "
             "or --deinterlace off to interpolate it unchanged (with combing)",
             d->path, deinterlace_is_there() ? "" : " (not in this build)");
    if (!d->fields_seen)
        log_warning("%s: the video is not marked as interlaced; deinterlacing it anyway",
                    d->path);
    TRY(open_fields(d, av, order));
fail:
    return err;
}

/* Interlaced frames that come after the first frame can no longer be refused. */
static int watch_fields(struct decode *d, AVFrame *av)
{
    if (d->mode == DEINTERLACE_OFF) {
        if (d->unmarked)
            avcompat_set_interlaced(av, d->field_order == AV_FIELD_TT ||
                                            d->field_order == AV_FIELD_TB);
        return 0;
    }
    if (d->fields_seen || d->fields || !avcompat_is_interlaced(av))
        return 0;
    d->fields_seen = true;
    if (d->mode == DEINTERLACE_AUTO)
        return open_fields(d, av, AV_FIELD_UNKNOWN);
    log_warning("%s: the video is interlaced from frame %lld on, and used unchanged; "
                "--deinterlace auto deinterlaces it",
                d->path, (long long)d->count);
    return 0;
}

enum AVFieldOrder decode_field_order(const struct decode *d)
{
    return d->field_order;
}

AVRational decode_time_base(const struct decode *d)
{
    return deinterlace_time_base(d->mode, d->time_base);
}

int decode_rate_factor(const struct decode *d)
{
    return d->mode == DEINTERLACE_BOB ? 2 : 1;
}

/* --- frames --------------------------------------------------------------- */

/* How a picture of a camera is to be turned is within the picture (EXIF) or the frame;
 * containers have it of the stream. Those whose stream says it leave it at that. */
static int settle_rotation(struct decode *d, const AVFrame *av)
{
    const AVFrameSideData *turn = av_frame_get_side_data(av, AV_FRAME_DATA_DISPLAYMATRIX);
    d->turned_outside = avcompat_has_side_data(d->stream, AV_PKT_DATA_DISPLAYMATRIX);
    if (!turn || d->turned_outside)
        return 0;
    uint8_t *room =
        avcompat_new_side_data(d->stream, AV_PKT_DATA_DISPLAYMATRIX, turn->size);
    if (!room)
        return mem_fail("how the picture is turned");
    memcpy(room, turn->data, turn->size);
    return 0;
}

/* One turn holds for all of a film. Frames that need others may leave it unsaid. */
static void watch_rotation(struct decode *d, const AVFrame *av)
{
    const AVFrameSideData *turn = av_frame_get_side_data(av, AV_FRAME_DATA_DISPLAYMATRIX);
    const AVCodecDescriptor *codec =
        avcodec_descriptor_get(d->stream->codecpar->codec_id);
    const uint8_t *first = avcompat_find_side_data(d->stream, AV_PKT_DATA_DISPLAYMATRIX);
    if (!codec || !(codec->props & AV_CODEC_PROP_INTRA_ONLY) || d->turned_outside ||
        d->turned_otherwise ||
        (first && turn ? !memcmp(first, turn->data, turn->size) : !first && !turn))
        return;
    d->turned_otherwise = true;
    log_warning("%s: frame %lld has another rotation than the first; the first one's is "
                "used for all",
                d->path, (long long)d->count);
}

/* All other frames must have the properties of the first. */
static int settle(struct decode *d, const AVFrame *av)
{
    int err = 0;
    struct rifec_format unused;
    const enum AVPixelFormat pix_fmt = hwaccel_pix_fmt(av);
    d->width = av->width;
    d->height = av->height;
    d->source_pix_fmt = color_plain(decoder_pix_fmt(d->decoder, av));
    d->planar_pix_fmt = d->source_pix_fmt;
    d->pix_fmt = pix_fmt;
    d->converts_from = pix_fmt;
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(pix_fmt);
    if (desc && desc->flags & AV_PIX_FMT_FLAG_RGB &&
        (d->color.matrix >= 0 || d->color.range >= 0))
        log_warning("--colorspace and --range have no effect on %s", desc->name);
    TRY(settle_fields(d, av));
    TRY(settle_rotation(d, av));
    if (color_format(pix_fmt, &unused))
        return 0;
    d->pix_fmt = d->planar_pix_fmt = color_nearest(pix_fmt);
    bool floats = desc && desc->flags & AV_PIX_FMT_FLAG_FLOAT;
    bool lost = color_has_alpha(pix_fmt) && !color_has_alpha(d->pix_fmt);
    log_info("pixel format %s is converted to %s%s%s", av_get_pix_fmt_name(pix_fmt),
             av_get_pix_fmt_name(d->pix_fmt), lost ? "; transparency is lost" : "",
             floats ? "; values outside 0 to 1 are lost" : "");
    TRY(convert_open(&d->convert, av, d->pix_fmt));
fail:
    return err;
}

/* Programs save a black picture among coloured ones as gray, or with a palette:
 * fine as long as the first one's format loses nothing of it. */
static int follow_format(struct decode *d, const AVFrame *av)
{
    bool same_size = av->width == d->width && av->height == d->height;
    const enum AVPixelFormat pix_fmt = hwaccel_pix_fmt(av);
    if (same_size && pix_fmt == d->converts_from)
        return 0;
    /* A palette can be transparent, and hardly ever is. */
    bool alpha = color_has_alpha(pix_fmt) && pix_fmt != AV_PIX_FMT_PAL8;
    if (!same_size || d->fields || hwaccel_is_device(av) ||
        av_get_pix_fmt_loss(d->pix_fmt, pix_fmt, alpha)) {
        log_error(
            "%s: the picture changes from %dx%d %s to %dx%d %s; the output ends before "
            "that",
            d->path, d->width, d->height, av_get_pix_fmt_name(d->source_pix_fmt),
            av->width, av->height, av_get_pix_fmt_name(pix_fmt));
        return RIFEC_ERR_INPUT;
    }
    convert_close(&d->convert);
    d->converts_from = pix_fmt;
    return pix_fmt == d->pix_fmt ? 0 : convert_open(&d->convert, av, d->pix_fmt);
}

/* Checks a frame from the decoder: logs what is unusual, and finds out whether it has the
 * size and format of the first. */
static int check(struct decode *d, AVFrame *f)
{
    int err = 0;
    if (f->format != color_plain(f->format)) {
        f->format = color_plain(f->format);
        f->color_range = AVCOL_RANGE_JPEG;
    }
    color_override(f, &d->color);
    if (!d->width)
        TRY(settle(d, f));
    TRY(follow_format(d, f));
    if (f->flags & AV_FRAME_FLAG_CORRUPT || f->decode_error_flags)
        TRY(note_damage(d, AVERROR_INVALIDDATA));
    TRY(watch_fields(d, f));
    watch_rotation(d, f);
    if (!d->count)
        count_leading(d, f);
    frame_number(f, d->count++);
fail:
    return err;
}

/* Returns 1 if *av is a decoded frame, 0 if there is none now or any more. */
static int next_decoded(struct decode *d, AVFrame *av, bool *at_end)
{
    int err = 0, e;
    while ((e = decoder_receive(d->decoder, av)) < 0) {
        *at_end = e == AVERROR_EOF;
        if (*at_end && !d->damaged && decoder_met_damage(d->decoder))
            TRY(note_damage(d, AVERROR_INVALIDDATA));
        if (e == AVERROR(EAGAIN) || e == AVERROR_EOF)
            return 0;
        TRY(note_damage(d, e));
    }
    TRY(check(d, av));
    return 1;
fail:
    return err;
}

/* The same, through the deinterlacer if there is one. */
static int next_whole(struct decode *d, AVFrame *av)
{
    for (;;) {
        bool at_end = false;
        int e = d->fields ? deinterlace_receive(d->fields, av) : AVERROR(EAGAIN);
        if (e >= 0)
            return 1;
        if (e != AVERROR(EAGAIN) && e != AVERROR_EOF)
            return av_fail(RIFEC_ERR_CODEC, e, "%s: cannot deinterlace", d->path);
        int got = next_decoded(d, av, &at_end);
        if (got < 0 || (got && !d->fields))
            return got;
        if (!got && (!at_end || !d->fields || d->fields_ended))
            return 0;
        d->fields_ended = !got;
        e = deinterlace_send(d->fields, got ? av : NULL);
        if (e < 0)
            return av_fail(RIFEC_ERR_CODEC, e, "%s: cannot deinterlace", d->path);
    }
}

int decode_receive(struct decode *d, struct rifec_frame **out)
{
    int err = 0;
    *out = NULL;
    AVFrame *av = av_frame_alloc();
    if (!av)
        return mem_fail("a frame");
    int got = next_whole(d, av);
    if (got <= 0) {
        err = got;
        goto fail;
    }
    if (d->convert)
        TRY(convert_frame(d->convert, &av));
    *out = frame_wrap(&av);
    if (!*out)
        TRY(mem_fail("a frame"));
fail:
    av_frame_free(&av);
    return err;
}

int64_t decode_damaged(const struct decode *d)
{
    return d->damaged;
}

int decode_leading(const struct decode *d)
{
    return d->damaged ? 0 : d->leading;
}

enum AVPixelFormat decode_pix_fmt(const struct decode *d)
{
    return d->pix_fmt;
}

enum AVPixelFormat decode_planar_pix_fmt(const struct decode *d)
{
    return d->planar_pix_fmt;
}

enum AVPixelFormat decode_source_pix_fmt(const struct decode *d)
{
    return d->source_pix_fmt;
}

const char *decode_decoder_name(const struct decode *d)
{
    return decoder_is_hardware(d->decoder) ? "nvdec"
                                           : decoder_context(d->decoder)->codec->name;
}

void decode_close(struct decode **d)
{
    if (!*d)
        return;
    convert_close(&(*d)->convert);
    deinterlace_close(&(*d)->fields);
    decoder_close(&(*d)->decoder);
    free(*d);
    *d = NULL;
}
