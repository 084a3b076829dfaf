/* SPDX-License-Identifier: BSD-2-Clause */
/* Adverts whose address list differs from ours: names a differing address. */
#ifndef HF_ENGINE_OTHER_LIST_H
#define HF_ENGINE_OTHER_LIST_H

#include "config/config.h"
#include "core/addr.h"
#include "hf_abi.h"

#define OTHER_LIST_TEXT (IPADDR_TEXT + 32)

/* Computes hf_inst_cfg.list_sum and .list_count of the addresses of `cfg`; the kernel half compares
 * them with those of each advert. */
void other_list_of(const struct cfg_instance *cfg, uint32_t *sum, uint8_t *count);
/*
 * Names an address in which `heard`, the list of an advert, differs from the list of `cfg`, as
 * "; 203.0.113.9 is not ours" or "; 203.0.113.9 is missing there". Returns `text`; it is "" if
 * neither the first address nor the sum identifies one.
 */
const char *other_list_name(const struct cfg_instance *cfg, const struct hf_ev_list *heard,
			    char text[OTHER_LIST_TEXT]);

#endif
