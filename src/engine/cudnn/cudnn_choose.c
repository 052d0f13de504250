/*
 * Chooses a candidate for each shape: the one that the plans file remembers, or else the
 * fastest of those that the libraries propose.
 *
 * To prepare a candidate, cuDNN may compile code. That takes about 40 ms on an H200's
 * host, whatever the number of threads, so the time is limited and the libraries'
 * favourites come first.
 */
#define _DEFAULT_SOURCE
#include "engine/cudnn/cudnn_candidate.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "engine/cuda/cu.h"

#define CANDIDATES_MAX     32
#define CANDIDATES_DEFAULT 4
#define THREADS_MAX        16
#define PREPARE_SECONDS    2 /* at most, except for each method's first candidate */

/* --- calls ------------------------------------------------------------------------ */

/* cuDNN's fused convolutions in full FP32 were measured to take ten times as long. */
static bool method_fits(const struct method *r, const struct shape *s)
{
    return r->op == s->op && (r->epilogue != EPILOGUE_NONE || s->in.dtype != DTYPE_FP32);
}

static struct dnn_call make_call(const struct method *r, const struct shape *s)
{
    bool fused = r->epilogue == EPILOGUE_NONE;
    struct dnn_call c = {
        .kind = r->kind,
        .cin = s->in.channels,
        .cout = r->channels ? r->channels : s->layer->cout,
        .height = s->in.height,
        .width = s->in.width,
        .stride = r->op == CONV_S2 ? 2 : 1,
        .in = s->in.dtype,
        .out = r->op == DECONV ? DTYPE_FP32 : s->in.dtype,
        .bias = fused,
        .residual = fused && r->op == RESCONV,
        .lrelu = fused,
    };
    return c;
}

/* --- candidates ------------------------------------------------------------------- */

struct trial {
    struct shape *shape;
    struct candidate candidate;
    int rank; /* in its method's list; rank 0 is tried even after the deadline */
};

/* Data that the threads share. */
struct work {
    struct cudnn_ops *o;
    struct trial *trials;
    int count, device;
    double deadline;
    atomic_int next;
    struct dnn_algorithm *lists; /* [count][CANDIDATES_MAX], and how many in each */
    int *listed;
};

/* One thread: asks for the algorithms of each shape and method. */
static int list_some(void *opaque)
{
    struct work *w = opaque;
    (void)cudaSetDevice(w->device);
    int max = w->o->params.candidates;
    if (max <= 0 || max > CANDIDATES_MAX)
        max = CANDIDATES_DEFAULT;
    for (int i; (i = atomic_fetch_add(&w->next, 1)) < w->count;)
        w->listed[i] = dnn_list(w->o->lib, &w->trials[i].candidate.call,
                                w->lists + (size_t)i * CANDIDATES_MAX, max);
    return 0;
}

/* One thread: prepares candidates until all are or time is up. */
static int build_some(void *opaque)
{
    struct work *w = opaque;
    (void)cudaSetDevice(w->device);
    for (int i; (i = atomic_fetch_add(&w->next, 1)) < w->count;) {
        struct trial *t = &w->trials[i];
        double start = clock_seconds();
        if (t->rank > 0 && start > w->deadline)
            continue;
        (void)dnn_plan_open(w->o->lib, &t->candidate.plan, &t->candidate.call,
                            &t->candidate.algorithm);
        t->candidate.build_seconds = clock_seconds() - start;
    }
    return 0;
}

static void on_all_cores(struct work *w, int (*some)(void *))
{
    struct thread threads[THREADS_MAX] = { 0 };
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int n = dnn_lib_is_shared(w->o->lib) && cores > 1 ? (int)cores - 1 : 0;
    atomic_store(&w->next, 0);
    for (int i = 0; i < n && i < THREADS_MAX && i + 1 < w->count; i++)
        (void)thread_start(&threads[i], "plans", some, w);
    (void)some(w); /* this thread too */
    for (int i = 0; i < THREADS_MAX; i++)
        (void)thread_join(&threads[i]);
}

static int by_rank(const void *a, const void *b)
{
    const struct trial *x = a, *y = b;
    return x->rank - y->rank;
}

/* Lists every shape with every method that fits it, without algorithms. */
static int list_methods(struct cudnn_ops *o, struct trial *out)
{
    int n = 0;
    for (struct shape *s = o->shapes; s; s = s->next)
        for (int r = 0; !s->chosen.plan && r < CUDNN_METHODS; r++)
            if (method_fits(&cudnn_methods[r], s))
                out[n++] = (struct trial){
                    .shape = s,
                    .candidate = { .method = &cudnn_methods[r],
                                   .call = make_call(&cudnn_methods[r], s) },
                };
    return n;
}

static int count_shapes(const struct cudnn_ops *o)
{
    int n = 0;
    for (const struct shape *s = o->shapes; s; s = s->next)
        n++;
    return n;
}

/* All candidates of all shapes that have no plan yet, prepared; free() them. */
static int make_trials(struct cudnn_ops *o, struct trial **out, int *count)
{
    int err = 0;
    const int pairs_max = count_shapes(o) * CUDNN_METHODS;
    struct work w = { .o = o };
    struct trial *pairs = calloc((size_t)pairs_max + 1, sizeof *pairs), *all = NULL;
    w.lists = calloc((size_t)pairs_max + 1, CANDIDATES_MAX * sizeof *w.lists);
    w.listed = calloc((size_t)pairs_max + 1, sizeof *w.listed);
    all = calloc((size_t)pairs_max * CANDIDATES_MAX + 1, sizeof *all);
    if (!pairs || !w.lists || !w.listed || !all)
        TRY(mem_fail("the cuDNN trials"));
    CU(cudaGetDevice(&w.device));
    w.deadline = clock_seconds() + PREPARE_SECONDS;
    w.trials = pairs;
    w.count = list_methods(o, pairs);
    on_all_cores(&w, list_some);

    int n = 0;
    for (int i = 0; i < w.count; i++)
        for (int k = 0; k < w.listed[i]; k++) {
            all[n] = pairs[i];
            all[n].rank = k;
            all[n++].candidate.algorithm =
                w.lists[(size_t)i * CANDIDATES_MAX + (size_t)k];
        }
    qsort(all, (size_t)n, sizeof *all, by_rank);
    w.trials = all;
    w.count = n;
    on_all_cores(&w, build_some);
    *out = all;
    *count = n;
    all = NULL;
fail:
    free(all);
    free(pairs);
    free(w.lists);
    free(w.listed);
    return err;
}

/* --- measuring ---------------------------------------------------------------- */

static void report(const struct cudnn_ops *o, const struct shape *s,
                   const struct candidate *c)
{
    log_debug("%s: %s %s: %.1f us, prepared in %.2f s, workspace %zu KiB", s->name,
              c->method->name, c->algorithm.text, c->us, c->build_seconds,
              candidate_workspace(c) >> 10);
    if (o->params.on_trial)
        o->params.on_trial(
            o->params.opaque,
            &(struct cudnn_trial){ .layer = s->name,
                                   .method = c->method->name,
                                   .algorithm = c->algorithm.text,
                                   .us = c->us,
                                   .build_seconds = c->build_seconds,
                                   .workspace_bytes = candidate_workspace(c),
                                   .weights = s->layer,
                                   .in = s->in,
                                   .out = s->out,
                                   .level = s->level });
}

/* Times the trials of one shape by one method and keeps the best plan. */
static int try_method(struct cudnn_ops *o, struct measure *m, struct shape *s,
                      const struct method *r, struct trial *trials, int count)
{
    int err = 0;
    struct packed k = { 0 };
    size_t bytes;
    for (int i = 0; i < count; i++) {
        struct candidate *c = &trials[i].candidate;
        if (trials[i].shape != s || c->method != r || !c->plan)
            continue;
        if (!k.weight)
            TRY(packed_open(&k, c, s->layer, &bytes));
        if (measure_candidate(m, s, c, &k, s->chosen.us) < 0) {
            log_verbose("%s: %s %s does not run", s->name, r->name, c->algorithm.text);
            continue;
        }
        report(o, s, c);
        if (!s->chosen.plan || c->us < s->chosen.us) {
            struct dnn_plan *worse = s->chosen.plan;
            s->chosen = *c;
            c->plan = NULL;
            dnn_plan_close(&worse);
        }
    }
fail:
    packed_close(&k);
    return err;
}

static int choose_candidate(struct cudnn_ops *o, struct measure *m, struct shape *s,
                            struct trial *trials, int count)
{
    int err = 0;
    TRY(measure_fill(m, &s->in));
    for (int r = 0; r < CUDNN_METHODS; r++)
        TRY(try_method(o, m, s, &cudnn_methods[r], trials, count));
    if (!s->chosen.plan)
        FAIL(RIFEC_ERR_DEVICE,
             "%s: neither cuDNN nor cuBLAS computes this: try --kernels auto", s->name);
    plan_cache_put(o->cache, s->name,
                   &(struct plan_entry){ s->chosen.method->name, s->chosen.algorithm.text,
                                         s->chosen.us });
fail:
    return err;
}

/* --- remembering ------------------------------------------------------------------ */

/* The entry of the plans file for a shape, as a trial without a plan. */
static bool recall(const struct cudnn_ops *o, struct shape *s, struct trial *t)
{
    struct plan_entry e;
    if (!plan_cache_get(o->cache, s->name, &e))
        return false;
    *t = (struct trial){ .shape = s };
    for (int r = 0; r < CUDNN_METHODS; r++)
        if (method_fits(&cudnn_methods[r], s) && !strcmp(cudnn_methods[r].name, e.method))
            t->candidate.method = &cudnn_methods[r];
    if (!t->candidate.method)
        return false;
    t->candidate.call = make_call(t->candidate.method, s);
    t->candidate.us = e.us;
    snprintf(t->candidate.algorithm.text, sizeof t->candidate.algorithm.text, "%s",
             e.algorithm);
    return true;
}

/* Prepares the remembered plans. A plan that no longer works is measured again. */
static int recall_all(struct cudnn_ops *o)
{
    int err = 0;
    struct work w = { .o = o };
    w.trials = calloc((size_t)count_shapes(o) + 1, sizeof *w.trials); /* of rank 0 */
    if (!w.trials)
        TRY(mem_fail("the cuDNN trials"));
    CU(cudaGetDevice(&w.device));
    for (struct shape *s = o->shapes; s; s = s->next)
        if (recall(o, s, &w.trials[w.count]))
            w.count++;
    on_all_cores(&w, build_some);
    for (int i = 0; i < w.count; i++) {
        struct trial *t = &w.trials[i];
        if (t->candidate.plan)
            t->shape->chosen = t->candidate;
        else
            log_warning("%s: the remembered '%s' no longer works", t->shape->name,
                        t->candidate.algorithm.text);
    }
fail:
    free(w.trials);
    return err;
}

static int measure_all(struct cudnn_ops *o, cudaStream_t stream)
{
    int err = 0, count = 0;
    struct trial *trials = NULL;
    struct measure m = { .stream = stream };
    double start = clock_seconds();
    TRY(make_trials(o, &trials, &count));
    double made = clock_seconds();
    for (struct shape *s = o->shapes; s; s = s->next)
        if (!s->chosen.plan)
            TRY(choose_candidate(o, &m, s, trials, count));
    if (count)
        log_verbose("%d cuDNN candidates: prepared in %.1f s, timed in %.1f s", count,
                    made - start, clock_seconds() - made);
    plan_cache_save(o->cache);
fail:
    for (int i = 0; i < count; i++)
        dnn_plan_close(&trials[i].candidate.plan);
    free(trials);
    measure_close(&m);
    return err;
}

int cudnn_choose_candidates(struct cudnn_ops *o, cudaStream_t stream)
{
    int err = 0;
    TRY(recall_all(o));
    TRY(measure_all(o, stream));
fail:
    return err;
}
