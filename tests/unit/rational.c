/* Exact fractions. */
#include "base/rational.h"

#include "check.h"

static void check_reduce(int64_t num, int64_t den, int64_t want_num, int64_t want_den)
{
    struct rational r = rational_reduce((struct rational){ num, den });
    CHECK_INT(r.num, want_num);
    CHECK_INT(r.den, want_den);
}

int main(void)
{
    CHECK_INT(gcd64(0, 0), 0);
    CHECK_INT(gcd64(0, 5), 5);
    CHECK_INT(gcd64(12, -18), 6);
    CHECK_INT(gcd64(INT64_MAX, INT64_MAX), INT64_MAX);
    CHECK_INT(gcd64(INT64_C(1) << 40, 3), 1);

    check_reduce(4, 2, 2, 1);
    check_reduce(60000, 1001, 60000, 1001);
    check_reduce(0, 7, 0, 1);
    check_reduce(-6, 4, -3, 2);
    check_reduce(INT64_MAX, 1, INT64_MAX, 1);
    /* 23.976 to 60 fps: (60/1) / (24000/1001) */
    check_reduce(60 * 1001, 24000, 1001, 400);

    /* By definition: the gcd divides both, and the quotients have no common divisor. */
    for (int64_t a = -30; a <= 30; a++) {
        for (int64_t b = 1; b <= 30; b++) {
            struct rational r = rational_reduce((struct rational){ a, b });
            CHECK(r.den > 0 && r.num * b == a * r.den);
            for (int64_t d = 2; d <= 30; d++)
                CHECK(r.num % d || r.den % d);
        }
    }
    CHECK(rational_to_double((struct rational){ 1, 4 }) == 0.25);
    CHECK(rational_to_double((struct rational){ -3, 2 }) == -1.5);
    return check_result();
}
