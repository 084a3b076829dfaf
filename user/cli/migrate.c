// SPDX-License-Identifier: BSD-2-Clause
/*
 * Reads a keepalived.conf with the daemon's own parser and describes the result. It needs no daemon
 * and changes nothing. Rejected: writing the new file, because we would have to guess the router's
 * side; the blocks to add are printed for the user to fill in.
 */
#include "cli/migrate.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/text.h"
#include "config/config.h"
#include "core/addr.h"
#include "core/mono.h"
#include "vrrp_rules.h"

#define MAX_COMPLAINTS 500   /* more than the parser reports */
#define SCRIPT_MAX     65536 /* octets of a notify script that are searched */

/* Words that show that a script controls a BGP daemon. */
static const char *const bgp_daemons[] = {"lelastic", "gobgp", "exabgp", "birdc",
					  "bird",     "vtysh", "frr"};

struct subject {
	const char *path, *config_id; /* the latter NULL: the host's name */
};

struct report {
	json_object *complaints; /* array of texts */
};

static void on_complaint(void *ctx, const char *line)
{
	struct report *r = ctx;

	if (json_object_array_length(r->complaints) < MAX_COMPLAINTS)
		json_object_array_add(r->complaints, json_object_new_string(line));
}

/* The BGP daemon that the command's script mentions, or NULL. */
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

/* --- the description --- */

static void tell_election(const struct cfg_instance *i)
{
	double down_s = (double)vrrp_down_ns(i->version, i->priority, i->down_adverts,
					     (uint64_t)i->interval_ns) /
			(double)NS_PER_S;

	text_paragraph(0, 4, "%s: VRRP version %u on %s, VRID %u, priority %u, %s", i->name,
		       i->version, i->interface, i->vrid, i->priority,
		       i->preempt ? "displaces a master of lower priority"
				  : "does not displace a master");
	text_field("adverts", "every %g s by %s; another node's death is noticed after %.3g s",
		   (double)i->interval_ns / (double)NS_PER_S,
		   i->n_peers > 0 ? "unicast" : "multicast", down_s);
	if (i->version == 2)
		text_field("",
			   "faster: version 3 and advert_int 0.1, once every node runs Holdfast");
}

static void tell_vips(const char *label, const struct cfg_vip *vips, unsigned int n_vips)
{
	char text[IPPREFIX_TEXT];

	for (unsigned int n = 0; n < n_vips; n++) {
		if (!vips[n].repeated)
			text_field(n ? "" : label, "%s on %s",
				   ipprefix_format(&vips[n].prefix, text), vips[n].dev);
	}
}

static void tell_routes(const struct cfg_instance *i)
{
	char text[NET_ROUTE_TEXT];

	for (unsigned int n = 0; n < i->n_routes; n++)
		text_field(n ? "" : "routes", "%s", net_route_format(&i->routes[n].route, text));
	for (unsigned int n = 0; n < i->n_rules; n++)
		text_field(n ? "" : "rules", "%s", net_rule_format(&i->rules[n].rule, text));
	if (i->n_routes + i->n_rules > 0)
		text_field("", "added and removed with the addresses");
}

static void tell_addresses(const struct cfg_instance *i)
{
	tell_vips("address", i->vips, i->n_vips);
	tell_vips("excluded", i->excluded, i->n_excluded);
	if (i->n_excluded > 0)
		text_field("", "added like the others, but not listed in the adverts");
	tell_routes(i);
}

/* keepalived accepts every sender unless check_unicast_src is given. */
static void tell_peers(const struct cfg_instance *i)
{
	if (i->n_peers == 0 || !i->check_source)
		return;
	text_field("peers",
		   "adverts are accepted only from the addresses in unicast_peer; keepalived "
		   "accepts them from any address unless check_unicast_src is on");
	if (ipaddr_is_unset(&i->source))
		text_field("", "write unicast_src_ip, so that the adverts of this node come from "
			       "the address that the other nodes list");
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
		text_field(
		    "", "a script mentions %s: remove that, or two speakers announce the address",
		    name);
}

static bool is_on_lo(const struct cfg_instance *i)
{
	for (unsigned int n = 0; n < i->n_vips; n++) {
		if (strcmp(i->vips[n].dev, "lo") == 0)
			return true;
	}
	return false;
}

/* True if its addresses need BGP: an address on lo does not answer ARP, or a script controls a BGP
 * daemon. */
static bool needs_bgp(const struct cfg_instance *i)
{
	return i->announce.bgp < 0 && (is_on_lo(i) || instance_daemon(i));
}

static void tell_instance(const struct config *cfg, const struct cfg_instance *i)
{
	tell_election(i);
	tell_addresses(i);
	tell_peers(i);
	tell_checks(cfg, i);
	tell_notify(i);
	if (i->announce.bgp >= 0)
		text_field("BGP", "announced by Holdfast");
	else if (needs_bgp(i))
		text_field("BGP", "not announced yet: add the blocks below");
	else
		text_field("LAN", "the master answers ARP and ND for it, and tells the LAN of a "
				  "takeover: nothing has to be added");
}

/* --- what to add --- */

static void write_speaker(FILE *f, const struct config *cfg, const char *driven)
{
	const struct ipaddr *source = &cfg->instances[0].source;
	char address[IPADDR_TEXT] = "ADDRESS";

	if (ipaddr_is_v4(source) && !ipaddr_is_unset(source))
		ipaddr_format(source, address);
	fprintf(f,
		"# before the instances; fill in the words in capitals\nbgp_instance fabric {\n");
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

static void write_names(FILE *f, const struct config *cfg)
{
	unsigned int n_names = 0;

	for (unsigned int n = 0; n < cfg->n_instances; n++)
		n_names += cfg->instances[n].announce.bgp < 0;
	fprintf(f, "# within %s\n", n_names == 1 ? "this instance:" : "each of these instances:");
	for (unsigned int n = 0; n < cfg->n_instances; n++) {
		if (cfg->instances[n].announce.bgp < 0)
			fprintf(f, "#     %s\n", cfg->instances[n].name);
	}
}

/* The blocks that the file lacks for BGP, from malloc(); "" if it lacks none. */
static char *missing_blocks(const struct config *cfg)
{
	const char *driven = NULL;
	bool any = false;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	for (unsigned int n = 0; n < cfg->n_instances; n++) {
		any |= cfg->instances[n].announce.bgp < 0;
		if (!driven)
			driven = instance_daemon(&cfg->instances[n]);
	}
	if (cfg->n_bgp == 0 && any)
		write_speaker(f, cfg, driven);
	if (any) {
		write_names(f, cfg);
		fputs("    bgp_announce {\n        settle_time 9\n    }\n", f);
	}
	fclose(f);
	return text;
}

static bool any_needs_bgp(const struct config *cfg)
{
	for (unsigned int n = 0; n < cfg->n_instances; n++) {
		if (needs_bgp(&cfg->instances[n]))
			return true;
	}
	return false;
}

/* Prints the blocks to add. A file that does not need BGP is complete without them. */
static void print_blocks(const struct config *cfg, const char *blocks)
{
	if (!blocks || !blocks[0])
		return;
	if (any_needs_bgp(cfg))
		puts("To add:");
	else
		text_paragraph(0, 0,
			       "Nothing has to be added where the nodes and their clients share a "
			       "LAN (docs/without-bgp.md). Only to announce the addresses by BGP, "
			       "add:");
	printf("%s\n", blocks);
}

static void print_text(const struct subject *of, const struct config *cfg, const struct report *r,
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
		puts("Ignored, or with another meaning:");
	for (size_t i = 0; i < n; i++)
		text_paragraph(2, 6, "%s",
			       json_object_get_string(json_object_array_get_idx(r->complaints, i)));
	if (n > 0)
		putchar('\n');
	print_blocks(cfg, blocks);
	text_paragraph(0, 4, "Then: holdfastd -t%s%s -f %s", of->config_id ? " -i " : "",
		       of->config_id ? of->config_id : "", of->path);
}

static void print_json(const struct subject *of, const struct config *cfg, int verdict,
		       const struct report *r, const char *blocks)
{
	json_object *root = json_object_new_object();

	json_object_object_add(root, "file", json_object_new_string(of->path));
	json_object_object_add(root, "verdict", json_object_new_int(verdict));
	json_object_object_add(root, "complaints", json_object_get(r->complaints));
	json_object_object_add(root, "add", json_object_new_string(blocks ? blocks : ""));
	json_object_object_add(root, "needs_bgp",
			       json_object_new_boolean(cfg && any_needs_bgp(cfg)));
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN |
						      JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
}

static enum cli_exit migrate_keepalived(const char *path, const char *config_id, bool json)
{
	const struct subject of = {path, config_id};
	struct report r = {.complaints = json_object_new_array()};
	struct config *cfg = NULL;
	enum config_verdict verdict = config_load(path, config_id, on_complaint, &r, &cfg);
	char *blocks = cfg ? missing_blocks(cfg) : NULL;

	text_make_printable(r.complaints);
	if (json) {
		print_json(&of, cfg, (int)verdict, &r, blocks);
	} else if (cfg) {
		print_text(&of, cfg, &r, blocks);
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

enum cli_exit migrate(unsigned int n, char *const words[], const char *config_id, bool json)
{
	enum cli_exit status;

	if (migrate_announcer(n, words, json, &status))
		return status;
	return migrate_keepalived(words[0], config_id, json);
}
