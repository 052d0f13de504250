/*
 * Weights files made in memory, byte by byte as PyTorch writes them: for tests that
 * need a whole network in a format, and have no Python.
 */
#ifndef RIFEC_TESTS_WEIGHTSFILE_H
#define RIFEC_TESTS_WEIGHTSFILE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/tensors.h"

struct bytes {
    unsigned char *data;
    size_t count, room;
};

static inline void put(struct bytes *b, const void *data, size_t n)
{
    if (b->count + n > b->room) {
        b->room = 2 * (b->count + n);
        b->data = realloc(b->data, b->room);
        if (!b->data)
            abort();
    }
    if (n)
        memcpy(b->data + b->count, data, n);
    b->count += n;
}

static inline void put_text(struct bytes *b, const char *text)
{
    put(b, text, strlen(text));
}

/* Little endian. */
static inline void put_le(struct bytes *b, uint64_t v, int n)
{
    for (int i = 0; i < n; i++)
        put(b, &(unsigned char){ (unsigned char)(v >> 8 * i) }, 1);
}

/* --- pickle ------------------------------------------------------------------- */

static inline void put_unicode(struct bytes *b, const char *text)
{
    put_text(b, "X");
    put_le(b, strlen(text), 4);
    put_text(b, text);
}

static inline void put_int(struct bytes *b, int64_t v)
{
    put_text(b, "J");
    put_le(b, (uint64_t)v, 4);
}

static inline void put_ints(struct bytes *b, const int64_t *v, int n)
{
    put_text(b, "(");
    for (int i = 0; i < n; i++)
        put_int(b, v[i]);
    put_text(b, "t");
}

/* The state dict of t; storage i belongs to tensor i. */
static inline void put_state(struct bytes *b, const struct tensors *t, const char *prefix,
                             int is_legacy)
{
    char text[200];
    put_text(b, "\x80\x02}(");
    for (int i = 0; i < t->count; i++) {
        const struct stored_tensor *s = &t->list[i];
        snprintf(text, sizeof text, "%s%s", prefix, s->name);
        put_unicode(b, text);
        put_text(b, "ctorch._utils\n_rebuild_tensor_v2\n((");
        put_unicode(b, "storage");
        put_text(b, strcmp(s->type, "F16") ? "ctorch\nFloatStorage\n"
                                           : "ctorch\nHalfStorage\n");
        snprintf(text, sizeof text, "%d", i);
        put_unicode(b, text);
        put_unicode(b, "cpu");
        put_int(b, tensor_elements(s));
        put_text(b, is_legacy ? "NtQ" : "tQ");
        put_int(b, 0);
        put_ints(b, s->dims, s->rank);
        put_ints(b, s->strides, s->rank);
        put_text(b, "\x89"
                    "ccollections\nOrderedDict\n)RtR");
    }
    put_text(b, "u.");
}

static inline size_t storage_bytes(const struct stored_tensor *s)
{
    return (size_t)tensor_elements(s) * (size_t)s->element_bytes;
}

/* --- the file before PyTorch 1.6 ------------------------------------------------- */

static inline void put_legacy(struct bytes *b, const struct tensors *t,
                              const char *prefix)
{
    char text[16];
    put_text(b, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.");
    put_text(b, "\x80\x02M\xe9\x03.\x80\x02}(");
    put_unicode(b, "little_endian");
    put_text(b, "\x88u.");
    put_state(b, t, prefix, 1);
    put_text(b, "\x80\x02](");
    for (int i = 0; i < t->count; i++) {
        snprintf(text, sizeof text, "%d", i);
        put_unicode(b, text);
    }
    put_text(b, "e.");
    for (int i = 0; i < t->count; i++) {
        put_le(b, (uint64_t)tensor_elements(&t->list[i]), 8);
        put(b, t->list[i].data, storage_bytes(&t->list[i]));
    }
}

/* --- ZIP --------------------------------------------------------------------- */

/* The fields that both headers of a file share, from the version to the length of its
 * name. */
static inline void put_zip_common(struct bytes *b, const char *name, size_t n)
{
    put(b, "\0\0\0\0\0\0\0\0\0\0", 10);
    put_le(b, 0, 4); /* the sum, which is not checked */
    put_le(b, n, 4);
    put_le(b, n, 4);
    put_le(b, strlen(name), 2);
    put_le(b, 0, 2);
}

/* A file stored as it is, and its entry in the directory. */
static inline void put_zip_file(struct bytes *b, struct bytes *directory,
                                const char *name, const void *data, size_t n)
{
    size_t at = b->count;
    put(b, "PK\3\4", 4);
    put_zip_common(b, name, n);
    put_text(b, name);
    put(b, data, n);
    put(directory, "PK\1\2\0\0", 6);
    put_zip_common(directory, name, n);
    put(directory, "\0\0\0\0\0\0\0\0\0\0", 10);
    put_le(directory, at, 4);
    put_text(directory, name);
}

static inline void put_zip_end(struct bytes *b, struct bytes *directory)
{
    size_t at = b->count;
    put(b, directory->data, directory->count);
    put(b, "PK\5\6\0\0\0\0\0\0\0\0", 12);
    put_le(b, directory->count, 4);
    put_le(b, at, 4);
    put_le(b, 0, 2);
    free(directory->data);
}

static inline void put_zip(struct bytes *b, const struct tensors *t, const char *prefix)
{
    struct bytes directory = { 0 }, pickle = { 0 };
    char name[32];
    put_state(&pickle, t, prefix, 0);
    put_zip_file(b, &directory, "net/data.pkl", pickle.data, pickle.count);
    for (int i = 0; i < t->count; i++) {
        snprintf(name, sizeof name, "net/data/%d", i);
        put_zip_file(b, &directory, name, t->list[i].data, storage_bytes(&t->list[i]));
    }
    put_zip_end(b, &directory);
    free(pickle.data);
}

#endif
