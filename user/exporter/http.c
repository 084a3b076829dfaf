// SPDX-License-Identifier: BSD-2-Clause
/*
 * A table of paths, with one function for each. Only GET and HEAD are allowed, and no path changes
 * any state. The headers of each answer forbid scripts except that of the page, frames, access by
 * other sites, and caching.
 */
#include "exporter/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "client/explain.h"
#include "client/text.h"
#include "exporter/fetch.h"
#include "exporter/health.h"
#include "exporter/metrics.h"
#include "exporter/page.h"

#define MAX_CONNECTIONS	  32 /* for Prometheus servers, load balancers and open pages */
#define MAX_PER_ADDRESS	  16 /* so that one client cannot use all connections */
#define IDLE_LIMIT_S	  10
#define CONNECTION_MEMORY (16 * 1024) /* for the line and the headers of a request */
#define POLICY_TEXT	  512

struct http {
	struct MHD_Daemon *daemon;
	const char *path;
	bool local;
	char node[HOST_NAME_MAX + 1];
};

/* A request and its answer. */
struct answer {
	const struct http *http;
	struct MHD_Connection *connection;
	const char *url;
	FILE *f; /* the body */
	unsigned int status;
	const char *type;
	char policy[POLICY_TEXT]; /* Content-Security-Policy */
};

typedef void (*serve_fn)(struct answer *a);

static const char text_mime[] = "text/plain; charset=utf-8";
static const char json_mime[] = "application/json";

static void refuse(struct answer *a, unsigned int status, const char *text)
{
	a->status = status;
	a->type = text_mime;
	fprintf(a->f, "%s\n", text);
}

/* --- the paths --- */

static void serve_metrics(struct answer *a)
{
	json_object *status = fetch_status(a->http->path);

	a->type = "text/plain; version=0.0.4; charset=utf-8";
	metrics_write(a->f, status);
	json_object_put(status);
}

static void write_json(struct answer *a, json_object *answer)
{
	int err = errno;

	a->type = json_mime;
	if (answer) {
		fprintf(a->f, "%s\n",
			json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN |
								   JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(answer);
		return;
	}
	a->status = MHD_HTTP_SERVICE_UNAVAILABLE;
	fprintf(a->f, "{\"error\":\"the daemon does not answer: %s\"}\n", strerror(err));
}

static void serve_status(struct answer *a)
{
	write_json(a, fetch_status(a->http->path));
}

static void serve_events(struct answer *a)
{
	write_json(a, fetch_events(a->http->path));
}

static void serve_health(struct answer *a)
{
	json_object *status = fetch_status(a->http->path);

	a->type = text_mime;
	a->status = health_judge(
	    status, MHD_lookup_connection_value(a->connection, MHD_GET_ARGUMENT_KIND, "instance"),
	    MHD_lookup_connection_value(a->connection, MHD_GET_ARGUMENT_KIND, "role"), a->f);
	json_object_put(status);
}

/* Makes PAGE_NONCE_LEN random hexadecimal digits. */
static bool make_nonce(char nonce[PAGE_NONCE_LEN + 1])
{
	unsigned char octets[PAGE_NONCE_LEN / 2];

	if (getrandom(octets, sizeof(octets), 0) != (ssize_t)sizeof(octets))
		return false;
	for (size_t i = 0; i < sizeof(octets); i++)
		snprintf(nonce + 2 * i, 3, "%02x", octets[i]);
	return true;
}

static void serve_page(struct answer *a)
{
	json_object *status, *events;
	char nonce[PAGE_NONCE_LEN + 1], why[128];

	if (!make_nonce(nonce)) {
		refuse(a, MHD_HTTP_INTERNAL_SERVER_ERROR, "no random numbers");
		return;
	}
	status = fetch_status(a->http->path);
	snprintf(why, sizeof(why), "The daemon does not answer: %s. See: systemctl status holdfast",
		 strerror(errno));
	events = fetch_events(a->http->path);
	a->type = "text/html; charset=utf-8";
	snprintf(a->policy, sizeof(a->policy),
		 "default-src 'none'; style-src 'nonce-%s'; script-src 'nonce-%s'; img-src 'self'; "
		 "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		 nonce, nonce);
	page_write(a->f, status, events, why, a->http->node, nonce);
	json_object_put(status);
	json_object_put(events);
}

/* "/explain/12.svg" is the picture of event 12. */
static void serve_picture(struct answer *a)
{
	json_object *events = fetch_events(a->http->path), *event = NULL;
	char *end = NULL;
	long long number = strtoll(a->url + strlen("/explain/"), &end, 10);

	for (size_t i = 0; strcmp(end, ".svg") == 0 && i < json_length(events, "events"); i++) {
		json_object *one = json_at(events, "events", i);

		if (json_int(one, "number") == number)
			event = one;
	}
	if (!event) {
		refuse(a, MHD_HTTP_NOT_FOUND, "no such event");
	} else {
		a->type = "image/svg+xml";
		explain_draw(event, a->http->node, a->f);
	}
	json_object_put(events);
}

static const struct {
	const char *url;
	serve_fn serve;
	bool any_host; /* the request may name any host, because Prometheus may use any name */
} paths[] = {
    {"/", serve_page, false},
    {"/metrics", serve_metrics, true},
    {"/healthz", serve_health, true},
    {"/status.json", serve_status, false},
    {"/events.json", serve_events, false},
};

/* --- requests --- */

/* True if the host is an address or localhost: "127.0.0.1:9650", "[::1]:9650". */
static bool is_plain_host(const char *host)
{
	char name[INET6_ADDRSTRLEN];
	struct in6_addr any;
	size_t len;

	if (!host) /* HTTP/1.0, which no browser uses */
		return true;
	if (host[0] == '[')
		return true; /* only an address may be in brackets */
	len = strcspn(host, ":");
	if (len >= sizeof(name))
		return false;
	memcpy(name, host, len);
	name[len] = '\0';
	return strcasecmp(name, "localhost") == 0 || inet_pton(AF_INET, name, &any) == 1;
}

static void serve(struct answer *a)
{
	const char *host =
	    MHD_lookup_connection_value(a->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	bool foreign = a->http->local && !is_plain_host(host);
	serve_fn fn = strncmp(a->url, "/explain/", 9) == 0 ? serve_picture : NULL;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (strcmp(paths[i].url, a->url) == 0) {
			fn = paths[i].serve;
			foreign &= !paths[i].any_host;
		}
	}
	if (!fn)
		refuse(a, MHD_HTTP_NOT_FOUND, "not found; see / for the available pages");
	else if (foreign)
		refuse(a, MHD_HTTP_FORBIDDEN, "use an address or localhost as the host name");
	else
		fn(a);
}

static enum MHD_Result send_answer(const struct answer *a, char *text, size_t len)
{
	const char *const headers[][2] = {
	    {MHD_HTTP_HEADER_CONTENT_TYPE, a->type},
	    {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
	    {"Content-Security-Policy", a->policy},
	    {"X-Content-Type-Options", "nosniff"},
	    {"X-Frame-Options", "DENY"},
	    {"Referrer-Policy", "no-referrer"},
	    {"Cross-Origin-Resource-Policy", "same-origin"},
	    {"Cross-Origin-Opener-Policy", "same-origin"},
	    {MHD_HTTP_HEADER_ALLOW, "GET, HEAD"},
	};
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (!response) {
		free(text);
		return MHD_NO;
	}
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		MHD_add_response_header(response, headers[i][0], headers[i][1]);
	result = MHD_queue_response(a->connection, a->status, response);
	MHD_destroy_response(response);
	return result;
}

static bool is_read(const char *method)
{
	return strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
	       strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

/*
 * MHD_AccessHandlerCallback; `ctx` is the struct http. The first call is after the headers. There a
 * method other than GET and HEAD is refused before its body is read. GET and HEAD are answered in
 * the next call.
 */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **seen)
{
	struct answer a = {.http = ctx,
			   .connection = connection,
			   .url = url,
			   .status = MHD_HTTP_OK,
			   .policy = "default-src 'none'; frame-ancestors 'none'"};
	char *text = NULL;
	size_t len = 0;

	(void)version;
	(void)data;
	if (!*seen && is_read(method)) {
		*seen = ctx;
		return MHD_YES;
	}
	*size = 0; /* the body of a request is not used */
	a.f = open_memstream(&text, &len);
	if (!a.f)
		return MHD_NO;
	if (is_read(method))
		serve(&a);
	else
		refuse(&a, MHD_HTTP_METHOD_NOT_ALLOWED, "GET or HEAD");
	if (fclose(a.f) != 0) {
		free(text);
		return MHD_NO;
	}
	return send_answer(&a, text, len);
}

struct http *http_start(int fd, const char *path, bool local)
{
	struct http *http = calloc(1, sizeof(*http)); /* owner: the caller, by http_stop() */

	if (!http)
		return NULL;
	http->path = path;
	http->local = local;
	gethostname(http->node, sizeof(http->node) - 1);
	http->daemon =
	    MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, http,
			     MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
			     (unsigned int)MAX_CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
			     (unsigned int)MAX_PER_ADDRESS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
			     (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT,
			     (unsigned int)IDLE_LIMIT_S, MHD_OPTION_END);
	if (http->daemon)
		return http;
	free(http);
	return NULL;
}

void http_stop(struct http *http)
{
	MHD_stop_daemon(http->daemon);
	free(http);
}
