/* The op tests' harness on the GPU. */
#include "checkcuda.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/half.h"

/* A multiple of 64 bytes and of nothing more, like the alignment of the engine's
 * memory. */
#define GUARD 4160

#define TEXTURE_ALIGN 512

struct buffer {
    struct buffer *next;
    size_t bytes;
    unsigned char *memory; /* GUARD, bytes, GUARD */
    struct image viewed;   /* the image, if it has a texture */
};

static struct {
    struct cuda_stream stream;
    struct buffer *buffers;
    int capability;
    bool unpoisoned; /* for initcheck: memory as it comes */
} check;

#define MUST(call) must((call), #call)

static void must(cudaError_t e, const char *call)
{
    if (e == cudaSuccess)
        return;
    printf("CUDA: %s (%s)\n", cudaGetErrorString(e), call);
    exit(1);
}

bool checkcuda_start(void)
{
    int count = 0;
    struct cudaDeviceProp prop;
    cudaError_t e = cudaGetDeviceCount(&count);
    if (e != cudaSuccess || count == 0) {
        printf("skipped: %s\n", e != cudaSuccess ? cudaGetErrorString(e) : "no device");
        return false;
    }
    check.unpoisoned = getenv("RIFEC_TEST_UNPOISONED") != NULL;
    MUST(cudaGetDeviceProperties(&prop, 0));
    check.capability = 10 * prop.major + prop.minor;
    MUST(cudaStreamCreateWithFlags(&check.stream.stream, cudaStreamNonBlocking));
    printf("%s, compute capability %d.%d\n", prop.name, prop.major, prop.minor);
    return true;
}

bool checkcuda_start_on(int capability)
{
    if (!checkcuda_start())
        return false;
    if (check.capability == capability)
        return true;
    printf("skipped: not a GPU of compute capability %d.%d\n", capability / 10,
           capability % 10);
    return false;
}

int checkcuda_capability(void)
{
    return check.capability;
}

struct cuda_stream *checkcuda_stream(void)
{
    return &check.stream;
}

/* --- memory ----------------------------------------------------------------------- */

void *checkcuda_bytes(size_t n)
{
    struct buffer *b = calloc(1, sizeof *b);
    void *memory;
    if (!b)
        abort();
    MUST(cudaMalloc(&memory, n + 2 * GUARD));
    *b = (struct buffer){ .next = check.buffers, .bytes = n, .memory = memory };
    check.buffers = b;
    if (!check.unpoisoned) {
        MUST(cudaMemset(memory, 0xff, n + 2 * GUARD));
        MUST(cudaStreamSynchronize(cudaStreamLegacy));
    }
    return b->memory + GUARD;
}

void *checkcuda_upload(const void *host, size_t n)
{
    void *p = checkcuda_bytes(n);
    MUST(cudaMemcpy(p, host, n, cudaMemcpyHostToDevice));
    /* It may return before the last bytes of pageable memory have arrived. */
    MUST(cudaStreamSynchronize(cudaStreamLegacy));
    return p;
}

void checkcuda_download(void *host, const void *device, size_t n)
{
    MUST(cudaStreamSynchronize(check.stream.stream));
    MUST(cudaMemcpy(host, device, n, cudaMemcpyDeviceToHost));
}

static void check_guard(const struct buffer *b, const unsigned char *guard,
                        const char *where)
{
    static unsigned char bytes[GUARD];
    MUST(cudaMemcpy(bytes, guard, GUARD, cudaMemcpyDeviceToHost));
    for (size_t i = 0; i < GUARD; i++)
        if (bytes[i] != 0xff) {
            checkop_fail("written outside a device buffer of %zu bytes, %s", b->bytes,
                         where);
            return;
        }
}

void checkcuda_free_all(void)
{
    MUST(cudaStreamSynchronize(check.stream.stream));
    while (check.buffers) {
        struct buffer *b = check.buffers;
        if (!check.unpoisoned) {
            check_guard(b, b->memory, "before it");
            check_guard(b, b->memory + GUARD + b->bytes, "after it");
        }
        check.buffers = b->next;
        image_texture_close(&b->viewed);
        MUST(cudaFree(b->memory));
        free(b);
    }
}

/* --- numbers ---------------------------------------------------------------------- */

void checkcuda_round(float *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = half_to_float(float_to_half(p[i]));
}

/* The caller frees it. */
static uint16_t *halves_of(const float *host, size_t n)
{
    uint16_t *half = malloc(n * sizeof *half);
    if (!half)
        abort();
    for (size_t i = 0; i < n; i++)
        half[i] = float_to_half(host[i]);
    return half;
}

static void *upload_numbers(const float *host, size_t n, enum dtype dtype)
{
    if (dtype != DTYPE_FP16)
        return checkcuda_upload(host, n * sizeof *host);
    uint16_t *half = halves_of(host, n);
    void *p = checkcuda_upload(half, n * sizeof *half);
    free(half);
    return p;
}

static void download_numbers(float *host, const void *device, size_t n, enum dtype dtype)
{
    if (dtype != DTYPE_FP16) {
        checkcuda_download(host, device, n * sizeof *host);
        return;
    }
    uint16_t *half = malloc(n * sizeof *half);
    if (!half)
        abort();
    checkcuda_download(half, device, n * sizeof *half);
    for (size_t i = 0; i < n; i++)
        host[i] = half_to_float(half[i]);
    free(half);
}

/* --- images, tensors, levels ------------------------------------------------------ */

static size_t image_numbers(const struct image *im)
{
    return 4 * (size_t)im->width_padded * (size_t)im->height_padded;
}

struct image checkcuda_image(const struct image *host, enum dtype dtype)
{
    struct image im = *host;
    if (dtype == DTYPE_FP16)
        checkcuda_round(host->data, image_numbers(host));
    im.dtype = dtype;
    im.data = upload_numbers(host->data, image_numbers(host), dtype);
    return im;
}

struct image checkcuda_textured(const struct image *host)
{
    struct image im = *host;
    size_t bytes = image_numbers(host) * sizeof *im.half;
    uint16_t *half = halves_of(host->data, image_numbers(host));
    checkcuda_round(host->data, image_numbers(host));
    uintptr_t at = (uintptr_t)checkcuda_bytes(bytes + TEXTURE_ALIGN);
    im.half = (uint16_t *)((at + TEXTURE_ALIGN - 1) / TEXTURE_ALIGN * TEXTURE_ALIGN);
    im.dtype = DTYPE_FP16;
    MUST(cudaMemcpy(im.half, half, bytes, cudaMemcpyHostToDevice));
    MUST(cudaStreamSynchronize(cudaStreamLegacy));
    free(half);
    image_texture_open(&im);
    if (!im.texture)
        checkop_fail("no texture");
    check.buffers->viewed = im;
    return im;
}

void checkcuda_snap(struct level *host)
{
    float step = host->scale > 8 ? 0.5f : 0.125f;
    for (size_t i = 0; i < 4 * (size_t)host->width * (size_t)host->height; i++)
        host->flow[i] = rintf(host->flow[i] / step) * step;
}

struct image checkcuda_blank_image(const struct image *like, enum dtype dtype)
{
    struct image im = *like;
    im.dtype = dtype;
    im.data = checkcuda_bytes(image_numbers(like) * dtype_bytes(dtype));
    return im;
}

struct image checkcuda_get_image(const struct image *device)
{
    struct image im = checkop_blank_image(device->width, device->height,
                                          device->width_padded, device->height_padded);
    download_numbers(im.data, device->data, image_numbers(&im), device->dtype);
    return im;
}

static size_t tensor_numbers(const struct tensor *t)
{
    return (size_t)t->channels * (size_t)t->height * (size_t)t->width;
}

/* The same numbers in blocks of another size. */
static struct tensor reblocked(const struct tensor *from, int block)
{
    struct tensor to = *from;
    size_t pixels = (size_t)from->height * (size_t)from->width;
    to.block = block;
    to.data = checkop_floats(tensor_numbers(from));
    for (int c = 0; c < from->channels; c++)
        for (size_t i = 0; i < pixels; i++)
            to.data[((size_t)(c / block) * pixels + i) * (size_t)block +
                    (size_t)(c % block)] =
                from->data[((size_t)(c / from->block) * pixels + i) *
                               (size_t)from->block +
                           (size_t)(c % from->block)];
    return to;
}

struct tensor checkcuda_tensor(const struct tensor *host, int block, enum dtype dtype)
{
    if (dtype == DTYPE_FP16)
        checkcuda_round(host->data, tensor_numbers(host));
    struct tensor t = reblocked(host, block);
    t.dtype = dtype;
    t.data = upload_numbers(t.data, tensor_numbers(&t), dtype);
    return t;
}

struct tensor checkcuda_blank_tensor(const struct tensor *like, int block,
                                     enum dtype dtype)
{
    struct tensor t = *like;
    t.block = block;
    t.dtype = dtype;
    t.data = checkcuda_bytes(tensor_numbers(like) * dtype_bytes(dtype));
    return t;
}

struct tensor checkcuda_get_tensor(const struct tensor *device, int block)
{
    struct tensor t = *device;
    t.dtype = DTYPE_FP32;
    t.data = checkop_floats(tensor_numbers(&t));
    download_numbers(t.data, device->data, tensor_numbers(&t), device->dtype);
    return reblocked(&t, block);
}

static size_t level_pixels(const struct level *l)
{
    return (size_t)l->height * (size_t)l->width;
}

struct level checkcuda_level(const struct level *host)
{
    struct level l = *host;
    if (host->dtype == DTYPE_FP16) {
        checkcuda_round(host->flow, 4 * level_pixels(host));
        checkcuda_round(host->mask, level_pixels(host));
    }
    l.flow = upload_numbers(host->flow, 4 * level_pixels(host), host->dtype);
    l.mask = upload_numbers(host->mask, level_pixels(host), host->dtype);
    return l;
}

struct level checkcuda_blank_level(const struct level *like)
{
    struct level l = *like;
    l.flow = checkcuda_bytes(4 * level_pixels(like) * dtype_bytes(like->dtype));
    l.mask = checkcuda_bytes(level_pixels(like) * dtype_bytes(like->dtype));
    return l;
}

struct level checkcuda_get_level(const struct level *device)
{
    struct level l = *device;
    size_t n = level_pixels(device);
    l.flow = checkop_floats(4 * n);
    l.mask = checkop_floats(n);
    l.dtype = DTYPE_FP32;
    download_numbers(l.flow, device->flow, 4 * n, device->dtype);
    download_numbers(l.mask, device->mask, n, device->dtype);
    return l;
}

/* --- frames ----------------------------------------------------------------------- */

/* The bytes of a plane, for its component with the most rows. */
static size_t plane_bytes(const struct rifec_frame *f, int plane)
{
    int rows = 0;
    for (int c = 0; c < 4; c++) {
        bool chroma = (c == 1 || c == 2) && f->format.family == RIFEC_FAMILY_YUV;
        int log2 = chroma ? f->format.chroma_h_log2 : 0;
        int h = (f->height + (1 << log2) - 1) >> log2;
        if (rifec_format_has(&f->format, c) && f->format.comp[c].plane == plane)
            rows = rows > h ? rows : h;
    }
    return (size_t)rows * (size_t)f->stride[plane];
}

struct rifec_frame checkcuda_blank_frame(const struct rifec_frame *like)
{
    struct rifec_frame f = *like;
    for (int i = 0; i < 4; i++)
        f.data[i] = like->data[i] ? checkcuda_bytes(plane_bytes(like, i)) : NULL;
    return f;
}

struct rifec_frame checkcuda_frame(const struct rifec_frame *host)
{
    struct rifec_frame f = *host;
    for (int i = 0; i < 4; i++)
        if (host->data[i])
            f.data[i] = checkcuda_upload(host->data[i], plane_bytes(host, i));
    return f;
}

void checkcuda_get_frame(const struct rifec_frame *device, struct rifec_frame *host)
{
    for (int i = 0; i < 4; i++)
        if (device->data[i])
            checkcuda_download(host->data[i], device->data[i], plane_bytes(device, i));
}

struct yuv checkcuda_yuv(const struct yuv *host)
{
    return yuv_moved(host, checkcuda_upload(host->tables, host->table_bytes));
}
