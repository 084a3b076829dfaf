/* SPDX-License-Identifier: BSD-2-Clause */
/* `holdfastctl detach`: removes what a daemon has left in the kernel. */
#ifndef HF_CLI_DETACH_H
#define HF_CLI_DETACH_H

#include <stdbool.h>

#include "client/client.h"

/* Removes everything that the daemon `name` has left in the kernel, and reports it. The daemon must
 * have ended. */
enum cli_exit detach_run(const char *name, bool json);

#endif
