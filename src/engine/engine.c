/*
 * The public API: validates every argument once, keeps track of resident and outstanding
 * frames, and leaves the work to a backend.
 */
#include "rifec/rifec.h"

#include <stdlib.h>
#include <string.h>

#include "base/argument.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/backend.h"
#include "model/yuv.h"

#define STRING_(x) #x
#define STRING(x)  STRING_(x)

const char *rifec_version(void)
{
    return STRING(RIFEC_VERSION_MAJOR) "." STRING(RIFEC_VERSION_MINOR) "." STRING(
        RIFEC_VERSION_PATCH) " (" RIFEC_FEATURES ")";
}

static int check_params(const struct rifec_params *p)
{
    if (p->width < RIFEC_SIZE_MIN || p->height < RIFEC_SIZE_MIN ||
        p->width > RIFEC_SIZE_MAX || p->height > RIFEC_SIZE_MAX) {
        log_error("a picture of %dx%d: width and height must be %d to %d", p->width,
                  p->height, RIFEC_SIZE_MIN, RIFEC_SIZE_MAX);
        return RIFEC_ERR_USAGE;
    }
    const char *wrong = yuv_refuses(&p->format, &p->color);
    if (wrong) {
        log_error("format and color: %s", wrong);
        return RIFEC_ERR_USAGE;
    }
    if (p->scale != 0.25f && p->scale != 0.5f && p->scale != 1 && p->scale != 2) {
        log_error("scale %g: must be 0.25, 0.5, 1 or 2", (double)p->scale);
        return RIFEC_ERR_USAGE;
    }
    if (p->threads < 0 || p->threads > 1024) {
        log_error("%d threads: must be 1 to 1024, or 0 for one per core", p->threads);
        return RIFEC_ERR_USAGE;
    }
    if (p->tile < -1 || p->tile > RIFEC_SIZE_MAX ||
        (p->tile > 0 && p->tile < RIFEC_TILE_MIN)) {
        log_error("tiles of %d rows: must be %d to %d", p->tile, RIFEC_TILE_MIN,
                  RIFEC_SIZE_MAX);
        return RIFEC_ERR_USAGE;
    }
    if (p->in_flight < 0 || p->in_flight > RIFEC_IN_FLIGHT_MAX) {
        log_error("%d in-betweens in flight: must be 1 to %d", p->in_flight,
                  RIFEC_IN_FLIGHT_MAX);
        return RIFEC_ERR_USAGE;
    }
    if (p->device_index < 0) {
        log_error("device cuda:%d: the number must be 0 or more", p->device_index);
        return RIFEC_ERR_USAGE;
    }
    if ((unsigned)p->device > RIFEC_DEVICE_CHECK) {
        log_error("device %d: must be 0 to %d", (int)p->device, RIFEC_DEVICE_CHECK);
        return RIFEC_ERR_USAGE;
    }
    if ((unsigned)p->precision > RIFEC_PRECISION_TF32) {
        log_error("precision %d: must be 0 to %d", (int)p->precision,
                  RIFEC_PRECISION_TF32);
        return RIFEC_ERR_USAGE;
    }
    if (p->device == RIFEC_DEVICE_CPU && p->precision > RIFEC_PRECISION_FP32) {
        log_error("precision %s: the CPU has FP32 only; use RIFEC_PRECISION_AUTO",
                  rifec_precision_name(p->precision));
        return RIFEC_ERR_USAGE;
    }
    if ((unsigned)p->log_level > RIFEC_LOG_DEBUG) {
        log_error("log_level %d: must be 0 to %d", (int)p->log_level, RIFEC_LOG_DEBUG);
        return RIFEC_ERR_USAGE;
    }
    for (size_t i = 0; i < sizeof p->reserved / sizeof *p->reserved; i++) {
        if (p->reserved[i] != 0) {
            log_error("reserved[%zu] of the parameters is not zero: zero the struct, or "
                      "use the library of the version that this program was built for",
                      i);
            return RIFEC_ERR_USAGE;
        }
    }
    return 0;
}

/*
 * Sends messages to the engine's own callback, if it has one, until log_use(before).
 * An engine inside another one (--device check) has the callback of that one.
 */
static const struct log_sink *enter(const struct rifec *e)
{
    const struct log_sink *before = log_used();
    if (e->log.fn)
        log_use(&e->log);
    return before;
}

/* Returns the first backend that can run here, among those that the device allows. */
static int choose_backend(const struct rifec_params *p, const struct backend **out)
{
    const char *why = backend_cuda.probe(p);
    if (p->device != RIFEC_DEVICE_CPU && !why) {
        *out = p->device == RIFEC_DEVICE_CHECK ? &backend_check : &backend_cuda;
        return 0;
    }
    if (p->device == RIFEC_DEVICE_CUDA || p->device == RIFEC_DEVICE_CHECK) {
        log_error("device %s: %s: use --device cpu or auto",
                  p->device == RIFEC_DEVICE_CUDA ? "cuda" : "check", why);
        return RIFEC_ERR_DEVICE;
    }
    if (p->device == RIFEC_DEVICE_AUTO)
        log_verbose("not on CUDA: %s", why);
    *out = &backend_cpu;
    return 0;
}

enum rifec_device rifec_device_of(const struct rifec_params *params)
{
    if (NOT_NULL(params) < 0)
        return RIFEC_DEVICE_AUTO;
    if ((unsigned)params->device > RIFEC_DEVICE_CHECK || params->device_index < 0) {
        log_error("rifec_device_of: device %d, device_index %d: no such device",
                  (int)params->device, params->device_index);
        return RIFEC_DEVICE_AUTO;
    }
    if (params->device != RIFEC_DEVICE_AUTO)
        return params->device;
    return backend_cuda.probe(params) ? RIFEC_DEVICE_CPU : RIFEC_DEVICE_CUDA;
}

static int open_engine(struct rifec *e)
{
    int err = 0;
    const char *model = e->params.model;
    e->params.model = NULL;
    if (e->params.scale == 0)
        e->params.scale = 1;
    TRY(check_params(&e->params));
    if (model) {
        e->model_path = malloc(strlen(model) + 1);
        if (!e->model_path)
            TRY(mem_fail("a file name"));
        strcpy(e->model_path, model);
    }
    e->params.model = e->model_path;
    TRY(choose_backend(&e->params, &e->backend));
    refcache_init(&e->cache, e->backend->slots);
    e->newest = REFCACHE_EMPTY;
    e->info.backend = e->backend->name;
    e->info.model = e->model_path ? e->model_path : "built-in";
    e->priv = calloc(1, e->backend->priv_size);
    if (!e->priv)
        TRY(mem_fail("the engine"));
    TRY(framepool_open(&e->pool, e->params.width, e->params.height, &e->params.format,
                       &e->params.color));
    TRY(e->backend->open(e));
    log_verbose("engine: %s, %s, model %s, %zu MiB", e->info.device, e->info.precision,
                e->info.model, e->info.memory_bytes >> 20);
fail:
    return err;
}

int rifec_open(struct rifec **out, const struct rifec_params *params)
{
    int err = 0;
    struct rifec *e = NULL;
    TRY(NOT_NULL(out));
    *out = NULL;
    TRY(NOT_NULL(params));
    e = calloc(1, sizeof *e);
    if (!e)
        TRY(mem_fail("the engine"));
    e->params = *params;
    e->log = (struct log_sink){ params->log_level ? params->log_level : RIFEC_LOG_INFO,
                                params->log, params->log_opaque };
    const struct log_sink *before = enter(e);
    err = open_engine(e);
    log_use(before);
    if (err < 0)
        goto fail;
    *out = e;
    return 0;
fail:
    rifec_close(&e);
    return err;
}

/* Checks that planes exist as the format says, with rows as long as the picture is
 * wide. */
static int check_planes(const struct rifec_frame *f, const char *name)
{
    for (int c = 0; c < 4; c++) {
        const struct rifec_component *k = &f->format.comp[c];
        size_t row_bytes;
        int rows, plane = k->plane;
        if (!rifec_format_has(&f->format, c))
            continue;
        if (!f->data[plane]) {
            log_error("%s: data[%d] is NULL, but the format has such a plane", name,
                      plane);
            return RIFEC_ERR_USAGE;
        }
        int err =
            rifec_plane_size(&f->format, f->width, f->height, plane, &row_bytes, &rows);
        if (err < 0)
            return err;
        ptrdiff_t stride = f->stride[plane];
        if ((size_t)(stride < 0 ? -stride : stride) < row_bytes && rows > 1) {
            log_error("%s: stride[%d] is %td bytes, but a row has %zu", name, plane,
                      stride, row_bytes);
            return RIFEC_ERR_USAGE;
        }
        bool is_wide = f->format.depth + k->shift > 8;
        if (is_wide && (((uintptr_t)f->data[plane] | (size_t)stride) & 1) != 0) {
            log_error("%s: data[%d] or stride[%d] is odd, but samples have 16 bits", name,
                      plane, plane);
            return RIFEC_ERR_USAGE;
        }
    }
    return 0;
}

static int check_frame(const struct rifec *e, const struct rifec_frame *f,
                       const char *name)
{
    const struct rifec_params *p = &e->params;
    if (f->width != p->width || f->height != p->height) {
        log_error("%s: %dx%d, but the engine was opened for %dx%d", name, f->width,
                  f->height, p->width, p->height);
        return RIFEC_ERR_USAGE;
    }
    if (memcmp(&f->format, &p->format, sizeof f->format) != 0) {
        log_error("%s: its format is not the one that the engine was opened for", name);
        return RIFEC_ERR_USAGE;
    }
    if ((unsigned)f->memory > RIFEC_MEMORY_CUDA) {
        log_error("%s: memory is %d, but must be RIFEC_MEMORY_HOST or _CUDA", name,
                  (int)f->memory);
        return RIFEC_ERR_USAGE;
    }
    if (f->memory != RIFEC_MEMORY_HOST && !e->backend->equal) {
        log_error("%s: it is in CUDA memory, but the engine runs on the %s", name,
                  e->backend->name);
        return RIFEC_ERR_USAGE;
    }
    for (size_t i = 0; i < sizeof f->reserved / sizeof *f->reserved; i++) {
        if (f->reserved[i] != 0) {
            log_error("%s: reserved[%zu] is not zero: zero the struct", name, i);
            return RIFEC_ERR_USAGE;
        }
    }
    return check_planes(f, name);
}

/* --- in ------------------------------------------------------------------- */

static int put(struct rifec *r, int64_t seq, const struct rifec_frame *frame)
{
    int err = 0;
    TRY(NOT_NULL(frame));
    TRY(check_frame(r, frame, "frame"));
    if (seq == REFCACHE_EMPTY)
        FAIL(RIFEC_ERR_USAGE, "seq: must be above INT64_MIN");
    if (seq <= r->newest)
        FAIL(RIFEC_ERR_USAGE,
             "seq: frame %lld comes after frame %lld, but numbers must increase",
             (long long)seq, (long long)r->newest);
    int slot = refcache_evict(&r->cache);
    TRY(r->backend->put(r, slot, frame));
    refcache_set(&r->cache, slot, seq);
    r->newest = seq;
    r->info.frames_loaded++;
fail:
    return err;
}

int rifec_put(struct rifec *r, int64_t seq, const struct rifec_frame *frame)
{
    if (NOT_NULL(r) < 0)
        return RIFEC_ERR_USAGE;
    const struct log_sink *before = enter(r);
    int err = put(r, seq, frame);
    log_use(before);
    return err;
}

static int thumbnail(struct rifec *r, const struct rifec_frame *frame, uint16_t *luma)
{
    int err = 0;
    TRY(NOT_NULL(frame));
    TRY(NOT_NULL(luma));
    TRY(check_frame(r, frame, "frame"));
    TRY(r->backend->thumbnail(r, frame, luma));
fail:
    return err;
}

int rifec_thumbnail(struct rifec *r, const struct rifec_frame *frame, uint16_t *luma)
{
    if (NOT_NULL(r) < 0)
        return RIFEC_ERR_USAGE;
    const struct log_sink *before = enter(r);
    int err = thumbnail(r, frame, luma);
    log_use(before);
    return err;
}

static int compare(struct rifec *r, const struct rifec_frame *a,
                   const struct rifec_frame *b, bool *equal)
{
    int err = 0;
    TRY(NOT_NULL(equal));
    *equal = false;
    TRY(NOT_NULL(a));
    TRY(NOT_NULL(b));
    TRY(check_frame(r, a, "a"));
    TRY(check_frame(r, b, "b"));
    if (a->memory != b->memory)
        return 0;
    if (a->memory != RIFEC_MEMORY_HOST)
        TRY(r->backend->equal(r, a, b, equal));
    else
        *equal = rifec_frame_equal(a, b);
fail:
    return err;
}

int rifec_equal(struct rifec *r, const struct rifec_frame *a, const struct rifec_frame *b,
                bool *equal)
{
    if (NOT_NULL(r) < 0)
        return RIFEC_ERR_USAGE;
    const struct log_sink *before = enter(r);
    int err = compare(r, a, b, equal);
    log_use(before);
    return err;
}

/* --- between -------------------------------------------------------------- */

static int interp(struct rifec *r, int64_t seq0, int64_t seq1, float t)
{
    int err = 0;
    int slot0 = refcache_find(&r->cache, seq0), slot1 = refcache_find(&r->cache, seq1);
    if (slot0 < 0 || slot1 < 0)
        FAIL(RIFEC_ERR_USAGE, "%s: frame %lld is not resident",
             slot0 < 0 ? "seq0" : "seq1", (long long)(slot0 < 0 ? seq0 : seq1));
    if (!(t > 0 && t < 1))
        FAIL(RIFEC_ERR_USAGE, "t: timestep %g: must be between 0 and 1", (double)t);
    if (r->outstanding == r->info.in_flight)
        FAIL(RIFEC_ERR_USAGE, "%d in-betweens are outstanding: take one first",
             r->outstanding);
    int out = (r->first + r->outstanding) % r->info.in_flight;
    TRY(r->backend->interp(r, slot0, slot1, t, out));
    r->outstanding++;
fail:
    return err;
}

int rifec_interp(struct rifec *r, int64_t seq0, int64_t seq1, float t)
{
    if (NOT_NULL(r) < 0)
        return RIFEC_ERR_USAGE;
    const struct log_sink *before = enter(r);
    int err = interp(r, seq0, seq1, t);
    log_use(before);
    return err;
}

/* --- out ------------------------------------------------------------------ */

/* The oldest outstanding frame: its number in the backend. */
static int next_result(struct rifec *r, int *result)
{
    if (r->outstanding == 0) {
        log_error("no in-between is outstanding");
        return RIFEC_ERR_USAGE;
    }
    *result = r->first;
    r->first = (r->first + 1) % r->info.in_flight;
    r->outstanding--;
    return 0;
}

static int take(struct rifec *r, struct rifec_frame **out)
{
    int err = 0, result;
    TRY(NOT_NULL(out));
    *out = NULL;
    TRY(next_result(r, &result));
    TRY(r->backend->take(r, result, out));
fail:
    return err;
}

int rifec_take(struct rifec *r, struct rifec_frame **out)
{
    if (out)
        *out = NULL;
    if (NOT_NULL(r) < 0)
        return RIFEC_ERR_USAGE;
    const struct log_sink *before = enter(r);
    int err = take(r, out);
    log_use(before);
    return err;
}

static void copy_picture(const struct rifec_frame *from, struct rifec_frame *to)
{
    for (int plane = 0; plane < 4; plane++) {
        size_t bytes;
        int rows;
        if (rifec_plane_size(&from->format, from->width, from->height, plane, &bytes,
                             &rows) < 0)
            return;
        for (int y = 0; y < rows; y++)
            memcpy(to->data[plane] + y * to->stride[plane],
                   from->data[plane] + y * from->stride[plane], bytes);
    }
}

static int take_into(struct rifec *r, struct rifec_frame *frame)
{
    int err = 0, result;
    struct rifec_frame *taken = NULL;
    TRY(NOT_NULL(frame));
    TRY(check_frame(r, frame, "frame"));
    if (frame->memory != RIFEC_MEMORY_HOST)
        FAIL(RIFEC_ERR_USAGE, "frame: rifec_take_into() writes to host memory only");
    TRY(next_result(r, &result));
    if (r->backend->take_into) {
        TRY(r->backend->take_into(r, result, frame));
    } else {
        TRY(r->backend->take(r, result, &taken));
        copy_picture(taken, frame);
    }
fail:
    rifec_frame_free(&taken);
    return err;
}

int rifec_take_into(struct rifec *r, struct rifec_frame *frame)
{
    if (NOT_NULL(r) < 0)
        return RIFEC_ERR_USAGE;
    const struct log_sink *before = enter(r);
    int err = take_into(r, frame);
    log_use(before);
    return err;
}

/* --- end ------------------------------------------------------------------ */

const struct rifec_info *rifec_get_info(const struct rifec *r)
{
    return NOT_NULL(r) < 0 ? NULL : &r->info;
}

void rifec_close(struct rifec **rp)
{
    struct rifec *e = rp ? *rp : NULL;
    if (!e)
        return;
    const struct log_sink *before = enter(e);
    if (e->priv)
        e->backend->close(e);
    framepool_close(&e->pool);
    free(e->priv);
    free(e->model_path);
    log_use(before);
    free(e);
    *rp = NULL;
}
