/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tells another process at once that the engine's main thread has died. A closed socket would tell
 * it later. The kernel closes the descriptors only when the last thread has ended, and an ordinary
 * thread may have to wait for a CPU first (up to 20 ms were measured beside a compiler).
 */
#ifndef HF_ENGINE_DEATH_H
#define HF_ENGINE_DEATH_H

/* Shared memory with a mutex that the calling thread holds until it ends. Call before the fork of
 * the process that watches. The memory stays as long as the thread. NULL: no memory. */
struct engine_death *engine_death_create(void);
/* In the other process: starts a thread that calls fn(ctx) once, when the holder has died. The
 * thread is real-time if the process may do that. 0 or -errno. */
int engine_death_watch(struct engine_death *death, void (*fn)(void *ctx), void *ctx);

#endif
