/* Aligned blocks, and the arena: planned blocks do not overlap or leave it. */
#include "base/mem.h"

#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "check.h"

static int is_aligned(const void *p)
{
    return (uintptr_t)p % MEM_ALIGN == 0;
}

static void test_alloc(void)
{
    const size_t sizes[] = { 0, 1, 63, 64, 65, 1 << 20 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned char *p = mem_alloc(sizes[i]);
        CHECK(p && is_aligned(p));
        if (p)
            memset(p, 0xa5, sizes[i]); /* the sanitizer checks this */
        mem_free(p);
    }
    mem_free(NULL);
}

/* An allocation that fails in a function without a return code is still known at the
 * end. */
static void test_failures_are_counted(void)
{
    unsigned long before = mem_failures();
    rifec_log_set(RIFEC_LOG_QUIET, NULL, NULL);
    CHECK_INT(mem_check(before), 0);
    CHECK_INT(mem_fail("a test"), RIFEC_ERR_NOMEM);
    CHECK_INT(mem_check(before), RIFEC_ERR_NOMEM);
    CHECK_INT(mem_check(mem_failures()), 0);
}

static void test_arena(void)
{
    const size_t sizes[] = { 1, 64, 0, 100, 4096, 7 };
    enum { N = sizeof sizes / sizeof sizes[0] };
    struct arena a = { 0 };
    size_t at[N];
    for (int i = 0; i < N; i++)
        at[i] = arena_reserve(&a, sizes[i]);
    CHECK_INT(arena_open(&a), 0);
    for (int i = 0; i < N; i++) {
        unsigned char *p = arena_at(&a, at[i]);
        CHECK(is_aligned(p));
        CHECK(at[i] + sizes[i] <= a.bytes);
        memset(p, i + 1, sizes[i]);
    }
    for (int i = 0; i < N; i++) {
        const unsigned char *p = arena_at(&a, at[i]);
        for (size_t k = 0; k < sizes[i]; k++)
            if (!CHECK_INT(p[k], i + 1))
                break;
    }
    arena_close(&a);
    CHECK(!a.base && !a.bytes);
    arena_close(&a); /* again, harmless */
}

static void test_arena_too_large(void)
{
    struct arena a = { 0 };
    rifec_log_set(RIFEC_LOG_QUIET, NULL, NULL);
    arena_reserve(&a, SIZE_MAX / 4);
    CHECK_INT(arena_open(&a), RIFEC_ERR_NOMEM);
    arena_close(&a);
}

static char message[256];

static void remember(void *opaque, enum rifec_log_level level, const char *line)
{
    (void)opaque;
    CHECK_INT(level, RIFEC_LOG_ERROR);
    snprintf(message, sizeof message, "%s", line);
}

static void test_fail(void)
{
    rifec_log_set(RIFEC_LOG_ERROR, remember, NULL);
    CHECK_INT(mem_fail("a packet"), RIFEC_ERR_NOMEM);
    CHECK(!strcmp(message, "out of memory: cannot allocate a packet"));
}

static void test_is_short(void)
{
    CHECK(!mem_is_short(1 << 20));
    CHECK(mem_is_short(SIZE_MAX / 4));
    CHECK(!mem_alloc(SIZE_MAX));
}

int main(void)
{
    test_alloc();
    test_fail();
    test_is_short();
    test_failures_are_counted();
    test_arena();
    test_arena_too_large();
    return check_result();
}
