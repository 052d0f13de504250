/*
 * A list of frames, each with a flag that says whether it is in use. Only the owner adds
 * to the list and takes from it; giving back is one store, so no lock is needed. The
 * number of frames in use, plus one for the owner, says when the pool can be freed.
 */
#include "engine/framepool.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

struct pooled {
    struct rifec_frame frame; /* handed out by address */
    struct framepool *pool;
    struct pooled *next;
    atomic_bool taken;
    unsigned char *memory;
};

struct framepool {
    struct rifec_frame model; /* the initial state of every frame; data[] are offsets */
    size_t offset[4], bytes;
    struct framepool_memory memory;
    struct pooled *frames;
    atomic_int users;
};

static void destroy(struct framepool *p)
{
    while (p->frames) {
        struct pooled *f = p->frames;
        p->frames = f->next;
        p->memory.free(f->memory);
        free(f);
    }
    free(p);
}

static void drop_user(struct framepool *p)
{
    if (atomic_fetch_sub(&p->users, 1) == 1)
        destroy(p);
}

static void give_back(struct rifec_frame *frame)
{
    struct pooled *f = frame->opaque;
    struct framepool *p = f->pool; /* f may be taken again after the store */
    atomic_store(&f->taken, false);
    drop_user(p);
}

/* The position of each plane in a frame's memory. */
static int lay_out(struct framepool *p)
{
    int err = 0;
    struct rifec_frame *m = &p->model;
    for (int i = 0; i < 4; i++) {
        size_t row_bytes;
        int rows;
        TRY(rifec_plane_size(&m->format, m->width, m->height, i, &row_bytes, &rows));
        m->stride[i] = (ptrdiff_t)((row_bytes + MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN);
        p->offset[i] = p->bytes;
        p->bytes += (size_t)rows * (size_t)m->stride[i];
    }
fail:
    return err;
}

int framepool_open(struct framepool **out, int width, int height,
                   const struct rifec_format *format, const struct rifec_color *color)
{
    *out = NULL;
    struct framepool *p = calloc(1, sizeof *p);
    if (!p)
        return mem_fail("the frame pool");
    p->model = (struct rifec_frame){
        .width = width, .height = height, .format = *format, .color = *color
    };
    p->memory = (struct framepool_memory){ mem_alloc, mem_free };
    atomic_init(&p->users, 1);
    int err = lay_out(p);
    if (err < 0)
        drop_user(p);
    else
        *out = p;
    return err;
}

void framepool_set_memory(struct framepool *p, struct framepool_memory memory)
{
    p->memory = memory;
}

size_t framepool_layout(const struct framepool *p, struct rifec_frame *model,
                        size_t offset[4])
{
    *model = p->model;
    memcpy(offset, p->offset, sizeof p->offset);
    return p->bytes;
}

static struct pooled *make(struct framepool *p)
{
    struct pooled *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->memory = p->memory.alloc(p->bytes);
    if (!f->memory) {
        free(f);
        return NULL;
    }
    /* Bytes that no component covers are padding, or alpha that counts as opaque. */
    memset(f->memory, 0xff, p->bytes);
    f->pool = p;
    f->next = p->frames;
    p->frames = f;
    return f;
}

int framepool_take(struct framepool *p, struct rifec_frame **out)
{
    struct pooled *f = p->frames;
    *out = NULL;
    while (f && atomic_load(&f->taken))
        f = f->next;
    if (!f)
        f = make(p);
    if (!f) {
        log_error("out of memory: cannot allocate another frame of %zu bytes", p->bytes);
        return RIFEC_ERR_NOMEM;
    }
    f->frame = p->model;
    for (int i = 0; i < 4; i++)
        f->frame.data[i] = p->model.stride[i] ? f->memory + p->offset[i] : NULL;
    f->frame.release = give_back;
    f->frame.opaque = f;
    atomic_store(&f->taken, true);
    atomic_fetch_add(&p->users, 1);
    *out = &f->frame;
    return 0;
}

void framepool_close(struct framepool **p)
{
    if (*p)
        drop_user(*p);
    *p = NULL;
}
