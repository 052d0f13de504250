/*
 * Wrong arguments of every public function are refused with the documented answer, and
 * one message that names the argument. NULL once crashed in 14 places. A stride below the
 * width, FP16 on the CPU, and frames compared across sizes were once accepted.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "rifec/devices.h"
#include "rifec/rifec.h"

#define WIDTH  64
#define HEIGHT 48

static int errors;
static char last_line[1024];

static void listen(void *opaque, enum rifec_log_level level, const char *line)
{
    (void)opaque;
    errors += level == RIFEC_LOG_ERROR;
    snprintf(last_line, sizeof last_line, "%s", line);
}

/* `holds` is true after the call, which logged one error with `word` in it. */
#define SAYS(word, holds)                                                                \
    do {                                                                                 \
        int before_ = errors;                                                            \
        last_line[0] = '\0';                                                             \
        CHECK(holds);                                                                    \
        CHECK_INT(errors - before_, 1);                                                  \
        if (!CHECK(strstr(last_line, word) != NULL))                                     \
            fprintf(stderr, "    '%s' is not in '%s'\n", word, last_line);               \
    } while (0)
#define REFUSED(word, call) SAYS(word, (call) == RIFEC_ERR_USAGE)
#define QUIET(holds)                                                                     \
    do {                                                                                 \
        int before_ = errors;                                                            \
        CHECK(holds);                                                                    \
        CHECK_INT(errors - before_, 0);                                                  \
    } while (0)

static const struct rifec_color color = { RIFEC_MATRIX_BT709, RIFEC_RANGE_LIMITED,
                                          RIFEC_CHROMA_LEFT };

static struct rifec_params good_params(void)
{
    return (struct rifec_params){ .width = WIDTH,
                                  .height = HEIGHT,
                                  .format =
                                      rifec_format_planar(RIFEC_FAMILY_YUV, 10, 1, 1),
                                  .color = color,
                                  .device = RIFEC_DEVICE_CPU };
}

static uint16_t samples[WIDTH * HEIGHT * 2];

static struct rifec_frame good_frame(void)
{
    const struct rifec_params p = good_params();
    uint8_t *at = (uint8_t *)samples;
    struct rifec_frame f = { .width = WIDTH,
                             .height = HEIGHT,
                             .format = p.format,
                             .color = color,
                             .data = { at, at + 2 * WIDTH * HEIGHT,
                                       at + 3 * WIDTH * HEIGHT },
                             .stride = { 2 * WIDTH, WIDTH, WIDTH } };
    return f;
}

static void parameters(void)
{
    struct rifec *r = NULL;
    struct rifec_params p = good_params();
#define BAD(word, change)                                                                \
    do {                                                                                 \
        p = good_params();                                                               \
        change;                                                                          \
        r = (struct rifec *)samples;                                                     \
        REFUSED(word, rifec_open(&r, &p));                                               \
        CHECK(r == NULL);                                                                \
    } while (0)
    REFUSED("out", rifec_open(NULL, &p));
    REFUSED("params", rifec_open(&r, NULL));
    CHECK(r == NULL);
    BAD("width", p.width = RIFEC_SIZE_MIN - 1);
    BAD("width", p.width = RIFEC_SIZE_MAX + 1);
    BAD("width", p.width = -64);
    BAD("height", p.height = 0);
    BAD("height", p.height = RIFEC_SIZE_MAX + 1);
    BAD("format", p.format.depth = 17);
    BAD("format", p.format = (struct rifec_format){ 0 });
    BAD("color", p.color.matrix = 0);
    BAD("scale", p.scale = 3);
    BAD("scale", p.scale = -0.5f);
    BAD("threads", p.threads = -1);
    BAD("threads", p.threads = 1 << 20);
    BAD("tile", p.tile = -2);
    BAD("tile", p.tile = 1);
    BAD("in flight", p.in_flight = -1);
    BAD("in flight", p.in_flight = RIFEC_IN_FLIGHT_MAX + 1);
    BAD("device", p.device = (enum rifec_device)17);
    BAD("device", p.device_index = -1);
    BAD("precision", p.precision = (enum rifec_precision)17);
    BAD("precision", p.precision = RIFEC_PRECISION_FP16);
    BAD("precision", p.precision = RIFEC_PRECISION_TF32);
    BAD("log_level", p.log_level = (enum rifec_log_level)17);
    BAD("reserved", p.reserved[0] = 1);
    BAD("reserved", p.reserved[sizeof p.reserved / sizeof *p.reserved - 1] = 1);
    BAD("fastest", p.kernels = "fastest");
    p = good_params();
    SAYS("params", rifec_device_of(NULL) == RIFEC_DEVICE_AUTO);
    p.device = (enum rifec_device)17;
    SAYS("device", rifec_device_of(&p) == RIFEC_DEVICE_AUTO);
    p = good_params();
    p.device_index = -1;
    SAYS("device_index", rifec_device_of(&p) == RIFEC_DEVICE_AUTO);
}

static void frames(struct rifec *r)
{
    struct rifec_frame f, good = good_frame();
    uint16_t luma[RIFEC_THUMB_WIDTH * RIFEC_THUMB_HEIGHT];
    bool equal;
#define BAD_FRAME(word, change)                                                          \
    do {                                                                                 \
        f = good_frame();                                                                \
        change;                                                                          \
        REFUSED(word, rifec_put(r, 100, &f));                                            \
        REFUSED(word, rifec_thumbnail(r, &f, luma));                                     \
        REFUSED(word, rifec_equal(r, &f, &good, &equal));                                \
        REFUSED(word, rifec_equal(r, &good, &f, &equal));                                \
        REFUSED(word, rifec_take_into(r, &f));                                           \
    } while (0)
    BAD_FRAME("62x48", f.width = 62);
    BAD_FRAME("64x-48", f.height = -48);
    BAD_FRAME("format", f.format.depth = 12);
    BAD_FRAME("memory", f.memory = RIFEC_MEMORY_CUDA);
    BAD_FRAME("memory", f.memory = (enum rifec_memory)9);
    BAD_FRAME("data[0]", f.data[0] = NULL);
    BAD_FRAME("data[2]", f.data[2] = NULL);
    BAD_FRAME("data[1]", f.data[1]++);
    BAD_FRAME("stride[0]", f.stride[0] = 0);
    BAD_FRAME("stride[0]", f.stride[0] = 2 * WIDTH - 2);
    BAD_FRAME("stride[0]", f.stride[0] = -2 * WIDTH + 2);
    BAD_FRAME("stride[2]", f.stride[2] = WIDTH - 2);
    BAD_FRAME("stride[1]", f.stride[1] = WIDTH + 1);
    BAD_FRAME("reserved", f.reserved[7] = 1);
}

static void calls(void)
{
    struct rifec *r = NULL;
    struct rifec_params p = good_params();
    struct rifec_frame f = good_frame(), *out = &f;
    uint16_t luma[RIFEC_THUMB_WIDTH * RIFEC_THUMB_HEIGHT];
    bool equal = true;
    REFUSED("'r'", rifec_put(NULL, 0, &f));
    REFUSED("'r'", rifec_interp(NULL, 0, 1, 0.5f));
    REFUSED("'r'", rifec_take(NULL, &out));
    CHECK(out == NULL);
    REFUSED("'r'", rifec_take_into(NULL, &f));
    REFUSED("'r'", rifec_thumbnail(NULL, &f, luma));
    REFUSED("'r'", rifec_equal(NULL, &f, &f, &equal));
    SAYS("'r'", rifec_get_info(NULL) == NULL);
    QUIET((rifec_close(NULL), true));
    QUIET((rifec_close(&r), true));
    QUIET(rifec_open(&r, &p) == 0);
    if (!r)
        return;
    REFUSED("'frame'", rifec_put(r, 0, NULL));
    REFUSED("'out'", rifec_take(r, NULL));
    REFUSED("'frame'", rifec_take_into(r, NULL));
    REFUSED("'frame'", rifec_thumbnail(r, NULL, luma));
    REFUSED("'luma'", rifec_thumbnail(r, &f, NULL));
    REFUSED("'a'", rifec_equal(r, NULL, &f, &equal));
    CHECK(!equal);
    REFUSED("'b'", rifec_equal(r, &f, NULL, &equal));
    REFUSED("'equal'", rifec_equal(r, &f, &f, NULL));
    REFUSED("outstanding", rifec_take(r, &out));
    REFUSED("outstanding", rifec_take_into(r, &f));
    frames(r);

    REFUSED("INT64_MIN", rifec_put(r, INT64_MIN, &f));
    QUIET(rifec_put(r, INT64_MIN + 1, &f) == 0);
    QUIET(rifec_put(r, 7, &f) == 0);
    REFUSED("seq", rifec_put(r, 7, &f));
    REFUSED("seq", rifec_put(r, 6, &f));
    QUIET(rifec_put(r, INT64_MAX, &f) == 0);
    REFUSED("seq", rifec_put(r, INT64_MIN, &f));
    REFUSED("seq0", rifec_interp(r, 1, 7, 0.5f));
    REFUSED("seq1", rifec_interp(r, 7, INT64_MIN, 0.5f));
    REFUSED("timestep", rifec_interp(r, 7, INT64_MAX, 0));
    REFUSED("timestep", rifec_interp(r, 7, INT64_MAX, 1.5f));
    /* The refused calls have changed nothing. */
    QUIET(rifec_interp(r, 7, INT64_MAX, 0.5f) == 0);
    REFUSED("take one first", rifec_interp(r, 7, INT64_MAX, 0.5f));
    REFUSED("'out'", rifec_take(r, NULL));
    frames(r);
    QUIET(rifec_take(r, &out) == 0);
    QUIET((rifec_frame_free(&out), out == NULL));
    CHECK_INT((int)rifec_get_info(r)->frames_loaded, 3);
    rifec_close(&r);
}

static void helpers(void)
{
    struct rifec_frame f = good_frame(), other = f, *none = NULL;
    const struct rifec_format zero = { 0 };
    struct rifec_format format;
    size_t bytes;
    int rows;
    QUIET((rifec_frame_free(NULL), true));
    QUIET((rifec_frame_free(&none), true));
    SAYS("format", !rifec_format_has(NULL, 0));
    QUIET(!rifec_format_has(&f.format, -1));
    QUIET(!rifec_format_has(&f.format, 4));
    SAYS("'a'", !rifec_frame_equal(NULL, &f));
    SAYS("'b'", !rifec_frame_equal(&f, NULL));
    other.width = WIDTH / 2;
    QUIET(!rifec_frame_equal(&f, &other));
    other.memory = RIFEC_MEMORY_CUDA;
    SAYS("host memory", !rifec_frame_equal(&f, &other));
    SAYS("frame", rifec_frame_bytes(NULL) == 0);

    static const struct {
        const char *word;
        int family, depth, w, h;
    } bad[] = { { "family", 0, 8, 0, 0 }, { "family", 4, 8, 0, 0 },
                { "depth", 2, 7, 1, 1 },  { "depth", 2, 17, 1, 1 },
                { "chroma", 2, 8, 3, 1 }, { "chroma", 2, 8, 1, -1 },
                { "chroma", 1, 8, 1, 1 }, { "chroma", 3, 8, 1, 0 } };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        SAYS(bad[i].word, (format = rifec_format_planar((enum rifec_family)bad[i].family,
                                                        bad[i].depth, bad[i].w, bad[i].h),
                           !memcmp(&format, &zero, sizeof format)));
    REFUSED("format", rifec_plane_size(NULL, 8, 8, 0, &bytes, &rows));
    REFUSED("row_bytes", rifec_plane_size(&f.format, 8, 8, 0, NULL, &rows));
    REFUSED("rows", rifec_plane_size(&f.format, 8, 8, 0, &bytes, NULL));
    REFUSED("width", rifec_plane_size(&f.format, 0, 8, 0, &bytes, &rows));
    REFUSED("height", rifec_plane_size(&f.format, 8, -1, 0, &bytes, &rows));
    REFUSED("plane", rifec_plane_size(&f.format, 8, 8, 4, &bytes, &rows));
    REFUSED("plane", rifec_plane_size(&f.format, 8, 8, -1, &bytes, &rows));

    SAYS("level", (rifec_log_set((enum rifec_log_level)9, NULL, NULL), true));
    CHECK(rifec_strerror(12345) != NULL);
}

/* The helpers describe exactly the formats that the engine accepts. */
static void planar_formats_open(void)
{
    for (int family = RIFEC_FAMILY_GRAY; family <= RIFEC_FAMILY_RGB; family++)
        for (int depth = 8; depth <= 16; depth += 4)
            for (int log2 = 0; log2 <= (family == RIFEC_FAMILY_YUV ? 2 : 0); log2++) {
                struct rifec *r;
                struct rifec_params p = good_params();
                size_t bytes;
                int rows;
                p.format =
                    rifec_format_planar((enum rifec_family)family, depth, log2, log2 / 2);
                QUIET(rifec_open(&r, &p) == 0);
                rifec_close(&r);
                int planes = family == RIFEC_FAMILY_GRAY ? 1 : 3;
                for (int plane = 0; plane < 4; plane++) {
                    int down = plane && plane < planes ? log2 : 0;
                    size_t samples_wide = (size_t)((67 + (1 << down) - 1) >> down);
                    CHECK_INT(rifec_plane_size(&p.format, 67, 5, plane, &bytes, &rows),
                              0);
                    CHECK_INT((int)bytes, plane < planes
                                              ? (int)samples_wide * (depth > 8 ? 2 : 1)
                                              : 0);
                    CHECK_INT(rows, plane >= planes ? 0 : down / 2 ? 3 : 5);
                }
            }
}

static void devices(void)
{
    struct rifec_device_info list[1];
    struct rifec_cuda place;
    char why[64];
    REFUSED("max", rifec_list_devices(list, -1, why, sizeof why));
    REFUSED("out", rifec_list_devices(NULL, 1, why, sizeof why));
    REFUSED("why", rifec_list_devices(list, 1, NULL, sizeof why));
    QUIET(rifec_list_devices(NULL, 0, NULL, 0) >= 0);
    SAYS("out", (rifec_get_cuda_versions(NULL), true));
    REFUSED("out", rifec_cuda_open(NULL, 0, why, sizeof why));
    REFUSED("device_index", rifec_cuda_open(&place, -1, why, sizeof why));
    CHECK(place.context == NULL);
    REFUSED("why", rifec_cuda_open(&place, 0, NULL, sizeof why));
    QUIET((rifec_cuda_close(NULL), rifec_cuda_close(&place), true));
}

int main(void)
{
    rifec_log_set(RIFEC_LOG_WARNING, listen, NULL);
    parameters();
    calls();
    helpers();
    planar_formats_open();
    devices();
    return check_result();
}
