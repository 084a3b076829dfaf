// SPDX-License-Identifier: BSD-2-Clause
/*
 * Addresses that a dead daemon has left and that the configuration no longer has. A start removes
 * what is left of its own instances, but an instance may have been removed from the file while the
 * daemon was dead. The kernel's mark says that Holdfast added the address, but not which daemon: a
 * daemon with another --name may serve it. So it is not removed, and the log says what to do. It
 * must not be ignored, because this host answers ARP for it.
 */
#include <stdlib.h>
#include <string.h>

#include "core/addr.h"
#include "core/prefix_index.h"
#include "engine/instance/addresses.h"
#include "engine/state.h"
#include "kernel/netlink.h"

#define LINES 8 /* of the log: each address is one */

/* All addresses of the configuration. */
struct known {
	struct prefix_index index;
	const struct held_address **all;
	unsigned int n;
};

static unsigned int count_all(const struct engine *engine)
{
	const struct address_set *set;
	unsigned int n = 0;

	EACH_ADDRESS_SET(engine, set)
	n += set->n;
	return n;
}

static void know(struct known *k, const struct address_set *set)
{
	for (unsigned int i = 0; i < set->n; i++) {
		prefix_index_put(&k->index, &set->held[i].job.prefix, k->n);
		k->all[k->n++] = &set->held[i];
	}
}

static bool has(const struct known *k, const struct ipprefix *prefix, const char *device)
{
	uint32_t at = prefix_index_first(&k->index, prefix);

	for (; at != PREFIX_INDEX_NONE; at = prefix_index_next(&k->index, at)) {
		const struct address_job *job = &k->all[at]->job;

		if (ipprefix_equal(&job->prefix, prefix) && strcmp(job->dev, device) == 0)
			return true;
	}
	return false;
}

static void tell(const struct ipprefix *prefix, const char *device, unsigned int nth)
{
	char text[IPPREFIX_TEXT];

	ipprefix_format(prefix, text);
	if (nth <= LINES)
		log_warn("%s is on %s, added by Holdfast, and no instance has it: this host "
			 "answers for it; unless a daemon of another --name serves it, remove it "
			 "(ip address del %s dev %s)",
			 text, device, text, device);
}

unsigned int addresses_tell_left(struct engine *engine)
{
	unsigned int max = count_all(engine), place = 0, left = 0;
	struct known k = {.all = calloc(max + 1, sizeof(k.all[0]))}; /* owner: here */
	const struct address_set *set;
	struct ipprefix prefix;
	const char *device;

	if (k.all && prefix_index_init(&k.index, max) == 0) {
		EACH_ADDRESS_SET(engine, set)
		know(&k, set);
		while (netlink_next_ours(engine->nl, &place, &prefix, &device)) {
			if (!has(&k, &prefix, device))
				tell(&prefix, device, ++left);
		}
	}
	if (left > LINES)
		log_warn("%u more such addresses are left", left - LINES);
	prefix_index_free(&k.index);
	free(k.all);
	return left;
}
