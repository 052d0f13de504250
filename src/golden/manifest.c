/* Golden manifests, through cJSON. */
#define _POSIX_C_SOURCE 200809L
#include "golden/manifest.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cjson/cJSON.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/outfile.h"
#include "media/framehash.h"

/* A frame is a line of 80 bytes: an hour at 120 fps takes 35 MB. */
#define FILE_BYTES_MAX (256 << 20)
#define TEXT_MAX       65536

static const char *const kinds[] = { "source", "between", "repeat" };

const char *golden_kind_name(enum golden_kind kind)
{
    return kinds[kind];
}

/* --- reading ------------------------------------------------------------------ */

static int wrong(const char *name, const char *what)
{
    log_error("%s: this version cannot read the golden manifest (%s); --update-golden "
              "renews it",
              name, what);
    return RIFEC_ERR_INPUT;
}

static int read_text(const char **out, const cJSON *object, const char *key,
                     const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    const char *text = cJSON_GetStringValue(item);
    if (!text || strlen(text) > TEXT_MAX)
        return wrong(name, key);
    *out = strdup(text);
    return *out ? 0 : mem_fail("a golden manifest");
}

/* Reads a whole number that a double holds exactly. */
static bool is_whole(const cJSON *item, double least, double most)
{
    return cJSON_IsNumber(item) && item->valuedouble >= least &&
           item->valuedouble <= most && item->valuedouble == floor(item->valuedouble);
}

static int read_int(int *out, const cJSON *object, const char *key, double least,
                    double most, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!is_whole(item, least, most))
        return wrong(name, key);
    *out = (int)item->valuedouble;
    return 0;
}

static int read_tolerance(struct golden_tolerance *out, bool *has, const cJSON *object,
                          const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "tolerance");
    *has = item && !cJSON_IsNull(item);
    if (*has &&
        (!cJSON_IsString(item) || !golden_tolerance_parse(out, item->valuestring)))
        return wrong(name, "tolerance");
    return 0;
}

static int read_subject(struct golden_subject *s, const cJSON *root, const char *name)
{
    int err = 0;
    const cJSON *engine = cJSON_GetObjectItemCaseSensitive(root, "engine");
    const cJSON *video = cJSON_GetObjectItemCaseSensitive(root, "video");
    const cJSON *exact = cJSON_GetObjectItemCaseSensitive(engine, "deterministic");
    TRY(read_text(&s->version, root, "version", name));
    TRY(read_text(&s->model_sha256, root, "model_sha256", name));
    TRY(read_text(&s->settings, root, "settings", name));
    TRY(read_text(&s->backend, engine, "backend", name));
    TRY(read_text(&s->engine, engine, "description", name));
    TRY(read_text(&s->precision, engine, "precision", name));
    TRY(read_text(&s->pix_fmt, video, "pix_fmt", name));
    TRY(read_int(&s->width, video, "width", 1, 65536, name));
    TRY(read_int(&s->height, video, "height", 1, 65536, name));
    TRY(read_int(&s->time_base_num, video, "time_base_num", 1, INT32_MAX, name));
    TRY(read_int(&s->time_base_den, video, "time_base_den", 1, INT32_MAX, name));
    if (!cJSON_IsBool(exact))
        TRY(wrong(name, "deterministic"));
    s->deterministic = cJSON_IsTrue(exact);
fail:
    return err;
}

static int read_frame(struct golden_frame *f, const cJSON *item, const char *name)
{
    const cJSON *pts = cJSON_GetObjectItemCaseSensitive(item, "pts");
    const char *kind =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "kind"));
    const char *hash =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "hash"));
    int k = 0;
    while (kind && k < 3 && strcmp(kind, kinds[k]) != 0)
        k++;
    if (!kind || k == 3)
        return wrong(name, "a frame's kind");
    if (!is_whole(pts, -9007199254740991.0, 9007199254740991.0))
        return wrong(name, "a frame's pts");
    if (!hash || strlen(hash) != FRAMEHASH_TEXT - 1 ||
        strspn(hash, "0123456789abcdef") != FRAMEHASH_TEXT - 1)
        return wrong(name, "a frame's hash");
    f->pts = (int64_t)pts->valuedouble;
    f->kind = (enum golden_kind)k;
    memcpy(f->hash, hash, FRAMEHASH_TEXT);
    return read_tolerance(&f->tolerance, &f->has_tolerance, item, name);
}

static int read_root(struct golden_manifest *m, const cJSON *root, const char *name)
{
    int err = 0, schema;
    const cJSON *frames = cJSON_GetObjectItemCaseSensitive(root, "frames"), *item;
    const cJSON *stored = cJSON_GetObjectItemCaseSensitive(root, "frames_stored");
    TRY(read_int(&schema, root, "schema", 1, 1e9, name));
    if (schema != GOLDEN_SCHEMA)
        TRY(wrong(name, "its schema is of another version"));
    TRY(read_subject(&m->subject, root, name));
    TRY(read_tolerance(&m->tolerance, &m->has_tolerance, root, name));
    if (!cJSON_IsBool(stored) || !cJSON_IsArray(frames))
        TRY(wrong(name, "frames"));
    m->has_frames = cJSON_IsTrue(stored);
    cJSON_ArrayForEach(item, frames)
    {
        struct golden_frame f = { 0 };
        TRY(read_frame(&f, item, name));
        TRY(golden_manifest_add(m, &f));
    }
fail:
    return err;
}

int golden_manifest_parse(struct golden_manifest *out, const char *text, size_t size,
                          const char *name)
{
    int err = 0;
    *out = (struct golden_manifest){ 0 };
    cJSON *root = cJSON_ParseWithLength(text, size);
    if (!root)
        err = mem_is_short(size) ? mem_fail("a golden manifest") : wrong(name, "no JSON");
    else
        err = read_root(out, root, name);
    cJSON_Delete(root);
    if (err < 0)
        golden_manifest_close(out);
    return err;
}

int golden_manifest_read(struct golden_manifest *out, const char *path, bool *found)
{
    int err = 0;
    char *text = NULL;
    struct stat st;
    *out = (struct golden_manifest){ 0 };
    *found = false;
    FILE *file = fopen(path, "rb");
    if (!file && errno == ENOENT)
        return 0;
    if (!file || fstat(fileno(file), &st) != 0)
        FAIL(RIFEC_ERR_INPUT, "%s: cannot read it: %s", path, strerror(errno));
    *found = true;
    if (!S_ISREG(st.st_mode) || st.st_size > FILE_BYTES_MAX)
        TRY(wrong(path, "it is not a regular file, or is larger than 256 MiB"));
    text = malloc((size_t)st.st_size + 1);
    if (!text)
        TRY(mem_fail("a golden manifest"));
    size_t size = fread(text, 1, (size_t)st.st_size, file);
    if (ferror(file))
        FAIL(RIFEC_ERR_INPUT, "%s: cannot read it: %s", path, strerror(errno));
    TRY(golden_manifest_parse(out, text, size, path));
fail:
    if (file)
        fclose(file);
    free(text);
    return err;
}

/* --- writing ------------------------------------------------------------------ */

int golden_manifest_add(struct golden_manifest *m, const struct golden_frame *frame)
{
    if (m->count == m->room) {
        int64_t room = m->room ? 2 * m->room : 256;
        struct golden_frame *grown =
            m->count < GOLDEN_FRAMES_MAX
                ? realloc(m->frames, (size_t)room * sizeof *grown)
                : NULL;
        if (!grown)
            return mem_fail("a golden manifest");
        m->frames = grown;
        m->room = room;
    }
    m->frames[m->count++] = *frame;
    return 0;
}

/* Frames are written without cJSON, one per line, so that a changed frame is one line of
 * a diff. */
static int write_frame(struct outfile *file, const struct golden_frame *f, bool last)
{
    char line[256], tolerance[GOLDEN_TOLERANCE_TEXT], own[64] = "";
    if (f->has_tolerance) {
        golden_tolerance_print(&f->tolerance, tolerance);
        snprintf(own, sizeof own, ",\"tolerance\":\"%s\"", tolerance);
    }
    int length = snprintf(
        line, sizeof line, "{\"pts\":%lld,\"kind\":\"%s\",\"hash\":\"%s\"%s}%s\n",
        (long long)f->pts, kinds[f->kind], f->hash, own, last ? "" : ",");
    return outfile_write(file, line, (size_t)length);
}

static cJSON *head(const struct golden_manifest *m)
{
    const struct golden_subject *s = &m->subject;
    char tolerance[GOLDEN_TOLERANCE_TEXT];
    golden_tolerance_print(&m->tolerance, tolerance);
    cJSON *root = cJSON_CreateObject();
    bool ok = cJSON_AddNumberToObject(root, "schema", GOLDEN_SCHEMA) &&
              cJSON_AddStringToObject(root, "tool", "rifec") &&
              cJSON_AddStringToObject(root, "version", s->version) &&
              cJSON_AddStringToObject(root, "model_sha256", s->model_sha256) &&
              cJSON_AddStringToObject(root, "settings", s->settings);
    cJSON *engine = cJSON_AddObjectToObject(root, "engine");
    ok = ok && cJSON_AddStringToObject(engine, "backend", s->backend) &&
         cJSON_AddStringToObject(engine, "description", s->engine) &&
         cJSON_AddStringToObject(engine, "precision", s->precision) &&
         cJSON_AddBoolToObject(engine, "deterministic", s->deterministic);
    cJSON *video = cJSON_AddObjectToObject(root, "video");
    ok = ok && cJSON_AddNumberToObject(video, "width", s->width) &&
         cJSON_AddNumberToObject(video, "height", s->height) &&
         cJSON_AddStringToObject(video, "pix_fmt", s->pix_fmt) &&
         cJSON_AddNumberToObject(video, "time_base_num", s->time_base_num) &&
         cJSON_AddNumberToObject(video, "time_base_den", s->time_base_den);
    ok = ok && cJSON_AddStringToObject(root, "hash", "md5") &&
         (m->has_tolerance ? cJSON_AddStringToObject(root, "tolerance", tolerance)
                           : cJSON_AddNullToObject(root, "tolerance")) &&
         cJSON_AddBoolToObject(root, "frames_stored", m->has_frames);
    if (!ok) {
        cJSON_Delete(root);
        return NULL;
    }
    return root;
}

int golden_manifest_write(const struct golden_manifest *m, const char *path)
{
    int err = 0;
    struct outfile *file = NULL;
    cJSON *root = head(m);
    char *text = root ? cJSON_Print(root) : NULL;
    if (!text)
        TRY(mem_fail("a golden manifest"));
    size_t length = strlen(text) - 2; /* without "\n}" */
    TRY(outfile_create(&file, &(struct outfile_params){ .path = path, .replace = true }));
    TRY(outfile_write(file, text, length));
    TRY(outfile_write(file, ",\n\t\"frames\":[\n", 13));
    for (int64_t i = 0; i < m->count; i++)
        TRY(write_frame(file, &m->frames[i], i == m->count - 1));
    TRY(outfile_write(file, "]}\n", 3));
    err = outfile_publish(&file);
fail:
    outfile_discard(&file);
    cJSON_free(text);
    cJSON_Delete(root);
    return err;
}

/* --- life --------------------------------------------------------------------- */

int golden_subject_copy(struct golden_subject *to, const struct golden_subject *from)
{
    *to = *from;
    const char **own[] = { &to->version, &to->model_sha256, &to->settings, &to->backend,
                           &to->engine,  &to->precision,    &to->pix_fmt };
    bool ok = true;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        *own[i] = strdup(*own[i] ? *own[i] : "");
        ok = ok && *own[i];
    }
    return ok ? 0 : mem_fail("a golden manifest");
}

void golden_manifest_close(struct golden_manifest *m)
{
    struct golden_subject *s = &m->subject;
    const char *own[] = { s->version, s->model_sha256, s->settings, s->backend,
                          s->engine,  s->precision,    s->pix_fmt };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        free((void *)(uintptr_t)own[i]);
    free(m->frames);
    *m = (struct golden_manifest){ 0 };
}
