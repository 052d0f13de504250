/* The outbox with an engine that returns numbered frames: what it releases, and when. */
#include "pipeline/outbox.h"

#include "check.h"
#include "fake_frame.h"
#include "rifec/error.h"

static int taken; /* number of in-betweens taken */
static int take_error;

int rifec_take(struct rifec *r, struct rifec_frame **out)
{
    (void)r;
    *out = NULL;
    if (take_error)
        return take_error;
    *out = fake_frame(-1, -1);
    (*out)->data[0][0] = (uint8_t)++taken;
    return 0;
}

static struct outbox box;

/* Checks the time of the next frame; -1: checks that none is ready. */
static void pops(int keep, int64_t pts)
{
    struct rifec_frame *f;
    CHECK_INT(outbox_pop(&box, keep, &f), 0);
    CHECK_INT(f ? f->pts : -1, pts);
    rifec_frame_free(&f);
}

static void fresh(void)
{
    box = (struct outbox){ .in_flight = 2 };
    taken = take_error = 0;
}

/* As many in-betweens stay in the engine as allowed, so that they overlap. */
static void keeps_in_flight(void)
{
    fresh();
    for (int keep = 0; keep <= 3; keep++) {
        for (int i = 0; i < 4; i++)
            outbox_expect(&box, i, 1);
        for (int i = 0; i < 4 - keep; i++)
            pops(keep, i);
        pops(keep, -1);
        CHECK_INT(box.outstanding, keep);
        outbox_clear(&box);
    }
    CHECK_INT(taken, 4 + 3 + 2 + 1);
}

/* An original waits for the in-betweens before it, and is released after them. */
static void keeps_order(void)
{
    fresh();
    outbox_add(&box, fake_frame(0, 1));
    outbox_expect(&box, 1, 1);
    outbox_add(&box, fake_frame(2, 1));
    outbox_expect(&box, 3, 1);
    pops(2, 0);
    pops(2, -1);
    pops(1, 1);
    pops(1, 2);
    pops(1, -1);
    pops(0, 3);
    pops(0, -1);
}

/* An in-between gets the time and duration that were announced. */
static void sets_times(void)
{
    struct rifec_frame *f;
    fresh();
    outbox_expect(&box, 40, 7);
    CHECK_INT(outbox_pop(&box, 0, &f), 0);
    CHECK_INT(f->pts, 40);
    CHECK_INT(f->duration, 7);
    rifec_frame_free(&f);
}

/* Goes around the ring many times; sometimes the ring is full. */
static void goes_around(void)
{
    int64_t in = 0, out = 0;
    fresh();
    while (in < 10 * OUTBOX_CAPACITY) {
        for (int fill = 1 + (int)(in % OUTBOX_CAPACITY); fill > 0; fill--, in++)
            if (in % 3)
                outbox_expect(&box, in, 1);
            else
                outbox_add(&box, fake_frame(in, 1));
        while (out < in)
            pops(0, out++);
        pops(0, -1);
    }
}

/* If the engine fails, nothing is lost, and everything is freed. */
static void survives_failure(void)
{
    struct rifec_frame *f;
    fresh();
    outbox_expect(&box, 0, 1);
    outbox_add(&box, fake_frame(1, 1));
    take_error = RIFEC_ERR_DEVICE;
    CHECK_INT(outbox_pop(&box, 0, &f), RIFEC_ERR_DEVICE);
    CHECK(!f);
    CHECK_INT(box.outstanding, 1);
    take_error = 0;
    pops(0, 0);
    outbox_clear(&box);
    pops(0, -1);
}

int main(void)
{
    keeps_in_flight();
    keeps_order();
    sets_times();
    goes_around();
    survives_failure();
    CHECK_INT(frames_alive, 0);
    return check_result();
}
