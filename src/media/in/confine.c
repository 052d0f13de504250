/* Keeps FFmpeg from opening anything but the input. */
#include "media/in/confine.h"

#include <string.h>

#include <libavutil/avstring.h>
#include <libavutil/opt.h>

#include "base/err.h"
#include "base/mem.h"
#include "media/av.h"

/* Demuxers that open what their file names. */
static const struct {
    const char *demuxer, *what;
} openers[] = {
    { "hls", "an HLS playlist" },
    { "dash", "a DASH manifest" },
    { "webm_dash_manifest", "a WebM DASH manifest" },
    { "concat", "a list of files to join" },
    { "imf", "an IMF playlist" },
    { "sdp", "a description of a network stream (SDP)" },
    { "rtsp", "a description of a network stream (RTSP)" },
    { "vobsub", "an index of VobSub subtitles" },
    { "avisynth", "an AviSynth script" },
    { "vapoursynth", "a VapourSynth script" },
};

/* Playlists that FFmpeg cannot read, by how they begin. */
static const struct {
    const char *start, *what;
} playlists[] = {
    { "#EXTM3U", "a playlist (M3U)" },
    { "[playlist]", "a playlist (PLS)" },
    { "[Reference]", "a reference to a network stream (ASF)" },
    { "RTSPtext", "a reference to a network stream (RTSP)" },
    { "<asx", "a playlist (ASX)" },
    { "<smil", "a playlist (SMIL)" },
    { "ffconcat", "a list of files to join" },
};

static int refuse_opener(const char *format, const char *name)
{
    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++)
        if (av_match_name(openers[i].demuxer, format)) {
            log_error("%s: this is not a video but %s, which names other files to open; "
                      "if you trust it, add --input-format %s",
                      name, openers[i].what, openers[i].demuxer);
            return RIFEC_ERR_INPUT;
        }
    return 0;
}

/* NULL, or what sort of playlist the text is that the bytes begin with, which are read
 * again afterwards. *is_hls: one that FFmpeg's demuxer reads, though since FFmpeg 7.1 it
 * recognises it only under a name of its own. */
static const char *find_playlist(AVIOContext *pb, bool *is_hls)
{
    char text[64] = "";
    int size = avio_read(pb, (unsigned char *)text, sizeof text - 1);
    const char *start = text;
    avio_seek(pb, 0, SEEK_SET);
    if (size > 3 && !memcmp(text, "\xef\xbb\xbf", 3))
        start += 3;
    start += strspn(start, " \t\r\n");
    *is_hls = av_stristart(start, "#EXTM3U", NULL) && strstr(start, "#EXT-X-");
    for (size_t i = 0; i < sizeof playlists / sizeof *playlists; i++)
        if (av_stristart(start, playlists[i].start, NULL))
            return playlists[i].what;
    return NULL;
}

int confine_find_format(AVCOMPAT_FORMAT_CONST AVInputFormat **out, AVFormatContext *ctx,
                        const char *url, const char *name)
{
    int err = 0;
    bool is_hls;
    const char *playlist = find_playlist(ctx->pb, &is_hls);
    *out = NULL;
    int e = av_probe_input_buffer2(ctx->pb, out, url, NULL, 0, 0);
    if (e == AVERROR_EXIT)
        return RIFEC_ERR_ABORT;
    if (!ctx->pb->bytes_read)
        FAIL(RIFEC_ERR_INPUT, "%s: is empty", name);
    if (*out)
        TRY(refuse_opener((*out)->name, name));
    if (is_hls)
        TRY(refuse_opener("hls", name));
    if (playlist)
        FAIL(RIFEC_ERR_INPUT,
             "%s: this is not a video but %s; give the video that it names", name,
             playlist);
    if (e < 0 || !*out)
        err = av_fail(RIFEC_ERR_INPUT, e < 0 ? e : AVERROR_INVALIDDATA,
                      "%s: not a video FFmpeg can open", name);
fail:
    return err;
}

/* A demuxer opens by this function, and a demuxer within a demuxer by the list of
 * protocols. The own name is that of the pictures' demuxer, which opens by name. */
static int open_itself(AVFormatContext *ctx, AVIOContext **pb, const char *url, int flags,
                       AVDictionary **options)
{
    (void)options;
    *pb = NULL;
    if (!strcmp(url, ctx->url) && !(flags & AVIO_FLAG_WRITE))
        return avio_open2(pb, url, flags, &ctx->interrupt_callback, NULL);
    av_log(ctx, AV_LOG_ERROR, "'%s' is another file, so it is not opened\n", url);
    return AVERROR(EACCES);
}

static int allow(AVFormatContext *ctx, const char *protocols)
{
    return av_opt_set(ctx, "protocol_whitelist", protocols, 0) < 0 ? mem_fail("a name")
                                                                   : 0;
}

int confine_to_itself(AVFormatContext *ctx)
{
    ctx->io_open = open_itself;
    return allow(ctx, "none");
}

int confine_to_files(AVFormatContext *ctx)
{
    return allow(ctx, "file,pipe");
}
