/*
 * Which versions of the ops an engine chooses, for every kind of GPU and processor that a
 * test can pretend to be, and whether the engine on this machine took what was chosen.
 */
#define _GNU_SOURCE /* sched_setaffinity */
#include <sched.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#include "base/err.h"
#include "check.h"
#include "engine/cpu/cpu_choice.h"
#include "engine/cpu/cpu_net.h"
#include "engine/cpu/resconv_wino.h"
#include "engine/cuda/conv_choice.h"
#if RIFEC_HAVE_DNN
#include "engine/cpu/dnn.h"
#endif

static const int gpus[] = { 75, 80, 86, 89, 90, 100, 120 };
#define GPUS (int)(sizeof gpus / sizeof *gpus)

static const char *name_of(enum conv_version_id id)
{
    static const char *const names[] = {
        [CONV_S2_SM90] = "conv_s2_sm90", [FRONT_SM90] = "front_sm90",
        [RESCONV_SM90] = "resconv_sm90", [DECONV_SM90] = "deconv_sm90",
        [CONV_S2_SM80] = "conv_s2_sm80", [RESCONV_SM80] = "resconv_sm80",
        [DECONV_SM80] = "deconv_sm80",   [CONV_S2_FP32] = "conv_s2_fp32",
        [RESCONV_FP32] = "resconv_fp32", [DECONV_FP32] = "deconv_fp32",
        [CONV_S2_REF] = "conv_s2_ref",   [RESCONV_REF] = "resconv_ref",
        [DECONV_REF] = "deconv_ref",
    };
    return id == CONV_NONE ? "none" : names[id];
}

static const char *chosen(enum conv_op op, int cin, int cout, enum dtype dtype, int cc,
                          const char *pinned, bool in_front)
{
    const struct conv_layer layer = { .cin = cin,
                                      .cout = cout,
                                      .kernel = op == DECONV ? 4 : 3 };
    return name_of(conv_choose(&(struct conv_request){ .op = op,
                                                       .layer = &layer,
                                                       .dtype = dtype,
                                                       .cc = cc,
                                                       .pinned = pinned,
                                                       .in_front = in_front }));
}

/* --- GPUs: RIFE 4.6 ------------------------------------------------------------------
 */

static const char *wanted_of_4_6(const struct network_layer *l, enum dtype dtype, int cc)
{
    static const char *const fp32[] = { "conv_s2_fp32", "resconv_fp32", "deconv_fp32" };
    static const char *const sm80[] = { "conv_s2_sm80", "resconv_sm80", "deconv_sm80" };
    static const char *const sm90[] = { "conv_s2_sm80", "resconv_sm90", "deconv_sm90" };
    return (dtype != DTYPE_FP16 ? fp32 : cc == 90 ? sm90 : sm80)[l->op];
}

static const char *wanted_in_front(const struct network_layer *l, enum dtype dtype,
                                   int cc)
{
    if (l->op != CONV_S2 || dtype != DTYPE_FP16 || cc != 90)
        return "none";
    return l->block < 2 ? "conv_s2_sm90" : "front_sm90";
}

static void every_layer_of_4_6_has_the_fastest_version(void)
{
    struct network_layer l;
    for (int dtype = 0; dtype < DTYPES; dtype++)
        for (int g = 0; g < GPUS; g++)
            for (int i = 0; network_layer(&networks[NETWORK_4_6], i, &l); i++) {
                const enum dtype t = (enum dtype)dtype;
                CHECK_STR(chosen(l.op, l.cin, l.cout, t, gpus[g], NULL, false),
                          wanted_of_4_6(&l, t, gpus[g]));
                CHECK_STR(chosen(l.op, l.cin, l.cout, t, gpus[g], NULL, true),
                          wanted_in_front(&l, t, gpus[g]));
            }
}

/* --- GPUs: layers of any width -------------------------------------------------------
 */

static bool is_width_of_sm90(int c)
{
    return c == 64 || c == 96 || c == 128 || c == 192;
}

/* As the kernels' tables have it: nothing else may ever reach them. */
static void a_layer_that_no_fast_version_takes_gets_the_plain_one(void)
{
    for (int g = 0; g < GPUS; g++)
        for (int c = 24; c <= 384; c++) {
            const bool sm90 = gpus[g] == 90 && is_width_of_sm90(c);
            const bool sm80 = c % 64 == 0 || c % 96 == 0;
            const char *plain = c % 8 ? "none" : "resconv_ref";
            CHECK_STR(chosen(RESCONV, c, c, DTYPE_FP16, gpus[g], NULL, false),
                      sm90   ? "resconv_sm90"
                      : sm80 ? "resconv_sm80"
                             : plain);
            CHECK_STR(chosen(RESCONV, c, c, DTYPE_FP32, gpus[g], NULL, false),
                      c % 16 ? plain : "resconv_fp32");
            CHECK_STR(chosen(DECONV, c, DECONV_LIVE, DTYPE_FP16, gpus[g], NULL, false),
                      sm90          ? "deconv_sm90"
                      : c % 16 == 0 ? "deconv_sm80"
                      : c % 8       ? "none"
                                    : "deconv_ref");
            CHECK_STR(chosen(CONV_S2, 12, c, DTYPE_FP16, gpus[g], NULL, false),
                      c % 32 == 0 || c % 48 == 0 ? "conv_s2_sm80"
                      : c % 8                    ? "none"
                                                 : "conv_s2_ref");
        }
}

/* The last block is narrower than any that the kernels for Hopper were made for. */
static void blocks_of_32_channels_run_on_hopper(void)
{
    CHECK_STR(chosen(RESCONV, 32, 32, DTYPE_FP16, 90, NULL, false), "resconv_ref");
    CHECK_STR(chosen(DECONV, 32, 20, DTYPE_FP16, 90, NULL, false), "deconv_sm80");
    CHECK_STR(chosen(CONV_S2, 28, 16, DTYPE_FP16, 90, NULL, true), "none");
    CHECK_STR(chosen(RESCONV, 32, 32, DTYPE_FP16, 90, "sm90", false), "resconv_ref");
    CHECK_STR(chosen(RESCONV, 32, 32, DTYPE_FP32, 90, NULL, false), "resconv_fp32");
}

static void only_what_has_the_kernel_writes_levels_of_fp16(void)
{
    for (int c = 32; c <= 192; c += 32) {
        const struct conv_layer l = { .cin = c, .cout = DECONV_LIVE, .kernel = 4 };
        for (int id = 0; id < CONV_VERSIONS; id++)
            CHECK_INT(conv_writes_half((enum conv_version_id)id, &l),
                      id == DECONV_SM90 && c == 64);
    }
}

/* --- GPUs: pins and cuDNN ------------------------------------------------------------
 */

static void pins_are_obeyed_where_they_can_be(void)
{
    CHECK_STR(chosen(RESCONV, 64, 64, DTYPE_FP16, 90, "sm80", false), "resconv_sm80");
    CHECK_STR(chosen(RESCONV, 64, 64, DTYPE_FP16, 90, "ref", false), "resconv_ref");
    CHECK_STR(chosen(DECONV, 64, 20, DTYPE_FP32, 90, "ref", false), "deconv_ref");
    CHECK_STR(chosen(CONV_S2, 7, 96, DTYPE_FP16, 90, "sm90", false), "conv_s2_sm80");
    CHECK_STR(chosen(CONV_S2, 7, 96, DTYPE_FP16, 90, "sm90", true), "conv_s2_sm90");
    CHECK_STR(chosen(CONV_S2, 7, 96, DTYPE_FP16, 90, "sm80", true), "none");
    CHECK(conv_pin_exists("sm90", DTYPE_FP16, 90));
    CHECK(!conv_pin_exists("sm90", DTYPE_FP16, 89));
    CHECK(!conv_pin_exists("sm90", DTYPE_FP16, 100));
    CHECK(!conv_pin_exists("sm80", DTYPE_FP32, 90));
    CHECK(conv_pin_exists("fp32", DTYPE_TF32, 75));
    CHECK(!conv_pin_exists("nonsense", DTYPE_FP16, 90));
}

static bool cudnn_wanted(const struct network *n, enum dtype dtype, int cc)
{
    struct conv_layer layers[NETWORK_LAYERS_MAX];
    struct network_layer l;
    for (int i = 0; network_layer(n, i, &l); i++)
        layers[i] =
            (struct conv_layer){ .cin = l.cin, .cout = l.cout, .kernel = l.kernel };
    return conv_wants_cudnn(n, layers, dtype, cc);
}

static void cudnn_is_for_tf32_and_for_what_has_no_fast_version(void)
{
    struct network narrow = networks[NETWORK_4_6];
    narrow.block[3].channels = 32;
    for (int g = 0; g < GPUS; g++) {
        CHECK(cudnn_wanted(&networks[NETWORK_4_6], DTYPE_TF32, gpus[g]));
        CHECK(!cudnn_wanted(&networks[NETWORK_4_6], DTYPE_FP32, gpus[g]));
        CHECK(!cudnn_wanted(&networks[NETWORK_4_6], DTYPE_FP16, gpus[g]));
        CHECK(cudnn_wanted(&narrow, DTYPE_FP16, gpus[g]));
        CHECK(!cudnn_wanted(&narrow, DTYPE_FP32, gpus[g]));
    }
}

/* --- processors ----------------------------------------------------------------------
 */

static int any_room(int wanted)
{
    return wanted;
}

static int little_room(int wanted)
{
    return wanted < 11 ? wanted : 11;
}

static int no_room(int wanted)
{
    (void)wanted;
    return 0;
}

static void winograd_is_chosen_on_every_processor_that_can(void)
{
    static const struct {
        struct cpu_machine m;
        struct cpu_choice want;
    } cases[] = {
        { { 0 }, { false, false, false, CPU_WINO_NONE, 8 } },
        { { .dnn_block = 8 }, { false, false, true, CPU_WINO_NONE, 8 } },
        { { .avx2 = true, .dnn_block = 8 }, { false, true, true, CPU_WINO_NONE, 8 } },
        { { .avx2 = true, .fma = true, .dnn_block = 8 },
          { false, true, true, CPU_WINO_AVX2, 8 } },
        { { .avx2 = true, .fma = true }, { false, true, false, CPU_WINO_AVX2, 8 } },
        { { .avx2 = true, .fma = true, .avx512f = true, .dnn_block = 16 },
          { false, true, true, CPU_WINO_AVX512, 16 } },
        { { .avx2 = true, .fma = true, .avx512f = true },
          { false, true, false, CPU_WINO_AVX512, 16 } },
        /* oneDNN kept from AVX-512, by DNNL_MAX_CPU_ISA. */
        { { .avx2 = true, .fma = true, .avx512f = true, .dnn_block = 8 },
          { false, true, true, CPU_WINO_AVX2, 8 } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct cpu_choice *want = &cases[i].want;
        struct cpu_choice c;
        CHECK_INT(cpu_choose(&cases[i].m, NULL, &c), 0);
        CHECK_INT(c.reference, want->reference);
        CHECK_INT(c.avx2, want->avx2);
        CHECK_INT(c.dnn, want->dnn);
        CHECK_INT(c.wino, want->wino);
        CHECK_INT(c.block, want->block);
    }
}

static void kernels_c_and_dnn_pin_the_cpu(void)
{
    struct cpu_machine m = {
        .avx2 = true, .fma = true, .avx512f = true, .dnn_block = 16
    };
    struct cpu_choice c;
    CHECK_INT(cpu_choose(&m, "c", &c), 0);
    CHECK(c.reference && !c.avx2 && !c.dnn && c.wino == CPU_WINO_NONE && c.block == 8);
    CHECK_INT(cpu_choose(&m, "dnn", &c), 0);
    CHECK(!c.reference && c.avx2 && c.dnn && c.wino == CPU_WINO_NONE && c.block == 16);
    CHECK_INT(cpu_choose(&m, "sm90", &c), RIFEC_ERR_USAGE);
    m.dnn_block = 0;
    CHECK_INT(cpu_choose(&m, "dnn", &c), RIFEC_ERR_USAGE);
}

static void one_thread_for_each_core(void)
{
    struct cpu_machine m = { .openmp = true, .thread_room = any_room };
    for (m.cores = 1; m.cores <= 64; m.cores++)
        CHECK_INT(cpu_choose_threads(&m, 0), m.cores);
    CHECK_INT(cpu_choose_threads(&m, 3), 3);
    CHECK_INT(cpu_choose_threads(&m, 100), 100);
    m.cores = 16;
    m.thread_room = little_room; /* three beside eight for others */
    CHECK_INT(cpu_choose_threads(&m, 0), 4);
    m.thread_room = no_room;
    CHECK_INT(cpu_choose_threads(&m, 0), 1);
    m.openmp = false;
    m.thread_room = any_room;
    CHECK_INT(cpu_choose_threads(&m, 8), 1);
}

/* --- the engine on this machine ------------------------------------------------------
 */

static struct {
    int (*resconv)(const struct conv_args *a, void *stream);
    int calls, threads, openmp_threads;
} seen;

static int watched_resconv(const struct conv_args *a, void *stream)
{
    seen.calls++;
    seen.threads = ((struct cpu_stream *)stream)->threads;
#ifdef _OPENMP
    seen.openmp_threads = omp_get_max_threads();
#else
    seen.openmp_threads = 1;
#endif
    return seen.resconv(a, stream);
}

static int (*resconv_of(const struct cpu_choice *c))(const struct conv_args *, void *)
{
#if CPU_HAVE_AVX2
    if (c->wino == CPU_WINO_AVX512)
        return resconv_wino_avx512;
    if (c->wino == CPU_WINO_AVX2)
        return resconv_wino_avx2;
#endif
#if RIFEC_HAVE_DNN
    if (c->dnn)
        return resconv_dnn;
#endif
    (void)c;
    return resconv_c;
}

static void engine_takes_what_was_chosen(int cores)
{
    const struct rifec_params p = { .width = 64, .height = 64, .scale = 1 };
    struct cpu_machine m;
    struct cpu_choice c;
    struct cpu_net n;
    cpu_machine_read(&m);
    CHECK_INT(m.cores, cores);
    CHECK_INT(cpu_choose(&m, NULL, &c), 0);
    if (!CHECK_INT(cpu_net_open(&n, &p), 0))
        return;
    const int threads = m.openmp ? cores : 1;
    CHECK_INT(n.stream.threads, threads);
    CHECK(n.ops.resconv == resconv_of(&c));
    CHECK_INT(n.net.block[0].ping.block, c.block);
    seen.calls = 0;
    seen.resconv = n.ops.resconv;
    n.ops.resconv = watched_resconv;
    CHECK_INT(cpu_net_forward(&n, 0, 1, 0.5f, NULL, NULL), 0);
    CHECK(seen.calls > 0);
    CHECK_INT(seen.threads, threads);
    CHECK_INT(seen.openmp_threads, threads);
    cpu_net_close(&n);
}

static void engine_uses_every_core_that_it_may(void)
{
    cpu_set_t all, one;
    if (!CHECK_INT(sched_getaffinity(0, sizeof all, &all), 0))
        return;
    engine_takes_what_was_chosen(CPU_COUNT(&all));
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
        if (CPU_ISSET(i, &all))
            CPU_SET(i, &one);
    CHECK_INT(sched_setaffinity(0, sizeof one, &one), 0);
    engine_takes_what_was_chosen(1);
    CHECK_INT(sched_setaffinity(0, sizeof all, &all), 0);
}

int main(void)
{
    every_layer_of_4_6_has_the_fastest_version();
    a_layer_that_no_fast_version_takes_gets_the_plain_one();
    blocks_of_32_channels_run_on_hopper();
    only_what_has_the_kernel_writes_levels_of_fp16();
    pins_are_obeyed_where_they_can_be();
    cudnn_is_for_tf32_and_for_what_has_no_fast_version();
    winograd_is_chosen_on_every_processor_that_can();
    kernels_c_and_dnn_pin_the_cpu();
    one_thread_for_each_core();
    engine_uses_every_core_that_it_may();
    return check_result();
}
