/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks whether this host has what a configuration names: commands, their users, interfaces.
 * `holdfastd -t` runs this after it has read the file, as keepalived does. It may block, so the
 * loop must not call it.
 */
#ifndef HF_HOST_CHECK_H
#define HF_HOST_CHECK_H

#include "config/config.h"

/*
 * Logs a line of config_load() or host_check(): as a warning if it contains ": warning: ", else as
 * an error. True: it is an error.
 */
bool host_check_log(const char *line);

/*
 * Reports each thing that is missing or unusable in one line, as config_load() does. Returns the
 * number of errors, for example a check's command that cannot be run, or a user that does not
 * exist. A missing notify command is a warning, because no state depends on it. A missing interface
 * is a warning, because it may appear later. `path` is the file name in messages about no single
 * block.
 */
unsigned int host_check(struct config *cfg, const char *path, config_report_fn report, void *ctx);

#endif
