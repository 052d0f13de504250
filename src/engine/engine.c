/*
 * The public API: validates every argument once, keeps track of what is
 * resident and what is outstanding, and leaves the work to a backend.
 */
#include "rifec/rifec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
        log_error("%dx%d: width and height must be %d to %d", p->width, p->height,
                  RIFEC_SIZE_MIN, RIFEC_SIZE_MAX);
        return RIFEC_ERR_USAGE;
    }
    const char *wrong = yuv_refuses(&p->format, &p->color);
    if (wrong) {
        log_error("frame format: %s", wrong);
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
    if ((unsigned)p->device > RIFEC_DEVICE_CHECK ||
        (unsigned)p->precision > RIFEC_PRECISION_FP16) {
        log_error("unknown device or precision");
        return RIFEC_ERR_USAGE;
    }
    return 0;
}

/* The first that can run here, among those the device allows. */
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
    if (params->device != RIFEC_DEVICE_AUTO)
        return params->device;
    return backend_cuda.probe(params) ? RIFEC_DEVICE_CPU : RIFEC_DEVICE_CUDA;
}

int rifec_open(struct rifec **out, const struct rifec_params *params)
{
    *out = NULL;
    int err = 0;
    struct rifec *e = calloc(1, sizeof *e);
    if (!e)
        return mem_fail("the engine");
    e->params = *params;
    if (e->params.scale == 0)
        e->params.scale = 1;
    TRY(check_params(&e->params));
    if (params->model) {
        e->model_path = malloc(strlen(params->model) + 1);
        if (!e->model_path)
            TRY(mem_fail("a file name"));
        strcpy(e->model_path, params->model);
    }
    e->params.model = e->model_path;
    TRY(choose_backend(&e->params, &e->backend));
    refcache_init(&e->cache, e->backend->slots);
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
    *out = e;
    return 0;
fail:
    rifec_close(&e);
    return err;
}

static int check_frame(const struct rifec *e, const struct rifec_frame *f)
{
    const struct rifec_params *p = &e->params;
    if (f->width != p->width || f->height != p->height) {
        log_error("a frame of %dx%d for an engine of %dx%d", f->width, f->height,
                  p->width, p->height);
        return RIFEC_ERR_USAGE;
    }
    if (memcmp(&f->format, &p->format, sizeof f->format) != 0) {
        log_error("the frame's format is not the one the engine was opened for");
        return RIFEC_ERR_USAGE;
    }
    if (f->memory != RIFEC_MEMORY_HOST && !e->backend->equal) {
        log_error("a frame in CUDA memory for an engine on the %s", e->backend->name);
        return RIFEC_ERR_USAGE;
    }
    for (int c = 0; c < 4; c++) {
        if (rifec_format_has(&f->format, c) && !f->data[f->format.comp[c].plane]) {
            log_error("the frame has no plane %d", f->format.comp[c].plane);
            return RIFEC_ERR_USAGE;
        }
    }
    return 0;
}

int rifec_put(struct rifec *r, int64_t seq, const struct rifec_frame *frame)
{
    int err = check_frame(r, frame);
    if (err < 0)
        return err;
    if (seq <= refcache_newest(&r->cache)) {
        log_error("frame %lld is put after frame %lld: numbers must rise", (long long)seq,
                  (long long)refcache_newest(&r->cache));
        return RIFEC_ERR_USAGE;
    }
    int slot = refcache_evict(&r->cache);
    err = r->backend->put(r, slot, frame);
    if (err < 0)
        return err;
    refcache_set(&r->cache, slot, seq);
    r->info.frames_loaded++;
    return 0;
}

int rifec_thumbnail(struct rifec *r, const struct rifec_frame *frame, uint16_t *luma)
{
    int err = check_frame(r, frame);
    return err < 0 ? err : r->backend->thumbnail(r, frame, luma);
}

int rifec_equal(struct rifec *r, const struct rifec_frame *a, const struct rifec_frame *b,
                bool *equal)
{
    *equal = false;
    int err = check_frame(r, a);
    if (err == 0)
        err = check_frame(r, b);
    if (err < 0 || a->memory != b->memory)
        return err;
    if (a->memory != RIFEC_MEMORY_HOST)
        return r->backend->equal(r, a, b, equal);
    *equal = rifec_frame_equal(a, b);
    return 0;
}

int rifec_interp(struct rifec *r, int64_t seq0, int64_t seq1, float t)
{
    int slot0 = refcache_find(&r->cache, seq0), slot1 = refcache_find(&r->cache, seq1);
    if (slot0 < 0 || slot1 < 0) {
        log_error("frame %lld is not resident", (long long)(slot0 < 0 ? seq0 : seq1));
        return RIFEC_ERR_USAGE;
    }
    if (!(t > 0 && t < 1)) {
        log_error("timestep %g: must be between 0 and 1", (double)t);
        return RIFEC_ERR_USAGE;
    }
    if (r->outstanding == r->info.in_flight) {
        log_error("%d in-betweens are outstanding: take one first", r->outstanding);
        return RIFEC_ERR_USAGE;
    }
    int out = (r->first + r->outstanding) % r->info.in_flight;
    int err = r->backend->interp(r, slot0, slot1, t, out);
    if (err == 0)
        r->outstanding++;
    return err;
}

int rifec_take(struct rifec *r, struct rifec_frame **out)
{
    *out = NULL;
    if (r->outstanding == 0) {
        log_error("no in-between is outstanding");
        return RIFEC_ERR_USAGE;
    }
    int result = r->first;
    r->first = (r->first + 1) % r->info.in_flight;
    r->outstanding--;
    return r->backend->take(r, result, out);
}

const struct rifec_info *rifec_get_info(const struct rifec *r)
{
    return &r->info;
}

void rifec_close(struct rifec **rp)
{
    struct rifec *e = *rp;
    if (!e)
        return;
    if (e->priv)
        e->backend->close(e);
    framepool_close(&e->pool);
    free(e->priv);
    free(e->model_path);
    free(e);
    *rp = NULL;
}
