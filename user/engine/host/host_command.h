/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of host_check.c that checks commands: whether they exist, can be run, and by whom. */
#ifndef HF_ENGINE_HOST_COMMAND_H
#define HF_ENGINE_HOST_COMMAND_H

#include "engine/notify/commands.h"

struct host_check {
	struct config *cfg; /* not changed */
	const char *path;   /* the configuration file, for messages about no single block */
	config_report_fn report;
	void *ctx;
	struct script_users users;
	unsigned int errors;
};

/* Reports "FILE:LINE: TEXT" and counts an error, or reports "FILE:LINE: warning: TEXT". */
__attribute__((format(printf, 5, 6))) void host_tell(struct host_check *h, const char *file,
						     int line, bool error, const char *fmt, ...);

/*
 * Checks by file modes alone whether `user` may execute the absolute `path`, or with `read` may
 * read it. Root has no further rights here, because the engine has dropped CAP_DAC_OVERRIDE.
 * Returns 0 if it may, else the length in octets of the shortest prefix of `path` that it may not
 * pass.
 */
size_t host_blocked_at(const struct runner_user *user, const char *path, bool read);

/* Checks all commands and FIFOs of h->cfg, and the users that it names. */
void host_check_commands(struct host_check *h);

#endif
