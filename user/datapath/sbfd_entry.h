/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by sbfd.c (the table of S-BFD peers) and raw_sbfd.c (their packets, without BPF). */
#ifndef HF_DATAPATH_SBFD_ENTRY_H
#define HF_DATAPATH_SBFD_ENTRY_H

#include "datapath/internal.h"
#include "datapath/sbfd.h"

struct raw_reflector; /* raw_sbfd.c */

struct datapath_sbfd {
	struct dp_sbfd *table;
	struct hf_sbfd_key key;
	uint32_t uplinks[DATAPATH_MAX_UPLINKS - 1]; /* hf_sbfd_idx has `key` for these too */
	unsigned int n_uplinks;
	struct hf_sbfd_cfg cfg; /* as last published */
	datapath_sbfd_fn fn;
	void *owner;
	bool known; /* hf_sbfd_idx has this entry; in raw mode: it has a reflector */
	bool used;  /* by this daemon */
	/* In the raw mode: */
	struct raw_reflector *reflector;
	struct loop_source answers; /* the socket of our probes; fd is -1: none */
	struct mono drained;	    /* the turn in which that socket was last emptied */
	bool has_news;		    /* `fn` must be called */
};

struct dp_sbfd {
	struct datapath *dp;
	struct datapath_sbfd entries[HF_MAX_SBFD]; /* by slot */
	uint32_t end;				   /* no entry from here on is used */
	volatile struct hf_sbfd_state *states;
	volatile struct hf_sbfd_gate *gate;
	struct raw_reflector *reflectors; /* raw mode: a list; owner: this */
	struct loop_timer deliver;
};

uint32_t dp_sbfd_slot(const struct datapath_sbfd *s);
/* The entry of `key`, or NULL. */
struct datapath_sbfd *dp_sbfd_find(struct dp_sbfd *t, const struct hf_sbfd_key *key);

/* raw_sbfd.c */

void dp_raw_sbfd_open(struct dp_sbfd *t);
void dp_raw_sbfd_close(struct dp_sbfd *t);
/* Starts to answer the peer of `s`. 0 or -errno. */
int dp_raw_sbfd_reflect(struct datapath_sbfd *s);
/* Stops answering and reading answers. */
void dp_raw_sbfd_end(struct datapath_sbfd *s);
/* From now on reads the answers to our probes from `fd`; -1: reads none. 0 or -errno. */
int dp_raw_sbfd_listen(struct datapath_sbfd *s, int fd);
/* Reads the queued answers, at most once in a turn. */
void dp_raw_sbfd_refresh(struct datapath_sbfd *s);

#endif
