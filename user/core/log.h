/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logging: one line a fact. log_*() format into a buffer on the stack and keep errno, so that they
 * can stand between a failing call and its report. Once log_start_writer() has run, lines go
 * through a non-blocking socket to a thread that writes them out: a full disk or a stopped reader
 * of stderr can never hold up the loop; what does not fit is counted and reported with the next
 * line that does.
 *
 * Lines go to stderr, or to the journal by its own protocol, with their fields; where there is no
 * journal, to syslog.
 */
#ifndef HF_CORE_LOG_H
#define HF_CORE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mono.h"

enum log_level { LOG_LV_ERROR, LOG_LV_WARN, LOG_LV_INFO, LOG_LV_DEBUG };

/* `to_stderr`: else to the journal or to syslog. `ident`: the daemon's name, kept. */
void log_init(const char *ident, bool to_stderr, enum log_level max_level);
#define LOG_JOURNAL "/run/systemd/journal/socket"
/* Where the journal listens, LOG_JOURNAL unless told; kept. For tests. */
void log_set_journal(const char *path);
/* Starts the writer thread. 0 or -errno; without it every line is written by the caller. */
int log_start_writer(void);
/* Waits until what was logged is written (at most 200 ms) and ends the thread. */
void log_stop_writer(void);
/* After fork: forget the parent's writer thread and write directly. */
void log_after_fork(const char *ident);

#define LOG_PRINTF(a, b) __attribute__((format(printf, a, b)))
void log_line(enum log_level level, const char *fmt, ...) LOG_PRINTF(2, 3);

/* What stands beside a line in the journal alone, so that it can be searched for. */
struct log_field {
	const char *name;  /* "HF_INSTANCE", ...: holdfastd(8) lists them */
	const char *value; /* NULL or empty: left out */
};
/* The last one is followed by {NULL, NULL}: LOG_FIELDS() adds it. */
void log_with(enum log_level level, const struct log_field *fields, const char *fmt, ...)
    LOG_PRINTF(3, 4);
#define LOG_FIELDS(...) ((const struct log_field[]){__VA_ARGS__, {NULL, NULL}})

#define log_error(...)	log_line(LOG_LV_ERROR, __VA_ARGS__)
#define log_warn(...)	log_line(LOG_LV_WARN, __VA_ARGS__)
#define log_info(...)	log_line(LOG_LV_INFO, __VA_ARGS__)
#define log_debug(...)	log_line(LOG_LV_DEBUG, __VA_ARGS__)

/* A token bucket for lines that a packet or a peer can cause: `burst` at once, then one a
 * `period_ns`. */
struct log_limit {
	int64_t period_ns;
	uint32_t burst;
	uint32_t tokens_used;
	uint32_t suppressed; /* since the last line that was let through */
	struct mono refilled;
};

#define LOG_LIMIT(burst_, period_ns_)                                                              \
	{                                                                                          \
		.period_ns = (period_ns_), .burst = (burst_)                                       \
	}

/* True if a line may be written now. *suppressed: how many were not since the last; may be NULL. */
bool log_allow(struct log_limit *limit, struct mono now, uint32_t *suppressed);

#endif
