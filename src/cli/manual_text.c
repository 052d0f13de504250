/* The manual's text, except for the options. */
#include <stddef.h>

#include "cli/generate.h"

const struct manual_entry manual_description[] = {
    { NULL, "Interpolates video: makes new frames between existing ones, for a "
            "higher frame rate or slow motion." },
    { NULL, "FFmpeg's libraries read and decode the input, RIFE's network (version 4.6 "
            "is built in) makes the new frames, and the result is encoded into the "
            "output. "
            "Original frames reach the encoder exactly as they were decoded. Audio, "
            "subtitles, chapters, attachments, tags and HDR metadata are copied; "
            "anything that the container cannot hold is reported." },
    { NULL, "Arguments that are not options are inputs as well. If the output is a "
            "folder, each input gets an output of its own in it." },
    { NULL,
      "The output is written under a temporary name and renamed when it is complete. "
      "After the first Ctrl-C it is finished early and stays playable; after a "
      "second it is removed." },
    { NULL, NULL },
};

const struct manual_entry manual_environment[] = {
    { "CUDA_VISIBLE_DEVICES", "The GPUs that CUDA programs may use, in this order; "
                              "cuda:0 is the first of them." },
    { "XDG_CACHE_HOME, HOME",
      "The cache is $XDG_CACHE_HOME/rifec, or $HOME/.cache/rifec if the former is "
      "not set." },
    { "SLURM_MEM_PER_NODE, SLURM_MEM_PER_CPU, SLURM_CPUS_ON_NODE",
      "The memory and cores that a Slurm job may use. rifec stays within them, and "
      "within the limits of cgroups and ulimit." },
    { "SOURCE_DATE_EPOCH",
      "The date of this page when it is made by --generate man, in seconds since 1970." },
    { NULL, NULL },
};

const struct manual_entry manual_files[] = {
    { "NAME.part.EXT",
      "The unfinished output NAME.EXT, in the same folder. It is locked while it is "
      "written. If a killed run left one, -y, --resume and --skip-existing replace "
      "it. If another program takes the name NAME.EXT meanwhile, the finished file "
      "keeps this name." },
    { "NAME.part/", "Unfinished images, which are moved to their place together at "
                    "the end." },
    { "OUTPUT.resume/", "Finished parts of an output, kept by --resume until the "
                        "output is complete. Remove the folder to start over." },
    { "~/.cache/rifec/cudnn-plans.json", "The fastest cuDNN implementation of each "
                                         "layer, as measured by --kernels cudnn. It "
                                         "can be removed at any time." },
    { NULL, NULL },
};

const struct manual_entry manual_notes[] = {
    { "Frame rates",
      "N frames become N*factor, each at its exact time. A variable frame rate stays "
      "variable unless --cfr is given. With --fps the output is sampled at exact "
      "times, and an original frame at such a time is used unchanged. Decimal rates "
      "that players show mean N*1000/1001: 23.976 and 23.98 are 24000/1001, 59.94 is "
      "60000/1001. Other decimals and fractions are used exactly as written. film "
      "and ntsc-film are 24000/1001, ntsc is 30000/1001, pal is 25." },
    { "Times",
      "TIME is in seconds, as in 90 or 1.5, or HH:MM:SS.fff. All times are those of "
      "the input, counted from its beginning." },
    { "Scene cuts and repeated frames",
      "Nothing is interpolated across a cut, and between two equal frames the frame "
      "is repeated. A list of cuts (--scene-list) has one time per line, that of the "
      "first frame of the new scene; blank lines and comments after # are skipped." },
    { "Interlaced video",
      "Interlaced input is refused, because interpolation would combine lines of "
      "different moments. --deinterlace auto deinterlaces only what is interlaced, "
      "for batches of mixed files." },
    { "Encoders",
      "--crf and --preset work for every encoder that has such a scale, whatever it "
      "calls it; --preset takes x264's names for all of them. Any other option is "
      "given as -e KEY=VALUE. The video is always encoded; everything else is "
      "copied, and copied text subtitles are converted if the container needs "
      "another format." },
    { "Image sequences",
      "A folder of images is read in the order of the numbers in their names. "
      "frame%05d.png, as input or output, names an image sequence. --input-rate sets "
      "its frame rate." },
    { "Several inputs",
      "Outputs in a folder are named by --name-template, from {stem} and {ext} of "
      "the input, {factor}, {fps} and the number {n} of the input. rifec stops at "
      "the first failure unless --keep-going is given, and its exit status is the "
      "highest of any file." },
    { "Pipes and network",
      "Inputs are files, image sequences and pipes. Standard input is read only for "
      "-i -. Let ffmpeg read anything else: ffmpeg -v error -i URL -map 0 -c copy -f "
      "nut - | rifec -i - -o OUTPUT." },
    { "Interrupted work",
      "With --resume, finished parts are kept in OUTPUT.resume/, and the same "
      "command continues there after a stop. The frames and their times are then the "
      "same as without the stop. A job with --resume needs twice the disk space "
      "while it runs." },
    { "FFmpeg's options",
      "FFmpeg's names work where they have one meaning here: -c:v, -b:v, -crf, "
      "-preset, -pix_fmt, -r, -ss, -to, -t, -an, -sn, -f null -, -v LEVEL, "
      "-loglevel, -hide_banner, -nostdin, -framerate, -frames:v, -c copy, -c:a copy, "
      "-map 0 and others. The rest is refused with a line that says what to write "
      "instead." },
    { NULL, NULL },
};
