/* Frames: when two are equal, and the number of bytes they keep alive. */
#include "rifec/frame.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

#define STRIDE 48
#define ROWS   64

static uint8_t memory[2][2][STRIDE * ROWS];

/* 5x3, so chroma has 3x2 samples; everything outside is filled with different noise. */
static struct rifec_frame frame(int which, struct rifec_format format)
{
    struct rifec_frame f = { .width = 5, .height = 3, .format = format };
    for (int p = 0; p < 2; p++) {
        memset(memory[which][p], 100 + which, sizeof memory[which][p]);
        f.data[p] = memory[which][p];
        f.stride[p] = STRIDE;
    }
    return f;
}

/* Fills the samples, then changes each byte that belongs to one in turn. */
static void check_format(const char *name, struct rifec_format format, int luma_bytes,
                         int chroma_bytes, int chroma_rows)
{
    struct rifec_frame a = frame(0, format), b = frame(1, format);
    CHECK(!rifec_frame_equal(&a, &b));
    int bytes[2] = { luma_bytes, chroma_bytes }, rows[2] = { 3, chroma_rows };
    for (int p = 0; p < 2; p++)
        for (int y = 0; y < rows[p]; y++)
            for (int i = 0; i < bytes[p]; i++)
                a.data[p][y * STRIDE + i] = b.data[p][y * STRIDE + i] =
                    (uint8_t)(i * 7 + y);
    if (!CHECK(rifec_frame_equal(&a, &b)))
        fprintf(stderr, "    in %s\n", name);
    for (int p = 0; p < 2; p++) {
        for (int y = 0; y < rows[p]; y++) {
            for (int i = 0; i < bytes[p]; i++) {
                b.data[p][y * STRIDE + i] ^= 1;
                if (!CHECK(!rifec_frame_equal(&a, &b)))
                    fprintf(stderr, "    in %s, plane %d, row %d, byte %d\n", name, p, y,
                            i);
                b.data[p][y * STRIDE + i] ^= 1;
            }
        }
    }
    size_t want = (size_t)STRIDE * (size_t)(3 + chroma_rows);
    CHECK_INT((long long)rifec_frame_bytes(&a), (long long)want);
}

int main(void)
{
    check_format("gray",
                 (struct rifec_format){ RIFEC_FAMILY_GRAY, 8, 0, 0, { { 0, 1, 0, 0 } } },
                 5, 0, 0);
    check_format(
        "ya8",
        (struct rifec_format){ RIFEC_FAMILY_GRAY,
                               8,
                               0,
                               0,
                               { { 0, 2, 0, 0 }, { 0 }, { 0 }, { 0, 2, 1, 0 } } },
        10, 0, 0);
    check_format("gray10",
                 (struct rifec_format){ RIFEC_FAMILY_GRAY, 10, 0, 0, { { 0, 2, 0, 0 } } },
                 10, 0, 0);
    check_format(
        "rgb24",
        (struct rifec_format){ RIFEC_FAMILY_RGB,
                               8,
                               0,
                               0,
                               { { 0, 3, 0, 0 }, { 0, 3, 1, 0 }, { 0, 3, 2, 0 } } },
        15, 0, 0);
    check_format(
        "nv12",
        (struct rifec_format){ RIFEC_FAMILY_YUV,
                               8,
                               1,
                               1,
                               { { 0, 1, 0, 0 }, { 1, 2, 0, 0 }, { 1, 2, 1, 0 } } },
        5, 6, 2);
    check_format(
        "p010",
        (struct rifec_format){ RIFEC_FAMILY_YUV,
                               10,
                               1,
                               1,
                               { { 0, 2, 0, 6 }, { 1, 4, 0, 6 }, { 1, 4, 2, 6 } } },
        10, 12, 2);
    return check_result();
}
