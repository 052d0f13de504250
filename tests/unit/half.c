/* Every half and every bfloat16 against the definition, in double; and the conversion
 * back. */
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

/* Each half comes back; a number between two goes to the nearer one, and from the
 * middle to the even one. */
static void way_back(void)
{
    for (unsigned bits = 0; bits < 0x7c00; bits++) {
        double lo = by_definition(bits, 5, 10), hi = by_definition(bits + 1, 5, 10);
        float middle = (float)((lo + (isinf(hi) ? 65536 : hi)) / 2);
        unsigned even = bits + bits % 2;
        CHECK_INT(float_to_half((float)lo), bits);
        CHECK_INT(float_to_half((float)-lo), bits | 0x8000);
        CHECK_INT(float_to_half(middle), even);
        CHECK_INT(float_to_half(-middle), even | 0x8000);
        CHECK_INT(float_to_half(nextafterf(middle, 0)), bits);
        CHECK_INT(float_to_half(nextafterf(middle, INFINITY)), bits + 1);
    }
    CHECK_INT(float_to_half(INFINITY), 0x7c00);
    CHECK_INT(float_to_half(-1e30f), 0xfc00);
    CHECK(isnan(half_to_float(float_to_half(NAN))));
}

int main(void)
{
    for (unsigned bits = 0; bits < 65536; bits++) {
        if (!CHECK(same(half_to_float((uint16_t)bits), by_definition(bits, 5, 10))))
            fprintf(stderr, "    half 0x%04x\n", bits);
        if (!CHECK(same(bfloat16_to_float((uint16_t)bits), by_definition(bits, 8, 7))))
            fprintf(stderr, "    bfloat16 0x%04x\n", bits);
    }
    way_back();
    return check_result();
}
