/* Monotonic time. */
#ifndef RIFEC_BASE_CLOCK_H
#define RIFEC_BASE_CLOCK_H

/* Seconds since an arbitrary start. */
double clock_seconds(void);

#endif
