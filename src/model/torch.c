/* From the values of torch.save()'s pickle to tensors and their storages. */
#include "model/torch.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/pickle.h"
#include "model/zip.h"

/* The beginning of an old file: torch.serialization's magic number, pickled. */
static const unsigned char legacy_magic[] = { 0x80, 2,    0x8a, 0x0a, 0x6c,
                                              0xfc, 0x9c, 0x46, 0xf9, 0x20,
                                              0x6a, 0xa8, 0x50, 0x19, '.' };
#define LEGACY_VERSION 1001

/* An IFNet with its teacher has a tenth of that. */
#define STORAGES_MAX 4096

/* The bytes of one storage, by the key that the pickle calls it. */
struct storage {
    const char *key;
    size_t key_length;
    const unsigned char *data;
    size_t bytes;
};

struct reader {
    struct tensors *t;
    struct pickle pickle;
    struct storage *storages;
    int storage_count, storage_room;
};

static int damaged(const struct reader *r, const char *what)
{
    log_error("%s: damaged: %s: fetch the file again", r->t->name, what);
    return RIFEC_ERR_MODEL;
}

static int add_storage(struct reader *r, const struct storage *s)
{
    if (r->storage_count == STORAGES_MAX) {
        log_error("%s: more than %d storages: not the weights of an IFNet", r->t->name,
                  STORAGES_MAX);
        return RIFEC_ERR_MODEL;
    }
    if (r->storage_count == r->storage_room) {
        int room = r->storage_room ? 2 * r->storage_room : 128;
        struct storage *list = realloc(r->storages, (size_t)room * sizeof *list);
        if (!list) {
            return mem_fail("the list of storages in the model");
        }
        r->storages = list;
        r->storage_room = room;
    }
    r->storages[r->storage_count++] = *s;
    return 0;
}

static const struct storage *find_storage(const struct reader *r,
                                          const struct pickle_value *key)
{
    for (int i = 0; i < r->storage_count; i++)
        if (r->storages[i].key_length == key->length &&
            !memcmp(r->storages[i].key, key->text, key->length))
            return &r->storages[i];
    return NULL;
}

/* --- values of the pickle -------------------------------------------------------- */

/* torch.FloatStorage and so on. The size of other types is unknown. */
static void storage_type(const struct pickle_value *global, const char **type, int *bytes)
{
    static const struct {
        const char *storage, *type;
        int bytes;
    } types[] = {
        { "FloatStorage", "F32", 4 },     { "HalfStorage", "F16", 2 },
        { "BFloat16Storage", "BF16", 2 }, { "DoubleStorage", "F64", 8 },
        { "LongStorage", "I64", 8 },      { "IntStorage", "I32", 4 },
        { "ShortStorage", "I16", 2 },     { "CharStorage", "I8", 1 },
        { "ByteStorage", "U8", 1 },       { "BoolStorage", "BOOL", 1 },
    };
    *type = "of PyTorch's own";
    *bytes = 0;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (global->length == strlen(types[i].storage) &&
            !memcmp(global->text, types[i].storage, global->length)) {
            *type = types[i].type;
            *bytes = types[i].bytes;
        }
}

/* ('storage', torch.FloatStorage, key, where it was, numbers[, a view]) */
enum { ID_WORD, ID_TYPE, ID_KEY, ID_DEVICE, ID_NUMBERS, ID_VIEW };

static int check_storage_id(const struct reader *r, const struct pickle_value *id)
{
    const struct pickle *p = &r->pickle;
    if ((id->count != ID_VIEW && id->count != ID_VIEW + 1) ||
        !pickle_is_text(pickle_item(p, id, ID_WORD), "storage") ||
        pickle_item(p, id, ID_TYPE)->kind != PICKLE_GLOBAL ||
        pickle_item(p, id, ID_TYPE)->number != PICKLE_STORAGE_TYPE ||
        pickle_item(p, id, ID_KEY)->kind != PICKLE_TEXT ||
        pickle_item(p, id, ID_NUMBERS)->kind != PICKLE_INT ||
        pickle_item(p, id, ID_NUMBERS)->number < 0)
        return damaged(r, "a storage's name in the pickle");
    if (id->count > ID_VIEW && pickle_item(p, id, ID_VIEW)->kind != PICKLE_NONE) {
        log_error("%s: its storages are views of others, as PyTorch before 0.4 saved "
                  "them: load it with a newer one and save it again",
                  r->t->name);
        return RIFEC_ERR_MODEL;
    }
    return 0;
}

static int read_ints(const struct reader *r, const struct pickle_value *tuple,
                     int64_t *out, int *count)
{
    if (tuple->kind != PICKLE_TUPLE || tuple->count > TENSOR_RANK_MAX)
        return damaged(r, "a tensor's shape");
    for (int i = 0; i < tuple->count; i++) {
        const struct pickle_value *v = pickle_item(&r->pickle, tuple, i);
        if (v->kind != PICKLE_INT)
            return damaged(r, "a tensor's shape");
        out[i] = v->number;
    }
    *count = tuple->count;
    return 0;
}

/* A parameter is a call around the call that makes its tensor. */
static const struct pickle_value *as_tensor(const struct pickle *p,
                                            const struct pickle_value *v)
{
    if (v->kind == PICKLE_CALL && v->number == PICKLE_PARAMETER && v->count > 0)
        v = pickle_item(p, v, 0);
    return v->kind == PICKLE_CALL && v->number == PICKLE_TENSOR ? v : NULL;
}

/* _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, ...]) */
static int add_tensor(struct reader *r, const struct pickle_value *name,
                      const struct pickle_value *call)
{
    int err = 0, stride_count;
    const struct pickle *p = &r->pickle;
    int64_t dims[TENSOR_RANK_MAX], strides[TENSOR_RANK_MAX];
    struct tensor_place place = { .dims = dims, .strides = strides };
    if (call->count < 4 || pickle_item(p, call, 0)->kind != PICKLE_STORAGE ||
        pickle_item(p, call, 1)->kind != PICKLE_INT)
        return damaged(r, "a tensor without a storage");
    const struct pickle_value *id = pickle_item(p, call, 0);
    TRY(check_storage_id(r, id));
    TRY(read_ints(r, pickle_item(p, call, 2), dims, &place.rank));
    TRY(read_ints(r, pickle_item(p, call, 3), strides, &stride_count));
    const struct storage *s = find_storage(r, pickle_item(p, id, ID_KEY));
    if (stride_count != place.rank || !s)
        return damaged(r, s ? "a tensor's shape" : "a tensor's storage is missing");
    place.offset = pickle_item(p, call, 1)->number;
    place.storage = s->data;
    place.storage_bytes = s->bytes;
    storage_type(pickle_item(p, id, ID_TYPE), &place.type, &place.element_bytes);
    TRY(tensors_add(r->t, name->text, name->length, &place));
fail:
    return err;
}

static int count_tensors(const struct pickle *p, const struct pickle_value *v)
{
    int n = 0;
    for (int i = 0; v->kind == PICKLE_DICT && i < v->count; i += 2)
        n += pickle_item(p, v, i)->kind == PICKLE_TEXT &&
             as_tensor(p, pickle_item(p, v, i + 1));
    return n;
}

/* Finds the dictionary itself, or the one in it that has tensors. */
static int find_state(const struct reader *r, const struct pickle_value **out)
{
    const struct pickle *p = &r->pickle;
    const struct pickle_value *root = &p->values[p->root], *key = NULL;
    *out = root;
    if (root->kind != PICKLE_DICT || count_tensors(p, root))
        return 0;
    for (int i = 0; i < root->count; i += 2) {
        if (!count_tensors(p, pickle_item(p, root, i + 1)))
            continue;
        if (key) {
            log_error("%s: holds more than one dictionary of tensors, '%.*s' and '%.*s': "
                      "save only the one to use",
                      r->t->name, (int)(key->length < 40 ? key->length : 40), key->text,
                      (int)(pickle_item(p, root, i)->length < 40
                                ? pickle_item(p, root, i)->length
                                : 40),
                      pickle_item(p, root, i)->text);
            return RIFEC_ERR_MODEL;
        }
        key = pickle_item(p, root, i);
        *out = pickle_item(p, root, i + 1);
    }
    return 0;
}

static int list_tensors(struct reader *r)
{
    int err = 0;
    const struct pickle *p = &r->pickle;
    const struct pickle_value *state;
    TRY(find_state(r, &state));
    if (!count_tensors(p, state))
        FAIL(RIFEC_ERR_MODEL,
             "%s: torch.save() was not given a dictionary of tensors: save "
             "net.state_dict()",
             r->t->name);
    for (int i = 0; i < state->count; i += 2) {
        const struct pickle_value *name = pickle_item(p, state, i);
        const struct pickle_value *call = as_tensor(p, pickle_item(p, state, i + 1));
        if (name->kind == PICKLE_TEXT && call)
            TRY(add_tensor(r, name, call));
    }
fail:
    return err;
}

static void close_reader(struct reader *r)
{
    pickle_close(&r->pickle);
    free(r->storages);
}

/* --- ZIP: NAME/data.pkl and NAME/data/KEY ------------------------------------------- */

bool torch_probe_zip(const struct filebytes *file)
{
    return file->bytes >= 4 && !memcmp(file->data, "PK\3\4", 4);
}

static bool ends_with(const struct zip_entry *e, const char *end)
{
    size_t n = strlen(end);
    return e->name_length >= n && !memcmp(e->name + e->name_length - n, end, n);
}

static int read_entry(struct reader *r, const struct zip_entry *e,
                      struct zip_entry *pickle)
{
    if (ends_with(e, "/data.pkl") && !pickle->data)
        *pickle = *e;
    if (ends_with(e, "/byteorder") && e->bytes == 3 && !memcmp(e->data, "big", 3)) {
        log_error("%s: its data is big-endian: save it on a little-endian machine",
                  r->t->name);
        return RIFEC_ERR_MODEL;
    }
    if (ends_with(e, "/constants.pkl")) {
        log_error("%s: this is a TorchScript program, but only tensors are read: save "
                  "net.state_dict() with torch.save()",
                  r->t->name);
        return RIFEC_ERR_MODEL;
    }
    /* The key is what follows the last slash, if the folder is called data. */
    size_t slash = e->name_length;
    while (slash > 0 && e->name[slash - 1] != '/')
        slash--;
    if (slash < 6 || memcmp(e->name + slash - 6, "/data/", 6) != 0)
        return 0;
    return add_storage(r, &(struct storage){ .key = e->name + slash,
                                             .key_length = e->name_length - slash,
                                             .data = e->data,
                                             .bytes = e->bytes });
}

int torch_list_zip(struct tensors *t)
{
    int err = 0;
    struct reader r = { .t = t };
    struct zip zip;
    struct zip_entry entry, pickle = { 0 };
    t->format = "PyTorch (zip)";
    TRY(zip_open(&zip, &t->file[0], t->name));
    for (;;) {
        TRY(zip_next(&zip, &entry));
        if (err == 0)
            break;
        TRY(read_entry(&r, &entry, &pickle));
    }
    if (!pickle.data)
        FAIL(
            RIFEC_ERR_MODEL,
            "%s: this ZIP archive is not one of torch.save(): unpack it, the weights may "
            "be inside",
            t->name);
    TRY(pickle_read(&r.pickle, pickle.data, pickle.bytes, t->name));
    TRY(list_tensors(&r));
fail:
    close_reader(&r);
    return err < 0 ? err : 0;
}

/* --- before 1.6: magic, version, system, what was saved, keys, storages
 * ----------------- */

bool torch_probe_legacy(const struct filebytes *file)
{
    return file->bytes >= sizeof legacy_magic &&
           !memcmp(file->data, legacy_magic, sizeof legacy_magic);
}

/* The size of a storage's elements is known only from a tensor that uses it. */
static int find_size(const struct reader *r, const struct pickle_value *key,
                     int *element_bytes, int64_t *numbers)
{
    const struct pickle *p = &r->pickle;
    const char *type;
    for (int i = 0; i < p->count; i++) {
        const struct pickle_value *id = &p->values[i], *other;
        if (id->kind != PICKLE_STORAGE)
            continue;
        int err = check_storage_id(r, id);
        if (err < 0)
            return err;
        other = pickle_item(p, id, ID_KEY);
        if (other->length != key->length || memcmp(other->text, key->text, key->length))
            continue;
        storage_type(pickle_item(p, id, ID_TYPE), &type, element_bytes);
        *numbers = pickle_item(p, id, ID_NUMBERS)->number;
        if (*element_bytes)
            return 0;
        log_error("%s: has tensors of type torch.%.*s: remove them from the dictionary "
                  "and save it again",
                  r->t->name, (int)pickle_item(p, id, ID_TYPE)->length,
                  pickle_item(p, id, ID_TYPE)->text);
        return RIFEC_ERR_MODEL;
    }
    return damaged(r, "a storage that no tensor uses");
}

/* In the order of the keys: a count of 8 bytes, then that many elements. */
static int find_storages(struct reader *r, const struct pickle *keys,
                         const unsigned char *at, size_t left)
{
    int err = 0;
    const struct pickle_value *list = &keys->values[keys->root];
    if (list->kind != PICKLE_LIST)
        return damaged(r, "the list of storages");
    for (int i = 0; i < list->count; i++) {
        const struct pickle_value *key = pickle_item(keys, list, i);
        int element_bytes = 0;
        int64_t numbers = 0, count = 0;
        if (key->kind != PICKLE_TEXT)
            return damaged(r, "the list of storages");
        TRY(find_size(r, key, &element_bytes, &numbers));
        if (left >= sizeof count)
            memcpy(&count, at, sizeof count);
        if (left < sizeof count || count != numbers ||
            (uint64_t)count > (left - sizeof count) / (uint64_t)element_bytes)
            FAIL(RIFEC_ERR_MODEL,
                 "%s: truncated or damaged: storage %d of %d is incomplete: fetch it "
                 "again",
                 r->t->name, i + 1, list->count);
        size_t bytes = (size_t)count * (size_t)element_bytes;
        TRY(add_storage(r, &(struct storage){ .key = key->text,
                                              .key_length = key->length,
                                              .data = at + sizeof count,
                                              .bytes = bytes }));
        at += sizeof count + bytes;
        left -= sizeof count + bytes;
    }
fail:
    return err;
}

static int check_system(const struct reader *r, const struct pickle *version,
                        const struct pickle *system)
{
    const struct pickle_value *v = &version->values[version->root];
    const struct pickle_value *s = &system->values[system->root];
    if (v->kind != PICKLE_INT || v->number != LEGACY_VERSION || s->kind != PICKLE_DICT)
        return damaged(r, "the version of the format");
    for (int i = 0; i < s->count; i += 2)
        if (pickle_is_text(pickle_item(system, s, i), "little_endian") &&
            !pickle_item(system, s, i + 1)->number) {
            log_error("%s: its data is big-endian: save it on a little-endian machine",
                      r->t->name);
            return RIFEC_ERR_MODEL;
        }
    return 0;
}

int torch_list_legacy(struct tensors *t)
{
    int err = 0;
    struct reader r = { .t = t };
    struct pickle version = { 0 }, system = { 0 }, keys = { 0 };
    struct pickle *parts[] = { &version, &system, &r.pickle, &keys };
    const unsigned char *at = t->file[0].data + sizeof legacy_magic;
    size_t left = t->file[0].bytes - sizeof legacy_magic;
    t->format = "PyTorch (legacy)";
    for (int i = 0; i < 4; i++) {
        TRY(pickle_read(parts[i], at, left, t->name));
        at += parts[i]->bytes;
        left -= parts[i]->bytes;
    }
    TRY(check_system(&r, &version, &system));
    TRY(find_storages(&r, &keys, at, left));
    TRY(list_tensors(&r));
fail:
    pickle_close(&version);
    pickle_close(&system);
    pickle_close(&keys);
    close_reader(&r);
    return err;
}
