/* Names that options accept, for shell completion, one per line. */
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>

#include "media/pictures.h"
#include "media/versions.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* The names of "mov,mp4,m4a", each on a line. */
static void print_each(const char *names, FILE *out)
{
    while (*names) {
        int length = (int)strcspn(names, ",");
        fprintf(out, "%.*s\n", length, names);
        names += length + (names[length] == ',');
    }
}

static void print_encoders(FILE *out)
{
    void *state = NULL;
    for (const AVCodec *c; (c = av_codec_iterate(&state));)
        if (av_codec_is_encoder(c) && c->type == AVMEDIA_TYPE_VIDEO &&
            c->id != AV_CODEC_ID_WRAPPED_AVFRAME)
            fprintf(out, "%s\n", c->name);
}

/* Besides FFmpeg's names, extensions that -f takes as well. */
static void print_muxers(FILE *out)
{
    static const char *const others[] = { "mkv", "null", "png", "tiff", "jpg",
                                          "bmp", "ppm",  "exr", "dpx",  "webp" };
    void *state = NULL;
    for (const AVOutputFormat *f; (f = av_muxer_iterate(&state));)
        if (f->video_codec != AV_CODEC_ID_NONE && !(f->flags & AVFMT_NOFILE) &&
            picture_codec(f->name) == AV_CODEC_ID_NONE)
            print_each(f->name, out);
    for (size_t i = 0; i < COUNT(others); i++)
        if (i < 2 || picture_codec(others[i]) != AV_CODEC_ID_NONE)
            fprintf(out, "%s\n", others[i]);
}

static void print_demuxers(FILE *out)
{
    void *state = NULL;
    for (const AVInputFormat *f; (f = av_demuxer_iterate(&state));)
        if (!(f->flags & AVFMT_NOFILE))
            print_each(f->name, out);
}

static void print_pixel_formats(FILE *out)
{
    for (const AVPixFmtDescriptor *d = NULL; (d = av_pix_fmt_desc_next(d));)
        if (!(d->flags & AV_PIX_FMT_FLAG_HWACCEL))
            fprintf(out, "%s\n", d->name);
}

static const char *matrix_name(int n)
{
    return av_color_space_name((enum AVColorSpace)n);
}

static const char *primaries_name(int n)
{
    return av_color_primaries_name((enum AVColorPrimaries)n);
}

static const char *transfer_name(int n)
{
    return av_color_transfer_name((enum AVColorTransferCharacteristic)n);
}

static void print_colors(const char *(*name)(int), FILE *out)
{
    for (int n = 0; n < 32; n++)
        if (name(n) && strcmp(name(n), "reserved") != 0 &&
            strcmp(name(n), "unknown") != 0)
            fprintf(out, "%s\n", name(n));
}

void media_print_list(enum media_list list, FILE *out)
{
    switch (list) {
    case MEDIA_NO_LIST:
        break;
    case MEDIA_ENCODERS:
        print_encoders(out);
        break;
    case MEDIA_PRESETS:
        print_each("ultrafast,superfast,veryfast,faster,fast,medium,slow,slower,veryslow",
                   out);
        break;
    case MEDIA_MUXERS:
        print_muxers(out);
        break;
    case MEDIA_DEMUXERS:
        print_demuxers(out);
        break;
    case MEDIA_PIXEL_FORMATS:
        print_pixel_formats(out);
        break;
    case MEDIA_MATRICES:
        print_colors(matrix_name, out);
        break;
    case MEDIA_PRIMARIES:
        print_colors(primaries_name, out);
        break;
    case MEDIA_TRANSFERS:
        print_colors(transfer_name, out);
        break;
    }
}
