/*
 * Runs a harness without libFuzzer, in every build: over each file of the given folders,
 * and over the same files cut short. Prints each input before it is used, so that the
 * last line names the input of a crash.
 *
 * usage: fuzz_NAME CUTS FOLDER_OR_FILE...
 *
 * CUTS is the maximum number of lengths that are tried for each file.
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

#define PATH_BYTES 1024

static size_t cuts;
static int inputs;

static uint8_t *load(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    MUST(f && fstat(fileno(f), &st) == 0);
    uint8_t *data = malloc((size_t)st.st_size + 1);
    MUST(data);
    *size = fread(data, 1, (size_t)st.st_size, f);
    fclose(f);
    return data;
}

static void try_file(const char *path)
{
    size_t size;
    uint8_t *data = load(path, &size);
    size_t step = size / cuts + 1;
    printf("%s\n", path);
    LLVMFuzzerTestOneInput(data, size);
    inputs++;
    for (size_t cut = 0; cut < size; cut += step) {
        printf("%s, its first %zu bytes\n", path, cut);
        LLVMFuzzerTestOneInput(data, cut);
        inputs++;
    }
    free(data);
}

static void try_folder(const char *path)
{
    struct dirent **list;
    int n = scandir(path, &list, NULL, alphasort);
    MUST(n >= 0);
    for (int i = 0; i < n; i++) {
        char name[PATH_BYTES];
        snprintf(name, sizeof name, "%s/%s", path, list[i]->d_name);
        if (list[i]->d_name[0] != '.')
            try_file(name);
        free(list[i]);
    }
    free(list);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    cuts = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    MUST(cuts > 0);
    for (int i = 2; i < argc; i++) {
        struct stat st;
        MUST(stat(argv[i], &st) == 0);
        if (S_ISDIR(st.st_mode))
            try_folder(argv[i]);
        else
            try_file(argv[i]);
    }
    printf("%d inputs\n", inputs);
    return inputs == 0;
}
