// SPDX-License-Identifier: BSD-2-Clause
/*
 * Loads the programs, if possible on the maps that an earlier daemon left pinned: counters, states
 * and running timers then go on. It is all or nothing: one map missing or of another shape, another
 * ABI or another boot, and everything is built anew, as half-matching maps are worse than empty
 * ones.
 *
 * A kernel that refuses bpf_timer gets the same object with hf_use_timer false. RLIMIT_MEMLOCK is
 * libbpf's affair: it raises it on the kernels (before 5.11) that charge maps to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "core/log.h"
#include "datapath/internal.h"
#include "datapath/skeleton.h"

/*
 * The end of what libbpf and the verifier complained about in the last attempt: it is said only if
 * the load fails for good. Static, as libbpf's print function has no context.
 */
static char complaint[2048];

static int print_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char *text, *all;

	if (vasprintf(&text, fmt, args) < 0)
		return 0;
	log_debug("%.*s", (int)strcspn(text, "\n"), text);
	if (level == LIBBPF_WARN && asprintf(&all, "%s%s", complaint, text) >= 0) {
		size_t len = strlen(all),
		       over = len < sizeof(complaint) ? 0 : len - (sizeof(complaint) - 1);

		memcpy(complaint, all + over, len - over + 1);
		free(all);
	}
	free(text);
	return 0;
}

static void complain(void)
{
	char *save = NULL;

	for (char *line = strtok_r(complaint, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		log_warn("datapath: %s", line);
	complaint[0] = '\0';
}

static int boot_id_read(uint8_t id[16])
{
	char text[40] = "";
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC), n = 0;
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	for (const char *p = text; len > 0 && n < 32 && *p; p++) {
		const char *hex = "0123456789abcdef", *at = strchr(hex, *p);

		if (!at)
			continue;
		id[n / 2] = (uint8_t)(id[n / 2] << 4 | (at - hex));
		n++;
	}
	return n == 32 ? 0 : -EIO;
}

static int meta_fill(struct hf_meta *meta)
{
	*meta = (struct hf_meta){.magic = HF_MAGIC, .abi_version = HF_ABI_VERSION};
	return boot_id_read(meta->boot_id);
}

/* Is the map behind `fd` one that `map` could have created? */
static bool map_fits(const struct bpf_map *map, int fd)
{
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) == 0 && info.type == bpf_map__type(map) &&
	       info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) &&
	       info.max_entries == bpf_map__max_entries(map) &&
	       info.map_flags == bpf_map__map_flags(map);
}

static bool meta_fits(int fd)
{
	struct hf_meta ours, theirs;
	__u32 key = 0;

	return meta_fill(&ours) == 0 && bpf_map_lookup_elem(fd, &key, &theirs) == 0 &&
	       memcmp(&ours, &theirs, sizeof(ours)) == 0;
}

/* Has `map` use the pinned one. 0, -ENOENT if there is none, or -ESTALE if it does not fit. */
static int map_adopt(const char *dir, struct bpf_map *map)
{
	const char *name = bpf_map__name(map);
	char path[DP_PATH];
	int err = dp_pin_path(path, dir, "%s", name), fd;

	if (err)
		return err;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	if (!map_fits(map, fd) || (strcmp(name, HF_MAP_META) == 0 && !meta_fits(fd)))
		err = -ESTALE;
	else
		err = bpf_map__reuse_fd(map, fd);
	close(fd);
	return err;
}

/* All the pinned maps, or none: 0 or -errno; *found counts those that were there. */
static int maps_adopt(struct datapath *dp, unsigned int *found)
{
	struct bpf_map *map;
	int err = 0;

	*found = 0;
	bpf_object__for_each_map(map, dp->skel->obj)
	{
		int e = bpf_map__is_internal(map) ? 0 : map_adopt(dp->dir, map);

		if (!bpf_map__is_internal(map) && e != -ENOENT)
			(*found)++;
		if (e && err != -ESTALE)
			err = e;
	}
	return err;
}

static int maps_pin(struct datapath *dp)
{
	struct bpf_map *map;
	char path[DP_PATH];

	bpf_object__for_each_map(map, dp->skel->obj)
	{
		if (bpf_map__is_internal(map))
			continue;
		if (dp_pin_path(path, dp->dir, "%s", bpf_map__name(map)) ||
		    bpf_obj_pin(bpf_map__fd(map), path) < 0)
			return errno ? -errno : -ENAMETOOLONG;
	}
	return 0;
}

static int meta_write(struct datapath *dp)
{
	struct hf_meta meta;
	__u32 key = 0;
	int err = meta_fill(&meta);

	if (err)
		return err;
	return bpf_map_update_elem(bpf_map__fd(dp->skel->maps.hf_meta), &key, &meta, BPF_ANY);
}

/* One attempt. 0 or -errno; *found: pinned maps that were there. */
static int load_once(struct datapath *dp, bool adopt, bool use_timer, unsigned int *found)
{
	int err;

	*found = 0;
	complaint[0] = '\0';
	dp->skel = holdfast__open();
	if (!dp->skel)
		return -errno;
	dp->skel->rodata->hf_use_timer = use_timer;
	dp->bpf_timer = use_timer;
	err = adopt ? maps_adopt(dp, found) : 0;
	if (!err)
		err = holdfast__load(dp->skel);
	if (!err && !adopt)
		err = meta_write(dp);
	if (err)
		dp_unload(dp);
	return err;
}

static int load(struct datapath *dp, bool adopt, unsigned int *found)
{
	int err = load_once(dp, adopt, !dp->opt.force_timerfd, found);

	if (!err || dp->opt.force_timerfd || err == -ESTALE || err == -ENOENT)
		return err;
	if (load_once(dp, adopt, false, found) == 0) {
		log_warn("datapath: the kernel refuses bpf_timer (%s): using timerfd",
			 strerror(-err));
		return 0;
	}
	return err;
}

int dp_load(struct datapath *dp, bool *adopted)
{
	unsigned int found = 0;
	int err = -ENOENT;

	libbpf_set_print(print_libbpf);
	if (dp->dir[0])
		err = load(dp, true, &found);
	*adopted = err == 0;
	if (err && found > 0)
		log_warn("datapath: what an earlier daemon left in %s cannot be used (%s): "
			 "building anew",
			 dp->dir, strerror(-err));
	if (err && dp->dir[0]) {
		dp_pins_remove(dp->dir);
		dp_pins_prepare(dp);
	}
	if (err)
		err = load(dp, false, &found);
	if (err)
		complain();
	else if (!*adopted && dp->dir[0])
		err = maps_pin(dp);
	return err;
}

void dp_unload(struct datapath *dp)
{
	holdfast__destroy(dp->skel);
	dp->skel = NULL;
}
