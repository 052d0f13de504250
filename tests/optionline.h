/*
 * A command line as one string, and the options that the parser made of it. For tests.
 */
#ifndef RIFEC_TESTS_OPTIONLINE_H
#define RIFEC_TESTS_OPTIONLINE_H

#include <stdio.h>
#include <string.h>

#include "cli/options.h"

#define ARGS_MAX 24

/* Splits at blanks, which is enough for tests. The words are in `buffer`. */
static inline int split(char *buffer, size_t size, const char *line, char *argv[ARGS_MAX])
{
    int argc = 0;
    argv[argc++] = strcpy(buffer, "rifec");
    snprintf(buffer + 6, size - 6, "%s", line);
    for (char *s = strtok(buffer + 6, " "); s && argc < ARGS_MAX - 1;
         s = strtok(NULL, " "))
        argv[argc++] = s;
    argv[argc] = NULL;
    return argc;
}

static char words[1024]; /* the words that the fields of the last parse() point to */

static inline int parse(struct options *opt, const char *line)
{
    char *argv[ARGS_MAX];
    int argc = split(words, sizeof words, line, argv);
    return options_parse(opt, argc, argv);
}

/* Writes all options as one line, so that a row of a test checks every field. */
static inline void describe(const struct options *opt, char *text, size_t size)
{
    const struct pipeline_options *job = &opt->job;
    const struct rifec_params *engine = &job->engine;
    int n = 0;
    for (int i = 0; i < opt->input_count; i++)
        n += snprintf(text + n, size - (size_t)n, "%s%s", i ? "+" : "", opt->inputs[i]);
    n += snprintf(text + n, size - (size_t)n, " > %s x%lld/%lld", job->output.path,
                  (long long)job->rate.factor.num, (long long)job->rate.factor.den);
#define ADD(condition, ...)                                                              \
    do {                                                                                 \
        if (condition)                                                                   \
            n += snprintf(text + n, size - (size_t)n, __VA_ARGS__);                      \
    } while (0)
    ADD(job->rate.fps.num, " fps=%lld/%lld", (long long)job->rate.fps.num,
        (long long)job->rate.fps.den);
    ADD(job->rate.cfr, " cfr");
    ADD(job->output.strict, " strict");
    ADD(job->rate.slowmo, " slowmo");
    ADD(job->rate.tail, " tail=%d", (int)job->rate.tail);
    ADD(job->content.scene, " scene=%d", (int)job->content.scene);
    ADD(job->content.scene_threshold > 0, " threshold=%g", job->content.scene_threshold);
    ADD(job->content.scene_list, " list=%s", job->content.scene_list);
    ADD(job->content.on_cut, " on_cut=%d", (int)job->content.on_cut);
    ADD(job->content.dedup, " dedup=%d:%d", (int)job->content.dedup,
        job->content.dedup_run);
    ADD(job->input.from_us, " from=%lld", (long long)job->input.from_us);
    ADD(job->input.to_us, " to=%lld", (long long)job->input.to_us);
    ADD(job->rate.frames, " frames=%lld", (long long)job->rate.frames);
    ADD(job->output.format, " format=%s", job->output.format);
    ADD(job->input.format, " input=%s,%s,%s,%lld/%lld", job->input.format,
        job->input.size, job->input.pix_fmt ? job->input.pix_fmt : "(null)",
        (long long)job->input.rate.num, (long long)job->input.rate.den);
    ADD(job->encoder.codec, " codec=%s", job->encoder.codec);
    ADD(job->encoder.crf, " crf=%s", job->encoder.crf);
    ADD(job->encoder.preset, " preset=%s", job->encoder.preset);
    ADD(job->encoder.pix_fmt, " pix_fmt=%s", job->encoder.pix_fmt);
    for (int i = 0; i < job->encoder.option_count; i++)
        ADD(1, " %s=%s", job->encoder.options[i].key, job->encoder.options[i].value);
    ADD(job->output.overwrite, " overwrite");
    ADD(opt->keep_going, " keep_going");
    ADD(opt->job.output.skip_existing, " skip_existing");
    ADD(opt->name_template, " template=%s", opt->name_template);
    ADD(job->streams.no_audio, " no_audio");
    ADD(job->streams.no_subs, " no_subs");
    ADD(engine->device, " device=%d", (int)engine->device);
    ADD(engine->device_index, " index=%d", engine->device_index);
    ADD(engine->precision, " precision=%d", (int)engine->precision);
    ADD(engine->model, " model=%s", engine->model);
    ADD(engine->scale != 0.0f, " scale=%g", (double)engine->scale);
    ADD(engine->threads, " threads=%d", engine->threads);
    ADD(engine->kernels, " kernels=%s", engine->kernels);
    ADD(engine->in_flight, " in_flight=%d", engine->in_flight);
    ADD(engine->no_graph, " no_graph");
    ADD(job->no_frame_cache, " no_frame_cache");
    ADD(opt->progress, " progress=%d", (int)opt->progress);
    ADD(opt->log_level != RIFEC_LOG_INFO, " log=%d", (int)opt->log_level);
    ADD(opt->stats, " stats=%s", opt->stats);
    ADD(opt->help, " help");
    ADD(opt->version, " version");
    ADD(opt->list_devices, " list_devices");
    ADD(opt->doctor, " doctor");
#undef ADD
}

#endif
