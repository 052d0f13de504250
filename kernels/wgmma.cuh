/*
 * wgmma.mma_async m64nNk16 of halves: d = A * B, + d if `add`. Both operands lie in
 * shared memory, by descriptor; the sums are FP32, N / 2 of them in each thread.
 * wgmma<N>::ss() for the N listed at the end: an instruction names every register, so
 * each N wants its own text.
 */
#ifndef RIFEC_KERNELS_WGMMA_CUH
#define RIFEC_KERNELS_WGMMA_CUH

#include <stdint.h>

template <int N> struct wgmma;

// clang-format off
#define WGMMA_4(a, b, c, d) "%" #a ", %" #b ", %" #c ", %" #d
#define WGMMA_TEXT_16 \
    WGMMA_4(0, 1, 2, 3)     ", " WGMMA_4(4, 5, 6, 7)     ", " WGMMA_4(8, 9, 10, 11)   ", " \
    WGMMA_4(12, 13, 14, 15)
#define WGMMA_TEXT_20 WGMMA_TEXT_16 ", " WGMMA_4(16, 17, 18, 19)
#define WGMMA_TEXT_24 WGMMA_TEXT_20 ", " WGMMA_4(20, 21, 22, 23)
#define WGMMA_TEXT_28 WGMMA_TEXT_24 ", " WGMMA_4(24, 25, 26, 27)
#define WGMMA_TEXT_32 WGMMA_TEXT_28 ", " WGMMA_4(28, 29, 30, 31)
#define WGMMA_TEXT_40 WGMMA_TEXT_32 ", " WGMMA_4(32, 33, 34, 35) ", " WGMMA_4(36, 37, 38, 39)
#define WGMMA_TEXT_48 WGMMA_TEXT_40 ", " WGMMA_4(40, 41, 42, 43) ", " WGMMA_4(44, 45, 46, 47)
#define WGMMA_TEXT_64 \
    WGMMA_TEXT_48 ", " \
    WGMMA_4(48, 49, 50, 51) ", " WGMMA_4(52, 53, 54, 55) ", " WGMMA_4(56, 57, 58, 59) ", " \
    WGMMA_4(60, 61, 62, 63)
#define WGMMA_TEXT_68 WGMMA_TEXT_64 ", " WGMMA_4(64, 65, 66, 67)
#define WGMMA_TEXT_72 WGMMA_TEXT_68 ", " WGMMA_4(68, 69, 70, 71)
#define WGMMA_TEXT_100 \
    WGMMA_TEXT_72 ", " \
    WGMMA_4(72, 73, 74, 75) ", " WGMMA_4(76, 77, 78, 79) ", " \
    WGMMA_4(80, 81, 82, 83) ", " WGMMA_4(84, 85, 86, 87) ", " WGMMA_4(88, 89, 90, 91) ", " \
    WGMMA_4(92, 93, 94, 95) ", " WGMMA_4(96, 97, 98, 99)

#define WGMMA_D4(i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define WGMMA_SUMS_16 WGMMA_D4(0), WGMMA_D4(4), WGMMA_D4(8), WGMMA_D4(12)
#define WGMMA_SUMS_20 WGMMA_SUMS_16, WGMMA_D4(16)
#define WGMMA_SUMS_24 WGMMA_SUMS_20, WGMMA_D4(20)
#define WGMMA_SUMS_28 WGMMA_SUMS_24, WGMMA_D4(24)
#define WGMMA_SUMS_32 WGMMA_SUMS_28, WGMMA_D4(28)
#define WGMMA_SUMS_40 WGMMA_SUMS_32, WGMMA_D4(32), WGMMA_D4(36)
#define WGMMA_SUMS_48 WGMMA_SUMS_40, WGMMA_D4(40), WGMMA_D4(44)
#define WGMMA_SUMS_64 WGMMA_SUMS_48, WGMMA_D4(48), WGMMA_D4(52), WGMMA_D4(56), WGMMA_D4(60)
#define WGMMA_SUMS_68 WGMMA_SUMS_64, WGMMA_D4(64)
#define WGMMA_SUMS_72 WGMMA_SUMS_68, WGMMA_D4(68)
#define WGMMA_SUMS_100 \
    WGMMA_SUMS_72, WGMMA_D4(72), WGMMA_D4(76), WGMMA_D4(80), WGMMA_D4(84), \
    WGMMA_D4(88), WGMMA_D4(92), WGMMA_D4(96)

/* n: the N; r: N / 2 sums; a, b, c: the numbers of the operands after them. */
#define WGMMA(n, r, a, b, c)                                                                \
    template <> struct wgmma<n> {                                                           \
        static __device__ __forceinline__ void ss(float (&d)[r], uint64_t left,             \
                                                  uint64_t right, int add)                  \
        {                                                                                   \
            asm volatile("{.reg .pred p; setp.ne.b32 p, %" #c ", 0;\n"                      \
                         "wgmma.mma_async.sync.aligned.m64n" #n "k16.f32.f16.f16 {"         \
                         WGMMA_TEXT_##r "}, %" #a ", %" #b ", p, 1, 1, 0, 0;}"              \
                         : WGMMA_SUMS_##r                                                   \
                         : "l"(left), "l"(right), "r"(add));                                \
        }                                                                                   \
    };

WGMMA(32, 16, 16, 17, 18)
WGMMA(40, 20, 20, 21, 22)
WGMMA(48, 24, 24, 25, 26)
WGMMA(56, 28, 28, 29, 30)
WGMMA(64, 32, 32, 33, 34)
WGMMA(80, 40, 40, 41, 42)
WGMMA(96, 48, 48, 49, 50)
WGMMA(128, 64, 64, 65, 66)
WGMMA(136, 68, 68, 69, 70)
WGMMA(144, 72, 72, 73, 74)
WGMMA(200, 100, 100, 101, 102)
// clang-format on
#endif
