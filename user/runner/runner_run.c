// SPDX-License-Identifier: BSD-2-Clause
/*
 * The states of a run. A run owns the process, its pidfd, its pipes and its timer. The owner (a
 * check, a notification, a FIFO) has a pointer to it until ended() is called.
 *
 *   GOING --timeout, abandoned--> TERM_SENT --500 ms--> KILL_SENT --1 s--> STUCK
 *     any of them --the process ends--> freed, or LINGERING while its children hold the pipe
 *
 * The result is reported at the end of the process or at the timeout, whichever is earlier. Other
 * processes may still hold the pipe then. A zombie keeps its PID and its process group ID until it
 * is reaped. Signals are sent only before this, so they cannot hit another process.
 *
 * Rejected: SIGCHLD, which does not say which process ended; a pidfd does.
 */
#include "runner/runner_run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"
#include "runner/last_line.h"
#include "runner/runner_spawn.h"

/* Octets of one read of output. This is the capacity of a pipe, so one read is usually enough at
 * the end. */
#define CHUNK_SIZE 65536

enum run_phase { RUN_GOING, RUN_TERM_SENT, RUN_KILL_SENT, RUN_STUCK, RUN_LINGERING };

struct run {
	struct runs *runs;
	struct run *prev, *next;
	enum run_phase phase;
	bool judged;
	pid_t pid;
	int error_fd;
	struct loop_source exit, out; /* exit.fd: the pidfd */
	struct loop_timer timer;      /* the timeout, then the steps of killing */
	struct mono started;
	struct last_line output;
	const struct run_ops *ops;
	void *owner; /* NULL: abandoned */
};

struct runs {
	struct loop *loop;
	struct run *first;
	unsigned int n, n_stuck, n_lingering;
	char **envp;
	struct rlimit nofile; /* of the commands, as inherited by the runner */
	struct log_limit stuck_limit;
	char chunk[CHUNK_SIZE];
};

/* Each run needs three descriptors in the runner, so the usual limit of 1,024 is too low. The
 * commands get the inherited limit, because some programs still use select(). */
static void raise_descriptor_limit(struct rlimit *inherited)
{
	struct rlimit raised;

	getrlimit(RLIMIT_NOFILE, inherited);
	raised = (struct rlimit){inherited->rlim_max, inherited->rlim_max};
	if (setrlimit(RLIMIT_NOFILE, &raised) < 0)
		log_warn("runner: cannot raise the descriptor limit of %llu",
			 (unsigned long long)inherited->rlim_cur);
}

struct runs *runs_create(struct loop *loop)
{
	struct runs *runs = calloc(1, sizeof(*runs)); /* owner: the caller */

	if (!runs)
		return NULL;
	runs->loop = loop;
	runs->stuck_limit = (struct log_limit)LOG_LIMIT(5, 10 * NS_PER_S);
	runs->envp = spawn_environment(environ);
	if (!runs->envp || loop_reserve(loop, RUN_MAX + RUN_MAX_LINGERING) < 0) {
		free(runs->envp);
		free(runs);
		return NULL;
	}
	raise_descriptor_limit(&runs->nofile);
	return runs;
}

static void close_source(struct loop *loop, struct loop_source *src)
{
	if (src->fd < 0)
		return;
	loop_remove(loop, src);
	close(src->fd);
	src->fd = -1;
}

static void run_destroy(struct run *run)
{
	struct runs *runs = run->runs;

	loop_disarm(runs->loop, &run->timer);
	close_source(runs->loop, &run->exit);
	close_source(runs->loop, &run->out);
	if (run->error_fd >= 0)
		close(run->error_fd);
	if (run->next)
		run->next->prev = run->prev;
	*(run->prev ? &run->prev->next : &runs->first) = run->next;
	runs->n--;
	runs->n_stuck -= run->phase == RUN_STUCK;
	runs->n_lingering -= run->phase == RUN_LINGERING;
	free(run);
}

void runs_destroy(struct runs *runs)
{
	if (!runs)
		return;
	while (runs->first)
		run_destroy(runs->first);
	free(runs->envp);
	free(runs);
}

unsigned int runs_alive(const struct runs *runs)
{
	return runs->n - runs->n_stuck - runs->n_lingering;
}

bool run_is_judged(const struct run *run)
{
	return run->judged;
}

int64_t run_started_ns(const struct run *run)
{
	return run->started.ns;
}

static void run_judge(struct run *run, enum health_outcome outcome, int status)
{
	struct run_verdict verdict = {
	    .outcome = outcome,
	    .status = status,
	    .started_ns = run->started.ns,
	    .duration_ns = mono_diff_ns(loop_clock(), run->started),
	    .detail = run->output.text,
	};

	if (run->judged)
		return;
	run->judged = true;
	if (run->owner)
		run->ops->verdict(run->owner, &verdict);
}

/* Sends the signal to the process group, or only to the process if the group does not exist. */
static void run_signal(const struct run *run, int sig)
{
	if (kill(-run->pid, sig) < 0 && errno == ESRCH)
		kill(run->pid, sig);
}

static void run_kill(struct run *run)
{
	run_signal(run, SIGTERM);
	run->phase = RUN_TERM_SENT;
	loop_arm(run->runs->loop, &run->timer, mono_add(loop_clock(), RUN_TERM_GRACE_NS));
}

/* Reads once; true if there may be more. */
static bool run_read_output(struct run *run)
{
	struct runs *runs = run->runs;
	ssize_t len;

	if (run->out.fd < 0)
		return false;
	len = read(run->out.fd, runs->chunk, sizeof(runs->chunk));
	if (len > 0)
		last_line_put(&run->output, runs->chunk, (size_t)len);
	else if (len == 0 || (errno != EAGAIN && errno != EINTR))
		close_source(runs->loop, &run->out);
	return len == (ssize_t)sizeof(runs->chunk);
}

/* The process has been reaped. Frees the run. If background children hold the pipe, the run stays
 * for its output only. */
static void run_retire(struct run *run)
{
	struct runs *runs = run->runs;

	if (run->out.fd < 0 || runs->n_lingering >= RUN_MAX_LINGERING) {
		run_destroy(run);
		return;
	}
	loop_disarm(runs->loop, &run->timer);
	close_source(runs->loop, &run->exit);
	close(run->error_fd);
	run->error_fd = -1;
	run->owner = NULL;
	runs->n_stuck -= run->phase == RUN_STUCK;
	run->phase = RUN_LINGERING;
	runs->n_lingering++;
}

/* Makes the result from the exit status and from an error before exec. */
static void run_judge_end(struct run *run, const siginfo_t *info)
{
	enum health_outcome outcome;
	int status = info->si_status;

	if (spawn_error(run->error_fd, &outcome, &status))
		run_judge(run, outcome, status);
	else if (info->si_code != CLD_EXITED)
		run_judge(run, HEALTH_SIGNAL, status);
	else
		run_judge(run, status == 0 ? HEALTH_OK : HEALTH_EXIT, status);
}

/* Reaps the process if it has ended. True: `run` may be freed, and must not be used. */
static bool run_reap(struct run *run)
{
	const struct run_ops *ops = run->ops;
	siginfo_t info = {0};
	void *owner;

	/* An error means that the process was reaped elsewhere, so it has ended too. */
	if (waitid(P_PIDFD, (id_t)run->exit.fd, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid == 0)
		return false;
	/* The process may have ended by SIGTERM while others of its group ignore it. */
	if (run->phase != RUN_GOING)
		run_signal(run, SIGKILL);
	waitid(P_PIDFD, (id_t)run->exit.fd, &info, WEXITED | WNOHANG);
	/* The number of reads is limited, because a background child may print without end. */
	for (int i = 0; i < 4 && run_read_output(run); i++)
		;
	run_judge_end(run, &info);
	owner = run->owner;
	run_retire(run);
	if (owner)
		ops->ended(owner, true);
	return true;
}

static void run_on_exit(struct loop_source *src, uint32_t ready)
{
	(void)ready;
	run_reap(src->ctx);
}

static void run_on_output(struct loop_source *src, uint32_t ready)
{
	struct run *run = src->ctx;

	(void)ready;
	run_read_output(run);
	if (run->phase == RUN_LINGERING && run->out.fd < 0)
		run_destroy(run);
}

static void run_give_up(struct run *run)
{
	run->phase = RUN_STUCK;
	run->runs->n_stuck++;
	if (log_allow(&run->runs->stuck_limit, loop_clock(), NULL))
		log_warn("runner: process %d survives SIGKILL, it hangs in the kernel; %u such "
			 "processes",
			 run->pid, run->runs->n_stuck);
	if (run->owner)
		run->ops->ended(run->owner, false);
}

static void run_on_timer(struct loop_timer *timer)
{
	struct run *run = timer->ctx;

	switch (run->phase) {
	case RUN_GOING:
		/* If the loop was late, the script may have ended in time. */
		if (run_reap(run))
			return;
		run_judge(run, HEALTH_TIMEOUT, 0);
		if (run->phase == RUN_GOING)
			run_kill(run);
		break;
	case RUN_TERM_SENT:
		run_signal(run, SIGKILL);
		run->phase = RUN_KILL_SENT;
		loop_arm(run->runs->loop, timer, mono_add(loop_clock(), RUN_KILL_GRACE_NS));
		break;
	case RUN_KILL_SENT:
		run_give_up(run);
		break;
	case RUN_STUCK:
	case RUN_LINGERING:
		break;
	}
}

void run_check_timeout(struct run *run)
{
	struct loop *loop = run->runs->loop;

	if (run->phase != RUN_GOING || mono_before(loop_now(loop), run->timer.due))
		return;
	loop_disarm(loop, &run->timer);
	run_on_timer(&run->timer);
}

void run_abandon(struct run *run)
{
	run->owner = NULL;
	if (run->phase == RUN_GOING)
		run_kill(run);
}

static void run_adopt(struct run *run, struct runs *runs, const struct spawned *child)
{
	run->runs = runs;
	run->pid = child->pid;
	run->error_fd = child->error_fd;
	run->exit = (struct loop_source){
	    .fd = child->pidfd, .fn = run_on_exit, .ctx = run, .name = "run exit"};
	run->out = (struct loop_source){
	    .fd = child->out_fd, .fn = run_on_output, .ctx = run, .name = "run output"};
	run->timer = (struct loop_timer){.fn = run_on_timer, .ctx = run, .name = "run timer"};
	run->next = runs->first;
	if (run->next)
		run->next->prev = run;
	runs->first = run;
	runs->n++;
}

int run_start(struct runs *runs, const struct run_order *order, const struct run_ops *ops,
	      void *owner, struct run **out)
{
	struct spawn_order spawn = {order->argv,  runs->envp,	  order->user,
				    runs->nofile, order->limited, order->confined};
	struct spawned child;
	struct run *run;
	int err;

	if (runs->n - runs->n_lingering >= RUN_MAX)
		return -EAGAIN;
	run = calloc(1, sizeof(*run)); /* owner: runs */
	if (!run)
		return -ENOMEM;
	*run = (struct run){.started = loop_clock(), .ops = ops, .owner = owner};
	err = spawn_start(&spawn, &child);
	if (err < 0) {
		free(run);
		return err;
	}
	run_adopt(run, runs, &child);
	err = loop_add(runs->loop, &run->exit, EPOLLIN);
	if (err == 0)
		err = loop_add(runs->loop, &run->out, EPOLLIN);
	if (err < 0) {
		run_signal(run, SIGKILL);
		waitid(P_PIDFD, (id_t)run->exit.fd, &(siginfo_t){0}, WEXITED);
		run_destroy(run);
		return err;
	}
	loop_arm(runs->loop, &run->timer, mono_add(run->started, order->timeout_ns));
	*out = run;
	return 0;
}
