// SPDX-License-Identifier: BSD-2-Clause
/* The cards of the status page. A card has facts, which are pairs of a label and a value. No
 * state. */
#include "exporter/page_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/text.h"
#include "exporter/page_json.h"

#define MAX_INSTANCES 200 /* limits the size of the page; faulty ones are first */
#define MAX_STATES    20  /* instances in the card of a node; "Instances" has the others */
#define FACT_TEXT     512

const char *page_state_class(const char *state)
{
	if (strcmp(state, "MASTER") == 0 || strcmp(state, "UP") == 0)
		return "good";
	if (strcmp(state, "BACKUP") == 0)
		return "calm";
	return strcmp(state, "FAULT") == 0 || strcmp(state, "DOWN") == 0 ? "bad" : "warn";
}

static void __attribute__((format(printf, 3, 4)))
add_fact(json_object *facts, const char *label, const char *fmt, ...)
{
	json_object *fact = json_object_new_object();
	char text[FACT_TEXT];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	put(fact, "label", label);
	put(fact, "value", text);
	json_object_array_add(facts, fact);
}

/* Adds a card to `list`. *facts is its list of facts. */
static json_object *add_card(json_object *list, json_object **facts)
{
	json_object *card = json_object_new_object();

	*facts = json_object_new_array();
	json_object_object_add(card, "facts", *facts);
	json_object_array_add(list, card);
	return card;
}

/* --- instances --- */

static void add_faults(json_object *facts, json_object *in)
{
	for (size_t i = 0; i < json_length(in, "drained_by"); i++)
		add_fact(facts, "drained", "by %s", json_text_at(in, "drained_by", i));
	for (size_t i = 0; i < json_length(in, "faults"); i++) {
		if (strcmp(json_text_at(in, "faults", i), "drain") != 0)
			add_fact(facts, "fault", "%s", json_text_at(in, "faults", i));
	}
	for (size_t i = 0; i < json_length(in, "fault_by"); i++) {
		json_object *one = json_at(in, "fault_by", i);

		add_fact(facts, "because of", "%s %s", json_text(one, "kind"),
			 json_text(one, "name"));
	}
}

static void add_master(json_object *facts, json_object *in)
{
	json_object *master = json_get(in, "master"), *heard = json_get(master, "heard_ms");
	char age[TEXT_SHORT];

	if (strcmp(json_text(in, "state"), "MASTER") == 0)
		add_fact(facts, "master", "this node");
	else if (!master)
		add_fact(facts, "master", "none heard yet");
	else
		add_fact(facts, "master", "%s, priority %" PRId64 "%s%s%s",
			 json_text(master, "address"), json_int(master, "priority"),
			 heard ? ", heard " : "",
			 heard ? text_milliseconds(json_object_get_double(heard), age) : "",
			 heard ? " ago" : "");
}

static void add_addresses(json_object *facts, json_object *in)
{
	json_object *settles = json_get(in, "settles_in_ms");
	char left[TEXT_SHORT] = "";

	if (settles)
		text_duration((json_object_get_int64(settles) + 999) / 1000, left);
	for (size_t i = 0; i < json_length(in, "virtual_addresses"); i++)
		add_fact(facts, i ? "" : "address", "%s", json_text_at(in, "virtual_addresses", i));
	for (size_t i = 0; i < json_length(in, "announced"); i++) {
		json_object *one = json_at(in, "announced", i);

		add_fact(facts, i ? "" : "announced", "%s %s%s%s", json_text(one, "prefix"),
			 json_text(one, "as"), i == 0 && left[0] ? ", settles in " : "",
			 i == 0 ? left : "");
	}
	if (json_get(in, "announced_total") && json_int(in, "announced_total") == 0)
		add_fact(facts, "announced", "on the LAN; no BGP");
}

/* The S-BFD session that watches the host of the instance's master, or NULL. */
static json_object *watching_session(json_object *status, json_object *in)
{
	const char *master = json_text(json_get(in, "master"), "address");

	for (size_t i = 0; i < json_length(status, "peers"); i++) {
		json_object *peer = json_at(status, "peers", i);

		if (strcmp(json_text(peer, "detection"), "sbfd") == 0 &&
		    strcmp(json_text(peer, "address"), master) == 0 &&
		    strcmp(json_text(peer, "interface"), json_text(in, "interface")) == 0)
			return json_get(peer, "sbfd");
	}
	return NULL;
}

/* How the death of its master is detected, and the margin: how much of the limit the longest gap
 * took. */
static void add_detection(json_object *facts, json_object *status, json_object *in)
{
	double down_ms = json_object_get_double(json_get(in, "down_interval_ms"));
	double gap_ms = json_object_get_double(json_get(in, "worst_gap_ms"));
	json_object *session = down_ms > 0 ? watching_session(status, in) : NULL;
	char down[TEXT_SHORT], gap[TEXT_SHORT], every[TEXT_SHORT], ago[TEXT_SHORT];

	if (session)
		add_fact(facts, "detection", "probes every %s x %" PRId64 ", last answer %s ago",
			 text_milliseconds(json_object_get_double(json_get(session, "interval_ms")),
					   every),
			 json_int(session, "multiplier"),
			 text_milliseconds(json_object_get_double(json_get(session, "answered_ms")),
					   ago));
	if (down_ms > 0)
		add_fact(facts, session ? "" : "detection",
			 "adverts within %s, worst gap %s (%.0f %%)",
			 text_milliseconds(down_ms, down), text_milliseconds(gap_ms, gap),
			 gap_ms * 100 / down_ms);
}

/* --- traffic of an instance --- */

/* Packets by address, of the whole status. NULL: traffic is not counted. */
static json_object *packets_by_address(json_object *status)
{
	json_object *map = NULL;

	if (text_traffic_is_counted(status))
		map = json_object_new_object();
	for (size_t i = 0; map && i < json_length(status, "traffic"); i++) {
		json_object *vip = json_at(status, "traffic", i);
		uint64_t n = json_count(json_get(vip, "rx"), "packets") +
			     json_count(json_get(vip, "tx"), "packets");

		json_object_object_add(map, json_text(vip, "address"), json_object_new_uint64(n));
	}
	return map;
}

/* The packets to and from the addresses that the status lists for the instance. */
static uint64_t packets_of(json_object *map, json_object *in)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < json_length(in, "virtual_addresses"); i++) {
		const char *prefix = json_text_at(in, "virtual_addresses", i);
		char address[64];

		snprintf(address, sizeof(address), "%.*s", (int)strcspn(prefix, "/"), prefix);
		sum += json_count(map, address);
	}
	return sum;
}

/* Of a MASTER: whether traffic comes, and the place of the picture that the page's script draws. */
static void add_traffic(json_object *card, json_object *facts, json_object *map, json_object *in)
{
	json_object *served = json_get(in, "traffic_since_takeover"), *place, *list;

	if (served)
		add_fact(facts, "traffic", "%s",
			 json_object_get_boolean(served) ? "comes since the takeover"
							 : "none has come since the takeover");
	if (!map || strcmp(json_text(in, "state"), "MASTER") != 0 ||
	    json_length(in, "virtual_addresses") == 0)
		return;
	place = json_object_new_object();
	list = json_object_new_array();
	put(place, "since", json_text(json_get(in, "last_transition"), "at"));
	json_object_object_add(place, "packets", json_object_new_uint64(packets_of(map, in)));
	json_object_array_add(list, place);
	json_object_object_add(card, "spark", list);
}

/* --- other states of an instance --- */

static void add_uplinks(json_object *facts, json_object *in)
{
	for (size_t i = 0; i < json_length(in, "uplinks"); i++) {
		json_object *one = json_at(in, "uplinks", i);
		const char *error = json_text(one, "send_error");

		add_fact(facts, i ? "" : "uplinks", "%s %s%s%s", json_text(one, "interface"),
			 json_text(one, "state"), error[0] ? ", sends nothing: " : "", error);
	}
}

static void add_remarks(json_object *facts, json_object *in)
{
	static const struct {
		const char *key, *words;
	} remarks[] = {
	    {"degraded", "degraded: something that it tracks is bad, and no peer is ready"},
	    {"flap_held", "does not preempt: its mastership moved too often"},
	    {"yielded", "does not preempt until it has been MASTER again"},
	};

	for (size_t i = 0; i < sizeof(remarks) / sizeof(remarks[0]); i++) {
		if (json_true(in, remarks[i].key))
			add_fact(facts, "note", "%s", remarks[i].words);
	}
	if (json_text(in, "sync_group")[0])
		add_fact(facts, "group", "%s", json_text(in, "sync_group"));
}

/* `map` is that of packets_by_address(). */
static void add_instance(json_object *list, json_object *status, json_object *map, json_object *in)
{
	json_object *last = json_get(in, "last_transition"), *facts;
	json_object *card = add_card(list, &facts);
	const char *state = json_text(in, "state");
	char age[TEXT_SHORT];

	put(card, "name", json_text(in, "name"));
	put(card, "state", state);
	put(card, "class", page_state_class(state));
	add_faults(facts, in);
	add_remarks(facts, in);
	add_master(facts, in);
	add_uplinks(facts, in);
	add_addresses(facts, in);
	add_detection(facts, status, in);
	add_traffic(card, facts, map, in);
	if (last)
		add_fact(facts, "changed", "%s ago: %s", text_age(json_text(last, "at"), age),
			 json_text(last, "cause"));
	add_fact(facts, "priority",
		 "%" PRId64 " (base %" PRId64 "), VRID %" PRId64 " on %s, IPv%" PRId64,
		 json_int(in, "effective_priority"), json_int(in, "base_priority"),
		 json_int(in, "vrid"), json_text(in, "interface"), json_int(in, "family"));
}

static bool is_well(json_object *in)
{
	const char *state = json_text(in, "state");

	return strcmp(state, "MASTER") == 0 || strcmp(state, "BACKUP") == 0;
}

void page_put_instances(json_object *root, json_object *status)
{
	size_t n = json_length(status, "instances"), shown = 0;
	json_object *list = json_object_new_array(), *map = packets_by_address(status);
	char text[64];

	json_object_object_add(root, "instances", list);
	for (int well = 0; well < 2; well++) {
		for (size_t i = 0; i < n && shown < MAX_INSTANCES; i++) {
			json_object *in = json_at(status, "instances", i);

			if (is_well(in) != (well == 1))
				continue;
			add_instance(list, status, map, in);
			shown++;
		}
	}
	json_object_put(map);
	snprintf(text, sizeof(text), "and %zu more: status.json has them all", n - shown);
	put(root, "more_instances", n > shown ? text : "");
}

/* --- services --- */

static void add_service(json_object *list, json_object *svc)
{
	json_object *last = json_get(svc, "last_transition"), *facts;
	json_object *card = add_card(list, &facts);
	const char *state = json_text(svc, "state"), *detail = json_text(last, "detail");
	size_t n = json_length(svc, "announced");
	int64_t more = json_int(svc, "announced_total") - (int64_t)n;
	char age[TEXT_SHORT];

	put(card, "name", json_text(svc, "name"));
	put(card, "state", state);
	put(card, "class", page_state_class(state));
	add_faults(facts, svc);
	for (size_t i = 0; i < n; i++)
		add_fact(facts, i ? "" : "prefix", "%s",
			 json_text(json_at(svc, "announced", i), "prefix"));
	if (more > 0)
		add_fact(facts, "", "and %" PRId64 " more", more);
	add_fact(facts, "announced", "%s", json_text(svc, "announced_as"));
	add_fact(facts, "when failed", "%s", json_text(svc, "when_failed"));
	if (last)
		add_fact(facts, "changed", "%s ago: %s%s%s", text_age(json_text(last, "at"), age),
			 json_text(last, "cause"), detail[0] ? ", " : "", detail);
}

void page_put_services(json_object *root, json_object *status)
{
	size_t n = json_length(status, "services"), shown = 0;
	json_object *list = json_object_new_array();
	char text[64];

	json_object_object_add(root, "services", list);
	for (int well = 0; well < 2; well++) {
		for (size_t i = 0; i < n && shown < MAX_INSTANCES; i++) {
			json_object *svc = json_at(status, "services", i);

			if ((strcmp(json_text(svc, "state"), "UP") == 0) != (well == 1))
				continue;
			add_service(list, svc);
			shown++;
		}
	}
	snprintf(text, sizeof(text), "and %zu more: status.json has them all", n - shown);
	put(root, "more_services", n > shown ? text : "");
}

/* --- peers --- */

static void add_state(json_object *facts, json_object *one)
{
	json_object *priority = json_get(one, "priority");
	const char *name = json_text(one, "instance");

	if (!priority)
		priority = json_get(one, "effective_priority");
	add_fact(facts, name[0] ? name : json_text(one, "name"), "%s, priority %s",
		 json_text(one, "state"), priority ? json_object_get_string(priority) : "?");
}

/* Those that are out of service are first. */
static void add_states(json_object *facts, json_object *list)
{
	size_t n = json_object_array_length(list), shown = 0;

	for (int serves = 0; serves < 2; serves++) {
		for (size_t i = 0; i < n && shown < MAX_STATES; i++) {
			json_object *one = json_object_array_get_idx(list, i);
			const char *state = json_text(one, "state");

			if ((strcmp(state, "MASTER") == 0 || strcmp(state, "BACKUP") == 0) !=
			    (serves == 1))
				continue;
			add_state(facts, one);
			shown++;
		}
	}
	if (n > MAX_STATES)
		add_fact(facts, "", "and %zu more", n - MAX_STATES);
}

/* How its death would be detected here, and what its kernel says. */
static void add_peer_detection(json_object *facts, json_object *peer)
{
	const char *detection = json_text(peer, "detection");
	const char *why = json_text(peer, "detection_reason");
	json_object *sbfd = json_get(peer, "sbfd"), *probed = json_get(peer, "probed_ms");
	char age[TEXT_SHORT];

	if (strcmp(detection, "sbfd") == 0)
		add_fact(facts, "detection", "by probes and adverts");
	else if (detection[0])
		add_fact(facts, "detection", "by adverts alone%s%s", why[0] ? ", since " : "", why);
	if (sbfd)
		add_fact(facts, "its kernel", "S-BFD %s", json_text(sbfd, "state"));
	if (probed)
		add_fact(facts, "it probes", "this node, %s ago",
			 text_milliseconds(json_object_get_double(probed), age));
}

static void add_peer(json_object *list, json_object *peer)
{
	bool known = json_get(peer, "ready"), ready = json_true(peer, "ready"), agrees;
	bool reports = json_get(peer, "seen_ms");
	json_object *facts, *card = add_card(list, &facts), *states = json_get(peer, "state_of");
	const char *name = json_text(peer, "name"), *reason = json_text(peer, "reason");
	char title[128], age[TEXT_SHORT];

	snprintf(title, sizeof(title), "%s%s%s", name, name[0] ? ", " : "",
		 json_text(peer, "address"));
	agrees = !json_get(peer, "config_agrees") || json_true(peer, "config_agrees");
	put(card, "title", title);
	put(card, "word",
	    ready     ? "ready"
	    : known   ? "not ready"
	    : reports ? "not reachable"
		      : "does not report");
	put(card, "class", ready && agrees ? "good" : known || reports ? "bad" : "calm");
	if (reason[0])
		add_fact(facts, "because", "%s", reason);
	add_peer_detection(facts, peer);
	if (!reports)
		return;
	if (json_object_is_type(states, json_type_array))
		add_states(facts, states);
	if (agrees || !json_text(peer, "config_differs")[0])
		add_fact(facts, "configuration", agrees ? "agrees" : "differs from this node's");
	else
		add_fact(facts, "configuration", "differs: %s", json_text(peer, "config_differs"));
	add_fact(facts, "seen", "%s ago",
		 text_milliseconds(json_object_get_double(json_get(peer, "seen_ms")), age));
	if (json_text(peer, "version")[0])
		add_fact(facts, "version", "%s", json_text(peer, "version"));
}

void page_put_peers(json_object *root, json_object *status, const char *node)
{
	json_object *list = json_object_new_array(), *facts, *card;
	json_object *instances = json_get(status, "instances");

	json_object_object_add(root, "peers", list);
	if (json_length(status, "peers") == 0)
		return;
	card = add_card(list, &facts);
	put(card, "title", node);
	put(card, "word", "this node");
	put(card, "class", "calm");
	if (json_object_is_type(instances, json_type_array))
		add_states(facts, instances);
	for (size_t i = 0; i < json_length(status, "peers"); i++)
		add_peer(list, json_at(status, "peers", i));
}

/* --- traffic --- */

void page_put_traffic(json_object *root, json_object *status)
{
	json_object *list = json_object_new_array();
	char packets[TEXT_SHORT], bytes[TEXT_SHORT];

	json_object_object_add(root, "traffic", list);
	if (!text_traffic_is_counted(status))
		return;
	for (size_t i = 0; i < json_length(status, "traffic") && i < MAX_INSTANCES; i++) {
		json_object *vip = json_at(status, "traffic", i), *facts;
		json_object *card = add_card(list, &facts);
		json_object *rx = json_get(vip, "rx"), *tx = json_get(vip, "tx");

		put(card, "address", json_text(vip, "address"));
		json_object_object_add(
		    card, "packets",
		    json_object_new_uint64(json_count(rx, "packets") + json_count(tx, "packets")));
		add_fact(facts, "in", "%s packets, %s octets",
			 text_count(json_count(rx, "packets"), packets),
			 text_count(json_count(rx, "bytes"), bytes));
		add_fact(facts, "out", "%s packets, %s octets",
			 text_count(json_count(tx, "packets"), packets),
			 text_count(json_count(tx, "bytes"), bytes));
	}
}
