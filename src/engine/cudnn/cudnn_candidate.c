/* The methods, and running a candidate: a call of the library, then its epilogue. */
#include "engine/cudnn/cudnn_candidate.h"

#include <assert.h>

#include "base/err.h"

const struct method cudnn_methods[CUDNN_METHODS] = {
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
static size_t scratch_bytes(const struct candidate *c)
{
    const struct dnn_call *call = &c->call;
    size_t pixels = (size_t)call->height * (size_t)call->width;
    return c->method->op == DECONV ? aligned(pixels * (size_t)call->cout * sizeof(float))
                                   : 0;
}

/* ALIGN more, because the workspace may begin at any address. */
size_t candidate_workspace(const struct candidate *c)
{
    size_t bytes = scratch_bytes(c) + dnn_plan_workspace(c->plan);
    return bytes ? bytes + ALIGN : 0;
}

int candidate_run(const struct candidate *c, const struct packed *k,
                  const struct tensor *in, const struct tensor *out,
                  const struct level *level, const struct cuda_stream *s)
{
    int err = 0;
    assert(candidate_workspace(c) <= s->workspace_bytes);
    unsigned char *workspace = (unsigned char *)aligned((uintptr_t)s->workspace);
    float *scratch = (float *)(void *)workspace;
    bool deconv = c->method->op == DECONV;
    TRY(dnn_plan_run(c->plan,
                     &(struct dnn_buffers){
                         .in = in->data,
                         .weight = k->weight,
                         .bias = k->bias,
                         .residual = in->data,
                         .out = deconv ? scratch : out->data,
                         .workspace = workspace + scratch_bytes(c),
                     },
                     s->stream));
    switch (c->method->epilogue) {
    case EPILOGUE_NONE:
        break;
    case EPILOGUE_CONV:
        TRY(conv_epilogue_cuda(out, c->method->op == RESCONV ? in : NULL, k->bias,
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
