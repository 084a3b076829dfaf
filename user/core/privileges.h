/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets the capabilities(7) of each process after its start. Call these functions before there are
 * threads. */
#ifndef HF_CORE_PRIVILEGES_H
#define HF_CORE_PRIVILEGES_H

#include <stdbool.h>

/*
 * The engine keeps CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_NICE and CAP_IPC_LOCK, and with
 * `low_ports` CAP_NET_BIND_SERVICE. No exec gets more (securebits, no_new_privs). It keeps only the
 * group `group`, if the system has it. Logs what could not be dropped. 0 or -errno.
 */
int privileges_drop_engine(const char *group, bool low_ports);

/*
 * The runner: its effective set is CAP_SETUID, CAP_SETGID and CAP_KILL for scripts of other users,
 * CAP_NET_ADMIN for the process connector, CAP_DAC_READ_SEARCH for files that it tracks, and
 * CAP_CHOWN for FIFOs that belong to another user. The permitted and the bounding set stay: a
 * script that is configured to run as root gets them, as with any exec by root. 0 or -errno.
 */
int privileges_drop_runner(void);

/*
 * A process that needs no privilege: drops all capabilities, and changes from root to user and
 * group 65534 (nobody, nogroup) without any other group. 0, or -errno of the change of user; the
 * capabilities are then dropped too, if possible.
 */
int privileges_become_nobody(void);

#endif
