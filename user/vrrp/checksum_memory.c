// SPDX-License-Identifier: BSD-2-Clause
/*
 * The memory is an array; the peer heard last comes first. Rejected: to store the form in each
 * configured peer. A reload would lose it, and with multicast there are no configured peers.
 */
#include "vrrp/checksum_memory.h"

#include <string.h>

/* The index of `source`, or memory->n. */
static unsigned int find(const struct checksum_memory *memory, const struct ipaddr *source)
{
	unsigned int i = 0;

	while (i < memory->n && ipaddr_cmp(&memory->heard[i].source, source) != 0)
		i++;
	return i;
}

bool checksum_note(struct checksum_memory *memory, const struct ipaddr *source, uint8_t form)
{
	unsigned int at = find(memory, source);
	bool news = at == memory->n || memory->heard[at].form != form;

	if (at == CHECKSUM_PEERS)
		at--;
	else if (at == memory->n)
		memory->n++;
	memmove(&memory->heard[1], &memory->heard[0], at * sizeof(memory->heard[0]));
	memory->heard[0].source = *source;
	memory->heard[0].form = form;
	return news;
}

uint8_t checksum_for(const struct checksum_memory *memory, const struct ipaddr *to,
		     uint8_t otherwise)
{
	unsigned int at = to ? find(memory, to) : 0;

	return at < memory->n ? memory->heard[at].form : otherwise;
}
