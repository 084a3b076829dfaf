/* SPDX-License-Identifier: BSD-2-Clause */
/* The readers of `migrate` for programs that announce by health; each fills a struct mig. */
#ifndef HF_CLI_MIGRATE_READERS_H
#define HF_CLI_MIGRATE_READERS_H

#include "cli/migrate_found.h"

/* --- migrate_healthcheck.c: exabgp's healthcheck --- */

/* The index of the word that names the program `healthcheck` in a command line; `n`: none does. */
unsigned int healthcheck_word(unsigned int n, char *const words[]);
/* True if `text` is its file of options, by its first line that is no comment. */
bool healthcheck_is_file(const char *text);
/*
 * Adds the service of a healthcheck with the options in its file `text` (NULL: none), then in
 * `words`. A file named by --config is read. `name` is the service's name if the options give none.
 * False with a remark: nothing was added.
 */
bool healthcheck_add(struct mig *m, const char *name, const char *text, unsigned int n,
		     char *const words[]);

/* --- migrate_exabgp.c: exabgp.conf --- */

/* True if `text` has a neighbor or a process of exabgp at its top level. */
bool exabgp_is_file(const char *text);
/* Adds its neighbors, and the service of each process that runs the healthcheck. */
void exabgp_add(struct mig *m, const char *text);

/* --- migrate_ini.c: anycast-healthchecker --- */

/* True if the first line that is no comment begins a section. */
bool ini_is_file(const char *text);
/* Adds the services of `n` files, which share [DEFAULT]. Changes the texts. */
void ini_add(struct mig *m, unsigned int n, char *const texts[]);

#endif
