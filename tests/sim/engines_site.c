// SPDX-License-Identifier: BSD-2-Clause
/* The nodes and spines of one history, and the configurations of the nodes. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "core/addr.h"
#include "engines.h"

#define WALL_MS INT64_C(1770000000000) /* about the year 2026 */

/* --- configurations ---------------------------------------------------------------------------*/

#define BEFORE "before_master /bin/before\n"

struct text {
	char *at, *end;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at, (size_t)(t->end - t->at), fmt, ap);
	va_end(ap);
	if (n < 0 || n >= t->end - t->at)
		abort();
	t->at += n;
}

static void put_notices(struct text *t, unsigned int router)
{
	int n = notices_configure(router, t->at, (size_t)(t->end - t->at));

	if (n < 0 || n >= t->end - t->at)
		abort();
	t->at += n;
}

static void put_announcement(const struct world *w, unsigned int router, struct text *t)
{
	static const char *const takeovers[] = {
	    [TAKEOVER_NONE] = "none",
	    [TAKEOVER_COMMUNITY] = "community 65000:2 65000:1",
	    [TAKEOVER_AS_PATH] = "as_path 1",
	    [TAKEOVER_MED] = "med",
	};

	put(t, "bgp_announce {\nprefix 203.0.113.%u/32\n", router + 1);
	put(t, "takeover %s\nsettle_time %d\nlinger 0.2\n%s}\n", takeovers[w->takeover], HOLD_S + 1,
	    w->standby ? "standby announce\n" : "");
}

static void put_instance(const struct world *w, unsigned int node, unsigned int router,
			 struct text *t)
{
	put(t, "vrrp_instance v%u {\ninterface fake0\nvirtual_router_id %u\n", router + 1,
	    router + 1);
	put(t, "version 3\nadvert_int %lld.%02lld\npriority %d\n%s",
	    (long long)(w->advert_ns / NS_PER_S),
	    (long long)(w->advert_ns % NS_PER_S / (10 * NS_PER_MS)), w->nodes[node].priority,
	    w->nopreempt ? "nopreempt\n" : "");
	put(t, "unicast_src_ip 192.0.2.%u\nunicast_peer {\n", 11 + node);
	for (unsigned int i = 0; i < w->n_nodes; i++) {
		if (i != node)
			put(t, "192.0.2.%u\n", 11 + i);
	}
	put(t, "}\n%s", w->before && !w->grouped ? BEFORE : "");
	put_notices(t, router);
	put(t, "notify_deleted \"/bin/n DELETED_%u\"\n", router + 1);
	put(t, "virtual_ipaddress {\n203.0.113.%u/32 dev fake0\n}\n", router + 1);
	if (w->sbfd && !w->nodes[node].without_sbfd)
		put(t, "sbfd {\ninterval 0.1\nmultiplier 3\ngate %lld\n}\n",
		    (long long)(GATE_NS / NS_PER_S));
	put_announcement(w, router, t);
	put(t, "}\n");
}

static void put_group(const struct world *w, const struct node *node, struct text *t)
{
	put(t, "vrrp_sync_group g {\ngroup {\n");
	for (unsigned int i = 0; i < w->n_routers; i++) {
		if (node->lacks != i + 1)
			put(t, "v%u\n", i + 1);
	}
	put(t, "}\n%s", w->before ? BEFORE : "");
	put_notices(t, ROUTERS);
	put(t, "}\n");
}

void world_configure(const struct world *w, unsigned int i, char text[CONF_TEXT])
{
	const struct node *node = &w->nodes[i];
	struct text t = {text, text + CONF_TEXT};

	put(&t, "global_defs {\nscript_user root\n}\n");
	put(&t, "bgp_instance fabric {\nlocal_as 65001\nrouter_id 192.0.2.%u\nhold_time %d\n",
	    11 + i, HOLD_S);
	for (unsigned int k = 0; k < w->n_spines; k++)
		put(&t, "neighbor 192.0.2.%u {\nremote_as 65000\n%s}\n", 1 + k,
		    w->bfd ? "bfd {\ninterval 0.1\nmultiplier 3\n}\n" : "");
	put(&t, "}\n");
	for (unsigned int r = 0; r < w->n_routers; r++) {
		unsigned int router = node->reversed ? w->n_routers - 1 - r : r;

		if (node->lacks != router + 1)
			put_instance(w, i, router, &t);
	}
	if (w->grouped)
		put_group(w, node, &t);
}

/* --- the site ---------------------------------------------------------------------------------*/

static void make_node(struct world *w, unsigned int i)
{
	struct node *node = &w->nodes[i];
	struct event boot = {.kind = EVENT_BOOT, .node = i};
	char text[IPADDR_TEXT + 4];

	snprintf(node->name, sizeof(node->name), "node %u", i);
	snprintf(text, sizeof(text), "192.0.2.%u", 11 + i);
	ipaddr_parse(&node->address, text);
	node->priority = world_percent(w, 20) ? 100 : (int)world_between(w, 1, 254);
	fake_init(&node->machine);
	node->machine.quiet = true;
	node->machine.eager = world_percent(w, 50);
	node->machine.address_ns = world_between(w, 0, 5) * NS_PER_MS;
	node->machine.wall_ahead_ms = WALL_MS + world_between(w, -NS_PER_S, NS_PER_S) / NS_PER_MS;
	fake_add_link(LINK, "fake0", true);
	snprintf(text, sizeof(text), "192.0.2.%u/24", 11 + i);
	fake_add_address(LINK, text, false);
	boot.at = mono_add(w->now, world_between(w, 0, NS_PER_S));
	world_push(w, &boot);
}

static void make_spine(struct world *w, struct spine *spine)
{
	spine->chooser.missing_worst = world_percent(w, 50);
	spine->chooser.oldest = world_percent(w, 50);
	spine->chooser.knows_shutdown = world_percent(w, 50);
	spine->chooser.preferred =
	    w->takeover == TAKEOVER_COMMUNITY ? (uint32_t)65000 << 16 | 1 : 0;
}

static void make_plain(struct world *w, unsigned int plain)
{
	w->n_routers = plain & PLAIN_ROUTERS ? 1 : w->n_routers;
	w->n_spines = plain & PLAIN_SPINES ? 1 : w->n_spines;
	w->sbfd &= !(plain & PLAIN_SBFD);
	w->bfd &= !(plain & PLAIN_BFD);
	w->before &= !(plain & PLAIN_BEFORE);
	w->standby &= !(plain & PLAIN_STANDBY);
	w->grouped &= w->n_routers > 1 && !(plain & PLAIN_GROUP);
}

/* Each random number has its own statement, because the compiler chooses the order within an
 * initialiser. `plain` changes none of them. */
void world_make_site(struct world *w, uint64_t seed, unsigned int plain)
{
	static const enum cfg_takeover takeovers[] = {TAKEOVER_COMMUNITY, TAKEOVER_AS_PATH,
						      TAKEOVER_MED, TAKEOVER_NONE};

	world_empty(w);
	w->chance = seed;
	w->now = FAKE_EPOCH;
	w->n_nodes = (unsigned int)world_between(w, 2, NODES);
	w->n_routers = (unsigned int)world_between(w, 1, ROUTERS);
	w->n_spines = (unsigned int)world_between(w, 1, SPINES);
	w->grouped = world_percent(w, 60);
	w->nopreempt = world_percent(w, 40);
	w->advert_ns = world_percent(w, 50) ? NS_PER_S / 10 : NS_PER_S;
	w->sbfd = world_percent(w, 50);
	w->before = world_percent(w, 50);
	w->bfd = world_percent(w, 50);
	w->takeover = takeovers[world_random(w, 4)];
	w->standby = world_percent(w, 20);
	w->duplicated = world_percent(w, 30) ? 5 : 0;
	make_plain(w, plain);
	for (unsigned int k = 0; k < w->n_spines; k++)
		make_spine(w, &w->spines[k]);
	for (unsigned int i = 0; i < w->n_nodes; i++)
		make_node(w, i);
}

void world_make_pair(struct world *w)
{
	world_empty(w);
	w->chance = 1;
	w->now = FAKE_EPOCH;
	w->n_nodes = 2;
	w->n_routers = w->n_spines = 1;
	w->advert_ns = NS_PER_S;
	w->takeover = TAKEOVER_COMMUNITY;
	make_spine(w, &w->spines[0]);
	for (unsigned int i = 0; i < w->n_nodes; i++) {
		make_node(w, i);
		w->nodes[i].priority = i == 0 ? 200 : 100;
	}
}

void world_tear_down(struct world *w)
{
	for (unsigned int i = 0; i < w->n_nodes; i++) {
		world_enter(w, &w->nodes[i]);
		if (!w->nodes[i].engine)
			continue;
		fake->check = NULL;
		fake->route = NULL;
		fake->removed = NULL;
		fake->probe = NULL;
		fake->send = NULL;
		fake->datagram = NULL;
		engine_fake_free(w->nodes[i].engine);
		wire_end(&w->nodes[i]);
	}
}
