// SPDX-License-Identifier: BSD-2-Clause
/*
 * sd_notify(3)'s STATUS=: a few instances by name or many by count, the number of Established BGP
 * sessions, and the alarms of `holdfastctl status`. No other function writes it. Rejected: writing
 * it from the engine's loop, which does not know the refused adverts (alarms_add_refusals()).
 */
#include "engine/status/service_status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "core/sd_notify.h"

#define BY_NAME 3 /* more instances than this are counted */

struct line {
	char *text;
	size_t size, len;
};

/* Appends as much as there is room for. */
static void LOG_PRINTF(2, 3) put(struct line *line, const char *fmt, ...)
{
	va_list args;

	if (line->len + 1 >= line->size)
		return;
	va_start(args, fmt);
	line->len += (size_t)vsnprintf(line->text + line->len, line->size - line->len, fmt, args);
	va_end(args);
}

static void put_instances(const struct status *st, struct line *line)
{
	static const enum vrrp_state states[] = {VRRP_MASTER, VRRP_BACKUP, VRRP_FAULT, VRRP_INIT};

	for (unsigned int i = 0; st->n_instances <= BY_NAME && i < st->n_instances; i++)
		put(line, "%s %s, ", st->instances[i].name,
		    vrrp_state_name(st->instances[i].state));
	for (size_t s = 0; st->n_instances > BY_NAME && s < sizeof(states) / sizeof(states[0]);
	     s++) {
		unsigned int n = 0;

		for (unsigned int i = 0; i < st->n_instances; i++)
			n += st->instances[i].state == states[s];
		if (n > 0)
			put(line, "%u %s, ", n, vrrp_state_name(states[s]));
	}
}

/* The alarm to show: that of a configuration with errors, else the first one. */
static const struct status_alarm *first_alarm(const struct status *st)
{
	for (unsigned int i = 0; i < st->n_alarms; i++) {
		if (strcmp(st->alarms[i].reason, "config_errors") == 0)
			return &st->alarms[i];
	}
	return &st->alarms[0];
}

void service_status_format(const struct status *st, char *text, size_t size)
{
	struct line line = {.text = text, .size = size};
	unsigned int up = 0;

	text[0] = '\0';
	put_instances(st, &line);
	for (unsigned int i = 0; i < st->n_neighbors; i++)
		up += strcmp(st->neighbors[i].state, "Established") == 0;
	if (st->n_neighbors > 0)
		put(&line, "BGP %u/%u, ", up, st->n_neighbors);
	put(&line, "%u%s alarm%s", st->n_alarms,
	    st->n_alarms == STATUS_MAX_ALARMS ? " or more" : "", st->n_alarms == 1 ? "" : "s");
	if (st->n_alarms > 0)
		put(&line, ": %s", first_alarm(st)->text);
}

void service_status_tell(void *ctx, const struct status *st)
{
	static char told[512]; /* only the control thread uses it */
	char text[sizeof(told)] = "STATUS=";
	size_t len = strlen(text);

	(void)ctx;
	service_status_format(st, text + len, sizeof(text) - len);
	if (strcmp(text, told) == 0)
		return;
	memcpy(told, text, sizeof(told));
	sd_notify_send(text);
}
