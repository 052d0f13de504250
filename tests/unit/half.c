/* Every half and every bfloat16 against the definition, in double. */
#include "base/half.h"

#include <math.h>

#include "check.h"

/* IEEE 754: sign, exponent with its bias, mantissa; no bit tricks. */
static double by_definition(unsigned bits, int exp_bits, int man_bits)
{
    int man_size = 1 << man_bits, bias = (1 << (exp_bits - 1)) - 1;
    int exp_max = (1 << exp_bits) - 1;
    int man = (int)bits % man_size, exp = (int)bits / man_size % (exp_max + 1);
    double sign = bits >= 0x8000 ? -1.0 : 1.0;
    if (exp == exp_max)
        return man ? NAN : sign * INFINITY;
    if (exp == 0)
        return sign * ldexp(man, 1 - bias - man_bits);
    return sign * ldexp(man_size + man, exp - bias - man_bits);
}

static int same(float actual, double expected)
{
    if (isnan(expected))
        return isnan(actual);
    return actual == expected && !signbit(actual) == !signbit(expected);
}

int main(void)
{
    for (unsigned bits = 0; bits < 65536; bits++) {
        if (!CHECK(same(half_to_float((uint16_t)bits), by_definition(bits, 5, 10))))
            fprintf(stderr, "    half 0x%04x\n", bits);
        if (!CHECK(same(bfloat16_to_float((uint16_t)bits), by_definition(bits, 8, 7))))
            fprintf(stderr, "    bfloat16 0x%04x\n", bits);
    }
    return check_result();
}
