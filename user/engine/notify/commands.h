/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decides which commands of a configuration run, and as which user. `holdfastd -t` and the daemon
 * use the same code. The functions read the system's user database and the file system, which may
 * block, so the loop must not call them.
 */
#ifndef HF_NOTIFY_COMMANDS_H
#define HF_NOTIFY_COMMANDS_H

#include "config/config.h"
#include "runner/runner.h"

#define COMMANDS_WHY 320 /* octets for a reason, with its NUL */

/* The default user: it runs the commands that name none. */
struct script_users {
	const struct config *cfg;
	struct runner_user user;
	bool known;   /* false: `user` is the daemon's own, and `why` says what is missing */
	char why[96]; /* "there is no user keepalived_script" */
};

/* Calls `fn` for each command of `cfg`; `check`: it is the command of a check. */
typedef void (*commands_fn)(void *ctx, struct cfg_command *cmd, bool check);
void commands_each(struct config *cfg, commands_fn fn, void *ctx);

/*
 * Replaces each command name without a slash by its path in PATH, so that the file that was checked
 * is the one that is executed. A name that is not found stays.
 */
void commands_find(struct config *cfg);

void commands_find_users(const struct config *cfg, struct script_users *users);

/*
 * True if `cmd` may run; *user is then its user. A command whose configured user is unknown does
 * not run. With enable_script_security a command without a known user does not run either, and root
 * runs no file that others can change. False: `why` has the reason.
 */
bool commands_may_run(const struct script_users *users, const struct cfg_command *cmd,
		      struct runner_user *user, char why[COMMANDS_WHY]);

#endif
