// SPDX-License-Identifier: BSD-2-Clause
/* See runner_fixture.h. */
#include "runner_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/log.h"

char dir[64];
int engine = -1;
pid_t runner = -1;

/* --- files and scripts --- */

const char *at(const char *name)
{
	static char paths[8][512];
	static int i;

	i = (i + 1) % 8;
	snprintf(paths[i], sizeof(paths[i]), "%s/%s", dir, name);
	return paths[i];
}

bool exists(const char *name)
{
	return access(at(name), F_OK) == 0;
}

char *script(const char *name, const char *body)
{
	static char path[8][512];
	static int i;
	FILE *f = fopen(at(name), "w");

	assert_non_null(f);
	/* D: the directory, for the scripts' own marks */
	fprintf(f, "#!/bin/sh\nD=%s\n%s\n", dir, body);
	fclose(f);
	assert_int_equal(chmod(at(name), 0755), 0);
	i = (i + 1) % 8;
	snprintf(path[i], sizeof(path[i]), "%s", at(name));
	return path[i];
}

void touch(const char *name)
{
	FILE *f = fopen(at(name), "w");

	assert_non_null(f);
	fclose(f);
}

const char *text_of(const char *name)
{
	static char text[4096];
	FILE *f = fopen(at(name), "r");
	size_t len = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	if (f)
		fclose(f);
	text[len] = '\0';
	return text;
}

int lines_of(const char *name)
{
	const char *text = text_of(name);
	int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

pid_t pid_in(const char *name)
{
	return (pid_t)atoi(text_of(name));
}

/* --- waiting --- */

bool is_gone(pid_t pid)
{
	char path[64], state = 'X';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return true;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 'X';
	fclose(f);
	return state == 'Z' || state == 'X';
}

/* How many children of that name the runner has; NULL: any. *last is one of them. */
static int children(const char *name, pid_t *last)
{
	DIR *proc = opendir("/proc");
	const struct dirent *e;
	int n = 0, ppid;

	assert_non_null(proc);
	while ((e = readdir(proc))) {
		char path[300], comm[32];
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/stat", e->d_name);
		f = e->d_name[0] >= '0' && e->d_name[0] <= '9' ? fopen(path, "r") : NULL;
		if (!f)
			continue;
		if (fscanf(f, "%*d (%31[^)]) %*c %d", comm, &ppid) == 2 && ppid == runner &&
		    (!name || strcmp(comm, name) == 0)) {
			n++;
			*last = (pid_t)strtol(e->d_name, NULL, 10);
		}
		fclose(f);
	}
	closedir(proc);
	return n;
}

int children_of_runner(void)
{
	pid_t last;

	return children(NULL, &last);
}

pid_t probe_of_runner(void)
{
	pid_t pid = -1;

	assert_true(children("holdfast-probe", &pid) <= 1);
	return pid;
}

pid_t await_probe(void)
{
	pid_t pid;

	WAIT_UNTIL((pid = probe_of_runner()) > 0);
	return pid;
}

int descriptors_of_runner(void)
{
	return descriptors_of(runner);
}

int descriptors_of(pid_t pid)
{
	const struct dirent *e;
	char path[64];
	int n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

int next_answer(struct runner_answer *answer)
{
	struct mono until = mono_add(loop_clock(), DEADLINE_NS);
	int got = runner_receive(engine, answer);

	while (got == RUNNER_NO_ANSWER) {
		struct pollfd pfd = {.fd = engine, .events = POLLIN};

		if (!mono_before(loop_clock(), until))
			fail_msg("no message");
		poll(&pfd, 1, 100);
		got = runner_receive(engine, answer);
	}
	return got;
}

int next_message(struct runner_result *result, struct runner_done *done)
{
	struct runner_answer answer = {0};
	int got = next_answer(&answer);

	if (got == RUNNER_GOT_RESULT)
		*result = answer.result;
	else if (got == RUNNER_GOT_DONE)
		*done = answer.done;
	return got;
}

struct runner_result next_result(void)
{
	struct runner_result result = {0};
	struct runner_done done;

	assert_int_equal(next_message(&result, &done), 1);
	return result;
}

struct runner_done next_done(void)
{
	struct runner_result result;
	struct runner_done done = {0};

	assert_int_equal(next_message(&result, &done), 2);
	return done;
}

/* --- orders --- */

struct runner_user self(void)
{
	return (struct runner_user){geteuid(), getegid()};
}

void send_check(uint32_t id, char *file, int64_t interval_ns, int64_t timeout_ns)
{
	char *argv[] = {file, NULL};
	struct runner_check check = {id,   interval_ns,	  timeout_ns, self(),
				     argv, RUNNER_SCRIPT, false};

	WAIT_UNTIL(runner_send_check(engine, &check) != -EAGAIN);
}

void send_notify(uint32_t owner, char *file, const char *word, int64_t timeout_ns)
{
	char copy[32], *argv[] = {file, copy, NULL};
	struct runner_notify notify = {owner, timeout_ns, self(), argv};

	snprintf(copy, sizeof(copy), "%s", word);
	assert_int_equal(runner_send_notify(engine, &notify), 0);
}

struct runner_result run_once(char *file, int64_t timeout_ns)
{
	static uint32_t id = 1000;
	struct runner_result result;

	send_check(++id, file, LONG_NS, timeout_ns);
	result = next_result();
	assert_int_equal(result.id, id);
	assert_int_equal(runner_send_remove(engine, id), 0);
	return result;
}

/* --- each test's runner and directory --- */

int start_directory(void **state)
{
	(void)state;
	log_init("test", true, LOG_LV_ERROR);
	snprintf(dir, sizeof(dir), "/tmp/hf-runner-XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0777), 0);
	return 0;
}

int start(void **state)
{
	start_directory(state);
	assert_int_equal(runner_start("test", &engine, &runner), 0);
	return 0;
}

int await_exit(void)
{
	int status = -1;

	WAIT_UNTIL(waitpid(runner, &status, WNOHANG) == runner);
	runner = -1;
	return status;
}

static void remove_directory(void)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	while (d && (e = readdir(d)))
		remove(at(e->d_name));
	if (d)
		closedir(d);
	rmdir(dir);
}

int stop(void **state)
{
	(void)state;
	if (engine >= 0)
		close(engine);
	engine = -1;
	if (runner > 0)
		await_exit();
	remove_directory();
	return 0;
}
