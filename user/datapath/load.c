// SPDX-License-Identifier: BSD-2-Clause
/*
 * Loads the programs. If possible it uses the maps that an earlier daemon left pinned, so that
 * counters, states and running timers continue. If one map is missing, or has another type or size,
 * or is of another ABI or boot, all maps are created anew, because maps that match in part are
 * worse than empty ones.
 *
 * A kernel that refuses bpf_timer gets the same object with hf_use_timer false. libbpf raises
 * RLIMIT_MEMLOCK on kernels (before 5.11) that charge maps to it.
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
 * The end of the messages of libbpf and the verifier in the last attempt to load. They are logged
 * only if no attempt succeeds. Static, because libbpf's print function has no context. Later
 * messages of libbpf, in the thread that attaches, are not stored.
 */
static char complaint[2048];
static bool loading;

static int print_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char *text, *all;

	if (vasprintf(&text, fmt, args) < 0)
		return 0;
	log_debug("%.*s", (int)strcspn(text, "\n"), text);
	if (loading && level == LIBBPF_WARN && asprintf(&all, "%s%s", complaint, text) >= 0) {
		size_t len = strlen(all),
		       over = len < sizeof(complaint) ? 0 : len - (sizeof(complaint) - 1);

		memcpy(complaint, all + over, len - over + 1);
		free(all);
	}
	free(text);
	return 0;
}

static void log_complaint(void)
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

/* Could `map` have created the map of `fd`? */
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

/* Makes `map` use the pinned map. 0, -ENOENT if there is none, or -ESTALE if it does not fit. */
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

/* Uses all the pinned maps, or none: 0 or -errno; *found counts the existing ones. */
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

/* Pins the new maps: all of them, or none. Without pins the data path works, but no later daemon
 * can adopt it. */
static void maps_pin_all(struct datapath *dp)
{
	int err = maps_pin(dp);

	if (!err)
		return;
	log_warn("datapath: the maps cannot be pinned in %s (%s): they end with this daemon",
		 dp->dir, strerror(-err));
	dp_pins_remove_all(dp->name, NULL);
	dp->dir[0] = '\0';
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

/* The buffer for the verifier's log. Without it libbpf would load a refused program again with
 * larger and larger buffers, up to gigabytes. That takes minutes, in which no signal is handled. */
static char verifier_log[64 << 10];

/* Makes one attempt to load. 0 or -errno; *found becomes the number of existing pinned maps. */
static int load_once(struct datapath *dp, bool adopt, bool use_timer, unsigned int *found)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kernel_log_buf = verifier_log,
		    .kernel_log_size = sizeof(verifier_log));
	int err;

	*found = 0;
	complaint[0] = '\0';
	dp->skel = holdfast__open_opts(&opts);
	if (!dp->skel)
		return -errno;
	dp->skel->rodata->hf_use_timer = use_timer;
	dp->bpf_timer = use_timer;
	err = adopt ? maps_adopt(dp, found) : 0;
	if (!err)
		err = holdfast__load(dp->skel);
	/* libbpf maps variables into memory only if its probe says that the kernel supports it.
	 * Otherwise it continues, and our writes would have no effect. */
	if (!err && !dp->skel->data)
		err = -EOPNOTSUPP;
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
		log_warn("datapath: the kernel refuses bpf_timer (%s): using loop timers",
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
	loading = true;
	if (dp->dir[0])
		err = load(dp, true, &found);
	*adopted = err == 0;
	if (err && found > 0)
		log_warn("datapath: the maps of an earlier daemon in %s cannot be used (%s): "
			 "creating new ones",
			 dp->dir, strerror(-err));
	if (err && dp->dir[0]) {
		dp_pins_remove(dp->dir);
		dp_pins_prepare(dp);
	}
	if (err)
		err = load(dp, false, &found);
	if (err)
		log_complaint();
	else if (!*adopted && dp->dir[0])
		maps_pin_all(dp);
	loading = false;
	return err;
}

void dp_unload(struct datapath *dp)
{
	holdfast__destroy(dp->skel);
	dp->skel = NULL;
}
