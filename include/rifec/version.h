/* Version of rifec. CMake reads the version of the project from here. */
#ifndef RIFEC_VERSION_H
#define RIFEC_VERSION_H

#include "rifec/api.h"

#define RIFEC_VERSION_MAJOR 0
#define RIFEC_VERSION_MINOR 2
#define RIFEC_VERSION_PATCH 0
#define RIFEC_VERSION_DATE  "2026-12-01" /* of the manual pages */

#ifdef __cplusplus
extern "C" {
#endif

/* Returns the version and the features of the build, such as "0.2.0 (oneDNN, no CUDA)".
 * The string is static. */
RIFEC_API const char *rifec_version(void);

#ifdef __cplusplus
}
#endif
#endif
