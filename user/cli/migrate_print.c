// SPDX-License-Identifier: BSD-2-Clause
/*
 * Prints the result as a configuration of Holdfast: only values that differ from the defaults, and
 * words in capitals for values that the other program's files do not contain. The quoting is that
 * of config_dump().
 */
#include <stdlib.h>
#include <string.h>

#include "cli/migrate_found.h"
#include "config/parser.h"
#include "config/value.h"
#include "core/addr.h"

#define COLUMNS 79

void mig_comment(FILE *f, const char *text)
{
	bool item = strncmp(text, "- ", 2) == 0;
	size_t column = 0;
	unsigned int line = 0;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (column > 0 && column + 1 + len > COLUMNS) {
			fputc('\n', f);
			column = 0;
			line++;
		}
		column += (size_t)fprintf(f, column > 0 ? " " : item && line > 0 ? "#   " : "# ");
		fwrite(text, 1, len, f);
		column += len;
		text += len + strspn(text + len, " ");
	}
	fputc('\n', f);
}

static void print_seconds(struct dump *d, const char *keyword, int64_t ns)
{
	char text[32];

	dump_line(d, "%s %s", keyword, value_format_seconds(ns, text));
}

static void print_check(struct dump *d, const struct cfg_script *s)
{
	struct cfg_command command = s->command;

	dump_open(d, "vrrp_script %s", s->name);
	command.user = command.group = NULL;
	dump_command(d, "script", &command);
	if (s->command.user) {
		dump_begin(d);
		fputs("user ", d->f);
		dump_quoted(d, s->command.user);
		if (s->command.group) {
			fputc(' ', d->f);
			dump_quoted(d, s->command.group);
		}
		dump_end(d);
	}
	print_seconds(d, "interval", s->interval_ns);
	if (s->fast_interval_ns > 0)
		print_seconds(d, "fast_interval", s->fast_interval_ns);
	print_seconds(d, "timeout", s->timeout_ns);
	dump_line(d, "rise %d", s->rise);
	dump_line(d, "fall %d", s->fall);
	if (s->init_fail)
		dump_line(d, "init_fail");
	dump_close(d);
}

/* --- the speaker --- */

static void print_neighbor(struct dump *d, const struct cfg_neighbor *n, bool filled)
{
	char text[IPADDR_TEXT];

	dump_open(d, "neighbor %s", ipaddr_format(&n->address, text));
	if (n->remote_as > 0)
		dump_line(d, "remote_as %u", n->remote_as);
	else
		dump_line(d, "remote_as %s", filled ? "65000" : "AS");
	if (!ipaddr_is_unset(&n->source))
		dump_line(d, "source %s", ipaddr_format(&n->source, text));
	if (n->port > 0)
		dump_line(d, "port %u", n->port);
	if (n->passive)
		dump_line(d, "passive");
	if (n->multihop > 0)
		dump_line(d, "multihop %u", n->multihop);
	if (n->ttl_security > 0)
		dump_line(d, "ttl_security %u", n->ttl_security);
	if (n->no_ipv4 || n->no_ipv6)
		dump_line(d, "families %s", n->no_ipv4 ? "ipv6" : "ipv4");
	if (n->password) {
		dump_begin(d);
		fputs("password ", d->f);
		dump_quoted(d, n->password);
		dump_end(d);
	}
	dump_close(d);
}

static void print_speaker(struct dump *d, const struct mig *m, bool filled)
{
	const struct cfg_bgp *b = &m->bgp;

	dump_open(d, "bgp_instance fabric");
	if (b->local_as > 0)
		dump_line(d, "local_as %u", b->local_as);
	else
		dump_line(d, "local_as %s", filled ? "65001" : "AS");
	if (b->router_id > 0)
		dump_line(d, "router_id %u.%u.%u.%u", b->router_id >> 24, b->router_id >> 16 & 255,
			  b->router_id >> 8 & 255, b->router_id & 255);
	else
		dump_line(d, "router_id %s", filled ? "192.0.2.2" : "ADDRESS");
	if (b->hold_time_s > 0)
		dump_line(d, "hold_time %u", b->hold_time_s);
	for (unsigned int n = 0; n < b->n_neighbors; n++)
		print_neighbor(d, &b->neighbors[n], filled);
	if (b->n_neighbors == 0) {
		dump_open(d, "neighbor %s", filled ? "192.0.2.1" : "ROUTER");
		dump_line(d, "remote_as %s", filled ? "65000" : "AS");
		dump_close(d);
	}
	dump_close(d);
}

/* --- services --- */

static void print_attributes(struct dump *d, const struct bgp_attrs *a)
{
	const struct ipaddr *const hops[] = {&a->next_hop4, &a->next_hop6};
	char text[IPADDR_TEXT];

	for (unsigned int i = 0; i < a->n_communities; i++)
		dump_line(d, "community %u:%u", a->communities[i] >> 16,
			  a->communities[i] & UINT16_MAX);
	for (unsigned int i = 0; i < a->n_large; i++)
		dump_line(d, "large_community %u:%u:%u", a->large[i].global, a->large[i].local1,
			  a->large[i].local2);
	if (a->has_med)
		dump_line(d, "med %u", a->med);
	if (a->local_pref != 100)
		dump_line(d, "local_pref %u", a->local_pref);
	if (a->prepend > 0)
		dump_line(d, "as_path prepend %u", a->prepend);
	for (unsigned int i = 0; i < 2; i++) {
		if (!ipaddr_is_unset(hops[i]))
			dump_line(d, "next_hop %s", ipaddr_format(hops[i], text));
	}
}

static void print_when_failed(struct dump *d, const struct cfg_service *s)
{
	if (s->when_failed == FAILED_MED)
		dump_line(d, "when_failed med %u", s->failed_med);
	else if (s->when_failed == FAILED_AS_PATH)
		dump_line(d, "when_failed as_path %u", s->failed_prepend);
	for (unsigned int i = 0; s->when_failed == FAILED_COMMUNITY && i < s->n_failed_communities;
	     i++) {
		if (i == 0) {
			dump_begin(d);
			fputs("when_failed community", d->f);
		}
		fprintf(d->f, " %u:%u", s->failed_communities[i] >> 16,
			s->failed_communities[i] & UINT16_MAX);
		if (i + 1 == s->n_failed_communities)
			dump_end(d);
	}
}

static void print_service(struct dump *d, const struct mig *m, const struct mig_service *ms,
			  bool filled)
{
	const struct cfg_service *s = &ms->s;
	char text[IPPREFIX_TEXT];

	dump_open(d, "bgp_service %s", s->name);
	for (unsigned int n = 0; n < s->announce.n_prefixes; n++)
		dump_line(d, "prefix %s", ipprefix_format(&s->announce.prefixes[n], text));
	if (s->announce.n_prefixes == 0)
		dump_line(d, "prefix %s", filled ? "192.0.2.3/32" : "PREFIX");
	print_attributes(d, &s->announce.attrs);
	print_when_failed(d, s);
	if (ms->check >= 0) {
		dump_open(d, "track_script");
		dump_line(d, "%s", m->checks[ms->check].name);
		dump_close(d);
	}
	if (s->disable_file) {
		dump_begin(d);
		fputs("disable_file ", d->f);
		dump_quoted(d, s->disable_file);
		dump_end(d);
	}
	dump_command(d, "notify_up", &s->notify.up);
	dump_command(d, "notify_down", &s->notify.down);
	dump_command(d, "notify_drained", &s->notify.drained);
	dump_close(d);
}

/* True if a service that is not `off` tracks the check. */
static bool is_tracked(const struct mig *m, unsigned int check)
{
	for (unsigned int n = 0; n < m->n_services; n++) {
		if (!m->services[n].off && m->services[n].check == (int)check)
			return true;
	}
	return false;
}

/* Prints a service that is `off`, and its check, as comments. */
static void print_off(FILE *f, const struct mig *m, const struct mig_service *s, bool filled)
{
	char *text = NULL, *line, *next;
	size_t len = 0;
	FILE *inner = open_memstream(&text, &len);
	struct dump d = {.f = inner};

	if (!inner)
		return;
	if (s->check >= 0 && !is_tracked(m, (unsigned int)s->check))
		print_check(&d, &m->checks[s->check]);
	print_service(&d, m, s, filled);
	if (fclose(inner) == 0) {
		for (line = text; (next = strchr(line, '\n')); line = next + 1)
			fprintf(f, "# %.*s\n", (int)(next - line), line);
	}
	free(text);
}

static bool anybody_is_missing(const struct mig *m)
{
	for (unsigned int n = 0; n < m->n_checks; n++) {
		if (!m->checks[n].command.user)
			return true;
	}
	for (unsigned int n = 0; n < m->n_services; n++) {
		const struct cfg_notify *notify = &m->services[n].s.notify;

		if ((notify->up.argc > 0 && !notify->up.user) ||
		    (notify->down.argc > 0 && !notify->down.user) ||
		    (notify->drained.argc > 0 && !notify->drained.user))
			return true;
	}
	return false;
}

void mig_print_blocks(const struct mig *m, FILE *f, bool filled)
{
	struct dump d = {.f = f};

	if (anybody_is_missing(m)) {
		dump_open(&d, "global_defs");
		dump_line(&d, "script_user %s",
			  m->script_user ? m->script_user
			  : filled	 ? "nobody"
					 : "USER");
		dump_close(&d);
	}
	for (unsigned int n = 0; n < m->n_checks; n++) {
		if (is_tracked(m, n))
			print_check(&d, &m->checks[n]);
	}
	print_speaker(&d, m, filled);
	for (unsigned int n = 0; n < m->n_services; n++) {
		if (m->services[n].off)
			print_off(f, m, &m->services[n], filled);
		else
			print_service(&d, m, &m->services[n], filled);
	}
}
