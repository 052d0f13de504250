/*
 * How far FP16 is from FP32 on CUDA: on clips scaled to four sizes, and whether it
 * depends on where in the picture one looks, as it would if a coordinate were FP16
 * somewhere: those move in steps of a pixel beyond 1024, of two beyond 2048.
 *
 *     precision [--sizes N,N...] [--cpu] [CLIP.y4m...]
 *
 * Every in-between of a clip counts, at t = 1/2. Without clips, a painted one. --cpu
 * compares kernels of the CPU instead, to try this program itself.
 */
#include "check.h"
#include "checkop.h"
#include "clip.h"
#include "rifec/rifec.h"
#if RIFEC_HAVE_CUDA
#include "checkcuda.h"
#endif

#define LIMIT_DB   50
#define GOAL_DB    55
#define FRAMES_MAX 8
#define SIZES_MAX  8

static bool on_cpu;

static struct rifec *open_engine(const struct rifec_format *format, int width, int height,
                                 bool halved)
{
    struct rifec *r;
    struct rifec_params p = { .width = width,
                              .height = height,
                              .format = *format,
                              .color = clip_color,
                              .device = on_cpu ? RIFEC_DEVICE_CPU : RIFEC_DEVICE_CUDA,
                              .precision = halved && !on_cpu ? RIFEC_PRECISION_FP16
                                                             : RIFEC_PRECISION_FP32,
                              .kernels = halved && on_cpu ? "c" : NULL,
                              .in_flight = 1 };
    return CHECK_INT(rifec_open(&r, &p), 0) ? r : NULL;
}

/* Makes the in-betweens of `count` frames; returns false if no engine can. */
static bool interpolate(const struct rifec_frame *frames, int count, bool halved,
                        struct rifec_frame *out[])
{
    struct rifec *r =
        open_engine(&frames[0].format, frames[0].width, frames[0].height, halved);
    bool ok = r != NULL;
    for (int i = 0; ok && i < count; i++) {
        ok = CHECK_INT(rifec_put(r, i, &frames[i]), 0);
        if (ok && i > 0)
            ok = CHECK_INT(rifec_interp(r, i - 1, i, 0.5f), 0) &&
                 CHECK_INT(rifec_take(r, &out[i - 1]), 0);
    }
    rifec_close(&r);
    return ok;
}

struct results {
    struct rifec_frame *half[FRAMES_MAX], *full[FRAMES_MAX];
    int count;
};

static bool make_results(struct results *out, const struct rifec_frame *frames, int count)
{
    *out = (struct results){ .count = count - 1 };
    return interpolate(frames, count, true, out->half) &&
           interpolate(frames, count, false, out->full);
}

static void free_results(struct results *r)
{
    for (int i = 0; i < FRAMES_MAX; i++) {
        rifec_frame_free(&r->half[i]);
        rifec_frame_free(&r->full[i]);
    }
}

/* --- scaling ---------------------------------------------------------------------- */

/* Weights of Catmull-Rom for the four samples around a position between the middle
 * two. */
static void cubic(float f, float w[4])
{
    w[0] = ((-0.5f * f + 1) * f - 0.5f) * f;
    w[1] = (1.5f * f - 2.5f) * f * f + 1;
    w[2] = ((-1.5f * f + 2) * f + 0.5f) * f;
    w[3] = (0.5f * f - 0.5f) * f * f;
}

struct taps {
    int at[4];
    float weight[4];
};

static struct taps taps_of(int d, int from, int to)
{
    struct taps t;
    float at = ((float)d + 0.5f) * (float)from / (float)to - 0.5f;
    int lo = (int)floorf(at);
    cubic(at - (float)lo, t.weight);
    for (int i = 0; i < 4; i++) {
        int k = lo - 1 + i;
        t.at[i] = k < 0 ? 0 : k < from ? k : from - 1;
    }
    return t;
}

static struct rifec_frame scaled(const struct rifec_frame *in, int width, int height)
{
    struct rifec_frame out = make_frame(&in->format, width, height);
    float max = (float)((1 << in->format.depth) - 1);
    for (int c = 0; c < 3; c++) {
        int iw = component_width(in, c), ih = component_height(in, c);
        int ow = component_width(&out, c), oh = component_height(&out, c);
        struct taps *columns = malloc((size_t)ow * sizeof *columns);
        float *row = malloc((size_t)iw * sizeof *row);
        if (!columns || !row)
            abort();
        for (int x = 0; x < ow; x++)
            columns[x] = taps_of(x, iw, ow);
        for (int y = 0; y < oh; y++) {
            struct taps t = taps_of(y, ih, oh);
            for (int x = 0; x < iw; x++) {
                row[x] = 0;
                for (int i = 0; i < 4; i++)
                    row[x] += t.weight[i] * (float)get_code(in, c, x, t.at[i]);
            }
            for (int x = 0; x < ow; x++) {
                float v = 0.5f;
                for (int i = 0; i < 4; i++)
                    v += columns[x].weight[i] * row[columns[x].at[i]];
                set_code(&out, c, x, y, (int)(v < 0 ? 0 : v > max ? max : v));
            }
        }
        free(columns);
        free(row);
    }
    return out;
}

/* Scales the shorter side to `size`. */
static void try_size(const struct rifec_frame *frames, int count, int size)
{
    int w = frames[0].width, h = frames[0].height, least = w < h ? w : h;
    int width = (int)lround((double)w * size / least),
        height = (int)lround((double)h * size / least);
    struct rifec_frame big[FRAMES_MAX];
    struct results r;
    struct difference all = { 0 };
    double least_db = 999;
    for (int i = 0; i < count; i++)
        big[i] = scaled(&frames[i], width, height);
    if (make_results(&r, big, count))
        for (int i = 0; i < r.count; i++) {
            struct difference d = { 0 };
            difference_add(&d, r.half[i], r.full[i], 0, width);
            double db = difference_psnr(&d, frames[0].format.depth);
            least_db = db < least_db ? db : least_db;
            all.worst = d.worst > all.worst ? d.worst : all.worst;
            all.squares += d.squares;
            all.count += d.count;
        }
    double db = difference_psnr(&all, frames[0].format.depth);
    printf("  %4dx%-4d %6.2f dB, worst in-between %6.2f, %3d of %d codes at most%s\n",
           width, height, db, least_db, all.worst, (1 << frames[0].format.depth) - 1,
           least_db < LIMIT_DB  ? ": TOO FAR"
           : least_db < GOAL_DB ? " (below the goal)"
                                : "");
    fflush(stdout);
    CHECK(all.count > 0 && least_db >= LIMIT_DB);
    free_results(&r);
}

/* --- positions -------------------------------------------------------------------- */

#define TILE_WIDTH  480 /* multiples of 32 pixels of the first block's, 8 to one */
#define TILE_HEIGHT 256
#define NEAR_EDGE   640 /* pixels from the edge within which flow may depend on it */

/* Repeats the middle of the picture as tiles: then the true error is the same in every
 * tile that is far from the edges. */
static struct rifec_frame tiled(const struct rifec_frame *in, int columns, int rows)
{
    struct rifec_frame out =
        make_frame(&in->format, columns * TILE_WIDTH, rows * TILE_HEIGHT);
    int left = (in->width - TILE_WIDTH) / 2 & ~1,
        top = (in->height - TILE_HEIGHT) / 2 & ~1;
    for (int c = 0; c < 3; c++) {
        int w = component_width(&out, c), h = component_height(&out, c), log2 = c > 0;
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                set_code(&out, c, x, y,
                         get_code(in, c, (left >> log2) + x % (TILE_WIDTH >> log2),
                                  (top >> log2) + y % (TILE_HEIGHT >> log2)));
    }
    return out;
}

/* The error of one tile between two pictures. */
static double tile_error(const struct rifec_frame *a, const struct rifec_frame *b,
                         int column, int row)
{
    double squares = 0;
    for (int y = 0; y < TILE_HEIGHT; y++)
        for (int x = 0; x < TILE_WIDTH; x++) {
            int px = column * TILE_WIDTH + x, py = row * TILE_HEIGHT + y;
            double e = get_code(a, 0, px, py) - get_code(b, 0, px, py);
            squares += e * e;
        }
    return squares / (TILE_WIDTH * TILE_HEIGHT);
}

static void positions(const struct rifec_frame *frames, int columns, int rows)
{
    struct rifec_frame big[2] = { tiled(&frames[0], columns, rows),
                                  tiled(&frames[1], columns, rows) };
    struct results r;
    bool wide = columns * TILE_WIDTH > rows * TILE_HEIGHT;
    int count = wide ? columns : rows, side = wide ? TILE_WIDTH : TILE_HEIGHT;
    int across = wide ? rows : columns;
    double mean = 0, worst = 0;
    int inside = 0;
    if (!make_results(&r, big, 2))
        return;
    printf("  %dx%d, mean squared error of luma by %s of one content:\n   ",
           columns * TILE_WIDTH, rows * TILE_HEIGHT, wide ? "columns" : "rows");
    for (int i = 0; i < count; i++) {
        double error = 0;
        for (int j = 0; j < across; j++)
            error +=
                tile_error(r.half[0], r.full[0], wide ? i : j, wide ? j : i) / across;
        bool near = i * side < NEAR_EDGE || (count - 1 - i) * side < NEAR_EDGE;
        printf(" %d:%s%.4f", i * side, near ? "~" : "", error);
        if (near)
            continue;
        mean += error;
        inside++;
        worst = error > worst ? error : worst;
    }
    mean /= inside;
    printf("\n    far from the edge: mean %.4f, worst %.4f, %.2f times that\n", mean,
           worst, mean > 0 ? worst / mean : 1);
    fflush(stdout);
    CHECK(inside > 0 && worst <= 1.5 * mean);
    free_results(&r);
}

/* --- main ------------------------------------------------------------------------- */

static int read_frames(const char *path, struct rifec_frame frames[FRAMES_MAX])
{
    struct y4m clip = { 0 };
    int count = 0;
    if (!path) {
        for (; count < 3; count++) {
            frames[count] = make_frame(clip_format("yuv420p"), 640, 360);
            clip_paint(&frames[count], count);
        }
        return count;
    }
    if (CHECK(y4m_open(&clip, path)))
        for (; count < FRAMES_MAX; count++) {
            frames[count] = make_frame(clip.format, clip.width, clip.height);
            if (!y4m_read(&clip, &frames[count]))
                break;
        }
    y4m_close(&clip);
    return count;
}

static void try_clip(const char *path, const int *sizes)
{
    struct rifec_frame frames[FRAMES_MAX];
    int count = read_frames(path, frames);
    printf("%s\n", path ? path : "painted");
    if (CHECK(count >= 2)) {
        for (int i = 0; sizes[i]; i++)
            try_size(frames, count, sizes[i]);
        bool fits = frames[0].width >= TILE_WIDTH && frames[0].height >= TILE_HEIGHT;
        if (fits && on_cpu) {
            positions(frames, 5, 1);
        } else if (fits) {
            positions(frames, 16, 3);
            positions(frames, 2, 30);
        }
    }
    checkop_free_all();
}

int main(int argc, char **argv)
{
    int sizes[SIZES_MAX + 1] = { 1080, 1440, 2160, 4320 }, i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "--cpu")) {
            on_cpu = true;
        } else if (!strcmp(argv[i], "--sizes") && i + 1 < argc) {
            int n = 0;
            for (char *word = strtok(argv[++i], ","); word && n < SIZES_MAX;
                 word = strtok(NULL, ","))
                sizes[n++] = atoi(word);
            sizes[n] = 0;
        } else {
            return 2;
        }
    }
    if (!on_cpu) {
#if RIFEC_HAVE_CUDA
        if (!checkcuda_start())
            return CHECK_SKIP;
#else
        printf("skipped: built without CUDA\n");
        return CHECK_SKIP;
#endif
    }
    rifec_log_set(RIFEC_LOG_WARNING, NULL, NULL);
    if (i == argc)
        try_clip(NULL, sizes);
    for (; i < argc; i++)
        try_clip(argv[i], sizes);
    return check_result();
}
