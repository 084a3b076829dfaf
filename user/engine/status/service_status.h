/* SPDX-License-Identifier: BSD-2-Clause */
/* The line that `systemctl status` shows of the daemon: "web MASTER, BGP 1/1, 0 alarms". */
#ifndef HF_ENGINE_SERVICE_STATUS_H
#define HF_ENGINE_SERVICE_STATUS_H

#include "control/status.h"

/* Writes the line for `st`, with the text of the first alarm if there is one. It is cut to `size`
 * octets, with its NUL. */
void service_status_format(const struct status *st, char *text, size_t size);
/* struct control_loader's `tell`: sends the line to the service manager if it has changed. */
void service_status_tell(void *ctx, const struct status *st);

#endif
