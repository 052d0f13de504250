/*
 * Golden frames: the frames that a run gives to the encoder, compared with those of an
 * earlier run.
 *
 * The hash of a frame decides. If it differs, and the tolerance allows a difference, the
 * frames themselves are compared, if they were stored. A missing reference never passes.
 * Used by the thread that feeds the encoder.
 */
#ifndef RIFEC_GOLDEN_GOLDEN_H
#define RIFEC_GOLDEN_GOLDEN_H

#include <stdbool.h>
#include <stdint.h>

#include <libavutil/frame.h>

#include "golden/manifest.h"

#define GOLDEN_REPORTS_MAX 8

struct golden_params {
    const char *folder;    /* of the manifest                                         */
    bool update;           /* write the manifest instead of judging by it             */
    bool store_frames;     /* with update: keep the frames, too                       */
    const char *tolerance; /* NULL: the manifest's, or the default for the two engines */
    const char *reports[GOLDEN_REPORTS_MAX]; /* files; the ending selects the form */
    int report_count;
    bool overwrite;    /* reports may replace files that are not reports */
    const char *title; /* of the reports: the output's name */
    struct golden_subject subject;
};

/* True if the ending of a report's name is one of .html, .json and .xml. */
bool golden_report_takes(const char *path);

struct golden;

/*
 * Opens a comparison or an update. Fails before any work, with VERIFY, if the manifest is
 * missing or is of another model, size or format; then, too, the reports are written.
 * Other errors: USAGE, INPUT (a damaged manifest), OUTPUT, NOMEM.
 */
int golden_open(struct golden **out, const struct golden_params *p);

/* The next frame for the encoder, in host memory, and its hash. Errors: NOMEM, INPUT,
 * OUTPUT; a difference is not an error here. */
int golden_frame(struct golden *g, const AVFrame *frame, const char *hash, bool decoded);

/*
 * After the last frame: judges, or writes the manifest; writes the reports. `cut`: the
 * run was stopped early, which explains missing frames. Returns 0 (the same), VERIFY
 * (different), or OUTPUT, NOMEM.
 */
int golden_finish(struct golden *g, bool cut);

/* Accepts NULL. */
void golden_close(struct golden **g);

#endif
