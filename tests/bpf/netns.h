/* SPDX-License-Identifier: BSD-2-Clause */
/* A separate network namespace for the test, and ip(8) in it. */
#ifndef TEST_NETNS_H
#define TEST_NETNS_H

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/loop.h"

static inline int own_namespace(void **state)
{
	(void)state;
	if (geteuid() == 0 && unshare(CLONE_NEWNET) < 0)
		return -1;
	return 0;
}

static inline void need_root(void)
{
	if (geteuid() != 0)
		skip();
}

static inline void ip(const char *arguments)
{
	char command[256];
	FILE *f;

	snprintf(command, sizeof(command), "ip %s", arguments);
	f = popen(command, "r");
	assert_non_null(f);
	assert_int_equal(pclose(f), 0);
}

#define TURNS_FOR_NS (20 * NS_PER_S) /* a test that waits longer has failed */

/* Turns the loop while `condition` holds, but not for ever: the caller asserts what it waited for.
 */
#define TURN_WHILE(loop, condition)                                                                \
	do {                                                                                       \
		struct mono until_ = mono_add(loop_clock(), TURNS_FOR_NS);                         \
                                                                                                   \
		while ((condition) && mono_before(loop_clock(), until_))                           \
			loop_turn(loop, 10 * NS_PER_MS);                                           \
	} while (0)

#endif
