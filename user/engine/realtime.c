// SPDX-License-Identifier: BSD-2-Clause
/*
 * Scheduling of the engine. Pages are locked when they are first touched, not all at once: thread
 * stacks are 8 MB each and almost empty. The stack and heap that the loop needs are touched before
 * it runs.
 */
#include "engine/realtime.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "core/log.h"

#define RT_PRIORITY	50 /* above ordinary real-time work, level with threaded interrupts */
#define RT_SECONDS_SOFT 1  /* SIGXCPU, a core file that shows where it spun */
#define RT_SECONDS_HARD 2  /* SIGKILL; the service manager starts us again */
#define STACK_TOUCHED	(256 * 1024)

#ifndef __SANITIZE_ADDRESS__
static void touch_stack(void)
{
	volatile char room[STACK_TOUCHED];

	for (unsigned int i = 0; i < sizeof(room); i += 4096)
		room[i] = 0;
}
#endif

void realtime_raise_files(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) == 0 && lim.rlim_cur < lim.rlim_max) {
		lim.rlim_cur = lim.rlim_max;
		setrlimit(RLIMIT_NOFILE, &lim);
	}
}

void realtime_enter(void)
{
	const struct rlimit seat_belt = {RT_SECONDS_SOFT * 1000000, RT_SECONDS_HARD * 1000000};
	const struct sched_param param = {.sched_priority = RT_PRIORITY};

#ifndef __SANITIZE_ADDRESS__ /* its shadow memory cannot be locked */
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		log_warn("memory is not locked: %s; a host that swaps may delay adverts",
			 strerror(errno));
	touch_stack();
#endif
	if (setrlimit(RLIMIT_RTTIME, &seat_belt) < 0)
		log_warn("no limit on real-time running: %s", strerror(errno));
	if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &param) < 0)
		log_warn("no real-time scheduling: %s; a loaded host may delay adverts",
			 strerror(errno));
}
