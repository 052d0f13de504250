/*
 * Shared by the CPU ops: the stream that they get, and their names. One call works on all
 * rows of its output with `threads` OpenMP threads; a row belongs to one thread, so
 * results do not depend on the number of threads.
 */
#ifndef RIFEC_ENGINE_CPU_CPU_H
#define RIFEC_ENGINE_CPU_CPU_H

#include <stddef.h>

#include "model/ops.h"

#ifdef _OPENMP
#include <omp.h>
#define CPU_THREAD() omp_get_thread_num()
#else
#define CPU_THREAD() 0
#endif

/* The `void *stream` of every CPU op. */
struct cpu_stream {
    int threads;
    float *scratch;        /* [threads][scratch_floats], each op's own */
    size_t scratch_floats; /* see cpu_scratch_floats() */
};

/*
 * Floats of scratch per thread for pictures of that padded width, where
 * level_width is the width of the widest level.
 */
static inline size_t cpu_scratch_floats(int width_padded, int level_width)
{
    int widest = width_padded > level_width ? width_padded : level_width;
    return 64 * (size_t)widest;
}

static inline float *cpu_scratch(const struct cpu_stream *s)
{
    return s->scratch + (size_t)CPU_THREAD() * s->scratch_floats;
}

/*
 * Some files are compiled twice, the second time for AVX2; the compiler then
 * does better, and without fused multiply-add the bits stay the same.
 */
#if CPU_AVX2
#define C_NAME(op)   op##_avx2
#define ROW_NAME(op) op##_row_avx2
#else
#define C_NAME(op)   op##_c
#define ROW_NAME(op) op##_row
#endif

int load_c(const struct load_args *a, void *stream);
int encode_c(const struct encode_args *a, void *stream);
int gather_c(const struct gather_args *a, void *stream);
int conv_s2_c(const struct conv_args *a, void *stream);
int resconv_c(const struct conv_args *a, void *stream);
int deconv_c(const struct deconv_args *a, void *stream);
int blend_c(const struct blend_args *a, void *stream);
int store_c(const struct store_args *a, void *stream);
int thumbnail_c(const struct thumbnail_args *a, void *stream);

int gather_row(const struct gather_args *a, void *stream);
int blend_row(const struct blend_args *a, void *stream);

#if CPU_HAVE_AVX2
int load_avx2(const struct load_args *a, void *stream);
int encode_avx2(const struct encode_args *a, void *stream);
int conv_s2_avx2(const struct conv_args *a, void *stream);
int deconv_avx2(const struct deconv_args *a, void *stream);
int gather_row_avx2(const struct gather_args *a, void *stream);
int blend_row_avx2(const struct blend_args *a, void *stream);
int store_avx2(const struct store_args *a, void *stream);
#endif

#endif
