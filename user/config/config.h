/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a configuration file says, checked and with its defaults filled in: the only form in which
 * the rest of the daemon sees it. Built by config_load(), never changed afterwards, freed as a
 * whole. Durations are nanoseconds. Arrays are counted; a NULL string means the keyword was not
 * given.
 */
#ifndef HF_CONFIG_H
#define HF_CONFIG_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "bgp/bgp_route.h"
#include "hf_abi.h"
#include "ipaddr.h"
#include "vrrp_wire.h"

#define CFG_MAX_INSTANCES   HF_MAX_INSTANCES
#define CFG_MAX_PEERS	    64 /* of one instance */
#define CFG_MAX_VIPS	    HF_MAX_VIPS
#define CFG_MAX_PREFIXES    10000 /* of one announcement; a speaker holds BGP_MAX_PREFIXES */
#define CFG_MAX_SCRIPTS	    1024
#define CFG_MAX_NEIGHBORS   64 /* of one BGP instance */
#define CFG_MAX_ARGS	    64 /* of one command */
#define CFG_NAME_MAX	    64 /* instance, script, group names */
#define CFG_MAX_CPUS	    1024
#define CFG_MAX_LINK_DELAYS 64

/* A command to run: argv ends with NULL. Not given: argc == 0. */
struct cfg_command {
	char **argv;
	int argc;
	char *user, *group; /* NULL: the script_user */
	char *file;	    /* where it stands */
	int line;
};

/* How a check is made: the block it stands in. */
enum cfg_check_kind { CFG_CHECK_SCRIPT, CFG_CHECK_TCP, CFG_CHECK_HTTP };

struct cfg_script { /* vrrp_script, vrrp_tcp_check, vrrp_http_check */
	char *name;
	enum cfg_check_kind kind;
	/* A script's; of the others what the runner takes as argv (health/runner.h). */
	struct cfg_command command;
	int64_t interval_ns, fast_interval_ns, timeout_ns;
	int rise, fall;
	int weight; /* -253..253; 0: down means FAULT */
	bool reverse;
	bool init_fail;
	bool new_privileges; /* a script's: setuid programs and file capabilities work */
};

struct cfg_track {	     /* one line of track_script, track_file or track_process */
	unsigned int script; /* index into config.scripts, .files or .processes */
	int weight;
	bool reverse;
};

struct cfg_track_interface { /* one line of track_interface */
	char interface[IF_NAMESIZE];
	int weight; /* -253..253; 0: down means FAULT */
	bool reverse;
};

struct cfg_track_bgp { /* one line of track_bgp */
	char *name;
	unsigned int bgp; /* index into config.bgp */
	uint32_t sessions;
	int weight; /* -253..253; 0: fewer sessions mean FAULT */
	bool reverse;
};

struct cfg_tracking { /* what an instance or a sync group goes by */
	struct cfg_track *scripts, *files, *processes;
	struct cfg_track_interface *interfaces;
	struct cfg_track_bgp *bgp;
	unsigned int n_scripts, n_files, n_processes, n_interfaces, n_bgp;
};

struct cfg_link_delay { /* one line of interface_up_down_delays */
	char interface[IF_NAMESIZE];
	int64_t down_ns, up_ns;
};

struct cfg_file { /* track_file; or disable_file of instances, named by its path */
	char *name;
	char *path;
	bool disables;
	int weight; /* -254..254 */
	bool reverse;
	bool init, overwrite; /* at start the file is made, or written anew, with `init_value` */
	int init_value;
};

/* Which arguments of a process must be those given: all, the first, and of the last a part. */
enum cfg_param_match { PARAM_MATCH_EXACT, PARAM_MATCH_INITIAL, PARAM_MATCH_PARTIAL };

struct cfg_process { /* vrrp_track_process */
	char *name;
	struct cfg_command command; /* the process looked for: never run */
	int weight;		    /* -254..254 */
	bool reverse, full_command;
	uint8_t param_match;	     /* enum cfg_param_match */
	uint32_t quorum, quorum_max; /* UINT32_MAX: no upper limit */
	int64_t fork_delay_ns, terminate_delay_ns;
};

struct cfg_garp { /* what keepalived sends on a LAN; global and per instance */
	int64_t master_delay_ns, master_refresh_ns, lower_prio_delay_ns;
	uint32_t master_repeat, master_refresh_repeat, lower_prio_repeat;
};

struct cfg_peer { /* one line of unicast_peer */
	struct ipaddr address;
	uint8_t min_ttl, max_ttl; /* 0, 255 when not given */
};

struct cfg_vip { /* one line of virtual_ipaddress */
	struct ipprefix prefix;
	char dev[IF_NAMESIZE]; /* the instance's interface when not given */
	char label[IF_NAMESIZE];
	uint8_t scope;		 /* RT_SCOPE_* */
	uint32_t flags;		 /* IFA_F_* beyond those that are always set */
	struct ipaddr broadcast; /* all zero: none */
	uint32_t preferred_s;	 /* preferred lifetime; UINT32_MAX: for ever */
	bool untracked;		 /* no_track: not put back when others remove it */
};

struct cfg_notify {
	struct cfg_command master, backup, fault, stop, deleted, any; /* any: `notify` */
	struct cfg_command rx_lower; /* notify_master_rx_lower_pri, of instances */
};

enum cfg_takeover { TAKEOVER_NONE, TAKEOVER_COMMUNITY, TAKEOVER_AS_PATH, TAKEOVER_MED };

/*
 * bgp_announce; `bgp` is -1 when the instance has none.
 *
 * Without a `takeover` line: on `platform linode` the communities 65000:2 and 65000:1; where any
 * neighbour is of our own AS `med 4000000000 3000000000`, since a path holding our AS twice would
 * be a loop to it (RFC 4271 section 9.1.2); else `as_path 1`: the length of the path is compared
 * before everything but local preference (section 9.1.2.2), so that any router left at its defaults
 * lets the taker's path outrank the one of a dead host, with no agreement on communities.
 */
struct cfg_announce {
	int bgp; /* index into config.bgp */
	struct ipprefix *prefixes;
	unsigned int n_prefixes;
	struct bgp_attrs attrs; /* what is always attached */
	enum cfg_takeover takeover;
	uint32_t community_settled, community_escalated; /* TAKEOVER_COMMUNITY */
	uint8_t prepend;				 /* TAKEOVER_AS_PATH: when settled */
	uint32_t med_settled, med_escalated;		 /* TAKEOVER_MED */
	int64_t settle_ns, linger_ns;
	bool standby;	      /* `standby announce` */
	bool require_session; /* default true */
};

struct cfg_instance { /* vrrp_instance */
	char *name, *file;
	int line;
	char interface[IF_NAMESIZE];
	uint8_t family; /* 4 or 6 */
	uint8_t version, vrid, priority, down_adverts;
	bool start_master, preempt, check_source;
	bool lower_prio_no_advert, higher_prio_send_advert, owner_ignore_adverts;
	uint8_t checksum;     /* enum hf_checksum to send */
	bool checksum_learnt; /* to a peer that has been heard the one it sends */
	uint8_t auth_type;    /* VRRP_AUTH_* */
	uint8_t auth_data[8];
	int64_t interval_ns;
	struct ipaddr
	    source; /* unicast_src_ip or mcast_src_ip; all zero: the interface's first address */
	struct cfg_peer *peers; /* empty: multicast */
	unsigned int n_peers;
	uint8_t ttl; /* sent; 255 unless unicast_ttl */
	struct cfg_vip *vips;
	unsigned int n_vips; /* virtual_ipaddress: these are in the adverts */
	struct cfg_vip *excluded;
	unsigned int n_excluded;
	struct cfg_tracking track;
	struct cfg_notify notify;
	struct cfg_announce announce;
	/* Among these, some are read and have no effect, of which the user is told (keywords.h). */
	struct cfg_garp garp;
	int64_t preempt_delay_ns;
	char *disable_file;
	int disable; /* index of that into config.files; -1: none */
	bool no_vip; /* no_virtual_ipaddress */
	bool given_priority;
	bool fault_no_peer, track_src_ip, dont_track_primary, notify_priority_changes;
};

struct cfg_group { /* vrrp_sync_group */
	char *name;
	int line;
	unsigned int *members; /* indices into config.instances */
	unsigned int n_members;
	struct cfg_tracking track; /* of each member, beside its own */
	struct cfg_notify notify;
	bool tracking_weight; /* members keep weights of their own */
	bool notify_priority_changes;
};

struct cfg_neighbor {
	struct ipaddr address;
	uint32_t remote_as;
	struct ipaddr source; /* all zero: the kernel chooses */
	uint16_t port;	      /* 179; its, and ours where we listen */
	bool passive;	      /* it alone dials */
	bool listen;	      /* it may dial, too */
	uint8_t multihop;     /* TTL to send; 0: 1 for eBGP, 64 for iBGP */
	uint8_t ttl_security; /* RFC 5082: hops allowed; 0: off */
	char *password;	      /* TCP MD5, RFC 2385 */
	int line;
};

struct cfg_bgp { /* bgp_instance */
	char *name;
	int line;
	uint32_t local_as;
	uint32_t router_id;   /* host order; 0: the first global IPv4 address of the instance's
				 interface */
	uint16_t hold_time_s; /* 0 or >= 3 */
	int64_t connect_retry_ns;
	struct cfg_neighbor *neighbors;
	unsigned int n_neighbors;
};

struct cfg_fifo {	    /* notify_fifo, vrrp_notify_fifo */
	char *path;	    /* absolute; NULL: not given */
	char *user, *group; /* to whom it belongs; NULL: not given */
};

/* The rest of global_defs; what an instance takes over as its default is copied when it begins. */
struct cfg_globals {
	uint8_t version; /* vrrp_version */
	uint8_t down_adverts;
	bool check_source, lower_prio_no_advert, higher_prio_send_advert, checksum_as_v2;
	bool owner_ignore_adverts;
	struct cfg_garp garp;
	int64_t garp_interval_ns, gna_interval_ns; /* between two announcements; 0: none */
	int64_t startup_delay_ns, delay_after_boot_ns;
	char *disable_file; /* of instances that have none */
	struct cfg_fifo notify_fifo, vrrp_notify_fifo;
	struct cfg_command notify_fifo_script, vrrp_notify_fifo_script;
	struct cfg_command startup_script, shutdown_script;
	int64_t startup_timeout_ns, shutdown_timeout_ns;
	int nice;			/* vrrp_priority, -20..19 */
	int rt_priority;		/* 1..99; 0: not given */
	uint32_t rlimit_rttime;		/* microseconds; 0: not given */
	uint8_t cpus[CFG_MAX_CPUS / 8]; /* vrrp_cpu_affinity, a bit each; none: all */
	bool no_swap, log_unknown_vrids, notify_priority_changes, fifo_states_on_reload;
};

struct config {
	char *router_id; /* the node's name */
	bool script_security;
	char *script_user, *script_group;
	struct cfg_instance *instances;
	unsigned int n_instances;
	struct cfg_script *scripts;
	unsigned int n_scripts;
	struct cfg_bgp *bgp;
	unsigned int n_bgp;
	struct cfg_globals globals;
	struct cfg_file *files;
	unsigned int n_files;
	struct cfg_process *processes;
	unsigned int n_processes;
	struct cfg_group *groups;
	unsigned int n_groups;
	struct cfg_link_delay *link_delays;
	unsigned int n_link_delays;
};

/* How a file reads, and the exit status of `holdfastd -t` (keepalived's values). */
enum config_verdict { CONFIG_GOOD = 0, CONFIG_UNUSABLE = 4, CONFIG_USABLE_WITH_ERRORS = 5 };

/*
 * Reads `path`. Every complaint goes to `report` (may be NULL) as one line "FILE:LINE: what is
 * wrong; what to write instead". *out is set unless the verdict is CONFIG_UNUSABLE. `config_id` is
 * keepalived's -i: NULL means the host's name up to the first dot.
 */
typedef void (*config_report_fn)(void *ctx, const char *line);
enum config_verdict config_load(const char *path, const char *config_id, config_report_fn report,
				void *ctx, struct config **out);
/*
 * The same for `len` octets at `text`, which `name` stands for in complaints. Nothing outside them
 * is read: an include is an error. For tests, for the fuzzer, and for text that did not come from a
 * file.
 */
enum config_verdict config_parse_text(const char *name, const char *text, size_t len,
				      const char *config_id, config_report_fn report, void *ctx,
				      struct config **out);
void config_free(struct config *cfg);

/* Prints `cfg` in canonical form, which reads back to the same. Passwords are printed. 0 or -errno.
 */
int config_dump(const struct config *cfg, FILE *to);

#endif
