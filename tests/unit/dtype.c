/*
 * The names of the number types, which files, reports and messages share; every public
 * precision has one.
 */
#include <ctype.h>
#include <string.h>

#include "check.h"
#include "engine/precision.h"

static void every_type_has_a_size_and_two_spellings(void)
{
    for (int i = 0; i < DTYPES; i++) {
        const char *name = dtype_name((enum dtype)i), *key = dtype_key((enum dtype)i);
        CHECK(dtype_bytes((enum dtype)i) > 0);
        CHECK_INT((long)strlen(name), (long)strlen(key));
        for (size_t k = 0; key[k]; k++)
            CHECK_INT(toupper((unsigned char)key[k]), name[k]);
        for (int other = 0; other < i; other++)
            CHECK(strcmp(name, dtype_name((enum dtype)other)) != 0);
    }
    CHECK_INT((long)dtype_bytes(DTYPE_FP16), 2);
    CHECK_INT((long)dtype_bytes(DTYPE_TF32), 4);
    CHECK_INT(DTYPE_FP32, 0); /* the default of structs */
}

static void every_precision_is_named(void)
{
    CHECK_STR(rifec_precision_name(RIFEC_PRECISION_AUTO), "auto");
    CHECK_STR(rifec_precision_name(RIFEC_PRECISION_FP32), "FP32");
    CHECK_STR(rifec_precision_name(RIFEC_PRECISION_FP16), "FP16");
    CHECK_STR(rifec_precision_name(RIFEC_PRECISION_TF32), "TF32");
    CHECK_STR(rifec_precision_name((enum rifec_precision)17), "unknown");
    CHECK_INT(precision_dtype(RIFEC_PRECISION_TF32), DTYPE_TF32);
}

int main(void)
{
    every_type_has_a_size_and_two_spellings();
    every_precision_is_named();
    return check_result();
}
