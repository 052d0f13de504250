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

struct key_value {
    char *key, *value;
};

/* What to do. Zero is the default of all but input, output and factor. */
struct pipeline_options {
    const char *input, *output; /* paths; "-": standard input, output         */
    const char *input_format;   /* container; NULL: found out                 */
    const char *input_size, *input_pix_fmt; /* of raw video                   */
    struct rational input_rate;             /* of raw video; num 0: 25        */
    int video_stream;       /* 1 and more: v:0, v:1, ...; 0: the largest     */
    struct rational factor; /* output frames per input frame, >= 1          */
    struct rational rate;   /* output frames per second, instead of factor; num 0: none */
    enum timeline_tail tail; /* after the last frame                         */
    enum scene_mode scene;   /* whether cuts are looked for */
    double scene_threshold;  /* 0: SCENE_THRESHOLD */
    const char *scene_list;  /* file with the times of cuts, instead of looking */
    enum on_cut on_cut;      /* what is shown between two scenes */
    enum dedup dedup;        /* between a frame and its repetition */
    int dedup_run;           /* repetitions to bridge with DEDUP_SMOOTH; 0: DEDUP_RUN */
    bool cfr;                /* a constant rate: the input's average * factor */
    bool strict;             /* a check that fails is an error, not a warning */
    bool slowmo;             /* the input's rate, factor times as long       */
    bool slowmo_audio;       /* the sound, too, at its pitch                 */
    int64_t frames;          /* output frames at most; 0: all */
    int64_t from_us, to_us;  /* part of the input; to 0: to its end */
    enum deinterlace_mode deinterlace;
    enum hwaccel_mode hwaccel; /* who decodes                                 */
    struct color_names color;  /* outweigh what the input says                 */
    const char *format;        /* container name; NULL: from the extension     */
    const char *codec;         /* encoder name; NULL: the container's best     */
    const char *crf, *preset;  /* NULL: the encoder's default, see encoder_table.c */
    const char *bitrate;       /* NULL: by crf                                 */
    const char *pix_fmt;       /* NULL: the input's, or the nearest            */
    const struct key_value *encoder_options;
    int encoder_option_count;
    struct watch_options watch; /* --framemd5, --golden                        */
    const char *settings;       /* options that shape the output, one a line   */
    bool deterministic;         /* the same frames on every machine: the plain
                                   versions of all ops, on the CPU             */
    const char *resume; /* NULL, or what shaped the output: see resume.h          */
    double keep_s;      /* with resume: the most work that may be lost; 0: 60      */
    bool overwrite;     /* replace an existing output                               */
    bool skip_existing; /* an existing output, or another process's, is no failure  */
    bool no_audio, no_subs, no_chapters, no_attachments, no_metadata;
    bool no_frame_cache; /* give the engine both frames for every in-between        */
    struct rifec_params engine; /* size, format and color are filled in here    */
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
