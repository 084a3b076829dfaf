// SPDX-License-Identifier: BSD-2-Clause
/*
 * Least privilege, by libcap-ng. The module owns nothing. It does not request capabilities that the
 * bounding set of the service manager excludes.
 *
 * The engine stays user 0, but without root's capabilities. Its sockets, its pins in bpffs, its
 * records and the configuration, which a reload reads again, belong to root, and the next daemon
 * must find them. Rejected: a separate user, who would need access to all of them, also to the
 * passwords in the configuration; libpsx, which drops capabilities in existing threads, because
 * there are no threads here yet.
 */
#include "core/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/log.h"

static const unsigned int engine_caps[] = {
    CAP_BPF,		  /* maps and links, if unprivileged bpf() is disabled */
    CAP_NET_ADMIN,	  /* addresses, XDP and TC on an interface that comes back, TCP MD5 */
    CAP_NET_RAW,	  /* adverts, ARP and ND */
    CAP_SYS_NICE,	  /* real-time class */
    CAP_IPC_LOCK,	  /* locked memory */
    CAP_NET_BIND_SERVICE, /* to listen on port 179; must be the last one */
};

#define NOBODY	      65534
#define MAX_CAPS      64 /* more than any kernel has; libcap-ng ignores unknown ones */
#define N_ENGINE_CAPS (sizeof(engine_caps) / sizeof(engine_caps[0]))

static const unsigned int runner_caps[] = {CAP_SETUID,	  CAP_SETGID,	       CAP_KILL,
					   CAP_NET_ADMIN, CAP_DAC_READ_SEARCH, CAP_CHOWN};

static bool is_among(unsigned int cap, const unsigned int *caps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (caps[i] == cap)
			return true;
	}
	return false;
}

/* Removes all capabilities except `caps` from `sets`. 0 or -errno. */
static int keep(const unsigned int *caps, size_t n, capng_type_t sets)
{
	if (capng_get_caps_process() < 0)
		return -errno;
	for (unsigned int cap = 0; cap < MAX_CAPS; cap++) {
		if (!is_among(cap, caps, n))
			capng_update(CAPNG_DROP, sets, cap);
	}
	/* The bounding set comes first, because its change needs CAP_SETPCAP. */
	if ((sets & CAPNG_BOUNDING_SET) && capng_apply(CAPNG_SELECT_BOUNDS) < 0)
		log_warn("privileges: the bounding set is not reduced: CAP_SETPCAP is missing");
	return capng_apply(CAPNG_SELECT_CAPS) < 0 ? -EPERM : 0;
}

static void keep_group(const char *name)
{
	const struct group *group = getgrnam(name);

	if (setgroups(group ? 1 : 0, group ? &group->gr_gid : NULL) < 0)
		log_warn("privileges: cannot drop the groups: %s", strerror(errno));
}

int privileges_drop_engine(const char *group, bool low_ports)
{
	if (geteuid() == 0)
		keep_group(group);
	/* Without CAP_SETPCAP there are no securebits; no_new_privs has the same effect at exec. */
	(void)!capng_lock();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return keep(engine_caps, N_ENGINE_CAPS - !low_ports,
		    CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE | CAPNG_BOUNDING_SET);
}

/*
 * Reduces only the effective set, which the runner itself uses. The bounding set must stay for
 * root's scripts, so an exec would restore the permitted set anyway. Also, an exec that widens the
 * permitted set clears PR_SET_PDEATHSIG (commit_creds()), so that root's scripts would outlive a
 * killed runner.
 */
int privileges_drop_runner(void)
{
	return keep(runner_caps, sizeof(runner_caps) / sizeof(runner_caps[0]), CAPNG_EFFECTIVE);
}

int privileges_become_nobody(void)
{
	int err = 0, kept;

	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
			       setresuid(NOBODY, NOBODY, NOBODY) < 0))
		err = -errno;
	/* A successful change of user has done this already. */
	kept = keep(NULL, 0, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE);
	return err < 0 ? err : kept;
}
