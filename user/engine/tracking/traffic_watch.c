// SPDX-License-Identifier: BSD-2-Clause
/*
 * The thread of the traffic checks. The thread owns the samples. The engine knows which addresses
 * are claimed. A mutex with priority inheritance protects what both read.
 *
 * Rejected: a timer of the engine's loop, which would wake the loop forty times a second without
 * need. Rejected: waiting in the loop for the end of the thread when a reload replaces it, because
 * a busy host may delay an ordinary thread for a long time. So the thread of the old configuration
 * ends by itself, and is joined later.
 */
#include "engine/tracking/traffic_watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/addr.h"
#include "core/log.h"
#include "datapath/datapath.h"
#include "engine/instance/instance.h"
#include "engine/state.h"
#include "engine/tracking/check_results.h"

#define THREAD_STACK (128 * 1024)

/* One address of one check. */
struct watched {
	struct ipaddr address;
	struct owner_of_it {	       /* an instance that has the address */
		unsigned int instance; /* index into config.instances */
		bool claimed;
	} * owners; /* owner: this */
	unsigned int n_owners;
	atomic_bool serves;	  /* an owner has claimed the address, or it has no owner */
	struct hf_conn_key *keys; /* one for each port; owner: this */
	unsigned int n_keys;
};

struct traffic_check {
	struct traffic_cfg rules;
	struct watched *addresses; /* owner: this */
	unsigned int n_addresses;
	atomic_uint claims;	  /* counts the changes of `serves` */
	unsigned int claims_seen; /* the value of `claims` at the last look; only for the thread */
	struct mono next_look;
	/* The members below are protected by the mutex. */
	struct traffic_fsm fsm;
	struct traffic_count total, begun; /* all counts; all counts when the watch began */
	bool has_begun;
	bool news; /* the engine has not been told the members below */
	enum health_state state;
	enum traffic_verdict verdict;
	struct traffic_count window;
};

struct traffic_watch {
	struct traffic_check *checks; /* owner: this */
	unsigned int n_checks;
	struct engine *engine;
	struct loop_source source; /* an eventfd, written when there are news */
	int stop_fd;
	bool listens, started;
	pthread_t thread;
	pthread_mutex_t mutex;
};

/* --- creating and destroying -------------------------------------------------------------------*/

static int find_owners(const struct config *cfg, struct watched *one)
{
	one->owners = calloc(cfg->n_instances + 1, sizeof(*one->owners));
	if (!one->owners)
		return -ENOMEM;
	for (unsigned int i = 0; i < cfg->n_instances; i++) {
		if (cfg_instance_has_address(&cfg->instances[i], &one->address))
			one->owners[one->n_owners++].instance = i;
	}
	atomic_store(&one->serves, one->n_owners == 0);
	return 0;
}

static int fill_check(const struct config *cfg, const struct cfg_traffic *from,
		      struct traffic_check *check)
{
	unsigned int ports = from->n_ports > 0 ? from->n_ports : 1;
	int err = 0;

	check->rules = from->rules;
	check->addresses = calloc(from->n_addresses + 1, sizeof(*check->addresses));
	for (unsigned int i = 0; check->addresses && i < from->n_addresses && err == 0; i++) {
		struct watched *one = &check->addresses[check->n_addresses++];

		one->address = from->addresses[i];
		one->n_keys = ports;
		one->keys = calloc(ports, sizeof(*one->keys));
		if (!one->keys)
			return -ENOMEM;
		for (unsigned int k = 0; k < from->n_ports; k++)
			one->keys[k].port_be = htons(from->ports[k]);
		err = find_owners(cfg, one);
	}
	return check->addresses ? err : -ENOMEM;
}

static void init_lock(struct traffic_watch *watch)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&watch->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
}

struct traffic_watch *traffic_watch_create(const struct config *cfg)
{
	struct traffic_watch *watch = calloc(1, sizeof(*watch)); /* owner: the caller */

	if (!watch)
		return NULL;
	init_lock(watch);
	watch->stop_fd = watch->source.fd = -1;
	watch->checks = calloc(cfg->n_traffic + 1, sizeof(*watch->checks));
	while (watch->checks && watch->n_checks < cfg->n_traffic) {
		unsigned int i = watch->n_checks++;

		if (fill_check(cfg, &cfg->traffic[i], &watch->checks[i]) < 0)
			break;
		if (watch->n_checks == cfg->n_traffic)
			return watch;
	}
	if (watch->checks && cfg->n_traffic == 0)
		return watch;
	traffic_watch_destroy(watch);
	return NULL;
}

void traffic_watch_destroy(struct traffic_watch *watch)
{
	if (!watch)
		return;
	traffic_watch_stop(watch);
	if (watch->started)
		pthread_join(watch->thread, NULL);
	if (watch->stop_fd >= 0)
		close(watch->stop_fd);
	if (watch->source.fd >= 0)
		close(watch->source.fd);
	for (unsigned int i = 0; i < watch->n_checks; i++) {
		struct traffic_check *check = &watch->checks[i];

		for (unsigned int k = 0; k < check->n_addresses; k++) {
			free(check->addresses[k].owners);
			free(check->addresses[k].keys);
		}
		free(check->addresses);
	}
	free(watch->checks);
	pthread_mutex_destroy(&watch->mutex);
	free(watch);
}

static void continue_check(struct traffic_check *now, struct traffic_check *was, bool changed)
{
	if (!changed) {
		now->fsm = was->fsm;
		now->begun = was->begun;
		now->has_begun = was->has_begun;
	}
	now->fsm.state = was->fsm.state;
	now->fsm.judged_at = was->fsm.judged_at;
	now->news = was->news;
	now->state = was->state;
	now->verdict = was->verdict;
	now->window = was->window;
}

void traffic_watch_continue(struct traffic_watch *watch, struct traffic_watch *was,
			    const struct config_diff *diff)
{
	pthread_mutex_lock(&was->mutex);
	for (unsigned int i = 0; i < watch->n_checks; i++) {
		int at = diff->traffic[i].was;

		if (at >= 0)
			continue_check(&watch->checks[i], &was->checks[at],
				       diff->traffic[i].changed);
	}
	pthread_mutex_unlock(&was->mutex);
}

/* --- the thread ---*/

static void add_count(struct traffic_count *sum, const struct hf_conn *conn)
{
	sum->syn += conn->syn;
	sum->answered += conn->syn_ack;
	sum->refused += conn->refused;
	sum->reset += conn->reset;
}

/* Reads all counts, and the part of them that came to addresses that this node serves. */
static void read_counts(struct traffic_watch *watch, const struct traffic_check *check,
			struct traffic_count *all, struct traffic_count *served)
{
	*all = *served = (struct traffic_count){0};
	for (unsigned int i = 0; i < check->n_addresses; i++) {
		const struct watched *one = &check->addresses[i];

		for (unsigned int k = 0; k < one->n_keys; k++) {
			struct hf_conn conn;

			if (datapath_conn(watch->engine->dp, &one->keys[k], &conn) < 0)
				continue;
			add_count(all, &conn);
			if (atomic_load(&one->serves))
				add_count(served, &conn);
		}
	}
}

/* Reads and judges one check. True if the engine must be told. */
static bool look_at(struct traffic_watch *watch, struct traffic_check *check, struct mono now)
{
	unsigned int claims = atomic_load(&check->claims);
	enum traffic_verdict verdict;
	struct traffic_count all, served;
	bool news;

	read_counts(watch, check, &all, &served);
	pthread_mutex_lock(&watch->mutex);
	if (!check->has_begun)
		check->begun = all;
	check->has_begun = true;
	check->total = all;
	if (claims != check->claims_seen)
		traffic_pause(&check->fsm);
	check->claims_seen = claims;
	news = traffic_look(&check->rules, &check->fsm, now, &served, &verdict);
	if (news) {
		check->news = true;
		check->state = check->fsm.state;
		check->verdict = verdict;
		check->window = check->fsm.window;
	}
	pthread_mutex_unlock(&watch->mutex);
	return news;
}

/* Looks at the checks that are due. Returns the milliseconds until the next look. */
static int look(struct traffic_watch *watch)
{
	struct mono now = loop_clock(), next = MONO_NEVER;
	bool news = false;
	int64_t wait_ns;

	for (unsigned int i = 0; i < watch->n_checks; i++) {
		struct traffic_check *check = &watch->checks[i];
		int64_t tick_ns = check->rules.window_ns / TRAFFIC_TICKS;

		if (!mono_before(now, check->next_look)) {
			news |= look_at(watch, check, now);
			check->next_look = mono_add(check->next_look, tick_ns);
			if (mono_before(check->next_look, now))
				check->next_look = mono_add(now, tick_ns);
		}
		next = mono_earliest(next, check->next_look);
	}
	if (news)
		eventfd_write(watch->source.fd, 1);
	wait_ns = mono_diff_ns(next, loop_clock());
	return wait_ns > 0 ? (int)(wait_ns / NS_PER_MS) + 1 : 1;
}

static void *run(void *arg)
{
	struct traffic_watch *watch = arg;
	struct pollfd stop = {.fd = watch->stop_fd, .events = POLLIN};
	int wait_ms = 0;

	while (poll(&stop, 1, wait_ms) <= 0)
		wait_ms = look(watch);
	return NULL;
}

/* --- the loop's side ---*/

static bool take_news(struct traffic_watch *watch, unsigned int i, struct traffic_judged *out)
{
	struct traffic_check *check = &watch->checks[i];
	bool news;

	pthread_mutex_lock(&watch->mutex);
	news = check->news;
	check->news = false;
	*out = (struct traffic_judged){&check->rules, check->state, check->verdict, check->window};
	pthread_mutex_unlock(&watch->mutex);
	return news;
}

static void on_news(struct loop_source *src, uint32_t ready)
{
	struct traffic_watch *watch = src->ctx;
	struct traffic_judged judged;
	eventfd_t count;

	(void)ready;
	eventfd_read(src->fd, &count);
	for (unsigned int i = 0; i < watch->n_checks; i++) {
		if (take_news(watch, i, &judged))
			check_results_judged(watch->engine, i, &judged);
	}
}

static unsigned int count_keys(const struct traffic_watch *watch)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < watch->n_checks; i++) {
		for (unsigned int k = 0; k < watch->checks[i].n_addresses; k++)
			n += watch->checks[i].addresses[k].n_keys;
	}
	return n;
}

/* Stores the number of the address in its keys. The data path counts the address already. 0 or
 * -errno. */
static int number_keys(struct traffic_watch *watch, struct watched *one)
{
	uint32_t vip;
	int err = datapath_add_vip(watch->engine->dp, &one->address, &vip);

	for (unsigned int i = 0; i < one->n_keys && err == 0; i++)
		one->keys[i].vip = vip;
	return err;
}

static int count_connections(struct traffic_watch *watch)
{
	/* owner: here */
	struct hf_conn_key *all = calloc(count_keys(watch) + 1, sizeof(*all));
	unsigned int n = 0;
	int err = all ? 0 : -ENOMEM;

	for (unsigned int i = 0; i < watch->n_checks && err == 0; i++) {
		const struct traffic_check *check = &watch->checks[i];

		for (unsigned int k = 0; k < check->n_addresses && err == 0; k++) {
			struct watched *one = &check->addresses[k];

			err = number_keys(watch, one);
			memcpy(all + n, one->keys, one->n_keys * sizeof(*all));
			n += one->n_keys;
		}
	}
	if (err == 0)
		err = datapath_set_conns(watch->engine->dp, all, n);
	free(all);
	return err;
}

static int start_thread(struct traffic_watch *watch)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, THREAD_STACK);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = -pthread_create(&watch->thread, &attr, run, watch);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (err == 0)
		pthread_setname_np(watch->thread, "traffic");
	watch->started = err == 0;
	return err;
}

static int open_watch(struct traffic_watch *watch)
{
	struct engine *engine = watch->engine;
	int err;

	watch->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	watch->source = (struct loop_source){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
					     .fn = on_news,
					     .ctx = watch,
					     .name = "traffic checks"};
	if (watch->stop_fd < 0 || watch->source.fd < 0)
		return -errno;
	err = loop_add(engine->loop, &watch->source, EPOLLIN);
	watch->listens = err == 0;
	return err ? err : start_thread(watch);
}

void traffic_watch_attach(struct engine *engine)
{
	for (unsigned int i = 0; i < engine->cfg->n_traffic; i++) {
		const struct cfg_traffic *cfg = &engine->cfg->traffic[i];

		for (unsigned int k = 0; k < cfg->n_links; k++) {
			uint32_t ifindex = if_nametoindex(cfg->links[k].name);

			if (ifindex != 0) /* otherwise it is attached when it appears */
				datapath_attach_interface(engine->dp, ifindex);
		}
	}
}

void traffic_watch_start(struct engine *engine)
{
	struct traffic_watch *watch = engine->traffic;
	struct instance *in;
	int err;

	watch->engine = engine;
	traffic_watch_attach(engine);
	ENGINE_EACH_INSTANCE (engine, in) {
		if (in->fsm.claimed)
			traffic_watch_claims(
			    watch, (unsigned int)(in->cfg - engine->cfg->instances), true);
	}
	err = count_connections(watch);
	if (err == 0 && watch->n_checks > 0)
		err = open_watch(watch);
	if (err < 0 && watch->n_checks > 0)
		log_error(
		    "vrrp_traffic_check: connections are not counted, so no check becomes bad: %s",
		    err == -EOPNOTSUPP ? "the data path is raw" : strerror(-err));
}

void traffic_watch_stop(struct traffic_watch *watch)
{
	if (!watch || !watch->listens)
		return;
	watch->listens = false;
	loop_remove(watch->engine->loop, &watch->source);
	eventfd_write(watch->stop_fd, 1);
}

void traffic_watch_claims(struct traffic_watch *watch, unsigned int index, bool claimed)
{
	for (unsigned int i = 0; watch && i < watch->n_checks; i++) {
		struct traffic_check *check = &watch->checks[i];

		for (unsigned int k = 0; k < check->n_addresses; k++) {
			struct watched *one = &check->addresses[k];
			bool serves = one->n_owners == 0;

			for (unsigned int o = 0; o < one->n_owners; o++) {
				if (one->owners[o].instance == index)
					one->owners[o].claimed = claimed;
				serves |= one->owners[o].claimed;
			}
			if (atomic_exchange(&one->serves, serves) != serves)
				atomic_fetch_add(&check->claims, 1);
		}
	}
}

void traffic_watch_figures(struct traffic_watch *watch, unsigned int index,
			   struct traffic_figures *out)
{
	const struct traffic_check *check = &watch->checks[index];

	pthread_mutex_lock(&watch->mutex);
	out->rules = check->rules;
	out->window = check->fsm.window;
	out->total = (struct traffic_count){
	    check->total.syn - check->begun.syn, check->total.answered - check->begun.answered,
	    check->total.refused - check->begun.refused, check->total.reset - check->begun.reset};
	pthread_mutex_unlock(&watch->mutex);
}
