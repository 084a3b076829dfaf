// SPDX-License-Identifier: BSD-2-Clause
/*
 * Scheduling of the engine: SCHED_DEADLINE, else SCHED_RR.
 *
 * A real-time priority, however high, loses against other real-time processes that leave nothing to
 * the ordinary ones: once a second the kernel lets those run for 50 ms, above every real-time
 * priority, on all CPUs at once (the fair server; before 6.12 by throttling). That is longer than
 * three adverts of 10 ms. Only a deadline goes before it. It also needs no seat belt: an engine
 * that runs away takes half a CPU, and the service manager's watchdog ends it.
 *
 * Rejected: priority 99, which changes nothing of that, and binding to a CPU, which a deadline
 * forbids and which the CPU that a flood arrives on may be.
 *
 * Pages are locked when they are first touched, not all at once: thread stacks are 8 MB each and
 * almost empty. The stack and heap that the loop needs are touched before it runs.
 */
#include "engine/realtime.h"

#include <errno.h>
#include <linux/sched.h>
#include <malloc.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/log.h"
#include "core/mono.h"

#define RT_SECONDS_SOFT 1 /* SIGXCPU, a core file that shows where it spun */
#define RT_SECONDS_HARD 2 /* SIGKILL; the service manager starts us again */
/* Half a CPU. The fair server, at its end, may go first for one period at the most. */
#define DL_RUNTIME_NS (2 * NS_PER_MS)
#define DL_PERIOD_NS  (4 * NS_PER_MS)
#define STACK_TOUCHED (256 * 1024)
#define LARGE_BLOCK   (128 * 1024) /* malloc's own figure, to begin with */

#ifndef __SANITIZE_ADDRESS__
static void touch_stack(void)
{
	volatile char room[STACK_TOUCHED];

	for (unsigned int i = 0; i < sizeof(room); i += 4096)
		room[i] = 0;
}
#endif

void realtime_return_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
}

void realtime_raise_files(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) == 0 && lim.rlim_cur < lim.rlim_max) {
		lim.rlim_cur = lim.rlim_max;
		setrlimit(RLIMIT_NOFILE, &lim);
	}
}

/* The kernel's struct sched_attr in its first size; its header clashes with the C library's. */
struct deadline_attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
};

/* 0, or -errno: without the right to it, bound to some CPUs, or too much is promised to others. */
static int enter_deadline(void)
{
	const struct deadline_attr attr = {
	    .size = sizeof(attr),
	    .policy = SCHED_DEADLINE,
	    .flags = SCHED_FLAG_RESET_ON_FORK | SCHED_FLAG_RECLAIM,
	    .runtime_ns = DL_RUNTIME_NS,
	    .deadline_ns = DL_PERIOD_NS,
	    .period_ns = DL_PERIOD_NS,
	};

	return syscall(SYS_sched_setattr, 0, &attr, 0) < 0 ? -errno : 0;
}

/* vrrp_cpu_affinity; none given: wherever the kernel likes. */
static void bind_to_cpus(const struct cfg_globals *globals)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (unsigned int cpu = 0; cpu < CFG_MAX_CPUS; cpu++) {
		if (globals->cpus[cpu / 8] & (1u << cpu % 8))
			CPU_SET(cpu, &set);
	}
	if (CPU_COUNT(&set) > 0 && sched_setaffinity(0, sizeof(set), &set) < 0)
		log_warn("vrrp_cpu_affinity does not hold: %s", strerror(errno));
}

int realtime_enter(const struct cfg_globals *globals)
{
	const struct rlimit seat_belt = {RT_SECONDS_SOFT * 1000000, RT_SECONDS_HARD * 1000000};
	const struct sched_param param = {
	    .sched_priority = globals->rt_priority ? globals->rt_priority : REALTIME_PRIORITY};
	int err;

#ifndef __SANITIZE_ADDRESS__ /* its shadow memory cannot be locked */
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		log_warn("memory is not locked: %s; a host that swaps may delay adverts",
			 strerror(errno));
	touch_stack();
#endif
	bind_to_cpus(globals);
	err = globals->rt_priority ? -ECANCELED : enter_deadline();
	if (err == 0)
		return param.sched_priority;
	if (!globals->rt_priority)
		log_info("no deadline scheduling (%s): by a real-time priority", strerror(-err));
	if (setrlimit(RLIMIT_RTTIME, &seat_belt) < 0)
		log_warn("no limit on real-time running: %s", strerror(errno));
	if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &param) < 0)
		log_warn("no real-time scheduling: %s; a loaded host may delay adverts",
			 strerror(errno));
	return param.sched_priority;
}
