/*
 * An engine that repeats the earlier frame. It tests the pipeline's threads, order and
 * times without a network and without OpenMP. It keeps two in-betweens outstanding, as a
 * GPU would, and fails on request.
 */
#define _POSIX_C_SOURCE 200809L
#include "copy_engine.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "fake_cuda.h"
#include "rifec/devices.h"
#include "rifec/rifec.h"

int copy_engine_fails_at = -1;
int copy_engine_takes_us;
bool copy_engine_on_cuda;
int copy_engine_from_device;

#define IN_FLIGHT 2

struct rifec {
    struct rifec_frame *sources[2], *outstanding[IN_FLIGHT];
    int64_t newest;
    int count, made;
    struct rifec_info info;
};

static void release(struct rifec_frame *f)
{
    free(f->opaque);
    free(f);
}

/* Returns an address that the CPU can read. */
static const uint8_t *pixels(const struct rifec_frame *f, int plane)
{
    uintptr_t at = (uintptr_t)f->data[plane];
    if (f->memory == RIFEC_MEMORY_CUDA)
        at -= FAKE_DEVICE;
    return (const uint8_t *)at;
}

static int subsampled(int size, int log2)
{
    return (size + (1 << log2) - 1) >> log2;
}

/* Planes follow each other in one block, in host memory. */
static struct rifec_frame *copy(const struct rifec_frame *from)
{
    struct rifec_frame *f = malloc(sizeof *f);
    uint8_t *at = f ? malloc(rifec_frame_bytes(from)) : NULL;
    if (!at) {
        free(f);
        return NULL;
    }
    *f = *from;
    f->release = release;
    f->opaque = at;
    f->memory = RIFEC_MEMORY_HOST;
    unsigned seen = 0;
    for (int c = 0; c < 4; c++) {
        int plane = from->format.comp[c].plane;
        if (!rifec_format_has(&from->format, c) || seen & 1u << plane)
            continue;
        seen |= 1u << plane;
        bool is_chroma = c == 1 || c == 2;
        int rows = subsampled(from->height, is_chroma ? from->format.chroma_h_log2 : 0);
        int columns = subsampled(from->width, is_chroma ? from->format.chroma_w_log2 : 0);
        ptrdiff_t from_stride = from->stride[plane];
        ptrdiff_t stride = from_stride < 0 ? -from_stride : from_stride;
        for (int y = 0; y < rows; y++) /* the last row may end at the end of its memory */
            memcpy(at + y * stride, pixels(from, plane) + y * from_stride,
                   (size_t)columns * (size_t)from->format.comp[c].step);
        f->data[plane] = at;
        f->stride[plane] = stride;
        at += rows * stride;
    }
    return f;
}

const char *rifec_version(void)
{
    return "0 (an engine that copies)";
}

enum rifec_device rifec_device_of(const struct rifec_params *params)
{
    (void)params;
    return copy_engine_on_cuda ? RIFEC_DEVICE_CUDA : RIFEC_DEVICE_CPU;
}

/* The fake only checks that a context exists. */
int rifec_cuda_open(struct rifec_cuda *out, int device_index, char *why, size_t why_size)
{
    static int context, stream;
    *out = (struct rifec_cuda){ .device_index = device_index,
                                .context = &context,
                                .stream = &stream };
    snprintf(why, why_size, "it is there");
    return 0;
}

void rifec_cuda_close(struct rifec_cuda *c)
{
    *c = (struct rifec_cuda){ 0 };
}

int rifec_list_devices(struct rifec_device_info *out, int max, char *why, size_t why_size)
{
    (void)out, (void)max;
    snprintf(why, why_size, "this engine only copies");
    return 0;
}

void rifec_get_cuda_versions(struct rifec_cuda_versions *out)
{
    *out = (struct rifec_cuda_versions){ 0 };
}

int rifec_open(struct rifec **out, const struct rifec_params *params)
{
    (void)params;
    *out = calloc(1, sizeof **out);
    if (!*out)
        return mem_fail("an engine that copies");
    (*out)->newest = -1;
    (*out)->info = (struct rifec_info){
        .backend = "copy",
        .device = "none",
        .precision = "none",
        .model = "none",
        .in_flight = IN_FLIGHT,
    };
    return 0;
}

int rifec_put(struct rifec *r, int64_t seq, const struct rifec_frame *frame)
{
    assert(seq == r->newest + 1);
    assert(frame->memory == RIFEC_MEMORY_HOST || (copy_engine_on_cuda && frame->stream));
    copy_engine_from_device += frame->memory == RIFEC_MEMORY_CUDA;
    rifec_frame_free(&r->sources[seq & 1]);
    r->sources[seq & 1] = copy(frame);
    r->newest = seq;
    return r->sources[seq & 1] ? 0 : mem_fail("a copy of a frame");
}

/* The thumbnail is the top left corner, repeated if the picture is smaller. That is
 * enough for tests to distinguish pictures. */
int rifec_thumbnail(struct rifec *r, const struct rifec_frame *frame, uint16_t *luma)
{
    (void)r;
    for (int y = 0; y < RIFEC_THUMB_HEIGHT; y++)
        for (int x = 0; x < RIFEC_THUMB_WIDTH; x++)
            luma[y * RIFEC_THUMB_WIDTH + x] =
                (uint16_t)(pixels(frame, 0)[y % frame->height * frame->stride[0] +
                                            x % frame->width] *
                           257);
    return 0;
}

int rifec_equal(struct rifec *r, const struct rifec_frame *a, const struct rifec_frame *b,
                bool *equal)
{
    (void)r;
    if (a->memory == RIFEC_MEMORY_CUDA && b->memory == RIFEC_MEMORY_CUDA)
        *equal = pixels(a, 0)[0] == pixels(b, 0)[0]; /* one colour each */
    else
        *equal = a->memory == b->memory && rifec_frame_equal(a, b);
    return 0;
}

int rifec_interp(struct rifec *r, int64_t seq0, int64_t seq1, float t)
{
    assert(seq1 == r->newest && seq0 == seq1 - 1 && t > 0 && t < 1);
    assert(r->count < IN_FLIGHT);
    if (r->made++ == copy_engine_fails_at)
        return RIFEC_ERR_DEVICE;
    if (copy_engine_takes_us)
        nanosleep(&(struct timespec){ .tv_nsec = 1000L * copy_engine_takes_us }, NULL);
    r->outstanding[r->count++] = copy(r->sources[seq0 & 1]);
    return r->outstanding[r->count - 1] ? 0 : mem_fail("a copy of a frame");
}

int rifec_take(struct rifec *r, struct rifec_frame **out)
{
    assert(r->count > 0);
    *out = r->outstanding[0];
    r->outstanding[0] = r->outstanding[1];
    r->outstanding[1] = NULL;
    r->count--;
    return 0;
}

const struct rifec_info *rifec_get_info(const struct rifec *r)
{
    return &r->info;
}

void rifec_close(struct rifec **r)
{
    if (!*r)
        return;
    for (int i = 0; i < 2; i++) {
        rifec_frame_free(&(*r)->sources[i]);
        rifec_frame_free(&(*r)->outstanding[i]);
    }
    free(*r);
    *r = NULL;
}
