/* The list of tensors: adding with every bound checked, finding, reading. */
#include "model/tensors.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/half.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/sha256.h"

/* IFNet has 120, with its teacher and refiner fewer than 400. */
#define COUNT_MAX 4096

/* No size in a file of weights is larger; sums of a few such fit in 64 bits. */
#define SIZE_LIMIT ((int64_t)1 << 40)

/* Limit of one tensor's elements; IFNet's largest has a third of a million. */
#define ELEMENTS_MAX ((int64_t)1 << 28)

void tensors_close(struct tensors **tp)
{
    struct tensors *t = *tp;
    if (!t)
        return;
    for (int i = 0; i < t->count; i++)
        free(t->list[i].name);
    free(t->list);
    free(t->owned_name);
    filebytes_close(&t->file[0]);
    filebytes_close(&t->file[1]);
    free(t);
    *tp = NULL;
}

void tensors_sha256(const struct tensors *t, char out[65])
{
    if (t->sha256) {
        memcpy(out, t->sha256, 65);
        return;
    }
    const struct filebytes *numbers = &t->file[t->file[1].data ? 1 : 0];
    sha256_hex(numbers->data, numbers->bytes, out);
}

const struct stored_tensor *tensors_find(const struct tensors *t, const char *name)
{
    for (int i = 0; i < t->count; i++)
        if (!strcmp(t->list[i].name, name))
            return &t->list[i];
    return NULL;
}

const struct stored_tensor *tensors_find_prefix(const struct tensors *t,
                                                const char *prefix)
{
    for (int i = 0; i < t->count; i++)
        if (!strncmp(t->list[i].name, prefix, strlen(prefix)))
            return &t->list[i];
    return NULL;
}

int64_t tensor_elements(const struct stored_tensor *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->rank; i++)
        n *= t->dims[i];
    return n;
}

void tensor_format_shape(char out[96], const int64_t *dims, int rank)
{
    size_t size = 96, n = 1;
    snprintf(out, size, "[");
    for (int i = 0; i < rank && n < size; i++)
        n +=
            (size_t)snprintf(out + n, size - n, i ? ",%lld" : "%lld", (long long)dims[i]);
    if (n < size)
        snprintf(out + n, size - n, "]");
}

/* --- adding ----------------------------------------------------------------- */

/* Prefixes that wrappers add to names: DataParallel, torch.compile, a whole model. */
static void skip_prefixes(const char **name, size_t *length)
{
    static const char *const prefixes[] = { "module.", "_orig_mod.", "flownet." };
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t n = strlen(prefixes[i]);
        if (*length > n && !memcmp(*name, prefixes[i], n)) {
            *name += n;
            *length -= n;
            i = (size_t)-1; /* once more, from the first */
        }
    }
}

static bool is_text(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (name[i] < ' ' || name[i] > '~')
            return false;
    return length > 0 && length <= TENSOR_NAME_MAX;
}

/* All elements lie in the storage; nothing here can overflow. */
static bool is_inside(const struct tensor_place *p, const int64_t *strides)
{
    int64_t last = p->offset;
    if (p->offset < 0 || p->offset > SIZE_LIMIT)
        return false;
    for (int i = 0; i < p->rank; i++) {
        if (p->dims[i] == 0)
            return true;
        if (strides[i] < 0 || strides[i] > SIZE_LIMIT / p->dims[i])
            return false;
        last += (p->dims[i] - 1) * strides[i];
    }
    return (uint64_t)last < p->storage_bytes / (uint64_t)p->element_bytes;
}

/* Strides of contiguous rows. False: larger than any tensor. */
static bool plain_strides(const struct tensor_place *p, int64_t *strides)
{
    int64_t n = 1;
    for (int i = p->rank - 1; i >= 0; i--) {
        strides[i] = n;
        if (p->dims[i] < 0 || (p->dims[i] > 0 && n > ELEMENTS_MAX / p->dims[i]))
            return false;
        n *= p->dims[i] ? p->dims[i] : 1;
    }
    return true;
}

static int grow(struct tensors *t)
{
    if (t->count < t->room)
        return 0;
    int room = t->room ? 2 * t->room : 128;
    struct stored_tensor *list = realloc(t->list, (size_t)room * sizeof *list);
    if (!list) {
        return mem_fail("the list of tensors");
    }
    t->list = list;
    t->room = room;
    return 0;
}

int tensors_add(struct tensors *t, const char *name, size_t length,
                const struct tensor_place *p)
{
    int err = 0, n;
    struct stored_tensor s = { .type = p->type,
                               .element_bytes = p->element_bytes,
                               .rank = p->rank };
    skip_prefixes(&name, &length);
    if (!is_text(name, length))
        FAIL(RIFEC_ERR_MODEL, "%s: a tensor's name is not text: damaged?", t->name);
    n = (int)length;
    if (t->count == COUNT_MAX)
        FAIL(RIFEC_ERR_MODEL, "%s: more than %d tensors: not the weights of an IFNet",
             t->name, COUNT_MAX);
    if (p->rank < 0 || p->rank > TENSOR_RANK_MAX || !plain_strides(p, s.strides))
        FAIL(RIFEC_ERR_MODEL, "%s: tensor '%.*s' has a damaged shape", t->name, n, name);
    s.is_plain = true;
    for (int i = 0; i < p->rank; i++) {
        s.dims[i] = p->dims[i];
        if (p->strides && p->strides[i] != s.strides[i]) {
            s.strides[i] = p->strides[i];
            s.is_plain = s.is_plain && p->dims[i] == 1;
        }
    }
    if (p->element_bytes && !is_inside(p, s.strides)) {
        char shape[96];
        tensor_format_shape(shape, p->dims, p->rank);
        FAIL(RIFEC_ERR_MODEL,
             "%s: truncated: tensor '%.*s' of shape %s reaches beyond its %zu bytes: "
             "fetch it again",
             t->name, n, name, shape, p->storage_bytes);
    }
    TRY(grow(t));
    s.data = p->element_bytes ? p->storage + p->offset * p->element_bytes : NULL;
    s.name = malloc(length + 1);
    if (!s.name)
        TRY(mem_fail("the list of tensors"));
    memcpy(s.name, name, length);
    s.name[length] = '\0';
    if (tensors_find(t, s.name)) {
        log_error("%s: tensor '%s' occurs twice: damaged?", t->name, s.name);
        free(s.name);
        return RIFEC_ERR_MODEL;
    }
    t->list[t->count++] = s;
fail:
    return err;
}

/* --- reading ---------------------------------------------------------------- */

static bool is_float(const struct stored_tensor *t)
{
    return t->element_bytes && (!strcmp(t->type, "F32") || !strcmp(t->type, "F16") ||
                                !strcmp(t->type, "BF16"));
}

float tensor_value(const struct stored_tensor *t, int64_t i)
{
    int64_t at = t->is_plain ? i : 0;
    for (int d = t->rank - 1; d >= 0 && !t->is_plain; d--) {
        at += i % t->dims[d] * t->strides[d];
        i /= t->dims[d];
    }
    const unsigned char *p = t->data + at * t->element_bytes;
    if (t->element_bytes == 4) {
        float f;
        memcpy(&f, p, sizeof f);
        return f;
    }
    uint16_t h;
    memcpy(&h, p, sizeof h);
    return t->type[0] == 'B' ? bfloat16_to_float(h) : half_to_float(h);
}

/* Fast path for contiguous FP16 tensors, as in the built-in model: it saves the divisions
 * and comparisons per number. */
static inline float half_at(const struct stored_tensor *t, int64_t i)
{
    uint16_t h;
    memcpy(&h, t->data + 2 * i, sizeof h);
    return half_to_float(h);
}

static int check_shape(const struct tensors *t, const struct stored_tensor *s,
                       const int *dims, int rank)
{
    int64_t want[TENSOR_RANK_MAX] = { 0 };
    bool same = s->rank == rank;
    for (int i = 0; i < rank; i++) {
        want[i] = dims[i];
        same = same && s->dims[i] == dims[i];
    }
    if (same)
        return 0;
    char have_text[96], want_text[96];
    tensor_format_shape(have_text, s->dims, s->rank);
    tensor_format_shape(want_text, want, rank);
    log_error(
        "%s: tensor '%s' has shape %s, but the network needs %s: weights of another "
        "model or version?",
        t->name, s->name, have_text, want_text);
    return RIFEC_ERR_MODEL;
}

int tensors_read(const struct tensors *t, const char *name, const int *dims, int rank,
                 float *out)
{
    int err = 0;
    const struct stored_tensor *s = tensors_find(t, name);
    if (!s)
        FAIL(RIFEC_ERR_MODEL,
             "%s: tensor '%s' is missing: the file is damaged, or for another network",
             t->name, name);
    if (!is_float(s))
        FAIL(RIFEC_ERR_MODEL, "%s: tensor '%s' has type %.20s: expected F32, F16 or BF16",
             t->name, name, s->type);
    TRY(check_shape(t, s, dims, rank));
    int64_t count = tensor_elements(s);
    bool in_half = s->is_plain && !strcmp(s->type, "F16");
    for (int64_t i = 0; i < count; i++) {
        out[i] = in_half ? half_at(s, i) : tensor_value(s, i);
        if (!isfinite(out[i]))
            FAIL(RIFEC_ERR_MODEL,
                 "%s: tensor '%s' holds NaN or infinity at element %lld: damaged, or a "
                 "training run that diverged",
                 t->name, name, (long long)i);
    }
fail:
    return err;
}
