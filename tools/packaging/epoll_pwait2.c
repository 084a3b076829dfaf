// SPDX-License-Identifier: BSD-2-Clause
/*
 * epoll_pwait2() for programs under qemu-user 7.2, which lacks it. The library is preloaded. It
 * waits for the epoll descriptor by ppoll(), whose timeout also has nanoseconds.
 */
#include <poll.h>
#include <sys/epoll.h>

int epoll_pwait2(int epfd, struct epoll_event *events, int maxevents,
		 const struct timespec *timeout, const sigset_t *mask)
{
	struct pollfd fd = {.fd = epfd, .events = POLLIN};

	if (ppoll(&fd, 1, timeout, mask) < 0)
		return -1;
	return epoll_pwait(epfd, events, maxevents, 0, mask);
}
