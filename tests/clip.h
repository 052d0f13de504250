/*
 * Moving pictures for tests of the engine: painted ones, those of a YUV4MPEG file, and
 * the difference between two pictures. Include it after ops/formats.h.
 */
#ifndef RIFEC_TESTS_CLIP_H
#define RIFEC_TESTS_CLIP_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/formats.h"

static const struct rifec_color clip_color = { RIFEC_MATRIX_BT709, RIFEC_RANGE_LIMITED,
                                               RIFEC_CHROMA_LEFT };

/* Waves that have moved by `step` times (3, 1) pixels, behind a bar that does not
 * move. */
static inline void clip_paint(const struct rifec_frame *f, int step)
{
    int unit = 1 << (f->format.depth - 8);
    for (int c = 0; c < 4; c++) {
        int w_log2 = c == 1 || c == 2 ? f->format.chroma_w_log2 : 0;
        int h_log2 = c == 1 || c == 2 ? f->format.chroma_h_log2 : 0;
        for (int y = 0; y < component_height(f, c); y++)
            for (int x = 0; x < component_width(f, c); x++) {
                double u = (x << w_log2) - 3 * step, v = (y << h_log2) - step;
                double wave = sin(0.11 * u + c) + sin(0.07 * v + 0.05 * u) +
                              0.5 * sin(0.4 * v - 0.31 * u);
                bool bar = (x << w_log2) % 96 < 6;
                set_code(f, c, x, y, (int)((126 + (bar ? 60 : 36 * wave)) * unit));
            }
    }
}

/* --- YUV4MPEG: 4:2:0 of 8 or 10 bits ---------------------------------------------- */

struct y4m {
    FILE *file;
    int width, height;
    const struct rifec_format *format;
};

static inline const struct rifec_format *clip_format(const char *name)
{
    for (int i = 0; i < FORMATS; i++)
        if (!strcmp(formats[i].name, name))
            return &formats[i].format;
    abort();
}

static inline bool y4m_open(struct y4m *out, const char *path)
{
    char line[1024];
    *out = (struct y4m){ .file = fopen(path, "rb"), .format = clip_format("yuv420p") };
    if (!out->file || !fgets(line, sizeof line, out->file) ||
        strncmp(line, "YUV4MPEG2 ", 10) != 0) {
        printf("%s: no YUV4MPEG\n", path);
        return false;
    }
    for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n")) {
        if (word[0] == 'W')
            out->width = atoi(word + 1);
        else if (word[0] == 'H')
            out->height = atoi(word + 1);
        else if (!strncmp(word, "C420p10", 7))
            out->format = clip_format("yuv420p10");
        else if (word[0] == 'C' && strncmp(word, "C420", 4) != 0)
            return printf("%s: %s is not read here\n", path, word), false;
    }
    return true;
}

/* Reads the next picture into a frame of the file's format. Returns false at the end. */
static inline bool y4m_read(struct y4m *m, const struct rifec_frame *f)
{
    char line[256];
    if (!fgets(line, sizeof line, m->file))
        return false;
    for (int c = 0; c < 3; c++) {
        size_t row = (size_t)component_width(f, c) * f->format.comp[c].step;
        for (int y = 0; y < component_height(f, c); y++)
            if (fread(sample_at(f, c, 0, y), 1, row, m->file) != row)
                return false;
    }
    return true;
}

static inline void y4m_close(struct y4m *m)
{
    if (m->file)
        fclose(m->file);
}

/* --- comparing -------------------------------------------------------------------- */

/* The sum of differences between sample values. */
struct difference {
    int worst;
    double squares, count;
};

/* Adds columns x0 .. x1 - 1 of a picture, counted as luma. */
static inline void difference_add(struct difference *d, const struct rifec_frame *a,
                                  const struct rifec_frame *b, int x0, int x1)
{
    for (int c = 0; c < 4; c++) {
        int log2 = c == 1 || c == 2 ? a->format.chroma_w_log2 : 0;
        int end = x1 >= a->width ? component_width(a, c) : x1 >> log2;
        for (int y = 0; y < component_height(a, c); y++)
            for (int x = x0 >> log2; x < end; x++) {
                int e = abs(get_code(a, c, x, y) - get_code(b, c, x, y));
                d->worst = e > d->worst ? e : d->worst;
                d->squares += (double)e * e;
                d->count++;
            }
    }
}

static inline double difference_psnr(const struct difference *d, int depth)
{
    double peak = (1 << depth) - 1;
    return d->squares > 0 ? 10 * log10(peak * peak * d->count / d->squares) : 999;
}

static inline uint64_t clip_checksum(const struct rifec_frame *f)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (int c = 0; c < 4; c++)
        for (int y = 0; y < component_height(f, c); y++)
            for (int x = 0; x < component_width(f, c); x++)
                h = (h ^ (uint64_t)get_code(f, c, x, y)) * 0x100000001b3u;
    return h;
}

#endif
