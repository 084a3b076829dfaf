// SPDX-License-Identifier: BSD-2-Clause
/*
 * The data path where BPF is refused: raw sockets, and in this process what the kernel half does
 * elsewhere. It owns the states, the verdicts and a socket for each interface and family; checking
 * and judging are the very functions that the programs are compiled from. What it cannot do: keep a
 * forged advert from other readers, count traffic, watch while we are stopped, or refuse fragments,
 * which the kernel has put together before.
 *
 * Adverts wait in the socket while we were stopped, and the state must not be read before them:
 * whoever reads it has them taken in first (dp_raw_drain). What they make known is delivered
 * later, from the loop, never from within a reader.
 *
 * Rejected: packet sockets, which see every packet of the interface.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "datapath/internal.h"
#include "vrrp_advert.h"
#include "vrrp_rules.h"

#define RAW_MAX_LANS   (2 * DP_MAX_INTERFACES)
#define RAW_EVENTS     1024 /* some for each of many instances; lost ones are counted */
#define RAW_PACKET_MAX (60 + VRRP_MAX_LEN + VRRP_V2_AUTH_LEN + 1) /* one octet tells of more */
#define RAW_A_DRAIN    256 /* packets taken in at once: some 200 us */
#define NO_SLOT	       UINT16_MAX
#define JITTER_SHIFT   4 /* as in bpf/advert.bpf.h */

struct raw_lan { /* one interface, one family */
	struct loop_source src;
	struct dp_raw *raw;
	uint32_t ifindex;
	uint8_t family;
	unsigned int n_slots;
	uint16_t slots[256]; /* by VRID */
};

struct dp_raw {
	struct datapath *dp;
	struct hf_inst_state *states; /* HF_MAX_INSTANCES */
	struct hf_verdict verdicts[HF_V_MAX];
	struct raw_lan *lans[RAW_MAX_LANS];
	unsigned int n_lans;
	struct hf_event events[RAW_EVENTS];
	unsigned int n_events;
	struct loop_timer deliver;
	struct mono drained; /* the turn in which the sockets were last read */
};

/* What came with a packet. */
struct raw_packet {
	const uint8_t *msg, *end;
	struct vrrp_packet ip;
	bool options;
};

/* --- one advert --- */

static void verdict_count(struct dp_raw *raw, const struct raw_packet *p,
			  enum hf_verdict_reason reason, struct mono now)
{
	struct hf_verdict *v = &raw->verdicts[reason];

	__atomic_store_n(&v->packets, v->packets + 1, __ATOMIC_RELAXED);
	v->bytes += p->ip.len;
	if (reason == HF_V_ACCEPTED)
		return;
	v->last_source = p->ip.source;
	v->last_ns = (uint64_t)now.ns;
}

static void event_queue(struct dp_raw *raw, struct hf_inst_state *st, const struct hf_event *ev)
{
	if (raw->n_events == RAW_EVENTS) {
		st->events_lost++;
		return;
	}
	raw->events[raw->n_events++] = *ev;
	if (raw->deliver.slot == 0)
		loop_arm(raw->dp->loop, &raw->deliver, loop_now(raw->dp->loop));
}

static void jitter_note(struct hf_inst_state *st, uint64_t now_ns, uint64_t interval_ns)
{
	int64_t deviation = llabs((int64_t)(now_ns - st->last_rx_ns - interval_ns));

	st->jitter_ns += (uint64_t)((deviation - (int64_t)st->jitter_ns) >> JITTER_SHIFT);
}

static uint64_t life_ns(const struct hf_inst_cfg *cfg, enum vrrp_judgement judgement,
			const struct vrrp_heard *heard)
{
	uint64_t interval_ns = heard->interval_us * 1000ULL;

	return judgement == VRRP_RESIGNED
		   ? vrrp_skew_ns(cfg->version, cfg->priority, interval_ns)
		   : vrrp_down_ns(cfg->version, cfg->priority, cfg->down_adverts, interval_ns);
}

/* Writes what a judged advert changes, as advert_act() of the kernel half. */
static void state_note(struct dp_slot *slot, struct hf_inst_state *st, const struct ipaddr *source,
		       const struct vrrp_heard *heard, enum vrrp_judgement judgement,
		       uint64_t now_ns)
{
	uint64_t deadline_ns = now_ns + life_ns(&slot->cfg, judgement, heard);

	if (judgement != VRRP_RESIGNED)
		st->last_rx_ns = now_ns;
	st->master = *source;
	st->priority = heard->priority;
	st->interval_us = heard->interval_us;
	st->checksum_form = heard->checksum_form;
	if (judgement == VRRP_REFRESH ||
	    (judgement == VRRP_RESIGNED && (int64_t)(deadline_ns - st->deadline_ns) < 0)) {
		st->deadline_ns = deadline_ns;
		dp_slot_deadline_moved(slot);
	}
}

/* As list_note() of the kernel half. */
static bool list_note(struct hf_inst_state *st, const struct ipaddr *source,
		      const struct vrrp_heard *heard, uint64_t now_ns)
{
	bool news = vrrp_list_is_news(st->list_differed_ns, now_ns, heard->interval_us);

	st->lists_differed++;
	st->list_differed_ns = now_ns;
	st->list_source = *source;
	st->list_count = heard->count;
	return news;
}

static void advert_act(struct dp_raw *raw, uint16_t number, const struct ipaddr *source,
		       const struct vrrp_heard *heard, struct mono now)
{
	struct dp_slot *slot = &raw->dp->slots[number];
	struct hf_inst_state *st = &raw->states[number];
	const struct hf_inst_cfg *cfg = &slot->cfg;
	struct vrrp_self self = {.role = cfg->role,
				 .priority = cfg->priority,
				 .preempt = cfg->preempt,
				 .down_adverts = cfg->down_adverts,
				 .address = cfg->address};
	bool news = !vrrp_address_equal(&st->master, source) || st->priority != heard->priority ||
		    st->interval_us != heard->interval_us;
	struct hf_event ev = {.at_ns = (uint64_t)now.ns,
			      .slot = number,
			      .generation = cfg->generation,
			      .interval_us = heard->interval_us,
			      .type = HF_EV_LIST,
			      .priority = heard->priority,
			      .count = heard->count,
			      .source = *source};
	enum vrrp_judgement judgement;

	if (self.role == VRRP_ROLE_OFF)
		return;
	st->adverts++;
	if (heard->list_differs && list_note(st, source, heard, (uint64_t)now.ns))
		event_queue(raw, st, &ev);
	judgement = vrrp_judge(&self, heard->priority, source);
	if (judgement == VRRP_IGNORE)
		return;
	if (judgement == VRRP_REFRESH && !news)
		jitter_note(st, (uint64_t)now.ns, heard->interval_us * 1000ULL);
	state_note(slot, st, source, heard, judgement, (uint64_t)now.ns);
	if (!vrrp_wakes_user(judgement, news))
		return;
	ev.type = HF_EV_ADVERT;
	ev.judgement = (uint8_t)judgement;
	ev.deadline_ns = st->deadline_ns;
	event_queue(raw, st, &ev);
}

static const struct hf_peer *peer_of(const struct dp_slot *slot, const struct ipaddr *source)
{
	for (uint32_t i = 0; i < slot->n_peers; i++) {
		if (vrrp_address_equal(&slot->peers[i].address, source))
			return &slot->peers[i].rules;
	}
	return NULL;
}

static void advert_receive(struct raw_lan *lan, const struct raw_packet *p, struct mono now)
{
	struct dp_raw *raw = lan->raw;
	enum hf_verdict_reason reason = HF_V_IP_OPTIONS;
	struct vrrp_heard heard = {0};
	const struct hf_peer *peer = NULL;
	const struct dp_slot *slot;
	uint16_t number;

	if (p->msg + VRRP_OFF_VRID >= p->end) {
		verdict_count(raw, p, HF_V_TRUNCATED, now);
		return;
	}
	number = lan->slots[p->msg[VRRP_OFF_VRID]];
	if (number == NO_SLOT) {
		verdict_count(raw, p, HF_V_UNKNOWN_VRID, now);
		return;
	}
	slot = &raw->dp->slots[number];
	if (slot->cfg.flags & HF_CFG_CHECK_SOURCE || !(slot->cfg.flags & HF_CFG_MULTICAST))
		peer = peer_of(slot, &p->ip.source);
	if (!p->options)
		reason = vrrp_advert_check(p->msg, p->end, &p->ip, &slot->cfg, peer, &heard);
	verdict_count(raw, p, reason, now);
	if (reason == HF_V_ACCEPTED)
		advert_act(raw, number, &p->ip.source, &heard, now);
}

/* --- reading --- */

/* An IPv4 raw socket hands the header on with the packet. */
static bool parse_ipv4(const uint8_t *buf, size_t len, size_t whole, struct raw_packet *p)
{
	size_t header = len > 0 ? (buf[0] & 0x0fu) * 4u : 0;

	if (header < sizeof(struct iphdr) || header > len)
		return false;
	ipaddr_from_v4(&p->ip.source, buf + 12);
	ipaddr_from_v4(&p->ip.destination, buf + 16);
	p->ip.ttl = buf[8];
	p->ip.len = (uint32_t)(whole - header);
	p->msg = buf + header;
	p->end = buf + len;
	p->options = header > sizeof(struct iphdr);
	return true;
}

/* An IPv6 one hands on what is behind the header, and tells the rest beside it. */
static bool parse_ipv6(struct msghdr *m, const uint8_t *buf, size_t len, size_t whole,
		       struct raw_packet *p)
{
	const struct sockaddr_in6 *from = m->msg_name;
	bool hops = false, to = false;
	struct in6_pktinfo info;
	int limit;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != IPPROTO_IPV6)
			continue;
		if (c->cmsg_type == IPV6_HOPLIMIT) {
			memcpy(&limit, CMSG_DATA(c), sizeof(limit));
			p->ip.ttl = (uint8_t)limit;
			hops = true;
		} else if (c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			memcpy(p->ip.destination.b, &info.ipi6_addr, 16);
			to = true;
		} else {
			p->options = true; /* an extension header */
		}
	}
	memcpy(p->ip.source.b, &from->sin6_addr, 16);
	p->ip.len = (uint32_t)whole;
	p->msg = buf;
	p->end = buf + len;
	return hops && to;
}

/* Takes in one packet. False: none is waiting. */
static bool lan_read(struct raw_lan *lan)
{
	uint8_t buf[RAW_PACKET_MAX];
	union {
		struct cmsghdr align;
		uint8_t room[512];
	} control;
	struct sockaddr_in6 from = {0};
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr m = {.msg_name = &from,
			   .msg_namelen = sizeof(from),
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.room,
			   .msg_controllen = sizeof(control.room)};
	ssize_t whole = recvmsg(lan->src.fd, &m, MSG_DONTWAIT | MSG_TRUNC);
	size_t len = (size_t)whole < sizeof(buf) ? (size_t)whole : sizeof(buf);
	struct raw_packet p = {0};
	bool parsed;

	if (whole < 0)
		return false;
	parsed = lan->family == 4 ? parse_ipv4(buf, len, (size_t)whole, &p)
				  : parse_ipv6(&m, buf, len, (size_t)whole, &p);
	if (parsed)
		advert_receive(lan, &p, loop_clock());
	return true;
}

static void lan_drain(struct raw_lan *lan)
{
	for (int i = 0; i < RAW_A_DRAIN && lan_read(lan); i++)
		;
}

void dp_raw_drain(struct dp_raw *raw)
{
	struct mono now = loop_now(raw->dp->loop);

	if (raw->drained.ns == now.ns)
		return;
	raw->drained = now;
	for (unsigned int i = 0; i < raw->n_lans; i++)
		lan_drain(raw->lans[i]);
}

static void on_readable(struct loop_source *src, uint32_t ready)
{
	(void)ready;
	lan_drain(src->ctx);
}

/* In a turn of its own: what is told here may have the state read again. */
static void deliver(struct loop_timer *timer)
{
	struct dp_raw *raw = timer->ctx;
	struct datapath *dp = raw->dp;

	for (unsigned int i = 0; i < raw->n_events; i++) {
		struct hf_event ev = raw->events[i];
		const struct dp_slot *slot = &dp->slots[ev.slot];

		if (slot->claimed && slot->cfg.generation == ev.generation)
			dp->fn(dp->ctx, &ev);
	}
	raw->n_events = 0;
}

/* --- sockets --- */

static int set_options(int fd, uint8_t family, uint32_t ifindex)
{
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &ifindex, sizeof(ifindex)) < 0)
		return -1;
	if (family == 4)
		return 0;
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPOPTS, &on, sizeof(on)) < 0)
		return -1;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_RECVDSTOPTS, &on, sizeof(on));
}

static int socket_open(uint8_t family, uint32_t ifindex)
{
	int fd = socket(family == 4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			VRRP_IPPROTO);
	int err;

	if (fd < 0)
		return -errno;
	if (set_options(fd, family, ifindex) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* A new entry with its socket in the loop. NULL with errno. */
static struct raw_lan *lan_create(struct dp_raw *raw, const struct hf_inst_key *key)
{
	struct raw_lan *lan = calloc(1, sizeof(*lan)); /* owner: raw->lans */
	int err = -ENOMEM;

	if (!lan || raw->n_lans == RAW_MAX_LANS)
		goto out;
	lan->raw = raw;
	lan->ifindex = key->ifindex;
	lan->family = key->family;
	memset(lan->slots, 0xff, sizeof(lan->slots));
	err = socket_open(key->family, key->ifindex);
	if (err < 0)
		goto out;
	lan->src =
	    (struct loop_source){.fd = err, .fn = on_readable, .ctx = lan, .name = "raw adverts"};
	err = loop_add(raw->dp->loop, &lan->src, EPOLLIN);
	if (err == 0) {
		raw->lans[raw->n_lans++] = lan;
		return lan;
	}
	close(lan->src.fd);
out:
	free(lan);
	errno = -err;
	return NULL;
}

static void lan_destroy(struct dp_raw *raw, unsigned int index)
{
	struct raw_lan *lan = raw->lans[index];

	loop_remove(raw->dp->loop, &lan->src);
	close(lan->src.fd);
	free(lan);
	raw->lans[index] = raw->lans[--raw->n_lans];
}

static int lan_find(const struct dp_raw *raw, const struct hf_inst_key *key)
{
	for (unsigned int i = 0; i < raw->n_lans; i++) {
		if (raw->lans[i]->ifindex == key->ifindex && raw->lans[i]->family == key->family)
			return (int)i;
	}
	return -1;
}

int dp_raw_index(struct dp_raw *raw, const struct hf_inst_key *key, uint32_t slot)
{
	int at = lan_find(raw, key);
	struct raw_lan *lan = at >= 0 ? raw->lans[at] : lan_create(raw, key);

	if (!lan)
		return -errno;
	lan->n_slots += lan->slots[key->vrid] == NO_SLOT;
	lan->slots[key->vrid] = (uint16_t)slot;
	raw->states[slot] = (struct hf_inst_state){0};
	return 0;
}

void dp_raw_unindex(struct dp_raw *raw, const struct hf_inst_key *key)
{
	int at = lan_find(raw, key);

	if (at < 0 || raw->lans[at]->slots[key->vrid] == NO_SLOT)
		return;
	raw->lans[at]->slots[key->vrid] = NO_SLOT;
	if (--raw->lans[at]->n_slots == 0)
		lan_destroy(raw, (unsigned int)at);
}

bool dp_raw_find(const struct dp_raw *raw, const struct hf_inst_key *key, uint32_t *slot)
{
	int at = lan_find(raw, key);

	if (at < 0 || raw->lans[at]->slots[key->vrid] == NO_SLOT)
		return false;
	*slot = raw->lans[at]->slots[key->vrid];
	return true;
}

/* --- the rest of what the kernel half does --- */

void dp_raw_arm(struct dp_raw *raw, uint32_t slot, uint32_t generation, uint64_t delay_ns)
{
	struct hf_inst_state *st = &raw->states[slot];

	st->master = (struct ipaddr){0};
	st->priority = 0;
	st->interval_us = 0;
	st->down_ns = 0;
	st->generation = generation;
	st->deadline_ns = (uint64_t)loop_clock().ns + delay_ns;
}

void dp_raw_verdict(const struct dp_raw *raw, uint32_t reason, struct hf_verdict *out)
{
	*out = raw->verdicts[reason];
}

int dp_raw_open(struct datapath *dp)
{
	struct dp_raw *raw = calloc(1, sizeof(*raw)); /* owner: dp */

	if (!raw)
		return -ENOMEM;
	raw->states = calloc(HF_MAX_INSTANCES, sizeof(*raw->states)); /* owner: raw */
	if (!raw->states) {
		free(raw);
		return -ENOMEM;
	}
	raw->dp = dp;
	raw->deliver = (struct loop_timer){.fn = deliver, .ctx = raw, .name = "raw events"};
	dp->raw = raw;
	dp->state = raw->states;
	dp->bpf_timer = false;
	return 0;
}

void dp_raw_close(struct datapath *dp)
{
	if (!dp->raw)
		return;
	loop_disarm(dp->loop, &dp->raw->deliver);
	while (dp->raw->n_lans > 0)
		lan_destroy(dp->raw, 0);
	free(dp->raw->states);
	free(dp->raw);
	dp->raw = NULL;
	dp->state = NULL;
}
