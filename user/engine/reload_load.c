// SPDX-License-Identifier: BSD-2-Clause
/*
 * The part of a reload that the control thread does: reading the file, comparing it with what is in
 * force, looking users up, allocating. What is in force changes only by a reload, which this thread
 * alone starts, so it may be read here as long as none is running.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_request.h"
#include "core/addr.h"
#include "core/sd_notify.h"
#include "engine/init_files.h"
#include "engine/reload.h"

/* What config_load() complained of: all of it is logged, the first error is told. */
struct complaints {
	char first[CONTROL_ERROR_TEXT / 2];
	unsigned int errors;
};

static void on_complaint(void *ctx, const char *line)
{
	struct complaints *c = ctx;

	log_warn("%s", line);
	if (strstr(line, ": warning: "))
		return;
	if (c->errors++ == 0)
		snprintf(c->first, sizeof(c->first), "%s", line);
}

void reload_free(struct reload *r)
{
	if (!r)
		return;
	for (unsigned int i = 0; r->instances && i < r->n_instances; i++) {
		free(r->instances[i].addresses);
		free(r->instances[i].links);
	}
	free(r->instances);
	checks_free(r->checks, r->n_checks);
	sync_groups_free(r->groups, r->n_groups);
	fifos_free(r->fifos);
	free(r->speakers);
	free(r->sockets);
	free(r->vips);
	free(r->gone_vips);
	config_diff_free(r->diff);
	if (!r->cfg_is_used)
		config_free(r->cfg);
	free(r);
}

/* --- counted addresses --- */

static struct counted_vip *find_vip(struct counted_vip *vips, unsigned int n,
				    const struct ipaddr *address)
{
	for (unsigned int i = 0; i < n; i++) {
		if (ipaddr_equal(&vips[i].address, address))
			return &vips[i];
	}
	return NULL;
}

static void want_vip(const struct engine *engine, struct reload *r, const struct ipaddr *address)
{
	const struct counted_vip *known = find_vip(engine->vips, engine->n_vips, address);

	if (find_vip(r->vips, r->n_vips, address))
		return;
	r->vips[r->n_vips++] = (struct counted_vip){*address, known ? known->vip : RELOAD_VIP_NEW};
}

static bool is_host(const struct ipprefix *p)
{
	return p->len == (ipaddr_is_v4(&p->addr) ? 32 : 128);
}

static int prepare_vips(const struct engine *engine, struct reload *r)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < r->cfg->n_instances; i++)
		n += r->cfg->instances[i].n_vips + r->cfg->instances[i].announce.n_prefixes;
	r->vips = calloc(n + 1, sizeof(*r->vips));
	r->gone_vips = calloc(engine->n_vips + 1, sizeof(*r->gone_vips));
	if (!r->vips || !r->gone_vips)
		return -ENOMEM;
	for (unsigned int i = 0; i < r->cfg->n_instances; i++) {
		const struct cfg_instance *cfg = &r->cfg->instances[i];

		for (unsigned int k = 0; k < cfg->n_vips; k++)
			want_vip(engine, r, &cfg->vips[k].prefix.addr);
		for (unsigned int k = 0; k < cfg->announce.n_prefixes; k++) {
			if (is_host(&cfg->announce.prefixes[k]))
				want_vip(engine, r, &cfg->announce.prefixes[k].addr);
		}
	}
	for (unsigned int i = 0; i < engine->n_vips; i++) {
		if (!find_vip(r->vips, r->n_vips, &engine->vips[i].address))
			r->gone_vips[r->n_gone_vips++] = engine->vips[i].address;
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
			if (!in->addresses)
				return -ENOMEM;
		}
		in->links = calloc(cfg->track.n_interfaces + 1, sizeof(*in->links));
		if (!in->links)
			return -ENOMEM;
		checks_resolve_notifiers(users, cfg->name, &cfg->notify, in->notifiers);
	}
	return 0;
}

/* Everything that the loop would have to wait for, or could fail at. 0 or -errno. */
static int prepare(struct engine *engine, struct reload *r)
{
	struct script_users users;
	int err;

	r->max_sockets = engine->cfg->n_instances + r->cfg->n_instances;
	r->n_speakers = r->cfg->n_bgp;
	r->sockets = calloc(r->max_sockets + 1, sizeof(*r->sockets));
	r->speakers = calloc(r->n_speakers + 1, sizeof(struct speaker *));
	checks_find_users(r->cfg, &users);
	r->checks = checks_create(&users);
	r->n_checks = checks_count(r->cfg);
	r->groups = sync_groups_create(engine, r->cfg);
	r->n_groups = r->cfg->n_groups;
	if (!r->sockets || !r->speakers || !r->checks || !r->groups)
		return -ENOMEM;
	for (unsigned int i = 0; i < r->cfg->n_groups; i++)
		checks_resolve_notifiers(&users, r->cfg->groups[i].name, &r->cfg->groups[i].notify,
					 r->groups[i].notifiers);
	err = fifos_create(&users, r->fifos);
	if (err == 0)
		err = prepare_instances(engine, &users, r);
	return err ? err : prepare_vips(engine, r);
}

/* The first instance that the new configuration lacks; there is one. */
static const char *first_removed(const struct engine *engine, const struct reload *r)
{
	unsigned int i = 0;

	while (r->diff->instance_now[i] >= 0)
		i++;
	return engine->cfg->instances[i].name;
}

static void refuse_file(struct control_request *req, const struct complaints *c, const char *what)
{
	if (c->errors > 1)
		control_request_refuse(req, "%s (and %u more, in the log)%s", c->first,
				       c->errors - 1, what);
	else
		control_request_refuse(req, "%s%s", c->first, what);
}

/* Reads and judges the file. A word left out by mistake must not take down what runs: a file with
 * errors may change instances, but not remove one. 0 or refused. */
static int read_file(const struct engine *engine, struct reload *r, struct control_request *req)
{
	struct complaints c = {.first = "the file cannot be used; see the log"};
	enum config_verdict verdict = config_load(engine->opt->config_path, engine->opt->config_id,
						  on_complaint, &c, &r->cfg);
	char what[160];

	if (verdict == CONFIG_UNUSABLE) {
		refuse_file(req, &c, "");
		return -EINVAL;
	}
	r->diff = config_diff_create(engine->cfg, r->cfg);
	if (!r->diff)
		return -errno;
	if (verdict == CONFIG_GOOD || r->diff->removed == 0)
		return 0;
	snprintf(what, sizeof(what), "; and it leaves out %.64s, which runs: correct the file",
		 first_removed(engine, r));
	refuse_file(req, &c, what);
	return -EINVAL;
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
