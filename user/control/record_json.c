// SPDX-License-Identifier: BSD-2-Clause
/* Records to JSON: what record_json.h describes. No state; called by the control thread. */
#include "control/record_json.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "announce/announce_step.h"
#include "control/utf8.h"
#include "core/addr.h"
#include "health/health_step.h"

#define RECORD_SCHEMA 1

static const char *const fault_names[] = {"pending", "link",  "track", "session",
					  "address", "drain", "group"};

static void put_text(json_object *obj, const char *key, const char *text)
{
	char clean[RECORD_TEXT];
	size_t len = utf8_clean(clean, text, sizeof(clean));

	json_object_object_add(obj, key, json_object_new_string_len(clean, (int)len));
}

static void put_int(json_object *obj, const char *key, int64_t value)
{
	json_object_object_add(obj, key, json_object_new_int64(value));
}

static void put_address(json_object *obj, const char *key, const struct ipaddr *a)
{
	char text[IPADDR_TEXT];

	put_text(obj, key, ipaddr_format(a, text));
}

/* Unix milliseconds as ISO 8601, UTC; null where a damaged file has made nonsense of them. */
static void put_time(json_object *obj, const char *key, int64_t unix_ms)
{
	time_t seconds = (time_t)(unix_ms / 1000);
	char day[32], text[48];
	struct tm tm;

	if (unix_ms < 0 || !gmtime_r(&seconds, &tm) ||
	    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm) == 0) {
		json_object_object_add(obj, key, NULL);
		return;
	}
	snprintf(text, sizeof(text), "%s.%03dZ", day, (int)(unix_ms % 1000));
	put_text(obj, key, text);
}

static void put_faults(json_object *obj, uint32_t faults)
{
	json_object *array = json_object_new_array();

	for (unsigned int i = 0; i < sizeof(fault_names) / sizeof(fault_names[0]); i++) {
		if (faults & 1u << i)
			json_object_array_add(array, json_object_new_string(fault_names[i]));
	}
	json_object_object_add(obj, "faults", array);
}

static void put_master(json_object *obj, const struct record *rec)
{
	json_object *master;
	char text[32];

	if (ipaddr_is_unset(&rec->master)) {
		json_object_object_add(obj, "master", NULL);
		return;
	}
	master = json_object_new_object();
	json_object_object_add(obj, "master", master);
	put_address(master, "address", &rec->master);
	put_int(master, "priority", rec->master_priority);
	snprintf(text, sizeof(text), "%.3f", rec->interval_us / 1000.0);
	json_object_object_add(master, "interval_ms",
			       json_object_new_double_s(rec->interval_us / 1000.0, text));
}

/* What a step's kind adds to its name and time. */
static void put_particulars(json_object *obj, const struct record_step *step)
{
	switch ((enum record_kind)step->kind) {
	case RECORD_UPDATE:
		put_address(obj, "neighbor", &step->address);
		break;
	case RECORD_ADDRESS_ADDED:
	case RECORD_ADDRESS_REMOVED:
		put_address(obj, "address", &step->address);
		break;
	case RECORD_ANNOUNCED:
		put_text(obj, "as", announce_as_name(step->value));
		break;
	case RECORD_ADVERT:
		put_int(obj, "priority", step->value);
		break;
	case RECORD_NOTIFY_ENDED:
		put_text(obj, "outcome", health_outcome_text(step->value));
		put_int(obj, "status", step->status);
		break;
	default:
		break;
	}
}

static json_object *steps_array(const struct record *rec)
{
	json_object *array = json_object_new_array();
	int64_t zero_ns = record_zero_ns(rec);

	for (uint32_t i = 0; i < rec->n_steps; i++) {
		json_object *obj = json_object_new_object();

		put_text(obj, "step", record_kind_name(rec->steps[i].kind));
		put_int(obj, "us", (rec->steps[i].at_ns - zero_ns) / NS_PER_US);
		put_particulars(obj, &rec->steps[i]);
		json_object_array_add(array, obj);
	}
	return array;
}

static json_object *record_object(const struct record *rec)
{
	json_object *obj = json_object_new_object();

	put_int(obj, "number", (int64_t)rec->number);
	put_text(obj, "instance", rec->instance);
	put_time(obj, "at", rec->at_ms);
	put_text(obj, "from", vrrp_state_name(rec->from));
	put_text(obj, "to", vrrp_state_name(rec->to));
	put_text(obj, "cause", vrrp_cause_text(rec->cause));
	put_text(obj, "detail", rec->detail);
	put_faults(obj, rec->faults);
	put_int(obj, "priority", rec->priority);
	put_master(obj, rec);
	put_text(obj, "peer", record_peer_name(rec->peer));
	put_int(obj, "took_us", record_took_ns(rec) / NS_PER_US);
	json_object_object_add(obj, "steps", steps_array(rec));
	put_int(obj, "steps_lost", rec->lost_steps);
	return obj;
}

char *records_to_json(const struct record_ring *ring, uint64_t after)
{
	json_object *root = json_object_new_object(), *events = json_object_new_array();
	uint64_t number = record_oldest(ring);
	const char *text;
	char *copy = NULL;

	put_int(root, "schema", RECORD_SCHEMA);
	put_int(root, "last", (int64_t)ring->last);
	json_object_object_add(root, "events", events);
	for (; number != 0 && number <= ring->last; number++) {
		const struct record *rec = record_at(ring, number);

		if (rec && number > after)
			json_object_array_add(events, record_object(rec));
	}
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN |
							JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		copy = strdup(text);
	json_object_put(root);
	if (!copy)
		errno = ENOMEM;
	return copy;
}
