/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's status in Prometheus' text format (version 0.0.4). Names follow Prometheus' rules:
 * base units, `_total` for counters, `_info` for facts. A member that the status lacks, as that of
 * an older daemon does, has no sample.
 */
#ifndef HF_EXPORTER_METRICS_H
#define HF_EXPORTER_METRICS_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* All metrics of `status`, NULL when there is no daemon: then `holdfast_up` 0 alone. */
void metrics_write(FILE *f, json_object *status);

/* --- between metrics.c, which knows the format, and families.c, which knows the status --- */

#define LABELS_MAX 2048 /* six labels, each value a name of the configuration, escaped */

/* What samples are of: where in the status, and how often. */
enum scope {
	SCOPE_ROOT,
	SCOPE_INSTANCE,
	SCOPE_NEIGHBOR,
	SCOPE_CHECK,
	SCOPE_TRAFFIC, /* of an address, in and out */
	SCOPE_INTERFACE,
};

struct sample {
	FILE *f;
	const struct family *family;
	json_object *obj;	 /* what the scope yields */
	char labels[LABELS_MAX]; /* a="b",c="d" */
};

struct family {
	const char *name, *type, *help;
	enum scope scope;
	const char *key; /* of the member; "loop/turns" for one of an object within */
	double unit;	 /* what 1 of it is in the metric's unit; 0: a whole number */
	/* Instead of `key`: writes the samples itself. */
	void (*emit)(struct sample *s);
};

extern const struct family families[];
extern const size_t n_families;

/* Adds a label, its value escaped; returns the length to give to sample_unlabel(). */
size_t sample_label(struct sample *s, const char *name, const char *value);
void sample_unlabel(struct sample *s, size_t len);
void sample_write(struct sample *s, const char *suffix, double value);
void sample_write_count(struct sample *s, const char *suffix, uint64_t value);

#endif
