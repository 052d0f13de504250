/* The op tests' harness. */
#include "checkop.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"

#define GUARD 64

struct buffer {
    struct buffer *next;
    size_t bytes;
    unsigned char *memory; /* GUARD, bytes, GUARD */
};

static struct {
    uint64_t state;
    struct buffer *buffers;
    char name[256];
    int failures;
    bool on_cuda;
} check;

void checkop_start(int argc, char **argv)
{
    /* Fixed, so that every run is the same; --seed 0 takes the clock's. */
    uint64_t seed = 20240607;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--cuda"))
            check.on_cuda = true;
        else if (!strcmp(argv[i], "--seed") && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 0);
        else
            exit(2);
    }
    if (check.on_cuda && !RIFEC_HAVE_CUDA) {
        printf("skipped: built without CUDA\n");
        exit(CHECK_SKIP);
    }
    if (seed == 0)
        seed = (uint64_t)time(NULL);
    printf("seed %llu\n", (unsigned long long)seed);
    check.state = seed;
}

int checkop_finish(void)
{
    if (check.failures)
        printf("%d failures\n", check.failures);
    return check.failures != 0;
}

bool checkop_on_cuda(void)
{
    return check.on_cuda;
}

int checkop_cases(int n)
{
    return getenv("RIFEC_TEST_QUICK") ? (n + 7) / 8 : n;
}

uint32_t checkop_random(void)
{
    /* splitmix64 */
    uint64_t z = check.state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32);
}

int checkop_int(int lo, int hi)
{
    return lo + (int)(checkop_random() % (uint32_t)(hi - lo + 1));
}

float checkop_float(float lo, float hi)
{
    return lo + (hi - lo) * (float)(checkop_random() >> 8) / 16777216.0f;
}

void checkop_fill(float *p, size_t n, float lo, float hi)
{
    for (size_t i = 0; i < n; i++)
        p[i] = checkop_float(lo, hi);
}

uint8_t *checkop_bytes(size_t n)
{
    struct buffer *b = calloc(1, sizeof *b);
    unsigned char *memory = malloc(n + 2 * GUARD);
    if (!b || !memory)
        abort();
    memset(memory, 0xa5, n + 2 * GUARD);
    *b = (struct buffer){ check.buffers, n, memory };
    check.buffers = b;
    return memory + GUARD;
}

float *checkop_floats(size_t n)
{
    float *p = (float *)(void *)checkop_bytes(n * sizeof *p);
    for (size_t i = 0; i < n; i++)
        p[i] = NAN;
    return p;
}

void checkop_free_all(void)
{
    while (check.buffers) {
        struct buffer *b = check.buffers;
        for (size_t i = 0; i < GUARD; i++)
            if (b->memory[i] != 0xa5 || b->memory[GUARD + b->bytes + i] != 0xa5) {
                checkop_fail("written outside a buffer of %zu bytes, %s", b->bytes,
                             b->memory[i] != 0xa5 ? "before it" : "after it");
                break;
            }
        check.buffers = b->next;
        free(b->memory);
        free(b);
    }
}

void checkop_case(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(check.name, sizeof check.name, format, ap);
    va_end(ap);
}

void checkop_fail(const char *format, ...)
{
    va_list ap;
    if (check.name[0])
        printf("case: %s\n", check.name);
    check.name[0] = 0;
    printf("    ");
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    printf("\n");
    check.failures++;
}

static void compare(const char *what, const float *got, const float *want,
                    const double *exact, size_t n, double absolute, double relative)
{
    double worst = 0;
    size_t where = 0, bad = 0;
    for (size_t i = 0; i < n; i++) {
        double w = exact ? exact[i] : want[i];
        double error = fabs(got[i] - w), limit = absolute + relative * fabs(w);
        if (!(error <= limit)) { /* true for NaN as well */
            if (!bad++ || error - limit > worst) {
                worst = error - limit;
                where = i;
            }
        }
    }
    if (bad)
        checkop_fail("%s: %zu of %zu differ, worst at %zu: %.9g, expected %.9g", what,
                     bad, n, where, (double)got[where],
                     exact ? exact[where] : (double)want[where]);
}

void checkop_compare(const char *what, const float *got, const float *want, size_t n,
                     double absolute, double relative)
{
    compare(what, got, want, NULL, n, absolute, relative);
}

void checkop_compare_double(const char *what, const float *got, const double *want,
                            size_t n, double absolute, double relative)
{
    compare(what, got, NULL, want, n, absolute, relative);
}

struct cpu_stream checkop_stream(int threads, int width_padded, int level_width)
{
    struct cpu_stream s = { .threads = threads };
    s.scratch_floats = cpu_scratch_floats(width_padded, level_width);
    s.scratch = checkop_floats((size_t)threads * s.scratch_floats);
    return s;
}

struct image checkop_blank_image(int width, int height, int width_padded,
                                 int height_padded)
{
    return (struct image){
        .data = checkop_floats(4 * (size_t)width_padded * (size_t)height_padded),
        .width = width,
        .height = height,
        .width_padded = width_padded,
        .height_padded = height_padded,
    };
}

struct image checkop_image(int width, int height, int width_padded, int height_padded,
                           float lo, float hi)
{
    size_t n = 4 * (size_t)width_padded * (size_t)height_padded;
    struct image im = checkop_blank_image(width, height, width_padded, height_padded);
    for (size_t i = 0; i < n; i++) {
        int x = (int)(i / 4 % (size_t)width_padded),
            y = (int)(i / 4 / (size_t)width_padded);
        bool inside = x < width && y < height;
        im.data[i] = inside ? checkop_float(lo, hi) : 0;
    }
    return im;
}

void checkop_levels(struct level *levels, int count, float scale, int width_padded,
                    int height_padded, float flow)
{
    for (int l = 0; l < count; l++, scale /= 2) {
        struct level *v = &levels[l];
        *v = (struct level){ .scale = scale,
                             .dtype = DTYPE_FP32,
                             .width = (int)((float)width_padded / scale),
                             .height = (int)((float)height_padded / scale) };
        size_t n = (size_t)v->width * (size_t)v->height;
        v->flow = checkop_floats(4 * n);
        v->mask = checkop_floats(n);
        float reach = flow / scale / (float)count;
        checkop_fill(v->flow, 4 * n, -reach, reach);
        checkop_fill(v->mask, n, -3, 3);
    }
}
