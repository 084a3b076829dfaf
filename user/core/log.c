// SPDX-License-Identifier: BSD-2-Clause
/*
 * Log lines: formatted where they arise, written by a thread of ordinary priority. Between the two
 * stands a non-blocking datagram socket pair, whose buffer bounds what can pile up. Rejected:
 * writing from the loop (stderr may be a pipe nobody reads); a lock-free ring, which saves a
 * microsecond on lines that come a few times an hour; and libsystemd for the journal, whose
 * protocol is a datagram of NAME=value lines (systemd.io/JOURNAL_NATIVE_PROTOCOL).
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
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_LEN	512
#define FIELDS_MAX	512 /* of a line: a name is 64 octets at most, and a dozen are given */
#define STOP_TIMEOUT_NS (200 * NS_PER_MS)
/* What may wait for the writer: two lines of each of 2,048 instances that move at once, some 800
 * octets of the kernel's memory each (which doubles this figure). */
#define QUEUE_BYTES (2 << 20)

struct record {
	int level;
	uint16_t text_len;		      /* without its end */
	char text[LINE_MAX_LEN + FIELDS_MAX]; /* the line; behind it "NAME=value\n" of each field */
};

static struct {
	char ident[64];
	bool to_stderr;
	enum log_level max_level;
	const char *journal;
	int journal_fd; /* unconnected: a journal that is restarted needs no care; or -1 */
	int fds[2];	/* [0]: the writer thread reads; [1]: lines go in */
	bool threaded;
	pthread_t thread;
	atomic_uint dropped;
} logger = {.ident = "holdfast",
	    .to_stderr = true,
	    .max_level = LOG_LV_INFO,
	    .fds = {-1, -1},
	    .journal = LOG_JOURNAL,
	    .journal_fd = -1};

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
	if (to_stderr)
		return;
	openlog(logger.ident, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	if (logger.journal_fd < 0)
		logger.journal_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

void log_set_journal(const char *path)
{
	logger.journal = path;
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

static struct iovec part(char *data, size_t len)
{
	return (struct iovec){.iov_base = data, .iov_len = len};
}

/* False: there is no journal. It may be waited for. */
static bool write_journal(struct record *rec)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	char head[128], end[] = "\n", *fields = rec->text + rec->text_len + 1;
	struct iovec parts[4];
	struct msghdr msg = {
	    .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = parts, .msg_iovlen = 4};

	if (logger.journal_fd < 0 || strlen(logger.journal) >= sizeof(to.sun_path))
		return false;
	memcpy(to.sun_path, logger.journal, strlen(logger.journal));
	snprintf(head, sizeof(head),
		 "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nMESSAGE=", syslog_priority[rec->level],
		 logger.ident);
	parts[0] = part(head, strlen(head));
	parts[1] = part(rec->text, rec->text_len);
	parts[2] = part(end, 1);
	parts[3] = part(fields, strlen(fields));
	return sendmsg(logger.journal_fd, &msg, MSG_NOSIGNAL) >= 0;
}

static void write_record(struct record *rec)
{
	if (logger.to_stderr)
		write_stderr(rec);
	else if (!write_journal(rec))
		syslog(syslog_priority[rec->level], "%s%s", level_word[rec->level], rec->text);
}

/* What a peer or a file has brought into a line must neither break it nor reach a terminal. */
static void clean(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}

static void set_text_v(struct record *rec, enum log_level level, const char *fmt, va_list args)
{
	rec->level = level;
	vsnprintf(rec->text, LINE_MAX_LEN, fmt, args);
	clean(rec->text);
	rec->text_len = (uint16_t)strlen(rec->text);
	rec->text[rec->text_len + 1] = '\0'; /* no fields */
}

static void LOG_PRINTF(3, 4)
    set_text(struct record *rec, enum log_level level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	set_text_v(rec, level, fmt, args);
	va_end(args);
}

/* One that finds no room is left out whole. */
static void add_field(struct record *rec, size_t *at, const struct log_field *field)
{
	size_t room = sizeof(rec->text) - *at;
	int len;

	if (!field->value || !field->value[0])
		return;
	len = snprintf(rec->text + *at, room, "%s=%s", field->name, field->value);
	if (len < 0 || (size_t)len + 1 >= room) {
		rec->text[*at] = '\0';
		return;
	}
	clean(rec->text + *at);
	*at += (size_t)len;
	rec->text[(*at)++] = '\n';
	rec->text[*at] = '\0';
}

static void *writer(void *arg)
{
	struct record rec;

	(void)arg;
	while (recv(logger.fds[0], &rec, sizeof(rec), 0) > 0) {
		unsigned int dropped = atomic_exchange(&logger.dropped, 0);

		write_record(&rec);
		if (dropped > 0) {
			set_text(&rec, LOG_LV_WARN, "log: %u lines were lost", dropped);
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

static void log_record(struct record *rec)
{
	size_t len = offsetof(struct record, text) + rec->text_len + 1;

	len += strlen(rec->text + rec->text_len + 1) + 1;
	if (!logger.threaded)
		write_record(rec);
	else if (send(logger.fds[1], rec, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		atomic_fetch_add(&logger.dropped, 1);
}

void log_line(enum log_level level, const char *fmt, ...)
{
	int saved_errno = errno;
	struct record rec;
	va_list args;

	if (level > logger.max_level)
		return;
	va_start(args, fmt);
	set_text_v(&rec, level, fmt, args);
	va_end(args);
	log_record(&rec);
	errno = saved_errno;
}

void log_with(enum log_level level, const struct log_field *fields, const char *fmt, ...)
{
	int saved_errno = errno;
	struct record rec;
	va_list args;
	size_t at;

	if (level > logger.max_level)
		return;
	va_start(args, fmt);
	set_text_v(&rec, level, fmt, args);
	va_end(args);
	at = rec.text_len + 1u;
	for (; fields->name; fields++)
		add_field(&rec, &at, fields);
	log_record(&rec);
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
