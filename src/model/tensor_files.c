/* Finds the file that a path means, and its format. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/ncnn.h"
#include "model/safetensors.h"
#include "model/tensors.h"
#include "model/torch.h"

/* In a folder, the files closest to the trained numbers come first. */
static const char *const names_in_folder[] = { "flownet.safetensors", "flownet.pkl",
                                               "flownet.pth", "flownet.param" };

static bool begins_with(const struct filebytes *file, const char *text)
{
    size_t n = strlen(text);
    return file->bytes >= n && !memcmp(file->data, text, n);
}

/* Other kinds of files that are often downloaded by mistake. */
static const char *guess(const struct filebytes *file)
{
    static const struct {
        const char *begin, *what;
    } kinds[] = {
        { "<", "a web page: download the file itself" },
        { "version https://git-lfs", "a pointer of Git LFS: run 'git lfs pull'" },
        { "\x80", "a Python pickle that torch.save() did not write" },
        { "\x1f\x8b", "compressed with gzip: unpack it" },
        { "7z\xbc\xaf", "a 7z archive: unpack it" },
        { "Rar!", "a RAR archive: unpack it" },
        { "\x89HDF", "an HDF5 file, of Keras or TensorFlow" },
        { "GGUF", "a GGUF file, of a language model" },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (begins_with(file, kinds[i].begin))
            return kinds[i].what;
    if (file->bytes > 8 && file->data[8] == '{')
        return "safetensors of a much larger network, or damaged";
    return "neither safetensors nor PyTorch (.pkl, .pth) nor ncnn (.param and .bin)";
}

static int list(struct tensors *t)
{
    const struct filebytes *file = &t->file[0];
    if (torch_probe_zip(file))
        return torch_list_zip(t);
    if (torch_probe_legacy(file))
        return torch_list_legacy(t);
    if (ncnn_probe(file))
        return ncnn_list(t);
    if (safetensors_probe(file))
        return safetensors_list(t);
    log_error("%s: this is not a file of weights: %s", t->name, guess(file));
    return RIFEC_ERR_MODEL;
}

/* By its first bytes alone, because PyTorch also calls its files .bin. */
static bool is_known(const struct filebytes *file)
{
    return torch_probe_zip(file) || torch_probe_legacy(file) || safetensors_probe(file);
}

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The path with another ending; the caller frees it. */
static int with_ending(const char *path, size_t stem, const char *ending, char **out)
{
    size_t n = strlen(ending);
    *out = malloc(stem + n + 1);
    if (!*out) {
        return mem_fail("a file name");
    }
    memcpy(*out, path, stem);
    memcpy(*out + stem, ending, n + 1);
    return 0;
}

/* ncnn's two files have one name: if one is given, the other is next to it. */
static int open_pair(struct tensors *t, const char *path)
{
    int err = 0;
    size_t n = strlen(path);
    bool is_bin = n > 4 && !strcmp(path + n - 4, ".bin");
    bool is_param = n > 6 && !strcmp(path + n - 6, ".param");
    char *other = NULL;
    if (is_bin && !is_known(&t->file[0])) {
        TRY(with_ending(path, n - 4, ".param", &other));
        if (!is_file(other))
            FAIL(RIFEC_ERR_MODEL,
                 "%s: if these are weights of ncnn, their graph is missing: %s", path,
                 other);
        t->file[1] = t->file[0];
        TRY(filebytes_open(&t->file[0], other));
    } else if (ncnn_probe(&t->file[0])) {
        if (!is_param)
            FAIL(RIFEC_ERR_MODEL,
                 "%s: this is a graph of ncnn: name it .param, and put its .bin beside "
                 "it",
                 path);
        TRY(with_ending(path, n - 6, ".bin", &other));
        TRY(filebytes_open(&t->file[1], other));
    }
fail:
    free(other);
    return err;
}

/* The file of a folder that is to be read, in t->owned_name. */
static int look_in_folder(struct tensors *t, const char *path)
{
    for (size_t i = 0; i < sizeof names_in_folder / sizeof *names_in_folder; i++) {
        size_t size = strlen(path) + strlen(names_in_folder[i]) + 2;
        char *text = malloc(size);
        if (!text) {
            return mem_fail("a file name");
        }
        snprintf(text, size, "%s/%s", path, names_in_folder[i]);
        if (is_file(text)) {
            log_verbose("%s: taking %s", path, names_in_folder[i]);
            t->name = t->owned_name = text;
            return 0;
        }
        free(text);
    }
    log_error(
        "%s: this folder has no flownet.safetensors, .pkl, .pth or .param: name the file",
        path);
    return RIFEC_ERR_MODEL;
}

static int make(struct tensors **out, const char *name)
{
    *out = calloc(1, sizeof **out);
    if (!*out) {
        return mem_fail("the list of tensors");
    }
    (*out)->name = name;
    return 0;
}

int tensors_open(struct tensors **out, const char *path)
{
    int err = 0;
    struct stat st;
    TRY(make(out, path));
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        TRY(look_in_folder(*out, path));
    TRY(filebytes_open(&(*out)->file[0], (*out)->name));
    TRY(open_pair(*out, (*out)->name));
    TRY(list(*out));
    return 0;
fail:
    tensors_close(out);
    return err;
}

int tensors_open_memory(struct tensors **out, const void *data, size_t bytes,
                        const char *name)
{
    int err = 0;
    TRY(make(out, name));
    (*out)->file[0] = filebytes_lend(data, bytes);
    TRY(list(*out));
    return 0;
fail:
    tensors_close(out);
    return err;
}
