// SPDX-License-Identifier: BSD-2-Clause
/*
 * holdfast-exporter: /metrics over HTTP, from the status that the daemon tells everybody of the
 * group `holdfast`. A process and a user of its own: what faces the network cannot command the
 * daemon.
 */
#include <errno.h>
#include <getopt.h>
#include <microhttpd.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "exporter/fetch.h"
#include "exporter/metrics.h"
#include "version.h"

#define DEFAULT_LISTEN	"127.0.0.1:9650"
#define MAX_CONNECTIONS 16 /* a few Prometheis and somebody with curl */
#define IDLE_LIMIT_S	10

static const char usage_text[] =
    "usage: holdfast-exporter [--listen ADDRESS:PORT] [--name NAME]\n"
    "  --listen ADDRESS:PORT  where to serve /metrics (" DEFAULT_LISTEN ")\n"
    "  --name NAME            the daemon's name, as given to holdfastd (holdfast)\n"
    "  -h, --help             this text\n"
    "  --version              the version\n";

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned int status,
				   const char *text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_metrics(struct MHD_Connection *connection, const char *path)
{
	json_object *status = fetch_status(path);
	struct MHD_Response *response;
	enum MHD_Result result;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f)
		metrics_write(f, status);
	json_object_put(status);
	if (!f || fclose(f) != 0) {
		free(text);
		return answer_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n");
	}
	response = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				"text/plain; version=0.0.4; charset=utf-8");
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

/* MHD_AccessHandlerCallback; `ctx` is the path of the daemon's socket. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **seen)
{
	(void)version;
	(void)data;
	if (!*seen) { /* the headers; what a client has to say beyond them is not read */
		*seen = ctx;
		return MHD_YES;
	}
	*size = 0;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET only\n");
	if (strcmp(url, "/metrics") == 0)
		return answer_metrics(connection, ctx);
	if (strcmp(url, "/") == 0)
		return answer_text(connection, MHD_HTTP_OK, "Holdfast: see /metrics\n");
	return answer_text(connection, MHD_HTTP_NOT_FOUND, "see /metrics\n");
}

/* A listening socket at "ADDRESS:PORT" or "[ADDRESS]:PORT", numbers only; -1 with the reason told.
 */
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
	if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) < 0 ||
	    listen(fd, MAX_CONNECTIONS) < 0) {
		fprintf(stderr, "holdfast-exporter: cannot listen on %s: %s\n", where,
			strerror(errno));
		freeaddrinfo(found);
		return -1;
	}
	freeaddrinfo(found);
	return fd;
}

static int serve(const char *where, char *path)
{
	int fd = listen_at(where), signo;
	struct MHD_Daemon *http;
	sigset_t set;

	if (fd < 0)
		return 1;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL); /* before MHD's thread, which inherits it */
	http = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, path,
				MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
				(unsigned int)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
				(unsigned int)IDLE_LIMIT_S, MHD_OPTION_END);
	if (!http) {
		fputs("holdfast-exporter: cannot start the HTTP server\n", stderr);
		return 1;
	}
	sigwait(&set, &signo);
	MHD_stop_daemon(http);
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
	    {"run-dir", required_argument, NULL, OPT_RUN_DIR}, /* for tests: instead of /run */
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
