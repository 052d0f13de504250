/*
 * Bounded first-in first-out queue between two threads.
 *
 * Carries values of one fixed size and knows nothing of what they are; each
 * push says how many bytes the value keeps alive, and the queue is full when
 * the sum reaches the limit (a value larger than the limit passes alone).
 * One producer and one consumer at a time.
 *
 * On success a push consumes the value, on failure it is untouched.
 */
#ifndef RIFEC_BASE_QUEUE_H
#define RIFEC_BASE_QUEUE_H

#include <stddef.h>

struct queue;

/* limit_bytes: what the queued values together may keep alive. */
int queue_open(struct queue **out, size_t value_size, size_t limit_bytes);

/* Waits while full. RIFEC_ERR_ABORT after queue_abort(), RIFEC_ERR_NOMEM. */
int queue_push(struct queue *q, const void *value, size_t weight_bytes);

/* Waits while empty. RIFEC_ERR_ABORT after queue_abort(), even if not empty. */
int queue_pop(struct queue *q, void *value);

/* Wakes and fails both sides, now and from now on. Any thread. */
void queue_abort(struct queue *q);

/* From now on; a queue already above it only drains. Any thread. */
void queue_set_limit(struct queue *q, size_t limit_bytes);

/* Values waiting. For progress and statistics. Any thread. */
size_t queue_length(struct queue *q);

/* Calls drop on each value left; nobody may be using the queue any more. */
void queue_close(struct queue **q, void (*drop)(void *value));

#endif
