/* Losses: parts of copied streams that did not reach the output. */
#include "media/out/stream_map.h"

#include <libavutil/avutil.h>

#include "base/log.h"

/* FFmpeg merges the packets of a picture before it counts them. */
static bool is_counted(const struct stream *st)
{
    return st->out && !st->no_packets &&
           st->in->codecpar->codec_id != AV_CODEC_ID_HDMV_PGS_SUBTITLE;
}

int64_t streams_unwritten(const struct streams *s)
{
    int64_t n = 0;
    for (int i = 0; i < s->count; i++)
        if (is_counted(&s->list[i]))
            n += s->list[i].given - s->list[i].out->nb_frames;
    return n;
}

bool streams_count_refused(struct streams *s)
{
    for (int i = 0; i < s->count; i++) {
        struct stream *st = &s->list[i];
        if (is_counted(st))
            st->refused = st->given - st->out->nb_frames;
    }
    return s->list[s->video].refused == 0;
}

/* Packets or texts that did not survive. */
static int64_t count_lost(const struct stream *st)
{
    return st->refused + st->refused_first + (st->text ? subtitles_lost(st->text) : 0) +
           (st->slow ? slowsound_lost(st->slow) : 0);
}

bool streams_damaged(const struct streams *s)
{
    for (int i = 0; i < s->count; i++)
        if (count_lost(&s->list[i]))
            return true;
    return s->missed != 0;
}

int streams_left_out(const struct streams *s)
{
    return s->left_out;
}

/* Streams whose loss a viewer would hear or see. */
static bool is_missed(const struct streams *s, const AVStream *in)
{
    enum AVMediaType type = in->codecpar->codec_type;
    return (type == AVMEDIA_TYPE_AUDIO || type == AVMEDIA_TYPE_VIDEO ||
            type == AVMEDIA_TYPE_SUBTITLE) &&
           stream_is_wanted(s, in);
}

void streams_miss(struct streams *s, const AVStream *in)
{
    char name[128];
    uint64_t bit = UINT64_C(1) << (in->index & 63);
    bool announced = in->index < s->count && s->list[in->index].announced;
    if ((in->index < s->count && !announced) || s->missed & bit || !is_missed(s, in))
        return;
    s->missed |= bit;
    log_warning("%s is missing: it begins after the output's header was written",
                stream_name(in, name, sizeof name));
}

static void report_lost(const struct stream *st)
{
    char name[128];
    stream_name(st->in, name, sizeof name);
    int64_t texts = st->text ? subtitles_lost(st->text) : 0;
    int64_t packets = count_lost(st) - texts;
    if (packets)
        log_warning("%s: %lld damaged %s packet%s dropped", name, (long long)packets,
                    av_get_media_type_string(st->in->codecpar->codec_type),
                    packets == 1 ? " was" : "s were");
    if (texts)
        log_warning("%s: %lld unreadable text%s dropped", name, (long long)texts,
                    texts == 1 ? " was" : "s were");
}

void streams_report(const struct streams *s)
{
    if (s->repaired)
        log_warning("repaired %lld non-increasing timestamps of copied packets",
                    (long long)s->repaired);
    for (int i = 0; i < s->count; i++)
        report_lost(&s->list[i]);
}
