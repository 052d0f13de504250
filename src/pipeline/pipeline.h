/*
 * The whole job: one input file to one output file.
 *
 *     source thread          engine thread             sink thread
 *     demux, decode  ─queue─ timeline, engine  ─queue─ encode, mux
 *
 * The calling thread opens everything, starts the three, shows progress,
 * joins them and reports the first failure.
 */
#ifndef RIFEC_PIPELINE_PIPELINE_H
#define RIFEC_PIPELINE_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rational.h"
#include "media/color.h"
#include "media/in/deinterlace.h"
#include "media/hwaccel.h"
#include "pipeline/inbetween.h"
#include "pipeline/progress.h"
#include "pipeline/report.h"
#include "pipeline/watch.h"
#include "rifec/rifec.h"

/* The input. */
struct input_options {
    const char *path;           /* "-": standard input                              */
    const char *format;         /* container; NULL: autodetected                    */
    const char *size, *pix_fmt; /* of raw video                                     */
    struct rational rate;       /* of raw video; num 0: 25                          */
    int video_stream;           /* 1 and more: v:0, v:1, ...; 0: the largest        */
    int64_t from_us, to_us;     /* the part to use; to 0: to the end                */
    enum deinterlace_mode deinterlace;
    enum hwaccel_mode hwaccel; /* who decodes                                      */
    struct color_names color;  /* outweigh the input's tags                        */
};

/* How many frames are made, and when they are shown. */
struct rate_options {
    struct rational factor; /* output frames per input frame, >= 1                   */
    struct rational fps;    /* output frames per second, instead of factor; num 0: none */
    bool cfr;               /* a constant rate: the input's average * factor         */
    bool slowmo;            /* the input's rate, factor times as long                */
    bool slowmo_audio;      /* stretches the sound as well, at its pitch             */
    enum timeline_tail tail; /* after the last frame                                  */
    int64_t frames;          /* output frames at most; 0: all                         */
};

/* Where the output goes. */
struct output_options {
    const char *path;   /* "-": standard output                                       */
    const char *format; /* container name; NULL: from the extension                   */
    bool overwrite;     /* replace an existing output                                 */
    bool skip_existing; /* an existing output, or one that another process writes, is
                         * not a failure */
    bool strict;        /* a check that fails is an error, not a warning              */
    const char *resume_settings; /* NULL, or what shaped the output: see resume.h     */
    double keep_s; /* with resume_settings: work that may be lost; 0: 60         */
};

/* The job, in the groups of --help; each stage takes its own group. Zero is the default
 * of every field but the paths and the factor. */
struct pipeline_options {
    struct input_options input;
    struct stream_options streams; /* what is not copied */
    struct rate_options rate;
    struct content_options content; /* between two frames */
    struct encoder_options encoder;
    struct output_options output;
    struct watch_options watch; /* --framemd5, --golden */
    struct rifec_params engine; /* size, format and color are filled in here */
    bool no_frame_cache;        /* give the engine both frames for every in-between */
    /* Called once, before the first frame is made: what goes in, what comes out and the
     * engine are in the report by then. Or NULL. */
    void (*begins)(const struct pipeline_options *opt,
                   const struct pipeline_report *report);
};

/*
 * Runs the job. progress and report may not be NULL. The output appears under
 * its name only when complete: on failure nothing is left, except after input
 * damage and after an interrupt, where what could be made is a valid file.
 * Returns 0 or an error; RIFEC_ERR_INPUT with report->in.damaged means the
 * output exists and holds what decoded.
 */
int pipeline_run(const struct pipeline_options *opt, struct progress *progress,
                 struct pipeline_report *report);

/*
 * For signal handlers: the first call makes the source stop reading so that
 * the file is finished properly, the second aborts. Async-signal-safe.
 */
void pipeline_interrupt(void);

#endif
