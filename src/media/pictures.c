/* Names of pictures: their pattern, their order, their kind. */
#define _POSIX_C_SOURCE 200809L
#include "media/pictures.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/mem.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "media/avcompat.h"
#include "media/picture_gaps.h"

enum AVCodecID picture_codec(const char *name)
{
    char numbered[32];
    const char *dot = strrchr(name, '.');
    snprintf(numbered, sizeof numbered, "%%d.%.20s", dot ? dot + 1 : name);
    /* FFmpeg asks its table of pictures for names with %d only. */
    AVCOMPAT_FORMAT_CONST AVOutputFormat *image2 = av_guess_format(NULL, numbered, NULL);
    if (!image2 || strcmp(image2->name, "image2") != 0)
        return AV_CODEC_ID_NONE;
    enum AVCodecID id = av_guess_codec(image2, NULL, numbered, NULL, AVMEDIA_TYPE_VIDEO);
    switch (id) {
    case AV_CODEC_ID_RAWVIDEO: /* planes and parts of films, not pictures */
    case AV_CODEC_ID_V210X:
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_MPEG2VIDEO:
    case AV_CODEC_ID_MPEG4:
        return AV_CODEC_ID_NONE;
    default:
        return id;
    }
}

/* --- one name ------------------------------------------------------------- */

bool picture_name_parse(struct picture_name *out, const char *path)
{
    const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;
    const char *percent = strchr(file, '%');
    if (!percent || strchr(percent + 1, '%'))
        return false;
    const char *s = percent + 1;
    int digits = 1;
    if (*s == '0') {
        digits = 0;
        for (s++; isdigit((unsigned char)*s) && digits <= PICTURE_DIGITS_MAX; s++)
            digits = digits * 10 + (*s - '0');
    }
    if (*s != 'd' || digits < 1 || digits > PICTURE_DIGITS_MAX ||
        picture_codec(file) == AV_CODEC_ID_NONE)
        return false;
    *out = (struct picture_name){
        .path = path,
        .folder_length = (int)(file - path),
        .prefix_length = (int)(percent - file),
        .digits = digits,
        .suffix = s + 1,
    };
    return true;
}

int64_t picture_name_number(const struct picture_name *n, const char *file)
{
    if (strncmp(file, n->path + n->folder_length, (size_t)n->prefix_length) != 0)
        return -1;
    const char *s = file + n->prefix_length;
    int digits = (int)strspn(s, "0123456789");
    bool padded = s[0] == '0' && digits > n->digits; /* %05d never writes 000123 */
    if (digits < n->digits || digits > PICTURE_DIGITS_MAX || padded ||
        strcmp(s + digits, n->suffix) != 0)
        return -1;
    return strtoll(s, NULL, 10);
}

/* --- all of them ---------------------------------------------------------- */

/* frames/f*.png, which a shell left as it is. */
static bool is_wild(const char *path)
{
    const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;
    struct stat st;
    return strpbrk(file, "*?[") && stat(path, &st) != 0 &&
           picture_codec(file) != AV_CODEC_ID_NONE;
}

bool pictures_are_meant(const char *path)
{
    struct picture_name unused;
    struct stat st;
    if (stat(path, &st) == 0)
        return S_ISDIR(st.st_mode);
    return picture_name_parse(&unused, path) || is_wild(path);
}

/* frame9 before frame10: runs of digits by value, all else byte by byte. */
static int compare_natural(const char *a, const char *b)
{
    while (*a && *b) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            a += strspn(a, "0");
            b += strspn(b, "0");
            size_t m = strspn(a, "0123456789"), n = strspn(b, "0123456789");
            int order = m != n ? (m < n ? -1 : 1) : strncmp(a, b, m);
            if (order)
                return order;
            a += m;
            b += n;
        } else if (*a != *b) {
            break;
        } else {
            a++;
            b++;
        }
    }
    return (unsigned char)*a - (unsigned char)*b;
}

static int compare(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    int order = compare_natural(x, y);
    return order ? order : strcmp(x, y); /* 01 and 1: some order, always the same */
}

static int add(struct pictures *p, const char *folder, const char *file)
{
    char *path = av_asprintf("%s%s", folder, file);
    if (!path || av_dynarray_add_nofree(&p->paths, &p->count, path) < 0) {
        av_free(path);
        return mem_fail("the list of pictures");
    }
    return 0;
}

/* Takes a file of the folder if it belongs to the film. */
static int consider(struct pictures *p, const char *folder, const char *file,
                    const struct picture_name *pattern, const char *wild)
{
    if (wild && fnmatch(wild, file, FNM_PERIOD) != 0)
        return 0;
    if (pattern)
        return picture_name_number(pattern, file) >= 0 ? add(p, folder, file) : 0;
    enum AVCodecID codec = picture_codec(file);
    if (file[0] == '.' || !strchr(file, '.') || codec == AV_CODEC_ID_NONE)
        return 0;
    if (p->count && codec != p->codec) {
        log_error("%s: has pictures of several kinds, such as %s and %s; choose one, as "
                  "in %s%%05d.png",
                  folder, strrchr(p->paths[0], '/') + 1, file, folder);
        return RIFEC_ERR_INPUT;
    }
    p->codec = codec;
    return add(p, folder, file);
}

static int read_folder(struct pictures *p, const char *folder,
                       const struct picture_name *pattern, const char *wild)
{
    int err = 0;
    DIR *dir = opendir(folder[0] ? folder : ".");
    if (!dir) {
        log_error("%s: %s", folder, strerror(errno));
        return RIFEC_ERR_INPUT;
    }
    for (struct dirent *e; err == 0 && (e = readdir(dir));)
        err = consider(p, folder, e->d_name, pattern, wild);
    closedir(dir);
    return err;
}

/* The length of the folder in a path, with its slash. */
static int folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (int)(slash + 1 - path) : 0;
}

int pictures_find(struct pictures *out, const char *path)
{
    int err = 0;
    struct picture_name pattern;
    const bool numbered = picture_name_parse(&pattern, path);
    const char *wild = !numbered && is_wild(path) ? path + folder_length(path) : NULL;
    const size_t length = strlen(path);
    char *folder =
        numbered || wild
            ? av_strndup(path, (size_t)folder_length(path))
            : av_asprintf("%s%s", path, length && path[length - 1] == '/' ? "" : "/");
    *out = (struct pictures){ .codec = numbered ? picture_codec(path) : 0 };
    if (!folder)
        return mem_fail("a file name");
    TRY(read_folder(out, folder, numbered ? &pattern : NULL, wild));
    if (!out->count && (numbered || wild))
        FAIL(RIFEC_ERR_INPUT, "%s: no such picture exists", path);
    if (!out->count)
        FAIL(RIFEC_ERR_INPUT, "%s: is a directory without pictures", path);
    qsort(out->paths, (size_t)out->count, sizeof *out->paths, compare);
    picture_gaps_report(out, numbered ? &pattern : NULL, path);
    av_free(folder);
    return 0;
fail:
    av_free(folder);
    pictures_free(out);
    return err;
}

void pictures_free(struct pictures *p)
{
    for (int i = 0; i < p->count; i++)
        av_free(p->paths[i]);
    av_freep(&p->paths);
    p->count = 0;
}
