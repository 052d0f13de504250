/* thumbnail: box means of the brightness, straight from the planes. */
#include "engine/cpu/cpu.h"
#include "engine/cpu/pixels.h"
#include "model/yuv.h"
#include "rifec/rifec.h"

_Static_assert(THUMB_WIDTH == RIFEC_THUMB_WIDTH && THUMB_HEIGHT == RIFEC_THUMB_HEIGHT,
               "one size inside and out");

/* The pixels of one axis (of `size` in total) that box i of n reads. */
struct box {
    int first, end, step;
};

static struct box box_of(int i, int n, int size)
{
    int first = (int)((int64_t)i * size / n), end = (int)((int64_t)(i + 1) * size / n);
    end = end > first ? end : first + 1;
    int step = (end - first) / 8;
    return (struct box){ first, end, step > 1 ? step : 1 };
}

/* The mean sample value of a component over a box. */
static float mean_code(const struct rifec_frame *f, int c, struct box bx, struct box by)
{
    const struct rifec_component k = f->format.comp[c];
    int64_t sum = 0, count = 0;
    for (int y = by.first; y < by.end; y += by.step) {
        const uint8_t *row = f->data[k.plane] + y * f->stride[k.plane] + k.offset;
        for (int x = bx.first; x < bx.end; x += bx.step) {
            const uint8_t *at = row + x * k.step;
            sum += sample_is_wide(&f->format, c)
                       ? *(const uint16_t *)(const void *)at >> k.shift
                       : *at;
            count++;
        }
    }
    return (float)sum / (float)count;
}

static float brightness(const struct thumbnail_args *a, struct box bx, struct box by)
{
    const struct yuv *k = a->yuv;
    if (a->frame->format.family != RIFEC_FAMILY_RGB)
        return (mean_code(a->frame, 0, bx, by) - k->luma_offset) * k->luma_scale;
    return (0.2126f * mean_code(a->frame, 0, bx, by) +
            0.7152f * mean_code(a->frame, 1, bx, by) +
            0.0722f * mean_code(a->frame, 2, bx, by)) /
           k->code_max;
}

int thumbnail_c(const struct thumbnail_args *a, void *stream)
{
    const struct cpu_stream *s = stream;
#pragma omp parallel for num_threads(s->threads) schedule(static)
    for (int y = 0; y < THUMB_HEIGHT; y++) {
        struct box by = box_of(y, THUMB_HEIGHT, a->frame->height);
        for (int x = 0; x < THUMB_WIDTH; x++) {
            struct box bx = box_of(x, THUMB_WIDTH, a->frame->width);
            float v = brightness(a, bx, by) * 65535;
            a->out[y * THUMB_WIDTH + x] = (uint16_t)round_code(v, 65535);
        }
    }
    return 0;
}
