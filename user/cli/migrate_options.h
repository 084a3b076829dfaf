/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of exabgp's healthcheck, read from its command line and its file. */
#ifndef HF_CLI_MIGRATE_OPTIONS_H
#define HF_CLI_MIGRATE_OPTIONS_H

#include "cli/migrate_found.h"

#define MAX_IPS	     CFG_MAX_PREFIXES
#define MAX_COMMANDS 16 /* of one kind */

enum option {
	INTERVAL,
	FAST,
	TIMEOUT,
	RISE,
	FALL,
	DISABLE,
	COMMAND,
	NEXT_HOP,
	IP,
	LOCAL_PREF,
	DEAGGREGATE,
	NO_IP_SETUP,
	LABEL,
	START_IP,
	UP_METRIC,
	DOWN_METRIC,
	DISABLED_METRIC,
	INCREASE,
	COMMUNITY,
	LARGE,
	DISABLED_COMMUNITY,
	AS_PATH,
	UP_AS_PATH,
	DOWN_AS_PATH,
	WITHDRAW,
	NEIGHBOR,
	EXECUTE,
	UP_EXECUTE,
	DOWN_EXECUTE,
	DISABLED_EXECUTE,
	NAME,
	CONFIG,
	USER,
	GROUP,
	OTHER, /* not kept: `instead` says why */
	N_KEPT = OTHER
};

/* The values of the options. The texts point into the words and files that they were read from. */
struct mig_options {
	struct mig *m;
	const char *value[N_KEPT]; /* NULL: not given; "" for a flag */
	const char *ips[MAX_IPS];
	const char *neighbors[CFG_MAX_NEIGHBORS];
	const char *commands[4][MAX_COMMANDS]; /* from EXECUTE on */
	unsigned int n_ips, n_neighbors, n_commands[4];
};

/* Reads the `n` words after the program's name. An error becomes a remark of o->m. */
void mig_options_words(struct mig_options *o, unsigned int n, char *const words[]);
/* Reads lines `OPTION = VALUE` or `OPTION`; changes the text, which must live as long as `o`. */
void mig_options_lines(struct mig_options *o, char *text);
/* True if `name` of `len` octets is the full name of an option. */
bool mig_options_knows(const char *name, size_t len);

#endif
