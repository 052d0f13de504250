/* Texts from outside as JSON. */
#ifndef RIFEC_CLI_JSON_TEXT_H
#define RIFEC_CLI_JSON_TEXT_H

#include <cjson/cJSON.h>

/* File names are bytes and JSON is UTF-8: bytes that are not become '?'. An empty text
 * or NULL becomes null. Returns NULL when out of memory. */
cJSON *json_text(const char *text);

/* From now on every allocation of cJSON that fails is logged and counted (base/mem.h):
 * cJSON itself returns NULL for that as for damaged input. For programs, since it holds
 * for the whole process. */
void json_watch_memory(void);

#endif
