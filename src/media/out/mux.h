/*
 * The output: container, header, packets and trailer. Which streams are in it:
 * streams.h; where the bytes go: target.h.
 */
#ifndef RIFEC_MEDIA_OUT_MUX_H
#define RIFEC_MEDIA_OUT_MUX_H

#include <stdbool.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "media/pictures.h"
#include "media/out/streams.h"

struct mux_params {
    const char *path;   /* "-": standard output; a name with %d, or a folder
                           when the format is pictures': pictures            */
    const char *format; /* short name; NULL: from the extension; "-": y4m    */
    const struct pictures *input_pictures; /* or NULL                        */
    bool overwrite;
    bool take_over; /* what an interrupted run left of it may be removed     */
    bool *taken;    /* the output is another's: see base/outfile.h; or NULL  */
    struct streams_params streams;
    bool (*stopped)(void); /* ends a wait for standard output's reader       */
};

struct mux;

/* Chooses the container and the streams, and takes the output's name, see target.h.
 * Errors: OUTPUT, CODEC, NOMEM. */
int mux_open(struct mux **out, const struct mux_params *p);

const AVOutputFormat *mux_format(const struct mux *m);
const char *mux_path(const struct mux *m);

/* True when nothing is written, whatever the path: -f null. */
bool mux_is_nowhere(const struct mux *m);

/* True for one file that grows a packet at a time. */
bool mux_is_file(const struct mux *m);

/* The codec that the video must have, or AV_CODEC_ID_NONE if any will do. */
enum AVCodecID mux_codec(const struct mux *m);

/* True when the container cannot say how long each frame is shown. */
bool mux_needs_constant_rate(const struct mux *m);

/* True when the container's clock is too coarse for exact times: as forms_clock(). */
bool mux_clock(const struct mux *m, AVRational *tick, int *least);

/* True when packets of this input stream are copied to the output. */
bool mux_copies(const struct mux *m, int input_stream);

/* Adds the video stream and writes the header. */
int mux_start(struct mux *m, const AVCodecContext *encoder);

/*
 * Writes a packet and takes it, always. stream_index is the input's, for the
 * encoder's packets too; times are in the input stream's time base, or in
 * the encoder's. A copied packet that the container refuses is dropped and
 * counted. Errors: OUTPUT, NOMEM.
 */
int mux_write(struct mux *m, AVPacket **pkt);

/* The time base of that input stream's packets. */
AVRational mux_time_base(const struct mux *m, int input_stream);

/* As streams_get_span(). */
bool mux_get_span(const struct mux *m, int input_stream, struct stream_span *out);

/* How much later than the picture slowed-down sound is, by its own measure: the worst
 * of all; 0: none, or on time. After the last packet. */
int64_t mux_sound_lag_us(const struct mux *m);

/* After the last packet: writes what was held back, and the trailer. video_end: when the
 * last frame ends, in the encoder's time base. */
int mux_end(struct mux *m, int64_t video_end);

/* The temporary name of the file, which is complete after mux_end(). NULL if the output
 * is not a file or is written in place. */
const char *mux_part(const struct mux *m);

/* After mux_end(): closes the file and gives it its final name. */
int mux_finish(struct mux *m);

/* As streams_miss() and streams_left_out(). */
void mux_miss(struct mux *m, const AVStream *in);
int mux_left_out(const struct mux *m);

/* After mux_finish(): packets of copied streams were damaged and dropped. */
bool mux_damaged(const struct mux *m);

/* Closes; an output that was not finished is removed. */
void mux_close(struct mux **m);

#endif
