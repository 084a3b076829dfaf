/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decides, when the master has fallen silent, whether this BACKUP may take over or is cut off from
 * the network itself. The BFD sessions with its routers show that (peer/cut_off_rules.h). While
 * they show neither, the takeover waits.
 */
#ifndef HF_ENGINE_CUT_OFF_H
#define HF_ENGINE_CUT_OFF_H

#include <stdbool.h>

#include "core/mono.h"

struct bfd_session;
struct engine;
struct instance;

/* The wait of one instance. All zero: it does not wait. */
struct cut_off_wait {
	bool awaits;	 /* a BFD packet from any of its routers */
	bool by_adverts; /* the master was found silent by its adverts, not by probes */
};

/* The master of `in` is silent by its adverts. True if the takeover is held. If *until is set, it
 * waits until then or until NEWS_ROUTER. Else `in` is cut off, and VRRP_FAULT_CUT_OFF is set. */
bool cut_off_holds(struct instance *in, struct mono *until);
/* The same for a master that S-BFD probes have found silent. Its adverts do not matter. */
bool cut_off_holds_probed(struct instance *in);
/* A router has been heard (NEWS_ROUTER): ends the wait and probes the master once more. If the
 * takeover waited by adverts, *deadline is set to one advert interval from now. */
void cut_off_resume(struct instance *in, struct mono *deadline);
/* `in` is no longer BACKUP. */
void cut_off_forget(struct instance *in);

/* A session has become Up, or is no longer Up. Its BGP neighbors know it already. */
void cut_off_on_change(struct engine *engine, const struct bfd_session *s);
/* A session that an instance waits for has received a packet. */
void cut_off_on_heard(struct engine *engine, const struct bfd_session *s);

#endif
