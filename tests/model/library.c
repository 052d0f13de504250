/*
 * The engine as a guest in another program: messages and pictures go where the caller
 * wants them, two engines work in two threads, and nothing is left over.
 */
#define _DEFAULT_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "rifec/rifec.h"

#define WIDTH  37 /* odd: rows have padding in the engine's own frames */
#define HEIGHT 26
#define PAIRS  3 /* pairs from which each thread makes a picture */

static const struct rifec_color color = { RIFEC_MATRIX_BT709, RIFEC_RANGE_LIMITED,
                                          RIFEC_CHROMA_LEFT };

struct picture {
    struct rifec_frame frame;
    uint8_t samples[WIDTH * HEIGHT * 2];
};

static void make_picture(struct picture *p, int step)
{
    const struct rifec_format format = rifec_format_planar(RIFEC_FAMILY_YUV, 8, 1, 1);
    uint8_t *at = p->samples;
    p->frame = (struct rifec_frame){
        .width = WIDTH, .height = HEIGHT, .format = format, .color = color
    };
    for (int plane = 0; plane < 3; plane++) {
        size_t bytes;
        int rows;
        rifec_plane_size(&format, WIDTH, HEIGHT, plane, &bytes, &rows);
        p->frame.data[plane] = at;
        p->frame.stride[plane] = (ptrdiff_t)bytes;
        at += bytes * (size_t)rows;
    }
    for (size_t i = 0; i < sizeof p->samples; i++)
        p->samples[i] = (uint8_t)(16 + (i * 7 + (size_t)step * 3) % 200);
}

static struct rifec_params make_params(void)
{
    return (struct rifec_params){ .width = WIDTH,
                                  .height = HEIGHT,
                                  .format =
                                      rifec_format_planar(RIFEC_FAMILY_YUV, 8, 1, 1),
                                  .color = color,
                                  .device = RIFEC_DEVICE_CPU,
                                  .threads = 1 };
}

struct heard {
    int count;
    char first[256];
};

static void listen(void *opaque, enum rifec_log_level level, const char *line)
{
    struct heard *h = opaque;
    (void)level;
    /* A build without oneDNN warns each time an engine opens. */
    if (strstr(line, "built without oneDNN"))
        return;
    if (h->count++ == 0)
        snprintf(h->first, sizeof h->first, "%s", line);
}

/* Each engine's messages go to its own callback, and to no other. */
static void log_per_engine(void)
{
    struct heard process = { 0 }, first = { 0 }, second = { 0 }, refused = { 0 };
    struct rifec *a, *b, *c;
    struct rifec_params p = make_params();
    rifec_log_set(RIFEC_LOG_WARNING, listen, &process);
    p.log = listen;
    p.log_opaque = &first;
    CHECK_INT(rifec_open(&a, &p), 0);
    p.log_opaque = &second;
    p.log_level = RIFEC_LOG_VERBOSE;
    CHECK_INT(rifec_open(&b, &p), 0);
    CHECK(second.count >= 1);
    CHECK(strstr(second.first, "engine") != NULL || second.count > 1);
    p.log_opaque = &refused;
    p.scale = 3;
    CHECK_INT(rifec_open(&c, &p), RIFEC_ERR_USAGE);
    CHECK_INT(refused.count, 1);
    p = make_params();
    CHECK_INT(rifec_open(&c, &p), 0);
    CHECK_INT(process.count + first.count, 0);

    int before = second.count;
    rifec_interp(a, 0, 1, 0.5f);
    CHECK_INT(first.count, 1);
    rifec_interp(b, 0, 1, 0.5f);
    CHECK_INT(second.count, before + 1);
    rifec_interp(c, 0, 1, 0.5f);
    CHECK_INT(process.count, 1);
    CHECK(strstr(process.first, "not resident") != NULL);
    rifec_close(&a);
    rifec_close(&b);
    rifec_close(&c);
    CHECK_INT(first.count, 1);
    rifec_log_set(RIFEC_LOG_WARNING, NULL, NULL);
}

/* Both ways to take a picture give the same bytes; bytes outside the picture stay. */
static void take_into(void)
{
    struct rifec *r;
    struct rifec_params p = make_params();
    static struct picture a, b;
    static uint8_t memory[3][HEIGHT * 48];
    struct rifec_frame *taken, own;
    make_picture(&a, 0);
    make_picture(&b, 2);
    if (!CHECK_INT(rifec_open(&r, &p), 0))
        return;
    rifec_put(r, 0, &a.frame);
    rifec_put(r, 1, &b.frame);
    CHECK_INT(rifec_interp(r, 0, 1, 0.5f), 0);
    CHECK_INT(rifec_take(r, &taken), 0);
    own = a.frame;
    own.pts = 77;
    memset(memory, 0xab, sizeof memory);
    for (int plane = 0; plane < 3; plane++) { /* plane 1 bottom up */
        own.data[plane] = memory[plane] + (plane == 1 ? (HEIGHT / 2 - 1) * 48 : 0);
        own.stride[plane] = plane == 1 ? -48 : 48;
    }
    CHECK_INT(rifec_interp(r, 0, 1, 0.5f), 0);
    /* The next frame may replace the first one before the picture is taken. */
    static struct picture c;
    make_picture(&c, 4);
    CHECK_INT(rifec_put(r, 2, &c.frame), 0);
    CHECK_INT(rifec_take_into(r, &own), 0);
    CHECK(rifec_frame_equal(taken, &own));
    CHECK(!rifec_frame_equal(taken, &a.frame));
    CHECK_INT((int)own.pts, 77);
    CHECK_INT(memory[0][WIDTH], 0xab);
    CHECK_INT(memory[0][HEIGHT * 48 - 1], 0xab);
    rifec_frame_free(&taken);
    rifec_close(&r);
}

struct guest {
    int step, err;
    struct heard heard;
    struct picture a, b, out;
};

static void *work(void *arg)
{
    struct guest *g = arg;
    struct rifec *r;
    struct rifec_params p = make_params();
    p.log = listen;
    p.log_opaque = &g->heard;
    make_picture(&g->a, g->step);
    make_picture(&g->b, g->step + 2);
    make_picture(&g->out, 0);
    g->err = rifec_open(&r, &p);
    for (int i = 0; i < PAIRS && g->err == 0; i++) {
        g->err = rifec_put(r, 2 * i, &g->a.frame);
        if (g->err == 0)
            g->err = rifec_put(r, 2 * i + 1, &g->b.frame);
        if (g->err == 0)
            g->err = rifec_interp(r, 2 * i, 2 * i + 1, 0.5f);
        if (g->err == 0)
            g->err = rifec_take_into(r, &g->out.frame);
        rifec_interp(r, -1, -1, 0.5f); /* logs */
    }
    rifec_close(&r);
    return NULL;
}

/* Two engines in two threads give the same as each alone, and log separately. */
static void two_threads(void)
{
    static struct guest alone[2], together[2];
    pthread_t ids[2];
    for (int i = 0; i < 2; i++) {
        alone[i].step = together[i].step = 5 * i;
        work(&alone[i]);
    }
    for (int i = 0; i < 2; i++)
        CHECK_INT(pthread_create(&ids[i], NULL, work, &together[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(ids[i], NULL);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(alone[i].err, 0);
        CHECK_INT(together[i].err, 0);
        CHECK_INT(together[i].heard.count, PAIRS);
        CHECK(rifec_frame_equal(&alone[i].out.frame, &together[i].out.frame));
    }
    CHECK(!rifec_frame_equal(&alone[0].out.frame, &alone[1].out.frame));
}

/* Opens, uses and closes an engine; sometimes with an in-between that is not taken. */
static void cycle(const struct picture *a, const struct picture *b, bool makes)
{
    struct rifec *r;
    struct rifec_params p = make_params();
    p.kernels = makes ? NULL : "c";
    if (!CHECK_INT(rifec_open(&r, &p), 0))
        return;
    CHECK_INT(rifec_put(r, 0, &a->frame), 0);
    CHECK_INT(rifec_put(r, 1, &b->frame), 0);
    if (makes)
        CHECK_INT(rifec_interp(r, 0, 1, 0.5f), 0);
    rifec_close(&r);
}

static long long bytes_in_use(void)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    struct mallinfo2 m = mallinfo2();
    return (long long)(m.uordblks + m.hblkhd);
#else
    return 0;
#endif
}

/*
 * Engines one after the other leave nothing over, to the byte. glibc counts the blocks
 * that a thread keeps for its next allocation as in use, so ctest turns these caches off
 * (GLIBC_TUNABLES).
 */
static void no_leak(int cycles)
{
    static struct picture a, b;
    make_picture(&a, 0);
    make_picture(&b, 2);
    for (int i = 0; i < 4; i++) /* by then the libraries have what they keep */
        cycle(&a, &b, i % 2 == 0);
    long long before = bytes_in_use();
    for (int i = 0; i < cycles; i++)
        cycle(&a, &b, i % 10 == 0);
    long long after = bytes_in_use();
    if (getenv("GLIBC_TUNABLES") && !CHECK(after <= before))
        fprintf(stderr, "    %d cycles left %lld bytes\n", cycles, after - before);
}

/* Argument: the number of engines to open and close. */
int main(int argc, char **argv)
{
    log_per_engine();
    take_into();
    two_threads();
    no_leak(argc > 1 ? atoi(argv[1]) : 4);
    return check_result();
}
