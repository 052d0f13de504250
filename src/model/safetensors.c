/* The safetensors container: header by cJSON, data mapped. */
#define _POSIX_C_SOURCE 200809L
#include "model/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/err.h"
#include "base/half.h"
#include "base/log.h"
#include "model/sha256.h"

/* IFNet's header has 12 KB; a hundred times that is somebody else's file. */
#define HEADER_BYTES_MAX (1u << 20)

struct safetensors {
    const unsigned char *file;
    size_t file_bytes;
    bool mapped;
    const char *name; /* for messages: a path */
    cJSON *header;
    const unsigned char *data; /* after the header */
    size_t data_bytes;
};

static int map_file(struct safetensors *s, const char *path)
{
    int err = 0;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        FAIL(RIFEC_ERR_MODEL, "%s: cannot open the model: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        FAIL(RIFEC_ERR_MODEL, "%s: the model is not a regular file", path);
    if (st.st_size == 0)
        FAIL(RIFEC_ERR_MODEL, "%s: the model file is empty: fetch it again", path);
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        FAIL(RIFEC_ERR_MODEL, "%s: cannot map the model: %s", path, strerror(errno));
    s->file = p;
    s->file_bytes = (size_t)st.st_size;
    s->mapped = true;
fail:
    if (fd >= 0)
        close(fd);
    return err;
}

static int parse_header(struct safetensors *s)
{
    uint64_t header_bytes = 0;
    if (s->file_bytes < 8) {
        log_error("%s: %zu bytes are too few for a safetensors file: fetch it again",
                  s->name, s->file_bytes);
        return RIFEC_ERR_MODEL;
    }
    for (int i = 0; i < 8; i++)
        header_bytes |= (uint64_t)s->file[i] << 8 * i;
    if (header_bytes > HEADER_BYTES_MAX) {
        log_error("%s: a header of %llu bytes: this is not a safetensors file of IFNet "
                  "(--model takes .safetensors only)",
                  s->name, (unsigned long long)header_bytes);
        return RIFEC_ERR_MODEL;
    }
    if (header_bytes > s->file_bytes - 8) {
        log_error(
            "%s: truncated: the header says %llu bytes, %zu are there: fetch it again",
            s->name, (unsigned long long)header_bytes, s->file_bytes - 8);
        return RIFEC_ERR_MODEL;
    }
    s->header = cJSON_ParseWithLength((const char *)s->file + 8, (size_t)header_bytes);
    if (!cJSON_IsObject(s->header)) {
        log_error("%s: the header is not JSON: not a safetensors file, or damaged",
                  s->name);
        return RIFEC_ERR_MODEL;
    }
    s->data = s->file + 8 + header_bytes;
    s->data_bytes = s->file_bytes - 8 - (size_t)header_bytes;
    return 0;
}

int safetensors_open(struct safetensors **out, const char *path)
{
    *out = NULL;
    int err = 0;
    struct safetensors *s = calloc(1, sizeof *s);
    if (!s)
        return RIFEC_ERR_NOMEM;
    s->name = path;
    TRY(map_file(s, path));
    TRY(parse_header(s));
    *out = s;
    return 0;
fail:
    safetensors_close(&s);
    return err;
}

int safetensors_open_memory(struct safetensors **out, const void *data, size_t bytes,
                            const char *name)
{
    *out = NULL;
    int err = 0;
    struct safetensors *s = calloc(1, sizeof *s);
    if (!s)
        return RIFEC_ERR_NOMEM;
    s->name = name;
    s->file = data;
    s->file_bytes = bytes;
    TRY(parse_header(s));
    *out = s;
    return 0;
fail:
    safetensors_close(&s);
    return err;
}

void safetensors_close(struct safetensors **sp)
{
    struct safetensors *s = *sp;
    if (!s)
        return;
    cJSON_Delete(s->header);
    if (s->mapped)
        munmap((void *)(uintptr_t)s->file, s->file_bytes);
    free(s);
    *sp = NULL;
}

void safetensors_sha256(const struct safetensors *s, char out[65])
{
    sha256_hex(s->file, s->file_bytes, out);
}

const char *safetensors_name(const struct safetensors *s)
{
    return s->name;
}

/* A JSON number as an offset; false if it is not a whole number from 0 to max. */
static bool get_offset(const cJSON *item, size_t max, size_t *out)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) ||
        item->valuedouble > (double)max || item->valuedouble != floor(item->valuedouble))
        return false;
    *out = (size_t)item->valuedouble;
    return true;
}

static void format_dims(char out[64], const int *dims, int rank)
{
    int n = snprintf(out, 64, "[");
    for (int i = 0; i < rank; i++)
        n += snprintf(out + n, 64 - (size_t)n, i ? ",%d" : "%d", dims[i]);
    snprintf(out + n, 64 - (size_t)n, "]");
}

static int check_shape(const struct safetensors *s, const char *tensor,
                       const cJSON *shape, const int *dims, int rank)
{
    bool same = cJSON_IsArray(shape) && cJSON_GetArraySize(shape) == rank;
    for (int i = 0; same && i < rank; i++)
        same = cJSON_GetArrayItem(shape, i)->valuedouble == dims[i];
    if (same)
        return 0;
    char want[64], *have = cJSON_PrintUnformatted(shape);
    format_dims(want, dims, rank);
    log_error(
        "%s: tensor '%s' has shape %.100s, IFNet 4.6 needs %s: weights of another model "
        "or version?",
        s->name, tensor, have ? have : "(none)", want);
    cJSON_free(have);
    return RIFEC_ERR_MODEL;
}

static float read_value(const unsigned char *p, int bytes, bool bfloat)
{
    if (bytes == 4) {
        float f;
        memcpy(&f, p, sizeof f);
        return f;
    }
    uint16_t h;
    memcpy(&h, p, sizeof h);
    return bfloat ? bfloat16_to_float(h) : half_to_float(h);
}

int safetensors_read(const struct safetensors *s, const char *tensor, const int *dims,
                     int rank, float *out)
{
    const cJSON *entry = cJSON_GetObjectItemCaseSensitive(s->header, tensor);
    if (!cJSON_IsObject(entry)) {
        log_error("%s: tensor '%s' is missing: not the weights of IFNet 4.6", s->name,
                  tensor);
        return RIFEC_ERR_MODEL;
    }
    const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(entry, "dtype");
    const char *type = cJSON_IsString(dtype) ? dtype->valuestring : "(none)";
    bool bfloat = !strcmp(type, "BF16");
    int bytes = !strcmp(type, "F32") ? 4 : bfloat || !strcmp(type, "F16") ? 2 : 0;
    if (!bytes) {
        log_error("%s: tensor '%s' has type %.20s: expected F32, F16 or BF16", s->name,
                  tensor, type);
        return RIFEC_ERR_MODEL;
    }
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape");
    int err = check_shape(s, tensor, shape, dims, rank);
    if (err < 0)
        return err;
    size_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= (size_t)dims[i];

    const cJSON *range = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    size_t begin, end;
    if (cJSON_GetArraySize(range) != 2 ||
        !get_offset(cJSON_GetArrayItem(range, 0), SIZE_MAX / 4, &begin) ||
        !get_offset(cJSON_GetArrayItem(range, 1), SIZE_MAX / 4, &end) || begin > end ||
        end - begin != count * (size_t)bytes) {
        log_error("%s: tensor '%s' has damaged data_offsets: expected %zu bytes", s->name,
                  tensor, count * (size_t)bytes);
        return RIFEC_ERR_MODEL;
    }
    if (end > s->data_bytes) {
        log_error(
            "%s: truncated: tensor '%s' ends at byte %zu of the data, %zu are there: "
            "fetch it again",
            s->name, tensor, end, s->data_bytes);
        return RIFEC_ERR_MODEL;
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = read_value(s->data + begin + i * (size_t)bytes, bytes, bfloat);
        if (!isfinite(out[i])) {
            log_error(
                "%s: tensor '%s' holds NaN or infinity at element %zu: damaged, or a "
                "training run that diverged",
                s->name, tensor, i);
            return RIFEC_ERR_MODEL;
        }
    }
    return 0;
}
