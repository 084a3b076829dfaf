/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules of the VRRP state machine as scripts: each has a reason, possibly a configuration, and
 * lines with one event and its expected actions.
 *
 *   # REASON, and a further line of it if the next one is indented
 *   cfg KEY[=VALUE]...
 *   MILLISECONDS EVENT [KEY=VALUE]... : ACTIONS | DUE
 *
 * We are 192.0.2.2; from=1 is 192.0.2.1. DUE is the result of vrrp_due() afterwards; without it,
 * nothing is due.
 */
#ifndef HF_TEST_VRRP_SCRIPT_H
#define HF_TEST_VRRP_SCRIPT_H

#include <stddef.h>

struct vrrp_script_table {
	const char *const *lines;
	size_t n;
};

/* A cmocka test; its initial state is a table. */
void vrrp_script_play(void **state);

/* clang-format off */
#define RULES(t) {.name = #t, .test_func = vrrp_script_play, \
		  .initial_state = &(struct vrrp_script_table){t, sizeof(t) / sizeof((t)[0])}}
/* clang-format on */

#endif
