/*
 * Pictures as a film: file names with a number in them (frame%05d.png), and
 * folders. Which names there are and what they stand for; their pixels are the
 * decoder's and the encoder's.
 */
#ifndef RIFEC_MEDIA_PICTURES_H
#define RIFEC_MEDIA_PICTURES_H

#include <stdbool.h>
#include <stdint.h>

#include <libavcodec/codec_id.h>

#define PICTURE_DIGITS_MAX 18

/* "folder/frame%05d.png", taken apart. Points into the name it was made from. */
struct picture_name {
    const char *path;
    int folder_length;  /* up to and with the last slash; 0: none         */
    int prefix_length;  /* after that, "frame" */
    int digits;         /* at least this number of digits; 1 for %d */
    const char *suffix; /* ".png"                                         */
};

/* The codec of pictures with this extension (of a name, or alone); AV_CODEC_ID_NONE if it
 * is not a picture's. */
enum AVCodecID picture_codec(const char *name);

/* False if the name has no %d or is not a picture's. */
bool picture_name_parse(struct picture_name *out, const char *path);

/* The number of a file name (without folder) of this form; -1: it is of another. */
int64_t picture_name_number(const struct picture_name *n, const char *file);

/* The files of a film, in its order. */
struct pictures {
    char **paths;
    int count;
    enum AVCodecID codec;
};

/* True for a folder, and for a name with %d or with a shell's wildcards that is not a
 * file's itself. */
bool pictures_are_meant(const char *path);

/* Finds the files of such a name: by their numbers, or all pictures of a folder (that
 * match the wildcards) by their names, numbers in them compared as numbers. Warns of
 * numbers that are missing. Errors: INPUT, NOMEM. */
int pictures_find(struct pictures *out, const char *path);

void pictures_free(struct pictures *p);

#endif
