/* Compares a run with its golden manifest, or makes the manifest from it. */
#include "golden/golden.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/outfile.h"
#include "golden/result.h"
#include "media/out/lossless.h"

#define LINES_MAX   8   /* differing frames that the log names, one per line */
#define WHOLE_WIDTH 480 /* of the report's pictures, pixels                        */
#define CLOSE_SIDE  96  /* of the part around the largest difference               */
#define USUAL_BOUND 50  /* dB, across engines of different precision               */

struct golden {
    struct golden_params p;
    char *manifest_path, *frames_path;
    struct golden_manifest golden, now; /* read; made by this run with `update` */
    bool has_golden;
    struct golden_tolerance tolerance;
    struct lossless_reader *reader;
    struct lossless_writer *writer;
    char last_source[FRAMEHASH_TEXT];
    int64_t index;
    struct golden_row *rows;
    int64_t row_room;
    double squares; /* sum of mean squared errors */
    double ssim_sum;
    int64_t measured;
    struct golden_result result;
    struct golden_pictures pictures[GOLDEN_PICTURES + 1]; /* worst first; one to insert */
};

const char *golden_status_name(enum golden_status status)
{
    static const char *const names[] = { "same", "within", "different", "missing",
                                         "extra" };
    return names[status];
}

/* --- opening ------------------------------------------------------------------ */

static int make_folders(const char *folder)
{
    int err = 0;
    bool made;
    char *above = av_strdup(folder);
    if (!above)
        TRY(mem_fail("a folder name"));
    for (char *slash = strchr(above + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        TRY(outfile_make_folder(above, &made));
        *slash = '/';
    }
    TRY(outfile_make_folder(folder, &made));
fail:
    av_free(above);
    return err;
}

static int write_reports(struct golden *g)
{
    int err = 0;
    struct golden_result *r = &g->result;
    r->title = g->p.title;
    r->golden = g->has_golden ? &g->golden.subject : NULL;
    r->now = &g->p.subject;
    r->rows = g->rows;
    r->pictures = g->pictures;
    golden_tolerance_print(&g->tolerance, r->tolerance);
    for (int i = 0; i < g->p.report_count; i++)
        TRY(golden_report(g->p.reports[i], r, g->p.overwrite));
fail:
    return err;
}

/* A comparison that cannot begin counts as failed. */
static int fail_early(struct golden *g)
{
    g->result.passed = false;
    log_error("%s", g->result.verdict);
    int err = write_reports(g);
    return err < 0 ? err : RIFEC_ERR_VERIFY;
}

#define VERDICT(g, ...)                                                                  \
    snprintf((g)->result.verdict, sizeof(g)->result.verdict, __VA_ARGS__)

static int check_subject(struct golden *g)
{
    const struct golden_subject *then = &g->golden.subject, *now = &g->p.subject;
    if (strcmp(then->model_sha256, now->model_sha256) != 0) {
        VERDICT(g,
                "%s: made with another model (SHA-256 %.12s..., now %.12s...); use that "
                "model with --model, or renew the golden frames with --update-golden",
                g->manifest_path, then->model_sha256, now->model_sha256);
        return fail_early(g);
    }
    if (then->width != now->width || then->height != now->height ||
        strcmp(then->pix_fmt, now->pix_fmt) != 0) {
        VERDICT(g, "%s: holds %dx%d %.32s frames, but this run makes %dx%d %.32s",
                g->manifest_path, then->width, then->height, then->pix_fmt, now->width,
                now->height, now->pix_fmt);
        return fail_early(g);
    }
    return 0;
}

/* The default tolerance between runs of these two engines. */
static struct golden_tolerance usual_tolerance(const struct golden_subject *a,
                                               const struct golden_subject *b)
{
    bool same_engine = !strcmp(a->backend, b->backend) && !strcmp(a->engine, b->engine) &&
                       !strcmp(a->precision, b->precision);
    if (same_engine || (a->deterministic && b->deterministic))
        return (struct golden_tolerance){ GOLDEN_EXACT, 0 };
    if (!strcmp(a->precision, "fp32") && !strcmp(b->precision, "fp32"))
        return (struct golden_tolerance){ GOLDEN_ONEOFF, 1 };
    return (struct golden_tolerance){ GOLDEN_PSNR, USUAL_BOUND };
}

static int choose_tolerance(struct golden *g)
{
    if (g->p.tolerance) {
        if (!golden_tolerance_parse(&g->tolerance, g->p.tolerance)) {
            log_error("'%s' is not a tolerance; write exact, oneoff, oneoff=2, psnr=50, "
                      "ssim=0.99 or maxabs=4",
                      g->p.tolerance);
            return RIFEC_ERR_USAGE;
        }
    } else if (g->has_golden && g->golden.has_tolerance) {
        g->tolerance = g->golden.tolerance;
    } else if (g->has_golden) {
        g->tolerance = usual_tolerance(&g->golden.subject, &g->p.subject);
    }
    return 0;
}

/* Without stored frames, a hash that differs can be neither measured nor shown. */
static int open_frames(struct golden *g)
{
    int err = lossless_open(&g->reader, g->frames_path);
    if (err == RIFEC_ERR_INPUT) {
        log_warning("%s: cannot read the golden frames; only hashes are compared",
                    g->frames_path);
        err = 0;
    }
    return err;
}

static int open_golden(struct golden *g)
{
    int err = golden_manifest_read(&g->golden, g->manifest_path, &g->has_golden);
    if (err == RIFEC_ERR_INPUT && g->p.update) { /* it is made again */
        g->has_golden = false;
        err = 0;
    }
    if (err < 0)
        return err;
    if (!g->has_golden && !g->p.update) {
        VERDICT(g, "%s: there is no golden manifest; --update-golden creates it",
                g->manifest_path);
        return fail_early(g);
    }
    return 0;
}

static int keep_params(struct golden *g, const struct golden_params *p)
{
    int err = 0;
    g->p = *p;
    g->manifest_path = av_asprintf("%s/%s", p->folder, GOLDEN_MANIFEST);
    g->frames_path = av_asprintf("%s/%s", p->folder, GOLDEN_FRAMES);
    if (!g->manifest_path || !g->frames_path)
        TRY(mem_fail("a file name"));
    TRY(golden_subject_copy(&g->now.subject, &p->subject));
    g->p.subject = g->now.subject;
fail:
    return err;
}

int golden_open(struct golden **out, const struct golden_params *p)
{
    int err = 0;
    struct golden *g = *out = calloc(1, sizeof *g);
    if (!g)
        return mem_fail("the golden frames");
    TRY(keep_params(g, p));
    g->result.lowest_psnr_db = METRICS_PSNR_EQUAL;
    TRY(open_golden(g));
    TRY(choose_tolerance(g));
    if (p->update)
        TRY(make_folders(p->folder));
    else
        TRY(check_subject(g));
    bool comparable = g->golden.subject.width == p->subject.width &&
                      g->golden.subject.height == p->subject.height;
    if (g->has_golden && g->golden.has_frames && comparable)
        TRY(open_frames(g));
    if (p->update && p->store_frames &&
        !lossless_takes(av_get_pix_fmt(p->subject.pix_fmt)))
        FAIL(RIFEC_ERR_USAGE, "--golden-frames: FFV1 cannot store %s; give --pix-fmt",
             p->subject.pix_fmt);
    return 0;
fail:
    golden_close(out);
    return err;
}

/* --- pictures ----------------------------------------------------------------- */

static void free_pictures(struct golden_pictures *p)
{
    for (int i = 0; i < 3; i++) {
        av_freep(&p->whole[i].data);
        av_freep(&p->close[i].data);
    }
}

static int paint(struct golden_pictures *p, int which, const AVFrame *rgb, bool close)
{
    int err = 0;
    AVFrame *part = NULL;
    TRY(still_jpeg(&p->whole[which], rgb, WHOLE_WIDTH));
    if (close) {
        TRY(still_crop(&part, rgb, p->x, p->y, CLOSE_SIDE));
        TRY(still_png(&p->close[which], part));
    }
fail:
    av_frame_free(&part);
    return err;
}

/* golden: NULL if it was not stored */
static int paint_all(struct golden_pictures *p, const AVFrame *golden, const AVFrame *now)
{
    int err = 0;
    AVFrame *rgb[3] = { NULL };
    TRY(still_rgb(&rgb[1], now));
    if (golden) {
        TRY(still_rgb(&rgb[0], golden));
        TRY(still_difference(&rgb[2], rgb[0], rgb[1]));
    }
    for (int i = 0; i < 3; i++)
        if (rgb[i])
            TRY(paint(p, i, rgb[i], golden != NULL));
fail:
    for (int i = 0; i < 3; i++)
        av_frame_free(&rgb[i]);
    return err;
}

static bool wants_pictures(const struct golden *g)
{
    for (int i = 0; i < g->p.report_count; i++)
        if (av_match_ext(g->p.reports[i], "html,htm"))
            return true;
    return false;
}

/* Keeps the pictures of this frame if it is among the worst so far. */
static int show(struct golden *g, const struct golden_row *row, const AVFrame *golden,
                const AVFrame *now)
{
    struct golden_result *r = &g->result;
    double rank = row->measured ? row->metrics.psnr_db : 0;
    int at = r->picture_count;
    while (at > 0 && g->pictures[at - 1].rank > rank)
        at--;
    if (at == GOLDEN_PICTURES || !wants_pictures(g))
        return 0;
    struct golden_pictures p = {
        .index = g->index, .rank = rank, .x = row->metrics.x, .y = row->metrics.y
    };
    int err = paint_all(&p, golden, now);
    if (err < 0) {
        free_pictures(&p);
        return err;
    }
    memmove(&g->pictures[at + 1], &g->pictures[at],
            (size_t)(r->picture_count - at) * sizeof *g->pictures);
    g->pictures[at] = p;
    if (++r->picture_count > GOLDEN_PICTURES)
        free_pictures(&g->pictures[--r->picture_count]);
    return 0;
}

/* --- one frame ---------------------------------------------------------------- */

static int add_row(struct golden *g, const struct golden_row *row)
{
    struct golden_result *r = &g->result;
    if (r->count == g->row_room) {
        int64_t room = g->row_room ? 2 * g->row_room : 256;
        struct golden_row *grown = realloc(g->rows, (size_t)room * sizeof *grown);
        if (!grown)
            return mem_fail("the rows of a golden report");
        g->rows = grown;
        g->row_room = room;
    }
    g->rows[r->count++] = *row;
    r->by_status[row->status]++;
    if (row->measured || row->status == GOLDEN_SAME) {
        double ssim = row->measured ? row->metrics.ssim : 1;
        double psnr_db = row->measured ? row->metrics.psnr_db : METRICS_PSNR_EQUAL;
        g->squares += row->metrics.mse;
        g->ssim_sum += ssim;
        g->measured++;
        if (psnr_db < r->lowest_psnr_db)
            r->lowest_psnr_db = psnr_db;
        if (row->metrics.max_abs > r->max_abs)
            r->max_abs = row->metrics.max_abs;
    }
    return 0;
}

/* The golden frame of this index, or NULL if it was not stored. */
static int find_golden(struct golden *g, const AVFrame *like, const AVFrame **out)
{
    int err = 0;
    *out = NULL;
    if (g->reader)
        TRY(lossless_read(g->reader, g->index, out));
    if (*out && ((*out)->width != like->width || (*out)->height != like->height ||
                 (*out)->format != like->format))
        *out = NULL;
fail:
    return err;
}

static int compare(struct golden *g, const AVFrame *frame, const struct golden_frame *now)
{
    int err = 0;
    const AVFrame *then = NULL;
    struct golden_row row = { .pts = now->pts, .kind = now->kind };
    const struct golden_frame *want =
        g->index < g->golden.count ? &g->golden.frames[g->index] : NULL;
    row.golden_pts = want ? want->pts : now->pts;
    bool same_time = want && want->pts == now->pts;
    if (!want) {
        row.status = GOLDEN_EXTRA;
    } else if (!strcmp(want->hash, now->hash)) {
        row.status = same_time ? GOLDEN_SAME : GOLDEN_DIFFERENT;
        row.measured = !same_time;
        row.metrics = (struct metrics){ .psnr_db = METRICS_PSNR_EQUAL, .ssim = 1 };
    } else {
        const struct golden_tolerance *t =
            want->has_tolerance && !g->p.tolerance ? &want->tolerance : &g->tolerance;
        TRY(find_golden(g, frame, &then));
        row.measured = then != NULL;
        if (then)
            TRY(metrics_compare(&row.metrics, then, frame));
        bool holds =
            then && t->tier != GOLDEN_EXACT && golden_tolerance_holds(t, &row.metrics);
        row.status = same_time && holds ? GOLDEN_WITHIN : GOLDEN_DIFFERENT;
    }
    if (row.status == GOLDEN_DIFFERENT || row.status == GOLDEN_EXTRA)
        TRY(show(g, &row, then, frame));
    TRY(add_row(g, &row));
fail:
    return err;
}

int golden_frame(struct golden *g, const AVFrame *frame, const char *hash, bool decoded)
{
    int err = 0;
    struct golden_frame now = { .pts = frame->pts, .kind = GOLDEN_BETWEEN };
    av_strlcpy(now.hash, hash, sizeof now.hash);
    if (decoded) {
        now.kind = strcmp(hash, g->last_source) != 0 ? GOLDEN_SOURCE : GOLDEN_REPEAT;
        av_strlcpy(g->last_source, hash, sizeof g->last_source);
    }
    if (g->has_golden)
        TRY(compare(g, frame, &now));
    if (g->p.update)
        TRY(golden_manifest_add(&g->now, &now));
    if (g->p.update && g->p.store_frames) {
        if (!g->writer)
            TRY(lossless_create(&g->writer, g->frames_path, frame));
        TRY(lossless_write(g->writer, frame));
    }
    g->index++;
fail:
    return err;
}

/* --- the end ------------------------------------------------------------------ */

static int add_missing(struct golden *g)
{
    int err = 0;
    for (int64_t i = g->index; i < g->golden.count; i++)
        TRY(add_row(g, &(struct golden_row){ .status = GOLDEN_MISSING,
                                             .pts = g->golden.frames[i].pts,
                                             .golden_pts = g->golden.frames[i].pts,
                                             .kind = g->golden.frames[i].kind }));
fail:
    return err;
}

static void add_up(struct golden *g)
{
    struct golden_result *r = &g->result;
    if (g->measured) {
        r->psnr_db = metrics_psnr(g->squares / (double)g->measured);
        r->ssim = g->ssim_sum / (double)g->measured;
    }
    r->passed = r->count > 0 && !r->by_status[GOLDEN_DIFFERENT] &&
                !r->by_status[GOLDEN_MISSING] && !r->by_status[GOLDEN_EXTRA];
}

static void name_frame(const struct golden *g, int64_t index)
{
    const struct golden_row *row = &g->rows[index];
    char what[METRICS_TEXT] = "";
    if (row->status == GOLDEN_DIFFERENT && row->pts != row->golden_pts)
        snprintf(what, sizeof what, "is at pts %" PRId64 ", not %" PRId64, row->pts,
                 row->golden_pts);
    else if (row->measured)
        metrics_describe(&row->metrics, what);
    else if (row->status == GOLDEN_DIFFERENT)
        snprintf(what, sizeof what,
                 "has another hash, and its golden frame is not stored");
    else
        snprintf(what, sizeof what, "is %s",
                 row->status == GOLDEN_MISSING ? "missing" : "not in the manifest");
    log_error("frame %" PRId64 " (%s, pts %" PRId64 "): %s", index,
              golden_kind_name(row->kind), row->pts, what);
}

/* Settings are lines, but a message is one line. */
static void on_one_line(char *to, size_t size, const char *settings)
{
    av_strlcpy(to, settings, size);
    size_t length = strlen(to);
    if (length && to[length - 1] == '\n')
        to[length - 1] = '\0';
    for (char *at = to; (at = strchr(at, '\n'));)
        *at = ' ';
}

/* The manifest's lines are untrusted, and the log replaces what it cannot show. */
static void say_settings(const struct golden *g)
{
    char then[512], now[512];
    if (!strcmp(g->golden.subject.settings, g->p.subject.settings))
        return;
    on_one_line(then, sizeof then, g->golden.subject.settings);
    on_one_line(now, sizeof now, g->p.subject.settings);
    log_error("the manifest was made with other settings (then '%s', now '%s')", then,
              now);
}

static void name_frames(const struct golden *g)
{
    int64_t named = 0, left = 0;
    for (int64_t i = 0; i < g->result.count; i++) {
        if (g->rows[i].status == GOLDEN_SAME || g->rows[i].status == GOLDEN_WITHIN)
            continue;
        if (named++ < LINES_MAX)
            name_frame(g, i);
        else
            left++;
    }
    if (left)
        log_error("and %" PRId64 " more frames", left);
    say_settings(g);
}

static int judge(struct golden *g, bool cut)
{
    struct golden_result *r = &g->result;
    char tolerance[GOLDEN_TOLERANCE_TEXT];
    golden_tolerance_print(&g->tolerance, tolerance);
    long long wrong =
        (long long)(r->by_status[GOLDEN_DIFFERENT] + r->by_status[GOLDEN_MISSING] +
                    r->by_status[GOLDEN_EXTRA]);
    if (r->passed) {
        VERDICT(g,
                "%s: %" PRId64 " frames are the golden ones (%s; %" PRId64
                " identical, %" PRId64 " within it)",
                g->manifest_path, r->count, tolerance, r->by_status[GOLDEN_SAME],
                r->by_status[GOLDEN_WITHIN]);
        log_info("%s", r->verdict);
        return 0;
    }
    VERDICT(g,
            "%s: %lld of %" PRId64 " frames differ (tolerance %s; %" PRId64
            " different, %" PRId64 " missing%s, %" PRId64 " extra)",
            g->manifest_path, wrong, r->count, tolerance, r->by_status[GOLDEN_DIFFERENT],
            r->by_status[GOLDEN_MISSING], cut ? " since the run was stopped" : "",
            r->by_status[GOLDEN_EXTRA]);
    log_error("%s", r->verdict);
    name_frames(g);
    return RIFEC_ERR_VERIFY;
}

/* Stores the frames first, so that a manifest never promises missing frames. */
static int store(struct golden *g)
{
    int err = 0;
    struct golden_result *r = &g->result;
    g->now.has_frames = g->writer != NULL;
    g->now.has_tolerance = g->p.tolerance != NULL;
    g->now.tolerance = g->tolerance;
    lossless_close(&g->reader);
    if (g->writer)
        TRY(lossless_finish(&g->writer));
    TRY(golden_manifest_write(&g->now, g->manifest_path));
    if (!g->now.has_frames)
        TRY(outfile_remove(g->frames_path));
    if (g->has_golden)
        VERDICT(g,
                "%s: updated, %" PRId64 " frames: %" PRId64 " as before, %" PRId64
                " changed, %" PRId64 " new, %" PRId64 " gone%s",
                g->manifest_path, g->now.count, r->by_status[GOLDEN_SAME],
                r->by_status[GOLDEN_DIFFERENT] + r->by_status[GOLDEN_WITHIN],
                r->by_status[GOLDEN_EXTRA], r->by_status[GOLDEN_MISSING],
                g->now.has_frames ? "; the frames are stored" : "");
    else
        VERDICT(g, "%s: made, %" PRId64 " frames%s", g->manifest_path, g->now.count,
                g->now.has_frames ? "; the frames are stored" : "");
    log_info("%s", r->verdict);
    if (r->count > r->by_status[GOLDEN_SAME] && g->measured)
        log_info("old against new frames: PSNR %.2f dB (lowest %.2f), SSIM %.4f, largest "
                 "difference %d",
                 r->psnr_db, r->lowest_psnr_db, r->ssim, r->max_abs);
    r->passed = true;
fail:
    return err;
}

int golden_finish(struct golden *g, bool cut)
{
    int err = 0;
    if (cut && g->p.update)
        FAIL(RIFEC_ERR_VERIFY, "%s: not updated, since the run was stopped",
             g->manifest_path);
    if (g->has_golden)
        TRY(add_missing(g));
    add_up(g);
    int verdict = g->p.update ? store(g) : judge(g, cut);
    TRY(write_reports(g));
    err = verdict;
fail:
    return err;
}

void golden_close(struct golden **golden)
{
    struct golden *g = *golden;
    if (!g)
        return;
    for (int i = 0; i < g->result.picture_count; i++)
        free_pictures(&g->pictures[i]);
    lossless_close(&g->reader);
    lossless_discard(&g->writer);
    golden_manifest_close(&g->golden);
    golden_manifest_close(&g->now);
    free(g->rows);
    av_free(g->manifest_path);
    av_free(g->frames_path);
    free(g);
    *golden = NULL;
}
