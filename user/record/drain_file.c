// SPDX-License-Identifier: BSD-2-Clause
/*
 * The file of drained instances. It is text with a line for each instance, because operators read
 * it when a node does not take part. The last line is a checksum of all lines before it, except in
 * a file of version 0.1.0. A file that is truncated, empty or changed by hand drains every
 * instance: a node under maintenance must not become MASTER because a disk has failed. An alarm
 * tells the operator. Rejected: to read the valid part of such a file, which would undrain the
 * instances whose lines are lost. Rejected: a file for each instance, because a drain of all
 * instances would write them one after the other.
 */
#include "record/drain_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/crc32.h"
#include "core/state_file.h"

#define HEAD                                                                                       \
	"# Drained by holdfastctl drain; holdfastctl undrain takes it back. A change by hand\n"    \
	"# does not match the checksum and drains every instance.\n"
#define SERVICE "service "
#define END	"checksum " /* and eight hexadecimal digits */
/* The complete head of version 0.1.0, whose files have no checksum. */
#define HEAD_0_1 "# Drained by holdfastctl drain; holdfastctl undrain takes it back.\n"

static bool same(const struct drain_key *a, const struct drain_key *b)
{
	return a->family == b->family && a->vrid == b->vrid && strcmp(a->name, b->name) == 0;
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
	if (set->n == DRAIN_MAX_KEYS)
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

static bool take_service(struct drain_set *set, const char *name)
{
	struct drain_key key = {.family = 0};
	size_t len = strlen(name);

	if (len == 0 || len >= sizeof(key.name))
		return false;
	memcpy(key.name, name, len);
	return drain_set_add(set, &key) == 0;
}

/* Returns false if the line is not valid. */
static bool take_line(struct drain_set *set, const char *line)
{
	struct drain_key key = {.family = 0};
	unsigned int family, vrid;
	char rest;

	if (line[0] == '\0' || line[0] == '#')
		return true;
	if (strcmp(line, "all") == 0) {
		set->all = true;
		return true;
	}
	if (strncmp(line, SERVICE, strlen(SERVICE)) == 0)
		return take_service(set, line + strlen(SERVICE));
	if (sscanf(line, "instance %15s %1u %3u%c", key.name, &family, &vrid, &rest) != 3 ||
	    (family != 4 && family != 6) || vrid < 1 || vrid > 255)
		return false;
	key.family = (uint8_t)family;
	key.vrid = (uint8_t)vrid;
	return drain_set_add(set, &key) == 0;
}

/* Removes the last line, which must be the checksum of the lines before it. Returns false if it is
 * not. */
static bool take_checksum(char *text)
{
	char *end = strstr(text, "\n" END), want[sizeof(END) + 9];

	if (!end)
		return false;
	end++;
	snprintf(want, sizeof(want), END "%08x\n", crc32(text, (size_t)(end - text)));
	if (strcmp(end, want) != 0)
		return false;
	*end = '\0';
	return true;
}

/* Is this a file of version 0.1.0, with at least one line and no incomplete line? It stays valid
 * after an upgrade. */
static bool is_of_0_1(const char *text, size_t len)
{
	size_t head = strlen(HEAD_0_1);

	return len > head && strncmp(text, HEAD_0_1, head) == 0 && text[len - 1] == '\n';
}

bool drain_set_parse(struct drain_set *set, char *text, size_t len)
{
	char *line, *save;

	*set = (struct drain_set){0};
	if (strlen(text) != len || (!is_of_0_1(text, len) && !take_checksum(text)))
		return false;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!take_line(set, line))
			return false;
	}
	return true;
}

int drain_file_load(const char *path, struct drain_set *set)
{
	char *text = malloc(DRAIN_FILE_MAX + 1); /* owner: here */
	ssize_t n = text ? state_file_read(path, text, DRAIN_FILE_MAX) : -ENOMEM;

	*set = (struct drain_set){0};
	if (n >= 0) {
		text[n] = '\0';
		n = drain_set_parse(set, text, (size_t)n) ? 0 : -EBADMSG;
	}
	if (n < 0 && n != -ENOENT)
		*set = (struct drain_set){.all = true};
	free(text);
	return (int)n;
}

size_t drain_set_print(const struct drain_set *set, char text[DRAIN_FILE_MAX])
{
	size_t len = (size_t)snprintf(text, DRAIN_FILE_MAX, HEAD "%s", set->all ? "all\n" : "");

	for (unsigned int i = 0; i < set->n; i++) {
		const struct drain_key *key = &set->keys[i];

		if (key->family == 0)
			len += (size_t)snprintf(text + len, DRAIN_FILE_MAX - len, SERVICE "%s\n",
						key->name);
		else
			len += (size_t)snprintf(text + len, DRAIN_FILE_MAX - len,
						"instance %s %u %u\n", key->name, key->family,
						key->vrid);
	}
	return len +
	       (size_t)snprintf(text + len, DRAIN_FILE_MAX - len, END "%08x\n", crc32(text, len));
}

int drain_file_save(const char *path, const struct drain_set *set)
{
	char *text = malloc(DRAIN_FILE_MAX); /* owner: here */
	int err;

	if (!text)
		return -ENOMEM;
	err = state_file_write(path, text, drain_set_print(set, text), STATE_DURABLE);
	free(text);
	return err;
}

int drain_file_remove(const char *path)
{
	return state_file_remove(path);
}
