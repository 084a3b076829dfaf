// SPDX-License-Identifier: BSD-2-Clause
/*
 * vrrp_instance and its authentication. What an instance takes from global_defs is copied when its
 * block begins, so that a global_defs further down does not reach it: keepalived's order. Checks
 * that need the whole file are in complete.c.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"
#include "core/addr.h"
#include "core/mono.h"

#define IN(field)      offsetof(struct cfg_instance, field)
#define MAX_GARP_NS    (4294 * NS_PER_S)
#define NO_VIRTUAL_MAC "addresses are held without a virtual MAC; remove it on every node"

void instance_set_defaults(struct cfg_instance *i, const struct cfg_globals *g)
{
	i->down_adverts = g->down_adverts;
	i->preempt = true;
	i->check_source = g->check_source;
	i->lower_prio_no_advert = g->lower_prio_no_advert;
	i->higher_prio_send_advert = g->higher_prio_send_advert;
	i->owner_ignore_adverts = g->owner_ignore_adverts;
	i->checksum = g->checksum_as_v2 ? HF_CSUM_PLAIN : HF_CSUM_PSEUDO;
	i->checksum_learnt = !g->checksum_as_v2;
	i->interval_ns = NS_PER_S;
	i->ttl = VRRP_TTL;
	i->garp = g->garp;
	i->notify_priority_changes = g->notify_priority_changes;
	i->announce.bgp = -1;
	i->disable = -1;
}

void *instance_open(struct parser *p, const struct keyword *kw, void *target)
{
	struct config *c = target;
	const char *name = parser_word(p, 1);
	struct cfg_instance *i;
	struct draft *d;

	(void)kw;
	if (name && (!*name || strlen(name) >= CFG_NAME_MAX)) {
		parser_error(p,
			     "vrrp_instance needs a name of 1 to %d characters; the instance is "
			     "left out",
			     CFG_NAME_MAX - 1);
		return NULL;
	}
	for (unsigned int n = 0; name && n < c->n_instances; n++) {
		if (strcmp(c->instances[n].name, name) == 0) {
			parser_error(p,
				     "vrrp_instance %s is defined already; this one is left "
				     "out, give it another name",
				     name);
			return NULL;
		}
	}
	i = name ? parser_append(p, &c->instances, &c->n_instances, sizeof(*i), CFG_MAX_INSTANCES,
				 "vrrp_instances")
		 : NULL;
	if (!i)
		return NULL;
	parser_no_more(p, 2);
	instance_set_defaults(i, &c->globals);
	i->line = p->stmt.line;
	d = parser_append(p, &p->drafts, &p->n_drafts, sizeof(*d), CFG_MAX_INSTANCES,
			  "vrrp_instances");
	parser_string(p, &i->name, name);
	parser_string(p, &i->file, p->stmt.file);
	if (!d || !i->name || !i->file) { /* out of memory */
		c->n_instances--;
		free(i->name);
		free(i->file);
		return NULL;
	}
	d->file = p->stmt.file;
	return i;
}

struct draft *parser_draft(struct parser *p, const struct cfg_instance *i)
{
	return &p->drafts[i - p->cfg->instances];
}

bool instance_takes_family(struct parser *p, struct cfg_instance *i, const struct ipaddr *a)
{
	uint8_t family = ipaddr_is_v4(a) ? 4 : 6;

	if (i->family == 0)
		i->family = family;
	if (i->family != family)
		parser_error(p,
			     "an IPv%d address in the IPv%d instance %s is ignored; make an "
			     "instance for each family",
			     family, i->family, i->name);
	return i->family == family;
}

/* --- keywords of their own form --- */

static void set_state(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_instance *i = target;
	const char *word = parser_word(p, 1);

	(void)kw;
	if (!word)
		return;
	if (strcmp(word, "MASTER") == 0)
		i->start_master = true;
	else if (strcmp(word, "BACKUP") != 0)
		parser_error(p, "unknown state '%s' is read as BACKUP; write MASTER or BACKUP",
			     word);
	else if (i->start_master)
		parser_error(p, "the state is MASTER already, BACKUP is ignored; remove one");
	parser_no_more(p, 2);
}

static void print_state(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_instance *i = target;

	dump_line(d, "%s %s", kw->name, i->start_master ? "MASTER" : "BACKUP");
}

static void set_interface(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_instance *i = target;
	char name[IF_NAMESIZE];

	(void)kw;
	if (!parser_ifname(p, 1, name))
		return;
	if (strcmp(name, "lo") == 0) {
		parser_error(p, "VRRP cannot run on lo; name the interface that leads to the other "
				"node, and put 'dev lo' after the address");
		return;
	}
	memcpy(i->interface, name, sizeof(name));
	parser_no_more(p, 2);
}

static void print_interface(struct dump *d, const struct keyword *kw, const void *target)
{
	dump_begin(d);
	fprintf(d->f, "%s ", kw->name);
	dump_quoted(d, ((const struct cfg_instance *)target)->interface);
	dump_end(d);
}

static void set_nopreempt(struct parser *p, const struct keyword *kw, void *target)
{
	(void)kw;
	((struct cfg_instance *)target)->preempt = false;
	parser_no_more(p, 1);
}

static void print_nopreempt(struct dump *d, const struct keyword *kw, const void *target)
{
	if (!((const struct cfg_instance *)target)->preempt)
		dump_line(d, "%s", kw->name);
}

static void set_source(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_instance *i = target;
	struct ipaddr a;

	if (strcmp(kw->name, "unicast_src_ip") == 0)
		parser_draft(p, i)->unicast = true;
	if (!parser_address(p, 1, &a) || !instance_takes_family(p, i, &a))
		return;
	i->source = a;
	parser_no_more(p, 2);
}

static void print_source(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_instance *i = target;
	bool unicast = strcmp(kw->name, "unicast_src_ip") == 0;
	char text[IPADDR_TEXT];

	if (!ipaddr_is_unset(&i->source) && unicast == (i->n_peers > 0))
		dump_line(d, "%s %s", kw->name, ipaddr_format(&i->source, text));
}

static void set_check_source(struct parser *p, const struct keyword *kw, void *target)
{
	parser_draft(p, target)->unicast = true;
	parser_set(p, kw, target);
}

static void print_check_source(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_instance *i = target;

	if (i->n_peers > 0)
		dump_line(d, "%s %s", kw->name, i->check_source ? "on" : "off");
}

static void set_ttl(struct parser *p, const struct keyword *kw, void *target)
{
	parser_draft(p, target)->given_ttl = true;
	parser_set(p, kw, target);
}

static void print_ttl(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_instance *i = target;

	if (i->n_peers > 0)
		dump_line(d, "%s %d", kw->name, i->ttl);
}

void set_disable_file(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);

	if (word && word[0] != '/')
		parser_error(p, "the file '%s' is not watched; write its path from / on", word);
	else
		parser_set(p, kw, target);
}

/* --- checksums --- */

static void set_checksum(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_instance *i = target;
	struct keyword unkept = *kw;
	bool plain = true;

	unkept.offset = 0; /* a bool on the stack, read as any other */
	parser_set(p, &unkept, &plain);
	i->checksum = plain ? HF_CSUM_PLAIN : HF_CSUM_PSEUDO;
	i->checksum_learnt = false;
}

static void print_checksum(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_instance *i = target;

	if (!i->checksum_learnt && i->version == 3 && i->family == 4 &&
	    i->checksum != HF_CSUM_PSEUDO_GROUP)
		dump_line(d, "%s %s", kw->name, i->checksum == HF_CSUM_PLAIN ? "on" : "off");
}

static void set_old_checksum(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_instance *i = target;

	(void)kw;
	parser_draft(p, i)->unicast = true;
	i->checksum_learnt = false;
	if (p->stmt.n == 1)
		i->checksum = HF_CSUM_PSEUDO_GROUP;
	else if (strcmp(p->stmt.word[1], "never") != 0)
		parser_error(p, "'%s' is unknown here; write 'never' or nothing", p->stmt.word[1]);
	parser_no_more(p, 2);
}

static void print_old_checksum(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_instance *i = target;

	if (i->checksum == HF_CSUM_PSEUDO_GROUP)
		dump_line(d, "%s", kw->name);
}

/* --- authentication --- */

static void set_auth_type(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_instance *i = target;
	const char *word = parser_word(p, 1);

	(void)kw;
	if (!word)
		return;
	if (strcmp(word, "PASS") == 0) {
		i->auth_type = VRRP_AUTH_PASS;
		parser_draft(p, i)->given_auth = true;
	} else if (strcmp(word, "AH") == 0) {
		parser_error(p,
			     "'auth_type AH' is not supported; use auth_type PASS on every node");
		parser_draft(p, i)->refused = true;
	} else {
		parser_error(p, "unknown authentication type '%s'; write PASS", word);
	}
	parser_no_more(p, 2);
}

static void set_auth_pass(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_instance *i = target;
	const char *word = parser_word(p, 1);
	size_t len = word ? strlen(word) : 0;

	(void)kw;
	if (!word)
		return;
	if (len > sizeof(i->auth_data)) {
		parser_warn(p,
			    "only the first 8 of the password's %zu characters count; VRRP "
			    "carries no more, shorten it on every node",
			    len);
		len = sizeof(i->auth_data);
	}
	memset(i->auth_data, 0, sizeof(i->auth_data));
	memcpy(i->auth_data, word, len);
	parser_draft(p, i)->given_pass = len > 0;
	parser_no_more(p, 2);
}

static void print_authentication(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_instance *i = target;
	char pass[sizeof(i->auth_data) + 1] = "";

	if (i->auth_type != VRRP_AUTH_PASS)
		return;
	memcpy(pass, i->auth_data, sizeof(i->auth_data));
	dump_open(d, "%s", kw->name);
	dump_line(d, "auth_type PASS");
	dump_begin(d);
	fputs("auth_pass ", d->f);
	dump_quoted(d, pass);
	dump_end(d);
	dump_close(d);
}

static const struct keyword authentication[] = {
    {"auth_type", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "PASS",
     .help = "the kind of authentication, in version 2", .set = set_auth_type},
    {"auth_pass", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "PASSWORD",
     .help = "its first 8 characters go over the wire in clear text", .set = set_auth_pass},
};

const struct keyword_block block_authentication = {"authentication", authentication,
						   KW_COUNT(authentication), NULL};

/* --- the table --- */

#define LIST(name_, effect_, block_, print_, help_, instead_)                                      \
	{                                                                                          \
		name_, KW_BLOCK, effect_, KW_NOWHERE, .argument = "{ }", .help = help_,            \
						      .instead = instead_, .block = &block_,       \
						      .print = print_                              \
	}
#define NOTIFY(name_, field, help_)                                                                \
	{                                                                                          \
		name_, KW_COMMAND, KW_ACTS, IN(notify.field), .help = help_                        \
	}
#define GARP_S(name_, field, fallback_, help_)                                                     \
	{                                                                                          \
		name_, KW_SECONDS, KW_ACTS, IN(garp.field), 0, MAX_GARP_NS, .fallback = fallback_, \
									    .help = help_          \
	}
#define GARP_N(name_, field, fallback_, help_)                                                     \
	{                                                                                          \
		name_, KW_U32, KW_ACTS, IN(garp.field), 1, UINT32_MAX, .fallback = fallback_,      \
								       .help = help_               \
	}
#define IGNORED(name_, help_)                                                                      \
	{                                                                                          \
		name_, KW_ANY, KW_NO_EFFECT, KW_NOWHERE, .help = help_                             \
	}
#define TWO_MASTERS(name_, help_, instead_)                                                        \
	{                                                                                          \
		name_, KW_ANY, KW_REFUSED_HERE, KW_NOWHERE, .help = help_, .instead = instead_     \
	}

static const struct keyword instance[] = {
    {"state", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "{MASTER|BACKUP}",
     .fallback = "MASTER with priority 255, else BACKUP",
     .help = "what it wishes to be when it starts", .set = set_state, .print = print_state},
    {"interface", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "IF",
     .help = "where adverts come and go; required", .set = set_interface, .print = print_interface},
    {"virtual_router_id", KW_U8, KW_ACTS, IN(vrid), 1, 255,
     .help = "the same on every node, unique on the interface; required"},
    {"priority", KW_U8, KW_ACTS, IN(priority), 1, 255, .fallback = "100, or 255 with state MASTER",
     .help = "the highest becomes master"},
    {"version", KW_U8, KW_ACTS, IN(version), 2, 3, .fallback = "vrrp_version; 3 for IPv6",
     .help = "the protocol's version"},
    {"advert_int", KW_SECONDS, KW_ACTS, IN(interval_ns), 10 * NS_PER_MS, 255 * NS_PER_S,
     .fallback = "1",
     .help = "seconds between adverts; whole ones in version 2, steps of 0.01 to 40.95 in 3"},
    {"nopreempt", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "",
     .help = "leave a lesser master in its place", .set = set_nopreempt, .print = print_nopreempt},
    {"preempt", KW_FLAG, KW_ACTS, IN(preempt), .fallback = "on",
     .help = "displace a lesser master"},
    {"preempt_delay", KW_SECONDS, KW_ACTS, IN(preempt_delay_ns), 0, 1000 * NS_PER_S,
     .fallback = "0",
     .help = "seconds from the first advert of a lesser master until it is displaced"},
    {"unicast_src_ip", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "ADDRESS",
     .fallback = "the interface's first address", .help = "the source of unicast adverts",
     .set = set_source, .print = print_source},
    {"mcast_src_ip", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "ADDRESS",
     .fallback = "the interface's first address", .help = "the source of multicast adverts",
     .set = set_source, .print = print_source},
    LIST("unicast_peer", KW_ACTS, block_peers, print_peers, "where unicast adverts go", NULL),
    {"check_unicast_src", KW_BOOL, KW_ACTS, IN(check_source), .fallback = "vrrp_check_unicast_src",
     .help = "take adverts from unicast_peer only", .set = set_check_source,
     .print = print_check_source},
    {"unicast_ttl", KW_U8, KW_ACTS, IN(ttl), 1, 255, .fallback = "255",
     .help = "TTL or hop limit of unicast adverts", .set = set_ttl, .print = print_ttl},
    {"unicast_fault_no_peer", KW_FLAG, KW_ACTS, IN(fault_no_peer), .fallback = "off",
     .help = "without unicast_peer the instance is left out, instead of multicast"},
    LIST("authentication", KW_ACTS, block_authentication, print_authentication,
	 "a password, in version 2 only", NULL),
    {"v3_checksum_as_v2", KW_BOOL, KW_ACTS, KW_NOWHERE,
     .fallback = "the global one; where that is off, what the peer sends",
     .help = "version 3 over IPv4 without the pseudo-header, as RFC 9568 reads it",
     .set = set_checksum, .print = print_checksum},
    {"old_unicast_checksum", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "[never]",
     .help = "the checksum of old keepalived; received ones of every form are accepted",
     .set = set_old_checksum, .print = print_old_checksum},
    {"down_timer_adverts", KW_U8, KW_ACTS, IN(down_adverts), 1, 100,
     .fallback = "vrrp_down_timer_adverts", .help = "adverts missed until a master is down"},
    {"lower_prio_no_advert", KW_BOOL, KW_ACTS, IN(lower_prio_no_advert),
     .fallback = "the global one", .help = "as MASTER, do not answer a lesser one"},
    {"higher_prio_send_advert", KW_BOOL, KW_ACTS, IN(higher_prio_send_advert),
     .fallback = "the global one", .help = "send one more advert before yielding"},
    LIST("virtual_ipaddress", KW_ACTS, block_vips, print_vips,
	 "the addresses, which are in the adverts too", NULL),
    LIST("virtual_ipaddress_excluded", KW_ACTS, block_excluded, print_vips,
	 "addresses that are not in the adverts", NULL),
    {"owner_ignore_adverts", KW_BOOL, KW_ACTS, IN(owner_ignore_adverts),
     .fallback = "vrrp_owner_ignore_adverts", .help = "at priority 255 it hears nobody"},
    {"no_virtual_ipaddress", KW_FLAG, KW_ACTS, IN(no_vip), .fallback = "off",
     .help = "it is meant to have no address"},
    KW_TRACKING(struct cfg_instance, track),
    {"disable_file", KW_WORD, KW_ACTS, IN(disable_file), .argument = "PATH",
     .fallback = "the global one", .help = "drained while this file exists",
     .set = set_disable_file},
    NOTIFY("notify_master", master, "run on becoming MASTER"),
    NOTIFY("notify_backup", backup, "run on becoming BACKUP"),
    NOTIFY("notify_fault", fault, "run on becoming FAULT"),
    NOTIFY("notify_stop", stop, "run when the daemon ends"),
    NOTIFY("notify_deleted", deleted, "run when a reload has removed the instance"),
    NOTIFY("notify", any, "run on each: appends INSTANCE NAME STATE PRIORITY"),
    NOTIFY("notify_master_rx_lower_pri", rx_lower,
	   "run when this master hears a lesser one, at most once a second"),
    {"notify_priority_changes", KW_BOOL, KW_ACTS, IN(notify_priority_changes),
     .fallback = "the global one", .help = "changes of the effective priority go to the FIFOs"},
    {"bgp_announce", KW_BLOCK, KW_ACTS, KW_NOWHERE, .argument = "{ }",
     .help = "what BGP says of the addresses", .print = print_announce, .block = &block_announce,
     .open = announce_open},
    {"track_src_ip", KW_FLAG, KW_ACTS, IN(track_src_ip), .fallback = "off",
     .help = "FAULT while unicast_src_ip or mcast_src_ip is not on the interface"},
    {"dont_track_primary", KW_FLAG, KW_ACTS, IN(dont_track_primary), .fallback = "off",
     .help = "the interface being down is no FAULT"},
    GARP_S("garp_master_delay", master_delay_ns, "the global one",
	   "seconds to the second burst of gratuitous ARP"),
    GARP_N("garp_master_repeat", master_repeat, "the global one", "ARPs of a burst"),
    GARP_S("garp_master_refresh", master_refresh_ns, "the global one",
	   "seconds between later bursts"),
    GARP_N("garp_master_refresh_repeat", master_refresh_repeat, "the global one", "ARPs of these"),
    GARP_S("garp_lower_prio_delay", lower_prio_delay_ns, "the global one",
	   "seconds to the second burst after a lesser master"),
    GARP_N("garp_lower_prio_repeat", lower_prio_repeat, "the global one", "ARPs of these"),
    IGNORED("garp_extra_if", "gratuitous ARP on the lower interface"),
    IGNORED("vmac_garp_intvl", "an old name of garp_extra_if"),
    {"skip_check_adv_addr", KW_BOOL, KW_NO_EFFECT, KW_NOWHERE,
     .help = "do not compare an advert's addresses",
     .instead = "addresses in adverts are never a reason to refuse one"},
    {"timer_expired_backup", KW_ANY, KW_NO_EFFECT, KW_NOWHERE, .argument = "[PRIORITY]",
     .help = "a late master yields", .instead = "a late master always looks before it speaks"},
    IGNORED("thread_timer_expired", "an old name of timer_expired_backup"),
    {"strict_mode", KW_BOOL, KW_REFUSED, KW_NOWHERE, .help = "adherence to the RFC's letter",
     .instead = "remove it: unicast and passwords would not be allowed under it"},
    {"auth_hmac", KW_ANY, KW_REFUSED_HERE, KW_NOWHERE, .argument = "{ }",
     .help = "a signature on each advert",
     .instead = "use authentication PASS and unicast_peer with min_ttl on every node"},
    {"use_vmac", KW_ANY, KW_REFUSED, KW_NOWHERE, .argument = "[NAME]", .help = "a virtual MAC",
     .instead = NO_VIRTUAL_MAC},
    TWO_MASTERS("use_ipvlan", "an ipvlan interface", NO_VIRTUAL_MAC),
    TWO_MASTERS("vrf", "a VRF", "name an interface in the VRF"),
    TWO_MASTERS("mcast_dst_ip", "another multicast group", "use unicast_peer on every node"),
    IGNORED("use_vmac_addr", "virtual MACs of addresses"),
    IGNORED("vmac_*", "virtual MACs"),
    {"no_accept", KW_ANY, KW_REFUSED, KW_NOWHERE, .help = "the master does not answer",
     .instead = "remove it: the addresses are there to be served"},
    IGNORED("accept", "the master serves the addresses, which it always does"),
    {"smtp_alert", KW_BOOL, KW_NO_EFFECT, KW_NOWHERE, .help = "SMTP"},
    IGNORED("track_bfd", "BFD sessions that decide"),
    IGNORED("virtual_routes", "routes that move with the addresses"),
    IGNORED("virtual_rules", "routing rules that move with the addresses"),
    IGNORED("native_ipv6", "an old word of no meaning"),
    IGNORED("promote_secondaries", "a sysctl of the interface"),
    IGNORED("kernel_rx_buf_size", "the receive buffer"),
    IGNORED("linkbeat_use_polling", "poll the interface"),
    IGNORED("lvs_sync_daemon_interface", "LVS"),
    IGNORED("debug", "the amount of log"),
};

const struct keyword_block block_instance = {"vrrp_instance", instance, KW_COUNT(instance), NULL};
