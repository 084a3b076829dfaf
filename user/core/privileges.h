/* SPDX-License-Identifier: BSD-2-Clause */
/* What each process may do once it has started: capabilities(7). Call before there are threads. */
#ifndef HF_CORE_PRIVILEGES_H
#define HF_CORE_PRIVILEGES_H

#include <stdbool.h>

/*
 * The engine: keeps CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_NICE and CAP_IPC_LOCK of what it
 * has, with `low_ports` CAP_NET_BIND_SERVICE too; in no exec ever gets more (securebits,
 * no_new_privs); of all groups keeps only `group`, if the system has it. What could not be dropped
 * is logged. 0 or -errno.
 */
int privileges_drop_engine(const char *group, bool low_ports);

/*
 * The runner: has in effect CAP_SETUID, CAP_SETGID and CAP_KILL for scripts of other users,
 * CAP_NET_ADMIN for the process connector, CAP_DAC_READ_SEARCH for files that it tracks, and
 * CAP_CHOWN for FIFOs that belong to another user. The permitted and the bounding set stay: a
 * script that is configured to run as root gets them, as from any root's exec. 0 or -errno.
 */
int privileges_drop_runner(void);

#endif
