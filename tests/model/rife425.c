/*
 * RIFE 4.25 through the engine: a frame's features are made when it is put, and serve all
 * its in-betweens; bands give the same result as the whole picture.
 */
#define _POSIX_C_SOURCE 200809L /* mkstemp */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "engine/cpu/cpu_net.h"
#include "model/yuv.h"
#include "model/random_model.h"
#include "rifec/rifec.h"

#define WIDTH  61
#define HEIGHT 470

static char model[] = "/tmp/rifec-425-XXXXXX";

static const struct rifec_format rgb24 = {
    RIFEC_FAMILY_RGB, 8, 0, 0, { { 0, 3, 0, 0 }, { 0, 3, 1, 0 }, { 0, 3, 2, 0 } }
};

static struct rifec_params make_params(void)
{
    return (struct rifec_params){ .width = WIDTH,
                                  .height = HEIGHT,
                                  .format = rgb24,
                                  .scale = 1,
                                  .tile = -1,
                                  .device = RIFEC_DEVICE_CPU,
                                  .model = model };
}

/* A picture that has moved by `step` times three pixels. */
static struct rifec_frame make_frame(uint8_t pixels[HEIGHT * WIDTH * 3], int step)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH * 3; x++) {
            int u = (x + 5 * y + 9 * step) % 128;
            pixels[y * WIDTH * 3 + x] =
                (uint8_t)(40 + (u < 64 ? u : 127 - u) * 2 + (x / 21 + y / 9) % 2 * 40);
        }
    return (struct rifec_frame){ .data = { pixels },
                                 .stride = { WIDTH * 3 },
                                 .width = WIDTH,
                                 .height = HEIGHT,
                                 .format = rgb24 };
}

static int write_model(void)
{
    int fd = mkstemp(model);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    int err = f ? random_model_write(f, &networks[NETWORK_4_25], NULL) : -1;
    if (f)
        fclose(f);
    return err;
}

/* The in-between of pictures `step` and `step` + 1, by the network alone. */
static void by_hand(struct cpu_net *n, int step, uint8_t out[HEIGHT * WIDTH * 3])
{
    struct yuv yuv;
    const struct rifec_color color = { 0 };
    int (*encode)(const struct encode_args *a, void *stream) = n->ops.encode;
    struct rifec_frame got = make_frame(out, 0);
    CHECK_INT(yuv_open(&yuv, WIDTH, HEIGHT, &rgb24, &color), 0);
    for (int i = 0; i < 2; i++) {
        static uint8_t pixels[HEIGHT * WIDTH * 3];
        struct rifec_frame frame = make_frame(pixels, step + i);
        const struct load_args load = { &frame, &yuv, n->source[i].image };
        CHECK_INT(n->ops.load(&load, &n->stream), 0);
        CHECK_INT(ifnet_encode(&n->net, &n->source[i], &n->stream), 0);
    }
    n->ops.encode = NULL; /* the network itself encodes nothing */
    CHECK_INT(cpu_net_forward(n, 0, 1, 0.5f, &yuv, &got), 0);
    n->ops.encode = encode;
    yuv_close(&yuv);
}

static int put(struct rifec *r, int step)
{
    static uint8_t pixels[HEIGHT * WIDTH * 3];
    struct rifec_frame frame = make_frame(pixels, step);
    return rifec_put(r, step, &frame);
}

static void check_between(struct rifec *r, int step,
                          const uint8_t want[HEIGHT * WIDTH * 3], int allowed)
{
    struct rifec_frame *f = NULL;
    CHECK_INT(rifec_interp(r, step, step + 1, 0.5f), 0);
    if (!CHECK_INT(rifec_take(r, &f), 0))
        return;
    int worst = 0;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH * 3; x++) {
            int d = abs(f->data[0][y * f->stride[0] + x] - want[y * WIDTH * 3 + x]);
            worst = d > worst ? d : worst;
        }
    CHECK(worst <= allowed);
    rifec_frame_free(&f);
}

int main(void)
{
    static uint8_t want[2][HEIGHT * WIDTH * 3];
    struct rifec_params p = make_params();
    struct cpu_net n;
    struct rifec *r;
    if (!CHECK_INT(write_model(), 0) || !CHECK_INT(cpu_net_open(&n, &p), 0))
        return 1;
    CHECK_STR(n.net.network->name, "RIFE 4.25 or 4.26");
    by_hand(&n, 0, want[0]);
    by_hand(&n, 1, want[1]);
    CHECK(memcmp(want[0], want[1], sizeof want[0]) != 0);
    cpu_net_close(&n);
    if (CHECK_INT(rifec_open(&r, &p), 0)) {
        CHECK_INT(put(r, 0), 0);
        CHECK_INT(put(r, 1), 0);
        check_between(r, 0, want[0], 0);
        CHECK_INT(put(r, 2), 0); /* frame 1 keeps its features */
        check_between(r, 1, want[1], 0);
        rifec_close(&r);
    }
    p.tile = 128;
    if (CHECK_INT(rifec_open(&r, &p), 0)) {
        CHECK_INT(put(r, 0), 0);
        CHECK_INT(put(r, 1), 0);
        check_between(r, 0, want[0], 1); /* sums in another order */
        rifec_close(&r);
    }
    unlink(model);
    return check_result();
}
