// SPDX-License-Identifier: BSD-2-Clause
/*
 * Both ends of the supervisor's socket. The supervisor owns the runner's process: it reaps the
 * runner, and kills it before it starts another one. It passes the runner's socket to the engine
 * and keeps no copy, so the socket is closed when the engine ends, and the runner ends too.
 *
 * It also closes the gate of S-BFD when the engine dies (engine_death.h). While the gate is open,
 * the host answers probes as if all were well. The supervisor has mapped the one page of the gate.
 * It has no other right to BPF.
 *
 * The supervisor drops the privileges that neither it nor a runner needs before its first order.
 * Runners inherit the others. Rejected: to keep CAP_SETUID in the engine for the restart of a
 * runner, which is rare.
 */
#include "runner/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"
#include "core/privileges.h"
#include "hf_abi.h"
#include "runner/engine_death.h"
#include "runner/runner.h"
#include "runner/subprocess.h"

#define SUPERVISOR_NAME "holdfast-super"
#define RUNNER_NAME	"holdfast-runner"
/* Time for a killed runner to end; if it takes longer, it hangs in the kernel. */
#define KILL_WAIT_MS 1000

static struct engine_death *engine;
/* The supervisor's mapping of the gate; NULL: there is none. */
static struct hf_sbfd_gate *_Atomic gate;
static atomic_bool engine_died;

/* The control message that carries one descriptor. */
union one_descriptor {
	char data[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* An order is a message of one octet. */
enum order { ORDER_RUNNER = 'r', ORDER_GATE = 'g' };

static void put_descriptor(struct msghdr *msg, union one_descriptor *control, int fd)
{
	struct cmsghdr *cmsg;

	msg->msg_control = control->data;
	msg->msg_controllen = sizeof(control->data);
	cmsg = CMSG_FIRSTHDR(msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
}

/* Returns the descriptor of a received message, or -1. */
static int take_descriptor(struct msghdr *msg)
{
	const struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	int fd = -1;

	if (cmsg && cmsg->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(int));
	return fd;
}

/* Sends the answer to an order: 0 with the descriptor, or -errno without one. */
static int answer(int fd, int err, int runner_fd)
{
	struct iovec iov = {.iov_base = &err, .iov_len = sizeof(err)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	union one_descriptor control = {0};

	if (err == 0)
		put_descriptor(&msg, &control, runner_fd);
	return sendmsg(fd, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Waits for the end of the runner without a time limit, because the engine does not wait for the
 * supervisor. */
static void await_end(pid_t runner)
{
	if (runner > 0)
		waitpid(runner, NULL, 0);
}

/* Waits until the killed runner can be reaped, and reaps it. False: it has not ended in time. It
 * asks every millisecond, because a pidfd needs a descriptor, and there may be none. */
static bool await_killed(pid_t runner)
{
	for (int ms = 0; ms < KILL_WAIT_MS; ms++) {
		if (waitpid(runner, NULL, WNOHANG) != 0)
			return true;
		poll(NULL, 0, 1);
	}
	return false;
}

/* Kills the runner before another one starts. A runner that hangs in the kernel is reaped by a
 * later order. */
static void end_runner(pid_t runner)
{
	if (runner > 0 && kill(runner, SIGKILL) == 0 && !await_killed(runner))
		log_error("the runner, process %d, survives SIGKILL: it hangs in the kernel; "
			  "starting another one",
			  runner);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* Waits for an order. Returns it and the descriptor that it carries, or -1, in *passed. -EPIPE: the
 * engine has closed the socket. */
static int await_order(int fd, int *passed)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	char order;
	struct iovec iov = {.iov_base = &order, .iov_len = sizeof(order)};
	union one_descriptor control = {0};
	struct msghdr msg;
	ssize_t n;

	do {
		poll(&pfd, 1, -1);
		msg = (struct msghdr){.msg_iov = &iov,
				      .msg_iovlen = 1,
				      .msg_control = control.data,
				      .msg_controllen = sizeof(control.data)};
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && (errno == EAGAIN || errno == EINTR));
	if (n != 1)
		return -EPIPE;
	*passed = take_descriptor(&msg);
	return order;
}

/* The page of the gate, which runners do not inherit; NULL: it cannot be mapped. */
static struct hf_sbfd_gate *map_gate(int fd)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED) {
		log_warn("the S-BFD gate closes only after its timeout when the daemon dies: %s",
			 strerror(errno));
		return NULL;
	}
	madvise(at, size, MADV_DONTFORK);
	return at;
}

/* Called in the thread that notices the death of the engine first, and at the end of the
 * supervisor. */
static void close_gate(void *ctx)
{
	volatile struct hf_sbfd_gate *mapped = atomic_load(&gate);

	(void)ctx;
	atomic_store(&engine_died, true);
	if (mapped)
		mapped->alive_ns = 0;
}

static void take_gate(int fd)
{
	atomic_store(&gate, map_gate(fd));
	if (atomic_load(&engine_died)) /* the thread may have called close_gate() before */
		close_gate(NULL);
}

static void watch_engine(void)
{
	int err = engine ? engine_death_watch(engine, close_gate, NULL) : -ENOMEM;

	if (err < 0)
		log_warn("the S-BFD gate closes late when the daemon dies: %s", strerror(-err));
}

static int replace_runner(int fd, pid_t *runner)
{
	int runner_fd = -1, err;

	end_runner(*runner);
	*runner = -1;
	err = runner_start(RUNNER_NAME, &runner_fd, runner);
	err = answer(fd, err, runner_fd);
	if (runner_fd >= 0)
		close(runner_fd);
	return err;
}

static int supervisor_main(int fd)
{
	int err, order = 0, passed = -1;
	pid_t runner = -1;

	watch_engine(); /* first: it needs the right to a real-time thread */
	err = privileges_drop_runner();
	if (err < 0) {
		log_error("cannot drop privileges: %s", strerror(-err));
		return EXIT_FAILURE;
	}
	while (err == 0 && (order = await_order(fd, &passed)) > 0) {
		if (order == ORDER_RUNNER)
			err = replace_runner(fd, &runner);
		else if (order == ORDER_GATE && passed >= 0)
			take_gate(passed);
		if (passed >= 0)
			close(passed);
	}
	close_gate(NULL); /* needed if there is no such thread */
	await_end(runner);
	return EXIT_SUCCESS;
}

int supervisor_start(int *fd, pid_t *pid)
{
	engine = engine_death_create();
	return subprocess_start(SUPERVISOR_NAME, supervisor_main, fd, pid);
}

int supervisor_order_runner(int fd)
{
	const char order = ORDER_RUNNER;

	return send(fd, &order, 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int supervisor_give_gate(int fd, int gate_fd)
{
	char order = ORDER_GATE;
	struct iovec iov = {.iov_base = &order, .iov_len = sizeof(order)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	union one_descriptor control = {0};

	put_descriptor(&msg, &control, gate_fd);
	return sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int supervisor_receive(int fd, int *runner_fd)
{
	int err = 0;
	struct iovec iov = {.iov_base = &err, .iov_len = sizeof(err)};
	union one_descriptor control = {0};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.data,
			     .msg_controllen = sizeof(control.data)};
	ssize_t n;

	do
		n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -EPIPE;
	if (n != (ssize_t)sizeof(err))
		return -EPIPE;
	if (err < 0)
		return err;
	*runner_fd = take_descriptor(&msg);
	return *runner_fd >= 0 ? 1 : -EBADMSG;
}
