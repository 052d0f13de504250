/* Input, model, encoder and options, one per line. */
#include "pipeline/resume_settings.h"

#include <stdio.h>
#include <string.h>

#include <libavutil/avstring.h>
#include <libavutil/bprint.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "media/versions.h"
#include "pipeline/input_sum.h"
#include "rifec/version.h"

static int describe_encoder(const AVCodecContext *c, AVBPrint *to)
{
    uint8_t digest[DIGEST_SIZE];
    char sum[DIGEST_TEXT];
    int err = digest_of(c->extradata, (size_t)c->extradata_size, digest);
    digest_text(digest, sum);
    av_bprintf(to, "encoder: %s %dx%d %s, %d/%d s, %s\n", c->codec->name, c->width,
               c->height, av_get_pix_fmt_name(c->pix_fmt), c->time_base.num,
               c->time_base.den, sum);
    return err;
}

/* If the list of cuts differs, so do the frames. */
static int describe_scene_list(const char *path, AVBPrint *to)
{
    int err = 0;
    uint8_t digest[DIGEST_SIZE];
    char sum[DIGEST_TEXT];
    struct input_sum *list = NULL;
    TRY(input_sum_start(&list, path, NULL));
    TRY(input_sum_wait(list, digest));
    digest_text(digest, sum);
    av_bprintf(to, "scene list: %s\n", sum);
fail:
    input_sum_close(&list);
    return err;
}

static int finish(AVBPrint *text, char **out)
{
    if (av_bprint_is_complete(text) && av_bprint_finalize(text, out) >= 0)
        return 0;
    av_bprint_finalize(text, NULL);
    return mem_fail("the resume settings");
}

int settings_open(struct resume_settings *s, const struct resume_params *p)
{
    int err = 0;
    AVBPrint before, after;
    *s = (struct resume_settings){ 0 };
    av_bprint_init(&before, 0, AV_BPRINT_SIZE_UNLIMITED);
    av_bprint_init(&after, 0, AV_BPRINT_SIZE_UNLIMITED);
    av_bprintf(&before, "rifec: %d.%d.%d, segments of %d frames\n", RIFEC_VERSION_MAJOR,
               RIFEC_VERSION_MINOR, RIFEC_VERSION_PATCH, RESUME_SEGMENT_FRAMES);
    av_bprintf(&before, "libraries: %s\n", media_versions());
    av_bprintf(&before, "model: %s\n", p->model);
    TRY(describe_encoder(p->encoder, &after));
    if (p->scene_list)
        TRY(describe_scene_list(p->scene_list, &after));
    av_bprintf(&after, "%s", p->settings);
    TRY(finish(&before, &s->before));
    return finish(&after, &s->after);
fail:
    av_bprint_finalize(&before, NULL);
    av_bprint_finalize(&after, NULL);
    return err;
}

void settings_close(struct resume_settings *s)
{
    av_freep(&s->before);
    av_freep(&s->after);
}

int settings_text(const struct resume_settings *s, const char *input_line, char **out)
{
    *out = av_asprintf("%s%s%s", s->before, input_line, s->after);
    return *out ? 0 : mem_fail("the resume settings");
}

void settings_describe_input(char line[INPUT_LINE], int64_t size, const uint8_t *digest)
{
    char sum[DIGEST_TEXT] = "";
    if (digest)
        digest_text(digest, sum);
    snprintf(line, INPUT_LINE, "input: %lld bytes%s%s\n", (long long)size,
             digest ? ", " : "", sum);
}

/* Finds the line with this beginning, without its end. Returns its length, or 0. */
static const char *find_line(const char *text, const char *begins, size_t *length)
{
    for (; *text; text += *length + (text[*length] != '\0')) {
        *length = strcspn(text, "\n");
        if (!strncmp(text, begins, strlen(begins)))
            return text;
    }
    *length = 0;
    return text;
}

void settings_find_input(const char *text, char line[INPUT_LINE])
{
    size_t length;
    const char *found = find_line(text, "input: ", &length);
    snprintf(line, INPUT_LINE, "%.*s%s", (int)(length < INPUT_LINE ? length : 0), found,
             length ? "\n" : "");
}

bool settings_match(const char *text, const char *options, const char *input_line)
{
    char line[INPUT_LINE];
    size_t length, all = strlen(text), tail = strlen(options);
    const char *first = find_line(text, "--", &length);
    settings_find_input(text, line);
    return !strcmp(line, input_line) && all >= tail &&
           !strcmp(text + all - tail, options) && first == text + all - tail;
}

/* --- differences ---------------------------------------------------------- */

/* Returns their first line with this beginning that ours lack, or "without". */
static void first_difference(const char *ours, const char *theirs, const char *begins,
                             char *out, size_t size)
{
    snprintf(out, size, "without");
    char *within = av_asprintf("\n%s", ours);
    int length = 0;
    for (const char *line = theirs; within && *line; line += length + !!line[length]) {
        length = (int)strcspn(line, "\n");
        char *whole = av_asprintf("\n%.*s\n", length, line);
        bool lacks =
            whole && !strncmp(line, begins, strlen(begins)) && !strstr(within, whole);
        av_free(whole);
        if (lacks) {
            snprintf(out, size, "%.*s", length, line);
            break;
        }
    }
    av_free(within);
}

/* Compares the user's options first, because they also change the encoder's settings. */
void settings_say_difference(const char *folder, const char *then, const char *now)
{
    char new_line[256], old_line[256];
    for (int any = 0; any < 2; any++) {
        const char *begins = any ? "" : "--";
        first_difference(then, now, begins, new_line, sizeof new_line);
        first_difference(now, then, begins, old_line, sizeof old_line);
        if (strcmp(new_line, old_line) != 0)
            break;
    }
    log_error("%s: was begun with other settings or another input (then %s; now %s); use "
              "those again, or delete the folder to start over",
              folder, old_line, new_line);
}
