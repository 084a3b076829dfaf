// SPDX-License-Identifier: BSD-2-Clause
/*
 * S-BFD in the raw mode: a UDP socket on port 7784 for each interface and family on which peers are
 * answered, and the answers from the sockets of our probes. It checks, answers and records with the
 * same functions as bpf/sbfd.bpf.h. The file owns the sockets of the reflectors.
 *
 * Here an answer must wait for this process. So a peer detects a frozen or killed daemon by
 * unanswered probes, and not by AdminDown. While this process is late, answers wait in the socket.
 * So the socket is read before a state is read (dp_raw_sbfd_refresh), and no peer is declared down
 * because of our own delay.
 *
 * Differences from the kernel half: the kernel delivers no packets of a VLAN inside the interface,
 * reassembles fragments, and hides IPv4 options from a UDP socket. Rejected: a raw socket for UDP.
 * It receives every UDP packet of the interface, and the kernel would still answer each probe with
 * "port unreachable".
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bfd/bfd_socket.h"
#include "bfd/sbfd_socket.h"
#include "core/addr.h"
#include "datapath/raw.h"
#include "datapath/sbfd_entry.h"
#include "sbfd_watch.h"

/* Limit of bursts when the queued answers are read: more than the socket's buffer can hold. */
#define MAX_BURSTS  64

#define UDP_HEADER  8
#define IPV4_HEADER 20
#define IPV6_HEADER 40

struct raw_reflector {
	struct raw_reflector *next;
	struct dp_sbfd *table;
	struct loop_source src;
	uint32_t ifindex;
	int family;
	unsigned int users; /* entries */
};

static void count(struct dp_sbfd *t, const struct bfd_datagram *d, enum bfd_refusal refusal)
{
	uint32_t header = ipaddr_is_v4(&d->from) ? IPV4_HEADER : IPV6_HEADER;

	raw_count(t->dp->raw, HF_V_BFD + refusal, &d->from, d->len + UDP_HEADER + header,
		  loop_clock());
}

static enum bfd_refusal judge(const struct datapath_sbfd *s, const struct bfd_datagram *d,
			      bool is_probe, struct bfd_packet *pkt)
{
	const struct sbfd_datagram udp = {
	    .len = d->len, .source_port = d->from_port, .ttl = d->ttl, .min_ttl = s->cfg.min_ttl};

	return sbfd_judge(d->data, d->data + sizeof(d->data), &udp, &s->cfg, is_probe, pkt);
}

/* In the raw mode this process writes the record. */
static struct hf_sbfd_state *record_of(const struct datapath_sbfd *s)
{
	return (struct hf_sbfd_state *)(uintptr_t)&s->table->states[dp_sbfd_slot(s)];
}

/* --- reflector -------------------------------------------------------------------------------*/

/* Sends the answer. It has the length of a control packet, even if the probe is longer. */
static void answer(const struct raw_reflector *r, const struct datapath_sbfd *s,
		   struct bfd_datagram *d)
{
	enum bfd_state gate =
	    sbfd_gate_state(s->table->gate->alive_ns, s->cfg.gate_ns, (uint64_t)loop_clock().ns);

	sbfd_reflect(d->data, gate);
	d->data[BFD_OFF_LENGTH] = BFD_LEN;
	sbfd_socket_answer(r->src.fd, &d->to, &d->from, d->from_port, d->data, BFD_LEN);
}

/* The entry of the sender, else the entry for all senders: 0.0.0.0 or ::. */
static const struct datapath_sbfd *entry_of(const struct raw_reflector *r,
					    const struct bfd_datagram *d)
{
	struct hf_sbfd_key key = {.ifindex = r->ifindex, .address = d->from};
	const struct datapath_sbfd *s = dp_sbfd_find(r->table, &key);

	if (s)
		return s;
	if (r->family == AF_INET)
		memset(key.address.b + 12, 0, 4);
	else
		memset(key.address.b, 0, sizeof(key.address.b));
	return dp_sbfd_find(r->table, &key);
}

static void on_probe(struct raw_reflector *r, struct bfd_datagram *d)
{
	const struct datapath_sbfd *s = entry_of(r, d);
	enum bfd_refusal refusal = BFD_R_SOURCE;
	struct bfd_packet pkt = {0};

	if (s && !ipaddr_equal(&s->cfg.address, &d->to))
		return;
	if (s)
		refusal = judge(s, d, true, &pkt);
	count(r->table, d, refusal);
	if (refusal != BFD_ACCEPTED)
		return;
	sbfd_note_probe(record_of(s), &pkt, (uint64_t)loop_clock().ns);
	answer(r, s, d);
}

static void on_probes(struct loop_source *src, uint32_t ready)
{
	struct bfd_datagram got[BFD_SOCKET_BURST];
	int n = bfd_socket_receive(src->fd, got);

	(void)ready;
	for (int i = 0; i < n; i++)
		on_probe(src->ctx, &got[i]);
}

static struct raw_reflector *reflector_find(const struct dp_sbfd *t, uint32_t ifindex, int family)
{
	struct raw_reflector *r = t->reflectors;

	while (r && (r->ifindex != ifindex || r->family != family))
		r = r->next;
	return r;
}

/* Opens a reflector and adds it to the list. NULL with errno. */
static struct raw_reflector *reflector_create(struct dp_sbfd *t, uint32_t ifindex, int family)
{
	struct raw_reflector *r = calloc(1, sizeof(*r)); /* owner: the table's list */
	int err = r ? sbfd_socket_reflect(family, ifindex) : -ENOMEM;

	if (err >= 0) {
		r->src = (struct loop_source){
		    .fd = err, .fn = on_probes, .ctx = r, .name = "raw sbfd probes"};
		err = loop_add(t->dp->loop, &r->src, EPOLLIN);
		if (err < 0)
			close(r->src.fd);
	}
	if (err < 0) {
		free(r);
		errno = -err;
		return NULL;
	}
	r->table = t;
	r->ifindex = ifindex;
	r->family = family;
	r->next = t->reflectors;
	t->reflectors = r;
	return r;
}

static void reflector_destroy(struct raw_reflector *r)
{
	struct raw_reflector **at = &r->table->reflectors;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	loop_remove(r->table->dp->loop, &r->src);
	close(r->src.fd);
	free(r);
}

int dp_raw_sbfd_reflect(struct datapath_sbfd *s)
{
	int family = ipaddr_family(&s->key.address);
	struct raw_reflector *r = reflector_find(s->table, s->key.ifindex, family);

	if (!r)
		r = reflector_create(s->table, s->key.ifindex, family);
	if (!r)
		return -errno;
	r->users++;
	s->reflector = r;
	return 0;
}

void dp_raw_sbfd_end(struct datapath_sbfd *s)
{
	dp_raw_sbfd_listen(s, -1);
	s->has_news = false;
	if (s->reflector && --s->reflector->users == 0)
		reflector_destroy(s->reflector);
	s->reflector = NULL;
}

/* --- answers to our probes -------------------------------------------------------------------*/

static void on_answer(struct datapath_sbfd *s, const struct bfd_datagram *d)
{
	struct loop *loop = s->table->dp->loop;
	struct bfd_packet pkt = {0};
	enum bfd_refusal refusal;

	if (d->from_port != SBFD_PORT || !ipaddr_equal(&d->from, &s->key.address))
		return;
	refusal = judge(s, d, false, &pkt);
	count(s->table, d, refusal);
	if (refusal != BFD_ACCEPTED ||
	    !sbfd_note_answer(record_of(s), &s->cfg, &pkt, (uint64_t)loop_clock().ns))
		return;
	/* The owner is told in a later turn, because it may be reading the state at this moment. */
	s->has_news = true;
	loop_arm(loop, &s->table->deliver, loop_now(loop));
}

/* Reads one burst. Returns false if no more answers are queued. */
static bool answers_read(struct datapath_sbfd *s)
{
	struct bfd_datagram got[BFD_SOCKET_BURST];
	int n = bfd_socket_receive(s->answers.fd, got);

	for (int i = 0; i < n; i++)
		on_answer(s, &got[i]);
	return n == BFD_SOCKET_BURST;
}

static void on_answers(struct loop_source *src, uint32_t ready)
{
	(void)ready;
	answers_read(src->ctx);
}

void dp_raw_sbfd_refresh(struct datapath_sbfd *s)
{
	struct mono now = loop_now(s->table->dp->loop);

	if (s->answers.fd < 0 || s->drained.ns == now.ns)
		return;
	s->drained = now;
	for (int i = 0; i < MAX_BURSTS && answers_read(s); i++)
		;
}

int dp_raw_sbfd_listen(struct datapath_sbfd *s, int fd)
{
	struct loop *loop = s->table->dp->loop;
	int err;

	if (s->answers.fd >= 0)
		loop_remove(loop, &s->answers);
	s->answers.fd = -1;
	if (fd < 0)
		return 0;
	err = sbfd_socket_receive_answers(fd, ipaddr_family(&s->key.address));
	if (err < 0)
		return err;
	s->answers =
	    (struct loop_source){.fd = fd, .fn = on_answers, .ctx = s, .name = "raw sbfd answers"};
	err = loop_add(loop, &s->answers, EPOLLIN);
	if (err < 0)
		s->answers.fd = -1;
	return err;
}

/* --- the table -------------------------------------------------------------------------------*/

static void deliver(struct loop_timer *timer)
{
	struct dp_sbfd *t = timer->ctx;

	for (uint32_t i = 0; i < t->end; i++) {
		struct datapath_sbfd *s = &t->entries[i];
		bool has_news = s->has_news;

		s->has_news = false;
		if (has_news && s->used)
			s->fn(s->owner);
	}
}

void dp_raw_sbfd_open(struct dp_sbfd *t)
{
	t->deliver = (struct loop_timer){.fn = deliver, .ctx = t, .name = "raw sbfd news"};
	for (uint32_t i = 0; i < HF_MAX_SBFD; i++)
		t->entries[i].answers.fd = -1;
}

void dp_raw_sbfd_close(struct dp_sbfd *t)
{
	for (uint32_t i = 0; i < t->end; i++)
		dp_raw_sbfd_end(&t->entries[i]);
	loop_disarm(t->dp->loop, &t->deliver);
}
