// SPDX-License-Identifier: BSD-2-Clause
/*
 * System call filters, as classic BPF. The module owns nothing: the kernel copies the program.
 *
 * A forbidden call fails with EPERM, and the process continues. So an attacker's call fails, but a
 * C library that makes an unexpected call does not take the node down. Calls that are newer than
 * these lists fail with ENOSYS, so that the library falls back to an older call; with EPERM it
 * would not. clone3 always fails with ENOSYS, because a filter cannot read its arguments. clone may
 * only start threads. A separate filter answers the calls with ENOSYS, because these must not be
 * logged. The filters compare the lower 32 bits of an argument; the kernel reads no more of the
 * arguments that are compared here. Since Linux 5.11 a call that is allowed with any arguments does
 * not run the program.
 *
 * Rejected: libseccomp, because it is one more library in the engine and replaces only 60 lines;
 * killing the process; only the service manager's filter, because scripts must pass it too.
 */
#include "core/confine.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__) && !defined(__ILP32__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && __BYTE_ORDER == __LITTLE_ENDIAN
#define MACHINE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define MACHINE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && __BYTE_ORDER == __LITTLE_ENDIAN
#define MACHINE AUDIT_ARCH_PPC64LE
#else
#define MACHINE 0
#endif

#define NEWEST_KNOWN                                                                               \
	450 /* set_mempolicy_home_node, Linux 5.17; numbers are the same everywhere since 424 */

#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW (1UL << 2)
#endif

#define INSNS_MAX   512

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

/* --- the allowed calls --- */

/* The call `nr` is allowed if (argument `arg` & mask) == value. */
struct rule {
	int nr;
	unsigned int arg;
	uint32_t mask, value;
};

struct list {
	const int *calls;
	size_t n_calls;
	const struct rule *rules;
	size_t n_rules;
};

/* Older forms of calls, which x86-64 has in addition to the newer ones, and arm64 has not. */
#ifdef __NR_epoll_wait
#define OLDER_CALLS(...) __VA_ARGS__,
#else
#define OLDER_CALLS(...)
#endif

/* With one call in each line the lists would fill three screens. */
/* clang-format off */

/* For all roles: the C library, memory, threads, open files, waiting. */
static const int common_calls[] = {
    OLDER_CALLS(__NR_stat, __NR_lstat, __NR_dup2, __NR_epoll_wait, __NR_poll, __NR_select,
		__NR_accept, __NR_time, __NR_access, __NR_readlink, __NR_getrlimit)
    __NR_read, __NR_write, __NR_readv, __NR_writev, __NR_pread64, __NR_pwrite64, __NR_close,
    __NR_lseek, __NR_fstat, __NR_newfstatat, __NR_statx, __NR_fcntl, __NR_dup, __NR_dup3,
    __NR_pipe2, __NR_eventfd2, __NR_brk, __NR_munmap, __NR_mremap, __NR_madvise, __NR_futex,
    __NR_set_robust_list, __NR_rseq, __NR_membarrier, __NR_rt_sigaction, __NR_rt_sigprocmask,
    __NR_rt_sigreturn, __NR_rt_sigtimedwait, __NR_sigaltstack, __NR_restart_syscall,
    __NR_nanosleep, __NR_clock_nanosleep, __NR_clock_gettime, __NR_clock_getres,
    __NR_gettimeofday, __NR_getpid, __NR_gettid, __NR_getppid, __NR_getuid, __NR_geteuid,
    __NR_getgid, __NR_getegid, __NR_getrandom, __NR_exit, __NR_exit_group, __NR_sched_yield,
    __NR_sched_getaffinity, __NR_getcpu, __NR_sysinfo, __NR_uname, __NR_tgkill, __NR_prlimit64,
    __NR_epoll_create1, __NR_epoll_ctl, __NR_epoll_pwait, __NR_epoll_pwait2, __NR_ppoll,
    __NR_pselect6, __NR_bind, __NR_connect, __NR_listen, __NR_accept4, __NR_sendto,
    __NR_recvfrom, __NR_sendmsg, __NR_recvmsg, __NR_sendmmsg, __NR_recvmmsg, __NR_setsockopt,
    __NR_getsockopt, __NR_getsockname, __NR_getpeername, __NR_shutdown,
};

/* State files, sockets in /run, maps and programs, addresses, scheduling, waiting for the
 * supervisor. */
static const int engine_calls[] = {
    OLDER_CALLS(__NR_open, __NR_mkdir, __NR_rmdir, __NR_unlink, __NR_rename, __NR_chmod,
		__NR_chown)
    __NR_bpf, __NR_openat, __NR_mmap, __NR_mprotect, __NR_faccessat, __NR_faccessat2,
    __NR_readlinkat, __NR_getcwd, __NR_getdents64, __NR_statfs, __NR_fstatfs, __NR_mkdirat,
    __NR_unlinkat, __NR_renameat, __NR_renameat2, __NR_fsync, __NR_fdatasync, __NR_ftruncate,
    __NR_fallocate, __NR_flock, __NR_umask, __NR_fchmod, __NR_fchmodat, __NR_fchown,
    __NR_fchownat, __NR_timerfd_create, __NR_timerfd_settime, __NR_timerfd_gettime,
    __NR_signalfd4, __NR_mlockall, __NR_munlockall, __NR_mlock, __NR_munlock,
    __NR_sched_setattr, __NR_sched_getattr, __NR_sched_setscheduler, __NR_sched_getscheduler,
    __NR_sched_setparam, __NR_sched_getparam, __NR_sched_setaffinity,
    __NR_sched_get_priority_max, __NR_sched_get_priority_min, __NR_wait4, __NR_waitid,
    __NR_capget, __NR_socketpair,
};

/* clang-format on */

static const struct rule engine_rules[] = {
    {__NR_socket, 0, ~0U, AF_UNIX},
    {__NR_socket, 0, ~0U, AF_INET},
    {__NR_socket, 0, ~0U, AF_INET6},
    {__NR_socket, 0, ~0U, AF_NETLINK},
    {__NR_socket, 0, ~0U, AF_PACKET},
    {__NR_clone, 0, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM},
    {__NR_ioctl, 1, ~0xffU, 0x8900}, /* SIOC...: of a network interface */
    {__NR_ioctl, 1, ~0U, 0x5401}, /* TCGETS: the C library tests whether a stream is a terminal */
    {__NR_prctl, 0, ~0U, PR_SET_NAME},
    {__NR_prctl, 0, ~0U, 0x53564d41}, /* PR_SET_VMA: the C library names its memory */
};

/* clang-format off */
/*
 * The C library resolves names, and libcurl is loaded with the first HTTP check. Both read files and
 * map code. Nothing is written to files.
 */
static const int probe_calls[] = {
    __NR_mprotect, __NR_mmap, __NR_faccessat, __NR_faccessat2, __NR_readlinkat, __NR_getdents64,
    __NR_statfs, __NR_fstatfs, __NR_socketpair, __NR_timerfd_create, __NR_timerfd_settime,
};

/* clang-format on */

static const struct rule probe_rules[] = {
    {__NR_openat, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY},
#ifdef __NR_open
    {__NR_open, 1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY},
#endif
    {__NR_socket, 0, ~0U, AF_UNIX}, /* of the name service */
    {__NR_socket, 0, ~0U, AF_INET},
    {__NR_socket, 0, ~0U, AF_INET6},
    {__NR_socket, 0, ~0U, AF_NETLINK}, /* getaddrinfo() asks which addresses this host has */
    {__NR_clone, 0, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM},
    {__NR_ioctl, 1, ~0U, 0x5401},
    {__NR_ioctl, 1, ~0U, 0x5421}, /* FIONBIO: libcurl */
    {__NR_ioctl, 1, ~0U, 0x541b}, /* FIONREAD: the name service */
    {__NR_prctl, 0, ~0U, PR_SET_NAME},
    {__NR_prctl, 0, ~0U, 0x53564d41},
};

/* No new code. Files are only read, for example the time zone. */
static const struct rule exporter_rules[] = {
    {__NR_openat, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY},
    {__NR_mmap, 2, PROT_EXEC, 0},
    {__NR_mprotect, 2, PROT_EXEC, 0},
    {__NR_socket, 0, ~0U, AF_UNIX},
    {__NR_clone, 0, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM},
    {__NR_ioctl, 1, ~0U, 0x5401},
    {__NR_ioctl, 1, ~0U, 0x5421},
    {__NR_prctl, 0, ~0U, PR_SET_NAME},
    {__NR_prctl, 0, ~0U, 0x53564d41},
};

static const struct list lists[CONFINE_ROLES] = {
    [CONFINE_ENGINE] = {engine_calls, N_OF(engine_calls), engine_rules, N_OF(engine_rules)},
    [CONFINE_PROBE] = {probe_calls, N_OF(probe_calls), probe_rules, N_OF(probe_rules)},
    [CONFINE_EXPORTER] = {NULL, 0, exporter_rules, N_OF(exporter_rules)},
};

/* --- the program --- */

struct program {
	struct sock_filter *insns;
	size_t n;
};

static void put(struct program *p, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (p->n < INSNS_MAX)
		p->insns[p->n] = (struct sock_filter){code, jt, jf, k};
	p->n++;
}

static void load(struct program *p, size_t offset)
{
	put(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer(struct program *p, uint32_t action)
{
	put(p, BPF_RET | BPF_K, action, 0, 0);
}

static void load_number(struct program *p)
{
	load(p, offsetof(struct seccomp_data, nr));
}

static void allow(struct program *p, int nr)
{
	put(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 1);
	answer(p, SECCOMP_RET_ALLOW);
}

/* At the end the number of the call is loaded again, for the rules that follow. */
static void allow_some(struct program *p, const struct rule *rule)
{
	size_t low = __BYTE_ORDER == __BIG_ENDIAN ? sizeof(uint32_t) : 0;

	put(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rule->nr, 0, 5);
	load(p, offsetof(struct seccomp_data, args) + rule->arg * sizeof(uint64_t) + low);
	put(p, BPF_ALU | BPF_AND | BPF_K, rule->mask, 0, 0);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, rule->value, 0, 1);
	answer(p, SECCOMP_RET_ALLOW);
	load_number(p);
}

/* Calls of another architecture (32 bit programs) have other numbers: they kill the process. */
static void begin(struct program *p)
{
	load(p, offsetof(struct seccomp_data, arch));
	put(p, BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0);
	answer(p, SECCOMP_RET_KILL_PROCESS);
	load_number(p);
}

/* Newer calls, which libraries try first and replace by older ones. */
static void deny_new_calls(struct program *p)
{
	begin(p);
	put(p, BPF_JMP | BPF_JGT | BPF_K, NEWEST_KNOWN, 1, 0);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1);
	answer(p, SECCOMP_RET_ERRNO | ENOSYS);
	answer(p, SECCOMP_RET_ALLOW);
}

static void deny_unlisted_calls(struct program *p, const struct list *list)
{
	begin(p);
	for (size_t i = 0; i < N_OF(common_calls); i++)
		allow(p, common_calls[i]);
	for (size_t i = 0; i < list->n_calls; i++)
		allow(p, list->calls[i]);
	for (size_t i = 0; i < list->n_rules; i++)
		allow_some(p, &list->rules[i]);
	/* For these calls the result of the other filter, ENOSYS, has precedence. */
	allow(p, __NR_clone3);
	put(p, BPF_JMP | BPF_JGT | BPF_K, NEWEST_KNOWN, 0, 1);
	answer(p, SECCOMP_RET_ALLOW);
	answer(p, SECCOMP_RET_ERRNO | EPERM);
}

static int install(const struct program *p, unsigned int flags)
{
	struct sock_fprog prog = {(unsigned short)p->n, p->insns};

	if (p->n > INSNS_MAX)
		return -E2BIG;
	/* Our processes run no foreign code, so speculation need not be restricted. */
	flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	return syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog) < 0 ? -errno : 0;
}

int confine(enum confine_role role)
{
	struct sock_filter insns[INSNS_MAX];
	struct program quiet = {.insns = insns}, loud = {.insns = insns};
	int err;

	errno = EOPNOTSUPP;
	if (MACHINE == 0)
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	deny_new_calls(&quiet);
	err = install(&quiet, 0);
	if (err < 0)
		return err;
	deny_unlisted_calls(&loud, &lists[role]);
	return install(&loud, SECCOMP_FILTER_FLAG_LOG);
}
