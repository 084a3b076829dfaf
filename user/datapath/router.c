// SPDX-License-Identifier: BSD-2-Clause
/*
 * The entries of a slot in the index: one for each interface on which adverts of its virtual router
 * are received. All of them lead to one slot. So an advert on any interface is a sign of life of
 * the master, and the kernel half needs no additional code. Rejected: a slot for each interface.
 * The daemon would have to combine the deadlines of the slots, but it sleeps while the master
 * lives.
 */
#include <string.h>

#include "datapath/internal.h"

struct dp_router dp_router_of(const struct datapath_instance *in, uint32_t ifindex,
			      const struct hf_inst_cfg *cfg)
{
	struct hf_inst_key key = {.ifindex = ifindex, .family = cfg->family, .vrid = cfg->vrid};
	struct dp_router router = {.keys[0] = key, .n = 1};

	for (unsigned int i = 0; i < in->n_uplinks; i++) {
		key.ifindex = in->uplinks[i];
		router.keys[router.n++] = key;
	}
	return router;
}

static bool has_key(const struct hf_inst_key *keys, uint32_t n, const struct hf_inst_key *key)
{
	for (uint32_t i = 0; i < n; i++) {
		if (memcmp(&keys[i], key, sizeof(*key)) == 0)
			return true;
	}
	return false;
}

bool dp_slot_is_router(const struct dp_slot *slot, const struct dp_router *router)
{
	for (uint32_t i = 0; i < router->n; i++) {
		if (has_key(slot->keys, slot->n_keys, &router->keys[i]))
			return true;
	}
	return false;
}

void dp_slot_forget_keys(struct dp_slot *slot)
{
	while (slot->n_keys > 0)
		slot->dp->mode->unindex(slot->dp, &slot->keys[--slot->n_keys]);
}

void dp_slot_adopt_key(struct dp_slot *slot, const struct hf_inst_key *key)
{
	if (slot->n_keys < DATAPATH_MAX_UPLINKS)
		slot->keys[slot->n_keys++] = *key;
}

int dp_slot_index(struct dp_slot *slot, const struct dp_router *router)
{
	const struct dp_mode *mode = slot->dp->mode;
	bool anew = !dp_slot_is_router(slot, router);
	int err = 0;

	for (uint32_t i = 0; i < slot->n_keys; i++) {
		if (has_key(router->keys, router->n, &slot->keys[i]))
			continue;
		mode->unindex(slot->dp, &slot->keys[i]);
		slot->keys[i--] = slot->keys[--slot->n_keys];
	}
	for (uint32_t i = 0; i < router->n && err == 0; i++) {
		if (has_key(slot->keys, slot->n_keys, &router->keys[i]))
			continue;
		err = mode->index(slot->dp, &router->keys[i], dp_slot_number(slot), anew);
		if (err == 0)
			slot->keys[slot->n_keys++] = router->keys[i];
		anew = false;
	}
	return err;
}
