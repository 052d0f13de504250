/* RIFEC_API marks the functions that the library exports; all others are hidden. */
#ifndef RIFEC_API_H
#define RIFEC_API_H

#if defined(__GNUC__)
#define RIFEC_API __attribute__((visibility("default")))
#else
#define RIFEC_API
#endif

struct rifec; /* an engine, see rifec.h */

#endif
