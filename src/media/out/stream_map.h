/*
 * The mapping of input streams behind streams.h. Used only by streams.c, stream_map.c and
 * stream_loss.c.
 */
#ifndef RIFEC_MEDIA_OUT_STREAM_MAP_H
#define RIFEC_MEDIA_OUT_STREAM_MAP_H

#include "media/out/slowsound.h"
#include "media/out/streams.h"
#include "media/out/subtitles.h"

/* An input stream and its counterpart in the output. */
struct stream {
    const AVStream *in;
    AVStream *out;          /* NULL: left out                                         */
    AVRational time_base;   /* of the packets that come                        */
    struct subtitles *text; /* NULL: packets stay as they are                */
    struct slowsound *slow; /* or NULL                                       */
    bool no_packets;        /* all of it is in the container's head          */
    bool announced;         /* left out because it had no packets yet        */
    bool begun, shown;      /* a packet has come; one that is played         */
    bool leads;             /* what comes before that is to be left out      */
    bool accepted;          /* a packet has come that the muxer can begin with */
    int refused_first;      /* packets before that one, and their bytes        */
    int refused_bytes;
    struct stream_span span;
    int64_t last_dts; /* AV_NOPTS_VALUE: none yet                      */
    int64_t given;    /* packets that the muxer got                    */
    int64_t refused;  /* of these, packets that it did not write       */
};

struct streams {
    AVFormatContext *ctx;
    struct stream_choice choice;
    int video; /* input index */
    struct stream *list;
    int count;               /* the input's when it was opened; more may appear later */
    bool keep_ids;           /* from one transport stream to another */
    int too_fast;            /* left out because the picture is slowed down */
    bool may_begin_anywhere; /* the input is a broadcast stream */
    const struct lookahead *ahead; /* while streams are mapped */
    int left_out;                  /* because the container cannot hold them */
    uint64_t missed; /* bits: streams that came too late to be in the output */
    int64_t repaired;
};

/* "stream 3 (subtitle, dvd_subtitle, fin)" */
const char *stream_name(const AVStream *st, char *text, size_t size);

/* Fills the list: an output stream for each input stream that is to be in the output. */
int stream_map(struct streams *s, AVFormatContext *input);

/* False when the user, or the kind of job, leaves it out. */
bool stream_is_wanted(const struct streams *s, const AVStream *in);

/* `pictures`: only what describes the picture, not the bits. Errors: NOMEM. */
int stream_copy_side_data(AVStream *to, const AVPacketSideData *sd, int n, bool pictures);

#endif
