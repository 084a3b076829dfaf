/* SPDX-License-Identifier: BSD-2-Clause */
/* The actions of vrrp_step() as one line of text, for expectations and traces. */
#ifndef HF_TEST_VRRP_TEXT_H
#define HF_TEST_VRRP_TEXT_H

#include "vrrp/vrrp_step.h"

/*
 * "WATCH(BACKUP 128 3500ms); INIT>BACKUP, start": actions in their order, delays in milliseconds
 * (with "+Nns" where that is not exact), " nopreempt" where WATCH says so. Points to static memory.
 */
const char *vrrp_actions_text(const struct vrrp_actions *actions);

#endif
