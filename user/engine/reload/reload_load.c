// SPDX-License-Identifier: BSD-2-Clause
/*
 * The part of a reload that may block, in the loading thread (control/loading.h): it reads the
 * file, compares it with the configuration in force, looks up users, and allocates memory. The
 * configuration in force changes only by a reload, which the control thread starts after this has
 * ended. So this thread may read it while no reload is running.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_request.h"
#include "core/addr.h"
#include "core/log.h"
#include "core/sd_notify.h"
#include "engine/host/host_check.h"
#include "engine/host/init_files.h"
#include "engine/instance/attachment.h"
#include "engine/instance/bfd_clients.h"
#include "engine/instance/routes.h"
#include "engine/status/counted_vips.h"
#include "engine/reload/reload.h"
#include "engine/tracking/traffic_watch.h"

/* The complaints about the file. All are logged; the answer has as many errors as it has room for.
 */
struct complaints {
	char lines[CONTROL_ERROR_TEXT - 256]; /* each begins with '\n' */
	unsigned int errors, told;	      /* errors found; errors in `lines` */
};

static void on_complaint(void *ctx, const char *line)
{
	struct complaints *c = ctx;
	size_t len = strlen(c->lines);

	if (!host_check_log(line))
		return;
	if (c->told == c->errors && len + strlen(line) + 2 <= sizeof(c->lines)) {
		snprintf(c->lines + len, sizeof(c->lines) - len, "\n%s", line);
		c->told++;
	}
	c->errors++;
}

/* --- counted addresses --- */

/* An address that is counted already keeps its index. Addresses that are no longer wanted are
 * listed in r->gone_vips. */
static int prepare_vips(const struct engine *engine, struct reload *r)
{
	const struct counted_vips *old = engine->vips;

	r->vips = counted_vips_create(r->cfg);
	r->gone_vips = calloc(old->n + 1, sizeof(*r->gone_vips));
	if (!r->vips || !r->gone_vips)
		return -ENOMEM;
	for (unsigned int i = 0; i < r->vips->n; i++) {
		struct counted_vip *one = &r->vips->all[i];
		const struct counted_vip *known = counted_vips_find(old, &one->address);

		if (known)
			one->vip = known->vip;
	}
	for (unsigned int i = 0; i < old->n; i++) {
		if (!counted_vips_find(r->vips, &old->all[i].address))
			r->gone_vips[r->n_gone_vips++] = old->all[i].address;
	}
	return 0;
}

/* --- the rest --- */

static int prepare_instances(struct engine *engine, const struct script_users *users,
			     struct reload *r)
{
	r->n_instances = r->cfg->n_instances;
	r->instances = calloc(r->n_instances + 1, sizeof(*r->instances));
	if (!r->instances)
		return -ENOMEM;
	for (unsigned int i = 0; i < r->n_instances; i++) {
		const struct cfg_instance *cfg = &r->cfg->instances[i];
		struct reload_instance *in = &r->instances[i];

		if (r->diff->instances[i].was >= 0 && r->diff->instances[i].changed) {
			in->addresses = addresses_create(engine, cfg);
			in->routes = routes_create(engine, cfg);
			if (!in->addresses || !in->routes)
				return -ENOMEM;
		}
		in->links = calloc(cfg->track.n_interfaces + 1, sizeof(*in->links));
		if (!in->links)
			return -ENOMEM;
		notify_resolve(users, &cfg->notify, in->notifiers);
	}
	return 0;
}

static int prepare_services(const struct script_users *users, struct reload *r)
{
	r->n_services = r->cfg->n_services;
	r->services = calloc(r->n_services + 1, sizeof(struct service *));
	r->service_parts = calloc(r->n_services + 1, sizeof(*r->service_parts));
	if (!r->services || !r->service_parts)
		return -ENOMEM;
	for (unsigned int i = 0; i < r->n_services; i++) {
		const struct cfg_service *cfg = &r->cfg->services[i];
		struct reload_service *part = &r->service_parts[i];

		part->links = calloc(cfg->track.n_interfaces + 1, sizeof(*part->links));
		if (!part->links)
			return -ENOMEM;
		notify_resolve(users, &cfg->notify, part->notifiers);
	}
	return 0;
}

/* Prepares everything that could block or fail in the loop. 0 or -errno. */
static int prepare(struct engine *engine, struct reload *r)
{
	struct script_users users;
	int err;

	r->n_speakers = r->cfg->n_bgp;
	r->speakers = calloc(r->n_speakers + 1, sizeof(struct speaker *));
	commands_find_users(r->cfg, &users);
	err = socket_pool_create(&r->sockets,
				 cfg_count_sockets(engine->cfg) + cfg_count_sockets(r->cfg));
	if (err == 0)
		err = checks_create(&users, &r->checks);
	r->traffic = traffic_watch_create(r->cfg);
	r->groups = sync_groups_create(engine, r->cfg);
	r->n_groups = r->cfg->n_groups;
	if (!r->speakers || err < 0 || !r->groups || !r->traffic)
		return -ENOMEM;
	for (unsigned int i = 0; i < r->cfg->n_groups; i++)
		notify_resolve(&users, &r->cfg->groups[i].notify, r->groups[i].notifiers);
	err = fifos_create(&users, r->fifos);
	if (err == 0)
		err = bfd_set_create(r->cfg, &r->bfd);
	r->bfd_states = bfd_clients_states(r->cfg);
	if (!r->bfd_states)
		err = -ENOMEM;
	if (err == 0)
		err = prepare_instances(engine, &users, r);
	r->static_addresses = addresses_create(engine, &r->cfg->statics);
	r->static_routes = routes_create(engine, &r->cfg->statics);
	if (!r->static_addresses || !r->static_routes)
		err = -ENOMEM;
	if (err == 0)
		err = prepare_services(&users, r);
	if (err == 0)
		err = withdraw_prepare(engine, r);
	return err ? err : prepare_vips(engine, r);
}

/* Refuses the request with the number of errors and their lines. */
static void refuse_file(struct control_request *req, const struct complaints *c, const char *what)
{
	char more[48] = "";

	if (c->told < c->errors)
		snprintf(more, sizeof(more), "\nand %u more, in the log", c->errors - c->told);
	control_request_refuse(req, "the file has %u error%s; %s%s%s", c->errors,
			       c->errors == 1 ? "" : "s", what, c->lines, more);
}

/* Reads and checks the file, and compares it. A file with errors is refused, because a missing word
 * must not stop running instances. 0, or -errno; the request may be refused already. */
static int read_file(const struct engine *engine, struct reload *r, struct control_request *req)
{
	const char *path = engine->opt->config_path;
	struct complaints *c = calloc(1, sizeof(*c)); /* owner: here */
	enum config_verdict verdict = CONFIG_UNUSABLE;

	if (c)
		verdict = config_load(path, engine->opt->config_id, on_complaint, c, &r->cfg);
	if (c && verdict != CONFIG_UNUSABLE) {
		commands_find(r->cfg);
		host_check(r->cfg, path, on_complaint, c);
		r->config_errors = c->errors;
	}
	if (!c)
		control_request_refuse(req, "out of memory");
	else if (verdict == CONFIG_UNUSABLE)
		refuse_file(req, c, "it cannot be used:");
	else if (c->errors > 0 && !req->force)
		refuse_file(req, c,
			    "correct it (holdfastctl reload --force takes it as a start would):");
	free(c);
	if (req->refused)
		return -EINVAL;
	r->diff = config_diff_create(engine->cfg, r->cfg);
	return r->diff ? 0 : -errno;
}

/* Tells a service manager that waits for the end of a reload (Type=notify-reload). */
static void notify_reloading(void)
{
	char text[64];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
		 (long long)(loop_clock().ns / NS_PER_US));
	sd_notify_send(text);
}

void reload_load(void *ctx, struct control_request *req)
{
	struct engine *engine = ctx;
	struct reload *r;
	int err;

	notify_reloading();
	if (atomic_load(&engine->reloading)) {
		control_request_refuse(req, "a reload is running, perhaps waiting until what it "
					    "removes is released; try again in a few seconds");
		return;
	}
	reload_free(engine->spent);
	engine->spent = NULL;
	r = calloc(1, sizeof(*r)); /* owner: req, later the engine */
	req->reload = r;
	err = r ? read_file(engine, r, req) : -ENOMEM;
	if (err == 0)
		err = prepare(engine, r);
	if (err == 0)
		init_files(r->cfg, engine->cfg);
	if (err < 0 && !req->refused)
		control_request_refuse(req, "%s", strerror(-err));
}

void reload_drop(void *ctx, struct control_request *req)
{
	(void)ctx;
	reload_free(req->reload);
	req->reload = NULL;
	sd_notify_send("READY=1");
}

void reload_late(void *ctx, char *what, size_t size)
{
	const struct engine *engine = ctx;

	if (!config_reading(what, size))
		snprintf(what, size, "what %s names (users, commands)", engine->opt->config_path);
	sd_notify_send("READY=1"); /* for the service manager the reload has ended */
}
