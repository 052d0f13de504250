/* Titles, examples and the exit status, for help and the manual. */
#include "cli/words.h"

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

const char *const group_titles[OPTION_GROUPS] = {
    "Input and output",
    "Reading the input",
    "Streams (all are copied)",
    "Frame rate and duration",
    "Scene cuts and repeated frames",
    "Encoder",
    "Interpolation",
    "Comparing and regression tests",
    "Messages and reports",
    "For benchmarking",
};

const char words_summary[] =
    "Interpolates video: makes new frames between existing ones, for a higher frame\n"
    "rate or slow motion.\n";

const char words_conventions[] =
    "Defaults are in []. Options may be shortened and take one dash or two; - and _\n"
    "are the same. A value is the next word or follows = (-crf 18, --crf=18).\n";

const char words_more[] = "All options: rifec --help. Manual: man rifec. Test this "
                          "machine: rifec --doctor.\n";

const struct example examples[] = {
    { "rifec -i in.mp4 -o out.mp4 --x2", "twice the frames" },
    { "rifec -i in.mp4 -o slow.mp4 --x4 --slowmo", "a quarter of the speed" },
    { "rifec -i in.mkv -o out.mkv -r 60 -c:v libx265 --crf 20 --preset slow",
      "60 frames per second, as H.265" },
    { "rifec *.mp4 -o smooth/ -r 60 --keep-going", "several files, into a folder" },
    { "rifec -i frames/ --input-rate 24 -o out.mp4", "a folder of images" },
    { "rifec -i in.mp4 -f null --stats -", "measure, and write no video" },
};
const int example_count = COUNT(examples);

const struct exit_meaning exit_meanings[] = {
    { "0", "done, and nothing was lost" },
    { "1", "internal error" },
    { "2", "usage: unknown, missing or contradicting options" },
    { "3", "input: missing, unreadable, without video or interlaced; or damaged, and the "
           "output holds what could be decoded" },
    { "4", "output: exists (without -y), cannot be written, or the disk is full" },
    { "5", "model: weights that are damaged, or of a network that does not run here" },
    { "6", "device: the requested one is missing or failed" },
    { "7", "out of memory or threads" },
    { "8", "the encoder or decoder is unavailable or refuses the video" },
    { "9", "verification failed: the output differs from the plan" },
    { "129, 130, 143", "stopped by SIGHUP, Ctrl-C or SIGTERM: after the first signal the "
                       "output is finished early and stays playable; after a second it "
                       "is removed" },
};
const int exit_meaning_count = COUNT(exit_meanings);
