/* Titles, examples and exit status: once, for all who print them. */
#include "cli/words.h"

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

const char *const group_titles[OPTION_GROUPS] = {
    "Input and output", "What the input is", "Frame rate", "Scenes and stills", "Encoder",
    "Engine",           "Messages",
};

const char words_summary[] =
    "Makes the frames between the frames of a video, with RIFE 4.6: more frames per\n"
    "second, the same duration. Audio and subtitles are copied. Defaults are in [].\n";

const char words_abbreviation[] =
    "Long options may be shortened, and written with one dash: -crf 18.\n";

const struct example examples[] = {
    { "rifec -i in.mp4 -o out.mp4 --x2 --fp16", NULL },
    { "rifec -i in.mkv -o out.mkv --factor 5/2 -c:v libx265 --crf 20 --preset slow",
      NULL },
    { "rifec *.mp4 -o smooth/ -r 60 --keep-going", NULL },
    { "rifec -i in.mp4 -f null --stats -", "measure, write no video" },
};
const int example_count = COUNT(examples);

const struct exit_meaning exit_meanings[] = {
    { "0", "done" },
    { "1", "internal error" },
    { "2", "usage: unknown, missing or contradicting options" },
    { "3", "input: missing, unreadable, no video, interlaced; or damaged, and the\n"
           "output holds what could be decoded" },
    { "4", "output: exists without -y, cannot be written, disk full" },
    { "5", "model: weights missing or not those of IFNet 4.6" },
    { "6", "device: the one asked for is absent or failed" },
    { "7", "out of memory or threads" },
    { "8", "encoder or decoder unavailable, or it refuses" },
    { "9", "what was written is not what was planned" },
    { "129, 130, 143", "stopped by SIGHUP, Ctrl-C or SIGTERM; once: the output is\n"
                       "valid and ends there, twice: nothing is left" },
};
const int exit_meaning_count = COUNT(exit_meanings);
