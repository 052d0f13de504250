/*
 * The engine through its public API: refusals, resident frames, ownership of frames, and
 * results that depend on the input only.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "engine/refcache.h"
#include "rifec/rifec.h"

static const struct rifec_format yuv420p = {
    RIFEC_FAMILY_YUV, 8, 1, 1, { { 0, 1, 0, 0 }, { 1, 1, 0, 0 }, { 2, 1, 0, 0 } }
};
static const struct rifec_format rgb24 = {
    RIFEC_FAMILY_RGB, 8, 0, 0, { { 0, 3, 0, 0 }, { 0, 3, 1, 0 }, { 0, 3, 2, 0 } }
};
static const struct rifec_color bt709 = { RIFEC_MATRIX_BT709, RIFEC_RANGE_LIMITED,
                                          RIFEC_CHROMA_LEFT };

static int errors, warnings;
static char last_line[1024];

static void count_message(void *opaque, enum rifec_log_level level, const char *line)
{
    (void)opaque;
    errors += level == RIFEC_LOG_ERROR;
    /* A build without oneDNN warns each time an engine opens. */
    warnings += level == RIFEC_LOG_WARNING && !strstr(line, "built without oneDNN");
    snprintf(last_line, sizeof last_line, "%s", line);
}

/* The call fails with this code and logs one reason. */
#define REFUSED(call, code)                                                              \
    do {                                                                                 \
        int before_ = errors;                                                            \
        CHECK_INT((call), (code));                                                       \
        CHECK_INT(errors - before_, 1);                                                  \
        CHECK(strlen(last_line) > 10);                                                   \
    } while (0)

static struct rifec_params make_params(int width, int height,
                                       const struct rifec_format *format)
{
    return (struct rifec_params){ .width = width,
                                  .height = height,
                                  .format = *format,
                                  .color = bt709,
                                  .device = RIFEC_DEVICE_CPU };
}

static void free_frame(struct rifec_frame *f)
{
    free(f->data[0]);
    free(f);
}

/* Soft diagonal waves, moved by `step` pixels. */
static struct rifec_frame *make_frame(const struct rifec_params *p, int step)
{
    struct rifec_frame *f = calloc(1, sizeof *f);
    int planes = p->format.family == RIFEC_FAMILY_YUV ? 3 : 1;
    size_t bytes = (size_t)p->width * (size_t)p->height * 3, at = 0;
    *f = (struct rifec_frame){ .width = p->width,
                               .height = p->height,
                               .format = p->format,
                               .color = p->color,
                               .release = free_frame };
    uint8_t *memory = malloc(bytes);
    for (int i = 0; i < planes; i++) {
        int w = i ? (p->width + 1) / 2 : p->width,
            h = i ? (p->height + 1) / 2 : p->height;
        int row = w * p->format.comp[0].step;
        f->data[i] = memory + at;
        f->stride[i] = row;
        for (int y = 0; y < h; y++)
            for (int x = 0; x < row; x++) {
                int u = (x * (i + 1) + 3 * y + 4 * step) % 64,
                    v = (x / 5 + y / 7 - step) % 2;
                f->data[i][y * row + x] =
                    (uint8_t)(60 + (u < 32 ? u : 63 - u) * 4 + 20 * v);
            }
        at += (size_t)(row * h);
    }
    return f;
}

/* FNV-1a over the picture, without the padding of rows. */
static uint64_t checksum(const struct rifec_frame *f)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (int i = 0; i < 4 && f->data[i]; i++) {
        int w = i ? (f->width + 1) / 2 : f->width,
            rows = i ? (f->height + 1) / 2 : f->height;
        for (int y = 0; y < rows; y++)
            for (int x = 0; x < w * f->format.comp[0].step; x++)
                h = (h ^ f->data[i][y * f->stride[i] + x]) * 0x100000001b3u;
    }
    return h;
}

static int put(struct rifec *r, const struct rifec_params *p, int64_t seq, int step)
{
    struct rifec_frame *f = make_frame(p, step);
    int err = rifec_put(r, seq, f);
    rifec_frame_free(&f);
    return err;
}

static struct rifec_frame *between(struct rifec *r, int64_t seq0, int64_t seq1, float t)
{
    struct rifec_frame *f = NULL;
    CHECK_INT(rifec_interp(r, seq0, seq1, t), 0);
    CHECK_INT(rifec_take(r, &f), 0);
    return f;
}

static uint64_t between_sum(struct rifec *r, int64_t seq0, int64_t seq1, float t)
{
    struct rifec_frame *f = between(r, seq0, seq1, t);
    uint64_t sum = f ? checksum(f) : 0;
    rifec_frame_free(&f);
    return sum;
}

/* Bands give the same result as the whole: the C ops add in one order for any rows. */
static void bands(void)
{
    struct rifec_params p = make_params(20, 285, &yuv420p);
    uint64_t sum[3];
    static const int tile[] = { -1, 32, 100 };
    p.kernels = "c";
    for (int i = 0; i < 3; i++) {
        struct rifec *r;
        p.tile = tile[i];
        if (!CHECK_INT(rifec_open(&r, &p), 0))
            return;
        put(r, &p, 0, 0);
        put(r, &p, 1, 3);
        sum[i] = between_sum(r, 0, 1, 0.5f);
        rifec_close(&r);
    }
    CHECK(sum[1] == sum[0]);
    CHECK(sum[2] == sum[0]);
}

static void bad_parameters(void)
{
    struct rifec *r;
    struct rifec_params good = make_params(64, 48, &yuv420p), p;
#define BAD(change, code)                                                                \
    do {                                                                                 \
        p = good;                                                                        \
        change;                                                                          \
        REFUSED(rifec_open(&r, &p), code);                                               \
        CHECK(r == NULL);                                                                \
    } while (0)
    BAD(p.width = 1, RIFEC_ERR_USAGE);
    BAD(p.height = 0, RIFEC_ERR_USAGE);
    BAD(p.width = 16385, RIFEC_ERR_USAGE);
    BAD(p.scale = 0.3f, RIFEC_ERR_USAGE);
    BAD(p.tile = 31, RIFEC_ERR_USAGE);
    BAD(p.tile = -2, RIFEC_ERR_USAGE);
    BAD(p.scale = -1, RIFEC_ERR_USAGE);
    BAD(p.threads = -1, RIFEC_ERR_USAGE);
    BAD(p.device_index = -1, RIFEC_ERR_USAGE);
    BAD(p.device = RIFEC_DEVICE_CHECK + 1, RIFEC_ERR_USAGE);
    BAD(p.kernels = "fastest", RIFEC_ERR_USAGE);
    BAD(p.format.depth = 17, RIFEC_ERR_USAGE);
    BAD(p.format.depth = 7, RIFEC_ERR_USAGE);
    BAD(p.format.family = 0, RIFEC_ERR_USAGE);
    BAD(p.format.chroma_w_log2 = 3, RIFEC_ERR_USAGE);
    BAD(p.format.comp[1].plane = 4, RIFEC_ERR_USAGE);
    BAD(p.format.comp[2].step = 0, RIFEC_ERR_USAGE);
    BAD(p.color.matrix = 0, RIFEC_ERR_USAGE);
    BAD(p.color.range = 0, RIFEC_ERR_USAGE);
    BAD(p.color.chroma_loc = 0, RIFEC_ERR_USAGE);
    BAD(p.model = "/no/such/file.safetensors", RIFEC_ERR_MODEL);
    CHECK_INT(rifec_device_of(&good), good.device);
    if (!strstr(rifec_version(), "no CUDA"))
        return;
    CHECK_INT(rifec_device_of(&(struct rifec_params){ 0 }), RIFEC_DEVICE_CPU);
    BAD(p.device = RIFEC_DEVICE_CHECK, RIFEC_ERR_DEVICE);
    BAD(p.device = RIFEC_DEVICE_CUDA, RIFEC_ERR_DEVICE);
    CHECK(strstr(last_line, "without CUDA") != NULL);
}

static void bad_calls(void)
{
    struct rifec *r;
    struct rifec_frame *out;
    struct rifec_params p = make_params(64, 48, &yuv420p),
                        other = make_params(66, 48, &yuv420p);
    struct rifec_params packed = make_params(64, 48, &rgb24);
    if (!CHECK_INT(rifec_open(&r, &p), 0))
        return;
    REFUSED(rifec_take(r, &out), RIFEC_ERR_USAGE);
    CHECK(out == NULL);
    REFUSED(put(r, &other, 0, 0), RIFEC_ERR_USAGE);
    REFUSED(put(r, &packed, 0, 0), RIFEC_ERR_USAGE);
    CHECK_INT(put(r, &p, 7, 0), 0);
    REFUSED(put(r, &p, 7, 0), RIFEC_ERR_USAGE);
    REFUSED(put(r, &p, 6, 0), RIFEC_ERR_USAGE);
    REFUSED(rifec_interp(r, 7, 8, 0.5f), RIFEC_ERR_USAGE);
    CHECK_INT(put(r, &p, 8, 1), 0);
    REFUSED(rifec_interp(r, 7, 8, 0), RIFEC_ERR_USAGE);
    REFUSED(rifec_interp(r, 7, 8, 1), RIFEC_ERR_USAGE);
    float zero = 0;
    REFUSED(rifec_interp(r, 7, 8, zero / zero), RIFEC_ERR_USAGE);
    for (int i = 0; i < rifec_get_info(r)->in_flight; i++)
        CHECK_INT(rifec_interp(r, 7, 8, 0.5f), 0);
    REFUSED(rifec_interp(r, 7, 8, 0.5f), RIFEC_ERR_USAGE);
    CHECK_INT(put(r, &p, 9, 2), 0);
    REFUSED(rifec_interp(r, 7, 9, 0.5f), RIFEC_ERR_USAGE); /* 7 is no longer resident */
    rifec_close(&r);                                       /* with one outstanding */
    CHECK(r == NULL);
    rifec_close(&r);
}

/* The same pixels in other memory, and memory that the CPU cannot reach. */
static void equality(void)
{
    struct rifec *r;
    struct rifec_params p = make_params(64, 48, &yuv420p);
    bool equal = false;
    if (!CHECK_INT(rifec_open(&r, &p), 0))
        return;
    struct rifec_frame *a = make_frame(&p, 0), *b = make_frame(&p, 0),
                       *c = make_frame(&p, 1);
    uint16_t luma[RIFEC_THUMB_WIDTH * RIFEC_THUMB_HEIGHT];
    CHECK_INT(rifec_equal(r, a, b, &equal), 0);
    CHECK(equal);
    CHECK_INT(rifec_equal(r, a, c, &equal), 0);
    CHECK(!equal);
    a->memory = b->memory = RIFEC_MEMORY_CUDA;
    REFUSED(rifec_equal(r, a, c, &equal), RIFEC_ERR_USAGE);
    REFUSED(rifec_equal(r, a, b, &equal), RIFEC_ERR_USAGE);
    REFUSED(rifec_put(r, 0, a), RIFEC_ERR_USAGE);
    REFUSED(rifec_thumbnail(r, a, luma), RIFEC_ERR_USAGE);
    CHECK(strstr(last_line, "CUDA memory") != NULL);
    rifec_frame_free(&a);
    rifec_frame_free(&b);
    rifec_frame_free(&c);
    rifec_close(&r);
}

static void information(void)
{
    struct rifec *r;
    struct rifec_params p = make_params(64, 48, &yuv420p);
    p.precision = RIFEC_PRECISION_FP16;
    REFUSED(rifec_open(&r, &p), RIFEC_ERR_USAGE);
    p.precision = RIFEC_PRECISION_AUTO;
    p.threads = 2;
    if (strstr(rifec_version(), "no CUDA")) { /* AUTO takes the CPU in FP32 and warns */
        p.device = RIFEC_DEVICE_AUTO;
        p.precision = RIFEC_PRECISION_TF32;
    }
    int before = warnings;
    if (!CHECK_INT(rifec_open(&r, &p), 0))
        return;
    CHECK_INT(warnings - before, p.precision == RIFEC_PRECISION_TF32);
    const struct rifec_info *info = rifec_get_info(r);
    CHECK_STR(info->backend, "cpu");
    CHECK_STR(info->precision, "fp32");
    CHECK_STR(info->model, "built-in");
    CHECK_INT((long long)strlen(info->model_sha256), 64);
    CHECK(info->memory_bytes > 1000000);
    CHECK(info->in_flight >= 1);
    CHECK(strncmp(info->device, "CPU, ", 5) == 0);
    rifec_close(&r);
}

/* A frame is read in put() only, and stays resident for the next two. */
static void residency(void)
{
    struct rifec *r;
    struct rifec_params p = make_params(70, 50, &yuv420p);
    if (!CHECK_INT(rifec_open(&r, &p), 0))
        return;
    struct rifec_frame *a = make_frame(&p, 0);
    CHECK_INT(rifec_put(r, 10, a), 0);
    memset(a->data[0], 99, 70 * 50);
    rifec_frame_free(&a);
    CHECK_INT(put(r, &p, 11, 1), 0);
    uint64_t ab = between_sum(r, 10, 11, 0.5f), quarter = between_sum(r, 10, 11, 0.25f);
    CHECK(ab != quarter);
    CHECK(between_sum(r, 10, 11, 0.5f) == ab); /* made again from resident frames */
    CHECK(between_sum(r, 11, 10, 0.5f) != 0);
    CHECK_INT(put(r, &p, 20, 2), 0);
    uint64_t bc = between_sum(r, 11, 20, 0.5f);
    rifec_close(&r);

    if (!CHECK_INT(rifec_open(&r, &p), 0))
        return;
    CHECK_INT(put(r, &p, -5, 1), 0);
    CHECK_INT(put(r, &p, -4, 2), 0);
    CHECK(between_sum(r, -5, -4, 0.5f) == bc);
    rifec_close(&r);
}

/* The caller owns the frames that it takes; they return to the pool, and outlive the
 * engine. */
static void ownership(void)
{
    struct rifec *r;
    struct rifec_params p = make_params(64, 48, &rgb24);
    if (!CHECK_INT(rifec_open(&r, &p), 0))
        return;
    CHECK_INT(put(r, &p, 0, 0), 0);
    CHECK_INT(put(r, &p, 1, 1), 0);
    struct rifec_frame *first = between(r, 0, 1, 0.5f), *second = between(r, 0, 1, 0.25f);
    CHECK_INT(first->width, 64);
    CHECK_INT(first->height, 48);
    CHECK(memcmp(&first->format, &p.format, sizeof p.format) == 0);
    CHECK(first->data[0] != second->data[0]);
    uint64_t sum = checksum(first);
    uint8_t *memory = second->data[0];
    rifec_frame_free(&second);
    second = between(r, 0, 1, 0.75f);
    CHECK(second->data[0] == memory);
    CHECK(checksum(first) == sum);
    rifec_close(&r);
    CHECK(checksum(first) == sum);
    rifec_frame_free(&first);
    rifec_frame_free(&second);
}

/* Two different engines at once give the same as each alone, with any number of
 * threads. */
static void independence(const char *kernels)
{
    struct rifec_params p = make_params(75, 53, &yuv420p),
                        q = make_params(64, 96, &rgb24);
    struct rifec *r, *s;
    p.kernels = q.kernels = kernels;
    q.scale = 0.5f;
    uint64_t sums[3][2];
    for (int threads = 1; threads <= 3; threads++) {
        p.threads = threads;
        q.threads = 4 - threads;
        if (!CHECK_INT(rifec_open(&r, &p), 0) || !CHECK_INT(rifec_open(&s, &q), 0))
            return;
        CHECK_INT(put(r, &p, 0, 0), 0);
        CHECK_INT(put(s, &q, 0, 3), 0);
        CHECK_INT(put(r, &p, 1, 1), 0);
        CHECK_INT(put(s, &q, 1, 4), 0);
        sums[threads - 1][0] = between_sum(r, 0, 1, 0.5f);
        sums[threads - 1][1] = between_sum(s, 0, 1, 0.5f);
        CHECK(between_sum(r, 0, 1, 0.5f) == sums[threads - 1][0]);
        rifec_close(&r);
        rifec_close(&s);
    }
    CHECK(sums[0][0] == sums[1][0] && sums[1][0] == sums[2][0]);
    CHECK(sums[0][1] == sums[1][1] && sums[1][1] == sums[2][1]);
}

/* Every implementation gives the same picture, to within 1. */
static void agreement(void)
{
    struct rifec *r, *s;
    struct rifec_params p = make_params(130, 70, &yuv420p), q = p;
    q.kernels = "c";
    if (!CHECK_INT(rifec_open(&r, &p), 0) || !CHECK_INT(rifec_open(&s, &q), 0))
        return;
    for (int i = 0; i < 2; i++) {
        CHECK_INT(put(r, &p, i, i), 0);
        CHECK_INT(put(s, &q, i, i), 0);
    }
    struct rifec_frame *a = between(r, 0, 1, 0.4f), *b = between(s, 0, 1, 0.4f);
    int worst = 0;
    for (int i = 0; i < 3; i++)
        for (int y = 0; y < (i ? 35 : 70); y++)
            for (int x = 0; x < (i ? 65 : 130); x++) {
                int d = abs(a->data[i][y * a->stride[i] + x] -
                            b->data[i][y * b->stride[i] + x]);
                worst = d > worst ? d : worst;
            }
    CHECK(worst <= 1);
    rifec_frame_free(&a);
    rifec_frame_free(&b);
    rifec_close(&r);
    rifec_close(&s);
}

static void refcache(void)
{
    struct refcache c;
    refcache_init(&c, 2);
    CHECK_INT(refcache_find(&c, 0), -1);
    CHECK_INT(refcache_find(&c, REFCACHE_EMPTY), -1);
    for (int64_t seq = -3; seq < 20; seq += 2) {
        int slot = refcache_evict(&c);
        CHECK_INT(refcache_find(&c, seq - 4), -1);
        refcache_set(&c, slot, seq);
        CHECK_INT(refcache_find(&c, seq), slot);
        CHECK_INT(refcache_newest(&c), seq);
        if (seq > -3)
            CHECK(refcache_find(&c, seq - 2) >= 0);
    }
}

int main(void)
{
    rifec_log_set(RIFEC_LOG_WARNING, count_message, NULL);
    refcache();
    bad_parameters();
    bands();
    bad_calls();
    equality();
    information();
    residency();
    ownership();
    independence(NULL);
    independence("c");
    agreement();
    return check_result();
}
