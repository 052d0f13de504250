/*
 * A strict reader of the pickles that torch.save writes (protocol 2). It runs no
 * code: of Python's classes and functions only those that make an OrderedDict, a
 * tensor or a parameter are accepted, as names, and a call of one becomes a value
 * that holds its arguments. Everything else is refused with what was asked for.
 */
#ifndef RIFEC_MODEL_PICKLE_H
#define RIFEC_MODEL_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_INT,
    PICKLE_FLOAT, /* not needed here */
    PICKLE_TEXT,
    PICKLE_TUPLE,
    PICKLE_LIST,
    PICKLE_DICT, /* key, value, key, value, ...   */
    PICKLE_GLOBAL,
    PICKLE_CALL,    /* items are the arguments       */
    PICKLE_STORAGE, /* items are the persistent id   */
};

enum pickle_global {
    PICKLE_ORDERED_DICT,
    PICKLE_TENSOR,       /* torch._utils._rebuild_tensor_v2  */
    PICKLE_PARAMETER,    /* torch._utils._rebuild_parameter  */
    PICKLE_STORAGE_TYPE, /* torch.FloatStorage, ...: in text */
};

struct pickle_value {
    enum pickle_kind kind;
    int64_t number;   /* BOOL, INT; GLOBAL and CALL: enum pickle_global */
    const char *text; /* not terminated; in the pickle                  */
    size_t length;
    int *items; /* places in the pickle's values                  */
    int count, room;
};

struct pickle {
    const char *name; /* for messages */
    struct pickle_value *values;
    int count, room;
    int root;
    size_t bytes; /* read, to the end of STOP */
};

/*
 * Reads one pickle. RIFEC_ERR_MODEL or RIFEC_ERR_NOMEM, logged. data must outlive
 * it; pickle_close() follows either way.
 */
int pickle_read(struct pickle *p, const unsigned char *data, size_t bytes,
                const char *name);

void pickle_close(struct pickle *p);

/* Item i of a value that has at least i + 1. */
const struct pickle_value *pickle_item(const struct pickle *p,
                                       const struct pickle_value *v, int i);

bool pickle_is_text(const struct pickle_value *v, const char *text);

#endif
