/*
 * cuDNN through its graph interface.
 *
 * cuDNN gets a small graph of operations and lists the engines, with their knobs, that
 * can compute it. An algorithm is stored as text and always opened from the text, so that
 * one from a file is the same as one just listed.
 */
#include "engine/cudnn/cudnn_calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/cudnn/cublas_calls.h"
#include "engine/cudnn/cudnn_graph.h"
#include "engine/cudnn/cudnn_load.h"

struct dnn_lib {
    struct cudnn_api api;
    cudnnHandle_t cudnn;
    struct gemm_lib gemm;
    desc device; /* a description, which threads may share; NULL before cuDNN 9.8 */
};

struct dnn_plan {
    const struct dnn_lib *lib;
    struct dnn_call call;
    struct bag bag; /* of a convolution: what `plan` is made of */
    desc plan;
    size_t workspace_bytes;
    struct gemm_plan *gemm; /* of a matrix product: all */
};

static int cudnn_failed(const struct dnn_lib *l, cudnnStatus_t status, const char *call)
{
    char more[256] = "";
    l->api.cudnnGetLastErrorString(more, sizeof more);
    log_error("cuDNN: %s: %s %.60s", l->api.cudnnGetErrorString(status), more, call);
    return status == CUDNN_STATUS_ALLOC_FAILED ? RIFEC_ERR_NOMEM : RIFEC_ERR_DEVICE;
}

#define CUDNN(l, call)                                                                   \
    do {                                                                                 \
        cudnnStatus_t status_ = (l)->api.call;                                           \
        if (status_ != CUDNN_STATUS_SUCCESS) {                                           \
            err = cudnn_failed(l, status_, #call);                                       \
            goto fail;                                                                   \
        }                                                                                \
    } while (0)

/* Logs why cuDNN refused something, if that is not an error. */
static void log_refusal(const struct dnn_lib *l, cudnnStatus_t status, const char *what)
{
    char more[256] = "";
    l->api.cudnnGetLastErrorString(more, sizeof more);
    log_debug("cuDNN refuses %s: %s %s", what, l->api.cudnnGetErrorString(status), more);
}

static struct bag bag_of(const struct dnn_lib *l)
{
    return (struct bag){ .api = &l->api };
}

static desc make_graph(const struct dnn_lib *l, struct bag *b, const struct dnn_call *c)
{
    return bag_conv_graph(b, c, l->device ? NULL : l->cudnn);
}

/* --- algorithms ------------------------------------------------------------- */

static bool has_note(const cudnnBackendNumericalNote_t *notes, int64_t n,
                     cudnnBackendNumericalNote_t note)
{
    for (int64_t i = 0; i < n; i++)
        if (notes[i] == note)
            return true;
    return false;
}

/*
 * Winograd's transforms lose bits that FP16 does not have; in FP32 those of the
 * smallest tiles are within the tolerance.
 */
static bool is_precise(const struct dnn_call *c, const cudnnBackendNumericalNote_t *notes,
                       int64_t n)
{
    static const cudnnBackendNumericalNote_t never[] = {
        CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION,
        CUDNN_NUMERICAL_NOTE_FFT,
        CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC,
        CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6,
        CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13,
    };
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (has_note(notes, n, never[i]))
            return false;
    bool full = c->in == DTYPE_FP32;
    if (full && (has_note(notes, n, CUDNN_NUMERICAL_NOTE_TENSOR_CORE) ||
                 has_note(notes, n, CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS)))
        return false;
    return full || !has_note(notes, n, CUDNN_NUMERICAL_NOTE_WINOGRAD);
}

/* Writes an engine and its knobs down: "engine 38 knobs 2=4 14=3". */
static bool write_algorithm(const struct dnn_lib *l, const struct dnn_call *c,
                            desc config, struct dnn_algorithm *out)
{
    struct bag b = bag_of(l);
    desc engine = bag_make(&b, CUDNN_BACKEND_ENGINE_DESCRIPTOR),
         knob[CUDNN_KNOB_TYPE_COUNTS];
    cudnnBackendNumericalNote_t notes[CUDNN_NUMERICAL_NOTE_TYPE_COUNT + 8];
    int64_t index = 0;
    bag_get(&b, config, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
            &engine);
    bag_get(&b, engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &index);
    int64_t n = bag_get(&b, engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
                        CUDNN_TYPE_NUMERICAL_NOTE, sizeof notes / sizeof *notes, notes);
    bool good = b.status == CUDNN_STATUS_SUCCESS && is_precise(c, notes, n);
    size_t at = (size_t)snprintf(out->text, sizeof out->text, "engine %d", (int)index);
    for (int i = 0; i < CUDNN_KNOB_TYPE_COUNTS; i++)
        knob[i] = bag_make(&b, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR);
    n = bag_get(&b, config, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES,
                CUDNN_TYPE_BACKEND_DESCRIPTOR, CUDNN_KNOB_TYPE_COUNTS, knob);
    for (int64_t i = 0; i < n && at < sizeof out->text; i++) {
        cudnnBackendKnobType_t type = 0;
        int64_t value = 0;
        bag_get(&b, knob[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1,
                &type);
        bag_get(&b, knob[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, 1,
                &value);
        at += (size_t)snprintf(out->text + at, sizeof out->text - at, "%s%d=%d",
                               i ? " " : " knobs ", (int)type, (int)value);
    }
    good = good && b.status == CUDNN_STATUS_SUCCESS && at < sizeof out->text;
    bag_close(&b);
    return good;
}

/* The reverse: an engine configuration for the graph. */
static desc read_algorithm(const struct dnn_lib *l, struct bag *b, desc graph,
                           const struct dnn_algorithm *algorithm)
{
    static const char prefix[] = "engine ", between[] = " knobs ";
    desc knob[CUDNN_KNOB_TYPE_COUNTS];
    int64_t n = 0;
    if (strncmp(algorithm->text, prefix, sizeof prefix - 1)) {
        b->status = CUDNN_STATUS_BAD_PARAM;
        return NULL;
    }
    char *at;
    long index = strtol(algorithm->text + sizeof prefix - 1, &at, 10);
    if (!strncmp(at, between, sizeof between - 1))
        at += sizeof between - 1;
    while (*at && n < CUDNN_KNOB_TYPE_COUNTS) {
        cudnnBackendKnobType_t type = (cudnnBackendKnobType_t)strtol(at, &at, 10);
        if (*at != '=')
            break;
        int64_t value = strtol(at + 1, &at, 10);
        knob[n] = bag_make(b, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR);
        bag_set(b, knob[n], CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1,
                &type);
        bag_set_int64(b, knob[n], CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, value);
        bag_finish(b, knob[n++]);
    }
    if (*at && b->status == CUDNN_STATUS_SUCCESS)
        b->status = CUDNN_STATUS_BAD_PARAM;
    desc engine = bag_make(b, CUDNN_BACKEND_ENGINE_DESCRIPTOR);
    bag_set_desc(b, engine, CUDNN_ATTR_ENGINE_OPERATION_GRAPH, graph);
    bag_set_int64(b, engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, index);
    if (l->device)
        bag_set_desc(b, engine, CUDNN_ATTR_ENGINE_DEVICEPROP, l->device);
    bag_finish(b, engine);
    desc config = bag_make(b, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
    bag_set_desc(b, config, CUDNN_ATTR_ENGINECFG_ENGINE, engine);
    if (n)
        bag_set(b, config, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES,
                CUDNN_TYPE_BACKEND_DESCRIPTOR, n, knob);
    return bag_finish(b, config);
}

static bool is_listed(const struct dnn_algorithm *list, int count,
                      const struct dnn_algorithm *one)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(list[i].text, one->text))
            return true;
    return false;
}

/* Appends the algorithms that one heuristic proposes; returns the new count. */
static int ask(const struct dnn_lib *l, const struct dnn_call *call, desc graph,
               cudnnBackendHeurMode_t mode, struct dnn_algorithm *list, int count,
               int max)
{
    struct bag b = bag_of(l);
    desc config[32];
    desc heuristic = bag_make(&b, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    bag_set_desc(&b, heuristic, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
    bag_set(&b, heuristic, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
    if (l->device)
        bag_set_desc(&b, heuristic, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, l->device);
    bag_finish(&b, heuristic);
    for (int i = 0; i < 32; i++)
        config[i] = bag_make(&b, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
    int64_t n = bag_get(&b, heuristic, CUDNN_ATTR_ENGINEHEUR_RESULTS,
                        CUDNN_TYPE_BACKEND_DESCRIPTOR, 32, config);
    for (int64_t i = 0; i < n && i < 32 && count < max; i++)
        if (write_algorithm(l, call, config[i], &list[count]) &&
            !is_listed(list, count, &list[count]))
            count++;
    bag_close(&b);
    return count;
}

static int list_convs(const struct dnn_lib *l, const struct dnn_call *call,
                      struct dnn_algorithm *list, int max)
{
    static const cudnnBackendHeurMode_t modes[] = { CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_B,
                                                    CUDNN_HEUR_MODE_FALLBACK };
    struct bag b = bag_of(l);
    int count = 0;
    desc graph = make_graph(l, &b, call);
    if (b.status != CUDNN_STATUS_SUCCESS)
        log_refusal(l, b.status, "the graph");
    for (int i = 0; b.status == CUDNN_STATUS_SUCCESS && i < 3 && count < max; i++)
        count = ask(l, call, graph, modes[i], list, count, max);
    bag_close(&b);
    return count;
}

/* --- plans ------------------------------------------------------------------ */

static int open_conv(struct dnn_plan *p, const struct dnn_algorithm *algorithm)
{
    const struct dnn_lib *l = p->lib;
    struct bag *b = &p->bag;
    int64_t bytes = 0;
    desc graph = make_graph(l, b, &p->call);
    p->plan = bag_make(b, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
    bag_set_desc(b, p->plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG,
                 read_algorithm(l, b, graph, algorithm));
    if (l->device)
        bag_set_desc(b, p->plan, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, l->device);
    else
        bag_set(b, p->plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1,
                &l->cudnn);
    bag_finish(b, p->plan);
    bag_get(b, p->plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1,
            &bytes);
    p->workspace_bytes = bytes > 0 ? (size_t)bytes : 0;
    if (b->status == CUDNN_STATUS_SUCCESS)
        return 0;
    log_refusal(l, b->status, algorithm->text);
    return RIFEC_ERR_DEVICE;
}

int dnn_plan_open(struct dnn_lib *l, struct dnn_plan **out, const struct dnn_call *call,
                  const struct dnn_algorithm *algorithm)
{
    *out = NULL;
    struct dnn_plan *p = calloc(1, sizeof *p);
    if (!p)
        return mem_fail("a cuDNN plan");
    *p = (struct dnn_plan){ .lib = l, .call = *call, .bag = bag_of(l) };
    int err = call->kind == DNN_GEMM ? gemm_plan_open(&l->gemm, &p->gemm, call, algorithm)
                                     : open_conv(p, algorithm);
    if (err < 0)
        dnn_plan_close(&p);
    *out = p;
    return err;
}

void dnn_plan_close(struct dnn_plan **p)
{
    if (!*p)
        return;
    bag_close(&(*p)->bag);
    gemm_plan_close(&(*p)->gemm);
    free(*p);
    *p = NULL;
}

size_t dnn_plan_workspace(const struct dnn_plan *p)
{
    return p->gemm ? gemm_plan_workspace(p->gemm) : p->workspace_bytes;
}

static int run_conv(const struct dnn_plan *p, const struct dnn_buffers *b,
                    cudaStream_t stream)
{
    int err = 0;
    const struct dnn_lib *l = p->lib;
    int64_t ids[5] = { T_IN, T_WEIGHT, T_OUT }, n = 3;
    const void *pointers[5] = { b->in, b->weight, b->out };
    if (p->call.bias) {
        ids[n] = T_BIAS;
        pointers[n++] = b->bias;
    }
    if (p->call.residual) {
        ids[n] = T_RESIDUAL;
        pointers[n++] = b->residual;
    }
    desc pack = NULL;
    CUDNN(l, cudnnBackendCreateDescriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack));
    CUDNN(l, cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS,
                                      CUDNN_TYPE_INT64, n, ids));
    CUDNN(l, cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS,
                                      CUDNN_TYPE_VOID_PTR, n, pointers));
    CUDNN(l, cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE,
                                      CUDNN_TYPE_VOID_PTR, 1, &b->workspace));
    CUDNN(l, cudnnBackendFinalize(pack));
    CUDNN(l, cudnnSetStream(l->cudnn, stream));
    CUDNN(l, cudnnBackendExecute(l->cudnn, p->plan, pack));
fail:
    if (pack)
        l->api.cudnnBackendDestroyDescriptor(pack);
    return err;
}

int dnn_plan_run(const struct dnn_plan *p, const struct dnn_buffers *b,
                 cudaStream_t stream)
{
    return p->gemm ? gemm_plan_run(p->gemm, b, stream) : run_conv(p, b, stream);
}

int dnn_list(struct dnn_lib *l, const struct dnn_call *call, struct dnn_algorithm *list,
             int max)
{
    return call->kind == DNN_GEMM ? gemm_list(&l->gemm, call, list, max)
                                  : list_convs(l, call, list, max);
}

/* --- the libraries ---------------------------------------------------------- */

/* The device's description by cuDNN; NULL if this version has none. */
static desc describe_device(const struct dnn_lib *l)
{
    struct bag b = bag_of(l);
    desc device = bag_make(&b, CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
    bag_set(&b, device, CUDNN_ATTR_DEVICEPROP_HANDLE, CUDNN_TYPE_HANDLE, 1, &l->cudnn);
    bag_finish(&b, device);
    if (b.status == CUDNN_STATUS_SUCCESS)
        return device; /* the caller's from here on */
    bag_close(&b);
    return NULL;
}

int dnn_lib_open(struct dnn_lib **out)
{
    *out = NULL;
    int err = 0;
    char why[512];
    struct dnn_lib *l = calloc(1, sizeof *l);
    if (!l)
        return mem_fail("the cuDNN library");
    if (cudnn_load(&l->api, why, sizeof why) < 0)
        FAIL(RIFEC_ERR_DEVICE, "%s", why);
    l->gemm.api = &l->api;
    CUDNN(l, cudnnCreate(&l->cudnn));
    if (l->api.cublasLtCreate(&l->gemm.handle) != CUBLAS_STATUS_SUCCESS)
        FAIL(RIFEC_ERR_DEVICE, "cuBLAS does not start");
    l->device = describe_device(l);
    *out = l;
    return 0;
fail:
    dnn_lib_close(&l);
    return err;
}

void dnn_lib_close(struct dnn_lib **lp)
{
    struct dnn_lib *l = *lp;
    if (!l)
        return;
    if (l->device)
        l->api.cudnnBackendDestroyDescriptor(l->device);
    if (l->gemm.handle)
        l->api.cublasLtDestroy(l->gemm.handle);
    if (l->cudnn)
        l->api.cudnnDestroy(l->cudnn);
    free(l);
    *lp = NULL;
}

bool dnn_lib_is_shared(const struct dnn_lib *l)
{
    return l->device;
}

void dnn_lib_describe(const struct dnn_lib *l, char *out, size_t bytes)
{
    cudnn_describe(&l->api, out, bytes);
}
