/*
 * Outputs that are not a container with a codec in it: pictures as they are
 * (YUV4MPEG, raw video). What FFmpeg's tables do not say of them.
 */
#ifndef RIFEC_MEDIA_FORMS_H
#define RIFEC_MEDIA_FORMS_H

#include <libavformat/avformat.h>

/* The pixel formats it can hold, ended by AV_PIX_FMT_NONE; NULL: what its
 * encoder takes. */
const enum AVPixelFormat *forms_pix_fmts(const AVOutputFormat *format);

#endif
