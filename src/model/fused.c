/* Fused ops, or the single ops that replace them. */
#include "model/fused.h"

#include "base/err.h"
#include "model/weights.h"

int fused_front(const struct ops *ops, const struct front_args *a, void *stream)
{
    int err = ops->front ? ops->front(a, stream) : OP_DECLINED;
    if (err != OP_DECLINED)
        return err;
    const struct conv_args first = { .in = a->gather.out,
                                     .out = a->mid,
                                     .layer = a->conv0 };
    const struct conv_args second = { .in = a->mid, .out = a->out, .layer = a->conv1 };
    TRY(ops->gather(&a->gather, stream));
    TRY(ops->conv_s2(&first, stream));
    TRY(ops->conv_s2(&second, stream));
fail:
    return err;
}

int fused_resblock(const struct ops *ops, const struct resblock_args *a, void *stream)
{
    int err = ops->resblock ? ops->resblock(a, stream) : OP_DECLINED;
    if (err != OP_DECLINED)
        return err;
    for (int i = 0; i < a->count; i += 2) {
        const bool is_last = i + 2 == a->count;
        const struct tensor *in = a->spare && i > 0 ? a->spare : &a->ping;
        const struct tensor *out = a->spare && !is_last ? a->spare : &a->ping;
        TRY(ops->resconv(
            &(struct conv_args){ .in = *in, .out = a->pong, .layer = &a->layers[i] },
            stream));
        TRY(ops->resconv(&(struct conv_args){ .in = a->pong,
                                              .out = *out,
                                              .layer = &a->layers[i + 1],
                                              .add_out = a->spare && is_last },
                         stream));
    }
fail:
    return err;
}

int fused_blend_store(const struct ops *ops, const struct blend_store_args *a,
                      void *stream)
{
    int err = ops->blend_store ? ops->blend_store(a, stream) : OP_DECLINED;
    if (err != OP_DECLINED)
        return err;
    TRY(ops->blend(&(struct blend_args){ a->image0, a->image1, a->levels, a->level_count,
                                         a->scratch },
                   stream));
    TRY(ops->store(&(struct store_args){ a->scratch, a->yuv, a->frame }, stream));
fail:
    return err;
}

int fused_tail(const struct ops *ops, const struct tail_args *a, bool keep_level,
               void *stream)
{
    int err = ops->tail ? ops->tail(a, stream) : OP_DECLINED;
    if (err == 0 && keep_level)
        return ops->deconv(&a->deconv, stream);
    if (err != OP_DECLINED)
        return err;
    TRY(ops->deconv(&a->deconv, stream));
    TRY(fused_blend_store(ops, &a->blend_store, stream));
fail:
    return err;
}
