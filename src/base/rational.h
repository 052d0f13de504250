/* Exact fractions of 64-bit integers: time bases, factors, timestamps. */
#ifndef RIFEC_BASE_RATIONAL_H
#define RIFEC_BASE_RATIONAL_H

#include <stdint.h>

struct rational {
    int64_t num, den; /* den > 0 */
};

static inline int64_t gcd64(int64_t a, int64_t b)
{
    a = a < 0 ? -a : a;
    b = b < 0 ? -b : b;
    while (b) {
        int64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

static inline struct rational rational_reduce(struct rational r)
{
    int64_t g = gcd64(r.num, r.den);
    return g > 1 ? (struct rational){ r.num / g, r.den / g } : r;
}

/* The product; terms beyond 64 bits are the caller's to avoid. */
static inline struct rational rational_multiply(struct rational a, struct rational b)
{
    struct rational x = rational_reduce((struct rational){ a.num, b.den });
    struct rational y = rational_reduce((struct rational){ b.num, a.den });
    return (struct rational){ x.num * y.num, x.den * y.den };
}

static inline double rational_to_double(struct rational r)
{
    return (double)r.num / (double)r.den;
}

#endif
