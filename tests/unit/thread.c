/* Threads: their return values, and how many more can be started. */
#include "base/thread.h"

#include "check.h"

static int answer(void *arg)
{
    return *(int *)arg;
}

int main(void)
{
    int value = 42;
    struct thread t = { 0 };
    CHECK_INT(thread_join(&t), 0); /* never started */
    CHECK_INT(thread_start(&t, "answer", answer, &value), 0);
    CHECK_INT(thread_join(&t), 42);
    CHECK_INT(thread_join(&t), 0); /* again, harmless */
    CHECK_INT(thread_room(0), 0);
    CHECK_INT(thread_room(5), 5);
    return check_result();
}
