/*
 * Harness of the op tests: random numbers from a printed seed, buffers between
 * guard bands, comparison that no NaN passes.
 *
 *     int main(int argc, char **argv)
 *     {
 *         checkop_start(argc, argv);          // --seed N replays a run
 *         float *out = checkop_floats(n);     // poisoned with NaN
 *         checkop_case("3x5, scale 2");       // said when something fails
 *         checkop_compare("gather_row", out, want, n, 1e-5, 0);
 *         checkop_free_all();                 // also checks the guard bands
 *         return checkop_finish();
 *     }
 */
#ifndef RIFEC_TESTS_CHECKOP_H
#define RIFEC_TESTS_CHECKOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/cpu/cpu.h"

/* [--cuda] [--seed N]. In a build without CUDA, --cuda ends the test here, as skipped. */
void checkop_start(int argc, char **argv);
int checkop_finish(void);

/* Returns true if --cuda was given: only the versions for the GPU are tested. */
bool checkop_on_cuda(void);

/* n, or where RIFEC_TEST_QUICK is set (under a sanitizer) an eighth of them. */
int checkop_cases(int n);

uint32_t checkop_random(void);
int checkop_int(int lo, int hi); /* A random integer from lo to hi, both included. */
float checkop_float(float lo, float hi);
void checkop_fill(float *p, size_t n, float lo, float hi);

/* n floats, all NaN; n bytes, all 0xa5. 64 guard bytes on either side. */
float *checkop_floats(size_t n);
uint8_t *checkop_bytes(size_t n);
void checkop_free_all(void);

/* Describes the current case; printed before its first failure. */
void checkop_case(const char *format, ...) __attribute__((format(printf, 1, 2)));
void checkop_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Checks |got - want| <= absolute + relative * |want| for all, and that all are
 * finite. */
void checkop_compare(const char *what, const float *got, const float *want, size_t n,
                     double absolute, double relative);
/* The same against doubles. */
void checkop_compare_double(const char *what, const float *got, const double *want,
                            size_t n, double absolute, double relative);

/* A stream with scratch for pictures of that width; checkop_free_all() frees it. */
struct cpu_stream checkop_stream(int threads, int width_padded, int level_width);

/* An image whose every number is NaN. */
struct image checkop_blank_image(int width, int height, int width_padded,
                                 int height_padded);

/* An image of random numbers lo..hi inside the picture, and zero in the padding. */
struct image checkop_image(int width, int height, int width_padded, int height_padded,
                           float lo, float hi);

/*
 * The levels that a block sees after `count` earlier ones, the coarsest at `scale`, with
 * random flow of up to `flow` pixels in total.
 */
void checkop_levels(struct level *levels, int count, float scale, int width_padded,
                    int height_padded, float flow);

#endif
