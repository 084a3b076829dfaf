/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keywords of the language, a table for each block: the argument of each keyword, its range and
 * default, and whether it has an effect. The parser and config_dump() use these tables, and the
 * manual is checked against them.
 */
#ifndef HF_CONFIG_KEYWORDS_H
#define HF_CONFIG_KEYWORDS_H

#include <stddef.h>
#include <stdint.h>

struct parser;
struct dump;
struct keyword;

/* A guard for the tables, as those of parser.h: refuses the present instance or group if the name
 * is misspelt. */
void guard_name(struct parser *p, void *inner);

enum keyword_type {
	KW_FLAG,    /* no argument; sets a bool */
	KW_BOOL,    /* on, off, true, false, yes, no; without an argument it means on */
	KW_U8,	    /* a number; its field is a uint8_t, */
	KW_U32,	    /* a uint32_t, */
	KW_INT,	    /* or an int */
	KW_SECONDS, /* decimal seconds; its field is an int64_t of nanoseconds */
	KW_WEIGHT,  /* N [reverse]; its fields are those of KW_WEIGHT_AT() */
	KW_WORD,    /* a string */
	KW_ADDRESS, /* struct ipaddr */
	KW_COMMAND, /* struct cfg_command: "PATH ARGUMENTS" [USER [GROUP]] */
	KW_CUSTOM,  /* the form is in `argument`; `set` reads it, `print` writes it */
	KW_ANY,	    /* any words, also a block in braces; they are not stored */
	KW_BLOCK,   /* a block of keywords, or of lines that `line` of the block reads */
};

enum keyword_effect {
	KW_ACTS,
	KW_NO_EFFECT,	 /* parsed; a warning says that it has no effect */
	KW_REFUSED,	 /* an error; `instead` says what to write */
	KW_REFUSED_HERE, /* an error, and the instance is left out: otherwise there would be two
			  * masters, or it would run in a weaker form */
};

#define KW_NOWHERE UINT32_MAX /* not kept in a field of the block's structure */

struct keyword_block {
	const char *name;	  /* in the manual and in messages */
	const struct keyword *kw; /* NULL: a block of lines */
	unsigned int n;
	/* With `kw` NULL: reads one line of the block, whose words are all values. */
	void (*line)(struct parser *p, void *target);
};

struct keyword {
	const char *name; /* a final '*' stands for all names with that prefix */
	enum keyword_type type;
	enum keyword_effect effect;
	uint32_t offset;      /* of its field in the structure that the block fills */
	int64_t min, max;     /* KW_SECONDS: in nanoseconds */
	const char *argument; /* the argument in the manual; NULL: derived from the type */
	const char *fallback; /* the default value, in words; NULL: none */
	const char *help;     /* one line */
	const char *instead;  /* what to write, or why nothing is needed; may be NULL */
	/*
	 * For keywords without which the instance must not run. Called if the name is misspelt
	 * (then `inner` is NULL), or if a line of its block is wrong. NULL: only the line is left
	 * out.
	 */
	void (*guard)(struct parser *p, void *inner);
	void (*set)(struct parser *p, const struct keyword *kw, void *target);
	void (*print)(struct dump *d, const struct keyword *kw, const void *target);
	/* KW_BLOCK: `open` returns the structure that the block fills, or NULL to skip the block.
	 * `open` NULL: the block fills `target`. `close` may be NULL. */
	const struct keyword_block *block;
	void *(*open)(struct parser *p, const struct keyword *kw, void *target);
	void (*close)(struct parser *p, void *target);
};

/* The top level, and all blocks in the manual's order. The list ends with NULL. */
extern const struct keyword_block block_top;
extern const struct keyword_block *const keyword_blocks[];

const struct keyword *keyword_find(const struct keyword_block *b, const char *name);
/* The keyword of `b` that `name` probably means, or NULL. */
const struct keyword *keyword_nearest(const struct keyword_block *b, const char *name);

/* The blocks, each defined in the block_*.c of its subject. */
extern const struct keyword_block block_global, block_script, block_tcp_check, block_http_check,
    block_file, block_process, block_traffic, block_group;
extern const struct keyword_block block_group_members, block_instance, block_authentication,
    block_auth, block_sbfd;
extern const struct keyword_block block_vips, block_excluded, block_peers, block_routes,
    block_rules;
extern const struct keyword_block block_track_script, block_track_file, block_track_process;
extern const struct keyword_block block_track_traffic, block_track_bfd, block_bfd;
extern const struct keyword_block block_track_interface, block_track_bgp;
extern const struct keyword_block block_link_delays;
extern const struct keyword_block block_static_addresses, block_static_routes, block_static_rules;
extern const struct keyword_block block_bgp, block_neighbor, block_neighbor_bfd, block_announce,
    block_service;

/* --- for the tables --- */

/* A block that fills a part of a struct cfg_tracking. */
#define KW_TRACK(name_, offset_, block_, print_, help_)                                            \
	{                                                                                          \
		name_, KW_BLOCK, KW_ACTS, offset_, .argument = "{ }", .help = help_,               \
						   .print = print_, .block = &block_,              \
						   .open = track_open, .guard = guard_name         \
	}
/* All tracking blocks, for a structure whose `field` is a struct cfg_tracking. */
#define KW_TRACKING(type, field)                                                                   \
	KW_TRACK("track_script", offsetof(type, field), block_track_script, print_tracks,          \
		 "the health checks to track"),                                                    \
	    KW_TRACK("track_interface", offsetof(type, field), block_track_interface,              \
		     print_track_interfaces, "further interfaces to track"),                       \
	    KW_TRACK("track_file", offsetof(type, field), block_track_file, print_tracks,          \
		     "the files to track"),                                                        \
	    KW_TRACK("track_process", offsetof(type, field), block_track_process, print_tracks,    \
		     "the processes to track"),                                                    \
	    KW_TRACK("track_traffic", offsetof(type, field), block_track_traffic, print_tracks,    \
		     "the traffic checks to track"),                                               \
	    KW_TRACK("track_bfd", offsetof(type, field), block_track_bfd, print_tracks,            \
		     "the BFD sessions to track"),                                                 \
	    KW_TRACK("track_bgp", offsetof(type, field), block_track_bgp, print_track_bgp,         \
		     "the BGP sessions to track")

/* For a structure whose `field` is a struct cfg_notify. */
#define KW_BEFORE_MASTER(type, field)                                                              \
	{"before_master", KW_COMMAND, KW_ACTS, offsetof(type, field.before),                       \
	 .help =                                                                                   \
	     "run in a takeover, before the addresses are added and the prefixes are announced"},  \
	{                                                                                          \
		"before_master_timeout", KW_SECONDS, KW_ACTS,                                      \
		    offsetof(type, field.before_timeout_ns), NS_PER_MS, 60 * NS_PER_S,             \
		    .fallback = "0.1",                                                             \
		    .help = "seconds that a takeover waits for before_master at most",             \
		    .print = print_before_timeout                                                  \
	}

/* The interfaces of a vrrp_instance. */
#define KW_INTERFACES                                                                              \
	{"interface",                                                                              \
	 KW_CUSTOM,                                                                                \
	 KW_ACTS,                                                                                  \
	 KW_NOWHERE,                                                                               \
	 .argument = "IF",                                                                         \
	 .help = "the adverts' interface; required, unless there is interfaces",                   \
	 .set = set_interface,                                                                     \
	 .print = print_interface},                                                                \
	{                                                                                          \
		"interfaces", KW_CUSTOM, KW_ACTS, KW_NOWHERE,                                      \
		    .argument = "IF IF ...", .fallback = "interface",                              \
		    .help = "the uplinks of a node with one address that is reached through each " \
			    "of them; the loss of one moves nothing; needs unicast_peer, "         \
			    "unicast_src_ip, and the addresses on lo",                             \
		    .set = set_interfaces, .print = print_interfaces                               \
	}

/* The keywords of vrrp_instance against frequent moves of the mastership. */
#define KW_STEADINESS                                                                              \
	{"when_all_fail",                                                                          \
	 KW_CUSTOM,                                                                                \
	 KW_ACTS,                                                                                  \
	 KW_NOWHERE,                                                                               \
	 .argument = "serve|fail",                                                                 \
	 .fallback = "fail",                                                                       \
	 .help = "serve: the last good node continues to serve, although what it tracks is bad, "  \
		 "while no peer is ready; needs unicast_peer",                                     \
	 .set = set_when_all_fail,                                                                 \
	 .print = print_when_all_fail},                                                            \
	{                                                                                          \
		"flap_hold", KW_CUSTOM, KW_ACTS, KW_NOWHERE, 2, FLAP_MOVES_MAX,                    \
		    .argument = "N SECONDS", .fallback = "off",                                    \
		    .help = "after N (2 to 32) moves of the mastership within SECONDS the "        \
			    "instance does not preempt, until there has been no move for SECONDS", \
		    .set = set_flap_hold, .print = print_flap_hold                                 \
	}

/* The keywords of vrrp_instance about a virtual MAC address. */
#define KW_VMAC                                                                                    \
	{"use_vmac",                                                                               \
	 KW_CUSTOM,                                                                                \
	 KW_ACTS,                                                                                  \
	 KW_NOWHERE,                                                                               \
	 .argument = "[NAME] [MAC]",                                                               \
	 .fallback =                                                                               \
	     "off; NAME: vrrp.VRID; MAC: 00:00:5e:00:01:VRID, of IPv6 00:00:5e:00:02:VRID",        \
	 .help = "the addresses are on a macvlan of the interface, with this MAC address on "      \
		 "every node",                                                                     \
	 .set = set_use_vmac,                                                                      \
	 .print = print_use_vmac},                                                                 \
	{                                                                                          \
		"vmac_xmit_base", KW_FLAG, KW_ACTS, offsetof(struct cfg_instance, vmac.xmit_base), \
		    .fallback = "off; on with unicast_peer",                                       \
		    .help = "adverts leave from the interface's own MAC address"                   \
	}

/* The offset of the `int weight` of a structure, which its `bool reverse` must follow. */
#define KW_WEIGHT_AT(type)                                                                         \
	(offsetof(type, weight) +                                                                  \
	 0 * sizeof(                                                                               \
		 char[offsetof(type, reverse) == offsetof(type, weight) + sizeof(int) ? 1 : -1]))

#define KW_COUNT(table) (sizeof(table) / sizeof((table)[0]))

#endif
