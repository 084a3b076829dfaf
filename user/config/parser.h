/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parser's state and what the block_*.c use to read values and to complain. Private to config/.
 */
#ifndef HF_CONFIG_PARSER_H
#define HF_CONFIG_PARSER_H

#include <stdbool.h>

#include "config/config.h"
#include "config/keywords.h"
#include "config/text.h"

#define PARSER_MAX_REPORTS 200 /* complaints shown; further ones are only counted */

/* What an instance's lines said beyond struct cfg_instance, until the file has been read. */
struct draft {
	const char *file;
	char *bgp; /* bgp_announce `instance` */
	int announce_line;
	bool refused;	 /* it uses what would make two masters: left out */
	bool unicast;	 /* a unicast keyword was given */
	bool given_ttl;	 /* unicast_ttl */
	bool given_auth; /* auth_type */
	bool given_pass;
	bool announce; /* it has a bgp_announce */
	bool given_takeover, given_origin;
	uint32_t role; /* the community of `role`, 0: not given */
};

struct bgp_draft {
	const char *file;
	int64_t linode;	  /* the data centre of `platform linode`, 0: not given */
	char pattern[64]; /* `neighbor_pattern`; empty: Linode's own */
	int linode_line, pattern_line;
};

struct group_draft {
	const char *file;
	struct name_at {
		char *name;
		int line;
	} * names;
	unsigned int n;
};

/* The statement at hand: the words of a line up to a brace. Its words live until the next item. */
struct stmt {
	const char *file;
	int line;
	char *word[WORDS_MAX];
	unsigned int n;	  /* words; at least one */
	unsigned int odd; /* bit i: word i may only stand in a command; 31: any later one */
	const char *rest; /* the text after the first word, up to a brace */
	bool cut;	  /* a comment began in the middle of a word */
};

enum parser_item { ITEM_STMT, ITEM_OPEN, ITEM_CLOSE, ITEM_END };

struct parser {
	struct config *cfg;
	config_report_fn report;
	void *ctx;
	unsigned int errors, reports;
	bool other_group4, other_group6; /* a multicast group that is not supported */
	bool failed;			 /* out of memory, or the text ended early */
	struct conf_text *text;
	struct words words; /* of the line being read; those before `next` are done */
	unsigned int next;
	const char *at_file; /* of that line: ahead of p->stmt where a brace is looked for */
	int at_line;
	bool at_cut;
	bool ended; /* the text has ended within a block, and it has been said */
	char line[WORDS_LINE_MAX], rest[WORDS_LINE_MAX];
	struct stmt stmt;
	struct draft *drafts; /* parallel to cfg->instances */
	struct bgp_draft *bgp_drafts;
	struct group_draft *group_drafts;
	unsigned int n_drafts, n_bgp_drafts, n_group_drafts;
};

/* Complains about the line at hand, or about another. An error makes the verdict 5. */
#define PARSER_PRINTF(a, b) __attribute__((format(printf, a, b)))
void parser_error(struct parser *p, const char *fmt, ...) PARSER_PRINTF(2, 3);
void parser_warn(struct parser *p, const char *fmt, ...) PARSER_PRINTF(2, 3);
void parser_error_at(struct parser *p, const char *file, int line, const char *fmt, ...)
    PARSER_PRINTF(4, 5);
void parser_warn_at(struct parser *p, const char *file, int line, const char *fmt, ...)
    PARSER_PRINTF(4, 5);

/* Reads the whole text into p->cfg. */
void parser_run(struct parser *p);

/* --- values of the line at hand --- */

/* Its `i`th word, or NULL and a complaint if there is none or it may not stand there. */
const char *parser_word(struct parser *p, unsigned int i);
/* Warns of words from the `i`th on: nothing reads them. */
void parser_no_more(struct parser *p, unsigned int i);
/* Each reads the `i`th word into *out; false and a complaint if it is missing or no such value. */
bool parser_int(struct parser *p, unsigned int i, int64_t min, int64_t max, int64_t *out);
bool parser_seconds(struct parser *p, unsigned int i, int64_t min, int64_t max, int64_t *out);
bool parser_address(struct parser *p, unsigned int i, struct ipaddr *out);
/* The `i`th word as the name of a network interface. */
bool parser_ifname(struct parser *p, unsigned int i, char out[IF_NAMESIZE]);
/* Words `i` and i+1 of USER [[:]GROUP]. */
void parser_user(struct parser *p, const char *user, const char *group, char **to_user,
		 char **to_group);
/* The line as a command; `with_user`: USER and GROUP may follow it. False and a complaint if not.
 */
bool parser_command(struct parser *p, struct cfg_command *out, bool with_user);
/* [weight N [reverse|noreverse]] from word `i` on. False and a complaint. */
bool parser_weight(struct parser *p, unsigned int i, int limit, int *weight, bool *reverse);

/* Sets the field of a data-driven keyword. */
void parser_set(struct parser *p, const struct keyword *kw, void *target);

/* --- memory --- */

/* A copy of `text` in *to, whose old value is freed. */
void parser_string(struct parser *p, char **to, const char *text);
/*
 * A new, zeroed element at the end of the array at *array of *n elements of `size` octets, or NULL
 * and a complaint when there are `max` already or memory is out. Others of the array may move.
 */
void *parser_append(struct parser *p, void *array, unsigned int *n, size_t size, unsigned int max,
		    const char *what);

/* Frees what the structure holds, not itself. */
void config_command_free(struct cfg_command *c);
void config_instance_free(struct cfg_instance *i);
void config_tracking_free(struct cfg_tracking *t);
void config_bgp_free(struct cfg_bgp *b);
void config_script_free(struct cfg_script *s);
void parser_draft_free(struct draft *d);

/* Open and close functions of the top level's blocks. */
void *script_open(struct parser *p, const struct keyword *kw, void *target);
void script_close(struct parser *p, void *target);
void http_check_close(struct parser *p, void *target);
void *file_open(struct parser *p, const struct keyword *kw, void *target);
void file_close(struct parser *p, void *target);
void *process_open(struct parser *p, const struct keyword *kw, void *target);
void process_close(struct parser *p, void *target);
void *instance_open(struct parser *p, const struct keyword *kw, void *target);
void *group_open(struct parser *p, const struct keyword *kw, void *target);
void *bgp_open(struct parser *p, const struct keyword *kw, void *target);
void bgp_close(struct parser *p, void *target);
/* A new neighbour with its defaults, or NULL and a complaint about that line. */
struct cfg_neighbor *bgp_add_neighbor(struct parser *p, struct cfg_bgp *b,
				      const struct ipaddr *address, int line);

/* platform.c: what `platform` and `neighbor_pattern` stand for. */
void platform_set(struct parser *p, const struct keyword *kw, void *target);
void platform_set_pattern(struct parser *p, const struct keyword *kw, void *target);
/* At the block's end: the neighbours. */
void platform_complete(struct parser *p, struct cfg_bgp *b);

/* Linode's communities: of lelastic's roles, and of a takeover's two standings. */
#define LINODE_PRIMARY	 (65000u << 16 | 1)
#define LINODE_SECONDARY (65000u << 16 | 2)

/* Of the blocks of a struct cfg_tracking, which is at the keyword's offset. */
void *track_open(struct parser *p, const struct keyword *kw, void *target);
void *announce_open(struct parser *p, const struct keyword *kw, void *target);

/* What is tracked by name. */
enum tracked_kind { TRACKED_SCRIPT, TRACKED_FILE, TRACKED_PROCESS };
/* The name of the `i`th of its kind. */
const char *tracked_name(const struct config *c, enum tracked_kind kind, unsigned int i);

/* Print functions of blocks that stand in a file of their own. */
void print_peers(struct dump *d, const struct keyword *kw, const void *target);
void print_vips(struct dump *d, const struct keyword *kw, const void *target);
void print_tracks(struct dump *d, const struct keyword *kw, const void *target);
void print_track_interfaces(struct dump *d, const struct keyword *kw, const void *target);
void print_link_delays(struct dump *d);
void print_track_bgp(struct dump *d, const struct keyword *kw, const void *target);
void print_announce(struct dump *d, const struct keyword *kw, const void *target);

/* --- between the blocks --- */

struct draft *parser_draft(struct parser *p, const struct cfg_instance *i);
void instance_set_defaults(struct cfg_instance *i, const struct cfg_globals *g);
/* disable_file of an instance, and of global_defs. */
void set_disable_file(struct parser *p, const struct keyword *kw, void *target);
void globals_set_defaults(struct cfg_globals *g);
void bgp_set_defaults(struct cfg_bgp *b);
void script_set_defaults(struct cfg_script *s);
void process_set_defaults(struct cfg_process *s);
/* Every VIP, peer and source of an instance is of one family; the first given decides. */
bool instance_takes_family(struct parser *p, struct cfg_instance *i, const struct ipaddr *a);

/* After the file: resolves names, fills in defaults, drops what cannot run. */
void complete_instances(struct parser *p);
void complete_groups(struct parser *p);
void complete_bgp(struct parser *p);
/* Finds what track_bgp names; `name` is the instance's or group's, which begins at that line. */
void complete_track_bgp(struct parser *p, struct cfg_tracking *track, const char *file, int line,
			const char *name);
void complete_announce(struct parser *p, struct cfg_instance *i, struct draft *d);

/* Drops a delay of the instance's link that is too long for it. */
void complete_link_delay(struct parser *p, const struct cfg_instance *i, const char *file);

/* Warns of what is valid and does not do what it looks like. */
void warn_of_instance(struct parser *p, const struct cfg_instance *i, const struct draft *d);
void warn_of_scripts(struct parser *p);

/* --- dump --- */

/* By enum cfg_check_kind. */
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
/* Begins and ends a line of several parts. */
void dump_begin(struct dump *d);
void dump_end(struct dump *d);
void dump_quoted(struct dump *d, const char *text);
void dump_command(struct dump *d, const char *name, const struct cfg_command *c);
/* The keywords of `b` from `target`; those without effect only where they differ from `defaults`.
 */
void dump_block(struct dump *d, const struct keyword_block *b, const void *target,
		const void *defaults);

#endif
