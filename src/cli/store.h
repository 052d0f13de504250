/*
 * Functions that store an option's argument, one for each kind of value. All return 0, or
 * RIFEC_ERR_USAGE through option_fail().
 */
#ifndef RIFEC_CLI_STORE_H
#define RIFEC_CLI_STORE_H

#include "cli/option_table.h"

int store_input(struct options *opt, const struct option_row *row, const char *arg);
int store_text(struct options *opt, const struct option_row *row, const char *arg);
int store_bool(struct options *opt, const struct option_row *row, const char *arg);
int store_choice(struct options *opt, const struct option_row *row, const char *arg);
int store_loglevel(struct options *opt, const struct option_row *row, const char *arg);
int store_codec(struct options *opt, const struct option_row *row, const char *arg);
int store_device(struct options *opt, const struct option_row *row, const char *arg);
int store_scale(struct options *opt, const struct option_row *row, const char *arg);
int store_tile(struct options *opt, const struct option_row *row, const char *arg);
int store_integer(struct options *opt, const struct option_row *row, const char *arg);
int store_factor(struct options *opt, const struct option_row *row, const char *arg);
int store_time(struct options *opt, const struct option_row *row, const char *arg);
int store_share(struct options *opt, const struct option_row *row, const char *arg);
int store_dedup(struct options *opt, const struct option_row *row, const char *arg);
int store_rate(struct options *opt, const struct option_row *row, const char *arg);
int store_size(struct options *opt, const struct option_row *row, const char *arg);
int store_index(struct options *opt, const struct option_row *row, const char *arg);
int store_frames(struct options *opt, const struct option_row *row, const char *arg);
int store_pair(struct options *opt, const struct option_row *row, const char *arg);
int store_generate(struct options *opt, const struct option_row *row, const char *arg);
int store_bound(struct options *opt, const struct option_row *row, const char *arg);
int store_max_abs(struct options *opt, const struct option_row *row, const char *arg);
int store_step(struct options *opt, const struct option_row *row, const char *arg);
int store_tolerance(struct options *opt, const struct option_row *row, const char *arg);
int store_golden_report(struct options *opt, const struct option_row *row,
                        const char *arg);
int store_louder(struct options *opt, const struct option_row *row, const char *arg);

#endif
