// SPDX-License-Identifier: BSD-2-Clause
/*
 * holdfast-exporter: metrics and a status page over HTTP. It reads the daemon's status socket,
 * which is open to the group `holdfast`. It is a separate process with its own user, so that the
 * process that HTTP clients can reach cannot control the daemon. This file reads the command line
 * and opens the listening socket; http.c answers the requests.
 */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/confine.h"
#include "exporter/http.h"
#include "version.h"

#define DEFAULT_LISTEN "127.0.0.1:9650"
#define BACKLOG	       16

static const char usage_text[] =
    "usage: holdfast-exporter [--listen ADDRESS:PORT] [--name NAME]\n"
    "  --listen ADDRESS:PORT  where to serve (" DEFAULT_LISTEN ")\n"
    "  --name NAME            the daemon's name, as given to holdfastd (holdfast)\n"
    "  -h, --help             this text\n"
    "  --version              the version\n";

/* Returns a listening socket at "ADDRESS:PORT" or "[ADDRESS]:PORT", in numbers. -1: the reason has
 * been printed. */
static int listen_at(const char *where)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				 .ai_socktype = SOCK_STREAM};
	const char *colon = strrchr(where, ':');
	struct addrinfo *found = NULL;
	char host[64];
	int fd = -1, on = 1;
	bool bracket = where[0] == '[' && colon > where && colon[-1] == ']';

	if (!colon ||
	    snprintf(host, sizeof(host), "%.*s", (int)(colon - where) - 2 * bracket,
		     where + bracket) >= (int)sizeof(host) ||
	    getaddrinfo(host[0] ? host : NULL, colon + 1, &hints, &found) != 0) {
		fprintf(stderr, "holdfast-exporter: --listen %s: write ADDRESS:PORT in numbers\n",
			where);
		return -1;
	}
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
		fprintf(stderr, "holdfast-exporter: cannot listen on %s: %s\n", where,
			strerror(errno));
		freeaddrinfo(found);
		return -1;
	}
	freeaddrinfo(found);
	return fd;
}

static bool is_loopback(int fd)
{
	struct sockaddr_storage own = {0};
	socklen_t len = sizeof(own);
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&own;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&own;

	if (getsockname(fd, (struct sockaddr *)&own, &len) < 0)
		return false;
	return own.ss_family == AF_INET ? ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET
					: IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static int serve(const char *where, const char *path)
{
	int fd = listen_at(where), signo, err;
	struct http *http;
	sigset_t set;

	if (fd < 0)
		return 1;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	/* The thread of libmicrohttpd inherits the signal mask and the filter of system calls. */
	sigprocmask(SIG_BLOCK, &set, NULL);
	err = confine(CONFINE_EXPORTER);
	if (err < 0)
		fprintf(stderr, "holdfast-exporter: system calls are not filtered: %s\n",
			strerror(-err));
	http = http_start(fd, path, is_loopback(fd));
	if (!http) {
		fputs("holdfast-exporter: cannot start the HTTP server\n", stderr);
		return 1;
	}
	sigwait(&set, &signo);
	http_stop(http);
	return 0;
}

enum long_option { OPT_NAME = 256, OPT_LISTEN, OPT_VERSION, OPT_RUN_DIR };

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
	    {"name", required_argument, NULL, OPT_NAME},
	    {"listen", required_argument, NULL, OPT_LISTEN},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, OPT_VERSION},
	    {"run-dir", required_argument, NULL, OPT_RUN_DIR}, /* for tests, instead of /run */
	    {NULL, 0, NULL, 0},
	};
	const char *name = "holdfast", *where = DEFAULT_LISTEN, *run_dir = "/run";
	char path[128];
	int c;

	while ((c = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		switch (c) {
		case OPT_NAME:
			name = optarg;
			break;
		case OPT_LISTEN:
			where = optarg;
			break;
		case OPT_RUN_DIR:
			run_dir = optarg;
			break;
		case OPT_VERSION:
			puts("holdfast-exporter " HF_VERSION);
			return 0;
		case 'h':
			fputs(usage_text, stdout);
			return 0;
		default:
			fputs(usage_text, stderr);
			return 2;
		}
	}
	if (optind < argc || !name[0] || strchr(name, '/') ||
	    snprintf(path, sizeof(path), "%s/%s/status", run_dir, name) >= (int)sizeof(path)) {
		fputs(usage_text, stderr);
		return 2;
	}
	return serve(where, path);
}
