/*
 * Standard input and output in the place of a file. They cannot seek, their
 * other end may go away or stand still, and neither must hold up a Ctrl-C.
 */
#ifndef RIFEC_MEDIA_PIPE_H
#define RIFEC_MEDIA_PIPE_H

#include <stdbool.h>

#include <libavformat/avio.h>

/*
 * All give AVERROR_EXIT once `stopped` (NULL: never) says so, even while they wait. If
 * the reader has exited, they give AVERROR(EPIPE). Error: NOMEM.
 */
int pipe_open_stdin(AVIOContext **out, bool (*stopped)(void));

/* A named pipe; whether anybody writes to it shows when it is read. Errors: INPUT,
 * logged, too. */
int pipe_open_named(AVIOContext **out, const char *path, bool (*stopped)(void));

/* An open descriptor, which stays open. Errors: OUTPUT, logged, too. */
int pipe_open_output(AVIOContext **out, int fd, bool (*stopped)(void));

/* Writes what is left and closes, though not descriptors 0 to 2: they are the
 * process's. Gives FFmpeg's code of the first failure. Accepts NULL. */
int pipe_close(AVIOContext **pb);

#endif
