/* Tolerances, and manifests that are right, wrong or malicious. */
#define _XOPEN_SOURCE 700 /* mkstemp */
#include "golden/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "check.h"
#include "message.h"
#include "rifec/error.h"

static void check_tolerance(void)
{
    static const struct {
        const char *text, *back; /* NULL: refused */
    } cases[] = {
        { "exact", "exact" },
        { "oneoff", "oneoff=1" },
        { "oneoff=3", "oneoff=3" },
        { "psnr=50", "psnr=50" },
        { "psnr=48.5", "psnr=48.5" },
        { "ssim=0.99", "ssim=0.99" },
        { "maxabs=0", "maxabs=0" },
        { "", NULL },
        { "exact=1", NULL },
        { "psnr", NULL },
        { "psnr=", NULL },
        { "psnr=nan", NULL },
        { "psnr=inf", NULL },
        { "psnr=-3", NULL },
        { "psnr=50x", NULL },
        { "psnr=0x10", NULL },
        { "ssim=1.1", NULL },
        { "maxabs=1.5", NULL },
        { "oneoff=0", NULL },
        { "oneoff=99999", NULL },
        { "exactly", NULL },
        { "PSNR=50", NULL },
        { "psnr= 50", NULL },
        { "psnr=1e1", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct golden_tolerance t;
        char back[GOLDEN_TOLERANCE_TEXT] = "";
        bool ok = golden_tolerance_parse(&t, cases[i].text);
        if (ok)
            golden_tolerance_print(&t, back);
        if (!CHECK(ok == (cases[i].back != NULL)))
            fprintf(stderr, "    '%s'\n", cases[i].text);
        if (ok && cases[i].back)
            CHECK_STR(back, cases[i].back);
    }
    struct metrics m = { .psnr_db = 49.9, .ssim = .98, .max_abs = 2 };
    CHECK(!golden_tolerance_holds(&(struct golden_tolerance){ GOLDEN_EXACT, 0 }, &m));
    CHECK(!golden_tolerance_holds(&(struct golden_tolerance){ GOLDEN_ONEOFF, 1 }, &m));
    CHECK(golden_tolerance_holds(&(struct golden_tolerance){ GOLDEN_ONEOFF, 2 }, &m));
    CHECK(!golden_tolerance_holds(&(struct golden_tolerance){ GOLDEN_PSNR, 50 }, &m));
    CHECK(golden_tolerance_holds(&(struct golden_tolerance){ GOLDEN_PSNR, 49.9 }, &m));
    CHECK(!golden_tolerance_holds(&(struct golden_tolerance){ GOLDEN_SSIM, .99 }, &m));
}

static const char good[] =
    "{\"schema\":1,\"tool\":\"rifec\",\"version\":\"v\",\"model_sha256\":\"s\","
    "\"settings\":\"--x2\\n\",\"engine\":{\"backend\":\"cpu\",\"description\":\"CPU, C\","
    "\"precision\":\"fp32\",\"deterministic\":true},\"video\":{\"width\":64,"
    "\"height\":48,\"pix_fmt\":\"yuv420p\",\"time_base_num\":1,\"time_base_den\":50},"
    "\"hash\":\"md5\",\"tolerance\":\"psnr=50\",\"frames_stored\":false,\"frames\":["
    "{\"pts\":-1,\"kind\":\"source\",\"hash\":\"0123456789abcdef0123456789abcdef\"},"
    "{\"pts\":1,\"kind\":\"between\",\"hash\":\"0123456789abcdef0123456789abcdee\","
    "\"tolerance\":\"oneoff\"}]}";

static int parse(struct golden_manifest *m, const char *text, size_t size)
{
    return golden_manifest_parse(m, text, size, "golden.json");
}

static void check_good(void)
{
    struct golden_manifest m, again;
    bool found;
    CHECK_INT(parse(&m, good, sizeof good - 1), 0);
    CHECK_INT(m.count, 2);
    CHECK_INT(m.frames[0].pts, -1);
    CHECK_INT(m.frames[1].kind, GOLDEN_BETWEEN);
    CHECK(m.frames[1].has_tolerance && m.frames[1].tolerance.bound == 1);
    CHECK(m.has_tolerance && m.tolerance.bound == 50);

    /* A manifest is the same after writing and reading it. */
    char path[] = "/tmp/golden-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    close(fd);
    CHECK_INT(golden_manifest_write(&m, path), 0);
    CHECK_INT(golden_manifest_read(&again, path, &found), 0);
    CHECK(found && again.count == 2);
    CHECK_STR(again.subject.settings, "--x2\n");
    CHECK_STR(again.frames[1].hash, m.frames[1].hash);
    CHECK(again.subject.deterministic && again.frames[1].has_tolerance);
    golden_manifest_close(&m);
    golden_manifest_close(&again);
    unlink(path);
    CHECK_INT(golden_manifest_read(&again, path, &found), 0);
    CHECK(!found);
}

/* Replaces one place of the text. */
static void check_replaced(const char *from, const char *to)
{
    static char text[sizeof good + 4096];
    struct golden_manifest m;
    const char *at = strstr(good, from);
    int before = (int)(at - good);
    int size =
        snprintf(text, sizeof text, "%.*s%s%s", before, good, to, at + strlen(from));
    if (!CHECK_INT(parse(&m, text, (size_t)size), RIFEC_ERR_INPUT))
        fprintf(stderr, "    with %s for %s\n", to, from);
    CHECK(m.count == 0 && m.frames == NULL);
}

static void check_wrong(void)
{
    struct golden_manifest m;
    check_replaced("\"schema\":1", "\"schema\":2");
    check_replaced("\"schema\":1", "\"schema\":\"1\"");
    check_replaced("\"schema\":1,", "");
    check_replaced("\"pts\":-1", "\"pts\":1e300");
    check_replaced("\"pts\":-1", "\"pts\":0.5");
    check_replaced("\"pts\":-1", "\"pts\":null");
    check_replaced("\"kind\":\"source\"", "\"kind\":\"sauce\"");
    check_replaced("\"kind\":\"source\"", "\"kind\":7");
    check_replaced("0123456789abcdef0123456789abcdef",
                   "0123456789ABCDEF0123456789abcdef");
    check_replaced("0123456789abcdef0123456789abcdef", "../../../../etc/passwd");
    check_replaced("\"hash\":\"0123456789abcdef0123456789abcdef\"", "\"hash\":[]");
    check_replaced("\"tolerance\":\"psnr=50\"", "\"tolerance\":\"psnr\"");
    check_replaced("\"tolerance\":\"psnr=50\"", "\"tolerance\":50");
    check_replaced("\"frames_stored\":false", "\"frames_stored\":\"/etc/passwd\"");
    check_replaced("\"width\":64", "\"width\":-64");
    check_replaced("\"width\":64", "\"width\":99999999999");
    check_replaced("\"time_base_den\":50", "\"time_base_den\":0");
    check_replaced("\"engine\":{", "\"engine\":[{");
    check_replaced("\"engine\":{", "\"motor\":{");
    check_replaced("\"model_sha256\":\"s\"", "\"model_sha256\":{}");
    check_replaced("\"frames\":[", "\"frames\":{");
    check_replaced("{\"pts\":-1", "[{\"pts\":-1");

    /* The text is cut at every length. */
    for (size_t i = 0; i + 1 < sizeof good - 1; i++)
        CHECK(parse(&m, good, i) == RIFEC_ERR_INPUT);

    /* Nested so deeply that it would overflow the stack. */
    static char deep[200000];
    memset(deep, '[', sizeof deep);
    CHECK_INT(parse(&m, deep, sizeof deep), RIFEC_ERR_INPUT);

    /* If any byte changes, the text is read or refused; the sanitizers watch. */
    static char text[sizeof good];
    unsigned state = 7;
    for (int i = 0; i < 4000; i++) {
        memcpy(text, good, sizeof good);
        for (int k = 0; k < 3; k++) {
            state = state * 1664525u + 1013904223u;
            text[(state >> 8) % (sizeof good - 1)] = (char)(state >> 24);
        }
        int err = parse(&m, text, sizeof good - 1);
        CHECK(err == 0 || err == RIFEC_ERR_INPUT);
        golden_manifest_close(&m);
    }
}

int main(void)
{
    rifec_log_set(RIFEC_LOG_ERROR, keep_message, NULL);
    check_tolerance();
    check_good();
    check_wrong();
    return check_result();
}
