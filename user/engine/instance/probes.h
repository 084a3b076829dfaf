/* SPDX-License-Identifier: BSD-2-Clause */
/* The peers of one virtual router, and the S-BFD probes of its master's host. */
#ifndef HF_ENGINE_PROBES_H
#define HF_ENGINE_PROBES_H

#include <stdbool.h>
#include <stdint.h>

struct instance;

/* Takes references to its peers, heard or configured; with sbfd they are answered from now on. */
void probes_hold(struct instance *in);
/* Drops these references. */
void probes_drop(struct instance *in);
/* Called after each step: begins or ends the probing of the master's host. */
void probes_judge(struct instance *in);
/* True if the last probe result (NEWS_HOST) still concerns `in`. */
bool probes_concern(const struct instance *in);
/* The skew in nanoseconds: how much longer than the best possible BACKUP it waits, so that several
 * do not take over at once. */
int64_t probes_skew_ns(const struct instance *in);
/* The links of its several interfaces have changed. */
void probes_follow_uplinks(struct instance *in);

#endif
