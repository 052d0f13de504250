/*
 * between: makes the picture between two pictures with librifec.
 *
 *     between A.ppm B.ppm OUT.ppm [T]
 *
 * T is the time of the new picture, from 0 (A) to 1 (B); the default is 0.5. The files
 * are binary PPM (P6) with 8 bits per sample, and A and B have the same size.
 *
 *     cc between.c -o between $(pkg-config --cflags --libs rifec)
 */
#include <stdio.h>
#include <stdlib.h>

#include <rifec/rifec.h>

/* Packed RGB: one plane, three bytes per pixel. Planar formats: rifec_format_planar(). */
static const struct rifec_format rgb24 = {
    .family = RIFEC_FAMILY_RGB,
    .depth = 8,
    .comp = { { .plane = 0, .step = 3, .offset = 0 },
              { .plane = 0, .step = 3, .offset = 1 },
              { .plane = 0, .step = 3, .offset = 2 } },
};

/* Frames whose memory is ours. The engine reads them and never frees them. */
static int make_frame(struct rifec_frame *frame, int width, int height)
{
    *frame = (struct rifec_frame){ .width = width, .height = height, .format = rgb24 };
    frame->stride[0] = (ptrdiff_t)3 * width;
    frame->data[0] = malloc((size_t)frame->stride[0] * (size_t)height);
    if (!frame->data[0])
        fprintf(stderr, "no memory for a picture of %dx%d\n", width, height);
    return frame->data[0] ? 0 : -1;
}

static int read_ppm(const char *path, struct rifec_frame *frame)
{
    int width, height, max, failed = -1;
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return -1;
    }
    if (fscanf(file, "P6 %d %d %d", &width, &height, &max) != 3 || max != 255 ||
        width < RIFEC_SIZE_MIN || width > RIFEC_SIZE_MAX || height < RIFEC_SIZE_MIN ||
        height > RIFEC_SIZE_MAX || fgetc(file) == EOF) {
        fprintf(stderr, "%s: not a binary PPM file of 8 bits\n", path);
    } else if (make_frame(frame, width, height) == 0) {
        size_t bytes = (size_t)frame->stride[0] * (size_t)height;
        failed = fread(frame->data[0], 1, bytes, file) == bytes ? 0 : -1;
        if (failed)
            fprintf(stderr, "%s: the file ends too early\n", path);
    }
    fclose(file);
    return failed;
}

static int write_ppm(const char *path, const struct rifec_frame *frame)
{
    size_t bytes = (size_t)frame->stride[0] * (size_t)frame->height;
    FILE *file = fopen(path, "wb");
    int failed = !file;
    if (file) {
        failed |= fprintf(file, "P6\n%d %d\n255\n", frame->width, frame->height) < 0;
        failed |= fwrite(frame->data[0], 1, bytes, file) != bytes;
        failed |= fclose(file) != 0;
    }
    if (failed)
        perror(path);
    return failed ? -1 : 0;
}

/* Errors were logged where they happened: on stderr, since params.log is not set. */
static int interpolate(const struct rifec_frame *a, const struct rifec_frame *b, float t,
                       struct rifec_frame *out)
{
    struct rifec *engine;
    struct rifec_params params = { .width = a->width,
                                   .height = a->height,
                                   .format = rgb24 };
    int err = rifec_open(&engine, &params);
    if (err == 0)
        err = rifec_put(engine, 0, a);
    if (err == 0)
        err = rifec_put(engine, 1, b);
    if (err == 0)
        err = rifec_interp(engine, 0, 1, t);
    if (err == 0)
        err = rifec_take_into(engine, out);
    rifec_close(&engine);
    return err;
}

int main(int argc, char **argv)
{
    struct rifec_frame a = { 0 }, b = { 0 }, out = { 0 };
    int failed = 1;
    if (argc < 4 || argc > 5) {
        fprintf(stderr, "usage: %s A.ppm B.ppm OUT.ppm [T]\n", argv[0]);
        return 2;
    }
    float t = argc > 4 ? strtof(argv[4], NULL) : 0.5f;
    if (read_ppm(argv[1], &a) == 0 && read_ppm(argv[2], &b) == 0 &&
        make_frame(&out, a.width, a.height) == 0 && interpolate(&a, &b, t, &out) == 0 &&
        write_ppm(argv[3], &out) == 0)
        failed = 0;
    free(a.data[0]);
    free(b.data[0]);
    free(out.data[0]);
    return failed;
}
