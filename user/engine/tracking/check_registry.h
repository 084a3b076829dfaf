/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All checks of a configuration in one registry. A check is found by its kind and its index in the
 * configuration, or by its id at the runner. A reload creates a new registry. A check that is run
 * as before keeps its id, even if its block has moved in the file.
 */
#ifndef HF_ENGINE_CHECK_REGISTRY_H
#define HF_ENGINE_CHECK_REGISTRY_H

#include "config/config.h"
#include "engine/tracking/checks.h"

struct config_diff;

struct check_registry {
	struct check *all; /* kind by kind, each in the order of the configuration */
	/* Where each kind begins in `all`; the last one is the number of all checks. */
	unsigned int first[TRACKED_KINDS + 1];
};

/* The ids of checks. They are never reused, also not in a new registry. */
struct check_ids {
	uint32_t next;
	uint32_t gone[RUNNER_MAX_CHECKS]; /* checks that the runner must still remove */
	unsigned int n_gone;
};

static inline unsigned int check_registry_count(const struct check_registry *reg)
{
	return reg->first[TRACKED_KINDS];
}

/* `index` as in config.scripts, .files, .processes or .traffic. */
static inline struct check *check_registry_at(const struct check_registry *reg,
					      enum tracked_kind kind, unsigned int index)
{
	return &reg->all[reg->first[kind] + index];
}

/* Runs the statement for each check of every kind. */
#define CHECK_REGISTRY_EACH(reg, check)                                                            \
	for (unsigned int at_ = 0; at_ < check_registry_count(reg); at_++)                         \
		if (((check) = &(reg)->all[at_]) != NULL)

/* Makes room for the checks of `cfg`. 0 or -ENOMEM. */
int check_registry_create(struct check_registry *reg, const struct config *cfg);
/* `reg` may be all zero. */
void check_registry_free(struct check_registry *reg);
/* The check with `id` at the runner; NULL: it is removed, or is now run in another way. */
struct check *check_registry_find(const struct check_registry *reg, uint32_t id);
/* The shortest interval of all, in nanoseconds; INT64_MAX if there is none. */
int64_t check_registry_fastest(const struct check_registry *reg);
/* Gives each check of the first registry an id. */
void check_registry_begin(struct check_registry *reg, struct check_ids *ids);
/* Prepares `now` to replace `was`: a check in both keeps its state and, if it is run as before, its
 * id. All other ids of `was` go to ids->gone. */
void check_registry_continue(struct check_registry *now, const struct check_registry *was,
			     const struct config_diff *diff, struct check_ids *ids);

#endif
