/* rifec-weights: describes, converts and verifies a file of weights. */
#ifndef RIFEC_TOOL_TOOL_H
#define RIFEC_TOOL_TOOL_H

#include <stdbool.h>
#include <stddef.h>

struct tensors;

enum precision { PRECISION_KEPT, PRECISION_FP16, PRECISION_FP32 };

struct tool_options {
    const char *names[2]; /* FILE, and OUTPUT or REFERENCE: NULL */
    enum precision precision;
    bool stock, overwrite;
    double tolerance;
};

/* rifec-weights, from its command line to its exit status. */
int tool_main(int argc, char **argv);

/* "built-in" is the model in the library. Errors as those of tensors_open(). */
int tool_open(struct tensors **out, const char *name);

/* Returns 0 if all output has been written, or RIFEC_ERR_OUTPUT, logged. */
int tool_flush(void);

/* Each returns 0 or an error code, and logs an error. The result goes to stdout. */
int tool_info(const struct tool_options *opt);
int tool_convert(const struct tool_options *opt);
int tool_verify(const struct tool_options *opt);

#endif
