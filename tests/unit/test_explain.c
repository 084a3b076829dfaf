// SPDX-License-Identifier: BSD-2-Clause
/*
 * The text and the picture of `holdfastctl explain`, from valid and from impossible JSON.
 * Links: user/announce/announce_step.c user/control/record_json.c tests/unit/record_sample.c
 * Links: user/health/health_step.c user/client/explain_svg.c user/vrrp/vrrp_names.c
 * Links: user/core/addr.c
 * Links: user/vrrp/vrrp_step.c user/record/record.c user/core/utf8.c user/cli/explain.c
 * Links: user/control/json_put.c
 * Links: user/client/text.c user/client/explain_words.c
 * Links: user/announce/service_step.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/events.h"
#include "client/explain.h"
#include "client/text.h"
#include "control/record_json.h"
#include "record_sample.h"

#define OUTPUT 65536

/* The sample's record, changed by `change`, as the JSON answer. */
static json_object *answer_of(void (*change)(struct record *))
{
	struct record_ring *ring = calloc(1, sizeof(*ring));
	struct record *rec = record_sample(ring);
	json_object *answer;
	char *text;

	if (change)
		change(rec);
	text = records_to_json(ring, 0);
	answer = json_tokener_parse(text);
	assert_non_null(answer);
	text_make_printable(answer);
	free(text);
	free(ring);
	return answer;
}

/* What explain_show() writes to stdout. */
static void show(json_object *event, char out[OUTPUT])
{
	FILE *to = tmpfile();
	int saved = dup(STDOUT_FILENO);
	size_t n;

	assert_non_null(to);
	fflush(stdout);
	dup2(fileno(to), STDOUT_FILENO);
	explain_show(event);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(to);
	n = fread(out, 1, OUTPUT - 1, to);
	out[n] = '\0';
	fclose(to);
}

static const char golden[] =
    "Event 1: example became MASTER (it was BACKUP)\n"
    "    At          2025-01-02T03:03:04.567Z\n"
    "    Took        36.3 ms: 36.1 ms of silence, 0.21 ms to the UPDATE\n"
    "    Why         master down: the master's adverts stopped coming.\n"
    "    Old master  192.0.2.11, priority 200, an advert each 12.500 ms\n"
    "                The old master's host does not answer on the link either: the\n"
    "                host, or its link, is dead.\n"
    "    Next        look at the old master: is its host up, is holdfastd running\n"
    "                there, does its link pass VRRP? There: systemctl status\n"
    "                holdfast; holdfastctl explain\n"
    "\n"
    "    -36.090 ms  last advert of the old master\n"
    "     -0.012 ms  its deadline passed\n"
    "             0  noticed in the kernel\n"
    "     +0.060 ms  daemon woken\n"
    "     +0.070 ms  decided what to do\n"
    "     +0.150 ms  address added: 203.0.113.57\n"
    "     +0.210 ms  BGP UPDATE written to 2001:db8::1\n"
    "     +0.212 ms  prefixes announced as escalated\n"
    "     +0.260 ms  first advert sent, priority 100\n"
    "     +0.300 ms  notify command asked for\n"
    "     +0.400 ms  notify command not run: a newer state came first\n"
    "     +1.900 ms  notify command started\n"
    "    +35.000 ms  notify command ended: exit status 3\n"
    "     +30.001 s  prefixes announced as settled\n"
    "     +60.000 s  prefixes withdrawn\n"
    "     +60.001 s  address removed: 203.0.113.57\n";

static void the_story_of_a_takeover(void **state)
{
	json_object *answer = answer_of(NULL);
	static char out[OUTPUT];

	(void)state;
	show(json_at(answer, "events", 0), out);
	assert_string_equal(out, golden);
	json_object_put(answer);
}

static void answers(struct record *rec)
{
	rec->peer = RECORD_PEER_ANSWERS;
}

static void unheard(struct record *rec)
{
	rec->master = (struct ipaddr){{0}};
}

static void faulty(struct record *rec)
{
	rec->to = VRRP_FAULT;
	rec->cause = VRRP_CAUSE_FAULT;
	snprintf(rec->detail, sizeof(rec->detail), "check web: exit status 1");
}

static void resigning(struct record *rec)
{
	rec->steps[8].value = 0;
}

static void long_and_hostile(struct record *rec)
{
	memset(rec->instance, 'i', sizeof(rec->instance) - 1);
	for (size_t i = 0; i < sizeof(rec->detail) - 1; i++)
		rec->detail[i] = i % 9 ? 'd' : ' ';
	memcpy(rec->detail, "\x1b[31m<&>\"'", 10);
	rec->steps[0].at_ns = 0;
	rec->steps[15].at_ns = INT64_MAX;
	rec->lost_steps = UINT32_MAX;
	rec->interval_us = UINT32_MAX;
}

static const struct {
	void (*change)(struct record *);
	const char *part;
} stories[] = {
    {answers, "its daemon died\n"},
    {unheard, "Why         master down: no master has been heard since"},
    {faulty, "this node cannot serve. Namely: check web: exit status 1\n"},
    {resigning, "resigned: advert with priority 0 sent"},
    {long_and_hostile, "?[31m<&>\"'"},
    {long_and_hostile, "and 4294967295 more steps\n"},
};

static void causes_are_told_in_eighty_columns(void **state)
{
	static char out[OUTPUT];
	char *save;

	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		json_object *answer = answer_of(stories[i].change);

		show(json_at(answer, "events", 0), out);
		if (!strstr(out, stories[i].part))
			fail_msg("\"%s\" is not in: %s", stories[i].part, out);
		for (char *l = strtok_r(out, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
			if (strlen(l) > 80)
				fail_msg("too wide: %s", l);
		}
		json_object_put(answer);
	}
}

/* A cause without a meaning is one that was added to the daemon and forgotten here. */
static void every_cause_has_a_meaning(void **state)
{
	static char out[OUTPUT];

	(void)state;
	for (enum vrrp_cause cause = 0; cause < VRRP_CAUSE_MAX; cause++) {
		json_object *answer = answer_of(NULL), *event = json_at(answer, "events", 0);
		char wanted[128];

		json_object_object_add(event, "cause",
				       json_object_new_string(vrrp_cause_text(cause)));
		show(event, out);
		snprintf(wanted, sizeof(wanted), "%s: ", vrrp_cause_text(cause));
		if (!strstr(out, wanted))
			fail_msg("%s", out);
		json_object_put(answer);
	}
}

/* Is the text of one element, whose tags nest, and whose texts hold no markup? */
static bool is_well_formed(const char *s)
{
	const char *open[64];
	int depth = 0;

	for (; *s; s++) {
		const char *end = *s == '<' ? strchr(s, '>') : NULL;

		if (*s == '>' || (*s == '&' && strncmp(s, "&lt;", 4) != 0 &&
				  strncmp(s, "&gt;", 4) != 0 && strncmp(s, "&amp;", 5) != 0))
			return false;
		if (*s != '<')
			continue;
		if (!end || memchr(s + 1, '<', (size_t)(end - s - 1)))
			return false;
		if (s[1] == '/' &&
		    (depth == 0 || strncmp(open[--depth], s + 2, (size_t)(end - s - 2)) != 0))
			return false;
		if (s[1] != '/' && end[-1] != '/')
			open[depth++] = s + 1;
		if (depth == 64)
			return false;
		s = end;
		if (depth == 0)
			return strcmp(s + 1, "\n") == 0;
	}
	return false;
}

static char *draw(json_object *event)
{
	size_t size;
	char *text;
	FILE *to = open_memstream(&text, &size);

	assert_int_equal(explain_draw(event, "node-b", to), 0);
	fclose(to);
	return text;
}

static unsigned int count(const char *text, const char *part)
{
	unsigned int n = 0;

	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

static void the_picture_has_a_dot_for_each_step(void **state)
{
	json_object *answer = answer_of(NULL);
	char *text = draw(json_at(answer, "events", 0));

	(void)state;
	assert_true(is_well_formed(text));
	assert_int_equal(count(text, "<circle"), 16 + 5); /* steps, legend */
	assert_int_equal(count(text, "-36.090 ms"), 1);
	assert_int_equal(count(text, "on node-b, event 1, "), 1);
	assert_int_equal(count(text, "old master 192.0.2.11, priority"), 1);
	assert_int_equal(count(text, "time from the detection, logarithmic"), 1);
	assert_int_equal(count(text, "http"), 1); /* the namespace: nothing is fetched */
	free(text);
	json_object_put(answer);
	answer = answer_of(long_and_hostile);
	text = draw(json_at(answer, "events", 0));
	assert_true(is_well_formed(text));
	assert_non_null(strstr(text, "?[31m&lt;&amp;&gt;"));
	free(text);
	json_object_put(answer);
}

/* The exporter draws the daemon's texts as they are. A control character would spoil the whole
 * picture, and a long text would be cut off at its edge. */
static void the_picture_bears_any_text(void **state)
{
	json_object *event = json_tokener_parse(
	    "{\"instance\":\"a\\u001b[31m\\u0007b\",\"cause\":\"master down\",\"steps\":["
	    "{\"step\":\"update\",\"us\":510,\"neighbor\":\"2001:db8:1111:2222:3333:4444:5555:"
	    "666\"},"
	    "{\"step\":\"update\",\"us\":520,\"neighbor\":\"192.0.2.1\"}]}");
	char *text = draw(event);

	(void)state;
	assert_true(is_well_formed(text));
	for (const char *c = text; *c; c++)
		assert_true((unsigned char)*c >= 0x20 || *c == '\n');
	assert_int_equal(count(text, "a?[31m?b"), 1);
	assert_int_equal(count(text, "font-size=\"18.0\""), 1);
	assert_int_equal(count(text, "font-size=\"12.5\""), 1); /* the short address */
	assert_int_equal(count(text, "font-size=\"10.6\""), 1); /* 59 characters, where 50 fit */
	free(text);
	json_object_put(event);
}

/* A newer daemon, or another program, may answer anything. */
static void impossible_json_does_no_harm(void **state)
{
	static const char *const texts[] = {
	    "{}",
	    "{\"steps\":7,\"master\":[],\"cause\":{}}",
	    "{\"cause\":\"master down\",\"master\":{},\"peer\":1,\"steps\":[1,null,[],{}]}",
	    "{\"steps\":[{\"step\":\"new\",\"us\":9223372036854775807},"
	    "{\"step\":\"update\",\"us\":-9223372036854775808,\"neighbor\":{}}]}",
	};
	static char out[OUTPUT];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_object *event = json_tokener_parse(texts[i]);
		char *text = draw(event);

		assert_true(is_well_formed(text));
		free(text);
		show(event, out);
		json_object_put(event);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_story_of_a_takeover),
	    cmocka_unit_test(causes_are_told_in_eighty_columns),
	    cmocka_unit_test(every_cause_has_a_meaning),
	    cmocka_unit_test(the_picture_has_a_dot_for_each_step),
	    cmocka_unit_test(the_picture_bears_any_text),
	    cmocka_unit_test(impossible_json_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
