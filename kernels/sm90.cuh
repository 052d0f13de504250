/*
 * sm_90a in small words: mbarriers, bulk and tensor copies, dependent launch,
 * matrix fragments, sums to halves. Each function that has to do with the machine is one
 * PTX instruction (waiting is a loop of one) and keeps its name; wgmma itself is in
 * wgmma.cuh.
 *
 * Addresses in shared memory are 32-bit throughout (shared_address()).
 */
#ifndef RIFEC_KERNELS_SM90_CUH
#define RIFEC_KERNELS_SM90_CUH

#include <cuda.h>
#include <cuda_fp16.h>
#include <stdint.h>

#include "model/ops.h"

#define SM90_INLINE static __device__ __forceinline__
#define CONSTEXPR   static __host__ __device__ constexpr

#define PIXEL  16     /* bytes of 8 channels of a pixel */
#define SHARED 232448 /* bytes of shared memory that a block may have */

SM90_INLINE uint32_t shared_address(const void *p)
{
    return (uint32_t)__cvta_generic_to_shared(p);
}

/* --- mbarrier --------------------------------------------------------------- */

SM90_INLINE void mbar_init(uint32_t bar, uint32_t count)
{
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(bar), "r"(count)
                 : "memory");
}

SM90_INLINE void mbar_init_fence(void)
{
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

SM90_INLINE void mbar_arrive(uint32_t bar)
{
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(bar) : "memory");
}

SM90_INLINE void mbar_expect(uint32_t bar, uint32_t bytes)
{
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(bar),
                 "r"(bytes)
                 : "memory");
}

SM90_INLINE bool mbar_try(uint32_t bar, uint32_t parity)
{
    uint32_t done;
    asm volatile("{\n"
                 ".reg .pred p;\n"
                 "mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n"
                 "selp.u32 %0, 1, 0, p;\n"
                 "}"
                 : "=r"(done)
                 : "r"(bar), "r"(parity)
                 : "memory");
    return done;
}

/* The tests set a limit, so that a mistake is a trap and not a hang. */
SM90_INLINE void mbar_wait(uint32_t bar, uint32_t parity)
{
#ifdef RIFEC_SPIN_LIMIT
    for (int spin = 0; !mbar_try(bar, parity); spin++)
        if (spin > RIFEC_SPIN_LIMIT)
            __trap();
#else
    while (!mbar_try(bar, parity))
        ;
#endif
}

/*
 * N stages of shared memory that some threads fill, in PARTS parts, and others read. Use
 * k, counted from 0, is of stage k % N: it is filled when wait_empty() has returned, and
 * read when wait_full() has. Waits see parities only, so who waits must see every turn of
 * a stage, or know by other means that the turn before has ended.
 */
template <int N, int PARTS = 1> struct sm90_ring {
    static constexpr int bars = N * (PARTS + 1); /* eight bytes each */
    uint32_t at;

    __device__ __forceinline__ uint32_t full(int stage, int part = 0) const
    {
        return at + (stage * PARTS + part) * 8;
    }
    __device__ __forceinline__ uint32_t empty(int stage) const
    {
        return at + (N * PARTS + stage) * 8;
    }
    /* fills, reads: arrivals that end the filling of a part, and the reading of a stage.
     */
    __device__ __forceinline__ void init(int fills, int reads) const
    {
        for (int s = 0; s < N; s++) {
            for (int part = 0; part < PARTS; part++)
                mbar_init(full(s, part), fills);
            mbar_init(empty(s), reads);
        }
    }
    __device__ __forceinline__ void wait_empty(int k) const
    {
        if (k >= N)
            mbar_wait(empty(k % N), (k / N - 1) & 1);
    }
    __device__ __forceinline__ void wait_full(int k, int part = 0) const
    {
        mbar_wait(full(k % N, part), k / N & 1);
    }
    __device__ __forceinline__ void release(int k) const
    {
        mbar_arrive(empty(k % N));
    }
};

/* --- copies ----------------------------------------------------------------- */

SM90_INLINE void copy_bulk(uint32_t to, const void *from, uint32_t bytes, uint32_t bar)
{
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes "
                 "[%0], [%1], %2, [%3];" ::"r"(to),
                 "l"(from), "r"(bytes), "r"(bar)
                 : "memory");
}

SM90_INLINE void copy_tensor(uint32_t to, const CUtensorMap *map, int x, int y, int z,
                             uint32_t bar)
{
    asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_"
                 "tx::bytes "
                 "[%0], [%1, {%2, %3, %4}], [%5];" ::"r"(to),
                 "l"(map), "r"(x), "r"(y), "r"(z), "r"(bar)
                 : "memory");
}

SM90_INLINE void copy_plane(uint32_t to, const CUtensorMap *map, int x, int y,
                            uint32_t bar)
{
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_"
                 "tx::bytes "
                 "[%0], [%1, {%2, %3}], [%4];" ::"r"(to),
                 "l"(map), "r"(x), "r"(y), "r"(bar)
                 : "memory");
}

SM90_INLINE void store_tensor(const CUtensorMap *map, int x, int y, int z, uint32_t from)
{
    asm volatile("cp.async.bulk.tensor.3d.global.shared::cta.tile.bulk_group "
                 "[%0, {%1, %2, %3}], [%4];" ::"l"(map),
                 "r"(x), "r"(y), "r"(z), "r"(from)
                 : "memory");
}

SM90_INLINE void store_commit(void)
{
    asm volatile("cp.async.bulk.commit_group;" ::: "memory");
}

/* The sources of all stores of this thread may be overwritten. */
SM90_INLINE void store_wait_read(void)
{
    asm volatile("cp.async.bulk.wait_group.read 0;" ::: "memory");
}

/* All stores of this thread are in memory. */
SM90_INLINE void store_wait(void)
{
    asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
}

SM90_INLINE void prefetch_map(const CUtensorMap *map)
{
    asm volatile("prefetch.tensormap [%0];" ::"l"(map) : "memory");
}

/* Between ordinary accesses to shared memory and those of wgmma or a copy. */
SM90_INLINE void fence_async_shared(void)
{
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

/* --- dependent launches ----------------------------------------------------- */

SM90_INLINE void grid_wait(void)
{
    asm volatile("griddepcontrol.wait;" ::: "memory");
}

SM90_INLINE void grid_launch_dependents(void)
{
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
}

/* --- 8x8 matrices of halves --------------------------------------------------
 * Lane i gives the address of row i % 8 of matrix i / 8. A lane holds columns
 * 2 (lane % 4) and + 1 of row lane / 4; _t: of the transposed matrix.
 */
SM90_INLINE void ldmatrix4_t(uint32_t (&r)[4], uint32_t row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(row)
                 : "memory");
}

SM90_INLINE void ldmatrix2_t(uint32_t (&r)[4], uint32_t row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1])
                 : "r"(row)
                 : "memory");
}

SM90_INLINE void stmatrix4_t(uint32_t row, const uint32_t (&r)[4])
{
    asm volatile(
        "stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(
            row),
        "r"(r[0]), "r"(r[1]), "r"(r[2]), "r"(r[3])
        : "memory");
}

SM90_INLINE void stmatrix2_t(uint32_t row, const uint32_t (&r)[4])
{
    asm volatile(
        "stmatrix.sync.aligned.m8n8.x2.trans.shared.b16 [%0], {%1, %2};" ::"r"(row),
        "r"(r[0]), "r"(r[1])
        : "memory");
}

SM90_INLINE void stmatrix4(uint32_t row, const uint32_t (&r)[4])
{
    asm volatile(
        "stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(row),
        "r"(r[0]), "r"(r[1]), "r"(r[2]), "r"(r[3])
        : "memory");
}

SM90_INLINE void stmatrix2(uint32_t row, const uint32_t (&r)[4])
{
    asm volatile("stmatrix.sync.aligned.m8n8.x2.shared.b16 [%0], {%1, %2};" ::"r"(row),
                 "r"(r[0]), "r"(r[1])
                 : "memory");
}

SM90_INLINE void store_shared4(uint32_t at, uint4 v)
{
    asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(at), "r"(v.x), "r"(v.y),
                 "r"(v.z), "r"(v.w)
                 : "memory");
}

SM90_INLINE uint32_t load_shared(uint32_t at)
{
    uint32_t r;
    asm volatile("ld.shared.b32 %0, [%1];" : "=r"(r) : "r"(at) : "memory");
    return r;
}

SM90_INLINE float load_shared_float(uint32_t at)
{
    float v;
    asm volatile("ld.shared.f32 %0, [%1];" : "=f"(v) : "r"(at) : "memory");
    return v;
}

SM90_INLINE float2 load_shared_float2(uint32_t at)
{
    float2 v;
    asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];"
                 : "=f"(v.x), "=f"(v.y)
                 : "r"(at)
                 : "memory");
    return v;
}

SM90_INLINE float4 load_shared_float4(uint32_t at)
{
    float4 v;
    asm volatile("ld.shared.v4.f32 {%0, %1, %2, %3}, [%4];"
                 : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w)
                 : "r"(at)
                 : "memory");
    return v;
}

/* Barrier `id`, 1..15, of `threads` threads: whole warps. */
SM90_INLINE void named_barrier(uint32_t id, uint32_t threads)
{
    asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

/* --- sums to halves ----------------------------------------------------------- */

SM90_INLINE uint32_t halves(float a, float b)
{
    const __half2 h = __floats2half2_rn(a, b);
    return *(const uint32_t *)&h;
}

SM90_INLINE float lrelu(float v)
{
    return fmaxf(v, LEAKY_SLOPE * v);
}

/*
 * For a product with 16 output channels of a warp on M, and ROWS rows of eight pixels on
 * N: d[4 j + 2 h + q] is channel 8 h + lane / 4 at pixel 2 (lane % 4) + q of row j. To
 * shared memory, where pixel lane % 8 of row lane / 16, channels 8 (lane / 8 % 2) .., is
 * the at-th from `out` on, and of every further two rows the `two_rows`-th from there.
 */
template <int ROWS>
SM90_INLINE void store_channels(const float (&d)[4 * ROWS], uint32_t out, int at,
                                int two_rows)
{
#pragma unroll
    for (int j = 0; j < ROWS; j += 2) {
        constexpr int last = ROWS - 1;
        const uint32_t to = out + (at + j / 2 * two_rows) * PIXEL;
        uint32_t r[4];
#pragma unroll
        for (int i = 0; i < 4; i++)
            if (j + i / 2 <= last)
                r[i] = halves(lrelu(d[4 * j + 2 * i]), lrelu(d[4 * j + 2 * i + 1]));
        if (j < last)
            stmatrix4_t(to, r);
        else
            stmatrix2_t(to, r);
    }
}

/* --- persistent blocks ---------------------------------------------------------- */

/* The work of a block: `passes` tiles, from `first` on and `stride` apart, of one slice
 * of the outputs. */
struct tile_share {
    int slice, first, stride, passes;

    __device__ __forceinline__ void share(int tiles, int slices)
    {
        slice = blockIdx.x % slices;
        first = blockIdx.x / slices;
        stride = gridDim.x / slices;
        passes = (tiles - 1 - first) / stride + 1;
    }
};

/* --- wgmma: what is not the product itself ------------------------------------ */

SM90_INLINE void wgmma_fence(void)
{
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

SM90_INLINE void wgmma_commit(void)
{
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

template <int LEFT> SM90_INLINE void wgmma_wait(void)
{
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(LEFT) : "memory");
}

/* Keeps the compiler from moving uses of d across a wait. */
template <int N> SM90_INLINE void pin(float (&d)[N])
{
#pragma unroll
    for (int i = 0; i < N; i++)
        asm volatile("" : "+f"(d[i])::"memory");
}

/*
 * Descriptor of an operand without swizzle, K-major: core matrices of 8 rows of
 * 16 bytes, `rows8` bytes from one to the next 8 rows, `k8` bytes from one to
 * the next 8 of K. All in units of 16 bytes in the end, so a tap is an addition.
 */
SM90_INLINE uint64_t wgmma_descriptor(uint32_t address, uint32_t k8, uint32_t rows8)
{
    return (uint64_t)((address >> 4) & 0x3fff) | (uint64_t)(k8 >> 4) << 16 |
           (uint64_t)(rows8 >> 4) << 32;
}

#endif
