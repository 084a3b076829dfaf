/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A configuration, checked and with its defaults filled in: the only form that the rest of the
 * daemon uses. Built by config_load(), never changed afterwards, freed as a whole. Durations are
 * nanoseconds. Arrays are counted; a NULL string means the keyword was not given.
 */
#ifndef HF_CONFIG_H
#define HF_CONFIG_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "bgp/bgp_route.h"
#include "core/net_route.h"
#include "health/traffic_rules.h"
#include "hf_abi.h"
#include "ipaddr.h"
#include "vrrp_wire.h"

#define CFG_MAX_INSTANCES   HF_MAX_INSTANCES
#define CFG_MAX_GROUPS	    CFG_MAX_INSTANCES /* each has a member that is in no other group */
#define CFG_REPORT_PORT	    7785	      /* UDP; the next one after S-BFD's 7784 */
#define CFG_MAX_UPLINKS	    8		      /* of one instance: DATAPATH_MAX_UPLINKS */
#define CFG_MAX_PEERS	    64		      /* of one instance */
#define CFG_MAX_VIPS	    HF_MAX_VIPS
#define CFG_MAX_ROUTES	    256	  /* of one instance; as many rules */
#define CFG_RULE_PRIORITY   16384 /* of the first rule without one; the next has one less */
#define CFG_MAX_SERVICES    1024
#define CFG_MAX_PREFIXES    10000 /* of one announcement; a speaker holds BGP_MAX_PREFIXES */
#define CFG_MAX_SCRIPTS	    1024
#define CFG_MAX_TRAFFIC	    256	 /* vrrp_traffic_check; their ports together: HF_MAX_CONNS */
#define CFG_MAX_NEIGHBORS   64	 /* of one BGP instance */
#define CFG_MAX_BFD	    1024 /* sessions */
#define CFG_MAX_ARGS	    64	 /* of one command */
#define CFG_NAME_MAX	    64	 /* instance, script, group names */
#define CFG_MAX_CPUS	    1024
#define CFG_MAX_LINK_DELAYS 64

/* A command to run: argv ends with NULL. Not given: argc == 0. */
struct cfg_command {
	char **argv;
	int argc;
	char *user, *group; /* NULL: the script_user */
	char *file;	    /* the place of the keyword, for messages */
	int line;
};

/* The kind of a check: the block that defines it. */
enum cfg_check_kind { CFG_CHECK_SCRIPT, CFG_CHECK_TCP, CFG_CHECK_HTTP };

struct cfg_script { /* vrrp_script, vrrp_tcp_check, vrrp_http_check */
	char *name;
	enum cfg_check_kind kind;
	/* A script: its command. Other kinds: the argv for the runner (runner/runner.h). */
	struct cfg_command command;
	int64_t interval_ns, fast_interval_ns, timeout_ns;
	int rise, fall;
	int weight; /* -253..253; 0: down means FAULT */
	bool reverse;
	bool init_fail;
	bool new_privileges; /* a script may gain privileges by setuid and file capabilities */
	bool down_if_stale;  /* without new results it is down; else the last result stays */
};

/* What is tracked by name. The kinds before TRACKED_KINDS are checks: vrrp_script, track_file,
 * vrrp_track_process and vrrp_traffic_check. The runner makes all but the last. */
enum tracked_kind {
	TRACKED_SCRIPT,
	TRACKED_FILE,
	TRACKED_PROCESS,
	TRACKED_TRAFFIC,
	TRACKED_KINDS, /* the number of kinds of checks */
	TRACKED_BFD = TRACKED_KINDS
};

struct cfg_track {	     /* one line of track_script, track_file, ... or track_bfd */
	unsigned int script; /* index into config.scripts, .files, .processes, .traffic or .bfds */
	int weight;
	bool reverse;
};

struct cfg_track_interface { /* one line of track_interface */
	char interface[IF_NAMESIZE];
	int weight; /* -253..253; 0: down means FAULT */
	bool reverse;
	bool implied; /* added, not written: an address is on it, or a route leads over it */
};

struct cfg_track_bgp { /* one line of track_bgp */
	char *name;
	unsigned int bgp; /* index into config.bgp */
	uint32_t sessions;
	int weight; /* -253..253; 0: fewer sessions mean FAULT */
	bool reverse;
};

struct cfg_tracking { /* what an instance, a sync group or a service tracks */
	struct cfg_track *scripts, *files, *processes, *traffic, *bfds;
	struct cfg_track_interface *interfaces;
	struct cfg_track_bgp *bgp;
	unsigned int n_scripts, n_files, n_processes, n_traffic, n_bfds, n_interfaces, n_bgp;
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
	bool init, overwrite; /* at start create the file, or overwrite it, with `init_value` */
	int init_value;
};

/* Which arguments of a process must match: all; the first ones; the first ones, and the last of
 * them may be only the beginning of an argument. */
enum cfg_param_match { PARAM_MATCH_EXACT, PARAM_MATCH_INITIAL, PARAM_MATCH_PARTIAL };

struct cfg_process { /* vrrp_track_process */
	char *name;
	struct cfg_command command; /* the process to find; it is never run */
	int weight;		    /* -254..254 */
	bool reverse, full_command, down_if_stale;
	uint8_t param_match;	     /* enum cfg_param_match */
	uint32_t quorum, quorum_max; /* UINT32_MAX: no upper limit */
	int64_t fork_delay_ns, terminate_delay_ns;
};

struct cfg_traffic { /* vrrp_traffic_check */
	char *name, *file;
	int line;
	struct ipaddr *addresses;
	unsigned int n_addresses;
	uint16_t *ports; /* host byte order; without ports all of an address count together */
	unsigned int n_ports;
	struct cfg_traffic_link {
		char name[IF_NAMESIZE];
	} * links; /* further interfaces on which connections arrive */
	unsigned int n_links;
	struct traffic_cfg rules;
	int weight; /* -253..253; 0: bad means FAULT */
	bool reverse;
	bool alarm_only; /* it always counts as good for what tracks it */
};

struct cfg_garp { /* announcements on a LAN as in keepalived; global and per instance */
	int64_t master_delay_ns, master_refresh_ns, lower_prio_delay_ns;
	uint32_t master_repeat, master_refresh_repeat, lower_prio_repeat;
};

struct cfg_peer { /* one line of unicast_peer */
	struct ipaddr address;
	uint8_t min_ttl, max_ttl; /* 0, 255 when not given */
	uint32_t discriminator;	  /* of its reflector; 0: derived from its address */
};

struct cfg_sbfd { /* sbfd */
	bool on;
	int64_t interval_ns; /* between probes */
	int64_t gate_ns;     /* our reflector answers Up for this time after a sign of life */
	uint8_t multiplier;
	uint32_t discriminator; /* of our reflector; 0: derived from our adverts' source */
};

struct cfg_vip { /* one line of virtual_ipaddress */
	struct ipprefix prefix;
	char dev[IF_NAMESIZE]; /* the instance's interface when not given */
	char label[IF_NAMESIZE];
	int line;
	uint8_t scope;		 /* RT_SCOPE_* */
	uint32_t flags;		 /* IFA_F_* beyond those that are always set */
	struct ipaddr broadcast; /* all zero: none */
	uint32_t preferred_s;	 /* preferred lifetime; UINT32_MAX: for ever */
	bool untracked; /* no_track: it is not added again if another program removes it, and
			 * its interface is not tracked */
	bool repeated;	/* an earlier line has it too: it is repeated in adverts only, as in
			   keepalived */
};

struct cfg_route { /* one line of virtual_routes */
	struct net_route route;
	int line;
	bool untracked; /* no_track: its interface is not tracked */
};

struct cfg_rule { /* one line of virtual_rules */
	struct net_rule rule;
	int line;
	bool untracked;
};

/* The default of before_master_timeout. */
#define CFG_BEFORE_TIMEOUT_NS (100 * NS_PER_MS)

struct cfg_notify {
	struct cfg_command master, backup, fault, stop, deleted, any; /* any: `notify` */
	struct cfg_command rx_lower;	      /* notify_master_rx_lower_pri, of instances */
	struct cfg_command up, down, drained; /* of services */
	struct cfg_command before;	      /* before_master, of instances and groups */
	int64_t before_timeout_ns;	      /* the longest time that a claim waits for it */
	bool tells_deleted; /* notify_deleted is given: report DELETED instead of FAULT */
};

enum cfg_takeover { TAKEOVER_NONE, TAKEOVER_COMMUNITY, TAKEOVER_AS_PATH, TAKEOVER_MED };

/*
 * bgp_announce; `bgp` is -1 when the instance has none. The default of `takeover` is:
 *
 * - on `platform linode` the communities 65000:2 (settled) and 65000:1 (escalated);
 * - else, with a neighbour of our own AS, `med 4000000000 3000000000`: that neighbour rejects a
 *   path with its own AS as a loop (RFC 4271 section 9.1.2), so the path cannot be prepended;
 * - else `as_path 1`: a router compares the path length before everything but local preference
 *   (RFC 4271 section 9.1.2.2). With its defaults it prefers the path of the new master to the
 *   path of a dead host, and no communities have to be agreed on.
 */
struct cfg_announce {
	int bgp;	/* index into config.bgp */
	char *bgp_name; /* `instance`; NULL: not given */
	struct ipprefix *prefixes;
	unsigned int n_prefixes;
	struct bgp_attrs attrs; /* the attributes of each announcement */
	bool given_origin;
	enum cfg_takeover takeover;
	uint32_t community_settled, community_escalated; /* TAKEOVER_COMMUNITY */
	uint8_t prepend;				 /* TAKEOVER_AS_PATH: when settled */
	uint32_t med_settled, med_escalated;		 /* TAKEOVER_MED */
	int64_t settle_ns, linger_ns;
	bool standby;	      /* `standby announce` */
	bool require_session; /* default true */
};

/* From the strictest to the least strict. */
enum cfg_auth_mode { CFG_AUTH_ENFORCE, CFG_AUTH_PERMISSIVE, CFG_AUTH_RECEIVE_ONLY };

struct cfg_auth { /* auth_hmac */
	enum cfg_auth_mode mode;
	bool monotonic; /* anti_replay */
	uint8_t active_key;
	uint32_t window_s; /* time_window */
	struct cfg_auth_key {
		uint8_t id;
		bool hidden; /* a dump's placeholder: the instance must not run */
		char *file;  /* file:PATH; NULL: the key is in the configuration */
	} keys[HF_MAX_KEYS];
	unsigned int n_keys;
	struct hmac_key *secret; /* the keys of keys[]: HF_MAX_KEYS elements in secret memory */
	int line;
};

/* When a missing standby is an alarm. */
enum cfg_standby {
	CFG_STANDBY_REPORTED, /* if a peer has sent a report before */
	CFG_STANDBY_ALWAYS,
	CFG_STANDBY_NEVER,
};

struct cfg_vmac {		/* use_vmac */
	char name[IF_NAMESIZE]; /* of the macvlan; empty: no use_vmac */
	uint8_t mac[6];
	bool given_mac; /* else that of RFC 9568 section 7.3 */
	bool xmit_base; /* vmac_xmit_base: adverts go through the interface itself */
};

struct cfg_instance { /* vrrp_instance */
	char *name, *file;
	int line;
	char interface[IF_NAMESIZE];
	char uplinks[CFG_MAX_UPLINKS][IF_NAMESIZE]; /* interfaces; the first is `interface` */
	unsigned int n_uplinks;			    /* 0: `interface` alone */
	struct cfg_vmac vmac;
	uint8_t family; /* 4 or 6 */
	uint8_t version, vrid, priority, down_adverts;
	bool start_master, preempt, check_source;
	bool lower_prio_no_advert, higher_prio_send_advert, owner_ignore_adverts;
	uint8_t checksum;     /* enum hf_checksum to send */
	bool checksum_learnt; /* to a peer that was heard, send the form that it uses */
	uint8_t auth_type;    /* VRRP_AUTH_* */
	uint8_t auth_data[8];
	enum cfg_standby expect_standby;
	bool serves_alone;  /* when_all_fail serve */
	uint8_t flap_moves; /* flap_hold; 0: off */
	int64_t flap_ns;
	struct cfg_auth *auth; /* auth_hmac; NULL: not given */
	int64_t interval_ns;
	struct ipaddr
	    source; /* unicast_src_ip or mcast_src_ip; all zero: the interface's first address */
	struct cfg_peer *peers; /* empty: multicast */
	unsigned int n_peers;
	uint8_t ttl; /* of sent adverts; the default is 255 */
	struct cfg_vip *vips;
	unsigned int n_vips;	  /* virtual_ipaddress: the adverts contain them */
	struct cfg_vip *excluded; /* virtual_ipaddress_excluded: the adverts do not */
	unsigned int n_excluded;
	struct cfg_route *routes;
	unsigned int n_routes;
	struct cfg_rule *rules;
	unsigned int n_rules;
	struct cfg_tracking track;
	struct cfg_notify notify;
	struct cfg_announce announce;
	struct cfg_sbfd sbfd;
	/* Some of the following keywords have no effect: KW_NO_EFFECT of keywords.h. */
	struct cfg_garp garp;
	int64_t preempt_delay_ns;
	char *disable_file;
	int disable; /* the index of disable_file in config.files; -1: none */
	bool no_vip; /* no_virtual_ipaddress */
	bool given_priority;
	bool fault_no_peer, track_src_ip, dont_track_primary, notify_priority_changes;
};

struct cfg_group { /* vrrp_sync_group */
	char *name;
	int line;
	unsigned int *members; /* indices into config.instances */
	unsigned int n_members;
	struct cfg_tracking track; /* of each member, in addition to its own */
	struct cfg_notify notify;
	bool tracking_weight; /* sync_group_tracking_weight: members keep their own weights */
	bool notify_priority_changes;
};

struct cfg_bfd { /* a BFD session: `bfd` of a neighbor, or bfd_instance */
	bool given;
	/* Only of a bfd_instance: */
	char *name;
	int64_t idle_tx_ns; /* between our packets while the session is not Up */
	uint8_t max_hops;   /* 255: any */
	int weight;	    /* -253..253; 0: Down means FAULT */
	bool reverse;
	/* Of both: */
	struct ipaddr peer, source; /* source all zero: the kernel chooses */
	int64_t min_tx_ns, min_rx_ns;
	uint8_t multiplier;
	bool passive;
	bool strict;   /* the BGP session waits until this session is Up */
	bool multihop; /* RFC 5883, port 4784; else RFC 5881, port 3784 */
	bool given_multihop;
	uint8_t ttl;	 /* of sent packets; 0: 255 */
	uint8_t min_ttl; /* packets with a lower TTL are dropped; 0: no check */
	int line;
};

/* How a failed service changes its routes. */
enum cfg_when_failed { FAILED_WITHDRAW, FAILED_MED, FAILED_AS_PATH, FAILED_COMMUNITY };

/*
 * bgp_service: prefixes that each node announces as long as everything that the service tracks is
 * good. A service has no master, so `announce` has neither takeover nor standby. It has no priority
 * either, so its tracking has no weights: a bad check, file, process or interface is a failure, and
 * so are too few sessions.
 */
struct cfg_service {
	char *name, *file;
	int line;
	struct cfg_announce announce;
	enum cfg_when_failed when_failed;
	uint32_t failed_med;	/* FAILED_MED: replaces the MED of `announce` */
	uint8_t failed_prepend; /* FAILED_AS_PATH: how many more times our AS is prepended */
	uint8_t n_failed_communities;
	uint32_t failed_communities[BGP_MAX_COMMUNITIES]; /* FAILED_COMMUNITY: added */
	struct cfg_tracking track;
	struct cfg_notify notify;
	char *disable_file;
	int disable; /* the index of disable_file in config.files; -1: none */
};

/* How the configuration names a neighbor. */
enum cfg_neighbor_kind {
	NEIGHBOR_ADDRESS,   /* `address`; if it is link-local, on `interface` */
	NEIGHBOR_GATEWAY4,  /* the present next hop of the IPv4 default route */
	NEIGHBOR_GATEWAY6,  /* the present next hop of the IPv6 default route */
	NEIGHBOR_INTERFACE, /* the router that sends router advertisements on `interface` */
};
#define CFG_NEIGHBOR_TEXT 64 /* an IPv6 address, %, an interface */

struct cfg_neighbor {
	enum cfg_neighbor_kind kind;
	struct ipaddr address;	     /* NEIGHBOR_ADDRESS; all zero with the other kinds */
	char interface[IF_NAMESIZE]; /* of a link-local address or NEIGHBOR_INTERFACE; else "" */
	uint32_t remote_as;
	struct ipaddr source;  /* all zero: the kernel chooses */
	uint16_t port;	       /* TCP, of the neighbor, and ours if we listen; default 179 */
	bool passive;	       /* only the neighbor connects */
	bool listen;	       /* the neighbor may connect, too */
	bool no_ipv4, no_ipv6; /* `families` names only the other family */
	uint8_t multihop;      /* TTL to send; 0: 1 for eBGP, 64 for iBGP */
	uint8_t ttl_security;  /* RFC 5082: hops allowed; 0: off */
	uint8_t role;	       /* our role, RFC 9234: enum bgp_role */
	bool strict_role;      /* the neighbor must send its role */
	char *password;	       /* TCP MD5, RFC 2385 */
	struct cfg_bfd bfd;
	int line;
};

/* The name of `n` as in the file: "192.0.2.1", "fe80::1%eth0", "gateway", "gateway ipv6". Writes it
 * to `text` and returns it. */
const char *cfg_neighbor_name(const struct cfg_neighbor *n, char text[CFG_NEIGHBOR_TEXT]);
/* True if `a` and `b` name their neighbor in the same way. */
static inline bool cfg_neighbor_is_same(const struct cfg_neighbor *a, const struct cfg_neighbor *b)
{
	return a->kind == b->kind && memcmp(&a->address, &b->address, sizeof(a->address)) == 0 &&
	       strcmp(a->interface, b->interface) == 0;
}

struct cfg_bgp { /* bgp_instance */
	char *name;
	int line;
	uint32_t local_as;
	uint32_t router_id;   /* host byte order; 0: the first global IPv4 address of the
			       * instance's interface */
	uint16_t hold_time_s; /* 0 or >= 3 */
	int64_t connect_retry_ns;
	struct cfg_neighbor *neighbors;
	unsigned int n_neighbors;
};

struct cfg_fifo {	    /* notify_fifo, vrrp_notify_fifo */
	char *path;	    /* absolute; NULL: not given */
	char *user, *group; /* its owner; NULL: not given */
	int line;
};

/* The rest of global_defs. Those that are defaults of an instance are copied into it when its block
 * begins. */
struct cfg_globals {
	uint8_t version; /* vrrp_version */
	uint8_t down_adverts;
	bool check_source, lower_prio_no_advert, higher_prio_send_advert, checksum_as_v2;
	bool owner_ignore_adverts;
	struct cfg_sbfd sbfd; /* of instances without an `sbfd` */
	struct cfg_garp garp;
	int64_t garp_interval_ns, gna_interval_ns; /* between two announcements; 0: none */
	int64_t startup_delay_ns, delay_after_boot_ns;
	char *disable_file; /* of instances and services without a disable_file */
	struct cfg_fifo notify_fifo, vrrp_notify_fifo;
	struct cfg_command notify_fifo_script, vrrp_notify_fifo_script;
	struct cfg_command startup_script, shutdown_script;
	int64_t startup_timeout_ns, shutdown_timeout_ns;
	uint16_t report_port;		/* UDP, of peer reports; 0: none */
	int nice;			/* vrrp_priority, -20..19 */
	int rt_priority;		/* 1..99; 0: not given */
	uint32_t rlimit_rttime;		/* microseconds; 0: not given */
	uint8_t cpus[CFG_MAX_CPUS / 8]; /* vrrp_cpu_affinity: one bit for each CPU; none: all */
	bool no_swap, log_unknown_vrids, notify_priority_changes, fifo_states_on_reload;
	char default_interface[IF_NAMESIZE]; /* of static_ipaddress; empty: not given */
};

struct config {
	bool has_uplinks; /* an instance has `interfaces` */
	char **sources;	  /* the files it was read from */
	unsigned int n_sources;
	char *router_id; /* the node's name */
	bool script_security;
	char *script_user, *script_group, *script_user_file;
	int script_user_line;
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
	struct cfg_traffic *traffic;
	unsigned int n_traffic;
	struct cfg_bfd *bfds; /* bfd_instance */
	unsigned int n_bfds;
	struct cfg_group *groups;
	unsigned int n_groups;
	struct cfg_service *services;
	unsigned int n_services;
	struct cfg_link_delay *link_delays;
	unsigned int n_link_delays;
	/* static_ipaddress, static_routes and static_rules as the `excluded`, `routes` and `rules`
	 * of an instance that is MASTER for ever; all else of it is unset. */
	struct cfg_instance statics;
};

/* The verdict on a file, and the exit status of `holdfastd -t` (keepalived's values). */
enum config_verdict { CONFIG_GOOD = 0, CONFIG_UNUSABLE = 4, CONFIG_USABLE_WITH_ERRORS = 5 };

/*
 * Reads the configuration file `path` and the files that it includes. Calls `report` (may be NULL)
 * for each error and warning, with one line "FILE:LINE: what is wrong; what to write instead". Sets
 * *out, to be freed by config_free(), unless the verdict is CONFIG_UNUSABLE; then *out is NULL.
 * `config_id` is the identifier that @ID conditions are compared with (keepalived's -i). NULL: the
 * host's name up to the first dot.
 */
typedef void (*config_report_fn)(void *ctx, const char *line);
enum config_verdict config_load(const char *path, const char *config_id, config_report_fn report,
				void *ctx, struct config **out);
/*
 * For a thread that waits for a config_load() in another thread: copies the path, or the include
 * pattern, that is being read to `path` (`size` octets). False if none is being read.
 */
bool config_reading(char *path, size_t size);
/*
 * As config_load(), for the `len` octets at `text`; `name` is the file name in messages. It reads
 * no file: an include is an error. For tests, for the fuzzer, and for text that is not in a file.
 */
enum config_verdict config_parse_text(const char *name, const char *text, size_t len,
				      const char *config_id, config_report_fn report, void *ctx,
				      struct config **out);
void config_free(struct config *cfg);

/* True if `a` and `b` are one session. A peer distinguishes its sessions with us by our source
 * address. A source that is not given can be any address. */
static inline bool cfg_bfd_same_session(const struct cfg_bfd *a, const struct cfg_bfd *b)
{
	return a->multihop == b->multihop && ipaddr_cmp(&a->peer, &b->peer) == 0 &&
	       (ipaddr_is_unset(&a->source) || ipaddr_is_unset(&b->source) ||
		ipaddr_cmp(&a->source, &b->source) == 0);
}

/* True if connections of a traffic check arrive on `interface`. */
bool cfg_traffic_uses(const struct config *c, const char *interface);
/* The interfaces to which the data path attaches, at most. */
unsigned int cfg_count_interfaces(const struct config *c);
/* The sockets that all instances may need: one for each interface, and with use_vmac one more. */
unsigned int cfg_count_sockets(const struct config *c);
/* True if `name` is in `interfaces` of `i`. */
bool cfg_is_uplink(const struct cfg_instance *i, const char *name);
/* Is `a` an address that `i` holds, or within a prefix that it announces? */
bool cfg_instance_has_address(const struct cfg_instance *i, const struct ipaddr *a);
const char *auth_mode_name(enum cfg_auth_mode mode); /* "enforce", ... */

/*
 * Prints `cfg` in canonical form. The parser reads this text as the same configuration, with one
 * exception: an auth_hmac key that is in the file itself is printed as `hidden`, and an instance
 * with such a key stays in FAULT. Passwords are printed. Returns 0 or -errno.
 */
int config_dump(const struct config *cfg, FILE *to);

#endif
