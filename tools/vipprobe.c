// SPDX-License-Identifier: BSD-2-Clause
/*
 * vipprobe measures what a failover costs a client. `send` sends numbered UDP datagrams to the
 * shared address at a constant rate and reports every datagram without an answer. `answer` runs on
 * the nodes and answers from the shared address with the name of the node. One thread sends at
 * absolute times and reads the answers between them. Rejected: ICMP echo, which does not contain
 * the name of the node and which kernels rate-limit; and a thread for receiving, because no figure
 * depends on the exact arrival time of an answer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netdb.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "vipprobe_count.h"

#define MAX_RATE   100000	     /* a second; beyond it one thread cannot keep the times */
#define MAX_LISTED 1000		     /* printed gaps and switches; the others are counted */
#define GRACE_NS   (200 * NS_PER_MS) /* for the last answers: much more than a round trip */
#define LATE_NS	   (100 * NS_PER_MS) /* an answer after this time is useless to a client */
#define RCVBUF	   (4 * 1024 * 1024) /* for answers that wait while the sender is late */
#define FIFO_PRIO  5		     /* above ordinary processes, below threads of the kernel */

struct options {
	const char *address, *port, *name;
	long rate;
	int64_t duration_ns; /* 0: until a signal, or until the records are full */
	bool json;
};

struct sender {
	struct probe_run run;
	int fd;
	uint32_t run_high, run_low;
	struct mono began;
	int64_t began_unix_ns;
	int64_t worst_late_ns; /* the largest delay of the sender */
	uint32_t send_errors;
};

static volatile sig_atomic_t stop;

static void on_signal(int signo)
{
	(void)signo;
	stop = 1;
}

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static struct mono now_mono(void)
{
	return (struct mono){clock_ns(CLOCK_MONOTONIC)};
}

/* Not SA_RESTART: a signal must end a sleep and a blocking receive. */
static void prepare_process(void)
{
	struct sigaction sa = {.sa_handler = on_signal};
	struct sched_param param = {.sched_priority = FIFO_PRIO};

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	/* If this is not permitted, "sender late" in the report shows the effect. */
	sched_setscheduler(0, SCHED_FIFO, &param);
}

/* A UDP socket connected or bound to the numeric address; -errno, and the reason printed. */
static int open_socket(const struct options *opt, bool bound)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST};
	struct addrinfo *ai = NULL;
	int fd = -1, on = 1, size = RCVBUF, err;

	err = getaddrinfo(opt->address, opt->port, &hints, &ai);
	if (err) {
		fprintf(stderr, "vipprobe: %s port %s: %s\n", opt->address, opt->port,
			gai_strerror(err));
		return -EINVAL;
	}
	fd = socket(ai->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		goto out;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	/* A node that does not serve the shared address may not have it. */
	if (bound && ai->ai_family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
	if (bound && ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof(on));
	err = bound ? bind(fd, ai->ai_addr, ai->ai_addrlen)
		    : connect(fd, ai->ai_addr, ai->ai_addrlen);
out:
	if (fd < 0 || err < 0) {
		err = -errno;
		fprintf(stderr, "vipprobe: %s port %s: %m\n", opt->address, opt->port);
		if (fd >= 0)
			close(fd);
		fd = err;
	}
	freeaddrinfo(ai);
	return fd;
}

/* --- answer --- */

static int run_answer(const struct options *opt)
{
	int fd = open_socket(opt, true);

	if (fd < 0)
		return 1;
	prepare_process();
	while (!stop) {
		uint8_t data[PROBE_LEN + 1];
		struct sockaddr_storage from;
		socklen_t from_len = sizeof(from);
		struct probe_message m;
		ssize_t n =
		    recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &from_len);

		/* An answer to an answer would cause an endless exchange of two probes. */
		if (n < 0 || !probe_decode(data, (size_t)n, &m) || m.node[0])
			continue;
		memcpy(m.node, opt->name, strlen(opt->name) + 1);
		probe_encode(&m, data);
		sendto(fd, data, PROBE_LEN, 0, (struct sockaddr *)&from, from_len);
	}
	close(fd);
	return 0;
}

/* --- send --- */

static void drain_answers(struct sender *s)
{
	uint8_t data[PROBE_LEN + 1];
	struct probe_message m;
	ssize_t n;

	for (;;) {
		n = recv(s->fd, data, sizeof(data), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) /* an ICMP error; its datagram stays lost */
			continue;
		if (probe_decode(data, (size_t)n, &m) && m.run_high == s->run_high &&
		    m.run_low == s->run_low)
			probe_count_answer(&s->run, &m, now_mono());
		else
			s->run.strays++;
	}
}

/* Sends the next datagram; false when the run is full. */
static bool send_next(struct sender *s)
{
	struct probe_message m = {.run_high = s->run_high, .run_low = s->run_low};
	uint8_t data[PROBE_LEN];
	ssize_t n;

	if (!probe_count_sent(&s->run, now_mono(), &m.seq))
		return false;
	probe_encode(&m, data);
	n = send(s->fd, data, sizeof(data), MSG_DONTWAIT);
	if (n <
	    0) /* the socket reports an earlier one's ICMP error once; this one is not sent yet */
		n = send(s->fd, data, sizeof(data), MSG_DONTWAIT);
	s->send_errors += n < 0;
	return true;
}

static void sleep_until(struct mono t)
{
	struct timespec ts = {.tv_sec = t.ns / NS_PER_S, .tv_nsec = t.ns % NS_PER_S};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static void send_all(struct sender *s, int64_t duration_ns)
{
	struct mono due = s->began, last;

	while (!stop && (!duration_ns || mono_diff_ns(due, s->began) < duration_ns)) {
		int64_t late_ns = mono_diff_ns(now_mono(), due);

		if (late_ns < 0) {
			drain_answers(s);
			sleep_until(due);
			continue;
		}
		if (late_ns > s->worst_late_ns)
			s->worst_late_ns = late_ns;
		if (!send_next(s))
			break;
		due = mono_add(due, s->run.interval_ns);
	}
	last = mono_add(now_mono(), GRACE_NS);
	while (s->run.answered < s->run.sent && mono_before(now_mono(), last)) {
		drain_answers(s);
		sleep_until(mono_add(now_mono(), NS_PER_MS));
	}
}

static const char *node_name(const struct sender *s, uint8_t node)
{
	return s->run.nodes[node];
}

static int64_t since_began_us(const struct sender *s, struct mono t)
{
	return mono_diff_ns(t, s->began) / NS_PER_US;
}

static int64_t unix_us(const struct sender *s, struct mono t)
{
	return (s->began_unix_ns + mono_diff_ns(t, s->began)) / NS_PER_US;
}

/* The longest time without an answer, nanoseconds. */
static int64_t longest_gap_ns(const struct sender *s)
{
	struct probe_gap gap;
	int64_t longest = 0;
	uint32_t seq = 0;

	while (probe_next_gap(&s->run, &seq, &gap))
		longest = gap.length_ns > longest ? gap.length_ns : longest;
	return longest;
}

static void print_json_gaps(const struct sender *s)
{
	struct probe_gap gap;
	uint32_t seq = 0, n = 0;

	printf("\"gaps\": [");
	for (; probe_next_gap(&s->run, &seq, &gap); n++) {
		if (n >= MAX_LISTED)
			continue;
		printf("%s{\"start_us\": %" PRId64 ", \"start_mono_ns\": %" PRId64
		       ", \"start_unix_us\": %" PRId64 ", \"length_us\": %" PRId64
		       ", \"lost\": %u, \"open\": %s}",
		       n ? ", " : "", since_began_us(s, gap.start), gap.start.ns,
		       unix_us(s, gap.start), gap.length_ns / NS_PER_US, gap.lost,
		       gap.open ? "true" : "false");
	}
	printf("], \"gaps_not_listed\": %u, ", n > MAX_LISTED ? n - MAX_LISTED : 0);
}

static void print_json_switches(const struct sender *s)
{
	struct probe_switch sw;
	uint32_t seq = 0, n = 0;
	uint8_t node = PROBE_NO_NODE;

	printf("\"switches\": [");
	for (; probe_next_switch(&s->run, &seq, &node, &sw); n++) {
		if (n >= MAX_LISTED)
			continue;
		printf("%s{\"to\": \"%s\", \"seq\": %u, \"at_us\": %" PRId64
		       ", \"at_mono_ns\": %" PRId64 ", \"at_unix_us\": %" PRId64 "}",
		       n ? ", " : "", node_name(s, sw.node), sw.seq, since_began_us(s, sw.at),
		       sw.at.ns, unix_us(s, sw.at));
	}
	printf("], \"switches_not_listed\": %u, ", n > MAX_LISTED ? n - MAX_LISTED : 0);
}

static void print_json(const struct sender *s, const struct options *opt)
{
	const struct probe_run *run = &s->run;

	printf("{\"to\": \"%s\", \"rate\": %ld, \"sent\": %u, \"answered\": %u, \"lost\": %u, ",
	       opt->address, opt->rate, run->sent, run->answered, run->sent - run->answered);
	printf("\"late\": %u, \"duplicates\": %u, \"strays\": %u, \"send_errors\": %u, ", run->late,
	       run->duplicates, run->strays, s->send_errors);
	printf("\"sender_late_us\": %" PRId64 ", \"began_mono_ns\": %" PRId64
	       ", \"began_unix_us\": %" PRId64 ", \"outage_us\": %" PRId64 ", ",
	       s->worst_late_ns / NS_PER_US, s->began.ns, s->began_unix_ns / NS_PER_US,
	       longest_gap_ns(s) / NS_PER_US);
	print_json_gaps(s);
	print_json_switches(s);
	printf("\"nodes\": [");
	for (unsigned int i = 0; i < run->n_nodes; i++)
		printf("%s{\"name\": \"%s\", \"answered\": %u}", i ? ", " : "", run->nodes[i],
		       run->by_node[i]);
	printf("]}\n");
}

/* UTC with microseconds: 09:15:02.123456. */
static void print_clock(int64_t us)
{
	time_t seconds = us / 1000000;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	printf("%02d:%02d:%02d.%06" PRId64 " UTC", tm.tm_hour, tm.tm_min, tm.tm_sec, us % 1000000);
}

static void print_text(const struct sender *s)
{
	const struct probe_run *run = &s->run;
	struct probe_gap gap;
	struct probe_switch sw;
	uint8_t node = PROBE_NO_NODE;
	uint32_t seq = 0, listed = 0;

	printf("sent %u, answered %u, lost %u (late %u, duplicate %u, stray %u)\n", run->sent,
	       run->answered, run->sent - run->answered, run->late, run->duplicates, run->strays);
	printf("sender at most %" PRId64 " us late, %u datagrams refused by the kernel\n",
	       s->worst_late_ns / NS_PER_US, s->send_errors);
	while (listed++ < MAX_LISTED && probe_next_gap(run, &seq, &gap)) {
		printf("gap at ");
		print_clock(unix_us(s, gap.start));
		printf(" (%+.3f s): %" PRId64 " us, %u lost%s\n",
		       (double)since_began_us(s, gap.start) / 1e6, gap.length_ns / NS_PER_US,
		       gap.lost, gap.open ? ", not over at the end" : "");
	}
	for (listed = 0, seq = 0; listed < MAX_LISTED && probe_next_switch(run, &seq, &node, &sw);
	     listed++) {
		printf("%s answers from ", node_name(s, sw.node));
		print_clock(unix_us(s, sw.at));
		printf(" (%+.3f s)\n", (double)since_began_us(s, sw.at) / 1e6);
	}
}

static int run_send(const struct options *opt)
{
	struct sender s = {.run = {.interval_ns = NS_PER_S / opt->rate, .late_ns = LATE_NS}};
	uint32_t id[2];
	size_t size;

	s.run.capacity = opt->duration_ns ? (uint32_t)(opt->duration_ns / s.run.interval_ns) + 1
					  : PROBE_MAX_DATAGRAMS;
	size = s.run.capacity * sizeof(*s.run.records);
	if (getrandom(id, sizeof(id), 0) != sizeof(id))
		return 1;
	s.run_high = id[0];
	s.run_low = id[1];
	s.fd = open_socket(opt, false);
	if (s.fd < 0)
		return 1;
	s.run.records = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (s.run.records == MAP_FAILED) {
		fprintf(stderr, "vipprobe: no memory for %u records: %m\n", s.run.capacity);
		close(s.fd);
		return 1;
	}
	prepare_process();
	s.began_unix_ns = clock_ns(CLOCK_REALTIME);
	s.began = now_mono();
	send_all(&s, opt->duration_ns);
	if (opt->json)
		print_json(&s, opt);
	else
		print_text(&s);
	munmap(s.run.records, size);
	close(s.fd);
	return 0;
}

/* --- command line --- */

static int usage(FILE *to)
{
	fprintf(to,
		"usage: vipprobe send --to ADDRESS --port PORT [--rate PER_SECOND] "
		"[--duration SECONDS] [--json]\n"
		"       vipprobe answer --bind ADDRESS --port PORT --name NODE\n"
		"SIGINT or SIGTERM ends `send` early, with its report. At most %u datagrams.\n",
		PROBE_MAX_DATAGRAMS);
	return to == stdout ? 0 : 2;
}

static bool parse_options(int argc, char **argv, struct options *opt)
{
	static const struct option longs[] = {
	    {"to", required_argument, NULL, 'a'},   {"bind", required_argument, NULL, 'a'},
	    {"port", required_argument, NULL, 'p'}, {"rate", required_argument, NULL, 'r'},
	    {"name", required_argument, NULL, 'n'}, {"duration", required_argument, NULL, 'd'},
	    {"json", no_argument, NULL, 'j'},	    {NULL, 0, NULL, 0},
	};
	char *end = NULL;
	double seconds;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'a':
			opt->address = optarg;
			break;
		case 'p':
			opt->port = optarg;
			break;
		case 'n':
			opt->name = optarg;
			break;
		case 'j':
			opt->json = true;
			break;
		case 'r':
			opt->rate = strtol(optarg, &end, 10);
			if (*end || opt->rate < 1 || opt->rate > MAX_RATE)
				return false;
			break;
		case 'd':
			seconds = strtod(optarg, &end);
			if (*end || !(seconds >= 1e-3 && seconds <= PROBE_MAX_DATAGRAMS))
				return false;
			opt->duration_ns = (int64_t)(seconds * (double)NS_PER_S);
			break;
		default:
			return false;
		}
	}
	return optind == argc && opt->address && opt->port;
}

int main(int argc, char **argv)
{
	struct options opt = {.rate = 1000};

	if (argc >= 2 && strcmp(argv[1], "--help") == 0)
		return usage(stdout);
	if (argc < 2 || !parse_options(argc - 1, argv + 1, &opt))
		return usage(stderr);
	if (strcmp(argv[1], "answer") == 0 && opt.name && probe_name_ok(opt.name))
		return run_answer(&opt);
	if (strcmp(argv[1], "send") == 0 && !opt.name &&
	    opt.duration_ns / (NS_PER_S / opt.rate) < PROBE_MAX_DATAGRAMS)
		return run_send(&opt);
	return usage(stderr);
}
