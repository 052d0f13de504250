/* The ZIP archive: from its end to its directory, and from there to the files. */
#include "model/zip.h"

#include <string.h>

#include "base/err.h"
#include "base/log.h"

#define END_BYTES       22
#define END64_BYTES     56
#define LOCATOR64_BYTES 20
#define ENTRY_BYTES     46
#define LOCAL_BYTES     30
#define COMMENT_MAX     65535

static uint64_t number(const unsigned char *p, int bytes)
{
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++)
        v |= (uint64_t)p[i] << 8 * i;
    return v;
}

static bool has_mark(const unsigned char *p, int a, int b)
{
    return p[0] == 'P' && p[1] == 'K' && p[2] == a && p[3] == b;
}

static bool is_inside(const struct zip *z, uint64_t at, uint64_t bytes)
{
    return at <= z->file->bytes && bytes <= z->file->bytes - at;
}

static int damaged(const struct zip *z)
{
    log_error(
        "%s: the directory of this ZIP archive is incomplete: truncated or damaged: "
        "fetch it again",
        z->name);
    return RIFEC_ERR_MODEL;
}

/* ZIP64: the end record may say "look in the other one", which lies before it. */
static int find_end64(const struct zip *z, size_t end, uint64_t *at, uint64_t *bytes)
{
    const unsigned char *p = z->file->data;
    if (end < LOCATOR64_BYTES || !has_mark(p + end - LOCATOR64_BYTES, 6, 7))
        return 0;
    uint64_t end64 = number(p + end - LOCATOR64_BYTES + 8, 8);
    if (!is_inside(z, end64, END64_BYTES) || !has_mark(p + end64, 6, 6))
        return damaged(z);
    *bytes = number(p + end64 + 40, 8);
    *at = number(p + end64 + 48, 8);
    return 0;
}

int zip_open(struct zip *z, const struct filebytes *file, const char *name)
{
    *z = (struct zip){ .file = file, .name = name };
    const unsigned char *p = file->data;
    size_t end = file->bytes, lowest = 0;
    if (end < END_BYTES)
        return damaged(z);
    end -= END_BYTES;
    if (end > COMMENT_MAX)
        lowest = end - COMMENT_MAX;
    while (!has_mark(p + end, 5, 6)) {
        if (end == lowest)
            return damaged(z);
        end--;
    }
    uint64_t bytes = number(p + end + 12, 4), at = number(p + end + 16, 4);
    int err = find_end64(z, end, &at, &bytes);
    if (err < 0)
        return err;
    if (!is_inside(z, at, bytes))
        return damaged(z);
    z->at = p + at;
    z->end = z->at + bytes;
    return 0;
}

/* Sizes that do not fit in 32 bits are in the extra field 1, in a fixed order. */
static bool widen(const unsigned char *extra, size_t length, uint64_t *sizes[3])
{
    bool all_fit = true;
    for (int i = 0; i < 3; i++)
        all_fit = all_fit && *sizes[i] != 0xffffffff;
    while (!all_fit && length >= 4) {
        size_t n = (size_t)number(extra + 2, 2);
        if (n > length - 4)
            return false;
        if (number(extra, 2) == 1) {
            const unsigned char *p = extra + 4;
            for (int i = 0; i < 3; i++) {
                if (*sizes[i] != 0xffffffff)
                    continue;
                if ((size_t)(extra + 4 + n - p) < 8)
                    return false;
                *sizes[i] = number(p, 8);
                p += 8;
            }
            return true;
        }
        extra += 4 + n;
        length -= 4 + n;
    }
    return all_fit;
}

int zip_next(struct zip *z, struct zip_entry *entry)
{
    const unsigned char *p = z->at;
    if (p == z->end)
        return 0;
    if ((size_t)(z->end - p) < ENTRY_BYTES || !has_mark(p, 1, 2))
        return damaged(z);
    size_t name = (size_t)number(p + 28, 2), extra = (size_t)number(p + 30, 2);
    size_t rest = name + extra + (size_t)number(p + 32, 2);
    if ((size_t)(z->end - p) - ENTRY_BYTES < rest)
        return damaged(z);
    uint64_t packed = number(p + 20, 4), bytes = number(p + 24, 4);
    uint64_t at = number(p + 42, 4);
    if (!widen(p + ENTRY_BYTES + name, extra, (uint64_t *[]){ &bytes, &packed, &at }))
        return damaged(z);
    if (number(p + 10, 2) != 0 || packed != bytes) {
        log_error("%s: its files are compressed, but PyTorch's are not: another program "
                  "packed it again: unpack it",
                  z->name);
        return RIFEC_ERR_MODEL;
    }
    /* The local header repeats the name, with an extra field of its own length. */
    if (!is_inside(z, at, LOCAL_BYTES) || !has_mark(z->file->data + at, 3, 4))
        return damaged(z);
    const unsigned char *local = z->file->data + at;
    uint64_t skip = LOCAL_BYTES + number(local + 26, 2) + number(local + 28, 2);
    if (!is_inside(z, at, skip) || !is_inside(z, at + skip, bytes))
        return damaged(z);
    *entry = (struct zip_entry){ .name = (const char *)p + ENTRY_BYTES,
                                 .name_length = name,
                                 .data = local + skip,
                                 .bytes = (size_t)bytes };
    z->at = p + ENTRY_BYTES + rest;
    return 1;
}
