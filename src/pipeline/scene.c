/* The score of a pair of thumbnails, and lists of cuts. */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/scene.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/timecode.h"

#define W      RIFEC_THUMB_WIDTH
#define H      RIFEC_THUMB_HEIGHT
#define BLOCK  8
#define SEARCH 16 /* thumbnail pixels: a sixth of the width, a quarter of the height */
#define PW     (W + 2 * SEARCH)
#define PH     (H + 2 * SEARCH)
#define BINS   32

_Static_assert(W % BLOCK == 0 && H % BLOCK == 0, "whole blocks");

/* 14 bits, so that differences fit in 16; the edge repeated all around. */
struct padded {
    int16_t at[PH][PW];
};

static int clamp_index(int i, int n)
{
    return i < 0 ? 0 : i < n ? i : n - 1;
}

static void pad(struct padded *p, const uint16_t *thumb)
{
    for (int y = 0; y < PH; y++)
        for (int x = 0; x < PW; x++)
            p->at[y][x] = (int16_t)(thumb[clamp_index(y - SEARCH, H) * W +
                                          clamp_index(x - SEARCH, W)] >>
                                    2);
}

static int block_mean(const struct padded *p, int y, int x)
{
    int sum = 0;
    for (int i = 0; i < BLOCK; i++)
        for (int k = 0; k < BLOCK; k++)
            sum += p->at[y + i][x + k];
    return sum / (BLOCK * BLOCK);
}

/* Sum of |a - b| over two blocks, each about its own mean. */
static int difference(const struct padded *a, int ay, int ax, const struct padded *b,
                      int by, int bx, int mean_b)
{
    const int offset = block_mean(a, ay, ax) - mean_b;
    int sum = 0;
    for (int i = 0; i < BLOCK; i++)
        for (int k = 0; k < BLOCK; k++)
            sum += abs(a->at[ay + i][ax + k] - b->at[by + i][bx + k] - offset);
    return sum;
}

static int texture(const struct padded *b, int y, int x, int mean)
{
    int sum = 0;
    for (int i = 0; i < BLOCK; i++)
        for (int k = 0; k < BLOCK; k++)
            sum += abs(b->at[y + i][x + k] - mean);
    return sum;
}

/* inter: the part of b that no block of a predicts; intra: the texture of b itself. */
static void match(const struct padded *a, const struct padded *b, double *inter,
                  double *intra)
{
    for (int y = SEARCH; y < SEARCH + H; y += BLOCK) {
        for (int x = SEARCH; x < SEARCH + W; x += BLOCK) {
            int mean = block_mean(b, y, x), best = texture(b, y, x, mean);
            *intra += best;
            for (int dy = -SEARCH; dy <= SEARCH; dy++) {
                for (int dx = -SEARCH; dx <= SEARCH; dx++) {
                    int d = difference(a, y + dy, x + dx, b, y, x, mean);
                    best = d < best ? d : best;
                }
            }
            *inter += best;
        }
    }
}

/* Half the distance between the histograms, 0..1. */
static double histogram_change(const uint16_t *a, const uint16_t *b)
{
    int count[BINS] = { 0 }, change = 0;
    for (int i = 0; i < W * H; i++) {
        count[a[i] * BINS >> 16]++;
        count[b[i] * BINS >> 16]--;
    }
    for (int i = 0; i < BINS; i++)
        change += abs(count[i]);
    return change / (2.0 * W * H);
}

double scene_score(const uint16_t *a, const uint16_t *b)
{
    struct padded pa, pb;
    /* A picture without any texture matches everything. */
    double inter = 0, intra = 1;
    pad(&pa, a);
    pad(&pb, b);
    match(&pa, &pb, &inter, &intra);
    match(&pb, &pa, &inter, &intra);
    return inter / intra * sqrt(histogram_change(a, b));
}

bool scene_is_cut(const uint16_t *a, const uint16_t *b, double threshold)
{
    /* r is at most 1. */
    return sqrt(histogram_change(a, b)) >= threshold && scene_score(a, b) >= threshold;
}

bool scene_same(const uint16_t *a, const uint16_t *b)
{
    const int mean_limit = 65535 / 500, most_limit = 65535 / 40;
    int64_t sum = 0;
    int most = 0;
    for (int i = 0; i < W * H; i++) {
        int d = abs(a[i] - b[i]);
        sum += d;
        most = d > most ? d : most;
    }
    return sum <= (int64_t)mean_limit * W * H && most <= most_limit;
}

/* --- lists ---------------------------------------------------------------- */

static int append(struct scene_list *list, int64_t us)
{
    int64_t *grown = realloc(list->us, (size_t)(list->count + 1) * sizeof *grown);
    if (!grown)
        return mem_fail("the list of cuts");
    list->us = grown;
    list->us[list->count++] = us;
    return 0;
}

/* One time per line and nothing else: a comma could be a decimal comma or separate
 * columns, and a second word could be half of the time. */
static int read_line(struct scene_list *list, const char *path, int number, char *line)
{
    int64_t us;
    line[strcspn(line, "#\r\n")] = '\0';
    char *word = line + strspn(line, " \t");
    for (size_t n = strlen(word); n && strchr(" \t", word[n - 1]); n--)
        word[n - 1] = '\0';
    if (!word[0])
        return 0;
    if (strchr(word, ',')) {
        log_error("%s:%d: '%s' has a comma; write one time per line, with a decimal "
                  "point: 83.4 or 0:01:23.4",
                  path, number, word);
        return RIFEC_ERR_INPUT;
    }
    if (!timecode_parse(word, &us)) {
        log_error("%s:%d: '%s' is not a time; write one per line, as seconds or "
                  "HH:MM:SS.fff",
                  path, number, word);
        return RIFEC_ERR_INPUT;
    }
    if (list->count && us < list->us[list->count - 1]) {
        log_error("%s:%d: '%s' is earlier than the time before it", path, number, word);
        return RIFEC_ERR_INPUT;
    }
    return append(list, us);
}

/* The line without a byte order mark; NULL if the line has zero bytes (UTF-16) or
 * holds several lines that only CR separates. */
static char *text_of(char *line, ssize_t length)
{
    static const char mark[] = "\xef\xbb\xbf";
    char *cr = strchr(line, '\r');
    bool ends_early = cr && cr[1] != '\n' && cr[1] != '\0';
    if (strlen(line) != (size_t)length || ends_early)
        return NULL;
    return strncmp(line, mark, strlen(mark)) ? line : line + strlen(mark);
}

static int read_lines(struct scene_list *list, const char *path, FILE *f)
{
    int err = 0;
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    for (int number = 1; err == 0 && (length = getline(&line, &room, f)) >= 0; number++) {
        char *text = text_of(line, length);
        if (!text) {
            log_error("%s:%d: this is not a line of text in UTF-8 that ends in LF or "
                      "CRLF; save the file as such",
                      path, number);
            err = RIFEC_ERR_INPUT;
        } else {
            err = read_line(list, path, number, text);
        }
    }
    if (err == 0 && !feof(f) && errno == ENOMEM) {
        err = mem_fail("a line of the list of cuts");
    } else if (err == 0 && !feof(f)) {
        log_error("%s: cannot read the list of cuts: %s", path, strerror(errno));
        err = RIFEC_ERR_INPUT;
    }
    free(line);
    return err;
}

int scene_list_open(struct scene_list *list, const char *path)
{
    *list = (struct scene_list){ 0 };
    FILE *f = fopen(path, "r");
    if (!f) {
        log_error("%s: cannot open the list of cuts: %s", path, strerror(errno));
        return RIFEC_ERR_INPUT;
    }
    int err = read_lines(list, path, f);
    fclose(f);
    if (err < 0)
        scene_list_close(list);
    return err;
}

bool scene_list_has(const struct scene_list *list, int64_t from_us, int64_t to_us)
{
    /* Times typed with milliseconds are that far off. */
    const int64_t slack = 500;
    for (int i = 0; i < list->count; i++)
        if (list->us[i] > from_us + slack && list->us[i] <= to_us + slack)
            return true;
    return false;
}

void scene_list_close(struct scene_list *list)
{
    free(list->us);
    *list = (struct scene_list){ 0 };
}
