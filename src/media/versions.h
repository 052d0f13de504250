/* Which FFmpeg this is, and what of it works here. Free of FFmpeg's headers, for the
 * command line. */
#ifndef RIFEC_MEDIA_VERSIONS_H
#define RIFEC_MEDIA_VERSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* "FFmpeg 5.1.9 (libavformat 59.27.100, libavcodec 59.37.100)". Static. */
const char *media_versions(void);

/* True when this FFmpeg has an encoder of that name. */
bool media_has_encoder(const char *name);

/* Opens it for a small picture. `why` says why that fails, in FFmpeg's words. */
bool media_encoder_works(const char *name, char *why, size_t size);

/* "h264 hevc vp9": what this FFmpeg can hand to NVDEC; empty: nothing. */
void media_nvdec_codecs(char *text, size_t size);

/* Decodes a small picture of H.264 there, in a CUcontext and a CUstream. */
bool media_nvdec_works(void *context, void *stream, char *why, size_t size);

/* Names of FFmpeg's that options take. */
enum media_list {
    MEDIA_NO_LIST,
    MEDIA_ENCODERS,
    MEDIA_PRESETS,
    MEDIA_MUXERS,
    MEDIA_DEMUXERS,
    MEDIA_PIXEL_FORMATS,
    MEDIA_MATRICES,
    MEDIA_PRIMARIES,
    MEDIA_TRANSFERS,
};

/* One a line. */
void media_print_list(enum media_list list, FILE *out);

#endif
