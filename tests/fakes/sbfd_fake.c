// SPDX-License-Identifier: BSD-2-Clause
/*
 * S-BFD of one machine: the records and events of the kernel half, and the socket of the probes.
 * The test is the other end: fake->probe gets each probe, fake_answer() answers.
 */
#include <errno.h>
#include <stdlib.h>

#include "bfd/sbfd_socket.h"
#include "bfd_rules.h"
#include "core/addr.h"
#include "datapath/sbfd.h"
#include "fake.h"

struct datapath_sbfd {
	struct datapath_sbfd *next;
	struct ipaddr peer;
	struct hf_sbfd_cfg cfg;
	struct hf_sbfd_state state;
	datapath_sbfd_fn fn;
	void *owner;
	unsigned int n_uplinks; /* interfaces beside the first */
};

static struct datapath_sbfd *entry_of(const struct ipaddr *peer)
{
	struct datapath_sbfd *s = fake->sbfd;

	while (s && !ipaddr_equal(&s->peer, peer))
		s = s->next;
	return s;
}

struct datapath_sbfd *datapath_sbfd_create(struct datapath *dp, uint32_t ifindex,
					   const struct ipaddr *peer, datapath_sbfd_fn fn,
					   void *owner)
{
	struct datapath_sbfd *s;

	(void)dp;
	(void)ifindex;
	if (fake->sbfd_full) {
		errno = ENOSPC;
		return NULL;
	}
	s = calloc(1, sizeof(*s)); /* owner: the machine */
	if (!s)
		return NULL;
	s->peer = *peer;
	s->fn = fn;
	s->owner = owner;
	s->next = fake->sbfd;
	fake->sbfd = s;
	return s;
}

int datapath_sbfd_set_uplinks(struct datapath_sbfd *s, const uint32_t *ifindexes, unsigned int n)
{
	(void)ifindexes;
	if (n > DATAPATH_MAX_UPLINKS - 1)
		return -ENOSPC;
	s->n_uplinks = n;
	return 0;
}

int datapath_sbfd_move(struct datapath_sbfd *s, uint32_t ifindex)
{
	(void)s;
	(void)ifindex;
	return 0;
}

unsigned int fake_sbfd_uplinks(const struct ipaddr *peer)
{
	const struct datapath_sbfd *s = entry_of(peer);

	return s ? s->n_uplinks : 0;
}

void datapath_sbfd_destroy(struct datapath_sbfd *s)
{
	struct datapath_sbfd **at = &fake->sbfd;

	if (!s)
		return;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	free(s);
}

int datapath_sbfd_set(struct datapath_sbfd *s, const struct hf_sbfd_cfg *cfg)
{
	uint32_t generation = s->cfg.generation + 1;

	s->cfg = *cfg;
	s->cfg.generation = generation;
	return 0;
}

int datapath_sbfd_listen(struct datapath_sbfd *s, int fd)
{
	(void)s;
	(void)fd;
	return 0;
}

const volatile struct hf_sbfd_state *datapath_sbfd_state(struct datapath_sbfd *s)
{
	return &s->state;
}

void datapath_sbfd_alive(struct datapath *dp, struct mono now)
{
	(void)dp;
	fake->alive = now;
}

void datapath_sbfd_close_gate(struct datapath *dp)
{
	(void)dp;
	fake->alive = MONO_NEVER;
}

int datapath_sbfd_gate_fd(const struct datapath *dp)
{
	(void)dp;
	return -1;
}

int datapath_reflect(struct datapath *dp, uint32_t ifindex)
{
	(void)dp;
	(void)ifindex;
	return 0;
}

bool fake_answer(const struct ipaddr *peer, enum bfd_state state)
{
	struct datapath_sbfd *s = entry_of(peer);
	bool news;

	if (!s)
		return false;
	news = s->state.generation != s->cfg.generation || s->state.answer_state != state;
	s->state.generation = s->cfg.generation;
	s->state.answer_state = (uint8_t)state;
	s->state.answer_ns = (uint64_t)fake->now.ns;
	s->state.answers++;
	if (news) {
		s->fn(s->owner);
		fake_after_handler();
	}
	return true;
}

bool fake_probe(const struct ipaddr *peer, enum bfd_state state)
{
	struct datapath_sbfd *s = entry_of(peer);

	if (!s)
		return false;
	s->state.probe_state = (uint8_t)state;
	s->state.probe_ns = (uint64_t)fake->now.ns;
	s->state.probes++;
	return true;
}

int sbfd_socket_open(const char *interface, uint32_t ifindex, const struct ipaddr *source,
		     uint16_t *port)
{
	(void)interface;
	(void)source;
	if (fake->sbfd_socket_err < 0)
		return fake->sbfd_socket_err;
	if (*port == 0)
		*port = 50000;
	return FAKE_FD + FAKE_SOCKETS + (int)ifindex;
}

int sbfd_socket_send(int fd, const struct ipaddr *to, const uint8_t *msg, size_t len)
{
	struct bfd_packet pkt;

	fake->probed_by = (uint32_t)(fd - FAKE_FD - FAKE_SOCKETS);
	if (fake->send_err < 0)
		return fake->send_err;
	if (bfd_packet_read(msg, msg + len, (uint32_t)len, &pkt) != BFD_ACCEPTED)
		abort();
	if (fake->probe)
		fake->probe(fake->ctx, to, &pkt);
	return 0;
}
