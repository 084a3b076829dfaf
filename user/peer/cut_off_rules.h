/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is the master dead, or is this node cut off from the network? A BACKUP whose own link is cut
 * hears neither its master nor its routers. It must not take over. Its announcement would wait in
 * the buffers of the BGP sessions until the link is back, and then there would be two masters.
 *
 * The BFD sessions with the routers distinguish the two cases. If a packet of any router arrived
 * after the last sign of life of the master, this node is not cut off. Without such a packet the
 * takeover waits until a router is heard, or until all BFD sessions have gone Down. Pure.
 */
#ifndef HF_CUT_OFF_RULES_H
#define HF_CUT_OFF_RULES_H

#include <stdbool.h>

#include "core/mono.h"

/* If all routers send less often than this, the takeover does not wait for a packet: it would be
 * too late. */
#define CUT_OFF_PACE_NS (100 * NS_PER_MS)
/* A takeover waits at most this time after the last packet of a router. A session that went Down
 * within this time counts as lost together with the master. */
#define CUT_OFF_HOLD_NS NS_PER_S

/* The BFD session with one router. */
struct cut_off_session {
	bool up;
	struct mono changed;  /* when it became Up, or stopped being Up; MONO_NEVER: never Up */
	struct mono heard;    /* its last packet */
	int64_t pace_ns;      /* longest regular time between two of its packets */
	int64_t detection_ns; /* the detection time: it goes Down this long after its last packet */
};

/* All routers of one virtual router together. All zero: none. */
struct cut_off_routers {
	unsigned int up;
	unsigned int lost; /* sessions that went Down within CUT_OFF_HOLD_NS */
	bool unwatched;	   /* an Established BGP session has no BFD session */
	struct mono heard; /* the latest packet of the sessions that are Up */
	struct mono due;   /* when the last session that is Up goes Down, if no packet arrives */
	int64_t pace_ns;   /* of the session that sends most often */
};

enum cut_off {
	CUT_OFF_NO, /* the path works, or this cannot be decided: take over as without this rule */
	CUT_OFF_WAIT, /* not known yet */
	CUT_OFF_YES,  /* all routers and the master were lost together */
};

/* Adds the session of one router to `all`. */
void cut_off_add(struct cut_off_routers *all, const struct cut_off_session *one, struct mono now);

/*
 * `silent_since`: when the next sign of life of the master was due. MONO_NEVER or a time in the
 * future: none is missing. With CUT_OFF_WAIT the caller asks again at `*until` at the latest, which
 * is after `now`.
 */
enum cut_off cut_off_judge(const struct cut_off_routers *all, struct mono silent_since,
			   struct mono now, struct mono *until);

#endif
