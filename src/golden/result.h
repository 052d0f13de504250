/* The result of a comparison, for the reports. */
#ifndef RIFEC_GOLDEN_RESULT_H
#define RIFEC_GOLDEN_RESULT_H

#include "golden/manifest.h"
#include "media/still.h"

enum golden_status {
    GOLDEN_SAME,      /* the same hash                                             */
    GOLDEN_WITHIN,    /* another hash, within the tolerance                        */
    GOLDEN_DIFFERENT, /* beyond it, or not to be measured                          */
    GOLDEN_MISSING,   /* the manifest has this frame, the run does not */
    GOLDEN_EXTRA,     /* the run has this frame, the manifest does not */
};

struct golden_row {
    enum golden_status status;
    bool measured; /* metrics are known */
    struct metrics metrics;
    int64_t pts;        /* of the run; of the manifest if the frame is missing */
    int64_t golden_pts; /* of the manifest */
    enum golden_kind kind;
};

/* Pictures of a frame that differs: reference, result, difference; whole and close. */
struct golden_pictures {
    int64_t index;
    double rank; /* the smaller, the worse */
    struct still whole[3], close[3];
    int x, y; /* where the close ones are taken from */
};

#define GOLDEN_REPORT_MARK "rifec golden report" /* near the start of each form */

#define GOLDEN_PICTURES 12 /* of the worst frames */

struct golden_result {
    const char *title;
    const struct golden_subject *golden, *now;
    char tolerance[GOLDEN_TOLERANCE_TEXT];
    bool passed;
    char verdict[512]; /* a sentence */
    struct golden_row *rows;
    int64_t count;
    int64_t by_status[5];
    double psnr_db, ssim, lowest_psnr_db; /* over measured and equal frames */
    int max_abs;
    struct golden_pictures *pictures; /* worst first */
    int picture_count;
};

const char *golden_status_name(enum golden_status status);

/* Writes the report that the ending of `path` asks for: .html, .json or .xml (JUnit). A
 * report of an earlier run is replaced, any other file only if `overwrite`. Errors:
 * OUTPUT, NOMEM. */
int golden_report(const char *path, const struct golden_result *r, bool overwrite);

#endif
