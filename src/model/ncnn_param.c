/* The text of .param: a magic number, counts, then one line per layer. */
#include "model/ncnn_param.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

/* RIFE 4.6 has 215 layers in 16 KB. */
#define TEXT_BYTES_MAX ((size_t)1 << 20)
#define LAYERS_MAX     4096
#define BLOBS_MAX      8192

/* A list is written as -23300 minus its key: its length, its numbers. */
#define LIST_KEY (-23300)

struct parser {
    struct ncnn_graph *g;
    const char *name; /* of the file, for messages */
    char *at;
    int line;
};

static int damaged(const struct parser *p, const char *what)
{
    log_error("%s:%d: %s: not a .param file of ncnn, or damaged", p->name, p->line, what);
    return RIFEC_ERR_MODEL;
}

/* The next word of the line, or NULL at its end. */
static char *word(char **at)
{
    *at += strspn(*at, " \r");
    char *from = *at;
    *at += strcspn(*at, " \r");
    if (**at)
        *(*at)++ = '\0';
    return *from ? from : NULL;
}

/* To the next line; false at the end of the text. */
static bool next_line(struct parser *p, char **line)
{
    if (!*p->at)
        return false;
    *line = p->at;
    char *end = strchr(p->at, '\n');
    p->line++;
    if (end)
        *end = '\0';
    p->at = end ? end + 1 : p->at + strlen(p->at);
    return true;
}

/* A decimal number, whatever the locale; *end is what follows. */
static double read_number(const char *s, const char **end)
{
    double v = 0, unit = 1;
    bool minus = *s == '-';
    s += *s == '-' || *s == '+';
    while (*s >= '0' && *s <= '9')
        v = 10 * v + (*s++ - '0');
    if (*s == '.')
        for (s++; *s >= '0' && *s <= '9'; s++)
            v += (*s - '0') * (unit /= 10);
    if (*s == 'e' || *s == 'E') {
        bool down = s[1] == '-';
        int power = 0;
        s += 1 + (s[1] == '-' || s[1] == '+');
        while (*s >= '0' && *s <= '9' && power < 400)
            power = 10 * power + (*s++ - '0');
        for (; power > 0; power--)
            v = down ? v / 10 : v * 10;
    }
    *end = s;
    return minus ? -v : v;
}

/* A whole number in 0..max, or -1. */
static int read_count(const char *s, int max)
{
    const char *end;
    double v = s ? read_number(s, &end) : -1;
    return s && end > s && !*end && v >= 0 && v <= max && v == (int)v ? (int)v : -1;
}

static int find_blob(struct parser *p, const char *name, bool add, int *out)
{
    struct ncnn_graph *g = p->g;
    int i = 0;
    while (i < g->blob_count && strcmp(g->blobs[i], name) != 0)
        i++;
    if (add == (i < g->blob_count))
        return damaged(p, add ? "a blob that two layers make"
                              : "a blob that no layer makes");
    if (i == BLOBS_MAX)
        return damaged(p, "too many blobs");
    if (add)
        g->blobs[g->blob_count++] = name;
    *out = i;
    return 0;
}

/* "1=3", or "-23310=1,0.2". */
static int add_param(struct parser *p, struct ncnn_layer *l, const char *text)
{
    const char *end;
    double key = read_number(text, &end);
    if (end == text || *end != '=' || l->param_count == NCNN_PARAMS_MAX ||
        !(key > -30000 && key < 30000))
        return damaged(p, "a malformed parameter");
    const char *from = end + 1;
    double value = read_number(from, &end);
    int number = (int)key;
    if (number <= LIST_KEY) {
        number = LIST_KEY - number;
        value = *end == ',' ? read_number(end + 1, &end) : 0;
        while (*end == ',')
            read_number(end + 1, &end);
    }
    if (end == from || *end)
        return damaged(p, "a malformed parameter");
    l->keys[l->param_count] = number;
    l->values[l->param_count++] = value;
    return 0;
}

static bool is_text(const char *s)
{
    for (; *s; s++)
        if (*s < ' ' || *s > '~')
            return false;
    return true;
}

/* TYPE NAME BOTTOMS TOPS bottom... top... key=value... */
static int read_layer(struct parser *p, char *line)
{
    int err = 0;
    struct ncnn_layer *l = &p->g->layers[p->g->layer_count];
    char *text;
    *l = (struct ncnn_layer){ .type = word(&line) };
    l->name = word(&line);
    l->bottom_count = read_count(word(&line), NCNN_BLOBS_MAX);
    l->top_count = read_count(word(&line), NCNN_BLOBS_MAX);
    if (!l->name || l->bottom_count < 0 || l->top_count < 0 || !is_text(l->type) ||
        !is_text(l->name))
        return damaged(p, "a malformed layer");
    for (int i = 0; i < l->bottom_count + l->top_count; i++) {
        bool is_top = i >= l->bottom_count;
        text = word(&line);
        if (!text)
            return damaged(p, "a layer with too few blobs");
        TRY(find_blob(p, text, is_top,
                      is_top ? &l->tops[i - l->bottom_count] : &l->bottoms[i]));
    }
    while ((text = word(&line)))
        TRY(add_param(p, l, text));
    p->g->layer_count++;
fail:
    return err;
}

int ncnn_graph_read(struct ncnn_graph *g, const unsigned char *data, size_t bytes,
                    const char *name)
{
    int err = 0, layers;
    char *line;
    *g = (struct ncnn_graph){ 0 };
    struct parser p = { .g = g, .name = name };
    if (bytes > TEXT_BYTES_MAX || memchr(data, 0, bytes))
        return damaged(&p, "not a text");
    g->text = malloc(bytes + 1);
    g->blobs = malloc(BLOBS_MAX * sizeof *g->blobs);
    if (!g->text || !g->blobs)
        TRY(mem_fail("the graph of the model"));
    memcpy(g->text, data, bytes);
    g->text[bytes] = '\0';
    p.at = g->text;
    if (!next_line(&p, &line) || !next_line(&p, &line))
        TRY(damaged(&p, "no layers"));
    layers = read_count(word(&line), LAYERS_MAX);
    if (layers <= 0)
        TRY(damaged(&p, "no layers"));
    g->layers = malloc((size_t)layers * sizeof *g->layers);
    if (!g->layers)
        TRY(mem_fail("the graph of the model"));
    while (g->layer_count < layers) {
        if (!next_line(&p, &line))
            TRY(damaged(&p, "truncated: fewer layers than it declares"));
        TRY(read_layer(&p, line));
    }
fail:
    return err;
}

void ncnn_graph_close(struct ncnn_graph *g)
{
    free(g->text);
    free(g->layers);
    free(g->blobs);
    *g = (struct ncnn_graph){ 0 };
}

double ncnn_get(const struct ncnn_layer *l, int key, double missing)
{
    for (int i = 0; i < l->param_count; i++)
        if (l->keys[i] == key)
            return l->values[i];
    return missing;
}
