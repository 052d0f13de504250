/* Looks whether threads can be started before a codec tries to. */
#include "media/threads.h"

#include <stdbool.h>
#include <string.h>

#include <libavutil/avstring.h>
#include <libavutil/cpu.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "rifec/error.h"

/* The job's own. */
#define STAGES 3

/* Threads that encoders start by default, and at least (with one thread and other options
 * that limit them). Measured with x264 164, x265 3.5, SVT-AV1 1.4; x264 takes three for
 * two cores, and some encoders more. */
static const struct demand {
    const char *codec;
    int base, per_core, least;
    const char *option, *value;
} demands[] = {
    { "libx265", 8, 2, 4, "x265-params", "pools=1" },
    { "libsvtav1", 64, 8, 20, "svtav1-params", "lp=1" },
    { "", 8, 2, 4, NULL, NULL }, /* any other */
};

static const struct demand *demand_of(const char *codec)
{
    const struct demand *d = demands;
    while (d->codec[0] && strcmp(d->codec, codec) != 0)
        d++;
    return d;
}

/* How many can be started: up to those the codec takes and those that begin later. */
static int choose_thread_count(AVCodecContext *c, int wanted, int later)
{
    int room = thread_room(wanted + later);
    c->thread_count = room < wanted + later ? 1 : 0;
    return room;
}

static void warn(const AVCodecContext *c, int room)
{
    if (c->thread_count == 1)
        log_warning("only %d more threads can be started: %s uses one, which is slower",
                    room, c->codec->name);
}

/* FFmpeg takes one per core and one more, but at most 16. */
void threads_for_decoder(AVCodecContext *c)
{
    int cores = av_cpu_count(), encoder = demand_of("")->least;
    warn(c,
         choose_thread_count(c, cores < 16 ? cores + 1 : 16, STAGES + cores + encoder));
}

/* The user's options come after ours and override them. */
static int set_modest(AVCodecContext *c, const struct demand *d)
{
    uint8_t *before = NULL;
    if (!d->option || av_opt_get(c, d->option, AV_OPT_SEARCH_CHILDREN, &before) < 0)
        return 0; /* an older FFmpeg */
    bool more = before && before[0];
    char *all =
        av_asprintf("%s%s%s", d->value, more ? ":" : "", more ? (char *)before : "");
    int e = all ? av_opt_set(c, d->option, all, AV_OPT_SEARCH_CHILDREN) : -1;
    av_free(before);
    av_free(all);
    return e < 0 ? mem_fail("the options of the encoder") : 0;
}

int threads_for_encoder(AVCodecContext *c)
{
    const struct demand *d = demand_of(c->codec->name);
    int cores = av_cpu_count(), least = STAGES + d->least;
    int room = choose_thread_count(c, d->base + d->per_core * cores, STAGES + cores);
    if (room < least) {
        log_error("only %d more threads can be started, and %s needs %d: raise "
                  "ulimit -u, ulimit -v or the limit of the container",
                  room, c->codec->name, least);
        return RIFEC_ERR_NOMEM;
    }
    warn(c, room);
    return c->thread_count == 1 ? set_modest(c, d) : 0;
}
