/*
 * The text files in a .resume folder: an input as it is, and as the text of a file whose
 * checksum is right. If a byte of 1 separates two texts, their difference is described.
 */
#define _POSIX_C_SOURCE 200809L
#include <string.h>

#include "fuzz.h"
#include "pipeline/resume_settings.h"
#include "pipeline/resume_state.h"

static void try_as_it_is(const uint8_t *data, size_t size)
{
    enum state_kind kind;
    char *text;
    uint8_t *copy = fuzz_copy(data, size);
    int err = state_parse((const char *)copy, size, &kind, &text);
    MUST(err == 0 && kind != STATE_ABSENT);
    MUST(!text == (kind != STATE_WHOLE));
    free(text);
    free(copy);
}

static void try_sealed(const char *text)
{
    enum state_kind kind;
    uint8_t digest[DIGEST_SIZE];
    char sum[DIGEST_TEXT], *read;
    size_t room = strlen(text) + 128;
    char *whole = malloc(room);
    MUST(whole && state_digest(text, digest) == 0);
    digest_text(digest, sum);
    int n = snprintf(whole, room, "rifec resume 2\n%schecksum: %s\n", text, sum);
    int err = state_parse(whole, (size_t)n, &kind, &read);
    MUST(err == 0 && kind == STATE_WHOLE && !strcmp(read, text));
    free(read);
    free(whole);
}

static void try_comparison(char *text)
{
    char line[INPUT_LINE];
    char *other = strchr(text, 1);
    if (other)
        *other++ = '\0';
    settings_find_input(text, line);
    settings_match(text, other ? other : "", line);
    settings_say_difference("out.mkv.resume", text, other ? other : "");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    fuzz_begin();
    try_as_it_is(data, size);
    try_sealed(text);
    try_comparison(text);
    free(text);
    return 0;
}
