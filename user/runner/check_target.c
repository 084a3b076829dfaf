// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a check runs, reads or connects to, as text for the status. The text has nothing that may be
 * secret, because the status page shows it without a password. So the arguments of a command, and
 * the user and the query of a URL, are left out. Pure.
 */
#include <stdio.h>
#include <string.h>

#include "runner/runner.h"

static void put_command(char *const *argv, char *out, size_t size)
{
	snprintf(out, size, "%s%s", argv[0], argv[1] ? " ..." : "");
}

static void put_url(const char *url, char *out, size_t size)
{
	const char *mark = strstr(url, "://"), *host = mark ? mark + 3 : url;
	size_t scheme = (size_t)(host - url), authority = strcspn(host, "/?#");

	for (size_t i = 0; i < authority; i++) {
		if (url[scheme + i] == '@')
			host = url + scheme + i + 1;
	}
	snprintf(out, size, "%.*s%.*s", (int)scheme, url, (int)strcspn(host, "?#"), host);
}

void runner_check_target(const struct runner_check *check, char *out, size_t size)
{
	char *const *argv = check->argv;

	switch (check->kind) {
	case RUNNER_TCP:
		snprintf(out, size, "%s port %s", argv[0], argv[1]);
		break;
	case RUNNER_HTTP:
		put_url(argv[0], out, size);
		break;
	case RUNNER_PROCESS:
		put_command(argv + RUNNER_PROCESS_COMMAND, out, size);
		break;
	default:
		put_command(argv, out, size);
	}
}
