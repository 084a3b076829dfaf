// SPDX-License-Identifier: BSD-2-Clause
/*
 * TCP checks by the real runner against sockets of the test.
 * Links: tests/unit/runner_fixture.c user/health/runner.c user/health/runner_client.c
 * Links: user/health/subprocess.c
 * Links: user/health/runner_codec.c user/health/runner_checks.c user/health/runner_file.c
 * Links: user/health/runner_notify.c
 * Links: user/health/runner_fifo.c
 * Links: user/health/runner_outbox.c user/health/runner_run.c
 * Links: user/health/runner_spawn.c user/health/last_line.c user/health/health_step.c
 * Links: user/health/runner_tcp.c user/health/runner_http.c user/health/libcurl.c
 * Links: user/health/runner_process.c
 * Links: user/core/loop.c user/core/log.c user/core/addr.c
 */
#include <errno.h>
#include <stdio.h>
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
		int fd = listen_at(addresses[i], 16, &port);

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
		while (descriptors_of_runner() != IDLE_DESCRIPTORS)
			usleep(1000);
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
	WAIT_UNTIL(descriptors_of_runner() == IDLE_DESCRIPTORS);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RUNNER_TEST(who_listens_is_up_who_does_not_is_refused),
	    RUNNER_TEST(silence_is_a_timeout),
	    RUNNER_TEST(arguments_that_are_none_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
