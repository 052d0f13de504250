/* Compares the results of two engines, block by block and sample by sample. */
#include "engine/check/check.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/frame.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/backend.h"
#include "engine/cpu/sample.h"

static int open_one(struct rifec **out, const struct rifec_params *params)
{
    struct rifec_params p = *params;
    p.in_flight = 1;
    int err = rifec_open(out, &p);
    if (!err)
        (*out)->keep_levels = true;
    return err;
}

int check_open(struct check *c, const struct rifec_params *tried,
               const struct rifec_params *reference)
{
    *c = (struct check){ .depth = tried->format.depth };
    int err = open_one(&c->tried, tried);
    return err < 0 ? err : open_one(&c->reference, reference);
}

int check_put(struct check *c, int64_t seq, const struct rifec_frame *frame)
{
    int err = rifec_put(c->tried, seq, frame);
    return err < 0 ? err : rifec_put(c->reference, seq, frame);
}

/* --- codes ------------------------------------------------------------------------ */

static int code_at(const struct rifec_frame *f, int c, int x, int y)
{
    const struct rifec_component *k = &f->format.comp[c];
    const uint8_t *p = f->data[k->plane] + y * f->stride[k->plane] + x * k->step;
    uint16_t wide;
    if (f->format.depth + k->shift <= 8)
        return p[k->offset];
    memcpy(&wide, p + k->offset, sizeof wide);
    return wide >> k->shift;
}

static int bin_of(int error)
{
    return error <= 2 ? error : error <= 4 ? 3 : error <= 8 ? 4 : 5;
}

static void compare_frames(struct check_errors *e, const struct rifec_frame *a,
                           const struct rifec_frame *b)
{
    const struct rifec_format *f = &a->format;
    for (int c = 0; c < 4; c++) {
        if (!rifec_format_has(f, c))
            continue;
        int w, h;
        frame_component_size(f, a->width, a->height, c, &w, &h);
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++) {
                int error = abs(code_at(a, c, x, y) - code_at(b, c, x, y));
                e->codes[bin_of(error)]++;
                e->code_max = error > e->code_max ? error : e->code_max;
                e->code_squares += (double)error * error;
            }
    }
}

/* --- flow and mask ---------------------------------------------------------------- */

/* *count becomes the number of the network's blocks. */
static int fetch_levels(struct rifec *r, struct level levels[NETWORK_BLOCKS_MAX],
                        int *count)
{
    int err = 0;
    *count = 0;
    for (int b = 0; b < NETWORK_BLOCKS_MAX; b++) {
        struct level *l = &levels[b];
        TRY(r->backend->level(r, b, l));
        if (err == 1)
            return 0;
        size_t pixels = (size_t)l->width * (size_t)l->height;
        l->flow = mem_alloc(4 * pixels * sizeof *l->flow);
        l->mask = mem_alloc(pixels * sizeof *l->mask);
        if (!l->flow || !l->mask)
            TRY(mem_fail("a copy of the flow"));
        TRY(r->backend->level(r, b, l));
        *count = b + 1;
    }
fail:
    return err;
}

static void free_levels(struct level levels[NETWORK_BLOCKS_MAX])
{
    for (int b = 0; b < NETWORK_BLOCKS_MAX; b++) {
        mem_free(levels[b].flow);
        mem_free(levels[b].mask);
    }
}

/* NaN counts as the largest, and stays. */
static double larger(double error, double worst)
{
    return error <= worst || isnan(worst) ? worst : error;
}

static void compare_pixel(struct check_errors *e, int block,
                          const float a[LEVEL_CHANNELS], const float b[LEVEL_CHANNELS])
{
    for (int c = 0; c < 4; c++) {
        double error = fabs((double)a[c] - (double)b[c]);
        e->block[block].flow_max = larger(error, e->block[block].flow_max);
        e->block[block].flow_sum += error;
        e->block[block].flows++;
    }
    double error = fabs((double)a[4] - (double)b[4]);
    e->block[block].mask_max = larger(error, e->block[block].mask_max);
    e->block[block].mask_sum += error;
    e->block[block].masks++;
}

static int compare_levels(struct check *c)
{
    int err = 0;
    struct level tried[NETWORK_BLOCKS_MAX] = { 0 }, reference[NETWORK_BLOCKS_MAX] = { 0 };
    const struct rifec_params *p = &c->tried->params;
    int blocks;
    TRY(fetch_levels(c->tried, tried, &blocks));
    TRY(fetch_levels(c->reference, reference, &c->errors.blocks));
    assert(blocks == c->errors.blocks);
    for (int b = 0; b < c->errors.blocks; b++)
        for (int y = 0; y < p->height; y += CHECK_STEP)
            for (int x = 0; x < p->width; x += CHECK_STEP) {
                float got[LEVEL_CHANNELS], want[LEVEL_CHANNELS];
                lazy_flow(tried, b + 1, x, y, got);
                lazy_flow(reference, b + 1, x, y, want);
                compare_pixel(&c->errors, b, got, want);
            }
fail:
    free_levels(tried);
    free_levels(reference);
    return err;
}

int check_between(struct check *c, int64_t seq0, int64_t seq1, float t,
                  struct rifec_frame **out)
{
    int err = 0;
    struct rifec_frame *want = NULL;
    *out = NULL;
    TRY(rifec_interp(c->tried, seq0, seq1, t));
    TRY(rifec_interp(c->reference, seq0, seq1, t));
    TRY(rifec_take(c->tried, out));
    TRY(rifec_take(c->reference, &want));
    TRY(compare_levels(c));
    compare_frames(&c->errors, *out, want);
    c->errors.pictures++;
fail:
    rifec_frame_free(&want);
    if (err < 0)
        rifec_frame_free(out);
    return err;
}

/* --- what was found --------------------------------------------------------------- */

double check_psnr(const struct check_errors *e, int depth)
{
    double count = 0, peak = (1 << depth) - 1;
    for (int i = 0; i < CHECK_BINS; i++)
        count += (double)e->codes[i];
    return e->code_squares > 0 ? 10 * log10(peak * peak * count / e->code_squares)
                               : INFINITY;
}

void check_report(const struct check *c)
{
    static const char *const bins[CHECK_BINS] = { "0", "1", "2", "3-4", "5-8", ">8" };
    const struct check_errors *e = &c->errors;
    if (e->pictures == 0)
        return;
    log_info("check: %lld interpolated frames on %s, compared with %s",
             (long long)e->pictures, c->tried->info.device, c->reference->info.device);
    for (int b = 0; b < e->blocks; b++)
        log_info("check: after block %d: flow max %.2g, mean %.2g px; mask max %.2g, "
                 "mean %.2g",
                 b, e->block[b].flow_max,
                 e->block[b].flow_sum / (double)e->block[b].flows, e->block[b].mask_max,
                 e->block[b].mask_sum / (double)e->block[b].masks);
    int64_t all = 0;
    char line[256] = "";
    for (int i = 0; i < CHECK_BINS; i++)
        all += e->codes[i];
    for (int i = 0; i < CHECK_BINS; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line), ", %s: %.4f %%",
                 bins[i], 100 * (double)e->codes[i] / (double)all);
    log_info("check: differences of samples:%s", line + 1);
    log_info("check: largest difference %d of %d, PSNR %.2f dB", e->code_max,
             (1 << c->depth) - 1, check_psnr(e, c->depth));
}

void check_close(struct check *c)
{
    rifec_close(&c->tried);
    rifec_close(&c->reference);
}
