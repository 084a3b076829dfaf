/* SPDX-License-Identifier: BSD-2-Clause */
/* `holdfastctl migrate FILE`: describes what Holdfast does with a keepalived.conf and what to add
 * to it, or translates the configuration of a program that announces prefixes by health. */
#ifndef HF_CLI_MIGRATE_H
#define HF_CLI_MIGRATE_H

#include "client/client.h"

/*
 * `words` are the path of a file, or paths of several files of anycast-healthchecker, or the
 * command line of exabgp's healthcheck. Prints the description to stdout, with `json` as JSON.
 * `config_id` selects the @ID lines in a keepalived.conf; NULL: the host's name. CLI_REFUSED: the
 * input cannot be used.
 */
enum cli_exit migrate(unsigned int n, char *const words[], const char *config_id, bool json);

/* --- migrate_announce.c --- */

/*
 * The same for exabgp's healthcheck, exabgp.conf and anycast-healthchecker; sets *status. False:
 * the input is none of them, and nothing was printed.
 */
bool migrate_announcer(unsigned int n, char *const words[], bool json, enum cli_exit *status);

#endif
