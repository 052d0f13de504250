/* Places, sorted by what they are, so that equal ones are neighbours. */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/clash.h"

#include <errno.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libavutil/mem.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/outpath.h"
#include "media/out/album.h"
#include "media/pictures.h"
#include "pipeline/naming.h"

enum role { INPUT, MODEL, CUTS, OUTPUT, STATS };

/* Places with many files: numbered names of a pattern; images of any name in a folder;
 * an output of numbered images of a kind not known yet; the files that may be a model
 * in its folder. */
enum set { ONE_FILE, NUMBERED, ANY_PICTURES, NEW_PICTURES, MODEL_FILES };

struct place {
    int index; /* in the order of the command line */
    enum role role;
    bool is_part; /* the temporary file of an output          */
    const char *path;
    const char *job; /* of an output: the input it is made from         */
    const char *of;  /* of a part: the output                           */
    char *owned;     /* `path`, if it is ours                    */
    enum set set;
    struct picture_name pattern; /* of NUMBERED                              */
    struct outpath_id file;      /* of a set: its folder                     */
    struct outpath_id name;      /* of one file: its folder, and its name    */
};

struct places {
    struct place *list;
    int count, room;
};

static bool is_written(const struct place *p)
{
    return p->role == OUTPUT || p->role == STATS;
}

/* --- collecting ------------------------------------------------------------- */

/* *out: where a link leads, owned; NULL if it leads in a circle. */
static int follow(char **out, const char *path)
{
    *out = outpath_follow(path);
    return *out || errno == ELOOP ? 0 : mem_fail("a file name");
}

/* The folder's identity and the name in it, even if the file exists. */
static int identify_name(struct outpath_id *out, const char *path)
{
    int err = 0;
    struct outpath_id folder = { 0 };
    char *real, *parent = NULL;
    TRY(follow(&real, path));
    parent = outpath_folder(real ? real : path);
    const char *end = strrchr(real ? real : path, '/');
    const char *name = end ? end + 1 : real ? real : path;
    if (!parent || outpath_identify(&folder, parent) != 0)
        TRY(mem_fail("a file name"));
    size_t size = strlen(folder.rest) + strlen(name) + 2;
    *out = (struct outpath_id){ folder.device, folder.inode, malloc(size) };
    if (!out->rest)
        TRY(mem_fail("a file name"));
    snprintf(out->rest, size, "%s%s%s", folder.rest, folder.rest[0] ? "/" : "", name);
fail:
    outpath_id_free(&folder);
    free(parent);
    free(real);
    return err;
}

static int add(struct places *all, const struct place *place)
{
    int err = 0;
    if (all->count == all->room) {
        int room = all->room ? 2 * all->room : 16;
        struct place *list = realloc(all->list, (size_t)room * sizeof *list);
        if (!list)
            return mem_fail("the list of files");
        all->list = list;
        all->room = room;
    }
    struct place *p = &all->list[all->count++];
    *p = *place;
    p->index = all->count;
    char *folder =
        p->set == NUMBERED ? strndup(p->path, (size_t)p->pattern.folder_length) : NULL;
    const char *path = !folder ? p->path : folder[0] ? folder : ".";
    if ((p->set == NUMBERED && !folder) || outpath_identify(&p->file, path) != 0)
        err = mem_fail("a file name");
    else if (p->set == ONE_FILE)
        err = identify_name(&p->name, path);
    free(folder);
    return err;
}

/* Devices and pipes are always the same, however often they are named. */
static bool is_stream(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static int add_file(struct places *all, enum role role, const char *path, const char *job)
{
    struct place p = { .role = role, .path = path, .job = job };
    return is_stream(path) ? 0 : add(all, &p);
}

/* A file that is written, and its temporary name. */
static int add_written(struct places *all, enum role role, const char *path,
                       const char *job)
{
    int err = 0;
    struct place part = { .role = role, .is_part = true, .job = job, .of = path };
    TRY(add_file(all, role, path, job));
    if (is_stream(path) || outpath_descriptor(path) >= 0)
        return 0;
    char *real;
    TRY(follow(&real, path));
    part.path = part.owned = real ? outpath_part(real) : strdup(path);
    free(real);
    if (!part.owned)
        TRY(mem_fail("a file name"));
    TRY(add(all, &part));
fail:
    return err;
}

static int add_input(struct places *all, const char *path)
{
    struct place p = { .role = INPUT, .path = path, .job = path };
    if (!strcmp(path, "-"))
        return add_file(all, INPUT, "/dev/stdin", path);
    if (!pictures_are_meant(path))
        return add_file(all, INPUT, path, path);
    p.set = picture_name_parse(&p.pattern, path) ? NUMBERED : ANY_PICTURES;
    return add(all, &p);
}

static int add_output(struct places *all, const struct pipeline_options *job)
{
    struct place p = { .role = OUTPUT, .path = job->output.path, .job = job->input.path };
    if (job->output.format && !strcmp(job->output.format, "null"))
        return 0;
    if (!strcmp(job->output.path, "-"))
        return add_file(all, OUTPUT, "/dev/stdout", job->input.path);
    unsigned long failures = mem_failures();
    char *pattern = album_pattern(job->output.path, job->output.format, NULL);
    if (mem_check(failures))
        return mem_check(failures);
    if (pattern) {
        p.path = p.owned = strdup(pattern);
        av_free(pattern);
        if (!p.owned)
            return mem_fail("a file name");
        picture_name_parse(&p.pattern, p.path);
        p.set = NUMBERED;
        return add(all, &p);
    }
    if (!naming_is_folder(job->output.path) || !naming_is_album(job))
        return add_written(all, OUTPUT, job->output.path, job->input.path);
    p.set = NEW_PICTURES;
    return add(all, &p);
}

/* ncnn's two files are beside each other; a folder is looked through for weights. */
static int add_model(struct places *all, const char *path)
{
    int err = 0;
    struct place p = { .role = MODEL, .path = path, .job = path };
    const char *dot = strrchr(path, '.');
    const char *other = dot && !strcmp(dot, ".param") ? ".bin"
                        : dot && !strcmp(dot, ".bin") ? ".param"
                                                      : NULL;
    if (naming_is_folder(path)) {
        p.set = MODEL_FILES;
        return add(all, &p);
    }
    TRY(add_file(all, MODEL, path, path));
    if (other) {
        size_t size = strlen(path) + 8;
        p.path = p.owned = malloc(size);
        if (!p.owned)
            TRY(mem_fail("a file name"));
        snprintf(p.owned, size, "%.*s%s", (int)(dot - path), path, other);
        TRY(add(all, &p));
    }
fail:
    return err;
}

static int collect(struct places *all, const struct clash_params *p)
{
    int err = 0;
    struct pipeline_options job = *p->job;
    for (int i = 0; i < p->count; i++)
        TRY(add_input(all, p->inputs[i]));
    if (job.engine.model)
        TRY(add_model(all, job.engine.model));
    if (job.content.scene_list)
        TRY(add_file(all, CUTS, job.content.scene_list, job.content.scene_list));
    for (int i = 0; i < p->count; i++) {
        job.input.path = p->inputs[i];
        job.output.path = p->outputs[i];
        TRY(add_output(all, &job));
    }
    if (p->stats)
        TRY(add_written(all, STATS, strcmp(p->stats, "-") ? p->stats : "/dev/stdout",
                        p->stats));
fail:
    return err;
}

static void free_places(struct places *all)
{
    for (int i = 0; i < all->count; i++) {
        outpath_id_free(&all->list[i].file);
        outpath_id_free(&all->list[i].name);
        free(all->list[i].owned);
    }
    free(all->list);
}

/* --- saying ----------------------------------------------------------------- */

static const char *role_name(const struct place *p)
{
    static const char *const names[] = { "the input", "the model", "the list of cuts",
                                         "the output", "the file of --stats" };
    return names[p->role];
}

static void say_set(const struct place *set, const struct place *p)
{
    if (p->role == INPUT && p->set != ONE_FILE)
        log_error("%s: the input's pictures have such names; give other names",
                  set->path);
    else
        log_error("%s: %s, %s, is or would be one of these files; give another name",
                  set->path, role_name(p), p->path);
}

/* Reports that `w` is written and is also `other`. */
static int refuse(const struct place *w, const struct place *other)
{
    bool both_outputs = w->role == OUTPUT && other->role == OUTPUT;
    bool stats = w->role == STATS || other->role == STATS;
    bool swap = other->is_part || (other->role == STATS && !w->is_part);
    const struct place *a = swap ? other : w, *b = swap ? w : other;
    const char *advice = a->role == STATS ? " to --stats" : "";
    if (a->is_part)
        log_error("%s: this is the temporary name of %s, and is %s; give another name",
                  a->path, a->of, role_name(b));
    else if (both_outputs)
        log_error("%s and %s would both become %s; try --name-template with {n}", a->job,
                  b->job, a->path);
    else if (a->set != ONE_FILE)
        say_set(a, b);
    else if (b->set != ONE_FILE)
        say_set(b, a);
    else if (!strcmp(a->path, b->path))
        log_error("%s: is %s itself; give another name%s", a->path, role_name(b), advice);
    else
        log_error("%s: is the same file as %s, %s; give another name%s", a->path,
                  role_name(b), b->path, advice);
    return both_outputs || stats ? RIFEC_ERR_USAGE : RIFEC_ERR_OUTPUT;
}

/* --- one file ----------------------------------------------------------------- */

static int by_index(const struct place *a, const struct place *b, int order)
{
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

static bool same_file(const struct place *a, const struct place *b)
{
    return outpath_id_compare(&a->file, &b->file) == 0;
}

static int by_file(const void *a, const void *b)
{
    const struct place *p = a, *q = b;
    return by_index(p, q, outpath_id_compare(&p->file, &q->file));
}

/* Sets have no name, and come last. */
static int compare_names(const struct place *p, const struct place *q)
{
    if (!p->name.rest || !q->name.rest)
        return !p->name.rest - !q->name.rest;
    return outpath_id_compare(&p->name, &q->name);
}

static bool same_name(const struct place *a, const struct place *b)
{
    return compare_names(a, b) == 0;
}

static int by_name(const void *a, const void *b)
{
    return by_index(a, b, compare_names(a, b));
}

/* Two outputs may be hard links of one file, as each replaces its own name. An input must
 * not be replaced under any name. */
static int check_neighbours(const struct places *all, bool names)
{
    bool (*same)(const struct place *, const struct place *) =
        names ? same_name : same_file;
    qsort(all->list, (size_t)all->count, sizeof *all->list, names ? by_name : by_file);
    for (int i = 0; i < all->count; i++) {
        const struct place *p = &all->list[i];
        for (int j = i + 1; j < all->count && p->set == ONE_FILE; j++) {
            const struct place *q = &all->list[j];
            if (!same(p, q))
                break;
            if (q->set == ONE_FILE &&
                (names ? is_written(p) && is_written(q) : is_written(p) != is_written(q)))
                return is_written(p) ? refuse(p, q) : refuse(q, p);
        }
    }
    return 0;
}

/* --- sets --------------------------------------------------------------------- */

static bool set_has(const struct place *set, const char *file)
{
    const char *dot = strrchr(file, '.');
    switch (set->set) {
    case NUMBERED:
        return picture_name_number(&set->pattern, file) >= 0;
    case NEW_PICTURES:
        return dot && strspn(file, "0123456789") == (size_t)(dot - file) &&
               picture_codec(file) != AV_CODEC_ID_NONE;
    case ANY_PICTURES:
        return file[0] != '.' && dot && picture_codec(file) != AV_CODEC_ID_NONE;
    case MODEL_FILES:
        return !strncmp(file, "flownet.", 8);
    default:
        return false;
    }
}

/* The name of a file in the set's folder; NULL: it is elsewhere. */
static const char *name_in(const struct place *file, const struct place *set)
{
    size_t length = strlen(set->file.rest);
    const char *name = file->name.rest;
    if (file->name.device != set->file.device || file->name.inode != set->file.inode ||
        strncmp(name, set->file.rest, length) != 0)
        return NULL;
    name += length;
    if (length && *name++ != '/')
        return NULL;
    return strchr(name, '/') ? NULL : name;
}

/* Only the contents of a folder are read, so an output in it is another matter. */
static bool file_is_in(const struct place *file, const struct place *set)
{
    const char *name = name_in(file, set);
    bool counts = set->set != ANY_PICTURES || !file->file.rest[0];
    return name && counts && set_has(set, name);
}

/* A name that pictures of the set may get. */
static void first_name(const struct place *set, const struct place *other, char *name,
                       size_t size)
{
    const struct picture_name *n = &set->pattern;
    if (set->set == NUMBERED)
        snprintf(name, size, "%.*s%0*d%s", n->prefix_length, n->path + n->folder_length,
                 n->digits, 1, n->suffix);
    else
        snprintf(name, size, "%08d%s", 1,
                 other->set == NUMBERED ? other->pattern.suffix : ".png");
}

static bool sets_overlap(const struct place *a, const struct place *b)
{
    char name_a[300], name_b[300];
    if (outpath_id_compare(&a->file, &b->file) != 0 || a->set == ANY_PICTURES ||
        b->set == ANY_PICTURES || a->set == MODEL_FILES || b->set == MODEL_FILES)
        return false;
    first_name(a, b, name_a, sizeof name_a);
    first_name(b, a, name_b, sizeof name_b);
    return set_has(a, name_b) || set_has(b, name_a);
}

static int check_sets(const struct places *all)
{
    for (int i = 0; i < all->count; i++) {
        const struct place *set = &all->list[i];
        for (int j = 0; j < all->count && set->set != ONE_FILE; j++) {
            const struct place *p = &all->list[j];
            if (i == j || (!is_written(set) && !is_written(p)))
                continue;
            if (p->set == ONE_FILE ? file_is_in(p, set) : j > i && sets_overlap(p, set))
                return is_written(set) ? refuse(set, p) : refuse(p, set);
        }
    }
    return 0;
}

/* --- pictures that exist ------------------------------------------------------- */

struct found {
    struct outpath_id id;
    const struct place *set;
};

struct all_found {
    struct found *list;
    int count, room;
};

static int by_id(const void *a, const void *b)
{
    return outpath_id_compare(&((const struct found *)a)->id,
                              &((const struct found *)b)->id);
}

/* Calls `visit` for each file of the set that exists, until it returns an error. */
static int each_file(const struct place *set,
                     int (*visit)(void *, const struct place *, const struct stat *),
                     void *opaque)
{
    int err = 0;
    struct stat st;
    int length =
        set->set == NUMBERED ? set->pattern.folder_length : (int)strlen(set->path);
    char path[4096 + 300];
    snprintf(path, sizeof path, "%.*s", length, set->path);
    DIR *dir = opendir(length ? path : ".");
    for (struct dirent *e; dir && err == 0 && (e = readdir(dir));) {
        snprintf(path, sizeof path, "%.*s%s%s", length, set->path, length ? "/" : "",
                 e->d_name);
        if (set_has(set, e->d_name) && stat(path, &st) == 0)
            err = visit(opaque, set, &st);
    }
    if (dir)
        closedir(dir);
    return err;
}

static int keep(void *opaque, const struct place *set, const struct stat *st)
{
    struct all_found *all = opaque;
    static char empty[] = "";
    if (all->count == all->room) {
        int room = all->room ? 2 * all->room : 64;
        struct found *list = realloc(all->list, (size_t)room * sizeof *list);
        if (!list)
            return mem_fail("the list of pictures");
        all->list = list;
        all->room = room;
    }
    all->list[all->count++] = (struct found){ { st->st_dev, st->st_ino, empty }, set };
    return 0;
}

static const struct place *find(const struct all_found *all, const struct outpath_id *id)
{
    struct found key = { .id = *id };
    const struct found *f =
        bsearch(&key, all->list, (size_t)all->count, sizeof key, by_id);
    return f ? f->set : NULL;
}

static int compare_picture(void *opaque, const struct place *set, const struct stat *st)
{
    static char empty[] = "";
    const struct place *output =
        find(opaque, &(struct outpath_id){ st->st_dev, st->st_ino, empty });
    return output ? refuse(output, set) : 0;
}

/* By inode: links to pictures that would be replaced are found here. */
static int check_existing(const struct places *all)
{
    int err = 0;
    struct all_found old = { 0 };
    for (int i = 0; i < all->count; i++)
        if (is_written(&all->list[i]) && all->list[i].set != ONE_FILE)
            TRY(each_file(&all->list[i], keep, &old));
    if (!old.count)
        goto fail;
    qsort(old.list, (size_t)old.count, sizeof *old.list, by_id);
    for (int i = 0; i < all->count; i++) {
        const struct place *p = &all->list[i];
        const struct place *output = is_written(p) ? NULL : find(&old, &p->file);
        if (output && p->set == ONE_FILE)
            TRY(refuse(output, p));
        if (!is_written(p) && p->set != ONE_FILE)
            TRY(each_file(p, compare_picture, &old));
    }
fail:
    free(old.list);
    return err;
}

int clash_check(const struct clash_params *p)
{
    int err = 0;
    struct places all = { 0 };
    TRY(collect(&all, p));
    TRY(check_neighbours(&all, false));
    TRY(check_neighbours(&all, true));
    TRY(check_sets(&all));
    TRY(check_existing(&all));
fail:
    free_places(&all);
    return err;
}
