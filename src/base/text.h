/* Text from outside on its way to a terminal: file names, tags, messages of libraries. */
#ifndef RIFEC_BASE_TEXT_H
#define RIFEC_BASE_TEXT_H

/* Returns the length of the UTF-8 sequence at s, or 0 if it is invalid: longer than
 * necessary, half of a surrogate pair, or a number beyond Unicode. */
int text_utf8_length(const unsigned char *s);

/* Replaces everything that a terminal would obey or reorder by question marks: control
 * characters of ASCII and of Unicode (C1), direction marks, line separators, and bytes
 * that are not UTF-8, which may be control characters in another encoding. */
void text_clean(char *text);

#endif
