// SPDX-License-Identifier: BSD-2-Clause
/*
 * The answer to `holdfastctl config`: the running configuration, and whether the file has the same
 * content.
 *
 * Links: tests/fakes/engine_fake.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine_case.h"
#include "engine/engine.h"
#include "engine/status/running_config.h"
#include "engine/state.h"

#define WITH(priority, more)                                                                       \
	"global_defs {\n script_user root\n}\nvrrp_script c {\n script \"true\"\n}\n"              \
	"vrrp_instance one {\n interface eth0\n virtual_router_id 10\n version 3\n "               \
	"priority " priority                                                                       \
	"\n virtual_ipaddress {\n 203.0.113.10/32 dev lo\n }\n track_script {\n c\n }\n" more      \
	"}\n"
#define KEY(digits) " auth_hmac {\n key 1 \"" digits digits digits digits "\"\n active_key 1\n }\n"
#define RUNNING	    WITH("100", KEY("0123456789abcdef"))

static const struct {
	const char *why, *file; /* NULL: there is none */
	bool differs;
} rows[] = {
    {"the same", RUNNING, false},
    {"layout and comments", "! a comment\n\n" RUNNING "\n# another\n", false},
    {"a default that is spelled out", WITH("100", KEY("0123456789abcdef") " advert_int 1\n"),
     false},
    {"a value", WITH("101", KEY("0123456789abcdef")), true},
    {"a key, which is not printed", WITH("100", KEY("fedcba9876543210")), true},
    {"one block more", RUNNING "vrrp_script d {\n script \"true\"\n}\n", true},
    {"a file that cannot be used", "vrrp_instance one {\n", true},
    {"no file", NULL, true},
};

static void write_file(const char *text)
{
	FILE *f = fopen(engine->opt->config_path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int start(void **state)
{
	(void)state;
	engine_fake_node(&machine);
	engine = engine_fake_start(RUNNING);
	/* A reload looks commands up in PATH, as a start does before the engine. */
	assert_true(engine_fake_reload(engine, RUNNING));
	fake_run_for(NS_PER_S);
	return 0;
}

static void what_runs_is_shown_and_compared_with_the_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct control_request req = {.verb = CONTROL_CONFIG};

		if (rows[i].file)
			write_file(rows[i].file);
		else
			unlink(engine->opt->config_path);
		running_config_show(engine, &req);
		if (req.refused || req.file_differs != rows[i].differs)
			fail_msg("%s: %s, differs %d", rows[i].why, req.error, req.file_differs);
		/* The running configuration, not the file; without keys. */
		assert_non_null(strstr(req.text, "priority 100\n"));
		assert_non_null(strstr(req.text, "hidden"));
		assert_null(strstr(req.text, "0123456789abcdef"));
		free(req.text);
	}
}

static void after_a_reload_the_new_one_runs(void **state)
{
	struct control_request req = {.verb = CONTROL_CONFIG};

	(void)state;
	assert_true(engine_fake_reload(engine, WITH("101", KEY("0123456789abcdef"))));
	fake_run_for(NS_PER_S);
	running_config_show(engine, &req);
	assert_false(req.refused);
	assert_false(req.file_differs);
	assert_non_null(strstr(req.text, "priority 101\n"));
	free(req.text);
}

static void while_a_reload_runs_it_is_refused(void **state)
{
	struct control_request req = {.verb = CONTROL_CONFIG};

	(void)state;
	atomic_store(&engine->reloading, true);
	running_config_show(engine, &req);
	atomic_store(&engine->reloading, false);
	assert_true(req.refused);
	assert_non_null(strstr(req.error, "a reload is running"));
	assert_null(req.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_runs_is_shown_and_compared_with_the_file, start,
					    end),
	    cmocka_unit_test_setup_teardown(after_a_reload_the_new_one_runs, start, end),
	    cmocka_unit_test_setup_teardown(while_a_reload_runs_it_is_refused, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
