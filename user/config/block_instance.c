// SPDX-License-Identifier: BSD-2-Clause
/* vrrp_instance and its authentication. Defaults from global_defs are copied when an instance's
 * block begins, so a later global_defs does not affect it, as in keepalived. Checks that need the
 * whole file are in complete.c. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"
#include "config/value.h"
#include "core/addr.h"
#include "core/mono.h"
#include "vrrp/flap_step.h"

#define IN(field)      offsetof(struct cfg_instance, field)
#define MAX_GARP_NS    (4294 * NS_PER_S)
#define MAX_REFRESH_NS (UINT32_MAX * NS_PER_S)

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
	i->sbfd = g->sbfd;
	i->garp = g->garp;
	i->notify_priority_changes = g->notify_priority_changes;
	i->announce.bgp = -1;
	i->notify.before_timeout_ns = CFG_BEFORE_TIMEOUT_NS;
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
	p->in_group = false;
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

/* --- keywords with their own functions --- */

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

/* A value out of range is read as 100, even with state MASTER, and never as 255. */
static void set_priority(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_instance *i = target;
	int64_t value = VRRP_PRIO_DEFAULT;

	if (parser_int(p, 1, kw->min, kw->max, &value))
		parser_no_more(p, 2);
	i->priority = (uint8_t)value;
}

static void print_priority(struct dump *d, const struct keyword *kw, const void *target)
{
	dump_line(d, "%s %d", kw->name, ((const struct cfg_instance *)target)->priority);
}

/* A value out of range is read as the longest delay. Without one it would take over at once. */
static void set_preempt_delay(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_instance *i = target;
	int64_t value = kw->max;

	if (parser_seconds(p, 1, kw->min, kw->max, &value))
		parser_no_more(p, 2);
	i->preempt_delay_ns = value;
}

static void print_preempt_delay(struct dump *d, const struct keyword *kw, const void *target)
{
	char text[32];

	dump_line(
	    d, "%s %s", kw->name,
	    value_format_seconds(((const struct cfg_instance *)target)->preempt_delay_ns, text));
}

/* After an error the instance is left out, because it would use another source address. */
static void set_source(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_instance *i = target;
	struct ipaddr a;

	if (strcmp(kw->name, "unicast_src_ip") == 0)
		parser_draft(p, i)->unicast = true;
	if (!parser_address(p, 1, &a)) {
		parser_refuse(p);
		return;
	}
	if (!instance_takes_family(p, i, &a))
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
	struct cfg_instance *i = target;
	unsigned int before = p->errors;

	parser_draft(p, i)->unicast_only = true;
	parser_set(p, kw, i);
	if (p->errors > before && !i->check_source)
		parser_refuse(p); /* adverts of every sender would be accepted */
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
	if (!word || word[0] != '/')
		kw->guard(p, NULL); /* else a node that is out of service could become MASTER */
	else
		parser_set(p, kw, target);
}

/* Without a command the keyword only selects the state that is reported for a removed instance. */
static void set_notify_deleted(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_notify *notify = &((struct cfg_instance *)target)->notify;
	struct keyword command = *kw;

	notify->tells_deleted = true;
	command.type = KW_COMMAND;
	command.offset = IN(notify.deleted);
	if (p->stmt.n > 1)
		parser_set(p, &command, target);
}

static void print_notify_deleted(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_notify *notify = &((const struct cfg_instance *)target)->notify;

	if (notify->deleted.argc > 0)
		dump_command(d, kw->name, &notify->deleted);
	else if (notify->tells_deleted)
		dump_line(d, "%s", kw->name);
}

/* --- checksums --- */

static void set_checksum(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_instance *i = target;
	struct keyword unkept = *kw;
	bool plain = true;

	unkept.offset = 0; /* parser_set() stores the bool in `plain` */
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
	parser_draft(p, i)->unicast_only = true;
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
		parser_refuse(p);
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
     .help = "the password; its first 8 characters are sent in clear text", .set = set_auth_pass},
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
     .fallback = "MASTER with priority 255, else BACKUP", .help = "the state after the start",
     .set = set_state, .print = print_state},
    KW_INTERFACES,
    {"virtual_router_id", KW_U8, KW_ACTS, IN(vrid), 1, 255,
     .help = "the same on every node, unique on the interface; required"},
    {"priority", KW_CUSTOM, KW_ACTS, KW_NOWHERE, 1, 255, .argument = "N",
     .fallback = "100, or 255 with state MASTER", .help = "the highest priority becomes MASTER",
     .set = set_priority, .print = print_priority},
    {"version", KW_U8, KW_ACTS, IN(version), 2, 3, .fallback = "vrrp_version; 3 for IPv6",
     .help = "the VRRP version"},
    {"advert_int", KW_SECONDS, KW_ACTS, IN(interval_ns), 10 * NS_PER_MS, 255 * NS_PER_S,
     .fallback = "1",
     .help = "seconds; in version 2 whole ones, in version 3 multiples of 0.01 up to 40.95"},
    {"nopreempt", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "",
     .help = "let a master of lower priority stay", .set = set_nopreempt, .print = print_nopreempt},
    {"preempt", KW_FLAG, KW_ACTS, IN(preempt), .fallback = "on",
     .help = "take over from a master of lower priority"},
    {"expect_standby", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "on|off",
     .fallback = "on with sbfd, and as soon as a peer has reported",
     .help = "on: alarm while this node is MASTER and no other node is ready; off: no such alarm",
     .set = set_expect_standby, .print = print_expect_standby},
    KW_STEADINESS,
    KW_VMAC,
    {"preempt_delay", KW_CUSTOM, KW_ACTS, KW_NOWHERE, 0, 1000 * NS_PER_S, .argument = "SECONDS",
     .fallback = "0",
     .help = "seconds from the first advert of a master of lower priority to the takeover",
     .set = set_preempt_delay, .print = print_preempt_delay},
    {"unicast_src_ip", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "ADDRESS",
     .fallback = "the interface's first address", .help = "the source of unicast adverts",
     .set = set_source, .print = print_source},
    {"mcast_src_ip", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "ADDRESS",
     .fallback = "the interface's first address", .help = "the source of multicast adverts",
     .set = set_source, .print = print_source},
    {"unicast_peer", KW_BLOCK, KW_ACTS, KW_NOWHERE, .argument = "{ }",
     .help = "the addresses to which unicast adverts are sent", .print = print_peers,
     .block = &block_peers, .open = peers_open, .guard = guard_name},
    {"check_unicast_src", KW_BOOL, KW_ACTS, IN(check_source), .fallback = "vrrp_check_unicast_src",
     .help = "accept adverts only from the addresses in unicast_peer", .set = set_check_source,
     .print = print_check_source, .guard = guard_name},
    {"unicast_ttl", KW_U8, KW_ACTS, IN(ttl), 1, 255, .fallback = "255",
     .help = "TTL or hop limit of unicast adverts", .set = set_ttl, .print = print_ttl},
    {"unicast_fault_no_peer", KW_FLAG, KW_ACTS, IN(fault_no_peer), .fallback = "off",
     .help = "leave the instance out if it has no unicast_peer"},
    {"authentication", KW_BLOCK, KW_ACTS, KW_NOWHERE, .argument = "{ }",
     .help = "a password, in version 2 only", .print = print_authentication,
     .block = &block_authentication, .guard = guard_instance},
    {"auth_hmac", KW_BLOCK, KW_ACTS, KW_NOWHERE, .argument = "{ }",
     .help = "sign adverts, and verify those of other nodes", .print = print_auth,
     .block = &block_auth, .open = auth_open, .guard = guard_instance},
    {"sbfd", KW_BLOCK, KW_ACTS, KW_NOWHERE, .argument = "{ }",
     .fallback = "that of global_defs, if there is one",
     .help = "probe the master's host, answer the probes of peers: S-BFD, RFC 7880",
     .print = print_sbfd, .block = &block_sbfd, .open = sbfd_open},
    {"v3_checksum_as_v2", KW_BOOL, KW_ACTS, KW_NOWHERE,
     .fallback = "the global one; if that is off, the form that the peer uses",
     .help = "in version 3 over IPv4 the checksum does not cover the pseudo-header, as in RFC 9568",
     .set = set_checksum, .print = print_checksum},
    {"old_unicast_checksum", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "[never]",
     .help = "send the checksum of old keepalived; received checksums of every form are accepted",
     .set = set_old_checksum, .print = print_old_checksum},
    {"down_timer_adverts", KW_U8, KW_ACTS, IN(down_adverts), 1, 100,
     .fallback = "vrrp_down_timer_adverts", .help = "adverts missed until a master is down"},
    {"lower_prio_no_advert", KW_BOOL, KW_ACTS, IN(lower_prio_no_advert),
     .fallback = "the global one", .help = "as MASTER, do not answer a lower priority"},
    {"higher_prio_send_advert", KW_BOOL, KW_ACTS, IN(higher_prio_send_advert),
     .fallback = "the global one", .help = "send one more advert before becoming BACKUP"},
    LIST("virtual_ipaddress", KW_ACTS, block_vips, print_vips,
	 "the shared addresses, which the adverts list", NULL),
    LIST("virtual_ipaddress_excluded", KW_ACTS, block_excluded, print_vips,
	 "shared addresses that the adverts do not list", NULL),
    {"virtual_routes", KW_BLOCK, KW_ACTS, KW_NOWHERE, .argument = "{ }",
     .help = "routes that move with the addresses", .print = print_routes, .block = &block_routes,
     .guard = guard_instance},
    {"virtual_rules", KW_BLOCK, KW_ACTS, KW_NOWHERE, .argument = "{ }",
     .help = "routing rules that move with the addresses", .print = print_rules,
     .block = &block_rules, .guard = guard_instance},
    {"owner_ignore_adverts", KW_BOOL, KW_ACTS, IN(owner_ignore_adverts),
     .fallback = "vrrp_owner_ignore_adverts", .help = "with priority 255, ignore all adverts"},
    {"no_virtual_ipaddress", KW_FLAG, KW_ACTS, IN(no_vip), .fallback = "off",
     .help = "the instance has no address on purpose"},
    KW_TRACKING(struct cfg_instance, track),
    {"disable_file", KW_WORD, KW_ACTS, IN(disable_file), .argument = "PATH",
     .fallback = "the global one", .help = "while this file exists, it is drained",
     .set = set_disable_file, .guard = guard_instance},
    KW_BEFORE_MASTER(struct cfg_instance, notify),
    NOTIFY("notify_master", master, "run on becoming MASTER"),
    NOTIFY("notify_backup", backup, "run on becoming BACKUP"),
    NOTIFY("notify_fault", fault, "run on becoming FAULT"),
    NOTIFY("notify_stop", stop, "run when the daemon ends"),
    {"notify_deleted", KW_CUSTOM, KW_ACTS, KW_NOWHERE,
     .argument = "[\"PATH ARGUMENTS\" [USER [GROUP]]]",
     .help = "run when a reload has removed the instance; notify and the FIFOs then get DELETED, "
	     "without this keyword FAULT",
     .set = set_notify_deleted, .print = print_notify_deleted},
    NOTIFY("notify", any, "run on every change; appends INSTANCE NAME STATE PRIORITY"),
    NOTIFY("notify_master_rx_lower_pri", rx_lower,
	   "run when this MASTER hears a master of lower priority, at most once a second"),
    {"notify_priority_changes", KW_BOOL, KW_ACTS, IN(notify_priority_changes),
     .fallback = "the global one", .help = "changes of the effective priority go to the FIFOs"},
    {"bgp_announce", KW_BLOCK, KW_ACTS, KW_NOWHERE, .argument = "{ }",
     .help = "how the addresses are announced by BGP", .print = print_announce,
     .block = &block_announce, .open = announce_open, .guard = guard_instance},
    {"track_src_ip", KW_FLAG, KW_ACTS, IN(track_src_ip), .fallback = "off",
     .help = "FAULT while unicast_src_ip or mcast_src_ip is not on the interface",
     .guard = guard_name},
    {"dont_track_primary", KW_FLAG, KW_ACTS, IN(dont_track_primary), .fallback = "off",
     .help = "do not go to FAULT when the interface is down"},
    GARP_S("garp_master_delay", master_delay_ns, "the global one",
	   "seconds between the first and the second burst of gratuitous ARP"),
    GARP_N("garp_master_repeat", master_repeat, "the global one", "ARPs in a burst"),
    {"garp_master_refresh", KW_SECONDS, KW_ACTS, IN(garp.master_refresh_ns), 0, MAX_REFRESH_NS,
     .fallback = "the global one", .help = "seconds between later bursts"},
    GARP_N("garp_master_refresh_repeat", master_refresh_repeat, "the global one", "ARPs in each"),
    GARP_S("garp_lower_prio_delay", lower_prio_delay_ns, "the global one",
	   "seconds to the second burst after a master of lower priority was heard"),
    {"garp_lower_prio_repeat", KW_U32, KW_ACTS, IN(garp.lower_prio_repeat), 0, UINT32_MAX,
     .fallback = "the global one", .help = "ARPs in such a burst; 0: none"},
    IGNORED("garp_extra_if", "gratuitous ARP on the lower interface"),
    IGNORED("vmac_garp_intvl", "an old name of garp_extra_if"),
    {"skip_check_adv_addr", KW_BOOL, KW_NO_EFFECT, KW_NOWHERE,
     .help = "do not compare an advert's addresses",
     .instead = "addresses in adverts are never a reason to refuse one"},
    {"timer_expired_backup", KW_ANY, KW_NO_EFFECT, KW_NOWHERE, .argument = "[PRIORITY]",
     .help = "a MASTER that was delayed becomes BACKUP",
     .instead = "a delayed MASTER always reads the adverts that wait before it sends one"},
    IGNORED("thread_timer_expired", "an old name of timer_expired_backup"),
    {"strict_mode", KW_BOOL, KW_REFUSED, KW_NOWHERE, .help = "adherence to the RFC's letter",
     .instead = "remove it: unicast and passwords would not be allowed under it"},
    TWO_MASTERS("use_ipvlan", "an ipvlan interface", "write use_vmac on every node, or remove it"),
    TWO_MASTERS("vrf", "a VRF", "name an interface in the VRF"),
    TWO_MASTERS("mcast_dst_ip", "another multicast group", "use unicast_peer on every node"),
    {"use_vmac_addr", KW_ANY, KW_REFUSED, KW_NOWHERE,
     .help = "a virtual MAC on the interface of each address",
     .instead = "remove it on every node"},
    IGNORED("vmac_*", "virtual MACs"),
    {"no_accept", KW_ANY, KW_REFUSED_HERE, KW_NOWHERE, .help = "the master does not answer",
     .instead = "remove it: the addresses are there to be served"},
    IGNORED("accept", "the MASTER accepts packets for the addresses, which it always does"),
    {"smtp_alert", KW_BOOL, KW_NO_EFFECT, KW_NOWHERE, .help = "SMTP"},
    IGNORED("native_ipv6", "an obsolete word without meaning"),
    IGNORED("promote_secondaries", "a sysctl of the interface"),
    IGNORED("kernel_rx_buf_size", "the receive buffer"),
    IGNORED("linkbeat_use_polling", "poll the interface"),
    IGNORED("lvs_sync_daemon_interface", "LVS"),
    IGNORED("debug", "the amount of log"),
};

const struct keyword_block block_instance = {"vrrp_instance", instance, KW_COUNT(instance), NULL};
