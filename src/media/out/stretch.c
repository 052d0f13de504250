/* A filter that draws out, its lead, and the loudness of what it makes. */
#include "media/out/stretch.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/avstring.h>

#include "media/out/envelope.h"

#if RIFEC_HAVE_AVFILTER

#define ATEMPO_MIN     0.5  /* of one filter */
#define RUBBERBAND_MIN 0.01 /* the same      */
#define PAD_S          0.1  /* silence before and after the sound */
#define PADS_MAX       50   /* of such silences that a filter swallows */
#define PROBE_S        0.1
#define PROBE_LEVEL    0.5f
/* How much earlier than in the trial sound may come, for each time its length, so that
 * it has come when it is to be heard. librubberband raises it over a window; atempo
 * looks for matching waves in half its own, of 47 ms at most. */
#define RUBBERBAND_EARLY_S 0.006
#define ATEMPO_EARLY_S     0.024

struct stretch {
    struct soundchain chain;
    struct envelope *envelope;
    struct rational slowdown;
    int rate, channels;
    int64_t in, out; /* samples so far                                     */
    int64_t skip;    /* samples of the filter's that come before the start */
    bool ended;
    AVFrame *taken;
};

static bool has_rubberband(void)
{
    return avfilter_get_by_name("rubberband") != NULL;
}

/* "atempo=0.5,atempo=0.8,aformat=..." */
static int open_chain(struct soundchain *c, const struct sound_format *in,
                      struct rational slowdown)
{
    char text[1024] = "";
    double tempo = 1 / rational_to_double(slowdown);
    const double least = has_rubberband() ? RUBBERBAND_MIN : ATEMPO_MIN;
    const char *one = has_rubberband() ? "rubberband=channels=together:tempo" : "atempo";
    for (; tempo < least; tempo /= least)
        av_strlcatf(text, sizeof text, "%s=%g,", one, least);
    av_strlcatf(text, sizeof text, "%s=%.12f,aformat=sample_fmts=flt", one, tempo);
    return soundchain_open(c, in, text);
}

static int send_silence(struct soundchain *to, const struct soundchain *like, int n)
{
    AVFrame *f = soundchain_silence(like, n);
    int e = f ? av_buffersrc_add_frame(to->source, f) : AVERROR(ENOMEM);
    av_frame_free(&f);
    return e;
}

static int samples_of(const struct stretch *s, double seconds)
{
    return (int)(seconds * s->rate);
}

/* A chord that begins at once, after silence. */
static int send_probe(struct stretch *s, struct soundchain *c,
                      const struct soundchain *like)
{
    static const double tones[] = { 311, 1000, 2900 };
    AVFrame *f = soundchain_silence(like, samples_of(s, PROBE_S));
    if (!f)
        return AVERROR(ENOMEM);
    float *x = (float *)f->extended_data[0];
    for (int i = 0; i < f->nb_samples; i++)
        for (int k = 0; k < s->channels * 3; k++)
            x[i * s->channels + k / 3] +=
                PROBE_LEVEL / 3 *
                (float)cos(6.283185307179586 * tones[k % 3] * i / s->rate);
    int e = send_silence(c, like, samples_of(s, PAD_S));
    if (e >= 0)
        e = av_buffersrc_add_frame(c->source, f);
    av_frame_free(&f);
    return e;
}

static int64_t drawn_out(const struct stretch *s, int64_t samples)
{
    return av_rescale(samples, s->slowdown.num, s->slowdown.den);
}

/* Silence makes a filter release the samples that it holds back; at the end of its input
 * it may treat them differently. */
static int take(struct stretch *s, struct soundchain *c, bool ended)
{
    int e = av_buffersink_get_frame(c->sink, s->taken);
    for (int i = 0; ended && e == AVERROR(EAGAIN) && i < PADS_MAX; i++) {
        e = send_silence(c, c, samples_of(s, PAD_S));
        if (e >= 0)
            e = av_buffersink_get_frame(c->sink, s->taken);
    }
    return e;
}

/* The sample at which the probe is heard, or -1. */
static int64_t find_probe(struct stretch *s, struct soundchain *c)
{
    const int64_t most = drawn_out(s, samples_of(s, 2 * PAD_S + PROBE_S));
    int64_t at = -1, before = 0;
    while (at < 0 && before < most && take(s, c, true) >= 0) {
        const float *x = (const float *)s->taken->extended_data[0];
        for (int i = 0; i < s->taken->nb_samples && at < 0; i++)
            if (fabsf(x[i * s->channels]) > PROBE_LEVEL / 4)
                at = before + i;
        before += s->taken->nb_samples;
        av_frame_unref(s->taken);
    }
    return at;
}

/* Output before the time of the first sample. */
static int measure_lead(struct stretch *s, const struct soundchain *like,
                        const struct sound_format *in)
{
    struct soundchain trial = { 0 };
    int e = open_chain(&trial, in, s->slowdown);
    if (e >= 0)
        e = send_probe(s, &trial, like);
    if (e >= 0) {
        const int64_t at = find_probe(s, &trial);
        const double early = has_rubberband() ? RUBBERBAND_EARLY_S : ATEMPO_EARLY_S;
        s->skip = at < 0 ? drawn_out(s, samples_of(s, PAD_S)) : at;
        s->skip += (int64_t)(early * s->rate * (rational_to_double(s->slowdown) - 1));
    }
    soundchain_close(&trial);
    return e;
}

int stretch_open(struct stretch **out, const struct soundchain *like,
                 const struct sound_format *in, struct rational slowdown)
{
    struct stretch *s = *out = calloc(1, sizeof *s);
    if (!s)
        return AVERROR(ENOMEM);
    s->slowdown = slowdown;
    s->rate = in->rate;
    s->taken = soundchain_silence(like, 1); /* a frame to ask for its channels */
    if (!s->taken)
        return AVERROR(ENOMEM);
    s->channels = avcompat_frame_layout(s->taken, like->sink);
    av_frame_unref(s->taken);
    if (envelope_open(&s->envelope, s->rate, s->channels, slowdown) < 0)
        return AVERROR(ENOMEM);
    int e = measure_lead(s, like, in);
    if (e >= 0)
        e = open_chain(&s->chain, in, slowdown);
    return e < 0 ? e : send_silence(&s->chain, like, samples_of(s, PAD_S));
}

int stretch_send(struct stretch *s, AVFrame *frame)
{
    if (frame) {
        s->in += frame->nb_samples;
        if (envelope_note(s->envelope, (const float *)frame->extended_data[0],
                          frame->nb_samples) < 0)
            return AVERROR(ENOMEM);
        frame->pts = AV_NOPTS_VALUE;
        return av_buffersrc_add_frame(s->chain.source, frame);
    }
    s->ended = true;
    return 0;
}

/* A part of what the filter gave, to be written to. */
static int give(struct stretch *s, AVFrame *out, int from, int n)
{
    AVFrame *part = soundchain_silence(&s->chain, n);
    if (!part)
        return AVERROR(ENOMEM);
    float *x = (float *)part->extended_data[0];
    memcpy(x, (const float *)s->taken->extended_data[0] + (ptrdiff_t)from * s->channels,
           (size_t)n * (size_t)s->channels * sizeof *x);
    envelope_shape(s->envelope, x, n);
    s->out += n;
    av_frame_move_ref(out, part);
    av_frame_free(&part);
    return 0;
}

int stretch_receive(struct stretch *s, AVFrame *frame)
{
    for (;;) {
        const int64_t left = s->ended ? drawn_out(s, s->in) - s->out : INT64_MAX;
        int e = left > 0 ? take(s, &s->chain, s->ended) : AVERROR_EOF;
        if (e < 0)
            return e == AVERROR(EAGAIN) && s->ended ? AVERROR_EOF : e;
        const int n = s->taken->nb_samples;
        const int from = s->skip < n ? (int)s->skip : n;
        const int count = n - from < left ? n - from : (int)left;
        s->skip -= from;
        e = count > 0 ? give(s, frame, from, count) : 0;
        av_frame_unref(s->taken);
        if (e < 0 || count > 0)
            return e;
    }
}

int64_t stretch_lag_us(const struct stretch *s)
{
    return envelope_lag_us(s->envelope);
}

void stretch_close(struct stretch **s)
{
    if (!*s)
        return;
    soundchain_close(&(*s)->chain);
    envelope_close(&(*s)->envelope);
    av_frame_free(&(*s)->taken);
    free(*s);
    *s = NULL;
}

#endif
