/*
 * The end of a process that does not return from main(): a fault, a deadly signal, a
 * library that calls exit(). The unfinished outputs are removed, and one line gives the
 * reason. For programs; the library itself installs nothing.
 *
 * Libraries under us (oneDNN, libgomp, x264, x265, libstdc++) end the process when they
 * lack memory or threads: by abort(), by using a null pointer, by exit(1). If memory is
 * short at that moment, or a library called exit(), the exit status is 7; otherwise the
 * process dies of its signal.
 *
 */
#ifndef RIFEC_BASE_CRASH_H
#define RIFEC_BASE_CRASH_H

/* Installs the handlers. A signal that is ignored, or that a sanitizer handles, is
 * left alone. */
void crash_catch(void);

/* The handler, for signals that shall end the process at once. */
void crash_on_signal(int number);

/* Call this when main() is about to return: from then on, exit() is intended. */
void crash_forget(void);

/*
 * Gives the calling thread the stack that handlers run on when its own has overflown.
 * `stack` must live until crash_drop_stack(), called by the same thread.
 */
#define CRASH_STACK_BYTES 32768
void crash_set_stack(unsigned char stack[CRASH_STACK_BYTES]);
void crash_drop_stack(void);

#endif
