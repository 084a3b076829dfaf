// SPDX-License-Identifier: BSD-2-Clause
/*
 * The BGP speaker without the daemon, driven by lines on stdin, for tests against foreign routers:
 *   bgp_driver LOCAL_AS ROUTER_ID HOLD_S NEIGHBOR REMOTE_AS [password=P] [ttl_security=N]
 *              [multihop=N] [source=ADDRESS] [passive] [listen] [role=ROLE] [strict]
 *   announce PREFIX[*COUNT] [med=N] [origin=N] [prepend=N] [localpref=N] [community=N] [large=N]
 *            [nexthop=ADDRESS]
 *   withdraw PREFIX[*COUNT]
 *   shutdown TEXT
 *   status
 *   counters
 * COUNT prefixes are the given prefix and the following ones. The answer to `status` is a line
 * "status STATE HOLD ANNOUNCED RECEIVED ERROR...", the answer to `counters` is "counters
 * UPDATES_SENT TURNS" (turns of its loop). The program ends at the end of its input, or after a
 * shutdown.
 *
 * Links: user/speaker/bgp_speaker.c user/speaker/bgp_neighbor.c user/config/neighbor_name.c
 * Links: user/speaker/bgp_output.c
 * Links: user/speaker/bgp_reload.c user/speaker/bgp_conn.c user/speaker/bgp_listen.c
 * Links: user/bgp/bgp_peer_step.c user/speaker/bgp_socket.c user/bgp/bgp_rib.c user/bgp/bgp_step.c
 * Links: user/bgp/bgp_codec.c
 * Links: user/bgp/bgp_codec_open.c user/bgp/bgp_codec_announce.c user/bgp/bgp_codec_update.c
 * Links: user/speaker/bgp_received.c user/bgp/bgp_foreign.c
 * Links: user/core/loop.c user/core/log.c user/core/addr.c
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bgp/bgp_rib.h"
#include "core/addr.h"
#include "core/log.h"
#include "speaker/bgp_listen.h"
#include "speaker/bgp_speaker.h"

struct driver {
	struct loop *loop;
	struct bgp_listener *listener;
	struct bgp_speaker *sp;
	struct loop_source input;
	bool stopping, ended; /* shut down; no more input */
	size_t len;
	char line[4096];
};

static uint32_t number(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 0);
}

/* The value if `word` is "key=value", else NULL. */
static const char *value_of(const char *word, const char *key)
{
	size_t len = strlen(key);

	return strncmp(word, key, len) == 0 && word[len] == '=' ? word + len + 1 : NULL;
}

static void read_attr(struct bgp_attrs *a, const char *word)
{
	const char *v;

	if ((v = value_of(word, "med"))) {
		a->has_med = 1;
		a->med = number(v);
	} else if ((v = value_of(word, "origin"))) {
		a->origin = (uint8_t)number(v);
	} else if ((v = value_of(word, "prepend"))) {
		a->prepend = (uint8_t)number(v);
	} else if ((v = value_of(word, "localpref"))) {
		a->local_pref = number(v);
	} else if ((v = value_of(word, "community")) && a->n_communities < BGP_MAX_COMMUNITIES) {
		a->communities[a->n_communities++] = number(v);
	} else if ((v = value_of(word, "large")) && a->n_large < BGP_MAX_LARGE_COMMUNITIES) {
		a->large[a->n_large++] = (struct bgp_large_community){65001, number(v), 3};
	} else if ((v = value_of(word, "nexthop"))) {
		ipaddr_parse(strchr(v, ':') ? &a->next_hop6 : &a->next_hop4, v);
	}
}

/* "PREFIX" or "PREFIX*COUNT". */
static unsigned int read_prefixes(char *word, struct ipprefix *p)
{
	char *star = word ? strchr(word, '*') : NULL;

	if (star)
		*star = '\0';
	if (!word || ipprefix_parse(p, word) < 0) {
		fprintf(stderr, "bad prefix\n");
		exit(2);
	}
	return star ? number(star + 1) : 1;
}

/* The following host prefix. */
static void advance(struct ipprefix *p)
{
	for (int i = 15; i >= 0 && ++p->addr.b[i] == 0; i--)
		;
}

static void do_announce(struct driver *d, char *words, bool announce)
{
	char *rest = words, *word = strsep(&rest, " ");
	struct bgp_attrs a = {0};
	struct ipprefix p;
	static struct ipprefix all[BGP_MAX_PREFIXES];
	unsigned int count = read_prefixes(word, &p), n;
	int err;

	while ((word = strsep(&rest, " ")))
		read_attr(&a, word);
	for (n = 0; n < count && n < BGP_MAX_PREFIXES; n++, advance(&p))
		all[n] = p;
	err = announce ? bgp_speaker_announce_all(d->sp, all, n, &a)
		       : bgp_speaker_withdraw_all(d->sp, all, n);
	if (err < 0)
		printf("error %d\n", err);
}

static void do_line(struct driver *d, char *line)
{
	char *rest = line, *word = strsep(&rest, " ");
	struct bgp_neighbor_status s;

	if (strcmp(word, "announce") == 0 || strcmp(word, "withdraw") == 0) {
		do_announce(d, rest, word[0] == 'a');
	} else if (strcmp(word, "shutdown") == 0) {
		bgp_speaker_shutdown(d->sp, rest);
		d->stopping = true;
	} else if (strcmp(word, "status") == 0) {
		bgp_speaker_status(d->sp, 0, &s);
		printf("status %s %u %u %u %s\n", s.state, s.hold_time_s, s.prefixes_announced,
		       s.prefixes_received, s.last_error);
	} else if (strcmp(word, "counters") == 0) {
		bgp_speaker_status(d->sp, 0, &s);
		printf("counters %llu %llu\n", (unsigned long long)s.updates_sent,
		       (unsigned long long)loop_stats(d->loop)->turns);
	}
}

static void on_input(struct loop_source *src, uint32_t ready)
{
	struct driver *d = src->ctx;
	ssize_t got = read(src->fd, d->line + d->len, sizeof(d->line) - d->len);
	char *end;

	(void)ready;
	if (got <= 0) {
		d->ended = true;
		return;
	}
	d->len += (size_t)got;
	while ((end = memchr(d->line, '\n', d->len))) {
		*end = '\0';
		do_line(d, d->line);
		d->len -= (size_t)(end + 1 - d->line);
		memmove(d->line, end + 1, d->len);
	}
}

static void read_role(struct cfg_neighbor *n, const char *name)
{
	n->role = BGP_ROLE_PROVIDER;
	while (n->role < BGP_ROLE_UNKNOWN && strcmp(name, bgp_role_name(n->role)) != 0)
		n->role++;
	if (n->role == BGP_ROLE_UNKNOWN)
		exit(2);
}

static void read_option(struct cfg_neighbor *n, char *word)
{
	char *eq = strchr(word, '=');

	n->passive |= strcmp(word, "passive") == 0;
	n->listen |= strcmp(word, "listen") == 0;
	n->strict_role |= strcmp(word, "strict") == 0;
	if (!eq)
		return;
	if (value_of(word, "password"))
		n->password = eq + 1;
	else if (value_of(word, "role"))
		read_role(n, eq + 1);
	else if (value_of(word, "ttl_security"))
		n->ttl_security = (uint8_t)number(eq + 1);
	else if (value_of(word, "multihop"))
		n->multihop = (uint8_t)number(eq + 1);
	else if (!value_of(word, "source") || ipaddr_parse(&n->source, eq + 1) < 0)
		exit(2);
}

int main(int argc, char **argv)
{
	struct driver d = {0};
	struct cfg_neighbor neighbor = {.port = 179};
	struct cfg_bgp cfg = {.name = argv[0],
			      .connect_retry_ns = NS_PER_S,
			      .neighbors = &neighbor,
			      .n_neighbors = 1};

	if (argc < 6 || ipaddr_parse(&neighbor.address, argv[4]) < 0)
		return 2;
	cfg.local_as = number(argv[1]);
	cfg.hold_time_s = (uint16_t)number(argv[3]);
	neighbor.remote_as = number(argv[5]);
	for (int i = 6; i < argc; i++)
		read_option(&neighbor, argv[i]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	log_init("bgp_driver", true, LOG_LV_DEBUG);
	d.loop = loop_create();
	d.input = (struct loop_source){.fd = 0, .fn = on_input, .ctx = &d, .name = "stdin"};
	if (!d.loop || loop_add(d.loop, &d.input, EPOLLIN) < 0)
		return 1;
	d.listener = bgp_listener_create(d.loop);
	d.sp = bgp_speaker_create(d.loop, &cfg, number(argv[2]), NULL, NULL);
	if (!d.listener || !d.sp)
		return 1;
	bgp_speaker_listen(d.sp, d.listener);
	while (!d.ended && !(d.stopping && bgp_speaker_is_closed(d.sp)))
		loop_turn(d.loop, -1);
	bgp_speaker_destroy(d.sp);
	bgp_listener_destroy(d.listener);
	loop_destroy(d.loop);
	return 0;
}
