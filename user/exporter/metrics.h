/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's status in the text format of Prometheus (version 0.0.4). The names follow the rules
 * of Prometheus: base units, `_total` for counters, `_info` for constant facts. If the status does
 * not have a member, because the daemon is older, the metric has no sample.
 */
#ifndef HF_EXPORTER_METRICS_H
#define HF_EXPORTER_METRICS_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Writes all metrics of `status`. NULL: the daemon does not answer; then the only metric is
 * `holdfast_up` 0. */
void metrics_write(FILE *f, json_object *status);

/* --- between metrics.c (the format) and families.c (the status) --- */

#define LABELS_MAX 2048 /* octets: six labels, whose values are escaped configured names */

/* The objects of the status for each of which a family has samples. */
enum scope {
	SCOPE_ROOT,
	SCOPE_INSTANCE,
	SCOPE_SERVICE,
	SCOPE_NEIGHBOR,
	SCOPE_BFD,
	SCOPE_CHECK,
	SCOPE_TRAFFIC, /* of an address, in and out */
	SCOPE_INTERFACE,
	SCOPE_PEER,
};

struct sample {
	FILE *f;
	const struct family *family;
	json_object *obj;	 /* the present object of the family's scope */
	char labels[LABELS_MAX]; /* a="b",c="d" */
};

struct family {
	const char *name, *type, *help;
	enum scope scope;
	const char *key; /* of the member; "loop/turns" is member `turns` of member `loop` */
	double unit;	 /* factor to the unit of the metric; 0: a whole number */
	/* NULL, or the function that writes the samples instead of `key`. */
	void (*emit)(struct sample *s);
};

extern const struct family families[];
extern const size_t n_families;

/* Adds a label with its value escaped. Returns the previous length, for sample_unlabel(). A label
 * that does not fit is left out. */
size_t sample_label(struct sample *s, const char *name, const char *value);
void sample_unlabel(struct sample *s, size_t len);
void sample_write(struct sample *s, const char *suffix, double value);
void sample_write_count(struct sample *s, const char *suffix, uint64_t value);

#endif
