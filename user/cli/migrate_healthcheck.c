// SPDX-License-Identifier: BSD-2-Clause
/*
 * Translates the options of exabgp's healthcheck (4.2.21): a vrrp_script for the command, a
 * bgp_service for the addresses, and notify commands. The healthcheck runs its command by a shell,
 * announces nothing before `rise` successes, and always sends a MED.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/migrate_options.h"
#include "cli/migrate_readers.h"
#include "cli/migrate_words.h"
#include "config/parser.h"
#include "config/value.h"
#include "core/addr.h"
#include "core/mono.h"

#define SCRIPT_MAX 4096 /* commands of one state together */

/* --- the check --- */

static void map_times(struct mig_options *o, struct cfg_script *s)
{
	const char *const *v = o->value;
	int64_t n;

	s->interval_ns = s->timeout_ns = 5 * NS_PER_S;
	s->fast_interval_ns = NS_PER_S;
	if (v[INTERVAL] && mig_seconds(o->m, "--interval", v[INTERVAL], &n))
		s->interval_ns = n;
	if (v[FAST] && mig_seconds(o->m, "--fast-interval", v[FAST], &n))
		s->fast_interval_ns = n;
	if (v[TIMEOUT] && strcmp(v[TIMEOUT], "0") == 0) {
		s->timeout_ns = 60 * NS_PER_S;
		mig_note(o->m, "--timeout 0: a check always has an end here; 60 seconds");
	} else if (v[TIMEOUT] && mig_seconds(o->m, "--timeout", v[TIMEOUT], &n)) {
		s->timeout_ns = n;
	}
	if (s->fast_interval_ns >= s->interval_ns) {
		if (s->fast_interval_ns > s->interval_ns)
			mig_note(o->m, "--fast-interval: not shorter than the interval, so it is "
				       "left out");
		s->fast_interval_ns = 0;
	}
	mig_note(o->m, "--interval: from one start of the check to the next, not from its end");
}

static void map_counts(struct mig_options *o, struct cfg_script *s)
{
	int64_t n;

	s->rise = s->fall = 3;
	if (o->value[RISE] && mig_number(o->m, "--rise", o->value[RISE], INT32_MIN, INT32_MAX, &n))
		s->rise = n < 1 ? 1 : (int)n;
	if (o->value[FALL] && mig_number(o->m, "--fall", o->value[FALL], INT32_MIN, INT32_MAX, &n))
		s->fall = n < 1 ? 1 : (int)n;
	s->init_fail = true; /* it announces nothing before `rise` successes */
}

static bool is_quotable(const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || (unsigned char)*text < ' ')
			return false;
	}
	return true;
}

/* Sets the user and group that the healthcheck ran commands as. */
static void map_user(struct mig_options *o, struct cfg_command *c)
{
	const char *user = o->value[USER], *group = o->value[GROUP];

	if (c->argc == 0 || !user)
		return;
	mig_string(o->m, &c->user, user);
	if (group)
		mig_string(o->m, &c->group, group);
}

/* Adds the check; *index is its index, or -1 without --command. False: it cannot be added. */
static bool map_check(struct mig_options *o, const char *name, int *index)
{
	struct cfg_script *s;

	*index = -1;
	if (!o->value[COMMAND]) {
		mig_note(o->m, "without --command the service is announced whatever happens");
		return true;
	}
	s = mig_add_check(o->m, name);
	if (!s)
		return false;
	map_times(o, s);
	map_counts(o, s);
	if (!mig_shell_command(o->m, &s->command, o->value[COMMAND]))
		return false;
	map_user(o, &s->command);
	*index = (int)(s - o->m->checks);
	return true;
}

/* --- path attributes --- */

/* Calls `one` for each word of `text`; brackets and commas are blanks. */
static void each_word(struct mig_options *o, const char *text, struct mig_service *s,
		      void (*one)(struct mig_options *, struct mig_service *, const char *))
{
	char word[64];

	while (*(text += strspn(text, " \t[],"))) {
		size_t len = strcspn(text, " \t[],");

		snprintf(word, sizeof(word), "%.*s", len < sizeof(word) ? (int)len : 0, text);
		one(o, s, word);
		text += len;
	}
}

static bool community_value(struct mig_options *o, const char *option, const char *word,
			    uint32_t *out)
{
	char name[64];

	snprintf(name, sizeof(name), "%s", word);
	for (char *c = name; *c; c++) {
		if (*c == '-')
			*c = '_'; /* no-export is no_export here */
	}
	if (value_community(name, out) == 0)
		return true;
	mig_left_out(o->m, "%s '%s': it is no AS:VALUE that Holdfast knows", option, word);
	return false;
}

static void add_community(struct mig_options *o, struct mig_service *s, const char *word)
{
	struct bgp_attrs *a = &s->s.announce.attrs;
	uint32_t value;

	if (!community_value(o, "--community", word, &value))
		return;
	if (a->n_communities == BGP_MAX_COMMUNITIES)
		mig_left_out(o->m, "--community '%s': more than %d", word, BGP_MAX_COMMUNITIES);
	else
		a->communities[a->n_communities++] = value;
}

static void add_failed_community(struct mig_options *o, struct mig_service *s, const char *word)
{
	uint32_t value;

	if (!community_value(o, "--disabled-community", word, &value))
		return;
	if (s->s.n_failed_communities < BGP_MAX_COMMUNITIES)
		s->s.failed_communities[s->s.n_failed_communities++] = value;
}

static void add_large(struct mig_options *o, struct mig_service *s, const char *word)
{
	struct bgp_attrs *a = &s->s.announce.attrs;
	uint32_t v[3];

	if (value_large_community(word, v) < 0)
		mig_left_out(o->m, "--large-community '%s': it is no AS:VALUE:VALUE", word);
	else if (a->n_large == BGP_MAX_LARGE_COMMUNITIES)
		mig_left_out(o->m, "--large-community '%s': more than %d", word,
			     BGP_MAX_LARGE_COMMUNITIES);
	else
		a->large[a->n_large++] = (struct bgp_large_community){v[0], v[1], v[2]};
}

/* How often our AS is in the path; -1 with a remark: Holdfast cannot send such a path. */
static int own_path(struct mig_options *o, const char *option, const char *text)
{
	uint32_t own = o->m->bgp.local_as;
	int times = 0;

	while (*(text += strspn(text, " \t[],"))) {
		int64_t as;
		char word[16];
		size_t len = strcspn(text, " \t[],");

		snprintf(word, sizeof(word), "%.*s", len < sizeof(word) ? (int)len : 0, text);
		if (value_int(word, 1, UINT32_MAX, &as) < 0 || (own != 0 && as != own)) {
			mig_left_out(o->m, "%s: Holdfast prepends only its own AS", option);
			return -1;
		}
		own = (uint32_t)as;
		times++;
		text += len;
	}
	if (times > 0 && o->m->bgp.local_as == 0) {
		o->m->bgp.local_as = own;
		mig_note(o->m, "%s: its AS %u is taken for your own", option, own);
	}
	if (times <= BGP_MAX_PREPEND + 1)
		return times;
	mig_left_out(o->m, "%s: more than %d times the own AS", option, BGP_MAX_PREPEND);
	return -1;
}

static void map_paths(struct mig_options *o, struct mig_service *s)
{
	const char *both = o->value[AS_PATH];
	const char *up = o->value[UP_AS_PATH] ? o->value[UP_AS_PATH] : both;
	const char *down = o->value[DOWN_AS_PATH] ? o->value[DOWN_AS_PATH] : both;
	int n_up = up ? own_path(o, up == both ? "--as-path" : "--up-as-path", up) : 0;
	int n_down = down ? own_path(o, down == both ? "--as-path" : "--down-as-path", down) : 0;

	n_up = n_up < 1 ? 1 : n_up; /* our AS is always in the path once */
	s->s.announce.attrs.prepend = (uint8_t)(n_up - 1);
	if (o->value[WITHDRAW] || n_down <= n_up)
		return;
	s->s.when_failed = FAILED_AS_PATH;
	s->s.failed_prepend = (uint8_t)(n_down - n_up);
	mig_note(o->m, "--down-metric: of a failed service either the path or the MED is worse; "
		       "--down-as-path counts before it");
}

/* The value of a metric option, or `otherwise` if it is not given or wrong. */
static int64_t metric(struct mig_options *o, enum option option, const char *name,
		      int64_t otherwise)
{
	int64_t n;

	if (o->value[option] && mig_number(o->m, name, o->value[option], 0, UINT32_MAX, &n))
		return n;
	return otherwise;
}

/* Sets the metrics; they are higher by `place` steps, which is the prefix's place in the list. */
static void map_metrics(struct mig_options *o, struct mig_service *s, unsigned int place)
{
	int64_t step = metric(o, INCREASE, "--increase", 1) * place;
	int64_t up = metric(o, UP_METRIC, "--up-metric", 100) + step;
	int64_t down = metric(o, DOWN_METRIC, "--down-metric", 1000) + step;

	if (up > UINT32_MAX || down > UINT32_MAX) {
		mig_left_out(o->m, "%s: its metric is above 4294967295", s->s.name);
		return;
	}
	s->s.announce.attrs.has_med = 1;
	s->s.announce.attrs.med = (uint32_t)up;
	if (o->value[WITHDRAW] || s->s.when_failed == FAILED_AS_PATH)
		return;
	if (down > up) {
		s->s.when_failed = FAILED_MED;
		s->s.failed_med = (uint32_t)down;
		return;
	}
	if (o->value[DISABLED_COMMUNITY]) {
		s->s.when_failed = FAILED_COMMUNITY;
		each_word(o, o->value[DISABLED_COMMUNITY], s, add_failed_community);
	}
	if (s->s.n_failed_communities > 0)
		return;
	s->s.when_failed = FAILED_WITHDRAW;
	mig_note(o->m, "--down-metric: not above --up-metric, so a failed service would be as good "
		       "as a healthy one; it is withdrawn");
}

static void map_attributes(struct mig_options *o, struct mig_service *s, unsigned int place)
{
	struct bgp_attrs *a = &s->s.announce.attrs;
	struct ipaddr hop;
	int64_t n;

	if (o->value[COMMUNITY])
		each_word(o, o->value[COMMUNITY], s, add_community);
	if (o->value[LARGE])
		each_word(o, o->value[LARGE], s, add_large);
	if (o->value[LOCAL_PREF] && o->value[LOCAL_PREF][0] != '-' &&
	    mig_number(o->m, "--local-preference", o->value[LOCAL_PREF], 0, UINT32_MAX, &n))
		a->local_pref = (uint32_t)n;
	if (o->value[NEXT_HOP]) {
		if (ipaddr_parse(&hop, o->value[NEXT_HOP]) == 0)
			*(ipaddr_is_v4(&hop) ? &a->next_hop4 : &a->next_hop6) = hop;
		else
			mig_left_out(o->m, "--next-hop '%s': it is no address", o->value[NEXT_HOP]);
	}
	map_paths(o, s);
	map_metrics(o, s, place);
}

/* --- commands on a change --- */

/* Makes one script of all commands for `state`. STATE is in their environment, as in exabgp. */
static void map_commands(struct mig_options *o, enum option option, const char *state,
			 struct cfg_command *c)
{
	const enum option both[] = {option, EXECUTE};
	char text[SCRIPT_MAX];
	size_t len = (size_t)snprintf(text, sizeof(text), "export STATE=%s", state), none = len;

	for (unsigned int k = 0; k < 2; k++) {
		unsigned int kind = both[k] - EXECUTE;

		for (unsigned int i = 0; i < o->n_commands[kind] && len < sizeof(text); i++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "\n%s",
						o->commands[kind][i]);
	}
	if (len == none)
		return;
	if (len >= sizeof(text))
		mig_left_out(o->m, "the commands of %s are longer than %d octets; write a script",
			     state, SCRIPT_MAX);
	else if (mig_shell_command(o->m, c, text))
		map_user(o, c);
}

static void map_rest(struct mig_options *o, struct mig_service *s)
{
	map_commands(o, UP_EXECUTE, "UP", &s->s.notify.up);
	map_commands(o, DOWN_EXECUTE, "DOWN", &s->s.notify.down);
	map_commands(o, DISABLED_EXECUTE, "DISABLED", &s->s.notify.drained);
	if (o->n_commands[0] > 0)
		mig_note(o->m, "--execute: run on becoming UP, DOWN and DISABLED; there is no "
			       "RISING, FALLING or INIT");
	if (!o->value[DISABLE])
		return;
	if (o->value[DISABLE][0] == '/' && is_quotable(o->value[DISABLE]))
		mig_string(o->m, &s->s.disable_file, o->value[DISABLE]);
	else
		mig_left_out(o->m, "--disable '%s': write the file's whole path",
			     o->value[DISABLE]);
	mig_note(o->m, "--disabled-metric, --disabled-community: while the file exists the service "
		       "is the routers' last choice for a moment (linger), then withdrawn");
}

/* --- the service --- */

/* Adds the addresses of `net` one by one. */
static bool add_each_address(struct mig_options *o, struct mig_service *s, const char *net)
{
	struct ipprefix p;
	unsigned int bits, n;

	if (ipprefix_parse(&p, net) < 0 || p.len == 0 || !value_prefix_is_clean(&p))
		return mig_add_prefix(o->m, s, net);
	bits = (ipaddr_is_v4(&p.addr) ? 32u : 128u) - p.len;
	p.len = (uint8_t)(p.len + bits);
	if (bits > 13 || s->s.announce.n_prefixes + (1u << bits) > CFG_MAX_PREFIXES) {
		mig_left_out(o->m, "--deaggregate-networks: %s has more than %d addresses", net,
			     CFG_MAX_PREFIXES);
		return false;
	}
	for (n = 0; n < 1u << bits; n++) {
		if (!mig_add_prefix_value(o->m, s, &p))
			return false;
		for (int octet = 15; ++p.addr.b[octet] == 0 && octet > 0; octet--)
			;
	}
	return true;
}

static void add_prefixes(struct mig_options *o, struct mig_service *s)
{
	for (unsigned int i = 0; i < o->n_ips; i++) {
		if (o->value[DEAGGREGATE])
			add_each_address(o, s, o->ips[i]);
		else
			mig_add_prefix(o->m, s, o->ips[i]);
	}
}

/* False: nothing was added. */
static bool add_one(struct mig_options *o, const char *name, int check,
		    const struct ipprefix *prefix, unsigned int place)
{
	struct mig_service *s = mig_add_service(o->m, name);

	if (!s)
		return false;
	s->check = check;
	map_attributes(o, s, place);
	map_rest(o, s);
	if (prefix)
		mig_add_prefix_value(o->m, s, prefix);
	else
		add_prefixes(o, s);
	return true;
}

/* --start-ip: the metric increases from that prefix on, so each prefix becomes its own service. */
static bool split_by_metric(struct mig_options *o, const char *name, int check, unsigned int start)
{
	struct mig_service *all = mig_add_service(o->m, name);
	struct ipprefix *list;
	unsigned int n;

	if (!all)
		return false;
	add_prefixes(o, all);
	n = all->s.announce.n_prefixes;
	list = all->s.announce.prefixes;
	all->s.announce.prefixes = NULL;
	config_service_free(&all->s);
	o->m->n_services--;
	for (unsigned int i = 0; i < n; i++) {
		if (!add_one(o, name, check, &list[(start + i) % n], i))
			break;
	}
	free(list);
	mig_note(o->m, "--start-ip: each prefix is a service of its own, with its own MED");
	return n > 0;
}

static bool add_services(struct mig_options *o, const char *name, int check)
{
	int64_t start = 0;

	if (o->value[START_IP])
		mig_number(o->m, "--start-ip", o->value[START_IP], 0, INT32_MAX, &start);
	if (start > 0 && (o->n_ips > 1 || o->value[DEAGGREGATE]) &&
	    metric(o, INCREASE, "--increase", 1) != 0)
		return split_by_metric(o, name, check, (unsigned int)start);
	if (o->n_ips > 1)
		mig_note(o->m, "--increase: the prefixes of a service have one MED");
	return add_one(o, name, check, NULL, 0);
}

static void tell_addresses(struct mig_options *o)
{
	if (o->n_ips == 0 && o->value[LABEL])
		mig_note(o->m,
			 "--label: write the addresses of lo whose label begins with lo:%s in "
			 "place of PREFIX (ip -o address show dev lo)",
			 o->value[LABEL]);
	else if (o->n_ips == 0)
		mig_note(o->m, "without --ip it announced the addresses of lo: write them in place "
			       "of PREFIX (ip -o address show dev lo)");
	else if (o->value[LABEL])
		mig_note(o->m, "--label: an address needs none");
	if (!o->value[NO_IP_SETUP])
		mig_note(o->m, "Holdfast neither adds the address nor removes it: let the system's "
			       "network configuration put it on lo");
}

static void add_given_neighbors(struct mig_options *o)
{
	bool known = o->m->bgp.n_neighbors > 0;

	for (unsigned int i = 0; i < o->n_neighbors; i++) {
		struct ipaddr a;

		if (ipaddr_parse(&a, o->neighbors[i]) < 0)
			mig_left_out(o->m, "--neighbor '%s': it is no address", o->neighbors[i]);
		else if (known)
			mig_note(o->m,
				 "--neighbor %s: a service is announced to each neighbor of its "
				 "bgp_instance; for some of them only, write a second bgp_instance",
				 o->neighbors[i]);
		else
			mig_add_neighbor(o->m, &a);
	}
}

static bool convert(struct mig_options *o, const char *name)
{
	const char *given = o->value[NAME] ? o->value[NAME] : o->value[LABEL];
	int check;

	if ((o->value[USER] && !is_quotable(o->value[USER])) ||
	    (o->value[GROUP] && !is_quotable(o->value[GROUP]))) {
		mig_left_out(o->m, "--user, --group: it is no name, so nothing is taken over");
		return false;
	}
	if (o->value[GROUP] && !o->value[USER])
		mig_note(o->m, "--group: Holdfast accepts it only together with a user");
	if (o->value[INTERVAL] && strtod(o->value[INTERVAL], NULL) == 0)
		mig_note(o->m, "--interval 0: Holdfast does not end after one announcement");
	if (!map_check(o, given ? given : name, &check))
		return false;
	tell_addresses(o);
	add_given_neighbors(o);
	return add_services(o, given ? given : name, check);
}

/* --- public functions --- */

unsigned int healthcheck_word(unsigned int n, char *const words[])
{
	for (unsigned int i = 0; i < n; i++) {
		const char *slash = strrchr(words[i], '/');
		const char *base = slash ? slash + 1 : words[i];

		if (strcmp(base, "healthcheck") == 0 || strcmp(base, "healthcheck.py") == 0 ||
		    strcmp(base, "exabgp.application.healthcheck") == 0)
			return i;
	}
	return n;
}

bool healthcheck_is_file(const char *text)
{
	while (*text) {
		size_t len;

		text += strspn(text, " \t\r\n");
		if (*text != '#') {
			len = strcspn(text, "= \t\r\n");
			return mig_options_knows(text, len);
		}
		text += strcspn(text, "\n");
	}
	return false;
}

/* The text of the file that --config names, from malloc(). NULL: none is named, or with *good false
 * it cannot be read. */
static char *config_file(struct mig *m, unsigned int n, char *const words[], bool *good)
{
	struct mig_options *o = calloc(1, sizeof(*o));
	char *text = NULL;
	struct mig silent;
	size_t len;

	*good = o && mig_init(&silent, "");
	if (*good) {
		o->m = &silent;
		mig_options_words(o, n, words);
		if (o->value[CONFIG]) {
			text = mig_read_file(o->value[CONFIG], &len);
			*good = text != NULL;
		}
		if (!*good)
			mig_left_out(m, "--config %s: it cannot be read, so nothing is taken over",
				     o->value[CONFIG]);
		mig_free(&silent);
	}
	free(o);
	return text;
}

bool healthcheck_add(struct mig *m, const char *name, const char *text, unsigned int n,
		     char *const words[])
{
	struct mig_options *o = calloc(1, sizeof(*o));
	bool good = o != NULL;
	char *copy = text ? strdup(text) : NULL;

	if (good && !text)
		copy = config_file(m, n, words, &good);
	if (good) {
		o->m = m;
		if (copy)
			mig_options_lines(o, copy);
		mig_options_words(o, n, words);
		good = convert(o, name);
	}
	free(copy);
	free(o);
	return good;
}
