/* Reads a file from end to end while the job runs. */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/input_sum.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavutil/mem.h>
#include <libavutil/murmur3.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"

#define PIECE (1 << 20)

struct input_sum {
    char *path;
    int fd;
    struct stat st;
    bool (*stopped)(void);
    uint8_t *piece;
    struct AVMurMur3 *sum;
    struct thread thread;
    bool joined;
    int result; /* once joined */
    atomic_bool ready, cancelled;
    uint8_t digest[DIGEST_SIZE];
};

/* Bytes read, 0 at the end, or -1. */
static ssize_t read_piece(const struct input_sum *s)
{
    ssize_t n;
    do
        n = read(s->fd, s->piece, PIECE);
    while (n < 0 && errno == EINTR);
    return n;
}

static int read_all(struct input_sum *s)
{
    int err = 0;
    int64_t size = 0;
    ssize_t n = 0;
    av_murmur3_init(s->sum);
    /* A file that is still being written would have no end. */
    while (size <= s->st.st_size && (n = read_piece(s)) > 0) {
        if (atomic_load(&s->cancelled) || (s->stopped && s->stopped()))
            return RIFEC_ERR_ABORT;
        av_murmur3_update(s->sum, s->piece, (size_t)n);
        size += n;
    }
    if (n < 0)
        FAIL(
            RIFEC_ERR_INPUT,
            "%s: cannot read it: %s; --resume needs an input that can be read to its end",
            s->path, strerror(errno));
    if (size != s->st.st_size)
        FAIL(RIFEC_ERR_INPUT,
             "%s: its size changes while it is read; --resume needs a finished file",
             s->path);
    av_murmur3_final(s->sum, s->digest);
fail:
    return err;
}

static int run(void *arg)
{
    struct input_sum *s = arg;
    int err = read_all(s);
    atomic_store(&s->ready, true);
    return err;
}

int input_sum_start(struct input_sum **out, const char *path, bool (*stopped)(void))
{
    int err = 0;
    struct input_sum *s = *out = calloc(1, sizeof *s);
    if (!s)
        return mem_fail("the checksum of the input");
    s->stopped = stopped;
    s->path = av_strdup(path);
    s->piece = malloc(PIECE);
    s->sum = av_murmur3_alloc();
    s->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (!s->path || !s->piece || !s->sum)
        TRY(mem_fail("the checksum of the input"));
    if (s->fd < 0 || fstat(s->fd, &s->st) != 0 || !S_ISREG(s->st.st_mode))
        FAIL(RIFEC_ERR_USAGE,
             "%s: --resume needs an input that can be read again: one file", path);
    TRY(thread_start(&s->thread, "rifec-input", run, s));
    return 0;
fail:
    input_sum_close(out);
    return err;
}

int64_t input_sum_size(const struct input_sum *s)
{
    return s->st.st_size;
}

bool input_sum_ready(const struct input_sum *s)
{
    return atomic_load(&s->ready);
}

int input_sum_wait(struct input_sum *s, uint8_t digest[DIGEST_SIZE])
{
    if (!s->joined)
        s->result = thread_join(&s->thread);
    s->joined = true;
    memcpy(digest, s->digest, DIGEST_SIZE);
    return s->result;
}

void input_sum_close(struct input_sum **sum)
{
    struct input_sum *s = *sum;
    if (!s)
        return;
    atomic_store(&s->cancelled, true);
    if (!s->joined)
        thread_join(&s->thread);
    if (s->fd >= 0)
        close(s->fd);
    av_free(s->path);
    av_free(s->sum);
    free(s->piece);
    free(s);
    *sum = NULL;
}
