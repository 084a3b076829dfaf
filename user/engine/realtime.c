// SPDX-License-Identifier: BSD-2-Clause
/*
 * Scheduling of the engine: SCHED_DEADLINE, else SCHED_RR.
 *
 * No real-time priority is enough on a host where other real-time processes use all of the CPU
 * time. Once a second the kernel then runs ordinary processes for 50 ms, above every real-time
 * priority, on all CPUs at once (by the fair server; before 6.12 by throttling). 50 ms are longer
 * than three adverts of 10 ms. Only SCHED_DEADLINE runs before the fair server. SCHED_DEADLINE
 * needs no RLIMIT_RTTIME: the kernel leaves the rest of that CPU to ordinary processes, and the
 * service manager's watchdog ends a runaway engine.
 *
 * The engine has 2 ms guaranteed in each 4 ms. With SCHED_FLAG_RECLAIM it also takes the time that
 * no other deadline task has reserved, up to kernel.sched_rt_runtime_us of each second (95 % by
 * default). So others keep at least 5 %. Rejected: no SCHED_FLAG_RECLAIM. A turn that needs more
 * than 2 ms would be throttled for 2 ms, even on an idle CPU, and a table of a million routes would
 * take twice as long to read. In return a runaway engine would leave half of one CPU to others,
 * which is worth less.
 *
 * Rejected: priority 99, because the fair server runs before it too. Rejected: binding the engine
 * to a CPU, because SCHED_DEADLINE forbids it, and a flood may arrive on that CPU.
 *
 * Pages are locked when they are first touched (MCL_ONFAULT), because thread stacks are 8 MB each
 * and almost empty. The stack that the loop needs is touched before the loop runs.
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

#define RT_SECONDS_SOFT 1 /* SIGXCPU: the core file shows where it spun */
#define RT_SECONDS_HARD 2 /* SIGKILL; the service manager starts us again */
/* The guaranteed time. The fair server may run first for at most one period. */
#define DL_RUNTIME_NS (2 * NS_PER_MS)
#define DL_PERIOD_NS  (4 * NS_PER_MS)
#define STACK_TOUCHED (256 * 1024)
#define LARGE_BLOCK   (128 * 1024) /* malloc()'s initial M_MMAP_THRESHOLD */

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

/* The kernel's struct sched_attr, version 0. Its header conflicts with the C library's sched.h. */
struct deadline_attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
};

/* 0, or -errno: EPERM if it is not permitted or the thread is bound to some CPUs, EBUSY if other
 * deadline tasks have reserved too much. */
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

/* vrrp_cpu_affinity. Without it the thread is not bound. */
static void bind_to_cpus(const struct cfg_globals *globals)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (unsigned int cpu = 0; cpu < CFG_MAX_CPUS; cpu++) {
		if (globals->cpus[cpu / 8] & (1u << cpu % 8))
			CPU_SET(cpu, &set);
	}
	if (CPU_COUNT(&set) > 0 && sched_setaffinity(0, sizeof(set), &set) < 0)
		log_warn("vrrp_cpu_affinity has no effect: %s", strerror(errno));
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
		log_info("no deadline scheduling (%s): SCHED_RR is used", strerror(-err));
	if (setrlimit(RLIMIT_RTTIME, &seat_belt) < 0)
		log_warn("no limit on real-time running: %s", strerror(errno));
	if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &param) < 0)
		log_warn("no real-time scheduling: %s; a loaded host may delay adverts",
			 strerror(errno));
	return param.sched_priority;
}
