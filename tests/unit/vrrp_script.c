// SPDX-License-Identifier: BSD-2-Clause
/* Reads and runs the scripts: a line is one event, its expected actions and vrrp_due(). */
#include "vrrp_script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vrrp_text.h"

#define MAX_LINE 128 /* of a line up to its colon */

struct script {
	const char *why;
	struct vrrp_cfg cfg;
	struct vrrp_fsm fsm;
};

static struct ipaddr host(int last)
{
	return (struct ipaddr){
	    {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = (uint8_t)last}};
}

static struct mono ms(int64_t t)
{
	return (struct mono){t * NS_PER_MS};
}

/* A priority of 128 makes the skew half an interval. */
static struct script begin(const char *why)
{
	return (struct script){
	    .why = why,
	    .cfg = {.version = 3,
		    .vrid = 51,
		    .priority = 128,
		    .down_adverts = 3,
		    .preempt = true,
		    .interval_ns = NS_PER_S,
		    .linger_ns = 200 * NS_PER_MS,
		    .address = host(2)},
	};
}

/* --- reading a line --------------------------------------------------------------------------*/

static void set_cfg(struct vrrp_cfg *cfg, const char *key, const char *value)
{
	if (strcmp(key, "version") == 0)
		cfg->version = (uint8_t)atoi(value);
	else if (strcmp(key, "priority") == 0)
		cfg->priority = (uint8_t)atoi(value);
	else if (strcmp(key, "down_adverts") == 0)
		cfg->down_adverts = (uint8_t)atoi(value);
	else if (strcmp(key, "interval") == 0)
		cfg->interval_ns = atoi(value) * NS_PER_MS;
	else if (strcmp(key, "preempt_delay") == 0)
		cfg->preempt_delay_ns = atoi(value) * NS_PER_MS;
	else if (strcmp(key, "nopreempt") == 0)
		cfg->preempt = false;
	else if (strcmp(key, "start_master") == 0)
		cfg->start_master = true;
	else if (strcmp(key, "grouped") == 0)
		cfg->grouped = true;
	else if (strcmp(key, "lower_prio_no_advert") == 0)
		cfg->lower_prio_no_advert = true;
	else if (strcmp(key, "higher_prio_send_advert") == 0)
		cfg->higher_prio_send_advert = true;
	else
		fail_msg("no such configuration: %s", key);
}

static uint32_t faults_of(const char *names)
{
	static const char *const bits[] = {"pending", "link",  "track", "session", "address",
					   "drain",   "group", "vip",	"cut_off"};
	uint32_t faults = 0;

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		faults |= strstr(names, bits[i]) ? 1u << i : 0;
	assert_true(faults || strcmp(names, "none") == 0);
	return faults;
}

static void set_event(struct vrrp_event *ev, const char *key, const char *value)
{
	if (strcmp(key, "faults") == 0)
		ev->faults = faults_of(value);
	else if (strcmp(key, "priority") == 0)
		ev->priority = (uint8_t)atoi(value);
	else if (strcmp(key, "from") == 0)
		ev->source = host(atoi(value));
	else if (strcmp(key, "interval") == 0)
		ev->interval_ns = atoi(value) * NS_PER_MS;
	else if (strcmp(key, "heard") == 0)
		ev->heard = ms(atoi(value));
	else if (strcmp(key, "deadline") == 0)
		ev->deadline = ms(atoi(value));
	else if (strcmp(key, "arrived") == 0)
		ev->arrived = ms(atoi(value));
	else
		fail_msg("no such key: %s", key);
}

static enum vrrp_event_type event_type(const char *name)
{
	static const char *const names[] = {"start",	"advert",   "down",  "timer", "faults",
					    "priority", "handover", "yield", "stop"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return (enum vrrp_event_type)i;
	}
	fail_msg("no such event: %s", name);
	return VRRP_EV_STOP;
}

/* The next word of a line, cut at its '='; *value is what follows that, or "". NULL at the end. */
static char *next_word(char **rest, const char **value)
{
	char *word = strtok_r(NULL, " ", rest), *eq = word ? strchr(word, '=') : NULL;

	*value = "";
	if (eq) {
		*eq = '\0';
		*value = eq + 1;
	}
	return word;
}

static void read_cfg(struct vrrp_cfg *cfg, const char *line)
{
	char head[MAX_LINE], *rest, *word;
	const char *value;

	assert_true(strlen(line) < sizeof(head));
	memcpy(head, line, strlen(line) + 1);
	strtok_r(head, " ", &rest);
	while ((word = next_word(&rest, &value)))
		set_cfg(cfg, word, value);
}

static struct vrrp_event read_event(const char *line, const char *colon)
{
	char head[MAX_LINE] = "", *rest, *word;
	const char *value;
	struct vrrp_event ev = {0};

	assert_true((size_t)(colon - line) < sizeof(head));
	memcpy(head, line, (size_t)(colon - line));
	ev.now = ev.arrived = ms(atoi(strtok_r(head, " ", &rest)));
	word = next_word(&rest, &value);
	ev.type = event_type(word);
	for (; word; word = next_word(&rest, &value)) {
		if (*value)
			set_event(&ev, word, value);
	}
	return ev;
}

static void play_event(struct script *s, const char *line)
{
	const char *colon = strstr(line, " :"), *bar = strstr(line, " | ");
	const char *end = bar ? bar : line + strlen(line), *want, *got;
	struct vrrp_actions out;
	struct vrrp_event ev;
	int64_t due;

	assert_non_null(colon);
	want = colon + 2 + (colon[2] == ' ' && colon + 2 < end);
	ev = read_event(line, colon);
	vrrp_step(&s->cfg, &s->fsm, &ev, &out);
	got = vrrp_actions_text(&out);
	due = vrrp_due(&s->fsm).ns;
	if (strlen(got) != (size_t)(end - want) || strncmp(got, want, strlen(got)) != 0 ||
	    due != (bar ? atoi(bar + 3) * NS_PER_MS : 0))
		fail_msg("%s\n  %s\n  got: %s | %lld", s->why, line, got,
			 (long long)(due / NS_PER_MS));
}

void vrrp_script_play(void **state)
{
	const struct vrrp_script_table *t = *state;
	struct script s = begin("");

	for (size_t i = 0; i < t->n; i++) {
		if (strncmp(t->lines[i], "#  ", 3) == 0)
			continue;
		if (t->lines[i][0] == '#')
			s = begin(t->lines[i]);
		else if (strncmp(t->lines[i], "cfg ", 4) == 0)
			read_cfg(&s.cfg, t->lines[i]);
		else
			play_event(&s, t->lines[i]);
	}
}
