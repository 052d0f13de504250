/* The engine of copy_engine.c stands in for librifec's. */
#ifndef COPY_ENGINE_H
#define COPY_ENGINE_H

#include <stdbool.h>

/* The in-between, counted from 0, whose making fails; -1: none. */
extern int copy_engine_fails_at;

/* How long each in-between takes, microseconds. */
extern int copy_engine_takes_us;

/* True: it runs on fake_cuda.c's GPU, and takes frames that lie there, too. */
extern bool copy_engine_on_cuda;

/* Frames it was given that lay in device memory. */
extern int copy_engine_from_device;

#endif
