/*
 * rifec: frames between frames, with RIFE 4.6's IFNet.
 *
 * The engine knows pictures, not files or time. A complete use:
 *
 *     struct rifec_params p = { .width = 1920, .height = 1080,
 *                               .format = fmt, .color = color };
 *     struct rifec *r;
 *     if (rifec_open(&r, &p) < 0) return 1;
 *     rifec_put(r, 0, frame0);
 *     rifec_put(r, 1, frame1);
 *     rifec_interp(r, 0, 1, 0.5f);          // may return before it is done
 *     struct rifec_frame *mid;
 *     rifec_take(r, &mid);                  // waits; oldest first
 *     ... use mid ...
 *     rifec_frame_free(&mid);
 *     rifec_close(&r);
 *
 * One thread at a time per engine; several engines may live in one process, each in
 * a thread of its own. docs/library.md has a complete program.
 *
 * Wrong arguments are refused: NULL, a frame that does not fit the engine, a number out
 * of range. Every function below then returns RIFEC_ERR_USAGE, unless it says otherwise,
 * changes nothing and logs which argument it was.
 *
 * Room to grow: structs that a caller fills in are to be zeroed first (`= { 0 }` or
 * designated initialisers). Fields of later versions take the place of `reserved`, and
 * zero is their default; a library that finds something there which it does not know
 * refuses it. New values are added at the end of an enumeration. struct rifec_info is
 * made by the library and may grow at its end.
 */
#ifndef RIFEC_H
#define RIFEC_H

#include "rifec/api.h"
#include "rifec/error.h"
#include "rifec/frame.h"
#include "rifec/log.h"
#include "rifec/version.h"

enum rifec_device {
    RIFEC_DEVICE_AUTO = 0, /* CUDA when it is there, else the CPU            */
    RIFEC_DEVICE_CPU,
    RIFEC_DEVICE_CUDA,
    RIFEC_DEVICE_CHECK, /* the CPU and CUDA side by side                     */
};

enum rifec_precision {
    RIFEC_PRECISION_AUTO = 0, /* FP16 on CUDA, FP32 on the CPU               */
    RIFEC_PRECISION_FP32,
    RIFEC_PRECISION_FP16, /* CUDA. Convolutions only; flow and warps stay FP32 */
    RIFEC_PRECISION_TF32, /* CUDA with cuDNN. FP32, but convolutions may round
                             their factors to TF32                           */
};

#define RIFEC_SIZE_MIN      2
#define RIFEC_SIZE_MAX      16384
#define RIFEC_TILE_MIN      32
#define RIFEC_IN_FLIGHT_MAX 8

/* Zero is the default of every field below the first four. */
struct rifec_params {
    int width, height;          /* RIFEC_SIZE_MIN .. RIFEC_SIZE_MAX          */
    struct rifec_format format; /* of the frames put in and taken out        */
    struct rifec_color color;
    enum rifec_device device;
    int device_index; /* which CUDA device, in the order of rifec_list_devices() */
    enum rifec_precision precision;
    const char *model;              /* weights, docs/weights.md; NULL: the built-in     */
    float scale;                    /* 0.25, 0.5, 1 or 2: resolution at which flow is
                                       estimated; 0 means 1                             */
    int threads;                    /* CPU threads; 0: one per core                     */
    int tile;                       /* CPU: rows to work on at a time, RIFEC_TILE_MIN and
                                       up, for less memory; 0: all, or fewer when memory
                                       is short; -1: all                                */
    const char *kernels;            /* pins an implementation: "c", "dnn"; on CUDA "ref",
                                       "cudnn", ...; NULL: best                         */
    int in_flight;                  /* CUDA: in-betweens under way at a time, 1 to
                                       RIFEC_IN_FLIGHT_MAX; 0: 2. Results do not depend
                                       on it                                            */
    bool no_graph;                  /* CUDA: launch each kernel by itself, for
                                       measurement; results do not depend on it         */
    rifec_log_fn log;               /* gets this engine's messages; NULL: they go where
                                       rifec_log_set() says                             */
    void *log_opaque;               /* first argument of log()                          */
    enum rifec_log_level log_level; /* what is above it is dropped; 0 means
                                       RIFEC_LOG_INFO. Without log it is not read       */
    uint64_t reserved[15];          /* zero                                             */
};

/* What was opened, for logs and statistics. Strings live with the engine. */
struct rifec_info {
    const char *backend;   /* "cpu", "cuda", "check"                         */
    const char *device;    /* "CPU, 2 threads, oneDNN 2.6.3 avx2"            */
    const char *precision; /* "fp32", "fp16", "tf32": what is used           */
    const char *model;     /* path, or "built-in"                            */
    char model_sha256[65]; /* of the weights file, hexadecimal               */
    int in_flight;         /* rifec_interp() calls that may be outstanding   */
    size_t memory_bytes;   /* held by the engine for this size               */
    int64_t frames_loaded; /* source frames converted since open             */
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Where rifec_open() would run the engine: RIFEC_DEVICE_CPU, _CUDA or _CHECK, for
 * callers that need to know the device before they know the frame size. Looks at
 * device, device_index and precision; needs nothing else. RIFEC_DEVICE_AUTO, with a
 * message, if an argument is wrong.
 */
RIFEC_API enum rifec_device rifec_device_of(const struct rifec_params *params);

/*
 * Opens an engine for frames of one size and format; all memory and plans are
 * made here. *out is NULL on failure. Errors: USAGE (a field out of range, or FP16 or
 * TF32 with RIFEC_DEVICE_CPU, which only has FP32), MODEL, DEVICE, NOMEM. If AUTO finds
 * no CUDA device, FP16 and TF32 become FP32 with a warning; rifec_info.precision tells.
 */
RIFEC_API int rifec_open(struct rifec **out, const struct rifec_params *params);

/*
 * Makes source frame number `seq` resident. The pixels are read before the
 * call returns (those of a frame in CUDA memory: before anything that is queued on
 * its stream later); the frame stays the caller's. Only the engine on CUDA takes
 * frames in CUDA memory, and it takes frames in host memory, too. Sequence
 * numbers rise, from anything above INT64_MIN; the two newest frames stay resident,
 * older ones are forgotten. Errors: USAGE (a frame of another size or format, without a
 * plane, with a stride below the width, with 16-bit samples at odd addresses; a number
 * that does not rise), DEVICE.
 */
RIFEC_API int rifec_put(struct rifec *r, int64_t seq, const struct rifec_frame *frame);

/*
 * Starts the in-between of resident frames seq0 and seq1 at timestep t, the
 * fraction of the way from the first to the second, 0 < t < 1. At most
 * rifec_info.in_flight may be outstanding. Errors: USAGE (a frame that is not resident,
 * t, too many), DEVICE.
 */
RIFEC_API int rifec_interp(struct rifec *r, int64_t seq0, int64_t seq1, float t);

/*
 * Waits for the oldest outstanding in-between and hands it over. It outlives
 * the engine if the caller keeps it. Errors: USAGE (none outstanding),
 * DEVICE, NOMEM; *out is NULL then.
 */
RIFEC_API int rifec_take(struct rifec *r, struct rifec_frame **out);

/*
 * The same into the caller's memory: `frame` has the engine's size and format, lies in
 * host memory, and owns its planes and strides. The CPU writes the picture directly
 * there; CUDA downloads into page-locked memory and copies once from there, as the
 * driver does for any other memory. pts, duration and bytes that no component covers
 * stay as they are. Errors: as rifec_take() and rifec_put(). After USAGE the in-between
 * is still outstanding, unless there was none.
 */
RIFEC_API int rifec_take_into(struct rifec *r, struct rifec_frame *frame);

/* A thumbnail: brightness, 0 black .. 65535 white, [RIFEC_THUMB_HEIGHT] rows of
 * RIFEC_THUMB_WIDTH, whatever the shape of the frame. */
#define RIFEC_THUMB_WIDTH  96
#define RIFEC_THUMB_HEIGHT 64

/*
 * Makes a thumbnail of a frame of the engine's size and format, which need not
 * be resident: for judging what lies between two frames at little cost. Errors:
 * USAGE, DEVICE.
 */
RIFEC_API int rifec_thumbnail(struct rifec *r, const struct rifec_frame *frame,
                              uint16_t *luma);

/*
 * *equal: do two frames of the engine's size and format show the same samples?
 * They need not be resident. Frames in different kinds of memory are not compared
 * and count as different. Errors: USAGE, DEVICE.
 */
RIFEC_API int rifec_equal(struct rifec *r, const struct rifec_frame *a,
                          const struct rifec_frame *b, bool *equal);

/* NULL, with a message, if r is NULL. */
RIFEC_API const struct rifec_info *rifec_get_info(const struct rifec *r);

/* Closes and sets *r to NULL; accepts NULL, and a pointer to NULL. */
RIFEC_API void rifec_close(struct rifec **r);

#ifdef __cplusplus
}
#endif
#endif
