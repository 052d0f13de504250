/*
 * Between the moment when an output gets its name and the removal of its .resume folder
 * a job can be stopped, too. The folder then holds the file `finished`, written just
 * before, which says what the output was made from and which file it is: inode, size
 * and time of its last change outlive the renaming. The same command, given again,
 * sees that nothing is left to do.
 */
#ifndef RIFEC_PIPELINE_RESUME_FINISHED_H
#define RIFEC_PIPELINE_RESUME_FINISHED_H

#include <stdbool.h>

#include "pipeline/resume_folder.h"

/* `part` is the whole output under its temporary name; `text` is what it was made from
 * (resume_settings.h). Errors: OUTPUT, NOMEM. */
int finished_note(const struct resume_folder *f, const char *part, const char *text,
                  bool damaged);

#endif
