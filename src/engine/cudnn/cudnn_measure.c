/* Measures how long a candidate takes. */
#include "engine/cudnn/cudnn_candidate.h"

#include "base/half.h"
#include "base/mem.h"
#include "engine/cuda/cu.h"

#define RUNS          10 /* in a graph */
#define GRAPHS        3
#define WORKSPACE_MAX ((size_t)1 << 30) /* a candidate that needs more is refused */
#define HOPELESS      3                 /* times the best: one run is enough ... */
#define HOPELESS_MORE 40                /* ... with this many us for starting it */

static size_t tensor_numbers(const struct tensor *t)
{
    return (size_t)t->channels * (size_t)t->height * (size_t)t->width;
}

int measure_fill(const struct measure *m, const struct tensor *t)
{
    int err = 0;
    enum { BLOCK = 65536 };
    size_t size = dtype_bytes(t->dtype), bytes = tensor_numbers(t) * size;
    unsigned char *at = (unsigned char *)t->data, *host = mem_alloc(BLOCK * 4);
    uint32_t state = 1;
    if (!host)
        TRY(mem_fail("the numbers of a trial"));
    for (size_t i = 0; i < BLOCK; i++) {
        state = state * 1664525 + 1013904223;
        float v = (float)(int32_t)state / 2147483648.0f;
        if (t->dtype == DTYPE_FP16)
            ((uint16_t *)(void *)host)[i] = float_to_half(v);
        else
            ((float *)(void *)host)[i] = v;
    }
    size_t done = bytes < BLOCK * size ? bytes : BLOCK * size;
    CU(cudaMemcpyAsync(at, host, done, cudaMemcpyHostToDevice, m->stream));
    for (size_t n; done < bytes; done += n) {
        n = bytes - done < done ? bytes - done : done;
        CU(cudaMemcpyAsync(at + done, at, n, cudaMemcpyDeviceToDevice, m->stream));
    }
    CU(cudaStreamSynchronize(m->stream));
fail:
    mem_free(host);
    return err;
}

/* Fills everything with NaN, so that tests notice values that are not written. */
static int poison(const struct measure *m, const struct shape *s)
{
    int err = 0;
    if (s->op == DECONV) {
        size_t n = (size_t)s->level.height * (size_t)s->level.width * sizeof(float);
        CU(cudaMemsetAsync(s->level.flow, 0xff, 4 * n, m->stream));
        CU(cudaMemsetAsync(s->level.mask, 0xff, n, m->stream));
    } else {
        size_t n = tensor_numbers(&s->out) * dtype_bytes(s->out.dtype);
        CU(cudaMemsetAsync(s->out.data, 0xff, n, m->stream));
    }
fail:
    return err;
}

static int reserve(struct measure *m, size_t bytes)
{
    if (bytes <= m->workspace_bytes)
        return 0;
    measure_close(m);
    if (bytes > WORKSPACE_MAX || cudaMalloc(&m->workspace, bytes) != cudaSuccess) {
        (void)cudaGetLastError();
        m->workspace = NULL;
        log_debug("cuDNN: no %zu MiB for a workspace", bytes >> 20);
        return RIFEC_ERR_NOMEM; /* of this trial only */
    }
    m->workspace_bytes = bytes;
    return 0;
}

void measure_close(struct measure *m)
{
    cudaFree(m->workspace);
    m->workspace = NULL;
    m->workspace_bytes = 0;
}

struct timer {
    cudaEvent_t start, end;
    cudaGraph_t graph;
    cudaGraphExec_t exec;
};

static void timer_close(struct timer *t)
{
    if (t->exec)
        cudaGraphExecDestroy(t->exec);
    if (t->graph)
        cudaGraphDestroy(t->graph);
    if (t->end)
        cudaEventDestroy(t->end);
    if (t->start)
        cudaEventDestroy(t->start);
}

static int run(const struct measure *m, const struct shape *s, const struct candidate *c,
               const struct packed *k)
{
    const struct cuda_stream stream = { m->stream, m->workspace, m->workspace_bytes };
    return candidate_run(c, k, &s->in, &s->out, &s->level, &stream);
}

static int capture(const struct measure *m, const struct shape *s,
                   const struct candidate *c, const struct packed *k, struct timer *t)
{
    int err = 0;
    CU(cudaStreamBeginCapture(m->stream, cudaStreamCaptureModeThreadLocal));
    for (int i = 0; i < RUNS && err == 0; i++)
        err = run(m, s, c, k);
    cudaError_t ended = cudaStreamEndCapture(m->stream, &t->graph);
    TRY(err);
    CU(ended);
    CU(cudaGraphInstantiate(&t->exec, t->graph, 0));
    CU(cudaGraphLaunch(t->exec, m->stream));
fail:
    return err;
}

/* The time between two events in the stream. */
static int elapsed(const struct measure *m, const struct timer *t, double *us)
{
    int err = 0;
    float ms;
    CU(cudaEventRecord(t->end, m->stream));
    CU(cudaEventSynchronize(t->end));
    CU(cudaEventElapsedTime(&ms, t->start, t->end));
    *us = 1000 * (double)ms;
fail:
    return err;
}

int measure_candidate(struct measure *m, const struct shape *s, struct candidate *c,
                      const struct packed *k, double best_us)
{
    int err = 0;
    double us;
    struct timer t = { 0 };
    TRY(reserve(m, candidate_workspace(c)));
    CU(cudaEventCreate(&t.start));
    CU(cudaEventCreate(&t.end));
    TRY(poison(m, s));
    TRY(run(m, s, c, k)); /* also loads its code */
    CU(cudaEventRecord(t.start, m->stream));
    TRY(run(m, s, c, k));
    TRY(elapsed(m, &t, &c->us));
    if (best_us > 0 && c->us > HOPELESS * best_us + HOPELESS_MORE)
        goto fail; /* with err 0 */
    TRY(capture(m, s, c, k, &t));
    for (int i = 0; i < GRAPHS; i++) {
        CU(cudaEventRecord(t.start, m->stream));
        CU(cudaGraphLaunch(t.exec, m->stream));
        TRY(elapsed(m, &t, &us));
        if (i == 0 || us / RUNS < c->us)
            c->us = us / RUNS;
    }
fail:
    timer_close(&t);
    return err;
}
