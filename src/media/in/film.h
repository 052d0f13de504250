/*
 * The frames of a film, one after the other, for comparing them: without interpolation or
 * repaired times, every frame as the decoder returns it, in host memory.
 */
#ifndef RIFEC_MEDIA_IN_FILM_H
#define RIFEC_MEDIA_IN_FILM_H

#include <stdbool.h>
#include <stdint.h>

#include <libavutil/frame.h>

struct film;

/* Opens a video file, or pictures (a folder, frame%05d.png). The caller keeps `path`.
 * Errors: INPUT, CODEC, NOMEM. */
int film_open(struct film **out, const char *path);

/* *out is the next frame, the caller's to free, with pts in microseconds from the
 * film's start; NULL at the end. Errors: INPUT, NOMEM. */
int film_next(struct film *f, AVFrame **out);

/* The number of frames that the container gives; 0: unknown. */
int64_t film_frames(const struct film *f);

/* Frames per second; num 0: unknown. */
AVRational film_rate(const struct film *f);

/* True if parts so far could not be read or decoded. */
bool film_damaged(const struct film *f);

/* Accepts NULL. */
void film_close(struct film **f);

#endif
