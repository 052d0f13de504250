/*
 * rifec-weights, the command line: opens the files that rifec --model accepts, describes,
 * converts and compares them. stdout carries only what was asked for.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crash.h"
#include "base/err.h"
#include "base/log.h"
#include "model/weights.h"
#include "rifec/version.h"
#include "tool/tool.h"

static const char help[] =
    "Usage: rifec-weights info FILE\n"
    "       rifec-weights convert FILE OUTPUT [--fp16|--fp32] [--stock] [-y]\n"
    "       rifec-weights verify FILE [REFERENCE] [--tolerance X]\n"
    "\n"
    "Describes, converts and checks weights of RIFE 4.0 to 4.26. FILE is what rifec "
    "--model\n"
    "takes: safetensors, PyTorch's .pkl or .pth, ncnn's .param or .bin, a folder with\n"
    "one of them; or built-in, rifec's own model.\n"
    "\n"
    "  info                      print format, network, number of parameters, types,\n"
    "                            range and SHA-256\n"
    "  convert                   write NAME.safetensors, or for ncnn NAME.param,\n"
    "                            NAME.bin or FOLDER/ (flownet.param, flownet.bin)\n"
    "  verify                    check that it is complete, finite and in the range of\n"
    "                            FP16; print how far each layer is from REFERENCE, and\n"
    "                            exit with status 9 if that exceeds the tolerance\n"
    "\n"
    "      --fp16, --fp32        precision of the output [FP16 if that is exact]\n"
    "      --stock               for ncnn without rife.Warp: warp by its own GridSample\n"
    "      --tolerance X         tolerated difference [0]\n"
    "  -y, --overwrite           replace an existing output\n"
    "  -v, --verbose             print more, such as what is ignored\n"
    "  -h, --help                print this text\n"
    "      --version             print the version\n"
    "\n"
    "Exit status: 0 done, 1 internal error, 2 usage, 4 output, 5 model, 7 out of\n"
    "memory, 9 verification failed.\n";

enum { OPTION_FP16 = 256, OPTION_FP32, OPTION_STOCK, OPTION_TOLERANCE, OPTION_VERSION };

static const struct option long_options[] = {
    { "fp16", no_argument, NULL, OPTION_FP16 },
    { "fp32", no_argument, NULL, OPTION_FP32 },
    { "stock", no_argument, NULL, OPTION_STOCK },
    { "tolerance", required_argument, NULL, OPTION_TOLERANCE },
    { "overwrite", no_argument, NULL, 'y' },
    { "verbose", no_argument, NULL, 'v' },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, OPTION_VERSION },
    { NULL, 0, NULL, 0 },
};

static void on_message(void *opaque, enum rifec_log_level level, const char *line)
{
    (void)opaque;
    fprintf(stderr, "rifec-weights: %s%s\n",
            level == RIFEC_LOG_WARNING ? "warning: " : "", line);
}

int tool_open(struct tensors **out, const char *name)
{
    return weights_open_tensors(out, strcmp(name, "built-in") ? name : NULL);
}

static int usage(const char *what, const char *on)
{
    log_error("%s%s: try 'rifec-weights --help'", what, on);
    return RIFEC_ERR_USAGE;
}

int tool_flush(void)
{
    if (!fflush(stdout) && !ferror(stdout))
        return 0;
    log_error("cannot write to stdout");
    return RIFEC_ERR_OUTPUT;
}

static int set_precision(struct tool_options *opt, enum precision p)
{
    if (opt->precision != PRECISION_KEPT && opt->precision != p)
        return usage("--fp16 and --fp32 contradict each other", "");
    opt->precision = p;
    return 0;
}

static int set_tolerance(struct tool_options *opt, const char *text)
{
    char *end;
    opt->tolerance = strtod(text, &end);
    if (end == text || *end || !(opt->tolerance >= 0))
        return usage("--tolerance takes a number, not ", text);
    return 0;
}

/* 1: there is nothing more to do. */
static int parse(struct tool_options *opt, int argc, char **argv)
{
    int c, err = 0;
    opterr = 0;
    while ((c = getopt_long(argc, argv, "yvh", long_options, NULL)) >= 0) {
        if (c == OPTION_FP16 || c == OPTION_FP32)
            TRY(set_precision(opt, c == OPTION_FP16 ? PRECISION_FP16 : PRECISION_FP32));
        else if (c == OPTION_STOCK)
            opt->stock = true;
        else if (c == OPTION_TOLERANCE)
            TRY(set_tolerance(opt, optarg));
        else if (c == 'y')
            opt->overwrite = true;
        else if (c == 'v')
            rifec_log_set(RIFEC_LOG_VERBOSE, on_message, NULL);
        else if (c == 'h' || c == OPTION_VERSION) {
            if (c == 'h')
                fputs(help, stdout);
            else
                printf("rifec-weights %s\n", rifec_version());
            TRY(tool_flush());
            return 1;
        } else {
            /* If several letters share one word, getopt has not moved past the word yet.
             */
            const char letter[] = { '-', (char)optopt, '\0' };
            bool is_letter = optopt > 0 && optopt < OPTION_FP16;
            return usage("unknown option or missing value: ",
                         is_letter ? letter : argv[optind - 1]);
        }
    }
fail:
    return err;
}

/* The options of each command. */
static const struct command {
    const char *name;
    int names_min, names_max;
    bool converts, compares;
    int (*run)(const struct tool_options *opt);
} commands[] = {
    { "info", 1, 1, false, false, tool_info },
    { "convert", 2, 2, true, false, tool_convert },
    { "verify", 1, 2, false, true, tool_verify },
};

static int run(struct tool_options *opt, int count, char **words)
{
    const struct command *c = NULL;
    if (count == 0)
        return usage("no command", "");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (!strcmp(words[0], commands[i].name))
            c = &commands[i];
    if (!c)
        return usage("unknown command: ", words[0]);
    if (count - 1 < c->names_min || count - 1 > c->names_max)
        return usage("too few or too many files for ", c->name);
    if (!c->converts &&
        (opt->precision != PRECISION_KEPT || opt->stock || opt->overwrite))
        return usage("--fp16, --fp32, --stock and -y cannot be used with ", c->name);
    if (!c->compares && opt->tolerance > 0)
        return usage("--tolerance cannot be used with ", c->name);
    for (int i = 1; i < count; i++)
        opt->names[i - 1] = words[i];
    return c->run(opt);
}

int tool_main(int argc, char **argv)
{
    struct tool_options opt = { 0 };
    signal(SIGXFSZ, SIG_IGN); /* like a full disk: the writer reports it */
    crash_catch();
    rifec_log_set(RIFEC_LOG_INFO, on_message, NULL);
    int err = parse(&opt, argc, argv);
    if (err == 0)
        err = run(&opt, argc - optind, argv + optind);
    crash_forget();
    return err < 0 ? -err : 0;
}
