/* Makes the tables of yuv.h: ranges, matrices, chroma filters. */
#include "model/yuv.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

static bool matrix_weights(enum rifec_matrix matrix, double *kr, double *kb)
{
    switch ((int)matrix) {
    case RIFEC_MATRIX_BT709:
        *kr = 0.2126, *kb = 0.0722;
        return true;
    case RIFEC_MATRIX_FCC:
        *kr = 0.30, *kb = 0.11;
        return true;
    case 5: /* BT.470BG: as BT.601 */
    case RIFEC_MATRIX_BT601:
        *kr = 0.299, *kb = 0.114;
        return true;
    case RIFEC_MATRIX_SMPTE240M:
        *kr = 0.212, *kb = 0.087;
        return true;
    case RIFEC_MATRIX_BT2020_NCL:
        *kr = 0.2627, *kb = 0.0593;
        return true;
    default:
        return false;
    }
}

const char *yuv_refuses(const struct rifec_format *f, const struct rifec_color *c)
{
    if (f->family < RIFEC_FAMILY_GRAY || f->family > RIFEC_FAMILY_RGB)
        return "unknown colour family";
    if (f->depth < 8 || f->depth > 16)
        return "depth is not 8..16 bits";
    int bytes = 1;
    for (int i = 0; i < 4; i++) {
        if (!rifec_format_has(f, i))
            continue;
        if (f->comp[i].shift + f->depth > 16)
            return "samples have more than 16 bits";
        if (f->comp[i].shift + f->depth > 8)
            bytes = 2;
        if (f->comp[i].plane > 3)
            return "a component lies in a plane beyond the fourth";
        if (f->comp[i].step < bytes)
            return "samples of a component overlap";
        if (bytes == 2 && (f->comp[i].step | f->comp[i].offset) & 1)
            return "16-bit samples are not aligned";
    }
    if (f->family != RIFEC_FAMILY_YUV && (f->chroma_w_log2 || f->chroma_h_log2))
        return "only YUV can have subsampled chroma";
    if (f->chroma_w_log2 > 2 || f->chroma_h_log2 > 2)
        return "chroma is subsampled by more than 4";
    if (f->family == RIFEC_FAMILY_RGB)
        return NULL;
    if (c->range != RIFEC_RANGE_LIMITED && c->range != RIFEC_RANGE_FULL)
        return "colour range is not set";
    if (f->family == RIFEC_FAMILY_GRAY)
        return NULL;
    double kr, kb;
    if (!matrix_weights(c->matrix, &kr, &kb))
        return "matrix coefficients are not set, or none we know";
    if ((f->chroma_w_log2 || f->chroma_h_log2) &&
        (c->chroma_loc < RIFEC_CHROMA_LEFT || c->chroma_loc > RIFEC_CHROMA_BOTTOM))
        return "chroma location is not set";
    return NULL;
}

/* Where the first chroma sample lies, in luma samples. */
static void chroma_offsets(const struct rifec_format *f, enum rifec_chroma_loc loc,
                           double *x, double *y)
{
    double last_x = (1 << f->chroma_w_log2) - 1, last_y = (1 << f->chroma_h_log2) - 1;
    bool left = loc == RIFEC_CHROMA_LEFT || loc == RIFEC_CHROMA_TOPLEFT ||
                loc == RIFEC_CHROMA_BOTTOMLEFT;
    bool top = loc == RIFEC_CHROMA_TOPLEFT || loc == RIFEC_CHROMA_TOP;
    bool bottom = loc == RIFEC_CHROMA_BOTTOMLEFT || loc == RIFEC_CHROMA_BOTTOM;
    *x = left ? 0 : last_x / 2;
    *y = top ? 0 : bottom ? last_y : last_y / 2;
}

/* Weight of chroma sample k in the interpolated value at luma sample i. */
static double up_weight(const struct chroma_axis *a, int i, int k)
{
    return (a->up_lo[i] == k ? 1.0 - a->up_f[i] : 0.0) +
           (a->up_hi[i] == k ? (double)a->up_f[i] : 0.0);
}

/*
 * The least-norm w[n] over luma samples first .. first + n - 1 with
 * sum_i w[i] * up_weight(i, j) == (j == k) for every chroma sample j they
 * touch: w = U (U'U)^-1 e_k, solved by elimination (at most 5 unknowns).
 */
static void invert_interpolation(const struct chroma_axis *a, int k, int first, int n,
                                 double *w)
{
    int j0 = a->up_lo[first], m = a->up_hi[first + n - 1] - j0 + 1;
    double g[CHROMA_TAPS_MAX][CHROMA_TAPS_MAX + 1] = { 0 };
    for (int r = 0; r < m; r++) {
        for (int c = 0; c < m; c++)
            for (int i = first; i < first + n; i++)
                g[r][c] += up_weight(a, i, j0 + r) * up_weight(a, i, j0 + c);
        g[r][m] = j0 + r == k;
    }
    for (int p = 0; p < m; p++) { /* symmetric, positive definite: no pivoting */
        for (int r = 0; r < m; r++) {
            double q = r != p ? g[r][p] / g[p][p] : 0;
            for (int c = p; c <= m && q != 0; c++)
                g[r][c] -= q * g[p][c];
        }
    }
    for (int i = 0; i < n; i++) {
        w[i] = 0;
        for (int r = 0; r < m; r++)
            w[i] += up_weight(a, first + i, j0 + r) * g[r][m] / g[r][r];
    }
}

static int clamp_index(int i, int n)
{
    return i < 0 ? 0 : i < n ? i : n - 1;
}

static void fill_axis(struct chroma_axis *a, double factor, double offset)
{
    for (int i = 0; i < a->luma; i++) {
        double at = (i - offset) / factor;
        double lo = floor(at);
        a->up_lo[i] = clamp_index((int)lo, a->chroma);
        a->up_hi[i] = clamp_index((int)lo + 1, a->chroma);
        a->up_f[i] = (float)(at - lo); /* exact: a multiple of 1/8 */
        if (a->up_f[i] == 0)
            a->up_hi[i] = a->up_lo[i];
    }
    for (int k = 0; k < a->chroma; k++) {
        double at = factor * k + offset, w[CHROMA_TAPS_MAX];
        int first = (int)ceil(at - factor), last = (int)floor(at + factor);
        first = clamp_index(first, a->luma);
        last = clamp_index(last, a->luma);
        if (factor == 1)
            first = last = k;
        int n = last - first + 1;
        invert_interpolation(a, k, first, n, w);
        /* Every sample has the same number of taps: move the window inside. */
        int from = first + a->taps > a->luma ? a->luma - a->taps : first;
        a->down_first[k] = from;
        for (int i = 0; i < n; i++)
            a->down_w[k * a->taps + first - from + i] = (float)w[i];
    }
}

/* Points the axis into `at` when it is not NULL; returns the bytes it takes. */
static size_t place_tables(struct chroma_axis *a, unsigned char *at)
{
    int luma = a->luma;
    size_t up = (size_t)luma * sizeof(int), down = (size_t)a->chroma * sizeof(int);
    if (at) {
        a->up_lo = (int *)at;
        a->up_hi = (int *)(at + up);
        a->up_f = (float *)(at + 2 * up);
        a->down_first = (int *)(at + 3 * up);
        a->down_w = (float *)(at + 3 * up + down);
    }
    return 3 * up + down + down * (size_t)a->taps;
}

static void size_axis(struct chroma_axis *a, int luma, int log2)
{
    int factor = 1 << log2;
    a->luma = luma;
    a->chroma = (luma + factor - 1) >> log2;
    a->taps = log2 ? 2 * factor + 1 : 1;
    if (a->taps > luma)
        a->taps = luma;
}

int yuv_open(struct yuv *out, int width, int height, const struct rifec_format *format,
             const struct rifec_color *color)
{
    *out = (struct yuv){ .format = *format, .width = width, .height = height };
    int depth = format->depth;
    double kr, kb, max = (1 << depth) - 1, unit = 1 << (depth - 8);
    if (format->family != RIFEC_FAMILY_YUV || !matrix_weights(color->matrix, &kr, &kb))
        matrix_weights(RIFEC_MATRIX_BT709, &kr, &kb);
    double kg = 1 - kr - kb;
    bool limited =
        format->family != RIFEC_FAMILY_RGB && color->range == RIFEC_RANGE_LIMITED;
    out->code_max = (float)max;
    out->luma_offset = (float)(limited ? 16 * unit : 0);
    out->luma_scale = (float)(1 / (limited ? 219 * unit : max));
    out->chroma_offset = (float)(128 * unit);
    out->chroma_scale = (float)(1 / (limited ? 224 * unit : max));
    out->kr = (float)kr;
    out->kg = (float)kg;
    out->kb = (float)kb;
    out->cr_to_r = (float)(2 * (1 - kr));
    out->cb_to_b = (float)(2 * (1 - kb));
    out->cr_to_g = (float)(-2 * kr * (1 - kr) / kg);
    out->cb_to_g = (float)(-2 * kb * (1 - kb) / kg);
    out->to_cb = (float)(0.5 / (1 - kb));
    out->to_cr = (float)(0.5 / (1 - kr));

    size_axis(&out->x, width, format->chroma_w_log2);
    size_axis(&out->y, height, format->chroma_h_log2);
    size_t bytes_x = place_tables(&out->x, NULL);
    size_t bytes_y = place_tables(&out->y, NULL);
    out->table_bytes = bytes_x + bytes_y;
    out->tables = calloc(1, out->table_bytes);
    if (!out->tables)
        return mem_fail("the tables of chroma positions");
    *out = yuv_moved(out, out->tables);
    double x, y;
    chroma_offsets(format, color->chroma_loc, &x, &y);
    fill_axis(&out->x, 1 << format->chroma_w_log2, x);
    fill_axis(&out->y, 1 << format->chroma_h_log2, y);
    out->chroma_width = out->x.chroma;
    out->chroma_height = out->y.chroma;
    return 0;
}

struct yuv yuv_moved(const struct yuv *y, void *tables)
{
    struct yuv moved = *y;
    moved.tables = tables;
    size_t bytes_x = place_tables(&moved.x, tables);
    place_tables(&moved.y, (unsigned char *)tables + bytes_x);
    return moved;
}

void yuv_close(struct yuv *y)
{
    free(y->tables);
    *y = (struct yuv){ 0 };
}
