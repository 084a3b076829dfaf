// SPDX-License-Identifier: BSD-2-Clause
/*
 * Runs `holdfastd --detach`, so that only one program knows what to remove. Rejected: linking that
 * code here, which would load libbpf for every command.
 */
#include "cli/detach.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The path of holdfastd relative to this program, in the build tree and installed. */
static const char *const places[] = {"holdfastd", "../sbin/holdfastd"};

/* Finds the daemon's program and writes its path. False: not found. */
static bool find_daemon(char path[PATH_MAX])
{
	char dir[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	char *slash;

	if (len < 0)
		return false;
	dir[len] = '\0';
	slash = strrchr(dir, '/');
	if (!slash)
		return false;
	*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (snprintf(path, PATH_MAX, "%s/%s", dir, places[i]) < PATH_MAX &&
		    access(path, X_OK) == 0)
			return true;
	}
	return false;
}

enum cli_exit detach_run(const char *name, bool json)
{
	char path[PATH_MAX], program[] = "holdfastctl", option[] = "--detach", key[] = "--name";
	char value[NAME_MAX];
	char *argv[] = {program, option, key, value, NULL};
	int status, err;
	pid_t pid;

	snprintf(value, sizeof(value), "%s", name);
	if (!find_daemon(path)) {
		client_complain("holdfastd is not installed beside this program");
		return CLI_REFUSED;
	}
	err = posix_spawn(&pid, path, NULL, NULL, argv, environ);
	if (err != 0 || waitpid(pid, &status, 0) < 0) {
		client_complain("%s: %s", path, strerror(err ? err : errno));
		return CLI_REFUSED;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return WIFEXITED(status) && WEXITSTATUS(status) == 2 ? CLI_USAGE : CLI_REFUSED;
	if (json)
		puts("{}");
	else
		printf("nothing of %s is left in the kernel\n", name);
	return CLI_DONE;
}
