// SPDX-License-Identifier: BSD-2-Clause
/*
 * vrrpmaster is the master of VRIDs 1 to N. It falls silent in one VRID after the other, and
 * measures the delay of the target's first advert after the protocol's deadline. The deadline is
 * the time of the last advert plus the master-down time, by the kernel's clock. Then it sends
 * adverts again, and the target steps down. It does not depend on the daemon at the other end, so
 * two daemons can be compared.
 *
 * It runs with a real-time priority, so that its own delays do not change the result. The kernel
 * stamps the received packets, and the program reads the clock directly before it sends.
 *
 * The target's instance of VRID n must have priority 100 and the one address 10.10.0.n.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../bpf/packet.h"
#include "advert_way.h"
#include "core/mono.h"
#include "vrrp_rules.h"

#define MASTER_PRIORITY 200
#define TARGET_PRIORITY 100
#define FIFO_PRIORITY	90
#define SETTLE_NS	(2 * NS_PER_S)	  /* the target is BACKUP of all by then */
#define REST_NS		(130 * NS_PER_MS) /* after a takeover, until the program sends again */
#define HEARD_AFTER	3		  /* adverts: then the target has certainly stepped down */
#define GIVE_UP_NS	(5 * NS_PER_S)	  /* without a takeover it counts as missed */

struct options {
	struct advert_way way;
	unsigned int instances, count, interval_ms, gap_ms;
};

/* One virtual router of which this program is the master. */
struct router {
	struct frame advert;
	struct mono next; /* its next advert; unset while it is silent */
	struct mono silent_from;
	struct mono last_sent;
	unsigned int spoken; /* adverts since it was silent last */
};

struct run {
	struct options opt;
	int fd;
	struct router routers[256]; /* by VRID */
	unsigned int asked, answered, missed;
	struct mono next_silence;
};

static const char usage_text[] =
    "usage: vrrpmaster --dev DEV --mac TARGET --from MASTER --to TARGET [--instances N]\n"
    "                  [--count N] [--interval MS] [--gap MS]\n"
    "  falls silent --count times, every --gap milliseconds, in one of --instances virtual "
    "routers\n"
    "  prints for each the microseconds from the deadline to the target's first advert, or "
    "`missed`\n";

static struct mono clock_now(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (struct mono){ts.tv_sec * NS_PER_S + ts.tv_nsec};
}

static struct mono now(void)
{
	return clock_now(CLOCK_MONOTONIC);
}

static int64_t down_ns(const struct run *run)
{
	return (int64_t)vrrp_down_ns(3, TARGET_PRIORITY, 3,
				     (uint64_t)(run->opt.interval_ms * NS_PER_MS));
}

static struct frame advert_of(const struct options *opt, unsigned int vrid)
{
	char address[INET_ADDRSTRLEN];
	struct advert a = {.src = opt->way.from,
			   .dst = opt->way.to,
			   .version = 3,
			   .type = VRRP_TYPE_ADVERT,
			   .vrid = (uint8_t)vrid,
			   .priority = MASTER_PRIORITY,
			   .count = 1,
			   .address = address,
			   .interval = (uint16_t)(opt->interval_ms / 10),
			   .form = HF_CSUM_PSEUDO,
			   .ttl = VRRP_TTL};
	struct frame f;

	snprintf(address, sizeof(address), "10.10.0.%u", vrid);
	f = frame_advert(&a);
	memcpy(f.b, &opt->way.mac, ETH_ALEN);
	return f;
}

/* A packet socket on `dev` with timestamps. Descriptor or -1 with errno. */
static int open_socket(const char *dev)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETHERTYPE_IP),
				 .sll_ifindex = (int)if_nametoindex(dev)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0 || at.sll_ifindex == 0)
		return -1;
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -1;
	return fd;
}

/* --- sending --- */

static struct router *next_due(struct run *run)
{
	struct router *first = NULL;

	for (unsigned int vrid = 1; vrid <= run->opt.instances; vrid++) {
		struct router *r = &run->routers[vrid];

		if (mono_is_set(r->next) && (!first || mono_before(r->next, first->next)))
			first = r;
	}
	return first;
}

static bool time_for_silence(struct run *run, struct mono at)
{
	if (run->asked == run->opt.count || mono_before(at, run->next_silence))
		return false;
	run->next_silence = mono_add(run->next_silence, run->opt.gap_ms * NS_PER_MS);
	return true;
}

/* When it is time to fall silent in a VRID, the VRID that sent last is used. */
static void speak(struct run *run, struct router *r)
{
	struct mono at = now();

	if (send(run->fd, r->advert.b, r->advert.len, 0) < 0)
		return; /* the queue is full: again at once */
	r->last_sent = at;
	r->next = mono_add(r->next, run->opt.interval_ms * NS_PER_MS);
	if (mono_before(r->next, at))
		r->next = mono_add(at, run->opt.interval_ms * NS_PER_MS);
	if (++r->spoken > HEARD_AFTER && time_for_silence(run, at)) {
		run->asked++;
		r->silent_from = at;
		r->next = MONO_NEVER;
	}
}

/* --- receiving --- */

/* When the kernel received it, by CLOCK_MONOTONIC. */
static struct mono received_at(struct msghdr *m)
{
	struct mono real = clock_now(CLOCK_REALTIME), mono = now();
	struct timespec ts;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		return mono_add(mono, ts.tv_sec * NS_PER_S + ts.tv_nsec - real.ns);
	}
	return mono;
}

static void take_advert(struct run *run, const uint8_t *frame, size_t len, struct mono at)
{
	static const size_t msg = ETH_HLEN + 20;
	struct router *r;

	if (len < msg + VRRP_HDR_LEN || frame[ETH_HLEN + 9] != VRRP_IPPROTO)
		return;
	r = &run->routers[frame[msg + VRRP_OFF_VRID]];
	if (!mono_is_set(r->silent_from) || mono_is_set(r->next))
		return; /* the target has not yet received the new adverts */
	printf("%.3f\n",
	       (double)(mono_diff_ns(at, r->last_sent) - down_ns(run)) / (double)NS_PER_US);
	run->answered++;
	r->next = mono_add(at, REST_NS);
	r->silent_from = MONO_NEVER;
	r->spoken = 0;
}

static void receive(struct run *run)
{
	uint8_t frame[2048];
	union {
		struct cmsghdr align;
		uint8_t room[256];
	} control;

	for (;;) {
		struct iovec iov = {frame, sizeof(frame)};
		struct msghdr m = {.msg_iov = &iov,
				   .msg_iovlen = 1,
				   .msg_control = control.room,
				   .msg_controllen = sizeof(control.room)};
		ssize_t len = recvmsg(run->fd, &m, 0);

		if (len < 0)
			return;
		take_advert(run, frame, (size_t)len, received_at(&m));
	}
}

static void give_up_on_the_overdue(struct run *run)
{
	struct mono at = now();

	for (unsigned int vrid = 1; vrid <= run->opt.instances; vrid++) {
		struct router *r = &run->routers[vrid];

		if (!mono_is_set(r->silent_from) || mono_is_set(r->next) ||
		    mono_diff_ns(at, r->silent_from) < GIVE_UP_NS)
			continue;
		puts("missed");
		run->missed++;
		r->next = at;
		r->silent_from = MONO_NEVER;
		r->spoken = 0;
	}
}

static void measure(struct run *run)
{
	struct mono began = now();

	run->next_silence = mono_add(began, SETTLE_NS);
	for (unsigned int vrid = 1; vrid <= run->opt.instances; vrid++) {
		run->routers[vrid].advert = advert_of(&run->opt, vrid);
		run->routers[vrid].next =
		    mono_add(began, vrid * run->opt.interval_ms * NS_PER_MS / run->opt.instances);
	}
	while (run->answered + run->missed < run->opt.count) {
		struct router *r = next_due(run);
		int64_t wait_ns = r ? mono_diff_ns(r->next, now()) : NS_PER_MS;
		struct pollfd p = {.fd = run->fd, .events = POLLIN};
		struct timespec ts = {0, wait_ns > 0 ? wait_ns % NS_PER_S : 0};

		if (wait_ns > 0 && ppoll(&p, 1, &ts, NULL) > 0)
			receive(run);
		else if (r)
			speak(run, r);
		give_up_on_the_overdue(run);
	}
}

/* --- command line --- */

static int parse_options(struct options *opt, int argc, char **argv)
{
	static const struct option names[] = {ADVERT_WAY_OPTIONS,
					      {"instances", required_argument, NULL, 'n'},
					      {"count", required_argument, NULL, 'c'},
					      {"interval", required_argument, NULL, 'i'},
					      {"gap", required_argument, NULL, 'g'},
					      {0}};
	const struct {
		int c;
		unsigned int *value;
	} numbers[] = {{'n', &opt->instances},
		       {'c', &opt->count},
		       {'i', &opt->interval_ms},
		       {'g', &opt->gap_ms}};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
			if (numbers[i].c == c)
				*numbers[i].value = (unsigned int)atoi(optarg);
		}
		if (!advert_way_option(&opt->way, c, optarg) && c == '?')
			return -1;
	}
	return advert_way_is_complete(&opt->way) && opt->instances - 1 < 255 && opt->count > 0 &&
		       opt->interval_ms >= 10 && opt->interval_ms < 1000
		   ? 0
		   : -1;
}

int main(int argc, char **argv)
{
	static struct run run = {
	    .opt = {.instances = 50, .count = 1000, .interval_ms = 100, .gap_ms = 20}};
	struct sched_param param = {.sched_priority = FIFO_PRIORITY};

	if (parse_options(&run.opt, argc, argv) < 0) {
		fputs(usage_text, stderr);
		return 2;
	}
	run.fd = open_socket(run.opt.way.dev);
	if (run.fd < 0 || sched_setscheduler(0, SCHED_FIFO, &param) < 0) {
		fprintf(stderr, "vrrpmaster: %s: %s\n", run.opt.way.dev, strerror(errno));
		return 1;
	}
	measure(&run);
	close(run.fd);
	return 0;
}
