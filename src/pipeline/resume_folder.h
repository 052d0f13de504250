/*
 * The folder of a job with --resume: OUTPUT.resume. One process at a time works in it.
 *
 *     settings         what the output is made from and how (resume_settings.h)
 *     000000.segment   the first output frames, encoded (media/segment.h)
 *     000001.segment
 *     finished         which file the output became (resume_finished.h)
 *     lock             locked by the process that works in the folder
 */
#ifndef RIFEC_PIPELINE_RESUME_FOLDER_H
#define RIFEC_PIPELINE_RESUME_FOLDER_H

#include <stdbool.h>

struct resume_folder;

/* Makes the folder unless it exists, and locks it. Errors: OUTPUT (another process works
 * in it; the message says which), NOMEM. */
int folder_open(struct resume_folder **out, const char *output);

/* The path of the folder of that output; freed with av_free(). Errors: NOMEM. */
int folder_name(const char *output, char **out);

const char *folder_path(const struct resume_folder *f);

/* Paths in it; freed with av_free(). Errors: NOMEM. */
int folder_file(const struct resume_folder *f, const char *name, char **out);
int folder_segment(const struct resume_folder *f, int number, char **out);

/* True if a segment is in it, whole or not. */
int folder_has_segments(const struct resume_folder *f, bool *has);

/* Removes what is ours in it, `finished` last, and then the folder, if nothing else is
 * in it. Accepts NULL. */
void folder_remove(struct resume_folder **f);

/* Leaves what is in it, but the lock. A folder that folder_open() made and that is empty
 * goes, too. Accepts NULL. */
void folder_close(struct resume_folder **f);

#endif
