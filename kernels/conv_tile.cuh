/*
 * Code that the _sm80 convolutions share: cutting a picture into tiles, copying tiles to
 * shared memory, and choosing the kernel and the tile shape of a launch.
 *
 * A CTA computes BM outputs (pixels) x BN channels at a time. Its pixels are
 * `count` tiles of th x tw; each tile has its own halo in shared memory, one
 * 16-byte slot a pixel for every block of 8 channels (a plane):
 *
 *     plane:  tile 0 [rows][pitch] 16 B, tile 1, ...
 *
 * A tap is then a constant distance in slots from a pixel's first slot, so A fragments
 * are ldmatrix straight from the halo, whatever the tile's shape: it is chosen at launch
 * so that the tiles fill the SMs in as few rounds as may be. With stride 2 a row holds
 * its even columns first, then the odd: the taps of adjacent outputs are adjacent slots
 * in each half. Eight adjacent slots are 128 bytes, hence no bank conflict; where a row
 * of a tile ends within eight pixels, the pitch is chosen so that there is none.
 *
 * The K loop goes over 16 channels at a time (times WK, where groups of warps take
 * one each and add up at the end), nine taps each, through a ring of
 * stages filled by cp.async. The loader runs ahead across tiles.
 *
 *     stage:  planes [2 WK][count][rows][pitch] 16 B | weights [WK][taps..], unless
 * resident
 *
 * Weights are packed in the order of B fragments: a lane reads its 16 bytes with one
 * load, no conflict, no address arithmetic.
 */
#ifndef RIFEC_KERNELS_CONV_TILE_CUH
#define RIFEC_KERNELS_CONV_TILE_CUH

#include "common.cuh"
#include "mma.cuh"
#include "rifec/error.h"

extern "C" {
#include "base/log.h"
}

#define CONV_K      16 /* channels of a chunk: the K of one mma */
#define CONV_STAGES 4  /* at most */

struct tiling {
    int th, tw, count;  /* tiles of th x tw outputs, count of them in a CTA */
    int rows, pitch;    /* of a halo, in slots */
    int columns, tiles; /* tiles side by side in the picture, and in all */
    int groups;         /* of count tiles */
    float columns_inverse;
};

struct conv_params {
    const __half *in;   /* [cin / 8][in_height][in_width][8] */
    __half *out;        /* [cout / 8][height][width][8] */
    float *flow, *mask; /* deconv: [4 height][4 width][4], [4 height][4 width] */
    const uint4 *weight;
    const float *bias;
    int in_height, in_width, height, width;
    int cout, chunks;     /* chunks of CONV_K * WK input channels */
    int stages, resident; /* resident: all weights are kept in shared memory */
    int plane_bytes, stage_bytes;
    struct tiling t;
};

static __host__ __device__ __forceinline__ int tiling_slots(const struct tiling *t)
{
    return t->count * t->rows * t->pitch;
}

/* n / d for 0 <= n < 2^22, with the inverse of d at hand. */
static __device__ __forceinline__ int divide(int n, int d, float inverse)
{
    int q = (int)((float)n * inverse), r = n - q * d;
    return q + (r >= d) - (r < 0);
}

/* The part that one thread copies: in each plane, pixels from[] to slots at[]. */
template <int SLOTS> struct halo_copy {
    int at[SLOTS];   /* byte in the plane, or -1 */
    int from[SLOTS]; /* pixel of the picture, or -1 for zero */
};

/* Aims the copies at one group of tiles. at[] comes out the same every time. */
template <int S, int SLOTS, int THREADS>
static __device__ __forceinline__ void halo_aim(struct halo_copy<SLOTS> *h,
                                                const struct conv_params &p, int group)
{
    int wide = (p.t.tw - 1) * S + 3, per_tile = p.t.rows * wide;
#pragma unroll
    for (int j = 0; j < SLOTS; j++) {
        int s = (int)threadIdx.x + j * THREADS;
        int u = divide(s, per_tile, 1.0f / per_tile), r = s - u * per_tile;
        int y = divide(r, wide, 1.0f / wide), x = r - y * wide;
        int column = S == 2 ? (x & 1) * (p.t.tw + 1) + (x >> 1) : x;
        h->at[j] = u < p.t.count ? ((u * p.t.rows + y) * p.t.pitch + column) * 16 : -1;
        int tile = group * p.t.count + u;
        int row = divide(tile, p.t.columns, p.t.columns_inverse);
        y += row * p.t.th * S - 1;
        x += (tile - row * p.t.columns) * p.t.tw * S - 1;
        bool inside =
            tile < p.t.tiles && y >= 0 && y < p.in_height && x >= 0 && x < p.in_width;
        h->from[j] = inside ? y * p.in_width + x : -1;
    }
}

/* Starts copying `planes` planes, beginning with plane `first` of the picture, to a
 * stage. */
template <int SLOTS>
static __device__ __forceinline__ void halo_start(const struct halo_copy<SLOTS> *h,
                                                  const struct conv_params &p,
                                                  uint32_t stage, int first, int planes)
{
    size_t plane_pixels = (size_t)p.in_height * p.in_width;
    const __half *in = p.in + first * plane_pixels * 8;
    for (int k = 0; k < planes; k++) {
#pragma unroll
        for (int j = 0; j < SLOTS; j++)
            if (h->at[j] >= 0)
                copy16(stage + h->at[j], in + (size_t)max(h->from[j], 0) * 8,
                       h->from[j] >= 0);
        in += plane_pixels * 8;
        stage += p.plane_bytes;
    }
}

/*
 * Starts copying rows [first, first + rows) of weights, `width` uint4 of each
 * from `column` on, to shared memory, closely packed.
 */
template <int WIDTH, int THREADS>
static __device__ __forceinline__ void weight_start(const struct conv_params &p,
                                                    uint32_t to, int first, int rows,
                                                    int column, int pitch)
{
    for (int q = (int)threadIdx.x; q < rows * WIDTH; q += THREADS) {
        int row = q / WIDTH, at = q - row * WIDTH;
        copy16(to + q * 16, p.weight + (size_t)(first + row) * pitch + column + at, true);
    }
}

/* Runs ahead of the arithmetic: copies chunk after chunk, group after group. */
template <int SLOTS> struct loader {
    struct halo_copy<SLOTS> halo;
    int group, chunk, left; /* next to copy; chunks left */
    uint32_t stage, ring, ring_end;
};

/* Starts copying the next chunk, if any: WK x CONV_K channels and ROWS rows of weights
 * each. */
template <int S, int SLOTS, int THREADS, int WK, int ROWS, int WIDTH>
static __device__ __forceinline__ void
loader_step(struct loader<SLOTS> *l, const struct conv_params &p, int column, int pitch)
{
    if (l->left > 0) {
        if (l->chunk == 0)
            halo_aim<S, SLOTS, THREADS>(&l->halo, p, l->group);
        halo_start(&l->halo, p, l->stage, l->chunk * 2 * WK, 2 * WK);
        if (!p.resident)
            weight_start<WIDTH, THREADS>(p, l->stage + 2 * WK * p.plane_bytes,
                                         l->chunk * WK * ROWS, WK * ROWS, column, pitch);
        l->left--;
        if (++l->chunk == p.chunks) {
            l->chunk = 0;
            l->group += (int)gridDim.x;
        }
        l->stage += p.stage_bytes;
        if (l->stage == l->ring_end)
            l->stage = l->ring;
    }
    copy_commit(); /* an empty group too: copy_wait counts them */
}

/* The first slot of output `m` of the CTA, in bytes; slot 0 for outputs that are none. */
template <int S>
static __device__ __forceinline__ int pixel_slot(const struct tiling &t, int m)
{
    int area = t.th * t.tw, u = m / area, r = m - u * area;
    int y = r / t.tw, x = r - y * t.tw;
    return u < t.count ? ((u * t.rows + y * S) * t.pitch + x) * 16 : 0;
}

/* Bytes from a pixel's first slot to its slot for tap (ky, kx). */
template <int S>
static __device__ __forceinline__ int tap_slot(const struct tiling &t, int ky, int kx)
{
    int column = S == 1 ? kx : kx == 1 ? t.tw + 1 : kx / 2;
    return (ky * t.pitch + column) * 16;
}

/*
 * Which tile, row and column output m of a CTA is, in one word: it is the same
 * for every group, and dividing is slow.
 */
#define PLACE_NONE 0xffffffffu
static __device__ __forceinline__ uint32_t pixel_place(const struct tiling &t, int m)
{
    int area = t.th * t.tw, u = m / area, r = m - u * area;
    int y = r / t.tw, x = r - y * t.tw;
    return u < t.count ? (uint32_t)(u << 20 | y << 10 | x) : PLACE_NONE;
}

/* Where that lies in the picture: false if nowhere. */
static __device__ __forceinline__ bool place_pixel(const struct conv_params &p, int group,
                                                   uint32_t place, int *y, int *x)
{
    int u = (int)(place >> 20), tile = group * p.t.count + u;
    int row = divide(tile, p.t.columns, p.t.columns_inverse);
    *y = row * p.t.th + (int)(place >> 10 & 1023);
    *x = (tile - row * p.t.columns) * p.t.tw + (int)(place & 1023);
    return u < p.t.count && tile < p.t.tiles && *y < p.height && *x < p.width;
}

/* --- the host's side ------------------------------------------------------ */

/* One compiled kernel, and how it is to be launched. */
struct conv_variant {
    void (*kernel)(struct conv_params);
    const char *name;
    int bm, bn, threads, wk;
    int stride, slots; /* slots: of a plane, that a thread can copy */
    int per_sm;        /* CTAs of an SM, at most: what the registers allow */
    int resident;      /* keep the weights */
    int weight_chunk;  /* bytes of weights of one chunk of CONV_K, for bn channels */
    int columns;       /* of products: taps times channels, those of use */
};

struct conv_device {
    int sms, shared_cta, shared_sm, major;
};

static inline bool conv_device_get(struct conv_device *d)
{
    int id;
    return cudaGetDevice(&id) == cudaSuccess &&
           cudaDeviceGetAttribute(&d->sms, cudaDevAttrMultiProcessorCount, id) ==
               cudaSuccess &&
           cudaDeviceGetAttribute(&d->shared_cta, cudaDevAttrMaxSharedMemoryPerBlockOptin,
                                  id) == cudaSuccess &&
           cudaDeviceGetAttribute(&d->shared_sm,
                                  cudaDevAttrMaxSharedMemoryPerMultiprocessor,
                                  id) == cudaSuccess &&
           cudaDeviceGetAttribute(&d->major, cudaDevAttrComputeCapabilityMajor, id) ==
               cudaSuccess;
}

/* The stages that fit beside what is resident, 0 if not two, for per_sm CTAs of an SM. */
static inline int conv_stages(const struct conv_variant *v, const struct conv_device *d,
                              const struct conv_params *p, int per_sm, int plane_bytes,
                              int *shared)
{
    int limit = d->shared_sm / per_sm - 1024;
    if (limit > d->shared_cta)
        limit = d->shared_cta;
    limit -= v->bm * 4; /* places */
    int weights = v->resident ? p->chunks * v->wk * v->weight_chunk : 0;
    int stage = v->wk * (2 * plane_bytes + (v->resident ? 0 : v->weight_chunk));
    int sum =
        v->wk > 1 ? v->wk * v->bm * v->bn * 4 : 0; /* the groups' sums, at the end */
    int stages = (limit - weights) / stage;
    if (stages > CONV_STAGES)
        stages = CONV_STAGES;
    if (limit < weights || stages < 2 || sum > limit)
        return 0;
    *shared = weights + stages * stage;
    if (*shared < sum)
        *shared = sum;
    return stages;
}

/*
 * Chooses the tiles: the shape with the least estimated time. Fills p->t,
 * p->plane_bytes, p->stages; returns the estimate in SM cycles, or a negative
 * number if the variant can't run. The estimate of one CTA's tile: the tensor
 * cores at 1024 MAC a cycle, 32 bytes a cycle from L2, whichever is longer, and
 * a little of the other.
 */
static inline double conv_cut(const struct conv_variant *v, const struct conv_device *d,
                              struct conv_params *p, int per_sm, int *shared)
{
    int s = v->stride, n_blocks = p->cout / v->bn;
    double best = -1;
    for (int count = 1; count <= 16; count *= 2) {
        for (int th = 1; th <= 64; th++) {
            for (int tw = count > 1 ? 8 : 2; tw <= 128 && th * tw * count <= v->bm;
                 tw++) {
                struct tiling t = { .th = th, .tw = tw, .count = count };
                int wide = (tw - 1) * s + 3;
                t.rows = (th - 1) * s + 3;
                t.pitch = wide;
                bool conflict = false;
                if (tw % 8 && th > 1) {
                    if (s == 2 && tw % 2)
                        conflict = true;
                    else
                        while ((t.pitch * s - tw) % 8)
                            t.pitch++;
                }
                if (count * t.rows * wide > v->slots * v->threads || wide > 512)
                    continue;
                int plane = tiling_slots(&t) * 16, bytes;
                int stages = conv_stages(v, d, p, per_sm, plane, &bytes);
                if (!stages)
                    continue;
                t.columns = (p->width + tw - 1) / tw;
                t.tiles = (p->height + th - 1) / th * t.columns;
                t.columns_inverse = 1.0f / (float)t.columns;
                t.groups = (t.tiles + count - 1) / count;
                double chunks = (double)p->chunks * v->wk;
                double math = chunks * v->bm * v->columns * 16 / (conflict ? 800 : 1024);
                double load =
                    chunks *
                    (count * t.rows * wide * 32 + (v->resident ? 0 : v->weight_chunk)) /
                    32;
                double rounds = (t.groups * n_blocks + d->sms - 1) / d->sms;
                double cost = rounds * (math > load ? math + load / 4 : load + math / 4);
                if (stages == 2)
                    cost *= 1.05;
                if (best >= 0 && cost >= best)
                    continue;
                best = cost;
                p->t = t;
                p->plane_bytes = plane;
                p->stages = stages;
                p->resident = v->resident;
                p->stage_bytes =
                    v->wk * (2 * plane + (v->resident ? 0 : v->weight_chunk));
                *shared = bytes;
            }
        }
    }
    return best;
}

/*
 * Launches the variant with the least estimate, or the one named by `only`
 * (0..; -1: any). p has all but what depends on the variant; channels is the
 * padded cin.
 */
static inline int conv_launch(const struct conv_variant *table, int variants, int only,
                              struct conv_params *p, int channels, const char *op,
                              void *stream)
{
    struct conv_device d;
    if (!conv_device_get(&d))
        return cuda_launched(op);
    const struct conv_variant *chosen = NULL;
    struct conv_params best = *p;
    int shared = 0, per_sm = 0;
    double least = 0;
    for (int i = 0; i < variants; i++) {
        const struct conv_variant *v = table + i;
        if ((only >= 0 && only != i) || p->cout % v->bn || channels % (CONV_K * v->wk))
            continue;
        for (int n = v->per_sm; n > 0; n--) { /* fewer where shared memory is small */
            struct conv_params q = *p;
            int bytes = 0;
            q.chunks = channels / (CONV_K * v->wk);
            double cost = conv_cut(v, &d, &q, n, &bytes) * (1 + 0.2 * (v->per_sm - n));
            if (cost < 0 || (chosen && cost >= least))
                continue;
            chosen = v;
            best = q;
            least = cost;
            shared = bytes;
            per_sm = n;
        }
    }
    if (!chosen)
        return 1; /* no variant fits: the caller logs it */
    *p = best;
    int n_blocks = p->cout / chosen->bn, x = p->t.groups;
    int most = d.sms * per_sm / n_blocks;
    if (chosen->wk == 1 && x > most)
        x = most;
    cudaFuncSetAttribute((const void *)chosen->kernel,
                         cudaFuncAttributeMaxDynamicSharedMemorySize, shared);
    cudaLaunchAttribute early = {};
    early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    early.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3((unsigned)x, (unsigned)n_blocks);
    config.blockDim = dim3((unsigned)chosen->threads);
    config.dynamicSmemBytes = (size_t)shared;
    config.stream = stream_of(stream);
    config.attrs = &early;
    config.numAttrs = d.major >= 9;
    cudaLaunchKernelEx(&config, chosen->kernel, *p);
    return cuda_launched(op);
}

/* Handles the launcher's result: 1, no variant fits, is a bug of ours. */
static inline int conv_fits(int err, const char *op)
{
    if (err <= 0)
        return err;
    log_error("CUDA: %s has no kernel for this layer on this device", op);
    return RIFEC_ERR_DEVICE;
}

#endif
