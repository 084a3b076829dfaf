// SPDX-License-Identifier: BSD-2-Clause
/* The text form of actions. Rejected: comparing structures, whose differences are not readable. */
#include "vrrp_text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

static struct {
	char buf[512];
	size_t len;
} text;

__attribute__((format(printf, 1, 2))) static void add(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text.buf + text.len, sizeof(text.buf) - text.len, fmt, ap);
	va_end(ap);
	assert(n >= 0 && (size_t)n < sizeof(text.buf) - text.len);
	text.len += (size_t)n;
}

static void add_watch(const struct vrrp_action *a)
{
	static const char *const roles[] = {"OFF", "BACKUP", "MASTER"};

	add("WATCH(%s", roles[a->self.role]);
	if (a->self.role != VRRP_ROLE_OFF)
		add(" %d", a->self.priority);
	if (a->self.role == VRRP_ROLE_BACKUP) {
		add(" %lldms", (long long)(a->delay_ns / NS_PER_MS));
		if (a->delay_ns % NS_PER_MS)
			add("+%lldns", (long long)(a->delay_ns % NS_PER_MS));
		if (!a->self.preempt)
			add(" nopreempt");
	}
	add(")");
}

static void add_action(const struct vrrp_action *a)
{
	static const char *const names[] = {
	    [VRRP_ACT_CLAIM] = "CLAIM",
	    [VRRP_ACT_RELEASE] = "RELEASE",
	    [VRRP_ACT_GARP] = "GARP",
	    [VRRP_ACT_STOPPED] = "STOPPED",
	};

	switch (a->type) {
	case VRRP_ACT_SEND:
		add("SEND(%d)", a->priority);
		break;
	case VRRP_ACT_WATCH:
		add_watch(a);
		break;
	case VRRP_ACT_STATE:
		add("%s>%s, %s", vrrp_state_name(a->from), vrrp_state_name(a->to),
		    vrrp_cause_text(a->cause));
		break;
	default:
		add("%s%s", names[a->type], a->rival ? "(rival)" : "");
		break;
	}
}

const char *vrrp_actions_text(const struct vrrp_actions *actions)
{
	text.len = 0;
	text.buf[0] = '\0';
	for (unsigned int i = 0; i < actions->n; i++) {
		add("%s", i ? "; " : "");
		add_action(&actions->a[i]);
	}
	return text.buf;
}
