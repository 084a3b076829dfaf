// SPDX-License-Identifier: BSD-2-Clause
/*
 * Receives the BFD packets that the kernel half does not take, for all sessions. There are at most
 * four sockets: for IPv4 and IPv6, single hop and multihop. Each is open while a session needs it.
 * They are needed because the kernel half is not on every interface, and because the kernel would
 * answer the first packets with "port unreachable" if nobody had the port.
 *
 * Owns the sockets, the sessions in force and two tables that find them: by our discriminator,
 * which contains the session's slot, and by the peer's address. A packet that fits no session is
 * counted here by reason, unless the kernel half has counted it and let it pass.
 *
 * Rejected: answering an unknown peer with Down (RFC 5880 section 6.8.6), because then anybody
 * could make this host send.
 */
#include "engine/peer/bfd_sessions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#include "bfd/bfd_socket.h"

#define SLOT_BITS 11
#define SLOTS	  (1u << SLOT_BITS)
#define BUCKETS	  256
#define RETRY_NS  NS_PER_S
/* Bursts read at a deadline: more small packets than a socket's buffer holds. */
#define MAX_BURSTS 64

/* During a reload old and new sessions exist. */
_Static_assert(2 * CFG_MAX_BFD <= SLOTS, "a slot for every session, old and new");
_Static_assert(SLOTS == HF_MAX_BFD, "a discriminator names the same slot in the kernel half");

struct listener {
	struct bfd_sessions *all;
	int family;
	bool multihop;
	unsigned int users; /* sessions */
	struct loop_source src;
};

#define LISTENERS 4

struct bfd_sessions {
	struct bfd_surroundings around;
	struct bfd_set set;
	struct bfd_session *slots[SLOTS];
	uint32_t next_slot;
	struct bfd_session *buckets[BUCKETS];
	struct listener listeners[LISTENERS];
	struct loop_timer retry;
	int error;
	uint64_t refused[BFD_R_MAX];
};

/* --- sets --- */

/* Adds the session that `cfg` asks for, unless the set has it. 0 or -ENOMEM. */
static int set_add(struct bfd_set *set, const struct cfg_bfd *cfg)
{
	for (unsigned int i = 0; i < set->n; i++) {
		if (cfg_bfd_same_session(set->all[i]->cfg, cfg))
			return 0;
	}
	set->all[set->n] = bfd_session_create(cfg);
	if (!set->all[set->n])
		return -ENOMEM;
	set->n++;
	return 0;
}

static int set_add_neighbors(struct bfd_set *set, const struct cfg_bgp *bgp)
{
	int err = 0;

	for (unsigned int i = 0; err == 0 && i < bgp->n_neighbors; i++) {
		if (bgp->neighbors[i].bfd.given)
			err = set_add(set, &bgp->neighbors[i].bfd);
	}
	return err;
}

int bfd_set_create(const struct config *cfg, struct bfd_set *set)
{
	int err = 0;

	*set = (struct bfd_set){.all = calloc(CFG_MAX_BFD, sizeof(*set->all))};
	if (!set->all)
		return -ENOMEM;
	for (unsigned int i = 0; err == 0 && i < cfg->n_bfds; i++)
		err = set_add(set, &cfg->bfds[i]);
	for (unsigned int i = 0; err == 0 && i < cfg->n_bgp; i++)
		err = set_add_neighbors(set, &cfg->bgp[i]);
	if (err < 0)
		bfd_set_free(set);
	return err;
}

void bfd_set_free(struct bfd_set *set)
{
	for (unsigned int i = 0; i < set->n; i++)
		bfd_session_destroy(set->all[i]);
	free(set->all);
	*set = (struct bfd_set){0};
}

/* --- finding --- */

static uint32_t bucket_of(const struct ipaddr *peer)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < sizeof(peer->b); i++)
		sum = sum * 31 + peer->b[i];
	return (sum ^ sum >> 16) % BUCKETS;
}

static void enter(struct bfd_sessions *all, struct bfd_session *s)
{
	struct bfd_session **head = &all->buckets[bucket_of(&s->cfg->peer)];

	while (all->slots[all->next_slot % SLOTS])
		all->next_slot++;
	s->slot = all->next_slot++ % SLOTS;
	all->slots[s->slot] = s;
	s->next = *head;
	*head = s;
}

static void leave(struct bfd_sessions *all, struct bfd_session *s)
{
	struct bfd_session **at = &all->buckets[bucket_of(&s->cfg->peer)];

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	all->slots[s->slot] = NULL;
}

/* The session in force that `cfg` asks for, or NULL. Skips sessions that are `kept`: their
 * configuration is already the new one. */
static struct bfd_session *find_same(const struct bfd_sessions *all, const struct cfg_bfd *cfg)
{
	for (struct bfd_session *s = all->buckets[bucket_of(&cfg->peer)]; s; s = s->next) {
		if (!s->kept && cfg_bfd_same_session(s->cfg, cfg))
			return s;
	}
	return NULL;
}

const struct bfd_session *bfd_sessions_find(const struct bfd_sessions *all,
					    const struct cfg_bfd *cfg)
{
	return find_same(all, cfg);
}

static struct bfd_session *find_by_discr(const struct bfd_sessions *all, uint32_t discr)
{
	struct bfd_session *s = all->slots[discr % SLOTS];

	return s && s->step_cfg.discr == discr ? s : NULL;
}

/* RFC 5881 section 3: the first packets of a peer name no session. */
static struct bfd_session *find_by_address(const struct bfd_sessions *all,
					   const struct bfd_datagram *d, bool multihop)
{
	for (struct bfd_session *s = all->buckets[bucket_of(&d->from)]; s; s = s->next) {
		if (s->cfg->multihop == multihop && ipaddr_equal(&s->cfg->peer, &d->from) &&
		    (ipaddr_is_unset(&s->cfg->source) || ipaddr_equal(&s->cfg->source, &d->to)))
			return s;
	}
	return NULL;
}

/* --- receiving --- */

/* Parses `d` into *pkt and finds its session *s. BFD_ACCEPTED, or the reason of the refusal. */
static enum bfd_refusal judge(const struct bfd_sessions *all, const struct bfd_datagram *d,
			      bool multihop, struct bfd_packet *pkt, struct bfd_session **s)
{
	enum bfd_refusal refusal = bfd_packet_read(d->data, d->data + sizeof(d->data), d->len, pkt);

	if (refusal != BFD_ACCEPTED)
		return refusal;
	*s = pkt->your_discr ? find_by_discr(all, pkt->your_discr)
			     : find_by_address(all, d, multihop);
	if (!*s)
		return pkt->your_discr ? BFD_R_YOUR_DISCR : BFD_R_SOURCE;
	if ((*s)->cfg->multihop != multihop || !ipaddr_equal(&(*s)->cfg->peer, &d->from))
		return BFD_R_SOURCE;
	return d->ttl < (*s)->cfg->min_ttl ? BFD_R_TTL : BFD_ACCEPTED;
}

/* Receives one burst. False: no more packets wait. */
static bool receive_burst(struct listener *l)
{
	struct bfd_datagram got[BFD_SOCKET_BURST];
	int n = bfd_socket_receive(l->src.fd, got);

	for (int i = 0; i < n; i++) {
		struct bfd_session *s = NULL;
		struct bfd_packet pkt;
		enum bfd_refusal refusal = judge(l->all, &got[i], l->multihop, &pkt, &s);

		if (refusal == BFD_ACCEPTED)
			bfd_session_hear(s, &pkt);
		else if (!datapath_bfd_hears(l->all->around.dp, got[i].ifindex))
			l->all->refused[refusal]++;
	}
	return n == BFD_SOCKET_BURST;
}

static void on_readable(struct loop_source *src, uint32_t ready)
{
	(void)ready;
	receive_burst(src->ctx);
}

static void receive_all(void *ctx)
{
	struct bfd_sessions *all = ctx;

	for (int i = 0; i < LISTENERS; i++) {
		struct listener *l = &all->listeners[i];

		for (int k = 0; l->src.fd >= 0 && k < MAX_BURSTS; k++) {
			if (!receive_burst(l))
				break;
		}
	}
}

void bfd_sessions_receive(struct bfd_sessions *all)
{
	receive_all(all);
}

void bfd_sessions_await(struct bfd_sessions *all, const struct bfd_session *s)
{
	bfd_session_await(all->slots[s->slot]);
}

/* --- sockets --- */

static void close_listener(struct listener *l)
{
	if (l->src.fd < 0)
		return;
	loop_remove(l->all->around.loop, &l->src);
	close(l->src.fd);
	l->src.fd = -1;
}

static int open_listener(struct listener *l)
{
	uint16_t port = l->multihop ? BFD_PORT_MULTIHOP : BFD_PORT_SINGLE_HOP;
	int fd = bfd_socket_listen(l->family, port), err;

	if (fd < 0)
		return fd;
	l->src.fd = fd;
	err = loop_add(l->all->around.loop, &l->src, EPOLLIN);
	if (err == 0)
		return 0;
	close(fd);
	l->src.fd = -1;
	return err;
}

static void note_error(struct bfd_sessions *all, const struct listener *l, int err)
{
	if (err == all->error)
		return;
	log_error("bfd: cannot receive on UDP port %d of IPv%d: %s%s; tried again each second",
		  l->multihop ? BFD_PORT_MULTIHOP : BFD_PORT_SINGLE_HOP,
		  l->family == AF_INET ? 4 : 6, strerror(-err),
		  err == -EADDRINUSE ? ": another BFD daemon has it" : "");
}

/* Opens the sockets that sessions need and closes the others. If another daemon has a port, opening
 * it is tried again each second. */
static void tend_listeners(struct bfd_sessions *all)
{
	struct loop *loop = all->around.loop;
	int first = 0;

	for (int i = 0; i < LISTENERS; i++) {
		struct listener *l = &all->listeners[i];
		int err = 0;

		if (l->users == 0)
			close_listener(l);
		else if (l->src.fd < 0)
			err = open_listener(l);
		if (err < 0)
			note_error(all, l, err);
		first = first < 0 ? first : err;
	}
	all->error = first;
	if (first < 0)
		loop_arm(loop, &all->retry, mono_add(loop_now(loop), RETRY_NS));
	else
		loop_disarm(loop, &all->retry);
}

static void on_retry(struct loop_timer *timer)
{
	tend_listeners(timer->ctx);
}

static void count_users(struct bfd_sessions *all)
{
	for (int i = 0; i < LISTENERS; i++)
		all->listeners[i].users = 0;
	for (unsigned int i = 0; i < all->set.n; i++) {
		const struct cfg_bfd *cfg = all->set.all[i]->cfg;

		for (int k = 0; k < LISTENERS; k++) {
			struct listener *l = &all->listeners[k];

			l->users +=
			    l->family == ipaddr_family(&cfg->peer) && l->multihop == cfg->multihop;
		}
	}
}

/* --- all of them --- */

struct bfd_sessions *bfd_sessions_create(struct loop *loop, struct datapath *dp,
					 bfd_changed_fn changed, bfd_changed_fn heard, void *ctx)
{
	struct bfd_sessions *all = calloc(1, sizeof(*all)); /* owner: the caller */

	if (!all)
		return NULL;
	all->around = (struct bfd_surroundings){
	    .loop = loop,
	    .dp = dp,
	    .changed = changed,
	    .heard = heard,
	    .ctx = ctx,
	    .receive = receive_all,
	    .receive_ctx = all,
	};
	if (getrandom(&all->around.random, sizeof(all->around.random), 0) < 0)
		all->around.random = (uint64_t)loop_clock().ns;
	all->next_slot = (uint32_t)all->around.random % SLOTS;
	all->retry = (struct loop_timer){.fn = on_retry, .ctx = all, .name = "bfd sockets"};
	for (int i = 0; i < LISTENERS; i++)
		all->listeners[i] = (struct listener){
		    .all = all,
		    .family = i % 2 ? AF_INET6 : AF_INET,
		    .multihop = i >= 2,
		    .src = {.fd = -1, .fn = on_readable, .ctx = &all->listeners[i], .name = "bfd"}};
	return all;
}

/* A new discriminator: random, not 0, and with `slot` in its low bits, so no other session has it.
 */
static uint32_t new_discr(struct bfd_sessions *all, uint32_t slot)
{
	uint32_t high = (uint32_t)bfd_draw(&all->around) << SLOT_BITS;

	return high != 0 ? high | slot : SLOTS | slot;
}

/* Moves the sessions in force that `set` asks for into `set`, in place of its new ones. */
static void keep_old(struct bfd_sessions *all, struct bfd_set *set)
{
	for (unsigned int i = 0; i < set->n; i++) {
		struct bfd_session *fresh = set->all[i], *old = find_same(all, fresh->cfg);

		if (!old)
			continue;
		old->kept = true;
		bfd_session_reconfigure(old, fresh->cfg);
		bfd_session_destroy(fresh);
		set->all[i] = old;
	}
}

static void end_gone(struct bfd_sessions *all)
{
	for (unsigned int i = 0; i < all->set.n; i++) {
		struct bfd_session *s = all->set.all[i];

		if (s->kept)
			continue;
		leave(all, s);
		bfd_session_stop(s);
		bfd_session_destroy(s);
	}
}

void bfd_sessions_replace(struct bfd_sessions *all, struct bfd_set *set)
{
	struct bfd_session **spent = all->set.all;

	keep_old(all, set);
	end_gone(all);
	all->set = *set;
	*set = (struct bfd_set){.all = spent};
	count_users(all);
	tend_listeners(all);
	for (unsigned int i = 0; i < all->set.n; i++) {
		struct bfd_session *s = all->set.all[i];

		if (!s->kept) {
			enter(all, s);
			bfd_session_start(s, &all->around, new_discr(all, s->slot));
		}
		s->kept = false;
	}
}

void bfd_sessions_stop(struct bfd_sessions *all)
{
	for (unsigned int i = 0; i < all->set.n; i++)
		bfd_session_stop(all->set.all[i]);
}

void bfd_sessions_destroy(struct bfd_sessions *all)
{
	if (!all)
		return;
	bfd_set_free(&all->set);
	loop_disarm(all->around.loop, &all->retry);
	for (int i = 0; i < LISTENERS; i++)
		close_listener(&all->listeners[i]);
	free(all);
}

const struct bfd_set *bfd_sessions_set(const struct bfd_sessions *all)
{
	return &all->set;
}

uint64_t bfd_sessions_refused(const struct bfd_sessions *all, enum bfd_refusal reason)
{
	return all->refused[reason];
}

int bfd_sessions_error(const struct bfd_sessions *all)
{
	return all->error;
}
