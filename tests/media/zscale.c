/*
 * Compares load with zimg: random sample values, legal and not, of every pixel format go
 * through the load op and through FFmpeg's zscale filter, with the same matrix, range and
 * siting, and must become the same RGB. zscale accepts only planar YUV and GBR: the same
 * values are laid out twice, with gray as luma beside neutral chroma.
 *
 * Prints, per format, the largest difference in steps of the format's depth; a step is 1
 * / (2^depth - 1) of the way from black to white. Both sides compute in FP32, whose
 * rounding is 0.02 of a step at 16 bits.
 * Skips without an ffmpeg that has zscale.
 *
 * usage: zscale FOLDER
 */
#define _GNU_SOURCE /* popen */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libavutil/pixdesc.h>

#include "media/color.h"
#include "ops/formats.h"

#define WIDTH        48
#define WIDTH_PADDED 64
#define HEIGHT       32
#define SAMPLES      ((size_t)WIDTH * HEIGHT)
#define LIMIT        0.05 /* steps; the promise is 1 */
#define CODES        "zscale.raw"

/* A decoder's format, and the planar format with the same samples. */
static const struct {
    const char *ours, *planar;
} rows[] = {
    { "yuv420p", "yuv420p" },
    { "yuv422p", "yuv422p" },
    { "yuv444p", "yuv444p" },
    { "yuv440p", "yuv440p" },
    { "yuv411p", "yuv411p" },
    { "yuv410p", "yuv410p" },
    { "nv12", "yuv420p" },
    { "nv21", "yuv420p" },
    { "yuyv422", "yuv422p" },
    { "yuv420p9le", "yuv420p9le" },
    { "yuv420p10le", "yuv420p10le" },
    { "yuv422p10le", "yuv422p10le" },
    { "yuv444p10le", "yuv444p10le" },
    { "p010le", "yuv420p10le" },
    { "yuv420p12le", "yuv420p12le" },
    { "yuv422p12le", "yuv422p12le" },
    { "yuv444p12le", "yuv444p12le" },
    { "yuv444p14le", "yuv444p14le" },
    { "yuv420p16le", "yuv420p16le" },
    { "yuv422p16le", "yuv422p16le" },
    { "yuv444p16le", "yuv444p16le" },
    { "gbrp", "gbrp" },
    { "rgb24", "gbrp" },
    { "bgr0", "gbrp" },
    { "gbrp10le", "gbrp10le" },
    { "gbrp12le", "gbrp12le" },
    { "gbrp16le", "gbrp16le" },
    { "rgb48le", "gbrp16le" },
    { "gray", "yuv444p" },
    { "gray10le", "yuv444p10le" },
    { "gray12le", "yuv444p12le" },
    { "gray16le", "yuv444p16le" },
};

#define ROWS ((int)(sizeof rows / sizeof *rows))

static const struct {
    const char *zimg;
    enum rifec_matrix ours;
} matrix_names[] = { { "709", RIFEC_MATRIX_BT709 },
                     { "170m", RIFEC_MATRIX_BT601 },
                     { "2020_ncl", RIFEC_MATRIX_BT2020_NCL } };
static const char *const range_names[] = { "limited", "full" };
static const char *const siting_names[] = { "left", "center", "topleft" };

/* One interpretation of the sample values. */
struct reading {
    const char *matrix, *range, *siting;
    struct rifec_color color;
};

/* Lists the readings that make a difference to the format; returns their number. */
static int readings_of(const struct rifec_format *f, struct reading *out)
{
    int n = 0;
    int matrices_used = f->family == RIFEC_FAMILY_YUV ? 3 : 1;
    int ranges = f->family == RIFEC_FAMILY_RGB ? 1 : 2;
    int sitings = f->chroma_w_log2 || f->chroma_h_log2 ? 3 : 1;
    for (int m = 0; m < matrices_used; m++)
        for (int r = 0; r < ranges; r++)
            for (int s = 0; s < sitings; s++) {
                bool rgb = f->family == RIFEC_FAMILY_RGB;
                out[n++] = (struct reading){
                    .matrix = matrix_names[m].zimg,
                    .range = range_names[rgb ? 1 : r],
                    .siting = siting_names[s],
                    .color = { matrix_names[m].ours, (enum rifec_range)(r + 1),
                               (enum rifec_chroma_loc)(s + 1) },
                };
            }
    return n;
}

/* Puts random values into both frames, and neutral chroma where only the planar one
 * has any. */
static void fill_both(const struct rifec_frame *ours, const struct rifec_frame *planar)
{
    fill_frame(ours);
    for (int c = 0; c < 3; c++) {
        bool given = rifec_format_has(&ours->format, c);
        for (int y = 0; y < component_height(planar, c); y++)
            for (int x = 0; x < component_width(planar, c); x++)
                set_code(planar, c, x, y,
                         given ? get_code(ours, c, x, y) : 1 << (ours->format.depth - 1));
    }
}

/* Writes the planes without the padding of their rows. */
static void write_raw(const char *path, const struct rifec_frame *f)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        abort();
    for (int p = 0; p < 3; p++) {
        /* Chroma planes have one size; all planes of GBR are alike. */
        size_t bytes = (size_t)component_width(f, p) * f->format.comp[0].step;
        for (int y = 0; y < component_height(f, p); y++)
            fwrite(f->data[p] + y * f->stride[p], 1, bytes, file);
    }
    fclose(file);
}

/* Runs all readings at once, one picture below the other: [G, B, R][reading][SAMPLES]. */
static void run_zscale(const char *path, const char *planar, const struct reading *r,
                       int n, float *out)
{
    static char command[16384];
    size_t at = 0;
#define ADD(...) at += (size_t)snprintf(command + at, sizeof command - at, __VA_ARGS__)
    ADD("ffmpeg -nostdin -v error -f rawvideo -pix_fmt %s -s %dx%d -i %s -filter_complex "
        "'[0:v]split=%d",
        planar, WIDTH, HEIGHT, path, n);
    for (int i = 0; i < n; i++)
        ADD("[i%d]", i);
    for (int i = 0; i < n; i++) {
        ADD(";[i%d]zscale=rin=%s:r=full:f=bilinear", i, r[i].range);
        if (strncmp(planar, "gbr", 3) != 0)
            ADD(":min=%s:m=gbr:cin=%s", r[i].matrix, r[i].siting);
        ADD(",format=gbrpf32le[o%d]", i);
    }
    ADD(";");
    for (int i = 0; i < n; i++)
        ADD("[o%d]", i);
    if (n > 1)
        ADD("vstack=inputs=%d", n);
    else
        ADD("null");
    ADD("' -f rawvideo -");
#undef ADD
    FILE *pipe = popen(command, "r");
    if (!pipe)
        abort();
    size_t total = 3 * (size_t)n * SAMPLES;
    size_t got = fread(out, sizeof *out, total, pipe);
    if (pclose(pipe) != 0 || got != total)
        checkop_fail("zscale gave %zu of %zu samples: %s", got, total, command);
}

/* Returns the largest difference in steps. zimg[] has its R, G and B planes. */
static double compare(const struct image *ours, const float *const zimg[3], double max)
{
    double worst = 0;
    for (size_t i = 0; i < SAMPLES; i++)
        for (size_t c = 0; c < 3; c++) {
            size_t at = i / WIDTH * (size_t)ours->width_padded + i % WIDTH;
            double d = fabs((double)ours->data[4 * at + c] - (double)zimg[c][i]) * max;
            if (!(d <= worst)) /* a NaN stays */
                worst = d;
        }
    return worst;
}

static void try(int row)
{
    checkop_case("%s", rows[row].ours);
    struct rifec_format ours, planar;
    if (!color_format(av_get_pix_fmt(rows[row].ours), &ours) ||
        !color_format(av_get_pix_fmt(rows[row].planar), &planar)) {
        checkop_fail("not taken");
        return;
    }
    struct reading readings[18];
    int n = readings_of(&ours, readings);
    struct rifec_frame frame = make_frame(&ours, WIDTH, HEIGHT);
    struct rifec_frame given = make_frame(&planar, WIDTH, HEIGHT);
    size_t plane = (size_t)n * SAMPLES;
    float *zimg = checkop_floats(3 * plane);
    struct cpu_stream s = checkop_stream(1, WIDTH_PADDED, WIDTH_PADDED);
    double worst = 0;
    for (int i = 0; i < n; i++) {
        struct yuv yuv;
        if (yuv_open(&yuv, WIDTH, HEIGHT, &ours, &readings[i].color) < 0)
            abort();
        if (i == 0) {
            fill_both(&frame, &given);
            write_raw(CODES, &given);
            run_zscale(CODES, rows[row].planar, readings, n, zimg);
        }
        struct image out = checkop_blank_image(WIDTH, HEIGHT, WIDTH_PADDED, HEIGHT);
        load_c(&(struct load_args){ &frame, &yuv, out }, &s);
        const float *g = zimg + (size_t)i * SAMPLES;
        double d = compare(&out, (const float *[]){ g + 2 * plane, g, g + plane },
                           (double)yuv.code_max);
        if (!(d <= LIMIT))
            checkop_fail("%s, %s, %s: %.3f codes", readings[i].matrix, readings[i].range,
                         readings[i].siting, d);
        worst = d > worst ? d : worst;
        yuv_close(&yuv);
    }
    printf("%-12s %2d readings, max %.4f codes\n", rows[row].ours, n, worst);
    checkop_free_all();
}

int main(int argc, char **argv)
{
    if (system("ffmpeg -hide_banner -filters 2>/dev/null | grep -q ' zscale '") != 0) {
        printf("skipped: no ffmpeg with zscale\n");
        return 77;
    }
    if (argc != 2 || chdir(argv[1]) < 0)
        return 1;
    checkop_start(0, NULL);
    for (int i = 0; i < ROWS; i++)
        try(i);
    unlink(CODES);
    return checkop_finish();
}
