/* The command line: one word per line. */
#include <string.h>

#include "cli/options.h"
#include "fuzz.h"

#define WORDS_MAX 64

static void judge(const struct options *opt, int err)
{
    MUST(err == 0 || err == RIFEC_ERR_USAGE || err == RIFEC_ERR_NOMEM);
    MUST(memchr(opt->error, 0, sizeof opt->error));
    MUST(!err || opt->error[0]);
    if (err || opt->help || opt->version || opt->list_devices || opt->doctor ||
        opt->generate >= 0)
        return;
    MUST(!opt->error[0]);
    MUST(opt->input_count > 0);
    MUST(opt->compare || opt->job.input.path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *argv[WORDS_MAX + 1] = { (char[]){ "rifec" } };
    char *text = fuzz_text(data, size);
    struct options opt;
    int argc = 1;
    fuzz_begin();
    for (char *at = text, *end; at && argc < WORDS_MAX; at = end ? end + 1 : NULL) {
        end = strchr(at, '\n');
        if (end)
            *end = '\0';
        if (end || *at) /* an empty last line is not a word */
            argv[argc++] = at;
    }
    int err = options_parse(&opt, argc, argv);
    judge(&opt, err);
    if (!err)
        options_log_notes(&opt);
    options_free(&opt);
    free(text);
    return 0;
}
