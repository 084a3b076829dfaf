/* SPDX-License-Identifier: BSD-2-Clause */
/* A loop, and a directory of the test with the sockets of the control thread. */
#ifndef TESTS_CONTROL_HOME_H
#define TESTS_CONTROL_HOME_H

#include <sys/un.h>

#include "control/control.h"

struct control_home {
	char top[64], dir[80];
	struct loop *loop;
	struct control *ctl; /* the test creates it in `dir` */
};

/* 0 or -1, as cmocka has it. */
int control_home_make(struct control_home *home);
/* With the thread and its files. -1 if the test has left something behind. */
int control_home_remove(struct control_home *home);
/* Of the socket `name`: "control" or "status". */
struct sockaddr_un control_home_address(const struct control_home *home, const char *name);
int control_home_dial(const struct control_home *home, const char *name);

#endif
