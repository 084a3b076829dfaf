/* SPDX-License-Identifier: BSD-2-Clause */
/* The peers' reports in a status, and the differences of configurations as text. */
#ifndef HF_ENGINE_REPORT_STATUS_H
#define HF_ENGINE_REPORT_STATUS_H

#include <stddef.h>

#include "control/status.h"

struct config;
struct instance;
struct reported;
struct reports;

/* The largest number of entries in st->said that `cfg` can lead to, at most 16,384. */
unsigned int report_status_limit(const struct config *cfg);
/* Copies the port and its counters. */
void report_status_counts(const struct reports *r, struct status *st);
/* Copies the peers' reports about `in`, which is st->instances[index]. Must be called after
 * peer_status_fill(). */
void report_status_instance(const struct instance *in, struct status *st, unsigned int index);
/* Describes how the peer's configuration differs, as "advert_int 1 here, 0.01 there"; "": it does
 * not. */
void report_difference_text(const struct instance *in, const struct reported *one, char *text,
			    size_t size);

#endif
