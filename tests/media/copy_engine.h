/* The engine of copy_engine.c stands in for librifec's. */
#ifndef COPY_ENGINE_H
#define COPY_ENGINE_H

/* The in-between, counted from 0, whose making fails; -1: none. */
extern int copy_engine_fails_at;

#endif
