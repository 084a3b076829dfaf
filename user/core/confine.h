/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Restricts the system calls of a process (seccomp filter). Children inherit the filter, also after
 * exec, so a process that starts scripts cannot be confined.
 */
#ifndef HF_CORE_CONFINE_H
#define HF_CORE_CONFINE_H

enum confine_role {
	CONFINE_ENGINE,	  /* all threads of the daemon itself */
	CONFINE_PROBE,	  /* makes TCP and HTTP checks */
	CONFINE_EXPORTER, /* answers HTTP from the status socket */
	CONFINE_ROLES
};

/*
 * From now on every call that `role` does not need fails with EPERM or ENOSYS, in the calling
 * thread and in the threads that it starts later. The kernel's audit log names calls that fail with
 * EPERM. Sets no_new_privs. Returns 0; -EOPNOTSUPP if there is no list for this architecture; or
 * -errno, for example if the kernel has no seccomp.
 */
int confine(enum confine_role role);

#endif
