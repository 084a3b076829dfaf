/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether another node could take over, by probes and reports; for when_all_fail. */
#ifndef HF_ENGINE_STANDBYS_H
#define HF_ENGINE_STANDBYS_H

struct instance;

/* Judges the tracked things of `in` again, because reports of its peers have come or have become
 * old. Does nothing without when_all_fail. */
void standbys_judge(struct instance *in);

#endif
