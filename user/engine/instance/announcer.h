/* SPDX-License-Identifier: BSD-2-Clause */
/* The announcement of one instance's prefixes by its BGP speaker. */
#ifndef HF_ENGINE_ANNOUNCER_H
#define HF_ENGINE_ANNOUNCER_H

#include "announce/announce_step.h"
#include "announce/epoch.h"
#include "config/config.h"
#include "core/log.h"
#include "core/loop.h"

struct instance;

/* Prefixes in one turn: as many as fill one UPDATE of 4,096 octets with usual attributes. With one
 * or two sessions this takes half a millisecond. */
#define ANNOUNCER_SLICE 800

/* The announcer of one instance. */
struct announcer {
	struct announce_cfg cfg;
	struct announce_fsm fsm;
	struct loop_timer timer; /* announce_due() */
	struct mono claimed_at;	 /* when the last claim began */
	uint32_t epoch;		 /* of the last claim */
	uint32_t known_epoch;	 /* the highest known epoch of any node */
	unsigned int next;	 /* index of the first prefix that is still to be advertised */
	unsigned int needs;	 /* enum bgp_carries: what a session must carry for its prefixes */
	bool ever_carried;	 /* Established sessions have carried all of `needs` once */
	bool to_watch;		 /* the watch for foreign paths has not begun for all prefixes */
	bool told;		 /* the speaker may have announced some of the prefixes */
	struct loop_timer slice_timer;
	struct log_limit full_limit;
};

void announcer_init(struct instance *in);
/* enum bgp_carries bits that its prefixes need and no Established session carries. 0: none, or `in`
 * has no bgp_announce block. */
unsigned int announcer_lacks(const struct instance *in);
/* Takes its timers out of the loop. */
void announcer_end(struct instance *in);
void announcer_event(struct instance *in, enum announce_event_type ev);
/* Another node has taken over with `epoch`, as its report or the MED of a received path says. */
static inline void announcer_learn_epoch(struct announcer *ann, uint32_t epoch, int64_t wall_ms)
{
	ann->known_epoch = epoch_learn(ann->known_epoch, epoch, wall_ms);
}

/* True while some prefixes have not been sent to the neighbors yet. */
bool announcer_is_busy(const struct instance *in);
/* in->cfg has been replaced: an unfinished pass over the prefixes begins again. */
void announcer_rebind(struct instance *in);
/* in->cfg has changed: announces by it. The prefixes that it no longer has are withdrawn already.
 */
void announcer_reconfigure(struct instance *in);
/* bgp_sessions_fn; ctx is the struct speaker. */
void announcer_on_sessions(void *ctx, unsigned int established);

#endif
