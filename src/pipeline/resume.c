/* The folder of segments and what it was made with. */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/resume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavutil/avstring.h>
#include <libavutil/bprint.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>
#include <libavutil/sha.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "media/segment.h"
#include "media/versions.h"
#include "rifec/version.h"

/* Output frames in a segment: what a stop can cost, and how often the encoder
 * begins anew. x264 does of its own accord after 250. */
#define SEGMENT_FRAMES 240
/* How much of either end of the input is looked at. */
#define SAMPLE_BYTES (1 << 20)
#define SUM_SIZE     65

struct resume {
    char *folder;
    int segments;          /* finished; the number of the next one            */
    int64_t there;         /* frames in those found                           */
    int64_t safe;          /* frames in all finished ones                     */
    int64_t passed;        /* of those found, written again                   */
    int64_t left;          /* frames of the segment being read not yet passed */
    int reading;           /* the number of the next to read                  */
    int64_t in_segment;    /* frames sent since the last commit               */
    struct segment *input; /* being written again                             */
    struct segment *output;
    int64_t last_dts;
    bool done;
};

/* --- settings ------------------------------------------------------------- */

static void finish_sum(struct AVSHA *sha, char out[SUM_SIZE])
{
    uint8_t sum[32];
    av_sha_final(sha, sum);
    for (int i = 0; i < 32; i++)
        snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

/* Size and checksum of both ends: a copy is the same input, an edit is not. */
static int describe_input(const char *path, struct AVSHA *sha, AVBPrint *to)
{
    struct stat st;
    char sum[SUM_SIZE];
    uint8_t *sample = malloc(SAMPLE_BYTES);
    int fd = open(path, O_RDONLY), err = sample ? 0 : mem_fail("a sample of the input");
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        FAIL(RIFEC_ERR_USAGE,
             "%s: --resume needs an input that can be read again: one file", path);
    TRY(err);
    av_sha_init(sha, 256);
    for (int end = 0; end < 2; end++) {
        off_t at = end && st.st_size > SAMPLE_BYTES ? st.st_size - SAMPLE_BYTES : 0;
        ssize_t n = pread(fd, sample, SAMPLE_BYTES, at);
        if (n < 0)
            FAIL(RIFEC_ERR_INPUT, "%s: cannot read it: %s", path, strerror(errno));
        av_sha_update(sha, sample, (size_t)n);
    }
    finish_sum(sha, sum);
    av_bprintf(to, "input: %lld bytes, %s\n", (long long)st.st_size, sum);
fail:
    if (fd >= 0)
        close(fd);
    free(sample);
    return err;
}

static void describe_encoder(const AVCodecContext *c, struct AVSHA *sha, AVBPrint *to)
{
    char sum[SUM_SIZE];
    av_sha_init(sha, 256);
    av_sha_update(sha, c->extradata, (size_t)c->extradata_size);
    finish_sum(sha, sum);
    av_bprintf(to, "encoder: %s %dx%d %s, 1/%d s, %s\n", c->codec->name, c->width,
               c->height, av_get_pix_fmt_name(c->pix_fmt), c->time_base.den, sum);
}

static int describe(const struct resume_params *p, char **out)
{
    int err = 0;
    AVBPrint text;
    av_bprint_init(&text, 0, AV_BPRINT_SIZE_UNLIMITED);
    struct AVSHA *sha = av_sha_alloc();
    if (!sha)
        TRY(mem_fail("a checksum"));
    av_bprintf(&text, "rifec: %d.%d.%d, segments of %d frames\n", RIFEC_VERSION_MAJOR,
               RIFEC_VERSION_MINOR, RIFEC_VERSION_PATCH, SEGMENT_FRAMES);
    av_bprintf(&text, "libraries: %s\n", media_versions());
    av_bprintf(&text, "model: %s\n", p->model);
    TRY(describe_input(p->input, sha, &text));
    describe_encoder(p->encoder, sha, &text);
    av_bprintf(&text, "%s", p->settings);
    TRY(av_bprint_is_complete(&text) ? 0 : mem_fail("the settings of the job"));
    TRY(av_bprint_finalize(&text, out) < 0 ? mem_fail("the settings of the job") : 0);
fail:
    if (err < 0)
        av_bprint_finalize(&text, NULL);
    av_free(sha);
    return err;
}

/* --- the folder ----------------------------------------------------------- */

static char *settings_path(const struct resume *r)
{
    return av_asprintf("%s/settings", r->folder);
}

static char *segment_path(const struct resume *r, int number)
{
    return av_asprintf("%s/%06d.segment", r->folder, number);
}

/* The first line of theirs that ours lacks and that begins so, or "without". */
static const char *first_difference(const char *ours, const char *theirs,
                                    const char *begins, char *text, size_t size)
{
    snprintf(text, size, "without");
    char *within = av_asprintf("\n%s", ours);
    for (const char *line = theirs; within && *line; line += strcspn(line, "\n") + 1) {
        int length = (int)strcspn(line, "\n");
        char *whole = av_asprintf("\n%.*s\n", length, line);
        bool lacks =
            whole && !strncmp(line, begins, strlen(begins)) && !strstr(within, whole);
        av_free(whole);
        if (lacks) {
            snprintf(text, size, "%.*s", length, line);
            break;
        }
    }
    av_free(within);
    return text;
}

/* The user's words first: what they do to an encoder is a difference, too. */
static void say_difference(const struct resume *r, const char *now, const char *then)
{
    char new_line[256], old_line[256];
    for (int any = 0; any < 2; any++) {
        const char *begins = any ? "" : "--";
        first_difference(then, now, begins, new_line, sizeof new_line);
        first_difference(now, then, begins, old_line, sizeof old_line);
        if (strcmp(new_line, old_line) != 0)
            break;
    }
    log_error("%s: was begun with other settings (then %s; now %s); use those again, or "
              "delete the folder to start anew",
              r->folder, old_line, new_line);
}

static int compare_settings(const struct resume *r, const char *path, const char *text)
{
    char *theirs = calloc(1, 1 << 16);
    FILE *file = fopen(path, "rb");
    int err = theirs ? 0 : mem_fail("the settings of the job");
    TRY(err);
    if (!file || (!fread(theirs, 1, (1 << 16) - 1, file) && ferror(file)))
        FAIL(RIFEC_ERR_OUTPUT, "%s: cannot read it: %s", path, strerror(errno));
    if (!strcmp(theirs, text))
        goto fail;
    say_difference(r, text, theirs);
    err = RIFEC_ERR_USAGE;
fail:
    if (file)
        fclose(file);
    free(theirs);
    return err;
}

static int write_settings(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    bool ok = file && fputs(text, file) >= 0 && fflush(file) == 0;
    if (!ok)
        log_error("%s: cannot write it: %s", path, strerror(errno));
    if (file)
        fclose(file);
    return ok ? 0 : RIFEC_ERR_OUTPUT;
}

/* Finished segments, from the first to the first that is not there. */
static int count_segments(struct resume *r)
{
    int err = 0;
    for (;; r->segments++) {
        struct segment *s = NULL;
        int64_t frames;
        char *path = segment_path(r, r->segments);
        TRY(path ? segment_open(&s, path, &frames) : mem_fail("a file name"));
        av_free(path);
        segment_close(&s);
        if (!frames)
            break;
        r->there += frames;
    }
    r->safe = r->there;
fail:
    return err;
}

int resume_open(struct resume **out, const struct resume_params *p)
{
    int err = 0;
    char *text = NULL, *path = NULL;
    *out = NULL;
    struct resume *r = calloc(1, sizeof *r);
    if (!r)
        return mem_fail("the state of --resume");
    r->last_dts = INT64_MIN;
    r->folder = av_asprintf("%s.resume", p->output);
    path = r->folder ? settings_path(r) : NULL;
    if (!path)
        TRY(mem_fail("a file name"));
    TRY(describe(p, &text));
    if (mkdir(r->folder, 0777) != 0 && errno != EEXIST)
        FAIL(RIFEC_ERR_OUTPUT, "%s: cannot create the folder: %s", r->folder,
             strerror(errno));
    TRY(access(path, F_OK) == 0 ? compare_settings(r, path, text)
                                : write_settings(path, text));
    TRY(count_segments(r));
    if (r->there)
        log_info("%s: goes on after %lld frames", p->output, (long long)r->there);
    *out = r;
    r = NULL;
fail:
    av_free(path);
    av_free(text);
    if (r) { /* what is there is not ours to remove */
        av_free(r->folder);
        free(r);
    }
    return err;
}

int64_t resume_frames(const struct resume *r)
{
    return r->there;
}

int64_t resume_safe(const struct resume *r)
{
    return r->safe;
}

/* --- packets -------------------------------------------------------------- */

/* Decoding times of a new encoder may begin before the last one's ended. */
static int write_packet(struct resume *r, struct mux *mux, AVPacket **pkt)
{
    if (r->last_dts != INT64_MIN && (*pkt)->dts != AV_NOPTS_VALUE &&
        (*pkt)->dts <= r->last_dts)
        (*pkt)->dts = r->last_dts + 1;
    if ((*pkt)->dts != AV_NOPTS_VALUE)
        r->last_dts = (*pkt)->dts;
    return mux_write(mux, pkt);
}

static int open_next(struct resume *r)
{
    char *path = segment_path(r, r->reading++);
    int err = path ? segment_open(&r->input, path, &r->left) : mem_fail("a file name");
    av_free(path);
    if (err == 0 && !r->left) {
        log_error("%s: a segment has gone while it was wanted", r->folder);
        err = RIFEC_ERR_OUTPUT;
    }
    return err;
}

int resume_pass(struct resume *r, struct mux *mux, int stream)
{
    int err = 0;
    if (!r->input)
        TRY(open_next(r));
    r->left--;
    r->passed++;
    do {
        AVPacket *pkt;
        TRY(segment_read(r->input, &pkt));
        if (!pkt)
            break;
        pkt->stream_index = stream;
        TRY(write_packet(r, mux, &pkt));
    } while (!r->left);
    if (!r->left)
        segment_close(&r->input);
fail:
    return err;
}

bool resume_at_end(const struct resume *r)
{
    return r->in_segment == SEGMENT_FRAMES;
}

void resume_count(struct resume *r)
{
    r->in_segment++;
}

int resume_keep(struct resume *r, struct mux *mux, AVPacket **pkt)
{
    int err = 0;
    if (!r->output) {
        char *path = segment_path(r, r->segments);
        err = path ? segment_create(&r->output, path) : mem_fail("a file name");
        av_free(path);
    }
    TRY(err);
    TRY(segment_write(r->output, *pkt));
    return write_packet(r, mux, pkt);
fail:
    av_packet_free(pkt);
    return err;
}

int resume_commit(struct resume *r)
{
    if (!r->output)
        return 0;
    int err = segment_commit(&r->output, r->in_segment);
    if (err < 0)
        return err;
    r->safe += r->in_segment;
    r->in_segment = 0;
    r->segments++;
    return 0;
}

/* --- the end -------------------------------------------------------------- */

static void remove_all(struct resume *r)
{
    for (int i = 0; i < r->segments; i++) {
        char *path = segment_path(r, i);
        if (path)
            unlink(path);
        av_free(path);
    }
    char *path = settings_path(r);
    if (path)
        unlink(path);
    av_free(path);
    rmdir(r->folder);
}

void resume_remove(struct resume *r)
{
    r->done = true;
}

void resume_close(struct resume **resume)
{
    struct resume *r = *resume;
    if (!r)
        return;
    segment_close(&r->input);
    segment_close(&r->output);
    if (r->done || !r->safe)
        remove_all(r);
    av_free(r->folder);
    free(r);
    *resume = NULL;
}
