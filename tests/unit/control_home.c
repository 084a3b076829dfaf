// SPDX-License-Identifier: BSD-2-Clause
#include "control_home.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/log.h"

int control_home_make(struct control_home *home)
{
	log_init("test", true, LOG_LV_ERROR);
	snprintf(home->top, sizeof(home->top), "/tmp/control.XXXXXX");
	if (!mkdtemp(home->top))
		return -1;
	snprintf(home->dir, sizeof(home->dir), "%s/name", home->top);
	home->loop = loop_create();
	return home->loop ? 0 : -1;
}

static void remove_below(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

int control_home_remove(struct control_home *home)
{
	control_destroy(home->ctl);
	loop_destroy(home->loop);
	remove_below(home->dir, "lock");
	remove_below(home->dir, "control");
	rmdir(home->dir);
	return rmdir(home->top);
}

struct sockaddr_un control_home_address(const struct control_home *home, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", home->dir, name);
	return address;
}

int control_home_dial(const struct control_home *home, const char *name)
{
	struct sockaddr_un address = control_home_address(home, name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}
