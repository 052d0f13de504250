/* Records the first error, and a few notes. */
#include "cli/option_error.h"

#include <stdarg.h>
#include <stdio.h>

#include "rifec/error.h"

static int first_fail(struct options *opt, int err, const char *fmt, va_list ap)
{
    if (!opt->error[0]) {
        vsnprintf(opt->error, sizeof opt->error, fmt, ap);
        opt->error_code = err;
    }
    return err;
}

int option_fail(struct options *opt, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int err = first_fail(opt, RIFEC_ERR_USAGE, fmt, ap);
    va_end(ap);
    return err;
}

int option_no_memory(struct options *opt, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int err = first_fail(opt, RIFEC_ERR_NOMEM, fmt, ap);
    va_end(ap);
    return err;
}

void option_note(struct options *opt, enum rifec_log_level level, const char *fmt, ...)
{
    if (opt->note_count == NOTES_MAX)
        return;
    struct option_note *note = &opt->notes[opt->note_count++];
    va_list ap;
    va_start(ap, fmt);
    note->level = level;
    vsnprintf(note->text, sizeof note->text, fmt, ap);
    va_end(ap);
}
