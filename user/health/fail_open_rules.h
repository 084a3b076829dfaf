/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * when_all_fail: the effect of tracked checks that fail on all nodes. If a check fails on all nodes
 * at the same time, something that they share is broken, and a service without any MASTER helps
 * nobody. So the last good node continues to serve, degraded, until another node is ready.
 *
 * This requires that no peer is ready. A peer that has never reported may be ready; then the failed
 * check is a fault. A peer that has stopped reporting is either dead, or separated from this node
 * and MASTER on its side. Pure.
 */
#ifndef HF_FAIL_OPEN_RULES_H
#define HF_FAIL_OPEN_RULES_H

#include <stdbool.h>

/* The data of one instance. Zero-initialised: nothing is known. */
struct fail_open {
	bool was_good;	   /* since the start, everything that it tracks was good at least once */
	bool holds;	   /* something that it tracks is bad, but this is not a fault now */
	bool peers_known;  /* every peer has reported at least once */
	bool peer_ready;   /* at least one peer could take over */
	bool other_serves; /* another node is MASTER */
};

enum fail_open_action {
	FAIL_OPEN_NOTHING,
	FAIL_OPEN_PASS_ON, /* `holds` is still set, but a peer is ready: yield to it */
};

/*
 * `bad`: something that the instance tracks is bad now. `serves`: it is MASTER, or keeps its claim.
 * Sets f->holds; with it `bad` is not a fault. On a node that serves, `holds` stays set until the
 * node stops serving, so that a ready peer takes over without a gap. On a node that does not serve,
 * it is set only if no other node serves: for example if the checks of both nodes failed at the
 * same moment.
 */
static inline enum fail_open_action fail_open_judge(struct fail_open *f, bool bad, bool serves)
{
	bool held = f->holds, alone = f->peers_known && !f->peer_ready;

	if (!bad)
		f->was_good = true;
	f->holds = bad && f->was_good && (serves ? held || alone : alone && !f->other_serves);
	return f->holds && serves && f->peer_ready ? FAIL_OPEN_PASS_ON : FAIL_OPEN_NOTHING;
}

#endif
