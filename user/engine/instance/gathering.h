/* SPDX-License-Identifier: BSD-2-Clause */
/* A speaker that has some of its sessions awaits the others before its instances preempt. */
#ifndef HF_ENGINE_GATHERING_H
#define HF_ENGINE_GATHERING_H

struct speaker;

void gathering_init(struct speaker *speaker);
/* Takes its timer out of the loop. */
void gathering_end(struct speaker *speaker);
/* Notes the number of Established sessions. It may post NEWS_PREEMPT. */
void gathering_count(struct speaker *speaker, unsigned int established);

#endif
