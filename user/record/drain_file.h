/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which instances the operator has drained, and the file that keeps it over restarts. An instance
 * stands there by what the wire knows it by, so that a new name, or a reload without it, does not
 * bring back what was taken out for maintenance.
 */
#ifndef HF_DRAIN_FILE_H
#define HF_DRAIN_FILE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "hf_abi.h"

struct drain_key {
	char interface[IF_NAMESIZE];
	uint8_t family, vrid;
};

/* Zero-initialised: none. */
struct drain_set {
	bool all; /* every instance, those that a reload brings, too */
	unsigned int n;
	struct drain_key keys[HF_MAX_INSTANCES];
};

bool drain_set_has(const struct drain_set *set, const struct drain_key *key);
/* 0, also if it is there already; -ENOSPC. */
int drain_set_add(struct drain_set *set, const struct drain_key *key);
void drain_set_remove(struct drain_set *set, const struct drain_key *key);

/* 0 with what the file says; -ENOENT; -EBADMSG with what of it can be read; or -errno. These block.
 */
int drain_file_load(const char *path, struct drain_set *set);
/* Replaces the file, whole or not at all; an empty set has none. 0 or -errno. */
int drain_file_save(const char *path, const struct drain_set *set);

#endif
