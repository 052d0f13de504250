/* Metadata, chapters and programs, from one AVFormatContext to another. */
#include "media/out/tags.h"

#include <string.h>

#include <libavutil/avstring.h>
#include <libavutil/mathematics.h>
#include <libavutil/timecode.h>

#include "base/mem.h"
#include "media/av.h"
#include "media/out/container.h"
#include "rifec/error.h"

static bool is_part(const struct stream_choice *c)
{
    return c->from_us || c->to_us || stream_choice_slows(c);
}

/* Counted by whoever wrote the input: mkvmerge and FFmpeg leave such tags. */
static bool is_statistic(const char *key)
{
    static const char *const starts[] = { "BPS", "DURATION", "NUMBER_OF_FRAMES",
                                          "NUMBER_OF_BYTES", "_STATISTICS_" };
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (av_stristart(key, starts[i], NULL))
            return true;
    return false;
}

void tags_copy_file(AVFormatContext *to, const AVFormatContext *from,
                    const struct stream_choice *choice)
{
    if (choice->user.no_metadata)
        return;
    av_copy_tags(&to->metadata, from->metadata, 0);
    /* These described the input file. */
    static const char *const stale[] = { "encoder", "major_brand", "minor_version",
                                         "compatible_brands", "duration" };
    for (size_t i = 0; i < sizeof stale / sizeof *stale; i++)
        av_set_tag(&to->metadata, stale[i], NULL, 0);
}

void tags_copy_stream(AVStream *to, const AVStream *from,
                      const struct stream_choice *choice, bool reencoded)
{
    static const char *const functional[] = { "language", "filename", "mimetype" };
    const AVDictionaryEntry *tag = NULL;
    to->disposition = from->disposition;
    to->sample_aspect_ratio = from->sample_aspect_ratio;
    to->avg_frame_rate = from->avg_frame_rate;
    to->r_frame_rate = from->r_frame_rate;
    if (choice->user.no_metadata) {
        for (size_t i = 0; i < sizeof functional / sizeof *functional; i++)
            if ((tag = av_dict_get(from->metadata, functional[i], NULL, 0)))
                av_set_tag(&to->metadata, tag->key, tag->value, 0);
        return;
    }
    while ((tag = av_dict_get(from->metadata, "", tag, AV_DICT_IGNORE_SUFFIX)))
        if (!is_statistic(tag->key) || !(reencoded || is_part(choice)))
            av_set_tag(&to->metadata, tag->key, tag->value, 0);
    if (reencoded) /* it names what made the old packets */
        av_set_tag(&to->metadata, "encoder", NULL, 0);
}

static int64_t stretched(const struct stream_choice *c, int64_t t)
{
    return stream_choice_slows(c) ? av_rescale(t, c->slowdown.num, c->slowdown.den) : t;
}

/* Adds a copy, ordered by start: MP4's track of chapters cannot go back in time.
 * avformat_free_context() frees what is in to->chapters. */
static int add_chapter(AVFormatContext *to, const AVChapter *from, int64_t start,
                       int64_t end)
{
    AVChapter **list =
        av_realloc_array(to->chapters, to->nb_chapters + 1, sizeof *to->chapters);
    if (!list)
        return mem_fail("the list of chapters");
    to->chapters = list;
    AVChapter *c = av_mallocz(sizeof *c);
    if (!c)
        return mem_fail("a chapter");
    c->id = from->id;
    c->time_base = from->time_base;
    c->start = start;
    c->end = end;
    av_copy_tags(&c->metadata, from->metadata, 0);
    unsigned at = to->nb_chapters++;
    while (at > 0 && av_compare_ts(list[at - 1]->start, list[at - 1]->time_base, start,
                                   c->time_base) > 0) {
        list[at] = list[at - 1];
        at--;
    }
    list[at] = c;
    return 0;
}

static bool any_ends_behind(const AVFormatContext *from, int64_t us)
{
    for (unsigned i = 0; i < from->nb_chapters; i++)
        if (av_rescale_q(from->chapters[i]->end, from->chapters[i]->time_base,
                         AV_TIME_BASE_Q) > us)
            return true;
    return false;
}

int tags_copy_chapters(AVFormatContext *to, const AVFormatContext *from,
                       const struct stream_choice *choice)
{
    int64_t origin_us = from->start_time == AV_NOPTS_VALUE ? 0 : from->start_time;
    /* If the clock begins late, some demuxers shift chapters as well, and some do not. */
    if (choice->origin_us && !any_ends_behind(from, origin_us))
        origin_us = 0;
    int64_t moved_us = choice->from_us + (origin_us > 0 ? origin_us : 0);
    for (unsigned i = 0; i < from->nb_chapters; i++) {
        const AVChapter *c = from->chapters[i];
        int64_t move = av_rescale_q(moved_us, AV_TIME_BASE_Q, c->time_base);
        int64_t first =
            av_rescale_q(origin_us + choice->from_us, AV_TIME_BASE_Q, c->time_base);
        int64_t last =
            av_rescale_q(origin_us + choice->to_us, AV_TIME_BASE_Q, c->time_base);
        /* Sound may begin before 0, chapters may not: Matroska's muxer refuses them. */
        int64_t start = c->start, end = c->end, earliest = move;
        if (choice->from_us && earliest < first)
            earliest = first;
        if (start < earliest)
            start = earliest;
        if (choice->to_us && end > last)
            end = last;
        if (start > end || (start == end && c->start < c->end))
            continue;
        int err = add_chapter(to, c, stretched(choice, start - move),
                              stretched(choice, end - move));
        if (err < 0)
            return err;
    }
    return 0;
}

int tags_copy_programs(AVFormatContext *to, const AVFormatContext *from, const int *map)
{
    if (!container_is(to->oformat, "mpegts"))
        return 0;
    for (unsigned i = 0; i < from->nb_programs; i++) {
        const AVProgram *p = from->programs[i];
        AVProgram *copy = av_new_program(to, p->id);
        if (!copy)
            return mem_fail("a program of the output");
        copy->program_num = p->program_num;
        av_copy_tags(&copy->metadata, p->metadata, 0);
        for (unsigned k = 0; k < p->nb_stream_indexes; k++)
            if (map[p->stream_index[k]] >= 0)
                av_program_add_stream_index(to, p->id, (unsigned)map[p->stream_index[k]]);
    }
    return 0;
}

void tags_retime_timecode(AVDictionary **tags, AVRational from, AVRational to,
                          int64_t skip_us)
{
    AVTimecode tc;
    char text[AV_TIMECODE_STR_SIZE];
    const AVDictionaryEntry *tag = av_dict_get(*tags, "timecode", NULL, 0);
    if (!tag || from.num <= 0 || to.num <= 0)
        return;
    av_strlcpy(text, tag->value, sizeof text);
    /* Numbers are dropped (";") at 30 and 60 frames per second only. */
    int64_t new_fps = (to.num + to.den / 2) / to.den;
    bool may_drop = new_fps == 30 || new_fps == 60;
    for (char *c = text; *c && !may_drop; c++)
        if (*c == ';' || *c == '.')
            *c = ':';
    if (av_timecode_init_from_string(&tc, from, text, NULL) < 0 || !tc.fps)
        return;
    int64_t start =
        tc.start + av_rescale(skip_us, from.num, (int64_t)from.den * AV_TIME_BASE);
    start = av_rescale(start, new_fps, tc.fps);
    if (av_timecode_init(&tc, to, (int)tc.flags, (int)start, NULL) < 0)
        return;
    av_set_tag(tags, "timecode", av_timecode_make_string(&tc, text, 0), 0);
}
