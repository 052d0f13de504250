/* From pairs of source frames to output frames. */
#include "pipeline/inbetween.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "media/frame.h"
#include "pipeline/item.h"

/* Passes on what is ready, until at most `keep` in-betweens are outstanding. */
static int drain(struct inbetween *b, int keep)
{
    int err = 0;
    for (;;) {
        struct rifec_frame *f;
        double start = clock_seconds();
        TRY(outbox_pop(&b->outbox, keep, &f));
        b->busy_s += clock_seconds() - start;
        if (!f)
            return 0;
        TRY(item_push(b->out, &(struct item){ .kind = ITEM_FRAME, .frame = f }));
    }
fail:
    return err;
}

/* A showing of the previous source frame. */
static int repeat_previous(struct inbetween *b, const struct instant *at)
{
    struct rifec_frame *f = frame_clone(b->previous);
    if (!f)
        return RIFEC_ERR_NOMEM;
    f->pts = at->pts;
    f->duration = at->duration;
    outbox_add(&b->outbox, f);
    return drain(b, b->outbox.in_flight);
}

static int interpolate(struct inbetween *b, const struct instant *at)
{
    int err = drain(b, b->outbox.in_flight - 1);
    if (err < 0)
        return err;
    double start = clock_seconds();
    err = rifec_interp(b->engine, b->given - 2, b->given - 1,
                       (float)rational_to_double(at->t));
    b->busy_s += clock_seconds() - start;
    if (err == 0)
        outbox_expect(&b->outbox, at->pts, at->duration);
    return err;
}

/* All output frames of the gap after `previous`; `held`: it stands still. */
static int fill_gap(struct inbetween *b, bool held)
{
    int err = 0;
    struct instant at;
    if (held) /* so that the outbox need not hold any number of repeats */
        TRY(drain(b, 0));
    while (!inbetween_done(b) && timeline_next(&b->timeline, &at)) {
        if (b->timeline.next == 1)
            b->begin = at.pts;
        b->end = at.pts + at.duration;
        if (at.t.num == 0) {
            b->originals++;
            TRY(repeat_previous(b, &at));
        } else if (held) {
            b->held++;
            TRY(repeat_previous(b, &at));
        } else {
            b->synthesized++;
            TRY(interpolate(b, &at));
        }
    }
fail:
    return err;
}

static int put(struct inbetween *b, const struct rifec_frame *frame)
{
    double start = clock_seconds();
    int err = rifec_put(b->engine, b->given++, frame);
    b->busy_s += clock_seconds() - start;
    return err;
}

int inbetween_frame(struct inbetween *b, struct rifec_frame *frame)
{
    int err = 0;
    if (inbetween_done(b))
        goto fail;
    TRY(timeline_push(&b->timeline, frame->pts, frame->duration));
    TRY(put(b, frame));
    b->sources++;
    if (b->previous) {
        /* Between two equal pictures there is nothing to find: the network
         * would only add its own noise to a still. */
        bool still = rifec_frame_equal(b->previous, frame);
        b->duplicates += still;
        TRY(fill_gap(b, still));
    } else if (b->timeline.p.tail == TAIL_LOOP && !(b->first = frame_clone(frame))) {
        TRY(RIFEC_ERR_NOMEM);
    }
    rifec_frame_free(&b->previous);
    b->previous = frame;
    return 0;
fail:
    rifec_frame_free(&frame);
    return err;
}

int inbetween_end(struct inbetween *b)
{
    int err = 0;
    bool loops = b->first && b->sources > 1;
    timeline_end(&b->timeline);
    if (loops && !inbetween_done(b))
        TRY(put(b, b->first));
    TRY(fill_gap(b, !loops));
    TRY(drain(b, 0));
    if (b->timeline.repaired)
        log_warning("%lld frames had no time, or none after the frame before; put right",
                    (long long)b->timeline.repaired);
fail:
    return err;
}

bool inbetween_done(const struct inbetween *b)
{
    return b->limit && b->timeline.next >= b->limit;
}

int64_t inbetween_planned(const struct inbetween *b)
{
    int64_t total = timeline_total(&b->timeline);
    return b->limit && (inbetween_done(b) || b->limit < total) ? b->limit : total;
}

void inbetween_close(struct inbetween *b)
{
    outbox_clear(&b->outbox);
    rifec_frame_free(&b->previous);
    rifec_frame_free(&b->first);
}
