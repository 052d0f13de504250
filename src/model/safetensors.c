/* The safetensors container: header by cJSON, data where it lies. */
#include "model/safetensors.h"

#include <math.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

/* IFNet's header has 12 KB; a file with a hundred times that is not a model of ours. */
#define HEADER_BYTES_MAX (1u << 20)

static uint64_t header_length(const struct filebytes *file)
{
    uint64_t n = 0;
    for (int i = 0; i < 8; i++)
        n |= (uint64_t)file->data[i] << 8 * i;
    return n;
}

bool safetensors_probe(const struct filebytes *file)
{
    return file->bytes > 8 && header_length(file) <= HEADER_BYTES_MAX &&
           file->data[8] == '{';
}

/* A type that is not in the list is listed as unknown: the file may be a newer one. */
static void set_type(struct tensor_place *place, const char *name)
{
    static const struct {
        const char *name;
        int bytes;
    } types[] = {
        { "F32", 4 }, { "F16", 2 }, { "BF16", 2 }, { "F64", 8 }, { "I64", 8 },
        { "I32", 4 }, { "I16", 2 }, { "I8", 1 },   { "U8", 1 },  { "BOOL", 1 }
    };
    place->type = "of its own";
    place->element_bytes = 0;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(types[i].name, name)) {
            place->type = types[i].name;
            place->element_bytes = types[i].bytes;
        }
}

/* A JSON number as a size; false if it is not a whole number from 0 to 2^53. */
static bool get_size(const cJSON *item, int64_t *out)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) ||
        item->valuedouble > 9007199254740992.0 ||
        item->valuedouble != floor(item->valuedouble))
        return false;
    *out = (int64_t)item->valuedouble;
    return true;
}

static int read_shape(const struct tensors *t, const cJSON *entry, int64_t *dims,
                      int *rank)
{
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape"), *item;
    int n = 0;
    bool good = cJSON_IsArray(shape) && cJSON_GetArraySize(shape) <= TENSOR_RANK_MAX;
    if (good)
        cJSON_ArrayForEach(item, shape) good = get_size(item, &dims[n++]) && good;
    if (!good) {
        log_error("%s: tensor '%s' has a damaged shape", t->name, entry->string);
        return RIFEC_ERR_MODEL;
    }
    *rank = n;
    return 0;
}

/* Checks that data_offsets match the shape and lie in the file. */
static int read_place(const struct tensors *t, const cJSON *entry, size_t data_bytes,
                      struct tensor_place *place, int64_t *begin)
{
    const cJSON *range = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    int64_t end, want = place->element_bytes;
    for (int i = 0; i < place->rank; i++)
        want = place->dims[i] && want > INT64_MAX / place->dims[i]
                   ? INT64_MAX
                   : want * place->dims[i];
    if (cJSON_GetArraySize(range) != 2 ||
        !get_size(cJSON_GetArrayItem(range, 0), begin) ||
        !get_size(cJSON_GetArrayItem(range, 1), &end) || *begin > end ||
        (place->element_bytes && end - *begin != want)) {
        log_error("%s: tensor '%s' has damaged data_offsets: expected %lld bytes",
                  t->name, entry->string, (long long)want);
        return RIFEC_ERR_MODEL;
    }
    if ((uint64_t)end > data_bytes) {
        log_error("%s: truncated: tensor '%s' ends at byte %lld of the data, which has "
                  "%zu: fetch it again",
                  t->name, entry->string, (long long)end, data_bytes);
        return RIFEC_ERR_MODEL;
    }
    place->storage_bytes = (size_t)(end - *begin);
    return 0;
}

static int list_entry(struct tensors *t, const cJSON *entry, const unsigned char *data,
                      size_t data_bytes)
{
    int err = 0;
    int64_t dims[TENSOR_RANK_MAX], begin;
    struct tensor_place place = { .dims = dims };
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(entry, "dtype");
    if (!cJSON_IsObject(entry) || !cJSON_IsString(type))
        FAIL(RIFEC_ERR_MODEL, "%s: tensor '%s' has no type: damaged?", t->name,
             entry->string);
    set_type(&place, type->valuestring);
    TRY(read_shape(t, entry, dims, &place.rank));
    TRY(read_place(t, entry, data_bytes, &place, &begin));
    place.storage = data + begin;
    TRY(tensors_add(t, entry->string, strlen(entry->string), &place));
fail:
    return err;
}

int safetensors_list(struct tensors *t)
{
    int err = 0;
    const struct filebytes *file = &t->file[0];
    cJSON *header = NULL, *entry;
    t->format = "safetensors";
    uint64_t length = header_length(file);
    if (length > file->bytes - 8)
        FAIL(RIFEC_ERR_MODEL,
             "%s: truncated: the header should have %llu bytes, but has %zu: fetch it "
             "again",
             t->name, (unsigned long long)length, file->bytes - 8);
    unsigned long failures = mem_failures();
    header = cJSON_ParseWithLength((const char *)file->data + 8, (size_t)length);
    if (!header)
        TRY(mem_check(failures)); /* the program lets cJSON count failed allocations */
    if (!cJSON_IsObject(header))
        FAIL(RIFEC_ERR_MODEL,
             "%s: the header is not JSON: not a safetensors file, or damaged", t->name);
    cJSON_ArrayForEach(entry, header)
    {
        if (strcmp(entry->string, "__metadata__") != 0)
            TRY(list_entry(t, entry, file->data + 8 + length,
                           file->bytes - 8 - (size_t)length));
    }
fail:
    cJSON_Delete(header);
    return err;
}
