/*
 * Is there a cut between two frames? Judged from two thumbnails, so that it
 * costs the same at any size and can be done wherever the frames are.
 *
 * The score is r * sqrt(h). r is the residual of the second frame after the best match of
 * each of its blocks in the first (and the other way round), divided by the texture of
 * the frame: near 0 when the picture moved, near 1 when nothing matches. The brightness
 * of a block does not count, so flashes and fades are not cuts. h is the part of the
 * pixels whose brightness changed class: it keeps motion beyond the search range from
 * looking like a cut. The idea of weighing inter against intra cost is that of x264's
 * scenecut; the figures behind the threshold are in docs/scenes.md.
 */
#ifndef RIFEC_PIPELINE_SCENE_H
#define RIFEC_PIPELINE_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "rifec/rifec.h"

#define SCENE_THRESHOLD 0.28

/* Compares thumbnails of rifec_thumbnail(). 0: the same picture; 1 and more: nothing
 * in common. */
double scene_score(const uint16_t *a, const uint16_t *b);

/* scene_score() >= threshold; fast if little has changed. */
bool scene_is_cut(const uint16_t *a, const uint16_t *b, double threshold);

/* True if the thumbnails differ by no more than coding noise. */
bool scene_same(const uint16_t *a, const uint16_t *b);

/* Times of cuts that the user knows: of the first frame of each new scene. */
struct scene_list {
    int64_t *us; /* rising, microseconds */
    int count;
};

/*
 * Reads a text file with one time per line, in seconds or as HH:MM:SS.fff. Blank lines,
 * comments after a #, a byte order mark and CRLF are accepted; anything else is refused
 * with the number of its line. Errors: INPUT, NOMEM.
 */
int scene_list_open(struct scene_list *list, const char *path);

/* True when one of the times lies in from_us < time <= to_us. */
bool scene_list_has(const struct scene_list *list, int64_t from_us, int64_t to_us);

void scene_list_close(struct scene_list *list);

#endif
