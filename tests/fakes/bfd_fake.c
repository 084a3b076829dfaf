// SPDX-License-Identifier: BSD-2-Clause
/*
 * UDP for BFD without sockets: sent packets are passed to the test's function, packets to receive
 * wait in a queue. The descriptors are real ones of /dev/null, because their owner closes them. It
 * also has a kernel half for BFD, which does the work of bpf/bfd.bpf.h with a timer of the loop.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "bfd_watch.h"
#include "core/addr.h"
#include "datapath/bfd.h"
#include "fake.h"

void fake_bfd_put(const struct bfd_datagram *d, uint16_t port)
{
	if (fake->n_bfd == FAKE_BFD_QUEUE)
		abort();
	fake->bfd_queue[fake->n_bfd] = *d;
	fake->bfd_to_port[fake->n_bfd++] = port;
}

int bfd_socket_listen(int family, uint16_t port)
{
	int fd = fake->bfd_err < 0 ? fake->bfd_err : open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd >= FAKE_BFD_FDS)
		abort();
	if (fd >= 0)
		fake->bfd_listens[fd] = family == AF_INET6 ? -port : port;
	return fd;
}

int bfd_socket_receive(int fd, struct bfd_datagram out[BFD_SOCKET_BURST])
{
	unsigned int left = 0;
	int n = 0;

	for (unsigned int i = 0; i < fake->n_bfd; i++) {
		const struct bfd_datagram *d = &fake->bfd_queue[i];
		int port = fake->bfd_to_port[i];

		if (n < BFD_SOCKET_BURST &&
		    fake->bfd_listens[fd] == (ipaddr_family(&d->from) == AF_INET6 ? -port : port)) {
			out[n++] = *d;
			continue;
		}
		fake->bfd_queue[left] = *d;
		fake->bfd_to_port[left++] = (uint16_t)port;
	}
	fake->n_bfd = left;
	return n;
}

int bfd_socket_open(const struct ipaddr *peer, const struct ipaddr *source, uint8_t ttl,
		    uint32_t random)
{
	(void)peer;
	(void)source;
	(void)ttl;
	(void)random;
	return fake->bfd_err < 0 ? fake->bfd_err : open("/dev/null", O_WRONLY | O_CLOEXEC);
}

int bfd_socket_send(int fd, const struct ipaddr *peer, uint16_t port, const uint8_t *msg,
		    size_t len)
{
	(void)fd;
	if (fake->bfd_err == 0 && fake->bfd_sent)
		fake->bfd_sent(peer, port, msg, len);
	return fake->bfd_err;
}

/* --- the kernel half --- */

struct datapath_bfd {
	struct datapath_bfd *next;
	struct datapath_bfd_session session;
	struct hf_bfd_cfg cfg;
	struct hf_bfd_state state;
	struct loop_timer timer;
	uint32_t timer_generation;
	datapath_bfd_fn fn;
	void *owner;
};

static void tell(struct datapath_bfd *s, struct hf_event *ev)
{
	fake->bfd_events++;
	s->fn(s->owner, ev);
}

static void on_deadline(struct loop_timer *timer)
{
	struct datapath_bfd *s = timer->ctx;
	struct mono deadline = {(int64_t)s->state.deadline_ns};
	struct hf_event ev;

	if (s->timer_generation != s->cfg.generation || s->cfg.watch_us == 0)
		return;
	if (mono_before(fake->now, deadline)) {
		loop_arm(fake->loop, timer, deadline);
		return;
	}
	ev = bfd_watch_event(HF_EV_BFD_EXPIRED, bfd_slot(s->cfg.our_discr), &s->cfg,
			     (uint64_t)fake->now.ns);
	tell(s, &ev);
}

struct datapath_bfd *datapath_bfd_create(struct datapath *dp,
					 const struct datapath_bfd_session *session,
					 datapath_bfd_fn fn, void *owner)
{
	struct datapath_bfd *s = fake->bfd_kernel ? calloc(1, sizeof(*s)) : NULL;

	(void)dp;
	if (!s) {
		errno = ENOTSUP;
		return NULL;
	}
	s->session = *session;
	s->fn = fn;
	s->owner = owner;
	s->cfg.peer = session->peer;
	s->cfg.our_discr = session->our_discr;
	s->cfg.multihop = session->multihop;
	s->timer = (struct loop_timer){.fn = on_deadline, .ctx = s, .name = "fake bfd"};
	s->next = fake->bfd_kernel_sessions;
	fake->bfd_kernel_sessions = s;
	return s;
}

void datapath_bfd_destroy(struct datapath_bfd *s)
{
	struct datapath_bfd **at = &fake->bfd_kernel_sessions;

	if (!s)
		return;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	loop_disarm(fake->loop, &s->timer);
	free(s);
}

int datapath_bfd_set(struct datapath_bfd *s, const struct datapath_bfd_watch *watch)
{
	s->cfg.watch_us = watch->watch_us;
	s->cfg.state = watch->state;
	s->cfg.min_ttl = watch->min_ttl;
	s->cfg.generation++;
	return 0;
}

int datapath_bfd_arm(struct datapath_bfd *s, int64_t delay_ns)
{
	struct mono due = mono_add(fake->now, delay_ns > 0 ? delay_ns : 0);

	s->state.deadline_ns = (uint64_t)due.ns;
	s->timer_generation = s->cfg.generation;
	if (fake->bfd_no_timer)
		return HF_ARM_NO_TIMER;
	loop_arm(fake->loop, &s->timer, due);
	return 0;
}

const volatile struct hf_bfd_state *datapath_bfd_state(const struct datapath_bfd *s)
{
	fake->n_bfd_reads++;
	return &s->state;
}

bool datapath_bfd_hears(const struct datapath *dp, uint32_t ifindex)
{
	(void)dp;
	(void)ifindex;
	return fake->bfd_kernel;
}

static struct datapath_bfd *session_of(const struct bfd_datagram *d, const struct bfd_packet *pkt,
				       bool multihop)
{
	struct datapath_bfd *s = fake->bfd_kernel_sessions;

	while (s && (pkt->your_discr ? s->cfg.our_discr != pkt->your_discr
				     : !ipaddr_equal(&s->cfg.peer, &d->from) ||
					   s->session.multihop != multihop))
		s = s->next;
	return s;
}

bool fake_bfd_kernel(const struct bfd_datagram *d, uint16_t port)
{
	bool multihop = port == BFD_PORT_MULTIHOP;
	struct bfd_packet pkt;
	struct datapath_bfd *s;
	struct hf_event ev;

	if (bfd_packet_read(d->data, d->data + sizeof(d->data), d->len, &pkt) != BFD_ACCEPTED)
		return false;
	s = session_of(d, &pkt, multihop);
	if (!s || bfd_watch_check(&s->cfg, ipaddr_equal(&s->cfg.peer, &d->from), multihop,
				  d->ttl) != BFD_ACCEPTED)
		return s != NULL;
	if (s->cfg.watch_us > 0)
		s->state.deadline_ns =
		    (uint64_t)fake->now.ns + bfd_detection_ns(s->cfg.watch_us, &pkt);
	ev =
	    bfd_watch_event(HF_EV_BFD, bfd_slot(s->cfg.our_discr), &s->cfg, (uint64_t)fake->now.ns);
	ev.bfd.packet = pkt;
	if (bfd_watch_packet(&s->state, &s->cfg, &pkt, (uint64_t)fake->now.ns))
		tell(s, &ev);
	return true;
}
