// SPDX-License-Identifier: BSD-2-Clause
/* The texts and times of a transition's steps, for holdfastctl and the status page. Pure. */
#include "client/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/text.h"

const char *explain_time(int64_t us, char buf[32])
{
	uint64_t size = us < 0 ? -(uint64_t)us : (uint64_t)us;
	char sign = us < 0 ? '-' : '+';

	if (size == 0)
		snprintf(buf, 32, " 0");
	else if (size < 1000000)
		snprintf(buf, 32, "%c%" PRIu64 ".%03" PRIu64 " ms", sign, size / 1000, size % 1000);
	else
		snprintf(buf, 32, "%c%" PRIu64 ".%03" PRIu64 " s", sign, size / 1000000,
			 size / 1000 % 1000);
	return buf;
}

/* Step names and their texts. `particular` is a member of the JSON step whose value follows the
 * text. */
static const struct {
	const char *name, *words, *particular;
} steps[] = {
    {"last_advert", "last advert of the old master", NULL},
    {"last_answer", "last answer of its host to a probe", NULL},
    {"deadline", "its deadline passed", NULL},
    {"detected", "noticed in the kernel", NULL},
    {"woken", "daemon woken", NULL},
    {"decided", "decided what to do", NULL},
    {"address_added", "address added:", "address"},
    {"address_removed", "address removed:", "address"},
    {"update", "BGP UPDATE written to", "neighbor"},
    {"announced", "prefixes announced as", "as"},
    {"advert", "first advert sent, priority", "priority"},
    {"notify_asked", "notify command asked for", NULL},
    {"notify_started", "notify command started", NULL},
    {"notify_ended", "notify command ended:", "outcome"},
    {"before_master_asked", "before_master command asked for", NULL},
    {"before_master_ended", "before_master command ended:", "outcome"},
    {"before_master_late", "before_master has not ended in time: going on", NULL},
    {"notify_superseded", "notify command not run: a newer state came first", NULL},
};

static void explain_before(json_object *step, const char *outcome, char buf[EXPLAIN_TEXT])
{
	int64_t status = json_int(step, "status");
	char took[TEXT_SHORT], number[32] = "";

	if (status != 0)
		snprintf(number, sizeof(number), " %" PRId64, status);
	text_milliseconds((double)json_int(step, "took_us") / 1000, took);
	snprintf(buf, EXPLAIN_TEXT, "before_master command ended after %s: %s%s", took, outcome,
		 number);
}

const char *explain_step(json_object *step, char buf[EXPLAIN_TEXT])
{
	const char *name = json_text(step, "step"), *value = "";
	size_t i = 0, n = sizeof(steps) / sizeof(steps[0]);

	while (i < n && strcmp(steps[i].name, name) != 0)
		i++;
	if (i < n && steps[i].particular) {
		json_object *member = json_get(step, steps[i].particular);

		value = member ? json_object_get_string(member) : "";
	}
	if (strcmp(name, "announced") == 0 && strcmp(value, "none") == 0)
		snprintf(buf, EXPLAIN_TEXT, "prefixes withdrawn");
	else if (strcmp(name, "advert") == 0 && strcmp(value, "0") == 0)
		snprintf(buf, EXPLAIN_TEXT, "resigned: advert with priority 0 sent");
	else if (strcmp(name, "notify_ended") == 0 && json_int(step, "status") != 0)
		snprintf(buf, EXPLAIN_TEXT, "notify command ended: %s %" PRId64, value,
			 json_int(step, "status"));
	else if (strcmp(name, "before_master_ended") == 0)
		explain_before(step, value, buf);
	else
		snprintf(buf, EXPLAIN_TEXT, "%s%s%s", i < n ? steps[i].words : name,
			 value[0] ? " " : "", value);
	return buf;
}

static int64_t step_us(json_object *event, size_t i)
{
	return json_int(json_at(event, "steps", i), "us");
}

/* Steps are stored in the order in which they were reported; here they are sorted by time. */
size_t explain_order(json_object *event, size_t order[], size_t max)
{
	size_t n = json_length(event, "steps");

	if (n > max)
		n = max;
	for (size_t i = 0; i < n; i++) {
		size_t at = i;

		for (; at > 0 && step_us(event, order[at - 1]) > step_us(event, i); at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	return n;
}

/* The time of the step called `name`; false if there is none. */
static bool find_step(json_object *event, const char *name, int64_t *us)
{
	for (size_t i = 0; i < json_length(event, "steps"); i++) {
		json_object *step = json_at(event, "steps", i);

		if (strcmp(json_text(step, "step"), name) == 0) {
			*us = json_int(step, "us");
			return true;
		}
	}
	return false;
}

/* Sets *us to the time of the old master's last sign of life relative to the detection, at most 0.
 * False: the takeover was not caused by silence. */
static bool last_sign_of_life(json_object *event, int64_t *us)
{
	const char *cause = json_text(event, "cause");
	bool probed = strcmp(cause, "the master's host answers no probes") == 0;
	int64_t answer_us;

	if ((!probed && strcmp(cause, "master down") != 0) || !find_step(event, "last_advert", us))
		return false;
	if (probed && find_step(event, "last_answer", &answer_us) && answer_us > *us)
		*us = answer_us;
	return *us <= 0;
}

const char *explain_took(json_object *event, char buf[EXPLAIN_TEXT])
{
	int64_t took_us = json_int(event, "took_us"), last_us = 0, us;
	char all[TEXT_SHORT], silence[TEXT_SHORT], reaction[TEXT_SHORT];
	const char *to = find_step(event, "update", &us) ? "the UPDATE" : "the first advert";

	text_milliseconds((double)took_us / 1000, reaction);
	if (!last_sign_of_life(event, &last_us)) {
		snprintf(buf, EXPLAIN_TEXT, "%s", reaction);
		return buf;
	}
	snprintf(buf, EXPLAIN_TEXT, "%s: %s of silence, %s to %s",
		 text_milliseconds((double)(took_us - last_us) / 1000, all),
		 text_milliseconds((double)-last_us / 1000, silence), reaction, to);
	return buf;
}
