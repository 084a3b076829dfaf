// SPDX-License-Identifier: BSD-2-Clause
/*
 * The addresses of an instance: there while they are wanted, put back when another party takes them
 * away, never removed when they were there before; and what a LAN is told of them. Owns the sets.
 * The worker changes them, one job of an address at a time; when it is done, what is wanted by then
 * decides on the next. Rejected: a queue of intentions, which a quick change of roles would fill
 * with jobs that undo each other.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/addr.h"
#include "engine/engine_state.h"

#define RESTORES_LOGGED_PER_S 1
#define GARP_BATCH	      32 /* frames of one turn of the loop: a fraction of its millisecond */
#define GARP_PAUSE_NS	      NS_PER_MS
#define FINISH_NS	      (3 * NS_PER_S) /* for the kernel, when the daemon ends */

/* --- one address ------------------------------------------------------------------------------*/

static void give(struct address_set *set, struct held_address *held, enum address_op op)
{
	if (!set->engine->address_worker)
		return; /* the daemon has not begun, or has ended */
	held->busy = true;
	set->busy++;
	held->job.op = op;
	held->recheck = false;
	address_worker_give(set->engine->address_worker, &held->job);
}

/* Gives the worker what brings the address closer to what is wanted, if there is such a thing. */
static void work_on(struct address_set *set, struct held_address *held)
{
	if (held->busy)
		return;
	if (held->purge)
		give(set, held, ADDRESS_PURGE);
	else if (held->wanted && !held->foreign && !held->failed && (!held->added || held->recheck))
		give(set, held, ADDRESS_ADD);
	else if (!held->wanted && held->added)
		give(set, held, ADDRESS_REMOVE);
}

static void want(struct address_set *set, struct held_address *held, bool wanted)
{
	held->wanted = wanted;
	held->failed = held->foreign = false;
	work_on(set, held);
}

static void complain(const struct address_set *set, const struct address_job *job)
{
	char text[IPPREFIX_TEXT];

	log_error("%s: cannot %s %s %s %s: %s", set->name,
		  job->op == ADDRESS_ADD ? "add" : "remove", ipprefix_format(&job->prefix, text),
		  job->op == ADDRESS_ADD ? "to" : "from", job->dev, strerror(-job->err));
}

static void note_restored(struct address_set *set, const struct held_address *held)
{
	char text[IPPREFIX_TEXT];
	uint32_t suppressed;

	set->restored++;
	if (log_allow(&set->restore_limit, loop_now(set->engine->loop), &suppressed))
		log_warn("%s: somebody had removed %s from %s: put back (%u such lines suppressed)",
			 set->name, ipprefix_format(&held->job.prefix, text), held->job.dev,
			 suppressed);
}

/* A set that a reload has replaced has nobody's story to tell any more. */
static void record(struct address_set *set, enum record_kind kind, const struct address_job *job)
{
	if (set->instance)
		recording_note(set->instance, kind, 0, &job->prefix.addr);
}

/* Before Linux 5.18 no address is marked: what we had added before, and is there, is ours. */
static void note_added(struct address_set *set, struct held_address *held)
{
	const struct address_job *job = &held->job;
	bool there = job->err == -EEXIST;

	if (held->added && job->err == 0 && !job->was_there)
		note_restored(set, held);
	if (!held->added && job->err == 0)
		record(set, RECORD_ADDRESS_ADDED, job);
	held->added = job->err == 0 || (held->added && there);
	held->foreign = there && !held->added;
	held->failed = job->err < 0 && !there;
	if (held->failed)
		complain(set, job);
}

static void note_done(struct address_set *set, struct held_address *held)
{
	const struct address_job *job = &held->job;
	char text[IPPREFIX_TEXT];

	switch (job->op) {
	case ADDRESS_ADD:
		note_added(set, held);
		break;
	case ADDRESS_REMOVE:
		held->added = false;
		if (job->err == 0)
			record(set, RECORD_ADDRESS_REMOVED, job);
		if (job->err < 0 && job->err != -EADDRNOTAVAIL && job->err != -ENODEV)
			complain(set, job);
		break;
	case ADDRESS_PURGE:
		held->purge = false;
		if (job->err == 0)
			log_warn("%s: removed %s from %s, left there by a daemon that died",
				 set->name, ipprefix_format(&job->prefix, text), job->dev);
		break;
	}
}

static void free_gone(struct address_set *set)
{
	struct address_set **at = &set->engine->gone_addresses;

	while (*at != set)
		at = &(*at)->next;
	*at = set->next;
	free(set);
}

static void inherit(struct held_address *held, const struct held_address *from)
{
	held->ifindex = from->ifindex;
	held->added = from->added;
	held->foreign = from->foreign;
	held->failed = from->failed;
	held->purge = from->purge;
}

/* The job is done: what is next for the address, in its set or the one that has replaced it? */
static void go_on(struct held_address *held)
{
	struct address_set *set = held->set;

	held->busy = false;
	set->busy--;
	if (held->successor) {
		inherit(held->successor, held);
		go_on(held->successor);
	} else {
		work_on(set, held);
	}
	if (set->busy > 0)
		return;
	if (set->instance)
		instance_addresses_ready(set->instance);
	else
		free_gone(set);
}

/* address_done_fn; ctx is the engine. */
static void on_done(void *ctx, struct address_job *job)
{
	struct held_address *held =
	    (struct held_address *)((char *)job - offsetof(struct held_address, job));

	(void)ctx;
	held->ifindex = job->ifindex;
	note_done(held->set, held);
	go_on(held);
}

/* --- a set of them ----------------------------------------------------------------------------*/

static void hold(struct address_set *set, const struct cfg_vip *vip, bool announced)
{
	struct held_address *held = &set->held[set->n++];

	*held = (struct held_address){.set = set, .dev_is_lo = strcmp(vip->dev, "lo") == 0};
	held->stays = announced && held->dev_is_lo;
	held->untracked = vip->untracked;
	held->job = (struct address_job){
	    .prefix = vip->prefix,
	    .scope = vip->scope,
	    .options = {vip->flags, vip->broadcast, vip->preferred_s != UINT32_MAX,
			vip->preferred_s},
	};
	memcpy(held->job.dev, vip->dev, sizeof(held->job.dev));
	memcpy(held->job.label, vip->label, sizeof(held->job.label));
}

static void on_garp_timer(struct loop_timer *timer);
static void garp_go_on(struct address_set *set);

struct address_set *addresses_create(struct engine *engine, const struct cfg_instance *cfg)
{
	unsigned int n = cfg->n_vips + cfg->n_excluded;
	struct address_set *set = calloc(1, sizeof(*set) + n * sizeof(set->held[0]));

	if (!set)
		return NULL; /* owner: the instance, then the engine until the worker is done */
	set->engine = engine;
	snprintf(set->name, sizeof(set->name), "%s", cfg->name);
	set->restore_limit = (struct log_limit)LOG_LIMIT(RESTORES_LOGGED_PER_S, NS_PER_S);
	set->garp_timer = (struct loop_timer){.fn = on_garp_timer, .ctx = set, .name = "garp"};
	set->garp_cfg = (struct garp_cfg){
	    .master_delay_ns = cfg->garp.master_delay_ns,
	    .master_refresh_ns = cfg->garp.master_refresh_ns,
	    .lower_prio_delay_ns = cfg->garp.lower_prio_delay_ns,
	    .master_repeat = cfg->garp.master_repeat,
	    .master_refresh_repeat = cfg->garp.master_refresh_repeat,
	    .lower_prio_repeat = cfg->garp.lower_prio_repeat,
	};
	for (unsigned int i = 0; i < n; i++)
		hold(set, i < cfg->n_vips ? &cfg->vips[i] : &cfg->excluded[i - cfg->n_vips],
		     cfg->announce.bgp >= 0);
	return set;
}

static void let_go(struct address_set *set)
{
	loop_disarm(set->engine->loop, &set->garp_timer);
	set->instance = NULL;
	if (set->busy == 0 || !set->engine->address_worker) {
		free(set);
		return;
	}
	set->next = set->engine->gone_addresses;
	set->engine->gone_addresses = set;
}

void addresses_destroy(struct address_set *set)
{
	addresses_drop(set);
	let_go(set);
}

void addresses_start(struct address_set *set)
{
	for (unsigned int i = 0; i < set->n; i++) {
		struct held_address *held = &set->held[i];

		/* What a reload adds may be another instance's until then. */
		held->purge = !held->stays && !set->engine->reload;
		want(set, held, held->stays);
	}
}

void addresses_claim(struct address_set *set, bool on)
{
	for (unsigned int i = 0; i < set->n; i++) {
		if (!set->held[i].stays)
			want(set, &set->held[i], on);
	}
}

void addresses_drop(struct address_set *set)
{
	for (unsigned int i = 0; i < set->n; i++)
		want(set, &set->held[i], false);
}

/* --- a reload ---------------------------------------------------------------------------------*/

static bool is_of(const struct held_address *held, const struct cfg_vip *vip)
{
	return ipprefix_equal(&held->job.prefix, &vip->prefix) &&
	       strcmp(held->job.dev, vip->dev) == 0;
}

static const struct cfg_vip *vip_at(const struct cfg_instance *cfg, unsigned int i)
{
	return i < cfg->n_vips ? &cfg->vips[i] : &cfg->excluded[i - cfg->n_vips];
}

/* `likely`: the place where `held` probably is. */
static bool has(const struct cfg_instance *cfg, unsigned int likely,
		const struct held_address *held)
{
	unsigned int n = cfg->n_vips + cfg->n_excluded;

	if (likely < n && is_of(held, vip_at(cfg, likely)))
		return true;
	for (unsigned int i = 0; i < n; i++) {
		if (is_of(held, vip_at(cfg, i)))
			return true;
	}
	return false;
}

void addresses_drop_gone(struct address_set *set, const struct cfg_instance *next)
{
	for (unsigned int i = 0; i < set->n; i++) {
		if (!has(next, i, &set->held[i]))
			want(set, &set->held[i], false);
	}
}

static bool same_address(const struct held_address *a, const struct held_address *b)
{
	return ipprefix_equal(&a->job.prefix, &b->job.prefix) &&
	       strcmp(a->job.dev, b->job.dev) == 0;
}

static struct held_address *find(struct address_set *set, unsigned int likely,
				 const struct held_address *held)
{
	if (likely < set->n && same_address(&set->held[likely], held))
		return &set->held[likely];
	for (unsigned int i = 0; i < set->n; i++) {
		if (same_address(&set->held[i], held))
			return &set->held[i];
	}
	return NULL;
}

static void take_over(struct held_address *held, struct held_address *was)
{
	held->wanted = was->wanted;
	held->recheck = was->recheck;
	inherit(held, was);
	if (!was->busy)
		return;
	was->successor = held;
	held->busy = true;
	held->set->busy++;
}

void addresses_hand_over(struct address_set *old, struct address_set *set)
{
	set->instance = old->instance;
	set->restored = old->restored;
	set->garps_sent = old->garps_sent;
	set->restore_limit = old->restore_limit;
	set->garp_fsm = old->garp_fsm;
	for (unsigned int i = 0; i < set->n; i++) {
		struct held_address *was = find(old, i, &set->held[i]);

		if (was && !was->successor)
			take_over(&set->held[i], was);
	}
	let_go(old);
	garp_go_on(set);
}

/* Whatever stays costs nothing. */
bool addresses_settle(struct address_set *set, bool claimed)
{
	bool news = false;

	for (unsigned int i = 0; i < set->n; i++) {
		struct held_address *held = &set->held[i];
		bool wanted = held->stays || claimed;

		if (wanted == held->wanted)
			continue;
		want(set, held, wanted);
		news = news || wanted;
	}
	return news;
}

/* --- what others do ---------------------------------------------------------------------------*/

/* An address that vanished, or any (`prefix` NULL). Our own removals are not wanted any more; of an
 * addition that came later ADDRESS_ADD says so. */
static void check_one(struct address_set *set, struct held_address *held, uint32_t ifindex,
		      const struct ipprefix *prefix)
{
	if (!held->wanted || held->failed || held->untracked)
		return;
	if (prefix && (held->ifindex != ifindex || prefix->len != held->job.prefix.len ||
		       !ipaddr_equal(&prefix->addr, &held->job.prefix.addr)))
		return;
	held->recheck = true;
	held->foreign = false;
	work_on(set, held);
}

void addresses_on_removed(struct engine *engine, uint32_t ifindex, const struct ipprefix *prefix)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		for (unsigned int i = 0; i < in->addresses->n; i++)
			check_one(in->addresses, &in->addresses->held[i], ifindex, prefix);
	}
}

void addresses_on_link(struct engine *engine, const struct netlink_link *link)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		for (unsigned int i = 0; i < in->addresses->n; i++) {
			struct held_address *held = &in->addresses->held[i];

			if (link->gone || strcmp(held->job.dev, link->name) != 0 ||
			    !(held->busy || held->failed || held->ifindex != link->ifindex))
				continue;
			held->failed = false;
			held->recheck = held->wanted;
			work_on(in->addresses, held);
		}
	}
}

/* --- telling the LAN --------------------------------------------------------------------------*/

static bool is_told(const struct held_address *held)
{
	return !held->dev_is_lo && held->wanted && held->ifindex != 0 &&
	       (held->added || held->foreign);
}

/* May `held` be told now, as all interfaces are paced together? If not, *when it may. */
static bool may_tell(struct engine *engine, const struct held_address *held, struct mono *when)
{
	bool v4 = ipaddr_is_v4(&held->job.prefix.addr);
	struct mono *next = v4 ? &engine->next_arp : &engine->next_na;
	const struct cfg_globals *g = &engine->cfg->globals;

	if (garp_may_send(next, v4 ? g->garp_interval_ns : g->gna_interval_ns,
			  loop_now(engine->loop)))
		return true;
	*when = *next;
	return false;
}

/* Sends what is left of the rounds, a batch in a turn. True if more is to be sent: *when. */
static bool send_batch(struct address_set *set, struct mono *when)
{
	unsigned int sent = 0;

	*when = mono_add(loop_now(set->engine->loop), GARP_PAUSE_NS);

	while (set->garp_fsm.rounds > 0 && sent < GARP_BATCH) {
		struct held_address *held;

		if (set->garp_next == set->n) {
			set->garp_next = 0;
			garp_step(&set->garp_cfg, &set->garp_fsm, GARP_EV_SENT,
				  loop_now(set->engine->loop));
			continue;
		}
		held = &set->held[set->garp_next];
		if (is_told(held) && !may_tell(set->engine, held, when))
			return true;
		set->garp_next++;
		if (!is_told(held))
			continue;
		sent++;
		if (garp_send(&set->engine->garp, held->ifindex, &held->job.prefix.addr) == 0)
			set->garps_sent++;
	}
	return set->garp_fsm.rounds > 0;
}

/* Sends what is due unless addresses are still being added, and arms the timer. */
static void garp_go_on(struct address_set *set)
{
	struct loop *loop = set->engine->loop;
	struct mono due = garp_due(&set->garp_fsm), when;

	if (set->busy == 0 && send_batch(set, &when))
		due = mono_earliest(due, when);
	if (mono_is_set(due))
		loop_arm(loop, &set->garp_timer, due);
	else
		loop_disarm(loop, &set->garp_timer);
}

static void on_garp_timer(struct loop_timer *timer)
{
	addresses_tell(timer->ctx, GARP_EV_TIMER);
}

void addresses_tell(struct address_set *set, enum garp_event ev)
{
	if (ev == GARP_EV_MASTER)
		set->garp_next = 0;
	garp_step(&set->garp_cfg, &set->garp_fsm, ev, loop_now(set->engine->loop));
	garp_go_on(set);
}

void addresses_tell_more(struct address_set *set)
{
	garp_go_on(set);
}

/* --- start and end ----------------------------------------------------------------------------*/

int addresses_init(struct engine *engine)
{
	int err = garp_open(&engine->garp);

	if (err < 0)
		log_warn("LANs are not told of addresses: %s", strerror(-err));
	engine->address_worker = address_worker_create(engine->loop, on_done, engine);
	return engine->address_worker ? 0 : -errno;
}

static bool any_busy(struct engine *engine)
{
	struct instance *in;

	if (engine->gone_addresses)
		return true;
	ENGINE_EACH_INSTANCE (engine, in) {
		if (in->addresses->busy > 0)
			return true;
	}
	return false;
}

void addresses_finish(struct engine *engine)
{
	struct mono until = mono_add(loop_clock(), FINISH_NS);
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		in->claim_awaited = in->reconfigure_awaited = false; /* the speakers are gone */
		addresses_drop(in->addresses);
	}
	while (engine->address_worker && any_busy(engine) && mono_before(loop_clock(), until))
		address_worker_wait(engine->address_worker, mono_diff_ns(until, loop_clock()));
	address_worker_destroy(engine->address_worker);
	engine->address_worker = NULL;
	while (engine->gone_addresses)
		free_gone(engine->gone_addresses);
	garp_close(&engine->garp);
}
