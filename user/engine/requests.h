/* SPDX-License-Identifier: BSD-2-Clause */
/* Executes the operator's requests in the loop. */
#ifndef HF_ENGINE_REQUESTS_H
#define HF_ENGINE_REQUESTS_H

#include "control/control.h"

/* control_handler_fn; ctx is the engine. */
void requests_handle(void *ctx, struct control_request *req);

#endif
