/*
 * Cuts: the score of pictures that move, brighten, stand still or have nothing in common,
 * and the reading of lists of cuts.
 */
#define _POSIX_C_SOURCE 200809L /* mkstemp */
#include "pipeline/scene.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "message.h"
#include "base/timecode.h"
#include "rifec/error.h"

#define W RIFEC_THUMB_WIDTH
#define H RIFEC_THUMB_HEIGHT

/* Smooth random texture, larger than a thumbnail, so that a window can move. */
#define FIELD 256
static float field[2][FIELD][FIELD];

static void make_fields(void)
{
    unsigned seed = 7;
    for (int f = 0; f < 2; f++) {
        for (int y = 0; y < FIELD; y++)
            for (int x = 0; x < FIELD; x++)
                field[f][y][x] =
                    (float)((seed = seed * 1664525 + 1013904223) >> 8) / (1 << 24);
        for (int pass = 0; pass < 6; pass++)
            for (int y = 1; y < FIELD - 1; y++)
                for (int x = 1; x < FIELD - 1; x++)
                    field[f][y][x] =
                        (field[f][y][x] * 2 + field[f][y - 1][x] + field[f][y + 1][x] +
                         field[f][y][x - 1] + field[f][y][x + 1]) /
                        6;
        for (int y = 0; y < FIELD; y++) /* contrast and mean differ between fields */
            for (int x = 0; x < FIELD; x++)
                field[f][y][x] = (field[f][y][x] - .5f) * 3 + (f ? .65f : .35f);
    }
}

static const uint16_t *view(int f, int dx, int dy, float gain, float offset)
{
    static uint16_t thumbs[2][W * H];
    static int next;
    uint16_t *t = thumbs[next = !next];
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            float v = field[f][80 + y + dy][80 + x + dx] * gain + offset;
            t[y * W + x] = (uint16_t)((v < 0 ? 0 : v > 1 ? 1 : v) * 65535);
        }
    return t;
}

static void test_score(void)
{
    const double limit = SCENE_THRESHOLD;
    CHECK(scene_score(view(0, 0, 0, 1, 0), view(0, 0, 0, 1, 0)) == 0);
    CHECK(scene_score(view(0, 0, 0, 1, 0), view(0, 9, -7, 1, 0)) < limit);  /* moves    */
    CHECK(scene_score(view(0, 0, 0, 1, 0), view(0, 16, 16, 1, 0)) < limit); /* and fast */
    CHECK(scene_score(view(0, 0, 0, 1, 0), view(0, 0, 0, 1, .3f)) < limit); /* flashes  */
    CHECK(scene_score(view(0, 0, 0, 1, 0), view(0, 1, 0, .8f, 0)) < limit); /* fades    */
    CHECK(scene_score(view(0, 0, 0, 1, 0), view(1, 0, 0, 1, 0)) > limit);   /* cuts     */
    CHECK(scene_score(view(1, 5, 5, 1, 0), view(0, 0, 0, 1, 0)) > limit);
    CHECK(scene_is_cut(view(0, 0, 0, 1, 0), view(1, 0, 0, 1, 0), limit));
    CHECK(!scene_is_cut(view(0, 0, 0, 1, 0), view(0, 9, -7, 1, 0), limit));
    /* From black to a picture there is nothing to interpolate, in either direction. */
    double black = scene_score(view(0, 0, 0, 0, 0), view(0, 0, 0, 1, 0));
    CHECK(black >= 0 && isfinite(black));
    black = scene_score(view(0, 0, 0, 0, 0), view(0, 0, 0, 0, 0));
    CHECK(black == 0);
}

static void test_same(void)
{
    static uint16_t noisy[W * H];
    const uint16_t *a = view(0, 0, 0, .8f, .1f);
    for (int i = 0; i < W * H; i++)
        noisy[i] = (uint16_t)(a[i] ^ (i % 3 * 32)); /* up to 64 off */
    CHECK(scene_same(a, a));
    CHECK(scene_same(a, noisy));
    CHECK(!scene_same(a, view(0, 1, 0, .8f, .1f)));
    noisy[1234] = (uint16_t)(noisy[1234] + 4000); /* something small appears */
    CHECK(!scene_same(a, noisy));
}

static int open_bytes(struct scene_list *list, const char *bytes, size_t size)
{
    char path[] = "/tmp/rifec_cuts_XXXXXX";
    int fd = mkstemp(path);
    CHECK(write(fd, bytes, size) == (ssize_t)size);
    close(fd);
    int err = scene_list_open(list, path);
    unlink(path);
    return err;
}

static int open_text(struct scene_list *list, const char *text)
{
    return open_bytes(list, text, strlen(text));
}

static void test_list(void)
{
    struct scene_list list;
    CHECK(open_text(&list, "# cuts\n1.5\n\n 0:02.25  # a door\r\n00:01:00\n") == 0);
    CHECK_INT(list.count, 3);
    CHECK(scene_list_has(&list, 1400000, 1500000));
    CHECK(!scene_list_has(&list, 1500000, 1600000));
    CHECK(scene_list_has(&list, 2000000, 2260000));
    CHECK(scene_list_has(&list, 59960000, 60000000));
    CHECK(!scene_list_has(&list, 60000000, 70000000));
    scene_list_close(&list);
    CHECK(open_text(&list, "") == 0);
    CHECK_INT(list.count, 0);
    CHECK_INT(scene_list_open(&list, "/nonexistent/cuts"), RIFEC_ERR_INPUT);
}

/* Lists as editors of other systems save them, and a comment longer than any buffer. */
static void test_list_of_another_editor(void)
{
    struct scene_list list;
    char text[8192];
    snprintf(text, sizeof text,
             "\xef\xbb\xbf"
             "0.4\r\n1.5 # %7000d\r\n\r\n2.25",
             0);
    CHECK(open_text(&list, text) == 0);
    CHECK_INT(list.count, 3);
    CHECK(list.count == 3 && list.us[0] == 400000 && list.us[2] == 2250000);
    scene_list_close(&list);
}

/* Lines that were once misread or ignored are refused, with their number. */
static void test_list_refused(void)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "1.5\nsoon\n", ":2: 'soon' is not a time" },
        { "2\n1\n", ":2: '1' is earlier" },
        { "0,4\n", ":1: '0,4' has a comma" },
        { "1\n00:00:02,040\n", ":2: '00:00:02,040' has a comma" },
        { "Scene Number,Start Frame\n1,0\n", ":1: 'Scene Number,Start Frame' has a" },
        { "# cuts\n1.5, a door\n", ":2: '1.5, a door' has a comma" },
        { "1.5 2.5\n", ":1: '1.5 2.5' is not a time" },
        { "120 I\n", ":1: '120 I' is not a time" },
        { "1;5\n", ":1: '1;5' is not a time" },
        { "1.5s\n", ":1: '1.5s' is not a time" },
        { "-1\n", ":1: '-1' is not a time" },
        { "1.5\r2.5\r", ":1: this is not a line of text" },
        { "\xff\xfe"
          "1",
          ":1: '?"
          "?1' is not a time" },
    };
    struct scene_list list;
    rifec_log_set(RIFEC_LOG_INFO, keep_message, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        message[0] = '\0';
        CHECK_INT(open_text(&list, cases[i].text), RIFEC_ERR_INPUT);
        CHECK_INT(list.count, 0);
        if (!CHECK(strstr(message, cases[i].says) != NULL))
            fprintf(stderr, "    %s\n", message);
    }
    /* As a string, UTF-16 ends after its first digit. */
    CHECK_INT(open_bytes(&list, "1\0.\0005\0\n", 8), RIFEC_ERR_INPUT);
    CHECK(strstr(message, ":1: this is not a line of text") != NULL);
    rifec_log_set(RIFEC_LOG_WARNING, NULL, NULL);
}

static void test_timecode(void)
{
    static const struct {
        const char *text;
        int64_t us; /* -1: refused */
    } cases[] = {
        { "0", 0 },
        { "90", 90000000 },
        { "1.5", 1500000 },
        { "0.0000019", 1 },
        { "01:02", 62000000 },
        { "1:02:03.25", 3723250000 },
        { "99:59:59", 359999000000 },
        { "", -1 },
        { "-1", -1 },
        { "1:60", -1 },
        { "1:2:3:4", -1 },
        { "1.5s", -1 },
        { "999999999999999999999", -1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t us;
        bool ok = timecode_parse(cases[i].text, &us);
        if (!CHECK_INT(ok ? us : -1, cases[i].us))
            fprintf(stderr, "    '%s'\n", cases[i].text);
    }
}

int main(void)
{
    rifec_log_set(RIFEC_LOG_QUIET, NULL, NULL);
    make_fields();
    test_score();
    test_same();
    test_list();
    test_list_of_another_editor();
    test_list_refused();
    test_timecode();
    return check_result();
}
