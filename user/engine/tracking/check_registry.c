// SPDX-License-Identifier: BSD-2-Clause
/*
 * The registry of checks, and how a reload continues it. Rejected: one id for the whole life of a
 * check. A result of the old command that is still under way would count for the new command.
 */
#include "engine/tracking/check_registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/diff.h"

int check_registry_create(struct check_registry *reg, const struct config *cfg)
{
	const unsigned int n[TRACKED_KINDS] = {[TRACKED_SCRIPT] = cfg->n_scripts,
					       [TRACKED_FILE] = cfg->n_files,
					       [TRACKED_PROCESS] = cfg->n_processes,
					       [TRACKED_TRAFFIC] = cfg->n_traffic};

	for (unsigned int kind = 0; kind < TRACKED_KINDS; kind++)
		reg->first[kind + 1] = reg->first[kind] + n[kind];
	/* owner: reg */
	reg->all = calloc(check_registry_count(reg) + 1, sizeof(*reg->all));
	return reg->all ? 0 : -ENOMEM;
}

void check_registry_free(struct check_registry *reg)
{
	struct check *check;

	if (!reg->all)
		return;
	CHECK_REGISTRY_EACH (reg, check)
		free(check->own);
	free(reg->all);
}

struct check *check_registry_find(const struct check_registry *reg, uint32_t id)
{
	struct check *check;

	CHECK_REGISTRY_EACH (reg, check) {
		if (check->order.id == id)
			return check;
	}
	return NULL;
}

int64_t check_registry_fastest(const struct check_registry *reg)
{
	int64_t fastest_ns = INT64_MAX;
	const struct check *check;

	CHECK_REGISTRY_EACH (reg, check) {
		if (!check->refused && !check->passive && check->fast_interval_ns < fastest_ns)
			fastest_ns = check->fast_interval_ns;
	}
	return fastest_ns;
}

void check_registry_begin(struct check_registry *reg, struct check_ids *ids)
{
	struct check *check;

	CHECK_REGISTRY_EACH (reg, check)
		check->order.id = ids->next++;
}

/* --- over a reload --- */

static bool same_words(char *const *a, char *const *b)
{
	while (*a && *b && strcmp(*a, *b) == 0) {
		a++;
		b++;
	}
	return !*a && !*b;
}

/* True if the runner runs `b` as it runs `a`. A changed fast_interval is sent with the next result.
 */
static bool same_run(const struct check *a, const struct check *b)
{
	return a->refused == b->refused && a->order.kind == b->order.kind &&
	       a->order.user.uid == b->order.user.uid && a->order.user.gid == b->order.user.gid &&
	       a->order.new_privileges == b->order.new_privileges &&
	       a->interval_ns == b->interval_ns && a->order.timeout_ns == b->order.timeout_ns &&
	       same_words(a->order.argv, b->order.argv);
}

/* Orders the runner to remove `check`, if the runner knows it. */
static void forget(struct check_ids *ids, const struct check *check)
{
	if (check->sent && ids->n_gone < RUNNER_MAX_CHECKS)
		ids->gone[ids->n_gone++] = check->order.id;
}

/* A check that is run in another way keeps its state until new results change it. */
static void continue_check(struct check *now, const struct check *was, struct check_ids *ids)
{
	if (!was->refused && !now->refused)
		now->fsm = was->fsm;
	now->ran = was->ran;
	now->stale = was->stale;
	now->stale_at = was->stale_at;
	now->stale_down = was->stale_down && now->down_if_stale;
	now->last = was->last;
	now->last_run_ms = was->last_run_ms;
	now->changed_ms = was->changed_ms;
	check_note_change(now, check_state(was));
	if (was->passive || same_run(was, now)) {
		now->order.id = was->order.id;
		now->order.interval_ns = was->order.interval_ns;
		now->sent = was->sent;
		return;
	}
	now->order.id = ids->next++;
	forget(ids, was);
}

static unsigned int count_kind(const struct check_registry *reg, unsigned int kind)
{
	return reg->first[kind + 1] - reg->first[kind];
}

void check_registry_continue(struct check_registry *now, const struct check_registry *was,
			     const struct config_diff *diff, struct check_ids *ids)
{
	const struct {
		const struct config_match *to;
		const int *from;
	} kinds[TRACKED_KINDS] = {[TRACKED_SCRIPT] = {diff->scripts, diff->script_now},
				  [TRACKED_FILE] = {diff->files, diff->file_now},
				  [TRACKED_PROCESS] = {diff->processes, diff->process_now},
				  [TRACKED_TRAFFIC] = {diff->traffic, diff->traffic_now}};

	for (unsigned int kind = 0; kind < TRACKED_KINDS; kind++) {
		for (unsigned int i = 0; i < count_kind(now, kind); i++) {
			struct check *check = check_registry_at(now, kind, i);
			int at = kinds[kind].to[i].was;

			if (at >= 0)
				continue_check(check,
					       check_registry_at(was, kind, (unsigned int)at), ids);
			else
				check->order.id = ids->next++;
		}
		for (unsigned int i = 0; i < count_kind(was, kind); i++) {
			if (kinds[kind].from[i] < 0)
				forget(ids, check_registry_at(was, kind, i));
		}
	}
}
