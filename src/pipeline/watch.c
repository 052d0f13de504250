/* One hash per frame, for the list of hashes and the golden manifest. */
#include "pipeline/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/pixdesc.h>

#include "base/err.h"
#include "base/mem.h"
#include "media/framehash.h"
#include "rifec/version.h"

struct watch {
    struct framemd5 *framemd5;
    struct golden *golden;
};

bool watch_is_wanted(const struct watch_options *o)
{
    return o->framemd5 || o->golden;
}

/* The parts of the engine's description on which its results depend: not the number of
 * threads or of frames in flight. */
static void describe_engine(char *to, size_t size, const char *device)
{
    to[0] = '\0';
    for (const char *part = device; *part;) {
        int length = (int)strcspn(part, ",");
        char text[256];
        snprintf(text, sizeof text, "%.*s", length, part);
        bool counts = strstr(text, " thread") || strstr(text, " in flight");
        size_t used = strlen(to);
        if (!counts)
            snprintf(to + used, size - used, "%s%s", used ? ", " : "", text);
        part += length;
        part += strspn(part, ", ");
    }
}

#define TEXT_OF(number) #number
#define DOTTED(a, b, c) TEXT_OF(a) "." TEXT_OF(b) "." TEXT_OF(c)

static const char version[] =
    DOTTED(RIFEC_VERSION_MAJOR, RIFEC_VERSION_MINOR, RIFEC_VERSION_PATCH);

/* `engine`: room for its description, which the result points to. */
static struct golden_params golden_params(const struct watch_params *p, char *engine,
                                          size_t size)
{
    const struct watch_options *o = p->options;
    const AVCodecContext *c = p->encoder;
    describe_engine(engine, size, p->engine->device);
    struct golden_params g = {
        .folder = o->golden,
        .update = o->update_golden,
        .store_frames = o->golden_frames,
        .tolerance = o->golden_tolerance,
        .overwrite = p->overwrite,
        .title = p->title,
        .subject = {
            .version = version,
            .model_sha256 = p->engine->model_sha256,
            .settings = p->options->settings ? p->options->settings : "",
            .backend = p->engine->backend,
            .engine = engine,
            .precision = p->engine->precision,
            .pix_fmt = av_get_pix_fmt_name(c->pix_fmt),
            .width = c->width,
            .height = c->height,
            .time_base_num = c->time_base.num,
            .time_base_den = c->time_base.den,
            .deterministic = p->options->deterministic,
        },
    };
    for (int i = 0; i < o->golden_report_count; i++)
        g.reports[g.report_count++] = o->golden_reports[i];
    return g;
}

int watch_open(struct watch **out, const struct watch_params *p)
{
    int err = 0;
    struct watch *w = *out = calloc(1, sizeof *w);
    if (!w)
        return mem_fail("the hashes of frames");
    if (p->options->framemd5)
        TRY(framemd5_open(&w->framemd5, p->options->framemd5, p->overwrite, p->encoder));
    if (p->options->golden) {
        char engine[512];
        struct golden_params g = golden_params(p, engine, sizeof engine);
        TRY(golden_open(&w->golden, &g));
    }
    return 0;
fail:
    watch_close(out);
    return err;
}

int watch_frame(void *watch, const AVFrame *frame, bool decoded)
{
    int err = 0;
    struct watch *w = watch;
    char hash[FRAMEHASH_TEXT];
    size_t bytes;
    TRY(framehash_make(frame, hash, &bytes));
    if (w->framemd5)
        TRY(framemd5_add(w->framemd5, frame, hash, bytes));
    if (w->golden)
        TRY(golden_frame(w->golden, frame, hash, decoded));
fail:
    return err;
}

int watch_finish(struct watch *w, bool cut)
{
    int err = 0;
    if (w->framemd5) /* also for a run that fails the comparison: it shows the frames */
        TRY(framemd5_finish(&w->framemd5));
    if (w->golden)
        TRY(golden_finish(w->golden, cut));
fail:
    return err;
}

void watch_close(struct watch **w)
{
    if (!*w)
        return;
    framemd5_close(&(*w)->framemd5);
    golden_close(&(*w)->golden);
    free(*w);
    *w = NULL;
}
