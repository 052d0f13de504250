/*
 * The capabilities of containers: those that FFmpeg's muxers report, and those that only
 * this table knows.
 */
#ifndef RIFEC_MEDIA_OUT_CONTAINER_H
#define RIFEC_MEDIA_OUT_CONTAINER_H

#include <stdbool.h>

#include <libavformat/avformat.h>

#include "media/lookahead.h"
#include "media/out/trial.h"

/* True for one of the names in "mp4|mov"; FFmpeg's name of a muxer. */
bool container_is(const AVOutputFormat *f, const char *names);

/* True if packets of the stream can be written unchanged, together with the streams of
 * the trial. The muxer itself is asked. */
bool container_holds(const struct trial *t, const AVStream *st,
                     const struct lookahead *ahead);

/* True if FFmpeg's tables list the codec for the container. */
bool container_holds_codec(const AVOutputFormat *f, enum AVCodecID codec);

/* The codec tag for our encoder's stream in this container; 0: the encoder's own. */
uint32_t container_video_tag(const AVOutputFormat *f, enum AVCodecID codec);

/* True for audio formats such as .mp3 and .wav. */
bool container_is_for_sound(const AVOutputFormat *f);

/* True for a picture that represents the file, as a stream or as an attachment. */
bool container_holds_cover(const AVOutputFormat *f, enum AVCodecID codec);

bool container_holds_attachments(const AVOutputFormat *f);
bool container_holds_chapters(const AVOutputFormat *f);

/* The part of a stream's packets that is played. */
bool container_holds_edits(const AVOutputFormat *f);

/* The rotation of the picture for display. */
bool container_holds_rotation(const AVOutputFormat *f);

/* The mastering display and light levels of HDR10. */
bool container_holds_light(const AVOutputFormat *f);

/* The file name extension of a format, "mkv" for matroska; more may follow a comma. An
 * extension gives itself, and so does a name that FFmpeg does not know. */
const char *container_extension(const char *format);

/* The extension of a container that was tried and holds the stream, ".mkv"; NULL: none.
 */
const char *container_for(const AVStream *st, const struct lookahead *ahead);

/* Copies the parameters, with a codec tag that the container supports. */
int container_copy_parameters(const AVOutputFormat *f, AVStream *to,
                              const AVStream *from);

/* Muxer options that keep the properties of the streams of `ctx` and its tags. */
void container_options(const AVFormatContext *ctx, AVDictionary **options);

#endif
