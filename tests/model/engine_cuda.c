/*
 * The engine on a device, through its public API: the pictures do not depend on the work
 * that runs at the same time, nor on where the frames are.
 *
 *     engine_cuda cuda [CLIP.y4m]     the engine on CUDA
 *     engine_cuda cpu  [CLIP.y4m]     the same on the CPU, as far as that goes
 *
 * The clip, or without one a painted picture, is what CUDA and CPU are compared on.
 */
#include <pthread.h>

#include "check.h"
#include "checkop.h"
#include "clip.h"
#include "rifec/rifec.h"
#if RIFEC_HAVE_CUDA
#include "checkcuda.h"
#endif

#define FRAMES    12 /* more than the engine has slots for */
#define STEPS     3  /* x4 */
#define RESULTS   ((FRAMES - 1) * STEPS)
#define HALF_PSNR 50

static enum rifec_device device;
static int errors;
static char last_error[1024];

static void keep_error(void *opaque, enum rifec_log_level level, const char *line)
{
    (void)opaque;
    if (level != RIFEC_LOG_WARNING)
        printf("%s%s\n", level == RIFEC_LOG_ERROR ? "error: " : "", line);
    if (level != RIFEC_LOG_ERROR)
        return;
    errors++;
    snprintf(last_error, sizeof last_error, "%s", line);
    printf("%s\n", line); /* the reason, if this one was not expected */
}

static struct rifec_params make_params(const char *format, int width, int height,
                                       enum rifec_precision precision)
{
    return (struct rifec_params){ .width = width,
                                  .height = height,
                                  .format = *clip_format(format),
                                  .color = clip_color,
                                  .precision = precision,
                                  .threads = 1,
                                  .device = device };
}

static void paint_all(struct rifec_frame *frames, const struct rifec_params *p, int count)
{
    for (int i = 0; i < count; i++) {
        frames[i] = make_frame(&p->format, p->width, p->height);
        clip_paint(&frames[i], i);
    }
}

static bool take_sum(struct rifec *r, uint64_t *sum)
{
    struct rifec_frame *f;
    if (!CHECK_INT(rifec_take(r, &f), 0))
        return false;
    *sum = clip_checksum(f);
    rifec_frame_free(&f);
    return true;
}

/* Makes every in-between of all frames at x4, with as many outstanding as allowed.
 * `anew`: puts both frames again for each. */
static bool run(const struct rifec_params *p, const struct rifec_frame *frames, bool anew,
                uint64_t sums[RESULTS])
{
    struct rifec *r;
    int asked = 0, taken = 0;
    int64_t put = 0;
    if (!CHECK_INT(rifec_open(&r, p), 0))
        return false;
    const struct rifec_info *info = rifec_get_info(r);
    bool ok = device == RIFEC_DEVICE_CPU || CHECK(!strcmp(info->backend, "cuda"));
    if (p->in_flight && device == RIFEC_DEVICE_CUDA)
        CHECK_INT(info->in_flight, p->in_flight);
    for (int i = 0; ok && i < FRAMES; i++) {
        ok = anew || CHECK_INT(rifec_put(r, put++, &frames[i]), 0);
        for (int s = 1; ok && i > 0 && s <= STEPS; s++) {
            if (asked - taken == info->in_flight)
                ok = take_sum(r, &sums[taken++]);
            for (int j = i - 1; ok && anew && j <= i; j++)
                ok = CHECK_INT(rifec_put(r, put++, &frames[j]), 0);
            float t = (float)s / (STEPS + 1);
            ok = ok && CHECK_INT(rifec_interp(r, put - 2, put - 1, t), 0);
            asked++;
        }
    }
    while (ok && taken < asked)
        ok = take_sum(r, &sums[taken++]);
    /* Each frame is loaded once, whatever the factor. */
    CHECK_INT(info->frames_loaded, anew ? 2 * RESULTS : FRAMES);
    rifec_close(&r);
    return ok;
}

/* --- what must make no difference ------------------------------------------------- */

static void same_bytes(const char *format, int width, int height,
                       enum rifec_precision precision)
{
    static const struct {
        int in_flight;
        bool no_graph, anew;
    } ways[] = { { 1, false, false }, { 3, false, false }, { 8, false, false },
                 { 1, true, false },  { 8, true, false },  { 3, false, true },
                 { 8, false, true } };
    uint64_t first[RESULTS], sums[RESULTS];
    struct rifec_params p = make_params(format, width, height, precision);
    struct rifec_frame frames[FRAMES];
    paint_all(frames, &p, FRAMES);
    bool ok = run(&p, frames, false, first);
    for (size_t i = 0; ok && i < sizeof ways / sizeof *ways; i++) {
        p.in_flight = ways[i].in_flight;
        p.no_graph = ways[i].no_graph;
        memset(sums, 0, sizeof sums);
        if (!run(&p, frames, ways[i].anew, sums) ||
            !CHECK(!memcmp(first, sums, sizeof sums)))
            printf("%s, %dx%d: %d in flight%s%s\n", format, width, height, p.in_flight,
                   p.no_graph ? ", no graphs" : "", ways[i].anew ? ", put anew" : "");
    }
    for (int i = 1; ok && i < RESULTS; i++)
        CHECK(first[i] != first[i - 1]);
    checkop_free_all();
}

struct job {
    struct rifec_params p;
    struct rifec_frame frames[FRAMES];
    uint64_t sums[RESULTS];
    bool ok;
};

static void *run_job(void *arg)
{
    struct job *j = arg;
    j->ok = run(&j->p, j->frames, false, j->sums);
    return NULL;
}

/* Two different engines in two threads. In FP16 each has its own textures. */
static void two_engines(enum rifec_precision precision)
{
    static struct job jobs[2];
    uint64_t alone[2][RESULTS];
    pthread_t thread[2];
    jobs[0].p = make_params("yuv420p", 150, 75, precision);
    jobs[1].p = make_params("rgb24", 64, 96, precision);
    if (precision == RIFEC_PRECISION_FP32)
        jobs[1].p.scale = 0.5f;
    for (int i = 0; i < 2; i++) {
        paint_all(jobs[i].frames, &jobs[i].p, FRAMES);
        run(&jobs[i].p, jobs[i].frames, false, alone[i]);
    }
    for (int i = 0; i < 2; i++)
        CHECK_INT(pthread_create(&thread[i], NULL, run_job, &jobs[i]), 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(thread[i], NULL);
        CHECK(jobs[i].ok);
        CHECK(!memcmp(alone[i], jobs[i].sums, sizeof alone[i]));
    }
    checkop_free_all();
}

/* --- closing, and too little memory ----------------------------------------------- */

/* A frame outlives its engine, which is closed with results that were not taken. */
static void early_close(void)
{
    struct rifec *r;
    struct rifec_frame frames[2], *kept = NULL;
    struct rifec_params p = make_params("yuv420p", 96, 64, RIFEC_PRECISION_AUTO);
    paint_all(frames, &p, 2);
    if (!CHECK_INT(rifec_open(&r, &p), 0))
        return;
    for (int i = 0; i < 2; i++)
        CHECK_INT(rifec_put(r, i, &frames[i]), 0);
    CHECK_INT(rifec_interp(r, 0, 1, 0.5f), 0);
    CHECK_INT(rifec_take(r, &kept), 0);
    for (int i = 0; i < rifec_get_info(r)->in_flight; i++)
        CHECK_INT(rifec_interp(r, 0, 1, 0.5f), 0);
    uint64_t sum = kept ? clip_checksum(kept) : 0;
    rifec_close(&r);
    if (CHECK(kept != NULL))
        CHECK(clip_checksum(kept) == sum);
    rifec_frame_free(&kept);
    checkop_free_all();
}

/* More memory than any device has; afterwards a small engine opens. */
static void no_memory(void)
{
    struct rifec *r;
    struct rifec_params p =
        make_params("yuv420p10", RIFEC_SIZE_MAX, RIFEC_SIZE_MAX, RIFEC_PRECISION_FP32);
    p.in_flight = RIFEC_IN_FLIGHT_MAX;
    p.kernels = "ref"; /* cuDNN would ask for memory of its own */
    int before = errors;
    CHECK_INT(rifec_open(&r, &p), RIFEC_ERR_NOMEM);
    CHECK(r == NULL);
    CHECK_INT(errors - before, 1);
    CHECK(strstr(last_error, "16384x16384 needs") != NULL);
    CHECK(strstr(last_error, "--in-flight 1") != NULL);
    p = make_params("yuv420p", 64, 48, RIFEC_PRECISION_FP16);
    CHECK_INT(rifec_open(&r, &p), 0);
    rifec_close(&r);
}

/* --- compared with the CPU -------------------------------------------------------- */

static struct rifec_frame *middle(struct rifec *r, int64_t seq)
{
    struct rifec_frame *f = NULL;
    CHECK_INT(rifec_interp(r, seq - 1, seq, 0.5f), 0);
    CHECK_INT(rifec_take(r, &f), 0);
    return f;
}

static void against_cpu(const struct rifec_params *p, const struct rifec_frame *frames,
                        int count)
{
    struct rifec *r, *cpu;
    struct rifec_params on_cpu = *p;
    struct difference d = { 0 };
    on_cpu.device = RIFEC_DEVICE_CPU;
    on_cpu.precision = RIFEC_PRECISION_FP32;
    on_cpu.threads = 0;
    if (!CHECK_INT(rifec_open(&cpu, &on_cpu), 0))
        return;
    if (CHECK_INT(rifec_open(&r, p), 0)) {
        for (int i = 0; i < count; i++) {
            CHECK_INT(rifec_put(r, i, &frames[i]), 0);
            CHECK_INT(rifec_put(cpu, i, &frames[i]), 0);
            if (i == 0)
                continue;
            struct rifec_frame *got = middle(r, i), *want = middle(cpu, i);
            if (got && want)
                difference_add(&d, got, want, 0, p->width);
            rifec_frame_free(&got);
            rifec_frame_free(&want);
        }
        double psnr = difference_psnr(&d, p->format.depth);
        bool in_half = !strcmp(rifec_get_info(r)->precision, "fp16");
        printf("%dx%d, %s against the CPU: %d in-betweens, %.1f dB, %d codes at most\n",
               p->width, p->height, rifec_get_info(r)->precision, count - 1, psnr,
               d.worst);
        if (in_half)
            CHECK(psnr >= HALF_PSNR);
        else
            CHECK(d.worst <= 1);
    }
    rifec_close(&r);
    rifec_close(&cpu);
}

static void compare(const char *path, enum rifec_precision precision)
{
    struct y4m clip = { 0 };
    struct rifec_frame frames[FRAMES];
    struct rifec_params p = make_params("yuv420p", 320, 180, precision);
    int count = 4;
    if (!path) {
        paint_all(frames, &p, count);
    } else if (CHECK(y4m_open(&clip, path))) {
        p = make_params("yuv420p", clip.width, clip.height, precision);
        p.format = *clip.format;
        for (count = 0; count < FRAMES; count++) {
            frames[count] = make_frame(&p.format, p.width, p.height);
            if (!y4m_read(&clip, &frames[count]))
                break;
        }
    }
    against_cpu(&p, frames, count);
    y4m_close(&clip);
    checkop_free_all();
}

/* --- together with the CPU -------------------------------------------------------- */

/* --device check returns CUDA's pictures. */
static void side_by_side(void)
{
    struct rifec *r;
    struct rifec_params p = make_params("yuv420p", 320, 180, RIFEC_PRECISION_FP16);
    struct rifec_frame frames[2];
    uint64_t sum[2] = { 0, 1 };
    paint_all(frames, &p, 2);
    for (int i = 0; i < 2; i++) {
        if (i == 1)
            p.device = RIFEC_DEVICE_CHECK;
        if (!CHECK_INT(rifec_open(&r, &p), 0))
            return;
        CHECK(!strcmp(rifec_get_info(r)->backend, i ? "check" : "cuda"));
        CHECK_INT(rifec_put(r, 3, &frames[0]), 0);
        CHECK_INT(rifec_put(r, 5, &frames[1]), 0);
        CHECK_INT(rifec_interp(r, 3, 5, 0.5f), 0);
        take_sum(r, &sum[i]);
        rifec_close(&r);
    }
    CHECK(sum[0] == sum[1]);
    checkop_free_all();
}

/* --- frames on the device --------------------------------------------------------- */

#if RIFEC_HAVE_CUDA
#define LATE_BYTES ((size_t)1 << 30)

static size_t plane_bytes(const struct rifec_frame *f, int c)
{
    return (size_t)f->stride[f->format.comp[c].plane] * (size_t)component_height(f, c);
}

/* Planes that get the picture only after their stream has been busy for a while. */
static struct rifec_frame late_frame(const struct rifec_frame *host, void *busy)
{
    struct rifec_frame f = checkcuda_blank_frame(host), whole = checkcuda_frame(host);
    cudaStream_t stream = checkcuda_stream()->stream;
    f.memory = RIFEC_MEMORY_CUDA;
    f.stream = stream;
    for (int i = 0; i < 4; i++)
        CHECK_INT(cudaMemsetAsync(busy, i, LATE_BYTES, stream), cudaSuccess);
    for (int c = 0; c < 3; c++)
        CHECK_INT(cudaMemcpyAsync(f.data[c], whole.data[c], plane_bytes(host, c),
                                  cudaMemcpyDeviceToDevice, stream),
                  cudaSuccess);
    return f;
}

/* Work that follows put() on the frame's stream may write there. */
static void overwrite(const struct rifec_frame *f)
{
    for (int c = 0; c < 3; c++)
        CHECK_INT(cudaMemsetAsync(f->data[c], 0x55, plane_bytes(f, c), f->stream),
                  cudaSuccess);
}

static void frames_on_device(const char *format)
{
    struct rifec *r;
    struct rifec_params p = make_params(format, 300, 157, RIFEC_PRECISION_AUTO);
    struct rifec_frame frames[FRAMES];
    uint64_t host[FRAMES], sums[FRAMES];
    paint_all(frames, &p, FRAMES);
    for (int on_device = 0; on_device < 2; on_device++) {
        uint64_t *out = on_device ? sums : host;
        void *busy = on_device ? checkcuda_bytes(LATE_BYTES) : NULL;
        if (!CHECK_INT(rifec_open(&r, &p), 0))
            return;
        for (int i = 0; i < FRAMES; i++) {
            /* In both runs every other frame comes from the host. */
            bool here = !on_device || i % 4 == 3;
            struct rifec_frame f = here ? frames[i] : late_frame(&frames[i], busy);
            CHECK_INT(rifec_put(r, i, &f), 0);
            if (!here)
                overwrite(&f);
            if (i > 0 && CHECK_INT(rifec_interp(r, i - 1, i, 0.5f), 0))
                take_sum(r, &out[i]);
        }
        rifec_close(&r);
        if (on_device)
            checkcuda_free_all();
    }
    CHECK(!memcmp(host + 1, sums + 1, sizeof host - sizeof *host));
    checkop_free_all();
}

static void looking(const char *format)
{
    struct rifec *r;
    struct rifec_params p = make_params(format, 301, 157, RIFEC_PRECISION_AUTO);
    struct rifec_frame frames[3];
    bool equal = false;
    static uint16_t there[RIFEC_THUMB_WIDTH * RIFEC_THUMB_HEIGHT],
        here[RIFEC_THUMB_WIDTH * RIFEC_THUMB_HEIGHT];
    paint_all(frames, &p, 3);
    if (!CHECK_INT(rifec_open(&r, &p), 0))
        return;
    void *busy = checkcuda_bytes(LATE_BYTES);
    struct rifec_frame a = late_frame(&frames[1], busy),
                       other = late_frame(&frames[2], busy);
    /* The same picture with other bytes in the padding of rows. */
    frames[1].data[0][frames[1].stride[0] - 1] ^= 0x0f;
    struct rifec_frame b = late_frame(&frames[1], busy);
    CHECK_INT(rifec_equal(r, &a, &b, &equal), 0);
    CHECK(equal);
    CHECK_INT(rifec_equal(r, &a, &other, &equal), 0);
    CHECK(!equal);
    CHECK_INT(rifec_equal(r, &a, &frames[1], &equal), 0);
    CHECK(!equal);                /* in different kinds of memory, so not compared */
    for (int c = 0; c < 3; c++) { /* only the last sample of each component */
        int x = component_width(&frames[1], c) - 1,
            y = component_height(&frames[1], c) - 1;
        int code = get_code(&frames[1], c, x, y);
        set_code(&frames[1], c, x, y, code ^ 1);
        struct rifec_frame near = late_frame(&frames[1], busy);
        CHECK_INT(rifec_equal(r, &a, &near, &equal), 0);
        CHECK(!equal);
        set_code(&frames[1], c, x, y, code);
    }
    CHECK_INT(rifec_thumbnail(r, &other, there), 0);
    CHECK_INT(rifec_thumbnail(r, &frames[2], here), 0);
    for (int i = 0; i < RIFEC_THUMB_WIDTH * RIFEC_THUMB_HEIGHT; i++)
        if (!CHECK(abs(there[i] - here[i]) <= 1)) /* FP32 in the scaling */
            break;
    CHECK_INT(rifec_get_info(r)->frames_loaded, 0);
    rifec_close(&r);
    checkcuda_free_all();
    checkop_free_all();
}
#endif

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    device = strcmp(argv[1], "cpu") ? RIFEC_DEVICE_CUDA : RIFEC_DEVICE_CPU;
    const char *clip = argc > 2 ? argv[2] : NULL;
    if (device == RIFEC_DEVICE_CUDA) {
#if RIFEC_HAVE_CUDA
        if (!checkcuda_start())
            return CHECK_SKIP;
#else
        printf("skipped: built without CUDA\n");
        return CHECK_SKIP;
#endif
    }
    rifec_log_set(RIFEC_LOG_INFO, keep_error, NULL);
    same_bytes("yuv420p", 75, 53, RIFEC_PRECISION_FP32);
    two_engines(RIFEC_PRECISION_FP32);
    early_close();
    compare(clip, RIFEC_PRECISION_FP32);
    if (device == RIFEC_DEVICE_CUDA) {
        bool quick = getenv("RIFEC_TEST_QUICK") != NULL; /* under a sanitizer */
        same_bytes("yuv420p", quick ? 160 : 640, quick ? 96 : 368, RIFEC_PRECISION_FP16);
        same_bytes("yuv420p10", 301, 157, RIFEC_PRECISION_FP16);
        same_bytes("yuva420p", 320, 180, RIFEC_PRECISION_FP32);
        two_engines(RIFEC_PRECISION_FP16);
        no_memory();
        side_by_side();
        compare(clip, RIFEC_PRECISION_FP16);
#if RIFEC_HAVE_CUDA
        frames_on_device("yuv420p");
        frames_on_device("yuv420p10");
        looking("yuv420p");
        looking("yuv420p10");
#endif
    }
    CHECK_INT(errors, device == RIFEC_DEVICE_CUDA); /* no_memory()'s */
    return check_result();
}
