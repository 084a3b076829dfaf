/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vipprobe's datagram and its accounting, without clock or I/O: which datagrams were sent, which
 * node answered, and the outages. One record for each datagram is kept for the whole run. So gaps
 * are counted at the end, when all late answers have arrived. Rejected: counting gaps while answers
 * arrive, which counts a late answer as a lost one.
 */
#ifndef HF_VIPPROBE_COUNT_H
#define HF_VIPPROBE_COUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/bytes.h"
#include "core/mono.h"

#define PROBE_MAX_DATAGRAMS (1U << 21) /* 17 minutes at 2,000/s, 50 MB of records */
#define PROBE_MAX_NODES	    8	       /* more nodes than any lab has */
#define PROBE_NODE_MAX	    32	       /* a node's name with its NUL */
#define PROBE_LEN	    48	       /* of question and answer: no amplification */
#define PROBE_MAGIC	    0x48467072 /* "HFpr" */
#define PROBE_NO_NODE	    UINT8_MAX

/* A question or, with a node's name, its answer. */
struct probe_message {
	uint32_t run_high, run_low; /* identifies the run: late answers of another run differ */
	uint32_t seq;
	char node[PROBE_NODE_MAX]; /* empty in a question; letters, digits and .-_ only */
};

struct probe_record {
	struct mono sent;
	uint8_t node; /* the first node that answered, PROBE_NO_NODE if none did */
	bool late;
};

struct probe_run {
	struct probe_record *records; /* `capacity` of them, the caller's */
	uint32_t capacity, sent;
	int64_t interval_ns; /* between two datagrams */
	int64_t late_ns;     /* an answer that takes longer is late */
	uint32_t answered, late, duplicates;
	uint32_t strays; /* answers to datagrams that this run did not send */
	uint32_t by_node[PROBE_MAX_NODES];
	char nodes[PROBE_MAX_NODES][PROBE_NODE_MAX];
	unsigned int n_nodes;
};

/* Datagrams lost in a row. */
struct probe_gap {
	struct mono start;
	int64_t length_ns; /* from sending the first lost one to sending the next answered one */
	uint32_t lost;
	bool open; /* it lasts until the end of the run */
};

/* From this datagram on another node answers. */
struct probe_switch {
	struct mono at; /* when that datagram was sent */
	uint32_t seq;
	uint8_t node;
};

/* 1 to 31 characters that need no quoting in JSON. */
static inline bool probe_name_ok(const char *name)
{
	size_t len = strnlen(name, PROBE_NODE_MAX);

	return len > 0 && len < PROBE_NODE_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
		   len;
}

static inline void probe_encode(const struct probe_message *m, uint8_t out[PROBE_LEN])
{
	struct wr w = wr_init(out, PROBE_LEN);

	wr_u32(&w, PROBE_MAGIC);
	wr_u32(&w, m->run_high);
	wr_u32(&w, m->run_low);
	wr_u32(&w, m->seq);
	wr_bytes(&w, m->node, PROBE_NODE_MAX);
}

/* True only for a whole question or answer. */
static inline bool probe_decode(const void *data, size_t len, struct probe_message *m)
{
	struct rd r = rd_init(data, len);
	uint32_t magic = rd_u32(&r);
	const uint8_t *node;

	m->run_high = rd_u32(&r);
	m->run_low = rd_u32(&r);
	m->seq = rd_u32(&r);
	node = rd_bytes(&r, PROBE_NODE_MAX);
	if (r.error || rd_left(&r) != 0 || magic != PROBE_MAGIC)
		return false;
	memcpy(m->node, node, PROBE_NODE_MAX);
	return m->node[0] == '\0' || probe_name_ok(m->node);
}

/* Records that the next datagram is sent now, and returns its number. False if the run is full. */
static inline bool probe_count_sent(struct probe_run *run, struct mono now, uint32_t *seq)
{
	if (run->sent >= run->capacity)
		return false;
	run->records[run->sent] = (struct probe_record){.sent = now, .node = PROBE_NO_NODE};
	*seq = run->sent++;
	return true;
}

/* The index of a node's name; a new name is added. PROBE_NO_NODE if there is no room. */
static inline uint8_t probe_node_index(struct probe_run *run, const char *name)
{
	for (unsigned int i = 0; i < run->n_nodes; i++) {
		if (strncmp(run->nodes[i], name, PROBE_NODE_MAX) == 0)
			return (uint8_t)i;
	}
	if (run->n_nodes == PROBE_MAX_NODES)
		return PROBE_NO_NODE;
	memcpy(run->nodes[run->n_nodes], name, PROBE_NODE_MAX);
	return (uint8_t)run->n_nodes++;
}

/* Records an answer of this run. */
static inline void probe_count_answer(struct probe_run *run, const struct probe_message *m,
				      struct mono now)
{
	struct probe_record *r = m->seq < run->sent ? &run->records[m->seq] : NULL;
	uint8_t node = r && probe_name_ok(m->node) ? probe_node_index(run, m->node) : PROBE_NO_NODE;

	if (node == PROBE_NO_NODE) {
		run->strays++;
		return;
	}
	if (r->node != PROBE_NO_NODE) {
		run->duplicates++;
		return;
	}
	r->node = node;
	r->late = mono_diff_ns(now, r->sent) > run->late_ns;
	run->late += r->late;
	run->answered++;
	run->by_node[node]++;
}

/* Finds the first gap at or after *seq, and moves *seq behind it. False if there is none. */
static inline bool probe_next_gap(const struct probe_run *run, uint32_t *seq, struct probe_gap *gap)
{
	uint32_t first = *seq, end;
	struct mono until;

	while (first < run->sent && run->records[first].node != PROBE_NO_NODE)
		first++;
	for (end = first; end < run->sent && run->records[end].node == PROBE_NO_NODE;)
		end++;
	*seq = end;
	if (first == end)
		return false;
	until = end < run->sent ? run->records[end].sent
				: mono_add(run->records[end - 1].sent, run->interval_ns);
	*gap = (struct probe_gap){
	    .start = run->records[first].sent,
	    .length_ns = mono_diff_ns(until, run->records[first].sent),
	    .lost = end - first,
	    .open = end == run->sent,
	};
	return true;
}

/*
 * Finds the first datagram at or after *seq that another node than *node answered, and moves both.
 * *node is the last known node (PROBE_NO_NODE at the start). False if there is none.
 */
static inline bool probe_next_switch(const struct probe_run *run, uint32_t *seq, uint8_t *node,
				     struct probe_switch *sw)
{
	for (; *seq < run->sent; (*seq)++) {
		const struct probe_record *r = &run->records[*seq];

		if (r->node == PROBE_NO_NODE || r->node == *node)
			continue;
		*node = r->node;
		*sw = (struct probe_switch){.at = r->sent, .seq = *seq, .node = r->node};
		return true;
	}
	return false;
}

#endif
