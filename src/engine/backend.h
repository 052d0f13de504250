/*
 * The functions that each device implements for the engine. All calls for one engine come
 * from one thread; engine.c has checked the arguments.
 */
#ifndef RIFEC_ENGINE_BACKEND_H
#define RIFEC_ENGINE_BACKEND_H

#include <stdbool.h>

#include "base/log.h"
#include "engine/framepool.h"
#include "engine/refcache.h"
#include "model/tensor.h"
#include "rifec/rifec.h"

struct rifec {
    const struct backend *backend;
    struct rifec_params params; /* defaults filled in                          */
    char *model_path;           /* params.model, our copy; NULL: the built-in  */
    struct rifec_info info;     /* open() fills all but backend and model      */
    struct framepool *pool;     /* frames to hand out                          */
    struct refcache cache;      /* which slot holds which source frame */
    int64_t newest;             /* number of the last frame that was put        */
    int first, outstanding;     /* ring of results not yet taken               */
    struct log_sink log;        /* its own, or none: fn NULL                   */
    bool keep_levels;           /* set before interp() by the caller of level() */
    void *priv;                 /* the backend's, priv_size bytes, zeroed      */
};

struct backend {
    const char *name;
    size_t priv_size;
    int slots; /* source frames that can be resident, at least 2 */
    /* Returns NULL if it can run here, otherwise the reason, as a phrase. */
    const char *(*probe)(const struct rifec_params *p);
    /* Makes all memory and plans for this size. After a failure close() is called. */
    int (*open)(struct rifec *e);
    /* Reads the frame into a slot, 0 .. slots - 1. */
    int (*put)(struct rifec *e, int slot, const struct rifec_frame *frame);
    /* Writes RIFEC_THUMB_HEIGHT * RIFEC_THUMB_WIDTH brightness values. */
    int (*thumbnail)(struct rifec *e, const struct rifec_frame *frame, uint16_t *luma);
    /* Compares two frames that both lie in device memory. NULL: frames in device
     * memory never come here, nor to put() and thumbnail(). */
    int (*equal)(struct rifec *e, const struct rifec_frame *a,
                 const struct rifec_frame *b, bool *equal);
    /* Starts result number `out`, 0 .. info.in_flight - 1. */
    int (*interp)(struct rifec *e, int slot0, int slot1, float t, int out);
    /* Waits for it. *frame is NULL on failure. */
    int (*take)(struct rifec *e, int out, struct rifec_frame **frame);
    /* The same into a frame of the caller's, in host memory. If NULL, engine.c copies. */
    int (*take_into)(struct rifec *e, int out, struct rifec_frame *frame);
    /* For comparing, in an engine with one frame in flight that keeps its levels:
     * block b's part of the flow and mask of the newest result. Fills in *out except
     * for its pointers; if these are set, copies to them. Returns 1 if the network has
     * no block b. */
    int (*level)(struct rifec *e, int b, struct level *out);
    /* Safe after a failed or partial open. */
    void (*close)(struct rifec *e);
};

extern const struct backend backend_cpu;
extern const struct backend backend_cuda;
extern const struct backend backend_check;

#endif
