// SPDX-License-Identifier: BSD-2-Clause
/*
 * virtual_rules: routing rules that move with the addresses. Each line is a rule in those words of
 * `ip rule` that keepalived reads. An unsupported word is an error, as in virtual_routes.
 */
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "config/parser.h"
#include "config/value.h"
#include "core/addr.h"

#define BY_SCRIPT "remove it, or add such a rule by notify_master and remove it by notify_backup"

/* A rule while its line is being read. */
struct reading {
	struct cfg_rule *r;
	bool given_from, given_to, given_priority, inet6;
};

static bool set_from(struct parser *p, unsigned int i, struct reading *rd)
{
	rd->given_from = parser_net(p, i, rd->inet6, &rd->r->rule.from);
	return rd->given_from;
}

static bool set_to(struct parser *p, unsigned int i, struct reading *rd)
{
	rd->given_to = parser_net(p, i, rd->inet6, &rd->r->rule.to);
	return rd->given_to;
}

static bool set_iif(struct parser *p, unsigned int i, struct reading *rd)
{
	return parser_ifname(p, i, rd->r->rule.iif);
}

static bool set_oif(struct parser *p, unsigned int i, struct reading *rd)
{
	return parser_ifname(p, i, rd->r->rule.oif);
}

static bool set_table(struct parser *p, unsigned int i, struct reading *rd)
{
	rd->r->rule.action = FR_ACT_TO_TBL;
	return parser_table(p, i, &rd->r->rule.table);
}

static bool set_priority(struct parser *p, unsigned int i, struct reading *rd)
{
	int64_t value;

	if (!parser_int(p, i, 0, UINT32_MAX, &value))
		return false;
	rd->r->rule.priority = (uint32_t)value;
	rd->given_priority = true;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads a decimal number, or a hexadecimal one after 0x. *end becomes its end. False: it is no
 * number of 32 bits. */
static bool mark_number(const char *text, const char **end, uint32_t *out)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	int base = hex ? 16 : 10, digit;
	uint64_t value = 0;
	const char *c = text + (hex ? 2 : 0), *first = c;

	for (; (digit = hex_digit(*c)) >= 0 && digit < base && value <= UINT32_MAX; c++)
		value = value * (unsigned int)base + (unsigned int)digit;
	*end = c;
	*out = (uint32_t)value;
	return c > first && value <= UINT32_MAX;
}

/* Reads MARK or MARK/MASK. */
static bool set_mark(struct parser *p, unsigned int i, struct reading *rd)
{
	const char *word = parser_word(p, i), *end;
	struct net_rule *rule = &rd->r->rule;
	bool good;

	if (!word)
		return false;
	rule->given_mark = true;
	rule->mask = UINT32_MAX;
	good = mark_number(word, &end, &rule->mark);
	if (good && *end == '/')
		good = mark_number(end + 1, &end, &rule->mask);
	if (good && *end == '\0')
		return true;
	parser_error(p, "'%s' is no mark of packets; write N or N/MASK, such as 0x10/0xff", word);
	return false;
}

/* Reads a word that stands alone. False: it is no such word. */
static bool plain_word(const char *word, struct reading *rd)
{
	static const struct named actions[] = {{"blackhole", FR_ACT_BLACKHOLE},
					       {"unreachable", FR_ACT_UNREACHABLE},
					       {"prohibit", FR_ACT_PROHIBIT}};
	uint32_t action;

	if (parser_named(word, actions, KW_COUNT(actions), &action))
		rd->r->rule.action = (uint8_t)action;
	else if (strcmp(word, "not") == 0)
		rd->r->rule.invert = true;
	else if (strcmp(word, "no_track") == 0)
		rd->r->untracked = true;
	else
		return strcmp(word, "inet6") == 0 || strcmp(word, "inet") == 0;
	return true;
}

/* Reads the option at word `i`. Returns its number of words; 0 after an error. */
static unsigned int rule_option(struct parser *p, unsigned int i, struct reading *rd)
{
	static const struct {
		const char *name;
		bool (*set)(struct parser *p, unsigned int i, struct reading *rd);
	} valued[] = {{"from", set_from},      {"to", set_to},
		      {"iif", set_iif},	       {"dev", set_iif},
		      {"oif", set_oif},	       {"table", set_table},
		      {"lookup", set_table},   {"priority", set_priority},
		      {"pref", set_priority},  {"preference", set_priority},
		      {"order", set_priority}, {"fwmark", set_mark}};
	const char *word = p->stmt.word[i];

	if (plain_word(word, rd))
		return 1;
	for (unsigned int n = 0; n < KW_COUNT(valued); n++) {
		if (strcmp(valued[n].name, word) == 0)
			return valued[n].set(p, i + 1, rd) ? 2 : 0;
	}
	parser_error(p, "'%s' of a rule is not supported; " BY_SCRIPT, word);
	return 0;
}

static const struct ipprefix any4 = {.addr.b = {[10] = 0xff, [11] = 0xff}}, any6;

/* Sets `from` or `to`, if it is not given, to any address of the family of the other one. */
static bool settle_family(struct parser *p, struct reading *rd)
{
	struct net_rule *rule = &rd->r->rule;

	bool v6 = rd->inet6;

	if (rd->given_from)
		v6 = !ipaddr_is_v4(&rule->from.addr);
	else if (rd->given_to)
		v6 = !ipaddr_is_v4(&rule->to.addr);
	if (!rd->given_from)
		rule->from = v6 ? any6 : any4;
	if (!rd->given_to)
		rule->to = v6 ? any6 : any4;
	if (ipaddr_family(&rule->from.addr) == ipaddr_family(&rule->to.addr))
		return true;
	parser_error(p, "IPv4 and IPv6 in one rule; write inet6 before an IPv6 all");
	return false;
}

/* As in keepalived: rules without a priority are numbered downwards, separately for each family. */
static void number_rule(struct parser *p, struct net_rule *rule)
{
	unsigned int *given = ipaddr_is_v4(&rule->from.addr) ? &p->rules4 : &p->rules6;

	rule->priority = CFG_RULE_PRIORITY - (*given)++;
	parser_warn(p, "the rule has no priority and gets %u, as in keepalived; write priority N",
		    rule->priority);
}

static bool parse_rule(struct parser *p, struct cfg_rule *r)
{
	struct reading rd = {.r = r};
	unsigned int before = p->errors;

	*r = (struct cfg_rule){.line = p->stmt.line};
	for (unsigned int i = 0; i < p->stmt.n; i++) /* `all` depends on it */
		rd.inet6 |= strcmp(p->stmt.word[i], "inet6") == 0;
	for (unsigned int i = 0, taken; i < p->stmt.n; i += taken) {
		taken = rule_option(p, i, &rd);
		if (taken == 0)
			return false;
	}
	if (r->rule.action == FR_ACT_UNSPEC) {
		parser_error(p, "the rule has no action; write table N after it");
		return false;
	}
	if (r->rule.action != FR_ACT_TO_TBL)
		r->rule.table = 0;
	if (!settle_family(p, &rd) || p->errors > before)
		return false;
	if (!rd.given_priority)
		number_rule(p, &r->rule);
	return true;
}

void rule_line(struct parser *p, void *target)
{
	struct cfg_instance *in = target;
	struct cfg_rule r, *new;

	if (!parse_rule(p, &r))
		return;
	for (unsigned int i = 0; i < in->n_rules; i++) {
		if (net_rule_equal(&in->rules[i].rule, &r.rule)) {
			parser_warn(p, "the rule is there already, the line is ignored; remove it");
			return;
		}
	}
	new = parser_append(p, &in->rules, &in->n_rules, sizeof(r), CFG_MAX_ROUTES, "rules");
	if (new)
		*new = r;
}

/* --- printing --- */

static void print_name(struct dump *d, const char *word, const char *name)
{
	if (!name[0])
		return;
	fprintf(d->f, " %s ", word);
	dump_quoted(d, name);
}

static void print_rule(struct dump *d, const struct cfg_rule *r)
{
	const struct net_rule *rule = &r->rule;
	char text[IPPREFIX_TEXT];

	dump_begin(d);
	fprintf(d->f, "%sfrom %s", rule->invert ? "not " : "", ipprefix_format(&rule->from, text));
	if (rule->to.len > 0)
		fprintf(d->f, " to %s", ipprefix_format(&rule->to, text));
	print_name(d, "iif", rule->iif);
	print_name(d, "oif", rule->oif);
	if (rule->given_mark)
		fprintf(d->f, " fwmark 0x%x/0x%x", rule->mark, rule->mask);
	if (rule->action == FR_ACT_TO_TBL)
		fprintf(d->f, " table %u", rule->table);
	else
		fprintf(d->f, " %s", net_rule_action_name(rule->action));
	fprintf(d->f, " priority %u%s", rule->priority, r->untracked ? " no_track" : "");
	dump_end(d);
}

void print_rules(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_instance *in = target;

	if (in->n_rules == 0)
		return;
	dump_open(d, "%s", kw->name);
	for (unsigned int i = 0; i < in->n_rules; i++)
		print_rule(d, &in->rules[i]);
	dump_close(d);
}

const struct keyword_block block_rules = {"virtual_rules", NULL, 0, rule_line};
