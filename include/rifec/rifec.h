/*
 * librifec interpolates video frames with RIFE's network, IFNet. Version 4.6 is built in.
 *
 * An engine processes pictures; it knows neither files nor times. A complete use:
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
 * Only one thread at a time may use an engine. A process may have several engines, each
 * used by its own thread. docs/library.md has a complete program.
 *
 * Wrong arguments are refused: NULL, a frame that does not fit the engine, a number out
 * of range. Unless its comment says otherwise, a function below then returns
 * RIFEC_ERR_USAGE, logs which argument was wrong, and has no other effect.
 *
 * Later versions: zero every struct before filling it in (`= { 0 }` or designated
 * initialisers). New fields replace part of `reserved`, and zero is their default; an
 * older library refuses a value there that it does not know. New enumerators are added at
 * the end. The library itself makes struct rifec_info, which may grow at its end.
 */
#ifndef RIFEC_H
#define RIFEC_H

#include "rifec/api.h"
#include "rifec/error.h"
#include "rifec/frame.h"
#include "rifec/log.h"
#include "rifec/version.h"

enum rifec_device {
    RIFEC_DEVICE_AUTO = 0, /* CUDA if available, else the CPU                */
    RIFEC_DEVICE_CPU,
    RIFEC_DEVICE_CUDA,
    RIFEC_DEVICE_CHECK, /* CUDA, compared with the CPU                       */
};

enum rifec_precision {
    RIFEC_PRECISION_AUTO = 0, /* FP16 on CUDA, FP32 on the CPU               */
    RIFEC_PRECISION_FP32,
    RIFEC_PRECISION_FP16, /* CUDA. For convolutions; flow and warps stay FP32  */
    RIFEC_PRECISION_TF32, /* CUDA with cuDNN. FP32, but convolutions may round
                             their operands to TF32                          */
};

#define RIFEC_SIZE_MIN      2
#define RIFEC_SIZE_MAX      16384
#define RIFEC_TILE_MIN      32
#define RIFEC_IN_FLIGHT_MAX 8

/* The first four fields must be set. Zero is the default of all others. */
struct rifec_params {
    int width, height;          /* pixels, RIFEC_SIZE_MIN to RIFEC_SIZE_MAX  */
    struct rifec_format format; /* of source frames and interpolated frames  */
    struct rifec_color color;
    enum rifec_device device;
    int device_index; /* CUDA device, in the order of rifec_list_devices() */
    enum rifec_precision precision;
    const char *model;   /* path of weights (docs/weights.md); NULL: built-in */
    float scale;         /* resolution of motion estimation, relative to the
                            frame: 0.25, 0.5, 1 or 2; 0 means 1              */
    int threads;         /* CPU threads; 0: one per core                     */
    int tile;            /* CPU: rows to process at a time, at least
                            RIFEC_TILE_MIN, to save memory; 0: all, or fewer
                            when memory is short; -1: all                    */
    const char *kernels; /* implementation to use: "c" or "dnn"; on CUDA
                            "ref", "cudnn", ...; NULL: the fastest           */
    int in_flight;       /* CUDA: frames to interpolate at a time, 1 to
                            RIFEC_IN_FLIGHT_MAX; 0 means 2. It does not change
                            results                                          */
    bool no_graph;       /* CUDA: do not use CUDA graphs, for benchmarking.
                            It does not change results                       */
    rifec_log_fn log;    /* callback for this engine's messages; NULL: that
                            of rifec_log_set()                               */
    void *log_opaque;    /* first argument of log()                          */
    enum rifec_log_level log_level; /* drop messages above this level; 0 means
                                       RIFEC_LOG_INFO. Ignored if log is NULL           */
    uint64_t reserved[15];          /* zero                                             */
};

/* Describes an open engine, for logs and statistics. Strings are valid until
 * rifec_close(). */
struct rifec_info {
    const char *backend;   /* "cpu", "cuda", "check"                         */
    const char *device;    /* "CPU, 2 threads, oneDNN 2.6.3 avx2"            */
    const char *precision; /* the one in use: "fp32", "fp16", "tf32"         */
    const char *model;     /* path, or "built-in"                            */
    char model_sha256[65]; /* of the weights file, hexadecimal               */
    int in_flight;         /* largest number of outstanding rifec_interp()   */
    size_t memory_bytes;   /* memory that the engine holds                   */
    int64_t frames_loaded; /* source frames converted since rifec_open()     */
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Returns the device that rifec_open() would use: RIFEC_DEVICE_CPU, _CUDA or _CHECK. This
 * is for callers that need to know the device before they know the frame size: the
 * function reads only device, device_index and precision. If an argument is wrong, it
 * logs an error and returns RIFEC_DEVICE_AUTO.
 */
RIFEC_API enum rifec_device rifec_device_of(const struct rifec_params *params);

/* "FP32", "FP16", "TF32", "auto"; "unknown" if it is none of the four. */
RIFEC_API const char *rifec_precision_name(enum rifec_precision precision);

/*
 * Opens an engine for frames of one size and format, and allocates all its memory. The
 * caller owns *out and closes it with rifec_close(); on failure it is NULL. *params and
 * its strings are not needed afterwards. If RIFEC_DEVICE_AUTO finds no CUDA device, FP16
 * and TF32 become FP32, with a warning; see rifec_info.precision. Errors: USAGE (a field
 * out of range; FP16 or TF32 with RIFEC_DEVICE_CPU, which has only FP32), MODEL, DEVICE,
 * NOMEM.
 */
RIFEC_API int rifec_open(struct rifec **out, const struct rifec_params *params);

/*
 * Loads source frame number `seq` into the engine. The two newest frames stay resident;
 * older ones are forgotten. Sequence numbers must increase, and start above INT64_MIN.
 *
 * The caller keeps the frame. The engine has read a frame in host memory when the call
 * returns; it reads a frame in CUDA memory before any work that is queued on the frame's
 * stream later. An engine on CUDA accepts both, an engine on the CPU only host memory.
 * Errors: USAGE (a frame of another size or format, without a plane, with a stride below
 * a row, with 16-bit samples at odd addresses; a number that does not increase), DEVICE.
 */
RIFEC_API int rifec_put(struct rifec *r, int64_t seq, const struct rifec_frame *frame);

/*
 * Starts interpolating between the resident frames seq0 and seq1 at timestep t, the
 * fraction of the way from the first to the second, 0 < t < 1. It may return before the
 * frame is finished. At most rifec_info.in_flight frames may be outstanding, that is,
 * started and not yet taken. Errors: USAGE (a frame that is not resident, t out of range,
 * too many outstanding), DEVICE.
 */
RIFEC_API int rifec_interp(struct rifec *r, int64_t seq0, int64_t seq1, float t);

/*
 * Waits for the oldest outstanding frame and returns it in *out, in host memory. The
 * caller owns it and frees it with rifec_frame_free(), even after rifec_close(). On
 * failure *out is NULL. Errors: USAGE (none outstanding), DEVICE, NOMEM.
 */
RIFEC_API int rifec_take(struct rifec *r, struct rifec_frame **out);

/*
 * Like rifec_take(), but writes the picture into the planes of `frame`, which the caller
 * provides in host memory, with the engine's size and format. The CPU writes the picture
 * there directly; CUDA downloads it to page-locked memory and copies it from there. pts,
 * duration and bytes that belong to no component are unchanged. Errors: those of
 * rifec_take() and rifec_put(). After USAGE the interpolated frame is still outstanding.
 */
RIFEC_API int rifec_take_into(struct rifec *r, struct rifec_frame *frame);

/* A thumbnail has brightness alone, from 0 (black) to 65535 (white), in the shape
 * [RIFEC_THUMB_HEIGHT][RIFEC_THUMB_WIDTH] for every frame size. */
#define RIFEC_THUMB_WIDTH  96
#define RIFEC_THUMB_HEIGHT 64

/*
 * Writes the thumbnail of a frame to luma[], for comparing frames at little cost (scene
 * cuts). The frame has the engine's size and format; it does not have to be resident.
 * Errors: USAGE, DEVICE.
 */
RIFEC_API int rifec_thumbnail(struct rifec *r, const struct rifec_frame *frame,
                              uint16_t *luma);

/*
 * Sets *equal to whether two frames of the engine's size and format have the same
 * samples. They do not have to be resident. Frames in different kinds of memory count as
 * different. Errors: USAGE, DEVICE.
 */
RIFEC_API int rifec_equal(struct rifec *r, const struct rifec_frame *a,
                          const struct rifec_frame *b, bool *equal);

/* Returns the description of the engine, which is valid until rifec_close(). If r is
 * NULL, it logs an error and returns NULL. */
RIFEC_API const struct rifec_info *rifec_get_info(const struct rifec *r);

/* Closes *r and sets it to NULL. Drops outstanding frames; frames that the caller has
 * taken stay valid. Accepts NULL and a pointer to NULL. */
RIFEC_API void rifec_close(struct rifec **r);

#ifdef __cplusplus
}
#endif
#endif
