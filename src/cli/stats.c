/* --stats: the report as JSON, through cJSON. */
#define _POSIX_C_SOURCE 200809L
#include "cli/stats.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cjson/cJSON.h>

#include "base/log.h"
#include "cli/json_text.h"

/* --- the text ------------------------------------------------------------- */

static void add_text(cJSON *to, const char *key, const char *text)
{
    cJSON_AddItemToObject(to, key, json_text(text));
}

static void add_count(cJSON *to, const char *key, int64_t n)
{
    cJSON_AddNumberToObject(to, key, (double)n); /* exact up to 2^53 */
}

/* Microseconds are plenty; 0 stands for unknown in the report. */
static void add_known(cJSON *to, const char *key, double value)
{
    if (value > 0 && isfinite(value))
        cJSON_AddNumberToObject(to, key, round(value * 1e6) / 1e6);
    else
        cJSON_AddNullToObject(to, key);
}

/* Rounded for people, exact for arithmetic: 29.97003 and "30000/1001". */
static void add_rate(cJSON *to, struct rational rate)
{
    char exact[48] = "";
    if (rate.num > 0 && rate.den > 0)
        snprintf(exact, sizeof exact, "%lld/%lld", (long long)rate.num,
                 (long long)rate.den);
    add_known(to, "fps", exact[0] ? rational_to_double(rate) : 0);
    add_text(to, "fps_exact", exact);
}

static void add_input(cJSON *root, const struct stats *s)
{
    const struct pipeline_report *r = s->report;
    cJSON *in = cJSON_AddObjectToObject(root, "input");
    add_text(in, "path", s->job->input.path);
    add_text(in, "codec", r->in.codec);
    add_text(in, "pix_fmt", r->in.pix_fmt);
    add_text(in, "decoder", r->in.decoder);
    add_known(in, "width", r->in.width);
    add_known(in, "height", r->in.height);
    add_rate(in, r->in.rate);
    add_known(in, "duration_s", r->in.duration_s);
    add_count(in, "frames", r->in.frames);
    add_count(in, "duplicates", r->in.duplicates);
    cJSON_AddBoolToObject(in, "damaged", r->in.damaged);
}

static void add_output(cJSON *root, const struct stats *s)
{
    const struct pipeline_report *r = s->report;
    cJSON *out = cJSON_AddObjectToObject(root, "output");
    add_text(out, "path",
             r->out.nowhere   ? NULL
             : r->out.path[0] ? r->out.path
                              : s->job->output.path);
    add_text(out, "format", r->out.format);
    add_text(out, "codec", r->out.codec);
    add_text(out, "pix_fmt", r->out.pix_fmt);
    add_known(out, "width", r->in.width);
    add_known(out, "height", r->in.height);
    add_rate(out, r->out.rate);
    add_known(out, "duration_s", r->out.duration_s);
    add_count(out, "frames_planned", r->out.frames_planned);
    add_count(out, "frames_written", r->out.frames_written);
    add_count(out, "frames_original", r->out.frames_original);
    add_count(out, "frames_synthesized", r->out.frames_synthesized);
    add_count(out, "frames_held", r->out.frames_held);
    add_count(out, "frames_resumed", r->out.frames_resumed);
}

static void add_timing(cJSON *root, const struct pipeline_report *r)
{
    cJSON *timing = cJSON_AddObjectToObject(root, "timing");
    double wall_s = r->timing.wall_s;
    add_known(timing, "wall_s", wall_s);
    int64_t made = r->out.frames_written - r->out.frames_resumed;
    add_known(timing, "fps_out", wall_s > 0 ? (double)made / wall_s : 0);
    add_known(timing, "decode_s", r->timing.decode_s);
    add_known(timing, "engine_s", r->timing.engine_s);
    add_known(timing, "encode_s", r->timing.encode_s);
    add_text(timing, "bottleneck", r->timing.bottleneck);
}

static void add_checks(cJSON *root, const struct pipeline_report *r)
{
    cJSON *checks = cJSON_AddObjectToObject(root, "checks");
    if (!r->checked) { /* the run did not get that far */
        cJSON_AddBoolToObject(checks, "framecount_ok", false);
        return;
    }
    cJSON_AddBoolToObject(checks, "framecount_ok", r->checks.frames_ok);
    cJSON_AddBoolToObject(checks, "duration_ok", r->checks.duration_ok);
    cJSON_AddBoolToObject(checks, "av_offset_ok", r->checks.av_offset_ok);
    add_count(checks, "duration_delta_us", r->checks.duration_delta_us);
    add_count(checks, "av_offset_us", r->checks.av_offset_us);
}

char *stats_text(const struct stats *s, bool one_line)
{
    const struct pipeline_report *r = s->report;
    struct rational factor = s->job->rate.factor;
    char factor_text[48];
    snprintf(factor_text, sizeof factor_text, "%lld/%lld", (long long)factor.num,
             (long long)factor.den);

    cJSON *root = cJSON_CreateObject();
    add_count(root, "schema", STATS_SCHEMA);
    add_text(root, "tool", "rifec");
    add_text(root, "version", rifec_version());
    cJSON *argv = cJSON_AddArrayToObject(root, "argv");
    for (char *const *arg = s->argv; *arg; arg++)
        cJSON_AddItemToArray(argv, json_text(*arg));
    add_text(root, "factor", factor_text);
    add_input(root, s);
    add_output(root, s);

    cJSON *cuts = cJSON_AddArrayToObject(root, "cuts");
    for (int64_t i = 0; i < r->in.cuts; i++)
        cJSON_AddItemToArray(cuts, cJSON_CreateNumber(round(r->in.cut_s[i] * 1e6) / 1e6));

    cJSON *device = cJSON_AddObjectToObject(root, "device");
    add_text(device, "backend", r->engine.backend);
    add_text(device, "name", r->engine.device);
    add_text(device, "precision", r->engine.precision);
    add_known(device, "memory_bytes", (double)r->engine.memory_bytes);
    add_count(device, "frames_loaded", r->engine.frames_loaded);
    cJSON *model = cJSON_AddObjectToObject(root, "model");
    add_text(model, "path", r->engine.model);
    add_text(model, "sha256", r->engine.model_sha256);
    add_timing(root, r);

    add_checks(root, r);

    cJSON *warnings = cJSON_AddArrayToObject(root, "warnings");
    for (int i = 0; i < s->warning_texts; i++)
        cJSON_AddItemToArray(warnings, json_text(s->warnings[i]));
    add_count(root, "warning_count", r->warnings);
    cJSON_AddBoolToObject(root, "interrupted", r->interrupted);
    add_count(root, "exit", s->exit_status);
    add_text(root, "error", s->error);

    char *text = one_line ? cJSON_PrintUnformatted(root) : cJSON_Print(root);
    cJSON_Delete(root);
    return text;
}
