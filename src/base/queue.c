/* Bounded FIFO: a ring that grows in values and is limited in bytes. */
#include "base/queue.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>

#include "base/err.h"
#include "base/mem.h"

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t not_empty, not_full;
    size_t value_size, limit_bytes;
    unsigned char *values; /* [capacity][value_size] */
    size_t *weights;       /* [capacity] bytes       */
    size_t capacity, head, length, bytes;
    bool aborted;
};

int queue_open(struct queue **out, size_t value_size, size_t limit_bytes)
{
    *out = NULL;
    struct queue *q = calloc(1, sizeof *q);
    if (!q)
        return mem_fail("a queue");
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->not_empty, NULL);
    pthread_cond_init(&q->not_full, NULL);
    q->value_size = value_size;
    q->limit_bytes = limit_bytes;
    *out = q;
    return 0;
}

/* Doubles the ring and lays the values out from its start. */
static int grow(struct queue *q)
{
    size_t capacity = q->capacity ? 2 * q->capacity : 16;
    unsigned char *values = malloc(capacity * q->value_size);
    size_t *weights = malloc(capacity * sizeof *weights);
    if (!values || !weights) {
        free(values);
        free(weights);
        return mem_fail("a queue");
    }
    for (size_t i = 0; i < q->length; i++) {
        size_t from = (q->head + i) % q->capacity;
        memcpy(values + i * q->value_size, q->values + from * q->value_size,
               q->value_size);
        weights[i] = q->weights[from];
    }
    free(q->values);
    free(q->weights);
    q->values = values;
    q->weights = weights;
    q->capacity = capacity;
    q->head = 0;
    return 0;
}

/* Written so that it cannot overflow. */
static bool is_full(const struct queue *q, size_t weight_bytes)
{
    return q->bytes > q->limit_bytes || weight_bytes > q->limit_bytes - q->bytes;
}

int queue_push(struct queue *q, const void *value, size_t weight_bytes)
{
    int err = 0;
    pthread_mutex_lock(&q->lock);
    while (!q->aborted && q->length > 0 && is_full(q, weight_bytes))
        pthread_cond_wait(&q->not_full, &q->lock);
    if (q->aborted)
        err = RIFEC_ERR_ABORT;
    else if (q->length == q->capacity)
        err = grow(q);
    if (!err) {
        size_t at = (q->head + q->length) % q->capacity;
        memcpy(q->values + at * q->value_size, value, q->value_size);
        q->weights[at] = weight_bytes;
        q->bytes += weight_bytes;
        q->length++;
        pthread_cond_signal(&q->not_empty);
    }
    pthread_mutex_unlock(&q->lock);
    return err;
}

int queue_pop(struct queue *q, void *value)
{
    int err = 0;
    pthread_mutex_lock(&q->lock);
    while (!q->aborted && q->length == 0)
        pthread_cond_wait(&q->not_empty, &q->lock);
    if (q->aborted) {
        err = RIFEC_ERR_ABORT;
    } else {
        memcpy(value, q->values + q->head * q->value_size, q->value_size);
        q->bytes -= q->weights[q->head];
        q->head = (q->head + 1) % q->capacity;
        q->length--;
        pthread_cond_signal(&q->not_full);
    }
    pthread_mutex_unlock(&q->lock);
    return err;
}

void queue_abort(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->aborted = true;
    pthread_cond_broadcast(&q->not_empty);
    pthread_cond_broadcast(&q->not_full);
    pthread_mutex_unlock(&q->lock);
}

void queue_set_limit(struct queue *q, size_t limit_bytes)
{
    pthread_mutex_lock(&q->lock);
    q->limit_bytes = limit_bytes;
    pthread_cond_signal(&q->not_full);
    pthread_mutex_unlock(&q->lock);
}

size_t queue_length(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    size_t length = q->length;
    pthread_mutex_unlock(&q->lock);
    return length;
}

void queue_close(struct queue **q, void (*drop)(void *value))
{
    struct queue *s = *q;
    if (!s)
        return;
    for (size_t i = 0; i < s->length; i++)
        drop(s->values + (s->head + i) % s->capacity * s->value_size);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->not_empty);
    pthread_cond_destroy(&s->not_full);
    free(s->values);
    free(s->weights);
    free(s);
    *q = NULL;
}
