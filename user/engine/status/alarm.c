// SPDX-License-Identifier: BSD-2-Clause
#include "engine/status/alarm.h"

#include <stdarg.h>
#include <stdio.h>

void LOG_PRINTF(4, 5)
    alarm_add(struct status *st, const char *reason, const char *subject, const char *fmt, ...)
{
	struct status_alarm *alarm = &st->alarms[st->n_alarms];
	va_list args;

	if (st->n_alarms == STATUS_MAX_ALARMS)
		return;
	st->n_alarms++;
	alarm->reason = reason;
	snprintf(alarm->subject, sizeof(alarm->subject), "%s", subject);
	va_start(args, fmt);
	vsnprintf(alarm->text, sizeof(alarm->text), fmt, args);
	va_end(args);
}
