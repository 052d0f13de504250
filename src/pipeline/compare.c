/* PSNR, SSIM and the largest difference of two films. */
#include "pipeline/compare.h"

#include <inttypes.h>
#include <stdlib.h>

#include <libavutil/pixdesc.h>

#include "base/err.h"
#include "base/log.h"
#include "media/av.h"
#include "pipeline/beside.h"
#include "media/convert.h"
#include "media/in/film.h"
#include "media/metrics.h"

struct comparison {
    const struct compare_options *o;
    const char *path[2];
    struct film *film[2];
    struct convert *convert; /* of b to a's format; NULL: not needed */
    int64_t step[2];
    int64_t count, beyond; /* pairs; pairs beyond a bound */
    double squares, ssim, lowest_psnr_db, lowest_ssim;
    int max_abs;
    bool shorter[2]; /* it ended first */
};

/* True if b has about N times as many frames as a. */
static bool is_multiple(const struct comparison *c)
{
    int64_t a = film_frames(c->film[0]), b = film_frames(c->film[1]);
    double ratio = a > 0 ? (double)b / (double)a : 1, n = (double)c->o->step;
    return ratio > 0.75 * n && ratio < 1.5 * n;
}

static void choose_steps(struct comparison *c)
{
    c->step[0] = c->step[1] = 1;
    if (c->o->step < 2)
        return;
    c->step[1] = c->o->step;
    if (!is_multiple(c))
        c->step[0] = c->o->step;
    if (c->step[0] == 1)
        log_info("comparing all frames of %s with one in %" PRId64 " of %s", c->path[0],
                 c->step[1], c->path[1]);
    else
        log_info("comparing one in %" PRId64 " frames of both videos", c->o->step);
}

/* Returns the frame `skip` frames after the next, or NULL. */
static int next(struct film *f, int64_t skip, AVFrame **out)
{
    int err = 0;
    for (int64_t i = 0; i <= skip; i++) {
        av_frame_free(out);
        TRY(film_next(f, out));
        if (!*out)
            break;
    }
fail:
    return err;
}

static int make_alike(struct comparison *c, const AVFrame *a, AVFrame **b)
{
    int err = 0;
    if (a->width != (*b)->width || a->height != (*b)->height)
        FAIL(RIFEC_ERR_INPUT,
             "%s is %dx%d, but %s is %dx%d: only frames of the same size can be compared",
             c->path[0], a->width, a->height, c->path[1], (*b)->width, (*b)->height);
    if (!metrics_takes((enum AVPixelFormat)a->format))
        FAIL(RIFEC_ERR_INPUT, "%s: frames of %s cannot be compared", c->path[0],
             av_get_pix_fmt_name((enum AVPixelFormat)a->format));
    if (a->format == (*b)->format)
        return 0;
    if (!c->convert) {
        log_info("%s is %s, converted to %s of %s", c->path[1],
                 av_get_pix_fmt_name((enum AVPixelFormat)(*b)->format),
                 av_get_pix_fmt_name((enum AVPixelFormat)a->format), c->path[0]);
        TRY(convert_open(&c->convert, *b, (enum AVPixelFormat)a->format));
    }
    err = convert_frame(c->convert, b);
fail:
    return err;
}

static bool holds(const struct compare_options *o, const struct metrics *m)
{
    return m->psnr_db >= o->min_psnr && m->ssim >= o->min_ssim &&
           (!o->max_abs || m->max_abs < o->max_abs);
}

static void add(struct comparison *c, const struct metrics *m, bool brief, FILE *to)
{
    char figures[METRICS_TEXT];
    c->beyond += !holds(c->o, m);
    if (!c->count || m->psnr_db < c->lowest_psnr_db)
        c->lowest_psnr_db = m->psnr_db;
    if (!c->count || m->ssim < c->lowest_ssim)
        c->lowest_ssim = m->ssim;
    c->max_abs = m->max_abs > c->max_abs ? m->max_abs : c->max_abs;
    c->squares += m->mse;
    c->ssim += m->ssim;
    if (!brief && !m->max_abs)
        fprintf(to, "frame %" PRId64 ": equal\n", c->count * c->step[1]);
    else if (!brief)
        fprintf(to, "frame %" PRId64 ": %s%s\n", c->count * c->step[1],
                metrics_describe(m, figures), holds(c->o, m) ? "" : "  beyond the bound");
    c->count++;
}

static int compare_all(struct comparison *c, bool brief, FILE *to)
{
    int err = 0;
    AVFrame *frame[2] = { NULL };
    for (;;) {
        for (int i = 0; i < 2; i++)
            TRY(next(c->film[i], c->count ? c->step[i] - 1 : 0, &frame[i]));
        if (!frame[0] || !frame[1])
            break;
        struct metrics m;
        TRY(make_alike(c, frame[0], &frame[1]));
        TRY(metrics_compare(&m, frame[0], frame[1]));
        add(c, &m, brief, to);
    }
    c->shorter[0] = !frame[0] && frame[1];
    c->shorter[1] = frame[0] && !frame[1];
fail:
    av_frame_free(&frame[0]);
    av_frame_free(&frame[1]);
    return err;
}

static int conclude(const struct comparison *c, FILE *to)
{
    int err = 0;
    double n = (double)c->count;
    fprintf(to,
            "%" PRId64 " frames: PSNR %.2f dB (lowest %.2f), SSIM %.4f (lowest %.4f), "
            "largest difference %d\n",
            c->count, metrics_psnr(c->squares / n), c->lowest_psnr_db, c->ssim / n,
            c->lowest_ssim, c->max_abs);
    if (fflush(to) != 0 || ferror(to))
        FAIL(RIFEC_ERR_OUTPUT, "stdout: cannot write the comparison");
    for (int i = 0; i < 2; i++)
        if (film_damaged(c->film[i]))
            FAIL(RIFEC_ERR_INPUT, "%s: is damaged, and not all of it was compared",
                 c->path[i]);
    for (int i = 0; i < 2; i++)
        if (c->shorter[i])
            FAIL(RIFEC_ERR_VERIFY,
                 "%s ends after %" PRId64 " compared frames, and %s goes on", c->path[i],
                 c->count, c->path[1 - i]);
    if (c->beyond)
        FAIL(RIFEC_ERR_VERIFY, "%" PRId64 " of %" PRId64 " frames are beyond the bounds",
             c->beyond, c->count);
fail:
    return err;
}

int compare_films(const struct compare_options *o, const char *a, const char *b,
                  bool brief, FILE *to)
{
    int err = 0;
    struct comparison c = { .o = o, .path = { a, b } };
    av_log_to_rifec();
    for (int i = 0; i < 2; i++)
        TRY(film_open(&c.film[i], c.path[i]));
    choose_steps(&c);
    TRY(compare_all(&c, brief, to));
    TRY(conclude(&c, to));
fail:
    convert_close(&c.convert);
    film_close(&c.film[0]);
    film_close(&c.film[1]);
    return err;
}

int compare_write_beside(const char *out, const char *left, const char *right,
                         bool overwrite)
{
    return beside_write(out, left, right, overwrite);
}
