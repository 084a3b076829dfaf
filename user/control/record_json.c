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
#include "announce/service_step.h"
#include "control/json_put.h"
#include "core/addr.h"
#include "health/health_step.h"

#define RECORD_SCHEMA 1

/* Adds a text of a record. If the file is damaged, the text may have no NUL. */
static void put_text(json_object *obj, const char *key, const char *text)
{
	json_put_value(obj, key, json_text_object(text, RECORD_TEXT));
}

static void put_master(json_object *obj, const struct record *rec)
{
	json_object *master;
	char text[32];

	if (ipaddr_is_unset(&rec->master)) {
		json_put_null(obj, "master");
		return;
	}
	master = json_put_object(obj, "master");
	json_put_address(master, "address", &rec->master);
	json_put_int(master, "priority", rec->master_priority);
	snprintf(text, sizeof(text), "%.3f", rec->interval_us / 1000.0);
	json_put_value(master, "interval_ms",
		       json_object_new_double_s(rec->interval_us / 1000.0, text));
}

/* The members that a step's kind adds to its name and time. */
static void put_particulars(json_object *obj, const struct record *rec,
			    const struct record_step *step)
{
	const struct record_step *asked = record_step_of(rec, RECORD_BEFORE_ASKED);

	switch ((enum record_kind)step->kind) {
	case RECORD_UPDATE:
		json_put_address(obj, "neighbor", &step->address);
		break;
	case RECORD_ADDRESS_ADDED:
	case RECORD_ADDRESS_REMOVED:
		json_put_address(obj, "address", &step->address);
		break;
	case RECORD_ANNOUNCED:
		put_text(obj, "as", announce_level_name(step->value));
		break;
	case RECORD_ADVERT:
		json_put_int(obj, "priority", step->value);
		break;
	case RECORD_BEFORE_ENDED:
		if (asked)
			json_put_int(obj, "took_us", (step->at_ns - asked->at_ns) / NS_PER_US);
		__attribute__((fallthrough));
	case RECORD_NOTIFY_ENDED:
		put_text(obj, "outcome", health_outcome_text(step->value));
		json_put_int(obj, "status", step->status);
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
		json_put_int(obj, "us", (rec->steps[i].at_ns - zero_ns) / NS_PER_US);
		put_particulars(obj, rec, &rec->steps[i]);
		json_add_value(array, obj);
	}
	return array;
}

static bool of_service(const struct record *rec)
{
	return rec->subject == RECORD_OF_SERVICE;
}

static const char *state_name(const struct record *rec, uint8_t state)
{
	return of_service(rec) ? service_state_name(state) : vrrp_state_name(state);
}

static json_object *record_object(const struct record *rec)
{
	json_object *obj = json_object_new_object();

	json_put_int(obj, "number", (int64_t)rec->number);
	put_text(obj, "instance", rec->instance);
	put_text(obj, "kind", of_service(rec) ? "service" : "instance");
	json_put_time(obj, "at", rec->at_ms);
	put_text(obj, "from", state_name(rec, rec->from));
	put_text(obj, "to", state_name(rec, rec->to));
	put_text(obj, "cause", vrrp_cause_text(rec->cause));
	put_text(obj, "detail", rec->detail);
	json_put_faults(obj, "faults", rec->faults);
	json_put_int(obj, "priority", rec->priority);
	put_master(obj, rec);
	put_text(obj, "peer", record_peer_name(rec->peer));
	json_put_int(obj, "took_us", record_took_ns(rec) / NS_PER_US);
	json_put_value(obj, "steps", steps_array(rec));
	json_put_int(obj, "steps_lost", rec->lost_steps);
	return obj;
}

char *records_to_json(const struct record_ring *ring, uint64_t after)
{
	json_object *root = json_object_new_object(), *events;
	uint64_t number = record_oldest(ring);

	json_put_int(root, "schema", RECORD_SCHEMA);
	json_put_int(root, "last", (int64_t)ring->last);
	events = json_put_array(root, "events");
	for (; number != 0 && number <= ring->last; number++) {
		const struct record *rec = record_at(ring, number);

		if (rec && number > after)
			json_add_value(events, record_object(rec));
	}
	return json_take_line(root);
}
