/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parser's state, and the functions by which the block_*.c read values and report errors.
 * Private to config/.
 */
#ifndef HF_CONFIG_PARSER_H
#define HF_CONFIG_PARSER_H

#include <stdbool.h>

#include "config/config.h"
#include "config/keywords.h"
#include "config/text.h"
#include "core/prefix_index.h"

#define PARSER_MAX_REPORTS 200 /* messages shown; further ones are only counted */

/* What the parser must know of an instance until the file has been read, and what struct
 * cfg_instance does not contain. */
struct draft {
	const char *file;
	int announce_line;
	bool refused; /* to be left out: without the wrong line it would run in a weaker form */
	bool unicast; /* unicast_src_ip or unicast_peer was given */
	bool unicast_only; /* a keyword that has an effect only with unicast_peer */
	bool given_ttl;	   /* unicast_ttl */
	bool given_auth;   /* auth_type */
	bool given_pass;
	bool vmac;	/* use_vmac */
	bool short_mac; /* its MAC address has five octets */
	bool announce;	/* it has a bgp_announce */
	bool given_takeover;
	uint32_t role; /* the community of `role`, 0: not given */
};

struct bgp_draft {
	const char *file;
	int64_t linode;	  /* the data centre of `platform linode`; 0: not given */
	char pattern[64]; /* `neighbor_pattern`; empty: Linode's pattern */
	int linode_line, pattern_line;
	bool platform, given_hold_time;
	unsigned int n_prefixes; /* of all its announcements */
};

struct group_draft {
	const char *file;
	struct name_at {
		char *name;
		int line;
	} * names;
	unsigned int n;
	bool refused; /* its members are to be left out */
};

/* The present statement: the words of a line up to a brace. They are valid until the next item is
 * read. */
struct stmt {
	const char *file;
	int line;
	char *word[WORDS_MAX];
	unsigned int n;	  /* words; at least one */
	unsigned int odd; /* bit i: word i is allowed only in a command; bit 31: so is one of
			   * the words from 31 on */
	const char *rest; /* the text after the first word, up to a brace */
	bool cut;	  /* a comment began in the middle of a word */
};

enum parser_item { ITEM_STMT, ITEM_OPEN, ITEM_CLOSE, ITEM_END };

/* The braces of one file. */
struct file_braces {
	const char *file; /* its name: the pointer identifies the file */
	int depth;
	int line; /* of the last brace that opened a block while none of this file was open */
	bool odd; /* a block of another file was closed, at `line` */
};

/* What the instances so far need of the data path: complete_datapath.c. */
struct datapath_room {
	unsigned int vips, peers;
	struct sbfd_peer *sbfd;
	unsigned int n_sbfd, sbfd_entries;
};

struct parser {
	struct config *cfg;
	config_report_fn report;
	void *ctx;
	unsigned int errors, reports;
	unsigned int warnings_shown;	 /* counted apart, so that warnings never hide an error */
	bool other_group4, other_group6; /* a multicast group that is not supported */
	bool failed;			 /* out of memory, or a limit of text.h was reached */
	bool reads_files;		 /* key files may be read; else only the text */
	size_t names_read;		 /* in directories, by the includes so far */
	/* The kind of the last block; neither: it was a vrrp_instance. */
	bool in_group;		     /* vrrp_sync_group */
	bool in_service;	     /* bgp_service; any error in it leaves it out */
	unsigned int service_errors; /* the value of `errors` when the bgp_service began */
	bool script_refused;	     /* the present check is to be left out */
	bool left_out;	 /* an instance or service is left out, so its scripts may be unused */
	bool refuse_all; /* no instance may run: a line on which all of them depend is wrong */
	struct conf_text *text;
	struct words words; /* of the line being read; those before `next` have been read */
	unsigned int next;
	const char *at_file; /* the place of that line. It may be after p->stmt, since peek() reads
			      * on to find a brace. */
	int at_line;
	bool at_cut;
	bool unbalanced;	    /* a brace is missing, so the extent of blocks is unknown */
	bool ended;		    /* the text has ended within a block; this was reported */
	struct file_braces *braces; /* of all files that have some */
	unsigned int n_braces, last_braces; /* `last_braces`: the index of the present file */
	char line[WORDS_LINE_MAX], rest[WORDS_LINE_MAX];
	struct stmt stmt;
	unsigned int vmacs_named[256]; /* by VRID: N of the last name vrrpN.VRID: block_vmac.c */
	struct draft *drafts;	       /* parallel to cfg->instances */
	struct bgp_draft *bgp_drafts;
	struct group_draft *group_drafts;
	/* An index of the prefixes of the announcement being read, to find repeated ones: */
	struct prefix_index prefixes;
	const struct ipprefix *indexed;	    /* the array that it refers to, */
	unsigned int n_indexed, index_room; /* its prefixes in the index, and room for them */
	unsigned int n_bfd;		    /* blocks that ask for a BFD session */
	struct datapath_room room;
	unsigned int rules4, rules6; /* that were given a priority here */
	unsigned int n_drafts, n_bgp_drafts, n_group_drafts;
};

/* The first file whose braces do not balance on their own, or NULL. */
const struct file_braces *parser_odd_file(const struct parser *p);

/* Reports an error or warning about the present line, or about the given one. After an error the
 * verdict is at least CONFIG_USABLE_WITH_ERRORS. */
#define PARSER_PRINTF(a, b) __attribute__((format(printf, a, b)))
void parser_error(struct parser *p, const char *fmt, ...) PARSER_PRINTF(2, 3);
void parser_warn(struct parser *p, const char *fmt, ...) PARSER_PRINTF(2, 3);
void parser_error_at(struct parser *p, const char *file, int line, const char *fmt, ...)
    PARSER_PRINTF(4, 5);
void parser_warn_at(struct parser *p, const char *file, int line, const char *fmt, ...)
    PARSER_PRINTF(4, 5);

/*
 * Leaves out the instance, or the members of the group, whose block is being read: without the
 * wrong line it would run in a weaker form than the file describes.
 */
void parser_refuse(struct parser *p);

/* Guards of struct keyword: leave out the present instance or the members of the present group; or
 * every instance. */
void guard_instance(struct parser *p, void *inner);
void guard_all(struct parser *p, void *inner);

/* Reads the whole text into p->cfg. */
void parser_run(struct parser *p);

/* --- values of the present line --- */

/* Its `i`th word, or NULL after an error if there is none or it is not allowed there. */
const char *parser_word(struct parser *p, unsigned int i);
/* Warns that the words from the `i`th on are ignored. */
void parser_no_more(struct parser *p, unsigned int i);
/* Each parses the `i`th word into *out; false after an error if it is missing or invalid. */
bool parser_int(struct parser *p, unsigned int i, int64_t min, int64_t max, int64_t *out);
bool parser_seconds(struct parser *p, unsigned int i, int64_t min, int64_t max, int64_t *out);
bool parser_address(struct parser *p, unsigned int i, struct ipaddr *out);
/* The `i`th word as the name of a network interface. */
bool parser_ifname(struct parser *p, unsigned int i, char out[IF_NAMESIZE]);
/* A word that stands for a number. */
struct named {
	const char *name;
	uint32_t value;
};
/* Sets *out to the value of `word`, one of the `n` names. False: it is none of them. */
bool parser_named(const char *word, const struct named *names, unsigned int n, uint32_t *out);
/* The `i`th word as a scope, a routing table, a network (`default`: of which family). */
bool parser_scope(struct parser *p, unsigned int i, uint8_t *scope);
bool parser_table(struct parser *p, unsigned int i, uint32_t *table);
bool parser_net(struct parser *p, unsigned int i, bool inet6, struct ipprefix *out);
/* A line of virtual_ipaddress_excluded, virtual_routes or virtual_rules, of the instance `target`.
 */
void excluded_line(struct parser *p, void *target);
void route_line(struct parser *p, void *target);
void rule_line(struct parser *p, void *target);
/* Stores USER and GROUP from the words `user` and `group` (may be NULL), whose form is USER
 * [[:]GROUP] or USER:GROUP. False after an error. */
bool parser_user(struct parser *p, const char *user, const char *group, char **to_user,
		 char **to_group);
/* What may follow a command that is one word or in quotes. */
enum command_tail { TAIL_NOTHING, TAIL_USER, TAIL_ARGUMENTS };
/* Parses the line as a command. False after an error. */
bool parser_command(struct parser *p, struct cfg_command *out, enum command_tail tail);
/* Parses [weight N [reverse|noreverse]] from word `i` on, N from -limit to limit. False after an
 * error. */
bool parser_weight(struct parser *p, unsigned int i, int limit, int *weight, bool *reverse);

/* Parses the present line and sets the field of a keyword that has no `set` function. */
void parser_set(struct parser *p, const struct keyword *kw, void *target);

/* --- memory --- */

/* Stores a copy of `text` in *to and frees the old value. */
void parser_string(struct parser *p, char **to, const char *text);
/*
 * Appends a zeroed element to the array at *array, which has *n elements of `size` octets. The
 * array may move. Returns the element, or NULL after an error: there are `max` elements already, or
 * no memory. `what` names the elements in the error.
 */
void *parser_append(struct parser *p, void *array, unsigned int *n, size_t size, unsigned int max,
		    const char *what);

/* Free the memory that the structure owns, not the structure. */
void config_command_free(struct cfg_command *c);
void config_announce_free(struct cfg_announce *a);
void config_instance_free(struct cfg_instance *i);
void config_tracking_free(struct cfg_tracking *t);
void config_bgp_free(struct cfg_bgp *b);
void config_group_free(struct cfg_group *g);
void config_script_free(struct cfg_script *s);
void config_service_free(struct cfg_service *s);
void config_traffic_free(struct cfg_traffic *t);
/*
 * Opens a regular file. Other types are refused, because a FIFO without a writer or a device could
 * block a reload for ever. Sets *size to its length in octets. Returns the descriptor, or -errno
 * with the reason in `why`.
 */
int parser_open_file(const char *path, off_t *size, char why[TEXT_WHY]);

/* Open and close functions of the top level's blocks. */
void *script_open(struct parser *p, const struct keyword *kw, void *target);
void script_close(struct parser *p, void *target);
void http_check_close(struct parser *p, void *target);
void *statics_open(struct parser *p, const struct keyword *kw, void *target);
void *peers_open(struct parser *p, const struct keyword *kw, void *target);
void set_expect_standby(struct parser *p, const struct keyword *kw, void *target);
void *file_open(struct parser *p, const struct keyword *kw, void *target);
void file_close(struct parser *p, void *target);
void *process_open(struct parser *p, const struct keyword *kw, void *target);
void process_close(struct parser *p, void *target);
void *instance_open(struct parser *p, const struct keyword *kw, void *target);
void *group_open(struct parser *p, const struct keyword *kw, void *target);
void *service_open(struct parser *p, const struct keyword *kw, void *target);
void service_close(struct parser *p, void *target);
void *bgp_open(struct parser *p, const struct keyword *kw, void *target);
void bgp_close(struct parser *p, void *target);
/* Adds a neighbor with the defaults. Returns NULL after an error about `line`. */
struct cfg_neighbor *bgp_add_neighbor(struct parser *p, struct cfg_bgp *b,
				      const struct ipaddr *address, int line);

void *traffic_open(struct parser *p, const struct keyword *kw, void *target);
void traffic_close(struct parser *p, void *target);
void traffic_set_defaults(struct cfg_traffic *t);

/* block_bfd.c. */
void *bfd_open(struct parser *p, const struct keyword *kw, void *target);
void bfd_close(struct parser *p, void *target);
void bfd_set_defaults(struct cfg_bfd *b);
/* For the `bfd` of a neighbor: `target` is a struct cfg_neighbor. */
void *neighbor_bfd_open(struct parser *p, const struct keyword *kw, void *target);
void neighbor_bfd_close(struct parser *p, void *target);
void print_neighbor_bfd(struct dump *d, const struct keyword *kw, const void *target);

/* False after an error if `password` is no valid TCP MD5 password. */
bool bgp_password_is_good(struct parser *p, const char *password);

/* platform.c: the keywords `platform` and `neighbor_pattern`. */
void platform_set(struct parser *p, const struct keyword *kw, void *target);
void platform_set_pattern(struct parser *p, const struct keyword *kw, void *target);
/* At the end of the bgp_instance: adds Linode's neighbors. */
void platform_complete(struct parser *p, struct cfg_bgp *b);

/* Linode's communities: for the roles of lelastic, and for the two states of a takeover. */
#define LINODE_PRIMARY	 (65000u << 16 | 1)
#define LINODE_SECONDARY (65000u << 16 | 2)

/* For the blocks that fill the struct cfg_tracking at the keyword's offset. */
void *track_open(struct parser *p, const struct keyword *kw, void *target);
void *announce_open(struct parser *p, const struct keyword *kw, void *target);
void *auth_open(struct parser *p, const struct keyword *kw, void *target);
void *sbfd_open(struct parser *p, const struct keyword *kw, void *target);
void *sbfd_open_global(struct parser *p, const struct keyword *kw, void *target);
/* S-BFD off, and the default values. */
struct cfg_sbfd sbfd_defaults(void);
/* Checks that all instances of an interface have the same `sbfd`. */
void complete_sbfd(struct parser *p, struct cfg_instance *i, const char *file);

/* --- block_uplinks.c --- */

void set_interfaces(struct parser *p, const struct keyword *kw, void *target);
void print_interfaces(struct dump *d, const struct keyword *kw, const void *target);
/* Sets `interface` by `interfaces`. False after an error: the instance must be left out. */
bool complete_uplinks(struct parser *p, struct cfg_instance *i, const struct draft *d);
/* False after an error: `i` shares an interface, but not all, with one of the `above` instances
 * before it that are good; or there are too many interfaces. */
bool complete_shared_uplinks(struct parser *p, const struct cfg_instance *i, const struct draft *d,
			     const bool good[], unsigned int above);
void print_sbfd(struct dump *d, const struct keyword *kw, const void *target);

/* The name of the `i`th tracked thing of its kind. */
const char *tracked_name(const struct config *c, enum tracked_kind kind, unsigned int i);

/* Print functions of blocks that have their own file. */
void print_peers(struct dump *d, const struct keyword *kw, const void *target);
void print_expect_standby(struct dump *d, const struct keyword *kw, const void *target);
void print_before_timeout(struct dump *d, const struct keyword *kw, const void *target);
void set_when_all_fail(struct parser *p, const struct keyword *kw, void *target);
void print_when_all_fail(struct dump *d, const struct keyword *kw, const void *target);
void set_flap_hold(struct parser *p, const struct keyword *kw, void *target);
void print_flap_hold(struct dump *d, const struct keyword *kw, const void *target);
void set_use_vmac(struct parser *p, const struct keyword *kw, void *target);
void print_use_vmac(struct dump *d, const struct keyword *kw, const void *target);
void print_statics(struct dump *d);
void set_default_interface(struct parser *p, const struct keyword *kw, void *target);
void print_default_interface(struct dump *d, const struct keyword *kw, const void *target);
void print_rules(struct dump *d, const struct keyword *kw, const void *target);
void print_routes(struct dump *d, const struct keyword *kw, const void *target);
void print_vips(struct dump *d, const struct keyword *kw, const void *target);
void print_tracks(struct dump *d, const struct keyword *kw, const void *target);
void print_track_interfaces(struct dump *d, const struct keyword *kw, const void *target);
void print_link_delays(struct dump *d);
void print_track_bgp(struct dump *d, const struct keyword *kw, const void *target);
void print_announce(struct dump *d, const struct keyword *kw, const void *target);
void print_auth(struct dump *d, const struct keyword *kw, const void *target);

/* --- between the blocks --- */

struct draft *parser_draft(struct parser *p, const struct cfg_instance *i);
void instance_set_defaults(struct cfg_instance *i, const struct cfg_globals *g);
/* disable_file of an instance, and of global_defs. */
void set_disable_file(struct parser *p, const struct keyword *kw, void *target);
void globals_set_defaults(struct cfg_globals *g);
void bgp_set_defaults(struct cfg_bgp *b);
void script_set_defaults(struct cfg_script *s);
void process_set_defaults(struct cfg_process *s);
/* The first VIP, peer or source of an instance sets its family. False after an error if `a` is of
 * the other family. */
bool instance_takes_family(struct parser *p, struct cfg_instance *i, const struct ipaddr *a);

/* After the file has been read: resolve names, fill in defaults, leave out what cannot run. */
void complete_instances(struct parser *p);
/* False after an error: the data path has no room for `i`. */
bool complete_datapath(struct parser *p, const struct cfg_instance *i, const struct draft *d);
void complete_groups(struct parser *p);
void complete_bgp(struct parser *p);
/* After complete_bgp(): copies the values that a BFD session has from its neighbor, and finds
 * blocks that describe the same session. */
void complete_bfd(struct parser *p);
/* Resolves the names of track_bgp. `name` is the instance, group or service, which begins at
 * `line`. False after an error if there is no such bgp_instance. */
bool complete_track_bgp(struct parser *p, struct cfg_tracking *track, const char *file, int line,
			const char *name);
void complete_announce(struct parser *p, struct cfg_instance *i, struct draft *d);
void complete_services(struct parser *p);
/* Sets *disable_file to that of global_defs if none was given, and *index to its place in
 * config.files, -1 if there is none. A file that several blocks name has one entry there. */
void complete_disable_file(struct parser *p, char **disable_file, int *index);

/* An announcement, and its owner for error messages. */
struct announcing {
	struct cfg_announce *announce;
	const char *kind, *name; /* "instance" or "bgp_service" */
	const char *file;
	int line;
};
/* The index of the bgp_instance that it names, or of the only one. -1 after an error. */
int complete_speaker(struct parser *p, const struct announcing *who);
/* False after an error if the speaker has no room for its prefixes besides those of earlier
 * announcements. */
bool complete_room(struct parser *p, const struct announcing *who);
/* True if a neighbor is of our own AS. It rejects a path that contains this AS as a loop. */
bool bgp_is_internal(const struct cfg_bgp *b);

/* Completes auth_hmac. False if the instance must be left out; the reason has been reported. */
bool complete_auth_hmac(struct parser *p, struct cfg_instance *i, const struct draft *d);
void config_auth_free(struct cfg_auth *auth);
/* True if the keys of `x` and `y` differ. config_dump() prints them alike, as `hidden`. */
bool config_auth_keys_differ(const struct cfg_instance *x, const struct cfg_instance *y);

/* Drops the delay of the instance's interface, with an error, if it is too long for the instance.
 */
void complete_link_delay(struct parser *p, const struct cfg_instance *i, const char *file);

/* Completes use_vmac by the family. */
void complete_vmac(struct parser *p, struct cfg_instance *i, const struct draft *d);

/* Warn of valid lines that do not have the apparent effect. */
void warn_of_instance(struct parser *p, const struct cfg_instance *i, const struct draft *d);
void warn_of_scripts(struct parser *p);
/* Warns of traffic checks whose address no instance has, and of those that count every port. */
void warn_of_traffic(struct parser *p);

/* --- dump --- */

/* Indexed by enum cfg_check_kind. */
extern const struct keyword_block *const check_blocks[];

struct dump {
	FILE *f;
	const struct config *cfg;
	int indent;
};

#define DUMP_PRINTF(a, b) __attribute__((format(printf, a, b)))
void dump_line(struct dump *d, const char *fmt, ...) DUMP_PRINTF(2, 3);
void dump_open(struct dump *d, const char *fmt, ...) DUMP_PRINTF(2, 3);
void dump_close(struct dump *d);
/* Begin and end a line of several parts. */
void dump_begin(struct dump *d);
void dump_end(struct dump *d);
void dump_quoted(struct dump *d, const char *text);
void dump_command(struct dump *d, const char *name, const struct cfg_command *c);
/* Prints the keywords of `b` with the values of `target`. Keywords without effect are printed only
 * if they differ from `defaults`. */
void dump_block(struct dump *d, const struct keyword_block *b, const void *target,
		const void *defaults);

#endif
