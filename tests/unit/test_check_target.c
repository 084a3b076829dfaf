// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the status says of the thing that a check checks. It has no arguments of commands, and no
 * user and query of a URL, because they may be secret.
 * Links: user/runner/check_target.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runner/runner.h"

static void a_target_has_no_secret(void **state)
{
	static const struct {
		enum runner_check_kind kind;
		char *argv[RUNNER_PROCESS_COMMAND + 3];
		const char *want;
	} rows[] = {
	    {RUNNER_SCRIPT, {"/usr/bin/check"}, "/usr/bin/check"},
	    {RUNNER_SCRIPT, {"/usr/bin/mysql", "-psecret"}, "/usr/bin/mysql ..."},
	    {RUNNER_FILE, {"/run/priority"}, "/run/priority"},
	    {RUNNER_EXISTS, {"/run/off"}, "/run/off"},
	    {RUNNER_TCP, {"2001:db8::1", "443"}, "2001:db8::1 port 443"},
	    {RUNNER_HTTP, {"http://192.0.2.1:8080/up", "0", "", "1"}, "http://192.0.2.1:8080/up"},
	    {RUNNER_HTTP, {"https://me:secret@web/up?key=secret"}, "https://web/up"},
	    {RUNNER_HTTP, {"https://me:se@cret@web#secret"}, "https://web"},
	    {RUNNER_HTTP, {"https://web/path@1"}, "https://web/path@1"},
	    {RUNNER_HTTP, {"web?a@b"}, "web"},
	    {RUNNER_PROCESS, {"0", "1", "1", "9", "0", "0", "haproxy"}, "haproxy"},
	    {RUNNER_PROCESS, {"0", "1", "1", "9", "0", "0", "ssh", "secret"}, "ssh ..."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct runner_check check = {.kind = rows[i].kind, .argv = rows[i].argv};
		char out[64];

		runner_check_target(&check, out, sizeof(out));
		assert_string_equal(out, rows[i].want);
	}
}

static void a_long_target_is_cut(void **state)
{
	static char *const argv[] = {"/a/long/path", "x", NULL};
	struct runner_check check = {.kind = RUNNER_SCRIPT, .argv = argv};
	char out[8];

	(void)state;
	runner_check_target(&check, out, sizeof(out));
	assert_string_equal(out, "/a/long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_target_has_no_secret),
	    cmocka_unit_test(a_long_target_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
