/*
 * Two engines on the same frames: the results of one, and how far they are from the
 * other's. The backend of --device check uses this with the CPU and CUDA.
 */
#ifndef RIFEC_ENGINE_CHECK_CHECK_H
#define RIFEC_ENGINE_CHECK_CHECK_H

#include "model/network.h"
#include "rifec/rifec.h"

/* Counts of sample values that differ by 0, 1, 2, 3..4, 5..8 and more. */
#define CHECK_BINS 6

struct check_errors {
    int64_t pictures;
    /* After each block, at every CHECK_STEPth pixel and row: flow in pixels, the mask
     * as a logit. NaN stays. */
    struct {
        double flow_max, flow_sum, mask_max, mask_sum;
        int64_t flows, masks;
    } block[NETWORK_BLOCKS_MAX];
    int blocks;                /* of the network */
    int64_t codes[CHECK_BINS]; /* samples of all in-betweens */
    int code_max;
    double code_squares;
};
#define CHECK_STEP 4

struct check {
    struct rifec *tried, *reference;
    struct check_errors errors;
    int depth;
};

/* Both are opened with one in-between in flight. On failure check_close() is called
 * by the caller. */
int check_open(struct check *c, const struct rifec_params *tried,
               const struct rifec_params *reference);

/* Puts frames in host memory; their numbers rise, and the newest two stay resident. */
int check_put(struct check *c, int64_t seq, const struct rifec_frame *frame);

/* Makes an in-between with the tested engine, and compares it with the other engine's. */
int check_between(struct check *c, int64_t seq0, int64_t seq1, float t,
                  struct rifec_frame **out);

double check_psnr(const struct check_errors *e, int depth);

/* Logs the results. */
void check_report(const struct check *c);

/* Accepts one that is only partly open. */
void check_close(struct check *c);

#endif
