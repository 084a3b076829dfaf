/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keywords of the language, a table per block: what each takes, its range and default, whether
 * the daemon acts on it. The parser and config_dump() work from these tables, the manual is checked
 * against them.
 */
#ifndef HF_CONFIG_KEYWORDS_H
#define HF_CONFIG_KEYWORDS_H

#include <stddef.h>
#include <stdint.h>

struct parser;
struct dump;
struct keyword;

enum keyword_type {
	KW_FLAG, /* stands alone; sets a bool */
	KW_BOOL, /* on, off, true, false, yes, no; alone it means on */
	KW_U8,	 /* numbers, by the size of the field they go to */
	KW_U32,
	KW_INT,
	KW_SECONDS, /* decimal seconds; an int64_t of nanoseconds */
	KW_WORD,    /* a string */
	KW_ADDRESS, /* struct ipaddr */
	KW_COMMAND, /* struct cfg_command: "PATH ARGUMENTS" [USER [GROUP]] */
	KW_CUSTOM,  /* as `argument` says; `set` reads it, `print` writes it */
	KW_ANY,	    /* anything, also a block in braces; not kept */
	KW_BLOCK,   /* a block of keywords, or of lines with a form of their own */
};

enum keyword_effect {
	KW_ACTS,
	KW_NO_EFFECT,	 /* read, and the user is told that nothing follows from it */
	KW_REFUSED,	 /* an error; `instead` says what to write */
	KW_REFUSED_HERE, /* the same, and the instance is left out: without it there would be two
			    masters */
};

#define KW_NOWHERE UINT32_MAX /* not kept in a field of the block's structure */

struct keyword_block {
	const char *name;	  /* as the manual calls it */
	const struct keyword *kw; /* NULL: a block of lines */
	unsigned int n;
	/* Instead of `kw`: reads one line of the block; all its words are values. */
	void (*line)(struct parser *p, void *target);
};

struct keyword {
	const char *name; /* one that ends in '*' stands for all that begin so */
	enum keyword_type type;
	enum keyword_effect effect;
	uint32_t offset;      /* of its field in the structure that the block fills */
	int64_t min, max;     /* KW_SECONDS: in nanoseconds */
	const char *argument; /* how the manual writes what follows; NULL: by the type */
	const char *fallback; /* the value when not given, in words; NULL: none */
	const char *help;     /* one line */
	const char *instead;  /* what to write, or why there is no need; may be NULL */
	void (*set)(struct parser *p, const struct keyword *kw, void *target);
	void (*print)(struct dump *d, const struct keyword *kw, const void *target);
	/* KW_BLOCK: `open` returns what the block fills, NULL to skip it; `close` may be NULL. */
	const struct keyword_block *block;
	void *(*open)(struct parser *p, const struct keyword *kw, void *target);
	void (*close)(struct parser *p, void *target);
};

/* The top level, and every block, in the manual's order; the list ends with NULL. */
extern const struct keyword_block block_top;
extern const struct keyword_block *const keyword_blocks[];

const struct keyword *keyword_find(const struct keyword_block *b, const char *name);
/* The keyword of `b` that `name` is likely to mean, or NULL. */
const char *keyword_nearest(const struct keyword_block *b, const char *name);

/* The blocks, each defined in the block_*.c of its subject. */
extern const struct keyword_block block_global, block_script, block_tcp_check, block_http_check,
    block_file, block_process, block_group;
extern const struct keyword_block block_group_members, block_instance, block_authentication;
extern const struct keyword_block block_vips, block_excluded, block_peers;
extern const struct keyword_block block_track_script, block_track_file, block_track_process;
extern const struct keyword_block block_track_interface, block_track_bgp;
extern const struct keyword_block block_link_delays;
extern const struct keyword_block block_bgp, block_neighbor, block_announce;

/* --- for the tables --- */

/* One block of those that fill a struct cfg_tracking. */
#define KW_TRACK(name_, offset_, block_, print_, help_)                                            \
	{                                                                                          \
		name_, KW_BLOCK, KW_ACTS, offset_, .argument = "{ }", .help = help_,               \
						   .print = print_, .block = &block_,              \
						   .open = track_open                              \
	}
/* All of them, for a structure with such a field. */
#define KW_TRACKING(type, field)                                                                   \
	KW_TRACK("track_script", offsetof(type, field), block_track_script, print_tracks,          \
		 "health checks that decide"),                                                     \
	    KW_TRACK("track_interface", offsetof(type, field), block_track_interface,              \
		     print_track_interfaces, "other interfaces that decide"),                      \
	    KW_TRACK("track_file", offsetof(type, field), block_track_file, print_tracks,          \
		     "files that decide"),                                                         \
	    KW_TRACK("track_process", offsetof(type, field), block_track_process, print_tracks,    \
		     "processes that decide"),                                                     \
	    KW_TRACK("track_bgp", offsetof(type, field), block_track_bgp, print_track_bgp,         \
		     "BGP sessions that decide")

#define KW_COUNT(table) (sizeof(table) / sizeof((table)[0]))

#endif
