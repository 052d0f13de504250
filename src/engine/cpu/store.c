/* store: RGB back to the planes of a frame, row by row. */
#include "engine/cpu/cpu.h"
#include "engine/cpu/pixels.h"
#include "model/yuv.h"

static const float *image_row(const struct image *im, int y)
{
    return im->data + (size_t)y * im->width_padded * 4;
}

/* Component 0 of YUV and gray: luma. */
static void store_luma(const struct store_args *a, int y, float *restrict codes)
{
    const struct yuv *k = a->yuv;
    const float *restrict in = image_row(&a->in, y);
    float gain = 1 / k->luma_scale;
    for (int x = 0; x < k->width; x++) {
        float luma = k->kr * in[4 * x] + k->kg * in[4 * x + 1] + k->kb * in[4 * x + 2];
        codes[x] = luma * gain + k->luma_offset;
    }
    write_codes(a->frame, 0, y, k->width, k->code_max, codes);
}

static void store_rgb(const struct store_args *a, int y, float *restrict codes)
{
    const float *restrict in = image_row(&a->in, y);
    for (int c = 0; c < 3; c++) {
        for (int x = 0; x < a->yuv->width; x++)
            codes[x] = in[4 * x + c] * a->yuv->code_max;
        write_codes(a->frame, c, y, a->yuv->width, a->yuv->code_max, codes);
    }
}

static void store_alpha(const struct store_args *a, int y, float *restrict codes)
{
    const float *restrict in = image_row(&a->in, y);
    for (int x = 0; x < a->yuv->width; x++)
        codes[x] = in[4 * x + 3] * a->yuv->code_max;
    write_codes(a->frame, 3, y, a->yuv->width, a->yuv->code_max, codes);
}

/* Chroma row y: RGB is filtered down first, since all of it is linear. */
static void store_chroma(const struct store_args *a, int y, float *restrict scratch)
{
    const struct yuv *k = a->yuv;
    float *restrict sum = scratch, *restrict cb = sum + 4 * k->width;
    float *restrict cr = cb + k->chroma_width;
    for (int j = 0; j < k->y.taps; j++) {
        float w = k->y.down_w[y * k->y.taps + j];
        const float *restrict in = image_row(&a->in, k->y.down_first[y] + j);
        if (j == 0)
            for (int i = 0; i < 4 * k->width; i++)
                sum[i] = w * in[i];
        else if (w != 0)
            for (int i = 0; i < 4 * k->width; i++)
                sum[i] += w * in[i];
    }
    float gain = 1 / k->chroma_scale;
    for (int x = 0; x < k->chroma_width; x++) {
        const float *w = k->x.down_w + x * k->x.taps;
        const float *in = sum + 4 * k->x.down_first[x];
        float rgb[4] = { 0 };
        for (int j = 0; j < k->x.taps; j++)
            for (int c = 0; c < 4; c++)
                rgb[c] += w[j] * in[4 * j + c];
        float luma = k->kr * rgb[0] + k->kg * rgb[1] + k->kb * rgb[2];
        cb[x] = (rgb[2] - luma) * k->to_cb * gain + k->chroma_offset;
        cr[x] = (rgb[0] - luma) * k->to_cr * gain + k->chroma_offset;
    }
    write_codes(a->frame, 1, y, k->chroma_width, k->code_max, cb);
    write_codes(a->frame, 2, y, k->chroma_width, k->code_max, cr);
}

/* A chroma row and its luma rows, so that threads share the work evenly. */
static void store_rows(const struct store_args *a, int group, float *scratch)
{
    const struct yuv *k = a->yuv;
    int rows = 1 << k->format.chroma_h_log2;
    for (int y = group * rows; y < (group + 1) * rows && y < k->height; y++) {
        if (k->format.family == RIFEC_FAMILY_RGB)
            store_rgb(a, y, scratch);
        else
            store_luma(a, y, scratch);
        if (rifec_format_has(&k->format, 3))
            store_alpha(a, y, scratch);
    }
    if (k->format.family == RIFEC_FAMILY_YUV)
        store_chroma(a, group, scratch);
}

int C_NAME(store)(const struct store_args *a, void *stream)
{
    const struct cpu_stream *s = stream;
#pragma omp parallel for num_threads(s->threads) schedule(static)
    for (int group = 0; group < a->yuv->chroma_height; group++)
        store_rows(a, group, cpu_scratch(s));
    return 0;
}
