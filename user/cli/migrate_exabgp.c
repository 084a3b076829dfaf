// SPDX-License-Identifier: BSD-2-Clause
/*
 * exabgp.conf: its neighbors become the bgp_instance, and each process that runs the healthcheck
 * becomes a bgp_service. The text is read twice, because a process may come before the neighbors,
 * whose AS its paths need. Other kinds of statements get one remark each.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/migrate_readers.h"
#include "cli/migrate_words.h"
#include "config/parser.h"
#include "config/value.h"
#include "core/addr.h"

#define MAX_DEPTH 8

enum section { TOP, IN_NEIGHBOR, IN_PROCESS, IN_API, IN_FAMILY, IN_OTHER };

/* The position of a pass over the text. */
struct pass {
	struct mig *m;
	bool processes; /* the second pass */
	enum section in[MAX_DEPTH + 1];
	unsigned int depth, too_deep;
	struct cfg_neighbor *neighbor; /* the neighbor of the present block, or NULL */
	bool only_v4, only_v6;	       /* families that its family block has named so far */
	char process[CFG_NAME_MAX];
	struct mig_words words;
};

/* --- a line of a neighbor --- */

static void set_as(struct pass *p, uint32_t *field, const char *name, const char *value)
{
	int64_t as;

	if (mig_number(p->m, name, value, 1, UINT32_MAX, &as))
		*field = (uint32_t)as;
}

static void local_as(struct pass *p, const char *value)
{
	uint32_t as = 0;

	set_as(p, &as, "local-as", value);
	if (as && p->m->bgp.local_as && as != p->m->bgp.local_as)
		mig_left_out(p->m,
			     "local-as %u: a bgp_instance has one local_as; write another one for "
			     "this neighbor",
			     as);
	else if (as)
		p->m->bgp.local_as = as;
}

static void peer_as(struct pass *p, const char *value)
{
	set_as(p, &p->neighbor->remote_as, "peer-as", value);
}

static void router_id(struct pass *p, const char *value)
{
	struct ipaddr a;
	uint32_t id;

	if (ipaddr_parse(&a, value) < 0 || !ipaddr_is_v4(&a)) {
		mig_left_out(p->m, "router-id '%s': it is no IPv4 address", value);
		return;
	}
	id = (uint32_t)a.b[12] << 24 | (uint32_t)a.b[13] << 16 | (uint32_t)a.b[14] << 8 | a.b[15];
	if (p->m->bgp.router_id && p->m->bgp.router_id != id)
		mig_left_out(p->m, "router-id %s: a bgp_instance has one router_id", value);
	else
		p->m->bgp.router_id = id;
}

static void local_address(struct pass *p, const char *value)
{
	if (strcmp(value, "auto") != 0 && ipaddr_parse(&p->neighbor->source, value) < 0)
		mig_left_out(p->m, "local-address '%s': it is no address", value);
}

static void hold_time(struct pass *p, const char *value)
{
	int64_t s;

	if (mig_number(p->m, "hold-time", value, 3, UINT16_MAX, &s))
		p->m->bgp.hold_time_s = (uint16_t)s;
}

static void port(struct pass *p, const char *value)
{
	int64_t n;

	if (mig_number(p->m, "port", value, 1, UINT16_MAX, &n))
		p->neighbor->port = (uint16_t)n;
}

static void outgoing_ttl(struct pass *p, const char *value)
{
	int64_t n;

	if (mig_number(p->m, "outgoing-ttl", value, 1, 255, &n))
		p->neighbor->multihop = (uint8_t)n;
}

static void incoming_ttl(struct pass *p, const char *value)
{
	int64_t n;

	if (mig_number(p->m, "incoming-ttl", value, 2, 255, &n))
		p->neighbor->ttl_security = (uint8_t)(256 - n);
}

static void password(struct pass *p, const char *value)
{
	for (const char *c = value; *c; c++) {
		if (*c == '"' || (unsigned char)*c < ' ') {
			mig_left_out(p->m, "md5-password: it has a character that Holdfast's file "
					   "cannot have");
			return;
		}
	}
	mig_string(p->m, &p->neighbor->password, value);
}

static void password_coded(struct pass *p, const char *value)
{
	if (strcmp(value, "false") != 0)
		mig_left_out(p->m, "md5-base64: write the decoded password");
}

static const struct {
	const char *name;
	void (*set)(struct pass *p, const char *value);
	const char *instead;
} lines[] = {
    {"local-as", local_as, NULL},
    {"peer-as", peer_as, NULL},
    {"router-id", router_id, NULL},
    {"local-address", local_address, NULL},
    {"hold-time", hold_time, NULL},
    {"connect", port, NULL},
    {"listen", port, NULL},
    {"outgoing-ttl", outgoing_ttl, NULL},
    {"incoming-ttl", incoming_ttl, NULL},
    {"md5-password", password, NULL},
    {"md5-base64", password_coded, NULL},
    {"md5-ip", NULL, "the password is that of the neighbor's address"},
    {"description", NULL, "write a comment"},
    {"host-name", NULL, "it is not told to routers"},
    {"domain-name", NULL, "it is not told to routers"},
    {"group-updates", NULL, "routes with the same attributes always share an UPDATE"},
    {"auto-flush", NULL, "a change is always sent at once"},
    {"adj-rib-out", NULL, "a session that comes back always gets all routes"},
    {"adj-rib-in", NULL, "received routes are counted and dropped"},
    {"manual-eor", NULL, "End-of-RIB follows the routes"},
    {"rate-limit", NULL, "there is none"},
};

static void neighbor_line(struct pass *p, const struct mig_words *w)
{
	const char *value = w->n > 1 ? w->word[1] : "";

	if (strcmp(w->word[0], "passive") == 0) {
		p->neighbor->passive = strcmp(value, "false") != 0 && strcmp(value, "disable") != 0;
		return;
	}
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (strcmp(lines[i].name, w->word[0]) != 0)
			continue;
		if (lines[i].set)
			lines[i].set(p, value);
		else
			mig_note(p->m, "%s: %s", lines[i].name, lines[i].instead);
		return;
	}
	mig_left_out(p->m, "%s of a neighbor is not taken over", w->word[0]);
}

static void family_line(struct pass *p, const struct mig_words *w)
{
	bool unicast = w->n > 1 && strcmp(w->word[1], "unicast") == 0;

	p->only_v4 |= unicast && strcmp(w->word[0], "ipv4") == 0;
	p->only_v6 |= unicast && strcmp(w->word[0], "ipv6") == 0;
	if (!unicast)
		mig_note(p->m, "family %s: Holdfast announces ipv4 and ipv6 unicast", w->word[0]);
}

/* --- a process --- */

static void process_line(struct pass *p, const struct mig_words *w)
{
	unsigned int at;

	if (strcmp(w->word[0], "run") != 0)
		return; /* encoder, respawn: about the pipe to the process */
	at = healthcheck_word(w->n, w->word);
	if (at == w->n) {
		mig_left_out(p->m, "process %s: it does not run the healthcheck", p->process);
		return;
	}
	if (w->cut)
		mig_left_out(p->m, "process %s: its command is too long, so it is not taken over",
			     p->process);
	else
		healthcheck_add(p->m, p->process, NULL, w->n - at - 1, w->word + at + 1);
}

/* --- sections --- */

static enum section open_neighbor(struct pass *p, const struct mig_words *w)
{
	struct ipaddr a;

	p->neighbor = NULL;
	p->only_v4 = p->only_v6 = false;
	if (p->processes)
		return IN_NEIGHBOR;
	if (w->n < 2 || ipaddr_parse(&a, w->word[1]) < 0)
		mig_left_out(p->m, "neighbor '%s': it is no address", w->n > 1 ? w->word[1] : "");
	else
		p->neighbor = mig_add_neighbor(p->m, &a);
	return IN_NEIGHBOR;
}

static enum section open_at_top(struct pass *p, const struct mig_words *w)
{
	if (strcmp(w->word[0], "neighbor") == 0)
		return open_neighbor(p, w);
	if (strcmp(w->word[0], "process") == 0) {
		snprintf(p->process, sizeof(p->process), "%.*s", CFG_NAME_MAX - 1,
			 w->n > 1 ? w->word[1] : "");
		return IN_PROCESS;
	}
	mig_left_out(p->m, "%s: write what it holds into each neighbor, and migrate again",
		     w->word[0]);
	return IN_OTHER;
}

static enum section open_in_neighbor(struct pass *p, const struct mig_words *w)
{
	const char *name = w->word[0];

	if (strcmp(name, "api") == 0) {
		mig_note(p->m, "api: every service is announced to every neighbor of the "
			       "bgp_instance");
		return IN_API;
	}
	if (strcmp(name, "family") == 0)
		return IN_FAMILY;
	if (strcmp(name, "capability") == 0)
		mig_note(p->m, "capability: what both sides can do is agreed when a session opens");
	else
		mig_left_out(
		    p->m, "%s: write routes without a check into a bgp_service that tracks nothing",
		    name);
	return IN_OTHER;
}

static enum section section_of(struct pass *p, const struct mig_words *w)
{
	if (w->n == 0)
		return IN_OTHER;
	switch (p->in[p->depth]) {
	case TOP:
		return open_at_top(p, w);
	case IN_NEIGHBOR:
		return open_in_neighbor(p, w);
	default:
		return IN_OTHER;
	}
}

static void open_section(struct pass *p, const struct mig_words *w)
{
	if (p->depth == MAX_DEPTH) {
		p->too_deep++;
		return;
	}
	p->in[p->depth + 1] = section_of(p, w);
	p->depth++;
}

static void close_section(struct pass *p)
{
	if (p->too_deep > 0) {
		p->too_deep--;
		return;
	}
	if (p->in[p->depth] == IN_FAMILY && p->neighbor && p->only_v4 != p->only_v6) {
		p->neighbor->no_ipv4 = p->only_v6;
		p->neighbor->no_ipv6 = p->only_v4;
	}
	if (p->in[p->depth] == IN_NEIGHBOR && p->neighbor && p->neighbor->ttl_security > 0 &&
	    p->neighbor->multihop > 0) {
		p->neighbor->multihop = 0;
		mig_note(p->m, "outgoing-ttl: with ttl_security 255 is sent");
	}
	if (p->depth > 0)
		p->depth--;
}

static void take_line(struct pass *p, const struct mig_words *w)
{
	enum section in = p->in[p->depth];

	if (w->n == 0 || p->too_deep > 0)
		return;
	if (in == IN_NEIGHBOR && p->neighbor)
		neighbor_line(p, w);
	else if (in == IN_FAMILY && !p->processes)
		family_line(p, w);
	else if (in == IN_PROCESS && p->processes)
		process_line(p, w);
}

static void read_pass(struct pass *p, const char *text)
{
	char end;

	do {
		end = mig_statement(&text, &p->words);
		if (end == ';')
			take_line(p, &p->words);
		else if (end == '{')
			open_section(p, &p->words);
		else if (end == '}')
			close_section(p);
	} while (end);
}

static void tell_speaker(struct mig *m)
{
	if (m->bgp.hold_time_s == 0)
		mig_note(m, "hold-time: without a line 180 seconds there, 9 here: the routes of a "
			    "dead node are removed sooner");
	if (m->n_services == 0)
		mig_left_out(m, "no process runs the healthcheck");
}

void exabgp_add(struct mig *m, const char *text)
{
	struct pass *p = calloc(1, sizeof(*p));

	m->script_user = "exabgp"; /* of Debian's unit */
	if (!p) {
		m->failed = true;
		return;
	}
	p->m = m;
	read_pass(p, text);
	*p = (struct pass){.m = m, .processes = true};
	read_pass(p, text);
	tell_speaker(m);
	free(p);
}

bool exabgp_is_file(const char *text)
{
	struct mig_words *w = malloc(sizeof(*w));
	unsigned int depth = 0;
	bool found = false;
	char end;

	if (!w)
		return false;
	do {
		end = mig_statement(&text, w);
		if (end == '{' && depth++ == 0 && w->n == 2)
			found |= strcmp(w->word[0], "neighbor") == 0 ||
				 strcmp(w->word[0], "process") == 0;
		else if (end == '}' && depth > 0)
			depth--;
	} while (end && !found);
	free(w);
	return found;
}
