// SPDX-License-Identifier: BSD-2-Clause
/* A takeover with every kind of step. */
#include "record_sample.h"

#include <stdlib.h>

#include "announce/announce_step.h"
#include "core/addr.h"
#include "health/health_step.h"

#define ZERO_NS (5000 * NS_PER_MS)

static struct ipaddr address(const char *text)
{
	struct ipaddr a;

	if (ipaddr_parse(&a, text) < 0)
		abort();
	return a;
}

struct record record_sample_head(void)
{
	return (struct record){
	    .at_ms = 1735786984567,
	    .instance = "example",
	    .from = VRRP_BACKUP,
	    .to = VRRP_MASTER,
	    .cause = VRRP_CAUSE_MASTER_DOWN,
	    .priority = 100,
	    .master = address("192.0.2.11"),
	    .master_priority = 200,
	    .interval_us = 12500,
	    .peer = RECORD_PEER_SILENT,
	};
}

struct record *record_sample(struct record_ring *ring)
{
	const struct record_step steps[] = {
	    {.kind = RECORD_LAST_ADVERT, .at_ns = -36090999},
	    {.kind = RECORD_DEADLINE, .at_ns = -12000},
	    {.kind = RECORD_DETECTED},
	    {.kind = RECORD_WOKEN, .at_ns = 60000},
	    {.kind = RECORD_DECIDED, .at_ns = 70000},
	    {.kind = RECORD_ADDRESS_ADDED, .at_ns = 150000, .address = address("203.0.113.57")},
	    {.kind = RECORD_UPDATE, .at_ns = 210000, .address = address("2001:db8::1")},
	    {.kind = RECORD_ANNOUNCED, .at_ns = 212000, .value = ANNOUNCE_ESCALATED},
	    {.kind = RECORD_ADVERT, .at_ns = 260000, .value = 100},
	    {.kind = RECORD_NOTIFY_ASKED, .at_ns = 300000},
	    {.kind = RECORD_NOTIFY_SUPERSEDED, .at_ns = 400000},
	    {.kind = RECORD_NOTIFY_ENDED, .at_ns = 35000000, .value = HEALTH_EXIT, .status = 3},
	    {.kind = RECORD_NOTIFY_STARTED, .at_ns = 1900000},
	    {.kind = RECORD_ANNOUNCED, .at_ns = 30001 * NS_PER_MS, .value = ANNOUNCE_SETTLED},
	    {.kind = RECORD_ANNOUNCED, .at_ns = 60000 * NS_PER_MS, .value = ANNOUNCE_NONE},
	    {.kind = RECORD_ADDRESS_REMOVED,
	     .at_ns = 60001 * NS_PER_MS,
	     .address = address("203.0.113.57")},
	};
	struct record head = record_sample_head();
	struct record *rec = record_begin(ring, &head);

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct record_step step = steps[i];

		step.at_ns += ZERO_NS;
		record_add(rec, &step);
	}
	return rec;
}
