/* SPDX-License-Identifier: BSD-2-Clause */
/* The service manager's notification protocol (sd_notify(3)): one datagram to $NOTIFY_SOCKET. */
#ifndef HF_CORE_SD_NOTIFY_H
#define HF_CORE_SD_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* Opens the socket, if the manager has set one, and clears the variable for our children. */
void sd_notify_open(void);
bool sd_notify_is_on(void);
/* Sends `state` ("READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=..."), never blocking. Does nothing
 * without a manager. */
void sd_notify_send(const char *state);
/* Half the manager's watchdog interval in nanoseconds, 0 if it set none. */
int64_t sd_notify_watchdog_ns(void);

#endif
