/*
 * Shared by the harnesses of this folder. Each harness is one function, which libFuzzer
 * calls with inputs that it makes up, and replay.c with the inputs of corpus/.
 *
 * A harness must leave nothing over: memory, open files or changed globals.
 */
#ifndef RIFEC_TESTS_FUZZ_H
#define RIFEC_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Returns 0, always. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Like assert(), but in every kind of build. */
#define MUST(condition)                                                                  \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);      \
            abort();                                                                     \
        }                                                                                \
    } while (0)

/* Call this before anything that logs: messages are formatted and counted, and not
 * shown. */
void fuzz_begin(void);

/* Call this after it: `err` is 0, or an error message explained it. */
void fuzz_judge(int err);

/* True after a warning. */
bool fuzz_warned(void);

/* Returns a copy at the very end of its memory, so that AddressSanitizer sees any read
 * beyond it. Free it with free(). */
uint8_t *fuzz_copy(const void *data, size_t size);

/* The same, as a string that ends at its first NUL. */
char *fuzz_text(const void *data, size_t size);

/* A temporary file with this content. The path stays valid; the next call replaces the
 * content. */
const char *fuzz_file(const void *data, size_t size);

#endif
