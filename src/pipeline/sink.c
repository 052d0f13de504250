/* Encodes frames, reuses segments, and writes packets. */
#include "pipeline/sink.h"

#include "base/clock.h"
#include "base/err.h"

void sink_open(struct sink *s, const struct sink_params *p)
{
    *s = (struct sink){ .p = *p };
    holdback_open(&s->holdback, &(struct holdback_params){
                                    .mux = p->mux,
                                    .stretch = p->stretch,
                                    .expected_us = p->expected_us,
                                });
}

static int write_encoded(struct sink *s)
{
    int err = 0;
    AVPacket *pkt;
    for (;;) {
        TRY(encode_receive(s->p.encode, &pkt));
        if (!pkt)
            return 0;
        TRY(s->p.resume ? resume_keep(s->p.resume, s->p.mux, &pkt)
                        : mux_write(s->p.mux, &pkt));
    }
fail:
    return err;
}

static int drain_encoder(struct sink *s)
{
    int err = 0;
    TRY(encode_send(s->p.encode, NULL));
    TRY(write_encoded(s));
    TRY(s->p.resume ? resume_commit(s->p.resume) : 0);
fail:
    return err;
}

/* Takes the frame, always. */
static int encode_frame(struct sink *s, struct rifec_frame **frame)
{
    int err = 0;
    if (s->p.resume && resume_at_end(s->p.resume)) {
        TRY(drain_encoder(s));
        TRY(encode_restart(s->p.encode));
    }
    TRY(encode_send(s->p.encode, frame));
    if (s->p.resume)
        resume_count(s->p.resume);
    TRY(write_encoded(s));
fail:
    rifec_frame_free(frame);
    return err;
}

/* A frame that an earlier run has encoded; takes it, always. */
static int reuse_frame(struct sink *s, struct rifec_frame **frame)
{
    int err = 0;
    TRY(encode_pass(s->p.encode, frame));
    TRY(resume_pass(s->p.resume, s->p.mux, s->p.video));
    s->frames_reused++;
    atomic_fetch_add(&s->p.progress->frames_reused, 1);
fail:
    return err;
}

static int advance(struct sink *s, int64_t end)
{
    AVRational tb = { (int)s->p.time_base.num, (int)s->p.time_base.den };
    int64_t end_us = av_rescale_q(end, tb, AV_TIME_BASE_Q);
    atomic_fetch_add(&s->p.progress->frames_given, 1);
    if (end_us > atomic_load(&s->p.progress->out_time_us))
        atomic_store(&s->p.progress->out_time_us, end_us);
    return holdback_reach(&s->holdback, end_us);
}

static int end_output(struct sink *s)
{
    int err = 0;
    TRY(holdback_end(&s->holdback, s->p.cut_short(s->p.opaque)));
    atomic_store(&s->p.progress->finishing, true);
    TRY(drain_encoder(s));
fail:
    return err;
}

static int take_item(struct sink *s, struct item *it)
{
    int err = 0;
    int64_t end = it->kind == ITEM_FRAME ? it->frame->pts + it->frame->duration : it->end;
    switch (it->kind) {
    case ITEM_PACKET:
        TRY(holdback_packet(&s->holdback, &it->packet));
        break;
    case ITEM_FRAME:
        TRY(encode_frame(s, &it->frame));
        TRY(advance(s, end));
        break;
    case ITEM_REUSED:
        TRY(reuse_frame(s, &it->frame));
        TRY(advance(s, end));
        break;
    case ITEM_EOF:
        TRY(end_output(s));
        break;
    }
fail:
    return err;
}

int sink_item(struct sink *s, struct item *it)
{
    double start = clock_seconds();
    int err = take_item(s, it);
    s->busy_s += clock_seconds() - start;
    return err;
}

int64_t sink_written(const struct sink *s)
{
    return encode_written(s->p.encode) + s->frames_reused;
}

void sink_close(struct sink *s)
{
    holdback_close(&s->holdback);
}
