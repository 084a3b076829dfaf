// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the runner is to do by a configuration: its checks of every kind, the commands of its
 * notifications, and who runs them. Users are looked up here, at start and by the thread that
 * prepares a reload: the system's database may be slow, the loop never is. All of it points into
 * the configuration it was made from.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/engine_state.h"
#include "health/script_user.h"

#define PROCESS_NUMBERS 6 /* before the command in the argv of RUNNER_PROCESS */
/* How often files and processes are looked at where the kernel tells no changes. */
#define FILE_INTERVAL_NS NS_PER_S
#define DEFAULT_SCRIPT_USER                                                                        \
	"keepalived_script" /* keepalived's, so that its users' set-up holds                       \
			     */

/* --- who runs what --- */

bool checks_command_user(const struct script_users *users, const struct cfg_command *cmd,
			 const char *what, struct runner_user *user)
{
	char why[160];

	*user = users->user;
	if (cmd->user && script_user_resolve(cmd->user, cmd->group, user) < 0) {
		log_error("%s: %s is not run: there is no user %s (or its group)", what,
			  cmd->argv[0], cmd->user);
		return false;
	}
	if (!users->cfg->script_security)
		return true;
	if (!cmd->user && !users->known) {
		log_error(
		    "%s: %s is not run: enable_script_security is set and there is no user %s; "
		    "create it, or name one by script_user",
		    what, cmd->argv[0],
		    users->cfg->script_user ? users->cfg->script_user : DEFAULT_SCRIPT_USER);
		return false;
	}
	if (user->uid == 0 && script_check_security(cmd->argv[0], why, sizeof(why)) < 0) {
		log_error("%s: %s is not run as root: %s", what, cmd->argv[0], why);
		return false;
	}
	return true;
}

void checks_find_users(const struct config *cfg, struct script_users *users)
{
	const char *user = cfg->script_user ? cfg->script_user : DEFAULT_SCRIPT_USER;
	int err = script_user_resolve(user, cfg->script_group, &users->user);

	users->cfg = cfg;
	users->known = err == 0;
	if (err == 0)
		return;
	users->user = (struct runner_user){geteuid(), getegid()};
	if (cfg->script_user)
		log_error("script_user %s does not exist", user);
}

/* The commands of one instance, in the order of enum notifier_kind. */
static const struct cfg_command *configured(const struct cfg_notify *notify, unsigned int kind)
{
	const struct cfg_command *const commands[NOTIFY_KINDS] = {
	    [NOTIFY_MASTER] = &notify->master,	   [NOTIFY_BACKUP] = &notify->backup,
	    [NOTIFY_FAULT] = &notify->fault,	   [NOTIFY_STOP] = &notify->stop,
	    [NOTIFY_DELETED] = &notify->deleted,   [NOTIFY_ANY] = &notify->any,
	    [NOTIFY_RX_LOWER] = &notify->rx_lower,
	};

	return commands[kind];
}

void checks_resolve_notifiers(const struct script_users *users, const char *name,
			      const struct cfg_notify *cfg, struct notifier notifiers[NOTIFY_KINDS])
{
	for (unsigned int kind = 0; kind < NOTIFY_KINDS; kind++) {
		const struct cfg_command *cmd = configured(cfg, kind);
		struct notifier *n = &notifiers[kind];

		*n = (struct notifier){0};
		if (cmd->argc > 0 && checks_command_user(users, cmd, name, &n->user))
			n->command = cmd;
	}
}

/* --- checks --- */

static void init_script(const struct script_users *users, struct check *check,
			const struct cfg_script *cfg)
{
	static const enum runner_check_kind kinds[] = {
	    [CFG_CHECK_SCRIPT] = RUNNER_SCRIPT,
	    [CFG_CHECK_TCP] = RUNNER_TCP,
	    [CFG_CHECK_HTTP] = RUNNER_HTTP,
	};

	check->name = cfg->name;
	check->order = (struct runner_check){
	    .kind = kinds[cfg->kind],
	    .new_privileges = cfg->new_privileges,
	    .timeout_ns = cfg->timeout_ns,
	    .argv = cfg->command.argv};
	check->interval_ns = cfg->interval_ns;
	check->fast_interval_ns = cfg->fast_interval_ns;
	check->hcfg = (struct health_cfg){cfg->rise, cfg->fall, cfg->init_fail};
	check->refused = cfg->kind == CFG_CHECK_SCRIPT &&
			 !checks_command_user(users, &cfg->command, cfg->name, &check->order.user);
}

static void init_file(struct check *check, const struct cfg_file *cfg)
{
	check->name = cfg->name;
	check->argv[0] = cfg->path;
	check->order = (struct runner_check){.kind = cfg->disables ? RUNNER_EXISTS : RUNNER_FILE,
					     .timeout_ns = FILE_INTERVAL_NS,
					     .argv = check->argv};
	check->interval_ns = check->fast_interval_ns = FILE_INTERVAL_NS;
	check->hcfg = (struct health_cfg){1, 1, false};
}

/* A process's order and the numbers in it, as text. */
struct process_order {
	char number[PROCESS_NUMBERS][24];
	char *argv[PROCESS_NUMBERS + CFG_MAX_ARGS + 1];
};

static int init_process(struct check *check, const struct cfg_process *cfg)
{
	const int64_t numbers[PROCESS_NUMBERS] = {cfg->param_match,   cfg->full_command,
						  cfg->quorum,	      cfg->quorum_max,
						  cfg->fork_delay_ns, cfg->terminate_delay_ns};
	struct process_order *own = calloc(1, sizeof(*own)); /* owner: check */

	if (!own)
		return -ENOMEM;
	for (int i = 0; i < PROCESS_NUMBERS; i++) {
		snprintf(own->number[i], sizeof(own->number[i]), "%" PRId64, numbers[i]);
		own->argv[i] = own->number[i];
	}
	for (int i = 0; i < cfg->command.argc && i < CFG_MAX_ARGS; i++)
		own->argv[PROCESS_NUMBERS + i] = cfg->command.argv[i];
	check->name = cfg->name;
	check->own = own;
	check->order = (struct runner_check){
	    .kind = RUNNER_PROCESS, .timeout_ns = FILE_INTERVAL_NS, .argv = own->argv};
	check->interval_ns = check->fast_interval_ns = FILE_INTERVAL_NS;
	check->hcfg = (struct health_cfg){1, 1, false};
	return 0;
}

void checks_free(struct check *checks, unsigned int n)
{
	for (unsigned int i = 0; checks && i < n; i++)
		free(checks[i].own);
	free(checks);
}

unsigned int checks_count(const struct config *cfg)
{
	return cfg->n_scripts + cfg->n_files + cfg->n_processes;
}

struct check *checks_create(const struct script_users *users)
{
	const struct config *cfg = users->cfg;
	unsigned int n = checks_count(cfg);
	struct check *checks = calloc(n + 1, sizeof(*checks)); /* owner: the caller */

	for (unsigned int i = 0; checks && i < n; i++) {
		struct check *check = &checks[i];

		if (i < cfg->n_scripts)
			init_script(users, check, &cfg->scripts[i]);
		else if (i < cfg->n_scripts + cfg->n_files)
			init_file(check, &cfg->files[i - cfg->n_scripts]);
		else if (init_process(check, &cfg->processes[i - cfg->n_scripts - cfg->n_files]) <
			 0)
			goto fail;
		health_init(&check->hcfg, &check->fsm);
		if (check->refused)
			check->fsm.state = HEALTH_DOWN;
	}
	return checks;
fail:
	checks_free(checks, n);
	return NULL;
}
