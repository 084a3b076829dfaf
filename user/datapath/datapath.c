// SPDX-License-Identifier: BSD-2-Clause
/*
 * The data path's life: opening (load or adopt, map the state, listen for events), the sweep of
 * what nobody claimed, closing. It owns the struct datapath; the work on instances, interfaces and
 * counters is in the files of those names.
 *
 * Events are a doorbell, the mapped state is the truth: a full ring or a record of an earlier
 * generation loses nothing. Rejected: polling the state, which costs as much as it is exact.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "core/log.h"
#include "datapath/internal.h"
#include "datapath/skeleton.h"

#define STATE_BYTES (HF_MAX_INSTANCES * sizeof(struct hf_inst_state))

_Static_assert(STATE_BYTES % 4096 == 0, "the kernel maps whole pages");

static int on_event(void *ctx, void *data, size_t size)
{
	struct datapath *dp = ctx;
	struct hf_event ev;
	struct dp_slot *slot;

	if (size >= sizeof(ev)) {
		memcpy(&ev, data, sizeof(ev));
		slot = ev.slot < HF_MAX_INSTANCES ? &dp->slots[ev.slot] : NULL;
		if (slot && slot->claimed && slot->cfg.generation == ev.generation) {
			dp_slot_deadline_moved(slot);
			dp->fn(dp->ctx, &ev);
		}
	}
	/* A flood must not keep the turn, nor a thousand masters that are down at once: what is
	 * left makes the descriptor ready again. */
	dp->events_left--;
	if (!mono_before(loop_clock(), dp->events_until))
		dp->events_left = 0;
	return dp->events_left > 0 ? 0 : -EAGAIN;
}

static void on_events_ready(struct loop_source *src, uint32_t ready)
{
	struct datapath *dp = src->ctx;

	(void)ready;
	dp->events_left = DP_EVENTS_A_TURN;
	dp->events_until = mono_add(loop_clock(), LOOP_SLICE_NS);
	ring_buffer__consume(dp->events);
	/* Behind every event that was lost stands a full ring, and so a turn like this one. */
	if (dp->events_left == 0)
		dp_instances_recover(dp);
}

static int events_open(struct datapath *dp)
{
	int err;

	dp->events = ring_buffer__new(bpf_map__fd(dp->skel->maps.hf_events), on_event, dp, NULL);
	if (!dp->events)
		return -errno;
	dp->events_src = (struct loop_source){.fd = ring_buffer__epoll_fd(dp->events),
					      .fn = on_events_ready,
					      .ctx = dp,
					      .name = "kernel events"};
	err = loop_add(dp->loop, &dp->events_src, EPOLLIN);
	if (err)
		dp->events_src.fd = -1;
	return err;
}

static void events_close(struct datapath *dp)
{
	if (!dp->events)
		return;
	loop_remove(dp->loop, &dp->events_src);
	ring_buffer__free(dp->events);
	dp->events = NULL;
}

static int state_map(struct datapath *dp)
{
	void *at = mmap(NULL, STATE_BYTES, PROT_READ, MAP_SHARED,
			bpf_map__fd(dp->skel->maps.hf_inst_state), 0);

	if (at == MAP_FAILED)
		return -errno;
	dp->state = at;
	return 0;
}

static void state_unmap(struct datapath *dp)
{
	if (dp->state && !dp->raw)
		munmap((void *)(uintptr_t)dp->state, STATE_BYTES);
	dp->state = NULL;
}

static void sweep(struct loop_timer *timer)
{
	struct datapath *dp = timer->ctx;
	int budget = DP_SWEEP_A_TURN;

	for (unsigned int i = 0; i < dp->n_interfaces; i++) {
		if (dp->interfaces[i].claimed)
			continue;
		dp_interface_detach(dp->dir, &dp->interfaces[i]);
		dp->interfaces[i--] = dp->interfaces[--dp->n_interfaces];
	}
	dp_instances_sweep(dp, &budget);
	dp_vips_sweep(dp, &budget);
	if (budget == 0)
		dp_sweep_soon(dp);
}

void dp_sweep_soon(struct datapath *dp)
{
	loop_arm(dp->loop, &dp->sweep, loop_now(dp->loop));
}

/* Everything after the load that can fail. 0 or -errno. */
static int setup(struct datapath *dp)
{
	int cpus = libbpf_num_possible_cpus(), err;

	if (cpus < 0)
		return cpus;
	dp->n_cpus = (unsigned int)cpus;
	err = dp->raw ? 0 : state_map(dp);
	if (!err)
		err = dp_instances_adopt(dp);
	if (!err)
		err = dp_vips_adopt(dp);
	if (!err && !dp->raw)
		err = events_open(dp);
	return err;
}

static struct datapath *create(struct loop *loop, const struct datapath_options *opt,
			       datapath_event_fn fn, void *ctx)
{
	struct datapath *dp;

	if (!dp_name_is_valid(opt->name)) {
		errno = EINVAL;
		return NULL;
	}
	dp = calloc(1, sizeof(*dp)); /* owner: the caller of datapath_open() */
	if (!dp)
		return NULL;
	dp->loop = loop;
	dp->opt = *opt;
	dp->fn = fn;
	dp->ctx = ctx;
	dp->events_src.fd = -1;
	dp->sweep = (struct loop_timer){.fn = sweep, .ctx = dp, .name = "datapath sweep"};
	snprintf(dp->name, sizeof(dp->name), "%s", opt->name);
	dp->opt.name = dp->name;
	return dp;
}

/* Frees what is in memory; what is attached or pinned stays. */
static void destroy(struct datapath *dp)
{
	loop_disarm(dp->loop, &dp->sweep);
	events_close(dp);
	dp_instances_free(dp);
	state_unmap(dp);
	dp_raw_close(dp);
	for (unsigned int i = 0; i < dp->n_interfaces; i++)
		dp_interface_forget(&dp->interfaces[i]);
	dp_unload(dp);
	free(dp->vips);
	free(dp);
}

/*
 * Without the kernel half. What an earlier daemon left would go on dropping by its own lights, so
 * it goes. 0 or -errno.
 */
static int fall_back(struct datapath *dp, int why)
{
	if (dp->opt.force_raw)
		snprintf(dp->raw_reason, sizeof(dp->raw_reason), "BPF is not wanted");
	else
		snprintf(dp->raw_reason, sizeof(dp->raw_reason), "BPF is refused: %s",
			 strerror(-why));
	log_warn("datapath: %s: adverts are read by raw sockets", dp->raw_reason);
	if (dp->dir[0])
		dp_pins_remove_all(dp->name, NULL);
	dp->dir[0] = '\0';
	return dp_raw_open(dp);
}

/* Loads under the lock. 0 or -errno. */
static int open_locked(struct datapath *dp)
{
	int lock = -1, removed, err = dp_pins_prepare(dp);
	bool adopted;

	if (err)
		log_warn("datapath: no pins in " DP_BPFFS " (%s): nothing outlives this daemon",
			 strerror(-err));
	else
		lock = dp_pins_lock(dp->name);
	if (!err && lock < 0)
		return lock;
	err = dp->opt.force_raw ? -EPERM : dp_load(dp, &adopted);
	if (err) {
		err = fall_back(dp, err);
		dp_pins_unlock(lock);
		return err;
	}
	if (adopted) {
		dp->n_interfaces = dp_interfaces_scan(dp->dir, dp->interfaces, DP_MAX_INTERFACES);
		log_info("datapath: adopted what an earlier daemon left in %s", dp->dir);
	}
	removed = dp->dir[0] ? dp_pins_remove_all(dp->name, dp->dir) : 0;
	if (removed > 0)
		log_info("datapath: removed the pins of another version");
	dp_pins_unlock(lock);
	return err;
}

struct datapath *datapath_open(struct loop *loop, const struct datapath_options *opt,
			       datapath_event_fn fn, void *ctx)
{
	struct datapath *dp = create(loop, opt, fn, ctx);
	int err;

	if (!dp) {
		log_error("datapath: cannot open \"%s\": %s", opt->name, strerror(errno));
		return NULL;
	}
	err = open_locked(dp);
	if (!err)
		err = setup(dp);
	if (err) {
		log_error("datapath: cannot open: %s", strerror(-err));
		destroy(dp);
		errno = -err;
		return NULL;
	}
	dp_sweep_soon(dp);
	return dp;
}

static void close_pins(struct datapath *dp)
{
	int lock;

	for (unsigned int i = 0; i < dp->n_interfaces; i++)
		dp_interface_detach(dp->dir, &dp->interfaces[i]);
	if (!dp->dir[0])
		return;
	lock = dp_pins_lock(dp->name);
	if (lock >= 0)
		dp_pins_remove_all(dp->name, NULL);
	dp_pins_unlock(lock);
}

void datapath_close(struct datapath *dp)
{
	if (!dp)
		return;
	if (!dp->opt.keep)
		close_pins(dp);
	destroy(dp);
}
