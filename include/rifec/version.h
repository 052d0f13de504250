/* Version of rifec. The CMake project version is read from these three lines. */
#ifndef RIFEC_VERSION_H
#define RIFEC_VERSION_H

#define RIFEC_VERSION_MAJOR 0
#define RIFEC_VERSION_MINOR 1
#define RIFEC_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0", plus the features it was built with: "0.1.0 (oneDNN, no CUDA)". */
const char *rifec_version(void);

#ifdef __cplusplus
}
#endif
#endif
