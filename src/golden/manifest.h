/*
 * The golden manifest: the expected frames of a run, one by one, as JSON (docs/golden.md
 * has the schema). Untrusted input: sizes are bounded, every value is checked, and it
 * names no other file.
 */
#ifndef RIFEC_GOLDEN_MANIFEST_H
#define RIFEC_GOLDEN_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "golden/tolerance.h"
#include "media/framehash.h"

#define GOLDEN_SCHEMA     1
#define GOLDEN_MANIFEST   "golden.json" /* file names inside the golden folder */
#define GOLDEN_FRAMES     "frames.mkv"
#define GOLDEN_FRAMES_MAX 4000000

enum golden_kind { GOLDEN_SOURCE, GOLDEN_BETWEEN, GOLDEN_REPEAT };

struct golden_frame {
    int64_t pts;
    enum golden_kind kind;
    char hash[FRAMEHASH_TEXT];
    bool has_tolerance; /* its own, instead of the manifest's */
    struct golden_tolerance tolerance;
};

/* The origin of the frames; a change of any of these explains a difference. */
struct golden_subject {
    const char *version, *model_sha256, *settings, *backend, *engine, *precision;
    const char *pix_fmt;
    int width, height;
    int time_base_num, time_base_den;
    bool deterministic;
};

struct golden_manifest {
    struct golden_subject subject;
    bool has_tolerance; /* stored in the manifest; if not, the engines decide */
    struct golden_tolerance tolerance;
    bool has_frames; /* GOLDEN_FRAMES holds the frames themselves */
    struct golden_frame *frames;
    int64_t count, room;
};

/* Reads `path`. If the file does not exist, *found is false, and nothing else is set.
 * Errors: INPUT (not a manifest; the message says where), NOMEM. */
int golden_manifest_read(struct golden_manifest *out, const char *path, bool *found);

/* The same for a text in memory, for tests. `name` is used in messages. */
int golden_manifest_parse(struct golden_manifest *out, const char *text, size_t size,
                          const char *name);

/* Appends a copy of *frame. Errors: NOMEM. */
int golden_manifest_add(struct golden_manifest *m, const struct golden_frame *frame);

/* Errors: OUTPUT, NOMEM. */
int golden_manifest_write(const struct golden_manifest *m, const char *path);

void golden_manifest_close(struct golden_manifest *m);

/* Copies the strings, too; both below own theirs. Errors: NOMEM. */
int golden_subject_copy(struct golden_subject *to, const struct golden_subject *from);

const char *golden_kind_name(enum golden_kind kind);

#endif
