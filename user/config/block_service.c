// SPDX-License-Identifier: BSD-2-Clause
/*
 * bgp_service: prefixes that a node announces by health alone. A service with any error in its
 * block is left out: without an intended check, attribute or prefix it could draw traffic that it
 * must not.
 */
#include <stdlib.h>
#include <string.h>

#include "config/attribute_keywords.h"
#include "core/mono.h"

#define MAX_LINGER_NS (60 * NS_PER_S)

/* True after an error: the name is invalid or used already. */
static bool name_is_bad(struct parser *p, const char *name)
{
	const struct config *c = p->cfg;

	if (!*name || strlen(name) >= CFG_NAME_MAX || strpbrk(name, "\r\n")) {
		parser_error(p,
			     "bgp_service needs a name of 1 to %d characters in one line; the "
			     "service is left out",
			     CFG_NAME_MAX - 1);
		return true;
	}
	for (unsigned int n = 0; n < c->n_services; n++) {
		if (strcmp(c->services[n].name, name) != 0)
			continue;
		parser_error(p,
			     "bgp_service %s is defined already; this one is left out, give it "
			     "another name",
			     name);
		return true;
	}
	return false;
}

void *service_open(struct parser *p, const struct keyword *kw, void *target)
{
	const char *name = parser_word(p, 1);
	unsigned int before = p->errors;
	struct config *c = target;
	struct cfg_service *s;

	(void)kw;
	if (!name || name_is_bad(p, name))
		return NULL;
	parser_no_more(p, 2);
	s = parser_append(p, &c->services, &c->n_services, sizeof(*s), CFG_MAX_SERVICES,
			  "bgp_services");
	if (!s)
		return NULL;
	*s = (struct cfg_service){
	    .line = p->stmt.line,
	    .disable = -1,
	    .announce = {.bgp = -1, .attrs = {.local_pref = 100}, .linger_ns = 200 * NS_PER_MS}};
	parser_string(p, &s->name, name);
	parser_string(p, &s->file, p->stmt.file);
	p->in_service = true;
	p->service_errors = before;
	return s;
}

void service_close(struct parser *p, void *target)
{
	struct cfg_service *s = target;

	p->in_service = false;
	if (p->errors == p->service_errors)
		return;
	parser_error_at(p, s->file, s->line,
			"bgp_service %s is left out, since it would run in a weaker form than it "
			"is written; correct the errors above",
			s->name);
	p->left_out = true;
	config_service_free(s);
	p->cfg->n_services--;
}

/* --- when_failed --- */

static void failed_withdraw(struct parser *p, struct cfg_service *s)
{
	(void)s;
	parser_no_more(p, 2);
}

static void failed_med(struct parser *p, struct cfg_service *s)
{
	int64_t med;

	if (!parser_int(p, 2, 1, UINT32_MAX, &med))
		return;
	s->failed_med = (uint32_t)med;
	parser_no_more(p, 3);
}

static void failed_as_path(struct parser *p, struct cfg_service *s)
{
	int64_t times;

	if (!parser_int(p, 2, 1, BGP_MAX_PREPEND, &times))
		return;
	s->failed_prepend = (uint8_t)times;
	parser_no_more(p, 3);
}

static void failed_community(struct parser *p, struct cfg_service *s)
{
	uint32_t value;

	s->n_failed_communities = 0;
	for (unsigned int i = 2; i == 2 || i < p->stmt.n; i++) {
		if (!attribute_get_community(p, i, &value))
			return;
		if (s->n_failed_communities == BGP_MAX_COMMUNITIES) {
			parser_error(p, "more than %d communities; remove some",
				     BGP_MAX_COMMUNITIES);
			return;
		}
		s->failed_communities[s->n_failed_communities++] = value;
	}
}

static const struct {
	const char *name;
	void (*read)(struct parser *p, struct cfg_service *s);
} failures[] = {[FAILED_WITHDRAW] = {"withdraw", failed_withdraw},
		[FAILED_MED] = {"med", failed_med},
		[FAILED_AS_PATH] = {"as_path", failed_as_path},
		[FAILED_COMMUNITY] = {"community", failed_community}};

static void set_when_failed(struct parser *p, const struct keyword *kw, void *target)
{
	const char *word = parser_word(p, 1);
	struct cfg_service *s = target;

	(void)kw;
	for (unsigned int i = 0; word && i < KW_COUNT(failures); i++) {
		if (strcmp(word, failures[i].name) != 0)
			continue;
		s->when_failed = (enum cfg_when_failed)i;
		failures[i].read(p, s);
		return;
	}
	if (word)
		parser_error(p,
			     "unknown word '%s' after when_failed; write withdraw, med N, as_path "
			     "N or community AS:VALUE",
			     word);
}

static void print_when_failed(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_service *s = target;

	dump_begin(d);
	fprintf(d->f, "%s %s", kw->name, failures[s->when_failed].name);
	if (s->when_failed == FAILED_MED)
		fprintf(d->f, " %u", s->failed_med);
	else if (s->when_failed == FAILED_AS_PATH)
		fprintf(d->f, " %u", s->failed_prepend);
	for (unsigned int i = 0; s->when_failed == FAILED_COMMUNITY && i < s->n_failed_communities;
	     i++)
		fprintf(d->f, " %u:%u", s->failed_communities[i] >> 16,
			s->failed_communities[i] & UINT16_MAX);
	dump_end(d);
}

/* --- the table --- */

#define NOTIFY(name_, field, help_)                                                                \
	{                                                                                          \
		name_, KW_COMMAND, KW_ACTS, offsetof(struct cfg_service, notify.field),            \
		    .help = help_                                                                  \
	}

static const struct keyword service[] = {
    KW_ATTRIBUTES(struct cfg_service, announce, NULL),
    {"when_failed", KW_CUSTOM, KW_ACTS, KW_NOWHERE,
     .argument = "{withdraw|med N|as_path N|community AS:VALUE ...}", .fallback = "withdraw",
     .help = "what is announced while anything tracked is bad: nothing, or the same prefixes with "
	     "this MED, with our AS prepended N more times, or with these communities",
     .set = set_when_failed, .print = print_when_failed},
    KW_TRACKING(struct cfg_service, track),
    {"disable_file", KW_WORD, KW_ACTS, offsetof(struct cfg_service, disable_file),
     .argument = "PATH", .fallback = "the global one",
     .help = "while this file exists, it is drained", .set = set_disable_file,
     .guard = guard_instance},
    {"linger", KW_SECONDS, KW_ACTS, offsetof(struct cfg_service, announce.linger_ns), 0,
     MAX_LINGER_NS, .fallback = "0.2",
     .help = "seconds between the announcement of a drained or stopped service as the last choice "
	     "and its withdrawal"},
    NOTIFY("notify_up", up, "run on becoming UP"),
    NOTIFY("notify_down", down, "run on becoming DOWN"),
    NOTIFY("notify_drained", drained, "run on becoming DRAINED"),
    NOTIFY("notify_stop", stop, "run when the daemon ends, or a reload has removed the service"),
    NOTIFY("notify", any, "run on every change; appends SERVICE NAME STATE 0"),
};

const struct keyword_block block_service = {"bgp_service", service, KW_COUNT(service), NULL};
