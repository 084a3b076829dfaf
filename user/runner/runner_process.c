// SPDX-License-Identifier: BSD-2-Clause
/*
 * Tracked processes: a check counts the processes that match. The kernel's process connector
 * reports starts and ends of processes. /proc is read when the check is added, after an overrun,
 * and once in each interval if there is no connector (in a network or PID namespace of a container,
 * or without CAP_NET_ADMIN).
 *
 * Each check owns the list of the processes that match. All checks use one connector. Rejected: to
 * read only /proc. This takes milliseconds each time, and changes are seen late.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/log.h"
#include "runner/runner_check.h"

#define COMM_MAX     15	  /* TASK_COMM_LEN without the NUL */
#define CMDLINE_MAX  4096 /* octets of a command line that are compared, with a NUL */
#define MAX_MATCHING 4096 /* more processes are not counted */

enum match { MATCH_EXACT, MATCH_INITIAL, MATCH_PARTIAL };

/* The elements of the check's argv; from ARG_COMMAND on it is the command that is compared. */
enum { ARG_MATCH, ARG_FULL, ARG_QUORUM, ARG_QUORUM_MAX, ARG_FORK, ARG_END, ARG_COMMAND };
_Static_assert(ARG_COMMAND == RUNNER_PROCESS_COMMAND, "the engine writes the argv");

struct process_watch {
	struct check *check;
	enum match match;
	bool full;
	uint32_t quorum, quorum_max;
	int64_t fork_delay_ns, end_delay_ns;
	char *const *command;
	pid_t pids[MAX_MATCHING];
	unsigned int n;
	bool told, good; /* a result was reported, and which one */
	struct loop_timer delay;
};

/* --- comparison --- */

/* Reads /proc/PID/NAME, and adds a NUL. Returns the length; -1: the process does not exist. */
static ssize_t read_proc(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	len = read(fd, buf, size - 1);
	close(fd);
	if (len >= 0)
		buf[len] = '\0';
	return len;
}

/* True if the arguments from `at` to `end`, each with its NUL, match those of the command. */
static bool arguments_match(const struct process_watch *w, const char *at, const char *end)
{
	char *const *want = w->command + 1;

	if (!*want)
		return true;
	for (; *want && at < end; want++, at += strlen(at) + 1) {
		bool last = !want[1];
		size_t len = w->match == MATCH_PARTIAL && last ? strlen(*want) : strlen(*want) + 1;

		if (strncmp(at, *want, len) != 0)
			return false;
	}
	return !*want && (w->match != MATCH_EXACT || at >= end);
}

static bool matches(const struct process_watch *w, pid_t pid)
{
	char cmdline[CMDLINE_MAX], comm[COMM_MAX + 3];
	ssize_t len = read_proc(pid, "cmdline", cmdline, sizeof(cmdline));
	const char *name = w->command[0], *base;

	if (len <= 0) /* ended, a zombie, or a kernel thread */
		return false;
	base = strrchr(cmdline, '/');
	if (w->full) {
		if (strcmp(name, base && !strchr(name, '/') ? base + 1 : cmdline) != 0)
			return false;
	} else {
		size_t n = strnlen(name, COMM_MAX);

		if (read_proc(pid, "comm", comm, sizeof(comm)) <= 0 ||
		    strncmp(comm, name, n) != 0 || comm[n] != '\n')
			return false;
	}
	return arguments_match(w, cmdline + strlen(cmdline) + 1, cmdline + len);
}

/* --- the verdict --- */

static bool is_good(const struct process_watch *w)
{
	return w->n >= w->quorum && w->n <= w->quorum_max;
}

static void watch_report(struct process_watch *w)
{
	char detail[RUNNER_DETAIL];

	w->told = true;
	w->good = is_good(w);
	snprintf(detail, sizeof(detail), "%u running", w->n);
	check_report(w->check, &(struct run_verdict){.outcome = w->good ? HEALTH_OK : HEALTH_QUORUM,
						     .status = (int)w->n,
						     .started_ns = loop_clock().ns,
						     .detail = detail});
}

static void on_delay(struct loop_timer *timer)
{
	watch_report(timer->ctx);
}

/* The number may have changed. A new result is reported after it has lasted for its delay. */
static void judge(struct process_watch *w)
{
	struct loop *loop = w->check->runner->loop;
	bool good = is_good(w);
	int64_t delay_ns = good ? w->fork_delay_ns : w->end_delay_ns;

	if (w->told && good == w->good)
		loop_disarm(loop, &w->delay);
	else if (!w->told || delay_ns == 0)
		watch_report(w);
	else if (w->delay.slot == 0)
		loop_arm(loop, &w->delay, mono_add(loop_clock(), delay_ns));
}

static void forget(struct process_watch *w, pid_t pid)
{
	for (unsigned int i = 0; i < w->n; i++) {
		if (w->pids[i] == pid) {
			w->pids[i] = w->pids[--w->n];
			return;
		}
	}
}

static void consider(struct process_watch *w, pid_t pid)
{
	forget(w, pid);
	if (w->n < MAX_MATCHING && matches(w, pid))
		w->pids[w->n++] = pid;
}

static void scan(struct process_watch *w)
{
	DIR *d = opendir("/proc");
	const struct dirent *e;

	if (!d)
		return;
	w->n = 0;
	while ((e = readdir(d))) {
		if (isdigit((unsigned char)e->d_name[0]))
			consider(w, (pid_t)strtol(e->d_name, NULL, 10));
	}
	closedir(d);
	judge(w);
}

/* --- the connector --- */

/* Calls `fn` for each check of processes. */
static void each_watch(struct runner *runner, void (*fn)(struct process_watch *w, pid_t pid),
		       pid_t pid)
{
	for (unsigned int i = 0; i < runner->n_checks; i++) {
		struct check *c = runner->checks[i];

		if (c->builtin != &builtin_process)
			continue;
		fn(c->job, pid);
		judge(c->job);
	}
}

static void on_event(struct runner *runner, const struct proc_event *ev)
{
	switch (ev->what) {
	case PROC_EVENT_FORK: /* for a thread child_pid is the TID and differs from child_tgid */
		if (ev->event_data.fork.child_pid == ev->event_data.fork.child_tgid)
			each_watch(runner, consider, ev->event_data.fork.child_tgid);
		break;
	case PROC_EVENT_EXEC:
		each_watch(runner, consider, ev->event_data.exec.process_tgid);
		break;
	case PROC_EVENT_COMM:
		each_watch(runner, consider, ev->event_data.comm.process_tgid);
		break;
	case PROC_EVENT_EXIT:
		if (ev->event_data.exit.process_pid == ev->event_data.exit.process_tgid)
			each_watch(runner, forget, ev->event_data.exit.process_tgid);
		break;
	default:
		break;
	}
}

static void rescan(struct process_watch *w, pid_t unused)
{
	(void)unused;
	scan(w);
}

/* Copies the event if `nlh` contains one. */
static bool is_event(const struct nlmsghdr *nlh, struct proc_event *ev)
{
	const struct cn_msg *cn = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*cn) + sizeof(*ev) || cn->id.idx != CN_IDX_PROC)
		return false;
	memcpy(ev, cn->data, sizeof(*ev));
	return true;
}

static void on_connector(struct loop_source *src, uint32_t ready)
{
	_Alignas(struct nlmsghdr) char buf[8192];
	struct runner *runner = src->ctx;
	ssize_t left = mnl_socket_recvfrom(runner->connector_socket, buf, sizeof(buf));
	const struct nlmsghdr *nlh = (const void *)buf;
	int len = (int)left;

	(void)ready;
	if (left < 0 && errno == ENOBUFS)
		each_watch(runner, rescan, 0);
	for (; left > 0 && mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		struct proc_event ev;

		if (is_event(nlh, &ev))
			on_event(runner, &ev);
	}
}

/*
 * True if the kernel has confirmed the request for events. In a PID or user namespace of a
 * container the kernel drops the request without an error. Events may arrive nevertheless, if a
 * process outside listens, but they have the PIDs of the outer namespace. The confirmation is in
 * the socket when sendto() returns. Events may precede it.
 */
static bool is_acknowledged(struct mnl_socket *sock)
{
	_Alignas(struct nlmsghdr) char buf[8192];
	struct proc_event ev;
	ssize_t left;

	while ((left = mnl_socket_recvfrom(sock, buf, sizeof(buf))) > 0) {
		const struct nlmsghdr *nlh = (const void *)buf;
		int len = (int)left;

		for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
			if (is_event(nlh, &ev) && ev.what == PROC_EVENT_NONE)
				return ev.event_data.ack.err == 0;
		}
	}
	return false;
}

/* Asks the kernel for events; 0 or -errno. */
static int listen_in(struct mnl_socket *sock)
{
	_Alignas(struct nlmsghdr) char buf[256] = {0};
	enum proc_cn_mcast_op op = PROC_CN_MCAST_LISTEN;
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct cn_msg *cn = mnl_nlmsg_put_extra_header(nlh, sizeof(*cn) + sizeof(op));

	nlh->nlmsg_type = NLMSG_DONE;
	cn->id = (struct cb_id){CN_IDX_PROC, CN_VAL_PROC};
	cn->len = sizeof(op);
	memcpy(cn->data, &op, sizeof(op));
	if (mnl_socket_bind(sock, CN_IDX_PROC, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	return is_acknowledged(sock) ? 0 : -EPERM;
}

/* Opens the connector with the first call. Without it /proc is read in each interval. */
static void open_connector(struct runner *runner)
{
	struct mnl_socket *sock;
	int err;

	if (runner->connector.fn)
		return;
	runner->connector = (struct loop_source){
	    .fd = -1, .fn = on_connector, .ctx = runner, .name = "process connector"};
	sock = mnl_socket_open2(NETLINK_CONNECTOR, SOCK_CLOEXEC | SOCK_NONBLOCK);
	err = sock ? listen_in(sock) : -errno;
	if (err == 0) {
		runner->connector.fd = mnl_socket_get_fd(sock);
		err = loop_add(runner->loop, &runner->connector, EPOLLIN);
	}
	if (err == 0) {
		runner->connector_socket = sock;
		return;
	}
	log_info("runner: no process connector (%s): /proc is read once in each interval",
		 strerror(-err));
	runner->connector.fd = -1;
	if (sock)
		mnl_socket_close(sock);
}

/* --- the kind --- */

static int64_t number(const struct check *c, int arg)
{
	return strtoll(c->cmd->msg.check.argv[arg], NULL, 10);
}

static int process_create(struct check *c)
{
	struct process_watch *w;

	for (int i = 0; i <= ARG_COMMAND; i++) {
		if (!c->cmd->msg.check.argv[i])
			return -EINVAL;
	}
	w = calloc(1, sizeof(*w)); /* owner: c */
	if (!w)
		return -ENOMEM;
	w->check = c;
	w->match = (enum match)number(c, ARG_MATCH);
	w->full = number(c, ARG_FULL) != 0;
	w->quorum = (uint32_t)number(c, ARG_QUORUM);
	w->quorum_max = (uint32_t)number(c, ARG_QUORUM_MAX);
	w->fork_delay_ns = number(c, ARG_FORK);
	w->end_delay_ns = number(c, ARG_END);
	w->command = c->cmd->msg.check.argv + ARG_COMMAND;
	w->delay = (struct loop_timer){.fn = on_delay, .ctx = w, .name = "process delay"};
	c->job = w;
	return 0;
}

static void process_start(struct check *c)
{
	struct process_watch *w = c->job;

	open_connector(c->runner);
	if (!w->told || !c->runner->connector_socket)
		scan(w);
}

static void process_destroy(struct check *c)
{
	struct process_watch *w = c->job;

	loop_disarm(c->runner->loop, &w->delay);
	free(w);
}

const struct builtin builtin_process = {process_create, process_start, process_destroy};
