/* --list-devices and --doctor: the devices of this machine, and whether they work. */
#ifndef RIFEC_CLI_DOCTOR_H
#define RIFEC_CLI_DOCTOR_H

#include <stdio.h>

#include "cli/options.h"

/* Lists the devices that --device accepts. Returns the exit status. */
int doctor_list_devices(FILE *out);

/*
 * Tries everything on a small scale, and prints what works, what does not and what to do.
 * Uses the device and the model of the options. Returns 0 if a video could be made,
 * otherwise the exit status that the attempt would have.
 */
int doctor_examine(const struct options *opt, FILE *out);

#endif
