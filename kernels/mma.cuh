/*
 * The instructions the _sm80 kernels are made of, one function each, with what
 * sm_75 has instead: copies through registers for cp.async, two m16n8k8 for
 * one m16n8k16. Also programmatic dependent launch (sm_90 and up).
 *
 * Fragments of one warp, lane = 4 g + t:
 *
 *     A 16 x 16  a[0] (g, 2t..)  a[1] (g + 8, 2t..)  a[2] (g, 2t + 8..)  a[3] (g + 8, 2t
 * + 8..) B 16 x 8   b0 (2t.., g)    b1 (2t + 8.., g) D 16 x 8   d[0] (g, 2t)    d[1] (g,
 * 2t + 1)    d[2], d[3] likewise in row g + 8
 */
#ifndef RIFEC_KERNELS_MMA_CUH
#define RIFEC_KERNELS_MMA_CUH

#include <cuda_fp16.h>
#include <stdint.h>

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
#define MMA_OLD 1 /* sm_75 */
#else
#define MMA_OLD 0
#endif

static __device__ __forceinline__ uint32_t shared_address(const void *p)
{
    return (uint32_t)__cvta_generic_to_shared(p);
}

/* 16 bytes to shared memory, or 16 zero bytes when not `valid`. */
static __device__ __forceinline__ void copy16(uint32_t to, const void *from, bool valid)
{
#if MMA_OLD
    uint4 v = make_uint4(0, 0, 0, 0);
    if (valid)
        v = *(const uint4 *)from;
    asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(to), "r"(v.x), "r"(v.y),
                 "r"(v.z), "r"(v.w)
                 : "memory");
#else
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from),
                 "r"(valid ? 16 : 0)
                 : "memory");
#endif
}

static __device__ __forceinline__ void copy_commit(void)
{
#if !MMA_OLD
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/* Until at most `pending` (0..3) of the latest groups are under way. */
static __device__ __forceinline__ void copy_wait(int pending)
{
#if !MMA_OLD
    if (pending >= 3)
        asm volatile("cp.async.wait_group 3;" ::: "memory");
    else if (pending == 2)
        asm volatile("cp.async.wait_group 2;" ::: "memory");
    else if (pending == 1)
        asm volatile("cp.async.wait_group 1;" ::: "memory");
    else
        asm volatile("cp.async.wait_group 0;" ::: "memory");
#endif
}

/* Four 8 x 8 matrices of halves; lane l gives the address of row l % 8 of matrix l / 8.
 */
static __device__ __forceinline__ void load_matrix4(uint32_t r[4], uint32_t address)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address)
                 : "memory");
}

static __device__ __forceinline__ void load_shared4(uint32_t r[4], uint32_t address)
{
    asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address)
                 : "memory");
}

static __device__ __forceinline__ void load_shared2(uint32_t r[2], uint32_t address)
{
    asm volatile("ld.shared.v2.b32 {%0, %1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1])
                 : "r"(address)
                 : "memory");
}

static __device__ __forceinline__ float2 load_shared_half2(uint32_t address)
{
    uint32_t bits;
    asm volatile("ld.shared.b32 %0, [%1];" : "=r"(bits) : "r"(address) : "memory");
    return __half22float2(*(const __half2 *)&bits);
}

/* d += a b, FP16 in, FP32 sums. */
static __device__ __forceinline__ void mma16816(float d[4], const uint32_t a[4],
                                                uint32_t b0, uint32_t b1)
{
#if MMA_OLD
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(b0));
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[2]), "r"(a[3]), "r"(b1));
#else
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#endif
}

/* Programmatic dependent launch: the kernel before has ended and its writes are seen. */
static __device__ __forceinline__ void dependency_wait(void)
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

/* The kernel after may start: it waits by itself before it touches our data. */
static __device__ __forceinline__ void dependency_launch(void)
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

#endif
