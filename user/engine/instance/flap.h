/* SPDX-License-Identifier: BSD-2-Clause */
/* flap_hold: an instance whose mastership moves too often no longer preempts. */
#ifndef HF_ENGINE_FLAP_H
#define HF_ENGINE_FLAP_H

#include "engine/instance/instance.h"

void flap_init(struct instance *in);
/* Takes its timer out of the loop. */
void flap_end(struct instance *in);
/* Counts a change of state of `in`. It may post NEWS_PREEMPT. */
void flap_note(struct instance *in, const struct vrrp_action *act);
/* True if `in` may preempt: its configuration permits it, flap_hold does not forbid it, and no
 * session that may soon be Established is missing. */
bool flap_permits(const struct instance *in);

#endif
