/*
 * From argv to struct options: getopt_long() over the table, contradictions,
 * and a suggestion for a misspelt name.
 */
#include "cli/options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option_table.h"

#define LONG_VAL 256 /* getopt's value of a long option: this plus its row */
#define ROWS_MAX 96

static const struct option_row *row_of(int val)
{
    if (val >= LONG_VAL)
        return &option_rows[val - LONG_VAL];
    for (int i = 0; i < option_row_count; i++)
        if (option_rows[i].letter && option_rows[i].letter == val)
            return &option_rows[i];
    return NULL;
}

/* Insertions, deletions and substitutions that turn a into b; both are short. */
static int edit_distance(const char *a, const char *b)
{
    enum { MAX = 32 };
    int n = (int)strlen(b), row[MAX + 1];
    if (strlen(a) > MAX || n > MAX)
        return MAX;
    for (int j = 0; j <= n; j++)
        row[j] = j;
    for (int i = 1; a[i - 1]; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= n; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[n];
}

/* What getopt did not know: the start of several names, or a misspelt one. */
static int fail_unknown(struct options *opt, const char *typed)
{
    char word[64], several[256] = "";
    const char *start = typed + strspn(typed, "-");
    snprintf(word, sizeof word, "%.*s", (int)strcspn(start, "="), start);
    int matches = 0, nearest = 0, nearest_distance = 99;
    for (int i = 0; i < option_row_count; i++) {
        const char *name = option_rows[i].name;
        if (!strncmp(name, word, strlen(word))) {
            size_t used = strlen(several);
            snprintf(several + used, sizeof several - used, "%s--%s",
                     matches++ ? ", " : "", name);
        }
        int distance = edit_distance(word, name);
        if (distance < nearest_distance) {
            nearest = i;
            nearest_distance = distance;
        }
    }
    if (word[0] && matches > 1)
        return option_fail(opt, "'%s' could mean %s", typed, several);
    if (nearest_distance <= ((int)strlen(word) + 1) / 3)
        return option_fail(opt, "unknown option '%s': did you mean '--%s'?", typed,
                           option_rows[nearest].name);
    return option_fail(opt, "unknown option '%s'", typed);
}

/* Adds a line to the sorted list of what shapes the output. */
static void note_setting(struct options *opt, const struct option_row *row,
                         const char *arg)
{
    size_t length = strlen(row->name) + (arg ? strlen(arg) : 0) + 4; /* --, =, newline */
    size_t used = opt->settings ? strlen(opt->settings) : 0, at = 0;
    char *line = malloc(length + 1);
    char *all = line ? realloc(opt->settings, used + length + 1) : NULL;
    if (!all) {
        free(line);
        option_fail(opt, "out of memory");
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

/* Stores one option, unless it contradicts one seen before. */
static void take(struct options *opt, const struct option_row *row, const char *arg,
                 const struct option_row *set_by[OPTION_SETS], bool seen[])
{
    const struct option_row *other = row->set ? set_by[row->set] : NULL;
    int index = (int)(row - option_rows);
    if (other && other != row) {
        option_fail(opt, "--%s and --%s contradict each other", other->name, row->name);
    } else if (arg && seen[index] && !row->repeats) {
        option_fail(opt, "--%s is given twice: '%s' is one too many", row->name, arg);
    } else if (arg && !arg[0]) {
        option_fail(opt, "--%s: its argument is empty", row->name);
    } else if (arg && arg[0] == '-' &&
               (arg[1] == '-' || isalpha((unsigned char)arg[1]))) {
        /* Almost always a forgotten argument; a file can be called ./-name. */
        bool file = !strncmp(row->arg, "FILE", 4) && strchr(arg, '.');
        option_fail(opt, "--%s needs an argument, but '%s' follows%s%s%s", row->name, arg,
                    file ? "; a file of that name is './" : "", file ? arg : "",
                    file ? "'" : "");
    } else {
        row->store(opt, row, arg);
        if (!row->neutral)
            note_setting(opt, row, arg);
    }
    set_by[row->set] = row;
    seen[index] = true;
}

int options_add_input(struct options *opt, const char *path)
{
    if (!path[0])
        return option_fail(opt, "the name of an input is empty");
    size_t size = (size_t)(opt->input_count + 1) * sizeof *opt->inputs;
    const char **all = realloc(opt->inputs, size);
    if (!all)
        return option_fail(opt, "out of memory");
    opt->inputs = all;
    opt->inputs[opt->input_count++] = path;
    return 0;
}

static bool is(const char *text, const char *other)
{
    return text && !strcmp(text, other);
}

static int check_files(struct options *opt)
{
    struct pipeline_options *job = &opt->job;
    bool null_format = is(job->format, "null");
    if (!opt->input_count)
        return option_fail(opt, "no input: name one with -i FILE");
    job->input = opt->inputs[0];
    if (!job->output && null_format)
        job->output = "-";
    if (!job->output)
        return option_fail(opt, "no output: name one with -o FILE");
    bool to_stdout = is(job->output, "-") && !null_format;
    if (is(opt->stats, "-") && to_stdout)
        return option_fail(opt, "-o - and --stats - would both write to stdout");
    if (to_stdout && opt->input_count > 1)
        return option_fail(opt, "-o - takes one input, not '%s' too", opt->inputs[1]);
    if (opt->skip_existing && is(job->output, "-"))
        return option_fail(opt, "--skip-existing has no file to look for");
    int from_stdin = 0;
    for (int i = 0; i < opt->input_count; i++) {
        from_stdin += is(opt->inputs[i], "-");
        if (is(opt->stats, opt->inputs[i]) && !is(opt->stats, "-"))
            return option_fail(opt, "--stats %s would replace the video", opt->stats);
    }
    if (from_stdin > 1)
        return option_fail(opt, "-i - is given twice: there is one stdin");
    if (is(opt->stats, job->output) && !is(opt->stats, "-"))
        return option_fail(opt, "--stats %s would replace the video", opt->stats);
    bool raw = is(job->input_format, "rawvideo");
    if (raw && !job->input_size)
        return option_fail(opt, "--input-format rawvideo needs --input-size WxH");
    if (!raw && (job->input_size || job->input_pix_fmt))
        return option_fail(opt, "--input-%s is for --input-format rawvideo",
                           job->input_size ? "size" : "pix-fmt");
    return 0;
}

static int check_whole(struct options *opt)
{
    struct pipeline_options *job = &opt->job;
    if (check_files(opt) < 0)
        return RIFEC_ERR_USAGE;
    for (int i = 0; i < job->encoder_option_count; i++) {
        const char *key = opt->encoder_options[i].key;
        if ((job->crf && !strcmp(key, "crf")) || (job->preset && !strcmp(key, "preset")))
            return option_fail(opt, "--%s and -e %s=... contradict each other", key, key);
        if (job->bitrate && !strcmp(key, "b"))
            return option_fail(opt, "--bitrate and -e b=... contradict each other");
    }
    job->slowmo = job->slowmo || job->slowmo_audio;
    if (job->rate.num && (job->cfr || job->slowmo))
        return option_fail(opt, "--fps and --%s contradict each other",
                           job->cfr ? "cfr" : "slowmo");
    if (job->to_us && job->to_us <= job->from_us)
        return option_fail(opt, "--to is not behind --ss: nothing would be left");
    if (opt->resume)
        job->resume = opt->settings ? opt->settings : "";
    if (!job->factor.num)
        job->factor = (struct rational){ job->rate.num ? 1 : 2, 1 };
    if (opt->log_level < RIFEC_LOG_INFO && opt->progress == PROGRESS_AUTO)
        opt->progress = PROGRESS_OFF;
    return 0;
}

int options_parse(struct options *opt, int argc, char **argv)
{
    *opt = (struct options){ .log_level = RIFEC_LOG_INFO, .generate = -1 };

    struct option longs[2 * ROWS_MAX + 1];
    char shorts[2 * ROWS_MAX + 3] = "-:"; /* in order; ':' for no argument */
    int n = 0;
    for (int i = 0; i < option_row_count; i++) {
        const char *names[] = { option_rows[i].name, option_rows[i].alias };
        for (int k = 0; k < 2; k++)
            if (names[k])
                longs[n++] =
                    (struct option){ names[k],
                                     option_rows[i].arg ? required_argument : no_argument,
                                     NULL, LONG_VAL + i };
        if (option_rows[i].letter) {
            size_t used = strlen(shorts);
            snprintf(shorts + used, sizeof shorts - used, "%c%s", option_rows[i].letter,
                     option_rows[i].arg ? ":" : "");
        }
    }
    longs[n] = (struct option){ 0 };

    const struct option_row *set_by[OPTION_SETS] = { NULL };
    bool seen[ROWS_MAX] = { false };
    int val;
    optind = 0; /* from the start, even when called twice */
    opterr = 0;
    /* long_only: -crf and -c:v as FFmpeg's users type them. */
    while ((val = getopt_long_only(argc, argv, shorts, longs, NULL)) != -1) {
        if (val == 1) { /* a word that is no option */
            if (is(optarg, "-"))
                option_fail(opt, "'-' alone: stdin is -i -");
            options_add_input(opt, optarg);
            continue;
        }
        const struct option_row *row = row_of(val == ':' || val == '?' ? optopt : val);
        if (val == ':')
            option_fail(opt, "--%s needs an argument: %s", row->name, row->arg);
        else if (val == '?' && row)
            option_fail(opt, "--%s takes no argument", row->name);
        else if (val == '?' && optopt)
            option_fail(opt, "unknown option '-%c'", optopt);
        else if (val == '?')
            fail_unknown(opt, argv[optind - 1]);
        else
            take(opt, row, optarg, set_by, seen);
    }
    for (; optind < argc; optind++) /* behind "--" */
        options_add_input(opt, argv[optind]);
    bool asks = opt->version || opt->list_devices || opt->doctor || opt->generate >= 0;
    if (opt->help || (asks && !opt->error[0]))
        return 0;
    if (!opt->error[0])
        check_whole(opt);
    return opt->error[0] ? RIFEC_ERR_USAGE : 0;
}

void options_free(struct options *opt)
{
    for (int i = 0; i < opt->job.encoder_option_count; i++)
        free(opt->encoder_options[i].key); /* the value is in the same block */
    free(opt->encoder_options);
    free(opt->inputs);
    free(opt->settings);
    *opt = (struct options){ 0 };
}
