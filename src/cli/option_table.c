/* The option table: names, help and what each option sets. */
#include "cli/option_table.h"

#include <string.h>

#include "cli/store.h"

#define THREADS_MAX 1024
#define VIDEOS_MAX  999

#define FIELD(member) .field = offsetof(struct options, member)

/* clang-format off */
const struct option_row option_rows[] = {
    /* --- input and output --- */
    { GROUP_FILES, .letter = 'i', .name = "input", .neutral = true,
      .arg = "FILE", .repeats = true, .brief = "video to read",
      .help = "video to read; - is stdin; a folder or frame%05d.png is an image "
              "sequence; may be repeated",
      .store = store_input },
    { GROUP_FILES, .letter = 'o', .name = "output", .neutral = true, .arg = "FILE|DIR/",
      .brief = "video to write; its extension chooses the container",
      .help = "video to write; - is stdout, as YUV4MPEG; frame%05d.png is an image "
              "sequence; DIR/ gets one output per input",
      .store = store_text, FIELD(job.output.path) },
    { GROUP_FILES, .letter = 'f', .name = "format", .arg = "NAME",
      .initial = "from the extension", .values = MEDIA_MUXERS,
      .help = "container: mp4, mkv, mov, webm, nut, rawvideo, ...; png, tiff, jpg, ... "
              "write a folder of images; null writes nothing",
      .store = store_text, FIELD(job.output.format) },
    { GROUP_FILES, .name = "name-template", .neutral = true, .arg = "TEXT",
      .initial = "{stem}.{factor}x{ext} or {stem}.{fps}fps{ext}",
      .help = "names of the outputs in a folder; {n} is the number of the input",
      .store = store_text, FIELD(name_template) },
    { GROUP_FILES, SET_OVERWRITE, 'y', "overwrite", .neutral = true,
      .brief = "replace an existing output", .help = "replace an existing output",
      .store = store_bool, FIELD(job.output.overwrite), .value = true },
    { GROUP_FILES, SET_OVERWRITE, 'n', "no-overwrite", .neutral = true,
      .help = "never replace an existing output (default)",
      .store = store_bool, FIELD(job.output.overwrite), .value = false },
    { GROUP_FILES, SET_OVERWRITE, .name = "skip-existing", .neutral = true,
      .help = "skip inputs whose output already exists",
      .store = store_bool, FIELD(job.output.skip_existing), .value = true },
    { GROUP_FILES, .letter = 'k', .name = "keep-going", .neutral = true,
      .help = "continue with the next input after a failure",
      .store = store_bool, FIELD(keep_going), .value = true },
    { GROUP_FILES, .name = "resume", .neutral = true,
      .help = "keep finished work in OUTPUT.resume/, so that the same command continues "
              "there after a stop",
      .store = store_bool, FIELD(resume), .value = true },

    /* --- the input --- */
    { GROUP_INPUT, .name = "ss", .arg = "TIME",
      .brief = "start at this time of the input",
      .help = "start at this time of the input: seconds or HH:MM:SS.fff",
      .store = store_time, FIELD(job.input.from_us) },
    { GROUP_INPUT, SET_END, .name = "to", .arg = "TIME",
      .help = "stop before this time of the input",
      .store = store_time, FIELD(job.input.to_us) },
    { GROUP_INPUT, SET_END, 't', "duration", .newer = true, .arg = "TIME",
      .brief = "use only this much of the input",
      .help = "use only this much of the input, from --ss on",
      .store = store_time, FIELD(duration_us) },
    { GROUP_INPUT, .name = "deinterlace", .arg = "refuse|off|bwdif|yadif|bob|auto",
      .initial = "refuse",
      .help = "interlaced input: refuse it, use it unchanged (off), or deinterlace it: "
              "one frame per frame (bwdif, yadif) or per field (bob); auto uses bwdif, "
              "and only for interlaced frames",
      .store = store_choice, FIELD(job.input.deinterlace) },
    { GROUP_INPUT, .name = "hwaccel", .arg = "auto|cuda|none", .initial = "auto",
      .help = "decode on the GPU when that is bit-exact (auto), whenever possible "
              "(cuda), or never (none)",
      .store = store_choice, FIELD(job.input.hwaccel) },
    { GROUP_INPUT, .name = "input-format", .arg = "NAME", .initial = "autodetected",
      .values = MEDIA_DEMUXERS,
      .help = "container of the input; rawvideo is video without a container",
      .store = store_text, FIELD(job.input.format) },
    { GROUP_INPUT, .name = "input-size", .alias = "video_size", .arg = "WxH",
      .help = "frame size of raw video", .store = store_size, FIELD(job.input.size) },
    { GROUP_INPUT, .name = "input-pix-fmt", .alias = "pixel_format", .arg = "NAME",
      .initial = "yuv420p", .values = MEDIA_PIXEL_FORMATS,
      .help = "pixel format of raw video",
      .store = store_text, FIELD(job.input.pix_fmt) },
    { GROUP_INPUT, .name = "input-rate", .alias = "framerate", .arg = "RATE",
      .initial = "25", .help = "frame rate of raw video and of image sequences",
      .store = store_rate, FIELD(job.input.rate) },
    { GROUP_INPUT, .name = "video-stream", .newer = true, .arg = "N",
      .initial = "the largest, cover art excepted",
      .help = "interpolate this video stream, counted from 0 as in FFmpeg's v:N; the "
              "others are copied",
      .store = store_index, FIELD(job.input.video_stream), .value = VIDEOS_MAX },
    { GROUP_INPUT, .name = "colorspace", .arg = "NAME", .initial = "from the input",
      .values = MEDIA_MATRICES,
      .help = "matrix of the input, if its tag is missing or wrong: bt709, smpte170m, "
              "bt2020nc, ...",
      .store = store_text, FIELD(job.input.color.matrix) },
    { GROUP_INPUT, .name = "range", .alias = "color_range", .arg = "tv|pc",
      .initial = "from the input",
      .help = "sample range of the input: limited (tv) or full (pc)",
      .store = store_text, FIELD(job.input.color.range) },
    { GROUP_INPUT, .name = "primaries", .alias = "color_primaries", .arg = "NAME",
      .values = MEDIA_PRIMARIES,
      .help = "colour primaries of the input: bt709, bt2020, ...",
      .store = store_text, FIELD(job.input.color.primaries) },
    { GROUP_INPUT, .name = "trc", .alias = "color_trc", .arg = "NAME",
      .values = MEDIA_TRANSFERS,
      .help = "transfer characteristics of the input: bt709, smpte2084, ...",
      .store = store_text, FIELD(job.input.color.transfer) },

    /* --- streams to leave out --- */
    { GROUP_STREAMS, .name = "no-audio", .alias = "an", .help = "leave out audio",
      .store = store_bool, FIELD(job.streams.no_audio), .value = true },
    { GROUP_STREAMS, .name = "no-subs", .alias = "sn", .help = "leave out subtitles",
      .store = store_bool, FIELD(job.streams.no_subs), .value = true },
    { GROUP_STREAMS, .name = "no-chapters", .help = "leave out chapters",
      .store = store_bool, FIELD(job.streams.no_chapters), .value = true },
    { GROUP_STREAMS, .name = "no-attachments",
      .help = "leave out fonts, cover art and data streams",
      .store = store_bool, FIELD(job.streams.no_attachments), .value = true },
    { GROUP_STREAMS, .name = "no-metadata", .help = "leave out titles and other tags",
      .store = store_bool, FIELD(job.streams.no_metadata), .value = true },

    /* --- frame rate and duration --- */
    { GROUP_RATE, SET_FACTOR, .name = "x2",
      .brief = "multiply the number of frames by 2, 3, 4 or 8",
      .help = "multiply the number of frames by 2, 3, 4 or 8",
      .store = store_factor, .value = 2 },
    { GROUP_RATE, SET_FACTOR, .name = "x3", .store = store_factor, .value = 3 },
    { GROUP_RATE, SET_FACTOR, .name = "x4", .store = store_factor, .value = 4 },
    { GROUP_RATE, SET_FACTOR, .name = "x8", .store = store_factor, .value = 8 },
    { GROUP_RATE, SET_FACTOR, 'x', "factor", .arg = "N|N/D", .initial = "2",
      .brief = "or by another number, such as 2.5 or 5/2",
      .help = "multiply the number of frames by a number or fraction from 1 to 1024: 5/2 "
              "or 2.5 turns 24 fps into 60",
      .store = store_factor },
    { GROUP_RATE, SET_FACTOR, 'r', "fps", .arg = "RATE|film|ntsc|pal",
      .brief = "or set the output frame rate",
      .help = "set the output frame rate instead, higher or lower, with frames at exact "
              "times; 59.94 is 60000/1001, film 24000/1001",
      .store = store_rate, FIELD(job.rate.fps) },
    { GROUP_RATE, .name = "cfr",
      .help = "give the output a constant frame rate: the input's average rate times "
              "the factor",
      .store = store_bool, FIELD(job.rate.cfr), .value = true },
    { GROUP_RATE, .name = "slowmo",
      .brief = "slow motion: the same frame rate, a longer duration",
      .help = "slow motion: keep the frame rate and stretch the duration; drops audio "
              "and subtitles",
      .store = store_bool, FIELD(job.rate.slowmo), .value = true },
    { GROUP_RATE, .name = "slowmo-audio",
      .help = "slow motion with the sound stretched to match, at its original pitch "
              "(re-encoded)",
      .store = store_bool, FIELD(job.rate.slowmo_audio), .value = true },
    { GROUP_RATE, .name = "frames", .alias = "vframes", .arg = "N",
      .help = "stop after N output frames", .store = store_frames },
    { GROUP_RATE, .name = "tail", .arg = "hold|drop|loop", .initial = "hold",
      .help = "what follows the last frame: hold it for its duration, drop the rest, or "
              "loop back to the first frame",
      .store = store_choice, FIELD(job.rate.tail) },

    /* --- scene cuts and repeated frames --- */
    { GROUP_CONTENT, SET_SCENE, .name = "scene", .arg = "auto|off", .initial = "auto",
      .help = "detect scene cuts, across which nothing is interpolated; off ignores them",
      .store = store_choice, FIELD(job.content.scene) },
    { GROUP_CONTENT, .name = "scene-threshold", .arg = "F", .initial = "0.28",
      .help = "cut sensitivity, 0 to 1: lower finds more cuts, 1 finds none",
      .store = store_share, FIELD(job.content.scene_threshold) },
    { GROUP_CONTENT, SET_SCENE, .name = "scene-list", .arg = "FILE",
      .help = "read the times of the cuts from a file, one per line, instead of "
              "detecting them",
      .store = store_text, FIELD(job.content.scene_list) },
    { GROUP_CONTENT, .name = "on-cut", .arg = "dup|blend|split", .initial = "dup",
      .help = "what to show between two scenes: repeat the last frame (dup), blend, or "
              "switch half-way (split)",
      .store = store_choice, FIELD(job.content.on_cut) },
    { GROUP_CONTENT, .name = "dedup", .arg = "hold|off|smooth[:K]", .initial = "hold",
      .help = "repeated frames: keep them as they are (hold), treat them as any frame "
              "(off), or interpolate across up to K of them, 2 if not given (smooth)",
      .store = store_dedup },

    /* --- the encoder --- */
    { GROUP_ENCODER, .name = "codec", .alias = "c:v|vcodec", .arg = "NAME",
      .initial = "libx264, if the container supports it", .values = MEDIA_ENCODERS,
      .brief = "video encoder, by FFmpeg's name",
      .help = "video encoder, by FFmpeg's name",
      .store = store_codec, FIELD(job.encoder.codec) },
    { GROUP_ENCODER, SET_QUALITY, .name = "crf", .arg = "N", .initial = "16 for libx264",
      .brief = "quality: lower is better",
      .help = "quality on the encoder's own scale: lower is better",
      .store = store_text, FIELD(job.encoder.crf) },
    { GROUP_ENCODER, SET_QUALITY, .name = "bitrate", .alias = "b:v", .arg = "N|Nk|NM",
      .help = "bits per second instead of --crf, as in 8M",
      .store = store_text, FIELD(job.encoder.bitrate) },
    { GROUP_ENCODER, .name = "preset", .arg = "NAME", .initial = "the encoder's",
      .values = MEDIA_PRESETS, .brief = "encoding speed: ultrafast to veryslow",
      .help = "encoding speed against file size: ultrafast, superfast, veryfast, faster, "
              "fast, medium, slow, slower, veryslow; or the encoder's own name",
      .store = store_text, FIELD(job.encoder.preset) },
    { GROUP_ENCODER, .name = "pix-fmt", .alias = "pix_fmt", .arg = "NAME",
      .values = MEDIA_PIXEL_FORMATS,
      .initial = "the input's, or the nearest that the encoder supports",
      .help = "pixel format of the output",
      .store = store_text, FIELD(job.encoder.pix_fmt) },
    { GROUP_ENCODER, .letter = 'e', .name = "enc-opt", .arg = "KEY=VALUE",
      .repeats = true, .help = "set any other encoder option; may be repeated",
      .store = store_pair },

    /* --- interpolation --- */
    { GROUP_ENGINE, .name = "device", .neutral = true,
      .arg = "auto|cpu|cuda[:N]|check", .initial = "auto",
      .help = "where to interpolate: auto uses CUDA if available, cuda:1 is the second "
              "GPU; check uses CUDA and compares its frames with the CPU's",
      .store = store_device },
    { GROUP_ENGINE, SET_PRECISION, .name = "fp16",
      .help = "half precision: the default on CUDA; the CPU always uses FP32",
      .store = store_choice, FIELD(job.engine.precision), .value = RIFEC_PRECISION_FP16 },
    { GROUP_ENGINE, SET_PRECISION, .name = "fp32",
      .help = "single precision: the default on the CPU",
      .store = store_choice, FIELD(job.engine.precision), .value = RIFEC_PRECISION_FP32 },
    { GROUP_ENGINE, SET_PRECISION, .name = "tf32",
      .help = "FP32 with TF32 tensor-core multiplications (CUDA with cuDNN)",
      .store = store_choice, FIELD(job.engine.precision), .value = RIFEC_PRECISION_TF32 },
    { GROUP_ENGINE, .name = "scale", .arg = "0.25|0.5|1|2", .initial = "1",
      .help = "resolution of motion estimation, not of the output: less for 4K and large "
              "motion, more for small detail",
      .store = store_scale },
    { GROUP_ENGINE, .name = "model", .arg = "FILE", .initial = "built-in",
      .help = "use other weights of RIFE 4.0 to 4.26: safetensors, PyTorch or ncnn",
      .store = store_text, FIELD(job.engine.model) },
    { GROUP_ENGINE, .name = "threads", .neutral = true,
      .arg = "N", .initial = "0",
      .help = "number of CPU threads for interpolation; 0 is one per core",
      .store = store_integer,
      FIELD(job.engine.threads), .value = THREADS_MAX },
    { GROUP_ENGINE, .name = "tile", .neutral = true,
      .arg = "auto|off|N", .initial = "auto",
      .help = "CPU: process N rows at a time to save memory, with the same result; auto "
              "does so when memory is short",
      .store = store_tile },

    /* --- regression tests --- */
    { GROUP_GOLDEN, .name = "golden", .newer = true, .neutral = true, .arg = "DIR",
      .help = "compare the frames with those of an earlier run, "
              "kept in DIR; exit with status 9 if they differ",
      .store = store_text, FIELD(job.watch.golden) },
    { GROUP_GOLDEN, .name = "update-golden", .newer = true, .neutral = true,
      .help = "write the frames' hashes to the folder of --golden instead of comparing",
      .store = store_bool, FIELD(job.watch.update_golden), .value = true },
    { GROUP_GOLDEN, .name = "golden-frames", .newer = true, .neutral = true,
      .help = "with --update-golden: store the frames, too, so "
              "that a difference can be measured and shown",
      .store = store_bool, FIELD(job.watch.golden_frames), .value = true },
    { GROUP_GOLDEN, .name = "golden-tolerance", .newer = true, .neutral = true,
      .arg = "exact|oneoff[=N]|psnr=DB|ssim=S|maxabs=N",
      .initial = "exact on the same engine",
      .help = "allow frames to differ by this much",
      .store = store_tolerance, FIELD(job.watch.golden_tolerance) },
    { GROUP_GOLDEN, .name = "golden-report", .newer = true, .neutral = true,
      .arg = "FILE", .repeats = true,
      .help = "write the comparison as .html, .json or .xml (JUnit); may be repeated",
      .store = store_golden_report },
    { GROUP_GOLDEN, .name = "framemd5", .newer = true, .neutral = true, .arg = "FILE",
      .help = "write the MD5 of each frame as FFmpeg's framemd5 muxer does; - is stdout",
      .store = store_text, FIELD(job.watch.framemd5) },
    { GROUP_GOLDEN, .name = "deterministic", .newer = true, .neutral = true,
      .help = "make the same frames on every machine: plain C on the CPU, slower",
      .store = store_bool, FIELD(job.watch.deterministic), .value = true },

    { GROUP_GOLDEN, .name = "compare", .newer = true, .neutral = true,
      .help = "compare two videos, as in --compare A B, without interpolating: print "
              "PSNR, SSIM and the largest difference, per frame and overall",
      .store = store_bool, FIELD(compare), .value = true },
    { GROUP_GOLDEN, .name = "min-psnr", .newer = true, .neutral = true, .arg = "DB",
      .help = "with --compare: exit with status 9 if the PSNR of a frame is lower",
      .store = store_bound, FIELD(comparison.min_psnr), .value = 100 },
    { GROUP_GOLDEN, .name = "min-ssim", .newer = true, .neutral = true, .arg = "S",
      .help = "with --compare: exit with status 9 if the SSIM of a frame is lower",
      .store = store_bound, FIELD(comparison.min_ssim), .value = 1 },
    { GROUP_GOLDEN, .name = "max-abs", .newer = true, .neutral = true, .arg = "N",
      .help = "with --compare: exit with status 9 if a sample differs by more than N",
      .store = store_max_abs },
    { GROUP_GOLDEN, .name = "step", .newer = true, .neutral = true, .arg = "N",
      .help = "with --compare: compare every Nth frame of both videos; if B has N times "
              "as many frames as A, only every Nth of B",
      .store = store_step },
    { GROUP_GOLDEN, .name = "side-by-side", .newer = true, .neutral = true, .arg = "FILE",
      .help = "write a video that shows both videos of --compare, or source and result, "
              "next to each other",
      .store = store_text, FIELD(side_by_side) },

    /* --- messages --- */
    { GROUP_REPORT, SET_LOUDNESS, 'q', "quiet", .neutral = true,
      .brief = "print errors only, and no progress",
      .help = "print errors only, and no progress",
      .store = store_choice, FIELD(log_level), .value = RIFEC_LOG_ERROR },
    { GROUP_REPORT, SET_LOUDNESS, 'v', "verbose", .neutral = true,
      .help = "print more; -vv prints everything",
      .store = store_louder },
    { GROUP_REPORT, SET_LOUDNESS, .name = "loglevel", .neutral = true,
      .alias = "log-level", .arg = "quiet|error|warning|info|verbose|debug",
      .initial = "info",
      .help = "print messages of this level and more important ones",
      .store = store_loglevel, FIELD(log_level) },
    { GROUP_REPORT, .name = "progress", .neutral = true,
      .arg = "auto|off|json", .initial = "auto",
      .help = "show progress on stderr; json prints one object per line",
      .store = store_choice, FIELD(progress) },
    { GROUP_REPORT, .name = "stats", .neutral = true, .arg = "FILE",
      .help = "write a report as JSON; - is stdout",
      .store = store_text, FIELD(stats) },
    { GROUP_REPORT, .name = "strict", .neutral = true,
      .help = "exit with status 9 if the duration or the audio offset differs from the "
              "plan, or a stream is left out",
      .store = store_bool, FIELD(job.output.strict), .value = true },
    { GROUP_REPORT, .name = "list-devices", .neutral = true,
      .help = "list the devices that --device accepts",
      .store = store_bool, FIELD(list_devices), .value = true },
    { GROUP_REPORT, .name = "doctor", .neutral = true,
      .help = "test what works on this machine, and say what to do about the rest",
      .store = store_bool, FIELD(doctor), .value = true },
    /* Must not be shortened: -u of another interpolator would end with status 0. */
    { GROUP_REPORT, .letter = 'h', .name = "usage", .neutral = true, .whole = true,
      .help = "print the most used options",
      .store = store_choice, FIELD(help), .value = HELP_SHORT },
    { GROUP_REPORT, .name = "help", .neutral = true,
      .help = "print all options",
      .store = store_choice, FIELD(help), .value = HELP_LONG },
    { GROUP_REPORT, .letter = 'V', .name = "version", .neutral = true,
      .help = "print the version",
      .store = store_bool, FIELD(version), .value = true },
    { GROUP_REPORT, .name = "generate", .neutral = true,
      .arg = "man|bash|zsh|fish|OPTION",
      .help = "print the manual page, the completion of a shell, or the names that an "
              "option such as --codec takes",
      .store = store_generate },

    /* --- for benchmarking --- */
    { GROUP_BENCHMARK, .name = "kernels", .neutral = true,
      .arg = "NAME", .initial = "the fastest",
      .help = "implementation of the network: c or dnn on the CPU; cudnn, ref, sm80 or "
              "sm90 on CUDA",
      .store = store_text, FIELD(job.engine.kernels) },
    { GROUP_BENCHMARK, .name = "in-flight", .arg = "N", .initial = "2",
      .help = "CUDA: interpolate N frames at a time, 1 to 8",
      .neutral = true, .store = store_integer, FIELD(job.engine.in_flight),
      .value = RIFEC_IN_FLIGHT_MAX },
    { GROUP_BENCHMARK, .name = "no-graph", .help = "CUDA: do not use CUDA graphs",
      .neutral = true, .store = store_bool, FIELD(job.engine.no_graph), .value = true },
    { GROUP_BENCHMARK, .name = "no-frame-cache",
      .help = "load both source frames again for every new frame (slower)",
      .neutral = true, .store = store_bool, FIELD(job.no_frame_cache), .value = true },
};
/* clang-format on */

const int option_row_count = (int)(sizeof option_rows / sizeof option_rows[0]);

bool option_alias(const struct option_row *row, int n, char alias[OPTION_ALIAS_SIZE])
{
    const char *s = row->alias;
    for (; s && n > 0; n--) {
        s = strchr(s, '|');
        s += s != NULL;
    }
    if (s)
        snprintf(alias, OPTION_ALIAS_SIZE, "%.*s", (int)strcspn(s, "|"), s);
    return s != NULL;
}
