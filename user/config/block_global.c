// SPDX-License-Identifier: BSD-2-Clause
/*
 * The top level and global_defs. Most of keepalived's global settings are about features that
 * Holdfast does not have (SMTP, SNMP, LVS, files in /tmp) or always has. All are known here, so
 * that a migrated file does not fail but gets a warning about settings without an effect.
 */
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "config/parser.h"
#include "core/addr.h"
#include "core/mono.h"

#define IN(field)     offsetof(struct config, field)
#define IN_G(field)   offsetof(struct config, globals.field)
#define MAX_DELAY_NS  (86400 * NS_PER_S)
#define MAX_GARP_S_NS (4294 * NS_PER_S) /* keepalived's limit: microseconds in 32 bits */

void globals_set_defaults(struct cfg_globals *g)
{
	*g = (struct cfg_globals){
	    .version = 2,
	    .down_adverts = 3,
	    .sbfd = sbfd_defaults(),
	    .check_source = true,
	    .report_port = CFG_REPORT_PORT,
	    .garp = {.master_delay_ns = 5 * NS_PER_S,
		     .lower_prio_delay_ns = 5 * NS_PER_S,
		     .master_repeat = 5,
		     .lower_prio_repeat = 5,
		     .master_refresh_repeat = 1},
	    .startup_timeout_ns = 10 * NS_PER_S,
	    .shutdown_timeout_ns = 10 * NS_PER_S,
	};
}

static void set_script_user(struct parser *p, const struct keyword *kw, void *target)
{
	struct config *c = target;
	const char *user = parser_word(p, 1);

	(void)kw;
	if (!user || !parser_user(p, user, p->stmt.n > 2 ? p->stmt.word[2] : NULL, &c->script_user,
				  &c->script_group)) {
		p->refuse_all = true; /* otherwise another user would run them */
		return;
	}
	c->script_user_line = p->stmt.line;
	parser_string(p, &c->script_user_file, p->stmt.file);
	parser_no_more(p, 3);
}

static void set_report_port(struct parser *p, const struct keyword *kw, void *target)
{
	int64_t port;

	if (!parser_int(p, 1, kw->min, kw->max, &port))
		return;
	((struct config *)target)->globals.report_port = (uint16_t)port;
	parser_no_more(p, 2);
}

static void print_report_port(struct dump *d, const struct keyword *kw, const void *target)
{
	uint16_t port = ((const struct config *)target)->globals.report_port;

	if (port != CFG_REPORT_PORT)
		dump_line(d, "%s %u", kw->name, port);
}

static void print_words(struct dump *d, const char *name, const char *const words[3])
{
	if (!words[0])
		return;
	dump_begin(d);
	fputs(name, d->f);
	for (int i = 0; i < 3 && words[i]; i++) {
		fputc(' ', d->f);
		dump_quoted(d, words[i]);
	}
	dump_end(d);
}

static void print_script_user(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct config *c = target;

	print_words(d, kw->name, (const char *const[]){c->script_user, c->script_group, NULL});
}

static bool is_fifo(const struct cfg_fifo *fifo, const char *path)
{
	return fifo->path && strcmp(fifo->path, path) == 0;
}

static void set_fifo(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_fifo *fifo = (struct cfg_fifo *)((char *)target + kw->offset);
	const struct config *c = target;
	const char *path = parser_word(p, 1);

	if (!path)
		return;
	if (*path != '/' || strlen(path) >= PATH_MAX) {
		parser_error(p, "'%s' is not an absolute path; write one", path);
		return;
	}
	if (fifo->path || is_fifo(&c->globals.notify_fifo, path) ||
	    is_fifo(&c->globals.vrrp_notify_fifo, path)) {
		parser_error(p, "'%s': a FIFO is given already; remove one of the two", kw->name);
		return;
	}
	parser_string(p, &fifo->path, path);
	fifo->line = p->stmt.line;
	if (p->stmt.n > 2)
		parser_user(p, p->stmt.word[2], p->stmt.n > 3 ? p->stmt.word[3] : NULL, &fifo->user,
			    &fifo->group);
	parser_no_more(p, 4);
}

static void print_fifo(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_fifo *fifo = (const struct cfg_fifo *)((const char *)target + kw->offset);

	print_words(d, kw->name, (const char *const[]){fifo->path, fifo->user, fifo->group});
}

/*
 * Only the default group is supported. With another group in the file an instance that uses
 * multicast is left out (complete.c), because it would become a second master.
 */
static void set_mcast_group(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1), *group;
	struct ipaddr a, b;

	(void)target;
	group = kw->name[strlen(kw->name) - 1] == '4' ? VRRP_GROUP_V4 : VRRP_GROUP_V6;
	if (!word)
		return;
	if (ipaddr_parse(&a, word) < 0 || ipaddr_parse(&b, group) < 0 || !ipaddr_equal(&a, &b)) {
		parser_warn(p,
			    "'%s' other than %s is not supported; use unicast_peer on every node",
			    kw->name, group);
		*(group[0] == '2' ? &p->other_group4 : &p->other_group6) = true;
	}
	parser_no_more(p, 2);
}

static void set_rt_priority(struct parser *p, const struct keyword *kw, void *target)
{
	int64_t value;

	if (!parser_int(p, 1, kw->min, kw->max, &value))
		return;
	parser_no_more(p, 2);
	((struct config *)target)->globals.rt_priority = (int)value;
}

static void print_rt_priority(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_globals *g = &((const struct config *)target)->globals;

	if (g->rt_priority)
		dump_line(d, "%s %d", kw->name, g->rt_priority);
}

static void set_cpus(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_globals *g = &((struct config *)target)->globals;
	int64_t cpu;

	for (unsigned int i = 1; i == 1 || i < p->stmt.n; i++) {
		if (!parser_int(p, i, kw->min, kw->max, &cpu))
			return;
		g->cpus[cpu / 8] |= (uint8_t)(1u << cpu % 8);
	}
}

static void print_cpus(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_globals *g = &((const struct config *)target)->globals;

	for (int cpu = 0; cpu < CFG_MAX_CPUS; cpu++) {
		if (g->cpus[cpu / 8] & (1u << cpu % 8))
			dump_line(d, "%s %d", kw->name, cpu);
	}
}

#define DELAY(name_, field, fallback_, help_)                                                      \
	{                                                                                          \
		name_, KW_SECONDS, KW_ACTS, IN_G(field), 0, MAX_DELAY_NS, .fallback = fallback_,   \
									  .help = help_            \
	}
/* As in keepalived: sets the values of the vrrp_garp_ keywords below. */
static void set_min_garp(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_garp *garp = &((struct config *)target)->globals.garp;
	struct keyword unkept = *kw;
	bool on = true;

	unkept.offset = 0; /* parser_set() stores the bool in `on` */
	parser_set(p, &unkept, &on);
	if (!on)
		return;
	garp->master_delay_ns = garp->lower_prio_delay_ns = 0;
	garp->master_repeat = garp->lower_prio_repeat = 1;
}

#define GARP_S(name_, field, fallback_, help_)                                                     \
	{                                                                                          \
		name_, KW_SECONDS, KW_ACTS, field, 0, MAX_GARP_S_NS, .fallback = fallback_,        \
								     .help = help_                 \
	}
#define GARP_N(name_, field, fallback_, help_)                                                     \
	{                                                                                          \
		name_, KW_U32, KW_ACTS, IN_G(field), 1, UINT32_MAX, .fallback = fallback_,         \
								    .help = help_                  \
	}
#define IGNORED(name_, help_)                                                                      \
	{                                                                                          \
		name_, KW_ANY, KW_NO_EFFECT, KW_NOWHERE, .help = help_                             \
	}

static const struct keyword global[] = {
    {"router_id", KW_WORD, KW_ACTS, IN(router_id), .argument = "NAME",
     .fallback = "the host's name", .help = "the node's name in status and log"},
    {"enable_script_security", KW_FLAG, KW_ACTS, IN(script_security), .fallback = "off",
     .help = "refuse scripts that would run as root and that another user can change",
     .guard = guard_all},
    {"script_user", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "USER [GROUP]",
     .fallback = "keepalived_script if it exists; else root, unless enable_script_security is set",
     .help = "the user of scripts that name none; if this user does not exist, they are not run",
     .set = set_script_user, .print = print_script_user, .guard = guard_all},
    {"vrrp_version", KW_U8, KW_ACTS, IN_G(version), 2, 3, .fallback = "2",
     .help = "the VRRP version of instances that name none; IPv6 always uses 3"},
    {"vrrp_check_unicast_src", KW_BOOL, KW_ACTS, IN_G(check_source), .fallback = "on",
     .help = "accept unicast adverts only from the addresses in unicast_peer"},
    {"vrrp_down_timer_adverts", KW_U8, KW_ACTS, IN_G(down_adverts), 1, 100, .fallback = "3",
     .help = "adverts missed until a master is down"},
    {"vrrp_lower_prio_no_advert", KW_BOOL, KW_ACTS, IN_G(lower_prio_no_advert), .fallback = "off",
     .help = "as MASTER, do not answer an advert of lower priority at once"},
    {"vrrp_higher_prio_send_advert", KW_BOOL, KW_ACTS, IN_G(higher_prio_send_advert),
     .fallback = "off", .help = "as MASTER, send one more advert before becoming BACKUP"},
    {"vrrp_owner_ignore_adverts", KW_BOOL, KW_ACTS, IN_G(owner_ignore_adverts), .fallback = "off",
     .help = "with priority 255, an instance ignores all adverts"},
    {"v3_checksum_as_v2", KW_BOOL, KW_ACTS, IN_G(checksum_as_v2), .fallback = "off",
     .help =
	 "in version 3 over IPv4 the checksum does not cover the pseudo-header, as in RFC 9568"},
    {"vrrp_mcast_group4", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "ADDRESS",
     .fallback = VRRP_GROUP_V4,
     .help = "the group of multicast adverts; only the default is supported",
     .set = set_mcast_group},
    {"vrrp_mcast_group6", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "ADDRESS",
     .fallback = VRRP_GROUP_V6,
     .help = "the group of multicast adverts; only the default is supported",
     .set = set_mcast_group},
    {"sbfd", KW_BLOCK, KW_ACTS, KW_NOWHERE, .argument = "{ }",
     .help = "the sbfd block of each vrrp_instance below that has none", .block = &block_sbfd,
     .open = sbfd_open_global},
    {"report_port", KW_CUSTOM, KW_ACTS, KW_NOWHERE, 0, UINT16_MAX, .argument = "PORT",
     .fallback = "7785",
     .help = "the UDP port of peer reports, the same on all nodes; 0: none are sent or received",
     .set = set_report_port, .print = print_report_port},
    {"vrrp_strict", KW_BOOL, KW_REFUSED, KW_NOWHERE, .help = "strict conformance to the RFC",
     .instead = "remove it: it does not permit unicast and passwords"},
    {"vrrp_skip_check_adv_addr", KW_BOOL, KW_NO_EFFECT, KW_NOWHERE,
     .help = "do not compare an advert's addresses",
     .instead = "addresses in adverts are never a reason to refuse one"},
    DELAY("vrrp_startup_delay", startup_delay_ns, "0",
	  "seconds after the start until the instances take part"),
    DELAY("vrrp_delay_after_boot", delay_after_boot_ns, "0",
	  "seconds after the boot of the host until the instances take part"),
    {"disable_file", KW_WORD, KW_ACTS, IN_G(disable_file), .argument = "PATH",
     .help = "while this file exists, each instance and service without a disable_file of its own "
	     "is drained",
     .set = set_disable_file, .guard = guard_all},
    {"dynamic_interfaces", KW_ANY, KW_NO_EFFECT, KW_NOWHERE, .argument = "[allow_if_changes]",
     .help = "interfaces may appear later", .instead = "interfaces may always appear later"},
    {"log_unknown_vrids", KW_FLAG, KW_ACTS, IN_G(log_unknown_vrids), .fallback = "off",
     .help = "log adverts of virtual routers that are not configured here: two lines at once, then "
	     "one in ten seconds"},
    {"vrrp_notify_priority_changes", KW_BOOL, KW_ACTS, IN_G(notify_priority_changes),
     .fallback = "off", .help = "changes of the effective priority go to the FIFOs"},
    {"notify_fifo", KW_CUSTOM, KW_ACTS, IN_G(notify_fifo), .argument = "PATH [USER [GROUP]]",
     .help = "a FIFO that gets a line for each change of state", .set = set_fifo,
     .print = print_fifo},
    {"vrrp_notify_fifo", KW_CUSTOM, KW_ACTS, IN_G(vrrp_notify_fifo),
     .argument = "PATH [USER [GROUP]]", .help = "another FIFO that gets the same lines",
     .set = set_fifo, .print = print_fifo},
    {"notify_fifo_script", KW_COMMAND, KW_ACTS, IN_G(notify_fifo_script),
     .help = "a program that reads notify_fifo; it is started again when it ends; its last "
	     "argument is the path of the FIFO"},
    {"vrrp_notify_fifo_script", KW_COMMAND, KW_ACTS, IN_G(vrrp_notify_fifo_script),
     .help = "a program that reads vrrp_notify_fifo, as notify_fifo_script"},
    {"fifo_write_vrrp_states_on_reload", KW_FLAG, KW_ACTS, IN_G(fifo_states_on_reload),
     .fallback = "off", .help = "after a reload, write all states into the FIFOs again"},
    {"startup_script", KW_COMMAND, KW_REFUSED, IN_G(startup_script), .help = "run once at start",
     .instead = "use ExecStartPre= of the systemd unit"},
    {"shutdown_script", KW_COMMAND, KW_REFUSED, IN_G(shutdown_script),
     .help = "run once at the end", .instead = "use ExecStopPost= of the systemd unit"},
    {"startup_script_timeout", KW_SECONDS, KW_NO_EFFECT, IN_G(startup_timeout_ns), NS_PER_S,
     1000 * NS_PER_S, .fallback = "10", .help = "seconds for startup_script"},
    {"shutdown_script_timeout", KW_SECONDS, KW_NO_EFFECT, IN_G(shutdown_timeout_ns), NS_PER_S,
     1000 * NS_PER_S, .fallback = "10", .help = "seconds for shutdown_script"},
    {"vrrp_priority", KW_INT, KW_NO_EFFECT, IN_G(nice), -20, 19, .fallback = "0",
     .help = "the process's nice value",
     .instead = "the engine is real-time wherever it is permitted"},
    {"vrrp_rt_priority", KW_CUSTOM, KW_ACTS, KW_NOWHERE, 1, 99, .argument = "N",
     .fallback = "SCHED_DEADLINE, which precedes every priority",
     .help = "run the engine with this SCHED_RR priority, not with SCHED_DEADLINE; takes effect at "
	     "the next start",
     .set = set_rt_priority, .print = print_rt_priority},
    {"vrrp_cpu_affinity", KW_CUSTOM, KW_ACTS, KW_NOWHERE, 0, CFG_MAX_CPUS - 1,
     .argument = "CPU ...", .fallback = "all",
     .help = "run the engine only on these CPUs, without SCHED_DEADLINE; takes effect at the next "
	     "start",
     .set = set_cpus, .print = print_cpus},
    {"vrrp_rlimit_rttime", KW_U32, KW_NO_EFFECT, IN_G(rlimit_rttime), 1, UINT32_MAX,
     .help = "microseconds that the process may run without a system call",
     .instead = "the limit is one second; a daemon that reaches it ends with a core file"},
    {"vrrp_no_swap", KW_FLAG, KW_NO_EFFECT, IN_G(no_swap), .fallback = "off",
     .help = "lock the process in memory", .instead = "the engine always does so"},
    {"reload_check_config", KW_ANY, KW_NO_EFFECT, KW_NOWHERE, .help = "check before a reload",
     .instead = "a bad file never replaces a good one"},
    GARP_S("vrrp_garp_master_delay", IN_G(garp.master_delay_ns), "5",
	   "seconds between the first and the second burst of gratuitous ARP"),
    GARP_N("vrrp_garp_master_repeat", garp.master_repeat, "5", "gratuitous ARPs in a burst"),
    {"vrrp_garp_master_refresh", KW_SECONDS, KW_ACTS, IN_G(garp.master_refresh_ns), 0,
     UINT32_MAX *NS_PER_S, .fallback = "0", .help = "seconds between later bursts"},
    GARP_N("vrrp_garp_master_refresh_repeat", garp.master_refresh_repeat, "1", "ARPs in each"),
    GARP_S("vrrp_garp_lower_prio_delay", IN_G(garp.lower_prio_delay_ns), "5",
	   "seconds to the second burst after a master of lower priority was heard"),
    {"vrrp_garp_lower_prio_repeat", KW_U32, KW_ACTS, IN_G(garp.lower_prio_repeat), 0, UINT32_MAX,
     .fallback = "5", .help = "ARPs in such a burst; 0: none"},
    GARP_S("vrrp_garp_interval", IN_G(garp_interval_ns), "0",
	   "seconds between two gratuitous ARPs"),
    GARP_S("vrrp_gna_interval", IN_G(gna_interval_ns), "0", "seconds between two unsolicited NAs"),
    {"vrrp_min_garp", KW_BOOL, KW_ACTS, KW_NOWHERE, .fallback = "off",
     .help = "send one gratuitous ARP instead of bursts, and do not repeat it",
     .set = set_min_garp},
    IGNORED("vrrp_garp_extra_if", "gratuitous ARP on the lower interface"),
    IGNORED("max_auto_priority", "the real-time priority after a delay"),
    IGNORED("min_auto_priority_delay", "the delay that raises the priority"),
    IGNORED("vrrp_rx_bufs_policy", "the receive buffer"),
    IGNORED("vrrp_rx_bufs_multiplier", "the receive buffer"),
    {"default_interface", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "IF",
     .help = "the interface of addresses without dev in the static_ipaddress blocks below",
     .set = set_default_interface, .print = print_default_interface},
    IGNORED("notification_email", "SMTP"),
    IGNORED("notification_email_from", "SMTP"),
    IGNORED("smtp_*", "SMTP"),
    IGNORED("no_email_faults", "SMTP"),
    IGNORED("email_faults", "SMTP"),
    IGNORED("lvs_id", "an old name of router_id"),
    IGNORED("process_name*", "process names"),
    IGNORED("vrrp_process_name", "process names"),
    IGNORED("use_symlink_paths", "paths of scripts"),
    IGNORED("set_supplementary_groups", "groups of scripts"),
    IGNORED("umask", "the mode of files"),
    IGNORED("use_pid_dir", "where the PID files are"),
    IGNORED("instance", "a name for several daemons; use --name"),
    IGNORED("data_use_instance", "names of files in /tmp"),
    IGNORED("random_seed", "the seed of random numbers"),
    IGNORED("include_check", "errors of includes"),
    IGNORED("config_*", "copies of the configuration"),
    IGNORED("tmp_config_directory", "copies of the configuration"),
    IGNORED("reload_*", "how a reload is done"),
    IGNORED("child_wait_time", "the time in which children must end"),
    IGNORED("json_version", "JSON files; use holdfastctl status --json"),
    IGNORED("state_dump_file", "dump files; use holdfastctl status"),
    IGNORED("stats_dump_file", "dump files; use holdfastctl counters"),
    IGNORED("json_dump_file", "dump files; use holdfastctl status --json"),
    IGNORED("state_file_location", "dump files; use holdfastctl status"),
    IGNORED("stats_file_location", "dump files; use holdfastctl counters"),
    IGNORED("json_file_location", "dump files; use holdfastctl status --json"),
    IGNORED("snmp_*", "SNMP"),
    IGNORED("enable_snmp_*", "SNMP"),
    IGNORED("enable_traps", "SNMP"),
    IGNORED("enable_dbus", "D-Bus"),
    IGNORED("dbus_*", "D-Bus"),
    IGNORED("vrrp_iptables", "firewall rules of no_accept"),
    IGNORED("vrrp_ipsets", "firewall rules of no_accept"),
    IGNORED("nftables*", "firewall rules of no_accept"),
    IGNORED("disable_local_igmp", "multicast of virtual MACs"),
    IGNORED("vmac_*", "virtual MACs"),
    IGNORED("vrrp_netlink_*", "netlink buffers"),
    IGNORED("process_monitor_rcv_bufs*", "netlink buffers"),
    IGNORED("iproute_*", "names of routing tables"),
    IGNORED("lvs_*", "LVS"),
    IGNORED("checker_*", "LVS"),
    IGNORED("rs_init_notifies", "LVS"),
    IGNORED("no_checker_emails", "LVS"),
    IGNORED("bfd_*", "keepalived's BFD process"),
};

const struct keyword_block block_global = {"global_defs", global, KW_COUNT(global), NULL};

/* --- the top level --- */

#define BLOCK(name_, block_, open_, close_, argument_, help_)                                      \
	{                                                                                          \
		name_, KW_BLOCK, KW_ACTS, KW_NOWHERE, .argument = argument_, .help = help_,        \
						      .block = &block_, .open = open_,             \
						      .close = close_                              \
	}
#define SKIPPED(name_, help_, instead_)                                                            \
	{                                                                                          \
		name_, KW_ANY, KW_NO_EFFECT, KW_NOWHERE, .help = help_, .instead = instead_        \
	}
#define LVS "load balancing is not done here"

static const struct keyword top[] = {
    BLOCK("global_defs", block_global, NULL, NULL, "{ }", "settings of the node"),
    BLOCK("vrrp_script", block_script, script_open, script_close, "NAME { }", "a health check"),
    BLOCK("vrrp_tcp_check", block_tcp_check, script_open, script_close, "NAME { }",
	  "a health check by TCP, without a script"),
    BLOCK("vrrp_http_check", block_http_check, script_open, http_check_close, "NAME { }",
	  "a health check by HTTP, without a script"),
    BLOCK("vrrp_instance", block_instance, instance_open, NULL, "NAME { }",
	  "a virtual router and its addresses"),
    BLOCK("bgp_instance", block_bgp, bgp_open, bgp_close, "NAME { }", "a BGP speaker"),
    BLOCK("bgp_service", block_service, service_open, service_close, "NAME { }",
	  "prefixes that each healthy node announces"),
    {"vrrp_sync_group", KW_BLOCK, KW_ACTS, KW_NOWHERE, .argument = "NAME { }",
     .help = "instances that change state together", .block = &block_group, .open = group_open},
    BLOCK("track_file", block_file, file_open, file_close, "NAME { }", "a number in a file"),
    BLOCK("vrrp_track_file", block_file, file_open, file_close, "NAME { }",
	  "an old name of track_file"),
    BLOCK("vrrp_track_process", block_process, process_open, process_close, "NAME { }",
	  "a process that must run"),
    BLOCK("vrrp_traffic_check", block_traffic, traffic_open, traffic_close, "NAME { }",
	  "a service that must answer the connections that come to it"),
    BLOCK("bfd_instance", block_bfd, bfd_open, bfd_close, "NAME { }",
	  "a BFD session with another host, to be tracked"),
    BLOCK("interface_up_down_delays", block_link_delays, NULL, NULL, "{ }",
	  "lines of IF DOWN [UP]: seconds after which a change of the link counts"),
    BLOCK("static_ipaddress", block_static_addresses, statics_open, NULL, "{ }",
	  "addresses of the node, MASTER or not"),
    BLOCK("static_routes", block_static_routes, statics_open, NULL, "{ }", "routes of the node"),
    BLOCK("static_rules", block_static_rules, statics_open, NULL, "{ }",
	  "routing rules of the node"),
    SKIPPED("linkbeat_interfaces", "interfaces to be polled", NULL),
    SKIPPED("linkbeat_use_polling", "poll interfaces", NULL),
    SKIPPED("garp_group", "pacing of gratuitous ARP by interface",
	    "vrrp_garp_interval and vrrp_gna_interval pace all interfaces together"),
    SKIPPED("track_group", "groups of static addresses", NULL),
    {"net_namespace", KW_ANY, KW_REFUSED, KW_NOWHERE, .argument = "NAME",
     .help = "the network namespace",
     .instead = "start holdfastd by ip netns exec NAME, and remove this line", .guard = guard_all},
    SKIPPED("net_namespace_ipvs", "the network namespace of LVS", LVS),
    SKIPPED("namespace_with_ipsets", "firewall rules in a namespace", NULL),
    SKIPPED("instance", "a name for several daemons", "use --name"),
    SKIPPED("use_pid_dir", "where the PID files are", NULL),
    SKIPPED("child_wait_time", "the time in which children must end", NULL),
    SKIPPED("virtual_server*", "an LVS service", LVS),
    SKIPPED("real_server", "an LVS server", LVS),
    SKIPPED("SSL", "an LVS check", LVS),
};

const struct keyword_block block_top = {"the file", top, KW_COUNT(top), NULL};
