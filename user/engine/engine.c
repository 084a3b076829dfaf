// SPDX-License-Identifier: BSD-2-Clause
/*
 * Starts every part in the order that failover needs, runs the loop, and releases in the order that
 * loses no packet. Owns all the parts. The order of the start: fork the runner supervisor, load the
 * kernel half, drop privileges, start threads, open sessions, and only then enter the real-time
 * class.
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
#include "core/confine.h"
#include "core/log.h"
#include "core/privileges.h"
#include "core/sd_notify.h"
#include "datapath/datapath.h"
#include "datapath/sbfd.h"
#include "engine/group/sync_group.h"
#include "engine/host/init_files.h"
#include "engine/instance/addresses.h"
#include "engine/instance/attachment.h"
#include "engine/instance/bfd_clients.h"
#include "engine/instance/executor.h"
#include "engine/instance/found_neighbors.h"
#include "engine/instance/routes.h"
#include "engine/instance/speakers.h"
#include "engine/instance/statics.h"
#include "engine/instance/vmac.h"
#include "engine/status/counted_vips.h"
#include "engine/observe/old_master.h"
#include "engine/peer/reports.h"
#include "engine/observe/recording.h"
#include "engine/observe/refusals.h"
#include "engine/status/service_status.h"
#include "engine/status/snapshot.h"
#include "engine/peer/bfd_sessions.h"
#include "engine/realtime.h"
#include "engine/reload/reload.h"
#include "engine/peer/life.h"
#include "engine/requests.h"
#include "engine/runner_events.h"
#include "engine/service/service.h"
#include "engine/status/running_config.h"
#include "engine/startup_delay.h"
#include "engine/tracking/check_results.h"
#include "engine/tracking/checks.h"
#include "engine/tracking/links.h"
#include "engine/tracking/stale.h"
#include "engine/tracking/tracking.h"
#include "engine/tracking/traffic_watch.h"
#include "kernel/address_worker.h"
#include "kernel/netlink.h"
#include "runner/supervisor.h"
#include "speaker/bgp_listen.h"

#define LOW_PORTS_END 1024	      /* a lower port needs CAP_NET_BIND_SERVICE */
#define STOP_LIMIT_NS (10 * NS_PER_S) /* then the daemon ends even without a successor */

/* --- stopping --- */

static bool all_stopped(const struct engine *engine)
{
	struct service *svc;
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (!in->stopped)
			return false;
	}
	ENGINE_EACH_SERVICE (engine, svc) {
		if (!service_is_stopped(svc))
			return false;
	}
	return true;
}

static void on_stop_limit(struct loop_timer *timer)
{
	struct engine *engine = timer->ctx;

	log_warn("stop: no node has taken over within %lld s; ending nevertheless",
		 (long long)(STOP_LIMIT_NS / NS_PER_S));
	engine->stop_overdue = true;
}

static void stop(struct engine *engine)
{
	struct service *svc;
	struct instance *in;

	if (engine->stopping)
		return;
	log_info("stopping: handing over what is MASTER here");
	sd_notify_send("STOPPING=1");
	engine->stopping = true;
	loop_arm(engine->loop, &engine->stop_limit,
		 mono_add(loop_now(engine->loop), STOP_LIMIT_NS));
	ENGINE_EACH_INSTANCE (engine, in)
		inbox_post(&in->event, NEWS_STOP);
	ENGINE_EACH_SERVICE (engine, svc)
		service_stop(svc);
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
	vmacs_on_link(engine, link);
	found_neighbors_on_network(engine);
	tracking_link(engine, link);
	links_report(engine, link);
}

static void on_link(void *ctx, const struct netlink_link *link)
{
	struct engine *engine = ctx;

	routes_on_network(engine);
	if (!link_delays_hold(&engine->link_delays, link))
		tell_link(engine, link);
}

/* An instance without a source address tries again when an address appears. An instance whose
 * source address is removed looks for another one. */
static void on_address(void *ctx, uint32_t ifindex, const struct ipprefix *prefix, bool gone)
{
	struct engine *engine = ctx;
	struct instance *in;

	found_neighbors_on_network(engine);
	if (gone) {
		addresses_on_removed(engine, ifindex, prefix);
		routes_on_network(engine);
	} else {
		addresses_on_added(engine, ifindex, prefix);
	}
	ENGINE_EACH_INSTANCE (engine, in) {
		if (instance_minds_address(in, ifindex, prefix, gone))
			inbox_post(&in->event, NEWS_SOURCE);
	}
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

	engine->speakers = calloc(cfg->n_bgp + 1, sizeof(*engine->speakers));
	engine->vips = counted_vips_create(cfg);
	engine->services = calloc(cfg->n_services + 1, sizeof(*engine->services));
	engine->traffic = traffic_watch_create(cfg);
	if (socket_pool_create(&engine->sockets, cfg_count_sockets(cfg)) < 0)
		return -ENOMEM;
	if (!engine->speakers || !engine->vips || !engine->services ||
	    !engine->traffic)
		return -ENOMEM;
	for (unsigned int i = 0; i < cfg->n_instances; i++) {
		if (!instance_create(engine, &cfg->instances[i]))
			return -ENOMEM;
	}
	for (unsigned int i = 0; i < cfg->n_services; i++) {
		engine->services[i] = service_create(engine, &cfg->services[i]);
		if (!engine->services[i])
			return -ENOMEM;
	}
	if (statics_create(engine) < 0)
		return -ENOMEM;
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
	sigaddset(&set, SIGPIPE); /* EPIPE is reported instead */
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	engine->signal_source =
	    (struct loop_source){.fd = fd, .fn = on_signal, .ctx = engine, .name = "signal"};
	return loop_add(engine->loop, &engine->signal_source, EPOLLIN);
}

static void count_vips(struct engine *engine)
{
	const struct counted_vip *first = NULL;
	char text[IPADDR_TEXT];
	unsigned int n = 0;
	int err = 0;

	for (unsigned int i = 0; i < engine->vips->n; i++) {
		struct counted_vip *one = &engine->vips->all[i];
		int ret = datapath_add_vip(engine->dp, &one->address, &one->vip);

		if (ret >= 0 || n++ > 0)
			continue;
		first = one;
		err = ret;
	}
	if (first)
		log_warn("traffic of %s and %u more is not counted: %s",
			 ipaddr_format(&first->address, text), n - 1, strerror(-err));
}

/* Loads and attaches the programs. This needs privileges that are dropped later. */
static int load_datapath(struct engine *engine)
{
	struct datapath_options opt = {
	    .name = engine->opt->name,
	    .forbid_xdp = engine->opt->forbid_xdp,
	    .force_raw = engine->opt->force_raw,
	    .force_timerfd = engine->opt->no_bpf_timer,
	    .keep = true,
	};

	engine->dp = datapath_open(engine->loop, &opt, instance_on_event);
	if (!engine->dp)
		return -errno;
	for (unsigned int i = 0; i < engine->cfg->n_instances; i++) {
		uint32_t ifindex = if_nametoindex(engine->cfg->instances[i].interface);

		if (ifindex != 0 && engine->cfg->instances[i].sbfd.on)
			datapath_reflect(engine->dp, ifindex);
		if (ifindex != 0) /* instance_prepare() reports a failure */
			datapath_attach_interface(engine->dp, ifindex);
	}
	traffic_watch_attach(engine);
	return 0;
}

static int open_network(struct engine *engine)
{
	int err;

	count_vips(engine);
	link_delays_init(&engine->link_delays, engine->loop, tell_link, engine);
	link_delays_set(&engine->link_delays, engine->cfg);
	engine->nl = netlink_watch_create(engine->loop, on_link, on_address, engine);
	if (!engine->nl)
		return -errno;
	err = netlink_sync(engine->nl);
	netlink_watch_by(engine->nl, address_worker_thread(engine->address_worker));
	routes_configure(engine);
	addresses_tell_left(engine);
	statics_start(engine);
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

/* Gives the S-BFD gate map to the supervisor, which outlives the engine and then closes the gate.
 * In raw mode there is no map to give. */
static void give_gate(const struct engine *engine)
{
	int gate_fd = datapath_sbfd_gate_fd(engine->dp), err = 0;

	if (gate_fd >= 0 && engine->runner.supervisor_fd >= 0)
		err = supervisor_give_gate(engine->runner.supervisor_fd, gate_fd);
	if (err < 0)
		log_warn("the S-BFD gate closes only after its timeout when the daemon dies: %s",
			 strerror(-err));
}

/* Warns if a reload could not read the configuration file afterwards. */
static int drop_privileges(struct engine *engine)
{
	int err = privileges_drop_engine(CONTROL_GROUP, listens_low(engine->cfg));
	int confined = err < 0 ? 0 : confine(CONFINE_ENGINE);

	if (confined < 0)
		log_warn("system calls are not filtered: %s", strerror(-confined));
	if (err < 0)
		log_error("cannot drop privileges: %s", strerror(-err));
	else if (faccessat(AT_FDCWD, engine->opt->config_path, R_OK, AT_EACCESS) < 0)
		log_warn("%s: a reload cannot read it (%s), as it runs without root's "
			 "privilege to read any file: let root own it, in a directory that root "
			 "may read",
			 engine->opt->config_path, strerror(errno));
	return err;
}

static void start_timers(struct engine *engine)
{
	struct mono now = loop_now(engine->loop);

	engine->stop_limit =
	    (struct loop_timer){.fn = on_stop_limit, .ctx = engine, .name = "stop limit"};
	engine->watchdog =
	    (struct loop_timer){.fn = on_watchdog, .ctx = engine, .name = "watchdog"};
	speakers_await_sessions(engine);
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
	engine->loader =
	    (struct control_loader){.load = reload_load,
				    .drop = reload_drop,
				    .show = running_config_show,
				    .keep = on_answered,
				    .late = reload_late,
				    .tell = sd_notify_is_on() ? service_status_tell : NULL,
				    .ctx = engine};
	control_set_loader(engine->ctl, &engine->loader);
	control_keep(engine->ctl, engine->record_path);
	return 0;
}

static int start(struct engine *engine)
{
	int err;

	executor_init(engine);
	err = allocate(engine);
	init_files(engine->cfg, NULL);
	if (err == 0)
		err = runner_events_start(engine);
	if (err == 0)
		err = open_signals(engine); /* before threads, which inherit the mask */
	if (err == 0)
		err = load_datapath(engine);
	if (err == 0)
		give_gate(engine);
	if (err == 0)
		err = drop_privileges(engine); /* before threads, which inherit the privileges */
	if (err == 0)
		err = log_start_writer();
	if (err == 0)
		err = recording_open(engine);
	if (err == 0)
		err = old_masters_open(engine);
	if (err == 0)
		drain_open(engine);
	if (err == 0)
		err = addresses_init(engine);
	if (err == 0)
		err = datapath_start_worker(engine->dp, links_attached, engine);
	if (err == 0)
		err = open_network(engine);
	if (err == 0)
		err = bfd_clients_start(engine);
	if (err == 0)
		err = start_control(engine);
	if (err == 0)
		err = refusals_start(engine->dp, &engine->refusals);
	if (err == 0)
		err = speakers_start(engine);
	if (err == 0)
		err = runner_events_open(engine);
	if (err < 0)
		return err;
	if (!engine->opt->no_realtime) {
		int priority = realtime_enter(&engine->cfg->globals);

		priority = priority > 1 ? priority - 1 : 1;
		address_worker_set_priority(engine->address_worker, priority);
		datapath_set_worker_priority(engine->dp, priority);
	}
	loop_refresh(engine->loop); /* the start took some time; timers must count from now */
	start_timers(engine);
	tracking_links_reported(engine);
	speakers_judge(engine);
	traffic_watch_start(engine);
	refusals_tell_unknown(engine->refusals, engine->cfg->globals.log_unknown_vrids);
	startup_delay_begin(engine);
	life_judge(engine);
	reports_configure(engine);
	found_neighbors_configure(engine);
	executor_start(engine);
	return 0;
}

/* Releases what start() has opened. After a failed start any part may be missing. */
static void finish(struct engine *engine)
{
	struct instance *in;
	bool ended;

	moves_forget(engine);
	ended = control_destroy(engine->ctl);
	engine->ctl = NULL; /* the removal of addresses, which follows, is still recorded */
	if (ended)
		reload_abort(engine);
	refusals_stop(engine->refusals);
	traffic_watch_destroy(engine->traffic);
	engine->traffic = NULL; /* instances are still being released */
	found_neighbors_close(engine);
	for (unsigned int i = 0; engine->speakers && i < engine->cfg->n_bgp; i++)
		speaker_destroy(engine->speakers[i], "holdfastd is stopping");
	bfd_sessions_destroy(engine->bfd);
	bgp_listener_destroy(engine->listener);
	statics_drop(engine);
	addresses_finish(engine);
	statics_free(engine);
	reports_close(engine);
	stale_stop(engine);
	runner_client_close(&engine->runner);
	old_masters_close(engine);
	recording_close(engine);
	link_delays_stop(&engine->link_delays);
	netlink_watch_destroy(engine->nl);
	ENGINE_EACH_INSTANCE (engine, in)
		instance_destroy(in);
	vmacs_free(engine);
	for (unsigned int i = 0; engine->services && i < engine->cfg->n_services; i++)
		service_destroy(engine->services[i]);
	datapath_close(engine->dp);
	if (engine->signal_source.fd >= 0)
		close(engine->signal_source.fd);
	free(engine->speakers);
	free(engine->bfd_states);
	free(engine->services);
	check_registry_free(&engine->checks);
	sync_groups_free(engine->groups, engine->cfg->n_groups);
	fifos_free(engine->fifos);
	socket_pool_destroy(&engine->sockets);
	counted_vips_destroy(engine->vips);
	if (ended) /* else the control thread may still read it */
		config_free(engine->cfg);
	loop_destroy(engine->loop);
	log_stop_writer();
}

/* Runs the loop until everything is released, and then until every BGP neighbor has received our
 * NOTIFICATION. */
static int run(struct engine *engine)
{
	int err = 0;

	while (err == 0 && !engine->stop_overdue && !(engine->stopping && all_stopped(engine)))
		err = loop_turn(engine->loop, -1);
	sync_groups_judge(engine); /* the last turn may have ended before its groups were judged */
	for (unsigned int i = 0; i < engine->cfg->n_bgp; i++)
		bgp_speaker_shutdown(engine->speakers[i]->sp, "holdfastd is stopping");
	/* After the shutdown, because a peer that loses BFD may close the BGP session itself. */
	bfd_sessions_stop(engine->bfd);
	while (err == 0 && !speakers_are_closed(engine))
		err = loop_turn(engine->loop, -1);
	return err;
}

int engine_run(struct config *cfg, const struct engine_options *opt)
{
	struct engine engine = {.cfg = cfg, .opt = opt, .runner = RUNNER_CLIENT_NONE};
	int err;

	engine.signal_source.fd = -1;
	realtime_raise_files();
	realtime_return_memory();
	engine.loop = loop_create();
	if (!engine.loop) {
		err = -errno;
		log_error("cannot start: %s", strerror(-err));
		config_free(cfg);
		return err;
	}
	engine.started_at = loop_now(engine.loop);
	engine.config_errors = opt->config_errors;
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
