/* An item that flows through the pipeline. It is passed by value and owns the memory that
 * it points to. */
#ifndef RIFEC_PIPELINE_ITEM_H
#define RIFEC_PIPELINE_ITEM_H

#include <libavcodec/packet.h>

#include "base/queue.h"
#include "rifec/frame.h"

enum item_kind { ITEM_FRAME, ITEM_REUSED, ITEM_PACKET, ITEM_EOF };

struct item {
    enum item_kind kind;
    struct rifec_frame *frame; /* ITEM_FRAME:  a picture with its pts            */
                               /* ITEM_REUSED: one that an earlier run encoded;  */
                               /* NULL if the engine made it                     */
    int64_t end;               /* ITEM_REUSED: the end of its display time       */
    AVPacket *packet;          /* ITEM_PACKET: audio or subtitles, untouched     */
};

/* The bytes that the item keeps alive, by which the queues are bounded. */
static inline size_t item_bytes(const struct item *it)
{
    if (it->frame)
        return rifec_frame_bytes(it->frame);
    return it->packet ? (size_t)it->packet->size + sizeof *it->packet : 0;
}

/* For queue_close(). */
static inline void item_drop(void *value)
{
    struct item *it = value;
    rifec_frame_free(&it->frame);
    av_packet_free(&it->packet);
}

/* Pushes the item; drops it if that fails. */
static inline int item_push(struct queue *q, struct item *it)
{
    int err = queue_push(q, it, item_bytes(it));
    if (err < 0)
        item_drop(it);
    return err;
}

#endif
