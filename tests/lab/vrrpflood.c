// SPDX-License-Identifier: BSD-2-Clause
/*
 * vrrpflood sends forged adverts, forged BFD packets, or datagrams of clients as fast as one CPU
 * can, for the lab. It builds a batch of frames
 * once, each forged in another way, and sends the batch again and again with sendmmsg() on a packet
 * socket that bypasses the queueing discipline. On a veth pair the CPU of the sender also does the
 * work of the receiver with its XDP program. The rate printed at the end is that of both together.
 *
 * Rejected: XDP live frames. They are twice as fast, but only if the peer has native XDP, which the
 * daemon for comparison does not have.
 *
 * Links: user/bfd/bfd_codec.c
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../bpf/datagram.h"
#include "advert_way.h"
#include "core/mono.h"

#define BATCH 64 /* frames in one system call */

enum forgery {
	WRONG_VRID,
	WRONG_SOURCE,
	WRONG_TTL,
	WRONG_CHECKSUM,
	WRONG_PASSWORD,
	WRONG_HMAC,
	FORGED_BFD,    /* "Down" of a BFD session of the target */
	FORGED_ANSWER, /* "AdminDown", as the answer to an S-BFD probe of the target */
	CLIENT_UDP,    /* not forged: a datagram to the address `to` */
	FORGERIES
};

static const char *const forgery_names[] = {"vrid", "source", "ttl",  "checksum", "password",
					    "hmac", "bfd",    "sbfd", "udp"};

struct options {
	struct advert_way way;
	unsigned int forgeries; /* bits 1 << enum forgery */
	unsigned int vrid, vrid_v2, seconds;
};

static const char usage_text[] =
    "usage: vrrpflood --dev DEV --mac TARGET --from MASTER --to TARGET --kind KIND[,KIND...]\n"
    "                 [--vrid N] [--vrid-v2 N] [--seconds N]\n"
    "  KIND is vrid, source, ttl, checksum, password or hmac; forged are adverts of MASTER (an\n"
    "  IPv4 address), version 3 of --vrid, and for `password` version 2 of --vrid-v2; `hmac` has\n"
    "  a trailer of key 1 in which all but the HMAC is right. `bfd` and `sbfd` are packets of\n"
    "  MASTER in which all but the discriminator is right; `udp` are datagrams of many clients\n"
    "  prints the number of frames sent and the seconds that took\n";

static volatile sig_atomic_t stop;

static void on_signal(int signo)
{
	(void)signo;
	stop = 1;
}

static struct mono now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (struct mono){ts.tv_sec * NS_PER_S + ts.tv_nsec};
}

/* A BFD packet that would end a session of the target if the discriminator were right. */
static struct frame forge_bfd(const struct options *opt, bool answer, unsigned int n)
{
	struct datagram d = {.src = opt->way.from,
			     .dst = opt->way.to,
			     .sport = answer ? SBFD_PORT : (uint16_t)(49152 + n),
			     .dport = answer ? (uint16_t)(49152 + n) : BFD_PORT_SINGLE_HOP,
			     .ttl = 255,
			     .bfd = {.my_discr = 0xc000020b,
				     .your_discr = 0x5eed0000 + n,
				     .min_tx_us = 10000,
				     .min_rx_us = 10000,
				     .state = answer ? BFD_ADMIN_DOWN : BFD_DOWN,
				     .multiplier = 3}};

	return frame_of(&d);
}

static struct frame client_datagram(const struct options *opt, unsigned int n)
{
	char source[INET_ADDRSTRLEN];
	struct traffic t = {.dst = opt->way.to, .protocol = 17, .payload = 18};

	snprintf(source, sizeof(source), "198.51.100.%u", 1 + n);
	t.src = source;
	return frame_traffic(&t);
}

/* An advert of higher priority, which the target would follow, except for the forged part. */
static struct frame forge_advert(const struct options *opt, enum forgery kind, unsigned int n)
{
	static const struct hmac_key guessed;
	char source[INET_ADDRSTRLEN];
	struct advert a = {.src = opt->way.from,
			   .dst = opt->way.to,
			   .version = 3,
			   .type = VRRP_TYPE_ADVERT,
			   .vrid = (uint8_t)opt->vrid,
			   .priority = (uint8_t)(n % 2 ? 254 : 0),
			   .count = 1,
			   .interval = 1,
			   .form = HF_CSUM_PSEUDO,
			   .ttl = VRRP_TTL};
	struct frame f;

	snprintf(source, sizeof(source), "198.51.100.%u", 1 + n);
	switch (kind) {
	case WRONG_VRID:
		a.vrid = (uint8_t)(100 + n);
		a.src = source;
		break;
	case WRONG_SOURCE:
		a.src = source;
		break;
	case WRONG_TTL:
		a.ttl = 3;
		break;
	case WRONG_PASSWORD:
		a.version = 2;
		a.vrid = (uint8_t)opt->vrid_v2;
		a.auth_type = VRRP_AUTH_PASS;
		a.password = "guessed";
		break;
	case WRONG_HMAC: /* newer than the genuine one, so that anti-replay does not refuse it */
		a.key = &guessed;
		a.key_id = 1;
		a.sequence = ((uint64_t)time(NULL) + 3) << 32 | n;
		break;
	default:
		break;
	}
	f = frame_advert(&a);
	if (kind == WRONG_CHECKSUM)
		f.b[f.len - 1] ^= (uint8_t)(1 + n);
	return f;
}

static struct frame forge(const struct options *opt, enum forgery kind, unsigned int n)
{
	struct frame f;

	if (kind == CLIENT_UDP)
		f = client_datagram(opt, n);
	else if (kind == FORGED_BFD || kind == FORGED_ANSWER)
		f = forge_bfd(opt, kind == FORGED_ANSWER, n);
	else
		f = forge_advert(opt, kind, n);
	memcpy(f.b, &opt->way.mac, ETH_ALEN);
	return f;
}

/* A packet socket that sends on `dev` without the queueing discipline. Descriptor or -1 with errno.
 */
static int open_socket(const char *dev)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(dev)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || at.sll_ifindex == 0)
		return -1;
	if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -1;
	return fd;
}

static void fill(const struct options *opt, struct frame frames[BATCH])
{
	unsigned int kind = 0;

	for (unsigned int i = 0; i < BATCH; i++) {
		while (!(opt->forgeries & 1u << kind % FORGERIES))
			kind++;
		frames[i] = forge(opt, kind % FORGERIES, i);
		kind++;
	}
}

static int flood(const struct options *opt, int fd)
{
	static struct frame frames[BATCH];
	struct mmsghdr msgs[BATCH] = {0};
	struct iovec iov[BATCH];
	struct mono began = now(), until = mono_add(began, opt->seconds * NS_PER_S);
	uint64_t sent = 0;
	time_t filled = 0;

	fill(opt, frames);
	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){frames[i].b, frames[i].len};
		msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
	}
	while (!stop && mono_before(now(), until)) {
		int n;

		if (filled != time(NULL)) { /* a trailer has its time in it */
			fill(opt, frames);
			filled = time(NULL);
		}
		n = sendmmsg(fd, msgs, BATCH, 0);
		if (n > 0)
			sent += (uint64_t)n;
		else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			return -1;
	}
	printf("%llu %.3f\n", (unsigned long long)sent,
	       (double)mono_diff_ns(now(), began) / (double)NS_PER_S);
	return 0;
}

static int parse_kinds(struct options *opt, char *list)
{
	char *save = NULL;

	for (char *word = strtok_r(list, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		unsigned int kind = 0;

		while (kind < FORGERIES && strcmp(word, forgery_names[kind]) != 0)
			kind++;
		if (kind == FORGERIES)
			return -1;
		opt->forgeries |= 1u << kind;
	}
	return 0;
}

static int parse_options(struct options *opt, int argc, char **argv)
{
	static const struct option names[] = {ADVERT_WAY_OPTIONS,
					      {"kind", required_argument, NULL, 'k'},
					      {"vrid", required_argument, NULL, 'v'},
					      {"vrid-v2", required_argument, NULL, '2'},
					      {"seconds", required_argument, NULL, 's'},
					      {0}};
	int c, err = 0;

	while (!err && (c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (advert_way_option(&opt->way, c, optarg))
			continue;
		if (c == 'k')
			err = parse_kinds(opt, optarg);
		else if (c == 'v')
			opt->vrid = (unsigned int)atoi(optarg);
		else if (c == '2')
			opt->vrid_v2 = (unsigned int)atoi(optarg);
		else if (c == 's')
			opt->seconds = (unsigned int)atoi(optarg);
		else
			err = -1;
	}
	return err || !advert_way_is_complete(&opt->way) || !opt->forgeries ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct options opt = {.vrid = 10, .vrid_v2 = 20, .seconds = 5};
	struct sigaction sa = {.sa_handler = on_signal};
	int fd;

	if (parse_options(&opt, argc, argv) < 0) {
		fputs(usage_text, stderr);
		return 2;
	}
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	fd = open_socket(opt.way.dev);
	if (fd < 0 || flood(&opt, fd) < 0) {
		fprintf(stderr, "vrrpflood: %s: %s\n", opt.way.dev, strerror(errno));
		return 1;
	}
	close(fd);
	return 0;
}
