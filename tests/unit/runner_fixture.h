/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A real runner, forked for each test, with a separate directory for its scripts. All waits have a
 * condition and a deadline, and there is no sleep.
 */
#ifndef HF_RUNNER_FIXTURE_H
#define HF_RUNNER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/loop.h"
#include "runner/runner.h"

#define DEADLINE_NS (30 * NS_PER_S) /* for every event that must happen */
#define LONG_NS	    (3600 * NS_PER_S)
#define IDLE_DESCRIPTORS                                                                           \
	6 /* the three standard ones, the engine's socket, the loop's two epoll sets */
#define QUICK_NS (20 * NS_PER_MS)

#define WAIT_UNTIL(condition)                                                                      \
	do {                                                                                       \
		struct mono until_ = mono_add(loop_clock(), DEADLINE_NS);                          \
		while (!(condition)) {                                                             \
			if (!mono_before(loop_clock(), until_))                                    \
				fail_msg("not within %d s: %s", (int)(DEADLINE_NS / NS_PER_S),     \
					 #condition);                                              \
			usleep(5000);                                                              \
		}                                                                                  \
	} while (0)

#define RUNNER_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

/* A script that sleeps for ever, and its child. The files pid and child have their numbers. */
#define SLEEPER                                                                                    \
	"sleep 1000 & echo $! > $D/child.new; mv $D/child.new $D/child\n"                          \
	"echo $$ > $D/pid.new; mv $D/pid.new $D/pid; wait"

extern char dir[64];
extern int engine;   /* the test's end of the socket; -1: closed */
extern pid_t runner; /* -1: has been reaped */

/* The path of `name` in the test's directory; good for the next few calls. */
const char *at(const char *name);
bool exists(const char *name);
/* Writes a shell script; $D is the directory. Returns its path, as at(). */
char *script(const char *name, const char *body);
void touch(const char *name);
/* What is in the file; empty if there is none. */
const char *text_of(const char *name);
int lines_of(const char *name);
pid_t pid_in(const char *name);
/* True if `pid` no longer runs. A zombie of another parent counts as ended. */
bool is_gone(pid_t pid);
/* Children of the runner, zombies among them. */
int children_of_runner(void);
int descriptors_of_runner(void);
int descriptors_of(pid_t pid);
/* The process that makes its TCP and HTTP checks; -1: none. */
pid_t probe_of_runner(void);
/* Waits for it. Never returns -1, which kill() takes for all processes. */
pid_t await_probe(void);
/* The next message from the runner: as runner_receive(), never 0. */
int next_answer(struct runner_answer *answer);
/* The same, of results and dones: as runner_receive(), never 0. */
int next_message(struct runner_result *result, struct runner_done *done);
/* The next message, which must be a result (a done). */
struct runner_result next_result(void);
struct runner_done next_done(void);
struct runner_user self(void);
void send_check(uint32_t id, char *file, int64_t interval_ns, int64_t timeout_ns);
/* A check that runs `file word`. */
void send_notify(uint32_t owner, char *file, const char *word, int64_t timeout_ns);
/* Adds a check and returns its first result. */
struct runner_result run_once(char *file, int64_t timeout_ns);
/* Set-up with and without a runner; tear-down of either, which waits for the runner's end. */
int start_directory(void **state);
int start(void **state);
/* Waits for the runner's exit and returns its status. */
int await_exit(void);
int stop(void **state);

#endif
