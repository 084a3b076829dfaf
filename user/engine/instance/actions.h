/* SPDX-License-Identifier: BSD-2-Clause */
/* Executes the actions of vrrp_step(). */
#ifndef HF_ENGINE_ACTIONS_H
#define HF_ENGINE_ACTIONS_H

#include "engine/instance/instance.h"

void actions_perform(struct instance *in, const struct vrrp_action *act);
/* Continues the claim that waited for before_master, if that has ended. */
void actions_on_prepared(struct instance *in);
/* Continues what waited for the work on the addresses, if that is done. */
void actions_on_addresses(struct instance *in);
/* Sends what waited until the macvlan is up. */
void actions_on_vmac(struct instance *in);
/* Continues what waited for the announcement, if all prefixes have been sent to the neighbors. */
void actions_on_announced(struct instance *in);

#endif
