/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logging: one line for each event. log_*() format into a buffer on the stack and keep errno, so
 * they may be called between a failing call and its report. No call waits for a full pipe or for a
 * journal that does not read. A line that is not accepted is lost. After the next accepted line,
 * another line says how many were lost. log_start_writer() moves the writing to a thread, which may
 * wait, so that fewer lines are lost.
 *
 * Lines go to stderr, or with their fields to the journal by its native protocol. Without a journal
 * they go to syslog, and without syslog to stderr.
 */
#ifndef HF_CORE_LOG_H
#define HF_CORE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mono.h"

enum log_level { LOG_LV_ERROR, LOG_LV_WARN, LOG_LV_INFO, LOG_LV_DEBUG };

/* `to_stderr`: to stderr, else to the journal or syslog. `ident`: the daemon's name; must stay
 * valid. */
void log_init(const char *ident, bool to_stderr, enum log_level max_level);
#define LOG_JOURNAL_PATH "/run/systemd/journal/socket"
#define LOG_SYSLOG_PATH	 "/dev/log"
/* Other socket paths of the journal and syslog, for tests; the strings must stay valid. */
void log_set_sockets(const char *journal, const char *syslog);
/* Starts the writer thread if it does not run. 0 or -errno. Without the thread the caller writes
 * each line itself. */
int log_start_writer(void);
/* Waits until all lines are written (at most 200 ms) and ends the thread. */
void log_stop_writer(void);
/* After a fork that closed all descriptors but the standard ones: forgets the parent's writer
 * thread and sockets; the caller's lines are written directly. */
void log_after_fork(const char *ident);

#define LOG_PRINTF(a, b) __attribute__((format(printf, a, b)))
void log_line(enum log_level level, const char *fmt, ...) LOG_PRINTF(2, 3);

/* Additional fields of a line, for searches; only the journal gets them. */
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

/* A token bucket for lines that a packet or a peer can cause: `burst` at once, then one per
 * `period_ns`. */
struct log_limit {
	int64_t period_ns;
	uint32_t burst;
	uint32_t tokens_used;
	uint32_t suppressed; /* since the last line that was allowed */
	struct mono refilled;
};

#define LOG_LIMIT(burst_, period_ns_)                                                              \
	{                                                                                          \
		.period_ns = (period_ns_), .burst = (burst_)                                       \
	}

/* True if a line may be written now. *suppressed: number of lines suppressed since the last one
 * that was written; may be NULL. */
bool log_allow(struct log_limit *limit, struct mono now, uint32_t *suppressed);
#define LOG_SUPPRESSED_TEXT 48
/* The text for the end of such a line: " (7 such lines suppressed)", or nothing if `n` is 0.
 * Returns `text`. */
const char *log_suppressed(uint32_t n, char text[LOG_SUPPRESSED_TEXT]);
#define LOG_SUPPRESSED(n) log_suppressed(n, (char[LOG_SUPPRESSED_TEXT]){0})

#endif
