// SPDX-License-Identifier: BSD-2-Clause
/*
 * Opens the data path (chooses the mode; loads or adopts), removes unclaimed parts, and closes the
 * data path. It owns struct datapath. Instances, interfaces and counters are handled in instance.c,
 * interface.c and traffic.c. The differences between the two modes are in maps.c and raw.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "datapath/internal.h"
#include "datapath/skeleton.h"

static void sweep(struct loop_timer *timer)
{
	struct datapath *dp = timer->ctx;
	int budget = DP_SWEEP_A_TURN;

	dp_interfaces_sweep(dp);
	dp_slots_sweep(dp, &budget);
	dp_vips_sweep(dp, &budget);
	dp_sbfd_sweep(dp, &budget);
	if (budget == 0)
		dp_sweep_soon(dp);
}

void dp_sweep_soon(struct datapath *dp)
{
	loop_arm(dp->loop, &dp->sweep, loop_now(dp->loop));
}

/* The steps after the load that can fail. 0 or -errno. */
static int setup(struct datapath *dp)
{
	int cpus = libbpf_num_possible_cpus(), err;

	if (cpus < 0)
		return cpus;
	dp->n_cpus = (unsigned int)cpus;
	dp->vips = calloc(HF_MAX_VIPS, sizeof(*dp->vips));    /* owner: dp */
	dp->conns = calloc(HF_MAX_CONNS, sizeof(*dp->conns)); /* owner: dp */
	err = dp->vips && dp->conns ? addr_index_init(&dp->vip_index, HF_MAX_VIPS) : -ENOMEM;
	if (!err)
		err = dp_slots_create(dp);
	if (!err)
		err = dp->mode == &dp_mode_bpf ? dp_maps_open(dp) : dp_raw_open(dp);
	if (!err)
		err = dp_sbfd_open(dp);
	if (!err && dp->skel)
		err = dp_bfd_open(dp);
	if (!err)
		err = dp->mode->adopt(dp);
	if (!err)
		dp_slots_list_free(dp);
	return err;
}

static struct datapath *create(struct loop *loop, const struct datapath_options *opt,
			       datapath_event_fn fn)
{
	struct datapath *dp;

	if (!datapath_name_is_valid(opt->name)) {
		errno = EINVAL;
		return NULL;
	}
	dp = calloc(1, sizeof(*dp)); /* owner: the caller of datapath_open() */
	if (!dp)
		return NULL;
	dp->loop = loop;
	dp->opt = *opt;
	dp->fn = fn;
	dp->events_src.fd = -1;
	dp->clock_src.fd = -1;
	dp->sweep = (struct loop_timer){.fn = sweep, .ctx = dp, .name = "datapath sweep"};
	snprintf(dp->name, sizeof(dp->name), "%s", opt->name);
	dp->opt.name = dp->name;
	return dp;
}

/* Frees the memory; attachments and pins stay. */
static void destroy(struct datapath *dp)
{
	loop_disarm(dp->loop, &dp->sweep);
	dp_slots_destroy(dp);
	dp_sbfd_close(dp);
	dp_bfd_close(dp);
	if (dp->mode)
		dp->mode->close(dp);
	dp_interfaces_close(dp, false);
	dp_unload(dp);
	addr_index_free(&dp->vip_index);
	free(dp->vips);
	free(dp->conns);
	free(dp);
}

/*
 * Changes to the raw mode. The attachments of an earlier daemon are removed, because they would
 * still drop adverts by its old configuration.
 */
static void fall_back(struct datapath *dp, int why)
{
	if (dp->opt.force_raw)
		snprintf(dp->raw_reason, sizeof(dp->raw_reason),
			 "BPF is disabled by --datapath raw");
	else
		snprintf(dp->raw_reason, sizeof(dp->raw_reason), "BPF is refused: %s",
			 strerror(-why));
	log_warn("datapath: %s: adverts are read by raw sockets", dp->raw_reason);
	if (dp->dir[0])
		dp_pins_remove_all(dp->name, NULL);
	dp->dir[0] = '\0';
	dp->mode = &dp_mode_raw;
	dp->bpf_timer = false;
}

bool datapath_is_raw(const struct datapath *dp)
{
	return dp->mode == &dp_mode_raw;
}

/* Loads the programs while it holds the lock of the pin directory. 0 or -errno. */
static int open_locked(struct datapath *dp)
{
	int lock = -1, removed, err = dp_pins_prepare(dp);
	bool adopted;

	if (err)
		log_warn("datapath: no pins in " DP_BPFFS " (%s): the maps end with this daemon",
			 strerror(-err));
	else
		lock = dp_pins_lock(dp->name);
	if (!err && lock < 0)
		return lock;
	err = dp->opt.force_raw ? -EPERM : dp_load(dp, &adopted);
	if (err) {
		fall_back(dp, err);
		dp_pins_unlock(lock);
		return 0;
	}
	dp->mode = &dp_mode_bpf;
	if (adopted) {
		err = dp_interfaces_adopt(dp);
		log_info("datapath: adopted what an earlier daemon left in %s", dp->dir);
	}
	removed = dp->dir[0] ? dp_pins_remove_all(dp->name, dp->dir) : 0;
	if (removed > 0)
		log_info("datapath: removed the pins of another version");
	dp_pins_unlock(lock);
	return err;
}

struct datapath *datapath_open(struct loop *loop, const struct datapath_options *opt,
			       datapath_event_fn fn)
{
	struct datapath *dp = create(loop, opt, fn);
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

	dp_interfaces_close(dp, true);
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
