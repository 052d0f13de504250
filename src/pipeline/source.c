/* Packets in, items out. */
#include "pipeline/source.h"

#include "base/err.h"
#include "base/log.h"

static int next_packet(struct source *s, struct item *out)
{
    int err = 0;
    AVPacket *pkt = NULL;
    TRY(demux_read(s->demux, &pkt));
    if (!pkt) {
        s->draining = true;
        TRY(decode_send(s->decode, NULL));
    } else if (pkt->stream_index == demux_video(s->demux)->index) {
        TRY(decode_send(s->decode, pkt));
    } else if (mux_copies(s->mux, pkt->stream_index)) {
        *out = (struct item){ .kind = ITEM_PACKET, .packet = pkt };
        return 1;
    }
fail:
    av_packet_free(&pkt);
    return err;
}

static int end(struct source *s, struct item *out)
{
    const char *path = demux_path(s->demux);
    if (demux_truncated(s->demux))
        log_warning("%s: is cut off; the output has the %lld frames that were there",
                    path, (long long)s->frames);
    else if (demux_damaged(s->demux))
        log_warning("%s: parts of it cannot be read; the output has what can", path);
    if (demux_truncated(s->demux) || demux_damaged(s->demux) || decode_damaged(s->decode))
        s->damaged = true;
    *out = (struct item){ .kind = ITEM_EOF };
    return 0;
}

int source_next(struct source *s, struct item *out)
{
    for (;;) {
        struct rifec_frame *frame = NULL;
        int err = decode_receive(s->decode, &frame);
        if (err == RIFEC_ERR_INPUT) { /* another size: the file ends here for us */
            s->damaged = true;
            return end(s, out);
        }
        if (err < 0)
            return err;
        if (frame) {
            s->frames++;
            *out = (struct item){ .kind = ITEM_FRAME, .frame = frame };
            return 0;
        }
        if (s->draining)
            return end(s, out);
        err = next_packet(s, out);
        if (err)
            return err < 0 ? err : 0;
    }
}
