/* SPDX-License-Identifier: BSD-2-Clause */
/* The attachment of one virtual router to its interface: source address, socket, data path. */
#ifndef HF_ENGINE_ATTACHMENT_H
#define HF_ENGINE_ATTACHMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "ipaddr.h"

struct engine;
struct instance;

/* The interface exists as `ifindex`: sets up source address, socket and data path, and sets or
 * clears VRRP_FAULT_ADDRESS. */
void instance_prepare(struct instance *in, uint32_t ifindex);
/* One of its several interfaces has come, gone or changed: does the same for them, and
 * instance_link().
 */
void instance_follow_uplinks(struct instance *in);
/* The interface is gone. */
void instance_unprepare(struct instance *in);
/* Sets or clears VRRP_FAULT_LINK by link_up. With dont_track_primary a link that is down is no
 * fault. */
void instance_link(struct instance *in);
/* True if `in` is affected because `prefix` was added to interface `ifindex`, or is `gone` from it.
 */
bool instance_minds_address(const struct instance *in, uint32_t ifindex,
			    const struct ipprefix *prefix, bool gone);
/* Was the data path's program missing just now on each of its interfaces that has a link? Then its
 * master may have been silent only here. A missing program is attached again. */
bool instance_was_deaf(const struct instance *in);
/* Chooses the source address again after instance_minds_address() was true. */
void instance_source_changed(struct instance *in);
/* Applies a changed set of peers: the heard ones, or those of the configuration. */
void instance_peers_changed(struct instance *in);
/* Sets up source address, socket and data path again by the present configuration and state. */
void instance_republish(struct instance *in);
/*
 * Announces its source address on the LAN, when it has started or leaves FAULT. A peer that became
 * MASTER in the meantime could not resolve the address. It would try again, and send its first
 * advert to us, only a second later (RFC 4861 RETRANS_TIMER; ARP is the same). By then we would
 * consider a living master dead.
 */
void instance_greet(struct instance *in);

#endif
