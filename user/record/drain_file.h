/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instances and services that the operator has drained, and the file that stores them over
 * restarts. An instance is identified by interface, family and VRID. So it stays drained if it gets
 * a new name, or if a reload removes it for a time. A service is identified by its name.
 */
#ifndef HF_DRAIN_FILE_H
#define HF_DRAIN_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hf_abi.h"

#define DRAIN_NAME	   64 /* with its NUL */
#define DRAIN_MAX_SERVICES 1024
#define DRAIN_MAX_KEYS	   (HF_MAX_INSTANCES + DRAIN_MAX_SERVICES)

struct drain_key {
	char name[DRAIN_NAME]; /* the interface of the instance, or the name of the service */
	uint8_t family, vrid;  /* of the instance; family 0: a service */
};

/* Zero-initialised: none. */
struct drain_set {
	bool all; /* every instance and service, also those that a reload adds */
	unsigned int n;
	struct drain_key keys[DRAIN_MAX_KEYS];
};

bool drain_set_has(const struct drain_set *set, const struct drain_key *key);
/* Adds `key`. Returns 0, also if it is there already; or -ENOSPC. */
int drain_set_add(struct drain_set *set, const struct drain_key *key);
void drain_set_remove(struct drain_set *set, const struct drain_key *key);

/* The longest line, "instance INTERFACE FAMILY VRID" or "service NAME", with its newline. */
#define DRAIN_LINE_MAX (DRAIN_NAME + 16)
#define DRAIN_FILE_MAX (256 + DRAIN_LINE_MAX * (DRAIN_MAX_KEYS + 2))

/* Parses the text of the file, `len` octets and a NUL after them. The text is untrusted, and is
 * changed. Returns false if it is damaged; *set is then undefined. */
bool drain_set_parse(struct drain_set *set, char *text, size_t len);
/* Writes the text of the file. Returns its length. */
size_t drain_set_print(const struct drain_set *set, char text[DRAIN_FILE_MAX]);

/* Reads the file. Returns 0; -ENOENT, and nothing is drained; or -EBADMSG (damaged) or another
 * -errno, and everything is drained. This function and the next two block. */
int drain_file_load(const char *path, struct drain_set *set);
/* Replaces the file and waits until it is on the disk. Returns 0 or -errno. */
int drain_file_save(const char *path, const struct drain_set *set);
/* Removes the file. Returns 0, also if there is none, or -errno. */
int drain_file_remove(const char *path);

#endif
