/* The virtual machine of pickle, as far as torch.save makes it go. */
#include "model/pickle.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

/* An IFNet with its teacher has 60 KB. This also bounds the memory for a bad one. */
#define BYTES_MAX ((size_t)4 << 20)

/* Limit of a call's arguments, which calls copy; a tensor has six or seven. */
#define ARGUMENTS_MAX 8

#define MARK (-1)

/* As Python's pickletools names them. */
enum opcode {
    OP_PROTO = 0x80,
    OP_STOP = '.',
    OP_MARK = '(',
    OP_NONE = 'N',
    OP_NEWTRUE = 0x88,
    OP_NEWFALSE = 0x89,
    OP_BININT = 'J',
    OP_BININT1 = 'K',
    OP_BININT2 = 'M',
    OP_LONG1 = 0x8a,
    OP_BINFLOAT = 'G',
    OP_BINUNICODE = 'X',
    OP_EMPTY_TUPLE = ')',
    OP_TUPLE1 = 0x85,
    OP_TUPLE2 = 0x86,
    OP_TUPLE3 = 0x87,
    OP_TUPLE = 't',
    OP_EMPTY_LIST = ']',
    OP_APPEND = 'a',
    OP_APPENDS = 'e',
    OP_EMPTY_DICT = '}',
    OP_SETITEM = 's',
    OP_SETITEMS = 'u',
    OP_BINPUT = 'q',
    OP_LONG_BINPUT = 'r',
    OP_BINGET = 'h',
    OP_LONG_BINGET = 'j',
    OP_GLOBAL = 'c',
    OP_REDUCE = 'R',
    OP_BINPERSID = 'Q',
    OP_BUILD = 'b',
};

struct ints {
    int *data;
    int count, room;
};

struct machine {
    struct pickle *p;
    const unsigned char *at, *end;
    struct ints stack; /* places of values, or MARK           */
    struct ints memo;  /* by key; MARK where there is nothing */
};

static int damaged(const struct machine *m, const char *what)
{
    log_error("%s: the pickle is damaged: %s: fetch the file again", m->p->name, what);
    return RIFEC_ERR_MODEL;
}

/* --- memory ----------------------------------------------------------------- */

static bool ints_push(struct ints *v, int i)
{
    if (v->count == v->room) {
        int room = v->room ? 2 * v->room : 16;
        int *data = realloc(v->data, (size_t)room * sizeof *data);
        if (!data)
            return false;
        v->data = data;
        v->room = room;
    }
    v->data[v->count++] = i;
    return true;
}

static int push(struct machine *m, int i)
{
    return ints_push(&m->stack, i) ? 0 : mem_fail("the pickle in the model");
}

/* Pushes a new value. The pointer is valid until the next one. */
static int push_new(struct machine *m, enum pickle_kind kind, struct pickle_value **out)
{
    struct pickle *p = m->p;
    if (p->count == p->room) {
        int room = p->room ? 2 * p->room : 256;
        struct pickle_value *values = realloc(p->values, (size_t)room * sizeof *values);
        if (!values)
            return mem_fail("the pickle in the model");
        p->values = values;
        p->room = room;
    }
    *out = &p->values[p->count];
    **out = (struct pickle_value){ .kind = kind };
    return push(m, p->count++);
}

static int append(struct pickle_value *v, const int *items, int count)
{
    struct ints list = { v->items, v->count, v->room };
    bool good = true;
    for (int i = 0; good && i < count; i++)
        good = ints_push(&list, items[i]);
    v->items = list.data;
    v->count = list.count;
    v->room = list.room;
    return good ? 0 : mem_fail("the pickle in the model");
}

/* --- the stack -------------------------------------------------------------- */

/* Returns the value `depth` below the top, which is 0, or NULL if there is none. */
static struct pickle_value *peek(const struct machine *m, int depth)
{
    int at = m->stack.count - 1 - depth;
    if (at < 0 || m->stack.data[at] == MARK)
        return NULL;
    return &m->p->values[m->stack.data[at]];
}

/* Returns the number of values above the topmost mark, or -1. */
static int above_mark(const struct machine *m)
{
    for (int n = 0; n < m->stack.count; n++)
        if (m->stack.data[m->stack.count - 1 - n] == MARK)
            return n;
    return -1;
}

/* Makes a tuple of the n topmost values; with a mark, the mark is removed as well. */
static int make_tuple(struct machine *m, int n, bool mark)
{
    int err = 0;
    struct pickle_value *tuple;
    for (int i = 0; i < n; i++)
        if (!peek(m, i))
            return damaged(m, "a tuple with too few items");
    if (n < 0)
        return damaged(m, "a tuple without a mark");
    TRY(push_new(m, PICKLE_TUPLE, &tuple));
    int place = m->stack.data[--m->stack.count];
    m->stack.count -= n;
    TRY(append(tuple, m->stack.data + m->stack.count, n));
    m->stack.count -= mark;
    TRY(push(m, place));
fail:
    return err;
}

/* Moves the n topmost values into the container below them. */
static int add_items(struct machine *m, enum pickle_kind kind, int n, bool mark)
{
    int err = 0;
    struct pickle_value *container = n < 0 ? NULL : peek(m, n + mark);
    if (!container || container->kind != kind || (kind == PICKLE_DICT && n % 2))
        return damaged(m, "items without a container");
    for (int i = 0; i < n; i++)
        if (!peek(m, i))
            return damaged(m, "items without a container");
    m->stack.count -= n;
    TRY(append(container, m->stack.data + m->stack.count, n));
    m->stack.count -= mark;
fail:
    return err;
}

/* --- what opcodes carry ------------------------------------------------------- */

static bool take(struct machine *m, size_t n, const unsigned char **out)
{
    if ((size_t)(m->end - m->at) < n)
        return false;
    *out = m->at;
    m->at += n;
    return true;
}

/* Little endian, n of at most 8 bytes. */
static uint64_t number(const unsigned char *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)p[i] << 8 * i;
    return v;
}

static int push_number(struct machine *m, enum pickle_kind kind, int64_t v)
{
    struct pickle_value *value;
    int err = push_new(m, kind, &value);
    if (!err)
        value->number = v;
    return err;
}

static int push_view(struct machine *m, enum pickle_kind kind, const void *text, size_t n,
                     int64_t v)
{
    int err = push_number(m, kind, v);
    if (!err) {
        m->p->values[m->p->count - 1].text = text;
        m->p->values[m->p->count - 1].length = n;
    }
    return err;
}

static int push_int(struct machine *m, size_t n)
{
    const unsigned char *p;
    if (!take(m, n, &p))
        return damaged(m, "it ends inside a number");
    int64_t v = (int64_t)number(p, n);
    return push_number(m, PICKLE_INT, n == 4 ? (int32_t)v : v);
}

/* LONG1: a length, then that many bytes, the last with the sign. */
static int push_long(struct machine *m)
{
    const unsigned char *n, *p;
    if (!take(m, 1, &n) || !take(m, *n, &p))
        return damaged(m, "it ends inside a number");
    if (*n > 8)
        return damaged(m, "a number of more than 64 bits");
    uint64_t v = number(p, *n);
    if (*n > 0 && *n < 8 && p[*n - 1] & 0x80)
        v |= ~(uint64_t)0 << 8 * *n;
    int64_t is_signed;
    memcpy(&is_signed, &v, sizeof v);
    return push_number(m, PICKLE_INT, is_signed);
}

static int push_text(struct machine *m)
{
    const unsigned char *n, *p;
    if (!take(m, 4, &n) || !take(m, (size_t)number(n, 4), &p))
        return damaged(m, "it ends inside a string");
    return push_view(m, PICKLE_TEXT, p, (size_t)number(n, 4), 0);
}

/* --- memo ------------------------------------------------------------------- */

static int put_memo(struct machine *m, size_t key_bytes)
{
    const unsigned char *p;
    if (!take(m, key_bytes, &p) || !peek(m, 0))
        return damaged(m, "a memo of nothing");
    /* torch.save counts them up. */
    uint64_t key = number(p, key_bytes);
    if (key > (uint64_t)m->memo.count)
        return damaged(m, "a memo out of order");
    int value = m->stack.data[m->stack.count - 1];
    if (key < (uint64_t)m->memo.count)
        m->memo.data[key] = value;
    else if (!ints_push(&m->memo, value))
        return mem_fail("the pickle in the model");
    return 0;
}

static int get_memo(struct machine *m, size_t key_bytes)
{
    const unsigned char *p;
    if (!take(m, key_bytes, &p) || number(p, key_bytes) >= (uint64_t)m->memo.count)
        return damaged(m, "a memo that was never made");
    return push(m, m->memo.data[number(p, key_bytes)]);
}

/* --- classes, and calls of them ------------------------------------------------- */

/* Up to a line feed. Printable, so that a message can show it. */
static bool take_line(struct machine *m, const char **line, int *length)
{
    const unsigned char *from = m->at;
    while (m->at < m->end && *m->at >= ' ' && *m->at <= '~' && m->at - from < 200)
        m->at++;
    *line = (const char *)from;
    *length = (int)(m->at - from);
    return m->at < m->end && *m->at++ == '\n';
}

static bool is_name(const char *text, int length, const char *name)
{
    return (size_t)length == strlen(name) && !memcmp(text, name, (size_t)length);
}

static int push_global(struct machine *m)
{
    static const struct {
        const char *module, *name;
        enum pickle_global global;
    } accepted[] = {
        { "collections", "OrderedDict", PICKLE_ORDERED_DICT },
        { "torch._utils", "_rebuild_tensor_v2", PICKLE_TENSOR },
        { "torch._utils", "_rebuild_parameter", PICKLE_PARAMETER },
    };
    const char *module, *name;
    int module_length, name_length, found = -1;
    if (!take_line(m, &module, &module_length) || !take_line(m, &name, &name_length))
        return damaged(m, "it ends inside the name of a class");
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++)
        if (is_name(module, module_length, accepted[i].module) &&
            is_name(name, name_length, accepted[i].name))
            found = (int)accepted[i].global;
    if (is_name(module, module_length, "torch") && name_length > 7 &&
        !memcmp(name + name_length - 7, "Storage", 7))
        found = PICKLE_STORAGE_TYPE;
    if (found < 0) {
        log_error("%s: it asks for Python's %.*s.%.*s, but only tensors are read: save "
                  "net.state_dict(), not the network, with torch.save()",
                  m->p->name, module_length, module, name_length, name);
        return RIFEC_ERR_MODEL;
    }
    return push_view(m, PICKLE_GLOBAL, name, (size_t)name_length, found);
}

/* REDUCE: calls the function below the arguments. */
static int call(struct machine *m)
{
    int err = 0;
    struct pickle_value *args = peek(m, 0), *callee = peek(m, 1), *result;
    if (!args || args->kind != PICKLE_TUPLE || !callee || callee->kind != PICKLE_GLOBAL)
        return damaged(m, "a call of nothing");
    int global = (int)callee->number, args_at = m->stack.data[m->stack.count - 1];
    if (global == PICKLE_STORAGE_TYPE || args->count > ARGUMENTS_MAX ||
        (global == PICKLE_ORDERED_DICT && args->count))
        return damaged(m, "a call with arguments of another kind");
    m->stack.count -= 2;
    TRY(push_new(m, global == PICKLE_ORDERED_DICT ? PICKLE_DICT : PICKLE_CALL, &result));
    result->number = global;
    args = &m->p->values[args_at];
    TRY(append(result, args->items, args->count));
fail:
    return err;
}

/* BINPERSID: the tuple on top names a storage. */
static int make_storage(struct machine *m)
{
    int err = 0;
    struct pickle_value *id = peek(m, 0), *result;
    if (!id || id->kind != PICKLE_TUPLE || id->count > ARGUMENTS_MAX)
        return damaged(m, "a storage without a name");
    int id_at = m->stack.data[--m->stack.count];
    TRY(push_new(m, PICKLE_STORAGE, &result));
    id = &m->p->values[id_at];
    TRY(append(result, id->items, id->count));
fail:
    return err;
}

/* BUILD: a state dict's attributes, of which none is a tensor. */
static int build(struct machine *m)
{
    const struct pickle_value *state = peek(m, 0), *object = peek(m, 1);
    if (!state || !object || object->kind != PICKLE_DICT)
        return damaged(m, "a state of nothing");
    m->stack.count--;
    return 0;
}

/* --- the loop ---------------------------------------------------------------- */

static int check_protocol(struct machine *m)
{
    const unsigned char *p;
    if (!take(m, 1, &p))
        return damaged(m, "it is empty");
    if (*p != 2) {
        log_error("%s: the pickle has protocol %d, but torch.save() writes 2: save it "
                  "without pickle_protocol",
                  m->p->name, *p);
        return RIFEC_ERR_MODEL;
    }
    return 0;
}

static int step(struct machine *m, int op)
{
    struct pickle_value *value;
    const unsigned char *p;
    switch (op) {
    case OP_PROTO:
        return check_protocol(m);
    case OP_MARK:
        return push(m, MARK);
    case OP_NONE:
        return push_new(m, PICKLE_NONE, &value);
    case OP_NEWTRUE:
    case OP_NEWFALSE:
        return push_number(m, PICKLE_BOOL, op == OP_NEWTRUE);
    case OP_BININT:
        return push_int(m, 4);
    case OP_BININT1:
        return push_int(m, 1);
    case OP_BININT2:
        return push_int(m, 2);
    case OP_LONG1:
        return push_long(m);
    case OP_BINFLOAT:
        return take(m, 8, &p) ? push_new(m, PICKLE_FLOAT, &value)
                              : damaged(m, "it ends inside a number");
    case OP_BINUNICODE:
        return push_text(m);
    case OP_EMPTY_TUPLE:
        return make_tuple(m, 0, false);
    case OP_TUPLE1:
    case OP_TUPLE2:
    case OP_TUPLE3:
        return make_tuple(m, op - OP_TUPLE1 + 1, false);
    case OP_TUPLE:
        return make_tuple(m, above_mark(m), true);
    case OP_EMPTY_LIST:
        return push_new(m, PICKLE_LIST, &value);
    case OP_APPEND:
        return add_items(m, PICKLE_LIST, 1, false);
    case OP_APPENDS:
        return add_items(m, PICKLE_LIST, above_mark(m), true);
    case OP_EMPTY_DICT:
        return push_new(m, PICKLE_DICT, &value);
    case OP_SETITEM:
        return add_items(m, PICKLE_DICT, 2, false);
    case OP_SETITEMS:
        return add_items(m, PICKLE_DICT, above_mark(m), true);
    case OP_BINPUT:
        return put_memo(m, 1);
    case OP_LONG_BINPUT:
        return put_memo(m, 4);
    case OP_BINGET:
        return get_memo(m, 1);
    case OP_LONG_BINGET:
        return get_memo(m, 4);
    case OP_GLOBAL:
        return push_global(m);
    case OP_REDUCE:
        return call(m);
    case OP_BINPERSID:
        return make_storage(m);
    case OP_BUILD:
        return build(m);
    default:
        log_error("%s: opcode 0x%02x in its pickle, which torch.save() never writes: "
                  "not a file of tensors, or damaged",
                  m->p->name, (unsigned)op);
        return RIFEC_ERR_MODEL;
    }
}

int pickle_read(struct pickle *p, const unsigned char *data, size_t bytes,
                const char *name)
{
    int err = 0;
    *p = (struct pickle){ .name = name };
    struct machine m = { .p = p,
                         .at = data,
                         .end = data + (bytes < BYTES_MAX ? bytes : BYTES_MAX) };
    int op = 0;
    while (op != OP_STOP) {
        if (m.at == m.end)
            TRY(damaged(&m, "it has no end marker"));
        op = *m.at++;
        if (op != OP_STOP)
            TRY(step(&m, op));
    }
    if (m.stack.count != 1 || !peek(&m, 0))
        TRY(damaged(&m, "it does not leave exactly one value"));
    p->root = m.stack.data[0];
    p->bytes = (size_t)(m.at - data);
fail:
    free(m.stack.data);
    free(m.memo.data);
    return err;
}

void pickle_close(struct pickle *p)
{
    for (int i = 0; i < p->count; i++)
        free(p->values[i].items);
    free(p->values);
    *p = (struct pickle){ 0 };
}

const struct pickle_value *pickle_item(const struct pickle *p,
                                       const struct pickle_value *v, int i)
{
    return &p->values[v->items[i]];
}

bool pickle_is_text(const struct pickle_value *v, const char *text)
{
    return v->kind == PICKLE_TEXT && v->length == strlen(text) &&
           !memcmp(v->text, text, v->length);
}
