/*
 * Some libraries write to stderr themselves, like x264 before FFmpeg redirects it. Their
 * output between begin and end goes to our log instead. One at a time, and only while no
 * other thread writes to stderr.
 */
#ifndef RIFEC_MEDIA_HUSH_H
#define RIFEC_MEDIA_HUSH_H

#include "base/log.h"

struct hush {
    int pipe[2], stderr_copy; /* -1: nothing is held back */
};

void hush_begin(struct hush *h);

/* Logs each line at that level. */
void hush_end(struct hush *h, enum rifec_log_level level);

#endif
