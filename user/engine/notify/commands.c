// SPDX-License-Identifier: BSD-2-Clause
/*
 * Decides which commands of a configuration may run. It owns nothing. A command with an unknown
 * user does not run, and it does not run as root instead. A check that does not run counts as down,
 * and the operator sees that. Rejected: dropping such a check, as keepalived does, because the
 * instance would then run without the check.
 */
#include "engine/notify/commands.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runner/script_user.h"

/* keepalived's default, so that an existing user account works. */
#define DEFAULT_SCRIPT_USER "keepalived_script"

static void each_of_notify(struct cfg_notify *n, commands_fn fn, void *ctx)
{
	struct cfg_command *const all[] = {&n->master,	&n->backup,  &n->fault,	   &n->stop,
					   &n->deleted, &n->any,     &n->rx_lower, &n->up,
					   &n->down,	&n->drained, &n->before};

	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i]->argc > 0)
			fn(ctx, all[i], false);
	}
}

void commands_each(struct config *cfg, commands_fn fn, void *ctx)
{
	struct cfg_command *const readers[] = {&cfg->globals.notify_fifo_script,
					       &cfg->globals.vrrp_notify_fifo_script};

	for (unsigned int i = 0; i < cfg->n_scripts; i++) {
		if (cfg->scripts[i].kind == CFG_CHECK_SCRIPT)
			fn(ctx, &cfg->scripts[i].command, true);
	}
	for (unsigned int i = 0; i < cfg->n_instances; i++)
		each_of_notify(&cfg->instances[i].notify, fn, ctx);
	for (unsigned int i = 0; i < cfg->n_groups; i++)
		each_of_notify(&cfg->groups[i].notify, fn, ctx);
	for (unsigned int i = 0; i < cfg->n_services; i++)
		each_of_notify(&cfg->services[i].notify, fn, ctx);
	for (unsigned int i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		if (readers[i]->argc > 0)
			fn(ctx, readers[i], false);
	}
}

static void find_one(void *ctx, struct cfg_command *cmd, bool check)
{
	char path[PATH_MAX], *copy;

	(void)ctx;
	(void)check;
	if (strchr(cmd->argv[0], '/') || script_find(cmd->argv[0], path) < 0)
		return;
	copy = strdup(path);
	if (!copy)
		return; /* with enable_script_security the bare name does not run */
	free(cmd->argv[0]);
	cmd->argv[0] = copy;
}

void commands_find(struct config *cfg)
{
	commands_each(cfg, find_one, NULL);
}

void commands_find_users(const struct config *cfg, struct script_users *users)
{
	const char *user = cfg->script_user ? cfg->script_user : DEFAULT_SCRIPT_USER;

	*users = (struct script_users){.cfg = cfg, .user = {geteuid(), getegid()}};
	users->known = script_user_resolve(user, cfg->script_group, &users->user, users->why,
					   sizeof(users->why)) == 0;
}

bool commands_may_run(const struct script_users *users, const struct cfg_command *cmd,
		      struct runner_user *user, char why[COMMANDS_WHY])
{
	const struct config *cfg = users->cfg;
	char path[PATH_MAX];

	*user = users->user;
	if (cmd->user) {
		if (script_user_resolve(cmd->user, cmd->group, user, why, COMMANDS_WHY) < 0)
			return false;
	} else if (!users->known && cfg->script_user) {
		snprintf(why, COMMANDS_WHY, "%s for script_user", users->why);
		return false;
	} else if (!users->known && cfg->script_security) {
		snprintf(why, COMMANDS_WHY,
			 "enable_script_security is set and %s; create it, or write script_user "
			 "USER in global_defs",
			 users->why);
		return false;
	}
	if (!cfg->script_security || user->uid != 0)
		return true;
	if (script_find(cmd->argv[0], path) < 0) {
		snprintf(why, COMMANDS_WHY, "it is not in PATH; write its whole path");
		return false;
	}
	return script_check_security(path, why, COMMANDS_WHY) == 0;
}
