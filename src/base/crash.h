/*
 * The end of a process that does not come from main(): a fault, a signal that kills, a
 * library that calls exit(). The unfinished outputs are removed and one line says why.
 * For programs; the library itself installs nothing.
 *
 * Libraries under us (oneDNN, libgomp, x264, x265, libstdc++) end the process when they
 * lack memory or threads: by abort(), by using a null pointer, by exit(1). If memory is
 * short at that moment, or a library called exit(), the exit status is 7; otherwise the
 * process dies of its signal.
 */
#ifndef RIFEC_BASE_CRASH_H
#define RIFEC_BASE_CRASH_H

/* From now on. A signal that is ignored, or that a sanitizer handles, is left alone. */
void crash_catch(void);

/* The handler, for signals that shall end the process at once. */
void crash_on_signal(int number);

/* main() is about to return: exit() is meant from now on. */
void crash_forget(void);

/*
 * Gives the calling thread the stack that handlers run on when its own has overflown.
 * `stack` must live until crash_drop_stack(), called by the same thread.
 */
#define CRASH_STACK_BYTES 32768
void crash_set_stack(unsigned char stack[CRASH_STACK_BYTES]);
void crash_drop_stack(void);

#endif
