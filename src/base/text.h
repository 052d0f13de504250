/* Text of others on its way to a terminal: names of files, tags, libraries' words. */
#ifndef RIFEC_BASE_TEXT_H
#define RIFEC_BASE_TEXT_H

/* Length of the UTF-8 sequence at s, or 0 if it is none: a longer form than needed, half
 * of a surrogate pair, or a number beyond Unicode is none. */
int text_utf8_length(const unsigned char *s);

/* Replaces what a terminal would obey, or show in another order, by question marks:
 * control characters of ASCII and of Unicode (C1), marks of direction, line separators,
 * and bytes that are no UTF-8, which may be one of the former in another encoding. */
void text_clean(char *text);

#endif
