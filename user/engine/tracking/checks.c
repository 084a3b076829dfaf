// SPDX-License-Identifier: BSD-2-Clause
/*
 * Creates the checks of a configuration, with their orders for the runner, at start and in the
 * loading thread, because the lookup of users may block. The orders point into the configuration. A
 * command that may not run is not logged here, because host_check() reports it.
 */
#include "engine/tracking/checks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/mono.h"
#include "engine/tracking/check_registry.h"

#define PROCESS_NUMBERS RUNNER_PROCESS_COMMAND /* they are before the command */
/* How often files and processes are checked if the kernel does not report their changes. */
#define FILE_INTERVAL_NS NS_PER_S

static void init_script(const struct script_users *users, struct check *check,
			const struct cfg_script *cfg)
{
	static const enum runner_check_kind kinds[] = {
	    [CFG_CHECK_SCRIPT] = RUNNER_SCRIPT,
	    [CFG_CHECK_TCP] = RUNNER_TCP,
	    [CFG_CHECK_HTTP] = RUNNER_HTTP,
	};
	char why[COMMANDS_WHY];

	check->name = cfg->name;
	check->order = (struct runner_check){.kind = kinds[cfg->kind],
					     .new_privileges = cfg->new_privileges,
					     .timeout_ns = cfg->timeout_ns,
					     .argv = cfg->command.argv};
	check->interval_ns = cfg->interval_ns;
	check->fast_interval_ns = cfg->fast_interval_ns;
	check->hcfg = (struct health_cfg){cfg->rise, cfg->fall, cfg->init_fail};
	check->down_if_stale = cfg->down_if_stale;
	check->refused = cfg->kind == CFG_CHECK_SCRIPT &&
			 !commands_may_run(users, &cfg->command, &check->order.user, why);
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
	check->down_if_stale = cfg->down_if_stale;
	check->order = (struct runner_check){
	    .kind = RUNNER_PROCESS, .timeout_ns = FILE_INTERVAL_NS, .argv = own->argv};
	check->interval_ns = check->fast_interval_ns = FILE_INTERVAL_NS;
	check->hcfg = (struct health_cfg){1, 1, false};
	return 0;
}

static void init_traffic(struct check *check, const struct cfg_traffic *cfg)
{
	check->name = cfg->name;
	check->passive = true;
	check->alarm_only = cfg->alarm_only;
	check->hcfg = (struct health_cfg){1, 1, false};
}

static void begin_health(struct check *check)
{
	health_init(&check->hcfg, &check->fsm);
	if (check->passive) /* good until the first verdict */
		check->fsm.state = HEALTH_UP;
	if (check->refused)
		check->fsm.state = HEALTH_DOWN;
}

int checks_create(const struct script_users *users, struct check_registry *reg)
{
	const struct config *cfg = users->cfg;
	int err = check_registry_create(reg, cfg);
	struct check *check;

	if (err < 0)
		return err;
	for (unsigned int i = 0; i < cfg->n_scripts; i++)
		init_script(users, check_registry_at(reg, TRACKED_SCRIPT, i), &cfg->scripts[i]);
	for (unsigned int i = 0; i < cfg->n_files; i++)
		init_file(check_registry_at(reg, TRACKED_FILE, i), &cfg->files[i]);
	for (unsigned int i = 0; i < cfg->n_processes && err == 0; i++)
		err = init_process(check_registry_at(reg, TRACKED_PROCESS, i), &cfg->processes[i]);
	for (unsigned int i = 0; i < cfg->n_traffic; i++)
		init_traffic(check_registry_at(reg, TRACKED_TRAFFIC, i), &cfg->traffic[i]);
	CHECK_REGISTRY_EACH (reg, check)
		begin_health(check);
	return err;
}
