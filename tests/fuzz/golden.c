/* Golden manifests and tolerances: what is read, written and read again stays the
 * same. */
#include <string.h>

#include "fuzz.h"
#include "golden/manifest.h"

static void try_tolerance(const char *text)
{
    struct golden_tolerance a, b;
    char printed[GOLDEN_TOLERANCE_TEXT];
    if (!golden_tolerance_parse(&a, text))
        return;
    golden_tolerance_print(&a, printed);
    MUST(golden_tolerance_parse(&b, printed));
    MUST(a.tier == b.tier);
}

static void compare(const struct golden_manifest *a, const struct golden_manifest *b)
{
    MUST(!strcmp(a->subject.settings, b->subject.settings));
    MUST(a->subject.width == b->subject.width && a->subject.height == b->subject.height);
    MUST(a->has_tolerance == b->has_tolerance && a->has_frames == b->has_frames);
    MUST(a->count == b->count);
    for (int64_t i = 0; i < a->count; i++) {
        const struct golden_frame *f = &a->frames[i], *g = &b->frames[i];
        MUST(f->pts == g->pts && f->kind == g->kind && !strcmp(f->hash, g->hash));
        MUST(f->has_tolerance == g->has_tolerance);
    }
}

static void write_again(const struct golden_manifest *m)
{
    bool found;
    struct golden_manifest again;
    const char *path = fuzz_file("", 0);
    int err = golden_manifest_write(m, path);
    MUST(err == 0);
    err = golden_manifest_read(&again, path, &found);
    MUST(err == 0 && found);
    compare(m, &again);
    golden_manifest_close(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    uint8_t *copy = fuzz_copy(data, size);
    struct golden_manifest m;
    fuzz_begin();
    try_tolerance(text);
    int err = golden_manifest_parse(&m, (const char *)copy, size, "golden.json");
    fuzz_judge(err);
    if (!err)
        write_again(&m);
    golden_manifest_close(&m);
    free(copy);
    free(text);
    return 0;
}
