// SPDX-License-Identifier: BSD-2-Clause
/*
 * TCP checks by the real runner against sockets of the test.
 * Links: user/runner/runner_probe.c user/core/confine.c user/core/privileges.c
 * Links: tests/unit/runner_fixture.c user/runner/runner.c user/runner/runner_client.c
 * Links: user/runner/subprocess.c
 * Links: user/runner/runner_codec.c user/runner/runner_checks.c user/runner/runner_file.c
 * Links: user/runner/runner_look.c
 * Links: user/runner/runner_notify.c
 * Links: user/runner/runner_fifo.c
 * Links: user/runner/runner_outbox.c user/runner/runner_run.c
 * Links: user/runner/runner_spawn.c user/runner/last_line.c user/health/health_step.c
 * Links: user/runner/runner_tcp.c user/runner/runner_http.c user/runner/libcurl.c
 * Links: user/runner/runner_process.c
 * Links: user/core/loop.c user/core/log.c user/core/addr.c
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/addr.h"
#include "runner_fixture.h"

/* A listening socket on a port of the system's choice. */
static int listen_at(const char *address, int backlog, uint16_t *port)
{
	struct sockaddr_storage ss;
	socklen_t len;
	struct ipaddr a;
	int fd;

	assert_int_equal(ipaddr_parse(&a, address), 0);
	len = ipaddr_to_sockaddr(&a, 0, &ss);
	fd = socket(ipaddr_family(&a), SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (void *)&ss, len), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, (void *)&ss, &len), 0);
	assert_int_equal(ipaddr_from_sockaddr(&a, port, &ss), 0);
	return fd;
}

static void probe(uint32_t id, const char *address, const char *port, int64_t interval_ns,
		  int64_t timeout_ns)
{
	char to[64], at_port[16], *argv[] = {to, at_port, NULL};
	struct runner_check check = {.id = id,
				     .kind = RUNNER_TCP,
				     .interval_ns = interval_ns,
				     .timeout_ns = timeout_ns,
				     .argv = argv};

	snprintf(to, sizeof(to), "%s", address);
	snprintf(at_port, sizeof(at_port), "%s", port);
	assert_int_equal(runner_send_check(engine, &check), 0);
}

static const char *text(uint16_t port)
{
	static char buf[8];

	snprintf(buf, sizeof(buf), "%u", port);
	return buf;
}

static void who_listens_is_up_who_does_not_is_refused(void **state)
{
	static const char *const addresses[] = {"127.0.0.1", "::1"};

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		struct runner_result r;
		uint16_t port;
		int fd = listen_at(addresses[i], SOMAXCONN, &port);

		probe(i, addresses[i], text(port), QUICK_NS, DEADLINE_NS);
		for (int k = 0; k < 10; k++) {
			r = next_result();
			assert_int_equal(r.outcome, HEALTH_OK);
			assert_int_equal(r.status, 0);
			assert_true(r.started_ns + r.duration_ns <= loop_clock().ns);
		}
		close(fd);
		do
			r = next_result();
		while (r.outcome == HEALTH_OK);
		assert_int_equal(r.outcome, HEALTH_CONNECT);
		assert_int_equal(r.status, ECONNREFUSED);
		assert_string_equal(r.detail, "Connection refused");
		assert_int_equal(runner_send_remove(engine, i), 0);
		WAIT_UNTIL(descriptors_of(await_probe()) == IDLE_DESCRIPTORS);
	}
}

/* A listener whose queue is full leaves the SYN without an answer. */
static void silence_is_a_timeout(void **state)
{
	int64_t timeout_ns = 200 * NS_PER_MS;
	struct runner_result r;
	int fd, full[16];
	uint16_t port;

	(void)state;
	fd = listen_at("127.0.0.1", 0, &port);
	for (int i = 0; i < 16; i++) {
		struct sockaddr_storage ss;
		socklen_t len = sizeof(ss);

		full[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		assert_int_equal(getsockname(fd, (void *)&ss, &len), 0);
		if (connect(full[i], (void *)&ss, len) < 0)
			assert_int_equal(errno, EINPROGRESS);
	}
	probe(1, "127.0.0.1", text(port), timeout_ns, timeout_ns);
	for (int i = 0; i < 5; i++) {
		r = next_result();
		assert_int_equal(r.outcome, HEALTH_TIMEOUT);
		assert_true(r.duration_ns >= timeout_ns);
		assert_int_equal(r.skipped, 0); /* timeout = interval costs no start */
	}
	/* A start while one is going is skipped and counted. */
	assert_int_equal(runner_send_pace(engine, 1, timeout_ns / 8), 0);
	do
		r = next_result();
	while (r.skipped == 0);
	assert_int_equal(r.outcome, HEALTH_TIMEOUT);
	assert_int_equal(runner_send_remove(engine, 1), 0); /* with one under way */
	WAIT_UNTIL(descriptors_of(await_probe()) == IDLE_DESCRIPTORS);
	for (int i = 0; i < 16; i++)
		close(full[i]);
	close(fd);
}

static void arguments_that_are_none_are_refused(void **state)
{
	static const char *const rows[][2] = {{"localhost", "80"}, {"127.0.0.1", "0"},
					      {"127.0.0.1", "x"},  {"127.0.0.1", "65536"},
					      {"127.0.0.1", ""},   {"127.0.0.1/8", "80"}};

	(void)state;
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct runner_result r;

		probe(i, rows[i][0], rows[i][1], LONG_NS, LONG_NS);
		r = next_result();
		assert_int_equal(r.id, i);
		assert_int_equal(r.outcome, HEALTH_SPAWN);
		assert_int_equal(r.status, EINVAL);
	}
}

/* The value of `field` in the status of a process. */
static long status_of(pid_t pid, const char *field, int base)
{
	char path[64], line[256];
	long value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, field, strlen(field)) == 0 && line[strlen(field)] == ':')
			value = strtol(line + strlen(field) + 1, NULL, base);
	}
	fclose(f);
	return value;
}

static void who_reads_what_servers_send_may_do_little(void **state)
{
	pid_t pid;

	(void)state;
	probe(1, "127.0.0.1", "1", QUICK_NS, DEADLINE_NS);
	assert_int_equal(next_result().outcome, HEALTH_CONNECT);
	pid = await_probe();
	assert_int_equal(status_of(pid, "Seccomp", 10), 2);
	assert_int_equal(status_of(pid, "NoNewPrivs", 10), 1);
	assert_int_equal(status_of(pid, "CapPrm", 16), 0);
	assert_int_equal(status_of(pid, "CapEff", 16), 0);
	if (geteuid() == 0) {
		assert_int_equal(status_of(pid, "Uid", 10), 65534);
		assert_int_equal(status_of(pid, "Gid", 10), 65534);
	}
	/* The runner starts scripts, which would inherit it. */
	assert_int_equal(status_of(runner, "Seccomp", 10), 0);
	assert_int_equal(status_of(runner, "NoNewPrivs", 10), 0);
}

static void a_dead_probe_is_replaced_and_told_all_checks(void **state)
{
	bool seen[3] = {false};
	uint16_t port;
	int fd = listen_at("127.0.0.1", SOMAXCONN, &port);
	pid_t first;

	(void)state;
	for (uint32_t id = 0; id < 3; id++)
		probe(id, "127.0.0.1", text(port), QUICK_NS, DEADLINE_NS);
	next_result();
	first = await_probe();
	assert_int_equal(runner_send_remove(engine, 1), 0);
	assert_int_equal(runner_send_pace(engine, 2, 2 * QUICK_NS), 0);
	assert_int_equal(kill(first, SIGKILL), 0);
	WAIT_UNTIL(probe_of_runner() > 0 && probe_of_runner() != first);
	while (runner_receive(engine, &(struct runner_answer){0}) != RUNNER_NO_ANSWER)
		;
	while (!seen[0] || !seen[2]) {
		struct runner_result r = next_result();

		assert_int_equal(r.outcome, HEALTH_OK);
		assert_int_not_equal(r.id, 1);
		seen[r.id] = true;
	}
	close(fd);
}

/* The number of signs of life of the runner within `ns`. */
static unsigned int beats_within(int64_t ns)
{
	struct mono until = mono_add(loop_clock(), ns);
	struct runner_answer answer;
	unsigned int n = 0;

	while (mono_before(loop_clock(), until)) {
		n += runner_receive(engine, &answer) == RUNNER_GOT_ALIVE;
		usleep(100);
	}
	return n;
}

static void a_frozen_probe_is_a_frozen_runner(void **state)
{
	int64_t beat_ns = 10 * NS_PER_MS;
	pid_t pid;

	(void)state;
	assert_int_equal(runner_send_beat(engine, beat_ns), 0);
	probe(1, "127.0.0.1", "1", LONG_NS, DEADLINE_NS);
	WAIT_UNTIL(beats_within(beat_ns) > 0);
	pid = await_probe();
	assert_int_equal(kill(pid, SIGSTOP), 0);
	WAIT_UNTIL(beats_within(10 * beat_ns) == 0);
	assert_int_equal(kill(pid, SIGCONT), 0);
	WAIT_UNTIL(beats_within(10 * beat_ns) > 0);
	assert_int_equal(probe_of_runner(), pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RUNNER_TEST(who_listens_is_up_who_does_not_is_refused),
	    RUNNER_TEST(silence_is_a_timeout),
	    RUNNER_TEST(who_reads_what_servers_send_may_do_little),
	    RUNNER_TEST(a_dead_probe_is_replaced_and_told_all_checks),
	    RUNNER_TEST(a_frozen_probe_is_a_frozen_runner),
	    RUNNER_TEST(arguments_that_are_none_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
