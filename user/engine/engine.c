// SPDX-License-Identifier: BSD-2-Clause
/*
 * Starts every part in the order that failover needs, runs the loop, and releases in the order that
 * loses no packet. Owns all the parts. The forker of runners is forked first, the kernel half is
 * loaded, privileges are dropped; threads come next, sessions are dialled, and only then does the
 * process become real-time.
 */
#include "engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "control/control_socket.h"
#include "core/addr.h"
#include "core/privileges.h"
#include "core/sd_notify.h"
#include "engine/engine_state.h"
#include "engine/init_files.h"
#include "engine/realtime.h"
#include "engine/reload.h"
#include "engine/startup_delay.h"

#define SESSION_GRACE_NS                                                                           \
	(5 * NS_PER_S)		      /* so long after start a missing session is no fault yet     \
				       */
#define LOW_PORTS_END 1024	      /* those below are for CAP_NET_BIND_SERVICE */
#define STOP_LIMIT_NS (10 * NS_PER_S) /* then we end without having been relieved */

int64_t engine_wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / NS_PER_MS;
}

/* --- stopping --- */

static bool all_stopped(const struct engine *engine)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (!in->stopped)
			return false;
	}
	return true;
}

static void on_stop_limit(struct loop_timer *timer)
{
	struct engine *engine = timer->ctx;

	log_warn("stop: nobody has taken over within %lld s, ending all the same",
		 (long long)(STOP_LIMIT_NS / NS_PER_S));
	engine->stop_overdue = true;
}

static void stop(struct engine *engine)
{
	struct instance *in;

	if (engine->stopping)
		return;
	log_info("stopping: handing over what is MASTER here");
	sd_notify_send("STOPPING=1");
	engine->stopping = true;
	loop_arm(engine->loop, &engine->stop_limit,
		 mono_add(loop_now(engine->loop), STOP_LIMIT_NS));
	ENGINE_EACH_INSTANCE (engine, in)
		instance_stop(in);
}

static void on_signal(struct loop_source *src, uint32_t ready)
{
	struct engine *engine = src->ctx;
	struct signalfd_siginfo info;

	(void)ready;
	while (read(src->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			stop(engine);
		else if (info.ssi_signo == SIGHUP)
			control_ask_reload(engine->ctl);
	}
}

/* --- events of the parts --- */

static void tell_link(void *ctx, const struct netlink_link *link)
{
	struct engine *engine = ctx;

	addresses_on_link(engine, link);
	checks_link(engine, link);
	links_report(engine, link);
}

static void on_link(void *ctx, const struct netlink_link *link)
{
	struct engine *engine = ctx;

	if (!link_delays_hold(&engine->link_delays, link))
		tell_link(engine, link);
}

/* An instance without a source address tries again with each one that appears. */
static void on_address(void *ctx, uint32_t ifindex, const struct ipprefix *prefix, bool gone)
{
	struct engine *engine = ctx;
	struct instance *in;

	if (gone)
		addresses_on_removed(engine, ifindex, prefix);
	ENGINE_EACH_INSTANCE (engine, in) {
		if (in->ifindex != ifindex)
			continue;
		if (gone)
			instance_source_gone(in, prefix);
		else
			instance_prepare(in, ifindex);
	}
}

static void on_session_grace(struct loop_timer *timer)
{
	struct engine *engine = timer->ctx;

	engine->sessions_awaited = false;
	for (unsigned int i = 0; i < engine->cfg->n_bgp; i++)
		announcer_on_sessions(engine->speakers[i], engine->speakers[i]->established);
}

static void on_watchdog(struct loop_timer *timer)
{
	struct engine *engine = timer->ctx;

	sd_notify_send("WATCHDOG=1");
	loop_arm(engine->loop, timer, mono_add(loop_now(engine->loop), sd_notify_watchdog_ns()));
}

/* --- starting --- */

static int allocate(struct engine *engine)
{
	const struct config *cfg = engine->cfg;
	unsigned int n_vips = 0;

	engine->speakers = calloc(cfg->n_bgp + 1, sizeof(*engine->speakers));
	engine->sockets = calloc(cfg->n_instances + 1, sizeof(*engine->sockets));
	engine->max_sockets = cfg->n_instances;
	for (unsigned int i = 0; i < cfg->n_instances; i++)
		n_vips += cfg->instances[i].n_vips + cfg->instances[i].announce.n_prefixes;
	engine->vips = calloc(n_vips + 1, sizeof(*engine->vips));
	if (!engine->speakers || !engine->sockets || !engine->vips)
		return -ENOMEM;
	for (unsigned int i = 0; i < cfg->n_instances; i++) {
		if (!instance_create(engine, &cfg->instances[i]))
			return -ENOMEM;
	}
	return sync_groups_init(engine);
}

static int open_signals(struct engine *engine)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGPIPE); /* EPIPE says it all */
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	engine->signal_source =
	    (struct loop_source){.fd = fd, .fn = on_signal, .ctx = engine, .name = "signal"};
	return loop_add(engine->loop, &engine->signal_source, EPOLLIN);
}

static void count_vip(struct engine *engine, const struct ipaddr *address)
{
	char text[IPADDR_TEXT];
	uint32_t vip;
	int err;

	for (unsigned int i = 0; i < engine->n_vips; i++) {
		if (ipaddr_equal(&engine->vips[i].address, address))
			return;
	}
	err = datapath_add_vip(engine->dp, address, &vip);
	if (err < 0)
		log_warn("traffic of %s is not counted: %s", ipaddr_format(address, text),
			 strerror(-err));
	else
		engine->vips[engine->n_vips++] = (struct counted_vip){*address, vip};
}

/* The shared addresses whose traffic is counted: host addresses that are held or announced. */
static void count_vips(struct engine *engine)
{
	for (unsigned int i = 0; i < engine->cfg->n_instances; i++) {
		const struct cfg_instance *cfg = &engine->cfg->instances[i];

		for (unsigned int k = 0; k < cfg->n_vips; k++)
			count_vip(engine, &cfg->vips[k].prefix.addr);
		for (unsigned int k = 0; k < cfg->announce.n_prefixes; k++) {
			const struct ipprefix *p = &cfg->announce.prefixes[k];

			if (p->len == (ipaddr_is_v4(&p->addr) ? 32 : 128))
				count_vip(engine, &p->addr);
		}
	}
}

/* Programs are loaded, and attached where they belong, while we may do anything. */
static int load_datapath(struct engine *engine)
{
	struct datapath_options opt = {
	    .name = engine->opt->name,
	    .forbid_xdp = engine->opt->forbid_xdp,
	    .force_raw = engine->opt->force_raw,
	    .force_timerfd = engine->opt->no_bpf_timer,
	    .keep = true,
	};

	engine->dp = datapath_open(engine->loop, &opt, instance_on_event, engine);
	if (!engine->dp)
		return -errno;
	for (unsigned int i = 0; i < engine->cfg->n_instances; i++) {
		uint32_t ifindex = if_nametoindex(engine->cfg->instances[i].interface);

		if (ifindex != 0) /* a failure shows again when the instance is prepared */
			datapath_attach_interface(engine->dp, ifindex);
	}
	return 0;
}

static int open_network(struct engine *engine)
{
	int err;

	count_vips(engine);
	link_delays_init(&engine->link_delays, engine->loop, tell_link, engine);
	link_delays_set(&engine->link_delays, engine->cfg);
	engine->nl = netlink_open(engine->loop, on_link, engine);
	if (!engine->nl)
		return -errno;
	netlink_watch_addresses(engine->nl, on_address);
	links_init(engine);
	err = netlink_sync(engine->nl);
	links_flush(engine);
	return err;
}

static bool listens_low(const struct config *cfg)
{
	for (unsigned int i = 0; i < cfg->n_bgp; i++) {
		const struct cfg_bgp *bgp = &cfg->bgp[i];

		for (unsigned int k = 0; k < bgp->n_neighbors; k++) {
			const struct cfg_neighbor *n = &bgp->neighbors[k];

			if ((n->passive || n->listen) && n->port < LOW_PORTS_END)
				return true;
		}
	}
	return false;
}

/* A reload reads the file once more. */
static int drop_privileges(struct engine *engine)
{
	int err = privileges_drop_engine(CONTROL_GROUP, listens_low(engine->cfg));

	if (err < 0)
		log_error("cannot drop privileges: %s", strerror(-err));
	else if (faccessat(AT_FDCWD, engine->opt->config_path, R_OK, AT_EACCESS) < 0)
		log_warn("%s: a reload cannot read it (%s), as it runs without root's "
			 "privileges: make it root's, in a directory open to root",
			 engine->opt->config_path, strerror(errno));
	return err;
}

/* router_id of the file, or the first global IPv4 address of an interface that announces through
 * `bgp`. */
static uint32_t router_id(struct engine *engine, const struct config *cfg, unsigned int bgp)
{
	struct ipaddr a;

	if (cfg->bgp[bgp].router_id != 0)
		return cfg->bgp[bgp].router_id;
	for (unsigned int i = 0; i < cfg->n_instances; i++) {
		uint32_t ifindex = cfg->instances[i].announce.bgp != (int)bgp
				       ? 0
				       : if_nametoindex(cfg->instances[i].interface);

		if (ifindex != 0 && netlink_first_address(engine->nl, ifindex, 4, &a) == 0)
			return (uint32_t)a.b[12] << 24 | (uint32_t)a.b[13] << 16 |
			       (uint32_t)a.b[14] << 8 | a.b[15];
	}
	return 0;
}

struct speaker *speaker_create(struct engine *engine, const struct config *config,
			       unsigned int index)
{
	const struct cfg_bgp *cfg = &config->bgp[index];
	uint32_t id = router_id(engine, config, index);
	struct speaker *speaker;

	if (id == 0) {
		log_error("bgp_instance %s: no router_id is given and its interfaces have no IPv4 "
			  "address: write router_id",
			  cfg->name);
		errno = EADDRNOTAVAIL;
		return NULL;
	}
	speaker = calloc(1, sizeof(*speaker)); /* owner: engine->speakers */
	if (!speaker)
		return NULL;
	speaker->engine = engine;
	speaker->cfg = cfg;
	speaker->sp = bgp_speaker_create(engine->loop, cfg, id, announcer_on_sessions, speaker);
	if (!speaker->sp) {
		free(speaker);
		return NULL;
	}
	rivals_begin(speaker);
	bgp_speaker_listen(speaker->sp, engine->listener);
	return speaker;
}

void speaker_destroy(struct speaker *speaker, const char *why)
{
	if (!speaker)
		return;
	rivals_end(speaker);
	bgp_speaker_shutdown(speaker->sp, why);
	bgp_speaker_destroy(speaker->sp);
	free(speaker);
}

static int start_speakers(struct engine *engine)
{
	engine->listener = bgp_listener_create(engine->loop);
	if (!engine->listener)
		return -errno;
	for (unsigned int i = 0; i < engine->cfg->n_bgp; i++) {
		engine->speakers[i] = speaker_create(engine, engine->cfg, i);
		if (!engine->speakers[i])
			return -errno;
	}
	return 0;
}

void engine_await_sessions(struct engine *engine)
{
	engine->sessions_awaited = true;
	loop_arm(engine->loop, &engine->session_grace,
		 mono_add(loop_now(engine->loop), SESSION_GRACE_NS));
}

static void start_timers(struct engine *engine)
{
	struct mono now = loop_now(engine->loop);

	engine->stop_limit =
	    (struct loop_timer){.fn = on_stop_limit, .ctx = engine, .name = "stop limit"};
	engine->session_grace =
	    (struct loop_timer){.fn = on_session_grace, .ctx = engine, .name = "session grace"};
	engine->watchdog =
	    (struct loop_timer){.fn = on_watchdog, .ctx = engine, .name = "watchdog"};
	engine_await_sessions(engine);
	if (sd_notify_watchdog_ns() > 0)
		loop_arm(engine->loop, &engine->watchdog, mono_add(now, sd_notify_watchdog_ns()));
}

/* In the control thread. */
static void on_answered(void *ctx, struct control_request *req)
{
	drain_keep(ctx, req);
}

static int start_control(struct engine *engine)
{
	struct status_limits limits;

	snapshot_limits(engine, &limits);
	engine->ctl =
	    control_create(engine->loop, engine->opt->run_dir, &limits, requests_handle, engine);
	if (!engine->ctl)
		return -errno;
	engine->loader = (struct control_loader){
	    .load = reload_load, .drop = reload_drop, .keep = on_answered, .ctx = engine};
	control_set_loader(engine->ctl, &engine->loader);
	control_keep(engine->ctl, engine->record_path);
	return 0;
}

static int start(struct engine *engine)
{
	int err = allocate(engine);
	struct instance *in;

	init_files(engine->cfg, NULL);
	if (err == 0)
		err = checks_init(engine); /* forks the runner: before everything else */
	if (err == 0)
		err = open_signals(engine); /* before threads, which inherit the mask */
	if (err == 0)
		err = load_datapath(engine);
	if (err == 0)
		err = drop_privileges(engine); /* likewise what they may do */
	if (err == 0)
		err = log_start_writer();
	if (err == 0)
		err = recording_open(engine);
	if (err == 0)
		drain_open(engine);
	if (err == 0)
		err = addresses_init(engine);
	if (err == 0)
		err = open_network(engine);
	if (err == 0)
		err = start_control(engine);
	if (err == 0)
		err = refusals_start(engine->dp, &engine->refusals);
	if (err == 0)
		err = start_speakers(engine);
	if (err == 0)
		err = checks_start(engine);
	if (err < 0)
		return err;
	if (!engine->opt->no_realtime) {
		int priority = realtime_enter(&engine->cfg->globals);

		address_worker_hurry(engine->address_worker, priority > 1 ? priority - 1 : 1);
	}
	start_timers(engine);
	checks_links_told(engine);
	for (unsigned int i = 0; i < engine->cfg->n_bgp; i++)
		announcer_on_sessions(engine->speakers[i], engine->speakers[i]->established);
	refusals_tell_unknown(engine->refusals, engine->cfg->globals.log_unknown_vrids);
	startup_delay_begin(engine);
	ENGINE_EACH_INSTANCE (engine, in)
		instance_start(in);
	return 0;
}

/* In the reverse order of start(); every part may be missing. */
static void finish(struct engine *engine)
{
	struct instance *in;

	control_destroy(engine->ctl);
	engine->ctl = NULL; /* addresses are still being removed, and recorded */
	reload_abort(engine);
	refusals_stop(engine->refusals);
	for (unsigned int i = 0; engine->speakers && i < engine->cfg->n_bgp; i++)
		speaker_destroy(engine->speakers[i], "holdfastd is stopping");
	bgp_listener_destroy(engine->listener);
	addresses_finish(engine);
	checks_stop(engine);
	recording_close(engine);
	link_delays_stop(&engine->link_delays);
	netlink_close(engine->nl);
	datapath_close(engine->dp);
	for (unsigned int i = 0; i < engine->n_sockets; i++)
		close(engine->sockets[i].fd);
	ENGINE_EACH_INSTANCE (engine, in)
		instance_destroy(in);
	if (engine->signal_source.fd >= 0)
		close(engine->signal_source.fd);
	free(engine->speakers);
	checks_free(engine->checks, engine->n_checks);
	sync_groups_free(engine->groups, engine->cfg->n_groups);
	fifos_free(engine->fifos);
	free(engine->sockets);
	free(engine->vips);
	config_free(engine->cfg);
	loop_destroy(engine->loop);
	log_stop_writer();
}

static bool speakers_closed(const struct engine *engine)
{
	for (unsigned int i = 0; i < engine->cfg->n_bgp; i++) {
		if (!bgp_speaker_is_closed(engine->speakers[i]->sp))
			return false;
	}
	return true;
}

/* Until everything is released, then until every neighbor has been told that we go. */
static int run(struct engine *engine)
{
	int err = 0;

	while (err == 0 && !engine->stop_overdue && !(engine->stopping && all_stopped(engine)))
		err = loop_turn(engine->loop, -1);
	for (unsigned int i = 0; i < engine->cfg->n_bgp; i++)
		bgp_speaker_shutdown(engine->speakers[i]->sp, "holdfastd is stopping");
	while (err == 0 && !speakers_closed(engine))
		err = loop_turn(engine->loop, -1);
	return err;
}

int engine_run(struct config *cfg, const struct engine_options *opt)
{
	struct engine engine = {.cfg = cfg, .opt = opt, .runner_fd = -1, .forker_fd = -1};
	int err;

	engine.signal_source.fd = engine.runner_source.fd = engine.forker_source.fd = -1;
	realtime_raise_files();
	realtime_return_memory();
	engine.loop = loop_create();
	if (!engine.loop) {
		config_free(cfg);
		return -errno;
	}
	engine.started_at = loop_now(engine.loop);
	err = start(&engine);
	if (err < 0) {
		log_error("cannot start: %s", strerror(-err));
	} else {
		sd_notify_send("READY=1");
		if (opt->ready)
			opt->ready(opt->ctx);
		err = run(&engine);
	}
	finish(&engine);
	return err;
}
