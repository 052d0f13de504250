/* The table of other programs' options, and how a word is found in it. */
#include "cli/habits.h"

#include <ctype.h>
#include <string.h>

#include "cli/option_error.h"
#include "cli/option_table.h"
#include "cli/spelling.h"

#define NONE  NULL
#define ANY   ""
#define ALONE "!"

/*
 * The first row counts whose names and value match. A name matches with and without a
 * stream after a colon: tag matches tag:v. In a value # is a number, and * at the end is
 * anything. In the text {v} is the value, {n} the name, {b} the name without a stream.
 */
struct habit {
    const char *names;
    const char *value;  /* NONE: it takes none; ALONE: no value follows; ANY; or a list */
    const char *means;  /* our own option; "": nothing to do; NULL: see answer    */
    const char *answer; /* what to write instead; beside a meaning, a warning     */
    bool sound;         /* the option asks for the sound to be copied             */
};

#define MEANS(n, v, m)                                                                   \
    {                                                                                    \
        .names = n, .value = v, .means = m                                               \
    }
#define ANSWER(n, v, a)                                                                  \
    {                                                                                    \
        .names = n, .value = v, .answer = a                                              \
    }

#define AFTER   "ffmpeg -i OUTPUT -map 0 -c copy"
#define SOUND   "the sound is copied; to change it later: " AFTER " -{n} {v} FILE"
#define NOTHING "leave it out: rifec has no such option"

/* clang-format off */
/* Looked up before our options, because these are names of ours or beginnings of them:
 * -re would be --resume. */
static const struct habit before[] = {
    MEANS("v", "quiet|panic|fatal|error|warning|info|verbose|debug|trace|"
      "-8|0|8|16|24|32|40|48|56", "--loglevel={v}"),
    MEANS("stats", ALONE, ""),
    { "codec", "copy", "",
      "the video is always encoded; the rest is copied anyway", true },
    ANSWER("strict", "-2|-1|0|1|2|very|strict|normal|unofficial|experimental",
      "write -e strict={v}"),
    ANSWER("n", "#",
      "-n never replaces a file; --frames {v} ends after {v} frames"),
    ANSWER("progress", "-|/*|pipe:*|tcp:*|http:*|file:*",
      "write --progress json for lines of JSON on stderr"),
    ANSWER("g", ANY, "write -e g={v}"),
    ANSWER("re", NONE, NOTHING),
};

static const struct habit after[] = {
    /* FFmpeg, with one meaning here */
    MEANS("hide_banner|nostdin|stdin", NONE, ""),
    MEANS("nostats", NONE, "--progress=off"),
    { "c:a|codec:a|acodec", "copy", "", NULL, true },
    MEANS("c:s|c:d|c:t|codec:s|codec:d|codec:t|scodec|dcodec", "copy", ""),
    { "c", "copy", "",
      "the video is always encoded; the rest is copied anyway", true },
    MEANS("map|map_metadata|map_chapters", "0", ""),
    MEANS("map_metadata", "-1", "--no-metadata"),
    MEANS("map_chapters", "-1", "--no-chapters"),
    MEANS("vsync|fps_mode", "-1|0|2|auto|passthrough|vfr", ""),

    /* FFmpeg, streams and tags */
    ANSWER("c:a|codec:a|acodec|b:a|ab|q:a|ar|ac|aq|af|filter:a|profile:a", ANY,
      SOUND),
    ANSWER("c:s|codec:s|scodec", ANY,
      "leave it out: subtitles are copied, or converted if the container needs it"),
    ANSWER("c", ANY,
      "write -c:v {v} for the video; the rest is copied"),
    ANSWER("map", ANY,
      "every stream is kept; --video-stream N interpolates another video, --no-audio, "
      "--no-subs and --no-attachments leave streams out"),
    ANSWER("vn", NONE,
      "leave it out: the output is always a video"),
    ANSWER("dn", NONE,
      "write --no-attachments to leave out data, fonts and covers"),
    ANSWER("metadata|map_metadata|map_chapters|disposition|movflags|program|attach|bsf|"
      "tag|vtag|timecode|timestamp", ANY,
      "titles and other tags are copied; to change the file later: " AFTER
      " -{n} {v} FILE"),

    /* FFmpeg, the picture */
    ANSWER("vf|filter", "yadif*",
      "write --deinterlace yadif"),
    ANSWER("vf|filter", "bwdif*",
      "write --deinterlace bwdif"),
    ANSWER("vf|filter", "fps=*|minterpolate*|framerate=*",
      "write --fps RATE or --factor N"),
    ANSWER("vf|filter|filter_complex|lavfi", ANY,
      "rifec has no filters; let ffmpeg apply them: ffmpeg -v error -i INPUT -{n} {v} "
      "-c:v ffv1 -c:a copy -f nut - | rifec -i - -o OUTPUT"),
    ANSWER("s", ANY,
      "the picture keeps its size; for raw video write --input-size {v}"),
    ANSWER("aspect", ANY,
      "leave it out: the aspect ratio is kept"),
    ANSWER("field_order|top", ANY,
      "write --deinterlace MODE, or --deinterlace off to keep the fields"),
    ANSWER("chroma_sample_location", ANY,
      "write -e chroma_sample_location={v}"),
    ANSWER("force_key_frames", ANY,
      "write -e g=N for a keyframe at least every N frames"),
    ANSWER("vsync|fps_mode", ANY,
      "write --cfr for a constant frame rate"),

    /* FFmpeg, the encoder */
    ANSWER("q|qscale|global_quality", ANY,
      "write --crf N: the encoder's own scale, lower is better"),
    ANSWER("g|bf|tune|profile|level|refs|qmin|qmax|qp|cq|rc|maxrate|minrate|bufsize|"
      "keyint_min|sc_threshold|x264-params|x264opts|x265-params|svtav1-params|aom-params|"
      "rc-lookahead|aq-mode|aq-strength|cpu-used|deadline|row-mt|tile-columns|lossless|"
      "coder|slices|slicecrc|context|flags|me_range|subq|trellis|psy-rd|b_strategy|"
      "forced-idr|spatial-aq|temporal-aq|multipass|speed|quality|intra-refresh|mbd|nal-hrd|"
      "look_ahead", ANY,
      "write -e {b}={v}"),
    ANSWER("pass|passlogfile", ANY,
      "leave it out: rifec encodes in one pass, by --crf N or -b:v RATE"),
    ANSWER("pre|vpre", ANY,
      "write --preset {v}"),

    /* FFmpeg, reading and printing */
    ANSWER("shortest|xerror|copyts|start_at_zero|accurate_seek|noaccurate_seek|autorotate|"
      "noautorotate|find_stream_info|isync|psnr|vstats|ignore_unknown|copy_unknown|"
      "fix_sub_duration|dump|hex|apad", NONE,
      NOTHING),
    ANSWER("max_muxing_queue_size|muxdelay|muxpreload|max_interleave_delta|"
      "avoid_negative_ts|fs|filter_threads|max_error_rate|sws_flags|copytb|abort_on|"
      "enc_time_base|start_number|pattern_type|stats_period|async|reinit_filter|"
      "filter_complex_threads|guess_layout_max|canvas_size|video_track_timescale|"
      "bits_per_raw_sample|vol|skip_frame|display_rotation", ANY,
      NOTHING),
    ANSWER("fflags|probesize|analyzeduration|thread_queue_size|err_detect|itsoffset|"
      "itsscale|stream_loop|loop|readrate|rtbufsize|protocol_whitelist|headers|"
      "user_agent|rtsp_transport|safe|ignore_editlist|decryption_key|discard", ANY,
      "let ffmpeg read the input: ffmpeg -v error -{n} {v} -i INPUT -map 0 -c copy -f "
      "nut - | rifec -i - -o OUTPUT"),
    ANSWER("sseof", ANY,
      "write --ss TIME, counted from the beginning"),
    ANSWER("hwaccel_output_format|hwaccel_device|init_hw_device|filter_hw_device|"
      "extra_hw_frames|vaapi_device|qsv_device", ANY,
      "write --hwaccel cuda to decode on the GPU, --device cuda:N to choose one"),
    ANSWER("report", NONE,
      "write --loglevel debug 2>FILE"),
    ANSWER("L|buildconf|formats|muxers|demuxers|devices|codecs|decoders|encoders|bsfs|"
      "protocols|filters|pix_fmts|layouts|sample_fmts|dispositions|colors|hwaccels", NONE,
      "ffmpeg -{n} prints these; rifec uses the same libraries"),

    /* other interpolators: how many frames */
    ANSWER("multi|interpolate_factor|frame-rate-mul|factor_num|interp|times|scale-factor", ANY,
      "write --factor {v}"),
    ANSWER("exp", "1",
      "write --x2"),
    ANSWER("double", NONE,
      "write --x2"),
    ANSWER("exp", "2",
      "write --x4"),
    ANSWER("exp", "3",
      "write --x8"),
    ANSWER("exp", ANY,
      "write --factor N for N times the frames"),
    ANSWER("max_fps|out_fps|output_fps|target_fps|fps_num|rate|frame-rate", ANY,
      "write --fps {v}"),
    ANSWER("slowmotion|slow-motion|slomo|slomo_mode", NONE,
      "write --slowmo"),
    ANSWER("scenechange|scene_detect|scn|scdet", NONE,
      "leave it out: cuts are found by default; --scene off ignores them"),
    ANSWER("scene-thresh|scene_detect_threshold|scenechange_sens|scnv", ANY,
      "write --scene-threshold F, from 0 to 1"),

    /* other interpolators: the engine */
    ANSWER("gpu|gpu-id|pytorch_gpu_id|ncnn_gpu_id|device_index", "-1",
      "write --device cpu"),
    ANSWER("gpu|gpu-id|pytorch_gpu_id|ncnn_gpu_id|device_index", "#",
      "write --device cuda:{v}"),
    ANSWER("gpu|gpu-id|cuda", NONE,
      "write --device cuda, or cuda:N for one of several"),
    ANSWER("cpu|no-cuda", NONE,
      "write --device cpu"),
    ANSWER("half", NONE,
      "write --fp16"),
    ANSWER("precision", ANY,
      "write --fp16 or --fp32"),
    ANSWER("j", ANY, "write --threads N"),
    ANSWER("u|UHD|uhd|rife-uhd|UHD_mode", NONE,
      "write --scale 0.5"),
    ANSWER("model_dir|model_path|modelDir|rife-model|interpolate_model", ANY,
      "leave it out, or write --model FILE for other weights of RIFE"),
    ANSWER("interpolate_method|ai|processor|backend", ANY,
      "leave it out: rifec has one method, RIFE, and its model is built in"),
    ANSWER("tilesize|tile_size", ANY,
      "write --tile {v}"),
    ANSWER("ensemble|tta|montage|drba|hdr_mode", NONE,
      NOTHING),

    /* other interpolators: files and the encoder */
    ANSWER("video|img|in|infile", ANY,
      "write -i {v}"),
    ANSWER("out|outfile", ANY,
      "write -o {v}"),
    ANSWER("output_dir|out_dir|outdir|output_folder", ANY,
      "write -o {v}/"),
    ANSWER("png", NONE,
      "write -f png"),
    ANSWER("ext", ANY,
      "write -f {v}"),
    ANSWER("inpoint|start_time", ANY,
      "write --ss {v}"),
    ANSWER("outpoint|end_time", ANY,
      "write --to {v}"),
    ANSWER("bit-rate", ANY,
      "write -b:v {v}"),
    ANSWER("gop-size", ANY,
      "write -e g={v}"),
    ANSWER("max-b-frames", ANY,
      "write -e bf={v}"),
    ANSWER("extra-encoder-option|custom_encoder", ANY,
      "write -e KEY=VALUE"),
    ANSWER("video_encoder|encode_method|encoder", ANY,
      "write -c:v {v}"),
    ANSWER("video_encoder_preset", ANY,
      "write --preset {v}"),
    ANSWER("video_pixel_format", ANY,
      "write --pix-fmt {v}"),
    ANSWER("no-copy-audio-streams", NONE,
      "write --no-audio"),
    ANSWER("no-copy-subtitle-streams", NONE,
      "write --no-subs"),
    ANSWER("no-progress", NONE,
      "write --progress off"),
    ANSWER("list_backends|list_methods|list-gpus", NONE,
      "write --list-devices"),
    ANSWER("benchmark", NONE,
      "write -f null --stats -"),
    ANSWER("json", NONE,
      "write --progress json, or --stats FILE"),
};
/* clang-format on */

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

/* A word taken apart. */
struct typed {
    const char *word, *name;
    int length, base; /* of the name, with a stream and without */
    const char *value;
    bool is_next; /* the value is the word after this one */
};

static bool is_number(const char *text, size_t length)
{
    return length && isdigit((unsigned char)text[0]) &&
           strspn(text, "0123456789./") >= length;
}

/* "-1" and "-" are values, "-y" is the next option. */
static bool is_value(const char *word)
{
    return word && (word[0] != '-' || !word[1] || isdigit((unsigned char)word[1]));
}

static struct typed take_apart(const char *word, const char *next)
{
    struct typed t = { .word = word };
    t.length = (int)spelling_name(word, &t.name);
    while (t.base < t.length && t.name[t.base] != ':')
        t.base++;
    bool joined = t.name[t.length] == '=';
    t.is_next = !joined && is_value(next);
    t.value = joined ? t.name + t.length + 1 : t.is_next ? next : NULL;
    return t;
}

/* Returns the length of the name without a number at its end: c:a:0 is c:a. */
static int without_number(const char *name, int length)
{
    int n = length;
    while (n > 0 && isdigit((unsigned char)name[n - 1]))
        n--;
    return n > 1 && n < length && name[n - 1] == ':' ? n - 1 : length;
}

static bool fits_value(const char *values, const char *value)
{
    if (!values || !values[0])
        return true;
    if (!strcmp(values, ALONE) || !value)
        return !strcmp(values, ALONE) && !value;
    for (const char *s = values;; s++) {
        size_t n = strcspn(s, "|");
        bool any = n > 1 && s[n - 1] == '*';
        if (any ? !strncmp(s, value, n - 1) : strlen(value) == n && !strncmp(s, value, n))
            return true;
        if (n == 1 && *s == '#' && is_number(value, strlen(value)))
            return true;
        s += n;
        if (!*s)
            return false;
    }
}

static void fill(const char *text, const struct typed *t, char *out, size_t size)
{
    const struct {
        const char *mark, *text;
        int length;
    } marks[] = { { "{v}", t->value ? t->value : "VALUE", (int)size },
                  { "{n}", t->name, t->length },
                  { "{b}", t->name, t->base } };
    for (size_t used = 0; *text && used + 1 < size; used += strlen(out + used)) {
        int i = 0;
        while (i < COUNT(marks) && strncmp(text, marks[i].mark, 3) != 0)
            i++;
        bool plain = i == COUNT(marks);
        snprintf(out + used, size - used, "%.*s", plain ? 1 : marks[i].length,
                 plain ? text : marks[i].text);
        text += plain ? 1 : 3;
    }
}

/* Does what the row says. `unknown`: the name is not one of ours. */
static struct habit_use follow(struct options *opt, const struct habit *h,
                               const struct typed *t, bool unknown)
{
    struct habit_use use = { .found = true, .took_next = h->value && t->is_next };
    char answer[sizeof opt->error] = "", shown[128];
    snprintf(shown, sizeof shown, "%s%s%s", t->word, use.took_next ? " " : "",
             use.took_next ? t->value : "");
    if (h->answer)
        fill(h->answer, t, answer, sizeof answer);
    if (h->means)
        fill(h->means, t, use.means, sizeof use.means);
    if (h->means && h->answer)
        option_note(opt, RIFEC_LOG_WARNING, "%s: %s", shown, answer);
    else if (h->answer && unknown)
        option_fail(opt, "unknown option '%.*s': %s",
                    (int)(t->name - t->word) + t->length, t->word, answer);
    else if (h->answer)
        option_fail(opt, "'%s': %s", shown, answer);
    opt->sound_copied |= h->sound;
    return use;
}

struct habit_use habit_before_ours(struct options *opt, const char *word,
                                   const char *next)
{
    struct typed t = take_apart(word, next);
    for (int i = 0; i < COUNT(before); i++)
        if (spelling_is_one_of(t.name, (size_t)t.length, before[i].names) &&
            fits_value(before[i].value, t.value))
            return follow(opt, &before[i], &t, false);
    return (struct habit_use){ 0 };
}

/* --x5 and --5x; -x5 is our own -x. */
static struct habit_use times(struct options *opt, const char *word)
{
    static const struct habit row = ANSWER("", NONE, "write --factor {v}");
    struct typed t = take_apart(word, NULL);
    bool x_first = t.name[0] == 'x' && t.name > word + 1;
    bool x_last = t.length > 1 && t.name[t.length - 1] == 'x';
    char number[32] = "";
    if (x_first || x_last)
        snprintf(number, sizeof number, "%.*s", t.length - 1, t.name + x_first);
    t.value = number;
    return is_number(number, strlen(number)) ? follow(opt, &row, &t, true)
                                             : (struct habit_use){ 0 };
}

struct habit_use habit_after_ours(struct options *opt, const char *word, const char *next)
{
    struct typed t = take_apart(word, next);
    const int lengths[] = { t.length, without_number(t.name, t.length), t.base };
    for (int i = 0; i < COUNT(after); i++)
        for (int k = 0; k < COUNT(lengths); k++)
            if (spelling_is_one_of(t.name, (size_t)lengths[k], after[i].names) &&
                fits_value(after[i].value, t.value))
                return follow(opt, &after[i], &t, true);
    return times(opt, word);
}
