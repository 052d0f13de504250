/*
 * The spellings of options: in full, shortened, with a value in the same word, as letters
 * in one word, or as FFmpeg and other interpolators name them.
 */
#include <stdlib.h>

#include "check.h"
#include "cli/option_table.h"
#include "optionline.h"

static const struct option_row *row_of(const char *name)
{
    for (int i = 0; i < option_row_count; i++)
        if (!strcmp(option_rows[i].name, name))
            return &option_rows[i];
    return NULL;
}

/* --- names ---------------------------------------------------------------- */

/* The shortest abbreviations that 0.1 accepted. A new option must not remove one. */
static const struct {
    const char *shortest, *name;
} beginnings[] = {
    { "input", "input" },
    { "ou", "output" },
    { "na", "name-template" },
    { "kee", "keep-going" },
    { "fo", "format" },
    { "ov", "overwrite" },
    { "no-o", "no-overwrite" },
    { "sk", "skip-existing" },
    { "re", "resume" },
    { "input-f", "input-format" },
    { "input-s", "input-size" },
    { "input-p", "input-pix-fmt" },
    { "input-r", "input-rate" },
    { "no-au", "no-audio" },
    { "no-s", "no-subs" },
    { "no-c", "no-chapters" },
    { "no-at", "no-attachments" },
    { "no-m", "no-metadata" },
    { "dei", "deinterlace" },
    { "hw", "hwaccel" },
    { "col", "colorspace" },
    { "ra", "range" },
    { "pri", "primaries" },
    { "tr", "trc" },
    { "x2", "x2" },
    { "x3", "x3" },
    { "x4", "x4" },
    { "x8", "x8" },
    { "fa", "factor" },
    { "fps", "fps" },
    { "cf", "cfr" },
    { "slowmo", "slowmo" },
    { "slowmo-", "slowmo-audio" },
    { "ta", "tail" },
    { "ss", "ss" },
    { "to", "to" },
    { "fr", "frames" },
    { "scene", "scene" },
    { "scene-t", "scene-threshold" },
    { "scene-l", "scene-list" },
    { "on", "on-cut" },
    { "ded", "dedup" },
    { "cod", "codec" },
    { "cr", "crf" },
    { "b", "bitrate" },
    { "pre", "preset" },
    { "pi", "pix-fmt" },
    { "e", "enc-opt" },
    { "dev", "device" },
    { "fp1", "fp16" },
    { "fp3", "fp32" },
    { "tf", "tf32" },
    { "m", "model" },
    { "sca", "scale" },
    { "th", "threads" },
    { "ti", "tile" },
    { "ker", "kernels" },
    { "in-", "in-flight" },
    { "no-g", "no-graph" },
    { "no-f", "no-frame-cache" },
    { "pro", "progress" },
    { "str", "strict" },
    { "sta", "stats" },
    { "q", "quiet" },
    { "verb", "verbose" },
    { "lo", "loglevel" },
    { "li", "list-devices" },
    { "do", "doctor" },
    { "he", "help" },
    { "vers", "version" },
    { "g", "generate" },
};

/* The message about a superfluous or missing value names the option. */
static void check_is(const char *dashes, const char *name, int length,
                     const struct option_row *row)
{
    char word[64], expected[160];
    struct options opt;
    snprintf(word, sizeof word, "%s%.*s%s", dashes, length, name, row->arg ? "" : "=x");
    snprintf(expected, sizeof expected, "--%s %s%s", row->name,
             row->arg ? "needs an argument: " : "takes no argument",
             row->arg ? row->arg : "");
    CHECK_INT(parse(&opt, word), RIFEC_ERR_USAGE);
    if (!CHECK_STR(opt.error, expected))
        fprintf(stderr, "    rifec %s\n", word);
    options_free(&opt);
}

static void test_names(void)
{
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        const char *name = beginnings[i].name;
        const struct option_row *row = row_of(name);
        if (!CHECK(row != NULL))
            continue;
        for (size_t n = strlen(beginnings[i].shortest); n <= strlen(name); n++) {
            check_is("--", name, (int)n, row);
            /* With one dash these are letters, or FFmpeg's options. */
            if (n > 1 && strncmp(name, "re", n) != 0 && strcmp(name, "stats") != 0)
                check_is("-", name, (int)n, row);
        }
    }
    for (int i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        char alias[OPTION_ALIAS_SIZE], letter[2] = { row->letter, '\0' };
        check_is("--", row->name, (int)strlen(row->name), row);
        if (strcmp(row->name, "stats") != 0)
            check_is("-", row->name, (int)strlen(row->name), row);
        for (int n = 0; option_alias(row, n, alias); n++) {
            check_is("--", alias, (int)strlen(alias), row);
            check_is("-", alias, (int)strlen(alias), row);
        }
        if (row->letter)
            check_is("-", letter, 1, row);
    }
}

/* --- words that mean the same --------------------------------------------- */

static const struct {
    const char *line, *other;
} same[] = {
    { "-yq", "-y -q" },
    { "-kyq", "-k -y -q" },
    { "-vv", "-v -v" },
    { "-x2", "--x2" },
    { "-x7", "--factor 7" },
    { "-x5/2", "--factor 5/2" },
    { "-x=3", "--factor 3" },
    { "-r59.94", "--fps 59.94" },
    { "-r24000/1001", "--fps 24000/1001" },
    { "-t5", "--duration 5" },
    { "-e=tune=film", "-e tune=film" },
    { "--crf=-1", "--crf -1" },
    { "-crf=18", "--crf 18" },
    { "--name_template {n}", "--name-template {n}" },
    { "--scene_threshold 0.5", "--scene-threshold 0.5" },
    { "-pix_fmt yuv420p", "--pix-fmt yuv420p" },
    { "--stats=-", "--stats -" },

    /* FFmpeg's, with one meaning */
    { "-hide_banner -nostdin -y", "-y" },
    { "-loglevel error", "--loglevel error" },
    { "-loglevel fatal", "--loglevel error" },
    { "-v error", "--loglevel error" },
    { "-v quiet", "--loglevel quiet" },
    { "-v 16", "--loglevel error" },
    { "-v -8", "--loglevel quiet" },
    { "-loglevel 24", "--loglevel warning" },
    { "-v trace", "--loglevel debug" },
    { "-v warning -hide_banner", "--loglevel warning" },
    { "-v", "--verbose" },
    { "-v --x2", "--verbose --x2" },
    { "-stats", "" },
    { "-stats -y", "-y" },
    { "-stats s.json", "--stats s.json" },
    { "-nostats", "--progress off" },
    { "-framerate 24", "--input-rate 24" },
    { "-c copy", "" },
    { "-codec copy", "" },
    { "-c:a copy", "" },
    { "-c:a:0 copy -c:s copy", "" },
    { "-codec:a copy -acodec copy -scodec copy -c:d copy -c:t copy", "" },
    { "-map 0", "" },
    { "-map_metadata 0 -map_chapters 0", "" },
    { "-map_metadata -1", "--no-metadata" },
    { "-map_chapters -1", "--no-chapters" },
    { "-fps_mode vfr", "" },
    { "-vsync 0", "" },
    { "-c:v libx264", "--codec libx264" },
    { "-c:v:0 libx264", "--codec libx264" },
    { "-codec:v libx264", "--codec libx264" },
    { "-vcodec libx264", "--codec libx264" },
    { "-b:v 5M", "--bitrate 5M" },
    { "-b:v:0 5M", "--bitrate 5M" },
    { "-b 5M", "--bitrate 5M" },
    { "-crf:v 18 -preset:v slow", "--crf 18 --preset slow" },
    { "-r:v 60", "--fps 60" },
    { "-frames:v 5", "--frames 5" },
    { "-vframes 5", "--frames 5" },
    { "-an -sn", "--no-audio --no-subs" },
    { "-ss 1 -t 2", "--ss 1 --to 3" },
    { "-t 0.5", "--to 0.5" },
    { "-t 2 -ss 00:00:01", "--ss 1 --to 3" },
    { "-color_range pc -color_primaries bt709 -color_trc bt709",
      "--range pc --primaries bt709 --trc bt709" },
    { "-f rawvideo --input-format rawvideo -video_size 64x48 -pixel_format gray",
      "-f rawvideo --input-format rawvideo --input-size 64x48 --input-pix-fmt gray" },
    { "-threads 2", "--threads 2" },
};

static void test_same(void)
{
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct options opt, other;
        char line[256], text[1024] = "", expected[1024] = "";
        snprintf(line, sizeof line, "-i a -o b %s", same[i].other);
        CHECK_INT(parse(&other, line), 0);
        describe(&other, expected, sizeof expected);
        snprintf(line, sizeof line, "-i a -o b %s", same[i].line);
        CHECK_INT(parse(&opt, line), 0);
        if (!CHECK_STR(opt.error, "") || (describe(&opt, text, sizeof text), false) ||
            !CHECK_STR(text, expected))
            fprintf(stderr, "    rifec %s\n", line);
        /* A run that is resumed must not depend on the spelling. */
        if (!opt.duration_us && !other.duration_us)
            CHECK_STR(opt.settings ? opt.settings : "",
                      other.settings ? other.settings : "");
        options_free(&opt);
        options_free(&other);
    }
}

/* Outputs in FFmpeg's style have no -o. */
static void test_output(void)
{
    static const struct {
        const char *line, *expected; /* the result of describe(), or the error */
    } cases[] = {
        { "-i a -f null -", "a > - x2/1 format=null" },
        { "-i a -f null /dev/null", "a > - x2/1 format=null" },
        { "a b -f null -", "a+b > - x2/1 format=null" },
        { "-f null -i a", "a > - x2/1 format=null" },
        { "-i a -o b -", "unexpected '-': write -i - for stdin" },
        { "-i a -f null -o - -", "unexpected '-': write -i - for stdin" },
        { "-i a -f nut -", "unexpected '-': write -i - for stdin, -o - for stdout" },
        { "- -o b", "unexpected '-': write -i - for stdin" },
        { "-", "unexpected '-': write -i - for stdin, -o - for stdout" },
        { "in.mp4 out.mp4", "no output: to write 'out.mp4', put -o before it" },
        { "-i in.mp4 out.mp4", "no output: to write 'out.mp4', put -o before it" },
        { "-i in.mp4 -c:v libx264 -crf 18 out.mkv",
          "no output: to write 'out.mkv', put -o before it" },
        { "in.mp4", "no output: name one with -o FILE" },
        { "-i a -i b", "no output: name one with -o FILE" },
        { "-i a -f null /dev/null -o b", "a+/dev/null > b x2/1 format=null" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct options opt;
        char text[1024] = "";
        if (parse(&opt, cases[i].line) == 0)
            describe(&opt, text, sizeof text);
        if (!CHECK_STR(opt.error[0] ? opt.error : text, cases[i].expected))
            fprintf(stderr, "    rifec %s\n", cases[i].line);
        options_free(&opt);
    }
}

/* --- words that are refused ----------------------------------------------- */

static const struct {
    const char *words, *error;
} refused[] = {
    /* No word is split into letters that take values. */
    { "-encodes", "unknown option '-encodes': did you mean '-e ncodes'?" },
    { "-ifile", "unknown option '-ifile': did you mean '--tile', or '-i file'?" },
    { "-fnull", "unknown option '-fnull': did you mean '-f null'?" },
    { "-etune=film", "unknown option '-etune': did you mean '-e tune=film'?" },
    { "-yi a", "unknown option '-yi'" },
    { "-yx2", "unknown option '-yx2': did you mean '--x2'?" },
    { "-vfoo", "unknown option '-vfoo'" },
    { "-hidebanner", "unknown option '-hidebanner'" },
    { "-xx", "unknown option '-xx': did you mean '--x2', or '-x x'?" },
    { "-xfoo", "unknown option '-xfoo': did you mean '-x foo'?" },
    { "-tfoo", "unknown option '-tfoo': did you mean '-t foo'?" },
    { "--", NULL },
    { "--=3", "unknown option '--'" },
    { "-=3", "unknown option '-'" },
    { "---x2", "unknown option '---x2': did you mean '--x2'?" },
    { "--ss:v 1", NULL },
    { "-q:v:0:0 1", "unknown option '-q:v:0:0': write --crf N: the encoder's own scale, "
                    "lower is better" },

    /* A value after an option without one. */
    { "-y 48", "-y takes no value, but '48' follows; write -i 48 for an input of that "
               "name" },
    { "--x2 60",
      "--x2 takes no value, but '60' follows; write -i 60 for an input of that "
      "name" },
    { "-v 3",
      "-v takes no value, but '3' follows; write -i 3 for an input of that name" },
    { "\xe2\x80\x93x2",
      "'\xe2\x80\x93x2' begins with a typographic dash; write -x2 for an "
      "option, ./\xe2\x80\x93x2 for a file" },
    { "-n 48", "'-n 48': -n never replaces a file; --frames 48 ends after 48 frames" },

    /* FFmpeg's */
    { "-vf null",
      "unknown option '-vf': rifec has no filters; let ffmpeg apply them: ffmpeg -v "
      "error "
      "-i INPUT -vf null -c:v ffv1 -c:a copy -f nut - | rifec -i - -o OUTPUT" },
    { "-filter:v yadif=1", "unknown option '-filter:v': write --deinterlace yadif" },
    { "-vf fps=60", "unknown option '-vf': write --fps RATE or --factor N" },
    { "-vn", "unknown option '-vn': leave it out: the output is always a video" },
    { "-g 50", "'-g 50': write -e g=50" },
    { "-g:v 50", "unknown option '-g:v': write -e g=50" },
    { "-profile:v high", "unknown option '-profile:v': write -e profile=high" },
    { "-x264-params a=b", "unknown option '-x264-params': write -e x264-params=a=b" },
    { "-tune film", "unknown option '-tune': write -e tune=film" },
    { "-q:v 2", "unknown option '-q:v': write --crf N: the encoder's own scale, lower is "
                "better" },
    { "-c:v copy", "the video cannot be copied, since new frames are encoded into it; "
                   "leave out -c:v copy" },
    { "-vcodec copy", "the video cannot be copied, since new frames are encoded into it; "
                      "leave out -c:v copy" },
    { "-c libx264",
      "unknown option '-c': write -c:v libx264 for the video; the rest is copied" },
    { "-c:a aac",
      "unknown option '-c:a': the sound is copied; to change it later: ffmpeg -i OUTPUT "
      "-map 0 -c copy -c:a aac FILE" },
    { "-c:a copy --slowmo-audio", "--slowmo-audio stretches the sound, so it cannot be "
                                  "copied; leave out -c copy or -c:a copy" },
    { "-map 0:1",
      "unknown option '-map': every stream is kept; --video-stream N interpolates "
      "another video, --no-audio, --no-subs and --no-attachments leave streams out" },
    { "-map -0:s",
      "unknown option '-map': every stream is kept; --video-stream N interpolates "
      "another video, --no-audio, --no-subs and --no-attachments leave streams out" },
    { "-movflags +faststart",
      "unknown option '-movflags': titles and other tags are copied; to change the file "
      "later: ffmpeg -i OUTPUT -map 0 -c copy -movflags +faststart FILE" },
    { "-strict experimental", "'-strict experimental': write -e strict=experimental" },
    { "-strict -2", "'-strict -2': write -e strict=-2" },
    { "-progress pipe:1",
      "'-progress pipe:1': write --progress json for lines of JSON on stderr" },
    { "-report", "unknown option '-report': write --loglevel debug 2>FILE" },
    { "-encoders",
      "unknown option '-encoders': ffmpeg -encoders prints these; rifec uses "
      "the same libraries" },
    { "-re", "'-re': leave it out: rifec has no such option" },
    { "-s 640x360",
      "unknown option '-s': the picture keeps its size; for raw video write "
      "--input-size 640x360" },
    { "-t 5 -to 6", "--duration and --to contradict each other" },
    { "-t 0", "--duration 0 would leave nothing" },
    { "-v error -v", "--loglevel and --verbose contradict each other" },

    /* other interpolators' */
    { "--x5", "unknown option '--x5': write --factor 5" },
    { "--2x", "unknown option '--2x': write --factor 2" },
    { "--x2.5", "unknown option '--x2.5': write --factor 2.5" },
    { "--multi 4", "unknown option '--multi': write --factor 4" },
    { "--multi=4", "unknown option '--multi': write --factor 4" },
    { "--exp 2", "unknown option '--exp': write --x4" },
    { "--gpu 0", "unknown option '--gpu': write --device cuda:0" },
    { "--gpu -1", "unknown option '--gpu': write --device cpu" },
    { "--gpu",
      "unknown option '--gpu': write --device cuda, or cuda:N for one of several" },
    { "-u", "unknown option '-u': write --scale 0.5" },
    { "-us", "unknown option '-us': did you mean '--ss'?" },
    { "--usag", "unknown option '--usag': did you mean '--usage'?" },
    { "-j 4:4:4", "unknown option '-j': write --threads N" },
    { "--UHD", "unknown option '--UHD': write --scale 0.5" },
    { "--model_dir train_log", "unknown option '--model_dir': leave it out, or write "
                               "--model FILE for other weights of RIFE" },
    { "--interpolate_factor",
      "unknown option '--interpolate_factor': write --factor VALUE" },
};

static void test_refused(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct options opt;
        char line[256];
        snprintf(line, sizeof line, "-i a -o b %s", refused[i].words);
        int err = parse(&opt, line);
        const char *error = refused[i].error ? refused[i].error : "";
        if (!CHECK_INT(err, refused[i].error ? RIFEC_ERR_USAGE : 0) ||
            !CHECK_STR(opt.error, error) || !CHECK(!opt.help))
            fprintf(stderr, "    rifec %s\n", line);
        options_free(&opt);
    }
}

/* The output of `ffmpeg -h long`, except for names that work here without a value.
 * Each needs a value or is refused; none is split into letters, and none prints the
 * help. */
static void test_ffmpeg(void)
{
    static const char list[] =
        "-L -ab -abort_on -absf -ac -accurate_seek -acodec -adrift_threshold -af "
        "-aframes "
        "-apad -apre -aq -ar -aspect -async -atag -attach -auto_conversion_filters "
        "-autorotate -autoscale -b -benchmark -benchmark_all -bitexact "
        "-bits_per_raw_sample -bsf -bsfs -buildconf -c -canvas_size -ch_layout "
        "-channel_layout -chroma_intra_matrix -codec -codecs -colors -copy_unknown "
        "-copyinkf -copypriorss -copytb -copyts -cpucount -cpuflags -dcodec -debug_ts "
        "-decoders -demuxers -devices -dframes -discard -disposition -dispositions -dn "
        "-dts_delta_threshold -dts_error_threshold -dump -dump_attachment -enc_time_base "
        "-encoders -f -filter -filter_complex -filter_complex_script "
        "-filter_complex_threads -filter_hw_device -filter_script -filter_threads "
        "-filters -find_stream_info -fix_sub_duration -force_fps -force_key_frames "
        "-formats -fpre -fps_mode -fpsmax -frame_drop_threshold -frames -fs "
        "-guess_layout_max -hex -hwaccel -hwaccel_device -hwaccel_output_format "
        "-hwaccels "
        "-ignore_unknown -init_hw_device -inter_matrix -intra_matrix -isync -itsoffset "
        "-itsscale -lavfi -layouts -loglevel -map -map_channel -map_chapters "
        "-map_metadata -max_alloc -max_error_rate -max_muxing_queue_size -metadata "
        "-muxdelay -muxers -muxing_queue_data_threshold -muxpreload -pass -passlogfile "
        "-pix_fmt -pix_fmts -pre -profile -program -progress -protocols -psnr -qphist "
        "-qscale -qsv_device -r -rc_override -re -readrate -recast_media -reinit_filter "
        "-report -s -sample_fmt -sample_fmts -scodec -sdp_file -seek_timestamp -shortest "
        "-sinks -sources -spre -ss -sseof -stag -start_at_zero -stats_period "
        "-stream_loop "
        "-streamid -t -tag -target -thread_queue_size -time_base -timecode -timelimit "
        "-timestamp -to -top -vaapi_device -vbsf -vcodec -vf -vframes -vn -vol -vpre "
        "-vstats -vstats_file -vstats_version -vsync -vtag -xerror ";
    for (const char *name = list; *name; name += strcspn(name, " ") + 1) {
        char line[96];
        struct options opt;
        snprintf(line, sizeof line, "-i a -o b %.*s", (int)strcspn(name, " "), name);
        if (!CHECK_INT(parse(&opt, line), RIFEC_ERR_USAGE) || !CHECK(!opt.help))
            fprintf(stderr, "    rifec %s\n", line);
        options_free(&opt);
    }
}

/* The log says that the video is encoded, and which fraction a decimal became. */
static void test_note(void)
{
    struct options opt;
    CHECK_INT(parse(&opt, "-i a -o b -c copy"), 0);
    CHECK_INT(opt.note_count, 1);
    CHECK_STR(opt.notes[0].text,
              "-c copy: the video is always encoded; the rest is copied anyway");
    options_free(&opt);
    CHECK_INT(parse(&opt, "-i a -o b -r 23.98"), 0);
    CHECK_INT(opt.note_count, 1);
    CHECK_INT(opt.notes[0].level, RIFEC_LOG_VERBOSE);
    CHECK_STR(opt.notes[0].text, "--fps 23.98 is 24000/1001");
    options_free(&opt);
    CHECK_INT(parse(&opt, "-i a -o b -c:a copy"), 0);
    CHECK_INT(opt.note_count, 0);
    options_free(&opt);
}

int main(void)
{
    test_names();
    test_same();
    test_output();
    test_refused();
    test_ffmpeg();
    test_note();
    return check_result();
}
