// SPDX-License-Identifier: BSD-2-Clause
/*
 * Reads a keepalived.conf by the daemon's own parser and tells in words what will come of it: no
 * daemon is asked and nothing is changed. Rejected: writing the new file, for which the router's
 * side would have to be guessed; what has to be added is printed, to be filled in.
 */
#include "cli/migrate.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/text.h"
#include "config/config.h"
#include "core/addr.h"
#include "core/mono.h"
#include "vrrp_rules.h"

#define MAX_COMPLAINTS 500   /* more than the parser reports */
#define SCRIPT_MAX     65536 /* of a notify script; what starts a daemon stands near its beginning */

/* What a script that drives a BGP daemon has in it. */
static const char *const bgp_daemons[] = {"lelastic", "gobgp", "exabgp", "birdc",
					  "bird",     "vtysh", "frr"};

struct report {
	json_object *complaints; /* array of texts */
};

static void on_complaint(void *ctx, const char *line)
{
	struct report *r = ctx;

	if (json_object_array_length(r->complaints) < MAX_COMPLAINTS)
		json_object_array_add(r->complaints, json_object_new_string(line));
}

/* The BGP daemon that the command's script speaks of, or NULL. */
static const char *driven_daemon(const struct cfg_command *cmd)
{
	char text[SCRIPT_MAX + 1];
	ssize_t len;
	int fd = cmd->argc > 0 ? open(cmd->argv[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;

	if (fd < 0)
		return NULL;
	len = read(fd, text, SCRIPT_MAX);
	close(fd);
	if (len <= 0)
		return NULL;
	text[len] = '\0';
	for (size_t i = 0; i < sizeof(bgp_daemons) / sizeof(bgp_daemons[0]); i++) {
		if (strstr(text, bgp_daemons[i]))
			return bgp_daemons[i];
	}
	return NULL;
}

static const char *instance_daemon(const struct cfg_instance *i)
{
	const struct cfg_command *const commands[] = {&i->notify.master, &i->notify.backup,
						      &i->notify.fault, &i->notify.any};
	const char *found = NULL;

	for (size_t n = 0; n < sizeof(commands) / sizeof(commands[0]) && !found; n++)
		found = driven_daemon(commands[n]);
	return found;
}

/* --- what will come of it --- */

static void tell_election(const struct cfg_instance *i)
{
	double down_s = (double)vrrp_down_ns(i->version, i->priority, i->down_adverts,
					     (uint64_t)i->interval_ns) /
			(double)NS_PER_S;

	text_paragraph(0, 4, "%s: VRRP version %u on %s, VRID %u, priority %u, %s", i->name,
		       i->version, i->interface, i->vrid, i->priority,
		       i->preempt ? "displaces a lesser master" : "leaves a master in its place");
	text_field("adverts", "every %g s by %s; another node's death is noticed after %.3g s",
		   (double)i->interval_ns / (double)NS_PER_S,
		   i->n_peers > 0 ? "unicast" : "multicast", down_s);
	if (i->version == 2)
		text_field("",
			   "faster: version 3 and advert_int 0.1, once every node runs Holdfast");
}

static void tell_addresses(const struct cfg_instance *i)
{
	char text[IPPREFIX_TEXT];

	for (unsigned int n = 0; n < i->n_vips; n++) {
		bool on_lo = strcmp(i->vips[n].dev, "lo") == 0;

		text_field(n ? "" : "address", "%s on %s%s",
			   ipprefix_format(&i->vips[n].prefix, text), i->vips[n].dev,
			   on_lo ? "" : "; write dev lo behind it if BGP brings the packets");
	}
}

static void tell_checks(const struct config *cfg, const struct cfg_instance *i)
{
	for (unsigned int n = 0; n < i->track.n_scripts; n++) {
		const struct cfg_script *s = &cfg->scripts[i->track.scripts[n].script];
		double worst_s =
		    ((double)s->interval_ns * s->fall + (double)s->timeout_ns) / (double)NS_PER_S;

		text_field(n ? "" : "check", "%s: a failure is noticed within %g s", s->name,
			   worst_s);
	}
}

static void tell_notify(const struct cfg_instance *i)
{
	const char *name = instance_daemon(i);
	bool any = i->notify.master.argc > 0 || i->notify.backup.argc > 0 ||
		   i->notify.fault.argc > 0 || i->notify.any.argc > 0;

	if (any)
		text_field("notify", "run as before, in order and never two at a time");
	if (name)
		text_field("",
			   "one speaks of %s: remove that, or two speakers announce the address",
			   name);
}

static void tell_instance(const struct config *cfg, const struct cfg_instance *i)
{
	tell_election(i);
	tell_addresses(i);
	tell_checks(cfg, i);
	tell_notify(i);
	text_field("BGP", "%s",
		   i->announce.bgp >= 0 ? "announced by Holdfast"
					: "not announced yet: add the blocks below");
}

/* --- what to add --- */

static void write_speaker(FILE *f, const struct config *cfg, const char *driven)
{
	const struct ipaddr *source = &cfg->instances[0].source;
	char address[IPADDR_TEXT] = "ADDRESS";

	if (ipaddr_is_v4(source) && !ipaddr_is_unset(source))
		ipaddr_format(source, address);
	fprintf(f, "# before the instances; what is in capitals is yours to fill in\nbgp_instance "
		   "fabric {\n");
	if (driven && strcmp(driven, "lelastic") == 0) {
		fputs("    platform linode DCID    # the number behind -dcid in lelastic's unit\n",
		      f);
		fprintf(f, "    router_id %s\n}\n", address);
		return;
	}
	fprintf(f,
		"    local_as AS\n    router_id %s\n    hold_time 9\n"
		"    neighbor ROUTER {\n        remote_as AS\n        source %s\n    }\n}\n",
		address, address);
}

/* The blocks that the file lacks, to be freed; empty if there are none. */
static char *missing_blocks(const struct config *cfg)
{
	const char *driven = NULL;
	bool any = false;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	for (unsigned int n = 0; n < cfg->n_instances && !driven; n++)
		driven = instance_daemon(&cfg->instances[n]);
	if (cfg->n_bgp == 0 && cfg->n_instances > 0)
		write_speaker(f, cfg, driven);
	for (unsigned int n = 0; n < cfg->n_instances; n++) {
		if (cfg->instances[n].announce.bgp >= 0)
			continue;
		fprintf(f, "%s    %s\n", any ? "" : "# within each of these instances\n#",
			cfg->instances[n].name);
		any = true;
	}
	if (any)
		fputs("    bgp_announce {\n        settle_time 9\n    }\n", f);
	fclose(f);
	return text;
}

static void print_text(const char *path, const struct config *cfg, const struct report *r,
		       const char *blocks)
{
	size_t n = json_object_array_length(r->complaints);

	for (unsigned int i = 0; i < cfg->n_instances; i++) {
		tell_instance(cfg, &cfg->instances[i]);
		putchar('\n');
	}
	if (cfg->n_instances == 0)
		puts("No instance is configured.\n");
	if (n > 0)
		puts("Ignored or read otherwise:");
	for (size_t i = 0; i < n; i++)
		text_paragraph(2, 6, "%s",
			       json_object_get_string(json_object_array_get_idx(r->complaints, i)));
	if (n > 0)
		putchar('\n');
	if (blocks && blocks[0])
		printf("To add:\n%s\n", blocks);
	text_paragraph(0, 4, "Then: holdfastd -t -f %s", path);
}

static void print_json(const char *path, int verdict, const struct report *r, const char *blocks)
{
	json_object *root = json_object_new_object();

	json_object_object_add(root, "file", json_object_new_string(path));
	json_object_object_add(root, "verdict", json_object_new_int(verdict));
	json_object_object_add(root, "complaints", json_object_get(r->complaints));
	json_object_object_add(root, "add", json_object_new_string(blocks ? blocks : ""));
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN |
						      JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
}

enum cli_exit migrate(const char *path, bool json)
{
	struct report r = {.complaints = json_object_new_array()};
	struct config *cfg = NULL;
	enum config_verdict verdict = config_load(path, NULL, on_complaint, &r, &cfg);
	char *blocks = cfg ? missing_blocks(cfg) : NULL;

	text_make_printable(r.complaints);
	if (json) {
		print_json(path, (int)verdict, &r, blocks);
	} else if (cfg) {
		print_text(path, cfg, &r, blocks);
	} else {
		for (size_t i = 0; i < json_object_array_length(r.complaints); i++)
			client_complain("%s", json_object_get_string(
						  json_object_array_get_idx(r.complaints, i)));
		client_complain("%s cannot be used", path);
	}
	free(blocks);
	config_free(cfg);
	json_object_put(r.complaints);
	return verdict == CONFIG_UNUSABLE ? CLI_REFUSED : CLI_DONE;
}
