/* Checked UTF-8, and memory for cJSON. */
#include "cli/json_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static void *allocate(size_t bytes)
{
    void *p = malloc(bytes);
    if (!p)
        mem_fail("memory for JSON");
    return p;
}

void json_watch_memory(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){ .malloc_fn = allocate, .free_fn = free });
}

cJSON *json_text(const char *text)
{
    if (!text || !text[0])
        return cJSON_CreateNull();
    char *clean = malloc(strlen(text) + 1), *to = clean;
    if (!clean) {
        mem_fail("a text for JSON");
        return NULL;
    }
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        int n = text_utf8_length(s);
        if (n)
            memcpy(to, s, (size_t)n);
        else
            *to = '?';
        to += n ? n : 1;
        s += n ? n : 1;
    }
    *to = '\0';
    cJSON *item = cJSON_CreateString(clean);
    free(clean);
    return item;
}
