/*
 * A whole job, x2, with the bytes of a film, an image or a playlist, as FFmpeg recognises
 * them. The engine is that of copy_engine.c, and the output is discarded.
 */
#include "fuzz.h"
#include "pipeline/pipeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pipeline_report r; /* too large for the stack */
    struct progress progress = { .mode = PROGRESS_OFF };
    struct pipeline_options opt = {
        .input.path = fuzz_file(data, size),
        .output.path = "-",
        .output.format = "null",
        .rate.factor = { 2, 1 },
        .rate.frames = 64,
    };
    fuzz_begin();
    int err = pipeline_run(&opt, &progress, &r);
    if (err == RIFEC_ERR_INPUT && r.in.damaged)
        MUST(fuzz_warned()); /* the usable part was used */
    else
        fuzz_judge(err);
    MUST(err || r.out.frames_written == r.out.frames_planned);
    pipeline_report_close(&r);
    return 0;
}
