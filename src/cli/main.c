/*
 * The program: reads the options and does what they say. stdout carries only
 * what was asked for. If its name is rifec-weights, it runs that tool instead.
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/batch.h"
#include "cli/compare.h"
#include "cli/doctor.h"
#include "cli/generate.h"
#include "cli/job.h"
#include "cli/json_text.h"
#include "cli/options.h"
#include "cli/signals.h"
#include "media/versions.h"
#include "tool/tool.h"

/* If the program is started without stdin, stdout or stderr, the output file would get
 * the missing descriptor's number, and our messages with it. So the missing ones are
 * opened here, in the wrong direction, so that any use of them fails. */
static void fill_standard_files(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) < 0)
            _exit(-RIFEC_ERR_INTERNAL);
}

static int print_version(void)
{
    printf("rifec %s\nbuilt-in RIFE 4.6, %s\n", rifec_version(), media_versions());
    return fflush(stdout) ? -RIFEC_ERR_OUTPUT : 0;
}

static int print_help(const struct options *opt)
{
    options_help((enum help_kind)opt->help, stdout);
    return fflush(stdout) ? -RIFEC_ERR_OUTPUT : 0;
}

static int print_generated(const struct options *opt)
{
    generate_text((enum generate)opt->generate, opt->generate_values, stdout);
    return fflush(stdout) ? -RIFEC_ERR_OUTPUT : 0;
}

/* The program has two names, so that the model, most of its size, is stored once. */
static bool is_called(const char *name, const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return path && !strcmp(slash ? slash + 1 : path, name);
}

/* A result found after an allocation failed is not trusted, even if it looks like
 * success. */
static int status_of_run(int status)
{
    return status < 128 && mem_check(0) ? -mem_check(0) : status;
}

int main(int argc, char **argv)
{
    fill_standard_files();
    json_watch_memory();
    if (is_called("rifec-weights", argv[0]))
        return status_of_run(tool_main(argc, argv));
    crash_catch();
    struct options opt;
    int status = -options_parse(&opt, argc, argv);
    if (status) {
        log_error("%s", opt.error);
        if (status == -RIFEC_ERR_USAGE)
            fputs("Try 'rifec -h'.\n", stderr);
    } else if (opt.help) {
        status = print_help(&opt);
    } else if (opt.version) {
        status = print_version();
    } else if (opt.list_devices) {
        status = doctor_list_devices(stdout);
    } else if (opt.doctor) {
        status = doctor_examine(&opt, stdout);
    } else if (opt.generate >= 0) {
        status = print_generated(&opt);
    } else {
        job_begin(&opt);
        options_log_notes(&opt);
        signals_catch();
        status = opt.compare ? compare_run(&opt) : batch_run(&opt, argv);
        if (!status && opt.side_by_side && !opt.compare)
            status = compare_source_and_result(&opt);
    }
    options_free(&opt);
    if (signals_caught() && status == 128 + signals_caught()) {
        fflush(NULL);
        signals_die(signals_caught());
    }
    crash_forget();
    return status_of_run(status);
}
