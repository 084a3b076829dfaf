/* SPDX-License-Identifier: BSD-2-Clause */
/* `holdfastctl detach`: the kernel as it was before the daemon. */
#ifndef HF_CLI_DETACH_H
#define HF_CLI_DETACH_H

#include <stdbool.h>

#include "cli/client.h"

/* Removes what the daemon `name`, which must have ended, left in the kernel, and says so. */
enum cli_exit detach_run(const char *name, bool json);

#endif
