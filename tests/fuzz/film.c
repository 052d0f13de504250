/*
 * A whole job, x2, with the bytes of a film, a picture, a playlist: whatever FFmpeg takes
 * them for. The engine is the one of copy_engine.c, and the output goes nowhere.
 */
#include "fuzz.h"
#include "pipeline/pipeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pipeline_report r; /* large for a stack */
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
        MUST(fuzz_warned()); /* what could be made of it was made */
    else
        fuzz_judge(err);
    MUST(err || r.out.frames_written == r.out.frames_planned);
    pipeline_report_close(&r);
    return 0;
}
