/* Templates of names: a template, an input and a format, one per line. */
#include <string.h>

#include "fuzz.h"
#include "pipeline/naming.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[256] = "", *text = fuzz_text(data, size), *part[3] = { text };
    for (int i = 1; i < 3; i++) {
        part[i] = part[i - 1] ? strchr(part[i - 1], '\n') : NULL;
        if (part[i])
            *part[i]++ = '\0';
    }
    struct naming naming = { .folder = "out/", .number = 3, .name_template = part[0] };
    struct pipeline_options job = { .input.path = part[1] ? part[1] : "a.mp4",
                                    .output.format = part[2],
                                    .rate.factor = { 5, 2 } };
    fuzz_begin();
    char *name = naming_make(&naming, &job, error, sizeof error);
    MUST(name ? !strncmp(name, "out/", 4) : error[0]);
    free(name);
    free(text);
    return 0;
}
