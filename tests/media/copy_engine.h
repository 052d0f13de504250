/* The engine of copy_engine.c replaces librifec's. */
#ifndef COPY_ENGINE_H
#define COPY_ENGINE_H

#include <stdbool.h>

/* The number, from 0 on, of the in-between that fails; -1: none. */
extern int copy_engine_fails_at;

/* Microseconds that each in-between takes. */
extern int copy_engine_takes_us;

/* If true, it runs on fake_cuda.c's GPU and also accepts frames that are there. */
extern bool copy_engine_on_cuda;

/* Number of frames that it received in device memory. */
extern int copy_engine_from_device;

#endif
