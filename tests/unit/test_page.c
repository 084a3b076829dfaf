// SPDX-License-Identifier: BSD-2-Clause
/*
 * The status page and /healthz: the template, every string of the daemon as text and never as
 * markup, the text of docs/alarms.md for an alarm, and the rules of /healthz.
 * Links: user/exporter/template.c user/exporter/page.c user/exporter/page_parts.c
 * Links: user/exporter/page_rows.c user/exporter/page_alarms.c user/exporter/health.c
 * Links: user/client/text.c
 * Links: user/client/explain_words.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/health.h"
#include "exporter/page.h"
#include "exporter/template.h"

#define HOSTILE "</p><script>alert(1)</script>\\\"'&{{nonce}}"

static char *fill(const char *text, const char *json)
{
	json_object *root = json_tokener_parse(json);
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	template_write(f, text, root);
	fclose(f);
	json_object_put(root);
	return out;
}

static void a_template_is_filled(void **state)
{
	static const struct {
		const char *text, *json, *want;
	} rows[] = {
	    {"a {{x}} b", "{\"x\":1}", "a 1 b"},
	    {"{{x}}", "{}", ""},
	    {"{{x}}", "{\"x\":\"<a href=\\\"x\\\">'&\"}", "&lt;a href=&quot;x&quot;&gt;&#39;&amp;"},
	    {"{{x}}", "{\"x\":\"\\u001b[1m\\u0000\"}", "?[1m"},
	    {"{{#l}}<{{n}}{{o}}>{{/l}}", "{\"o\":9,\"l\":[{\"n\":1},{\"n\":2}]}", "<19><29>"},
	    {"{{#l}}{{.}},{{/l}}", "{\"l\":[1,\"b\"]}", "1,b,"},
	    {"{{^l}}none{{/l}}{{#l}}some{{/l}}", "{\"l\":[]}", "none"},
	    {"{{#s}}({{s}}){{/s}}", "{\"s\":\"x\"}", "(x)"},
	    {"{{#s}}({{s}}){{/s}}", "{\"s\":\"\"}", ""},
	    {"{{#a}}{{#b}}{{c}}{{/b}}{{/a}}", "{\"a\":[{\"b\":[{\"c\":1}]},{\"b\":[{\"c\":2}]}]}",
	     "12"},
	    {"{{#a}}x{{#a}}y{{/a}}z{{/a}}", "{\"a\":false}", ""},
	    {"{{x}}", "{\"x\":\"{{y}}\",\"y\":7}", "{{y}}"}, /* what is filled in is no template */
	    {"{{#open}}x", "{\"open\":true}", "x"},	     /* nothing is read beyond the end */
	    {"{{", "{}", "{{"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *out = fill(rows[i].text, rows[i].json);

		assert_string_equal(out, rows[i].want);
		free(out);
	}
}

static char *page_of(const char *status, const char *events)
{
	json_object *s = status ? json_tokener_parse(status) : NULL;
	json_object *e = events ? json_tokener_parse(events) : NULL;
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	page_write(f, s, e, "why", "node-a", "abc123");
	fclose(f);
	json_object_put(s);
	json_object_put(e);
	return out;
}

static unsigned int count(const char *text, const char *part)
{
	unsigned int n = 0;

	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

static void only_an_established_session_has_a_time(void **state)
{
	static const char up[] = "{\"bgp\":[{\"neighbors\":[{\"state\":\"Established\","
				 "\"uptime_s\":60,\"prefixes_announced\":4}]}]}",
			  down[] = "{\"bgp\":[{\"neighbors\":[{\"state\":\"Active\","
				   "\"uptime_s\":0,\"prefixes_announced\":0}]}]}";
	char *out = page_of(up, NULL);

	(void)state;
	assert_int_equal(count(out, "<span class=\"soft\">for 1 min, 4 prefixes announced"), 1);
	free(out);
	out = page_of(down, NULL);
	assert_int_equal(count(out, "<span class=\"soft\">no prefixes announced"), 1);
	assert_int_equal(count(out, "for 0 s"), 0);
	free(out);
}

static void no_string_of_the_daemon_is_markup(void **state)
{
	static const char status[] =
	    "{\"name\":\"" HOSTILE "\",\"version\":\"" HOSTILE "\",\"alarms\":[\"" HOSTILE "\"],"
	    "\"alarm_details\":[{\"reason\":\"" HOSTILE "\",\"subject\":\"" HOSTILE "\"}],"
	    "\"instances\":[{\"name\":\"" HOSTILE "\",\"state\":\"" HOSTILE
	    "\",\"faults\":[\"" HOSTILE "\"],\"virtual_addresses\":[\"" HOSTILE
	    "\"],\"interface\":\"" HOSTILE "\"}],"
	    "\"bgp\":[{\"neighbors\":[{\"address\":\"" HOSTILE "\",\"state\":\"" HOSTILE
	    "\",\"last_error\":\"" HOSTILE "\"}]}],"
	    "\"checks\":[{\"name\":\"" HOSTILE "\",\"detail\":\"" HOSTILE "\",\"target\":\"" HOSTILE
	    "\"}],"
	    "\"peers\":[{\"name\":\"" HOSTILE "\",\"reason\":\"" HOSTILE "\"}],"
	    "\"bfd\":[{\"peer\":\"" HOSTILE "\",\"detail\":\"" HOSTILE "\"}],"
	    "\"datapath\":[{\"interface\":\"" HOSTILE "\",\"reason\":\"" HOSTILE "\"}],"
	    "\"traffic\":[{\"address\":\"" HOSTILE "\"}]}";
	static const char events[] =
	    "{\"events\":[{\"number\":1,\"instance\":\"" HOSTILE "\",\"to\":\"" HOSTILE
	    "\",\"cause\":\"" HOSTILE "\",\"detail\":\"" HOSTILE "\"}]}";
	char *out = page_of(status, events);

	(void)state;
	assert_int_equal(count(out, "<script"), 1); /* the page's own */
	assert_int_equal(count(out, "</script"), 1);
	assert_true(count(out, "&lt;script&gt;alert(1)") > 20);
	assert_int_equal(count(out, "abc123"),
			 2); /* a nonce that a string asked for is not given */
	free(out);
}

static void the_page_bears_any_answer(void **state)
{
	static const char *const answers[] = {
	    NULL,
	    "{}",
	    "{\"instances\":7,\"alarms\":{},\"bgp\":[1],\"checks\":[null],\"peers\":[[]]}",
	    "{\"bfd\":[7,[],{\"changed_s\":[]}],\"datapath\":[null,1],\"traffic\":[[],3]}",
	    "{\"instances\":[{\"state\":\"MASTER\",\"virtual_addresses\":[null,1,{}]}],"
	    "\"traffic\":[{\"address\":1,\"rx\":[]}]}",
	    "{\"instances\":[null,3,{\"announced\":[[]],\"master\":[],\"last_transition\":\"x\"}]"
	    "}"};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		char *out = page_of(answers[i], answers[i]);

		assert_non_null(strstr(out, "</html>"));
		free(out);
	}
}

static void a_check_of_traffic_says_what_was_counted(void **state)
{
	char *out = page_of("{\"checks\":[{\"name\":\"web\",\"state\":\"UP\",\"last_run\":null,"
			    "\"detail\":\"9 of 9 SYN answered in 0.5 s\",\"traffic\":{}}]}",
			    NULL);

	(void)state;
	assert_non_null(strstr(out, "traffic, no verdict yet: 9 of 9 SYN answered in 0.5 s"));
	assert_null(strstr(out, "it said: 9 of 9"));
	assert_null(strstr(out, "has not run yet"));
	free(out);
}

static void an_alarm_is_explained_in_the_words_of_the_docs(void **state)
{
	char *help = page_alarm_help("web is in FAULT: no BGP session is Established");

	(void)state;
	assert_non_null(help);
	assert_non_null(strstr(help, "require_session"));
	assert_null(strstr(help, "###"));
	free(help);
	assert_null(page_alarm_help("nothing of the kind"));
}

/* What is left of the marks of Markdown would be read as part of a command. */
static void the_explanation_is_plain_paragraphs(void **state)
{
	static const char *const alarms[] = {
	    "web is in FAULT: no BGP session is Established",
	    "packets are refused (bad checksum), the last from 192.0.2.7",
	    "check web is down",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(alarms) / sizeof(alarms[0]); i++) {
		json_object *blocks = page_alarm_blocks(alarms[i]);
		char *help = page_alarm_help(alarms[i]);

		if (help)
			assert_true(json_object_array_length(blocks) > 0);
		for (size_t k = 0; k < json_object_array_length(blocks); k++) {
			json_object *block = json_object_array_get_idx(blocks, k);
			const char *text =
			    json_object_get_string(json_object_object_get(block, "text"));

			assert_null(strchr(text, '`'));
			assert_null(strchr(text, '|'));
			assert_null(strstr(text, "]("));
			assert_null(strchr(text, '\n'));
		}
		json_object_put(blocks);
		free(help);
	}
}

static void an_alarm_without_an_explanation_has_no_button(void **state)
{
	char *out = page_of("{\"alarms\":[\"nothing of the kind\"]}", NULL);

	(void)state;
	assert_non_null(strstr(out, "<strong>nothing of the kind</strong>"));
	assert_null(strstr(out, "What it means and what to do"));
	free(out);
}

static void a_check_says_what_it_checks_and_since_when(void **state)
{
	char *out =
	    page_of("{\"checks\":[{\"name\":\"web\",\"kind\":\"tcp\",\"state\":\"DOWN\","
		    "\"target\":\"192.0.2.1 port 80\",\"since\":\"2000-01-01T00:00:00.000Z\","
		    "\"last_run\":\"2000-01-01T00:00:00.000Z\",\"outcome\":\"timeout\"}]}",
		    NULL);

	(void)state;
	assert_non_null(strstr(out, ">for "));
	assert_non_null(strstr(out, "; tcp 192.0.2.1 port 80: timeout, "));
	free(out);
}

/* The page of a status with a list of `n` elements, the last of which is `last`, and a peer. */
static char *list_of(const char *member, unsigned int n, const char *each, const char *last)
{
	char *out = NULL, *page;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	fprintf(f, "{\"%s\":[", member);
	for (unsigned int i = 1; i < n; i++)
		fprintf(f, "%s,", each);
	fprintf(f, "%s],\"peers\":[{}]}", last);
	fclose(f);
	page = page_of(out, NULL);
	free(out);
	return page;
}

static void the_bad_ones_of_a_long_list_are_shown(void **state)
{
	static const struct {
		const char *member, *good, *bad, *want;
	} rows[] = {
	    {"checks", "{\"name\":\"a\",\"state\":\"UP\"}",
	     "{\"name\":\"sick\",\"state\":\"DOWN\"}", "DOWN</span> sick"},
	    {"bfd", "{\"peer\":\"a\",\"state\":\"Up\"}", "{\"peer\":\"sick\",\"state\":\"Down\"}",
	     "Down</span> sick"},
	    {"bgp", "{\"neighbors\":[{\"address\":\"a\",\"state\":\"Established\"}]}",
	     "{\"neighbors\":[{\"address\":\"sick\",\"state\":\"Idle\"}]}", "Idle</span> sick"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *out = list_of(rows[i].member, 300, rows[i].good, rows[i].bad);

		assert_non_null(strstr(out, rows[i].want));
		assert_non_null(strstr(out, "and 100 more: status.json has them all"));
		assert_int_equal(count(out, "<li><span"), 200);
		free(out);
	}
}

static void a_node_without_instances_is_not_well(void **state)
{
	char *out = page_of("{\"instances\":[],\"alarms\":[]}", NULL);

	(void)state;
	assert_non_null(strstr(out, "<span class=\"tag warn\">no instance is configured</span>"));
	assert_null(strstr(out, "all is well"));
	free(out);
}

static void the_card_of_a_node_has_a_few_states(void **state)
{
	char *out = list_of("instances", 300, "{\"name\":\"a\",\"state\":\"BACKUP\"}",
			    "{\"name\":\"z\",\"state\":\"FAULT\"}");

	(void)state;
	assert_non_null(strstr(out, "<dt>z</dt><dd>FAULT, priority ?</dd>"));
	assert_non_null(strstr(out, "and 280 more</dd>"));
	free(out);
}

#define WATCHED                                                                                    \
	"{\"instances\":[{\"name\":\"v\",\"interface\":\"e0\",\"state\":\"BACKUP\","               \
	"\"master\":{\"address\":\"192.0.2.2\"},\"down_interval_ms\":40,\"worst_gap_ms\":10}],"    \
	"\"peers\":[{\"address\":\"192.0.2.2\",\"interface\":\"%s\",\"detection\":\"%s\","         \
	"\"sbfd\":{\"state\":\"Up\",\"interval_ms\":5,\"multiplier\":3,\"answered_ms\":2}}]}"

static void the_detection_in_force_is_shown_with_its_margin(void **state)
{
	static const char adverts[] = "<dd>adverts within 40 ms, worst gap 10 ms (25 %)</dd>";
	static const char probes[] = "<dd>probes every 5 ms x 3, last answer 2 ms ago</dd>";
	static const struct {
		const char *interface, *detection;
		bool probed;
	} rows[] = {{"e0", "sbfd", true}, {"e0", "adverts", false}, {"e1", "sbfd", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char status[512], *out;

		snprintf(status, sizeof(status), WATCHED, rows[i].interface, rows[i].detection);
		out = page_of(status, NULL);
		assert_non_null(strstr(out, adverts));
		assert_int_equal(strstr(out, probes) != NULL, rows[i].probed);
		free(out);
	}
}

#define SERVES(state, attach)                                                                      \
	"{\"instances\":[{\"name\":\"v\",\"state\":\"" state "\",\"virtual_addresses\":["          \
	"\"203.0.113.7/32\",\"203.0.113.8/32\",\"203.0.113.9/32\"],"                               \
	"\"last_transition\":{\"at\":\"2026-01-02T03:04:05.678Z\"}}],\"traffic\":["                \
	"{\"address\":\"203.0.113.7\",\"rx\":{\"packets\":5},\"tx\":{\"packets\":2}},"             \
	"{\"address\":\"203.0.113.8\",\"rx\":{\"packets\":30}}],"                                  \
	"\"datapath\":[{\"interface\":\"e0\",\"attach\":\"" attach "\",\"timer\":\"bpf\"}]}"

static void a_master_has_a_picture_of_its_traffic(void **state)
{
	static const char place[] =
	    "data-key=\"instance v\" data-since=\"2026-01-02T03:04:05.678Z\" data-packets=\"37\"";
	char *out = page_of(SERVES("MASTER", "xdp"), NULL);

	(void)state;
	assert_non_null(strstr(out, place));
	assert_non_null(strstr(out, "<span class=\"tag good\">xdp</span> e0"));
	free(out);
	out = page_of(SERVES("BACKUP", "xdp"), NULL);
	assert_null(strstr(out, "data-key=\"instance v\""));
	free(out);
	out = page_of(SERVES("MASTER", "raw"), NULL); /* it counts nothing */
	assert_null(strstr(out, "data-key=\"instance v\""));
	free(out);
}

#define BGP_UP	 "\"bgp\":[{\"neighbors\":[{\"state\":\"Established\"}]}]"
#define BGP_DOWN "\"bgp\":[{\"neighbors\":[{\"state\":\"Active\"}]}]"
#define ONE(state, as)                                                                             \
	"\"instances\":[{\"name\":\"v\",\"state\":\"" state "\",\"announced\":[{\"as\":\"" as      \
	"\"}]}]"

static void who_serves_is_well(void **state)
{
	static const struct {
		const char *status, *instance, *role;
		unsigned int want;
		const char *said;
	} rows[] = {
	    {NULL, NULL, NULL, 503, "the daemon does not answer\n"},
	    {"{}", NULL, NULL, 503, "no instance is configured\n"},
	    {"{" BGP_UP "," ONE("MASTER", "settled") "}", NULL, NULL, 200, "ok\n"},
	    {"{" BGP_UP "," ONE("MASTER", "escalated") "}", "v", "master", 200, "ok\n"},
	    {"{" BGP_UP "," ONE("MASTER", "settled") "}", "v", "backup", 503, "v is MASTER\n"},
	    {"{" BGP_UP "," ONE("MASTER", "none") "}", NULL, NULL, 503,
	     "v is MASTER and announces nothing\n"},
	    {"{" BGP_DOWN "," ONE("BACKUP", "none") "}", NULL, NULL, 503,
	     "v is BACKUP and has no BGP session\n"},
	    {"{" BGP_UP "," ONE("BACKUP", "none") "}", NULL, NULL, 200, "ok\n"},
	    {"{" BGP_UP "," ONE("BACKUP", "none") "}", NULL, "master", 503, "v is BACKUP\n"},
	    {"{" BGP_UP "," ONE("FAULT", "none") "}", NULL, NULL, 503, "v is FAULT\n"},
	    {"{" BGP_UP "," ONE("BACKUP", "none") "}", "w", NULL, 404, "no such instance\n"},
	    {"{" BGP_UP "," ONE("BACKUP", "none") "}", NULL, "king", 400,
	     "role: master or backup\n"},
	    {"{\"instances\":[{\"name\":\"lan\",\"state\":\"MASTER\",\"announced\":[]}]}", NULL,
	     NULL, 200, "ok\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_object *status = rows[i].status ? json_tokener_parse(rows[i].status) : NULL;
		char *out = NULL;
		size_t len;
		FILE *f = open_memstream(&out, &len);

		assert_int_equal(health_judge(status, rows[i].instance, rows[i].role, f),
				 rows[i].want);
		fclose(f);
		assert_string_equal(out, rows[i].said);
		free(out);
		json_object_put(status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_template_is_filled),
	    cmocka_unit_test(only_an_established_session_has_a_time),
	    cmocka_unit_test(no_string_of_the_daemon_is_markup),
	    cmocka_unit_test(the_page_bears_any_answer),
	    cmocka_unit_test(a_check_of_traffic_says_what_was_counted),
	    cmocka_unit_test(an_alarm_is_explained_in_the_words_of_the_docs),
	    cmocka_unit_test(the_explanation_is_plain_paragraphs),
	    cmocka_unit_test(an_alarm_without_an_explanation_has_no_button),
	    cmocka_unit_test(a_check_says_what_it_checks_and_since_when),
	    cmocka_unit_test(the_bad_ones_of_a_long_list_are_shown),
	    cmocka_unit_test(a_node_without_instances_is_not_well),
	    cmocka_unit_test(the_card_of_a_node_has_a_few_states),
	    cmocka_unit_test(the_detection_in_force_is_shown_with_its_margin),
	    cmocka_unit_test(a_master_has_a_picture_of_its_traffic),
	    cmocka_unit_test(who_serves_is_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
