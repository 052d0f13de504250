/*
 * The digest of a whole file, computed by its own thread while the job runs. The thread
 * reads the file once more, as fast as the disk delivers it; only the caller that needs
 * the result has to wait.
 */
#ifndef RIFEC_PIPELINE_INPUT_SUM_H
#define RIFEC_PIPELINE_INPUT_SUM_H

#include <stdbool.h>
#include <stdint.h>

#include "media/digest.h"

struct input_sum;

/* Opens the file and begins. `stopped`, or NULL, ends the reading early. Errors: USAGE
 * (the input is not a regular file), INPUT, NOMEM. */
int input_sum_start(struct input_sum **out, const char *path, bool (*stopped)(void));

/* Bytes in the file when it was opened. */
int64_t input_sum_size(const struct input_sum *s);

/* True once input_sum_wait() would not wait. */
bool input_sum_ready(const struct input_sum *s);

/* Waits; callable again. Errors: INPUT (the file cannot be read, or changes while it is
 * read), NOMEM, ABORT (`stopped`). */
int input_sum_wait(struct input_sum *s, uint8_t digest[DIGEST_SIZE]);

/* Ends the thread, if it still runs. Accepts NULL. */
void input_sum_close(struct input_sum **s);

#endif
