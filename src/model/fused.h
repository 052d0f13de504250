/*
 * The fused ops of ops.h: the backend's own where it has one that does not decline,
 * else the single ops that it stands for. This is the only place that knows them.
 *
 * A table without the fused op always takes the single ops: that is what the tests
 * compare the fused ones with.
 */
#ifndef RIFEC_MODEL_FUSED_H
#define RIFEC_MODEL_FUSED_H

#include "model/ops.h"

int fused_front(const struct ops *ops, const struct front_args *a, void *stream);
int fused_resblock(const struct ops *ops, const struct resblock_args *a, void *stream);
int fused_blend_store(const struct ops *ops, const struct blend_store_args *a,
                      void *stream);

/* keep_level: deconv.out is made in any case. */
int fused_tail(const struct ops *ops, const struct tail_args *a, bool keep_level,
               void *stream);

#endif
