/* The comparison of --device check, with two engines on the CPU. */
#include "check.h"
#include "checkop.h"
#include "clip.h"
#include "engine/check/check.h"

#define WIDTH  129
#define HEIGHT 70
#define FRAMES 3

static char said[4096];

static void keep_line(void *opaque, enum rifec_log_level level, const char *line)
{
    (void)opaque;
    if (level == RIFEC_LOG_INFO && strlen(said) + strlen(line) + 2 < sizeof said)
        sprintf(said + strlen(said), "%s\n", line);
}

static struct rifec_params make_params(const char *format, const char *kernels,
                                       float scale)
{
    return (struct rifec_params){ .width = WIDTH,
                                  .height = HEIGHT,
                                  .format = *clip_format(format),
                                  .color = clip_color,
                                  .kernels = kernels,
                                  .scale = scale,
                                  .device = RIFEC_DEVICE_CPU };
}

/* Makes the in-betweens with the engine `p` alone. */
static bool make_alone(const struct rifec_params *p, const struct rifec_frame *frames,
                       struct rifec_frame *out[FRAMES])
{
    struct rifec *r;
    if (!CHECK_INT(rifec_open(&r, p), 0))
        return false;
    for (int i = 0; i < FRAMES; i++) {
        CHECK_INT(rifec_put(r, i, &frames[i]), 0);
        if (i > 0) {
            CHECK_INT(rifec_interp(r, i - 1, i, 0.3f), 0);
            CHECK_INT(rifec_take(r, &out[i]), 0);
        }
    }
    rifec_close(&r);
    return true;
}

static void compare(struct check_errors *errors, const struct rifec_params *p,
                    const struct rifec_params *q)
{
    struct check c;
    struct rifec_frame frames[FRAMES], *tried[FRAMES] = { 0 }, *reference[FRAMES] = { 0 };
    struct difference d = { 0 };
    for (int i = 0; i < FRAMES; i++) {
        frames[i] = make_frame(&p->format, WIDTH, HEIGHT);
        clip_paint(&frames[i], i);
    }
    if (!make_alone(p, frames, tried) || !make_alone(q, frames, reference))
        return;
    CHECK_INT(check_open(&c, p, q), 0);
    for (int i = 0; i < FRAMES; i++) {
        struct rifec_frame *f;
        CHECK_INT(check_put(&c, i, &frames[i]), 0);
        if (i > 0 && CHECK_INT(check_between(&c, i - 1, i, 0.3f, &f), 0)) {
            CHECK(clip_checksum(f) == clip_checksum(tried[i])); /* not the other */
            difference_add(&d, tried[i], reference[i], 0, WIDTH);
            rifec_frame_free(&f);
        }
        rifec_frame_free(&tried[i]);
        rifec_frame_free(&reference[i]);
    }
    *errors = c.errors;
    said[0] = '\0';
    check_report(&c);
    check_close(&c);
    checkop_free_all();

    double count = 0;
    for (int i = 0; i < CHECK_BINS; i++)
        count += (double)errors->codes[i];
    CHECK_INT(errors->pictures, FRAMES - 1);
    CHECK(count == d.count);
    CHECK(errors->code_squares == d.squares);
    CHECK_INT(errors->code_max, d.worst);
    if (d.squares > 0)
        CHECK(fabs(check_psnr(errors, p->format.depth) -
                   difference_psnr(&d, p->format.depth)) < 1e-9);
    CHECK_INT(errors->blocks, 4);
    for (int b = 0; b < errors->blocks; b++) {
        int rows = (HEIGHT + CHECK_STEP - 1) / CHECK_STEP,
            columns = (WIDTH + CHECK_STEP - 1) / CHECK_STEP;
        CHECK_INT(errors->block[b].masks, (FRAMES - 1) * rows * columns);
        CHECK_INT(errors->block[b].flows, 4 * errors->block[b].masks);
        CHECK(errors->block[b].flow_sum <=
              errors->block[b].flow_max * (double)errors->block[b].flows);
    }
    CHECK(strstr(said, "check: 2 interpolated frames on CPU") != NULL);
    CHECK(strstr(said, "after block 3: flow max ") != NULL);
    CHECK(strstr(said, "differences of samples: 0: ") != NULL);
    CHECK(strstr(said, "PSNR ") != NULL);
    printf("%s\n", said);
}

int main(void)
{
    struct check_errors e;
    rifec_log_set(RIFEC_LOG_INFO, keep_line, NULL);

    struct rifec_params plain = make_params("yuv420p", "c", 1), best = plain;
    compare(&e, &plain, &plain);
    CHECK_INT(e.code_max, 0);
    CHECK(e.block[3].flow_max == 0 && e.block[3].mask_max == 0);
    CHECK(isinf(check_psnr(&e, 8)));

    best.kernels = NULL;
    compare(&e, &best, &plain);
    CHECK(e.code_max <= 1);
    CHECK(e.block[0].flow_max > 0 && e.block[3].flow_max < 2e-3);

    /* Another estimate, on levels of another size. */
    struct rifec_params half = make_params("yuv420p10", NULL, 0.5f);
    best = make_params("yuv420p10", NULL, 1);
    compare(&e, &half, &best);
    CHECK(e.codes[CHECK_BINS - 1] > 0 && e.codes[0] > 0);
    CHECK(e.block[3].flow_max > 0.1);
    return check_result();
}
