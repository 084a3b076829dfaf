/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints the configuration in force, and compares it with the file. */
#ifndef HF_ENGINE_RUNNING_CONFIG_H
#define HF_ENGINE_RUNNING_CONFIG_H

#include "control/control.h"

/* struct control_loader's `show`; ctx is the engine. May block. */
void running_config_show(void *ctx, struct control_request *req);

#endif
