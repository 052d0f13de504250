/* Chooses the segments that can be used, and fills new ones. */
#include "pipeline/resume.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/avstring.h>
#include <libavutil/mem.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "media/out/segment.h"
#include "pipeline/input_sum.h"
#include "pipeline/resume_finished.h"
#include "pipeline/resume_folder.h"
#include "pipeline/resume_settings.h"
#include "pipeline/resume_state.h"

struct resume {
    struct resume_folder *folder;
    struct resume_settings settings;
    struct input_sum *input;
    char *text; /* all settings; NULL until the input's checksum is known, or assumed
                   to be that of the run before                                      */
    uint8_t digest[DIGEST_SIZE]; /* of `text`                                         */
    bool ours;    /* the folder is usable: what is in it may be removed               */
    bool begun;   /* there were segments when this run began                          */
    bool settled; /* the input's checksum is known, and the settings are in the folder */

    int segments;                  /* finished; the number of the next one            */
    int64_t there;                 /* frames in those found                           */
    int64_t safe;                  /* frames in all finished ones                     */
    int64_t passed;                /* of those found, written again                   */
    int64_t left;                  /* frames of the segment being read not yet passed */
    int reading;                   /* the number of the next to read                  */
    int64_t in_segment;            /* frames sent since the last commit              */
    struct segment_reader *source; /* being written again                 */
    struct segment_writer *target;
    double keep_s, kept_at;   /* the last commit, or frame passed            */
    double drain_s, drain_at; /* how long the encoder took to be drained    */
    int64_t last_dts;
    bool done;
};

/* --- settings ------------------------------------------------------------- */

static int set_text(struct resume *r, const char *input_line)
{
    int err = 0;
    TRY(settings_text(&r->settings, input_line, &r->text));
    TRY(state_digest(r->text, r->digest));
fail:
    return err;
}

static int save_settings(struct resume *r)
{
    int err = 0;
    char *path = NULL;
    TRY(folder_file(r->folder, "settings", &path));
    TRY(state_save(path, r->text));
    r->settled = true;
fail:
    av_free(path);
    return err;
}

/* After the input has been read: all that is kept belongs to it, or nothing is kept. */
static int settle(struct resume *r)
{
    int err = 0;
    uint8_t digest[DIGEST_SIZE];
    char line[INPUT_LINE];
    char *now = NULL;
    if (r->settled)
        return 0;
    TRY(input_sum_wait(r->input, digest));
    settings_describe_input(line, input_sum_size(r->input), digest);
    if (!r->text) {
        TRY(set_text(r, line));
        TRY(save_settings(r));
        return 0;
    }
    TRY(settings_text(&r->settings, line, &now));
    if (strcmp(now, r->text) != 0) {
        settings_say_difference(folder_path(r->folder), r->text, now);
        TRY(RIFEC_ERR_USAGE);
    }
    r->settled = true;
fail:
    av_free(now);
    return err;
}

/* It is better to refuse an edited input now than after a minute's work. */
static int settle_if_ready(struct resume *r)
{
    return !r->settled && input_sum_ready(r->input) ? settle(r) : 0;
}

/* The settings are complete. For now, only the input's size is compared. */
static int compare_settings(struct resume *r, const char *then)
{
    int err = 0;
    char line[INPUT_LINE], size[INPUT_LINE];
    settings_find_input(then, line);
    settings_describe_input(size, input_sum_size(r->input), NULL);
    bool same_size = !strncmp(line, size, strcspn(size, "\n"));
    TRY(set_text(r, same_size ? line : size));
    if (strcmp(r->text, then) != 0) {
        settings_say_difference(folder_path(r->folder), then, r->text);
        err = RIFEC_ERR_USAGE;
    }
fail:
    return err;
}

static int refuse_old(const struct resume *r)
{
    log_error(
        "%s: is from rifec 0.1, whose segments this version cannot continue; delete the "
        "folder to start over, or finish the job with rifec 0.1",
        folder_path(r->folder));
    return RIFEC_ERR_USAGE;
}

/* Counts the segments of this job and of other jobs, by their headers. */
static int count_headers(const struct resume *r, int *ours, int *others, bool *old)
{
    int err = 0;
    char *path = NULL;
    enum segment_state state = SEGMENT_WHOLE;
    *ours = *others = 0;
    *old = false;
    for (int i = 0; state != SEGMENT_ABSENT; i++) {
        struct segment_head head;
        struct segment_reader *segment;
        char why[80];
        av_freep(&path);
        TRY(folder_segment(r->folder, i, &path));
        TRY(segment_open(&segment, path, &head, &state, why));
        segment_close(&segment);
        bool is_ours =
            state == SEGMENT_WHOLE && !memcmp(head.settings, r->digest, sizeof r->digest);
        *ours += is_ours;
        *others += state == SEGMENT_WHOLE && !is_ours;
        *old = *old || state == SEGMENT_OLD;
    }
fail:
    av_free(path);
    return err;
}

/* If the settings are missing or damaged, the segments contain their digest. */
static int rebuild_settings(struct resume *r, const char *what)
{
    int err = 0, ours, others;
    bool old;
    uint8_t digest[DIGEST_SIZE];
    char line[INPUT_LINE];
    const char *folder = folder_path(r->folder);
    TRY(input_sum_wait(r->input, digest));
    settings_describe_input(line, input_sum_size(r->input), digest);
    TRY(set_text(r, line));
    TRY(count_headers(r, &ours, &others, &old));
    if (old)
        TRY(refuse_old(r));
    if (!ours || others)
        FAIL(RIFEC_ERR_USAGE,
             "%s: its settings are %s, and its segments %s; %sdelete the folder to start "
             "over",
             folder, what,
             others ? "were made with other settings, or from another input, than those "
                      "of this command"
                    : "are damaged, too",
             others ? "repeat the command that began the job, or " : "");
    log_warning(
        "%s: its settings were %s; they are restored, since the segments were made "
        "with those of this command",
        folder, what);
    TRY(save_settings(r));
fail:
    return err;
}

static int look_at_settings(struct resume *r)
{
    int err = 0;
    enum state_kind kind;
    char *then = NULL, *path = NULL;
    TRY(folder_file(r->folder, "settings", &path));
    TRY(state_load(path, &kind, &then));
    TRY(folder_has_segments(r->folder, &r->begun));
    if (kind == STATE_OLD)
        TRY(refuse_old(r));
    if (kind == STATE_OTHER)
        FAIL(RIFEC_ERR_USAGE,
             "%s: is from another version of rifec, whose segments this one cannot "
             "continue; delete the folder to start over",
             folder_path(r->folder));
    if (r->begun && kind == STATE_WHOLE)
        TRY(compare_settings(r, then));
    else if (r->begun)
        TRY(rebuild_settings(r, kind == STATE_ABSENT ? "missing" : "damaged"));
fail:
    free(then);
    av_free(path);
    return err;
}

/* --- existing segments ------------------------------------------ */

/* Returns false and the fault in *why. */
static bool fits(const struct resume *r, const struct segment_head *head, char why[80])
{
    const char *wrong = NULL;
    if (memcmp(head->settings, r->digest, sizeof r->digest) != 0)
        wrong = "it belongs to another job";
    else if (head->number != r->segments)
        wrong = "it is another segment of this job";
    else if (head->first != r->there)
        wrong = "it does not continue the previous one";
    if (wrong)
        snprintf(why, 80, "%s", wrong);
    return !wrong;
}

/* Takes the segments up to the first that is missing or cannot be used. */
static int check_segments(struct resume *r)
{
    int err = 0;
    char *path = NULL;
    for (;; r->segments++) {
        struct segment_head head;
        enum segment_state state;
        char why[80];
        av_freep(&path);
        TRY(folder_segment(r->folder, r->segments, &path));
        TRY(segment_check(path, &head, &state, why));
        if (state == SEGMENT_ABSENT)
            break;
        if (state != SEGMENT_WHOLE || !fits(r, &head, why)) {
            log_warning(
                "%s: cannot be used (%s); the frames from number %lld on are made "
                "again",
                path, state == SEGMENT_OLD ? "it is from rifec 0.1" : why,
                (long long)r->there + 1);
            break;
        }
        r->there += head.frames;
    }
    r->safe = r->there;
fail:
    av_free(path);
    return err;
}

int resume_open(struct resume **out, const struct resume_params *p)
{
    int err = 0;
    struct resume *r = *out = calloc(1, sizeof *r);
    if (!r)
        return mem_fail("the resume state");
    r->last_dts = INT64_MIN;
    r->keep_s = p->keep_s > 0 ? p->keep_s : RESUME_KEEP_S;
    r->kept_at = clock_seconds();
    r->drain_s = r->keep_s / 12; /* until the checksum is known */
    TRY(input_sum_start(&r->input, p->input, p->stopped));
    TRY(settings_open(&r->settings, p));
    TRY(folder_open(&r->folder, p->output));
    TRY(look_at_settings(r));
    r->ours = true;
    TRY(r->begun ? check_segments(r) : 0);
    if (r->there)
        log_info("%s: continues after %lld frames", p->output, (long long)r->there);
fail:
    if (err < 0)
        resume_close(out);
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
    int err = 0;
    struct segment_head head;
    enum segment_state state;
    char why[80];
    char *path = NULL;
    TRY(folder_segment(r->folder, r->reading, &path));
    TRY(segment_open(&r->source, path, &head, &state, why));
    if (state != SEGMENT_WHOLE ||
        memcmp(head.settings, r->digest, sizeof r->digest) != 0 ||
        head.number != r->reading || head.first != r->passed)
        FAIL(RIFEC_ERR_OUTPUT,
             "%s: was damaged or removed during the run; repeat the command to make it "
             "again",
             path);
    r->left = head.frames;
    r->reading++;
fail:
    av_free(path);
    return err;
}

int resume_pass(struct resume *r, struct mux *mux, int stream)
{
    int err = 0;
    TRY(settle_if_ready(r));
    if (!r->source)
        TRY(open_next(r));
    r->left--;
    r->passed++;
    do {
        AVPacket *pkt;
        TRY(segment_read(r->source, &pkt));
        if (!pkt)
            break;
        pkt->stream_index = stream;
        TRY(write_packet(r, mux, &pkt));
    } while (!r->left);
    if (!r->left)
        segment_close(&r->source);
    r->kept_at = clock_seconds();
fail:
    return err;
}

/* Draining the encoder takes time as well: about as long as the last time. */
bool resume_at_end(struct resume *r)
{
    double now = clock_seconds();
    if (!r->in_segment || (r->in_segment < RESUME_SEGMENT_FRAMES &&
                           now - r->kept_at + r->drain_s < r->keep_s))
        return false;
    r->drain_at = now;
    return true;
}

void resume_count(struct resume *r)
{
    r->in_segment++;
}

static int begin_segment(struct resume *r)
{
    int err = 0;
    char *path = NULL;
    if (r->target)
        return 0;
    TRY(folder_segment(r->folder, r->segments, &path));
    TRY(segment_create(&r->target, path));
fail:
    av_free(path);
    return err;
}

int resume_keep(struct resume *r, struct mux *mux, AVPacket **pkt)
{
    int err = 0;
    TRY(settle_if_ready(r));
    TRY(begin_segment(r));
    TRY(segment_write(r->target, *pkt));
    return write_packet(r, mux, pkt);
fail:
    av_packet_free(pkt);
    return err;
}

int resume_commit(struct resume *r)
{
    int err = 0;
    if (!r->in_segment)
        return 0;
    double now = clock_seconds();
    TRY(begin_segment(r));
    TRY(settle(r));
    struct segment_head head = { .number = r->segments,
                                 .first = r->safe,
                                 .frames = r->in_segment };
    memcpy(head.settings, r->digest, sizeof head.settings);
    TRY(segment_commit(&r->target, &head));
    r->safe += r->in_segment;
    r->in_segment = 0;
    r->segments++;
    r->drain_s = now - r->drain_at < r->keep_s / 2 ? now - r->drain_at : r->keep_s / 2;
    r->kept_at = clock_seconds();
fail:
    return err;
}

/* --- the end -------------------------------------------------------------- */

int resume_finish(struct resume *r, const char *part, bool damaged)
{
    int err = 0;
    TRY(settle(r));
    TRY(finished_note(r->folder, part, r->text, damaged));
fail:
    return err;
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
    segment_close(&r->source);
    segment_discard(&r->target);
    input_sum_close(&r->input);
    settings_close(&r->settings);
    if (r->done || (r->ours && !r->safe && !r->begun))
        folder_remove(&r->folder);
    folder_close(&r->folder);
    av_free(r->text);
    free(r);
    *resume = NULL;
}
