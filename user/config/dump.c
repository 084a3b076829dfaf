// SPDX-License-Identifier: BSD-2-Clause
/*
 * Prints a configuration by the parser's tables, so that every keyword that can be parsed is
 * printed. Keywords with an effect are always printed, with default values too; keywords without an
 * effect only if they were given. Strings are always quoted, which is simpler than deciding whether
 * this is necessary.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "config/parser.h"
#include "config/value.h"
#include "core/addr.h"

/* --- lines --- */

void dump_begin(struct dump *d)
{
	for (int i = 0; i < d->indent; i++)
		fputs("    ", d->f);
}

void dump_end(struct dump *d)
{
	fputc('\n', d->f);
}

void dump_line(struct dump *d, const char *fmt, ...)
{
	va_list ap;

	dump_begin(d);
	va_start(ap, fmt);
	vfprintf(d->f, fmt, ap);
	va_end(ap);
	dump_end(d);
}

void dump_open(struct dump *d, const char *fmt, ...)
{
	va_list ap;

	dump_begin(d);
	va_start(ap, fmt);
	vfprintf(d->f, fmt, ap);
	va_end(ap);
	fputs(" {\n", d->f);
	d->indent++;
}

void dump_close(struct dump *d)
{
	d->indent--;
	dump_line(d, "}");
}

/* --- strings --- */

void dump_quoted(struct dump *d, const char *text)
{
	fputc('"', d->f);
	for (; *text; text++) {
		fputc(*text, d->f);
		if (*text == '$') /* otherwise it could be read as a use of a definition */
			fputs("\"\"", d->f);
	}
	fputc('"', d->f);
}

/* True if `c` needs no escape within the double quotes of a command. */
static bool is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x7f && !strchr("\"'\\$", c);
}

/* Prints an argument within the double quotes of a command. It is escaped twice, because the parser
 * splits and unescapes it twice. */
static void dump_argument(struct dump *d, const char *arg)
{
	const char *c = arg;

	while (is_plain((unsigned char)*c))
		c++;
	if (!*c && (!*arg || strchr(arg, ' '))) {
		fprintf(d->f, "'%s'", arg);
		return;
	}
	for (c = arg; *c; c++) {
		if (is_plain((unsigned char)*c) && *c != ' ')
			fputc(*c, d->f);
		else
			fprintf(d->f, "\\\\%03o", (unsigned char)*c);
	}
}

void dump_command(struct dump *d, const char *name, const struct cfg_command *c)
{
	if (c->argc == 0)
		return;
	dump_begin(d);
	fprintf(d->f, "%s \"", name);
	for (int i = 0; i < c->argc; i++) {
		if (i > 0)
			fputc(' ', d->f);
		dump_argument(d, c->argv[i]);
	}
	fputc('"', d->f);
	if (c->user) {
		fputc(' ', d->f);
		dump_quoted(d, c->user);
	}
	if (c->group) {
		fputc(' ', d->f);
		dump_quoted(d, c->group);
	}
	dump_end(d);
}

/* --- fields --- */

static int64_t number(const struct keyword *kw, const void *field)
{
	uint32_t u32;
	int i;

	if (kw->type == KW_U8)
		return *(const uint8_t *)field;
	if (kw->type == KW_U32) {
		memcpy(&u32, field, sizeof(u32));
		return u32;
	}
	memcpy(&i, field, sizeof(i));
	return i;
}

static size_t field_size(const struct keyword *kw)
{
	switch (kw->type) {
	case KW_FLAG:
	case KW_BOOL:
		return sizeof(bool);
	case KW_U8:
		return sizeof(uint8_t);
	case KW_U32:
	case KW_INT:
		return sizeof(uint32_t);
	case KW_WEIGHT:
		return sizeof(int) + sizeof(bool);
	case KW_SECONDS:
		return sizeof(int64_t);
	case KW_WORD:
		return sizeof(char *);
	case KW_ADDRESS:
		return sizeof(struct ipaddr);
	case KW_COMMAND:
	case KW_CUSTOM:
	case KW_ANY:
	case KW_BLOCK:
		break;
	}
	return 0;
}

static void dump_field(struct dump *d, const struct keyword *kw, const void *field)
{
	char text[IPADDR_TEXT], seconds[32];
	const char *word;
	int64_t ns;

	switch (kw->type) {
	case KW_FLAG:
		if (*(const bool *)field)
			dump_line(d, "%s", kw->name);
		break;
	case KW_BOOL:
		dump_line(d, "%s %s", kw->name, *(const bool *)field ? "on" : "off");
		break;
	case KW_U8:
	case KW_U32:
	case KW_INT: /* 0 means "not given" if 0 is not an allowed value */
		if (kw->min <= 0 || number(kw, field) != 0)
			dump_line(d, "%s %lld", kw->name, (long long)number(kw, field));
		break;
	case KW_SECONDS:
		memcpy(&ns, field, sizeof(ns));
		dump_line(d, "%s %s", kw->name, value_format_seconds(ns, seconds));
		break;
	case KW_WEIGHT:
		dump_line(d, "%s %d%s", kw->name, *(const int *)field,
			  *(const bool *)((const int *)field + 1) ? " reverse" : "");
		break;
	case KW_WORD:
		memcpy(&word, field, sizeof(word));
		if (!word)
			break;
		dump_begin(d);
		fprintf(d->f, "%s ", kw->name);
		dump_quoted(d, word);
		dump_end(d);
		break;
	case KW_ADDRESS:
		if (!ipaddr_is_unset(field))
			dump_line(d, "%s %s", kw->name, ipaddr_format(field, text));
		break;
	case KW_COMMAND:
		dump_command(d, kw->name, field);
		break;
	case KW_CUSTOM:
	case KW_ANY:
	case KW_BLOCK:
		break;
	}
}

void dump_block(struct dump *d, const struct keyword_block *b, const void *target,
		const void *defaults)
{
	for (unsigned int i = 0; i < b->n; i++) {
		const struct keyword *kw = &b->kw[i];
		const char *field = (const char *)target + kw->offset;

		if (kw->print) {
			kw->print(d, kw, target);
			continue;
		}
		if (kw->offset == KW_NOWHERE)
			continue;
		if (kw->effect != KW_ACTS && defaults && field_size(kw) > 0 &&
		    memcmp(field, (const char *)defaults + kw->offset, field_size(kw)) == 0)
			continue;
		dump_field(d, kw, field);
	}
}

/* --- the whole --- */

static void dump_named(struct dump *d, const char *kind, const char *name,
		       const struct keyword_block *b, const void *target, const void *defaults)
{
	dump_begin(d);
	fprintf(d->f, "%s ", kind);
	dump_quoted(d, name);
	fputs(" {\n", d->f);
	d->indent++;
	dump_block(d, b, target, defaults);
	dump_close(d);
}

const struct keyword_block *const check_blocks[] = {
    [CFG_CHECK_SCRIPT] = &block_script,
    [CFG_CHECK_TCP] = &block_tcp_check,
    [CFG_CHECK_HTTP] = &block_http_check,
};

int config_dump(const struct config *cfg, FILE *to)
{
	struct dump d = {.f = to, .cfg = cfg};
	struct config none = {0};
	struct cfg_instance plain = {0};
	struct cfg_bfd session;

	globals_set_defaults(&none.globals);
	instance_set_defaults(&plain, &cfg->globals);
	dump_open(&d, "global_defs");
	dump_block(&d, &block_global, cfg, &none);
	dump_close(&d);
	print_link_delays(&d);
	print_statics(&d);
	for (unsigned int i = 0; i < cfg->n_scripts; i++) {
		const struct keyword_block *b = check_blocks[cfg->scripts[i].kind];

		dump_named(&d, b->name, cfg->scripts[i].name, b, &cfg->scripts[i], NULL);
	}
	for (unsigned int i = 0; i < cfg->n_files; i++) {
		if (!cfg->files[i].disables)
			dump_named(&d, "track_file", cfg->files[i].name, &block_file,
				   &cfg->files[i], NULL);
	}
	for (unsigned int i = 0; i < cfg->n_processes; i++)
		dump_named(&d, "vrrp_track_process", cfg->processes[i].name, &block_process,
			   &cfg->processes[i], NULL);
	for (unsigned int i = 0; i < cfg->n_traffic; i++)
		dump_named(&d, "vrrp_traffic_check", cfg->traffic[i].name, &block_traffic,
			   &cfg->traffic[i], NULL);
	bfd_set_defaults(&session);
	for (unsigned int i = 0; i < cfg->n_bfds; i++)
		dump_named(&d, "bfd_instance", cfg->bfds[i].name, &block_bfd, &cfg->bfds[i],
			   &session);
	for (unsigned int i = 0; i < cfg->n_bgp; i++)
		dump_named(&d, "bgp_instance", cfg->bgp[i].name, &block_bgp, &cfg->bgp[i], NULL);
	for (unsigned int i = 0; i < cfg->n_instances; i++)
		dump_named(&d, "vrrp_instance", cfg->instances[i].name, &block_instance,
			   &cfg->instances[i], &plain);
	for (unsigned int i = 0; i < cfg->n_groups; i++)
		dump_named(&d, "vrrp_sync_group", cfg->groups[i].name, &block_group,
			   &cfg->groups[i], NULL);
	for (unsigned int i = 0; i < cfg->n_services; i++)
		dump_named(&d, "bgp_service", cfg->services[i].name, &block_service,
			   &cfg->services[i], NULL);
	return ferror(to) || fflush(to) ? -EIO : 0;
}
