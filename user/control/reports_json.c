// SPDX-License-Identifier: BSD-2-Clause
/* The peers' reports as JSON; see reports_json.h. A value that was never reported is null. */
#include "control/reports_json.h"

#include "control/json_put.h"

static const char *state_text(uint8_t state)
{
	static const char *const names[PEER_STATE_MAX] = {"INIT", "BACKUP", "MASTER", "FAULT"};

	return state < PEER_STATE_MAX ? names[state] : "INIT";
}

static const char *announced_text(uint8_t announced)
{
	static const char *const names[PEER_ANNOUNCES_MAX] = {"none", "standby", "settled",
							      "escalated"};

	return announced < PEER_ANNOUNCES_MAX ? names[announced] : "none";
}

static bool is_fresh(int64_t age_ns)
{
	return age_ns >= 0 && age_ns < PEER_REPORT_FRESH_NS;
}

static void put_age(json_object *obj, const char *key, int64_t age_ns)
{
	if (age_ns < 0)
		json_put_null(obj, key);
	else
		json_put_thousandths(obj, key, age_ns / NS_PER_US);
}

/* The element of a chain that `at` stands for; NULL: it ends. */
static const struct status_said *said_at(const struct status *st, unsigned int at)
{
	return at ? &st->said[at - 1] : NULL;
}

void peer_verdict(const struct status *st, unsigned int peer, struct peer_verdict *out)
{
	*out = (struct peer_verdict){.reason = "", .differs = ""};
	out->known = is_fresh(st->peers[peer].node.heard_ns);
	out->ready = out->known;
	for (const struct status_said *one = said_at(st, st->peers[peer].first_said); one;
	     one = said_at(st, one->next)) {
		if (!is_fresh(one->heard_ns))
			continue;
		if (!one->of.ready && out->ready) {
			out->ready = false;
			out->reason = one->of.reason;
		}
		if (!out->differs[0])
			out->differs = one->differs;
	}
}

void put_node(json_object *obj, const struct status_node *node, const struct peer_verdict *verdict)
{
	json_put_text(obj, "name", node->name);
	json_put_text(obj, "version", node->version);
	put_age(obj, "seen_ms", node->heard_ns);
	if (node->heard_ns < 0) {
		json_put_null(obj, "reachable");
		json_put_null(obj, "signed");
		json_put_null(obj, "config_agrees");
	} else {
		json_put_bool(obj, "reachable", is_fresh(node->heard_ns));
		json_put_bool(obj, "signed", node->is_signed);
		json_put_bool(obj, "config_agrees", !verdict->differs[0]);
	}
	json_put_text(obj, "config_differs", verdict->differs);
}

void put_states(json_object *obj, const struct status *st, unsigned int peer)
{
	json_object *all = json_put_array(obj, "state_of");

	for (const struct status_said *said = said_at(st, st->peers[peer].first_said); said;
	     said = said_at(st, said->next)) {
		json_object *one;

		if (said->heard_ns < 0)
			continue;
		one = json_add_object(all);
		json_put_text(one, "instance", st->instances[said->instance].name);
		json_put_text(one, "state", state_text(said->of.state));
		json_put_int(one, "priority", said->of.priority);
	}
}

static void put_said(json_object *obj, const struct status *st, const struct status_said *said)
{
	const struct status_peer *peer = &st->peers[said->peer];

	json_put_text(obj, "name", peer->node.name);
	json_put_address(obj, "address", &peer->address);
	put_age(obj, "seen_ms", said->heard_ns);
	if (said->heard_ns < 0)
		return;
	json_put_bool(obj, "reachable", is_fresh(said->heard_ns));
	json_put_text(obj, "state", state_text(said->of.state));
	json_put_int(obj, "priority", said->of.priority);
	json_put_text(obj, "announced_as", announced_text(said->of.announced));
	json_put_bool(obj, "ready", said->of.ready);
	json_put_text(obj, "reason", said->of.reason);
	json_put_count(obj, "epoch", said->of.epoch);
	json_put_bool(obj, "config_agrees", !said->differs[0]);
	json_put_text(obj, "config_differs", said->differs);
}

void put_instance_peers(json_object *obj, const struct status *st, unsigned int index)
{
	const struct status_instance *in = &st->instances[index];
	json_object *all = json_put_array(obj, "peers");

	for (unsigned int i = 0; i < in->n_said; i++)
		put_said(json_add_object(all), st, &st->said[in->first_said + i]);
}

void put_reports(json_object *root, const struct status_reports *reports)
{
	json_object *obj = json_put_object(root, "reports");
	json_object *refused;

	json_put_int(obj, "port", reports->port);
	json_put_count(obj, "sent", reports->sent);
	json_put_count(obj, "taken", reports->taken);
	refused = json_put_object(obj, "refused");
	for (int i = 0; i < REPORT_REFUSAL_MAX; i++)
		json_put_count(refused, report_refusal_name(i), reports->refused[i]);
}
