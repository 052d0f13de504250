/*
 * A segment of encoded video in its own file: packets as the encoder gave them, with
 * their timestamps and side data. A file under its final name is complete and on the
 * disk, and checksums detect later damage.
 *
 * The format, "rifec segment 2"; all numbers are little-endian:
 *
 *     header   0  16  "rifec segment 2\n"
 *             16  16  digest of the settings
 *             32   4  number of the segment, from 0
 *             36   4  packets in it
 *             40   8  its first output frame, from 0
 *             48   8  output frames in it
 *             56   8  bytes in the file
 *             64  16  digest of all records' digests
 *             80  16  digest of the 80 bytes before
 *     record   0   4  bytes of the body
 *              4   n  body: number of the packet (4), flags (4), pts, dts, duration
 *                     (8 each), count of side data (4); of each side data its type (4),
 *                     size (4) and bytes; then the packet's data
 *            4+n  16  digest of the 4 + n bytes before
 *
 * Digests are those of digest.h. Nothing that is read is believed before its digest is
 * checked, and no size before it is known to fit into the file.
 */
#ifndef RIFEC_MEDIA_OUT_SEGMENT_H
#define RIFEC_MEDIA_OUT_SEGMENT_H

#include <stdint.h>

#include <libavcodec/packet.h>

#include "media/digest.h"

/* Which segment it is. */
struct segment_head {
    uint8_t settings[DIGEST_SIZE]; /* digest of what shaped the output */
    int number;                    /* from 0                           */
    int64_t first, frames;         /* of the output's frames           */
};

/* --- writing: errors are OUTPUT and NOMEM --------------------------------- */

struct segment_writer;

/* An existing segment of that name is replaced, once the new one is whole. */
int segment_create(struct segment_writer **out, const char *path);
int segment_write(struct segment_writer *s, const AVPacket *pkt);

/* After the last packet: puts the file in its place. Closes, always. */
int segment_commit(struct segment_writer **s, const struct segment_head *head);

/* Closes, and removes what was written. Accepts NULL. */
void segment_discard(struct segment_writer **s);

/* --- reading -------------------------------------------------------------- */

enum segment_state {
    SEGMENT_WHOLE,
    SEGMENT_ABSENT,
    SEGMENT_DAMAGED, /* or not a segment at all          */
    SEGMENT_OLD,     /* of rifec 0.1: without checksums  */
};

struct segment_reader;

/* Reads the header; *out and *head are valid if the state is WHOLE, which says nothing
 * yet of the records. `why` describes a damaged one: "its checksum is wrong". Errors:
 * OUTPUT (no permission to read it), NOMEM. */
int segment_open(struct segment_reader **out, const char *path, struct segment_head *head,
                 enum segment_state *state, char why[80]);

/* The same for the whole segment: reads all records. */
int segment_check(const char *path, struct segment_head *head, enum segment_state *state,
                  char why[80]);

/* *out is the next packet, the caller's to free, or NULL after the last one. Errors:
 * OUTPUT (the segment is damaged), NOMEM. */
int segment_read(struct segment_reader *s, AVPacket **out);

/* Accepts NULL. */
void segment_close(struct segment_reader **s);

#endif
