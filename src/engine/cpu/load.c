/* load: planes of a frame to padded RGB, row by row. */
#include <string.h>

#include "engine/cpu/cpu.h"
#include "engine/cpu/pixels.h"
#include "model/yuv.h"

/* Row y of chroma component c at luma resolution, as numbers; tmp is two chroma rows. */
static void chroma_row(const struct load_args *a, int c, int y, float *restrict out,
                       float *restrict tmp)
{
    const struct yuv *yuv = a->yuv;
    int n = yuv->chroma_width;
    float *restrict lo = tmp, *restrict hi = tmp + n;
    float f = yuv->y.up_f[y], offset = yuv->chroma_offset, scale = yuv->chroma_scale;
    read_codes(a->frame, c, yuv->y.up_lo[y], n, lo);
    if (f != 0) {
        read_codes(a->frame, c, yuv->y.up_hi[y], n, hi);
        for (int i = 0; i < n; i++)
            lo[i] += (hi[i] - lo[i]) * f;
    }
    for (int i = 0; i < n; i++)
        lo[i] = (lo[i] - offset) * scale;
    const int *up_lo = yuv->x.up_lo, *up_hi = yuv->x.up_hi;
    const float *up_f = yuv->x.up_f;
    if (n == yuv->width)
        memcpy(out, lo, (size_t)n * sizeof *out);
    else
        for (int x = 0; x < yuv->width; x++)
            out[x] = lo[up_lo[x]] + (lo[up_hi[x]] - lo[up_lo[x]]) * up_f[x];
}

static void interleave(const float *restrict r, const float *restrict g,
                       const float *restrict b, const float *restrict alpha, int n,
                       float *restrict out)
{
    for (int x = 0; x < n; x++) {
        out[4 * x] = r[x];
        out[4 * x + 1] = g[x];
        out[4 * x + 2] = b[x];
        out[4 * x + 3] = alpha[x];
    }
}

/* Alpha always has full range; it is zero if the frame has none. */
static void alpha_row(const struct load_args *a, int y, float *restrict out)
{
    int n = a->yuv->width;
    float scale = 1 / a->yuv->code_max;
    if (!rifec_format_has(&a->yuv->format, 3)) {
        memset(out, 0, (size_t)n * sizeof *out);
        return;
    }
    read_codes(a->frame, 3, y, n, out);
    for (int x = 0; x < n; x++)
        out[x] *= scale;
}

/* From column `from` on: no colour, and the alpha of the picture's nearest pixel. */
static void pad_row(const struct load_args *a, const float *restrict alpha, int from,
                    float *restrict out)
{
    int last = a->yuv->width - 1;
    memset(out + 4 * (size_t)from, 0,
           (size_t)(a->out.width_padded - from) * 4 * sizeof *out);
    for (int x = from; x < a->out.width_padded; x++)
        out[4 * x + 3] = alpha[x < last ? x : last];
}

static void load_one_row(const struct load_args *a, int y, float *scratch)
{
    const struct yuv *yuv = a->yuv;
    int n = yuv->width;
    float *out = a->out.data + (size_t)y * a->out.width_padded * 4;
    float *restrict p = scratch, *restrict q = p + n, *restrict r = q + n;
    float *restrict alpha = r + n, *tmp = alpha + n;
    float offset = yuv->luma_offset, scale = yuv->luma_scale;
    alpha_row(a, y, alpha);
    read_codes(a->frame, 0, y, n, p);
    for (int x = 0; x < n; x++)
        p[x] = (p[x] - offset) * scale;
    switch (yuv->format.family) {
    case RIFEC_FAMILY_GRAY:
        interleave(p, p, p, alpha, n, out);
        break;
    case RIFEC_FAMILY_RGB:
        read_codes(a->frame, 1, y, n, q);
        read_codes(a->frame, 2, y, n, r);
        for (int x = 0; x < n; x++) {
            q[x] = (q[x] - offset) * scale;
            r[x] = (r[x] - offset) * scale;
        }
        interleave(p, q, r, alpha, n, out);
        break;
    default:
        chroma_row(a, 1, y, q, tmp);
        chroma_row(a, 2, y, r, tmp);
        for (int x = 0; x < n; x++) { /* p, q, r: from Y, Cb, Cr to R, G, B */
            float luma = p[x], cb = q[x], cr = r[x];
            p[x] = luma + yuv->cr_to_r * cr;
            q[x] = luma + yuv->cb_to_g * cb + yuv->cr_to_g * cr;
            r[x] = luma + yuv->cb_to_b * cb;
        }
        interleave(p, q, r, alpha, n, out);
    }
    pad_row(a, alpha, n, out);
}

/* Rows below the picture. */
static void load_padding_row(const struct load_args *a, int y, float *scratch)
{
    alpha_row(a, a->out.height - 1, scratch);
    pad_row(a, scratch, 0, a->out.data + (size_t)y * a->out.width_padded * 4);
}

int C_NAME(load)(const struct load_args *a, void *stream)
{
    const struct cpu_stream *s = stream;
#pragma omp parallel for num_threads(s->threads) schedule(static)
    for (int y = 0; y < a->out.height_padded; y++) {
        if (y < a->out.height)
            load_one_row(a, y, cpu_scratch(s));
        else
            load_padding_row(a, y, cpu_scratch(s));
    }
    return 0;
}
