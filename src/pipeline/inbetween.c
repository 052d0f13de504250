/* From pairs of source frames to output frames. */
#include "pipeline/inbetween.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "media/frame.h"
#include "pipeline/item.h"

/* The kinds of content between two source frames. */
enum gap { GAP_MOTION, GAP_STILL, GAP_CUT };

void inbetween_open(struct inbetween *b, const struct inbetween_params *p)
{
    *b = (struct inbetween){ .p = *p, .timeline = p->timeline };
    if (!(b->p.content.scene_threshold > 0))
        b->p.content.scene_threshold = SCENE_THRESHOLD;
    if (b->p.content.dedup_run <= 0)
        b->p.content.dedup_run = DEDUP_RUN;
    b->outbox.engine = p->engine;
    b->outbox.in_flight = rifec_get_info(p->engine)->in_flight;
}

/* --- showing frames ------------------------------------------------------- */

/* Passes finished frames on, until at most `keep` in-betweens are outstanding. */
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
        TRY(item_push(b->p.out, &(struct item){ .kind = ITEM_FRAME, .frame = f }));
    }
fail:
    return err;
}

/* True if an earlier run has made the next output frame. */
static bool is_reused(struct inbetween *b)
{
    return b->filled++ < b->p.frames_reused;
}

static int push_reused(struct inbetween *b, const struct instant *at,
                       struct rifec_frame *f)
{
    return item_push(
        b->p.out,
        &(struct item){ .kind = ITEM_REUSED, .frame = f, .end = at->pts + at->duration });
}

/* Outputs a finished frame and takes ownership of it. NULL means out of memory. */
static int push_frame(struct inbetween *b, const struct instant *at,
                      struct rifec_frame *f)
{
    if (!f)
        return mem_fail("a frame");
    f->pts = at->pts;
    f->duration = at->duration;
    if (is_reused(b))
        return push_reused(b, at, f);
    /* Keeps the number of finished frames in the outbox bounded. */
    int err = b->outbox.length >= OUTBOX_CAPACITY / 2 ? drain(b, 0) : 0;
    outbox_add(&b->outbox, f);
    return err < 0 ? err : drain(b, b->outbox.in_flight);
}

static int put_in_engine(struct inbetween *b, const struct rifec_frame *frame)
{
    double start = clock_seconds();
    int err = rifec_put(b->p.engine, b->given++, frame);
    b->busy_s += clock_seconds() - start;
    return err;
}

static int interpolate(struct inbetween *b, const struct instant *at)
{
    int err = 0;
    if (is_reused(b))
        return push_reused(b, at, NULL);
    TRY(drain(b, b->outbox.in_flight - 1));
    for (int i = 0; b->p.no_frame_cache && i < 2; i++)
        TRY(put_in_engine(b, b->pair[i]));
    double start = clock_seconds();
    TRY(rifec_interp(b->p.engine, b->given - 2, b->given - 1,
                     (float)rational_to_double(at->t)));
    b->busy_s += clock_seconds() - start;
    outbox_expect(&b->outbox, at->pts, at->duration);
fail:
    return err;
}

static int cross_cut(struct inbetween *b, const struct instant *at,
                     const struct rifec_frame *next)
{
    if (b->p.content.on_cut == ON_CUT_BLEND) {
        b->synthesized++;
        return push_frame(b, at, frame_mix(b->previous, next, at->t));
    }
    bool late = b->p.content.on_cut == ON_CUT_SPLIT && 2 * at->t.num >= at->t.den;
    b->held++;
    return push_frame(b, at, frame_clone(late ? next : b->previous));
}

/* One output frame of a gap between `previous` and `next`. */
static int fill(struct inbetween *b, const struct instant *at, enum gap gap,
                const struct rifec_frame *next)
{
    if (at->t.num == 0) {
        b->originals++;
        return push_frame(b, at, frame_clone(b->previous));
    }
    switch (gap) {
    case GAP_CUT:
        return cross_cut(b, at, next);
    case GAP_STILL:
        b->held++;
        return push_frame(b, at, frame_clone(b->previous));
    default:
        b->synthesized++;
        return interpolate(b, at);
    }
}

static bool next_instant(struct inbetween *b, struct instant *at)
{
    if (inbetween_done(b))
        return false;
    const bool first = b->timeline.next == 0, found = timeline_next(&b->timeline, at);
    if (found && first)
        b->begin = at->pts;
    b->end = b->timeline.end;
    return found;
}

static int fill_gap(struct inbetween *b, enum gap gap, const struct rifec_frame *next)
{
    int err = 0;
    struct instant at;
    while (next_instant(b, &at))
        TRY(fill(b, &at, gap, next));
fail:
    return err;
}

/* --- bridging repetitions ------------------------------------------------- */

/* Keeps the output frames of the newest gap until it is known what follows. */
static int defer(struct inbetween *b)
{
    struct instant at;
    while (next_instant(b, &at)) {
        if (b->waiting_count == b->waiting_room) {
            int room = b->waiting_room ? 2 * b->waiting_room : 64;
            struct instant *grown = realloc(b->waiting, (size_t)room * sizeof *grown);
            if (!grown)
                return mem_fail("the list of output times");
            b->waiting = grown;
            b->waiting_room = room;
        }
        b->waiting[b->waiting_count++] = at;
    }
    return 0;
}

/* Outputs the frames that were deferred: with GAP_MOTION as one long gap towards `next`,
 * which is the timeline's newest frame; with GAP_STILL as repetitions. */
static int release_waiting(struct inbetween *b, enum gap gap,
                           const struct rifec_frame *next)
{
    int err = 0, count = b->waiting_count;
    b->waiting_count = 0;
    for (int i = 0; i < count; i++) {
        struct instant at = b->waiting[i];
        if (gap == GAP_MOTION) {
            int64_t into = at.time - b->bridge_begin;
            int64_t length = b->timeline.pts * b->timeline.tick - b->bridge_begin;
            at.t = (struct rational){ into > 0 ? into : 0, length };
        }
        TRY(fill(b, &at, gap, next));
    }
fail:
    return err;
}

/* --- comparing two frames ------------------------------------------------- */

static double seconds(const struct inbetween *b, int64_t pts)
{
    return (double)pts * rational_to_double(b->timeline.p.time_base) +
           1e-6 * (double)b->p.from_us;
}

static bool is_cut(const struct inbetween *b, const uint16_t *before,
                   const uint16_t *after)
{
    if (b->p.content.scene_list) {
        int64_t to = b->timeline.pts, from = to - b->timeline.gap;
        return scene_list_has(&b->p.cuts, (int64_t)(seconds(b, from) * 1e6),
                              (int64_t)(seconds(b, to) * 1e6));
    }
    return b->p.content.scene == SCENE_AUTO &&
           scene_is_cut(before, after, b->p.content.scene_threshold);
}

static int note_cut(struct inbetween *b)
{
    double *grown = realloc(b->cut_s, (size_t)(b->cuts + 1) * sizeof *grown);
    if (!grown)
        return mem_fail("the list of cuts");
    b->cut_s = grown;
    b->cut_s[b->cuts++] = seconds(b, b->timeline.pts);
    log_verbose("cut at %.3f s", b->cut_s[b->cuts - 1]);
    return 0;
}

/* Finds the kind of content between `previous` and `frame`. */
static int find_gap(struct inbetween *b, const struct rifec_frame *frame, enum gap *gap)
{
    int err = 0;
    uint16_t *before = b->thumbs[b->newest_thumb], *after = b->thumbs[!b->newest_thumb];
    *gap = GAP_MOTION;
    if (b->previous && b->p.content.dedup != DEDUP_OFF) {
        bool equal;
        double start = clock_seconds(); /* a GPU finishes what it has begun first */
        TRY(rifec_equal(b->p.engine, b->previous, frame, &equal));
        b->busy_s += clock_seconds() - start;
        if (equal) {
            *gap = GAP_STILL;
            return 0;
        }
    }
    if (b->p.content.scene == SCENE_AUTO || b->p.content.dedup == DEDUP_SMOOTH) {
        double start = clock_seconds();
        TRY(rifec_thumbnail(b->p.engine, frame, after));
        b->busy_s += clock_seconds() - start;
    }
    if (b->previous && is_cut(b, before, after)) {
        *gap = GAP_CUT;
        TRY(note_cut(b));
    } else if (b->previous && b->p.content.dedup == DEDUP_SMOOTH &&
               scene_same(before, after)) {
        *gap = GAP_STILL;
        return 0;
    }
    b->newest_thumb = !b->newest_thumb;
fail:
    return err;
}

/* --- frames --------------------------------------------------------------- */

/* interpolate() works on the two frames that were put last. */
static int put(struct inbetween *b, const struct rifec_frame *frame)
{
    if (!b->p.no_frame_cache)
        return put_in_engine(b, frame);
    rifec_frame_free(&b->pair[0]);
    b->pair[0] = b->pair[1];
    b->pair[1] = frame_clone(frame);
    return b->pair[1] ? 0 : mem_fail("a frame");
}

static bool is_bridging(const struct inbetween *b)
{
    return b->p.content.dedup == DEDUP_SMOOTH && b->run > 0 &&
           b->run <= b->p.content.dedup_run;
}

/* The frame repeats `previous`. The engine keeps `previous` and does not get the frame.
 */
static int repetition(struct inbetween *b, struct rifec_frame **frame)
{
    int err = 0;
    b->duplicates++;
    if (b->run++ == 0)
        b->bridge_begin = (b->timeline.pts - b->timeline.gap) * b->timeline.tick;
    if (is_bridging(b)) {
        TRY(defer(b));
    } else { /* too many repetitions to interpolate across: show a still */
        TRY(release_waiting(b, GAP_STILL, NULL));
        TRY(fill_gap(b, GAP_STILL, NULL));
        rifec_frame_free(&b->previous);
        b->previous = *frame;
        *frame = NULL;
    }
fail:
    return err;
}

static int progression(struct inbetween *b, struct rifec_frame **frame, enum gap gap)
{
    int err = 0;
    TRY(put(b, *frame));
    if (is_bridging(b) && gap == GAP_MOTION) {
        TRY(defer(b));
        TRY(release_waiting(b, GAP_MOTION, *frame));
    } else if (b->previous) {
        TRY(release_waiting(b, GAP_STILL, NULL));
        TRY(fill_gap(b, gap, *frame));
    }
    if (!b->previous && b->timeline.p.tail == TAIL_LOOP &&
        !(b->first = frame_clone(*frame)))
        TRY(mem_fail("a frame"));
    rifec_frame_free(&b->previous);
    b->previous = *frame;
    *frame = NULL;
    b->run = 0;
fail:
    return err;
}

int inbetween_frame(struct inbetween *b, struct rifec_frame *frame)
{
    int err = 0;
    enum gap gap;
    if (inbetween_done(b))
        goto fail;
    TRY(timeline_push(&b->timeline, frame->pts, frame->duration));
    b->sources++;
    TRY(find_gap(b, frame, &gap));
    if (gap == GAP_STILL)
        TRY(repetition(b, &frame));
    else
        TRY(progression(b, &frame, gap));
fail:
    rifec_frame_free(&frame);
    return err;
}

int inbetween_end(struct inbetween *b)
{
    int err = 0;
    bool loops = b->first && b->sources > 1;
    TRY(release_waiting(b, GAP_STILL, NULL));
    timeline_end(&b->timeline);
    if (loops && !inbetween_done(b))
        TRY(put(b, b->first));
    TRY(fill_gap(b, loops ? GAP_MOTION : GAP_STILL, b->first));
    TRY(drain(b, 0));
fail:
    return err;
}

int inbetween_item(struct inbetween *b, struct item *it)
{
    int err = 0;
    if (it->kind == ITEM_FRAME && b->sources > 0 && b->p.interrupted()) {
        item_drop(it);
        return 0;
    }
    if (it->kind == ITEM_FRAME)
        return inbetween_frame(b, it->frame);
    TRY(it->kind == ITEM_EOF ? inbetween_end(b) : 0);
    TRY(item_push(b->p.out, it));
fail:
    return err;
}

bool inbetween_done(const struct inbetween *b)
{
    return b->p.limit && timeline_given(&b->timeline) >= b->p.limit;
}

int64_t inbetween_planned(const struct inbetween *b)
{
    int64_t total = timeline_total(&b->timeline);
    return b->p.limit && (inbetween_done(b) || b->p.limit < total) ? b->p.limit : total;
}

void inbetween_close(struct inbetween *b)
{
    outbox_clear(&b->outbox);
    rifec_frame_free(&b->previous);
    rifec_frame_free(&b->first);
    for (int i = 0; i < 2; i++)
        rifec_frame_free(&b->pair[i]);
    scene_list_close(&b->p.cuts);
    free(b->waiting);
    b->waiting = NULL;
}
