/* Which FFmpeg this is. Free of FFmpeg's headers, for the command line. */
#ifndef RIFEC_MEDIA_VERSIONS_H
#define RIFEC_MEDIA_VERSIONS_H

/* "FFmpeg 5.1.9 (libavformat 59.27.100, libavcodec 59.37.100)". Static. */
const char *media_versions(void);

#endif
