/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's interface to BFD sessions in the kernel half, which receives their packets, records
 * them and watches their deadlines. This module sends no packets and makes no decisions. Only for
 * the loop's thread.
 *
 * The kernel half does not receive packets on an interface to which no program is attached. In the
 * raw mode it receives none at all. The sockets of user/bfd/bfd_socket.h receive these packets.
 */
#ifndef HF_DATAPATH_BFD_H
#define HF_DATAPATH_BFD_H

#include "datapath/datapath.h"

struct datapath_bfd;

/*
 * Called in the loop with HF_EV_BFD or HF_EV_BFD_EXPIRED. HF_EV_BFD is a packet of `owner`'s
 * session that differs from the last reported one, or is the first one after datapath_bfd_set().
 * With HF_EV_BFD_EXPIRED the deadline may have passed; check when the last packet arrived.
 */
typedef void (*datapath_bfd_fn)(void *owner, const struct hf_event *ev);

/* The constant properties of a session. */
struct datapath_bfd_session {
	struct ipaddr peer, local; /* `local` all zero: any address of ours */
	uint32_t our_discr;	   /* not 0; % HF_MAX_BFD differs from that of all other sessions */
	bool multihop;
};

/* The properties of a session that its state machine changes. */
struct datapath_bfd_watch {
	uint32_t watch_us; /* Required Min RX Interval in force; 0: no deadline, report all */
	uint8_t state;	   /* enum bfd_state: ours */
	uint8_t min_ttl;   /* of the peer's packets */
};

/*
 * Makes the kernel half receive the packets of a session. All packets are reported until
 * datapath_bfd_set(). NULL with errno: ENOTSUP in the raw mode, EEXIST, or that of the map.
 */
struct datapath_bfd *datapath_bfd_create(struct datapath *dp,
					 const struct datapath_bfd_session *session,
					 datapath_bfd_fn fn, void *owner);
/* Ends the reception; from now on a socket gets the packets. NULL is fine. */
void datapath_bfd_destroy(struct datapath_bfd *s);

/* Publishes `watch`; the next packet is reported. The caller must arm the timer again. 0 or
 * -errno. */
int datapath_bfd_set(struct datapath_bfd *s, const struct datapath_bfd_watch *watch);
/*
 * Sets the deadline to `delay_ns` nanoseconds from now; each packet moves it by bfd_detection_ns().
 * 0: HF_EV_BFD_EXPIRED follows when it has passed. HF_ARM_NO_TIMER: no event follows, because the
 * kernel has no timer. Or -errno.
 */
int datapath_bfd_arm(struct datapath_bfd *s, int64_t delay_ns);

/* The kernel half's record: mapped memory that changes while it is read; each number can be read
 * alone. */
const volatile struct hf_bfd_state *datapath_bfd_state(const struct datapath_bfd *s);

/* Does the kernel half receive the packets of `ifindex`, and count the refused ones? */
bool datapath_bfd_hears(const struct datapath *dp, uint32_t ifindex);

#endif
