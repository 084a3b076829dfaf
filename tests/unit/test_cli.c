// SPDX-License-Identifier: BSD-2-Clause
/*
 * build/holdfastctl as a program: with the real control sockets, which serve a snapshot of the
 * test, and with servers that are not our daemon.
 *
 * Links: user/control/peers_json.c user/bfd/bfd_codec.c
 * Links: user/control/record_json.c user/record/record.c user/record/record_codec.c
 * Links: user/record/record_file.c user/core/state_file.c tests/unit/record_sample.c
 * Links: user/control/control_late.c user/control/control_self.c
 * Links: user/control/control.c user/control/control_server.c user/control/control_client.c
 * Links: user/control/control_engine.c user/control/loading.c user/control/control_room.c
 * Links: user/control/control_socket.c user/control/control_request.c user/control/status.c
 * Links: user/peer/peer_report_rules.c user/control/reports_json.c
 * Links: user/control/takeover_json.c
 * Links: user/control/status_json.c user/core/utf8.c user/core/loop.c user/core/log.c
 * Links: user/control/check_json.c user/control/addresses_json.c
 * Links: user/control/bfd_json.c
 * Links: user/control/json_put.c
 * Links: user/core/addr.c tests/unit/status_sample.c user/vrrp/vrrp_step.c user/vrrp/vrrp_names.c
 * Links: user/announce/announce_step.c user/health/health_step.c user/datapath/verdict_name.c
 * Links: user/core/json_read.c user/announce/service_step.c
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/control.h"
#include "control/control_server.h"
#include "core/log.h"
#include "record_sample.h"
#include "status_sample.h"

#define PATIENCE_NS (20 * NS_PER_S)
#define MAX_ARGS    8

struct fixture {
	char top[64], dir[80], program[256];
	struct loop *loop;
	struct control *ctl;
	int server; /* a listening socket that is no daemon of ours, or -1 */
	bool long_texts, events;
	struct control_request last;
	char out[65536], err[4096]; /* what the last run wrote */
};

static const struct control_timeouts timeouts = {PATIENCE_NS, PATIENCE_NS, PATIENCE_NS, PATIENCE_NS,
						 PATIENCE_NS};

/* Texts of the largest length, with the output of a hostile script. */
static void lengthen(struct status *st)
{
	memset(st->instances[0].name, 'i', CFG_NAME_MAX - 1);
	memset(st->checks[0].name, 'c', CFG_NAME_MAX - 1);
	for (size_t i = 0; i < RUNNER_DETAIL - 1; i++)
		st->checks[0].detail[i] = i % 12 ? 'd' : ' ';
	memcpy(st->checks[0].detail, "\x1b[31mred\n", 9);
	for (size_t i = 0; i < STATUS_ALARM_TEXT - 1; i++)
		st->alarms[0].text[i] = i % 7 ? 'a' : ' ';
	st->vips[0].rx.bytes = UINT64_MAX;
	st->instances[0].faults = 0x3f;
	st->neighbors[1].state[0] = 'X';
}

static void handle(void *ctx, struct control_request *req)
{
	struct fixture *f = ctx;

	f->last = *req;
	if (req->verb == CONTROL_EVENTS && f->events)
		record_sample(req->records);
	if (req->verb == CONTROL_STATUS) {
		status_sample_fill(req->status);
		if (f->long_texts)
			lengthen(req->status);
	} else if (req->verb == CONTROL_HANDOVER && strcmp(req->instance, "example") != 0) {
		req->refused = true;
		snprintf(req->error, sizeof(req->error), "no instance %.40s", req->instance);
	}
}

static void start(struct fixture *f, const struct control_timeouts *t)
{
	f->ctl = control_create_timed(f->loop, f->dir, &status_sample_limits, t, handle, f);
	assert_non_null(f->ctl);
}

/* The program beside this test: build/tests/unit/test_cli -> build/holdfastctl. */
static int find_program(struct fixture *f)
{
	ssize_t n = readlink("/proc/self/exe", f->program, sizeof(f->program) - 32);

	for (int i = 0; i < 3; i++) {
		char *slash = n > 0 ? strrchr(f->program, '/') : NULL;

		if (!slash)
			return -1;
		*slash = '\0';
	}
	memcpy(f->program + strlen(f->program), "/holdfastctl", sizeof("/holdfastctl"));
	return access(f->program, X_OK);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	log_init("test", true, LOG_LV_ERROR);
	snprintf(f->top, sizeof(f->top), "/tmp/cli.XXXXXX");
	if (!mkdtemp(f->top) || chmod(f->top, 0755) < 0)
		return -1;
	snprintf(f->dir, sizeof(f->dir), "%s/test", f->top);
	f->loop = loop_create();
	f->server = -1;
	*state = f;
	return find_program(f);
}

static int teardown(void **state)
{
	static const char *const files[] = {"lock", "control"};
	struct fixture *f = *state;
	char path[128];

	control_destroy(f->ctl);
	loop_destroy(f->loop);
	if (f->server >= 0)
		close(f->server);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, files[i]);
		unlink(path);
	}
	rmdir(f->dir);
	if (rmdir(f->top) < 0)
		return -1;
	free(f);
	return 0;
}

/* In the child: becomes holdfastctl, as `user` if given. */
static void become(struct fixture *f, char **argv, int out, int err, const struct passwd *user)
{
	int program = open(f->program, O_RDONLY);

	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	if (user && (setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0))
		_exit(99);
	fexecve(program, argv, environ);
	_exit(98);
}

/* Reads what has come into the text `buf`; false at its end. */
static bool drain(int fd, char *buf, size_t size)
{
	size_t len = strlen(buf);
	ssize_t n = read(fd, buf + len, size - 1 - len);

	if (n > 0)
		buf[len + (size_t)n] = '\0';
	return n > 0 || (n < 0 && errno == EAGAIN);
}

/* One step of a server that is not ours: answers whoever connects with `text` and closes. */
static void serve_text(const struct fixture *f, const char *text)
{
	int fd = accept4(f->server, NULL, NULL, SOCK_CLOEXEC);
	char request[256];

	if (fd < 0)
		return;
	if (recv(fd, request, sizeof(request), 0) > 0)
		send(fd, text, strlen(text), MSG_NOSIGNAL);
	close(fd);
}

struct how {
	const struct passwd *user; /* NULL: ourselves */
	bool stuck;		   /* the loop is not turned */
	const char *text;	   /* what a server that is not ours answers */
};

/*
 * Runs holdfastctl with `line`, words between blanks, and returns its exit status; -1: it did not
 * end.
 */
static int run_how(struct fixture *f, const struct how *how, const char *line)
{
	char words[256], *argv[MAX_ARGS + 4] = {f->program, strdup("--run-dir"), f->top}, *save;
	int out[2], err[2], argc = 3, status = -1;
	struct mono until = mono_add(loop_clock(), PATIENCE_NS);
	bool open_out = true, open_err = true;
	pid_t pid;

	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	f->out[0] = f->err[0] = '\0';
	assert_int_equal(pipe2(out, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC | O_NONBLOCK), 0);
	pid = fork();
	if (pid == 0)
		become(f, argv, out[1], err[1], how->user);
	close(out[1]);
	close(err[1]);
	while ((open_out || open_err) && mono_before(loop_clock(), until)) {
		if (how->stuck)
			usleep(1000);
		else
			assert_int_equal(loop_turn(f->loop, NS_PER_MS), 0);
		if (f->server >= 0)
			serve_text(f, how->text);
		open_out = open_out && drain(out[0], f->out, sizeof(f->out));
		open_err = open_err && drain(err[0], f->err, sizeof(f->err));
	}
	if (open_out || open_err)
		kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(out[0]);
	close(err[0]);
	free(argv[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run(struct fixture *f, const char *line)
{
	return run_how(f, &(struct how){0}, line);
}

static void assert_text(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in: %s", part, text);
}

static void the_command_line_is_checked(void **state)
{
	static const struct {
		const char *line;
		int status;
		const char *out, *err;
	} rows[] = {
	    {"", 2, "", "Usage: holdfastctl"},
	    {"--help", 0, "Exit status: 0 done, 1 refused, 2 usage, 3 no daemon.", ""},
	    {"-h status", 0, "handover INSTANCE", ""},
	    {"--version", 0, "holdfastctl ", ""},
	    {"--frobnicate", 2, "", "Try: holdfastctl --help"},
	    {"frobnicate", 2, "", "unknown command frobnicate\n"},
	    {"stats", 2, "", "did you mean status?"},
	    {"status example more", 2, "", "too many arguments"},
	    {"bgp --check", 2, "", "--check belongs to status"},
	    {"status --check --json", 2, "", "--check stands alone"},
	    {"handover", 2, "", "name the INSTANCE"},
	    {"events 3", 2, "", "events: takes --follow"},
	    {"explain --follow", 2, "", "--follow belongs to events"},
	    {"status --svg x", 2, "", "--svg to explain"},
	    {"explain 1 2", 2, "", "too many arguments"},
	    {"handover a b", 2, "", "too many arguments"},
	    {"--name a/b status", 2, "", "is no daemon's name"},
	    {"--name", 2, "", "requires an argument"},
	    {"--name none status", 3, "", "no daemon named none: is it running? systemctl status"},
	    {"--name none reload", 3, "", "no daemon named none"},
	    {"clear a b", 2, "", "too many arguments"},
	    {"detach x", 2, "", "too many arguments"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(run(f, rows[i].line), rows[i].status);
		assert_text(f->out, rows[i].out);
		assert_text(f->err, rows[i].err);
		if (rows[i].status != 0)
			assert_string_equal(f->out, "");
	}
}

static void the_views_tell_what_is_and_what_to_do(void **state)
{
	static const struct {
		const char *line, *part;
	} rows[] = {
	    {"status", "holdfast "},
	    {"status", "up 1 min 30 s\nALARM: MASTER without a route\n"},
	    {"status", "example: MASTER, priority 90 (base 100), VRID 57 on eth0, IPv4"},
	    {"status", "link: the interface is down or gone: ip link show dev eth0\n"},
	    {"status", "DRAINED: example is out of service on purpose\n"},
	    {"status", "drained     by the operator; back by: holdfastctl undrain example\n"},
	    {"status", "drained     by its disable_file; back by: rm /etc/holdfast/disable\n"},
	    {"status",
	     "    drained     another member of its sync group is; see the other instances\n"},
	    {"status", "    master      this node\n"},
	    {"status", "    address     203.0.113.57/32\n"},
	    {"status", "                2001:db8::57/128 escalated\n"},
	    {"status", "                and 1 more\n"},
	    {"status", "last change BACKUP -> MASTER, "},
	    {"status", "(2025-01-02T03:03:04.567Z):"},
	    {"status", "2 instances: 1 MASTER 1 INIT\n"},
	    {"status", "announced   2001:db8::57/128 escalated, settles in 12 s\n"},
	    {"status", "traffic     comes to this node since it is MASTER\n"},
	    {"status", "announced   on the LAN by ARP; no BGP\n"},
	    {"status example", "example: MASTER, priority 90 (base 100), VRID 57 on eth0, IPv4"},
	    {"status", "second: INIT, priority 0"},
	    {"status", "    master      none heard yet\n"},
	    {"status", "2 services: 0 UP, 1 DOWN\n"},
	    {"status", "www: DOWN, service, when it fails: med 1000\n"},
	    {"status", "    failed      check web: exit status 1, "},
	    {"status", "    prefix      203.0.113.80/32\n"},
	    {"status", "    announced   failed by fabric\n"},
	    {"status", "    last change UP -> DOWN, "},
	    {"status", "DRAINED: dns is out of service on purpose\n"},
	    {"status www", "www: DOWN, service"},
	    {"status dns", "    announced   nothing\n"},
	    {"status", "BGP fabric: 1 of 1 sessions Established\n"},
	    {"status", "Checks: 1 of 3 UP; see: holdfastctl checks\n"},
	    {"status", "Data path eth0: xdp, timer bpf\n"},
	    {"status", "Data path lo: tc, timer timerfd; no XDP\n"},
	    {"status", "Loop: 1 of 12 turns took over 1 ms"},
	    {"bgp", "fabric, local AS 4200000000: 1 of 1 sessions Established\n"},
	    {"bgp", "2001:db8::1 AS 65000: Established for 1 min, hold time 9 s"},
	    {"bgp", "last error: hold \"timer\"\n"},
	    {"checks", "web: DOWN; script, "},
	    {"checks", " ago: exit status 1 after 1.500 ms\n"},
	    {"checks", "it said: caf\xc3\xa9 ?\n"},
	    {"checks", "new: UNKNOWN, has not run yet\n"},
	    {"checks", "callers: UP; traffic, for "},
	    {"checks", ": 118 of 120 SYN answered in 0.5 s\n"},
	    {"checks", "in all 4000 SYN: 3900 answered, 60 refused; 7 connections"},
	    {"counters",
	     "       PKTS  BYTES    SYN SYNACK    FIN    RST    UDP   ICMP   FRAG LAST\n"
	     "203.0.113.57\n"
	     " in       1      0      2      0      0      0      0      0      3 never\n"
	     " out      0      4      0      0      0      5      0      0      0 1 s\n"},
	    {"counters", "Adverts: 10 accepted, 11 passed on for other VRIDs\n"},
	    {"counters", "12 refused: checksum; the last from 192.0.2.66, 2 s ago\n"},
	    {"counters", "Who sends them: tcpdump"},
	};
	struct fixture *f = *state;
	char line[64];

	start(f, &timeouts);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(line, sizeof(line), "--name test %s", rows[i].line);
		assert_int_equal(run(f, line), 0);
		assert_text(f->out, rows[i].part);
		assert_string_equal(f->err, "");
	}
}

static void output_fits_eighty_columns_and_no_terminal_sequence_passes(void **state)
{
	static const char *const lines[] = {"--name test status", "--name test bgp",
					    "--name test checks", "--name test counters", "--help"};
	struct fixture *f = *state;
	char *save;

	f->long_texts = true;
	start(f, &timeouts);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(run(f, lines[i]), 0);
		for (char *l = strtok_r(f->out, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
			if (strlen(l) > 80 || strpbrk(l, "\x1b\r\x7f"))
				fail_msg("%s: %s", lines[i], l);
		}
	}
	assert_int_equal(run(f, lines[2]), 0);
	assert_text(f->out, "?[31mred?");
	assert_text(f->out, "it checks /usr/bin/curl ...; DOWN for ");
	assert_int_equal(run(f, lines[1]), 0);
	assert_text(f->out, "Nothing is announced.");
}

static void json_is_the_daemons_object_on_one_line(void **state)
{
	static const struct {
		const char *line, *begin;
	} rows[] = {
	    {"--name test status --json", "{\"schema\":1,\"name\":\"holdfast\","},
	    {"--json --name test bgp", "{\"bgp\":[{\"name\":\"fabric\","},
	    {"--json checks --name test", "{\"checks\":[{\"name\":\"web\","},
	    {"--name=test counters --json", "{\"adverts\":{\"accepted\":10,"},
	    {"--name test reload --json", "{}\n"},
	};
	struct fixture *f = *state;

	start(f, &timeouts);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(run(f, rows[i].line), 0);
		assert_int_equal(strncmp(f->out, rows[i].begin, strlen(rows[i].begin)), 0);
		assert_null(strstr(f->out, "\"ok\""));
		assert_ptr_equal(strchr(f->out, '\n'), f->out + strlen(f->out) - 1);
	}
}

static void orders_are_carried_out_or_refused_with_advice(void **state)
{
	struct fixture *f = *state;

	start(f, &timeouts);
	assert_int_equal(run(f, "--name test status --check"), 2); /* one instance is in INIT */
	assert_text(f->out,
		    "holdfast: 1 of 2 instances MASTER or BACKUP, 0 of 2 services UP, 1 alarm\n"
		    "ALARM: MASTER");
	assert_int_equal(run(f, "--name test status exmaple"), 1);
	assert_text(f->err, "no instance exmaple\nholdfastctl: did you mean example?\n");
	assert_int_equal(run(f, "--name test handover example"), 0);
	assert_int_equal(f->last.verb, CONTROL_HANDOVER);
	assert_string_equal(f->last.instance, "example");
	assert_text(f->out, "example is handed over\n");
	assert_int_equal(run(f, "--name test reload"), 0);
	assert_int_equal(f->last.verb, CONTROL_RELOAD);
	assert_text(f->out, "has read its configuration");
	assert_int_equal(run(f, "--name test drain"), 0);
	assert_int_equal(f->last.verb, CONTROL_DRAIN);
	assert_string_equal(f->last.instance, "");
	assert_false(f->last.force);
	assert_int_equal(run(f, "--name test drain --force example"), 0);
	assert_true(f->last.force);
	assert_int_equal(run(f, "--name test undrain --force"), 2);
	assert_text(f->err, "undrain: --force belongs to reload, drain and handover");
	assert_int_equal(run(f, "--name test clear 2001:db8::1"), 0);
	assert_int_equal(f->last.verb, CONTROL_CLEAR);
	assert_int_equal(f->last.neighbor.b[15], 1);
	assert_int_equal(run(f, "--name test clear"), 0);
	assert_int_equal(f->last.neighbor.b[15], 0);
	assert_int_equal(run(f, "--name test clear r1"), 1);
	assert_text(f->err, "\"r1\" is no neighbor's address");
	assert_int_equal(run(f, "--name test undrain example"), 0);
	assert_int_equal(f->last.verb, CONTROL_UNDRAIN);
	assert_string_equal(f->last.instance, "example");
	assert_int_equal(run(f, "--name test handover exmaple"), 1);
	assert_string_equal(f->err, "holdfastctl: no instance exmaple\n"
				    "holdfastctl: did you mean example?\n");
	assert_int_equal(run(f, "--name test handover frobnicate"), 1);
	assert_string_equal(f->err, "holdfastctl: no instance frobnicate\n");
	assert_string_equal(f->out, "");
}

static void events_are_listed_and_explained(void **state)
{
	static const struct {
		const char *line;
		int status;
		const char *out, *err;
	} rows[] = {
	    {"events", 0,
	     "1 2025-01-02T03:03:04.567Z example BACKUP -> MASTER in 0.210 ms: master down\n", ""},
	    {"events --json", 0, "{\"schema\":1,\"last\":1,\"events\":[{\"number\":1,", ""},
	    {"explain", 0, "\n    -36.090 ms  last advert of the old master\n", ""},
	    {"explain 1", 0, "Event 1: example became MASTER", ""},
	    {"explain 1 --json", 0, "{\"number\":1,\"instance\":\"example\"", ""},
	    {"explain 2", 1, "", "there is no event 2; kept are 1 to 1: holdfastctl events\n"},
	    {"explain x", 1, "", "there is no event x"},
	    {"explain --svg /dev/full", 1, "", "/dev/full: "},
	    {"explain --svg /dev/stdout", 0, "</svg>\n", ""},
	    {"explain --svg -", 0, "</svg>\n", ""},
	};
	struct fixture *f = *state;
	char line[64];

	start(f, &timeouts);
	assert_int_equal(run(f, "--name test events"), 0);
	assert_string_equal(f->out, "No transition has been recorded yet.\n");
	assert_int_equal(run(f, "--name test explain"), 1);
	assert_text(f->err, "no transition has been recorded yet");
	f->events = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(line, sizeof(line), "--name test %s", rows[i].line);
		assert_int_equal(run(f, line), rows[i].status);
		assert_text(f->out, rows[i].out);
		assert_text(f->err, rows[i].err);
	}
}

static void who_may_only_ask_is_served_by_the_status_socket(void **state)
{
	struct how as_nobody = {.user = getpwnam("nobody")};
	struct fixture *f = *state;
	char path[128];

	if (geteuid() != 0 || !as_nobody.user)
		skip();
	start(f, &timeouts);
	snprintf(path, sizeof(path), "%s/status", f->dir);
	assert_int_equal(chmod(path, 0666), 0); /* as if no user were in the group */
	assert_int_equal(run_how(f, &as_nobody, "--name test status"), 0);
	assert_text(f->out, "example: MASTER");
	assert_int_equal(run_how(f, &as_nobody, "--name test reload"), 1);
	assert_text(f->err, "run reload as root");
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(run_how(f, &as_nobody, "--name test status"), 1);
	assert_text(f->err, "join the group holdfast");
}

static void a_stuck_daemon_is_named_as_such(void **state)
{
	struct control_timeouts impatient = timeouts;
	struct fixture *f = *state;

	impatient.engine_ns = 100 * NS_PER_MS;
	start(f, &impatient);
	assert_int_equal(run_how(f, &(struct how){.stuck = true}, "--name test status"), 1);
	assert_text(f->err, "the daemon does not answer");
}

static void listen_instead(struct fixture *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	assert_int_equal(mkdir(f->dir, 0755), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control", f->dir);
	f->server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(f->server, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(f->server, 4), 0);
}

static void answers_of_no_daemon_of_ours_do_no_harm(void **state)
{
	static const struct {
		const char *line, *text;
		int status;
		const char *part; /* of what it writes */
	} rows[] = {
	    {"status", "", 3, "closed the connection"},
	    {"status", "half a line", 3, "closed the connection"},
	    {"status", "garbage\n", 1, "no JSON object"},
	    {"status", "[]\n", 1, "no JSON object"},
	    {"status", "{}\n", 1, "refused without a reason"},
	    {"status", "{\"ok\":false,\"error\":\"too many clients\"}\n", 1, "too many clients"},
	    {"status", "{\"ok\":true}\n", 0, "No instance is configured."},
	    {"bgp", "{\"ok\":true,\"bgp\":null}\n", 0, "No bgp_instance is configured."},
	    {"checks", "{\"ok\":true}\n", 0, "No check is configured."},
	    {"counters", "{\"ok\":true,\"refusals\":[1],\"traffic\":7}\n", 0, "0 accepted"},
	    {"bgp --json", "{\"ok\":true}\n", 0, "{\"bgp\":null}"},
	    {"status",
	     "{\"ok\":true,\"alarms\":{},\"instances\":[1,null,{\"name\":7,\"faults\":[{},\"new\"],"
	     "\"master\":[],\"last_transition\":\"x\",\"announced\":[[]],\"announced_total\":-1}],"
	     "\"bgp\":[{\"neighbors\":[3]}],\"checks\":[0],\"datapath\":[false],\"loop\":[]}\n",
	     0, "fault       new\n"},
	};
	struct fixture *f = *state;
	char line[64];

	listen_instead(f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct how how = {.text = rows[i].text};

		snprintf(line, sizeof(line), "--name test %s", rows[i].line);
		assert_int_equal(run_how(f, &how, line), rows[i].status);
		assert_text(rows[i].status ? f->err : f->out, rows[i].part);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(the_command_line_is_checked),
	    CASE(the_views_tell_what_is_and_what_to_do),
	    CASE(output_fits_eighty_columns_and_no_terminal_sequence_passes),
	    CASE(json_is_the_daemons_object_on_one_line),
	    CASE(orders_are_carried_out_or_refused_with_advice),
	    CASE(events_are_listed_and_explained),
	    CASE(who_may_only_ask_is_served_by_the_status_socket),
	    CASE(a_stuck_daemon_is_named_as_such),
	    CASE(answers_of_no_daemon_of_ours_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
