// SPDX-License-Identifier: BSD-2-Clause
/*
 * HTTP checks by the real runner against a server of the test, a process for each connection.
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
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "runner_fixture.h"

static uint16_t port;
static pid_t server = -1;

static void reply(int fd, const char *status, const char *more)
{
	dprintf(fd, "HTTP/1.1 %s\r\nConnection: close\r\n%s", status, more);
}

static _Noreturn void serve(int fd)
{
	char request[2048] = "";
	ssize_t len = read(fd, request, sizeof(request) - 1);

	if (len <= 0)
		_exit(1);
	if (strncmp(request, "GET /ok ", 8) == 0)
		reply(fd, "200 OK", "\r\nall is fine here\n");
	else if (strncmp(request, "GET /teapot ", 12) == 0)
		reply(fd, "418 I'm a teapot", "\r\nshort and stout\n");
	else if (strncmp(request, "GET /moved ", 11) == 0)
		reply(fd, "302 Found", "Location: /ok\r\n\r\n");
	else if (strncmp(request, "GET /garbage ", 13) == 0)
		dprintf(fd, "\001\002 this is not HTTP\n\n");
	else if (strncmp(request, "GET /silent ", 12) == 0)
		pause();
	else if (strncmp(request, "GET /endless ", 13) == 0) {
		reply(fd, "200 OK", "\r\nfine");
		while (write(fd, "without an end, ", 16) > 0)
			;
	}
	_exit(0);
}

static int start_server(void **state)
{
	struct sockaddr_in at_any = {.sin_family = AF_INET,
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at_any);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t parent = getpid();

	(void)state;
	if (fd < 0 || bind(fd, (void *)&at_any, len) < 0 || listen(fd, 64) < 0 ||
	    getsockname(fd, (void *)&at_any, &len) < 0)
		return -1;
	port = ntohs(at_any.sin_port);
	server = fork();
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGCHLD, SIG_IGN);
		while (getppid() == parent) {
			int one = accept(fd, NULL, NULL);

			if (one >= 0 && fork() == 0) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				serve(one);
			}
			close(one);
		}
		_exit(0);
	}
	close(fd);
	return server < 0 ? -1 : 0;
}

static int stop_server(void **state)
{
	(void)state;
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return 0;
}

static void get(uint32_t id, const char *path, const char *status, const char *body,
		int64_t interval_ns, int64_t timeout_ns)
{
	char url[128], code[8], text[64], verify[] = "1", *argv[] = {url, code, text, verify, NULL};
	struct runner_check check = {.id = id,
				     .kind = RUNNER_HTTP,
				     .interval_ns = interval_ns,
				     .timeout_ns = timeout_ns,
				     .argv = argv};

	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", port, path);
	snprintf(code, sizeof(code), "%s", status);
	snprintf(text, sizeof(text), "%s", body);
	assert_int_equal(runner_send_check(engine, &check), 0);
}

static void every_answer_has_its_verdict(void **state)
{
	static const struct {
		const char *path, *status, *body;
		enum health_outcome outcome;
		int code;
		const char *detail;
	} rows[] = {
	    {"/ok", "0", "", HEALTH_OK, 0, "HTTP status 200"},
	    {"/ok", "200", "is fine", HEALTH_OK, 0, "HTTP status 200"},
	    {"/ok", "204", "", HEALTH_ANSWER, 200, "HTTP status 200"},
	    {"/ok", "0", "is bad", HEALTH_ANSWER, 200, "the body lacks the wanted text"},
	    {"/teapot", "0", "", HEALTH_ANSWER, 418, "HTTP status 418"},
	    {"/teapot", "418", "stout", HEALTH_OK, 0, "HTTP status 418"},
	    {"/moved", "0", "", HEALTH_ANSWER, 302, "HTTP status 302"}, /* not followed */
	    {"/endless", "0", "fine", HEALTH_OK, 0, "HTTP status 200"},
	    {"/endless", "0", "missing", HEALTH_ANSWER, 200, "the body lacks the wanted text"},
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct runner_result r;

		get(i, rows[i].path, rows[i].status, rows[i].body, LONG_NS, DEADLINE_NS);
		r = next_result();
		if (r.id != i || r.outcome != rows[i].outcome || r.status != rows[i].code ||
		    strcmp(r.detail, rows[i].detail) != 0)
			fail_msg("%s %s \"%s\": %s %d \"%s\"", rows[i].path, rows[i].status,
				 rows[i].body, health_outcome_text(r.outcome), r.status, r.detail);
		assert_true(r.duration_ns > 0);
	}
}

static void no_answer_is_told_from_a_wrong_one(void **state)
{
	uint16_t real = port;
	struct runner_result r;

	(void)state;
	get(1, "/silent", "0", "", LONG_NS, 200 * NS_PER_MS);
	r = next_result();
	assert_int_equal(r.outcome, HEALTH_TIMEOUT);
	assert_true(r.duration_ns >= 200 * NS_PER_MS);
	get(1, "/silent", "0", "", 200 * NS_PER_MS, 200 * NS_PER_MS);
	for (int i = 0; i < 5; i++) {
		r = next_result();
		assert_int_equal(r.outcome, HEALTH_TIMEOUT);
		assert_int_equal(r.skipped, 0); /* timeout = interval costs no start */
	}
	assert_int_equal(runner_send_remove(engine, 1), 0);
	get(2, "/garbage", "0", "", LONG_NS, DEADLINE_NS);
	assert_int_equal(next_result().outcome, HEALTH_CONNECT);
	port = 1; /* tcpmux: nobody listens there */
	get(3, "/", "0", "", LONG_NS, DEADLINE_NS);
	r = next_result();
	port = real;
	assert_int_equal(r.outcome, HEALTH_CONNECT);
	assert_int_equal(r.status, ECONNREFUSED);
	assert_non_null(strstr(r.detail, "onnect"));
}

static void checks_go_on_side_by_side_and_leave_nothing(void **state)
{
	struct runner_result r;
	int seen[4] = {0}, before;

	(void)state;
	get(0, "/ok", "0", "", LONG_NS, DEADLINE_NS);
	next_result();
	WAIT_UNTIL(descriptors_of(await_probe()) <= IDLE_DESCRIPTORS + 4); /* libcurl's own */
	before = descriptors_of(await_probe());
	get(1, "/ok", "0", "", QUICK_NS, DEADLINE_NS);
	get(2, "/silent", "0", "", QUICK_NS, DEADLINE_NS); /* holds up nobody */
	get(3, "/teapot", "0", "", QUICK_NS, DEADLINE_NS);
	while (seen[1] < 20 || seen[3] < 20) {
		r = next_result();
		assert_true(r.id == 1 || r.id == 3);
		assert_int_equal(r.outcome, r.id == 1 ? HEALTH_OK : HEALTH_ANSWER);
		seen[r.id]++;
	}
	for (uint32_t id = 1; id <= 3; id++)
		assert_int_equal(runner_send_remove(engine, id), 0);
	WAIT_UNTIL(descriptors_of(await_probe()) <= before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RUNNER_TEST(every_answer_has_its_verdict),
	    RUNNER_TEST(no_answer_is_told_from_a_wrong_one),
	    RUNNER_TEST(checks_go_on_side_by_side_and_leave_nothing),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
