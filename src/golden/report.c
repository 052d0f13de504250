/* Chooses the report, and writes the two that machines read: JSON and JUnit's XML. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/bprint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/outfile.h"
#include "golden/golden.h"
#include "golden/markup.h"
#include "golden/report_html.h"
#include "golden/result.h"

bool golden_report_takes(const char *path)
{
    return av_match_ext(path, "html,htm,json,xml");
}

/* --- JSON --------------------------------------------------------------------- */

static bool add_metrics(cJSON *to, const struct metrics *m)
{
    char component[2] = { m->component ? m->component : '-', '\0' };
    return cJSON_AddNumberToObject(to, "psnr_db", m->psnr_db) &&
           cJSON_AddNumberToObject(to, "ssim", m->ssim) &&
           cJSON_AddNumberToObject(to, "max_abs", m->max_abs) &&
           cJSON_AddStringToObject(to, "component", component) &&
           cJSON_AddNumberToObject(to, "x", m->x) &&
           cJSON_AddNumberToObject(to, "y", m->y);
}

static bool add_row(cJSON *rows, const struct golden_row *row, int64_t index)
{
    cJSON *o = cJSON_CreateObject();
    if (!o || !cJSON_AddItemToArray(rows, o)) {
        cJSON_Delete(o);
        return false;
    }
    return cJSON_AddNumberToObject(o, "index", (double)index) &&
           cJSON_AddNumberToObject(o, "pts", (double)row->pts) &&
           cJSON_AddNumberToObject(o, "golden_pts", (double)row->golden_pts) &&
           cJSON_AddStringToObject(o, "kind", golden_kind_name(row->kind)) &&
           cJSON_AddStringToObject(o, "status", golden_status_name(row->status)) &&
           (!row->measured || add_metrics(o, &row->metrics));
}

static int write_json(AVBPrint *to, const struct golden_result *r)
{
    char title[512], verdict[1024];
    markup_plain(title, sizeof title, r->title);
    markup_plain(verdict, sizeof verdict, r->verdict);
    cJSON *root = cJSON_CreateObject();
    bool ok = cJSON_AddNumberToObject(root, "schema", GOLDEN_SCHEMA) &&
              cJSON_AddStringToObject(root, "tool", GOLDEN_REPORT_MARK) &&
              cJSON_AddStringToObject(root, "title", title) &&
              cJSON_AddBoolToObject(root, "passed", r->passed) &&
              cJSON_AddStringToObject(root, "verdict", verdict) &&
              cJSON_AddStringToObject(root, "tolerance", r->tolerance) &&
              cJSON_AddNumberToObject(root, "psnr_db", r->psnr_db) &&
              cJSON_AddNumberToObject(root, "lowest_psnr_db", r->lowest_psnr_db) &&
              cJSON_AddNumberToObject(root, "ssim", r->ssim) &&
              cJSON_AddNumberToObject(root, "max_abs", r->max_abs);
    cJSON *counts = cJSON_AddObjectToObject(root, "counts");
    for (int i = 0; ok && i < 5; i++)
        ok = cJSON_AddNumberToObject(counts, golden_status_name((enum golden_status)i),
                                     (double)r->by_status[i]);
    cJSON *rows = cJSON_AddArrayToObject(root, "frames");
    for (int64_t i = 0; ok && i < r->count; i++)
        ok = add_row(rows, &r->rows[i], i);
    char *text = ok ? cJSON_Print(root) : NULL;
    if (text)
        av_bprintf(to, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(root);
    return text ? 0 : mem_fail("a golden report");
}

/* --- JUnit -------------------------------------------------------------------- */

/* Writes one test case for the film, and one for each frame that differs, because CI
 * servers show cases one by one. */
static void write_junit(AVBPrint *to, const struct golden_result *r)
{
    int64_t wrong = r->by_status[GOLDEN_DIFFERENT] + r->by_status[GOLDEN_MISSING] +
                    r->by_status[GOLDEN_EXTRA];
    av_bprintf(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- " GOLDEN_REPORT_MARK
                   " -->\n<testsuites>\n"
                   "<testsuite name=\"");
    markup_escape(to, r->title);
    av_bprintf(to, "\" tests=\"%" PRId64 "\" failures=\"%" PRId64 "\">\n", r->count + 1,
               wrong + !r->passed);
    av_bprintf(to, "<testcase classname=\"rifec.golden\" name=\"verdict\">");
    if (!r->passed) {
        av_bprintf(to, "<failure message=\"");
        markup_escape(to, r->verdict);
        av_bprintf(to, "\"/>");
    }
    av_bprintf(to, "</testcase>\n");
    for (int64_t i = 0; i < r->count; i++) {
        const struct golden_row *row = &r->rows[i];
        char figures[METRICS_TEXT];
        av_bprintf(to, "<testcase classname=\"rifec.golden\" name=\"frame %" PRId64 "\"",
                   i);
        if (row->status == GOLDEN_SAME || row->status == GOLDEN_WITHIN) {
            av_bprintf(to, "/>\n");
            continue;
        }
        av_bprintf(to, "><failure message=\"%s", golden_status_name(row->status));
        if (row->pts != row->golden_pts)
            av_bprintf(to, ", pts %" PRId64 " instead of %" PRId64, row->pts,
                       row->golden_pts);
        if (row->measured)
            av_bprintf(to, ", %s", metrics_describe(&row->metrics, figures));
        av_bprintf(to, "\"/></testcase>\n");
    }
    av_bprintf(to, "</testsuite>\n</testsuites>\n");
}

/* --- the file ----------------------------------------------------------------- */

/* True if the file is a report of an earlier run, or empty, as mktemp makes it. */
static bool is_report(const char *path)
{
    char start[512] = "";
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(start, 1, sizeof start - 1, file) : 0;
    if (file)
        fclose(file);
    return file && (!size || strstr(start, GOLDEN_REPORT_MARK));
}

int golden_report(const char *path, const struct golden_result *r, bool overwrite)
{
    int err = 0;
    AVBPrint text;
    av_bprint_init(&text, 0, AV_BPRINT_SIZE_UNLIMITED);
    if (av_match_ext(path, "json"))
        TRY(write_json(&text, r));
    else if (av_match_ext(path, "xml"))
        write_junit(&text, r);
    else
        golden_report_html(&text, r);
    if (!av_bprint_is_complete(&text))
        TRY(mem_fail("a golden report"));
    struct outfile_params to = { .path = path, .replace = overwrite || is_report(path) };
    TRY(outfile_put(&to, text.str, text.len));
fail:
    av_bprint_finalize(&text, NULL);
    return err;
}
