// SPDX-License-Identifier: BSD-2-Clause
/*
 * auth_hmac in the data path: the keys of a slot, and, for the BPF mode, the maps and the realtime
 * clock that the kernel half needs to verify adverts. This file owns hf_auth_key, and creates and
 * removes the entries of hf_auth_state.
 *
 * Keys are stored before an instance is published with HF_CFG_AUTH, and removed keys are deleted in
 * the loop's next turn. So an instance never receives an advert without having its keys.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "core/mono.h"
#include "datapath/internal.h"
#include "datapath/skeleton.h"

/* --- sets of key ids --- */

static bool id_is_in(const uint8_t set[DP_ID_SET], unsigned int id)
{
	return set[id / 8] >> id % 8 & 1;
}

static void id_add(uint8_t set[DP_ID_SET], unsigned int id)
{
	set[id / 8] |= (uint8_t)(1 << id % 8);
}

static void id_remove(uint8_t set[DP_ID_SET], unsigned int id)
{
	set[id / 8] &= (uint8_t) ~(1 << id % 8);
}

static bool is_empty(const uint8_t set[DP_ID_SET])
{
	static const uint8_t none[DP_ID_SET];

	return memcmp(set, none, DP_ID_SET) == 0;
}

/* --- the keys of a slot --- */

void datapath_set_keys(struct datapath_instance *in, const struct datapath_key *keys,
		       unsigned int n)
{
	in->keys = keys;
	in->n_keys = n < HF_MAX_KEYS ? n : HF_MAX_KEYS;
}

int dp_auth_publish(struct dp_slot *slot, const struct datapath_instance *in)
{
	const struct dp_mode *mode = in->dp->mode;
	int err = 0;

	memset(slot->keys_wanted, 0, sizeof(slot->keys_wanted));
	if (in->n_keys > 0)
		err = mode->make_auth(slot, slot->n_keys == 0);
	for (unsigned int i = 0; i < in->n_keys && err == 0; i++) {
		err = mode->set_key(slot, &in->keys[i]);
		id_add(slot->keys_wanted, in->keys[i].id);
		id_add(slot->keys_known, in->keys[i].id);
	}
	dp_sweep_soon(in->dp);
	return err;
}

bool dp_auth_is_clear(const struct dp_slot *slot)
{
	return is_empty(slot->keys_known);
}

void dp_auth_adopt_key(struct dp_slot *slot, uint8_t id)
{
	id_add(slot->keys_known, id);
}

void dp_auth_sweep(struct dp_slot *slot, int *budget)
{
	if (!slot->instance || !slot->instance->set)
		memset(slot->keys_wanted, 0, sizeof(slot->keys_wanted));
	if (memcmp(slot->keys_known, slot->keys_wanted, DP_ID_SET) == 0)
		return;
	for (unsigned int id = 1; id <= UINT8_MAX && *budget > 0; id++) {
		if (!id_is_in(slot->keys_known, id) || id_is_in(slot->keys_wanted, id))
			continue;
		slot->dp->mode->delete_key(slot, (uint8_t)id);
		id_remove(slot->keys_known, id);
		(*budget)--;
	}
	if (is_empty(slot->keys_known))
		slot->dp->mode->delete_auth(slot);
}

int datapath_auth_state(const struct datapath_instance *in, struct hf_auth_state *out)
{
	*out = (struct hf_auth_state){0};
	if (!in->set || is_empty(in->slot->keys_wanted))
		return -ENOENT;
	return in->dp->mode->auth_state(in->slot, out);
}

/* --- the BPF mode --- */

static struct hf_auth_key_id key_id(const struct dp_slot *slot, uint8_t id)
{
	return (struct hf_auth_key_id){.slot = dp_slot_number(slot), .key_id = id};
}

int dp_bpf_make_auth(struct dp_slot *slot, bool anew)
{
	static const struct hf_auth_state nothing;
	uint32_t number = dp_slot_number(slot);
	int fd = MAP_FD(slot->dp, hf_auth_state);

	if (bpf_map_update_elem(fd, &number, &nothing, anew ? BPF_ANY : BPF_NOEXIST) < 0 &&
	    errno != EEXIST)
		return -errno;
	return 0;
}

void dp_bpf_delete_auth(struct dp_slot *slot)
{
	uint32_t number = dp_slot_number(slot);

	bpf_map_delete_elem(MAP_FD(slot->dp, hf_auth_state), &number);
}

int dp_bpf_set_key(struct dp_slot *slot, const struct datapath_key *key)
{
	struct hf_auth_key_id id = key_id(slot, key->id);

	return bpf_map_update_elem(MAP_FD(slot->dp, hf_auth_key), &id, key->key, BPF_ANY);
}

void dp_bpf_delete_key(struct dp_slot *slot, uint8_t key)
{
	struct hf_auth_key_id id = key_id(slot, key);

	bpf_map_delete_elem(MAP_FD(slot->dp, hf_auth_key), &id);
}

int dp_bpf_auth_state(const struct dp_slot *slot, struct hf_auth_state *out)
{
	uint32_t number = dp_slot_number(slot);

	return bpf_map_lookup_elem(MAP_FD(slot->dp, hf_auth_state), &number, out);
}

/* --- the clock --- */

static int64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Writes the difference of the clocks. CLOCK_REALTIME is read between two readings of
 * CLOCK_MONOTONIC, and their mean is used. */
static void clock_write(struct datapath *dp)
{
	int64_t before = clock_ns(CLOCK_MONOTONIC), realtime = clock_ns(CLOCK_REALTIME);
	int64_t after = clock_ns(CLOCK_MONOTONIC);

	*(volatile __s64 *)&dp->skel->data->hf_realtime_offset_ns =
	    realtime - before - (after - before) / 2;
}

/* Makes the descriptor ready when the clock is set; it never expires otherwise. 0 or -errno. */
static int clock_await(int fd)
{
	const struct itimerspec never = {.it_value = {.tv_sec = INT64_MAX / NS_PER_S}};

	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0
		   ? -errno
		   : 0;
}

static void on_clock_set(struct loop_source *src, uint32_t ready)
{
	uint64_t expirations;
	ssize_t n = read(src->fd, &expirations, sizeof(expirations));

	(void)ready;
	if (n >= 0 || errno == ECANCELED)
		clock_await(src->fd);
	clock_write(src->ctx);
}

int dp_clock_open(struct datapath *dp)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	dp->clock_src =
	    (struct loop_source){.fd = fd, .fn = on_clock_set, .ctx = dp, .name = "clock"};
	err = clock_await(fd);
	if (!err)
		err = loop_add(dp->loop, &dp->clock_src, EPOLLIN);
	if (err) {
		close(fd);
		dp->clock_src.fd = -1;
		return err;
	}
	clock_write(dp);
	return 0;
}

void dp_clock_close(struct datapath *dp)
{
	if (dp->clock_src.fd < 0)
		return;
	loop_remove(dp->loop, &dp->clock_src);
	close(dp->clock_src.fd);
	dp->clock_src.fd = -1;
}
