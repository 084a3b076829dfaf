// SPDX-License-Identifier: BSD-2-Clause
/*
 * The kernel half of one machine, by the rules of the real one: include/vrrp_watch.h for
 * the state of an instance, include/vrrp_advert.h for packets. Its timer is a timer of the fake
 * loop.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/addr.h"
#include "fake.h"
#include "vrrp_watch.h"

#define FAKE_PEERS 8

struct datapath_instance {
	struct datapath_instance *next;
	struct datapath *dp;
	void *owner;
	bool published;
	uint32_t ifindex;
	uint32_t uplinks[DATAPATH_MAX_UPLINKS]; /* beside `ifindex` */
	unsigned int n_uplinks;
	struct hf_inst_cfg cfg;
	struct hf_inst_state state;
	struct {
		struct ipaddr address;
		struct hf_peer peer;
	} peers[FAKE_PEERS];
	unsigned int n_peers;
	struct loop_timer timer;
	uint32_t grace;
};

struct datapath {
	struct loop *loop;
	datapath_event_fn fn;
	struct datapath_instance *instances;
};

struct datapath *datapath_open(struct loop *loop, const struct datapath_options *opt,
			       datapath_event_fn fn)
{
	struct datapath *dp = calloc(1, sizeof(*dp)); /* owner: the engine */

	(void)opt;
	if (!dp)
		return NULL;
	dp->loop = loop;
	dp->fn = fn;
	fake->dp = dp;
	return dp;
}

void datapath_close(struct datapath *dp)
{
	while (dp && dp->instances)
		datapath_destroy_instance(dp->instances);
	free(dp);
	fake->dp = NULL;
}

int datapath_start_worker(struct datapath *dp, datapath_attached_fn fn, void *ctx)
{
	(void)dp;
	(void)fn;
	(void)ctx;
	return 0;
}

int datapath_set_worker_priority(struct datapath *dp, int priority)
{
	(void)dp;
	(void)priority;
	return 0;
}

int datapath_attach_interface(struct datapath *dp, uint32_t ifindex)
{
	unsigned int at = 0;

	(void)dp;
	while (at < fake->n_attached && fake->attached[at] != ifindex)
		at++;
	if (at == fake->n_attached && at < FAKE_LINKS)
		fake->attached[fake->n_attached++] = ifindex;
	return ifindex == fake->unattachable ? fake->attach_err : 0;
}

void datapath_release_interface(struct datapath *dp, uint32_t ifindex)
{
	(void)dp;
	for (unsigned int i = 0; i < fake->n_attached; i++) {
		if (fake->attached[i] == ifindex)
			fake->attached[i--] = fake->attached[--fake->n_attached];
	}
}

struct datapath_instance *datapath_create_instance(struct datapath *dp, void *owner)
{
	struct datapath_instance *in = calloc(1, sizeof(*in)); /* owner: the data path */

	if (!in)
		return NULL;
	in->dp = dp;
	in->owner = owner;
	in->next = dp->instances;
	dp->instances = in;
	return in;
}

void datapath_destroy_instance(struct datapath_instance *in)
{
	struct datapath_instance **at;

	if (!in)
		return;
	loop_disarm(in->dp->loop, &in->timer);
	for (unsigned int i = 0; i < fake->n_held; i++) {
		if (fake->held[i].in == in)
			fake->held[i].in = NULL;
	}
	for (at = &in->dp->instances; *at != in;)
		at = &(*at)->next;
	*at = in->next;
	free(in);
}

/* --- the watch over a master ------------------------------------------------------------------*/

static void tell(struct datapath_instance *in, const struct hf_event *ev)
{
	if (fake->holds_events) {
		if (fake->n_held == FAKE_HELD)
			abort();
		fake->held[fake->n_held++] = (struct fake_held){in, *ev};
		return;
	}
	in->dp->fn(in->owner, ev);
	fake_after_handler();
}

/* As dp_slot_wants(). */
static bool is_wanted(const struct datapath_instance *in, const struct hf_event *ev)
{
	if (!in || !in->published)
		return false;
	return ev->generation == in->cfg.generation ||
	       (ev->type == HF_EV_ADVERT && ev->advert.priority == VRRP_PRIO_STOP);
}

void fake_hold_events(bool hold)
{
	fake->holds_events = hold;
	if (hold || fake->n_held == 0)
		return;
	for (unsigned int i = 0; i < fake->n_held; i++) {
		const struct fake_held *held = &fake->held[i];

		if (is_wanted(held->in, &held->ev))
			held->in->dp->fn(held->in->owner, &held->ev);
	}
	fake->n_held = 0;
	fake_after_handler();
}

static void on_deadline(struct loop_timer *timer)
{
	struct datapath_instance *in = timer->ctx;
	uint64_t now_ns = (uint64_t)fake->now.ns;
	struct hf_event ev;
	int64_t left_ns;

	if (!in->published || in->cfg.role != VRRP_ROLE_BACKUP)
		return;
	left_ns =
	    vrrp_watch_left_ns(in->state.deadline_ns, (uint64_t)timer->due.ns, now_ns, &in->grace);
	if (left_ns > 0) {
		loop_arm(in->dp->loop, timer, mono_add(fake->now, left_ns));
		return;
	}
	in->state.down_ns = now_ns;
	ev = vrrp_event_master_down(0, &in->cfg, &in->state, in->state.deadline_ns, now_ns);
	in->dp->fn(in->owner, &ev);
}

void datapath_set_uplinks(struct datapath_instance *in, const uint32_t *ifindexes, unsigned int n)
{
	memcpy(in->uplinks, ifindexes, n * sizeof(*ifindexes));
	in->n_uplinks = n;
}

static bool hears_on(const struct datapath_instance *in, uint32_t ifindex)
{
	bool hears = in->ifindex == ifindex;

	for (unsigned int i = 0; i < in->n_uplinks; i++)
		hears |= in->uplinks[i] == ifindex;
	return in->published && hears;
}

int datapath_set_instance(struct datapath_instance *in, uint32_t ifindex,
			  const struct hf_inst_cfg *cfg)
{
	uint32_t generation = in->cfg.generation + 1;

	in->published = true;
	in->ifindex = ifindex;
	in->n_peers = 0;
	in->cfg = *cfg;
	in->cfg.generation = generation;
	return 0;
}

/* Signatures are not checked here; tests/bpf/test_auth does this. */
void datapath_set_keys(struct datapath_instance *in, const struct datapath_key *keys,
		       unsigned int n)
{
	(void)in;
	(void)keys;
	(void)n;
}

int datapath_auth_state(const struct datapath_instance *in, struct hf_auth_state *out)
{
	(void)in;
	*out = (struct hf_auth_state){0};
	return -ENOENT;
}

int datapath_set_peer(struct datapath_instance *in, const struct ipaddr *address,
		      const struct hf_peer *peer)
{
	if (in->n_peers == FAKE_PEERS)
		return -ENOSPC;
	in->peers[in->n_peers].address = *address;
	in->peers[in->n_peers++].peer = *peer;
	return 0;
}

bool datapath_is_raw(const struct datapath *dp)
{
	(void)dp;
	return fake->raw;
}

int datapath_hear_on(struct datapath_instance *in, uint32_t ifindex)
{
	(void)ifindex;
	return in->published ? 0 : -ENOENT;
}

int datapath_remove_instance(struct datapath_instance *in)
{
	if (!in->published)
		return -ENOENT;
	loop_disarm(in->dp->loop, &in->timer);
	in->published = false;
	return 0;
}

int datapath_watch(struct datapath_instance *in, uint8_t role, uint8_t priority, bool preempt,
		   int64_t delay_ns)
{
	if (!in->published)
		return -ENOENT;
	in->cfg.role = role;
	in->cfg.priority = priority;
	in->cfg.preempt = preempt;
	in->cfg.generation++;
	loop_disarm(in->dp->loop, &in->timer);
	if (role != VRRP_ROLE_BACKUP)
		return 0;
	vrrp_watch_begin(&in->state, in->cfg.generation);
	in->state.deadline_ns = (uint64_t)mono_add(fake->now, delay_ns).ns;
	in->timer = (struct loop_timer){.fn = on_deadline, .ctx = in, .name = "deadline"};
	loop_arm(in->dp->loop, &in->timer, mono_add(fake->now, delay_ns));
	return 0;
}

const volatile struct hf_inst_state *datapath_state(const struct datapath_instance *in)
{
	fake->n_state_reads++;
	static const struct hf_inst_state none; /* before it is set for the first time */

	return in ? &in->state : &none;
}

static void hear(struct datapath_instance *in, const struct ipaddr *source,
		 const struct vrrp_heard *heard)
{
	uint64_t now_ns = (uint64_t)fake->now.ns;
	struct vrrp_watch_orders orders;
	struct hf_event ev;

	if (in->cfg.role == VRRP_ROLE_OFF) {
		vrrp_watch_note(&in->state, source, heard, now_ns);
		return;
	}
	vrrp_watch_advert(&in->state, &in->cfg, source, heard, now_ns, &orders);
	if (orders.move_deadline) {
		struct mono due = {(int64_t)orders.deadline_ns};

		in->state.deadline_ns = orders.deadline_ns;
		if (in->timer.slot != 0 && mono_before(due, in->timer.due))
			loop_arm(in->dp->loop, &in->timer, due);
	}
	if (!orders.tell_advert)
		return;
	ev = vrrp_event_advert(0, &in->cfg, &in->state, source, heard, orders.judgement, now_ns);
	tell(in, &ev);
}

void fake_advert(uint8_t vrid, const struct ipaddr *source, uint8_t priority, uint32_t interval_us)
{
	struct vrrp_heard heard = {.priority = priority, .interval_us = interval_us, .count = 1};

	for (struct datapath_instance *in = fake->dp->instances; in; in = in->next) {
		if (in->published && in->cfg.vrid == vrid)
			hear(in, source, &heard);
	}
}

static const struct hf_peer *peer_of(const struct datapath_instance *in,
				     const struct ipaddr *source)
{
	for (unsigned int i = 0; i < in->n_peers; i++) {
		if (ipaddr_equal(&in->peers[i].address, source))
			return &in->peers[i].peer;
	}
	return NULL;
}

void fake_packet(uint32_t ifindex, const struct ipaddr *source, const struct ipaddr *to,
		 const uint8_t *msg, size_t len)
{
	struct vrrp_packet pkt = {
	    .source = *source, .destination = *to, .len = (uint32_t)len, .ttl = VRRP_TTL};

	for (struct datapath_instance *in = fake->dp->instances; in; in = in->next) {
		struct vrrp_heard heard = {0};

		if (hears_on(in, ifindex) && in->cfg.vrid == msg[1] &&
		    vrrp_advert_check(msg, msg + len, &pkt, &in->cfg, peer_of(in, source),
				      &heard) == HF_V_ACCEPTED)
			hear(in, source, &heard);
	}
}

unsigned int fake_published_peers(void)
{
	unsigned int n = 0;

	for (const struct datapath_instance *in = fake->dp->instances; in; in = in->next)
		n += in->n_peers;
	return n;
}

unsigned int fake_published(void)
{
	unsigned int n = 0;

	for (const struct datapath_instance *in = fake->dp->instances; in; in = in->next)
		n += in->published;
	return n;
}

/* --- queries of the status only ----------------------------------------------------------------*/

int datapath_add_vip(struct datapath *dp, const struct ipaddr *address, uint32_t *vip)
{
	(void)dp;
	(void)address;
	*vip = 0;
	return 0;
}

int datapath_remove_vip(struct datapath *dp, const struct ipaddr *address)
{
	(void)dp;
	(void)address;
	return 0;
}

int datapath_traffic(struct datapath *dp, uint32_t vip, struct hf_traffic *rx,
		     struct hf_traffic *tx)
{
	(void)dp;
	(void)vip;
	*rx = *tx = (struct hf_traffic){0};
	return 0;
}

int datapath_set_conns(struct datapath *dp, const struct hf_conn_key *keys, unsigned int n)
{
	(void)dp;
	(void)keys;
	(void)n;
	return 0;
}

int datapath_conn(struct datapath *dp, const struct hf_conn_key *key, struct hf_conn *out)
{
	(void)dp;
	(void)key;
	*out = (struct hf_conn){0};
	return 0;
}

int datapath_verdict(struct datapath *dp, uint32_t reason, struct hf_verdict *out)
{
	(void)dp;
	(void)reason;
	*out = (struct hf_verdict){0};
	return 0;
}

bool datapath_was_deaf(struct datapath *dp, uint32_t ifindex)
{
	(void)dp;
	return ifindex == fake->deaf;
}

bool datapath_sees_egress(const struct datapath *dp, uint32_t ifindex)
{
	(void)dp;
	(void)ifindex;
	return false;
}

unsigned int datapath_interfaces(const struct datapath *dp)
{
	(void)dp;
	return fake->n_attached;
}

void datapath_interface_status(const struct datapath *dp, unsigned int index,
			       struct datapath_interface *out)
{
	(void)dp;
	*out = (struct datapath_interface){.ifindex = fake->attached[index]};
}
