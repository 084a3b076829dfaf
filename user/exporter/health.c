// SPDX-License-Identifier: BSD-2-Clause
/*
 * Decides whether this node is healthy. An instance is healthy if it is MASTER and its prefixes are
 * announced, or if it is BACKUP, because a BACKUP hears its master or takes over. A service is
 * healthy if it is UP. Rejected: to use the alarms, because some of them are about the other node.
 * Pure.
 */
#include "exporter/health.h"

#include <stdbool.h>
#include <string.h>

#include "client/text.h"

/* True if the instance has prefixes to announce, and none of them is announced as by a MASTER. */
static bool announces_nothing(json_object *in)
{
	size_t n = json_length(in, "announced");

	for (size_t i = 0; i < n; i++) {
		const char *as = json_text(json_at(in, "announced", i), "as");

		if (strcmp(as, "settled") == 0 || strcmp(as, "escalated") == 0)
			return false;
	}
	return n > 0;
}

static bool has_a_session(json_object *status)
{
	for (size_t i = 0; i < json_length(status, "bgp"); i++) {
		json_object *bgp = json_at(status, "bgp", i);

		for (size_t k = 0; k < json_length(bgp, "neighbors"); k++) {
			if (strcmp(json_text(json_at(bgp, "neighbors", k), "state"),
				   "Established") == 0)
				return true;
		}
	}
	return false;
}

/* True if the instance is healthy; else writes the reason. */
static bool is_well(json_object *status, json_object *in, const char *role, FILE *f)
{
	const char *name = json_text(in, "name"), *state = json_text(in, "state");
	bool master = strcmp(state, "MASTER") == 0;

	if (!master && strcmp(state, "BACKUP") != 0)
		fprintf(f, "%s is %s\n", name, state);
	else if (master && announces_nothing(in))
		fprintf(f, "%s is MASTER and announces nothing\n", name);
	else if (json_length(in, "announced") > 0 && !has_a_session(status))
		fprintf(f, "%s is %s and has no BGP session\n", name, state);
	else if (role && master != (strcmp(role, "master") == 0))
		fprintf(f, "%s is %s\n", name, state);
	else
		return true;
	return false;
}

static bool service_is_well(json_object *status, json_object *svc, FILE *f)
{
	const char *name = json_text(svc, "name"), *state = json_text(svc, "state");

	if (strcmp(state, "UP") != 0)
		fprintf(f, "%s is %s\n", name, state);
	else if (!has_a_session(status))
		fprintf(f, "%s is %s and has no BGP session\n", name, state);
	else
		return true;
	return false;
}

/* A service has no role, so with `role` no service is evaluated. */
static bool judge_services(json_object *status, const char *name, const char *role, FILE *f,
			   bool *found)
{
	bool well = true;

	for (size_t i = 0; i < json_length(status, "services") && !role; i++) {
		json_object *svc = json_at(status, "services", i);

		if (name && strcmp(json_text(svc, "name"), name) != 0)
			continue;
		*found = true;
		well &= service_is_well(status, svc, f);
	}
	return well;
}

unsigned int health_judge(json_object *status, const char *instance, const char *role, FILE *f)
{
	bool well = true, found = false;

	if (role && strcmp(role, "master") != 0 && strcmp(role, "backup") != 0) {
		fputs("role: master or backup\n", f);
		return 400;
	}
	if (!status) {
		fputs("the daemon does not answer\n", f);
		return 503;
	}
	for (size_t i = 0; i < json_length(status, "instances"); i++) {
		json_object *in = json_at(status, "instances", i);

		if (instance && strcmp(json_text(in, "name"), instance) != 0)
			continue;
		found = true;
		well &= is_well(status, in, role, f);
	}
	well &= judge_services(status, instance, role, f, &found);
	if (!found) {
		fputs(instance ? "no such instance\n" : "no instance is configured\n", f);
		return instance ? 404 : 503;
	}
	if (well)
		fputs("ok\n", f);
	return well ? 200 : 503;
}
