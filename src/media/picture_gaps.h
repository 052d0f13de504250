/* Names the numbers that are missing in a row of numbered pictures. */
#ifndef RIFEC_MEDIA_PICTURE_GAPS_H
#define RIFEC_MEDIA_PICTURE_GAPS_H

#include "media/pictures.h"

/* Warns of missing numbers. p: in order. pattern: what the names match, or NULL; then
 * their last digits count, if most of the numbers follow each other by one. */
void picture_gaps_report(const struct pictures *p, const struct picture_name *pattern,
                         const char *path);

#endif
