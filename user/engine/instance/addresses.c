// SPDX-License-Identifier: BSD-2-Clause
/*
 * The addresses of an instance, and their announcements on a LAN. An address is added while it is
 * wanted, and added again if somebody removes it. An address that was present before is never
 * removed. Owns the sets. The worker changes addresses, with one job at a time for each address.
 * When a job is done, the wanted state at that time decides on the next job. Rejected: a queue of
 * jobs, which quick changes of roles would fill with jobs that undo each other.
 */
#include "engine/instance/addresses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/addr.h"
#include "core/prefix_index.h"
#include "engine/instance/instance.h"
#include "engine/instance/routes.h"
#include "engine/instance/vmac.h"
#include "engine/state.h"

#define RESTORES_LOGGED_PER_S 1
#define GARP_BATCH	      32 /* frames in one turn of the loop: a fraction of a millisecond */
#define GARP_PAUSE_NS	      NS_PER_MS
#define FINISH_NS	      (3 * NS_PER_S) /* limit for the last removals */

/* --- one address ------------------------------------------------------------------------------*/

static void log_refusal(const struct address_set *set, const struct address_job *job)
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

	if (log_allow(&set->restore_limit, loop_now(set->engine->loop), &suppressed))
		log_warn("%s: somebody had removed %s from %s: put back%s", set->name,
			 ipprefix_format(&held->job.prefix, text), held->job.dev,
			 LOG_SUPPRESSED(suppressed));
}

/* A set that a reload has replaced has no instance, and is not recorded any more. */
static void record(struct address_set *set, enum record_kind kind, const struct address_job *job)
{
	if (set->instance)
		recording_note(&set->instance->recording, kind, 0, &job->prefix.addr);
}

/* Before Linux 5.18 addresses carry no mark of who added them (IFA_PROTO). So an existing address
 * that we added earlier is treated as ours. */
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
		log_refusal(set, job);
	else if (held->err != 0)
		addresses_retry_begin(set); /* the next obstacle is another one */
	address_note_error(held, held->failed ? job->err : 0);
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
			log_refusal(set, job);
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
	address_note_error(held, from->err);
}

/* The job is done: gives the next one for the address, or for its successor in a new set. */
static void go_on(struct held_address *held)
{
	struct address_set *set = held->set;

	held->busy = false;
	set->busy--;
	if (held->successor) {
		inherit(held->successor, held);
		go_on(held->successor);
	} else {
		address_work_on(held);
	}
	if (set->busy > 0)
		return;
	if (set->instance)
		inbox_post(&set->instance->event, NEWS_ADDRESSES_READY);
	else if (set->is_static)
		routes_go_on(set->engine->static_routes);
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
		return NULL; /* owner: the instance, then engine->gone_addresses */
	set->engine = engine;
	snprintf(set->name, sizeof(set->name), "%s", cfg->name);
	set->restore_limit = (struct log_limit)LOG_LIMIT(RESTORES_LOGGED_PER_S, NS_PER_S);
	addresses_retry_begin(set);
	set->garp_timer = (struct loop_timer){.fn = on_garp_timer, .ctx = set, .name = "garp"};
	set->garp_cfg = (struct garp_cfg){
	    .master_delay_ns = cfg->garp.master_delay_ns,
	    .master_refresh_ns = cfg->garp.master_refresh_ns,
	    .lower_prio_delay_ns = cfg->garp.lower_prio_delay_ns,
	    .master_repeat = cfg->garp.master_repeat,
	    .master_refresh_repeat = cfg->garp.master_refresh_repeat,
	    .lower_prio_repeat = cfg->garp.lower_prio_repeat,
	};
	for (unsigned int i = 0; i < n; i++) {
		const struct cfg_vip *vip =
		    i < cfg->n_vips ? &cfg->vips[i] : &cfg->excluded[i - cfg->n_vips];

		if (!vip->repeated)
			hold(set, vip, cfg->announce.bgp >= 0);
	}
	return set;
}

static void let_go(struct address_set *set)
{
	loop_disarm(set->engine->loop, &set->garp_timer);
	set->instance = NULL;
	set->is_static = false;
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

		/* During a reload the address may still be there from another instance. */
		held->purge = !held->stays && !set->engine->reload;
		address_want(held, held->stays);
	}
}

void addresses_claim(struct address_set *set, bool on)
{
	for (unsigned int i = 0; i < set->n; i++) {
		if (!set->held[i].stays)
			address_want(&set->held[i], on);
	}
}

void addresses_drop(struct address_set *set)
{
	for (unsigned int i = 0; i < set->n; i++)
		address_want(&set->held[i], false);
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

/* Indexes the addresses of a configuration by prefix. Without memory has() searches linearly. */
static void index_vips(const struct cfg_instance *cfg, struct prefix_index *index)
{
	unsigned int n = cfg->n_vips + cfg->n_excluded;

	*index = (struct prefix_index){0};
	if (prefix_index_init(index, n) < 0)
		return;
	for (unsigned int i = 0; i < n; i++)
		prefix_index_put(index, &vip_at(cfg, i)->prefix, i);
}

static bool has(const struct cfg_instance *cfg, const struct prefix_index *index,
		const struct held_address *held)
{
	unsigned int n = cfg->n_vips + cfg->n_excluded;
	uint32_t at = index->buckets ? prefix_index_first(index, &held->job.prefix) : 0;

	while (at < n && !is_of(held, vip_at(cfg, at)))
		at = index->buckets ? prefix_index_next(index, at) : at + 1;
	return at < n;
}

void addresses_drop_gone(struct address_set *set, const struct cfg_instance *next)
{
	struct prefix_index index;

	index_vips(next, &index);
	for (unsigned int i = 0; i < set->n; i++) {
		if (!has(next, &index, &set->held[i]))
			address_want(&set->held[i], false);
	}
	prefix_index_free(&index);
}

static bool same_address(const struct held_address *a, const struct held_address *b)
{
	return ipprefix_equal(&a->job.prefix, &b->job.prefix) &&
	       strcmp(a->job.dev, b->job.dev) == 0;
}

/* Indexes the addresses of a set in the same way. */
static void index_held(const struct address_set *set, struct prefix_index *index)
{
	*index = (struct prefix_index){0};
	if (prefix_index_init(index, set->n) < 0)
		return;
	for (unsigned int i = 0; i < set->n; i++)
		prefix_index_put(index, &set->held[i].job.prefix, i);
}

static struct held_address *find(struct address_set *set, const struct prefix_index *index,
				 const struct held_address *held)
{
	uint32_t at = index->buckets ? prefix_index_first(index, &held->job.prefix) : 0;

	while (at < set->n && !same_address(&set->held[at], held))
		at = index->buckets ? prefix_index_next(index, at) : at + 1;
	return at < set->n ? &set->held[at] : NULL;
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
	struct prefix_index index;

	index_held(old, &index);
	set->instance = old->instance;
	set->restore_limit = old->restore_limit;
	set->garp_fsm = old->garp_fsm;
	for (unsigned int i = 0; i < set->n; i++) {
		struct held_address *was = find(old, &index, &set->held[i]);

		if (was && !was->successor)
			take_over(&set->held[i], was);
	}
	prefix_index_free(&index);
	if (set->instance)
		inbox_fault(&set->instance->event, VRRP_FAULT_VIP, set->n_faulty > 0);
	let_go(old);
	garp_go_on(set);
}

/* An address whose wanted state does not change gets no job. */
bool addresses_settle(struct address_set *set, bool claimed)
{
	bool news = false;

	for (unsigned int i = 0; i < set->n; i++) {
		struct held_address *held = &set->held[i];
		bool wanted = held->stays || claimed;

		if (wanted == held->wanted)
			continue;
		address_want(held, wanted);
		news = news || wanted;
	}
	return news;
}

/* --- what others do ---------------------------------------------------------------------------*/

/* `prefix` has been removed from `ifindex`. If we removed it, it is not wanted any more and nothing
 * is done. Else it is added again; ADDRESS_ADD reports if it is present again already. */
static void check_one(struct held_address *held, uint32_t ifindex, const struct ipprefix *prefix)
{
	if (!held->wanted || held->failed || held->untracked)
		return;
	if (held->ifindex != ifindex || !ipprefix_equal(prefix, &held->job.prefix))
		return;
	held->recheck = true;
	held->foreign = false;
	address_work_on(held);
}

void addresses_on_removed(struct engine *engine, uint32_t ifindex, const struct ipprefix *prefix)
{
	struct address_set *set;

	EACH_ADDRESS_SET(engine, set)
	{
		for (unsigned int i = 0; i < set->n; i++)
			check_one(&set->held[i], ifindex, prefix);
	}
}

void addresses_on_link(struct engine *engine, const struct netlink_link *link)
{
	struct address_set *set;

	EACH_ADDRESS_SET(engine, set)
	{
		for (unsigned int i = 0; i < set->n; i++) {
			struct held_address *held = &set->held[i];

			if (link->gone || strcmp(held->job.dev, link->name) != 0 ||
			    !(held->busy || held->failed || held->err != 0 ||
			      held->ifindex != link->ifindex))
				continue;
			held->failed = false;
			held->recheck = held->wanted;
			address_work_on(held);
			addresses_retry_device(held);
		}
	}
}

/* A new link-local address means that IPv6 has been enabled on the interface. */
void addresses_on_added(struct engine *engine, uint32_t ifindex, const struct ipprefix *prefix)
{
	struct address_set *set;

	if (prefix->addr.b[0] != 0xfe || (prefix->addr.b[1] & 0xc0) != 0x80)
		return;
	EACH_ADDRESS_SET(engine, set)
	{
		if (set->n_failing > 0)
			addresses_retry_on(set, ifindex);
	}
}

/* --- the LAN ----------------------------------------------------------------------------------*/

static bool is_told(const struct held_address *held)
{
	return !held->dev_is_lo && held->wanted && held->ifindex != 0 &&
	       (held->added || held->foreign);
}

/* True if `held` may be announced now, else *when is the time. One pace applies to all interfaces.
 */
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

/* Sends one batch of the remaining rounds. True: more is to be sent, at *when. */
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
		garp_send(&set->engine->garp, held->ifindex, &held->job.prefix.addr);
	}
	return set->garp_fsm.rounds > 0;
}

/* Sends what is due unless the worker still has jobs, and arms the timer. */
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
	if (!engine->address_worker)
		return -errno;
	addresses_retry_start(engine);
	routes_init(engine);
	return 0;
}

static bool any_busy(struct engine *engine)
{
	struct address_set *set;

	if (engine->gone_addresses || routes_any_busy(engine) || vmacs_any_busy(engine))
		return true;
	EACH_ADDRESS_SET(engine, set)
	{
		if (set->busy > 0)
			return true;
	}
	return false;
}

void addresses_finish(struct engine *engine)
{
	struct mono until = mono_add(loop_clock(), FINISH_NS);
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		in->claim = (struct claim_fsm){0}; /* the speakers are gone */
		in->reconfigure_awaited = false;
		routes_claim(in->routes, false);
		addresses_drop(in->addresses);
	}
	vmacs_drop(engine);
	while (engine->address_worker && any_busy(engine) && mono_before(loop_clock(), until))
		address_worker_wait(engine->address_worker, mono_diff_ns(until, loop_clock()));
	loop_disarm(engine->loop, &engine->address_retry);
	address_worker_destroy(engine->address_worker);
	engine->address_worker = NULL;
	while (engine->gone_addresses)
		free_gone(engine->gone_addresses);
	routes_finish(engine);
	garp_close(&engine->garp);
}
