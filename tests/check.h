/*
 * Assertions for tests. A failed one prints its place, the expected and the actual value,
 * and the test continues; main() ends with `return check_result();`.
 */
#ifndef RIFEC_TESTS_CHECK_H
#define RIFEC_TESTS_CHECK_H

#include <stdio.h>
#include <string.h>

#define CHECK_SKIP 77 /* exit status: something that the test needs is missing */

static int check_failures;

#define CHECK(condition) check_that((condition), __FILE__, __LINE__, #condition)
#define CHECK_INT(actual, expected)                                                      \
    check_int((actual), (expected), __FILE__, __LINE__, #actual)
#define CHECK_STR(actual, expected)                                                      \
    check_str((actual), (expected), __FILE__, __LINE__, #actual)

static inline int check_that(int ok, const char *file, int line, const char *what)
{
    if (!ok) {
        fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
        check_failures++;
    }
    return ok;
}

static inline int check_int(long long actual, long long expected, const char *file,
                            int line, const char *what)
{
    if (actual != expected) {
        fprintf(stderr, "%s:%d: %s is %lld, expected %lld\n", file, line, what, actual,
                expected);
        check_failures++;
    }
    return actual == expected;
}

/* NULL equals NULL only. */
static inline int check_str(const char *actual, const char *expected, const char *file,
                            int line, const char *what)
{
    int ok = actual && expected ? !strcmp(actual, expected) : actual == expected;
    if (!ok) {
        fprintf(stderr, "%s:%d: %s is\n    '%s', expected\n    '%s'\n", file, line, what,
                actual ? actual : "(null)", expected ? expected : "(null)");
        check_failures++;
    }
    return ok;
}

static inline int check_result(void)
{
    if (check_failures)
        fprintf(stderr, "%d checks failed\n", check_failures);
    return check_failures != 0;
}

#endif
