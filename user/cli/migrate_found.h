/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The result of reading the configuration of a program that announces by health: checks, services,
 * a speaker, and remarks. A reader fills it (migrate_exabgp.c, migrate_healthcheck.c,
 * migrate_ini.c), and migrate_print.c prints it as a configuration of Holdfast.
 */
#ifndef HF_CLI_MIGRATE_FOUND_H
#define HF_CLI_MIGRATE_FOUND_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"

struct mig_service {
	struct cfg_service s; /* name, announce, when_failed, notify, disable_file */
	int check;	      /* index into `checks`; -1: none */
	bool off;	      /* it was disabled: its block is printed as a comment */
};

struct mig {
	const char *tool;      /* the program's name */
	json_object *notes;    /* texts: differences in Holdfast's behaviour */
	json_object *left_out; /* texts: statements without a part in the blocks, and errors */
	struct cfg_script *checks;
	unsigned int n_checks;
	struct mig_service *services;
	unsigned int n_services;
	struct cfg_bgp bgp;	 /* local_as, router_id, hold_time_s: 0 if unknown */
	const char *script_user; /* the user of commands that name none; NULL: unknown */
	bool failed;		 /* no memory */
};

/* False: no memory. mig_free() must follow after true. */
bool mig_init(struct mig *m, const char *tool);
void mig_free(struct mig *m);

/* Adds a remark unless it exists already. */
void mig_note(struct mig *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mig_left_out(struct mig *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Adds a check or a service with Holdfast's defaults. Its name is derived from `name` and unique.
 * NULL: there are too many, and a remark says so, or no memory. The pointer is valid until the next
 * call.
 */
struct cfg_script *mig_add_check(struct mig *m, const char *name);
struct mig_service *mig_add_service(struct mig *m, const char *name);

/* Adds ADDRESS[/LENGTH]. False with a remark if it cannot be announced. */
bool mig_add_prefix(struct mig *m, struct mig_service *s, const char *text);
/* The same for a parsed prefix. False with a remark if there are too many. */
bool mig_add_prefix_value(struct mig *m, struct mig_service *s, const struct ipprefix *prefix);
/* Adds a neighbor of the speaker, or returns NULL. */
struct cfg_neighbor *mig_add_neighbor(struct mig *m, const struct ipaddr *address);

/* Sets the command to a copy of the words; false: too many, or no memory. */
bool mig_command(struct mig *m, struct cfg_command *c, unsigned int n, char *const words[]);
/* Sets the command to `/bin/sh -c TEXT`, or to the words of TEXT if it needs no shell. False as
 * above. */
bool mig_shell_command(struct mig *m, struct cfg_command *c, const char *text);
/* Replaces *field by a copy of `text`. */
void mig_string(struct mig *m, char **field, const char *text);

/*
 * Reads seconds with decimals, or a whole number between the bounds. False with a remark if `text`
 * is none; the output is not changed then.
 */
bool mig_seconds(struct mig *m, const char *option, const char *text, int64_t *out_ns);
bool mig_number(struct mig *m, const char *option, const char *text, int64_t min, int64_t max,
		int64_t *out);

/*
 * Writes the blocks. `filled`: with example values in the places that the user must fill in, so
 * that the parser can check the rest. The line numbers are the same.
 */
void mig_print_blocks(const struct mig *m, FILE *f, bool filled);
/* Writes `text` as a comment of lines below 80 columns. */
void mig_comment(FILE *f, const char *text);

#endif
