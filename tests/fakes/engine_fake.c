// SPDX-License-Identifier: BSD-2-Clause
/*
 * engine.c is compiled into this file, so that its own order of start and stop is used. The other
 * parts that it starts (control, refusals, privileges) are faked in process_fake.c, the log writer
 * is here.
 *
 * Links: tests/fakes/fake.c tests/fakes/loop_fake.c tests/fakes/datapath_fake.c
 * Links: tests/fakes/kern_fake.c tests/fakes/route_fake.c
 * Links: tests/fakes/speaker_fake.c tests/fakes/process_fake.c
 * Links: tests/fakes/sbfd_fake.c tests/fakes/vmac_fake.c
 * Links: user/engine/group/ user/engine/instance/ user/engine/notify/ user/engine/tracking/
 * Links: user/engine/reload/ user/engine/service/ user/engine/inbox.c user/engine/runner_events.c
 * Links: user/engine/status/alarm.c user/engine/status/alarms.c
 * Links: user/engine/status/refusal_alarms.c
 * Links: user/engine/status/takeover_alarms.c
 * Links: user/engine/status/counted_vips.c user/core/addr_index.c user/core/prefix_index.c
 * Links: user/engine/observe/recording.c user/engine/status/snapshot.c
 * Links: user/engine/status/peer_status.c user/control/peers_json.c
 * Links: user/engine/status/service_status.c user/engine/status/running_config.c
 * Links: user/engine/observe/old_master.c
 * Links: user/engine/observe/transition_log.c user/engine/host/host_check.c
 * Links: user/engine/host/host_command.c user/engine/host/init_files.c user/engine/requests.c
 * Links: user/engine/peer/ user/engine/startup_delay.c user/announce/ user/bgp/
 * Links: user/bfd/bfd_codec.c user/bfd/sbfd_step.c
 * Links: user/bfd/bfd_step.c tests/fakes/bfd_fake.c
 * Links: user/vrrp/vrrp_step.c user/vrrp/vrrp_codec.c user/vrrp/vrrp_names.c
 * Links: user/vrrp/garp_step.c user/vrrp/group_step.c user/vrrp/flap_step.c
 * Links: user/vrrp/checksum_memory.c
 * Links: user/core/net_route.c
 * Links: user/health/ user/config/ user/record/ user/runner/runner_codec.c
 * Links: user/runner/check_target.c
 * Links: user/runner/script_user.c user/core/addr.c user/core/log.c user/core/nearest.c
 * Links: user/core/sd_notify.c tests/fakes/state_file_fake.c user/control/control_request.c
 * Links: user/control/json_put.c user/control/record_json.c user/control/status.c
 * Links: user/control/status_json.c user/core/utf8.c user/datapath/verdict_name.c
 * Links: user/control/check_json.c user/control/addresses_json.c
 * Links: user/core/secret.c user/control/control_late.c
 * Links: user/control/bfd_json.c
 * Links: user/speaker/bgp_rollout.c
 * Links: user/peer/ user/control/reports_json.c
 * Links: user/control/takeover_json.c
 * Links: user/engine/status/report_status.c
 * Links: user/core/json_read.c
 */
#include <stdarg.h>
#include <stdio.h>

#include "core/log.h"
#include "engine_fake.h"

/* No thread writes the log lines: the tests read them at once, and a simulation starts thousands of
 * daemons. */
static int no_writer(void)
{
	return 0;
}

#define log_start_writer no_writer
#define log_stop_writer	 no_writer

#include "engine/engine.c"

static void report(void *ctx, const char *line)
{
	(void)ctx;
	if (!fake->quiet)
		fprintf(stderr, "# %s\n", line);
}

/* The file that is read as the configuration. */
static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static struct config *load(const char *text, char path[64])
{
	struct config *cfg = NULL;

	snprintf(path, 64, "/tmp/engine_fake.%d.conf", (int)getpid());
	write_file(path, text);
	if (config_load(path, NULL, report, NULL, &cfg) == CONFIG_UNUSABLE)
		abort();
	return cfg;
}

struct fake_engine {
	struct engine engine; /* first: the test has a pointer to it */
	struct engine_options opt;
	char path[64];
};

void engine_fake_node(struct fake *machine)
{
	fake_init(machine);
	fake_add_link(1, "lo", true);
	fake_add_link(2, "eth0", true);
	fake_add_address(2, "192.0.2.1/24", false);
}

struct engine *engine_fake_start(const char *text)
{
	struct fake_engine *f = calloc(1, sizeof(*f)); /* owner: the test */
	struct engine *engine = &f->engine;

	if (!f)
		abort();
	f->opt = (struct engine_options){
	    .name = "fake", .run_dir = "/nonexistent", .config_path = f->path, .no_realtime = true};
	engine->cfg = load(text, f->path);
	engine->opt = &f->opt;
	engine->loop = loop_create();
	engine->started_at = fake->now;
	engine->signal_source.fd = -1;
	if (!engine->loop || start(engine) < 0)
		abort();
	fake_after_handler();
	return engine;
}

void engine_fake_begin_stop(struct engine *engine)
{
	stop(engine);
	fake_after_handler();
}

bool engine_fake_is_stopped(const struct engine *engine)
{
	return engine->stop_overdue || all_stopped(engine);
}

void engine_fake_stop(struct engine *engine)
{
	engine_fake_begin_stop(engine);
	while (!engine_fake_is_stopped(engine))
		fake_run_for(NS_PER_MS);
}

void engine_fake_free(struct engine *engine)
{
	unlink(engine->opt->config_path);
	fake->runner_has_ended = true;
	finish(engine);
	fake->runner_has_ended = false;
	fake_forget_requests();
	free(engine);
}

struct instance *engine_fake_instance(struct engine *engine, const char *name)
{
	struct instance *in;

	ENGINE_EACH_INSTANCE (engine, in) {
		if (strcmp(in->cfg->name, name) == 0)
			return in;
	}
	return NULL;
}

void engine_fake_peer_says_on(uint32_t ifindex, const char *from, const char *to,
			      const struct peer_report_instance *one)
{
	static uint64_t sequence;
	struct peer_report_head head = {.name = "peer", .version = "1", .sequence = ++sequence};
	struct datagram_way way = {.ifindex = ifindex};
	uint8_t data[PEER_REPORT_MAX];
	struct peer_report_writer rw;
	size_t signed_len;

	if (ipaddr_parse(&way.other, from) < 0 || ipaddr_parse(&way.own, to) < 0 ||
	    peer_report_begin(&rw, data, sizeof(data), &head, PEER_REPORT_UNSIGNED) < 0 ||
	    peer_report_add(&rw, one) < 0)
		abort();
	fake_datagram(&way, data, peer_report_end(&rw, false, PEER_REPORT_UNSIGNED, &signed_len));
	fake_after_handler();
}

void engine_fake_peer_says(const char *from, const char *to, const struct peer_report_instance *one)
{
	engine_fake_peer_says_on(2, from, to, one);
}

bool engine_fake_request(struct engine *engine, enum control_verb verb, const char *instance)
{
	return engine_fake_order(engine, verb, instance, false);
}

bool engine_fake_order(struct engine *engine, enum control_verb verb, const char *instance,
		       bool force)
{
	struct control_request *req = calloc(1, sizeof(*req)); /* owner: the fake, until answered */
	bool done;

	(void)engine;
	if (!req)
		abort();
	req->verb = verb;
	req->force = force;
	snprintf(req->instance, sizeof(req->instance), "%s", instance);
	done = fake_request(req);
	fake_after_handler();
	if (!done)
		report(NULL, fake->answer);
	return done;
}

bool engine_fake_reload(struct engine *engine, const char *text)
{
	struct control_request req = {.verb = CONTROL_RELOAD};

	write_file(engine->opt->config_path, text);
	engine->loader.load(engine->loader.ctx, &req);
	if (!req.refused)
		requests_handle(engine, &req);
	engine->loader.drop(engine->loader.ctx, &req);
	fake_after_handler();
	if (req.refused)
		report(NULL, req.error);
	return !req.refused;
}

struct status *engine_fake_status(struct engine *engine)
{
	struct control_request req = {.verb = CONTROL_STATUS};
	struct status_limits limits;

	snapshot_limits(engine, &limits);
	req.status = status_create(&limits);
	if (!req.status)
		abort();
	fake->handle(fake->handle_ctx, &req);
	fake_after_handler();
	while (req.unfinished)
		fake_run(fake->now);
	return req.status;
}

bool engine_fake_has_alarm(struct engine *engine, const char *words)
{
	struct status *st = engine_fake_status(engine);
	bool found = false;

	for (unsigned int i = 0; i < st->n_alarms; i++)
		found |= strcmp(st->alarms[i].reason, words) == 0 ||
			 strstr(st->alarms[i].text, words) != NULL;
	status_free(st);
	return found;
}
