/*
 * Draws clips that are hard for an interpolator, in integer arithmetic, so that they are
 * the same on every machine and their true in-betweens are known.
 *
 *     golden_clips FOLDER [WIDTH HEIGHT [FRAMES]]
 *
 * writes FOLDER/NAME.y4m, every second frame at 25 a second, and FOLDER/NAME.truth.y4m,
 * all frames at 50 a second. FRAMES counts those of NAME.y4m.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FINE = 16 }; /* positions are in 1/16 of a pixel */

/* --- patterns: brightness 0..255 at a place in 1/16 of a pixel ------------------- */

static unsigned hash(unsigned a, unsigned b, unsigned c)
{
    unsigned h = a * 0x9e3779b1u ^ b * 0x85ebca77u ^ c * 0xc2b2ae3du;
    h ^= h >> 15;
    h *= 0x2c1b3c6du;
    h ^= h >> 12;
    h *= 0x297a2d39u;
    return h ^ h >> 15;
}

static int floor_div(int a, int b)
{
    return a / b - (a % b != 0 && (a ^ b) < 0);
}

/* Noise on a grid of `cell` pixels, linear between its points. */
static int smooth_noise(int x, int y, int cell, unsigned seed)
{
    int i = floor_div(x, cell), j = floor_div(y, cell);
    int fx = x - i * cell, fy = y - j * cell, v[4];
    for (int k = 0; k < 4; k++)
        v[k] = (int)(hash((unsigned)(i + k % 2), (unsigned)(j + k / 2), seed) & 255);
    int top = v[0] * (cell - fx) + v[1] * fx, bottom = v[2] * (cell - fx) + v[3] * fx;
    return (top * (cell - fy) + bottom * fy) / (cell * cell);
}

static int texture(int x, int y)
{
    return (smooth_noise(x, y, 3 * FINE, 1) + smooth_noise(x, y, 11 * FINE, 2)) / 2;
}

static int fine_detail(int x, int y)
{
    return smooth_noise(x, y, FINE * 3 / 2, 3);
}

/* Letters of 5x7 dots, five of them, in rows. */
static int text(int x, int y)
{
    static const unsigned char letters[5][7] = {
        { 0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11 }, /* R */
        { 0x0e, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e }, /* I */
        { 0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x10 }, /* F */
        { 0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x1f }, /* E */
        { 0x0e, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0e }, /* C */
    };
    int i = floor_div(x, FINE), j = floor_div(y, FINE);
    int column = floor_div(i, 6), line = floor_div(j, 10);
    int dx = i - 6 * column, dy = j - 10 * line;
    if (dx > 4 || dy > 6)
        return 235;
    unsigned which = hash((unsigned)column, (unsigned)line, 4) % 5;
    return letters[which][dy] >> (4 - dx) & 1 ? 20 : 235;
}

static int lines(int x, int y)
{
    int across = x + 3 * y;
    across -= floor_div(across, 24 * FINE) * 24 * FINE;
    return across < 3 * FINE ? 230 : 40;
}

static int checkers(int x, int y)
{
    return (floor_div(x, 4 * FINE) + floor_div(y, 4 * FINE)) & 1 ? 220 : 30;
}

static int bars(int x, int y)
{
    (void)y;
    return floor_div(x, 7 * FINE) & 1 ? 255 : 0;
}

static int square(int x, int y)
{
    int inside = x >= 0 && x < 28 * FINE && y >= 0 && y < 28 * FINE;
    return inside ? 60 + texture(7 * x, 7 * y) * 3 / 4 : -1;
}

/* --- clips ------------------------------------------------------------------------ */

struct clip {
    const char *name;
    int (*pattern)(int x, int y);
    int dx, dy; /* motion per true frame, in 1/16 of a pixel */
    int (*change)(int value, int x, int y, int t, int frames);
};

static int flash(int value, int x, int y, int t, int frames)
{
    (void)x;
    (void)y;
    return t == frames / 4 * 2 ? 255 - (255 - value) / 4 : value;
}

static int fade(int value, int x, int y, int t, int frames)
{
    (void)x;
    (void)y;
    return 16 + (value - 16) * (frames - t) / frames;
}

static int grain(int value, int x, int y, int t, int frames)
{
    (void)frames;
    return value +
           (int)(hash((unsigned)(x / FINE), (unsigned)(y / FINE), 100u + (unsigned)t) %
                 25) -
           12;
}

static int moving_square(int value, int x, int y, int t, int frames)
{
    (void)frames;
    int over = square(x - 20 * FINE * t / 2 + 8 * FINE, y - 16 * FINE);
    return over < 0 ? value : over;
}

static const struct clip clips[] = {
    { "lines", lines, 24, 8, NULL },
    { "text", text, 0, 32, NULL },
    { "checkers", checkers, 16, 16, NULL },
    { "contrast", bars, 40, 0, NULL },
    { "fine-slow", fine_detail, 8, 4, NULL },
    { "fine-medium", fine_detail, 48, 16, NULL },
    { "fine-fast", fine_detail, 128, 48, NULL },
    { "large-motion", texture, 4, 0, moving_square },
    { "flash", texture, 8, 0, flash },
    { "fade", texture, 16, 8, fade },
    { "static", texture, 0, 0, NULL },
    { "noise", texture, 16, 0, grain },
};

static int clip_value(const struct clip *c, int x, int y, int t, int frames)
{
    int value = c->pattern(x - c->dx * t, y - c->dy * t);
    if (c->change)
        value = c->change(value, x, y, t, frames);
    return value < 0 ? 0 : value > 255 ? 255 : value;
}

/* The mean of 4x4 places in each pixel, as a camera sees it. */
static void draw(const struct clip *c, uint8_t *to, int width, int height, int t,
                 int frames)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int sum = 8;
            for (int k = 0; k < 16; k++)
                sum += clip_value(c, x * FINE + k % 4 * 4 + 2, y * FINE + k / 4 * 4 + 2,
                                  t, frames);
            to[y * width + x] = (uint8_t)(16 + sum / 16 * 219 / 255);
        }
    /* Colour moves with the brightness, and is softer. */
    int cw = (width + 1) / 2, ch = (height + 1) / 2;
    uint8_t *u = to + width * height, *v = u + cw * ch;
    for (int y = 0; y < ch; y++)
        for (int x = 0; x < cw; x++) {
            int px = 2 * x * FINE - c->dx * t, py = 2 * y * FINE - c->dy * t;
            u[y * cw + x] = (uint8_t)(88 + smooth_noise(px, py, 13 * FINE, 5) * 80 / 255);
            v[y * cw + x] = (uint8_t)(88 + smooth_noise(px, py, 17 * FINE, 6) * 80 / 255);
        }
}

static FILE *begin(const char *folder, const char *name, const char *ending, int width,
                   int height, int rate)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%s.y4m", folder, name, ending);
    FILE *file = fopen(path, "wb");
    if (!file || fprintf(file, "YUV4MPEG2 W%d H%d F%d:1 Ip A1:1 C420jpeg\n", width,
                         height, rate) < 0) {
        perror(path);
        exit(1);
    }
    return file;
}

static int put(FILE *file, const uint8_t *frame, size_t size)
{
    return fputs("FRAME\n", file) >= 0 && fwrite(frame, 1, size, file) == size;
}

int main(int argc, char **argv)
{
    int width = argc > 3 ? atoi(argv[2]) : 96, height = argc > 3 ? atoi(argv[3]) : 64;
    int count = argc > 4 ? atoi(argv[4]) : 4;
    if (argc < 2 || width < 16 || height < 16 || width > 8192 || height > 8192 ||
        count < 2) {
        fprintf(stderr, "usage: golden_clips FOLDER [WIDTH HEIGHT [FRAMES]]\n");
        return 2;
    }
    int frames = 2 * count - 1;
    size_t size = (size_t)(width * height + (width + 1) / 2 * ((height + 1) / 2) * 2);
    uint8_t *frame = malloc(size);
    int ok = frame != NULL;
    for (size_t i = 0; ok && i < sizeof clips / sizeof *clips; i++) {
        FILE *source = begin(argv[1], clips[i].name, "", width, height, 25);
        FILE *truth = begin(argv[1], clips[i].name, ".truth", width, height, 50);
        for (int t = 0; ok && t < frames; t++) {
            draw(&clips[i], frame, width, height, t, frames);
            ok = put(truth, frame, size) && (t % 2 || put(source, frame, size));
        }
        int closed = fclose(source) == 0;
        closed = fclose(truth) == 0 && closed;
        ok = ok && closed;
        if (ok)
            puts(clips[i].name);
    }
    free(frame);
    if (!ok)
        fprintf(stderr, "golden_clips: cannot write to %s\n", argv[1]);
    return !ok;
}
