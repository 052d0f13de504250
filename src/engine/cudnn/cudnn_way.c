/* The ways of computing an op, and running one: a call of the library and its epilogue.
 */
#include "engine/cudnn/cudnn_way.h"

#include <assert.h>

#include "base/err.h"

const struct route cudnn_routes[CUDNN_ROUTES] = {
    { "fused", CONV_S2, DNN_CONV, EPILOGUE_NONE, 0 },
    { "conv", CONV_S2, DNN_CONV, EPILOGUE_CONV, 0 },
    { "fused", RESCONV, DNN_CONV, EPILOGUE_NONE, 0 },
    { "conv", RESCONV, DNN_CONV, EPILOGUE_CONV, 0 },
    { "phases", DECONV, DNN_CONV, EPILOGUE_SHUFFLE, 4 * DECONV_LIVE },
    { "gemm", DECONV, DNN_GEMM, EPILOGUE_COL2IM, 16 * DECONV_LIVE },
};

/* --- running ---------------------------------------------------------------------- */

#define ALIGN 256 /* of everything in the workspace */

static size_t aligned(size_t bytes)
{
    return (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* The library's result before the epilogue, if it is not the op's output. */
static size_t scratch_bytes(const struct way *w)
{
    const struct dnn_call *c = &w->call;
    size_t pixels = (size_t)c->height * (size_t)c->width;
    return w->route->op == DECONV ? aligned(pixels * (size_t)c->cout * sizeof(float)) : 0;
}

/* ALIGN more, since the workspace may begin anywhere. */
size_t way_workspace(const struct way *w)
{
    size_t bytes = scratch_bytes(w) + dnn_plan_workspace(w->plan);
    return bytes ? bytes + ALIGN : 0;
}

int way_run(const struct way *w, const struct packed *k, const struct tensor *in,
            const struct tensor *out, const struct level *level,
            const struct cuda_stream *s)
{
    int err = 0;
    assert(way_workspace(w) <= s->workspace_bytes);
    unsigned char *workspace = (unsigned char *)aligned((uintptr_t)s->workspace);
    float *scratch = (float *)(void *)workspace;
    bool deconv = w->route->op == DECONV;
    TRY(dnn_plan_run(w->plan,
                     &(struct dnn_buffers){
                         .in = in->data,
                         .weight = k->weight,
                         .bias = k->bias,
                         .residual = in->data,
                         .out = deconv ? scratch : out->data,
                         .workspace = workspace + scratch_bytes(w),
                     },
                     s->stream));
    switch (w->route->epilogue) {
    case EPILOGUE_NONE:
        break;
    case EPILOGUE_CONV:
        TRY(conv_epilogue_cuda(out, w->route->op == RESCONV ? in : NULL, k->bias,
                               s->stream));
        break;
    case EPILOGUE_SHUFFLE:
        TRY(deconv_shuffle_cuda(scratch, k->bias, level, s->stream));
        break;
    case EPILOGUE_COL2IM:
        TRY(deconv_col2im_cuda(scratch, k->bias, level, s->stream));
        break;
    }
fail:
    return err;
}
