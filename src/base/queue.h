/*
 * Bounded first-in first-out queue between two threads.
 *
 * It carries values of one fixed size and does not look into them. Each push gives the
 * number of bytes that the value keeps alive, and the queue is full when the sum reaches
 * the limit (a value larger than the limit passes alone). There may be one producer and
 * one consumer at a time.
 *
 * On success a push consumes the value, on failure it is untouched.
 *
 */
#ifndef RIFEC_BASE_QUEUE_H
#define RIFEC_BASE_QUEUE_H

#include <stddef.h>

struct queue;

/* limit_bytes: the limit for the bytes that all queued values together keep alive. */
int queue_open(struct queue **out, size_t value_size, size_t limit_bytes);

/* Waits while the queue is full. RIFEC_ERR_ABORT after queue_abort(), RIFEC_ERR_NOMEM. */
int queue_push(struct queue *q, const void *value, size_t weight_bytes);

/* Waits while the queue is empty. RIFEC_ERR_ABORT after queue_abort(), even if not
 * empty. */
int queue_pop(struct queue *q, void *value);

/* Wakes both sides and makes them fail, now and from now on. Any thread. */
void queue_abort(struct queue *q);

/* Changes the limit; a queue already above it only drains. Any thread. */
void queue_set_limit(struct queue *q, size_t limit_bytes);

/* The number of values waiting, for progress and statistics. Any thread. */
size_t queue_length(struct queue *q);

/* Calls drop for each value left. No other thread may still use the queue. */
void queue_close(struct queue **q, void (*drop)(void *value));

#endif
