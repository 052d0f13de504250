/*
 * The engine stage with a fake engine, which counts the outstanding in-betweens, and a
 * queue that is read afterwards.
 */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/inbetween.h"

#include <string.h>
#include <time.h>

#include "check.h"
#include "fake_frame.h"
#include "media/frame.h"

/* --- neighbours ------------------------------------------------------------- */

static struct rifec_info info;
static int under_way, most_under_way, made, given;
static int calls; /* of the engine, while each takes CALL_S */
static bool slow;

#define CALL_S 0.002

static void take_time(void)
{
    if (slow && ++calls)
        nanosleep(&(struct timespec){ .tv_nsec = (long)(CALL_S * 1e9) }, NULL);
}

const struct rifec_info *rifec_get_info(const struct rifec *r)
{
    (void)r;
    return &info;
}

int rifec_put(struct rifec *r, int64_t seq, const struct rifec_frame *frame)
{
    (void)r, (void)frame;
    take_time();
    CHECK_INT(seq, given);
    given++;
    return 0;
}

int rifec_equal(struct rifec *r, const struct rifec_frame *a, const struct rifec_frame *b,
                bool *equal)
{
    (void)r;
    take_time();
    *equal = a->data[0][0] == b->data[0][0];
    return 0;
}

int rifec_thumbnail(struct rifec *r, const struct rifec_frame *frame, uint16_t *luma)
{
    (void)r, (void)frame;
    take_time();
    memset(luma, 0, sizeof(uint16_t) * RIFEC_THUMB_WIDTH * RIFEC_THUMB_HEIGHT);
    return 0;
}

int rifec_interp(struct rifec *r, int64_t seq0, int64_t seq1, float t)
{
    (void)r;
    take_time();
    CHECK(seq0 == given - 2 && seq1 == given - 1 && t > 0 && t < 1);
    made++;
    if (++under_way > most_under_way)
        most_under_way = under_way;
    return 0;
}

int rifec_take(struct rifec *r, struct rifec_frame **out)
{
    (void)r;
    take_time();
    CHECK(under_way > 0);
    under_way--;
    *out = fake_frame(0, 0);
    return 0;
}

struct rifec_frame *frame_clone(const struct rifec_frame *from)
{
    struct rifec_frame *f = fake_frame(from->pts, from->duration);
    f->data[0][0] = from->data[0][0];
    return f;
}

struct rifec_frame *frame_mix(const struct rifec_frame *a, const struct rifec_frame *b,
                              struct rational t)
{
    (void)b, (void)t;
    return frame_clone(a);
}

static bool interrupted;

static bool is_interrupted(void)
{
    return interrupted;
}

/* --- runs --------------------------------------------------------------------- */

static struct inbetween b;
static struct queue *out;

static void begin(int64_t factor, const struct inbetween_params *more)
{
    struct inbetween_params p = *more;
    interrupted = false;
    under_way = most_under_way = made = given = 0;
    CHECK_INT(queue_open(&out, sizeof(struct item), SIZE_MAX), 0);
    CHECK_INT(
        timeline_open(&p.timeline, &(struct timeline_params){ .time_base = { 1, 25 },
                                                              .factor = { factor, 1 },
                                                              .expected_step = 1 }),
        0);
    p.out = out;
    p.interrupted = is_interrupted;
    inbetween_open(&b, &p);
}

/* Passes on a frame that differs from those before it. */
static void give_frame(int64_t pts)
{
    struct item it = { .kind = ITEM_FRAME, .frame = fake_frame(pts, 1) };
    it.frame->data[0][0] = (uint8_t)(1 + pts);
    CHECK_INT(inbetween_item(&b, &it), 0);
}

static void give_packet(int size)
{
    struct item it = { .kind = ITEM_PACKET, .packet = av_packet_alloc() };
    CHECK(av_new_packet(it.packet, size) == 0);
    CHECK_INT(inbetween_item(&b, &it), 0);
}

static void give_end(void)
{
    CHECK_INT(inbetween_item(&b, &(struct item){ .kind = ITEM_EOF }), 0);
}

/* Returns the output: f a frame, r a reused one, R one that the engine would have
 * made, p a packet, e the end. Checks that times rise one by one. */
static const char *read_all(void)
{
    static char text[256];
    size_t n = 0;
    int64_t pts = 0;
    while (queue_length(out)) {
        struct item it;
        CHECK_INT(queue_pop(out, &it), 0);
        char kind = it.kind == ITEM_FRAME    ? 'f'
                    : it.kind == ITEM_REUSED ? (it.frame ? 'r' : 'R')
                    : it.kind == ITEM_PACKET ? 'p'
                                             : 'e';
        text[n++] = kind;
        if (kind == 'f')
            CHECK_INT(it.frame->pts, pts);
        if (kind == 'r' || kind == 'R')
            CHECK_INT(it.end, pts + 1);
        pts += kind != 'p' && kind != 'e';
        item_drop(&it);
    }
    text[n] = '\0';
    return text;
}

static void end(void)
{
    inbetween_close(&b);
    queue_close(&out, item_drop);
}

/* As many in-betweens are outstanding at once as the engine allows, and all are
 * output. */
static void overlaps(void)
{
    for (int allowed = 1; allowed <= 4; allowed++) {
        info.in_flight = allowed;
        begin(4, &(struct inbetween_params){ .content.scene = SCENE_OFF });
        for (int i = 0; i < 3; i++)
            give_frame(i);
        give_end();
        CHECK_INT(most_under_way, allowed);
        CHECK_INT(made, 6);
        CHECK_INT(under_way, 0);
        CHECK_STR(read_all(), "ffffffffffffe");
        end();
    }
}

/* Whatever the stage calls the engine for, it waits for the engine: a job that a GPU
 * limits is not called "limited by decoding". */
static void time_is_the_engines(void)
{
    info.in_flight = 2;
    calls = 0;
    slow = true;
    begin(2, &(struct inbetween_params){ .content.scene = SCENE_AUTO });
    for (int i = 0; i < 4; i++)
        give_frame(i);
    give_end();
    slow = false;
    CHECK(calls >= 4 + 3 + 3 + 3 + 4); /* put, equal, interp, take, thumbnail */
    CHECK(b.busy_s >= CALL_S * calls);
    CHECK_STR(read_all(), "ffffffffe");
    end();
}

/* After Ctrl-C, frames that were decoded ahead are dropped; packets and the end are
 * not. */
static void drops_after_interrupt(void)
{
    info.in_flight = 1;
    begin(2, &(struct inbetween_params){ .content.scene = SCENE_OFF });
    give_frame(0);
    give_frame(1);
    interrupted = true;
    give_frame(2);
    give_packet(3);
    give_frame(3);
    give_end();
    CHECK_INT(b.sources, 2);
    CHECK_INT(made, 1);
    CHECK_INT(inbetween_planned(&b), 4);
    CHECK_STR(read_all(), "fpfffe");
    end();
}

/* If interrupted before the first frame, that frame is still shown. */
static void keeps_first_frame(void)
{
    info.in_flight = 1;
    begin(2, &(struct inbetween_params){ .content.scene = SCENE_OFF });
    interrupted = true;
    give_frame(0);
    give_frame(1);
    give_end();
    CHECK_INT(b.sources, 1);
    CHECK_STR(read_all(), "ffe");
    end();
}

/* --frames: there are no more than these, and no frame is made in vain. */
static void stops_at_limit(void)
{
    info.in_flight = 2;
    begin(2, &(struct inbetween_params){ .content.scene = SCENE_OFF, .limit = 3 });
    for (int i = 0; i < 4; i++) {
        CHECK_INT(inbetween_done(&b), i > 2);
        give_frame(i);
    }
    give_end();
    CHECK_INT(made, 1);
    CHECK_INT(inbetween_planned(&b), 3);
    CHECK_STR(read_all(), "fffe");
    end();
}

/* Frames that an earlier run has encoded are neither made nor copied again. */
static void reuses(void)
{
    info.in_flight = 1;
    begin(2,
          &(struct inbetween_params){ .content.scene = SCENE_OFF, .frames_reused = 3 });
    for (int i = 0; i < 3; i++)
        give_frame(i);
    give_end();
    CHECK_INT(made, 1);
    CHECK_STR(read_all(), "rRrfffe");
    end();
}

/* Between equal frames the frame is repeated, unless that is turned off. */
static void holds_equal(void)
{
    for (int off = 0; off <= 1; off++) {
        info.in_flight = 1;
        begin(2, &(struct inbetween_params){ .content.scene = SCENE_OFF,
                                             .content.dedup =
                                                 off ? DEDUP_OFF : DEDUP_HOLD });
        for (int i = 0; i < 2; i++)
            CHECK_INT(inbetween_frame(&b, fake_frame(i, 1)), 0);
        give_end();
        CHECK_INT(made, off);
        CHECK_INT(b.duplicates, !off);
        CHECK_STR(read_all(), "ffffe");
        end();
    }
}

int main(void)
{
    overlaps();
    time_is_the_engines();
    drops_after_interrupt();
    keeps_first_frame();
    stops_at_limit();
    reuses();
    holds_equal();
    CHECK_INT(frames_alive, 0);
    return check_result();
}
