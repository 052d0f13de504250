/*
 * Names of outputs in a folder, from the input's name and a template such as
 * "{stem}.{factor}x{ext}".
 *
 *     {stem}    the input's name without folder and extension; of
 *               frame%05d.png "frame", of a folder its name
 *     {ext}     the input's extension with its dot, or that of the format asked
 *               for; a slash where pictures go into a folder of their own
 *     {factor}  2, or 5-2 for 5/2
 *     {fps}     60, or 60000-1001 for 60000/1001
 *     {n}       1 for the first input, and so on
 */
#ifndef RIFEC_PIPELINE_NAMING_H
#define RIFEC_PIPELINE_NAMING_H

#include <stdbool.h>

#include "pipeline/pipeline.h"

/* For one of several outputs. Reads only the job's input, format, factor and rate. */
struct naming {
    const char *folder;
    const char
        *name_template; /* NULL: "{stem}.{factor}x{ext}" or "{stem}.{fps}fps{ext}" */
    int number;         /* {n} */
};

/* The path, to be freed with free(). NULL with a message in `error` if the template is
 * invalid or needs a value that is unknown; NULL with an empty `error` when out of
 * memory. */
char *naming_make(const struct naming *n, const struct pipeline_options *job, char *error,
                  size_t error_size);

/* True for a file name with a picture's ending. */
bool naming_is_picture(const char *path);

/* True for an existing folder, and for a name that ends in a slash. */
bool naming_is_folder(const char *path);

/* True if the output of this job, a folder, takes the input's images itself, so that
 * they need no name in it. */
bool naming_is_album(const struct pipeline_options *job);

/* True when a file or a picture of this name exists. */
bool naming_exists(const char *path);

#endif
