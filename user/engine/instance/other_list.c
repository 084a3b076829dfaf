// SPDX-License-Identifier: BSD-2-Clause
/*
 * The kernel half compares a count and a sum. It reports the count, the sum and the first address
 * of the other list. These identify the difference in lists of one address, an unknown first
 * address, and one missing address. Rejected: all addresses of an advert in the event, up to four
 * kilobytes.
 */
#include "engine/instance/other_list.h"

#include <stdio.h>

#include "vrrp_advert.h"

static uint32_t sum_of(const struct ipaddr *address, uint8_t family)
{
	uint32_t len = family == 4 ? 4 : 16, sum = 0;
	const uint8_t *b = address->b + 16 - len;

	for (uint32_t at = 0; at < len; at += 4)
		sum += vrrp_list_word(b + at, at);
	return sum;
}

void other_list_of(const struct cfg_instance *cfg, uint32_t *sum, uint8_t *count)
{
	*sum = 0;
	*count = 0;
	for (unsigned int i = 0; i < cfg->n_vips && *count < VRRP_MAX_ADDRS; i++, (*count)++)
		*sum += sum_of(&cfg->vips[i].prefix.addr, cfg->family);
}

const char *other_list_name(const struct cfg_instance *cfg, const struct hf_ev_list *heard,
			    char text[OTHER_LIST_TEXT])
{
	const struct ipaddr *missing = NULL;
	char address[IPADDR_TEXT];
	bool ours = ipaddr_is_unset(&heard->first);
	uint32_t sum;
	uint8_t count;

	other_list_of(cfg, &sum, &count);
	for (unsigned int i = 0; i < count; i++) {
		const struct ipaddr *one = &cfg->vips[i].prefix.addr;

		ours |= ipaddr_equal(one, &heard->first);
		if (heard->count + 1 == count && heard->sum + sum_of(one, cfg->family) == sum)
			missing = one;
	}
	text[0] = '\0';
	if (!ours)
		snprintf(text, OTHER_LIST_TEXT, "; %s is not ours",
			 ipaddr_format(&heard->first, address));
	else if (missing)
		snprintf(text, OTHER_LIST_TEXT, "; %s is missing there",
			 ipaddr_format(missing, address));
	return text;
}
