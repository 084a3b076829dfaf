// SPDX-License-Identifier: BSD-2-Clause
/*
 * Entries of S-BFD peers in the maps, and the gate. The file owns the table of entries and two
 * mappings: hf_sbfd_state, which the kernel half writes, and hf_sbfd_gate, which the daemon writes.
 * In the raw mode both are ordinary memory, and raw_sbfd.c does the work of the kernel half.
 *
 * The peers in the entries of an earlier daemon are answered until the loop's first turn has
 * passed, so that a restart does not look like a failure. Then entries that were not created again
 * are removed. If there is no room for a new entry, they are removed before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "core/addr.h"
#include "datapath/sbfd_entry.h"
#include "datapath/skeleton.h"

#define STATE_BYTES (HF_MAX_SBFD * sizeof(struct hf_sbfd_state))

_Static_assert(STATE_BYTES % 4096 == 0, "the kernel maps whole pages");

uint32_t dp_sbfd_slot(const struct datapath_sbfd *s)
{
	return (uint32_t)(s - s->table->entries);
}

static void *map_memory(int fd, size_t size, int protection)
{
	void *at = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* In the raw mode ordinary memory replaces the maps. */
static int memory_open(struct dp_sbfd *t)
{
	struct datapath *dp = t->dp;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (dp->skel) {
		t->states = map_memory(MAP_FD(dp, hf_sbfd_state), STATE_BYTES, PROT_READ);
		t->gate = map_memory(MAP_FD(dp, hf_sbfd_gate), page, PROT_READ | PROT_WRITE);
	} else {
		t->states = calloc(1, STATE_BYTES);    /* owner: t */
		t->gate = calloc(1, sizeof(*t->gate)); /* owner: t */
	}
	return t->states && t->gate ? 0 : -ENOMEM;
}

static void memory_close(struct dp_sbfd *t)
{
	void *states = (void *)(uintptr_t)t->states, *gate = (void *)(uintptr_t)t->gate;

	if (!t->dp->skel) {
		free(states);
		free(gate);
		return;
	}
	if (states)
		munmap(states, STATE_BYTES);
	if (gate)
		munmap(gate, (size_t)sysconf(_SC_PAGESIZE));
}

/* Reads the entries that an earlier daemon left. */
static void adopt(struct dp_sbfd *t)
{
	struct hf_sbfd_key key, *prev = NULL;
	int fd = t->dp->skel ? MAP_FD(t->dp, hf_sbfd_idx) : -1;
	uint32_t slot;

	while (fd >= 0 && bpf_map_get_next_key(fd, prev, &key) == 0) {
		prev = &key;
		if (bpf_map_lookup_elem(fd, &key, &slot) < 0 || slot >= HF_MAX_SBFD)
			continue;
		if (!t->entries[slot].known)
			t->entries[slot].key = key;
		else if (t->entries[slot].n_uplinks < DATAPATH_MAX_UPLINKS - 1)
			t->entries[slot].uplinks[t->entries[slot].n_uplinks++] = key.ifindex;
		t->entries[slot].known = true;
		if (slot >= t->end)
			t->end = slot + 1;
		bpf_map_lookup_elem(MAP_FD(t->dp, hf_sbfd_cfg), &slot, &t->entries[slot].cfg);
	}
}

int dp_sbfd_open(struct datapath *dp)
{
	struct dp_sbfd *t = calloc(1, sizeof(*t)); /* owner: dp */
	int err;

	if (!t)
		return -ENOMEM;
	dp->sbfd = t;
	t->dp = dp;
	for (uint32_t i = 0; i < HF_MAX_SBFD; i++)
		t->entries[i].table = t;
	if (!dp->skel)
		dp_raw_sbfd_open(t);
	err = memory_open(t);
	if (!err)
		adopt(t);
	return err;
}

/* Closes the gate when this daemon ends. */
void dp_sbfd_close(struct datapath *dp)
{
	if (!dp->sbfd)
		return;
	if (dp->sbfd->gate)
		datapath_sbfd_close_gate(dp);
	if (!dp->skel)
		dp_raw_sbfd_close(dp->sbfd);
	memory_close(dp->sbfd);
	free(dp->sbfd);
	dp->sbfd = NULL;
}

static bool is_uplink(const uint32_t *ifindexes, unsigned int n, uint32_t ifindex)
{
	for (unsigned int i = 0; i < n; i++) {
		if (ifindexes[i] == ifindex)
			return true;
	}
	return false;
}

/* The key of `s` on an interface. */
static struct hf_sbfd_key key_on(const struct datapath_sbfd *s, uint32_t ifindex)
{
	return (struct hf_sbfd_key){.ifindex = ifindex, .address = s->key.address};
}

/* Ends the use of the interfaces beside the first one. */
static void uplinks_forget(struct datapath_sbfd *s)
{
	while (s->n_uplinks > 0) {
		struct hf_sbfd_key key = key_on(s, s->uplinks[--s->n_uplinks]);

		if (s->known && s->table->dp->skel)
			bpf_map_delete_elem(MAP_FD(s->table->dp, hf_sbfd_idx), &key);
	}
}

static void entry_forget(struct datapath_sbfd *s)
{
	struct datapath *dp = s->table->dp;

	uplinks_forget(s);
	if (!dp->skel)
		dp_raw_sbfd_end(s);
	else if (s->known)
		bpf_map_delete_elem(MAP_FD(dp, hf_sbfd_idx), &s->key);
	s->known = false;
}

void dp_sbfd_sweep(struct datapath *dp, int *budget)
{
	for (uint32_t i = 0; *budget > 0 && i < dp->sbfd->end; i++) {
		struct datapath_sbfd *s = &dp->sbfd->entries[i];

		if (!s->known || s->used)
			continue;
		entry_forget(s);
		(*budget)--;
	}
}

void dp_sbfd_deliver(struct datapath *dp, const struct hf_event *ev)
{
	const struct datapath_sbfd *s;

	if (ev->slot >= HF_MAX_SBFD)
		return;
	s = &dp->sbfd->entries[ev->slot];
	if (s->used && s->cfg.generation == ev->generation)
		s->fn(s->owner);
}

struct datapath_sbfd *dp_sbfd_find(struct dp_sbfd *t, const struct hf_sbfd_key *key)
{
	for (uint32_t i = 0; i < t->end; i++) {
		struct datapath_sbfd *s = &t->entries[i];

		if (s->known && ipaddr_equal(&s->key.address, &key->address) &&
		    (s->key.ifindex == key->ifindex ||
		     is_uplink(s->uplinks, s->n_uplinks, key->ifindex)))
			return s;
	}
	return NULL;
}

/* The entry of `key`, else a free one. NULL: none is free. */
static struct datapath_sbfd *entry_choose(struct dp_sbfd *t, const struct hf_sbfd_key *key)
{
	struct datapath_sbfd *s = dp_sbfd_find(t, key);

	for (uint32_t i = 0; !s && i < HF_MAX_SBFD; i++) {
		if (!t->entries[i].known && !t->entries[i].used)
			s = &t->entries[i];
	}
	return s;
}

/* If `ifindex` is one of the other interfaces of `s`, it becomes the first one. Peers on all of
 * them are still answered until datapath_sbfd_set_uplinks() sets the present interfaces. */
static void adopt_on(struct datapath_sbfd *s, uint32_t ifindex)
{
	for (unsigned int i = 0; i < s->n_uplinks && s->key.ifindex != ifindex; i++) {
		if (s->uplinks[i] == ifindex) {
			s->uplinks[i] = s->key.ifindex;
			s->key.ifindex = ifindex;
		}
	}
}

struct datapath_sbfd *datapath_sbfd_create(struct datapath *dp, uint32_t ifindex,
					   const struct ipaddr *peer, datapath_sbfd_fn fn,
					   void *owner)
{
	struct hf_sbfd_key key = {.ifindex = ifindex, .address = *peer};
	struct datapath_sbfd *s = entry_choose(dp->sbfd, &key);

	if (!s) {
		dp_sbfd_sweep(dp, &(int){INT32_MAX});
		s = entry_choose(dp->sbfd, &key);
	}
	if (!s || s->used) {
		errno = s ? EEXIST : ENOSPC;
		return NULL;
	}
	adopt_on(s, ifindex);
	s->key = key;
	s->fn = fn;
	s->owner = owner;
	s->used = true;
	if (dp_sbfd_slot(s) >= dp->sbfd->end)
		dp->sbfd->end = dp_sbfd_slot(s) + 1;
	return s;
}

void datapath_sbfd_destroy(struct datapath_sbfd *s)
{
	if (!s)
		return;
	entry_forget(s);
	s->used = false;
}

/* Removes the entries that are not in `ifindexes`. */
static void uplinks_shrink(struct datapath_sbfd *s, const uint32_t *ifindexes, unsigned int n)
{
	for (unsigned int i = 0; i < s->n_uplinks; i++) {
		struct hf_sbfd_key key = key_on(s, s->uplinks[i]);

		if (is_uplink(ifindexes, n, key.ifindex))
			continue;
		if (s->known)
			bpf_map_delete_elem(MAP_FD(s->table->dp, hf_sbfd_idx), &key);
		s->uplinks[i--] = s->uplinks[--s->n_uplinks];
	}
}

/* Maps the peer of `s` on `ifindex` to its slot, if the kernel half knows the entry already. 0,
 * -EEXIST or -errno. */
static int index_on(struct datapath_sbfd *s, uint32_t ifindex)
{
	struct hf_sbfd_key key = key_on(s, ifindex);
	struct datapath_sbfd *there = dp_sbfd_find(s->table, &key);
	uint32_t slot = dp_sbfd_slot(s);

	if (there && there->used)
		return -EEXIST;
	if (there) /* of an earlier daemon */
		entry_forget(there);
	if (!s->known)
		return 0;
	return bpf_map_update_elem(MAP_FD(s->table->dp, hf_sbfd_idx), &key, &slot, BPF_ANY);
}

static int uplink_add(struct datapath_sbfd *s, uint32_t ifindex)
{
	int err = index_on(s, ifindex);

	if (err == 0)
		s->uplinks[s->n_uplinks++] = ifindex;
	return err;
}

int datapath_sbfd_move(struct datapath_sbfd *s, uint32_t ifindex)
{
	int err;

	if (!s->table->dp->skel)
		return -EOPNOTSUPP;
	adopt_on(s, ifindex); /* if it is one of the others */
	if (s->key.ifindex == ifindex)
		return 0;
	err = index_on(s, ifindex);
	if (err < 0)
		return err;
	if (s->known)
		bpf_map_delete_elem(MAP_FD(s->table->dp, hf_sbfd_idx), &s->key);
	s->key.ifindex = ifindex;
	return 0;
}

int datapath_sbfd_set_uplinks(struct datapath_sbfd *s, const uint32_t *ifindexes, unsigned int n)
{
	int err = 0;

	if (n > 0 && !s->table->dp->skel)
		return -EOPNOTSUPP;
	if (n > DATAPATH_MAX_UPLINKS - 1)
		return -ENOSPC;
	uplinks_shrink(s, ifindexes, n);
	for (unsigned int i = 0; i < n && err == 0; i++) {
		if (!is_uplink(s->uplinks, s->n_uplinks, ifindexes[i]))
			err = uplink_add(s, ifindexes[i]);
	}
	return err;
}

/* Maps the peer on all interfaces of a new entry to its slot, or on none. 0 or -errno. */
static int index_all(const struct datapath_sbfd *s)
{
	int fd = MAP_FD(s->table->dp, hf_sbfd_idx), err;
	uint32_t slot = dp_sbfd_slot(s);
	unsigned int n = 0;

	err = bpf_map_update_elem(fd, &s->key, &slot, BPF_ANY);
	for (; n < s->n_uplinks && !err; n++) {
		struct hf_sbfd_key key = key_on(s, s->uplinks[n]);

		err = bpf_map_update_elem(fd, &key, &slot, BPF_ANY);
	}
	if (!err)
		return 0;
	while (n > 0) {
		struct hf_sbfd_key key = key_on(s, s->uplinks[--n]);

		bpf_map_delete_elem(fd, &key);
	}
	bpf_map_delete_elem(fd, &s->key);
	return err;
}

/* Clears the state of a new entry. The entry is not indexed yet, so the kernel half does not write
 * it. */
static int maps_set(struct datapath_sbfd *s)
{
	static const struct hf_sbfd_state nothing;
	struct datapath *dp = s->table->dp;
	uint32_t slot = dp_sbfd_slot(s);
	int err = 0;

	if (!s->known)
		err = bpf_map_update_elem(MAP_FD(dp, hf_sbfd_state), &slot, &nothing, BPF_ANY);
	if (!err)
		err = bpf_map_update_elem(MAP_FD(dp, hf_sbfd_cfg), &slot, &s->cfg, BPF_ANY);
	return err || s->known ? err : index_all(s);
}

static int raw_set(struct datapath_sbfd *s)
{
	volatile struct hf_sbfd_state *state = &s->table->states[dp_sbfd_slot(s)];

	if (s->known)
		return 0;
	*state = (struct hf_sbfd_state){0};
	return dp_raw_sbfd_reflect(s);
}

int datapath_sbfd_set(struct datapath_sbfd *s, const struct hf_sbfd_cfg *cfg)
{
	uint32_t generation = s->cfg.generation + 1;
	int err;

	s->cfg = *cfg;
	s->cfg.generation = generation;
	err = s->table->dp->skel ? maps_set(s) : raw_set(s);
	if (err == -E2BIG) {
		dp_sbfd_sweep(s->table->dp, &(int){INT32_MAX});
		err = maps_set(s);
	}
	if (!err)
		s->known = true;
	return err;
}

int datapath_sbfd_listen(struct datapath_sbfd *s, int fd)
{
	return s->table->dp->skel ? 0 : dp_raw_sbfd_listen(s, fd);
}

const volatile struct hf_sbfd_state *datapath_sbfd_state(struct datapath_sbfd *s)
{
	if (!s->table->dp->skel)
		dp_raw_sbfd_refresh(s);
	return &s->table->states[dp_sbfd_slot(s)];
}

void datapath_sbfd_alive(struct datapath *dp, struct mono now)
{
	dp->sbfd->gate->alive_ns = (uint64_t)now.ns;
}

void datapath_sbfd_close_gate(struct datapath *dp)
{
	dp->sbfd->gate->alive_ns = 0;
}

int datapath_sbfd_gate_fd(const struct datapath *dp)
{
	return dp->skel ? MAP_FD(dp, hf_sbfd_gate) : -1;
}
