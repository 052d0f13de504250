/*
 * A stranger's file opens nothing but itself. Playlists, manifests and scripts make
 * FFmpeg open other files, whatever their own name is: a text called film.mp4 can put
 * any film of this machine into the output. Such input is recognised by its content
 * and refused before anything else is opened, unless the user names its format.
 */
#ifndef RIFEC_MEDIA_IN_CONFINE_H
#define RIFEC_MEDIA_IN_CONFINE_H

#include <libavformat/avformat.h>

#include "media/avcompat.h"

/* Finds the container of what ctx->pb reads, by content and by the name in `url`.
 * `name` is for messages. Errors, logged: INPUT, NOMEM; ABORT when stopped. */
int confine_find_format(AVCOMPAT_FORMAT_CONST AVInputFormat **out, AVFormatContext *ctx,
                        const char *url, const char *name);

/* Before avformat_open_input(): the context reads ctx->pb and opens nothing else. */
int confine_to_itself(AVFormatContext *ctx);

/* The same for a format that the user named: it may open files and pipes, and
 * nothing of the network. */
int confine_to_files(AVFormatContext *ctx);

#endif
