/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The alarms of `status`: what an operator must know at once. Each alarm has a reason, by which
 * monitoring groups alarms, a subject (an instance, a check, an address; "": the daemon), and a
 * text. docs/alarms.md explains every text.
 */
#ifndef HF_ENGINE_ALARMS_H
#define HF_ENGINE_ALARMS_H

#include "control/status.h"

struct engine;
struct instance;
struct service;

/*
 * All alarms except those about refused adverts. The functions run in the loop and do not block.
 * alarms_begin() comes first, then each instance and service, in any turn, and alarms_of_rest()
 * last; it needs st->fifos.
 */
void alarms_begin(struct status *st);
void alarms_of_instance(const struct instance *in, struct status *st);
void alarms_of_service(const struct service *svc, struct status *st);
void alarms_of_rest(const struct engine *engine, struct status *st);

/* --- refusal_alarms.c --- */

/* Part of alarms_of_rest(): a peer of a MASTER sends adverts with another VRID. */
void alarms_of_other_vrid(const struct engine *engine, struct status *st);
/*
 * Alarms about adverts that were refused within st->refusal_window_ns before st->counters_at. Needs
 * st->verdicts. Runs in the control thread.
 */
void alarms_add_refusals(struct status *st);

#endif
