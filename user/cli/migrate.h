/* SPDX-License-Identifier: BSD-2-Clause */
/* `holdfastctl migrate FILE`: what Holdfast makes of a keepalived.conf, and what to add to it. */
#ifndef HF_CLI_MIGRATE_H
#define HF_CLI_MIGRATE_H

#include "cli/client.h"

/* Reads `path` and tells it on stdout, as JSON if `json`. CLI_REFUSED: it cannot be used at all. */
enum cli_exit migrate(const char *path, bool json);

#endif
