// SPDX-License-Identifier: BSD-2-Clause
/*
 * The file of drained instances: text, a line each, since somebody will look into it when a node
 * does not take part. A line that cannot be read costs itself alone. Rejected: a file an instance,
 * which a drain of all of them would write one after the other.
 */
#include "record/drain_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/state_file.h"

#define HEAD	 "# Drained by holdfastctl drain; holdfastctl undrain takes it back.\n"
#define LINE_MAX 48 /* "instance INTERFACE FAMILY VRID" */
#define FILE_MAX (sizeof(HEAD) + LINE_MAX * (HF_MAX_INSTANCES + 1))

static bool same(const struct drain_key *a, const struct drain_key *b)
{
	return a->family == b->family && a->vrid == b->vrid &&
	       strcmp(a->interface, b->interface) == 0;
}

static unsigned int find(const struct drain_set *set, const struct drain_key *key)
{
	unsigned int i = 0;

	while (i < set->n && !same(&set->keys[i], key))
		i++;
	return i;
}

bool drain_set_has(const struct drain_set *set, const struct drain_key *key)
{
	return set->all || find(set, key) < set->n;
}

int drain_set_add(struct drain_set *set, const struct drain_key *key)
{
	if (find(set, key) < set->n)
		return 0;
	if (set->n == HF_MAX_INSTANCES)
		return -ENOSPC;
	set->keys[set->n++] = *key;
	return 0;
}

void drain_set_remove(struct drain_set *set, const struct drain_key *key)
{
	unsigned int i = find(set, key);

	if (i < set->n)
		set->keys[i] = set->keys[--set->n];
}

/* False if the line says nothing that can be understood. */
static bool take_line(struct drain_set *set, const char *line)
{
	struct drain_key key = {.interface = ""};
	unsigned int family, vrid;
	char rest;

	if (line[0] == '\0' || line[0] == '#')
		return true;
	if (strcmp(line, "all") == 0) {
		set->all = true;
		return true;
	}
	if (sscanf(line, "instance %15s %1u %3u%c", key.interface, &family, &vrid, &rest) != 3 ||
	    (family != 4 && family != 6) || vrid < 1 || vrid > 255)
		return false;
	key.family = (uint8_t)family;
	key.vrid = (uint8_t)vrid;
	return drain_set_add(set, &key) == 0;
}

int drain_file_load(const char *path, struct drain_set *set)
{
	char *text = malloc(FILE_MAX + 1), *line, *save; /* owner: here */
	ssize_t n = text ? state_file_read(path, text, FILE_MAX) : -ENOMEM;
	int err = n < 0 ? (int)n : 0;

	*set = (struct drain_set){0};
	if (n >= 0) {
		text[n] = '\0';
		for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
			if (!take_line(set, line))
				err = -EBADMSG;
		}
	}
	free(text);
	return err;
}

int drain_file_save(const char *path, const struct drain_set *set)
{
	char *text;
	size_t len;
	int err;

	if (!set->all && set->n == 0)
		return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
	text = malloc(FILE_MAX); /* owner: here */
	if (!text)
		return -ENOMEM;
	len = (size_t)snprintf(text, FILE_MAX, HEAD "%s", set->all ? "all\n" : "");
	for (unsigned int i = 0; i < set->n; i++)
		len += (size_t)snprintf(text + len, FILE_MAX - len, "instance %s %u %u\n",
					set->keys[i].interface, set->keys[i].family,
					set->keys[i].vrid);
	err = state_file_write(path, text, len);
	free(text);
	return err;
}
