// SPDX-License-Identifier: BSD-2-Clause
/*
 * The system call filters: which calls are refused to each role, which it needs, and that the
 * process continues after a refusal.
 * Links: user/core/confine.c
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/confine.h"

#define DENIED(call) ((call) == -1 && errno == EPERM)
#define CACHESTAT    451 /* the first call that the lists do not know; Linux 6.5 has it */
/* The kernel has looked at it: it gave a result, or an error that no filter gives. */
#define REACHED(call) ((call) != -1 || (errno != EPERM && errno != ENOSYS))

/* The number of the expectation that has failed becomes the exit status of the child. */
#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "# line %d: %s: %s\n", __LINE__, #condition,               \
				strerror(errno));                                                  \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void *work(void *arg)
{
	return arg;
}

static long new_call(void)
{
	return syscall(100000);
}

/* Calls that are refused to all roles, and calls that all roles need. */
static void expect_common(void)
{
	char *const argv[] = {"/bin/false", NULL};
	pthread_t thread;

	EXPECT(DENIED(execve("/bin/false", argv, NULL)));
	EXPECT(DENIED(syscall(SYS_execveat, AT_FDCWD, "/bin/false", argv, NULL, 0)));
	EXPECT(DENIED(fork()));
	EXPECT(DENIED(ptrace(PTRACE_TRACEME, 0, NULL, NULL)));
	EXPECT(DENIED(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0)));
	EXPECT(DENIED(syscall(SYS_unshare, 0x10000000)));
	EXPECT(DENIED(syscall(SYS_setns, 0, 0)));
	EXPECT(DENIED(syscall(SYS_mount, NULL, "/", NULL, 0, NULL)));
	EXPECT(DENIED(syscall(SYS_kill, getppid(), 0)));
	EXPECT(DENIED(syscall(SYS_io_uring_setup, 1, NULL)));
	EXPECT(DENIED(syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0)));
	EXPECT(DENIED(syscall(SYS_setuid, 0)));
	EXPECT(DENIED(socket(AF_ALG, SOCK_SEQPACKET, 0)));
	EXPECT(DENIED(socket(AF_VSOCK, SOCK_STREAM, 0)));
	errno = 0;
	EXPECT(new_call() == -1 && errno == ENOSYS);
	EXPECT(syscall(CACHESTAT, -1, NULL, NULL, 0) == -1 && errno == ENOSYS);
	EXPECT(syscall(SYS_clone3, NULL, 0) == -1 && errno == ENOSYS);
	EXPECT(pthread_create(&thread, NULL, work, NULL) == 0);
	EXPECT(pthread_join(thread, NULL) == 0);
	EXPECT(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
	EXPECT(open("/etc/passwd", O_RDONLY) >= 0);
}

static void engine(void)
{
	expect_common();
	if (geteuid() == 0)
		EXPECT(REACHED(syscall(SYS_bpf, 0, NULL, 0)));
	EXPECT(socket(AF_INET, SOCK_STREAM, 0) >= 0);
	EXPECT(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
	EXPECT(open("/dev/null", O_WRONLY) >= 0);
	EXPECT(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	       MAP_FAILED);
}

static void expect_no_writing(void)
{
	EXPECT(DENIED(open("/dev/null", O_WRONLY)));
	EXPECT(DENIED(open("/dev/null", O_RDWR)));
	EXPECT(DENIED(open("/tmp/holdfast-confine", O_RDONLY | O_CREAT, 0600)));
	EXPECT(DENIED(unlink("/tmp/holdfast-confine")));
	EXPECT(DENIED(syscall(SYS_bpf, 0, NULL, 0)));
	EXPECT(DENIED(socket(AF_PACKET, SOCK_RAW, 0)));
}

static void probe(void)
{
	expect_common();
	expect_no_writing();
	EXPECT(socket(AF_INET6, SOCK_STREAM, 0) >= 0);
	EXPECT(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	       MAP_FAILED);
}

static void exporter(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	expect_common();
	expect_no_writing();
	EXPECT(DENIED(socket(AF_INET, SOCK_STREAM, 0)));
	EXPECT(page != MAP_FAILED);
	EXPECT(DENIED(mprotect(page, 4096, PROT_READ | PROT_EXEC)));
	EXPECT(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
		   MAP_FAILED &&
	       errno == EPERM);
}

/* In a child, which ends as a process that is not confined would. */
static void in_role(enum confine_role role, void (*expectations)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		EXPECT(confine(role) == 0);
		expectations();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void the_engine_can_do_its_work_and_no_more(void **state)
{
	(void)state;
	in_role(CONFINE_ENGINE, engine);
}

static void the_probe_can_do_its_work_and_no_more(void **state)
{
	(void)state;
	in_role(CONFINE_PROBE, probe);
}

static void the_exporter_can_do_its_work_and_no_more(void **state)
{
	(void)state;
	in_role(CONFINE_EXPORTER, exporter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_engine_can_do_its_work_and_no_more),
	    cmocka_unit_test(the_probe_can_do_its_work_and_no_more),
	    cmocka_unit_test(the_exporter_can_do_its_work_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
