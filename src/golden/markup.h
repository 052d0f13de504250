/* Untrusted text, file names above all, inside HTML, XML and JSON. */
#ifndef RIFEC_GOLDEN_MARKUP_H
#define RIFEC_GOLDEN_MARKUP_H

#include <stddef.h>

#include <libavutil/bprint.h>

/* Appends `text` escaped for HTML and XML, in elements and in attributes. Invalid
 * UTF-8 and control characters become '?'. */
void markup_escape(AVBPrint *to, const char *text);

/* Copies `text`, cut to `size`, with the same replacements and no escapes. */
void markup_plain(char *to, size_t size, const char *text);

#endif
