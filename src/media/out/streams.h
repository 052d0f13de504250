/*
 * Which streams of the input the output gets, and as what: the encoder's video
 * in place of one, packets as they are, text in another codec, pictures and
 * files in the container's head. With them go chapters, programs and tags.
 *
 * Streams that the container cannot hold are left out, with a warning that names them.
 */
#ifndef RIFEC_MEDIA_OUT_STREAMS_H
#define RIFEC_MEDIA_OUT_STREAMS_H

#include <stdbool.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "media/lookahead.h"
#include "media/out/stream_choice.h"

struct streams_params {
    AVFormatContext *input;
    const AVStream *video;         /* the input stream that the encoder's replaces    */
    const struct lookahead *ahead; /* the input's first packets; for the call    */
    struct stream_choice choice;
};

struct streams;

/* Adds streams, chapters and tags to `output`, which has none. Errors:
 * OUTPUT, CODEC, NOMEM. */
int streams_open(struct streams **out, AVFormatContext *output,
                 const struct streams_params *p);

/* True when packets of this input stream are wanted, besides the video's. */
bool streams_takes(const struct streams *s, int input_stream);

/* Describes the encoder's video; the header can be written then. Errors:
 * OUTPUT, NOMEM. */
int streams_describe_video(struct streams *s, const AVCodecContext *encoder);

/* After the header: warns if the container's time base is too coarse for the frame rate.
 */
void streams_check_ticks(const struct streams *s, AVRational frame_rate);

/* Gives the pictures in the container's head to the muxer, after its header.
 * An FFmpeg code. */
int streams_write_covers(struct streams *s);

/*
 * Turns a packet of the input or the encoder into a packet of the output, with its stream
 * index and timestamps. *pkt may then be empty. Errors: NOMEM.
 */
int streams_convert(struct streams *s, AVPacket **pkt);

/* Sound number i of those that are slowed down, or NULL after the last; *input_stream is
 * its input stream. Their packets, taken out, are for streams_convert(). */
struct slowsound *streams_slow(const struct streams *s, int i, int *input_stream);

/* From the first presentation to the last end of one stream's packets, as they
 * came and as they go; microseconds. False when there were none. */
struct stream_span {
    int64_t in_start, in_end, out_start, out_end;
};
bool streams_get_span(const struct streams *s, int input_stream, struct stream_span *out);

/* The time base of that input stream's packets. */
AVRational streams_time_base(const struct streams *s, int input_stream);

/* Packets that the muxer got and has not written. */
int64_t streams_unwritten(const struct streams *s);

/* After a refusal, when the muxer's queue is empty: what it has not written was
 * damaged. False when that is the encoder's. */
bool streams_count_refused(struct streams *s);

/* Streams that the container cannot hold; of data none are counted. */
int streams_left_out(const struct streams *s);

/* A packet has come of a stream that the output does not have: one that was announced
 * without packets or that nobody knew of. Logged and counted once. */
void streams_miss(struct streams *s, const AVStream *in);

/* Packets or texts of copied streams were lost, or whole streams missed. */
bool streams_damaged(const struct streams *s);

/* After the last packet: what had to be repaired, and what was lost. */
void streams_report(const struct streams *s);

void streams_close(struct streams **s);

#endif
