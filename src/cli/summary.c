/* Facts of the report, as sentences. */
#include "cli/summary.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

/* A line that grows at its end and is cut off where the room ends. */
struct line {
    char *text;
    size_t size;
};

static void LOG_PRINTF(2, 3) add(struct line *l, const char *fmt, ...)
{
    size_t used = strlen(l->text);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(l->text + used, l->size - used, fmt, ap);
    va_end(ap);
}

/* 12.0 s, or 1:02:05 from a minute on. */
static void add_seconds(struct line *l, double s, int decimals)
{
    long long whole = (long long)(s + 0.5);
    if (s < 60)
        add(l, "%.*f s", decimals, s);
    else
        add(l, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
}

/* 25, 29.97, 23.976: as people write rates. */
static void add_rate(struct line *l, struct rational rate)
{
    char text[32];
    snprintf(text, sizeof text, "%.3f", rational_to_double(rate));
    size_t length = strlen(text);
    while (text[length - 1] == '0')
        text[--length] = '\0';
    if (text[length - 1] == '.')
        text[--length] = '\0';
    add(l, "%s fps", text);
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

static const char *input_name(const struct pipeline_options *job)
{
    return strcmp(job->input.path, "-") ? job->input.path : "stdin";
}

static const char *output_name(const struct pipeline_report *r)
{
    return r->out.nowhere ? "no output" : r->out.path;
}

/* --- before --------------------------------------------------------------- */

static void add_input(struct line *l, const struct pipeline_options *job,
                      const struct pipeline_report *r)
{
    add(l, "%s: %dx%d %s", input_name(job), r->in.width, r->in.height, r->in.codec);
    if (r->in.rate.num > 0) {
        add(l, ", ");
        add_rate(l, r->in.rate);
    }
    double whole = r->in.duration_s, from = 1e-6 * (double)job->input.from_us,
           to = 1e-6 * (double)job->input.to_us;
    if (!(to > 0 && to < whole))
        to = whole;
    if (whole > 0)
        add(l, ", ");
    if (whole > 0 && to - from < whole && to > from) {
        add_seconds(l, to - from, 2);
        add(l, " of ");
    }
    if (whole > 0)
        add_seconds(l, whole, whole < 10 ? 2 : 1);
}

static void add_output(struct line *l, const struct pipeline_options *job,
                       const struct pipeline_report *r)
{
    const char *codec = r->out.codec, *format = r->out.format;
    add(l, "%s", output_name(r));
    if (r->out.rate.num > 0) {
        add(l, ": ");
        add_rate(l, r->out.rate);
    }
    if (job->rate.slowmo)
        add(l, ", %g times as long", rational_to_double(job->rate.factor));
    if (r->out.nowhere)
        return;
    if (!strcmp(format, "image2"))
        add(l, ", %s pictures", codec);
    else if (!strcmp(codec, "wrapped_avframe") || !strcmp(codec, "rawvideo"))
        add(l, ", uncompressed in %s", format);
    else
        add(l, ", %s in %s", codec, format);
}

/* The engine's description begins "CPU, 2 threads, ...", or with the GPU's name. */
static void add_engine(struct line *l, const struct pipeline_report *r)
{
    const char *device = r->engine.device, *comma = strchr(device, ',');
    int length = comma ? (int)(comma - device) : (int)strlen(device);
    char precision[16];
    snprintf(precision, sizeof precision, "%s", r->engine.precision);
    for (char *c = precision; *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    bool cpu = !strcmp(r->engine.backend, "cpu");
    add(l, ", on %s%.*s (", cpu ? "the " : "", length, device);
    if (cpu && comma) {
        const char *threads = comma + strspn(comma, ", ");
        add(l, "%.*s, ", (int)strcspn(threads, ","), threads);
    }
    add(l, "%s)", precision);
}

void summary_begin(const struct pipeline_options *job, const struct pipeline_report *r,
                   char *text, size_t size)
{
    struct line l = { text, size };
    text[0] = '\0';
    add_input(&l, job, r);
    add(&l, " -> ");
    add_output(&l, job, r);
    add_engine(&l, r);
}

/* --- after ---------------------------------------------------------------- */

static const char *limit(const struct pipeline_report *r)
{
    static const char *const words[][2] = { { "decode", "decoding" },
                                            { "engine", "the engine" },
                                            { "encode", "encoding" } };
    for (size_t i = 0; r->timing.bottleneck && i < sizeof words / sizeof *words; i++)
        if (!strcmp(r->timing.bottleneck, words[i][0]))
            return words[i][1];
    return NULL;
}

void summary_end(const struct pipeline_report *r, char *text, size_t size)
{
    struct line l = { text, size };
    int64_t made = r->out.frames_written - r->out.frames_resumed;
    double wall_s = r->timing.wall_s;
    text[0] = '\0';
    add(&l, "%s: %lld frame%s", output_name(r), (long long)r->out.frames_written,
        plural(r->out.frames_written));
    if (r->out.rate.num > 0) {
        add(&l, " at ");
        add_rate(&l, r->out.rate);
    }
    add(&l, " from %lld decoded, ", (long long)r->in.frames);
    add_seconds(&l, r->out.duration_s, 2);
    add(&l, " of video in ");
    add_seconds(&l, wall_s, 1);
    add(&l, " (%.1f fps", wall_s > 0 ? (double)made / wall_s : 0.0);
    if (limit(r))
        add(&l, ", limited by %s", limit(r));
    add(&l, ")%s", r->interrupted ? ", stopped early" : "");
}

void summary_frames(const struct pipeline_report *r, char *text, size_t size)
{
    snprintf(text, size, "%lld frame%s interpolated, %lld scene cut%s, %lld duplicate%s",
             (long long)r->out.frames_synthesized, plural(r->out.frames_synthesized),
             (long long)r->in.cuts, plural(r->in.cuts), (long long)r->in.duplicates,
             plural(r->in.duplicates));
}
