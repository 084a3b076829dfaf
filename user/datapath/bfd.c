// SPDX-License-Identifier: BSD-2-Clause
/*
 * Entries of BFD sessions in the maps. The file owns the table of entries and the mapping of
 * hf_bfd_state, which the kernel half writes.
 *
 * Entries of an earlier daemon are removed when the maps are opened, because its sessions and their
 * discriminators have ended. A timer may still run then. The generations of a slot continue from
 * those of the earlier daemon, so such a timer has an old generation.
 */
#include "datapath/bfd.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "bfd_watch.h"
#include "core/addr.h"
#include "datapath/internal.h"
#include "datapath/skeleton.h"

#define STATE_BYTES (HF_MAX_BFD * sizeof(struct hf_bfd_state))

_Static_assert(STATE_BYTES % 4096 == 0, "the kernel maps whole pages");

struct datapath_bfd {
	struct dp_bfd *table;
	struct ipaddr local;
	struct hf_bfd_cfg cfg; /* as last published; our_discr is 0: not used */
	datapath_bfd_fn fn;
	void *owner;
	uint32_t events_lost; /* hf_bfd_state.events_lost when it was last read */
};

struct dp_bfd {
	struct datapath *dp;
	struct datapath_bfd entries[HF_MAX_BFD]; /* by slot */
	uint32_t n_used;
	volatile struct hf_bfd_state *states;
};

static uint32_t slot_of(const struct datapath_bfd *s)
{
	return (uint32_t)(s - s->table->entries);
}

static struct hf_bfd_key key_of(const struct datapath_bfd *s)
{
	return (struct hf_bfd_key){
	    .peer = s->cfg.peer, .local = s->local, .multihop = s->cfg.multihop};
}

/* The key that marks the source address of the session as ours. */
static struct hf_bfd_key local_key(const struct datapath_bfd *s)
{
	return (struct hf_bfd_key){.local = s->local};
}

static bool has_local(const struct datapath_bfd *s)
{
	static const struct ipaddr any;

	return !ipaddr_equal(&s->local, &any);
}

/* --- the maps --- */

static int publish(struct datapath_bfd *s)
{
	uint32_t slot = slot_of(s);

	s->cfg.generation++;
	return bpf_map_update_elem(MAP_FD(s->table->dp, hf_bfd_cfg), &slot, &s->cfg, BPF_ANY);
}

static void count_sessions(struct dp_bfd *t)
{
	*(volatile __u32 *)&t->dp->skel->data->hf_bfd_sessions = t->n_used;
}

/* 0 or -errno. */
static int index_session(struct datapath_bfd *s)
{
	int fd = MAP_FD(s->table->dp, hf_bfd_idx);
	struct hf_bfd_key key = key_of(s), local = local_key(s);
	uint32_t slot = slot_of(s);
	int err = bpf_map_update_elem(fd, &key, &slot, BPF_ANY);

	if (!err && has_local(s))
		err = bpf_map_update_elem(fd, &local, &slot, BPF_ANY);
	return err;
}

/* Removes the session from the index. The mark of its source address stays if another session has
 * the same source address. */
static void unindex_session(const struct datapath_bfd *s)
{
	int fd = MAP_FD(s->table->dp, hf_bfd_idx);
	struct hf_bfd_key key = key_of(s), local = local_key(s);

	bpf_map_delete_elem(fd, &key);
	if (!has_local(s))
		return;
	for (uint32_t i = 0; i < HF_MAX_BFD; i++) {
		const struct datapath_bfd *other = &s->table->entries[i];

		if (other != s && other->cfg.our_discr != 0 &&
		    ipaddr_equal(&other->local, &s->local))
			return;
	}
	bpf_map_delete_elem(fd, &local);
}

/* Removes the entries of an earlier daemon. Each step reads the first key, because the key before
 * it has been deleted. */
static void clear(struct dp_bfd *t)
{
	int fd = MAP_FD(t->dp, hf_bfd_idx);
	struct hf_bfd_key key;
	uint32_t slot;

	while (bpf_map_get_next_key(fd, NULL, &key) == 0) {
		if (bpf_map_lookup_elem(fd, &key, &slot) == 0 && slot < HF_MAX_BFD) {
			struct datapath_bfd *s = &t->entries[slot];

			bpf_map_lookup_elem(MAP_FD(t->dp, hf_bfd_cfg), &slot, &s->cfg);
			s->cfg = (struct hf_bfd_cfg){.generation = s->cfg.generation};
			publish(s);
		}
		if (bpf_map_delete_elem(fd, &key) < 0)
			break;
	}
}

int dp_bfd_open(struct datapath *dp)
{
	struct dp_bfd *t = calloc(1, sizeof(*t)); /* owner: dp */
	void *at;

	if (!t)
		return -ENOMEM;
	dp->bfd = t;
	t->dp = dp;
	for (uint32_t i = 0; i < HF_MAX_BFD; i++)
		t->entries[i].table = t;
	at = mmap(NULL, STATE_BYTES, PROT_READ, MAP_SHARED, MAP_FD(dp, hf_bfd_state), 0);
	if (at == MAP_FAILED)
		return -errno;
	t->states = at;
	clear(t);
	return 0;
}

void dp_bfd_close(struct datapath *dp)
{
	if (!dp->bfd)
		return;
	if (dp->bfd->states)
		munmap((void *)(uintptr_t)dp->bfd->states, STATE_BYTES);
	free(dp->bfd);
	dp->bfd = NULL;
}

/* --- events --- */

void dp_bfd_deliver(struct datapath *dp, const struct hf_event *ev)
{
	const struct datapath_bfd *s;

	if (ev->slot >= HF_MAX_BFD)
		return;
	s = &dp->bfd->entries[ev->slot];
	if (s->cfg.our_discr != 0 && s->cfg.our_discr == ev->bfd.our_discr)
		s->fn(s->owner, ev);
}

/* An event of the session may have been lost. A new generation makes the kernel half report the
 * next packet, and HF_EV_BFD_EXPIRED makes the owner check the deadline. */
void dp_bfd_recover(struct datapath *dp)
{
	uint64_t now_ns = (uint64_t)loop_clock().ns;
	struct dp_bfd *t = dp->bfd;

	for (uint32_t i = 0; t->n_used > 0 && i < HF_MAX_BFD; i++) {
		struct datapath_bfd *s = &t->entries[i];
		struct hf_event ev;

		if (s->cfg.our_discr == 0 || t->states[i].events_lost == s->events_lost)
			continue;
		s->events_lost = t->states[i].events_lost;
		publish(s);
		ev = bfd_watch_event(HF_EV_BFD_EXPIRED, i, &s->cfg, now_ns);
		s->fn(s->owner, &ev);
	}
}

/* --- sessions --- */

struct datapath_bfd *datapath_bfd_create(struct datapath *dp,
					 const struct datapath_bfd_session *session,
					 datapath_bfd_fn fn, void *owner)
{
	static const struct hf_bfd_state nothing;
	uint32_t slot = bfd_slot(session->our_discr);
	struct datapath_bfd *s = dp->bfd ? &dp->bfd->entries[slot] : NULL;
	int err;

	if (!s || s->cfg.our_discr != 0) {
		errno = s ? EEXIST : ENOTSUP;
		return NULL;
	}
	s->local = session->local;
	s->cfg.peer = session->peer;
	s->cfg.multihop = session->multihop;
	s->fn = fn;
	s->owner = owner;
	/* Before the session is published its state has no other writer. */
	err = bpf_map_update_elem(MAP_FD(dp, hf_bfd_state), &slot, &nothing, BPF_ANY);
	s->events_lost = 0;
	s->cfg.our_discr = session->our_discr;
	if (!err)
		err = publish(s);
	if (!err)
		err = index_session(s);
	dp->bfd->n_used++;
	count_sessions(dp->bfd);
	if (!err)
		return s;
	datapath_bfd_destroy(s);
	errno = -err;
	return NULL;
}

void datapath_bfd_destroy(struct datapath_bfd *s)
{
	if (!s)
		return;
	unindex_session(s);
	s->cfg = (struct hf_bfd_cfg){.generation = s->cfg.generation};
	publish(s);
	s->table->n_used--;
	count_sessions(s->table);
}

int datapath_bfd_set(struct datapath_bfd *s, const struct datapath_bfd_watch *watch)
{
	s->cfg.watch_us = watch->watch_us;
	s->cfg.state = watch->state;
	s->cfg.min_ttl = watch->min_ttl;
	return publish(s);
}

int datapath_bfd_arm(struct datapath_bfd *s, int64_t delay_ns)
{
	struct hf_arm_args args = {.slot = slot_of(s),
				   .generation = s->cfg.generation,
				   .delay_ns = delay_ns > 0 ? (uint64_t)delay_ns : 0};
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &args, .ctx_size_in = sizeof(args));
	int prog = bpf_program__fd(s->table->dp->skel->progs.hf_bfd_arm);
	int err = bpf_prog_test_run_opts(prog, &run);

	return err ? err : (int)run.retval;
}

const volatile struct hf_bfd_state *datapath_bfd_state(const struct datapath_bfd *s)
{
	return &s->table->states[slot_of(s)];
}
