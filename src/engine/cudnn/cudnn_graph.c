/* Descriptors of cuDNN's graph interface, and the graph of one convolution. */
#include "engine/cudnn/cudnn_graph.h"

#include "model/ops.h"

void bag_close(struct bag *b)
{
    while (b->count)
        b->api->cudnnBackendDestroyDescriptor(b->all[--b->count]);
}

desc bag_make(struct bag *b, cudnnBackendDescriptorType_t type)
{
    desc d = NULL;
    if (b->status == CUDNN_STATUS_SUCCESS && b->count == sizeof b->all / sizeof *b->all)
        b->status = CUDNN_STATUS_INTERNAL_ERROR;
    if (b->status == CUDNN_STATUS_SUCCESS)
        b->status = b->api->cudnnBackendCreateDescriptor(type, &d);
    if (b->status == CUDNN_STATUS_SUCCESS)
        b->all[b->count++] = d;
    return d;
}

void bag_set(struct bag *b, desc d, cudnnBackendAttributeName_t name,
             cudnnBackendAttributeType_t type, int64_t n, const void *values)
{
    if (b->status == CUDNN_STATUS_SUCCESS)
        b->status = b->api->cudnnBackendSetAttribute(d, name, type, n, values);
}

void bag_set_desc(struct bag *b, desc d, cudnnBackendAttributeName_t name, desc value)
{
    bag_set(b, d, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value);
}

void bag_set_int64(struct bag *b, desc d, cudnnBackendAttributeName_t name, int64_t v)
{
    bag_set(b, d, name, CUDNN_TYPE_INT64, 1, &v);
}

static void set_type(struct bag *b, desc d, cudnnBackendAttributeName_t name,
                     cudnnDataType_t v)
{
    bag_set(b, d, name, CUDNN_TYPE_DATA_TYPE, 1, &v);
}

desc bag_finish(struct bag *b, desc d)
{
    if (b->status == CUDNN_STATUS_SUCCESS)
        b->status = b->api->cudnnBackendFinalize(d);
    return d;
}

int64_t bag_get(struct bag *b, desc d, cudnnBackendAttributeName_t name,
                cudnnBackendAttributeType_t type, int64_t n, void *values)
{
    int64_t count = 0;
    if (b->status == CUDNN_STATUS_SUCCESS)
        b->status = b->api->cudnnBackendGetAttribute(d, name, type, n, &count, values);
    return b->status == CUDNN_STATUS_SUCCESS ? count : 0;
}

/* --- the graph -------------------------------------------------------------- */

static desc make_tensor(struct bag *b, int64_t id, cudnnDataType_t type, int64_t n,
                        int64_t c, int64_t h, int64_t w)
{
    int64_t dims[4] = { n, c, h, w };
    int64_t strides[4] = { c * h * w, 1, w * c, c };
    bool is_virtual = id >= T_VIRTUAL;
    desc t = bag_make(b, CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    bag_set_int64(b, t, CUDNN_ATTR_TENSOR_UNIQUE_ID, id);
    bag_set_int64(b, t, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, 16);
    set_type(b, t, CUDNN_ATTR_TENSOR_DATA_TYPE, type);
    bag_set(b, t, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, dims);
    bag_set(b, t, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, strides);
    bag_set(b, t, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &is_virtual);
    return bag_finish(b, t);
}

static desc make_conv(struct bag *b, const struct dnn_call *c, desc in, desc weight,
                      desc out)
{
    const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
    const int64_t one[2] = { 1, 1 };
    const int64_t stride[2] = { c->stride, c->stride };
    desc conv = bag_make(b, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    bag_set_int64(b, conv, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, 2);
    set_type(b, conv, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT);
    bag_set(b, conv, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1,
            &mode);
    bag_set(b, conv, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2, one);
    bag_set(b, conv, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2, one);
    bag_set(b, conv, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2, one);
    bag_set(b, conv, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2, stride);
    bag_finish(b, conv);

    const float alpha = 1, beta = 0;
    desc op = bag_make(b, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
    bag_set_desc(b, op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, conv);
    bag_set_desc(b, op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, in);
    bag_set_desc(b, op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, weight);
    bag_set_desc(b, op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, out);
    bag_set(b, op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, 1,
            &alpha);
    bag_set(b, op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, 1,
            &beta);
    return bag_finish(b, op);
}

/* out = mode(in, other); other is NULL where mode has one operand. */
static desc make_pointwise(struct bag *b, cudnnPointwiseMode_t mode, desc in, desc other,
                           desc out)
{
    const double slope = LEAKY_SLOPE;
    desc point = bag_make(b, CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
    bag_set(b, point, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
    set_type(b, point, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT);
    if (mode == CUDNN_POINTWISE_RELU_FWD)
        bag_set(b, point, CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP_SLOPE, CUDNN_TYPE_DOUBLE,
                1, &slope);
    bag_finish(b, point);
    desc op = bag_make(b, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
    bag_set_desc(b, op, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, point);
    bag_set_desc(b, op, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, in);
    if (other)
        bag_set_desc(b, op, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, other);
    bag_set_desc(b, op, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, out);
    return bag_finish(b, op);
}

/*
 * Widening FP16 to FP32 is a step of its own, since only the engines that fuse do it
 * well.
 */
desc bag_conv_graph(struct bag *b, const struct dnn_call *c, cudnnHandle_t handle)
{
    const cudnnDataType_t in_type =
        c->in == DTYPE_FP16 ? CUDNN_DATA_HALF : CUDNN_DATA_FLOAT;
    const cudnnDataType_t out_type =
        c->out == DTYPE_FP16 ? CUDNN_DATA_HALF : CUDNN_DATA_FLOAT;
    const int h = (c->height - 1) / c->stride + 1, w = (c->width - 1) / c->stride + 1;
    const bool widen = in_type != out_type;
    int steps = c->bias + c->residual + c->lrelu + widen, id = T_VIRTUAL, n = 0;
    desc op[5], now, next;
    desc in = make_tensor(b, T_IN, in_type, 1, c->cin, c->height, c->width);
    desc weight = make_tensor(b, T_WEIGHT, in_type, c->cout, c->cin, 3, 3);
#define NEXT()                                                                           \
    (steps-- ? make_tensor(b, id++, CUDNN_DATA_FLOAT, 1, c->cout, h, w)                  \
             : make_tensor(b, T_OUT, out_type, 1, c->cout, h, w))
    now = NEXT();
    op[n++] = make_conv(b, c, in, weight, now);
    if (c->residual) {
        desc residual = make_tensor(b, T_RESIDUAL, in_type, 1, c->cout, h, w);
        next = NEXT();
        op[n++] = make_pointwise(b, CUDNN_POINTWISE_ADD, now, residual, next);
        now = next;
    }
    if (c->bias) {
        desc bias = make_tensor(b, T_BIAS, CUDNN_DATA_FLOAT, 1, c->cout, 1, 1);
        next = NEXT();
        op[n++] = make_pointwise(b, CUDNN_POINTWISE_ADD, now, bias, next);
        now = next;
    }
    if (c->lrelu) {
        next = NEXT();
        op[n++] = make_pointwise(b, CUDNN_POINTWISE_RELU_FWD, now, NULL, next);
        now = next;
    }
    if (widen) {
        next = NEXT();
        op[n++] = make_pointwise(b, CUDNN_POINTWISE_IDENTITY, now, NULL, next);
    }
#undef NEXT
    desc graph = bag_make(b, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    bag_set(b, graph, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, n,
            op);
    if (handle)
        bag_set(b, graph, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1,
                &handle);
    return bag_finish(b, graph);
}
