/* SPDX-License-Identifier: BSD-2-Clause */
/* Keywords common to all kinds of checks: when they run, and their weight. */
#ifndef HF_CHECK_KEYWORDS_H
#define HF_CHECK_KEYWORDS_H

#include <limits.h>
#include <stddef.h>

#include "config/parser.h"
#include "core/mono.h"

#define CHECK_MAX_INTERVAL_NS (4294 * NS_PER_S) /* keepalived's limit */

#define CHECK_SECONDS(name_, field, fallback_, help_)                                              \
	{                                                                                          \
		name_, KW_SECONDS, KW_ACTS, offsetof(struct cfg_script, field), NS_PER_MS,         \
		    CHECK_MAX_INTERVAL_NS, .fallback = fallback_, .help = help_                    \
	}

void set_stale(struct parser *p, const struct keyword *kw, void *target);
void print_stale(struct dump *d, const struct keyword *kw, const void *target);

/* The row of `stale`, for a `type` with the field down_if_stale. */
#define STALE_KEYWORD(type)                                                                        \
	{                                                                                          \
		"stale", KW_CUSTOM, KW_ACTS, offsetof(type, down_if_stale),                        \
		    .argument = "{hold|down}", .fallback = "hold",                                 \
		    .help = "without new results, hold keeps the last state, and down counts as "  \
			    "a failure after two intervals and the timeout, at least 5 seconds",   \
		    .set = set_stale, .print = print_stale                                         \
	}

/* The common rows, for a table whose target is a struct cfg_script. */
#define CHECK_KEYWORDS                                                                             \
	CHECK_SECONDS("interval", interval_ns, "1",                                                \
		      "seconds from the start of one run to the start of the next one"),           \
	    CHECK_SECONDS(                                                                         \
		"fast_interval", fast_interval_ns, "the interval",                                 \
		"the interval while the state is unknown, or the last result contradicts it"),     \
	    CHECK_SECONDS("timeout", timeout_ns, "the interval",                                   \
			  "seconds after which a run is ended and counts as a failure"),           \
	    {"weight",                                                                             \
	     KW_WEIGHT,                                                                            \
	     KW_ACTS,                                                                              \
	     KW_WEIGHT_AT(struct cfg_script),                                                      \
	     -253,                                                                                 \
	     253,                                                                                  \
	     .fallback = "0",                                                                      \
	     .help = "the change of the priority; 0: a failure leads to FAULT"},                   \
	    {"rise",                                                                               \
	     KW_INT,                                                                               \
	     KW_ACTS,                                                                              \
	     offsetof(struct cfg_script, rise),                                                    \
	     1,                                                                                    \
	     INT_MAX,                                                                              \
	     .fallback = "1",                                                                      \
	     .help = "number of consecutive successes until it is healthy"},                       \
	    {"fall",                                                                               \
	     KW_INT,                                                                               \
	     KW_ACTS,                                                                              \
	     offsetof(struct cfg_script, fall),                                                    \
	     1,                                                                                    \
	     INT_MAX,                                                                              \
	     .fallback = "1",                                                                      \
	     .help = "number of consecutive failures until it is unhealthy"},                      \
	    STALE_KEYWORD(struct cfg_script),                                                      \
	{                                                                                          \
		"init_fail", KW_FLAG, KW_ACTS, offsetof(struct cfg_script, init_fail),             \
		    .fallback = "off",                                                             \
		    .help = "unhealthy at the start, until it has succeeded rise times"            \
	}

#endif
