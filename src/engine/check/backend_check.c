/*
 * --device check: CUDA and the CPU on the same frames. It returns CUDA's frames, and
 * reports at close how far they are from the CPU's.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "engine/backend.h"
#include "engine/check/check.h"

#define CHECK_SLOTS 2 /* neither engine has fewer */

struct check_backend {
    struct check check;
    int64_t next_seq, seq[CHECK_SLOTS]; /* both engines' numbers of the slots' frames */
    struct rifec_frame *result;         /* between interp and take */
    char device[512];
};

static const char *probe(const struct rifec_params *p)
{
    return backend_cuda.probe(p);
}

static int open_both(struct rifec *e)
{
    int err = 0;
    struct check_backend *b = e->priv;
    struct rifec_params tried = e->params, reference = e->params;
    tried.device = RIFEC_DEVICE_CUDA;
    tried.tile = 0;
    reference.device = RIFEC_DEVICE_CPU;
    reference.precision = RIFEC_PRECISION_FP32;
    reference.kernels = NULL;
    TRY(check_open(&b->check, &tried, &reference));
    const struct rifec_info *cuda = rifec_get_info(b->check.tried),
                            *cpu = rifec_get_info(b->check.reference);
    snprintf(b->device, sizeof b->device, "%s beside %s", cuda->device, cpu->device);
    memcpy(e->info.model_sha256, cuda->model_sha256, sizeof e->info.model_sha256);
    e->info.device = b->device;
    e->info.precision = cuda->precision;
    e->info.in_flight = 1;
    e->info.memory_bytes = cuda->memory_bytes + cpu->memory_bytes;
fail:
    return err;
}

static int put(struct rifec *e, int slot, const struct rifec_frame *frame)
{
    struct check_backend *b = e->priv;
    b->seq[slot] = b->next_seq++;
    return check_put(&b->check, b->seq[slot], frame);
}

static int thumbnail(struct rifec *e, const struct rifec_frame *frame, uint16_t *luma)
{
    struct check_backend *b = e->priv;
    return rifec_thumbnail(b->check.reference, frame, luma);
}

static int interp(struct rifec *e, int slot0, int slot1, float t, int out)
{
    (void)out;
    struct check_backend *b = e->priv;
    return check_between(&b->check, b->seq[slot0], b->seq[slot1], t, &b->result);
}

static int take(struct rifec *e, int out, struct rifec_frame **frame)
{
    (void)out;
    struct check_backend *b = e->priv;
    *frame = b->result;
    b->result = NULL;
    return 0;
}

static void close_both(struct rifec *e)
{
    struct check_backend *b = e->priv;
    rifec_frame_free(&b->result);
    check_report(&b->check);
    check_close(&b->check);
}

const struct backend backend_check = {
    .name = "check",
    .priv_size = sizeof(struct check_backend),
    .slots = CHECK_SLOTS,
    .probe = probe,
    .open = open_both,
    .put = put,
    .thumbnail = thumbnail,
    .interp = interp,
    .take = take,
    .close = close_both,
};
