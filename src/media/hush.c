/* Replaces stderr by a pipe. */
#define _POSIX_C_SOURCE 200809L
#include "media/hush.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void hush_begin(struct hush *h)
{
    *h = (struct hush){ { -1, -1 }, -1 };
    fflush(stderr);
    if (pipe(h->pipe) < 0) {
        h->pipe[0] = h->pipe[1] = -1;
        return;
    }
    /* Neither end may wait for the other, because one thread uses both. */
    for (int i = 0; i < 2; i++) {
        fcntl(h->pipe[i], F_SETFD, FD_CLOEXEC);
        fcntl(h->pipe[i], F_SETFL, O_NONBLOCK);
    }
    h->stderr_copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (h->stderr_copy < 0 || dup2(h->pipe[1], STDERR_FILENO) < 0)
        close_fd(&h->stderr_copy);
}

void hush_end(struct hush *h, enum rifec_log_level level)
{
    char text[8192];
    ssize_t n = -1;
    if (h->stderr_copy >= 0) {
        fflush(stderr);
        dup2(h->stderr_copy, STDERR_FILENO);
        n = read(h->pipe[0], text, sizeof text - 1);
    }
    close_fd(&h->stderr_copy);
    close_fd(&h->pipe[0]);
    close_fd(&h->pipe[1]);
    text[n > 0 ? n : 0] = '\0';
    for (char *line = text, *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        if (*line)
            log_line(level, "%s", line);
    }
}
