/* SPDX-License-Identifier: BSD-2-Clause */
/* Logs transitions. */
#ifndef HF_ENGINE_TRANSITION_LOG_H
#define HF_ENGINE_TRANSITION_LOG_H

struct instance;

/* Logs the last record of `in`. */
void transition_log(struct instance *in);
void transition_log_init(struct instance *in);

#endif
