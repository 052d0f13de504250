/*
 * A job: the objects that one run of the pipeline works with, how they are opened and
 * closed, and the signals that stop it.
 */
#ifndef RIFEC_PIPELINE_JOB_H
#define RIFEC_PIPELINE_JOB_H

#include <stdatomic.h>

#include "base/queue.h"
#include "base/thread.h"
#include "media/out/encode.h"
#include "pipeline/inbetween.h"
#include "pipeline/pipeline.h"
#include "pipeline/resume.h"
#include "pipeline/sink.h"
#include "pipeline/source.h"
#include "rifec/devices.h"

struct job {
    const struct pipeline_options *opt;
    struct progress *progress;
    struct pipeline_report *report;

    unsigned long failures;     /* of allocations in this process, at the start */
    struct source source;       /* the source stage's */
    struct inbetween inbetween; /* the engine stage's */
    struct sink sink;           /* the sink stage's   */
    struct scene_list cuts;     /* until inbetween takes it */
    struct mux *mux;
    struct encode *encode;
    struct watch *watch;   /* or NULL */
    struct resume *resume; /* or NULL */
    struct rifec *engine;
    struct rifec_cuda cuda; /* context for the decoder; empty: not on the device */
    char why_no_cuda[128];

    struct queue *decoded, *finished;
    struct thread source_thread, engine_thread, sink_thread;
    atomic_int stages_running;
    struct rational out_time_base, out_rate; /* seconds; frames per second */

    atomic_bool picture_done; /* no more source frames are needed     */
    int64_t picture_end_us;   /* if picture_done: where the video ends */
};

/* Reads the input up to its first frame, and opens the engine, the encoder and the output
 * for it. After a failure, too, job_close() closes what is open. */
int job_open(struct job *j);
void job_close(struct job *j);

/* Looks whether an earlier run with --resume finished this job: report->finished_before.
 */
int job_look_for_finished(struct job *j);

/* The next packet or frame of the input. ABORT after a signal that stops the job. */
int job_next_item(struct job *j, struct item *it);

/* Seconds of output for a second of input: more than 1 in slow motion. */
struct rational job_stretch(const struct pipeline_options *o);

/* A time in microseconds. */
int64_t job_us(struct rational time_base, int64_t ts);

/* True after pipeline_interrupt(). */
bool job_is_interrupted(void);

/* True when the job must stop at once. The first Ctrl-C ends the file early; with
 * --resume it stops the job, because the next run continues it. */
bool job_gives_up(const struct job *j);

#endif
