/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Has this host what a configuration names? Commands, who runs them, interfaces: `holdfastd -t`
 * asks after the file itself has been read, as keepalived does. May block: not for the loop.
 */
#ifndef HF_HOST_CHECK_H
#define HF_HOST_CHECK_H

#include "config/config.h"

/*
 * Reports, a line each as config_load() does, what is missing or will not do. Returns the number of
 * errors: a check's command that cannot be run, a user that does not exist. A notify command is a
 * warning, as nothing depends on it, and an interface that is not there, since it may appear.
 * `path` stands for the file in what has no line.
 */
unsigned int host_check(const struct config *cfg, const char *path, config_report_fn report,
			void *ctx);

#endif
