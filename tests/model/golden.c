/*
 * The whole network against PyTorch: flow and mask after each block, and the
 * in-between, on the inputs of tests/golden.
 *
 *     golden DIR c|dnn|best [all]            on the CPU; all: also what is made by hand
 *     golden DIR fp32|tf32|fp16 [KERNELS]    on the GPU
 */
#define _POSIX_C_SOURCE 200809L /* mkstemp */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "engine/cpu/cpu_net.h"
#include "engine/cpu/sample.h"
#include "model/tensors.h"
#include "model/random_model.h"
#include "rifec/error.h"
#if RIFEC_HAVE_CUDA
#include "checkcuda.h"
#include "engine/cuda/cuda_net.h"
#endif

/* As in make_golden.py and make_golden_family.py. The built-in model is 4.6; other
 * networks have the weights of random_model.h, and a file with the last block's
 * result. */
enum { BUILT_IN = -1 };
#define BY_HAND   .by_hand = true
#define COMMITTED .by_hand = false
static const struct golden {
    const char *name;
    int width, height;
    float t, scale;
    int network;
    bool by_hand; /* its file is not in tests/golden */
    int boost;
} cases[] = {
    { "even", 96, 64, 0.5f, 1, BUILT_IN, COMMITTED },
    { "quarter", 96, 64, 0.25f, 1, BUILT_IN, COMMITTED },
    { "odd", 75, 53, 0.25f, 1, BUILT_IN, COMMITTED },
    { "half", 75, 53, 0.5f, 0.5f, BUILT_IN, COMMITTED },
    { "double", 61, 32, 0.5f, 2, BUILT_IN, COMMITTED },
    { "rife400", 75, 53, 0.25f, 1, NETWORK_4_0, COMMITTED },
    { "rife400_restart", 75, 53, 0.5f, 1, NETWORK_4_0, COMMITTED, .boost = 2 },
    { "rife402", 75, 53, 0.25f, 1, NETWORK_4_2, COMMITTED },
    { "rife405", 75, 53, 0.25f, 1, NETWORK_4_5, BY_HAND },
    { "rife406", 75, 53, 0.25f, 1, NETWORK_4_6, BY_HAND },
    { "rife407", 75, 53, 0.25f, 1, NETWORK_4_7, COMMITTED },
    { "rife410", 75, 53, 0.25f, 1, NETWORK_4_10, BY_HAND },
    { "rife412_lite", 75, 53, 0.25f, 1, NETWORK_4_12_LITE, BY_HAND },
    { "rife413", 75, 53, 0.25f, 1, NETWORK_4_13, COMMITTED },
    { "rife414_lite", 75, 53, 0.25f, 1, NETWORK_4_14_LITE, BY_HAND },
    { "rife415_lite", 75, 53, 0.25f, 1, NETWORK_4_15_LITE, BY_HAND },
    { "rife420", 75, 53, 0.25f, 1, NETWORK_4_20, BY_HAND },
    { "rife421", 75, 53, 0.25f, 1, NETWORK_4_21, COMMITTED },
    { "rife422_lite", 75, 53, 0.25f, 1, NETWORK_4_22_LITE, BY_HAND },
    { "rife425", 75, 53, 0.25f, 1, NETWORK_4_25, COMMITTED },
    { "rife425_double", 61, 50, 0.5f, 2, NETWORK_4_25, COMMITTED },
    { "rife425_lite", 75, 53, 0.25f, 1, NETWORK_4_25_LITE, COMMITTED },
    { "rife425_heavy", 75, 53, 0.25f, 1, NETWORK_4_25_HEAVY, BY_HAND },
    { "rife426_heavy", 75, 53, 0.25f, 1, NETWORK_4_26_HEAVY, BY_HAND },
};

/*
 * The reasons for the limits.
 *
 * FRAME_MEAN: both sides work in FP32 and round every sum of some hundred
 * products differently, about 1e-7 relative each; a few hundred such layers of
 * rounding measured 2e-7 here, and ten times that would be a real difference.
 * FRAME_MAX: where the image has a hard edge, a coordinate that differs by
 * 1e-4 px moves the edge by as much, times a contrast of at most one.
 * FLOW_MAX: flow reaches 100 px and more, of which FP32 keeps 1e-5 px, and the
 * following blocks see images warped by it; 2e-3 px moves no pixel visibly.
 * MASK_MAX: the mask is a logit, its slope in the blend at most 1/4.
 *
 * The GPU fuses multiply and add, and adds in another order than either side: somewhat
 * more of each. FP16 keeps 2^-11 of every feature; over forty layers that is 1e-2 px
 * of flow where it is small, and more where the picture leaves it open. There only
 * the frame has a limit: 50 dB. TF32 keeps as many bits.
 */
struct limits {
    double frame_mean, frame_max, flow_max, mask_max;
};
static const struct limits on_cpu = { 2e-6, 1e-4, 2e-3, 2e-3 };
#if RIFEC_HAVE_CUDA
static const struct limits on_gpu = { 2e-6, 2e-4, 3e-3, 3e-3 };
#endif
static const struct limits in_half = { 2e-3, 1, 1e3, 1e3 };
#define HALF_PSNR 50

/* A network that has run, in the host's memory. */
struct outcome {
    const struct network *network;
    struct level level[NETWORK_BLOCKS_MAX];
    struct image out;
};

/* Tensor [channels][h][w] of the file; the caller frees it. */
static float *read_tensor(const struct tensors *file, const char *name, int channels,
                          int h, int w)
{
    float *p = malloc(sizeof *p * (size_t)(channels * h * w));
    if (!p || tensors_read(file, name, (int[]){ channels, h, w }, 3, p) < 0)
        exit(1);
    return p;
}

static void fill_image(const struct tensors *file, const char *name,
                       const struct image *im)
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
static void compare_flow(const struct outcome *o, const struct tensors *file, int blocks,
                         double *flow_error, double *mask_error)
{
    char name[20], number[12] = "";
    int w = o->out.width_padded, h = o->out.height_padded;
    if (!tensors_find(file, "flow"))
        snprintf(number, sizeof number, "%d", blocks - 1);
    snprintf(name, sizeof name, "flow%s", number);
    float *flow = read_tensor(file, name, 4, h, w);
    snprintf(name, sizeof name, "mask%s", number);
    float *mask = read_tensor(file, name, 1, h, w);
    *flow_error = *mask_error = 0;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            float got[LEVEL_CHANNELS];
            lazy_flow(o->level, blocks, x, y, got);
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

static void compare_frame(const struct image *out, const struct tensors *file,
                          double *mean_error, double *max_error, double *psnr)
{
    int w = out->width, h = out->height;
    float *want = read_tensor(file, "frame", 3, h, w);
    double squares = 0;
    *mean_error = *max_error = 0;
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++) {
                double error =
                    fabs((double)out->data[4 * (y * out->width_padded + x) + c] -
                         want[(c * h + y) * w + x]);
                *mean_error += error / (3 * w * h);
                squares += error * error / (3 * w * h);
                if (!(error <= *max_error))
                    *max_error = error;
            }
    *psnr = -10 * log10(squares);
    free(want);
}

static void judge(const struct outcome *o, const struct tensors *file,
                  const struct limits *limits)
{
    int b = tensors_find(file, "flow") ? o->network->block_count : 1;
    for (; b <= o->network->block_count; b++) {
        double flow, mask;
        compare_flow(o, file, b, &flow, &mask);
        printf("    block %d: flow max %.1e px, mask max %.1e\n", b - 1, flow, mask);
        CHECK(flow <= limits->flow_max);
        CHECK(mask <= limits->mask_max);
    }
    double mean, max, psnr;
    compare_frame(&o->out, file, &mean, &max, &psnr);
    printf("    frame: mean %.1e, max %.1e, %.1f dB\n", mean, max, psnr);
    CHECK(mean <= limits->frame_mean);
    CHECK(max <= limits->frame_max);
    CHECK(limits != &in_half || psnr >= HALF_PSNR);
}

static int run_cpu(const struct rifec_params *p, float t, const char *name,
                   const struct tensors *file)
{
    struct cpu_net n;
    struct outcome o;
    int err = cpu_net_open(&n, p);
    if (err < 0)
        return err;
    fill_image(file, "image0", &n.source[0].image);
    fill_image(file, "image1", &n.source[1].image);
    for (int i = 0; i < 2; i++)
        CHECK_INT(ifnet_encode(&n.net, &n.source[i], &n.stream), 0);
    CHECK_INT(cpu_net_forward(&n, 0, 1, t, NULL, NULL), 0);
    printf("%-8s %s\n", name, n.description);
    memcpy(o.level, n.net.level, sizeof o.level);
    o.network = n.net.network;
    o.out = n.net.out;
    judge(&o, file, &on_cpu);
    cpu_net_close(&n);
    return 0;
}

#if RIFEC_HAVE_CUDA
static struct image upload(const struct tensors *file, const char *name,
                           const struct ifnet *net, enum dtype dtype)
{
    struct image host = checkop_blank_image(net->width, net->height, net->width_padded,
                                            net->height_padded);
    fill_image(file, name, &host);
    return dtype == DTYPE_FP16 ? checkcuda_textured(&host)
                               : checkcuda_image(&host, DTYPE_FP32);
}

static int run_gpu(const struct rifec_params *p, float t, const char *name,
                   const struct tensors *file)
{
    struct cuda_net n;
    struct ifnet net;
    struct arena arena = { 0 };
    struct outcome o;
    int err = cuda_net_open(&n, p, checkcuda_capability());
    if (err < 0)
        return err;
    cuda_net_plan(&n, p, &net, &arena);
    arena.base = checkcuda_bytes(arena.bytes);
    ifnet_bind(&net, &arena);
    net.weights = &n.weights;
    net.ops = &n.ops;
    struct cuda_stream stream = *checkcuda_stream();
    stream.workspace = checkcuda_bytes(n.workspace_bytes);
    stream.workspace_bytes = n.workspace_bytes;
    struct ifnet_task task = { .source0.image = upload(file, "image0", &net, n.dtype),
                               .source1.image = upload(file, "image1", &net, n.dtype),
                               .t = checkcuda_upload(&t, sizeof t) };
    CHECK_INT(ifnet_forward(&net, &task, &stream), 0);
    printf("%-8s %s\n", name, n.description);
    for (int b = 0; b < net.network->block_count; b++)
        o.level[b] = checkcuda_get_level(&net.level[b]);
    o.network = net.network;
    o.out = checkcuda_get_image(&net.out);
    judge(&o, file, n.dtype != DTYPE_FP32 ? &in_half : &on_gpu);
    checkcuda_free_all();
    checkop_free_all();
    cuda_net_close(&n);
    return 0;
}

static bool has_cudnn(void)
{
    char answer[256];
    bool has = cudnn_net_versions(answer, sizeof answer);
    if (!has)
        printf("skipped: %s\n", answer);
    return has;
}
#else
static int run_gpu(const struct rifec_params *p, float t, const char *name,
                   const struct tensors *file)
{
    (void)p, (void)t, (void)name, (void)file;
    return 0;
}

static bool checkcuda_start(void)
{
    return false;
}

static bool has_cudnn(void)
{
    return false;
}
#endif

/* The weights of a case's network, in a file that the caller removes. */
static void write_model(char path[32], const struct golden *g)
{
    strcpy(path, "/tmp/rifec-golden-XXXXXX");
    int fd = mkstemp(path);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!CHECK(f &&
               !random_model_write_boosted(f, &networks[g->network], NULL, g->boost)))
        exit(1);
    fclose(f);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    bool half = !strcmp(argv[2], "fp16"), tf32 = !strcmp(argv[2], "tf32");
    bool gpu = half || tf32 || !strcmp(argv[2], "fp32");
    const char *kernels = gpu ? argv[3] : strcmp(argv[2], "best") ? argv[2] : NULL;
    if (!gpu && !RIFEC_HAVE_DNN && kernels && !strcmp(kernels, "dnn"))
        return CHECK_SKIP;
    if (gpu && !checkcuda_start())
        return CHECK_SKIP;
    if (gpu && kernels && !strcmp(kernels, "cudnn") && !has_cudnn())
        return CHECK_SKIP;
    const bool all = !gpu && argc > 3 && !strcmp(argv[3], "all");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].by_hand && !all)
            continue;
        char path[4096];
        struct tensors *file;
        struct rifec_params p = { .width = cases[i].width,
                                  .height = cases[i].height,
                                  .scale = cases[i].scale,
                                  .kernels = kernels,
                                  .precision = half   ? RIFEC_PRECISION_FP16
                                               : tf32 ? RIFEC_PRECISION_TF32
                                                      : RIFEC_PRECISION_FP32 };
        snprintf(path, sizeof path, "%s/%s.safetensors", argv[1], cases[i].name);
        if (!CHECK_INT(tensors_open(&file, path), 0))
            return 1;
        char model[32] = "";
        if (cases[i].network != BUILT_IN)
            write_model(model, &cases[i]);
        p.model = *model ? model : NULL;
        /* The CUDA engine refuses networks that it does not run. */
        CHECK_INT((gpu ? run_gpu : run_cpu)(&p, cases[i].t, cases[i].name, file),
                  gpu && *model ? RIFEC_ERR_MODEL : 0);
        if (*model)
            unlink(model);
        tensors_close(&file);
    }
    return check_result();
}
