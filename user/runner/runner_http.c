// SPDX-License-Identifier: BSD-2-Clause
/*
 * The built-in HTTP check. It compares the status code, and searches a text in the body. libcurl
 * implements HTTP; its multi interface uses the runner's loop. All checks share one multi handle.
 * Each check has its own easy handle. It opens a new connection each time, because a kept
 * connection would not show that the server accepts no new ones.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "runner/last_line.h"
#include "runner/libcurl.h"
#include "runner/runner_check.h"
#include "version.h"

/* Octets of a body that are read and searched. A longer body is cut. */
#define BODY_MAX (64 << 10)

static const struct libcurl *curl; /* loaded with the first HTTP check */

struct http {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer timer;
};

struct http_probe {
	struct check *check;
	CURL *easy;
	bool going;
	long want_status; /* 0: 200 to 299 */
	const char *want_text;
	struct mono began;
	char error[CURL_ERROR_SIZE];
	size_t len;
	char body[BODY_MAX];
};

/* --- libcurl on the loop --- */

static void verdict(struct http_probe *h, enum health_outcome outcome, int status,
		    const char *detail)
{
	struct last_line clean = {0};

	last_line_put(&clean, detail, strlen(detail));
	check_report(h->check,
		     &(struct run_verdict){.outcome = outcome,
					   .status = status,
					   .started_ns = h->began.ns,
					   .duration_ns = mono_diff_ns(loop_clock(), h->began),
					   .detail = clean.text});
}

static void judge_answer(struct http_probe *h)
{
	char text[RUNNER_DETAIL];
	long status = 0;
	bool good;

	curl->easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
	good = h->want_status ? status == h->want_status : status >= 200 && status <= 299;
	snprintf(text, sizeof(text), "HTTP status %ld", status);
	if (!good)
		verdict(h, HEALTH_ANSWER, (int)status, text);
	else if (memmem(h->body, h->len, h->want_text, strlen(h->want_text)))
		verdict(h, HEALTH_OK, 0, text);
	else
		verdict(h, HEALTH_ANSWER, (int)status, "the body lacks the wanted text");
}

static void judge(struct http_probe *h, CURLcode code)
{
	const char *error = h->error[0] ? h->error : curl->easy_strerror(code);
	long err = 0;

	curl->easy_getinfo(h->easy, CURLINFO_OS_ERRNO, &err);
	if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && h->len == BODY_MAX))
		judge_answer(h);
	else if (code == CURLE_OPERATION_TIMEDOUT)
		verdict(h, HEALTH_TIMEOUT, 0, "");
	else
		verdict(h, HEALTH_CONNECT, (int)err, error);
}

/* Takes the results of the transfers that have ended, after a call of libcurl. */
static void collect(struct http *http)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl->multi_info_read(http->multi, &left))) {
		CURLcode code = msg->data.result; /* *msg is invalid after the removal */
		struct http_probe *h = NULL;

		curl->easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&h);
		curl->multi_remove_handle(http->multi, h->easy);
		h->going = false;
		judge(h, code);
	}
}

static void act(struct http *http, curl_socket_t fd, int what)
{
	int running;

	curl->multi_socket_action(http->multi, fd, what, &running);
	collect(http);
}

static void on_socket(struct loop_source *src, uint32_t ready)
{
	int what = (ready & EPOLLIN ? CURL_CSELECT_IN : 0) |
		   (ready & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
		   (ready & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);

	act(src->ctx, src->fd, what);
}

static void on_timer(struct loop_timer *timer)
{
	act(timer->ctx, CURL_SOCKET_TIMEOUT, 0);
}

/* CURLMOPT_SOCKETFUNCTION: makes the loop wait for the events `what` of `fd`. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *ours)
{
	uint32_t events =
	    (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
	struct loop_source *src = ours;
	struct http *http = ctx;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (src)
			loop_remove(http->loop, src);
		free(src);
		return 0;
	}
	if (src)
		return loop_modify(http->loop, src, events) < 0 ? -1 : 0;
	src = calloc(1, sizeof(*src)); /* owner: the multi handle, by multi_assign() */
	if (!src)
		return -1;
	*src = (struct loop_source){.fd = fd, .fn = on_socket, .ctx = http, .name = "HTTP check"};
	if (loop_add(http->loop, src, events) < 0) {
		free(src);
		return -1;
	}
	curl->multi_assign(http->multi, fd, src);
	return 0;
}

/* CURLMOPT_TIMERFUNCTION */
static int arm_timer(CURLM *multi, long ms, void *ctx)
{
	struct http *http = ctx;

	(void)multi;
	if (ms < 0)
		loop_disarm(http->loop, &http->timer);
	else
		loop_arm(http->loop, &http->timer, mono_add(loop_clock(), ms * NS_PER_MS));
	return 0;
}

/* Returns the runner's multi handle, and creates it with the first HTTP check. NULL: no memory. */
static struct http *http_of(struct runner *runner)
{
	struct http *http = runner->http;

	if (http)
		return http;
	if (curl->global_init(CURL_GLOBAL_DEFAULT) != 0)
		return NULL;
	http = calloc(1, sizeof(*http)); /* owner: runner */
	if (!http)
		return NULL;
	http->loop = runner->loop;
	http->timer = (struct loop_timer){.fn = on_timer, .ctx = http, .name = "HTTP checks"};
	http->multi = curl->multi_init();
	if (!http->multi) {
		free(http);
		return NULL;
	}
	curl->multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl->multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl->multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, arm_timer);
	curl->multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	runner->http = http;
	return http;
}

void http_close(struct runner *runner)
{
	if (!runner->http)
		return;
	curl->multi_cleanup(runner->http->multi);
	loop_disarm(runner->loop, &runner->http->timer);
	free(runner->http);
	runner->http = NULL;
	curl->global_cleanup();
}

/* --- the kind --- */

/* CURLOPT_WRITEFUNCTION: a full buffer ends the transfer. */
static size_t take_body(char *data, size_t size, size_t n, void *ctx)
{
	struct http_probe *h = ctx;
	size_t take = size * n < BODY_MAX - h->len ? size * n : BODY_MAX - h->len;

	memcpy(h->body + h->len, data, take);
	h->len += take;
	return h->len < BODY_MAX ? take : 0;
}

static void http_start(struct check *c)
{
	struct http_probe *h = c->job;

	if (h->going && !check_timed_out(c, h->began)) {
		c->skipped++;
		return;
	}
	if (h->going) {
		curl->multi_remove_handle(c->runner->http->multi, h->easy);
		verdict(h, HEALTH_TIMEOUT, 0, "");
	}
	h->began = c->counted_from;
	h->len = 0;
	h->error[0] = '\0';
	h->going = curl->multi_add_handle(c->runner->http->multi, h->easy) == CURLM_OK;
	if (!h->going)
		verdict(h, HEALTH_SPAWN, ENOMEM, "");
}

static int set_options(struct http_probe *h, const struct runner_check *check)
{
	long timeout_ms = (long)(check->timeout_ns / NS_PER_MS), verify = check->argv[3][0] == '1';
	CURL *easy = h->easy;

	/* The answer must be that of the URL, so a proxy, a redirect or another protocol is not
	 * used. */
	if (curl->easy_setopt(easy, CURLOPT_URL, check->argv[0]) != CURLE_OK ||
	    curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK ||
	    curl->easy_setopt(easy, CURLOPT_PROXY, "") != CURLE_OK ||
	    curl->easy_setopt(easy, CURLOPT_USERAGENT, "holdfast/" HF_VERSION) != CURLE_OK)
		return -ENOMEM;
	curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl->easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl->easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify);
	curl->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
	curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl->easy_setopt(easy, CURLOPT_WRITEDATA, h);
	curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, h->error);
	curl->easy_setopt(easy, CURLOPT_PRIVATE, h);
	return 0;
}

static void http_destroy(struct check *c)
{
	struct http_probe *h = c->job;

	if (h->going)
		curl->multi_remove_handle(c->runner->http->multi, h->easy);
	curl->easy_cleanup(h->easy);
	free(h);
}

/* argv: URL, status, text, verify. */
static int http_create(struct check *c)
{
	const struct runner_check *check = &c->cmd->msg.check;
	struct http_probe *h;
	int argc = 0, err;

	while (check->argv[argc])
		argc++;
	if (argc != 4)
		return -EINVAL;
	curl = libcurl_load();
	if (!curl)
		return -ELIBACC;
	h = http_of(c->runner) ? calloc(1, sizeof(*h)) : NULL; /* owner: c */
	if (!h)
		return -ENOMEM;
	h->check = c;
	h->want_status = strtol(check->argv[1], NULL, 10);
	h->want_text = check->argv[2];
	h->easy = curl->easy_init();
	err = h->easy ? set_options(h, check) : -ENOMEM;
	c->job = h;
	if (err < 0)
		http_destroy(c);
	return err;
}

const struct builtin builtin_http = {http_create, http_start, http_destroy};
