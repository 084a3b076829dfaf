// SPDX-License-Identifier: BSD-2-Clause
/*
 * The top level and global_defs. Of keepalived's global settings most tune what Holdfast has not
 * (SMTP, SNMP, LVS, files in /tmp) or has as a matter of course; each is known here, so that a
 * migrated file is told what no longer acts instead of failing on it.
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
	    .check_source = true,
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
	if (!user)
		return;
	parser_user(p, user, p->stmt.n > 2 ? p->stmt.word[2] : NULL, &c->script_user,
		    &c->script_group);
	parser_no_more(p, 3);
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
 * The default group may be named. Another one is not listened to here: who multicasts there would
 * be a second master, so such instances are left out (complete.c).
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
/* As keepalived's: it sets what stands for itself below. */
static void set_min_garp(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_garp *garp = &((struct config *)target)->globals.garp;
	struct keyword unkept = *kw;
	bool on = true;

	unkept.offset = 0; /* a bool on the stack, read as any other */
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
     .help = "refuse scripts run as root that others than root can change"},
    {"script_user", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "USER [GROUP]",
     .fallback = "keepalived_script if it exists, else root",
     .help = "who runs scripts that name no user", .set = set_script_user,
     .print = print_script_user},
    {"vrrp_version", KW_U8, KW_ACTS, IN_G(version), 2, 3, .fallback = "2",
     .help = "the protocol's version for instances that name none; IPv6 is always 3"},
    {"vrrp_check_unicast_src", KW_BOOL, KW_ACTS, IN_G(check_source), .fallback = "on",
     .help = "take unicast adverts from unicast_peer only"},
    {"vrrp_down_timer_adverts", KW_U8, KW_ACTS, IN_G(down_adverts), 1, 100, .fallback = "3",
     .help = "adverts missed until a master is down"},
    {"vrrp_lower_prio_no_advert", KW_BOOL, KW_ACTS, IN_G(lower_prio_no_advert), .fallback = "off",
     .help = "a master does not answer a lesser one"},
    {"vrrp_higher_prio_send_advert", KW_BOOL, KW_ACTS, IN_G(higher_prio_send_advert),
     .fallback = "off", .help = "a master that yields sends one more advert"},
    {"vrrp_owner_ignore_adverts", KW_BOOL, KW_ACTS, IN_G(owner_ignore_adverts), .fallback = "off",
     .help = "an owner hears nobody"},
    {"v3_checksum_as_v2", KW_BOOL, KW_ACTS, IN_G(checksum_as_v2), .fallback = "off",
     .help = "version 3 over IPv4 without the pseudo-header, as RFC 9568 reads it"},
    {"vrrp_mcast_group4", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "ADDRESS",
     .fallback = VRRP_GROUP_V4, .help = "the group of multicast adverts: the default only",
     .set = set_mcast_group},
    {"vrrp_mcast_group6", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "ADDRESS",
     .fallback = VRRP_GROUP_V6, .help = "the group of multicast adverts: the default only",
     .set = set_mcast_group},
    {"vrrp_strict", KW_BOOL, KW_REFUSED, KW_NOWHERE, .help = "adherence to the RFC's letter",
     .instead = "remove it: unicast and passwords would not be allowed under it"},
    {"vrrp_skip_check_adv_addr", KW_BOOL, KW_NO_EFFECT, KW_NOWHERE,
     .help = "do not compare an advert's addresses",
     .instead = "addresses in adverts are never a reason to refuse one"},
    DELAY("vrrp_startup_delay", startup_delay_ns, "0", "time until instances begin"),
    DELAY("vrrp_delay_after_boot", delay_after_boot_ns, "0", "the same, from the boot on"),
    {"disable_file", KW_WORD, KW_ACTS, IN_G(disable_file), .argument = "PATH",
     .help = "drains every instance that names no other, while it exists", .set = set_disable_file},
    {"dynamic_interfaces", KW_ANY, KW_NO_EFFECT, KW_NOWHERE, .argument = "[allow_if_changes]",
     .help = "interfaces may come later", .instead = "they always may"},
    {"log_unknown_vrids", KW_FLAG, KW_ACTS, IN_G(log_unknown_vrids), .fallback = "off",
     .help = "log adverts of foreign virtual routers: at most two lines, then one in ten seconds"},
    {"vrrp_notify_priority_changes", KW_BOOL, KW_ACTS, IN_G(notify_priority_changes),
     .fallback = "off", .help = "changes of the effective priority go to the FIFOs"},
    {"notify_fifo", KW_CUSTOM, KW_ACTS, IN_G(notify_fifo), .argument = "PATH [USER [GROUP]]",
     .help = "a FIFO that state changes are written to", .set = set_fifo, .print = print_fifo},
    {"vrrp_notify_fifo", KW_CUSTOM, KW_ACTS, IN_G(vrrp_notify_fifo),
     .argument = "PATH [USER [GROUP]]", .help = "another one, for the same lines", .set = set_fifo,
     .print = print_fifo},
    {"notify_fifo_script", KW_COMMAND, KW_ACTS, IN_G(notify_fifo_script),
     .help = "the reader of notify_fifo, kept running; the FIFO's path is appended"},
    {"vrrp_notify_fifo_script", KW_COMMAND, KW_ACTS, IN_G(vrrp_notify_fifo_script),
     .help = "the reader of vrrp_notify_fifo"},
    {"fifo_write_vrrp_states_on_reload", KW_FLAG, KW_ACTS, IN_G(fifo_states_on_reload),
     .fallback = "off", .help = "after a reload all states go to the FIFOs once more"},
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
     .fallback = "a deadline, which goes before every priority",
     .help = "the engine's SCHED_RR priority instead; from the next start on",
     .set = set_rt_priority, .print = print_rt_priority},
    {"vrrp_cpu_affinity", KW_CUSTOM, KW_ACTS, KW_NOWHERE, 0, CFG_MAX_CPUS - 1,
     .argument = "CPU ...", .fallback = "all",
     .help = "the CPUs that the engine runs on, without a deadline; from the next start on",
     .set = set_cpus, .print = print_cpus},
    {"vrrp_rlimit_rttime", KW_U32, KW_NO_EFFECT, IN_G(rlimit_rttime), 1, UINT32_MAX,
     .help = "microseconds the process may run without a system call",
     .instead = "after one second, which is never reached, it ends with a core file"},
    {"vrrp_no_swap", KW_FLAG, KW_NO_EFFECT, IN_G(no_swap), .fallback = "off",
     .help = "lock the process in memory", .instead = "the engine always does so"},
    {"reload_check_config", KW_ANY, KW_NO_EFFECT, KW_NOWHERE, .help = "check before a reload",
     .instead = "a bad file never replaces a good one"},
    GARP_S("vrrp_garp_master_delay", IN_G(garp.master_delay_ns), "5",
	   "seconds to the second burst of gratuitous ARP"),
    GARP_N("vrrp_garp_master_repeat", garp.master_repeat, "5", "gratuitous ARPs of a burst"),
    GARP_S("vrrp_garp_master_refresh", IN_G(garp.master_refresh_ns), "0",
	   "seconds between later bursts"),
    GARP_N("vrrp_garp_master_refresh_repeat", garp.master_refresh_repeat, "1", "ARPs of these"),
    GARP_S("vrrp_garp_lower_prio_delay", IN_G(garp.lower_prio_delay_ns), "5",
	   "seconds to the second burst after a lesser master"),
    GARP_N("vrrp_garp_lower_prio_repeat", garp.lower_prio_repeat, "5", "ARPs of these"),
    GARP_S("vrrp_garp_interval", IN_G(garp_interval_ns), "0",
	   "seconds between two gratuitous ARPs"),
    GARP_S("vrrp_gna_interval", IN_G(gna_interval_ns), "0", "seconds between two unsolicited NAs"),
    {"vrrp_min_garp", KW_BOOL, KW_ACTS, KW_NOWHERE, .fallback = "off",
     .help = "one gratuitous ARP instead of bursts, not repeated", .set = set_min_garp},
    IGNORED("vrrp_garp_extra_if", "gratuitous ARP on the lower interface"),
    IGNORED("max_auto_priority", "real-time priority on lateness"),
    IGNORED("min_auto_priority_delay", "what counts as lateness"),
    IGNORED("vrrp_rx_bufs_policy", "the receive buffer"),
    IGNORED("vrrp_rx_bufs_multiplier", "the receive buffer"),
    IGNORED("default_interface", "the interface of static addresses"),
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
    IGNORED("child_wait_time", "the time children have to end"),
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
    {"vrrp_sync_group", KW_BLOCK, KW_ACTS, KW_NOWHERE, .argument = "NAME { }",
     .help = "instances that change state together", .block = &block_group, .open = group_open},
    BLOCK("track_file", block_file, file_open, file_close, "NAME { }", "a number in a file"),
    BLOCK("vrrp_track_file", block_file, file_open, file_close, "NAME { }",
	  "an old name of track_file"),
    BLOCK("vrrp_track_process", block_process, process_open, process_close, "NAME { }",
	  "a process that must run"),
    SKIPPED("bfd_instance", "a BFD session", NULL),
    BLOCK("interface_up_down_delays", block_link_delays, NULL, NULL, "{ }",
	  "lines of IF DOWN [UP]: seconds until a change of its link counts"),
    SKIPPED("linkbeat_interfaces", "interfaces to be polled", NULL),
    SKIPPED("linkbeat_use_polling", "poll interfaces", NULL),
    SKIPPED("garp_group", "pacing of gratuitous ARP by interface",
	    "vrrp_garp_interval and vrrp_gna_interval pace all interfaces together"),
    SKIPPED("static_ipaddress", "addresses of the node", "leave them to the system"),
    SKIPPED("static_routes", "routes of the node", "leave them to the system"),
    SKIPPED("static_rules", "routing rules of the node", "leave them to the system"),
    SKIPPED("track_group", "groups of static addresses", NULL),
    {"net_namespace", KW_ANY, KW_REFUSED, KW_NOWHERE, .argument = "NAME",
     .help = "the network namespace", .instead = "start holdfastd by ip netns exec NAME"},
    SKIPPED("net_namespace_ipvs", "the network namespace of LVS", LVS),
    SKIPPED("namespace_with_ipsets", "firewall rules in a namespace", NULL),
    SKIPPED("instance", "a name for several daemons", "use --name"),
    SKIPPED("use_pid_dir", "where the PID files are", NULL),
    SKIPPED("child_wait_time", "the time children have to end", NULL),
    SKIPPED("virtual_server*", "an LVS service", LVS),
    SKIPPED("real_server", "an LVS server", LVS),
    SKIPPED("SSL", "an LVS check", LVS),
};

const struct keyword_block block_top = {"the file", top, KW_COUNT(top), NULL};
