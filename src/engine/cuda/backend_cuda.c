/*
 * The CUDA backend: the only file that knows the order of asynchronous work.
 *
 *     upload     copy, load ► slot ─┐
 *     lane 0                        ├► forward, store ─┐
 *     lane 1                        └► ...             │
 *     download                                         └► copy ► frame
 *     look       thumbnail, equal ► host, before anything else
 *
 * Source frames lie in slots, one in-between is under way in each lane. A frame
 * that is on the device already is loaded from where it is. A stream waits for
 * another by events only:
 *
 *     given            the frame's own stream has made it;       upload, look wait
 *     slot.loaded      the upload stream has filled the slot;    lanes, given wait
 *     lane.computed    the lane has read its slots and written
 *                      its planes;                               upload, download wait
 *     lane.downloaded  the frame is whole;                       take() waits
 *
 * The work of a lane is always the same, except for the slots that it reads and t. So
 * there is one graph for each pair of slots, captured when first needed; t lies in device
 * memory.
 */
#include <stdio.h>
#include <string.h>

#include "base/half.h"
#include "base/mem.h"
#include "engine/backend.h"
#include "engine/cpu/cpu.h"
#include "engine/cuda/cu.h"
#include "engine/cuda/cuda_net.h"
#include "model/yuv.h"

#define CUDA_SLOTS        8
#define STAGES            3 /* uploads that may be pending */
#define IN_FLIGHT_DEFAULT 2

struct slot {
    struct source source;
    cudaEvent_t loaded;
    unsigned readers; /* bit i: lane i has read it since it was loaded */
};

/* A copy of a source frame's planes on its way to the device. */
struct stage {
    unsigned char *host; /* pinned */
    cudaEvent_t copied;  /* host may be written again */
};

struct lane {
    struct cuda_stream stream;
    struct ifnet net;
    struct arena arena; /* on the device */
    float *t, *t_host;  /* on the device; pinned */
    struct rifec_frame planes;
    cudaGraphExec_t graph[CUDA_SLOTS][CUDA_SLOTS];
    cudaEvent_t computed, downloaded;
    struct rifec_frame *result; /* between interp and take */
};

/* Results of the look stream. */
struct seen {
    uint16_t thumb[THUMB_HEIGHT * THUMB_WIDTH];
    int differ;
};

struct cuda_backend {
    int device;
    struct cuda_net net;
    struct yuv yuv, device_yuv;
    cudaStream_t upload, download, look;
    cudaEvent_t given;
    struct slot slots[CUDA_SLOTS];
    struct stage stages[STAGES];
    int next_stage;
    struct lane lanes[RIFEC_IN_FLIGHT_MAX];
    size_t frame_bytes;
    struct rifec_frame staged; /* planes on the device, written by upload */
    void *memory;              /* slots, lanes and planes: one block of the device */
    size_t memory_bytes;
    struct seen *seen, *seen_host; /* on the device; pinned */
    char description[512];
};

/* --- open ----------------------------------------------------------------- */

static const char *cuda_probe(const struct rifec_params *p)
{
    int count = 0, driver = 0;
    cudaError_t e = cudaGetDeviceCount(&count);
    if (e == cudaSuccess && count > 0)
        return p->device_index < count ? NULL : "no device has that number";
    if (e == cudaSuccess)
        return "no CUDA device";
    (void)cudaGetLastError();
    if (cudaDriverGetVersion(&driver) == cudaSuccess && driver == 0)
        return "no NVIDIA driver";
    return cudaGetErrorString(e);
}

static void *pinned_alloc(size_t bytes)
{
    void *p = NULL;
    return cudaMallocHost(&p, bytes) == cudaSuccess ? p : NULL;
}

static void pinned_free(void *p)
{
    cudaFreeHost(p);
}

/* Returns the type that distinguishes every sample value: FP16 does not for chroma of
 * 9 bits and more (docs/numerics.md). */
static enum dtype images_dtype(const struct rifec_params *p)
{
    return p->precision == RIFEC_PRECISION_FP16 && p->format.depth == 8 ? DTYPE_FP16
                                                                        : DTYPE_FP32;
}

/* Positions in the block of device memory. */
struct places {
    size_t slot[CUDA_SLOTS], lane[RIFEC_IN_FLIGHT_MAX], planes[RIFEC_IN_FLIGHT_MAX];
    size_t workspace[RIFEC_IN_FLIGHT_MAX];
    size_t t, staged, tables, seen;
};

static void plan_memory(struct rifec *e, struct places *at)
{
    struct cuda_backend *b = e->priv;
    const struct rifec_params *p = &e->params;
    struct arena all = { 0 };
    for (int i = 0; i < e->info.in_flight; i++)
        cuda_net_plan(&b->net, p, &b->lanes[i].net, &b->lanes[i].arena);
    /* These come first, because textures need an alignment of 512 bytes, which slots
     * have. */
    size_t image_bytes = ifnet_image_bytes(&b->lanes[0].net);
    for (int i = 0; i < CUDA_SLOTS; i++)
        at->slot[i] = arena_reserve(&all, images_dtype(p) == DTYPE_FP16 ? image_bytes / 2
                                                                        : image_bytes);
    for (int i = 0; i < e->info.in_flight; i++) {
        at->lane[i] = arena_reserve(&all, b->lanes[i].arena.bytes);
        at->planes[i] = arena_reserve(&all, b->frame_bytes);
        at->workspace[i] = arena_reserve(&all, b->net.workspace_bytes);
    }
    at->staged = arena_reserve(&all, b->frame_bytes);
    at->tables = arena_reserve(&all, b->yuv.table_bytes);
    at->seen = arena_reserve(&all, sizeof *b->seen);
    at->t = arena_reserve(&all, RIFEC_IN_FLIGHT_MAX * sizeof(float));
    b->memory_bytes = all.bytes;
}

static int allocate(struct cuda_backend *b, const struct rifec_params *p)
{
    int err = 0;
    size_t free_bytes, total_bytes;
    CU(cudaMemGetInfo(&free_bytes, &total_bytes));
    log_verbose("%dx%d needs %zu MiB of device memory, %zu MiB are free", p->width,
                p->height, b->memory_bytes >> 20, free_bytes >> 20);
    if (b->memory_bytes > free_bytes)
        FAIL(RIFEC_ERR_NOMEM,
             "%dx%d needs %zu MiB of device memory and %zu MiB are free: try --in-flight "
             "1, "
             "--scale 0.5 or --device cpu",
             p->width, p->height, b->memory_bytes >> 20, free_bytes >> 20);
    CU(cudaMalloc(&b->memory, b->memory_bytes));
    /* Sets the bytes of a frame that no component covers: padding, or opaque alpha. */
    CU(cudaMemsetAsync(b->memory, 0xff, b->memory_bytes, b->upload));
fail:
    return err;
}

static struct rifec_frame planes_at(const struct framepool *pool, unsigned char *at)
{
    struct rifec_frame f;
    size_t offset[4];
    framepool_layout(pool, &f, offset);
    for (int i = 0; i < 4; i++)
        f.data[i] = f.stride[i] ? at + offset[i] : NULL;
    return f;
}

static int open_lane(struct rifec *e, struct lane *l)
{
    int err = 0;
    struct cuda_backend *b = e->priv;
    l->net.weights = &b->net.weights;
    l->net.ops = &b->net.ops;
    ifnet_bind(&l->net, &l->arena);
    CU(cudaStreamCreateWithFlags(&l->stream.stream, cudaStreamNonBlocking));
    CU(cudaEventCreateWithFlags(&l->computed, cudaEventDisableTiming));
    CU(cudaEventCreateWithFlags(&l->downloaded,
                                cudaEventDisableTiming | cudaEventBlockingSync));
    CU(cudaMallocHost((void **)&l->t_host, sizeof(float)));
fail:
    return err;
}

static int bind_memory(struct rifec *e, const struct places *at)
{
    int err = 0;
    struct cuda_backend *b = e->priv;
    unsigned char *base = b->memory;
    for (int i = 0; i < e->info.in_flight; i++) {
        struct lane *l = &b->lanes[i];
        l->arena.base = base + at->lane[i];
        l->stream.workspace = base + at->workspace[i];
        l->stream.workspace_bytes = b->net.workspace_bytes;
        l->planes = planes_at(e->pool, base + at->planes[i]);
        l->t = (float *)(void *)(base + at->t) + i;
        TRY(open_lane(e, l));
    }
    bool all_textured = true;
    for (int i = 0; i < CUDA_SLOTS; i++) {
        struct slot *s = &b->slots[i];
        s->source.image =
            ifnet_image(&b->lanes[0].net, (float *)(void *)(base + at->slot[i]));
        s->source.image.dtype = images_dtype(&e->params);
        image_texture_open(&s->source.image);
        all_textured = all_textured && s->source.image.texture;
        CU(cudaEventCreateWithFlags(&s->loaded, cudaEventDisableTiming));
    }
    /* All slots or none have a texture, because the choice of kernels must not depend
     * on the slot. */
    for (int i = 0; !all_textured && i < CUDA_SLOTS; i++)
        image_texture_close(&b->slots[i].source.image);
    for (int i = 0; i < STAGES; i++) {
        CU(cudaMallocHost((void **)&b->stages[i].host, b->frame_bytes));
        CU(cudaEventCreateWithFlags(&b->stages[i].copied,
                                    cudaEventDisableTiming | cudaEventBlockingSync));
    }
    b->staged = planes_at(e->pool, base + at->staged);
    b->seen = (struct seen *)(void *)(base + at->seen);
    CU(cudaMallocHost((void **)&b->seen_host, sizeof *b->seen_host));
    b->device_yuv = yuv_moved(&b->yuv, base + at->tables);
    CU(cudaMemcpyAsync(base + at->tables, b->yuv.tables, b->yuv.table_bytes,
                       cudaMemcpyHostToDevice, b->upload));
fail:
    return err;
}

static int describe(struct rifec *e, const struct cudaDeviceProp *prop)
{
    struct cuda_backend *b = e->priv;
    snprintf(b->description, sizeof b->description, "%s, %s, %d in flight%s", prop->name,
             b->net.description, e->info.in_flight,
             e->params.no_graph ? ", no graphs" : "");
    memcpy(e->info.model_sha256, b->net.weights.sha256, sizeof e->info.model_sha256);
    e->info.device = b->description;
    e->info.precision = dtype_key(b->net.dtype);
    e->info.memory_bytes = b->memory_bytes + b->net.packed_bytes;
    return 0;
}

static int cuda_open(struct rifec *e)
{
    int err = 0;
    struct cuda_backend *b = e->priv;
    struct rifec_params *p = &e->params;
    struct cudaDeviceProp prop;
    struct rifec_frame unused;
    struct places at;
    size_t offset[4];
    if (p->precision == RIFEC_PRECISION_AUTO)
        p->precision = RIFEC_PRECISION_FP16;
    if (p->tile > 0)
        log_warning("--tile has no effect on CUDA, which processes the whole picture at "
                    "once");
    e->info.in_flight = p->in_flight ? p->in_flight : IN_FLIGHT_DEFAULT;
    framepool_set_memory(e->pool, (struct framepool_memory){ pinned_alloc, pinned_free });
    b->frame_bytes = framepool_layout(e->pool, &unused, offset);
    b->device = p->device_index;
    CU(cudaSetDevice(b->device));
    CU(cudaGetDeviceProperties(&prop, b->device));
    TRY(cuda_net_open(&b->net, p, prop.major * 10 + prop.minor));
    TRY(yuv_open(&b->yuv, p->width, p->height, &p->format, &p->color));
    plan_memory(e, &at);
    CU(cudaStreamCreateWithFlags(&b->upload, cudaStreamNonBlocking));
    TRY(allocate(b, p));
    CU(cudaStreamCreateWithFlags(&b->download, cudaStreamNonBlocking));
    int least, greatest;
    CU(cudaDeviceGetStreamPriorityRange(&least, &greatest));
    CU(cudaStreamCreateWithPriority(&b->look, cudaStreamNonBlocking, greatest));
    CU(cudaEventCreateWithFlags(&b->given, cudaEventDisableTiming));
    TRY(bind_memory(e, &at));
    CU(cudaStreamSynchronize(b->upload));
    TRY(describe(e, &prop));
fail:
    return err;
}

/* --- in ------------------------------------------------------------------- */

/* Copies the rows of every plane to the pool's layout. */
static int copy_planes(const struct rifec_frame *from, const struct rifec_frame *model,
                       const size_t offset[4], unsigned char *to)
{
    int err = 0;
    for (int i = 0; i < 4; i++) {
        size_t bytes;
        int rows;
        TRY(rifec_plane_size(&from->format, from->width, from->height, i, &bytes, &rows));
        for (int y = 0; y < rows; y++)
            memcpy(to + offset[i] + y * model->stride[i],
                   from->data[i] + y * from->stride[i], bytes);
    }
fail:
    return err;
}

/* Copies the frame's planes to b->staged, in the order of the upload stream. */
static int stage_frame(struct rifec *e, const struct rifec_frame *frame)
{
    int err = 0;
    struct cuda_backend *b = e->priv;
    struct stage *stage = &b->stages[b->next_stage];
    struct rifec_frame model;
    size_t offset[4];
    framepool_layout(e->pool, &model, offset);
    CU(cudaEventSynchronize(stage->copied));
    TRY(copy_planes(frame, &model, offset, stage->host));
    CU(cudaMemcpyAsync(b->staged.data[0], stage->host, b->frame_bytes,
                       cudaMemcpyHostToDevice, b->upload));
    CU(cudaEventRecord(stage->copied, b->upload));
    b->next_stage = (b->next_stage + 1) % STAGES;
fail:
    return err;
}

/* Waits for the frame's own stream, which makes a frame on the device. */
static int wait_for_frame(struct cuda_backend *b, cudaStream_t reader,
                          const struct rifec_frame *frame)
{
    int err = 0;
    CU(cudaEventRecord(b->given, frame->stream));
    CU(cudaStreamWaitEvent(reader, b->given, 0));
fail:
    return err;
}

static int cuda_put(struct rifec *e, int slot, const struct rifec_frame *frame)
{
    int err = 0;
    struct cuda_backend *b = e->priv;
    struct slot *s = &b->slots[slot];
    bool on_device = frame->memory == RIFEC_MEMORY_CUDA;
    CU(cudaSetDevice(b->device));
    if (on_device)
        TRY(wait_for_frame(b, b->upload, frame));
    else
        TRY(stage_frame(e, frame));
    for (int i = 0; i < e->info.in_flight; i++)
        if (s->readers & 1u << i)
            CU(cudaStreamWaitEvent(b->upload, b->lanes[i].computed, 0));
    s->readers = 0;
    TRY(b->net.ops.load(&(struct load_args){ on_device ? frame : &b->staged,
                                             &b->device_yuv, s->source.image },
                        &(struct cuda_stream){ .stream = b->upload }));
    CU(cudaEventRecord(s->loaded, b->upload));
    if (on_device)
        CU(cudaStreamWaitEvent(frame->stream, s->loaded, 0));
fail:
    return err;
}

/* --- looking -------------------------------------------------------------- */

/* Waits for the work of the look stream, and fetches its results. */
static int fetch_seen(struct cuda_backend *b)
{
    int err = 0;
    CU(cudaMemcpyAsync(b->seen_host, b->seen, sizeof *b->seen, cudaMemcpyDeviceToHost,
                       b->look));
    CU(cudaStreamSynchronize(b->look));
fail:
    return err;
}

static int cuda_thumbnail(struct rifec *e, const struct rifec_frame *frame,
                          uint16_t *luma)
{
    int err = 0;
    struct cuda_backend *b = e->priv;
    if (frame->memory == RIFEC_MEMORY_HOST) /* less work there */
        return thumbnail_c(&(struct thumbnail_args){ frame, &b->yuv, luma },
                           &(struct cpu_stream){ .threads = 1 });
    CU(cudaSetDevice(b->device));
    TRY(wait_for_frame(b, b->look, frame));
    TRY(b->net.ops.thumbnail(
        &(struct thumbnail_args){ frame, &b->device_yuv, b->seen->thumb },
        &(struct cuda_stream){ .stream = b->look }));
    TRY(fetch_seen(b));
    memcpy(luma, b->seen_host->thumb, sizeof b->seen_host->thumb);
fail:
    return err;
}

static int cuda_equal(struct rifec *e, const struct rifec_frame *x,
                      const struct rifec_frame *y, bool *equal)
{
    int err = 0;
    struct cuda_backend *b = e->priv;
    CU(cudaSetDevice(b->device));
    TRY(wait_for_frame(b, b->look, x));
    TRY(wait_for_frame(b, b->look, y));
    CU(cudaMemsetAsync(&b->seen->differ, 0, sizeof b->seen->differ, b->look));
    TRY(equal_cuda(x, y, &b->seen->differ, &(struct cuda_stream){ .stream = b->look }));
    TRY(fetch_seen(b));
    *equal = !b->seen_host->differ;
fail:
    return err;
}

/* --- through -------------------------------------------------------------- */

/* Queues the network and the conversion to the lane's planes, in the lane's stream. */
static int enqueue(const struct rifec *e, struct lane *l, int slot0, int slot1)
{
    const struct cuda_backend *b = e->priv;
    struct ifnet_task task = { .source0 = b->slots[slot0].source,
                               .source1 = b->slots[slot1].source,
                               .t = l->t,
                               .yuv = &b->device_yuv,
                               .frame = &l->planes,
                               .keep_levels = e->keep_levels };
    return ifnet_forward(&l->net, &task, &l->stream);
}

static int capture(const struct rifec *e, struct lane *l, int slot0, int slot1)
{
    int err = 0;
    cudaGraph_t graph = NULL;
    CU(cudaStreamBeginCapture(l->stream.stream, cudaStreamCaptureModeThreadLocal));
    err = enqueue(e, l, slot0, slot1);
    cudaError_t end = cudaStreamEndCapture(l->stream.stream, &graph);
    if (err < 0)
        goto fail;
    CU(end);
    CU(cudaGraphInstantiate(&l->graph[slot0][slot1], graph, 0));
fail:
    if (graph)
        cudaGraphDestroy(graph);
    return err;
}

static int cuda_interp(struct rifec *e, int slot0, int slot1, float t, int out)
{
    int err = 0;
    struct cuda_backend *b = e->priv;
    struct lane *l = &b->lanes[out];
    cudaStream_t stream = l->stream.stream;
    CU(cudaSetDevice(b->device));
    TRY(framepool_take(e->pool, &l->result));
    *l->t_host = t;
    CU(cudaMemcpyAsync(l->t, l->t_host, sizeof t, cudaMemcpyHostToDevice, stream));
    CU(cudaStreamWaitEvent(stream, b->slots[slot0].loaded, 0));
    CU(cudaStreamWaitEvent(stream, b->slots[slot1].loaded, 0));
    if (e->params.no_graph) {
        TRY(enqueue(e, l, slot0, slot1));
    } else {
        if (!l->graph[slot0][slot1])
            TRY(capture(e, l, slot0, slot1));
        CU(cudaGraphLaunch(l->graph[slot0][slot1], stream));
    }
    CU(cudaEventRecord(l->computed, stream));
    b->slots[slot0].readers |= 1u << out;
    b->slots[slot1].readers |= 1u << out;
    CU(cudaStreamWaitEvent(b->download, l->computed, 0));
    CU(cudaMemcpyAsync(l->result->data[0], l->planes.data[0], b->frame_bytes,
                       cudaMemcpyDeviceToHost, b->download));
    CU(cudaEventRecord(l->downloaded, b->download));
    return 0;
fail:
    rifec_frame_free(&l->result);
    return err;
}

/* --- out ------------------------------------------------------------------ */

static int cuda_take(struct rifec *e, int out, struct rifec_frame **frame)
{
    int err = 0;
    struct cuda_backend *b = e->priv;
    struct lane *l = &b->lanes[out];
    CU(cudaSetDevice(b->device));
    CU(cudaEventSynchronize(l->downloaded));
    *frame = l->result;
    l->result = NULL;
    return 0;
fail:
    rifec_frame_free(&l->result);
    return err;
}

/* Copies n numbers from the device, converted to FP32. */
static int fetch(float *to, const void *from, size_t n, enum dtype dtype)
{
    int err = 0;
    uint16_t *half = (uint16_t *)to + n; /* upper half: can be widened in place */
    if (dtype != DTYPE_FP16) {
        CU(cudaMemcpy(to, from, n * sizeof *to, cudaMemcpyDeviceToHost));
        return 0;
    }
    CU(cudaMemcpy(half, from, n * sizeof *half, cudaMemcpyDeviceToHost));
    for (size_t i = 0; i < n; i++)
        to[i] = half_to_float(half[i]);
fail:
    return err;
}

static int cuda_level(struct rifec *e, int block, struct level *out)
{
    int err = 0;
    struct cuda_backend *b = e->priv;
    struct lane *lane = &b->lanes[0];
    const struct level *l = &lane->net.level[block];
    if (block >= lane->net.network->block_count)
        return 1;
    size_t pixels = (size_t)l->width * (size_t)l->height;
    float *flow = out->flow, *mask = out->mask;
    CU(cudaSetDevice(b->device));
    if (flow && mask) {
        CU(cudaStreamSynchronize(lane->stream.stream));
        TRY(fetch(flow, l->flow, 4 * pixels, l->dtype));
        TRY(fetch(mask, l->mask, pixels, l->dtype));
    }
    *out = *l;
    out->dtype = DTYPE_FP32;
    out->flow = flow;
    out->mask = mask;
fail:
    return err;
}

static void close_lane(struct lane *l)
{
    if (l->stream.stream)
        cudaStreamSynchronize(l->stream.stream);
    rifec_frame_free(&l->result);
    for (int i = 0; i < CUDA_SLOTS; i++)
        for (int j = 0; j < CUDA_SLOTS; j++)
            if (l->graph[i][j])
                cudaGraphExecDestroy(l->graph[i][j]);
    if (l->computed)
        cudaEventDestroy(l->computed);
    if (l->downloaded)
        cudaEventDestroy(l->downloaded);
    if (l->stream.stream)
        cudaStreamDestroy(l->stream.stream);
    cudaFreeHost(l->t_host);
}

static void cuda_close(struct rifec *e)
{
    struct cuda_backend *b = e->priv;
    cudaSetDevice(b->device);
    /* Only our streams, not the whole device: that would disturb a capture of another
     * engine. */
    cudaStream_t streams[] = { b->upload, b->download, b->look };
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
        if (streams[i])
            cudaStreamSynchronize(streams[i]);
    for (int i = 0; i < RIFEC_IN_FLIGHT_MAX; i++)
        close_lane(&b->lanes[i]);
    for (int i = 0; i < CUDA_SLOTS; i++) {
        image_texture_close(&b->slots[i].source.image);
        if (b->slots[i].loaded)
            cudaEventDestroy(b->slots[i].loaded);
    }
    for (int i = 0; i < STAGES; i++) {
        if (b->stages[i].copied)
            cudaEventDestroy(b->stages[i].copied);
        cudaFreeHost(b->stages[i].host);
    }
    if (b->upload)
        cudaStreamDestroy(b->upload);
    if (b->download)
        cudaStreamDestroy(b->download);
    if (b->look)
        cudaStreamDestroy(b->look);
    if (b->given)
        cudaEventDestroy(b->given);
    cudaFreeHost(b->seen_host);
    cudaFree(b->memory);
    cuda_net_close(&b->net);
    yuv_close(&b->yuv);
}

const struct backend backend_cuda = {
    .name = "cuda",
    .priv_size = sizeof(struct cuda_backend),
    .slots = CUDA_SLOTS,
    .probe = cuda_probe,
    .open = cuda_open,
    .put = cuda_put,
    .thumbnail = cuda_thumbnail,
    .equal = cuda_equal,
    .interp = cuda_interp,
    .take = cuda_take,
    .level = cuda_level,
    .close = cuda_close,
};
