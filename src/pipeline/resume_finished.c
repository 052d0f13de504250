/* Records which file an output became, and which job made it. */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/resume_finished.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavutil/avstring.h>
#include <libavutil/mem.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/outdisk.h"
#include "pipeline/input_sum.h"
#include "pipeline/resume.h"
#include "pipeline/resume_settings.h"
#include "pipeline/resume_state.h"

#define FILE_LINE 128

/* There is no device number, because it may change when the machine restarts. */
static void describe_file(char line[FILE_LINE], const struct stat *st)
{
    snprintf(line, FILE_LINE, "output: inode %llu, %lld bytes, %lld.%09ld s\n",
             (unsigned long long)st->st_ino, (long long)st->st_size,
             (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

int finished_note(const struct resume_folder *f, const char *part, const char *text,
                  bool damaged)
{
    int err = 0;
    struct stat st;
    char line[FILE_LINE];
    char *path = NULL, *all = NULL;
    int fd = open(part, O_RDONLY | O_CLOEXEC);
    TRY(folder_file(f, "finished", &path));
    /* On a network file system, data that is not yet written could still change the
     * time. */
    if (fd < 0 || outdisk_sync(fd) != 0 || fstat(fd, &st) != 0)
        FAIL(RIFEC_ERR_OUTPUT, "%s: cannot write it to the disk: %s", part,
             strerror(errno));
    describe_file(line, &st);
    all = av_asprintf("%sdamaged: %d\n%s", line, damaged, text);
    if (!all)
        TRY(mem_fail("the resume settings"));
    TRY(state_save(path, all));
fail:
    if (fd >= 0)
        close(fd);
    av_free(all);
    av_free(path);
    return err;
}

/* True if the text was recorded for the file that has the output's name now. */
static bool is_output(const char *text, const char *output, bool *damaged)
{
    struct stat st;
    char line[FILE_LINE];
    if (stat(output, &st) != 0)
        return false;
    describe_file(line, &st);
    if (strncmp(text, line, strlen(line)) != 0)
        return false;
    *damaged = av_strstart(text + strlen(line), "damaged: 1\n", NULL);
    return true;
}

static int is_job(const struct resume_params *p, const char *text, bool *is)
{
    int err = 0;
    uint8_t digest[DIGEST_SIZE];
    char line[INPUT_LINE];
    struct input_sum *sum = NULL;
    *is = false;
    TRY(input_sum_start(&sum, p->input, p->stopped));
    TRY(input_sum_wait(sum, digest));
    settings_describe_input(line, input_sum_size(sum), digest);
    *is = settings_match(text, p->settings, line);
fail:
    input_sum_close(&sum);
    return err;
}

int resume_finished(const struct resume_params *p, bool *finished, bool *damaged)
{
    int err = 0;
    enum state_kind kind;
    char *text = NULL, *path = NULL, *name = NULL;
    struct resume_folder *folder = NULL;
    *finished = *damaged = false;
    TRY(folder_name(p->output, &name));
    path = av_asprintf("%s/finished", name);
    if (!path)
        TRY(mem_fail("a file name"));
    TRY(state_load(path, &kind, &text));
    if (kind != STATE_WHOLE || !is_output(text, p->output, damaged))
        goto fail;
    TRY(is_job(p, text, finished));
    if (!*finished)
        goto fail;
    TRY(folder_open(&folder, p->output));
    folder_remove(&folder);
    log_info("%s: an earlier run had finished it; %s is removed, and nothing is left to "
             "do",
             p->output, name);
fail:
    free(text);
    av_free(path);
    av_free(name);
    return err;
}
