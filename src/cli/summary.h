/*
 * The two lines that a user reads: what is about to happen, and what has happened.
 */
#ifndef RIFEC_CLI_SUMMARY_H
#define RIFEC_CLI_SUMMARY_H

#include <stddef.h>

#include "pipeline/pipeline.h"

#define SUMMARY_TEXT 9216 /* room for two paths and what is between them */

/* "in.mp4: 1280x720 h264, 25 fps, 12.0 s -> out.mp4: 50 fps, libx264 in mp4, on the CPU
 * (2 threads, FP32)"; what is unknown is left out. */
void summary_begin(const struct pipeline_options *job, const struct pipeline_report *r,
                   char *text, size_t size);

/* "out.mp4: 4 frames at 60 fps from 3 decoded, 0.07 s of video in 2.7 s (1.5 fps, limited
 * by the engine)" */
void summary_end(const struct pipeline_report *r, char *text, size_t size);

/* "2 frames interpolated, 1 scene cut, 0 duplicates" */
void summary_frames(const struct pipeline_report *r, char *text, size_t size);

#endif
