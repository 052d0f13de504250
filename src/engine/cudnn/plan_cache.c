/* Finds, reads and writes the plans file. */
#define _DEFAULT_SOURCE
#include "engine/cudnn/plan_cache.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/outfile.h"

#define FORMAT    1       /* of the file; a file of another version is replaced */
#define BYTES_MAX 4000000 /* no sane file is larger                   */

struct plan_cache {
    char path[1024]; /* "": none */
    char machine[384];
    cJSON *root;
    bool changed;
};

static void find_path(char *out, size_t bytes, const char *path)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int n;
    if (path)
        n = snprintf(out, bytes, "%s", path);
    else if (cache && *cache)
        n = snprintf(out, bytes, "%s/rifec/cudnn-plans.json", cache);
    else
        n = snprintf(out, bytes, "%s/.cache/rifec/cudnn-plans.json", home ? home : "");
    if (n < 0 || (size_t)n >= bytes || (!path && !home && !(cache && *cache)))
        *out = 0;
}

static cJSON *read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    char *text = malloc(BYTES_MAX);
    size_t n = text ? fread(text, 1, BYTES_MAX, f) : 0;
    fclose(f);
    cJSON *root = n < BYTES_MAX ? cJSON_ParseWithLength(text, n) : NULL;
    free(text);
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(root, "format");
    if (!cJSON_IsNumber(format) || format->valueint != FORMAT) {
        log_warning("%s: ignored, because it is damaged or from another version", path);
        cJSON_Delete(root);
        root = NULL;
    }
    return root;
}

struct plan_cache *plan_cache_open(const char *path, const char *machine)
{
    struct plan_cache *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    find_path(c->path, sizeof c->path, path);
    snprintf(c->machine, sizeof c->machine, "%s", machine);
    if (*c->path)
        c->root = read_file(c->path);
    if (!c->root) {
        c->root = cJSON_CreateObject();
        cJSON_AddNumberToObject(c->root, "format", FORMAT);
    }
    return c;
}

void plan_cache_close(struct plan_cache **c)
{
    if (*c)
        cJSON_Delete((*c)->root);
    free(*c);
    *c = NULL;
}

static const char *string_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

int plan_cache_get(const struct plan_cache *c, const char *layer, struct plan_entry *e)
{
    if (!c)
        return 0;
    const cJSON *layers = cJSON_GetObjectItemCaseSensitive(c->root, c->machine);
    const cJSON *entry = cJSON_GetObjectItemCaseSensitive(layers, layer);
    const cJSON *us = cJSON_GetObjectItemCaseSensitive(entry, "us");
    *e = (struct plan_entry){ string_of(entry, "route"), string_of(entry, "choice"),
                              cJSON_IsNumber(us) ? us->valuedouble : 0 };
    return e->method && e->algorithm;
}

void plan_cache_put(struct plan_cache *c, const char *layer, const struct plan_entry *e)
{
    if (!c)
        return;
    cJSON *layers = cJSON_GetObjectItemCaseSensitive(c->root, c->machine);
    if (layers && !cJSON_IsObject(layers)) {
        cJSON_DeleteItemFromObjectCaseSensitive(c->root, c->machine);
        layers = NULL;
    }
    if (!layers)
        layers = cJSON_AddObjectToObject(c->root, c->machine);
    cJSON_DeleteItemFromObjectCaseSensitive(layers, layer);
    cJSON *entry = cJSON_AddObjectToObject(layers, layer);
    cJSON_AddStringToObject(entry, "route", e->method);
    cJSON_AddStringToObject(entry, "choice", e->algorithm);
    cJSON_AddNumberToObject(entry, "us", e->us);
    c->changed = true;
}

/* Makes the folders that a file's path names. */
static void make_folders(const char *path)
{
    char folder[sizeof((struct plan_cache *)0)->path];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *at = strchr(folder + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = 0;
        (void)mkdir(folder, 0777);
        *at = '/';
    }
}

void plan_cache_save(struct plan_cache *c)
{
    if (!c || !c->changed || !*c->path)
        return;
    char *text = cJSON_Print(c->root);
    if (!text)
        return;
    make_folders(c->path);
    outfile_put(
        &(struct outfile_params){ .path = c->path, .replace = true, .optional = true },
        text, strlen(text));
    c->changed = false;
    free(text);
}
