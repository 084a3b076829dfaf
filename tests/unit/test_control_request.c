// SPDX-License-Identifier: BSD-2-Clause
/*
 * Request lines, good and hostile, and the answers' form.
 * Links: user/control/peers_json.c user/bfd/bfd_codec.c
 * Links: user/control/record_json.c user/record/record.c
 * Links: user/peer/peer_report_rules.c user/control/reports_json.c
 * Links: user/control/takeover_json.c
 * Links: user/control/control_request.c user/control/status.c user/control/status_json.c
 * Links: user/control/check_json.c user/control/addresses_json.c
 * Links: user/control/bfd_json.c
 * Links: user/core/utf8.c user/core/addr.c user/vrrp/vrrp_step.c user/vrrp/vrrp_names.c
 * Links: user/control/json_put.c
 * Links: user/announce/announce_step.c user/health/health_step.c user/datapath/verdict_name.c
 * Links: user/core/json_read.c user/announce/service_step.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/control_request.h"

#define NAME_63 "0123456789012345678901234567890123456789012345678901234567890ab"

_Static_assert(sizeof(NAME_63) == CFG_NAME_MAX, "the longest name");

static void good_requests_are_understood(void **state)
{
	static const struct {
		const char *line;
		bool read_only;
		enum control_verb verb;
		const char *instance;
	} rows[] = {
	    {"{\"command\":\"status\"}", true, CONTROL_STATUS, ""},
	    {" { \"command\" : \"status\" } \r", false, CONTROL_STATUS, ""},
	    {"{\"command\":\"reload\"}", false, CONTROL_RELOAD, ""},
	    {"{\"command\":\"reload\",\"force\":true}", false, CONTROL_RELOAD, ""},
	    {"{\"command\":\"events\",\"after\":7}", true, CONTROL_EVENTS, ""},
	    {"{\"instance\":\"a\",\"command\":\"handover\"}", false, CONTROL_HANDOVER, "a"},
	    {"{\"command\":\"handover\",\"instance\":\"" NAME_63 "\"}", false, CONTROL_HANDOVER,
	     NAME_63},
	    {"{\"command\":\"drain\"}", false, CONTROL_DRAIN, ""},
	    {"{\"command\":\"drain\",\"instance\":\"a\"}", false, CONTROL_DRAIN, "a"},
	    {"{\"command\":\"drain\",\"instance\":\"caf\xc3\xa9\"}", false, CONTROL_DRAIN,
	     "caf\xc3\xa9"},
	    {"{\"command\":\"undrain\"}", false, CONTROL_UNDRAIN, ""},
	    {"{\"command\":\"clear\"}", false, CONTROL_CLEAR, ""},
	    {"{\"command\":\"config\"}", false, CONTROL_CONFIG, ""},
	    {"{\"command\":\"clear\",\"neighbor\":\"2001:db8::1\"}", false, CONTROL_CLEAR, ""},
	};
	struct control_request req;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int err = control_request_parse(rows[i].line, strlen(rows[i].line),
						rows[i].read_only, &req);

		if (err != 0)
			fail_msg("%s: %s", rows[i].line, req.error);
		assert_false(req.refused);
		assert_int_equal(req.verb, rows[i].verb);
		assert_string_equal(req.instance, rows[i].instance);
	}
}

static void bad_requests_are_refused_with_a_word_on_what_is_right(void **state)
{
	static const struct {
		const char *line, *error; /* `error` must be part of the text */
		int err;
	} rows[] = {
	    {"", "not one JSON object", -EINVAL},
	    {"status", "not one JSON object", -EINVAL},
	    {"{\"command\":\"status\"", "ends too early", -EINVAL},
	    {"{\"command\":\"status\"}{}", "not one JSON object", -EINVAL},
	    {"{\"command\":\"status\",}", "not one JSON object", -EINVAL},
	    {"[\"status\"]", "another value", -EINVAL},
	    {"null ", "another value", -EINVAL},
	    {"{\"command\":\"\xff\"}", "not one JSON object", -EINVAL},
	    {"{\"command\":{\"a\":{\"b\":{\"c\":{\"d\":1}}}}}", "nesting", -EINVAL},
	    {"{}", "no \"command\"", -EINVAL},
	    {"{\"command\":7}", "\"command\" must be a string", -EINVAL},
	    {"{\"command\":null}", "\"command\" must be a string", -EINVAL},
	    {"{\"command\":\"status\\u0000x\"}", "NUL", -EINVAL},
	    {"{\"command\":\"stop\"}", "knows: status, handover, reload", -EINVAL},
	    {"{\"command\":\"status\",\"dry_run\":true}", "unknown member \"dry_run\"", -EINVAL},
	    {"{\"command\":\"status\",\"instance\":\"a\"}", "takes no \"instance\"", -EINVAL},
	    {"{\"command\":\"status\",\"after\":7}", "takes no \"after\"", -EINVAL},
	    {"{\"command\":\"events\",\"after\":-7}", "number of an event", -EINVAL},
	    {"{\"command\":\"events\",\"after\":\"7\"}", "number of an event", -EINVAL},
	    {"{\"command\":\"handover\"}", "needs an \"instance\"", -EINVAL},
	    {"{\"command\":\"handover\",\"instance\":\"\"}", "empty", -EINVAL},
	    {"{\"command\":\"drain\",\"instance\":\"\"}", "empty", -EINVAL},
	    {"{\"command\":\"drain\",\"neighbor\":\"::1\"}", "takes no \"neighbor\"", -EINVAL},
	    {"{\"command\":\"clear\",\"neighbor\":\"r1\"}", "no neighbor's address", -EINVAL},
	    {"{\"command\":\"clear\",\"neighbor\":\"::\"}", "no neighbor's", -EINVAL},
	    {"{\"command\":\"clear\",\"instance\":\"a\"}", "takes no \"instance\"", -EINVAL},
	    {"{\"command\":\"undrain\",\"force\":true}", "takes no \"force\"", -EINVAL},
	    {"{\"command\":\"reload\",\"force\":1}", "must be true or false", -EINVAL},
	    {"{\"command\":\"undrain\",\"after\":1}", "takes no \"after\"", -EINVAL},
	    {"{\"command\":\"handover\",\"instance\":[\"a\"]}", "must be a string", -EINVAL},
	    {"{\"command\":\"handover\",\"instance\":\"" NAME_63 "c\"}", "so long a name", -EINVAL},
	};
	struct control_request req;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int err = control_request_parse(rows[i].line, strlen(rows[i].line), false, &req);

		if (err != rows[i].err || !req.refused || !strstr(req.error, rows[i].error))
			fail_msg("%s: %d, %s", rows[i].line, err, req.error);
	}
}

static void a_line_over_the_limit_is_refused(void **state)
{
	char line[CONTROL_REQUEST_MAX + 1];
	struct control_request req;

	(void)state;
	memset(line, ' ', sizeof(line));
	assert_int_equal(control_request_parse(line, sizeof(line), false, &req), -EINVAL);
	assert_non_null(strstr(req.error, "too long"));
}

static void the_status_socket_takes_only_questions(void **state)
{
	static const char reload[] = "{\"command\":\"reload\"}";
	struct control_request req;

	(void)state;
	assert_int_equal(control_request_parse(reload, strlen(reload), true, &req), -EACCES);
	assert_string_equal(req.error,
			    "the socket `status` takes only questions; send reload to `control`");
}

static void the_status_socket_tells_no_passwords(void **state)
{
	static const char config[] = "{\"command\":\"config\"}";
	struct control_request req;

	(void)state;
	assert_int_equal(control_request_parse(config, strlen(config), true, &req), -EACCES);
	assert_string_equal(req.error,
			    "the answer to config holds passwords; send it to `control`");
}

static void assert_answer(const struct control_request *req, const char *expected)
{
	char *text = control_request_answer(req);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void answers_are_one_line(void **state)
{
	struct control_request req = {.verb = CONTROL_RELOAD};
	char *text;

	(void)state;
	assert_answer(&req, "{\"ok\":true}\n");
	control_request_refuse(&req, "no \"%s\"\n/etc", "\xc3");
	assert_answer(&req, "{\"ok\":false,\"error\":\"no \\\"?\\\"\\n/etc\"}\n");

	req = (struct control_request){
	    .verb = CONTROL_CONFIG, .text = "a {\n}\n\xc3", .file_differs = true};
	assert_answer(&req, "{\"ok\":true,\"file_differs\":true,\"text\":\"a {\\n}\\n?\"}\n");

	req = (struct control_request){.verb = CONTROL_STATUS,
				       .status = status_create(&(struct status_limits){0})};
	assert_non_null(req.status);
	text = control_request_answer(&req);
	assert_int_equal(strncmp(text, "{\"ok\":true,\"schema\":1,", 22), 0);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
	status_free(req.status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_requests_are_understood),
	    cmocka_unit_test(bad_requests_are_refused_with_a_word_on_what_is_right),
	    cmocka_unit_test(a_line_over_the_limit_is_refused),
	    cmocka_unit_test(the_status_socket_takes_only_questions),
	    cmocka_unit_test(the_status_socket_tells_no_passwords),
	    cmocka_unit_test(answers_are_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
