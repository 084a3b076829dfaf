// SPDX-License-Identifier: BSD-2-Clause
/*
 * Log lines: formatted where they arise, written by a thread of ordinary priority. Between the two
 * stands a non-blocking datagram socket pair, whose buffer bounds what can pile up. Rejected:
 * writing from the loop (stderr may be a pipe nobody reads) and a lock-free ring, which saves a
 * microsecond on lines that come a few times an hour.
 */
#include "core/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_LEN	512
#define STOP_TIMEOUT_NS (200 * NS_PER_MS)
/* What may wait for the writer: two lines of each of 2,048 instances that move at once, some 800
 * octets of the kernel's memory each (which doubles this figure). */
#define QUEUE_BYTES (2 << 20)

struct record {
	int level;
	char text[LINE_MAX_LEN];
};

static struct {
	char ident[64];
	bool to_stderr;
	enum log_level max_level;
	int fds[2]; /* [0]: the writer thread reads; [1]: lines go in */
	bool threaded;
	pthread_t thread;
	atomic_uint dropped;
} logger = {.ident = "holdfast", .to_stderr = true, .max_level = LOG_LV_INFO, .fds = {-1, -1}};

static const int syslog_priority[] = {
    [LOG_LV_ERROR] = LOG_ERR,
    [LOG_LV_WARN] = LOG_WARNING,
    [LOG_LV_INFO] = LOG_INFO,
    [LOG_LV_DEBUG] = LOG_DEBUG,
};

static const char *const level_word[] = {
    [LOG_LV_ERROR] = "error: ",
    [LOG_LV_WARN] = "warning: ",
    [LOG_LV_INFO] = "",
    [LOG_LV_DEBUG] = "debug: ",
};

void log_init(const char *ident, bool to_stderr, enum log_level max_level)
{
	snprintf(logger.ident, sizeof(logger.ident), "%s", ident);
	logger.to_stderr = to_stderr;
	logger.max_level = max_level;
	if (!to_stderr)
		openlog(logger.ident, LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

static void write_stderr(const struct record *rec)
{
	char stamp[32], line[LINE_MAX_LEN + 128];
	struct timespec ts;
	struct tm tm;
	int len;

	clock_gettime(CLOCK_REALTIME, &ts);
	localtime_r(&ts.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%H:%M:%S", &tm);
	len = snprintf(line, sizeof(line), "%s.%06ld %s[%d]: %s%s\n", stamp, ts.tv_nsec / 1000,
		       logger.ident, getpid(), level_word[rec->level], rec->text);
	if (len > 0 && write(STDERR_FILENO, line, (size_t)len) < 0)
		return; /* nowhere left to complain to */
}

static void write_record(const struct record *rec)
{
	if (logger.to_stderr)
		write_stderr(rec);
	else
		syslog(syslog_priority[rec->level], "%s%s", level_word[rec->level], rec->text);
}

static void *writer(void *arg)
{
	struct record rec;

	(void)arg;
	while (recv(logger.fds[0], &rec, sizeof(rec), 0) > 0) {
		unsigned int dropped = atomic_exchange(&logger.dropped, 0);

		rec.text[LINE_MAX_LEN - 1] = '\0';
		write_record(&rec);
		if (dropped > 0) {
			rec.level = LOG_LV_WARN;
			snprintf(rec.text, sizeof(rec.text), "log: %u lines were lost", dropped);
			write_record(&rec);
		}
	}
	return NULL;
}

int log_start_writer(void)
{
	int err, size = QUEUE_BYTES;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, logger.fds) < 0)
		return -errno;
	/* Without the right to it the queue is shorter, and what is lost is counted. */
	setsockopt(logger.fds[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	err = pthread_create(&logger.thread, NULL, writer, NULL);
	if (err != 0) {
		close(logger.fds[0]);
		close(logger.fds[1]);
		return -err;
	}
	pthread_setname_np(logger.thread, "log");
	logger.threaded = true;
	return 0;
}

void log_stop_writer(void)
{
	struct timespec until;

	if (!logger.threaded)
		return;
	logger.threaded = false;
	shutdown(logger.fds[1], SHUT_WR);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += STOP_TIMEOUT_NS;
	until.tv_sec += until.tv_nsec / NS_PER_S;
	until.tv_nsec %= NS_PER_S;
	pthread_timedjoin_np(logger.thread, NULL, &until);
}

void log_after_fork(const char *ident)
{
	logger.threaded = false;
	log_init(ident, logger.to_stderr, logger.max_level);
}

void log_line(enum log_level level, const char *fmt, ...)
{
	int saved_errno = errno;
	struct record rec;
	va_list args;

	if (level > logger.max_level)
		return;
	rec.level = level;
	va_start(args, fmt);
	vsnprintf(rec.text, sizeof(rec.text), fmt, args);
	va_end(args);
	if (!logger.threaded)
		write_record(&rec);
	else if (send(logger.fds[1], &rec, offsetof(struct record, text) + strlen(rec.text) + 1,
		      MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		atomic_fetch_add(&logger.dropped, 1);
	errno = saved_errno;
}

bool log_allow(struct log_limit *limit, struct mono now, uint32_t *suppressed)
{
	int64_t regained;

	if (!mono_is_set(limit->refilled))
		limit->refilled = now;
	regained = mono_diff_ns(now, limit->refilled) / limit->period_ns;
	if (regained > 0) {
		limit->refilled = mono_add(limit->refilled, regained * limit->period_ns);
		limit->tokens_used -=
		    regained < limit->tokens_used ? (uint32_t)regained : limit->tokens_used;
	}
	if (limit->tokens_used >= limit->burst) {
		limit->suppressed++;
		return false;
	}
	limit->tokens_used++;
	if (suppressed)
		*suppressed = limit->suppressed;
	limit->suppressed = 0;
	return true;
}
