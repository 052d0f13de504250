/*
 * The whole network against PyTorch: flow and mask after each block, and the
 * in-between, on the inputs of tests/golden. `golden DIR c|dnn|best`.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "engine/cpu/cpu_net.h"
#include "engine/cpu/sample.h"
#include "model/safetensors.h"

/* As in make_golden.py. */
static const struct {
    const char *name;
    int width, height;
    float t, scale;
} cases[] = {
    { "even", 96, 64, 0.5f, 1 },   { "quarter", 96, 64, 0.25f, 1 },
    { "odd", 75, 53, 0.25f, 1 },   { "half", 75, 53, 0.5f, 0.5f },
    { "double", 61, 32, 0.5f, 2 },
};

/*
 * Where the limits come from.
 *
 * FRAME_MEAN: both sides work in FP32 and round every sum of some hundred
 * products differently, about 1e-7 relative each; a few hundred such layers of
 * rounding measured 2e-7 here, and ten times that would be a real difference.
 * FRAME_MAX: where the image has a hard edge, a coordinate that differs by
 * 1e-4 px moves the edge by as much, times a contrast of at most one.
 * FLOW_MAX: flow reaches 100 px and more, of which FP32 keeps 1e-5 px, and the
 * following blocks see images warped by it; 2e-3 px moves no pixel visibly.
 * MASK_MAX: the mask is a logit, its slope in the blend at most 1/4.
 */
#define FRAME_MEAN 2e-6
#define FRAME_MAX  1e-4
#define FLOW_MAX   2e-3
#define MASK_MAX   2e-3

/* Tensor [channels][h][w] of the file; the caller frees it. */
static float *read_tensor(const struct safetensors *file, const char *name, int channels,
                          int h, int w)
{
    float *p = malloc(sizeof *p * (size_t)(channels * h * w));
    if (!p || safetensors_read(file, name, (int[]){ channels, h, w }, 3, p) < 0)
        exit(1);
    return p;
}

static void fill_image(const struct safetensors *file, const char *name, struct image *im)
{
    int w = im->width, h = im->height;
    float *planes = read_tensor(file, name, 3, h, w);
    memset(im->data, 0,
           sizeof(float) * 4 * (size_t)(im->width_padded * im->height_padded));
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                im->data[4 * (y * im->width_padded + x) + c] =
                    planes[(c * h + y) * w + x];
    free(planes);
}

/* Largest difference of flow and mask after `blocks` blocks; NaN stays. */
static void compare_flow(const struct cpu_net *n, const struct safetensors *file,
                         int blocks, double *flow_error, double *mask_error)
{
    char name[16];
    int w = n->net.width_padded, h = n->net.height_padded;
    snprintf(name, sizeof name, "flow%d", blocks - 1);
    float *flow = read_tensor(file, name, 4, h, w);
    snprintf(name, sizeof name, "mask%d", blocks - 1);
    float *mask = read_tensor(file, name, 1, h, w);
    *flow_error = *mask_error = 0;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            float got[LEVEL_CHANNELS];
            lazy_flow(n->net.level, blocks, x, y, got);
            for (int c = 0; c < LEVEL_CHANNELS; c++) {
                float want = c < 4 ? flow[(c * h + y) * w + x] : mask[y * w + x];
                double error = fabs((double)got[c] - want);
                double *worst = c < 4 ? flow_error : mask_error;
                if (!(error <= *worst))
                    *worst = error;
            }
        }
    free(flow);
    free(mask);
}

static void compare_frame(const struct image *out, const struct safetensors *file,
                          double *mean_error, double *max_error)
{
    int w = out->width, h = out->height;
    float *want = read_tensor(file, "frame", 3, h, w);
    *mean_error = *max_error = 0;
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++) {
                double error =
                    fabs((double)out->data[4 * (y * out->width_padded + x) + c] -
                         want[(c * h + y) * w + x]);
                *mean_error += error / (3 * w * h);
                if (!(error <= *max_error))
                    *max_error = error;
            }
    free(want);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    const char *kernels = strcmp(argv[2], "best") ? argv[2] : NULL;
    if (!RIFEC_HAVE_DNN && kernels && !strcmp(kernels, "dnn"))
        return CHECK_SKIP;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[4096];
        struct safetensors *file;
        struct cpu_net n;
        struct rifec_params p = { .width = cases[i].width,
                                  .height = cases[i].height,
                                  .scale = cases[i].scale,
                                  .kernels = kernels };
        snprintf(path, sizeof path, "%s/%s.safetensors", argv[1], cases[i].name);
        if (!CHECK_INT(safetensors_open(&file, path), 0) ||
            !CHECK_INT(cpu_net_open(&n, &p), 0))
            return 1;
        fill_image(file, "image0", &n.image[0]);
        fill_image(file, "image1", &n.image[1]);
        CHECK_INT(cpu_net_forward(&n, 0, 1, cases[i].t, NULL, NULL), 0);
        printf("%-8s %s\n", cases[i].name, n.description);
        for (int b = 1; b <= IFNET_BLOCKS; b++) {
            double flow, mask;
            compare_flow(&n, file, b, &flow, &mask);
            printf("    block %d: flow max %.1e px, mask max %.1e\n", b - 1, flow, mask);
            CHECK(flow <= FLOW_MAX);
            CHECK(mask <= MASK_MAX);
        }
        double mean, max;
        compare_frame(&n.net.out, file, &mean, &max);
        printf("    frame: mean %.1e, max %.1e\n", mean, max);
        CHECK(mean <= FRAME_MEAN);
        CHECK(max <= FRAME_MAX);
        cpu_net_close(&n);
        safetensors_close(&file);
    }
    return check_result();
}
