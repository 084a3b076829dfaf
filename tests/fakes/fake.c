// SPDX-License-Identifier: BSD-2-Clause
/* The current machine, and the trace of its effects. */
#include "fake.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct fake *fake;

void fake_init(struct fake *f)
{
	memset(f, 0, offsetof(struct fake, timers));
	f->now = FAKE_EPOCH;
	fake = f;
}

void fake_trace(const char *fmt, ...)
{
	size_t room = sizeof(fake->trace) - fake->traced;
	va_list ap;
	int n;

	if (fake->quiet || room < 128)
		return;
	if (fake->traced > 0)
		fake->traced += (size_t)snprintf(fake->trace + fake->traced, room, "; ");
	room = sizeof(fake->trace) - fake->traced;
	va_start(ap, fmt);
	n = vsnprintf(fake->trace + fake->traced, room, fmt, ap);
	va_end(ap);
	fake->traced += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

const char *fake_traced(void)
{
	static char text[FAKE_TRACE];

	memcpy(text, fake->trace, fake->traced);
	text[fake->traced] = '\0';
	fake->traced = 0;
	return text;
}
