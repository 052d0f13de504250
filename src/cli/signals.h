/* Ctrl-C and the like: the first one ends early, the second one gives up. */
#ifndef RIFEC_CLI_SIGNALS_H
#define RIFEC_CLI_SIGNALS_H

/* From now on SIGINT, SIGTERM and SIGHUP reach pipeline_interrupt(), unless they were
 * ignored, and a closed pipe or a limit on file sizes is an error of the write. */
void signals_catch(void);

/* The first signal that asked us to stop, or 0. */
int signals_caught(void);

/* Ends the process by the signal, as its sender expects: with a mere exit status, a shell
 * would continue its loop. */
void signals_die(int number);

#endif
