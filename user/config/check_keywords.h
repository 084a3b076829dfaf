/* SPDX-License-Identifier: BSD-2-Clause */
/* What the keyword tables of all kinds of checks share: when they run, and what they count for. */
#ifndef HF_CHECK_KEYWORDS_H
#define HF_CHECK_KEYWORDS_H

#include <limits.h>
#include <stddef.h>

#include "config/parser.h"
#include "core/mono.h"

#define CHECK_MAX_INTERVAL_NS (4294 * NS_PER_S) /* keepalived's limit */

void set_check_weight(struct parser *p, const struct keyword *kw, void *target);
void print_check_weight(struct dump *d, const struct keyword *kw, const void *target);

#define CHECK_SECONDS(name_, field, fallback_, help_)                                              \
	{                                                                                          \
		name_, KW_SECONDS, KW_ACTS, offsetof(struct cfg_script, field), NS_PER_MS,         \
		    CHECK_MAX_INTERVAL_NS, .fallback = fallback_, .help = help_                    \
	}

/* The rows, for a table whose target is a struct cfg_script. */
#define CHECK_KEYWORDS                                                                             \
	CHECK_SECONDS("interval", interval_ns, "1", "seconds from start to start"),                \
	    CHECK_SECONDS(                                                                         \
		"fast_interval", fast_interval_ns, "the interval",                                 \
		"the interval while a state is in doubt: not known, or results speak against it"), \
	    CHECK_SECONDS("timeout", timeout_ns, "the interval",                                   \
			  "seconds until a run is ended, which is a failure"),                     \
	    {"weight",                                                                             \
	     KW_CUSTOM,                                                                            \
	     KW_ACTS,                                                                              \
	     KW_NOWHERE,                                                                           \
	     -253,                                                                                 \
	     253,                                                                                  \
	     .argument = "N [reverse]",                                                            \
	     .fallback = "0",                                                                      \
	     .help = "what it adds to the priority; 0: a failure is FAULT",                        \
	     .set = set_check_weight,                                                              \
	     .print = print_check_weight},                                                         \
	    {"rise", KW_INT,  KW_ACTS,	       offsetof(struct cfg_script, rise),                  \
	     1,	     INT_MAX, .fallback = "1", .help = "successes in a row until healthy"},        \
	    {"fall", KW_INT,  KW_ACTS,	       offsetof(struct cfg_script, fall),                  \
	     1,	     INT_MAX, .fallback = "1", .help = "failures in a row until unhealthy"},       \
	{                                                                                          \
		"init_fail", KW_FLAG, KW_ACTS, offsetof(struct cfg_script, init_fail),             \
		    .fallback = "off", .help = "unhealthy until the first successes"               \
	}

#endif
