/*
 * The fused ops of ops.h: the backend's own if it has one that does not decline,
 * otherwise the single ops. Only this file knows which these are.
 *
 * A table without a fused op always takes the single ops; tests compare the fused ones
 * with these.
 */
#ifndef RIFEC_MODEL_FUSED_H
#define RIFEC_MODEL_FUSED_H

#include "model/ops.h"

int fused_front(const struct ops *ops, const struct front_args *a, void *stream);
int fused_resblock(const struct ops *ops, const struct resblock_args *a, void *stream);
int fused_blend_store(const struct ops *ops, const struct blend_store_args *a,
                      void *stream);

/* keep_level: deconv.out is always made. */
int fused_tail(const struct ops *ops, const struct tail_args *a, bool keep_level,
               void *stream);

#endif
