/*
 * The queue: order, the limit in bytes, abort, and two threads at full speed (which
 * ThreadSanitizer checks).
 */
#include "base/queue.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/thread.h"
#include "check.h"

static int dropped; /* by queue_close(); one thread at a time */

static void drop(void *value)
{
    (void)value;
    dropped++;
}

/* Pushes and pops are interleaved, so that the ring wraps while it grows. */
static void test_order(void)
{
    struct queue *q;
    CHECK_INT(queue_open(&q, sizeof(int), 1 << 20), 0);
    int in = 0, out = 0;
    for (int round = 1; round <= 40; round++) {
        for (int i = 0; i < round; i++, in++)
            CHECK_INT(queue_push(q, &in, 1), 0);
        for (int i = 0; i < round / 2; i++, out++) {
            int value = -1;
            CHECK_INT(queue_pop(q, &value), 0);
            CHECK_INT(value, out);
        }
    }
    CHECK_INT((long long)queue_length(q), in - out);
    dropped = 0;
    queue_close(&q, drop);
    CHECK_INT(dropped, in - out);
    CHECK(q == NULL);
    queue_close(&q, drop);
}

struct sides {
    struct queue *q;
    int count;
    unsigned seed;
    atomic_llong held; /* bytes pushed and not yet popped, as seen from outside */
    atomic_llong held_max;
};

struct value {
    int number;
    int weight;
};

/* A small generator in each thread, with the same sequence on both sides. */
static int next_weight(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (int)(*seed >> 16) % 100;
}

static int produce(void *arg)
{
    struct sides *s = arg;
    unsigned seed = s->seed;
    for (int i = 0; i < s->count; i++) {
        struct value v = { i, next_weight(&seed) };
        int err = queue_push(s->q, &v, (size_t)v.weight);
        if (err)
            return err;
        long long held = atomic_fetch_add(&s->held, v.weight) + v.weight;
        if (held > s->held_max)
            s->held_max = held;
    }
    return 0;
}

static int consume(void *arg)
{
    struct sides *s = arg;
    unsigned seed = s->seed;
    for (int i = 0; i < s->count; i++) {
        struct value v;
        int err = queue_pop(s->q, &v);
        if (err)
            return err;
        atomic_fetch_sub(&s->held, v.weight);
        if (v.number != i || v.weight != next_weight(&seed))
            return RIFEC_ERR_INTERNAL;
    }
    return 0;
}

static void test_two_threads(size_t limit_bytes, int count)
{
    struct sides s = { .count = count, .seed = 4711 };
    CHECK_INT(queue_open(&s.q, sizeof(struct value), limit_bytes), 0);
    struct thread producer, consumer;
    CHECK_INT(thread_start(&producer, "producer", produce, &s), 0);
    CHECK_INT(thread_start(&consumer, "consumer", consume, &s), 0);
    CHECK_INT(thread_join(&producer), 0);
    CHECK_INT(thread_join(&consumer), 0);
    CHECK_INT((long long)queue_length(s.q), 0);
    CHECK_INT(s.held, 0);
    /* The limit or one single value, and one more that was popped but not yet
     * subtracted. */
    long long most = limit_bytes > 99 ? (long long)limit_bytes : 99;
    CHECK(s.held_max <= most + 99);
    queue_close(&s.q, drop);
}

/* A value above the limit passes if the queue is empty. The bound in
 * test_two_threads() checks that no other joins it. */
static void test_large_value(void)
{
    struct queue *q;
    CHECK_INT(queue_open(&q, sizeof(int), 10), 0);
    for (int i = 0; i < 3; i++) {
        int value = -1;
        CHECK_INT(queue_push(q, &i, 1000), 0);
        CHECK_INT(queue_pop(q, &value), 0);
        CHECK_INT(value, i);
    }
    queue_close(&q, drop);
}

/* Abort wakes a side that waits; close drops what is queued. */
static void test_abort(void)
{
    struct sides s = { .count = 1000, .seed = 7 };
    struct thread side;
    struct value v = { 0, 0 };

    CHECK_INT(queue_open(&s.q, sizeof v, 500), 0);
    CHECK_INT(thread_start(&side, "producer", produce, &s), 0);
    CHECK_INT(queue_pop(s.q, &v), 0); /* the thread runs; then it fills the queue */
    queue_abort(s.q);
    CHECK_INT(thread_join(&side), RIFEC_ERR_ABORT);
    CHECK_INT(queue_pop(s.q, &v), RIFEC_ERR_ABORT);
    CHECK_INT(queue_push(s.q, &v, 0), RIFEC_ERR_ABORT);
    dropped = 0;
    int length = (int)queue_length(s.q);
    queue_close(&s.q, drop);
    CHECK_INT(dropped, length);

    CHECK_INT(queue_open(&s.q, sizeof v, 500), 0);
    CHECK_INT(thread_start(&side, "consumer", consume, &s), 0);
    queue_abort(s.q);
    CHECK_INT(thread_join(&side), RIFEC_ERR_ABORT);
    queue_close(&s.q, drop);
}

/* Raising the limit lets a waiting push through. */
static void test_set_limit(void)
{
    struct sides s = { .count = 100, .seed = 3 };
    CHECK_INT(queue_open(&s.q, sizeof(struct value), 1), 0);
    struct thread producer;
    CHECK_INT(thread_start(&producer, "producer", produce, &s), 0);
    queue_set_limit(s.q, SIZE_MAX);
    CHECK_INT(thread_join(&producer), 0);
    CHECK_INT((long long)queue_length(s.q), 100);
    dropped = 0;
    queue_close(&s.q, drop);
    CHECK_INT(dropped, 100);
}

int main(void)
{
    test_order();
    test_two_threads(1 << 20, 100000); /* never full */
    test_two_threads(300, 100000);     /* always nearly full */
    test_two_threads(0, 20000);        /* one at a time */
    test_large_value();
    test_abort();
    test_set_limit();
    return check_result();
}
