/* The page: verdict, worst frames, PSNR over time, all frames. */
#include "golden/report_html.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/base64.h>
#include <libavutil/mem.h>

#include "golden/markup.h"

#define ROWS_MAX    2000 /* of the table; frames that differ come first */
#define POINTS_MAX  600  /* of the curve; each shows the worst frame of its range */
#define PLOT_WIDTH  900
#define PLOT_HEIGHT 200
#define PLOT_TOP_DB 100.0

static const char style[] =
    "body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:1200px;"
    "padding:0 1em;color:#222;background:#fff}"
    "h1{font-size:1.4em;overflow-wrap:anywhere}h2{font-size:1.15em;margin-top:2em}"
    ".pass{color:#176b2c}.fail{color:#b3261e}"
    ".triple{display:grid;grid-template-columns:repeat(3,1fr);gap:8px}"
    ".triple figure{margin:0}.triple img{width:100%;border:1px solid #ccc}"
    ".close{max-width:620px}.close "
    "img{image-rendering:pixelated}figcaption{color:#555;font-size:.9em}"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "th,td{text-align:right;padding:2px 8px;border-bottom:1px solid #eee}"
    "th:nth-child(3),td:nth-child(3),th:nth-child(4),td:nth-child(4){text-align:left}"
    "tr.bad td{background:#fdecea}"
    "#only:checked~table tr.good{display:none}"
    "svg{width:100%;height:auto;border:1px solid #ccc}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 1em;margin:0}"
    "dt{color:#555}dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}"
    "tr.bad td{background:#4a1f1c}th,td{border-color:#333}.pass{color:#6fcf8a}"
    ".fail{color:#ff8a80}figcaption,dt{color:#aaa}}";

static bool is_good(const struct golden_row *row)
{
    return row->status == GOLDEN_SAME || row->status == GOLDEN_WITHIN;
}

/* --- pictures ----------------------------------------------------------------- */

static void add_picture(AVBPrint *to, const struct still *s, const char *words)
{
    av_bprintf(to, "<figure>");
    size_t size = AV_BASE64_SIZE((size_t)s->size);
    char *text = s->data ? av_malloc(size) : NULL;
    if (text && av_base64_encode(text, (int)size, s->data, s->size))
        av_bprintf(to, "<img alt=\"%s\" src=\"data:%s;base64,%s\">", words, s->type,
                   text);
    else
        av_bprintf(to, "<p>not stored</p>");
    av_free(text);
    av_bprintf(to, "<figcaption>%s</figcaption></figure>", words);
}

/* Three of them. */
static void add_triple(AVBPrint *to, const struct still *s, const char *class)
{
    static const char *const words[] = { "golden", "this run", "difference, times 8" };
    av_bprintf(to, "<div class=\"%s\">", class);
    for (int i = 0; i < 3; i++)
        add_picture(to, &s[i], words[i]);
    av_bprintf(to, "</div>\n");
}

static void add_worst(AVBPrint *to, const struct golden_result *r)
{
    if (!r->picture_count)
        return;
    av_bprintf(to, "<h2>Worst frames</h2>\n");
    for (int i = 0; i < r->picture_count; i++) {
        const struct golden_pictures *p = &r->pictures[i];
        const struct golden_row *row = &r->rows[p->index];
        char figures[METRICS_TEXT];
        av_bprintf(to, "<h3>Frame %" PRId64 ", %s, pts %" PRId64, p->index,
                   golden_kind_name(row->kind), row->pts);
        if (row->pts != row->golden_pts)
            av_bprintf(to, " instead of %" PRId64, row->golden_pts);
        if (row->measured)
            av_bprintf(to, ": %s", metrics_describe(&row->metrics, figures));
        av_bprintf(to, "</h3>\n");
        add_triple(to, p->whole, "triple");
        if (p->close[0].data) {
            av_bprintf(to, "<p>Around %d,%d:</p>\n", p->x, p->y);
            add_triple(to, p->close, "triple close");
        }
    }
}

/* --- the curve ---------------------------------------------------------------- */

/* The lowest PSNR of a range of frames; below 0 if none is known. */
static double lowest(const struct golden_result *r, int64_t from, int64_t to)
{
    double least = -1;
    for (int64_t i = from; i < to; i++) {
        const struct golden_row *row = &r->rows[i];
        double db = row->measured                ? row->metrics.psnr_db
                    : row->status == GOLDEN_SAME ? PLOT_TOP_DB
                                                 : -1;
        if (db >= 0 && (least < 0 || db < least))
            least = db;
    }
    return least;
}

static void add_curve(AVBPrint *to, const struct golden_result *r)
{
    int points = r->count < POINTS_MAX ? (int)r->count : POINTS_MAX;
    if (points < 2)
        return;
    av_bprintf(to,
               "<h2>PSNR over time</h2>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" "
               "aria-label=\"PSNR of each frame\">\n",
               PLOT_WIDTH, PLOT_HEIGHT);
    for (int db = 20; db < 100; db += 20)
        av_bprintf(to,
                   "<path d=\"M0 %d H%d\" stroke=\"#ccc\"/><text x=\"2\" y=\"%d\" "
                   "font-size=\"10\" fill=\"#888\">%d dB</text>\n",
                   PLOT_HEIGHT - db * PLOT_HEIGHT / 100, PLOT_WIDTH,
                   PLOT_HEIGHT - db * PLOT_HEIGHT / 100 - 2, db);
    av_bprintf(to, "<path fill=\"none\" stroke=\"#1a66c2\" stroke-width=\"1.5\" d=\"");
    bool down = false; /* the pen */
    for (int i = 0; i < points; i++) {
        double db = lowest(r, r->count * i / points, r->count * (i + 1) / points);
        if (db >= 0)
            av_bprintf(to, "%c%.1f %.1f ", down ? 'L' : 'M',
                       (double)i * PLOT_WIDTH / (points - 1),
                       PLOT_HEIGHT - db * PLOT_HEIGHT / PLOT_TOP_DB + 1);
        down = db >= 0;
    }
    av_bprintf(to, "\"/>\n</svg>\n<p>100 dB stands for equal frames; a gap, for frames "
                   "that could not be measured.</p>\n");
}

/* --- the table ---------------------------------------------------------------- */

static void add_row(AVBPrint *to, const struct golden_row *row, int64_t index)
{
    av_bprintf(to, "<tr class=\"%s\"><td>%" PRId64 "<td>%" PRId64,
               is_good(row) ? "good" : "bad", index, row->pts);
    if (row->pts != row->golden_pts)
        av_bprintf(to, " (%" PRId64 ")", row->golden_pts);
    av_bprintf(to, "<td>%s<td>%s", golden_kind_name(row->kind),
               golden_status_name(row->status));
    if (row->measured)
        av_bprintf(to, "<td>%.2f<td>%.4f<td>%d<td>%d,%d", row->metrics.psnr_db,
                   row->metrics.ssim, row->metrics.max_abs, row->metrics.x,
                   row->metrics.y);
    else
        av_bprintf(to, "<td><td><td><td>");
    av_bprintf(to, "\n");
}

static void add_table(AVBPrint *to, const struct golden_result *r)
{
    int64_t bad = 0, rows = 0;
    for (int64_t i = 0; i < r->count; i++)
        bad += !is_good(&r->rows[i]);
    if (!r->count)
        return;
    av_bprintf(to,
               "<h2>Frames</h2>\n<input type=\"checkbox\" id=\"only\"%s> "
               "<label for=\"only\">only frames that fail (%" PRId64 ")</label>\n",
               bad ? " checked" : "", bad);
    av_bprintf(to, "<table>\n<tr><th>frame<th>pts<th>kind<th>status<th>PSNR, dB<th>SSIM"
                   "<th>largest<th>at\n");
    int64_t good_rows = ROWS_MAX - (bad < ROWS_MAX ? bad : ROWS_MAX);
    for (int64_t i = 0; i < r->count && rows < ROWS_MAX; i++) {
        if (is_good(&r->rows[i]) && good_rows-- <= 0)
            continue;
        add_row(to, &r->rows[i], i);
        rows++;
    }
    av_bprintf(to, "</table>\n");
    if (rows < r->count)
        av_bprintf(to,
                   "<p>%" PRId64 " of %" PRId64 " frames are listed; a report in JSON "
                   "has all.</p>\n",
                   rows, r->count);
}

/* --- the page ----------------------------------------------------------------- */

static void add_fact(AVBPrint *to, const char *name, const char *golden, const char *now)
{
    av_bprintf(to, "<dt>%s<dd>", name);
    if (golden && strcmp(golden, now) != 0) {
        av_bprintf(to, "golden: ");
        markup_escape(to, golden);
        av_bprintf(to, "; this run: ");
    }
    markup_escape(to, now);
    av_bprintf(to, "\n");
}

static void add_facts(AVBPrint *to, const struct golden_result *r)
{
    const struct golden_subject *g = r->golden, *n = r->now;
    av_bprintf(to, "<h2>What was compared</h2>\n<dl>\n");
    add_fact(to, "tolerance", NULL, r->tolerance);
    add_fact(to, "settings", g ? g->settings : NULL, n->settings);
    add_fact(to, "engine", g ? g->engine : NULL, n->engine);
    add_fact(to, "precision", g ? g->precision : NULL, n->precision);
    add_fact(to, "model, SHA-256", g ? g->model_sha256 : NULL, n->model_sha256);
    add_fact(to, "rifec", g ? g->version : NULL, n->version);
    av_bprintf(to, "<dt>frames<dd>%dx%d ", n->width, n->height);
    markup_escape(to, n->pix_fmt);
    av_bprintf(to, "\n</dl>\n");
}

void golden_report_html(AVBPrint *to, const struct golden_result *r)
{
    av_bprintf(to, "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
                   "<meta name=\"generator\" content=\"" GOLDEN_REPORT_MARK "\">\n"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
                   "'none'; img-src data:; style-src 'unsafe-inline'\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    markup_escape(to, r->title);
    av_bprintf(to, ": golden frames</title>\n<style>%s</style>\n<h1>", style);
    markup_escape(to, r->title);
    av_bprintf(to, ": <span class=\"%s\">%s</span></h1>\n<p>",
               r->passed ? "pass" : "fail", r->passed ? "passed" : "failed");
    markup_escape(to, r->verdict);
    av_bprintf(to, "</p>\n");
    if (r->count)
        av_bprintf(to,
                   "<p>PSNR %.2f dB over all that could be measured, %.2f dB at the "
                   "worst; SSIM %.4f; largest difference %d.</p>\n",
                   r->psnr_db, r->lowest_psnr_db, r->ssim, r->max_abs);
    add_worst(to, r);
    add_curve(to, r);
    add_table(to, r);
    add_facts(to, r);
    av_bprintf(to, "</html>\n");
}
