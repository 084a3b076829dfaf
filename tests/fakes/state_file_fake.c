// SPDX-License-Identifier: BSD-2-Clause
/*
 * The files of core/state_file.h in memory. Each machine has its own, which outlive its daemon and
 * end with fake_init(). So an engine learns nothing from the records of another machine or of an
 * earlier test, and a test leaves nothing on the disk. Only the lasting place can be written.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/state_file.h"
#include "fake.h"

#define MACHINES 8

/* The octets of the files of one machine; fake->kept says how many. */
static struct disk {
	const struct fake *of; /* NULL: nobody's */
	char *data[FAKE_FILES];
} disks[MACHINES]; /* owner of `data`: this file, until the program ends */

static struct disk *disk_of(const struct fake *machine)
{
	struct disk *disk = disks;

	while (disk < disks + MACHINES && disk->of && disk->of != machine)
		disk++;
	if (disk == disks + MACHINES)
		abort();
	disk->of = machine;
	return disk;
}

/* -1: it is in the place that cannot be written, or is no file of the engine. */
static int file_of(const char *path)
{
	static const char *const leaves[FAKE_FILES] = {"/transitions", "/drained"};
	const char *leaf = strrchr(path, '/');

	for (int i = 0; i < FAKE_FILES && strncmp(path, "/var/lib/", 9) == 0; i++) {
		if (strcmp(leaf, leaves[i]) == 0)
			return i;
	}
	return -1;
}

void state_file_places(const char *name, const char *run_dir, const char *leaf,
		       char lasting[STATE_PATH], char spare[STATE_PATH])
{
	snprintf(lasting, STATE_PATH, "/var/lib/%s/%s", name, leaf);
	snprintf(spare, STATE_PATH, "%s/%s", run_dir, leaf);
}

bool state_file_path(const char *name, const char *run_dir, const char *leaf, char path[STATE_PATH])
{
	(void)run_dir;
	snprintf(path, STATE_PATH, "/var/lib/%s/%s", name, leaf);
	return true;
}

ssize_t state_file_read(const char *path, void *buf, size_t size)
{
	int file = file_of(path);

	if (file < 0 || fake->kept[file] == 0)
		return -ENOENT;
	if (fake->kept[file] > size)
		return -EBADMSG;
	memcpy(buf, disk_of(fake)->data[file], fake->kept[file]);
	return (ssize_t)fake->kept[file];
}

int state_file_write(const char *path, const void *data, size_t len, enum state_sync sync)
{
	int file = file_of(path);
	struct disk *disk = disk_of(fake);

	(void)sync;
	if (file < 0)
		return -ENOENT;
	disk->data[file] = realloc(disk->data[file], len);
	if (!disk->data[file])
		abort();
	memcpy(disk->data[file], data, len);
	fake->kept[file] = len;
	return 0;
}

int state_file_remove(const char *path)
{
	int file = file_of(path);

	if (file >= 0)
		fake->kept[file] = 0;
	return 0;
}
