/* Texts from outside as JSON. */
#ifndef RIFEC_CLI_JSON_TEXT_H
#define RIFEC_CLI_JSON_TEXT_H

#include <cjson/cJSON.h>

/* File names are bytes and JSON is UTF-8: bytes that are not become '?'. An empty text
 * or NULL becomes null. Returns NULL when out of memory. */
cJSON *json_text(const char *text);

#endif
