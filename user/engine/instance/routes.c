// SPDX-License-Identifier: BSD-2-Clause
/*
 * The routes and rules of an instance. They are added after its addresses, which they may need, and
 * removed before them. If somebody removes one, it is added again. A route or rule that another
 * program added before is never removed. The worker that changes addresses also changes routes and
 * rules, with one job at a time for each. When a job is done, the wanted state at that time decides
 * on the next job.
 *
 * A route or rule that cannot be added is an alarm and no fault; keepalived serves on, too.
 * Otherwise the same mistake on both nodes would leave no node to serve the addresses. It is tried
 * again when a link or an address changes, and every ten seconds.
 *
 * Each held_route is allocated separately. So a reload can move it from the old set to the new one
 * while its job is under way.
 */
#include "engine/instance/routes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/instance/addresses.h"
#include "engine/instance/instance.h"
#include "engine/state.h"
#include "kernel/route_watch.h"

#define RESTORES_LOGGED_PER_S 1
#define SETTLE_NS	      (100 * NS_PER_MS) /* the changes within this time are handled together */
#define RETRY_NS	      (10 * NS_PER_S)

/* The set at `place`: the places of the instances come first, then that of static_routes. NULL:
 * none. */
static struct route_set *set_at(const struct engine *engine, uint32_t place)
{
	if (place == engine->n_slots)
		return engine->static_routes;
	return engine->instances[place] ? engine->instances[place]->routes : NULL;
}

#define EACH_SET(engine, set)                                                                      \
	for (uint32_t place_ = 0; place_ <= (engine)->n_slots; place_++)                           \
		if (((set) = set_at(engine, place_)) != NULL)

static const char *kind_of(const struct held_route *held)
{
	return held->job.is_rule ? "rule" : "route";
}

/* --- one route or rule -------------------------------------------------------------------------*/

static void on_done(struct route_job *job);

static void give(struct held_route *held, enum route_op op)
{
	if (!held->engine->address_worker)
		return; /* before the start of the worker, or after its end */
	held->busy = true;
	if (held->set)
		held->set->busy++;
	held->job.op = op;
	held->job.done = on_done;
	if (op == ROUTE_ADD)
		held->recheck = false;
	route_worker_give(held->engine->address_worker, &held->job);
}

/* A route may need an address that is still being added. */
static bool may_add(const struct held_route *held)
{
	const struct route_set *set = held->set;
	const struct address_set *addresses = held->engine->static_addresses;

	if (set && set->instance)
		addresses = set->instance->addresses;
	return !addresses || addresses->busy == 0;
}

static void work_on(struct held_route *held)
{
	if (held->busy)
		return;
	if (held->purge)
		give(held, ROUTE_REMOVE);
	else if (held->wanted && !held->foreign && held->err == 0 &&
		 (!held->added || held->recheck) && may_add(held))
		give(held, ROUTE_ADD);
	else if (!held->wanted && held->added)
		give(held, ROUTE_REMOVE);
}

static void note_error(struct held_route *held, int err)
{
	if (held->set)
		held->set->failing += (err != 0) - (held->err != 0);
	held->err = err;
}

static void want(struct held_route *held, bool wanted)
{
	held->wanted = wanted;
	held->foreign = false;
	note_error(held, 0);
	work_on(held);
}

static bool is_gone_error(int err)
{
	return err == -ESRCH || err == -ENOENT || err == -ENODEV;
}

static void log_refusal(const struct held_route *held, const char *what)
{
	log_error("%s: cannot %s the %s %s: %s", held->set ? held->set->name : "reload", what,
		  kind_of(held), held->text, strerror(-held->job.err));
}

static void note_restored(struct held_route *held)
{
	struct route_set *set = held->set;
	uint32_t suppressed;

	if (set && log_allow(&set->restore_limit, loop_now(held->engine->loop), &suppressed))
		log_warn("%s: the %s %s had vanished: put back%s", set->name, kind_of(held),
			 held->text, LOG_SUPPRESSED(suppressed));
}

static void note_added(struct held_route *held)
{
	int err = held->job.err;
	bool there = err == -EEXIST;

	if (held->added && err == 0 && !held->job.was_there)
		note_restored(held);
	held->added = err == 0 || (held->added && there);
	held->foreign = there && !held->added;
	if (there)
		err = 0;
	if (err < 0 && held->err == 0)
		log_refusal(held, "add");
	note_error(held, err);
	/* The removal of another program's route is not heard (routes_configure()). */
	if ((err < 0 || held->foreign) && held->engine->route_retry.slot == 0)
		loop_arm(held->engine->loop, &held->engine->route_retry,
			 mono_add(loop_now(held->engine->loop), RETRY_NS));
}

static void note_removed(struct held_route *held)
{
	if (held->purge && held->job.err == 0 && held->set)
		log_warn("%s: removed the %s %s, left there by a daemon that died", held->set->name,
			 kind_of(held), held->text);
	else if (held->job.err < 0 && !is_gone_error(held->job.err))
		log_refusal(held, "remove");
	held->purge = false;
	held->added = false;
}

static void forget_gone(struct held_route *held)
{
	struct held_route **at = &held->engine->gone_routes;

	while (*at != held)
		at = &(*at)->next;
	*at = held->next;
}

static void free_gone(struct held_route *held)
{
	forget_gone(held);
	free(held);
}

/* The error of the last attempt stays until something changes, so that it is logged only once. */
static void on_done(struct route_job *job)
{
	struct held_route *held =
	    (struct held_route *)((char *)job - offsetof(struct held_route, job));
	struct route_set *set = held->set;

	held->busy = false;
	if (set)
		set->busy--;
	if (job->op == ROUTE_ADD)
		note_added(held);
	else
		note_removed(held);
	work_on(held);
	if (!set && !held->busy)
		free_gone(held);
	else if (set && set->busy == 0 && set->instance)
		inbox_post(&set->instance->event, NEWS_ADDRESSES_READY);
}

/* Takes the route or rule out of its set. It is removed from the kernel and then freed. */
static void let_go(struct held_route *held)
{
	struct engine *engine = held->engine;

	if (held->busy && held->set)
		held->set->busy--;
	note_error(held, 0);
	held->set = NULL;
	held->purge = false;
	want(held, false);
	if (!held->busy || !engine->address_worker) {
		free(held);
		return;
	}
	held->next = engine->gone_routes;
	engine->gone_routes = held;
}

/* --- a set -------------------------------------------------------------------------------------*/

static struct held_route *hold(struct route_set *set, bool untracked)
{
	struct held_route *held = calloc(1, sizeof(*held)); /* owner: the set */

	if (!held)
		return NULL;
	held->engine = set->engine;
	held->set = set;
	held->untracked = untracked;
	set->held[set->n++] = held;
	return held;
}

static bool hold_all(struct route_set *set, const struct cfg_instance *cfg)
{
	struct held_route *held;

	for (unsigned int i = 0; i < cfg->n_routes; i++) {
		held = hold(set, cfg->routes[i].untracked);
		if (!held)
			return false;
		held->job.route = cfg->routes[i].route;
		net_route_format(&held->job.route, held->text);
	}
	for (unsigned int i = 0; i < cfg->n_rules; i++) {
		held = hold(set, cfg->rules[i].untracked);
		if (!held)
			return false;
		held->job.is_rule = true;
		held->job.rule = cfg->rules[i].rule;
		net_rule_format(&held->job.rule, held->text);
	}
	return true;
}

struct route_set *routes_create(struct engine *engine, const struct cfg_instance *cfg)
{
	unsigned int n = cfg->n_routes + cfg->n_rules;
	struct route_set *set = calloc(1, sizeof(*set) + n * sizeof(set->held[0]));

	if (!set)
		return NULL; /* owner: the instance, or a reload */
	set->engine = engine;
	snprintf(set->name, sizeof(set->name), "%s", cfg->name);
	set->restore_limit = (struct log_limit)LOG_LIMIT(RESTORES_LOGGED_PER_S, NS_PER_S);
	if (hold_all(set, cfg))
		return set;
	routes_free(set);
	return NULL;
}

void routes_free(struct route_set *set)
{
	for (unsigned int i = 0; set && i < set->n; i++)
		free(set->held[i]);
	free(set);
}

void routes_destroy(struct route_set *set)
{
	for (unsigned int i = 0; i < set->n; i++)
		let_go(set->held[i]);
	free(set);
}

/* During a reload the route may still be there from another instance, so it is not purged. */
void routes_start(struct route_set *set)
{
	for (unsigned int i = 0; i < set->n; i++) {
		struct held_route *held = set->held[i];

		held->purge = !set->engine->reload &&
			      (held->job.is_rule || held->job.route.proto == NET_ROUTE_PROTO);
		work_on(held);
	}
}

/* A route or rule whose wanted state does not change gets no job. */
void routes_claim(struct route_set *set, bool on)
{
	for (unsigned int i = 0; i < set->n; i++) {
		if (set->held[i]->wanted != on)
			want(set->held[i], on);
	}
}

bool routes_go_on(struct route_set *set)
{
	for (unsigned int i = 0; i < set->n; i++)
		work_on(set->held[i]);
	return set->busy > 0;
}

const struct held_route *routes_failing(const struct route_set *set)
{
	for (unsigned int i = 0; set->failing > 0 && i < set->n; i++) {
		if (set->held[i]->err != 0)
			return set->held[i];
	}
	return NULL;
}

/* --- a reload ---------------------------------------------------------------------------------*/

static bool same(const struct held_route *a, const struct held_route *b)
{
	if (a->job.is_rule != b->job.is_rule)
		return false;
	return a->job.is_rule ? net_rule_equal(&a->job.rule, &b->job.rule)
			      : net_route_equal(&a->job.route, &b->job.route);
}

static bool has(const struct cfg_instance *cfg, const struct held_route *held)
{
	for (unsigned int i = 0; !held->job.is_rule && i < cfg->n_routes; i++) {
		if (net_route_equal(&cfg->routes[i].route, &held->job.route))
			return true;
	}
	for (unsigned int i = 0; held->job.is_rule && i < cfg->n_rules; i++) {
		if (net_rule_equal(&cfg->rules[i].rule, &held->job.rule))
			return true;
	}
	return false;
}

void routes_drop_gone(struct route_set *set, const struct cfg_instance *next)
{
	for (unsigned int i = 0; i < set->n; i++) {
		if (!has(next, set->held[i]))
			want(set->held[i], false);
	}
}

/* Takes the entry that is the same as `held` out of `old`, or out of the list of those that an
 * earlier reload has let go and that are still being removed. NULL: there is none. */
static struct held_route *take_out(struct route_set *old, const struct held_route *held)
{
	struct held_route *found;

	for (unsigned int k = 0; k < old->n; k++) {
		found = old->held[k];
		if (!found || !same(found, held))
			continue;
		old->held[k] = NULL;
		old->busy -= found->busy;
		old->failing -= found->err != 0;
		return found;
	}
	for (found = held->engine->gone_routes; found; found = found->next) {
		if (!same(found, held))
			continue;
		forget_gone(found);
		return found;
	}
	return NULL;
}

/* Replaces the entry at place `at` of the new set by the old entry `was`. */
static void take_over(struct route_set *set, unsigned int at, struct held_route *was)
{
	struct held_route *new = set->held[at];

	was->set = set;
	was->untracked = new->untracked;
	set->busy += was->busy;
	set->failing += was->err != 0;
	set->held[at] = was;
	free(new);
}

void routes_hand_over(struct route_set *old, struct route_set *set)
{
	set->instance = old->instance;
	set->restore_limit = old->restore_limit;
	for (unsigned int i = 0; i < set->n; i++) {
		struct held_route *was = take_out(old, set->held[i]);

		if (was)
			take_over(set, i, was);
	}
	for (unsigned int k = 0; k < old->n; k++) {
		if (old->held[k])
			let_go(old->held[k]);
	}
	free(old);
}

/* --- changes by others -------------------------------------------------------------------------*/

/* The route or rule may be gone. Adding it again shows whether it is. */
static void check(struct held_route *held)
{
	if (!held->wanted || (held->untracked && held->added))
		return;
	held->recheck = true;
	held->foreign = false;
	if (!held->busy && held->err != 0 && held->engine->address_worker && may_add(held))
		give(held, ROUTE_ADD);
	else
		work_on(held);
}

static bool is_about(const struct held_route *held, const struct net_route *gone)
{
	const struct net_route *route = &held->job.route;

	if (!gone)
		return true;
	return !held->job.is_rule && route->table == gone->table &&
	       memcmp(&route->to, &gone->to, sizeof(route->to)) == 0;
}

static void check_all(struct engine *engine, const struct net_route *gone)
{
	struct route_set *set;

	EACH_SET(engine, set)
	{
		for (unsigned int i = 0; i < set->n; i++) {
			if (is_about(set->held[i], gone))
				check(set->held[i]);
		}
	}
}

/* route_gone_fn; ctx is the engine. */
static void on_gone(void *ctx, const struct net_route *route)
{
	check_all(ctx, route);
}

static void on_retry(struct loop_timer *timer)
{
	check_all(timer->ctx, NULL);
}

static bool any(struct engine *engine)
{
	struct route_set *set;

	EACH_SET(engine, set)
	{
		if (set->n > 0)
			return true;
	}
	return false;
}

void routes_on_network(struct engine *engine)
{
	struct mono due = mono_add(loop_now(engine->loop), SETTLE_NS);
	struct loop_timer *timer = &engine->route_retry;

	if (any(engine) && (timer->slot == 0 || mono_before(due, timer->due)))
		loop_arm(engine->loop, timer, due);
}

/* --- start and end ----------------------------------------------------------------------------*/

/* Adds `proto` to the `n` protocols, unless it is among them. Returns their new number, which is at
 * most ROUTE_WATCH_PROTOS + 1. */
static unsigned int note_proto(uint8_t *protos, unsigned int n, uint8_t proto)
{
	for (unsigned int i = 0; i < n; i++) {
		if (protos[i] == proto)
			return n;
	}
	if (n <= ROUTE_WATCH_PROTOS)
		protos[n++] = proto;
	return n;
}

void routes_configure(struct engine *engine)
{
	uint8_t protos[ROUTE_WATCH_PROTOS + 1] = {NET_ROUTE_PROTO};
	unsigned int n = 1;
	struct route_set *set;
	int err = 0;

	EACH_SET(engine, set)
	{
		for (unsigned int i = 0; i < set->n; i++) {
			if (!set->held[i]->job.is_rule)
				n = note_proto(protos, n, set->held[i]->job.route.proto);
		}
	}
	if (!any(engine)) {
		route_watch_destroy(engine->route_watch);
		engine->route_watch = NULL;
		return;
	}
	if (!engine->route_watch)
		engine->route_watch = route_watch_create(engine->loop, on_gone, engine);
	if (!engine->route_watch)
		err = -errno;
	else
		err = route_watch_filter(engine->route_watch, protos, n);
	if (err < 0)
		log_error("routes that others remove are not put back: %s", strerror(-err));
}

void routes_init(struct engine *engine)
{
	engine->route_retry =
	    (struct loop_timer){.fn = on_retry, .ctx = engine, .name = "route retry"};
}

bool routes_any_busy(struct engine *engine)
{
	struct route_set *set;

	EACH_SET(engine, set)
	{
		if (set->busy > 0)
			return true;
	}
	return engine->gone_routes != NULL;
}

void routes_finish(struct engine *engine)
{
	loop_disarm(engine->loop, &engine->route_retry);
	route_watch_destroy(engine->route_watch);
	engine->route_watch = NULL;
	while (engine->gone_routes)
		free_gone(engine->gone_routes);
}
