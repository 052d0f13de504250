/* A ring of finished and expected frames. */
#include "pipeline/outbox.h"

#include <assert.h>

static int append(struct outbox *b)
{
    assert(b->length < OUTBOX_CAPACITY);
    return (b->head + b->length++) % OUTBOX_CAPACITY;
}

void outbox_add(struct outbox *b, struct rifec_frame *frame)
{
    b->slots[append(b)].frame = frame;
}

void outbox_expect(struct outbox *b, int64_t pts, int64_t duration)
{
    int at = append(b);
    b->slots[at].frame = NULL;
    b->slots[at].pts = pts;
    b->slots[at].duration = duration;
    b->outstanding++;
}

int outbox_pop(struct outbox *b, int keep, struct rifec_frame **out)
{
    *out = NULL;
    if (b->length == 0)
        return 0;
    struct rifec_frame *f = b->slots[b->head].frame;
    if (!f) {
        if (b->outstanding <= keep)
            return 0;
        int err = rifec_take(b->engine, &f);
        if (err < 0)
            return err;
        f->pts = b->slots[b->head].pts;
        f->duration = b->slots[b->head].duration;
        b->outstanding--;
    }
    b->slots[b->head].frame = NULL;
    b->head = (b->head + 1) % OUTBOX_CAPACITY;
    b->length--;
    *out = f;
    return 0;
}

void outbox_clear(struct outbox *b)
{
    for (int i = 0; i < OUTBOX_CAPACITY; i++)
        rifec_frame_free(&b->slots[i].frame);
    b->length = b->outstanding = 0;
}
