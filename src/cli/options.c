/*
 * From argv to struct options: one pass over the words, then the checks that need all
 * options. spelling.c says which option a word is, store.c reads its value.
 */
#include "cli/options.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/habits.h"
#include "cli/option_error.h"
#include "cli/option_table.h"
#include "cli/spelling.h"
#include "cli/store.h"

#define ROWS_MAX 96

struct parser {
    struct options *opt;
    char **argv;
    int argc, at; /* at: the word that is read */
    const struct option_row *set_by[OPTION_SETS];
    bool seen[ROWS_MAX];
    const char *flag;      /* the previous word, if it is an option without a value */
    const char *last_word; /* the last input that came without -i, or NULL        */
    bool dash;             /* there was a single - */
};

/* Adds a line to the sorted list of options that shape the output. */
static void note_setting(struct options *opt, const struct option_row *row,
                         const char *arg)
{
    size_t length = strlen(row->name) + (arg ? strlen(arg) : 0) + 4; /* --, =, newline */
    size_t used = opt->settings ? strlen(opt->settings) : 0, at = 0;
    char *line = malloc(length + 1);
    char *all = line ? realloc(opt->settings, used + length + 1) : NULL;
    if (!all) {
        free(line);
        option_no_memory(opt, "out of memory: cannot allocate the list of settings");
        return;
    }
    length = (size_t)snprintf(line, length + 1, "--%s%s%s\n", row->name, arg ? "=" : "",
                              arg ? arg : "");
    all[used] = '\0';
    while (all[at] && strncmp(all + at, line, length) < 0)
        at += strcspn(all + at, "\n") + 1;
    memmove(all + at + length, all + at, used - at + 1);
    memcpy(all + at, line, length);
    opt->settings = all;
    free(line);
}

/* Stores one option, unless it contradicts one seen before. `joined`: the argument
 * was part of the word, and may begin with a dash. */
static void take(struct parser *p, const struct option_row *row, const char *arg,
                 bool joined)
{
    struct options *opt = p->opt;
    const struct option_row *other = row->set ? p->set_by[row->set] : NULL;
    int index = (int)(row - option_rows);
    if (other && other != row) {
        option_fail(opt, "--%s and --%s contradict each other", other->name, row->name);
    } else if (arg && p->seen[index] && !row->repeats) {
        option_fail(opt, "--%s is given twice, the second time with '%s'", row->name,
                    arg);
    } else if (arg && !arg[0]) {
        option_fail(opt, "--%s: the argument is empty", row->name);
    } else if (arg && !joined && arg[0] == '-' &&
               (arg[1] == '-' || isalpha((unsigned char)arg[1]))) {
        /* Almost always the argument was forgotten; a file can be called ./-name. */
        bool file = !strncmp(row->arg, "FILE", 4) && strchr(arg, '.');
        option_fail(opt, "--%s needs an argument, but '%s' follows%s%s%s", row->name, arg,
                    file ? "; write a file of that name as './" : "", file ? arg : "",
                    file ? "'" : "");
    } else if (row->store(opt, row, arg) == 0 && !row->neutral) {
        note_setting(opt, row, arg);
    }
    p->set_by[row->set] = row;
    p->seen[index] = true;
}

/* An option, and the next word if that is its argument. */
static void take_spelled(struct parser *p, struct spelling s)
{
    const struct option_row *row = s.row;
    p->flag = row->arg || s.value ? NULL : p->argv[p->at];
    if (!row->arg && s.value)
        option_fail(p->opt, "--%s takes no argument", row->name);
    else if (!row->arg || s.value)
        take(p, row, s.value, true);
    else if (p->at + 1 == p->argc)
        option_fail(p->opt, "--%s needs an argument: %s", row->name, row->arg);
    else
        take(p, row, p->argv[++p->at], false);
}

static bool take_habit(struct parser *p, struct habit_use habit)
{
    if (habit.found && habit.means[0])
        take_spelled(p, spelling_exact(habit.means));
    if (habit.found && habit.took_next)
        p->at++;
    return habit.found;
}

/* Tries a whole name, an abbreviation, another program's name; then letters. */
static void read_option(struct parser *p, const char *word)
{
    const char *next = p->at + 1 < p->argc ? p->argv[p->at + 1] : NULL;
    bool one_dash = word[1] != '-';
    p->flag = NULL;
    if (one_dash && take_habit(p, habit_before_ours(p->opt, word, next)))
        return;
    struct spelling s = spelling_exact(word);
    if (!s.row)
        s = spelling_prefix(word);
    if (!s.row && take_habit(p, habit_after_ours(p->opt, word, next)))
        return;
    if (!s.row && one_dash && spelling_is_cluster(word)) {
        for (const char *letter = word + 1; *letter; letter++)
            take(p, spelling_letter(*letter), NULL, true);
        p->flag = word;
        return;
    }
    if (!s.row && one_dash)
        s = spelling_attached(word);
    if (s.row)
        take_spelled(p, s);
    else
        spelling_fail(p->opt, word);
}

/* The dashes that editors and web pages put in place of -, in UTF-8. */
static bool begins_with_other_dash(const char *word)
{
    return !strncmp(word, "\xe2\x88\x92", 3) ||
           (!strncmp(word, "\xe2\x80", 2) && (unsigned char)word[2] >= 0x90 &&
            (unsigned char)word[2] <= 0x95);
}

static void read_input(struct parser *p, const char *word)
{
    if (begins_with_other_dash(word))
        option_fail(p->opt,
                    "'%s' begins with a typographic dash; write -%s for an option, ./%s "
                    "for a file",
                    word, word + 3, word);
    if (p->flag && word[0] && !word[strspn(word, "0123456789.")])
        option_fail(p->opt,
                    "%s takes no value, but '%s' follows; write -i %s for an input of "
                    "that name",
                    p->flag, word, word);
    store_input(p->opt, NULL, word);
    p->last_word = word;
    p->flag = NULL;
}

static void read_words(struct parser *p)
{
    bool all_inputs = false;
    for (p->at = 1; p->at < p->argc; p->at++) {
        const char *word = p->argv[p->at];
        if (all_inputs || word[0] != '-')
            read_input(p, word);
        else if (!word[1])
            p->dash = true;
        else if (!strcmp(word, "--"))
            all_inputs = true;
        else
            read_option(p, word);
    }
}

static bool is(const char *text, const char *other)
{
    return text && !strcmp(text, other);
}

static int check_files(struct options *opt)
{
    struct pipeline_options *job = &opt->job;
    bool null_format = is(job->output.format, "null");
    if (!opt->input_count)
        return option_fail(opt, "no input: name one with -i FILE");
    job->input.path = opt->inputs[0];
    if (!job->output.path && null_format)
        job->output.path = "-";
    if (!job->output.path)
        return option_fail(opt, "no output: name one with -o FILE");
    bool to_stdout = is(job->output.path, "-") && !null_format;
    if (is(opt->stats, "-") && to_stdout)
        return option_fail(opt, "-o - and --stats - would both write to stdout");
    if (to_stdout && opt->input_count > 1)
        return option_fail(opt, "-o - takes one input, but '%s' is a second one",
                           opt->inputs[1]);
    if (opt->job.output.skip_existing && is(job->output.path, "-"))
        return option_fail(opt, "--skip-existing needs an output that is a file");
    int from_stdin = 0;
    for (int i = 0; i < opt->input_count; i++)
        from_stdin += is(opt->inputs[i], "-");
    if (from_stdin > 1)
        return option_fail(opt, "-i - is given twice, but there is only one stdin");
    bool raw = is(job->input.format, "rawvideo");
    if (raw && !job->input.size)
        return option_fail(opt, "--input-format rawvideo needs --input-size WxH");
    if (!raw && (job->input.size || job->input.pix_fmt))
        return option_fail(opt, "--input-%s needs --input-format rawvideo",
                           job->input.size ? "size" : "pix-fmt");
    return 0;
}

static int check_watch(struct options *opt)
{
    struct pipeline_options *job = &opt->job;
    const struct watch_options *w = &job->watch;
    bool many = opt->input_count > 1;
    if (!w->golden && (w->update_golden || w->golden_frames || w->golden_tolerance ||
                       w->golden_report_count))
        return option_fail(opt, "--%s needs --golden DIR",
                           w->update_golden      ? "update-golden"
                           : w->golden_frames    ? "golden-frames"
                           : w->golden_tolerance ? "golden-tolerance"
                                                 : "golden-report");
    if (w->golden_frames && !w->update_golden)
        return option_fail(opt, "--golden-frames needs --update-golden");
    if (opt->resume && watch_is_wanted(w))
        return option_fail(opt,
                           "--resume and --%s contradict each other: frames of an "
                           "earlier run are not made again",
                           w->golden ? "golden" : "framemd5");
    if (is(w->framemd5, "-") &&
        (many || is(opt->stats, "-") ||
         (is(job->output.path, "-") && !is(job->output.format, "null"))))
        return option_fail(opt, "--framemd5 - and another output would both write to "
                                "stdout");
    if (!job->watch.deterministic)
        return 0;
    if (job->engine.device != RIFEC_DEVICE_AUTO && job->engine.device != RIFEC_DEVICE_CPU)
        return option_fail(opt, "--deterministic runs on the CPU: leave out --device");
    if (job->engine.kernels && strcmp(job->engine.kernels, "c") != 0)
        return option_fail(opt, "--deterministic and --kernels %s contradict each other",
                           job->engine.kernels);
    job->engine.device = RIFEC_DEVICE_CPU;
    job->engine.kernels = "c";
    return 0;
}

static int check_compare(struct options *opt)
{
    if (opt->input_count != 2)
        return option_fail(opt, "--compare takes two videos: rifec --compare A B");
    if (opt->job.output.path)
        return option_fail(opt, "--compare writes no video; to see both videos, give "
                                "--side-by-side FILE");
    if (is(opt->inputs[0], "-") || is(opt->inputs[1], "-"))
        return option_fail(opt, "--compare reads files, not stdin");
    return 0;
}

static int check_beside(struct options *opt)
{
    const struct compare_options *c = &opt->comparison;
    if (c->min_psnr > 0 || c->min_ssim > 0 || c->max_abs || c->step)
        return option_fail(opt, "--%s needs --compare A B",
                           c->min_psnr > 0   ? "min-psnr"
                           : c->min_ssim > 0 ? "min-ssim"
                           : c->max_abs      ? "max-abs"
                                             : "step");
    if (opt->side_by_side && (opt->input_count > 1 || is(opt->job.output.path, "-") ||
                              is(opt->inputs[0], "-")))
        return option_fail(opt, "--side-by-side needs one input and one output, and both "
                                "must be files");
    return 0;
}

static int check_whole(struct options *opt)
{
    struct pipeline_options *job = &opt->job;
    if (check_files(opt) < 0)
        return RIFEC_ERR_USAGE;
    for (int i = 0; i < job->encoder.option_count; i++) {
        const char *key = opt->encoder_options[i].key;
        if ((job->encoder.crf && !strcmp(key, "crf")) ||
            (job->encoder.preset && !strcmp(key, "preset")))
            return option_fail(opt, "--%s and -e %s=... contradict each other", key, key);
        if (job->encoder.bitrate && !strcmp(key, "b"))
            return option_fail(opt, "--bitrate and -e b=... contradict each other");
    }
    job->rate.slowmo = job->rate.slowmo || job->rate.slowmo_audio;
    if (job->rate.fps.num && (job->rate.cfr || job->rate.slowmo))
        return option_fail(opt, "--fps and --%s contradict each other",
                           job->rate.cfr ? "cfr" : "slowmo");
    if (opt->duration_us)
        job->input.to_us = job->input.from_us + opt->duration_us;
    if (job->input.to_us && job->input.to_us <= job->input.from_us)
        return option_fail(opt, "--to must be later than --ss");
    if (job->rate.slowmo_audio && opt->sound_copied)
        return option_fail(opt, "--slowmo-audio stretches the sound, so it cannot be "
                                "copied; leave out -c copy or -c:a copy");
    job->watch.settings = opt->settings ? opt->settings : "";
    if (opt->resume)
        job->output.resume_settings = job->watch.settings;
    if (check_watch(opt) < 0 || check_beside(opt) < 0)
        return RIFEC_ERR_USAGE;
    if (!job->rate.factor.num)
        job->rate.factor = (struct rational){ job->rate.fps.num ? 1 : 2, 1 };
    if (opt->log_level < RIFEC_LOG_INFO && opt->progress == PROGRESS_AUTO)
        opt->progress = PROGRESS_OFF;
    return 0;
}

/* FFmpeg's way of naming an output: the last word. */
static void read_output(struct parser *p)
{
    struct options *opt = p->opt;
    int last = opt->input_count - 1;
    bool nowhere = is(opt->job.output.format, "null");
    if (opt->job.output.path && p->dash)
        option_fail(opt, "unexpected '-': write -i - for stdin");
    else if (opt->job.output.path)
        return;
    else if (nowhere && !p->dash && last > 0 && is(p->last_word, "/dev/null"))
        opt->input_count--;
    else if (!nowhere && p->dash)
        option_fail(opt, "unexpected '-': write -i - for stdin, -o - for stdout");
    else if (!nowhere && last > 0 && p->last_word)
        option_fail(opt, "no output: to write '%s', put -o before it", p->last_word);
}

int options_parse(struct options *opt, int argc, char **argv)
{
    *opt = (struct options){ .log_level = RIFEC_LOG_INFO, .generate = -1 };
    assert(option_row_count <= ROWS_MAX);
    struct parser p = { .opt = opt, .argv = argv, .argc = argc };
    read_words(&p);
    bool asks = opt->version || opt->list_devices || opt->doctor || opt->generate >= 0;
    if (opt->help || (asks && !opt->error[0]))
        return 0;
    if (!opt->error[0] && !opt->compare)
        read_output(&p);
    if (!opt->error[0])
        (opt->compare ? check_compare : check_whole)(opt);
    return opt->error_code;
}

void options_log_notes(const struct options *opt)
{
    for (int i = 0; i < opt->note_count; i++)
        log_line(opt->notes[i].level, "%s", opt->notes[i].text);
}

void options_free(struct options *opt)
{
    for (int i = 0; i < opt->job.encoder.option_count; i++)
        free((char *)opt->encoder_options[i].key); /* the value is in the same block */
    free(opt->encoder_options);
    free(opt->inputs);
    free(opt->settings);
    *opt = (struct options){ 0 };
}
