/*
 * oneDNN 2.x and 3.x under one set of names.
 *
 * 3.0 made memory descriptors opaque handles, dropped operation descriptors
 * (a primitive descriptor is made in one call) and the scale of an eltwise
 * post-op. Nothing else that we use differs.
 */
#ifndef RIFEC_ENGINE_CPU_DNN_COMPAT_H
#define RIFEC_ENGINE_CPU_DNN_COMPAT_H

#include <oneapi/dnnl/dnnl.h>

#if DNNL_VERSION_MAJOR >= 3

typedef dnnl_memory_desc_t dnn_md;           /* one that we own               */
typedef const_dnnl_memory_desc_t dnn_md_ref; /* one to read                   */
#define DNN_MD_REF(md)  (md)
#define DNN_MD_FREE(md) dnnl_memory_desc_destroy(md)

static inline dnnl_status_t dnn_md_open(dnn_md *md, int rank, const dnnl_dims_t dims,
                                        dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_create_with_tag(md, rank, dims, dnnl_f32, tag);
}

static inline dnnl_status_t dnn_append_relu(dnnl_post_ops_t ops, float slope)
{
    return dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_relu, slope, 0);
}

static inline dnnl_status_t dnn_conv_pd(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                        dnn_md_ref src, dnn_md_ref weights,
                                        dnn_md_ref bias, dnn_md_ref dst,
                                        const dnnl_dims_t strides,
                                        const dnnl_dims_t pad_l, const dnnl_dims_t pad_r,
                                        const_dnnl_primitive_attr_t attr)
{
    dnnl_dims_t dilates = { 0 };
    return dnnl_convolution_forward_primitive_desc_create(
        pd, engine, dnnl_forward_inference, dnnl_convolution_direct, src, weights, bias,
        dst, strides, dilates, pad_l, pad_r, attr);
}

#else

typedef dnnl_memory_desc_t dnn_md;
typedef const dnnl_memory_desc_t *dnn_md_ref;
#define DNN_MD_REF(md)  (&(md))
#define DNN_MD_FREE(md) ((void)(md))

static inline dnnl_status_t dnn_md_open(dnn_md *md, int rank, const dnnl_dims_t dims,
                                        dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_init_by_tag(md, rank, dims, dnnl_f32, tag);
}

static inline dnnl_status_t dnn_append_relu(dnnl_post_ops_t ops, float slope)
{
    return dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_relu, slope, 0);
}

static inline dnnl_status_t dnn_conv_pd(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                        dnn_md_ref src, dnn_md_ref weights,
                                        dnn_md_ref bias, dnn_md_ref dst,
                                        const dnnl_dims_t strides,
                                        const dnnl_dims_t pad_l, const dnnl_dims_t pad_r,
                                        const_dnnl_primitive_attr_t attr)
{
    dnnl_convolution_desc_t desc;
    dnnl_status_t status = dnnl_convolution_forward_desc_init(
        &desc, dnnl_forward_inference, dnnl_convolution_direct, src, weights, bias, dst,
        strides, pad_l, pad_r);
    if (status != dnnl_success)
        return status;
    return dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL);
}

#endif
#endif
