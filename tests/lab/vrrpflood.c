// SPDX-License-Identifier: BSD-2-Clause
/*
 * vrrpflood: forged adverts as fast as one CPU can send them, for the lab. A batch of frames is
 * built once, each wrong in its own way, and sent over and over with sendmmsg() by a packet socket
 * that bypasses the queueing discipline. On a veth pair the receiver's work, XDP program and all,
 * is done by the sender's CPU: the rate printed at the end is what both can do together.
 *
 * Rejected: XDP live frames, which send twice as fast but only where the peer has native XDP, and
 * the daemon that we are compared with has not.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netpacket/packet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../bpf/packet.h"
#include "core/mono.h"

#define BATCH 64 /* frames a system call */

enum forgery { WRONG_VRID, WRONG_SOURCE, WRONG_TTL, WRONG_CHECKSUM, WRONG_PASSWORD, FORGERIES };

static const char *const forgery_names[] = {"vrid", "source", "ttl", "checksum", "password"};

struct options {
	const char *dev, *from, *to;
	struct ether_addr mac;
	unsigned int forgeries; /* bits 1 << enum forgery */
	unsigned int vrid, vrid_v2, seconds;
};

static const char usage_text[] =
    "usage: vrrpflood --dev DEV --mac TARGET --from MASTER --to TARGET --kind KIND[,KIND...]\n"
    "                 [--vrid N] [--vrid-v2 N] [--seconds N]\n"
    "  KIND is vrid, source, ttl, checksum or password; forged are adverts of MASTER (an IPv4\n"
    "  address), version 3 of --vrid, and for `password` version 2 of --vrid-v2\n"
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

/* A better master's advert (it would make the target follow it), but for what is forged. */
static struct frame forge(const struct options *opt, enum forgery kind, unsigned int n)
{
	char source[INET_ADDRSTRLEN];
	struct advert a = {.src = opt->from,
			   .dst = opt->to,
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
	default:
		break;
	}
	f = frame_advert(&a);
	if (kind == WRONG_CHECKSUM)
		f.b[f.len - 1] ^= (uint8_t)(1 + n);
	memcpy(f.b, &opt->mac, ETH_ALEN);
	return f;
}

/* A packet socket that sends on `dev` past the queueing discipline. Descriptor or -1 with errno. */
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

	fill(opt, frames);
	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){frames[i].b, frames[i].len};
		msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
	}
	while (!stop && mono_before(now(), until)) {
		int n = sendmmsg(fd, msgs, BATCH, 0);

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
	static const struct option names[] = {{"dev", required_argument, NULL, 'd'},
					      {"mac", required_argument, NULL, 'm'},
					      {"from", required_argument, NULL, 'f'},
					      {"to", required_argument, NULL, 't'},
					      {"kind", required_argument, NULL, 'k'},
					      {"vrid", required_argument, NULL, 'v'},
					      {"vrid-v2", required_argument, NULL, '2'},
					      {"seconds", required_argument, NULL, 's'},
					      {0}};
	bool mac = false;
	int c, err = 0;

	while (!err && (c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (c == 'd')
			opt->dev = optarg;
		else if (c == 'm')
			mac = ether_aton_r(optarg, &opt->mac) != NULL;
		else if (c == 'f')
			opt->from = optarg;
		else if (c == 't')
			opt->to = optarg;
		else if (c == 'k')
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
	return err || !mac || !opt->dev || !opt->from || !opt->to || !opt->forgeries ? -1 : 0;
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
	fd = open_socket(opt.dev);
	if (fd < 0 || flood(&opt, fd) < 0) {
		fprintf(stderr, "vrrpflood: %s: %s\n", opt.dev, strerror(errno));
		return 1;
	}
	close(fd);
	return 0;
}
