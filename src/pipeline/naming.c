/* Templates, and the values of their fields. */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/naming.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "media/out/album.h"
#include "media/out/container.h"
#include "media/pictures.h"

#define TEXT_MAX 4096

struct text {
    char s[TEXT_MAX];
    bool too_long;
};

static void append(struct text *t, const char *s, size_t length)
{
    size_t used = strlen(t->s);
    t->too_long = t->too_long || used + length >= sizeof t->s;
    if (!t->too_long)
        snprintf(t->s + used, sizeof t->s - used, "%.*s", (int)length, s);
}

static void append_rational(struct text *t, struct rational r)
{
    char number[48];
    int length = snprintf(number, sizeof number, "%lld", (long long)r.num);
    if (r.den != 1)
        length = snprintf(number, sizeof number, "%lld-%lld", (long long)r.num,
                          (long long)r.den);
    append(t, number, (size_t)length);
}

/* --- the fields ----------------------------------------------------------- */

/* Start of the last component, and its length without trailing slashes. */
static const char *last_component(const char *path, size_t *length)
{
    size_t end = strlen(path), begin;
    while (end > 1 && path[end - 1] == '/')
        end--;
    for (begin = end; begin > 0 && path[begin - 1] != '/'; begin--)
        ;
    *length = end - begin;
    return path + begin;
}

/* Without extension; hidden files keep their dot. */
static size_t stem_length(const char *name, size_t length)
{
    for (size_t i = length; i > 1; i--)
        if (name[i - 1] == '.')
            return i - 1;
    return length;
}

static void append_stem(struct text *t, const char *input)
{
    struct picture_name pictures;
    size_t length;
    if (!strcmp(input, "-")) {
        append(t, "stdin", 5);
        return;
    }
    const char *name = last_component(input, &length);
    if (pictures_are_meant(input) && picture_name_parse(&pictures, input)) {
        length = (size_t)pictures.prefix_length;
        while (length && strchr("._- ", name[length - 1]))
            length--;
        if (!length && pictures.folder_length) { /* film/%05d.png */
            char folder[TEXT_MAX];
            snprintf(folder, sizeof folder, "%.*s", pictures.folder_length, input);
            append_stem(t, folder);
            return;
        }
        append(t, length ? name : "pictures", length ? length : 8);
    } else {
        append(t, name, naming_is_folder(input) ? length : stem_length(name, length));
    }
}

static void append_extension(struct text *t, const struct pipeline_options *job)
{
    const char *format = job->output.format;
    if (format ? picture_codec(format) : pictures_are_meant(job->input.path)) {
        append(t, "/", 1);
    } else if (format) {
        const char *extension = container_extension(format);
        append(t, ".", 1);
        append(t, extension, strcspn(extension, ","));
    } else if (!strcmp(job->input.path, "-")) {
        append(t, ".y4m", 4);
    } else {
        size_t length;
        const char *name = last_component(job->input.path, &length);
        size_t stem = stem_length(name, length);
        append(t, name + stem, length - stem);
    }
}

static bool append_field(struct text *t, const struct naming *n,
                         const struct pipeline_options *job, const char *field,
                         size_t length)
{
    char number[16];
    const char *const fields[] = { "stem", "ext", "factor", "fps", "n" };
    int i = 0;
    while (i < 5 && (strlen(fields[i]) != length || memcmp(fields[i], field, length)))
        i++;
    switch (i) {
    case 0:
        append_stem(t, job->input.path);
        return true;
    case 1:
        append_extension(t, job);
        return true;
    case 2:
        append_rational(t, job->rate.factor);
        return !job->rate.fps.num;
    case 3:
        append_rational(t, job->rate.fps);
        return job->rate.fps.num > 0;
    case 4:
        append(t, number, (size_t)snprintf(number, sizeof number, "%d", n->number));
        return true;
    default:
        return false;
    }
}

/* --- the whole ------------------------------------------------------------ */

char *naming_make(const struct naming *n, const struct pipeline_options *job, char *error,
                  size_t error_size)
{
    struct text t = { "", false };
    const char *s = n->name_template;
    *error = '\0';
    if (!s)
        s = job->rate.fps.num ? "{stem}.{fps}fps{ext}" : "{stem}.{factor}x{ext}";
    append(&t, n->folder, strlen(n->folder));
    if (t.s[0] && t.s[strlen(t.s) - 1] != '/')
        append(&t, "/", 1);
    while (*s) {
        size_t plain = strcspn(s, "{}"), length;
        append(&t, s, plain);
        s += plain;
        if (!*s)
            break;
        length = strcspn(s + 1, "{}");
        if (*s != '{' || s[1 + length] != '}') {
            snprintf(error, error_size, "--name-template: '%s' is not closed", s);
            return NULL;
        }
        if (!append_field(&t, n, job, s + 1, length)) {
            bool rate = !strncmp(s, "{fps}", 5);
            bool known = rate || !strncmp(s, "{factor}", 8);
            snprintf(error, error_size, "--name-template: %.*s is %s", (int)length + 2, s,
                     !known ? "none of {stem} {ext} {factor} {fps} {n}"
                     : rate ? "known with --fps only"
                            : "not known with --fps");
            return NULL;
        }
        s += length + 2;
    }
    if (t.too_long) {
        snprintf(error, error_size, "%s: the output's name becomes too long",
                 job->input.path);
        return NULL;
    }
    return strdup(t.s);
}

bool naming_is_picture(const char *path)
{
    return strchr(path, '.') && picture_codec(path) != AV_CODEC_ID_NONE;
}

bool naming_is_folder(const char *path)
{
    struct stat st;
    size_t length = strlen(path);
    return (length && path[length - 1] == '/') ||
           (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

bool naming_is_album(const struct pipeline_options *job)
{
    return job->output.format ? picture_codec(job->output.format)
                              : pictures_are_meant(job->input.path);
}

/* Images of a running or interrupted job do not count as output. */
static bool is_temporary(const char *name)
{
    size_t length = strlen(name);
    return length > 5 && !strcmp(name + length - 5, ".part");
}

static bool has_entries(const char *folder)
{
    bool found = false;
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && !found && (e = readdir(dir));)
        found = e->d_name[0] != '.' && !is_temporary(e->d_name);
    if (dir)
        closedir(dir);
    return found;
}

bool naming_exists(const char *path)
{
    struct stat st;
    if (naming_is_folder(path))
        return has_entries(path);
    return stat(path, &st) == 0 || album_exists(path);
}
