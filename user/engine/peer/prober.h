/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * S-BFD with one peer (RFC 7880): our probes of the peer while it is the master of an instance, and
 * the data path's entry by which the kernel half answers its probes and notes probes and answers.
 * All instances that share the peer share its prober. When the peer is found dead or out of
 * service, the prober posts NEWS_HOST to the instances that are tied to it.
 */
#ifndef HF_ENGINE_PROBER_H
#define HF_ENGINE_PROBER_H

#include <stdbool.h>
#include <stdint.h>

#include "bfd/sbfd_step.h"
#include "core/loop.h"
#include "datapath/datapath.h"
#include "hf_abi.h"
#include "ipaddr.h"

struct cfg_sbfd;
struct datapath_sbfd;
struct engine;
struct instance;
struct peer;
struct uplinks;

/* Ties an instance to the peer that is its master. Embedded in the instance; all zero: not tied. */
struct prober_tie {
	struct peer *peer;
	struct instance *in;
	struct prober_tie *next, *prev; /* in the list of the peer */
};

/* An interface by which probes leave. */
struct prober_way {
	uint32_t ifindex;
	int socket;
	bool up;
};

struct prober {
	unsigned int users;	     /* instances with sbfd that hold the peer */
	struct datapath_sbfd *entry; /* NULL: neither answered nor probed */
	struct hf_sbfd_cfg published;
	int64_t gate_ns;
	struct sbfd_cfg cfg;
	struct sbfd_fsm fsm;
	struct loop_timer timer; /* sbfd_due() */
	struct prober_tie *ties;
	unsigned int tellers; /* instances that cannot take over, and have the peer told so */
	struct prober_way ways[DATAPATH_MAX_UPLINKS]; /* all with one source and port */
	unsigned int n_ways;
	uint32_t entry_on; /* the first interface of the entry */
	uint64_t sent, downs;
	struct mono accused;	      /* when it was last found dead or out of service */
	struct mono silent_since;     /* the start of that silence */
	struct mono asked_at;	      /* of prober_ask(); MONO_NEVER: no, or it has answered */
	struct mono distrusted_until; /* probe results are ignored until then: see RELAPSE_NS */
	bool could_take_over;	      /* as our last probe said */
};

/* How an instance uses a peer. */
struct prober_use {
	const char *interface;
	const struct uplinks *uplinks; /* several interfaces; NULL: the one above */
	struct ipaddr source;	       /* of our adverts and probes */
	const struct cfg_sbfd *sbfd;   /* never NULL */
	bool on_link;		       /* a TTL or hop limit of 255 is required */
};

/*
 * One more instance uses `peer` by `use`. The last call sets the parameters for all instances.
 * `discr` is the discriminator of the peer's reflector; 0: derived from its address. Returns 0, or
 * -errno: then the peer is watched only by its adverts. prober_unuse() must follow in either case.
 */
int prober_use(struct engine *engine, struct peer *peer, const struct prober_use *use,
	       uint8_t min_ttl, uint32_t discr);
/* One instance less. With the last one all ties end. */
void prober_unuse(struct peer *peer);

/* Begins to probe `peer`, which is the master of tie->in. */
void prober_tie(struct prober_tie *tie, struct peer *peer);
/* Ends that. It does nothing if `tie` is not tied. */
void prober_untie(struct prober_tie *tie);

/* An instance here cannot take over: a probe each second tells the peer so, while no instance is
 * tied to the peer. The peer's kernel half notes it. */
void prober_tell(struct peer *peer);
/* Ends prober_tell() for one instance. */
void prober_untell(struct peer *peer);

/* True if the tied peer has answered a probe since it was tied. */
bool prober_has_heard(const struct peer *peer);
/* When the first unanswered probe should have been answered; MONO_NEVER: none is unanswered. Only
 * valid after prober_has_heard(). */
struct mono prober_silent_since(const struct peer *peer);
/* Sends one more probe to a peer that was found dead. Without an answer it is found dead again. It
 * does nothing if the peer was not found dead. */
void prober_ask(struct peer *peer);
/* Forgets that the peer was found dead, because this node was cut off itself. */
void prober_absolve(struct peer *peer);

/* True if the peer has probed this node within the last `within_ns` nanoseconds, and its last probe
 * said that it could take over. */
bool prober_heard_standby(const struct peer *peer, int64_t within_ns);
/* --- prober_ways.c --- */

/* Opens the ways that `use` names, and closes the others. The entry exists. 0 or -errno. */
int prober_ways_open(struct peer *peer, const struct prober_use *use);
void prober_ways_close(struct prober *p);
/* Sends `len` octets through each interface whose link is up. True if one of them has accepted the
 * packet. */
bool prober_ways_send(const struct prober *p, const struct ipaddr *to, const uint8_t *msg,
		      size_t len);
/* The links of the users' several interfaces have changed. */
void prober_follow_uplinks(struct peer *peer, const struct uplinks *uplinks);

/* --- prober.c --- */

/* True if probes watch the peer now. Else *why is a constant text: why only its adverts do. */
bool prober_is_watching(const struct peer *peer, const char **why);

#endif
